//! `grep`, `egrep`, `fgrep`.

use super::reading::read_file;
use super::regex::Pattern;
use super::{Arguments, Command, Leave, Options, Outcome};
use crate::process::Process;
use bytes::Bytes;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("grep", grep),
    Command::at_once("egrep", grep),
    Command::at_once("fgrep", grep),
    Command::at_once("zgrep", grep),
];

struct Settings {
    patterns: Vec<Pattern>,
    invert: bool,
    count: bool,
    quiet: bool,
    names: bool,
    without: bool,
    only: bool,
    numbers: bool,
    titled: bool,
    max: usize,
    before: usize,
    after: usize,
}

/// What it costs to build an expression, beside its length.
const PATTERN_STEPS: u64 = 16;

fn grep(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(
        arguments,
        "HhnlLoqvsrRiwFExcm:A:B:C:e:f:aPzI",
        &[
            "color:",
            "include:",
            "exclude:",
            "quiet",
            "ignore-case",
            "invert-match",
            "count",
            "recursive",
            "line-number",
            "extended-regexp",
            "only-matching",
            "max-count:",
            "text",
        ],
    );
    let mut operands = options.operands.clone();
    let mut texts: Vec<Vec<u8>> = options.values("e").map(<[u8]>::to_vec).collect();
    if let Some(file) = options.value("f").map(<[u8]>::to_vec)
        && let Ok(text) = read_file(process, &file)?
    {
        texts.extend(text.split(|b| *b == b'\n').filter(|l| !l.is_empty()).map(<[u8]>::to_vec));
    }
    if texts.is_empty() {
        if operands.is_empty() {
            if arguments.gnu {
                process.error(
                    "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.",
                )?;
            } else {
                process.busybox_usage("grep [-HhrilLnqvsoweFEABCz] PATTERN [FILE]...\n")?;
            }
            return Ok(2);
        }
        texts = operands.remove(0).split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    }
    let name = arguments.name().into_owned();
    let fixed = options.has("F") || name == "fgrep";
    let extended =
        options.has("E") || options.has("P") || options.has("extended-regexp") || name == "egrep";
    let ignore = options.has("i") || options.has("ignore-case");
    let mut patterns = Vec::new();
    for text in &texts {
        // It is built, and kept until the end.
        process.session.step(PATTERN_STEPS + text.len() as u64 / 16)?;
        let around = if options.has("x") {
            ("^", "$")
        } else if options.has("w") {
            ("\\b", "\\b")
        } else {
            ("", "")
        };
        let built = if fixed {
            Pattern::fixed(text, ignore, around)
        } else {
            Pattern::surrounded(text, extended, ignore, around)
        };
        match built {
            Ok(pattern) => patterns.push(pattern),
            Err(error) if arguments.gnu => {
                process.error(&format!("grep: {error}"))?;
                return Ok(2);
            }
            Err(_) => {
                process.error(&format!("grep: bad regex '{}'", String::from_utf8_lossy(text)))?;
                return Ok(2);
            }
        }
    }
    let recursive = ["r", "R", "recursive"].iter().any(|f| options.has(f));
    let context = options.number("C").unwrap_or(0).max(0) as usize;
    let number = |flag: &str| options.number(flag).map(|n| n.max(0) as usize);
    let settings = Settings {
        patterns,
        invert: options.has("v") || options.has("invert-match"),
        count: options.has("c") || options.has("count"),
        quiet: options.has("q") || options.has("quiet"),
        names: options.has("l"),
        without: options.has("L"),
        only: options.has("o") || options.has("only-matching"),
        numbers: options.has("n") || options.has("line-number"),
        titled: options.has("H") || ((operands.len() > 1 || recursive) && !options.has("h")),
        max: number("m").or(number("max-count")).unwrap_or(usize::MAX),
        before: number("B").unwrap_or(context),
        after: number("A").unwrap_or(context),
    };
    let silent = options.has("s");
    let mut found = false;
    let mut failed = false;
    for (path, text) in files(process, &operands, recursive, silent, &mut failed)? {
        if search(process, &settings, &path, &text)? {
            found = true;
            if settings.quiet {
                return Ok(0);
            }
        }
    }
    Ok(match (found, failed) {
        (_, true) if !found || arguments.gnu => 2,
        (true, _) => 0,
        (false, _) => 1,
    })
}

fn files(
    process: &mut Process,
    operands: &[Vec<u8>],
    recursive: bool,
    silent: bool,
    failed: &mut bool,
) -> Result<Vec<(Vec<u8>, Bytes)>, Leave> {
    const FILES: usize = 512;
    if operands.is_empty() && !recursive {
        return Ok(vec![(b"(standard input)".to_vec(), process.input()?)]);
    }
    let mut open: Vec<Vec<u8>> = operands.iter().rev().cloned().collect();
    if operands.is_empty() {
        open.push(b".".to_vec());
    }
    let mut all = Vec::new();
    while let Some(path) = open.pop() {
        if path == b"-" {
            all.push((b"(standard input)".to_vec(), process.input()?));
            continue;
        }
        let view = process.view();
        let full = process.absolute(&path);
        if recursive && process.fs().stat(&view, &full, true).is_ok_and(|s| s.is_dir()) {
            let names = process.fs().list(&view, &full).unwrap_or_default();
            process.session.step(1 + names.len() as u64)?;
            let base = path.strip_suffix(b"/").unwrap_or(&path);
            if all.len() + open.len() < FILES {
                open.extend(names.iter().rev().map(|n| [base, b"/", n].concat()));
            }
            continue;
        }
        match read_file(process, &path)? {
            Ok(text) => all.push((path, text)),
            Err(error) => {
                *failed = true;
                if !silent {
                    let shown = String::from_utf8_lossy(&path).into_owned();
                    process.error(&format!("grep: {shown}: {}", error.text()))?;
                }
            }
        }
    }
    Ok(all)
}

impl Settings {
    fn fits(&self, line: &[u8]) -> bool {
        self.patterns.iter().any(|p| p.is_match(line)) != self.invert
    }
}

fn search(
    process: &mut Process,
    settings: &Settings,
    path: &[u8],
    text: &[u8],
) -> Result<bool, Leave> {
    let lines: Vec<&[u8]> =
        text.split_inclusive(|b| *b == b'\n').map(|l| l.strip_suffix(b"\n").unwrap_or(l)).collect();
    process.session.step(1 + text.len() as u64 / 1_024 * settings.patterns.len() as u64)?;
    let binary = text.contains(&0) && !settings.only;
    let mut hits = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if settings.fits(line) {
            hits.push(index);
            if hits.len() >= settings.max || settings.quiet || settings.names {
                break;
            }
        }
    }
    let found = !hits.is_empty();
    let mut prefix = Vec::new();
    if settings.titled {
        prefix.extend_from_slice(path);
    }
    let mut out = Vec::new();
    if settings.quiet {
        return Ok(found);
    }
    if settings.names || settings.without {
        if found == settings.names {
            out.extend_from_slice(path);
            out.push(b'\n');
        }
        process.print(&out)?;
        return Ok(found == settings.names);
    }
    if settings.count {
        if settings.titled {
            out.extend_from_slice(path);
            out.push(b':');
        }
        out.extend_from_slice(format!("{}\n", hits.len()).as_bytes());
        process.print(&out)?;
        return Ok(found);
    }
    if binary && found && !settings.invert {
        let shown = String::from_utf8_lossy(path).into_owned();
        process.print(format!("Binary file {shown} matches\n"))?;
        return Ok(true);
    }
    let mut printed: Option<usize> = None;
    for hit in hits {
        let from = hit.saturating_sub(settings.before).max(printed.map_or(0, |p| p + 1));
        if printed.is_some_and(|p| from > p + 1) && (settings.before > 0 || settings.after > 0) {
            out.extend_from_slice(b"--\n");
        }
        let to = (hit + settings.after).min(lines.len() - 1);
        for (index, line) in lines.iter().enumerate().take(to + 1).skip(from) {
            let fits = settings.fits(line);
            if index > hit && fits {
                break;
            }
            let mark = if fits { b':' } else { b'-' };
            let mut head = prefix.clone();
            if settings.titled {
                head.push(mark);
            }
            if settings.numbers {
                head.extend_from_slice(format!("{}", index + 1).as_bytes());
                head.push(mark);
            }
            if settings.only && !settings.invert {
                for (start, end) in matches_of(&settings.patterns, line) {
                    out.extend_from_slice(&head);
                    out.extend_from_slice(&line[start..end]);
                    out.push(b'\n');
                }
            } else {
                out.extend_from_slice(&head);
                out.extend_from_slice(line);
                out.push(b'\n');
            }
            printed = Some(index);
        }
    }
    process.print(&out)?;
    Ok(found)
}

/// Where patterns fit in a line, without overlaps.
fn matches_of(patterns: &[Pattern], line: &[u8]) -> Vec<(usize, usize)> {
    let mut all = Vec::new();
    let mut at = 0;
    while at <= line.len() {
        let next = patterns
            .iter()
            .filter_map(|p| p.find_at(line, at))
            .min_by_key(|(s, e)| (*s, usize::MAX - e));
        let Some((start, end)) = next else { break };
        if end > start {
            all.push((start, end));
            at = end;
        } else {
            at = end + 1;
        }
    }
    all
}
