//! A scanner that is a program on this machine. It reads the sample from a file in a
//! private folder in memory (tmpfs), without the right to run it, and gone right after.

use crate::engine::{Engine, EngineError, Said, State};
use crate::limits::OUTPUT_BYTES_MAX;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use regex::bytes::Regex;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command as Process};

/// `f_type` of tmpfs and ramfs (statfs(2)).
const IN_MEMORY: [i64; 2] = [0x0102_1994, 0x8584_58f6];

/// What stands for the file among the arguments.
pub(crate) const FILE: &str = "{file}";

/// A program.
pub(crate) struct Command {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) version_arguments: Vec<String>,
    pub(crate) clean: Vec<i32>,
    pub(crate) detected: Vec<i32>,
    /// Its first group is the name.
    pub(crate) name: Option<Regex>,
    pub(crate) folder: PathBuf,
}

/// A program with all its children: none outlives this.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0.id().and_then(|id| rustix::process::Pid::from_raw(id as i32)) {
            // It may have ended by itself.
            let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        }
    }
}

impl Command {
    async fn run(
        &self,
        arguments: impl IntoIterator<Item = String>,
    ) -> Result<(i32, Vec<u8>), EngineError> {
        let mut process = Process::new(&self.program);
        process.args(arguments).env_clear().env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
        process.current_dir("/").process_group(0).kill_on_drop(true);
        process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut group = Group(process.spawn()?);
        let (out, err) = (group.0.stdout.take(), group.0.stderr.take());
        let (mut said, complaint) = tokio::join!(bounded(out), bounded(err));
        let status = group.0.wait().await?;
        said.extend_from_slice(&complaint);
        let Some(code) = status.code() else {
            return Err(EngineError::Refused(format!("ended by {status}")));
        };
        Ok((code, said))
    }

    fn put(&self, sample: &[u8]) -> io::Result<(TempDir, PathBuf)> {
        let kind = rustix::fs::statfs(&self.folder)?.f_type;
        if !IN_MEMORY.contains(&(kind as i64)) {
            let folder = self.folder.display();
            return Err(io::Error::other(format!("{folder} is not in memory (tmpfs)")));
        }
        let folder = tempfile::Builder::new()
            .prefix("ukai-")
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir_in(&self.folder)?;
        let path = folder.path().join("sample");
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o400).open(&path)?;
        file.write_all(sample)?;
        Ok((folder, path))
    }

    async fn ask(&self, sample: Bytes) -> Result<Said, EngineError> {
        let (folder, path) = self.put(&sample)?;
        let (code, said) = self.run(with_file(&self.arguments, &path)).await?;
        drop(folder);
        if self.detected.contains(&code) {
            let names = self.name.iter().flat_map(|name| name.captures_iter(&said));
            let named = names.filter_map(|found| found.get(1).map(|name| name.as_bytes()));
            return Ok(Said::detected(named));
        }
        if self.clean.contains(&code) {
            return Ok(Said::Clean);
        }
        let last = said.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let last = ukai_model::PeerText::truncated(last, 200);
        Err(EngineError::Refused(format!("exit code {code}: {last}")))
    }
}

fn with_file(arguments: &[String], path: &Path) -> Vec<String> {
    let path = path.to_string_lossy();
    arguments.iter().map(|argument| argument.replace(FILE, &path)).collect()
}

/// What is printed, as far as it is kept; the rest is read, too, or the program would wait.
async fn bounded(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let Some(mut pipe) = pipe else { return Vec::new() };
    let mut kept = Vec::new();
    let mut piece = [0; 4_096];
    while let Ok(count @ 1..) = pipe.read(&mut piece).await {
        let room = (OUTPUT_BYTES_MAX - kept.len()).min(count);
        kept.extend_from_slice(&piece[..room]);
    }
    kept
}

impl Engine for Command {
    fn scan(&self, sample: Bytes) -> BoxFuture<'_, Result<Said, EngineError>> {
        Box::pin(self.ask(sample))
    }

    fn state(&self) -> BoxFuture<'_, Result<State, EngineError>> {
        Box::pin(async move {
            if self.version_arguments.is_empty() {
                return Ok(State::default());
            }
            let (_, said) = self.run(self.version_arguments.iter().cloned()).await?;
            let line = said.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
            let product = ukai_model::PeerText::truncated(line, 200);
            Ok(State { product: Some(product).filter(|text| !text.is_empty()), signatures: None })
        })
    }
}
