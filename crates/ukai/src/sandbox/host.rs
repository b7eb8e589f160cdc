//! Where QEMU, the guest's image and the guests that were booted are.

use super::config::SandboxConfig;
use crate::cli::{CONFINED_MACHINE, WrongUse};
use anyhow::Result;
use clap::Args;
use std::path::{Path, PathBuf};
use ukai_sandbox::image::System;
use ukai_sandbox::machine::{Accelerator, Confiner, Host, LinuxParts};

/// Flags of whatever needs a machine.
#[derive(Args)]
pub(crate) struct HostArgs {
    /// Folder of the guest's image.
    #[arg(long, value_name = "FOLDER", default_value = IMAGE)]
    pub(super) image: PathBuf,
    /// Folder of the image for programs of Windows.
    #[arg(long, value_name = "FOLDER", default_value = WINDOWS_IMAGE)]
    windows_image: PathBuf,
    /// Folder in which booted guests are kept.
    #[arg(long, value_name = "FOLDER", default_value = "sandbox/booted")]
    cache: PathBuf,
    /// Memory of a machine, in MiB; 256, or 768 with Windows, if it is left out.
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(64..=16_384))]
    memory: Option<u32>,
    /// QEMU; the one in the path if it is left out.
    #[arg(long, value_name = "FILE")]
    qemu: Option<PathBuf>,
    /// Carry instructions out by `kvm` or by `tcg`; what works if it is left out.
    #[arg(long, value_name = "HOW", value_parser = accelerator)]
    accelerator: Option<Accelerator>,
}

/// Where the guest's image is built.
pub(super) const IMAGE: &str = "sandbox/image";
/// Where the one for programs of Windows is.
pub(super) const WINDOWS_IMAGE: &str = "sandbox/windows";

const QEMU: &str = "qemu-system-x86_64";

impl HostArgs {
    /// As the configuration has it.
    pub(super) fn of(config: &SandboxConfig, booted: &Path) -> Self {
        let folder = |set: &Option<PathBuf>, usual: &str| set.clone().unwrap_or(usual.into());
        Self {
            image: folder(&config.image, IMAGE),
            windows_image: folder(&config.windows_image, WINDOWS_IMAGE),
            cache: booted.to_owned(),
            // The hub has none.
            memory: config.memory_mib,
            qemu: config.qemu.clone(),
            accelerator: config.accelerator,
        }
    }

    /// How machines are made here.
    pub(super) fn host(&self) -> Result<Host> {
        Ok(Host {
            qemu: self.qemu()?,
            confiner: Confiner::this_program([CONFINED_MACHINE]),
            cache: self.cache.clone(),
            accelerator: self.accelerator,
        })
    }

    /// QEMU's program.
    pub(super) fn qemu(&self) -> Result<PathBuf> {
        let named = self.qemu.clone().or_else(|| {
            let path = std::env::var_os("PATH")?;
            std::env::split_paths(&path).map(|folder| folder.join(QEMU)).find(|file| file.is_file())
        });
        let missing =
            || WrongUse(format!("no {QEMU}; install qemu-system-x86, or name it by --qemu"));
        let named = named.ok_or_else(missing)?;
        let real = named.canonicalize();
        real.map_err(|error| WrongUse(format!("{}: {error}", named.display())).into())
    }

    /// The parts of the guest for a system's programs.
    pub(super) fn parts(&self, system: System) -> Result<LinuxParts> {
        let (image, usual_mib, flags) = match system {
            System::Linux => (&self.image, 256, ("", "--image")),
            System::Windows => (&self.windows_image, 768, (" --windows", "--windows-image")),
        };
        let file = |name: &str| image.join(name);
        let (kernel, initial, root) = (file("kernel"), file("initial"), file("root"));
        for part in [&kernel, &initial] {
            if !part.is_file() {
                let part = part.display();
                return Err(WrongUse(format!(
                    "no guest's image: {part} is missing; build one by `ukai sandbox build{}`, \
                     or name its folder by {}",
                    flags.0, flags.1
                ))
                .into());
            }
        }
        Ok(LinuxParts {
            kernel,
            initial,
            root: Path::is_file(&root).then_some(root),
            command_line: String::new(),
            memory_mib: self.memory.unwrap_or(usual_mib),
        })
    }
}

fn accelerator(text: &str) -> Result<Accelerator, String> {
    match text {
        "kvm" => Ok(Accelerator::Kvm),
        "tcg" => Ok(Accelerator::Tcg),
        other => Err(format!("\"{other}\" is neither kvm nor tcg")),
    }
}
