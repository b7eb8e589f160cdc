//! A running `ukai internet`, with the test as its guest.

use super::network::sh;
use super::program::binary;
use super::wait_for;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The gateway of the default scenario, which is also the name server.
pub(crate) const GATEWAY: &str = "192.168.178.1";

/// The same with IPv6.
pub(crate) const GATEWAY_V6: &str = "2a02:8071:51c2:1a00::1";

/// `ukai internet` on a TAP device of this network namespace, whose only route leads there.
pub(crate) struct VirtualInternet {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    folder: TempDir,
}

impl VirtualInternet {
    /// Starts it; this namespace, which must have mounts of its own, gets the guest's
    /// addresses and name server.
    pub(crate) fn start(scenario: &str) -> Self {
        let internet = Self::launch(scenario, &["--tap", "ukai0"]);
        let servers = internet.folder.path().join("resolv.conf");
        std::fs::write(&servers, format!("nameserver {GATEWAY}\n")).expect("a file");
        sh(&format!("mount --bind {} /etc/resolv.conf", servers.display()));
        sh(&format!(
            "echo 0 > /proc/sys/net/ipv6/conf/ukai0/accept_ra
             echo 0 > /proc/sys/net/ipv6/conf/ukai0/disable_ipv6
             ip link set ukai0 up
             ip address add 192.168.178.23/24 dev ukai0
             ip route add default via {GATEWAY}
             ip address add 2a02:8071:51c2:1a00::17/64 dev ukai0 nodad
             ip -6 route replace default via fe80::1 dev ukai0"
        ));
        internet
    }

    /// Starts it for the guest that `place` says.
    pub(crate) fn launch(scenario: &str, place: &[&str]) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let file = folder.path().join("scenario.toml");
        std::fs::write(&file, scenario).expect("a file");
        let mut child = Command::new(binary())
            .arg("internet")
            .args(place)
            .arg("--scenario")
            .arg(&file)
            .arg("--record")
            .arg(folder.path().join("record"))
            .arg("--ca")
            .arg(folder.path().join("ca"))
            .arg("--json")
            .stdout(Stdio::piped())
            .spawn()
            .expect("ukai runs");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        let ready: Value = serde_json::from_str(&line).expect("the readiness line");
        assert_eq!(ready["ready"], true, "{line}");
        Self { child, stdout, folder }
    }

    /// A folder for whatever a test needs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The certificate of its authority.
    pub(crate) fn ca(&self) -> String {
        self.folder.path().join("ca/ca.pem").display().to_string()
    }

    /// Its record.
    pub(crate) fn record(&self) -> PathBuf {
        self.folder.path().join("record")
    }

    /// Events of a kind, once there are some with which `enough` is content.
    pub(crate) fn events(&self, kind: &str, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let file = self.record().join("events.ndjson");
        wait_for(kind, Duration::from_secs(20), || {
            let text = std::fs::read_to_string(&file).ok()?;
            let all = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let some: Vec<Value> = all.filter(|event| event["kind"] == kind).collect();
            enough(&some).then_some(some)
        })
    }

    /// Ends it; its summary.
    pub(crate) fn end(&mut self) -> Value {
        sh(&format!("kill -TERM {}", self.child.id()));
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line");
        assert!(self.child.wait().expect("it ends").success());
        serde_json::from_str(&line).expect("the summary")
    }
}

impl Drop for VirtualInternet {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
