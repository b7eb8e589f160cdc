//! `passwd`, `chpasswd`, `adduser`, `useradd`, `deluser`.

use super::{Arguments, Command, Options, Outcome};
use crate::fs::{Access, Origin};
use crate::limits;
use crate::process::Process;
use crate::system::{Fut, Stop};
use rand::Rng as _;

pub(super) const COMMANDS: &[Command] = &[
    Command::waiting("passwd", passwd),
    Command::at_once("chpasswd", chpasswd),
    Command::at_once("adduser", adduser),
    Command::at_once("useradd", adduser),
    Command::at_once("usermod", |_, _| Ok(0)),
    Command::at_once("deluser", deluser),
    Command::at_once("userdel", deluser),
    Command::at_once("addgroup", |_, _| Ok(0)),
    Command::at_once("groupadd", |_, _| Ok(0)),
];

fn known(process: &Process, user: &[u8]) -> bool {
    let view = process.view();
    let passwd = process.fs().read(&view, b"/etc/passwd").unwrap_or_default();
    passwd.split(|b| *b == b'\n').any(|l| l.split(|b| *b == b':').next() == Some(user))
}

/// Puts the hash of a new password where the system keeps it: SHA-512 crypt, or MD5 crypt
/// on BusyBox. The next log-in is held against it.
fn set_password(
    process: &mut Process,
    user: &[u8],
    password: &[u8],
    gnu: bool,
) -> Result<(), Stop> {
    const STEPS: u64 = 500;
    const SALT: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    process.session.step(STEPS)?;
    let length = if gnu { 16 } else { 8 };
    let salt: String = {
        let mut system = process.session.system();
        (0..length).map(|_| char::from(SALT[system.rng.random_range(0..SALT.len())])).collect()
    };
    let hash = if gnu {
        pwhash::sha512_crypt::hash_with(format!("$6${salt}").as_str(), password)
    } else {
        #[expect(deprecated, reason = "it is what old BusyBox makes")]
        pwhash::md5_crypt::hash_with(format!("$1${salt}").as_str(), password)
    };
    let Ok(hash) = hash else { return Ok(()) };
    let view = process.view();
    for path in [&b"/etc/shadow"[..], b"/etc/passwd"] {
        let Ok(text) = process.fs().read(&view, path) else { continue };
        let mut found = false;
        let lines: Vec<Vec<u8>> = text
            .split(|b| *b == b'\n')
            .map(|line| {
                let mut fields: Vec<&[u8]> = line.split(|b| *b == b':').collect();
                if fields.len() < 3 || fields[0] != user {
                    return line.to_vec();
                }
                found = true;
                fields[1] = hash.as_bytes();
                fields.join(&b':')
            })
            .collect();
        if found {
            let mode = process.fs().stat(&view, path, true).map_or(0o600, |s| s.mode);
            // A line of an account is no sample; a disk that cannot be written stays.
            let _ = process.fs().store(&view, path, lines.join(&b'\n').into(), Origin::Host, mode);
            return Ok(());
        }
    }
    Ok(())
}

/// Reads a line that is not shown while it is typed.
async fn secret(process: &mut Process, prompt: &str) -> Result<Vec<u8>, Stop> {
    process.error_bytes(prompt.as_bytes())?;
    process.session.system().modes.echo = false;
    let line = process.read(0, limits::NAME_BYTES, true).await;
    process.session.system().modes.echo = true;
    let line = line?.unwrap_or_default();
    process.error_bytes(b"\n")?;
    Ok(line.trim_ascii_end().to_vec())
}

fn passwd(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let options = Options::read(&arguments, "a:dlu", &["stdin"]);
        let user = match options.operands.first() {
            Some(user) => user.clone(),
            None => process.session.login.user.clone().into_bytes(),
        };
        let shown = String::from_utf8_lossy(&user).into_owned();
        if !known(process, &user) {
            let text = if arguments.gnu {
                format!("passwd: user '{shown}' does not exist")
            } else {
                format!("passwd: unknown user {shown}")
            };
            process.error(&text)?;
            return Ok(1);
        }
        if options.has("d") || options.has("l") || options.has("u") {
            process.print(format!("Password for {shown} changed by root\n"))?;
            return Ok(0);
        }
        if !arguments.gnu {
            process.print(format!("Changing password for {shown}\n"))?;
        }
        let first = secret(process, "New password: ").await?;
        let again = secret(process, "Retype new password: ").await?;
        if first != again {
            process.error(if arguments.gnu { "Sorry, passwords do not match.\npasswd: Authentication token manipulation error\npasswd: password unchanged" } else { "Passwords don't match\npasswd: password for root is unchanged" })?;
            return Ok(if arguments.gnu { 10 } else { 1 });
        }
        set_password(process, &user, &first, arguments.gnu)?;
        let text = if arguments.gnu {
            "passwd: password updated successfully".to_owned()
        } else {
            format!("passwd: password for {shown} changed by root")
        };
        process.error(&text)?;
        Ok(0)
    })
}

fn chpasswd(process: &mut Process, arguments: &Arguments) -> Outcome {
    let input = process.input()?;
    let mut status = 0;
    for line in input.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
        let Some(colon) = line.iter().position(|b| *b == b':') else {
            process.error("chpasswd: missing new password")?;
            return Ok(1);
        };
        let user = &line[..colon];
        let shown = String::from_utf8_lossy(user).into_owned();
        if !known(process, user) {
            let text = if arguments.gnu {
                format!(
                    "chpasswd: (user {shown}) pam_chauthtok() failed, error:\nAuthentication token manipulation error"
                )
            } else {
                format!("chpasswd: unknown user {shown}")
            };
            process.error(&text)?;
            status = 1;
            continue;
        }
        set_password(process, user, &line[colon + 1..], arguments.gnu)?;
        if !arguments.gnu {
            process.print(format!("Password for '{shown}' changed\n"))?;
        }
    }
    Ok(status)
}

fn adduser(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(
        arguments,
        "DHSh:g:s:G:u:mMNorp:c:d:b:k:f:e:",
        &[
            "disabled-password",
            "gecos:",
            "shell:",
            "home:",
            "uid:",
            "gid:",
            "create-home",
            "no-create-home",
            "system",
        ],
    );
    let name = arguments.name().into_owned();
    let Some(user) = options.operands.first().cloned() else {
        process.error(&format!("{name}: no user given"))?;
        return Ok(1);
    };
    let shown = String::from_utf8_lossy(&user).into_owned();
    if known(process, &user) {
        process.error(&format!(
            "{name}: user '{shown}' {}",
            if arguments.gnu { "already exists" } else { "in use" }
        ))?;
        return Ok(if arguments.gnu { 9 } else { 1 });
    }
    if process.uid != 0 {
        process.error(&format!("{name}: permission denied (are you root?)"))?;
        return Ok(1);
    }
    let uid = options.number("u").unwrap_or(1_000 + i64::from(process.session.shell_pid % 50));
    let home = options
        .value("d")
        .or(options.value("h"))
        .map_or_else(|| format!("/home/{shown}"), |h| String::from_utf8_lossy(h).into_owned());
    let shell = options
        .value("s")
        .or(options.value("shell"))
        .map_or_else(|| "/bin/sh".to_owned(), |s| String::from_utf8_lossy(s).into_owned());
    let line = format!("{shown}:x:{uid}:{uid}::{home}:{shell}\n");
    match process.open(b"/etc/passwd", Access::Append) {
        Ok(open) => {
            let saved = process.swap_fd(1, Some(open));
            let written = process.print(line);
            process.fds.set(1, saved);
            written?;
            // An account line is no sample.
            let view = process.view();
            if let Ok(bytes) = process.fs().read(&view, b"/etc/passwd") {
                let _ = process.fs().store(&view, b"/etc/passwd", bytes, Origin::Host, 0o644);
            }
            Ok(0)
        }
        Err(error) => {
            process.error(&format!("{name}: /etc/passwd: {}", error.text()))?;
            Ok(1)
        }
    }
}

fn deluser(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "rf", &["remove-home"]);
    let name = arguments.name().into_owned();
    let Some(user) = options.operands.first() else { return Ok(1) };
    if !known(process, user) {
        let shown = String::from_utf8_lossy(user).into_owned();
        process.error(&if arguments.gnu {
            format!("{name}: user '{shown}' does not exist")
        } else {
            format!("{name}: unknown user {shown}")
        })?;
        return Ok(if arguments.gnu { 6 } else { 1 });
    }
    Ok(0)
}
