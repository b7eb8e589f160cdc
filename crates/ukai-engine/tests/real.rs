//! Real scanners with signatures of our own, and a server that hangs, crashes, floods and
//! lies, all at once.

use bytes::Bytes;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use ukai_engine::{EngineConfig, EngineHealth, EngineKind, Engines};
use ukai_model::Judgement;

/// What the signatures of these tests know. It is nothing's code.
const SPECIMEN: &str = "UKAI-TEST-SPECIMEN-FOR-SCANNERS";

/// A process that ends with this, and its children with it.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.0.wait();
    }
}

fn start(program: &str, arguments: &[&str]) -> Server {
    let child =
        Command::new(program).args(arguments).process_group(0).stdout(Stdio::null()).spawn();
    Server(child.unwrap_or_else(|error| panic!("{program}: {error}; tools/setup.sh installs it")))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

fn wait_for(what: &str, mut check: impl FnMut() -> bool) {
    let start = Instant::now();
    while !check() {
        assert!(start.elapsed() < Duration::from_mins(1), "{what} does not come up");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// ClamAV's daemon with one signature.
fn clamd(folder: &Path, port: u16) -> Server {
    let database = folder.join("database");
    std::fs::create_dir(&database).expect("a folder");
    let mut hex = String::new();
    for byte in SPECIMEN.bytes() {
        write!(hex, "{byte:02x}").expect("text");
    }
    std::fs::write(database.join("own.ndb"), format!("Ukai.Test.Specimen:0:*:{hex}\n"))
        .expect("a database");
    let (here, socket) = (folder.display(), folder.join("clamd.sock"));
    let config = format!(
        "LocalSocket {here}/clamd.sock\nTCPSocket {port}\nTCPAddr 127.0.0.1\nForeground yes\n\
         DatabaseDirectory {here}/database\nStreamMaxLength 1M\nLogFile {here}/clamd.log\n"
    );
    let file = folder.join("clamd.conf");
    std::fs::write(&file, config).expect("a file");
    let server = start("/usr/sbin/clamd", &["--config-file", &file.display().to_string()]);
    wait_for("clamd", || std::os::unix::net::UnixStream::connect(&socket).is_ok());
    server
}

/// c-icap with its scanner, which asks that daemon.
fn c_icap(folder: &Path, port: u16) -> Server {
    let here = folder.display();
    let modules = "/usr/lib/x86_64-linux-gnu/c_icap";
    let config = format!(
        "PidFile {here}/icap.pid\nCommandsSocket {here}/icap.ctl\nPort 127.0.0.1:{port}\n\
         StartServers 1\nMaxServers 2\nThreadsPerChild 4\nMinSpareThreads 1\nMaxSpareThreads 4\n\
         TmpDir {here}\nModulesDir {modules}\nServicesDir {modules}\n\
         TemplateDir /usr/share/c_icap/templates/\nLoadMagicFile /etc/c-icap/c-icap.magic\n\
         ServerLog {here}/icap.log\nModule common clamd_mod.so\n\
         clamd_mod.ClamdSocket {here}/clamd.sock\nService avscan virus_scan.so\n\
         Service echo srv_echo.so\nvirus_scan.ScanFileTypes TEXT DATA EXECUTABLE ARCHIVE\n\
         virus_scan.DefaultEngine clamd\nvirus_scan.MaxObjectSize 5M\n\
         virus_scan.SendPercentData 5\nvirus_scan.StartSendPercentDataAfter 512K\n"
    );
    let file = folder.join("c-icap.conf");
    std::fs::write(&file, config).expect("a file");
    let server = start("/usr/bin/c-icap", &["-N", "-f", &file.display().to_string()]);
    wait_for("c-icap", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    server
}

/// A server that does `what` with each connection, on a thread of its own.
fn server(what: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let what = std::sync::Arc::new(what);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let what = std::sync::Arc::clone(&what);
            std::thread::spawn(move || what(stream));
        }
    });
    port
}

/// Reads a request of HTTP with its body.
fn request(stream: &mut TcpStream) -> Vec<u8> {
    let mut read = Vec::new();
    let mut piece = [0; 4_096];
    loop {
        if let Some(at) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&read[..at]).to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).map_or(0, |rest| {
                rest.lines().next().and_then(|line| line.trim().parse().ok()).unwrap_or(0)
            });
            if read.len() >= at + 4 + length {
                return read;
            }
        }
        match stream.read(&mut piece) {
            Ok(count @ 1..) => read.extend_from_slice(&piece[..count]),
            _ => return read,
        }
    }
}

fn engine(name: &str, kind: EngineKind) -> EngineConfig {
    EngineConfig {
        name: name.to_owned(),
        kind,
        concurrent_max: 2,
        timeout_ms: 20_000,
        sample_bytes_max: 8 << 20,
    }
}

fn impatient(name: &str, port: u16) -> EngineConfig {
    let kind = EngineKind::Clamd { address: format!("127.0.0.1:{port}") };
    EngineConfig { timeout_ms: 1_000, ..engine(name, kind) }
}

fn command(program: &str, arguments: &[&str]) -> EngineKind {
    EngineKind::Command {
        program: program.into(),
        arguments: arguments.iter().map(|one| (*one).to_owned()).collect(),
        version_arguments: vec!["--version".to_owned()],
        clean: vec![0],
        detected: vec![1],
        name_pattern: Some(r": (.+) FOUND".to_owned()),
        folder: "/dev/shm".into(),
    }
}

/// What each engine says, by name: `clean`, `not scanned`, or the first name.
async fn said(engines: &Engines, sample: &[u8]) -> Vec<(String, String)> {
    let verdicts = engines.scan(&Bytes::copy_from_slice(sample)).await;
    let word = |judgement: Judgement| match judgement {
        Judgement::Clean => "clean".to_owned(),
        Judgement::Detected { names } => names[0].to_string(),
        Judgement::NotScanned { again, .. } => format!("not scanned, again {again}"),
    };
    verdicts.into_iter().map(|verdict| (verdict.engine, word(verdict.judgement))).collect()
}

fn expected(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(name, word)| ((*name).to_owned(), (*word).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_scanners_and_false_ones_are_asked_at_once() {
    let folder = TempDir::new().expect("a folder");
    let (tcp, icap) = (free_port(), free_port());
    let daemon = clamd(folder.path(), tcp);
    let _gateway = c_icap(folder.path(), icap);
    let database = folder.path().join("database").display().to_string();
    let service = server(|mut stream| {
        let asked = request(&mut stream);
        let found = asked.windows(SPECIMEN.len()).any(|window| window == SPECIMEN.as_bytes());
        let names = if found { r#"["Worm/Ukai.Specimen"]"# } else { "[]" };
        let body = format!(r#"{{"result":{{"names":{names}}},"signatures":"2026-11-27"}}"#);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        let _ = stream.write_all((head + &body).as_bytes());
    });
    let hangs = server(|stream| {
        std::thread::sleep(Duration::from_mins(1));
        drop(stream);
    });
    let crashes = server(drop);
    let floods = server(|mut stream| while stream.write_all(&[b'A'; 8_192]).is_ok() {});
    let lies = server(|mut stream| {
        let _ = stream.write_all(b"stream: all is well, believe me\0");
        let _ = stream.read(&mut [0; 64]);
    });
    let socket = folder.path().join("clamd.sock").display().to_string();
    let engines = Engines::new(&[
        engine("unix", EngineKind::Clamd { address: socket }),
        engine("tcp", EngineKind::Clamd { address: format!("127.0.0.1:{tcp}") }),
        engine("icap", EngineKind::Icap { url: format!("icap://127.0.0.1:{icap}/avscan") }),
        engine("echo", EngineKind::Icap { url: format!("icap://127.0.0.1:{icap}/echo") }),
        engine(
            "clamscan",
            command("/usr/bin/clamscan", &["--no-summary", "-d", &database, "{file}"]),
        ),
        engine(
            "http",
            EngineKind::Http {
                url: format!("http://127.0.0.1:{service}/scan"),
                names: "/result/names".to_owned(),
                signatures: Some("/signatures".to_owned()),
                authorization_file: None,
            },
        ),
        impatient("hangs", hangs),
        impatient("crashes", crashes),
        impatient("floods", floods),
        impatient("lies", lies),
        impatient("absent", free_port()),
    ])
    .expect("engines");
    let not = "not scanned, again true";
    let false_ones =
        [("hangs", not), ("crashes", not), ("floods", not), ("lies", not), ("absent", not)];
    let clean = ["unix", "tcp", "icap", "echo", "clamscan", "http"].map(|name| (name, "clean"));
    let sample = [b"#!/bin/sh\n".to_vec(), vec![b'x'; 100_000]].concat();
    assert_eq!(said(&engines, &sample).await, expected(&[&clean[..], &false_ones].concat()));
    // Longer than a preview, with what is known at the end; and nothing but that.
    let name = "Ukai.Test.Specimen.UNOFFICIAL";
    let known = [
        ("unix", name),
        ("tcp", name),
        ("icap", name),
        ("echo", "clean"),
        ("clamscan", name),
        ("http", "Worm/Ukai.Specimen"),
    ];
    for sample in [[&sample[..], SPECIMEN.as_bytes()].concat(), SPECIMEN.as_bytes().to_vec()] {
        assert_eq!(said(&engines, &sample).await, expected(&[&known[..], &false_ones].concat()));
    }
    // Of what is longer the gateway passes on the beginning before it knows: then it breaks off.
    let long = [&vec![b'z'; 900_000][..], SPECIMEN.as_bytes()].concat();
    assert_eq!(said(&engines, &long).await[2].1, "replaced by the gateway");
    // More than the daemon takes: it says so, and that is not "clean".
    let large = said(&engines, &vec![b'y'; 3 << 20]).await;
    assert_eq!(large[0].1, "not scanned, again true");
    assert_eq!(large[5].1, "clean");
    let too_large = said(&engines, &vec![b'y'; 9 << 20]).await;
    assert!(too_large.iter().all(|(_, word)| word == "not scanned, again false"), "{too_large:?}");
    let left = std::fs::read_dir("/dev/shm").expect("a folder").flatten();
    assert_eq!(
        left.filter(|one| one.file_name().to_string_lossy().starts_with("ukai-")).count(),
        0
    );

    let health = engines.health().await;
    let of = |name: &str| health.iter().find(|one| one.engine == name).expect(name);
    assert!(of("unix").product.as_ref().expect("told").to_string().starts_with("ClamAV 1."));
    assert!(of("clamscan").product.as_ref().expect("told").to_string().starts_with("ClamAV 1."));
    assert!(of("icap").signatures.is_some() && of("icap").product.is_some(), "{:?}", of("icap"));
    assert_eq!(of("http").signatures.as_ref().expect("told").to_string(), "2026-11-27");
    for name in ["hangs", "crashes", "floods", "absent"] {
        let EngineHealth { down, clean, not_scanned, .. } = of(name);
        assert!(down.is_some() && *clean == 0 && *not_scanned == 6, "{name}: {down:?}");
    }

    drop(daemon);
    let after = said(&engines, b"after the daemon's end").await;
    assert_eq!(after[0].1, not, "an outage is not \"clean\"");
    // Its gateway has nobody to ask.
    assert_eq!(after[2].1, not, "{after:?}");
    assert_eq!(after[5].1, "clean");
}

#[test]
fn mistakes_are_told_with_key_and_remedy() {
    let wrong = |config: EngineConfig, expected: &str| {
        let error = Engines::new(&[config]).expect_err(expected).to_string();
        assert!(error.contains(expected) && error.contains("; "), "{error}");
    };
    let clamd = |address: &str| EngineKind::Clamd { address: address.to_owned() };
    wrong(engine("A B", clamd("/x")), "engine \"A B\", name");
    wrong(engine("a", clamd("nowhere")), "address: this is no address");
    wrong(engine("a", EngineKind::Icap { url: "http://x".to_owned() }), "url");
    wrong(engine("a", command("clamscan", &["{file}"])), "program");
    wrong(engine("a", command("/usr/bin/clamscan", &[])), "arguments");
    let hasty = EngineConfig { timeout_ms: 1, ..engine("a", clamd("/x")) };
    wrong(hasty, "timeout_ms");
    let twice = [engine("a", clamd("/x")), engine("a", clamd("/y"))];
    let error = Engines::new(&twice).expect_err("a name twice").to_string();
    assert!(error.contains("stands for another engine"), "{error}");
}
