//! One exchange with one peer.

use super::packet::{Packet, ack, data, error, options, read};
use crate::limits::{TFTP_BLOCK_BYTES, TFTP_RETRIES, TFTP_WAIT_MS, TFTP_WINDOW, UPLOAD_BYTES};
use crate::shape::Capture;
use crate::{Context, Effect, FetchId, Fetched, Open, Session, TimerId};
use bytes::Bytes;
use ukai_model::{CaptureHow, Duration, EventKind, FileOperation, PeerText, Sha256};
use ukai_shell::{Files, FsError};

const AGAIN: TimerId = TimerId(1);
/// tftpd-hpa's folder on Debian.
const FOLDER: &[u8] = b"/srv/tftp";
/// Requests that one peer's flow may make.
const REQUESTS: u32 = 64;

pub(super) struct TftpSession {
    open: Box<Open>,
    exchange: Option<Exchange>,
    requests: u32,
}

struct Exchange {
    path: Vec<u8>,
    block: u16,
    block_bytes: usize,
    wait_ms: u64,
    /// What was sent last, for the case that it was lost.
    last: Bytes,
    tries: u32,
    what: What,
}

enum What {
    Read {
        bytes: Bytes,
        at: usize,
        ended: bool,
        served: Option<Sha256>,
    },
    Write {
        bytes: Vec<u8>,
        netascii: bool,
    },
    /// All has come; a lost last acknowledgement is given again.
    Written,
}

impl TftpSession {
    pub(super) fn new(open: Open) -> Self {
        Self { open: Box::new(open), exchange: None, requests: 0 }
    }

    fn files(&self, cx: &Context<'_>) -> Files {
        let nobody = self.open.host.persona.user(b"tftp");
        let (uid, gid) = nobody.map_or((0, 0), |user| (user.uid, user.gid));
        let mut files = Files::new(self.open.fs.clone(), uid, gid);
        files.at(cx.now);
        files
    }

    fn request(
        &mut self,
        cx: &mut Context<'_>,
        write: bool,
        name: &[u8],
        mode: &[u8],
        asked: &[(Vec<u8>, Vec<u8>)],
    ) {
        self.abandon(cx);
        self.requests += 1;
        if self.requests > REQUESTS {
            return;
        }
        cx.record(EventKind::ServiceRequest {
            protocol: "tftp".to_owned(),
            request: if write { "WRQ" } else { "RRQ" }.to_owned(),
            detail: PeerText::truncated(name, 1_024),
        });
        if mode != b"octet" && mode != b"netascii" {
            return cx.send(error(4, "Unknown mode"));
        }
        let netascii = mode == b"netascii";
        let files = self.files(cx);
        let path = place(&files, name);
        let opened = if write { Ok(Bytes::new()) } else { files.read_offered(&path) };
        let served;
        let bytes = match opened {
            Ok(bytes) => {
                served = files.is_offered(&path).then(|| Sha256::of(&bytes));
                if netascii { to_net(&bytes) } else { bytes }
            }
            Err(reason) => {
                Self::record(cx, write, &path, 0, false, None);
                return cx.send(refusal(reason));
            }
        };
        let agreed = agree(asked, if write { None } else { Some(bytes.len() as u64) });
        let value = |name: &str| agreed.iter().find(|(known, _)| *known == name).map(|(_, v)| *v);
        let block_bytes = value("blksize").and_then(|v| usize::try_from(v).ok()).unwrap_or(512);
        let what = if write {
            What::Write { bytes: Vec::new(), netascii }
        } else {
            What::Read { bytes, at: 0, ended: false, served }
        };
        self.exchange = Some(Exchange {
            path,
            block: 0,
            block_bytes,
            wait_ms: value("timeout").map_or(TFTP_WAIT_MS, |s| s.saturating_mul(1_000)),
            last: Bytes::new(),
            tries: 0,
            what,
        });
        if !agreed.is_empty() {
            self.send(cx, options(&agreed));
        } else if write {
            self.send(cx, ack(0));
        } else {
            self.next_block(cx);
        }
    }

    fn send(&mut self, cx: &mut Context<'_>, packet: Vec<u8>) {
        let Some(exchange) = &mut self.exchange else { return };
        exchange.last = Bytes::from(packet);
        exchange.tries = 0;
        cx.send(exchange.last.clone());
        let at = cx.now + Duration::from_millis(exchange.wait_ms);
        cx.effects.push(Effect::Timer { id: AGAIN, at });
    }

    fn next_block(&mut self, cx: &mut Context<'_>) {
        let Some(exchange) = &mut self.exchange else { return };
        let What::Read { bytes, at, ended, .. } = &mut exchange.what else { return };
        let end = at.saturating_add(exchange.block_bytes).min(bytes.len());
        let piece = bytes.slice(*at..end);
        *ended = piece.len() < exchange.block_bytes;
        *at = end;
        exchange.block = exchange.block.wrapping_add(1);
        let packet = data(exchange.block, &piece);
        self.send(cx, packet);
    }

    fn acknowledged(&mut self, cx: &mut Context<'_>, block: u16) {
        let Some(exchange) = &self.exchange else { return };
        if block != exchange.block {
            return;
        }
        match &exchange.what {
            What::Read { bytes, ended: true, served, .. } => {
                let (path, size) = (exchange.path.clone(), bytes.len() as u64);
                let served = *served;
                self.exchange = None;
                Self::record(cx, false, &path, size, true, served);
            }
            What::Read { .. } => self.next_block(cx),
            What::Write { .. } | What::Written => {}
        }
    }

    fn data(&mut self, cx: &mut Context<'_>, block: u16, piece: &[u8]) {
        let Some(exchange) = &mut self.exchange else { return };
        let What::Write { bytes, .. } = &mut exchange.what else {
            if matches!(exchange.what, What::Written) && block == exchange.block {
                cx.send(exchange.last.clone());
            }
            return;
        };
        if block != exchange.block.wrapping_add(1) {
            return;
        }
        if bytes.len() + piece.len() > UPLOAD_BYTES {
            cx.send(error(3, "Disk full or allocation exceeded"));
            return self.abandon(cx);
        }
        bytes.extend_from_slice(piece);
        exchange.block = block;
        let whole = piece.len() < exchange.block_bytes;
        self.send(cx, ack(block));
        if whole {
            self.store(cx, true);
        }
    }

    /// What was written becomes a file and a sample, also if it broke off.
    fn store(&mut self, cx: &mut Context<'_>, whole: bool) {
        let files = self.files(cx);
        let Some(exchange) = &mut self.exchange else { return };
        let What::Write { bytes, netascii } = std::mem::replace(&mut exchange.what, What::Written)
        else {
            return;
        };
        let path = exchange.path.clone();
        let bytes = if netascii { from_net(&bytes) } else { Bytes::from(bytes) };
        let size = bytes.len() as u64;
        let folder = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        if files.info(&path[..folder.max(1)], true).is_err() {
            let _made = files.make_directory(&path[..folder.max(1)], 0o755);
        }
        let stored = files.store(&path, bytes.clone(), 0o644).is_ok();
        if !bytes.is_empty() {
            cx.effects.push(Effect::Capture(Capture {
                bytes,
                how: CaptureHow::Uploaded,
                name: Some(PeerText::truncated(&path, 4_096)),
                url: None,
            }));
        }
        Self::record(cx, true, &path, size, whole && stored, None);
    }

    fn abandon(&mut self, cx: &mut Context<'_>) {
        if let Some(Exchange { what: What::Write { bytes, .. }, .. }) = &self.exchange
            && !bytes.is_empty()
        {
            self.store(cx, false);
        }
        self.exchange = None;
    }

    fn record(
        cx: &mut Context<'_>,
        write: bool,
        path: &[u8],
        size: u64,
        success: bool,
        served: Option<Sha256>,
    ) {
        cx.record(EventKind::FileTransfer {
            protocol: "tftp".to_owned(),
            operation: if write { FileOperation::Upload } else { FileOperation::Download },
            path: PeerText::truncated(path, 4_096),
            size,
            success,
            served,
        });
    }
}

/// Where a name is: as tftpd-hpa with `--secure`, below its folder; on devices that have
/// no such folder, wherever it says.
fn place(files: &Files, name: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in name.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let inner = [b"/", &parts.join(&b'/')[..]].concat();
    if files.info(FOLDER, true).is_ok() {
        [FOLDER, &inner].concat()
    } else if files.info(&inner, true).is_ok() {
        inner
    } else {
        [b"/tmp", &inner[..]].concat()
    }
}

/// The options that are granted (RFC 2347): none larger than was asked for.
fn agree(asked: &[(Vec<u8>, Vec<u8>)], size: Option<u64>) -> Vec<(&'static str, u64)> {
    let mut agreed: Vec<(&'static str, u64)> = Vec::new();
    for (name, value) in asked {
        let Some(value) = std::str::from_utf8(value).ok().and_then(|v| v.parse::<u64>().ok())
        else {
            continue;
        };
        let granted = match &name[..] {
            b"blksize" if value >= 8 => ("blksize", value.min(TFTP_BLOCK_BYTES as u64)),
            b"timeout" if (1..=255).contains(&value) => ("timeout", value),
            b"tsize" => ("tsize", size.unwrap_or(value)),
            b"windowsize" if value >= 1 => ("windowsize", value.min(TFTP_WINDOW)),
            _ => continue,
        };
        if agreed.iter().all(|(known, _)| *known != granted.0) {
            agreed.push(granted);
        }
    }
    agreed
}

/// tftpd-hpa's words for why a file cannot be read.
fn refusal(reason: FsError) -> Vec<u8> {
    match reason {
        FsError::NotFound | FsError::NotDirectory | FsError::NameTooLong => {
            error(1, "File not found")
        }
        FsError::Permission | FsError::NotPermitted => error(2, "Access violation"),
        other => error(0, other.text()),
    }
}

/// Line ends as on the network (RFC 764).
fn to_net(bytes: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 16);
    for byte in bytes {
        match byte {
            b'\n' => out.extend_from_slice(b"\r\n"),
            b'\r' => out.extend_from_slice(b"\r\0"),
            byte => out.push(*byte),
        }
    }
    Bytes::from(out)
}

fn from_net(bytes: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().peekable();
    while let Some(byte) = rest.next() {
        match (byte, rest.peek()) {
            (b'\r', Some(b'\n')) => {}
            (b'\r', Some(0)) => {
                rest.next();
                out.push(b'\r');
            }
            _ => out.push(*byte),
        }
    }
    Bytes::from(out)
}

impl Session for TftpSession {
    fn protocol(&self) -> &'static str {
        "tftp"
    }

    fn on_open(&mut self, _: &mut Context<'_>) {}

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        match read(bytes) {
            Some(Packet::Request { write, name, mode, options }) => {
                self.request(cx, write, name, &mode, &options);
            }
            // Options that were agreed on are acknowledged as block 0.
            Some(Packet::Ack(block)) => self.acknowledged(cx, block),
            Some(Packet::Data(block, piece)) => self.data(cx, block, piece),
            Some(Packet::Error) => self.abandon(cx),
            None => {
                if self.exchange.is_none() && self.requests == 0 {
                    self.requests = REQUESTS;
                    crate::raw::record_payload(cx, bytes.to_vec());
                }
            }
        }
    }

    fn on_eof(&mut self, _: &mut Context<'_>) {}

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        let Some(exchange) = &mut self.exchange else { return };
        if timer != AGAIN || matches!(exchange.what, What::Written) {
            return;
        }
        exchange.tries += 1;
        if exchange.tries > TFTP_RETRIES {
            return self.abandon(cx);
        }
        cx.send(exchange.last.clone());
        let wait = exchange.wait_ms << exchange.tries.min(5);
        cx.effects.push(Effect::Timer { id: AGAIN, at: cx.now + Duration::from_millis(wait) });
    }

    fn on_fetched(&mut self, _: &mut Context<'_>, _: FetchId, _: Fetched) {}

    fn on_close(&mut self, cx: &mut Context<'_>) {
        self.abandon(cx);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_waits_is_small() {
        assert!(size_of::<TftpSession>() < 512);
    }

    #[test]
    fn line_ends_go_both_ways() {
        let net = to_net(b"a\nb\rc");
        assert_eq!(&net[..], b"a\r\nb\r\0c");
        assert_eq!(&from_net(&net)[..], b"a\nb\rc");
    }

    #[test]
    fn no_option_is_granted_beyond_what_was_asked() {
        let asked = [
            (b"blksize".to_vec(), b"65464".to_vec()),
            (b"windowsize".to_vec(), b"64".to_vec()),
            (b"timeout".to_vec(), b"0".to_vec()),
            (b"tsize".to_vec(), b"0".to_vec()),
        ];
        let agreed = agree(&asked, Some(9));
        assert_eq!(agreed, [("blksize", 1_428), ("windowsize", 1), ("tsize", 9)]);
    }
}
