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

fn lscpu(process: &mut Process, _: &Arguments) -> Outcome {
    let machine = &process.session.host.persona.machine;
    let (order, bits) = (
        if machine.cpu.little_endian() { "Little Endian" } else { "Big Endian" },
        if machine.cpu.is_64_bit() { "32-bit, 64-bit" } else { "32-bit" },
    );
    let count = machine.processors;
    let mut text = format!(
        "Architecture:            {}\n  CPU op-mode(s):        {bits}\n  Byte Order:            {order}\nCPU(s):                  {count}\n  On-line CPU(s) list:   0-{}\n",
        machine.uname,
        count.saturating_sub(1),
    );
    let view = process.view();
    let info = process.fs().read(&view, b"/proc/cpuinfo").unwrap_or_default();
    let info = String::from_utf8_lossy(&info).into_owned();
    if let Some(model) =
        info.lines().find(|l| l.starts_with("model name") || l.starts_with("cpu model"))
    {
        let model = model.split(':').nth(1).unwrap_or("").trim();
        let _ = writeln!(text, "  Model name:            {model}");
    }
    process.print(&text)?;
    Ok(0)
}

fn lsblk(process: &mut Process, _: &Arguments) -> Outcome {
    process.print("NAME   MAJ:MIN RM  SIZE RO TYPE MOUNTPOINTS\nvda    254:0    0   40G  0 disk \n├─vda1 254:1    0 39.9G  0 part /\n└─vda14 254:14  0    3M  0 part \n")?;
    Ok(0)
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
