//! The guest's image, built from Debian's packages: kernel, initial file system with our
//! agent, and a read-only root. There are two: for Linux, and with Wine for Windows.
//!
//! The same packages give the same bytes: files are sorted, owned by root and of one time.
//! Packages come by the host's own apt, which verifies them. An interrupted build goes on
//! where it was: packages that are there are kept.

mod deception;
mod foreign;
mod initial;
mod packages;
mod root;
mod wine;

pub use deception::{MACHINE_ID, machine_guid};

use crate::limits::{PACKAGES_BYTES_MAX, TOOL_OUTPUT_BYTES_MAX};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The agent, as it was built with this program.
static AGENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/agent"));

/// All files' time: seconds since 1970. In the past for any guest's clock.
const FILE_TIME_S: u64 = 1_672_531_200;

/// Whose programs a guest runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum System {
    /// Linux' own.
    #[default]
    Linux,
    /// Windows', by Wine.
    Windows,
}

/// What an image is built of, besides what this program brings.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// Where it is built; packages are kept there, too.
    pub folder: PathBuf,
    /// Whose programs it is for.
    pub system: System,
    /// Certificates (PEM) that the guest trusts: those of the virtual Internet.
    pub authority: Option<String>,
    /// Further files of the root, with their contents, paths from the root on.
    pub further: Vec<(String, Vec<u8>)>,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Packages are chosen.
    Choosing,
    /// Packages come, a few at once; this is the first of them.
    Package {
        /// Which, from 1 on.
        number: usize,
        /// Of how many.
        count: usize,
        /// Its name.
        name: String,
    },
    /// The root is put together.
    Root,
    /// Windows is set up in it.
    Windows,
    /// It is packed.
    Packing,
    /// The image is there, and was before: nothing has changed.
    Unchanged,
}

/// What an image is made of (`manifest.json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Of everything that it was built of.
    pub made_of: String,
    /// The kernel's release.
    pub kernel_release: String,
    /// Debian's packages.
    pub packages: Vec<ManifestPackage>,
    /// The image's files.
    pub files: Vec<ManifestFile>,
}

/// One of Debian's packages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Of the package's file.
    pub sha256: String,
}

/// One of the image's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// `kernel`, `initial` or `root`.
    pub name: String,
    /// In bytes.
    pub size: u64,
    /// Of its bytes.
    pub sha256: String,
}

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// A file of the build's.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A program that is needed.
    #[error("{program} ({package}): {said}")]
    Tool {
        /// Which.
        program: String,
        /// Debian's package with it.
        package: &'static str,
        /// What it says, or why it does not run.
        said: String,
    },
    /// Debian's packages are not what the guest is made for.
    #[error("{0}")]
    Packages(String),
}

impl ImageError {
    fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::File { path, error }
    }
}

/// Builds it, or finds that it is there already.
pub fn build(order: &Order, tell: &mut dyn FnMut(Progress)) -> Result<Manifest, ImageError> {
    let folder = &order.folder;
    let kept = folder.join("packages");
    fs::create_dir_all(&kept).map_err(ImageError::file(&kept))?;
    tell(Progress::Choosing);
    let chosen = packages::choose(folder, order.system)?;
    let total: u64 = chosen.iter().map(|package| package.size).sum();
    if total > PACKAGES_BYTES_MAX {
        return Err(ImageError::Packages(format!("packages of {} MiB", total >> 20)));
    }
    let mut listed = Vec::new();
    for packages in chosen.chunks(packages::AT_ONCE) {
        let name = packages.first().map(packages::Package::full_name).unwrap_or_default();
        tell(Progress::Package { number: listed.len() + 1, count: chosen.len(), name });
        packages::fetch(packages, folder, &kept)?;
        for package in packages {
            let (_, sha256) = hash(&kept.join(&package.file))?;
            let (name, version) = (package.full_name(), package.version.clone());
            listed.push(ManifestPackage { name, version, sha256 });
        }
    }
    let made_of = made_of(order, &listed);
    if let Some(manifest) = unchanged(folder, &made_of) {
        tell(Progress::Unchanged);
        return Ok(manifest);
    }
    tell(Progress::Root);
    let work = folder.join("work");
    remove(&work)?;
    let kernel = packages::unpack_kernel(&chosen, &kept, &work.join("kernel"))?;
    root::assemble(&chosen, &kept, &work.join("root"), order)?;
    if order.system == System::Windows {
        tell(Progress::Windows);
        wine::set_up(&work.join("root"))?;
    }
    tell(Progress::Packing);
    initial::write(&kernel, order.system, &work.join("initial"))?;
    root::pack(&work.join("root"), &work.join("squashed"))?;
    fs::copy(&kernel.image, work.join("image")).map_err(ImageError::file(&kernel.image))?;
    let mut files = Vec::new();
    for (made, name) in [("image", "kernel"), ("initial", "initial"), ("squashed", "root")] {
        let (made, path) = (work.join(made), folder.join(name));
        let (size, sha256) = hash(&made)?;
        fs::rename(&made, &path).map_err(ImageError::file(&path))?;
        files.push(ManifestFile { name: name.to_owned(), size, sha256 });
    }
    let manifest = Manifest { made_of, kernel_release: kernel.release, packages: listed, files };
    let path = folder.join(MANIFEST);
    let text = serde_json::to_string_pretty(&manifest).unwrap_or_default() + "\n";
    let part = folder.join("manifest.part");
    fs::write(&part, text).map_err(ImageError::file(&part))?;
    fs::rename(&part, &path).map_err(ImageError::file(&path))?;
    remove(&work)?;
    Ok(manifest)
}

const MANIFEST: &str = "manifest.json";

/// Changes with the code of this module.
const RECIPE: &str = "2";

fn made_of(order: &Order, packages: &[ManifestPackage]) -> String {
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    add(RECIPE.as_bytes());
    add(AGENT);
    add(&[u8::from(order.system == System::Windows)]);
    add(order.authority.as_deref().unwrap_or_default().as_bytes());
    for (path, bytes) in &order.further {
        add(path.as_bytes());
        add(bytes);
    }
    for package in packages {
        add(package.sha256.as_bytes());
    }
    hex::encode(hash.finalize())
}

fn unchanged(folder: &Path, made_of: &str) -> Option<Manifest> {
    let text = fs::read(folder.join(MANIFEST)).ok()?;
    let manifest: Manifest = serde_json::from_slice(&text).ok()?;
    let same = manifest.made_of == made_of
        && manifest.files.iter().all(|file| {
            hash(&folder.join(&file.name))
                .is_ok_and(|found| found == (file.size, file.sha256.clone()))
        });
    same.then_some(manifest)
}

fn hash(path: &Path) -> Result<(u64, String), ImageError> {
    let mut file = fs::File::open(path).map_err(ImageError::file(path))?;
    let mut hash = Sha256::new();
    let size = io::copy(&mut file, &mut hash).map_err(ImageError::file(path))?;
    Ok((size, hex::encode(hash.finalize())))
}

fn remove(folder: &Path) -> Result<(), ImageError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(ImageError::file(folder)(error))
        }
        _ => Ok(()),
    }
}

/// Runs a program; what it prints.
fn tool(command: &mut Command, package: &'static str) -> Result<String, ImageError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |said: String| ImageError::Tool { program: program.clone(), package, said };
    let output = command
        .env("LC_ALL", "C")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let start = said.len().saturating_sub(TOOL_OUTPUT_BYTES_MAX);
        let start = (start..said.len()).find(|at| said.is_char_boundary(*at)).unwrap_or(0);
        return Err(failed(said[start..].trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests;
