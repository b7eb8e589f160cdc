//! Collecting a mail: envelope and bytes, bounded; kept whole, delivered never.

use crate::limits::{MAIL_ADDRESS_BYTES, MAIL_RECIPIENTS_RECORDED};
use crate::shape::Capture;
use crate::{Context, Effect};
use bytes::Bytes;
use ukai_model::{CaptureHow, EventKind, PeerText};

/// A mail that is being handed in.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    from: Vec<u8>,
    to: Vec<Vec<u8>>,
    /// Recipients altogether.
    pub(crate) recipients: u64,
    bytes: Vec<u8>,
    size: u64,
}

impl Mail {
    /// A mail from this sender.
    pub(crate) fn new(from: &[u8]) -> Self {
        Self { from: cut(from), ..Self::default() }
    }

    /// Adds a recipient; of many, the first are named.
    pub(crate) fn add_recipient(&mut self, to: &[u8]) {
        self.recipients += 1;
        if self.to.len() < MAIL_RECIPIENTS_RECORDED {
            self.to.push(cut(to));
        }
    }

    /// Adds to the message; what is more than `max` bytes is only counted.
    pub(crate) fn add(&mut self, bytes: &[u8], max: u64) {
        self.size = self.size.saturating_add(bytes.len() as u64);
        let room = usize::try_from(max).unwrap_or(usize::MAX).saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Length of the message so far, in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Records the mail and, with `keep`, keeps it whole.
    pub(crate) fn finish(self, cx: &mut Context<'_>, keep: bool) {
        let subject = subject(&self.bytes);
        if keep && !self.bytes.is_empty() {
            cx.effects.push(Effect::Capture(Capture {
                bytes: Bytes::from(self.bytes),
                how: CaptureHow::Mail,
                name: (!subject.is_empty()).then(|| subject.clone()),
                url: None,
            }));
        }
        cx.record(EventKind::MailReceived {
            from: PeerText::from(&self.from[..]),
            to: self.to.iter().map(|to| PeerText::from(&to[..])).collect(),
            recipients: self.recipients,
            subject,
            size: self.size,
        });
    }
}

fn cut(address: &[u8]) -> Vec<u8> {
    address[..address.len().min(MAIL_ADDRESS_BYTES)].to_vec()
}

/// The subject as it stands in the header, unfolded.
fn subject(message: &[u8]) -> PeerText {
    const SUBJECT_BYTES: usize = 1_024;
    const HEADER_LINES: usize = 200;
    let mut found: Option<Vec<u8>> = None;
    for line in message.split(|byte| *byte == b'\n').take(HEADER_LINES) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match &mut found {
            Some(subject) if matches!(line.first(), Some(b' ' | b'\t')) => {
                subject.extend_from_slice(line);
                if subject.len() > SUBJECT_BYTES {
                    break;
                }
            }
            Some(_) => break,
            None if line.is_empty() => break,
            None => {
                if let Some((name, value)) = line.split_at_checked(8)
                    && name.eq_ignore_ascii_case(b"subject:")
                {
                    found = Some(value.trim_ascii().to_vec());
                }
            }
        }
    }
    PeerText::truncated(&found.unwrap_or_default(), SUBJECT_BYTES)
}

#[cfg(test)]
mod tests {
    use super::subject;

    #[test]
    fn subjects_are_found_and_unfolded() {
        let mail = b"From: a\r\nSUBJECT: one\r\n two\r\nTo: b\r\n\r\nSubject: no\r\n";
        assert_eq!(subject(mail).as_bytes(), b"one two");
        assert_eq!(subject(b"\r\nSubject: body").as_bytes(), b"");
    }
}
