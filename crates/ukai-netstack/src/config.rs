//! What a stack is told, and its limits.

use ukai_packet::ether::Mac;

/// What a link's frames are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// Packets of IP, as on a TUN device.
    Ip,
    /// Ethernet, on which the stack answers ARP and neighbour solicitations.
    Ethernet,
}

/// How a stack works. Memory is bounded by `flows_max` times what a flow takes idle (about
/// 300 bytes), plus `buffer_bytes_max`, plus `fragment_bytes_max`.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// What the link's frames are.
    pub medium: Medium,
    /// The longest packet that the link takes, in bytes, without the link's own header.
    pub mtu: u16,
    /// Our station, for hosts that have none of their own.
    pub mac: Mac,
    /// Flows at once. Beyond, new ones are not taken: their peers try again.
    pub flows_max: usize,
    /// Bytes queued for one peer.
    pub send_bytes_per_flow: usize,
    /// Bytes received from one peer that are not consumed, or out of order.
    pub receive_bytes_per_flow: usize,
    /// Bytes queued for and received from all peers.
    pub buffer_bytes_max: usize,
    /// Bytes of fragments of packets that are not yet whole.
    pub fragment_bytes_max: usize,
    /// Answers per second that a claimed prefix (IPv4 /24, IPv6 /48) may cause without ever
    /// having completed a handshake.
    pub unproved_answers_per_second: u16,
    /// Answers that such a prefix may cause at once.
    pub unproved_burst: u16,
    /// Whether the link leads to a machine and nowhere else, so that nobody can be flooded
    /// by our answers, whatever addresses packets claim to come from. No answers and no
    /// errors are capped then, sources that nobody has on the Internet are answered, and
    /// whoever asks whether an address is free (RFC 5227, RFC 4862) hears nothing: where a
    /// stack is every address, none would be.
    pub closed: bool,
    /// SYNs from a prefix without any handshake, after which that is told as an event.
    pub unproved_syns_told: u32,
    /// Silence, in seconds, after which a peer is asked whether it is still there.
    pub keep_alive_seconds: u32,
    /// How long the end of a connection is remembered that we closed first, in seconds.
    pub time_wait_seconds: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            medium: Medium::Ip,
            mtu: 1500,
            mac: Mac([0x02, 0, 0x5e, 0, 0, 1]),
            flows_max: 262_144,
            send_bytes_per_flow: 256 * 1024,
            receive_bytes_per_flow: 64 * 1024,
            buffer_bytes_max: 512 << 20,
            fragment_bytes_max: 4 << 20,
            unproved_answers_per_second: 256,
            unproved_burst: 2_048,
            closed: false,
            unproved_syns_told: 1_000,
            keep_alive_seconds: 7_200,
            time_wait_seconds: 60,
        }
    }
}
