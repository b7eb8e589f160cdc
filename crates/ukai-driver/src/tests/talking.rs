//! What a session sends, records, captures and shows.

use super::{Bench, Fake, Input, echo, read_all};
use crate::Budgets;
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use ukai_emulators::{Capture, Effect, TimerId};
use ukai_model::{
    CaptureHow, CloseReason, Direction, Duration, EventKind, PeerText, Sha256, Transport,
};

#[tokio::test(start_paused = true)]
async fn a_session_is_opened_talked_to_and_closed() {
    let bench = Bench::new(Budgets::default(), echo());
    let mut peer = bench.connect().await;
    for word in [&b"hello"[..], b"again"] {
        peer.write_all(word).await.expect("written");
        let mut answer = [0; 5];
        peer.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(answer, word);
    }
    peer.shutdown().await.expect("shut down");
    assert_eq!(read_all(&mut peer).await, b"");
    let sink = bench.finish().await;
    assert_eq!(
        sink.kinds(),
        [
            EventKind::SessionOpen {
                protocol: "fake".into(),
                persona: super::host().persona.name.clone()
            },
            EventKind::SessionClose {
                protocol: "fake".into(),
                reason: CloseReason::Peer,
                duration_ms: 0,
                bytes_in: 10,
                bytes_out: 10,
                recorded: false,
            },
        ]
    );
    let events = sink.events.lock();
    assert!(events.windows(2).all(|pair| pair[0].time < pair[1].time), "in order");
    assert!(events.iter().all(|e| e.session == events[0].session && e.session.is_some()));
    assert_eq!(events[0].flow.expect("a flow").dst_port, 23);
}

#[tokio::test(start_paused = true)]
async fn the_effects_of_one_call_are_one_batch_and_captures_come_before_their_event() {
    let bench = Bench::new(
        Budgets::default(),
        Fake::emulator(|cx, input| {
            if let Input::Bytes(bytes) = input {
                let attack = |attack: &str| EventKind::AttackRecognised {
                    attack: attack.into(),
                    detail: PeerText::default(),
                };
                cx.record(attack("first"));
                cx.effects.push(Effect::Capture(Capture {
                    bytes: Bytes::copy_from_slice(bytes),
                    how: CaptureHow::Uploaded,
                    name: Some(PeerText::from("x")),
                    url: None,
                }));
                cx.record(attack("second"));
                cx.close();
            }
        }),
    );
    let mut peer = bench.connect().await;
    peer.write_all(b"MZ").await.expect("written");
    read_all(&mut peer).await;
    let sink = bench.finish().await;
    assert_eq!(*sink.batches.lock(), [1, 3, 1]);
    let names = sink.names();
    assert_eq!(names[1..4], ["attack.recognised", "sample.captured", "attack.recognised"]);
    let EventKind::SampleCaptured { sha256, size, .. } = &sink.kinds()[2] else { panic!() };
    assert_eq!((*sha256, *size), (Sha256::of(b"MZ"), 2));
}

#[tokio::test(start_paused = true)]
async fn timers_fire_in_order_and_can_be_replaced() {
    let bench = Bench::new(
        Budgets::default(),
        Fake::emulator(|cx, input| match input {
            Input::Open => {
                for (id, seconds) in [(1, 30), (2, 10), (1, 20)] {
                    let at = cx.now + Duration::from_secs(seconds);
                    cx.effects.push(Effect::Timer { id: TimerId(id), at });
                }
            }
            Input::Timer(id) => {
                cx.send(vec![b'0' + id.0 as u8]);
                if id == TimerId(1) {
                    cx.close();
                }
            }
            _ => {}
        }),
    );
    let start = tokio::time::Instant::now();
    let mut peer = bench.connect().await;
    assert_eq!(read_all(&mut peer).await, b"21");
    let took = start.elapsed();
    assert!((20..21).contains(&took.as_secs()), "{took:?}");
    drop(peer);
    bench.finish().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_typed_and_shown_is_recorded() {
    let bench = Bench::new(
        Budgets::default(),
        Fake::emulator(|cx, input| {
            if let Input::Bytes(bytes) = input {
                cx.effects.push(Effect::TerminalSize { columns: 100, rows: 30 });
                let bytes = Bytes::copy_from_slice(bytes);
                cx.effects.push(Effect::Terminal(Direction::In, bytes));
                cx.effects.push(Effect::Terminal(Direction::Out, Bytes::from_static(b"\x1b[2J")));
                cx.close();
            }
        }),
    );
    let mut peer = bench.connect().await;
    peer.write_all(b"uname -a\r").await.expect("written");
    read_all(&mut peer).await;
    let sink = bench.finish().await;
    let recordings = sink.recordings.lock();
    let (session, text) = &recordings[0];
    assert_eq!(Some(*session), sink.events.lock()[0].session);
    let text = String::from_utf8_lossy(text);
    assert!(text.contains("\"width\":100"), "{text}");
    assert!(
        text.contains(r#""i","uname -a\r"]"#) && text.contains(r#""o","\u001b[2J"]"#),
        "{text}"
    );
    assert!(matches!(sink.kinds().last(), Some(EventKind::SessionClose { recorded: true, .. })));
}

#[tokio::test(start_paused = true)]
async fn a_telnet_option_flood_is_answered_in_bounded_memory() {
    // Every DO is answered with WONT, as an emulator does; the peer never listens.
    let bench = Bench::new(
        Budgets { output_pending_bytes_max: 256 << 10, ..Budgets::default() },
        Fake::emulator(|cx, input| {
            if let Input::Bytes(bytes) = input {
                let answer: Vec<u8> =
                    bytes.iter().map(|b| if *b == 253 { 252 } else { *b }).collect();
                cx.send(answer);
            }
        }),
    );
    let mut peer = bench.connect().await;
    let flood = [255, 253, 1].repeat(1 << 20);
    let written = tokio::time::timeout(Duration::from_mins(1), peer.write_all(&flood)).await;
    assert!(written.is_err(), "the peer is made to wait");
    assert!(bench.driver.buffered() <= 256 << 10, "{} bytes wait", bench.driver.buffered());
    // It reads after all, and finds every answer in its place.
    let mut answers = vec![0; 60_000];
    peer.read_exact(&mut answers).await.expect("answers");
    assert!(answers.chunks(3).all(|answer| answer == [255, 252, 1]));
    drop(peer);
    assert_eq!(bench.finish().await.reasons(), [CloseReason::Peer]);
}

#[tokio::test(start_paused = true)]
async fn each_send_is_a_datagram_and_silence_ends_the_flow() {
    let bench = Bench::new(
        Budgets::default(),
        Fake::emulator(|cx, input| {
            if let Input::Bytes(bytes) = input {
                cx.send(bytes.to_vec());
                cx.send("and another");
            }
        }),
    );
    let (peer, local) = ("192.0.2.1:4000", "198.51.100.1:69");
    let (peer, local) = (peer.parse().expect("an address"), local.parse().expect("an address"));
    let start = tokio::time::Instant::now();
    // What would be a ClientHello on a stream is not one here.
    let first = Bytes::from_static(b"\x16\x03\x01");
    let mut talk = bench.dialer.send(peer, local, first.clone()).await.expect("an acceptor");
    assert_eq!(talk.receive().await, Some(first));
    assert_eq!(talk.receive().await, Some(Bytes::from_static(b"and another")));
    talk.send("more");
    assert_eq!(talk.receive().await, Some(Bytes::from_static(b"more")));
    assert_eq!(talk.receive().await, Some(Bytes::from_static(b"and another")));
    assert_eq!(talk.receive().await, None);
    assert_eq!(start.elapsed().as_secs(), 30);
    let sink = bench.finish().await;
    assert_eq!(sink.reasons(), [CloseReason::IdleTimeout]);
    let events = sink.events.lock();
    assert!(events.iter().all(|e| e.flow.expect("a flow").transport == Transport::Udp));
}
