//! Who logged in, and on what.

use crate::terminal::TerminalSize;
use bytes::Bytes;
use std::net::IpAddr;

/// Who logged in, and on what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Login {
    /// User name.
    pub user: String,
    /// User number; the host's account of that name decides if there is one.
    pub uid: u32,
    /// The terminal, if there is one. Without, the shell is not interactive: it prints
    /// no prompt, and a mistake ends the whole text.
    pub terminal: Option<TerminalSize>,
    /// Where the user comes from, for `who` and `netstat`.
    pub peer: Option<IpAddr>,
    /// Without a terminal: the peer sends standard input, through
    /// [`feed_stdin`](crate::Shell::feed_stdin) and [`end_stdin`](crate::Shell::end_stdin).
    /// If not, standard input is empty.
    pub piped_input: bool,
    /// Further environment variables: what the peer asked for and was granted, and what
    /// the server sets (`SSH_CONNECTION` ...). They win over the persona's.
    pub environment: Vec<(Bytes, Bytes)>,
}

impl Login {
    /// A log-in of `user`, without terminal and input.
    pub fn new(user: impl Into<String>, uid: u32) -> Self {
        Self { user: user.into(), uid, ..Self::default() }
    }

    /// On a terminal of this size.
    #[must_use]
    pub fn on_terminal(mut self, size: TerminalSize) -> Self {
        self.terminal = Some(size);
        self
    }

    /// From this address.
    #[must_use]
    pub fn from_peer(mut self, peer: IpAddr) -> Self {
        self.peer = Some(peer);
        self
    }

    /// With standard input sent by the peer.
    #[must_use]
    pub fn with_piped_input(mut self) -> Self {
        self.piped_input = true;
        self
    }

    /// With an environment variable more.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }
}
