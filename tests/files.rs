//! Real FTP and TFTP clients against our servers: files go both ways, and each upload is
//! a sample.

use crate::support::program::Ukai;
use crate::support::tool::{printed, succeeds, tool};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A pair of the Debian persona that is let in by FTP.
const USER: &str = "test";
const PASSWORD: &str = "test";

struct Client {
    ukai: Ukai,
    folder: TempDir,
}

impl Client {
    fn start() -> Self {
        let ukai = Ukai::start_with(|configuration| {
            let old = "ftp = [0],";
            assert!(configuration.contains(old), "the tests' configuration");
            *configuration = configuration.replace(old, "ftp = [0], ftps = [0], tftp = [0],");
        });
        Self { ukai, folder: TempDir::new().expect("a folder") }
    }

    fn server(&self, protocol: &str) -> SocketAddr {
        self.ukai.service(protocol, "server-debian")
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// Has the host made before somebody counts the seconds: TFTP's clients send again.
    fn wakes(&self) {
        let list = format!("ftp://{USER}:{PASSWORD}@{}/", self.server("ftp"));
        succeeds(self.folder(), "curl", &["-sS", "--max-time", "30", &list], "");
    }

    /// A file to send: bytes of every value, other ones for each name.
    fn file(&self, name: &str, length: u32) -> Vec<u8> {
        let mark = name.bytes().map(u32::from).sum::<u32>();
        let bytes: Vec<u8> =
            (mark..mark + length).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        std::fs::write(self.path(name), &bytes).expect("a file");
        bytes
    }

    fn came_back(&self, name: &str, bytes: &[u8]) {
        let back = std::fs::read(self.path(name)).expect("a file came back");
        assert!(back == bytes, "{name}: {} of {} bytes", back.len(), bytes.len());
    }

    /// Waits until these bytes are a sample, and were reported as a transfer by `protocol`.
    fn was_uploaded(&self, protocol: &str, name: &str, bytes: &[u8]) {
        self.ukai.has_sample("uploaded", bytes);
        self.ukai.events("file.transfer", |events| {
            events.iter().any(|event| {
                event["protocol"] == protocol
                    && event["operation"] == "upload"
                    && event["success"] == true
                    && event["size"] == bytes.len()
                    && event["path"].as_str().is_some_and(|path| path.ends_with(name))
            })
        });
    }
}

#[test]
fn debians_ftp_moves_files_both_ways() {
    let client = Client::start();
    let server = client.server("ftp");
    let (ip, port) = (server.ip().to_string(), server.port().to_string());
    for (mode, name) in [("-p", "passive.bin"), ("-A", "active.bin")] {
        let bytes = client.file(name, 300_000);
        let script = format!(
            "user {USER} {PASSWORD}\nsystem\npwd\nbinary\nput {name}\nmkdir d-{name}\ncd d-{name}\n\
             cdup\nls\nsize {name}\nget {name} back-{name}\nrename {name} new-{name}\nnlist\n\
             delete nothing-here\nmdir . list-{name}\nbye\n"
        );
        let text = succeeds(client.folder(), "ftp", &["-n", "-v", "-i", mode, &ip, &port], &script);
        for expected in [
            "220 (vsFTPd 3.0.3)",
            "230 Login successful.",
            "215 UNIX Type: L8",
            "Remote directory: /home/test",
            "226 Transfer complete.",
            "226 Directory send OK.",
            "250 Rename successful.",
            "550 Delete operation failed.",
            "221 Goodbye.",
        ] {
            assert!(text.contains(expected), "{mode}: no {expected:?} in\n{text}");
        }
        assert!(text.contains(" 300000 "), "{mode}: {text}");
        client.came_back(&format!("back-{name}"), &bytes);
        client.was_uploaded("ftp", name, &bytes);
    }
}

#[test]
fn lftp_mirrors_through_tls_and_without() {
    let client = Client::start();
    let server = client.server("ftp");
    std::fs::create_dir_all(client.path("tree/deep/deeper")).expect("folders");
    let mut files = Vec::new();
    for (name, length) in
        [("tree/one", 1), ("tree/deep/two", 70_000), ("tree/deep/deeper/three", 0)]
    {
        files.push((name, client.file(name, length)));
    }
    for (settings, target) in [
        ("set ftp:ssl-allow no", "passive"),
        ("set ftp:ssl-allow no; set ftp:passive-mode off", "active"),
        ("set ftp:ssl-force yes; set ftp:ssl-protect-data yes", "tls"),
        ("set ftp:ssl-force yes; set ftp:ssl-protect-data no", "tls-clear-data"),
    ] {
        let script = format!(
            "set net:max-retries 1; set net:timeout 10; set ssl:verify-certificate no; \
             set cmd:fail-exit yes; {settings}; open -u {USER},{PASSWORD} ftp://{server}; \
             mirror -R tree {target}; ls {target}/deep; mirror {target} back-{target}; \
             put {target}.bin; get {target}.bin -o back-{target}.bin; \
             mv {target}.bin moved; chmod 755 moved; rm moved; bye"
        );
        let bytes = client.file(&format!("{target}.bin"), 200_000);
        let text = succeeds(client.folder(), "lftp", &["--norc", "-c", &script], "");
        assert!(text.contains("70000"), "{text}");
        client.came_back(&format!("back-{target}.bin"), &bytes);
        for (name, bytes) in &files {
            client.came_back(&name.replacen("tree", &format!("back-{target}"), 1), bytes);
        }
        client.was_uploaded("ftp", &format!("{target}.bin"), &bytes);
    }
    client.was_uploaded("ftp", "/deep/two", &files[1].1);
}

#[test]
fn curl_speaks_ftp_and_ftps() {
    let client = Client::start();
    let user = format!("{USER}:{PASSWORD}");
    let (ftp, ftps) = (client.server("ftp"), client.server("ftps"));
    let cases: [(String, &[&str]); 6] = [
        (format!("ftp://{ftp}"), &[]),
        (format!("ftp://{ftp}"), &["--disable-epsv", "--ftp-method", "singlecwd"]),
        (format!("ftp://{ftp}"), &["--ftp-port", "127.0.0.1"]),
        (format!("ftp://{ftp}"), &["--ftp-port", "127.0.0.1", "--disable-eprt"]),
        (format!("ftp://{ftp}"), &["--ssl-reqd"]),
        (format!("ftps://{ftps}"), &[]),
    ];
    for (number, (base, options)) in cases.iter().enumerate() {
        let (name, tail) = (format!("curl-{number}.bin"), format!("tail-{number}.bin"));
        let bytes = client.file(&name, 250_000);
        let run = |arguments: &[&str]| {
            let log_in = ["-sSk", "--max-time", "20", "-u", &user];
            let arguments = [&log_in, *options, arguments].concat();
            succeeds(client.folder(), "curl", &arguments, "")
        };
        run(&["-T", &name, &format!("{base}/{name}")]);
        run(&["-o", &format!("back-{name}"), &format!("{base}/{name}")]);
        client.came_back(&format!("back-{name}"), &bytes);
        client.was_uploaded("ftp", &name, &bytes);
        let list = run(&[&format!("{base}/")]);
        assert!(list.contains("250000 ") && list.contains(&name), "{list}");
        let head = run(&["-I", &format!("{base}/{name}")]);
        assert!(head.contains("Content-Length: 250000"), "{head}");
        run(&["-C", "200000", "-o", &tail, &format!("{base}/{name}")]);
        client.came_back(&tail, &bytes[200_000..]);
    }
}

#[test]
fn curl_speaks_tftp_with_and_without_options() {
    let client = Client::start();
    let base = format!("tftp://{}", client.server("tftp"));
    client.wakes();
    for (name, options) in [("plain.bin", &[][..]), ("blocks.bin", &["--tftp-blksize", "1024"])] {
        // The last block is empty where the length is a multiple.
        let bytes = client.file(name, 10_240);
        let run = |arguments: &[&str]| {
            let arguments = [&["-sS", "--max-time", "30"], options, arguments].concat();
            succeeds(client.folder(), "curl", &arguments, "")
        };
        run(&["-T", name, &format!("{base}/{name}")]);
        run(&["-o", &format!("back-{name}"), &format!("{base}/{name}")]);
        client.came_back(&format!("back-{name}"), &bytes);
        client.was_uploaded("tftp", name, &bytes);
    }
    let missing = tool(client.folder(), "curl", &["-sS", "-m", "10", &format!("{base}/none")], "");
    assert_eq!(missing.status.code(), Some(68), "file not found: {missing:?}");
}

#[test]
fn debians_tftp_puts_and_gets() {
    let client = Client::start();
    let server = client.server("tftp");
    client.wakes();
    let (ip, port) = (server.ip().to_string(), server.port().to_string());
    for (mode, name, length) in [("octet", "boot.bin", 40_000), ("netascii", "config.txt", 0)] {
        let bytes = if length > 0 {
            client.file(name, length)
        } else {
            let text = b"hostname a\ncr \r alone\r\nend\n".repeat(40);
            std::fs::write(client.path(name), &text).expect("a file");
            text
        };
        let run = |arguments: &[&str]| {
            let arguments = [&["-m", mode, &ip, &port, "-c"], arguments].concat();
            succeeds(client.folder(), "tftp", &arguments, "")
        };
        run(&["put", name, name]);
        run(&["get", name, &format!("back-{name}")]);
        client.came_back(&format!("back-{name}"), &bytes);
        client.was_uploaded("tftp", name, &bytes);
    }
    let refused = tool(client.folder(), "tftp", &[&ip, &port, "-c", "get", "nothing"], "");
    let text = printed(&refused);
    assert!(text.contains("Error code 1: File not found"), "{text}");
}

#[test]
fn password_guessers_find_what_is_let_in() {
    let client = Client::start();
    let server = client.server("ftp");
    let (ip, port) = (server.ip().to_string(), server.port().to_string());
    std::fs::write(client.path("list"), "qwerty-7z\ntest\nletmein-7z\n").expect("a list");
    let hydra = succeeds(
        client.folder(),
        "hydra",
        &["-l", USER, "-P", "list", "-t", "4", "-I", "-f", "-s", &port, &ip, "ftp"],
        "",
    );
    assert!(hydra.contains("login: test   password: test"), "{hydra}");
    assert!(hydra.contains("1 valid password found"), "{hydra}");
    let medusa = succeeds(
        client.folder(),
        "medusa",
        &["-h", &ip, "-n", &port, "-u", USER, "-P", "list", "-M", "ftp", "-f"],
        "",
    );
    assert!(medusa.contains("User: test Password: test [SUCCESS]"), "{medusa}");
    client.ukai.events("login.attempt", |events| {
        let of = |password: &str, success: bool| {
            events.iter().any(|event| {
                event["protocol"] == "ftp"
                    && event["user"] == USER
                    && event["password"] == password
                    && event["success"] == success
            })
        };
        of("qwerty-7z", false) && of("test", true)
    });
}

#[test]
fn nmap_takes_it_for_vsftpd() {
    let client = Client::start();
    let server = client.server("ftp");
    let (ip, port) = (server.ip().to_string(), server.port().to_string());
    let text = succeeds(
        client.folder(),
        "nmap",
        &["-sV", "-sC", "-Pn", "-n", "--version-all", "-p", &port, &ip],
        "",
    );
    assert!(
        text.contains("vsftpd 3.0.3") && !text.contains("Anonymous FTP login allowed"),
        "{text}"
    );
}
