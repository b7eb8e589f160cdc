//! A real OpenSSH server on loopback, to compare with.

use super::program::free_port;
use super::wait_for;
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A running `sshd` with host keys of its own. Ended when dropped.
pub(crate) struct Sshd {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Sshd {
    /// Starts with Debian's configuration and order of keys, but for port, keys and log.
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let mut command = Command::new("/usr/sbin/sshd");
        let port = free_port();
        command.args(["-D", "-e", "-o", "ListenAddress=127.0.0.1", "-o", "PidFile=none"]);
        command.args(["-p", &port.to_string()]);
        for kind in ["rsa", "ecdsa", "ed25519"] {
            let path = folder.path().join(kind);
            let made = Command::new("ssh-keygen")
                .args(["-q", "-N", "", "-t", kind, "-f"])
                .arg(&path)
                .status()
                .expect("ssh-keygen is installed");
            assert!(made.success(), "a host key can be made");
            command.arg("-h").arg(path);
        }
        // The folder into which the unprivileged child is locked.
        std::fs::create_dir_all("/run/sshd").expect("tests run as root, as sshd must");
        let child = command
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("log")).expect("a log file"))
            .spawn()
            .expect("sshd is installed (openssh-server)");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        wait_for("sshd listens", Duration::from_secs(10), || TcpStream::connect(address).ok());
        Self { child, address, _folder: folder }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
