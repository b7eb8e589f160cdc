//! What every version of HTTP has in common: a request is recorded, what it brings is
//! kept, and it is answered.

use super::answer::Answer;
use super::auth::{self, Login};
use super::doh;
use super::forms;
use super::page::page;
use super::range;
use super::request::Request;
use super::sites::Sites;
use super::upload::captures;
use crate::limits::{HTTP_BODY_RECORDED_BYTES, HTTP_HEAD_RECORDED_BYTES, HTTP_NAMED_BYTES_MAX};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use ukai_emulators::{Context, Effect};
use ukai_model::{EventKind, Flow, PeerText, Sha256, Timestamp};

/// One connection's part of the web.
pub(super) struct Core {
    pub(super) sites: Arc<Sites>,
    pub(super) flow: Flow,
    pub(super) secure: bool,
    pub(super) seed: u64,
    /// The credentials that were recorded last: clients repeat them with each request.
    last_login: Vec<u8>,
    /// The second that `date` tells.
    second: u64,
    date: String,
}

impl Core {
    pub(super) fn new(sites: Arc<Sites>, flow: Flow, secure: bool, seed: u64) -> Self {
        let (last_login, second, date) = (Vec::new(), u64::MAX, String::new());
        Self { sites, flow, secure, seed, last_login, second, date }
    }

    pub(super) fn peer(&self) -> SocketAddr {
        self.flow.peer()
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.flow.local()
    }

    /// The time that the web tells.
    pub(super) fn now(&self, cx: &Context<'_>) -> Timestamp {
        self.sites.clock(cx.now)
    }

    /// The date as headers have it (RFC 9110, 5.6.7).
    pub(super) fn date(&mut self, cx: &Context<'_>) -> &str {
        let now = self.now(cx);
        if self.second != now.secs() {
            self.second = now.secs();
            self.date = http_date(now);
        }
        &self.date
    }

    /// Answers a request, and records it.
    pub(super) fn handle(&mut self, cx: &mut Context<'_>, request: &Request<'_>) -> Answer {
        let login = auth::login(request, self.seed);
        let answer = if let Login::Challenge(answer) = &login {
            (**answer).clone()
        } else {
            let zone = self.sites.zone.as_deref();
            zone.and_then(|zone| doh::respond(request, zone, cx))
                .unwrap_or_else(|| range::apply(request, page(request, &self.sites)))
        };
        cx.record(request_event(request, &answer));
        self.keep(cx, request, login);
        answer
    }

    /// Records log-in and uploads of a request.
    pub(super) fn keep(&mut self, cx: &mut Context<'_>, request: &Request<'_>, login: Login) {
        if let Login::Told(event) = login {
            let line = request.header("authorization").or(request.header("proxy-authorization"));
            let line = line.unwrap_or_default();
            if self.last_login != line {
                self.last_login = line.to_vec();
                cx.record(*event);
            }
        }
        if let Some(event) = forms::login(request) {
            cx.record(event);
        }
        for capture in captures(request) {
            cx.effects.push(Effect::Capture(capture));
        }
    }
}

pub(super) fn request_event(request: &Request<'_>, answer: &Answer) -> EventKind {
    let body = &answer.body;
    let served = answer.status == 200 && (1..=HTTP_NAMED_BYTES_MAX).contains(&body.len());
    EventKind::HttpRequest {
        method: PeerText::from(request.method),
        target: PeerText::from(request.target),
        host: request.header("host").map(PeerText::from),
        user_agent: request.header("user-agent").map(PeerText::from),
        head: PeerText::truncated(request.head, HTTP_HEAD_RECORDED_BYTES),
        body: PeerText::truncated(request.body, HTTP_BODY_RECORDED_BYTES),
        body_size: request.body_size,
        status: answer.status,
        served: served.then(|| Sha256::of(body)),
    }
}

/// A time as headers have it.
pub(super) fn http_date(time: Timestamp) -> String {
    httpdate::fmt_http_date(system_time(time))
}

fn system_time(time: Timestamp) -> SystemTime {
    /// The last second that such a date can tell: the end of the year 9999.
    const LAST: u64 = 253_402_300_799;
    UNIX_EPOCH + std::time::Duration::from_secs(time.secs().min(LAST))
}

/// A time as ISO 8601 has it, to the second and without zone.
pub(super) fn iso_date(time: Timestamp) -> String {
    let [year, month, day, hour, minute, second] = parts(time);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// A time as certificates have it (RFC 5280, 4.1.2.5.1).
pub(super) fn utc_time(time: Timestamp) -> String {
    let [year, month, day, hour, minute, second] = parts(time);
    format!("{:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z", year % 100)
}

fn parts(time: Timestamp) -> [i64; 6] {
    let zoned = jiff::Timestamp::try_from(system_time(time))
        .map(|time| jiff::tz::Offset::UTC.to_datetime(time))
        .unwrap_or_default();
    [
        zoned.year().into(),
        zoned.month().into(),
        zoned.day().into(),
        zoned.hour().into(),
        zoned.minute().into(),
        zoned.second().into(),
    ]
}
