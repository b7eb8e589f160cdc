//! `compgen`, `complete`, `compopt`, `bind`, `fc` of bash: there, with nothing to
//! complete in a shell that reads a script.

use crate::commands::{Arguments, Command, Options, Outcome};
use crate::process::Process;
use bytes::Bytes;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("compgen", compgen),
    Command::at_once("complete", complete),
    Command::at_once("compopt", |p, _| {
        p.complain_as("compopt", "not currently executing completion function")?;
        Ok(1)
    }),
    Command::at_once("bind", bind),
    Command::at_once("fc", |_, _| Ok(0)),
];

/// The builtins of bash 5.2, in the order in which `compgen -b` tells them.
const BUILTINS: &str = ". : [ alias bg bind break builtin caller cd command compgen complete \
    compopt continue declare dirs disown echo enable eval exec exit export false fc fg getopts \
    hash help history jobs kill let local logout mapfile popd printf pushd pwd read readarray \
    readonly return set shift shopt source suspend test times trap true type typeset ulimit \
    umask unalias unset wait";

const KEYWORDS: &str = "if then else elif fi case esac for select while until do done in \
    function time { } ! [[ ]] coproc";

fn compgen(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "+abcdefgjksuvA:W:o:P:S:F:G:X:C:", &[]);
    let prefix = options.operands.first().cloned().unwrap_or_default();
    let action = options.value("A").map(|a| String::from_utf8_lossy(a).into_owned());
    let wants = |letter: &str, name: &str| options.has(letter) || action.as_deref() == Some(name);
    let mut all: Vec<Bytes> = Vec::new();
    let words =
        |text: &'static str| text.split_whitespace().map(|w| Bytes::from_static(w.as_bytes()));
    if wants("a", "alias") || options.has("c") {
        all.extend(process.aliases.keys().cloned());
    }
    if wants("k", "keyword") || options.has("c") {
        all.extend(words(KEYWORDS));
    }
    if wants("v", "variable") {
        let mut names: Vec<Bytes> = process.variables.keys().cloned().collect();
        names.sort();
        all.extend(names);
    }
    if action.as_deref() == Some("function") || options.has("c") {
        let mut names: Vec<Bytes> = process.functions.keys().cloned().collect();
        names.sort();
        all.extend(names);
    }
    if wants("b", "builtin") || options.has("c") {
        all.extend(words(BUILTINS));
    }
    if let Some(list) = options.value("W") {
        let parts = list.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
        all.extend(parts.map(Bytes::copy_from_slice));
    }
    if wants("u", "user") {
        let users = process.session.host.users();
        all.extend(users.iter().map(|u| Bytes::copy_from_slice(u.name.as_bytes())));
    }
    if options.has("c") {
        programs(process, &prefix, &mut all)?;
    }
    if wants("f", "file") || wants("d", "directory") {
        files(process, &prefix, wants("d", "directory"), &mut all);
    }
    all.retain(|w| w.starts_with(&prefix));
    let mut text = Vec::new();
    for word in &all {
        text.extend_from_slice(word);
        text.push(b'\n');
    }
    process.print(&text)?;
    Ok(i32::from(all.is_empty()))
}

/// Programs along `$PATH` whose names begin so.
fn programs(
    process: &Process,
    prefix: &[u8],
    all: &mut Vec<Bytes>,
) -> Result<(), crate::system::Stop> {
    let view = process.view();
    let path = process.variable(b"PATH").unwrap_or_default();
    for folder in path.split(|b| *b == b':') {
        let names = process.fs().list(&view, &process.absolute(folder)).unwrap_or_default();
        process.session.step(1 + names.len() as u64 / 8)?;
        all.extend(names.into_iter().filter(|n| n.starts_with(prefix)));
    }
    Ok(())
}

/// Files whose paths begin so.
fn files(process: &Process, prefix: &[u8], folders: bool, all: &mut Vec<Bytes>) {
    let view = process.view();
    let base = prefix.iter().rposition(|b| *b == b'/').map_or(&b""[..], |at| &prefix[..=at]);
    let place = if base.is_empty() { process.directory.to_vec() } else { process.absolute(base) };
    for name in process.fs().list(&view, &place).unwrap_or_default() {
        let full = [&place[..], b"/", &name].concat();
        if !folders || process.fs().stat(&view, &full, true).is_ok_and(|s| s.is_dir()) {
            all.push([base, &name[..]].concat().into());
        }
    }
}

fn complete(process: &mut Process, arguments: &Arguments) -> Outcome {
    let mut status = 0;
    if arguments.rest().first().is_some_and(|w| w == b"-p") {
        for name in &arguments.rest()[1..] {
            let shown = String::from_utf8_lossy(name).into_owned();
            process.complain_as("complete", &format!("{shown}: no completion specification"))?;
            status = 1;
        }
    }
    Ok(status)
}

fn bind(process: &mut Process, _: &Arguments) -> Outcome {
    if process.source != crate::process::Source::Interactive {
        process.complain_as("bind", "warning: line editing not enabled")?;
    }
    Ok(0)
}
