//! Channels: what the emulation does with them (RFC 4254 section 5).

use super::Server;
use crate::event::{ChannelId, ForwardedOpen, OpenFailure, Output, ServerEvent};
use crate::limits::{CHANNEL_QUEUE_BYTES_MAX, CHANNELS_MAX, CUT_PACKETS_MAX, SMALL_PACKET_BYTES};
use crate::message;
use crate::profile::Family;
use crate::wire::Put;
use bytes::BytesMut;
use std::collections::VecDeque;

/// OpenSSH's CHAN_SES_WINDOW_DEFAULT and CHAN_TCP_WINDOW_DEFAULT.
const OPENSSH_WINDOW_BYTES: u32 = 64 * 32 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The client asked, we have not answered.
    Asked,
    /// We asked, the client has not answered.
    Asking,
    Open,
}

pub(super) struct Channel {
    pub(super) state: State,
    pub(super) session: bool,
    pub(super) remote: u32,
    pub(super) window_out: usize,
    pub(super) packet_out: usize,
    pub(super) window_in: u32,
    pub(super) window_in_max: u32,
    pub(super) consumed: u32,
    pub(super) hold: bool,
    /// A program was started on it.
    pub(super) started: bool,
    /// Answers that the client waits for; whether success starts a program.
    pub(super) owed: VecDeque<bool>,
    queue: VecDeque<Item>,
    queued: usize,
    short: bool,
    eof_sent: bool,
    close_sent: bool,
}

enum Item {
    Data { extended: bool, bytes: BytesMut },
    Message(Vec<u8>),
}

impl Channel {
    pub(super) fn new(state: State, session: bool, remote: u32, window: u32, packet: u32) -> Self {
        Self {
            state,
            session,
            remote,
            window_out: window as usize,
            packet_out: (packet as usize).min(32 * 1024),
            window_in: 0,
            window_in_max: 0,
            consumed: 0,
            hold: false,
            started: false,
            owed: VecDeque::new(),
            queue: VecDeque::new(),
            queued: 0,
            short: false,
            eof_sent: false,
            close_sent: false,
        }
    }
}

impl Server {
    pub(super) fn new_channel(&mut self, channel: Channel) -> Option<ChannelId> {
        let channels = &mut self.connection.channels;
        if channels.len() >= CHANNELS_MAX {
            return None;
        }
        let id = (0..CHANNELS_MAX as u32).find(|id| !channels.contains_key(id))?;
        channels.insert(id, channel);
        Some(ChannelId(id))
    }

    /// The window that a channel begins with: OpenSSH opens that of a session when a
    /// program starts.
    fn first_window(&self, session: bool) -> u32 {
        match self.profile.family {
            Family::Openssh if !session => OPENSSH_WINDOW_BYTES,
            _ => self.profile.window_bytes,
        }
    }

    /// Opens the channel that the client asked for.
    pub fn open_confirm(&mut self, channel: ChannelId, out: &mut Vec<Output>) {
        let Some(entry) = self.connection.channels.get(&channel.0) else { return };
        if entry.state != State::Asked {
            return;
        }
        let window = self.first_window(entry.session);
        let Some(entry) = self.connection.channels.get_mut(&channel.0) else { return };
        entry.state = State::Open;
        entry.window_in = window;
        entry.window_in_max = window;
        let mut payload = vec![message::CHANNEL_OPEN_CONFIRMATION];
        payload.put_int(entry.remote);
        payload.put_int(channel.0);
        payload.put_int(window);
        payload.put_int(self.profile.packet_bytes);
        self.send_payload(payload);
        self.flush(out);
    }

    /// Refuses the channel that the client asked for.
    pub fn open_fail(
        &mut self,
        channel: ChannelId,
        reason: OpenFailure,
        text: &str,
        out: &mut Vec<Output>,
    ) {
        let Some(entry) = self.connection.channels.get(&channel.0) else { return };
        if entry.state == State::Asked {
            let remote = entry.remote;
            self.connection.channels.remove(&channel.0);
            self.send_open_failure(remote, reason as u32, text);
            self.flush(out);
        }
    }

    pub(super) fn send_open_failure(&mut self, remote: u32, reason: u32, text: &str) {
        let mut payload = vec![message::CHANNEL_OPEN_FAILURE];
        payload.put_int(remote);
        payload.put_int(reason);
        payload.put_string(text.as_bytes());
        payload.put_string(b"");
        self.send_payload(payload);
    }

    /// Answers the oldest request of this channel that waits.
    pub fn request_reply(&mut self, channel: ChannelId, success: bool, out: &mut Vec<Output>) {
        let Some(entry) = self.connection.channels.get_mut(&channel.0) else { return };
        let Some(starts) = entry.owed.pop_front() else { return };
        let remote = entry.remote;
        if starts && success {
            self.start_program(channel);
        }
        let kind = if success { message::CHANNEL_SUCCESS } else { message::CHANNEL_FAILURE };
        let mut payload = vec![kind];
        payload.put_int(remote);
        self.send_payload(payload);
        self.flush(out);
    }

    /// OpenSSH's `channel_set_fds`: the window opens when the program is there.
    pub(super) fn start_program(&mut self, channel: ChannelId) {
        let Some(entry) = self.connection.channels.get_mut(&channel.0) else { return };
        if entry.started {
            return;
        }
        entry.started = true;
        if self.profile.family == Family::Openssh && entry.window_in_max == 0 {
            entry.window_in = OPENSSH_WINDOW_BYTES;
            entry.window_in_max = OPENSSH_WINDOW_BYTES;
            let mut payload = vec![message::CHANNEL_WINDOW_ADJUST];
            payload.put_int(entry.remote);
            payload.put_int(OPENSSH_WINDOW_BYTES);
            self.send_payload(payload);
        }
    }

    /// How many bytes `send` and `send_stderr` would take now: the channel's window and
    /// its queue. 0 for a channel that is not open.
    pub fn sendable(&self, channel: ChannelId) -> usize {
        match self.connection.channels.get(&channel.0) {
            Some(entry) if entry.state == State::Open && !entry.eof_sent && !entry.close_sent => {
                CHANNEL_QUEUE_BYTES_MAX.saturating_sub(entry.queued)
            }
            _ => 0,
        }
    }

    /// Bytes that wait in the channel's queue for the client's window.
    pub fn queued(&self, channel: ChannelId) -> usize {
        self.connection.channels.get(&channel.0).map_or(0, |entry| entry.queued)
    }

    /// Sends data; says how many of the bytes were taken. After less than all,
    /// [`ServerEvent::Writable`] tells when to go on.
    pub fn send(&mut self, channel: ChannelId, bytes: &[u8], out: &mut Vec<Output>) -> usize {
        self.enqueue(channel, bytes, false, out)
    }

    /// Sends extended data of type 1, like [`Server::send`].
    pub fn send_stderr(
        &mut self,
        channel: ChannelId,
        bytes: &[u8],
        out: &mut Vec<Output>,
    ) -> usize {
        self.enqueue(channel, bytes, true, out)
    }

    fn enqueue(
        &mut self,
        channel: ChannelId,
        bytes: &[u8],
        extended: bool,
        out: &mut Vec<Output>,
    ) -> usize {
        let count = bytes.len().min(self.sendable(channel));
        let Some(entry) = self.connection.channels.get_mut(&channel.0) else { return 0 };
        entry.short |= count < bytes.len();
        if count > 0 {
            entry.queued += count;
            // What waits is one text, as in sshd's buffer, however it came.
            match entry.queue.back_mut() {
                Some(Item::Data { extended: last, bytes: waiting }) if *last == extended => {
                    waiting.extend_from_slice(&bytes[..count]);
                }
                _ => {
                    let bytes = BytesMut::from(&bytes[..count]);
                    entry.queue.push_back(Item::Data { extended, bytes });
                }
            }
            self.pump(channel);
        }
        self.flush(out);
        count
    }

    /// Sends what waited for the client to say something.
    pub(super) fn pump_cut(&mut self) {
        if std::mem::take(&mut self.connection.cut_packets) >= CUT_PACKETS_MAX {
            for channel in self.connection.channels.keys().copied().collect::<Vec<_>>() {
                self.pump(ChannelId(channel));
            }
        }
    }

    /// Sends what the window allows. A client whose packets are so small that each costs
    /// many times what it carries gets some of them for each time that it is heard.
    pub(super) fn pump(&mut self, channel: ChannelId) {
        loop {
            let Some(entry) = self.connection.channels.get_mut(&channel.0) else { return };
            let Some(item) = entry.queue.pop_front() else { return };
            match item {
                Item::Message(payload) => self.send_payload(payload),
                Item::Data { extended, mut bytes } => {
                    let count = bytes.len().min(entry.window_out).min(entry.packet_out);
                    let cut = count < bytes.len() && count < SMALL_PACKET_BYTES;
                    if count == 0 || cut && self.connection.cut_packets >= CUT_PACKETS_MAX {
                        entry.queue.push_front(Item::Data { extended, bytes });
                        return;
                    }
                    self.connection.cut_packets += u32::from(cut);
                    let part = bytes.split_to(count);
                    entry.window_out -= count;
                    entry.queued -= count;
                    if !bytes.is_empty() {
                        entry.queue.push_front(Item::Data { extended, bytes });
                    }
                    let mut payload = Vec::with_capacity(count + 13);
                    payload.push(if extended {
                        message::CHANNEL_EXTENDED_DATA
                    } else {
                        message::CHANNEL_DATA
                    });
                    payload.put_int(entry.remote);
                    if extended {
                        payload.put_int(1);
                    }
                    payload.put_string(&part);
                    self.send_payload(payload);
                }
            }
            self.rekey_if_due();
        }
    }

    /// After the window has opened.
    pub(super) fn pump_and_tell(&mut self, channel: ChannelId, out: &mut Vec<Output>) {
        self.pump(channel);
        let Some(entry) = self.connection.channels.get_mut(&channel.0) else { return };
        if entry.short && entry.queued <= CHANNEL_QUEUE_BYTES_MAX / 2 {
            entry.short = false;
            self.event(ServerEvent::Writable { channel }, out);
        }
    }

    /// While a channel is held, its window is not opened again: the client can send what
    /// its window allows and then waits. For those who cannot take data as fast as it
    /// comes.
    pub fn hold(&mut self, channel: ChannelId, hold: bool, out: &mut Vec<Output>) {
        if let Some(entry) = self.connection.channels.get_mut(&channel.0) {
            entry.hold = hold;
            self.widen(channel);
            self.flush(out);
        }
    }

    /// Opens the client's window again, when the claimed program would.
    pub(super) fn widen(&mut self, channel: ChannelId) {
        let Some(entry) = self.connection.channels.get_mut(&channel.0) else { return };
        if entry.hold || entry.consumed == 0 || entry.close_sent {
            return;
        }
        let used = entry.window_in_max.saturating_sub(entry.window_in);
        let due = match self.profile.family {
            // channel_check_window.
            Family::Openssh => {
                used > self.profile.packet_bytes * 3 || entry.window_in < entry.window_in_max / 2
            }
            // RECV_WINDOWEXTEND.
            Family::Dropbear => entry.consumed >= entry.window_in_max / 3,
        };
        if due {
            let mut payload = vec![message::CHANNEL_WINDOW_ADJUST];
            payload.put_int(entry.remote);
            payload.put_int(entry.consumed);
            entry.window_in = entry.window_in.saturating_add(entry.consumed);
            entry.consumed = 0;
            self.send_payload(payload);
        }
    }

    fn enqueue_message(&mut self, channel: ChannelId, payload: Vec<u8>, out: &mut Vec<Output>) {
        if let Some(entry) = self.connection.channels.get_mut(&channel.0) {
            entry.queue.push_back(Item::Message(payload));
            self.pump(channel);
            self.flush(out);
        }
    }

    /// The number that the client gave this channel, if it can be told something.
    fn speaking(&self, channel: ChannelId) -> Option<u32> {
        let entry = self.connection.channels.get(&channel.0)?;
        (entry.state == State::Open && !entry.close_sent).then_some(entry.remote)
    }

    /// No more data follows, after what is queued.
    pub fn eof(&mut self, channel: ChannelId, out: &mut Vec<Output>) {
        let Some(remote) = self.speaking(channel) else { return };
        if let Some(entry) = self.connection.channels.get_mut(&channel.0)
            && std::mem::replace(&mut entry.eof_sent, true)
        {
            return;
        }
        let mut payload = vec![message::CHANNEL_EOF];
        payload.put_int(remote);
        self.enqueue_message(channel, payload, out);
    }

    /// The command ended. Goes out after what is queued.
    pub fn exit_status(&mut self, channel: ChannelId, status: u32, out: &mut Vec<Output>) {
        let Some(remote) = self.speaking(channel) else { return };
        let mut payload = vec![message::CHANNEL_REQUEST];
        payload.put_int(remote);
        payload.put_string(b"exit-status");
        payload.put_bool(false);
        payload.put_int(status);
        self.enqueue_message(channel, payload, out);
        self.end_of_write(channel, remote, out);
    }

    /// The command was killed by this signal (without `SIG`). Goes out after what is
    /// queued.
    pub fn exit_signal(
        &mut self,
        channel: ChannelId,
        signal: &str,
        core_dumped: bool,
        out: &mut Vec<Output>,
    ) {
        let Some(remote) = self.speaking(channel) else { return };
        let mut payload = vec![message::CHANNEL_REQUEST];
        payload.put_int(remote);
        payload.put_string(b"exit-signal");
        payload.put_bool(false);
        payload.put_string(signal.as_bytes());
        payload.put_bool(core_dumped);
        payload.put_string(b"");
        payload.put_string(b"");
        self.enqueue_message(channel, payload, out);
        self.end_of_write(channel, remote, out);
    }

    /// OpenSSH tells OpenSSH that the program reads no more.
    fn end_of_write(&mut self, channel: ChannelId, remote: u32, out: &mut Vec<Output>) {
        let software = self.client_version.splitn(3, |byte| *byte == b'-').nth(2);
        let knows = software.is_some_and(|software| {
            software.starts_with(b"OpenSSH")
                && !software.starts_with(b"OpenSSH_2")
                && !software.starts_with(b"OpenSSH_3")
                && !software.starts_with(b"OpenSSH_4")
        });
        if self.profile.family == Family::Openssh && knows {
            let mut payload = vec![message::CHANNEL_REQUEST];
            payload.put_int(remote);
            payload.put_string(b"eow@openssh.com");
            payload.put_bool(false);
            self.enqueue_message(channel, payload, out);
        }
    }

    /// Closes the channel after what is queued.
    pub fn close(&mut self, channel: ChannelId, out: &mut Vec<Output>) {
        let Some(remote) = self.speaking(channel) else { return };
        if let Some(entry) = self.connection.channels.get_mut(&channel.0) {
            entry.close_sent = true;
        }
        let mut payload = vec![message::CHANNEL_CLOSE];
        payload.put_int(remote);
        self.enqueue_message(channel, payload, out);
    }

    /// The client has closed: what is queued is for nobody.
    pub(super) fn closed_by_peer(&mut self, channel: ChannelId, out: &mut Vec<Output>) {
        let Some(entry) = self.connection.channels.remove(&channel.0) else { return };
        let close_waits = entry.queue.iter().any(
            |item| matches!(item, Item::Message(payload) if payload[0] == message::CHANNEL_CLOSE),
        );
        if !entry.close_sent || close_waits {
            let mut payload = vec![message::CHANNEL_CLOSE];
            payload.put_int(entry.remote);
            self.send_payload(payload);
        }
        self.event(ServerEvent::Closed { channel }, out);
    }

    /// Opens a channel to the client; `None` if there are too many.
    pub fn open_forwarded(
        &mut self,
        open: &ForwardedOpen,
        out: &mut Vec<Output>,
    ) -> Option<ChannelId> {
        if !self.auth.done || self.closed() {
            return None;
        }
        let window = self.first_window(false);
        let mut entry = Channel::new(State::Asking, false, 0, 0, 0);
        entry.window_in = window;
        entry.window_in_max = window;
        let channel = self.new_channel(entry)?;
        let mut payload = vec![message::CHANNEL_OPEN];
        let name: &[u8] = match open {
            ForwardedOpen::Tcpip { .. } => b"forwarded-tcpip",
            ForwardedOpen::Streamlocal { .. } => b"forwarded-streamlocal@openssh.com",
            ForwardedOpen::X11 { .. } => b"x11",
            ForwardedOpen::Agent => b"auth-agent@openssh.com",
        };
        payload.put_string(name);
        payload.put_int(channel.0);
        payload.put_int(window);
        payload.put_int(self.profile.packet_bytes);
        match open {
            ForwardedOpen::Tcpip { address, port, originator, originator_port } => {
                payload.put_string(address.as_bytes());
                payload.put_int(*port);
                payload.put_string(originator.as_bytes());
                payload.put_int(*originator_port);
            }
            ForwardedOpen::Streamlocal { path } => {
                payload.put_string(path.as_bytes());
                payload.put_string(b"");
            }
            ForwardedOpen::X11 { originator, originator_port } => {
                payload.put_string(originator.as_bytes());
                payload.put_int(*originator_port);
            }
            ForwardedOpen::Agent => {}
        }
        self.send_payload(payload);
        self.flush(out);
        Some(channel)
    }
}
