//! An HTTP connection: what is recorded of a request, and what is answered.

use super::answer::{self, Answer, render, splice};
use super::fields::form;
use super::injection::{self, Injected as Found, body_fields};
use super::nginx;
use super::partial::{self, Outcome};
use super::request::{Read, Reader, Request};
use super::upload::captures;
use crate::injected::Injected;
use crate::limits::{
    HTTP_BODY_RECORDED_BYTES, HTTP_HEAD_BYTES, HTTP_PIPELINE_BYTES, HTTP_REQUESTS,
    INJECTED_LINE_BYTES, INJECTED_LINES, INJECTED_WAIT_MS, PAYLOAD_QUIET_MS, REFUSED_QUIET_MS,
};
use crate::login::{self, LoginTry, decide};
use crate::raw::record_payload;
use crate::{Context, Effect, FetchId, Fetched, Open, Session, TimerId};
use base64::Engine as _;
use std::sync::Arc;
use ukai_model::{Duration, EventKind, PeerText};
use ukai_persona::{FormAnswer, Host, HttpDialect, HttpSpec, LoginForm, Page};

const IDLE: TimerId = TimerId(1);
const SHELL: TimerId = TimerId(2);
const RUN_LIMIT: TimerId = TimerId(3);
const QUIET: TimerId = TimerId(4);

/// How long a client may take for its first request, in seconds.
const FIRST_REQUEST_S: u64 = 60;

/// How often a request that is still coming gets more time.
const PATIENCE: u32 = 5;

/// A line that runs, and what is to be sent when it is over.
struct Running {
    line: Injected,
    /// The answer with the page's text; `None` if it is already sent.
    answer: Option<(Box<Answer>, String)>,
    keep_alive: bool,
}

pub(super) struct HttpSession {
    open: Box<Open>,
    reader: Reader,
    running: Option<Box<Running>>,
    requests: u32,
    lines: u32,
    next_fetch: u32,
    patience: u32,
    /// What was answered to the request whose body is being read, and whether the
    /// connection stays open then.
    answered: Option<(u16, bool)>,
    /// The pair that was recorded last: clients repeat it with each request.
    last_login: Option<(Vec<u8>, Vec<u8>)>,
    eof: bool,
    over: bool,
}

/// What is known of a request before it is answered.
struct Verdict {
    answer: Answer,
    /// The page whose `{output}` is to be filled.
    page: Option<String>,
    logins: Vec<EventKind>,
}

impl HttpSession {
    /// A session on a host that has a web server.
    pub(super) fn new(open: Open) -> Self {
        let dialect = Self::spec(&open.host).dialect;
        Self {
            open: Box::new(open),
            reader: Reader::new(dialect),
            running: None,
            requests: 0,
            lines: 0,
            next_fetch: 0,
            patience: 0,
            answered: None,
            last_login: None,
            eof: false,
            over: false,
        }
    }

    fn spec(host: &Host) -> &HttpSpec {
        host.persona.http.as_ref().expect("opened only on hosts with a web server")
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        if !self.over {
            self.over = true;
            cx.close();
        }
    }

    fn limit(cx: &mut Context<'_>, limit: &str, detail: &str) {
        cx.record(EventKind::LimitReached { limit: limit.to_owned(), detail: detail.to_owned() });
    }

    /// Goes on in the stream as far as it can.
    fn pump(&mut self, cx: &mut Context<'_>) {
        while self.running.is_none() && !self.over {
            match self.reader.next() {
                Read::More => {
                    if self.eof {
                        self.end(cx);
                    }
                    return;
                }
                Read::Continue => {
                    let spec = Self::spec(&self.open.host);
                    if spec.shape.version == "HTTP/1.1" && spec.dialect != HttpDialect::Nginx {
                        cx.send(&b"HTTP/1.1 100 Continue\r\n\r\n"[..]);
                    }
                }
                Read::Head(request) => self.before_body(cx, &request),
                Read::Request(request) => self.handle(cx, &request),
                Read::Last(request) => {
                    self.handle(cx, &request);
                    self.end(cx);
                }
                Read::Bad(status, request, limit) => self.bad(cx, status, &request, limit),
                Read::Refused => {
                    if self.eof {
                        self.end_refused(cx);
                    } else {
                        let at = cx.now + Duration::from_millis(REFUSED_QUIET_MS);
                        cx.effects.push(Effect::Timer { id: QUIET, at });
                    }
                    return;
                }
                Read::Foreign => {
                    if self.eof || self.reader.waiting() >= HTTP_HEAD_BYTES {
                        self.end_foreign(cx);
                    } else {
                        let at = cx.now + Duration::from_millis(PAYLOAD_QUIET_MS);
                        cx.effects.push(Effect::Timer { id: QUIET, at });
                    }
                    return;
                }
            }
        }
    }

    fn bad(
        &mut self,
        cx: &mut Context<'_>,
        status: u16,
        request: &Request,
        limit: Option<&'static str>,
    ) {
        if let Some(limit) = limit {
            Self::limit(cx, limit, "the request was refused");
        }
        self.refuse(cx, request, status);
    }

    /// What is refused anyway has come as far as it comes.
    fn end_refused(&mut self, cx: &mut Context<'_>) {
        if let Read::Bad(status, request, limit) = self.reader.refusal() {
            self.bad(cx, status, &request, limit);
        }
    }

    /// What came is not HTTP: it is kept, and refused as a malformed request.
    fn end_foreign(&mut self, cx: &mut Context<'_>) {
        let waiting = self.reader.leftover();
        let payload = waiting[..waiting.len().min(HTTP_HEAD_BYTES)].to_vec();
        record_payload(cx, payload);
        let host = Arc::clone(&self.open.host);
        let spec = Self::spec(&host);
        let answer = answer::error(&host, spec, 400, b"", cx);
        cx.send(render(&host, spec, &answer, cx.now));
        self.end(cx);
    }

    /// Answers what cannot be followed further, and hangs up.
    fn refuse(&mut self, cx: &mut Context<'_>, request: &Request, status: u16) {
        let host = Arc::clone(&self.open.host);
        let spec = Self::spec(&host);
        let mut answer = answer::error(&host, spec, status, request.raw_path(), cx);
        if spec.dialect == HttpDialect::Nginx {
            nginx::pad(request, answer.status, &mut answer.body);
        }
        let answered = self.answered.take();
        cx.record(request_event(request, answered.map_or(answer.status, |(status, _)| status)));
        for capture in captures(request) {
            cx.effects.push(Effect::Capture(capture));
        }
        record_attacks(cx, request, None);
        if !self.eof && answered.is_none() {
            cx.send(render(&host, spec, &answer, cx.now));
        }
        self.end(cx);
    }

    /// Answers a request of which only the head is there, where its body changes nothing,
    /// and reads that all the same: it may be a sample.
    fn before_body(&mut self, cx: &mut Context<'_>, request: &Request) {
        let host = Arc::clone(&self.open.host);
        let spec = Self::spec(&host);
        let reads = matches!(&request.method[..], b"GET" | b"HEAD");
        let status = if nginx::is_too_large(request) {
            413
        } else if find_page(spec, &request.path()).is_none() {
            404
        } else if reads {
            return;
        } else {
            405
        };
        let mut answer = answer::error(&host, spec, status, request.raw_path(), cx);
        nginx::pad(request, status, &mut answer.body);
        answer.head_only = request.method == b"HEAD";
        answer.keep_alive = status != 413
            && request.wants_keep_alive()
            && nginx::may_stay(request)
            && self.requests + 1 < HTTP_REQUESTS
            && !self.eof;
        partial::compress(request, &mut answer);
        self.answered = Some((status, answer.keep_alive));
        cx.send(render(&host, spec, &answer, cx.now));
    }

    fn handle(&mut self, cx: &mut Context<'_>, request: &Request) {
        self.requests += 1;
        self.patience = 0;
        let host = Arc::clone(&self.open.host);
        let spec = Self::spec(&host);
        let page = find_page(spec, &request.path());
        let mut found = injection::find(request, page);
        if found.as_ref().is_some_and(|f| f.attack) && self.lines >= INJECTED_LINES {
            Self::limit(cx, "injected-lines", "further lines are recorded, not run");
        }
        let mut verdict = self.judge(cx, &host, spec, request, page, found.as_ref());
        let answer = &mut verdict.answer;
        answer.head_only = request.method == b"HEAD";
        let mut over = false;
        if spec.dialect == HttpDialect::Nginx && !self.eof {
            over = self.as_nginx(cx, &host, request, &mut verdict);
        }
        let answer = &mut verdict.answer;
        answer.body_only = request.minor.is_none();
        let last = self.requests >= HTTP_REQUESTS;
        answer.keep_alive = spec.keep_alive_s > 0
            && request.wants_keep_alive()
            && (spec.dialect != HttpDialect::Nginx || nginx::may_stay(request))
            && answer.status != 400
            && !last
            && !self.eof;
        if last {
            Self::limit(cx, "http-requests", "the connection is closed after many requests");
        }
        let answered = self.answered.take();
        cx.record(request_event(request, answered.map_or(answer.status, |(status, _)| status)));
        verdict.logins.into_iter().for_each(|event| cx.record(event));
        for capture in captures(request) {
            cx.effects.push(Effect::Capture(capture));
        }
        record_attacks(cx, request, found.as_ref());
        if let Some((_, keep_alive)) = answered {
            return self.after_answer(cx, keep_alive);
        }
        if let Some(found) = &mut found
            && verdict.page.is_none()
        {
            found.shown = false;
        }
        self.answer(cx, verdict.answer, verdict.page, found);
        if over {
            self.end(cx);
        }
    }

    /// Conditions, ranges and compression; whether the connection ends, whatever the
    /// answer says.
    fn as_nginx(
        &self,
        cx: &mut Context<'_>,
        host: &Host,
        request: &Request,
        verdict: &mut Verdict,
    ) -> bool {
        let answer = &mut verdict.answer;
        let mut over = false;
        if answer.file && answer.status == 200 {
            // A body that nobody reads is asked for all the same.
            if request.wants_continue() {
                cx.send(&b"HTTP/1.1 100 Continue\r\n\r\n"[..]);
            }
            // A plain file has nothing that an injected line could print.
            answer.body = verdict.page.take().unwrap_or_default().into_bytes();
            answer.file_bytes = Some(answer.body.len());
            let error =
                |status| answer::error(host, Self::spec(host), status, request.raw_path(), cx);
            match partial::apply(host, request, self.requests, answer) {
                Outcome::Whole | Outcome::Part => {}
                Outcome::NotModified => {
                    (answer.status, answer.body) = (304, Vec::new());
                }
                Outcome::Failed => {
                    *answer = error(412);
                    over = true;
                }
                Outcome::Unsatisfiable(length) => {
                    let range = Some(format!("bytes */{length}"));
                    *answer = Answer { range, ..error(416) };
                }
            }
        }
        answer.head_only = request.method == b"HEAD";
        if answer.error {
            nginx::pad(request, answer.status, &mut answer.body);
        }
        partial::compress(request, answer);
        over
    }

    /// Sends the answer, or runs the injected line first.
    fn answer(
        &mut self,
        cx: &mut Context<'_>,
        mut answer: Answer,
        page: Option<String>,
        found: Option<Found>,
    ) {
        let host = Arc::clone(&self.open.host);
        let spec = Self::spec(&host);
        let keep_alive = answer.keep_alive;
        let found =
            found.filter(|found| (found.attack || found.shown) && self.lines < INJECTED_LINES);
        let shown = found.as_ref().is_some_and(|found| found.shown);
        let waiting = if shown {
            Some((Box::new(answer), page.unwrap_or_default()))
        } else {
            if let Some(page) = page {
                answer.body = splice(&page, "{output}", b"");
            }
            cx.send(render(&host, spec, &answer, cx.now));
            None
        };
        let Some(found) = found else {
            self.after_answer(cx, keep_alive);
            return;
        };
        self.lines += 1;
        let line = Injected::start(
            cx,
            &self.open,
            &spec.runs_as,
            &found.line,
            &mut self.next_fetch,
            SHELL,
        );
        let at = cx.now + Duration::from_millis(INJECTED_WAIT_MS);
        cx.effects.push(Effect::Timer { id: RUN_LIMIT, at });
        self.running = Some(Box::new(Running { line, answer: waiting, keep_alive }));
        self.end_run_if_over(cx, false);
    }

    fn after_answer(&mut self, cx: &mut Context<'_>, keep_alive: bool) {
        if !keep_alive || self.eof {
            self.end(cx);
            return;
        }
        let idle_s = Self::spec(&self.open.host).keep_alive_s;
        cx.effects.push(Effect::Timer { id: IDLE, at: cx.now + Duration::from_secs(idle_s) });
    }

    /// Sends the page of a line that is over. With `now`, a line that is not over has
    /// its page sent with what there is, and goes on.
    fn end_run_if_over(&mut self, cx: &mut Context<'_>, now: bool) {
        let Some(running) = &mut self.running else { return };
        let over = running.line.is_over();
        if !over && !now {
            return;
        }
        let pending = running.answer.take();
        let keep_alive = running.keep_alive;
        let output = if over {
            let running = self.running.take().expect("a line is running");
            running.line.finish(cx)
        } else {
            running.line.output().to_vec()
        };
        if let Some((mut answer, page)) = pending {
            let host = Arc::clone(&self.open.host);
            answer.body = splice(&page, "{output}", &output);
            cx.send(render(&host, Self::spec(&host), &answer, cx.now));
        }
        if over {
            self.after_answer(cx, keep_alive);
        }
    }

    fn judge(
        &mut self,
        cx: &Context<'_>,
        host: &Host,
        spec: &HttpSpec,
        request: &Request,
        page: Option<&Page>,
        found: Option<&Found>,
    ) -> Verdict {
        let mut logins = Vec::new();
        let mut authorised = false;
        if let Some((user, password)) = basic_login(request) {
            // A browser repeats its pair with each request; that is one log-in.
            let sent = Some((user.clone(), password.clone()));
            let repeated = self.last_login == sent;
            let pair = login_try("http-basic", &user, &password);
            let (success, events) = decide(&self.open, &pair);
            authorised = success;
            if !repeated {
                self.last_login = sent;
                logins.extend(events);
            }
        }
        let path = request.path();
        if let Some((form, user, password)) = form_login(spec, request, &path) {
            let pair = login_try("http-form", &user, &password);
            let success = form.is_some() && decide(&self.open, &pair).0;
            logins.extend(login::events(&self.open, &pair, None, success));
            if let Some(form) = form {
                let said = if success { &form.success } else { &form.failure };
                let answer = form_answer(host, said, self.open.seed, self.requests, cx);
                return Verdict { answer, page: None, logins };
            }
        }
        let error = |status| answer::error(host, spec, status, request.raw_path(), cx);
        let method = String::from_utf8_lossy(&request.method);
        if spec.dialect == HttpDialect::Nginx && page.is_none() {
            // What is not there is not there for any method.
            return Verdict { answer: error(404), page: None, logins };
        }
        let refused =
            if spec.requires_host && request.minor == Some(1) && request.header("host").is_none() {
                Some(error(400))
            } else if let Some(allow) = spec.allow.as_ref().filter(|_| method == "OPTIONS") {
                let headers = vec![format!("Allow: {allow}")];
                Some(Answer { status: 200, headers, ..Answer::default() })
            } else if !spec.methods.iter().any(|known| *known == method) {
                Some(error(spec.unknown_method_status))
            } else {
                None
            };
        if let Some(answer) = refused {
            return Verdict { answer, page: None, logins };
        }
        let Some(page) = page else { return Verdict { answer: error(404), page: None, logins } };
        let skips = found.is_some_and(|f| f.shown)
            && page.injection.as_ref().is_some_and(|injection| injection.skips_auth);
        if page.auth && !authorised && !skips {
            return Verdict { answer: error(401), page: None, logins };
        }
        let asked = if method == "HEAD" { "GET" } else { &*method };
        if !page.methods.iter().any(|known| known == asked) {
            return Verdict { answer: error(405), page: None, logins };
        }
        let answer = Answer {
            status: page.status,
            content_type: page.content_type.clone(),
            headers: page.headers.iter().map(|line| host.fill(line, cx.now)).collect(),
            file: page.static_file,
            ..Answer::default()
        };
        Verdict { answer, page: Some(host.fill(&page.body, cx.now)), logins }
    }
}

/// The page at `path`; the longest pattern wins among those that end in `*`.
fn find_page<'a>(spec: &'a HttpSpec, path: &[u8]) -> Option<&'a Page> {
    let is_here = |page: &&Page| {
        page.path.as_bytes() == path || page.aliases.iter().any(|alias| alias.as_bytes() == path)
    };
    let exact = spec.pages.iter().find(is_here);
    exact.or_else(|| {
        spec.pages
            .iter()
            .filter(|page| {
                page.path.strip_suffix('*').is_some_and(|start| path.starts_with(start.as_bytes()))
            })
            .max_by_key(|page| page.path.len())
    })
}

fn request_event(request: &Request, status: u16) -> EventKind {
    EventKind::HttpRequest {
        method: PeerText::new(request.method.clone()),
        target: PeerText::new(request.target.clone()),
        host: request.header("host").map(PeerText::from),
        user_agent: request.header("user-agent").map(PeerText::from),
        head: PeerText::truncated(&request.head, HTTP_HEAD_BYTES),
        body: PeerText::truncated(&request.body, HTTP_BODY_RECORDED_BYTES),
        body_size: request.body.len() as u64,
        status,
        served: None,
    }
}

fn login_try<'a>(protocol: &'a str, user: &'a [u8], password: &'a [u8]) -> LoginTry<'a> {
    LoginTry { protocol, method: None, user, password }
}

/// The pair of an `Authorization: Basic` header (RFC 7617).
fn basic_login(request: &Request) -> Option<(Vec<u8>, Vec<u8>)> {
    let value = request.header("authorization")?;
    let (scheme, token) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let pair = base64::engine::general_purpose::STANDARD.decode(token.trim_ascii()).ok()?;
    let colon = memchr::memchr(b':', &pair)?;
    Some((pair[..colon].to_vec(), pair[colon + 1..].to_vec()))
}

/// A pair sent by a form: to one of the server's log-in pages, or to a page that some
/// other product has there (never accepted).
fn form_login<'a>(
    spec: &'a HttpSpec,
    request: &Request,
    path: &[u8],
) -> Option<(Option<&'a LoginForm>, Vec<u8>, Vec<u8>)> {
    const USERS: [&str; 7] = ["username", "user", "login", "uname", "account", "name", "log"];
    const PASSWORDS: [&str; 6] = ["password", "passwd", "pass", "pwd", "psd", "passwrd"];
    let known = spec.forms.iter().find(|form| form.path.as_bytes() == path);
    if known.is_none() && request.method != b"POST" {
        return None;
    }
    let mut fields = body_fields(request);
    fields.extend(form(request.query()));
    let first = |names: &[&str]| {
        let found = names.iter().find_map(|name| fields.iter().find(|(n, _)| n == name));
        found.map(|(_, value)| value.clone())
    };
    match known {
        Some(form) => {
            let names = |list: &'a [String]| list.iter().map(String::as_str).collect::<Vec<_>>();
            let user = first(&names(&form.user_fields));
            let password = first(&names(&form.password_fields))?;
            Some((Some(form), user.unwrap_or_else(|| form.default_user.clone().into()), password))
        }
        None => Some((None, first(&USERS)?, first(&PASSWORDS)?)),
    }
}

fn form_answer(
    host: &Host,
    said: &FormAnswer,
    seed: u64,
    requests: u32,
    cx: &Context<'_>,
) -> Answer {
    let session =
        format!("{:016x}", seed.rotate_left(17) ^ (u64::from(requests) << 40) ^ cx.now.nanos());
    let headers =
        said.headers.iter().map(|h| host.fill(h, cx.now).replace("{session}", &session)).collect();
    Answer {
        status: said.status,
        content_type: said.content_type.clone(),
        headers,
        body: host.fill(&said.body, cx.now).into_bytes(),
        ..Answer::default()
    }
}

fn record_attacks(cx: &mut Context<'_>, request: &Request, found: Option<&Found>) {
    let mut record = |attack: &str, detail: &[u8]| {
        cx.record(EventKind::AttackRecognised {
            attack: attack.to_owned(),
            detail: PeerText::truncated(detail, INJECTED_LINE_BYTES),
        });
    };
    if let Some(found) = found.filter(|found| found.attack) {
        record("command-injection", &found.value);
        if !found.reference.is_empty() {
            record(&found.reference, &request.target);
        }
    }
    if request.traverses() {
        record("path-traversal", &request.target);
    }
    let places = [request.head.as_slice(), request.body.as_slice()];
    if let Some(place) = places.iter().find(|p| memchr::memmem::find(p, b"${jndi:").is_some()) {
        let start = memchr::memmem::find(place, b"${jndi:").unwrap_or_default();
        let end = place[start..].iter().position(|b| matches!(b, b'\r' | b'\n' | b'"' | b' '));
        record("CVE-2021-44228", &place[start..end.map_or(place.len(), |end| start + end)]);
    }
}

impl Session for HttpSession {
    fn protocol(&self) -> &'static str {
        "http"
    }

    fn on_open(&mut self, cx: &mut Context<'_>) {
        let at = cx.now + Duration::from_secs(FIRST_REQUEST_S);
        cx.effects.push(Effect::Timer { id: IDLE, at });
    }

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if self.over {
            return;
        }
        if self.running.is_some() {
            let room = HTTP_PIPELINE_BYTES.saturating_sub(self.reader.waiting());
            if bytes.len() > room {
                Self::limit(cx, "http-pipeline-bytes", "requests during a long answer are lost");
                self.eof = true;
            }
            self.reader.push(&bytes[..bytes.len().min(room)]);
            return;
        }
        self.reader.push(bytes);
        self.pump(cx);
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        if self.over {
            return;
        }
        self.eof = true;
        if self.running.is_none() {
            if let Some(request) = self.reader.take_unfinished() {
                self.refuse(cx, &request, 400);
            } else {
                self.pump(cx);
            }
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        if self.over {
            return;
        }
        match timer {
            SHELL => {
                if let Some(running) = &mut self.running {
                    running.line.on_timer(cx, &mut self.next_fetch);
                    self.end_run_if_over(cx, false);
                    self.pump(cx);
                }
            }
            RUN_LIMIT => {
                self.end_run_if_over(cx, true);
                self.pump(cx);
            }
            QUIET if self.running.is_none() => match self.reader.next() {
                Read::Foreign => self.end_foreign(cx),
                Read::Refused => self.end_refused(cx),
                _ => {}
            },
            IDLE if self.running.is_none() => {
                if self.reader.in_request() && self.patience < PATIENCE {
                    self.patience += 1;
                    let at = cx.now + Duration::from_secs(FIRST_REQUEST_S);
                    cx.effects.push(Effect::Timer { id: IDLE, at });
                } else {
                    if let Some(request) = self.reader.take_unfinished() {
                        cx.record(request_event(&request, 408));
                    }
                    self.end(cx);
                }
            }
            _ => {}
        }
    }

    fn on_fetched(&mut self, cx: &mut Context<'_>, fetch: FetchId, fetched: Fetched) {
        if let Some(running) = &mut self.running {
            running.line.on_fetched(cx, &mut self.next_fetch, fetch, fetched);
            self.end_run_if_over(cx, false);
            self.pump(cx);
        }
    }

    fn on_close(&mut self, cx: &mut Context<'_>) {
        if let Some(running) = self.running.take() {
            let _ = running.line.finish(cx);
        }
        if self.over {
            return;
        }
        self.over = true;
        if matches!(self.reader.next(), Read::Foreign) {
            record_payload(cx, self.reader.leftover().to_vec());
        } else if let Some(request) = self.reader.take_unfinished() {
            cx.record(request_event(&request, 400));
            for capture in captures(&request) {
                cx.effects.push(Effect::Capture(capture));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_session_that_waits_is_small() {
        assert!(size_of::<super::HttpSession>() < 1_024);
    }
}
