//! SMB 1 ([MS-CIFS] 2.2.4, [MS-SMB] 2.2.4): enough to log in, to connect to a share, and to
//! be asked whether MS17-010 is missing, which it says.

use super::names::status::{INSUFF_SERVER_RESOURCES, MORE_PROCESSING, NOT_IMPLEMENTED, SUCCESS};
use super::session::Shared;
use crate::ntlm::{self, Proof, Token, filetime, to_utf16, utf16};
use crate::wire::Reader;
use ukai_emulators::Context;

const HEADER_BYTES: usize = 32;
const EXTENDED_SECURITY: u16 = 0x0800;
const UNICODE: u16 = 0x8000;
/// The user's number that every log-in gets, and the tree's.
const UID: u16 = 0x0800;
const TID: u16 = 0x0800;

#[derive(Default)]
pub(super) struct One {
    user: u16,
}

/// A request's header and what follows it.
struct Request<'a> {
    header: &'a [u8],
    command: u8,
    flags: u16,
    words: &'a [u8],
    bytes: &'a [u8],
}

impl<'a> Request<'a> {
    fn read(message: &'a [u8]) -> Option<Self> {
        let (header, rest) = message.split_at_checked(HEADER_BYTES)?;
        let mut reader = Reader(rest);
        let count = reader.u8()?;
        let words = reader.take(usize::from(count) * 2)?;
        let length = reader.u16_le()?;
        let bytes = reader.take(usize::from(length).min(reader.0.len()))?;
        let flags = u16::from_le_bytes([header[10], header[11]]);
        Some(Self { header, command: header[4], flags, words, bytes })
    }

    fn word(&self, at: usize) -> usize {
        match self.words.get(at * 2..at * 2 + 2) {
            Some([low, high]) => usize::from(u16::from_le_bytes([*low, *high])),
            _ => 0,
        }
    }
}

impl One {
    /// Takes a message. A dialect of SMB 2 that it asks for is given back: what follows is
    /// in that.
    pub(super) fn message(
        &mut self,
        cx: &mut Context<'_>,
        shared: &mut Shared,
        message: &[u8],
    ) -> Option<u16> {
        let Some(request) = Request::read(message) else {
            shared.told.payload(cx, "smb", message);
            return None;
        };
        match request.command {
            0x72 => return self.negotiate(cx, shared, &request),
            0x73 => self.set_up(cx, shared, &request),
            0x75 => self.tree(cx, shared, &request),
            0x2b => self.answer(cx, &request, SUCCESS, &[1, 0], request.bytes),
            0x71 | 0x74 => self.answer(cx, &request, SUCCESS, &[], b""),
            0x25 => {
                // PeekNamedPipe on pipe 0: a server without MS17-010 is short of resources.
                shared.told.request(cx, "SMB1 TRANSACTION", request.bytes);
                self.answer(cx, &request, INSUFF_SERVER_RESOURCES, &[], b"");
            }
            command => {
                let detail = [format!("0x{command:02x} ").as_bytes(), request.bytes].concat();
                shared.told.request(cx, "SMB1 command", &detail);
                self.answer(cx, &request, NOT_IMPLEMENTED, &[], b"");
            }
        }
        None
    }

    fn negotiate(
        &mut self,
        cx: &mut Context<'_>,
        shared: &mut Shared,
        request: &Request<'_>,
    ) -> Option<u16> {
        let dialects: Vec<&[u8]> = request
            .bytes
            .split(|byte| *byte == 0)
            .filter_map(|text| text.strip_prefix(&[2]))
            .take(32)
            .collect();
        shared.told.request(cx, "SMB1 NEGOTIATE", &dialects.join(&b", "[..]));
        let place = |name: &[u8]| dialects.iter().position(|dialect| *dialect == name);
        if place(b"SMB 2.???").is_some() {
            return Some(0x02ff);
        }
        if place(b"SMB 2.002").is_some() {
            return Some(0x0202);
        }
        let Some(place) = place(b"NT LM 0.12") else {
            self.answer(cx, request, SUCCESS, &[0xff, 0xff], b"");
            return None;
        };
        let extended = request.flags & EXTENDED_SECURITY != 0;
        let capabilities: u32 = if extended { 0x8000_f3fd } else { 0x0000_f3fd };
        let mut words = (place as u16).to_le_bytes().to_vec();
        // Users log in, with a challenge.
        words.push(3);
        words.extend(50_u16.to_le_bytes());
        words.extend(1_u16.to_le_bytes());
        words.extend(16_644_u32.to_le_bytes());
        words.extend(65_536_u32.to_le_bytes());
        words.extend([0; 4]);
        words.extend(capabilities.to_le_bytes());
        words.extend(filetime(cx.now).to_le_bytes());
        words.extend([0, 0, if extended { 0 } else { 8 }]);
        let bytes = if extended {
            [&shared.guid[..], &ntlm::offer()].concat()
        } else {
            let texts =
                [to_utf16("WORKGROUP\0"), to_utf16(&format!("{}\0", shared.challenger.name))];
            [&shared.challenger.challenge[..], &texts.concat()].concat()
        };
        self.answer(cx, request, SUCCESS, &words, &bytes);
        None
    }

    fn set_up(&mut self, cx: &mut Context<'_>, shared: &mut Shared, request: &Request<'_>) {
        const GUEST: u8 = 1;
        let systems = to_utf16(
            "Windows Server 2008 R2 Standard 7601 Service Pack 1\0Windows Server 2008 R2 Standard 6.1\0",
        );
        self.user = UID;
        if request.words.len() == 24 {
            let blob = request.bytes.get(..request.word(7)).unwrap_or(request.bytes);
            let (status, token) = match ntlm::read(blob) {
                Some(Token::Authenticate(proof)) => {
                    shared.login(cx, &proof);
                    (SUCCESS, ntlm::done())
                }
                _ => (MORE_PROCESSING, ntlm::go_on(&shared.challenger.message(cx.now))),
            };
            let length = (token.len() as u16).to_le_bytes();
            let words =
                [0xff, 0, 0, 0, if status == SUCCESS { GUEST } else { 0 }, 0, length[0], length[1]];
            return self.answer(cx, request, status, &words, &[token, systems].concat());
        }
        if let Some(proof) = plain_proof(request) {
            shared.login(cx, &proof);
        }
        self.answer(cx, request, SUCCESS, &[0xff, 0, 0, 0, GUEST, 0], &systems);
    }

    fn tree(&mut self, cx: &mut Context<'_>, shared: &mut Shared, request: &Request<'_>) {
        let mut reader = Reader(request.bytes);
        reader.take(request.word(3).min(reader.0.len()));
        let path = text(&mut reader, request).unwrap_or_default();
        shared.told.request(cx, "SMB1 TREE_CONNECT", path.as_bytes());
        let pipe = path.to_ascii_uppercase().ends_with("IPC$");
        let service: &[u8] = if pipe { b"IPC\0" } else { b"A:\0" };
        let system = if pipe { to_utf16("\0") } else { to_utf16("NTFS\0") };
        self.answer(cx, request, SUCCESS, &[0xff, 0, 0, 0, 1, 0], &[service, &system].concat());
    }

    fn answer(
        &self,
        cx: &mut Context<'_>,
        request: &Request<'_>,
        status: u32,
        words: &[u8],
        bytes: &[u8],
    ) {
        let mut out = request.header.to_vec();
        out[5..9].copy_from_slice(&status.to_le_bytes());
        // A reply; paths are of any case.
        out[9] = 0x98;
        out[14..22].fill(0);
        if request.command == 0x75 {
            out[24..26].copy_from_slice(&TID.to_le_bytes());
        }
        out[28..30].copy_from_slice(&self.user.to_le_bytes());
        out.push((words.len() / 2) as u8);
        out.extend_from_slice(words);
        out.extend_from_slice(&(bytes.len() as u16).to_le_bytes());
        out.extend_from_slice(bytes);
        Shared::send(cx, &out);
    }
}

/// A log-in without extended security: responses, account and domain.
fn plain_proof(request: &Request<'_>) -> Option<Proof> {
    let mut reader = Reader(request.bytes);
    let lm = reader.take(request.word(7))?;
    let nt = reader.take(request.word(8))?;
    let user = text(&mut reader, request)?;
    let domain = text(&mut reader, request).unwrap_or_default();
    Some(Proof::plain(user, domain, lm, nt))
}

/// Text that ends with a zero; in Unicode it begins at an even place of the message.
fn text(reader: &mut Reader<'_>, request: &Request<'_>) -> Option<String> {
    if request.flags & UNICODE == 0 {
        return reader.until_nul().map(|text| String::from_utf8_lossy(text).into_owned());
    }
    let read = request.bytes.len() - reader.0.len();
    if (HEADER_BYTES + 3 + request.words.len() + read) % 2 == 1 {
        reader.u8()?;
    }
    let end = reader.0.chunks_exact(2).position(|unit| unit == [0, 0])?;
    let found = utf16(reader.take(end * 2)?);
    reader.take(2)?;
    Some(found)
}
