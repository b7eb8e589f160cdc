//! From a path to a node, and changes of the tree.

use super::node::{APPEND_ONLY, Data, FsError, IMMUTABLE, Ino, Kind, Node, Origin};
use super::{Fs, NODE_BYTES, Place, State, View, allowed};
use crate::limits;
use bytes::Bytes;
use std::sync::Arc;

impl Fs {
    /// Follows `path`. A missing last name is no error; `follow` says whether a link
    /// at the end is followed.
    pub(super) fn walk(
        &self,
        state: &State,
        view: &View,
        path: &[u8],
        follow: bool,
    ) -> Result<Place, FsError> {
        if path.is_empty() {
            return Err(FsError::NotFound);
        }
        if path.len() > limits::PATH_BYTES {
            return Err(FsError::NameTooLong);
        }
        let must_be_directory = path.ends_with(b"/");
        let mut todo: Vec<Bytes> = components(path).rev().collect();
        let mut trail: Vec<(Bytes, Ino)> = Vec::with_capacity(8);
        let mut links = 0;
        while let Some(name) = todo.pop() {
            if name == "." {
                continue;
            }
            if name == ".." {
                trail.pop();
                continue;
            }
            if name.len() > limits::NAME_BYTES {
                return Err(FsError::NameTooLong);
            }
            let here = trail.last().map_or(Ino::Disk(super::image::ROOT), |(_, ino)| *ino);
            let Some(next) = self.child(state, view, here, &trail, &name)? else {
                if todo.is_empty() {
                    let parent = match here {
                        Ino::Disk(number) => Some(number),
                        Ino::Proc(_) => None,
                    };
                    let mut path = join(&trail);
                    path.push(b'/');
                    path.extend_from_slice(&name);
                    return Ok(Place { path, ino: None, parent, name });
                }
                return Err(FsError::NotFound);
            };
            let last = todo.is_empty();
            if let Some(target) = self.link_target(state, view, next)
                && (!last || follow || must_be_directory)
            {
                links += 1;
                if links > limits::LINKS_FOLLOWED {
                    return Err(FsError::Loop);
                }
                if target.starts_with(b"/") {
                    trail.clear();
                }
                if todo.len() + target.len() > limits::PATH_BYTES {
                    return Err(FsError::NameTooLong);
                }
                todo.extend(components(&target).rev());
                continue;
            }
            trail.push((name, next));
        }
        let Some((name, ino)) = trail.last().cloned() else {
            let root = Ino::Disk(super::image::ROOT);
            return Ok(Place {
                path: b"/".to_vec(),
                ino: Some(root),
                parent: None,
                name: Bytes::new(),
            });
        };
        if must_be_directory && !self.is_directory(state, ino) {
            return Err(FsError::NotDirectory);
        }
        let parent = match trail.len() {
            1 => Some(super::image::ROOT),
            n => match trail[n - 2].1 {
                Ino::Disk(number) => Some(number),
                Ino::Proc(_) => None,
            },
        };
        Ok(Place { path: join(&trail), ino: Some(ino), parent, name })
    }

    fn child(
        &self,
        state: &State,
        view: &View,
        here: Ino,
        trail: &[(Bytes, Ino)],
        name: &[u8],
    ) -> Result<Option<Ino>, FsError> {
        let number = match here {
            Ino::Proc(node) => return self.proc_child(state, node, name),
            Ino::Disk(number) => number,
        };
        let node = self.node(state, number).ok_or(FsError::NotFound)?;
        let Kind::Directory(entries) = &node.kind else { return Err(FsError::NotDirectory) };
        if !allowed(node, view, 1) {
            return Err(FsError::Permission);
        }
        if trail.len() == 1
            && trail[0].0 == "proc"
            && let Some(made_up) = self.proc_root_child(state, view, name)
        {
            return Ok(Some(made_up));
        }
        if trail.len() == 2
            && trail[0].0 == "proc"
            && let Some(moving) = Self::proc_moving(&trail[1].0, name)
        {
            return Ok(Some(moving));
        }
        if let Some(found) = entries.get(name) {
            return Ok(Some(Ino::Disk(*found)));
        }
        Ok((trail.len() <= 2 && trail.first().is_some_and(|(first, _)| first == "proc"))
            .then(|| Self::proc_system(trail.get(1).map(|(n, _)| &n[..]), name))
            .flatten())
    }

    fn link_target(&self, state: &State, view: &View, ino: Ino) -> Option<Bytes> {
        match ino {
            Ino::Proc(node) => self.proc_link(state, view, node),
            Ino::Disk(number) => match &self.node(state, number)?.kind {
                Kind::Link(target) => Some(target.clone()),
                _ => None,
            },
        }
    }

    fn is_directory(&self, state: &State, ino: Ino) -> bool {
        match ino {
            Ino::Proc(node) => Self::proc_is_directory(node),
            Ino::Disk(number) => {
                matches!(self.node(state, number).map(|n| &n.kind), Some(Kind::Directory(_)))
            }
        }
    }

    /// Whether the file system that holds `path` can be written to.
    pub(super) fn writable(&self, state: &State, path: &[u8]) -> Result<(), FsError> {
        let Some(mount) = self.mount_of(path) else { return Ok(()) };
        let read_only = mount.options.split(',').any(|o| o == "ro");
        if read_only && !state.remounted.iter().any(|p| p == mount.point.as_bytes()) {
            return Err(FsError::ReadOnly);
        }
        // The kernel's values can be set, where there is a file for one.
        if mount.kind == "proc" && path.starts_with(b"/proc/sys/") {
            return Ok(());
        }
        if mount.kind == "proc" || mount.kind == "sysfs" {
            return Err(FsError::Permission);
        }
        Ok(())
    }

    /// The directory of `place` for a change of its names.
    fn parent_for_change(&self, state: &State, view: &View, place: &Place) -> Result<u32, FsError> {
        self.writable(state, &place.path)?;
        if place.path.starts_with(b"/proc/") {
            return Err(FsError::Permission);
        }
        let parent = place.parent.ok_or(FsError::Permission)?;
        let node = self.node(state, parent).ok_or(FsError::NotFound)?;
        if !matches!(node.kind, Kind::Directory(_)) {
            return Err(FsError::NotDirectory);
        }
        if !allowed(node, view, 3) {
            return Err(FsError::Permission);
        }
        if node.flags & IMMUTABLE != 0
            || node.flags & APPEND_ONLY != 0 && place.ino.is_some()
            || place.ino.is_some_and(|ino| self.is_fixed(state, ino))
        {
            return Err(FsError::NotPermitted);
        }
        if let (0o1000, Some(Ino::Disk(number))) = (node.mode & 0o1000, place.ino)
            && view.uid != 0
            && self.node(state, number).is_some_and(|n| n.uid != view.uid)
        {
            return Err(FsError::NotPermitted);
        }
        Ok(parent)
    }

    /// Whether `chattr` keeps a node from being changed or taken away.
    fn is_fixed(&self, state: &State, ino: Ino) -> bool {
        let Ino::Disk(number) = ino else { return false };
        self.node(state, number).is_some_and(|node| node.flags != 0)
    }

    /// Flags of `chattr` of what is at `path`, if its file system has such.
    pub(crate) fn flags(&self, view: &View, path: &[u8]) -> Result<Option<u8>, FsError> {
        let state = self.state();
        let place = self.walk(&state, view, path, true)?;
        let Ino::Disk(number) = place.ino.ok_or(FsError::NotFound)? else { return Ok(None) };
        let node = self.node(&state, number).ok_or(FsError::NotFound)?;
        let plain = matches!(node.kind, Kind::File(..) | Kind::Directory(_));
        let disk = self.mount_of(&place.path).is_some_and(|m| m.kind.starts_with("ext"));
        Ok((plain && disk).then_some(node.flags))
    }

    /// Sets the flags of what is at `path`.
    pub(crate) fn set_flags(&self, view: &View, path: &[u8], flags: u8) -> Result<(), FsError> {
        let mut state = self.state();
        let place = self.walk(&state, view, path, true)?;
        let Ino::Disk(number) = place.ino.ok_or(FsError::NotFound)? else {
            return Err(FsError::NotPermitted);
        };
        self.writable(&state, &place.path)?;
        if view.uid != 0 {
            return Err(FsError::NotPermitted);
        }
        self.node_mut(&mut state, number).ok_or(FsError::NotFound)?.flags = flags;
        Ok(())
    }

    /// The mounted file system that holds `path`.
    fn mount_of(&self, path: &[u8]) -> Option<&ukai_persona::Mount> {
        let below = |point: &[u8]| {
            point == b"/"
                || (path.starts_with(point) && matches!(path.get(point.len()), None | Some(b'/')))
        };
        let mounts = self.host().persona.mounts.iter().filter(|m| below(m.point.as_bytes()));
        mounts.max_by_key(|m| (m.point.len(), m.kind != "rootfs"))
    }

    /// Puts a new node at `place`.
    pub(super) fn create(
        &self,
        state: &mut State,
        view: &View,
        place: &Place,
        kind: Kind,
        mode: u16,
    ) -> Result<u32, FsError> {
        let parent = self.parent_for_change(state, view, place)?;
        if state.nodes.len() >= limits::DISK_NODES {
            return Err(FsError::NoSpace);
        }
        Self::charge(state, NODE_BYTES + place.name.len() as u64)?;
        let number = self.inner.image.nodes.len() as u32 + state.made;
        state.made += 1;
        let mtime = self.host().clock(view.now).secs();
        let node = Node { kind, mode, uid: view.uid, gid: view.gid, mtime, links: 1, flags: 0 };
        state.nodes.insert(number, node);
        self.entries(state, parent)
            .ok_or(FsError::NotDirectory)?
            .insert(place.name.clone(), number);
        self.touch_directory(state, view, parent);
        Ok(number)
    }

    fn touch_directory(&self, state: &mut State, view: &View, number: u32) {
        let mtime = self.host().clock(view.now).secs();
        if let Some(node) = self.node_mut(state, number) {
            node.mtime = mtime;
        }
    }

    /// Takes the name of `place` away, and the node with its last name.
    fn forget(
        &self,
        state: &mut State,
        view: &View,
        place: &Place,
        number: u32,
    ) -> Result<(), FsError> {
        let parent = self.parent_for_change(state, view, place)?;
        self.entries(state, parent).ok_or(FsError::NotDirectory)?.remove(&place.name);
        self.touch_directory(state, view, parent);
        if let Some(node) = state.nodes.get_mut(&number) {
            node.links = node.links.saturating_sub(1);
            if node.links == 0 {
                let held = match &mut node.kind {
                    Kind::File(Data::Own(bytes), _) => bytes.len(),
                    Kind::File(Data::Shared(bytes), _) => bytes.len(),
                    _ => 0,
                };
                state.nodes.remove(&number);
                state.used = state.used.saturating_sub(held as u64);
            }
        }
        Ok(())
    }

    /// Makes a directory.
    pub(crate) fn mkdir(&self, view: &View, path: &[u8], mode: u16) -> Result<(), FsError> {
        let path = trim_slashes(path);
        let mut state = self.state();
        let place = self.walk(&state, view, path, false)?;
        if place.ino.is_some() {
            return Err(FsError::Exists);
        }
        self.create(&mut state, view, &place, Kind::Directory(Arc::default()), mode).map(|_| ())
    }

    /// Makes a device node or a named pipe.
    pub(crate) fn mknod(
        &self,
        view: &View,
        path: &[u8],
        kind: u8,
        numbers: (u32, u32),
        mode: u16,
    ) -> Result<(), FsError> {
        let mut state = self.state();
        let place = self.walk(&state, view, path, false)?;
        if place.ino.is_some() {
            return Err(FsError::Exists);
        }
        let kind = match kind {
            b'b' => Kind::Block(numbers.0, numbers.1),
            b'p' => Kind::Pipe,
            _ => Kind::Character(numbers.0, numbers.1),
        };
        self.create(&mut state, view, &place, kind, mode).map(|_| ())
    }

    /// Makes a symbolic link.
    pub(crate) fn symlink(&self, view: &View, target: &[u8], path: &[u8]) -> Result<(), FsError> {
        let mut state = self.state();
        let place = self.walk(&state, view, path, false)?;
        if place.ino.is_some() {
            return Err(FsError::Exists);
        }
        if target.len() > limits::PATH_BYTES {
            return Err(FsError::NameTooLong);
        }
        let kind = Kind::Link(Bytes::copy_from_slice(target));
        self.create(&mut state, view, &place, kind, 0o777).map(|_| ())
    }

    /// Gives a file another name.
    pub(crate) fn hard_link(&self, view: &View, from: &[u8], path: &[u8]) -> Result<(), FsError> {
        let mut state = self.state();
        let source = self.walk(&state, view, from, false)?;
        let Ino::Disk(number) = source.ino.ok_or(FsError::NotFound)? else {
            return Err(FsError::NotPermitted);
        };
        if self.is_directory(&state, Ino::Disk(number)) {
            return Err(FsError::NotPermitted);
        }
        let place = self.walk(&state, view, path, false)?;
        if place.ino.is_some() {
            return Err(FsError::Exists);
        }
        let parent = self.parent_for_change(&state, view, &place)?;
        Self::charge(&mut state, place.name.len() as u64 + 64)?;
        if let Some(node) = self.node_mut(&mut state, number) {
            node.links += 1;
        }
        let entries = self.entries(&mut state, parent).ok_or(FsError::NotDirectory)?;
        entries.insert(place.name, number);
        Ok(())
    }

    /// Removes a file, link or device.
    pub(crate) fn unlink(&self, view: &View, path: &[u8]) -> Result<(), FsError> {
        let mut state = self.state();
        let place = self.walk(&state, view, path, false)?;
        match place.ino.ok_or(FsError::NotFound)? {
            Ino::Proc(_) => Err(FsError::NotPermitted),
            ino @ Ino::Disk(number) => {
                if self.is_directory(&state, ino) {
                    return Err(FsError::IsDirectory);
                }
                self.forget(&mut state, view, &place, number)
            }
        }
    }

    /// Removes an empty directory.
    pub(crate) fn rmdir(&self, view: &View, path: &[u8]) -> Result<(), FsError> {
        let path = trim_slashes(path);
        let mut state = self.state();
        let place = self.walk(&state, view, path, false)?;
        let Ino::Disk(number) = place.ino.ok_or(FsError::NotFound)? else {
            return Err(FsError::NotPermitted);
        };
        match self.node(&state, number).map(|n| &n.kind) {
            Some(Kind::Directory(entries)) if entries.is_empty() => {}
            Some(Kind::Directory(_)) => return Err(FsError::NotEmpty),
            _ => return Err(FsError::NotDirectory),
        }
        if self.host().persona.mounts.iter().any(|m| m.point.as_bytes() == place.path) {
            return Err(FsError::Busy);
        }
        self.forget(&mut state, view, &place, number)
    }

    /// Moves a node to another name.
    pub(crate) fn rename(&self, view: &View, from: &[u8], to: &[u8]) -> Result<(), FsError> {
        let (from, to) = (trim_slashes(from), trim_slashes(to));
        let mut state = self.state();
        let source = self.walk(&state, view, from, false)?;
        let Ino::Disk(number) = source.ino.ok_or(FsError::NotFound)? else {
            return Err(FsError::NotPermitted);
        };
        let target = self.walk(&state, view, to, false)?;
        if target.path == source.path {
            return Ok(());
        }
        if target.path.starts_with(&[&source.path[..], b"/"].concat()) {
            return Err(FsError::Invalid);
        }
        let old_parent = self.parent_for_change(&state, view, &source)?;
        let new_parent = self.parent_for_change(&state, view, &target)?;
        if let Some(Ino::Disk(existing)) = target.ino {
            match self.node(&state, existing).map(|n| &n.kind) {
                Some(Kind::Directory(entries)) if !entries.is_empty() => {
                    return Err(FsError::NotEmpty);
                }
                Some(Kind::Directory(_)) if !self.is_directory(&state, Ino::Disk(number)) => {
                    return Err(FsError::IsDirectory);
                }
                _ => {}
            }
            self.forget(&mut state, view, &target, existing)?;
        }
        self.entries(&mut state, old_parent).ok_or(FsError::NotDirectory)?.remove(&source.name);
        let entries = self.entries(&mut state, new_parent).ok_or(FsError::NotDirectory)?;
        entries.insert(target.name, number);
        Ok(())
    }

    /// Changes a node's attributes.
    pub(crate) fn set_attributes(
        &self,
        view: &View,
        path: &[u8],
        change: &Attributes,
    ) -> Result<(), FsError> {
        let mut state = self.state();
        let place = self.walk(&state, view, path, true)?;
        let Ino::Disk(number) = place.ino.ok_or(FsError::NotFound)? else {
            return Err(FsError::NotPermitted);
        };
        self.writable(&state, &place.path)?;
        let owner = self.node(&state, number).map_or(0, |n| n.uid);
        let owner_only = change.mode.is_some() || change.owner.is_some();
        if view.uid != 0 && (owner != view.uid || change.owner.is_some()) && owner_only {
            return Err(FsError::NotPermitted);
        }
        if self.is_fixed(&state, Ino::Disk(number)) {
            return Err(FsError::NotPermitted);
        }
        let node = self.node_mut(&mut state, number).ok_or(FsError::NotFound)?;
        if let Some(mode) = change.mode {
            node.mode = mode & 0o7777;
        }
        if let Some(uid) = change.owner {
            node.uid = uid;
        }
        if let Some(gid) = change.group {
            node.gid = gid;
        }
        if let Some(mtime) = change.mtime {
            node.mtime = mtime;
        }
        Ok(())
    }

    /// Copies contents and mode of a regular file; a copy of a host's file is none of
    /// the attacker's making.
    pub(crate) fn copy(
        &self,
        view: &View,
        from: &[u8],
        to: &[u8],
        mode: u16,
    ) -> Result<(), FsError> {
        let origin = self.origin(view, from).unwrap_or(Origin::Host);
        let bytes = self.read(view, from)?;
        self.store(view, to, bytes, origin, mode)
    }

    /// Makes or replaces a regular file.
    pub(crate) fn store(
        &self,
        view: &View,
        path: &[u8],
        bytes: Bytes,
        origin: Origin,
        mode: u16,
    ) -> Result<(), FsError> {
        if bytes.len() > limits::FILE_BYTES {
            return Err(FsError::TooLarge);
        }
        match self.open(view, path, super::Access::Truncate, mode)? {
            super::Opened::File { ino: Ino::Disk(number) } => {
                let mut state = self.state();
                Self::charge(&mut state, bytes.len() as u64)?;
                let node = self.node_mut(&mut state, number).ok_or(FsError::NotFound)?;
                node.kind = Kind::File(Data::Shared(bytes), origin);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// What [`Fs::set_attributes`] changes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attributes {
    pub(crate) mode: Option<u16>,
    pub(crate) owner: Option<u32>,
    pub(crate) group: Option<u32>,
    pub(crate) mtime: Option<u64>,
}

fn components(path: &[u8]) -> impl DoubleEndedIterator<Item = Bytes> + '_ {
    path.split(|b| *b == b'/').filter(|name| !name.is_empty()).map(Bytes::copy_from_slice)
}

fn trim_slashes(path: &[u8]) -> &[u8] {
    let mut path = path;
    while path.len() > 1 && path.ends_with(b"/") {
        path = &path[..path.len() - 1];
    }
    path
}

fn join(trail: &[(Bytes, Ino)]) -> Vec<u8> {
    let mut path = Vec::new();
    for (name, _) in trail {
        path.push(b'/');
        path.extend_from_slice(name);
    }
    path
}
