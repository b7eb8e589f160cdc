//! Certificates by an authority, protocols within TLS, secrets, and clients that do not
//! trust us or are too old.

use super::tls::shake_on;
use super::{Bench, Fake, FakeSession, Input, Memory, assignment, echo, read_all};
use crate::{
    Asked, Assignment, Budgets, Ca, CertificateNames, Driver, KernelAcceptor, SystemWorld,
    TlsConfigs, TlsUse, World,
};
use parking_lot::Mutex;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};
use std::io;
use std::process::{Command, Stdio};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;
use ukai_emulators::{Emulator, Open, Session};
use ukai_model::{Duration, EventKind, PeerText, Timestamp};

/// What was noted of TLS that was not to be.
pub(super) fn failures(sink: &Memory) -> Vec<String> {
    let told = sink.kinds().into_iter().filter_map(|kind| match kind {
        EventKind::ServiceRequest { protocol, request, detail } if protocol == "tls" => {
            Some(format!("{request} {detail}").trim_end().to_owned())
        }
        _ => None,
    });
    told.collect()
}

/// Of this time, since clients look at the machine's clock.
fn authority() -> Ca {
    Ca::make("Trust Services", SystemWorld.now(), 1).expect("an authority")
}

/// A bench whose certificates `ca` signs; the lines of its key log go to `lines`.
fn bench(ca: Ca, assignment: Assignment, lines: &Arc<Mutex<Vec<String>>>) -> Bench {
    let world: Arc<dyn World> = Arc::new(SystemWorld);
    let kept = Arc::clone(lines);
    let tls = TlsConfigs::new(CertificateNames::Requested, Arc::clone(&world))
        .signed_by(ca)
        .expect("a configuration")
        .with_key_log(Arc::new(move |line| kept.lock().push(line.to_owned())));
    Bench::with_tls(Budgets::default(), assignment, 16_384, tls, world)
}

/// Shakes hands as a client that trusts the authority with this certificate.
async fn shake(
    stream: DuplexStream,
    trusted: &str,
    name: &str,
    alpn: &[&str],
    version: &'static SupportedProtocolVersion,
) -> io::Result<TlsStream<DuplexStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

/// Tells the protocol that was agreed on.
struct Telling;

impl Emulator for Telling {
    fn name(&self) -> &'static str {
        "telling"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        Box::new(FakeSession(Arc::new(move |cx, input| {
            if matches!(input, Input::Open) {
                cx.send(format!("{} {:?}", open.tls, open.alpn));
                cx.close();
            }
        })))
    }
}

#[tokio::test]
async fn every_name_and_address_has_a_certificate_that_is_trusted() {
    let lines = Arc::default();
    let ca = authority();
    // As it comes from a disk.
    let ca = Ca::load(ca.certificate_pem(), &ca.key_pem()).expect("the same authority");
    let trusted = ca.certificate_pem().to_owned();
    let bench = bench(ca, assignment(echo(), TlsUse::Recognised), &lines);
    let long = format!("{}.example", vec!["a".repeat(60); 3].join("."));
    for version in [&version::TLS12, &version::TLS13] {
        // A client that asks for an address sends no name.
        for name in ["example.com", "WWW.Example.ORG", "_x.under.example", &long, "198.51.100.1"] {
            let stream = bench.connect().await;
            let mut tls = shake(stream, &trusted, name, &[], version).await.expect(name);
            tls.write_all(b"hello").await.unwrap();
            tls.read_exact(&mut [0; 5]).await.unwrap();
            let chain = tls.get_ref().1.peer_certificates().expect("certificates").len();
            assert_eq!(chain, 2);
        }
    }
    assert_eq!(failures(&*bench.finish().await), [""; 0]);
    // Each line has what NSS's format says.
    let lines: Vec<String> = lines.lock().clone();
    let labels = ["CLIENT_RANDOM", "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0"];
    for label in labels {
        assert_eq!(lines.iter().filter(|line| line.split(' ').next() == Some(label)).count(), 5);
    }
    for line in &lines {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!((words.len(), words[1].len()), (3, 64), "{line}");
        assert!(words[1..].concat().bytes().all(|b| b.is_ascii_hexdigit()), "{line}");
    }
}

#[tokio::test]
async fn a_protocol_is_agreed_on_where_the_peer_offers_one_of_ours() {
    let lines = Arc::default();
    let ca = authority();
    let trusted = ca.certificate_pem().to_owned();
    let ours = &["h2", "http/1.1"];
    let telling = Assignment { alpn: ours, ..assignment(Arc::new(Telling), TlsUse::Expected) };
    let bench = bench(ca, telling, &lines);
    let cases: [(&[&str], &str); 4] = [
        (&["http/1.1", "h2"], "true Some(\"h2\")"),
        (&["http/1.1"], "true Some(\"http/1.1\")"),
        // What others end in an alert.
        (&["spdy/3"], "true None"),
        (&[], "true None"),
    ];
    for (offered, expected) in cases {
        let stream = bench.connect().await;
        let shaken = shake(stream, &trusted, "a.example", offered, &version::TLS13).await;
        let mut tls = shaken.expect("a handshake");
        let mut said = String::new();
        tls.read_to_string(&mut said).await.unwrap();
        assert_eq!(said, expected);
        let agreed = tls.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
        assert_eq!(format!("true {:?}", agreed.map(|a| String::from_utf8(a).unwrap())), expected);
    }
    bench.finish().await;
}

#[tokio::test]
async fn why_tls_was_not_to_be_is_told() {
    let lines = Arc::default();
    let ca = authority();
    let another = Ca::make("Another", SystemWorld.now(), 2).expect("an authority");
    let bench = bench(ca, assignment(echo(), TlsUse::Recognised), &lines);
    for version in [&version::TLS12, &version::TLS13] {
        let stream = bench.connect().await;
        let shaken = shake(stream, another.certificate_pem(), "a.example", &[], version).await;
        shaken.expect_err("a stranger is not trusted");
    }
    // SSL 3.0, TLS 1.0 and no more, and TLS 1.2 with nothing but a cipher of that time.
    let signatures_and_groups = &[0, 16, 0, 13, 0, 4, 0, 2, 4, 3, 0, 10, 0, 4, 0, 2, 0, 23][..];
    for (version, extensions) in [(0, &[][..]), (1, &[]), (3, signatures_and_groups)] {
        let body =
            [&[3, version][..], &[7; 32], &[0], &[0, 2, 0, 0x2f], &[1, 0], extensions].concat();
        let message = [&[1, 0, 0, body.len() as u8][..], &body].concat();
        let hello = [&[0x16, 3, 1, 0, message.len() as u8][..], &message].concat();
        let mut old = bench.connect().await;
        old.write_all(&hello).await.unwrap();
        let heard = read_all(&mut old).await;
        assert_eq!((heard[0], heard[5], heard[6]), (21, 2, 40), "handshake_failure: {heard:?}");
    }
    // One that goes when it has seen the certificate.
    let (near, mut far) = tokio::io::duplex(16_384);
    let going = tokio::spawn(shake_on(near));
    let mut stream = bench.connect().await;
    let mut bytes = [0; 4_096];
    let count = far.read(&mut bytes).await.unwrap();
    stream.write_all(&bytes[..count]).await.unwrap();
    assert!(stream.read(&mut bytes).await.unwrap() > 0);
    drop(stream);
    going.abort();
    let mut told = failures(&*bench.finish().await);
    told.sort();
    let expected = [
        "alert unknown_ca",
        "alert unknown_ca",
        "gone",
        "refused no cipher suite in common",
        "refused version: SSL 3.0 at most",
        "refused version: TLS 1.0 at most",
    ];
    assert_eq!(told, expected);
}

#[test]
fn an_authority_is_what_openssl_takes_for_one() {
    let now = Timestamp::from_secs(1_767_323_045);
    let ca = Ca::make("Trust Services", now, u128::MAX).expect("an authority");
    let openssl = |arguments: &[&str], input: &str| {
        let mut child = Command::new("openssl")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("openssl (tools/setup.sh)");
        io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    };
    let text = openssl(&["x509", "-noout", "-text", "-purpose"], ca.certificate_pem());
    for part in ["CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", "SSL server CA : Yes"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.contains("Subject: O = Trust Services, CN = Trust Services"), "{text}");
    let other = Ca::make("Trust Services", now, 1).expect("an authority");
    assert!(Ca::load(ca.certificate_pem(), &other.key_pem()).is_err(), "another's key");
    assert!(Ca::load("nothing", &ca.key_pem()).is_err());
    assert!(Ca::load(ca.certificate_pem(), "nothing").is_err());
}

/// What a program says to a server of ours on loopback, whose authority it is told to trust.
async fn client(arguments: impl FnOnce(u16, &str) -> Vec<String>) -> String {
    let ca = authority();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, ca.certificate_pem()).expect("written");
    let world: Arc<dyn World> = Arc::new(SystemWorld);
    let tls = TlsConfigs::new(CertificateNames::Requested, Arc::clone(&world));
    let tls = tls.signed_by(ca).expect("a configuration");
    let sink = Arc::new(Memory::default());
    let sensor = "test".parse().expect("a name");
    let driver = Driver::new(Budgets::default(), sensor, tls, Arc::clone(&sink) as _, world);
    let acceptor = KernelAcceptor::bind(&["127.0.0.1:0".parse().unwrap()]).expect("a port");
    let port = acceptor.addresses()[0].port();
    let server = Fake::emulator(|cx, input| match input {
        Input::Bytes(bytes) if bytes.ends_with(b"\r\n\r\n") => {
            cx.send("HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\ntrusted");
            cx.close();
        }
        _ => {}
    });
    let assignment = assignment(server, TlsUse::Expected);
    let shutdown = CancellationToken::new();
    let serving = {
        let (driver, shutdown) = (driver.clone(), shutdown.clone());
        tokio::spawn(async move {
            driver.serve(acceptor, move |_| Some(assignment.clone()), shutdown).await;
        })
    };
    let arguments = arguments(port, file.to_str().expect("a path"));
    let output = tokio::task::spawn_blocking(move || {
        Command::new(&arguments[0])
            .args(&arguments[1..])
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{} (tools/setup.sh): {error}", arguments[0]))
    });
    let output = output.await.expect("no panic");
    shutdown.cancel();
    serving.await.expect("the driver does not panic");
    assert_eq!(failures(&sink), [""; 0]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    said + &String::from_utf8_lossy(&output.stderr)
}

/// Three libraries: OpenSSL, `GnuTLS` (Debian's wget), and OpenSSL at its strictest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_clients_trust_what_an_authority_has_signed() {
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let name = "evil.example";
    let said = client(|port, ca| {
        let resolve = format!("{name}:{port}:127.0.0.1");
        words(&format!("curl -sS --resolve {resolve} --cacert {ca} https://{name}:{port}/"))
    });
    assert_eq!(said.await, "trusted", "curl");
    let said = client(|port, ca| {
        words(&format!("wget -q -t 1 -O - --ca-certificate={ca} https://127.0.0.1:{port}/"))
    });
    assert_eq!(said.await, "trusted", "wget");
    let script = "import socket, ssl, sys\n\
        context = ssl.create_default_context(cafile=sys.argv[2])\n\
        context.verify_flags |= ssl.VERIFY_X509_STRICT\n\
        stream = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n\
        stream = context.wrap_socket(stream, server_hostname='a.b.c.example')\n\
        stream.sendall(b'GET / HTTP/1.0\\r\\n\\r\\n')\n\
        print(stream.recv(4096)[-7:].decode(), end='')";
    let said = client(|port, ca| {
        ["python3", "-c", script, &port.to_string(), ca].map(str::to_owned).to_vec()
    });
    assert_eq!(said.await, "trusted", "python3");
}

/// A world whose time is set.
struct Moved(Mutex<Timestamp>);

impl World for Moved {
    fn now(&self) -> Timestamp {
        *self.0.lock()
    }

    fn random(&self) -> u128 {
        7
    }
}

#[test]
fn certificates_are_kept_and_made_anew_when_time_has_run_ahead() {
    let start = Timestamp::from_secs(1_767_323_045);
    let world = Arc::new(Moved(Mutex::new(start)));
    let ca = Ca::make("Trust Services", start, 1).expect("an authority");
    let tls = TlsConfigs::new(CertificateNames::Requested, Arc::clone(&world) as Arc<dyn World>);
    let tls = tls.signed_by(ca).expect("a configuration");
    let host = super::host();
    let config = |name: &str, alpn| {
        let name = PeerText::from(name);
        let asked = Asked { local: host.address, server_name: Some(&name), alpn };
        tls.config(&host, &asked).expect("a configuration")
    };
    let first = config("a.example", None);
    assert!(Arc::ptr_eq(&first, &config("A.EXAMPLE", None)));
    assert!(!Arc::ptr_eq(&first, &config("b.example", None)));
    assert!(!Arc::ptr_eq(&first, &config("a.example", Some("h2"))));
    *world.0.lock() = start + Duration::from_hours(24 * 300);
    assert!(!Arc::ptr_eq(&first, &config("a.example", None)));
}
