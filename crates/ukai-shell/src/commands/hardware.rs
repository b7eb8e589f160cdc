//! `dmesg`, `lscpu`, `nproc`, `lsmod`, `lspci`, `reboot` and kin.

use super::{Arguments, Command, Outcome};
use crate::process::Process;
use crate::system::Stop;
use std::fmt::Write as _;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("dmesg", dmesg),
    Command::at_once("lscpu", lscpu),
    Command::at_once("nproc", |p, _| {
        let text = format!("{}\n", p.session.host.persona.machine.processors);
        p.print(text)?;
        Ok(0)
    }),
    Command::at_once("lsmod", lsmod),
    Command::at_once("lspci", lspci),
    Command::at_once("lsusb", lsusb),
    Command::at_once("lsblk", lsblk),
    Command::at_once("insmod", |_, _| Ok(0)),
    Command::at_once("rmmod", |_, _| Ok(0)),
    Command::at_once("modprobe", |_, _| Ok(0)),
    Command::at_once("sysctl", sysctl),
    Command::at_once("reboot", reboot),
    Command::at_once("halt", reboot),
    Command::at_once("poweroff", reboot),
    Command::at_once("shutdown", reboot),
    Command::at_once("init", |_, _| Ok(0)),
    Command::at_once("nvram", nvram),
];

/// The kernel's messages since the start, from the persona.
fn dmesg(process: &mut Process, arguments: &Arguments) -> Outcome {
    let letters = |letter: u8| {
        arguments
            .rest()
            .iter()
            .any(|w| w.starts_with(b"-") && !w.starts_with(b"--") && w.contains(&letter))
    };
    if process.uid != 0 && arguments.gnu {
        process.error("dmesg: read kernel buffer failed: Operation not permitted")?;
        return Ok(1);
    }
    if letters(b'C') || letters(b'c') && !arguments.gnu {
        return Ok(0);
    }
    let host = std::sync::Arc::clone(&process.session.host);
    let log = host.fill(&host.persona.kernel.log, process.session.now());
    let booted = host.booted(process.session.now()).secs();
    let mut text = String::new();
    for line in log.lines() {
        let stamp = line.strip_prefix('[').and_then(|l| l.split_once("] "));
        let _ = match stamp {
            Some((at, message)) if letters(b'T') => {
                let at = at.trim().parse::<f64>().unwrap_or(0.0) as u64;
                let shown = super::list::date(booted + at, "%a %b %e %H:%M:%S %Y");
                writeln!(text, "[{shown}] {message}")
            }
            Some((_, message)) if letters(b't') => writeln!(text, "{message}"),
            _ => writeln!(text, "{line}"),
        };
    }
    process.print(&text)?;
    Ok(0)
}

/// `lsmod` of kmod 30 and BusyBox: the lines of `/proc/modules` in columns.
fn lsmod(process: &mut Process, arguments: &Arguments) -> Outcome {
    let modules = process.fs().read(&process.view(), b"/proc/modules").unwrap_or_default();
    let modules = String::from_utf8_lossy(&modules).into_owned();
    let mut text = if arguments.gnu {
        "Module                  Size  Used by\n".to_owned()
    } else {
        "Module                  Size  Used by    Not tainted\n".to_owned()
    };
    for line in modules.lines() {
        let mut fields = line.split_whitespace();
        let (Some(name), Some(size), Some(count), Some(users)) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let users = users.trim_end_matches(',').trim_start_matches('-');
        let blank = if users.is_empty() { "" } else { " " };
        let _ = writeln!(text, "{name:<19} {size:>8}  {count}{blank}{users}");
    }
    process.print(text)?;
    Ok(0)
}

/// Lines that the persona has for what is plugged in.
fn plugged(process: &mut Process, lines: &[String]) -> Outcome {
    let text = lines.iter().fold(String::new(), |text, line| text + line + "\n");
    process.print(text)?;
    Ok(0)
}

fn lspci(process: &mut Process, _: &Arguments) -> Outcome {
    let host = std::sync::Arc::clone(&process.session.host);
    plugged(process, &host.persona.machine.pci)
}

fn lsusb(process: &mut Process, _: &Arguments) -> Outcome {
    let host = std::sync::Arc::clone(&process.session.host);
    plugged(process, &host.persona.machine.usb)
}

/// `nvram` of routers: the variables that most firmwares have, and what was set.
fn nvram(process: &mut Process, arguments: &Arguments) -> Outcome {
    /// Under which name what was set is kept.
    const TABLE: &[u8] = b"nvram";
    let words: Vec<String> =
        arguments.rest().iter().map(|w| String::from_utf8_lossy(w).into_owned()).collect();
    let host = std::sync::Arc::clone(&process.session.host);
    let kept = process.fs().kernel_value(TABLE).unwrap_or_default();
    let mut variables: Vec<(String, String)> = vec![
        ("lan_ipaddr".into(), host.lan_address.to_string()),
        ("lan_netmask".into(), "255.255.255.0".into()),
        ("lan_hwaddr".into(), host.mac_text().to_uppercase()),
        ("wan_ipaddr".into(), host.address.to_string()),
        ("wan_gateway".into(), host.gateway().to_string()),
        ("wan_proto".into(), "pppoe".into()),
        ("http_username".into(), "admin".into()),
        ("serial_no".into(), host.serial.clone()),
        ("boot_wait".into(), "on".into()),
        ("telnetd_enable".into(), "1".into()),
    ];
    let set = |variables: &mut Vec<(String, String)>, name: &str, value: &str| {
        variables.retain(|(n, _)| n != name);
        variables.push((name.to_owned(), value.to_owned()));
    };
    for line in kept.lines() {
        match line.split_once('=') {
            Some((name, value)) => set(&mut variables, name, value),
            None => variables.retain(|(name, _)| name != line),
        }
    }
    let change = match (words.first().map(String::as_str), words.get(1)) {
        (Some("get"), Some(name)) => {
            if let Some((_, value)) = variables.iter().find(|(n, _)| n == name) {
                process.print(format!("{value}\n"))?;
            }
            return Ok(0);
        }
        (Some("show" | "dump"), _) => {
            let text = variables.iter().map(|(n, v)| format!("{n}={v}\n")).collect::<Vec<_>>();
            process.print(text.concat())?;
            return Ok(0);
        }
        (Some("set"), Some(pair)) if pair.contains('=') => pair.clone(),
        (Some("unset"), Some(name)) => name.clone(),
        (Some("commit"), _) => return Ok(0),
        _ => {
            process
                .error("usage: nvram [get name] [set name=value] [unset name] [show] [commit]")?;
            return Ok(1);
        }
    };
    process.fs().set_kernel_value(TABLE, &format!("{kept}{change}\n"));
    Ok(0)
}

/// `lscpu` of util-linux 2.38, from `/proc/cpuinfo` and `/sys`: a tree on a terminal, a
/// flat list in a pipe.
fn lscpu(process: &mut Process, _: &Arguments) -> Outcome {
    const FOLDER: &str = "/sys/devices/system/cpu/vulnerabilities";
    let tree = process.fds.at(1).is_some_and(|open| open.is_terminal());
    let host = std::sync::Arc::clone(&process.session.host);
    let machine = &host.persona.machine;
    let order = if machine.cpu.little_endian() { "Little Endian" } else { "Big Endian" };
    let bits = if machine.cpu.is_64_bit() { "32-bit, 64-bit" } else { "32-bit" };
    let count = machine.processors;
    let view = process.view();
    let info = process.fs().read(&view, b"/proc/cpuinfo").unwrap_or_default();
    let info = String::from_utf8_lossy(&info).into_owned();
    let value = |name: &str| {
        let mut fields = info.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
    };
    let mut rows: Vec<(String, String)> = Vec::new();
    // A label in the tree, and what it is called where there is none.
    let mut row = |depth: usize, label: &str, flat: &str, value: Option<String>| {
        let Some(value) = value else { return };
        if tree {
            rows.push((format!("{:depth$}{label}:", ""), value));
        } else if !flat.is_empty() {
            rows.push((format!("{flat}:"), value));
        }
    };
    let mut plain =
        |depth: usize, label: &str, value: Option<String>| row(depth, label, label, value);
    let online = if count > 1 { format!("0-{}", count.saturating_sub(1)) } else { "0".to_owned() };
    plain(0, "Architecture", Some(machine.uname.clone()));
    plain(2, "CPU op-mode(s)", Some(bits.to_owned()));
    plain(2, "Address sizes", value("address sizes"));
    plain(2, "Byte Order", Some(order.to_owned()));
    plain(0, "CPU(s)", Some(count.to_string()));
    plain(2, "On-line CPU(s) list", Some(online.clone()));
    plain(0, "Vendor ID", value("vendor_id"));
    plain(2, "Model name", value("model name").or_else(|| value("cpu model")));
    plain(4, "CPU family", value("cpu family"));
    plain(4, "Model", value("model"));
    let number = |name: &str| value(name).and_then(|c| c.parse::<u32>().ok()).unwrap_or(1).max(1);
    let (cores, siblings) = (number("cpu cores"), number("siblings"));
    plain(4, "Thread(s) per core", Some((siblings / cores).max(1).to_string()));
    plain(4, "Core(s) per socket", Some(cores.to_string()));
    plain(4, "Socket(s)", Some((count / siblings).max(1).to_string()));
    plain(4, "Stepping", value("stepping"));
    plain(4, "BogoMIPS", value("bogomips").or_else(|| value("BogoMIPS")));
    plain(4, "Flags", value("flags"));
    if info.contains("hypervisor") {
        row(0, "Virtualization features", "", Some(String::new()));
        row(2, "Hypervisor vendor", "Hypervisor vendor", Some("KVM".to_owned()));
        row(2, "Virtualization type", "Virtualization type", Some("full".to_owned()));
        let each = |kb: u64| {
            let kib = kb * u64::from(count);
            let shown =
                if kib >= 1_024 { format!("{} MiB", kib / 1_024) } else { format!("{kib} KiB") };
            Some(format!("{shown} ({count} instance{})", if count == 1 { "" } else { "s" }))
        };
        let last = value("cache size").and_then(|c| c.split(' ').next()?.parse().ok());
        row(0, "Caches (sum of all)", "", Some(String::new()));
        row(2, "L1d", "L1d cache", each(32));
        row(2, "L1i", "L1i cache", each(32));
        row(2, "L2", "L2 cache", each(4_096));
        row(2, "L3", "L3 cache", last.and_then(each));
    }
    if host.persona.is_gnu() {
        row(0, "NUMA", "", Some(String::new()));
        row(2, "NUMA node(s)", "NUMA node(s)", Some("1".to_owned()));
        row(2, "NUMA node0 CPU(s)", "NUMA node0 CPU(s)", Some(online));
    }
    let weaknesses = process.fs().list(&view, FOLDER.as_bytes()).unwrap_or_default();
    if !weaknesses.is_empty() {
        row(0, "Vulnerabilities", "", Some(String::new()));
    }
    for name in weaknesses {
        let path = [FOLDER.as_bytes(), b"/", &name].concat();
        let text = process.fs().read(&view, &path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).trim().replacen("Mitigation:", "Mitigation;", 1);
        let name = String::from_utf8_lossy(&name).replace('_', " ");
        let mut letters = name.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        let name: String = first.into_iter().chain(letters).collect();
        row(2, &name, &format!("Vulnerability {name}"), Some(text));
    }
    let width = rows.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (label, value) in rows {
        let _ = writeln!(text, "{label:<width$} {value}");
    }
    process.print(text)?;
    Ok(0)
}

/// `lsblk` of util-linux 2.38, from `/proc/partitions` and the mounts.
fn lsblk(process: &mut Process, _: &Arguments) -> Outcome {
    let view = process.view();
    let partitions = process.fs().read(&view, b"/proc/partitions").unwrap_or_default();
    let partitions = String::from_utf8_lossy(&partitions).into_owned();
    let host = std::sync::Arc::clone(&process.session.host);
    let mut rows: Vec<(String, String, u64)> = Vec::new();
    for line in partitions.lines().skip(2) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [major, minor, blocks, name] = fields[..] else { continue };
        rows.push((name.to_owned(), format!("{major:>3}:{minor:<4}"), blocks.parse().unwrap_or(0)));
    }
    let mut text = "NAME    MAJ:MIN RM   SIZE RO TYPE MOUNTPOINTS\n".to_owned();
    let is_part = |name: &str| name.ends_with(|c: char| c.is_ascii_digit());
    for (place, (name, numbers, blocks)) in rows.iter().enumerate() {
        let part = is_part(name);
        let last = rows.get(place + 1).is_none_or(|(next, ..)| !is_part(next));
        let branch = match (part, last) {
            (false, _) => "",
            (true, true) => "└─",
            (true, false) => "├─",
        };
        let device = format!("/dev/{name}");
        let point = host.persona.mounts.iter().find(|m| m.device == device);
        let shown = format!("{branch}{name}");
        let row = format!(
            "{shown:<7} {numbers} 0 {:>6}  0 {} {}",
            block_size(blocks * 1_024),
            if part { "part" } else { "disk" },
            point.map_or("", |m| m.point.as_str())
        );
        let _ = writeln!(text, "{row}");
    }
    process.print(text)?;
    Ok(0)
}

/// A size as util-linux shows it: a decimal only where it is not zero.
fn block_size(bytes: u64) -> String {
    let (mut value, mut unit) = (bytes as f64, "B");
    for next in ["K", "M", "G", "T"] {
        if value < 1_024.0 {
            break;
        }
        value /= 1_024.0;
        unit = next;
    }
    let text = format!("{value:.1}");
    format!("{}{unit}", text.strip_suffix(".0").unwrap_or(&text))
}

/// `sysctl` of procps 4.0 over `/proc/sys`. What is set is kept with the disk.
fn sysctl(process: &mut Process, arguments: &Arguments) -> Outcome {
    const KEYS_MAX: usize = 512;
    let options =
        super::Options::read(arguments, "wnNeqabdp:r:AXfh", &["all", "values", "names", "system"]);
    let view = process.view();
    let mut status = 0;
    let mut wanted: Vec<String> =
        options.operands.iter().map(|w| String::from_utf8_lossy(w).into_owned()).collect();
    if options.has("a") || options.has("all") || options.has("A") {
        let mut open = vec![b"/proc/sys".to_vec()];
        while let Some(path) = open.pop() {
            process.session.step(1)?;
            if process.fs().stat(&view, &path, false).is_ok_and(|s| s.is_dir()) {
                let names = process.fs().list(&view, &path).unwrap_or_default();
                open.extend(names.iter().rev().map(|n| [&path[..], b"/", n].concat()));
            } else if wanted.len() < KEYS_MAX {
                let key = String::from_utf8_lossy(&path["/proc/sys/".len()..]).replace('/', ".");
                wanted.push(key);
            }
        }
    }
    if let Some(file) = options.value("p") {
        let path = process.absolute(file);
        let text = process.fs().read(&view, &path).unwrap_or_default();
        for line in String::from_utf8_lossy(&text).lines() {
            let line = line.trim();
            if !line.starts_with(['#', ';']) && line.contains('=') {
                wanted.push(line.replace(' ', ""));
            }
        }
    }
    for word in wanted {
        let (key, value) = match word.split_once('=') {
            Some((key, value)) => (key.trim().to_owned(), Some(value.trim().to_owned())),
            None => (word.clone(), None),
        };
        let path = format!("/proc/sys/{}", key.replace('.', "/")).into_bytes();
        let Ok(old) = process.fs().read(&view, &path) else {
            if !options.has("e") {
                process.error(&format!(
                    "sysctl: cannot stat {}: No such file or directory",
                    String::from_utf8_lossy(&path)
                ))?;
                status = 1;
            }
            continue;
        };
        let shown = match value {
            Some(value) => {
                if process.uid != 0 {
                    process.error(&format!("sysctl: permission denied on key \"{key}\""))?;
                    status = 1;
                    continue;
                }
                let mode = process.fs().stat(&view, &path, true).map_or(0o644, |s| s.mode);
                let line = format!("{value}\n").into();
                let stored = process.fs().store(&view, &path, line, crate::fs::Origin::Host, mode);
                if stored.is_err() {
                    process.error(&format!("sysctl: permission denied on key \"{key}\""))?;
                    status = 1;
                    continue;
                }
                value
            }
            None => String::from_utf8_lossy(&old).trim_end().to_owned(),
        };
        if options.has("q") {
            continue;
        }
        let text = if options.has("n") || options.has("values") {
            format!("{shown}\n")
        } else if options.has("N") || options.has("names") {
            format!("{key}\n")
        } else {
            format!("{key} = {shown}\n")
        };
        process.print(text)?;
    }
    Ok(status)
}

/// The host goes down: the session ends.
fn reboot(process: &mut Process, arguments: &Arguments) -> Outcome {
    if process.uid != 0 {
        process.error(&format!("{}: Operation not permitted", arguments.name()))?;
        return Ok(1);
    }
    Err(Stop::HangUp(0).into())
}
