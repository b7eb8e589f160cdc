//! The devices that load feeds: a BIND resolver with a response policy zone, and an
//! nftables firewall in a network namespace of its own.

use super::program::free_port;
use super::wait_for;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A `named` on loopback that answers every name of `example.` and `test.` itself and
/// applies an RPZ zone file to them.
pub(crate) struct Resolver {
    child: Child,
    folder: TempDir,
    port: u16,
    control: u16,
}

/// What a resolver said of a name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It exists.
    Exists,
    /// It does not (NXDOMAIN).
    DoesNotExist,
}

impl Resolver {
    /// Starts with `zone` as the policy zone's content.
    pub(crate) fn start(zone: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let (port, control) = (free_port(), free_port());
        let at = folder.path();
        let write = |name: &str, text: &str| std::fs::write(at.join(name), text).expect("a file");
        write("rpz.zone", zone);
        // Every name exists here, so that NXDOMAIN can only come from the policy.
        write(
            "all.zone",
            "$TTL 60\n@ SOA ns. host. 1 60 60 60 60\n@ NS ns.\n@ A 192.0.2.53\n* A 192.0.2.53\n",
        );
        write("rndc.key", &format!("key k {{ algorithm hmac-sha256; secret \"{SECRET}\"; }};\n"));
        write(
            "named.conf",
            &format!(
                r#"
include "{at}/rndc.key";
controls {{ inet 127.0.0.1 port {control} allow {{ 127.0.0.1; }} keys {{ k; }}; }};
options {{
  directory "{at}"; pid-file none; session-keyfile none; listen-on port {port} {{ 127.0.0.1; }};
  listen-on-v6 {{ none; }}; recursion yes; allow-recursion {{ 127.0.0.1; }}; dnssec-validation no;
  response-policy {{ zone "rpz.ukai"; }} min-update-interval 0 qname-wait-recurse no;
  empty-zones-enable no;
}};
zone "rpz.ukai" {{ type primary; file "{at}/rpz.zone"; allow-query {{ none; }}; }};
zone "example" {{ type primary; file "{at}/all.zone"; }};
zone "test" {{ type primary; file "{at}/all.zone"; }};
"#,
                at = at.display(),
            ),
        );
        let log = std::fs::File::create(at.join("log")).expect("a log file");
        let child = Command::new("named")
            .arg("-g")
            .arg("-c")
            .arg(at.join("named.conf"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("named runs (Debian's bind9)");
        let resolver = Self { child, folder, port, control };
        wait_for("named answers", Duration::from_secs(20), || {
            (resolver.dig("ready.test").contains("192.0.2.53")).then_some(())
        });
        resolver
    }

    /// Replaces the policy zone and tells `named` to load it.
    pub(crate) fn reload(&self, zone: &str) {
        std::fs::write(self.folder.path().join("rpz.zone"), zone).expect("the zone file");
        let output = Command::new("rndc")
            .args(["-s", "127.0.0.1", "-p", &self.control.to_string(), "-k"])
            .arg(self.folder.path().join("rndc.key"))
            .args(["reload", "rpz.ukai"])
            .output()
            .expect("rndc runs (Debian's bind9-utils)");
        assert!(output.status.success(), "rndc: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// What it says of `name`.
    pub(crate) fn ask(&self, name: &str) -> Answer {
        let output = self.dig(name);
        if output.contains("status: NXDOMAIN") {
            Answer::DoesNotExist
        } else {
            assert!(output.contains("status: NOERROR"), "dig {name}: {output}");
            Answer::Exists
        }
    }

    fn dig(&self, name: &str) -> String {
        let output = Command::new("dig")
            .args(["@127.0.0.1", "-p", &self.port.to_string(), "+tries=1", "+time=2", name, "A"])
            .output()
            .expect("dig runs (Debian's bind9-dnsutils)");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// A secret of this test's own control channel, on loopback, gone with the test.
const SECRET: &str = "dGhpcyBpcyBhIHRlc3QncyBvd24ga2V5IG9mIHJuZGM=";

impl Drop for Resolver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!(
                "--- named ---\n{}",
                std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
            );
        }
    }
}

/// Loads an nftables file in a new network namespace and gives what `nft list ruleset`
/// shows there.
pub(crate) fn load_in_firewall(file: &Path) -> String {
    let output = Command::new("unshare")
        .args(["--net", "sh", "-ec", "nft -f \"$0\"; nft -f \"$0\"; nft list ruleset"])
        .arg(file)
        .output()
        .expect("unshare runs (Debian's util-linux)");
    assert!(output.status.success(), "nft: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
