//! Writes event logs as libyal's description of the format has them: names and templates once in
//! a chunk, values behind them, the data in a document of its own within a value.

use std::collections::HashMap;

/// What a record says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Event {
    /// Its number.
    pub(crate) id: u64,
    /// FILETIME.
    pub(crate) written: u64,
    /// The log.
    pub(crate) channel: String,
    /// Who says it.
    pub(crate) provider: String,
    /// What.
    pub(crate) number: u16,
    /// How grave.
    pub(crate) level: u8,
    /// On which computer.
    pub(crate) computer: String,
    /// The user's security identifier, as bytes.
    pub(crate) user: Option<Vec<u8>>,
    /// Who wrote it.
    pub(crate) process_id: u32,
    /// Names and values; empty names for those without.
    pub(crate) data: Vec<(String, Value)>,
    /// The name of the element in `UserData`, where the data is an XML of the program's own.
    pub(crate) own: Option<String>,
}

/// A value with its type.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// None, and its element is not there.
    Null,
    /// UTF-16.
    Text(String),
    /// One byte for a character.
    Ansi(Vec<u8>),
    /// 32 bits with a sign.
    Signed(i32),
    /// 64 bits.
    Number(u64),
    /// 32 bits, hexadecimal.
    Hex(u32),
    /// 64 bits, hexadecimal.
    LongHex(u64),
    /// Yes or no.
    Bool(bool),
    /// Bytes.
    Binary(Vec<u8>),
    /// As it is in memory.
    Guid([u8; 16]),
    /// A security identifier.
    Sid(Vec<u8>),
    /// A time.
    FileTime(u64),
    /// Year, month, day of the week, day, hour, minute, second, millisecond.
    SystemTime([u16; 8]),
    /// Several texts, each in an element of its own.
    Texts(Vec<String>),
    /// Several numbers.
    Numbers(Vec<u32>),
}

/// S-1-5-21-1-2-3-500, say.
pub(crate) fn sid(authority: u8, numbers: &[u32]) -> Vec<u8> {
    let mut bytes = vec![1, numbers.len() as u8, 0, 0, 0, 0, 0, authority];
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    bytes
}

/// Seconds since 1970 as FILETIME.
pub(crate) const fn file_time(unix_s: u64) -> u64 {
    (unix_s + 11_644_473_600) * 10_000_000
}

const CHUNK_BYTES: usize = 65_536;
const HEADER_BYTES: usize = 4_096;

/// A log with these records; `dirty` as one that was not closed.
pub(crate) fn log(events: &[Event], dirty: bool) -> Vec<u8> {
    let mut chunks = vec![Chunk::new()];
    for event in events {
        if !chunks.last_mut().expect("one").add(event) {
            let mut chunk = Chunk::new();
            assert!(chunk.add(event), "a record fits into a chunk");
            chunks.push(chunk);
        }
    }
    let count = chunks.len() as u64;
    let mut file = vec![0; HEADER_BYTES];
    file[..8].copy_from_slice(b"ElfFile\0");
    file[16..24].copy_from_slice(&(count - 1).to_le_bytes());
    let next = events.last().map_or(1, |event| event.id + 1);
    file[24..32].copy_from_slice(&next.to_le_bytes());
    file[32..36].copy_from_slice(&128_u32.to_le_bytes());
    file[36..40].copy_from_slice(&[1, 0, 3, 0]);
    file[40..42].copy_from_slice(&(HEADER_BYTES as u16).to_le_bytes());
    file[42..44].copy_from_slice(&(count as u16).to_le_bytes());
    file[120] = u8::from(dirty);
    let sum = crc32fast::hash(&file[..120]);
    file[124..128].copy_from_slice(&sum.to_le_bytes());
    for chunk in chunks {
        file.extend(chunk.finish());
    }
    file
}

/// What a template is known by: whether the data has an XML of its own, and names with types.
type Shape = (Option<String>, Vec<(String, u8)>);

struct Chunk {
    bytes: Vec<u8>,
    names: HashMap<String, usize>,
    system: Option<usize>,
    templates: HashMap<Shape, usize>,
    ids: Vec<u64>,
    last: usize,
}

impl Chunk {
    fn new() -> Self {
        let (bytes, ids) = (vec![0; 512], Vec::new());
        let (names, templates) = (HashMap::new(), HashMap::new());
        Self { bytes, names, system: None, templates, ids, last: 0 }
    }

    /// Adds a record, if there is room.
    fn add(&mut self, event: &Event) -> bool {
        let kept = (self.bytes.len(), self.names.clone(), self.system, self.templates.clone());
        let at = self.bytes.len();
        self.bytes.extend(0x2a2a_u32.to_le_bytes());
        self.bytes.extend([0; 4]);
        self.bytes.extend(event.id.to_le_bytes());
        self.bytes.extend(event.written.to_le_bytes());
        self.document(event);
        while !(self.bytes.len() + 4 - at).is_multiple_of(8) {
            self.bytes.push(0);
        }
        let length = (self.bytes.len() + 4 - at) as u32;
        self.bytes.extend(length.to_le_bytes());
        self.bytes[at + 4..at + 8].copy_from_slice(&length.to_le_bytes());
        if self.bytes.len() > CHUNK_BYTES {
            self.bytes.truncate(kept.0);
            (self.names, self.system, self.templates) = (kept.1, kept.2, kept.3);
            return false;
        }
        self.last = at;
        self.ids.push(event.id);
        true
    }

    fn finish(mut self) -> Vec<u8> {
        let (first, last) = (self.ids.first().copied(), self.ids.last().copied());
        let (first, last) = (first.unwrap_or(1), last.unwrap_or(0));
        let end = self.bytes.len();
        self.bytes[..8].copy_from_slice(b"ElfChnk\0");
        for (at, number) in [(8, first), (16, last), (24, first), (32, last)] {
            self.bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
        }
        let records = crc32fast::hash(&self.bytes[512..end]);
        for (at, number) in [(40, 128), (44, self.last as u32), (48, end as u32), (52, records)] {
            self.bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
        }
        let mut header = crc32fast::Hasher::new();
        header.update(&self.bytes[..120]);
        header.update(&self.bytes[128..512]);
        self.bytes[124..128].copy_from_slice(&header.finalize().to_le_bytes());
        self.bytes.resize(CHUNK_BYTES, 0);
        self.bytes
    }

    /// A fragment with an instance of the template for what is the same in all records; the last
    /// of its values is the document with the data.
    fn document(&mut self, event: &Event) {
        self.bytes.extend([0x0f, 1, 1, 0]);
        let known = self.system;
        self.system = Some(self.template(1, known, Self::system));
        let user = event.user.clone().map_or(Value::Null, Value::Sid);
        let values = [
            Value::Text(event.provider.clone()),
            Value::Number(event.number.into()),
            Value::Number(event.level.into()),
            Value::FileTime(event.written),
            Value::Number(event.id),
            Value::Number(event.process_id.into()),
            Value::Text(event.channel.clone()),
            Value::Text(event.computer.clone()),
            user,
        ];
        self.bytes.extend((values.len() as u32 + 1).to_le_bytes());
        let mut encoded: Vec<(u8, Vec<u8>)> = values.iter().map(Value::encode).collect();
        // Where the data's document will be, what is in it has its place.
        let before: usize = encoded.iter().map(|(_, bytes)| bytes.len()).sum();
        let heads = self.bytes.len();
        self.bytes.extend(vec![0; 4 * (values.len() + 1)]);
        self.bytes.extend(encoded.iter().flat_map(|(_, bytes)| bytes.clone()));
        let start = self.bytes.len();
        assert_eq!(start, heads + 4 * (values.len() + 1) + before);
        self.data(event);
        encoded.push((0x21, self.bytes[start..].to_vec()));
        for (number, (kind, bytes)) in encoded.iter().enumerate() {
            let at = heads + 4 * number;
            self.bytes[at..at + 2].copy_from_slice(&(bytes.len() as u16).to_le_bytes());
            self.bytes[at + 2] = *kind;
        }
        self.bytes.push(0);
    }

    /// The data's document.
    fn data(&mut self, event: &Event) {
        self.bytes.extend([0x0f, 1, 1, 0]);
        let encoded: Vec<(u8, Vec<u8>)> =
            event.data.iter().map(|(_, value)| value.encode()).collect();
        // A template is made for the types, not for whether there is a value.
        let kinds = encoded.iter().map(|(kind, _)| *kind);
        let names = event.data.iter().map(|(name, _)| name.clone()).zip(kinds).collect();
        let shape: Shape = (event.own.clone(), names);
        let known = self.templates.get(&shape).copied();
        let number = self.templates.len() as u32 + 2;
        let at = self.template(number, known, |chunk| chunk.data_template(&shape));
        self.templates.insert(shape, at);
        self.bytes.extend((encoded.len() as u32).to_le_bytes());
        for (kind, bytes) in &encoded {
            self.bytes.extend((bytes.len() as u16).to_le_bytes());
            self.bytes.extend([*kind, 0]);
        }
        self.bytes.extend(encoded.into_iter().flat_map(|(_, bytes)| bytes));
        self.bytes.push(0);
    }

    /// The beginning of an instance, with the template itself where it is the first. Gives its place.
    fn template(
        &mut self,
        number: u32,
        known: Option<usize>,
        write: impl FnOnce(&mut Self),
    ) -> usize {
        self.bytes.extend([0x0c, 1]);
        self.bytes.extend(number.to_le_bytes());
        let place = known.unwrap_or(self.bytes.len() + 4);
        self.bytes.extend((place as u32).to_le_bytes());
        if known.is_none() {
            self.bytes.extend([0; 4]);
            self.bytes.extend(number.to_le_bytes());
            self.bytes.extend([7; 12]);
            let at = self.length();
            self.bytes.extend([0x0f, 1, 1, 0]);
            write(self);
            self.bytes.push(0);
            self.set_length(at);
        }
        place
    }

    fn system(&mut self) {
        let name_space = "http://schemas.microsoft.com/win/2004/08/events/event";
        let event = self.open("Event", &[("xmlns", Of::Text(name_space))]);
        let system = self.open("System", &[]);
        self.empty("Provider", &[("Name", Of::Value(0, 1))]);
        self.filled("EventID", Of::Value(1, 0x0a));
        self.filled("Level", Of::Value(2, 0x0a));
        self.empty("TimeCreated", &[("SystemTime", Of::Value(3, 0x11))]);
        self.filled("EventRecordID", Of::Value(4, 0x0a));
        self.empty("Execution", &[("ProcessID", Of::Value(5, 0x0a))]);
        self.filled("Channel", Of::Value(6, 1));
        self.filled("Computer", Of::Value(7, 1));
        self.empty("Security", &[("UserID", Of::Value(8, 0x13))]);
        self.close(system);
        self.of(Of::Value(9, 0x21));
        self.close(event);
    }

    fn data_template(&mut self, (own, names): &Shape) {
        let outer = self.open(if own.is_some() { "UserData" } else { "EventData" }, &[]);
        let inner = own.as_ref().map(|name| self.open(name, &[]));
        for (number, (name, kind)) in names.iter().enumerate() {
            let value = Of::Value(number as u16, *kind);
            if own.is_some() {
                self.filled(name, value);
            } else {
                let attribute = [("Name", Of::Text(name))];
                let attributes = if name.is_empty() { &[][..] } else { &attribute[..] };
                let element = self.open("Data", attributes);
                self.of(value);
                self.close(element);
            }
        }
        if let Some(inner) = inner {
            self.close(inner);
        }
        self.close(outer);
    }

    /// An element's beginning, until its content. Gives where its length is.
    fn open(&mut self, name: &str, attributes: &[(&str, Of<'_>)]) -> usize {
        let at = self.start(name, attributes);
        self.bytes.push(0x02);
        at
    }

    fn start(&mut self, name: &str, attributes: &[(&str, Of<'_>)]) -> usize {
        self.bytes.push(if attributes.is_empty() { 0x01 } else { 0x41 });
        self.bytes.extend([0xff, 0xff]);
        let at = self.length();
        self.name(name);
        if !attributes.is_empty() {
            let list = self.length();
            for (number, (name, of)) in attributes.iter().enumerate() {
                self.bytes.push(if number + 1 == attributes.len() { 0x06 } else { 0x46 });
                self.name(name);
                self.of(*of);
            }
            self.set_length(list);
        }
        at
    }

    fn close(&mut self, at: usize) {
        self.bytes.push(0x04);
        self.set_length(at);
    }

    fn empty(&mut self, name: &str, attributes: &[(&str, Of<'_>)]) {
        let at = self.start(name, attributes);
        self.bytes.push(0x03);
        self.set_length(at);
    }

    fn filled(&mut self, name: &str, of: Of<'_>) {
        let at = self.open(name, &[]);
        self.of(of);
        self.close(at);
    }

    fn of(&mut self, of: Of<'_>) {
        match of {
            Of::Text(text) => {
                self.bytes.extend([0x05, 0x01]);
                self.bytes.extend((text.encode_utf16().count() as u16).to_le_bytes());
                self.bytes.extend(utf16(text));
            }
            Of::Value(number, kind) => {
                self.bytes.push(0x0e);
                self.bytes.extend(number.to_le_bytes());
                self.bytes.push(kind);
            }
        }
    }

    /// A name's place; the name itself where it is the first time.
    fn name(&mut self, name: &str) {
        if let Some(place) = self.names.get(name) {
            self.bytes.extend((*place as u32).to_le_bytes());
            return;
        }
        let place = self.bytes.len() + 4;
        self.names.insert(name.to_owned(), place);
        self.bytes.extend((place as u32).to_le_bytes());
        // The next with the same hash, the hash, which nobody looks at, and the length.
        self.bytes.extend([0; 6]);
        self.bytes.extend((name.encode_utf16().count() as u16).to_le_bytes());
        self.bytes.extend(utf16(name));
        self.bytes.extend([0, 0]);
    }

    /// Room for a length of what follows.
    fn length(&mut self) -> usize {
        self.bytes.extend([0; 4]);
        self.bytes.len() - 4
    }

    fn set_length(&mut self, at: usize) {
        let length = (self.bytes.len() - at - 4) as u32;
        self.bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
    }
}

/// What an attribute or an element has.
#[derive(Clone, Copy)]
enum Of<'a> {
    Text(&'a str),
    /// The value of that number and type.
    Value(u16, u8),
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

impl Value {
    /// Its type and its bytes.
    fn encode(&self) -> (u8, Vec<u8>) {
        match self {
            Self::Null => (0x00, Vec::new()),
            Self::Text(text) => (0x01, utf16(text)),
            Self::Ansi(bytes) => (0x02, bytes.clone()),
            Self::Signed(number) => (0x07, number.to_le_bytes().to_vec()),
            Self::Number(number) => (0x0a, number.to_le_bytes().to_vec()),
            Self::Hex(number) => (0x14, number.to_le_bytes().to_vec()),
            Self::LongHex(number) => (0x15, number.to_le_bytes().to_vec()),
            Self::Bool(is) => (0x0d, u32::from(*is).to_le_bytes().to_vec()),
            Self::Binary(bytes) => (0x0e, bytes.clone()),
            Self::Guid(bytes) => (0x0f, bytes.to_vec()),
            Self::Sid(bytes) => (0x13, bytes.clone()),
            Self::FileTime(time) => (0x11, time.to_le_bytes().to_vec()),
            Self::SystemTime(parts) => {
                (0x12, parts.iter().flat_map(|part| part.to_le_bytes()).collect())
            }
            Self::Texts(texts) => {
                (0x81, texts.iter().flat_map(|text| utf16(&format!("{text}\0"))).collect())
            }
            Self::Numbers(numbers) => {
                (0x88, numbers.iter().flat_map(|number| number.to_le_bytes()).collect())
            }
        }
    }
}
