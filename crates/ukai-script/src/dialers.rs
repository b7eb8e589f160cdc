//! Programs that connect to hosts that their command lines name: terminals, copies over SSH,
//! relays, and what works on another machine of the network. What their words mean is from their
//! own help.

use crate::programs::{is_switch, share_of, start_words, url_in};
use crate::run::{Run, Stop};

/// Letters of the flags of OpenSSH's programs that are followed by a value.
const SSH_VALUES: &str = "BbcDEeFIiJLlmOoPpQRSWwX";
/// The same of netcat's kin.
const NETCAT_VALUES: &str = "cegGiIMmopPqsTwWxXYyZ";

/// Tells whom a program connects to; `false` where it is none of these, or names nobody.
pub(crate) fn known(run: &mut Run<'_>, name: &str, words: &[String]) -> Result<bool, Stop> {
    Ok(match name {
        "ssh" | "sftp" | "scp" => open_ssh(run, name, words)?,
        "plink" | "putty" | "kitty" | "klink" | "pscp" | "psftp" => putty(run, name, words),
        "nc" | "ncat" | "netcat" | "nc64" => netcat(run, words)?,
        "telnet" => plain(run, words, Some(23)),
        "mstsc" => {
            let host = words.iter().find_map(|it| value_of(it, &["v"]));
            host.is_some_and(|it| place(run, it, Some(3389)))
        }
        "winrs" => {
            let host = words.iter().find_map(|it| value_of(it, &["r", "remote"]));
            match host {
                Some(url) if url.contains("://") => {
                    run.fetch(url, None);
                    true
                }
                Some(host) => place(run, host, Some(5985)),
                None => false,
            }
        }
        "psexec" | "psexec64" | "paexec" | "psservice" | "pskill" | "pslist" => {
            let hosts = words.iter().find_map(|it| it.strip_prefix(r"\\"));
            hosts.is_some_and(|it| places(run, it, 445))
        }
        "netsh" => netsh(run, words),
        // Netcat by any other name.
        _ if gives_shell(words) => netcat(run, words)?,
        _ => false,
    })
}

/// Whether words are those of netcat that gives whoever it reaches a shell: `-e cmd.exe`.
fn gives_shell(words: &[String]) -> bool {
    const SHELLS: &[&str] = &["cmd", "powershell", "pwsh", "sh", "bash"];
    words.windows(2).any(|pair| {
        let shell = crate::command_line::program(&pair[1]);
        matches!(pair[0].as_str(), "-e" | "-c" | "--exec") && SHELLS.contains(&shell.as_str())
    }) && words.iter().any(|it| it.parse::<u16>().is_ok_and(|it| it > 0))
}

/// What follows `/v:` or `-r:`, whatever the switch's case.
fn value_of<'w>(word: &'w str, names: &[&str]) -> Option<&'w str> {
    let (name, value) = word.split_once(':')?;
    names.iter().any(|it| is_switch(name, it)).then_some(value)
}

/// Connects to `user@host:port`, in brackets or not; `false` if that is no host.
fn place(run: &mut Run<'_>, word: &str, port: Option<u16>) -> bool {
    let word = word.rsplit('@').next().unwrap_or(word).trim_matches(['"', '\'', '/']);
    let (host, given) = match word.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, tail)) => (host, tail.strip_prefix(':')),
            None => (rest, None),
        },
        None if word.matches(':').count() == 1 => {
            word.split_once(':').map_or((word, None), |(host, port)| (host, Some(port)))
        }
        None => (word, None),
    };
    let is_host = host.len() > 1
        && host.bytes().all(|it| it.is_ascii_alphanumeric() || b".-_:".contains(&it))
        && host.bytes().any(|it| it.is_ascii_alphanumeric());
    if !is_host {
        return false;
    }
    run.connect(host, given.and_then(|it| it.parse().ok()).or(port));
    true
}

/// Connects to each of several hosts; `false` if none is one.
fn places(run: &mut Run<'_>, words: &str, port: u16) -> bool {
    let known: Vec<bool> = words.split(',').map(|it| place(run, it, Some(port))).collect();
    known.contains(&true)
}

/// The first word that is no switch is a host, the next its port.
fn plain(run: &mut Run<'_>, words: &[String], port: Option<u16>) -> bool {
    let mut plain = words.iter().filter(|it| !it.starts_with(['-', '/', '>']));
    let Some(host) = plain.next() else { return false };
    place(run, host, plain.next().and_then(|it| it.parse().ok()).or(port))
}

fn open_ssh(run: &mut Run<'_>, name: &str, words: &[String]) -> Result<bool, Stop> {
    let is_copy = name != "ssh";
    let mut port = 22;
    let mut hosts: Vec<&str> = Vec::new();
    let mut words = words.iter().map(String::as_str);
    let mut is_known = false;
    while let Some(word) = words.next() {
        let Some(flags) = word.strip_prefix('-').filter(|it| !it.is_empty()) else {
            // Behind the host stands what is run there.
            if is_copy || hosts.is_empty() {
                hosts.push(word);
            }
            continue;
        };
        let Some((at, letter)) = flags.char_indices().find(|it| SSH_VALUES.contains(it.1)) else {
            continue;
        };
        let glued = flags.get(at + letter.len_utf8()..).filter(|it| !it.is_empty());
        let Some(value) = glued.or_else(|| words.next()) else { break };
        match letter {
            'p' if !is_copy => port = value.parse().unwrap_or(port),
            'P' if is_copy => port = value.parse().unwrap_or(port),
            'J' => {
                is_known |= places(run, value, 22);
            }
            'o' => {
                let (option, value) = value.split_once(['=', ' ']).unwrap_or((value, ""));
                match option.trim().to_ascii_lowercase().as_str() {
                    "port" => port = value.trim().parse().unwrap_or(port),
                    "proxycommand" | "localcommand" | "knownhostscommand" => {
                        start_words(run, value)?;
                        is_known = true;
                    }
                    "hostname" => hosts.insert(0, value.trim()),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    for host in hosts {
        let bare = ["ssh://", "sftp://", "scp://"].iter().find_map(|it| host.strip_prefix(it));
        let (host, is_remote) = match bare {
            Some(rest) => (rest.split('/').next().unwrap_or(rest), true),
            // A drive's letter is no host.
            None if is_copy => match host.split_once(':') {
                Some((host, _)) if host.len() > 1 => (host, true),
                _ => (host, name == "sftp"),
            },
            None => (host, true),
        };
        is_known |= is_remote && place(run, host, Some(port));
    }
    Ok(is_known)
}

fn putty(run: &mut Run<'_>, name: &str, words: &[String]) -> bool {
    let mut port = 22;
    let mut host = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-P" => port = words.next().and_then(|it| it.parse().ok()).unwrap_or(port),
            "-l" | "-pw" | "-pwfile" | "-i" | "-R" | "-L" | "-D" | "-m" | "-load" | "-hostkey"
            | "-proxycmd" | "-b" | "-sshlog" | "-nc" => {
                words.next();
            }
            _ if word.starts_with('-') => {}
            _ if name == "pscp" => {
                let remote = word.split_once(':').map(|it| it.0).filter(|it| it.len() > 1);
                host = host.or(remote);
            }
            _ => host = host.or(Some(word.as_str())),
        }
    }
    host.is_some_and(|it| place(run, it, Some(port)))
}

fn netcat(run: &mut Run<'_>, words: &[String]) -> Result<bool, Stop> {
    let mut plain = Vec::new();
    let (mut is_listening, mut command) = (false, None);
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        if let Some(long) = word.strip_prefix("--") {
            is_listening |= long == "listen";
            if matches!(long, "exec" | "sh-exec" | "proxy" | "wait" | "idle-timeout") {
                let value = words.next();
                command = command.or(value.filter(|_| long.ends_with("exec")));
            }
        } else if let Some(flags) = word.strip_prefix('-').filter(|it| !it.is_empty()) {
            for (at, letter) in flags.char_indices() {
                is_listening |= matches!(letter, 'l' | 'L');
                if NETCAT_VALUES.contains(letter) {
                    let glued = flags.get(at + letter.len_utf8()..).filter(|it| !it.is_empty());
                    let value = glued.or_else(|| words.next());
                    command = command.or(value.filter(|_| matches!(letter, 'e' | 'c')));
                    break;
                }
            }
        } else {
            plain.push(word);
        }
    }
    if is_listening {
        return Ok(false);
    }
    let [host, rest @ ..] = plain.as_slice() else { return Ok(false) };
    let is_known = place(run, host, rest.first().and_then(|it| it.parse().ok()));
    if let (true, Some(command)) = (is_known, command) {
        start_words(run, command)?;
    }
    Ok(is_known)
}

/// `netsh interface portproxy add ... connectaddress=HOST connectport=PORT`
fn netsh(run: &mut Run<'_>, words: &[String]) -> bool {
    let of = |name: &str| {
        words.iter().find_map(|it| {
            let (key, value) = it.split_once('=')?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    };
    let Some(host) = of("connectaddress") else { return false };
    place(run, host, of("connectport").and_then(|it| it.parse().ok()))
}

/// The shares that a line's words name, and the ports by which they are asked.
pub(crate) fn shares(run: &mut Run<'_>, words: &[String]) {
    for (host, port) in words.iter().filter_map(|it| share_of(it)) {
        run.connect(host, Some(port));
    }
}

/// `net use` of a share, or of a folder of a server of the web.
pub(crate) fn net_use(run: &mut Run<'_>, words: &[String]) -> bool {
    let mut is_known = false;
    for word in words {
        if let Some((host, port)) = share_of(word) {
            run.connect(host, Some(port));
            is_known = true;
        } else if let Some(url) = url_in(word) {
            run.fetch(url, None);
            is_known = true;
        }
    }
    is_known
}
