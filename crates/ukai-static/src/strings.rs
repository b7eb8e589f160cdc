//! The strings that are worth a reader's time.

use crate::limits::Limits;
use ukai_model::PeerText;

/// Characters of the shortest string that is kept.
const CHARACTERS_MIN: usize = 6;

/// Strings kept so far.
pub(crate) struct Kept {
    pub(crate) list: Vec<PeerText>,
    /// Whether one found no room.
    pub(crate) overflown: bool,
    strings_max: usize,
    bytes_max: usize,
}

impl Kept {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            list: Vec::new(),
            overflown: false,
            strings_max: limits.strings,
            bytes_max: limits.string_bytes,
        }
    }

    /// Keeps `text` if it is worth reading and there is room.
    pub(crate) fn offer(&mut self, text: &[u8]) {
        let text = text.trim_ascii();
        if !is_worth_reading(&text[..text.len().min(self.bytes_max)]) {
            return;
        }
        if self.list.len() >= self.strings_max {
            self.overflown = true;
            return;
        }
        self.list.push(PeerText::truncated(text, self.bytes_max));
    }
}

/// Machine code gives short runs of mixed marks; texts are mostly letters and digits, with
/// at least one group of three.
fn is_worth_reading(text: &[u8]) -> bool {
    let plain = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b' ' | b'.' | b'/' | b'-' | b'_' | b':' | b'%' | b'=')
    };
    let plain_count = text.iter().filter(|byte| plain(byte)).count();
    text.len() >= CHARACTERS_MIN
        && plain_count * 10 >= text.len() * 7
        && text.windows(3).any(|three| three.iter().all(u8::is_ascii_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::is_worth_reading;

    #[test]
    fn texts_are_kept_and_noise_is_not() {
        for text in ["/bin/busybox", "GET / HTTP/1.1", "192.0.2.1", "%d.%d.%d.%d:%s port"] {
            assert!(is_worth_reading(text.as_bytes()), "{text}");
        }
        for noise in ["D$ .$^", "[]A\\A]A^A_", "short", "======", "t$H\\$@(,"] {
            assert!(!is_worth_reading(noise.as_bytes()), "{noise}");
        }
    }
}
