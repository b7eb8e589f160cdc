//! `ukai sandbox`: samples really run, in machines that cannot reach anything.

mod build;
mod check;
mod compared;
mod config;
mod host;
mod in_hub;
mod keep;
mod memory;
mod own;
mod record;
mod run;
mod series;
mod told;

pub(crate) use compared::{JAILED_DISK, run as run_jailed_disk};
pub(crate) use config::SandboxConfig;
pub(crate) use in_hub::seat;

use anyhow::Result;
use clap::Subcommand;
use std::process::ExitCode;

/// What is to be done.
#[derive(Subcommand)]
pub(crate) enum SandboxCommand {
    /// Run a sample in a fresh machine, and tell what it did.
    Run(Box<run::RunArgs>),
    /// Build the guest's image from Debian's packages.
    Build(build::BuildArgs),
    /// Tell what this computer can do: QEMU, KVM, namespaces, the guest's image.
    Check(check::CheckArgs),
}

/// Does it.
pub(crate) fn run(command: &SandboxCommand) -> Result<ExitCode> {
    match command {
        SandboxCommand::Run(args) => run::run(args),
        SandboxCommand::Build(args) => build::run(args),
        SandboxCommand::Check(args) => check::run(args),
    }
}

/// The process that stands between us and QEMU.
pub(crate) fn run_confined() -> ExitCode {
    ukai_sandbox::machine::confined()
}
