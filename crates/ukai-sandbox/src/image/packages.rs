//! Debian's packages: which ones, and where they come from. The host's own apt chooses,
//! as for an empty computer, and fetches and verifies.

use super::{ImageError, System, tool};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What each guest has; apt adds what they need.
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
    "procps",
    "sed",
    "tar",
    "util-linux",
    "wget",
];

/// What the guest for Linux has besides.
const LINUX: &[&str] = &["perl", "python3", "qemu-user-static"];

/// What the guest for Windows has besides: 64 bits ...
const WINDOWS: &[&str] = &["wine64", "wine64-preloader"];
/// ... and 32, chosen apart, since Debian's archives of both are not always of one state.
const WINDOWS_32: &[&str] = &["wine32", "wine32-preloader"];

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
    /// Of i386, in a guest of amd64.
    pub(super) narrow: bool,
}

impl Package {
    /// With the processor, where it is not the guest's.
    pub(super) fn full_name(&self) -> String {
        if self.narrow { format!("{}:i386", self.name) } else { self.name.clone() }
    }

    fn is_kernel(&self) -> bool {
        self.name.starts_with("linux-image-")
    }
}

/// What the guest is made of, sorted.
pub(super) fn choose(folder: &Path, system: System) -> Result<Vec<Package>, ImageError> {
    let further = match system {
        System::Linux => LINUX,
        System::Windows => WINDOWS,
    };
    let mut chosen = choose_of(&mut apt(folder, false)?, WANTED.iter().chain(further))?;
    if !chosen.iter().any(|package| package.name.starts_with(KERNEL_RELEASE)) {
        return Err(ImageError::Packages(format!(
            "apt does not offer {KERNEL_RELEASE}*-cloud-amd64, of Debian 12, which the guest is \
             made for; the lists may be missing: apt-get update"
        )));
    }
    if system == System::Windows {
        // A list that cannot be had just now is no reason to stop: apt tells what is missing.
        if let Err(error) = tool(apt(folder, true)?.args(["-qq", "update"]), "apt") {
            tracing::warn!(%error, "lists of i386");
        }
        let mut narrow = choose_of(&mut apt(folder, true)?, WINDOWS_32.iter())?;
        narrow.retain(|package| !chosen.iter().any(|other| other.file == package.file));
        for package in &mut narrow {
            package.narrow = true;
        }
        // First, so that of programs that both have, the guest's own remain.
        chosen.splice(0..0, narrow);
    }
    Ok(chosen)
}

fn choose_of<'a>(
    apt: &mut Command,
    wanted: impl Iterator<Item = &'a &'static str>,
) -> Result<Vec<Package>, ImageError> {
    let said = tool(
        apt.args(["--print-uris", "-qq", "-y", "--no-install-recommends", "install"]).args(wanted),
        "apt",
    )?;
    let mut chosen: Vec<Package> = said.lines().filter_map(parse).collect();
    chosen.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(chosen)
}

/// The host's apt, for a computer that has nothing yet; of i386 with lists of its own.
fn apt(folder: &Path, narrow: bool) -> Result<Command, ImageError> {
    let folder = std::path::absolute(folder).map_err(ImageError::file(folder))?;
    let nothing = folder.join("nothing-installed");
    fs::write(&nothing, "").map_err(ImageError::file(&nothing))?;
    let mut apt = Command::new("apt-get");
    let mut option = |text: String| {
        apt.arg("-o").arg(text);
    };
    option("Debug::NoLocking=1".to_owned());
    option(format!("Dir::State::status={}", nothing.display()));
    if narrow {
        let lists = folder.join("lists-i386");
        let cache = folder.join("cache-i386");
        for folder in [lists.join("partial"), cache.join("archives/partial")] {
            fs::create_dir_all(&folder).map_err(ImageError::file(&folder))?;
        }
        option("APT::Architecture=i386".to_owned());
        option("APT::Architectures::=i386".to_owned());
        option(format!("Dir::State::Lists={}", lists.display()));
        option(format!("Dir::Cache={}", cache.display()));
        option("Acquire::Languages=none".to_owned());
        // The folder may be closed to the user that apt would become.
        option("APT::Sandbox::User=root".to_owned());
    }
    Ok(apt)
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
        narrow: false,
    })
}

/// So many are fetched by one apt: it reads all lists anew each time.
pub(super) const AT_ONCE: usize = 32;

/// Fetches those that are not in `kept` yet.
pub(super) fn fetch(packages: &[Package], folder: &Path, kept: &Path) -> Result<(), ImageError> {
    // apt renames a file only when it is whole and verified.
    let is_there = |package: &&Package| {
        fs::metadata(kept.join(&package.file)).is_ok_and(|about| about.len() == package.size)
    };
    for narrow in [true, false] {
        let missing: Vec<String> = packages
            .iter()
            .filter(|package| package.narrow == narrow && !is_there(package))
            .map(|package| format!("{}={}", package.full_name(), package.version))
            .collect();
        if !missing.is_empty() {
            let mut apt = apt(folder, narrow)?;
            tool(apt.args(["-qq", "download"]).args(missing).current_dir(kept), "apt")?;
        }
    }
    match packages.iter().find(|package| !is_there(package)) {
        Some(package) => Err(ImageError::Packages(format!("apt has not brought {}", package.file))),
        None => Ok(()),
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
