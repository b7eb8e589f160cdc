//! The connection protocol: what the client asks for (RFC 4254, OpenSSH's PROTOCOL).

use super::channels::{Channel, State};
use super::{Handled, SHORT, Server, Trouble};
use crate::event::{
    ChannelId, ChannelOpen, ChannelRequest, GlobalRequest, OpenFailure, Output, PtyRequest,
    ServerEvent,
};
use crate::hostkeys::kind_of;
use crate::limits::REPLIES_OWED_MAX;
use crate::message;
use crate::profile::{Family, HostKeyKind};
use crate::wire::{Put, Reader};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};

#[derive(Default)]
pub(super) struct Connection {
    pub(super) channels: BTreeMap<u32, Channel>,
    /// Global requests in the order of arrival, with the answers of those that did not
    /// need to be asked for.
    owed: VecDeque<Owed>,
    no_more_sessions: bool,
    /// Packets that the client's limits made small, since it was heard last.
    pub(super) cut_packets: u32,
}

struct Owed {
    answer: Option<Vec<u8>>,
    wants_port: bool,
}

fn copy(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

impl Server {
    pub(super) fn connection_message(
        &mut self,
        kind: u8,
        sequence: u32,
        body: Reader<'_>,
        out: &mut Vec<Output>,
    ) -> Handled {
        match kind {
            message::GLOBAL_REQUEST => self.global_request(body, out),
            message::CHANNEL_OPEN => self.channel_open(body, out),
            message::CHANNEL_OPEN_CONFIRMATION => self.open_confirmed(body, out),
            message::CHANNEL_OPEN_FAILURE => self.open_refused(body, out),
            message::CHANNEL_WINDOW_ADJUST => self.window_adjust(body, out),
            message::CHANNEL_DATA | message::CHANNEL_EXTENDED_DATA => {
                self.channel_data(kind == message::CHANNEL_EXTENDED_DATA, body, out)
            }
            message::CHANNEL_EOF => {
                let channel = self.known(body.clone().u32().ok_or(SHORT)?, "ieof")?;
                self.event(ServerEvent::Eof { channel }, out);
                Ok(())
            }
            message::CHANNEL_CLOSE => {
                let channel = self.known(body.clone().u32().ok_or(SHORT)?, "oclose")?;
                self.closed_by_peer(channel, out);
                Ok(())
            }
            message::CHANNEL_REQUEST => self.channel_request(body, out),
            // No request of ours wants an answer.
            message::REQUEST_SUCCESS
            | message::REQUEST_FAILURE
            | message::CHANNEL_SUCCESS
            | message::CHANNEL_FAILURE => Ok(()),
            _ => self.unimplemented(sequence),
        }
    }

    /// A channel of this number; OpenSSH ends the connection for one that is not there,
    /// and so does Dropbear, without a word.
    fn known(&self, id: u32, what: &str) -> Result<ChannelId, Trouble> {
        if self.connection.channels.contains_key(&id) {
            return Ok(ChannelId(id));
        }
        Err(match self.profile.family {
            Family::Openssh => Trouble::Says(
                "a message for a channel that is not there",
                format!("{what} packet referred to nonexistent channel {id}"),
            ),
            Family::Dropbear => Trouble::Silent("a message for a channel that is not there"),
        })
    }

    fn global_request(&mut self, mut body: Reader<'_>, out: &mut Vec<Output>) -> Handled {
        let name = body.string().ok_or(SHORT)?;
        let want_reply = body.bool().ok_or(SHORT)?;
        let data = body.rest();
        let mut answer = None;
        let mut wants_port = false;
        let request = match name {
            b"tcpip-forward" | b"cancel-tcpip-forward" => {
                let address = copy(body.string().ok_or(SHORT)?);
                let port = body.u32().ok_or(SHORT)?;
                if name == b"tcpip-forward" {
                    wants_port = port == 0;
                    GlobalRequest::TcpipForward { address, port }
                } else {
                    GlobalRequest::CancelTcpipForward { address, port }
                }
            }
            b"streamlocal-forward@openssh.com" if self.profile.family == Family::Openssh => {
                GlobalRequest::StreamlocalForward { path: copy(body.string().ok_or(SHORT)?) }
            }
            b"cancel-streamlocal-forward@openssh.com" if self.profile.family == Family::Openssh => {
                GlobalRequest::CancelStreamlocalForward { path: copy(body.string().ok_or(SHORT)?) }
            }
            _ => {
                answer = Some(self.own_answer(name, data));
                GlobalRequest::Other { name: copy(name), data: copy(data) }
            }
        };
        let asks = want_reply && answer.is_none();
        if want_reply {
            if self.connection.owed.len() >= REPLIES_OWED_MAX {
                return Err(Trouble::Silent("more requests than can wait"));
            }
            self.connection.owed.push_back(Owed { answer, wants_port });
            self.answer_globals();
        }
        self.event(ServerEvent::GlobalRequest { request, want_reply: asks }, out);
        Ok(())
    }

    /// The answers that need nobody's decision.
    fn own_answer(&mut self, name: &[u8], data: &[u8]) -> Vec<u8> {
        let openssh = self.profile.family == Family::Openssh;
        match name {
            b"no-more-sessions@openssh.com" if openssh => {
                self.connection.no_more_sessions = true;
                vec![message::REQUEST_SUCCESS]
            }
            b"hostkeys-prove-00@openssh.com" if openssh => {
                self.prove_host_keys(data).unwrap_or_else(|| vec![message::REQUEST_FAILURE])
            }
            _ => vec![message::REQUEST_FAILURE],
        }
    }

    /// OpenSSH's PROTOCOL, section 2.5.
    fn prove_host_keys(&self, data: &[u8]) -> Option<Vec<u8>> {
        let mut blobs = Reader::new(data);
        let mut payload = vec![message::REQUEST_SUCCESS];
        let mut seen = Vec::new();
        while !blobs.is_empty() {
            let blob = blobs.string()?;
            let kind = *self
                .profile
                .host_keys
                .iter()
                .find(|kind| self.keys.public(**kind) == blob && !seen.contains(*kind))?;
            seen.push(kind);
            let negotiated = self.kex.host_key_algorithm();
            let algorithm = match kind {
                HostKeyKind::Rsa if kind_of(negotiated) == Some(HostKeyKind::Rsa) => negotiated,
                HostKeyKind::Rsa => "rsa-sha2-512",
                HostKeyKind::Ecdsa => "ecdsa-sha2-nistp256",
                HostKeyKind::Ed25519 => "ssh-ed25519",
                HostKeyKind::Dss => "ssh-dss",
            };
            let mut signed = Vec::with_capacity(1024);
            signed.put_string(b"hostkeys-prove-00@openssh.com");
            signed.put_string(self.kex.session());
            signed.put_string(blob);
            payload.put_string(&self.keys.sign(kind, algorithm, &signed));
        }
        Some(payload)
    }

    fn answer_globals(&mut self) {
        while let Some(answer) =
            self.connection.owed.front_mut().and_then(|owed| owed.answer.take())
        {
            self.connection.owed.pop_front();
            self.send_payload(answer);
        }
    }

    /// Answers the oldest global request that waits. `port` is for `tcpip-forward` with
    /// port 0.
    pub fn global_reply(&mut self, success: bool, port: Option<u32>, out: &mut Vec<Output>) {
        let Some(owed) = self.connection.owed.front_mut() else { return };
        let mut payload =
            vec![if success { message::REQUEST_SUCCESS } else { message::REQUEST_FAILURE }];
        if success && owed.wants_port {
            payload.put_int(port.unwrap_or_default());
        }
        owed.answer = Some(payload);
        self.answer_globals();
        self.flush(out);
    }

    fn channel_open(&mut self, mut body: Reader<'_>, out: &mut Vec<Output>) -> Handled {
        let name = body.string().ok_or(SHORT)?;
        let remote = body.u32().ok_or(SHORT)?;
        let window = body.u32().ok_or(SHORT)?;
        let packet = body.u32().ok_or(SHORT)?;
        let openssh = self.profile.family == Family::Openssh;
        let open = match name {
            b"session" => ChannelOpen::Session,
            b"direct-tcpip" => ChannelOpen::DirectTcpip {
                host: copy(body.string().ok_or(SHORT)?),
                port: body.u32().ok_or(SHORT)?,
                originator: copy(body.string().ok_or(SHORT)?),
                originator_port: body.u32().ok_or(SHORT)?,
            },
            b"direct-streamlocal@openssh.com" if openssh => {
                ChannelOpen::DirectStreamlocal { path: copy(body.string().ok_or(SHORT)?) }
            }
            b"tun@openssh.com" if openssh => {
                ChannelOpen::Tun { mode: body.u32().ok_or(SHORT)?, unit: body.u32().ok_or(SHORT)? }
            }
            b"x11" => ChannelOpen::X11 {
                originator: copy(body.string().unwrap_or_default()),
                originator_port: body.u32().unwrap_or_default(),
            },
            _ => ChannelOpen::Other { name: copy(name), data: copy(body.rest()) },
        };
        let session = open == ChannelOpen::Session;
        if session && self.connection.no_more_sessions {
            return Err(Trouble::Says(
                "a session after no-more-sessions",
                "Possible attack: attempt to open a session after additional sessions disabled"
                    .to_owned(),
            ));
        }
        let sessions = self.connection.channels.values().filter(|entry| entry.session).count();
        if session && sessions >= self.profile.sessions_max as usize {
            self.send_open_failure(remote, OpenFailure::ConnectFailed as u32, "open failed");
            return Ok(());
        }
        let entry = Channel::new(State::Asked, session, remote, window, packet);
        let Some(channel) = self.new_channel(entry) else {
            self.send_open_failure(remote, OpenFailure::ConnectFailed as u32, "open failed");
            return Ok(());
        };
        if matches!(open, ChannelOpen::X11 { .. } | ChannelOpen::Other { .. }) {
            // Reported, and refused as the claimed program refuses.
            self.event(ServerEvent::ChannelOpen { channel, open }, out);
            self.connection.channels.remove(&channel.0);
            if openssh {
                self.send_open_failure(remote, OpenFailure::ConnectFailed as u32, "open failed");
            } else {
                self.send_open_failure(remote, OpenFailure::UnknownType as u32, "");
            }
            return Ok(());
        }
        self.event(ServerEvent::ChannelOpen { channel, open }, out);
        Ok(())
    }

    fn open_confirmed(&mut self, mut body: Reader<'_>, out: &mut Vec<Output>) -> Handled {
        let channel = self.known(body.u32().ok_or(SHORT)?, "open confirmation")?;
        let (remote, window, packet) =
            (body.u32().ok_or(SHORT)?, body.u32().ok_or(SHORT)?, body.u32().ok_or(SHORT)?);
        match self.connection.channels.get_mut(&channel.0) {
            Some(entry) if entry.state == State::Asking => {
                entry.state = State::Open;
                entry.remote = remote;
                entry.window_out = window as usize;
                entry.packet_out = (packet as usize).min(32 * 1024);
            }
            _ => return Err(Trouble::Silent("an answer that nobody asked for")),
        }
        self.event(ServerEvent::ChannelConfirmed { channel }, out);
        Ok(())
    }

    fn open_refused(&mut self, mut body: Reader<'_>, out: &mut Vec<Output>) -> Handled {
        let channel = self.known(body.u32().ok_or(SHORT)?, "open failure")?;
        let reason = body.u32().ok_or(SHORT)?;
        let text = copy(body.string().unwrap_or_default());
        match self.connection.channels.get(&channel.0) {
            Some(entry) if entry.state == State::Asking => {
                self.connection.channels.remove(&channel.0);
            }
            _ => return Err(Trouble::Silent("an answer that nobody asked for")),
        }
        self.event(ServerEvent::ChannelRefused { channel, reason, text }, out);
        Ok(())
    }

    fn window_adjust(&mut self, mut body: Reader<'_>, out: &mut Vec<Output>) -> Handled {
        let id = body.u32().ok_or(SHORT)?;
        let more = body.u32().ok_or(SHORT)?;
        let Some(entry) = self.connection.channels.get_mut(&id) else { return Ok(()) };
        let window = entry.window_out as u64 + u64::from(more);
        if window > u64::from(u32::MAX) {
            return Err(Trouble::Silent("a window beyond its bounds"));
        }
        entry.window_out = window as usize;
        self.pump_and_tell(ChannelId(id), out);
        Ok(())
    }

    fn channel_data(
        &mut self,
        extended: bool,
        mut body: Reader<'_>,
        out: &mut Vec<Output>,
    ) -> Handled {
        let what = if extended { "extended data" } else { "data" };
        let channel = self.known(body.u32().ok_or(SHORT)?, what)?;
        if extended {
            body.u32().ok_or(SHORT)?;
        }
        let mut data = body.string().ok_or(SHORT)?;
        let Some(entry) = self.connection.channels.get_mut(&channel.0) else { return Ok(()) };
        if entry.state != State::Open {
            return Ok(());
        }
        // More than the window is an error of the client that OpenSSH logs and cuts off.
        data = &data[..data.len().min(entry.window_in as usize)];
        if data.is_empty() {
            return Ok(());
        }
        entry.window_in -= data.len() as u32;
        entry.consumed = entry.consumed.saturating_add(data.len() as u32);
        let bytes = copy(data);
        self.widen(channel);
        self.event(
            if extended {
                ServerEvent::StderrData { channel, bytes }
            } else {
                ServerEvent::Data { channel, bytes }
            },
            out,
        );
        self.rekey_if_due();
        Ok(())
    }

    fn channel_request(&mut self, mut body: Reader<'_>, out: &mut Vec<Output>) -> Handled {
        let channel = self.known(body.u32().ok_or(SHORT)?, "channel request")?;
        let name = body.string().ok_or(SHORT)?;
        let want_reply = body.bool().ok_or(SHORT)?;
        let request = parse_request(name, body).ok_or(SHORT)?;
        let starts = matches!(
            request,
            ChannelRequest::Shell | ChannelRequest::Exec { .. } | ChannelRequest::Subsystem { .. }
        );
        let Some(entry) = self.connection.channels.get_mut(&channel.0) else { return Ok(()) };
        if want_reply {
            if entry.owed.len() >= REPLIES_OWED_MAX {
                return Err(Trouble::Silent("more requests than can wait"));
            }
            entry.owed.push_back(starts);
        } else if starts {
            self.start_program(channel);
        }
        self.event(ServerEvent::ChannelRequest { channel, request, want_reply }, out);
        Ok(())
    }
}

fn parse_request(name: &[u8], mut body: Reader<'_>) -> Option<ChannelRequest> {
    Some(match name {
        b"pty-req" => ChannelRequest::Pty(PtyRequest {
            term: copy(body.string()?),
            cols: body.u32()?,
            rows: body.u32()?,
            width_px: body.u32()?,
            height_px: body.u32()?,
            modes: modes(body.string().unwrap_or_default()),
        }),
        b"env" => ChannelRequest::Env { name: copy(body.string()?), value: copy(body.string()?) },
        b"shell" => ChannelRequest::Shell,
        b"exec" => ChannelRequest::Exec { command: copy(body.string()?) },
        b"subsystem" => ChannelRequest::Subsystem { name: copy(body.string()?) },
        b"window-change" => ChannelRequest::WindowChange {
            cols: body.u32()?,
            rows: body.u32()?,
            width_px: body.u32()?,
            height_px: body.u32()?,
        },
        b"signal" => ChannelRequest::Signal { name: copy(body.string()?) },
        b"break" => ChannelRequest::Break { length_ms: body.u32()? },
        b"x11-req" => ChannelRequest::X11 {
            single: body.bool()?,
            protocol: copy(body.string()?),
            cookie: copy(body.string()?),
            screen: body.u32()?,
        },
        b"auth-agent-req@openssh.com" => ChannelRequest::AuthAgent,
        _ => ChannelRequest::Other { name: copy(name), data: copy(body.rest()) },
    })
}

/// RFC 4254 section 8: opcodes from 160 on end the list.
fn modes(encoded: &[u8]) -> Vec<(u8, u32)> {
    let mut reader = Reader::new(encoded);
    let mut modes = Vec::new();
    while let Some(opcode @ 1..160) = reader.u8() {
        let Some(value) = reader.u32() else { break };
        modes.push((opcode, value));
    }
    modes
}
