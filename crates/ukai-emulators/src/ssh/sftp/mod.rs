//! SFTP, version 3 (draft-ietf-secsh-filexfer-02), with the extensions that OpenSSH 9.2's
//! `sftp-server` announces, in its order and with its answers.

mod extension;
mod long_name;
mod request;
mod wire;

#[cfg(test)]
mod tests;

use crate::limits::{SFTP_ANSWER_BYTES, SFTP_EVENTS, SFTP_PACKET_BYTES};
use crate::{Capture, Effect};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;
use ukai_model::{CaptureHow, EventKind, FileOperation, PeerText, Timestamp};
use ukai_persona::Host;
use ukai_shell::{Files, Fs, FsError, OpenFile};
use wire::{Put, Reader};

/// An SFTP server for one channel: packets in, packets and effects out.
pub struct Sftp {
    disk: Files,
    host: Arc<Host>,
    home: Vec<u8>,
    now: Timestamp,
    input: Vec<u8>,
    greeted: bool,
    handles: BTreeMap<u32, Handle>,
    events: u32,
    effects: Vec<Effect>,
    ended: Option<i32>,
}

enum Handle {
    File { file: OpenFile, path: Vec<u8>, how: FileUse, read: u64, written: bool },
    Directory { path: Vec<u8>, names: Vec<Bytes> },
}

#[derive(Clone, Copy)]
struct FileUse {
    read: bool,
    write: bool,
    append: bool,
}

/// What a request is answered with.
enum Reply {
    /// The real program says nothing to a type that it does not know.
    Silence,
    Status(u32),
    Handle(u32),
    Data(Bytes),
    Attributes(Vec<u8>),
    Name(Vec<u8>),
    Extended(Vec<u8>),
    Names(Vec<(Vec<u8>, Vec<u8>, Vec<u8>)>),
}

const OK: u32 = 0;
const EOF: u32 = 1;
const NO_SUCH_FILE: u32 = 2;
const PERMISSION_DENIED: u32 = 3;
const FAILURE: u32 = 4;
const BAD_MESSAGE: u32 = 5;
const OP_UNSUPPORTED: u32 = 8;

/// `errno_to_portable` of sftp-server.c.
const fn code(error: FsError) -> u32 {
    match error {
        FsError::NotFound | FsError::NotDirectory | FsError::Loop => NO_SUCH_FILE,
        FsError::Permission | FsError::NotPermitted => PERMISSION_DENIED,
        FsError::NameTooLong | FsError::Invalid => BAD_MESSAGE,
        _ => FAILURE,
    }
}

impl From<Result<(), FsError>> for Reply {
    fn from(result: Result<(), FsError>) -> Self {
        Self::Status(result.map_or_else(code, |()| OK))
    }
}

impl Sftp {
    /// A server for `user` on this disk of `host`; who has no account is root.
    pub fn new(fs: Fs, host: Arc<Host>, user: &[u8]) -> Self {
        let account = host.persona.user(user);
        let (uid, gid) = account.map_or((0, 0), |user| (user.uid, user.gid));
        let home = account.map_or("/", |user| user.home.as_str()).as_bytes().to_vec();
        Self {
            disk: Files::new(fs, uid, gid),
            host,
            home,
            now: Timestamp::default(),
            input: Vec::new(),
            greeted: false,
            handles: BTreeMap::new(),
            events: 0,
            effects: Vec::new(),
            ended: None,
        }
    }

    /// Bytes from the client; gives answers, of which there may be more: see
    /// [`Sftp::waits`].
    pub fn on_bytes(&mut self, bytes: &[u8], now: Timestamp) -> Vec<u8> {
        self.now = now;
        self.disk.at(now);
        let mut out = Vec::new();
        let mut input = std::mem::take(&mut self.input);
        input.extend_from_slice(bytes);
        let mut used = 0;
        while self.ended.is_none() && out.len() < SFTP_ANSWER_BYTES {
            let Some(packet) = whole_packet(input.get(used..).unwrap_or_default()) else { break };
            if packet.is_empty() {
                // "bad message", sftp_server_cleanup_exit(11).
                self.ended = Some(11);
            } else if self.packet(packet, &mut out).is_none() {
                self.ended = Some(255);
            }
            used += 4 + packet.len();
        }
        input.drain(..used.min(input.len()));
        if self.ended.is_none() {
            self.input = input;
        }
        out
    }

    /// Whether requests wait until their answers can be taken: call [`Sftp::on_bytes`]
    /// then, and give it nothing more before.
    pub fn waits(&self) -> bool {
        whole_packet(&self.input).is_some()
    }

    /// The client sends no more.
    pub fn on_eof(&mut self) {
        self.finish();
        self.ended.get_or_insert(0);
    }

    /// Whatever is still open is closed, and what was written captured.
    pub fn finish(&mut self) {
        for (_, handle) in std::mem::take(&mut self.handles) {
            self.close(handle);
        }
    }

    /// What is to be recorded and captured.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The status with which it has ended, if it has.
    pub const fn ended(&self) -> Option<i32> {
        self.ended
    }

    /// Answers a packet; `None` if it makes the real program give up.
    fn packet(&mut self, packet: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let mut reader = Reader::new(packet);
        let kind = reader.u8()?;
        if kind == 1 {
            reader.u32()?;
            self.greeted = true;
            wire::frame(out, |out| {
                out.push(2);
                out.put_u32(3);
                for (name, version) in extension::ANNOUNCED {
                    out.put_string(name.as_bytes());
                    out.put_string(version.as_bytes());
                }
            });
            return Some(());
        }
        if !self.greeted {
            return None;
        }
        let id = reader.u32()?;
        match self.request(kind, &mut reader)? {
            Reply::Silence => {}
            reply => wire::frame(out, |out| reply.write(id, out)),
        }
        Some(())
    }

    /// `path` from the root.
    fn absolute(&self, path: &[u8]) -> Vec<u8> {
        if path.starts_with(b"/") {
            return path.to_vec();
        }
        [&self.home[..], b"/", path].concat()
    }

    fn close(&mut self, handle: Handle) {
        let Handle::File { file, path, how, read, written } = handle else { return };
        if written {
            let Ok(bytes) = self.disk.contents(file) else { return };
            self.record(FileOperation::Upload, &path, bytes.len() as u64, true);
            if !bytes.is_empty() && self.disk.learn(&bytes) {
                self.effects.push(Effect::Capture(Capture {
                    bytes,
                    how: CaptureHow::Uploaded,
                    name: Some(PeerText::from(&path[..])),
                    url: None,
                }));
            }
        } else if how.write {
            self.record(FileOperation::Upload, &path, 0, true);
        } else {
            self.record(FileOperation::Download, &path, read, true);
        }
    }

    fn record(&mut self, operation: FileOperation, path: &[u8], size: u64, success: bool) {
        self.events += 1;
        if self.events <= SFTP_EVENTS {
            self.effects.push(Effect::Record(EventKind::FileTransfer {
                protocol: "sftp".to_owned(),
                operation,
                path: PeerText::truncated(path, 4_096),
                size,
                success,
                served: None,
            }));
        }
    }
}

/// The first packet of `bytes` without its length, if it is whole. One whose length is
/// impossible counts as whole as soon as that is known.
fn whole_packet(bytes: &[u8]) -> Option<&[u8]> {
    let (head, rest) = bytes.split_first_chunk::<4>()?;
    let length = u32::from_be_bytes(*head) as usize;
    if length > SFTP_PACKET_BYTES { Some(&[]) } else { rest.get(..length) }
}

impl Reply {
    fn write(&self, id: u32, out: &mut Vec<u8>) {
        match self {
            Self::Silence => {}
            Self::Status(code) => {
                out.push(101);
                out.put_u32(id);
                out.put_u32(*code);
                out.put_string(text(*code).as_bytes());
                out.put_string(b"");
            }
            Self::Handle(handle) => {
                out.push(102);
                out.put_u32(id);
                out.put_string(&handle.to_be_bytes());
            }
            Self::Data(bytes) => {
                out.push(103);
                out.put_u32(id);
                out.put_string(bytes);
            }
            Self::Name(name) => {
                let entry = (name.clone(), name.clone(), vec![0; 4]);
                Self::Names(vec![entry]).write(id, out);
            }
            Self::Names(names) => {
                out.push(104);
                out.put_u32(id);
                out.put_u32(names.len() as u32);
                for (name, long, attributes) in names {
                    out.put_string(name);
                    out.put_string(long);
                    out.extend_from_slice(attributes);
                }
            }
            Self::Attributes(attributes) => {
                out.push(105);
                out.put_u32(id);
                out.extend_from_slice(attributes);
            }
            Self::Extended(body) => {
                out.push(201);
                out.put_u32(id);
                out.extend_from_slice(body);
            }
        }
    }
}

/// `status_to_message` of sftp-server.c.
const fn text(code: u32) -> &'static str {
    match code {
        OK => "Success",
        EOF => "End of file",
        NO_SUCH_FILE => "No such file",
        PERMISSION_DENIED => "Permission denied",
        FAILURE => "Failure",
        BAD_MESSAGE => "Bad message",
        OP_UNSUPPORTED => "Operation unsupported",
        _ => "Unknown error",
    }
}
