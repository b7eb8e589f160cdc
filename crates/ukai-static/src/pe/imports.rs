//! What a PE file imports and exports.

use super::{EXPORTS, IMPORTS, Image};
use crate::limits::{LIBRARIES_MAX, PE_EXPORTS_MAX, PE_FUNCTIONS_MAX, PE_LIBRARIES_MAX};
use md5::Digest;
use std::collections::HashMap;
use std::sync::LazyLock;
use ukai_model::PeerText;

/// Names of functions that are imported by number.
static ORDINALS: LazyLock<HashMap<(&str, u16), &str>> = LazyLock::new(|| {
    let lines = include_str!("ordinals.txt").lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let mut words = line.split(' ');
            let (library, number) = (words.next()?, words.next()?.parse().ok()?);
            Some(((library, number), words.next()?))
        })
        .collect()
});

/// What is imported.
#[derive(Default)]
pub(super) struct Imports {
    pub(super) names: Vec<PeerText>,
    pub(super) hash: Option<String>,
}

pub(super) fn read(image: &Image<'_>) -> Imports {
    let Some(at) = image.directory(IMPORTS).and_then(|(at, _)| image.place(at)) else {
        return Imports::default();
    };
    let mut imports = Imports::default();
    let mut functions: Vec<u8> = Vec::new();
    let mut count = 0;
    for index in 0..PE_LIBRARIES_MAX {
        let entry = at + 20 * index;
        let (Some(lookup), Some(name), Some(table)) =
            (image.u32(entry), image.u32(entry + 12), image.u32(entry + 16))
        else {
            break;
        };
        if name == 0 && lookup == 0 && table == 0 {
            break;
        }
        let Some(library) = image.place(name).and_then(|at| image.text(at)) else { break };
        if imports.names.len() < LIBRARIES_MAX {
            imports.names.push(PeerText::from(library));
        }
        let lower = library.to_ascii_lowercase();
        let stem = stem(&lower);
        let thunks = image.place(lookup).filter(|_| lookup != 0).or_else(|| image.place(table));
        let Some(mut thunk) = thunks else { continue };
        let step = if image.wide { 8 } else { 4 };
        while count < PE_FUNCTIONS_MAX {
            let value = if image.wide { image.u64(thunk) } else { image.u32(thunk).map(u64::from) };
            let Some(value) = value.filter(|value| *value != 0) else { break };
            thunk += step;
            let by_number = value >> (8 * step - 1) & 1 == 1;
            let function = if by_number {
                ordinal(stem, value as u16)
            } else {
                let name = image.place(value as u32).and_then(|at| image.text(at + 2));
                name.unwrap_or_default().to_ascii_lowercase()
            };
            if function.is_empty() {
                continue;
            }
            count += 1;
            if !functions.is_empty() {
                functions.push(b',');
            }
            functions.extend_from_slice(stem);
            functions.push(b'.');
            functions.extend_from_slice(&function);
        }
    }
    if count > 0 {
        imports.hash = Some(hex::encode(md5::Md5::digest(functions)));
    }
    imports
}

/// The library's name without the endings that `pefile` takes off.
fn stem(name: &[u8]) -> &[u8] {
    [&b".dll"[..], b".ocx", b".sys"]
        .iter()
        .find_map(|ending| name.strip_suffix(*ending))
        .unwrap_or(name)
}

fn ordinal(library: &[u8], number: u16) -> Vec<u8> {
    let library = std::str::from_utf8(library).unwrap_or_default();
    match ORDINALS.get(&(library, number)) {
        Some(name) => name.to_ascii_lowercase().into_bytes(),
        None => format!("ord{number}").into_bytes(),
    }
}

/// Names that are exported.
pub(super) fn exports(image: &Image<'_>) -> Vec<PeerText> {
    let read = || {
        let at = image.place(image.directory(EXPORTS)?.0)?;
        let count = (image.u32(at + 24)? as usize).min(PE_EXPORTS_MAX);
        let names = image.place(image.u32(at + 32)?)?;
        let text = |index: usize| image.text(image.place(image.u32(names + 4 * index)?)?);
        Some((0..count).map_while(text).map(PeerText::from).collect())
    };
    read().unwrap_or_default()
}
