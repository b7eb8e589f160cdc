//! `ukai sandbox`: samples really run, in machines that cannot reach anything.

mod check;
mod host;
mod run;
mod told;

use anyhow::Result;
use clap::Subcommand;
use std::process::ExitCode;

/// What is to be done.
#[derive(Subcommand)]
pub(crate) enum SandboxCommand {
    /// Run a sample in a fresh machine, and tell what it did.
    Run(run::RunArgs),
    /// Tell what this computer can do: QEMU, KVM, namespaces, the guest's image.
    Check(check::CheckArgs),
}

/// Does it.
pub(crate) fn run(command: &SandboxCommand) -> Result<ExitCode> {
    match command {
        SandboxCommand::Run(args) => run::run(args),
        SandboxCommand::Check(args) => check::run(args),
    }
}

/// The process that stands between us and QEMU.
pub(crate) fn run_confined() -> ExitCode {
    ukai_sandbox::machine::confined()
}
