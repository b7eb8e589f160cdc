//! What became of files.

use crate::limits::{FEW, FILES_MAX};
use std::collections::BTreeMap;
use ukai_model::Proof;

/// Files of one run, by path.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// The sample's own file.
    pub(crate) own: Vec<u8>,
    all: BTreeMap<Vec<u8>, FileTrack>,
    pub(crate) left_out: u64,
}

/// One file while the trace is read.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileTrack {
    pub(crate) created: bool,
    pub(crate) written: u64,
    pub(crate) executed_ms: Option<u64>,
    pub(crate) deleted: bool,
    pub(crate) renamed_to: Option<Vec<u8>>,
    pub(crate) mode: Option<u32>,
    pub(crate) came: bool,
    /// Who made it, or wrote it first, and when.
    pub(crate) maker: Option<u32>,
    pub(crate) made_ms: u64,
    pub(crate) deleter: Option<u32>,
    pub(crate) proofs: Vec<Proof>,
}

impl Files {
    fn at(&mut self, path: &[u8], proof: &Proof) -> Option<&mut FileTrack> {
        // Devices and the kernel's own files are no files that are left behind.
        if is_device(path) {
            return None;
        }
        if self.all.len() >= FILES_MAX && !self.all.contains_key(path) {
            self.left_out += 1;
            return None;
        }
        let track = self.all.entry(path.to_vec()).or_default();
        if track.proofs.len() < FEW {
            track.proofs.push(proof.clone());
        }
        Some(track)
    }

    pub(super) fn created(&mut self, path: &[u8], proof: &Proof) {
        if let Some(track) = self.at(path, proof) {
            track.created = true;
            track.deleted = false;
            track.maker = track.maker.or(proof.pid);
            track.made_ms = proof.at_ms;
        }
    }

    pub(super) fn written(&mut self, path: &[u8], size: u64, proof: &Proof) {
        let first = !self.all.contains_key(path);
        if let Some(track) = self.at(path, proof) {
            track.written = track.written.max(size);
            if first {
                track.maker = proof.pid;
                track.made_ms = proof.at_ms;
            }
        }
    }

    pub(super) fn executed(&mut self, path: &[u8], proof: &Proof) {
        // Of programs that were there before, only the process tree tells.
        let mine = self.all.contains_key(path) || self.is_own(path);
        if let Some(track) = mine.then(|| self.at(path, proof)).flatten() {
            track.executed_ms.get_or_insert(proof.at_ms);
        }
    }

    pub(super) fn deleted(&mut self, path: &[u8], proof: &Proof) {
        if let Some(track) = self.at(path, proof) {
            track.deleted = true;
            track.deleter = proof.pid;
        }
    }

    pub(super) fn renamed(&mut self, from: &[u8], to: &[u8], proof: &Proof) {
        let before = self.all.get(from).cloned();
        if let Some(track) = self.at(from, proof) {
            track.renamed_to = Some(to.to_vec());
        }
        if let Some(track) = self.at(to, proof) {
            track.created = true;
            track.maker = before.as_ref().and_then(|b| b.maker).or(proof.pid);
            track.made_ms = proof.at_ms;
            track.written = track.written.max(before.map_or(0, |before| before.written));
        }
    }

    pub(super) fn mode(&mut self, path: &[u8], mode: u32, proof: &Proof) {
        if let Some(track) = self.at(path, proof) {
            track.mode = Some(mode);
        }
    }

    pub(super) fn came(&mut self, path: &[u8], proof: &Proof) {
        if let Some(track) = self.all.get_mut(path) {
            track.came = true;
            if track.proofs.is_empty() {
                track.proofs.push(proof.clone());
            }
        }
    }

    pub(crate) fn is_own(&self, path: &[u8]) -> bool {
        !self.own.is_empty() && path == self.own
    }

    pub(super) fn made_here(&self, path: &[u8]) -> bool {
        self.all.get(path).is_some_and(|track| track.created)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&[u8], &FileTrack)> {
        self.all.iter().map(|(path, track)| (&path[..], track))
    }
}

/// Whether a path is a device or one of the kernel's own files.
pub(super) fn is_device(path: &[u8]) -> bool {
    let kernel = [&b"/proc/"[..], b"/sys/", b"/dev/"];
    kernel.iter().any(|start| path.starts_with(start)) && !path.starts_with(b"/dev/shm/")
        || [&b"pipe:"[..], b"socket:", b"anon_inode:"].iter().any(|start| path.starts_with(start))
}
