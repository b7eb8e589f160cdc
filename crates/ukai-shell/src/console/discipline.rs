//! The terminal's line discipline, as Linux' `n_tty`: what happens to keys while a command
//! runs or reads, rather than a line editor.

use super::line::is_inner;
use crate::limits;
use crate::terminal::TerminalModes;

/// What a key does beyond the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Nothing,
    /// Bytes are ready to be read.
    Ready(Vec<u8>),
    /// The end of the input.
    End,
    Interrupt,
    Quit,
    Suspend,
}

/// The line that is put together for a reader.
#[derive(Debug, Default)]
pub(super) struct Discipline {
    line: Vec<u8>,
    literal: bool,
}

impl Discipline {
    /// Takes a key; what is echoed goes to `out`.
    pub(super) fn key(&mut self, byte: u8, modes: TerminalModes, out: &mut Vec<u8>) -> Act {
        let is = |character: u8| byte == character && !matches!(character, 0 | 255);
        let byte = if byte == b'\r' && modes.return_is_newline { b'\n' } else { byte };
        if std::mem::take(&mut self.literal) {
            return self.take(byte, modes, out);
        }
        if modes.signals {
            let act = match () {
                () if is(modes.interrupt) => Act::Interrupt,
                () if is(modes.quit) => Act::Quit,
                () if is(modes.suspend) => Act::Suspend,
                () => Act::Nothing,
            };
            if act != Act::Nothing {
                self.line.clear();
                if modes.echo {
                    out.extend(echoed(byte));
                }
                return act;
            }
        }
        if !modes.canonical {
            if modes.echo {
                echo(byte, modes, out);
            }
            return Act::Ready(vec![byte]);
        }
        if is(modes.erase) || (byte == 0x08 && modes.erase == 0x7f) {
            self.erase(1, modes, out);
        } else if is(modes.kill) {
            self.erase(self.line.len(), modes, out);
        } else if is(modes.word_erase) {
            let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80;
            let end = self.line.iter().rposition(word).map_or(0, |at| at + 1);
            let start = self.line[..end].iter().rposition(|b| !word(b)).map_or(0, |at| at + 1);
            self.erase(self.line.len() - start, modes, out);
        } else if is(modes.literal_next) {
            self.literal = true;
            if modes.echo {
                out.extend_from_slice(b"^\x08");
            }
        } else if is(modes.end_of_file) {
            if self.line.is_empty() {
                return Act::End;
            }
            return Act::Ready(std::mem::take(&mut self.line));
        } else {
            return self.take(byte, modes, out);
        }
        Act::Nothing
    }

    fn take(&mut self, byte: u8, modes: TerminalModes, out: &mut Vec<u8>) -> Act {
        if byte != b'\n' && self.line.len() >= limits::TERMINAL_LINE_BYTES {
            return Act::Nothing;
        }
        if modes.echo {
            echo(byte, modes, out);
        }
        self.line.push(byte);
        if byte == b'\n' || !modes.canonical {
            return Act::Ready(std::mem::take(&mut self.line));
        }
        Act::Nothing
    }

    /// Takes back bytes from the end of the line, whole characters if they are told.
    fn erase(&mut self, count: usize, modes: TerminalModes, out: &mut Vec<u8>) {
        let keep = self.line.len().saturating_sub(count);
        while self.line.len() > keep {
            let Some(byte) = self.line.pop() else { break };
            if modes.utf8 && is_inner(byte) {
                while self.line.last().is_some_and(|b| is_inner(*b)) {
                    self.line.pop();
                }
                self.line.pop();
            }
            if modes.echo {
                let columns = match byte {
                    b'\t' => 8 - columns(&self.line) % 8,
                    byte => echoed(byte).len(),
                };
                out.extend_from_slice(&b"\x08 \x08".repeat(columns));
            }
        }
    }

    /// What stands in the unfinished line, when another reader takes over.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        self.literal = false;
        std::mem::take(&mut self.line)
    }
}

fn echo(byte: u8, modes: TerminalModes, out: &mut Vec<u8>) {
    match byte {
        b'\n' if modes.newline_returns => out.extend_from_slice(b"\r\n"),
        b'\n' | b'\t' => out.push(byte),
        _ => out.extend(echoed(byte)),
    }
}

/// A byte as `ECHOCTL` shows it.
fn echoed(byte: u8) -> Vec<u8> {
    match byte {
        0..0x20 => vec![b'^', byte | 0x40],
        0x7f => b"^?".to_vec(),
        _ => vec![byte],
    }
}

/// Columns of a line's end, where tabs count.
fn columns(line: &[u8]) -> usize {
    const LOOKED_AT: usize = 256;
    let end = &line[line.len().saturating_sub(LOOKED_AT)..];
    end.iter().fold(0, |column, byte| match byte {
        b'\t' => (column / 8 + 1) * 8,
        byte => column + echoed(*byte).len(),
    })
}
