//! What an attacker changed on a disk, as bytes that outlast the program, and back.
//!
//! Nodes of the delivered image are named by their paths in it and directories by their
//! differences from it, so that a disk still fits when the persona has changed: what is
//! gone from the image is gone from the disk. Programs that "run" are not kept.

use super::image::{Image, ROOT};
use super::node::{Data, Entries, Kind, Node, Origin};
use super::{Fs, NODE_BYTES, State};
use crate::commands::Chain;
use crate::limits::{self, DISK_BYTES, DISK_NODES};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use ukai_model::Sha256;

/// Smallest contents that are kept by the name of the sample that they are, in bytes.
const BY_NAME_BYTES_MIN: usize = 2_048;

/// Where a disk that was kept comes from; asked when the disk is first looked at.
pub trait Kept: Send {
    /// The bytes that [`Fs::save`] gave, if they are still kept.
    fn load(&mut self) -> Option<Vec<u8>>;
    /// The bytes of a sample.
    fn sample(&mut self, sha256: &Sha256) -> Option<Bytes>;
    /// The bytes are not those of a disk; the disk is as the owner left it.
    fn refused(&mut self, why: &str);
}

/// What there is to keep of a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Snapshot {
    /// Nobody has looked at it since it was restored: what was kept still holds.
    Asleep,
    /// It is as the owner left it.
    AsDelivered,
    /// The attacker's changes.
    Changed(Vec<u8>),
}

#[derive(Serialize, Deserialize)]
struct Saved {
    nodes: Vec<SavedNode>,
    known: Vec<[u8; 32]>,
    remounted: Vec<Vec<u8>>,
    hostname: Option<String>,
    firewall: Option<Vec<Chain>>,
    ended: BTreeSet<u32>,
    disabled: BTreeSet<String>,
    values: BTreeMap<Vec<u8>, String>,
}

/// A node: by its path in the image, or by its number among those that were made.
#[derive(Clone, Serialize, Deserialize)]
enum At {
    Image(Vec<u8>),
    Made(u32),
}

#[derive(Serialize, Deserialize)]
struct SavedNode {
    at: At,
    what: What,
    mode: u16,
    uid: u32,
    gid: u32,
    mtime: u64,
    links: u32,
    flags: u8,
}

#[derive(Serialize, Deserialize)]
enum What {
    AsDelivered,
    Directory { put: Vec<(Vec<u8>, At)>, gone: Vec<Vec<u8>> },
    File(Content, Maker),
    Link(Vec<u8>),
    Character(u32, u32),
    Block(u32, u32),
    Pipe,
}

#[derive(Serialize, Deserialize)]
enum Content {
    Bytes(Vec<u8>),
    Sample([u8; 32]),
    Program(u64),
    Template(String),
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Maker {
    Host,
    Fetched,
    Written,
}

impl Fs {
    /// The disk as it was kept. `kept` is asked when somebody first looks at the disk.
    pub fn restored(host: &Arc<ukai_persona::Host>, kept: Box<dyn Kept>) -> Self {
        let fs = Self::new(host);
        fs.sleeping_state().kept = Some(kept);
        fs
    }

    /// What there is to keep. `is_sample` says whether bytes of that name are kept
    /// elsewhere, where [`Kept::sample`] finds them.
    pub fn save(&self, is_sample: impl Fn(&Sha256) -> bool) -> Snapshot {
        let state = self.sleeping_state();
        if state.kept.is_some() {
            return Snapshot::Asleep;
        }
        if state.nodes.is_empty()
            && state.remounted.is_empty()
            && state.hostname.is_none()
            && state.firewall.is_none()
            && state.ended.is_empty()
            && state.disabled.is_empty()
            && state.values.is_empty()
        {
            return Snapshot::AsDelivered;
        }
        let paths = self.inner.image.paths();
        let saver = Saver { image: &self.inner.image, paths, is_sample: &is_sample };
        // In order, so that the same changes are the same bytes.
        let nodes: BTreeMap<&u32, &Node> = state.nodes.iter().collect();
        let known: BTreeSet<&Sha256> = state.known.iter().collect();
        let saved = Saved {
            nodes: nodes.into_iter().map(|(n, node)| saver.node(*n, node)).collect(),
            known: known.into_iter().map(|sha256| *sha256.as_bytes()).collect(),
            remounted: state.remounted.clone(),
            hostname: state.hostname.clone(),
            firewall: state.firewall.clone(),
            ended: state.ended.clone(),
            disabled: state.disabled.clone(),
            values: state.values.clone(),
        };
        drop(state);
        postcard::to_stdvec(&saved).map_or(Snapshot::AsDelivered, Snapshot::Changed)
    }

    pub(super) fn wake(&self, state: &mut State, mut kept: Box<dyn Kept>) {
        let Some(bytes) = kept.load() else { return };
        match self.read_saved(&bytes, &mut *kept) {
            Ok(read) => *state = read,
            Err(why) => kept.refused(why),
        }
    }

    fn read_saved(&self, bytes: &[u8], kept: &mut dyn Kept) -> Result<State, &'static str> {
        let saved: Saved = postcard::from_bytes(bytes).map_err(|_| "it cannot be read")?;
        if saved.nodes.len() > 2 * DISK_NODES {
            return Err("it has too many files");
        }
        let image = &self.inner.image;
        let numbers: HashMap<&[u8], u32> =
            (0..).zip(image.paths()).map(|(number, path)| (&path[..], number)).collect();
        let made: HashSet<u32> = saved
            .nodes
            .iter()
            .filter_map(|node| match node.at {
                At::Made(number) => Some(number),
                At::Image(_) => None,
            })
            .collect();
        let first = u32::try_from(image.nodes.len()).map_err(|_| "the image is too large")?;
        let number = |at: &At| match at {
            At::Image(path) => numbers.get(&path[..]).copied(),
            At::Made(number) if made.contains(number) => first.checked_add(*number),
            At::Made(_) => None,
        };
        let mut state = State {
            made: made.iter().max().map_or(0, |last| last.saturating_add(1)),
            known: saved.known.into_iter().map(Sha256::from_bytes).collect(),
            remounted: saved.remounted,
            hostname: saved.hostname,
            firewall: saved.firewall.filter(|chains| crate::commands::is_bounded(chains)),
            ended: saved.ended,
            values: saved.values.into_iter().take(limits::KERNEL_VALUES).collect(),
            disabled: saved.disabled.into_iter().take(limits::DISABLED_SERVICES).collect(),
            ..State::default()
        };
        if state.made > u32::MAX - first {
            return Err("its files have wrong numbers");
        }
        for node in saved.nodes {
            let Some(at) = number(&node.at) else { continue };
            let delivered = image.nodes.get(at as usize).map(|node| &node.kind);
            let Some(kind) = restored_kind(node.what, delivered, &number, kept) else { continue };
            state.used = state.used.saturating_add(NODE_BYTES + held(&kind));
            let (mode, uid, gid) = (node.mode, node.uid, node.gid);
            let (mtime, links, flags) = (node.mtime, node.links, node.flags);
            let node = Node { kind, mode, uid, gid, mtime, links, flags };
            state.nodes.insert(at, node);
        }
        if state.used > 2 * DISK_BYTES {
            return Err("it is too large");
        }
        self.is_a_tree(&state).then_some(state).ok_or("its directories are no tree")
    }

    /// Whether every directory has one place, and every name leads somewhere.
    fn is_a_tree(&self, state: &State) -> bool {
        let (mut seen, mut open) = (HashSet::from([ROOT]), vec![ROOT]);
        while let Some(number) = open.pop() {
            let Some(node) = self.node(state, number) else { return false };
            let Kind::Directory(entries) = &node.kind else { continue };
            for child in entries.values() {
                match self.node(state, *child).map(|node| &node.kind) {
                    Some(Kind::Directory(_)) if !seen.insert(*child) => return false,
                    Some(Kind::Directory(_)) => open.push(*child),
                    Some(_) => {}
                    None => return false,
                }
            }
        }
        true
    }
}

struct Saver<'a, F> {
    image: &'a Image,
    paths: &'a [Box<[u8]>],
    is_sample: &'a F,
}

impl<F: Fn(&Sha256) -> bool> Saver<'_, F> {
    fn at(&self, number: u32) -> At {
        match self.paths.get(number as usize) {
            Some(path) => At::Image(path.to_vec()),
            None => At::Made(number - self.paths.len() as u32),
        }
    }

    fn node(&self, number: u32, node: &Node) -> SavedNode {
        let delivered = self.image.nodes.get(number as usize).map(|node| &node.kind);
        SavedNode {
            at: self.at(number),
            what: self.what(&node.kind, delivered),
            mode: node.mode,
            uid: node.uid,
            gid: node.gid,
            mtime: node.mtime,
            links: node.links,
            flags: node.flags,
        }
    }

    fn what(&self, kind: &Kind, delivered: Option<&Kind>) -> What {
        match (kind, delivered) {
            (
                Kind::File(Data::Template(now), Origin::Host),
                Some(Kind::File(Data::Template(then), Origin::Host)),
            ) if now == then => What::AsDelivered,
            (
                Kind::File(Data::Program(now), Origin::Host),
                Some(Kind::File(Data::Program(then), Origin::Host)),
            ) if now == then => What::AsDelivered,
            (Kind::Link(now), Some(Kind::Link(then))) if now == then => What::AsDelivered,
            (Kind::Directory(entries), delivered) => {
                let none = BTreeMap::new();
                let before = match delivered {
                    Some(Kind::Directory(entries)) => &**entries,
                    _ => &none,
                };
                self.directory(entries, before)
            }
            (Kind::File(data, origin), _) => What::File(self.content(data), maker(*origin)),
            (Kind::Link(target), _) => What::Link(target.to_vec()),
            (Kind::Character(major, minor), _) => What::Character(*major, *minor),
            (Kind::Block(major, minor), _) => What::Block(*major, *minor),
            (Kind::Pipe, _) => What::Pipe,
        }
    }

    fn directory(&self, entries: &Entries, before: &Entries) -> What {
        let put = entries.iter().filter(|(name, number)| before.get(*name) != Some(number));
        let gone = before.keys().filter(|name| !entries.contains_key(*name));
        What::Directory {
            put: put.map(|(name, number)| (name.to_vec(), self.at(*number))).collect(),
            gone: gone.map(|name| name.to_vec()).collect(),
        }
    }

    fn content(&self, data: &Data) -> Content {
        let bytes: &[u8] = match data {
            Data::Shared(bytes) => bytes,
            Data::Own(bytes) => bytes,
            Data::Template(text) => return Content::Template((**text).to_owned()),
            Data::Program(size) => return Content::Program(*size),
        };
        if bytes.len() >= BY_NAME_BYTES_MIN {
            let sha256 = Sha256::of(bytes);
            if (self.is_sample)(&sha256) {
                return Content::Sample(*sha256.as_bytes());
            }
        }
        Content::Bytes(bytes.to_vec())
    }
}

/// What a node is again; `None` if what it was made of is gone.
fn restored_kind(
    what: What,
    delivered: Option<&Kind>,
    number: &impl Fn(&At) -> Option<u32>,
    kept: &mut dyn Kept,
) -> Option<Kind> {
    Some(match what {
        What::AsDelivered => delivered?.clone(),
        What::Directory { put, gone } => {
            let mut entries = match delivered {
                Some(Kind::Directory(entries)) => (**entries).clone(),
                _ => Entries::new(),
            };
            for name in gone {
                entries.remove(&name[..]);
            }
            for (name, at) in put {
                let fits = !name.is_empty() && name.len() <= limits::NAME_BYTES;
                if let Some(number) = number(&at).filter(|_| fits && !name.contains(&b'/')) {
                    entries.insert(name.into(), number);
                }
            }
            Kind::Directory(Arc::new(entries))
        }
        What::File(content, maker) => {
            let data = match content {
                Content::Bytes(bytes) => Data::Shared(bytes.into()),
                // Its bytes went with the oldest samples: what is left is an empty file.
                Content::Sample(sha256) => {
                    Data::Shared(kept.sample(&Sha256::from_bytes(sha256)).unwrap_or_default())
                }
                Content::Program(size) => Data::Program(size.min(limits::FILE_BYTES as u64)),
                Content::Template(text) => Data::Template(text.into()),
            };
            let origin = match maker {
                Maker::Host => Origin::Host,
                Maker::Fetched => Origin::Fetched,
                Maker::Written => Origin::Written,
            };
            Kind::File(data, origin)
        }
        What::Link(target) => Kind::Link(target.into()),
        What::Character(major, minor) => Kind::Character(major, minor),
        What::Block(major, minor) => Kind::Block(major, minor),
        What::Pipe => Kind::Pipe,
    })
}

fn held(kind: &Kind) -> u64 {
    match kind {
        Kind::File(Data::Shared(bytes), _) => bytes.len() as u64,
        Kind::File(Data::Own(bytes), _) => bytes.len() as u64,
        _ => 0,
    }
}

const fn maker(origin: Origin) -> Maker {
    match origin {
        Origin::Host => Maker::Host,
        Origin::Fetched => Maker::Fetched,
        Origin::Written => Maker::Written,
    }
}

#[cfg(test)]
mod tests {
    use super::{Kept, Snapshot};
    use crate::{Fs, Login, Shell, ShellEffect};
    use bytes::Bytes;
    use proptest::prelude::*;
    use std::sync::Arc;
    use ukai_model::{Sha256, Timestamp};
    use ukai_persona::{Host, Persona};

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

    struct Given(Option<Vec<u8>>, Option<Bytes>);

    impl Kept for Given {
        fn load(&mut self) -> Option<Vec<u8>> {
            self.0.take()
        }
        fn sample(&mut self, sha256: &Sha256) -> Option<Bytes> {
            self.1.clone().filter(|bytes| Sha256::of(bytes) == *sha256)
        }
        fn refused(&mut self, _why: &str) {}
    }

    fn host(persona: usize) -> Arc<Host> {
        let address = "198.51.100.1".parse().expect("an address");
        Arc::new(Persona::built_in()[persona].host(address, [7; 32]))
    }

    fn run(host: &Arc<Host>, fs: &Fs, line: &str) -> String {
        let login = Login::new("root", 0);
        let mut shell = Shell::new(Arc::clone(host), fs.clone(), login, 1, NOW);
        let mut effects = Vec::new();
        shell.run(line.as_bytes(), NOW, &mut effects);
        let output = effects.iter().filter_map(|effect| match effect {
            ShellEffect::Output(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        });
        output.collect()
    }

    fn changed(fs: &Fs) -> Vec<u8> {
        match fs.save(|_| false) {
            Snapshot::Changed(bytes) => bytes,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_left_is_found_again() {
        const CHANGES: &str = "cd /tmp; echo hello > a; mkdir d; echo deep > d/b; ln -s a l; ln a h; \
            chmod 700 a; cp /bin/busybox d/bb; mv /etc/passwd /etc/p; echo x >> /etc/hosts; \
            rm -f /bin/ls; mknod n c 1 7; echo gone > g; rm g; hostname other";
        const LOOK: &str = "cat /tmp/a /tmp/h /tmp/d/b; find /tmp -type l; stat -c '%a %h' /tmp/a; \
            find /tmp /etc | sort; cat /etc/p /etc/hosts; \
            test -e /bin/ls || echo without; md5sum /tmp/d/bb; hostname";
        for persona in 0..Persona::built_in().len() {
            let host = host(persona);
            let fs = Fs::new(&host);
            run(&host, &fs, CHANGES);
            let seen = run(&host, &fs, LOOK);
            assert!(seen.contains("hello") && seen.contains("deep"), "{seen}");
            let again = Fs::restored(&host, Box::new(Given(Some(changed(&fs)), None)));
            assert_eq!(again.save(|_| false), Snapshot::Asleep);
            assert_eq!(again.used_bytes(), 0, "nobody has looked");
            assert_eq!(run(&host, &again, LOOK), seen);
            assert!(again.used_bytes() > 0);
            run(&host, &again, "rm -rf /tmp/a /tmp/d; echo more > /tmp/m");
            let third = Fs::restored(&host, Box::new(Given(Some(changed(&again)), None)));
            let seen = run(&host, &third, "ls /tmp /tmp/a; cat /tmp/h /tmp/m");
            assert!(seen.contains("hello\nmore\n"), "{seen}");
        }
    }

    #[test]
    fn nothing_changed_is_nothing_to_keep() {
        let host = host(0);
        let fs = Fs::new(&host);
        run(&host, &fs, "ls /; cat /etc/passwd");
        assert_eq!(fs.save(|_| false), Snapshot::AsDelivered);
    }

    #[test]
    fn samples_are_kept_by_name() {
        let host = host(0);
        let fs = Fs::new(&host);
        run(
            &host,
            &fs,
            "i=0; while [ $i -lt 400 ]; do echo payload $i >> /tmp/x; i=$((i+1)); done",
        );
        let whole = changed(&fs);
        let Snapshot::Changed(named) = fs.save(|_| true) else { panic!("it has changed") };
        assert!(named.len() + 4_000 < whole.len());
        let sum = run(&host, &fs, "md5sum /tmp/x");
        let lines: Vec<String> = (0..400).map(|n| format!("payload {n}")).collect();
        let text = lines.join("\n") + "\n";
        let kept = Given(Some(named.clone()), Some(Bytes::from(text)));
        assert_eq!(run(&host, &Fs::restored(&host, Box::new(kept)), "md5sum /tmp/x"), sum);
        // The sample is gone: so are the bytes, and nothing else.
        let gone = Fs::restored(&host, Box::new(Given(Some(named), None)));
        assert_eq!(run(&host, &gone, "wc -c < /tmp/x").trim(), "0");
    }

    #[test]
    fn a_disk_fits_another_image() {
        let (one, other) = (host(0), host(1));
        let fs = Fs::new(&one);
        run(&one, &fs, "echo mine > /tmp/x; echo y >> /etc/hosts; mkdir -p /usr/odd/place");
        let moved = Fs::restored(&other, Box::new(Given(Some(changed(&fs)), None)));
        assert_eq!(run(&other, &moved, "cat /tmp/x"), "mine\n");
    }

    proptest! {
        #[test]
        fn damaged_bytes_are_refused_or_harmless(
            garbage: Vec<u8>, hits in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..4)
        ) {
            let host = host(0);
            let fs = Fs::new(&host);
            run(&host, &fs, "mkdir -p /tmp/a/b; echo x > /tmp/a/b/c; mv /tmp/a/b /tmp/b; rm /bin/cat");
            let mut bytes = changed(&fs);
            for (at, value) in hits {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            for bytes in [bytes, garbage] {
                let again = Fs::restored(&host, Box::new(Given(Some(bytes), None)));
                run(&host, &again, "find / -name c; rm -rf /tmp/a /tmp/b; echo y > /tmp/z");
                let _bytes = again.save(|_| false);
            }
        }
    }
}
