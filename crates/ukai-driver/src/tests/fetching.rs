//! Fetches: resumed, concurrent, outliving their session, bounded.

use super::{Bench, Fake, Input, read_all};
use crate::Budgets;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;
use ukai_emulators::{Effect, Emulator, FetchId};
use ukai_model::{Duration, EventKind, FetchOutcome, PeerText};

/// Fetches a URL per byte, says what came, closes after `count` of them.
fn fetcher(count: u32) -> Arc<dyn Emulator> {
    Fake::emulator(move |cx, input| match input {
        Input::Bytes(bytes) => {
            for byte in bytes {
                let url = format!("http://192.0.2.9/{}", char::from(*byte));
                cx.effects.push(Effect::Fetch {
                    id: FetchId(u32::from(*byte)),
                    url: PeerText::from(url.as_str()),
                    tool: "wget",
                });
            }
        }
        Input::Fetched(id, fetched) => {
            if fetched.outcome == FetchOutcome::Complete {
                cx.send(fetched.bytes.slice(fetched.bytes.len() - 1..));
            } else {
                cx.send("!");
            }
            if id.0 == u32::from(b'a') + count - 1 {
                cx.close();
            }
        }
        _ => {}
    })
}

#[tokio::test(start_paused = true)]
async fn a_session_goes_on_with_what_was_fetched() {
    let bench = Bench::new(Budgets::default(), fetcher(3));
    let start = Instant::now();
    let mut peer = bench.connect().await;
    peer.write_all(b"abc").await.expect("written");
    peer.shutdown().await.expect("shut down");
    let mut answers = read_all(&mut peer).await;
    answers.sort_unstable();
    assert_eq!(answers, b"abc");
    assert_eq!(start.elapsed().as_secs(), 1, "they run side by side");
    let sink = bench.finish().await;
    assert_eq!(
        sink.names(),
        [
            "session.open",
            "download.request",
            "download.request",
            "download.request",
            "download.result",
            "sample.captured",
            "download.result",
            "sample.captured",
            "download.result",
            "sample.captured",
            "session.close"
        ]
    );
    let kinds = sink.kinds();
    let EventKind::SampleCaptured { name, url, .. } = &kinds[5] else { panic!("{:?}", kinds[5]) };
    assert_eq!(name.as_ref().map(|n| n.as_bytes().len()), Some(1));
    assert!(url.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_fetch_outlives_a_peer_that_hangs_up() {
    let bench = Bench::new(
        Budgets::default(),
        Fake::emulator(|cx, input| {
            if matches!(input, Input::Bytes(_)) {
                let url = PeerText::from("http://192.0.2.9/mips");
                cx.effects.push(Effect::Fetch { id: FetchId(1), url, tool: "wget" });
                cx.close();
            }
        }),
    );
    let mut peer = bench.connect().await;
    peer.write_all(b"a").await.expect("written");
    drop(peer);
    let sink = bench.finish().await;
    let names =
        ["session.open", "download.request", "session.close", "download.result", "sample.captured"];
    assert_eq!(sink.names(), names);
    let events = sink.events.lock();
    assert!(events.iter().all(|e| e.session == events[0].session));
}

#[tokio::test(start_paused = true)]
async fn a_stop_cuts_fetches_off() {
    let bench = Bench::new(Budgets::default(), fetcher(1));
    let mut peer = bench.connect().await;
    peer.write_all(b"a").await.expect("written");
    tokio::time::sleep(Duration::from_millis(100)).await;
    bench.shutdown.cancel();
    let start = Instant::now();
    let sink = bench.finish().await;
    assert!(start.elapsed() < Duration::from_millis(500));
    assert_eq!(sink.names(), ["session.open", "download.request", "session.close"]);
}

#[tokio::test(start_paused = true)]
async fn fetches_are_bounded_per_session() {
    let budgets = Budgets { fetches_per_session_max: 2, ..Budgets::default() };
    let bench = Bench::new(budgets, fetcher(2));
    let mut peer = bench.connect().await;
    peer.write_all(b"zyxwabb").await.expect("written");
    let answers = read_all(&mut peer).await;
    assert!(answers.starts_with(b"!!"), "{answers:?}");
    drop(peer);
    let sink = bench.finish().await;
    assert_eq!(sink.limits(), ["fetches_per_session_max"]);
    let refused = |kind: &EventKind| {
        matches!(kind, EventKind::DownloadResult { outcome: FetchOutcome::RateLimited, .. })
    };
    assert!(sink.kinds().iter().any(refused));
}
