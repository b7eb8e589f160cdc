//! SMB 2 and 3 ([MS-SMB2] 2.2): agreeing, logging in, shares, and files that are written.

use super::files::Files;
use super::names::COMMANDS;
use super::names::status::{
    DISK_FULL, END_OF_FILE, FILE_CLOSED, INVALID_PARAMETER, LOGON_FAILURE, MORE_PROCESSING,
    NETWORK_NAME_DELETED, NO_MORE_FILES, NO_SUCH_FILE, NOT_SUPPORTED, OBJECT_NAME_NOT_FOUND,
    SUCCESS,
};
use super::session::Shared;
use crate::limits::{SMB_IO_BYTES, SMB_TREES};
use crate::ntlm::{self, Token, filetime, to_utf16, utf16};
use crate::wire::{Reader, hex};
use ukai_emulators::Context;
use ukai_model::{Duration, Timestamp};

const HEADER_BYTES: usize = 64;
/// What a message may carry that is chained: as many as clients put together, and more.
const CHAINED: usize = 16;
const DIRECTORY: u32 = 0x10;
const ARCHIVE: u32 = 0x20;

#[derive(Default)]
pub(super) struct Two {
    pub(super) files: Files,
    /// Shares that are connected to, by tree's number less one; whether they hold pipes.
    trees: Vec<(String, bool)>,
    /// The number that the file of a chain's last CREATE has.
    last: u64,
}

/// A request's header, and the whole of it.
struct Request<'a> {
    bytes: &'a [u8],
    command: u16,
    tree: u32,
}

impl<'a> Request<'a> {
    fn read(bytes: &'a [u8]) -> Option<(Self, usize)> {
        let header = bytes.get(..HEADER_BYTES)?;
        let number = |at: usize| {
            header
                .get(at..)
                .and_then(<[u8]>::first_chunk::<4>)
                .map_or(0, |four| u32::from_le_bytes(*four))
        };
        let request = Self { bytes, command: number(12) as u16, tree: number(36) };
        Some((request, number(20) as usize))
    }

    fn reader(&self, at: usize) -> Reader<'a> {
        Reader(self.bytes.get(HEADER_BYTES + at..).unwrap_or_default())
    }

    fn u16(&self, at: usize) -> u16 {
        self.reader(at).u16_le().unwrap_or_default()
    }

    fn u32(&self, at: usize) -> u32 {
        self.reader(at).u32_le().unwrap_or_default()
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from(self.u32(at)) | u64::from(self.u32(at + 4)) << 32
    }

    /// What an offset (from the header on) and a length in the fixed part point to.
    fn buffer(&self, offset: u16, length: usize) -> &'a [u8] {
        let start = usize::from(offset);
        self.bytes.get(start..start.saturating_add(length)).unwrap_or_default()
    }
}

/// What is answered: a status and the body.
type Answer = Result<Vec<u8>, u32>;

impl Two {
    /// Answers SMB 1's question for SMB 2.
    pub(super) fn agree(cx: &mut Context<'_>, shared: &Shared, dialect: u16) {
        let mut header = vec![0xfe, b'S', b'M', b'B', 64];
        header.resize(HEADER_BYTES, 0);
        let body = negotiated(cx.now, shared, dialect);
        Shared::send(cx, &reply(&header, SUCCESS, 0, 0, &body));
    }

    /// Takes a message and those that are chained to it.
    pub(super) fn messages(&mut self, cx: &mut Context<'_>, shared: &mut Shared, mut bytes: &[u8]) {
        for _ in 0..CHAINED {
            let Some((request, next)) = Request::read(bytes) else {
                return shared.told.payload(cx, "smb", bytes);
            };
            if next >= HEADER_BYTES
                && let Some((first, rest)) = bytes.split_at_checked(next)
            {
                let request = Request { bytes: first, ..request };
                self.message(cx, shared, &request);
                bytes = rest;
            } else {
                return self.message(cx, shared, &request);
            }
        }
    }

    fn message(&mut self, cx: &mut Context<'_>, shared: &mut Shared, request: &Request<'_>) {
        const SESSION: u64 = 0x0000_0400_0000_0001;
        let (mut tree, mut status) = (request.tree, SUCCESS);
        let done = vec![4, 0, 0, 0];
        let answer = match request.command {
            0 => Ok(negotiate(cx, shared, request)),
            1 => set_up(cx, shared, request).map(|(code, body)| {
                status = code;
                body
            }),
            2 | 4 | 7 | 13 => Ok(done),
            3 => self.tree_connect(cx, shared, request).map(|(number, body)| {
                tree = number;
                body
            }),
            5 => self.create(cx, shared, request),
            6 => {
                let number = self.file(request, 8);
                let length = self.files.length(number).unwrap_or_default();
                if self.files.close(cx, &mut shared.told, number) {
                    Ok([
                        &[60, 0, 0, 0, 0, 0, 0, 0][..],
                        &times(cx.now),
                        &sizes(length),
                        &ARCHIVE.to_le_bytes(),
                    ]
                    .concat())
                } else {
                    Err(FILE_CLOSED)
                }
            }
            8 => self.read(request),
            9 => self.write(request),
            // Nothing is answered to CANCEL.
            12 => return,
            14 => self.directory(cx.now, request),
            16 => self.query(cx.now, request),
            17 => Ok(vec![2, 0]),
            command => {
                let name = COMMANDS.get(usize::from(command)).copied().unwrap_or("unknown");
                let detail =
                    if command == 11 { format!("0x{:08x}", request.u32(4)) } else { String::new() };
                shared.told.request(cx, name, detail.as_bytes());
                Err(NOT_SUPPORTED)
            }
        };
        let body = answer.unwrap_or_else(|code| {
            status = code;
            vec![9, 0, 0, 0, 0, 0, 0, 0, 0]
        });
        let session = if request.command == 0 { 0 } else { SESSION };
        Shared::send(cx, &reply(request.bytes, status, tree, session, &body));
    }

    fn tree_connect(
        &mut self,
        cx: &mut Context<'_>,
        shared: &mut Shared,
        request: &Request<'_>,
    ) -> Result<(u32, Vec<u8>), u32> {
        let path = utf16(request.buffer(request.u16(4), request.u16(6).into()));
        shared.told.request(cx, "TREE_CONNECT", path.as_bytes());
        let share = path.rsplit('\\').next().unwrap_or_default().to_owned();
        let pipes = share.eq_ignore_ascii_case("IPC$");
        if self.trees.len() >= SMB_TREES {
            return Err(DISK_FULL);
        }
        self.trees.push((share, pipes));
        let mut body = vec![16, 0, if pipes { 2 } else { 1 }, 0];
        body.extend([0; 8]);
        body.extend(0x001f_01ff_u32.to_le_bytes());
        Ok((self.trees.len() as u32, body))
    }

    fn create(
        &mut self,
        cx: &mut Context<'_>,
        shared: &mut Shared,
        request: &Request<'_>,
    ) -> Answer {
        let place = usize::try_from(request.tree).ok().and_then(|tree| tree.checked_sub(1));
        let Some((share, pipes)) = place.and_then(|place| self.trees.get(place)) else {
            return Err(NETWORK_NAME_DELETED);
        };
        let name = utf16(request.buffer(request.u16(44), request.u16(46).into()));
        let path = format!("{share}\\{name}");
        shared.told.request(cx, "CREATE", path.as_bytes());
        let (disposition, options) = (request.u32(36), request.u32(40));
        let directory = name.is_empty() || options & 1 != 0;
        let there = directory || self.files.exists(&path);
        if *pipes || !there && matches!(disposition, 1 | 4) {
            return Err(OBJECT_NAME_NOT_FOUND);
        }
        let empty = matches!(disposition, 0 | 2 | 4 | 5);
        let number = self.files.open(path, empty).ok_or(DISK_FULL)?;
        self.last = number;
        let length = self.files.length(number).unwrap_or_default();
        // Opened, created or overwritten.
        let action: u32 = if !there {
            2
        } else if empty {
            3
        } else {
            1
        };
        let mut body = vec![89, 0, 0, 0];
        body.extend(action.to_le_bytes());
        body.extend(times(cx.now));
        body.extend(sizes(length));
        body.extend(if directory { DIRECTORY } else { ARCHIVE }.to_le_bytes());
        body.extend([0; 4]);
        body.extend(number.to_le_bytes());
        body.extend(number.to_le_bytes());
        body.extend([0; 8]);
        Ok(body)
    }

    /// The number of the file that a request names: in a chain it may be the last one's.
    fn file(&self, request: &Request<'_>, at: usize) -> u64 {
        let number = request.u64(at);
        if number == u64::MAX { self.last } else { number }
    }

    fn read(&mut self, request: &Request<'_>) -> Answer {
        let length = (request.u32(4) as usize).min(SMB_IO_BYTES);
        let bytes = self.files.read(self.file(request, 16), request.u64(8), length)?;
        if bytes.is_empty() {
            return Err(END_OF_FILE);
        }
        let mut body = vec![17, 0, 80, 0];
        body.extend((bytes.len() as u32).to_le_bytes());
        body.extend([0; 8]);
        body.extend_from_slice(bytes);
        Ok(body)
    }

    fn write(&mut self, request: &Request<'_>) -> Answer {
        let length = request.u32(4) as usize;
        let bytes = request.buffer(request.u16(2), length);
        if bytes.len() != length {
            return Err(INVALID_PARAMETER);
        }
        self.files.write(self.file(request, 16), request.u64(8), bytes)?;
        let mut body = vec![17, 0, 0, 0];
        body.extend((length as u32).to_le_bytes());
        body.extend([0; 8]);
        Ok(body)
    }

    /// What is in a folder ([MS-FSCC] 2.4): the share's own, and what was written.
    fn directory(&mut self, now: Timestamp, request: &Request<'_>) -> Answer {
        let [class, flags] = request.reader(2).u16().unwrap_or_default().to_be_bytes();
        let pattern = utf16(request.buffer(request.u16(24), request.u16(26).into()));
        let room = (request.u32(28) as usize).min(SMB_IO_BYTES);
        let entries = self.files.list(self.file(request, 8), &pattern, flags & 1 != 0)?;
        if entries.is_empty() {
            return Err(if flags & 1 != 0 { NO_SUCH_FILE } else { NO_MORE_FILES });
        }
        let mut list: Vec<u8> = Vec::new();
        let mut last = 0;
        for (name, length) in entries {
            let entry = entry(class, now, &name, length).ok_or(NOT_SUPPORTED)?;
            let at = list.len().next_multiple_of(8);
            if at + entry.len() > room {
                break;
            }
            if at > 0 {
                let next = ((at - last) as u32).to_le_bytes();
                list[last..last + 4].copy_from_slice(&next);
            }
            list.resize(at, 0);
            list.extend(entry);
            last = at;
        }
        let mut body = vec![9, 0, 72, 0];
        body.extend((list.len() as u32).to_le_bytes());
        body.extend(list);
        Ok(body)
    }

    /// What clients ask of a file or a disk before they write ([MS-FSCC] 2.4, 2.5).
    fn query(&self, now: Timestamp, request: &Request<'_>) -> Answer {
        let length = self.files.length(self.file(request, 24)).ok_or(FILE_CLOSED)?;
        let standard = [&sizes(length)[..], &1_u32.to_le_bytes(), &[0; 4]].concat();
        let basic = [&times(now)[..], &ARCHIVE.to_le_bytes(), &[0; 4]].concat();
        let units = |number: u64| number.to_le_bytes();
        let information = match (request.reader(2).u16().unwrap_or_default().to_be_bytes(), length)
        {
            ([1, 4], _) => basic,
            ([1, 5], _) => standard,
            ([1, 18], _) => {
                let name = to_utf16("\\");
                let name = [&(name.len() as u32).to_le_bytes()[..], &name].concat();
                [basic, standard, vec![0; 8 + 4 + 4 + 8 + 4 + 4], name].concat()
            }
            ([1, 34], _) => {
                [&times(now)[..], &sizes(length), &ARCHIVE.to_le_bytes(), &[0; 4]].concat()
            }
            ([2, 1], _) => {
                [&filetime(now).to_le_bytes()[..], &[0x4a, 0x3c, 0x91, 0xd2, 0, 0, 0, 0, 0, 0]]
                    .concat()
            }
            ([2, 3], _) => {
                [&units(26_214_400)[..], &units(18_003_112), &[8, 0, 0, 0, 0, 2, 0, 0]].concat()
            }
            ([2, 5], _) => {
                let name = to_utf16("NTFS");
                [
                    &0x00c7_00ff_u32.to_le_bytes()[..],
                    &255_u32.to_le_bytes(),
                    &(name.len() as u32).to_le_bytes(),
                    &name,
                ]
                .concat()
            }
            ([2, 7], _) => [
                &units(26_214_400)[..],
                &units(18_003_112),
                &units(18_003_112),
                &[8, 0, 0, 0, 0, 2, 0, 0],
            ]
            .concat(),
            _ => return Err(NOT_SUPPORTED),
        };
        let mut body = vec![9, 0, 72, 0];
        body.extend((information.len() as u32).to_le_bytes());
        body.extend(information);
        Ok(body)
    }
}

fn negotiate(cx: &mut Context<'_>, shared: &mut Shared, request: &Request<'_>) -> Vec<u8> {
    let count = usize::from(request.u16(2)).min(32);
    let offered: Vec<u16> = (0..count).map(|at| request.u16(36 + at * 2)).collect();
    let names: Vec<String> = offered.iter().map(|dialect| format!("0x{dialect:04x}")).collect();
    let detail = format!("{} client {}", names.join(" "), hex(request.buffer(64 + 12, 16)));
    shared.told.request(cx, "NEGOTIATE", detail.as_bytes());
    // Windows Server 2008 R2 speaks 2.1; what is newer only where nothing else is offered.
    let known = [0x0210, 0x0202, 0x0300, 0x0302, 0x0311];
    let dialect = known.into_iter().find(|dialect| offered.contains(dialect)).unwrap_or(0x0202);
    negotiated(cx.now, shared, dialect)
}

fn negotiated(now: Timestamp, shared: &Shared, dialect: u16) -> Vec<u8> {
    let contexts = dialect == 0x0311;
    let blob = ntlm::offer();
    let at = (HEADER_BYTES + 64 + blob.len()).next_multiple_of(8);
    let io = (SMB_IO_BYTES as u32).to_le_bytes();
    let mut body = vec![65, 0, 1, 0];
    body.extend(dialect.to_le_bytes());
    body.extend(u16::from(contexts).to_le_bytes());
    body.extend(shared.guid);
    body.extend(if dialect == 0x0202 { 1_u32 } else { 7 }.to_le_bytes());
    body.extend([io, io, io].concat());
    body.extend(filetime(now).to_le_bytes());
    body.extend(filetime(now - Duration::from_hours(211)).to_le_bytes());
    body.extend(128_u16.to_le_bytes());
    body.extend((blob.len() as u16).to_le_bytes());
    body.extend(if contexts { at as u32 } else { 0 }.to_le_bytes());
    body.extend(blob);
    if contexts {
        body.resize(at - HEADER_BYTES, 0);
        // Integrity before authentication: SHA-512, with a salt.
        body.extend([1, 0, 38, 0, 0, 0, 0, 0, 1, 0, 32, 0, 1, 0]);
        body.extend([shared.guid, shared.guid].concat());
    }
    body
}

/// A step of the log-in: its status and body.
fn set_up(
    cx: &mut Context<'_>,
    shared: &mut Shared,
    request: &Request<'_>,
) -> Result<(u32, Vec<u8>), u32> {
    const GUEST: u8 = 1;
    const NULL: u8 = 2;
    let blob = request.buffer(request.u16(12), request.u16(14).into());
    let (status, flags, token) = match ntlm::read(blob) {
        Some(Token::Negotiate) => {
            (MORE_PROCESSING, 0, ntlm::go_on(&shared.challenger.message(cx.now)))
        }
        Some(Token::Authenticate(proof)) => {
            shared.login(cx, &proof);
            (SUCCESS, if proof.anonymous() { NULL } else { GUEST }, ntlm::done())
        }
        None => {
            shared.told.request(cx, "SESSION_SETUP", blob);
            return Err(LOGON_FAILURE);
        }
    };
    let mut body = vec![9, 0, flags, 0, 72, 0];
    body.extend((token.len() as u16).to_le_bytes());
    body.extend(token);
    Ok((status, body))
}

/// An entry of a folder, of a class of information.
fn entry(class: u8, now: Timestamp, name: &str, length: u64) -> Option<Vec<u8>> {
    const NAMES: u8 = 12;
    // What stands between the name's length and the name: of it the size of extended
    // attributes, the short name, and the file's number.
    let between = match class {
        1 | NAMES => 0,
        2 => 4,
        3 => 30,
        37 => 40,
        38 => 16,
        _ => return None,
    };
    let text = to_utf16(name);
    let mut out = vec![0; 8];
    if class != NAMES {
        out.extend(times(now));
        let [allocated, end] = [length.next_multiple_of(4_096), length].map(u64::to_le_bytes);
        out.extend([end, allocated].concat());
        let dots = matches!(name, "." | "..");
        out.extend(if dots { DIRECTORY } else { ARCHIVE }.to_le_bytes());
    }
    out.extend((text.len() as u32).to_le_bytes());
    out.resize(out.len() + between, 0);
    out.extend(text);
    Some(out)
}

/// A reply to the request whose header this is.
fn reply(request: &[u8], status: u32, tree: u32, session: u64, body: &[u8]) -> Vec<u8> {
    let mut out = request[..HEADER_BYTES].to_vec();
    out[8..12].copy_from_slice(&status.to_le_bytes());
    // As many credits as were asked for, within reason.
    let asked = u16::from_le_bytes([out[14], out[15]]).clamp(1, 128);
    out[14..16].copy_from_slice(&asked.to_le_bytes());
    out[16..20].copy_from_slice(&1_u32.to_le_bytes());
    out[20..24].fill(0);
    out[36..40].copy_from_slice(&tree.to_le_bytes());
    out[40..48].copy_from_slice(&session.to_le_bytes());
    out[48..64].fill(0);
    out.extend_from_slice(body);
    out
}

/// Four times of a file: it was made now.
fn times(now: Timestamp) -> [u8; 32] {
    let time = filetime(now).to_le_bytes();
    let mut out = [0; 32];
    for chunk in out.chunks_exact_mut(8) {
        chunk.copy_from_slice(&time);
    }
    out
}

/// What a file takes on the disk, and its length.
fn sizes(length: u64) -> [u8; 16] {
    let mut out = [0; 16];
    out[..8].copy_from_slice(&length.next_multiple_of(4_096).to_le_bytes());
    out[8..].copy_from_slice(&length.to_le_bytes());
    out
}
