//! `ps`, `top`, `kill`, `killall`, `pkill`, `pgrep`, `pidof`.

use super::list::date;
use super::{Arguments, Command, Options, Outcome};
use crate::process::Process;
use crate::system::Stop;
use std::fmt::Write as _;
use ukai_persona::Process as Listed;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("ps", ps),
    Command::at_once("top", top),
    Command::at_once("htop", top),
    Command::at_once("kill", kill),
    Command::at_once("killall", killall),
    Command::at_once("killall5", |_, _| Ok(0)),
    Command::at_once("pkill", pkill),
    Command::at_once("pgrep", pkill),
    Command::at_once("pidof", pidof),
];

/// The name by which a process is found.
fn short_name(process: &Listed) -> &str {
    let first = process.command.split_whitespace().next().unwrap_or("");
    let first = first.trim_matches(['[', ']']).trim_start_matches('-');
    first.rsplit('/').next().unwrap_or(first)
}

fn ps(process: &mut Process, arguments: &Arguments) -> Outcome {
    let all = process.fs().processes(&process.view());
    let text =
        if arguments.gnu { gnu_ps(process, arguments, &all) } else { busybox_ps(process, &all) };
    process.print(&text)?;
    Ok(0)
}

fn busybox_ps(process: &Process, all: &[Listed]) -> String {
    let columns = process.session.terminal().map_or(80, |t| usize::from(t.columns).max(40));
    let old = process.busybox_version() < (1, 16);
    let mut text = if old {
        "  PID USER       VSZ STAT COMMAND\n".to_owned()
    } else {
        "PID   USER     TIME  COMMAND\n".to_owned()
    };
    for p in all {
        let command = &p.command;
        let row = if old {
            let size = if p.vsz_kb == 0 { "0".to_owned() } else { p.vsz_kb.to_string() };
            format!("{:>5} {:<8} {size:>5} {:<4} {command}", p.pid, p.user, p.state)
        } else {
            format!("{:>5} {:<8}  0:00 {command}", p.pid, p.user)
        };
        text.extend(row.chars().take(columns));
        text.push('\n');
    }
    text
}

fn gnu_ps(process: &Process, arguments: &Arguments, all: &[Listed]) -> String {
    let flags: String =
        arguments.rest().iter().map(|w| String::from_utf8_lossy(w).into_owned()).collect();
    let host = &process.session.host;
    let booted = host.booted(process.session.now()).secs();
    let total = host.memory(process.session.now()).total_kb.max(1);
    let start = |p: &Listed| {
        let began = booted + p.started_s;
        let now = host.clock(process.session.now()).secs();
        date(began, if now.saturating_sub(began) < 86_400 { "%H:%M" } else { "%b%d" })
    };
    let mut text = String::new();
    if flags.contains('u') && flags.contains('a') {
        text.push_str(
            "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n",
        );
        for p in all {
            let share = p.rss_kb as f64 * 100.0 / total as f64;
            let _ = writeln!(
                text,
                "{:<8} {:>7}  0.0 {share:>4.1} {:>6} {:>5} {:<8} {:<4} {:>5}   0:00 {}",
                p.user,
                p.pid,
                p.vsz_kb,
                p.rss_kb,
                p.tty,
                p.state,
                start(p),
                p.command
            );
        }
    } else if flags.contains('f') {
        text.push_str("UID          PID    PPID  C STIME TTY          TIME CMD\n");
        let all_shown = flags.contains('e') || flags.contains('A');
        for p in all.iter().filter(|p| all_shown || p.tty != "?") {
            let _ = writeln!(
                text,
                "{:<8} {:>7} {:>7}  0 {:>5} {:<8} 00:00:00 {}",
                p.user,
                p.pid,
                p.ppid,
                start(p),
                p.tty,
                p.command
            );
        }
    } else {
        text.push_str("    PID TTY          TIME CMD\n");
        let everything = flags.contains('e') || flags.contains('A') || flags.contains('x');
        for p in all.iter().filter(|p| everything || p.tty != "?") {
            let _ = writeln!(text, "{:>7} {:<8} 00:00:00 {}", p.pid, p.tty, short_name(p));
        }
    }
    text
}

fn top(process: &mut Process, arguments: &Arguments) -> Outcome {
    let view = process.view();
    let host = std::sync::Arc::clone(&process.session.host);
    let memory = host.memory(view.now);
    let [a, b, c] = host.load(view.now).map(|l| f64::from(l) / 100.0);
    let all = process.fs().processes(&view);
    let used = memory.total_kb - memory.free_kb;
    let mut text = if arguments.gnu {
        format!(
            "top - {}\nTasks: {} total,   1 running, {} sleeping,   0 stopped,   0 zombie\n\
             %Cpu(s):  0.7 us,  0.3 sy,  0.0 ni, 98.8 id,  0.1 wa,  0.0 hi,  0.1 si,  0.0 st\n\
             MiB Mem : {:>8.1} total, {:>8.1} free, {:>8.1} used, {:>8.1} buff/cache\n\n    \
             PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n",
            super::time::uptime_line(process, 1).trim_start(),
            all.len(),
            all.len() - 1,
            memory.total_kb as f64 / 1024.0,
            memory.free_kb as f64 / 1024.0,
            used as f64 / 1024.0,
            (memory.buffers_kb + memory.cached_kb) as f64 / 1024.0,
        )
    } else {
        format!(
            "Mem: {used}K used, {}K free, {}K shrd, {}K buff, {}K cached\n\
             CPU:   1% usr   2% sys   0% nic  96% idle   0% io   0% irq   0% sirq\n\
             Load average: {a:.2} {b:.2} {c:.2} 1/{} {}\n  PID  PPID USER     STAT   VSZ %MEM %CPU COMMAND\n",
            memory.free_kb,
            memory.shared_kb,
            memory.buffers_kb,
            memory.cached_kb,
            all.len(),
            view.pid,
        )
    };
    for p in all.iter().rev() {
        let share = p.vsz_kb * 100 / memory.total_kb.max(1);
        let row = if arguments.gnu {
            format!(
                "{:>7} {:<8}  20   0 {:>7} {:>6} {:>6} {}   0.0 {:>5.1}   0:00.00 {}\n",
                p.pid,
                p.user,
                p.vsz_kb,
                p.rss_kb,
                p.rss_kb / 2,
                p.state.chars().next().unwrap_or('S'),
                share as f64,
                short_name(p)
            )
        } else {
            format!(
                "{:>5} {:>5} {:<8} {:<4} {:>5} {share:>3}%   0% {}\n",
                p.pid, p.ppid, p.user, p.state, p.vsz_kb, p.command
            )
        };
        text.push_str(&row);
    }
    process.print(&text)?;
    Ok(0)
}

const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "POLL", "PWR", "SYS",
];

/// Ends a process, if it is one of the attacker's. The host's own only seem to end.
fn end(process: &mut Process, pid: u32) -> bool {
    const STATUS_TERMINATED: i32 = 143;
    if process.session.system().jobs.kill(pid, STATUS_TERMINATED) {
        return true;
    }
    process.fs().remove_resident(pid)
}

/// `kill -l 9` tells a name, `kill -l TERM` a number.
fn name_signals(process: &mut Process, words: &[Vec<u8>]) -> Outcome {
    for word in words {
        let text = String::from_utf8_lossy(word).into_owned();
        let line = if let Ok(number) = text.parse::<usize>() {
            let at = (number & 127).checked_sub(1);
            at.and_then(|at| SIGNALS.get(at)).map_or(text, |s| (*s).to_owned())
        } else {
            let name = text.strip_prefix("SIG").unwrap_or(&text);
            let at = SIGNALS.iter().position(|s| *s == name);
            at.map_or(text, |at| (at + 1).to_string())
        };
        process.print(format!("{line}\n"))?;
    }
    Ok(0)
}

/// A shell sends a signal to itself: its trap is run after the command, or it ends.
fn signal_oneself(process: &mut Process, signal: &str) -> Result<(), Stop> {
    const IGNORED: [&str; 5] = ["CHLD", "CONT", "URG", "WINCH", "STOP"];
    let name = signal.strip_prefix("SIG").unwrap_or(signal);
    let number = match name.parse::<usize>() {
        Ok(number) => number,
        Err(_) => SIGNALS.iter().position(|s| *s == name).map_or(0, |at| at + 1),
    };
    let Some(name) = number.checked_sub(1).and_then(|at| SIGNALS.get(at)) else { return Ok(()) };
    if let Some(action) = process.traps.get(name.as_bytes()).filter(|_| *name != "KILL") {
        if !action.is_empty() {
            process.trapped.push(action.clone());
        }
        return Ok(());
    }
    let spared = process.source == crate::process::Source::Interactive
        && matches!(*name, "TERM" | "INT" | "QUIT" | "TSTP");
    if spared || IGNORED.contains(name) {
        return Ok(());
    }
    let status = 128 + i32::try_from(number).unwrap_or(0);
    if process.own_pid == process.session.shell_pid {
        return Err(Stop::HangUp(status));
    }
    process.traps = std::sync::Arc::default();
    Err(Stop::Exit(status))
}

fn kill(process: &mut Process, arguments: &Arguments) -> Outcome {
    let mut signal = "TERM".to_owned();
    let mut targets = Vec::new();
    let mut words = arguments.rest().iter();
    while let Some(word) = words.next() {
        let text = String::from_utf8_lossy(word).into_owned();
        match text.strip_prefix('-') {
            Some("l") if arguments.words.len() > 2 => {
                return name_signals(process, &arguments.words[2..]);
            }
            Some("l") => {
                let mut list = String::new();
                for (index, name) in SIGNALS.iter().enumerate() {
                    let _ = writeln!(list, "{:>2}) {name}", index + 1);
                }
                process.print(list)?;
                return Ok(0);
            }
            Some("s") => {
                signal = words
                    .next()
                    .map(|w| String::from_utf8_lossy(w).into_owned())
                    .unwrap_or_default();
            }
            Some(name) if targets.is_empty() && !name.is_empty() && name != "-" => {
                name.clone_into(&mut signal);
            }
            _ => targets.push(text),
        }
    }
    if targets.is_empty() {
        let text = if process.bash {
            "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]"
        } else {
            "kill: you need to specify whom to kill"
        };
        match text.strip_prefix("kill: ").filter(|_| !process.bash) {
            Some(rest) => process.complain_as_applet(rest)?,
            None => process.error(text)?,
        }
        return Ok(if process.bash { 2 } else { 1 });
    }
    let checks_only = signal == "0";
    let mut status = 0;
    for target in targets {
        process.session.step(2)?;
        let view = process.view();
        let pid = match target.strip_prefix('%') {
            Some(job) => process.session.system().jobs.named(process.pid, Some(job)).map(|j| j.pid),
            None => target.trim_start_matches('-').parse::<u32>().ok(),
        };
        let Some(pid) = pid else {
            if process.bash {
                let message = format!("{target}: arguments must be process or job IDs");
                process.complain_as("kill", &message)?;
            } else {
                process.complain_as_applet(&format!("invalid number '{target}'"))?;
            }
            status = 1;
            continue;
        };
        let known = pid == process.own_pid
            || process.fs().processes(&view).iter().any(|p| p.pid == pid)
            || process.session.system().jobs.with_pid(pid).is_some();
        if !known {
            if process.bash {
                process.complain_as("kill", &format!("({pid}) - No such process"))?;
            } else {
                let message = format!("can't kill pid {pid}: No such process");
                process.complain_as_applet(&message)?;
            }
            status = 1;
        } else if !checks_only {
            if pid == process.own_pid {
                signal_oneself(process, &signal)?;
            } else {
                end(process, pid);
            }
        }
    }
    Ok(status)
}

fn killall(process: &mut Process, arguments: &Arguments) -> Outcome {
    let mut status = 0;
    let mut quiet = false;
    let mut names = Vec::new();
    for word in arguments.rest() {
        if word.starts_with(b"-") {
            quiet |= word == b"-q";
        } else {
            names.push(String::from_utf8_lossy(word).into_owned());
        }
    }
    if names.is_empty() {
        process.error("killall: you need to specify whom to kill")?;
        return Ok(1);
    }
    let view = process.view();
    for name in names {
        process.session.step(2)?;
        let found: Vec<u32> = process
            .fs()
            .processes(&view)
            .iter()
            .filter(|p| short_name(p) == name)
            .map(|p| p.pid)
            .collect();
        if found.is_empty() {
            status = 1;
            if !quiet {
                let text = if arguments.gnu {
                    format!("{name}: no process found")
                } else {
                    format!("killall: {name}: no process killed")
                };
                process.error(&text)?;
            }
        }
        for pid in found {
            end(process, pid);
        }
    }
    Ok(status)
}

fn pkill(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "flxvon0123456789aLu:P:s:t:", &[]);
    let Some(wanted) = options.operands.last() else {
        process.error(&format!("{}: no pattern", arguments.name()))?;
        return Ok(2);
    };
    let Ok(pattern) = super::regex::Pattern::new(wanted, true, false) else { return Ok(2) };
    let whole = options.has("f");
    let view = process.view();
    let found: Vec<Listed> = process
        .fs()
        .processes(&view)
        .into_iter()
        .filter(|p| {
            let text = if whole { p.command.as_str() } else { short_name(p) };
            p.pid != view.pid && pattern.is_match(text.as_bytes())
        })
        .collect();
    if arguments.name() == "pgrep" {
        let mut text = String::new();
        for p in &found {
            if options.has("l") || options.has("a") {
                let _ = writeln!(
                    text,
                    "{} {}",
                    p.pid,
                    if options.has("a") { &p.command } else { short_name(p) }
                );
            } else {
                let _ = writeln!(text, "{}", p.pid);
            }
        }
        process.print(&text)?;
    } else {
        for p in &found {
            end(process, p.pid);
        }
    }
    Ok(i32::from(found.is_empty()))
}

fn pidof(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "so:xc", &[]);
    let view = process.view();
    let all = process.fs().processes(&view);
    let mut pids = Vec::new();
    for name in &options.operands {
        let name = String::from_utf8_lossy(name);
        let name = name.rsplit('/').next().unwrap_or("");
        pids.extend(all.iter().rev().filter(|p| short_name(p) == name).map(|p| p.pid.to_string()));
    }
    if options.has("s") {
        pids.truncate(1);
    }
    if pids.is_empty() {
        return Ok(1);
    }
    process.print(format!("{}\n", pids.join(" ")))?;
    Ok(0)
}
