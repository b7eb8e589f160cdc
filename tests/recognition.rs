//! What the tools by which honeypots are recognised say of ours.

use crate::support::program::Ukai;
use std::process::Command;

/// Runs nmap's version detection on loopback services of `ukai`.
fn nmap(ukai: &Ukai, protocol: &str, persona: &str) -> String {
    let address = ukai.service(protocol, persona);
    let output = Command::new("nmap")
        .args([
            "-sV",
            "-Pn",
            "-n",
            "--version-all",
            "-p",
            &address.port().to_string(),
            &address.ip().to_string(),
        ])
        .output()
        .expect("nmap runs (Debian's nmap)");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    let lower = text.to_lowercase();
    for word in [
        "honeypot",
        "cowrie",
        "dionaea",
        "kojoney",
        "nepenthes",
        "honeyd",
        "honeytrap",
        "opencanary",
    ] {
        assert!(!lower.contains(word), "nmap recognises {persona}'s {protocol} as {word}:\n{text}");
    }
    text
}

#[test]
fn nmap_names_the_personas_software() {
    let ukai = Ukai::start();
    for (protocol, persona, expected) in [
        ("telnet", "router-mips", "telnet"),
        ("telnet", "camera-arm", "telnet"),
        ("http", "router-mips", "http"),
        ("http", "camera-arm", "http"),
        ("http", "server-debian", "http"),
        ("https", "server-debian", "http"),
    ] {
        let text = nmap(&ukai, protocol, persona);
        let line = text.lines().find(|line| line.contains("/tcp")).expect("nmap lists the port");
        println!("{persona} {protocol}: {line}");
        assert!(line.contains("open") && line.contains(expected), "{line}");
        assert!(!line.contains('?'), "nmap is sure of the service: {line}");
    }
}

#[test]
fn hydra_finds_the_telnet_password() {
    let ukai = Ukai::start();
    let address = ukai.service("telnet", "camera-arm");
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let list = folder.path().join("passwords");
    std::fs::write(&list, "123456\nqwerty\nletmein\nvizxv\nxc3511\nxmhdipc\n").expect("a list");
    let output = Command::new("hydra")
        .args(["-l", "root", "-P"])
        .arg(&list)
        .args(["-I", "-s", &address.port().to_string(), &address.ip().to_string(), "telnet"])
        .current_dir(folder.path())
        .output()
        .expect("hydra runs (Debian's hydra)");
    let text = String::from_utf8_lossy(&output.stdout);
    let found: Vec<&str> = text.lines().filter(|line| line.contains("password:")).collect();
    assert!(
        !found.is_empty(),
        "hydra finds a password:\n{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    println!("{}", found.join("\n"));
    assert!(
        found
            .iter()
            .all(|line| !line.ends_with("password: 123456") && !line.ends_with("password: qwerty")),
        "not accept-all:\n{text}"
    );
}
