//! `ping`, `nslookup`, `host`, `dig`, `traceroute`, `arp`, `arping`.

use super::{Arguments, Command, Options, Outcome};
use crate::process::Process;
use crate::system::{Fut, Stop};
use rand::Rng;
use std::fmt::Write as _;
use std::net::IpAddr;
use ukai_model::Duration;

pub(super) const COMMANDS: &[Command] = &[
    Command::waiting("ping", ping),
    Command::waiting("ping6", ping),
    Command::at_once("nslookup", nslookup),
    Command::at_once("host", nslookup),
    Command::at_once("dig", nslookup),
    Command::at_once("traceroute", |_, _| Ok(0)),
    Command::at_once("arp", arp),
];

/// A plausible address for a name: the same for the same name. From the range for
/// documentation, so that nobody is ever meant.
fn address_of(name: &str) -> String {
    if let Ok(address) = name.parse::<IpAddr>() {
        return address.to_string();
    }
    let mix = name.bytes().fold(7_u32, |h, b| h.wrapping_mul(31).wrapping_add(u32::from(b)));
    format!("203.0.113.{}", 1 + mix % 254)
}

fn ping(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        const ROUNDS_MAX: i64 = 1_000;
        let options = Options::read(&arguments, "c:s:w:W:i:I:t:q46nAfv", &[]);
        let Some(target) = options.operands.first() else {
            if arguments.gnu {
                process.error("ping: usage error: Destination address required")?;
                return Ok(2);
            }
            process.busybox_usage(
                "ping [OPTIONS] HOST\n\nSend ICMP ECHO_REQUEST packets to network hosts\n\n\
                 Options:\n\t-4, -6\t\tForce IPv4 or IPv6 hostname resolution\n\
                 \t-c CNT\t\tSend only CNT pings\n\
                 \t-s SIZE\t\tSend SIZE data bytes in packets (default=56)\n\
                 \t-I IFACE/IP\tUse interface or IP address as source\n\
                 \t-W SEC\t\tSeconds to wait for the first response (default:10)\n\t\t\t(after all -c CNT packets are sent)\n\
                 \t-w SEC\t\tSeconds until ping exits (default:infinite)\n\t\t\t(can exit earlier with -c CNT)\n\
                 \t-q\t\tQuiet, only displays output at start\n\t\t\tand when finished",
            )?;
            return Ok(1);
        };
        let shown = String::from_utf8_lossy(target).into_owned();
        let address = address_of(&shown);
        let rounds = options.number("c").unwrap_or(ROUNDS_MAX).clamp(1, ROUNDS_MAX);
        let size = options.number("s").unwrap_or(56).clamp(0, 65_500);
        let head = if arguments.gnu {
            format!("PING {shown} ({address}) {size}({}) bytes of data.\n", size + 28)
        } else {
            format!("PING {shown} ({address}): {size} data bytes\n")
        };
        process.print(head)?;
        let base: f64 = process.session.system().rng.random_range(8.0..60.0);
        let mut times = Vec::new();
        for sequence in 0..rounds {
            if sequence > 0 {
                process.session.sleep(Duration::from_secs(1)).await?;
            }
            process.session.step(1)?;
            let time = base + process.session.system().rng.random_range(0.0..4.0);
            times.push(time);
            if !options.has("q") {
                let line = if arguments.gnu {
                    format!(
                        "{} bytes from {address}: icmp_seq={} ttl=54 time={time:.1} ms\n",
                        size + 8,
                        sequence + 1
                    )
                } else {
                    format!(
                        "{} bytes from {address}: seq={sequence} ttl=54 time={time:.3} ms\n",
                        size + 8
                    )
                };
                process.print(line)?;
            }
        }
        let (least, most) =
            times.iter().fold((f64::MAX, 0.0_f64), |(a, b), t| (a.min(*t), b.max(*t)));
        let average = times.iter().sum::<f64>() / times.len() as f64;
        let tail = if arguments.gnu {
            format!(
                "\n--- {shown} ping statistics ---\n{rounds} packets transmitted, {rounds} received, 0% packet loss, time {}ms\nrtt min/avg/max/mdev = {least:.3}/{average:.3}/{most:.3}/{:.3} ms\n",
                (rounds - 1) * 1_001,
                (most - least) / 3.0
            )
        } else {
            format!(
                "\n--- {shown} ping statistics ---\n{rounds} packets transmitted, {rounds} packets received, 0% packet loss\nround-trip min/avg/max = {least:.3}/{average:.3}/{most:.3} ms\n"
            )
        };
        process.print(tail)?;
        Ok(0)
    })
}

fn nslookup(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "t:", &[]);
    let Some(name) = options.operands.iter().find(|w| !w.starts_with(b"@") && !w.starts_with(b"+"))
    else {
        return Ok(1);
    };
    let name = String::from_utf8_lossy(name).into_owned();
    let server = process.session.host.gateway();
    let address = address_of(&name);
    let text = match &*arguments.name() {
        "dig" => format!("{address}\n"),
        "host" => format!("{name} has address {address}\n"),
        _ if arguments.gnu => format!(
            "Server:\t\t{server}\nAddress:\t{server}#53\n\nNon-authoritative answer:\nName:\t{name}\nAddress: {address}\n\n"
        ),
        _ => format!(
            "Server:    {server}\nAddress 1: {server}\n\nName:      {name}\nAddress 1: {address}\n"
        ),
    };
    process.print(text)?;
    Ok(0)
}

/// The neighbours of `/proc/net/arp`, as net-tools 2.10 and BusyBox show them.
fn arp(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "aevnDi:H:t:d:s:", &["numeric", "verbose"]);
    if options.has("d") || options.has("s") {
        if process.uid == 0 {
            return Ok(0);
        }
        process.error("SIOCSARP: Operation not permitted")?;
        return Ok(if arguments.gnu { 255 } else { 1 });
    }
    let view = process.view();
    let table = process.fs().read(&view, b"/proc/net/arp").unwrap_or_default();
    let table = String::from_utf8_lossy(&table).into_owned();
    let wanted = options.operands.first().map(|w| String::from_utf8_lossy(w).into_owned());
    let mut text = String::new();
    let mut found = 0;
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [address, _, flags, mac, _, device] = fields[..] else { continue };
        if wanted.as_deref().is_some_and(|w| w != address)
            || options.value("i").is_some_and(|i| i != device.as_bytes())
        {
            continue;
        }
        found += 1;
        let known = flags != "0x0";
        let _ = if !arguments.gnu {
            writeln!(text, "? ({address}) at {mac} [ether]  on {device}")
        } else if options.has("a") {
            let mac = if known { format!("{mac} [ether]") } else { "<incomplete>".to_owned() };
            writeln!(text, "? ({address}) at {mac} on {device}")
        } else if known {
            writeln!(text, "{address:<23}  ether   {mac:<18}  {:<21} {device}", "C")
        } else {
            writeln!(text, "{address:<23}          {:<18}  {:<21} {device}", "(incomplete)", "")
        };
    }
    if let Some(wanted) = wanted.filter(|_| found == 0) {
        let text = if arguments.gnu && !options.has("a") {
            format!("{wanted} ({wanted}) -- no entry\n")
        } else if arguments.gnu {
            format!("arp: in {} entries no match found.\n", table.lines().count().saturating_sub(1))
        } else {
            format!("No match found in {} entries\n", table.lines().count().saturating_sub(1))
        };
        process.print(text)?;
        return Ok(i32::from(!arguments.gnu));
    }
    if arguments.gnu && !options.has("a") {
        text.insert_str(
            0,
            "Address                  HWtype  HWaddress           Flags Mask            Iface\n",
        );
    }
    process.print(text)?;
    Ok(0)
}
