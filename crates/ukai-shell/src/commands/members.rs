//! `useradd`, `usermod`, `userdel`, `groupadd`, `groupdel`, `gpasswd`, `chage` of shadow
//! 4.13, Debian's `adduser` and `deluser` 3.134, and BusyBox's `adduser`.

use super::accounts::{known, secret, set_password};
use super::tables::{Account, Table};
use super::{Arguments, Command, Options, Outcome};
use crate::process::Process;
use crate::system::{Fut, Stop};

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("useradd", useradd),
    Command::waiting("adduser", adduser),
    Command::at_once("usermod", usermod),
    Command::at_once("userdel", userdel),
    Command::at_once("deluser", deluser),
    Command::at_once("groupadd", groupadd),
    Command::at_once("addgroup", groupadd),
    Command::at_once("groupdel", groupdel),
    Command::at_once("delgroup", groupdel),
    Command::at_once("gpasswd", gpasswd),
    Command::at_once("chage", chage),
];

/// Numbers of people's accounts (`UID_MIN` of login.defs).
const UID_MIN: u32 = 1_000;

/// The last of them.
const UID_MAX: u32 = 60_000;

/// Exit statuses of shadow's programs (useradd(8), EXIT VALUES).
mod status {
    pub(super) const NOT_UPDATED: i32 = 1;
    pub(super) const BAD_ARGUMENT: i32 = 3;
    pub(super) const ID_IN_USE: i32 = 4;
    pub(super) const NO_SUCH: i32 = 6;
    pub(super) const NAME_IN_USE: i32 = 9;
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What one of the options says.
fn value(options: &Options, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| options.value(name)).map(text)
}

fn has(options: &Options, names: &[&str]) -> bool {
    names.iter().any(|name| options.has(name))
}

/// Days since 1970, as `/etc/shadow` counts.
fn today(process: &Process) -> u64 {
    process.session.host.clock(process.session.now()).secs() / 86_400
}

/// Only root may change the tables.
fn refused(process: &mut Process, name: &str) -> Result<bool, Stop> {
    if process.uid == 0 {
        return Ok(false);
    }
    process.error(&format!(
        "{name}: Permission denied.\n{name}: cannot lock /etc/{}; try again later.",
        if name.starts_with("group") { "group" } else { "passwd" }
    ))?;
    Ok(true)
}

/// The next free number above those in use.
fn next_number(used: impl Iterator<Item = u32>, system: bool) -> u32 {
    if system {
        let used: Vec<u32> = used.collect();
        return (100..UID_MIN).rev().find(|n| !used.contains(n)).unwrap_or(999);
    }
    used.filter(|n| (UID_MIN..UID_MAX).contains(n)).max().map_or(UID_MIN, |n| n + 1)
}

/// Whether shadow takes a name (lib/chkname.c of Debian).
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 32
        && !name.starts_with(['-', '+', '~'])
        && !name.contains([':', ',', ' ', '\t', '\n'])
        && name.bytes().all(|b| b.is_ascii_graphic())
}

/// The number of a group told by name or number.
fn group_number(process: &Process, group: &str) -> Option<u32> {
    let groups = process.groups();
    let found = groups.iter().find(|g| g.name == group || group.parse() == Ok(g.gid));
    found.map(|g| g.gid)
}

/// An account that is to be.
struct New {
    account: Account,
    gecos: String,
    hash: String,
    groups: Vec<String>,
    own_group: bool,
}

/// Writes a new account into all tables; the error's text if the disk cannot be written.
fn create(process: &Process, new: &New) -> Result<(), crate::fs::FsError> {
    const SUB_IDS: u64 = 65_536;
    let a = &new.account;
    let day = today(process).to_string();
    let line = |fields: &[&str]| fields.iter().map(|f| (*f).to_owned()).collect::<Vec<_>>();
    let (uid, gid) = (a.uid.to_string(), a.gid.to_string());
    process.edit_table("/etc/passwd", |t| {
        t.push(line(&[&a.name, "x", &uid, &gid, &new.gecos, &a.home, &a.shell]));
    })?;
    process.edit_table("/etc/shadow", |t| {
        t.push(line(&[&a.name, &new.hash, &day, "0", "99999", "7", "", "", ""]));
    })?;
    if new.own_group {
        process.edit_table("/etc/group", |t| t.push(line(&[&a.name, "x", &gid, ""])))?;
        process.edit_table("/etc/gshadow", |t| t.push(line(&[&a.name, "!", "", ""])))?;
    }
    for group in &new.groups {
        join(process, &a.name, group)?;
    }
    if (UID_MIN..UID_MAX).contains(&a.uid) {
        for table in ["/etc/subuid", "/etc/subgid"] {
            process.edit_table(table, |t| {
                let end = |l: &Vec<String>| {
                    Some(l.get(1)?.parse::<u64>().ok()? + l.get(2)?.parse::<u64>().ok()?)
                };
                let first = t.iter().filter_map(end).max().unwrap_or(100_000).max(100_000);
                t.push(line(&[&a.name, &first.to_string(), &SUB_IDS.to_string()]));
            })?;
        }
    }
    Ok(())
}

/// Puts a user into a group.
fn join(process: &Process, user: &str, group: &str) -> Result<(), crate::fs::FsError> {
    for (table, members) in [("/etc/group", 3), ("/etc/gshadow", 3)] {
        process.edit_table(table, |t| {
            for line in t.iter_mut().filter(|l| l.first().is_some_and(|n| n == group)) {
                let Some(list) = line.get_mut(members) else { continue };
                if !list.split(',').any(|m| m == user) {
                    if !list.is_empty() {
                        list.push(',');
                    }
                    list.push_str(user);
                }
            }
        })?;
    }
    Ok(())
}

/// Takes a user out of those groups for which `leaves` says so.
fn leave(
    process: &Process,
    user: &str,
    leaves: impl Fn(&str) -> bool,
) -> Result<(), crate::fs::FsError> {
    for table in ["/etc/group", "/etc/gshadow"] {
        process.edit_table(table, |t| {
            for line in t.iter_mut() {
                if line.first().is_some_and(|name| leaves(name))
                    && let Some(list) = line.get_mut(3)
                {
                    let kept: Vec<&str> = list.split(',').filter(|m| *m != user).collect();
                    *list = kept.join(",");
                }
            }
        })?;
    }
    Ok(())
}

/// Makes a home directory with the files of `/etc/skel`.
fn make_home(process: &Process, account: &Account) {
    let view = process.view();
    let fs = process.fs();
    let home = account.home.as_bytes();
    // A home that is there, or whose place is not, stays as it is.
    if fs.mkdir(&view, home, 0o700).is_err() {
        return;
    }
    let owner = crate::fs::Attributes {
        owner: Some(account.uid),
        group: Some(account.gid),
        ..crate::fs::Attributes::default()
    };
    for name in fs.list(&view, b"/etc/skel").unwrap_or_default() {
        let from = [b"/etc/skel/", &name[..]].concat();
        let to = [home, b"/", &name[..]].concat();
        let _ = fs.copy(&view, &from, &to, 0o644);
        let _ = fs.set_attributes(&view, &to, &owner);
    }
    let _ = fs.set_attributes(&view, home, &owner);
}

fn useradd(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(
        arguments,
        "b:c:d:De:f:g:G:k:K:lmMNop:rR:P:s:u:UZ:",
        &[
            "badname",
            "base-dir:",
            "comment:",
            "home-dir:",
            "defaults",
            "expiredate:",
            "inactive:",
            "gid:",
            "groups:",
            "skel:",
            "key:",
            "no-log-init",
            "create-home",
            "no-create-home",
            "no-user-group",
            "non-unique",
            "password:",
            "system",
            "root:",
            "prefix:",
            "shell:",
            "uid:",
            "user-group",
        ],
    );
    let Some(name) = options.operands.first().map(|n| text(n)) else {
        return Ok(2);
    };
    if !is_name(&name) && !options.has("badname") {
        process.error(&format!("useradd: invalid user name '{name}': use --badname to ignore"))?;
        return Ok(status::BAD_ARGUMENT);
    }
    if refused(process, "useradd")? {
        return Ok(status::NOT_UPDATED);
    }
    let accounts = process.accounts();
    if accounts.iter().any(|a| a.name == name) {
        process.error(&format!("useradd: user '{name}' already exists"))?;
        return Ok(status::NAME_IN_USE);
    }
    let system = has(&options, &["r", "system"]);
    let asked = value(&options, &["u", "uid"]);
    let uid = match asked.as_deref().map(str::parse::<u32>) {
        None => next_number(accounts.iter().map(|a| a.uid), system),
        Some(Ok(uid)) => uid,
        Some(Err(_)) => {
            process.error(&format!("useradd: invalid user ID '{}'", asked.unwrap_or_default()))?;
            return Ok(status::BAD_ARGUMENT);
        }
    };
    if accounts.iter().any(|a| a.uid == uid) && !has(&options, &["o", "non-unique"]) {
        process.error(&format!("useradd: UID {uid} is not unique"))?;
        return Ok(status::ID_IN_USE);
    }
    let given = value(&options, &["g", "gid"]);
    let gid = if let Some(group) = &given {
        let Some(gid) = group_number(process, group) else {
            process.error(&format!("useradd: group '{group}' does not exist"))?;
            return Ok(status::NO_SUCH);
        };
        gid
    } else {
        let groups = process.groups();
        if groups.iter().any(|g| g.name == name) {
            process.error(&format!(
                "useradd: group {name} exists - if you want to add this user to that group, use -g."
            ))?;
            return Ok(status::NAME_IN_USE);
        }
        let free = !groups.iter().any(|g| g.gid == uid);
        if free { uid } else { next_number(groups.iter().map(|g| g.gid), system) }
    };
    let more = value(&options, &["G", "groups"]).unwrap_or_default();
    let more: Vec<String> = more.split(',').filter(|g| !g.is_empty()).map(str::to_owned).collect();
    if let Some(unknown) = more.iter().find(|g| group_number(process, g).is_none()) {
        process.error(&format!("useradd: group '{unknown}' does not exist"))?;
        return Ok(status::NO_SUCH);
    }
    let shell = value(&options, &["s", "shell"]).unwrap_or_else(|| "/bin/sh".to_owned());
    let home = value(&options, &["d", "home-dir"]).unwrap_or_else(|| format!("/home/{name}"));
    let view = process.view();
    let there = process.fs().stat(&view, shell.as_bytes(), true).is_ok();
    if !there && !shell.is_empty() {
        process.error(&format!("useradd: Warning: missing or non-executable shell '{shell}'"))?;
    }
    if uid < UID_MIN && !system && asked.is_some() {
        process.error(&format!(
            "useradd warning: {name}'s uid {uid} outside of the UID_MIN {UID_MIN} and UID_MAX {UID_MAX} range."
        ))?;
    }
    let new = New {
        account: Account { name, uid, gid, home, shell },
        gecos: value(&options, &["c", "comment"]).unwrap_or_default(),
        hash: value(&options, &["p", "password"]).unwrap_or_else(|| "!".to_owned()),
        groups: more,
        own_group: given.is_none(),
    };
    if create(process, &new).is_err() {
        process.error("useradd: cannot open /etc/passwd")?;
        return Ok(status::NOT_UPDATED);
    }
    if has(&options, &["m", "create-home"]) {
        if process.fs().stat(&view, new.account.home.as_bytes(), true).is_ok() {
            process.error(&format!(
                "useradd: warning: the home directory {} already exists.\nuseradd: Not copying any file from skel directory into it.",
                new.account.home
            ))?;
        }
        make_home(process, &new.account);
    }
    Ok(0)
}

fn adduser(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let options = Options::read(
            &arguments,
            "DHSh:g:s:G:u:k:q",
            &[
                "disabled-password",
                "disabled-login",
                "gecos:",
                "shell:",
                "home:",
                "uid:",
                "gid:",
                "no-create-home",
                "system",
                "group",
                "ingroup:",
                "force-badname",
                "allow-bad-names",
                "quiet",
                "comment:",
            ],
        );
        let Some(name) = options.operands.first().map(|n| text(n)) else {
            let text = if arguments.gnu {
                "adduser: Only one or two names allowed."
            } else {
                "adduser: no user given"
            };
            process.error(text)?;
            return Ok(1);
        };
        if process.uid != 0 {
            process.error(if arguments.gnu {
                "adduser: Only root may add a user or group to the system."
            } else {
                "adduser: permission denied (are you root?)"
            })?;
            return Ok(1);
        }
        if let (true, Some(group)) = (arguments.gnu, options.operands.get(1).map(|g| text(g))) {
            return add_to_group(process, &name, &group);
        }
        if known(process, name.as_bytes()) {
            process.error(&if arguments.gnu {
                format!("adduser: The user `{name}' already exists.")
            } else {
                format!("adduser: user '{name}' in use")
            })?;
            return Ok(1);
        }
        let accounts = process.accounts();
        let system = has(&options, &["S", "system"]);
        let uid = options
            .number("u")
            .or_else(|| value(&options, &["uid"])?.parse().ok())
            .and_then(|uid| u32::try_from(uid).ok())
            .unwrap_or_else(|| {
                let mut used = accounts.iter().map(|a| a.uid);
                if system {
                    return next_number(used, true);
                }
                // The first that is free, where `useradd` takes the one after the last.
                let used: Vec<u32> = used.by_ref().collect();
                (UID_MIN..UID_MAX).find(|uid| !used.contains(uid)).unwrap_or(UID_MAX)
            });
        let debian_shell = if arguments.gnu { "/bin/bash" } else { "/bin/sh" };
        let account = Account {
            name: name.clone(),
            uid,
            gid: uid,
            home: value(&options, &["h", "home"]).unwrap_or_else(|| format!("/home/{name}")),
            shell: value(&options, &["s", "shell"]).unwrap_or_else(|| debian_shell.to_owned()),
        };
        let gecos = value(&options, &["g", "gecos", "comment"]);
        let hash = "!".to_owned();
        let full_name = gecos.clone().unwrap_or_else(|| ",,,".to_owned());
        let new = New { account, gecos: full_name, hash, groups: Vec::new(), own_group: true };
        if let Err(error) = create(process, &new) {
            process.error(&format!("adduser: /etc/passwd: {}", error.text()))?;
            return Ok(1);
        }
        make_home(process, &new.account);
        let no_password = has(&options, &["D", "disabled-password", "disabled-login"]) || system;
        if !arguments.gnu {
            if !no_password {
                process.print(format!("Changing password for {name}\n"))?;
                let password = secret(process, "New password: ").await?;
                secret(process, "Retype password: ").await?;
                set_password(process, name.as_bytes(), &password, false)?;
                process.error(&format!("passwd: password for {name} changed by root"))?;
            }
            return Ok(0);
        }
        let home = &new.account.home;
        process.print(format!(
            "Adding user `{name}' ...\nAdding new group `{name}' ({uid}) ...\nAdding new user `{name}' ({uid}) with group `{name} ({uid})' ...\nCreating home directory `{home}' ...\nCopying files from `/etc/skel' ...\n"
        ))?;
        if !no_password {
            let first = secret(process, "New password: ").await?;
            let again = secret(process, "Retype new password: ").await?;
            if first == again {
                set_password(process, name.as_bytes(), &first, true)?;
                process.error("passwd: password updated successfully")?;
            } else {
                process.error("Sorry, passwords do not match.\npasswd: Authentication token manipulation error\npasswd: password unchanged")?;
            }
        }
        if gecos.is_none() {
            describe(process, &name).await?;
        }
        process.print(format!(
            "Adding new user `{name}' to supplemental / extra groups `users' ...\nAdding user `{name}' to group `users' ...\n"
        ))?;
        let _ = join(process, &name, "users");
        Ok(0)
    })
}

/// `chfn`, which `adduser` starts: it asks who the user is.
async fn describe(process: &mut Process, name: &str) -> Result<(), Stop> {
    process.print(format!(
        "Changing the user information for {name}\nEnter the new value, or press ENTER for the default\n"
    ))?;
    let mut fields = Vec::new();
    for field in ["Full Name", "Room Number", "Work Phone", "Home Phone", "Other"] {
        process.print(format!("\t{field} []: "))?;
        let line = process.read(0, crate::limits::NAME_BYTES, true).await?.unwrap_or_default();
        let line = String::from_utf8_lossy(&line).trim().replace([':', ','], "");
        fields.push(line);
    }
    process.print("Is the information correct? [Y/n] ")?;
    process.read(0, crate::limits::NAME_BYTES, true).await?;
    fields.truncate(4);
    let _ = process.edit_table("/etc/passwd", |t| {
        for line in t.iter_mut().filter(|l| l.first().is_some_and(|n| n == name)) {
            if let Some(gecos) = line.get_mut(4) {
                *gecos = fields.join(",");
            }
        }
    });
    Ok(())
}

/// `adduser USER GROUP`
fn add_to_group(process: &mut Process, user: &str, group: &str) -> Result<i32, Stop> {
    if !known(process, user.as_bytes()) {
        process.error(&format!("adduser: The user `{user}' does not exist."))?;
        return Ok(1);
    }
    if group_number(process, group).is_none() {
        process.error(&format!("adduser: The group `{group}' does not exist."))?;
        return Ok(1);
    }
    process.print(format!("Adding user `{user}' to group `{group}' ...\n"))?;
    let _ = join(process, user, group);
    process.print("Done.\n")?;
    Ok(0)
}

fn usermod(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(
        arguments,
        "ac:d:e:f:g:G:l:Lmop:rR:P:s:u:UbV:v:W:w:Z:",
        &[
            "append",
            "badname",
            "comment:",
            "home:",
            "expiredate:",
            "inactive:",
            "gid:",
            "groups:",
            "login:",
            "lock",
            "move-home",
            "non-unique",
            "password:",
            "remove",
            "root:",
            "prefix:",
            "shell:",
            "uid:",
            "unlock",
        ],
    );
    let Some(name) = options.operands.first().map(|n| text(n)) else { return Ok(2) };
    if !known(process, name.as_bytes()) {
        process.error(&format!("usermod: user '{name}' does not exist"))?;
        return Ok(status::NO_SUCH);
    }
    if refused(process, "usermod")? {
        return Ok(status::NOT_UPDATED);
    }
    let groups = value(&options, &["G", "groups"]);
    let listed: Vec<String> = groups
        .iter()
        .flat_map(|g| g.split(','))
        .filter(|g| !g.is_empty())
        .map(str::to_owned)
        .collect();
    let gid = value(&options, &["g", "gid"]);
    for group in listed.iter().chain(&gid) {
        if group_number(process, group).is_none() {
            process.error(&format!("usermod: group '{group}' does not exist"))?;
            return Ok(status::NO_SUCH);
        }
    }
    let uid = value(&options, &["u", "uid"]);
    if let Some(uid) = &uid
        && process.accounts().iter().any(|a| a.uid.to_string() == *uid && a.name != name)
        && !has(&options, &["o", "non-unique"])
    {
        process.error(&format!("usermod: UID '{uid}' already exists"))?;
        return Ok(status::ID_IN_USE);
    }
    let shell = value(&options, &["s", "shell"]);
    if let Some(shell) = &shell
        && process.fs().stat(&process.view(), shell.as_bytes(), true).is_err()
    {
        process.error(&format!("usermod: Warning: missing or non-executable shell '{shell}'"))?;
    }
    let login = value(&options, &["l", "login"]);
    let changes = [
        (0, login.clone()),
        (2, uid),
        (3, gid.and_then(|g| group_number(process, &g)).map(|g| g.to_string())),
        (4, value(&options, &["c", "comment"])),
        (5, value(&options, &["d", "home"])),
        (6, shell),
    ];
    let is = |line: &Vec<String>| line.first().is_some_and(|n| *n == name);
    let edited = process.edit_table("/etc/passwd", |t: &mut Table| {
        for line in t.iter_mut().filter(|l| is(l)) {
            for (field, value) in &changes {
                if let (Some(slot), Some(value)) = (line.get_mut(*field), value) {
                    slot.clone_from(value);
                }
            }
        }
    });
    if let Err(error) = edited {
        process.error(&format!("usermod: /etc/passwd: {}", error.text()))?;
        return Ok(status::NOT_UPDATED);
    }
    let hash = value(&options, &["p", "password"]);
    let _ = process.edit_table("/etc/shadow", |t| {
        for line in t.iter_mut().filter(|l| is(l)) {
            if let (Some(slot), Some(hash)) = (line.get_mut(1), &hash) {
                slot.clone_from(hash);
            }
            if let Some(slot) = line.get_mut(1) {
                if has(&options, &["L", "lock"]) && !slot.starts_with('!') {
                    slot.insert(0, '!');
                }
                if has(&options, &["U", "unlock"]) {
                    *slot = slot.trim_start_matches('!').to_owned();
                }
            }
            if let (Some(slot), Some(login)) = (line.get_mut(0), &login) {
                slot.clone_from(login);
            }
        }
    });
    if groups.is_some() {
        if !has(&options, &["a", "append"]) {
            let _ = leave(process, &name, |group| !listed.iter().any(|g| g == group));
        }
        for group in &listed {
            let _ = join(process, &name, group);
        }
    }
    Ok(0)
}

/// Takes an account out of all tables.
fn remove(process: &Process, name: &str) -> Result<(), crate::fs::FsError> {
    let is = |line: &Vec<String>| line.first().is_some_and(|n| n == name);
    leave(process, name, |_| true)?;
    for table in
        ["/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/subuid", "/etc/subgid"]
    {
        process.edit_table(table, |t| t.retain(|line| !is(line)))?;
    }
    Ok(())
}

fn userdel(process: &mut Process, arguments: &Arguments) -> Outcome {
    const IN_USE: i32 = 8;
    let options = Options::read(
        arguments,
        "frR:P:Z",
        &["force", "remove", "root:", "prefix:", "selinux-user"],
    );
    let Some(name) = options.operands.first().map(|n| text(n)) else { return Ok(2) };
    let Some(account) = process.account_named(name.as_bytes()) else {
        process.error(&format!("userdel: user '{name}' does not exist"))?;
        return Ok(status::NO_SUCH);
    };
    if refused(process, "userdel")? {
        return Ok(status::NOT_UPDATED);
    }
    let processes = process.fs().processes(&process.view());
    let users = process.accounts();
    let busy = processes
        .iter()
        .find(|p| p.user == name || users.iter().any(|u| u.name == p.user && u.uid == account.uid));
    if let Some(busy) = busy.filter(|_| !has(&options, &["f", "force"])) {
        process
            .error(&format!("userdel: user {name} is currently used by process {}", busy.pid))?;
        return Ok(IN_USE);
    }
    if let Err(error) = remove(process, &name) {
        process.error(&format!("userdel: /etc/passwd: {}", error.text()))?;
        return Ok(status::NOT_UPDATED);
    }
    if has(&options, &["r", "remove"]) {
        process.error(&format!("userdel: {name} mail spool (/var/mail/{name}) not found"))?;
        remove_tree(process, account.home.into_bytes())?;
    }
    Ok(0)
}

/// Removes a home directory.
fn remove_tree(process: &mut Process, root: Vec<u8>) -> Result<(), Stop> {
    let view = process.view();
    let mut open = vec![(root, false)];
    while let Some((path, emptied)) = open.pop() {
        process.session.step(1)?;
        let is_dir = process.fs().stat(&view, &path, false).is_ok_and(|s| s.is_dir());
        if !is_dir {
            process.capture_before_loss(&path);
            let _ = process.fs().unlink(&view, &path);
        } else if emptied {
            let _ = process.fs().rmdir(&view, &path);
        } else {
            let names = process.fs().list(&view, &path).unwrap_or_default();
            open.push((path.clone(), true));
            open.extend(names.iter().map(|name| ([&path[..], b"/", name].concat(), false)));
        }
    }
    Ok(())
}

fn deluser(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(
        arguments,
        "rf",
        &["remove-home", "remove-all-files", "backup", "system", "quiet", "group"],
    );
    let Some(name) = options.operands.first().map(|n| text(n)) else { return Ok(1) };
    if process.uid != 0 {
        process.error(if arguments.gnu {
            "deluser: Only root may remove a user or group from the system."
        } else {
            "deluser: permission denied (are you root?)"
        })?;
        return Ok(1);
    }
    if let (true, Some(group)) = (arguments.gnu, options.operands.get(1).map(|g| text(g))) {
        process.print(format!("Removing user `{name}' from group `{group}' ...\n"))?;
        let _ = leave(process, &name, |g| g == group);
        process.print("Done.\n")?;
        return Ok(0);
    }
    let Some(account) = process.account_named(name.as_bytes()) else {
        process.error(&if arguments.gnu {
            format!("deluser: The user `{name}' does not exist.")
        } else {
            format!("deluser: unknown user {name}")
        })?;
        return Ok(if arguments.gnu { 2 } else { 1 });
    };
    if arguments.gnu && has(&options, &["remove-home"]) {
        process.print("Looking for files to backup/remove ...\nRemoving files ...\n")?;
        remove_tree(process, account.home.into_bytes())?;
    }
    if arguments.gnu {
        process.print(format!("Removing crontab ...\nRemoving user `{name}' ...\n"))?;
    }
    if let Err(error) = remove(process, &name) {
        process.error(&format!("deluser: /etc/passwd: {}", error.text()))?;
        return Ok(1);
    }
    if arguments.gnu {
        process.print("Done.\n")?;
    }
    Ok(0)
}

fn groupadd(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(
        arguments,
        "fg:K:oprSR:P:U:",
        &["force", "gid:", "key:", "non-unique", "password:", "system", "root:", "users:"],
    );
    let command = arguments.name().into_owned();
    let Some(name) = options.operands.first().map(|n| text(n)) else { return Ok(2) };
    if refused(process, &command)? {
        return Ok(10);
    }
    let groups = process.groups();
    if groups.iter().any(|g| g.name == name) {
        if has(&options, &["f", "force"]) {
            return Ok(0);
        }
        process.error(&if arguments.gnu && command == "addgroup" {
            format!("addgroup: The group `{name}' already exists.")
        } else if arguments.gnu {
            format!("{command}: group '{name}' already exists")
        } else {
            format!("{command}: group '{name}' in use")
        })?;
        return Ok(if command == "groupadd" { status::NAME_IN_USE } else { 1 });
    }
    let asked = value(&options, &["g", "gid"]).and_then(|g| g.parse::<u32>().ok());
    let system = has(&options, &["r", "S", "system"]);
    let gid = asked.unwrap_or_else(|| next_number(groups.iter().map(|g| g.gid), system));
    if groups.iter().any(|g| g.gid == gid) && !has(&options, &["o", "non-unique"]) {
        process.error(&format!("{command}: GID '{gid}' already exists"))?;
        return Ok(status::ID_IN_USE);
    }
    let line = vec![name.clone(), "x".to_owned(), gid.to_string(), String::new()];
    if let Err(error) = process.edit_table("/etc/group", |t| t.push(line)) {
        process.error(&format!("{command}: /etc/group: {}", error.text()))?;
        return Ok(10);
    }
    let line = vec![name.clone(), "!".to_owned(), String::new(), String::new()];
    let _ = process.edit_table("/etc/gshadow", |t| t.push(line));
    if arguments.gnu && command == "addgroup" {
        process.print(format!("Adding group `{name}' (GID {gid}) ...\nDone.\n"))?;
    }
    Ok(0)
}

fn groupdel(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "fR:P:", &["force", "root:", "prefix:"]);
    let command = arguments.name().into_owned();
    let Some(name) = options.operands.first().map(|n| text(n)) else { return Ok(2) };
    let groups = process.groups();
    let Some(group) = groups.iter().find(|g| g.name == name) else {
        process.error(&if command == "delgroup" && arguments.gnu {
            format!("delgroup: The group `{name}' does not exist.")
        } else {
            format!("{command}: group '{name}' does not exist")
        })?;
        return Ok(if command == "delgroup" { 3 } else { status::NO_SUCH });
    };
    if refused(process, &command)? {
        return Ok(10);
    }
    if let Some(user) = process.accounts().iter().find(|a| a.gid == group.gid) {
        let user = user.name.clone();
        process.error(&format!("{command}: cannot remove the primary group of user '{user}'"))?;
        return Ok(8);
    }
    for table in ["/etc/group", "/etc/gshadow"] {
        let _ = process.edit_table(table, |t| t.retain(|l| l.first().is_none_or(|n| *n != name)));
    }
    Ok(0)
}

fn gpasswd(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(
        arguments,
        "a:d:rRM:A:Q:",
        &["add:", "delete:", "remove-password", "restrict", "members:", "administrators:"],
    );
    let Some(group) = options.operands.first().map(|n| text(n)) else { return Ok(2) };
    if group_number(process, &group).is_none() {
        process.error(&format!("gpasswd: group '{group}' does not exist in /etc/group"))?;
        return Ok(3);
    }
    if process.uid != 0 {
        process.error("gpasswd: Permission denied.")?;
        return Ok(1);
    }
    let (add, delete) = (value(&options, &["a", "add"]), value(&options, &["d", "delete"]));
    for user in add.iter().chain(&delete) {
        if !known(process, user.as_bytes()) {
            process.error(&format!("gpasswd: user '{user}' does not exist"))?;
            return Ok(3);
        }
    }
    if let Some(user) = add {
        process.print(format!("Adding user {user} to group {group}\n"))?;
        let _ = join(process, &user, &group);
    }
    if let Some(user) = delete {
        let member = process.groups().iter().any(|g| g.name == group && g.members.contains(&user));
        process.print(format!("Removing user {user} from group {group}\n"))?;
        if !member {
            process.error(&format!("gpasswd: user '{user}' is not a member of '{group}'"))?;
            return Ok(3);
        }
        let _ = leave(process, &user, |g| g == group);
    }
    Ok(0)
}

fn chage(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(
        arguments,
        "d:E:iI:lm:M:R:W:",
        &["list", "lastday:", "expiredate:", "inactive:", "mindays:", "maxdays:", "warndays:"],
    );
    let Some(name) = options.operands.first().map(|n| text(n)) else { return Ok(2) };
    let shadow = process.table("/etc/shadow");
    let Some(line) = shadow.iter().find(|l| l.first().is_some_and(|n| *n == name)) else {
        process.error(&format!("chage: user '{name}' does not exist in /etc/passwd"))?;
        return Ok(1);
    };
    if !has(&options, &["l", "list"]) {
        let changes = [
            (2, value(&options, &["d", "lastday"])),
            (3, value(&options, &["m", "mindays"])),
            (4, value(&options, &["M", "maxdays"])),
            (5, value(&options, &["W", "warndays"])),
        ];
        let _ = process.edit_table("/etc/shadow", |t| {
            for line in t.iter_mut().filter(|l| l.first().is_some_and(|n| *n == name)) {
                for (field, value) in &changes {
                    if let (Some(slot), Some(value)) = (line.get_mut(*field), value)
                        && value.bytes().all(|b| b.is_ascii_digit())
                    {
                        slot.clone_from(value);
                    }
                }
            }
        });
        return Ok(0);
    }
    let field = |index: usize, otherwise: &str| {
        let value = line.get(index).filter(|v| !v.is_empty());
        value.map_or_else(|| otherwise.to_owned(), Clone::clone)
    };
    let day: u64 = field(2, "0").parse().unwrap_or(0);
    let text = format!(
        "Last password change\t\t\t\t\t: {}\nPassword expires\t\t\t\t\t: never\nPassword inactive\t\t\t\t\t: never\nAccount expires\t\t\t\t\t\t: never\nMinimum number of days between password change\t\t: {}\nMaximum number of days between password change\t\t: {}\nNumber of days of warning before password expires\t: {}\n",
        super::list::date(day.saturating_mul(86_400), "%b %d, %Y"),
        field(3, "0"),
        field(4, "99999"),
        field(5, "7")
    );
    process.print(text)?;
    Ok(0)
}
