//! The line editor of bash: readline 8.2 with its emacs keys and Debian's `inputrc`.

use super::cells;
use super::columns;
use super::complete::{Completion, complete};
use super::keys::{Key, Keys};
use super::line::{Line, is_dark, is_word};
use super::quoting::quoted;
use super::recall::Recall;
use super::redraw::Drawn;
use super::search::Search;
use super::seat::{Seat, Verdict};
use crate::limits;

const BEGIN_PASTING: &[u8] = b"\x1b[?2004h";
const END_PASTING: &[u8] = b"\x1b[?2004l\r";

/// Most possibilities that are listed without asking.
const LISTED_MAX: usize = 100;

/// A line being edited.
#[derive(Debug)]
pub(super) struct Readline {
    prompt: Vec<u8>,
    line: Line,
    keys: Keys,
    drawn: Drawn,
    recall: Recall,
    last: Last,
    /// Control-V: the next key is taken as it is.
    literal: bool,
    /// Inside a paste, where a newline enters no line.
    pasting: bool,
    search: Option<Box<Search>>,
    /// A list that waits for an answer.
    asked: Option<Vec<Vec<u8>>>,
}

/// What the last key did, where the next one minds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Other,
    /// It cut: the next cut adds to it.
    Cut,
    /// It was a tab, and the line stayed as it was.
    Tab,
    /// It put in the last word of the line so far back, so many bytes.
    Recalled(usize, usize),
}

impl Readline {
    /// Shows the prompt and begins a line.
    pub(super) fn begin(prompt: &[u8], seat: &mut Seat<'_>) -> Self {
        if !seat.terminal.dumb {
            seat.out.extend_from_slice(BEGIN_PASTING);
        }
        for byte in prompt {
            if *byte == b'\n' {
                seat.out.push(b'\r');
            }
            seat.out.push(*byte);
        }
        let line = prompt.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let prompt = visible(&prompt[line..]);
        let drawn = Drawn::new(&prompt, seat.terminal, true);
        Self {
            prompt,
            line: Line::new(true),
            keys: Keys::default(),
            drawn,
            recall: Recall::default(),
            last: Last::Other,
            literal: false,
            pasting: false,
            search: None,
            asked: None,
        }
    }

    pub(super) fn take(&mut self) -> Vec<u8> {
        self.line.take()
    }

    /// Takes a byte from the keyboard.
    pub(super) fn byte(&mut self, byte: u8, seat: &mut Seat<'_>) -> Verdict {
        if self.literal {
            self.literal = false;
            self.insert(&[byte], seat);
            return Verdict::More;
        }
        let Some(key) = self.keys.push(byte) else { return Verdict::More };
        if self.asked.is_some() {
            self.answer(key, seat);
            return Verdict::More;
        }
        if self.pasting {
            self.paste(key, seat);
            return Verdict::More;
        }
        if self.search.is_some() && self.search_key(key, seat) {
            return Verdict::More;
        }
        let last = std::mem::replace(&mut self.last, Last::Other);
        self.key(key, last, seat)
    }

    fn paste(&mut self, key: Key, seat: &mut Seat<'_>) {
        match key {
            Key::PasteEnd => self.pasting = false,
            Key::Control(b'\r' | b'\n') => self.insert(b"\n", seat),
            Key::Plain(byte) | Key::Control(byte) => self.insert(&[byte], seat),
            _ => {}
        }
    }

    fn key(&mut self, key: Key, last: Last, seat: &mut Seat<'_>) -> Verdict {
        match key {
            Key::Plain(byte) => self.insert(&[byte], seat),
            Key::Control(b'\r' | b'\n' | 0x0f) => return self.enter(seat),
            Key::Control(0x04) if self.line.is_empty() && last != Last::Cut => {
                self.leave(seat);
                return Verdict::End;
            }
            Key::Control(b'\t') => self.tab(last, seat),
            Key::Control(0x08 | 0x7f) => self.erase(self.line.left(), seat),
            Key::Control(0x04) | Key::Delete => self.erase(self.line.right(), seat),
            Key::Control(0x0c) => {
                let clear: &[u8] = if seat.terminal.dumb { b"\r\n" } else { b"\x1b[H\x1b[2J" };
                seat.out.extend_from_slice(clear);
                self.redraw_below(seat);
            }
            Key::Control(0x16) | Key::Insert => self.literal = true,
            Key::Control(0x12) => self.begin_search(true, seat),
            Key::Control(0x13) => self.begin_search(false, seat),
            Key::PasteBegin => self.pasting = true,
            Key::Control(0x14) => {
                if self.line.transpose() {
                    self.show(seat);
                } else {
                    seat.bell();
                }
            }
            Key::Control(0x0b) => self.cut(self.line.len(), last, seat),
            Key::Control(0x15) => self.cut(0, last, seat),
            Key::Control(0x17) => self.cut(self.line.word_left(is_dark), last, seat),
            Key::Meta(0x08 | 0x7f) => self.cut(self.line.word_left(is_word), last, seat),
            Key::Meta(b'd') => self.cut(self.line.word_right(is_word), last, seat),
            Key::Control(0x19) => {
                let text = seat.cut.clone();
                self.insert(&text, seat);
            }
            Key::Meta(b'.' | b'_') => self.last_word(last, seat),
            Key::Meta(b'#') => {
                self.line.move_to(0);
                self.line.insert(b"#");
                self.show(seat);
                return self.enter(seat);
            }
            Key::Meta(letter @ (b'u' | b'l' | b'c')) => {
                let to = self.line.word_right(is_word);
                self.line.rewrite_to(to, |word| recase(letter, word));
                self.show(seat);
            }
            Key::Control(0x01) => self.motion(Key::Home, seat),
            Key::Control(0x02) => self.motion(Key::Left, seat),
            Key::Control(0x05) => self.motion(Key::End, seat),
            Key::Control(0x06) => self.motion(Key::Right, seat),
            Key::Up | Key::Control(0x10) => self.recall(1, seat),
            Key::Down | Key::Control(0x0e) => self.recall(-1, seat),
            Key::Meta(b'<') => self.recall(isize::MAX, seat),
            Key::Meta(b'>') => self.recall(isize::MIN, seat),
            Key::Unknown | Key::Report | Key::PasteEnd | Key::PageUp | Key::PageDown => {}
            Key::Control(_) => seat.bell(),
            other => self.motion(other, seat),
        }
        Verdict::More
    }

    fn motion(&mut self, key: Key, seat: &mut Seat<'_>) {
        let to = match key {
            Key::Left => self.line.left(),
            Key::Right => self.line.right(),
            Key::Home => 0,
            Key::End => self.line.len(),
            Key::WordLeft | Key::Meta(b'b') => self.line.word_left(is_word),
            Key::WordRight | Key::Meta(b'f') => self.line.word_right(is_word),
            _ => return,
        };
        let stays = matches!(key, Key::Left | Key::Right) && to == self.line.cursor();
        if stays {
            seat.bell();
        } else {
            self.line.move_to(to);
            self.show(seat);
        }
    }

    fn insert(&mut self, bytes: &[u8], seat: &mut Seat<'_>) {
        let simple = self.line.at_end() && self.search.is_none();
        if !self.line.insert(bytes) {
            seat.bell();
        } else if let [byte @ 0x20..0x7f] = bytes
            && simple
        {
            self.drawn.append(&[*byte], seat.terminal, seat.out);
        } else if !is_cut_short(self.line.before()) {
            self.show(seat);
        }
    }

    fn erase(&mut self, to: usize, seat: &mut Seat<'_>) {
        if to == self.line.cursor() {
            seat.bell();
        } else {
            self.line.cut_to(to);
            self.show(seat);
        }
    }

    /// Cuts what is between the cursor and `to`, and keeps it.
    fn cut(&mut self, to: usize, last: Last, seat: &mut Seat<'_>) {
        let backwards = to < self.line.cursor();
        // The keys that cut words ring where there is none; control-K does not.
        if to == self.line.cursor() {
            if to == 0 {
                seat.bell();
            }
            self.last = last;
            return;
        }
        let mut text = self.line.cut_to(to);
        if last == Last::Cut {
            let old = std::mem::take(seat.cut);
            text = if backwards { [text, old].concat() } else { [old, text].concat() };
        }
        text.truncate(limits::TERMINAL_LINE_BYTES);
        *seat.cut = text;
        self.last = Last::Cut;
        self.show(seat);
    }

    fn recall(&mut self, step: isize, seat: &mut Seat<'_>) {
        let back = match step {
            isize::MAX => seat.shell.history_lines(),
            isize::MIN => 0,
            step => match self.recall.back.checked_add_signed(step) {
                Some(back) => back,
                None => return seat.bell(),
            },
        };
        if back == self.recall.back
            || !self.recall.go(back, &mut self.line, |back| seat.shell.history_line(back))
        {
            seat.bell();
        } else {
            self.show(seat);
        }
    }

    /// Meta-dot: the last word of the line before, then of those before it.
    fn last_word(&mut self, last: Last, seat: &mut Seat<'_>) {
        let (back, put) = match last {
            Last::Recalled(back, put) => (back + 1, put),
            _ => (1, 0),
        };
        let Some(line) = seat.history(back) else { return seat.bell() };
        let text = line.trim_ascii_end();
        let start = text.iter().rposition(u8::is_ascii_whitespace).map_or(0, |at| at + 1);
        let cursor = self.line.cursor();
        self.line.cut_to(cursor.saturating_sub(put));
        if !self.line.insert(&text[start..]) {
            seat.bell();
        }
        self.last = Last::Recalled(back, text.len() - start);
        self.show(seat);
    }

    fn enter(&mut self, seat: &mut Seat<'_>) -> Verdict {
        self.leave(seat);
        seat.out.extend_from_slice(b"\r\n");
        if !seat.terminal.dumb {
            seat.out.extend_from_slice(END_PASTING);
        }
        Verdict::Complete
    }

    fn leave(&mut self, seat: &mut Seat<'_>) {
        self.drawn.leave(seat.terminal, seat.out);
    }

    /// What is printed where the input ends, before the shell says farewell.
    pub(super) fn farewell(seat: &mut Seat<'_>) {
        let out: &[u8] = if seat.terminal.dumb { b"\r\n" } else { b"\x1b[?2004l\r\r\n" };
        seat.out.extend_from_slice(out);
    }

    /// Control-C, or another key that interrupts and is shown so.
    pub(super) fn interrupt(&mut self, key: u8, seat: &mut Seat<'_>) {
        self.line.take();
        self.search = None;
        self.asked = None;
        if key < 0x20 {
            seat.out.extend_from_slice(&[b'^', key | 0x40]);
        }
        if seat.terminal.dumb {
            seat.out.extend_from_slice(b"\r\n");
        } else {
            seat.out.extend_from_slice(b"\x1b[?2004l\r\x1b[?2004h\x1b[?2004l\r\r\n");
        }
    }

    /// Brings the screen up to date.
    fn show(&mut self, seat: &mut Seat<'_>) {
        let (mut text, point) = match &self.search {
            Some(search) => (search.prompt(), self.line.cursor()),
            None => (self.prompt.clone(), self.line.cursor()),
        };
        let cursor = text.len() + cells::shown(&self.line.text()[..point], true).len();
        text.extend(cells::shown(self.line.text(), true));
        self.drawn.show(text, cursor, seat.terminal, seat.out);
    }

    /// Draws everything again where the cursor now is, at the beginning of a row.
    fn redraw_below(&mut self, seat: &mut Seat<'_>) {
        seat.out.extend_from_slice(&self.prompt);
        self.drawn = Drawn::new(&self.prompt, seat.terminal, true);
        self.show(seat);
    }

    fn begin_search(&mut self, backwards: bool, seat: &mut Seat<'_>) {
        self.search =
            Some(Box::new(Search::new(backwards, self.recall.back, self.line.text().to_vec())));
        self.show(seat);
    }

    /// A key during a search; false if it ended the search and means something itself.
    fn search_key(&mut self, key: Key, seat: &mut Seat<'_>) -> bool {
        let Some(search) = &mut self.search else { return false };
        let history = |back: usize| seat.shell.history_line(back);
        let rings = match key {
            Key::Plain(byte) => search.add(byte, history),
            Key::Control(0x08 | 0x7f) => search.remove(history),
            Key::Control(0x12) => search.again(true, history),
            Key::Control(0x13) => search.again(false, history),
            Key::Control(0x07) => {
                let original = search.original.clone();
                self.search = None;
                self.line.set(&original);
                seat.bell();
                self.show(seat);
                return true;
            }
            _ => {
                let back = search.back;
                let (found, cursor) = search.found.clone().unwrap_or_default();
                let any = search.found.is_some();
                self.search = None;
                if any {
                    self.recall.go(back, &mut self.line, |back| seat.shell.history_line(back));
                    self.line.set(&found);
                    self.line.move_to(cursor);
                }
                self.show(seat);
                return key == Key::Meta(0x1b);
            }
        };
        if let Some((found, cursor)) = &search.found {
            self.line.set(found);
            self.line.move_to(*cursor);
        }
        if rings {
            seat.bell();
        }
        self.show(seat);
        true
    }

    fn tab(&mut self, last: Last, seat: &mut Seat<'_>) {
        let before = self.line.before().to_vec();
        let completion = seat.shell.with_reader(|process| complete(process, &before));
        let Some(completion) = completion else { return seat.bell() };
        match &completion.matches[..] {
            [] => seat.bell(),
            [only] => {
                let only = only.clone();
                self.complete_with(&only, &completion, seat);
            }
            several => {
                let common = completion.common();
                let part = in_place(&common, several[0].plain, &completion);
                let typed = self.line.cursor() - completion.start.min(self.line.cursor());
                if part.len() > typed || last != Last::Tab {
                    seat.bell();
                }
                if part.len() > typed {
                    self.replace(completion.start, &part, seat);
                } else if last == Last::Tab {
                    self.offer(&completion, seat);
                    self.last = Last::Tab;
                } else {
                    self.last = Last::Tab;
                }
            }
        }
    }

    fn complete_with(
        &mut self,
        only: &super::complete::Match,
        completion: &Completion,
        seat: &mut Seat<'_>,
    ) {
        let mut text = in_place(&only.text, only.plain, completion);
        if only.directory {
            if self.line.after().first() != Some(&b'/') {
                text.push(b'/');
            }
        } else if self.line.at_end() {
            text.extend(completion.quote);
            text.push(b' ');
        }
        let same = self.line.before().get(completion.start..) == Some(&text[..]);
        self.replace(completion.start, &text, seat);
        if same {
            seat.bell();
        }
    }

    fn replace(&mut self, start: usize, text: &[u8], seat: &mut Seat<'_>) {
        self.line.cut_to(start);
        if !self.line.insert(text) {
            seat.bell();
        }
        self.show(seat);
    }

    /// Lists the possibilities, after a question if there are many.
    fn offer(&mut self, completion: &Completion, seat: &mut Seat<'_>) {
        let lines = columns::readline(&completion.matches, seat.terminal.columns);
        self.leave(seat);
        let count = completion.matches.len();
        if count >= LISTED_MAX {
            let question = format!("\r\nDisplay all {count} possibilities? (y or n)");
            seat.out.extend_from_slice(question.as_bytes());
            self.asked = Some(lines);
        } else {
            self.list(&lines, seat);
        }
    }

    fn list(&mut self, lines: &[Vec<u8>], seat: &mut Seat<'_>) {
        seat.out.extend_from_slice(b"\r\n");
        for line in lines {
            seat.out.extend_from_slice(line);
            seat.out.extend_from_slice(b"\r\n");
        }
        self.redraw_below(seat);
    }

    fn answer(&mut self, key: Key, seat: &mut Seat<'_>) {
        let Some(lines) = self.asked.take() else { return };
        match key {
            Key::Plain(b'y' | b'Y' | b' ') => self.list(&lines, seat),
            Key::Plain(b'n' | b'N') | Key::Control(0x7f | 0x07) => {
                seat.out.extend_from_slice(b"\r\n");
                self.redraw_below(seat);
            }
            _ => {
                seat.bell();
                self.asked = Some(lines);
            }
        }
    }
}

/// A possibility as it is put into the line.
fn in_place(text: &[u8], plain: bool, completion: &Completion) -> Vec<u8> {
    if plain { text.to_vec() } else { quoted(text, completion.quote, true) }
}

/// A prompt without what the terminal does not show.
fn visible(prompt: &[u8]) -> Vec<u8> {
    let mut keys = Keys::default();
    let mut out = Vec::with_capacity(prompt.len());
    for byte in prompt {
        if matches!(keys.push(*byte), Some(Key::Plain(_))) {
            out.push(*byte);
        }
    }
    out
}

/// Whether the text ends inside a character that is still to come.
fn is_cut_short(text: &[u8]) -> bool {
    let tail = &text[text.len().saturating_sub(3)..];
    (1..=tail.len()).any(|count| {
        let wanted = match tail[tail.len() - count] {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 0,
        };
        count < wanted && tail[tail.len() - count + 1..].iter().all(|b| super::line::is_inner(*b))
    })
}

/// Meta-u, meta-l, meta-c on the letters up to a word's end.
fn recase(letter: u8, word: &mut [u8]) {
    match letter {
        b'u' => word.make_ascii_uppercase(),
        b'l' => word.make_ascii_lowercase(),
        _ => {
            word.make_ascii_lowercase();
            if let Some(first) = word.iter_mut().find(|b| b.is_ascii_alphanumeric()) {
                first.make_ascii_uppercase();
            }
        }
    }
}
