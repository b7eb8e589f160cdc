//! `ifconfig`, `ip`, `route`, `iptables`, `brctl`, `iwconfig`.

use super::{Arguments, Command, Outcome};
use crate::process::Process;
use std::fmt::Write as _;
use std::net::IpAddr;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("ifconfig", ifconfig),
    Command::at_once("ip", ip),
    Command::at_once("route", route),
    Command::at_once("iptables", iptables),
    Command::at_once("ip6tables", iptables),
    Command::at_once("iptables-save", |_, _| Ok(0)),
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

/// Bytes and packets each way: they grow with the uptime.
struct Traffic {
    received: u64,
    sent: u64,
}

impl Traffic {
    fn of(process: &Process) -> Self {
        let host = &process.session.host;
        let seconds = host.uptime(process.session.now()).as_secs();
        Self {
            received: seconds * host.draw("rx-rate", 900, 21_000),
            sent: seconds * host.draw("tx-rate", 300, 9_000),
        }
    }
}

fn broadcast(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.255")
        }
        IpAddr::V6(_) => String::new(),
    }
}

fn network_of(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0")
        }
        IpAddr::V6(_) => "::".to_owned(),
    }
}

fn mebibytes(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB"] {
        if value < 1_024.0 {
            break;
        }
        value /= 1_024.0;
        unit = next;
    }
    format!("{value:.1} {unit}")
}

fn ifconfig(process: &mut Process, arguments: &Arguments) -> Outcome {
    let words: Vec<&Vec<u8>> = arguments.rest().iter().filter(|w| !w.starts_with(b"-")).collect();
    if words.len() > 1 {
        return Ok(0);
    }
    if let Some(name) = words.first()
        && !matches!(&name[..], b"eth0" | b"lo" | b"br0")
    {
        let shown = String::from_utf8_lossy(name).into_owned();
        process.error(&if arguments.gnu {
            format!("{shown}: error fetching interface information: Device not found")
        } else {
            format!("ifconfig: {shown}: error fetching interface information: Device not found")
        })?;
        return Ok(1);
    }
    let host = std::sync::Arc::clone(&process.session.host);
    let traffic = Traffic::of(process);
    let address = host.address;
    let (rx, tx) = (traffic.received / 610, traffic.sent / 240);
    let only = words.first().map(|w| (*w).clone());
    let mut text = String::new();
    if only.as_deref() != Some(b"lo") {
        let inet = match address {
            IpAddr::V4(_) if arguments.gnu => {
                format!("inet {address}  netmask 255.255.255.0  broadcast {}", broadcast(address))
            }
            IpAddr::V4(_) => {
                format!("inet addr:{address}  Bcast:{}  Mask:255.255.255.0", broadcast(address))
            }
            IpAddr::V6(_) if arguments.gnu => {
                format!("inet6 {address}  prefixlen 64  scopeid 0x0<global>")
            }
            IpAddr::V6(_) => format!("inet6 addr: {address}/64 Scope:Global"),
        };
        let row = if arguments.gnu {
            format!(
                "eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500\n        {inet}\n        ether {}  txqueuelen 1000  (Ethernet)\n        RX packets {rx}  bytes {} ({})\n        RX errors 0  dropped 0  overruns 0  frame 0\n        TX packets {tx}  bytes {} ({})\n        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n\n",
                host.mac_text(),
                traffic.received,
                mebibytes(traffic.received),
                traffic.sent,
                mebibytes(traffic.sent)
            )
        } else {
            format!(
                "eth0      Link encap:Ethernet  HWaddr {}  \n          {inet}\n          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\n          RX packets:{rx} errors:0 dropped:0 overruns:0 frame:0\n          TX packets:{tx} errors:0 dropped:0 overruns:0 carrier:0\n          collisions:0 txqueuelen:1000 \n          RX bytes:{} ({})  TX bytes:{} ({})\n\n",
                host.mac_text().to_uppercase(),
                traffic.received,
                mebibytes(traffic.received),
                traffic.sent,
                mebibytes(traffic.sent)
            )
        };
        text.push_str(&row);
    }
    if only.is_none() || only.as_deref() == Some(b"lo") {
        text.push_str(if arguments.gnu {
            "lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n        inet 127.0.0.1  netmask 255.0.0.0\n        loop  txqueuelen 1000  (Local Loopback)\n\n"
        } else {
            "lo        Link encap:Local Loopback  \n          inet addr:127.0.0.1  Mask:255.0.0.0\n          UP LOOPBACK RUNNING  MTU:16436  Metric:1\n          RX packets:412 errors:0 dropped:0 overruns:0 frame:0\n          TX packets:412 errors:0 dropped:0 overruns:0 carrier:0\n          collisions:0 txqueuelen:0 \n          RX bytes:35120 (34.2 KiB)  TX bytes:35120 (34.2 KiB)\n\n"
        });
    }
    process.print(&text)?;
    Ok(0)
}

fn ip(process: &mut Process, arguments: &Arguments) -> Outcome {
    let host = std::sync::Arc::clone(&process.session.host);
    let words: Vec<&Vec<u8>> = arguments.rest().iter().filter(|w| !w.starts_with(b"-")).collect();
    let word = words.first().map_or(&b""[..], |w| w.as_slice());
    let address = host.address;
    let family = if address.is_ipv4() { ("inet", 24) } else { ("inet6", 64) };
    let link = |index: u32, name: &str, flags: &str, mtu: u32, kind: &str, mac: &str, all: &str| {
        format!(
            "{index}: {name}: <{flags}> mtu {mtu} qdisc {} state {} qlen 1000\n    link/{kind} {mac} brd {all}\n",
            if name == "lo" { "noqueue" } else { "pfifo_fast" },
            if name == "lo" { "UNKNOWN" } else { "UP" }
        )
    };
    let lo = link(
        1,
        "lo",
        "LOOPBACK,UP,LOWER_UP",
        65_536,
        "loopback",
        "00:00:00:00:00:00",
        "00:00:00:00:00:00",
    );
    let eth = link(
        2,
        "eth0",
        "BROADCAST,MULTICAST,UP,LOWER_UP",
        1_500,
        "ether",
        &host.mac_text(),
        "ff:ff:ff:ff:ff:ff",
    );
    let text = if b"address".starts_with(word) && !word.is_empty() {
        format!(
            "{lo}    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n{eth}    {} {address}/{} scope global eth0\n       valid_lft forever preferred_lft forever\n",
            family.0, family.1
        )
    } else if b"link".starts_with(word) && !word.is_empty() {
        format!("{lo}{eth}")
    } else if b"route".starts_with(word) && !word.is_empty() {
        format!(
            "default via {} dev eth0 \n{}/{} dev eth0 scope link  src {address} \n",
            host.gateway(),
            network_of(address),
            family.1
        )
    } else if b"neighbour".starts_with(word) && !word.is_empty() {
        format!("{} dev eth0 lladdr 00:1e:80:4a:11:02 REACHABLE\n", host.gateway())
    } else {
        String::new()
    };
    process.print(&text)?;
    Ok(0)
}

fn route(process: &mut Process, arguments: &Arguments) -> Outcome {
    if arguments.rest().iter().any(|w| matches!(&w[..], b"add" | b"del")) {
        return Ok(0);
    }
    let host = std::sync::Arc::clone(&process.session.host);
    let text = format!(
        "Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n{:<15} {:<15} {:<15} UG    0      0        0 eth0\n{:<15} {:<15} {:<15} U     0      0        0 eth0\n",
        "0.0.0.0",
        host.gateway().to_string(),
        "0.0.0.0",
        network_of(host.address),
        "0.0.0.0",
        "255.255.255.0"
    );
    process.print(&text)?;
    Ok(0)
}

fn iptables(process: &mut Process, arguments: &Arguments) -> Outcome {
    if process.uid != 0 {
        process.error(&format!("{}: Permission denied (you must be root)", arguments.name()))?;
        return Ok(4);
    }
    let lists = arguments.rest().iter().any(|w| w.starts_with(b"-L") || w == b"-nL" || w == b"-S");
    if lists {
        let mut text = String::new();
        for chain in ["INPUT", "FORWARD", "OUTPUT"] {
            let _ = writeln!(
                text,
                "{}Chain {chain} (policy ACCEPT)\ntarget     prot opt source               destination         ",
                if chain == "INPUT" { "" } else { "\n" }
            );
        }
        process.print(&text)?;
    }
    Ok(0)
}
