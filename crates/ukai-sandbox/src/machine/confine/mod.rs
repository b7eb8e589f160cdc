//! QEMU without a way out: an unprivileged user, empty namespaces (users, mounts, processes,
//! network, IPC, names, control groups), no capabilities, limits on all it may use up, and
//! file descriptors instead of files.
//!
//! The running program starts itself again as the confining process ([`confined`]), which
//! stands between us and QEMU: it holds the deadline, so that a machine ends even if we hang,
//! and its standard input is a socket whose end tells it that we are gone.
//!
//! Landlock (crate `landlock`) would add nothing: what it denies is not in the mount
//! namespace. `hakoniwa` and `birdcage` do much of this; their licences do not fit.

mod child;
mod orders;
mod root;

pub use child::confined;
pub(super) use orders::Orders;

use crate::limits::LAST_WORDS_BYTES_MAX;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::OsString;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

/// How the confining process is started: a program that calls [`confined`].
#[derive(Clone, Debug)]
pub struct Confiner {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// How long a process may take to go once it was told to.
const END: Duration = Duration::from_secs(5);

/// A confined QEMU. It ends when this is dropped.
pub(super) struct Process {
    child: Child,
    /// Its end is the confining process's order to end QEMU.
    control: Option<OwnedFd>,
    words: Option<JoinHandle<Vec<u8>>>,
}

impl Confiner {
    /// The running program itself, with other arguments.
    pub fn this_program(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self {
            program: PathBuf::from("/proc/self/exe"),
            arguments: arguments.into_iter().map(Into::into).collect(),
        }
    }

    /// Starts QEMU. Must be called within a runtime.
    pub(super) fn start(
        &self,
        orders: &Orders,
        descriptors: &[BorrowedFd<'_>],
    ) -> io::Result<Process> {
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let words = child.stderr.take().map(|stderr| tokio::spawn(last_words(stderr)));
        let process = Process { child, control: Some(ours), words };
        if let Some(control) = &process.control {
            orders.send(control, descriptors)?;
        }
        Ok(process)
    }
}

impl Process {
    /// Waits until it is gone; may be given up waiting.
    pub(super) async fn gone(&mut self) {
        let _ = self.child.wait().await;
    }

    /// Waits for its end; why, for a reader.
    pub(super) async fn ended(&mut self) -> String {
        let status = self.child.wait().await;
        let words = match self.words.take() {
            Some(words) => words.await.unwrap_or_default(),
            None => Vec::new(),
        };
        match status {
            Ok(status) => told(status, &words),
            Err(error) => format!("lost: {error}"),
        }
    }

    /// Ends it, and waits until it is gone.
    pub(super) async fn end(mut self) {
        drop(self.control.take());
        if tokio::time::timeout(END, self.child.wait()).await.is_err() {
            self.kill();
            let _ = self.child.wait().await;
        }
    }

    /// The process group that it leads, QEMU's too.
    fn kill(&self) {
        // There is an id only until the end was waited for, so this never hits a stranger
        // that got the number later.
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }

    /// The confining process; QEMU is its only child.
    pub(super) fn id(&self) -> Option<u32> {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The last bytes of a pipe, read to its end so that the writer never waits.
async fn last_words(mut pipe: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut words = Vec::new();
    let mut buffer = [0; 1024];
    while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
        words.extend_from_slice(&buffer[..count]);
        let over = words.len().saturating_sub(LAST_WORDS_BYTES_MAX);
        words.drain(..over);
    }
    words
}

fn told(status: ExitStatus, words: &[u8]) -> String {
    // Newer versions of QEMU warn of old ways of saying things, which still work.
    let lines = words.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let telling = lines.filter(|line| !line.is_empty() && !line.starts_with(b"warning:"));
    let words = telling.collect::<Vec<_>>().join(&b' ');
    let words = ukai_model::PeerText::truncated(&words, LAST_WORDS_BYTES_MAX);
    let words = words.escaped();
    let how = match (status.code(), status.signal()) {
        (Some(code), _) if code > 128 => format!("ended by signal {}", code - 128),
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, signal) => format!("ended by signal {}", signal.unwrap_or(0)),
    };
    if words.is_empty() { how } else { format!("{how}: {words}") }
}
