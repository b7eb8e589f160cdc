//! `ukai session`: what one peer did, as a list, a time line, a replay, or a file.

use crate::cast::Cast;
use crate::cli::{Place, WrongUse};
use crate::events::{EventWriter, quiet_pipe};
use crate::player;
use crate::source::{Source, cowrie};
use crate::terminal::{Style, columns};
use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use std::fmt::Write as _;
use std::io::Write;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use ukai_model::{Duration, Event, EventKind, SessionId};
use ukai_store::{EventQuery, Has, SessionQuery, SessionSummary};

/// Commands of `ukai session`.
#[derive(Subcommand)]
pub(crate) enum SessionCommand {
    /// List sessions, the newest last.
    List(ListArgs),
    /// Show what happened in a session, with the time since its beginning.
    Show(ShowArgs),
    /// Replay a session's terminal. Space pauses, arrows seek 5 s, + and - change the speed,
    /// q quits. Sequences that do more than draw are left out.
    Replay(ReplayArgs),
    /// Write a session's recording or events to a file.
    Export(ExportArgs),
}

/// Flags of `ukai session list`.
#[derive(Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    place: Place,
    /// Only this peer.
    #[arg(long, value_name = "ADDRESS")]
    src: Option<IpAddr>,
    /// Only this protocol: `ssh`, `telnet`, `http` ...
    #[arg(long)]
    protocol: Option<String>,
    /// Only sessions that had this.
    #[arg(long, value_enum)]
    has: Option<HasArg>,
    /// At most so many, the newest; 0 for all.
    #[arg(long, default_value_t = 50)]
    limit: u64,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum HasArg {
    Login,
    Command,
    Download,
    Sample,
}

/// Flags of `ukai session show`.
#[derive(Args)]
pub(crate) struct ShowArgs {
    /// Identity of the session.
    id: SessionId,
    #[command(flatten)]
    place: Place,
    /// Print the session and its events as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Flags of `ukai session replay`.
#[derive(Args)]
pub(crate) struct ReplayArgs {
    /// Identity of the session.
    id: SessionId,
    #[command(flatten)]
    place: Place,
    /// How many times as fast as it was, from 0.05 to 1000.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Longest pause, in seconds.
    #[arg(long, value_name = "SECONDS")]
    idle_limit: Option<f64>,
}

/// Flags of `ukai session export`.
#[derive(Args)]
pub(crate) struct ExportArgs {
    /// Identity of the session.
    id: SessionId,
    #[command(flatten)]
    place: Place,
    /// What is written.
    #[arg(long, value_enum, default_value = "asciicast")]
    format: ExportForm,
    /// File to write; without it, standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportForm {
    /// The recording as it is kept (asciicast v2): with the peer's escape sequences.
    Asciicast,
    /// The text of the terminal.
    Text,
    /// All events, one JSON object a line.
    Json,
    /// The events as Cowrie's JSON.
    Cowrie,
}

/// Runs the command.
pub(crate) fn run(command: &SessionCommand) -> Result<ExitCode> {
    quiet_pipe(match command {
        SessionCommand::List(args) => list(args),
        SessionCommand::Show(args) => show(args),
        SessionCommand::Replay(args) => replay(args),
        SessionCommand::Export(args) => export(args),
    })
}

fn list(args: &ListArgs) -> Result<()> {
    let (source, _) = Source::open(&args.place)?;
    let query = SessionQuery {
        src_ip: args.src,
        protocol: args.protocol.clone(),
        has: args.has.map(|has| match has {
            HasArg::Login => Has::Login,
            HasArg::Command => Has::Command,
            HasArg::Download => Has::Download,
            HasArg::Sample => Has::Sample,
        }),
        ..SessionQuery::default()
    };
    let sessions = source.newest_sessions(query, args.limit)?;
    let mut out = std::io::stdout().lock();
    if args.json {
        for session in sessions.iter().rev() {
            serde_json::to_writer(&mut out, session)?;
            writeln!(out)?;
        }
        return Ok(out.flush()?);
    }
    let rows: Vec<Vec<String>> = sessions.iter().rev().map(row).collect();
    out.write_all(columns(&rows).as_bytes())?;
    Ok(out.flush()?)
}

fn row(session: &SessionSummary) -> Vec<String> {
    let started = session.started.to_string();
    let mut had = String::new();
    for (count, what) in [
        (session.logins, "log-ins"),
        (session.commands, "commands"),
        (session.downloads, "downloads"),
        (session.samples, "samples"),
    ] {
        if count > 0 {
            let _ = write!(had, "{count} {what}  ");
        }
    }
    vec![
        session.id.to_string(),
        format!("{}Z", started.get(..19).unwrap_or(&started)),
        session.protocol.clone(),
        session.src_ip.to_string(),
        if session.login_success { "in" } else { "" }.to_owned(),
        had.trim_end().to_owned(),
    ]
}

/// The session and all its events, oldest first.
fn whole(source: &Source, id: SessionId) -> Result<(SessionSummary, Vec<Event>)> {
    let Some(session) = source.session(id)? else {
        return Err(WrongUse(format!(
            "there is no session {id}. `ukai session list` names those that are kept; the oldest go when the disk's quota is used up"
        ))
        .into());
    };
    let query = EventQuery { session: Some(id), ..EventQuery::default() };
    let mut events = source.newest_events(query, 0)?;
    events.reverse();
    Ok((session, events))
}

fn show(args: &ShowArgs) -> Result<()> {
    let (source, _) = Source::open(&args.place)?;
    let (session, events) = whole(&source, args.id)?;
    let mut out = std::io::stdout().lock();
    if args.json {
        let whole = serde_json::json!({ "session": session, "events": events });
        serde_json::to_writer(&mut out, &whole)?;
        writeln!(out)?;
        return Ok(out.flush()?);
    }
    out.write_all(describe(&session, &events, Style::of_stdout()).as_bytes())?;
    Ok(out.flush()?)
}

fn describe(session: &SessionSummary, events: &[Event], style: Style) -> String {
    let mut out = String::new();
    let mut fact = |name: &str, value: &str| {
        let _ = writeln!(out, "{}{value}", style.dim(&format!("{name:<9}")));
    };
    fact("session", &session.id.to_string());
    fact("from", &format!("{} port {}", session.src_ip, session.src_port));
    fact("to", &format!("{} port {}", session.dst_ip, session.dst_port));
    fact("protocol", &format!("{}, as {}", session.protocol, session.persona));
    fact("began", &session.started.to_string());
    match session.ended {
        Some(ended) => {
            let lasted = seconds(ended.since(session.started));
            fact(
                "lasted",
                &format!("{lasted} s, {} bytes in, {} out", session.bytes_in, session.bytes_out),
            );
        }
        None => fact("lasted", "it goes on"),
    }
    out.push('\n');
    for event in events {
        let (what, detail) = told(&event.kind);
        let after = seconds(event.time.since(session.started));
        let after = style.dim(&format!("{after:>9}"));
        let _ = writeln!(out, "{after}  {} {detail}", style.bold(&format!("{what:<10}")));
    }
    out
}

fn seconds(span: Duration) -> String {
    format!("{:.3}", span.as_secs_f64())
}

/// What an event says to a reader; peers' texts are escaped.
fn told(kind: &EventKind) -> (&'static str, String) {
    match kind {
        EventKind::SessionOpen { protocol, .. } => ("connected", protocol.clone()),
        EventKind::ClientFingerprint { method, value, .. } if method == "ssh-kexinit" => {
            ("offers", value.replace(';', "  "))
        }
        EventKind::ClientFingerprint { method, value, software } => {
            let software = software.as_ref().map_or(String::new(), |s| format!("{s}  "));
            ("client", format!("{software}{method} {value}"))
        }
        EventKind::LoginAttempt { user, password, method, proof, success, .. } => {
            let verdict = if *success { "accepted" } else { "refused" };
            let how = method.as_ref().map_or(String::new(), |how| format!(" by {how}"));
            let secret = match proof {
                Some(proof) if password.is_empty() => proof,
                _ => password,
            };
            ("log-in", format!("{user} / {secret}  {verdict}{how}"))
        }
        EventKind::CommandInput { line, unknown } if unknown.is_empty() => {
            ("command", line.to_string())
        }
        EventKind::CommandInput { line, unknown } => {
            let names: Vec<String> = unknown.iter().map(ToString::to_string).collect();
            ("command", format!("{line}  (unknown: {})", names.join(", ")))
        }
        EventKind::CommandExecuted { path, arguments, sha256 } => {
            ("started", format!("{path}: {arguments}  {sha256}"))
        }
        EventKind::DownloadRequest { url, tool } => ("download", format!("{url} by {tool}")),
        EventKind::DownloadResult { url, outcome, size, .. } => {
            let outcome = serde_json::to_value(outcome).unwrap_or_default();
            let outcome = outcome.as_str().unwrap_or_default();
            ("fetched", format!("{url}  {outcome}, {size} bytes"))
        }
        EventKind::SampleCaptured { sha256, size, name, .. } => {
            let name = name.as_ref().map_or(String::new(), |name| format!("  {name}"));
            ("sample", format!("{sha256}, {size} bytes{name}"))
        }
        EventKind::FileTransfer { operation, path, success, .. } => {
            let operation = serde_json::to_value(operation).unwrap_or_default();
            let operation = operation.as_str().unwrap_or_default();
            let verdict = if *success { "done" } else { "refused" };
            ("file", format!("{operation} {path}  {verdict}"))
        }
        EventKind::TunnelRequest { how, host, port, .. } => {
            ("tunnel", format!("{how} to {host} port {port}"))
        }
        EventKind::AttackRecognised { attack, detail } => ("attack", format!("{attack}: {detail}")),
        EventKind::SessionClose { reason, .. } => {
            let reason = serde_json::to_value(reason).unwrap_or_default();
            ("closed", reason.as_str().unwrap_or_default().to_owned())
        }
        other => {
            let mut fields = serde_json::to_value(other).unwrap_or_default();
            if let Some(fields) = fields.as_object_mut() {
                fields.remove("kind");
            }
            ("event", format!("{} {fields}", other.name()))
        }
    }
}

fn recording(source: &Source, id: SessionId) -> Result<Vec<u8>> {
    if let Some(recording) = source.recording(id)? {
        return Ok(recording);
    }
    let (session, _) = whole(source, id)?;
    let why = if session.recorded {
        "its recording is no longer kept: recordings go first when the disk's quota is used up"
    } else {
        "its terminal was not recorded: nobody typed anything. `ukai session show` tells what happened"
    };
    Err(WrongUse(format!("session {id}: {why}")).into())
}

fn replay(args: &ReplayArgs) -> Result<()> {
    let sound = |value: f64, least: f64, most: f64| value >= least && value <= most;
    if !sound(args.speed, 0.05, 1_000.0) {
        return Err(WrongUse("--speed: choose a number from 0.05 to 1000".to_owned()).into());
    }
    if args.idle_limit.is_some_and(|limit| !sound(limit, 0.0, f64::MAX)) {
        return Err(WrongUse("--idle-limit: choose 0 or more seconds".to_owned()).into());
    }
    let (source, _) = Source::open(&args.place)?;
    let bytes = recording(&source, args.id)?;
    // Whoever watches for an hour does not keep others out of the folder.
    drop(source);
    let cast = Cast::read(&bytes, args.idle_limit)
        .with_context(|| format!("the recording of {} is damaged", args.id))?;
    eprintln!(
        "{} characters by {}, {:.1} s. Space pauses, arrows seek, + and - change the speed, q quits.",
        cast.width, cast.height, cast.end
    );
    player::play(&cast, args.speed)
}

fn export(args: &ExportArgs) -> Result<()> {
    let (source, data) = Source::open(&args.place)?;
    let bytes = match args.format {
        ExportForm::Asciicast => recording(&source, args.id)?,
        ExportForm::Text => {
            let bytes = recording(&source, args.id)?;
            let text = Cast::transcript(&bytes);
            text.with_context(|| format!("the recording of {} is damaged", args.id))?.into_bytes()
        }
        ExportForm::Json | ExportForm::Cowrie => {
            let (_, events) = whole(&source, args.id)?;
            let mut writer = if args.format == ExportForm::Json {
                EventWriter::Json
            } else {
                EventWriter::Cowrie(Box::new(cowrie(&data)?))
            };
            let mut out = Vec::new();
            for event in &events {
                writer.write(&mut out, event)?;
            }
            out
        }
    };
    if let Some(path) = &args.output {
        return std::fs::write(path, &bytes)
            .map_err(|error| WrongUse(format!("{}: {error}", path.display())).into());
    }
    let mut out = std::io::stdout().lock();
    out.write_all(&bytes)?;
    Ok(out.flush()?)
}
