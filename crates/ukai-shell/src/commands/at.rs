//! `at`, `atq`, `atrm` and `batch` of at 3.2.5: jobs wait in `/var/spool/cron/atjobs` as
//! the real ones do. None of them ever runs: what they would do is recorded as a file.

use super::{Arguments, Command, Leave, Options};
use crate::fs::Origin;
use crate::limits;
use crate::process::Process;
use crate::system::{Fut, Stop};

pub(super) const COMMANDS: &[Command] = &[
    Command::waiting("at", at),
    Command::waiting("batch", at),
    Command::waiting("atq", at),
    Command::waiting("atrm", at),
];

const FOLDER: &[u8] = b"/var/spool/cron/atjobs";

/// Seconds of a minute, an hour, a day.
const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;

/// A job that waits.
struct Job {
    number: u32,
    at: u64,
    queue: char,
    path: Vec<u8>,
}

fn at(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let options = Options::read(&arguments, "+Vf:lmMvdrct:q:b", &[]);
        if options.has("V") {
            process.error("at version 3.2.5\nPlease report bugs to the Debian bug tracking system (http://bugs.debian.org/)\nor contact the maintainers (at@packages.debian.org).")?;
            return Ok(0);
        }
        let name = arguments.name().into_owned();
        if name == "atq" || options.has("l") {
            return list(process);
        }
        if name == "atrm" || options.has("d") || options.has("r") {
            return remove_or_show(process, &options.operands, true);
        }
        if options.has("c") {
            return remove_or_show(process, &options.operands, false);
        }
        let words: Vec<String> = options
            .operands
            .iter()
            .map(|word| String::from_utf8_lossy(word).to_ascii_lowercase())
            .collect();
        let now = process.session.host.clock(process.session.now()).secs();
        let batch = name == "batch" || options.has("b");
        let time = if batch { Some(now) } else { moment(&words.join(" "), now) };
        let Some(time) = time else {
            process.error("Garbled time")?;
            return Ok(1);
        };
        let time = time - time % MINUTE;
        process.error("warning: commands will be executed using /bin/sh")?;
        let text = match options.value("f").map(<[u8]>::to_vec) {
            Some(path) => match super::reading::read_file(process, &path) {
                Ok(Ok(bytes)) => bytes.to_vec(),
                Ok(Err(error)) => {
                    let shown = String::from_utf8_lossy(&path).into_owned();
                    let why = error.text();
                    process.error(&format!("Cannot open input file {shown}: {why}"))?;
                    return Ok(1);
                }
                Err(Leave::Stop(stop)) => return Err(stop),
                Err(Leave::NeedInput) => Vec::new(),
            },
            None => typed(process, time).await?,
        };
        enter(process, time, if batch { 'b' } else { 'a' }, &text)
    })
}

/// The commands of standard input, for which it asks on a terminal.
async fn typed(process: &mut Process, time: u64) -> Result<Vec<u8>, Stop> {
    if !process.fds.at(0).is_some_and(|open| open.is_terminal()) {
        return Ok(process.all_input().await?.to_vec());
    }
    process.error(&format!("at {}", shown(time)))?;
    let mut text = Vec::new();
    loop {
        process.error_bytes(b"at> ")?;
        let line = process.read(0, limits::TERMINAL_LINE_BYTES, true).await?.unwrap_or_default();
        if line.is_empty() || text.len() > limits::WORD_BYTES {
            break;
        }
        text.extend_from_slice(&line);
    }
    process.error_bytes(b"<EOT>\n")?;
    Ok(text)
}

/// Puts a job into the folder.
fn enter(process: &mut Process, time: u64, queue: char, text: &[u8]) -> Result<i32, Stop> {
    const NUMBERS: u32 = 0xf_ffff;
    let view = process.view();
    let sequence = [FOLDER, b"/.SEQ"].concat();
    let last = process.fs().read(&view, &sequence).unwrap_or_default();
    let last = String::from_utf8_lossy(&last).trim().to_owned();
    let number = (u32::from_str_radix(&last, 16).unwrap_or(0) + 1) & NUMBERS;
    let script = script(process, text);
    let _ = process.fs().mkdir(&view, b"/var/spool/cron", 0o755);
    let _ = process.fs().mkdir(&view, FOLDER, 0o770);
    let path = format!("/{queue}{number:05x}{:08x}", time / MINUTE).into_bytes();
    let path = [FOLDER, &path].concat();
    let line = format!("{number:5x}\n").into_bytes();
    let _ = process.fs().store(&view, &sequence, line.into(), Origin::Host, 0o600);
    let stored = process.fs().store(&view, &path, script.into(), Origin::Written, 0o700);
    if let Err(error) = stored {
        process.error(&format!("Cannot create atjob file: {}", error.text()))?;
        return Ok(1);
    }
    process.capture_before_loss(&path);
    process.error(&format!("job {number} at {}", shown(time)))?;
    Ok(0)
}

/// What `atd` would run: the surroundings, then the commands.
fn script(process: &Process, text: &[u8]) -> Vec<u8> {
    const LEFT_OUT: [&[u8]; 5] = [b"TERM", b"DISPLAY", b"_", b"SHELLOPTS", b"BASH_VERSINFO"];
    let (uid, gid, user) = (process.uid, process.gid, &process.session.login.user);
    let mut out = format!("#!/bin/sh\n# atrun uid={uid} gid={gid}\n# mail {user} 0\n").into_bytes();
    out.extend_from_slice(format!("umask {:o}\n", process.umask).as_bytes());
    for (name, value) in process.environment() {
        if LEFT_OUT.contains(&&name[..]) {
            continue;
        }
        out.extend_from_slice(&name);
        out.push(b'=');
        for byte in &value {
            if !byte.is_ascii_alphanumeric() && !b"/.-_:,+@%".contains(byte) {
                out.push(b'\\');
            }
            out.push(*byte);
        }
        out.extend_from_slice(b"; export ");
        out.extend_from_slice(&name);
        out.push(b'\n');
    }
    out.extend_from_slice(b"cd ");
    out.extend_from_slice(&process.directory);
    out.extend_from_slice(b" || {\n\t echo 'Execution directory inaccessible' >&2\n\t exit 1\n}\n");
    out.extend_from_slice(text);
    out.push(b'\n');
    out
}

/// The jobs that wait, by their numbers.
fn jobs(process: &Process) -> Vec<Job> {
    let view = process.view();
    let names = process.fs().list(&view, FOLDER).unwrap_or_default();
    let mut all: Vec<Job> = names
        .iter()
        .filter_map(|name| {
            let text = std::str::from_utf8(name).ok()?;
            let queue = text.chars().next().filter(char::is_ascii_alphabetic)?;
            let number = u32::from_str_radix(text.get(1..6)?, 16).ok()?;
            let at = u64::from_str_radix(text.get(6..14)?, 16).ok()? * MINUTE;
            Some(Job { number, at, queue, path: [FOLDER, b"/", name].concat() })
        })
        .collect();
    all.sort_by_key(|job| job.number);
    all
}

fn list(process: &mut Process) -> Result<i32, Stop> {
    let user = process.session.login.user.clone();
    for job in jobs(process) {
        let line = format!("{}\t{} {} {user}\n", job.number, shown(job.at), job.queue);
        process.print(&line)?;
    }
    Ok(0)
}

fn remove_or_show(process: &mut Process, operands: &[Vec<u8>], removes: bool) -> Result<i32, Stop> {
    let view = process.view();
    let mut status = 0;
    for operand in operands {
        let wanted = String::from_utf8_lossy(operand).into_owned();
        let job = jobs(process).into_iter().find(|job| job.number.to_string() == wanted);
        match job {
            Some(job) if removes => {
                let _ = process.fs().unlink(&view, &job.path);
            }
            Some(job) => {
                let text = process.fs().read(&view, &job.path).unwrap_or_default();
                process.print(&text)?;
            }
            None => {
                process.error(&format!("Cannot find jobid {wanted}"))?;
                status = 1;
            }
        }
    }
    Ok(status)
}

fn shown(time: u64) -> String {
    super::list::date(time, "%a %b %e %H:%M:%S %Y")
}

/// When a text means: `now + 5 minutes`, `10:30`, `noon tomorrow`. Nothing if it is not
/// understood.
fn moment(text: &str, now: u64) -> Option<u64> {
    let (base, more) = match text.split_once('+') {
        Some((base, more)) => (base, Some(more)),
        None => (text, None),
    };
    let mut words = base.split_whitespace();
    let first = words.next()?;
    let mut time = match first {
        "now" | "today" => now,
        "midnight" => on_the_day(now, 0),
        "noon" => on_the_day(now, 12 * HOUR),
        "teatime" => on_the_day(now, 16 * HOUR),
        "tomorrow" => now + DAY,
        clock => on_the_day(now, of_day(clock)?),
    };
    for word in words {
        match word {
            // A time of day is of tomorrow anyway if today's is over.
            "tomorrow" if time < (now / DAY + 1) * DAY => time += DAY,
            "am" if (12 * HOUR..13 * HOUR).contains(&(time % DAY)) => time -= 12 * HOUR,
            "pm" if time % DAY < 12 * HOUR => time += 12 * HOUR,
            "today" | "tomorrow" | "am" | "pm" => {}
            _ => return None,
        }
    }
    let Some(more) = more else { return Some(time) };
    let more = more.trim();
    let digits = more.bytes().take_while(u8::is_ascii_digit).count();
    let count: u64 = more[..digits].parse().ok()?;
    let unit = match more[digits..].trim().trim_end_matches('s') {
        "min" | "minute" => MINUTE,
        "hour" => HOUR,
        "day" => DAY,
        "week" => 7 * DAY,
        _ => return None,
    };
    time.checked_add(count.checked_mul(unit)?)
}

/// The next time that the clock shows so many seconds of the day.
fn on_the_day(now: u64, seconds: u64) -> u64 {
    let today = now - now % DAY + seconds;
    if today <= now { today + DAY } else { today }
}

/// `10:30`, `1030`, `10`, `10:30pm`
fn of_day(text: &str) -> Option<u64> {
    let (clock, half) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(clock), _) => (clock, Some(0)),
        (_, Some(clock)) => (clock, Some(12)),
        _ => (text, None),
    };
    if !clock.is_ascii() {
        return None;
    }
    let (hour, minute) = match clock.split_once(':') {
        Some(parts) => parts,
        None if matches!(clock.len(), 3 | 4) => clock.split_at(clock.len() - 2),
        None => (clock, "0"),
    };
    let (mut hour, minute): (u64, u64) = (hour.parse().ok()?, minute.parse().ok()?);
    if let Some(half) = half {
        hour = hour % 12 + half;
    }
    (hour < 24 && minute < 60).then_some(hour * HOUR + minute * MINUTE)
}

#[cfg(test)]
mod tests {
    use super::{DAY, HOUR, MINUTE, moment};

    #[test]
    fn times_are_read() {
        let noon = 20_000 * DAY + 12 * HOUR;
        for (text, time) in [
            ("now", Some(noon)),
            ("now + 5 minutes", Some(noon + 5 * MINUTE)),
            ("now+1min", Some(noon + MINUTE)),
            ("now + 2 weeks", Some(noon + 14 * DAY)),
            ("10:30", Some(noon + 22 * HOUR + 30 * MINUTE)),
            ("1330", Some(noon + HOUR + 30 * MINUTE)),
            ("2pm tomorrow", Some(noon + 26 * HOUR)),
            ("noon tomorrow", Some(noon + DAY)),
            ("midnight", Some(noon + 12 * HOUR)),
            ("tomorrow", Some(noon + DAY)),
            ("now + 18446744073709551615 weeks", None),
            ("now + 3 parsecs", None),
            ("25:00", None),
            ("\u{fc}1:30", None),
            ("", None),
        ] {
            assert_eq!(moment(text, noon), time, "{text}");
        }
    }
}
