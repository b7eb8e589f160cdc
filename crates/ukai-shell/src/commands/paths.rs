//! `pwd`, `basename`, `dirname`, `readlink`, `realpath`, `which`, `pathchk`.

use super::{Arguments, Command, Options, Outcome};
use crate::eval::base_name;
use crate::process::Process;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("pwd", pwd),
    Command::at_once("basename", basename),
    Command::at_once("dirname", dirname),
    Command::at_once("readlink", readlink),
    Command::at_once("realpath", realpath),
    Command::at_once("which", which),
    Command::at_once("whereis", which),
];

fn pwd(process: &mut Process, arguments: &Arguments) -> Outcome {
    let physical = arguments.rest().iter().any(|w| w == b"-P");
    let mut path = process.directory.to_vec();
    if physical {
        let view = process.view();
        path = process.fs().real_path(&view, &path).unwrap_or(path);
    }
    path.push(b'\n');
    process.print(&path)?;
    Ok(0)
}

fn basename(process: &mut Process, arguments: &Arguments) -> Outcome {
    let Some(path) = arguments.rest().first() else {
        if arguments.gnu {
            process
                .error("basename: missing operand\nTry 'basename --help' for more information.")?;
        } else {
            process.busybox_usage("basename FILE [SUFFIX]\n")?;
        }
        return Ok(1);
    };
    let trimmed = trim(path);
    let mut name = if trimmed == b"/" { b"/".to_vec() } else { base_name(trimmed).to_vec() };
    if let Some(suffix) = arguments.rest().get(1)
        && name.len() > suffix.len()
        && name.ends_with(suffix)
    {
        name.truncate(name.len() - suffix.len());
    }
    name.push(b'\n');
    process.print(&name)?;
    Ok(0)
}

fn trim(path: &[u8]) -> &[u8] {
    let mut path = path;
    while path.len() > 1 && path.ends_with(b"/") {
        path = &path[..path.len() - 1];
    }
    path
}

fn dirname(process: &mut Process, arguments: &Arguments) -> Outcome {
    let Some(path) = arguments.rest().first() else {
        process.error("dirname: missing operand")?;
        return Ok(1);
    };
    let path = trim(path);
    let mut folder = match path.iter().rposition(|b| *b == b'/') {
        None => b".".to_vec(),
        Some(0) => b"/".to_vec(),
        Some(at) => trim(&path[..at]).to_vec(),
    };
    folder.push(b'\n');
    process.print(&folder)?;
    Ok(0)
}

fn readlink(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "fnvseqm", &["canonicalize"]);
    let view = process.view();
    let mut status = 0;
    for path in &options.operands {
        let full = process.absolute(path);
        let found = if ["f", "e", "m", "canonicalize"].iter().any(|f| options.has(f)) {
            let full = crate::builtins::logical(&full);
            process.fs().real_path(&view, &full).or_else(|error| {
                let known = process
                    .fs()
                    .stat(&view, &full[..full.len() - base_name(&full).len()], true)
                    .is_ok();
                if known && !options.has("e") { Ok(full.clone()) } else { Err(error) }
            })
        } else {
            process.fs().read_link(&view, &full).map(|b| b.to_vec())
        };
        match found {
            Ok(mut text) => {
                if !options.has("n") {
                    text.push(b'\n');
                }
                process.print(&text)?;
            }
            Err(_) => status = 1,
        }
    }
    Ok(status)
}

fn realpath(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "eLPqsz", &[]);
    let view = process.view();
    let mut status = 0;
    for path in &options.operands {
        match process.fs().real_path(&view, &process.absolute(path)) {
            Ok(mut text) => {
                text.push(b'\n');
                process.print(&text)?;
            }
            Err(error) => {
                let shown = String::from_utf8_lossy(path).into_owned();
                process.error(&format!("realpath: {shown}: {}", error.text()))?;
                status = 1;
            }
        }
    }
    Ok(status)
}

fn which(process: &mut Process, arguments: &Arguments) -> Outcome {
    let mut status = 0;
    let view = process.view();
    for name in arguments.rest().iter().filter(|w| !w.starts_with(b"-")) {
        let found = process.find_program(name).filter(|p| {
            process.fs().stat(&view, p, true).is_ok_and(|s| s.is_file() && s.mode & 0o111 != 0)
        });
        match found {
            Some(mut path) => {
                path.push(b'\n');
                process.print(&path)?;
            }
            None => status = 1,
        }
    }
    Ok(status)
}
