//! Each budget, used up.

use super::{Bench, Fake, Input, echo, read_all};
use crate::Budgets;
use bytes::Bytes;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use ukai_emulators::{Capture, Effect, Emulator};
use ukai_model::{CaptureHow, CloseReason, Direction, Duration, EventKind};

#[tokio::test(start_paused = true)]
async fn bytes_in() {
    let bench = Bench::new(Budgets { bytes_in_max: 10, ..Budgets::default() }, echo());
    let mut peer = bench.connect().await;
    peer.write_all(b"0123456789").await.expect("written");
    peer.read_exact(&mut [0; 10]).await.expect("an answer");
    peer.write_all(b"x").await.expect("written");
    assert_eq!(read_all(&mut peer).await, b"");
    let sink = bench.finish().await;
    assert_eq!(
        (sink.reasons(), sink.limits()),
        (vec![CloseReason::Budget], vec!["bytes_in_max".into()])
    );
}

#[tokio::test(start_paused = true)]
async fn bytes_out() {
    let bench = Bench::new(Budgets { bytes_out_max: 10, ..Budgets::default() }, echo());
    let mut peer = bench.connect().await;
    peer.write_all(b"0123456789").await.expect("written");
    peer.read_exact(&mut [0; 10]).await.expect("an answer");
    peer.write_all(b"x").await.expect("written");
    assert_eq!(read_all(&mut peer).await, b"");
    let sink = bench.finish().await;
    assert_eq!(
        (sink.reasons(), sink.limits()),
        (vec![CloseReason::Budget], vec!["bytes_out_max".into()])
    );
}

/// Sends 100 kB at once, as often as it is asked.
fn talkative() -> Arc<dyn Emulator> {
    Fake::emulator(|cx, input| {
        if matches!(input, Input::Bytes(_)) {
            cx.send(vec![b'x'; 100_000]);
        }
    })
}

#[tokio::test(start_paused = true)]
async fn output_that_waits() {
    let budgets = Budgets { output_pending_bytes_max: 99_999, ..Budgets::default() };
    let bench = Bench::new(budgets, talkative());
    let mut peer = bench.connect().await;
    peer.write_all(b"x").await.expect("written");
    read_all(&mut peer).await;
    let sink = bench.finish().await;
    assert_eq!(sink.limits(), ["output_pending_bytes_max"]);
    assert_eq!(sink.reasons(), [CloseReason::Budget]);
}

#[tokio::test(start_paused = true)]
async fn memory_of_all_sessions() {
    let budgets = Budgets { buffered_bytes_max: 250_000, ..Budgets::default() };
    let bench = Bench::new(budgets, talkative());
    let mut peers = Vec::new();
    for _ in 0..5 {
        let mut peer = bench.connect().await;
        peer.write_all(b"x").await.expect("written");
        tokio::time::sleep(Duration::from_millis(1)).await;
        peers.push(peer);
    }
    assert_eq!(bench.driver.sessions(), 2, "the others found no room");
    assert!(bench.driver.buffered() > 0);
    drop(peers);
    let driver = bench.driver.clone();
    let sink = bench.finish().await;
    assert_eq!(sink.limits(), ["buffered_bytes_max"; 3]);
    assert_eq!(driver.buffered(), 0, "all is given back");
}

#[tokio::test(start_paused = true)]
async fn captured_volume_per_peer() {
    let emulator = Fake::emulator(|cx, input| {
        if let Input::Bytes(bytes) = input {
            cx.effects.push(Effect::Capture(Capture {
                bytes: Bytes::copy_from_slice(bytes),
                how: CaptureHow::Payload,
                name: None,
                url: None,
            }));
            cx.send("ok");
        }
    });
    let budgets = Budgets { captured_bytes_per_peer_max: 100, ..Budgets::default() };
    let bench = Bench::new(budgets, emulator);
    // The volume is the peer's: another session of it goes on where the first ended.
    for (peer, size) in [("192.0.2.1:1", 60), ("192.0.2.1:2", 60), ("192.0.2.2:1", 60)] {
        let mut peer = bench.connect_from(peer).await;
        peer.write_all(&vec![b'x'; size]).await.expect("written");
        peer.read_exact(&mut [0; 2]).await.expect("the session goes on");
    }
    let sink = bench.finish().await;
    assert_eq!(sink.captures.lock().len(), 2);
    assert_eq!(sink.limits(), ["captured_bytes_per_peer_max"]);
}

#[tokio::test(start_paused = true)]
async fn recordings() {
    let emulator = Fake::emulator(|cx, input| {
        if let Input::Bytes(bytes) = input {
            cx.effects.push(Effect::Terminal(Direction::In, Bytes::copy_from_slice(bytes)));
            cx.send("ok");
        }
    });
    let bench = Bench::new(Budgets { recording_bytes_max: 1_000, ..Budgets::default() }, emulator);
    let mut peer = bench.connect().await;
    for _ in 0..10 {
        peer.write_all(&[b'x'; 200]).await.expect("written");
        peer.read_exact(&mut [0; 2]).await.expect("the session goes on");
    }
    drop(peer);
    let sink = bench.finish().await;
    assert_eq!(sink.limits(), ["recording_bytes_max"]);
    let recordings = sink.recordings.lock();
    let text = String::from_utf8_lossy(&recordings[0].1);
    assert!(text.len() < 1_300, "{}", text.len());
    assert!(text.contains("limit was reached"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn sessions_per_peer_and_overall() {
    let budgets = Budgets { sessions_max: 5, sessions_per_peer_max: 3, ..Budgets::default() };
    let bench = Bench::new(budgets, echo());
    let mut peers = Vec::new();
    for n in 0..20 {
        let address = if n < 10 { "192.0.2.1:1" } else { "192.0.2.2:1" };
        peers.push(bench.connect_from(address).await);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(bench.driver.sessions(), 5);
    drop(peers);
    let sink = bench.finish().await;
    assert_eq!(sink.reasons().len(), 5);
    // One report each, not one per connection.
    assert_eq!(sink.limits(), ["sessions_per_peer_max", "sessions_max"]);
    assert!(sink.kinds().contains(&EventKind::LimitReached {
        limit: "sessions_max".into(),
        detail: "1 connections refused".into()
    }));
}
