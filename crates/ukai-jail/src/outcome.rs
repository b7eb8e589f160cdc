//! How a run ended, and why.

use crate::limits::{JailLimits, LAST_WORDS_BYTES_MAX};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use ukai_model::PeerText;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JailOutcome {
    /// The child came to its end: all its output.
    Done(Vec<u8>),
    /// The child was ended or failed after it wrote something: its whole lines until then.
    Partial {
        /// Whole lines.
        output: Vec<u8>,
        /// What ended it, for a reader.
        reason: String,
    },
    /// Somebody else ended the child (an operator, the kernel short of memory): it says nothing
    /// of the input, and another run may come to its end.
    Interrupted {
        /// The whole lines until then, if there are any.
        output: Vec<u8>,
        /// What is known of it, for a reader.
        reason: String,
    },
    /// Nothing came of it.
    Failed {
        /// Why, for a reader.
        reason: String,
    },
}

impl JailOutcome {
    /// Partial if `output` has a whole line, else failed.
    pub(crate) fn cut_short(mut output: Vec<u8>, reason: String) -> Self {
        keep_whole_lines(&mut output);
        if output.is_empty() { Self::Failed { reason } } else { Self::Partial { output, reason } }
    }

    pub(crate) fn interrupted(mut output: Vec<u8>, reason: String) -> Self {
        keep_whole_lines(&mut output);
        Self::Interrupted { output, reason }
    }
}

fn keep_whole_lines(output: &mut Vec<u8>) {
    let whole = output.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    output.truncate(whole);
}

/// Whether somebody else ended it: our own limits end it by other signals, and what we kill
/// ourselves has its reason already.
pub(crate) fn is_from_outside(status: ExitStatus) -> bool {
    matches!(status.signal(), Some(libc::SIGKILL | libc::SIGTERM | libc::SIGINT | libc::SIGHUP))
}

/// The reason of an unsuccessful end that the child brought upon itself.
pub(crate) fn reason(status: ExitStatus, stderr: &[u8], limits: &JailLimits) -> String {
    // Written by the standard library right before it aborts.
    let said = |text: &[u8]| stderr.windows(text.len()).any(|window| window == text);
    match status.signal() {
        Some(libc::SIGSYS) => "killed by SIGSYS: forbidden system call".to_owned(),
        Some(libc::SIGXCPU) => format!("processor time limit of {} s", limits.cpu_s),
        Some(libc::SIGABRT) if said(b"memory allocation of ") => {
            format!("memory limit of {}", size(limits.memory_bytes))
        }
        Some(libc::SIGABRT) if said(b"overflowed its stack") => "stack overflow".to_owned(),
        Some(signal) => with_last_words(format!("killed by {}", signal_name(signal)), stderr),
        None => with_last_words(format!("exit code {}", status.code().unwrap_or(-1)), stderr),
    }
}

/// `10 s`, `1.5 s`, `20 ms`.
pub(crate) fn duration(milliseconds: u64) -> String {
    match milliseconds {
        0..1000 => format!("{milliseconds} ms"),
        whole if whole % 1000 == 0 => format!("{} s", whole / 1000),
        _ => format!("{:.1} s", milliseconds as f64 / 1000.0),
    }
}

/// `64 MiB`, `100 kiB`, `12 bytes`.
pub(crate) fn size(bytes: u64) -> String {
    const KIB: u64 = 1024;
    match bytes {
        0..KIB => format!("{bytes} bytes"),
        _ if bytes.is_multiple_of(KIB * KIB) => format!("{} MiB", bytes / (KIB * KIB)),
        _ => format!("{} KiB", bytes / KIB),
    }
}

/// The child's error output was made from hostile input: bounded and escaped.
fn with_last_words(reason: String, stderr: &[u8]) -> String {
    let words = stderr.trim_ascii();
    if words.is_empty() {
        return reason;
    }
    let words = PeerText::truncated(words, LAST_WORDS_BYTES_MAX);
    format!("{reason}: {}", words.escaped().replace("\\x0a", " "))
}

fn signal_name(signal: i32) -> String {
    match signal {
        libc::SIGABRT => "SIGABRT".to_owned(),
        libc::SIGBUS => "SIGBUS".to_owned(),
        libc::SIGFPE => "SIGFPE".to_owned(),
        libc::SIGILL => "SIGILL".to_owned(),
        libc::SIGKILL => "SIGKILL".to_owned(),
        libc::SIGSEGV => "SIGSEGV".to_owned(),
        libc::SIGTERM => "SIGTERM".to_owned(),
        libc::SIGTRAP => "SIGTRAP".to_owned(),
        other => format!("signal {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{JailOutcome, duration, size, with_last_words};

    #[test]
    fn a_half_line_is_not_output() {
        let cut = |output: &[u8]| JailOutcome::cut_short(output.to_vec(), "r".to_owned());
        assert_eq!(cut(b"half"), JailOutcome::Failed { reason: "r".to_owned() });
        assert_eq!(
            cut(b"one\nhal"),
            JailOutcome::Partial { output: b"one\n".to_vec(), reason: "r".to_owned() }
        );
    }

    #[test]
    fn quantities_read_well() {
        assert_eq!([duration(20), duration(10_000), duration(1500)], ["20 ms", "10 s", "1.5 s"]);
        assert_eq!([size(12), size(1 << 20), size(102_400)], ["12 bytes", "1 MiB", "100 KiB"]);
    }

    #[test]
    fn last_words_cannot_write_to_the_terminal() {
        let reason = with_last_words("exit code 1".to_owned(), b"\x1b[2Ja\nb\n");
        assert_eq!(reason, r"exit code 1: \x1b[2Ja b");
    }
}
