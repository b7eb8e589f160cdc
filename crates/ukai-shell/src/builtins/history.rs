//! `history`.

use crate::commands::{Arguments, Command, Options, Outcome};
use crate::process::{Process, Source};

pub(super) const COMMANDS: &[Command] = &[Command::at_once("history", history)];

fn history(process: &mut Process, arguments: &Arguments) -> Outcome {
    // A shell that runs a script has no history of its own.
    let own = process.source == Source::Interactive;
    if !process.bash {
        return if own { list(process, None) } else { Ok(0) };
    }
    let options = Options::read(arguments, "+cd:awrnps", &[]);
    if let Some(bad) = &options.bad {
        let message = format!("-{bad}: invalid option");
        process.complain_as("history", &message)?;
        process.error(
            "history: usage: history [-c] [-d offset] [n] or history -anrw [filename] or \
             history -ps arg [arg...]",
        )?;
        return Ok(2);
    }
    if options.has("c") {
        process.session.system().history.clear();
        return Ok(0);
    }
    if let Some(place) = options.value("d") {
        return delete(process, &String::from_utf8_lossy(place));
    }
    if options.has("s") || options.has("p") {
        let text = options.operands.join(&b' ');
        if options.has("s") {
            process.remember(&text);
        } else {
            process.print([&text[..], b"\n"].concat())?;
        }
        return Ok(0);
    }
    if ["a", "w", "r", "n"].iter().any(|letter| options.has(letter)) {
        return file(process, &options);
    }
    let mut count = None;
    if let Some(word) = options.operands.first() {
        count = std::str::from_utf8(word).ok().and_then(|w| w.parse().ok());
        if count.is_none() {
            let shown = String::from_utf8_lossy(word).into_owned();
            process.complain_as("history", &format!("{shown}: numeric argument required"))?;
            return Ok(1);
        }
    }
    if own { list(process, count) } else { Ok(0) }
}

fn list(process: &mut Process, count: Option<usize>) -> Outcome {
    let mut text = Vec::new();
    {
        let system = process.session.system();
        let history = &system.history;
        let skipped = count.map_or(0, |count| history.lines.len().saturating_sub(count));
        for (index, line) in history.lines.iter().enumerate().skip(skipped) {
            // BusyBox counts from 0.
            let number = if process.bash {
                format!("{:>5}  ", history.first + index)
            } else {
                format!("{index:>4} ")
            };
            text.extend_from_slice(number.as_bytes());
            text.extend_from_slice(line);
            text.push(b'\n');
        }
    }
    process.print(&text)?;
    Ok(0)
}

fn delete(process: &mut Process, place: &str) -> Outcome {
    let done = {
        let mut system = process.session.system();
        let history = &mut system.history;
        let end = history.first + history.lines.len();
        match place.parse::<i64>() {
            Ok(number) if number < 0 => {
                let number = usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX);
                end.checked_sub(number).is_some_and(|number| history.remove(number))
            }
            Ok(number) => usize::try_from(number).is_ok_and(|number| history.remove(number)),
            Err(_) => false,
        }
    };
    if !done {
        let message = format!("{place}: history position out of range");
        process.complain_as("history", &message)?;
    }
    Ok(i32::from(!done))
}

/// `-a`, `-w`, `-r`, `-n`: to and from a file.
fn file(process: &mut Process, options: &Options) -> Outcome {
    let named = options.operands.first().map(|path| process.absolute(path));
    let Some(path) = named.or_else(|| process.history_file().map(|f| f.to_vec())) else {
        return Ok(0);
    };
    let done = if options.has("r") || options.has("n") {
        process.read_history_from(&path)
    } else {
        let append = options.has("a");
        let text = {
            let mut system = process.session.system();
            if append { system.history.take_fresh() } else { system.history.text() }
        };
        process.write_history(&path, &text, append)
    };
    if !done {
        let shown = String::from_utf8_lossy(&path).into_owned();
        process
            .complain_as("history", &format!("{shown}: cannot open: No such file or directory"))?;
    }
    Ok(i32::from(!done))
}
