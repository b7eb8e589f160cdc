//! What files are, one line each: path, short name, media type, other types, description.
//!
//! `find DIRECTORY -type f | cargo run --release -p ukai-static --example identify`

use std::io::BufRead;
use ukai_model::Timestamp;
use ukai_static::{Limits, analyze};

fn main() {
    let nothing = Limits {
        scan_bytes: 0,
        xor_bytes: 0,
        script_bytes: 0,
        members: 0,
        depth: 0,
        ..Limits::default()
    };
    for path in std::io::stdin().lock().lines() {
        let path = path.expect("standard input");
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let analysis = analyze(&bytes, Timestamp::default(), &nothing, &mut |_| ());
        if let Some(it) = analysis.file_type {
            println!("{path}\t{}\t{}\t{}\t{}", it.name, it.mime, it.also.join(","), it.description);
        }
    }
}
