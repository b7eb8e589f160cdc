//! The detectors find Cowrie, find nothing on the real programs, and nothing on us.

use super::{Account, Finding, Ran, credentials, ftp, http, network, shell, ssh, ssh_wire, telnet};
use crate::support::cowrie::Cowrie;
use crate::support::program::Ukai;
use crate::support::sshd::Sshd;
use std::collections::BTreeSet;
use std::process::Command;

const SERVER: Account = Account { user: "root", password: "toor" };

fn report(of: &str, found: &[Finding]) {
    for Finding { check, seen } in found {
        println!("{of}: {check}: {seen}");
    }
}

#[test]
fn detectors_find_cowrie() {
    let cowrie = Cowrie::start();
    let account = Account { user: "root", password: "detectors" };
    let mut found = ssh_wire::findings(cowrie.ssh());
    found.extend(telnet::findings(cowrie.telnet()));
    let run = |line: &str| ssh(cowrie.ssh(), account, line);
    found.extend(shell::findings(&run));
    report("Cowrie", &found);
    let ways: BTreeSet<&str> = found.iter().map(|finding| finding.check).collect();
    for expected in ["F1 lone DO NAWS", "F2 version", "F3 algorithms", "F7 grammar"] {
        assert!(ways.contains(expected), "{expected} finds Cowrie; only {ways:?} do");
    }
    assert!(found.len() >= 20, "only {} findings", found.len());
}

#[test]
fn detectors_find_nothing_on_the_real_programs() {
    let run = |line: &str| {
        let output = Command::new("bash")
            .args(["-c", line])
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", "/root")
            .output()
            .expect("bash is installed");
        Ran {
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            status: output.status.code().unwrap_or(-1),
        }
    };
    let mut found = shell::findings(&run);
    let sshd = Sshd::start();
    found.extend(ssh_wire::findings(sshd.address()));
    report("real", &found);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn detectors_find_nothing_on_our_server() {
    let ukai = Ukai::start();
    let address = ukai.service("ssh", "server-debian");
    let mut found = ssh_wire::findings(address);
    found.extend(credentials::findings(address, SERVER));
    let run = |line: &str| ssh(address, SERVER, line);
    found.extend(shell::findings(&run));
    found.extend(shell::network(&run));
    found.extend(ftp::findings(ukai.service("ftp", "server-debian")));
    found.extend(http::findings(ukai.service("http", "server-debian")));
    report("server-debian", &found);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn detectors_find_nothing_on_our_devices() {
    let ukai = Ukai::start();
    let mut found = Vec::new();
    for persona in ["router-mips", "camera-arm"] {
        found.extend(telnet::findings(ukai.service("telnet", persona)));
        found.extend(http::findings(ukai.service("http", persona)));
    }
    found.extend(ssh_wire::findings(ukai.service("ssh", "router-mips")));
    report("devices", &found);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn neighbours_have_nothing_in_common() {
    let ukai = Ukai::start_with(|configuration| {
        configuration.push_str(
            r#"
[[honeypot.listeners]]
addresses = ["127.0.0.4", "127.0.0.5"]
persona = "server-debian"
ports = { ssh = [0] }
"#,
        );
    });
    let neighbours = ukai.services("ssh", "server-debian");
    assert!(neighbours.len() >= 3, "{neighbours:?}");
    let found = network::findings(&neighbours);
    let keys: usize = neighbours.iter().map(|address| network::host_keys(*address).len()).sum();
    assert!(keys >= 2 * neighbours.len(), "hosts have keys of several types");
    report("neighbours", &found);
    assert!(found.is_empty(), "{found:#?}");
    let names: BTreeSet<String> = neighbours
        .iter()
        .map(|address| ssh(*address, SERVER, "hostname; cat /proc/uptime | cut -d. -f1").out)
        .collect();
    assert_eq!(
        names.len(),
        neighbours.len(),
        "each has a name and an uptime of its own: {names:?}"
    );
}
