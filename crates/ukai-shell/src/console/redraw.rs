//! Brings a screen from one text to another as readline 8.2 does (`rl_redisplay` and
//! `update_line` of display.c): which bytes it sends shows which library it is.

use super::cells;
use std::borrow::Cow;

/// What a terminal can do, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terminal {
    pub(super) columns: usize,
    /// It knows no escapes at all.
    pub(super) dumb: bool,
    /// `clear`
    pub(super) clear: &'static [u8],
    /// `cuu1`
    up: &'static [u8],
    /// `ich`: it can make room in a row.
    inserts: bool,
    /// `dch` or `dch1`
    deletes: Deletes,
}

/// How characters are taken out of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deletes {
    Never,
    /// `\E[P`
    OneByOne,
    /// `\E[nP`
    Many,
}

impl Terminal {
    /// The terminal that `$TERM` names, as Debian's `ncurses-base` knows it.
    pub(super) fn named(name: &[u8], columns: u16) -> Self {
        const HOME_AND_ERASE: &[u8] = b"\x1b[H\x1b[J";
        // A terminal that does not tell its size is taken for 80 columns wide.
        let columns = if columns < 2 { 80 } else { usize::from(columns) };
        let modern = Self {
            columns,
            dumb: false,
            clear: b"\x1b[H\x1b[2J",
            up: b"\x1b[A",
            inserts: true,
            deletes: Deletes::Many,
        };
        let has = |start: &[u8]| name.starts_with(start);
        match name {
            b"xterm-color" => Self { inserts: false, ..modern },
            b"vt100" => {
                let clear = HOME_AND_ERASE;
                Self { clear, inserts: false, deletes: Deletes::Never, ..modern }
            }
            b"vt102" => {
                let clear = HOME_AND_ERASE;
                Self { clear, inserts: false, deletes: Deletes::OneByOne, ..modern }
            }
            _ if has(b"xterm") || has(b"Eterm") || has(b"rxvt-unicode") => modern,
            _ if has(b"rxvt") => Self { deletes: Deletes::Never, ..modern },
            _ if has(b"screen") || has(b"tmux") => {
                Self { clear: HOME_AND_ERASE, up: b"\x1bM", ..modern }
            }
            b"linux" | b"vt220" | b"ansi" | b"cygwin" | b"cons25" => {
                Self { clear: HOME_AND_ERASE, ..modern }
            }
            _ => {
                let deletes = Deletes::Never;
                Self { dumb: true, clear: b"\n", inserts: false, deletes, ..modern }
            }
        }
    }

    /// Columns after which a row is broken; a dumb terminal's rows are not.
    fn width(self) -> usize {
        if self.dumb { usize::MAX } else { self.columns }
    }
}

/// What stands on the screen from the prompt on.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    text: Vec<u8>,
    row: usize,
    column: usize,
    utf8: bool,
}

/// A row that changes.
#[derive(Clone, Copy)]
struct Change<'a> {
    index: usize,
    old: &'a [u8],
    new: &'a [u8],
    /// The last row of the old text, and of the new one.
    old_bottom: usize,
    new_bottom: usize,
}

impl Drawn {
    /// A prompt was printed.
    pub(super) fn new(prompt: &[u8], terminal: Terminal, utf8: bool) -> Self {
        let text = prompt.to_vec();
        let (row, column) = cells::place(&text, terminal.width(), utf8);
        Self { text, row, column, utf8 }
    }

    /// Appends printable characters of one byte, with the cursor at the end.
    pub(super) fn append(&mut self, bytes: &[u8], terminal: Terminal, out: &mut Vec<u8>) {
        self.text.extend_from_slice(bytes);
        out.extend_from_slice(bytes);
        self.column += bytes.len();
        if self.column >= terminal.width() {
            self.row += self.column / terminal.width();
            self.column %= terminal.width();
            if self.column == 0 {
                out.extend_from_slice(b" \r");
            }
        }
    }

    /// Shows another text with the cursor behind its first `cursor` bytes.
    pub(super) fn show(
        &mut self,
        text: Vec<u8>,
        cursor: usize,
        terminal: Terminal,
        out: &mut Vec<u8>,
    ) {
        let utf8 = self.utf8;
        let columns = terminal.width();
        let old_text = std::mem::take(&mut self.text);
        let old_rows = cells::rows(&old_text, columns, utf8);
        let new_rows = cells::rows(&text, columns, utf8);
        let old_bottom = old_rows.len().saturating_sub(1);
        let new_bottom = new_rows.len().saturating_sub(1);
        for (index, new) in new_rows.iter().enumerate() {
            let old = old_rows.get(index).copied().unwrap_or_default();
            let change = Change { index, old, new, old_bottom, new_bottom };
            self.change(change, terminal, out);
        }
        for (index, old) in old_rows.iter().enumerate().skip(new_rows.len()) {
            self.go_to_row(index, terminal, out);
            self.go_to_column(0, old, terminal, out);
            let count = if index == old_bottom { cells::width(old, utf8) } else { columns };
            self.clear_to_end(count, terminal, out);
        }
        let (row, column) = cells::place(&text[..cursor.min(text.len())], columns, utf8);
        let line = new_rows.get(row).copied().unwrap_or_default();
        self.go_to_row(row, terminal, out);
        self.go_to_column(column, line, terminal, out);
        self.text = text;
    }

    /// Changes one row.
    fn change(&mut self, change: Change<'_>, terminal: Terminal, out: &mut Vec<u8>) {
        let utf8 = self.utf8;
        let new = change.new;
        let Some(old) = self.wrap_into(change, terminal, out) else { return };
        let same = first_difference(&old, new, utf8);
        let (old_rest, rest) = (&old[same..], &new[same..]);
        if old_rest.is_empty() && rest.is_empty() {
            return;
        }
        let end = common_end(old_rest, rest, utf8);
        self.go_to_row(change.index, terminal, out);
        self.go_to_column(cells::width(&new[..same], utf8), new, terminal, out);
        let put = &rest[..rest.len() - end];
        let gone = &old_rest[..old_rest.len() - end];
        let (put_width, gone_width) = (cells::width(put, utf8), cells::width(gone, utf8));
        let rest_width = cells::width(rest, utf8);
        if put_width > gone_width {
            let grows = change.index >= change.old_bottom && change.new_bottom > change.old_bottom;
            if end > 0 && put.len() >= gone.len() && terminal.inserts && !grows {
                let more = put_width - gone_width;
                out.extend_from_slice(format!("\x1b[{more}@").as_bytes());
                self.put(put, out);
            } else {
                self.put(rest, out);
            }
            return;
        }
        let fewer = gone_width - put_width;
        if terminal.deletes != Deletes::Never && 2 * rest_width >= fewer {
            if fewer > 0 && terminal.deletes == Deletes::Many {
                out.extend_from_slice(format!("\x1b[{fewer}P").as_bytes());
            } else {
                out.extend_from_slice(&b"\x1b[P".repeat(fewer));
            }
            self.put(put, out);
        } else {
            self.put(rest, out);
            self.clear_rest(change, &old, terminal, out);
        }
    }

    /// When the cursor stands behind a full row, the next row's first character brings it
    /// onto that row. Gives what then stands there, if there is more to change.
    fn wrap_into<'a>(
        &mut self,
        change: Change<'a>,
        terminal: Terminal,
        out: &mut Vec<u8>,
    ) -> Option<Cow<'a, [u8]>> {
        let utf8 = self.utf8;
        let Change { index, old, new, .. } = change;
        if self.column < terminal.width() || self.row + 1 != index {
            return Some(old.into());
        }
        self.row = index;
        self.column = 1;
        let first = &new[..cells::character(new, utf8)];
        if first.is_empty() {
            out.push(b' ');
            return Some(old.into());
        }
        out.extend_from_slice(first);
        self.column = cells::character_width(first);
        let old_first = &old[..cells::character(old, utf8)];
        if old_first.is_empty() && !utf8 {
            return Some(old.into());
        }
        if old_first.is_empty() || cells::character_width(old_first) != self.column {
            self.put(&new[first.len()..], out);
            self.clear_rest(change, old, terminal, out);
            return None;
        }
        Some([first, &old[old_first.len()..]].concat().into())
    }

    /// Clears what the old row had more than the new one, with the cursor behind it.
    fn clear_rest(
        &mut self,
        change: Change<'_>,
        old: &[u8],
        terminal: Terminal,
        out: &mut Vec<u8>,
    ) {
        let widths = (cells::width(old, self.utf8), cells::width(change.new, self.utf8));
        let fewer = widths.0.saturating_sub(widths.1);
        if fewer == 0 {
            return;
        }
        if change.index < change.new_bottom {
            out.resize(out.len() + fewer, b' ');
            self.column += fewer;
        } else {
            self.clear_to_end(fewer, terminal, out);
        }
    }

    fn put(&mut self, text: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(text);
        self.column += cells::width(text, self.utf8);
    }

    /// Clears up to the end of the row, where so many columns are not blank.
    fn clear_to_end(&mut self, count: usize, terminal: Terminal, out: &mut Vec<u8>) {
        if terminal.dumb {
            let count = count.min(terminal.columns);
            out.resize(out.len() + count, b' ');
            self.column += count;
        } else {
            out.extend_from_slice(b"\x1b[K");
        }
    }

    fn go_to_row(&mut self, row: usize, terminal: Terminal, out: &mut Vec<u8>) {
        if row > self.row {
            out.resize(out.len() + row - self.row, b'\n');
            out.push(b'\r');
            self.column = 0;
        } else {
            out.extend_from_slice(&terminal.up.repeat(self.row - row));
        }
        self.row = row;
    }

    /// Moves the cursor in its row, of which `line` is the text.
    fn go_to_column(&mut self, column: usize, line: &[u8], terminal: Terminal, out: &mut Vec<u8>) {
        if column == self.column {
            return;
        }
        let back = self.column.saturating_sub(column);
        if column == 0 || column + 1 < back || self.column == terminal.width() {
            out.push(b'\r');
            self.column = 0;
        }
        if column < self.column {
            out.resize(out.len() + self.column - column, 0x08);
        } else if !self.utf8 {
            out.extend_from_slice(&line[self.column.min(line.len())..column.min(line.len())]);
        } else if terminal.dumb {
            out.push(b'\r');
            out.extend_from_slice(up_to(line, column, self.utf8));
        } else {
            out.extend_from_slice(&b"\x1b[C".repeat(column - self.column));
        }
        self.column = column;
    }

    /// Goes to the last row, below which something else is printed.
    pub(super) fn leave(&mut self, terminal: Terminal, out: &mut Vec<u8>) {
        let rows = cells::rows(&self.text, terminal.width(), self.utf8);
        let last = rows.len().saturating_sub(1);
        if self.row < last {
            self.go_to_row(last, terminal, out);
        }
    }
}

/// How many bytes both begin with, whole characters.
fn first_difference(old: &[u8], new: &[u8], utf8: bool) -> usize {
    let mut same = 0;
    while same < old.len() && same < new.len() {
        let length = cells::character(&new[same..], utf8);
        if old.get(same..same + length) != new.get(same..same + length) {
            break;
        }
        same += length;
    }
    same
}

/// How many bytes at the end stay where they are or are only shifted. Those count only
/// if there is a space among them (`wsatend` of `update_line`).
fn common_end(old: &[u8], new: &[u8], utf8: bool) -> usize {
    let (mut ols, mut nls) = (before(old, old.len(), utf8), before(new, new.len(), utf8));
    let mut spaced = false;
    while ols > 0 && nls > 0 && is_same(&old[ols..], &new[nls..], utf8) {
        spaced |= old[ols] == b' ';
        ols = before(old, ols, utf8);
        nls = before(new, nls, utf8);
    }
    if !spaced {
        return 0;
    }
    if !is_same(&old[ols..], &new[nls..], utf8) {
        return new.len() - (nls + cells::character(&new[nls..], utf8));
    }
    new.len() - nls
}

/// Where the character before `end` begins.
fn before(text: &[u8], end: usize, utf8: bool) -> usize {
    let mut at = end.saturating_sub(1);
    while utf8 && at > 0 && end - at < 4 && super::line::is_inner(text[at]) {
        at -= 1;
    }
    at
}

/// Whether both begin with the same character.
fn is_same(old: &[u8], new: &[u8], utf8: bool) -> bool {
    let length = cells::character(new, utf8);
    length == cells::character(old, utf8) && old[..length] == new[..length]
}

/// The beginning of a text, so many columns of it.
fn up_to(text: &[u8], columns: usize, utf8: bool) -> &[u8] {
    let (mut at, mut column) = (0, 0);
    while at < text.len() && column < columns {
        let length = cells::character(&text[at..], utf8);
        column += cells::character_width(&text[at..at + length]);
        at += length;
    }
    &text[..at]
}
