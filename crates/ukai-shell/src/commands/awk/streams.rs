//! Files and commands that an `awk` program reads and writes.

use super::records::{Source, standing};
use super::run::{Done, Flow, Machine};
use super::value::Value;
use super::{Called, Expression, LineFrom, PrintTo};
use crate::fs::Access;
use crate::io::Fd;
use crate::limits;
use std::sync::Arc;

/// What is printed before it is written, in bytes.
const BUFFERED_BYTES: usize = 4_096;

/// An open file or command.
#[derive(Debug)]
pub(super) enum Stream {
    Writer(Fd),
    /// What a command gets when it is closed.
    Command(Vec<u8>),
    /// With the status of the command whose output it is.
    Reader(Source, Option<i32>),
}

/// What is said of a file that cannot be read.
pub(super) fn cannot_read(called: &Called, shown: &str, why: &str) -> String {
    if called.gnu {
        format!("{}: cannot open {shown} ({why})", called.name)
    } else {
        format!("{}: {shown}: {why}", called.name)
    }
}

impl Machine<'_> {
    /// Writes what was printed so far.
    pub(super) async fn flush(&mut self) -> Done<()> {
        if !self.out.is_empty() {
            let out = std::mem::take(&mut self.out);
            self.process.print(&out)?;
            self.process.drained(1, limits::PIPE_SOFT_BYTES).await?;
        }
        Ok(())
    }

    /// Prints on standard output.
    async fn print(&mut self, text: &[u8]) -> Done<()> {
        self.process.session.step(text.len() as u64 / 1_024)?;
        self.out.extend_from_slice(text);
        let seen = self.process.fds.at(1).is_some_and(|open| open.is_terminal());
        if seen || self.out.len() >= BUFFERED_BYTES {
            self.flush().await?;
        }
        Ok(())
    }

    pub(super) async fn print_to(
        &mut self,
        text: &[u8],
        to: Option<&(PrintTo, Expression)>,
    ) -> Done<()> {
        let Some((kind, name)) = to else { return self.print(text).await };
        let name = self.value(name).await?;
        let name = self.text(&name);
        if *kind != PrintTo::Command && (name == b"/dev/stdout" || name == b"-") {
            return self.print(text).await;
        }
        self.process.session.step(1 + text.len() as u64 / 1_024)?;
        let at = if let Some(at) = self.stream_at(&name, false) {
            at
        } else {
            let stream = if *kind == PrintTo::Command {
                self.flush().await?;
                Stream::Command(Vec::new())
            } else {
                Stream::Writer(self.open_output(&name, *kind).await?)
            };
            self.add_stream(false, name, stream)?
        };
        match self.streams.get_mut(at).map(|s| &mut s.2) {
            Some(Stream::Command(held)) => {
                if held.len() + text.len() > limits::PIPE_BYTES {
                    self.process.session.system().limit("memory", "awk printed too much");
                    return Err(Flow::Quit);
                }
                held.extend_from_slice(text);
            }
            Some(Stream::Writer(open)) => {
                let open = Arc::clone(open);
                self.write(&open, text)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn write(&mut self, open: &Fd, text: &[u8]) -> Done<()> {
        const FREE: usize = 9;
        let saved = self.process.swap_fd(FREE, Some(Arc::clone(open)));
        let result = self.process.write(FREE, text);
        self.process.fds.set(FREE, saved);
        result?;
        Ok(())
    }

    async fn open_output(&mut self, name: &[u8], kind: PrintTo) -> Done<Fd> {
        // What goes to a terminal shows in order.
        self.flush().await?;
        let access = if kind == PrintTo::Append { Access::Append } else { Access::Truncate };
        if access == Access::Truncate {
            self.process.capture_before_loss(name);
        }
        match self.process.open(name, access) {
            Ok(open) => Ok(open),
            Err(error) => {
                let (program, why) = (&self.called.name, error.text());
                let shown = String::from_utf8_lossy(name);
                let message = if self.called.gnu {
                    format!("{program}: cannot open \"{shown}\" for output ({why})")
                } else {
                    format!("{program}: can't open '{shown}': {why}")
                };
                self.fatal_text(&message)
            }
        }
    }

    /// Where an open stream stands. BusyBox has one table for all of them.
    fn stream_at(&self, name: &[u8], reads: bool) -> Option<usize> {
        let shared = !self.called.gnu;
        self.streams.iter().position(|s| s.1 == name && (shared || s.0 == reads))
    }

    fn add_stream(&mut self, reads: bool, name: Vec<u8>, stream: Stream) -> Done<usize> {
        if self.streams.len() >= limits::AWK_STREAMS {
            let shown = String::from_utf8_lossy(&name);
            let (program, why) = (&self.called.name, "Too many open files");
            let message = if self.called.gnu {
                format!("{program}: cannot open \"{shown}\" for output ({why})")
            } else {
                format!("{program}: can't open '{shown}': {why}")
            };
            return self.fatal_text(&message);
        }
        self.streams.push((reads, name, stream));
        Ok(self.streams.len() - 1)
    }

    pub(super) async fn getline(
        &mut self,
        from: &LineFrom,
        target: Option<&Expression>,
    ) -> Done<Value> {
        let record = match from {
            LineFrom::Main => self.main_record().await?,
            LineFrom::File(name) | LineFrom::Command(name) => {
                let is_command = matches!(from, LineFrom::Command(_));
                let name = self.value(name).await?;
                let name = self.text(&name);
                let Some(at) = self.reader(name, is_command).await? else {
                    return Ok(Value::Number(-1.0));
                };
                self.read_stream(at).await?
            }
        };
        let Some(record) = record else { return Ok(Value::Number(0.0)) };
        if matches!(from, LineFrom::Main) {
            self.count_record();
        }
        match target {
            Some(target) => self.assign(target, Value::Input(record)).await?,
            None => self.set_line(record),
        }
        Ok(Value::Number(1.0))
    }

    /// The stream that `getline` reads, opened if it is not open; nothing if it cannot be.
    async fn reader(&mut self, name: Vec<u8>, is_command: bool) -> Done<Option<usize>> {
        if let Some(at) = self.stream_at(&name, true) {
            return Ok(Some(at));
        }
        let stream = if is_command {
            self.flush().await?;
            let (status, output) = self.command(&name, None, true).await?;
            Stream::Reader(standing(output), Some(status))
        } else {
            self.process.session.step(1)?;
            match self.open_input(&name) {
                Ok(source) => Stream::Reader(source, None),
                Err(_) => return Ok(None),
            }
        };
        self.add_stream(true, name, stream).map(Some)
    }

    async fn read_stream(&mut self, at: usize) -> Done<Option<Vec<u8>>> {
        let Some((_, _, Stream::Reader(source, _))) = self.streams.get_mut(at) else {
            return Ok(None);
        };
        let mut source = std::mem::replace(source, standing(Vec::new()));
        let record = self.record(&mut source).await;
        if let Some((_, _, Stream::Reader(place, _))) = self.streams.get_mut(at) {
            *place = source;
        }
        record
    }

    /// Runs a command in a shell: its status, and its output if that is wanted.
    pub(super) async fn command(
        &mut self,
        text: &[u8],
        input: Option<Vec<u8>>,
        collects: bool,
    ) -> Done<(i32, Vec<u8>)> {
        let shell = if self.called.gnu { &b"/bin/sh"[..] } else { b"sh" };
        let words = vec![shell.to_vec(), b"-c".to_vec(), text.to_vec()];
        Ok(self.process.child(words, input.map(Into::into), collects).await?)
    }

    /// `close`: the status of a command, or -1 if nothing of that name is open.
    pub(super) async fn close(&mut self, name: &[u8]) -> Done<f64> {
        let Some(at) = self.streams.iter().position(|s| s.1 == name) else {
            return Ok(if self.called.gnu { -1.0 } else { 0.0 });
        };
        let (_, name, stream) = self.streams.remove(at);
        self.close_stream(&name, stream).await
    }

    async fn close_stream(&mut self, name: &[u8], stream: Stream) -> Done<f64> {
        // BusyBox gives the number that `wait` gave.
        let factor = if self.called.gnu { 1.0 } else { 256.0 };
        Ok(match stream {
            Stream::Command(held) => {
                f64::from(self.command(name, Some(held), false).await?.0) * factor
            }
            Stream::Reader(_, status) => status.map_or(0.0, f64::from) * factor,
            Stream::Writer(_) => 0.0,
        })
    }

    /// Writes what is left and runs the commands that are still printed to.
    pub(super) async fn close_all(&mut self) -> Done<()> {
        // mawk waits for its commands before it writes what is left.
        if !self.called.gnu {
            self.flush().await?;
        }
        for (_, name, stream) in std::mem::take(&mut self.streams) {
            self.close_stream(&name, stream).await?;
        }
        self.flush().await
    }
}
