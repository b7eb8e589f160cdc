//! Detectors of honeypots, after the published ways in which they are recognised, and the
//! tests that run them: against Cowrie, which they must find, and against us.
//!
//! A detector looks at a service as an attacker's tool would, from outside, and says what
//! no real system would do. It knows nothing of our insides.

mod credentials;
mod ftp;
mod http;
mod network;
mod shell;
mod ssh_wire;
mod telnet;
mod verdict;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Something that no real system would do.
#[derive(Debug)]
pub(crate) struct Finding {
    /// The way in which it was recognised: `F5 accept-all`.
    pub(crate) check: &'static str,
    /// What was seen.
    pub(crate) seen: String,
}

impl Finding {
    pub(crate) fn new(check: &'static str, seen: impl Into<String>) -> Self {
        let mut seen = seen.into();
        seen.truncate(seen.floor_char_boundary(400));
        Self { check, seen }
    }
}

/// An account that the target lets in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    pub(crate) user: &'static str,
    pub(crate) password: &'static str,
}

/// What came of one command over SSH.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) status: i32,
}

/// Runs `command` over SSH with the real client. A log-in that is refused has status 5.
pub(crate) fn ssh(target: SocketAddr, account: Account, command: &str) -> Ran {
    let Output { stdout, stderr, status } = Command::new("sshpass")
        .args(["-p", account.password, "ssh"])
        .args(["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"])
        .args(["-o", "LogLevel=ERROR", "-o", "NumberOfPasswordPrompts=1"])
        .args(["-o", "PreferredAuthentications=password,keyboard-interactive"])
        .args(["-o", "ConnectTimeout=10", "-F", "none", "-p", &target.port().to_string()])
        .arg(format!("{}@{}", account.user, target.ip()))
        .arg(command)
        .stdin(Stdio::null())
        .output()
        .expect("sshpass and ssh are installed");
    Ran {
        out: String::from_utf8_lossy(&stdout).into_owned(),
        err: String::from_utf8_lossy(&stderr).into_owned(),
        status: status.code().unwrap_or(-1),
    }
}

/// Sends `bytes` on a new connection after what the server says first, and gives what came
/// until the server is silent for `quiet` or hangs up, and whether it hung up.
pub(crate) fn exchange(target: SocketAddr, bytes: &[u8], quiet: Duration) -> (Vec<u8>, bool) {
    let mut stream = connect(target);
    // A peer that has hung up already is an answer, too.
    let _ = stream.write_all(bytes);
    read_until_quiet(&mut stream, quiet)
}

pub(crate) fn connect(target: SocketAddr) -> TcpStream {
    TcpStream::connect_timeout(&target, Duration::from_secs(5))
        .unwrap_or_else(|error| panic!("{target} does not listen: {error}"))
}

/// Reads until nothing comes for `quiet`, for at most 20 seconds.
pub(crate) fn read_until_quiet(stream: &mut TcpStream, quiet: Duration) -> (Vec<u8>, bool) {
    stream.set_read_timeout(Some(quiet)).expect("a socket option");
    let limit = Instant::now() + Duration::from_secs(20);
    let mut heard = Vec::new();
    let mut buffer = [0; 8192];
    while Instant::now() < limit {
        match stream.read(&mut buffer) {
            Ok(0) => return (heard, true),
            Ok(count) => heard.extend_from_slice(&buffer[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return (heard, false);
            }
            Err(_) => return (heard, true),
        }
    }
    (heard, false)
}
