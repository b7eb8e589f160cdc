//! inetutils' telnetd 2.4 of Debian 12, behind an inetd of a few lines, and BusyBox' telnetd
//! and login 1.35, beside our Telnet.

use super::real::Real;
use super::{Side, compare, talk};
use crate::support::program::Ukai;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What inetd does for it: a socket as its standard streams.
const INETD: &str = r#"
import os, signal, socket, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
door = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    peer, _ = door.accept()
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number in range(3):
            os.dup2(peer.fileno(), number)
        os.execv("/usr/sbin/telnetd", ["telnetd"])
    peer.close()
"#;

const NAME: &str = "reference";

/// A prompt, or commands: the server's turn is over.
fn whole(heard: &[u8]) -> bool {
    let prompt = [&b"login: "[..], b"Password: ", b"$ ", b"# ", b"[Yes]\r\n"];
    prompt.iter().any(|end| heard.ends_with(end))
        || heard.ends_with(b"\xff\xf0")
        || heard.len() >= 3 && heard[heard.len() - 3] == 0xff
}

/// Text first, then the commands: which come before the prompt depends on how long `login`
/// takes to start.
fn plain(text: &str) -> String {
    let (mut words, mut commands) = (String::new(), Vec::new());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        // The real one sends the IAC of a mark as urgent data, which is not in the stream.
        if c == '\u{f2}' {
            commands.push(c.to_string());
            continue;
        }
        if c != '\u{ff}' {
            words.push(c);
            continue;
        }
        let mut command: String = rest.next().into_iter().collect();
        if command == "\u{f2}" {
            // Nothing follows.
        } else if command == "\u{fa}" {
            while let Some(c) = rest.next() {
                if c == '\u{ff}' {
                    rest.next();
                    break;
                }
                command.push(c);
            }
        } else {
            command.extend(rest.next());
        }
        commands.push(command);
    }
    commands.dedup_by(|next, last| next == last && last == "\u{f2}");
    // What a key shows that ends all may be lost with the rest.
    for key in ["^C[closed]", "^\\[closed]"] {
        words = words.replace(key, "[closed]");
    }
    if words.ends_with("[closed]") {
        commands.retain(|command| command != "\u{f2}");
    }
    let mut lines = String::new();
    for line in words.split_inclusive('\n') {
        match line.split_once("(pts/") {
            _ if line.starts_with("Linux NAME ") => lines.push_str("Linux NAME MOTD\r\n"),
            Some((before, _)) => lines.extend([before, "(pts/N)\r\n"]),
            None => lines.push_str(line),
        }
    }
    lines + &format!(" {commands:?}")
}

fn dialogues() -> Vec<Vec<&'static [u8]>> {
    let agrees: [&'static [u8]; 3] = [
        b"\xff\xfe\x25\xff\xfe\x26\xff\xfb\x18\xff\xfb\x20\xff\xfb\x23\xff\xfb\x27\xff\xfc\x24",
        b"\xff\xfa\x20\x0038400,38400\xff\xf0\xff\xfa\x23\x00\xff\xf0\xff\xfa\x27\x00\xff\xf0\
          \xff\xfa\x18\x00VT100\xff\xf0",
        b"\xff\xfd\x03\xff\xfc\x01\xff\xfc\x22\xff\xfb\x1f\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0\
          \xff\xfd\x05\xff\xfc\x21",
    ];
    let first = agrees[0];
    let knows_little: &'static [u8] =
        b"\xff\xfe\x25\xff\xfe\x26\xff\xfb\x18\xff\xfc\x20\xff\xfc\x23\xff\xfc\x27\xff\xfc\x24";
    let refuses: &'static [u8] =
        b"\xff\xfe\x25\xff\xfe\x26\xff\xfc\x18\xff\xfc\x20\xff\xfc\x23\xff\xfc\x27\xff\xfc\x24";
    let nothing: &'static [u8] =
        b"\xff\xfe\x03\xff\xfc\x01\xff\xfc\x22\xff\xfc\x1f\xff\xfe\x05\xff\xfc\x21";
    let quickly = |lines: &[&'static [u8]]| [&[refuses, nothing], lines].concat();
    vec![
        // Debian's own client agrees.
        [
            &agrees[..],
            &[
                b"\xff\xfd\x01\xff\xfc\x06\xff\xfc\x00nosuchuser\r\x00",
                b"wrong\r\x00",
                b"\r\x00",
                b"test\r\x00",
                b"wrong again\r\x00",
                b"\xff\xf6",
            ],
        ]
        .concat(),
        // It wants to echo itself; the window is told before it is asked for.
        vec![
            first,
            agrees[1],
            b"\xff\xfb\x01\xff\xfd\x03\xff\xfc\x22\xff\xfb\x1f\xff\xfe\x05\xff\xfc\x21",
            b"\xff\xfd\x01",
        ],
        // One that has nothing, as bots say.
        quickly(&[]),
        vec![
            knows_little,
            b"\xff\xfa\x18\x00DUMB\xff\xf0",
            b"\xff\xfe\x03\xff\xfc\x01\xff\xfc\x22\xff\xfc\x1f\xff\xfe\x05\xff\xfc\x21",
        ],
        // Options that nobody has, and a question.
        vec![b"\xff\xfb\x63\xff\xfd\x63", b"\xff\xf6", b"\xff\xfb\x63\xff\xfd\x63\xff\xf6"],
        vec![b"\xff\xfd\x01", b"\xff\xfe\x01\xff\xf6"],
        // Nobody, with no password.
        [&agrees[..], &[b"\xff\xfd\x01\xff\xfc\x06\xff\xfc\x00\r\x00", b"\r\x00", b"\r\x00"]]
            .concat(),
        // What is typed ahead is echoed, and lost at the next prompt.
        quickly(&[b"nosuchuser\r\nwrong\r\nid\r\n", b"wrong\r\n"]),
        vec![b"nosuchuser\r\nwrong\r\n", refuses, nothing],
        // Keys of the terminal.
        quickly(&[b"ro\x08\x7fx\x15\x17no\x00such\x04", b"abc\x04"]),
        quickly(&[b"abc_d, ef\x17\x17nosuch", b"\x1a", b"user\r\n"]),
        quickly(&[b"\x04"]),
        quickly(&[b"\x03"]),
        quickly(&[b"nosuchuser\r\n", b"\x03"]),
        quickly(&[b"nosuchuser\r\n", b"\x04"]),
        // Commands, and what is none.
        quickly(&[
            b"\xff\xf1\xff\xf9\xff\xf7\xff\xf8\xff\xf6",
            b"ab\xff\xf7c\xff\xffd\xff\x01\r\n",
        ]),
        quickly(&[b"\xff\xf4"]),
        quickly(&[b"\xff\xf3"]),
        quickly(&[b"\xff\xf5"]),
        quickly(&[b"\xff\xfa\x18\0VT\xff\xfb\x01\xff\xf0\xff\xfa\x63xx\xff\xf0nosuchuser\r\n"]),
        quickly(&[b"no\xff", b"\xfd\x01such\r", b"\n"]),
    ]
}

fn start() -> Real {
    Real::start(
        |folder, [port]| {
            std::fs::write(folder.join("inetd.py"), INETD).expect("a file");
            std::fs::write(folder.join("port"), port.to_string()).expect("a file");
        },
        "hostname reference; python3 inetd.py $(cat port)",
    )
}

#[test]
fn telnetd_negotiates_as_ours() {
    let real = start();
    let ukai = Ukai::start_with(|configuration| {
        let old = "smtp = [0],";
        assert!(configuration.contains(old), "the tests' configuration");
        *configuration = configuration.replace(old, "smtp = [0], telnet = [0],");
    });
    let address = ukai.service("telnet", "server-debian");
    let dialogue = [dialogues()[0].clone(), vec![]].concat();
    let seen = talk(address, &dialogue[..3], whole, super::HASTY).concat();
    let name = seen.split(" login: ").next().and_then(|text| text.rsplit('\n').next());
    let name = name.unwrap_or_default().to_owned();
    assert!(!name.is_empty(), "{seen:?}");
    let release = Command::new("uname").arg("-r").output().expect("uname runs").stdout;
    let release = String::from_utf8_lossy(&release).trim().to_owned();
    let ours = vec![(name, "NAME"), ("6.1.0-47-amd64".to_owned(), "RELEASE")];
    let theirs = vec![(NAME.to_owned(), "NAME"), (release, "RELEASE")];
    compare(
        &Side { address: real.address(0), names: theirs },
        &Side { address, names: ours },
        &dialogues(),
        whole,
        plain,
    );
}

/// BusyBox as Debian has it with `telnetd`, unpacked by tools/setup.sh.
const BUSYBOX: &str = "/opt/ukai-test/busybox-static/bin/busybox";

fn start_busybox() -> Real {
    Real::start(
        |folder, [port]| {
            std::os::unix::fs::symlink(BUSYBOX, folder.join("login")).expect("a link");
            std::fs::write(folder.join("port"), port.to_string()).expect("a file");
        },
        &format!(
            "mount -t tmpfs none /run; hostname reference; {BUSYBOX} telnetd -F -p $(cat port) -b 127.0.0.1 -l $PWD/login \
             -f none"
        ),
    )
}

/// Our camera, with that BusyBox.
fn camera(folder: &TempDir) -> Ukai {
    let persona = include_str!("../../personas/camera-arm.toml")
        .replace("name = \"camera-arm\"", "name = \"reference\"")
        .replace("program = \"busybox-1.16\"", "program = \"busybox-1.35\"");
    Ukai::start_as(folder, &persona, "telnet")
}

fn busybox_dialogues() -> Vec<Vec<&'static [u8]>> {
    let long: &'static [u8] = [&[b'a'; 62][..], b"\r\n"].concat().leak();
    let longest: &'static [u8] = [&[b'a'; 61][..], b"\r\n"].concat().leak();
    let wrong: [&'static [u8]; 2] = [b"nosuchuser\r\n", b"wrong\r\n"];
    vec![
        [&wrong[..], &wrong, &wrong].concat(),
        vec![b"\r\n", b"  \r\n", b"  no such\r\n", b"\r\n"],
        // (What is typed ahead in several lines comes to its terminal line by line, sooner or
        // later than the prompt.)
        vec![b"nosuchuser\nwrong\n", b"x\x7fy\n"],
        vec![long],
        vec![longest],
        vec![b"no\0such\r\n"],
        // Keys of the terminal.
        vec![b"ro\x08\x7fx\x15\x17nosuch\x04", b"user\x7f\x7f\x7f\x7f\x7f\r\n"],
        vec![b"nosuch\x04", b"\x04"],
        vec![b"\x04"],
        vec![b"\x03"],
        vec![b"abc", b"\x1a", b"def\r\n"],
        vec![b"nosuchuser\r\n", b"abc\x03"],
        vec![b"nosuchuser\r\n", b"\x04"],
        vec![b"nosuchuser\r\n", b"abc\x04", b"\x04"],
        vec![b"nosuchuser\r\n", b"\x1c"],
        // Options, commands, and what is none.
        vec![
            b"\xff\xfb\x63\xff\xfd\x63\xff\xfe\x01\xff\xfc\x01",
            b"\xff\xf6",
            b"\xff\xfe\x01\xff\xf6x\r\n",
        ],
        vec![b"\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0ab\xff\xf7c\xff\xffd\xff\xf4\r\n"],
        vec![b"\xff\xfa\x18\x00VT100\xff\xf0no\r\n"],
        vec![b"\xff\xfa\x18VT100\xff\xf0no\r\n"],
        vec![b"\xff\xfa\x1f\x00", b"ab\xff", b"\xf1cd\xff\xfb", b"\x01ef\r\n"],
        vec![b"no\r", b"\n", b"x\r\n"],
    ]
}

#[test]
fn busybox_answers_as_ours() {
    let (real, folder) = (start_busybox(), TempDir::new().expect("a temporary folder"));
    let ukai = camera(&folder);
    let address = ukai.service("telnet", "reference");
    let seen = talk(address, &[], whole, super::HASTY).concat();
    let name = seen.split(" login: ").next().and_then(|text| text.rsplit('\n').next());
    let name = name.unwrap_or_default().to_owned();
    assert!(!name.is_empty(), "{seen:?}");
    // It locks the list of log-ins for each of them, and sleeps where it finds a lock.
    for dialogues in busybox_dialogues().chunks(4) {
        compare(
            &Side { address: real.address(0), names: vec![(NAME.to_owned(), "NAME")] },
            &Side { address, names: vec![(name.clone(), "NAME")] },
            dialogues,
            whole,
            plain,
        );
    }
}

/// Seconds until each of two wrong pairs is refused.
fn refusals(address: SocketAddr, opening: &[&[u8]]) -> Vec<f64> {
    let mut stream = TcpStream::connect(address).expect("a server listens");
    let (mut heard, mut buffer) = (String::new(), [0; 1024]);
    let mut hear = |stream: &mut TcpStream, end: &str| {
        while !heard.contains(end) {
            let count = stream.read(&mut buffer).expect("the server speaks");
            assert!(count > 0, "no {end:?} in {heard:?}");
            heard.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        let end = heard.find(end).map_or(heard.len(), |at| at + end.len());
        heard.drain(..end);
    };
    stream.set_read_timeout(Some(Duration::from_mins(1))).expect("a socket option");
    for part in opening {
        stream.write_all(part).expect("the server takes bytes");
        std::thread::sleep(Duration::from_millis(200));
    }
    (0..2)
        .map(|_| {
            hear(&mut stream, "login: ");
            stream.write_all(b"nosuchuser\r\n").expect("the server takes bytes");
            hear(&mut stream, "assword: ");
            let start = Instant::now();
            stream.write_all(b"wrong\r\n").expect("the server takes bytes");
            hear(&mut stream, "incorrect");
            start.elapsed().as_secs_f64()
        })
        .collect()
}

/// How late an answer may be because of the machine.
const LATE_SECONDS: f64 = 15.0;

#[test]
fn refusals_take_as_long_as_ours() {
    let (inetutils, busybox) = (start(), start_busybox());
    let ukai = Ukai::start_with(|configuration| {
        *configuration = configuration.replace("smtp = [0],", "smtp = [0], telnet = [0],");
    });
    let refuses_all = dialogues()[2].clone();
    let targets = [
        (inetutils.address(0), refuses_all.clone()),
        (ukai.service("telnet", "server-debian"), refuses_all),
        (busybox.address(0), vec![]),
        (ukai.service("telnet", "camera-arm"), vec![]),
    ];
    let times = targets.map(|(address, opening)| {
        let threads = [(); 3].map(|()| {
            let opening = opening.clone();
            std::thread::spawn(move || refusals(address, &opening))
        });
        let mut times: Vec<f64> =
            threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect();
        times.sort_by(f64::total_cmp);
        times
    });
    println!("{times:.2?}");
    let [inetutils, server, busybox, camera] = &times;
    // PAM draws between half and one and a half of three seconds; BusyBox waits for three.
    // Nobody is early; a busy machine makes all of them late.
    for (range, servers) in [((1.5, 4.5), [inetutils, server]), ((3.0, 3.0), [busybox, camera])] {
        for times in servers {
            let within = |time: &f64| *time > range.0 - 0.05 && *time < range.1 + LATE_SECONDS;
            assert!(times.iter().all(within), "{times:?} where {range:?} is due");
        }
    }
    assert!(server[5] - server[0] > 0.05, "a draw that is always the same: {server:?}");
}
