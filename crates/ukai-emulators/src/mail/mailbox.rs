//! What POP3 and IMAP share before their log-in: input, delays, bad commands.

use super::Requests;
use super::sasl::Sasl;
use crate::limits::MAILBOX_LOGIN_WAIT_MS;
use crate::{Context, Effect, Open, TimerId};
use ukai_model::Duration;
use ukai_persona::MailSpec;

pub(crate) const IDLE: TimerId = TimerId(1);
pub(crate) const DELAY: TimerId = TimerId(2);
/// Dovecot's `auth_failure_delay`, and what its penalty adds at each further failure.
const FAILURE_DELAY_MS: u64 = 2_000;
const FAILURE_DELAY_MAX_MS: u64 = 15_000;

/// The part of a session that both protocols have.
pub(crate) struct Door {
    pub(crate) open: Box<Open>,
    pub(crate) waiting: Vec<u8>,
    pub(crate) tls: bool,
    pub(crate) sasl: Option<Box<Sasl>>,
    pub(crate) inside: bool,
    pub(crate) bad: u32,
    pub(crate) requests: Requests,
    pub(crate) over: bool,
    pub(crate) ended: bool,
    failures: u32,
    delayed: Option<Vec<u8>>,
}

impl Door {
    pub(crate) fn new(open: Open) -> Self {
        Self {
            tls: open.tls,
            open: Box::new(open),
            waiting: Vec::new(),
            sasl: None,
            inside: false,
            bad: 0,
            requests: Requests::default(),
            over: false,
            ended: false,
            failures: 0,
            delayed: None,
        }
    }

    pub(crate) fn spec(&self) -> Option<&MailSpec> {
        self.open.host.persona.mail.as_ref()
    }

    pub(crate) fn mechanisms(&self) -> Vec<String> {
        self.spec().map_or(Vec::new(), |spec| spec.mailbox_auth.clone())
    }

    /// Whether an account may have a mailbox: Dovecot's `first_valid_uid` keeps those of the
    /// system out, behind a log-in that succeeds.
    pub(crate) fn has_mailbox(&self, user: &[u8]) -> bool {
        let first = self.spec().map_or(0, |spec| spec.first_valid_uid);
        self.open.host.persona.user(user).is_none_or(|user| user.uid >= first)
    }

    pub(crate) fn greeting(&self) -> String {
        self.spec()
            .map_or_else(String::new, |spec| self.open.host.fill_fixed(&spec.mailbox_greeting))
    }

    /// Whether nothing may be read now.
    pub(crate) fn halted(&self) -> bool {
        self.over || self.delayed.is_some()
    }

    /// A refusal is said late, and later each time.
    pub(crate) fn refuse(&mut self, cx: &mut Context<'_>, text: String) {
        let delay = FAILURE_DELAY_MS << self.failures.min(3);
        self.failures += 1;
        self.delayed = Some(text.into());
        let at = cx.now + Duration::from_millis(delay.min(FAILURE_DELAY_MAX_MS));
        cx.effects.push(Effect::Timer { id: DELAY, at });
    }

    /// The delay is over.
    pub(crate) fn after_delay(&mut self, cx: &mut Context<'_>) {
        if let Some(text) = self.delayed.take() {
            cx.send(text);
        }
    }

    pub(crate) fn start_tls(&mut self, cx: &mut Context<'_>) {
        cx.effects.push(Effect::StartTls);
        self.tls = true;
        self.waiting = Vec::new();
    }

    pub(crate) fn idle(&self, cx: &mut Context<'_>) {
        const INSIDE_MS: u64 = 1_800_000;
        let ms = if self.inside { INSIDE_MS } else { MAILBOX_LOGIN_WAIT_MS };
        cx.effects.push(Effect::Timer { id: IDLE, at: cx.now + Duration::from_millis(ms) });
    }

    pub(crate) fn hang_up(&mut self, cx: &mut Context<'_>) {
        if !self.over {
            self.over = true;
            cx.close();
        }
    }
}
