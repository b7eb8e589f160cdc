//! `uname`, `hostname`, `arch`.

use super::{Arguments, Command, Options, Outcome};
use crate::process::Process;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("uname", uname),
    Command::at_once("arch", |p, _| {
        let text = format!("{}\n", p.session.host.persona.machine.uname);
        p.print(text)?;
        Ok(0)
    }),
    Command::at_once("hostname", hostname),
    Command::at_once("dnsdomainname", |p, _| {
        p.print("\n")?;
        Ok(0)
    }),
];

fn uname(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(
        arguments,
        "asnrvmpio",
        &[
            "all",
            "kernel-name",
            "nodename",
            "kernel-release",
            "kernel-version",
            "machine",
            "operating-system",
        ],
    );
    if let Some(bad) = &options.bad {
        let text = if bad.starts_with("--") {
            format!("uname: unrecognized option '{bad}'")
        } else {
            format!("uname: invalid option -- '{bad}'")
        };
        process.error(&text)?;
        if arguments.gnu {
            process.error("Try 'uname --help' for more information.")?;
        }
        return Ok(1);
    }
    let host = std::sync::Arc::clone(&process.session.host);
    let hostname = process.fs().hostname();
    if options.has("a") || options.has("all") {
        let line = host.uname_all();
        // The attacker may have renamed the host.
        let line = line.replacen(&host.hostname, &hostname, 1);
        process.print(format!("{line}\n"))?;
        return Ok(0);
    }
    let (kernel, machine) = (&host.persona.kernel, &host.persona.machine);
    let processor =
        if machine.uname_processor == "-" { "unknown" } else { machine.uname_processor.as_str() };
    let system =
        if kernel.operating_system == "-" { "GNU/Linux" } else { kernel.operating_system.as_str() };
    let mut parts = Vec::new();
    for (letter, long, value) in [
        ("s", "kernel-name", "Linux"),
        ("n", "nodename", hostname.as_str()),
        ("r", "kernel-release", kernel.release.as_str()),
        ("v", "kernel-version", kernel.version.as_str()),
        ("m", "machine", machine.uname.as_str()),
        ("p", "processor", processor),
        ("i", "hardware-platform", processor),
        ("o", "operating-system", system),
    ] {
        if options.has(letter) || options.has(long) {
            parts.push(value);
        }
    }
    if parts.is_empty() {
        parts.push("Linux");
    }
    process.print(format!("{}\n", parts.join(" ")))?;
    Ok(0)
}

fn hostname(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "sfdiIF:ya", &[]);
    if let Some(name) = options.operands.first() {
        if process.uid != 0 {
            process.error("hostname: sethostname: Operation not permitted")?;
            return Ok(1);
        }
        let name = String::from_utf8_lossy(name).into_owned();
        process.fs().set_hostname(&name);
        return Ok(0);
    }
    let text = if options.has("i") || options.has("I") {
        process.session.host.address.to_string()
    } else if options.has("d") {
        String::new()
    } else {
        process.fs().hostname()
    };
    process.print(format!("{text}\n"))?;
    Ok(0)
}
