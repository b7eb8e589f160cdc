//! `crontab`.

use super::reading::read_file;
use super::{Arguments, Command, Options, Outcome};
use crate::fs::Origin;
use crate::process::Process;

pub(super) const COMMANDS: &[Command] =
    &[Command::at_once("crontab", crontab), Command::at_once("crond", |_, _| Ok(0))];

fn crontab(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "lreiu:c:", &[]);
    let user = options.value("u").map_or_else(
        || process.session.login.user.clone(),
        |u| String::from_utf8_lossy(u).into_owned(),
    );
    if arguments.gnu && process.account_named(user.as_bytes()).is_none() {
        process.error(&format!("crontab:  user `{user}' unknown"))?;
        return Ok(1);
    }
    let folder = if arguments.gnu { "/var/spool/cron/crontabs" } else { "/var/spool/cron" };
    let path = format!("{folder}/{user}").into_bytes();
    let view = process.view();
    if options.has("l") {
        if let Ok(text) = process.fs().read(&view, &path) {
            process.print(&text)?;
            return Ok(0);
        }
        process.error(&if arguments.gnu {
            format!("no crontab for {user}")
        } else {
            format!("crontab: can't open '{user}': No such file or directory")
        })?;
        return Ok(1);
    }
    if options.has("r") {
        process.capture_before_loss(&path);
        let removed = process.fs().unlink(&view, &path);
        if removed.is_err() && arguments.gnu {
            process.error(&format!("no crontab for {user}"))?;
        }
        return Ok(i32::from(removed.is_err()));
    }
    if options.has("e") {
        if arguments.gnu {
            process.error(&format!("no crontab for {user} - using an empty one"))?;
        }
        return Ok(1);
    }
    let text = match options.operands.first().filter(|f| *f != b"-") {
        Some(file) => match read_file(process, file)? {
            Ok(text) => text,
            Err(error) => {
                let shown = String::from_utf8_lossy(file).into_owned();
                process.error(&if arguments.gnu {
                    format!("{shown}: {}", error.text())
                } else {
                    format!("crontab: can't open '{shown}': {}", error.text())
                })?;
                return Ok(1);
            }
        },
        None => process.input()?,
    };
    if let Some(mistake) = mistake(&text).filter(|_| arguments.gnu) {
        let file = options.operands.first().map_or("-".into(), |f| String::from_utf8_lossy(f));
        let text = format!("\"{file}\":{mistake}\nerrors in crontab file, can't install.");
        process.error(&text)?;
        return Ok(1);
    }
    for (at, _) in folder.match_indices('/').skip(1).chain([(folder.len(), "")]) {
        let _ = process.fs().mkdir(&view, &folder.as_bytes()[..at], 0o755);
    }
    let stored = process.fs().store(&view, &path, text, Origin::Written, 0o600);
    process.capture_before_loss(&path);
    Ok(i32::from(stored.is_err()))
}

/// The first line that Debian's cron would not take: its number and what is wrong.
fn mistake(text: &[u8]) -> Option<String> {
    const FIELDS: [(&str, u32); 5] =
        [("minute", 59), ("hour", 23), ("day-of-month", 31), ("month", 12), ("day-of-week", 7)];
    for (number, line) in String::from_utf8_lossy(text).lines().enumerate() {
        let line = line.trim();
        let assigns = line.split_once('=').is_some_and(|(name, _)| {
            let name = name.trim().trim_matches(['"', '\'']);
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        });
        if line.is_empty() || line.starts_with('#') || assigns {
            continue;
        }
        if let Some(word) = line.strip_prefix('@') {
            let word = word.split_whitespace().next().unwrap_or_default();
            let known = [
                "reboot", "yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly",
            ];
            if known.contains(&word) {
                continue;
            }
            return Some(format!("{number}: bad time specifier"));
        }
        let mut fields = line.split_whitespace();
        for (name, most) in FIELDS {
            let fits = fields.next().is_some_and(|field| is_field(field, most));
            if !fits {
                return Some(format!("{number}: bad {name}"));
            }
        }
        if fields.next().is_none() {
            return Some(format!("{number}: bad command"));
        }
    }
    None
}

/// `*`, numbers, names, ranges, steps.
fn is_field(field: &str, most: u32) -> bool {
    const NAMES: &str =
        "jan feb mar apr may jun jul aug sep oct nov dec sun mon tue wed thu fri sat";
    let value = |text: &str| {
        let name = text.len() == 3 && NAMES.contains(&text.to_lowercase());
        text.parse::<u32>().is_ok_and(|n| n <= most) || name && matches!(most, 12 | 7)
    };
    field.split(',').all(|part| {
        let (range, step) = part.split_once('/').map_or((part, None), |(r, s)| (r, Some(s)));
        let step = step.is_none_or(|s| s.parse::<u32>().is_ok_and(|s| s > 0));
        step && (range == "*" || range.split('-').all(value))
    })
}
