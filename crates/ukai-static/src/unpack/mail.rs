//! Parts of mail messages (RFC 2045), mail folders, and TNEF (MS-OXTNEF).

use super::{Unpacking, slice, u32_le};
use mail_parser::{MessageParser, MimeHeaders, PartType};
use memchr::memmem;

/// Parts of a message that are looked at.
const PARTS_MAX: usize = 500;
/// Messages of a folder that are looked at.
const MESSAGES_MAX: usize = 500;

pub(super) fn message(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let Some(message) = MessageParser::default().parse(bytes) else {
        return unpacking.note("mail: not a message after all".to_owned());
    };
    if let Some(subject) = message.subject() {
        unpacking.add("mail subject", None, subject.as_bytes().to_vec());
    }
    for part in message.parts.iter().take(PARTS_MAX) {
        if unpacking.is_full() {
            return unpacking.note("mail: not all parts were looked at".to_owned());
        }
        let content: &[u8] = match &part.body {
            PartType::Text(text) | PartType::Html(text) => text.as_bytes(),
            PartType::Binary(content) | PartType::InlineBinary(content) => content,
            PartType::Message(inner) => inner.raw_message(),
            PartType::Multipart(_) => continue,
        };
        let content = unpacking.read("mail", &mut &*content, content.len());
        let name = part.attachment_name().map(str::as_bytes);
        unpacking.add("mail part", name, content);
    }
}

/// A folder in mbox format (RFC 4155).
pub(super) fn folder(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let starts: Vec<usize> = std::iter::once(0)
        .chain(memmem::find_iter(bytes, b"\nFrom ").map(|at| at + 1))
        .take(MESSAGES_MAX)
        .collect();
    for (index, start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(bytes.len());
        let message = &bytes[*start..end];
        // Without the line that separates it, which is no header field.
        let message = memchr::memchr(b'\n', message).map_or(message, |at| &message[at + 1..]);
        let message = unpacking.read("mbox", &mut &*message, message.len());
        if !unpacking.add("mbox", None, message) {
            return;
        }
    }
}

/// Attachments of Outlook's own format: attributes with level, identifier, length, content
/// and a check sum.
pub(super) fn tnef(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    const TITLE: u32 = 0x0001_8010;
    const DATA: u32 = 0x0006_800f;
    let mut at = 6;
    let mut title: Option<&[u8]> = None;
    let mut data: Option<&[u8]> = None;
    loop {
        let id = u32_le(bytes, at + 1);
        let content = u32_le(bytes, at + 5).and_then(|it| slice(bytes, at + 9, it as usize));
        // attAttachRendData begins the next attachment.
        let ends = matches!(id, Some(0x0006_9002) | None) || content.is_none();
        if ends && let Some(content) = data.take() {
            let content = unpacking.read("tnef", &mut &*content, content.len());
            unpacking.add("tnef", title.take(), content);
        }
        let (Some(id), Some(content)) = (id, content) else { return };
        match id {
            TITLE => title = Some(content.strip_suffix(b"\0").unwrap_or(content)),
            DATA => data = Some(content),
            _ => {}
        }
        at += 9 + content.len() + 2;
    }
}
