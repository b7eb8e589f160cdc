//! `command`, `type`, `hash`, `alias`, `unalias`, `builtin`.

use crate::commands::{Arguments, Command, Outcome, builtin};
use crate::process::{Alias, Process};
use crate::system::{Fut, Stop};
use bytes::Bytes;
use std::sync::Arc;

pub(super) const COMMANDS: &[Command] = &[
    Command::waiting("command", command),
    Command::waiting("builtin", command),
    Command::at_once("type", type_),
    Command::at_once("hash", hash),
    Command::at_once("alias", alias),
    Command::at_once("unalias", unalias),
    Command::at_once("enable", |_, _| Ok(0)),
];

/// What a name means to the shell.
enum Meaning {
    Alias(Bytes),
    Keyword,
    Function,
    Builtin,
    File(Vec<u8>),
}

fn meaning(process: &Process, name: &[u8]) -> Option<Meaning> {
    const KEYWORDS: [&[u8]; 13] = [
        b"if", b"then", b"else", b"elif", b"fi", b"for", b"while", b"until", b"do", b"done",
        b"case", b"esac", b"{",
    ];
    if let Some(text) = process.aliases.get(name) {
        return Some(Meaning::Alias(text.text.clone()));
    }
    if KEYWORDS.contains(&name) {
        return Some(Meaning::Keyword);
    }
    if process.functions.contains_key(name) {
        return Some(Meaning::Function);
    }
    if builtin(name, process).is_some() {
        return Some(Meaning::Builtin);
    }
    let view = process.view();
    process
        .find_program(name)
        .filter(|path| {
            process.fs().stat(&view, path, true).is_ok_and(|s| s.mode & 0o111 != 0 && s.is_file())
        })
        .map(Meaning::File)
}

fn command(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let mut words = arguments.words;
        words.remove(0);
        let mut describe = None;
        while let Some(first) = words.first() {
            match &first[..] {
                b"-v" => describe = Some(false),
                b"-V" => describe = Some(true),
                b"-p" | b"--" => {}
                _ => break,
            }
            words.remove(0);
        }
        let Some(name) = words.first().cloned() else { return Ok(0) };
        if let Some(verbose) = describe {
            let names = if process.bash { &words[..] } else { &words[..1] };
            let mut status = 0;
            for name in names {
                status = describe_name(process, name, verbose)?;
            }
            return Ok(status);
        }
        if let Some(found) = builtin(&name, process) {
            let gnu = process.bash || process.dash;
            return found.run(process, Arguments::new(words, gnu)).await;
        }
        process.program(words).await
    })
}

fn describe_name(process: &mut Process, name: &[u8], verbose: bool) -> Result<i32, Stop> {
    let meaning = meaning(process, name);
    let shown = String::from_utf8_lossy(name).into_owned();
    let found = meaning.is_some();
    let text = match meaning {
        None if !verbose => String::new(),
        None => {
            let text = if process.bash {
                format!(
                    "{}: line 1: type: {shown}: not found\n",
                    String::from_utf8_lossy(&process.name)
                )
            } else {
                format!("{shown}: not found\n")
            };
            if process.bash {
                process.error_bytes(text.as_bytes())?;
                return Ok(1);
            }
            text
        }
        Some(Meaning::Alias(text)) if verbose => {
            format!("{shown} is an alias for {}\n", String::from_utf8_lossy(&text))
        }
        Some(Meaning::Alias(text)) => {
            format!("alias {shown}='{}'\n", String::from_utf8_lossy(&text))
        }
        Some(Meaning::Keyword) if verbose => format!("{shown} is a shell keyword\n"),
        Some(Meaning::Function) if verbose => {
            format!(
                "{shown} is a {}function\n",
                if process.bash || process.busybox_version() >= (1, 35) { "" } else { "shell " }
            )
        }
        Some(Meaning::Builtin) if verbose => {
            let special = crate::commands::is_special(name) && !process.bash;
            format!("{shown} is a {}shell builtin\n", if special { "special " } else { "" })
        }
        Some(Meaning::File(path)) => {
            let path = String::from_utf8_lossy(&path).into_owned();
            if verbose { format!("{shown} is {path}\n") } else { format!("{path}\n") }
        }
        Some(_) => format!("{shown}\n"),
    };
    process.print(text)?;
    Ok(match (found, process.bash) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 127,
    })
}

fn hash(process: &mut Process, arguments: &Arguments) -> Outcome {
    let mut status = 0;
    if process.bash && arguments.rest().is_empty() {
        process.error("hash: hash table empty")?;
        return Ok(0);
    }
    for name in arguments.rest().iter().filter(|w| !w.starts_with(b"-")) {
        if meaning(process, name).is_none() {
            let shown = String::from_utf8_lossy(name).into_owned();
            process.complain_as("hash", &format!("{shown}: not found"))?;
            status = 1;
        }
    }
    Ok(status)
}

fn type_(process: &mut Process, arguments: &Arguments) -> Outcome {
    let mut status = 0;
    let words = arguments.rest();
    let flag = words.first().filter(|w| process.bash && w.len() == 2 && w[0] == b'-');
    let letter = flag.map_or(0, |w| w[1]);
    for name in &words[usize::from(flag.is_some())..] {
        if matches!(letter, b't' | b'p' | b'P') {
            let line = match (meaning(process, name), letter) {
                (Some(Meaning::File(path)), b'p' | b'P') => path,
                (Some(Meaning::Alias(_)), b't') => b"alias".to_vec(),
                (Some(Meaning::Keyword), b't') => b"keyword".to_vec(),
                (Some(Meaning::Function), b't') => b"function".to_vec(),
                (Some(Meaning::Builtin), b't') => b"builtin".to_vec(),
                (Some(Meaning::File(_)), _) => b"file".to_vec(),
                (None, _) => {
                    status = 1;
                    continue;
                }
                (Some(_), _) => match process.find_program(name).filter(|_| letter == b'P') {
                    Some(path) => path,
                    None => continue,
                },
            };
            process.print([&line[..], b"\n"].concat())?;
            continue;
        }
        let one = describe_name(process, name, true)?;
        status = status.max(if process.bash { one.min(1) } else { one });
    }
    Ok(status)
}

fn alias(process: &mut Process, arguments: &Arguments) -> Outcome {
    const ALIASES: usize = 128;
    const ALIAS_BYTES: usize = 4_096;
    let mut status = 0;
    let prefix = if process.bash { "alias " } else { "" };
    if arguments.rest().is_empty() {
        let mut text = Vec::new();
        for (name, alias) in process.aliases.iter() {
            text.extend_from_slice(prefix.as_bytes());
            text.extend_from_slice(name);
            text.push(b'=');
            text.extend(crate::escape::single_quoted(&alias.text));
            text.push(b'\n');
        }
        process.print(&text)?;
    }
    for word in arguments.rest() {
        if let Some(equals) = word.iter().position(|b| *b == b'=') {
            if process.aliases.len() < ALIASES && word.len() <= ALIAS_BYTES {
                let text = Bytes::copy_from_slice(&word[equals + 1..]);
                let name = Bytes::copy_from_slice(&word[..equals]);
                let alias = Alias { text, read_at: process.read_at };
                Arc::make_mut(&mut process.aliases).insert(name, alias);
            }
            continue;
        }
        let shown = String::from_utf8_lossy(word).into_owned();
        if let Some(alias) = process.aliases.get(&word[..]).cloned() {
            let quoted = crate::escape::single_quoted(&alias.text);
            process.print([format!("{prefix}{shown}=").as_bytes(), &quoted, b"\n"].concat())?;
        } else {
            no_alias(process, "alias", &shown)?;
            status = 1;
        }
    }
    Ok(status)
}

/// What is said of an alias that is not there.
fn no_alias(process: &mut Process, builtin: &str, name: &str) -> Result<(), Stop> {
    if process.bash {
        return process.complain_as(builtin, &format!("{name}: not found"));
    }
    process.error(&format!("{builtin}: {name} not found"))
}

fn unalias(process: &mut Process, arguments: &Arguments) -> Outcome {
    let mut status = 0;
    for word in arguments.rest() {
        if word == b"-a" {
            process.aliases = Arc::default();
        } else if Arc::make_mut(&mut process.aliases).remove(&word[..]).is_none() {
            let shown = String::from_utf8_lossy(word).into_owned();
            no_alias(process, "unalias", &shown)?;
            status = 1;
        }
    }
    Ok(status)
}
