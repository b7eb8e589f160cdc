//! A tracker over UDP (BEP 15), with the path that BEP 41 lets clients name.

use super::node::{compact, id_of, peers, swarm, text};
use super::tracker::{INTERVAL_SECS, PEERS, SCRAPED};
use crate::chance::Chance;
use crate::told::Told;
use crate::wire::Reader;
use ukai_emulators::{Context, Open};

/// What a first datagram begins with.
const MAGIC: [u8; 8] = [0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80];

/// Whether a datagram asks for a connection.
pub(super) fn connects(bytes: &[u8]) -> bool {
    bytes.len() >= 16 && bytes.starts_with(&MAGIC) && bytes[8..12] == [0; 4]
}

pub(super) struct UdpTracker {
    six: bool,
    connection: u64,
}

impl UdpTracker {
    pub(super) fn new(open: &Open) -> Self {
        let connection = Chance::new(open.seed, "connection").number();
        Self { six: open.flow.src_ip.is_ipv6(), connection }
    }

    /// Takes a datagram; `None` if it is not the tracker's.
    pub(super) fn datagram(
        &mut self,
        cx: &mut Context<'_>,
        told: &mut Told,
        bytes: &[u8],
    ) -> Option<()> {
        let mut reader = Reader(bytes);
        let connection = reader.take(8)?;
        let action = reader.u32()?;
        let transaction = reader.take(4)?;
        let answer = |action: u32, rest: &[u8]| [&action.to_be_bytes(), transaction, rest].concat();
        match action {
            0 if connection == MAGIC => {
                told.request(cx, "connect", b"");
                cx.send(answer(0, &self.connection.to_be_bytes()));
            }
            1 => {
                let hash = id_of(reader.take(20)?)?;
                let peer_id = reader.take(20)?;
                let amounts = reader.take(24)?;
                let event = reader.u32()?;
                reader.take(8)?;
                let wanted = reader.u32()?;
                let port = reader.u16()?;
                let event =
                    ["", " completed", " started", " stopped"].get(event as usize).unwrap_or(&"");
                let left = amounts.get(8..16).map_or_else(String::new, text);
                let mut detail =
                    format!("{} port {port} left 0x{left}{event} ", text(&hash)).into_bytes();
                detail.extend_from_slice(peer_id);
                detail.extend(path(reader));
                told.request(cx, "announce", &detail);
                let (complete, incomplete, _) = swarm(&hash);
                let mut rest = Vec::new();
                for number in [INTERVAL_SECS, incomplete, complete] {
                    rest.extend_from_slice(&number.to_be_bytes());
                }
                let most = usize::try_from(wanted).unwrap_or(PEERS).min(PEERS);
                rest.extend(peers(&hash, self.six, most).into_iter().flat_map(compact));
                cx.send(answer(1, &rest));
            }
            2 => {
                let hashes: Vec<_> =
                    reader.0.chunks_exact(20).filter_map(id_of).take(SCRAPED).collect();
                let names: Vec<String> = hashes.iter().map(|hash| text(hash)).collect();
                told.request(cx, "scrape", names.join(" ").as_bytes());
                let rest: Vec<u8> = hashes
                    .iter()
                    .flat_map(|hash| {
                        let (complete, incomplete, downloaded) = swarm(hash);
                        [complete, downloaded, incomplete]
                    })
                    .flat_map(u32::to_be_bytes)
                    .collect();
                cx.send(answer(2, &rest));
            }
            _ => return None,
        }
        Some(())
    }
}

/// What options (BEP 41) say of the path, behind a space.
fn path(mut reader: Reader<'_>) -> Vec<u8> {
    let mut path = Vec::new();
    while let Some(kind) = reader.u8() {
        match kind {
            0 => break,
            1 => {}
            _ => {
                let Some(data) = reader.u8().and_then(|length| reader.take(usize::from(length)))
                else {
                    break;
                };
                if kind == 2 {
                    path.extend_from_slice(data);
                }
            }
        }
    }
    if path.is_empty() { path } else { [&b" "[..], &path].concat() }
}

#[cfg(test)]
mod tests {
    use super::super::Bittorrent;
    use crate::stage::Stage;
    use ukai_model::EventKind;

    #[test]
    fn a_client_connects_announces_and_scrapes() {
        let mut stage = Stage::datagrams(&Bittorrent, 6969);
        let connect = b"\0\0\x04\x17\x27\x10\x19\x80\0\0\0\0abcd";
        assert!(Bittorrent::looks_like(connect));
        let answer = stage.say(connect);
        assert_eq!((answer.len(), &answer[..8]), (16, &b"\0\0\0\0abcd"[..]));
        let mut announce =
            [&answer[8..], b"\0\0\0\x01efgh", &[b'h'; 20], b"-XX0001-aaaaaaaaaaaa"].concat();
        announce.extend_from_slice(&[0; 24]);
        announce.extend_from_slice(b"\0\0\0\x02\0\0\0\0kkkk\xff\xff\xff\xff\x1a\xe1\x02\x03/a?\0");
        let answer = stage.say(&announce);
        assert_eq!(answer[..12], *b"\0\0\0\x01efgh\0\0\x07\x08");
        assert!(answer.len() >= 20 + 3 * 6 && (answer.len() - 20).is_multiple_of(6));
        let Some(EventKind::ServiceRequest { detail, .. }) = stage.facts.last() else { panic!() };
        let detail = detail.to_string();
        assert!(
            detail.contains("port 6881") && detail.contains("started") && detail.ends_with(" /a?"),
            "{detail}"
        );
        let answer = stage.say(&[&b"12345678\0\0\0\x02ijkl"[..], &[b'h'; 40]].concat());
        assert_eq!((answer.len(), &answer[..8]), (8 + 24, &b"\0\0\0\x02ijkl"[..]));
    }
}
