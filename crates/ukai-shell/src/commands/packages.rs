//! Package managers and services: `apt`, `yum`, `opkg`, `systemctl`, `service`, `pip`.

use super::{Arguments, Command, Outcome};
use crate::process::Process;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("opkg", opkg),
    Command::at_once("systemctl", systemctl),
    Command::at_once("service", service),
    Command::at_once("update-rc.d", |_, _| Ok(0)),
    Command::at_once("chkconfig", |_, _| Ok(0)),
    Command::at_once("journalctl", |_, _| Ok(0)),
    Command::at_once("logger", |_, _| Ok(0)),
    Command::at_once("setenforce", |_, _| Ok(0)),
];

fn opkg(process: &mut Process, arguments: &Arguments) -> Outcome {
    let shown = arguments.shown(2).into_owned();
    if arguments.rest().first().is_some_and(|w| w == b"install") {
        process.error(&format!("Unknown package '{shown}'.\nCollected errors:\n * opkg_install_cmd: Cannot install package {shown}."))?;
        return Ok(255);
    }
    Ok(0)
}

/// Ends a service's name where it has its suffix.
fn unit(name: &str) -> String {
    if name.contains('.') { name.to_owned() } else { format!("{name}.service") }
}

/// Whether a process of that service runs.
fn runs(process: &Process, name: &str) -> bool {
    let name = name.trim_end_matches(".service");
    let view = process.view();
    process.fs().processes(&view).iter().any(|p| {
        let first = p.command.split_whitespace().next().unwrap_or("");
        let base = first.rsplit('/').next().unwrap_or("").trim_end_matches(':');
        base == name || base == format!("{name}d")
    })
}

fn systemctl(process: &mut Process, arguments: &Arguments) -> Outcome {
    let words: Vec<String> = arguments
        .rest()
        .iter()
        .filter(|w| !w.starts_with(b"-"))
        .map(|w| String::from_utf8_lossy(w).into_owned())
        .collect();
    let Some((verb, units)) = words.split_first() else { return Ok(0) };
    let mut status = 0;
    for name in units {
        let known = runs(process, name);
        match verb.as_str() {
            "status" if !known => {
                process.error(&format!("Unit {} could not be found.", unit(name)))?;
                status = 4;
            }
            "status" => {
                let text = format!(
                    "● {0} - {name}\n     Loaded: loaded (/lib/systemd/system/{0}; enabled; preset: enabled)\n     Active: active (running)\n",
                    unit(name)
                );
                process.print(text)?;
            }
            "is-active" => {
                process.print(if known { "active\n" } else { "inactive\n" })?;
                status = if known { 0 } else { 3 };
            }
            "start" | "restart" | "reload" if !known => {
                process.error(&format!("Failed to {verb} {0}: Unit {0} not found.", unit(name)))?;
                status = 5;
            }
            "stop" if !known => {
                process.error(&format!("Failed to stop {0}: Unit {0} not loaded.", unit(name)))?;
                status = 5;
            }
            _ => {}
        }
    }
    Ok(status)
}

fn service(process: &mut Process, arguments: &Arguments) -> Outcome {
    let [name, verb, ..] = arguments.rest() else {
        process.error("Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]")?;
        return Ok(1);
    };
    let (name, verb) =
        (String::from_utf8_lossy(name).into_owned(), String::from_utf8_lossy(verb).into_owned());
    if runs(process, &name) {
        if verb == "status" {
            process.print(format!("{name} is running.\n"))?;
        }
        Ok(0)
    } else {
        process.error(&format!("{name}: unrecognized service"))?;
        Ok(1)
    }
}
