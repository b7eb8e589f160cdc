//! What a stack tells.

use crate::flow::Tuple;
use crate::hop::Hop;
use bytes::Bytes;
use std::net::IpAddr;

/// A flow of a stack, never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowId {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// How a flow ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// Both sides have closed it.
    Done,
    /// The peer has reset it.
    Reset,
    /// The peer answers no more.
    TimedOut,
    /// What we opened was refused.
    Refused,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A peer has opened a flow, and proved its address.
    Opened {
        /// The flow.
        flow: FlowId,
        /// Between whom.
        tuple: Tuple,
        /// Where its frames come from, and go to.
        hop: Hop,
    },
    /// A flow that we opened is open.
    Connected {
        /// The flow.
        flow: FlowId,
    },
    /// Data, in order.
    Received {
        /// The flow.
        flow: FlowId,
        /// The data: to be given back with `consumed`.
        bytes: Bytes,
    },
    /// The peer sends no more.
    PeerClosed {
        /// The flow.
        flow: FlowId,
    },
    /// There is room again for data to be sent.
    Writable {
        /// The flow.
        flow: FlowId,
    },
    /// A flow has ended; it is forgotten.
    Closed {
        /// The flow.
        flow: FlowId,
        /// How.
        how: Closing,
    },
    /// A datagram has come to a port that is open.
    Datagram {
        /// Between whom.
        tuple: Tuple,
        /// Where it came from, and where answers go to.
        hop: Hop,
        /// What it carries.
        bytes: Bytes,
    },
    /// SYNs come in the name of a prefix that never completes a handshake: somebody tries
    /// to have it flooded with our answers, or scans without state.
    Unproved {
        /// The prefix: an IPv4 /24, or an IPv6 /48.
        prefix: IpAddr,
        /// SYNs since its last handshake.
        syns: u32,
        /// Those that were not answered.
        unanswered: u32,
    },
}
