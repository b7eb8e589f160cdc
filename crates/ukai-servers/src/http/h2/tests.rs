//! HTTP/2 by its frames.

use super::frame::{self, Frame, PREFACE};
use crate::http::Web;
use crate::stage::Stage;
use loona_hpack::{Decoder, Encoder};
use proptest::prelude::*;
use ukai_model::EventKind;

/// A client of few words.
struct Client {
    stage: Stage,
    encoder: Encoder<'static>,
    decoder: Decoder<'static>,
}

/// A frame's type, flags, stream, and its headers or data as text.
type Shown = (u8, u8, u32, String);

impl Client {
    fn new() -> Self {
        let mut stage = Stage::open(&Web::default(), 80);
        let begun = stage.say(PREFACE);
        assert!(begun.starts_with(b"\0\0\x12\x04\0"), "settings come first: {begun:?}");
        Self { stage, encoder: Encoder::new(), decoder: Decoder::new() }
    }

    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<Shown> {
        let mut out = Vec::new();
        frame::write(&mut out, kind, flags, stream, payload);
        let said = self.stage.say(&out);
        self.shown(&said)
    }

    fn shown(&mut self, mut said: &[u8]) -> Vec<Shown> {
        let mut all = Vec::new();
        while let Some((Frame { kind, flags, stream, payload }, length)) =
            frame::read(said).expect("frames of the right size")
        {
            let text = match kind {
                frame::HEADERS => {
                    let fields = self.decoder.decode(payload).expect("headers");
                    let line = |(n, v): &(Vec<u8>, Vec<u8>)| {
                        format!("{}={}", String::from_utf8_lossy(n), String::from_utf8_lossy(v))
                    };
                    fields.iter().map(line).collect::<Vec<_>>().join(" ")
                }
                frame::DATA => String::from_utf8_lossy(payload).into_owned(),
                _ => format!("{payload:?}"),
            };
            all.push((kind, flags, stream, text));
            said = &said[length..];
        }
        assert!(said.is_empty(), "whole frames");
        all
    }

    fn block(&mut self, method: &str, host: &str, path: &str) -> Vec<u8> {
        let fields =
            [(":method", method), (":scheme", "http"), (":authority", host), (":path", path)];
        self.encoder.encode(fields.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())))
    }

    fn get(&mut self, stream: u32, host: &str, path: &str) -> Vec<Shown> {
        let block = self.block("GET", host, path);
        self.send(frame::HEADERS, frame::END_STREAM | frame::END_HEADERS, stream, &block)
    }
}

#[test]
fn requests_on_streams_are_answered_and_told() {
    let mut client = Client::new();
    for stream in [1, 3, 5] {
        let said = client.get(stream, "www.msftncsi.com", "/ncsi.txt?a=b");
        let [(1, 4, s1, head), (0, 1, s2, body)] = &said[..] else { panic!("{said:?}") };
        assert_eq!((*s1, *s2, body.as_str()), (stream, stream, "Microsoft NCSI"));
        assert!(head.starts_with(":status=200 server=") && head.ends_with("content-length=14"));
    }
    assert_eq!(client.stage.kinds(), ["http.request"; 3]);
    let EventKind::HttpRequest { target, host, head, .. } = &client.stage.facts[0] else {
        panic!()
    };
    assert_eq!(target.as_bytes(), b"/ncsi.txt?a=b");
    assert_eq!(host.as_ref().map(ukai_model::PeerText::as_bytes), Some(&b"www.msftncsi.com"[..]));
    assert_eq!(
        head.escaped(),
        r"GET /ncsi.txt?a=b HTTP/2\x0d\x0ahost: www.msftncsi.com\x0d\x0a\x0d\x0a"
    );
    assert_eq!(client.get(7, "a", "/generate_204")[0].1, frame::END_STREAM | frame::END_HEADERS);
}

#[test]
fn bodies_come_in_pieces_and_are_kept() {
    let mut client = Client::new();
    let block = client.block("PUT", "a", "/x.bin");
    let (first, second) = block.split_at(3);
    assert_eq!(client.send(frame::HEADERS, 0, 1, first), []);
    assert_eq!(client.send(frame::CONTINUATION, frame::END_HEADERS, 1, second), []);
    let said = client.send(frame::DATA, frame::PADDED, 1, b"\x02MZ  ");
    assert_eq!(said.iter().map(|f| (f.0, f.2)).collect::<Vec<_>>(), [(8, 0), (8, 1)]);
    let said = client.send(frame::DATA, frame::END_STREAM, 1, b"!");
    assert!(said[1].3.starts_with(":status=201 "), "{said:?}");
    assert_eq!(&client.stage.captures[0].bytes[..], b"MZ!");
}

#[test]
fn windows_hold_back_what_the_peer_does_not_take() {
    let mut client = Client::new();
    // INITIAL_WINDOW_SIZE of 5,000.
    assert_eq!(client.send(frame::SETTINGS, 0, 0, b"\0\x04\0\0\x13\x88")[0].1, frame::ACK);
    let said = client.get(1, "a.example", "/a.exe");
    assert_eq!(said.iter().map(|f| (f.0, f.1)).collect::<Vec<_>>(), [(1, 4), (0, 0)]);
    let said = client.send(frame::WINDOW_UPDATE, 0, 1, &3_000u32.to_be_bytes());
    assert_eq!((said.len(), said[0].0, said[0].1), (1, 0, 0));
    let said = client.send(frame::WINDOW_UPDATE, 0, 1, &9_000u32.to_be_bytes());
    assert_eq!((said[0].0, said[0].1), (0, frame::END_STREAM));
}

#[test]
fn what_breaks_the_protocol_ends_it() {
    for (kind, flags, stream, payload, code) in [
        (frame::DATA, 0, 0, &b"x"[..], 1),
        (frame::DATA, 0, 9, b"x", 1),
        (frame::HEADERS, 5, 2, b"\x82", 1),
        (frame::HEADERS, 5, 1, b"\xff\xff\xff\xff\xff\xff", 9),
        (frame::CONTINUATION, 4, 1, b"", 1),
        (frame::PING, 0, 0, b"short", 6),
        (frame::PUSH_PROMISE, 0, 1, b"", 1),
        (frame::WINDOW_UPDATE, 0, 0, b"\0\0\0\0", 3),
        (frame::SETTINGS, 0, 0, b"\0\x04\xff\xff\xff\xff", 3),
    ] {
        let mut client = Client::new();
        let said = client.send(kind, flags, stream, payload);
        let last = said.last().expect("a farewell");
        assert_eq!(
            (last.0, last.3.ends_with(&format!("{code}]"))),
            (frame::GOAWAY, true),
            "{kind}: {last:?}"
        );
        assert!(client.stage.closed);
    }
    let mut client = Client::new();
    assert_eq!(client.send(frame::PING, 0, 0, b"12345678")[0].1, frame::ACK);
    assert_eq!(client.send(99, 0, 1, b"whatever"), []);
    let mut stage = Stage::open(&Web::default(), 80);
    stage.say(b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n");
    assert!(stage.closed);
}

#[test]
fn headers_that_unpack_without_end_are_refused() {
    let mut client = Client::new();
    // One header of 4,000 bytes, put into the table, then named over and over.
    let mut block = b"\x40\x01a\x7f\xa1\x1e".to_vec();
    block.extend_from_slice(&[b'x'; 4_000]);
    block.extend_from_slice(&[0xbe; 4_000]);
    let said = client.send(frame::HEADERS, 5, 1, &block);
    assert!(said[0].3.starts_with(":status=431 "), "{said:?}");
    assert_eq!(client.stage.kinds(), [""; 0]);
}

#[test]
fn http1_goes_over_by_upgrade() {
    let mut stage = Stage::open(&Web::default(), 80);
    let said = stage.say(
        b"GET /ncsi.txt HTTP/1.1\r\nHost: www.msftncsi.com\r\nConnection: Upgrade, HTTP2-Settings\r\n\
          Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
    );
    let end = memchr::memmem::find(&said, b"\r\n\r\n").expect("a head") + 4;
    assert!(said.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
    let mut client = Client { stage, encoder: Encoder::new(), decoder: Decoder::new() };
    let frames = client.shown(&said[end..]);
    assert_eq!(
        frames.iter().map(|f| (f.0, f.2)).collect::<Vec<_>>(),
        [(4, 0), (8, 0), (1, 1), (0, 1)]
    );
    assert_eq!(frames[3].3, "Microsoft NCSI");
    assert_eq!(client.stage.say(PREFACE), b"");
    assert_eq!(client.get(3, "www.msftncsi.com", "/ncsi.txt")[1].3, "Microsoft NCSI");
    assert_eq!(client.stage.kinds(), ["http.request"; 2]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_frames_in_any_pieces_cost_little(
        frames in prop::collection::vec(
            (0u8..11, any::<u8>(), 0u32..8, prop_oneof![
                any::<Vec<u8>>(),
                Just(b"\x82\x84\x86\x41\x01a".to_vec()),
            ]),
            0..40,
        ),
        piece in 1usize..200,
    ) {
        let mut bytes = PREFACE.to_vec();
        for (kind, flags, stream, payload) in &frames {
            frame::write(&mut bytes, *kind, *flags, *stream, payload);
        }
        let mut stage = Stage::open(&Web::default(), 80);
        for part in bytes.chunks(piece) {
            stage.say(part);
        }
        stage.eof();
        let output: usize = stage.sent.iter().map(Vec::len).sum();
        prop_assert!(output <= 512 * bytes.len());
    }
}
