//! A line that is edited: its text, the cursor in it, and words.

use crate::limits;

/// A line and the cursor in it.
#[derive(Debug, Default)]
pub(super) struct Line {
    text: Vec<u8>,
    cursor: usize,
    /// Characters may have several bytes.
    utf8: bool,
}

impl Line {
    pub(super) fn new(utf8: bool) -> Self {
        Self { utf8, ..Self::default() }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn before(&self) -> &[u8] {
        &self.text[..self.cursor]
    }

    pub(super) fn after(&self) -> &[u8] {
        &self.text[self.cursor..]
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(super) fn at_end(&self) -> bool {
        self.cursor == self.text.len()
    }

    pub(super) fn take(&mut self) -> Vec<u8> {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    /// Another text, with the cursor behind it.
    pub(super) fn set(&mut self, text: &[u8]) {
        self.text.clear();
        self.text.extend_from_slice(&text[..text.len().min(limits::TERMINAL_LINE_BYTES)]);
        self.cursor = self.text.len();
    }

    pub(super) fn move_to(&mut self, cursor: usize) {
        self.cursor = cursor.min(self.text.len());
    }

    /// Whether `more` bytes can be put in: long lines only grow at their end, so that a
    /// key never moves much.
    pub(super) fn has_room(&self, more: usize) -> bool {
        let limit =
            if self.at_end() { limits::TERMINAL_LINE_BYTES } else { limits::EDITED_LINE_BYTES };
        self.text.len() + more <= limit
    }

    /// Puts bytes in at the cursor; false if they do not fit.
    pub(super) fn insert(&mut self, bytes: &[u8]) -> bool {
        if !self.has_room(bytes.len()) {
            return false;
        }
        if self.at_end() {
            self.text.extend_from_slice(bytes);
        } else {
            self.text.splice(self.cursor..self.cursor, bytes.iter().copied());
        }
        self.cursor += bytes.len();
        true
    }

    /// Takes out what stands between the cursor and `to`.
    pub(super) fn cut_to(&mut self, to: usize) -> Vec<u8> {
        let to = to.min(self.text.len());
        let (start, end) = (self.cursor.min(to), self.cursor.max(to));
        self.cursor = start;
        self.text.drain(start..end).collect()
    }

    /// Where the character before the cursor begins.
    pub(super) fn left(&self) -> usize {
        let mut at = self.cursor.saturating_sub(1);
        while self.utf8 && at > 0 && self.cursor - at < 4 && is_inner(self.text[at]) {
            at -= 1;
        }
        at
    }

    /// Where the character at the cursor ends.
    pub(super) fn right(&self) -> usize {
        let mut at = (self.cursor + 1).min(self.text.len());
        while self.utf8 && at - self.cursor < 4 && self.text.get(at).is_some_and(|b| is_inner(*b)) {
            at += 1;
        }
        at
    }

    /// Where the word before the cursor begins; a word is what `part` accepts.
    pub(super) fn word_left(&self, part: impl Fn(u8) -> bool) -> usize {
        let mut at = self.cursor;
        while at > 0 && !part(self.text[at - 1]) {
            at -= 1;
        }
        while at > 0 && part(self.text[at - 1]) {
            at -= 1;
        }
        at
    }

    /// Where the word after the cursor ends.
    pub(super) fn word_right(&self, part: impl Fn(u8) -> bool) -> usize {
        let mut at = self.cursor;
        while at < self.text.len() && !part(self.text[at]) {
            at += 1;
        }
        while at < self.text.len() && part(self.text[at]) {
            at += 1;
        }
        at
    }

    /// Rewrites the bytes from the cursor to `to`, and goes there.
    pub(super) fn rewrite_to(&mut self, to: usize, act: impl FnOnce(&mut [u8])) {
        let to = to.clamp(self.cursor, self.text.len());
        act(&mut self.text[self.cursor..to]);
        self.cursor = to;
    }

    /// Exchanges the characters around the cursor, as control-T; false at the start.
    pub(super) fn transpose(&mut self) -> bool {
        if self.cursor == 0 || self.text.len() < 2 {
            return false;
        }
        if self.at_end() {
            self.cursor = self.left();
        }
        let (start, end) = (self.left(), self.right());
        let middle = self.cursor;
        self.text[start..end].rotate_left(middle - start);
        self.cursor = end;
        true
    }
}

/// Whether a byte continues a character of UTF-8.
pub(super) fn is_inner(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// A letter of a word for `forward-word` and its kin.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// A letter of a word for control-W.
pub(super) fn is_dark(byte: u8) -> bool {
    !byte.is_ascii_whitespace()
}
