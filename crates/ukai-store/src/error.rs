//! What can go wrong, whose fault it is, and whether trying again helps.

use std::io;
use std::path::{Path, PathBuf};

/// What can go wrong in the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operator's: the disk is full or cannot be written. Nothing was acknowledged;
    /// the store tries again by itself and recovers when there is space.
    #[error("the store cannot write ({reason}); make space or raise the quota")]
    Degraded {
        /// What failed.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The catalogue refused.
    #[error("catalogue: {0}")]
    Catalogue(#[from] rusqlite::Error),
    /// The catalogue's schema could not be brought up to date.
    #[error("catalogue schema: {0}; is the data folder from a newer version?")]
    Schema(#[from] rusqlite_migration::Error),
    /// What is stored is not what was stored.
    #[error("{what} is damaged: {detail}")]
    Damaged {
        /// Which record, sample or row.
        what: String,
        /// How it shows.
        detail: String,
    },
    /// The caller's: too large to be kept.
    #[error("{what} of {size} bytes is over the limit of {limit}")]
    TooLarge {
        /// What.
        what: &'static str,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The caller's: a query that cannot be answered.
    #[error("{0}")]
    BadQuery(String),
    /// The operator's: another process has the data folder open.
    #[error("{path} is in use by another ukai; stop that one or choose another data folder")]
    InUse {
        /// The lock file.
        path: PathBuf,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    pub(crate) fn io(path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path: path.clone(), source }
    }

    pub(crate) fn damaged(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Damaged { what: what.into(), detail: detail.into() }
    }

    /// Whether a file is not there.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// Whether there is no space left for what was to be written, so that deleting
    /// something helps.
    pub fn is_full(&self) -> bool {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        match self {
            Self::Degraded { .. } => true,
            Self::Io { source, .. } => matches!(source.kind(), StorageFull | QuotaExceeded),
            Self::Catalogue(error) => {
                error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
            }
            _ => false,
        }
    }
}
