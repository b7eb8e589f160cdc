//! The disk as it was delivered: one image for all hosts of a persona.

use super::node::{Data, Entries, Kind, Node, Origin};
use super::program;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use ukai_persona::{DeviceKind, Persona};

/// Number of the root directory.
pub(crate) const ROOT: u32 = 0;

/// The disk of a persona. Nothing in it changes.
pub(crate) struct Image {
    pub(crate) nodes: Vec<Node>,
    /// Size → bytes of a program, made when one of that size is first read.
    programs: Mutex<BTreeMap<u64, Bytes>>,
    /// A path of each node, once they were asked for.
    paths: OnceLock<Vec<Box<[u8]>>>,
}

/// Images in use, so that hosts of one persona share theirs.
static IMAGES: Mutex<Vec<Shared>> = Mutex::new(Vec::new());

/// A persona and its image, as long as somebody uses them.
type Shared = (Weak<Persona>, Weak<Image>);

impl Image {
    /// The image of `persona`, shared with whoever else uses it.
    pub(crate) fn of(persona: &Arc<Persona>) -> Arc<Self> {
        let mut images = IMAGES.lock().unwrap_or_else(PoisonError::into_inner);
        let known = images.iter().find(|(of, _)| of.as_ptr() == Arc::as_ptr(persona));
        if let Some(image) = known.and_then(|(_, image)| image.upgrade()) {
            return image;
        }
        images.retain(|(_, image)| image.strong_count() > 0);
        let image = Arc::new(Self::build(persona));
        images.push((Arc::downgrade(persona), Arc::downgrade(&image)));
        image
    }

    fn build(persona: &Persona) -> Self {
        let mut builder = Builder { nodes: Vec::new(), children: Vec::new(), persona };
        builder.add_directory(0o755, 0, 0);
        for directory in &persona.tree.directories {
            let (uid, gid) = builder.owner(&directory.user, &directory.group);
            let number = builder.directory(&directory.path);
            let node = &mut builder.nodes[number as usize];
            (node.mode, node.uid, node.gid) = (directory.mode, uid, gid);
        }
        builder.programs();
        for link in &persona.tree.links {
            builder.put(&link.path, Kind::Link(link.target.clone().into()), 0o777);
        }
        for device in &persona.tree.devices {
            let kind = match device.kind {
                DeviceKind::Character => Kind::Character(device.major, device.minor),
                DeviceKind::Block => Kind::Block(device.major, device.minor),
            };
            builder.put(&device.path, kind, device.mode);
        }
        for (path, kind) in [
            ("/dev/null", (1, 3)),
            ("/dev/zero", (1, 5)),
            ("/dev/urandom", (1, 9)),
            ("/dev/random", (1, 8)),
            ("/dev/tty", (5, 0)),
        ] {
            builder.put_new(path, Kind::Character(kind.0, kind.1), 0o666);
        }
        for (path, file) in &persona.files {
            let data = Data::Template(file.content.as_str().into());
            let number = builder.put(path, Kind::File(data, Origin::Host), file.mode);
            let (uid, gid) = builder.owner(&file.user, &file.group);
            let node = &mut builder.nodes[number as usize];
            (node.uid, node.gid) = (uid, gid);
        }
        Self { nodes: builder.finish(), programs: Mutex::default(), paths: OnceLock::new() }
    }

    /// The bytes of a program of `size` bytes for the persona's processor.
    pub(crate) fn program(&self, persona: &Persona, size: u64) -> Bytes {
        let mut programs = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        programs.entry(size).or_insert_with(|| program::make(persona, size).into()).clone()
    }
}

impl Image {
    /// The path of each node, by its number.
    pub(crate) fn paths(&self) -> &[Box<[u8]>] {
        self.paths.get_or_init(|| {
            let mut paths = vec![Box::<[u8]>::default(); self.nodes.len()];
            let mut open = vec![(ROOT, Vec::new())];
            while let Some((number, path)) = open.pop() {
                if let Some(Kind::Directory(entries)) =
                    self.nodes.get(number as usize).map(|node| &node.kind)
                {
                    let below = entries.iter();
                    open.extend(
                        below.map(|(name, child)| (*child, [&path, &b"/"[..], name].concat())),
                    );
                }
                if let Some(slot) = paths.get_mut(number as usize) {
                    *slot = path.into();
                }
            }
            paths
        })
    }

    /// Whether bytes are (the beginning of) a program that was read before.
    pub(crate) fn has_program(&self, bytes: &[u8]) -> bool {
        let programs = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        programs.values().any(|program| program.starts_with(bytes))
    }
}

struct Builder<'a> {
    nodes: Vec<Node>,
    children: Vec<Entries>,
    persona: &'a Persona,
}

impl Builder<'_> {
    fn owner(&self, user: &str, group: &str) -> (u32, u32) {
        let number = |name: &str| {
            let user = self.persona.user(name.as_bytes());
            user.map(|u| (u.uid, u.gid)).or_else(|| name.parse().ok().map(|n| (n, n)))
        };
        (number(user).map_or(0, |(uid, _)| uid), number(group).map_or(0, |(_, gid)| gid))
    }

    fn add(&mut self, kind: Kind, mode: u16) -> u32 {
        let mtime = self.persona.tree.modified;
        self.nodes.push(Node { kind, mode, uid: 0, gid: 0, mtime, links: 1, flags: 0 });
        self.children.push(Entries::new());
        (self.nodes.len() - 1) as u32
    }

    fn add_directory(&mut self, mode: u16, uid: u32, gid: u32) -> u32 {
        let number = self.add(Kind::Directory(Arc::default()), mode);
        let node = &mut self.nodes[number as usize];
        (node.uid, node.gid) = (uid, gid);
        number
    }

    /// The directory at `path`, made with its parents if need be.
    fn directory(&mut self, path: &str) -> u32 {
        let mut at = ROOT;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            at = if let Some(number) = self.children[at as usize].get(name.as_bytes()) {
                *number
            } else {
                let number = self.add_directory(0o755, 0, 0);
                self.children[at as usize].insert(Bytes::copy_from_slice(name.as_bytes()), number);
                number
            };
        }
        at
    }

    fn put(&mut self, path: &str, kind: Kind, mode: u16) -> u32 {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let parent = self.directory(parent);
        let number = self.add(kind, mode);
        self.children[parent as usize].insert(Bytes::copy_from_slice(name.as_bytes()), number);
        number
    }

    fn put_new(&mut self, path: &str, kind: Kind, mode: u16) {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let directory = self.directory(parent);
        if !self.children[directory as usize].contains_key(name.as_bytes()) {
            self.put(path, kind, mode);
        }
    }

    /// Programs, and the links to BusyBox.
    fn programs(&mut self) {
        const BUSYBOX_BYTES: u64 = 386_020;
        const COMMAND_BYTES_LEAST: u64 = 14_640;
        let persona = self.persona;
        let program = |size| Kind::File(Data::Program(size), Origin::Host);
        for (folder, names) in &persona.tree.commands {
            for name in names.split_whitespace() {
                // Sizes differ as those of real programs do, and are always the same.
                let mix = name.bytes().fold(5_381_u64, |h, b| h.wrapping_mul(33) ^ u64::from(b));
                let size = COMMAND_BYTES_LEAST + (mix % 24) * 8_192 + (mix >> 8) % 8 * 8;
                self.put(&format!("{folder}/{name}"), program(size), 0o755);
            }
        }
        for item in &persona.tree.programs {
            self.put(&item.path, program(item.size), item.mode);
        }
        let Some(busybox) = &persona.busybox else { return };
        let listed = persona.tree.programs.iter().find(|p| p.path == busybox.path);
        let size = listed.map_or(BUSYBOX_BYTES, |p| p.size);
        if listed.is_none() {
            self.put(&busybox.path, program(size), 0o755);
        }
        let (home, base) = busybox.path.rsplit_once('/').unwrap_or(("", &busybox.path));
        for (folder, names) in &busybox.links {
            let target: Bytes = if folder == home {
                base.to_owned().into()
            } else {
                let up = folder.matches('/').count();
                format!("{}{}", "../".repeat(up), busybox.path.trim_start_matches('/')).into()
            };
            for name in names.split_whitespace() {
                self.put(&format!("{folder}/{name}"), Kind::Link(target.clone()), 0o777);
            }
        }
    }

    fn finish(mut self) -> Vec<Node> {
        for (node, children) in self.nodes.iter_mut().zip(self.children) {
            if let Kind::Directory(entries) = &mut node.kind {
                *entries = Arc::new(children);
            }
        }
        self.nodes
    }
}
