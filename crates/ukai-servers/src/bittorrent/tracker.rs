//! A tracker's answers over HTTP (BEP 3, 7, 23, 48), as a function of the request.

use super::bencode::{Out, string};
use super::node::{Id, compact, id, id_of, peers, swarm};
use std::net::SocketAddr;

/// Time between announcements that is asked for, in seconds.
pub(super) const INTERVAL_SECS: u32 = 1_800;
/// Peers in an answer at most.
pub(super) const PEERS: usize = 50;
/// Hashes in one scrape, as over UDP (BEP 15).
pub(super) const SCRAPED: usize = 74;

/// The body that a tracker answers, if the target of an HTTP request is an announcement
/// (`/announce?info_hash=...`, `/announce.php?...`) or a scrape. Its type is `text/plain`.
pub fn tracker(target: &[u8], peer: SocketAddr) -> Option<Vec<u8>> {
    let question = target.iter().position(|byte| *byte == b'?')?;
    let (path, query) = (&target[..question], &target[question + 1..]);
    let file = path.rsplit(|byte| *byte == b'/').next()?;
    if !query.split(|byte| *byte == b'&').any(|pair| pair.starts_with(b"info_hash=")) {
        return None;
    }
    if file.starts_with(b"announce") {
        Some(announce(query, peer))
    } else if file.starts_with(b"scrape") {
        Some(scrape(query))
    } else {
        None
    }
}

/// The answer to an announcement with this query.
pub fn announce(query: &[u8], peer: SocketAddr) -> Vec<u8> {
    let Some(hash) = hashes(query).next() else {
        return failure("missing info_hash");
    };
    let wanted =
        value(query, b"numwant").and_then(|text| std::str::from_utf8(&text).ok()?.parse().ok());
    let most = wanted.unwrap_or(PEERS).min(PEERS);
    let (complete, incomplete, downloaded) = swarm(&hash);
    let four = peers(&hash, false, most);
    let answer = Out::default()
        .number("complete", complete.into())
        .number("incomplete", incomplete.into())
        .number("downloaded", downloaded.into())
        .number("interval", INTERVAL_SECS.into())
        .number("min interval", u64::from(INTERVAL_SECS) / 2);
    if value(query, b"compact").as_deref() == Some(b"0") {
        let ids = value(query, b"no_peer_id").as_deref() != Some(b"1");
        let list: Vec<u8> = four.iter().flat_map(|address| described(*address, ids)).collect();
        return answer.encoded("peers", [&b"l"[..], &list, b"e"].concat()).finish();
    }
    let six = if peer.is_ipv6() { peers(&hash, true, most) } else { Vec::new() };
    let joined = |list: Vec<SocketAddr>| list.into_iter().flat_map(compact).collect::<Vec<u8>>();
    let answer = answer.bytes("peers", &joined(four));
    if six.is_empty() { answer } else { answer.bytes("peers6", &joined(six)) }.finish()
}

/// The answer to a scrape with this query.
pub fn scrape(query: &[u8]) -> Vec<u8> {
    let mut hashes: Vec<Id> = hashes(query).take(SCRAPED).collect();
    hashes.sort_unstable();
    hashes.dedup();
    let files: Vec<u8> = hashes
        .iter()
        .flat_map(|hash| {
            let (complete, incomplete, downloaded) = swarm(hash);
            let file = Out::default()
                .number("complete", complete.into())
                .number("downloaded", downloaded.into())
                .number("incomplete", incomplete.into());
            [string(hash), file.finish()].concat()
        })
        .collect();
    Out::default().encoded("files", [&b"d"[..], &files, b"e"].concat()).finish()
}

/// A peer as a dictionary, for clients that do not take the compact form.
fn described(address: SocketAddr, with_id: bool) -> Vec<u8> {
    let mut entry = Out::default()
        .bytes("ip", address.ip().to_string().as_bytes())
        .number("port", address.port().into());
    if with_id {
        entry = entry.bytes("peer id", &peer_id(&id(address)));
    }
    entry.finish()
}

/// A peer's name as Transmission 3.00 makes it.
pub(super) fn peer_id(random: &Id) -> Vec<u8> {
    const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let letters = random.iter().take(12).map(|byte| LETTERS[usize::from(byte % 36)]);
    b"-TR3000-".iter().copied().chain(letters).collect()
}

fn failure(reason: &str) -> Vec<u8> {
    Out::default().bytes("failure reason", reason.as_bytes()).finish()
}

fn hashes(query: &[u8]) -> impl Iterator<Item = Id> {
    values(query, b"info_hash").filter_map(|bytes| id_of(&bytes))
}

fn value(query: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    values(query, name).next()
}

/// Every value of a name in a query, decoded.
fn values<'a>(query: &'a [u8], name: &'a [u8]) -> impl Iterator<Item = Vec<u8>> + use<'a> {
    query
        .split(|byte| *byte == b'&')
        .filter_map(move |pair| pair.strip_prefix(name)?.strip_prefix(b"="))
        .map(decoded)
}

fn decoded(mut text: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16);
    let mut out = Vec::new();
    while let Some((first, rest)) = text.split_first() {
        text = rest;
        if *first == b'%'
            && let [high, low, rest @ ..] = rest
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            out.push((high * 16 + low) as u8);
            text = rest;
        } else {
            out.push(if *first == b'+' { b' ' } else { *first });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::bencode::Value;
    use super::*;
    use proptest::prelude::*;

    const PEER: ([u8; 4], u16) = ([198, 51, 100, 7], 4000);

    #[test]
    fn an_announcement_is_answered_with_peers() {
        let target = b"/announce?info_hash=%00%01abcdefghijklmnopqr&port=6881&compact=1&numwant=3";
        let body = tracker(target, PEER.into()).expect("an announcement");
        let (answer, rest) = Value::read(&body).expect("bencode");
        assert_eq!(rest, b"");
        assert_eq!(answer.number_at(b"interval"), Some(1_800));
        assert_eq!(answer.bytes_at(b"peers").map(<[u8]>::len), Some(18));
        let body =
            tracker(b"/x/announce.php?info_hash=aaaaaaaaaaaaaaaaaaaa&compact=0", PEER.into());
        let body = body.expect("an announcement");
        let (answer, _) = Value::read(&body).expect("bencode");
        let Some(Value::List(list)) = answer.at(b"peers") else { panic!("{answer:?}") };
        assert_eq!(list[0].bytes_at(b"peer id").map(<[u8]>::len), Some(20));
        assert_eq!(tracker(b"/announce?x=1", PEER.into()), None);
        assert_eq!(tracker(b"/other?info_hash=a", PEER.into()), None);
    }

    #[test]
    fn a_scrape_counts_each_hash_once() {
        let body = tracker(
            b"/scrape?info_hash=aaaaaaaaaaaaaaaaaaaa&info_hash=aaaaaaaaaaaaaaaaaaaa",
            PEER.into(),
        );
        let body = body.expect("a scrape");
        let (answer, _) = Value::read(&body).expect("bencode");
        let Some(Value::Dictionary(files)) = answer.at(b"files") else { panic!("{answer:?}") };
        assert_eq!(files.len(), 1);
        assert!(announce(b"info_hash=short", PEER.into()).starts_with(b"d14:failure reason"));
    }

    proptest! {
        #[test]
        fn any_query_is_answered_in_bencode(query in prop::string::bytes_regex("(info_hash=|numwant=|compact=|[%&=0-9a]){0,40}").expect("a pattern")) {
            for body in [announce(&query, PEER.into()), scrape(&query)] {
                prop_assert_eq!(Value::read(&body).map(|(_, rest)| rest.len()), Some(0));
                prop_assert!(body.len() < 10_000);
            }
        }
    }
}
