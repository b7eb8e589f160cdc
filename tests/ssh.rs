//! OpenSSH's own client tools against the SSH honeypot.

use crate::support::program::{Ukai, free_port};
use crate::support::wait_for;
use serde_json::Value;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Root's password on the Debian persona.
const PASSWORD: &str = "123456";

struct Client {
    ukai: Ukai,
    address: SocketAddr,
    folder: TempDir,
}

impl Client {
    fn start() -> Self {
        let ukai = Ukai::start();
        let address = ukai.service("ssh", "server-debian");
        Self { ukai, address, folder: TempDir::new().expect("a folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A tool of OpenSSH with a password, or without any.
    fn tool(&self, tool: &str, password: Option<&str>) -> Command {
        let mut command = Command::new("timeout");
        command.arg("40");
        match password {
            Some(password) => command.args(["sshpass", "-p", password, tool]),
            None => command.args([tool, "-oBatchMode=yes"]),
        };
        command
            .args(["-F", "none", "-oStrictHostKeyChecking=no", "-oLogLevel=ERROR"])
            .arg(format!("-oUserKnownHostsFile={}", self.path("known").display()))
            .arg(format!("-oPort={}", self.address.port()));
        command
    }

    fn host(&self) -> String {
        format!("root@{}", self.address.ip())
    }

    /// Runs `ssh` with these arguments behind the host's name, and this input.
    fn ssh(&self, options: &[&str], command: &[&str], input: &[u8]) -> Output {
        let mut ssh = self.tool("ssh", Some(PASSWORD));
        ssh.args(options).arg(self.host()).args(command);
        run(&mut ssh, input)
    }

    /// What `ssh HOST COMMAND` prints; it must not fail.
    fn says(&self, command: &str) -> String {
        let output = self.ssh(&[], &[command], b"");
        assert!(output.status.success(), "{command}: {output:?}");
        text(&output.stdout)
    }

    /// Events of a kind, once `enough` is content with them.
    fn events(&self, kind: &str, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        wait_for(kind, Duration::from_secs(10), || {
            let page = self.ukai.get(&format!("/api/events?kind={kind}"));
            let events = page["items"].as_array().expect("events").clone();
            enough(&events).then_some(events)
        })
    }
}

fn run(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("timeout, sshpass and openssh-client are installed");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // A program that ends early reads no more.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("the writer ends");
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Bytes in which every value occurs, more than any window.
fn binary() -> Vec<u8> {
    (0..900_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

#[test]
fn commands_have_their_own_streams_and_status() {
    let client = Client::start();
    let output = client.ssh(&[], &["id; echo wrong >&2; exit 3"], b"");
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stdout).starts_with("uid=0(root)"), "{output:?}");
    assert_eq!(text(&output.stderr), "wrong\n");

    let bytes = binary();
    assert_eq!(client.ssh(&[], &["cat > /tmp/in"], &bytes).status.code(), Some(0));
    let back = client.ssh(&[], &["cat /tmp/in"], b"");
    assert!(back.stdout == bytes, "{} of {} bytes come back", back.stdout.len(), bytes.len());

    let script = client.ssh(&[], &[], b"echo from a script\nfalse\n");
    assert_eq!((text(&script.stdout).as_str(), script.status.code()), ("from a script\n", Some(1)));

    client.events("command.input", |events| {
        events.iter().any(|event| event["line"].as_str().is_some_and(|l| l.starts_with("id; echo")))
    });
    let prints = client.events("client.fingerprint", |events| !events.is_empty());
    assert_eq!(prints[0]["method"], "hassh");
    assert!(prints[0]["software"].as_str().is_some_and(|s| s.starts_with("SSH-2.0-OpenSSH")));
}

#[test]
fn a_terminal_greets_as_debian_does() {
    let client = Client::start();
    let first = client.ssh(&["-tt"], &[], b"stty size; tty\nexit 5\n");
    assert_eq!(first.status.code(), Some(5), "{first:?}");
    let screen = text(&first.stdout);
    assert!(screen.starts_with("Linux ") && screen.contains("ABSOLUTELY NO WARRANTY"), "{screen}");
    assert!(screen.contains("/dev/pts/0") && !screen.contains("Last login"), "{screen}");
    let second = text(&client.ssh(&["-tt"], &[], b"exit\n").stdout);
    assert!(second.contains("Last login: ") && second.contains(" from 127.0.0.1\r\n"), "{second}");
    let command = text(&client.ssh(&["-tt"], &["tty"], b"").stdout);
    assert_eq!(command, "/dev/pts/0\r\n", "no greeting for a command");
}

#[test]
fn wrong_passwords_are_answered_late_and_recorded() {
    let client = Client::start();
    let mut wrong = client.tool("ssh", Some("no"));
    let start = std::time::Instant::now();
    let output = run(wrong.arg(client.host()).arg("id"), b"");
    assert_eq!(output.status.code(), Some(5), "sshpass tells a wrong password: {output:?}");
    assert!(start.elapsed() > Duration::from_millis(900), "{:?}", start.elapsed());
    let events = client.events("login.attempt", |events| !events.is_empty());
    assert_eq!((&events[0]["password"], &events[0]["success"]), (&"no".into(), &false.into()));
    assert_eq!(events[0]["protocol"], "ssh");
}

#[test]
fn a_planted_key_lets_in() {
    let client = Client::start();
    let key = client.path("key");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&key)
        .status()
        .expect("ssh-keygen runs");
    assert!(made.success());
    let with_key = |command: &str| {
        let mut ssh = client.tool("ssh", None);
        run(ssh.arg("-i").arg(&key).arg(client.host()).arg(command), b"")
    };
    assert_eq!(with_key("id").status.code(), Some(255), "nobody knows it yet");
    let public = std::fs::read(key.with_extension("pub")).expect("the public key");
    let planted = client.ssh(&[], &["mkdir -p ~/.ssh; cat >> ~/.ssh/authorized_keys"], &public);
    assert!(planted.status.success(), "{planted:?}");
    let output = with_key("id -un");
    assert_eq!(text(&output.stdout), "root\n", "{output:?}");
    let events = client.events("login.attempt", |events| {
        let by_key = |event: &&Value| event["method"] == "publickey";
        events.iter().filter(by_key).any(|event| event["success"] == true)
            && events.iter().filter(by_key).any(|event| event["success"] == false)
    });
    for event in events.iter().filter(|event| event["method"] == "publickey") {
        let proof = event["proof"].as_str().expect("a key");
        assert!(proof.starts_with("ssh-ed25519 SHA256:"), "{proof}");
    }
}

#[test]
fn files_go_both_ways() {
    let client = Client::start();
    let (up, down, again) = (client.path("up"), client.path("down"), client.path("again"));
    std::fs::write(&up, binary()).expect("a file");
    let batch = format!(
        "put {up} /tmp/f\nchmod 755 /tmp/f\nmkdir /tmp/d\nrename /tmp/f /tmp/d/f\nln -s f /tmp/d/l\n\
         get /tmp/d/l {down}\nls -l /tmp/d\n",
        up = up.display(),
        down = down.display()
    );
    let mut sftp = client.tool("sftp", Some(PASSWORD));
    let output = run(sftp.arg(client.host()), batch.as_bytes());
    assert!(output.status.success(), "{output:?}");
    assert!(std::fs::read(&down).expect("what was fetched") == binary());
    assert!(text(&output.stdout).contains("lrwxrwxrwx"), "{}", text(&output.stdout));
    assert!(client.says("ls -l /tmp/d").contains("-rwxr-xr-x 1 root root 900000"));

    let there = format!("{}:/tmp/scp", client.host());
    for (from, to) in [(&up.display().to_string(), &there), (&there, &again.display().to_string())]
    {
        let mut scp = client.tool("scp", Some(PASSWORD));
        let output = run(scp.arg("-s").arg(from).arg(to), b"");
        assert!(output.status.success(), "{from} to {to}: {output:?}");
    }
    assert!(std::fs::read(&again).expect("what was fetched") == binary());
    let transfers = client.events("file.transfer", |events| {
        let done = |operation| events.iter().any(|event| event["operation"] == operation);
        done("upload") && done("download") && done("rename") && done("link")
    });
    assert!(transfers.iter().all(|event| event["protocol"] == "sftp"));
    let samples = client.events("sample.captured", |events| !events.is_empty());
    assert_eq!((&samples[0]["how"], &samples[0]["size"]), (&"uploaded".into(), &900_000.into()));
}

/// The old protocol, which `scp` speaks to a program of its own name at the other end.
#[test]
fn the_old_scp_goes_both_ways() {
    let client = Client::start();
    let tree = client.path("tree");
    std::fs::create_dir_all(tree.join("inner")).expect("a folder");
    std::fs::write(tree.join("large"), binary()).expect("a file");
    std::fs::write(tree.join("inner/small"), b"a small file").expect("a file");
    let old = std::time::SystemTime::UNIX_EPOCH + Duration::from_hours(416_667);
    for name in ["large", "inner"] {
        let file = std::fs::File::open(tree.join(name)).expect("it is there");
        file.set_modified(old).expect("a time");
    }
    let scp = |arguments: &[&str]| {
        let output = run(client.tool("scp", Some(PASSWORD)).arg("-O").args(arguments), b"");
        (output.status.code(), text(&output.stderr))
    };
    let there = |path: &str| format!("{}:{path}", client.host());
    let here = |name: &str| client.path(name).display().to_string();
    let fine = (Some(0), String::new());

    assert_eq!(scp(&[&here("tree/large"), &there("/tmp/one")]), fine);
    assert_eq!(scp(&[&there("/tmp/one"), &here("one")]), fine);
    assert!(std::fs::read(client.path("one")).expect("what came back") == binary());

    assert_eq!(scp(&["-r", "-p", &here("tree"), &there("/tmp")]), fine);
    let listed = client.says("cd /tmp/tree; find . | sort; stat -c %Y large inner");
    assert_eq!(listed, ".\n./inner\n./inner/small\n./large\n1500001200\n1500001200\n");
    assert_eq!(scp(&["-r", "-p", &there("/tmp/tree"), &here("back")]), fine);
    assert!(std::fs::read(client.path("back/large")).expect("what came back") == binary());
    let small = std::fs::metadata(client.path("back/large")).expect("it is there");
    assert_eq!(small.modified().expect("a time"), old);
    assert_eq!(
        std::fs::read(client.path("back/inner/small")).expect("what came back"),
        b"a small file"
    );

    let missing = scp(&[&there("/tmp/nosuch"), &here("x")]);
    assert_eq!(missing, (Some(1), "scp: /tmp/nosuch: No such file or directory\n".into()));
    let (large, small) = (here("tree/large"), here("tree/inner/small"));
    let many = scp(&[&large, &small, &there("/tmp/nosuch")]);
    assert_eq!(many, (Some(1), "scp: /tmp/nosuch: No such file or directory\n".into()));

    client.events("sample.captured", |events| {
        events.iter().any(|e| e["how"] == "uploaded" && e["size"] == 900_000)
    });
}

/// Ends when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn curl(arguments: &[&str]) -> Output {
    Command::new("curl").args(["-sS", "-m", "10"]).args(arguments).output().expect("curl runs")
}

fn listening(port: u16) {
    wait_for("the client's port", Duration::from_secs(20), || {
        let listeners = std::fs::read_to_string("/proc/net/tcp").ok()?;
        listeners.contains(&format!(":{port:04X} 00000000:0000 0A")).then_some(())
    });
}

#[test]
fn tunnels_lead_to_emulated_services_only() {
    let client = Client::start();
    let (web, socks) = (free_port(), free_port());
    let mut ssh = client.tool("ssh", Some(PASSWORD));
    ssh.arg("-N").arg(format!("-L{web}:shop.example:80")).arg(format!("-D{socks}"));
    ssh.args(["-R0:localhost:80"]).arg(client.host());
    let ssh = ssh.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("ssh starts");
    let _ssh = Running(ssh);
    listening(web);
    let page = curl(&["-i", &format!("http://127.0.0.1:{web}/")]);
    assert!(text(&page.stdout).starts_with("HTTP/1.1 200 OK\r\nServer: nginx"), "{page:?}");
    let proxy = format!("127.0.0.1:{socks}");
    let page = curl(&["--socks5-hostname", &proxy, "http://other.example/"]);
    assert!(page.status.success() && !page.stdout.is_empty(), "{page:?}");
    let secure = curl(&["-k", "--socks5-hostname", &proxy, "https://other.example/"]);
    assert_eq!(secure.status.code(), Some(35), "no TLS behind a tunnel: {secure:?}");
    let closed = curl(&["--socks5-hostname", &proxy, "http://127.0.0.1:1/"]);
    assert!(!closed.status.success(), "{closed:?}");

    let tunnels = client.events("tunnel.request", |events| events.len() >= 5);
    let asked = |how: &str, host: &str, granted: bool| {
        tunnels.iter().any(|event| {
            event["how"] == how && event["host"] == host && event["granted"] == granted
        })
    };
    assert!(asked("direct-tcpip", "shop.example", true), "{tunnels:?}");
    assert!(asked("direct-tcpip", "other.example", true), "{tunnels:?}");
    assert!(asked("direct-tcpip", "127.0.0.1", false), "{tunnels:?}");
    assert!(tunnels.iter().any(|event| event["how"] == "tcpip-forward"), "{tunnels:?}");
    client.events("payload.first", |events| events.iter().any(|event| event["protocol"] == "tls"));
}

#[test]
fn several_commands_share_a_connection() {
    let client = Client::start();
    let control = client.path("control");
    let mut master = client.tool("ssh", Some(PASSWORD));
    master.arg("-N").arg("-M").arg("-S").arg(&control).arg(client.host());
    let master = master.stdin(Stdio::null()).spawn().expect("ssh starts");
    let _master = Running(master);
    wait_for("the control socket", Duration::from_secs(20), || {
        Path::new(&control).exists().then_some(())
    });
    let threads: Vec<_> = (0..5)
        .map(|number| {
            let mut ssh = client.tool("ssh", None);
            ssh.arg("-S").arg(&control).arg(client.host());
            ssh.arg(format!("sleep 1; echo {number}; exit {number}"));
            std::thread::spawn(move || run(&mut ssh, b""))
        })
        .collect();
    for (number, thread) in threads.into_iter().enumerate() {
        let output = thread.join().expect("no panic");
        assert_eq!(text(&output.stdout), format!("{number}\n"), "{output:?}");
        assert_eq!(output.status.code(), i32::try_from(number).ok());
    }
}
