//! Samples in a folder: one CaRT container a file, sharded by the first byte of the
//! name, written beside and moved into place, readable by us alone.

use crate::StoreError;
use crate::log::{make_folder, sync_folder};
use crate::seam::SampleStore;
use bytes::Bytes;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use ukai_model::Sha256;

type Result<T> = std::result::Result<T, StoreError>;

/// What a container may add to a sample that does not compress, in bytes: zlib's
/// blocks (far under 1 %) and metadata.
const CONTAINER_OVERHEAD_BYTES: u64 = 256 << 10;

/// Samples in a folder.
pub(crate) struct CartFolder {
    dir: PathBuf,
    container_bytes_max: u64,
    /// Makes names of unfinished files differ.
    unfinished: AtomicU64,
}

impl CartFolder {
    /// Opens the folder, makes it if need be, and removes what a crash left unfinished.
    pub(crate) fn open(dir: &Path, sample_bytes_max: u64) -> Result<Self> {
        make_folder(dir)?;
        let tmp = dir.join("tmp");
        match fs::remove_dir_all(&tmp) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::io(&tmp)(error));
            }
            _ => {}
        }
        make_folder(&tmp)?;
        sync_folder(dir).map_err(StoreError::io(dir))?;
        Ok(Self {
            dir: dir.to_owned(),
            container_bytes_max: sample_bytes_max
                + sample_bytes_max / 100
                + CONTAINER_OVERHEAD_BYTES,
            unfinished: AtomicU64::new(0),
        })
    }

    fn shard(&self, sha256: &Sha256) -> PathBuf {
        self.dir.join(format!("{:02x}", sha256.as_bytes()[0]))
    }

    fn path(&self, sha256: &Sha256) -> PathBuf {
        self.shard(sha256).join(format!("{sha256}.cart"))
    }
}

impl SampleStore for CartFolder {
    fn contains(&self, sha256: &Sha256) -> Result<bool> {
        let path = self.path(sha256);
        path.try_exists().map_err(StoreError::io(&path))
    }

    fn put(&self, sha256: &Sha256, container: &[u8]) -> Result<()> {
        let shard = self.shard(sha256);
        if !shard.is_dir() {
            make_folder(&shard)?;
            sync_folder(&self.dir).map_err(StoreError::io(&self.dir))?;
        }
        let number = self.unfinished.fetch_add(1, Ordering::Relaxed);
        let tmp = self.dir.join("tmp").join(format!("{sha256}.{number}"));
        let write = || {
            let mut options = File::options();
            let mut file = options.write(true).create_new(true).mode(0o600).open(&tmp)?;
            file.write_all(container)?;
            file.sync_all()?;
            fs::rename(&tmp, self.path(sha256))?;
            sync_folder(&shard)
        };
        write().map_err(|error| {
            let _absent_if_moved = fs::remove_file(&tmp);
            StoreError::io(&tmp)(error)
        })
    }

    fn container(&self, sha256: &Sha256) -> Result<Option<Bytes>> {
        let path = self.path(sha256);
        match fs::metadata(&path) {
            Ok(data) if data.len() > self.container_bytes_max => {
                let detail = format!("its file has {} bytes", data.len());
                return Err(StoreError::damaged(format!("sample {sha256}"), detail));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io(&path)(error)),
        }
        match fs::read(&path) {
            Ok(container) => Ok(Some(container.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io(&path)(error)),
        }
    }

    fn remove(&self, sha256: &Sha256) -> Result<()> {
        let path = self.path(sha256);
        match fs::remove_file(&path) {
            Ok(()) => sync_folder(&self.shard(sha256)).map_err(StoreError::io(&path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(StoreError::io(&path)(error)),
        }
    }
}
