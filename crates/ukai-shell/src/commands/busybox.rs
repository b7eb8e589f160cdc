//! `busybox`: the list of applets, and running one of them.

use super::{Arguments, Command, program};
use crate::process::Process;
use crate::system::{Fut, Stop};

pub(super) const COMMANDS: &[Command] = &[Command::waiting("busybox", busybox)];

const STATUS_NO_APPLET: i32 = 127;

/// Width at which the list of applets is broken.
const LIST_COLUMNS: usize = 80;

fn busybox(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let words = arguments.words;
        run_applet(process, b"busybox", words, true).await
    })
}

/// Runs the applet `name`; `words` are the command line with the name as it was called
/// first. `counted` says whether the persona must have the applet.
pub(crate) fn run_applet<'a>(
    process: &'a mut Process,
    name: &'a [u8],
    mut words: Vec<Vec<u8>>,
    counted: bool,
) -> Fut<'a, Result<i32, Stop>> {
    Box::pin(async move {
        if name == b"busybox" || name.starts_with(b"busybox-") {
            words.remove(0);
            let Some(first) = words.first().cloned() else { return usage(process) };
            match &first[..] {
                b"--list" | b"--list-full" => return list(process),
                b"--help" if words.len() == 1 => return usage(process),
                b"--install" => return Ok(0),
                _ => {}
            }
            process.enter()?;
            let result = run_applet(process, crate::eval::base_name(&first), words, counted).await;
            process.depth -= 1;
            return result;
        }
        let text = String::from_utf8_lossy(name);
        let has = process.session.host.persona.has_applet(&text);
        let known = program(name);
        if !has || (known.is_none() && !counted) {
            process.session.system().unknown(name);
            let shown = text.into_owned();
            process.error(&format!("{shown}: applet not found"))?;
            return Ok(STATUS_NO_APPLET);
        }
        let arguments = Arguments::new(words, false);
        if let [only] = arguments.rest()
            && only == b"--help"
            && !matches!(name, b"echo" | b"true" | b"false" | b"test" | b"[")
        {
            return help(process, &text);
        }
        if let Some(command) = known {
            command.run(process, arguments).await
        } else {
            process.session.system().unknown(name);
            help(process, &text)?;
            Ok(1)
        }
    })
}

/// What an applet prints when it is called wrongly.
fn help(process: &mut Process, name: &str) -> Result<i32, Stop> {
    process.busybox_usage(&format!("{name} [OPTIONS] [ARGS]\n"))?;
    // Since 1.31 the help that was asked for is no failure.
    Ok(i32::from(process.busybox_version() < (1, 31)))
}

fn usage(process: &mut Process) -> Result<i32, Stop> {
    let host = std::sync::Arc::clone(&process.session.host);
    let Some(busybox) = &host.persona.busybox else { return Ok(STATUS_NO_APPLET) };
    let mut text = format!("{}\n", busybox.banner);
    text.push_str(busybox.usage.trim_start_matches('\n'));
    if !text.ends_with('\n') {
        text.push('\n');
    }
    if !busybox.usage.contains("Currently defined functions:") {
        text.push_str("Currently defined functions:\n");
    }
    let mut column = 0;
    for (index, applet) in busybox.applets.iter().enumerate() {
        let last = index + 1 == busybox.applets.len();
        let piece = if last { applet.clone() } else { format!("{applet}, ") };
        if column == 0 || column + piece.len() >= LIST_COLUMNS {
            if column > 0 {
                while text.ends_with(' ') {
                    text.pop();
                }
                text.push('\n');
            }
            text.push('\t');
            column = 8;
        }
        text.push_str(&piece);
        column += piece.len();
    }
    text.push_str(if process.busybox_version() < (1, 32) { "\n\n" } else { "\n" });
    process.print(&text)?;
    Ok(0)
}

fn list(process: &mut Process) -> Result<i32, Stop> {
    let host = std::sync::Arc::clone(&process.session.host);
    if let Some(busybox) = &host.persona.busybox {
        let mut text = busybox.applets.join("\n");
        text.push('\n');
        process.print(&text)?;
    }
    Ok(0)
}
