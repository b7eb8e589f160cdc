//! Flags and commands, and what each exit code means.

use crate::config::Config;
use crate::{
    analyze, antivirus, events, feeds, internet, lookup, plan, reference, sandbox, sensor, session,
    telescope, up, yara,
};
use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The word under which the program runs itself as the process that confines QEMU; no command
/// of the command line's own.
pub(crate) const CONFINED_MACHINE: &str = "confined-machine";

/// A malware observation system: honeypots, analysis, indicators, feeds.
#[derive(Parser)]
#[command(
    version,
    max_term_width = 100,
    after_help = "\
Exit codes: 0 done, 1 failed, 2 wrong use or configuration, 3 done in part.\n\
`ukai up` runs everything on loopback; `ukai config default` shows every setting."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything on this machine: honeypots, analysis, feeds, web UI.
    Up(up::UpArgs),
    /// Analyse a file statically, in a jailed child process.
    Analyze(analyze::AnalyzeArgs),
    /// Ask anti-virus engines about files.
    #[command(subcommand)]
    Antivirus(antivirus::AntivirusCommand),
    /// Ask services what they know of samples, by their hashes.
    Lookup(lookup::LookupArgs),
    /// Match YARA rules against files, or against every sample that is kept.
    #[command(subcommand)]
    Yara(yara::YaraCommand),
    /// List or export feeds.
    #[command(subcommand)]
    Feed(feeds::FeedCommand),
    /// Show what was observed.
    Events(events::EventsArgs),
    /// List, show, replay or export sessions.
    #[command(subcommand)]
    Session(session::SessionCommand),
    /// Run the honeypots alone, or show who lives at which address.
    #[command(subcommand)]
    Sensor(sensor::SensorCommand),
    /// Choose sensor addresses within your prefixes.
    Plan(plan::PlanArgs),
    /// Watch unused addresses: scanners, and DDoS attacks by their backscatter.
    #[command(subcommand)]
    Telescope(telescope::TelescopeCommand),
    /// Be the Internet for a machine or a namespace that has no way out: every name, every
    /// address, every server.
    Internet(internet::InternetArgs),
    /// Run samples in machines that cannot reach anything, and tell what they do.
    #[command(subcommand)]
    Sandbox(sandbox::SandboxCommand),
    /// Check or print the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Check a configuration file.
    Check {
        /// The file.
        file: PathBuf,
        /// Print the result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the default configuration, each key with its meaning.
    Default {
        /// Print it as JSON, without the meanings.
        #[arg(long)]
        json: bool,
    },
}

/// Where data and configuration are; shared by commands that read what was kept.
#[derive(Args)]
pub(crate) struct Place {
    /// Configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Data folder; goes before the configuration's `data_dir`.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
}

impl Place {
    /// The configuration, with the data folder of the command line.
    pub(crate) fn load(&self) -> Result<Config> {
        let mut config = Config::load(self.config.as_deref()).map_err(WrongUse::from_error)?;
        if let Some(data) = &self.data {
            config.data_dir.clone_from(data);
        }
        Ok(config)
    }
}

impl Cli {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Up(args) => up::run(&args),
            Command::Analyze(args) => analyze::run(&args),
            Command::Antivirus(command) => antivirus::run(&command),
            Command::Lookup(args) => lookup::run(&args),
            Command::Yara(command) => yara::run(&command),
            Command::Feed(command) => feeds::run(&command),
            Command::Events(args) => events::run(&args),
            Command::Session(command) => session::run(&command),
            Command::Sensor(command) => sensor::run(&command),
            Command::Plan(args) => plan::run(&args),
            Command::Telescope(command) => telescope::run(&command),
            Command::Internet(args) => internet::run(&args),
            Command::Sandbox(command) => sandbox::run(&command),
            Command::Config(ConfigCommand::Check { file, json }) => check(&file, json),
            Command::Config(ConfigCommand::Default { json: true }) => {
                println!("{}", serde_json::to_string(&Config::default())?);
                Ok(ExitCode::SUCCESS)
            }
            Command::Config(ConfigCommand::Default { json: false }) => {
                print!("{}", reference::default_file());
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

fn check(file: &Path, json: bool) -> Result<ExitCode> {
    let checked = Config::load(Some(file)).map_err(WrongUse::from_error);
    if json {
        let error = checked.as_ref().err().map(ToString::to_string);
        println!(
            "{}",
            serde_json::json!({ "file": file, "valid": error.is_none(), "error": error })
        );
        return Ok(if error.is_none() { ExitCode::SUCCESS } else { ExitCode::from(2) });
    }
    checked?;
    println!("{}: valid", file.display());
    Ok(ExitCode::SUCCESS)
}

/// An error that the caller can mend by other words or another configuration.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongUse(pub String);

impl WrongUse {
    /// Marks an error as one of use.
    #[allow(clippy::needless_pass_by_value, reason = "it is given to map_err")]
    pub(crate) fn from_error(error: anyhow::Error) -> Self {
        Self(format!("{error:#}"))
    }
}

/// The exit code that stands for an error: 2 for wrong use, 1 otherwise.
pub(crate) fn exit_code_of(error: &anyhow::Error) -> ExitCode {
    if error.is::<WrongUse>() { ExitCode::from(2) } else { ExitCode::FAILURE }
}
