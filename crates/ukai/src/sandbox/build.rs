//! `ukai sandbox build`: the guest's image, from Debian's packages.

use anyhow::{Context as _, Result};
use clap::Args;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use ukai_sandbox::image::{Order, Progress, build};

/// Flags of `ukai sandbox build`.
#[derive(Args)]
pub(crate) struct BuildArgs {
    /// Where the image is built; an interrupted build goes on there.
    #[arg(long, value_name = "FOLDER", default_value = "sandbox/image")]
    folder: PathBuf,
    /// Certificates (PEM) that the guest trusts: those of the virtual Internet.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// Builds it, telling each step on standard error.
pub(super) fn run(args: &BuildArgs) -> Result<ExitCode> {
    let read =
        |path: &PathBuf| std::fs::read_to_string(path).with_context(|| path.display().to_string());
    let authority = args.ca.as_ref().map(read).transpose()?;
    let order = Order { folder: args.folder.clone(), authority, further: Vec::new() };
    let manifest = build(&order, &mut |progress| {
        let line = match progress {
            Progress::Choosing => "choosing packages".to_owned(),
            Progress::Package { number, count, name } => {
                format!("package {number}/{count}: {name}")
            }
            Progress::Root => "putting the root together".to_owned(),
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
