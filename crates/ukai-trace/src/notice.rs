//! What the guest's agent tells the host.

use core::net::SocketAddr;

use crate::wire::{Malformed, Wire, tagged};

/// Of the words in this crate; agent and host are built together.
pub const VERSION: u32 = 3;

/// The status of a process whose end was not seen.
pub const STATUS_UNKNOWN: u32 = u32::MAX;

/// One thing that happened, with its time and its process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Nanoseconds since [`Order::Start`](crate::Order::Start), by the guest's monotonic
    /// clock: time that passed. Skipped sleeps are not in it; they are [`What::Sleep`].
    pub at_ns: u64,
    /// The process (not the thread), as the guest's kernel numbers it; 0 for none.
    pub pid: u32,
    /// What happened.
    pub what: What,
}

/// The end of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// Not known or not set.
    None,
    /// IPv4 or IPv6.
    Ip(SocketAddr),
    /// A path of the file system; a leading 0 byte for an abstract one.
    Unix(Vec<u8>),
    /// Another machine or the host, by vsock.
    Vsock {
        /// 2 is the host.
        cid: u32,
        /// Its port.
        port: u32,
    },
    /// Another family (`AF_*`).
    Other(u16),
}

/// Why a file's contents were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The sample made it.
    Dropped,
    /// It was there, and the sample changed it.
    Changed,
    /// As `Dropped` or `Changed`, and it is gone since.
    Deleted,
    /// It was executed without having been written as a file (memory, or the image's own).
    Executed,
    /// As it was before the start, where it is of interest what the sample makes of it.
    Before,
}

tagged! {
/// Guest to host.
What {
    // The trace itself.
    /// The agent waits for orders: the moment of the snapshot.
    1 Ready {
        /// [`VERSION`]
        version: u32,
    }
    /// The sample's process is there and about to execute the program.
    2 Started {}
    /// An order could not be carried out.
    3 Failed {
        /// Which step of it.
        step: Vec<u8>,
        /// `errno`
        error: i32,
    }
    /// All that was to be sent is sent.
    4 Finished {}
    /// Records that were lost, since the last such notice.
    5 Lost {
        /// How many.
        records: u64,
    }
    /// All of the run is sent; what follows happened after it, in a machine that is kept.
    6 Kept {}

    // Processes.
    /// A program replaces what the process ran.
    16 Execute {
        /// The parent process.
        parent: u32,
        /// As the kernel opened it. For a script, the script.
        path: Vec<u8>,
        /// From `argv[0]` on.
        arguments: Vec<Vec<u8>>,
        /// `NAME=value`.
        environment: Vec<Vec<u8>>,
        /// The working folder.
        folder: Vec<u8>,
        /// Its file was gone already, or never was in a folder (memfd).
        deleted: bool,
        /// What really runs where that is another file: the script's interpreter or
        /// qemu-user; otherwise empty.
        interpreter: Vec<u8>,
    }
    /// A process or thread is made.
    17 Fork {
        /// Its number.
        child: u32,
        /// A thread of the same process.
        thread: bool,
    }
    /// A process ends.
    18 Exit {
        /// As `wait` gives it; [`STATUS_UNKNOWN`]: its end was not seen.
        status: u32,
    }
    /// A thread renames itself (`PR_SET_NAME`).
    19 Name {
        /// At most 15 bytes.
        name: Vec<u8>,
    }
    /// A signal to another process.
    20 Kill {
        /// Who gets it.
        target: u32,
        /// Its name.
        name: Vec<u8>,
        /// The signal's number.
        signal: i32,
    }
    /// `ptrace`
    21 Trace {
        /// The other process; 0 for oneself.
        target: u32,
        /// `PTRACE_*`
        request: u64,
    }
    /// A sleep.
    22 Sleep {
        /// How long it is to last.
        ns: u64,
        /// Whether it was skipped, and the wall clock moved by as much.
        skipped: bool,
        /// The thread.
        task: u32,
    }

    // Files. Paths are absolute, as the sample sees them.
    /// A file was to be opened.
    32 Open {
        /// Its path.
        path: Vec<u8>,
        /// `O_*` of x86-64.
        flags: u32,
        /// 0 or `errno`.
        error: i32,
    }
    /// A file is made.
    33 Create {
        /// Its path.
        path: Vec<u8>,
    }
    /// A file that was open for writing is closed.
    34 Write {
        /// Its path.
        path: Vec<u8>,
        /// Its size in bytes now.
        size: u64,
    }
    /// A file is renamed.
    35 Rename {
        /// Its path before.
        from: Vec<u8>,
        /// Its path after.
        to: Vec<u8>,
    }
    /// A file or an empty folder is deleted.
    36 Delete {
        /// Its path.
        path: Vec<u8>,
    }
    /// A link is made.
    37 Link {
        /// What it leads to.
        from: Vec<u8>,
        /// Its own path.
        to: Vec<u8>,
        /// A symbolic one.
        symbolic: bool,
    }
    /// Mode bits are changed.
    38 Mode {
        /// The file's path.
        path: Vec<u8>,
        /// The new bits.
        mode: u32,
    }
    /// A folder is made.
    39 Folder {
        /// Its path.
        path: Vec<u8>,
    }

    // Sockets.
    /// A socket is made.
    48 Socket {
        /// `AF_*`
        family: u32,
        /// `SOCK_*` without flags
        kind: u32,
        /// Its number, or 0.
        protocol: u32,
    }
    /// It gets an address.
    49 Bind {
        /// Which; port 0 lets the kernel choose.
        local: Address,
        /// 0 or `errno`
        error: i32,
    }
    /// It waits for connections.
    50 Listen {
        /// Where.
        local: Address,
    }
    /// It is connected, or is to be.
    51 Connect {
        /// Our end, if it was chosen.
        local: Address,
        /// The other end.
        remote: Address,
        /// IP's protocol number (6 TCP, 17 UDP); 0 for others.
        protocol: u8,
        /// 0, or `errno`; `EINPROGRESS` (115) for one that goes on without the process.
        error: i32,
        /// The thread.
        task: u32,
    }
    /// Somebody connected to it.
    52 Accept {
        /// Our end.
        local: Address,
        /// The other end.
        remote: Address,
    }
    /// What was sent from one end to another, summed up over a short time.
    53 Send {
        /// Our end.
        local: Address,
        /// The other end.
        remote: Address,
        /// IP's protocol number; 255 for a raw socket, 0 for a packet socket.
        protocol: u8,
        /// Bytes of payload.
        bytes: u64,
        /// In so many calls.
        count: u64,
    }
    /// What was received, likewise.
    54 Receive {
        /// Our end.
        local: Address,
        /// The other end.
        remote: Address,
        /// IP's protocol number.
        protocol: u8,
        /// Bytes of payload.
        bytes: u64,
        /// In so many calls.
        count: u64,
    }

    // The system.
    /// `mount`
    64 Mount {
        /// The device or folder.
        source: Vec<u8>,
        /// Where.
        target: Vec<u8>,
        /// The file system's name, or empty for a bind mount.
        kind: Vec<u8>,
        /// `MS_*`
        flags: u64,
    }
    /// A kernel module is loaded, or was to be.
    65 Module {
        /// Its name, if it got so far.
        name: Vec<u8>,
    }
    /// `reboot`
    66 Reboot {
        /// `LINUX_REBOOT_CMD_*`
        command: u32,
    }
    /// The wall clock is set by the sample.
    67 SetClock {
        /// Nanoseconds since 1970.
        unix_ns: u64,
    }
    /// A value of Windows' registry is another one than before. The host finds it out from
    /// the registry's files.
    68 Registry {
        /// Its path, from `HKLM` or `HKCU` on.
        key: Vec<u8>,
        /// The value's name; empty for the key's own.
        name: Vec<u8>,
        /// What it is: a text, or as Wine writes it (`dword:00000001`).
        data: Vec<u8>,
        /// It is gone.
        deleted: bool,
    }

    /// A record of an event log of Windows. The host reads it off the disk after the run.
    69 Logged {
        /// The log that it was written to.
        channel: Vec<u8>,
        /// Who wrote it.
        provider: Vec<u8>,
        /// What it says, by the provider's numbers.
        id: u32,
        /// 1 critical, 2 error, 3 warning, 4 information, 5 details; 0 always.
        level: u32,
        /// Its number within the log.
        record: u64,
        /// On which computer.
        computer: Vec<u8>,
        /// The security identifier of the user for whom it was written, or empty.
        user: Vec<u8>,
        /// The process that wrote it.
        writer: u32,
        /// Its data: names, which may be empty, and texts by turns.
        data: Vec<Vec<u8>>,
    }

    // Contents.
    /// What the sample prints.
    80 Output {
        /// 1 or 2.
        stream: u8,
        /// A piece. Beyond the limit it is empty.
        bytes: Vec<u8>,
        /// Bytes on this stream so far, also those that were not sent.
        total: u64,
    }
    /// A piece of a file.
    81 File {
        /// Counts the files of this run.
        number: u32,
        /// Its path.
        path: Vec<u8>,
        /// Why it is sent.
        reason: Reason,
        /// Of the whole file, in bytes. More than comes, if it was cut.
        size: u64,
        /// Where this piece begins.
        offset: u64,
        /// The piece.
        bytes: Vec<u8>,
        /// No piece follows.
        last: bool,
    }
    /// A piece of a process' memory.
    82 Memory {
        /// Whose.
        target: u32,
        /// Where the mapping begins.
        address: u64,
        /// Of the whole mapping, in bytes.
        size: u64,
        /// Where this piece begins within the mapping.
        offset: u64,
        /// The mapping's name (`[heap]`, a file), or empty.
        name: Vec<u8>,
        /// The piece.
        bytes: Vec<u8>,
        /// No piece of this mapping follows.
        last: bool,
    }

    // The analyst's console.
    /// The shell is there and about to start; it is the notice's process.
    96 Console {}
    /// What it prints.
    97 Screen {
        /// A piece.
        bytes: Vec<u8>,
    }
    /// What was typed has been handed to it.
    98 Typed {
        /// Bytes so far.
        total: u64,
    }
    /// It has ended.
    99 ConsoleEnded {
        /// As `wait` gives it.
        status: u32,
    }
}
}

impl Notice {
    /// Appends the notice as a frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        crate::frame(out, |out| {
            self.at_ns.put(out);
            self.pid.put(out);
            self.what.put(out);
        });
    }

    /// The notice in a frame's body.
    pub fn decode(mut body: &[u8]) -> Result<Self, Malformed> {
        let from = &mut body;
        let notice =
            Self { at_ns: u64::take(from)?, pid: u32::take(from)?, what: What::take(from)? };
        if body.is_empty() { Ok(notice) } else { Err(Malformed) }
    }
}

impl Wire for Address {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::None => out.push(0),
            Self::Ip(end) => {
                out.push(1);
                end.put(out);
            }
            Self::Unix(path) => {
                out.push(2);
                path.put(out);
            }
            Self::Vsock { cid, port } => {
                out.push(3);
                cid.put(out);
                port.put(out);
            }
            Self::Other(family) => {
                out.push(4);
                family.put(out);
            }
        }
    }
    fn take(from: &mut &[u8]) -> Result<Self, Malformed> {
        Ok(match u8::take(from)? {
            0 => Self::None,
            1 => Self::Ip(SocketAddr::take(from)?),
            2 => Self::Unix(Vec::take(from)?),
            3 => Self::Vsock { cid: u32::take(from)?, port: u32::take(from)? },
            4 => Self::Other(u16::take(from)?),
            _ => return Err(Malformed),
        })
    }
    #[cfg(test)]
    fn any(source: &mut dyn FnMut() -> u64) -> Self {
        match source() % 5 {
            0 => Self::None,
            1 => Self::Ip(SocketAddr::any(source)),
            2 => Self::Unix(Vec::any(source)),
            3 => Self::Vsock { cid: u32::any(source), port: u32::any(source) },
            _ => Self::Other(u16::any(source)),
        }
    }
}

const REASONS: [Reason; 5] =
    [Reason::Dropped, Reason::Changed, Reason::Deleted, Reason::Executed, Reason::Before];

impl Wire for Reason {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(*self as u8);
    }
    fn take(from: &mut &[u8]) -> Result<Self, Malformed> {
        REASONS.get(usize::from(u8::take(from)?)).copied().ok_or(Malformed)
    }
    #[cfg(test)]
    fn any(source: &mut dyn FnMut() -> u64) -> Self {
        REASONS[source() as usize % REASONS.len()]
    }
}
