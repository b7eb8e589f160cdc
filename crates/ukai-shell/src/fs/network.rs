//! The host's interfaces and sockets, for `/proc/net` and for the programs that show them.

use super::{Fs, State, View};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use ukai_model::Timestamp;
use ukai_persona::{Host, Process};

/// A network interface.
#[derive(Clone, Debug)]
pub(crate) struct Interface {
    pub(crate) name: String,
    /// Number in the kernel's list.
    pub(crate) index: u32,
    pub(crate) address: Option<IpAddr>,
    pub(crate) received_bytes: u64,
    pub(crate) received_packets: u64,
    pub(crate) sent_bytes: u64,
    pub(crate) sent_packets: u64,
}

impl Interface {
    pub(crate) fn is_loopback(&self) -> bool {
        self.name == "lo"
    }

    pub(crate) fn is_point_to_point(&self) -> bool {
        self.name.starts_with("ppp")
    }
}

/// State of a socket, by its number in `/proc/net/tcp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SocketState {
    Established = 1,
    /// Of a datagram socket that is not connected.
    Unconnected = 7,
    Listening = 10,
}

/// A socket.
#[derive(Clone, Debug)]
pub(crate) struct Socket {
    pub(crate) udp: bool,
    pub(crate) state: SocketState,
    pub(crate) local: SocketAddr,
    pub(crate) remote: Option<SocketAddr>,
    pub(crate) inode: u64,
    /// Whose it is: process and descriptor.
    pub(crate) owner: Option<(Process, u32)>,
    /// How many connections may wait.
    pub(crate) backlog: u32,
}

/// The template of `/proc/net/dev` of a persona: names, and how much they carry.
fn template(host: &Host) -> Vec<(String, [u64; 4])> {
    let text = host.persona.files.get("/proc/net/dev").map_or("", |file| file.content.as_str());
    let row = |line: &str| {
        let (name, numbers) = line.split_once(':')?;
        let numbers: Vec<u64> = numbers.split_whitespace().map_while(|n| n.parse().ok()).collect();
        let at = |index: usize| numbers.get(index).copied().unwrap_or(0);
        Some((name.trim().to_owned(), [at(0), at(1), at(8), at(9)]))
    };
    let found: Vec<_> = text.lines().filter_map(row).collect();
    if found.is_empty() {
        const BYTES: u64 = 50_000_000;
        let carries = [BYTES, BYTES / 600, BYTES, BYTES / 300];
        return vec![("lo".to_owned(), [0; 4]), ("eth0".to_owned(), carries)];
    }
    found
}

/// The host's interfaces at `now`.
pub(crate) fn interfaces(host: &Host, now: Timestamp) -> Vec<Interface> {
    /// A template's numbers are those of so many hours.
    const TEMPLATE_HOURS: u64 = 500;
    let rows = template(host);
    let bridged = rows.iter().any(|(name, _)| name == "br0");
    let outside = rows.iter().find(|(name, _)| name.starts_with("ppp"));
    let outside = outside
        .or_else(|| rows.iter().find(|(name, _)| name == "br0"))
        .or_else(|| rows.iter().find(|(name, _)| name != "lo"))
        .map(|(name, _)| name.clone());
    rows.iter()
        .enumerate()
        .map(|(place, (name, carries))| {
            let address = if name == "lo" {
                Some(IpAddr::V4(Ipv4Addr::LOCALHOST))
            } else if outside.as_ref() == Some(name) {
                Some(host.address)
            } else {
                (bridged && name == "br0").then_some(host.lan_address)
            };
            let count = |label: &str, least: u64, number: u64| {
                let share = host.draw(&format!("{label} {name}"), 400, 1_700);
                let rate = (number * share / 1_000 / TEMPLATE_HOURS).max(least);
                host.count(&format!("{label} {name}"), rate, now)
            };
            let received = count("rx", 40, carries[0]);
            let sent = count("tx", 40, carries[2]);
            let mean = |bytes: u64, packets: u64| (bytes / packets.max(1)).clamp(60, 1_400);
            let received_packets = received / mean(carries[0], carries[1]);
            let (sent, sent_packets) = if name == "lo" {
                (received, received_packets)
            } else {
                (sent, sent / mean(carries[2], carries[3]))
            };
            Interface {
                name: name.clone(),
                index: place as u32 + 1,
                address,
                received_bytes: received,
                received_packets,
                sent_bytes: sent,
                sent_packets,
            }
        })
        .collect()
}

/// `/proc/net/dev`
pub(super) fn dev_text(host: &Host, now: Timestamp) -> String {
    let mut text =
        "Inter-|   Receive                                                |  Transmit\n \
        face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs \
        drop fifo colls carrier compressed\n"
            .to_owned();
    for i in interfaces(host, now) {
        let _ = writeln!(
            text,
            "{:>6}: {:>7} {:>7}    0    0    0     0          0         0 {:>8} {:>7}    0    0    \
             0     0       0          0",
            i.name, i.received_bytes, i.received_packets, i.sent_bytes, i.sent_packets
        );
    }
    text
}

/// An address as `/proc/net` writes it: words in the machine's order of bytes.
fn hex(host: &Host, address: IpAddr) -> String {
    let octets = match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    };
    let little = host.persona.machine.cpu.little_endian();
    let mut text = String::new();
    for word in octets.chunks_exact(4) {
        let word = [word[0], word[1], word[2], word[3]];
        let number = if little { u32::from_le_bytes(word) } else { u32::from_be_bytes(word) };
        let _ = write!(text, "{number:08X}");
    }
    text
}

/// `/proc/net/route`
pub(super) fn route_text(host: &Host, now: Timestamp) -> String {
    const COLUMNS: usize = 127;
    let mut rows = vec![
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"
            .to_owned(),
    ];
    let all = interfaces(host, now);
    for route in routes(host, &all) {
        let mask = Ipv4Addr::from(route.mask);
        rows.push(format!(
            "{}\t{}\t{}\t{:04X}\t0\t0\t0\t{}\t0\t0\t0",
            route.interface,
            hex(host, IpAddr::V4(route.destination)),
            hex(host, IpAddr::V4(route.gateway.unwrap_or(Ipv4Addr::UNSPECIFIED))),
            if route.gateway.is_some() { 3 } else { 1 },
            hex(host, IpAddr::V4(mask)),
        ));
    }
    rows.iter().fold(String::new(), |mut text, row| {
        let _ = writeln!(text, "{row:<COLUMNS$}");
        text
    })
}

/// A route for IPv4.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) destination: Ipv4Addr,
    pub(crate) mask: u32,
    pub(crate) gateway: Option<Ipv4Addr>,
    pub(crate) interface: String,
    pub(crate) source: Ipv4Addr,
}

/// The default route first.
pub(crate) fn routes(host: &Host, interfaces: &[Interface]) -> Vec<Route> {
    const NET_24: u32 = 0xffff_ff00;
    let mut all = Vec::new();
    for i in interfaces.iter().filter(|i| !i.is_loopback()) {
        let Some(IpAddr::V4(address)) = i.address else { continue };
        let own = Ipv4Addr::from(u32::from(address) & NET_24);
        if i.address == Some(host.address)
            && let IpAddr::V4(gateway) = host.gateway()
        {
            let route = Route {
                destination: Ipv4Addr::UNSPECIFIED,
                mask: 0,
                gateway: Some(gateway),
                interface: i.name.clone(),
                source: address,
            };
            all.insert(0, route);
        }
        let (destination, mask) = match host.gateway() {
            IpAddr::V4(gateway) if i.is_point_to_point() => (gateway, u32::MAX),
            _ => (own, NET_24),
        };
        let interface = i.name.clone();
        all.push(Route { destination, mask, gateway: None, interface, source: address });
    }
    all
}

impl Fs {
    /// The host's sockets, with the session's own connection.
    pub(crate) fn sockets(&self, view: &View) -> Vec<Socket> {
        self.sockets_of(&self.state(), view)
    }

    fn sockets_of(&self, state: &State, view: &View) -> Vec<Socket> {
        const SSH_BACKLOG: u32 = 128;
        const WEB_BACKLOG: u32 = 511;
        const INETD_BACKLOG: u32 = 10;
        let host = self.host();
        let processes = self.processes_of(state, view);
        let with = |names: &[&str], fd: u32| {
            let named = |p: &&Process| names.iter().any(|name| p.command.contains(name));
            processes.iter().find(named).map(|p| (p.clone(), fd))
        };
        let mut number = 0;
        let mut inode = || {
            number += 1;
            13_000 + host.draw(&format!("socket {number}"), 0, 80) + number * 97
        };
        let services = &host.services;
        let web: Vec<u16> = services.http.iter().chain(&services.https).copied().collect();
        let (ssh, inetd, httpd): (&[&str], &[&str], &[&str]) =
            (&["sshd", "dropbear"], &["inetd", "telnetd"], &["nginx: master", "httpd", "boa"]);
        let mut all = Vec::new();
        for (ports, names, fd, backlog, both) in [
            (&services.telnet, inetd, 4, INETD_BACKLOG, false),
            (&services.ssh, ssh, 3, SSH_BACKLOG, true),
            (&web, httpd, 5, WEB_BACKLOG, true),
        ] {
            for port in ports {
                let families = if both && host.persona.is_gnu() { 2 } else { 1 };
                for family in 0..families {
                    let any = if family == 0 {
                        IpAddr::V4(Ipv4Addr::UNSPECIFIED)
                    } else {
                        IpAddr::V6(Ipv6Addr::UNSPECIFIED)
                    };
                    all.push(Socket {
                        udp: false,
                        state: SocketState::Listening,
                        local: SocketAddr::new(any, *port),
                        remote: None,
                        inode: inode(),
                        owner: with(names, fd + family),
                        backlog,
                    });
                }
            }
        }
        if let Some(owner) = with(&["dhclient"], 7) {
            all.push(Socket {
                udp: true,
                state: SocketState::Unconnected,
                local: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 68),
                remote: None,
                inode: inode(),
                owner: Some(owner),
                backlog: 0,
            });
        }
        if let Some((local, remote)) = view.seat.connection {
            let pid = view.seat.door_pid(host, view);
            let owner = pid.and_then(|pid| processes.iter().find(|p| p.pid == pid));
            all.push(Socket {
                udp: false,
                state: SocketState::Established,
                local,
                remote: Some(remote),
                inode: 20_000 + u64::from(view.shell_pid) * 11,
                owner: owner.map(|p| (p.clone(), 4)),
                backlog: 0,
            });
        }
        all
    }

    /// `/proc/net/tcp`, `tcp6`, `udp` and `udp6`.
    pub(super) fn sockets_text(&self, state: &State, view: &View, udp: bool, six: bool) -> String {
        const COLUMNS: usize = 149;
        let host = self.host();
        let mut text = if udp {
            "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  \
             timeout inode ref pointer drops            "
                .to_owned()
        } else {
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  \
             timeout inode"
                .to_owned()
        };
        if six {
            text = format!(
                "  sl  {:<37} {:<37} st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout \
                 inode{}",
                "local_address",
                "remote_address",
                if udp { " ref pointer drops" } else { "" }
            );
        }
        if !six && !udp {
            text = format!("{text:<COLUMNS$}");
        }
        text.push('\n');
        let listed = self
            .sockets_of(state, view)
            .into_iter()
            .filter(|s| s.udp == udp && s.local.is_ipv6() == six);
        for (place, s) in listed.enumerate() {
            let zero = if six {
                IpAddr::V6(Ipv6Addr::UNSPECIFIED)
            } else {
                IpAddr::V4(Ipv4Addr::UNSPECIFIED)
            };
            let remote = s.remote.unwrap_or(SocketAddr::new(zero, 0));
            let pointer = host.draw(&format!("pointer {}", s.inode), 1 << 20, u64::from(u32::MAX));
            let established = s.state == SocketState::Established;
            let timer = if established { "02:0008A1F4" } else { "00:00000000" };
            let references = if established { 2 } else { 1 };
            let end = match (udp, established) {
                (true, _) => format!("2 {pointer:016x} 0"),
                (false, true) => format!("{references} {pointer:016x} 20 4 30 10 -1"),
                (false, false) => format!("{references} {pointer:016x} 100 0 0 10 0"),
            };
            let uid = s.owner.as_ref().and_then(|(p, _)| host.persona.user(p.user.as_bytes()));
            let row = format!(
                "{place:>4}: {}:{:04X} {}:{:04X} {:02X} 00000000:00000000 {timer} 00000000 {:>5} \
                 {:>8} {} {end}",
                hex(host, s.local.ip()),
                s.local.port(),
                hex(host, remote.ip()),
                remote.port(),
                s.state as u8,
                uid.map_or(0, |u| u.uid),
                0,
                s.inode,
            );
            let _ = if six { writeln!(text, "{row}") } else { writeln!(text, "{row:<COLUMNS$}") };
        }
        text
    }
}
