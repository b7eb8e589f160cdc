//! A machine of QEMU as the guest: its network card's own boot program asks for an address
//! and for what to boot, without any disk.

use crate::support::internet::VirtualInternet;
use crate::support::wait_for;
use serde_json::Value;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A machine that ends with this.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_machine_of_qemu_is_given_an_address() {
    let place = TempDir::new().expect("a folder");
    let socket = place.path().join("net.sock");
    let at = socket.display().to_string();
    let card = format!("stream,id=n,addr.type=unix,addr.path={at}");
    let machine = std::thread::spawn(move || {
        // It gives up if nobody listens yet.
        wait_for("the socket", Duration::from_secs(20), || socket.exists().then_some(()));
        Command::new("qemu-system-x86_64")
            .args(["-accel", "tcg", "-m", "64", "-nodefaults", "-display", "none", "-boot", "n"])
            .args(["-netdev", &card, "-device", "virtio-net-pci,netdev=n"])
            .stdin(Stdio::null())
            .spawn()
            .map(Ended)
            .expect("qemu-system-x86_64 (Debian: qemu-system-x86)")
    });
    let mut internet = VirtualInternet::launch("", &["--qemu-socket", &at]);
    let machine = machine.join().expect("a machine");
    // Over IPv4 it asks twice, over IPv6 once.
    let granted = |event: &Value| {
        event["protocol"] == "dhcp"
            && event["request"] == "request"
            && event["detail"].as_str().is_some_and(|given| given.ends_with("192.168.178.23"))
    };
    internet.events("service.request", |asked| {
        asked.iter().any(granted) && asked.iter().any(|event| event["protocol"] == "dhcpv6")
    });
    drop(machine);
    let summary: Value = internet.end();
    assert!(summary["events"].as_u64().is_some_and(|count| count > 0), "{summary}");
}
