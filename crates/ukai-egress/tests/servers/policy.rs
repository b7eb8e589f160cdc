//! What is refused before anything is sent, and how often one may ask.

use crate::{Names, answering, config, egress, egress_by};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use ukai_egress::{Egress, EgressConfig, EgressError};
use ukai_model::FetchOutcome;

#[tokio::test]
async fn urls_that_are_not_fetched() {
    for (url, expected) in [
        ("", FetchOutcome::BadUrl),
        ("x", FetchOutcome::BadUrl),
        ("http://", FetchOutcome::BadUrl),
        ("http://evil[.]example/", FetchOutcome::BadUrl),
        ("file:///etc/passwd", FetchOutcome::Forbidden),
        ("gopher://127.0.0.1/", FetchOutcome::Forbidden),
        ("http://127.0.0.1:25/", FetchOutcome::Forbidden),
        ("http://127.0.0.2/", FetchOutcome::Forbidden),
        ("http://0/", FetchOutcome::Forbidden),
        ("http://0x7f000002/", FetchOutcome::Forbidden),
        ("http://[::1]/", FetchOutcome::Forbidden),
        ("http://[64:ff9b::7f00:2]/", FetchOutcome::Forbidden),
        ("http://localhost/", FetchOutcome::Forbidden),
        ("http://mixed.example/", FetchOutcome::Forbidden),
        ("http://unknown.example/", FetchOutcome::NotResolved),
        ("http://empty.example/", FetchOutcome::NotResolved),
        ("ftp://127.0.0.1:25/x", FetchOutcome::Forbidden),
        ("ftp://127.0.0.1/", FetchOutcome::BadUrl),
        ("ftp://127.0.0.1/a%0d%0aDELE%20b", FetchOutcome::BadUrl),
        ("ftp://a%0ab@127.0.0.1/x", FetchOutcome::BadUrl),
        ("tftp://127.0.0.1/", FetchOutcome::BadUrl),
        ("tftp://127.0.0.1/%00x", FetchOutcome::BadUrl),
    ] {
        let names =
            Names::of(&[("mixed.example", &["45.1.2.3", "10.0.0.1"]), ("empty.example", &[])]);
        let report = egress_by(config(), names).fetch(url, "wget").await;
        assert_eq!(report.outcome, expected, "{url}: {report:?}");
        assert!(report.error.is_some(), "{url}");
        assert!(report.bytes.is_empty() && report.sha256.is_none(), "{url}");
        assert_eq!(report.server_ip, None, "{url}");
    }
}

#[tokio::test]
async fn loopback_is_closed_by_default() {
    let server = answering(&b"HTTP/1.1 200 OK\r\n\r\n"[..]).await;
    let egress = egress_by(EgressConfig::default(), Names::default());
    let report = egress.fetch(&format!("http://{server}/"), "wget").await;
    assert_eq!(report.outcome, FetchOutcome::Forbidden);
    let words = "127.0.0.1 is not public: loopback (RFC 1122)";
    assert_eq!(report.error.as_deref(), Some(words));
}

#[tokio::test]
async fn one_host_is_not_asked_too_often() {
    let server = answering(&b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"[..]).await;
    let mut config = config();
    config.per_host_per_minute_max = 3;
    let egress = egress_by(config, Names::default());
    let mut outcomes = Vec::new();
    for _ in 0..5 {
        outcomes.push(egress.fetch(&format!("http://{server}/"), "wget").await.outcome);
    }
    let (done, limited) = (FetchOutcome::Complete, FetchOutcome::RateLimited);
    assert_eq!(outcomes, [done, done, done, limited, limited]);
}

#[tokio::test]
async fn a_fetch_that_is_dropped_leaves_nothing_behind() {
    let server = crate::listen(|stream| async move {
        tokio::time::sleep(Duration::from_mins(1)).await;
        drop(stream);
    })
    .await;
    let egress = egress();
    let url = format!("http://{server}/");
    for _ in 0..20 {
        let dropped = tokio::time::timeout(Duration::from_millis(5), egress.fetch(&url, "wget"));
        assert!(dropped.await.is_err());
    }
    let fetching = egress.fetch(&url, "wget");
    assert_eq!(fetching.await.outcome, FetchOutcome::TimedOut, "its turn came at once");
}

#[tokio::test]
async fn many_who_ask_at_once_are_one_fetch() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let server = crate::listen(move |mut stream| {
        let number = counted.fetch_add(1, Ordering::Relaxed);
        async move {
            crate::read_head(&mut stream).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    })
    .await;
    let mut config = config();
    config.reuse_ms = 300;
    let egress = egress_by(config, Names::default());
    let url = format!("http://{server}/x");
    let dropped = tokio::time::timeout(Duration::from_millis(20), egress.fetch(&url, "wget"));
    assert!(dropped.await.is_err());
    let (a, b, c) = tokio::join!(
        egress.fetch(&url, "wget"),
        egress.fetch(&url, "wget"),
        egress.fetch(&url, "curl")
    );
    assert_eq!((&a.bytes, a.outcome), (&b.bytes, FetchOutcome::Complete));
    assert_ne!(a.bytes, c.bytes, "servers answer each tool differently");
    assert_eq!(count.load(Ordering::Relaxed), 3, "the dropped one, and one for each tool");
    tokio::time::sleep(Duration::from_millis(350)).await;
    let later = egress.fetch(&url, "wget").await;
    assert_eq!(&later.bytes[..], b"3");
}

#[test]
fn a_configuration_without_any_fetch_is_refused() {
    let config = EgressConfig { bytes_max: 0, ..EgressConfig::default() };
    assert_eq!(Egress::new(config, Vec::new()).err(), Some(EgressError::Zero("bytes_max")));
}
