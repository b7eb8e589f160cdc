//! The requests of the draft, as sftp-server.c answers them.

use super::long_name::long_name;
use super::wire::{Put, Reader};
use super::{
    EOF, FAILURE, FileUse, Handle, NO_SUCH_FILE, OK, PERMISSION_DENIED, Reply, Sftp, code,
};
use crate::limits::{SFTP_HANDLES, SFTP_READ_BYTES};
use ukai_model::FileOperation;
use ukai_shell::{FileChange, FileInfo, FsError, OpenHow};

/// Attributes that a client sends.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    size: Option<u64>,
    pub(super) change: FileChange,
}

impl Sent {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let flags = reader.u32()?;
        let mut sent = Self::default();
        if flags & 1 != 0 {
            sent.size = Some(reader.u64()?);
        }
        if flags & 2 != 0 {
            sent.change.owner = Some(reader.u32()?);
            sent.change.group = Some(reader.u32()?);
        }
        if flags & 4 != 0 {
            sent.change.mode = Some((reader.u32()? & 0o7777) as u16);
        }
        if flags & 8 != 0 {
            reader.u32()?;
            sent.change.mtime = Some(u64::from(reader.u32()?));
        }
        if flags & 0x8000_0000 != 0 {
            for _ in 0..reader.u32()? {
                reader.string()?;
                reader.string()?;
            }
        }
        Some(sent)
    }
}

/// Attributes that we send: all that there are.
fn attributes(facts: &FileInfo) -> Vec<u8> {
    let mut out = Vec::with_capacity(32);
    out.put_u32(0xf);
    out.put_u64(facts.size);
    out.put_u32(facts.uid);
    out.put_u32(facts.gid);
    out.put_u32(facts.st_mode());
    let time = u32::try_from(facts.mtime).unwrap_or(u32::MAX);
    out.put_u32(time);
    out.put_u32(time);
    out
}

impl Sftp {
    /// The answer to a request; `None` if it is shorter than its type says.
    pub(super) fn request(&mut self, kind: u8, reader: &mut Reader<'_>) -> Option<Reply> {
        Some(match kind {
            3 => self.open(reader)?,
            4 => self.on_close(reader)?,
            5 => self.read(reader)?,
            6 => self.write(reader)?,
            7 | 17 => {
                let path = self.absolute(reader.string()?);
                match self.disk.info(&path, kind == 17) {
                    Ok(facts) => Reply::Attributes(attributes(&facts)),
                    Err(error) => Reply::Status(code(error)),
                }
            }
            8 => match self.path_of(reader.string()?) {
                Some(path) => match self.disk.info(&path, true) {
                    Ok(facts) => Reply::Attributes(attributes(&facts)),
                    Err(error) => Reply::Status(code(error)),
                },
                None => Reply::Status(FAILURE),
            },
            9 => {
                let path = self.absolute(reader.string()?);
                let sent = Sent::read(reader)?;
                self.set(&path, &sent)
            }
            10 => {
                let path = self.path_of(reader.string()?);
                let sent = Sent::read(reader)?;
                match path {
                    Some(path) => self.set(&path, &sent),
                    None => Reply::Status(FAILURE),
                }
            }
            11 => self.open_directory(reader)?,
            12 => self.read_directory(reader)?,
            13 => {
                let path = self.absolute(reader.string()?);
                let result = self.disk.remove(&path);
                self.done(FileOperation::Delete, &path, result)
            }
            14 => {
                let path = self.absolute(reader.string()?);
                let mode = Sent::read(reader)?.change.mode.unwrap_or(0o777);
                let result = self.disk.make_directory(&path, mode & !0o022);
                self.done(FileOperation::MakeDirectory, &path, result)
            }
            15 => {
                let path = self.absolute(reader.string()?);
                let result = self.disk.remove_directory(&path);
                self.done(FileOperation::Delete, &path, result)
            }
            16 => {
                let path = reader.string()?;
                let path = if path.is_empty() { b"." } else { path };
                self.real_path(path)
            }
            18 => {
                let from = self.absolute(reader.string()?);
                let to = self.absolute(reader.string()?);
                // link() and unlink(): what is there stays there.
                let result = match self.disk.info(&to, false) {
                    Ok(_) if self.disk.info(&from, false).is_ok() => Err(FsError::Exists),
                    _ => self.disk.rename(&from, &to),
                };
                self.done(FileOperation::Rename, &to, result)
            }
            19 => {
                let path = self.absolute(reader.string()?);
                match self.disk.link(&path) {
                    Ok(target) => Reply::Name(target.to_vec()),
                    Err(error) => Reply::Status(code(error)),
                }
            }
            20 => {
                // OpenSSH takes target and name in this order, against the draft.
                let target = reader.string()?.to_vec();
                let path = self.absolute(reader.string()?);
                let result = self.disk.make_link(&target, &path);
                self.done(FileOperation::Link, &path, result)
            }
            200 => self.extended(reader)?,
            _ => Reply::Silence,
        })
    }

    pub(super) fn done(
        &mut self,
        operation: FileOperation,
        path: &[u8],
        result: Result<(), FsError>,
    ) -> Reply {
        self.record(operation, path, 0, result.is_ok());
        result.into()
    }

    /// The path of an open handle.
    pub(super) fn path_of(&self, handle: &[u8]) -> Option<Vec<u8>> {
        match self.handles.get(&number(handle)?)? {
            Handle::File { path, .. } | Handle::Directory { path, .. } => Some(path.clone()),
        }
    }

    fn add(&mut self, handle: Handle) -> Reply {
        let free = (0..SFTP_HANDLES as u32).find(|number| !self.handles.contains_key(number));
        match free {
            Some(number) => {
                self.handles.insert(number, handle);
                Reply::Handle(number)
            }
            None => Reply::Status(FAILURE),
        }
    }

    fn open(&mut self, reader: &mut Reader<'_>) -> Option<Reply> {
        let path = self.absolute(reader.string()?);
        let flags = reader.u32()?;
        let mode = Sent::read(reader)?.change.mode.unwrap_or(0o666) & !0o022;
        let how = OpenHow {
            write: flags & 2 != 0,
            create: flags & 8 != 0,
            truncate: flags & 16 != 0,
            exclusive: flags & 32 != 0,
        };
        let usage = FileUse { read: flags & 1 != 0, write: how.write, append: flags & 4 != 0 };
        Some(match self.disk.open_file(&path, how, mode) {
            Ok(file) => {
                let written = how.write && how.truncate;
                self.add(Handle::File { file, path, how: usage, read: 0, written })
            }
            Err(error) => {
                let operation =
                    if how.write { FileOperation::Upload } else { FileOperation::Download };
                self.record(operation, &path, 0, false);
                Reply::Status(code(error))
            }
        })
    }

    fn on_close(&mut self, reader: &mut Reader<'_>) -> Option<Reply> {
        let handle = number(reader.string()?).and_then(|number| self.handles.remove(&number));
        Some(match handle {
            Some(handle) => {
                self.close(handle);
                Reply::Status(OK)
            }
            // EBADF
            None => Reply::Status(NO_SUCH_FILE),
        })
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Option<Reply> {
        let handle = number(reader.string()?);
        let offset = reader.u64()?;
        let length = (reader.u32()? as usize).min(SFTP_READ_BYTES);
        let handle = handle.and_then(|number| self.handles.get_mut(&number));
        let Some(Handle::File { file, how, read, .. }) = handle else {
            return Some(Reply::Status(FAILURE));
        };
        if !how.read {
            // EBADF
            return Some(Reply::Status(NO_SUCH_FILE));
        }
        Some(match self.disk.read_at(*file, offset, length) {
            Ok(bytes) if bytes.is_empty() && length > 0 => Reply::Status(EOF),
            Ok(bytes) => {
                *read = read.saturating_add(bytes.len() as u64);
                Reply::Data(bytes)
            }
            Err(error) => Reply::Status(code(error)),
        })
    }

    fn write(&mut self, reader: &mut Reader<'_>) -> Option<Reply> {
        let handle = number(reader.string()?);
        let offset = reader.u64()?;
        let bytes = reader.string()?;
        let handle = handle.and_then(|number| self.handles.get_mut(&number));
        let Some(Handle::File { file, how, written, .. }) = handle else {
            return Some(Reply::Status(FAILURE));
        };
        if !how.write {
            return Some(Reply::Status(NO_SUCH_FILE));
        }
        let offset = (!how.append).then_some(offset);
        let result = self.disk.write_at(*file, offset, bytes);
        *written |= result.is_ok();
        Some(result.into())
    }

    /// SETSTAT and the like: size, permissions, times, owner, each for itself; the last
    /// error counts.
    fn set(&mut self, path: &[u8], sent: &Sent) -> Reply {
        let mut result = Ok(());
        if let Some(size) = sent.size {
            let how = OpenHow { write: true, ..OpenHow::default() };
            result =
                self.disk.open_file(path, how, 0).and_then(|file| self.disk.truncate(file, size));
        }
        let FileChange { mode, owner, group, mtime } = sent.change;
        let parts = [
            (mode.is_some(), FileChange { mode, ..FileChange::default() }),
            (mtime.is_some(), FileChange { mtime, ..FileChange::default() }),
            (owner.is_some(), FileChange { owner, group, ..FileChange::default() }),
        ];
        for (given, change) in parts {
            if given && let Err(error) = self.disk.change(path, &change) {
                result = Err(error);
            }
        }
        self.done(FileOperation::Attributes, path, result)
    }

    fn open_directory(&mut self, reader: &mut Reader<'_>) -> Option<Reply> {
        let path = self.absolute(reader.string()?);
        Some(match self.disk.names(&path) {
            Ok(mut names) => {
                self.record(FileOperation::List, &path, 0, true);
                // From the end, as they are taken.
                names.reverse();
                names.extend([&b".."[..], b"."].map(Into::into));
                self.add(Handle::Directory { path, names })
            }
            Err(error) => Reply::Status(code(error)),
        })
    }

    fn read_directory(&mut self, reader: &mut Reader<'_>) -> Option<Reply> {
        const AT_ONCE: usize = 100;
        let handle = number(reader.string()?);
        let handle = handle.and_then(|number| self.handles.get_mut(&number));
        let Some(Handle::Directory { path, names }) = handle else {
            return Some(Reply::Status(FAILURE));
        };
        let path = path.clone();
        let rest = names.len().saturating_sub(AT_ONCE);
        let taken: Vec<_> = names.drain(rest..).rev().collect();
        let groups = self.groups();
        let now = self.host.clock(self.now).secs();
        let mut entries = Vec::with_capacity(taken.len());
        for name in taken {
            let whole = [&path[..], b"/", &name].concat();
            let Ok(facts) = self.disk.info(&whole, false) else { continue };
            let user = self.user_name(facts.uid).unwrap_or_else(|| facts.uid.to_string());
            let group = groups
                .iter()
                .find(|(gid, _)| *gid == facts.gid)
                .map_or_else(|| facts.gid.to_string(), |(_, name)| name.clone());
            let long = long_name(&name, &facts, &user, &group, now);
            entries.push((name.to_vec(), long, attributes(&facts)));
        }
        Some(if entries.is_empty() { Reply::Status(EOF) } else { Reply::Names(entries) })
    }

    /// `sftp_realpath`: the last name need not exist.
    pub(super) fn real_path(&self, path: &[u8]) -> Reply {
        let path = self.absolute(path);
        match self.disk.real_path(&path) {
            Ok(path) => Reply::Name(path),
            Err(FsError::NotFound) => {
                let end = path.iter().rposition(|byte| *byte == b'/').unwrap_or_default();
                let (parent, name) = path.split_at(end);
                let parent = if parent.is_empty() { b"/" } else { parent };
                match self.disk.real_path(parent) {
                    Ok(parent) if parent == b"/" => Reply::Name(name.to_vec()),
                    Ok(parent) => Reply::Name([&parent[..], name].concat()),
                    Err(error) => Reply::Status(code(error)),
                }
            }
            Err(error) => Reply::Status(code(error)),
        }
    }

    pub(super) fn user_name(&self, uid: u32) -> Option<String> {
        self.host.persona.users().iter().find(|user| user.uid == uid).map(|user| user.name.clone())
    }

    /// Numbers and names of `/etc/group`.
    pub(super) fn groups(&self) -> Vec<(u32, String)> {
        let file = self.disk.read(b"/etc/group").unwrap_or_default();
        String::from_utf8_lossy(&file)
            .lines()
            .filter_map(|line| {
                let mut fields = line.split(':');
                let name = fields.next()?.to_owned();
                Some((fields.nth(1)?.parse().ok()?, name))
            })
            .collect()
    }

    /// Copies between two handles (`copy-data`).
    pub(super) fn copy_data(&mut self, reader: &mut Reader<'_>) -> Option<Reply> {
        let from = number(reader.string()?);
        let offset = reader.u64()?;
        let length = reader.u64()?;
        let to = number(reader.string()?);
        let target = reader.u64()?;
        let file = |number: Option<u32>| match self.handles.get(&number?)? {
            Handle::File { file, how, .. } => Some((*file, *how)),
            Handle::Directory { .. } => None,
        };
        let (Some((source, reads)), Some((sink, writes))) = (file(from), file(to)) else {
            return Some(Reply::Status(FAILURE));
        };
        if from == to || !reads.read || !writes.write {
            return Some(Reply::Status(PERMISSION_DENIED));
        }
        let length =
            if length == 0 { usize::MAX } else { usize::try_from(length).unwrap_or(usize::MAX) };
        let result = self
            .disk
            .read_at(source, offset, length)
            .and_then(|bytes| self.disk.write_at(sink, Some(target), &bytes));
        if result.is_ok()
            && let Some(Handle::File { written, .. }) = to.and_then(|to| self.handles.get_mut(&to))
        {
            *written = true;
        }
        Some(result.into())
    }
}

/// The number in a handle's string.
fn number(handle: &[u8]) -> Option<u32> {
    handle.try_into().ok().map(u32::from_be_bytes)
}
