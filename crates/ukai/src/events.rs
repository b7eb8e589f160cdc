//! `ukai events`: what was observed, from a running ukai or from its data folder.

use crate::cli::{Place, WrongUse};
use crate::source::{Source, cowrie};
use crate::terminal::Style;
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use std::fmt::Write as _;
use std::io::{BufRead, ErrorKind, Write};
use std::net::IpAddr;
use std::process::ExitCode;
use ukai_cowrie::Translator;
use ukai_model::{Event, SessionId, Sha256, Timestamp};
use ukai_store::EventQuery;

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// Lines for a reader.
    Text,
    /// One JSON object a line (docs/events.md).
    Json,
    /// SSH and Telnet sessions as Cowrie's JSON.
    Cowrie,
}

/// Flags of `ukai events`.
#[derive(Args)]
pub(crate) struct EventsArgs {
    #[command(flatten)]
    place: Place,
    /// Only this kind, e.g. `login.attempt` (docs/events.md).
    #[arg(long)]
    kind: Option<String>,
    /// Only this peer.
    #[arg(long, value_name = "ADDRESS")]
    src: Option<IpAddr>,
    /// Only this session.
    #[arg(long, value_name = "ID")]
    session: Option<SessionId>,
    /// Only events that speak of this sample.
    #[arg(long, value_name = "SHA256")]
    sample: Option<Sha256>,
    /// Not before this time (RFC 3339).
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Before this time (RFC 3339).
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// At most so many, the newest; 0 for all.
    #[arg(long, default_value_t = 100)]
    limit: u64,
    /// Go on with events as they happen (needs a running ukai).
    #[arg(long)]
    follow: bool,
    /// How events are written.
    #[arg(long, value_enum, default_value = "text")]
    format: Form,
    /// The same as `--format json`.
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

/// Prints events, oldest first.
pub(crate) fn run(args: &EventsArgs) -> Result<ExitCode> {
    let (source, data) = Source::open(&args.place)?;
    if args.follow && matches!(source, Source::Folder { .. }) {
        return Err(WrongUse("--follow needs a running ukai: start `ukai up`".to_owned()).into());
    }
    let mut writer = match if args.json { Form::Json } else { args.format } {
        Form::Text => EventWriter::Text(Style::of_stdout()),
        Form::Json => EventWriter::Json,
        Form::Cowrie => EventWriter::Cowrie(Box::new(cowrie(&data)?)),
    };
    quiet_pipe(print(args, &source, &mut writer))
}

/// The reader of a pipe has seen enough: that is no failure.
pub(crate) fn quiet_pipe(printed: Result<()>) -> Result<ExitCode> {
    match printed {
        Err(error) if !is_broken_pipe(&error) => Err(error),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn print(args: &EventsArgs, source: &Source, writer: &mut EventWriter) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let query = EventQuery {
        kind: args.kind.clone(),
        src_ip: args.src,
        session: args.session,
        sha256: args.sample,
        from: args.since,
        to: args.until,
        ..EventQuery::default()
    };
    for event in source.newest_events(query, args.limit)?.iter().rev() {
        writer.write(&mut out, event)?;
    }
    out.flush()?;
    if let (true, Source::Hub(hub)) = (args.follow, source) {
        for line in hub.open("/api/events/stream")?.lines() {
            let line = line.context("the hub went away")?;
            let Some(data) = line.strip_prefix("data:") else { continue };
            // Notices of the stream itself ("lagged") are no events.
            let Ok(event) = serde_json::from_str::<Event>(data.trim_start()) else { continue };
            if matches(args, &event) {
                writer.write(&mut out, &event)?;
                out.flush()?;
            }
        }
    }
    Ok(())
}

/// Writes events in one form.
pub(crate) enum EventWriter {
    Text(Style),
    Json,
    Cowrie(Box<Translator>),
}

impl EventWriter {
    /// Writes one event; give them oldest first.
    pub(crate) fn write(&mut self, out: &mut impl Write, event: &Event) -> Result<()> {
        match self {
            Self::Text(style) => write_text(out, event, *style)?,
            Self::Json => {
                serde_json::to_writer(&mut *out, event)?;
                writeln!(out)?;
            }
            Self::Cowrie(translator) => {
                let mut lines = Vec::new();
                translator.translate(event, &mut lines);
                for line in lines {
                    writeln!(out, "{line}")?;
                }
            }
        }
        Ok(())
    }
}

/// Whether an event of the live stream fits the flags.
fn matches(args: &EventsArgs, event: &Event) -> bool {
    args.kind.as_ref().is_none_or(|kind| kind == event.kind.name())
        && args.src.is_none_or(|src| event.flow.is_some_and(|flow| flow.src_ip == src))
        && args.session.is_none_or(|session| event.session == Some(session))
        && args.sample.is_none_or(|sample| event.kind.sample() == Some(sample))
        && args.until.is_none_or(|until| event.time < until)
}

fn write_text(out: &mut impl Write, event: &Event, style: Style) -> Result<()> {
    let peer = event.flow.map_or_else(String::new, |flow| flow.src_ip.to_string());
    let mut fields = serde_json::to_value(&event.kind)?;
    let mut detail = String::new();
    for (name, value) in fields.as_object_mut().into_iter().flatten() {
        if name != "kind" && !value.is_null() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let _ = write!(detail, " {}{value}", style.dim(&format!("{name}=")));
        }
    }
    let time = event.time.to_string();
    writeln!(
        out,
        "{}Z {peer:<15} {}{detail}",
        time.get(..23).unwrap_or(&time),
        style.bold(&format!("{:<20}", event.kind.name()))
    )?;
    Ok(())
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        let json =
            cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(ErrorKind::BrokenPipe)
    })
}
