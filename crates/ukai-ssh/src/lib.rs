//! An SSH-2 server without I/O: bytes in, bytes and events out. On the wire it is the
//! implementation and version that its [`Profile`] names: the same banner, the same
//! name-lists in the same order, the same texts, the same reactions to nonsense.
//!
//! Sources: RFC 4250-4254, 4256, 4344, 4419, 5656, 6668, 8268, 8308, 8332, 8709, 8731,
//! OpenSSH's `PROTOCOL*` files, and the programs themselves (`sshd`, `dropbear`), with
//! which the tests compare.

mod crypto;
pub mod event;
pub mod hostkeys;
pub mod limits;
mod message;
mod packet;
pub mod profile;
pub mod server;
mod wire;

pub use event::{
    AuthMethod, AuthReply, AuthRequest, ChannelId, ChannelOpen, ChannelRequest, DisconnectReason,
    ForwardedOpen, GlobalRequest, KexInit, KeyProof, Negotiated, OpenFailure, Output, Prompts,
    PtyRequest, ServerEvent,
};
pub use hostkeys::HostKeys;
pub use profile::Profile;
pub use server::Server;
