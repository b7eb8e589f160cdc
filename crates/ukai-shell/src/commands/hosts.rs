//! `ping`, `nslookup`, `host`, `dig`, `traceroute`, `arp`, `arping`.

use super::{Arguments, Command, Options, Outcome};
use crate::process::Process;
use crate::system::{Fut, Stop};
use rand::Rng;
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

fn arp(process: &mut Process, arguments: &Arguments) -> Outcome {
    let host = std::sync::Arc::clone(&process.session.host);
    let gateway = host.gateway();
    let tail = host.draw("gateway-mac", 0, 0xff_ffff);
    let mac =
        format!("00:1e:80:{:02x}:{:02x}:{:02x}", tail >> 16 & 0xff, tail >> 8 & 0xff, tail & 0xff);
    let text = if arguments.gnu {
        format!(
            "Address                  HWtype  HWaddress           Flags Mask            Iface\n{gateway:<24} ether   {mac}   C                     eth0\n",
            gateway = gateway.to_string()
        )
    } else {
        format!("? ({gateway}) at {mac} [ether]  on eth0\n")
    };
    process.print(text)?;
    Ok(0)
}
