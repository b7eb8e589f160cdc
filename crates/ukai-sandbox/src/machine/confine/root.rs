//! The file system that QEMU sees: its own program, its libraries and firmware, read-only,
//! and nothing else of the host.

use rustix::fs::StatVfsMountFlags;
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind_recursive, mount_change,
    mount_remount, unmount,
};
use rustix::process::{chdir, pivot_root};
use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

/// Where the new root is made; what was there is hidden from this process alone.
const NEW: &str = "/tmp";

/// What QEMU's program needs, where there is such: the linker's list, libraries, modules,
/// and firmware.
const NEEDED: &[&str] = &[
    "/etc/ld.so.cache",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/local/share/qemu",
    "/usr/share/qemu",
    "/usr/share/seabios",
];

/// Makes the new root and moves into it. The process must be the first of its own process
/// namespace, with its own mount namespace.
pub(super) fn enter(program: &Path, kvm: bool) -> Result<(), (String, io::Error)> {
    let step = |what: &str, result: rustix::io::Result<()>| {
        result.map_err(|error| (what.to_owned(), error.into()))
    };
    let quiet = MountFlags::NOSUID | MountFlags::NODEV;
    step(
        "take mounts apart from the host's",
        mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC),
    )?;
    step(
        "mount a root",
        mount("root", NEW, "tmpfs", quiet | MountFlags::NOEXEC, c"size=1m,mode=0755"),
    )?;
    let program = program.to_str().unwrap_or_default();
    for path in NEEDED.iter().copied().chain([program]) {
        show(path, true).map_err(|error| (format!("show {path}"), error))?;
    }
    for path in ["/dev/null"].into_iter().chain(kvm.then_some("/dev/kvm")) {
        show(path, false).map_err(|error| (format!("show {path}"), error))?;
    }
    let proc = format!("{NEW}/proc");
    std::fs::create_dir(&proc).map_err(|error| ("make /proc".to_owned(), error))?;
    // Only the process's own descriptors are wanted of it.
    let mount_proc =
        |options: Option<&CStr>| mount("proc", &proc, "proc", quiet | MountFlags::NOEXEC, options);
    step("mount /proc", mount_proc(Some(c"subset=pid")).or_else(|_| mount_proc(None)))?;
    step("go to the new root", chdir(NEW))?;
    // The old root is put over the new one, and taken away from there: pivot_root(2).
    step("change the root", pivot_root(".", "."))?;
    step("leave the old root", unmount(".", UnmountFlags::DETACH))?;
    step("go to the root", chdir("/"))?;
    step("close the root", mount_remount("/", MountFlags::RDONLY | quiet | MountFlags::NOEXEC, c""))
}

/// Shows a file or folder of the host's at the same place in the new root.
fn show(path: &str, read_only: bool) -> io::Result<()> {
    let Ok(metadata) = std::fs::symlink_metadata(path) else { return Ok(()) };
    let there = format!("{NEW}{path}");
    if let Some(parent) = Path::new(&there).parent() {
        std::fs::create_dir_all(parent)?;
    }
    if metadata.is_symlink() {
        // /lib is one, where everything is below /usr.
        return symlink(std::fs::read_link(path)?, &there);
    }
    if Path::new(&there).exists() {
        return Ok(());
    }
    if metadata.is_dir() {
        std::fs::create_dir(&there)?;
    } else {
        File::create(&there)?;
    }
    mount_bind_recursive(path, &there)?;
    if read_only {
        // What the host has forbidden must stay so, or the kernel refuses.
        let has = rustix::fs::statvfs(&there)?.f_flag;
        let mut flags = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID;
        flags |= MountFlags::NODEV;
        if has.contains(StatVfsMountFlags::NOEXEC) {
            flags |= MountFlags::NOEXEC;
        }
        mount_remount(&there, flags, c"")?;
    }
    Ok(())
}
