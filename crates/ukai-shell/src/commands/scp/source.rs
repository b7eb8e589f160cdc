//! `scp -f`: gives files and directories.

use super::{Copying, Leave};
use crate::eval::base_name;
use crate::fs::{FileKind, Stat};

/// Bytes of a file that are sent at once.
const CHUNK_BYTES: usize = 32 * 1024;

/// Most directories within each other.
const DEPTH_MAX: usize = 64;

/// What is still to be done.
enum Step {
    Path(Vec<u8>, usize),
    /// The end of a directory.
    End,
}

impl Copying<'_> {
    pub(super) async fn source(&mut self, operands: Vec<Vec<u8>>) -> Result<(), Leave> {
        self.response().await?;
        let mut steps: Vec<Step> = operands.into_iter().rev().map(|p| Step::Path(p, 0)).collect();
        while let Some(step) = steps.pop() {
            self.process.session.step(1)?;
            let (path, depth) = match step {
                Step::Path(path, depth) => (path, depth),
                Step::End => {
                    self.process.print(b"E\n")?;
                    self.response().await?;
                    continue;
                }
            };
            let end = path.iter().rposition(|b| *b != b'/').map_or(1, |at| at + 1);
            let path = path[..end.min(path.len())].to_vec();
            let full = self.process.absolute(&path);
            let view = self.process.view();
            let stat = match self.process.fs().stat(&view, &full, true) {
                Ok(stat) => stat,
                Err(error) => {
                    self.tell_of(&path, error.text())?;
                    continue;
                }
            };
            match stat.kind {
                FileKind::File => self.give(&path, &full, &stat).await?,
                FileKind::Directory if self.recursive && depth < DEPTH_MAX => {
                    let names = match self.process.fs().list(&view, &full) {
                        Ok(names) => names,
                        Err(error) => {
                            self.tell_of(&path, error.text())?;
                            continue;
                        }
                    };
                    if !self.announce(b'D', &path, &stat).await? {
                        continue;
                    }
                    steps.push(Step::End);
                    let inner = names.iter().rev().map(|name| [&path[..], b"/", name].concat());
                    steps.extend(inner.map(|path| Step::Path(path, depth + 1)));
                }
                _ => self.tell_of(&path, "not a regular file")?,
            }
        }
        Ok(())
    }

    /// Sends a `T` record, if times were asked for, and the record of kind `kind`;
    /// whether the other end wants what follows.
    async fn announce(&mut self, kind: u8, path: &[u8], stat: &Stat) -> Result<bool, Leave> {
        if self.times {
            let line = format!("T{} 0 {} 0\n", stat.mtime, stat.mtime);
            self.remark(
                format!(
                    "File mtime {} atime {}\nSending file timestamps: {line}",
                    stat.mtime, stat.mtime
                )
                .as_bytes(),
            )?;
            self.process.print(line)?;
            if !self.response().await? {
                return Ok(false);
            }
        }
        let size = if kind == b'D' { 0 } else { stat.size };
        let mut line =
            format!("{}{:04o} {size} ", char::from(kind), stat.mode & 0o7777).into_bytes();
        for byte in base_name(path) {
            // A line end in a name would end the record: scp writes it as strvis(3) does.
            match byte {
                b'\n' => line.extend_from_slice(b"\\n"),
                byte => line.push(*byte),
            }
        }
        line.push(b'\n');
        let what: &[u8] =
            if kind == b'D' { b"Entering directory: " } else { b"Sending file modes: " };
        self.remark(&[what, &line].concat())?;
        self.process.print(&line)?;
        self.response().await
    }

    async fn give(&mut self, path: &[u8], full: &[u8], stat: &Stat) -> Result<(), Leave> {
        let view = self.process.view();
        let bytes = match self.process.fs().read(&view, full) {
            Ok(bytes) => bytes,
            Err(error) => return Ok(self.tell_of(path, error.text())?),
        };
        // A file of `/proc` has no size, and scp sends none of it.
        let bytes = bytes.slice(..bytes.len().min(usize::try_from(stat.size).unwrap_or(0)));
        if !self.announce(b'C', path, stat).await? {
            return Ok(());
        }
        for chunk in bytes.chunks(CHUNK_BYTES) {
            self.process.session.step(chunk.len() as u64 / 4_096)?;
            if !self.process.print(chunk)? {
                return Err(Leave::Exit);
            }
        }
        self.acknowledge()?;
        self.response().await?;
        Ok(())
    }
}
