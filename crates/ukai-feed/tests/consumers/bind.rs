//! BIND answers by the policy zone, and takes a new one.

use crate::{indicator, run, succeed};
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use ukai_feed::{FeedState, Rendered, feed, render};
use ukai_model::{Indicator, ObservableKind, Role};

/// How long the server may take to start or to reload.
const PATIENCE: Duration = Duration::from_secs(20);

struct Named {
    child: Child,
    port: u16,
}

impl Drop for Named {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Named {
    /// Starts `named` on a free port of loopback with the zone that lies in `folder`, and
    /// a zone of its own in which names exist.
    fn start(folder: &Path) -> Self {
        let port = free_port();
        let path = folder.display();
        fs::write(
            folder.join("clean.zone"),
            "$TTL 60\n@ IN SOA localhost. root.localhost. 1 60 60 60 60\n@ IN NS localhost.\n\
             www IN A 192.0.2.80\nnotlisted IN A 192.0.2.81\n",
        )
        .expect("writes");
        fs::write(
            folder.join("named.conf"),
            format!(
                "options {{ directory \"{path}\"; pid-file \"{path}/named.pid\"; \
                 session-keyfile \"{path}/session.key\"; listen-on port {port} {{ 127.0.0.1; }}; \
                 listen-on-v6 {{ none; }}; recursion yes; allow-query {{ 127.0.0.1; }}; \
                 dnssec-validation no; forward only; forwarders {{ 127.0.0.1 port 1; }}; \
                 response-policy {{ zone \"rpz.ukai\"; }} qname-wait-recurse no \
                 min-update-interval 0; }};\n\
                 controls {{ }};\n\
                 zone \"rpz.ukai\" {{ type primary; file \"rpz.zone\"; allow-query {{ 127.0.0.1; }}; }};\n\
                 zone \"clean.test\" {{ type primary; file \"clean.zone\"; }};\n"
            ),
        )
        .expect("writes");
        let conf = format!("{path}/named.conf");
        succeed("named-checkconf", &["-z", &conf]);
        let child = Command::new("named")
            .args(["-g", "-n", "1", "-c", &conf])
            .env("PATH", "/usr/sbin:/usr/bin")
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("named.log")).expect("a log"))
            .spawn()
            .unwrap_or_else(|error| panic!("named is needed for this test: {error}"));
        let named = Self { child, port };
        named.wait_for("www.clean.test", "NOERROR", folder);
        named
    }

    /// Response code and answers for `name`.
    fn ask(&self, name: &str, kind: &str) -> (String, String) {
        let port = self.port.to_string();
        let output =
            run("dig", &["@127.0.0.1", "-p", &port, "+time=2", "+tries=1", "+noedns", name, kind]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let status = text
            .split("status: ")
            .nth(1)
            .and_then(|rest| rest.split(',').next())
            .unwrap_or("no answer")
            .to_owned();
        (status, text)
    }

    fn wait_for(&self, name: &str, status: &str, folder: &Path) {
        let start = Instant::now();
        while self.ask(name, "A").0 != status {
            let log = fs::read_to_string(folder.join("named.log")).unwrap_or_default();
            assert!(start.elapsed() < PATIENCE, "{name} is not {status}: {log}");
            sleep(Duration::from_millis(100));
        }
    }

    fn reload(&self) {
        succeed("sh", &["-c", &format!("kill -HUP {}", self.child.id())]);
    }
}

/// A port that is free for both TCP and UDP at the moment.
fn free_port() -> u16 {
    loop {
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = tcp.local_addr().expect("an address").port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn domain(value: &str) -> Indicator {
    indicator(ObservableKind::Domain, value, Role::C2)
}

fn write_zone(folder: &Path, entries: &[Indicator], previous: Option<&FeedState>) -> Rendered {
    let rendered = render(feed("rpz.zone").expect("a feed"), entries, previous);
    fs::write(folder.join("rpz.zone"), &rendered.bytes).expect("writes");
    rendered
}

#[test]
fn listed_names_do_not_exist_and_others_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let longest = format!("{0}.{0}.{0}.example", "a".repeat(55));
    let empty = write_zone(folder.path(), &[], None);
    let named = Named::start(folder.path());
    let entries = [
        domain("c2.example"),
        domain("_under.score.example"),
        domain("xn--bcher-kva.example"),
        domain(&longest),
    ];
    let zone = write_zone(folder.path(), &entries, Some(&empty.state));
    assert_eq!(zone.entries, entries.len(), "{:?}", zone.notes);
    named.reload();
    named.wait_for("c2.example", "NXDOMAIN", folder.path());
    for name in [
        "www.c2.example",
        "a.b.c.c2.example",
        "C2.EXAMPLE",
        "_under.score.example",
        "xn--bcher-kva.example",
        &longest,
    ] {
        let (status, text) = named.ask(name, "A");
        assert_eq!(status, "NXDOMAIN", "{name}: {text}");
    }
    let (status, text) = named.ask("c2.example", "AAAA");
    assert_eq!(status, "NXDOMAIN", "{text}");
    for name in ["www.clean.test", "notlisted.clean.test"] {
        let (status, text) = named.ask(name, "A");
        assert_eq!(status, "NOERROR", "{text}");
        assert!(text.contains("192.0.2.8"), "{text}");
    }
    // Nobody answers for this one here: the policy must not have.
    let (status, text) = named.ask("notc2.example", "A");
    assert_eq!(status, "SERVFAIL", "{text}");
}

#[test]
fn a_withdrawn_name_comes_back_and_the_serial_tells() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = write_zone(folder.path(), &[domain("notlisted.clean.test")], None);
    let named = Named::start(folder.path());
    named.wait_for("notlisted.clean.test", "NXDOMAIN", folder.path());
    let second = write_zone(folder.path(), &[domain("c2.example")], Some(&first.state));
    named.reload();
    named.wait_for("notlisted.clean.test", "NOERROR", folder.path());
    named.wait_for("c2.example", "NXDOMAIN", folder.path());
    assert_eq!((first.state.serial, second.state.serial), (1, 2));
    let (_, text) = named.ask("rpz.ukai", "SOA");
    assert!(text.contains("hostmaster.localhost. 2 3600"), "{text}");
}
