//! Bytes that can be read as more than one type.
//!
//! Some formats are found from their end (zip) or anywhere (PDF, HTML, PHP), so that one
//! file can be an image for a filter and a program for whoever opens it. What is meant to
//! be in another (a zip in an installer) is noticed as well: a reader knows which it is.

use super::magic;
use memchr::memmem;

/// End of a file in which a zip's end record may stand, in bytes: 22 and a comment.
const ZIP_TAIL_BYTES: usize = 22 + 65_535;
/// Beginning of a file in which readers of PDF look for its header, in bytes.
const PDF_HEAD_BYTES: usize = 1024;
/// Beginning of a file that is searched for markup, in bytes.
const MARKUP_BYTES: usize = 1024 * 1024;

/// Families whose members say nothing about each other: an `apk` is a `zip`.
const ZIPS: &[&str] = &["zip", "cart"];

/// Other types than `name` that `bytes` can be read as, with the reason.
pub(super) fn others(bytes: &[u8], name: &str, is_text: bool) -> Vec<(&'static str, String)> {
    let mut found: Vec<(&'static str, String)> = Vec::new();
    for magic in magic::all(bytes) {
        // Formats with their magic in another place do not exclude each other.
        let same = magic.name == name || found.iter().any(|(other, _)| *other == magic.name);
        if magic.at >= 257 && !same && !is_disk_pair(name, magic.name) {
            found.push((magic.name, magic.reason(bytes)));
        }
    }
    if !is_zip(name, bytes)
        && let Some(at) = zip_end(bytes)
    {
        found.push(("zip", format!("end of a zip archive at {at}")));
    }
    if name != "pdf" && name != "fdf" && !is_text {
        let head = &bytes[..bytes.len().min(PDF_HEAD_BYTES)];
        if let Some(at) = memmem::find(head, b"%PDF-") {
            found.push(("pdf", format!("PDF header at {at}")));
        }
    }
    if matches!(name, "gif" | "jpeg" | "png" | "bmp" | "ico" | "webp" | "pdf" | "wav") {
        let head = &bytes[..bytes.len().min(MARKUP_BYTES)];
        for (mark, other) in [
            (&b"<?php"[..], "php"),
            (b"<script", "html"),
            (b"<%eval", "asp"),
            (b"<%@ Page", "asp"),
            (b"<hta:application", "hta"),
        ] {
            if let Some(at) = memmem::find(head, mark) {
                found.push((other, format!("`{}` at {at}", String::from_utf8_lossy(mark))));
            }
        }
    }
    found
}

fn is_zip(name: &str, bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK") || ZIPS.contains(&name)
}

/// A hybrid image is one thing: ISO 9660, UDF, partition table, boot sector.
fn is_disk_pair(first: &str, second: &str) -> bool {
    const DISKS: &[&str] =
        &["iso9660", "udf", "gpt", "boot-sector", "hfs+", "fat", "ntfs", "exfat", "ext", "btrfs"];
    DISKS.contains(&first) && DISKS.contains(&second)
}

/// Place of the end record of a zip archive whose directory lies inside of the file.
fn zip_end(bytes: &[u8]) -> Option<usize> {
    let from = bytes.len().saturating_sub(ZIP_TAIL_BYTES);
    let at = from + memmem::rfind(&bytes[from..], b"PK\x05\x06")?;
    let record = bytes.get(at..at + 22)?;
    let entries = u16::from_le_bytes([record[10], record[11]]);
    let length = u32::from_le_bytes([record[12], record[13], record[14], record[15]]) as usize;
    let directory = at.checked_sub(length)?;
    (entries > 0 && bytes[directory..].starts_with(b"PK\x01\x02")).then_some(at)
}
