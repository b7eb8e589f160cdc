//! `ukai events`: what was observed, from a running ukai or from its data folder.

use crate::cli::{Place, WrongUse};
use crate::data_folder::DataFolder;
use crate::running::RunningHub;
use crate::terminal::Style;
use anyhow::{Context, Result};
use clap::Args;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{BufRead, ErrorKind, Write};
use std::net::IpAddr;
use std::process::ExitCode;
use ukai_model::{Event, SessionId, Sha256, Timestamp};
use ukai_store::{EventQuery, Page, Store, StoreError};

/// Events asked for in one go.
const PAGE: u32 = 500;

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
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Prints events, oldest first.
pub(crate) fn run(args: &EventsArgs) -> Result<ExitCode> {
    let config = args.place.load()?;
    let data = DataFolder::existing(&config.data_dir)?;
    let source = match Store::open(data.path(), config.store.clone()) {
        Ok(_) if args.follow => {
            return Err(
                WrongUse("--follow needs a running ukai: start `ukai up`".to_owned()).into()
            );
        }
        Ok(store) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            Source::Folder { store, runtime }
        }
        Err(StoreError::InUse { .. }) => Source::Hub(RunningHub::find(data.path())?),
        Err(error) => return Err(error).with_context(|| data.path().display().to_string()),
    };
    match print(args, &source) {
        // The reader of a pipe has seen enough.
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}

fn print(args: &EventsArgs, source: &Source) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let style = Style::of_stdout();
    for event in newest(args, source)?.iter().rev() {
        write_event(&mut out, event, args.json, style)?;
    }
    out.flush()?;
    if let (true, Source::Hub(hub)) = (args.follow, source) {
        for line in hub.open("/api/events/stream")?.lines() {
            let line = line.context("the hub went away")?;
            let Some(data) = line.strip_prefix("data:") else { continue };
            // Notices of the stream itself ("lagged") are no events.
            let Ok(event) = serde_json::from_str::<Event>(data.trim_start()) else { continue };
            if matches(args, &event) {
                write_event(&mut out, &event, args.json, style)?;
                out.flush()?;
            }
        }
    }
    Ok(())
}

enum Source {
    Folder { store: Store, runtime: tokio::runtime::Runtime },
    Hub(RunningHub),
}

/// The newest events that fit, newest first.
fn newest(args: &EventsArgs, source: &Source) -> Result<Vec<Event>> {
    let wanted = if args.limit == 0 { u64::MAX } else { args.limit };
    let mut events: Vec<Event> = Vec::new();
    let mut query = EventQuery {
        kind: args.kind.clone(),
        src_ip: args.src,
        session: args.session,
        sha256: args.sample,
        from: args.since,
        to: args.until,
        ..EventQuery::default()
    };
    loop {
        let missing = wanted - events.len() as u64;
        query.limit = Some(u32::try_from(missing).unwrap_or(PAGE).min(PAGE));
        let page = match source {
            Source::Folder { store, runtime, .. } => {
                runtime.block_on(store.events(query.clone()))?
            }
            Source::Hub(hub) => page_of_hub(hub, &query)?,
        };
        events.extend(page.items);
        if page.next.is_none() || events.len() as u64 >= wanted {
            return Ok(events);
        }
        query.before = page.next;
    }
}

fn page_of_hub(hub: &RunningHub, query: &EventQuery) -> Result<Page<Event>> {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    let fields = serde_json::to_value(query).context("the query")?;
    for (name, value) in fields.as_object().into_iter().flatten() {
        match value {
            Value::Null => {}
            Value::String(text) => drop(pairs.append_pair(name, text)),
            other => drop(pairs.append_pair(name, &other.to_string())),
        }
    }
    let body = hub.get(&format!("/api/events?{}", pairs.finish()))?;
    serde_json::from_slice(&body).context("the hub's answer")
}

/// Whether an event of the live stream fits the flags.
fn matches(args: &EventsArgs, event: &Event) -> bool {
    args.kind.as_ref().is_none_or(|kind| kind == event.kind.name())
        && args.src.is_none_or(|src| event.flow.is_some_and(|flow| flow.src_ip == src))
        && args.session.is_none_or(|session| event.session == Some(session))
        && args.sample.is_none_or(|sample| event.kind.sample() == Some(sample))
        && args.until.is_none_or(|until| event.time < until)
}

fn write_event(out: &mut impl Write, event: &Event, json: bool, style: Style) -> Result<()> {
    if json {
        serde_json::to_writer(&mut *out, event)?;
        writeln!(out)?;
        return Ok(());
    }
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
