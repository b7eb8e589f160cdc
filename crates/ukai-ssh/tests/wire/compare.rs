//! The real `sshd` and `dropbear` beside ours: the same bytes in, the same bytes out,
//! but for what is random.

use crate::serve;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

struct Real {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

fn wait_for(port: u16) {
    for _ in 0..100 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("nothing listens on {port}");
}

fn sshd() -> Real {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all("/run/sshd").expect("sshd's folder for privilege separation");
    let port = free_port();
    let mut command = Command::new("/usr/sbin/sshd");
    command.args(["-D", "-e", "-f", "/dev/null", "-p", &port.to_string()]);
    command.args(["-o", "UsePAM=yes", "-o", "PidFile=none", "-o", "ListenAddress=127.0.0.1"]);
    command.args(["-o", "PerSourceMaxStartups=none", "-o", "MaxStartups=1000"]);
    for (kind, bits) in [("rsa", "3072"), ("ecdsa", "256"), ("ed25519", "256")] {
        let file = folder.path().join(kind);
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", kind, "-b", bits, "-N", "", "-f"])
            .arg(&file)
            .status()
            .expect("ssh-keygen is installed");
        assert!(made.success());
        command.arg("-o").arg(format!("HostKey={}", file.display()));
    }
    let child = command.stderr(Stdio::null()).spawn().expect("openssh-server is installed");
    wait_for(port);
    Real { child, port, _folder: folder }
}

fn dropbear() -> Real {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let mut command = Command::new("/usr/sbin/dropbear");
    command.args(["-F", "-E", "-p", &format!("127.0.0.1:{port}")]);
    command.arg("-P").arg(folder.path().join("pid"));
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let file = folder.path().join(kind);
        let made = Command::new("dropbearkey")
            .args(["-t", kind, "-f"])
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("dropbear-bin is installed");
        assert!(made.success());
        command.arg("-r").arg(&file);
    }
    let child = command.stderr(Stdio::null()).spawn().expect("dropbear-bin is installed");
    wait_for(port);
    Real { child, port, _folder: folder }
}

/// Everything that the server says to these bytes, until it closes or is silent.
fn says(port: u16, bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a server");
    stream.set_read_timeout(Some(Duration::from_millis(700))).expect("a timeout");
    let _ = stream.write_all(bytes);
    let mut said = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return (said, true),
            Ok(count) => said.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {
                return (said, true);
            }
            Err(_) => return (said, false),
        }
    }
}

/// Blanks what is random: the cookie of a KEXINIT and Dropbear's padding. Debian's
/// revision in the banner may be newer than the profile's.
fn blank(said: &[u8], dropbear: bool) -> String {
    let mut text = String::new();
    let Some(end) = said.iter().position(|byte| *byte == b'\n') else {
        return String::from_utf8_lossy(said).into_owned();
    };
    let banner = String::from_utf8_lossy(&said[..end]).into_owned();
    let banner = banner.rsplit_once("+deb").map_or(banner.as_str(), |(front, _)| front).trim_end();
    text.push_str(banner);
    text.push('\n');
    let mut rest = &said[end + 1..];
    while rest.len() > 5 {
        let length = u32::from_be_bytes([rest[0], rest[1], rest[2], rest[3]]) as usize;
        if length > 40_000 || rest.len() < 4 + length {
            break;
        }
        let padding = usize::from(rest[4]);
        let payload = &rest[5..4 + length - padding];
        let tail = &rest[4 + length - padding..4 + length];
        let mut payload = payload.to_vec();
        if payload.first() == Some(&20) {
            payload[1..17].fill(0);
        }
        let tail = if dropbear { String::new() } else { format!("{tail:?}") };
        let _ = writeln!(text, "[{length} {padding} {tail}] {}", payload.escape_ascii());
        rest = &rest[4 + length..];
    }
    text.push_str(&rest.escape_ascii().to_string());
    text
}

fn packet(payload: &[u8]) -> Vec<u8> {
    let mut padding = 8 - (payload.len() + 5) % 8;
    if padding < 4 {
        padding += 8;
    }
    let mut packet = ((payload.len() + padding + 1) as u32).to_be_bytes().to_vec();
    packet.push(padding as u8);
    packet.extend_from_slice(payload);
    packet.resize(packet.len() + padding, 0);
    packet
}

fn kexinit(lists: [&str; 10], guess: bool) -> Vec<u8> {
    let mut payload = vec![20];
    payload.extend_from_slice(&[9; 16]);
    for list in lists {
        payload.extend_from_slice(&(list.len() as u32).to_be_bytes());
        payload.extend_from_slice(list.as_bytes());
    }
    payload.push(u8::from(guess));
    payload.extend_from_slice(&[0; 4]);
    packet(&payload)
}

const GOOD: [&str; 10] = [
    "curve25519-sha256",
    "ssh-ed25519",
    "aes128-ctr",
    "aes128-ctr",
    "hmac-sha1",
    "hmac-sha1",
    "none",
    "none",
    "",
    "",
];

fn with(at: usize, list: &'static str) -> [&'static str; 10] {
    let mut lists = GOOD;
    lists[at] = list;
    lists
}

fn probes() -> Vec<(&'static str, Vec<u8>)> {
    const VERSION: &[u8] = b"SSH-2.0-OpenSSH_9.2p1\r\n";
    let after = |bytes: &[u8]| [VERSION, bytes].concat();
    let strict = "curve25519-sha256,kex-strict-c-v00@openssh.com";
    let mut probes = vec![
        ("nothing", Vec::new()),
        ("a good version", VERSION.to_vec()),
        ("a version without CR", b"SSH-2.0-OpenSSH_9.2p1\n".to_vec()),
        ("1111", b"SSH-1111-x\r\n".to_vec()),
        ("1111.0", b"SSH-1111.0-x\r\n".to_vec()),
        ("1.5", b"SSH-1.5-x\r\n".to_vec()),
        ("1.99", b"SSH-1.99-x\r\n".to_vec()),
        ("3.0", b"SSH-3.0-x\r\n".to_vec()),
        ("2.1", b"SSH-2.1-x\r\n".to_vec()),
        ("no software", b"SSH-2.0-\r\n".to_vec()),
        ("only SSH", b"SSH-\r\n".to_vec()),
        ("garbage first", b"hello\r\nSSH-2.0-x\r\n".to_vec()),
        ("an empty line", b"\r\n\r\n".to_vec()),
        ("HTTP", b"GET / HTTP/1.0\r\n\r\n".to_vec()),
        ("a NUL", b"SSH-2.0-a\0b\r\n".to_vec()),
        ("CR in the middle", b"SSH-2.0-a\rb\r\n".to_vec()),
        ("two CRs", b"SSH-2.0-a\r\r\n".to_vec()),
        ("a long version", [b"SSH-2.0-".as_slice(), &[b'a'; 9000], b"\r\n"].concat()),
        ("300 bytes of version", [b"SSH-2.0-".as_slice(), &[b'a'; 300], b"\r\n"].concat()),
        ("a probe", b"SSH-2.0-Probe-x\r\n".to_vec()),
        ("version mapper", b"SSH-2.0-SSH_Version_Mapper\r\n".to_vec()),
        ("two versions", after(VERSION)),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n".to_vec()),
        ("a huge packet", after(&[0xFF; 16])),
        ("a packet of zero", after(&[0; 16])),
        ("no multiple of the block", after(&[0, 0, 0, 13, 4, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
        ("little padding", after(&[0, 0, 0, 12, 3, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
        ("much padding", after(&[0, 0, 0, 12, 200, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
        ("an empty KEXINIT", after(&packet(&[20]))),
        ("empty lists", after(&kexinit([""; 10], false))),
        ("good lists", after(&kexinit(GOOD, false))),
        ("strict, then good", after(&kexinit(with(0, strict), false))),
        ("a message before", after(&[packet(&[2, 0, 0, 0, 0]), kexinit(GOOD, false)].concat())),
        (
            "strict, not first",
            after(&[packet(&[2, 0, 0, 0, 0]), kexinit(with(0, strict), false)].concat()),
        ),
        (
            "strict, an IGNORE",
            after(&[kexinit(with(0, strict), false), packet(&[2, 0, 0, 0, 0])].concat()),
        ),
        (
            "a bad public value",
            after(&[kexinit(GOOD, false), packet(&[30, 0, 0, 0, 1, 0])].concat()),
        ),
        ("a short public value", after(&[kexinit(GOOD, false), packet(&[30, 0, 0])].concat())),
        (
            "a guess that is wrong",
            after(
                &[kexinit(with(0, "ecdh-sha2-nistp999,curve25519-sha256"), true), packet(&[30, 0])]
                    .concat(),
            ),
        ),
        ("two KEXINITs", after(&[kexinit(GOOD, false), kexinit(GOOD, false)].concat())),
        ("NEWKEYS too early", after(&[kexinit(GOOD, false), packet(&[21])].concat())),
    ];
    for (at, what) in
        ["no kex", "no host key", "no cipher", "no cipher", "no MAC", "no MAC", "no compression"]
            .into_iter()
            .enumerate()
    {
        probes.push((what, after(&kexinit(with(at, "unheard-of"), false))));
    }
    for kind in
        [0u8, 1, 2, 3, 4, 5, 7, 8, 19, 29, 30, 49, 50, 52, 61, 80, 90, 94, 127, 191, 192, 255]
    {
        probes.push((
            "a message instead of KEXINIT",
            after(&packet(&[kind, 0, 0, 0, 0, 0, 0, 0, 0])),
        ));
        probes.push((
            "a message after KEXINIT",
            after(&[kexinit(GOOD, false), packet(&[kind, 0, 0, 0, 0, 0, 0, 0, 0])].concat()),
        ));
    }
    probes
}

fn compare(real: &Real, profile: &str) {
    let dropbear = profile.starts_with("dropbear");
    let ours = serve::start(profile);
    let theirs = real.port;
    let probes = probes();
    let mut wrong = Vec::new();
    // Dropbear takes no more than five clients of one address that have not logged in.
    for group in probes.chunks(if dropbear { 4 } else { 16 }) {
        std::thread::scope(|scope| {
            let running: Vec<_> = group
                .iter()
                .map(|(what, bytes)| {
                    scope.spawn(move || (what, bytes, says(theirs, bytes), says(ours, bytes)))
                })
                .collect();
            for thread in running {
                let (what, bytes, theirs, ours) = thread.join().expect("a probe");
                let theirs = (blank(&theirs.0, dropbear), theirs.1);
                let ours = (blank(&ours.0, dropbear), ours.1);
                if theirs != ours {
                    let tail = bytes[bytes.len().saturating_sub(24)..].escape_ascii();
                    wrong.push(format!(
                        "{what} (...{tail})\n  real: {} closed {}\n  ours: {} closed {}",
                        theirs.0, theirs.1, ours.0, ours.1
                    ));
                }
            }
        });
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn openssh_says_the_same() {
    compare(&sshd(), "openssh-9.2p1-debian12");
}

#[test]
fn dropbear_says_the_same() {
    compare(&dropbear(), "dropbear-2022.83");
}
