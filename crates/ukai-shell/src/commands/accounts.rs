//! `passwd` and `chpasswd`. The other commands for accounts are in `members`.

use super::{Arguments, Command, Options, Outcome};
use crate::fs::Origin;
use crate::limits;
use crate::process::Process;
use crate::system::{Fut, Stop};
use rand::Rng as _;

pub(super) const COMMANDS: &[Command] =
    &[Command::waiting("passwd", passwd), Command::at_once("chpasswd", chpasswd)];

pub(super) fn known(process: &Process, user: &[u8]) -> bool {
    let view = process.view();
    let passwd = process.fs().read(&view, b"/etc/passwd").unwrap_or_default();
    passwd.split(|b| *b == b'\n').any(|l| l.split(|b| *b == b':').next() == Some(user))
}

/// Puts the hash of a new password where the system keeps it: SHA-512 crypt, or MD5 crypt
/// on BusyBox. The next log-in is held against it.
pub(super) fn set_password(
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

/// `passwd -d`, `-l`, `-u`: nobody, or everybody, logs in with it.
fn lock_password(process: &Process, user: &str, options: &Options) {
    let change = |table: &mut super::tables::Table| {
        for line in table.iter_mut().filter(|line| line.first().is_some_and(|n| n == user)) {
            let Some(hash) = line.get_mut(1) else { continue };
            if options.has("d") {
                hash.clear();
            } else if options.has("l") && !hash.starts_with('!') {
                hash.insert(0, '!');
            } else if options.has("u") {
                *hash = hash.trim_start_matches('!').to_owned();
            }
        }
    };
    // A disk that cannot be written stays as it is.
    let _ = process.edit_table("/etc/shadow", change);
}

/// `passwd -S`: name, whether there is a password, when it was changed, and for how long
/// it holds.
fn status_line(process: &Process, user: &str) -> String {
    let shadow = process.table("/etc/shadow");
    let line = shadow.iter().find(|line| line.first().is_some_and(|name| name == user));
    let field = |index: usize, otherwise: &str| {
        let value = line.and_then(|line| line.get(index)).filter(|value| !value.is_empty());
        value.map_or_else(|| otherwise.to_owned(), Clone::clone)
    };
    let state = match field(1, "").as_str() {
        "" => "NP",
        hash if hash.starts_with(['!', '*']) => "L",
        _ => "P",
    };
    let day: u64 = field(2, "0").parse().unwrap_or(0);
    format!(
        "{user} {state} {} {} {} {} {}\n",
        super::list::date(day * 86_400, "%Y-%m-%d"),
        field(3, "0"),
        field(4, "99999"),
        field(5, "7"),
        field(6, "-1")
    )
}

/// Reads a line that is not shown while it is typed.
pub(super) async fn secret(process: &mut Process, prompt: &str) -> Result<Vec<u8>, Stop> {
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
        let options = Options::read(
            &arguments,
            "a:dluSeqki:n:w:x:",
            &["stdin", "delete", "lock", "unlock", "status"],
        );
        let user = options.operands.first().cloned().unwrap_or_else(|| {
            let own = process.accounts().into_iter().find(|a| a.uid == process.uid);
            own.map_or_else(|| process.session.login.user.clone(), |a| a.name).into_bytes()
        });
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
        let own = process.accounts().into_iter().find(|a| a.uid == process.uid).map(|a| a.name);
        if arguments.gnu && process.uid != 0 && own.as_deref() != Some(&*shown) {
            process.error(&format!(
                "passwd: You may not view or modify password information for {shown}."
            ))?;
            return Ok(1);
        }
        if options.has("S") {
            let text = status_line(process, &shown);
            process.print(text)?;
            return Ok(0);
        }
        if options.has("d") || options.has("l") || options.has("u") {
            lock_password(process, &shown, &options);
            if arguments.gnu {
                process.error("passwd: password changed.")?;
            } else {
                process.print(format!("Password for {shown} changed by root\n"))?;
            }
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
    for (number, line) in input.split(|b| *b == b'\n').enumerate().filter(|(_, l)| !l.is_empty()) {
        let Some(colon) = line.iter().position(|b| *b == b':') else {
            process.error("chpasswd: missing new password")?;
            return Ok(1);
        };
        let user = &line[..colon];
        let shown = String::from_utf8_lossy(user).into_owned();
        if !known(process, user) {
            let text = if arguments.gnu {
                format!(
                    "chpasswd: (user {shown}) pam_chauthtok() failed, error:\nAuthentication token manipulation error\nchpasswd: (line {}, user {shown}) password not changed",
                    number + 1
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
