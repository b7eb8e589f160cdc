//! Two states of a disk, and what is different.

use crate::ext::Ext;
use crate::limits::ENTRIES_MAX;
use crate::listing::{Entry, Kind, Listing};
use crate::logs::{Logs, is_system_log};
use crate::nt::Nt;
use crate::tell::Teller;
use crate::volumes::{System, Volume, volumes};
use crate::window::Window;
use std::collections::{BTreeSet, HashMap};
use ukai_trace::{Notice, Reason, What};

/// Files that systems write to whatever happens, and that hold memory, not files.
const PAGING: [&[u8]; 3] = [b"pagefile.sys", b"swapfile.sys", b"hiberfil.sys"];

/// Tells what is different on the disk `after`, in the order of the files' times: files made,
/// written, renamed and deleted, with what is in them now.
///
/// Times count from `began_ns`, in nanoseconds since 1970 by the guest's clock; all is told of
/// process 0, since nobody knows which it was. Paths in `quiet` are left out: they change when nothing
/// runs. `own` is where the sample was put: that is no change, unless it is gone. Notes for a
/// reader tell what could not be read.
pub fn compare(
    before: &Window,
    after: &Window,
    began_ns: i128,
    quiet: &BTreeSet<Vec<u8>>,
    own: Option<&[u8]>,
    tell: &mut dyn FnMut(&Notice),
) -> Vec<String> {
    let mut notes = Vec::new();
    let mut teller = Teller::new(began_ns, tell);
    let old = volumes(before);
    let mut new = volumes(after);
    // A table that was overwritten leaves the file systems where they were.
    for was in &old {
        if new.iter().all(|volume| volume.start != was.start)
            && let Some(volume) = Volume::at(after, was.start, was.window.length())
        {
            notes.push(format!("the disk's table no longer has what begins at byte {}", was.start));
            new.push(volume);
        }
    }
    if new.is_empty() {
        notes.push("no NTFS and no ext4 on the disk: files were not compared".to_owned());
    }
    let mut names = Names::default();
    let mut logs = Logs::default();
    for volume in &new {
        let was = old.iter().find(|old| (old.start, old.system) == (volume.start, volume.system));
        let (open, was) = match (Files::open(volume), was.map(Files::open)) {
            (Ok(open), Some(Ok(was))) => (open, Some(was)),
            (Ok(open), None) => (open, None),
            (Err(error), _) | (_, Some(Err(error))) => {
                notes.push(format!("the volume at byte {} was not read: {error}", volume.start));
                continue;
            }
        };
        let now = open.list();
        let then = was.as_ref().map(Files::list).unwrap_or_default();
        if now.cut || then.cut {
            notes
                .push(format!("a volume has more than {ENTRIES_MAX} files: the rest was not read"));
        }
        let name = names.of(volume.system, &now);
        // First, so that what ran is known when its files are told.
        logs.read((was.as_ref(), &then), (&open, &now), &mut teller);
        files(&open, &then, &now, &name, quiet, own, &mut teller);
    }
    if teller.lost > 0 {
        notes.push(format!("{} more changes of files were left out", teller.lost));
    }
    notes.extend(logs.note());
    notes
}

/// A volume's file system.
pub(crate) enum Files {
    Nt(Box<Nt>),
    Ext(Ext),
}

impl Files {
    fn open(volume: &Volume) -> Result<Self, String> {
        match volume.system {
            System::Ntfs => {
                let nt = Nt::open(&volume.window).map_err(|error| error.to_string())?;
                Ok(Self::Nt(Box::new(nt)))
            }
            System::Ext => {
                Ext::open(&volume.window).map(Self::Ext).map_err(|error| error.to_string())
            }
        }
    }

    fn list(&self) -> Listing {
        match self {
            Self::Nt(nt) => nt.list(),
            Self::Ext(ext) => ext.list(),
        }
    }

    pub(crate) fn read(&self, path: &[u8], entry: &Entry, most: u64) -> Option<Vec<u8>> {
        match self {
            Self::Nt(nt) => nt.read(entry.number, most),
            Self::Ext(ext) => ext.read(path, most),
        }
    }
}

/// What volumes are called.
#[derive(Default)]
struct Names {
    letters: u8,
    others: u32,
}

/// How a volume's paths begin, and what is between their names.
struct Name {
    start: Vec<u8>,
    separator: u8,
}

impl Names {
    /// Windows' own volume is C:, its others follow; Linux' root is where /etc is.
    fn of(&mut self, system: System, now: &Listing) -> Name {
        match system {
            System::Ntfs => {
                let windows = now.entries.keys().any(|path| path.eq_ignore_ascii_case(b"/windows"));
                let letter = if windows {
                    b'C'
                } else {
                    self.letters = (self.letters + 1).min(22);
                    b'C' + self.letters
                };
                Name { start: vec![letter, b':'], separator: b'\\' }
            }
            System::Ext if now.entries.contains_key(&b"/etc"[..]) => {
                Name { start: Vec::new(), separator: b'/' }
            }
            System::Ext => {
                self.others += 1;
                Name { start: format!("/volume-{}", self.others).into(), separator: b'/' }
            }
        }
    }
}

impl Name {
    fn path(&self, path: &[u8]) -> Vec<u8> {
        let separated = path.iter().map(|byte| if *byte == b'/' { self.separator } else { *byte });
        self.start.iter().copied().chain(separated).collect()
    }
}

/// One difference.
struct Difference<'a> {
    time_ns: i128,
    /// As the file system has it ...
    inner: &'a [u8],
    /// ... and as the guest's programs have it.
    path: Vec<u8>,
    entry: &'a Entry,
    kind: Change,
}

enum Change {
    Made,
    Written,
    Renamed { from: Vec<u8>, written: bool },
}

fn files(
    open: &Files,
    then: &Listing,
    now: &Listing,
    name: &Name,
    quiet: &BTreeSet<Vec<u8>>,
    own: Option<&[u8]>,
    teller: &mut Teller<'_>,
) {
    let is_own = |path: &[u8]| own.is_some_and(|own| own.eq_ignore_ascii_case(path));
    // Of NTFS, a record tells that a file is the same under another name.
    let gone: HashMap<u64, (&[u8], &Entry)> = then
        .entries
        .iter()
        .filter(|(path, entry)| entry.number != 0 && !now.entries.contains_key(*path))
        .map(|(path, entry)| (entry.number, (&path[..], entry)))
        .collect();
    let mut renamed = BTreeSet::new();
    let mut differences = Vec::new();
    for (inner, entry) in &now.entries {
        let kind = match then.entries.get(inner) {
            Some(was) if was == entry => continue,
            // A folder changes with what is in it, which is told already.
            Some(was) if was.kind == Kind::Folder && entry.kind == Kind::Folder => continue,
            Some(_) => Change::Written,
            None => match gone.get(&entry.number) {
                Some((from, was)) if was.is_same(entry) => {
                    renamed.insert(entry.number);
                    let written = (was.size, was.modified_ns) != (entry.size, entry.modified_ns);
                    Change::Renamed { from: name.path(from), written }
                }
                _ => Change::Made,
            },
        };
        let path = name.path(inner);
        if quiet.contains(&path) || is_own(&path) {
            continue;
        }
        differences.push(Difference { time_ns: entry.modified_ns, inner, path, entry, kind });
    }
    differences.sort_by_key(|difference| difference.time_ns);
    for difference in differences {
        difference.tell(open, teller);
    }
    let end = |path: &Vec<u8>| !now.entries.contains_key(path);
    for (inner, entry) in then.entries.iter().filter(|(path, _)| end(path)) {
        let path = name.path(inner);
        if !renamed.contains(&entry.number) && !quiet.contains(&path) {
            teller.say(i128::MAX, What::Delete { path });
        }
    }
    let here = |own: &&[u8]| {
        own.starts_with(&name.start) && own.get(name.start.len()) == Some(&name.separator)
    };
    if let Some(own) = own.filter(here)
        && !now.entries.keys().any(|inner| is_own(&name.path(inner)))
    {
        teller.say(i128::MAX, What::Delete { path: own.to_vec() });
    }
}

impl Entry {
    /// Whether a record still is of the same file: records of deleted ones are used again.
    fn is_same(&self, later: &Self) -> bool {
        (self.kind, self.sequence) == (later.kind, later.sequence)
    }
}

impl Difference<'_> {
    fn tell(self, open: &Files, teller: &mut Teller<'_>) {
        let Self { time_ns, inner, path, entry, kind } = self;
        let (made, written) = match kind {
            Change::Made => {
                let what = match entry.kind {
                    Kind::Folder => What::Folder { path: path.clone() },
                    Kind::File | Kind::Other => What::Create { path: path.clone() },
                };
                teller.say(time_ns, what);
                (true, true)
            }
            Change::Written => (false, true),
            Change::Renamed { from, written } => {
                teller.say(time_ns, What::Rename { from, to: path.clone() });
                (false, written)
            }
        };
        if entry.kind != Kind::File || !written {
            return;
        }
        teller.say(time_ns, What::Write { path: path.clone(), size: entry.size });
        let last = path.rsplit(|byte| matches!(byte, b'/' | b'\\')).next().unwrap_or_default();
        let room = teller.room(entry.size);
        // Of Windows' own logs, the records are told.
        let is_told = !made && is_system_log(inner);
        if room == 0 || is_told || PAGING.iter().any(|name| name.eq_ignore_ascii_case(last)) {
            return;
        }
        if let Some(bytes) = open.read(inner, entry, room) {
            let reason = if made { Reason::Dropped } else { Reason::Changed };
            teller.hand(time_ns, &path, reason, entry.size, &bytes);
        }
    }
}
