//! Files that a disk has for whoever asks: servers that oblige have what is asked for.

use super::{Files, Fs, FsError, View};
use bytes::Bytes;
use std::sync::Arc;
use ukai_persona::Host;

/// Knows files that are on no disk.
pub trait Offers: Send + Sync {
    /// The file of that absolute path.
    fn file(&self, path: &[u8]) -> Option<Bytes>;
}

/// Directories of one path that are made because somebody asks for them.
const DEPTH_MAX: usize = 16;

impl Fs {
    /// The disk as the host's owner left it, with whatever else `offers` knows for those
    /// who ask ([`Files::read_offered`]).
    pub fn offering(host: &Arc<Host>, offers: Arc<dyn Offers>) -> Self {
        Self::made(host, Some(offers))
    }
}

impl Files {
    /// The bytes of a regular file; of one that is offered where there is none.
    pub fn read_offered(&self, path: &[u8]) -> Result<Bytes, FsError> {
        self.read(path).or_else(|error| match (error, self.fs.offers()) {
            (FsError::NotFound, Some(offers)) => offers.file(path).ok_or(error),
            _ => Err(error),
        })
    }

    /// Whether what [`Self::read_offered`] gives is offered, and no file of the disk's.
    pub fn is_offered(&self, path: &[u8]) -> bool {
        self.fs.offers().is_some() && self.info(path, true).is_err()
    }

    /// Makes the directory `path` and those above, where files are offered.
    pub fn make_offered_directory(&self, path: &[u8]) -> Result<(), FsError> {
        if self.fs.offers().is_none() {
            return Err(FsError::NotFound);
        }
        let root = View { uid: 0, gid: 0, ..self.view.clone() };
        let ends = path.iter().enumerate().skip(1).filter(|(_, byte)| **byte == b'/');
        let ends: Vec<usize> = ends.map(|(at, _)| at).chain([path.len()]).collect();
        if ends.len() > DEPTH_MAX {
            return Err(FsError::NotFound);
        }
        for end in ends {
            match self.fs.mkdir(&root, &path[..end], 0o755) {
                Ok(()) | Err(FsError::Exists) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
