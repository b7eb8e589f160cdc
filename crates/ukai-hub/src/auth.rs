//! Who may do what: tokens, the UI's sessions, a brake on guessing.

use crate::{Secret, limits};
use axum::http::{HeaderMap, Method, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Name of the UI's cookie.
pub(crate) const COOKIE: &str = "ukai_session";

/// What a request may do, after a look at its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// It carries what is needed.
    Granted,
    /// It carries nothing, or something wrong.
    Denied,
    /// Too many wrong tokens came from its address.
    Throttled,
}

/// Tokens, sessions and the brake.
pub(crate) struct Auth {
    operator: Secret,
    feed: Secret,
    sessions: Mutex<HashMap<[u8; 32], Instant>>,
    session_time: Duration,
    operator_failures: Failures,
    feed_failures: Failures,
}

impl Auth {
    pub(crate) fn new(operator: Secret, feed: Secret, session_time: Duration) -> Self {
        Self {
            operator,
            feed,
            sessions: Mutex::default(),
            session_time,
            operator_failures: Failures::default(),
            feed_failures: Failures::default(),
        }
    }

    /// Checks a token given at log-in.
    pub(crate) fn log_in(&self, token: &[u8], from: IpAddr, now: Instant) -> Access {
        self.operator_failures.guarded(from, now, || self.operator.matches(token))
    }

    /// Opens a session of the UI; the value is the cookie's.
    pub(crate) fn open_session(&self, now: Instant) -> String {
        let cookie = hex::encode(rand::random::<[u8; 32]>());
        let mut sessions = self.sessions.lock();
        sessions.retain(|_, until| *until > now);
        if sessions.len() >= limits::UI_SESSIONS_MAX
            && let Some(first) = sessions.iter().min_by_key(|(_, until)| **until).map(|(k, _)| *k)
        {
            sessions.remove(&first);
        }
        sessions.insert(key_of(cookie.as_bytes()), now + self.session_time);
        cookie
    }

    /// Ends the session of a request, if it has one.
    pub(crate) fn close_session(&self, headers: &HeaderMap) {
        if let Some(cookie) = session_cookie(headers) {
            self.sessions.lock().remove(&key_of(cookie.as_bytes()));
        }
    }

    /// How long a session lasts.
    pub(crate) const fn session_time(&self) -> Duration {
        self.session_time
    }

    /// Whether a request may use the API: by a session or by the operator's token.
    pub(crate) fn operator(&self, headers: &HeaderMap, from: IpAddr, now: Instant) -> Access {
        if self.has_session(headers, now) {
            return Access::Granted;
        }
        match bearer(headers) {
            Some(token) => self.log_in(token.as_bytes(), from, now),
            None => Access::Denied,
        }
    }

    /// Whether a request may read feeds: as the operator, or by the feed token as
    /// Bearer or as the password of Basic (any user name).
    pub(crate) fn reader(&self, headers: &HeaderMap, from: IpAddr, now: Instant) -> Access {
        if self.has_session(headers, now) {
            return Access::Granted;
        }
        let Some(token) = bearer(headers).or_else(|| basic_password(headers)) else {
            return Access::Denied;
        };
        let right = || {
            let token = token.as_bytes();
            // Both are compared always, so that the time does not tell which was nearer.
            self.feed.matches(token) | self.operator.matches(token)
        };
        self.feed_failures.guarded(from, now, right)
    }

    fn has_session(&self, headers: &HeaderMap, now: Instant) -> bool {
        let Some(cookie) = session_cookie(headers) else { return false };
        self.sessions.lock().get(&key_of(cookie.as_bytes())).is_some_and(|until| *until > now)
    }
}

/// Sessions are kept under the cookie's digest: looking one up tells nothing by its time.
fn key_of(cookie: &[u8]) -> [u8; 32] {
    Sha256::digest(cookie).into()
}

fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

fn credentials(headers: &HeaderMap, scheme: &str) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (given, rest) = value.split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then(|| rest.trim().to_owned())
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    credentials(headers, "bearer")
}

fn basic_password(headers: &HeaderMap) -> Option<String> {
    let decoded = STANDARD.decode(credentials(headers, "basic")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}

/// Whether a request that changes something comes from our own pages, or from no page
/// at all: browsers say where a request comes from, and cannot be made to lie.
pub(crate) fn same_origin(method: &Method, headers: &HeaderMap) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = text("origin") else { return true };
    let place = origin.split_once("://").map(|(_, place)| place);
    place.is_some() && place == text("host")
}

/// Wrong tokens, counted by address. Without a brake a weak token set by hand could be
/// guessed; sessions that are open are not touched by it.
#[derive(Default)]
struct Failures(Mutex<HashMap<IpAddr, (u32, Instant)>>);

impl Failures {
    fn guarded(&self, from: IpAddr, now: Instant, right: impl FnOnce() -> bool) -> Access {
        let source = network_of(from);
        let mut failures = self.0.lock();
        let fresh = |since: Instant| now.duration_since(since) < limits::FAILURE_WINDOW;
        if let Some((count, since)) = failures.get(&source)
            && fresh(*since)
            && *count >= limits::FAILURES_MAX
        {
            return Access::Throttled;
        }
        if right() {
            return Access::Granted;
        }
        if failures.len() >= limits::FAILURE_SOURCES_MAX && !failures.contains_key(&source) {
            failures.retain(|_, (_, since)| fresh(*since));
            if failures.len() >= limits::FAILURE_SOURCES_MAX {
                return Access::Throttled;
            }
        }
        let entry = failures.entry(source).or_insert((0, now));
        if !fresh(entry.1) {
            *entry = (0, now);
        }
        entry.0 += 1;
        Access::Denied
    }
}

/// One attacker owns a whole IPv6 /64.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    const OPERATOR: &str = "operator-token-0123456789";
    const FEED: &str = "feed-token-0123456789";

    fn auth() -> Auth {
        Auth::new(Secret::new(OPERATOR), Secret::new(FEED), Duration::from_hours(1))
    }

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        let value = HeaderValue::from_str(value).expect("a header value");
        HeaderMap::from_iter([(name, value)])
    }

    fn peer() -> IpAddr {
        "192.0.2.1".parse().expect("an address")
    }

    #[test]
    fn a_session_ends_by_time_and_by_log_out() {
        let (auth, now) = (auth(), Instant::now());
        let cookie = format!("a=b; {COOKIE}={}", auth.open_session(now));
        let headers = headers(header::COOKIE, &cookie);
        assert_eq!(auth.operator(&headers, peer(), now), Access::Granted);
        let later = now + Duration::from_secs(3601);
        assert_eq!(auth.operator(&headers, peer(), later), Access::Denied);
        auth.close_session(&headers);
        assert_eq!(auth.operator(&headers, peer(), now), Access::Denied);
    }

    #[test]
    fn sessions_are_bounded() {
        let (auth, now) = (auth(), Instant::now());
        for n in 0..limits::UI_SESSIONS_MAX as u64 + 10 {
            auth.open_session(now + Duration::from_millis(n));
        }
        assert_eq!(auth.sessions.lock().len(), limits::UI_SESSIONS_MAX);
    }

    #[test]
    fn the_feed_token_reads_feeds_and_nothing_else() {
        let (auth, now) = (auth(), Instant::now());
        let bearer = headers(header::AUTHORIZATION, &format!("Bearer {FEED}"));
        assert_eq!(auth.reader(&bearer, peer(), now), Access::Granted);
        assert_eq!(auth.operator(&bearer, peer(), now), Access::Denied);
        let basic = format!("Basic {}", STANDARD.encode(format!("any:{FEED}")));
        let basic = headers(header::AUTHORIZATION, &basic);
        assert_eq!(auth.reader(&basic, peer(), now), Access::Granted);
        assert_eq!(auth.operator(&basic, peer(), now), Access::Denied);
    }

    #[test]
    fn guessing_is_braked_per_network_and_for_a_time() {
        let (auth, now) = (auth(), Instant::now());
        let inside = |n: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, n]);
        for n in 0..limits::FAILURES_MAX {
            assert_eq!(auth.log_in(b"guess", inside(n as u16), now), Access::Denied);
        }
        assert_eq!(auth.log_in(OPERATOR.as_bytes(), inside(99), now), Access::Throttled);
        assert_eq!(auth.log_in(OPERATOR.as_bytes(), peer(), now), Access::Granted);
        let later = now + limits::FAILURE_WINDOW;
        assert_eq!(auth.log_in(OPERATOR.as_bytes(), inside(99), later), Access::Granted);
    }

    #[test]
    fn the_brake_itself_is_bounded() {
        let (auth, now) = (auth(), Instant::now());
        for n in 0..10_000_u32 {
            auth.log_in(b"guess", IpAddr::from((0x0a00_0000 + n).to_be_bytes()), now);
        }
        assert!(auth.operator_failures.0.lock().len() <= limits::FAILURE_SOURCES_MAX);
    }

    #[test]
    fn other_sites_change_nothing() {
        let mut request = headers(header::HOST, "127.0.0.1:8765");
        assert!(same_origin(&Method::POST, &request));
        request.insert(header::ORIGIN, HeaderValue::from_static("http://127.0.0.1:8765"));
        assert!(same_origin(&Method::POST, &request));
        request.insert(header::ORIGIN, HeaderValue::from_static("http://evil.example"));
        assert!(!same_origin(&Method::POST, &request));
        assert!(same_origin(&Method::GET, &request));
        request.insert("sec-fetch-site", HeaderValue::from_static("same-site"));
        assert!(!same_origin(&Method::POST, &request));
        let opaque = headers(header::ORIGIN, "null");
        assert!(!same_origin(&Method::POST, &opaque));
    }

    proptest! {
        #[test]
        fn no_header_opens_anything(value: Vec<u8>, scheme in "(Basic |Bearer |ukai_session=)?") {
            let bytes = [scheme.as_bytes(), &value].concat();
            let Ok(value) = HeaderValue::from_bytes(&bytes) else { return Ok(()) };
            let (auth, now) = (auth(), Instant::now());
            for name in [header::AUTHORIZATION, header::COOKIE] {
                let request = HeaderMap::from_iter([(name, value.clone())]);
                prop_assert_eq!(auth.operator(&request, peer(), now), Access::Denied);
                prop_assert_eq!(auth.reader(&request, peer(), now), Access::Denied);
            }
        }
    }
}
