//! What one run has shown, as the sandbox hands it over, and the files in it.

use crate::limits::{DROPS_BYTES_MAX, DROPS_MAX, NOTICES_MAX, STRETCHES_MAX};
use std::collections::BTreeMap;
use std::net::IpAddr;
use ukai_model::{Ended, Event, Sha256, Timestamp};
use ukai_trace::{Notice, Reason, What};

/// What one run has shown.
#[derive(Clone, Debug)]
pub struct Seen {
    /// How it was set up.
    pub settings: RunSettings,
    /// When it began, by the host's clock.
    pub started: Timestamp,
    /// How long it lasted, in milliseconds.
    pub duration_ms: u64,
    /// How it ended.
    pub ended: Ended,
    /// Why, where the end was not a regular one.
    pub reason: Option<String>,
    /// The guest's trace, in its order; empty if the guest has no agent.
    pub notices: Vec<Notice>,
    /// The virtual Internet's events.
    pub events: Vec<Event>,
    /// The addresses that the guest has.
    pub guest: Vec<IpAddr>,
}

/// How a run was set up.
#[derive(Clone, Debug, Default)]
pub struct RunSettings {
    /// What the sample was started as.
    pub architecture: String,
    /// Where the sample's file lay in the guest.
    pub path: Vec<u8>,
    /// The command line.
    pub command: Vec<Vec<u8>>,
    /// The scenario's name.
    pub scenario: String,
    /// Settings that differ from the usual ones, as `key = value`.
    pub changed: Vec<String>,
}

/// A file that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Its name.
    pub sha256: Sha256,
    /// Where it lay.
    pub path: Vec<u8>,
    /// Why it was fetched.
    pub reason: &'static str,
    /// Its length as the guest tells it.
    pub size: u64,
    /// What came of it, from the beginning on without a gap.
    pub bytes: Vec<u8>,
}

/// The files that came back in a run, in the order in which they ended. Pieces are put
/// together as far as they follow each other.
pub fn contents(seen: &Seen) -> Vec<Content> {
    let mut open: BTreeMap<u32, Content> = BTreeMap::new();
    let mut done = Vec::new();
    let mut room = DROPS_BYTES_MAX;
    for notice in seen.notices.iter().take(NOTICES_MAX) {
        let What::File { number, path, reason, size, offset, bytes, last } = &notice.what else {
            continue;
        };
        if !open.contains_key(number) && open.len() + done.len() >= DROPS_MAX {
            continue;
        }
        let content = open.entry(*number).or_insert_with(|| Content {
            sha256: Sha256::of(b""),
            path: path.clone(),
            reason: name_of(*reason),
            size: *size,
            bytes: Vec::new(),
        });
        if *offset == content.bytes.len() as u64 && bytes.len() <= room {
            room -= bytes.len();
            content.bytes.extend_from_slice(bytes);
        }
        if *last {
            done.extend(open.remove(number));
        }
    }
    // A run that was cut off left files half.
    done.extend(open.into_values());
    done.retain(|content| !content.bytes.is_empty());
    for content in &mut done {
        content.sha256 = Sha256::of(&content.bytes);
    }
    done
}

/// Memory of a process, without a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The process.
    pub pid: u32,
    /// Where it begins.
    pub address: u64,
    /// The mapping's name as the guest tells it (`[heap]`, a file), or empty.
    pub name: Vec<u8>,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// The memory of the sample's processes, as far as it was asked for and came: what was not zero.
pub fn memory(seen: &Seen) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut room = DROPS_BYTES_MAX;
    for notice in seen.notices.iter().take(NOTICES_MAX) {
        let What::Memory { target, address, offset, name, bytes, .. } = &notice.what else {
            continue;
        };
        if bytes.is_empty() || bytes.len() > room {
            continue;
        }
        let at = address.wrapping_add(*offset);
        let follows = |last: &&mut Stretch| {
            let end = last.address.wrapping_add(last.bytes.len() as u64);
            last.pid == *target && end == at && last.name == *name
        };
        room -= bytes.len();
        let full = stretches.len() >= STRETCHES_MAX;
        match stretches.last_mut().filter(follows) {
            Some(last) => last.bytes.extend_from_slice(bytes),
            None if !full => stretches.push(Stretch {
                pid: *target,
                address: at,
                name: name.clone(),
                bytes: bytes.clone(),
            }),
            None => {}
        }
    }
    stretches
}

const fn name_of(reason: Reason) -> &'static str {
    match reason {
        Reason::Dropped => "dropped",
        Reason::Changed => "changed",
        Reason::Deleted => "deleted",
        Reason::Executed => "executed",
        Reason::Before => "before",
    }
}
