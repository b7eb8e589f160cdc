//! The parent's side: one run of a child.

use crate::limits::{JailLimits, LIMITS_VARIABLE, Orders, STDERR_BYTES_MAX};
use crate::outcome::{JailOutcome, duration, is_from_outside, reason, size};
use crate::spawner;
use crate::talk::{Answers, Broken, listen};
use crate::warm::{self, Born};
use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::process::{Child, Command};

/// A program that runs confined. It must call [`crate::enter`] before anything else.
///
/// It may be shared: any number of runs go on at once, each with its own child.
#[derive(Clone, Debug)]
pub struct Jail {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// What a child may use.
    pub limits: JailLimits,
    /// Whether children are forks of a process that is started once and waits.
    pub warm: bool,
}

impl Jail {
    /// The running program itself with other arguments. It is found even after the file
    /// was replaced by an upgrade, and is then still the version that runs. It is not warm:
    /// that pays with the second run.
    pub fn this_program(
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
        limits: JailLimits,
    ) -> Self {
        Self {
            program: PathBuf::from("/proc/self/exe"),
            arguments: arguments.into_iter().map(Into::into).collect(),
            limits,
            warm: false,
        }
    }

    /// Runs a child on `input` and waits for its end, at most the wall-clock limit.
    /// Dropping the future kills the child.
    pub async fn run(&self, input: &[u8]) -> JailOutcome {
        if self.warm
            && let Some(born) = warm::birth(self).await
        {
            return self.watch(Life::Born(born), input).await;
        }
        let child = match spawner::spawn(self.command()).await {
            Ok(child) => child,
            Err(error) => {
                let reason = format!("cannot start {}: {error}", self.program.display());
                return JailOutcome::Failed { reason };
            }
        };
        self.watch(Life::Started(Group(child)), input).await
    }

    /// Runs a child that asks, to its end, at most the wall-clock limit. What it has told until
    /// a bad end is good; the error says for a reader what that was. Dropping the future
    /// kills the child. Such a child is never warm.
    pub async fn talk(&self, answers: &mut impl Answers) -> Result<(), String> {
        let child = spawner::spawn(self.command()).await;
        let child =
            child.map_err(|error| format!("cannot start {}: {error}", self.program.display()))?;
        let mut life = Life::Started(Group(child));
        let limits = &self.limits;
        let mut errors = Vec::new();
        let end = {
            let talk = async {
                let (input, output, stderr) = life.pipes();
                let heard = listen(input, output, limits.output_bytes, answers);
                let overheard = async { Ok(keep_first(stderr, &mut errors).await?) };
                match tokio::try_join!(heard, overheard) {
                    // Why it broke off says its end.
                    Ok(_) | Err(Broken::Pipe(_)) => life.end().await.map_err(Broken::Pipe),
                    Err(broken) => Err(broken),
                }
            };
            tokio::time::timeout(Duration::from_millis(limits.wall_ms), talk).await
        };
        let reason = match end {
            Ok(Ok(status)) if status.success() => return Ok(()),
            Ok(Ok(status)) => return Err(reason(status, &errors, limits)),
            Err(_elapsed) => format!("time limit of {}", duration(limits.wall_ms)),
            Ok(Err(Broken::Flood)) => format!("output limit of {}", size(limits.output_bytes)),
            Ok(Err(Broken::Nonsense)) => "the child talks nonsense".to_owned(),
            Ok(Err(Broken::Pipe(error))) => format!("lost the child: {error}"),
        };
        life.kill().await;
        Err(reason)
    }

    fn command(&self) -> Command {
        let orders = Orders { limits: self.limits, parent: std::process::id() };
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .env(LIMITS_VARIABLE, orders.to_variable())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        command
    }

    async fn watch(&self, mut life: Life, input: &[u8]) -> JailOutcome {
        let mut output = Vec::new();
        let mut errors = Vec::new();
        let end = {
            let talk = converse(&mut life, input, &self.limits, &mut output, &mut errors);
            tokio::time::timeout(Duration::from_millis(self.limits.wall_ms), talk).await
        };
        let limits = &self.limits;
        match end {
            Err(_elapsed) => {
                life.kill().await;
                let reason = format!("time limit of {}", duration(limits.wall_ms));
                JailOutcome::cut_short(output, reason)
            }
            Ok(Err(Interrupted::Flood)) => {
                life.kill().await;
                let reason = format!("output limit of {}", size(limits.output_bytes));
                JailOutcome::cut_short(output, reason)
            }
            Ok(Err(Interrupted::Pipe(error))) => {
                life.kill().await;
                JailOutcome::interrupted(output, format!("lost the child: {error}"))
            }
            Ok(Ok(status)) if status.success() => JailOutcome::Done(output),
            Ok(Ok(status)) if is_from_outside(status) => {
                JailOutcome::interrupted(output, reason(status, &errors, limits))
            }
            Ok(Ok(status)) => JailOutcome::cut_short(output, reason(status, &errors, limits)),
        }
    }
}

/// Why the parent stopped listening.
enum Interrupted {
    Flood,
    Pipe(std::io::Error),
}

/// Feeds the child and listens to it until it ends. All three pipes move at once, so that
/// neither side waits for the other for ever.
async fn converse(
    life: &mut Life,
    input: &[u8],
    limits: &JailLimits,
    output: &mut Vec<u8>,
    errors: &mut Vec<u8>,
) -> Result<ExitStatus, Interrupted> {
    let (mut stdin, stdout, stderr) = life.pipes();
    let feed = async {
        // A child that ends early closes the pipe: its exit says why.
        let _ = stdin.write_all(input).await;
        drop(stdin);
        Ok(())
    };
    let output_max = usize::try_from(limits.output_bytes).unwrap_or(usize::MAX);
    let listen = async {
        // One byte more than allowed tells a flood from a full measure.
        let read = stdout.take(limits.output_bytes.saturating_add(1)).read_to_end(output).await;
        read.map_err(Interrupted::Pipe)?;
        if output.len() > output_max {
            output.truncate(output_max);
            return Err(Interrupted::Flood);
        }
        Ok(())
    };
    let overhear = async { keep_first(stderr, errors).await.map_err(Interrupted::Pipe) };
    tokio::try_join!(feed, listen, overhear)?;
    life.end().await.map_err(Interrupted::Pipe)
}

/// Keeps the first bytes of a pipe and reads on to its end, so that the writer never waits.
async fn keep_first(mut pipe: impl AsyncRead + Unpin, kept: &mut Vec<u8>) -> std::io::Result<()> {
    let mut buffer = [0; STDERR_BYTES_MAX];
    loop {
        let count = pipe.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        let room = STDERR_BYTES_MAX - kept.len();
        kept.extend_from_slice(&buffer[..count.min(room)]);
    }
}

/// A child that was started, or that a warm process has made.
enum Life {
    Started(Group),
    Born(Born),
}

type Writer = Box<dyn AsyncWrite + Send + Unpin>;
type Reader = Box<dyn AsyncRead + Send + Unpin>;

impl Life {
    /// Its standard input, output and error; they are taken once.
    fn pipes(&mut self) -> (Writer, Reader, Reader) {
        match self {
            Self::Started(Group(child)) => (
                Box::new(child.stdin.take().expect("standard input is a pipe")),
                Box::new(child.stdout.take().expect("standard output is a pipe")),
                Box::new(child.stderr.take().expect("standard error is a pipe")),
            ),
            Self::Born(born) => {
                let (input, output, errors) = born.pipes.take().expect("they are taken once");
                (Box::new(input), Box::new(output), Box::new(errors))
            }
        }
    }

    async fn end(&mut self) -> std::io::Result<ExitStatus> {
        match self {
            Self::Started(group) => group.0.wait().await,
            Self::Born(born) => born.end().await,
        }
    }

    async fn kill(&mut self) {
        match self {
            Self::Started(group) => group.kill().await,
            Self::Born(born) => born.kill().await,
        }
    }
}

/// A child and the process group that it leads. Dropping it kills the whole group.
struct Group(Child);

impl Group {
    async fn kill(&mut self) {
        self.signal();
        // Killed: it ends at once, and is not left as a zombie.
        let _ = self.0.wait().await;
    }

    fn signal(&self) {
        // There is an id only until the end was waited for, so this never hits a stranger
        // that got the number later.
        let pid = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal();
    }
}
