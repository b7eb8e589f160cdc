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
