//! Files that follow what is observed, for the operator's own pipeline.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use ukai_cowrie::Translator;
use ukai_model::{Event, Timestamp};
use ukai_store::{Position, Store};

/// Files that follow what is observed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(
    clippy::struct_field_names,
    reason = "they are keys of a file; other outputs will stand beside"
)]
pub(crate) struct OutputsConfig {
    /// File to which SSH and Telnet sessions are written as Cowrie's JSON, as they happen; a
    /// relative path lies in the data folder. It is set aside every day (UTC) as `FILE.DATE`.
    #[schema(value_type = Option<String>)]
    pub(crate) cowrie_json: Option<PathBuf>,
    /// Size at which the file is set aside within a day, in bytes.
    pub(crate) cowrie_json_bytes_max: u64,
    /// Files set aside that are kept; the oldest go first.
    pub(crate) cowrie_json_files_max: usize,
}

impl Default for OutputsConfig {
    fn default() -> Self {
        Self { cowrie_json: None, cowrie_json_bytes_max: 100 << 20, cowrie_json_files_max: 14 }
    }
}

/// Under which it is remembered how far the file is.
const CURSOR: &str = "outputs.cowrie_json";
/// Events in one go.
const EVENTS_MAX: usize = 1_000;
/// Wait after a failure, and for a wake-up that was missed.
const PAUSE: Duration = Duration::from_secs(2);

/// The task that writes.
pub(crate) struct Outputs {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Outputs {
    /// Starts what is configured. An error tells what cannot be written.
    pub(crate) async fn start(
        config: &OutputsConfig,
        data: &Path,
        store: Store,
        translator: Translator,
    ) -> Result<Option<Self>> {
        let Some(path) = &config.cowrie_json else { return Ok(None) };
        let file = Rotated::open(
            data.join(path),
            config.cowrie_json_bytes_max.max(1 << 16),
            config.cowrie_json_files_max,
        )?;
        // A file that is new begins with what happens from now on.
        let known = store.get_meta(CURSOR).await?.and_then(|text| text.parse().ok());
        let position = known.map_or_else(|| store.log_position(), Position);
        let (stop, stopped) = oneshot::channel();
        let follower = Follower { store, translator, file, position, failed: false };
        Ok(Some(Self { stop, task: tokio::spawn(follower.run(stopped)) }))
    }

    /// Writes what there is still to write, and ends.
    pub(crate) async fn finish(self) {
        let _ended_before = self.stop.send(());
        if self.task.await.is_err() {
            tracing::error!("the output of Cowrie's JSON had failed");
        }
    }
}

struct Follower {
    store: Store,
    translator: Translator,
    file: Rotated,
    position: Position,
    failed: bool,
}

impl Follower {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        let mut live = self.store.subscribe();
        loop {
            let more = self.step().await;
            if more {
                continue;
            }
            tokio::select! {
                _ = &mut stopped => {
                    while self.step().await {}
                    return;
                }
                _ = live.recv(), if !self.failed => {
                    // What else came is read from the log too.
                    live = live.resubscribe();
                }
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }

    /// Writes some events; whether there may be more.
    async fn step(&mut self) -> bool {
        let read = self.store.events_after(self.position, EVENTS_MAX).await;
        let written = match read {
            Ok((_, next)) if next == self.position => return false,
            Ok((events, next)) => self.write(&events).map(|()| next),
            Err(error) => Err(error.into()),
        };
        let kept = match written {
            Ok(next) => {
                self.position = next;
                let kept = self.store.put_meta(CURSOR, &next.0.to_string()).await;
                kept.map_err(anyhow::Error::from)
            }
            Err(error) => Err(error),
        };
        match kept {
            Ok(()) => self.failed = false,
            Err(error) => {
                if !self.failed {
                    tracing::error!(error = %format!("{error:#}"), "Cowrie's JSON cannot be written; it is tried again");
                }
                self.failed = true;
            }
        }
        !self.failed
    }

    fn write(&mut self, events: &[Event]) -> Result<()> {
        let mut lines = Vec::new();
        for event in events {
            self.translator.translate(event, &mut lines);
        }
        let Some(last) = events.last() else { return Ok(()) };
        self.file.write(&lines, last.time)
    }
}

/// A file that is set aside by day and size.
struct Rotated {
    path: PathBuf,
    bytes_max: u64,
    files_max: usize,
    file: File,
    bytes: u64,
    /// The day (UTC) of what is in the file.
    day: String,
}

impl Rotated {
    fn open(path: PathBuf, bytes_max: u64, files_max: usize) -> Result<Self> {
        let file = append_to(&path)?;
        let data = file.metadata().with_context(|| path.display().to_string())?;
        let day = if data.len() == 0 {
            String::new()
        } else {
            day_of(data.modified().map_or_else(|_| Timestamp::default(), Timestamp::from))
        };
        Ok(Self { path, bytes_max, files_max, file, bytes: data.len(), day })
    }

    fn write(&mut self, lines: &[String], now: Timestamp) -> Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let day = day_of(now);
        if self.bytes > 0 && (self.day != day || self.bytes >= self.bytes_max) {
            self.set_aside()?;
        }
        self.day = day;
        let mut text = lines.join("\n");
        text.push('\n');
        let written = self.file.write_all(text.as_bytes());
        if let Err(error) = written {
            // Whole lines or none.
            let _as_it_was = self.file.set_len(self.bytes);
            return Err(error).with_context(|| self.path.display().to_string());
        }
        self.bytes += text.len() as u64;
        Ok(())
    }

    fn set_aside(&mut self) -> Result<()> {
        let shown = || self.path.display().to_string();
        let named = |suffix: &str| {
            let mut name = self.path.clone().into_os_string();
            name.push(suffix);
            PathBuf::from(name)
        };
        let mut aside = named(&format!(".{}", self.day));
        for number in 1.. {
            if !aside.exists() {
                break;
            }
            aside = named(&format!(".{}.{number:04}", self.day));
        }
        fs::rename(&self.path, &aside).with_context(shown)?;
        self.file = append_to(&self.path)?;
        self.bytes = 0;
        let mut old = self.set_aside_before();
        old.sort();
        let surplus = old.len().saturating_sub(self.files_max);
        for path in old.into_iter().take(surplus) {
            fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
        Ok(())
    }

    /// The files that were set aside: by name and in our form only.
    fn set_aside_before(&self) -> Vec<PathBuf> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let ours = |path: &PathBuf| {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            let suffix = file.strip_prefix(&name).and_then(|rest| rest.strip_prefix('.'));
            suffix.is_some_and(|suffix| {
                suffix.len() >= 10
                    && suffix.bytes().all(|b| b.is_ascii_digit() || b"-.".contains(&b))
            })
        };
        let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path());
        files.filter(ours).collect()
    }
}

fn append_to(path: &Path) -> Result<File> {
    let mut options = File::options();
    options.create(true).append(true);
    options.open(path).with_context(|| format!("[outputs] cowrie_json: {}", path.display()))
}

/// `2026-11-26`
fn day_of(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::Rotated;
    use ukai_model::Timestamp;

    #[test]
    fn files_are_set_aside_by_day_and_size_and_bounded() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let path = folder.path().join("cowrie.json");
        std::fs::write(folder.path().join("cowrie.json.mine"), "x").expect("a file");
        let mut file = Rotated::open(path.clone(), 100, 3).expect("it opens");
        let at = |day: u64| Timestamp::from_secs(1_700_000_000 + day * 86_400);
        let line = vec!["x".repeat(59)];
        for day in 0..4 {
            for _ in 0..4 {
                file.write(&line, at(day)).expect("written");
            }
        }
        let mut names: Vec<String> = std::fs::read_dir(folder.path())
            .expect("a folder")
            .map(|file| file.expect("a file").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                "cowrie.json",
                "cowrie.json.2023-11-16",
                "cowrie.json.2023-11-16.0001",
                "cowrie.json.2023-11-17",
                "cowrie.json.mine"
            ]
        );
        assert_eq!(std::fs::read_to_string(&path).expect("a file").lines().count(), 2);
    }
}
