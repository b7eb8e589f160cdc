//! A peer on a connection (BEP 3, 6, 10): it shakes hands for whatever hash is named, has
//! nothing, wants something, and lets nobody download.

use super::bencode::{Out, Value};
use super::node::{id, text};
use super::tracker::peer_id;
use crate::limits::PEER_MESSAGE_BYTES;
use crate::simple::Simple;
use crate::told::Told;
use crate::wire::Reader;
use std::net::SocketAddr;
use ukai_emulators::{Context, Open};
use ukai_model::EventKind;

/// What a connection begins with.
pub(super) const GREETING: &[u8] = b"\x13BitTorrent protocol";
const HANDSHAKE_BYTES: usize = 68;

const CHOKE: u8 = 0;
const INTERESTED: u8 = 2;
const HAVE_NONE: u8 = 15;
const EXTENDED: u8 = 20;
/// Our number for `ut_metadata` (BEP 9).
const UT_METADATA: u8 = 3;

pub(super) struct Peer {
    told: Told,
    local: SocketAddr,
    remote: SocketAddr,
    buffer: Vec<u8>,
    greeted: bool,
    /// The peer's number for `ut_metadata`.
    metadata: Option<u8>,
    over: bool,
}

impl Peer {
    pub(super) fn new(open: &Open) -> Self {
        Self {
            told: Told::new("bittorrent"),
            local: open.flow.local(),
            remote: open.flow.peer(),
            buffer: Vec::new(),
            greeted: false,
            metadata: None,
            over: false,
        }
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.over = true;
        cx.close();
    }

    fn handshake(&mut self, cx: &mut Context<'_>, reserved: &[u8], hash: &[u8], name: &[u8]) {
        self.greeted = true;
        self.told.request(cx, "handshake", text(hash).as_bytes());
        self.told.record(
            cx,
            EventKind::ClientFingerprint {
                method: "bittorrent-peer-id".to_owned(),
                value: text(reserved),
                software: Some(name.into()),
            },
        );
        let bit = |byte: usize, bit: u8| reserved.get(byte).is_some_and(|byte| byte & bit != 0);
        let (extended, fast) = (bit(5, 0x10), bit(7, 4));
        // Extensions, the table, and the fast extension: libtorrent's and Transmission's.
        let ours = [0, 0, 0, 0, 0, 0x10, 0, 0x05];
        let mut out = [GREETING, &ours, hash, &peer_id(&id(self.local))].concat();
        if extended {
            let names =
                Out::default().number("ut_metadata", UT_METADATA.into()).number("ut_pex", 1);
            let mut yours = super::node::compact(self.remote);
            yours.truncate(yours.len() - 2);
            let hello = Out::default()
                .inner("m", &names)
                .number("p", self.local.port().into())
                .number("reqq", 512)
                .bytes("v", b"Transmission 3.00")
                .bytes("yourip", &yours);
            out.extend(message(EXTENDED, &[&[0], &hello.finish()[..]].concat()));
        }
        // Without the fast extension, no bitfield says the same.
        if fast {
            out.extend(message(HAVE_NONE, b""));
        }
        out.extend(message(INTERESTED, b""));
        out.extend(message(CHOKE, b""));
        cx.send(out);
    }

    fn message(&mut self, cx: &mut Context<'_>, body: &[u8]) {
        const REJECT: u64 = 2;
        let Some((kind, rest)) = body.split_first() else { return };
        match kind {
            0 | 1 | 2 | 3 | 14 | 15 => {
                let word = match kind {
                    0 => "choke",
                    1 => "unchoke",
                    2 => "interested",
                    3 => "not interested",
                    14 => "have all",
                    _ => "have none",
                };
                self.told.request(cx, word, b"");
            }
            4 => self.told.request(cx, "have", text(rest).as_bytes()),
            5 => self.told.request(cx, "bitfield", text(rest).as_bytes()),
            6 => self.told.request(cx, "request", text(rest).as_bytes()),
            9 => self.told.request(cx, "port", text(rest).as_bytes()),
            7 => self.told.request(cx, "piece", rest),
            20 => {
                let Some((number, payload)) = rest.split_first() else { return };
                let read = Value::read(payload).map(|(value, _)| value);
                match (number, read) {
                    (0, Some(hello)) => {
                        let number =
                            hello.at(b"m").and_then(|names| names.number_at(b"ut_metadata"));
                        self.metadata = number.and_then(|number| u8::try_from(number).ok());
                        self.told.request(cx, "extended handshake", payload);
                    }
                    (&UT_METADATA, Some(asked)) => {
                        self.told.request(cx, "ut_metadata", payload);
                        if let (Some(0), Some(piece), Some(number)) =
                            (asked.number_at(b"msg_type"), asked.number_at(b"piece"), self.metadata)
                        {
                            let piece = u64::try_from(piece).unwrap_or_default();
                            let no =
                                Out::default().number("msg_type", REJECT).number("piece", piece);
                            cx.send(message(EXTENDED, &[&[number], &no.finish()[..]].concat()));
                        }
                    }
                    _ => self.told.request(cx, "extended", payload),
                }
            }
            _ => self.told.request(cx, "message", body),
        }
    }
}

/// A message behind its length.
fn message(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32 + 1).to_be_bytes();
    [&length[..], &[kind], payload].concat()
}

impl Simple for Peer {
    const NAME: &'static str = "bittorrent";

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if self.over {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut reader = Reader(&buffer);
        while !self.over {
            let mut ahead = reader;
            if self.greeted {
                let Some(length) = ahead.u32() else { break };
                if length as usize > PEER_MESSAGE_BYTES {
                    self.told.payload(cx, "bittorrent", reader.0);
                    self.end(cx);
                    break;
                }
                let Some(body) = ahead.take(length as usize) else { break };
                self.message(cx, body);
            } else {
                let known = ahead.0.len().min(GREETING.len());
                if ahead.0[..known] != GREETING[..known] {
                    self.told.payload(cx, "unknown", ahead.0);
                    self.end(cx);
                    break;
                }
                if ahead.0.len() < HANDSHAKE_BYTES {
                    break;
                }
                ahead.take(GREETING.len());
                let fields = (ahead.take(8), ahead.take(20), ahead.take(20));
                let (Some(reserved), Some(hash), Some(name)) = fields else { break };
                self.handshake(cx, reserved, hash, name);
            }
            reader = ahead;
        }
        let used = buffer.len() - reader.0.len();
        buffer.drain(..used);
        self.buffer = buffer;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Bittorrent;
    use super::*;
    use crate::stage::Stage;

    #[test]
    fn hands_are_shaken_for_the_same_hash() {
        let mut stage = Stage::open(&Bittorrent, 6881);
        let hello =
            [GREETING, b"\0\0\0\0\0\x10\0\x04", &[b'h'; 20], b"-XX0001-aaaaaaaaaaaa"].concat();
        assert_eq!(stage.say(&hello[..67]), b"");
        let answer = stage.say(&hello[67..]);
        assert!(answer.starts_with(GREETING));
        assert_eq!(answer[28..48], [b'h'; 20]);
        assert!(answer[48..].starts_with(b"-TR3000-"));
        assert!(answer.ends_with(b"\0\0\0\x01\x0f\0\0\0\x01\x02\0\0\0\x01\0"));
        let theirs = message(20, b"\0d1:md11:ut_metadatai9eee");
        assert_eq!(stage.say(&theirs), b"");
        let answer = stage.say(&message(20, b"\x03d8:msg_typei0e5:piecei0ee"));
        assert_eq!(answer, message(20, b"\x09d8:msg_typei2e5:piecei0ee"));
        stage.say(b"\0\0\0\0\0\0\0\x01\x02");
        let Some(EventKind::ServiceRequest { request, .. }) = stage.facts.last() else { panic!() };
        assert_eq!(request, "interested");
        assert_eq!(stage.say(b"\xff\0\0\0"), b"");
        assert!(stage.closed);
    }
}
