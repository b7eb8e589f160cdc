//! The one door: every protocol asks here whether a log-in succeeds, and every log-in is
//! recorded here, so that the same pair has the same fate whichever way it comes.

use crate::limits::LOGIN_LINE_BYTES;
use crate::shape::{Context, Open};
use ukai_model::{EventKind, PeerText};
use ukai_persona::Attempt;

/// One log-in that a peer tries.
#[derive(Clone, Debug)]
pub struct LoginTry<'a> {
    /// Protocol as it stands in events: `ssh`, `telnet`, `ftp`, `smtp`, `pop3`, `imap`,
    /// `http-basic` ...
    pub protocol: &'a str,
    /// How, where it is not a plain password: `keyboard-interactive`, `login` ...
    pub method: Option<&'a str>,
    /// User name.
    pub user: &'a [u8],
    /// Password.
    pub password: &'a [u8],
}

/// Decides on a password, and records the try.
pub fn log_in(cx: &mut Context<'_>, open: &Open, login: &LoginTry<'_>) -> bool {
    let (success, events) = decide(open, login);
    for event in events {
        cx.record(event);
    }
    success
}

/// Decides on the answer to a challenge (CRAM-MD5, APOP, NTLM ...), and records the try
/// with the answer as its proof. `fits` says whether the answer is that of a password.
pub fn log_in_by_proof(
    cx: &mut Context<'_>,
    open: &Open,
    login: &LoginTry<'_>,
    proof: &[u8],
    fits: impl Fn(&[u8]) -> bool,
) -> bool {
    let known =
        open.host.passwords(login.protocol, login.user).into_iter().find(|password| fits(password));
    let login = LoginTry { password: known.as_deref().unwrap_or_default(), ..login.clone() };
    let obliging = open.host.persona.credentials.obliging;
    let success = obliging || known.is_some() && accepts(open, &login);
    record(cx, open, &login, Some(PeerText::truncated(proof, LOGIN_LINE_BYTES)), success);
    success
}

/// Records a try on which the protocol has decided itself: a public key, an anonymous
/// user, a mechanism that is not offered.
pub fn record(
    cx: &mut Context<'_>,
    open: &Open,
    login: &LoginTry<'_>,
    proof: Option<PeerText>,
    success: bool,
) {
    for event in events(open, login, proof, success) {
        cx.record(event);
    }
}

/// What [`log_in`] decides, and the events that tell of it, for a protocol that has no
/// [`Context`] at hand.
pub fn decide(open: &Open, login: &LoginTry<'_>) -> (bool, Vec<EventKind>) {
    let success = accepts(open, login);
    (success, events(open, login, None, success))
}

/// Web interfaces and databases have accounts of their own; everywhere else those of the system count, as
/// the attacker may have changed them.
fn accepts(open: &Open, login: &LoginTry<'_>) -> bool {
    let accepts = || open.host.accepts(&attempt(open, login));
    if login.protocol.starts_with("http") || matches!(login.protocol, "postgresql" | "mongodb") {
        return accepts();
    }
    open.fs.log_in(login.user, login.password, accepts)
}

fn attempt<'a>(open: &Open, login: &LoginTry<'a>) -> Attempt<'a> {
    Attempt {
        protocol: login.protocol,
        user: login.user,
        password: login.password,
        source: open.flow.src_ip,
    }
}

/// The events of a try: that it was made and, right after, that it used a canary.
pub fn events(
    open: &Open,
    login: &LoginTry<'_>,
    proof: Option<PeerText>,
    success: bool,
) -> Vec<EventKind> {
    let user = PeerText::truncated(login.user, LOGIN_LINE_BYTES);
    let mut events = vec![EventKind::LoginAttempt {
        protocol: login.protocol.to_owned(),
        user: user.clone(),
        password: PeerText::truncated(login.password, LOGIN_LINE_BYTES),
        method: login.method.map(str::to_owned),
        proof,
        success,
    }];
    if let Some(canary) = open.host.canary(&attempt(open, login)) {
        events.push(EventKind::LoginCanary {
            protocol: login.protocol.to_owned(),
            user,
            note: canary.note.clone(),
        });
    }
    events
}
