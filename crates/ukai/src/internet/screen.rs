//! The live view of `ukai internet`: names, connections, and what happens, as it happens.

use anyhow::{Context, Result};
use ratatui::crossterm::event::{self, Event, KeyCode, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::widgets::{Block, Borders, Cell, Paragraph, Row, Table};
use ratatui::{DefaultTerminal, Frame};
use std::net::Ipv4Addr;
use std::time::Duration;
use ukai_virtnet::{Pen, Summary};

/// How often it is drawn.
const DRAWN_EVERY: Duration = Duration::from_millis(250);

/// Shows it until `q` or Ctrl-C is pressed.
pub(super) async fn show(pen: &Pen, guest: &str, gateway: Ipv4Addr) -> Result<()> {
    let mut terminal = ratatui::try_init().context("the terminal")?;
    let shown = draw_all(&mut terminal, pen, guest, gateway).await;
    ratatui::try_restore().context("the terminal")?;
    shown
}

async fn draw_all(
    terminal: &mut DefaultTerminal,
    pen: &Pen,
    guest: &str,
    gateway: Ipv4Addr,
) -> Result<()> {
    loop {
        let summary = pen.summary();
        terminal.draw(|frame| draw(frame, &summary, guest, gateway)).context("the terminal")?;
        tokio::time::sleep(DRAWN_EVERY).await;
        while event::poll(Duration::ZERO).context("the keyboard")? {
            if let Event::Key(key) = event::read().context("the keyboard")? {
                let interrupted =
                    key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c');
                if interrupted || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc) {
                    return Ok(());
                }
            }
        }
    }
}

fn draw(frame: &mut Frame<'_>, summary: &Summary, guest: &str, gateway: Ipv4Addr) {
    let [head, names, destinations, below] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Percentage(32),
        Constraint::Percentage(38),
        Constraint::Fill(1),
    ])
    .areas(frame.area());
    let title = format!(
        "ukai internet · {guest} · gateway {gateway} · {} events · q ends it",
        summary.events
    );
    frame.render_widget(Paragraph::new(title).style(bold()), head);
    draw_names(frame, summary, names);
    draw_destinations(frame, summary, destinations);
    let [requests, traffic] =
        Layout::horizontal([Constraint::Percentage(60), Constraint::Fill(1)]).areas(below);
    draw_requests(frame, summary, requests);
    draw_rest(frame, summary, traffic);
}

fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

fn draw_names(frame: &mut Frame<'_>, summary: &Summary, area: Rect) {
    let mut names: Vec<_> = summary.names.iter().collect();
    names.sort_by_key(|(_, row)| std::cmp::Reverse(row.last));
    let rows = names.iter().take(usize::from(area.height)).map(|(name, row)| {
        let records: Vec<&str> = row.records.iter().map(String::as_str).collect();
        let answers: Vec<&str> = row.answers.iter().take(2).map(String::as_str).collect();
        Row::new([
            row.asked.to_string(),
            (*name).clone(),
            records.join(" "),
            row.code.clone(),
            answers.join(" "),
        ])
    });
    let widths = [
        Constraint::Length(7),
        Constraint::Fill(3),
        Constraint::Length(12),
        Constraint::Length(10),
        Constraint::Fill(2),
    ];
    table(
        frame,
        area,
        &format!("Names ({})", summary.names.len()),
        ["ASKED", "NAME", "TYPES", "CODE", "ANSWERS"],
        widths,
        rows,
    );
}

fn draw_destinations(frame: &mut Frame<'_>, summary: &Summary, area: Rect) {
    let mut all: Vec<_> = summary.destinations.iter().collect();
    all.sort_by_key(|(_, row)| std::cmp::Reverse(row.last));
    let rows = all.iter().take(usize::from(area.height)).map(|(key, row)| {
        let protocols: Vec<&str> = row.protocols.iter().map(String::as_str).collect();
        let name = if row.name.is_empty() { "-" } else { &row.name };
        Row::new([
            row.conversations.to_string(),
            (*key).clone(),
            name.to_owned(),
            protocols.join(" "),
            format!("{} / {}", row.bytes_sent, row.bytes_got),
        ])
    });
    let widths = [
        Constraint::Length(7),
        Constraint::Fill(2),
        Constraint::Fill(2),
        Constraint::Length(16),
        Constraint::Length(20),
    ];
    table(
        frame,
        area,
        &format!("Destinations ({})", summary.destinations.len()),
        ["TIMES", "ADDRESS", "NAME", "SPOKEN", "SENT / GOT"],
        widths,
        rows,
    );
}

fn draw_requests(frame: &mut Frame<'_>, summary: &Summary, area: Rect) {
    let rows =
        summary.requests.iter().take(usize::from(area.height)).map(|(key, row)| {
            Row::new([row.count.to_string(), row.status.to_string(), key.clone()])
        });
    let widths = [Constraint::Length(7), Constraint::Length(6), Constraint::Fill(1)];
    table(
        frame,
        area,
        &format!("Requests ({})", summary.requests.len()),
        ["TIMES", "STATUS", "REQUEST"],
        widths,
        rows,
    );
}

fn draw_rest(frame: &mut Frame<'_>, summary: &Summary, area: Rect) {
    let mut lines: Vec<String> = summary
        .traffic
        .iter()
        .map(|row| {
            format!(
                "{} of {}: {} packets to {} addresses",
                row.traffic, row.packets_of, row.packets, row.targets
            )
        })
        .collect();
    lines.extend(summary.logins.iter().map(|(login, count)| format!("log-in {login} ({count})")));
    lines.extend(summary.chat.iter().rev().take(8).cloned());
    lines.extend(summary.uploads.iter().map(|(hash, size)| format!("upload {hash} {size} B")));
    let block = Block::new().borders(Borders::TOP).title("Scans, log-ins, chats, uploads");
    frame.render_widget(Paragraph::new(lines.join("\n")).block(block), area);
}

fn table<'a, const N: usize>(
    frame: &mut Frame<'_>,
    area: Rect,
    title: &str,
    head: [&'static str; N],
    widths: [Constraint; N],
    rows: impl Iterator<Item = Row<'a>>,
) {
    let head = Row::new(head.map(Cell::from)).style(bold());
    let block = Block::new().borders(Borders::TOP).title(title.to_owned());
    frame.render_widget(Table::new(rows, widths).header(head).block(block), area);
}
