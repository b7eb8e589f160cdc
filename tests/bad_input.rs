//! Hostile peers and broken surroundings: each has a bounded cost and a clear record or
//! error.

use crate::circle::CAMERA_CREDENTIALS;
use crate::support::bot::Bot;
use crate::support::program::{Ukai, binary, test_configuration};
use crate::support::wait_for;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// Growth of the program's memory that one hostile peer may cause, in KiB.
const GROWTH_KIB_MAX: u64 = 64 * 1024;

fn resident_kib(ukai: &Ukai) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", ukai.pid())).expect("the process lives");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a resident size");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

/// Sends `bytes` to a service until it hangs up or all is sent; reads what comes.
fn throw(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("the honeypot listens");
    stream.set_read_timeout(Some(Duration::from_secs(2))).expect("a socket option");
    stream.set_write_timeout(Some(Duration::from_secs(5))).expect("a socket option");
    let mut copy = stream.try_clone().expect("a second handle");
    let reader = std::thread::spawn(move || {
        let mut answer = Vec::new();
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = copy.read(&mut buffer) {
            answer.extend_from_slice(&buffer[..count]);
            if answer.len() > 8 << 20 {
                break;
            }
        }
        answer
    });
    // A hang-up in the middle is the honeypot's right.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    reader.join().expect("the reader ends")
}

fn still_works(ukai: &Ukai) {
    let mut bot = Bot::connect(ukai.service("telnet", "camera-arm"));
    bot.log_in(CAMERA_CREDENTIALS);
    bot.say("sh");
    bot.expect(&["# ", "$ "]);
    assert!(bot.run("echo works").contains("works"));
}

#[test]
fn floods_of_bytes_cost_bounded_memory() {
    let ukai = Ukai::start();
    still_works(&ukai);
    let before = resident_kib(&ukai);
    let telnet = ukai.service("telnet", "camera-arm");
    let http = ukai.service("http", "camera-arm");
    let raw = ukai.service("raw", "router-mips");
    let long_header = [b"GET / HTTP/1.1\r\nX: ".to_vec(), vec![b'a'; 4 << 20]].concat();
    let chunks = [
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(),
        b"1\r\na\r\n".repeat(1 << 20),
    ]
    .concat();
    for (address, bytes) in [
        (telnet, b"\xff\xfd\x18".repeat(1 << 20)),
        (telnet, b"\xff\xfa\x18".repeat(1 << 20)),
        (telnet, vec![b'a'; 8 << 20]),
        (telnet, vec![0xfe; 8 << 20]),
        (http, long_header),
        (http, chunks),
        (http, vec![0; 8 << 20]),
        (http, b"GET /../../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n".repeat(10_000)),
        (raw, vec![b'z'; 32 << 20]),
    ] {
        throw(address, &bytes);
    }
    let after = resident_kib(&ukai);
    println!("resident before {before} KiB, after the floods {after} KiB");
    assert!(after < before + GROWTH_KIB_MAX, "{before} KiB became {after} KiB");
    still_works(&ukai);
}

#[test]
fn nothing_outside_the_persona_can_be_read() {
    let ukai = Ukai::start();
    let http = ukai.service("http", "camera-arm");
    for target in
        ["/../../../../etc/hostname", "/%2e%2e/%2e%2e/etc/hostname", "/..%2f..%2fetc/hostname"]
    {
        let answer = throw(
            http,
            format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes(),
        );
        let own = std::fs::read("/etc/hostname").expect("this machine has a name");
        let own = own.trim_ascii();
        assert!(own.is_empty() || !answer.windows(own.len()).any(|part| part == own), "{target}");
    }
    let mut bot = Bot::connect(ukai.service("telnet", "camera-arm"));
    bot.log_in(CAMERA_CREDENTIALS);
    bot.say("sh");
    bot.expect(&["# ", "$ "]);
    let persona = bot.run("cat /etc/passwd");
    let own = std::fs::read_to_string("/etc/passwd").expect("this machine has users");
    assert_ne!(persona.trim(), own.trim());
    assert!(bot.run("cat ../../../../../../proc/version").contains("Linux version"));
}

#[test]
fn escapes_and_odd_bytes_are_recorded_harmlessly() {
    let ukai = Ukai::start();
    let mut stream =
        TcpStream::connect(ukai.service("telnet", "router-mips")).expect("the honeypot listens");
    stream.set_read_timeout(Some(Duration::from_millis(300))).expect("a socket option");
    for line in [&b"\x1b]0;owned\x07\xc3\x28\xf0\x9f\r\n"[..], b"\x1b[2J\xe2\x80\xae\r\n"] {
        let mut buffer = [0; 4096];
        let _ = stream.read(&mut buffer);
        stream.write_all(line).expect("the honeypot takes bytes");
    }
    drop(stream);
    let event = wait_for("the attempt", Duration::from_secs(10), || {
        let text = ukai.get_text("/api/events?kind=login.attempt");
        text.contains("owned").then_some(text)
    });
    assert!(event.chars().all(|c| !c.is_control()), "no control character reaches JSON: {event}");
    assert!(event.contains(r"\\x1b"), "the bytes are kept, escaped: {event}");
    let listed = Command::new(binary())
        .args(["events", "--config"])
        .arg(ukai.configuration())
        .output()
        .expect("ukai runs");
    let text = String::from_utf8(listed.stdout).expect("UTF-8");
    assert!(
        text.contains("login.attempt") && text.chars().all(|c| c == '\n' || !c.is_control()),
        "{text}"
    );
}

#[test]
fn ten_thousand_connections_are_bounded_and_leave_room_for_others() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
        .expect("more descriptors");
    let ukai = Ukai::start();
    let address = ukai.service("telnet", "camera-arm");
    let before = resident_kib(&ukai);
    let mut open = Vec::new();
    for _ in 0..10_000 {
        if let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_secs(2)) {
            open.push(stream);
        }
    }
    let during = resident_kib(&ukai);
    println!("{} connections made; resident {before} KiB before, {during} KiB during", open.len());
    assert!(during < before + GROWTH_KIB_MAX, "{before} KiB became {during} KiB");
    // Another address is not shut out by this one's crowd.
    let other = rustix::net::socket(
        rustix::net::AddressFamily::INET,
        rustix::net::SocketType::STREAM,
        None,
    )
    .expect("a socket");
    rustix::net::bind(&other, &"127.9.9.9:0".parse::<SocketAddr>().expect("an address"))
        .expect("a loopback address");
    rustix::net::connect(&other, &address).expect("another peer is let in");
    let mut other = TcpStream::from(other);
    other.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket option");
    let mut first = [0; 64];
    assert!(other.read(&mut first).expect("it is greeted") > 0);
    drop(open);
    wait_for("the program to be itself again", Duration::from_secs(30), || {
        let status = ukai.get("/api/status");
        status["totals"]["sessions"].as_u64().filter(|sessions| *sessions > 0)
    });
    still_works(&ukai);
}

#[test]
fn a_full_disk_is_told_and_survived() {
    let ukai = Ukai::start_on_small_disk(24);
    still_works(&ukai);
    let filler = ukai.private_data().join("filler");
    let mut file = std::fs::File::create(&filler).expect("a file");
    let zeros = vec![0; 64 * 1024];
    while file.write_all(&zeros).is_ok() {}
    drop(file);
    // The honeypot goes on answering; the store says that it cannot keep anything.
    for _ in 0..3 {
        let mut bot = Bot::connect(ukai.service("telnet", "camera-arm"));
        bot.expect(&["ogin:"]);
        bot.say("nobody");
    }
    let told = wait_for("the full disk to be told", Duration::from_secs(30), || {
        let status = ukai.get("/api/status");
        (status["store"]["state"] == "degraded").then_some(status)
    });
    println!("told as: {}", told["store"]);
    std::fs::remove_file(&filler).expect("space comes back");
    wait_for("recovery", Duration::from_mins(1), || {
        (ukai.get("/api/status")["store"]["state"] == "ok").then_some(())
    });
    let before = ukai.get("/api/status")["totals"]["sessions"].as_u64().expect("a number");
    still_works(&ukai);
    wait_for("new sessions to be kept", Duration::from_secs(20), || {
        (ukai.get("/api/status")["totals"]["sessions"].as_u64()? > before).then_some(())
    });
}

#[test]
fn a_port_in_use_is_named_with_the_remedy() {
    let folder = TempDir::new().expect("a temporary folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken_address = taken.local_addr().expect("a bound address");
    let configuration = test_configuration(&folder.path().join("data"));
    let configuration =
        configuration.replacen("telnet = [0]", &format!("telnet = [{}]", taken_address.port()), 1);
    let (code, error) = up_fails(&folder, &configuration);
    assert_eq!(code, Some(2), "{error}");
    assert!(error.contains(&taken_address.to_string()) && error.contains("in use"), "{error}");
}

#[test]
fn a_broken_configuration_gets_one_clear_error() {
    let folder = TempDir::new().expect("a temporary folder");
    for (text, expected) in [
        ("[hub\n", "line 1"),
        ("[hub]\nlisten = 5\n", "hub.listen"),
        ("[hub]\nlissten = \"127.0.0.1:1\"\n", "lissten"),
        ("[log]\nlevel = \"loud,,=\"\n", "[log] level"),
        (
            "[[honeypot.listeners]]\naddresses = [\"127.0.0.1\"]\npersona = \"toaster\"\nports = { telnet = [2323] }\n",
            "toaster",
        ),
    ] {
        let (code, error) = up_fails(&folder, text);
        assert_eq!(code, Some(2), "{error}");
        assert!(error.contains("ukai.toml") && error.contains(expected), "{expected}: {error}");
        assert_eq!(error.trim().lines().count(), 1, "one error: {error}");
    }
}

/// Runs `ukai up` with a configuration that cannot work.
fn up_fails(folder: &TempDir, configuration: &str) -> (Option<i32>, String) {
    let path = folder.path().join("ukai.toml");
    std::fs::write(&path, configuration).expect("the configuration can be written");
    let output = Command::new(binary())
        .args(["up", "--config"])
        .arg(&path)
        .arg("--data")
        .arg(folder.path().join("data"))
        .output()
        .expect("ukai runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}
