//! NTFS, by its table of files. The `ntfs` crate may panic on what it does not expect; here
//! nothing is trusted. Compressed, encrypted and very fragmented files are only named.

use super::image::Part;
use crate::unpack::{Unpacking, slice, u16_le, u32_le};
use std::collections::HashMap;

/// Records of the table of files that are looked at.
const RECORDS_MAX: u64 = 50_000;
/// Folders in folders.
const DEPTH_MAX: usize = 64;
/// Runs of one file.
const RUNS_MAX: usize = 10_000;
/// Records before this one are the file system's own; the root among them.
const FIRST: u64 = 24;
const ROOT: u64 = 5;

pub(super) fn unpack(
    part: &Part<'_>,
    container: &'static str,
    prefix: &str,
    unpacking: &mut Unpacking<'_>,
) -> Option<()> {
    let volume = Volume::open(part)?;
    let mut folders = HashMap::new();
    let mut files = Vec::new();
    for number in FIRST..volume.records().min(RECORDS_MAX) {
        let Some(record) = volume.record(number) else { continue };
        let Some(file) = File::read(&record) else { continue };
        if file.is_directory {
            folders.insert(number, (file.parent, file.name));
        } else {
            files.push(file);
        }
    }
    if volume.records() > RECORDS_MAX {
        unpacking.note(format!("{container}: only the first {RECORDS_MAX} files were looked at"));
    }
    for file in files {
        let path = format!("{prefix}{}{}", path(&folders, file.parent), file.name);
        for stream in &file.streams {
            if unpacking.is_full() {
                unpacking.note(format!("{container}: not all members were looked at"));
                return Some(());
            }
            let name = match stream.name.as_str() {
                "" => path.clone(),
                name => format!("{path}:{name}"),
            };
            let content = match &stream.data {
                Data::Resident(bytes) => Some(bytes.clone()),
                Data::Runs(runs) => {
                    let length = unpacking.room(container, stream.length);
                    volume.content(runs, 0, length)
                }
                Data::Packed => None,
            };
            match content {
                Some(content) => {
                    unpacking.add(container, Some(name.as_bytes()), content);
                }
                None => unpacking.note(format!("{container}: a file of NTFS cannot be read")),
            }
        }
        if file.is_elsewhere {
            unpacking.note(format!("{container}: very fragmented files of NTFS are not read"));
        }
    }
    Some(())
}

/// The path of a folder, with a slash at its end.
fn path(folders: &HashMap<u64, (u64, String)>, mut at: u64) -> String {
    let mut names = Vec::new();
    // A folder may claim to be within itself.
    while at != ROOT && names.len() < DEPTH_MAX {
        let Some((parent, name)) = folders.get(&at) else { break };
        names.push(name.as_str());
        at = *parent;
    }
    names.iter().rev().fold(String::new(), |path, name| path + name + "/")
}

/// Clusters in a row: how many, and where; at none if they are all zeros.
type Run = (u64, Option<u64>);

enum Data {
    Resident(Vec<u8>),
    Runs(Vec<Run>),
    /// Compressed or encrypted.
    Packed,
}

struct Stream {
    name: String,
    length: u64,
    data: Data,
}

struct File {
    name: String,
    parent: u64,
    is_directory: bool,
    streams: Vec<Stream>,
    /// Whether more of it stands in other records.
    is_elsewhere: bool,
}

struct Volume<'a> {
    part: &'a Part<'a>,
    cluster_bytes: u64,
    record_bytes: usize,
    /// Where the table of files lies, and its length.
    table: (Vec<Run>, u64),
}

impl<'a> Volume<'a> {
    fn open(part: &'a Part<'a>) -> Option<Self> {
        let boot = part.take(0, 512)?;
        let sector = u64::from(u16_le(&boot, 11)?);
        // From 244 on it is a power of two.
        let per_cluster = match boot[13] {
            large @ 225.. => 1 << (256 - u32::from(large)),
            small => u64::from(small),
        };
        let cluster_bytes = sector * per_cluster;
        let record_bytes = match boot[64] as i8 {
            clusters @ 1.. => cluster_bytes * clusters as u64,
            power @ -31..=-1 => 1 << -i32::from(power),
            _ => return None,
        };
        let sane = matches!(sector, 256..=4096)
            && sector.is_power_of_two()
            && (512..=4 << 20).contains(&cluster_bytes)
            && (512..=4096).contains(&record_bytes);
        if !sane {
            return None;
        }
        let first = u64_le(&boot, 48)?.checked_mul(cluster_bytes)?;
        let mut volume = Self {
            part,
            cluster_bytes,
            record_bytes: record_bytes as usize,
            table: (Vec::new(), 0),
        };
        let record = fixed(part.take(first, volume.record_bytes)?)?;
        let table = attributes(&record).find_map(|attribute| stream(attribute, 0x80))?;
        let Data::Runs(runs) = table.data else { return None };
        volume.table = (runs, table.length);
        Some(volume)
    }

    const fn records(&self) -> u64 {
        self.table.1 / self.record_bytes as u64
    }

    /// A record that is in use.
    fn record(&self, number: u64) -> Option<Vec<u8>> {
        let at = number.checked_mul(self.record_bytes as u64)?;
        fixed(self.content(&self.table.0, at, self.record_bytes)?)
    }

    /// `length` bytes from `at` on of what lies in `runs`.
    fn content(&self, runs: &[Run], at: u64, length: usize) -> Option<Vec<u8>> {
        let mut content = Vec::new();
        let mut skip = at;
        for (clusters, place) in runs {
            let bytes = clusters.checked_mul(self.cluster_bytes)?;
            if skip >= bytes {
                skip -= bytes;
                continue;
            }
            let count = usize::try_from(bytes - skip).unwrap_or(usize::MAX);
            let count = count.min(length - content.len());
            match place {
                Some(place) => {
                    let at = place.checked_mul(self.cluster_bytes)?.checked_add(skip)?;
                    content.extend(self.part.take(at, count)?);
                }
                None => content.resize(content.len() + count, 0),
            }
            skip = 0;
            if content.len() == length {
                return Some(content);
            }
        }
        (length == 0).then_some(content)
    }
}

/// A record with the ends of its sectors put back, which are kept elsewhere as a check.
fn fixed(mut record: Vec<u8>) -> Option<Vec<u8>> {
    if !record.starts_with(b"FILE") || u16_le(&record, 22)? & 1 == 0 {
        return None;
    }
    let (at, count) = (usize::from(u16_le(&record, 4)?), usize::from(u16_le(&record, 6)?));
    let mark = u16_le(&record, at)?;
    for index in 1..count {
        let end = index * 512 - 2;
        let Some(kept) = u16_le(&record, at + 2 * index) else { break };
        if u16_le(&record, end) != Some(mark) {
            return None;
        }
        record.get_mut(end..end + 2)?.copy_from_slice(&kept.to_le_bytes());
    }
    Some(record)
}

/// The attributes of a record.
fn attributes(record: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = u16_le(record, 20).map_or(usize::MAX, usize::from);
    std::iter::from_fn(move || {
        let kind = u32_le(record, at)?;
        let length = u32_le(record, at.checked_add(4)?)? as usize;
        if kind == u32::MAX || length < 24 {
            return None;
        }
        let attribute = slice(record, at, length)?;
        at += length;
        Some(attribute)
    })
}

impl File {
    fn read(record: &[u8]) -> Option<Self> {
        // One that goes on with another has no name of its own.
        if u64_le(record, 32)? & 0xffff_ffff_ffff != 0 {
            return None;
        }
        let mut file = Self {
            name: String::new(),
            parent: ROOT,
            is_directory: u16_le(record, 22)? & 2 != 0,
            streams: Vec::new(),
            is_elsewhere: false,
        };
        let mut has_long = false;
        for attribute in attributes(record) {
            match u32_le(attribute, 0)? {
                0x20 => file.is_elsewhere = true,
                0x30 if !has_long => {
                    if let Some((parent, name, is_short)) = file_name(attribute) {
                        has_long = !is_short;
                        (file.parent, file.name) = (parent, name);
                    }
                }
                _ => file.streams.extend(stream(attribute, 0x80)),
            }
        }
        (!file.name.is_empty()).then_some(file)
    }
}

/// Parent, name, and whether it is the short one.
fn file_name(attribute: &[u8]) -> Option<(u64, String, bool)> {
    let value = attribute.get(usize::from(u16_le(attribute, 20)?)..)?;
    let parent = u64_le(value, 0)? & 0xffff_ffff_ffff;
    let letters = usize::from(*value.get(64)?);
    let name = utf16(slice(value, 66, 2 * letters)?).replace(['/', '\\'], "_");
    Some((parent, name, *value.get(65)? == 2))
}

/// The stream that an attribute is, if it is of the wanted type.
fn stream(attribute: &[u8], wanted: u32) -> Option<Stream> {
    if u32_le(attribute, 0)? != wanted {
        return None;
    }
    let letters = usize::from(*attribute.get(9)?);
    let name = slice(attribute, usize::from(u16_le(attribute, 10)?), 2 * letters)?;
    let name = utf16(name).replace(['/', '\\'], "_");
    if attribute[8] == 0 {
        let length = u32_le(attribute, 16)? as usize;
        let bytes = slice(attribute, usize::from(u16_le(attribute, 20)?), length)?.to_vec();
        return Some(Stream { name, length: length as u64, data: Data::Resident(bytes) });
    }
    let length = u64_le(attribute, 48)?;
    // Compressed or encrypted.
    if u16_le(attribute, 12)? & 0x4001 != 0 {
        return Some(Stream { name, length, data: Data::Packed });
    }
    let runs = attribute.get(usize::from(u16_le(attribute, 32)?)..)?;
    Some(Stream { name, length, data: Data::Runs(read_runs(runs)?) })
}

/// Runs: a byte with two lengths, the number of clusters, and how far it is from the last.
fn read_runs(bytes: &[u8]) -> Option<Vec<Run>> {
    let mut runs = Vec::new();
    let (mut at, mut place) = (0, 0i64);
    loop {
        let head = *bytes.get(at)?;
        if head == 0 || runs.len() >= RUNS_MAX {
            return Some(runs);
        }
        let (count, step) = (usize::from(head & 15), usize::from(head >> 4));
        if count > 8 || step > 8 {
            return None;
        }
        let clusters = number(slice(bytes, at + 1, count)?, false) as u64;
        let distance = number(slice(bytes, at + 1 + count, step)?, true);
        at += 1 + count + step;
        place = place.checked_add(distance)?;
        let run = if step == 0 { None } else { Some(u64::try_from(place).ok()?) };
        runs.push((clusters, run));
    }
}

/// A little-endian number of up to eight bytes.
fn number(bytes: &[u8], is_signed: bool) -> i64 {
    let is_negative = is_signed && bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut all = if is_negative { [0xff; 8] } else { [0; 8] };
    all[..bytes.len()].copy_from_slice(bytes);
    i64::from_le_bytes(all)
}

fn utf16(bytes: &[u8]) -> String {
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
    char::decode_utf16(units).map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn u64_le(bytes: &[u8], at: usize) -> Option<u64> {
    slice(bytes, at, 8).and_then(|it| it.first_chunk()).map(|it| u64::from_le_bytes(*it))
}
