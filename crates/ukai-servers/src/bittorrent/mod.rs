//! BitTorrent as a network of obliging peers: the distributed hash table (BEP 5, 32, 42, 44,
//! 51), trackers over UDP (BEP 15, 41) and HTTP (BEP 3, 7, 23, 48), and peers that shake
//! hands (BEP 3, 6, 10) and have nothing yet.
//!
//! Every address on the virtual Internet is ours, so any node or peer that is named exists.
//! A node's identity follows from its address, as BEP 42 wants it: whoever is named by one
//! node is found under that identity at its own address.
//!
//! The reader of bencode is ours: crates for it build trees without a bound on their depth,
//! or take only what fits a type.

mod bencode;
mod dht;
mod node;
mod tracker;
mod udp_tracker;
mod wire;

pub use tracker::{announce, scrape, tracker};

use ukai_emulators::{Context, Emulator, Open, Session};
use ukai_model::Transport;

use crate::simple::{Plain, Simple};
use crate::told::Told;

/// Peers, on connections; nodes of the table and trackers, on datagrams.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bittorrent;

impl Bittorrent {
    /// Whether a client's first bytes or first datagram are BitTorrent's.
    pub fn looks_like(bytes: &[u8]) -> bool {
        bytes.starts_with(wire::GREETING) || dht::looks_like(bytes) || udp_tracker::connects(bytes)
    }
}

impl Emulator for Bittorrent {
    fn name(&self) -> &'static str {
        "bittorrent"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        match open.flow.transport {
            Transport::Tcp => Box::new(Plain(wire::Peer::new(&open))),
            Transport::Udp => Box::new(Plain(Datagrams {
                told: Told::new("bittorrent"),
                dht: dht::Dht::new(&open),
                tracker: udp_tracker::UdpTracker::new(&open),
            })),
        }
    }
}

/// A flow of datagrams: each belongs to the table or to the tracker.
struct Datagrams {
    told: Told,
    dht: dht::Dht,
    tracker: udp_tracker::UdpTracker,
}

impl Simple for Datagrams {
    const NAME: &'static str = "bittorrent";

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        let known = if bytes.first() == Some(&b'd') {
            self.dht.datagram(cx, &mut self.told, bytes)
        } else {
            self.tracker.datagram(cx, &mut self.told, bytes)
        };
        if known.is_none() {
            self.told.payload(cx, "unknown", bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Bittorrent;
    use crate::stage::Stage;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_datagrams(pieces in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..120),
            prop::string::bytes_regex("d1:a(d|l|i|[0-9]{1,2}:|e|id20:.{20}|target20:.{20}){0,9}e1:q(4:ping|9:find_node|9:get_peers)1:t2:aa1:y1:qe").expect("a pattern"),
        ], 0..8)) {
            let mut stage = Stage::datagrams(&Bittorrent, 6881);
            let said: usize = pieces.iter().map(Vec::len).sum();
            for piece in &pieces {
                let _ = Bittorrent::looks_like(piece);
                stage.say(piece);
            }
            let sent: usize = stage.sent.iter().map(Vec::len).sum();
            prop_assert!(sent <= 700 * pieces.len() + said, "{said} made {sent}");
        }

        #[test]
        fn any_bytes_from_a_peer(pieces in prop::collection::vec(
            prop::collection::vec(any::<u8>(), 0..90), 0..12), greeted: bool) {
            let mut stage = Stage::open(&Bittorrent, 6881);
            if greeted {
                stage.say(b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x05aaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbb");
            }
            for piece in &pieces {
                stage.say(piece);
            }
            let sent: usize = stage.sent.iter().map(Vec::len).sum();
            prop_assert!(sent <= 400 + pieces.iter().map(Vec::len).sum::<usize>() * 8);
        }
    }
}
