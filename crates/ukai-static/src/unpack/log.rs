//! File systems that are logs: pieces of files and names, each with a version, of which the
//! last counts. JFFS2 and UBIFS are read so, by all that is there and not by an index.

use super::{Unpacking, lzo};
use flate2::read::{DeflateDecoder, ZlibDecoder};
use std::collections::{BTreeMap, HashMap};
use std::io::Read;

/// Pieces and names that are looked at.
const NODES_MAX: usize = 1_000_000;
/// Folders in folders.
const DEPTH_MAX: usize = 64;
/// What all pieces may unpack to, as a multiple of what may be taken out: pieces that later
/// ones overwrite cost time too.
const WORK_FACTOR: usize = 4;
/// The root's inode, in both.
const ROOT: u32 = 1;

/// How a piece is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Plain,
    /// Nothing but zeros.
    Zeros,
    Zlib,
    Deflate,
    Zstd,
    Lzo,
    /// JFFS2's run lengths.
    Rtime,
    /// One that is not unpacked.
    Other(&'static str),
}

/// A piece of a file.
pub(super) struct Piece<'a> {
    pub(super) version: u64,
    pub(super) offset: u64,
    pub(super) length: usize,
    pub(super) method: Method,
    pub(super) packed: &'a [u8],
}

/// What a name stands for: version, inode (0 if it was deleted), whether it is a file.
struct Entry {
    version: u64,
    inode: u32,
    is_file: bool,
}

#[derive(Default)]
struct Inode<'a> {
    pieces: Vec<Piece<'a>>,
    /// The version that says how long it is, and how long that is.
    length: (u64, u64),
}

/// All that was found.
#[derive(Default)]
pub(super) struct Log<'a> {
    inodes: HashMap<u32, Inode<'a>>,
    names: BTreeMap<(u32, &'a [u8]), Entry>,
    nodes: usize,
}

impl<'a> Log<'a> {
    fn counts(&mut self) -> bool {
        self.nodes += 1;
        self.nodes <= NODES_MAX
    }

    pub(super) fn piece(&mut self, inode: u32, piece: Piece<'a>) {
        if self.counts() {
            self.inodes.entry(inode).or_default().pieces.push(piece);
        }
    }

    /// An inode's length, of which the last one said counts.
    pub(super) fn length(&mut self, inode: u32, version: u64, length: u64) {
        if self.counts() {
            let known = &mut self.inodes.entry(inode).or_default().length;
            if version >= known.0 {
                *known = (version, length);
            }
        }
    }

    pub(super) fn name(
        &mut self,
        parent: u32,
        name: &'a [u8],
        version: u64,
        inode: u32,
        is_file: bool,
    ) {
        if !self.counts() {
            return;
        }
        let entry = Entry { version, inode, is_file };
        let known = self.names.entry((parent, name)).or_insert(Entry { version, inode, is_file });
        if version >= known.version {
            *known = entry;
        }
    }

    /// Takes all files out.
    pub(super) fn take_out(mut self, container: &'static str, unpacking: &mut Unpacking<'_>) {
        if self.nodes > NODES_MAX {
            unpacking.note(format!("{container}: not all of it was looked at"));
        }
        let folders: HashMap<u32, (u32, &[u8])> = self
            .names
            .iter()
            .filter(|(_, entry)| !entry.is_file && entry.inode != 0)
            .map(|((parent, name), entry)| (entry.inode, (*parent, *name)))
            .collect();
        let mut work = unpacking.limits.unpacked_bytes.saturating_mul(WORK_FACTOR);
        for ((parent, name), entry) in &self.names {
            if !entry.is_file || entry.inode == 0 {
                continue;
            }
            if unpacking.is_full() || work == 0 {
                return unpacking.note(format!("{container}: not all members were looked at"));
            }
            let Some(inode) = self.inodes.get_mut(&entry.inode) else { continue };
            let length = unpacking.room(container, inode.length.1);
            let (content, trouble) = inode.content(length, &mut work);
            if let Some(trouble) = trouble {
                unpacking.note(format!("{container}: {trouble}"));
            }
            let mut path = path(&folders, *parent);
            path.extend_from_slice(name);
            unpacking.add(container, Some(&path), content);
        }
    }
}

/// The path of a folder, with a slash at its end.
fn path(folders: &HashMap<u32, (u32, &[u8])>, mut at: u32) -> Vec<u8> {
    let mut names = Vec::new();
    // A folder may claim to be within itself.
    while at != ROOT && names.len() < DEPTH_MAX {
        let Some((parent, name)) = folders.get(&at) else { break };
        names.push(*name);
        at = *parent;
    }
    names.iter().rev().flat_map(|name| [name, &b"/"[..]].concat()).collect()
}

impl Inode<'_> {
    /// The first `length` bytes, and what is wrong with them. `work` is what may still be
    /// unpacked.
    fn content(&mut self, length: usize, work: &mut usize) -> (Vec<u8>, Option<String>) {
        let mut content = vec![0; length];
        let mut trouble = None;
        self.pieces.sort_by_key(|piece| piece.version);
        for piece in &self.pieces {
            let Some(start) = usize::try_from(piece.offset).ok().filter(|it| *it < length) else {
                continue;
            };
            let Some(left) = work.checked_sub(piece.length.max(64)) else {
                *work = 0;
                break;
            };
            *work = left;
            let wanted = piece.length.min(length - start);
            let room = &mut content[start..start + wanted];
            match unpack(piece, wanted) {
                Ok(bytes) => {
                    let count = bytes.len().min(room.len());
                    room[..count].copy_from_slice(&bytes[..count]);
                    room[count..].fill(0);
                }
                Err(why) => trouble = Some(why),
            }
        }
        (content, trouble)
    }
}

/// Up to `wanted` bytes of a piece.
fn unpack(piece: &Piece<'_>, wanted: usize) -> Result<Vec<u8>, String> {
    let all = |reader: &mut dyn Read| {
        let mut content = Vec::new();
        match reader.take(wanted as u64).read_to_end(&mut content) {
            Ok(_) => Ok(content),
            Err(error) => Err(format!("a piece of a file is broken: {error}")),
        }
    };
    match piece.method {
        Method::Plain => Ok(piece.packed[..piece.packed.len().min(wanted)].to_vec()),
        Method::Zeros => Ok(Vec::new()),
        Method::Zlib => all(&mut ZlibDecoder::new(piece.packed)),
        Method::Deflate => all(&mut DeflateDecoder::new(piece.packed)),
        Method::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(piece.packed);
            let mut decoder = decoder.map_err(|error| error.to_string())?;
            decoder.window_log_max(25).map_err(|error| error.to_string())?;
            all(&mut decoder)
        }
        Method::Lzo => Ok(lzo::decompress(piece.packed, wanted)),
        Method::Rtime => Ok(rtime(piece.packed, wanted)),
        Method::Other(name) => Err(format!("packed by {name}, which is not unpacked")),
    }
}

/// JFFS2's own (`fs/jffs2/compr_rtime.c`): each byte is followed by how many more come that
/// followed it the last time.
fn rtime(packed: &[u8], wanted: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut last = [0usize; 256];
    for pair in packed.chunks_exact(2) {
        if out.len() >= wanted {
            break;
        }
        let (byte, count) = (pair[0], usize::from(pair[1]));
        out.push(byte);
        let from = std::mem::replace(&mut last[usize::from(byte)], out.len());
        for index in 0..count.min(wanted - out.len()) {
            out.push(out[from + index]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::rtime;

    #[test]
    fn run_lengths() {
        assert_eq!(
            rtime(b"a\0b\0a\x04", 100),
            b"ababaa"[..3].iter().chain(b"baba").copied().collect::<Vec<u8>>()
        );
        assert_eq!(rtime(b"x\xff", 5), b"xxxxx");
    }
}
