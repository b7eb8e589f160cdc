//! A guest's memory and state as files that are nowhere: sealed against writing, so that a
//! QEMU that was taken over cannot change what the next run begins with.

use rustix::fs::{MemfdFlags, SealFlags, SeekFrom, fcntl_add_seals, ftruncate, memfd_create, seek};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

/// How much is copied at once, in bytes.
const PIECE: usize = 1 << 20;

/// A file in memory.
pub(super) struct Memory(File);

impl Memory {
    /// A new one of so many bytes, zero each.
    pub(super) fn new(name: &str, bytes: u64) -> io::Result<Self> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let file = memfd_create(name, flags)?;
        ftruncate(&file, bytes)?;
        Ok(Self(file.into()))
    }

    /// Puts bytes at its beginning.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, 0)
    }

    /// Reads one that was kept.
    pub(super) fn load(name: &str, path: &Path) -> io::Result<Self> {
        let mut kept = File::open(path)?;
        let memory = Self::new(name, kept.metadata()?.len())?;
        copy_data(&mut kept, &memory.0)?;
        Ok(memory)
    }

    /// Writes it to a file for this user only, without the holes.
    pub(super) fn keep(&self, path: &Path) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let file = options.create_new(true).write(true).mode(0o600).open(path)?;
        let mut from = File::from(self.open()?);
        ftruncate(&file, from.metadata()?.len())?;
        copy_data(&mut from, &file)
    }

    /// From now on nobody can write to it, nor make it longer or shorter. Fails while
    /// somebody has it mapped for writing.
    pub(super) fn seal(&self) -> io::Result<()> {
        let all = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
        Ok(fcntl_add_seals(&self.0, all)?)
    }

    /// A descriptor with a position of its own.
    pub(super) fn open(&self) -> io::Result<OwnedFd> {
        Ok(File::open(format!("/proc/self/fd/{}", self.0.as_raw_fd()))?.into())
    }

    /// How long it is, in bytes.
    pub(super) fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }
}

impl AsFd for Memory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Copies what is not a hole.
fn copy_data(from: &mut File, to: &File) -> io::Result<()> {
    let mut buffer = vec![0; PIECE];
    let mut at = 0;
    loop {
        // There is nothing but a hole up to the end.
        let Ok(data) = seek(&*from, SeekFrom::Data(at)) else { return Ok(()) };
        let hole = seek(&*from, SeekFrom::Hole(data))?;
        from.seek(io::SeekFrom::Start(data))?;
        at = data;
        while at < hole {
            let most = usize::try_from(hole - at).unwrap_or(PIECE).min(PIECE);
            let count = from.read(&mut buffer[..most])?;
            if count == 0 {
                return Ok(());
            }
            // Pages of zeros are holes from now on.
            for (page, bytes) in buffer[..count].chunks(4_096).enumerate() {
                if bytes.iter().any(|byte| *byte != 0) {
                    to.write_all_at(bytes, at + 4_096 * page as u64)?;
                }
            }
            at += count as u64;
        }
    }
}

/// Writes a small file that replaces what was there.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.create_new(true).write(true).mode(0o600).open(path)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::Memory;
    use std::fs::{File, OpenOptions};
    use std::io::Write as _;
    use std::os::fd::{AsFd as _, AsRawFd as _};
    use std::os::unix::fs::{FileExt as _, MetadataExt as _};

    #[test]
    fn memory_is_kept_without_its_holes_and_cannot_be_written_once_sealed() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = folder.path().join("memory");
        let memory = Memory::new("test", 64 << 20).expect("a file in memory");
        let own = format!("/proc/self/fd/{}", memory.as_fd().as_raw_fd());
        let file = OpenOptions::new().write(true).open(&own).expect("open");
        file.write_all_at(b"at the beginning", 0).expect("written");
        file.write_all_at(b"far away", 40 << 20).expect("written");
        drop(file);
        memory.keep(&kept).expect("kept");
        memory.seal().expect("sealed");

        let again = Memory::load("again", &kept).expect("loaded");
        let mut found = [0; 8];
        File::from(again.open().expect("open")).read_exact_at(&mut found, 40 << 20).expect("read");
        assert_eq!(&found, b"far away");
        assert_eq!(again.size().expect("a size"), 64 << 20);
        let metadata = std::fs::metadata(&kept).expect("there");
        assert_eq!(metadata.len(), 64 << 20);
        assert!(metadata.blocks() * 512 < 1 << 20, "{} blocks", metadata.blocks());

        let mut writer = OpenOptions::new().write(true).open(&own).expect("open");
        let refused = writer.write_all(b"changed").expect_err("sealed");
        assert_eq!(refused.kind(), std::io::ErrorKind::PermissionDenied);
    }
}
