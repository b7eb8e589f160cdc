//! `cat`, which shows typed lines as they come; `yes`, `sync` and other small ones.

use super::reading::{complain, read_file};
use super::{Arguments, Command, Leave, Options};
use crate::limits;
use crate::process::Process;
use crate::system::{Fut, Stop};

pub(super) const COMMANDS: &[Command] = &[
    Command::waiting("cat", cat),
    Command::waiting("yes", yes),
    Command::at_once("true", |_, _| Ok(0)),
    Command::at_once("false", |_, _| Ok(1)),
    Command::at_once("sync", |_, _| Ok(0)),
    Command::at_once("clear", |p, _| {
        p.print(b"\x1b[H\x1b[J")?;
        Ok(0)
    }),
    Command::at_once("reset", |p, _| {
        p.print(b"\x1bc\x1b(B\x1b[0m\x1b[J\x1b[?25h")?;
        Ok(0)
    }),
];

fn yes(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let words = arguments.rest();
        let mut line = if words.is_empty() { b"y".to_vec() } else { words.join(&b' ') };
        line.push(b'\n');
        let block = line.repeat((4_096 / line.len()).max(1));
        loop {
            process.session.step(1)?;
            if !process.print(&block)? {
                return Ok(1);
            }
            process.drained(1, limits::PIPE_SOFT_BYTES).await?;
        }
    })
}

fn cat(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let known = if arguments.gnu { "nbAvetsuET" } else { "nbAvetu" };
        let options = Options::read(&arguments, known, &[]);
        if let Some(bad) = options.bad.as_ref().filter(|_| !arguments.gnu) {
            process.error(&format!("cat: invalid option -- '{bad}'"))?;
            process.busybox_usage("cat [-nbvteA] [FILE]...\n")?;
            return Ok(1);
        }
        let mut files = options.operands.clone();
        if files.is_empty() {
            files.push(b"-".to_vec());
        }
        let mut shape = Shape {
            numbers: options.has("n") || options.has("b"),
            only_filled: options.has("b"),
            tabs: ["A", "t", "T"].iter().any(|f| options.has(f)),
            squeeze: options.has("s"),
            empty: 0,
            visible: ["A", "v", "e", "t"].iter().any(|f| options.has(f)),
            ends: ["A", "e", "E"].iter().any(|f| options.has(f)),
            line: 0,
        };
        let mut status = 0;
        for file in &files {
            if file == b"-" {
                while let Some(chunk) = process.read(0, limits::PIPE_BYTES, false).await? {
                    if chunk.is_empty() {
                        break;
                    }
                    process.session.step(1 + chunk.len() as u64 / 1_024)?;
                    shape.print(process, &chunk)?;
                    process.drained(1, limits::PIPE_SOFT_BYTES).await?;
                }
                continue;
            }
            match read_file(process, file) {
                Ok(Ok(bytes)) => shape.print(process, &bytes)?,
                Ok(Err(error)) => {
                    status = 1;
                    let told = complain(process, &arguments, file, error);
                    stop(told)?;
                }
                Err(Leave::Stop(stop)) => return Err(stop),
                Err(Leave::NeedInput) => {}
            }
        }
        Ok(status)
    })
}

fn stop(result: Result<(), Leave>) -> Result<(), Stop> {
    match result {
        Err(Leave::Stop(stop)) => Err(stop),
        _ => Ok(()),
    }
}

/// How `cat` shows lines.
struct Shape {
    numbers: bool,
    /// Empty lines are not numbered.
    only_filled: bool,
    tabs: bool,
    squeeze: bool,
    /// Empty lines in a row.
    empty: usize,
    visible: bool,
    ends: bool,
    line: usize,
}

impl Shape {
    fn print(&mut self, process: &mut Process, bytes: &[u8]) -> Result<(), Stop> {
        if !(self.numbers || self.visible || self.ends || self.tabs || self.squeeze) {
            process.print(bytes)?;
            return Ok(());
        }
        let mut out = Vec::with_capacity(bytes.len() * 2);
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            self.empty = if line == b"\n" { self.empty + 1 } else { 0 };
            if self.squeeze && self.empty > 1 {
                continue;
            }
            if self.numbers && !(self.only_filled && line == b"\n") {
                self.line += 1;
                out.extend_from_slice(format!("{:>6}\t", self.line).as_bytes());
            }
            for byte in line {
                match byte {
                    b'\n' if self.ends => out.extend_from_slice(b"$\n"),
                    b'\t' if self.tabs => out.extend_from_slice(b"^I"),
                    b'\n' | b'\t' => out.push(*byte),
                    _ if self.visible => visible(*byte, &mut out),
                    _ => out.push(*byte),
                }
            }
        }
        process.print(&out)?;
        Ok(())
    }
}

/// A byte as `cat -v` shows it.
fn visible(byte: u8, out: &mut Vec<u8>) {
    let mut byte = byte;
    if byte >= 0x80 {
        out.extend_from_slice(b"M-");
        byte &= 0x7f;
    }
    match byte {
        0x7f => out.extend_from_slice(b"^?"),
        0..=0x1f => out.extend_from_slice(&[b'^', byte + 64]),
        _ => out.push(byte),
    }
}
