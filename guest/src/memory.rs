//! The memory of the sample's processes, once they are stopped: what may be written, and
//! code that comes from no file. Pieces of zeros are left out.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use ukai_trace::What;
use ukai_trace::limits::PIECE_BYTES_MAX;

use crate::limits::{MEMORY_BYTES_MAX, PROCESS_BYTES_MAX};
use crate::out::Out;

struct Mapping {
    target: u32,
    address: u64,
    size: u64,
    name: Vec<u8>,
    sent: u64,
}

#[derive(Default)]
pub struct Dump {
    mappings: VecDeque<Mapping>,
    total: u64,
    open: Option<(u32, File)>,
    of_process: u64,
}

impl Dump {
    pub fn add(&mut self, target: u32) {
        let maps = fs::read(format!("/proc/{target}/maps")).unwrap_or_default();
        for line in maps.split(|byte| *byte == b'\n') {
            let text = String::from_utf8_lossy(line);
            let mut parts = text.split_ascii_whitespace();
            let (Some(range), Some(rights)) = (parts.next(), parts.next()) else { continue };
            let name = parts.nth(3).unwrap_or_default();
            let wanted = rights.starts_with("rw") || (rights.contains('x') && name.is_empty());
            let Some((start, end)) = range.split_once('-') else { continue };
            let (Ok(address), Ok(end)) =
                (u64::from_str_radix(start, 16), u64::from_str_radix(end, 16))
            else {
                continue;
            };
            if wanted && !name.starts_with("[v") {
                let name = name.as_bytes().to_vec();
                self.mappings.push_back(Mapping {
                    target,
                    address,
                    size: end - address,
                    name,
                    sent: 0,
                });
            }
        }
    }

    /// Sends what there is room for; whether nothing is left.
    pub fn pump(&mut self, out: &mut Out) -> bool {
        let mut piece = vec![0; PIECE_BYTES_MAX];
        while let Some(mapping) = self.mappings.front_mut() {
            if !out.has_room() {
                return false;
            }
            if self.open.as_ref().is_none_or(|(target, _)| *target != mapping.target) {
                let Ok(file) = File::open(format!("/proc/{}/mem", mapping.target)) else {
                    self.mappings.pop_front();
                    continue;
                };
                self.open = Some((mapping.target, file));
                self.of_process = 0;
            }
            let Some((_, file)) = &self.open else { return true };
            let room = (mapping.size - mapping.sent).min(PIECE_BYTES_MAX as u64) as usize;
            let at = mapping.address + mapping.sent;
            let count = file.read_at(&mut piece[..room], at).unwrap_or(0);
            let offset = mapping.sent;
            mapping.sent += room as u64;
            let something = piece[..count].iter().any(|byte| *byte != 0);
            let full = self.of_process > PROCESS_BYTES_MAX || self.total > MEMORY_BYTES_MAX;
            let last = mapping.sent >= mapping.size || full;
            if something || last {
                let bytes = if something { piece[..count].to_vec() } else { Vec::new() };
                self.of_process += bytes.len() as u64;
                self.total += bytes.len() as u64;
                let (target, address, size) = (mapping.target, mapping.address, mapping.size);
                let name = mapping.name.clone();
                out.tell(target, What::Memory { target, address, size, offset, name, bytes, last });
            }
            if full {
                let target = mapping.target;
                self.mappings.retain(|mapping| mapping.target != target);
            } else if last {
                self.mappings.pop_front();
            }
        }
        true
    }
}
