//! `ifconfig`, `ip`, `route`, `brctl`, `iwconfig`.

use super::{Arguments, Command, Outcome};
use crate::fs::{Interface, interfaces, routes};
use crate::process::Process;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use ukai_model::Timestamp;
use ukai_persona::Host;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("ifconfig", ifconfig),
    Command::at_once("ip", ip),
    Command::at_once("route", route),
    Command::at_once("ufw", |_, _| Ok(0)),
    Command::at_once("brctl", |p, _| {
        p.print("bridge name\tbridge id\t\tSTP enabled\tinterfaces\n")?;
        Ok(0)
    }),
    Command::at_once("iwconfig", |_, _| Ok(0)),
    Command::at_once("ifup", |_, _| Ok(0)),
    Command::at_once("ifdown", |_, _| Ok(0)),
    Command::at_once("dhclient", |_, _| Ok(0)),
    Command::at_once("udhcpc", |_, _| Ok(0)),
];

fn mebibytes(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 1_024.0 {
            break;
        }
        value /= 1_024.0;
        unit = next;
    }
    format!("{value:.1} {unit}")
}

/// The link-local address that the kernel makes of a hardware address (RFC 4291, A).
fn link_local(mac: [u8; 6]) -> Ipv6Addr {
    const LOCAL: u8 = 2;
    let mut address = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe, 0, 0, 0];
    address[8..11].copy_from_slice(&mac[..3]);
    address[8] ^= LOCAL;
    address[13..].copy_from_slice(&mac[3..]);
    Ipv6Addr::from(address)
}

/// Hardware address of an interface: the bridge has that of its first port.
fn mac_of(host: &Host, interface: &Interface) -> String {
    if interface.is_loopback() { "00:00:00:00:00:00".to_owned() } else { host.mac_text() }
}

/// The last address of an interface's network.
fn broadcast(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.255")
        }
        IpAddr::V6(_) => String::new(),
    }
}

fn ifconfig(process: &mut Process, arguments: &Arguments) -> Outcome {
    let words = arguments.operand_texts();
    let host = std::sync::Arc::clone(&process.session.host);
    let all = interfaces(&host, process.session.now());
    let shown: Vec<&Interface> = match words.first() {
        None => all.iter().collect(),
        Some(name) => all.iter().filter(|i| i.name == *name).collect(),
    };
    if let Some(name) = words.first()
        && shown.is_empty()
    {
        process.error(&if arguments.gnu {
            format!("{name}: error fetching interface information: Device not found")
        } else {
            format!("ifconfig: {name}: error fetching interface information: Device not found")
        })?;
        return Ok(1);
    }
    if words.len() > 1 {
        if process.uid != 0 {
            let name = &words[0];
            process.error(&if arguments.gnu {
                "SIOCSIFFLAGS: Operation not permitted".to_owned()
            } else {
                format!("ifconfig: SIOCSIFFLAGS: Operation not permitted ({name})")
            })?;
            return Ok(1);
        }
        return Ok(0);
    }
    let mut text = String::new();
    for interface in shown {
        if arguments.gnu {
            net_tools(&host, interface, &mut text);
        } else {
            busybox_ifconfig(&host, interface, &mut text);
        }
    }
    process.print(&text)?;
    Ok(0)
}

/// As net-tools 2.10 shows an interface.
fn net_tools(host: &Host, i: &Interface, text: &mut String) {
    let flags = match (i.is_loopback(), i.is_point_to_point()) {
        (true, _) => "flags=73<UP,LOOPBACK,RUNNING>  mtu 65536",
        (_, true) => "flags=4305<UP,POINTOPOINT,RUNNING,NOARP,MULTICAST>  mtu 1492",
        _ => "flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500",
    };
    let _ = writeln!(text, "{}: {flags}", i.name);
    match i.address {
        Some(address @ IpAddr::V4(_)) if i.is_loopback() => {
            let _ = writeln!(text, "        inet {address}  netmask 255.0.0.0");
        }
        Some(address @ IpAddr::V4(_)) => {
            let _ = writeln!(
                text,
                "        inet {address}  netmask 255.255.255.0  broadcast {}",
                broadcast(address)
            );
        }
        Some(address @ IpAddr::V6(_)) => {
            let _ = writeln!(text, "        inet6 {address}  prefixlen 64  scopeid 0x0<global>");
        }
        None => {}
    }
    if i.is_loopback() {
        text.push_str("        inet6 ::1  prefixlen 128  scopeid 0x10<host>\n        loop  txqueuelen 1000  (Local Loopback)\n");
    } else {
        let _ = writeln!(
            text,
            "        inet6 {}  prefixlen 64  scopeid 0x20<link>\n        ether {}  txqueuelen 1000  (Ethernet)",
            link_local(host.mac),
            host.mac_text()
        );
    }
    let _ = write!(
        text,
        "        RX packets {}  bytes {} ({})\n        RX errors 0  dropped 0  overruns 0  frame 0\n        TX packets {}  bytes {} ({})\n        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n\n",
        i.received_packets,
        i.received_bytes,
        mebibytes(i.received_bytes),
        i.sent_packets,
        i.sent_bytes,
        mebibytes(i.sent_bytes)
    );
}

fn busybox_ifconfig(host: &Host, i: &Interface, text: &mut String) {
    let _ = match (i.is_loopback(), i.is_point_to_point()) {
        (true, _) => writeln!(text, "{:<10}Link encap:Local Loopback  ", i.name),
        (_, true) => writeln!(text, "{:<10}Link encap:Point-to-Point Protocol  ", i.name),
        _ => writeln!(
            text,
            "{:<10}Link encap:Ethernet  HWaddr {}  ",
            i.name,
            host.mac_text().to_uppercase()
        ),
    };
    let _ = match i.address {
        Some(address @ IpAddr::V4(_)) if i.is_loopback() => {
            writeln!(text, "          inet addr:{address}  Mask:255.0.0.0")
        }
        Some(address @ IpAddr::V4(_)) if i.is_point_to_point() => writeln!(
            text,
            "          inet addr:{address}  P-t-P:{}  Mask:255.255.255.255",
            host.gateway()
        ),
        Some(address @ IpAddr::V4(_)) => writeln!(
            text,
            "          inet addr:{address}  Bcast:{}  Mask:255.255.255.0",
            broadcast(address)
        ),
        Some(address @ IpAddr::V6(_)) => {
            writeln!(text, "          inet6 addr: {address}/64 Scope:Global")
        }
        None => Ok(()),
    };
    text.push_str(match (i.is_loopback(), i.is_point_to_point()) {
        (true, _) => "          UP LOOPBACK RUNNING  MTU:16436  Metric:1\n",
        (_, true) => "          UP POINTOPOINT RUNNING NOARP MULTICAST  MTU:1492  Metric:1\n",
        _ => "          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\n",
    });
    let queue = match (i.is_loopback(), i.is_point_to_point()) {
        (true, _) => 0,
        (_, true) => 3,
        _ => 1_000,
    };
    let _ = write!(
        text,
        "          RX packets:{} errors:0 dropped:0 overruns:0 frame:0\n          TX packets:{} errors:0 dropped:0 overruns:0 carrier:0\n          collisions:0 txqueuelen:{queue} \n          RX bytes:{} ({})  TX bytes:{} ({})\n\n",
        i.received_packets,
        i.sent_packets,
        i.received_bytes,
        mebibytes(i.received_bytes),
        i.sent_bytes,
        mebibytes(i.sent_bytes)
    );
}

/// What `ip` is to show.
struct Wanted {
    brief: bool,
    four: bool,
    six: bool,
    statistics: bool,
}

fn ip(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options: Vec<&[u8]> =
        arguments.rest().iter().map(Vec::as_slice).take_while(|w| w.starts_with(b"-")).collect();
    let has = |names: &[&[u8]]| options.iter().any(|o| names.contains(o));
    let wanted = Wanted {
        brief: has(&[b"-br", b"-brief"]),
        four: has(&[b"-4"]),
        six: has(&[b"-6"]),
        statistics: has(&[b"-s", b"-stats", b"-statistics"]),
    };
    let words: Vec<String> = arguments
        .rest()
        .iter()
        .skip(options.len())
        .map(|w| String::from_utf8_lossy(w).into_owned())
        .collect();
    let object = words.first().map_or("", String::as_str);
    let verb = words.get(1).map_or("show", String::as_str);
    let is = |name: &str| !object.is_empty() && name.starts_with(object);
    let shows = ["show", "list", "lst", "sh", "ls", "l", "s"].contains(&verb) || verb == "dev";
    let host = std::sync::Arc::clone(&process.session.host);
    let all = interfaces(&host, process.session.now());
    let changes = !shows && !all.iter().any(|i| i.name == verb) && verb != "get";
    if changes && (is("address") || is("link") || is("route") || is("rule")) {
        let known = ["add", "del", "delete", "set", "change", "replace", "flush", "append"];
        if !known.contains(&verb) {
            process.error(&format!("Command \"{verb}\" is unknown, try \"ip {object} help\"."))?;
            return Ok(255);
        }
        if process.uid != 0 {
            process.error("RTNETLINK answers: Operation not permitted")?;
            return Ok(2);
        }
        return Ok(0);
    }
    let named = words
        .iter()
        .skip(1)
        .rfind(|w| !["show", "list", "dev", "up", "s", "l", "sh", "ls"].contains(&w.as_str()));
    if is("address") || is("link") {
        let found: Vec<&Interface> =
            all.iter().filter(|i| named.is_none_or(|name| i.name == *name)).collect();
        if let (Some(name), true) = (named, found.is_empty()) {
            process.error(&format!("Device \"{name}\" does not exist."))?;
            return Ok(1);
        }
        let now = process.session.now();
        let mut text = String::new();
        for i in found {
            if has(&[b"-o", b"-oneline"]) {
                let mut lines = String::new();
                long(&host, i, is("address"), &wanted, now, arguments.gnu, &mut lines);
                one_line(i, is("address"), &lines, &mut text);
            } else if wanted.brief {
                brief(&host, i, is("address"), &mut text);
            } else {
                long(&host, i, is("address"), &wanted, now, arguments.gnu, &mut text);
            }
        }
        process.print(&text)?;
        return Ok(0);
    }
    let text = if is("route") {
        let mut text = String::new();
        for route in routes(&host, &all) {
            let kernel = if arguments.gnu { "proto kernel " } else { "" };
            let _ = match route.gateway {
                Some(gateway) => writeln!(text, "default via {gateway} dev {} ", route.interface),
                None => writeln!(
                    text,
                    "{}{} dev {} {kernel}scope link {}src {} ",
                    route.destination,
                    if route.mask == u32::MAX {
                        String::new()
                    } else {
                        format!("/{}", route.mask.leading_ones())
                    },
                    route.interface,
                    if arguments.gnu { "" } else { " " },
                    route.source
                ),
            };
        }
        text
    } else if is("neighbour") || is("neighbor") {
        let arp = process.fs().read(&process.view(), b"/proc/net/arp").unwrap_or_default();
        let arp = String::from_utf8_lossy(&arp).into_owned();
        let row = |line: &str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [address, _, _, mac, _, device] = fields[..] else { return None };
            Some(format!("{address} dev {device} lladdr {mac} REACHABLE\n"))
        };
        arp.lines().skip(1).filter_map(row).collect()
    } else if is("rule") {
        "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n"
            .to_owned()
    } else if ["tunnel", "maddress", "netns", "tuntap", "xfrm", "netconf", "monitor"]
        .iter()
        .any(|name| is(name))
    {
        String::new()
    } else {
        process.error(&format!("Object \"{object}\" is unknown, try \"ip help\"."))?;
        return Ok(if arguments.gnu { 255 } else { 1 });
    };
    process.print(&text)?;
    Ok(0)
}

/// `-o`: a line for each address, or for the interface, with what would stand below it.
fn one_line(i: &Interface, addresses: bool, lines: &str, text: &mut String) {
    if !addresses {
        let joined: Vec<&str> = lines.lines().collect();
        let _ = writeln!(text, "{}", joined.join("\\"));
        return;
    }
    let mut lines = lines.lines().skip_while(|line| !line.starts_with("    inet"));
    while let Some(address) = lines.next() {
        let lifetime = lines.next().unwrap_or_default();
        let _ = writeln!(text, "{}: {}{address}\\{lifetime}", i.index, i.name);
    }
}

fn brief(host: &Host, i: &Interface, addresses: bool, text: &mut String) {
    let state = if i.is_loopback() { "UNKNOWN" } else { "UP" };
    let _ = write!(text, "{:<16} {state:<14} ", i.name);
    if addresses {
        match i.address {
            Some(address) if i.is_loopback() => {
                let _ = write!(text, "{address}/8 ::1/128 ");
            }
            Some(address) => {
                let prefix = if address.is_ipv4() { 24 } else { 64 };
                let _ = write!(text, "{address}/{prefix} {}/64 ", link_local(host.mac));
            }
            None => {}
        }
    } else {
        let flags = if i.is_loopback() {
            "LOOPBACK,UP,LOWER_UP"
        } else {
            "BROADCAST,MULTICAST,UP,LOWER_UP"
        };
        let _ = write!(text, "{} <{flags}> ", mac_of(host, i));
    }
    text.push('\n');
}

/// As `ip address` and `ip link` show an interface: iproute2 6.1, or BusyBox.
fn long(
    host: &Host,
    i: &Interface,
    addresses: bool,
    wanted: &Wanted,
    now: Timestamp,
    gnu: bool,
    text: &mut String,
) {
    const LEASE_S: u64 = 86_400;
    let (flags, mtu, queueing, state, kind, all) = if i.is_loopback() {
        ("LOOPBACK,UP,LOWER_UP", 65_536, "noqueue", "UNKNOWN", "loopback", "00:00:00:00:00:00")
    } else if i.is_point_to_point() {
        ("POINTOPOINT,MULTICAST,NOARP,UP,LOWER_UP", 1_492, "pfifo_fast", "UNKNOWN", "ppp", "")
    } else {
        let queueing = if gnu { "fq_codel" } else { "pfifo_fast" };
        ("BROADCAST,MULTICAST,UP,LOWER_UP", 1_500, queueing, "UP", "ether", "ff:ff:ff:ff:ff:ff")
    };
    let group = match (gnu, addresses) {
        (true, true) => " group default",
        (true, false) => " mode DEFAULT group default",
        _ => "",
    };
    let _ = writeln!(
        text,
        "{}: {}: <{flags}> mtu {mtu} qdisc {queueing} state {state}{group} qlen 1000",
        i.index, i.name
    );
    if i.is_point_to_point() {
        let _ = writeln!(text, "    link/ppp ");
    } else {
        let _ = writeln!(text, "    link/{kind} {} brd {all}", mac_of(host, i));
    }
    if gnu && let Some(slot) = i.name.strip_prefix("ens") {
        let _ = writeln!(text, "    altname enp0s{slot}");
    }
    if wanted.statistics {
        let _ = write!(
            text,
            "    RX:  bytes packets errors dropped  missed   mcast           \n    {:>10} {:>7}      0       0       0       0 \n    TX:  bytes packets errors dropped carrier collsns           \n    {:>10} {:>7}      0       0       0       0 \n",
            i.received_bytes, i.received_packets, i.sent_bytes, i.sent_packets
        );
    }
    if !addresses {
        return;
    }
    let for_ever = "       valid_lft forever preferred_lft forever";
    let family =
        |address: IpAddr| !(wanted.four && address.is_ipv6() || wanted.six && address.is_ipv4());
    match i.address.filter(|a| family(*a)) {
        Some(address) if i.is_loopback() => {
            let _ = writeln!(text, "    inet {address}/8 scope host lo\n{for_ever}");
        }
        Some(address @ IpAddr::V4(_)) if i.is_point_to_point() => {
            let _ = writeln!(
                text,
                "    inet {address} peer {}/32 scope global {}\n{for_ever}",
                host.gateway(),
                i.name
            );
        }
        Some(address @ IpAddr::V4(_)) => {
            let _ = write!(text, "    inet {address}/24 brd {} scope global ", broadcast(address));
            if gnu {
                // A lease is renewed at its half.
                let left = LEASE_S - host.uptime(now).as_secs() % (LEASE_S / 2);
                let _ = writeln!(
                    text,
                    "dynamic {}\n       valid_lft {left}sec preferred_lft {left}sec",
                    i.name
                );
            } else {
                let _ = writeln!(text, "{}\n{for_ever}", i.name);
            }
        }
        Some(address) => {
            let _ = writeln!(text, "    inet6 {address}/64 scope global \n{for_ever}");
        }
        None => {}
    }
    if gnu && !wanted.four {
        let (address, scope) = if i.is_loopback() {
            ("::1/128".to_owned(), "host")
        } else {
            (format!("{}/64", link_local(host.mac)), "link")
        };
        let _ = writeln!(text, "    inet6 {address} scope {scope} \n{for_ever}");
    }
}

fn route(process: &mut Process, arguments: &Arguments) -> Outcome {
    if arguments.rest().iter().any(|w| matches!(&w[..], b"add" | b"del")) {
        if process.uid != 0 {
            process.error("SIOCADDRT: Operation not permitted")?;
            return Ok(if arguments.gnu { 7 } else { 1 });
        }
        return Ok(0);
    }
    let host = std::sync::Arc::clone(&process.session.host);
    let numeric = arguments.rest().iter().any(|w| w.starts_with(b"-") && w.contains(&b'n'));
    let mut text = "Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n".to_owned();
    for route in routes(&host, &interfaces(&host, process.session.now())) {
        let destination = match route.gateway {
            Some(_) if !numeric => "default".to_owned(),
            _ => route.destination.to_string(),
        };
        let gateway = route.gateway.map_or_else(
            || {
                if numeric || !arguments.gnu {
                    if numeric { "0.0.0.0".to_owned() } else { "*".to_owned() }
                } else {
                    "0.0.0.0".to_owned()
                }
            },
            |g| g.to_string(),
        );
        let _ = writeln!(
            text,
            "{destination:<15} {gateway:<15} {:<15} {:<5} 0      0        0 {}",
            Ipv4Addr::from(route.mask).to_string(),
            if route.gateway.is_some() {
                "UG"
            } else if route.mask == u32::MAX {
                "UH"
            } else {
                "U"
            },
            route.interface
        );
    }
    process.print(&text)?;
    Ok(0)
}
