//! `ps`, `top`, `kill`, `killall`, `pkill`, `pgrep`, `pidof`.

use super::list::date;
use super::{Arguments, Command, Options, Outcome};
use crate::process::Process;
use crate::system::{Fut, Stop};
use std::collections::HashSet;
use std::fmt::Write as _;
use ukai_persona::Process as Listed;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("ps", ps),
    Command::waiting("top", top),
    Command::waiting("htop", top),
    Command::at_once("kill", kill),
    Command::at_once("killall", killall),
    Command::at_once("killall5", |_, _| Ok(0)),
    Command::at_once("pkill", pkill),
    Command::at_once("pgrep", pkill),
    Command::at_once("pidof", pidof),
];

/// The name by which a process is found.
pub(super) fn short_name(process: &Listed) -> &str {
    &process.name
}

fn ps(process: &mut Process, arguments: &Arguments) -> Outcome {
    let all = process.fs().processes(&process.view());
    if !arguments.gnu {
        let text = busybox_ps(process, &all);
        process.print(&text)?;
        return Ok(0);
    }
    let (text, status) = gnu_ps(process, arguments, &all);
    if text.starts_with("error: ") {
        process.error_bytes(text.as_bytes())?;
    } else {
        process.print(&text)?;
    }
    Ok(status)
}

/// The state as BusyBox shows it: it does not tell who leads a session or stands in front.
fn busybox_state(p: &Listed) -> String {
    p.state.chars().filter(|c| !"sl+L".contains(*c)).collect()
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
            format!("{:>5} {:<8} {size:>5} {:<4} {command}", p.pid, p.user, busybox_state(p))
        } else {
            format!("{:>5} {:<8}  0:00 {command}", p.pid, p.user)
        };
        text.extend(row.chars().take(columns));
        text.push('\n');
    }
    text
}

/// A duration in hundredths as `ps` shows processor time: `0:07`, `12:31`.
fn short_time(hundredths: u64) -> String {
    let seconds = hundredths / 100;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// The same as `00:00:07`.
fn long_time(hundredths: u64) -> String {
    let seconds = hundredths / 100;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// What `ps` and `top` know besides of a process.
struct Facts<'a> {
    process: &'a Process,
    now: u64,
    booted: u64,
    total_kb: u64,
}

impl Facts<'_> {
    /// Processor time in hundredths of a second: the session's own took none yet.
    fn time(&self, p: &Listed) -> u64 {
        let host = &self.process.session.host;
        let old = p.started_s + 60 < host.uptime(self.process.session.now()).as_secs();
        if old { host.process_time(p, self.process.session.now()) } else { 0 }
    }

    fn began(&self, p: &Listed) -> u64 {
        self.booted + p.started_s
    }

    /// When it began: the time today, or the day.
    fn start(&self, p: &Listed) -> String {
        let began = self.began(p);
        date(began, if self.now.saturating_sub(began) < 86_400 { "%H:%M" } else { "%b%d" })
    }

    fn share(&self, p: &Listed) -> f64 {
        p.rss_kb as f64 * 100.0 / self.total_kb as f64
    }

    /// A user's name as it fits its column: longer ones are cut with a plus.
    fn user(p: &Listed) -> String {
        const COLUMNS: usize = 8;
        if p.user.len() > COLUMNS {
            format!("{}+", &p.user.chars().take(7).collect::<String>())
        } else {
            p.user.clone()
        }
    }

    /// A field of `-o` (ps(1), STANDARD FORMAT SPECIFIERS): heading, width, whether it
    /// stands right, and the value.
    fn field(&self, name: &str, p: &Listed) -> Option<(&'static str, usize, bool, String)> {
        let elapsed = self.now.saturating_sub(self.began(p));
        let (days, rest) = (elapsed / 86_400, elapsed % 86_400);
        let clock = format!("{:02}:{:02}", rest / 60 % 60, rest % 60);
        let etime = match (days, rest / 3_600) {
            (0, 0) => clock,
            (0, hours) => format!("{hours:02}:{clock}"),
            (days, hours) => format!("{days}-{hours:02}:{clock}"),
        };
        let uid = || self.process.session.host.persona.user(p.user.as_bytes()).map_or(0, |u| u.uid);
        Some(match name {
            "pid" | "tgid" => ("PID", 7, true, p.pid.to_string()),
            "ppid" => ("PPID", 7, true, p.ppid.to_string()),
            "user" | "uname" | "euser" | "ruser" => ("USER", 8, false, Self::user(p)),
            "uid" | "euid" => ("UID", 5, true, uid().to_string()),
            "comm" | "ucmd" | "ucomm" => {
                ("COMMAND", 15, false, short_name(p).chars().take(15).collect())
            }
            "cmd" => ("CMD", 27, false, p.command.clone()),
            "args" | "command" => ("COMMAND", 27, false, p.command.clone()),
            "pcpu" | "%cpu" => ("%CPU", 4, true, "0.0".to_owned()),
            "pmem" | "%mem" => ("%MEM", 4, true, format!("{:.1}", self.share(p))),
            "tty" | "tt" | "tname" => ("TT", 8, false, p.tty.clone()),
            "stat" => ("STAT", 4, false, p.state.clone()),
            "s" | "state" => ("S", 1, false, p.state.chars().take(1).collect()),
            "start" | "lstart" if name == "lstart" => {
                ("STARTED", 24, true, date(self.began(p), "%a %b %e %H:%M:%S %Y"))
            }
            "start" => {
                let old = elapsed >= 86_400;
                let text = date(self.began(p), if old { "%b %d" } else { "%H:%M:%S" });
                ("STARTED", 8, true, text)
            }
            "stime" | "start_time" => ("START", 5, true, self.start(p)),
            "time" | "cputime" => ("TIME", 8, true, long_time(self.time(p))),
            "etime" => ("ELAPSED", 11, true, etime),
            "etimes" => ("ELAPSED", 7, true, elapsed.to_string()),
            "rss" | "rssize" => ("RSS", 5, true, p.rss_kb.to_string()),
            "vsz" | "vsize" => ("VSZ", 6, true, p.vsz_kb.to_string()),
            "ni" | "nice" => ("NI", 3, true, "0".to_owned()),
            _ => return None,
        })
    }
}

/// What `ps` of procps is asked.
#[derive(Default)]
struct Asked {
    /// `a`, `-e`, `-A`, `x`: of others, without a terminal.
    everything: bool,
    without_terminal: bool,
    of_all_users: bool,
    user_format: bool,
    full_format: bool,
    fields: Vec<String>,
    pids: Vec<u32>,
    names: Vec<String>,
    users: Vec<String>,
    headings: bool,
    wide: bool,
}

impl Asked {
    fn read(arguments: &Arguments) -> Self {
        let mut asked = Self { headings: true, ..Self::default() };
        let mut words = arguments.rest().iter().map(|w| String::from_utf8_lossy(w).into_owned());
        while let Some(word) = words.next() {
            let dashed = word.starts_with('-');
            let letters = word.trim_start_matches('-').to_owned();
            if let Some(long) = word.strip_prefix("--") {
                match long {
                    "no-headers" | "no-heading" | "no-headings" => asked.headings = false,
                    _ => {}
                }
                continue;
            }
            if let Ok(pid) = letters.parse() {
                asked.pids.push(pid);
                continue;
            }
            for (at, letter) in letters.char_indices() {
                let takes_value = match letter {
                    'o' | 'O' | 'p' | 'q' => true,
                    'C' | 'u' | 'U' | 'g' | 'G' | 't' => dashed,
                    _ => false,
                };
                if takes_value {
                    let rest = &letters[at + letter.len_utf8()..];
                    let value = if rest.is_empty() {
                        words.next().unwrap_or_default()
                    } else {
                        rest.to_owned()
                    };
                    let listed = value.split([',', ' ']).filter(|v| !v.is_empty());
                    match letter {
                        'o' | 'O' => asked.fields.extend(listed.map(str::to_owned)),
                        'p' | 'q' => {
                            asked.pids.extend(listed.filter_map(|v| v.parse::<u32>().ok()));
                        }
                        'C' => asked.names.extend(listed.map(str::to_owned)),
                        'u' | 'U' => asked.users.extend(listed.map(str::to_owned)),
                        _ => {}
                    }
                    break;
                }
                match letter {
                    'e' if dashed => asked.everything = true,
                    'A' | 'd' => asked.everything = true,
                    'a' if !dashed => asked.of_all_users = true,
                    'x' => asked.without_terminal = true,
                    'u' => asked.user_format = true,
                    'f' if dashed => asked.full_format = true,
                    'w' => asked.wide = true,
                    _ => {}
                }
            }
        }
        asked
    }

    fn takes(&self, p: &Listed, own_user: &str, own_tty: &str) -> bool {
        if !self.pids.is_empty() || !self.names.is_empty() || !self.users.is_empty() {
            return self.pids.contains(&p.pid)
                || self.names.iter().any(|n| short_name(p) == n)
                || self.users.contains(&p.user);
        }
        if self.everything || (self.of_all_users && self.without_terminal) {
            return true;
        }
        match (self.of_all_users, self.without_terminal) {
            (true, _) => p.tty != "?",
            (_, true) => p.user == own_user,
            _ => p.user == own_user && p.tty == own_tty && (p.tty != "?" || !p.is_kernel()),
        }
    }
}

/// `ps` of procps 4.0.2.
fn gnu_ps(process: &Process, arguments: &Arguments, all: &[Listed]) -> (String, i32) {
    let asked = Asked::read(arguments);
    let view = process.view();
    let host = &process.session.host;
    let facts = Facts {
        process,
        now: host.clock(view.now).secs(),
        booted: host.booted(view.now).secs(),
        total_kb: host.memory(view.now).total_kb.max(1),
    };
    let own = view.seat.shell(host, &view);
    let shown: Vec<&Listed> = all.iter().filter(|p| asked.takes(p, &own.user, &own.tty)).collect();
    let mut rows: Vec<String> = Vec::new();
    if !asked.fields.is_empty() {
        let mut heading = String::new();
        let last = asked.fields.len() - 1;
        for (place, p) in std::iter::once(None).chain(shown.iter().map(Some)).enumerate() {
            let mut row = String::new();
            for (at, field) in asked.fields.iter().enumerate() {
                let (name, own_heading) = match field.split_once('=') {
                    Some((name, text)) => (name, Some(text)),
                    None => (field.as_str(), None),
                };
                let example = p.copied().or(all.first());
                let Some(example) = example else { continue };
                let Some((title, width, right, value)) = facts.field(name, example) else {
                    let text = format!(
                        "error: unknown user-defined format specifier \"{name}\"\n\nUsage:\n ps [options]\n\n Try 'ps --help <simple|list|output|threads|misc|all>'\n  or 'ps --help <s|l|o|t|m|a>'\n for additional help text.\n\nFor more details see ps(1).\n"
                    );
                    return (text, 1);
                };
                let cell =
                    if p.is_none() { own_heading.unwrap_or(title).to_owned() } else { value };
                if at > 0 {
                    row.push(' ');
                }
                let _ = match (right, at == last) {
                    (true, _) => write!(row, "{cell:>width$}"),
                    (false, true) => write!(row, "{cell}"),
                    (false, false) => write!(row, "{cell:<width$}"),
                };
            }
            if place == 0 { heading = row } else { rows.push(row) }
        }
        let silent = asked.fields.iter().all(|f| f.ends_with('='));
        if asked.headings && !silent {
            rows.insert(0, heading);
        }
    } else if asked.user_format {
        rows.push(
            "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND".into(),
        );
        rows.extend(shown.iter().map(|p| {
            format!(
                "{:<8} {:>7}  0.0 {:>4.1} {:>6} {:>5} {:<8} {:<4} {:>5} {:>6} {}",
                Facts::user(p),
                p.pid,
                facts.share(p),
                p.vsz_kb,
                p.rss_kb,
                p.tty,
                p.state,
                facts.start(p),
                short_time(facts.time(p)),
                p.command
            )
        }));
    } else if asked.full_format {
        rows.push("UID          PID    PPID  C STIME TTY          TIME CMD".into());
        rows.extend(shown.iter().map(|p| {
            format!(
                "{:<8} {:>7} {:>7}  0 {:>5} {:<8} {} {}",
                Facts::user(p),
                p.pid,
                p.ppid,
                facts.start(p),
                p.tty,
                long_time(facts.time(p)),
                p.command
            )
        }));
    } else if asked.of_all_users || asked.without_terminal {
        rows.push("    PID TTY      STAT   TIME COMMAND".into());
        rows.extend(shown.iter().map(|p| {
            format!(
                "{:>7} {:<8} {:<4} {:>6} {}",
                p.pid,
                p.tty,
                p.state,
                short_time(facts.time(p)),
                p.command
            )
        }));
    } else {
        rows.push("    PID TTY          TIME CMD".into());
        rows.extend(shown.iter().map(|p| {
            format!("{:>7} {:<8} {} {}", p.pid, p.tty, long_time(facts.time(p)), short_name(p))
        }));
    }
    if !asked.headings && asked.fields.is_empty() {
        rows.remove(0);
    }
    let terminal = process.fds.at(1).is_some_and(|open| open.is_terminal());
    let columns = process.session.terminal().map_or(80, |t| usize::from(t.columns));
    let mut text = String::new();
    for row in rows {
        if terminal && !asked.wide {
            text.extend(row.chars().take(columns));
        } else {
            text.push_str(&row);
        }
        text.push('\n');
    }
    (text, i32::from(shown.is_empty()))
}

fn top(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        const ROUNDS_MAX: u32 = 10_000;
        let words: Vec<String> =
            arguments.rest().iter().map(|w| String::from_utf8_lossy(w).into_owned()).collect();
        let batch = words.iter().any(|w| w.starts_with('-') && w.contains('b'));
        let value = |letter: char| {
            let at = words.iter().position(|w| w.starts_with('-') && w.contains(letter))?;
            let inside = words[at].split(letter).nth(1).filter(|v| !v.is_empty());
            inside.or(words.get(at + 1).map(String::as_str))?.parse::<f64>().ok()
        };
        let rounds = value('n').map_or(ROUNDS_MAX, |n| n.max(1.0) as u32);
        let delay = value('d').unwrap_or(if arguments.gnu { 3.0 } else { 5.0 });
        let terminal = process.fds.at(1).is_some_and(|open| open.is_terminal());
        if !batch && !terminal && arguments.gnu {
            process.error("top: failed tty get")?;
            return Ok(1);
        }
        for round in 0..rounds {
            if round > 0 {
                process
                    .session
                    .sleep(ukai_model::Duration::from_secs_f64(delay.clamp(0.1, 1e6)))
                    .await?;
            }
            process.session.step(50)?;
            let mut text = top_page(process, &arguments);
            if !batch && terminal {
                let rows = process.session.terminal().map_or(24, |t| usize::from(t.rows).max(8));
                let page: Vec<&str> = text.lines().take(rows - 1).collect();
                text = format!("\x1b[H\x1b[J{}\n", page.join("\n"));
                process.print(&text)?;
                if typed_q(process).await? {
                    return Ok(0);
                }
                continue;
            }
            if round > 0 {
                process.print("\n")?;
            }
            process.print(&text)?;
        }
        Ok(0)
    })
}

/// Waits for a key: whether it ends the display.
async fn typed_q(process: &mut Process) -> Result<bool, Stop> {
    let key = process.read(0, 64, false).await?.unwrap_or_default();
    Ok(key.is_empty() || key.contains(&b'q'))
}

fn top_page(process: &Process, arguments: &Arguments) -> String {
    let view = process.view();
    let host = std::sync::Arc::clone(&process.session.host);
    let memory = host.memory(view.now);
    let [a, b, c] = host.load(view.now).map(|l| f64::from(l) / 100.0);
    let all = process.fs().processes(&view);
    let used = memory.total_kb - memory.free_kb;
    let facts = Facts {
        process,
        now: host.clock(view.now).secs(),
        booted: host.booted(view.now).secs(),
        total_kb: memory.total_kb.max(1),
    };
    let mut text = if arguments.gnu {
        let times = host.processor_times(view.now);
        let total: u64 = times.iter().flatten().sum::<u64>().max(1);
        let part = |column: usize| {
            times.iter().map(|t| t[column]).sum::<u64>() as f64 * 100.0 / total as f64
        };
        let users = u32::from(view.seat.terminal);
        let mebi = |kb: u64| kb as f64 / 1_024.0;
        format!(
            "top - {}\nTasks: {:>3} total,   1 running, {:>3} sleeping,   0 stopped,   0 zombie\n\
             %Cpu(s): {:>4.1} us, {:>4.1} sy, {:>4.1} ni, {:>4.1} id, {:>4.1} wa,  0.0 hi, {:>4.1} si,  0.0 st \n\
             MiB Mem : {:>8.1} total, {:>8.1} free, {:>8.1} used, {:>8.1} buff/cache     \n\
             MiB Swap: {:>8.1} total, {:>8.1} free, {:>8.1} used. {:>8.1} avail Mem \n\n    \
             PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n",
            super::time::uptime_line(process, users).trim_start(),
            all.len(),
            all.len() - 1,
            part(0),
            part(2),
            part(1),
            part(3),
            part(4),
            part(6),
            mebi(memory.total_kb),
            mebi(memory.free_kb),
            mebi(memory.total_kb - memory.available_kb),
            mebi(memory.buffers_kb + memory.cached_kb + memory.reclaimable_kb),
            mebi(memory.swap_total_kb),
            mebi(memory.swap_free_kb),
            mebi(memory.swap_total_kb - memory.swap_free_kb),
            mebi(memory.available_kb),
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
    let mut order: Vec<&Listed> = all.iter().collect();
    if arguments.gnu {
        // What runs stands first, then all in the order of their numbers.
        order.sort_by_key(|p| (!p.state.starts_with('R'), p.pid));
    } else {
        order.sort_by_key(|p| (std::cmp::Reverse(p.vsz_kb), p.pid));
    }
    for p in order {
        let row = if arguments.gnu {
            let time = facts.time(p);
            let (priority, nice) = match p.state.chars().nth(1) {
                Some('<') => ("0", "-20"),
                Some('N') => ("39", "19"),
                _ => ("20", "0"),
            };
            format!(
                "{:>7} {:<8} {priority:>3} {nice:>3} {:>7} {:>6} {:>6} {}   0.0 {:>5.1} {:>9} {}\n",
                p.pid,
                Facts::user(p),
                p.vsz_kb,
                p.rss_kb,
                p.rss_kb * 3 / 4,
                p.state.chars().next().unwrap_or('S'),
                facts.share(p),
                format!("{}:{:02}.{:02}", time / 6_000, time / 100 % 60, time % 100),
                short_name(p)
            )
        } else {
            let share = p.vsz_kb * 100 / memory.total_kb.max(1);
            format!(
                "{:>5} {:>5} {:<8} {:<4} {:>5} {share:>3}%   0% {}\n",
                p.pid,
                p.ppid,
                p.user,
                busybox_state(p),
                p.vsz_kb,
                p.command
            )
        };
        text.push_str(&row);
    }
    text
}

const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "POLL", "PWR", "SYS",
];

/// What bash lists: real-time signals, too, by their distance from the nearer end.
fn all_signals() -> impl Iterator<Item = (usize, String)> {
    let usual = (1..).zip(SIGNALS).map(|(number, name)| {
        (number, if name == "POLL" { "SIGIO".to_owned() } else { format!("SIG{name}") })
    });
    let real_time = (34..=64).map(|number| {
        let name = match number {
            34 => "SIGRTMIN".to_owned(),
            64 => "SIGRTMAX".to_owned(),
            35..=49 => format!("SIGRTMIN+{}", number - 34),
            _ => format!("SIGRTMAX-{}", 64 - number),
        };
        (number, name)
    });
    usual.chain(real_time)
}

/// Ends a process, if it is one of the attacker's. The host's own only seem to end.
fn end(process: &mut Process, pid: u32) -> bool {
    const STATUS_TERMINATED: i32 = 143;
    if process.session.system().jobs.kill(pid, STATUS_TERMINATED) {
        return true;
    }
    process.fs().end_process(pid)
}

/// Whether the process may send signals to another: its own user's, or root to all.
fn may_signal(process: &Process, pid: u32) -> bool {
    if process.uid == 0 {
        return true;
    }
    let all = process.fs().processes(&process.view());
    let owner = all.iter().find(|p| p.pid == pid).map(|p| p.user.clone());
    let own = process.account_named(owner.unwrap_or_default().as_bytes());
    own.is_none_or(|account| account.uid == process.uid)
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
                if process.bash {
                    for (place, (number, name)) in all_signals().enumerate() {
                        let end = if place % 5 == 4 { "\n" } else { "\t" };
                        let _ = write!(list, "{number:>2}) {name}{end}");
                    }
                    list.push('\n');
                } else {
                    for (index, name) in SIGNALS.iter().enumerate() {
                        let _ = writeln!(list, "{:>2}) {name}", index + 1);
                    }
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
    let view = process.view();
    let listed: HashSet<u32> = process.fs().processes(&view).iter().map(|p| p.pid).collect();
    for target in targets {
        process.session.step(2)?;
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
            || listed.contains(&pid)
            || process.session.system().jobs.with_pid(pid).is_some();
        if !known {
            if process.bash {
                process.complain_as("kill", &format!("({pid}) - No such process"))?;
            } else {
                let message = format!("can't kill pid {pid}: No such process");
                process.complain_as_applet(&message)?;
            }
            status = 1;
        } else if !may_signal(process, pid) {
            if process.bash {
                process.complain_as("kill", &format!("({pid}) - Operation not permitted"))?;
            } else {
                process.complain_as_applet(&format!(
                    "can't kill pid {pid}: Operation not permitted"
                ))?;
            }
            status = 1;
        } else if !checks_only {
            let door = process.session.seat.door_pid(&process.session.host, &view);
            if door == Some(pid)
                && process
                    .session
                    .seat
                    .processes(&process.session.host, &view)
                    .iter()
                    .any(|p| p.pid == pid)
            {
                // With what holds the connection, the session goes.
                return Err(Stop::HangUp(129).into());
            }
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
            if may_signal(process, pid) {
                end(process, pid);
            } else {
                status = 1;
                process.error(&if arguments.gnu {
                    format!("{name}({pid}): Operation not permitted")
                } else {
                    format!("killall: can't kill pid {pid}: Operation not permitted")
                })?;
            }
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
            if may_signal(process, p.pid) {
                end(process, p.pid);
            } else {
                let name = arguments.name().into_owned();
                process.error(&format!(
                    "{name}: killing pid {} failed: Operation not permitted",
                    p.pid
                ))?;
            }
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
