//! Expansions: `%NAME%`, `%1`, `%~dp0`, `%%i`, `!NAME!`, with substrings and replacements.

use super::exec::Batch;
use super::{Mode, PATH};
use crate::run::Stop;

/// Length of a line after its expansion, in bytes; `cmd` takes 8191 characters.
pub(super) const LINE_BYTES_MAX: usize = 1 << 16;

impl Batch<'_, '_> {
    /// A variable's value: the environment's, or one that `cmd` makes up.
    pub(super) fn variable(&mut self, name: &str) -> Option<String> {
        if let Some(value) = self.run.variable(name) {
            return Some(value.to_owned());
        }
        Some(match name.to_ascii_lowercase().as_str() {
            "cd" => self.folder.clone(),
            "errorlevel" => self.run.exit_code.to_string(),
            "=exitcode" => format!("{:08X}", self.run.exit_code as u32),
            "=exitcodeascii" => {
                let letter = u8::try_from(self.run.exit_code).ok().map(char::from);
                letter.filter(|it| it.is_ascii_graphic() || *it == ' ').map(String::from)?
            }
            "random" => {
                self.seed = self.seed.wrapping_mul(214_013).wrapping_add(2_531_011);
                ((self.seed >> 16) & 0x7fff).to_string()
            }
            "date" => "Sat 11/28/2026".to_owned(),
            "time" => "10:07:32.15".to_owned(),
            "cmdextversion" => "2".to_owned(),
            "cmdcmdline" => format!(r#"C:\Windows\system32\cmd.exe /c "{PATH}""#),
            _ => return None,
        })
    }

    /// Percent signs of a line, as it is read.
    pub(super) fn expand_percent(&mut self, line: &str) -> Result<String, Stop> {
        let mut out = String::with_capacity(line.len());
        let mut rest = line;
        while let Some((before, after)) = rest.split_once('%') {
            self.run.step()?;
            out.push_str(before);
            if out.len() > LINE_BYTES_MAX {
                self.run.note("batch: a line is too long");
                return Ok(out);
            }
            let is_file = self.mode == Mode::File;
            if is_file {
                if let Some(tail) = after.strip_prefix('%') {
                    out.push('%');
                    rest = tail;
                    continue;
                }
                if let Some((value, length)) = self.argument(after) {
                    out.push_str(&value);
                    rest = &after[length..];
                    continue;
                }
            }
            match after.split_once('%') {
                Some((name, tail)) if !name.is_empty() => match self.modified(name)? {
                    Some(value) => {
                        out.push_str(&value);
                        rest = tail;
                    }
                    None if is_file => rest = tail,
                    // On a command line it stays as it is.
                    None => {
                        out.push('%');
                        rest = after;
                    }
                },
                _ if is_file => rest = after,
                _ => {
                    out.push('%');
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        truncate(&mut out, LINE_BYTES_MAX);
        Ok(out)
    }

    /// `*`, `1`, `~dp0` behind a percent sign: the value and the length.
    fn argument(&self, after: &str) -> Option<(String, usize)> {
        let bytes = after.as_bytes();
        match bytes.first()? {
            b'*' => Some((self.arguments.get(1..).unwrap_or_default().join(" "), 1)),
            digit @ b'0'..=b'9' => Some((self.argument_at(*digit), 1)),
            b'~' => {
                let letters = bytes[1..].iter().take_while(|it| it.is_ascii_alphabetic()).count();
                // `%~$PATH:1` is searched along a path; the name alone is taken.
                let digit = bytes.get(1 + letters)?;
                if !digit.is_ascii_digit() {
                    return None;
                }
                let value = self.argument_at(*digit);
                Some((with_modifiers(&value, &after[1..=letters], &self.folder), letters + 2))
            }
            _ => None,
        }
    }

    fn argument_at(&self, digit: u8) -> String {
        self.arguments.get(usize::from(digit - b'0')).cloned().unwrap_or_default()
    }

    /// `NAME`, `NAME:~2,3`, `NAME:a=b`: the value, or nothing where there is no such variable.
    fn modified(&mut self, inner: &str) -> Result<Option<String>, Stop> {
        // A name may have a colon.
        if let Some(value) = self.variable(inner) {
            return Ok(Some(value));
        }
        let Some((name, modifier)) = inner.split_once(':') else { return Ok(None) };
        let Some(value) = self.variable(name) else { return Ok(None) };
        self.run.steps(value.len() as u64 / 32)?;
        if let Some(range) = modifier.strip_prefix('~') {
            return Ok(Some(substring(&value, range)));
        }
        let Some((from, to)) = modifier.split_once('=') else { return Ok(Some(value)) };
        Ok(Some(replaced(&value, from, to)))
    }

    /// What is expanded when a command is run: `for`'s variables, then exclamation marks.
    pub(super) fn expand_late(&mut self, text: &str) -> Result<String, Stop> {
        self.run.steps(text.len() as u64 / 64)?;
        let text = self.expand_for(text);
        if !self.is_delayed || !text.contains('!') {
            return Ok(text);
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(at) = rest.find(['!', '^']) {
            self.run.step()?;
            out.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            if rest.as_bytes()[at] == b'^' {
                let mut chars = after.chars();
                out.extend(chars.next());
                rest = chars.as_str();
                continue;
            }
            match after.split_once('!') {
                Some((name, tail)) => {
                    if !name.is_empty()
                        && let Some(value) = self.modified(name)?
                    {
                        out.push_str(&value);
                    }
                    rest = tail;
                }
                None => rest = after,
            }
            if out.len() > LINE_BYTES_MAX {
                self.run.note("batch: a line is too long");
                break;
            }
        }
        out.push_str(rest);
        truncate(&mut out, LINE_BYTES_MAX);
        Ok(out)
    }

    /// `%i`, `%~nxi` of the loops around.
    fn expand_for(&self, text: &str) -> String {
        if self.loops.is_empty() || !text.contains('%') {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            out.push_str(before);
            rest = after;
            let (modifiers, name) = match after.strip_prefix('~') {
                Some(tail) => {
                    // The last letter that is a variable's ends the modifiers.
                    let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
                    let place = (0..letters).rev().find(|at| {
                        self.loop_value(char::from(tail.as_bytes()[*at])).is_some()
                            && tail[..*at].bytes().all(|it| b"fdpnxsatzFDPNXSATZ".contains(&it))
                    });
                    match place {
                        Some(at) => (Some(&tail[..at]), tail[at..].chars().next()),
                        None => (None, None),
                    }
                }
                None => (None, after.chars().next()),
            };
            match name.and_then(|it| Some((it, self.loop_value(it)?))) {
                Some((name, value)) => {
                    let length = if let Some(modifiers) = modifiers {
                        out.push_str(&with_modifiers(value, modifiers, &self.folder));
                        1 + modifiers.len()
                    } else {
                        out.push_str(value);
                        0
                    };
                    rest = &after[length + name.len_utf8()..];
                }
                None => out.push('%'),
            }
            if out.len() > LINE_BYTES_MAX {
                break;
            }
        }
        out.push_str(rest);
        truncate(&mut out, LINE_BYTES_MAX);
        out
    }

    fn loop_value(&self, name: char) -> Option<&str> {
        self.loops.iter().rev().find(|it| it.0 == name).map(|it| it.1.as_str())
    }
}

fn truncate(text: &mut String, max: usize) {
    if text.len() > max {
        let mut end = max;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
}

/// A path with `f`, `d`, `p`, `n`, `x`; its quotes taken off.
pub(super) fn with_modifiers(value: &str, modifiers: &str, folder: &str) -> String {
    let bare = value.trim_matches('"');
    if modifiers.is_empty() {
        return bare.to_owned();
    }
    let modifiers = modifiers.to_ascii_lowercase();
    let has = |letter: char| modifiers.contains(letter);
    if has('z') || has('t') || has('a') {
        return String::new();
    }
    let path = bare.replace('/', "\\");
    let full = if path.get(1..2) == Some(":") || path.starts_with('\\') {
        path
    } else {
        format!("{}\\{path}", folder.trim_end_matches('\\'))
    };
    if has('f') || (has('s') && !modifiers.contains(['d', 'p', 'n', 'x'])) {
        return full;
    }
    let name_at = full.rfind('\\').map_or(0, |it| it + 1);
    let (drive, directory) = match full.get(..2).filter(|it| it.ends_with(':')) {
        Some(drive) => (drive, &full[2..name_at]),
        None => ("", &full[..name_at]),
    };
    let name = &full[name_at..];
    let dot = name.rfind('.').unwrap_or(name.len());
    let mut out = String::new();
    for (letter, part) in [('d', drive), ('p', directory), ('n', &name[..dot]), ('x', &name[dot..])]
    {
        if has(letter) {
            out.push_str(part);
        }
    }
    out
}

/// `2,3`, `-4`, `1,-1`: a part of a text.
fn substring(value: &str, range: &str) -> String {
    let (start, count) = match range.split_once(',') {
        Some((start, count)) => (start, Some(count)),
        None => (range, None),
    };
    let number = |text: &str| -> i64 { text.trim().parse().unwrap_or(0) };
    let length = value.chars().count() as i64;
    let start = number(start);
    let start = if start < 0 { length.saturating_add(start).max(0) } else { start.min(length) };
    let end = match count.map(number) {
        None => length,
        Some(count) if count < 0 => length.saturating_add(count).max(start),
        Some(count) => start.saturating_add(count).min(length),
    };
    value.chars().skip(start as usize).take((end - start) as usize).collect()
}

/// All of `from`, in any case, as `to`; `*from` is all up to it.
fn replaced(value: &str, from: &str, to: &str) -> String {
    let (from, is_prefix) = match from.strip_prefix('*') {
        Some(rest) => (rest, true),
        None => (from, false),
    };
    if from.is_empty() {
        return value.to_owned();
    }
    let (hay, needle) = (value.to_ascii_lowercase(), from.to_ascii_lowercase());
    if is_prefix {
        return match hay.find(&needle) {
            Some(at) => format!("{to}{}", &value[at + needle.len()..]),
            None => value.to_owned(),
        };
    }
    let mut out = String::new();
    let mut last = 0;
    for (at, _) in hay.match_indices(&needle) {
        out.push_str(&value[last..at]);
        out.push_str(to);
        last = at + needle.len();
        if out.len() > LINE_BYTES_MAX {
            return out;
        }
    }
    out.push_str(&value[last..]);
    out
}

#[cfg(test)]
mod tests {
    use super::{replaced, substring, with_modifiers};

    #[test]
    fn parts_of_values() {
        assert_eq!(substring("abcdef", "2"), "cdef");
        assert_eq!(substring("abcdef", "1,2"), "bc");
        assert_eq!(substring("abcdef", "-2"), "ef");
        assert_eq!(substring("abcdef", "-3,1"), "d");
        assert_eq!(substring("abcdef", "0,-4"), "ab");
        assert_eq!(substring("abcdef", "9,9"), "");
        assert_eq!(replaced("aXbxc", "x", "-"), "a-b-c");
        assert_eq!(replaced("aXbxc", "*x", "-"), "-bxc");
        assert_eq!(with_modifiers(r#""C:\a\b.exe""#, "dp", ""), r"C:\a\");
        assert_eq!(with_modifiers("b.exe", "f", r"C:\x"), r"C:\x\b.exe");
        assert_eq!(with_modifiers("b.exe", "nx", r"C:\x"), "b.exe");
    }
}
