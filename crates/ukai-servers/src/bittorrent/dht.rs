//! A node of the distributed hash table (BEP 5): queries in, answers out, one to one.

use super::bencode::{Out, Value};
use super::node::{Id, compact, id, id_of, near, peers, text};
use crate::chance::Chance;
use crate::told::Told;
use std::net::SocketAddr;
use ukai_emulators::{Context, Open};
use ukai_model::EventKind;

/// libtorrent 1.2's version, in the `v` of messages.
const VERSION: &[u8] = b"LT\x01\x02";

/// Longest transaction that is given back, in bytes.
const TRANSACTION_BYTES: usize = 64;

/// Whether a datagram is a query or an answer of the table.
pub(super) fn looks_like(bytes: &[u8]) -> bool {
    bytes.starts_with(b"d")
        && Value::read(bytes).is_some_and(|(message, _)| {
            message.bytes_at(b"t").is_some()
                && matches!(message.bytes_at(b"y"), Some(b"q" | b"r" | b"e"))
        })
}

/// The node at the address that a peer asked.
pub(super) struct Dht {
    peer: SocketAddr,
    id: Id,
    seed: u64,
    /// Whether the peer has been asked whether it is there, as nodes ask newcomers.
    pinged: bool,
    version: Option<Vec<u8>>,
}

impl Dht {
    pub(super) fn new(open: &Open) -> Self {
        let peer = open.flow.peer();
        Self { peer, id: id(open.flow.local()), seed: open.seed, pinged: false, version: None }
    }

    /// Takes a datagram; `None` if it is not the table's.
    pub(super) fn datagram(
        &mut self,
        cx: &mut Context<'_>,
        told: &mut Told,
        bytes: &[u8],
    ) -> Option<()> {
        let (message, _) = Value::read(bytes)?;
        let transaction = message.bytes_at(b"t").filter(|t| t.len() <= TRANSACTION_BYTES)?;
        match message.bytes_at(b"y")? {
            b"q" => {
                let name = message.bytes_at(b"q")?;
                let asked = message.at(b"a")?;
                if let Some(version) = message.bytes_at(b"v") {
                    self.software(cx, told, version);
                }
                self.query(cx, told, name, asked, transaction);
            }
            b"r" => {
                let id = message.at(b"r").and_then(|answer| answer.bytes_at(b"id"));
                told.request(cx, "dht answer", text(id.unwrap_or_default()).as_bytes());
            }
            b"e" => told.request(cx, "dht error", bytes),
            _ => return None,
        }
        Some(())
    }

    fn software(&mut self, cx: &mut Context<'_>, told: &mut Told, version: &[u8]) {
        if self.version.as_deref() != Some(version) && version.len() <= 16 {
            self.version = Some(version.to_vec());
            told.record(
                cx,
                EventKind::ClientFingerprint {
                    method: "dht-version".to_owned(),
                    value: crate::wire::hex(version),
                    software: Some(version.into()),
                },
            );
        }
    }

    fn query(
        &mut self,
        cx: &mut Context<'_>,
        told: &mut Told,
        name: &[u8],
        asked: &Value<'_>,
        transaction: &[u8],
    ) {
        let target = |key: &[u8]| asked.bytes_at(key).and_then(id_of);
        let answer = Out::default().bytes("id", &self.id);
        let answer = match name {
            b"ping" => {
                told.request(
                    cx,
                    "ping",
                    text(asked.bytes_at(b"id").unwrap_or_default()).as_bytes(),
                );
                Some(answer)
            }
            b"find_node" => target(b"target").map(|target| {
                told.request(cx, "find_node", text(&target).as_bytes());
                self.nodes(answer, &target, asked)
            }),
            b"get_peers" => target(b"info_hash").map(|hash| {
                told.request(cx, "get_peers", text(&hash).as_bytes());
                let values = peers(&hash, self.peer.is_ipv6(), 8).into_iter().map(compact);
                self.nodes(answer, &hash, asked)
                    .bytes("token", &self.token())
                    .list("values", values)
            }),
            b"announce_peer" => target(b"info_hash").map(|hash| {
                let port = match asked.number_at(b"implied_port") {
                    Some(1) => i64::from(self.peer.port()),
                    _ => asked.number_at(b"port").unwrap_or_default(),
                };
                let mut detail = format!("{} port {port}", text(&hash)).into_bytes();
                if let Some(name) = asked.bytes_at(b"name") {
                    detail.push(b' ');
                    detail.extend_from_slice(name);
                }
                told.request(cx, "announce_peer", &detail);
                answer
            }),
            // BEP 44: what is put is written down, and nobody else has put anything.
            b"get" => target(b"target").map(|target| {
                told.request(cx, "get", text(&target).as_bytes());
                self.nodes(answer, &target, asked).bytes("token", &self.token())
            }),
            b"put" => {
                let key = text(asked.bytes_at(b"k").unwrap_or_default());
                let value = asked.bytes_at(b"v").unwrap_or_default();
                told.request(cx, "put", &[key.as_bytes(), b" ", value].concat());
                Some(answer)
            }
            // BEP 51.
            b"sample_infohashes" => target(b"target").map(|target| {
                told.request(cx, "sample_infohashes", text(&target).as_bytes());
                let mut chance = Chance::new(self.seed, "samples");
                let samples: Vec<u8> =
                    (0..20 * 3).flat_map(|_| chance.number().to_be_bytes()).take(20 * 20).collect();
                self.nodes(answer, &target, asked)
                    .bytes("samples", &samples)
                    .number("num", 20)
                    .number("interval", 21_600)
            }),
            _ => {
                told.request(cx, "unknown", name);
                return cx.send(error(204, "Method Unknown", transaction));
            }
        };
        let Some(answer) = answer else {
            told.request(cx, "malformed", name);
            return cx.send(error(203, "Invalid arguments", transaction));
        };
        let message = Out::default()
            .bytes("ip", &compact(self.peer))
            .inner("r", &answer)
            .bytes("t", transaction)
            .bytes("v", VERSION)
            .bytes("y", b"r");
        cx.send(message.finish());
        if !self.pinged {
            self.pinged = true;
            let ping = Out::default()
                .inner("a", &Out::default().bytes("id", &self.id))
                .bytes("q", b"ping")
                .bytes("t", &(self.seed as u16).to_be_bytes())
                .bytes("v", VERSION)
                .bytes("y", b"q");
            cx.send(ping.finish());
        }
    }

    /// Adds nodes, of the families that were wanted (BEP 32).
    fn nodes(&self, mut answer: Out, target: &Id, asked: &Value<'_>) -> Out {
        let wanted = |family: &[u8]| match asked.at(b"want") {
            Some(Value::List(list)) => Some(list.contains(&Value::Bytes(family))),
            _ => None,
        };
        let list = |six| {
            near(target, six)
                .into_iter()
                .filter(|(id, _)| *id != self.id)
                .flat_map(|(id, address)| [id.to_vec(), compact(address)].concat())
                .collect::<Vec<u8>>()
        };
        if wanted(b"n4").unwrap_or(self.peer.is_ipv4()) {
            answer = answer.bytes("nodes", &list(false));
        }
        if wanted(b"n6").unwrap_or(self.peer.is_ipv6()) {
            answer = answer.bytes("nodes6", &list(true));
        }
        answer
    }

    fn token(&self) -> [u8; 4] {
        (Chance::new(self.seed, "token").number() as u32).to_be_bytes()
    }
}

fn error(code: u32, text: &str, transaction: &[u8]) -> Vec<u8> {
    let list = format!("li{code}e{}:{text}e", text.len());
    Out::default()
        .encoded("e", list.into_bytes())
        .bytes("t", transaction)
        .bytes("v", VERSION)
        .bytes("y", b"e")
        .finish()
}

#[cfg(test)]
mod tests {
    use super::super::Bittorrent;
    use super::*;
    use crate::stage::{Stage, opening};
    use ukai_model::{Flow, Transport};

    const PING: &[u8] = b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:v4:XX011:y1:qe";

    #[test]
    fn a_ping_is_answered_and_returned_once() {
        assert!(Bittorrent::looks_like(PING));
        let mut stage = Stage::datagrams(&Bittorrent, 6881);
        stage.say(PING);
        assert_eq!(stage.sent.len(), 2);
        let (answer, rest) = Value::read(&stage.sent[0]).expect("bencode");
        assert_eq!(
            (answer.bytes_at(b"y"), answer.bytes_at(b"t"), rest),
            (Some(&b"r"[..]), Some(&b"aa"[..]), &b""[..])
        );
        assert_eq!(answer.bytes_at(b"ip"), Some(&b"\xc6\x33\x64\x07\x0f\xa0"[..]));
        let own = id(([192, 0, 2, 10], 6881).into());
        assert_eq!(answer.at(b"r").and_then(|r| r.bytes_at(b"id")), Some(&own[..]));
        let (ping, _) = Value::read(&stage.sent[1]).expect("bencode");
        assert_eq!(ping.bytes_at(b"q"), Some(&b"ping"[..]));
        stage.say(PING);
        assert_eq!(stage.sent.len(), 3);
        assert_eq!(stage.kinds(), ["client.fingerprint", "service.request", "service.request"]);
    }

    #[test]
    fn peers_are_found_and_announced_to() {
        let mut stage = Stage::datagrams(&Bittorrent, 6881);
        stage.say(PING);
        let answer = stage.say(
            b"d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234564:wantl2:n42:n6ee1:q9:get_peers1:t2:ab1:y1:qe",
        );
        let (answer, _) = Value::read(&answer).expect("bencode");
        let found = answer.at(b"r").expect("an answer");
        assert_eq!(found.bytes_at(b"nodes").map(<[u8]>::len), Some(8 * 26));
        assert_eq!(found.bytes_at(b"nodes6").map(<[u8]>::len), Some(8 * 38));
        assert_eq!(found.bytes_at(b"token").map(<[u8]>::len), Some(4));
        let Some(Value::List(values)) = found.at(b"values") else { panic!("{found:?}") };
        assert!(
            values.len() >= 3
                && values.iter().all(|v| matches!(v, Value::Bytes(b) if b.len() == 6))
        );
        stage.say(
            b"d1:ad2:id20:abcdefghij012345678912:implied_porti1e9:info_hash20:mnopqrstuvwxyz1234564:porti6881e5:token4:abcde1:q13:announce_peer1:t2:ac1:y1:qe",
        );
        let Some(EventKind::ServiceRequest { request, detail, .. }) = stage.facts.last() else {
            panic!("{:?}", stage.facts);
        };
        assert_eq!(request, "announce_peer");
        assert!(detail.to_string().ends_with("port 4000"), "{detail}");
    }

    #[test]
    fn what_is_wrong_is_said_so() {
        let mut stage = Stage::datagrams(&Bittorrent, 6881);
        let answer = stage.say(b"d1:ade1:q4:vote1:t1:x1:y1:qe");
        assert!(answer.starts_with(b"d1:eli204e14:Method Unknowne1:t1:x"), "{answer:?}");
        let answer = stage.say(b"d1:ad6:target3:abce1:q9:find_node1:t1:x1:y1:qe");
        assert!(answer.starts_with(b"d1:eli203e"), "{answer:?}");
    }

    /// What the node at an address answers to a search for the target: its identity, and
    /// those that it names.
    fn ask(address: SocketAddr, target: &Id) -> (Id, Vec<(Id, SocketAddr)>) {
        let mut open = opening(Transport::Udp, 6881);
        open.flow = Flow::new(Transport::Udp, open.flow.peer(), address);
        let mut stage = Stage::of(&Bittorrent, open);
        let query = [
            b"d1:ad2:id20:abcdefghij01234567896:target20:",
            &target[..],
            b"e1:q9:find_node1:t1:x1:y1:qe",
        ];
        stage.say(&query.concat());
        let (answer, _) = Value::read(&stage.sent[0]).expect("bencode");
        let found = answer.at(b"r").expect("an answer");
        let nodes = found.bytes_at(b"nodes").expect("nodes").chunks_exact(26).map(|node| {
            let (id, place) = node.split_at(20);
            let ip = [place[0], place[1], place[2], place[3]];
            (id_of(id).expect("an identity"), (ip, u16::from_be_bytes([place[4], place[5]])).into())
        });
        (found.bytes_at(b"id").and_then(id_of).expect("an identity"), nodes.collect())
    }

    #[test]
    fn a_search_comes_to_an_end_among_nodes_that_are_who_they_were_said_to_be() {
        let target = [0xc3; 20];
        let (_, mut waiting) = ask(([192, 0, 2, 10], 6881).into(), &target);
        let mut asked = Vec::new();
        while let Some((named, address)) = waiting.pop() {
            if asked.contains(&address) {
                continue;
            }
            asked.push(address);
            assert!(asked.len() <= 8, "{asked:?}");
            let (id, nodes) = ask(address, &target);
            assert_eq!(id, named, "{address}");
            assert!(nodes.iter().all(|(_, other)| *other != address), "it does not name itself");
            waiting.extend(nodes);
        }
        assert_eq!(asked.len(), 8);
    }
}
