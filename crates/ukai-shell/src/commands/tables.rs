//! The tables of accounts: `/etc/passwd`, `shadow`, `group` and `gshadow`, as the
//! attacker left them.

use crate::fs::{FsError, Origin};
use crate::process::Process;

/// Lines of a table, each split at its colons.
pub(super) type Table = Vec<Vec<String>>;

/// An account of `/etc/passwd`.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) home: String,
    pub(super) shell: String,
}

/// A group of `/etc/group`.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) gid: u32,
    pub(super) members: Vec<String>,
}

impl Process {
    /// A table as it is now; empty if it is not there.
    pub(super) fn table(&self, path: &str) -> Table {
        let view = crate::fs::View { uid: 0, gid: 0, ..self.view() };
        let text = self.fs().read(&view, path.as_bytes()).unwrap_or_default();
        String::from_utf8_lossy(&text)
            .lines()
            .filter(|line| !line.is_empty())
            .map(|line| line.split(':').map(str::to_owned).collect())
            .collect()
    }

    /// Writes a table back; a line of an account is no sample.
    pub(super) fn write_table(&self, path: &str, table: &Table) -> Result<(), FsError> {
        let view = self.view();
        let mode = self.fs().stat(&view, path.as_bytes(), true).map_or(0o600, |s| s.mode);
        let text = table.iter().fold(String::new(), |text, line| text + &line.join(":") + "\n");
        self.fs().store(&view, path.as_bytes(), text.into(), Origin::Host, mode)
    }

    /// Changes a table, if it is there.
    pub(super) fn edit_table(
        &self,
        path: &str,
        edit: impl FnOnce(&mut Table),
    ) -> Result<(), FsError> {
        if self.fs().stat(&self.view(), path.as_bytes(), true).is_err() {
            return Ok(());
        }
        let mut table = self.table(path);
        edit(&mut table);
        self.write_table(path, &table)
    }

    /// The accounts.
    pub(super) fn accounts(&self) -> Vec<Account> {
        let account = |line: &Vec<String>| {
            let [name, _, uid, gid, _, home, shell] = &line[..] else { return None };
            Some(Account {
                name: name.clone(),
                uid: uid.parse().ok()?,
                gid: gid.parse().ok()?,
                home: home.clone(),
                shell: shell.clone(),
            })
        };
        self.table("/etc/passwd").iter().filter_map(account).collect()
    }

    /// The account of that name.
    pub(super) fn account_named(&self, name: &[u8]) -> Option<Account> {
        self.accounts().into_iter().find(|a| a.name.as_bytes() == name)
    }

    /// The groups.
    pub(super) fn groups(&self) -> Vec<Group> {
        let group = |line: &Vec<String>| {
            let [name, _, gid, members] = &line[..] else { return None };
            Some(Group {
                name: name.clone(),
                gid: gid.parse().ok()?,
                members: members.split(',').filter(|m| !m.is_empty()).map(str::to_owned).collect(),
            })
        };
        self.table("/etc/group").iter().filter_map(group).collect()
    }

    /// Groups of an account: its own first, then the others by number.
    pub(super) fn groups_of(&self, name: &str, gid: u32) -> Vec<(u32, Option<String>)> {
        let groups = self.groups();
        let named = |gid: u32| groups.iter().find(|g| g.gid == gid).map(|g| g.name.clone());
        let mut more: Vec<u32> = groups
            .iter()
            .filter(|g| g.gid != gid && g.members.iter().any(|m| m == name))
            .map(|g| g.gid)
            .collect();
        more.sort_unstable();
        std::iter::once(gid).chain(more).map(|gid| (gid, named(gid))).collect()
    }
}
