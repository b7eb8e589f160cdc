//! `id`, `whoami`, `logname`, `groups`, `who`, `w`, `last`, `users`, `tty`.

use super::list::date;
use super::{Arguments, Command, Options, Outcome};
use crate::process::Process;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("id", id),
    Command::at_once("whoami", whoami),
    Command::at_once("logname", whoami),
    Command::at_once("users", whoami),
    Command::at_once("groups", |p, a| {
        let user = name_of(p, p.uid);
        let _ = a;
        p.print(format!("{user}\n"))?;
        Ok(0)
    }),
    Command::at_once("who", who),
    Command::at_once("w", w),
    Command::at_once("last", last),
    Command::at_once("lastlog", last),
    Command::at_once("tty", |p, _| {
        let terminal = p.session.terminal().is_some();
        p.print(if terminal { "/dev/pts/0\n" } else { "not a tty\n" })?;
        Ok(i32::from(!terminal))
    }),
];

fn name_of(process: &Process, uid: u32) -> String {
    let user = process.session.host.users().iter().find(|u| u.uid == uid);
    user.map_or_else(|| uid.to_string(), |u| u.name.clone())
}

fn id(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "ugGnrZ", &["user", "group", "groups", "name"]);
    let (name, uid, gid) = match options.operands.first() {
        Some(name) => {
            if let Some(user) = process.session.host.persona.user(name) {
                (user.name.clone(), user.uid, user.gid)
            } else {
                let shown = String::from_utf8_lossy(name).into_owned();
                let text = if arguments.gnu {
                    format!("id: ‘{shown}’: no such user")
                } else {
                    format!("id: unknown user {shown}")
                };
                process.error(&text)?;
                return Ok(1);
            }
        }
        None => (name_of(process, process.uid), process.uid, process.gid),
    };
    let by_name = options.has("n") || options.has("name");
    let group = if gid == 0 { "root".to_owned() } else { name.clone() };
    let text = if options.has("u") || options.has("user") {
        if by_name { name } else { uid.to_string() }
    } else if ["g", "G", "group", "groups"].iter().any(|f| options.has(f)) {
        if by_name { group } else { gid.to_string() }
    } else if arguments.gnu || process.busybox_version() >= (1, 14) {
        format!("uid={uid}({name}) gid={gid}({group}) groups={gid}({group})")
    } else {
        format!("uid={uid}({name}) gid={gid}({group})")
    };
    process.print(format!("{text}\n"))?;
    Ok(0)
}

fn whoami(process: &mut Process, _: &Arguments) -> Outcome {
    let name = name_of(process, process.uid);
    process.print(format!("{name}\n"))?;
    Ok(0)
}

fn peer(process: &Process) -> String {
    process.session.login.peer.map_or_else(String::new, |ip| ip.to_canonical().to_string())
}

fn who(process: &mut Process, arguments: &Arguments) -> Outcome {
    let now = process.session.host.clock(process.session.now()).secs();
    let user = process.session.login.user.clone();
    let peer = peer(process);
    let text = if arguments.gnu {
        format!("{user:<8} pts/0        {} ({peer})\n", date(now, "%Y-%m-%d %H:%M"))
    } else {
        format!("{user:<15} pts/0           00:00   {} {peer}\n", date(now, "%b %e %H:%M:%S"))
    };
    let header = if arguments.gnu {
        ""
    } else {
        "USER            TTY             IDLE    TIME             HOST\n"
    };
    process.print(format!("{header}{text}"))?;
    Ok(0)
}

fn w(process: &mut Process, arguments: &Arguments) -> Outcome {
    if !arguments.gnu {
        return who(process, arguments);
    }
    let line = super::time::uptime_line(process, 1);
    let now = process.session.host.clock(process.session.now()).secs();
    let (user, peer) = (process.session.login.user.clone(), peer(process));
    process.print(format!(
        "{line}\nUSER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT\n{user:<8} pts/0    {peer:<16} {}    0.00s  0.01s  0.00s w\n",
        date(now, "%H:%M")
    ))?;
    Ok(0)
}

fn last(process: &mut Process, arguments: &Arguments) -> Outcome {
    let now = process.session.host.clock(process.session.now()).secs();
    let booted = process.session.host.booted(process.session.now()).secs();
    let (user, peer) = (process.session.login.user.clone(), peer(process));
    let begins = if arguments.gnu { "\nwtmp begins " } else { "" };
    let begins = if begins.is_empty() {
        String::new()
    } else {
        format!("{begins}{}\n", date(booted, "%a %b %e %H:%M:%S %Y"))
    };
    process.print(format!(
        "{user:<8} pts/0        {peer:<16} {}   still logged in\n{begins}",
        date(now, "%a %b %e %H:%M")
    ))?;
    Ok(0)
}
