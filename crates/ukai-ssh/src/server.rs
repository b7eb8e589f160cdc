//! The server: one value for one connection.

use crate::event::{AuthReply, ChannelId, DisconnectReason, ForwardedOpen, OpenFailure, Output};
use crate::hostkeys::HostKeys;
use crate::limits::CHANNEL_QUEUE_BYTES_MAX;
use crate::profile::Profile;
use std::sync::Arc;

/// One connection of a client.
///
/// Each call appends what is to be done to `out`, in order.
#[derive(Debug)]
pub struct Server {
    profile: Arc<Profile>,
    _keys: Arc<HostKeys>,
    _seed: [u8; 32],
}

impl Server {
    /// A server for a new connection. The seed must differ between connections: session
    /// keys come from it.
    pub fn new(profile: Arc<Profile>, keys: Arc<HostKeys>, seed: [u8; 32]) -> Self {
        Self { profile, _keys: keys, _seed: seed }
    }

    /// Which implementation this is.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The connection is there: puts out the banner.
    pub fn start(&mut self, _out: &mut Vec<Output>) {}

    /// Bytes from the client.
    pub fn receive(&mut self, _bytes: &[u8], _out: &mut Vec<Output>) {}

    /// The client sends no more.
    pub fn ended(&mut self, _out: &mut Vec<Output>) {}

    /// Answers the [`crate::ServerEvent::Auth`] that is outstanding; nothing happens if
    /// none is.
    pub fn auth_reply(&mut self, _reply: AuthReply, _out: &mut Vec<Output>) {}

    /// Sends an SSH_MSG_USERAUTH_BANNER; only before a log-in.
    pub fn auth_banner(&mut self, _text: &str, _out: &mut Vec<Output>) {}

    /// Answers the oldest global request that waits. `port` is for `tcpip-forward` with
    /// port 0.
    pub fn global_reply(&mut self, _success: bool, _port: Option<u32>, _out: &mut Vec<Output>) {}

    /// Opens the channel that the client asked for.
    pub fn open_confirm(&mut self, _channel: ChannelId, _out: &mut Vec<Output>) {}

    /// Refuses the channel that the client asked for.
    pub fn open_fail(
        &mut self,
        _channel: ChannelId,
        _reason: OpenFailure,
        _text: &str,
        _out: &mut Vec<Output>,
    ) {
    }

    /// Answers the oldest request of this channel that waits.
    pub fn request_reply(&mut self, _channel: ChannelId, _success: bool, _out: &mut Vec<Output>) {}

    /// How many bytes `send` and `send_stderr` would take now: the channel's window and
    /// its queue. 0 for a channel that is not open.
    pub fn sendable(&self, _channel: ChannelId) -> usize {
        CHANNEL_QUEUE_BYTES_MAX
    }

    /// Bytes that wait in the channel's queue for the client's window.
    pub fn queued(&self, _channel: ChannelId) -> usize {
        0
    }

    /// Sends data; says how many of the bytes were taken. After less than all,
    /// [`crate::ServerEvent::Writable`] tells when to go on.
    pub fn send(&mut self, _channel: ChannelId, bytes: &[u8], _out: &mut Vec<Output>) -> usize {
        bytes.len()
    }

    /// Sends extended data of type 1, like [`Server::send`].
    pub fn send_stderr(
        &mut self,
        _channel: ChannelId,
        bytes: &[u8],
        _out: &mut Vec<Output>,
    ) -> usize {
        bytes.len()
    }

    /// While a channel is held, its window is not opened again: the client can send what
    /// its window allows and then waits. For those who cannot take data as fast as it
    /// comes.
    pub fn hold(&mut self, _channel: ChannelId, _hold: bool, _out: &mut Vec<Output>) {}

    /// No more data follows, after what is queued.
    pub fn eof(&mut self, _channel: ChannelId, _out: &mut Vec<Output>) {}

    /// The command ended. Goes out after what is queued.
    pub fn exit_status(&mut self, _channel: ChannelId, _status: u32, _out: &mut Vec<Output>) {}

    /// The command was killed by this signal (without `SIG`). Goes out after what is
    /// queued.
    pub fn exit_signal(
        &mut self,
        _channel: ChannelId,
        _signal: &str,
        _core_dumped: bool,
        _out: &mut Vec<Output>,
    ) {
    }

    /// Closes the channel after what is queued.
    pub fn close(&mut self, _channel: ChannelId, _out: &mut Vec<Output>) {}

    /// Opens a channel to the client; `None` if there are too many.
    pub fn open_forwarded(
        &mut self,
        _open: &ForwardedOpen,
        _out: &mut Vec<Output>,
    ) -> Option<ChannelId> {
        None
    }

    /// Says good-bye and closes.
    pub fn disconnect(&mut self, _reason: DisconnectReason, _text: &str, _out: &mut Vec<Output>) {}

    /// Closes without a word, as a real server does at the end of its grace time.
    pub fn abort(&mut self, out: &mut Vec<Output>) {
        out.push(Output::Close);
    }

    /// Whether the client has authenticated.
    pub fn authenticated(&self) -> bool {
        false
    }

    /// Whether the connection is over, so that everything sent is ignored.
    pub fn closed(&self) -> bool {
        false
    }
}
