//! `exit`, `return`, `break`, `continue`, `eval`, `.`, `exec`, `trap`, `:`, `set -e` and kin.

use crate::commands::{Arguments, Command, Outcome};
use crate::expand::arithmetic::parse_number;
use crate::process::Process;
use crate::system::{Fut, Stop};
use bytes::Bytes;
use std::sync::Arc;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once(":", |_, _| Ok(0)),
    Command::at_once("exit", exit),
    Command::at_once("logout", exit),
    Command::at_once("return", return_),
    Command::at_once("break", break_),
    Command::at_once("continue", continue_),
    Command::waiting("eval", eval),
    Command::waiting(".", source),
    Command::waiting("source", source),
    Command::waiting("exec", exec),
    Command::at_once("trap", trap),
    Command::at_once("times", times),
];

/// The first argument as a number, or what is to be used without one.
fn number(
    process: &mut Process,
    arguments: &Arguments,
    default: i64,
) -> Result<Result<i64, i32>, Stop> {
    let Some(text) = arguments.rest().first() else { return Ok(Ok(default)) };
    if let Some(number) = parse_number(text).filter(|n| *n >= 0 || process.bash) {
        return Ok(Ok(number));
    }
    let shown = arguments.shown(1).into_owned();
    let message = if process.bash {
        format!("{shown}: numeric argument required")
    } else {
        format!("Illegal number: {shown}")
    };
    process.complain_as(&arguments.name(), &message)?;
    Ok(Err(2))
}

fn exit(process: &mut Process, arguments: &Arguments) -> Outcome {
    match number(process, arguments, i64::from(process.status))? {
        Ok(status) => Err(Stop::Exit((status & 0xff) as i32).into()),
        Err(status) if process.bash => Err(Stop::Exit(status).into()),
        Err(status) => Err(Stop::Abort(status).into()),
    }
}

fn return_(process: &mut Process, arguments: &Arguments) -> Outcome {
    match number(process, arguments, i64::from(process.status))? {
        Ok(status) => Err(Stop::Return((status & 0xff) as i32).into()),
        Err(status) => Err(Stop::Abort(status).into()),
    }
}

fn levels(process: &mut Process, arguments: &Arguments) -> Result<Option<u32>, Stop> {
    let levels = number(process, arguments, 1)?.unwrap_or(1).clamp(1, 64) as u32;
    Ok((process.loops > 0).then(|| levels.min(process.loops)))
}

fn break_(process: &mut Process, arguments: &Arguments) -> Outcome {
    match levels(process, arguments)? {
        Some(levels) => Err(Stop::Break(levels).into()),
        None => only_in_loop(process, "break"),
    }
}

fn continue_(process: &mut Process, arguments: &Arguments) -> Outcome {
    match levels(process, arguments)? {
        Some(levels) => Err(Stop::Continue(levels).into()),
        None => only_in_loop(process, "continue"),
    }
}

/// What bash says of a `break` outside of loops; ash is silent.
fn only_in_loop(process: &mut Process, name: &str) -> Outcome {
    if process.bash {
        let message = "only meaningful in a `for', `while', or `until' loop";
        process.complain_as(name, message)?;
    }
    Ok(0)
}

fn eval(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let text = arguments.rest().join(&b' ');
        process.run_text(&text).await
    })
}

fn source(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let name = arguments.name().into_owned();
        let Some(path) = arguments.rest().first() else {
            return Ok(if process.bash { 2 } else { 0 });
        };
        let view = process.view();
        let found = if path.contains(&b'/') { None } else { process.find_program(path) };
        let full = found.unwrap_or_else(|| process.absolute(path));
        let text = match process.fs().read(&view, &full) {
            Ok(text) => text,
            Err(error) => {
                let shown = arguments.shown(1).into_owned();
                let message = if process.bash {
                    format!("{shown}: {}", error.text())
                } else if path.contains(&b'/') {
                    format!("can't open '{shown}': {}", error.text())
                } else {
                    format!("{shown}: not found")
                };
                if process.bash {
                    process.complain(&message)?;
                    return Ok(1);
                }
                process.complain_as(&name, &message)?;
                return Err(Stop::Abort(2));
            }
        };
        let known = process.fs().origin(&view, &full);
        if matches!(known, Some(crate::fs::Origin::Written | crate::fs::Origin::Fetched)) {
            process.report_executed(&full, &arguments.words, &text);
        }
        let saved = Arc::clone(&process.positional);
        if arguments.words.len() > 2 {
            let parameters = arguments.words[2..].iter().cloned().map(Bytes::from).collect();
            process.positional = Arc::new(parameters);
        }
        let result = process.run_text(&text).await;
        process.positional = saved;
        match result {
            Err(Stop::Return(status)) => Ok(status),
            other => other,
        }
    })
}

fn exec(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let mut words = arguments.words;
        words.remove(0);
        if words.first().is_some_and(|w| w == b"-a") && words.len() > 2 {
            words.drain(..2);
        }
        if words.is_empty() {
            return Ok(0);
        }
        let found = process.find_program(&words[0]).is_some();
        let shell = process.name.clone();
        let status = process.program(words).await?;
        process.name = shell;
        if !found && process.source == crate::process::Source::Interactive {
            return Ok(status);
        }
        Err(Stop::Exit(status))
    })
}

/// Names of signals that `trap` knows; number 0 is the end of the shell.
const TRAPS: [(&str, &str); 9] = [
    ("0", "EXIT"),
    ("1", "HUP"),
    ("2", "INT"),
    ("3", "QUIT"),
    ("9", "KILL"),
    ("13", "PIPE"),
    ("14", "ALRM"),
    ("15", "TERM"),
    ("10", "USR1"),
];

fn trap(process: &mut Process, arguments: &Arguments) -> Outcome {
    let words = arguments.rest();
    let Some((action, signals)) = words.split_first() else {
        let mut text = Vec::new();
        for (signal, action) in process.traps.iter() {
            text.extend_from_slice(b"trap -- '");
            text.extend_from_slice(action);
            text.extend_from_slice(b"' ");
            text.extend_from_slice(signal);
            text.push(b'\n');
        }
        process.print(&text)?;
        return Ok(0);
    };
    let (action, signals) =
        if signals.is_empty() { (&b"-"[..], words) } else { (&action[..], signals) };
    let mut status = 0;
    for signal in signals {
        let text = String::from_utf8_lossy(signal).to_uppercase();
        let text = text.strip_prefix("SIG").unwrap_or(&text);
        let Some((_, name)) = TRAPS.iter().find(|(number, name)| text == *number || text == *name)
        else {
            if text.parse::<u8>().is_ok_and(|n| n < 65)
                || text.chars().all(|c| c.is_ascii_alphabetic())
            {
                continue;
            }
            let shown = String::from_utf8_lossy(signal).into_owned();
            process.complain_as("trap", &format!("{shown}: invalid signal specification"))?;
            status = 1;
            continue;
        };
        let traps = Arc::make_mut(&mut process.traps);
        if action == b"-" {
            traps.remove(name.as_bytes());
        } else {
            traps.insert(Bytes::from_static(name.as_bytes()), Bytes::copy_from_slice(action));
        }
    }
    Ok(status)
}

fn times(process: &mut Process, _: &Arguments) -> Outcome {
    process.print("0m0.010s 0m0.010s\n0m0.000s 0m0.020s\n")?;
    Ok(0)
}
