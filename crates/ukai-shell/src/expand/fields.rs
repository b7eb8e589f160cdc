//! Fields that grow from pieces, and are split where pieces are not quoted.

use crate::limits;

/// One field.
#[derive(Debug, Default)]
pub(super) struct Field {
    pub(super) text: Vec<u8>,
    /// The text with quoted pattern characters escaped by a backslash.
    pub(super) pattern: Vec<u8>,
    /// Whether an unquoted pattern character is in it.
    pub(super) active: bool,
}

/// The bytes of `IFS`, a bit for each: it may be long.
#[derive(Clone, Copy)]
pub(crate) struct Separators([u64; 4]);

impl Separators {
    pub(crate) fn new(ifs: &[u8]) -> Self {
        let mut bits = [0; 4];
        for byte in ifs {
            bits[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
        Self(bits)
    }

    pub(crate) const fn contains(self, byte: u8) -> bool {
        self.0[(byte >> 6) as usize] >> (byte & 63) & 1 != 0
    }
}

/// Collects fields.
pub(super) struct Builder {
    done: Vec<Field>,
    current: Field,
    /// Whether there is a current field even if it is empty.
    is_present: bool,
    /// Separators; `None` if nothing is split.
    ifs: Option<Separators>,
    bytes: usize,
    /// Bytes of the next literal that were used up already.
    pub(super) skip: usize,
}

impl Builder {
    /// Splits unquoted values at `ifs` (by default blanks and newlines).
    pub(super) fn splitting(ifs: Option<&[u8]>) -> Self {
        let ifs = ifs.unwrap_or(b" \t\n");
        Self { ifs: Some(Separators::new(ifs)), ..Self::joining() }
    }

    /// Makes one field of everything.
    pub(super) fn joining() -> Self {
        Self {
            done: Vec::new(),
            current: Field::default(),
            is_present: false,
            ifs: None,
            bytes: 0,
            skip: 0,
        }
    }

    pub(super) const fn is_joining(&self) -> bool {
        self.ifs.is_none()
    }

    /// Bytes of all pieces.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether the pieces grew over the limits; what was over is left out.
    pub(super) fn overflown(&self) -> bool {
        self.bytes > limits::WORD_BYTES || self.done.len() > limits::WORDS
    }

    fn room(&mut self, text: &[u8]) -> bool {
        self.bytes += text.len();
        !self.overflown()
    }

    /// There is a field, also if nothing comes.
    pub(super) fn present(&mut self) {
        self.is_present = true;
    }

    /// Quoted text.
    pub(super) fn quoted(&mut self, text: &[u8]) {
        self.is_present = true;
        if !self.room(text) {
            return;
        }
        self.current.text.extend_from_slice(text);
        for byte in text {
            if is_special(*byte) {
                self.current.pattern.push(b'\\');
            }
            self.current.pattern.push(*byte);
        }
    }

    /// Unquoted text of the program.
    pub(super) fn literal(&mut self, text: &[u8]) {
        if text.is_empty() || !self.room(text) {
            return;
        }
        self.is_present = true;
        self.append_active(text);
    }

    fn append_active(&mut self, text: &[u8]) {
        self.current.text.extend_from_slice(text);
        for byte in text {
            match byte {
                b'*' | b'?' | b'[' => self.current.active = true,
                b'\\' => self.current.pattern.push(b'\\'),
                _ => {}
            }
            self.current.pattern.push(*byte);
        }
    }

    /// The value of an expansion.
    pub(super) fn value(&mut self, text: &[u8], quoted: bool) {
        if quoted {
            return self.quoted(text);
        }
        if !self.room(text) {
            return;
        }
        let Some(ifs) = self.ifs else {
            self.append_active(text);
            self.is_present = true;
            return;
        };
        let is_blank = |b: u8| matches!(b, b' ' | b'\t' | b'\n') && ifs.contains(b);
        let mut at = 0;
        while at < text.len() {
            let end =
                text[at..].iter().position(|b| ifs.contains(*b)).map_or(text.len(), |n| at + n);
            if end > at {
                self.append_active(&text[at..end]);
                self.is_present = true;
            }
            if end == text.len() {
                return;
            }
            // Blanks around one other separator count as one separator.
            let mut next = end;
            while next < text.len() && is_blank(text[next]) {
                next += 1;
            }
            let hard = next < text.len() && ifs.contains(text[next]);
            if hard {
                next += 1;
                while next < text.len() && is_blank(text[next]) {
                    next += 1;
                }
                self.is_present = true;
            }
            self.end_field();
            if self.overflown() {
                return;
            }
            at = next;
        }
    }

    /// Ends the current field, if there is one.
    pub(super) fn end_field(&mut self) {
        if self.is_present {
            self.done.push(std::mem::take(&mut self.current));
            self.is_present = false;
        }
    }

    pub(super) fn finish(mut self) -> Vec<Field> {
        self.end_field();
        self.done
    }
}

const fn is_special(byte: u8) -> bool {
    matches!(
        byte,
        b'*' | b'?'
            | b'['
            | b']'
            | b'\\'
            | b'-'
            | b'!'
            | b'^'
            | b'.'
            | b'+'
            | b'('
            | b')'
            | b'|'
            | b'{'
            | b'}'
            | b'$'
    )
}
