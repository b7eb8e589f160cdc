//! Writes documents of records into a folder, for the fuzz target `evtx` to begin with.

#[path = "../tests/writer/mod.rs"]
#[allow(dead_code, reason = "the writer has more than this needs")]
mod writer;

use std::path::Path;
use writer::{Event, Value, log, sid};

/// Where the document of a log's first record begins: behind the file's, the chunk's and its own
/// header. The fuzz target puts its bytes to the same place.
const DOCUMENT: usize = 4_096 + 512 + 24;

fn main() {
    let folder = std::env::args_os().nth(1).expect("a folder");
    std::fs::create_dir_all(&folder).expect("a folder");
    let values = [
        Value::Null,
        Value::Text("text".into()),
        Value::Ansi(b"text".to_vec()),
        Value::Signed(1),
        Value::Hex(1),
        Value::LongHex(1),
        Value::Bool(true),
        Value::Binary(vec![1, 2]),
        Value::Guid([1; 16]),
        Value::Sid(sid(5, &[21, 1])),
        Value::FileTime(1),
        Value::SystemTime([1; 8]),
        Value::Texts(vec!["a".into(), "b".into()]),
        Value::Numbers(vec![1, 2]),
    ];
    for (number, value) in values.into_iter().enumerate() {
        let own = (number % 2 == 1).then(|| "Own".to_owned());
        let data = vec![("a".to_owned(), value)];
        let bytes = log(&[Event { data, own, ..Event::default() }], false);
        let at = DOCUMENT - 20;
        let length = u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four")) as usize;
        let document = &bytes[DOCUMENT..DOCUMENT - 24 + length - 4];
        let file = Path::new(&folder).join(format!("seed-{number}"));
        std::fs::write(file, document).expect("a file");
    }
}
