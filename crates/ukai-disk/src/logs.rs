//! Windows' event logs: the records that were written since the run began.

use crate::compare::Files;
use crate::limits::{
    LOG_BYTES_MAX, LOGS_BYTES_MAX, RECORDS_ALIKE_MAX, RECORDS_BYTES_MAX, RECORDS_MAX,
};
use crate::listing::{Entry, Kind, Listing};
use crate::tell::Teller;
use std::collections::{BTreeSet, HashMap, HashSet};
use ukai_evtx::{Head, Log, Record, unix_ns};
use ukai_trace::What;

/// Where Windows has its logs, in small letters.
const FOLDER: &[u8] = b"/windows/system32/winevt/logs/";

/// The logs of all volumes.
#[derive(Default)]
pub(crate) struct Logs {
    told: Told,
    /// A log that was copied has the same records: channel, number, time.
    known: HashSet<(String, u64, u64)>,
    bytes: u64,
    damaged: u64,
    broken: u64,
    cut: u64,
}

/// What was told, by channel, provider and event.
#[derive(Default)]
struct Told {
    alike: HashMap<(String, String, u32), usize>,
    records: usize,
    bytes: usize,
    left_out: u64,
}

/// Whether a file is one of Windows' own logs.
pub(crate) fn is_system_log(path: &[u8]) -> bool {
    let start = path.get(..FOLDER.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(FOLDER)) && is_log(path)
}

fn is_log(path: &[u8]) -> bool {
    path.last_chunk::<5>().is_some_and(|end| end.eq_ignore_ascii_case(b".evtx"))
}

impl Logs {
    /// Tells what is new in a volume's logs, in the order of time.
    ///
    /// Windows' own are all read: their times and sizes need not change when a record is
    /// written. Of others, those that are not as they were.
    pub(crate) fn read(
        &mut self,
        (was, then): (Option<&Files>, &Listing),
        (open, now): (&Files, &Listing),
        teller: &mut Teller<'_>,
    ) {
        let changed = |path: &[u8], entry: &Entry| then.entries.get(path) != Some(entry);
        let mut logs: Vec<_> = now
            .entries
            .iter()
            .filter(|(path, entry)| entry.kind == Kind::File && is_log(path))
            .map(|(path, entry)| (!changed(path, entry), path, entry))
            .filter(|(as_it_was, path, _)| !as_it_was || is_system_log(path))
            .collect();
        // Those that have changed come first, while there is room.
        logs.sort_by_key(|(as_it_was, path, _)| (*as_it_was, *path));
        let mut found = Vec::new();
        for (_, path, entry) in logs {
            let Some(bytes) = self.bytes_of(open, path, entry) else { continue };
            let Ok(mut log) = Log::open(&bytes) else { continue };
            let before = then.entries.get(path).filter(|entry| entry.kind == Kind::File);
            let before = was.zip(before).and_then(|(was, entry)| self.bytes_of(was, path, entry));
            let old = before.map(|bytes| marks(&bytes)).unwrap_or_default();
            let heads = since(teller.began_ns, log.heads(), &old);
            if !heads.is_empty() {
                self.broken += u64::from(log.state().broken);
                self.cut += u64::from(log.state().cut);
            }
            for head in heads {
                match log.record(&head) {
                    Ok(record) => found.extend(self.told(record)),
                    Err(_) => self.damaged += 1,
                }
            }
        }
        found.sort_by_key(|(time_ns, _)| *time_ns);
        for (time_ns, what) in found {
            teller.say_more(time_ns, what);
        }
    }

    fn bytes_of(&mut self, files: &Files, path: &[u8], entry: &Entry) -> Option<Vec<u8>> {
        let size = entry.size.min(LOG_BYTES_MAX);
        if entry.size > LOG_BYTES_MAX || self.bytes + size > LOGS_BYTES_MAX {
            self.cut += 1;
        }
        if self.bytes + size > LOGS_BYTES_MAX {
            return None;
        }
        self.bytes += size;
        files.read(path, entry, size)
    }

    /// A record as it is told, if there is room and it was not told yet.
    fn told(&mut self, record: Record) -> Option<(i128, What)> {
        let known = (record.channel.clone(), record.id, record.written);
        if self.known.contains(&known) || !self.told.takes(&record) {
            return None;
        }
        self.known.insert(known);
        let data = record.data.into_iter().flat_map(|(name, text)| [name.into(), text.into()]);
        let what = What::Logged {
            channel: record.channel.into(),
            provider: record.provider.into(),
            id: record.event_id,
            level: record.level,
            record: record.id,
            computer: record.computer.into(),
            user: record.user.unwrap_or_default().into(),
            writer: record.process_id,
            data: data.collect(),
        };
        Some((unix_ns(record.written), what))
    }

    /// What a reader should know of what is missing.
    pub(crate) fn note(&self) -> Option<String> {
        let left_out = self.told.left_out;
        let all = [
            (self.damaged, "records that cannot be read"),
            (self.broken, "chunks with a wrong checksum"),
            (self.cut, "logs of which not all was read, for want of room"),
            (left_out, "records left out, for want of room"),
        ];
        let said: Vec<String> = all
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, of)| format!("{count} {of}"))
            .collect();
        (!said.is_empty()).then(|| format!("event logs: {}", said.join(", ")))
    }
}

impl Told {
    /// Counts a record, if there is room for it.
    fn takes(&mut self, record: &Record) -> bool {
        let key = (record.channel.clone(), record.provider.clone(), record.event_id);
        let bytes = record.data.iter().map(|(name, text)| name.len() + text.len()).sum::<usize>();
        let bytes = bytes + key.0.len() + key.1.len() + record.computer.len();
        let alike = self.alike.entry(key).or_default();
        if *alike >= RECORDS_ALIKE_MAX
            || self.records >= RECORDS_MAX
            || self.bytes + bytes > RECORDS_BYTES_MAX
        {
            self.left_out += 1;
            return false;
        }
        *alike += 1;
        self.records += 1;
        self.bytes += bytes;
        true
    }
}

/// What a record of before is known by: number and time. Numbers are not used again, unless
/// somebody makes a log anew.
fn marks(bytes: &[u8]) -> BTreeSet<(u64, u64)> {
    let log = Log::open(bytes);
    log.map(|log| log.heads().iter().map(|head| (head.id, head.written)).collect())
        .unwrap_or_default()
}

/// The records that were not there before, from the first one on that was written after the
/// beginning. What stands before that had been written, and was in the guest's memory; what stands
/// behind it is of later, whatever its time says.
fn since(began_ns: i128, heads: &[Head], old: &BTreeSet<(u64, u64)>) -> Vec<Head> {
    let is_new = |head: &&Head| !old.contains(&(head.id, head.written));
    let mut new: Vec<Head> = heads.iter().filter(is_new).copied().collect();
    new.sort_by_key(|head| head.id);
    let first = new.iter().position(|head| unix_ns(head.written) >= began_ns);
    new.drain(..first.unwrap_or(new.len()));
    new
}
