//! The data folder: its mode, its lock, and the secrets that are made at first start.

use crate::cli::WrongUse;
use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock};
use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use ukai_hub::Secret;

/// An opened data folder, locked for this process until it is dropped.
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Opens the folder, makes it if it is not there, and locks it.
    ///
    /// # Errors
    /// When it cannot be made or written, or another process holds it.
    pub fn open(path: &Path) -> Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| {
            WrongUse(format!(
                "data folder {}: {error}. Choose another with --data, or give this user the right to write it",
                path.display()
            ))
        })?;
        let path = path.canonicalize().with_context(|| format!("data folder {}", path.display()))?;
        let file = path.join("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&file).map_err(
            |error| {
                WrongUse(format!(
                    "{}: {error}. The data folder must be writable for this user",
                    file.display()
                ))
            },
        )?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(WrongUse(format!(
                "data folder {}: another ukai is running on it. Stop that one, or choose another folder with --data",
                path.display()
            ))
            .into());
        }
        Ok(Self { path, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The secret of this installation: 32 random bytes from which hosts' differences
    /// come, made once.
    pub fn secret(&self) -> Result<[u8; 32]> {
        let (secret, _) = self.token("secret")?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(secret.reveal(), &mut bytes).map_err(|_| {
            WrongUse(format!(
                "{}: not 64 hexadecimal digits. Restore the file, or remove it: hosts then change their names",
                self.path.join("secret").display()
            ))
        })?;
        Ok(bytes)
    }

    /// The token in the folder's file `name`, and whether it was made just now.
    pub fn token(&self, name: &str) -> Result<(Secret, bool)> {
        Ok(Secret::load_or_create(&self.path.join(name))?)
    }
}

#[cfg(test)]
mod tests {
    use super::DataFolder;

    #[test]
    fn the_installations_secret_stays() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let data = DataFolder::open(&folder.path().join("data")).expect("opens");
        assert_eq!(data.secret().expect("a secret"), data.secret().expect("a secret"));
    }

    #[test]
    fn a_second_process_is_refused() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let _held = DataFolder::open(folder.path()).expect("opens");
        let error = DataFolder::open(folder.path()).err().expect("it is locked").to_string();
        assert!(error.contains("another ukai") && error.contains("--data"), "{error}");
    }
}
