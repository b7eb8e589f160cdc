//! A running Cowrie, which the detectors must find. `tools/setup.sh test` installs
//! it from PyPI.

use super::program::free_port;
use super::wait_for;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Cowrie refuses to run as root: the user and group `nobody` of Debian.
const NOBODY: u32 = 65_534;

/// A running Cowrie. Ended when dropped.
pub(crate) struct Cowrie {
    child: Child,
    ssh: SocketAddr,
    telnet: SocketAddr,
    folder: TempDir,
}

impl Cowrie {
    /// Starts with its default host and the account `root:detectors`.
    pub(crate) fn start() -> Self {
        let programs = Path::new("/opt/ukai-test/cowrie/bin");
        let twistd = programs.join("twistd");
        assert!(
            twistd.exists(),
            "{} is missing: `tools/setup.sh test` installs it",
            twistd.display()
        );
        // Readable by nobody, as a folder of the test's own is not.
        let folder = TempDir::new_in("/var/tmp").expect("a temporary folder");
        let root = folder.path();
        let [ssh, telnet] = [(); 2].map(|()| SocketAddr::from(([127, 0, 0, 1], free_port())));
        for part in
            ["etc", "var/run", "var/log/cowrie", "var/lib/cowrie/downloads", "var/lib/cowrie/tty"]
        {
            std::fs::create_dir_all(root.join(part)).expect("a folder");
        }
        let configuration = format!(
            "[ssh]\nenabled = true\nlisten_endpoints = tcp:{}:interface=127.0.0.1\n\
             [telnet]\nenabled = true\nlisten_endpoints = tcp:{}:interface=127.0.0.1\n",
            ssh.port(),
            telnet.port()
        );
        std::fs::write(root.join("etc/cowrie.cfg"), configuration).expect("a file");
        std::fs::write(root.join("etc/userdb.txt"), "root:x:detectors\n").expect("a file");
        give_to_nobody(root);
        let mut command = Command::new(programs.join("python"));
        command
            .arg(&twistd)
            .args([
                "--nodaemon",
                "--umask=0022",
                "--pidfile=var/run/cowrie.pid",
                "-l",
                "-",
                "cowrie",
            ])
            .current_dir(root)
            .env("HOME", root)
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(root.join("log")).expect("a file"))
            .stderr(Stdio::null());
        if std::fs::metadata("/proc/self")
            .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
        {
            command.uid(NOBODY).gid(NOBODY);
        }
        let child = command.spawn().expect("Cowrie starts");
        let cowrie = Self { child, ssh, telnet, folder };
        for address in [ssh, telnet] {
            wait_for("Cowrie listens", Duration::from_mins(1), || TcpStream::connect(address).ok());
        }
        cowrie
    }

    pub(crate) fn ssh(&self) -> SocketAddr {
        self.ssh
    }

    /// What it has logged so far, a JSON object a line.
    pub(crate) fn events(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("var/log/cowrie/cowrie.json"))
            .unwrap_or_default()
    }

    pub(crate) fn telnet(&self) -> SocketAddr {
        self.telnet
    }
}

fn give_to_nobody(root: &Path) {
    std::fs::set_permissions(root, PermissionsExt::from_mode(0o755)).expect("our own folder");
    let mut waiting: Vec<PathBuf> = vec![root.to_owned()];
    while let Some(path) = waiting.pop() {
        // As nobody itself, there is nothing to give.
        let _ = std::os::unix::fs::chown(&path, Some(NOBODY), Some(NOBODY));
        if path.is_dir() {
            let inside = std::fs::read_dir(&path).expect("our own folder");
            waiting.extend(inside.map(|entry| entry.expect("an entry").path()));
        }
    }
}

impl Drop for Cowrie {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            eprintln!("--- Cowrie's log ---\n{log}");
        }
    }
}
