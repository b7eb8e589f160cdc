//! `scp -t`: takes files and directories.

use super::{Copying, Leave, RECORD_BYTES};
use crate::fs::{Access, Attributes, FsError, Ino, Opened};
use ukai_model::CaptureHow;

/// Deepest directories that are entered.
const DEPTH_MAX: usize = 64;

/// Bytes of a file that are read at once.
const CHUNK_BYTES: usize = 16_384;

/// A directory that is being filled, or the target itself.
struct Level {
    path: Vec<u8>,
    is_directory: bool,
    /// Of the directory, once all in it has come.
    mode: Option<u16>,
    mtime: Option<u64>,
}

/// A `C` or `D` record.
struct Record {
    directory: bool,
    mode: u16,
    size: u64,
    name: Vec<u8>,
}

impl Copying<'_> {
    pub(super) async fn sink(
        &mut self,
        operands: &[Vec<u8>],
        must_be_directory: bool,
    ) -> Result<(), Leave> {
        let [target] = operands else {
            self.tell(b"ambiguous target")?;
            return Err(Leave::Exit);
        };
        if must_be_directory {
            self.verify_directory(target)?;
        }
        let mut levels = vec![self.level(target.clone(), None, None)];
        self.acknowledge()?;
        let mut first = true;
        let mut mtime = None;
        loop {
            let line = self.line().await?;
            let Some(kind) = line.first().copied() else {
                // The end of the input ends every level, as its `E` would.
                while let Some(done) = levels.pop() {
                    self.leave(&done);
                }
                return Ok(());
            };
            if kind == b'\n' {
                return self.screw_up("unexpected <newline>");
            }
            if line.last() != Some(&b'\n') && line.len() < RECORD_BYTES {
                return self.screw_up("lost connection");
            }
            self.remark(&[b"Sink: ", &line[..]].concat())?;
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            let at_first = std::mem::replace(&mut first, false);
            match kind {
                1 => self.failed = true,
                2 => return Err(Leave::Exit),
                b'E' => {
                    self.acknowledge()?;
                    let Some(done) = levels.pop() else { return Ok(()) };
                    self.leave(&done);
                    if levels.is_empty() {
                        return Ok(());
                    }
                }
                b'T' => match times(&text[1..]) {
                    Ok(time) => {
                        mtime = Some(time);
                        self.acknowledge()?;
                    }
                    Err(why) => return self.screw_up(why),
                },
                b'C' | b'D' => {
                    let record = match record(text) {
                        Ok(record) => record,
                        Err(why) => return self.screw_up(why),
                    };
                    if matches!(&record.name[..], b"" | b"." | b"..") || record.name.contains(&b'/')
                    {
                        self.tell(&[b"error: unexpected filename: ", &record.name[..]].concat())?;
                        return Err(Leave::Exit);
                    }
                    let Some(level) = levels.last() else { return Ok(()) };
                    let path = match (level.is_directory, &level.path[..]) {
                        (true, b"/") => [b"/", &record.name[..]].concat(),
                        (true, folder) => [folder, b"/", &record.name].concat(),
                        (false, path) => path.to_vec(),
                    };
                    let time = mtime.take();
                    if record.directory {
                        if let Some(level) = self.directory(path, &record, time, levels.len())? {
                            levels.push(level);
                            self.acknowledge()?;
                            first = true;
                        }
                    } else {
                        self.file(&path, &record, time).await?;
                    }
                }
                _ if at_first => {
                    self.tell(text)?;
                    return Err(Leave::Exit);
                }
                _ => return self.screw_up("expected control record"),
            }
        }
    }

    fn screw_up(&mut self, why: &str) -> Result<(), Leave> {
        self.tell(format!("protocol error: {why}").as_bytes())?;
        Err(Leave::Exit)
    }

    fn verify_directory(&mut self, path: &[u8]) -> Result<(), Leave> {
        let full = self.process.absolute(path);
        let error = match self.process.fs().stat(&self.process.view(), &full, true) {
            Ok(stat) if stat.is_dir() => return Ok(()),
            Ok(_) => FsError::NotDirectory,
            Err(error) => error,
        };
        self.tell_of(path, error.text())?;
        Err(Leave::Exit)
    }

    fn level(&self, path: Vec<u8>, mode: Option<u16>, mtime: Option<u64>) -> Level {
        let full = self.process.absolute(&path);
        let stat = self.process.fs().stat(&self.process.view(), &full, true);
        Level { is_directory: stat.is_ok_and(|s| s.is_dir()), path, mode, mtime }
    }

    /// Gives a directory that is full its own permissions and time.
    fn leave(&self, level: &Level) {
        self.change(&level.path, level.mode, level.mtime);
    }

    fn change(&self, path: &[u8], mode: Option<u16>, mtime: Option<u64>) {
        if mode.is_some() || mtime.is_some() {
            let full = self.process.absolute(path);
            let change = Attributes { mode, mtime, ..Attributes::default() };
            // Who may write may change; another's file stays as it is, as with scp.
            let _ = self.process.fs().set_attributes(&self.process.view(), &full, &change);
        }
    }

    fn mode(&self, record: &Record) -> u16 {
        if self.times { record.mode } else { record.mode & !self.process.umask }
    }

    /// Makes or enters a directory; none if it cannot be.
    fn directory(
        &mut self,
        path: Vec<u8>,
        record: &Record,
        mtime: Option<u64>,
        depth: usize,
    ) -> Result<Option<Level>, Leave> {
        if !self.recursive {
            self.screw_up("received directory without -r")?;
        }
        let mode = self.mode(record);
        let full = self.process.absolute(&path);
        let view = self.process.view();
        let failure = match self.process.fs().stat(&view, &full, true) {
            _ if depth > DEPTH_MAX => Some(FsError::NameTooLong),
            Ok(stat) if stat.is_dir() => {
                let own = self.times.then_some(mode);
                self.change(&path, own, None);
                return Ok(Some(self.level(path, own, mtime)));
            }
            Ok(_) => Some(FsError::NotDirectory),
            Err(_) => self.process.fs().mkdir(&view, &full, mode | 0o700).err(),
        };
        if let Some(error) = failure {
            self.tell_of(&path, error.text())?;
            return Ok(None);
        }
        Ok(Some(self.level(path, Some(mode), mtime)))
    }

    async fn file(
        &mut self,
        path: &[u8],
        record: &Record,
        mtime: Option<u64>,
    ) -> Result<(), Leave> {
        let full = self.process.absolute(path);
        let view = self.process.view();
        let before = self.process.fs().stat(&view, &full, true).ok();
        let mode = self.mode(record);
        let opened = self.process.fs().open(&view, &full, Access::Update, mode | 0o200);
        let ino = match opened {
            Ok(Opened::File { ino }) => Some(ino),
            Ok(_) => None,
            Err(error) => {
                self.tell_of(path, error.text())?;
                return Ok(());
            }
        };
        self.acknowledge()?;
        let mut note = None;
        let mut place = 0_u64;
        while place < record.size {
            let want = usize::try_from(record.size - place).unwrap_or(usize::MAX);
            let want = want.min(CHUNK_BYTES);
            let mut chunk = Vec::with_capacity(want);
            while chunk.len() < want {
                let more = self.read(want - chunk.len(), false).await?;
                if more.is_empty() {
                    // What does not fill scp's buffer does not reach its disk.
                    self.keep(path, ino, &chunk);
                    self.tell(b"Broken pipe")?;
                    return Err(Leave::Exit);
                }
                chunk.extend_from_slice(&more);
            }
            self.process.session.step(1)?;
            if let (Some(ino), None) = (ino, note) {
                let written = self.process.fs().write(&view, ino, Some(place), &chunk);
                if let Err(error) = written {
                    let mut system = self.process.session.system();
                    system.limit("disk", "an attacker's files grew too large");
                    note = Some(error);
                }
            }
            place += chunk.len() as u64;
        }
        if let (Some(ino), None) = (ino, note)
            && before.is_some_and(|stat| stat.is_file() && stat.size > record.size)
            && self.process.fs().truncate(&view, ino, record.size).is_err()
        {
            note = Some(FsError::NoSpace);
        }
        if ino.is_some() && (before.is_some() || mode | 0o200 != mode) {
            self.change(path, Some(mode), None);
        }
        self.keep(path, ino, b"");
        self.response().await?;
        if note.is_none() {
            self.change(path, None, mtime.filter(|_| ino.is_some()));
        }
        match note {
            Some(error) => self.tell_of(path, error.text())?,
            None => self.acknowledge()?,
        }
        Ok(())
    }

    /// What came is a sample: the file, and what came after it.
    fn keep(&self, path: &[u8], ino: Option<Ino>, rest: &[u8]) {
        let view = self.process.view();
        if let Some(ino) = ino
            && let Ok(mut bytes) = self.process.fs().contents(&view, ino)
        {
            if !rest.is_empty() {
                bytes = [&bytes, rest].concat().into();
            }
            let full = self.process.absolute(path);
            let full = self.process.fs().real_path(&view, &full).unwrap_or(full);
            self.process.session.capture(&full, &bytes, CaptureHow::Uploaded);
        }
    }
}

/// `C0644 123 name`, as scp reads it: four digits, or what stands in their place.
fn record(text: &[u8]) -> Result<Record, &'static str> {
    const MODE_DIGITS: usize = 4;
    let mut mode = 0;
    for place in 1..=MODE_DIGITS {
        match text.get(place) {
            Some(digit @ b'0'..=b'7') => mode = mode << 3 | u16::from(digit - b'0'),
            _ => return Err("bad mode"),
        }
    }
    let rest = text.get(MODE_DIGITS + 1..).unwrap_or_default();
    let rest = rest.strip_prefix(b" ").ok_or("mode not delimited")?;
    let (size, rest) = number(rest).ok_or("size not present")?;
    let name = rest.strip_prefix(b" ").ok_or("size not delimited")?;
    let size = size.filter(|size| i64::try_from(*size).is_ok()).ok_or("size out of range")?;
    Ok(Record { directory: text.first() == Some(&b'D'), mode, size, name: name.to_vec() })
}

/// `T`'s times: `mtime 0 atime 0`; the time of the last change is given.
fn times(text: &[u8]) -> Result<u64, &'static str> {
    const MICROSECONDS_MAX: u64 = 999_999;
    let small = |value: Option<u64>| value.filter(|v| *v <= MICROSECONDS_MAX);
    let (mtime, rest) = number(text).ok_or("mtime.sec not present")?;
    let rest = rest.strip_prefix(b" ").ok_or("mtime.sec not delimited")?;
    let (part, rest) = number(rest).ok_or("mtime.usec not delimited")?;
    small(part).ok_or("mtime.usec not delimited")?;
    let rest = rest.strip_prefix(b" ").ok_or("mtime.usec not delimited")?;
    let (_, rest) = number(rest).ok_or("atime.sec not present")?;
    let rest = rest.strip_prefix(b" ").ok_or("atime.sec not delimited")?;
    let (part, rest) = number(rest).ok_or("atime.usec not delimited")?;
    small(part).filter(|_| rest.is_empty()).ok_or("atime.usec not delimited")?;
    Ok(mtime.unwrap_or(0))
}

/// Digits at the beginning, and what follows; the value is none if it is too large.
fn number(text: &[u8]) -> Option<(Option<u64>, &[u8])> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, rest) = text.split_at(digits);
    (digits > 0).then(|| (std::str::from_utf8(number).ok().and_then(|n| n.parse().ok()), rest))
}
