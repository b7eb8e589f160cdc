//! `dd`.

use super::{Arguments, Command, Leave, Outcome};
use crate::fs::Access;
use crate::io::Open;
use crate::limits;
use crate::process::Process;

pub(super) const COMMANDS: &[Command] = &[Command::at_once("dd", dd)];

#[derive(Default)]
struct Settings {
    input: Option<Vec<u8>>,
    output: Option<Vec<u8>>,
    block_in: Option<usize>,
    block_out: Option<usize>,
    count: Option<usize>,
    skip: usize,
    seek: usize,
    keep: bool,
    append: bool,
    quiet: bool,
}

fn size(text: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(text).ok()?;
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "" | "c" => 1,
        "w" => 2,
        "b" => 512,
        "k" | "K" => 1 << 10,
        "kB" => 1_000,
        "m" | "M" => 1 << 20,
        "g" | "G" => 1 << 30,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(factor)
}

fn settings(arguments: &Arguments) -> Result<Settings, String> {
    let mut settings = Settings::default();
    for word in arguments.rest() {
        let shown = || String::from_utf8_lossy(word).into_owned();
        let Some(equals) = word.iter().position(|b| *b == b'=') else {
            return Err(shown());
        };
        let (key, value) = (&word[..equals], &word[equals + 1..]);
        let number = size(value);
        let need =
            || number.ok_or_else(|| format!("invalid number '{}'", String::from_utf8_lossy(value)));
        match key {
            b"if" => settings.input = Some(value.to_vec()),
            b"of" => settings.output = Some(value.to_vec()),
            b"bs" => {
                settings.block_in = Some(need()?);
                settings.block_out = settings.block_in;
            }
            b"ibs" => settings.block_in = Some(need()?),
            b"obs" => settings.block_out = Some(need()?),
            b"count" => settings.count = Some(need()?),
            b"skip" => settings.skip = need()?,
            b"seek" => settings.seek = need()?,
            b"conv" => settings.keep = value.split(|b| *b == b',').any(|c| c == b"notrunc"),
            b"status" => settings.quiet = value == b"none",
            b"oflag" => settings.append = value == b"append",
            b"iflag" => {}
            _ => return Err(shown()),
        }
    }
    Ok(settings)
}

fn dd(process: &mut Process, arguments: &Arguments) -> Outcome {
    let name = arguments.name().into_owned();
    let settings = match settings(arguments) {
        Ok(settings) => settings,
        Err(what) => {
            let text = if arguments.gnu {
                format!(
                    "{name}: unrecognized operand ‘{what}’\nTry '{name} --help' for more information."
                )
            } else if what.starts_with("invalid number") {
                format!("{name}: {what}")
            } else {
                process.busybox_usage("dd [if=FILE] [of=FILE] [ibs=N obs=N/bs=N] [count=N]\n")?;
                return Ok(1);
            };
            process.error(&text)?;
            return Ok(1);
        }
    };
    let block = settings.block_in.unwrap_or(512).clamp(1, limits::FILE_BYTES);
    let wanted = settings.count.map(|count| count.saturating_mul(block));
    let opened = settings.input.as_ref().map(|path| process.open(path, Access::Read));
    let input = match opened {
        None => None,
        Some(Ok(open)) => Some(open),
        Some(Err(error)) => {
            let path =
                String::from_utf8_lossy(settings.input.as_deref().unwrap_or_default()).into_owned();
            let text = if arguments.gnu {
                format!("{name}: failed to open '{path}': {}", error.text())
            } else {
                format!("{name}: can't open '{path}': {}", error.text())
            };
            process.error(&text)?;
            return Ok(1);
        }
    };
    // A device without end is read no further than the count says.
    let endless =
        input.as_deref().is_some_and(|o| matches!(o, Open::Zero | Open::Random | Open::Full));
    let limit = if endless {
        wanted.unwrap_or(limits::FILE_BYTES).min(limits::FILE_BYTES)
    } else {
        limits::FILE_BYTES
    };
    let cut = endless && wanted.is_none_or(|w| w > limit);
    let bytes = match input {
        Some(open) => {
            let saved = process.swap_fd(0, Some(open));
            let bytes = if endless { process.device_bytes(limit) } else { process.still_input(0) };
            process.fds.set(0, saved);
            bytes.ok_or(Leave::NeedInput)?
        }
        None => process.input()?,
    };
    let seek = settings.seek.saturating_mul(settings.block_out.unwrap_or(512));
    let reached = bytes.len().saturating_add(seek.min(limits::FILE_BYTES));
    process.session.step(1 + reached as u64 / 4_096)?;
    let start = if endless { 0 } else { settings.skip.saturating_mul(block).min(bytes.len()) };
    let end = wanted.map_or(bytes.len(), |w| start.saturating_add(w).min(bytes.len()));
    let data = &bytes[start..end];
    let mut status = 0;
    match &settings.output {
        None => {
            process.print(data)?;
        }
        Some(path) => {
            let access = if settings.append {
                Access::Append
            } else if settings.keep || seek > 0 {
                Access::Update
            } else {
                process.capture_before_loss(path);
                Access::Truncate
            };
            match process.open(path, access) {
                Ok(open) => {
                    if let Open::File { place, .. } = &*open
                        && seek > 0
                    {
                        *crate::io::lock(place) = Some(seek as u64);
                    }
                    let saved = process.swap_fd(1, Some(open));
                    let written = process.print(data);
                    process.fds.set(1, saved);
                    if !written? || cut {
                        let shown = String::from_utf8_lossy(path);
                        process.error(&format!(
                            "{name}: writing '{shown}': No space left on device"
                        ))?;
                        status = 1;
                    }
                }
                Err(error) => {
                    let shown = String::from_utf8_lossy(path);
                    let text = if arguments.gnu {
                        format!("{name}: failed to open '{shown}': {}", error.text())
                    } else {
                        format!("{name}: can't open '{shown}': {}", error.text())
                    };
                    process.error(&text)?;
                    return Ok(1);
                }
            }
        }
    }
    if !settings.quiet {
        report(process, arguments, data.len(), block)?;
    }
    Ok(status)
}

fn report(
    process: &mut Process,
    arguments: &Arguments,
    length: usize,
    block: usize,
) -> Result<(), Leave> {
    let records = format!("{}+{}", length / block, usize::from(!length.is_multiple_of(block)));
    process.error(&format!("{records} records in\n{records} records out"))?;
    let human = human_size(length);
    if arguments.gnu {
        let seconds = 0.000_04 + length as f64 / 900_000_000.0;
        let rate = length as f64 / seconds / 1e6;
        let plural = if length == 1 { "byte" } else { "bytes" };
        let shown = if length >= 1_000 {
            format!(" ({:.1} kB, {human})", length as f64 / 1e3)
        } else {
            String::new()
        };
        process
            .error(&format!("{length} {plural}{shown} copied, {seconds:.6} s, {rate:.1} MB/s"))?;
    } else if process.busybox_version() >= (1, 18) {
        let seconds = 0.000_3 + length as f64 / 60_000_000.0;
        let rate = human_size((length as f64 / seconds) as usize);
        process
            .error(&format!("{length} bytes ({human}) copied, {seconds:.6} seconds, {rate}/s"))?;
    }
    Ok(())
}

/// A size as BusyBox shows it: `52B`, `1.5KB`.
fn human_size(bytes: usize) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "KB", "MB"] {
        if value < 1_024.0 {
            return if unit == "B" { format!("{bytes}B") } else { format!("{value:.1}{unit}") };
        }
        value /= 1_024.0;
    }
    format!("{value:.1}GB")
}
