//! What a run in the hub leaves besides its report: packets and memory, in a folder that is gone
//! with the run.

use super::memory::archive;
use anyhow::{Context as _, Result};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use ukai_behaviour::Seen;
use ukai_hub::Artifact;
use ukai_model::Sha256;
use ukai_virtnet::PACKETS_FOLDER;

/// Packets of a run that are kept, in bytes; beyond it the oldest go.
pub(super) const PACKET_BYTES_MAX: u64 = 64 << 20;
/// Events and uploads of a run that are on the disk while it lasts, in bytes each.
pub(super) const RECORDED_BYTES_MAX: u64 = 64 << 20;

/// The folder of one sample's runs.
pub(super) struct Record(Arc<TempDir>);

impl Record {
    /// A new one below `records`, only for this user.
    pub(super) fn new(records: &Path, sha256: &Sha256) -> Result<Self> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(records);
        made.with_context(|| records.display().to_string())?;
        let folder = tempfile::Builder::new().prefix(&sha256.to_string()).tempdir_in(records);
        Ok(Self(Arc::new(folder.with_context(|| records.display().to_string())?)))
    }

    /// Folder of the first run; further ones are named after it.
    pub(super) fn first(&self) -> PathBuf {
        self.0.path().join(RUN)
    }

    fn of_run(&self, number: usize) -> PathBuf {
        if number == 1 { self.first() } else { self.0.path().join(format!("{RUN}-{number}")) }
    }

    /// Packets as they are: nothing runs of them. Memory in containers. What cannot be kept is
    /// logged, and left out.
    pub(super) fn artifacts(self, runs: &[Seen]) -> Vec<Artifact> {
        let mut kept = Vec::new();
        for (number, seen) in (1..).zip(runs) {
            let folder = self.of_run(number);
            let packets = std::fs::read_dir(folder.join(PACKETS_FOLDER));
            let mut packets: Vec<PathBuf> =
                packets.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
            packets.sort();
            for (part, path) in (1..).zip(packets) {
                let part = if part == 1 { String::new() } else { format!("-{part}") };
                let name = format!("packets-{number}{part}.pcapng");
                kept.push(Artifact { name, path, guard: self.0.clone() });
            }
            let Some(container) = archive(seen) else { continue };
            let path = folder.join("memory");
            match std::fs::write(&path, container) {
                Ok(()) => {
                    let name = format!("memory-{number}.tar.cart");
                    kept.push(Artifact { name, path, guard: self.0.clone() });
                }
                Err(error) => tracing::warn!(%error, "memory is not kept"),
            }
        }
        kept
    }
}

/// A run's folder.
const RUN: &str = "run";
