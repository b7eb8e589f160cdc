//! After the log-in: an empty mailbox.

use crate::Context;
use crate::mail::collect::Mail;
use crate::shape::Open;
use std::fmt::Write as _;

pub(super) const CAPABILITIES: &str = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT \
SORT=DISPLAY THREAD=REFERENCES THREAD=REFS THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL \
CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED I18NLEVEL=1 CONDSTORE QRESYNC \
ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE SNIPPET=FUZZY \
PREVIEW=FUZZY PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE";

/// How long a command took, as Dovecot tells.
const TOOK: &str = "(0.001 + 0.000 secs).";

const FLAGS: &str = "\\Answered \\Flagged \\Deleted \\Seen \\Draft";

/// What is selected, and what goes on.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    selected: bool,
    idle: Option<String>,
}

impl Mailbox {
    pub(super) fn idles(&self) -> bool {
        self.idle.is_some()
    }

    pub(super) fn end_idle(&mut self, cx: &mut Context<'_>, line: &[u8]) {
        let Some(tag) = self.idle.take() else { return };
        if line.eq_ignore_ascii_case(b"DONE") {
            cx.send(format!("{tag} OK Idle completed {TOOK}\r\n"));
        } else {
            cx.send(format!("{tag} BAD Expected DONE.\r\n"));
        }
    }

    /// Answers a command; whether it was the last.
    pub(super) fn command(
        &mut self,
        cx: &mut Context<'_>,
        open: &Open,
        tag: &str,
        verb: &[u8],
        words: &[Vec<u8>],
    ) -> bool {
        let verb_text = String::from_utf8_lossy(verb).into_owned();
        let first = words.get(2).map_or(&[][..], Vec::as_slice);
        let valid = open.host.booted(cx.now).secs();
        match verb {
            b"LOGOUT" => {
                cx.send(format!("* BYE Logging out\r\n{tag} OK Logout completed {TOOK}\r\n"));
                return true;
            }
            b"CAPABILITY" => cx.send(format!(
                "* CAPABILITY {CAPABILITIES}\r\n{tag} OK Capability completed {TOOK}\r\n"
            )),
            b"ID" => {
                cx.send(format!("* ID (\"name\" \"Dovecot\")\r\n{tag} OK ID completed {TOOK}\r\n"));
            }
            b"NAMESPACE" => cx.send(format!(
                "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n{tag} OK Namespace completed {TOOK}\r\n"
            )),
            b"LIST" | b"LSUB" => list(cx, tag, verb, words),
            b"STATUS" => status(cx, tag, words, valid),
            b"SELECT" | b"EXAMINE" if words.len() < 3 => cx.send(format!(
                "{tag} BAD Error in IMAP command {verb_text}: Invalid arguments {TOOK}\r\n"
            )),
            b"SELECT" | b"EXAMINE" => self.select(cx, tag, verb, first, valid),
            b"IDLE" => {
                self.idle = Some(tag.to_owned());
                cx.send("+ idling\r\n");
            }
            b"ENABLE" => enable(cx, tag, words),
            b"APPEND" => append(cx, tag, words),
            b"NOOP" => cx.send(format!("{tag} OK NOOP completed {TOOK}\r\n")),
            _ if tag.is_empty() => {
                cx.send(format!("* BAD Error in IMAP tag: Invalid tag {TOOK}\r\n"));
            }
            b"UID" if !known_by_number(first) => by_number(cx, tag, first),
            b"CHECK" | b"CLOSE" | b"UNSELECT" | b"EXPUNGE" | b"SEARCH" | b"SORT" | b"THREAD"
            | b"FETCH" | b"STORE" | b"COPY" | b"MOVE" | b"UID"
                if !self.selected =>
            {
                cx.send(format!("{tag} BAD No mailbox selected {TOOK}\r\n"));
            }
            b"CREATE" | b"DELETE" | b"RENAME" | b"SUBSCRIBE" | b"UNSUBSCRIBE" | b"CHECK"
            | b"EXPUNGE" => {
                cx.send(format!("{tag} OK {} completed {TOOK}\r\n", capital(&verb_text)));
            }
            b"CLOSE" | b"UNSELECT" => {
                self.selected = false;
                cx.send(format!("{tag} OK {} completed {TOOK}\r\n", capital(&verb_text)));
            }
            b"SEARCH" | b"SORT" => cx.send(format!(
                "* {verb_text}\r\n{tag} OK {} completed {TOOK}\r\n",
                capital(&verb_text)
            )),
            b"FETCH" | b"STORE" | b"COPY" | b"MOVE" => cx.send(format!(
                "{tag} BAD Error in IMAP command {verb_text}: Invalid messageset {TOOK}\r\n"
            )),
            b"UID" => by_number(cx, tag, first),
            b"" => {
                cx.send(format!(
                    "{tag} BAD Error in IMAP command: Invalid command name {TOOK}\r\n"
                ));
            }
            _ => cx.send(format!(
                "{tag} BAD Error in IMAP command {verb_text}: Unknown command {TOOK}\r\n"
            )),
        }
        false
    }

    fn select(&mut self, cx: &mut Context<'_>, tag: &str, verb: &[u8], name: &[u8], valid: u64) {
        if !name.eq_ignore_ascii_case(b"INBOX") {
            let name = String::from_utf8_lossy(name);
            return cx.send(format!("{tag} NO Mailbox doesn't exist: {name} {TOOK}\r\n"));
        }
        let mut text = String::new();
        if self.selected {
            text.push_str("* OK [CLOSED] Previous mailbox closed.\r\n");
        }
        self.selected = true;
        let (permanent, access, done) = match verb {
            b"SELECT" => {
                (format!("({FLAGS} \\*)] Flags permitted."), "READ-WRITE", "Select completed")
            }
            _ => ("()] Read-only mailbox.".to_owned(), "READ-ONLY", "Examine completed"),
        };
        let _ = write!(
            text,
            "* FLAGS ({FLAGS})\r\n* OK [PERMANENTFLAGS {permanent}\r\n* 0 EXISTS\r\n* 0 RECENT\r\n\
             * OK [UIDVALIDITY {valid}] UIDs valid\r\n* OK [UIDNEXT 1] Predicted next UID\r\n\
             {tag} OK [{access}] {done} {TOOK}\r\n"
        );
        cx.send(text);
    }
}

fn list(cx: &mut Context<'_>, tag: &str, verb: &[u8], words: &[Vec<u8>]) {
    if words.len() < 4 {
        let verb = String::from_utf8_lossy(verb);
        let text = format!("{tag} BAD Error in IMAP command {verb}: Invalid reference {TOOK}\r\n");
        return cx.send(text);
    }
    let pattern = words.get(3).map_or(&[][..], Vec::as_slice);
    let found = match (verb, pattern) {
        (b"LSUB", _) => "",
        (_, b"") => "* LIST (\\Noselect) \"/\" \"\"\r\n",
        (_, b"*" | b"%") => "* LIST (\\HasNoChildren) \"/\" INBOX\r\n",
        (_, name) if name.eq_ignore_ascii_case(b"INBOX") => {
            "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
        }
        _ => "",
    };
    let done = if verb == b"LSUB" { "Lsub" } else { "List" };
    cx.send(format!("{found}{tag} OK {done} completed {TOOK}\r\n"));
}

/// A mail that is put into the box is kept as one that was handed in.
fn append(cx: &mut Context<'_>, tag: &str, words: &[Vec<u8>]) {
    const APPEND_BYTES: u64 = 64 * 1024;
    let Some(message) = words.get(3..).and_then(<[_]>::last) else {
        return cx
            .send(format!("{tag} BAD Error in IMAP command APPEND: Missing message {TOOK}\r\n"));
    };
    let mut mail = Mail::new(b"");
    mail.add(message, APPEND_BYTES);
    mail.finish(cx, true);
    cx.send(format!("{tag} OK Append completed {TOOK}\r\n"));
}

fn known_by_number(verb: &[u8]) -> bool {
    ["SEARCH", "SORT", "FETCH", "STORE", "COPY", "MOVE", "EXPUNGE", "THREAD"]
        .iter()
        .any(|known| verb.eq_ignore_ascii_case(known.as_bytes()))
}

fn status(cx: &mut Context<'_>, tag: &str, words: &[Vec<u8>], valid: u64) {
    let name = words.get(2).map_or(&[][..], Vec::as_slice);
    let asked = words.get(3..).unwrap_or_default().join(&b' ').to_ascii_uppercase();
    let asked = String::from_utf8_lossy(&asked).into_owned();
    if asked.is_empty() {
        let text = format!("{tag} BAD Error in IMAP command STATUS: Missing arguments {TOOK}\r\n");
        return cx.send(text);
    }
    if !name.eq_ignore_ascii_case(b"INBOX") {
        let name = String::from_utf8_lossy(name);
        return cx.send(format!("{tag} NO Mailbox doesn't exist: {name} {TOOK}\r\n"));
    }
    let values = [
        ("MESSAGES", 0),
        ("RECENT", 0),
        ("UIDNEXT", 1),
        ("UIDVALIDITY", valid),
        ("UNSEEN", 0),
        ("HIGHESTMODSEQ", 1),
        ("SIZE", 0),
    ];
    let words: Vec<&str> = asked.split(['(', ')', ' ']).collect();
    let found: Vec<String> = values
        .iter()
        .filter(|(name, _)| words.contains(name))
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    let found = found.join(" ");
    cx.send(format!("* STATUS INBOX ({found})\r\n{tag} OK Status completed {TOOK}\r\n"));
}

/// RFC 5161: only what is known and was not on is told.
fn enable(cx: &mut Context<'_>, tag: &str, words: &[Vec<u8>]) {
    let known: Vec<&str> = ["CONDSTORE", "QRESYNC"]
        .into_iter()
        .filter(|known| {
            let mut asked = words.get(2..).unwrap_or_default().iter();
            asked.any(|word| word.eq_ignore_ascii_case(known.as_bytes()))
        })
        .collect();
    let told = known.iter().fold("* ENABLED".to_owned(), |text, name| text + " " + name);
    cx.send(format!("{told}\r\n{tag} OK Enabled {TOOK}\r\n"));
}

fn by_number(cx: &mut Context<'_>, tag: &str, verb: &[u8]) {
    let known = known_by_number(verb);
    let verb = String::from_utf8_lossy(&verb.to_ascii_uppercase()).into_owned();
    let found = match verb.as_str() {
        "SEARCH" | "SORT" => format!("* {verb}\r\n"),
        "" => {
            return cx
                .send(format!("{tag} BAD Error in IMAP command: Invalid command name {TOOK}\r\n"));
        }
        _ if known => String::new(),
        _ => {
            return cx.send(format!(
                "{tag} BAD Error in IMAP command UID {verb}: Unknown command {TOOK}\r\n"
            ));
        }
    };
    cx.send(format!("{found}{tag} OK {} completed {TOOK}\r\n", capital(&verb)));
}

/// `Select`, of `SELECT`.
fn capital(verb: &str) -> String {
    let mut text = verb.to_ascii_lowercase();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}
