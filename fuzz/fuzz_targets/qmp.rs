//! QEMU's control connection, from a QEMU that says any bytes in any pieces.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ukai_sandbox::machine::{Lines, Message};

fn all(bytes: &[u8], mut pieces: impl Iterator<Item = usize>) -> Result<Vec<Message>, String> {
    let (mut lines, mut rest, mut found) = (Lines::default(), bytes, Vec::new());
    while !rest.is_empty() {
        let count = pieces.next().unwrap_or(4_096).clamp(1, rest.len());
        let (piece, after) = rest.split_at(count);
        rest = after;
        lines.push(piece).map_err(|error| error.to_string())?;
        while let Some(message) = lines.next().map_err(|error| error.to_string())? {
            found.push(message);
        }
    }
    Ok(found)
}

fuzz_target!(|input: (Vec<u8>, Vec<u8>)| {
    let (bytes, pieces) = input;
    let whole = all(&bytes, std::iter::empty());
    assert_eq!(all(&bytes, pieces.into_iter().map(usize::from)), whole);
});
