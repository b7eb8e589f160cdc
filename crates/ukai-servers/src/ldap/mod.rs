//! LDAP (RFC 4511), over a stream or by datagram (CLDAP): every name and password binds,
//! every change succeeds, and the directory has a root and its suffix, and else nothing.
//!
//! A look-up by JNDI, as CVE-2021-44228 makes a victim do, is a search for an entry under a
//! name of the attacker's choice. It is answered with a reference to a class on this very
//! address by HTTP, so that the victim goes on and asks for it; the class is whatever the web
//! server there has, and nothing of it is here.

mod answer;
mod ber;
mod bind;
mod directory;
mod request;
#[cfg(test)]
mod tests;

use crate::limits::{DETAIL_BYTES, LDAP_MESSAGE_BYTES};
use crate::ntlm::Challenger;
use crate::simple::{Plain, Simple};
use crate::told::Told;
use answer::code;
use ber::{Elements, Frame};
use directory::{Directory, jndi_name};
use request::{NAMES, Search, op};
use ukai_emulators::{Context, Effect, Emulator, Open, Session};
use ukai_model::{EventKind, PeerText, Transport};

const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";
const WHO_AM_I: &[u8] = b"1.3.6.1.4.1.4203.1.11.3";
const CHANGE_PASSWORD: &[u8] = b"1.3.6.1.4.1.4203.1.11.1";
const DISCONNECTION: &[u8] = b"1.3.6.1.4.1.1466.20036";

/// The LDAP server, on TCP and UDP.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ldap;

impl Emulator for Ldap {
    fn name(&self) -> &'static str {
        "ldap"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        Box::new(Plain(Served {
            told: Told::new("ldap"),
            directory: Directory::new(&open),
            stream: open.flow.transport == Transport::Tcp,
            buffer: Vec::new(),
            out: Vec::new(),
            name: Vec::new(),
            challenged: false,
            challenger: Challenger::new(open.seed),
            tls: open.tls,
            ended: false,
        }))
    }
}

/// Whether a message of LDAP begins there: a sequence, a number, and an operation of a client.
pub fn looks_like_ldap(bytes: &[u8]) -> bool {
    let header = match bytes {
        [ber::SEQUENCE, length, ..] if *length < 0x80 => 2,
        [ber::SEQUENCE, length @ 0x81..=0x84, ..] => 2 + usize::from(length & 0x7f),
        _ => return false,
    };
    let mut inner = Elements(bytes.get(header..).unwrap_or_default());
    let numbered = inner.number(ber::INTEGER).is_some();
    let tag = inner.0.first();
    numbered && tag.is_some_and(|tag| NAMES.iter().any(|(known, _)| known == tag))
}

struct Served {
    told: Told,
    directory: Directory,
    stream: bool,
    /// On a stream, what is not a whole message yet.
    buffer: Vec<u8>,
    /// What is to be sent.
    out: Vec<u8>,
    /// Who the client is bound as.
    name: Vec<u8>,
    /// A response to CRAM-MD5's challenge is to come.
    challenged: bool,
    /// What NTLM asks.
    challenger: Challenger,
    tls: bool,
    ended: bool,
}

impl Served {
    fn message(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        let Some((id, tag, content)) = request::message(bytes) else {
            return self.malformed();
        };
        match tag {
            op::BIND => self.bind(cx, id, content),
            op::SEARCH => self.search(cx, id, content),
            op::EXTENDED => self.extended(cx, id, content),
            op::UNBIND => self.ended = true,
            op::ABANDON => {}
            tag => self.change(cx, id, tag, content),
        }
    }

    /// RFC 4511, 4.1.1: the client is told, and cut off.
    fn malformed(&mut self) {
        let name = ber::element(0x8a, DISCONNECTION);
        let text = "decoding error";
        let notice = answer::result(0, answer::op::EXTENDED, code::PROTOCOL_ERROR, text, &name);
        self.out.extend(notice);
        self.ended = true;
    }

    fn search(&mut self, cx: &mut Context<'_>, id: u32, content: &[u8]) {
        let Some(search) = Search::parse(content) else { return self.malformed() };
        self.told.request(cx, "search", &search.detail());
        let found = if let Some(class) = jndi_name(&search) {
            self.told.record(
                cx,
                EventKind::AttackRecognised {
                    attack: "jndi-lookup".to_owned(),
                    detail: PeerText::truncated(search.base, DETAIL_BYTES),
                },
            );
            Some(self.directory.reference(&class))
        } else {
            self.directory.find(&search, self.tls)
        };
        if let Some(attributes) = found {
            self.out.extend(answer::entry(id, search.base, &attributes));
        }
        self.out.extend(answer::result(id, answer::op::SEARCH_DONE, code::SUCCESS, "", &[]));
    }

    /// What would change the directory, and comparisons: all succeed.
    fn change(&mut self, cx: &mut Context<'_>, id: u32, tag: u8, content: &[u8]) {
        // The entry's name comes first; a deletion is nothing else.
        let mut parts = Elements(content);
        let name =
            if tag == op::DELETE { content } else { parts.tagged(ber::OCTETS).unwrap_or_default() };
        let known = NAMES.iter().find(|(known, _)| *known == tag);
        let request = known.map_or("unknown", |(_, name)| *name);
        let mut detail = name.to_vec();
        for (_, part) in parts {
            detail.push(b' ');
            detail.extend(part);
        }
        self.told.request(cx, request, &detail);
        let (tag, code) = match tag {
            op::COMPARE => (0x6f, code::COMPARE_TRUE),
            op::DELETE => (0x6b, code::SUCCESS),
            tag => (tag + 1, code::SUCCESS),
        };
        self.out.extend(answer::result(id, tag, code, "", &[]));
    }

    fn extended(&mut self, cx: &mut Context<'_>, id: u32, content: &[u8]) {
        let mut parts = Elements(content);
        let Some(name) = parts.tagged(0x80) else { return self.malformed() };
        let value = parts.tagged(0x81).unwrap_or_default();
        let (request, result, more) = match name {
            START_TLS if self.stream && !self.tls => {
                ("starttls", code::SUCCESS, ber::element(0x8a, START_TLS))
            }
            WHO_AM_I => {
                let prefix: &[u8] = if self.name.is_empty() { b"" } else { b"dn:" };
                let name = [prefix, &self.name].concat();
                ("whoami", code::SUCCESS, ber::element(0x8b, &name))
            }
            CHANGE_PASSWORD => ("change-password", code::SUCCESS, Vec::new()),
            _ => ("extended", code::PROTOCOL_ERROR, Vec::new()),
        };
        self.told.request(cx, request, &[name, b" ", value].concat());
        let text = if result == code::SUCCESS { "" } else { "unsupported extended operation" };
        self.out.extend(answer::result(id, answer::op::EXTENDED, result, text, &more));
        if request == "starttls" {
            self.tls = true;
            cx.send(std::mem::take(&mut self.out));
            cx.effects.push(Effect::StartTls);
        }
    }

    /// Takes the next message off the buffer; `None` if it is not whole.
    fn next(&mut self) -> Option<Vec<u8>> {
        match ber::frame(&self.buffer) {
            Frame::Whole(length) => Some(self.buffer.drain(..length).collect()),
            Frame::Partial => None,
            Frame::Bad => {
                self.malformed();
                None
            }
        }
    }
}

impl Simple for Served {
    const NAME: &'static str = "ldap";

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if self.ended {
            return;
        }
        let in_tls = self.tls;
        self.buffer.extend_from_slice(bytes);
        while !self.ended
            && self.tls == in_tls
            && !self.buffer.is_empty()
            && let Some(message) = self.next()
        {
            self.message(cx, &message);
        }
        if !self.stream || self.tls != in_tls || self.buffer.len() > 2 * LDAP_MESSAGE_BYTES {
            // What a datagram lacks does not come; and nothing of the clear text becomes a
            // request inside TLS.
            self.buffer.clear();
        }
        cx.send(std::mem::take(&mut self.out));
        if self.ended && self.stream {
            cx.close();
        }
        self.ended &= self.stream;
    }
}
