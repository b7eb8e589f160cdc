//! Opening files, and writing to them.

use super::node::{APPEND_ONLY, Data, FsError, IMMUTABLE, Ino, Kind, Origin};
use super::{Fs, View, allowed};
use crate::limits;

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// To read what is there.
    Read,
    /// To write from the beginning, with nothing there.
    Truncate,
    /// To write at the end.
    Append,
    /// To write over what is there.
    Update,
}

/// What was opened.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Opened {
    File {
        ino: Ino,
    },
    Null,
    Zero,
    Random,
    Terminal,
    /// `/dev/full`
    Full,
}

impl Fs {
    /// Opens `path`, making it with `mode` if it is to be written and not there.
    pub(crate) fn open(
        &self,
        view: &View,
        path: &[u8],
        access: Access,
        mode: u16,
    ) -> Result<Opened, FsError> {
        let mut state = self.state();
        let place = self.walk(&state, view, path, true)?;
        let Some(ino) = place.ino else {
            if access == Access::Read {
                return Err(FsError::NotFound);
            }
            let kind = Kind::File(Data::Own(Vec::new()), Origin::Written);
            let number = self.create(&mut state, view, &place, kind, mode)?;
            return Ok(Opened::File { ino: Ino::Disk(number) });
        };
        let number = match ino {
            Ino::Proc(node) => {
                return if Self::proc_is_directory(node) {
                    Err(FsError::IsDirectory)
                } else if access == Access::Read {
                    Ok(Opened::File { ino })
                } else {
                    Err(FsError::Permission)
                };
            }
            Ino::Disk(number) => number,
        };
        let node = self.node(&state, number).ok_or(FsError::NotFound)?;
        let bit = if access == Access::Read { 4 } else { 2 };
        let permitted = allowed(node, view, bit);
        match &node.kind {
            Kind::Directory(_) if access == Access::Read => {
                return Err(FsError::IsDirectory);
            }
            Kind::Directory(_) => return Err(FsError::IsDirectory),
            _ if !permitted => return Err(FsError::Permission),
            Kind::Character(1, 3) => return Ok(Opened::Null),
            Kind::Character(1, 5) => return Ok(Opened::Zero),
            Kind::Character(1, 7) => return Ok(Opened::Full),
            Kind::Character(1, 8 | 9) => return Ok(Opened::Random),
            Kind::Character(5 | 136..=143, _) => return Ok(Opened::Terminal),
            Kind::Character(..) | Kind::Block(..) | Kind::Pipe | Kind::Link(_) => {
                return Ok(Opened::Null);
            }
            Kind::File(..) => {}
        }
        if access != Access::Read {
            let flags = node.flags;
            if flags & IMMUTABLE != 0 || flags & APPEND_ONLY != 0 && access != Access::Append {
                return Err(FsError::NotPermitted);
            }
            self.writable(&state, &place.path)?;
            self.make_writable(&mut state, view, number, access == Access::Truncate)?;
        }
        Ok(Opened::File { ino })
    }

    /// Makes sure that the file's bytes are the attacker's own.
    fn make_writable(
        &self,
        state: &mut super::State,
        view: &View,
        number: u32,
        truncate: bool,
    ) -> Result<(), FsError> {
        let mtime = self.host().clock(view.now).secs();
        let node = self.node(state, number).ok_or(FsError::NotFound)?;
        let Kind::File(data, _) = &node.kind else { return Err(FsError::Invalid) };
        // What is the attacker's already may be large, and stays where it is.
        let made = match data {
            Data::Own(_) | Data::Shared(_) => None,
            Data::Template(_) | Data::Program(_) if truncate => None,
            made_up => Some(self.data(view, made_up)),
        };
        if truncate {
            let in_layer = state.nodes.contains_key(&number);
            let held = if in_layer { self.size_of(view, data) } else { 0 };
            state.used = state.used.saturating_sub(held);
        }
        if let Some(bytes) = &made {
            Self::charge(state, bytes.len() as u64)?;
        }
        let node = self.node_mut(state, number).ok_or(FsError::NotFound)?;
        node.mtime = mtime;
        if truncate {
            node.kind = Kind::File(Data::Own(Vec::new()), Origin::Written);
        } else if let (Some(bytes), Kind::File(data, _)) = (made, &mut node.kind) {
            *data = Data::Shared(bytes);
        }
        Ok(())
    }

    /// Writes at `offset`, or at the end if that is `None`. Gives the offset after it.
    pub(crate) fn write(
        &self,
        view: &View,
        ino: Ino,
        offset: Option<u64>,
        bytes: &[u8],
    ) -> Result<u64, FsError> {
        let Ino::Disk(number) = ino else { return Err(FsError::Permission) };
        let mut guard = self.state();
        let state = &mut *guard;
        let Some(node) = state.nodes.get_mut(&number) else {
            // Removed while open: the bytes go nowhere.
            return Ok(offset.unwrap_or(0) + bytes.len() as u64);
        };
        let mtime = self.inner.host.clock(view.now).secs();
        node.mtime = mtime;
        let Kind::File(data, origin) = &mut node.kind else { return Err(FsError::Invalid) };
        if let Data::Shared(shared) = data {
            // Without a copy, if nobody reads them now.
            *data = Data::Own(std::mem::take(shared).into());
        }
        let Data::Own(own) = data else { return Err(FsError::Invalid) };
        let start = offset.map_or(own.len(), |o| usize::try_from(o).unwrap_or(usize::MAX));
        let end = start.saturating_add(bytes.len());
        if end > limits::FILE_BYTES {
            return Err(FsError::TooLarge);
        }
        let grown = end.saturating_sub(own.len()) as u64;
        if state.used + grown > limits::DISK_BYTES {
            return Err(FsError::NoSpace);
        }
        state.used += grown;
        if end > own.len() {
            own.resize(end, 0);
        }
        own[start..end].copy_from_slice(bytes);
        *origin = Origin::Written;
        Ok(end as u64)
    }

    /// Cuts or lengthens a file.
    pub(crate) fn truncate(&self, view: &View, ino: Ino, length: u64) -> Result<(), FsError> {
        let bytes = self.contents(view, ino)?;
        let Ino::Disk(number) = ino else { return Err(FsError::Permission) };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > limits::FILE_BYTES {
            return Err(FsError::TooLarge);
        }
        let mut own = bytes.to_vec();
        own.resize(length, 0);
        let mut state = self.state();
        Self::charge(&mut state, length.saturating_sub(bytes.len()) as u64)?;
        state.used = state.used.saturating_sub(bytes.len().saturating_sub(length) as u64);
        if let Some(node) = self.node_mut(&mut state, number) {
            node.kind = Kind::File(Data::Own(own), Origin::Written);
        }
        Ok(())
    }
}
