//! `su` of util-linux 2.38 and BusyBox, and `sudo` 1.9.13: to become somebody else, with
//! the password with which one would log in.

use super::tables::Account;
use super::{Arguments, Command};
use crate::limits;
use crate::process::{Process, Source};
use crate::system::{Fut, Stop};
use bytes::Bytes;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use ukai_persona::Attempt;

pub(super) const COMMANDS: &[Command] = &[
    Command::waiting("su", su),
    Command::waiting("login", login),
    Command::waiting("sudo", sudo),
    Command::waiting("doas", sudo),
];

impl Process {
    /// Whether `password` is that of an account, as the attacker left it, or as a log-in
    /// would have it.
    fn password_fits(&self, user: &[u8], password: &[u8]) -> bool {
        let source = self.session.login.peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let attempt = Attempt { protocol: "ssh", user, password, source };
        self.fs().password_fits(user, password, || self.session.host.accepts(&attempt))
    }

    /// A process of somebody else's, with his environment.
    fn becoming(&self, account: &Account, login: bool, path: Option<&str>) -> Result<Self, Stop> {
        let mut inner = self.fork();
        (inner.uid, inner.gid) = (account.uid, account.gid);
        inner.enter()?;
        for (name, value) in [
            ("HOME", account.home.as_str()),
            ("SHELL", account.shell.as_str()),
            ("USER", account.name.as_str()),
            ("LOGNAME", account.name.as_str()),
        ] {
            inner.assign(name.as_bytes(), value.as_bytes().to_vec())?;
        }
        if let Some(path) = path {
            inner.assign(b"PATH", path.as_bytes().to_vec())?;
        }
        let home = account.home.as_bytes();
        if login && self.fs().stat(&self.view(), home, true).is_ok_and(|s| s.is_dir()) {
            inner.directory = Arc::new(home.to_vec());
            inner.assign(b"PWD", home.to_vec())?;
        }
        Ok(inner)
    }

    /// Asks for a password where it is typed; `None` at the end of the input.
    async fn password(&mut self, prompt: &str, to_terminal: bool) -> Result<Option<Vec<u8>>, Stop> {
        if to_terminal {
            self.print(prompt)?;
        } else {
            self.error_bytes(prompt.as_bytes())?;
        }
        self.session.system().modes.echo = false;
        let typed = self.read(0, limits::NAME_BYTES, true).await;
        self.session.system().modes.echo = true;
        let typed = typed?.filter(|typed| !typed.is_empty());
        if self.session.seat.terminal {
            self.print("\n")?;
        }
        Ok(typed.map(|typed| typed.trim_ascii_end().to_vec()))
    }
}

fn su(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let (mut user, mut command, mut shell, mut login) = (None, None, None, false);
        let mut more = Vec::new();
        let mut words = arguments.rest().iter();
        while let Some(word) = words.next() {
            match &word[..] {
                b"-" | b"-l" | b"--login" => login = true,
                b"-c" | b"--command" => command = words.next().cloned(),
                b"-lc" | b"-cl" => (login, command) = (true, words.next().cloned()),
                b"-s" | b"--shell" => shell = words.next().cloned(),
                b"-g" | b"-G" | b"-w" => drop(words.next()),
                option if option.starts_with(b"--command=") => {
                    command = Some(option[b"--command=".len()..].to_vec());
                }
                option if option.starts_with(b"-") && user.is_none() => {}
                name if user.is_none() => user = Some(name.to_vec()),
                _ => more.push(word.clone()),
            }
        }
        let user = user.unwrap_or_else(|| b"root".to_vec());
        let Some(account) = process.account_named(&user) else {
            let shown = String::from_utf8_lossy(&user).into_owned();
            process.error(&if arguments.gnu {
                format!(
                    "su: user {shown} does not exist or the user entry does not contain all the required fields"
                )
            } else {
                format!("su: unknown user {shown}")
            })?;
            return Ok(1);
        };
        if process.uid != 0 {
            let typed = process.password("Password: ", true).await?.unwrap_or_default();
            if !process.password_fits(&user, &typed) {
                process.error(if arguments.gnu {
                    "su: Authentication failure"
                } else {
                    "su: incorrect password"
                })?;
                return Ok(1);
            }
        }
        let mut inner = process.becoming(&account, login, None)?;
        let shell = shell.unwrap_or_else(|| account.shell.clone().into_bytes());
        let shell = if shell.is_empty() { b"/bin/sh".to_vec() } else { shell };
        let known = super::is_shell(crate::eval::base_name(&shell));
        let result = match command {
            Some(text) if known => {
                let name = Bytes::copy_from_slice(crate::eval::base_name(&shell));
                let kind = inner.kind_named(&shell);
                let parameters = more.into_iter().map(Bytes::from).collect();
                inner.run_script(&text, name, parameters, (kind, Source::Text)).await
            }
            _ => inner.program(std::iter::once(shell).chain(more).collect()).await,
        };
        inner.ended(result).await
    })
}

/// `login`: it asks who it is, and becomes him.
fn login(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        const TRIES: u32 = 5;
        if process.uid != 0 {
            process.error("login: Cannot possibly work without effective root")?;
            return Ok(1);
        }
        let mut named = arguments.rest().iter().find(|w| !w.starts_with(b"-")).cloned();
        let free = arguments.rest().iter().any(|w| w == b"-f");
        for _ in 0..TRIES {
            let user = if let Some(user) = named.take() {
                user
            } else {
                let prompt = format!("{} login: ", process.fs().hostname());
                process.print(prompt)?;
                let typed = process.read(0, limits::NAME_BYTES, true).await?;
                let Some(typed) = typed.filter(|t| !t.is_empty()) else { return Ok(1) };
                typed.trim_ascii().to_vec()
            };
            let typed = if free { None } else { process.password("Password: ", true).await? };
            let account = process.account_named(&user);
            match account {
                Some(account)
                    if free || process.password_fits(&user, &typed.unwrap_or_default()) =>
                {
                    let mut inner = process.becoming(&account, true, None)?;
                    let result = inner.program(vec![account.shell.into_bytes()]).await;
                    return inner.ended(result).await;
                }
                _ => {
                    process.session.sleep(ukai_model::Duration::from_secs(3)).await?;
                    process.print("\nLogin incorrect\n")?;
                }
            }
        }
        Ok(1)
    })
}

/// What `sudo` is asked.
#[derive(Default)]
struct Asked {
    user: Option<String>,
    from_input: bool,
    never_asks: bool,
    login: bool,
    shell: bool,
    lists: bool,
    validates: bool,
    forgets: bool,
    words: Vec<Vec<u8>>,
    /// `NAME=value` for the command.
    variables: Vec<Vec<u8>>,
}

impl Asked {
    fn read(arguments: &Arguments) -> Self {
        let mut asked = Self::default();
        let mut words = arguments.rest().iter();
        while let Some(word) = words.next() {
            let text = String::from_utf8_lossy(word).into_owned();
            if text == "--" {
                asked.words.extend(words.cloned());
                break;
            }
            let Some(letters) = text.strip_prefix('-').filter(|l| !l.is_empty()) else {
                let assigns = text.split_once('=').is_some_and(|(name, _)| {
                    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                });
                if assigns {
                    asked.variables.push(word.clone());
                    continue;
                }
                asked.words.push(word.clone());
                asked.words.extend(words.cloned());
                break;
            };
            match letters {
                "-user" => asked.user = words.next().map(|w| String::from_utf8_lossy(w).into()),
                "-login" => asked.login = true,
                "-shell" => asked.shell = true,
                "-list" => asked.lists = true,
                "-stdin" => asked.from_input = true,
                "-non-interactive" => asked.never_asks = true,
                long if long.starts_with('-') => {
                    if let Some(user) = long.strip_prefix("-user=") {
                        asked.user = Some(user.to_owned());
                    }
                }
                letters => asked.letters(letters, &mut words),
            }
        }
        asked
    }

    fn letters<'a>(&mut self, letters: &str, words: &mut impl Iterator<Item = &'a Vec<u8>>) {
        for (at, letter) in letters.char_indices() {
            match letter {
                'S' => self.from_input = true,
                'n' => self.never_asks = true,
                'i' => self.login = true,
                's' => self.shell = true,
                'l' => self.lists = true,
                'v' => self.validates = true,
                'k' | 'K' => self.forgets = true,
                'u' | 'g' | 'h' | 'p' | 'C' | 'r' | 't' | 'T' | 'U' | 'R' | 'D' => {
                    let rest = &letters[at + 1..];
                    let value = if rest.is_empty() {
                        words.next().map(|w| String::from_utf8_lossy(w).into_owned())
                    } else {
                        Some(rest.to_owned())
                    };
                    if letter == 'u' {
                        self.user = value;
                    }
                    return;
                }
                _ => {}
            }
        }
    }
}

/// What `/etc/sudoers` lets a user do.
enum Rights {
    None,
    WithPassword(String),
    Freely(String),
}

/// Reads the rules that let a user do all, from `/etc/sudoers` and the files beside it.
fn rights(process: &Process, name: &str, gid: u32) -> Rights {
    let view = crate::fs::View { uid: 0, gid: 0, ..process.view() };
    let mut texts = vec![process.fs().read(&view, b"/etc/sudoers").unwrap_or_default()];
    for file in process.fs().list(&view, b"/etc/sudoers.d").unwrap_or_default() {
        let path = [b"/etc/sudoers.d/", &file[..]].concat();
        texts.push(process.fs().read(&view, &path).unwrap_or_default());
    }
    let groups = process.groups_of(name, gid);
    let mut found = Rights::None;
    for text in &texts {
        for line in String::from_utf8_lossy(text).lines() {
            let line = line.trim();
            let Some((who, rule)) = line.split_once(char::is_whitespace) else { continue };
            let Some((_, rule)) = rule.split_once('=').filter(|_| !line.starts_with(['#', '@']))
            else {
                continue;
            };
            let fits = match who.strip_prefix('%') {
                Some(group) => groups.iter().any(|(_, g)| g.as_deref() == Some(group)),
                None => who == name || who == "ALL",
            };
            if !fits || who == "Defaults" {
                continue;
            }
            let rule = rule.trim();
            // The last that fits counts (sudoers(5)).
            found = if rule.contains("NOPASSWD:") {
                Rights::Freely(rule.to_owned())
            } else {
                Rights::WithPassword(rule.to_owned())
            };
        }
    }
    found
}

fn sudo(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let asked = Asked::read(&arguments);
        let has_work =
            !asked.words.is_empty() || asked.login || asked.shell || asked.lists || asked.validates;
        if asked.forgets && !has_work {
            process.session.seat.forget_password();
            return Ok(0);
        }
        if !has_work {
            if let Some(usage) = super::answers::answer("sudo", "") {
                process.error_bytes(usage.errors.as_bytes())?;
            }
            return Ok(1);
        }
        let accounts = process.accounts();
        let (uid, gid) = (process.uid, process.gid);
        let own =
            accounts.iter().find(|a| a.uid == uid).map_or(uid.to_string(), |a| a.name.clone());
        let target = asked.user.clone().unwrap_or_else(|| "root".to_owned());
        let Some(account) = accounts.iter().find(|a| a.name == target).cloned() else {
            process.error(&format!(
                "sudo: unknown user {target}\nsudo: error initializing audit plugin sudoers_audit"
            ))?;
            return Ok(1);
        };
        let rights = if uid == 0 {
            Rights::Freely("(ALL : ALL) ALL".into())
        } else {
            rights(process, &own, gid)
        };
        let free = matches!(rights, Rights::Freely(_)) || process.session.seat.password_known();
        if !free && !ask(process, &asked, &own).await? {
            return Ok(1);
        }
        let rule = match rights {
            Rights::None if asked.lists => {
                let host = process.fs().hostname();
                process.error(&format!("Sorry, user {own} may not run sudo on {host}."))?;
                return Ok(1);
            }
            Rights::None => {
                process.error(&format!(
                    "{own} is not in the sudoers file.\nThis incident has been reported to the administrator."
                ))?;
                return Ok(1);
            }
            Rights::WithPassword(rule) | Rights::Freely(rule) => rule,
        };
        if asked.lists && asked.words.is_empty() {
            let terminal = process.fds.at(1).is_some_and(|open| open.is_terminal());
            let text = listing(&own, &process.fs().hostname(), &rule, terminal);
            process.print(text)?;
            return Ok(0);
        }
        if asked.validates {
            return Ok(0);
        }
        run(process, asked, &account, &own).await
    })
}

/// Asks for the user's own password; whether it was right.
async fn ask(process: &mut Process, asked: &Asked, own: &str) -> Result<bool, Stop> {
    const TRIES: u32 = 3;
    if asked.never_asks {
        process.error("sudo: a password is required")?;
        return Ok(false);
    }
    if !asked.from_input && !process.session.seat.terminal {
        process.error("sudo: a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper\nsudo: a password is required")?;
        return Ok(false);
    }
    let prompt = format!("[sudo] password for {own}: ");
    for tried in 1..=TRIES {
        let Some(typed) = process.password(&prompt, !asked.from_input).await? else {
            let count = tried.max(2) - 1;
            let plural = if count > 1 { "s" } else { "" };
            process.error(&format!(
                "\nsudo: no password was provided\nsudo: {count} incorrect password attempt{plural}"
            ))?;
            return Ok(false);
        };
        if process.password_fits(own.as_bytes(), &typed) {
            process.session.seat.remember_password();
            return Ok(true);
        }
        if tried < TRIES {
            process.error("Sorry, try again.")?;
        }
    }
    process.error(&format!("sudo: {TRIES} incorrect password attempts"))?;
    Ok(false)
}

/// `sudo -l`
fn listing(user: &str, host: &str, rule: &str, terminal: bool) -> String {
    let rule = rule.replace("(ALL:ALL)", "(ALL : ALL)").replace("NOPASSWD:ALL", "NOPASSWD: ALL");
    // Lines are only broken for a terminal.
    let next = if terminal { "\n    " } else { " " };
    format!(
        "Matching Defaults entries for {user} on {host}:\n    env_reset, mail_badpass,{next}secure_path=/usr/local/sbin\\:/usr/local/bin\\:/usr/sbin\\:/usr/bin\\:/sbin\\:/bin,{next}use_pty\n\nUser {user} may run the following commands on {host}:\n    {rule}\n"
    )
}

fn export(process: &mut Process, name: &[u8]) {
    if let Some(variable) = process.variables_mut().get_mut(name) {
        variable.exported = true;
    }
}

async fn run(
    process: &mut Process,
    asked: Asked,
    account: &Account,
    own: &str,
) -> Result<i32, Stop> {
    const SECURE_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let (uid, gid) = (process.uid, process.gid);
    let mut inner = process.becoming(account, asked.login, Some(SECURE_PATH))?;
    let shell = account.shell.clone().into_bytes();
    let words = match (asked.words.is_empty(), asked.login || asked.shell) {
        (true, _) => vec![shell],
        // The shell gets the words as one line.
        (_, true) => vec![shell, b"-c".to_vec(), asked.words.join(&b' ')],
        _ => asked.words,
    };
    let command = String::from_utf8_lossy(&words.join(&b' ')).into_owned();
    for (name, value) in [
        ("SUDO_COMMAND", command),
        ("SUDO_USER", own.to_owned()),
        ("SUDO_UID", uid.to_string()),
        ("SUDO_GID", gid.to_string()),
    ] {
        inner.assign(name.as_bytes(), value.into_bytes())?;
        export(&mut inner, name.as_bytes());
    }
    for variable in &asked.variables {
        if let Some(at) = variable.iter().position(|b| *b == b'=') {
            inner.assign(&variable[..at], variable[at + 1..].to_vec())?;
            export(&mut inner, &variable[..at]);
        }
    }
    let there = inner.find_program(&words[0]).is_some_and(|path| {
        let view = inner.view();
        inner.fs().stat(&view, &path, true).is_ok()
    });
    if !there {
        let shown = String::from_utf8_lossy(&words[0]).into_owned();
        process.error(&format!("sudo: {shown}: command not found"))?;
        return Ok(1);
    }
    let result = inner.program(words).await;
    inner.ended(result).await
}
