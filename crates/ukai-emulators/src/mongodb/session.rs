//! A connection to MongoDB: messages in, answers out, and the wait of a driver's monitor.

use super::auth::{self, Conversation};
use super::bson::Document;
use super::command::{self, Asked};
use super::failure::Failure;
use super::server::Server;
use super::wire::{self, Command, Message};
use crate::limits::{MONGODB_AWAIT_MS, MONGODB_MESSAGE_BYTES};
use crate::mail::Requests;
use crate::{Context, Effect, FetchId, Fetched, Open, Session, TimerId};
use std::sync::{Arc, Mutex, PoisonError};
use ukai_model::{Duration, EventKind};

const AWAITED: TimerId = TimerId(1);

/// What a browser is told (`transport/asio/asio_session_impl.cpp`).
const FOR_BROWSERS: &str =
    "It looks like you are trying to access MongoDB over HTTP on the native driver port.\r\n";

/// Commands that `OP_QUERY` still carries.
const OF_QUERY: &str =
    "hello isMaster ismaster buildInfo buildinfo ping saslStart saslContinue authenticate _isSelf";

/// Longest part of a command that stands in its event, in bytes.
const SHOWN_BYTES: usize = 2_048;

pub(super) struct MongodbSession {
    open: Box<Open>,
    server: Arc<Mutex<Server>>,
    waiting: Vec<u8>,
    /// Bytes of a message too long that are still to come.
    dropping: usize,
    over: bool,
    /// What `connectionId` says.
    number: u64,
    answers: i32,
    conversation: Option<Conversation>,
    /// User and database that are logged in.
    user: Option<(String, String)>,
    /// The `hello` of a monitor: its request, and whether it goes on for ever.
    awaited: Option<(Command, u64)>,
    requests: Requests,
}

impl MongodbSession {
    pub(super) fn new(open: Open, server: Arc<Mutex<Server>>) -> Self {
        let number = {
            let mut server = server.lock().unwrap_or_else(PoisonError::into_inner);
            server.connections += 1;
            server.current += 1;
            open.host.count("mongodb connections", 40, open.now) + server.connections + 3
        };
        Self {
            open: Box::new(open),
            server,
            waiting: Vec::new(),
            dropping: 0,
            over: false,
            number,
            answers: 0,
            conversation: None,
            user: None,
            awaited: None,
            requests: Requests::default(),
        }
    }

    fn hang_up(&mut self, cx: &mut Context<'_>) {
        if !self.over {
            self.over = true;
            self.waiting = Vec::new();
            cx.close();
        }
    }

    fn go_on(&mut self, cx: &mut Context<'_>) {
        while !self.over && self.awaited.is_none() {
            if self.dropping > 0 {
                let gone = self.dropping.min(self.waiting.len());
                self.waiting.drain(..gone);
                self.dropping -= gone;
                if self.dropping == 0 {
                    // Such a one is of documents that are to be kept; there is no more room.
                    self.hang_up(cx);
                }
                return;
            }
            match wire::take(&mut self.waiting) {
                Message::Incomplete => return,
                Message::Nonsense => self.hang_up(cx),
                Message::Http => {
                    cx.send(format!(
                        "HTTP/1.0 200 OK\r\nConnection: close\r\nContent-Type: text/plain\r\n\
                         Content-Length: {}\r\n\r\n{FOR_BROWSERS}",
                        FOR_BROWSERS.len()
                    ));
                    self.hang_up(cx);
                }
                Message::TooLong(bytes) => {
                    cx.record(EventKind::LimitReached {
                        limit: "mongodb-message".to_owned(),
                        detail: format!("a message of {bytes} bytes is not read"),
                    });
                    self.dropping = bytes;
                }
                Message::Command(command) => self.run(cx, command),
            }
        }
    }

    fn run(&mut self, cx: &mut Context<'_>, command: Command) {
        let wait = wait_of(&command);
        if let Some(ms) = wait {
            let at = cx.now + Duration::from_millis(ms);
            cx.effects.push(Effect::Timer { id: AWAITED, at });
            self.awaited = Some((command, ms));
            return;
        }
        let silent = command.silent;
        let answer = self.answer(cx, &command);
        if !silent {
            self.send(cx, &command, command.request, &answer, false);
        }
    }

    fn send(
        &mut self,
        cx: &mut Context<'_>,
        command: &Command,
        to: i32,
        answer: &Document,
        more: bool,
    ) -> i32 {
        self.answers = self.answers.wrapping_add(1);
        cx.send(wire::answer(self.answers, to, command.query.is_some(), more, answer));
        self.answers
    }

    fn answer(&mut self, cx: &mut Context<'_>, command: &Command) -> Document {
        let Some((name, _)) = command.body.0.first() else {
            return Failure::no_command("").answer();
        };
        let name = name.clone();
        let database = match (&command.query, command.body.text("$db")) {
            (Some(database), _) => database.clone(),
            (None, Some(database)) => database.to_owned(),
            (None, None) => {
                let message = "OP_MSG requests require a $db argument";
                return Failure::numbered(40_571, message).answer();
            }
        };
        if command::is_told(&name) {
            let shown = format!("{database} {}", command.body.shown(SHOWN_BYTES));
            self.requests.note(cx, "mongodb", name.as_bytes(), shown.as_bytes());
        }
        if command.query.is_some() && !OF_QUERY.split_ascii_whitespace().any(|one| one == name) {
            let message = format!(
                "Unsupported OP_QUERY command: {name}. The client driver may require an upgrade. \
                 For more details see https://dochub.mongodb.org/core/legacy-opcode-removal"
            );
            return Failure::new(352, "UnsupportedOpQueryCommand", message).answer();
        }
        let done = match name.as_str() {
            "saslStart" => self.log_in(cx, &database, &command.body),
            "saslContinue" => self.go_on_with_log_in(cx, &command.body),
            "logout" => {
                self.user = None;
                Ok(Document::new())
            }
            _ => {
                let asked = Asked {
                    open: &self.open,
                    now: cx.now,
                    database: &database,
                    name: &name,
                    body: &command.body,
                    number: self.number,
                    user: self.user.as_ref(),
                };
                let server = Arc::clone(&self.server);
                let mut server = server.lock().unwrap_or_else(PoisonError::into_inner);
                command::run(&mut server, cx, &asked)
            }
        };
        let mut answer = match done {
            Ok(answer) => answer,
            Err(failure) => return failure.answer(),
        };
        if matches!(name.as_str(), "hello" | "isMaster" | "ismaster")
            && let Some(speculative) = command.body.document("speculativeAuthenticate").cloned()
        {
            let database = speculative.text("db").unwrap_or("admin").to_owned();
            if let Ok(step) = self.log_in(cx, &database, &speculative) {
                answer.0.push(("speculativeAuthenticate".to_owned(), step.into()));
            }
        }
        answer.with("ok", 1.0)
    }

    fn log_in(
        &mut self,
        cx: &mut Context<'_>,
        database: &str,
        body: &Document,
    ) -> Result<Document, Failure> {
        let (seed, now) = (self.open.seed.to_be_bytes(), cx.now.nanos().to_be_bytes());
        let secret = self.open.host.secret("mongodb nonces");
        let drawn = super::digest(&[&secret[..], &seed, &now].concat());
        let (step, conversation) = auth::start(cx, &self.open, database, body, &drawn)?;
        self.conversation = Some(conversation);
        Ok(step)
    }

    fn go_on_with_log_in(
        &mut self,
        cx: &mut Context<'_>,
        body: &Document,
    ) -> Result<Document, Failure> {
        let Some(mut conversation) = self.conversation.take() else {
            let message = "No SASL session state found";
            return Err(Failure::new(17, "ProtocolError", message));
        };
        let (step, is_in) = conversation.go_on(cx, &self.open, body)?;
        if is_in {
            let (user, database) = conversation.user();
            self.user = Some((user.to_owned(), database.to_owned()));
        } else {
            self.conversation = Some(conversation);
        }
        Ok(step)
    }
}

/// How long a monitor's `hello` is held back: until something changes, which it never does.
fn wait_of(command: &Command) -> Option<u64> {
    let (name, _) = command.body.0.first()?;
    let hello = matches!(name.as_str(), "hello" | "isMaster" | "ismaster");
    command.body.document("topologyVersion").filter(|_| hello)?;
    let ms = u64::try_from(command.body.number("maxAwaitTimeMS")?).ok()?;
    Some(ms.clamp(1, MONGODB_AWAIT_MS))
}

impl Session for MongodbSession {
    fn protocol(&self) -> &'static str {
        "mongodb"
    }

    fn on_open(&mut self, _: &mut Context<'_>) {}

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if self.over {
            return;
        }
        if self.waiting.len() + bytes.len() > 2 * MONGODB_MESSAGE_BYTES {
            cx.record(EventKind::LimitReached {
                limit: "mongodb-waiting".to_owned(),
                detail: "too much was sent while an answer was awaited".to_owned(),
            });
            self.hang_up(cx);
            return;
        }
        self.waiting.extend_from_slice(bytes);
        self.go_on(cx);
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        self.hang_up(cx);
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        if timer != AWAITED || self.over {
            return;
        }
        let Some((mut command, ms)) = self.awaited.take() else { return };
        let answer = self.answer(cx, &command);
        let exhaust = command.exhaust && command.query.is_none();
        let number = self.send(cx, &command, command.request, &answer, exhaust);
        if exhaust {
            // The next answer is one to this answer.
            command.request = number;
            let at = cx.now + Duration::from_millis(ms);
            cx.effects.push(Effect::Timer { id: AWAITED, at });
            self.awaited = Some((command, ms));
            return;
        }
        self.go_on(cx);
    }

    fn on_fetched(&mut self, _: &mut Context<'_>, _: FetchId, _: Fetched) {}

    fn on_close(&mut self, _: &mut Context<'_>) {
        self.over = true;
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        server.current = server.current.saturating_sub(1);
    }
}
