//! The authority that signs the virtual Internet's certificates: made once, kept in a
//! folder, so that a guest that was told to trust it goes on to.

use crate::cli::WrongUse;
use anyhow::{Context, Result};
use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use ukai_driver::{Ca, SystemWorld, World as _};

/// The certificate, for guests.
const CERTIFICATE: &str = "ca.pem";

/// Its key.
const KEY: &str = "ca.key";

/// The authority of a folder; one is made where there is none.
pub(crate) fn of(folder: &Path) -> Result<Ca> {
    let (certificate, key) = (certificate(folder), folder.join(KEY));
    let wrong = |path: &Path, error: &dyn std::fmt::Display| {
        WrongUse(format!("--ca: {}: {error}; name a folder of which we may write", path.display()))
    };
    match (std::fs::read_to_string(&certificate), std::fs::read_to_string(&key)) {
        (Ok(certificate), Ok(key)) => {
            Ca::load(&certificate, &key).map_err(|error| wrong(folder, &error).into())
        }
        (Err(error), _) | (_, Err(error)) if error.kind() != ErrorKind::NotFound => {
            Err(wrong(folder, &error).into())
        }
        _ => {
            let random = SystemWorld.random();
            let name = format!("Internet Root {:08X}", random as u32);
            let ca = Ca::make(&name, SystemTime::now().into(), random).context("an authority")?;
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(|error| wrong(folder, &error))?;
            for (path, text, mode) in [
                (&key, ca.key_pem(), 0o600),
                (&certificate, ca.certificate_pem().to_owned(), 0o644),
            ] {
                OpenOptions::new()
                    .create(true)
                    .truncate(true)
                    .write(true)
                    .mode(mode)
                    .open(path)
                    .and_then(|mut file| file.write_all(text.as_bytes()))
                    .map_err(|error| wrong(path, &error))?;
            }
            Ok(ca)
        }
    }
}

/// Where the certificate is.
pub(super) fn certificate(folder: &Path) -> PathBuf {
    folder.join(CERTIFICATE)
}
