//! Going through the history while a line is edited: changed lines stay changed until the
//! line is entered.

use super::line::Line;
use crate::limits;
use bytes::Bytes;
use std::collections::BTreeMap;

/// Where in the history the line comes from, and lines of it that were changed.
#[derive(Debug, Default)]
pub(super) struct Recall {
    /// 0 is the new line, 1 the newest of the history.
    pub(super) back: usize,
    changed: BTreeMap<usize, Vec<u8>>,
}

impl Recall {
    /// Shows the line so far back; false if there is none.
    pub(super) fn go(
        &mut self,
        back: usize,
        line: &mut Line,
        history: impl Fn(usize) -> Option<Bytes>,
    ) -> bool {
        let old = if back == 0 { Some(Bytes::new()) } else { history(back) };
        let Some(old) = old else { return false };
        let kept = if self.back == 0 { Some(Bytes::new()) } else { history(self.back) };
        let unchanged = kept.is_some_and(|kept| kept == line.text());
        if unchanged {
            self.changed.remove(&self.back);
        } else if self.changed.len() < limits::CHANGED_LINES {
            self.changed.insert(self.back, line.text().to_vec());
        }
        self.back = back;
        match self.changed.get(&back) {
            Some(text) => line.set(text),
            None => line.set(&old),
        }
        true
    }
}
