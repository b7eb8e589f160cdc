//! `lsof` 4.95: the files that processes have open, from `/proc`.

use super::{Arguments, Command, Options, Outcome};
use crate::fs::{LocalKind, Socket, SocketState};
use crate::process::Process;
use std::fmt::Write as _;
use std::net::SocketAddr;
use ukai_persona::Process as Listed;

pub(super) const COMMANDS: &[Command] = &[Command::at_once("lsof", lsof)];

/// A line of the table.
struct Row {
    pid: u32,
    command: String,
    user: String,
    descriptor: String,
    kind: &'static str,
    device: String,
    size: String,
    node: String,
    name: String,
}

/// What is asked for.
struct Asked {
    internet: Option<String>,
    pids: Vec<u32>,
    users: Vec<String>,
    commands: Vec<String>,
    paths: Vec<String>,
    only_numbers: bool,
    ports_as_numbers: bool,
    all_must_hold: bool,
}

impl Asked {
    fn read(arguments: &Arguments) -> Self {
        // The value of `-i` is joined to it, or the next word, or not there.
        let mut internet = None;
        let mut rest = Vec::new();
        let mut words = arguments.words.iter().peekable();
        while let Some(word) = words.next() {
            let text = String::from_utf8_lossy(word).into_owned();
            let letters = text.strip_prefix('-').unwrap_or_default();
            // Before it stand only letters that take no value.
            let at = letters
                .find('i')
                .filter(|at| letters[..*at].chars().all(|c| "nPtaUlbR".contains(c)));
            let Some(at) = at.filter(|_| !rest.is_empty()) else {
                rest.push(word.clone());
                continue;
            };
            rest.push(format!("-{}", &letters[..at]).into_bytes());
            let joined = letters[at + 1..].to_owned();
            let starts = |w: &&Vec<u8>| w.first().is_some_and(|c| b":@tuTU46".contains(c));
            internet = Some(match words.peek().filter(|w| joined.is_empty() && starts(w)) {
                Some(next) => String::from_utf8_lossy(next).into_owned(),
                None => joined.clone(),
            });
            if joined.is_empty() && words.peek().is_some_and(starts) {
                words.next();
            }
        }
        rest.retain(|word| word != b"-");
        let words: Vec<String> =
            rest.iter().map(|w| String::from_utf8_lossy(w).into_owned()).collect();
        let options = Options::read(&Arguments::new(rest, true), "nPtaUlbRVhp:u:c:d:s:F:", &[]);
        let listed = |name: &str| -> Vec<String> {
            let value = options.value(name).map(|v| String::from_utf8_lossy(v).into_owned());
            value.map_or_else(Vec::new, |v| v.split(',').map(str::to_owned).collect())
        };
        let paths = words.iter().skip(1).filter(|w| w.starts_with('/')).cloned().collect();
        Self {
            internet,
            pids: listed("p").iter().filter_map(|pid| pid.parse().ok()).collect(),
            users: listed("u"),
            commands: listed("c"),
            paths,
            only_numbers: options.has("t"),
            ports_as_numbers: options.has("P"),
            all_must_hold: options.has("a"),
        }
    }

    /// Whether a process is asked for by what it is; `None` if nothing of the kind is asked.
    fn takes(&self, p: &Listed) -> Option<bool> {
        let wanted = [
            (!self.pids.is_empty()).then(|| self.pids.contains(&p.pid)),
            (!self.users.is_empty()).then(|| self.users.contains(&p.user)),
            (!self.commands.is_empty())
                .then(|| self.commands.iter().any(|c| p.name.starts_with(c.as_str()))),
        ];
        let mut wanted = wanted.into_iter().flatten();
        let first = wanted.next()?;
        Some(wanted.fold(
            first,
            |so_far, next| {
                if self.all_must_hold { so_far && next } else { so_far || next }
            },
        ))
    }

    /// Whether `-i` takes a socket: `:22`, `tcp:22`, `TCP`, `@192.0.2.1:22`.
    fn takes_socket(&self, socket: &Socket) -> bool {
        let Some(which) = &self.internet else { return false };
        let which = which.to_lowercase();
        let (protocol, rest) = match which.strip_prefix("tcp") {
            Some(rest) => (Some(false), rest),
            None => match which.strip_prefix("udp") {
                Some(rest) => (Some(true), rest),
                None => (None, &which[..]),
            },
        };
        let port = rest.rsplit_once(':').map(|(_, port)| match port {
            "ssh" => Some(22),
            "telnet" => Some(23),
            "http" => Some(80),
            "https" => Some(443),
            other => other.parse::<u16>().ok(),
        });
        let ends = [Some(socket.local), socket.remote];
        protocol.is_none_or(|udp| socket.udp == udp)
            && (!rest.starts_with('6') || socket.local.is_ipv6())
            && (!rest.starts_with('4') || socket.local.is_ipv4())
            && port.is_none_or(|port| ends.iter().flatten().any(|e| Some(e.port()) == port))
    }
}

fn lsof(process: &mut Process, arguments: &Arguments) -> Outcome {
    let asked = Asked::read(arguments);
    let view = process.view();
    let processes = process.fs().processes(&view);
    let sockets = process.fs().sockets(&view);
    let nothing_asked = asked.internet.is_none()
        && asked.paths.is_empty()
        && asked.pids.is_empty()
        && asked.users.is_empty()
        && asked.commands.is_empty();
    let mut rows = Vec::new();
    for p in &processes {
        process.session.step(4)?;
        // Others' files are for root to see.
        let user = process.session.host.persona.user(p.user.as_bytes());
        if process.uid != 0 && user.is_none_or(|user| user.uid != process.uid) {
            continue;
        }
        let taken = asked.takes(p);
        let files = nothing_asked || taken == Some(true) && asked.internet.is_none();
        if files || !asked.paths.is_empty() {
            let mut own = open_files(process, p);
            if !files {
                own.retain(|row| asked.paths.contains(&row.name));
            }
            rows.append(&mut own);
        }
        let own = sockets.iter().filter(|s| s.owner.as_ref().is_some_and(|(o, _)| o.pid == p.pid));
        for s in own {
            let by_socket = asked.takes_socket(s);
            let wanted = match (nothing_asked, taken) {
                (true, _) => true,
                (_, Some(taken)) if asked.internet.is_some() && asked.all_must_hold => {
                    taken && by_socket
                }
                (_, Some(taken)) => taken || by_socket,
                _ => by_socket,
            };
            if wanted {
                rows.push(socket_row(p, s, asked.ports_as_numbers));
            }
        }
    }
    if asked.only_numbers {
        let mut numbers: Vec<String> = rows.iter().map(|row| row.pid.to_string()).collect();
        numbers.dedup();
        process.print(numbers.iter().fold(String::new(), |text, pid| text + pid + "\n"))?;
        return Ok(i32::from(numbers.is_empty()));
    }
    if rows.is_empty() {
        return Ok(1);
    }
    let text = table(&rows);
    process.print(text)?;
    Ok(0)
}

/// What every process has open: its directory, its program, libraries, descriptors.
fn open_files(process: &Process, p: &Listed) -> Vec<Row> {
    const DISK: &str = "254,1";
    let view = process.view();
    let host = &process.session.host;
    let base = |descriptor: &str| Row {
        pid: p.pid,
        command: p.name.chars().take(9).collect(),
        user: p.user.chars().take(8).collect(),
        descriptor: descriptor.to_owned(),
        kind: "REG",
        device: DISK.to_owned(),
        size: String::new(),
        node: String::new(),
        name: String::new(),
    };
    let inode = |path: &str| host.draw(&format!("inode {path}"), 1_100, 260_000).to_string();
    let seat = &process.session.seat;
    let directory = |descriptor: &str, path: String| Row {
        kind: "DIR",
        size: "4096".to_owned(),
        node: if path == "/" { "2".to_owned() } else { inode(&path) },
        name: path,
        ..base(descriptor)
    };
    let mut rows = vec![directory("cwd", seat.directory(p.pid)), directory("rtd", "/".to_owned())];
    if p.is_kernel() {
        rows.push(Row {
            kind: "unknown",
            device: String::new(),
            name: format!("/proc/{}/exe", p.pid),
            ..base("txt")
        });
        return rows;
    }
    let libraries =
        ["/usr/lib/x86_64-linux-gnu/libc.so.6", "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"];
    for (descriptor, path) in
        [("txt", p.exe.as_str()), ("mem", libraries[0]), ("mem", libraries[1])]
    {
        let Ok(stat) = process.fs().stat(&view, path.as_bytes(), true) else { continue };
        rows.push(Row {
            size: stat.size.to_string(),
            node: inode(path),
            name: path.to_owned(),
            ..base(descriptor)
        });
    }
    for fd in 0..3_u8 {
        let name = seat.descriptor(p.pid, fd);
        let (kind, device, size, node, letter) = match name.as_str() {
            "/dev/null" => ("CHR", "1,3", "0t0", "4".to_owned(), if fd == 0 { 'r' } else { 'w' }),
            "/dev/pts/0" => ("CHR", "136,0", "0t0", "3".to_owned(), 'u'),
            pipe if pipe.starts_with("pipe:") => {
                let node = pipe.trim_matches(|c: char| !c.is_ascii_digit()).to_owned();
                ("FIFO", "0,14", "0t0", node, if fd == 0 { 'r' } else { 'w' })
            }
            other => {
                let node = other.trim_matches(|c: char| !c.is_ascii_digit()).to_owned();
                ("unix", "0x0000000000000000", "0t0", node, 'u')
            }
        };
        let name = match kind {
            "FIFO" => "pipe".to_owned(),
            "unix" => "type=STREAM".to_owned(),
            _ => name,
        };
        let device = if kind == "unix" {
            format!(
                "0x{:016x}",
                host.draw(&format!("pointer {node}"), 1 << 20, u64::from(u32::MAX))
            )
        } else {
            device.to_owned()
        };
        rows.push(Row {
            kind,
            device,
            size: size.to_owned(),
            node,
            name,
            ..base(&format!("{fd}{letter}"))
        });
    }
    for s in process.fs().local_sockets(&view) {
        let Some((owner, fd)) = &s.owner else { continue };
        if owner.pid != p.pid || *fd < 3 {
            continue;
        }
        let kind = match s.kind {
            LocalKind::Stream => "STREAM",
            LocalKind::Datagram => "DGRAM",
            LocalKind::Packets => "SEQPACKET",
        };
        let pointer = host.draw(&format!("pointer {}", s.inode), 1 << 20, u64::from(u32::MAX));
        rows.push(Row {
            kind: "unix",
            device: format!("0x{pointer:016x}"),
            size: "0t0".to_owned(),
            node: s.inode.to_string(),
            name: format!("{} type={kind}", s.path).trim_start().to_owned(),
            ..base(&format!("{fd}u"))
        });
    }
    rows
}

fn socket_row(p: &Listed, s: &Socket, numeric: bool) -> Row {
    let port = |port: u16| match port {
        22 if !numeric => "ssh".to_owned(),
        23 if !numeric => "telnet".to_owned(),
        68 if !numeric => "bootpc".to_owned(),
        80 if !numeric => "http".to_owned(),
        443 if !numeric => "https".to_owned(),
        other => other.to_string(),
    };
    let end = |end: SocketAddr| match end {
        end if end.ip().is_unspecified() => format!("*:{}", port(end.port())),
        SocketAddr::V6(v6) => format!("[{}]:{}", v6.ip(), port(v6.port())),
        SocketAddr::V4(v4) => format!("{}:{}", v4.ip(), port(v4.port())),
    };
    Row {
        pid: p.pid,
        command: p.name.chars().take(9).collect(),
        user: p.user.chars().take(8).collect(),
        descriptor: format!("{}u", s.owner.as_ref().map_or(3, |(_, fd)| *fd)),
        kind: if s.local.is_ipv6() { "IPv6" } else { "IPv4" },
        device: s.inode.to_string(),
        size: "0t0".to_owned(),
        node: if s.udp { "UDP" } else { "TCP" }.to_owned(),
        name: match (s.remote, s.state) {
            (Some(remote), _) => format!("{}->{} (ESTABLISHED)", end(s.local), end(remote)),
            (None, SocketState::Listening) => format!("{} (LISTEN)", end(s.local)),
            _ => end(s.local),
        },
    }
}

/// Columns as wide as their widest cell (print.c, `print_file`).
fn table(rows: &[Row]) -> String {
    let width = |heading: &str, of: fn(&Row) -> usize| {
        rows.iter().map(of).max().unwrap_or(0).max(heading.len())
    };
    let command = width("COMMAND", |r| r.command.len());
    let pid = width("PID", |r| r.pid.to_string().len());
    let user = width("USER", |r| r.user.len());
    let kind = width("TYPE", |r| r.kind.len());
    let device = width("DEVICE", |r| r.device.len());
    let size = width("SIZE/OFF", |r| r.size.len());
    let node = width("NODE", |r| r.node.len());
    let mut text = format!(
        "{:<command$} {:>pid$} {:>user$}   FD   {:>kind$} {:>device$} {:>size$} {:>node$} NAME\n",
        "COMMAND", "PID", "USER", "TYPE", "DEVICE", "SIZE/OFF", "NODE"
    );
    for r in rows {
        // A number stands before the letter that tells how it is open.
        let digits = r.descriptor.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let descriptor = match digits {
            "" => format!("{:>4}  ", r.descriptor),
            digits => format!("{digits:>4}{} ", &r.descriptor[digits.len()..]),
        };
        let _ = writeln!(
            text,
            "{:<command$} {:>pid$} {:>user$} {descriptor} {:>kind$} {:>device$} {:>size$} {:>node$} {}",
            r.command, r.pid, r.user, r.kind, r.device, r.size, r.node, r.name
        );
    }
    text
}
