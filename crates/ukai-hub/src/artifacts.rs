//! What of runs is kept to be downloaded: packets, and memory in CaRT containers. By sample and
//! report, within a size altogether; the oldest goes first.

use crate::limits::ARTIFACTS_MAX;
use serde::Serialize;
use std::fmt::Debug;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use ukai_model::{Sha256, Timestamp};

/// Something of a run that is kept: a file that the sandbox has made, which becomes the hub's.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// Its name in the list: letters, digits, `.` and `-`.
    pub name: String,
    /// Where it is now.
    pub path: PathBuf,
    /// What keeps it there until the hub has taken it.
    pub guard: Arc<dyn Debug + Send + Sync>,
}

/// A file that can be downloaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct ArtifactView {
    /// Its name.
    pub(crate) name: String,
    /// Its size in bytes.
    pub(crate) size: u64,
}

/// Where they are, and how much of them.
#[derive(Clone, Debug)]
pub(crate) struct Artifacts {
    folder: PathBuf,
    bytes_max: u64,
}

impl Artifacts {
    pub(crate) fn new(data: &Path, bytes_max: u64) -> Self {
        Self { folder: data.join("sandbox").join("artifacts"), bytes_max }
    }

    fn of(&self, sha256: &Sha256, started: Timestamp) -> PathBuf {
        // By time first: the oldest is found by its name.
        self.folder.join(format!("{:020}-{sha256}", started.nanos()))
    }

    /// Takes what a run has left, and makes room for it.
    pub(crate) fn keep(
        &self,
        sha256: &Sha256,
        started: Timestamp,
        made: &[Artifact],
    ) -> io::Result<()> {
        let made = made.iter().filter(|one| is_name(&one.name)).take(ARTIFACTS_MAX);
        let folder = self.of(sha256, started);
        for one in made {
            fs::create_dir_all(&folder)?;
            let to = folder.join(&one.name);
            // Another file system's is copied.
            if fs::rename(&one.path, &to).is_err() {
                fs::copy(&one.path, &to)?;
            }
        }
        self.make_room()
    }

    /// The oldest go until the rest is within its size.
    fn make_room(&self) -> io::Result<()> {
        let mut all = Vec::new();
        let mut total = 0;
        for entry in fs::read_dir(&self.folder).into_iter().flatten() {
            let path = entry?.path();
            let size: u64 = files(&path)?.iter().map(|file| file.size).sum();
            total += size;
            all.push((path, size));
        }
        all.sort();
        for (path, size) in all {
            if total <= self.bytes_max {
                break;
            }
            fs::remove_dir_all(path)?;
            total -= size;
        }
        Ok(())
    }

    /// What there is of a report's runs, by name.
    pub(crate) fn list(
        &self,
        sha256: &Sha256,
        started: Timestamp,
    ) -> io::Result<Vec<ArtifactView>> {
        files(&self.of(sha256, started))
    }

    /// Where one of them is.
    pub(crate) fn path(&self, sha256: &Sha256, started: Timestamp, name: &str) -> Option<PathBuf> {
        let path = self.of(sha256, started).join(name);
        (is_name(name) && path.is_file()).then_some(path)
    }
}

fn files(folder: &Path) -> io::Result<Vec<ArtifactView>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        files.push(ArtifactView { name, size: entry.metadata()?.len() });
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// Names are those that the sandbox gives; a path of somebody else's is none.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    !name.is_empty() && name.len() <= 64 && !name.starts_with('.') && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::{Artifact, Artifacts};
    use std::sync::Arc;
    use ukai_model::{Sha256, Timestamp};

    #[test]
    fn the_oldest_go_when_the_room_is_used_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = Artifacts::new(folder.path(), 25);
        let made = |name: &str| {
            let path = folder.path().join("made");
            std::fs::write(&path, [7; 10]).expect("a file");
            Artifact { name: name.to_owned(), path, guard: Arc::new(()) }
        };
        let sample = |n: u8| Sha256::of(&[n]);
        let at = |n: u8| Timestamp::from_secs(n.into());
        for n in 1..=4 {
            kept.keep(&sample(n), at(n), &[made("packets-1.pcapng")]).expect("kept");
        }
        let sizes: Vec<usize> =
            (1..=4).map(|n| kept.list(&sample(n), at(n)).expect("a list").len()).collect();
        assert_eq!(sizes, [0, 0, 1, 1]);
        assert!(kept.path(&sample(4), at(4), "packets-1.pcapng").is_some());
        // Of the sample's other report there is nothing, and paths are no names.
        assert!(kept.path(&sample(4), at(3), "packets-1.pcapng").is_none());
        kept.keep(&sample(4), at(4), &[made("../x"), made(".x"), made("")]).expect("ignored");
        assert_eq!(kept.list(&sample(4), at(4)).expect("a list").len(), 1);
        assert!(kept.path(&sample(4), at(4), "../made").is_none());
    }
}
