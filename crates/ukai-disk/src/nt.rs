//! NTFS, by its table of files: a record of a kilobyte says all that is compared.

use crate::limits::{DEPTH_MAX, ENTRIES_MAX};
use crate::listing::{Entry, Kind, Listing, first_bytes};
use crate::window::Window;
use ntfs::structured_values::{NtfsFileName, NtfsFileNamespace};
use ntfs::{Ntfs, NtfsError, NtfsFile, NtfsFileFlags, NtfsReadSeek as _, NtfsTime};
use std::collections::HashMap;

/// Records before this one are the file system's own.
const FIRST: u64 = 24;

/// The record of the topmost folder.
const ROOT: u64 = 5;

/// From 1601, from which NTFS counts, to 1970, in units of 100 ns.
const TO_1970: i128 = 116_444_736_000_000_000;

/// An open file system.
pub(crate) struct Nt {
    ntfs: Ntfs,
    window: Window,
    records: u64,
}

impl Nt {
    pub(crate) fn open(window: &Window) -> Result<Self, NtfsError> {
        let mut window = window.clone();
        let ntfs = Ntfs::new(&mut window)?;
        let table = ntfs.file(&mut window, 0)?;
        let bytes = match table.data(&mut window, "") {
            Some(data) => data?.to_attribute()?.value_length(),
            None => 0,
        };
        let records = bytes / u64::from(ntfs.file_record_size().max(1));
        Ok(Self { ntfs, window, records })
    }

    /// All files, with `/` between the names of a path.
    pub(crate) fn list(&self) -> Listing {
        let mut window = self.window.clone();
        let mut listing = Listing::default();
        let mut folders = Folders::default();
        let mut files = Vec::new();
        for number in FIRST..self.records {
            let Ok(file) = self.ntfs.file(&mut window, number) else { continue };
            if !file.flags().contains(NtfsFileFlags::IN_USE) {
                continue;
            }
            let Some(name) = name(&file, &mut window) else { continue };
            if files.len() >= ENTRIES_MAX {
                listing.cut = true;
                break;
            }
            let parent = name.parent_directory_reference().file_record_number();
            let text = name.name().to_string_lossy();
            if file.is_directory() {
                folders.names.insert(number, (parent, text.clone()));
            }
            files.push((parent, text, entry(&file, number, &mut window)));
        }
        for (parent, name, entry) in files {
            // A name may hold anything, but lead nowhere else.
            let name = name.replace(['/', '\\'], "_");
            let mut path = folders.path(parent).into_bytes();
            path.push(b'/');
            path.extend_from_slice(name.as_bytes());
            listing.entries.insert(path, entry);
        }
        listing
    }

    /// The first bytes of a record's file.
    pub(crate) fn read(&self, number: u64, most: u64) -> Option<Vec<u8>> {
        let mut window = self.window.clone();
        let file = self.ntfs.file(&mut window, number).ok()?;
        let data = file.data(&mut window, "")?.ok()?;
        let attribute = data.to_attribute().ok()?;
        let mut value = attribute.value(&mut window).ok()?;
        first_bytes(most, |piece| value.read(&mut window, piece).ok())
    }
}

/// The long name of a file. Each file with a short one has it, too.
fn name(file: &NtfsFile<'_>, window: &mut Window) -> Option<NtfsFileName> {
    let spaces =
        [NtfsFileNamespace::Win32, NtfsFileNamespace::Win32AndDos, NtfsFileNamespace::Posix];
    spaces.into_iter().find_map(|space| file.name(window, Some(space), None)?.ok())
}

fn entry(file: &NtfsFile<'_>, number: u64, window: &mut Window) -> Entry {
    let size = file.data(window, "").and_then(Result::ok);
    let size = size.and_then(|item| item.to_attribute().ok().map(|data| data.value_length()));
    let info = file.info().ok();
    let time = |time: NtfsTime| (i128::from(time.nt_timestamp()) - TO_1970) * 100;
    let changed =
        info.as_ref().map_or(0, |info| info.mft_record_modification_time().nt_timestamp());
    Entry {
        kind: if file.is_directory() { Kind::Folder } else { Kind::File },
        size: size.unwrap_or_default(),
        modified_ns: info.as_ref().map_or(0, |info| time(info.modification_time())),
        mark: changed,
        number,
        sequence: file.sequence_number(),
    }
}

/// Folders' names and what they are in; paths that were put together.
#[derive(Default)]
struct Folders {
    names: HashMap<u64, (u64, String)>,
    paths: HashMap<u64, String>,
}

impl Folders {
    /// The path of a folder; empty for the topmost one.
    fn path(&mut self, number: u64) -> String {
        if let Some(known) = self.paths.get(&number) {
            return known.clone();
        }
        let (mut names, mut at) = (Vec::new(), number);
        // A folder may claim to be within itself.
        while at != ROOT && names.len() < DEPTH_MAX {
            let Some((parent, name)) = self.names.get(&at) else {
                names.push("$Orphan".to_owned());
                break;
            };
            names.push(name.replace(['/', '\\'], "_"));
            at = *parent;
        }
        let mut path = String::new();
        for name in names.iter().rev() {
            path.push('/');
            path.push_str(name);
        }
        self.paths.insert(number, path.clone());
        path
    }
}
