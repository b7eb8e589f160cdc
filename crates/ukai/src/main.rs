//! ukai: one program for the whole circle, from the first packet to a published
//! countermeasure. This crate is flags, configuration, wiring and exit codes; logic
//! lives in the crates below it (docs/architecture.md).

mod allocator;
mod analysis_text;
mod analyze;
mod antivirus;
mod cast;
mod cli;
mod config;
mod data_folder;
mod events;
mod feeds;
mod internet;
mod jailed;
mod log;
mod lookup;
mod observatory;
mod observing;
mod outputs;
mod plan;
mod player;
mod reference;
mod rules;
mod running;
mod safe_screen;
mod sandbox;
mod sensor;
mod session;
mod source;
mod telescope;
mod terminal;
mod terminal_mode;
mod up;
mod yara;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args_os().nth(1) {
        Some(word) if word == jailed::JAILED_ANALYSIS => return jailed::run(),
        Some(word) if word == sandbox::JAILED_DISK => return sandbox::run_jailed_disk(),
        Some(word) if word == jailed::JAILED_VIEW => return jailed::run_view(),
        Some(word) if word == cli::CONFINED_MACHINE => return sandbox::run_confined(),
        _ => {}
    }
    let cli = cli::Cli::parse();
    match cli.run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ukai: {error:#}");
            cli::exit_code_of(&error)
        }
    }
}
