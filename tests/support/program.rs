//! The program under test, as its users start it: `ukai up --json`.

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A running `ukai up` with a data folder of its own. Ended when dropped.
pub(crate) struct Ukai {
    child: Child,
    folder: TempDir,
    ready: Value,
}

/// The binary that cargo built for this test run.
pub(crate) fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_ukai")
}

/// A TCP port of 127.0.0.1 that is free now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .expect("loopback has free ports")
        .port()
}

/// The configuration that whole-program tests run with: any free ports, loopback open to
/// the egress, documentation ranges publishable.
pub(crate) fn test_configuration(data: &Path) -> String {
    format!(
        r#"
data_dir = "{data}"

[hub]
listen = "127.0.0.1:0"

[egress]
allow = ["127.0.0.0/8"]

[indicators]
publish_documentation_ranges = true

[[honeypot.listeners]]
addresses = ["127.0.0.1"]
persona = "router-mips"
ports = {{ telnet = [0], ssh = [0], http = [0], raw = [0] }}

[[honeypot.listeners]]
addresses = ["127.0.0.2"]
persona = "camera-arm"
ports = {{ telnet = [0], http = [0], detect = [0] }}

[[honeypot.listeners]]
addresses = ["127.0.0.3"]
persona = "server-debian"
ports = {{ ssh = [0], ftp = [0], smtp = [0], pop3 = [0], imap = [0], mysql = [0], redis = [0], postgresql = [0], mongodb = [0], http = [0], https = [0], detect = [0] }}
"#,
        data = data.display(),
    )
}

impl Ukai {
    /// Starts with the tests' configuration and waits until it is ready.
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// Starts with the tests' configuration, changed by `change`.
    pub(crate) fn start_with(change: impl FnOnce(&mut String)) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("a folder");
        // The fate of a guessed password hangs on it: one that is the same in every run.
        let secret = data.join("secret");
        std::fs::write(&secret, "07".repeat(32)).expect("a file");
        let own = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&secret, own).expect("the file is ours");
        let mut configuration = test_configuration(&data);
        change(&mut configuration);
        let path = folder.path().join("ukai.toml");
        std::fs::write(&path, configuration).expect("the configuration can be written");
        Self::launch(folder, &path, Command::new(binary()))
    }

    /// Starts with a persona named `reference` besides, on 127.0.0.4, with one service. Its
    /// file is in `folder`, which must last.
    pub(crate) fn start_as(folder: &TempDir, persona: &str, service: &str) -> Self {
        let file = folder.path().join("reference.toml");
        std::fs::write(&file, persona).expect("a file");
        Self::start_with(|configuration| {
            let listener = format!(
                "\n[[honeypot.listeners]]\naddresses = [\"127.0.0.4\"]\npersona = \"reference\"\n\
                 ports = {{ {service} = [0] }}\n\n[honeypot]\npersona_files = [{:?}]\n",
                file.display().to_string()
            );
            configuration.push_str(&listener);
        })
    }

    /// Starts on a data folder of `megabytes`, a file system of its own that only this
    /// process sees. What is on it can be reached through [`Self::private_data`].
    pub(crate) fn start_on_small_disk(megabytes: u32) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("a folder");
        let path = folder.path().join("ukai.toml");
        std::fs::write(&path, test_configuration(&data)).expect("the configuration can be written");
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--propagation", "private", "sh", "-ec"])
            .arg(format!("mount -t tmpfs -o size={megabytes}m none \"$0\"; exec \"$@\""))
            .arg(data)
            .arg(binary());
        Self::launch(folder, &path, command)
    }

    /// The data folder as the process sees it.
    pub(crate) fn private_data(&self) -> PathBuf {
        let data = self.data();
        let below_root = data.strip_prefix("/").expect("an absolute path");
        Path::new("/proc").join(self.pid().to_string()).join("root").join(below_root)
    }

    fn launch(folder: TempDir, configuration: &Path, mut command: Command) -> Self {
        let mut child = command
            .args(["up", "--json", "--config"])
            .arg(configuration)
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(folder.path().join("stderr")).expect("a log file"))
            .spawn()
            .expect("ukai starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout is piped"))
            .read_line(&mut line)
            .expect("ukai prints when it is ready");
        let Ok(ready) = serde_json::from_str(&line) else {
            let log = std::fs::read_to_string(folder.path().join("stderr")).unwrap_or_default();
            panic!("ukai up printed {line:?} instead of its readiness line; stderr:\n{log}");
        };
        Self { child, folder, ready }
    }

    /// Kills the process with SIGKILL and starts it again on the same data.
    pub(crate) fn kill_and_restart(mut self) -> Self {
        self.child.kill().expect("the process can be killed");
        self.child.wait().expect("the process ends");
        let folder =
            std::mem::replace(&mut self.folder, TempDir::new().expect("a temporary folder"));
        let path = folder.path().join("ukai.toml");
        Self::launch(folder, &path, Command::new(binary()))
    }

    /// `http://127.0.0.1:PORT` of the UI.
    pub(crate) fn url(&self) -> String {
        self.ready["ui"].as_str().expect("the UI's address").trim_end_matches('/').to_owned()
    }

    /// The token that opens the UI.
    pub(crate) fn token(&self) -> String {
        std::fs::read_to_string(self.private_data().join("ui-token"))
            .expect("the token file")
            .trim()
            .to_owned()
    }

    /// Where a persona's service listens.
    pub(crate) fn service(&self, protocol: &str, persona: &str) -> SocketAddr {
        *self
            .services(protocol, persona)
            .first()
            .unwrap_or_else(|| panic!("no {protocol} of {persona} in {}", self.ready))
    }

    /// Where all hosts of a persona have a service.
    pub(crate) fn services(&self, protocol: &str, persona: &str) -> Vec<SocketAddr> {
        self.ready["services"]
            .as_array()
            .expect("a list of services")
            .iter()
            .filter(|service| service["protocol"] == protocol && service["persona"] == persona)
            .map(|service| service["address"].as_str().expect("text").parse().expect("an address"))
            .collect()
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The configuration file.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.folder.path().join("ukai.toml")
    }

    /// What it wrote to standard error so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("stderr")).unwrap_or_default()
    }

    /// Sends SIGTERM and gives the exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
        assert!(sent.success(), "the process is there");
        super::wait_for("the end after SIGTERM", Duration::from_secs(20), || {
            self.child.try_wait().expect("the process can be awaited")
        })
        .code()
    }
}

impl Drop for Ukai {
    fn drop(&mut self) {
        // Already gone after `terminate`; then both fail, rightly.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- ukai's standard error ---\n{}", self.log());
        }
    }
}
