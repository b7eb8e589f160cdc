//! What the shell itself provides: commands that change it or know it.

mod complete;
mod control;
mod declare;
mod directory;
mod folders;
mod help;
mod history;
mod jobs;
mod lookup;
mod mapfile;
mod read;
mod shopt;
mod variables;

pub(crate) use directory::logical;

use crate::commands::Command;
use crate::syntax::ShellKind;

/// What ash does not have of bash's builtins.
const BASH_ONLY: [&str; 20] = [
    "declare",
    "typeset",
    "shopt",
    "builtin",
    "disown",
    "logout",
    "enable",
    "mapfile",
    "readarray",
    "pushd",
    "popd",
    "dirs",
    "compgen",
    "complete",
    "compopt",
    "bind",
    "caller",
    "fc",
    "suspend",
    "coproc",
];

/// What dash does not have of ash's.
const NOT_DASH: [&str; 5] = ["let", "source", "history", "help", "[["];

static GROUPS: [&[Command]; 12] = [
    complete::COMMANDS,
    control::COMMANDS,
    directory::COMMANDS,
    folders::COMMANDS,
    help::COMMANDS,
    history::COMMANDS,
    jobs::COMMANDS,
    lookup::COMMANDS,
    mapfile::COMMANDS,
    read::COMMANDS,
    shopt::COMMANDS,
    variables::COMMANDS,
];

/// The builtin of that name; bash has a few more, dash fewer.
pub(crate) fn find(name: &[u8], kind: ShellKind) -> Option<&'static Command> {
    let has = |c: &Command| match kind {
        // `chdir` is ash's own.
        ShellKind::Bash => c.name != "chdir",
        ShellKind::Ash => !BASH_ONLY.contains(&c.name),
        ShellKind::Dash => !BASH_ONLY.contains(&c.name) && !NOT_DASH.contains(&c.name),
    };
    GROUPS.iter().flat_map(|g| g.iter()).find(|c| c.name.as_bytes() == name && has(c))
}
