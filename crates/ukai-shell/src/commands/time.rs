//! `date`, `uptime`, `sleep`, `usleep`, `cal`.

use super::list::date as format_date;
use super::{Arguments, Command, Options, Outcome};
use crate::process::Process;
use crate::system::{Fut, Stop};
use std::fmt::Write as _;
use ukai_model::Duration;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("date", date),
    Command::at_once("uptime", uptime),
    Command::waiting("sleep", sleep),
    Command::waiting("usleep", sleep),
    Command::at_once("hwclock", |p, _| {
        let now = p.session.host.clock(p.session.now()).secs();
        p.print(format!("{}  0.000000 seconds\n", format_date(now, "%a %b %e %H:%M:%S %Y")))?;
        Ok(0)
    }),
];

fn date(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "ud:s:r:D:RI", &["utc", "date:", "set:", "iso-8601"]);
    let mut secs = process.session.host.clock(process.session.now()).secs();
    if let Some(given) = options.value("d").or(options.value("date")) {
        let text = String::from_utf8_lossy(given).into_owned();
        match text.strip_prefix('@').and_then(|t| t.parse().ok()) {
            Some(given) => secs = given,
            None if text == "now" => {}
            None => {
                let (open, close) = if arguments.gnu { ('‘', '’') } else { ('\'', '\'') };
                process.error(&format!("date: invalid date {open}{text}{close}"))?;
                return Ok(1);
            }
        }
    }
    if options.value("s").is_some() || options.value("set").is_some() {
        return Ok(0);
    }
    let nanos = process.session.now().nanos() % 1_000_000_000;
    let text = match options.operands.iter().find_map(|w| w.strip_prefix(b"+")) {
        Some(format) => {
            let format = String::from_utf8_lossy(format).replace("%N", &format!("{nanos:09}"));
            format_date(secs, &format)
        }
        None if options.has("R") => format_date(secs, "%a, %d %b %Y %H:%M:%S +0000"),
        None if options.has("I") || options.has("iso-8601") => format_date(secs, "%Y-%m-%d"),
        None if arguments.gnu => format_date(secs, "%a %b %e %I:%M:%S %p UTC %Y"),
        None => format_date(secs, "%a %b %e %H:%M:%S UTC %Y"),
    };
    process.print(format!("{text}\n"))?;
    Ok(0)
}

/// The line of `uptime`, without the line end.
pub(super) fn uptime_line(process: &Process, users: u32) -> String {
    let host = &process.session.host;
    let now = process.session.now();
    let up = host.uptime(now).as_secs();
    let (days, hours, minutes) = (up / 86_400, up / 3_600 % 24, up / 60 % 60);
    let mut text = format!(" {} up ", format_date(host.clock(now).secs(), "%H:%M:%S"));
    if days > 0 {
        let _ = write!(text, "{days} day{}, ", if days == 1 { "" } else { "s" });
    }
    if hours > 0 {
        let _ = write!(text, "{hours:>2}:{minutes:02}, ");
    } else {
        let _ = write!(text, "{minutes} min, ");
    }
    if host.persona.is_gnu() {
        let _ = write!(text, " {users} user{}, ", if users > 1 { "s" } else { "" });
    }
    let [a, b, c] = host.load(now).map(|l| f64::from(l) / 100.0);
    let _ = write!(text, " load average: {a:.2}, {b:.2}, {c:.2}");
    text
}

/// `up 3 weeks, 2 days, 4 hours, 5 minutes`
fn pretty(process: &Process) -> String {
    let up = process.session.host.uptime(process.session.now()).as_secs();
    let parts = [
        (up / 604_800, "week"),
        (up / 86_400 % 7, "day"),
        (up / 3_600 % 24, "hour"),
        (up / 60 % 60, "minute"),
    ];
    let shown: Vec<String> = parts
        .iter()
        .filter(|(count, unit)| *count > 0 || (*unit == "minute" && up < 60))
        .map(|(count, unit)| format!("{count} {unit}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    format!("up {}", shown.join(", "))
}

fn uptime(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "psV", &["pretty", "since"]);
    if options.has("p") || options.has("pretty") {
        let text = pretty(process);
        process.print(format!("{text}\n"))?;
        return Ok(0);
    }
    if options.has("s") || options.has("since") {
        let booted = process.session.host.booted(process.session.now()).secs();
        process.print(format!("{}\n", format_date(booted, "%Y-%m-%d %H:%M:%S")))?;
        return Ok(0);
    }
    let users = u32::from(process.session.seat.terminal);
    let line = uptime_line(process, users);
    process.print(format!("{line}\n"))?;
    Ok(0)
}

/// A duration as `sleep` takes it: `5`, `0.5`, `2m`.
pub(super) fn duration(text: &[u8]) -> Option<Duration> {
    const LONGEST_S: f64 = 1e9;
    let text = std::str::from_utf8(text).ok()?;
    let (digits, factor) = match text.char_indices().last()? {
        (at, 's') => (&text[..at], 1.0),
        (at, 'm') => (&text[..at], 60.0),
        (at, 'h') => (&text[..at], 3_600.0),
        (at, 'd') => (&text[..at], 86_400.0),
        _ => (text, 1.0),
    };
    if !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return (text == "infinity").then(|| Duration::from_secs(LONGEST_S as u64));
    }
    let seconds: f64 = digits.parse().ok()?;
    Some(Duration::from_secs_f64((seconds * factor).min(LONGEST_S)))
}

fn sleep(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let name = arguments.name().into_owned();
        let Some(first) = arguments.rest().first() else {
            process.error(&format!("{name}: missing operand"))?;
            return Ok(1);
        };
        let mut total = Duration::ZERO;
        for word in arguments.rest() {
            let Some(one) = duration(word) else {
                let shown = String::from_utf8_lossy(first).into_owned();
                let text = if arguments.gnu {
                    format!(
                        "{name}: invalid time interval ‘{shown}’\nTry '{name} --help' for more information."
                    )
                } else {
                    format!("{name}: invalid number '{shown}'")
                };
                process.error(&text)?;
                return Ok(1);
            };
            total = total.saturating_add(one);
        }
        if name == "usleep" {
            total /= 1_000_000;
        }
        process.session.sleep(total).await?;
        Ok(0)
    })
}
