//! OpenSSH's client, with every algorithm that it and a profile have in common.

use crate::serve;
use std::process::{Command, Output, Stdio};
use ukai_ssh::Profile;

/// Runs `ssh` with these options and this command.
fn ssh(port: u16, options: &[String], command: &str) -> Output {
    let mut ssh = Command::new("sshpass");
    ssh.args(["-p", "secret", "ssh", "-F", "/dev/null", "-p", &port.to_string()]);
    for option in [
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "LogLevel=ERROR",
        "PreferredAuthentications=password",
        "NumberOfPasswordPrompts=1",
        "HostKeyAlgorithms=+ssh-rsa,ssh-dss",
        "RequiredRSASize=1024",
    ] {
        // The first value of an option counts; ours come after those of the caller.
        let name = option.split('=').next().unwrap_or_default();
        if !options.iter().any(|given| given.starts_with(name)) {
            ssh.args(["-o", option]);
        }
    }
    for option in options {
        ssh.args(["-o", option]);
    }
    ssh.args(["root@127.0.0.1", command]);
    ssh.stdin(Stdio::null()).output().expect("ssh and sshpass are installed")
}

fn check(port: u16, options: &[String]) {
    let output = ssh(port, options, "echo hello");
    assert_eq!(
        (output.status.code(), String::from_utf8_lossy(&output.stdout).as_ref()),
        (Some(7), "echo hello\n"),
        "{options:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// What this machine's client can do.
fn client(query: &str) -> Vec<String> {
    let output = Command::new("ssh").args(["-Q", query]).output().expect("ssh is installed");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

fn common(ours: &[String], query: &str) -> Vec<String> {
    let theirs = client(query);
    ours.iter().filter(|name| theirs.contains(name)).cloned().collect()
}

fn every_algorithm(name: &str) {
    let profile = Profile::named(name).expect("a profile");
    let port = serve::start(name);
    let lists = &profile.kex;
    let first_host_key = |key: &str| format!("HostKeyAlgorithms={key}");
    let fast = first_host_key(if name == "dropbear-2012.55" { "ssh-rsa" } else { "ssh-ed25519" });
    let kex = common(&lists.kex, "kex");
    assert!(!kex.is_empty(), "there is something to test");
    for kex in kex {
        check(port, &[format!("KexAlgorithms={kex}"), fast.clone()]);
    }
    let plain_kex = if name == "dropbear-2012.55" {
        "KexAlgorithms=diffie-hellman-group14-sha1"
    } else {
        "KexAlgorithms=curve25519-sha256"
    }
    .to_owned();
    for key in common(&lists.host_key, "HostKeyAlgorithms") {
        check(port, &[first_host_key(&key), plain_kex.clone()]);
    }
    let macs = common(&lists.mac_in, "mac");
    for cipher in common(&lists.cipher_in, "cipher") {
        let authenticates = cipher.contains("gcm") || cipher.contains("poly1305");
        for mac in &macs[..if authenticates { 1 } else { macs.len() }] {
            check(
                port,
                &[
                    format!("Ciphers={cipher}"),
                    format!("MACs={mac}"),
                    plain_kex.clone(),
                    fast.clone(),
                ],
            );
        }
    }
    check(port, &["Compression=yes".to_owned(), plain_kex, fast]);
}

#[test]
fn every_algorithm_of_openssh_9_2() {
    every_algorithm("openssh-9.2p1-debian12");
}

#[test]
fn every_algorithm_of_openssh_8_4() {
    every_algorithm("openssh-8.4p1-debian11");
}

#[test]
fn every_algorithm_of_dropbear_2022() {
    every_algorithm("dropbear-2022.83");
}

#[test]
fn every_algorithm_of_dropbear_2012() {
    every_algorithm("dropbear-2012.55");
}

#[test]
fn much_data_and_new_keys_in_between() {
    let port = serve::start("openssh-9.2p1-debian12");
    let output = ssh(port, &["RekeyLimit=500K".to_owned(), "Compression=yes".to_owned()], "flood");
    assert_eq!(output.stdout.len(), serve::FLOOD_BYTES, "{:?}", output.stderr);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_wrong_password_is_denied() {
    let port = serve::start("openssh-9.2p1-debian12");
    let output = Command::new("sshpass")
        .args(["-p", "wrong", "ssh", "-F", "/dev/null", "-p", &port.to_string()])
        .args(["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"])
        .args(["-o", "NumberOfPasswordPrompts=1", "root@127.0.0.1", "true"])
        .output()
        .expect("ssh and sshpass are installed");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("Permission denied (publickey,password)."), "{text}");
}

#[test]
fn keys_of_every_type_log_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = serve::start("openssh-9.2p1-debian12");
    for (kind, bits) in
        [("ed25519", "256"), ("rsa", "2048"), ("ecdsa", "256"), ("ecdsa", "384"), ("ecdsa", "521")]
    {
        let file = folder.path().join(format!("{kind}{bits}"));
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", kind, "-b", bits, "-N", "", "-f"])
            .arg(&file)
            .status()
            .expect("ssh-keygen is installed");
        assert!(made.success());
        let identity = format!("IdentityFile={}", file.display());
        check(
            port,
            &[
                "PreferredAuthentications=publickey".to_owned(),
                "IdentitiesOnly=yes".to_owned(),
                identity,
            ],
        );
    }
}
