//! What the shell itself provides: commands that change it or know it.

mod control;
mod directory;
mod jobs;
mod lookup;
mod read;
mod variables;

pub(crate) use directory::logical;

use crate::commands::Command;

/// The builtin of that name; bash has a few more.
pub(crate) fn find(name: &[u8], bash: bool) -> Option<&'static Command> {
    const BASH_ONLY: [&str; 7] =
        ["declare", "typeset", "shopt", "builtin", "disown", "logout", "enable"];
    let groups: [&'static [Command]; 6] = [
        control::COMMANDS,
        directory::COMMANDS,
        jobs::COMMANDS,
        lookup::COMMANDS,
        read::COMMANDS,
        variables::COMMANDS,
    ];
    groups
        .into_iter()
        .flatten()
        .find(|c| c.name.as_bytes() == name && (bash || !BASH_ONLY.contains(&c.name)))
}
