//! Python's tracebacks (CPython 3.11.2, Lib/traceback.py and Python/traceback.c).

use super::ast::{Mistake, Span};
use super::run::{Done, Machine};
use super::value::{ClassOf, Frame, Id};
use std::fmt::Write as _;

/// Most exceptions that one leads back to and are shown.
const CHAIN_MAX: usize = 8;

impl Machine<'_> {
    /// What Python prints when an exception ends the program.
    pub(super) fn traceback(&mut self, exception: Id) -> Done<String> {
        let mut chain = Vec::new();
        let mut next = Some((exception, false));
        while let Some((id, cause)) = next {
            if chain.len() >= CHAIN_MAX || chain.iter().any(|(known, _)| *known == id) {
                break;
            }
            chain.push((id, cause));
            next = self.objects[id].raised.as_ref().and_then(|r| r.context);
        }
        let mut out = String::new();
        for at in (0..chain.len()).rev() {
            let id = chain[at].0;
            self.one(id, &mut out)?;
            if at > 0 {
                out.push_str(if chain[at].1 {
                    "\nThe above exception was the direct cause of the following exception:\n\n"
                } else {
                    "\nDuring handling of the above exception, another exception occurred:\n\n"
                });
            }
        }
        Ok(out)
    }

    fn one(&mut self, id: Id, out: &mut String) -> Done<()> {
        const SAME_MAX: usize = 3;
        let Some(raised) = self.objects[id].raised.clone() else { return Ok(()) };
        out.push_str(&raised.before);
        if !raised.frames.is_empty() || !raised.after.is_empty() {
            out.push_str("Traceback (most recent call last):\n");
        }
        let mut before: Option<&Frame> = None;
        let mut same = 0;
        for frame in raised.frames.iter().rev() {
            let repeats = before.is_some_and(|b| {
                b.span.line == frame.span.line
                    && b.function == frame.function
                    && b.source == frame.source
            });
            same = if repeats { same + 1 } else { 0 };
            if same < SAME_MAX {
                self.frame(frame, out);
            }
            before = Some(frame);
        }
        if same >= SAME_MAX {
            let more = same + 1 - SAME_MAX;
            let plural = if more == 1 { "" } else { "s" };
            let _ = writeln!(out, "  [Previous line repeated {more} more time{plural}]");
        }
        out.push_str(&raised.after);
        let name = match self.objects[id].class {
            ClassOf::Own(name) => name.to_owned(),
            ClassOf::User(class) => self.classes[class].name.to_string(),
        };
        let text = self.exception_text(id)?;
        if text.is_empty() {
            let _ = writeln!(out, "{name}");
        } else {
            let _ = writeln!(out, "{name}: {text}");
        }
        Ok(())
    }

    fn frame(&self, frame: &Frame, out: &mut String) {
        let Some((name, text)) = self.sources.get(frame.source) else { return };
        let _ = writeln!(out, "  File \"{name}\", line {}, in {}", frame.span.line, frame.function);
        if let Some(line) = text.as_deref().and_then(|t| line_of(t, frame.span.line)) {
            push_line(line, &frame.span, out);
        }
    }

    /// Where a mistake in a text is, as the lines before its message tell.
    pub(super) fn mistake_place(mistake: &Mistake, name: &str, text: &str) -> String {
        let mut out = format!("  File \"{name}\", line {}\n", mistake.line);
        if !(mistake.late && name.starts_with('<')) {
            push_mistake(mistake, text, &mut out);
        }
        out
    }

    /// What Python prints of a text that is no program.
    pub(super) fn mistake_text(mistake: &Mistake, name: &str, text: &str) -> String {
        let mut out = String::new();
        if mistake.class == "RecursionError" {
            return format!("{}: {}\n", mistake.class, mistake.message);
        }
        let _ = writeln!(out, "  File \"{name}\", line {}", mistake.line);
        if !(mistake.late && name.starts_with('<')) {
            push_mistake(mistake, text, &mut out);
        }
        let _ = writeln!(out, "{}: {}", mistake.class, mistake.message);
        out
    }
}

fn push_mistake(mistake: &Mistake, text: &str, out: &mut String) {
    let Some(line) = line_of(text, mistake.line) else { return };
    let stripped = line.trim_start();
    let indent = line.chars().count() - stripped.chars().count();
    let _ = writeln!(out, "    {}", stripped.trim_end());
    if let Some((from, to)) = mistake.marks {
        let from = (from as usize).saturating_sub(indent);
        let count = (to as usize).saturating_sub(indent + from).max(1);
        let _ = writeln!(out, "    {}{}", " ".repeat(from), "^".repeat(count));
    }
}

fn line_of(text: &str, line: u32) -> Option<&str> {
    text.split('\n').nth((line as usize).checked_sub(1)?)
}

/// A line of the source, with marks below where they tell more than the line.
fn push_line(line: &str, span: &Span, out: &mut String) {
    let stripped = line.trim_start();
    let indent = line.chars().count() - stripped.chars().count();
    let stripped = stripped.trim_end();
    let length = stripped.chars().count();
    let _ = writeln!(out, "    {stripped}");
    let from = (span.start as usize).saturating_sub(indent);
    let to = if span.end_line == span.line {
        (span.end as usize).saturating_sub(indent).min(length)
    } else {
        length
    };
    if from >= to || (from == 0 && to >= length) {
        return;
    }
    let mut marks = " ".repeat(from);
    for at in from..to {
        let at = (at + indent) as u32;
        marks.push(match span.mark {
            Some((begin, end)) if span.end_line == span.line && !(begin..end).contains(&at) => '~',
            _ => '^',
        });
    }
    let _ = writeln!(out, "    {marks}");
}
