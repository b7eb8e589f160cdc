//! `netstat`, `ss`, `fuser`: what `/proc/net` has, in their own forms.

use super::{Arguments, Command, Outcome};
use crate::fs::{LocalKind, LocalSocket, Socket, SocketState};
use crate::process::Process;
use std::fmt::Write as _;
use std::net::SocketAddr;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("netstat", netstat),
    Command::at_once("ss", ss),
    Command::at_once("fuser", fuser),
];

/// Which sockets are asked for.
struct Wanted {
    listening: bool,
    all: bool,
    /// Local sockets, which are shown if nothing else is asked for.
    local: bool,
    tcp: bool,
    udp: bool,
    four: bool,
    six: bool,
    programs: bool,
    numeric: bool,
}

impl Wanted {
    fn read(arguments: &Arguments) -> Self {
        let mut letters = Vec::new();
        for word in arguments.rest() {
            match &word[..] {
                b"--listening" => letters.push(b'l'),
                b"--unix" => letters.push(b'x'),
                b"--inet" | b"--inet4" | b"--ipv4" => letters.extend(b"tu4"),
                b"--inet6" | b"--ipv6" => letters.extend(b"tu6"),
                b"--all" => letters.push(b'a'),
                b"--tcp" => letters.push(b't'),
                b"--udp" => letters.push(b'u'),
                b"--numeric" => letters.push(b'n'),
                b"--processes" | b"--programs" => letters.push(b'p'),
                word if word.starts_with(b"-") => letters.extend_from_slice(&word[1..]),
                _ => {}
            }
        }
        let has = |letter: u8| letters.contains(&letter);
        let (tcp, udp) = (has(b't'), has(b'u'));
        let local = has(b'x');
        let either = tcp || udp || local || has(b'w');
        Self {
            listening: has(b'l'),
            all: has(b'a'),
            local: local || (!either && !has(b'4') && !has(b'6')),
            tcp: tcp || !either,
            udp: udp || !either,
            four: has(b'4'),
            six: has(b'6'),
            programs: has(b'p'),
            numeric: has(b'n'),
        }
    }

    fn takes_local(&self, socket: &LocalSocket) -> bool {
        self.local && (self.all || self.listening != socket.is_connected())
    }

    fn takes(&self, socket: &Socket) -> bool {
        let open = socket.state != SocketState::Established;
        let state = self.all || self.listening == open;
        let family = (self.four || self.six) && self.six != socket.local.is_ipv6();
        state && !family && if socket.udp { self.udp } else { self.tcp }
    }
}

fn sockets(process: &Process, wanted: &Wanted) -> Vec<Socket> {
    let all = process.fs().sockets(&process.view());
    let mut found: Vec<Socket> = all.into_iter().filter(|s| wanted.takes(s)).collect();
    found.sort_by_key(|s| (s.udp, s.local.is_ipv6()));
    found
}

/// A port's name in `/etc/services`, of those that occur here.
fn port_name(port: u16, wanted: &Wanted) -> String {
    let name = match port {
        _ if wanted.numeric => None,
        22 => Some("ssh"),
        23 => Some("telnet"),
        68 => Some("bootpc"),
        80 => Some("http"),
        443 => Some("https"),
        8_080 => Some("http-alt"),
        _ => None,
    };
    name.map_or_else(|| port.to_string(), str::to_owned)
}

fn netstat(process: &mut Process, arguments: &Arguments) -> Outcome {
    let has = |flag: u8| arguments.rest().iter().any(|w| w.starts_with(b"-") && w.contains(&flag));
    if has(b'r') {
        return routes(process, arguments.gnu);
    }
    if has(b'i') {
        return interfaces(process);
    }
    let wanted = Wanted::read(arguments);
    let kind = match (wanted.listening, wanted.all) {
        (true, _) => "only servers",
        (_, true) => "servers and established",
        _ => "w/o servers",
    };
    let mut text = format!(
        "Active Internet connections ({kind})\nProto Recv-Q Send-Q Local Address           Foreign Address         State      "
    );
    if wanted.programs {
        let _ = write!(text, " {:<20}", "PID/Program name");
    } else if !arguments.gnu {
        text.push(' ');
    }
    text.push('\n');
    let root = process.uid == 0;
    if wanted.programs && !root && arguments.gnu {
        process.error(
            "(Not all processes could be identified, non-owned process info\n will not be shown, you would have to be root to see it all.)",
        )?;
    }
    // Without anything of the Internet asked for, only the local sockets are shown.
    if !wanted.tcp && !wanted.udp {
        text.clear();
    }
    for s in sockets(process, &wanted) {
        let state = match s.state {
            SocketState::Listening => "LISTEN",
            SocketState::Established => "ESTABLISHED",
            SocketState::Unconnected => "",
        };
        let end = |end: Option<SocketAddr>| {
            let text = match end {
                Some(end) => format!("{}:{}", end.ip(), port_name(end.port(), &wanted)),
                None if s.local.is_ipv6() => ":::*".to_owned(),
                None => "0.0.0.0:*".to_owned(),
            };
            text.chars().take(23).collect::<String>()
        };
        let protocol = format!(
            "{}{}",
            if s.udp { "udp" } else { "tcp" },
            if s.local.is_ipv6() { "6" } else { "" }
        );
        let _ = write!(
            text,
            "{protocol:<4}  {:>6} {:>6} {:<23} {:<23} {state:<11}",
            0,
            0,
            end(Some(s.local)),
            end(s.remote)
        );
        if wanted.programs {
            let owner = owner_title(s.owner.as_ref().filter(|_| root));
            let _ = write!(text, " {owner:<20}");
        } else if !arguments.gnu {
            text.push(' ');
        }
        text.push('\n');
    }
    if wanted.local && arguments.gnu {
        local_sockets(process, &wanted, kind, &mut text);
    } else if wanted.local && !wanted.programs && process.busybox_version() >= (1, 10) {
        let _ = writeln!(
            text,
            "Active UNIX domain sockets ({kind})\nProto RefCnt Flags       Type       State         I-Node Path"
        );
    }
    process.print(&text)?;
    Ok(0)
}

/// A process as `netstat -p` shows it: number, and what stands in its command line.
fn owner_title(owner: Option<&(ukai_persona::Process, u32)>) -> String {
    const CHARACTERS: usize = 19;
    owner.map_or_else(
        || "-".to_owned(),
        |(p, _)| {
            let title = match p.command.strip_prefix('/') {
                Some(path) => {
                    crate::eval::base_name(path.split(' ').next().unwrap_or("").as_bytes())
                }
                None => p.command.as_bytes(),
            };
            let title = format!("{}/{}", p.pid, String::from_utf8_lossy(title));
            title.chars().take(CHARACTERS).collect()
        },
    )
}

/// The part of `netstat` about local sockets.
fn local_sockets(process: &Process, wanted: &Wanted, kind: &str, text: &mut String) {
    let root = process.uid == 0;
    let program =
        if wanted.programs { format!("{:<21}", "PID/Program name") } else { String::new() };
    let _ = writeln!(
        text,
        "Active UNIX domain sockets ({kind})\nProto RefCnt Flags       Type       State         I-Node   {program}Path"
    );
    let all = process.fs().local_sockets(&process.view());
    for s in all.iter().filter(|s| wanted.takes_local(s)) {
        let owner = match (wanted.programs, root) {
            (false, _) => String::new(),
            (_, false) => format!("{:<20} ", "-"),
            _ => format!("{:<20} ", owner_title(s.owner.as_ref())),
        };
        let _ = writeln!(
            text,
            "unix  {:<6} {:<11} {:<10} {:<13} {:<8} {owner}{}",
            if s.is_connected() { 3 } else { 2 },
            if s.listening { "[ ACC ]" } else { "[ ]" },
            match s.kind {
                LocalKind::Stream => "STREAM",
                LocalKind::Datagram => "DGRAM",
                LocalKind::Packets => "SEQPACKET",
            },
            match (s.listening, s.is_connected()) {
                (true, _) => "LISTENING",
                (_, true) => "CONNECTED",
                _ => "",
            },
            s.inode,
            s.path
        );
    }
}

/// `netstat -r`
fn routes(process: &mut Process, gnu: bool) -> Outcome {
    let host = std::sync::Arc::clone(&process.session.host);
    let all = crate::fs::interfaces(&host, process.session.now());
    let mut text = "Kernel IP routing table\nDestination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n".to_owned();
    for route in crate::fs::routes(&host, &all) {
        let flags = match route.gateway {
            Some(_) => "UG",
            None if route.mask == u32::MAX => "UH",
            None => "U",
        };
        let destination = match route.gateway {
            Some(_) => "default".to_owned(),
            None => route.destination.to_string(),
        };
        let gateway = route.gateway.map_or_else(
            || if gnu { "0.0.0.0" } else { "*" }.to_owned(),
            |gateway| gateway.to_string(),
        );
        let _ = writeln!(
            text,
            "{destination:<15} {gateway:<15} {:<15} {flags:<6}    0 0          0 {}",
            std::net::Ipv4Addr::from(route.mask).to_string(),
            route.interface
        );
    }
    process.print(text)?;
    Ok(0)
}

/// `netstat -i`
fn interfaces(process: &mut Process) -> Outcome {
    let mut text = "Kernel Interface table\nIface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n".to_owned();
    let now = process.session.now();
    for i in crate::fs::interfaces(&process.session.host, now) {
        let (mtu, flags) = if i.is_loopback() { (65_536, "LRU") } else { (1_500, "BMRU") };
        let _ = writeln!(
            text,
            "{:<16} {mtu:>5} {:>8}      0      0 0      {:>8}      0      0      0 {flags}",
            i.name, i.received_packets, i.sent_packets
        );
    }
    process.print(&text)?;
    Ok(0)
}

/// A column of `ss`.
struct Column {
    heading: &'static str,
    /// Whether its cells stand right.
    right: bool,
    /// What stands in front of it: a blank, or nothing.
    before: &'static str,
    cells: Vec<String>,
}

/// The columns of `ss`, as misc/ss.c has them.
fn columns() -> Vec<Column> {
    [
        ("Netid", false, ""),
        ("State", false, " "),
        ("Recv-Q", false, " "),
        ("Send-Q", false, " "),
        ("Local Address:", true, " "),
        ("Port", false, ""),
        ("Peer Address:", true, " "),
        ("Port", false, ""),
        ("Process", false, ""),
    ]
    .into_iter()
    .map(|(heading, right, before)| Column { heading, right, before, cells: Vec::new() })
    .collect()
}

/// As iproute2 6.1 lays its table out (misc/ss.c, `render`): a column is as wide as its
/// widest cell; on a terminal what is left of its width is shared out.
fn render(columns: &[Column], terminal: Option<usize>) -> String {
    let mut widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(place, column)| {
            let cells = column.cells.iter().map(|c| c.chars().count());
            let widest = cells.max().unwrap_or(0).max(column.heading.len());
            widest + if place == 0 { 0 } else { column.before.len() }
        })
        .collect();
    if let Some(screen) = terminal {
        let count = widths.len().max(1);
        let spare = screen.saturating_sub(widths.iter().sum());
        for (place, width) in widths.iter_mut().enumerate() {
            *width += spare / count + usize::from(place < spare % count);
        }
    }
    let rows = columns.first().map_or(0, |c| c.cells.len());
    let mut text = String::new();
    for row in 0..=rows {
        for (place, (column, width)) in columns.iter().zip(&widths).enumerate() {
            let cell = match row.checked_sub(1) {
                None => column.heading,
                Some(row) => column.cells.get(row).map_or("", String::as_str),
            };
            let before = if place == 0 { "" } else { column.before };
            let width = width - before.len();
            let _ = if column.right {
                write!(text, "{before}{cell:>width$}")
            } else {
                write!(text, "{before}{cell:<width$}")
            };
        }
        text.push('\n');
    }
    text
}

/// Whose a socket is, as `ss -p` shows it.
fn shown_owner(owner: Option<&(ukai_persona::Process, u32)>) -> String {
    owner.map_or_else(String::new, |(p, fd)| {
        format!(" users:((\"{}\",pid={},fd={fd}))", p.name, p.pid)
    })
}

fn ss(process: &mut Process, arguments: &Arguments) -> Outcome {
    if arguments.rest().iter().any(|w| w == b"-s" || w == b"--summary") {
        return summary(process);
    }
    let wanted = Wanted::read(arguments);
    let found = sockets(process, &wanted);
    let kinds = [wanted.tcp, wanted.udp, wanted.local].iter().filter(|kind| **kind).count();
    let one = kinds == 1 && !wanted.local;
    let root = process.uid == 0;
    let mut columns = columns();
    let locals = process.fs().local_sockets(&process.view());
    for s in locals.iter().filter(|s| wanted.takes_local(s)) {
        let owner = s.owner.as_ref().filter(|_| wanted.programs && root);
        let cells = [
            match s.kind {
                LocalKind::Stream => "u_str",
                LocalKind::Datagram => "u_dgr",
                LocalKind::Packets => "u_seq",
            }
            .to_owned(),
            match (s.listening, s.kind, s.is_connected()) {
                (true, ..) => "LISTEN",
                (_, LocalKind::Datagram, false) => "UNCONN",
                _ => "ESTAB",
            }
            .to_owned(),
            "0".to_owned(),
            if s.listening { "4096" } else { "0" }.to_owned(),
            if s.path.is_empty() { "*" } else { &s.path }.to_owned() + " ",
            s.inode.to_string(),
            "* ".to_owned(),
            s.peer.unwrap_or(0).to_string(),
            shown_owner(owner),
        ];
        for (column, cell) in columns.iter_mut().zip(cells) {
            column.cells.push(cell);
        }
    }
    for s in &found {
        let address = |end: SocketAddr| match end {
            SocketAddr::V6(v6) => format!("[{}]:", v6.ip()),
            SocketAddr::V4(v4) => format!("{}:", v4.ip()),
        };
        let none = if s.local.is_ipv6() { "[::]:" } else { "0.0.0.0:" };
        let owner = s.owner.as_ref().filter(|_| wanted.programs && root);
        let cells = [
            if s.udp { "udp" } else { "tcp" }.to_owned(),
            match s.state {
                SocketState::Listening => "LISTEN",
                SocketState::Established => "ESTAB",
                SocketState::Unconnected => "UNCONN",
            }
            .to_owned(),
            "0".to_owned(),
            s.backlog.to_string(),
            address(s.local),
            port_name(s.local.port(), &wanted),
            s.remote.map_or_else(|| none.to_owned(), address),
            s.remote.map_or_else(|| "*".to_owned(), |r| port_name(r.port(), &wanted)),
            shown_owner(owner),
        ];
        for (column, cell) in columns.iter_mut().zip(cells) {
            column.cells.push(cell);
        }
    }
    if one {
        columns.remove(0);
    }
    let terminal = process
        .fds
        .at(1)
        .is_some_and(|open| open.is_terminal())
        .then(|| process.session.terminal().map(|t| usize::from(t.columns)))
        .flatten();
    let text = render(&columns, terminal);
    process.print(text)?;
    Ok(0)
}

fn summary(process: &mut Process) -> Outcome {
    let all = process.fs().sockets(&process.view());
    let count = |udp: bool, six: bool| {
        all.iter().filter(|s| s.udp == udp && s.local.is_ipv6() == six).count()
    };
    let (tcp4, tcp6) = (count(false, false), count(false, true));
    let (udp4, udp6) = (count(true, false), count(true, true));
    let established = all.iter().filter(|s| s.state == SocketState::Established).count();
    let mut text = format!(
        "Total: {}\nTCP:   {} (estab {established}, closed 0, orphaned 0, timewait 0)\n\nTransport Total     IP        IPv6\n",
        90 + tcp4 + tcp6 + udp4 + udp6,
        tcp4 + tcp6
    );
    for (name, four, six) in [
        ("RAW", 0, 0),
        ("UDP", udp4, udp6),
        ("TCP", tcp4, tcp6),
        ("INET", tcp4 + udp4, tcp6 + udp6),
        ("FRAG", 0, 0),
    ] {
        let _ = writeln!(text, "{name}\t  {:<9} {four:<9} {six:<9}", four + six);
    }
    text.push('\n');
    process.print(text)?;
    Ok(0)
}

/// `fuser PORT/tcp`: the numbers of those that have the port.
fn fuser(process: &mut Process, arguments: &Arguments) -> Outcome {
    let mut any = false;
    for word in arguments.rest() {
        let text = String::from_utf8_lossy(word).into_owned();
        let Some((port, protocol)) = text.split_once('/') else { continue };
        let Ok(port) = port.parse::<u16>() else { continue };
        let all = process.fs().sockets(&process.view());
        let owners: Vec<String> = all
            .iter()
            .filter(|s| s.local.port() == port && s.udp == (protocol == "udp"))
            .filter_map(|s| s.owner.as_ref().map(|(p, _)| format!("{:>6}", p.pid)))
            .collect();
        if let Some(first) = owners.first() {
            any = true;
            process.error_bytes(
                format!("{text}:{:>width$}", "", width = 20_usize.saturating_sub(text.len() + 1))
                    .as_bytes(),
            )?;
            process.print(first)?;
            process.error_bytes(b"\n")?;
        }
    }
    Ok(i32::from(!any))
}
