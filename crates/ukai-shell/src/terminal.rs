//! A terminal's size and modes, as `termios` has them.

/// Size of a terminal, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalSize {
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

/// Modes of a terminal, by their meaning in `termios`; the default is a new
/// pseudo-terminal's on Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // They are flags of a device, each its own.
pub struct TerminalModes {
    /// `ECHO`: what is typed is shown.
    pub echo: bool,
    /// `ICANON`: a program gets whole lines, which can be corrected.
    pub canonical: bool,
    /// `ISIG`: the interrupt, quit and suspend characters send signals.
    pub signals: bool,
    /// `ICRNL`: a return is read as a newline.
    pub return_is_newline: bool,
    /// `OPOST` and `ONLCR`: a newline is shown as return and newline.
    pub newline_returns: bool,
    /// `IUTF8`: a character may have several bytes, which are erased together.
    pub utf8: bool,
    /// `VINTR`; 0 or 255 is no character, here and below.
    pub interrupt: u8,
    /// `VQUIT`
    pub quit: u8,
    /// `VSUSP`
    pub suspend: u8,
    /// `VERASE`
    pub erase: u8,
    /// `VKILL`
    pub kill: u8,
    /// `VWERASE`
    pub word_erase: u8,
    /// `VEOF`
    pub end_of_file: u8,
    /// `VLNEXT`
    pub literal_next: u8,
}

impl Default for TerminalModes {
    fn default() -> Self {
        Self {
            echo: true,
            canonical: true,
            signals: true,
            return_is_newline: true,
            newline_returns: true,
            utf8: false,
            interrupt: 0x03,
            quit: 0x1c,
            suspend: 0x1a,
            erase: 0x7f,
            kill: 0x15,
            word_erase: 0x17,
            end_of_file: 0x04,
            literal_next: 0x16,
        }
    }
}

/// What `stty sane` makes of a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sane {
    Set,
    Unset,
    /// It stays as it is.
    Other,
    /// It is no bit: the one value that the terminal has.
    Fixed,
}

/// A bit of `termios`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flag {
    pub(crate) name: &'static str,
    /// 0 for `c_iflag`, 1 for `c_oflag`, 2 for `c_cflag`, 3 for `c_lflag`.
    pub(crate) word: usize,
    bit: u32,
    pub(crate) sane: Sane,
}

impl Flag {
    /// Whether `-` before its name unsets it.
    pub(crate) fn reversible(&self) -> bool {
        self.sane != Sane::Fixed
    }
}

const fn flag(name: &'static str, word: usize, bit: u32, sane: Sane) -> Flag {
    Flag { name, word, bit, sane }
}

/// The flags of Linux, in the order in which `stty` shows them.
pub(crate) const FLAGS: [Flag; 53] = [
    flag("parenb", 2, 0x100, Sane::Other),
    flag("parodd", 2, 0x200, Sane::Other),
    flag("cmspar", 2, 0x4000_0000, Sane::Other),
    flag("cs8", 2, 0x0, Sane::Fixed),
    flag("hupcl", 2, 0x400, Sane::Other),
    flag("cstopb", 2, 0x40, Sane::Other),
    flag("cread", 2, 0x80, Sane::Set),
    flag("clocal", 2, 0x800, Sane::Other),
    flag("crtscts", 2, 0x8000_0000, Sane::Other),
    flag("ignbrk", 0, 0x1, Sane::Unset),
    flag("brkint", 0, 0x2, Sane::Set),
    flag("ignpar", 0, 0x4, Sane::Other),
    flag("parmrk", 0, 0x8, Sane::Other),
    flag("inpck", 0, 0x10, Sane::Other),
    flag("istrip", 0, 0x20, Sane::Other),
    flag("inlcr", 0, 0x40, Sane::Unset),
    flag("igncr", 0, 0x80, Sane::Unset),
    flag("icrnl", 0, 0x100, Sane::Set),
    flag("ixon", 0, 0x400, Sane::Other),
    flag("ixoff", 0, 0x1000, Sane::Unset),
    flag("iuclc", 0, 0x200, Sane::Unset),
    flag("ixany", 0, 0x800, Sane::Unset),
    flag("imaxbel", 0, 0x2000, Sane::Set),
    flag("iutf8", 0, 0x4000, Sane::Unset),
    flag("opost", 1, 0x1, Sane::Set),
    flag("olcuc", 1, 0x2, Sane::Unset),
    flag("ocrnl", 1, 0x8, Sane::Unset),
    flag("onlcr", 1, 0x4, Sane::Set),
    flag("onocr", 1, 0x10, Sane::Unset),
    flag("onlret", 1, 0x20, Sane::Unset),
    flag("ofill", 1, 0x40, Sane::Unset),
    flag("ofdel", 1, 0x80, Sane::Unset),
    flag("nl0", 1, 0x0, Sane::Fixed),
    flag("cr0", 1, 0x0, Sane::Fixed),
    flag("tab0", 1, 0x0, Sane::Fixed),
    flag("bs0", 1, 0x0, Sane::Fixed),
    flag("vt0", 1, 0x0, Sane::Fixed),
    flag("ff0", 1, 0x0, Sane::Fixed),
    flag("isig", 3, 0x1, Sane::Set),
    flag("icanon", 3, 0x2, Sane::Set),
    flag("iexten", 3, 0x8000, Sane::Set),
    flag("echo", 3, 0x8, Sane::Set),
    flag("echoe", 3, 0x10, Sane::Set),
    flag("echok", 3, 0x20, Sane::Set),
    flag("echonl", 3, 0x40, Sane::Unset),
    flag("noflsh", 3, 0x80, Sane::Unset),
    flag("xcase", 3, 0x4, Sane::Unset),
    flag("tostop", 3, 0x100, Sane::Unset),
    flag("echoprt", 3, 0x400, Sane::Unset),
    flag("echoctl", 3, 0x200, Sane::Set),
    flag("echoke", 3, 0x800, Sane::Set),
    flag("flusho", 3, 0x1000, Sane::Unset),
    flag("extproc", 3, 0x10000, Sane::Unset),
];

/// All that `stty` can see and set. What of it matters to the console is in
/// [`TerminalModes`]; the rest is only remembered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Termios {
    /// `c_iflag`, `c_oflag`, `c_cflag`, `c_lflag`
    pub(crate) words: [u32; 4],
    /// `c_cc`
    pub(crate) characters: [u8; 17],
    /// `c_line`
    pub(crate) line: u8,
}

impl Default for Termios {
    /// A new pseudo-terminal's.
    fn default() -> Self {
        Self {
            words: [0x500, 0x5, 0xbf, 0x8a3b],
            characters: [
                0x03, 0x1c, 0x7f, 0x15, 0x04, 0, 1, 0, 0x11, 0x13, 0x1a, 0, 0x12, 0x0f, 0x17, 0x16,
                0,
            ],
            line: 0,
        }
    }
}

impl Termios {
    pub(crate) fn has(&self, flag: &Flag) -> bool {
        self.words.get(flag.word).is_some_and(|word| word & flag.bit != 0)
    }

    pub(crate) fn set(&mut self, flag: &Flag, on: bool) {
        if let Some(word) = self.words.get_mut(flag.word) {
            *word = if on { *word | flag.bit } else { *word & !flag.bit };
        }
    }

    /// What `stty sane` makes of it.
    pub(crate) fn sane(&self) -> Self {
        let mut sane = Self { words: self.words, ..Self::default() };
        sane.line = self.line;
        for flag in &FLAGS {
            match flag.sane {
                Sane::Set => sane.set(flag, true),
                Sane::Unset => sane.set(flag, false),
                Sane::Other | Sane::Fixed => {}
            }
        }
        sane
    }

    fn bit(&mut self, word: usize, bit: u32, on: bool) {
        self.set(&flag("", word, bit, Sane::Other), on);
    }

    /// Takes over what the console's modes say.
    pub(crate) fn follow(&mut self, modes: &TerminalModes) {
        self.bit(3, 0x8, modes.echo);
        self.bit(3, 0x2, modes.canonical);
        self.bit(3, 0x1, modes.signals);
        self.bit(0, 0x100, modes.return_is_newline);
        self.bit(0, 0x4000, modes.utf8);
        if modes.newline_returns != (self.words[1] & 5 == 5) {
            self.bit(1, 0x4, modes.newline_returns);
            self.words[1] |= u32::from(modes.newline_returns);
        }
        let own = [
            (0, modes.interrupt),
            (1, modes.quit),
            (2, modes.erase),
            (3, modes.kill),
            (4, modes.end_of_file),
            (10, modes.suspend),
            (14, modes.word_erase),
            (15, modes.literal_next),
        ];
        for (place, character) in own {
            // SSH has another value than Linux for a character that does not exist.
            self.characters[place] = if character == 255 { 0 } else { character };
        }
    }

    /// Tells the console's modes.
    pub(crate) fn lead(&self, modes: &mut TerminalModes) {
        *modes = TerminalModes {
            echo: self.words[3] & 0x8 != 0,
            canonical: self.words[3] & 0x2 != 0,
            signals: self.words[3] & 0x1 != 0,
            return_is_newline: self.words[0] & 0x100 != 0,
            newline_returns: self.words[1] & 5 == 5,
            utf8: self.words[0] & 0x4000 != 0,
            interrupt: self.characters[0],
            quit: self.characters[1],
            suspend: self.characters[10],
            erase: self.characters[2],
            kill: self.characters[3],
            word_erase: self.characters[14],
            end_of_file: self.characters[4],
            literal_next: self.characters[15],
        };
    }
}
