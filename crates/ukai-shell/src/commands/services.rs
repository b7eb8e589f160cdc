//! `systemctl` of systemd 252 and Debian's `service`: units from the unit files, and the
//! processes that belong to them.

use super::list::date;
use super::{Arguments, Command};
use crate::fs::{Origin, unit_of};
use crate::process::Process;
use crate::system::{Fut, Stop};
use std::fmt::Write as _;
use ukai_persona::Process as Listed;

pub(super) const COMMANDS: &[Command] = &[
    Command::waiting("systemctl", systemctl),
    Command::waiting("service", service),
    Command::at_once("runlevel", |p, _| {
        p.print("N 5\n")?;
        Ok(0)
    }),
];

/// Where unit files lie, those of the administrator first.
const FOLDERS: [&str; 3] =
    ["/etc/systemd/system", "/usr/lib/systemd/system", "/usr/local/lib/systemd/system"];

/// Exit statuses of systemctl(1).
mod status {
    pub(super) const FAILED: i32 = 1;
    pub(super) const NOT_RUNNING: i32 = 3;
    pub(super) const UNKNOWN: i32 = 4;
    pub(super) const NOT_FOUND: i32 = 5;
}

/// Services that did their work when the system started.
const EXITED: [(&str, &str); 14] = [
    ("apparmor", "Load AppArmor profiles"),
    ("ifupdown-pre", "Helper to synchronize boot up for ifupdown"),
    ("keyboard-setup", "Set the console keyboard layout"),
    ("kmod-static-nodes", "Create List of Static Device Nodes"),
    ("systemd-binfmt", "Set Up Additional Binary Formats"),
    ("systemd-journal-flush", "Flush Journal to Persistent Storage"),
    ("systemd-modules-load", "Load Kernel Modules"),
    ("systemd-random-seed", "Load/Save Random Seed"),
    ("systemd-remount-fs", "Remount Root and Kernel File Systems"),
    ("systemd-sysctl", "Apply Kernel Variables"),
    ("systemd-tmpfiles-setup", "Create Volatile Files and Directories"),
    ("systemd-udev-trigger", "Coldplug All udev Devices"),
    ("systemd-update-utmp", "Record System Boot/Shutdown in UTMP"),
    ("systemd-user-sessions", "Permit User Sessions"),
];

/// Services that run and whose files are not on the disk.
const OTHERS: [(&str, &str); 3] = [
    ("inetutils-inetd", "Internet superserver"),
    ("qemu-guest-agent", "QEMU Guest Agent"),
    ("serial-getty@ttyS0", "Serial Getty on ttyS0"),
];

/// A unit.
struct Unit {
    /// With its suffix.
    name: String,
    /// Where its file lies, if it has one.
    path: Option<String>,
    text: String,
    processes: Vec<Listed>,
}

impl Unit {
    /// The unit of that name, if anybody knows it.
    fn find(process: &Process, name: &str) -> Option<Self> {
        let name = if name.contains('.') { name.to_owned() } else { format!("{name}.service") };
        let view = process.view();
        let aliases = [("sshd.service", "ssh.service"), ("syslog.service", "rsyslog.service")];
        let name = aliases.iter().find(|(alias, _)| *alias == name).map_or(name.as_str(), |a| a.1);
        let template = name.split_once('@').map(|(kind, rest)| {
            format!("{kind}@.{}", rest.rsplit_once('.').map_or("service", |(_, suffix)| suffix))
        });
        let path = FOLDERS
            .iter()
            .flat_map(|folder| {
                let own = std::iter::once(name.to_owned()).chain(template.clone());
                own.map(move |file| format!("{folder}/{file}"))
            })
            .find(|path| process.fs().stat(&view, path.as_bytes(), true).is_ok());
        let text = path.as_ref().and_then(|p| process.fs().read(&view, p.as_bytes()).ok());
        let text = String::from_utf8_lossy(&text.unwrap_or_default()).into_owned();
        let short = name.trim_end_matches(".service");
        let processes: Vec<Listed> = process
            .fs()
            .processes(&view)
            .into_iter()
            .filter(|p| p.ppid >= 1 && unit_of(p).is_some_and(|unit| unit == short))
            .collect();
        let known = path.is_some()
            || !processes.is_empty()
            || name.ends_with(".service") && EXITED.iter().any(|(n, _)| *n == short);
        known.then(|| Self { name: name.to_owned(), path, text, processes })
    }

    /// The value of a key of the unit file.
    fn value(&self, key: &str) -> Option<&str> {
        let line = self.text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.map(str::trim)
    }

    fn description(&self) -> String {
        let short = self.name.trim_end_matches(".service");
        let exited = EXITED.iter().find(|(name, _)| *name == short).map(|(_, text)| *text);
        let other = OTHERS.iter().find(|(name, _)| *name == short).map(|(_, text)| *text);
        let own = self.value("Description").or(exited).or(other);
        let text = own.unwrap_or(&self.name).to_owned();
        let instance = short.split_once('@').map_or("", |(_, instance)| instance);
        text.replace("%I", instance).replace("%i", instance)
    }

    fn exited(&self) -> bool {
        let short = self.name.trim_end_matches(".service");
        self.processes.is_empty() && EXITED.iter().any(|(name, _)| *name == short)
    }

    /// `active` or not.
    fn is_active(&self) -> bool {
        !self.processes.is_empty()
            || self.exited()
            || [".target", ".socket", ".slice", ".mount"].iter().any(|s| self.name.ends_with(s))
    }

    /// Where a link makes it start with the system.
    fn wanted_by(&self, process: &Process) -> Option<String> {
        let target = self.value("WantedBy")?.split_whitespace().next()?.to_owned();
        let _ = process;
        Some(format!("/etc/systemd/system/{target}.wants/{}", self.name))
    }

    /// `enabled`, `disabled`, `static`.
    fn state(&self, process: &Process) -> &'static str {
        let Some(link) = self.wanted_by(process) else { return "static" };
        let linked = process.fs().stat(&process.view(), link.as_bytes(), false).is_ok();
        // Debian enables what it delivers.
        let delivered = self.path.as_ref().is_some_and(|path| path.starts_with("/usr/lib/"));
        let disabled = process.fs().is_disabled(&self.name);
        if linked || (delivered && !disabled) { "enabled" } else { "disabled" }
    }
}

fn systemctl(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let all: Vec<String> =
            arguments.rest().iter().map(|w| String::from_utf8_lossy(w).into_owned()).collect();
        let mut words = Vec::new();
        let mut rest = all.iter();
        let (mut now, mut quiet, mut no_legend) = (false, false, false);
        let mut kind = None;
        while let Some(word) = rest.next() {
            match word.as_str() {
                "--now" => now = true,
                "-q" | "--quiet" => quiet = true,
                "--no-legend" => no_legend = true,
                "-t" | "--type" => kind = rest.next().cloned(),
                "-p" | "--property" | "-n" | "-o" | "-H" | "-M" => drop(rest.next()),
                word if word.starts_with("--type=") => {
                    kind = Some(word["--type=".len()..].to_owned());
                }
                word if word.starts_with('-') => {}
                word => words.push(word.to_owned()),
            }
        }
        let Some((verb, names)) = words.split_first() else {
            return list_units(process, kind.as_deref(), no_legend);
        };
        match verb.as_str() {
            "list-units" => return list_units(process, kind.as_deref(), no_legend),
            "list-unit-files" => return list_files(process, no_legend),
            "is-system-running" => {
                process.print("running\n")?;
                return Ok(0);
            }
            "get-default" => {
                process.print("graphical.target\n")?;
                return Ok(0);
            }
            "reboot" | "poweroff" | "halt" | "kexec" => {
                if process.uid == 0 {
                    return Err(Stop::HangUp(0));
                }
                process.error(&format!("Failed to {verb} system via logind: Interactive authentication required.\nFailed to talk to init daemon."))?;
                return Ok(status::FAILED);
            }
            "status" if names.is_empty() => return system_status(process),
            "daemon-reload" | "daemon-reexec" | "reset-failed" | "set-default" | "isolate"
            | "preset-all" | "list-timers" | "list-sockets" | "list-jobs" | "list-dependencies"
                if names.is_empty() =>
            {
                return Ok(0);
            }
            "start" | "stop" | "restart" | "reload" | "enable" | "disable" | "mask" | "unmask"
            | "is-active" | "is-enabled" | "is-failed" | "status" | "show" | "cat" | "kill"
            | "try-restart" | "reload-or-restart" | "reenable" | "preset" | "condrestart" => {}
            "daemon-reload" | "set-default" | "isolate" | "list-dependencies" => return Ok(0),
            unknown => {
                process.error(&format!("Unknown command verb {unknown}."))?;
                return Ok(status::FAILED);
            }
        }
        if names.is_empty() {
            process.error("Too few arguments.")?;
            return Ok(status::FAILED);
        }
        let mut result = 0;
        for (place, name) in names.iter().enumerate() {
            process.session.step(10)?;
            if place > 0 && verb == "status" {
                process.print("\n")?;
            }
            let one = on_unit(process, verb, name, now, quiet).await?;
            result = if one == 0 { result } else { one };
        }
        Ok(result)
    })
}

/// One verb on one unit.
async fn on_unit(
    process: &mut Process,
    verb: &str,
    name: &str,
    now: bool,
    quiet: bool,
) -> Result<i32, Stop> {
    let full = if name.contains('.') { name.to_owned() } else { format!("{name}.service") };
    let unit = Unit::find(process, name);
    let changes =
        !matches!(verb, "status" | "is-active" | "is-enabled" | "is-failed" | "show" | "cat");
    if changes && process.uid != 0 && unit.is_some() {
        process.error(&format!(
            "Failed to {verb} {full}: Interactive authentication required.\nSee system logs and 'systemctl status {full}' for details."
        ))?;
        return Ok(status::FAILED);
    }
    let Some(unit) = unit else {
        return missing(process, verb, &full, quiet);
    };
    match verb {
        "status" => {
            let text = status_of(process, &unit);
            process.print(text)?;
            Ok(if unit.is_active() { 0 } else { status::NOT_RUNNING })
        }
        "is-active" | "is-failed" => {
            let active = unit.is_active();
            if !quiet {
                process.print(if active { "active\n" } else { "inactive\n" })?;
            }
            let good = active == (verb == "is-active");
            Ok(if good {
                0
            } else if verb == "is-active" {
                status::NOT_RUNNING
            } else {
                1
            })
        }
        "is-enabled" => {
            let state = unit.state(process);
            if !quiet {
                process.print(format!("{state}\n"))?;
            }
            Ok(i32::from(state == "disabled"))
        }
        "cat" => {
            let path = unit.path.clone().unwrap_or_default();
            process.print(format!("# {path}\n{}", unit.text))?;
            Ok(0)
        }
        "show" => {
            let main = unit.processes.first().map_or(0, |p| p.pid);
            let active = if unit.is_active() { "active" } else { "inactive" };
            process.print(format!(
                "MainPID={main}\nId={}\nDescription={}\nLoadState=loaded\nActiveState={active}\nSubState={}\nFragmentPath={}\nUnitFileState={}\n",
                unit.name,
                unit.description(),
                if unit.processes.is_empty() { "dead" } else { "running" },
                unit.path.clone().unwrap_or_default(),
                unit.state(process)
            ))?;
            Ok(0)
        }
        "enable" | "reenable" => {
            enable(process, &unit)?;
            if now { start(process, &unit).await } else { Ok(0) }
        }
        "disable" | "mask" => {
            if let Some(link) = unit.wanted_by(process) {
                let view = process.view();
                let linked = process.fs().stat(&view, link.as_bytes(), false).is_ok();
                if unit.state(process) == "enabled" && verb == "disable" {
                    process.error(&format!("Removed \"{link}\"."))?;
                }
                if linked {
                    let _ = process.fs().unlink(&view, link.as_bytes());
                }
                process.fs().set_disabled(&unit.name, true);
            }
            if verb == "mask" {
                process.error(&format!(
                    "Created symlink /etc/systemd/system/{0} → /dev/null.",
                    unit.name
                ))?;
            }
            if now {
                stop(process, &unit);
            }
            Ok(0)
        }
        "stop" | "kill" => {
            stop(process, &unit);
            Ok(0)
        }
        "start" | "restart" | "try-restart" | "reload-or-restart" | "condrestart" => {
            if unit.processes.is_empty() || verb != "start" {
                return start(process, &unit).await;
            }
            Ok(0)
        }
        _ => Ok(0),
    }
}

/// What is said of a unit that nobody knows.
fn missing(process: &mut Process, verb: &str, full: &str, quiet: bool) -> Result<i32, Stop> {
    let (text, status) = match verb {
        "status" => (format!("Unit {full} could not be found."), status::UNKNOWN),
        "is-active" | "is-failed" => {
            if !quiet {
                process.print("inactive\n")?;
            }
            return Ok(if verb == "is-active" { status::NOT_RUNNING } else { status::FAILED });
        }
        "is-enabled" => (
            format!("Failed to get unit file state for {full}: No such file or directory"),
            status::FAILED,
        ),
        "cat" => (format!("No files found for {full}."), status::FAILED),
        "enable" | "disable" | "reenable" | "preset" => {
            (format!("Failed to {verb} unit: Unit file {full} does not exist."), status::FAILED)
        }
        "mask" => {
            let text = format!("Unit {full} does not exist, proceeding anyway.");
            (format!("{text}\nCreated symlink /etc/systemd/system/{full} → /dev/null."), 0)
        }
        "unmask" => (format!("Unit {full} does not exist, proceeding anyway."), 0),
        "stop" | "kill" => {
            (format!("Failed to {verb} {full}: Unit {full} not loaded."), status::NOT_FOUND)
        }
        "show" => return Ok(0),
        _ => (format!("Failed to {verb} {full}: Unit {full} not found."), status::NOT_FOUND),
    };
    process.error(&text)?;
    Ok(status)
}

/// Makes the link by which a unit starts with the system.
fn enable(process: &mut Process, unit: &Unit) -> Result<(), Stop> {
    let Some(link) = unit.wanted_by(process) else {
        process.error(
            "The unit files have no installation config (WantedBy=, RequiredBy=, Also=,\nAlias= settings in the [Install] section, and DefaultInstance= for template\nunits). This means they are not meant to be enabled or disabled using systemctl.\n \nPossible reasons for having this kind of units are:\n• A unit may be statically enabled by being symlinked from another unit's\n  .wants/ or .requires/ directory.\n• A unit's purpose may be to act as a helper for some other unit which has\n  a requirement dependency on it.\n• A unit may be started when needed via activation (socket, path, timer,\n  D-Bus, udev, scripted systemctl call, ...).\n• In case of template units, the unit is meant to be enabled with some\n  instance name specified.",
        )?;
        return Ok(());
    };
    if unit.state(process) == "enabled" {
        return Ok(());
    }
    process.fs().set_disabled(&unit.name, false);
    let view = process.view();
    let folder = link.rsplit_once('/').map_or("", |(folder, _)| folder);
    let _ = process.fs().mkdir(&view, folder.as_bytes(), 0o755);
    let target = unit.path.clone().unwrap_or_default();
    let target = target.replacen("/usr/lib/", "/lib/", 1);
    let _ = process.fs().symlink(&view, target.as_bytes(), link.as_bytes());
    process.error(&format!("Created symlink {link} → {target}."))
}

/// Starts a unit: one of the attacker's runs what it says.
async fn start(process: &mut Process, unit: &Unit) -> Result<i32, Stop> {
    process.fs().revive(|p| unit_of(p).is_some_and(|name| format!("{name}.service") == unit.name));
    let view = process.view();
    let path = unit.path.clone().unwrap_or_default();
    let own = process.fs().origin(&view, path.as_bytes()) == Some(Origin::Host);
    let Some(line) = unit.value("ExecStart").filter(|_| !own) else { return Ok(0) };
    let line = line.trim_start_matches(['-', '@', ':', '+', '!']).to_owned();
    let words: Vec<Vec<u8>> = match line.split_once("-c ") {
        // A shell's text is one word, quoted.
        Some((shell, text)) => {
            let text = text.trim().trim_matches(['\'', '"']);
            let words = shell.split_whitespace().map(|w| w.as_bytes().to_vec());
            words.chain([b"-c".to_vec(), text.as_bytes().to_vec()]).collect()
        }
        None => line.split_whitespace().map(|w| w.as_bytes().to_vec()).collect(),
    };
    if words.is_empty() {
        return Ok(0);
    }
    let mut inner = process.fork();
    inner.enter()?;
    inner.directory = std::sync::Arc::new(b"/".to_vec());
    let null = std::sync::Arc::new(crate::io::Open::Null);
    for fd in 0..3 {
        inner.fds.set(fd, Some(std::sync::Arc::clone(&null)));
    }
    let result = inner.program(words).await;
    inner.ended(result).await?;
    Ok(0)
}

/// A unit's processes end.
fn stop(process: &Process, unit: &Unit) {
    for p in &unit.processes {
        process.fs().end_process(p.pid);
    }
}

/// How long ago something was, as systemd tells it (format_timestamp_relative).
fn ago(seconds: u64) -> String {
    const MONTH_S: u64 = 2_629_800;
    const UNITS: [(u64, &str, u64, &str); 5] = [
        (31_557_600, "year", MONTH_S, "month"),
        (MONTH_S, "month", 86_400, "day"),
        (604_800, "week", 86_400, "day"),
        (86_400, "day", 0, ""),
        (0, "", 0, ""),
    ];
    let many =
        |count: u64, unit: &str| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    for (size, unit, small, small_unit) in UNITS {
        if size > 0 && seconds >= size {
            let rest = (seconds % size).checked_div(small).unwrap_or(0);
            return if rest > 0 {
                format!("{} {} ago", many(seconds / size, unit), many(rest, small_unit))
            } else {
                format!("{} ago", many(seconds / size, unit))
            };
        }
    }
    match (seconds / 3_600, seconds / 60 % 60) {
        (0, 0) => format!("{}s ago", seconds.max(1)),
        (0, minutes) => format!("{minutes}min ago"),
        (hours, minutes) => format!("{hours}h {minutes}min ago"),
    }
}

/// `systemctl status UNIT`
fn status_of(process: &Process, unit: &Unit) -> String {
    let host = &process.session.host;
    let now = process.session.now();
    let mut text = String::new();
    let active = unit.is_active();
    let dot = if active { "●" } else { "○" };
    let path = unit.path.clone().unwrap_or_else(|| format!("/lib/systemd/system/{}", unit.name));
    let path = path.replacen("/usr/lib/", "/lib/", 1);
    let state = unit.state(process);
    let preset = if state == "static" { String::new() } else { "; preset: enabled".to_owned() };
    let _ = writeln!(text, "{dot} {} - {}", unit.name, unit.description());
    let _ = writeln!(text, "     Loaded: loaded ({path}; {state}{preset})");
    let main = unit.processes.first();
    let booted = host.booted(now).secs();
    let began = main.map_or(booted + 4, |p| booted + p.started_s);
    let elapsed = host.clock(now).secs().saturating_sub(began);
    let since = date(began, "%a %Y-%m-%d %H:%M:%S UTC");
    let _ = match (active, main) {
        (true, Some(_)) => {
            writeln!(text, "     Active: active (running) since {since}; {}", ago(elapsed))
        }
        (true, None) => {
            writeln!(text, "     Active: active (exited) since {since}; {}", ago(elapsed))
        }
        _ => writeln!(text, "     Active: inactive (dead)"),
    };
    let documents: Vec<&str> = unit
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("Documentation="))
        .flat_map(str::split_whitespace)
        .collect();
    for (place, document) in documents.iter().enumerate() {
        let label = if place == 0 { "       Docs:" } else { "            " };
        let _ = writeln!(text, "{label} {document}");
    }
    let Some(main) = main else { return text };
    let tasks: usize =
        unit.processes.iter().map(|p| if p.state.contains('l') { 3 } else { 1 }).sum();
    let memory: u64 = unit.processes.iter().map(|p| p.rss_kb).sum::<u64>() * 3 / 4;
    let time: u64 = unit.processes.iter().map(|p| host.process_time(p, now)).sum();
    let limit = host.persona.memory.total_kb / 873;
    let _ = writeln!(text, "   Main PID: {} ({})", main.pid, main.name);
    let _ = writeln!(text, "      Tasks: {tasks} (limit: {limit})");
    let _ = writeln!(text, "     Memory: {:.1}M", memory as f64 / 1_024.0);
    let _ = writeln!(text, "        CPU: {}", processor_time(time));
    let folder = if unit.name.contains('@') {
        format!("system-{}.slice/{}", unit.name.split('@').next().unwrap_or(""), unit.name)
    } else {
        unit.name.clone()
    };
    let _ = writeln!(text, "     CGroup: /system.slice/{folder}");
    let width = main
        .pid
        .to_string()
        .len()
        .max(unit.processes.iter().map(|p| p.pid.to_string().len()).max().unwrap_or(0));
    for (place, p) in unit.processes.iter().enumerate() {
        let branch = if place + 1 == unit.processes.len() { "└─" } else { "├─" };
        // A title with blanks of its own is quoted.
        let command =
            if p.command.contains(": ") { format!("\"{}\"", p.command) } else { p.command.clone() };
        let _ = writeln!(text, "             {branch}{:<width$} {command}", p.pid);
    }
    text.push_str(
        "\nNotice: journal has been rotated since unit was started, output may be incomplete.\n",
    );
    text
}

/// Hundredths of a second as systemd shows a span: `1min 2.345s`, `842ms`.
fn processor_time(hundredths: u64) -> String {
    let (hours, minutes) = (hundredths / 360_000, hundredths / 6_000 % 60);
    let seconds = hundredths % 6_000;
    let mut text = String::new();
    if hours > 0 {
        let _ = write!(text, "{hours}h ");
    }
    if minutes > 0 {
        let _ = write!(text, "{minutes}min ");
    }
    let _ = if text.is_empty() && seconds < 100 {
        write!(text, "{}ms", seconds * 10 + 3)
    } else {
        write!(text, "{}.{:03}s", seconds / 100, seconds % 100 * 10 + 3)
    };
    text
}

/// `systemctl status`
fn system_status(process: &mut Process) -> Result<i32, Stop> {
    let host = std::sync::Arc::clone(&process.session.host);
    let now = process.session.now();
    let booted = host.booted(now).secs();
    let elapsed = host.clock(now).secs().saturating_sub(booted);
    let text = format!(
        "● {}\n    State: running\n    Units: 262 loaded (incl. loaded aliases)\n     Jobs: 0 queued\n   Failed: 0 units\n    Since: {}; {}\n  systemd: 252.38-1~deb12u1\n   CGroup: /\n",
        process.fs().hostname(),
        date(booted, "%a %Y-%m-%d %H:%M:%S UTC"),
        ago(elapsed)
    );
    process.print(text)?;
    Ok(0)
}

/// Names of the services that systemd knows: those with files, and those that ran.
fn services(process: &Process) -> Vec<Unit> {
    let view = process.view();
    let mut names: Vec<String> = EXITED.iter().map(|(name, _)| format!("{name}.service")).collect();
    for folder in FOLDERS {
        for name in process.fs().list(&view, folder.as_bytes()).unwrap_or_default() {
            let name = String::from_utf8_lossy(&name).into_owned();
            if name.ends_with(".service") && !name.contains("@.") {
                names.push(name);
            }
        }
    }
    for p in process.fs().processes(&view) {
        names.extend(unit_of(&p).map(|unit| format!("{unit}.service")));
    }
    names.sort();
    names.dedup();
    let mut units: Vec<Unit> = names.iter().filter_map(|name| Unit::find(process, name)).collect();
    // An alias is the unit that it stands for.
    units.sort_by(|a, b| a.name.cmp(&b.name));
    units.dedup_by(|a, b| a.name == b.name);
    units
}

fn list_units(process: &mut Process, kind: Option<&str>, no_legend: bool) -> Result<i32, Stop> {
    const STATIC: [(&str, &str, &str); 24] = [
        ("-.mount", "mounted", "Root Mount"),
        ("boot-efi.mount", "mounted", "/boot/efi"),
        ("dev-hugepages.mount", "mounted", "Huge Pages File System"),
        ("dev-mqueue.mount", "mounted", "POSIX Message Queue File System"),
        ("run-user-0.mount", "mounted", "/run/user/0"),
        ("sys-kernel-debug.mount", "mounted", "Kernel Debug File System"),
        ("sys-kernel-tracing.mount", "mounted", "Kernel Trace File System"),
        ("init.scope", "running", "System and Service Manager"),
        ("-.slice", "active", "Root Slice"),
        ("system-getty.slice", "active", "Slice /system/getty"),
        ("system.slice", "active", "System Slice"),
        ("user.slice", "active", "User and Session Slice"),
        ("dbus.socket", "running", "D-Bus System Message Bus Socket"),
        ("syslog.socket", "running", "Syslog Socket"),
        ("systemd-journald.socket", "running", "Journal Socket"),
        ("systemd-udevd-control.socket", "running", "udev Control Socket"),
        ("basic.target", "active", "Basic System"),
        ("graphical.target", "active", "Graphical Interface"),
        ("local-fs.target", "active", "Local File Systems"),
        ("multi-user.target", "active", "Multi-User System"),
        ("network.target", "active", "Network"),
        ("sysinit.target", "active", "System Initialization"),
        ("apt-daily.timer", "waiting", "Daily apt download activities"),
        ("logrotate.timer", "waiting", "Daily rotation of log files"),
    ];
    let is = |name: &str| kind.is_none_or(|kind| name.ends_with(&format!(".{kind}")));
    let mut rows: Vec<(String, &str, String)> = STATIC
        .iter()
        .filter(|(name, ..)| is(name))
        .map(|(name, state, text)| ((*name).to_owned(), *state, (*text).to_owned()))
        .collect();
    if is(".service") {
        process.session.step(200)?;
        for unit in services(process).iter().filter(|unit| unit.is_active()) {
            let state = if unit.exited() { "exited" } else { "running" };
            rows.push((unit.name.clone(), state, unit.description()));
        }
    }
    let suffix = |name: &str| name.rsplit_once('.').map_or(String::new(), |(_, s)| s.to_owned());
    rows.sort_by_key(|(name, ..)| (suffix(name), name.clone()));
    let name = rows.iter().map(|(n, ..)| n.chars().count()).max().unwrap_or(4).max(4);
    let state = rows.iter().map(|(_, s, _)| s.len()).max().unwrap_or(3).max(3);
    let mut text = String::new();
    if !no_legend {
        let _ = writeln!(text, "  {:<name$} LOAD   ACTIVE {:<state$} DESCRIPTION", "UNIT", "SUB");
    }
    for (unit, sub, description) in &rows {
        let _ = writeln!(text, "  {unit:<name$} loaded active {sub:<state$} {description}");
    }
    if !no_legend {
        let _ = writeln!(
            text,
            "\nLOAD   = Reflects whether the unit definition was properly loaded.\nACTIVE = The high-level unit activation state, i.e. generalization of SUB.\nSUB    = The low-level unit activation state, values depend on unit type.\n{} loaded units listed. Pass --all to see loaded but inactive units, too.\nTo show all installed unit files use 'systemctl list-unit-files'.",
            rows.len()
        );
    }
    process.print(text)?;
    Ok(0)
}

fn list_files(process: &mut Process, no_legend: bool) -> Result<i32, Stop> {
    process.session.step(200)?;
    let units: Vec<(String, &str)> = services(process)
        .iter()
        .filter(|unit| unit.path.is_some())
        .map(|unit| (unit.name.clone(), unit.state(process)))
        .collect();
    let name = units.iter().map(|(n, _)| n.len()).max().unwrap_or(9).max(9);
    let mut text = String::new();
    if !no_legend {
        let _ = writeln!(text, "{:<name$} {:<15} PRESET", "UNIT FILE", "STATE");
    }
    for (unit, state) in &units {
        let preset = if *state == "static" { "-" } else { "enabled" };
        let _ = writeln!(text, "{unit:<name$} {state:<15} {preset}");
    }
    if !no_legend {
        let _ = writeln!(text, "\n{} unit files listed.", units.len());
    }
    process.print(text)?;
    Ok(0)
}

/// Debian's `service` hands on to `systemctl` where systemd runs.
fn service(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        const USAGE: &str = "Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]";
        let words: Vec<String> =
            arguments.rest().iter().map(|w| String::from_utf8_lossy(w).into_owned()).collect();
        match words.first().map(String::as_str) {
            Some("--status-all") => {
                let names = init_scripts(process);
                for name in names {
                    let runs = Unit::find(process, &name).is_some_and(|unit| unit.is_active());
                    process.print(format!(" [ {} ]  {name}\n", if runs { '+' } else { '-' }))?;
                }
                return Ok(0);
            }
            None => {
                process.error(USAGE)?;
                return Ok(1);
            }
            _ => {}
        }
        let Some(verb) = words.get(1).map(|verb| verb.replace("--full-restart", "restart")) else {
            process.error(USAGE)?;
            return Ok(1);
        };
        let verb = verb.replace("force-reload", "reload");
        if !["start", "stop", "restart", "reload", "status", "try-restart"].contains(&verb.as_str())
        {
            let known = init_scripts(process).contains(&words[0]);
            let text = if known {
                format!(
                    "Usage: /etc/init.d/{} {{start|stop|restart|reload|force-reload|status}}",
                    words[0]
                )
            } else {
                format!("{}: unrecognized service", words[0])
            };
            process.error(&text)?;
            return Ok(1);
        }
        if !process.session.host.persona.is_gnu() {
            process.error(&format!("{}: unrecognized service", words[0]))?;
            return Ok(1);
        }
        on_unit(process, &verb, &words[0], false, false).await
    })
}

/// Names in `/etc/init.d`.
fn init_scripts(process: &Process) -> Vec<String> {
    let names = process.fs().list(&process.view(), b"/etc/init.d").unwrap_or_default();
    names.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}
