//! One conversation under way: messages in, what its rules answer out.

use super::matcher::Fit;
use super::set::{Conversation, Rule, When};
use super::template::Filling;
use crate::limits::{DETAIL_BYTES, REPLY_BUFFER_BYTES, REPLY_SENT_BYTES, REPLY_TIMERS};
use crate::told::Told;
use std::net::SocketAddr;
use std::sync::Arc;
use ukai_emulators::{Context, Effect, TimerId};
use ukai_model::{EventKind, PeerText};

pub(super) struct Talk {
    conversation: Arc<Conversation>,
    peer: SocketAddr,
    datagrams: bool,
    buffer: Vec<u8>,
    messages: u32,
    /// What waits for its time; the place is the timer's number.
    waiting: Vec<Option<Waiting>>,
    sent: usize,
    over: bool,
}

struct Waiting {
    rule: usize,
    messages: Vec<Vec<u8>>,
}

/// The first line of bytes without its end, and its whole length. What is longer than
/// fits, or the end of a datagram, ends a line too.
pub(super) fn line(bytes: &[u8], datagram: bool) -> Option<(&[u8], usize)> {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let full = datagram && !bytes.is_empty() || bytes.len() >= REPLY_BUFFER_BYTES;
    let (text, length) = match end {
        Some(end) => (&bytes[..end], end + 1),
        None if full => (bytes, bytes.len()),
        None => return None,
    };
    Some((text.strip_suffix(b"\r").unwrap_or(text), length))
}

impl Talk {
    pub(super) fn new(conversation: Arc<Conversation>, peer: SocketAddr, datagrams: bool) -> Self {
        Self {
            conversation,
            peer,
            datagrams,
            buffer: Vec::new(),
            messages: 0,
            waiting: Vec::new(),
            sent: 0,
            over: false,
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.conversation.id
    }

    /// The connection is open, and this conversation's server speaks first.
    pub(super) fn open(&mut self, cx: &mut Context<'_>, told: &mut Told) {
        let conversation = Arc::clone(&self.conversation);
        for (at, rule) in conversation.rules.iter().enumerate() {
            if rule.when == When::Open {
                self.fire(cx, told, at, rule, &[Vec::new()]);
            }
        }
    }

    pub(super) fn bytes(&mut self, cx: &mut Context<'_>, told: &mut Told, bytes: &[u8]) {
        if self.over {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut at = 0;
        // Each message is looked for in a bounded part, so that no pattern reads what is left
        // again and again.
        let seen = if self.datagrams { buffer.len() } else { REPLY_BUFFER_BYTES };
        while !self.over
            && let Some(length) = self.message(cx, told, &buffer[at..buffer.len().min(at + seen)])
        {
            at += length;
        }
        buffer.drain(..at);
        // A datagram leaves nothing behind for the next one.
        if !self.datagrams && !self.over {
            self.buffer = buffer;
        }
    }

    /// Takes one message; its length, or `None` if there is none yet.
    fn message(&mut self, cx: &mut Context<'_>, told: &mut Told, bytes: &[u8]) -> Option<usize> {
        if bytes.is_empty() {
            return None;
        }
        let (message, length, whole) = if self.conversation.lines {
            let (text, length) = line(bytes, self.datagrams)?;
            (text, Some(length), true)
        } else {
            (bytes, None, self.datagrams)
        };
        let number = self.messages.saturating_add(1);
        let conversation = Arc::clone(&self.conversation);
        let meant = |rule: &Rule| rule.when == When::Each || rule.when == When::Message(number);
        for (at, rule) in conversation.rules.iter().enumerate().filter(|(_, rule)| meant(rule)) {
            match rule.matcher.as_ref().map_or(Fit::Miss, |matcher| matcher.fit(message, whole)) {
                Fit::Hit(matched, captures) => {
                    self.messages = number;
                    self.fire(cx, told, at, rule, &captures);
                    return Some(length.unwrap_or(matched));
                }
                Fit::Maybe if bytes.len() < REPLY_BUFFER_BYTES => return None,
                _ => {}
            }
        }
        self.messages = number;
        told.payload(cx, &conversation.id, message);
        Some(length.unwrap_or(bytes.len()))
    }

    fn fire(
        &mut self,
        cx: &mut Context<'_>,
        told: &mut Told,
        at: usize,
        rule: &Rule,
        captures: &[Vec<u8>],
    ) {
        if rule.when != When::Open {
            let all = captures.first().map_or(&[][..], Vec::as_slice);
            told.request(cx, &rule.record, all);
        }
        let filling = Filling { captures, peer: self.peer, now: cx.now };
        let messages: Vec<Vec<u8>> = rule.respond.iter().map(|text| text.fill(&filling)).collect();
        let wait = !rule.after.is_zero() || rule.repeat.is_some();
        if rule.after.is_zero() {
            self.send(cx, &messages);
            if rule.close {
                return self.end(cx);
            }
        }
        if wait {
            let due =
                if rule.after.is_zero() { rule.repeat.unwrap_or_default() } else { rule.after };
            let same = self.waiting.iter().position(|waiting| {
                waiting.as_ref().is_none_or(|waiting| waiting.rule == at && rule.repeat.is_some())
            });
            let place = same.unwrap_or(self.waiting.len());
            if place >= REPLY_TIMERS {
                return;
            }
            if place == self.waiting.len() {
                self.waiting.push(None);
            }
            self.waiting[place] = Some(Waiting { rule: at, messages });
            cx.effects.push(Effect::Timer { id: TimerId(place as u32), at: cx.now + due });
        }
    }

    pub(super) fn timer(&mut self, cx: &mut Context<'_>, TimerId(place): TimerId) {
        if self.over {
            return;
        }
        let Some(slot) = self.waiting.get_mut(place as usize) else { return };
        let Some(waiting) = slot.take() else { return };
        let conversation = Arc::clone(&self.conversation);
        let Some(rule) = conversation.rules.get(waiting.rule) else { return };
        self.send(cx, &waiting.messages);
        if rule.close {
            self.end(cx);
        } else if let Some(repeat) = rule.repeat.filter(|_| self.sent < REPLY_SENT_BYTES) {
            self.waiting[place as usize] = Some(waiting);
            cx.effects.push(Effect::Timer { id: TimerId(place), at: cx.now + repeat });
        }
    }

    fn send(&mut self, cx: &mut Context<'_>, messages: &[Vec<u8>]) {
        for message in messages {
            if self.sent >= REPLY_SENT_BYTES {
                return;
            }
            self.sent += message.len();
            if self.sent >= REPLY_SENT_BYTES {
                return cx.record(EventKind::LimitReached {
                    limit: "reply_sent_bytes".to_owned(),
                    detail: format!("{}: no more is answered", self.conversation.id),
                });
            }
            cx.send(message.clone());
        }
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.over = true;
        cx.close();
    }
}

/// Which family was recognised, and by what.
pub(super) fn recognised(id: &str, first: &[u8]) -> EventKind {
    EventKind::AttackRecognised {
        attack: id.to_owned(),
        detail: PeerText::truncated(first, DETAIL_BYTES),
    }
}
