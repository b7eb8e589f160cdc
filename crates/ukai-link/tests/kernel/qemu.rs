//! A real QEMU between the kernel and our stack: its hub joins a TAP device with a socket
//! of ours.

use crate::endpoint::serve_on;
use crate::in_namespace;
use crate::packet::{clients, runtime};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use ukai_link::{QemuDatagram, QemuListener, QemuStream};
use ukai_netstack::{Link, Personality};

/// QEMU without a machine, joining `tap0` with a device that the test gives.
struct Qemu(Child);

impl Qemu {
    fn start(device: &str) -> Self {
        let mut qemu = Command::new("qemu-system-x86_64");
        qemu.args(["-M", "none", "-nodefaults", "-display", "none", "-netdev", device]);
        qemu.args(["-netdev", "hubport,id=h0,hubid=0,netdev=ours"]);
        qemu.args(["-netdev", "tap,id=tap,ifname=tap0,script=no,downscript=no"]);
        qemu.args(["-netdev", "hubport,id=h1,hubid=0,netdev=tap"]);
        let qemu = qemu.stdin(Stdio::null()).spawn();
        Self(qemu.unwrap_or_else(|error| panic!("qemu-system-x86_64 (tools/setup.sh): {error}")))
    }

    /// Waits for something that QEMU does as it starts.
    async fn until(&mut self, what: impl Fn() -> bool) {
        while !what() {
            assert!(self.0.try_wait().expect("a child").is_none(), "QEMU has ended");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// Lets the kernel's clients talk to our stack through it.
    async fn carries(mut self, link: impl Link + 'static, client: &str) {
        // /sys shows the devices of the namespace that mounted it.
        let exists = || {
            let shown = Command::new("ip").args(["link", "show", "tap0"]).output();
            shown.expect("ip runs").status.success()
        };
        self.until(exists).await;
        let script = format!(
            "\
ip link set lo up
ip address add 203.0.113.1/24 dev tap0
ip address add 2001:db9::1/64 dev tap0 nodad
ip link set tap0 up
ip route add 198.18.0.0/15 dev tap0
ip route add 2001:db8::/32 dev tap0
python3 client.py {client}
ping -n -c 3 -i 0.2 198.18.3.4 | grep -o '3 received, 0%'
curl -sS -m 60 http://198.18.200.3/
"
        );
        let (said, _) = serve_on(vec![link], Personality::linux(), clients(&script)).await;
        assert_eq!(said, "all is well\n3 received, 0%\n198.18.200.3\n");
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().expect("a path").to_owned()
}

#[test]
fn qemu_connects_to_us() {
    in_namespace("qemu::qemu_connects_to_us");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let socket = path(folder.path(), "stream");
    runtime().block_on(async {
        let listener = QemuListener::bind(socket.as_ref()).expect("a socket");
        let qemu =
            Qemu::start(&format!("stream,id=ours,server=off,addr.type=unix,addr.path={socket}"));
        qemu.carries(listener.accept().await.expect("QEMU"), "all").await;
        drop(listener);
        assert!(!Path::new(&socket).exists());
    });
}

#[test]
fn we_connect_to_qemu() {
    in_namespace("qemu::we_connect_to_qemu");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let socket = path(folder.path(), "stream");
    runtime().block_on(async {
        let mut qemu =
            Qemu::start(&format!("stream,id=ours,server=on,addr.type=unix,addr.path={socket}"));
        qemu.until(|| Path::new(&socket).exists()).await;
        qemu.carries(QemuStream::connect(socket.as_ref()).await.expect("QEMU"), "bulk 198.18.7.9")
            .await;
    });
}

#[test]
fn datagrams_with_qemu() {
    in_namespace("qemu::datagrams_with_qemu");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (ours, theirs) = (path(folder.path(), "ours"), path(folder.path(), "theirs"));
    runtime().block_on(async {
        let link = QemuDatagram::bind(ours.as_ref(), theirs.as_ref()).expect("a socket");
        let qemu = Qemu::start(&format!(
            "dgram,id=ours,local.type=unix,local.path={theirs},remote.type=unix,remote.path={ours}"
        ));
        // It takes one datagram a turn, and is slow.
        qemu.carries(link, "bulk 198.18.7.9").await;
    });
}
