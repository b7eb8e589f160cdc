//! `id`, `whoami`, `logname`, `groups`, `who`, `w`, `last`, `users`, `tty`.

use super::list::date;
use super::{Arguments, Command, Options, Outcome};
use crate::process::Process;
use crate::system::Stop;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("id", id),
    Command::at_once("whoami", whoami),
    Command::at_once("logname", whoami),
    Command::at_once("users", |p, _| {
        if p.session.seat.terminal {
            let user = p.session.login.user.clone();
            p.print(format!("{user}\n"))?;
        }
        Ok(0)
    }),
    Command::at_once("groups", groups),
    Command::at_once("who", who),
    Command::at_once("w", w),
    Command::at_once("last", last),
    Command::at_once("lastb", last),
    Command::at_once("nologin", |p, _| {
        p.print("This account is currently not available.\n")?;
        Ok(1)
    }),
    Command::at_once("lastlog", lastlog),
    Command::at_once("tty", |p, _| {
        let terminal = p.session.terminal().is_some();
        p.print(if terminal { "/dev/pts/0\n" } else { "not a tty\n" })?;
        Ok(i32::from(!terminal))
    }),
];

fn name_of(process: &Process, uid: u32) -> String {
    let accounts = process.accounts();
    let account = accounts.iter().find(|a| a.uid == uid);
    account.map_or_else(|| uid.to_string(), |a| a.name.clone())
}

fn id(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(
        arguments,
        "ugGnrZaz",
        &["user", "group", "groups", "name", "real", "zero", "context"],
    );
    let asked = if options.operands.is_empty() {
        vec![None]
    } else {
        options.operands.iter().map(Some).collect()
    };
    let mut status = 0;
    for asked in asked {
        let Some(text) = identity(process, arguments, &options, asked)? else {
            status = 1;
            continue;
        };
        process.print(format!("{text}\n"))?;
    }
    Ok(status)
}

/// What `id` says of an account, or of the process itself.
fn identity(
    process: &mut Process,
    arguments: &Arguments,
    options: &Options,
    asked: Option<&Vec<u8>>,
) -> Result<Option<String>, Stop> {
    let (name, uid, gid) = match asked {
        Some(asked) => {
            let by_number = std::str::from_utf8(asked).ok().and_then(|n| n.parse::<u32>().ok());
            let accounts = process.accounts();
            let found = accounts
                .iter()
                .find(|a| a.name.as_bytes() == asked)
                .or_else(|| accounts.iter().find(|a| Some(a.uid) == by_number));
            let Some(account) = found else {
                let shown = String::from_utf8_lossy(asked).into_owned();
                let text = if arguments.gnu {
                    format!("id: ‘{shown}’: no such user")
                } else {
                    format!("id: unknown user {shown}")
                };
                process.error(&text)?;
                return Ok(None);
            };
            (account.name.clone(), account.uid, account.gid)
        }
        None => (name_of(process, process.uid), process.uid, process.gid),
    };
    let has = |short: &str, long: &str| options.has(short) || options.has(long);
    let by_name = has("n", "name");
    let groups = process.groups_of(&name, gid);
    let shown = |(gid, name): &(u32, Option<String>)| match name {
        Some(name) if by_name => name.clone(),
        _ => gid.to_string(),
    };
    if has("u", "user") {
        return Ok(Some(if by_name { name } else { uid.to_string() }));
    }
    if has("g", "group") {
        return Ok(groups.first().map(shown));
    }
    if has("G", "groups") {
        return Ok(Some(groups.iter().map(shown).collect::<Vec<_>>().join(" ")));
    }
    let full = |(gid, name): &(u32, Option<String>)| match name {
        Some(name) => format!("{gid}({name})"),
        None => gid.to_string(),
    };
    let listed: Vec<String> = groups.iter().map(full).collect();
    let own = listed.first().cloned().unwrap_or_default();
    let known = name != uid.to_string();
    let user = if known { format!("{uid}({name})") } else { uid.to_string() };
    let with_groups = arguments.gnu || process.busybox_version() >= (1, 14);
    let tail = if with_groups { format!(" groups={}", listed.join(",")) } else { String::new() };
    Ok(Some(format!("uid={user} gid={own}{tail}")))
}

fn groups(process: &mut Process, arguments: &Arguments) -> Outcome {
    let names = |process: &Process, name: &str, gid: u32| -> String {
        let groups = process.groups_of(name, gid);
        let shown: Vec<String> =
            groups.into_iter().map(|(gid, name)| name.unwrap_or_else(|| gid.to_string())).collect();
        shown.join(" ")
    };
    if arguments.rest().is_empty() {
        let (user, gid) = (name_of(process, process.uid), process.gid);
        let text = names(process, &user, gid);
        process.print(format!("{text}\n"))?;
        return Ok(0);
    }
    let mut status = 0;
    for word in arguments.rest() {
        let shown = String::from_utf8_lossy(word).into_owned();
        if let Some(account) = process.account_named(word) {
            let text = names(process, &account.name, account.gid);
            process.print(format!("{shown} : {text}\n"))?;
        } else {
            process.error(&format!("groups: ‘{shown}’: no such user"))?;
            status = 1;
        }
    }
    Ok(status)
}

fn whoami(process: &mut Process, _: &Arguments) -> Outcome {
    let name = name_of(process, process.uid);
    process.print(format!("{name}\n"))?;
    Ok(0)
}

fn peer(process: &Process) -> String {
    process.session.seat.peer().map_or_else(String::new, |ip| ip.to_string())
}

/// When the session began, by the host's clock.
fn since(process: &Process) -> u64 {
    process.session.host.clock(process.session.seat.since).secs()
}

fn who(process: &mut Process, arguments: &Arguments) -> Outcome {
    if arguments.gnu && arguments.rest().iter().any(|w| w == b"-b" || w == b"--boot") {
        let booted = process.session.host.booted(process.session.now()).secs();
        process.print(format!("         system boot  {}\n", date(booted, "%Y-%m-%d %H:%M")))?;
        return Ok(0);
    }
    let seated = process.session.seat.terminal;
    let user = process.session.login.user.clone();
    let (peer, began) = (peer(process), since(process));
    let text = if arguments.gnu {
        format!("{user:<8} pts/0        {} ({peer})\n", date(began, "%Y-%m-%d %H:%M"))
    } else {
        format!("{user:<15} pts/0           00:00   {} {peer}\n", date(began, "%b %e %H:%M:%S"))
    };
    let header = if arguments.gnu {
        ""
    } else {
        "USER            TTY             IDLE    TIME             HOST\n"
    };
    process.print(format!("{header}{}", if seated { &text } else { "" }))?;
    Ok(0)
}

fn w(process: &mut Process, arguments: &Arguments) -> Outcome {
    if !arguments.gnu {
        return who(process, arguments);
    }
    let seated = process.session.seat.terminal;
    let mut text = super::time::uptime_line(process, u32::from(seated));
    text.push_str("\nUSER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT\n");
    if seated {
        let user = process.session.login.user.clone();
        let began = date(since(process), "%H:%M");
        let row = format!(
            "{user:<8} pts/0    {:<16} {began:>5}    0.00s  0.0{}s  0.00s {}\n",
            peer(process).chars().take(16).collect::<String>(),
            2 + process.session.shell_pid % 5,
            String::from_utf8_lossy(&arguments.words.join(&b' '))
        );
        text.push_str(&row);
    }
    process.print(text)?;
    Ok(0)
}

/// `last` of util-linux 2.38. The log is a new one every month (logrotate), so that of a
/// host that runs for long does not tell of its start.
fn last(process: &mut Process, arguments: &Arguments) -> Outcome {
    let host = std::sync::Arc::clone(&process.session.host);
    let booted = host.booted(process.session.now()).secs();
    let (user, peer, began) = (process.session.login.user.clone(), peer(process), since(process));
    let now = host.clock(process.session.now()).secs();
    let day: u64 = date(now, "%d").parse().unwrap_or(1);
    let midnight = (now / 86_400 - (day - 1)) * 86_400;
    let rotated = midnight + host.draw("rotated", 2, 9);
    let failed = arguments.name() == "lastb";
    if failed && process.uid != 0 {
        process.error("lastb: cannot open /var/log/btmp: Permission denied")?;
        return Ok(1);
    }
    let limit = arguments.rest().iter().find_map(|w| {
        let digits = w.strip_prefix(b"-n").or_else(|| w.strip_prefix(b"-"))?;
        std::str::from_utf8(digits).ok()?.parse::<usize>().ok()
    });
    let mut rows = Vec::new();
    if process.session.seat.terminal && !failed {
        let when = date(began, "%a %b %e %H:%M");
        rows.push(format!("{user:<8} pts/0        {peer:<16} {when}   still logged in\n"));
    }
    if booted > rotated && !failed {
        let release: String = host.persona.kernel.release.chars().take(16).collect();
        let when = date(booted, "%a %b %e %H:%M");
        rows.push(format!("reboot   system boot  {release:<16} {when}   still running\n"));
    }
    rows.truncate(limit.unwrap_or(usize::MAX));
    let mut text = rows.concat();
    if arguments.gnu {
        let log = if failed { "btmp" } else { "wtmp" };
        let begins = date(rotated, "%a %b %e %H:%M:%S %Y");
        text = format!("{text}\n{log} begins {begins}\n");
    }
    process.print(text)?;
    Ok(0)
}

/// The last log-in of each account: the records of `/var/log/lastlog` (lastlog.h of
/// glibc), which the SSH server writes, too.
fn lastlog(process: &mut Process, arguments: &Arguments) -> Outcome {
    const RECORD_BYTES: usize = 292;
    let options = Options::read(arguments, "b:t:u:CS", &["user:", "before:", "time:"]);
    let wanted = options.value("u").or(options.value("user")).map(<[u8]>::to_vec);
    let view = process.view();
    let log = process.fs().read(&view, b"/var/log/lastlog").unwrap_or_default();
    let text_of = |bytes: &[u8]| {
        let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
        String::from_utf8_lossy(&bytes[..end]).into_owned()
    };
    let mut text =
        "Username         Port     From                                       Latest\n".to_owned();
    for user in process.accounts() {
        if wanted.as_deref().is_some_and(|name| name != user.name.as_bytes()) {
            continue;
        }
        let at = user.uid as usize * RECORD_BYTES;
        let record = log.get(at..at + RECORD_BYTES);
        let time = record.and_then(|r| r.first_chunk::<4>()).map_or(0, |t| u32::from_le_bytes(*t));
        let row = match record {
            Some(record) if time > 0 => format!(
                "{:<16} {:<8} {:<41} {}\n",
                user.name,
                text_of(&record[4..36]),
                text_of(&record[36..]),
                date(u64::from(time), "%a %b %e %H:%M:%S +0000 %Y")
            ),
            _ => format!("{:<16} {:<8} {:<41} **Never logged in**\n", user.name, "", ""),
        };
        text.push_str(&row);
    }
    process.print(text)?;
    Ok(0)
}
