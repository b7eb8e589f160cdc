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
    Command::at_once("lsmod", |p, _| {
        p.print("Module                  Size  Used by\n")?;
        Ok(0)
    }),
    Command::at_once("lspci", |_, _| Ok(0)),
    Command::at_once("lsusb", |_, _| Ok(0)),
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
    Command::at_once("nvram", |_, _| Ok(0)),
];

fn dmesg(process: &mut Process, arguments: &Arguments) -> Outcome {
    if arguments.rest().iter().any(|w| w == b"-c" || w == b"-C") {
        return Ok(0);
    }
    let host = std::sync::Arc::clone(&process.session.host);
    let persona = &host.persona;
    let mut text = String::new();
    let mut at = 0.0;
    let memory = persona.memory.total_kb;
    for line in [
        host.proc_version().trim_end().to_owned(),
        format!(
            "Kernel command line: {}",
            String::from_utf8_lossy(
                &process.fs().read(&process.view(), b"/proc/cmdline").unwrap_or_default()
            )
            .trim_end()
        ),
        format!("Memory: {}k/{}k available", memory, memory + memory / 16),
        "NET: Registered protocol family 16".to_owned(),
        "NET: Registered protocol family 2".to_owned(),
        "TCP: Hash tables configured (established 2048 bind 2048)".to_owned(),
        "squashfs: version 4.0 (2009/01/31) Phillip Lougher".to_owned(),
        "Serial: 8250/16550 driver, 2 ports, IRQ sharing disabled".to_owned(),
        "VFS: Mounted root readonly.".to_owned(),
        "Freeing unused kernel memory: 188k freed".to_owned(),
        format!("eth0: link up, {}", host.mac_text()),
    ] {
        let _ = writeln!(text, "[{at:>12.6}] {line}");
        at += 0.113_7 + at / 7.0;
    }
    process.print(&text)?;
    Ok(0)
}

/// `lscpu` of util-linux 2.38, from `/proc/cpuinfo`.
fn lscpu(process: &mut Process, _: &Arguments) -> Outcome {
    let host = std::sync::Arc::clone(&process.session.host);
    let machine = &host.persona.machine;
    let (order, bits) = (
        if machine.cpu.little_endian() { "Little Endian" } else { "Big Endian" },
        if machine.cpu.is_64_bit() { "32-bit, 64-bit" } else { "32-bit" },
    );
    let count = machine.processors;
    let view = process.view();
    let info = process.fs().read(&view, b"/proc/cpuinfo").unwrap_or_default();
    let info = String::from_utf8_lossy(&info).into_owned();
    let value = |name: &str| {
        let mut fields = info.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
    };
    let mut text = String::new();
    let mut row = |depth: usize, label: &str, value: Option<String>| {
        if let Some(value) = value {
            let label = format!("{:depth$}{label}:", "");
            let _ = writeln!(text, "{label:<24} {value}");
        }
    };
    let online = if count > 1 { format!("0-{}", count.saturating_sub(1)) } else { "0".to_owned() };
    row(0, "Architecture", Some(machine.uname.clone()));
    row(2, "CPU op-mode(s)", Some(bits.to_owned()));
    row(2, "Address sizes", value("address sizes"));
    row(2, "Byte Order", Some(order.to_owned()));
    row(0, "CPU(s)", Some(count.to_string()));
    row(2, "On-line CPU(s) list", Some(online.clone()));
    row(0, "Vendor ID", value("vendor_id"));
    row(2, "Model name", value("model name").or_else(|| value("cpu model")));
    row(4, "CPU family", value("cpu family"));
    row(4, "Model", value("model"));
    let cores = value("cpu cores").and_then(|c| c.parse::<u32>().ok()).unwrap_or(1).max(1);
    let siblings = value("siblings").and_then(|c| c.parse::<u32>().ok()).unwrap_or(1).max(1);
    row(4, "Thread(s) per core", Some((siblings / cores).max(1).to_string()));
    row(4, "Core(s) per socket", Some(cores.to_string()));
    row(4, "Socket(s)", Some((count / siblings).max(1).to_string()));
    row(4, "Stepping", value("stepping"));
    row(4, "BogoMIPS", value("bogomips").or_else(|| value("BogoMIPS")));
    row(4, "Flags", value("flags"));
    if info.contains("hypervisor") {
        row(0, "Virtualization features", Some(String::new()));
        row(2, "Hypervisor vendor", Some("KVM".to_owned()));
        row(2, "Virtualization type", Some("full".to_owned()));
        let each = |kb: u64| {
            let kib = kb * u64::from(count);
            let shown =
                if kib >= 1_024 { format!("{} MiB", kib / 1_024) } else { format!("{kib} KiB") };
            Some(format!("{shown} ({count} instance{})", if count == 1 { "" } else { "s" }))
        };
        let last = value("cache size").and_then(|c| c.split(' ').next()?.parse().ok());
        row(0, "Caches (sum of all)", Some(String::new()));
        row(2, "L1d", each(32));
        row(2, "L1i", each(32));
        row(2, "L2", each(4_096));
        row(2, "L3", last.and_then(each));
    }
    if host.persona.is_gnu() {
        row(0, "NUMA", Some(String::new()));
        row(2, "NUMA node(s)", Some("1".to_owned()));
        row(2, "NUMA node0 CPU(s)", Some(online));
    }
    // A heading has no value to stand in its column.
    let text = text.lines().fold(String::new(), |mut shown, line| {
        shown.push_str(line.trim_end());
        shown.push('\n');
        shown
    });
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

fn sysctl(process: &mut Process, arguments: &Arguments) -> Outcome {
    for word in arguments.rest().iter().filter(|w| w.contains(&b'=')) {
        let text = String::from_utf8_lossy(word).replacen('=', " = ", 1);
        process.print(format!("{text}\n"))?;
    }
    Ok(0)
}

/// The host goes down: the session ends.
fn reboot(process: &mut Process, arguments: &Arguments) -> Outcome {
    if process.uid != 0 {
        process.error(&format!("{}: Operation not permitted", arguments.name()))?;
        return Ok(1);
    }
    Err(Stop::HangUp(0).into())
}
