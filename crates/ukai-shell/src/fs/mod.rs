//! One attacker's view of one host's disk: a copy-on-write layer over the persona's image.
//!
//! Paths are bytes, absolute, and may hold `.`, `..` and symbolic links. `/proc` is
//! partly made up when it is looked at (`proc.rs`).

mod counters;
mod files;
mod handles;
mod image;
mod local;
mod network;
mod node;
mod offers;
mod open;
mod owner;
mod proc;
mod process_files;
mod program;
mod saved;
mod seat;
mod statistics;
mod walk;

pub use files::{FileChange, FileInfo, Files};
pub use handles::{OpenFile, OpenHow};
pub(crate) use local::{LocalKind, LocalSocket};
pub(crate) use network::{Interface, Socket, SocketState, interfaces, routes};
pub(crate) use node::{APPEND_ONLY, IMMUTABLE, Ino, Origin, Stat};
pub use node::{FileKind, FsError};
pub use offers::Offers;
pub(crate) use open::{Access, Opened};
pub use owner::ByLogin;
pub(crate) use process_files::unit_of;
pub use saved::{Kept, Snapshot};
pub(crate) use seat::{Running, Seat, Seated, sizes};
pub(crate) use walk::Attributes;

use crate::commands::Chain;
use crate::limits;
use bytes::Bytes;
use image::Image;
use node::{Data, Entries, Kind, Node};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use ukai_model::{Sha256, Timestamp};
use ukai_persona::{Host, Process};

/// What a node in the layer costs beside its contents, in bytes.
const NODE_BYTES: u64 = 160;

/// What one attacker sees of one host's disk: a copy-on-write layer over the image
/// that all hosts of the persona share. Clones share the layer.
#[derive(Clone)]
pub struct Fs {
    inner: Arc<Inner>,
    /// What stands in for it since a log-in, for this session alone.
    instead: Option<Arc<owner::Instead>>,
}

struct Inner {
    host: Arc<Host>,
    image: Arc<Image>,
    /// What is there beside it, for those who ask.
    offers: Option<Arc<dyn Offers>>,
    state: Mutex<State>,
}

/// What the attacker changed.
#[derive(Default)]
pub(crate) struct State {
    nodes: HashMap<u32, Node>,
    made: u32,
    used: u64,
    /// Programs of the attacker that "run".
    residents: Vec<Process>,
    /// Contents that were captured, or that somebody else keeps.
    known: HashSet<Sha256>,
    /// Mount points that the attacker made writable.
    remounted: Vec<Vec<u8>>,
    /// Host name, where the attacker changed it.
    hostname: Option<String>,
    /// The host's own processes that the attacker ended.
    ended: BTreeSet<u32>,
    /// Values outside the tree that the attacker set, by name: `nvram`.
    values: BTreeMap<Vec<u8>, String>,
    /// Services that the attacker keeps from starting.
    disabled: BTreeSet<String>,
    /// Chains of packet filters, once there are others than the kernel's.
    firewall: Option<Vec<Chain>>,
    /// Where all this comes from, until somebody looks.
    kept: Option<Box<dyn Kept>>,
}

/// Who looks, and when.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) now: Timestamp,
    pub(crate) pid: u32,
    pub(crate) shell_pid: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Where the session sits that looks.
    pub(crate) seat: Arc<Seat>,
}

/// A place in the tree: where a name is, or where it would be.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Absolute path without links.
    pub(crate) path: Vec<u8>,
    /// What is there.
    pub(crate) ino: Option<Ino>,
    /// The directory, if it is on the disk, and the name in it.
    parent: Option<u32>,
    name: Bytes,
}

impl Fs {
    /// The disk as the host's owner left it.
    pub fn new(host: &Arc<Host>) -> Self {
        Self::made(host, None)
    }

    fn made(host: &Arc<Host>, offers: Option<Arc<dyn Offers>>) -> Self {
        let (host, image) = (Arc::clone(host), Image::of(&host.persona));
        let inner = Inner { host, image, offers, state: Mutex::default() };
        Self { inner: Arc::new(inner), instead: None }
    }

    fn offers(&self) -> Option<&dyn Offers> {
        self.inner.offers.as_deref()
    }

    /// Bytes that the attacker's changes hold in memory; bounded by
    /// [`limits::DISK_BYTES`] and a little more for names.
    pub fn used_bytes(&self) -> u64 {
        self.sleeping_state().used
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let now = self.instead.as_ref().and_then(|instead| instead.disk()).unwrap_or(self);
        let mut state = now.sleeping_state();
        if let Some(kept) = state.kept.take() {
            now.wake(&mut state, kept);
        }
        state
    }

    /// The state without asking for what was kept.
    fn sleeping_state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn host(&self) -> &Host {
        &self.inner.host
    }

    fn node<'a>(&'a self, state: &'a State, number: u32) -> Option<&'a Node> {
        state.nodes.get(&number).or_else(|| self.inner.image.nodes.get(number as usize))
    }

    /// The node for a change: copied into the layer first.
    fn node_mut<'a>(&self, state: &'a mut State, number: u32) -> Option<&'a mut Node> {
        if !state.nodes.contains_key(&number) {
            let node = self.inner.image.nodes.get(number as usize)?.clone();
            state.used += NODE_BYTES;
            state.nodes.insert(number, node);
        }
        state.nodes.get_mut(&number)
    }

    fn entries<'a>(&self, state: &'a mut State, number: u32) -> Option<&'a mut Entries> {
        const ENTRY_BYTES: u64 = 64;
        let mut cost = 0;
        let node = self.node_mut(state, number)?;
        let Kind::Directory(entries) = &mut node.kind else { return None };
        if Arc::strong_count(entries) > 1 {
            cost = entries.len() as u64 * ENTRY_BYTES;
        }
        Arc::make_mut(entries);
        state.used += cost;
        match &mut state.nodes.get_mut(&number)?.kind {
            Kind::Directory(entries) => Some(Arc::make_mut(entries)),
            _ => None,
        }
    }

    /// What is at `path`; the link itself if `follow` is false and it is one.
    pub(crate) fn stat(&self, view: &View, path: &[u8], follow: bool) -> Result<Stat, FsError> {
        let state = self.state();
        let place = self.walk(&state, view, path, follow)?;
        let ino = place.ino.ok_or(FsError::NotFound)?;
        self.stat_of(&state, view, ino)
    }

    /// The absolute path of what is at `path`, without links.
    pub(crate) fn real_path(&self, view: &View, path: &[u8]) -> Result<Vec<u8>, FsError> {
        let state = self.state();
        let place = self.walk(&state, view, path, true)?;
        place.ino.map(|_| place.path).ok_or(FsError::NotFound)
    }

    fn stat_of(&self, state: &State, view: &View, ino: Ino) -> Result<Stat, FsError> {
        let number = match ino {
            Ino::Disk(number) => number,
            Ino::Proc(node) => return Ok(self.proc_stat(state, view, node)),
        };
        let node = self.node(state, number).ok_or(FsError::NotFound)?;
        let (kind, size, device) = match &node.kind {
            Kind::Directory(entries) => {
                (FileKind::Directory, directory_size(entries.len()), (0, 0))
            }
            Kind::File(data, _) => (FileKind::File, self.size_of(view, data), (0, 0)),
            Kind::Link(target) => (FileKind::Link, target.len() as u64, (0, 0)),
            Kind::Character(major, minor) => (FileKind::Character, 0, (*major, *minor)),
            Kind::Block(major, minor) => (FileKind::Block, 0, (*major, *minor)),
            Kind::Pipe => (FileKind::Pipe, 0, (0, 0)),
        };
        let links = match &node.kind {
            Kind::Directory(entries) => {
                let inner = entries.values().filter(|n| {
                    matches!(self.node(state, **n).map(|n| &n.kind), Some(Kind::Directory(_)))
                });
                2 + inner.count() as u32
            }
            _ => node.links,
        };
        Ok(Stat {
            ino,
            kind,
            mode: node.mode,
            uid: node.uid,
            gid: node.gid,
            size,
            mtime: if node.mtime == 0 { view.now.secs() } else { node.mtime },
            links,
            device,
        })
    }

    fn size_of(&self, view: &View, data: &Data) -> u64 {
        match data {
            Data::Shared(bytes) => bytes.len() as u64,
            Data::Own(bytes) => bytes.len() as u64,
            Data::Template(text) => self.host().fill(text, view.now).len() as u64,
            Data::Program(size) => *size,
        }
    }

    /// Where the link at `path` points.
    pub(crate) fn read_link(&self, view: &View, path: &[u8]) -> Result<Bytes, FsError> {
        let state = self.state();
        let place = self.walk(&state, view, path, false)?;
        match place.ino.ok_or(FsError::NotFound)? {
            Ino::Proc(node) => self.proc_link(&state, view, node).ok_or(FsError::Invalid),
            Ino::Disk(number) => match self.node(&state, number).map(|n| &n.kind) {
                Some(Kind::Link(target)) => Ok(target.clone()),
                _ => Err(FsError::Invalid),
            },
        }
    }

    /// Names in the directory at `path`, sorted, without `.` and `..`.
    pub(crate) fn list(&self, view: &View, path: &[u8]) -> Result<Vec<Bytes>, FsError> {
        let state = self.state();
        let place = self.walk(&state, view, path, true)?;
        match place.ino.ok_or(FsError::NotFound)? {
            Ino::Proc(node) => self.proc_list(node).ok_or(FsError::NotDirectory),
            Ino::Disk(number) => {
                let node = self.node(&state, number).ok_or(FsError::NotFound)?;
                let Kind::Directory(entries) = &node.kind else {
                    return Err(FsError::NotDirectory);
                };
                if !allowed(node, view, 4) {
                    return Err(FsError::Permission);
                }
                let mut names: Vec<Bytes> = entries.keys().cloned().collect();
                if place.path == b"/proc" {
                    self.add_process_names(&state, view, &mut names);
                } else if place.path == b"/proc/net" {
                    Self::add_network_names(&mut names);
                }
                Ok(names)
            }
        }
    }

    /// The bytes of the regular file at `path`. For devices see [`Fs::open`].
    pub(crate) fn read(&self, view: &View, path: &[u8]) -> Result<Bytes, FsError> {
        match self.open(view, path, Access::Read, 0)? {
            Opened::File { ino } => self.contents(view, ino),
            Opened::Null => Ok(Bytes::new()),
            _ => Err(FsError::Invalid),
        }
    }

    /// The whole contents of a file.
    pub(crate) fn contents(&self, view: &View, ino: Ino) -> Result<Bytes, FsError> {
        let number = match ino {
            Ino::Proc(node) => return Ok(self.proc_contents(&self.state(), view, node)),
            Ino::Disk(number) => number,
        };
        let mut state = self.state();
        if let Some(Node { kind: Kind::File(data @ Data::Own(_), _), .. }) =
            state.nodes.get_mut(&number)
            && let Data::Own(bytes) = data
        {
            let bytes = Bytes::from(std::mem::take(bytes));
            *data = Data::Shared(bytes.clone());
            return Ok(bytes);
        }
        let node = self.node(&state, number).ok_or(FsError::NotFound)?;
        match &node.kind {
            Kind::File(data, _) => Ok(self.data(view, data)),
            Kind::Directory(_) => Err(FsError::IsDirectory),
            _ => Err(FsError::Invalid),
        }
    }

    fn data(&self, view: &View, data: &Data) -> Bytes {
        match data {
            Data::Shared(bytes) => bytes.clone(),
            Data::Own(bytes) => Bytes::copy_from_slice(bytes),
            Data::Template(text) => self.host().fill(text, view.now).into(),
            Data::Program(size) => self.inner.image.program(&self.host().persona, *size),
        }
    }

    /// At most `length` bytes of a file from `offset`.
    pub(crate) fn read_at(
        &self,
        view: &View,
        ino: Ino,
        offset: u64,
        length: usize,
    ) -> Result<Bytes, FsError> {
        let cut = |bytes: &[u8]| {
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
            start..start.saturating_add(length).min(bytes.len())
        };
        let state = self.state();
        if let Ino::Disk(number) = ino
            && let Some(Node { kind: Kind::File(Data::Own(bytes), _), .. }) =
                state.nodes.get(&number)
        {
            return Ok(Bytes::copy_from_slice(&bytes[cut(bytes)]));
        }
        drop(state);
        let bytes = self.contents(view, ino)?;
        let range = cut(&bytes);
        Ok(bytes.slice(range))
    }

    /// Who made the contents of the file at `path`.
    pub(crate) fn origin(&self, view: &View, path: &[u8]) -> Option<Origin> {
        let state = self.state();
        let Ino::Disk(number) = self.walk(&state, view, path, true).ok()?.ino? else { return None };
        match &self.node(&state, number)?.kind {
            Kind::File(_, origin) => Some(*origin),
            _ => None,
        }
    }

    /// Whether bytes are (the beginning of) one of the host's own programs.
    pub(crate) fn is_host_program(&self, bytes: &[u8]) -> bool {
        self.inner.image.has_program(bytes)
    }

    /// The highest number of the attacker's running programs.
    pub(crate) fn last_resident(&self) -> u32 {
        self.state().residents.iter().map(|p| p.pid).max().unwrap_or(0)
    }

    /// Whether these contents are new; from now on they are known.
    pub(crate) fn learn(&self, sha256: Sha256) -> bool {
        const KNOWN_MAX: usize = 4_096;
        let mut state = self.state();
        state.known.len() < KNOWN_MAX && state.known.insert(sha256)
    }

    /// Files that the attacker wrote, with their paths, at most `max`.
    pub(crate) fn written(&self, max: usize) -> Vec<(Vec<u8>, Bytes)> {
        let state = self.state();
        let mut found = Vec::new();
        if !state.nodes.values().any(|n| matches!(n.kind, Kind::File(_, Origin::Written))) {
            return found;
        }
        let mut open = vec![(Vec::new(), image::ROOT)];
        while let Some((path, number)) = open.pop() {
            let Some(Kind::Directory(entries)) = self.node(&state, number).map(|n| &n.kind) else {
                continue;
            };
            for (name, child) in entries.iter() {
                let path = [&path[..], b"/", name].concat();
                match self.node(&state, *child).map(|n| &n.kind) {
                    Some(Kind::Directory(_)) => open.push((path, *child)),
                    Some(Kind::File(data, Origin::Written)) if found.len() < max => {
                        let bytes = match data {
                            Data::Own(bytes) => Bytes::copy_from_slice(bytes),
                            Data::Shared(bytes) => bytes.clone(),
                            _ => continue,
                        };
                        found.push((path, bytes));
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// The host name as the attacker sees it.
    pub(crate) fn hostname(&self) -> String {
        self.state().hostname.clone().unwrap_or_else(|| self.host().hostname.clone())
    }

    /// Changes the host name for this attacker.
    pub(crate) fn set_hostname(&self, name: &str) {
        self.state().hostname = Some(name.chars().take(64).collect());
    }

    /// Makes a mount point writable for this attacker, if there is such a mount.
    pub(crate) fn remount(&self, point: &[u8], writable: bool) -> bool {
        let known = self.host().persona.mounts.iter().any(|m| m.point.as_bytes() == point);
        let mut state = self.state();
        state.remounted.retain(|p| p != point);
        if known && writable {
            state.remounted.push(point.to_vec());
        }
        known
    }

    /// A value of the kernel's that the attacker set.
    pub(crate) fn kernel_value(&self, path: &[u8]) -> Option<String> {
        self.state().values.get(path).cloned()
    }

    /// Sets a value of the kernel's.
    pub(crate) fn set_kernel_value(&self, path: &[u8], value: &str) {
        let mut state = self.state();
        let known = state.values.contains_key(path);
        if value.len() <= limits::WORD_BYTES / 16
            && (known || state.values.len() < limits::KERNEL_VALUES)
        {
            state.values.insert(path.to_vec(), value.to_owned());
        }
    }

    /// Whether the attacker keeps a service from starting.
    pub(crate) fn is_disabled(&self, unit: &str) -> bool {
        self.state().disabled.contains(unit)
    }

    /// The attacker keeps a service from starting, or no longer.
    pub(crate) fn set_disabled(&self, unit: &str, disabled: bool) {
        let mut state = self.state();
        if !disabled {
            state.disabled.remove(unit);
        } else if state.disabled.len() < limits::DISABLED_SERVICES {
            state.disabled.insert(unit.to_owned());
        }
    }

    /// Chains of packet filters as the attacker left them.
    pub(crate) fn firewall(&self) -> Vec<Chain> {
        self.state().firewall.clone().unwrap_or_else(crate::commands::fresh_firewall)
    }

    /// Keeps chains of packet filters until the host is forgotten.
    pub(crate) fn set_firewall(&self, chains: Vec<Chain>) {
        self.state().firewall = Some(chains);
    }

    fn charge(state: &mut State, bytes: u64) -> Result<(), FsError> {
        if state.used.saturating_add(bytes) > limits::DISK_BYTES {
            return Err(FsError::NoSpace);
        }
        state.used += bytes;
        Ok(())
    }
}

const fn directory_size(entries: usize) -> u64 {
    const BLOCK: u64 = 4_096;
    BLOCK * (1 + entries as u64 / 120)
}

/// Whether who looks may read (4), write (2) or search (1).
fn allowed(node: &Node, view: &View, bit: u16) -> bool {
    if view.uid == 0 {
        return true;
    }
    let shift = if node.uid == view.uid {
        6
    } else if node.gid == view.gid {
        3
    } else {
        0
    };
    (node.mode >> shift) & bit == bit
}
