//! `crontab`, `at`.

use super::reading::read_file;
use super::{Arguments, Command, Options, Outcome};
use crate::fs::Origin;
use crate::process::Process;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("crontab", crontab),
    Command::at_once("at", |p, _| {
        p.input()?;
        Ok(0)
    }),
    Command::at_once("crond", |_, _| Ok(0)),
];

fn crontab(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "lreiu:c:", &[]);
    let user = options.value("u").map_or_else(
        || process.session.login.user.clone(),
        |u| String::from_utf8_lossy(u).into_owned(),
    );
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
                process.error(&format!("crontab: can't open '{shown}': {}", error.text()))?;
                return Ok(1);
            }
        },
        None => process.input()?,
    };
    for (at, _) in folder.match_indices('/').skip(1).chain([(folder.len(), "")]) {
        let _ = process.fs().mkdir(&view, &folder.as_bytes()[..at], 0o755);
    }
    let stored = process.fs().store(&view, &path, text, Origin::Written, 0o600);
    process.capture_before_loss(&path);
    Ok(i32::from(stored.is_err()))
}
