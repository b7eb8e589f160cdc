//! A line of a directory as `ls_file` of OpenSSH's sftp-common.c writes it.

use ukai_shell::FileInfo;

const HALF_A_YEAR_S: u64 = 365 * 24 * 60 * 60 / 2;

/// The line; `now` is in seconds since 1970.
pub(super) fn long_name(
    name: &[u8],
    facts: &FileInfo,
    user: &str,
    group: &str,
    now: u64,
) -> Vec<u8> {
    let date = crate::ssh::greeting::calendar(facts.mtime);
    let day = date.get(4..10).unwrap_or_default();
    let recent = facts.mtime > now.saturating_sub(HALF_A_YEAR_S);
    let rest = if recent {
        date.get(11..16).unwrap_or_default().to_owned()
    } else {
        format!(" {}", date.get(20..).unwrap_or_default())
    };
    let mut line = format!(
        "{}  {:3} {user:<8} {group:<8} {:8} {day} {rest} ",
        facts.mode_text(),
        facts.links,
        facts.size
    )
    .into_bytes();
    line.extend_from_slice(name);
    line
}
