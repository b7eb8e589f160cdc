//! `diff`: GNU's as ranges, BusyBox's in the unified form. The comparison itself is the
//! `similar` crate's.

use super::reading::{complain, read_file};
use super::{Arguments, Command, Leave, Options, Outcome};
use crate::fs::FsError;
use crate::process::Process;
use bytes::Bytes;
use similar::{Algorithm, DiffTag, capture_diff_slices};
use std::fmt::Write as _;

pub(super) const COMMANDS: &[Command] = &[Command::at_once("diff", diff)];

/// Lines of a file that are compared one by one; longer files are only told to differ.
const LINES_MAX: usize = 4_096;

/// Lines around a difference in the unified form.
const CONTEXT: usize = 3;

fn diff(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "qbBiwNradu:U:sT", &["quiet", "brief", "unified"]);
    let [a_name, b_name] = &options.operands[..] else {
        if arguments.gnu {
            let missing = options
                .operands
                .last()
                .map_or("diff".into(), |o| String::from_utf8_lossy(o).into_owned());
            process.error(&format!(
                "diff: missing operand after '{missing}'\ndiff: Try 'diff --help' for more information."
            ))?;
            return Ok(2);
        }
        process.busybox_usage("diff FILE1 FILE2\n")?;
        return Ok(1);
    };
    let mut texts = Vec::new();
    for name in [a_name, b_name] {
        let read = if name == b"-" { Ok(process.input()?) } else { read_file(process, name)? };
        match read {
            Ok(text) => texts.push(text),
            Err(FsError::NotFound) if options.has("N") => texts.push(Bytes::new()),
            Err(error) if arguments.gnu => {
                complain(process, arguments, name, error)?;
                return Ok(2);
            }
            Err(error) => {
                let shown = String::from_utf8_lossy(name).into_owned();
                process.error(&format!("diff: can't stat '{shown}': {}", error.text()))?;
                return Ok(2);
            }
        }
    }
    let [a, b] = &texts[..] else { return Ok(2) };
    if a == b {
        return Ok(0);
    }
    let names = [a_name, b_name].map(|n| String::from_utf8_lossy(n).into_owned());
    let brief = ["q", "quiet", "brief"].iter().any(|f| options.has(f));
    let lines = [a, b].map(|t| t.split_inclusive(|c| *c == b'\n').collect::<Vec<_>>());
    let long = lines.iter().any(|l| l.len() > LINES_MAX);
    if brief || long || a.contains(&0) || b.contains(&0) {
        let kind = if brief { "Files" } else { "Binary files" };
        process.print(format!("{kind} {} and {} differ\n", names[0], names[1]))?;
        return Ok(1);
    }
    // Myers' algorithm takes at worst the product of the lengths.
    process.session.step(1 + (lines[0].len() * lines[1].len()) as u64 / 1_024)?;
    let unified = !arguments.gnu || options.has("u") || options.has("U") || options.has("unified");
    let out = if unified { unified_form(&names, &lines) } else { ranges(&lines) };
    process.print(&out).map_err(Leave::Stop)?;
    Ok(1)
}

fn push_line(out: &mut Vec<u8>, mark: &str, line: &[u8]) {
    out.extend_from_slice(mark.as_bytes());
    out.extend_from_slice(line);
    if !line.ends_with(b"\n") {
        out.extend_from_slice(b"\n\\ No newline at end of file\n");
    }
}

/// `2,3c2`: POSIX's normal form.
fn ranges([a, b]: &[Vec<&[u8]>; 2]) -> Vec<u8> {
    let range = |start: usize, end: usize| match end - start {
        0 => start.to_string(),
        1 => (start + 1).to_string(),
        _ => format!("{},{end}", start + 1),
    };
    let mut out = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, a, b) {
        let letter = match op.tag() {
            DiffTag::Equal => continue,
            DiffTag::Delete => 'd',
            DiffTag::Insert => 'a',
            DiffTag::Replace => 'c',
        };
        let (old, new) = (op.old_range(), op.new_range());
        let head = format!("{}{letter}{}\n", range(old.start, old.end), range(new.start, new.end));
        out.extend_from_slice(head.as_bytes());
        for line in &a[old.clone()] {
            push_line(&mut out, "< ", line);
        }
        if letter == 'c' {
            out.extend_from_slice(b"---\n");
        }
        for line in &b[new] {
            push_line(&mut out, "> ", line);
        }
    }
    out
}

fn unified_form(names: &[String; 2], [a, b]: &[Vec<&[u8]>; 2]) -> Vec<u8> {
    let mut out = format!("--- {}\n+++ {}\n", names[0], names[1]).into_bytes();
    let ops = capture_diff_slices(Algorithm::Myers, a, b);
    for group in similar::group_diff_ops(ops, CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let mut head = String::from("@@");
        for (mark, start, end) in [
            ('-', first.old_range().start, last.old_range().end),
            ('+', first.new_range().start, last.new_range().end),
        ] {
            let count = end - start;
            let from = if count == 0 { start } else { start + 1 };
            let _ = if count == 1 {
                write!(head, " {mark}{from}")
            } else {
                write!(head, " {mark}{from},{count}")
            };
        }
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(b" @@\n");
        for op in group {
            if op.tag() == DiffTag::Equal {
                for line in &a[op.old_range()] {
                    push_line(&mut out, " ", line);
                }
                continue;
            }
            for line in &a[op.old_range()] {
                push_line(&mut out, "-", line);
            }
            for line in &b[op.new_range()] {
                push_line(&mut out, "+", line);
            }
        }
    }
    out
}
