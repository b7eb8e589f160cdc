//! `COPY`: rows from and to the peer, files and programs (the documentation's page `COPY`).

use super::out::Out;
use super::report::{Report, about, no_relation};
use super::run::{Outcome, Program};
use super::sql::syntax::{CopyEnd, Name};
use super::sql::tables::relation;
use super::sql::value::Datum;
use super::state::State;
use crate::Context;

/// `COPY`: what it asks the peer or the program for, or gives.
pub(super) fn copy(
    state: &mut State,
    cx: &mut Context<'_>,
    table: Option<&Name>,
    from: bool,
    with: &CopyEnd,
    out: &mut Out,
) -> Result<Outcome, Report> {
    if let Some(table) = table
        && state.data.table(table).is_none()
        && (from || relation(state, table).is_err())
    {
        return Err(no_relation(&table.own));
    }
    match (with, table) {
        (CopyEnd::Program(line), _) => {
            Ok(Outcome::Program(Program { line: line.clone(), table: table.cloned(), from }))
        }
        (CopyEnd::Client, Some(table)) if from => {
            let columns = state.data.table(table).map_or(1, |table| table.columns.len());
            out.message(b'G', &formats(columns));
            Ok(Outcome::CopyIn(table.clone()))
        }
        (CopyEnd::File(path), Some(table)) if from => {
            let text = state.copied_file(cx, path)?;
            let rows = take_rows(state, table, &text)?;
            Ok(Outcome::Done(format!("COPY {rows}")))
        }
        (with, Some(table)) => {
            let relation = relation(state, table)?;
            let lines: Vec<Vec<u8>> = relation.rows.iter().map(|row| line(row)).collect();
            if let CopyEnd::File(path) = with {
                state.write_file(cx, path, lines.concat()).map_err(|error| {
                    let after = format!("\" for writing: {}", error.text());
                    let message = about("could not open file \"", path, &after);
                    Report::error("42501", message, ("copyto.c", 714, "BeginCopyTo")).hint(
                        "COPY TO instructs the PostgreSQL server process to write a file. You may \
                         want a client-side facility such as psql's \\copy.",
                    )
                })?;
            } else {
                out.message(b'H', &formats(relation.columns.len()));
                for line in &lines {
                    out.message(b'd', line);
                }
                out.message(b'c', b"");
            }
            Ok(Outcome::Done(format!("COPY {}", lines.len())))
        }
        // A query that is not read finds nothing.
        (_, None) => {
            out.message(b'H', &formats(1));
            out.message(b'c', b"");
            Ok(Outcome::Done("COPY 0".to_owned()))
        }
    }
}

/// Text, for so many columns.
fn formats(columns: usize) -> Vec<u8> {
    let mut body = vec![0];
    body.extend_from_slice(&u16::try_from(columns).unwrap_or(u16::MAX).to_be_bytes());
    body.resize(3 + 2 * columns, 0);
    body
}

/// A row in `COPY`'s text form.
fn line(row: &[Datum]) -> Vec<u8> {
    let mut line = Vec::new();
    for (number, value) in row.iter().enumerate() {
        if number > 0 {
            line.push(b'\t');
        }
        let Some(value) = value else {
            line.extend_from_slice(b"\\N");
            continue;
        };
        for byte in value {
            match byte {
                b'\\' => line.extend_from_slice(b"\\\\"),
                b'\t' => line.extend_from_slice(b"\\t"),
                b'\n' => line.extend_from_slice(b"\\n"),
                b'\r' => line.extend_from_slice(b"\\r"),
                byte => line.push(*byte),
            }
        }
    }
    line.push(b'\n');
    line
}

/// Puts rows in `COPY`'s text form into a table; gives their number. None of them is kept if
/// one is wrong.
pub(super) fn take_rows(state: &mut State, table: &Name, text: &[u8]) -> Result<usize, Report> {
    let count = state.data.table(table).map_or(1, |table| table.columns.len());
    let names: Vec<Vec<u8>> = state
        .data
        .table(table)
        .map_or(Vec::new(), |table| table.columns.iter().map(|(name, ..)| name.clone()).collect());
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let mut rows = Vec::new();
    if text.is_empty() {
        return Ok(0);
    }
    for (line, number) in text.split(|byte| *byte == b'\n').zip(1_usize..) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line == b"\\." {
            break;
        }
        let row: Vec<Datum> = line.split(|byte| *byte == b'\t').map(field).collect();
        let place = || {
            let shown = line.get(..line.len().min(100)).unwrap_or_default();
            let before = about("COPY ", &table.own, &format!(", line {number}: \""));
            [&before[..], shown, b"\""].concat()
        };
        if row.len() > count {
            let source = ("copyfromparse.c", 888, "NextCopyFrom");
            return Err(Report::error("22P04", "extra data after last expected column", source)
                .context(place()));
        }
        if let Some(missing) = names.get(row.len()) {
            let message = about("missing data for column \"", missing, "\"");
            let source = ("copyfromparse.c", 902, "NextCopyFrom");
            return Err(Report::error("22P04", message, source).context(place()));
        }
        rows.push(row);
    }
    let count = rows.len();
    for row in rows {
        state.data.add_row(table, row)?;
    }
    Ok(count)
}

fn field(text: &[u8]) -> Datum {
    if text == b"\\N" {
        return None;
    }
    let mut value = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        if *byte != b'\\' {
            value.push(*byte);
            continue;
        }
        value.push(match rest.next() {
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'r') => b'\r',
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'v') => 11,
            Some(other) => *other,
            None => b'\\',
        });
    }
    Some(value)
}

/// What a program's end means for the statement.
pub(super) fn program_ended(program: &Program, status: i32, rows: usize) -> Result<String, Report> {
    let detail = match status {
        0 => return Ok(format!("COPY {rows}")),
        126 => "command not executable".to_owned(),
        127 => "command not found".to_owned(),
        129..=192 => {
            let signal = status - 128;
            let name = match signal {
                9 => "Killed",
                11 => "Segmentation fault",
                15 => "Terminated",
                _ => "Hangup",
            };
            format!("child process was terminated by signal {signal}: {name}")
        }
        status => format!("child process exited with exit code {}", status & 0xff),
    };
    let message = about("program \"", &program.line, "\" failed");
    let source = if program.from {
        ("copyfrom.c", 1_622, "ClosePipeFromProgram")
    } else {
        ("copyto.c", 304, "ClosePipeToProgram")
    };
    Err(Report::error("38000", message, source).detail(detail))
}
