//! `find`.

use super::{Arguments, Command};
use crate::expand::pattern::Pattern;
use crate::fs::{FileKind, Stat};
use crate::process::Process;
use crate::system::{Fut, Stop};

pub(super) const COMMANDS: &[Command] = &[Command::waiting("find", find)];

/// Deepest tree that is walked.
const TREE_DEPTH: usize = 32;

/// One test or action.
enum Step {
    Name(Vec<u8>, bool),
    Path(Vec<u8>),
    Kind(FileKind),
    Size(i64, char, u64),
    Age(i64, char, u64),
    Permissions(u16, u8),
    User(u32),
    Empty,
    /// Changed after that time.
    Newer(u64),
    Not,
    Or,
    Print,
    PrintZero,
    Delete,
    Execute(Vec<Vec<u8>>, bool),
    Prune,
    List,
}

struct Plan {
    steps: Vec<Step>,
    roots: Vec<Vec<u8>>,
    depth_max: usize,
    depth_min: usize,
    acts: bool,
}

fn find(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let plan = match plan(process, arguments.rest()) {
            Ok(plan) => plan,
            Err(message) => {
                process.error(&format!("find: {message}"))?;
                return Ok(1);
            }
        };
        let mut status = 0;
        let mut gathered: Vec<Vec<u8>> = Vec::new();
        for root in &plan.roots {
            let mut open = vec![(root.clone(), 0)];
            while let Some((path, depth)) = open.pop() {
                process.session.step(4)?;
                let view = process.view();
                let full = process.absolute(&path);
                let stat = match process.fs().stat(&view, &full, false) {
                    Ok(stat) => stat,
                    Err(error) => {
                        status = 1;
                        let shown = String::from_utf8_lossy(&path).into_owned();
                        let text = if arguments.gnu {
                            format!("find: ‘{shown}’: {}", error.text())
                        } else {
                            format!("find: {shown}: {}", error.text())
                        };
                        process.error(&text)?;
                        continue;
                    }
                };
                let descend = depth < plan.depth_max.min(TREE_DEPTH);
                let mut prune = false;
                if depth >= plan.depth_min {
                    prune = apply(process, &plan, &path, &stat, &mut gathered).await?;
                }
                if stat.is_dir() && descend && !prune {
                    let names = process.fs().list(&view, &full).unwrap_or_default();
                    let base = path.strip_suffix(b"/").unwrap_or(&path);
                    open.extend(names.iter().rev().map(|n| ([base, b"/", n].concat(), depth + 1)));
                }
            }
        }
        for step in &plan.steps {
            if let Step::Execute(words, true) = step
                && !gathered.is_empty()
            {
                let words =
                    words.iter().filter(|w| *w != b"{}").chain(&gathered).cloned().collect();
                process.enter()?;
                let result = process.program(words).await;
                process.depth -= 1;
                result?;
            }
        }
        Ok(status)
    })
}

fn plan(process: &Process, words: &[Vec<u8>]) -> Result<Plan, String> {
    let mut words = words.iter().peekable();
    let mut plan = Plan {
        steps: Vec::new(),
        roots: Vec::new(),
        depth_max: usize::MAX,
        depth_min: 0,
        acts: false,
    };
    while let Some(root) = words.next_if(|w| !w.starts_with(b"-") && !matches!(&w[..], b"!" | b"("))
    {
        plan.roots.push(root.clone());
    }
    if plan.roots.is_empty() {
        plan.roots.push(b".".to_vec());
    }
    while let Some(word) = words.next() {
        let shown = String::from_utf8_lossy(word).into_owned();
        let mut value =
            || words.next().cloned().ok_or_else(|| format!("{shown} requires an argument"));
        let step = match &word[..] {
            b"-name" => Step::Name(value()?, false),
            b"-iname" => Step::Name(value()?.to_ascii_lowercase(), true),
            b"-path" | b"-wholename" => Step::Path(value()?),
            b"-type" => Step::Kind(match value()?.first() {
                Some(b'd') => FileKind::Directory,
                Some(b'l') => FileKind::Link,
                Some(b'c') => FileKind::Character,
                Some(b'b') => FileKind::Block,
                Some(b'p' | b's') => FileKind::Pipe,
                _ => FileKind::File,
            }),
            b"-size" => {
                let (number, sign, unit) = sized(&value()?);
                Step::Size(number, sign, unit)
            }
            b"-mtime" | b"-atime" | b"-ctime" => {
                let (number, sign, _) = sized(&value()?);
                Step::Age(number, sign, 86_400)
            }
            b"-mmin" | b"-amin" | b"-cmin" => {
                let (number, sign, _) = sized(&value()?);
                Step::Age(number, sign, 60)
            }
            b"-perm" => {
                let text = value()?;
                let mark = text.first().copied().filter(|b| b"-/+".contains(b)).unwrap_or(b'=');
                let digits =
                    String::from_utf8_lossy(&text).trim_start_matches(['-', '/', '+']).to_owned();
                Step::Permissions(u16::from_str_radix(&digits, 8).unwrap_or(0), mark)
            }
            b"-user" | b"-uid" | b"-group" | b"-gid" => {
                let name = value()?;
                let known = process.session.host.persona.user(&name).map(|u| u.uid);
                Step::User(
                    known
                        .or_else(|| String::from_utf8_lossy(&name).parse().ok())
                        .unwrap_or(u32::MAX),
                )
            }
            b"-empty" => Step::Empty,
            b"-newer" => {
                let path = process.absolute(&value()?);
                let stat = process.fs().stat(&process.view(), &path, true);
                Step::Newer(stat.map_err(|error| missing(&path, error))?.mtime)
            }
            b"!" | b"-not" => Step::Not,
            b"-o" | b"-or" => Step::Or,
            b"-a" | b"-and" | b"(" | b")" | b"-xdev" | b"-mount" | b"-depth" | b"-follow"
            | b"-noleaf" => continue,
            b"-maxdepth" => {
                plan.depth_max = String::from_utf8_lossy(&value()?).parse().unwrap_or(usize::MAX);
                continue;
            }
            b"-mindepth" => {
                plan.depth_min = String::from_utf8_lossy(&value()?).parse().unwrap_or(0);
                continue;
            }
            b"-print" => Step::Print,
            b"-print0" => Step::PrintZero,
            b"-ls" => Step::List,
            b"-delete" => Step::Delete,
            b"-prune" => Step::Prune,
            b"-exec" | b"-ok" | b"-execdir" => {
                let mut command = Vec::new();
                let mut together = false;
                loop {
                    let word =
                        words.next().ok_or_else(|| format!("{shown} requires an argument"))?;
                    if word == b";" {
                        break;
                    }
                    if word == b"+" && command.last().is_some_and(|w: &Vec<u8>| w == b"{}") {
                        together = true;
                        break;
                    }
                    command.push(word.clone());
                }
                Step::Execute(command, together)
            }
            _ => return Err(format!("unrecognized: {shown}")),
        };
        plan.acts |= matches!(
            step,
            Step::Print | Step::PrintZero | Step::Delete | Step::Execute(..) | Step::List
        );
        plan.steps.push(step);
    }
    Ok(plan)
}

fn missing(path: &[u8], error: crate::fs::FsError) -> String {
    format!("‘{}’: {}", String::from_utf8_lossy(path), error.text())
}

/// `+10k`: the number, its sign, and the unit in bytes.
fn sized(text: &[u8]) -> (i64, char, u64) {
    let text = String::from_utf8_lossy(text).into_owned();
    let sign = text.chars().next().filter(|c| matches!(c, '+' | '-')).unwrap_or('=');
    let body = text.trim_start_matches(['+', '-']);
    let digits = body.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &body[digits.len()..] {
        "c" => 1,
        "k" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => 512,
    };
    (digits.parse().unwrap_or(0), sign, unit)
}

/// Applies tests and actions to one file; whether its directory is left out.
async fn apply(
    process: &mut Process,
    plan: &Plan,
    path: &[u8],
    stat: &Stat,
    gathered: &mut Vec<Vec<u8>>,
) -> Result<bool, Stop> {
    let mut holds = true;
    let mut negated = false;
    let mut prune = false;
    for step in &plan.steps {
        match step {
            Step::Not => {
                negated = !negated;
                continue;
            }
            Step::Or => {
                if holds {
                    break;
                }
                holds = true;
                continue;
            }
            _ if !holds => continue,
            _ => {}
        }
        let result = match step {
            Step::Print => {
                process.print([path, b"\n"].concat())?;
                true
            }
            Step::PrintZero => {
                process.print([path, b"\0"].concat())?;
                true
            }
            Step::List => {
                let line = format!("{:>7} {} {:>9} ", stat.number(), stat.mode_text(), stat.size);
                process.print([line.as_bytes(), path, b"\n"].concat())?;
                true
            }
            Step::Delete => {
                process.capture_before_loss(path);
                let view = process.view();
                let full = process.absolute(path);
                let done = if stat.is_dir() {
                    process.fs().rmdir(&view, &full)
                } else {
                    process.fs().unlink(&view, &full)
                };
                done.is_ok()
            }
            Step::Prune => {
                prune = true;
                true
            }
            Step::Execute(_, true) => {
                gathered.push(path.to_vec());
                true
            }
            Step::Execute(words, false) => {
                let words = words.iter().map(|w| with_path(w, path)).collect();
                process.enter()?;
                let result = process.program(words).await;
                process.depth -= 1;
                result? == 0
            }
            test => fits(process, test, path, stat),
        };
        holds = result != negated;
        negated = false;
    }
    if holds && !plan.acts && !prune {
        process.print([path, b"\n"].concat())?;
    }
    Ok(prune)
}

fn with_path(word: &[u8], path: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < word.len() {
        if word[at..].starts_with(b"{}") {
            out.extend_from_slice(path);
            at += 2;
        } else {
            out.push(word[at]);
            at += 1;
        }
    }
    out
}

fn fits(process: &Process, test: &Step, path: &[u8], stat: &Stat) -> bool {
    let matches = |wanted: &[u8], text: &[u8]| {
        let mut work = process.session.work();
        let fits = Pattern::new(wanted, &mut work).matches(text, &mut work);
        // An empty budget ends the command at its next step.
        process.session.worked(&work).is_ok() && fits
    };
    let base =
        crate::eval::base_name(path.strip_suffix(b"/").filter(|p| !p.is_empty()).unwrap_or(path));
    let compare = |value: i64, number: i64, sign: char| match sign {
        '+' => value > number,
        '-' => value < number,
        _ => value == number,
    };
    match test {
        Step::Name(wanted, false) => matches(wanted, base),
        Step::Name(wanted, true) => matches(wanted, &base.to_ascii_lowercase()),
        Step::Path(wanted) => matches(wanted, path),
        Step::Kind(kind) => stat.kind == *kind,
        // BusyBox compares bytes, GNU's counts begun units.
        Step::Size(number, sign, unit) if !process.session.host.persona.is_gnu() => {
            compare(stat.size as i64, number.saturating_mul(*unit as i64), *sign)
        }
        Step::Size(number, sign, unit) => compare(stat.size.div_ceil(*unit) as i64, *number, *sign),
        Step::Age(number, sign, unit) => {
            let now = process.session.host.clock(process.session.now()).secs();
            compare((now.saturating_sub(stat.mtime) / unit) as i64, *number, *sign)
        }
        Step::Permissions(bits, b'-') => stat.mode & bits == *bits,
        Step::Permissions(bits, b'/' | b'+') => stat.mode & bits != 0,
        Step::Permissions(bits, _) => stat.mode == *bits,
        Step::User(uid) => stat.uid == *uid,
        Step::Newer(time) => stat.mtime > *time,
        Step::Empty => {
            if stat.is_dir() {
                let view = process.view();
                process.fs().list(&view, &process.absolute(path)).is_ok_and(|n| n.is_empty())
            } else {
                stat.size == 0
            }
        }
        _ => true,
    }
}
