//! A line of a directory as `ls_file` of OpenSSH's sftp-common.c writes it.

use ukai_shell::FileFacts;

const HALF_A_YEAR_S: u64 = 365 * 24 * 60 * 60 / 2;

/// The line; `now` is in seconds since 1970.
pub(super) fn long_name(
    name: &[u8],
    facts: &FileFacts,
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
        mode_text(facts.mode),
        facts.links,
        facts.size
    )
    .into_bytes();
    line.extend_from_slice(name);
    line
}

/// `strmode` without the blank at its end.
fn mode_text(mode: u32) -> String {
    let kind = match mode & 0o170_000 {
        0o040_000 => 'd',
        0o120_000 => 'l',
        0o020_000 => 'c',
        0o060_000 => 'b',
        0o010_000 => 'p',
        _ => '-',
    };
    let mut text = String::from(kind);
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = mode >> shift;
        text.push(if bits & 4 == 0 { '-' } else { 'r' });
        text.push(if bits & 2 == 0 { '-' } else { 'w' });
        text.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => letter,
            (true, false) => letter.to_ascii_uppercase(),
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}
