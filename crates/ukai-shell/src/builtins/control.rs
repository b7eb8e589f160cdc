//! `exit`, `return`, `break`, `continue`, `eval`, `.`, `exec`, `trap`, `:`, `set -e` and kin.

use crate::commands::{Arguments, Command, Outcome};
use crate::job::JobState;
use crate::process::{Frame, Process, Source};
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
    Command::at_once("caller", caller),
    Command::at_once("suspend", |p, _| {
        p.complain_as("suspend", "cannot suspend: no job control")?;
        Ok(1)
    }),
];

/// The first argument as a number, or what is to be used without one.
fn number(
    process: &mut Process,
    arguments: &Arguments,
    default: i64,
) -> Result<Result<i64, i32>, Stop> {
    let Some(text) = arguments.rest().first() else { return Ok(Ok(default)) };
    let decimal = text.strip_prefix(b"-").unwrap_or(text).iter().all(u8::is_ascii_digit);
    if decimal && let Some(number) = decimal_number(text).filter(|n| *n >= 0 || process.bash) {
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

fn decimal_number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn exit(process: &mut Process, arguments: &Arguments) -> Outcome {
    if process.controls_jobs() && !farewell(process)? {
        return Ok(1);
    }
    match number(process, arguments, i64::from(process.status))? {
        Ok(status) => Err(Stop::Exit((status & 0xff) as i32).into()),
        Err(status) if process.bash => Err(Stop::Exit(status).into()),
        Err(status) => Err(Stop::Abort(status).into()),
    }
}

/// What an interactive shell says when it is told to end; false if it does not because
/// of stopped jobs, of which it warns once (`exit_shell` of bash, `stoppedjobs` of ash).
fn farewell(process: &mut Process) -> Result<bool, Stop> {
    let stopped = {
        let mut system = process.session.system();
        let any = system.jobs.shown(process.pid).any(|j| j.state == JobState::Stopped);
        any && !std::mem::replace(&mut system.warned, true)
    };
    if process.bash && process.session.system().edits {
        process.error(if process.name.starts_with(b"-") { "logout" } else { "exit" })?;
    }
    if stopped {
        let text = if process.bash { "There are stopped jobs." } else { "You have stopped jobs." };
        process.error(text)?;
    }
    Ok(!stopped)
}

fn return_(process: &mut Process, arguments: &Arguments) -> Outcome {
    if process.bash && process.locals.is_empty() && process.frames.is_empty() {
        let text = "can only `return' from a function or sourced script";
        process.complain_as("return", text)?;
        return Ok(2);
    }
    match number(process, arguments, i64::from(process.status))? {
        Ok(status) => Err(Stop::Return((status & 0xff) as i32).into()),
        Err(status) if process.bash => Err(Stop::Return(status).into()),
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
        process.session.evaluated(&text, "sh");
        let before = process.text_name.replace("eval");
        let read_at = process.read_at;
        let line = process.line;
        let result = process.run_text(&text).await;
        (process.text_name, process.read_at) = (before, read_at);
        process.line = line;
        match result {
            // A mistake ends only the `eval` of bash.
            Err(Stop::Abort(status)) if process.bash => Ok(status),
            other => other,
        }
    })
}

fn source(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let name = arguments.name().into_owned();
        let Some(path) = arguments.rest().first() else {
            if process.bash {
                process.complain_as(&name, "filename argument required")?;
                process.error(&format!("{name}: usage: {name} filename [arguments]"))?;
                return Ok(2);
            }
            return Ok(0);
        };
        let view = process.view();
        let found = if path.contains(&b'/') { None } else { process.find_program(path) };
        let full = found.unwrap_or_else(|| process.absolute(path));
        // What `<(...)` and the like lent is a descriptor.
        let lent = if path.starts_with(b"/dev/") {
            process.open(path, crate::fs::Access::Read).ok()
        } else {
            None
        };
        let read = match lent {
            Some(open) => Ok(process.all_of(open).await?),
            None => process.fs().read(&view, &full),
        };
        let text = match read {
            Ok(text) => text,
            Err(error) => {
                let shown = arguments.shown(1).into_owned();
                let message = if process.bash {
                    format!("{shown}: {}", error.text())
                } else if process.dash && path.contains(&b'/') {
                    format!("cannot open {shown}: No such file")
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
        if process.bash {
            let function = Bytes::from_static(b"source");
            let source = Bytes::copy_from_slice(path);
            process.frames.push(Frame { function, source, line: process.line });
        }
        let before = process.text_name.take();
        let read_at = process.read_at;
        let result = process.run_text(&text).await;
        (process.text_name, process.read_at) = (before, read_at);
        if process.bash {
            process.frames.pop();
        }
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
        while process.bash && words.first().is_some_and(|w| w == b"-c" || w == b"-l") {
            words.remove(0);
        }
        if words.first().is_some_and(|w| w == b"-a") && words.len() > 2 {
            words.drain(..2);
        }
        if words.is_empty() {
            return Ok(0);
        }
        let view = process.view();
        let found = process.find_program(&words[0]);
        let found = found.is_some_and(|p| process.fs().stat(&view, &p, true).is_ok());
        if !found {
            process.session.system().unknown(&words[0]);
            let shown = String::from_utf8_lossy(&words[0]).into_owned();
            let text = if process.bash && words[0].contains(&b'/') {
                format!("{shown}: cannot execute: No such file or directory")
            } else {
                format!("{shown}: not found")
            };
            if process.bash && words[0].contains(&b'/') {
                process.complain(&format!("{shown}: No such file or directory"))?;
            } else {
                process.complain_as("exec", &text)?;
            }
            if process.source == Source::Interactive && !process.subshell {
                return Ok(127);
            }
            return Err(Stop::Exit(127));
        }
        let shell = process.name.clone();
        let status = process.program(words).await?;
        process.name = shell;
        // The program took the shell's place: no trap of the shell runs after it.
        process.traps = Arc::default();
        Err(Stop::Exit(status))
    })
}

/// Names of signals that `trap` knows, in the order in which traps are told; number 0 is
/// the end of the shell, and the last three are bash's.
const TRAPS: [(&str, &str); 35] = [
    ("0", "EXIT"),
    ("1", "HUP"),
    ("2", "INT"),
    ("3", "QUIT"),
    ("4", "ILL"),
    ("5", "TRAP"),
    ("6", "ABRT"),
    ("7", "BUS"),
    ("8", "FPE"),
    ("9", "KILL"),
    ("10", "USR1"),
    ("11", "SEGV"),
    ("12", "USR2"),
    ("13", "PIPE"),
    ("14", "ALRM"),
    ("15", "TERM"),
    ("16", "STKFLT"),
    ("17", "CHLD"),
    ("18", "CONT"),
    ("19", "STOP"),
    ("20", "TSTP"),
    ("21", "TTIN"),
    ("22", "TTOU"),
    ("23", "URG"),
    ("24", "XCPU"),
    ("25", "XFSZ"),
    ("26", "VTALRM"),
    ("27", "PROF"),
    ("28", "WINCH"),
    ("29", "IO"),
    ("30", "PWR"),
    ("31", "SYS"),
    ("-", "DEBUG"),
    ("-", "ERR"),
    ("-", "RETURN"),
];

/// The traps that are set, as commands that set them.
fn list_traps(process: &mut Process, only: &[&str]) -> Outcome {
    let mut text = Vec::new();
    for (number, name) in TRAPS {
        let Some(action) = process.traps.get(name.as_bytes()) else { continue };
        if !only.is_empty() && !only.contains(&name) {
            continue;
        }
        text.extend_from_slice(b"trap -- ");
        text.extend(crate::escape::single_quoted(action));
        // bash tells signals with `SIG`.
        let signal = process.bash && !matches!(number, "0" | "-");
        text.extend_from_slice(if signal { b" SIG" } else { b" " });
        text.extend_from_slice(name.as_bytes());
        text.push(b'\n');
    }
    process.print(&text)?;
    Ok(0)
}

fn trap(process: &mut Process, arguments: &Arguments) -> Outcome {
    let mut words = arguments.rest();
    if words.first().is_some_and(|w| w == b"--") {
        words = &words[1..];
    }
    let named = |word: &[u8], bash: bool| {
        let text = String::from_utf8_lossy(word).to_uppercase();
        let text = text.strip_prefix("SIG").unwrap_or(&text).to_owned();
        TRAPS
            .iter()
            .find(|(number, name)| text == *number || text == *name)
            .filter(|(number, _)| *number != "-" || (bash && text != "-"))
            .map(|(_, name)| *name)
    };
    if words.is_empty() {
        return list_traps(process, &[]);
    }
    if process.bash && words[0] == b"-p" {
        let bash = process.bash;
        let only: Vec<&str> = words[1..].iter().filter_map(|w| named(w, bash)).collect();
        return list_traps(process, &only);
    }
    let (action, signals) = match words {
        [only] => (&b"-"[..], std::slice::from_ref(only)),
        [action, signals @ ..] => (&action[..], signals),
        [] => return Ok(0),
    };
    let mut status = 0;
    for signal in signals {
        let Some(name) = named(signal, process.bash) else {
            let shown = String::from_utf8_lossy(signal).into_owned();
            if process.dash {
                process.error(&format!("trap: {shown}: bad trap"))?;
            } else {
                process.complain_as("trap", &format!("{shown}: invalid signal specification"))?;
            }
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

/// `caller` of bash: the line and the file of the call, with a number its function, too.
fn caller(process: &mut Process, arguments: &Arguments) -> Outcome {
    let word = arguments.rest().first();
    let number = word.map(|w| decimal_number(w).and_then(|n| usize::try_from(n).ok()));
    let Some(above) = number.unwrap_or(Some(0)) else {
        let shown = arguments.shown(1).into_owned();
        process.complain_as("caller", &format!("{shown}: invalid number"))?;
        process.error("caller: usage: caller [expr]")?;
        return Ok(2);
    };
    let count = process.frames.len();
    let Some(at) = count.checked_sub(above + 1) else { return Ok(1) };
    let line = process.frames[at].line;
    let outer = at.checked_sub(1).map(|at| &process.frames[at]);
    let source = match (outer, process.source) {
        (Some(outer), _) => String::from_utf8_lossy(&outer.source).into_owned(),
        (None, Source::Script) => String::from_utf8_lossy(&process.name).into_owned(),
        (None, _) => "NULL".to_owned(),
    };
    let text = if arguments.rest().is_empty() {
        format!("{line} {source}\n")
    } else {
        let function = outer.map_or_else(
            || "main".to_owned(),
            |f| String::from_utf8_lossy(&f.function).into_owned(),
        );
        format!("{line} {function} {source}\n")
    };
    process.print(text)?;
    Ok(0)
}

fn times(process: &mut Process, _: &Arguments) -> Outcome {
    process.print("0m0.010s 0m0.010s\n0m0.000s 0m0.020s\n")?;
    Ok(0)
}
