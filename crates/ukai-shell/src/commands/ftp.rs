//! `tftp`, `ftpget`, `ftpput`, `ftp`.

use super::fetch::{Failure, failure};
use super::{Arguments, Command, Options};
use crate::process::Process;
use crate::system::{Fut, Stop};

pub(super) const COMMANDS: &[Command] = &[
    Command::waiting("tftp", tftp),
    Command::waiting("ftpget", ftpget),
    Command::waiting("ftpput", |process, arguments| {
        Box::pin(async move {
            process.error(&format!(
                "{}: can't connect to remote host: Connection timed out",
                arguments.name()
            ))?;
            Ok(1)
        })
    }),
    Command::waiting("ftp", ftp),
];

fn tftp(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let options = Options::read(&arguments, "gpl:r:b:c:m:v", &[]);
        let mut operands = options.operands.clone();
        let mut remote = options.value("r").map(<[u8]>::to_vec);
        let mut local = options.value("l").map(<[u8]>::to_vec);
        // The GNU form: `tftp HOST -c get FILE [LOCAL]`.
        if let Some(verb) = options.value("c")
            && verb == b"get"
            && operands.len() >= 2
        {
            remote = Some(operands.remove(1));
            if operands.len() > 1 {
                local = Some(operands.remove(1));
            }
        }
        let Some(host) = operands.first().cloned() else { return usage(process, &arguments) };
        // Without a file it is told what to get, line by line.
        if remote.is_none() && local.is_none() && !options.has("p") && !options.has("g") {
            return dialogue(process, &operands).await;
        }
        if options.has("p") {
            process.error("tftp: timeout")?;
            return Ok(1);
        }
        let Some(remote) = remote.or_else(|| local.clone()) else {
            return usage(process, &arguments);
        };
        let local = local.unwrap_or_else(|| crate::eval::base_name(&remote).to_vec());
        let mut url = b"tftp://".to_vec();
        url.extend_from_slice(&host);
        if let Some(port) = operands.get(1) {
            url.push(b':');
            url.extend_from_slice(port);
        }
        url.push(b'/');
        url.extend_from_slice(remote.strip_prefix(b"/").unwrap_or(&remote));
        let fetched = process.session.fetch(&url, "tftp").await?;
        let host = String::from_utf8_lossy(&host).into_owned();
        let Some(fetched) = fetched else {
            process.error("tftp: timeout")?;
            return Ok(1);
        };
        match failure(&fetched) {
            None => {}
            Some(Failure::Name) => {
                process.error(&format!("tftp: bad address '{host}'"))?;
                return Ok(1);
            }
            Some(Failure::Status(_)) => {
                process.error("tftp: server error: (1) File not found")?;
                return Ok(1);
            }
            Some(Failure::Refused | Failure::TimedOut) => {
                process.error("tftp: timeout")?;
                return Ok(1);
            }
        }
        if local == b"-" {
            process.print(&fetched.bytes)?;
        } else if let Err(error) = process.keep_fetched(&local, &fetched.bytes) {
            let shown = String::from_utf8_lossy(&local).into_owned();
            process.error(&format!("tftp: can't open '{shown}': {}", error.text()))?;
            return Ok(1);
        }
        Ok(0)
    })
}

/// What `tftp HOST` is told to get on its input.
async fn dialogue(process: &mut Process, operands: &[Vec<u8>]) -> Result<i32, Stop> {
    let mut place = operands.join(&b':');
    loop {
        process.print("tftp> ")?;
        let line = process.read(0, crate::limits::WORD_BYTES, true).await?.unwrap_or_default();
        process.session.step(1)?;
        if line.is_empty() {
            return Ok(0);
        }
        let words: Vec<&[u8]> =
            line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
        match words[..] {
            [b"connect", ref rest @ ..] => place = rest.join(&b':'),
            [b"quit" | b"q", ..] => return Ok(0),
            [b"get", remote, ref rest @ ..] => {
                let name = remote.strip_prefix(b"/").unwrap_or(remote);
                let url = [b"tftp://", &place[..], b"/", name].concat();
                let fetched = process.session.fetch(&url, "tftp").await?;
                match fetched {
                    Some(fetched) if failure(&fetched).is_none() => {
                        let local = rest.first().copied().unwrap_or(crate::eval::base_name(remote));
                        let _ = process.keep_fetched(local, &fetched.bytes);
                    }
                    _ => process.error("Transfer timed out.")?,
                }
            }
            _ => {}
        }
    }
}

fn usage(process: &mut Process, arguments: &Arguments) -> Result<i32, Stop> {
    let text = if arguments.name() == "tftp" {
        "tftp [OPTION]... HOST [PORT]\n\nTransfer a file from/to tftp server\n\nOptions:\n\t-l FILE\tLocal FILE\n\t-r FILE\tRemote FILE\n\t-g\tGet file\n\t-p\tPut file\n"
    } else {
        "ftpget [OPTIONS] HOST [LOCAL_FILE] REMOTE_FILE\n\nRetrieve a remote file via FTP\n\nOptions:\n\t-c\tContinue previous transfer\n\t-v\tVerbose\n\t-u\tUsername\n\t-p\tPassword\n\t-P\tPort number\n"
    };
    process.busybox_usage(text)?;
    Ok(1)
}

fn ftpget(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let options = Options::read(
            &arguments,
            "cvu:p:P:",
            &["continue", "verbose", "username:", "password:", "port:"],
        );
        let (host, local, remote) = match &options.operands[..] {
            [host, file] => (host.clone(), crate::eval::base_name(file).to_vec(), file.clone()),
            [host, local, remote, ..] => (host.clone(), local.clone(), remote.clone()),
            _ => return usage(process, &arguments),
        };
        let user = options.value("u").or(options.value("username"));
        let password = options.value("p").or(options.value("password"));
        let mut url = b"ftp://".to_vec();
        if let Some(user) = user {
            url.extend_from_slice(user);
            if let Some(password) = password {
                url.push(b':');
                url.extend_from_slice(password);
            }
            url.push(b'@');
        }
        url.extend_from_slice(&host);
        if let Some(port) = options.value("P").or(options.value("port")) {
            url.push(b':');
            url.extend_from_slice(port);
        }
        url.push(b'/');
        url.extend_from_slice(remote.strip_prefix(b"/").unwrap_or(&remote));
        let fetched = process.session.fetch(&url, "ftpget").await?;
        let host = String::from_utf8_lossy(&host).into_owned();
        let Some(fetched) = fetched else {
            process.error(&format!(
                "ftpget: can't connect to remote host ({host}): Connection timed out"
            ))?;
            return Ok(1);
        };
        let message = match failure(&fetched) {
            None => String::new(),
            Some(Failure::Name) => format!("bad address '{host}'"),
            Some(Failure::Status(_)) => {
                "unexpected server response to RETR: 550 Failed to open file.".to_owned()
            }
            Some(Failure::Refused) => {
                format!("can't connect to remote host ({host}): Connection refused")
            }
            Some(Failure::TimedOut) => {
                format!("can't connect to remote host ({host}): Connection timed out")
            }
        };
        if !message.is_empty() {
            process.error(&format!("ftpget: {message}"))?;
            return Ok(1);
        }
        if local == b"-" {
            process.print(&fetched.bytes)?;
        } else if let Err(error) = process.keep_fetched(&local, &fetched.bytes) {
            let shown = String::from_utf8_lossy(&local).into_owned();
            process.error(&format!("ftpget: can't open '{shown}': {}", error.text()))?;
            return Ok(1);
        }
        Ok(0)
    })
}

/// The interactive client: it takes a dialogue (often a here-document) apart for what
/// it would get.
fn ftp(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let options = Options::read(&arguments, "ingvdep46", &[]);
        let mut host = options.operands.first().cloned();
        let mut login: Option<(Vec<u8>, Vec<u8>)> = None;
        let mut folder: Vec<u8> = Vec::new();
        loop {
            process.print("ftp> ")?;
            let Some(line) = process.read(0, crate::limits::WORD_BYTES, true).await? else {
                return Ok(0);
            };
            process.session.step(1)?;
            if line.is_empty() {
                return Ok(0);
            }
            let words: Vec<Vec<u8>> = line
                .split(u8::is_ascii_whitespace)
                .filter(|w| !w.is_empty())
                .map(<[u8]>::to_vec)
                .collect();
            match &words[..] {
                [verb, target, ..] if verb == b"open" => host = Some(target.clone()),
                [verb, user, password, ..] if verb == b"user" => {
                    login = Some((user.clone(), password.clone()));
                }
                [verb, target, ..] if verb == b"cd" && target.len() < crate::limits::PATH_BYTES => {
                    let target = target.strip_suffix(b"/").unwrap_or(target);
                    folder = match target.strip_prefix(b"/") {
                        Some(whole) => whole.to_vec(),
                        None if folder.is_empty() => target.to_vec(),
                        None if folder.len() < crate::limits::PATH_BYTES => {
                            [&folder[..], b"/", target].concat()
                        }
                        None => continue,
                    };
                }
                [verb, remote, rest @ ..] if matches!(&verb[..], b"get" | b"recv" | b"mget") => {
                    let Some(host) = &host else {
                        process.error("Not connected.")?;
                        continue;
                    };
                    let mut url = b"ftp://".to_vec();
                    if let Some((user, password)) = &login {
                        url.extend_from_slice(&[user, &b":"[..], password, b"@"].concat());
                    }
                    url.extend_from_slice(&[host, &b"/"[..]].concat());
                    if !folder.is_empty() && !remote.starts_with(b"/") {
                        url.extend_from_slice(&[&folder[..], b"/"].concat());
                    }
                    url.extend_from_slice(remote.strip_prefix(b"/").unwrap_or(remote));
                    let local = rest.first().unwrap_or(remote).clone();
                    let fetched = process.session.fetch(&url, "ftp").await?;
                    match fetched {
                        Some(fetched) if failure(&fetched).is_none() => {
                            let kept = process.keep_fetched(&local, &fetched.bytes);
                            let text = if kept.is_ok() {
                                "226 Transfer complete."
                            } else {
                                "local: write error"
                            };
                            process.print(format!("{text}\n"))?;
                        }
                        _ => process.error("550 Failed to open file.")?,
                    }
                }
                [verb, ..] if matches!(&verb[..], b"bye" | b"quit" | b"exit") => return Ok(0),
                _ => {}
            }
        }
    })
}
