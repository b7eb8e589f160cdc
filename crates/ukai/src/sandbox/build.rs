//! `ukai sandbox build`: the guest's image, from Debian's packages.

use super::host::{IMAGE, WINDOWS_IMAGE};
use anyhow::{Context as _, Result};
use clap::Args;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use ukai_sandbox::image::{Order, Progress, System, build};

/// Flags of `ukai sandbox build`.
#[derive(Args)]
pub(crate) struct BuildArgs {
    /// Where the image is built; an interrupted build goes on there. `sandbox/image`, or
    /// `sandbox/windows` of Windows', if it is left out.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Build the image for programs of Windows, with Wine.
    #[arg(long)]
    windows: bool,
    /// Certificates (PEM) that the guest trusts: those of the virtual Internet.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// Builds it, telling each step on standard error.
pub(super) fn run(args: &BuildArgs) -> Result<ExitCode> {
    let read =
        |path: &PathBuf| std::fs::read_to_string(path).with_context(|| path.display().to_string());
    let authority = args.ca.as_ref().map(read).transpose()?;
    let (system, usual) =
        if args.windows { (System::Windows, WINDOWS_IMAGE) } else { (System::Linux, IMAGE) };
    let folder = args.folder.clone().unwrap_or_else(|| usual.into());
    let order = Order { folder, system, authority, further: Vec::new() };
    let manifest = build(&order, &mut |progress| {
        let line = match progress {
            Progress::Choosing => "choosing packages".to_owned(),
            Progress::Package { number, count, name } => {
                format!("package {number}/{count}: {name}")
            }
            Progress::Root => "putting the root together".to_owned(),
            Progress::Windows => "setting Windows up".to_owned(),
            Progress::Packing => "packing it".to_owned(),
            Progress::Unchanged => "nothing has changed".to_owned(),
        };
        let _ = writeln!(std::io::stderr(), "{line}");
    })?;
    let mut out = std::io::stdout().lock();
    for file in &manifest.files {
        writeln!(out, "{}  {} ({} bytes)", file.sha256, file.name, file.size)?;
    }
    Ok(ExitCode::SUCCESS)
}
