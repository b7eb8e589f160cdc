//! The data folder: its mode, its lock, and the secrets that are made at first start.

use crate::cli::WrongUse;
use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// An opened data folder, locked for this process until it is dropped.
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

/// A token and whether it was made just now.
pub struct Token {
    /// The secret.
    pub secret: String,
    /// The file that holds it.
    pub file: PathBuf,
    /// Whether this start made it.
    pub new: bool,
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
        let text = self.token("secret")?.secret;
        let mut bytes = [0; 32];
        hex::decode_to_slice(&text, &mut bytes)
            .with_context(|| format!("{}: not 64 hexadecimal digits", self.path.join("secret").display()))?;
        Ok(bytes)
    }

    /// A token of 256 bits in a file of mode 0600, made if it is not there.
    pub fn token(&self, name: &str) -> Result<Token> {
        let file = self.path.join(name);
        let shown = file.display();
        match std::fs::read_to_string(&file) {
            Ok(text) if text.trim().len() >= 32 => {
                return Ok(Token { secret: text.trim().to_owned(), file, new: false });
            }
            Ok(_) => {
                return Err(WrongUse(format!(
                    "{shown}: too short for a token. Delete the file, and a new one is made"
                ))
                .into());
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("{shown}")),
        }
        let mut random = [0; 32];
        File::open("/dev/urandom")
            .and_then(|mut source| source.read_exact(&mut random))
            .context("/dev/urandom")?;
        let secret = hex::encode(random);
        let mut out = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&file)
            .with_context(|| format!("{shown}"))?;
        out.write_all(format!("{secret}\n").as_bytes())
            .and_then(|()| out.sync_all())
            .with_context(|| format!("{shown}"))?;
        Ok(Token { secret, file, new: true })
    }
}

#[cfg(test)]
mod tests {
    use super::DataFolder;

    #[test]
    fn tokens_are_made_once_and_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let data = DataFolder::open(&folder.path().join("data")).expect("opens");
        let first = data.token("ui-token").expect("a token");
        let second = data.token("ui-token").expect("a token");
        assert!(first.new && !second.new);
        assert_eq!(first.secret, second.secret);
        let mode = first.file.metadata().expect("the file is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
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
