//! Shortcuts of Windows (MS-SHLLINK 8.0): what is started, with which arguments, on which
//! machine the shortcut was made, and what is hidden behind it.
//!
//! The command line comes out as a layer of its own, so that it is read as what it is; where
//! the shortcut comes from is told as artefacts. Item lists are after libfwsi's description.

use super::{Unpacking, slice, u16_le, u32_le};
use ukai_model::ArtefactKind;

/// Items of a list that are looked at.
const ITEMS_MAX: usize = 100;
/// Blocks of extra data that are looked at.
const BLOCKS_MAX: usize = 100;
/// White space in front of arguments from which it is there to hide them: the dialogue shows
/// 260 characters.
const PADDING_MIN: usize = 64;
/// Length of what the header says and of an ANSI path in extra data, in bytes.
const HEADER_BYTES: usize = 0x4c;
const PATH_BYTES: usize = 260;

mod flags {
    pub(super) const ITEMS: u32 = 1;
    pub(super) const INFO: u32 = 1 << 1;
    pub(super) const WIDE: u32 = 1 << 7;
    pub(super) const NO_INFO: u32 = 1 << 8;
    /// Name, relative path, working directory, arguments, icon.
    pub(super) const TEXTS: [u32; 5] = [1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6];
}

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let Some(link) = Link::read(bytes) else {
        return unpacking.note("lnk: cut off".to_owned());
    };
    if link.cut {
        unpacking.note("lnk: broken: what stands before is shown".to_owned());
    }
    link.tell(unpacking);
    let line = link.command_line();
    if !line.is_empty() {
        // `cmd` takes carets away before anything else.
        let bare = line.replace('^', "");
        if bare != line {
            let bare = unpacking.read("lnk", &mut bare.as_bytes(), bare.len());
            unpacking.add("lnk", Some(b"command line without carets"), bare);
        }
        let line = unpacking.read("lnk", &mut line.as_bytes(), line.len());
        unpacking.add("lnk", Some(b"command line"), line);
    }
    if let Some(overlay) = bytes.get(link.end..).filter(|it| it.len() > 4) {
        let told = format!("shortcut with {} bytes behind it", overlay.len());
        unpacking.tell(ArtefactKind::Technique, told.as_bytes(), link.end, 80);
        let overlay = unpacking.read("lnk", &mut &*overlay, overlay.len());
        unpacking.add("lnk", Some(b"overlay"), overlay);
    }
}

/// What a shortcut says.
#[derive(Debug, Default)]
struct Link {
    /// The target by its item list.
    items: Option<String>,
    /// The target by its local or network path.
    path: Option<String>,
    /// The target by environment variables.
    environment: Option<String>,
    relative: Option<String>,
    description: Option<String>,
    folder: Option<String>,
    arguments: Option<(usize, String)>,
    icon: Option<String>,
    /// What says where it was made: value and place.
    origins: Vec<(usize, String)>,
    show: u32,
    hot_key: u16,
    /// Where it ends.
    end: usize,
    /// Whether a part of it is broken.
    cut: bool,
}

impl Link {
    fn read(bytes: &[u8]) -> Option<Self> {
        let header = slice(bytes, 0, HEADER_BYTES)?;
        let flags = u32_le(header, 20)?;
        let mut link = Self {
            show: u32_le(header, 60)?,
            hot_key: u16_le(header, 64)?,
            end: HEADER_BYTES,
            ..Self::default()
        };
        link.cut = link.parts(bytes, flags).is_none();
        link.end = link.end.min(bytes.len());
        Some(link)
    }

    /// Reads one part after the other; `None` where one is broken.
    fn parts(&mut self, bytes: &[u8], flags: u32) -> Option<()> {
        if flags & flags::ITEMS != 0 {
            let length = usize::from(u16_le(bytes, self.end)?);
            let list = slice(bytes, self.end + 2, length)?;
            self.items = items(list);
            self.end += 2 + length;
        }
        if flags & flags::INFO != 0 && flags & flags::NO_INFO == 0 {
            let length = u32_le(bytes, self.end)? as usize;
            let info = slice(bytes, self.end, length).filter(|it| it.len() >= 4)?;
            self.info(info);
            self.end += length;
        }
        for (index, flag) in flags::TEXTS.into_iter().enumerate() {
            if flags & flag == 0 {
                continue;
            }
            let count = usize::from(u16_le(bytes, self.end)?);
            let is_wide = flags & flags::WIDE != 0;
            let text = slice(bytes, self.end + 2, if is_wide { 2 * count } else { count })?;
            let at = self.end + 2;
            self.end = at + text.len();
            let text = if is_wide { wide(text) } else { narrow(text) };
            match index {
                0 => self.description = Some(text),
                1 => self.relative = Some(text),
                2 => self.folder = Some(text),
                3 => self.arguments = Some((at, text)),
                _ => self.icon = Some(text),
            }
        }
        for _ in 0..BLOCKS_MAX {
            let Some(length) = u32_le(bytes, self.end).map(|it| it as usize) else {
                return Some(());
            };
            if length < 4 {
                self.end += 4;
                return Some(());
            }
            let block = slice(bytes, self.end, length).filter(|it| it.len() >= 8)?;
            self.extra(block, self.end);
            self.end += length;
        }
        Some(())
    }

    /// LinkInfo (2.3): the volume and the path on it, or the share.
    fn info(&mut self, info: &[u8]) {
        let header = u32_le(info, 4).unwrap_or(0);
        let flags = u32_le(info, 8).unwrap_or(0);
        let place = |at: usize| u32_le(info, at).map(|it| it as usize).filter(|it| *it > 0);
        let text = |at: usize| place(at).and_then(|at| info.get(at..)).map(until_nul);
        let wide_text = |at: usize| {
            let is_there = header >= 0x24;
            is_there.then(|| place(at).and_then(|at| info.get(at..)).map(wide)).flatten()
        };
        let suffix = wide_text(32).or_else(|| text(24)).unwrap_or_default();
        if flags & 1 != 0 {
            if let Some(volume) = place(12).and_then(|at| info.get(at..)) {
                self.volume(volume, self.end);
            }
            let base = wide_text(28).or_else(|| text(16)).unwrap_or_default();
            self.path = Some(base + &suffix).filter(|it| !it.is_empty());
        }
        if flags & 2 != 0
            && let Some(network) = place(20).and_then(|at| info.get(at..))
        {
            let name = u32_le(network, 8).and_then(|at| network.get(at as usize..));
            let share = name.map(until_nul).unwrap_or_default();
            let path = if suffix.is_empty() { share } else { format!("{share}\\{suffix}") };
            if self.path.is_none() && !path.is_empty() {
                self.path = Some(path);
            }
        }
    }

    /// VolumeID (2.3.1).
    fn volume(&mut self, volume: &[u8], at: usize) {
        let Some(serial) = u32_le(volume, 8).filter(|it| *it != 0) else { return };
        let drive = match u32_le(volume, 4) {
            Some(2) => "removable drive, ",
            Some(4) => "network drive, ",
            Some(5) => "optical drive, ",
            _ => "",
        };
        let mut told = format!("{drive}volume serial {:04X}-{:04X}", serial >> 16, serial & 0xffff);
        let label = match u32_le(volume, 12) {
            Some(0x14) => u32_le(volume, 16).and_then(|at| volume.get(at as usize..)).map(wide),
            Some(at) => volume.get(at as usize..).map(until_nul),
            None => None,
        };
        if let Some(label) = label.filter(|it| !it.is_empty()) {
            told.push_str(", label ");
            told.push_str(&label);
        }
        self.origins.push((at, told));
    }

    /// One block of extra data (2.5).
    fn extra(&mut self, block: &[u8], at: usize) {
        let path = || {
            let long = block.get(8 + PATH_BYTES..).map(wide).filter(|it| !it.is_empty());
            long.or_else(|| block.get(8..).map(until_nul)).filter(|it| !it.is_empty())
        };
        match u32_le(block, 4) {
            Some(0xa000_0001) => self.environment = path(),
            Some(0xa000_0007) => self.icon = path().or(self.icon.take()),
            // TrackerDataBlock: the machine's name, then identifiers of volume and file, of
            // which the latter has the machine's network address.
            Some(0xa000_0003) => {
                let machine = slice(block, 16, 16).map(until_nul).unwrap_or_default();
                if !machine.is_empty() {
                    self.origins.push((at + 16, format!("machine {machine}")));
                }
                for start in [48, 80] {
                    if let Some(told) = slice(block, start, 16).and_then(network_address)
                        && !self.origins.iter().any(|(_, known)| *known == told)
                    {
                        self.origins.push((at + start, told));
                    }
                }
            }
            // VistaAndAboveIDListDataBlock.
            Some(0xa000_000c) if self.items.is_none() => {
                self.items = block.get(8..).and_then(items);
            }
            _ => {}
        }
    }

    /// What is started: the best that is known of it, with the arguments.
    fn command_line(&self) -> String {
        let targets = [&self.environment, &self.path, &self.items, &self.relative];
        let target = targets.into_iter().flatten().find(|it| !it.is_empty());
        let arguments = self.arguments.as_ref().map_or("", |(_, text)| text.trim());
        let target = target.map_or("", String::as_str);
        let target = if target.contains(' ') && !arguments.is_empty() {
            format!("\"{target}\"")
        } else {
            target.to_owned()
        };
        format!("{target} {arguments}").trim().to_owned()
    }

    fn tell(&self, unpacking: &mut Unpacking<'_>) {
        let (at, arguments) = self.arguments.as_ref().map_or((0, ""), |(at, text)| (*at, text));
        let line = self.command_line();
        if !line.is_empty() {
            unpacking.tell(ArtefactKind::Command, line.as_bytes(), at, 90);
        }
        for (label, text) in [
            ("working directory", &self.folder),
            ("icon", &self.icon),
            ("description", &self.description),
        ] {
            if let Some(text) = text.as_ref().filter(|it| !it.is_empty()) {
                unpacking.tell(ArtefactKind::Origin, format!("{label} {text}").as_bytes(), 0, 70);
            }
        }
        for (at, told) in &self.origins {
            unpacking.tell(ArtefactKind::Origin, told.as_bytes(), *at, 80);
        }
        let padding = arguments.len() - arguments.trim_start().len();
        if padding >= PADDING_MIN {
            let told =
                format!("shortcut hides its arguments behind {padding} white space characters");
            unpacking.tell(ArtefactKind::Technique, told.as_bytes(), at, 95);
        }
        if self.show == 7 && !arguments.is_empty() {
            unpacking.tell(ArtefactKind::Technique, b"shortcut starts it minimised", 60, 70);
        }
        if self.hot_key != 0 {
            unpacking.tell(ArtefactKind::Technique, b"shortcut answers to a hot key", 64, 60);
        }
        let icon = self.icon.as_ref().map(|it| it.to_ascii_lowercase()).unwrap_or_default();
        if icon.starts_with("\\\\") || icon.starts_with("http") {
            let told = format!("shortcut has its icon fetched from {icon}");
            unpacking.tell(ArtefactKind::Technique, told.as_bytes(), 0, 90);
        }
    }
}

/// The network address in a version 1 UUID (RFC 9562), which Windows makes of it.
fn network_address(uuid: &[u8]) -> Option<String> {
    let is_first_version = uuid.get(7)? >> 4 == 1;
    let node: Vec<String> = uuid.get(10..16)?.iter().map(|byte| format!("{byte:02x}")).collect();
    // The multicast bit says that it is made up.
    (is_first_version && uuid.get(10)? & 1 == 0)
        .then(|| format!("network address {}", node.join(":")))
}

/// The path that an item list names.
fn items(list: &[u8]) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    let mut at = 0;
    for _ in 0..ITEMS_MAX {
        let length = usize::from(u16_le(list, at).unwrap_or(0));
        let Some(item) = slice(list, at, length).filter(|item| item.len() >= 3) else { break };
        at += length;
        let name = match item[2] {
            // A volume: `C:\`.
            kind @ 0x20..=0x2f if kind & 1 == 1 => item.get(3..).map(until_nul),
            0x30..=0x3f => file_item(item),
            // A share and what is below it.
            0x40..=0x4f => item.get(5..).map(until_nul),
            // A URI, wide if the flag says so.
            0x61 => item.get(8..).map(|rest| {
                if item.get(3).is_some_and(|flags| flags & 0x80 != 0) {
                    wide(rest)
                } else {
                    until_nul(rest)
                }
            }),
            _ => None,
        };
        names.extend(name.filter(|it| !it.is_empty()));
    }
    let mut path = String::new();
    for name in names {
        // A share's item has the whole path so far.
        if name.starts_with("\\\\") {
            path = name;
            continue;
        }
        if !path.is_empty() && !path.ends_with('\\') {
            path.push('\\');
        }
        path.push_str(&name);
    }
    (!path.is_empty()).then_some(path)
}

/// A file or folder: its short name, or the long one of the extension 0xbeef0004.
fn file_item(item: &[u8]) -> Option<String> {
    let is_wide = item[2] & 4 != 0;
    let short = item.get(14..)?;
    let short = if is_wide { wide(short) } else { until_nul(short) };
    let signature = memchr::memmem::find(item, b"\x04\0\xef\xbe");
    let long = signature.and_then(|at| at.checked_sub(4)).and_then(|start| {
        let extension = &item[start..];
        let version = u16_le(extension, 2)?;
        let more = |least: u16, length: usize| if version >= least { length } else { 0 };
        let name = 18 + more(7, 18) + more(3, 2) + more(9, 4) + more(8, 4);
        extension.get(name..).map(wide).filter(|it| !it.is_empty())
    });
    long.or(Some(short))
}

/// Text up to a NUL. The code page is the maker's: what is not ASCII is Latin for us.
fn until_nul(text: &[u8]) -> String {
    narrow(&text[..memchr::memchr(0, text).unwrap_or(text.len())])
}

fn narrow(text: &[u8]) -> String {
    text.iter().map(|byte| char::from(*byte)).collect()
}

/// UTF-16 up to a NUL.
fn wide(text: &[u8]) -> String {
    let units = text.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
    char::decode_utf16(units.take_while(|unit| *unit != 0))
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}
