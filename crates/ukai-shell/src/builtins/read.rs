//! `read`.

use crate::commands::{Arguments, Command};
use crate::expand::Separators;
use crate::limits;
use crate::process::Process;
use crate::system::{Fut, Stop};
use std::collections::BTreeMap;

pub(super) const COMMANDS: &[Command] = &[Command::waiting("read", read)];

fn read(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let options = crate::commands::Options::read(&arguments, "+rsp:n:N:t:u:d:a:e", &[]);
        if let Some(prompt) = options.value("p").map(<[u8]>::to_vec) {
            process.error_bytes(&prompt)?;
        }
        let names = if options.operands.is_empty() {
            vec![b"REPLY".to_vec()]
        } else {
            options.operands.clone()
        };
        // BusyBox looks at the names before it reads, in the words of its applets.
        let bad = names.iter().find(|n| !crate::syntax::is_name(n) && !process.bash);
        if let Some(name) = bad {
            let shown = String::from_utf8_lossy(name).into_owned();
            if process.dash {
                process.complain_as("read", &format!("{shown}: bad variable name"))?;
                return Err(Stop::Abort(2));
            }
            process.complain_as_applet(&format!("read: '{shown}': bad variable name"))?;
            return Ok(1);
        }
        let raw = options.has("r");
        let fd = options.number("u").map_or(0, |n| n.clamp(0, 15) as usize);
        let count =
            options.number("n").or(options.number("N")).map(|n| n.clamp(0, 65_536) as usize);
        let before = {
            let mut system = process.session.system();
            let before = system.modes;
            system.modes.echo &= !options.has("s");
            system.modes.canonical &= count.is_none();
            before
        };
        let delimiter = match options.value("d") {
            Some(text) => text.first().copied().unwrap_or(0),
            None => b'\n',
        };
        let line = read_line(process, fd, raw, count, delimiter).await;
        process.session.system().modes = before;
        let Some((line, complete)) = line? else {
            process.complain_as("read", "0: Bad file descriptor")?;
            return Ok(1);
        };
        if let Some(array) = options.value("a").map(<[u8]>::to_vec) {
            return read_array(process, &array, &line, complete);
        }
        for name in &names {
            if !crate::syntax::is_name(name) {
                let shown = String::from_utf8_lossy(name).into_owned();
                process.complain_as("read", &format!("`{shown}': not a valid identifier"))?;
                return Ok(1);
            }
        }
        if options.operands.is_empty() {
            // `REPLY` takes the line as it is.
            let text: Vec<u8> = line.iter().map(|(b, _)| *b).collect();
            process.assign(b"REPLY", text)?;
        } else {
            assign_fields(process, &names, &line)?;
        }
        Ok(i32::from(!complete))
    })
}

/// `read -a`: the fields are an array's elements.
fn read_array(
    process: &mut Process,
    name: &[u8],
    line: &[Quotable],
    complete: bool,
) -> Result<i32, Stop> {
    let ifs = separators(process);
    let fields = line.split(|(byte, quoted)| !quoted && ifs.contains(*byte));
    let texts = fields.map(|f| f.iter().map(|(b, _)| *b).collect::<Vec<u8>>());
    let elements: BTreeMap<u32, _> =
        (0..).zip(texts.filter(|t| !t.is_empty()).map(bytes::Bytes::from)).collect();
    process.assign_value(name, crate::process::VariableValue::Array(elements.into()))?;
    Ok(i32::from(!complete))
}

fn separators(process: &Process) -> Separators {
    Separators::new(process.variable(b"IFS").as_deref().unwrap_or(b" \t\n"))
}

/// A byte of a line, and whether it was quoted by a backslash.
type Quotable = (u8, bool);

/// Reads a line without its newline; whether the newline was there. `None` if the
/// descriptor cannot be read.
async fn read_line(
    process: &mut Process,
    fd: usize,
    raw: bool,
    count: Option<usize>,
    delimiter: u8,
) -> Result<Option<(Vec<Quotable>, bool)>, Stop> {
    let mut line: Vec<Quotable> = Vec::new();
    loop {
        let max = count.map_or(limits::WORD_BYTES, |c| c.saturating_sub(line.len()).max(1));
        // Up to another byte than a newline it is read byte by byte, as shells do.
        let by_line = delimiter == b'\n';
        let max = if by_line { max } else { 1 };
        let Some(chunk) = process.read(fd, max, by_line).await? else { return Ok(None) };
        process.session.step(1 + chunk.len() as u64 / 1_024)?;
        if chunk.is_empty() {
            return Ok(Some((line, false)));
        }
        let (text, complete) = match chunk.strip_suffix(&[delimiter]) {
            Some(text) => (text, true),
            None => (&chunk[..], false),
        };
        let mut escaped = false;
        for byte in text.iter().filter(|b| **b != 0) {
            if *byte == b'\\' && !raw && !escaped {
                escaped = true;
            } else {
                line.push((*byte, escaped));
                escaped = false;
            }
        }
        if complete && escaped && !raw && line.len() < limits::WORD_BYTES {
            continue;
        }
        if complete {
            return Ok(Some((line, true)));
        }
        if count.is_some_and(|c| line.len() >= c) || line.len() >= limits::WORD_BYTES {
            return Ok(Some((line, true)));
        }
    }
}

/// Splits a line at `$IFS`; the last name takes the rest.
fn assign_fields(process: &mut Process, names: &[Vec<u8>], line: &[Quotable]) -> Result<(), Stop> {
    let ifs = separators(process);
    let separates = |(byte, quoted): &Quotable| !quoted && ifs.contains(*byte);
    let is_blank = |item: &Quotable| separates(item) && matches!(item.0, b' ' | b'\t' | b'\n');
    let mut rest = line;
    while rest.first().is_some_and(is_blank) {
        rest = &rest[1..];
    }
    let text = |items: &[Quotable]| items.iter().map(|(b, _)| *b).collect::<Vec<u8>>();
    for (index, name) in names.iter().enumerate() {
        if index + 1 == names.len() {
            let mut end = rest.len();
            while end > 0 && is_blank(&rest[end - 1]) {
                end -= 1;
            }
            // One separator at the very end belongs to the field before it.
            let only =
                end > 0 && separates(&rest[end - 1]) && !rest[..end - 1].iter().any(separates);
            process.assign(name, text(&rest[..end - usize::from(only)]))?;
            return Ok(());
        }
        let end = rest.iter().position(separates).unwrap_or(rest.len());
        process.assign(name, text(&rest[..end]))?;
        rest = &rest[end..];
        while rest.first().is_some_and(is_blank) {
            rest = &rest[1..];
        }
        if rest.first().is_some_and(&separates) {
            rest = &rest[1..];
            while rest.first().is_some_and(is_blank) {
                rest = &rest[1..];
            }
        }
    }
    Ok(())
}
