//! Files of records per minute in a folder of bounded size: a new one every so many minutes,
//! the oldest goes when there is no room. A thread of its own writes them, so that a slow disk
//! costs records, which are counted, and no packets.

use crate::FlowFile;
use crate::limits::{FLOW_MINUTE_S, FLOW_MINUTES_WAITING};
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use ukai_model::Timestamp;
use ukai_telescope::{Minute, Origins};

/// How files of the folder are named: `flows-20261127T1800.parquet`, in UTC.
const PREFIX: &str = "flows-";
const SUFFIX: &str = ".parquet";
/// What has not come to its end.
const UNFINISHED: &str = ".part";

/// Where records are kept, and how many.
#[derive(Clone, Debug)]
pub struct FlowFolder {
    /// The folder; it is made if it is not there.
    pub path: PathBuf,
    /// Seconds of a file, a multiple of a minute.
    pub file_s: u64,
    /// Bytes of all files: the oldest go.
    pub bytes_max: u64,
}

/// What writes records. Dropping it ends the file that is open.
pub struct FlowKeeper {
    sender: Option<SyncSender<Minute>>,
    thread: Option<thread::JoinHandle<()>>,
    lost: u64,
}

impl FlowKeeper {
    /// Makes the folder, and removes what an earlier program did not finish: it has no index,
    /// and nothing reads it.
    pub fn start(folder: FlowFolder, origins: Arc<Origins>) -> io::Result<Self> {
        std::fs::create_dir_all(&folder.path)?;
        for name in names(&folder.path)? {
            if name.starts_with(PREFIX) && name.ends_with(UNFINISHED) {
                std::fs::remove_file(folder.path.join(name))?;
            }
        }
        let (sender, minutes) = sync_channel(FLOW_MINUTES_WAITING);
        let thread = thread::Builder::new()
            .name("flows".to_owned())
            .spawn(move || Keeping { folder, origins, open: None }.keep(&minutes))?;
        Ok(Self { sender: Some(sender), thread: Some(thread), lost: 0 })
    }

    /// Takes the records of a minute; if the disk is too slow they are lost, and counted.
    pub fn keep(&mut self, minute: Minute) {
        let Some(sender) = &self.sender else { return };
        if let Err(TrySendError::Full(minute) | TrySendError::Disconnected(minute)) =
            sender.try_send(minute)
        {
            self.lost += minute.len() as u64;
            tracing::warn!(
                lost = self.lost,
                "records per minute are lost: they are not written fast enough"
            );
        }
    }
}

impl Drop for FlowKeeper {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // It has told what went wrong.
            let _ = thread.join();
        }
    }
}

/// The thread.
struct Keeping {
    folder: FlowFolder,
    origins: Arc<Origins>,
    open: Option<Open>,
}

struct Open {
    file: FlowFile<BufWriter<File>>,
    /// Where it will be.
    path: PathBuf,
    /// Its number from the epoch on, in files.
    number: u64,
}

impl Keeping {
    fn keep(mut self, minutes: &Receiver<Minute>) {
        for minute in minutes {
            if let Err(error) = self.add(&minute) {
                self.open = None;
                let folder = self.folder.path.display();
                tracing::error!(%error, %folder, "records per minute are lost");
            }
        }
        if let Err(error) = self.close() {
            tracing::error!(%error, "the last records per minute are lost");
        }
    }

    fn add(&mut self, minute: &Minute) -> io::Result<()> {
        let number = minute.begins().secs() / self.folder.file_s.max(FLOW_MINUTE_S);
        if self.open.as_ref().is_some_and(|open| open.number != number) {
            self.close()?;
        }
        let open = match &mut self.open {
            Some(open) => open,
            none => {
                let path = free(&self.folder.path, minute.begins());
                let out = BufWriter::new(File::create(unfinished(&path))?);
                none.insert(Open { file: FlowFile::new(out)?, path, number })
            }
        };
        open.file.add(minute, &self.origins)
    }

    fn close(&mut self) -> io::Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let mut out = open.file.finish()?;
        out.flush()?;
        out.get_ref().sync_all()?;
        std::fs::rename(unfinished(&open.path), &open.path)?;
        self.make_room()
    }

    fn make_room(&self) -> io::Result<()> {
        let mut files = Vec::new();
        for name in names(&self.folder.path)? {
            if name.starts_with(PREFIX) && name.ends_with(SUFFIX) {
                let path = self.folder.path.join(name);
                files.push((std::fs::metadata(&path)?.len(), path));
            }
        }
        // Names are times. The newest stays, however large it is.
        files.sort_by(|(_, one), (_, other)| other.cmp(one));
        let mut bytes = 0;
        for (index, (size, path)) in files.iter().enumerate() {
            bytes += size;
            if index > 0 && bytes > self.folder.bytes_max {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(UNFINISHED);
    name.into()
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        names.extend(entry?.file_name().into_string());
    }
    Ok(names)
}

/// A name that no file has, by the time to the minute: who is started twice in it has two.
fn free(folder: &Path, begins: Timestamp) -> PathBuf {
    let text: String = begins.to_string().chars().filter(|c| !matches!(c, '-' | ':')).collect();
    let time = text.get(..13).unwrap_or(&text);
    let path = |more: &str| folder.join(format!("{PREFIX}{time}{more}{SUFFIX}"));
    let mut found = path("");
    let mut number = 1;
    while found.exists() {
        number += 1;
        found = path(&format!("-{number}"));
    }
    found
}
