//! `sh`, `ash`, `bash`: another shell.

use super::{Arguments, Command};
use crate::limits;
use crate::process::{Process, Source};
use crate::syntax::ShellKind;
use crate::system::{Answer, Fut, Stop};
use bytes::Bytes;

pub(super) const COMMANDS: &[Command] = &[
    Command::waiting("sh", shell),
    Command::waiting("ash", shell),
    Command::waiting("bash", shell),
    Command::waiting("dash", shell),
];

/// Whether a program of that name is a shell.
pub(crate) fn is_shell(name: &[u8]) -> bool {
    matches!(name, b"sh" | b"ash" | b"bash" | b"dash" | b"hush")
}

fn shell(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let mut words = arguments.rest();
        let mut command = false;
        let mut trace = false;
        let mut errors = false;
        let mut from_stdin = false;
        while let [first, rest @ ..] = words {
            match &first[..] {
                b"--" => {
                    words = rest;
                    break;
                }
                [b'-' | b'+', letters @ ..]
                    if !letters.is_empty() && !letters.starts_with(b"-") =>
                {
                    command |= letters.contains(&b'c');
                    trace |= letters.contains(&b'x');
                    errors |= letters.contains(&b'e');
                    from_stdin |= letters.contains(&b's');
                    words = rest;
                    if letters.contains(&b'o') {
                        words = words.get(1..).unwrap_or_default();
                    }
                }
                option if option.starts_with(b"--") => {
                    if option == b"--version" && process.bash {
                        process
                            .print("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\n")?;
                        return Ok(0);
                    }
                    words = rest;
                }
                _ => break,
            }
        }
        let name = Bytes::copy_from_slice(&arguments.words[0]);
        let kind = process.kind_named(&name);
        if command {
            let Some((text, rest)) = words.split_first() else {
                let name = arguments.name();
                let text = match kind {
                    ShellKind::Bash => format!("{name}: -c: option requires an argument"),
                    ShellKind::Dash => format!("{name}: 0: -c requires an argument"),
                    ShellKind::Ash => format!("{name}: -c requires an argument"),
                };
                process.error(&text)?;
                return Ok(2);
            };
            let mut rest = rest.iter().cloned().map(Bytes::from);
            let text = prefixed(text, trace, errors);
            if let Some(name) = rest.next() {
                return process.run_named_text(&text, name, rest.collect(), kind).await;
            }
            let kind = (kind, Source::Text);
            return process.run_script(&text, name, rest.collect(), kind).await;
        }
        if from_stdin {
            let parameters = words.iter().cloned().map(Bytes::from).collect();
            return from_input(process, name, parameters, kind).await;
        }
        if let Some((path, rest)) = words.split_first() {
            let rest = rest.iter().cloned().map(Bytes::from).collect();
            return script_file(process, &arguments, path, rest, (trace, errors)).await;
        }
        from_input(process, name, Vec::new(), kind).await
    })
}

/// The options of the command line as the script's first line.
fn prefixed(text: &[u8], trace: bool, errors: bool) -> Vec<u8> {
    let set = match (trace, errors) {
        (true, true) => "set -xe; ",
        (true, false) => "set -x; ",
        (false, true) => "set -e; ",
        (false, false) => "",
    };
    [set.as_bytes(), text].concat()
}

async fn script_file(
    process: &mut Process,
    arguments: &Arguments,
    path: &[u8],
    parameters: Vec<Bytes>,
    (trace, errors): (bool, bool),
) -> Result<i32, Stop> {
    let view = process.view();
    let kind = process.kind_named(&arguments.words[0]);
    let mut full = process.absolute(path);
    // What `<(...)` and the like lent is a descriptor.
    if let Ok(open) = process.open(path, crate::fs::Access::Read)
        && path.starts_with(b"/dev/")
    {
        let text = process.all_of(open).await?;
        let name = Bytes::copy_from_slice(path);
        let text = prefixed(&text, trace, errors);
        return process.run_script(&text, name, parameters, (kind, Source::Script)).await;
    }
    if process.fs().stat(&view, &full, true).is_err()
        && let Some(found) = process.find_program(path)
    {
        full = found;
    }
    let text = match process.fs().read(&view, &full) {
        Ok(text) => text,
        Err(error) => {
            let shown = String::from_utf8_lossy(path).into_owned();
            let text = if kind == ShellKind::Bash {
                format!("{}: {shown}: {}", arguments.name(), error.text())
            } else if kind == ShellKind::Dash {
                let why = match error {
                    crate::fs::FsError::NotFound => "No such file",
                    other => other.text(),
                };
                format!("{}: 0: cannot open {shown}: {why}", arguments.name())
            } else if process.busybox_version() >= (1, 30) {
                format!("{}: can't open '{shown}': {}", arguments.name(), error.text())
            } else {
                format!("{}: can't open '{shown}'", arguments.name())
            };
            process.error(&text)?;
            return Ok(if kind == ShellKind::Bash { 127 } else { 2 });
        }
    };
    if process.fs().origin(&view, &full) != Some(crate::fs::Origin::Host) {
        process.report_executed(&full, &arguments.words, &text);
    }
    let name = Bytes::copy_from_slice(path);
    if kind == ShellKind::Bash && text.starts_with(b"\x7fELF") {
        let shown = String::from_utf8_lossy(path).into_owned();
        process.error(&format!("{shown}: {shown}: cannot execute binary file"))?;
        return Ok(126);
    }
    let text = prefixed(&text, trace, errors);
    process.run_script(&text, name, parameters, (kind, Source::Script)).await
}

/// A shell that reads commands from its standard input: from a pipe or file all at
/// once; from the terminal line by line, with a prompt.
async fn from_input(
    process: &mut Process,
    name: Bytes,
    parameters: Vec<Bytes>,
    kind: ShellKind,
) -> Result<i32, Stop> {
    if !process.input_is_typed(0) || process.session.login.terminal.is_none() {
        return process.run_script_from_stdin(name, parameters, kind).await;
    }
    process.enter()?;
    let mut child = process.fork();
    child.become_kind(kind);
    child.subshell_level = 0;
    child.name = name;
    child.positional = std::sync::Arc::new(parameters);
    child.pid = process.session.system().next_pid();
    child.own_pid = child.pid;
    child.subshell = false;
    let result = interactive(&mut child).await;
    process.depth -= 1;
    match child.ended(result).await {
        Ok(status) => Ok(status),
        Err(stop) => Err(stop),
    }
}

async fn interactive(child: &mut Process) -> Result<i32, Stop> {
    let host = std::sync::Arc::clone(&child.session.host);
    if !child.bash {
        child.print(host.fill(&host.persona.shell.greeting, child.session.now()))?;
    }
    // Of the shells that Debian has, bash alone edits its lines.
    let own = crate::eval::base_name(&child.name).to_vec();
    let edits = !child.bash || own.trim_ascii_start().ends_with(b"bash");
    let mut pending = Vec::new();
    loop {
        let prompt = if pending.is_empty() { child.prompt_text() } else { b"> ".to_vec() };
        let line = if edits && child.session.system().edits {
            let reader = child.clone();
            match child.session.ask(prompt, reader).await? {
                Answer::Line(line) => line,
                Answer::End => Vec::new(),
                Answer::Interrupt => {
                    pending.clear();
                    child.status = 130;
                    continue;
                }
            }
        } else {
            child.error_bytes(&prompt)?;
            let Some(line) = child.read(0, limits::TERMINAL_LINE_BYTES, true).await? else {
                return Ok(0);
            };
            line.to_vec()
        };
        if line.is_empty() {
            if child.bash && edits {
                child.error("exit")?;
            }
            return Ok(child.status);
        }
        pending.extend_from_slice(&line);
        if crate::shell::is_unfinished(&pending, child.kind())
            && pending.len() < limits::TERMINAL_LINE_BYTES
        {
            continue;
        }
        let text = std::mem::take(&mut pending);
        child.session.system().refill();
        if edits {
            child.remember(&text);
        }
        match child.run_input(&text).await {
            Ok(_) => {}
            Err(Stop::Abort(status)) => child.status = status,
            Err(stop) => return Err(stop),
        }
    }
}
