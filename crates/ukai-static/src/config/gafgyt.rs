//! Gafgyt (Bashlite, Qbot) and its children: everything is plain.
//!
//! In its source the command servers are strings `HOST:PORT` in an array, and the scanner's
//! users and passwords are two arrays of words.

use super::program::Program;
use super::{BotConfiguration, Extractor};
use crate::limits::BOT_TABLE_MAX;
use crate::observables::{Finds, Source, scan_text};
use std::collections::BTreeSet;
use ukai_model::{ObservableKind, PeerText};

pub(super) struct Gafgyt;

/// What its members say to their server and take from it.
const ANCHORS: &[&[u8]] = &[
    b"GETLOCALIP",
    b"KILLATTK",
    b"LOLNOGTFO",
    b"HOLD",
    b"JUNK",
    b"BUILD ",
    b"REPORT %s:%s:%s",
    b"REPORT %s:%s:",
    b"PONG!",
    b"PONG",
    b"SCANNER ON | OFF",
    b"My IP: %s",
    b"HackerScan",
    b"BOGOMIPS",
    b"dup",
    b"sh(",
    b"HTTPFLOOD",
    b"STD",
    b"TELNET ON | OFF",
    b"8.8.8.8",
    b"None Killed.",
    b"Killed %d.",
    b"UDP Flooding %s:%d for %d seconds.",
    b"infected",
    b"/bin/busybox;echo -e 'gayfgt'",
    b"gayfgt",
    b"[cnc]",
    b"BOTKILL",
    b"Self Rep",
];
/// Anchors that prove the family.
const ANCHORS_MIN: usize = 4;
/// Words of the scanner's lists.
const WORDS: &[&[u8]] = &[
    b"root",
    b"admin",
    b"user",
    b"login",
    b"guest",
    b"support",
    b"toor",
    b"changeme",
    b"1234",
    b"12345",
    b"123456",
    b"default",
    b"pass",
    b"password",
    b"vizxv",
    b"xc3511",
    b"ubnt",
    b"telnet",
    b"netgear",
    b"service",
    b"7ujMko0admin",
    b"anko",
    b"Zte521",
    b"juantech",
    b"888888",
];

impl Extractor for Gafgyt {
    fn extract(&self, program: &Program<'_>) -> Option<BotConfiguration> {
        let strings = program.strings();
        let mut begins = [false; 256];
        for anchor in ANCHORS {
            begins[usize::from(anchor[0])] = true;
        }
        let anchors: BTreeSet<&[u8]> = strings
            .iter()
            // Most strings begin as none of them does.
            .filter(|it| it.bytes.first().is_some_and(|first| begins[usize::from(*first)]))
            .flat_map(|it| ANCHORS.iter().filter(|anchor| it.bytes.starts_with(anchor)))
            .copied()
            .collect();
        if anchors.len() < ANCHORS_MIN {
            return None;
        }
        let mut servers = Vec::new();
        for string in strings {
            let mut finds = Finds::new(4);
            scan_text(string.bytes, &Source::plain(string.at, None), &mut finds);
            let whole = finds.list.iter().find(|found| {
                matches!(found.observable.kind, ObservableKind::Endpoint)
                    && found.observable.value.as_bytes() == string.bytes
            });
            servers.extend(whole.map(|_| PeerText::from(string.bytes)));
        }
        let words = strings.iter().filter(|it| WORDS.contains(&it.bytes));
        Some(BotConfiguration {
            family: "gafgyt".to_owned(),
            layer: None,
            table_key: None,
            login_key: None,
            servers,
            reports: Vec::new(),
            logins: Vec::new(),
            table: words.map(|it| PeerText::from(it.bytes)).take(BOT_TABLE_MAX).collect(),
            confidence: (40 + 10 * anchors.len().min(6)) as u8,
        })
    }
}
