//! The data folder: its mode, and the secrets that are made at first start.

use crate::cli::WrongUse;
use anyhow::{Context, Result};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use ukai_hub::Secret;

/// A data folder that is there. The store locks it against a second process.
pub(crate) struct DataFolder(PathBuf);

impl DataFolder {
    /// The folder; made, readable by its owner only, if it is not there.
    pub(crate) fn make(path: &Path) -> Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| {
            WrongUse(format!(
                "data folder {}: {error}. Choose another with --data, or give this user the right to write it",
                path.display()
            ))
        })?;
        let path =
            path.canonicalize().with_context(|| format!("data folder {}", path.display()))?;
        Ok(Self(path))
    }

    /// The folder of an earlier `ukai up`.
    pub(crate) fn existing(path: &Path) -> Result<Self> {
        path.canonicalize().ok().filter(|path| path.is_dir()).map(Self).ok_or_else(|| {
            WrongUse(format!(
                "data folder {} is not there. `ukai up` makes it; --data names another",
                path.display()
            ))
            .into()
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The secret of this installation: 32 random bytes from which hosts' differences
    /// come, made once.
    pub(crate) fn secret(&self) -> Result<[u8; 32]> {
        let (secret, _) = self.token("secret")?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(secret.reveal(), &mut bytes).map_err(|_| {
            WrongUse(format!(
                "{}: not 64 hexadecimal digits. Restore the file, or remove it: hosts then change their names",
                self.0.join("secret").display()
            ))
        })?;
        Ok(bytes)
    }

    /// The token in the folder's file `name`, and whether it was made just now.
    pub(crate) fn token(&self, name: &str) -> Result<(Secret, bool)> {
        Ok(Secret::load_or_create(&self.0.join(name))?)
    }
}

#[cfg(test)]
mod tests {
    use super::DataFolder;

    #[test]
    fn the_installations_secret_stays() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let data = DataFolder::make(&folder.path().join("data")).expect("it is made");
        assert_eq!(data.secret().expect("a secret"), data.secret().expect("a secret"));
    }

    #[test]
    fn a_missing_folder_is_told_with_the_remedy() {
        let error =
            DataFolder::existing("/nonexistent/data".as_ref()).err().expect("it is not there");
        assert!(error.to_string().contains("ukai up"), "{error}");
    }
}
