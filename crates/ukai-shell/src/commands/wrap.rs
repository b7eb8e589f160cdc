//! Commands that run another: `xargs`, `nohup`, `setsid`, `timeout`, `env`, `nice`,
//! `time` and kin.

use super::{Arguments, Command, Options};
use crate::limits;
use crate::process::Process;
use crate::system::{Fut, Stop};
use bytes::Bytes;
use std::future::Future as _;
use std::task::Poll;

pub(super) const COMMANDS: &[Command] = &[
    Command::waiting("xargs", xargs),
    Command::waiting("nohup", nohup),
    Command::waiting("setsid", simple),
    Command::waiting("nice", simple),
    Command::waiting("ionice", simple),
    Command::waiting("chrt", simple),
    Command::waiting("taskset", simple),
    Command::waiting("stdbuf", simple),
    Command::waiting("timeout", timeout),
    Command::waiting("time", timed),
    Command::waiting("env", env),
    Command::waiting("printenv", env),
];

impl Process {
    /// Whether there is something to run under that name, for a program that runs others.
    fn has_command(&self, name: &[u8]) -> bool {
        self.find_program(name).is_some()
            || (!name.contains(&b'/') && super::builtin(name, self).is_some())
    }
}

/// Runs `words` as a child would be run: no builtins of the shell.
async fn child(process: &mut Process, words: Vec<Vec<u8>>) -> Result<i32, Stop> {
    process.enter()?;
    let name = words.first().cloned().unwrap_or_default();
    let here = process.find_program(&name).is_some() || !name.contains(&b'/');
    let builtin =
        super::builtin(&name, process).filter(|_| here && process.find_program(&name).is_none());
    let result = match builtin {
        Some(builtin) => builtin.run(process, Arguments::new(words, false)).await,
        None => process.program(words).await,
    };
    process.depth -= 1;
    result
}

/// Skips the wrapper's own options: words that begin with `-` (or `+`), and values of
/// those letters that take one.
fn after_options<'a>(arguments: &'a Arguments, with_value: &[u8]) -> &'a [Vec<u8>] {
    let mut words = arguments.rest();
    while let [first, rest @ ..] = words {
        if first.first() != Some(&b'-') || first.len() < 2 {
            break;
        }
        words = rest;
        if first == b"--" {
            break;
        }
        if first.len() == 2 && with_value.contains(&first[1]) {
            words = words.get(1..).unwrap_or_default();
        }
    }
    words
}

fn simple(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let name = arguments.name().into_owned();
        let mut words = after_options(&arguments, b"npcPioe").to_vec();
        // `taskset MASK COMMAND`, `chrt PRIORITY COMMAND`.
        if matches!(name.as_str(), "taskset" | "chrt") && !words.is_empty() {
            words.remove(0);
        }
        if words.is_empty() {
            return Ok(i32::from(name == "setsid"));
        }
        child(process, words).await
    })
}

fn nohup(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let words = arguments.rest().to_vec();
        if words.is_empty() {
            process.error("nohup: missing operand")?;
            return Ok(127);
        }
        let terminal = process.fds.at(1).is_some_and(|o| o.is_terminal());
        if !terminal {
            return child(process, words).await;
        }
        let text = if arguments.gnu {
            "nohup: ignoring input and appending output to 'nohup.out'"
        } else {
            "nohup: appending output to nohup.out"
        };
        process.error(text)?;
        let Ok(open) = process.open(b"nohup.out", crate::fs::Access::Append) else {
            return Ok(127);
        };
        let saved = process.swap_fd(1, Some(open));
        let result = child(process, words).await;
        process.fds.set(1, saved);
        result
    })
}

fn timeout(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let mut words = after_options(&arguments, b"sk").to_vec();
        // Old BusyBox: `timeout -t SECS PROG`; `-t` was skipped with the options.
        let limit = words.first().and_then(|w| super::time::duration(w));
        if limit.is_some() {
            words.remove(0);
        }
        if words.is_empty() {
            process.error("timeout: missing operand")?;
            return Ok(125);
        }
        let Some(limit) = limit.filter(|limit| !limit.is_zero()) else {
            return child(process, words).await;
        };
        let mut inner = process.fork();
        inner.enter()?;
        let session = std::sync::Arc::clone(&process.session);
        let mut work = Box::pin(child(&mut inner, words));
        let mut over = Box::pin(session.sleep(limit));
        let ended = std::future::poll_fn(|context| {
            if let Poll::Ready(result) = work.as_mut().poll(context) {
                return Poll::Ready(Some(result));
            }
            over.as_mut().poll(context).map(|_| None)
        })
        .await;
        drop(work);
        match ended {
            Some(result) => inner.ended(result).await,
            // BusyBox's becomes the command, which the signal ends.
            None if !arguments.gnu => {
                process.error("Terminated")?;
                Ok(143)
            }
            None => Ok(124),
        }
    })
}

fn timed(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let words = after_options(&arguments, b"fo").to_vec();
        if words.is_empty() {
            return Ok(0);
        }
        let before = process.session.now();
        let status = child(process, words).await?;
        let took = process.session.now().since(before).as_secs_f64();
        let text = format!(
            "real\t{0}m {1:.2}s\nuser\t0m 0.00s\nsys\t0m 0.00s",
            took as u64 / 60,
            took % 60.0
        );
        process.error(&text)?;
        Ok(status)
    })
}

fn env(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let printenv = arguments.name() == "printenv";
        let mut words = arguments.rest().to_vec();
        if printenv && !words.is_empty() {
            let mut status = 0;
            for name in &words {
                match process.variable(name) {
                    Some(value) => {
                        process.print([&value[..], b"\n"].concat())?;
                    }
                    None => status = 1,
                }
            }
            return Ok(status);
        }
        let mut inner = process.fork();
        while let Some(first) = words.first().cloned() {
            if first == b"-i" || first == b"-" {
                let names: Vec<Bytes> = inner.environment().into_iter().map(|(n, _)| n).collect();
                for name in names {
                    inner.unset(&name);
                }
            } else if first == b"-u" && words.len() > 1 {
                inner.unset(&words[1]);
                words.remove(0);
            } else if let Some(equals) = first.iter().position(|b| *b == b'=') {
                let (name, value) = (&first[..equals], &first[equals + 1..]);
                inner.assign(name, value.to_vec())?;
                if let Some(v) = inner.variables_mut().get_mut(name) {
                    v.exported = true;
                }
            } else if !first.starts_with(b"-") {
                break;
            }
            words.remove(0);
        }
        if words.is_empty() {
            let mut text = Vec::new();
            for (name, value) in inner.environment() {
                text.extend_from_slice(&name);
                text.push(b'=');
                text.extend_from_slice(&value);
                text.push(b'\n');
            }
            process.print(&text)?;
            return Ok(0);
        }
        // Without a path the C library searches these.
        if inner.variable(b"PATH").is_none() {
            inner.assign(b"PATH", b"/bin:/usr/bin".to_vec())?;
        }
        if inner.find_program(&words[0]).is_none() {
            let shown = String::from_utf8_lossy(&words[0]).into_owned();
            let called = arguments.shown(0).into_owned();
            let text = if arguments.gnu {
                format!("{called}: ‘{shown}’: No such file or directory")
            } else {
                format!("env: can't execute '{shown}': No such file or directory")
            };
            process.error(&text)?;
            return Ok(127);
        }
        inner.enter()?;
        let result = inner.program(words).await;
        inner.ended(result).await
    })
}

fn xargs(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let options = Options::read(
            &arguments,
            "+0n:I:rtpP:L:d:E:a:s:x",
            &["null", "no-run-if-empty", "max-args:"],
        );
        let mut input = Vec::new();
        while let Some(chunk) = process.read(0, limits::PIPE_BYTES, false).await? {
            if chunk.is_empty() || input.len() > limits::PIPE_BYTES {
                break;
            }
            input.extend_from_slice(&chunk);
        }
        let replace = options.value("I").map(<[u8]>::to_vec);
        let zero = options.has("0") || options.has("null");
        let items = split_items(&input, zero, replace.is_some());
        let mut command = options.operands.clone();
        if command.is_empty() {
            command.push(b"echo".to_vec());
        }
        let many = options.number("n").or(options.number("max-args")).or(options.number("L"));
        let many = many.map_or(limits::WORDS / 4, |n| n.max(1) as usize);
        if items.is_empty()
            && (options.has("r") || options.has("no-run-if-empty") || replace.is_some())
        {
            return Ok(0);
        }
        let mut status = 0;
        let traced = options.has("t");
        if !process.has_command(&command[0]) {
            let shown = String::from_utf8_lossy(&command[0]).into_owned();
            process.error(&format!("xargs: {shown}: No such file or directory"))?;
            return Ok(127);
        }
        if let Some(mark) = replace {
            for item in items {
                let words: Vec<Vec<u8>> =
                    command.iter().map(|w| replace_all(w, &mark, &item)).collect();
                if traced {
                    process.error_bytes(&[&words.join(&b' ')[..], b"\n"].concat())?;
                }
                status = status.max(child(process, words).await?);
            }
        } else {
            let groups: Vec<&[Vec<u8>]> =
                if items.is_empty() { vec![&[]] } else { items.chunks(many).collect() };
            for group in groups {
                let words: Vec<Vec<u8>> = command.iter().chain(group).cloned().collect();
                if traced {
                    process.error_bytes(&[&words.join(&b' ')[..], b"\n"].concat())?;
                }
                let one = child(process, words).await?;
                status = if one == 0 { status } else { 123.max(if one >= 126 { one } else { 0 }) };
            }
        }
        Ok(status)
    })
}

fn replace_all(word: &[u8], mark: &[u8], with: &[u8]) -> Vec<u8> {
    if mark.is_empty() {
        return word.to_vec();
    }
    let mut out = Vec::new();
    let mut at = 0;
    while at < word.len() {
        if word[at..].starts_with(mark) && out.len() < limits::WORD_BYTES {
            out.extend_from_slice(with);
            at += mark.len();
        } else {
            out.push(word[at]);
            at += 1;
        }
    }
    out
}

/// Items of `xargs`: by blanks with quotes, by NUL, or by line.
fn split_items(input: &[u8], zero: bool, lines: bool) -> Vec<Vec<u8>> {
    if zero || lines {
        let separator = if zero { 0 } else { b'\n' };
        return input
            .split(|b| *b == separator)
            .map(|i| if lines { i.trim_ascii_start() } else { i })
            .filter(|i| !i.is_empty())
            .take(limits::WORDS)
            .map(<[u8]>::to_vec)
            .collect();
    }
    let mut items = Vec::new();
    let mut item: Option<Vec<u8>> = None;
    let mut quote = None;
    let mut bytes = input.iter();
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (Some(q), b) if q == *b => quote = None,
            (None, b'\'' | b'"') => {
                quote = Some(*byte);
                item.get_or_insert_default();
            }
            (None, b'\\') => item.get_or_insert_default().extend(bytes.next()),
            (None, b) if b.is_ascii_whitespace() => items.extend(item.take()),
            (_, b) => item.get_or_insert_default().push(*b),
        }
        if items.len() >= limits::WORDS {
            break;
        }
    }
    items.extend(item);
    items
}
