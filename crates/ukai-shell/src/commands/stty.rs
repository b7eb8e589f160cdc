//! `stty` of coreutils 9.1 and of BusyBox 1.35: a terminal's modes and size.

use super::{Arguments, Command, Outcome};
use crate::process::Process;
use crate::system::Stop;
use crate::terminal::{FLAGS, Sane, TerminalSize, Termios};

pub(super) const COMMANDS: &[Command] = &[Command::at_once("stty", stty)];

/// Columns that are filled where the terminal does not tell its width.
const COLUMNS: usize = 80;

/// Characters with a meaning, in the order in which they are shown, and their place in
/// `c_cc`.
const CHARACTERS: [(&str, usize); 16] = [
    ("intr", 0),
    ("quit", 1),
    ("erase", 2),
    ("kill", 3),
    ("eof", 4),
    ("eol", 11),
    ("eol2", 16),
    ("swtch", 7),
    ("start", 8),
    ("stop", 9),
    ("susp", 10),
    ("rprnt", 12),
    ("werase", 14),
    ("lnext", 15),
    ("discard", 13),
    ("flush", 13),
];

/// Places of `VMIN` and `VTIME` in `c_cc`.
const MIN: usize = 6;
const TIME: usize = 5;

fn stty(process: &mut Process, arguments: &Arguments) -> Outcome {
    let gnu = arguments.gnu;
    let words: Vec<String> =
        arguments.rest().iter().map(|w| String::from_utf8_lossy(w).into_owned()).collect();
    let mut settings = words.as_slice();
    let mut show = None;
    while let Some((first, rest)) = settings.split_first() {
        match first.as_str() {
            "-a" | "--all" => show = Some(Show::All),
            "-g" | "--save" => show = Some(Show::Save),
            "-F" | "--file" => {
                let Some((device, rest)) = rest.split_first() else { break };
                if let Some(status) = device_is_missing(process, device, gnu)? {
                    return Ok(status);
                }
                settings = rest;
                continue;
            }
            _ => break,
        }
        settings = rest;
    }
    let input = process.fds.at(0).is_some_and(|open| open.is_terminal());
    let size = process.session.terminal();
    let on_device = words.iter().any(|w| w.starts_with("-F") || w.starts_with("--file"));
    let (Some(size), true) = (size, input || on_device) else {
        let name = if gnu { "'standard input'" } else { "standard input" };
        process.error(&format!("stty: {name}: Inappropriate ioctl for device"))?;
        return Ok(1);
    };
    let (mut termios, mut size) = {
        let system = process.session.system();
        let mut termios = system.termios;
        termios.follow(&system.modes);
        (termios, size)
    };
    let mut page = Page::new(gnu, size.columns);
    if settings.is_empty() {
        match show {
            None => page.changed(&termios),
            Some(Show::All) => page.all(&termios, size),
            Some(Show::Save) => page.text = saved(&termios) + "\n",
        }
        process.print(page.text)?;
        return Ok(0);
    }
    let mut settings = settings.iter();
    while let Some(word) = settings.next() {
        let value = settings.as_slice().first().map(String::as_str);
        match set(&mut termios, &mut size, word, value, gnu) {
            Done::Set => {}
            Done::WithValue => {
                settings.next();
            }
            Done::Shown(text) => {
                process.print(text)?;
            }
            Done::Wrong(message) => {
                process.error(&message)?;
                return Ok(1);
            }
        }
    }
    let mut system = process.session.system();
    system.termios = termios;
    termios.lead(&mut system.modes);
    system.size = Some(size);
    Ok(0)
}

/// What is shown, rather than set.
#[derive(Clone, Copy)]
enum Show {
    All,
    Save,
}

fn device_is_missing(process: &mut Process, device: &str, gnu: bool) -> Result<Option<i32>, Stop> {
    let path = process.absolute(device.as_bytes());
    if process.fs().stat(&process.view(), &path, true).is_ok() {
        return Ok(None);
    }
    process.error(&if gnu {
        format!("stty: {device}: No such file or directory")
    } else {
        format!("stty: can't open '{device}': No such file or directory")
    })?;
    Ok(Some(1))
}

/// What became of a setting.
enum Done {
    Set,
    /// It took the next word too.
    WithValue,
    Shown(String),
    Wrong(String),
}

fn set(
    termios: &mut Termios,
    size: &mut TerminalSize,
    word: &str,
    value: Option<&str>,
    gnu: bool,
) -> Done {
    let missing = || {
        Done::Wrong(if gnu {
            format!(
                "stty: missing argument to ‘{word}’\n\
                 Try 'stty --help' for more information."
            )
        } else {
            format!("stty: {word} requires an argument")
        })
    };
    let bad_number = |text: &str| {
        Done::Wrong(if gnu {
            format!("stty: invalid integer argument: ‘{text}’")
        } else {
            format!("stty: invalid number '{text}'")
        })
    };
    match word {
        "size" => return Done::Shown(format!("{} {}\n", size.rows, size.columns)),
        "speed" => return Done::Shown("38400\n".to_owned()),
        "cols" | "columns" | "rows" | "min" | "time" | "line" | "ispeed" | "ospeed" => {
            let Some(text) = value else { return missing() };
            let Ok(number) = text.parse::<u32>() else { return bad_number(text) };
            match word {
                "rows" => size.rows = number as u16,
                "cols" | "columns" => size.columns = number as u16,
                "min" => termios.characters[MIN] = number as u8,
                "time" => termios.characters[TIME] = number as u8,
                "line" => termios.line = number as u8,
                _ => {}
            }
            return Done::WithValue;
        }
        _ => {}
    }
    if let Some((_, place)) = CHARACTERS.iter().find(|(name, _)| *name == word) {
        let Some(text) = value else { return missing() };
        let Some(character) = character(text) else { return bad_number(text) };
        termios.characters[*place] = character;
        return Done::WithValue;
    }
    let (on, name) = match word.strip_prefix('-') {
        Some(name) => (false, name),
        None => (true, word),
    };
    if let Some(flag) = FLAGS.iter().find(|flag| flag.name == name) {
        if on || flag.reversible() {
            termios.set(flag, on);
            return Done::Set;
        }
    } else if combine(termios, name, on) || restore(termios, word) {
        return Done::Set;
    }
    let speed = word.bytes().all(|b| b.is_ascii_digit());
    if speed && !word.is_empty() {
        return Done::Set;
    }
    Done::Wrong(match (gnu, on) {
        (true, _) => {
            format!("stty: invalid argument ‘{word}’\nTry 'stty --help' for more information.")
        }
        (false, true) => format!("stty: invalid number '{word}'"),
        (false, false) => format!("stty: invalid argument '{word}'"),
    })
}

/// A setting that stands for several.
fn combine(termios: &mut Termios, name: &str, on: bool) -> bool {
    let changes: &[&str] = match (name, on) {
        ("sane", true) => {
            *termios = termios.sane();
            return true;
        }
        ("ek", true) => {
            (termios.characters[2], termios.characters[3]) = (0x7f, 0x15);
            return true;
        }
        ("raw", true) | ("cooked", false) => {
            termios.words[0] = 0;
            (termios.characters[MIN], termios.characters[TIME]) = (1, 0);
            &["-opost", "-isig", "-icanon", "-xcase"]
        }
        ("cooked", true) | ("raw", false) => {
            (termios.characters[4], termios.characters[11]) = (4, 0);
            &["brkint", "ignpar", "istrip", "icrnl", "ixon", "opost", "isig", "icanon"]
        }
        ("cbreak", true) => &["-icanon"],
        ("cbreak", false) => &["icanon"],
        ("nl", true) => &["-icrnl", "-onlcr"],
        ("nl", false) => &["icrnl", "-inlcr", "-igncr", "onlcr", "-ocrnl", "-onlret"],
        ("evenp" | "parity", true) => &["parenb", "-parodd"],
        ("oddp", true) => &["parenb", "parodd"],
        ("evenp" | "parity" | "oddp", false) => &["-parenb"],
        ("pass8", true) => &["-parenb", "-istrip"],
        ("litout", true) => &["-parenb", "-istrip", "-opost"],
        ("decctlq", true) => &["-ixany"],
        ("crt", true) => &["echoe", "echoctl", "echoke"],
        ("dec", true) => &["echoe", "echoctl", "echoke", "-ixany"],
        ("crterase", on) => return combine_one(termios, "echoe", on),
        ("crtkill", on) => return combine_one(termios, "echoke", on),
        ("ctlecho", on) => return combine_one(termios, "echoctl", on),
        ("prterase", on) => return combine_one(termios, "echoprt", on),
        ("tandem", on) => return combine_one(termios, "ixoff", on),
        ("hup", on) => return combine_one(termios, "hupcl", on),
        _ => return false,
    };
    for change in changes {
        let name = change.trim_start_matches('-');
        combine_one(termios, name, !change.starts_with('-'));
    }
    true
}

fn combine_one(termios: &mut Termios, name: &str, on: bool) -> bool {
    if let Some(flag) = FLAGS.iter().find(|flag| flag.name == name) {
        termios.set(flag, on);
    }
    true
}

/// `^C`, `^?`, `^-`, `undef`, a character, or its number.
fn character(text: &str) -> Option<u8> {
    match text.as_bytes() {
        b"^-" | b"undef" => Some(0),
        b"^?" => Some(0x7f),
        [b'^', letter] => Some(letter & 0x1f),
        [one] => Some(*one),
        _ => match text.strip_prefix("0x") {
            Some(hexadecimal) => u8::from_str_radix(hexadecimal, 16).ok(),
            None => text.parse().ok(),
        },
    }
}

/// The modes as `-g` prints them.
fn saved(termios: &Termios) -> String {
    const CHARACTERS_ALL: usize = 32;
    let mut parts: Vec<String> = termios.words.iter().map(|w| format!("{w:x}")).collect();
    parts.extend(termios.characters.iter().map(|c| format!("{c:x}")));
    parts.resize(termios.words.len() + CHARACTERS_ALL, "0".to_owned());
    parts.join(":")
}

/// Takes what `-g` printed; false if it is none.
fn restore(termios: &mut Termios, text: &str) -> bool {
    let numbers: Option<Vec<u32>> =
        text.split(':').map(|part| u32::from_str_radix(part, 16).ok()).collect();
    let Some(numbers) = numbers.filter(|n| n.len() == 36) else { return false };
    termios.words.copy_from_slice(&numbers[..4]);
    for (character, number) in termios.characters.iter_mut().zip(&numbers[4..]) {
        *character = *number as u8;
    }
    true
}

/// A text that is broken into lines.
struct Page {
    text: String,
    gnu: bool,
    columns: usize,
    column: usize,
}

impl Page {
    fn new(gnu: bool, columns: u16) -> Self {
        let columns = if columns == 0 { COLUMNS } else { usize::from(columns) };
        Self { text: String::new(), gnu, columns, column: 0 }
    }

    /// Adds a word, on a new line if it does not fit.
    fn word(&mut self, word: &str) {
        let most = if self.gnu { self.columns } else { self.columns.saturating_sub(1) };
        if self.column > 0 && self.column + 1 + word.len() > most {
            self.end();
        }
        if self.column > 0 {
            self.text.push(' ');
            self.column += 1;
        }
        self.text.push_str(word);
        self.column += word.len();
    }

    /// Ends the line.
    fn end(&mut self) {
        self.text.push('\n');
        self.column = 0;
    }

    /// What differs from a sane terminal.
    fn changed(&mut self, termios: &Termios) {
        self.word("speed 38400 baud;");
        self.word(&format!("line = {};", termios.line));
        self.end();
        let sane = termios.sane();
        let mut any = false;
        for (name, place) in self.characters() {
            let value = termios.characters[place];
            if !self.gnu || value != sane.characters[place] {
                self.word(&format!("{name} = {};", shown(value)));
                any = true;
            }
        }
        if !self.gnu || termios.words[3] & 2 == 0 {
            self.minimum(termios);
            any = true;
        }
        if any {
            self.end();
        }
        for word in 0..termios.words.len() {
            for flag in FLAGS.iter().filter(|flag| flag.word == word) {
                match (flag.sane, termios.has(flag)) {
                    (Sane::Set, false) => self.word(&format!("-{}", flag.name)),
                    (Sane::Unset, true) => self.word(flag.name),
                    _ => {}
                }
            }
            if self.column > 0 {
                self.end();
            }
        }
    }

    fn characters(&self) -> Vec<(&'static str, usize)> {
        let other = if self.gnu { "flush" } else { "discard" };
        CHARACTERS.into_iter().filter(|(name, _)| *name != other).collect()
    }

    fn minimum(&mut self, termios: &Termios) {
        let (min, time) = (termios.characters[MIN], termios.characters[TIME]);
        self.word(&format!("min = {min}; time = {time};"));
    }

    fn all(&mut self, termios: &Termios, size: TerminalSize) {
        self.word("speed 38400 baud;");
        self.word(&format!("rows {}; columns {};", size.rows, size.columns));
        self.word(&format!("line = {};", termios.line));
        self.end();
        for (name, place) in self.characters() {
            self.word(&format!("{name} = {};", shown(termios.characters[place])));
        }
        self.minimum(termios);
        self.end();
        // Control, input, output and local modes.
        for word in [2, 0, 1, 3] {
            for flag in FLAGS.iter().filter(|flag| flag.word == word) {
                if !flag.reversible() || termios.has(flag) {
                    self.word(flag.name);
                } else {
                    self.word(&format!("-{}", flag.name));
                }
            }
            self.end();
        }
    }
}

/// A character with a meaning as it is shown.
fn shown(character: u8) -> String {
    match character {
        0 => "<undef>".to_owned(),
        1..0x20 => format!("^{}", char::from(character | 0x40)),
        0x20..0x7f => char::from(character).to_string(),
        0x7f => "^?".to_owned(),
        0x80.. => format!("M-{}", shown((character & 0x7f).max(1))),
    }
}
