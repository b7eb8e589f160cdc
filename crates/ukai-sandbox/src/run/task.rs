//! What the child that compares disks is told, and how: it asks, and its parent answers.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io;

/// What the child is to do. It is longer than one answer may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskTask {
    /// How many bytes the disk has, before and after.
    pub sizes: [u64; 2],
    /// When the sample was started, in nanoseconds since 1970 by the guest's clock.
    pub began_ns: i64,
    /// Files and folders that change when nothing runs.
    pub quiet: BTreeSet<Vec<u8>>,
    /// Where the sample was put.
    pub own: Option<Vec<u8>>,
}

/// A question of the child's: its task, as JSON, from an offset of 64 bits on, little end first.
/// An empty answer is behind its end.
pub const ASK_TASK: u8 = 0;
/// A question of the child's: bytes of a disk. Which (0: before, 1: after), an offset of 64 bits
/// and a length of 32 follow, little end first.
pub const ASK_BYTES: u8 = 1;
/// What it tells: a notice follows, as a frame.
pub const TELL_NOTICE: u8 = 0;
/// What it tells: a note for a reader follows.
pub const TELL_NOTE: u8 = 1;

/// A piece of a task, in bytes.
const PIECE_BYTES: usize = 1 << 20;

/// The longest task, in bytes: each byte of a path takes up to four.
const TASK_BYTES_MAX: usize = 64 << 20;

impl DiskTask {
    /// Asks for it.
    ///
    /// # Errors
    /// The answers are none, too long, or no task.
    pub fn ask(mut ask: impl FnMut(&[u8]) -> io::Result<Vec<u8>>) -> io::Result<Self> {
        let mut task = Vec::new();
        loop {
            let mut question = vec![ASK_TASK];
            question.extend((task.len() as u64).to_le_bytes());
            let piece = ask(&question)?;
            if piece.is_empty() {
                return Ok(serde_json::from_slice(&task)?);
            }
            if task.len() + piece.len() > TASK_BYTES_MAX {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            task.extend(piece);
        }
    }
}

/// The answer to [`ASK_TASK`], from what stands behind it.
pub(super) fn piece(task: &[u8], question: &[u8]) -> Option<Vec<u8>> {
    let offset = u64::from_le_bytes(question.try_into().ok()?);
    let rest = task.get(usize::try_from(offset).ok()?..)?;
    Some(rest[..rest.len().min(PIECE_BYTES)].to_vec())
}

#[cfg(test)]
mod tests {
    use super::{ASK_TASK, DiskTask, PIECE_BYTES, piece};
    use crate::limits::QUIET_BYTES_MAX;
    use std::io;
    use ukai_jail::ANSWER_BYTES_MAX;

    /// As many paths as may be quiet, of bytes that take the most room.
    #[test]
    fn a_task_that_is_longer_than_an_answer_arrives() {
        const LENGTH: usize = 4_000;
        let path = |number: usize| {
            let mut path = vec![0xff; LENGTH];
            path[..8].copy_from_slice(&number.to_be_bytes());
            path
        };
        let quiet = (0..QUIET_BYTES_MAX / LENGTH).map(path).collect();
        let own = Some(b"C:\\a.exe".to_vec());
        let task = DiskTask { sizes: [1, 2], began_ns: -3, quiet, own };
        let bytes = serde_json::to_vec(&task).expect("JSON");
        assert!(bytes.len() > 4 * ANSWER_BYTES_MAX, "{}", bytes.len());
        let mut asked = 0;
        let answer = |question: &[u8]| {
            asked += 1;
            let (kind, rest) = question.split_first().expect("a question");
            assert_eq!(*kind, ASK_TASK);
            let piece = piece(&bytes, rest).ok_or(io::ErrorKind::InvalidInput)?;
            assert!(piece.len() <= ANSWER_BYTES_MAX);
            Ok(piece)
        };
        assert!(DiskTask::ask(answer).expect("a task") == task);
        assert_eq!(asked, bytes.len().div_ceil(PIECE_BYTES) + 1);
    }

    #[test]
    fn a_question_is_answered_within_the_task_only() {
        let task = b"task";
        let ask = |offset: u64| piece(task, &offset.to_le_bytes());
        assert_eq!(ask(1).as_deref(), Some(&b"ask"[..]));
        assert_eq!(ask(4).as_deref(), Some(&b""[..]));
        assert_eq!((ask(5), ask(u64::MAX), piece(task, b"1")), (None, None, None));
        // A parent that never comes to an end.
        assert!(DiskTask::ask(|_| Ok(vec![b' '; PIECE_BYTES])).is_err());
    }
}
