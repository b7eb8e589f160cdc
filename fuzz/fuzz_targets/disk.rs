//! A guest's disk of any bytes: its table, its volumes. The crates that read
//! NTFS and ext4 may panic on what they do not expect, and do so in a jailed child: their panics
//! are no findings here, endless loops and memory are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::Once;
use ukai_disk::{Cached, Source, Window, compare, volumes};

struct Bytes(Vec<u8>);

impl Source for Bytes {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        buffer.copy_from_slice(&self.0[offset as usize..][..buffer.len()]);
        Ok(())
    }
}

/// libFuzzer's hook ends the process at a panic, also at one that is caught.
static HOOK: Once = Once::new();

fuzz_target!(|data: &[u8]| {
    HOOK.call_once(|| set_hook(Box::new(|_| {})));
    let disk = || Window::whole(Cached::new(Box::new(Bytes(data.to_vec()))));
    volumes(&disk());
    let empty = Window::whole(Cached::new(Box::new(Bytes(Vec::new()))));
    let _ = catch_unwind(AssertUnwindSafe(|| {
        compare(&empty, &disk(), 0, &BTreeSet::new(), Some(b"/root/x"), &mut |_| {})
    }));
});
