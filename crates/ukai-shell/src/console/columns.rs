//! Lists of what a tab may stand for, in columns.

use super::complete::Match;

/// Lines of a list as readline 8.2 prints it (`rl_display_match_list`): columns filled
/// downwards, their width that of the longest name and two spaces.
pub(super) fn readline(matches: &[Match], columns: usize) -> Vec<Vec<u8>> {
    let longest = matches.iter().map(|m| m.text.len() - m.shown).max().unwrap_or(0);
    let width = longest + 2;
    let mut limit = columns / width;
    if limit != 1 && limit * width == columns {
        limit -= 1;
    }
    let limit = limit.max(1);
    let count = matches.len().div_ceil(limit);
    (0..count)
        .map(|row| {
            let mut line = Vec::new();
            for column in 0..limit {
                let Some(found) = matches.get(row + column * count) else { break };
                let start = line.len();
                line.extend_from_slice(&found.text[found.shown..]);
                if found.directory && !found.plain {
                    line.push(b'/');
                }
                if column + 1 < limit {
                    line.resize(line.len().max(start + width), b' ');
                }
            }
            line
        })
        .collect()
}

/// Lines of a list as BusyBox prints it (`showfiles` of lineedit.c).
pub(super) fn busybox(matches: &[Match], columns: usize) -> Vec<Vec<u8>> {
    let name = |m: &Match| {
        let mut name = m.text[m.shown..].to_vec();
        if m.directory {
            name.push(b'/');
        }
        name
    };
    let names: Vec<Vec<u8>> = matches.iter().map(name).collect();
    let width = names.iter().map(Vec::len).max().unwrap_or(0) + 2;
    let across = (columns / width).max(1);
    let count = names.len().div_ceil(across);
    (0..count)
        .map(|row| {
            let mut line = Vec::new();
            for index in (row..names.len()).step_by(count) {
                line.extend_from_slice(&names[index]);
                if index + count < names.len() {
                    let end = line.len() - names[index].len() + width;
                    line.resize(end, b' ');
                }
            }
            line
        })
        .collect()
}
