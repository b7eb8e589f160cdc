//! The parent's side of warm processes: one for each program, kept until it ends, asked for a
//! child by each run.

use crate::fork::{BORN, ENDED};
use crate::limits::{
    INPUT_PIPE_BYTES, LIMITS_VARIABLE, Orders, WARM_PROCESSES_MAX, WARM_START_MAX, WARM_WORD,
    WARM_WORD_BYTES,
};
use crate::{Jail, spawner};
use parking_lot::Mutex;
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
    sendmsg, socketpair,
};
use rustix::pipe::fcntl_setpipe_size;
use std::ffi::OsString;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;

/// Program and arguments of a warm process.
type Kind = (PathBuf, Vec<OsString>);

/// The warm processes of this process.
static KEPT: tokio::sync::Mutex<Vec<(Kind, Arc<Warm>)>> = tokio::sync::Mutex::const_new(Vec::new());

/// A warm process. It ends with its last user.
struct Warm {
    control: OwnedFd,
    process: Mutex<Child>,
}

/// A child that a warm process has made. Dropping it kills the child.
pub(crate) struct Born {
    /// It dies with its parent.
    _parent: Arc<Warm>,
    /// What its parent says of its life.
    line: UnixStream,
    /// Its standard input, output and error, until they are taken.
    pub(crate) pipes: Option<(pipe::Sender, pipe::Receiver, pipe::Receiver)>,
}

/// A child of the jail's warm process; `None` if there cannot be one now, for whatever reason:
/// the run then starts a process of its own.
pub(crate) async fn birth(jail: &Jail) -> Option<Born> {
    let kind = (jail.program.clone(), jail.arguments.clone());
    // The second time with a new one, if somebody has killed the first.
    for _ in 0..2 {
        let warm = kept(&kind).await.ok()?;
        let born = warm.birth(jail).await;
        if born.is_some() || !warm.has_ended() {
            return born;
        }
        KEPT.lock().await.retain(|(_, kept)| !Arc::ptr_eq(kept, &warm));
    }
    None
}

/// The warm process of a kind, started if it is not there.
async fn kept(kind: &Kind) -> io::Result<Arc<Warm>> {
    let mut list = KEPT.lock().await;
    if let Some((_, warm)) = list.iter().find(|(known, _)| known == kind) {
        return Ok(Arc::clone(warm));
    }
    let warm = Arc::new(Warm::start(kind).await?);
    if list.len() >= WARM_PROCESSES_MAX {
        list.remove(0);
    }
    list.push((kind.clone(), Arc::clone(&warm)));
    Ok(warm)
}

impl Warm {
    async fn start((program, arguments): &Kind) -> io::Result<Self> {
        let (control, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env(LIMITS_VARIABLE, format!("{WARM_WORD}{}", std::process::id()))
            .current_dir("/")
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        let process = spawner::spawn_lasting(command).await?;
        Ok(Self { control, process: Mutex::new(process) })
    }

    fn has_ended(&self) -> bool {
        !matches!(self.process.lock().try_wait(), Ok(None))
    }

    async fn birth(self: &Arc<Self>, jail: &Jail) -> Option<Born> {
        let (input, our_input) = io::pipe().ok()?;
        let (our_output, output) = io::pipe().ok()?;
        let (our_errors, errors) = io::pipe().ok()?;
        let (our_line, line) = std::os::unix::net::UnixStream::pair().ok()?;
        our_line.set_nonblocking(true).ok()?;
        // Most samples then go in at once. The system may refuse: it only takes longer.
        let _ = fcntl_setpipe_size(&our_input, INPUT_PIPE_BYTES);
        let orders = Orders { limits: jail.limits, parent: std::process::id() }.to_variable();
        let descriptors = [input.as_fd(), output.as_fd(), errors.as_fd(), line.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)) {
            return None;
        }
        let text = [IoSlice::new(orders.as_bytes())];
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        sendmsg(&self.control, &text, &mut ancillary, flags).ok()?;
        drop((input, output, errors, line));
        let mut born = Born {
            _parent: Arc::clone(self),
            line: UnixStream::from_std(our_line).ok()?,
            pipes: Some((
                pipe::Sender::from_owned_fd(our_input.into()).ok()?,
                pipe::Receiver::from_owned_fd(our_output.into()).ok()?,
                pipe::Receiver::from_owned_fd(our_errors.into()).ok()?,
            )),
        };
        // The first child waits until the process is warm.
        let word = tokio::time::timeout(WARM_START_MAX, born.line.read_u8()).await;
        matches!(word, Ok(Ok(BORN))).then_some(born)
    }
}

impl Drop for Warm {
    fn drop(&mut self) {
        let process = self.process.get_mut();
        // Killed, it ends at once, and its children with it.
        let _ = process.kill();
        let _ = process.wait();
    }
}

impl Born {
    /// Waits for its end.
    pub(crate) async fn end(&mut self) -> io::Result<ExitStatus> {
        let mut word = [0; WARM_WORD_BYTES];
        self.line.read_exact(&mut word).await?;
        let [ENDED, status @ ..] = word else {
            return Err(io::Error::other("the warm process talks nonsense"));
        };
        Ok(ExitStatus::from_raw(i32::from_le_bytes(status)))
    }

    /// Kills it and waits until it is gone.
    pub(crate) async fn kill(&mut self) {
        let _ = self.line.shutdown().await;
        let _ = self.end().await;
    }
}
