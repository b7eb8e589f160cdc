//! Attackers' disks in the data folder: one CaRT container each, so that nothing of them
//! is ever runnable, found by a name that nobody outside can foresee.
//!
//! `disks/AB/ABCD….disk`: the name is a keyed hash of attacker and host. The container has
//! checksums of its own; a file that does not hold is removed and forgotten. A file's time is
//! when its disk was last used.

use crate::limits::DISK_FILE_BYTES_MAX;
use bytes::Bytes;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use ukai_model::{Duration, Sha256, Timestamp};
use ukai_shell::Kept;
use ukai_store::{Store, cart};

/// What a container's header says of itself.
const KIND: &str = "ukai disk 1";

/// The name of an attacker's disk on a host.
pub(crate) type DiskName = [u8; 16];

/// Disks in a folder.
pub(crate) struct Shelf {
    folder: PathBuf,
    bytes_max: u64,
    kept: Duration,
    store: Store,
    index: Mutex<Index>,
}

#[derive(Default)]
struct Index {
    /// Whether the folder was read; until then a file may be there all the same.
    read: bool,
    files: HashMap<DiskName, Entry>,
    bytes: u64,
}

#[derive(Clone, Copy)]
struct Entry {
    bytes: u64,
    used: Timestamp,
}

impl Shelf {
    pub(crate) fn new(folder: PathBuf, bytes_max: u64, kept: Duration, store: Store) -> Self {
        Self { folder, bytes_max, kept, store, index: Mutex::default() }
    }

    fn path(&self, name: &DiskName) -> PathBuf {
        let name = hex::encode(name);
        self.folder.join(&name[..2]).join(name + ".disk")
    }

    /// Whether a disk of that name may be here.
    pub(crate) fn may_have(&self, name: &DiskName) -> bool {
        let index = self.index.lock();
        !index.read || index.files.contains_key(name)
    }

    /// Reads which disks there are.
    pub(crate) fn read_folder(&self) {
        let mut found = HashMap::new();
        for shard in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            for file in fs::read_dir(shard.path()).into_iter().flatten().flatten() {
                let (path, Ok(data)) = (file.path(), file.metadata()) else { continue };
                let mut name = DiskName::default();
                let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
                let ours = path.extension().is_some_and(|kind| kind == "disk")
                    && hex::decode_to_slice(stem, &mut name).is_ok();
                if ours {
                    let used = data.modified().unwrap_or(SystemTime::UNIX_EPOCH).into();
                    found.insert(name, Entry { bytes: data.len(), used });
                } else if path.extension().is_some_and(|kind| kind == "unfinished") {
                    let _left_by_a_crash = fs::remove_file(path);
                }
            }
        }
        let mut index = self.index.lock();
        // What was written meanwhile counts.
        found.extend(index.files.drain());
        index.bytes = found.values().map(|entry| entry.bytes).sum();
        index.files = found;
        index.read = true;
    }

    fn load(&self, name: &DiskName, now: Timestamp) -> Option<Vec<u8>> {
        let path = self.path(name);
        let file = File::open(&path).ok()?;
        let data = file.metadata().ok()?;
        let used: Timestamp = data.modified().unwrap_or(SystemTime::UNIX_EPOCH).into();
        if now.since(used) >= self.kept {
            return None;
        }
        let mut container = Vec::new();
        let read = file.take(DISK_FILE_BYTES_MAX).read_to_end(&mut container);
        let unpacked = read.map_err(|error| error.to_string()).and_then(|_| {
            let unpacked = cart::unpack(&container, DISK_FILE_BYTES_MAX);
            unpacked.map_err(|error| error.to_string())
        });
        match unpacked {
            Ok(unpacked) if unpacked.header.get("kind").is_some_and(|kind| kind == KIND) => {
                Some(unpacked.bytes)
            }
            Ok(_) => self.refuse(name, "it is of another version"),
            Err(error) => self.refuse(name, &error),
        }
    }

    fn refuse<T>(&self, name: &DiskName, why: &str) -> Option<T> {
        let path = self.path(name);
        tracing::warn!(file = %path.display(), "an attacker's disk is given up: {why}");
        self.remove(name);
        None
    }

    /// Keeps a disk's bytes.
    pub(crate) fn save(&self, name: &DiskName, disk: &[u8], used: Timestamp) -> io::Result<()> {
        let mut header = cart::Metadata::new();
        header.insert("kind".into(), KIND.into());
        let container = cart::pack(disk, &header);
        if container.len() as u64 > self.bytes_max.min(DISK_FILE_BYTES_MAX) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let path = self.path(name);
        let unfinished = path.with_extension("unfinished");
        make_private(path.parent().unwrap_or(&self.folder))?;
        let write = || {
            let mut options = File::options();
            options.write(true).create(true).truncate(true).mode(0o600);
            let mut file = options.open(&unfinished)?;
            file.write_all(&container)?;
            file.set_modified(system_time(used))?;
            fs::rename(&unfinished, &path)
        };
        write().inspect_err(|_| drop(fs::remove_file(&unfinished)))?;
        let mut index = self.index.lock();
        let entry = Entry { bytes: container.len() as u64, used };
        index.bytes += entry.bytes;
        if let Some(old) = index.files.insert(*name, entry) {
            index.bytes -= old.bytes;
        }
        Ok(())
    }

    /// A disk was used, and is as it was.
    pub(crate) fn touch(&self, name: &DiskName, used: Timestamp) {
        let mut index = self.index.lock();
        let Some(entry) = index.files.get_mut(name).filter(|entry| entry.used < used) else {
            return;
        };
        entry.used = used;
        drop(index);
        let touched = File::options().write(true).open(self.path(name));
        if let Err(error) = touched.and_then(|file| file.set_modified(system_time(used))) {
            tracing::debug!(%error, "a disk's time cannot be set");
        }
    }

    /// Deletes a disk.
    pub(crate) fn remove(&self, name: &DiskName) {
        let mut index = self.index.lock();
        if let Some(entry) = index.files.remove(name) {
            index.bytes -= entry.bytes;
        }
        drop(index);
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "an attacker's disk cannot be deleted");
            }
            _ => {}
        }
    }

    /// Deletes what is too old, and then what was not used for longest until the rest has
    /// room.
    pub(crate) fn tidy(&self, now: Timestamp) {
        let gone: Vec<DiskName> = {
            let index = self.index.lock();
            let mut by_use: Vec<(&DiskName, &Entry)> = index.files.iter().collect();
            by_use.sort_unstable_by_key(|(_, entry)| entry.used);
            let mut bytes = index.bytes;
            let goes = |(name, entry): (&DiskName, &Entry)| {
                let goes = now.since(entry.used) >= self.kept || bytes > self.bytes_max;
                bytes -= if goes { entry.bytes } else { 0 };
                goes.then_some(*name)
            };
            by_use.into_iter().map_while(goes).collect()
        };
        for name in gone {
            self.remove(&name);
        }
    }

    /// Whether the store has these bytes too.
    pub(crate) fn is_sample(&self, sha256: &Sha256) -> bool {
        self.store.has_sample_blocking(sha256)
    }
}

/// One disk on the shelf, until somebody looks at it.
pub(crate) struct OnShelf {
    pub(crate) shelf: std::sync::Arc<Shelf>,
    pub(crate) name: DiskName,
    pub(crate) now: Timestamp,
}

impl Kept for OnShelf {
    fn load(&mut self) -> Option<Vec<u8>> {
        self.shelf.load(&self.name, self.now)
    }

    fn sample(&mut self, sha256: &Sha256) -> Option<Bytes> {
        self.shelf.store.sample_blocking(sha256).ok().flatten()
    }

    fn refused(&mut self, why: &str) {
        let _gone: Option<()> = self.shelf.refuse(&self.name, why);
    }
}

fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn system_time(time: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(time.nanos())
}
