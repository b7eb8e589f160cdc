//! Data connections: how they are asked for, and what goes over them.

use super::line::Command;
use super::session::{DATA, FtpSession};
use crate::limits::{FTP_DATA_WAIT_MS, UPLOAD_BYTES, UPLOADS};
use crate::shape::Capture;
use crate::{Context, Effect, SideEvent, SideId, SideStream};
use bytes::Bytes;
use std::net::{IpAddr, SocketAddr};
use ukai_model::{CaptureHow, Duration, EventKind, FileOperation, PeerText, Sha256};
use ukai_shell::FsError;

/// The data connection, and what goes over it.
#[derive(Default)]
pub(super) struct Data {
    sides: u32,
    /// `EPSV ALL` was said.
    only_epsv: bool,
    ready: Ready,
    transfer: Option<Transfer>,
}

/// What was asked for and not used yet.
#[derive(Default)]
enum Ready {
    #[default]
    Nothing,
    /// The driver is opening a port; then this is answered.
    Opening(SideId, bool),
    /// The peer may connect.
    Passive(Passive),
    /// We connect when there is something to transfer.
    Active(u16),
}

/// A port for the peer, and what came through it before it was asked for.
struct Passive {
    side: SideId,
    open: bool,
    tls: bool,
    early: Vec<u8>,
    ended: bool,
}

/// One transfer.
struct Transfer {
    side: SideId,
    open: bool,
    /// TLS is still to begin.
    tls: bool,
    command: Command,
    what: What,
}

enum What {
    /// Bytes for the peer, with the replies before and after, and the size that is told.
    Send {
        bytes: Bytes,
        before: &'static str,
        after: &'static str,
        told: u64,
        /// What was made up for it, as a whole.
        served: Option<Sha256>,
    },
    /// A file from the peer.
    Receive { path: Vec<u8>, received: Vec<u8>, base: Bytes, dropped: u64, unique: Option<String> },
}

impl FtpSession {
    pub(super) fn data_command(&mut self, cx: &mut Context<'_>, command: &Command) {
        let argument = command.argument.to_ascii_uppercase();
        match command.verb.as_str() {
            "EPSV" if argument == b"ALL" => {
                self.data.only_epsv = true;
                self.say_for(cx, "epsv_all", command);
            }
            "EPSV"
                if !matches!(&argument[..], b"" | b"1" | b"2")
                    || !argument.is_empty() && (argument == b"1") != self.peer_is_v4() =>
            {
                let number = argument.iter().all(u8::is_ascii_digit);
                let key = if number { "epsv_unknown" } else { "epsv_malformed" };
                self.say_for(cx, key, command);
            }
            verb if verb != "EPSV" && verb != "EPRT" && self.data.only_epsv => {
                self.say_for(cx, "epsv_only", command);
            }
            "EPSV" | "PASV" => {
                self.forget_data(cx);
                let side = self.next_side();
                self.data.ready = Ready::Opening(side, command.verb == "EPSV");
                self.busy = true;
                cx.effects.push(Effect::OpenSide { id: side, how: SideStream::Listen });
            }
            "PORT" => self.port(cx, command),
            _ => self.extended_port(cx, command),
        }
    }

    fn peer(&self) -> IpAddr {
        self.open.flow.src_ip.to_canonical()
    }

    fn peer_is_v4(&self) -> bool {
        self.peer().is_ipv4()
    }

    fn next_side(&mut self) -> SideId {
        self.data.sides += 1;
        SideId(self.data.sides)
    }

    /// RFC 959: only to the peer's own address, and to no port of the system.
    fn port(&mut self, cx: &mut Context<'_>, command: &Command) {
        let text = String::from_utf8_lossy(&command.argument).into_owned();
        let numbers: Vec<u8> = text.split(',').map_while(|part| part.trim().parse().ok()).collect();
        let key = match numbers[..] {
            [a, b, c, d, high, low] if text.split(',').count() == 6 => {
                let port = u16::from_be_bytes([high, low]);
                let own = self.peer() == IpAddr::from([a, b, c, d]);
                self.active(cx, own, port, ["port", "port_illegal"])
            }
            _ => "port_malformed",
        };
        self.say_for(cx, key, command);
    }

    /// RFC 2428: `|1|192.0.2.1|5000|`.
    fn extended_port(&mut self, cx: &mut Context<'_>, command: &Command) {
        let text = String::from_utf8_lossy(&command.argument).into_owned();
        let delimiter = text.chars().next().unwrap_or('|');
        let parts: Vec<&str> = text.split(delimiter).collect();
        let expected = if self.peer_is_v4() { "1" } else { "2" };
        let key = match parts[..] {
            _ if !text.is_empty() && (parts.len() != 5 || !parts[0].is_empty()) => "eprt_malformed",
            ["", family, _, _, ""] if family != expected => "eprt_protocol",
            ["", _, address, port, ""] => {
                let own =
                    address.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical() == self.peer());
                let port = port.parse().unwrap_or(0);
                self.active(cx, own, port, ["eprt", "eprt_illegal"])
            }
            _ => "eprt_protocol",
        };
        self.say_for(cx, key, command);
    }

    fn active(
        &mut self,
        cx: &mut Context<'_>,
        own: bool,
        port: u16,
        [yes, no]: [&'static str; 2],
    ) -> &'static str {
        const SYSTEM_PORTS: u16 = 1_024;
        self.forget_data(cx);
        if !own || port < SYSTEM_PORTS {
            return no;
        }
        self.data.ready = Ready::Active(port);
        yes
    }

    fn forget_data(&mut self, cx: &mut Context<'_>) {
        match std::mem::take(&mut self.data.ready) {
            Ready::Opening(side, _) | Ready::Passive(Passive { side, .. }) => {
                cx.effects.push(Effect::CloseSide(side));
            }
            Ready::Nothing | Ready::Active(_) => {}
        }
    }

    pub(super) fn transfer_command(&mut self, cx: &mut Context<'_>, command: &Command) {
        let without = matches!(self.data.ready, Ready::Nothing);
        if without && self.server.data_first {
            return self.say_for(cx, "use_port", command);
        }
        let offset = std::mem::take(&mut self.offset);
        let prepared = match command.verb.as_str() {
            "RETR" => self.prepare_retrieve(cx, command, offset),
            "STOR" | "APPE" | "STOU" => self.prepare_store(cx, command, offset),
            _ => self.prepare_list(cx, command),
        };
        let Some(what) = prepared else { return };
        if without {
            return self.say_for(cx, "use_port", command);
        }
        self.start(cx, command, what);
    }

    fn start(&mut self, cx: &mut Context<'_>, command: &Command, what: What) {
        let tls = self.private;
        let passive = match std::mem::take(&mut self.data.ready) {
            Ready::Passive(passive) => passive,
            Ready::Active(port) => {
                let side = self.next_side();
                cx.effects.push(Effect::OpenSide { id: side, how: SideStream::Connect(port) });
                Passive { side, open: false, tls, early: Vec::new(), ended: false }
            }
            Ready::Opening(..) | Ready::Nothing => return,
        };
        let Passive { side, open, tls, early, ended } = passive;
        let command = command.clone();
        let tls = tls && !open;
        self.data.transfer = Some(Transfer { side, open: false, tls, command, what });
        self.busy = true;
        if open {
            self.begin(cx);
            if !early.is_empty() {
                self.transfer_event(cx, side, SideEvent::Bytes(&early));
            }
            if ended {
                self.transfer_event(cx, side, SideEvent::Eof);
            }
        } else {
            let at = cx.now + Duration::from_millis(FTP_DATA_WAIT_MS);
            cx.effects.push(Effect::Timer { id: DATA, at });
        }
    }

    fn prepare_retrieve(
        &mut self,
        cx: &mut Context<'_>,
        command: &Command,
        offset: u64,
    ) -> Option<What> {
        let path = self.resolve(&command.argument);
        let read = self.account.as_mut()?.files.at(cx.now).read_offered(&path);
        let read = read
            .and_then(|b| if command.argument.is_empty() { Err(FsError::NotFound) } else { Ok(b) });
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) => {
                self.record_file(cx, FileOperation::Download, &command.argument, 0, false);
                self.failed(cx, command, "retr_failed", error);
                return None;
            }
        };
        let offered = self.account.as_mut()?.files.at(cx.now).is_offered(&path);
        let served = offered.then(|| Sha256::of(&bytes));
        let told = bytes.len() as u64;
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let bytes = bytes.slice(from..);
        let bytes = if self.ascii && self.server.converts_ascii { to_net(&bytes) } else { bytes };
        Some(What::Send { bytes, before: "opening_retr", after: "done", told, served })
    }

    fn prepare_store(
        &mut self,
        cx: &mut Context<'_>,
        command: &Command,
        offset: u64,
    ) -> Option<What> {
        let unique = (command.verb == "STOU").then(|| self.unique_name(&command.argument));
        let name = unique.as_ref().map_or(&command.argument[..], |name| name.as_bytes());
        let path = self.resolve(name);
        let mode = 0o666 & !self.umask;
        let keeps = command.verb == "APPE" || offset > 0;
        let account = self.account.as_mut()?;
        let files = account.files.at(cx.now);
        let allowed = if account.read_only {
            Err(FsError::Permission)
        } else if name.is_empty() {
            Err(FsError::NotFound)
        } else if files.info(&path, true).is_ok_and(|info| !info.is_file()) {
            Err(FsError::IsDirectory)
        } else if keeps {
            account.files.prepare(&path, mode)
        } else {
            account.files.create(&path, mode)
        };
        if let Err(error) = allowed {
            self.record_file(cx, FileOperation::Upload, name, 0, false);
            self.failed(cx, command, "stor_failed", error);
            return None;
        }
        let old = if keeps { account.files.read(&path).unwrap_or_default() } else { Bytes::new() };
        let keep = match command.verb.as_str() {
            "APPE" => old.len(),
            _ => usize::try_from(offset).unwrap_or(usize::MAX).min(old.len()),
        };
        let base = old.slice(..keep);
        Some(What::Receive { path, received: Vec::new(), base, dropped: 0, unique })
    }

    fn unique_name(&self, argument: &[u8]) -> String {
        let stem = String::from_utf8_lossy(argument).into_owned();
        let stem = if stem.is_empty() { "STOU".to_owned() } else { stem };
        let taken = |name: &str| {
            let path = self.resolve(name.as_bytes());
            self.account.as_ref().is_some_and(|account| account.files.info(&path, false).is_ok())
        };
        if !taken(&stem) && !argument.is_empty() {
            return stem;
        }
        (1..100).map(|n| format!("{stem}.{n}")).find(|name| !taken(name)).unwrap_or(stem)
    }

    fn prepare_list(&mut self, cx: &mut Context<'_>, command: &Command) -> Option<What> {
        let mut argument = &command.argument[..];
        let mut options: &[u8] = b"";
        while let Some(rest) = argument.strip_prefix(b"-") {
            let end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
            options = &rest[..end];
            argument = rest.get(end + 1..).unwrap_or_default();
        }
        let hidden = options.contains(&b'a') || options.contains(&b'A');
        let long = command.verb == "LIST" || command.verb != "MLSD" && options.contains(&b'l');
        let path = self.resolve(if argument.is_empty() { b"." } else { argument });
        if let Some(account) = &mut self.account {
            account.files.at(cx.now);
        }
        let found = if command.verb == "MLSD" {
            self.listing(cx).facts_of_directory(&path)
        } else {
            self.listing(cx).directory(&path, hidden, long)
        };
        self.record_file(cx, FileOperation::List, argument, 0, found.is_some());
        let missing = if command.verb == "MLSD" { "mlsd_missing" } else { "list_missing" };
        if found.is_none() && !self.server.reply(missing).starts_with('1') {
            let shown = Command { verb: command.verb.clone(), argument: argument.to_vec() };
            self.failed(cx, &shown, missing, FsError::NotFound);
            return None;
        }
        let after = if found.is_some() { "list_done" } else { "list_done_missing" };
        let bytes = Bytes::from(found.unwrap_or_default());
        Some(What::Send { bytes, before: "opening_list", after, told: 0, served: None })
    }

    pub(super) fn side_event(&mut self, cx: &mut Context<'_>, side: SideId, event: SideEvent<'_>) {
        match (event, &mut self.data.ready) {
            (SideEvent::Listening(address), Ready::Opening(id, extended)) if *id == side => {
                let extended = *extended;
                let (open, ended, early) = (false, false, Vec::new());
                let tls = self.private;
                self.data.ready = Ready::Passive(Passive { side, open, tls, early, ended });
                self.listening(cx, address, extended);
            }
            (SideEvent::Failed, Ready::Opening(id, _)) if *id == side => {
                self.data.ready = Ready::Nothing;
                self.busy = false;
                self.say(cx, "no_connection");
                self.go_on(cx);
            }
            (SideEvent::Failed, Ready::Passive(passive)) if passive.side == side => {
                self.data.ready = Ready::Nothing;
            }
            (event, Ready::Passive(passive)) if passive.side == side => match event {
                // Some clients greet before they ask for a transfer.
                SideEvent::Open => {
                    passive.open = true;
                    start_tls(cx, side, passive.tls);
                }
                SideEvent::Bytes(bytes) => {
                    let room = UPLOAD_BYTES - passive.early.len();
                    passive.early.extend_from_slice(&bytes[..bytes.len().min(room)]);
                }
                SideEvent::Eof => passive.ended = true,
                _ => {}
            },
            _ => self.transfer_event(cx, side, event),
        }
    }

    fn listening(&mut self, cx: &mut Context<'_>, address: SocketAddr, extended: bool) {
        let port = address.port();
        let command = Command { verb: String::new(), argument: Vec::new() };
        if extended {
            self.say_with(cx, "epsv", &command, &[("port", &port.to_string())]);
        } else {
            let ip = match address.ip().to_canonical() {
                IpAddr::V4(ip) => ip.octets(),
                IpAddr::V6(_) => [0; 4],
            };
            let [a, b, c, d] = ip;
            let text = format!("{a},{b},{c},{d},{},{}", port >> 8, port & 0xff);
            self.say_with(cx, "pasv", &command, &[("pasv", &text)]);
        }
        self.busy = false;
        self.go_on(cx);
    }

    fn transfer_event(&mut self, cx: &mut Context<'_>, side: SideId, event: SideEvent<'_>) {
        let Some(transfer) = self.data.transfer.as_mut().filter(|t| t.side == side) else { return };
        match event {
            SideEvent::Open if !transfer.open => self.begin(cx),
            SideEvent::Bytes(bytes) => {
                if let What::Receive { received, dropped, .. } = &mut transfer.what {
                    let room = UPLOAD_BYTES - received.len();
                    received.extend_from_slice(&bytes[..bytes.len().min(room)]);
                    *dropped += bytes.len().saturating_sub(room) as u64;
                }
            }
            SideEvent::Eof if matches!(transfer.what, What::Receive { .. }) => {
                self.finish_upload(cx, true);
            }
            SideEvent::Failed => {
                let key = if transfer.open { "broken" } else { "no_connection" };
                self.abandon_upload(cx);
                self.data.transfer = None;
                self.say(cx, key);
                self.next(cx);
            }
            _ => {}
        }
    }

    /// The data connection is there: what was prepared goes over it.
    fn begin(&mut self, cx: &mut Context<'_>) {
        let Some(transfer) = &mut self.data.transfer else { return };
        transfer.open = true;
        let (side, command) = (transfer.side, transfer.command.clone());
        let tls = transfer.tls;
        match &transfer.what {
            What::Send { bytes, before, after, told, served } => {
                let served = *served;
                let (bytes, before, after, told) = (bytes.clone(), *before, *after, *told);
                self.data.transfer = None;
                self.say_with(cx, before, &command, &[("size", &told.to_string())]);
                start_tls(cx, side, tls);
                let size = bytes.len() as u64;
                if !bytes.is_empty() {
                    cx.effects.push(Effect::SideSend(side, bytes));
                }
                cx.effects.push(Effect::CloseSide(side));
                if before == "opening_retr" {
                    let download = FileOperation::Download;
                    self.record_served(cx, download, &command.argument, size, true, served);
                }
                self.say_for(cx, after, &command);
                self.next(cx);
            }
            What::Receive { unique: Some(name), .. } => {
                let name = name.clone();
                self.say_with(cx, "opening_stou", &command, &[("name", &name)]);
                start_tls(cx, side, tls);
            }
            What::Receive { .. } => {
                self.say_for(cx, "opening_stor", &command);
                start_tls(cx, side, tls);
            }
        }
    }

    fn next(&mut self, cx: &mut Context<'_>) {
        self.busy = false;
        self.go_on(cx);
    }

    fn finish_upload(&mut self, cx: &mut Context<'_>, whole: bool) {
        let Some(Transfer { side, command, what, .. }) = self.data.transfer.take() else { return };
        let What::Receive { path, received, base, dropped, .. } = what else { return };
        let size = received.len() as u64 + dropped;
        let received = if self.ascii && self.server.converts_ascii {
            from_net(&received)
        } else {
            Bytes::from(received)
        };
        if dropped > 0 {
            cx.record(EventKind::LimitReached {
                limit: "upload-bytes".to_owned(),
                detail: format!("{dropped} bytes of an upload were not kept"),
            });
        }
        let bytes =
            if base.is_empty() { received } else { Bytes::from([&base[..], &received].concat()) };
        let mode = 0o666 & !self.umask;
        let stored = match &mut self.account {
            Some(account) => account.files.at(cx.now).store(&path, bytes.clone(), mode),
            None => Err(FsError::Permission),
        };
        self.uploads += 1;
        if !bytes.is_empty() && self.uploads <= UPLOADS {
            cx.effects.push(Effect::Capture(Capture {
                bytes,
                how: CaptureHow::Uploaded,
                name: Some(PeerText::truncated(&path, 4_096)),
                url: None,
            }));
        }
        cx.record(EventKind::FileTransfer {
            protocol: "ftp".to_owned(),
            operation: FileOperation::Upload,
            path: PeerText::truncated(&path, 4_096),
            size,
            success: whole && stored.is_ok(),
            served: None,
        });
        if whole {
            cx.effects.push(Effect::CloseSide(side));
            self.say_for(cx, if stored.is_ok() { "done" } else { "full" }, &command);
            self.next(cx);
        }
    }

    /// What has come of an upload that breaks off is kept all the same.
    pub(super) fn abandon_upload(&mut self, cx: &mut Context<'_>) {
        if matches!(&self.data.transfer, Some(Transfer { what: What::Receive { .. }, .. })) {
            self.finish_upload(cx, false);
        }
    }

    pub(super) fn data_timeout(&mut self, cx: &mut Context<'_>) {
        if let Some(Transfer { open: false, side, .. }) = self.data.transfer {
            self.data.transfer = None;
            cx.effects.push(Effect::CloseSide(side));
            self.say(cx, "no_connection");
            self.next(cx);
        }
    }
}

/// TLS on a data connection that we opened begins behind the reply that tells of it.
fn start_tls(cx: &mut Context<'_>, side: SideId, tls: bool) {
    if tls {
        cx.effects.push(Effect::SideTls(side));
    }
}

/// Line ends as on the network.
fn to_net(bytes: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 16);
    let mut last = 0;
    for byte in bytes {
        if *byte == b'\n' && last != b'\r' {
            out.push(b'\r');
        }
        out.push(*byte);
        last = *byte;
    }
    Bytes::from(out)
}

/// Line ends as on the disk.
fn from_net(bytes: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
            out.push(*byte);
        }
    }
    Bytes::from(out)
}
