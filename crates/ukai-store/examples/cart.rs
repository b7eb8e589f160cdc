//! Packs and unpacks CaRT containers, for checks against other implementations
//! (`tests/interop/cart.py`).
//!
//! `cart pack NAME` and `cart unpack` read standard input and write standard output;
//! `unpack` prints header and footer as JSON to standard error.

use std::io::{Read, Write};
use ukai_store::cart;

/// Largest file taken, in bytes.
const LIMIT: u64 = 64 << 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut input = Vec::new();
    std::io::stdin().take(2 * LIMIT).read_to_end(&mut input)?;
    let output = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["pack", name] => {
            let mut header = cart::Metadata::new();
            header.insert("name".into(), name.into());
            cart::pack(&input, &header)
        }
        ["unpack"] => {
            let unpacked = cart::unpack(&input, LIMIT)?;
            eprintln!("{}", serde_json::to_string(&[&unpacked.header, &unpacked.footer])?);
            unpacked.bytes
        }
        _ => return Err("usage: cart pack NAME | cart unpack".into()),
    };
    std::io::stdout().write_all(&output)?;
    Ok(())
}
