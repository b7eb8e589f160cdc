//! Clients that connect onwards: `nc`, `telnet`, `ssh`, `sftp`, `rsync`, `socat`. Nobody
//! takes their connections; where they were to lead is told of. Texts are those of
//! Debian 12 (netcat-openbsd 1.219, inetutils 2.4, OpenSSH 9.2, rsync 3.2.7, socat
//! 1.7.4) and of BusyBox.

use super::python::resolves;
use super::{Arguments, Command, Options};
use crate::limits;
use crate::process::Process;
use crate::system::{Fut, Stop};
use ukai_model::Duration;

pub(super) const COMMANDS: &[Command] = &[
    Command::waiting("nc", nc),
    Command::waiting("nc.openbsd", nc),
    Command::waiting("netcat", nc),
    Command::waiting("ncat", nc),
    Command::waiting("telnet", telnet),
    Command::waiting("inetutils-telnet", telnet),
    Command::waiting("ssh", ssh),
    Command::waiting("slogin", ssh),
    Command::waiting("sftp", sftp),
    Command::waiting("rsync", rsync),
    Command::waiting("socat", socat),
];

const NC_USAGE: &str = "usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]
\t  [-m minttl] [-O length] [-P proxy_username] [-p source_port]
\t  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]
\t  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]
\t  [destination] [port]";

const SSH_USAGE: &str = "usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] [-B bind_interface]
           [-b bind_address] [-c cipher_spec] [-D [bind_address:]port]
           [-E log_file] [-e escape_char] [-F configfile] [-I pkcs11]
           [-i identity_file] [-J [user@]host[:port]] [-L address]
           [-l login_name] [-m mac_spec] [-O ctl_cmd] [-o option] [-p port]
           [-Q query_option] [-R address] [-S ctl_path] [-W host:port]
           [-w local_tun[:remote_tun]] destination [command [argument ...]]";

/// How a connection ended before it began.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreached {
    Name,
    Refused,
}

impl Unreached {
    const fn text(self) -> &'static str {
        match self {
            Self::Name => "Name or service not known",
            Self::Refused => "Connection refused",
        }
    }
}

/// A connection is asked for: it is told of, and nobody takes it.
pub(crate) async fn reach(
    process: &Process,
    host: &str,
    port: u16,
    tool: &'static str,
) -> Result<Unreached, Stop> {
    const STEPS: u64 = 16;
    process.session.step(STEPS)?;
    process.session.connect(host.as_bytes(), port, tool);
    if !resolves(host) {
        return Ok(Unreached::Name);
    }
    refused(process).await?;
    Ok(Unreached::Refused)
}

/// Waits as long as a refusal takes to come back.
pub(super) async fn refused(process: &Process) -> Result<(), Stop> {
    const ANSWER_MS: u64 = 120;
    process.session.sleep(Duration::from_millis(ANSWER_MS)).await
}

/// Whether one of the host's own services listens there.
pub(crate) fn is_served(process: &Process, host: &str, port: u16) -> bool {
    let own = host == "localhost"
        || host.starts_with("127.")
        || host == "::1"
        || host == process.fs().hostname();
    own && process.session.host.services.all().any(|(_, served)| served == port)
}

/// Ports of `/etc/services` that are asked for.
const SERVICES: [(u16, &str); 12] = [
    (21, "ftp"),
    (22, "ssh"),
    (23, "telnet"),
    (25, "smtp"),
    (53, "domain"),
    (80, "http"),
    (110, "pop3"),
    (143, "imap2"),
    (443, "https"),
    (3306, "mysql"),
    (6667, "ircd"),
    (8080, "http-alt"),
];

/// Name of a port in `/etc/services`.
fn port_name(port: u16) -> &'static str {
    SERVICES.iter().find(|(number, _)| *number == port).map_or("*", |(_, name)| name)
}

/// A port as the C library's `getaddrinfo` reads it: a number, of which the low bits
/// count, or a name.
pub(crate) fn service_port(service: &str) -> Option<u16> {
    if !service.is_empty() && service.bytes().all(|b| b.is_ascii_digit()) {
        return service.parse::<u64>().ok().map(|number| number as u16);
    }
    SERVICES.iter().find(|(_, name)| *name == service).map(|(number, _)| *number)
}

fn nc(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let name = arguments.name().into_owned();
        // BusyBox's runs a program, Debian's does not; nor do all of them where it is of
        // interest what a script would do.
        let goes_on = process.session.may_pass_over() > 0;
        let letters = if goes_on {
            "46CDdFhklNnrStUuvzc:e:g:G:I:i:M:m:O:P:p:q:s:T:V:W:w:X:x:"
        } else if arguments.gnu {
            "46CDdFhklNnrStUuvZzI:i:M:m:O:P:p:q:s:T:V:W:w:X:x:"
        } else {
            "+lp:w:e:nvuzki:s:"
        };
        let options = Options::read(&arguments, letters, &[]);
        if arguments.gnu
            && let Some(bad) = &options.bad
        {
            process.error(&format!("nc: invalid option -- '{bad}'\n{NC_USAGE}"))?;
            return Ok(1);
        }
        if options.has("l") {
            if arguments.gnu && options.operands.is_empty() && !options.has("p") {
                process.error("nc: missing port number")?;
                return Ok(1);
            }
            if options.has("v") && arguments.gnu {
                let port = options.operands.last().map(Vec::as_slice).or(options.value("p"));
                let port = String::from_utf8_lossy(port.unwrap_or_default()).into_owned();
                process.error(&format!("Listening on 0.0.0.0 {port}"))?;
            }
            process.session.sleep(Duration::from_secs(limits::SLEEP_S)).await?;
            return Ok(0);
        }
        let Some(host) = options.operands.first() else {
            if arguments.gnu {
                process.error(NC_USAGE)?;
            } else {
                process.busybox_usage(
                    "nc [-iN] [-wN] [-l] [-p PORT] [-f FILE|IPADDR PORT] [-e PROG]\n",
                )?;
            }
            return Ok(1);
        };
        let host = String::from_utf8_lossy(host).into_owned();
        let Some(ports) = options.operands.get(1) else {
            if arguments.gnu {
                process.error("nc: missing port number")?;
            } else {
                process.busybox_usage(
                    "nc [-iN] [-wN] [-l] [-p PORT] [-f FILE|IPADDR PORT] [-e PROG]\n",
                )?;
            }
            return Ok(1);
        };
        let ports = String::from_utf8_lossy(ports).into_owned();
        let Some((first, last)) = port_range(&ports) else {
            let text = if arguments.gnu {
                format!("nc: port number invalid: {ports}")
            } else {
                format!("nc: bad port '{ports}'")
            };
            process.error(&text)?;
            return Ok(1);
        };
        const PORTS_MAX: u16 = 1_024;
        let last = last.min(first.saturating_add(PORTS_MAX));
        let mut status = 1;
        for port in first..=last {
            if is_served(process, &host, port) && options.has("z") {
                if options.has("v") {
                    let name = port_name(port);
                    process.error(&format!(
                        "Connection to {host} {port} port [tcp/{name}] succeeded!"
                    ))?;
                }
                status = 0;
                continue;
            }
            let how = reach(process, &host, port, "nc").await?;
            if options.has("u") && how == Unreached::Refused {
                status = 0;
                continue;
            }
            let text = match how {
                Unreached::Name if arguments.gnu => {
                    format!("nc: getaddrinfo for host \"{host}\" port {port}: {}", how.text())
                }
                Unreached::Refused if arguments.gnu && options.has("v") => {
                    format!("nc: connect to {host} port {port} (tcp) failed: {}", how.text())
                }
                // Without `-v` it says nothing.
                Unreached::Refused if arguments.gnu => continue,
                Unreached::Name => format!("{name}: bad address '{host}'"),
                Unreached::Refused => {
                    format!("{name}: can't connect to remote host ({host}): {}", how.text())
                }
            };
            process.error(&text)?;
            if how == Unreached::Name {
                break;
            }
        }
        Ok(status)
    })
}

/// `80` or `20-25`.
fn port_range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first > 0 && first <= last).then_some((first, last))
}

fn telnet(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let options = Options::read(&arguments, "468EKLaXcdfFkl:n:rxyb:S:", &["user:"]);
        let Some(host) = options.operands.first() else {
            if !arguments.gnu {
                process.busybox_usage("telnet HOST [PORT]\n")?;
                return Ok(1);
            }
            process.print("telnet> ")?;
            let line = process.read(0, limits::TERMINAL_LINE_BYTES, true).await?;
            if line.unwrap_or_default().is_empty() {
                process.print("\n")?;
            }
            return Ok(0);
        };
        let host = String::from_utf8_lossy(host).into_owned();
        let port = options.operands.get(1).map(|p| String::from_utf8_lossy(p).into_owned());
        let number = match port.as_deref() {
            None | Some("telnet") => Some(23),
            Some("http") => Some(80),
            Some("smtp") => Some(25),
            Some("ssh") => Some(22),
            Some(other) => other.parse::<u16>().ok(),
        };
        let Some(number) = number else {
            let port = port.unwrap_or_default();
            let text = if arguments.gnu {
                format!(
                    "Server lookup failure:  {host}:{port}, Servname not supported for ai_socktype"
                )
            } else {
                format!("telnet: bad port '{port}'")
            };
            process.error(&text)?;
            return Ok(1);
        };
        if arguments.gnu && resolves(&host) {
            process.print(format!("Trying {host}...\n"))?;
        }
        let how = reach(process, &host, number, "telnet").await?;
        let text = match how {
            Unreached::Name if arguments.gnu => {
                let port = port.unwrap_or_else(|| "telnet".to_owned());
                process
                    .print(format!("Server lookup failure:  {host}:{port}, {}\n", how.text()))?;
                return Ok(1);
            }
            Unreached::Refused if arguments.gnu => {
                format!("telnet: Unable to connect to remote host: {}", how.text())
            }
            Unreached::Name => format!("telnet: bad address '{host}'"),
            Unreached::Refused => {
                format!("telnet: can't connect to remote host ({host}): {}", how.text())
            }
        };
        process.error(&text)?;
        Ok(1)
    })
}

/// Host and port of a destination as OpenSSH reads it.
fn destination(text: &[u8], port: Option<i64>) -> (String, u16) {
    let text = String::from_utf8_lossy(text).into_owned();
    let rest = text.strip_prefix("ssh://").unwrap_or(&text);
    let host = rest.rsplit('@').next().unwrap_or(rest);
    let (host, inside) = match host.split_once(':') {
        Some((name, number)) if text.starts_with("ssh://") => (name, number.parse().ok()),
        _ => (host, None),
    };
    let given = port.and_then(|p| u16::try_from(p).ok());
    (host.to_owned(), given.or(inside).unwrap_or(22))
}

/// What OpenSSH's client says to a connection that nobody takes.
pub(super) async fn ssh_fails(
    process: &mut Process,
    host: &str,
    port: u16,
    tool: &'static str,
) -> Result<(), Stop> {
    let how = reach(process, host, port, tool).await?;
    let text = match how {
        Unreached::Name => format!("ssh: Could not resolve hostname {host}: {}", how.text()),
        Unreached::Refused => format!("ssh: connect to host {host} port {port}: {}", how.text()),
    };
    // Its lines end with a return as well: the terminal may be raw.
    process.error(&format!("{text}\r"))
}

fn ssh(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        const FAILED: i32 = 255;
        let options = Options::read(
            &arguments,
            "+1246ab:c:e:fgi:kl:m:no:p:qstvxAB:CD:E:F:GI:J:KL:MNO:P:Q:R:S:TVw:W:XYy",
            &[],
        );
        if let Some(bad) = &options.bad {
            process.error(&format!("unknown option -- {bad}\n{SSH_USAGE}"))?;
            return Ok(FAILED);
        }
        let Some(target) = options.operands.first() else {
            process.error(SSH_USAGE)?;
            return Ok(FAILED);
        };
        let (host, port) = destination(target, options.number("p"));
        let typed = process.fds.at(0).is_some_and(|open| open.is_terminal());
        if options.operands.len() == 1 && !typed && !options.has("T") && !options.has("N") {
            process.error(
                "Pseudo-terminal will not be allocated because stdin is not a terminal.\r",
            )?;
        }
        ssh_fails(process, &host, port, "ssh").await?;
        Ok(FAILED)
    })
}

fn sftp(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        const FAILED: i32 = 255;
        let options = Options::read(&arguments, "1246AaCfNpqrvB:b:c:D:F:i:J:l:o:P:R:S:s:X:", &[]);
        let Some(target) = options.operands.first() else {
            let usage = super::answers::answer("sftp", "").map_or("", |usage| usage.errors);
            process.error_bytes(usage.as_bytes())?;
            return Ok(1);
        };
        let target = target.split(|b| *b == b':').next().unwrap_or_default();
        let (host, port) = destination(target, options.number("P"));
        ssh_fails(process, &host, port, "sftp").await?;
        process.error("Connection closed\r")?;
        Ok(FAILED)
    })
}

fn rsync(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let options = Options::read(
            &arguments,
            "vqcaRubdlLkKHpEAXogDtSnWxe:rCIzhPi46@:T:fB:M:F0",
            &[
                "archive",
                "verbose",
                "recursive",
                "compress",
                "rsh:",
                "progress",
                "delete",
                "exclude:",
                "include:",
                "partial",
                "port:",
                "password-file:",
                "bwlimit:",
                "timeout:",
                "no-perms",
                "partial-dir:",
                "daemon",
                "list-only",
            ],
        );
        let operands: Vec<String> =
            options.operands.iter().map(|o| String::from_utf8_lossy(o).into_owned()).collect();
        let remote = operands.iter().position(|o| {
            o.starts_with("rsync://") || o.split_once(':').is_some_and(|(h, _)| !h.contains('/'))
        });
        let Some(at) = remote else {
            return local_copy(process, &operands).await;
        };
        let role = if at == 0 { "Receiver" } else { "sender" };
        let target = &operands[at];
        if let Some(rest) = target.strip_prefix("rsync://") {
            let authority = rest.split('/').next().unwrap_or(rest);
            let authority = authority.rsplit('@').next().unwrap_or(authority);
            let (host, port) = authority.split_once(':').unwrap_or((authority, "873"));
            let how = reach(process, host, port.parse().unwrap_or(873), "rsync").await?;
            let text = match how {
                Unreached::Name => format!(
                    "rsync: getaddrinfo: {host} {port}: Name or service not known\nrsync error: error in socket IO (code 10) at clientserver.c(139) [{role}=3.2.7]"
                ),
                Unreached::Refused => format!(
                    "rsync: [{role}] failed to connect to {host} ({host}): Connection refused (111)\nrsync error: error in socket IO (code 10) at clientserver.c(139) [{role}=3.2.7]"
                ),
            };
            process.error(&text)?;
            return Ok(10);
        }
        let host = target.split(':').next().unwrap_or(target);
        // `-e 'ssh -p PORT'`
        let shell = options.value("e").or(options.value("rsh")).unwrap_or_default();
        let shell = String::from_utf8_lossy(shell).into_owned();
        let mut words = shell.split_whitespace().skip_while(|w| *w != "-p").skip(1);
        let port = words.next().and_then(|p| p.parse().ok());
        let (host, port) = destination(host.as_bytes(), port);
        ssh_fails(process, &host, port, "rsync").await?;
        process.error(&format!(
            "rsync: connection unexpectedly closed (0 bytes received so far) [{role}]\nrsync error: unexplained error (code 255) at io.c(231) [{role}=3.2.7]"
        ))?;
        Ok(255)
    })
}

/// Between local paths it is `cp -r`.
async fn local_copy(process: &mut Process, operands: &[String]) -> Result<i32, Stop> {
    if operands.len() < 2 {
        process
            .error("rsync error: syntax or usage error (code 1) at main.c(1782) [client=3.2.7]")?;
        return Ok(1);
    }
    let words = ["cp", "-r"].into_iter().map(str::to_owned).chain(operands.iter().cloned());
    process.program(words.map(String::into_bytes).collect()).await
}

fn socat(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let operands: Vec<String> = arguments
            .rest()
            .iter()
            .filter(|w| !w.starts_with(b"-") || w.len() == 1)
            .map(|w| String::from_utf8_lossy(w).into_owned())
            .collect();
        let stamp = |process: &Process| {
            let now = process.session.host.clock(process.session.now()).secs();
            format!("{} socat[{}]", super::list::date(now, "%Y/%m/%d %H:%M:%S"), process.pid)
        };
        if operands.len() != 2 {
            let text = format!(
                "{} E exactly 2 addresses required (there are {}); use option \"-h\" for help",
                stamp(process),
                operands.len()
            );
            process.error(&text)?;
            return Ok(1);
        }
        for address in &operands {
            let lower = address.to_ascii_lowercase();
            let (kind, rest) = lower.split_once(':').unwrap_or((&lower, ""));
            match kind {
                "tcp" | "tcp4" | "tcp-connect" | "tcp4-connect" | "openssl" | "openssl-connect"
                | "udp" | "udp4" => {
                    let mut parts = rest.split([':', ',']);
                    let host = parts.next().unwrap_or_default().to_owned();
                    let port = parts.next().and_then(|p| p.parse().ok()).unwrap_or(0);
                    let how = reach(process, &host, port, "socat").await?;
                    let text = match how {
                        Unreached::Name => format!(
                            "{} E getaddrinfo(\"{host}\", \"NULL\", {{1,2,1,6}}, {{}}): Name or service not known",
                            stamp(process)
                        ),
                        Unreached::Refused => format!(
                            "{} E connect(5, AF=2 {host}:{port}, 16): Connection refused",
                            stamp(process)
                        ),
                    };
                    process.error(&text)?;
                    return Ok(1);
                }
                "tcp-listen" | "tcp-l" | "tcp4-listen" | "udp-listen" | "openssl-listen" => {
                    process.session.sleep(Duration::from_secs(limits::SLEEP_S)).await?;
                    return Ok(0);
                }
                _ => {}
            }
        }
        Ok(0)
    })
}
