//! Incremental search in the history, as readline's `isearch.c`.

use crate::limits;
use bytes::Bytes;

/// A search going on.
#[derive(Debug)]
pub(super) struct Search {
    backwards: bool,
    failed: bool,
    text: Vec<u8>,
    /// How far back the line stands that was found last.
    pub(super) back: usize,
    /// The line found, and where in it.
    pub(super) found: Option<(Vec<u8>, usize)>,
    /// The line as it was before.
    pub(super) original: Vec<u8>,
}

impl Search {
    pub(super) fn new(backwards: bool, back: usize, original: Vec<u8>) -> Self {
        Self { backwards, failed: false, text: Vec::new(), back, found: None, original }
    }

    /// What stands in the prompt's place.
    pub(super) fn prompt(&self) -> Vec<u8> {
        let failed = if self.failed { "failed " } else { "" };
        let direction = if self.backwards { "reverse-" } else { "" };
        let mut prompt = format!("({failed}{direction}i-search)`").into_bytes();
        prompt.extend(super::cells::shown(&self.text, true));
        prompt.extend_from_slice(b"': ");
        prompt
    }

    /// A character more; whether that rings.
    pub(super) fn add(&mut self, byte: u8, history: impl Fn(usize) -> Option<Bytes>) -> bool {
        if self.text.len() >= limits::SEARCHED_BYTES {
            return true;
        }
        self.text.push(byte);
        let from = self.back;
        self.look(from, None, history)
    }

    /// A character less.
    pub(super) fn remove(&mut self, history: impl Fn(usize) -> Option<Bytes>) -> bool {
        if self.text.pop().is_none() {
            return true;
        }
        let from = self.back;
        !self.text.is_empty() && self.look(from, None, history)
    }

    /// The next line that has the text.
    pub(super) fn again(
        &mut self,
        backwards: bool,
        history: impl Fn(usize) -> Option<Bytes>,
    ) -> bool {
        self.backwards = backwards;
        if self.text.is_empty() {
            return true;
        }
        let from = if backwards { self.back + 1 } else { self.back.saturating_sub(1) };
        let skipped = self.found.as_ref().map(|(line, _)| line.clone());
        self.look(from, skipped.as_deref(), history)
    }

    /// Looks from a line on; one that is the same as `skipped` is passed over.
    fn look(
        &mut self,
        from: usize,
        skipped: Option<&[u8]>,
        history: impl Fn(usize) -> Option<Bytes>,
    ) -> bool {
        let mut back = from;
        loop {
            let line =
                if back == 0 { Some(Bytes::from(self.original.clone())) } else { history(back) };
            let Some(line) = line else { break };
            let at = last_place(&line, &self.text);
            if let Some(at) = at
                && skipped != Some(&line[..])
            {
                self.back = back;
                self.found = Some((line.to_vec(), at));
                self.failed = false;
                return false;
            }
            if self.backwards {
                back += 1;
            } else if back == 0 {
                break;
            } else {
                back -= 1;
            }
        }
        self.failed = true;
        true
    }
}

/// Where `text` stands last in `line`.
fn last_place(line: &[u8], text: &[u8]) -> Option<usize> {
    line.windows(text.len()).rposition(|part| part == text)
}
