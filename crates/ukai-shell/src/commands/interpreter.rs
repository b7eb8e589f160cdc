//! `php` where the persona has it: its version, and programs of one line that only
//! print, with which shells are told from imitations.

use super::{Arguments, Command, Outcome};
use crate::expand::arithmetic;
use crate::process::Process;

pub(super) const COMMANDS: &[Command] = &[Command::waiting("php", |process, arguments| {
    Box::pin(async move {
        // Programs are not run; where it is of interest, it is told what they name.
        if process.session.may_pass_over() > 0
            && let [option, program, ..] = arguments.rest()
            && option == b"-r"
        {
            super::missing::contacts(process, program).await?;
        }
        match php(process, &arguments) {
            Ok(status) => Ok(status),
            Err(leave) => leave.stop(),
        }
    })
})];

const VERSION: &str = "PHP 8.2.36 (cli) (built: Nov 18 2026 20:02:04) (NTS)\nCopyright (c) The PHP Group\nZend Engine v4.2.36, Copyright (c) Zend Technologies\n    with Zend OPcache v8.2.36, Copyright (c), by Zend Technologies\n";

fn php(process: &mut Process, arguments: &Arguments) -> Outcome {
    match arguments.rest() {
        [option, ..] if option == b"-v" || option == b"--version" => {
            process.print(VERSION).map(|_| ())?;
        }
        [option, program, ..] if option == b"-r" => {
            let out = printed(process, program, &[b"print(", b"print ", b"echo "], b"");
            process.print(&out)?;
        }
        [path, ..] if !path.starts_with(b"-") => {
            let view = process.view();
            let full = process.absolute(path);
            let Ok(text) = process.fs().read(&view, &full) else {
                let shown = String::from_utf8_lossy(path).into_owned();
                process.print(format!("Could not open input file: {shown}\n"))?;
                return Ok(1);
            };
            process.report_executed(&full, &[b"php".to_vec(), path.clone()], &text);
        }
        _ => {}
    }
    Ok(0)
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
