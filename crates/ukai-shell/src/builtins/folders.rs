//! `pushd`, `popd`, `dirs` of bash.

use super::directory::enter;
use crate::commands::{Arguments, Command, Outcome};
use crate::process::Process;
use crate::system::Stop;
use bytes::Bytes;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("pushd", pushd),
    Command::at_once("popd", popd),
    Command::at_once("dirs", dirs),
];

/// Most folders that are kept.
const FOLDERS: usize = 256;

/// The stack with the present folder on top.
fn stack(process: &Process) -> Vec<Bytes> {
    let here = Bytes::copy_from_slice(&process.directory);
    std::iter::once(here).chain(process.folders.iter().cloned()).collect()
}

/// A folder as it is told: below the home folder with a tilde.
fn shown(process: &Process, folder: &[u8]) -> Vec<u8> {
    let home = process.variable(b"HOME").unwrap_or_default();
    match folder.strip_prefix(&home[..]) {
        Some(rest) if home.len() > 1 && (rest.is_empty() || rest[0] == b'/') => {
            [b"~", rest].concat()
        }
        _ => folder.to_vec(),
    }
}

fn tell(process: &mut Process) -> Result<(), Stop> {
    let all: Vec<Vec<u8>> = stack(process).iter().map(|f| shown(process, f)).collect();
    process.print([&all.join(&b' ')[..], b"\n"].concat())?;
    Ok(())
}

/// What `+N` and `-N` stand for.
enum Place {
    At(usize),
    OutOfRange,
    /// It is no such word.
    None,
}

/// `+N` and `-N`: a place in a stack of that height.
fn place(word: &[u8], height: usize) -> Place {
    let Some((sign @ (b'+' | b'-'), digits)) = word.split_first() else { return Place::None };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Place::None;
    }
    let number = std::str::from_utf8(digits).ok().and_then(|t| t.parse::<usize>().ok());
    let at = number.and_then(|n| if *sign == b'+' { Some(n) } else { height.checked_sub(n + 1) });
    at.filter(|at| *at < height).map_or(Place::OutOfRange, Place::At)
}

fn pushd(process: &mut Process, arguments: &Arguments) -> Outcome {
    let words: Vec<&Vec<u8>> = arguments.rest().iter().filter(|w| *w != b"-n").collect();
    let mut all = stack(process);
    match words.first() {
        None if all.len() < 2 => {
            process.complain_as("pushd", "no other directory")?;
            return Ok(1);
        }
        None => {
            all.swap(0, 1);
        }
        Some(word) => match place(word, all.len()) {
            Place::OutOfRange => {
                let text = if all.len() < 2 {
                    "directory stack empty".to_owned()
                } else {
                    format!("{}: directory stack index out of range", String::from_utf8_lossy(word))
                };
                process.complain_as("pushd", &text)?;
                return Ok(1);
            }
            Place::At(at) => all.rotate_left(at),
            Place::None => {
                let old = all.remove(0);
                if let Some(status) = enter(process, "pushd", word)? {
                    return Ok(status);
                }
                all.insert(0, old);
                all.truncate(FOLDERS);
                process.folders = all;
                tell(process)?;
                return Ok(0);
            }
        },
    }
    let top = all.remove(0);
    if let Some(status) = enter(process, "pushd", &top)? {
        return Ok(status);
    }
    process.folders = all;
    tell(process)?;
    Ok(0)
}

fn popd(process: &mut Process, arguments: &Arguments) -> Outcome {
    let mut all = stack(process);
    if all.len() < 2 {
        process.complain_as("popd", "directory stack empty")?;
        return Ok(1);
    }
    let word = arguments.rest().iter().find(|w| *w != b"-n");
    let at = match word.map(|w| place(w, all.len())) {
        None => 0,
        Some(Place::At(at)) => at,
        Some(Place::OutOfRange) => {
            let shown = word.map(|w| String::from_utf8_lossy(w).into_owned()).unwrap_or_default();
            let text = format!("{shown}: directory stack index out of range");
            process.complain_as("popd", &text)?;
            return Ok(1);
        }
        Some(Place::None) => {
            let shown = word.map(|w| String::from_utf8_lossy(w).into_owned()).unwrap_or_default();
            process.complain_as("popd", &format!("{shown}: invalid argument"))?;
            process.error("popd: usage: popd [-n] [+N | -N]")?;
            return Ok(2);
        }
    };
    all.remove(at);
    if at == 0
        && let Some(status) = enter(process, "popd", &all[0].clone())?
    {
        return Ok(status);
    }
    process.folders = all.split_off(1);
    tell(process)?;
    Ok(0)
}

fn dirs(process: &mut Process, arguments: &Arguments) -> Outcome {
    let words = arguments.rest();
    let has = |letter: u8| {
        words.iter().any(|w| w.starts_with(b"-") && w.len() > 1 && w[1..].contains(&letter))
    };
    if has(b'c') {
        process.folders.clear();
        return Ok(0);
    }
    let all = stack(process);
    let long = has(b'l');
    let text = |process: &Process, f: &Bytes| if long { f.to_vec() } else { shown(process, f) };
    let wanted = words.iter().map(|w| place(w, all.len())).find(|p| !matches!(p, Place::None));
    if let Some(wanted) = wanted {
        let Place::At(at) = wanted else {
            process.complain_as("dirs", "directory stack index out of range")?;
            return Ok(1);
        };
        let line = [&text(process, &all[at])[..], b"\n"].concat();
        process.print(line)?;
        return Ok(0);
    }
    let mut out = Vec::new();
    for (index, folder) in all.iter().enumerate() {
        if has(b'v') {
            out.extend_from_slice(format!("{index:>2}  ").as_bytes());
        }
        out.extend(text(process, folder));
        let last = index + 1 == all.len();
        out.push(if has(b'v') || has(b'p') || last { b'\n' } else { b' ' });
    }
    process.print(out)?;
    Ok(0)
}
