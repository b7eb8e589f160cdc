//! Files that a client has written, for as long as it is connected.

use super::names::status::{DISK_FULL, FILE_CLOSED};
use crate::limits::{DETAIL_BYTES, SMB_FILE_BYTES, SMB_FILES, SMB_GAP_BYTES};
use crate::told::Told;
use bytes::Bytes;
use std::collections::BTreeMap;
use ukai_emulators::{Capture, Context, Effect};
use ukai_model::{CaptureHow, EventKind, FileOperation, PeerText};

/// What is there and what is open.
#[derive(Default)]
pub(super) struct Files {
    closed: BTreeMap<String, Bytes>,
    open: BTreeMap<u64, Open>,
    next: u64,
    /// Length of all of them.
    bytes: usize,
    /// Length of all gaps that were left.
    gaps: usize,
}

struct Open {
    path: String,
    content: Vec<u8>,
    written: bool,
    /// Whether it has been listed, as a folder.
    listed: bool,
}

impl Files {
    /// Whether there is a file of this path.
    pub(super) fn exists(&self, path: &str) -> bool {
        self.closed.contains_key(path) || self.open.values().any(|open| open.path == path)
    }

    /// Opens a file, emptied or as it is; its number, unless too many are open.
    pub(super) fn open(&mut self, path: String, empty: bool) -> Option<u64> {
        if self.open.len() >= SMB_FILES || self.closed.len() >= SMB_FILES {
            return None;
        }
        let kept = if empty { None } else { self.closed.get(&path) };
        let content = kept.map_or_else(Vec::new, |bytes| bytes.to_vec());
        if self.bytes + content.len() > SMB_FILE_BYTES {
            return None;
        }
        self.bytes += content.len();
        self.next += 1;
        self.open.insert(self.next, Open { path, content, written: false, listed: false });
        Some(self.next)
    }

    /// Length of an open file.
    pub(super) fn length(&self, number: u64) -> Option<u64> {
        self.open.get(&number).map(|open| open.content.len() as u64)
    }

    /// Bytes of an open file.
    pub(super) fn read(&self, number: u64, offset: u64, length: usize) -> Result<&[u8], u32> {
        let open = self.open.get(&number).ok_or(FILE_CLOSED)?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(open.content.len());
        let end = start.saturating_add(length).min(open.content.len());
        Ok(&open.content[start..end])
    }

    /// Names and lengths of what is in an open folder and fits a pattern, once: none the
    /// second time, unless it begins anew.
    pub(super) fn list(
        &mut self,
        number: u64,
        pattern: &str,
        anew: bool,
    ) -> Result<Vec<(String, u64)>, u32> {
        let open = self.open.get_mut(&number).ok_or(FILE_CLOSED)?;
        if open.listed && !anew {
            return Ok(Vec::new());
        }
        open.listed = true;
        let folder = format!("{}\\", open.path.trim_end_matches('\\'));
        let inside = self.closed.iter().filter_map(|(path, content)| {
            let name = path.strip_prefix(&folder).filter(|name| !name.contains('\\'))?;
            Some((name.to_owned(), content.len() as u64))
        });
        let dots = [(".".to_owned(), 0), ("..".to_owned(), 0)];
        Ok(dots.into_iter().chain(inside).filter(|(name, _)| fits(pattern, name)).collect())
    }

    /// Writes bytes to an open file; a gap before them is zeros.
    pub(super) fn write(&mut self, number: u64, offset: u64, bytes: &[u8]) -> Result<(), u32> {
        let open = self.open.get_mut(&number).ok_or(FILE_CLOSED)?;
        let start = usize::try_from(offset).map_err(|_| DISK_FULL)?;
        let end = start.checked_add(bytes.len()).ok_or(DISK_FULL)?;
        let more = end.saturating_sub(open.content.len());
        let gap = start.saturating_sub(open.content.len());
        let large = end > SMB_FILE_BYTES || self.bytes + more > SMB_FILE_BYTES;
        if large || gap > SMB_GAP_BYTES.saturating_sub(self.gaps) {
            return Err(DISK_FULL);
        }
        self.bytes += more;
        self.gaps += gap;
        if more > 0 {
            open.content.resize(end, 0);
        }
        open.content[start..end].copy_from_slice(bytes);
        open.written = true;
        Ok(())
    }

    /// Closes a file; one that was written is a sample. Whether it was open.
    pub(super) fn close(&mut self, cx: &mut Context<'_>, told: &mut Told, number: u64) -> bool {
        let Some(open) = self.open.remove(&number) else { return false };
        if open.written {
            let bytes = Bytes::from(open.content);
            told.record(
                cx,
                EventKind::FileTransfer {
                    protocol: "smb".to_owned(),
                    operation: FileOperation::Upload,
                    path: PeerText::truncated(open.path.as_bytes(), DETAIL_BYTES),
                    size: bytes.len() as u64,
                    success: true,
                    served: None,
                },
            );
            let name = open.path.rsplit('\\').next().unwrap_or_default();
            cx.effects.push(Effect::Capture(Capture {
                bytes: bytes.clone(),
                how: CaptureHow::Uploaded,
                name: Some(PeerText::truncated(name.as_bytes(), DETAIL_BYTES)),
                url: None,
            }));
            if let Some(old) = self.closed.insert(open.path, bytes) {
                self.bytes -= old.len();
            }
        } else {
            self.bytes -= open.content.len();
        }
        true
    }

    /// Closes all that is open, as when the connection ends.
    pub(super) fn close_all(&mut self, cx: &mut Context<'_>, told: &mut Told) {
        let numbers: Vec<u64> = self.open.keys().copied().collect();
        for number in numbers {
            self.close(cx, told, number);
        }
    }
}

/// Whether a name fits a pattern with `*` and `?`, in any case.
fn fits(pattern: &str, name: &str) -> bool {
    let lower =
        |text: &str| text.chars().take(260).flat_map(char::to_lowercase).collect::<Vec<_>>();
    let (pattern, name) = (lower(pattern), lower(name));
    let (mut at, mut seen, mut star) = (0, 0, None);
    while seen < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || *wanted == name[seen] => {
                at += 1;
                seen += 1;
            }
            // What stands behind the last star begins one later.
            _ => {
                let Some((back, from)) = star else { return false };
                star = Some((back, from + 1));
                at = back + 1;
                seen = from + 1;
            }
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_are_those_of_dir() {
        for (pattern, name, meant) in [
            ("*", "a.exe", true),
            ("*.EXE", "a.exe", true),
            ("a?c*", "abcd", true),
            ("*b*d", "abcbd", true),
            ("*b", "abc", false),
            ("abc", "ab", false),
        ] {
            assert_eq!(fits(pattern, name), meant, "{pattern} {name}");
        }
    }
}
