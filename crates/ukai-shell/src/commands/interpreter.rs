//! `python3`, `perl`, `php` where the persona has them: versions, and programs of one
//! line that only print, with which shells are told from imitations.

use super::{Arguments, Command, Outcome};
use crate::expand::arithmetic;
use crate::process::Process;

pub(super) const COMMANDS: &[Command] =
    &[Command::at_once("perl", perl), Command::at_once("php", perl)];

fn perl(process: &mut Process, arguments: &Arguments) -> Outcome {
    match arguments.rest() {
        [option, ..] if option == b"-v" => {
            process.print("\nThis is perl 5, version 32, subversion 1 (v5.32.1) built for x86_64-linux-gnu-thread-multi\n\n")?;
        }
        [option, program, ..] if matches!(&option[..], b"-e" | b"-le" | b"-r") => {
            let end: &[u8] = if option == b"-le" { b"\n" } else { b"" };
            let out = printed(process, program, &[b"print(", b"print ", b"echo "], end);
            process.print(&out)?;
        }
        [path, ..] if !path.starts_with(b"-") => return missing(process, "perl", path),
        _ => {}
    }
    Ok(0)
}

fn missing(process: &mut Process, name: &str, path: &[u8]) -> Outcome {
    let view = process.view();
    let full = process.absolute(path);
    let shown = String::from_utf8_lossy(path).into_owned();
    match process.fs().read(&view, &full) {
        Ok(text) => {
            process.report_executed(&full, &[name.as_bytes().to_vec(), path.to_vec()], &text);
            Ok(0)
        }
        Err(error) if name == "perl" => {
            process.error(&format!("Can't open perl script \"{shown}\": {}", error.text()))?;
            Ok(2)
        }
        Err(error) => {
            process.error(&format!(
                "python3: can't open file '{shown}': [Errno 2] {}",
                error.text()
            ))?;
            Ok(2)
        }
    }
}

/// What the statements that print a text or a calculation would print.
fn printed(process: &mut Process, program: &[u8], verbs: &[&[u8]], end: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for statement in program.split(|b| matches!(b, b';' | b'\n')) {
        let statement = statement.trim_ascii();
        let Some(rest) = verbs.iter().find_map(|verb| statement.strip_prefix(*verb)) else {
            continue;
        };
        let value = rest.strip_suffix(b")").unwrap_or(rest).trim_ascii();
        match value {
            [quote @ (b'"' | b'\''), text @ .., last] if quote == last && !text.contains(quote) => {
                let raw = *quote == b'\'' && end.is_empty();
                out.extend(if raw {
                    text.to_vec()
                } else {
                    crate::escape::unescape(text, Some(false)).0
                });
            }
            _ if value.iter().all(|b| b.is_ascii_digit() || b"+-*/% ()".contains(b)) => {
                let Ok(number) = arithmetic::evaluate(process, value) else { continue };
                out.extend_from_slice(number.to_string().as_bytes());
            }
            _ => continue,
        }
        out.extend_from_slice(end);
    }
    out
}
