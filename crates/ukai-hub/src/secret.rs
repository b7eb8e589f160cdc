//! Tokens: made, kept in a file, compared without telling how much of a guess is right.

use crate::{HubError, limits};
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// A token. It does not print; [`Secret::reveal`] says so where it must be shown.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A token made elsewhere.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// A new token: 256 random bits in hexadecimal.
    pub fn generate() -> Self {
        Self(hex::encode(rand::random::<[u8; 32]>()))
    }

    /// The token in `path`, or a new one written there, readable by its owner only.
    /// The second value is true when it was made now: the moment to show it.
    ///
    /// # Errors
    /// [`HubError::File`] if the file cannot be read or made, [`HubError::Token`] if it
    /// holds something else than one line of 16 to 1,024 printable characters.
    pub fn load_or_create(path: &Path) -> Result<(Self, bool), HubError> {
        let file = |source| HubError::File { path: path.to_owned(), source };
        match File::open(path) {
            Ok(opened) => Self::read(path, opened).map(|token| (token, false)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let token = Self::generate();
                let mut created = OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(path)
                    .map_err(file)?;
                writeln!(created, "{}", token.0).and_then(|()| created.sync_all()).map_err(file)?;
                Ok((token, true))
            }
            Err(error) => Err(file(error)),
        }
    }

    fn read(path: &Path, opened: File) -> Result<Self, HubError> {
        let file = |source| HubError::File { path: path.to_owned(), source };
        let fault = |problem| HubError::Token { path: path.to_owned(), problem };
        let mode = opened.metadata().map_err(file)?.permissions().mode();
        if mode & 0o077 != 0 {
            tracing::warn!(path = %path.display(), "others can read this token: chmod 600 it");
        }
        let mut text = String::new();
        let most = limits::TOKEN_CHARS_MAX as u64 + 2;
        opened.take(most).read_to_string(&mut text).map_err(file)?;
        let token = text.trim();
        if !(limits::TOKEN_CHARS_MIN..=limits::TOKEN_CHARS_MAX).contains(&token.len()) {
            return Err(fault("a token has 16 to 1,024 characters"));
        }
        if !token.bytes().all(|c| c.is_ascii_graphic()) {
            return Err(fault("a token is one line of printable ASCII characters"));
        }
        Ok(Self(token.to_owned()))
    }

    /// The token itself, for showing it to the operator.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether `guess` is the token, in a time that does not depend on where they differ.
    pub fn matches(&self, guess: &[u8]) -> bool {
        let ours = Sha256::digest(self.0.as_bytes());
        let theirs = Sha256::digest(guess);
        let difference = ours.iter().zip(theirs).fold(0, |sum, (a, b)| sum | (a ^ b));
        std::hint::black_box(difference) == 0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_token_is_made_once_for_its_owner_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        let (made, new) = Secret::load_or_create(&path).expect("makes it");
        assert!(new && made.reveal().len() == 64);
        let mode = std::fs::metadata(&path).expect("is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let (read, new) = Secret::load_or_create(&path).expect("reads it");
        assert!(!new && read.matches(made.reveal().as_bytes()));
    }

    #[test]
    fn an_empty_token_file_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        std::fs::write(&path, "\n").expect("writes");
        let error = Secret::load_or_create(&path).expect_err("no token").to_string();
        assert!(error.contains("remove the file"), "{error}");
    }

    #[test]
    fn a_token_matches_only_itself_and_does_not_print() {
        let secret = Secret::new("correct horse battery");
        assert!(secret.matches(b"correct horse battery"));
        assert!(!secret.matches(b"correct horse batterz"));
        assert!(!secret.matches(b""));
        assert!(!format!("{secret:?}").contains("horse"));
    }
}
