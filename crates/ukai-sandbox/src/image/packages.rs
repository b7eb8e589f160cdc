//! Debian's packages: which ones, and where they come from. The host's own apt chooses,
//! as for an empty computer, and fetches and verifies.

use super::{ImageError, tool};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the guest has; apt adds what they need.
const WANTED: &[&str] = &[
    KERNEL,
    "base-files",
    "base-passwd",
    "bash",
    "bsdutils",
    "busybox",
    "ca-certificates",
    "coreutils",
    "curl",
    "dash",
    "debianutils",
    "findutils",
    "grep",
    "gzip",
    "hostname",
    "iproute2",
    "mawk",
    "mount",
    "net-tools",
    "netbase",
    "perl",
    "procps",
    "python3",
    "qemu-user-static",
    "sed",
    "tar",
    "util-linux",
    "wget",
];

const KERNEL: &str = "linux-image-cloud-amd64";

/// The release of Linux for whose structures the agent's probes are written.
const KERNEL_RELEASE: &str = "linux-image-6.1.";

/// One that was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// As apt names the file.
    pub(super) file: String,
    pub(super) size: u64,
}

impl Package {
    fn is_kernel(&self) -> bool {
        self.name.starts_with("linux-image-")
    }
}

/// What the guest is made of, sorted.
pub(super) fn choose(folder: &Path) -> Result<Vec<Package>, ImageError> {
    let nothing = folder.join("nothing-installed");
    fs::write(&nothing, "").map_err(ImageError::file(&nothing))?;
    let said = tool(
        Command::new("apt-get")
            .arg("-o")
            .arg(format!("Dir::State::status={}", nothing.display()))
            .args(["-o", "Debug::NoLocking=1", "--print-uris", "-qq", "-y"])
            .args(["--no-install-recommends", "install"])
            .args(WANTED),
        "apt",
    )?;
    let mut chosen: Vec<Package> = said.lines().filter_map(parse).collect();
    chosen.sort_by(|one, other| one.name.cmp(&other.name));
    if !chosen.iter().any(|package| package.name.starts_with(KERNEL_RELEASE)) {
        return Err(ImageError::Packages(format!(
            "apt does not offer {KERNEL_RELEASE}*-cloud-amd64, of Debian 12, which the guest is \
             made for; the lists may be missing: apt-get update"
        )));
    }
    Ok(chosen)
}

/// A line of `--print-uris`: `'URI' FILE SIZE HASH`.
pub(super) fn parse(line: &str) -> Option<Package> {
    let mut words = line.strip_prefix('\'')?.split_once("' ")?.1.split(' ');
    let (file, size) = (words.next()?, words.next()?.parse().ok()?);
    let mut parts = file.strip_suffix(".deb")?.split('_');
    let (name, version) = (parts.next()?, parts.next()?);
    let plain = |text: &str| !text.is_empty() && !text.contains(['/', '\'', '\\']);
    (plain(file) && plain(name)).then(|| Package {
        name: name.to_owned(),
        version: version.replace("%3a", ":"),
        file: file.to_owned(),
        size,
    })
}

/// The package's file in `kept`, fetched if it is not there.
pub(super) fn fetch(package: &Package, kept: &Path) -> Result<PathBuf, ImageError> {
    let path = kept.join(&package.file);
    // apt renames a file only when it is whole and verified.
    if fs::metadata(&path).is_ok_and(|about| about.len() == package.size) {
        return Ok(path);
    }
    tool(
        Command::new("apt-get")
            .args(["-qq", "-o", "Debug::NoLocking=1", "download"])
            .arg(format!("{}={}", package.name, package.version))
            .current_dir(kept),
        "apt",
    )?;
    if fs::metadata(&path).is_ok_and(|about| about.len() == package.size) {
        Ok(path)
    } else {
        Err(ImageError::Packages(format!("apt has not brought {}", package.file)))
    }
}

/// Unpacks all but the kernel into `root`.
pub(super) fn unpack(chosen: &[Package], kept: &Path, root: &Path) -> Result<(), ImageError> {
    for package in chosen.iter().filter(|package| !package.is_kernel()) {
        extract(&kept.join(&package.file), root)?;
    }
    Ok(())
}

/// The kernel and where its modules are.
pub(super) struct Kernel {
    pub(super) release: String,
    pub(super) image: PathBuf,
    pub(super) modules: PathBuf,
}

/// Unpacks the kernel.
pub(super) fn unpack_kernel(
    chosen: &[Package],
    kept: &Path,
    folder: &Path,
) -> Result<Kernel, ImageError> {
    let of_kernel = |package: &&Package| package.name.starts_with(KERNEL_RELEASE);
    let Some(package) = chosen.iter().find(of_kernel) else {
        return Err(ImageError::Packages("no kernel was chosen".to_owned()));
    };
    fs::create_dir_all(folder).map_err(ImageError::file(folder))?;
    extract(&kept.join(&package.file), folder)?;
    let release = package.name.trim_start_matches("linux-image-").to_owned();
    let image = folder.join(format!("boot/vmlinuz-{release}"));
    let modules = folder.join(format!("lib/modules/{release}/kernel"));
    Ok(Kernel { release, image, modules })
}

fn extract(package: &Path, into: &Path) -> Result<(), ImageError> {
    tool(Command::new("dpkg-deb").arg("-x").arg(package).arg(into), "dpkg").map(drop)
}
