//! What an operator's own guest does when nothing runs, and a run without that.

use super::Seen;
use crate::limits::{QUIET_BYTES_MAX, QUIET_RECORDS_MAX};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use ukai_model::{Event, EventKind};
use ukai_trace::{Notice, What};

/// What a guest does when nothing runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Quiet {
    /// Files and folders that change.
    pub(super) paths: BTreeSet<Vec<u8>>,
    /// Names that it asks for.
    names: BTreeSet<String>,
    /// Records of its event logs, by [`shape`].
    records: BTreeSet<String>,
}

impl Quiet {
    /// What was seen in a run of nothing, as far as there is room.
    pub(super) fn of(seen: &Seen) -> Self {
        let mut quiet = Self::default();
        let mut room = QUIET_BYTES_MAX;
        for Notice { what, .. } in &seen.notices {
            let path = match what {
                What::Create { path }
                | What::Folder { path }
                | What::Write { path, .. }
                | What::Delete { path }
                | What::Rename { to: path, .. } => path,
                What::Logged { provider, id, data, .. } => {
                    if quiet.records.len() < QUIET_RECORDS_MAX {
                        quiet.records.insert(shape(provider, *id, data));
                    }
                    continue;
                }
                _ => continue,
            };
            if path.len() <= room && quiet.paths.insert(path.clone()) {
                room -= path.len();
            }
        }
        quiet.names = seen.events.iter().filter_map(asked_name).collect();
        quiet
    }

    /// Leaves out of a run what the guest does by itself: what it asks and contacts,
    /// conversations with names of those, and what it logs. Its files were left out when disks
    /// were compared.
    pub(super) fn leave_out_of(&self, seen: &mut Seen) {
        let quiet = |name: &str| self.names.contains(&name.to_ascii_lowercase());
        let sessions: BTreeSet<_> = seen
            .events
            .iter()
            .filter(|event| match &event.kind {
                EventKind::Destination { name, .. } => quiet(&name.escaped()),
                _ => false,
            })
            .filter_map(|event| event.session)
            .collect();
        seen.events.retain(|event| {
            let asked = asked_name(event).is_some_and(|name| quiet(&name));
            let spoken = event.session.as_ref().is_some_and(|session| sessions.contains(session));
            !asked && !spoken
        });
        seen.notices.retain(|notice| match &notice.what {
            What::Logged { provider, id, data, .. } => {
                !self.records.contains(&shape(provider, *id, data))
            }
            _ => true,
        });
    }
}

/// The name that an event is about, where it is about one.
fn asked_name(event: &Event) -> Option<String> {
    match &event.kind {
        EventKind::DnsQuery { name, .. } => Some(name.escaped().to_ascii_lowercase()),
        _ => None,
    }
}

/// What two records have in common that say the same: provider, number, and their texts
/// without what differs each time. Of a program's start, say, its path and its command line,
/// without the number of the process.
fn shape(provider: &[u8], id: u32, data: &[Vec<u8>]) -> String {
    const BYTES_MAX: usize = 400;
    let mut out = format!("{} {id}", String::from_utf8_lossy(provider));
    for text in data.chunks_exact(2).map(|pair| &pair[1]) {
        out.push('|');
        unchanging(text, &mut out);
        if out.len() > BYTES_MAX {
            out.truncate(out.floor_char_boundary(BYTES_MAX));
            break;
        }
    }
    out
}

/// Appends a text in small letters, with a 0 for each word that is a number, has one in it, or may
/// be one in hexadecimal digits. What is as short as a type or a level stays as it is.
fn unchanging(text: &[u8], out: &mut String) {
    const SHORT: usize = 2;
    const LOOKED_AT: usize = 1_000;
    let text = String::from_utf8_lossy(&text[..text.len().min(LOOKED_AT)]);
    if text.len() <= SHORT {
        out.push_str(&text);
        return;
    }
    let is_number = |word: &str| {
        let hexadecimal = word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        hexadecimal || word.bytes().any(|byte| byte.is_ascii_digit())
    };
    for part in text.split_inclusive(|letter: char| !letter.is_alphanumeric()) {
        let word = part.trim_end_matches(|letter: char| !letter.is_alphanumeric());
        let (word, rest) = part.split_at(word.len());
        out.push_str(&if is_number(word) { "0".to_owned() } else { word.to_lowercase() });
        out.push_str(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::{Quiet, shape};
    use crate::limits::{QUIET_BYTES_MAX, QUIET_RECORDS_MAX};
    use crate::run::{Ended, Seen};
    use std::time::Duration;
    use ukai_model::Timestamp;
    use ukai_trace::{Notice, What};

    fn seen(whats: impl IntoIterator<Item = What>) -> Seen {
        Seen {
            started: Timestamp::default(),
            until_running: None,
            lasted: Duration::ZERO,
            ended: Ended::TimeUsed,
            reason: None,
            lost: 0,
            notices: whats.into_iter().map(|what| Notice { at_ns: 0, pid: 0, what }).collect(),
            events: Vec::new(),
            guest: Vec::new(),
            console: Vec::new(),
        }
    }

    fn logged(id: u32, texts: &[&str]) -> What {
        What::Logged {
            channel: b"Security".to_vec(),
            provider: b"Provider".to_vec(),
            id,
            level: 0,
            record: 7,
            computer: Vec::new(),
            user: Vec::new(),
            writer: 4,
            data: texts
                .iter()
                .flat_map(|text| [b"Name".to_vec(), text.as_bytes().to_vec()])
                .collect(),
        }
    }

    #[test]
    fn all_that_changes_is_known_folders_included() {
        let path = |name: &str| format!("C:\\{name}").into_bytes();
        let quiet = Quiet::of(&seen([
            What::Create { path: path("made") },
            What::Folder { path: path("folder") },
            What::Write { path: path("written"), size: 1 },
            What::Delete { path: path("gone") },
            What::Rename { from: path("old"), to: path("new") },
            What::Started {},
        ]));
        let expected = ["folder", "gone", "made", "new", "written"].map(path);
        assert_eq!(quiet.paths.iter().cloned().collect::<Vec<_>>(), expected);
        // It is kept as JSON, and read again.
        let kept = serde_json::to_vec(&quiet).expect("JSON");
        assert_eq!(serde_json::from_slice::<Quiet>(&kept).expect("the same"), quiet);
    }

    #[test]
    fn records_that_say_the_same_are_left_out() {
        let start = |number: &str, path: &str| logged(4688, &[number, path, "S-1-5-18", "5"]);
        let quiet = Quiet::of(&seen([start("0x1a4", "C:\\Windows\\System32\\svchost.exe")]));
        let path = b"C:\\a".to_vec();
        let mut of_run = seen([
            start("0xbeef", "C:\\WINDOWS\\system32\\svchost.exe"),
            start("0xbeef", "C:\\Users\\Public\\a.exe"),
            // The same of another type.
            logged(4688, &["0x1a4", "C:\\Windows\\System32\\svchost.exe", "S-1-5-18", "3"]),
            logged(4689, &["0x1a4"]),
            What::Create { path },
        ]);
        let expected = of_run.notices[1..].to_vec();
        quiet.leave_out_of(&mut of_run);
        assert_eq!(of_run.notices, expected);
    }

    #[test]
    fn what_differs_each_time_is_no_part_of_a_shape() {
        let of = |texts: &[&str]| {
            let What::Logged { provider, id, data, .. } = logged(1, texts) else { unreachable!() };
            shape(&provider, id, &data)
        };
        let text = of(&[
            "2026-01-02T03:04:05.678Z",
            "{FADEFADE-0000-ABCD-0000-00000000CAFE}",
            "-k netsvcs",
        ]);
        assert_eq!(text, "Provider 1|0-0-0:0:0.0|{0-0-0-0-0}|-k netsvcs");
        assert_eq!(of(&["3", "DESKTOP-9AF"]), "Provider 1|3|desktop-0");
        assert!(of(&[&"\u{9d5c}".repeat(9_000)]).len() <= 400);
    }

    #[test]
    fn there_is_an_end_to_what_is_quiet() {
        let long = |number: u32| What::Delete { path: format!("{number:0>65000}").into_bytes() };
        let quiet = Quiet::of(&seen((0..200).map(long)));
        let bytes = quiet.paths.iter().map(Vec::len).sum::<usize>();
        assert!(bytes <= QUIET_BYTES_MAX && bytes > QUIET_BYTES_MAX - 65_000, "{bytes}");
        let quiet = Quiet::of(&seen((0..30_000).map(|id| logged(id, &[]))));
        assert_eq!(quiet.records.len(), QUIET_RECORDS_MAX);
    }
}
