//! The commands: programs and applets, a file per command or small group, and how one
//! is found and run. What belongs to the shell itself is in `builtins`.

mod accounts;
mod answers;
mod archive;
mod at;
mod awk;
mod bc;
mod busybox;
mod calculate;
mod cat;
mod change;
mod columns;
mod cron;
mod curl;
mod cut;
mod dd;
mod debian;
mod diff;
mod digest;
mod disk;
mod dump;
mod echo;
mod ed;
mod facts;
mod fetch;
mod find;
mod firewall;
mod flags;
mod float;
mod ftp;
mod getent;
mod grep;
mod hardware;
mod hosts;
mod identity;
mod interpreter;
mod list;
mod lsof;
mod members;
mod missing;
mod moment;
pub(crate) mod netcat;
mod network;
mod numbers;
mod options;
mod other_user;
mod packages;
mod paths;
mod perl;
mod permissions;
mod printf;
mod processes;
pub(crate) mod python;
mod reading;
mod regex;
mod scp;
mod sed;
mod services;
mod shell;
mod sockets;
mod sort;
mod stty;
mod tables;
mod test;
mod time;
mod tput;
mod translate;
mod uname;
mod wget;
mod wrap;

pub(crate) use answers::answered;
pub(crate) use busybox::run_applet;
pub(crate) use firewall::{Chain, fresh as fresh_firewall, is_bounded};
pub(crate) use missing::missing;
pub(crate) use options::Options;
pub(crate) use permissions::changed_mode;
pub(crate) use shell::is_shell;

use crate::builtins;
use crate::io::{Fd, Open};
use crate::limits;
use crate::process::Process;
use crate::system::{Fut, Stop};
use bytes::Bytes;
use std::borrow::Cow;

/// A command line after expansion.
#[derive(Clone, Debug)]
pub(crate) struct Arguments {
    /// The name as it was called, then the arguments.
    pub(crate) words: Vec<Vec<u8>>,
    /// Whether the program is GNU's rather than BusyBox's.
    pub(crate) gnu: bool,
}

impl Arguments {
    pub(crate) fn new(words: Vec<Vec<u8>>, gnu: bool) -> Self {
        Self { words, gnu }
    }

    /// The command's name without folders, for messages.
    pub(crate) fn name(&self) -> Cow<'_, str> {
        let name = self.words.first().map_or(&[][..], Vec::as_slice);
        String::from_utf8_lossy(crate::eval::base_name(name))
    }

    /// What follows the name.
    pub(crate) fn rest(&self) -> &[Vec<u8>] {
        self.words.get(1..).unwrap_or_default()
    }

    /// What follows the name and does not begin with `-`, as text.
    pub(crate) fn operand_texts(&self) -> Vec<String> {
        let operands = self.rest().iter().filter(|w| !w.starts_with(b"-"));
        operands.map(|w| String::from_utf8_lossy(w).into_owned()).collect()
    }

    /// An argument as text for a message.
    pub(crate) fn shown(&self, index: usize) -> Cow<'_, str> {
        self.words.get(index).map_or(Cow::Borrowed(""), |w| String::from_utf8_lossy(w))
    }
}

/// Why a command that does not wait leaves early.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Leave {
    Stop(Stop),
    /// It needs all that will be typed; it is called again when that is there.
    NeedInput,
}

impl Leave {
    /// For a command that has its input: what it leaves with.
    pub(crate) fn stop(self) -> Result<i32, Stop> {
        match self {
            Self::Stop(stop) => Err(stop),
            Self::NeedInput => Ok(1),
        }
    }
}

impl From<Stop> for Leave {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// What a command that does not wait gives: its status.
pub(crate) type Outcome = Result<i32, Leave>;

/// How a command runs.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// At once. Nothing may be printed or changed before the input was asked for.
    AtOnce(fn(&mut Process, &Arguments) -> Outcome),
    /// It may wait for a fetch, for time, or for typed lines.
    Waiting(for<'a> fn(&'a mut Process, Arguments) -> Fut<'a, Result<i32, Stop>>),
}

/// A command.
#[derive(Clone, Copy)]
pub(crate) struct Command {
    pub(crate) name: &'static str,
    pub(crate) run: Run,
}

impl Command {
    pub(crate) const fn at_once(
        name: &'static str,
        run: fn(&mut Process, &Arguments) -> Outcome,
    ) -> Self {
        Self { name, run: Run::AtOnce(run) }
    }

    pub(crate) const fn waiting(
        name: &'static str,
        run: for<'a> fn(&'a mut Process, Arguments) -> Fut<'a, Result<i32, Stop>>,
    ) -> Self {
        Self { name, run: Run::Waiting(run) }
    }

    /// Runs the command to its end.
    pub(crate) async fn run(
        &self,
        process: &mut Process,
        arguments: Arguments,
    ) -> Result<i32, Stop> {
        let run = match self.run {
            Run::Waiting(run) => return run(process, arguments).await,
            Run::AtOnce(run) => run,
        };
        match run(process, &arguments) {
            Ok(status) => Ok(status),
            Err(Leave::Stop(stop)) => Err(stop),
            Err(Leave::NeedInput) => {
                let typed = process.all_input().await?;
                let saved = process.swap_fd(0, Some(Open::bytes(typed)));
                let result = run(process, &arguments);
                process.fds.set(0, saved);
                result.or_else(Leave::stop)
            }
        }
    }
}

impl Process {
    /// Everything that is typed, or comes through a pipe, until the end of the input.
    /// An input that does not end is taken to have ended at
    /// [`FILE_BYTES`](limits::FILE_BYTES).
    pub(crate) async fn all_input(&mut self) -> Result<Bytes, Stop> {
        let mut all = Vec::new();
        loop {
            let Some(chunk) = self.read(0, limits::PIPE_BYTES, false).await? else { break };
            if chunk.is_empty() {
                break;
            }
            self.session.step(chunk.len() as u64 / 4_096)?;
            all.extend_from_slice(&chunk);
            if all.len() >= limits::FILE_BYTES {
                break;
            }
        }
        Ok(all.into())
    }

    /// All that comes from `open`, like [`Process::all_input`].
    pub(crate) async fn all_of(&mut self, open: Fd) -> Result<Bytes, Stop> {
        let saved = self.swap_fd(0, Some(open));
        let all = self.all_input().await;
        self.fds.set(0, saved);
        all
    }

    /// Standard input as a whole.
    pub(crate) fn input(&mut self) -> Result<Bytes, Leave> {
        let bytes = self.still_input(0).ok_or(Leave::NeedInput)?;
        self.session.step(bytes.len() as u64 / 1_024)?;
        Ok(bytes)
    }

    /// What an applet of BusyBox says when it is called wrongly.
    pub(crate) fn busybox_usage(&mut self, text: &str) -> Result<(), Stop> {
        let busybox = self.session.host.persona.busybox.as_ref();
        let banner = busybox.map_or(String::new(), |b| b.banner.clone());
        let applet = text.split_whitespace().next().unwrap_or_default();
        if banner.contains(" v1.35.")
            && let Some(usage) = answers::applet_usage(applet)
        {
            let banner = banner.trim_end_matches('.');
            return self.error_bytes(format!("{banner}.\n{usage}").as_bytes());
        }
        self.error(&format!("{}.\n\nUsage: {text}", banner.trim_end_matches('.')))
    }

    /// Prints on standard output.
    pub(crate) fn print(&mut self, bytes: impl AsRef<[u8]>) -> Result<bool, Stop> {
        self.write(1, bytes.as_ref())
    }
}

/// Groups of programs.
static PROGRAMS: [&[Command]; 39] = [
    accounts::COMMANDS,
    archive::COMMANDS,
    awk::COMMANDS,
    busybox::COMMANDS,
    calculate::COMMANDS,
    cat::COMMANDS,
    change::COMMANDS,
    cron::COMMANDS,
    curl::COMMANDS,
    cut::COMMANDS,
    dd::COMMANDS,
    digest::COMMANDS,
    disk::COMMANDS,
    dump::COMMANDS,
    echo::COMMANDS,
    find::COMMANDS,
    ftp::COMMANDS,
    grep::COMMANDS,
    hardware::COMMANDS,
    hosts::COMMANDS,
    identity::COMMANDS,
    interpreter::COMMANDS,
    list::COMMANDS,
    netcat::COMMANDS,
    network::COMMANDS,
    packages::COMMANDS,
    paths::COMMANDS,
    permissions::COMMANDS,
    printf::COMMANDS,
    processes::COMMANDS,
    reading::COMMANDS,
    sed::COMMANDS,
    shell::COMMANDS,
    sockets::COMMANDS,
    sort::COMMANDS,
    test::COMMANDS,
    time::COMMANDS,
    translate::COMMANDS,
    wget::COMMANDS,
];

/// Programs whose groups stand apart for their size.
static MORE: &[&[Command]] = &[
    at::COMMANDS,
    debian::COMMANDS,
    facts::COMMANDS,
    bc::COMMANDS,
    columns::COMMANDS,
    diff::COMMANDS,
    ed::COMMANDS,
    firewall::COMMANDS,
    flags::COMMANDS,
    getent::COMMANDS,
    lsof::COMMANDS,
    members::COMMANDS,
    numbers::COMMANDS,
    other_user::COMMANDS,
    perl::COMMANDS,
    python::COMMANDS,
    scp::COMMANDS,
    services::COMMANDS,
    stty::COMMANDS,
    tput::COMMANDS,
    uname::COMMANDS,
    wrap::COMMANDS,
];

/// The program of that name.
pub(crate) fn program(name: &[u8]) -> Option<&'static Command> {
    PROGRAMS.iter().chain(MORE).flat_map(|g| g.iter()).find(|c| c.name.as_bytes() == name)
}

/// What the shell itself provides under that name.
pub(crate) fn builtin(name: &[u8], process: &Process) -> Option<&'static Command> {
    builtins::find(name, process.kind()).or_else(|| {
        let both = match name {
            b"[[" => !process.dash,
            _ => matches!(
                name,
                b"echo" | b"printf" | b"test" | b"[" | b"true" | b"false" | b"kill" | b"pwd"
            ),
        };
        both.then(|| program(name)).flatten()
    })
}

/// Whether an error in this builtin ends a script (POSIX "special").
pub(crate) fn is_special(name: &[u8]) -> bool {
    matches!(
        name,
        b"." | b":"
            | b"break"
            | b"continue"
            | b"eval"
            | b"exec"
            | b"exit"
            | b"export"
            | b"readonly"
            | b"return"
            | b"set"
            | b"shift"
            | b"times"
            | b"trap"
            | b"unset"
    )
}
