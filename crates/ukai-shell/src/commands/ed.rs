//! `ed`, the line editor of Debian (GNU ed 1.19) and of BusyBox, as scripts and people
//! without a screen use it.

use super::regex::Pattern;
use super::sed::substitute;
use super::{Arguments, Command, Leave, Options};
use crate::fs::Access;
use crate::limits;
use crate::process::Process;
use crate::system::{Fut, Stop};

pub(super) const COMMANDS: &[Command] = &[Command::waiting("ed", ed)];

/// Most lines that a text may have.
const LINES: usize = 65_536;

const INVALID_ADDRESS: &str = "Invalid address";
const INVALID_SUFFIX: &str = "Invalid command suffix";
const NO_MATCH: &str = "No match";
const UNEXPECTED: &str = "Unexpected address";

/// Why a command failed: what `h` says.
type Tried<T> = Result<T, Failed>;

enum Failed {
    Said(&'static str),
    Stop(Stop),
}

impl From<Stop> for Failed {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

fn said<T>(text: &'static str) -> Tried<T> {
    Err(Failed::Said(text))
}

/// Whether the editor goes on after a command.
#[derive(PartialEq, Eq)]
enum After {
    On,
    Quit,
    /// The input ended while a text was typed.
    Ended,
}

struct Editor<'a> {
    process: &'a mut Process,
    lines: Vec<Vec<u8>>,
    /// The present line; 0 before the first.
    current: usize,
    name: Vec<u8>,
    silent: bool,
    changed: bool,
    /// `q` has warned of changes.
    warned: bool,
    failed: bool,
    error: &'static str,
    tells: bool,
    prompt: Vec<u8>,
    prompts: bool,
    before: Option<(Vec<Vec<u8>>, usize)>,
    cut: Vec<Vec<u8>>,
    pattern: Vec<u8>,
    /// The last `s`: its replacement and its flags.
    substitution: Option<(Vec<u8>, Vec<u8>)>,
    marks: [Option<Vec<u8>>; 26],
}

fn ed(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let options =
            Options::read(&arguments, "hVEGlp:qrsv", &["prompt:", "quiet", "silent", "version"]);
        if options.has("V") || options.has("version") {
            process.print("GNU ed 1.19\n")?;
            return Ok(0);
        }
        let has = |names: &[&str]| names.iter().any(|name| options.has(name));
        let prompt = options.value("p").or(options.value("prompt")).map(<[u8]>::to_vec);
        let mut editor = Editor {
            process,
            lines: Vec::new(),
            current: 0,
            name: Vec::new(),
            silent: has(&["s", "q", "quiet", "silent"]),
            changed: false,
            warned: false,
            failed: false,
            error: "",
            tells: options.has("v"),
            prompts: prompt.is_some(),
            prompt: prompt.unwrap_or_else(|| b"*".to_vec()),
            before: None,
            cut: Vec::new(),
            pattern: Vec::new(),
            substitution: None,
            marks: std::array::from_fn(|_| None),
        };
        if let Some(name) = options.operands.iter().find(|o| *o != b"-") {
            editor.name.clone_from(name);
            match editor.insert_file(name, 0) {
                Ok(count) => editor.tell_bytes(count)?,
                Err(Failed::Stop(stop)) => return Err(stop),
                Err(Failed::Said(text)) => editor.error = text,
            }
            editor.changed = false;
            editor.before = None;
        }
        editor.run().await
    })
}

impl Editor<'_> {
    async fn run(&mut self) -> Result<i32, Stop> {
        const FAILED: i32 = 1;
        const ENDED: i32 = 2;
        let typed = self.process.fds.at(0).is_some_and(|open| open.is_terminal());
        loop {
            if self.prompts {
                let prompt = self.prompt.clone();
                self.process.print(&prompt)?;
            }
            let Some(line) = self.read_line().await? else {
                if self.changed && !self.warned {
                    self.process.print("?\n")?;
                    self.warned = true;
                    if typed {
                        continue;
                    }
                    return Ok(ENDED);
                }
                break;
            };
            let warned = std::mem::take(&mut self.warned);
            match self.command(&line, warned, 0).await {
                Ok(After::On) => {}
                Ok(After::Quit) => break,
                Ok(After::Ended) if typed => {}
                Ok(After::Ended) => {
                    self.process.print("?\n")?;
                    return Ok(ENDED);
                }
                Err(Failed::Stop(stop)) => return Err(stop),
                Err(Failed::Said(text)) => {
                    self.error = text;
                    self.failed = true;
                    let text = if self.tells { format!("?\n{text}\n") } else { "?\n".to_owned() };
                    self.process.print(&text)?;
                }
            }
        }
        Ok(if self.failed && !typed { FAILED } else { 0 })
    }

    /// A line of the input without its end; nothing at the end of the input.
    async fn read_line(&mut self) -> Result<Option<Vec<u8>>, Stop> {
        self.process.session.step(1)?;
        let line = self.process.read(0, limits::TERMINAL_LINE_BYTES, true).await?;
        let line = line.unwrap_or_default();
        if line.is_empty() {
            return Ok(None);
        }
        Ok(Some(line.strip_suffix(b"\n").unwrap_or(&line).to_vec()))
    }

    fn command<'s>(
        &'s mut self,
        line: &'s [u8],
        warned: bool,
        depth: u32,
    ) -> Fut<'s, Tried<After>> {
        Box::pin(self.do_command(line, warned, depth))
    }

    async fn do_command(&mut self, line: &[u8], warned: bool, depth: u32) -> Tried<After> {
        self.process.session.step(1)?;
        let (given, rest) = self.addresses(line)?;
        let Some((letter, rest)) = rest.split_first() else {
            // A bare address prints its line, nothing the next one.
            let line = if given.is_empty() { self.current + 1 } else { given[given.len() - 1] };
            let line = self.existing(line)?;
            self.show(line, line, 0)?;
            return Ok(After::On);
        };
        let last = given.last().copied();
        let here = last.unwrap_or(self.current);
        let (from, to) = match given[..] {
            [] => (self.current, self.current),
            [only] => (only, only),
            [.., from, to] => (from, to),
        };
        match letter {
            b'a' | b'i' | b'c' => return self.insert(*letter, from, to, rest).await,
            b'd' => {
                let (from, to) = self.range(from, to)?;
                let print = suffix(rest)?;
                self.remember();
                self.cut = self.lines.splice(from - 1..to, []).collect();
                self.changed = true;
                self.current = from.min(self.lines.len());
                self.print_current(print)?;
            }
            b'e' | b'E' | b'r' | b'w' | b'W' | b'f' => {
                return self.files(*letter, &given, rest, warned);
            }
            b'g' | b'v' => return self.global(*letter == b'g', &given, rest, depth).await,
            b'h' => {
                if !self.error.is_empty() {
                    self.process.print(format!("{}\n", self.error))?;
                }
            }
            b'H' => {
                self.tells = !self.tells;
                if self.tells && !self.error.is_empty() {
                    self.process.print(format!("{}\n", self.error))?;
                }
            }
            b'j' => {
                let (from, to) =
                    if given.is_empty() { (self.current, self.current + 1) } else { (from, to) };
                let (from, to) = self.range(from, to)?;
                let print = suffix(rest)?;
                if from < to {
                    self.remember();
                    let joined = self.lines[from - 1..to].concat();
                    self.lines.splice(from - 1..to, [joined]);
                    self.changed = true;
                }
                self.current = from;
                self.print_current(print)?;
            }
            b'k' => {
                let line = self.existing(here)?;
                let Some(mark @ b'a'..=b'z') = rest.first() else {
                    return said("Invalid mark character");
                };
                self.marks[usize::from(mark - b'a')] = Some(self.lines[line - 1].clone());
            }
            b'm' | b't' => {
                let (from, to) = self.range(from, to)?;
                let (target, rest) = self.addresses(rest)?;
                let target = target.last().copied().unwrap_or(self.current);
                let print = suffix(rest)?;
                self.transfer(*letter == b'm', from, to, target)?;
                self.print_current(print)?;
            }
            b'l' | b'n' | b'p' => {
                let (from, to) = self.range(from, to)?;
                let print = suffix(rest)? | suffix(&[*letter])?;
                self.show(from, to, print)?;
            }
            b'P' => self.prompts = !self.prompts,
            b'q' | b'Q' => {
                if last.is_some() {
                    return said(UNEXPECTED);
                }
                suffix(rest)?;
                if *letter == b'q' && self.changed && !warned {
                    self.warned = true;
                    return said("Warning: buffer modified");
                }
                return Ok(After::Quit);
            }
            b's' => {
                let (from, to) = self.range(from, to)?;
                self.substitute(from, to, rest)?;
            }
            b'u' => match self.before.take() {
                Some((lines, current)) => {
                    self.remember();
                    (self.lines, self.current) = (lines, current);
                }
                None => return said("Nothing to undo"),
            },
            b'x' => {
                self.remember();
                let cut = self.cut.clone();
                self.put(here, cut)?;
            }
            b'y' => {
                let (from, to) = self.range(from, to)?;
                self.cut = self.lines[from - 1..to].to_vec();
            }
            b'z' => {
                let line = self.existing(last.unwrap_or(self.current + 1))?;
                let rows = self.process.session.terminal().map_or(22, |t| usize::from(t.rows) - 2);
                let end = (line + rows.saturating_sub(1)).min(self.lines.len());
                let print = suffix(rest)?;
                self.show(line, end, print)?;
            }
            b'=' => {
                let line = last.unwrap_or(self.lines.len());
                self.process.print(format!("{line}\n"))?;
            }
            b'!' => {
                let command = rest.to_vec();
                let mut child = self.process.fork();
                let words = vec![b"sh".to_vec(), b"-c".to_vec(), command];
                let result = Box::pin(child.program(words)).await;
                Box::pin(child.ended(result)).await?;
                if !self.silent {
                    self.process.print("!\n")?;
                }
            }
            b'#' => {}
            _ => return said("Unknown command"),
        }
        Ok(After::On)
    }

    /// The addresses in front of a command, and what follows them.
    fn addresses<'t>(&mut self, text: &'t [u8]) -> Tried<(Vec<usize>, &'t [u8])> {
        let mut given = Vec::new();
        let mut rest = text.trim_ascii_start();
        loop {
            let (address, after) = self.address(rest)?;
            rest = after.trim_ascii_start();
            let Some(separator @ (b',' | b';' | b'%')) = rest.first() else {
                given.extend(address);
                break;
            };
            if *separator == b'%' && address.is_some() {
                return said(INVALID_ADDRESS);
            }
            let first = match (address, given.last()) {
                (Some(address), _) => address,
                (None, Some(before)) => *before,
                (None, None) if *separator == b';' => self.current,
                (None, None) => 1,
            };
            rest = rest[1..].trim_ascii_start();
            if *separator == b';' {
                self.current = first.min(self.lines.len());
            }
            let (second, after) = self.address(rest)?;
            // `1,` is `1,1`; a lone comma means all.
            let second = second.or(address).unwrap_or(self.lines.len());
            rest = after.trim_ascii_start();
            given = vec![first, second];
            if !matches!(rest.first(), Some(b',' | b';')) {
                break;
            }
        }
        if given.iter().any(|line| *line > self.lines.len()) {
            return said(INVALID_ADDRESS);
        }
        Ok((given, rest))
    }

    fn address<'t>(&mut self, text: &'t [u8]) -> Tried<(Option<usize>, &'t [u8])> {
        let mut rest = text;
        let mut line: Option<i64> = None;
        match rest.first() {
            Some(b'.') => (line, rest) = (Some(self.current as i64), &rest[1..]),
            Some(b'$') => (line, rest) = (Some(self.lines.len() as i64), &rest[1..]),
            Some(b'0'..=b'9') => {
                let (number, after) = number(rest);
                (line, rest) = (Some(number), after);
            }
            Some(b'\'') => {
                let Some(mark @ b'a'..=b'z') = rest.get(1) else {
                    return said("Invalid mark character");
                };
                let marked = self.marks[usize::from(mark - b'a')].as_ref();
                let place = self.lines.iter().position(|line| Some(line) == marked);
                let Some(place) = place else { return said(INVALID_ADDRESS) };
                (line, rest) = (Some(place as i64 + 1), &rest[2..]);
            }
            Some(delimiter @ (b'/' | b'?')) => {
                let (pattern, after) = until(&rest[1..], *delimiter);
                line = Some(self.search(&pattern, *delimiter == b'/')? as i64);
                rest = after;
            }
            _ => {}
        }
        loop {
            let sign = match rest.first() {
                Some(b'+') => 1,
                Some(b'-' | b'^') => -1,
                _ => break,
            };
            rest = &rest[1..];
            let mut step = 1;
            if rest.first().is_some_and(u8::is_ascii_digit) {
                (step, rest) = number(rest);
            }
            line = Some(line.unwrap_or(self.current as i64).saturating_add(sign * step));
        }
        match line {
            None => Ok((None, rest)),
            Some(line) => match usize::try_from(line) {
                Ok(line) if line <= self.lines.len() => Ok((Some(line), rest)),
                _ => said(INVALID_ADDRESS),
            },
        }
    }

    /// The next line, or the one before, in which a pattern fits.
    fn search(&mut self, pattern: &[u8], forward: bool) -> Tried<usize> {
        let pattern = self.compiled(pattern)?;
        let count = self.lines.len();
        for step in 1..=count {
            let offset = if forward { step } else { count - step };
            let line = (self.current + offset + count - 1) % count;
            self.process.session.step(1 + self.lines[line].len() as u64 / 256)?;
            if pattern.is_match(&self.lines[line]) {
                return Ok(line + 1);
            }
        }
        said(NO_MATCH)
    }

    /// A pattern; an empty one is the last one.
    fn compiled(&mut self, pattern: &[u8]) -> Tried<Pattern> {
        if !pattern.is_empty() {
            self.pattern = pattern.to_vec();
        }
        if self.pattern.is_empty() {
            return said("No previous pattern");
        }
        self.process.session.step(1 + self.pattern.len() as u64 / 8)?;
        Pattern::new(&self.pattern, false, false).or_else(|_| said("Invalid pattern"))
    }

    fn existing(&self, line: usize) -> Tried<usize> {
        if (1..=self.lines.len()).contains(&line) { Ok(line) } else { said(INVALID_ADDRESS) }
    }

    fn range(&self, from: usize, to: usize) -> Tried<(usize, usize)> {
        let (from, to) = (self.existing(from)?, self.existing(to)?);
        if from <= to { Ok((from, to)) } else { said(INVALID_ADDRESS) }
    }

    /// Keeps the text for `u`.
    fn remember(&mut self) {
        let bytes = self.lines.iter().map(Vec::len).sum();
        // An empty budget ends the editor at its next step.
        let _ = self.process.session.copied(self.lines.len(), bytes);
        self.before = Some((self.lines.clone(), self.current));
    }

    /// Puts lines behind a line, of which the last becomes the present one.
    fn put(&mut self, after: usize, lines: Vec<Vec<u8>>) -> Tried<()> {
        let count = lines.len();
        let bytes: usize = self.lines.iter().chain(&lines).map(Vec::len).sum();
        if self.lines.len() + count > LINES || bytes > limits::FILE_BYTES {
            return said("Memory exhausted");
        }
        self.process.session.copied(self.lines.len() / 16 + count, 0)?;
        let after = after.min(self.lines.len());
        self.lines.splice(after..after, lines);
        self.current = after + count;
        self.changed |= count > 0;
        Ok(())
    }

    async fn insert(&mut self, letter: u8, from: usize, to: usize, rest: &[u8]) -> Tried<After> {
        let print = suffix(rest)?;
        let after = match letter {
            b'a' => to,
            b'i' => to.saturating_sub(1),
            _ => {
                let (from, to) = self.range(from.max(1), to.max(1))?;
                self.remember();
                self.cut = self.lines.splice(from - 1..to, []).collect();
                self.changed = true;
                self.current = from.min(self.lines.len());
                from - 1
            }
        };
        if letter != b'c' {
            self.remember();
        }
        let mut place = after;
        loop {
            let Some(line) = self.read_line().await? else { return Ok(After::Ended) };
            if line == b"." {
                break;
            }
            self.put(place, vec![line])?;
            place += 1;
        }
        self.print_current(print)?;
        Ok(After::On)
    }

    fn transfer(&mut self, moves: bool, from: usize, to: usize, target: usize) -> Tried<()> {
        let lines = self.lines[from - 1..to].to_vec();
        if moves && target >= from && target < to {
            return said("Invalid destination");
        }
        self.remember();
        if !moves {
            return self.put(target, lines);
        }
        let count = lines.len();
        self.lines.splice(from - 1..to, []);
        self.put(if target >= to { target - count } else { target }, lines)
    }

    fn substitute(&mut self, from: usize, to: usize, rest: &[u8]) -> Tried<()> {
        let (with, flags) = match rest.split_first() {
            Some((delimiter, rest)) if !delimiter.is_ascii_alphanumeric() => {
                if *delimiter == b' ' {
                    return said("Invalid pattern delimiter");
                }
                let (pattern, rest) = until(rest, *delimiter);
                let (with, flags) = until_end(rest, *delimiter);
                if !pattern.is_empty() {
                    self.pattern = pattern;
                }
                (with, flags)
            }
            // `s` alone does the last one again.
            _ => match self.substitution.clone() {
                Some((with, flags)) => (with, [&flags[..], rest].concat()),
                None => return said("No previous substitution"),
            },
        };
        let pattern = self.compiled(b"")?;
        let (mut all, mut nth, mut print) = (false, 1, 0);
        let mut at = &flags[..];
        while let Some((flag, after)) = at.split_first() {
            match flag {
                b'g' => all = true,
                b'1'..=b'9' => {
                    let (count, after) = number(at);
                    nth = usize::try_from(count).unwrap_or(usize::MAX);
                    at = after;
                    continue;
                }
                letter => print |= suffix(&[*letter])?,
            }
            at = after;
        }
        let kept: Vec<u8> = flags.iter().copied().filter(|f| !b"pln".contains(f)).collect();
        self.substitution = Some((with.clone(), kept));
        let mut new = Vec::new();
        for line in from..=to {
            let text = &self.lines[line - 1];
            self.process.session.step(1 + text.len() as u64 / 64)?;
            if let Some(changed) = substitute(&pattern, text, &with, all, nth) {
                new.push((line, changed));
            }
        }
        let Some(last) = new.last().map(|(line, _)| *line) else { return said(NO_MATCH) };
        self.remember();
        for (line, changed) in new {
            self.lines[line - 1] = changed;
        }
        self.changed = true;
        self.current = last;
        self.print_current(print)
    }

    async fn global(
        &mut self,
        fits: bool,
        given: &[usize],
        rest: &[u8],
        depth: u32,
    ) -> Tried<After> {
        if depth > 0 {
            return said("Cannot nest global commands");
        }
        let (from, to) = match *given {
            [] => (1, self.lines.len()),
            [only] => (only, only),
            [.., from, to] => (from, to),
        };
        let (from, to) = self.range(from, to)?;
        let Some((delimiter, rest)) = rest.split_first() else {
            return said("Invalid pattern delimiter");
        };
        let (pattern, command) = until(rest, *delimiter);
        let pattern = self.compiled(&pattern)?;
        let command = if command.is_empty() { b"p" } else { command };
        // Lines are found again by how far they are from the end, which commands keep.
        let mut chosen = Vec::new();
        for line in from..=to {
            let text = &self.lines[line - 1];
            self.process.session.step(1 + text.len() as u64 / 256)?;
            if pattern.is_match(text) == fits {
                chosen.push(self.lines.len() - line);
            }
        }
        for from_end in chosen {
            let Some(line) = self.lines.len().checked_sub(from_end).filter(|l| *l > 0) else {
                continue;
            };
            self.current = line;
            if self.command(command, true, depth + 1).await? == After::Quit {
                return Ok(After::Quit);
            }
        }
        Ok(After::On)
    }

    fn files(&mut self, letter: u8, given: &[usize], rest: &[u8], warned: bool) -> Tried<After> {
        let (quits, rest) = match rest.split_first() {
            Some((b'q', after)) if letter == b'w' => (true, after),
            _ => (false, rest),
        };
        if rest.first().is_some_and(|b| !b.is_ascii_whitespace()) {
            return said(INVALID_SUFFIX);
        }
        let path = rest.trim_ascii();
        if path.is_empty() && self.name.is_empty() {
            return said("No current filename");
        }
        let path = if path.is_empty() { self.name.clone() } else { path.to_vec() };
        let ours = letter == b'f' || (self.name.is_empty() && letter != b'E' && letter != b'e');
        if ours {
            self.name.clone_from(&path);
        }
        match letter {
            b'f' => {
                let line = [&path[..], b"\n"].concat();
                self.process.print(&line)?;
            }
            b'e' | b'E' => {
                if letter == b'e' && self.changed && !warned {
                    self.warned = true;
                    return said("Warning: buffer modified");
                }
                self.lines.clear();
                self.current = 0;
                self.name.clone_from(&path);
                self.changed = false;
                let count = self.insert_file(&path, 0)?;
                self.changed = false;
                self.tell_bytes(count)?;
            }
            b'r' => {
                let after = given.last().copied().unwrap_or(self.lines.len());
                self.remember();
                let count = self.insert_file(&path, after)?;
                self.tell_bytes(count)?;
            }
            _ => {
                let (from, to) = match *given {
                    [] => (1, self.lines.len()),
                    [only] => (only, only),
                    [.., from, to] => (from, to),
                };
                let whole = from == 1 && to == self.lines.len();
                let lines = if self.lines.is_empty() {
                    &[]
                } else {
                    let (from, to) = self.range(from, to)?;
                    &self.lines[from - 1..to]
                };
                let mut text = lines.join(&b"\n"[..]);
                if !lines.is_empty() {
                    text.push(b'\n');
                }
                self.write_file(&path, &text, letter == b'W')?;
                self.changed &= !whole;
                self.tell_bytes(text.len())?;
                if quits {
                    return Ok(After::Quit);
                }
            }
        }
        Ok(After::On)
    }

    fn cannot(&mut self, path: &[u8], why: &str) -> Tried<()> {
        let shown = String::from_utf8_lossy(path).into_owned();
        Ok(self.process.error(&format!("{shown}: {why}"))?)
    }

    /// Puts a file's lines behind a line; its bytes.
    fn insert_file(&mut self, path: &[u8], after: usize) -> Tried<usize> {
        let bytes = match super::reading::read_file(self.process, path) {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(error)) => {
                self.cannot(path, error.text())?;
                return said("Cannot open input file");
            }
            Err(Leave::Stop(stop)) => return Err(stop.into()),
            Err(Leave::NeedInput) => return said("Cannot open input file"),
        };
        let mut lines: Vec<Vec<u8>> = bytes.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
        let mut count = bytes.len();
        if lines.last().is_some_and(Vec::is_empty) {
            lines.pop();
        } else {
            if !self.silent {
                self.process.print("Newline appended\n")?;
            }
            count += 1;
        }
        self.put(after, lines)?;
        Ok(count)
    }

    fn write_file(&mut self, path: &[u8], text: &[u8], appends: bool) -> Tried<()> {
        let access = if appends { Access::Append } else { Access::Truncate };
        if access == Access::Truncate {
            self.process.capture_before_loss(path);
        }
        match self.process.open(path, access) {
            Ok(open) => {
                let saved = self.process.swap_fd(1, Some(open));
                let written = self.process.print(text);
                self.process.fds.set(1, saved);
                written?;
                Ok(())
            }
            Err(error) => {
                self.cannot(path, error.text())?;
                said("Cannot open output file")
            }
        }
    }

    fn tell_bytes(&mut self, count: usize) -> Result<(), Stop> {
        if !self.silent {
            self.process.print(format!("{count}\n"))?;
        }
        Ok(())
    }

    fn print_current(&mut self, print: u8) -> Tried<()> {
        if print != 0 && self.current > 0 {
            self.show(self.current, self.current, print)?;
        }
        Ok(())
    }

    /// Prints lines with their numbers (`n`) or with what cannot be seen in them (`l`).
    fn show(&mut self, from: usize, to: usize, print: u8) -> Tried<()> {
        let mut out = Vec::new();
        for line in from..=to {
            let text = &self.lines[line - 1];
            self.process.session.step(1 + text.len() as u64 / 1_024)?;
            if print & NUMBERED != 0 {
                out.extend_from_slice(format!("{line}\t").as_bytes());
            }
            if print & LISTED == 0 {
                out.extend_from_slice(text);
            } else {
                for byte in text {
                    match byte {
                        b'\t' => out.extend_from_slice(b"\\t"),
                        b'\\' => out.extend_from_slice(b"\\\\"),
                        b'$' => out.extend_from_slice(b"\\$"),
                        b' '..=b'~' => out.push(*byte),
                        other => out.extend_from_slice(format!("\\{other:03o}").as_bytes()),
                    }
                }
                out.push(b'$');
            }
            out.push(b'\n');
        }
        self.process.print(&out)?;
        self.current = to;
        Ok(())
    }
}

const PRINTED: u8 = 1;
const NUMBERED: u8 = 2;
const LISTED: u8 = 4;

/// What a command prints after itself.
fn suffix(text: &[u8]) -> Tried<u8> {
    let mut print = 0;
    for letter in text.trim_ascii_end() {
        print |= match letter {
            b'p' => PRINTED,
            b'n' => NUMBERED,
            b'l' => LISTED,
            _ => return said(INVALID_SUFFIX),
        };
    }
    Ok(print)
}

/// A number and what follows it.
fn number(text: &[u8]) -> (i64, &[u8]) {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(digits);
    let number = std::str::from_utf8(digits).ok().and_then(|d| d.parse().ok());
    (number.unwrap_or(i64::from(i32::MAX)), rest)
}

/// What stands before a delimiter that no backslash protects, and what follows it.
fn until(text: &[u8], delimiter: u8) -> (Vec<u8>, &[u8]) {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        if *byte == delimiter {
            return (out, &text[at + 1..]);
        }
        if *byte == b'\\' {
            at += 1;
            match text.get(at) {
                Some(next) if *next == delimiter => out.push(*next),
                Some(next) => out.extend_from_slice(&[b'\\', *next]),
                None => out.push(b'\\'),
            }
        } else {
            out.push(*byte);
        }
        at += 1;
    }
    (out, &[])
}

/// The same for a replacement and its flags: without a delimiter behind it, the line is
/// printed.
fn until_end(text: &[u8], delimiter: u8) -> (Vec<u8>, Vec<u8>) {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        if *byte == delimiter {
            return (until(text, delimiter).0, text[at + 1..].to_vec());
        }
        at += 1 + usize::from(*byte == b'\\');
    }
    (until(text, delimiter).0, b"p".to_vec())
}
