//! The memory of a sample's processes as a tar archive in a CaRT container: a file for each stretch
//! that was not zero, and a list of them.

use std::fmt::Write as _;
use ukai_behaviour::{Seen, memory};
use ukai_model::PeerText;

/// Longest name of a mapping in the list, in bytes.
const NAME_BYTES_MAX: usize = 256;

/// The container; `None` if no memory came.
pub(super) fn archive(seen: &Seen) -> Option<Vec<u8>> {
    let stretches = memory(seen);
    if stretches.is_empty() {
        return None;
    }
    let mut list = "process\taddress\tbytes\tmapping\n".to_owned();
    let mut tar = tar::Builder::new(Vec::new());
    let mut add = |path: String, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o600);
        header.set_size(bytes.len() as u64);
        // Into memory, nothing fails; names are ours and short.
        let _written = tar.append_data(&mut header, path, bytes);
    };
    for stretch in &stretches {
        let (pid, address, size) = (stretch.pid, stretch.address, stretch.bytes.len());
        let name = PeerText::truncated(&stretch.name, NAME_BYTES_MAX);
        let _written = writeln!(list, "{pid}\t{address:#x}\t{size}\t{name}");
        add(format!("{pid}/{address:016x}"), &stretch.bytes);
    }
    add("list.tsv".to_owned(), list.as_bytes());
    let bytes = tar.into_inner().ok()?;
    Some(ukai_store::cart::pack(&bytes, &serde_json::Map::new()))
}
