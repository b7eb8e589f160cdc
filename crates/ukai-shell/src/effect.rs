//! What a shell asks its surroundings for.

use crate::FetchId;
use bytes::Bytes;
use ukai_model::{CaptureHow, PeerText, Sha256, Timestamp};

/// What a [`Shell`](crate::Shell) or [`Console`](crate::Console) asks for, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum ShellEffect {
    /// Bytes for the peer's screen. Lines end with `\n` from a `Shell`, with `\r\n`
    /// from a `Console`.
    Output(Bytes),
    /// Standard error, where there is no terminal; on one it is `Output`.
    ErrorOutput(Bytes),
    /// Bytes that the peer typed, as they came; from a `Console` only, for recordings.
    Input(Bytes),
    /// A complete command was read and is now run.
    Command {
        /// Its text, at most [`limits::RECORDED_LINE_BYTES`](crate::limits::RECORDED_LINE_BYTES).
        line: PeerText,
        /// Names in it that are no command of ours; those met after the command first
        /// had to wait are missing.
        unknown: Vec<PeerText>,
    },
    /// The attacker made a file by shell means, and it is whole.
    Captured {
        /// Where in the virtual file system.
        path: PeerText,
        /// The bytes.
        bytes: Bytes,
        /// How it came.
        how: CaptureHow,
    },
    /// A file that the attacker brought was started.
    Executed {
        /// Where in the virtual file system.
        path: PeerText,
        /// The argument list, joined by spaces.
        arguments: PeerText,
        /// The file's digest.
        sha256: Sha256,
    },
    /// Fetch a file; the answer goes to `on_fetched` under the same id.
    Fetch {
        /// The shell's own number for it.
        id: FetchId,
        /// Where from, with scheme.
        url: PeerText,
        /// The command that asked: `wget`, `curl`, `tftp`, `ftpget` ...
        tool: &'static str,
    },
    /// A fetched file was kept.
    Kept {
        /// Where in the virtual file system.
        path: PeerText,
        /// What came.
        bytes: Bytes,
    },
    /// A program evaluates a text that it put together; told only where interpreters go on.
    Evaluated {
        /// The text.
        text: Bytes,
        /// The interpreter: `sh`, `python3`, `perl`.
        tool: &'static str,
    },
    /// An interpreter of the host starts a program, or a command line through a shell.
    Started {
        /// The command line: what the shell is given, or the words joined by spaces.
        line: PeerText,
        /// The interpreter: `python3`, `perl`.
        tool: &'static str,
    },
    /// A program of the host was to connect to somewhere, and nobody took it.
    Connect {
        /// Host or address, as it was asked for.
        host: PeerText,
        /// Port.
        port: u16,
        /// The program that asked: `nc`, `ssh`, `python3` ...
        tool: &'static str,
    },
    /// Call `on_timer` at this time or soon after. A later one replaces it.
    Timer(Timestamp),
    /// A limit cut something short.
    Limit {
        /// Name of the limit.
        limit: &'static str,
        /// What was cut, for a reader.
        detail: String,
    },
}
