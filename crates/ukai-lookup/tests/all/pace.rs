//! Memory, pace, refusals, outages and nonsense; and that nothing but a hash leaves unasked.

use crate::server::Server;
use crate::{KEY, carry, config, learn, lookups, now};
use proptest::prelude::*;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use ukai_lookup::{Ask, Book, LookupConfig, Lookups, Outcome, Reply, ServiceKind};
use ukai_model::{Sha256, Timestamp};

const NOT_FOUND: &str = "{\"error\":{\"code\":\"NotFoundError\"}}";

fn after(seconds: u64) -> Timestamp {
    Timestamp::from_secs(now().secs() + seconds)
}

fn hash(number: u32) -> Sha256 {
    Sha256::of(&number.to_le_bytes())
}

fn open(outcome: Outcome) -> String {
    match outcome {
        Outcome::Open(reason) => reason,
        Outcome::Answered(answer) => panic!("answered: {answer:?}"),
    }
}

#[tokio::test]
async fn what_was_said_is_remembered_also_on_the_disk() {
    let server = Server::start(|_| (404, "", NOT_FOUND.to_owned()));
    let lookups = lookups(&[config(ServiceKind::VirusTotal, &server, "")]);
    let mut book = Book::default();
    for _ in 0..3 {
        assert!(matches!(learn(&mut book, &lookups, &hash(1), now()).await, Outcome::Answered(_)));
    }
    assert_eq!(server.count(), 1);
    let kept = serde_json::to_string(&book).expect("JSON");
    assert!(!kept.contains(KEY));
    let mut book: Book = serde_json::from_str(&kept).expect("the same");
    assert!(matches!(book.ask(&lookups, 0, &hash(1), after(3600)), Ask::Remembered(_)));
    // "Unknown" does not hold for long.
    assert!(matches!(book.ask(&lookups, 0, &hash(1), after(90_000)), Ask::Carry(_)));
}

#[tokio::test]
async fn no_service_is_asked_more_often_than_it_allows() {
    let server = Server::start(|_| (404, "", NOT_FOUND.to_owned()));
    let config = LookupConfig {
        per_minute: Some(2),
        per_day: Some(3),
        ..config(ServiceKind::VirusTotal, &server, "")
    };
    let lookups = lookups(&[config]);
    let mut book = Book::default();
    for number in 0..2 {
        learn(&mut book, &lookups, &hash(number), now()).await;
    }
    let Ask::Later { at_s, reason } = book.ask(&lookups, 0, &hash(3), after(10)) else {
        panic!("too many a minute")
    };
    assert_eq!((at_s, reason.as_str()), (now().secs() + 60, "was asked 2 times this minute"));
    assert!(matches!(book.ask(&lookups, 0, &hash(3), after(61)), Ask::Carry(_)));
    let Ask::Later { at_s, .. } = book.ask(&lookups, 0, &hash(4), after(200)) else {
        panic!("too many a day")
    };
    assert_eq!(at_s % 86_400, 0);
    assert!(matches!(book.ask(&lookups, 0, &hash(4), Timestamp::from_secs(at_s)), Ask::Carry(_)));
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn haste_is_answered_with_patience() {
    let server = Server::start(|_| (429, "Retry-After: 120\r\n", "{}".to_owned()));
    let lookups = lookups(&[config(ServiceKind::VirusTotal, &server, "")]);
    let mut book = Book::default();
    assert_eq!(open(learn(&mut book, &lookups, &hash(1), now()).await), "says: too often");
    assert_eq!(open(learn(&mut book, &lookups, &hash(2), after(119)).await), "says: too often");
    assert_eq!(server.count(), 1);
    assert!(matches!(book.ask(&lookups, 0, &hash(2), after(120)), Ask::Carry(_)));
    // A date, as RFC 9110 allows; and a wish without end.
    for (header, pause) in [
        ("Fri, 15 Jan 2027 08:01:40 GMT".to_owned(), 100),
        ("99999999999".to_owned(), 86_400),
        ("soon".to_owned(), 60),
    ] {
        let mut book = Book::default();
        let reply = Reply { status: 429, retry_after: Some(header), body: Vec::new() };
        book.replied(&lookups, 0, &hash(1), now(), Ok(reply));
        let Ask::Later { at_s, .. } = book.ask(&lookups, 0, &hash(1), now()) else {
            panic!("paused")
        };
        assert_eq!(at_s, now().secs() + pause);
    }
}

#[tokio::test]
async fn refusals_outages_and_nonsense_are_open_questions() {
    let status = Arc::new(AtomicU16::new(403));
    let server = Server::start({
        let status = Arc::clone(&status);
        move |_| {
            (status.load(Ordering::Relaxed), "Location: http://192.0.2.1/\r\n", "<html>".to_owned())
        }
    });
    for (code, reason, pause) in [
        (403, "refuses the key (HTTP status 403)", 3600),
        (503, "is out of order (HTTP status 503)", 60),
        (302, "HTTP status 302: answered what cannot be understood: <html>", 0),
        (200, "HTTP status 200: answered what cannot be understood: <html>", 0),
    ] {
        status.store(code, Ordering::Relaxed);
        let lookups = lookups(&[config(ServiceKind::VirusTotal, &server, "")]);
        let mut book = Book::default();
        assert_eq!(open(learn(&mut book, &lookups, &hash(1), now()).await), reason);
        let next = book.ask(&lookups, 0, &hash(1), after(pause));
        assert!(matches!(next, Ask::Carry(_)), "{code}: {next:?}");
        if pause > 0 {
            let mut again = Book::default();
            learn(&mut again, &lookups, &hash(1), now()).await;
            let next = again.ask(&lookups, 0, &hash(1), after(pause - 1));
            assert!(matches!(next, Ask::Later { .. }), "{code}: {next:?}");
        }
    }
    // Nobody there, and a certificate that nobody vouches for.
    let gone = LookupConfig {
        url: Some("http://127.0.0.1:1/".to_owned()),
        ..config(ServiceKind::Hashlookup, &server, "")
    };
    let reason = open(learn(&mut Book::default(), &lookups(&[gone]), &hash(1), now()).await);
    assert!(reason.contains("port 1 belongs to another service"), "{reason}");
}

#[tokio::test]
async fn a_sample_leaves_only_if_the_operator_says_so() {
    let server = Server::start(|_| (200, "", "{\"data\":{\"type\":\"analysis\"}}".to_owned()));
    let closed = config(ServiceKind::VirusTotal, &server, "/api/v3");
    let off = lookups(std::slice::from_ref(&closed));
    let mut book = Book::default();
    let ask = book.upload(&off, 0, b"sample", now());
    assert!(matches!(&ask, Ask::Off(reason) if reason.contains("`upload` is not set")), "{ask:?}");
    let open = lookups(&[LookupConfig { upload: true, ..closed }]);
    let Ask::Carry(question) = book.upload(&open, 0, b"a sample", now()) else { panic!("allowed") };
    let reply = carry(question).await;
    book.uploaded(&open, 0, now(), reply).expect("taken");
    let asked = server.last();
    assert!(asked.line.starts_with("POST /api/v3/files "), "{}", asked.line);
    assert_eq!(asked.header("x-apikey"), Some(KEY));
    let body = String::from_utf8(asked.body).expect("text");
    assert!(body.contains("\r\n\r\na sample\r\n--ukai-"), "{body}");
    // Services of hashes take none.
    let hashes = LookupConfig { upload: true, ..config(ServiceKind::Hashlookup, &server, "") };
    let ask = book.upload(&lookups(&[hashes]), 0, b"x", now());
    assert!(matches!(ask, Ask::Off(_)), "{ask:?}");
}

#[test]
fn wrong_configurations_are_named() {
    let one = |service| LookupConfig {
        service,
        key_file: Some("/k".into()),
        url: None,
        per_minute: None,
        per_day: None,
        upload: false,
    };
    let tried = |config: &[LookupConfig], key: &str| {
        Lookups::new(config, &|_: &Path| Ok(key.to_owned()))
            .map(|_| ())
            .map_err(|it| it.to_string())
    };
    assert_eq!(tried(&[one(ServiceKind::Otx)], "k"), Ok(()));
    let twice = [one(ServiceKind::Otx), one(ServiceKind::Otx)];
    for (configs, key, expected) in [
        (&twice[..], "k", "twice"),
        (&[one(ServiceKind::Misp)][..], "k", "url: is missing"),
        (&[one(ServiceKind::Otx)][..], "two words", "holds no key"),
        (
            &[LookupConfig { url: Some("http://misp.example/".into()), ..one(ServiceKind::Misp) }],
            "k",
            "unencrypted",
        ),
        (&[LookupConfig { per_day: Some(0), ..one(ServiceKind::Otx) }][..], "k", "0: remove"),
    ] {
        let error = tried(configs, key).expect_err(expected);
        assert!(error.contains(expected), "{error}");
    }
    // Without a key it is off, and nothing is asked.
    let keyless = LookupConfig { key_file: None, ..one(ServiceKind::VirusTotal) };
    let off = Lookups::new(&[keyless], &|_: &Path| Err("not asked".to_owned())).expect("fine");
    assert!(matches!(Book::default().ask(&off, 0, &hash(1), now()), Ask::Off(_)));
}

proptest! {
    /// Whatever a service says, it harms nobody.
    #[test]
    fn any_reply_is_taken_in_peace(
        status in 100..600_u16,
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            "\\{(\"(data|attributes|query_status|response|Attribute|pulse_info|count|urls|tags|SHA-256)\":(\\[|\\{|1|null|\"ok\"),?){0,8}[\\]\\}]{0,8}"
                .prop_map(String::into_bytes),
        ],
        retry_after in proptest::option::of(".{0,40}"),
    ) {
        let server = Server { address: "127.0.0.1:9".parse().expect("an address"), asked: Arc::default() };
        for kind in [
            ServiceKind::VirusTotal, ServiceKind::MalwareBazaar, ServiceKind::UrlHaus,
            ServiceKind::ThreatFox, ServiceKind::Hashlookup, ServiceKind::Misp, ServiceKind::Otx,
        ] {
            let lookups = lookups(&[config(kind, &server, "")]);
            let mut book = Book::default();
            let reply = Reply { status, retry_after: retry_after.clone(), body: body.clone() };
            if let Outcome::Answered(answer) = book.replied(&lookups, 0, &hash(1), now(), Ok(reply)) {
                prop_assert!(answer.names.iter().all(|name| name.as_bytes().len() <= 256));
            }
        }
    }
}
