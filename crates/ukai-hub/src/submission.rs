//! Samples that a person hands in: by the API, or by a folder that is watched.

use crate::shared::App;
use crate::{clock, limits};
use bytes::Bytes;
use std::collections::HashMap;
use std::fs::{self, DirEntry};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use ukai_model::{CaptureHow, EventKind, PeerText, Sha256};
use ukai_store::StoreError;

/// Below the watched folder: what was taken, and what could not be.
const TAKEN: &str = "taken";
const REFUSED: &str = "refused";

/// Keeps a sample; its analysis is on the way then.
pub(crate) async fn take(
    app: &App,
    bytes: Bytes,
    name: Option<&[u8]>,
) -> Result<Sha256, StoreError> {
    let size = bytes.len() as u64;
    let (sha256, _) = app.store.put_sample(bytes).await?;
    let name = name.map(|name| PeerText::truncated(name, limits::SAMPLE_NAME_BYTES_MAX));
    let how = CaptureHow::Submitted;
    let captured = EventKind::SampleCaptured { sha256, size, how, name, url: None };
    app.store.submit(vec![app.event(captured)]).await?;
    Ok(sha256)
}

/// What a file looked like at the last look: it is taken when it has not changed since.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Looked {
    size: u64,
    changed: Option<SystemTime>,
}

/// A file that is ready to be taken.
struct Found {
    path: PathBuf,
    size: u64,
}

/// Takes files that appear in `folder`, until the hub stops. What was taken lies in `taken/`
/// below it afterwards, what is empty or too large in `refused/`.
pub(crate) async fn watch(app: App, folder: PathBuf) {
    let mut before = HashMap::new();
    loop {
        let round = async {
            let result = look(&app, &folder, &mut before).await;
            app.faults.note(&app.metrics, crate::shared::Cycle::Folder, &result);
            tokio::time::sleep(limits::FOLDER_INTERVAL).await;
        };
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = round => {}
        }
    }
}

async fn look(
    app: &App,
    folder: &Path,
    before: &mut HashMap<PathBuf, Looked>,
) -> Result<(), String> {
    let wrong = |error: io::Error| format!("{}: {error}", folder.display());
    let (place, known) = (folder.to_owned(), std::mem::take(before));
    let listed = tokio::task::spawn_blocking(move || ready(&place, &known)).await;
    let (found, now) = listed.map_err(|error| error.to_string())?.map_err(wrong)?;
    *before = now;
    for Found { path, size } in found {
        let largest = app.config.http.upload_bytes_max as u64;
        let to = if size == 0 || size > largest {
            tracing::warn!(file = %path.display(), size, "is not taken: empty, or too large");
            REFUSED
        } else {
            let file = path.clone();
            let read = tokio::task::spawn_blocking(move || read(&file, largest)).await;
            let bytes = read.map_err(|error| error.to_string())?.map_err(wrong)?;
            let name = path.file_name().map(std::ffi::OsStr::as_encoded_bytes);
            let taken = take(app, bytes.into(), name).await;
            let sha256 = taken.map_err(|error| error.to_string())?;
            tracing::info!(file = %path.display(), %sha256, "was taken from the folder");
            TAKEN
        };
        put_away(folder, &path, to).map_err(wrong)?;
    }
    Ok(())
}

/// The files that have not changed since the last look, and what all look like now.
fn ready(
    folder: &Path,
    before: &HashMap<PathBuf, Looked>,
) -> io::Result<(Vec<Found>, HashMap<PathBuf, Looked>)> {
    let (mut found, mut now) = (Vec::new(), HashMap::new());
    for entry in fs::read_dir(folder)?.flatten().take(limits::FOLDER_FILES_AT_ONCE) {
        let Some((path, looked)) = regular(&entry) else { continue };
        if before.get(&path) == Some(&looked) {
            found.push(Found { path, size: looked.size });
        } else {
            now.insert(path, looked);
        }
    }
    Ok((found, now))
}

/// A file and what it looks like; none for folders, links and hidden files.
fn regular(entry: &DirEntry) -> Option<(PathBuf, Looked)> {
    let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
    let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
    let looked = Looked { size: metadata.len(), changed: metadata.modified().ok() };
    (!hidden).then(|| (entry.path(), looked))
}

fn read(path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(largest).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn put_away(folder: &Path, path: &Path, to: &str) -> io::Result<()> {
    let away = folder.join(to);
    fs::create_dir_all(&away)?;
    let name = path.file_name().unwrap_or_default();
    let mut target = away.join(name);
    if target.exists() {
        let mut other = name.to_owned();
        other.push(format!(".{}", clock::now().nanos()));
        target = away.join(other);
    }
    fs::rename(path, target)
}
