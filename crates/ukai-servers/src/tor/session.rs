//! One client of the relay.

use super::cell::{Cell, NETINFO, VERSIONS, fixed, variable, versions};
use crate::chance::Chance;
use crate::limits::TOR_CELL_BYTES;
use crate::simple::Simple;
use crate::told::Told;
use std::net::{IpAddr, SocketAddr};
use ukai_emulators::{Context, Open};

const CERTS: u8 = 129;
const AUTH_CHALLENGE: u8 = 130;
const CREATE_FAST: u8 = 5;
const CREATE2: u8 = 10;
const CREATE: u8 = 1;
const DESTROY: u8 = 4;

pub(super) struct TorSession {
    told: Told,
    seed: u64,
    peer: SocketAddr,
    local: SocketAddr,
    buffer: Vec<u8>,
    agreed: bool,
    over: bool,
}

impl TorSession {
    pub(super) fn new(open: &Open) -> Self {
        Self {
            told: Told::new("tor"),
            seed: open.seed,
            peer: open.flow.peer(),
            local: open.flow.local(),
            buffer: Vec::new(),
            agreed: false,
            over: false,
        }
    }

    /// Takes one cell; its length, or `None` if it is not whole.
    fn cell(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Option<usize> {
        if !self.agreed {
            if let Some((list, length)) = versions(bytes) {
                self.agree(cx, &list);
                return Some(length);
            }
            // A VERSIONS cell takes at most 69 bytes.
            let begins = [0, 0, VERSIONS, 0];
            let known = bytes.len().min(begins.len());
            if bytes.len() >= 69 || bytes[..known] != begins[..known] {
                self.told.payload(cx, "unknown", bytes);
                self.over = true;
                cx.close();
            }
            return None;
        }
        let Some(cell) = Cell::read(bytes) else {
            if bytes.len() > TOR_CELL_BYTES {
                self.over = true;
                cx.close();
            }
            return None;
        };
        self.told.request(cx, Cell::name(cell.command), trimmed(cell.payload));
        if matches!(cell.command, CREATE | CREATE_FAST | CREATE2) {
            // Reason 5, hibernating: try another relay.
            let mut destroy = fixed(DESTROY, &[5]);
            destroy[..4].copy_from_slice(&bytes[..4]);
            cx.send(destroy);
        }
        Some(cell.length)
    }

    fn agree(&mut self, cx: &mut Context<'_>, list: &[u16]) {
        let names: Vec<String> = list.iter().map(u16::to_string).collect();
        self.told.request(cx, "VERSIONS", names.join(",").as_bytes());
        self.agreed = true;
        let mut out = vec![0, 0, VERSIONS, 0, 6, 0, 3, 0, 4, 0, 5];
        // Circuits have four bytes from version 4 on; older clients are told no more.
        if list.iter().any(|version| *version >= 4) {
            out.extend(variable(CERTS, &[0]));
            let mut chance = Chance::new(self.seed, "tor");
            let mut challenge: Vec<u8> =
                (0..4).flat_map(|_| chance.number().to_be_bytes()).collect();
            // Two methods of authentication: 1 and 3.
            challenge.extend([0, 2, 0, 1, 0, 3]);
            out.extend(variable(AUTH_CHALLENGE, &challenge));
            let mut netinfo = (cx.now.secs() as u32).to_be_bytes().to_vec();
            netinfo.extend(address(self.peer.ip()));
            netinfo.push(1);
            netinfo.extend(address(self.local.ip()));
            out.extend(fixed(NETINFO, &netinfo));
        }
        cx.send(out);
    }
}

/// Type, length and value of an address (tor-spec, 6.4).
fn address(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => [&[4, 4][..], &ip.octets()].concat(),
        IpAddr::V6(ip) => [&[6, 16][..], &ip.octets()].concat(),
    }
}

/// Without the zeros that fill a cell up.
fn trimmed(payload: &[u8]) -> &[u8] {
    let end = payload.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    &payload[..end]
}

impl Simple for TorSession {
    const NAME: &'static str = "tor";

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if self.over {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut at = 0;
        while !self.over
            && let Some(length) = self.cell(cx, &buffer[at..])
        {
            at += length;
        }
        buffer.drain(..at);
        self.buffer = buffer;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Tor;
    use super::*;
    use crate::stage::Stage;
    use proptest::prelude::*;
    use ukai_model::EventKind;

    const HELLO: &[u8] = b"\0\0\x07\0\x06\0\x03\0\x04\0\x05";

    #[test]
    fn versions_are_agreed_on_and_circuits_refused() {
        assert!(Tor::looks_like(HELLO));
        let mut stage = Stage::open(&Tor, 9001);
        assert_eq!(stage.say(&HELLO[..5]), b"");
        let answer = stage.say(&HELLO[5..]);
        let (ours, at) = versions(&answer).expect("versions");
        assert_eq!(ours, [3, 4, 5]);
        let mut rest = &answer[at..];
        let mut commands = Vec::new();
        while let Some(cell) = Cell::read(rest) {
            commands.push(cell.command);
            rest = &rest[cell.length..];
        }
        assert_eq!((commands, rest.len()), (vec![CERTS, AUTH_CHALLENGE, NETINFO], 0));
        let mut create = fixed(CREATE2, &[0, 2, 0, 84]);
        create[0] = 0x80;
        let destroy = stage.say(&create);
        assert_eq!((destroy.len(), &destroy[..6]), (514, &[0x80, 0, 0, 0, DESTROY, 5][..]));
        let EventKind::ServiceRequest { request, .. } = &stage.facts[1] else { panic!() };
        assert_eq!(request, "CREATE2");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_bytes_in_any_pieces(pieces in prop::collection::vec(
            prop::collection::vec(any::<u8>(), 0..300), 0..12), hello: bool) {
            let mut stage = Stage::open(&Tor, 9001);
            if hello {
                stage.say(HELLO);
            }
            let said: usize = pieces.iter().map(Vec::len).sum();
            for piece in pieces {
                stage.say(&piece);
            }
            prop_assert!(stage.sent.iter().map(Vec::len).sum::<usize>() <= 800 + said);
        }
    }
}
