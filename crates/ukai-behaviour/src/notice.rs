//! What the guest tells: the records of its trace, as the report reads them.

use std::net::SocketAddr;

/// One record of the trace. All of it is the guest's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When, in nanoseconds of the guest's clock since the sample was started.
    pub at_ns: u64,
    /// The process.
    pub pid: u32,
    /// What happened.
    pub what: What,
}

/// What happened inside the guest. Text is bytes, as the kernel gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is named for what it is")]
pub enum What {
    /// The sample was started.
    Started,
    /// A step towards it failed.
    Failed { step: Vec<u8>, error: i32 },
    /// Everything was sent.
    Finished,
    /// Records for which there was no room.
    Lost { records: u64 },
    /// A program was started in the process.
    Execute {
        parent: u32,
        path: Vec<u8>,
        arguments: Vec<Vec<u8>>,
        /// Whether the file was deleted by then.
        deleted: bool,
    },
    /// A process or thread was made.
    Fork { child: u32, thread: bool },
    /// The process ended, with its wait status.
    Exit { status: u32 },
    /// The process named itself.
    Name { name: Vec<u8> },
    /// A file was opened; `flags` are Linux's.
    Open { path: Vec<u8>, flags: u32, error: i32 },
    /// A file was made.
    Create { path: Vec<u8> },
    /// A file was written.
    Write { path: Vec<u8>, bytes: u64 },
    /// A file got another name.
    Rename { from: Vec<u8>, to: Vec<u8> },
    /// A file was deleted.
    Delete { path: Vec<u8> },
    /// A link was made.
    Link { from: Vec<u8>, to: Vec<u8> },
    /// Permissions were given.
    Mode { path: Vec<u8>, mode: u32 },
    /// A socket was made.
    Socket { family: u16, kind: u16, protocol: u16 },
    /// A socket waits for connections.
    Listen { local: SocketAddr },
    /// A connection was asked for.
    Connect { local: SocketAddr, remote: SocketAddr, protocol: u8, error: i32 },
    /// A connection was taken.
    Accept { local: SocketAddr, remote: SocketAddr },
    /// Something was sent; summed up.
    Send { local: SocketAddr, remote: SocketAddr, protocol: u8, bytes: u64, count: u64 },
    /// A signal was sent.
    Kill { target: u32, signal: i32 },
    /// ptrace was called.
    Trace { target: u32, request: u64 },
    /// Something was mounted.
    Mount { source: Vec<u8>, target: Vec<u8>, kind: Vec<u8> },
    /// A module was loaded into the kernel.
    Module { name: Vec<u8> },
    /// A restart was asked for.
    Reboot { command: u32 },
    /// The clock was set.
    SetClock,
    /// The process slept, or would have.
    Sleep { ns: u64, skipped: bool },
    /// A watchdog was opened or told something.
    Watchdog,
    /// The sample looked at something that tells a sandbox.
    Look { at: Vec<u8> },
    /// The sample printed something.
    Output { bytes: Vec<u8> },
    /// A piece of a file.
    File {
        number: u32,
        path: Vec<u8>,
        reason: Reason,
        size: u64,
        offset: u64,
        bytes: Vec<u8>,
        last: bool,
    },
}

/// Why a file was fetched back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The sample made it.
    Dropped,
    /// The sample changed it.
    Changed,
    /// The sample deleted it.
    Deleted,
    /// The sample started it.
    Executed,
}

impl Reason {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::Changed => "changed",
            Self::Deleted => "deleted",
            Self::Executed => "executed",
        }
    }
}
