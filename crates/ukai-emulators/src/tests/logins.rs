//! Log-ins through the door that all protocols share.

use super::transcript::opening;
use crate::login::{LoginTry, decide, log_in, log_in_by_proof};
use crate::shape::{Context, Effect};
use std::sync::Arc;
use ukai_model::{EventKind, PeerText, Timestamp};
use ukai_persona::{Access, Canary};

fn login<'a>(user: &'a str, password: &'a str) -> LoginTry<'a> {
    let (user, password) = (user.as_bytes(), password.as_bytes());
    LoginTry { protocol: "imap", method: Some("login"), user, password }
}

fn kinds(effects: &[Effect]) -> Vec<&'static str> {
    let recorded = effects.iter().filter_map(|effect| match effect {
        Effect::Record(kind) => Some(kind.name()),
        _ => None,
    });
    recorded.collect()
}

#[test]
fn a_canary_is_told_of_right_after_the_try_and_never_to_the_peer() {
    let mut open = opening("server-debian", "198.51.100.4:4000", 143);
    let laid = Canary {
        user: "backup-svc".into(),
        password: None,
        note: "in the wiki".into(),
        accepted: None,
    };
    open.host = Arc::new((*open.host).clone().with_access(Arc::new(Access::new(vec![laid]))));
    let mut effects = Vec::new();
    let mut cx = Context { now: Timestamp::from_secs(1), effects: &mut effects };
    assert!(!log_in(&mut cx, &open, &login("backup-svc", "x")));
    assert!(log_in(&mut cx, &open, &login("debian", "debian")));
    assert_eq!(kinds(&effects), ["login.attempt", "login.canary", "login.attempt"]);
    assert_eq!(effects.len(), 3, "nothing else happens");
    let Effect::Record(EventKind::LoginCanary { protocol, user, note }) = &effects[1] else {
        panic!("{effects:?}");
    };
    assert_eq!(
        (protocol.as_str(), user.as_bytes(), note.as_str()),
        ("imap", &b"backup-svc"[..], "in the wiki")
    );
}

#[test]
fn an_answer_to_a_challenge_is_tested_with_the_passwords_that_there_are() {
    let open = opening("server-debian", "198.51.100.4:4000", 143);
    let mut effects = Vec::new();
    let mut cx = Context { now: Timestamp::from_secs(1), effects: &mut effects };
    // The length stands for what a digest would say.
    let fits = |password: &[u8]| password.len() == 6;
    assert!(log_in_by_proof(&mut cx, &open, &login("debian", ""), b"6", fits));
    assert!(!log_in_by_proof(&mut cx, &open, &login("debian", ""), b"7", |_| false));
    assert!(!log_in_by_proof(&mut cx, &open, &login("nosuchuser", ""), b"6", fits));
    let Effect::Record(EventKind::LoginAttempt { password, proof, success, .. }) = &effects[0]
    else {
        panic!("{effects:?}");
    };
    assert_eq!((password.as_bytes(), *success), (&b"debian"[..], true));
    assert_eq!(proof.as_ref().map(PeerText::as_bytes), Some(&b"6"[..]));
}

#[test]
fn the_same_pair_has_the_same_fate_whichever_protocol_it_comes_by() {
    let open = opening("server-debian", "198.51.100.4:4000", 22);
    for protocol in ["ssh", "telnet", "ftp"] {
        let pair = LoginTry { protocol, method: None, user: b"debian", password: b"debian" };
        assert!(decide(&open, &pair).0, "{protocol}");
        let empty = LoginTry { protocol, method: None, user: b"root", password: b"" };
        assert!(!decide(&open, &empty).0, "{protocol}");
    }
}
