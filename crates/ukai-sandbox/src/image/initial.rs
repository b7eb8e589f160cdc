//! The initial file system: the agent, the modules that it loads, and what tells the
//! kernel of other processors' programs. An archive of cpio's `newc` form, compressed.

use super::packages::Kernel;
use super::{AGENT, FILE_TIME_S, ImageError, System, foreign, wine};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::io::Write;
use std::path::Path;

/// In the order in which they are loaded. `virtio_ring` goes before `virtio`, whatever
/// their own lists of needs say.
const MODULES: [&str; 13] = [
    "drivers/virtio/virtio_ring",
    "drivers/virtio/virtio",
    "drivers/virtio/virtio_pci_legacy_dev",
    "drivers/virtio/virtio_pci_modern_dev",
    "drivers/virtio/virtio_pci",
    "drivers/char/virtio_console",
    "drivers/block/virtio_blk",
    "net/core/failover",
    "drivers/net/net_failover",
    "drivers/net/virtio_net",
    "fs/squashfs/squashfs",
    "fs/overlayfs/overlay",
    "fs/binfmt_misc",
];

/// Writes it.
pub(super) fn write(kernel: &Kernel, system: System, path: &Path) -> Result<(), ImageError> {
    let mut archive = Archive::default();
    for folder in ["dev", "proc", "sys", "modules", "usr", "usr/lib", "usr/lib/systemd"] {
        archive.add(folder, FOLDER | 0o755, &[]);
    }
    // Once it runs, the agent is known by the name of Debian's init.
    archive.add("usr/lib/systemd/systemd", FILE | 0o755, AGENT);
    archive.add("init", LINK | 0o777, b"usr/lib/systemd/systemd");
    let mut order = String::new();
    for module in MODULES {
        let source = kernel.modules.join(format!("{module}.ko"));
        let bytes = fs::read(&source).map_err(ImageError::file(&source))?;
        let name = format!("{}.ko", module.rsplit('/').next().unwrap_or(module));
        archive.add(&format!("modules/{name}"), FILE | 0o644, &bytes);
        order += &name;
        order.push('\n');
    }
    archive.add("modules/order", FILE | 0o644, order.as_bytes());
    match system {
        System::Linux => archive.add("binfmt.conf", FILE | 0o644, foreign::lines().as_bytes()),
        System::Windows => archive.add("before", FILE | 0o644, wine::before().as_bytes()),
    }
    let failed = |error| ImageError::file(path)(error);
    let file = fs::File::create(path).map_err(failed)?;
    // No name and no time in its head.
    let mut packed = GzEncoder::new(file, Compression::best());
    packed.write_all(&archive.end()).map_err(failed)?;
    packed.finish().map_err(failed).map(drop)
}

const FOLDER: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const LINK: u32 = 0o120_000;

/// `newc`, as the kernel's Documentation/driver-api/early-userspace/buffer-format.rst says.
#[derive(Default)]
struct Archive {
    bytes: Vec<u8>,
    number: u32,
}

impl Archive {
    fn add(&mut self, name: &str, mode: u32, bytes: &[u8]) {
        self.number += 1;
        let links = if mode & FOLDER == FOLDER { 2 } else { 1 };
        let fields = [
            self.number,
            mode,
            0,
            0,
            links,
            FILE_TIME_S as u32,
            bytes.len() as u32,
            0,
            0,
            0,
            0,
            name.len() as u32 + 1,
            0,
        ];
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes.extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.align();
        self.bytes.extend_from_slice(bytes);
        self.align();
    }

    fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    fn end(mut self) -> Vec<u8> {
        self.add("TRAILER!!!", 0, &[]);
        self.bytes
    }
}
