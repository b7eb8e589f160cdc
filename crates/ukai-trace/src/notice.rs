//! What the agent tells the host. All of it is the guest's word.

use crate::wire::{Field, Reader, words};
use std::net::SocketAddr;

/// One record of the trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When, in nanoseconds of the guest's clock since the sample was started.
    pub at_ns: u64,
    /// The process.
    pub pid: u32,
    /// What happened.
    pub what: What,
}

impl Notice {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        self.at_ns.put(out);
        self.pid.put(out);
        self.what.put(out);
    }

    pub(crate) fn take(from: &mut Reader<'_>) -> Option<Self> {
        let (at_ns, pid) = (u64::take(from)?, u32::take(from)?);
        Some(Self { at_ns, pid, what: What::take(from)? })
    }
}

words! {
    /// What happened inside the guest. Text is bytes, as the kernel gives it.
    #[expect(missing_docs, reason = "each field is named for what it is")]
    pub enum What {
        /// The agent waits for orders.
        1 Ready { version: u32, },
        /// The sample was started.
        2 Started {},
        /// A step towards it failed.
        3 Failed { step: Vec<u8>, error: i32, },
        /// Everything was sent.
        4 Finished {},
        /// Records for which there was no room.
        5 Lost { records: u64, },
        /// A program was started in the process.
        10 Execute {
            parent: u32,
            path: Vec<u8>,
            arguments: Vec<Vec<u8>>,
            environment: Vec<Vec<u8>>,
            folder: Vec<u8>,
            deleted: bool,
            emulator: Option<Vec<u8>>,
        },
        /// A process or thread was made.
        11 Fork { child: u32, thread: bool, },
        /// The process ended, with its wait status.
        12 Exit { status: u32, },
        /// The process named itself.
        13 Name { name: Vec<u8>, },
        /// A file was opened; `flags` are Linux's.
        20 Open { path: Vec<u8>, flags: u32, error: i32, },
        /// A file was made.
        21 Create { path: Vec<u8>, },
        /// A file was written.
        22 Write { path: Vec<u8>, bytes: u64, },
        /// A file got another name.
        23 Rename { from: Vec<u8>, to: Vec<u8>, },
        /// A file was deleted.
        24 Delete { path: Vec<u8>, },
        /// A link was made.
        25 Link { from: Vec<u8>, to: Vec<u8>, },
        /// Permissions were given.
        26 Mode { path: Vec<u8>, mode: u32, },
        /// A socket was made.
        30 Socket { family: u16, kind: u16, protocol: u16, },
        /// A socket was given an address.
        31 Bind { local: SocketAddr, },
        /// A socket waits for connections.
        32 Listen { local: SocketAddr, },
        /// A connection was asked for.
        33 Connect { local: SocketAddr, remote: SocketAddr, protocol: u8, error: i32, },
        /// A connection was taken.
        34 Accept { local: SocketAddr, remote: SocketAddr, },
        /// Something was sent; summed up.
        35 Send { local: SocketAddr, remote: SocketAddr, protocol: u8, bytes: u64, count: u64, },
        /// A signal was sent.
        40 Kill { target: u32, signal: i32, },
        /// ptrace was called.
        41 Trace { target: u32, request: u64, },
        /// Something was mounted.
        42 Mount { source: Vec<u8>, target: Vec<u8>, kind: Vec<u8>, },
        /// A module was loaded into the kernel.
        43 Module { name: Vec<u8>, },
        /// A restart was asked for.
        44 Reboot { command: u32, },
        /// The clock was set.
        45 SetClock {},
        /// The process slept, or would have.
        46 Sleep { ns: u64, skipped: bool, },
        /// A watchdog was opened or told something.
        47 Watchdog {},
        /// The sample looked at something that tells a sandbox.
        48 Look { at: Vec<u8>, },
        /// The sample printed something.
        50 Output { stream: u8, bytes: Vec<u8>, total: u64, },
        /// A piece of a file.
        51 File {
            number: u32,
            path: Vec<u8>,
            reason: Reason,
            size: u64,
            offset: u64,
            bytes: Vec<u8>,
            last: bool,
        },
        /// A piece of a process's memory.
        52 Memory { target: u32, address: u64, size: u64, offset: u64, bytes: Vec<u8>, last: bool, },
    }
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
    const ALL: [Self; 4] = [Self::Dropped, Self::Changed, Self::Deleted, Self::Executed];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::Changed => "changed",
            Self::Deleted => "deleted",
            Self::Executed => "executed",
        }
    }
}

impl Field for Reason {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(*self as u8);
    }
    fn take(from: &mut Reader<'_>) -> Option<Self> {
        Self::ALL.get(usize::from(u8::take(from)?)).copied()
    }
}
