//! The root: Debian's packages without their scripts, what those would have made, and
//! what makes it look lived in; packed as a squashfs.

use super::packages::{self, Package};
use super::{FILE_TIME_S, ImageError, Order, System, deception, foreign, tool};
use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

/// Folders of Debian's that lie below /usr since it was merged.
const MERGED: [&str; 4] = ["bin", "sbin", "lib", "lib64"];

/// What nobody reads there.
const LEFT_OUT: [&str; 5] =
    ["usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/lintian"];

/// Links that packages' scripts make.
const LINKS: [(&str, &str); 8] = [
    ("usr/bin/awk", "mawk"),
    ("usr/bin/sh", "dash"),
    ("usr/bin/vi", "/bin/busybox"),
    ("usr/bin/nc", "/bin/busybox"),
    ("usr/bin/telnet", "/bin/busybox"),
    ("usr/bin/tftp", "/bin/busybox"),
    ("usr/bin/ftpget", "/bin/busybox"),
    ("usr/sbin/init", "/lib/systemd/systemd"),
];

/// Puts it together at `root`.
pub(super) fn assemble(
    chosen: &[Package],
    kept: &Path,
    root: &Path,
    order: &Order,
) -> Result<(), ImageError> {
    for name in MERGED {
        let real = root.join("usr").join(name);
        fs::create_dir_all(&real).map_err(ImageError::file(&real))?;
        let link = root.join(name);
        symlink(format!("usr/{name}"), &link).map_err(ImageError::file(&link))?;
    }
    packages::unpack(chosen, kept, root)?;
    for folder in LEFT_OUT {
        super::remove(&root.join(folder))?;
    }
    if order.system == System::Linux {
        keep_wanted_emulators(root)?;
    }
    for (name, target) in LINKS {
        let link = root.join(name);
        if fs::symlink_metadata(&link).is_err() {
            symlink(target, &link).map_err(ImageError::file(&link))?;
        }
    }
    certificates(root, order.authority.as_deref().unwrap_or_default())?;
    for (path, mode, bytes) in deception::files() {
        put(root, path, mode, bytes.as_bytes())?;
    }
    for (path, bytes) in &order.further {
        put(root, path, 0o644, bytes)?;
    }
    for (folder, mode) in [("tmp", 0o1777), ("var/tmp", 0o1777), ("root", 0o700), ("proc", 0o755)] {
        let path = root.join(folder);
        fs::create_dir_all(&path).map_err(ImageError::file(&path))?;
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(&path, mode).map_err(ImageError::file(&path))?;
    }
    Ok(())
}

pub(super) fn put(root: &Path, path: &str, mode: u32, bytes: &[u8]) -> Result<(), ImageError> {
    let path = root.join(path.trim_start_matches('/'));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(ImageError::file(folder))?;
    }
    // A link of a package's would lead it astray.
    let _ = fs::remove_file(&path);
    fs::write(&path, bytes).map_err(ImageError::file(&path))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(ImageError::file(&path))
}

fn keep_wanted_emulators(root: &Path) -> Result<(), ImageError> {
    let wanted: HashSet<String> = foreign::emulators().collect();
    let folder = root.join("usr/bin");
    for entry in fs::read_dir(&folder).map_err(ImageError::file(&folder))? {
        let entry = entry.map_err(ImageError::file(&folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let emulator = name.starts_with("qemu-") && name.ends_with("-static");
        if emulator && !wanted.contains(&name) {
            fs::remove_file(entry.path()).map_err(ImageError::file(&entry.path()))?;
        }
    }
    // Which tell a Debian that it could run them: a guest's secret.
    super::remove(&root.join("usr/share/binfmts"))?;
    super::remove(&root.join("usr/libexec/qemu-binfmt"))
}

/// What `update-ca-certificates` makes, and ours.
fn certificates(root: &Path, ours: &str) -> Result<(), ImageError> {
    let folder = root.join("usr/share/ca-certificates/mozilla");
    let entries = fs::read_dir(&folder).map_err(ImageError::file(&folder))?;
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let mut all = String::new();
    for file in &files {
        all += &fs::read_to_string(file).map_err(ImageError::file(file))?;
    }
    all += ours;
    put(root, "etc/ssl/certs/ca-certificates.crt", 0o644, all.as_bytes())
}

/// Packs it. The same tree gives the same bytes.
pub(super) fn pack(root: &Path, packed: &Path) -> Result<(), ImageError> {
    let time = FILE_TIME_S.to_string();
    tool(
        Command::new("mksquashfs")
            .args([root, packed])
            .args(["-noappend", "-all-root", "-no-xattrs", "-no-progress", "-quiet"])
            .args(["-comp", "zstd", "-Xcompression-level", "6", "-b", "128K"])
            .args(["-mkfs-time", &time, "-all-time", &time])
            // It would be taken instead, and refuse the two above.
            .env_remove("SOURCE_DATE_EPOCH"),
        "squashfs-tools",
    )
    .map(drop)
}
