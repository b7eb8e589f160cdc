//! `sed`: addresses, `s`, `p`, `d`, `q`, `y`, `a`, `i`, `c`, `=`, `n`, `g`, `h`, `x` and kin.

use super::reading::{inputs, read_file};
use super::regex::Pattern;
use super::{Arguments, Command, Options, Outcome};
use crate::fs::{Access, Attributes};
use crate::limits;
use crate::process::Process;

pub(super) const COMMANDS: &[Command] = &[Command::at_once("sed", sed)];

enum Address {
    Line(usize),
    Last,
    Fits(Pattern),
}

enum Action {
    Substitute {
        pattern: Pattern,
        with: Vec<u8>,
        all: bool,
        nth: usize,
        print: bool,
    },
    /// For each byte another.
    Translate(Box<[u8; 256]>),
    Append(Vec<u8>),
    Insert(Vec<u8>),
    Change(Vec<u8>),
    /// A command that is its letter alone.
    Letter(u8),
    /// `}` ends at this instruction; the block is skipped if the address does not fit.
    Open(usize),
    Close,
    Branch(Vec<u8>, u8),
    Label(Vec<u8>),
}

struct Instruction {
    from: Option<Address>,
    to: Option<Address>,
    negated: bool,
    action: Action,
    /// Inside a range that began.
    active: bool,
}

fn sed(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(
        arguments,
        "nrEie:f:sz",
        &["quiet", "silent", "expression:", "in-place", "regexp-extended"],
    );
    let mut operands = options.operands.clone();
    let in_place =
        arguments.rest().iter().any(|w| w.starts_with(b"-i") || w.starts_with(b"--in-place"));
    let mut scripts: Vec<Vec<u8>> =
        options.values("e").chain(options.values("expression")).map(<[u8]>::to_vec).collect();
    if let Some(path) = options.value("f").map(<[u8]>::to_vec)
        && let Ok(text) = read_file(process, &path)?
    {
        scripts.push(text.to_vec());
    }
    if scripts.is_empty() {
        if operands.is_empty() {
            if arguments.gnu {
                process.error(
                    "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...",
                )?;
            } else {
                process.busybox_usage("sed [-efinr] SED_CMD [FILE]...\n")?;
            }
            return Ok(1);
        }
        scripts.push(operands.remove(0));
    }
    let extended = ["r", "E", "regexp-extended"].iter().any(|f| options.has(f));
    let text = scripts.join(&b'\n');
    process.session.step(1 + text.len() as u64 / 64)?;
    let gnu = arguments.gnu;
    let mut reader = Reader { text: &text, at: 0, extended, last: Vec::new(), patterns: 0, gnu };
    let mut program = match reader.program() {
        Ok(program) => program,
        Err(message) => {
            // Characters are counted in the one expression that the fault is in.
            let before = text[..reader.at.min(text.len())].split(|b| *b == b'\n').count() - 1;
            let start: usize = scripts.iter().take(before).map(|s| s.len() + 1).sum();
            let place = if gnu {
                let place = reader.at.saturating_sub(start);
                format!("-e expression #{}, char {place}: ", before + 1)
            } else {
                String::new()
            };
            process.error(&format!("sed: {place}{message}"))?;
            return Ok(1);
        }
    };
    let silent =
        ["n", "quiet", "silent"].iter().any(|f| options.has(f)) || text.starts_with(b"#n\n");
    if !in_place {
        let (inputs, status) = inputs(process, arguments, &operands)?;
        let all: Vec<u8> = inputs.iter().flat_map(|(_, t)| t.iter().copied()).collect();
        let out = run(process, &mut program, &all, silent)?;
        process.print(&out)?;
        return Ok(status);
    }
    let mut status = 0;
    for path in operands {
        let text = match read_file(process, &path)? {
            Ok(text) => text,
            Err(error) => {
                let shown = String::from_utf8_lossy(&path).into_owned();
                process.error(&format!("sed: {shown}: {}", error.text()))?;
                status = 1;
                continue;
            }
        };
        let out = run(process, &mut program, &text, silent)?;
        let view = process.view();
        let mode = process.fs().stat(&view, &process.absolute(&path), true).map(|s| s.mode);
        if let Ok(open) = process.open(&path, Access::Truncate) {
            let saved = process.swap_fd(1, Some(open));
            let written = process.print(&out);
            process.fds.set(1, saved);
            written?;
        }
        if let Ok(mode) = mode {
            let change = Attributes { mode: Some(mode), ..Attributes::default() };
            let _ = process.fs().set_attributes(&view, &process.absolute(&path), &change);
        }
    }
    Ok(status)
}

/// Most expressions of a script: each is built, and kept.
const PATTERNS: usize = 512;

/// Reads a script.
struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    extended: bool,
    /// The last expression, for `//`.
    last: Vec<u8>,
    /// Expressions so far.
    patterns: usize,
    /// Whether it is GNU's `sed`, whose mistakes have other names.
    gnu: bool,
}

impl Reader<'_> {
    fn byte(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip(&mut self, these: &[u8]) {
        while self.byte().is_some_and(|b| these.contains(&b)) {
            self.at += 1;
        }
    }

    fn program(&mut self) -> Result<Vec<Instruction>, String> {
        const INSTRUCTIONS: usize = 512;
        let mut program = Vec::new();
        let mut open = Vec::new();
        loop {
            self.skip(b" \t\n;");
            if self.byte() == Some(b'#') {
                while self.byte().is_some_and(|b| b != b'\n') {
                    self.at += 1;
                }
                continue;
            }
            if self.byte().is_none() {
                break;
            }
            let from = self.address()?;
            let mut to = None;
            self.skip(b" \t");
            if from.is_some() && self.byte() == Some(b',') {
                self.at += 1;
                self.skip(b" \t");
                to = self.address()?;
                if to.is_none() {
                    return Err("unexpected ','".to_owned());
                }
            }
            self.skip(b" \t");
            let negated = self.byte() == Some(b'!');
            if negated {
                self.at += 1;
                self.skip(b" \t");
            }
            let Some(letter) = self.byte() else { return Err("missing command".to_owned()) };
            self.at += 1;
            let action = self.action(letter)?;
            match action {
                Action::Open(_) => open.push(program.len()),
                Action::Close => {
                    let Some(start) = open.pop() else { return Err("unexpected `}'".to_owned()) };
                    let end = program.len();
                    let opening: &mut Instruction = &mut program[start];
                    opening.action = Action::Open(end);
                }
                _ => {}
            }
            program.push(Instruction { from, to, negated, action, active: false });
            if program.len() > INSTRUCTIONS {
                return Err("script too long".to_owned());
            }
        }
        if open.is_empty() { Ok(program) } else { Err("unmatched `{'".to_owned()) }
    }

    fn address(&mut self) -> Result<Option<Address>, String> {
        match self.byte() {
            Some(b'0'..=b'9') => {
                let digits = self.text[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
                let number = String::from_utf8_lossy(&self.text[self.at..self.at + digits])
                    .parse()
                    .unwrap_or(usize::MAX);
                self.at += digits;
                Ok(Some(Address::Line(number)))
            }
            Some(b'$') => {
                self.at += 1;
                Ok(Some(Address::Last))
            }
            Some(b'/' | b'\\') => {
                if self.byte() == Some(b'\\') {
                    self.at += 1;
                }
                let Some(delimiter) = self.byte() else {
                    return Err("unterminated address regex".to_owned());
                };
                self.at += 1;
                let text = self.until(delimiter, true).ok_or("unterminated address regex")?;
                let ignore = self.byte() == Some(b'I');
                if ignore {
                    self.at += 1;
                }
                self.pattern(text, ignore).map(|p| Some(Address::Fits(p)))
            }
            _ => Ok(None),
        }
    }

    fn pattern(&mut self, text: Vec<u8>, ignore: bool) -> Result<Pattern, String> {
        if !text.is_empty() {
            self.last = text;
        }
        self.patterns += 1;
        if self.patterns > PATTERNS {
            return Err("too many expressions".to_owned());
        }
        Pattern::new(&self.last, self.extended, ignore)
    }

    /// Text up to `delimiter`, which a backslash makes ordinary.
    fn until(&mut self, delimiter: u8, regex: bool) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut bracket = false;
        while let Some(byte) = self.byte() {
            self.at += 1;
            match byte {
                b'\\' => match self.byte() {
                    Some(next) if next == delimiter => {
                        out.push(next);
                        self.at += 1;
                    }
                    Some(next) => {
                        out.extend_from_slice(&[b'\\', next]);
                        self.at += 1;
                    }
                    None => out.push(b'\\'),
                },
                b if b == delimiter && !bracket => return Some(out),
                b => {
                    if regex && b == b'[' {
                        bracket = true;
                    } else if b == b']' {
                        bracket = false;
                    }
                    out.push(b);
                }
            }
        }
        None
    }

    fn action(&mut self, letter: u8) -> Result<Action, String> {
        Ok(match letter {
            b's' => {
                let delimiter = self.byte().ok_or("unterminated `s' command")?;
                self.at += 1;
                let unended = if self.gnu {
                    "unterminated `s' command".to_owned()
                } else {
                    format!("unmatched '{}'", delimiter as char)
                };
                let wanted = self.until(delimiter, true).ok_or_else(|| unended.clone())?;
                let with = self.until(delimiter, false).ok_or(unended)?;
                let (mut all, mut print, mut ignore, mut nth) = (false, false, false, 1);
                while let Some(flag) = self.byte() {
                    match flag {
                        b'g' => all = true,
                        b'p' => print = true,
                        b'i' | b'I' => ignore = true,
                        b'1'..=b'9' => nth = usize::from(flag - b'0'),
                        _ => break,
                    }
                    self.at += 1;
                }
                // With both, BusyBox replaces every one.
                if all && !self.gnu {
                    nth = 1;
                }
                Action::Substitute { pattern: self.pattern(wanted, ignore)?, with, all, nth, print }
            }
            b'y' => {
                let delimiter = self.byte().ok_or("unterminated `y' command")?;
                self.at += 1;
                let from = self.until(delimiter, false).ok_or("unterminated `y' command")?;
                let to = self.until(delimiter, false).ok_or("unterminated `y' command")?;
                if from.len() != to.len() {
                    return Err("strings for `y' command are different lengths".to_owned());
                }
                let mut table = [0; 256];
                (0..=u8::MAX).zip(&mut table).for_each(|(byte, to)| *to = byte);
                for (from, to) in from.iter().zip(&to).rev() {
                    table[usize::from(*from)] = *to;
                }
                Action::Translate(Box::new(table))
            }
            b'a' | b'i' | b'c' => {
                self.skip(b" \t");
                if self.byte() == Some(b'\\') {
                    self.at += 1;
                    self.skip(b" \t\n");
                }
                let mut text = Vec::new();
                while let Some(byte) = self.byte() {
                    self.at += 1;
                    match byte {
                        b'\n' => break,
                        b'\\' => {
                            text.extend(self.byte());
                            self.at += 1;
                        }
                        other => text.push(other),
                    }
                }
                text.push(b'\n');
                match letter {
                    b'a' => Action::Append(text),
                    b'i' => Action::Insert(text),
                    _ => Action::Change(text),
                }
            }
            b'{' => Action::Open(0),
            b'}' => Action::Close,
            b':' | b'b' | b't' | b'T' => {
                self.skip(b" \t");
                let length = self.text[self.at..]
                    .iter()
                    .take_while(|b| !matches!(b, b'\n' | b';' | b'}'))
                    .count();
                let label = self.text[self.at..self.at + length].trim_ascii().to_vec();
                self.at += length;
                if letter == b':' { Action::Label(label) } else { Action::Branch(label, letter) }
            }
            b'p' | b'd' | b'q' | b'Q' | b'=' | b'n' | b'N' | b'g' | b'G' | b'h' | b'H' | b'x'
            | b'D' | b'P' | b'l' => Action::Letter(letter),
            other if self.gnu => return Err(format!("unknown command: `{}'", other as char)),
            other => return Err(format!("unsupported command {}", other as char)),
        })
    }
}

/// What follows an instruction.
enum Flow {
    Next,
    Jump(usize),
    /// The next line begins a new cycle; whether this one is printed.
    Cycle(bool),
    Quit(bool),
}

struct State<'a> {
    lines: Vec<&'a [u8]>,
    /// Line now in the pattern space, from 1.
    number: usize,
    space: Vec<u8>,
    hold: Vec<u8>,
    substituted: bool,
    appended: Vec<u8>,
    out: Vec<u8>,
    silent: bool,
}

fn run(
    process: &Process,
    program: &mut [Instruction],
    text: &[u8],
    silent: bool,
) -> Result<Vec<u8>, crate::system::Stop> {
    let lines: Vec<&[u8]> =
        text.split_inclusive(|b| *b == b'\n').map(|l| l.strip_suffix(b"\n").unwrap_or(l)).collect();
    let ends_open = !text.is_empty() && !text.ends_with(b"\n");
    let total = lines.len();
    let mut state = State {
        lines,
        number: 0,
        space: Vec::new(),
        hold: Vec::new(),
        substituted: false,
        appended: Vec::new(),
        out: Vec::new(),
        silent,
    };
    'cycle: while state.number < total && state.out.len() < limits::PIPE_BYTES {
        state.space = state.lines[state.number].to_vec();
        state.number += 1;
        state.substituted = false;
        let mut at = 0;
        let mut print = !silent;
        while at < program.len() {
            process.session.step(1 + state.space.len() as u64 / 256)?;
            if state.out.len() + state.appended.len() > limits::PIPE_BYTES {
                break 'cycle;
            }
            if !applies(&mut program[at], &state) {
                at = match program[at].action {
                    Action::Open(end) => end + 1,
                    _ => at + 1,
                };
                continue;
            }
            match state.act(program, at) {
                Flow::Next => at += 1,
                Flow::Jump(target) => {
                    // The label was looked for.
                    process.session.step(program.len() as u64 / 256)?;
                    at = target;
                }
                Flow::Cycle(printed) => {
                    print &= printed;
                    break;
                }
                Flow::Quit(printed) => {
                    state.end_cycle(print && printed);
                    break 'cycle;
                }
            }
        }
        state.end_cycle(print);
    }
    if ends_open && state.out.last() == Some(&b'\n') && state.number == total {
        state.out.pop();
    }
    Ok(state.out)
}

fn applies(instruction: &mut Instruction, state: &State<'_>) -> bool {
    let fits = |address: &Address| match address {
        Address::Line(number) => state.number == *number,
        Address::Last => state.number == state.lines.len(),
        Address::Fits(pattern) => pattern.is_match(&state.space),
    };
    let result = match (&instruction.from, &instruction.to) {
        (None, _) => true,
        (Some(from), None) => fits(from),
        (Some(from), Some(to)) => {
            if instruction.active {
                let over = match to {
                    Address::Line(number) => state.number >= *number,
                    other => fits(other),
                };
                instruction.active = !over;
                !matches!(to, Address::Line(number) if state.number > *number)
            } else if fits(from) {
                instruction.active =
                    !matches!(to, Address::Line(number) if *number <= state.number);
                true
            } else {
                false
            }
        }
    };
    result != instruction.negated
}

impl State<'_> {
    fn line(&mut self) {
        self.out.extend_from_slice(&self.space);
        self.out.push(b'\n');
    }

    fn end_cycle(&mut self, print: bool) {
        if print {
            self.line();
        }
        let appended = std::mem::take(&mut self.appended);
        self.out.extend_from_slice(&appended);
    }

    fn act(&mut self, program: &[Instruction], at: usize) -> Flow {
        match &program[at].action {
            Action::Substitute { pattern, with, all, nth, print } => {
                if let Some(new) = substitute(pattern, &self.space, with, *all, *nth) {
                    self.space = new;
                    self.substituted = true;
                    if *print {
                        self.line();
                    }
                }
            }
            Action::Translate(table) => {
                for byte in &mut self.space {
                    *byte = table[usize::from(*byte)];
                }
            }
            Action::Append(text) => self.appended.extend_from_slice(text),
            Action::Insert(text) => self.out.extend_from_slice(text),
            Action::Change(text) => {
                self.out.extend_from_slice(text);
                return Flow::Cycle(false);
            }
            Action::Open(_) | Action::Close | Action::Label(_) => {}
            Action::Branch(label, kind) => {
                let taken = match kind {
                    b't' => std::mem::take(&mut self.substituted),
                    b'T' => !std::mem::take(&mut self.substituted),
                    _ => true,
                };
                if taken {
                    let target = program
                        .iter()
                        .position(|i| matches!(&i.action, Action::Label(l) if l == label));
                    return Flow::Jump(
                        target.filter(|_| !label.is_empty()).unwrap_or(program.len()),
                    );
                }
            }
            Action::Letter(letter) => return self.letter(*letter),
        }
        Flow::Next
    }

    fn letter(&mut self, letter: u8) -> Flow {
        let room = self.space.len() + self.hold.len() < limits::WORD_BYTES;
        match letter {
            b'p' => self.line(),
            b'P' => {
                let end = self.space.iter().position(|b| *b == b'\n').unwrap_or(self.space.len());
                self.out.extend_from_slice(&self.space[..end]);
                self.out.push(b'\n');
            }
            b'd' | b'D' => return Flow::Cycle(false),
            b'q' => return Flow::Quit(true),
            b'Q' => return Flow::Quit(false),
            b'=' => self.out.extend_from_slice(format!("{}\n", self.number).as_bytes()),
            b'n' | b'N' => {
                if self.number >= self.lines.len() {
                    return Flow::Quit(true);
                }
                let next = self.lines[self.number];
                self.number += 1;
                if letter == b'N' && room {
                    self.space.push(b'\n');
                    self.space.extend_from_slice(next);
                } else {
                    if !self.silent {
                        self.line();
                    }
                    self.space = next.to_vec();
                }
            }
            b'g' => self.space.clone_from(&self.hold),
            b'G' if room => {
                self.space.push(b'\n');
                self.space.extend_from_slice(&self.hold);
            }
            b'h' => self.hold.clone_from(&self.space),
            b'H' if room => {
                self.hold.push(b'\n');
                self.hold.extend_from_slice(&self.space);
            }
            b'x' => std::mem::swap(&mut self.space, &mut self.hold),
            _ => {}
        }
        Flow::Next
    }
}

/// The text with fits replaced; `None` if nothing fits.
pub(super) fn substitute(
    pattern: &Pattern,
    text: &[u8],
    with: &[u8],
    all: bool,
    nth: usize,
) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let (mut at, mut count, mut changed) = (0, 0, false);
    while at <= text.len() && out.len() < limits::WORD_BYTES {
        let Some(found) = pattern.captures_at(text, at) else { break };
        let whole = found.get(0)?;
        count += 1;
        out.extend_from_slice(&text[at..whole.start()]);
        if count >= nth && (all || !changed) {
            changed = true;
            insert(with, &found, &mut out);
            if out.len() > limits::WORD_BYTES {
                out.truncate(limits::WORD_BYTES);
                return Some(out);
            }
        } else {
            out.extend_from_slice(whole.as_bytes());
        }
        at = whole.end();
        if whole.is_empty() {
            if let Some(byte) = text.get(at) {
                out.push(*byte);
            }
            at += 1;
        }
        if changed && !all {
            break;
        }
    }
    if at <= text.len() {
        out.extend_from_slice(&text[at..]);
    }
    changed.then_some(out)
}

/// The replacement: `&`, `\1` and escapes.
fn insert(with: &[u8], found: &regex::bytes::Captures<'_>, out: &mut Vec<u8>) {
    let mut bytes = with.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'&' => out.extend_from_slice(found.get(0).map_or(&[][..], |m| m.as_bytes())),
            b'\\' => match bytes.next() {
                Some(digit @ b'0'..=b'9') => {
                    let group = found.get(usize::from(digit - b'0'));
                    out.extend_from_slice(group.map_or(&[][..], |m| m.as_bytes()));
                }
                Some(b'n') => out.push(b'\n'),
                Some(b't') => out.push(b'\t'),
                Some(other) => out.push(*other),
                None => out.push(b'\\'),
            },
            other => out.push(*other),
        }
    }
}
