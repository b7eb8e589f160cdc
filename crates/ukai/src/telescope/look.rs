//! What is common to reading captures and to watching: prefixes, origins, thresholds.

use crate::cli::WrongUse;
use anyhow::{Context, Result};
use clap::Args;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use ukai_telescope::{AttackRules, IpNet, Origins, Settings};

/// The largest table or database of origins that is read, in bytes.
const ORIGINS_BYTES_MAX: u64 = 256 << 20;

/// Flags that say what is watched, and what is an attack.
#[derive(Args)]
pub(super) struct LookArgs {
    /// A prefix of the telescope; others' packets are only counted. With it, shares and
    /// Internet-wide rates are estimated.
    #[arg(long, value_name = "PREFIX")]
    dark: Vec<IpNet>,
    /// A prefix of your own: whoever scans from there is suspected to be infected.
    #[arg(long, value_name = "PREFIX")]
    own: Vec<IpNet>,
    /// A file of `prefix,asn,country[,name]` lines, as from your BGP table.
    #[arg(long, value_name = "FILE")]
    origins: Option<PathBuf>,
    /// A database of countries or autonomous systems, in MaxMind's format (MMDB) or in that of
    /// libloc; `make geo` installs free ones.
    #[arg(long, value_name = "FILE", alias = "mmdb")]
    database: Vec<PathBuf>,
    /// Who is known to scan, as `prefix,,,name` lines; instead of the list that is built in.
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Addresses that the Internet never routes (10.0.0.0/8 ...) are honest sources here.
    #[arg(long)]
    private_sources: bool,
    /// Look into GRE and IP in IP.
    #[arg(long)]
    tunnels: bool,
    /// Do not look at the checksums of TCP, UDP and ICMP.
    #[arg(long)]
    no_checksums: bool,
    /// One packet in so many was captured.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    sampling: u32,
    /// Packets of an attack, at least.
    #[arg(long, value_name = "N", default_value_t = AttackRules::default().packets_min)]
    attack_packets: u64,
    /// Seconds of an attack, at least.
    #[arg(long, value_name = "SECONDS", default_value_t = AttackRules::default().duration_min.as_secs())]
    attack_seconds: u64,
    /// Packets of an attack in its busiest minute, at least.
    #[arg(long, value_name = "N", default_value_t = AttackRules::default().packets_in_minute_min)]
    attack_minute: u64,
    /// Seconds of silence that end an attack.
    #[arg(long, value_name = "SECONDS", default_value_t = AttackRules::default().timeout.as_secs())]
    attack_timeout: u64,
    /// Sources that are remembered at once.
    #[arg(long, value_name = "N", default_value_t = Settings::default().sources_max)]
    sources: usize,
}

impl LookArgs {
    pub(super) fn settings(&self) -> Result<Settings> {
        if self.sources == 0 || self.sources > 1 << 26 {
            return Err(WrongUse(format!("--sources must be from 1 to {}", 1 << 26)).into());
        }
        let mut settings = Settings {
            dark: self.dark.iter().copied().collect(),
            own: self.own.iter().copied().collect(),
            sampling: self.sampling,
            sources_max: self.sources,
            ..Settings::default()
        };
        settings.reading.checksums = !self.no_checksums;
        settings.reading.tunnels = self.tunnels;
        settings.rules.private_sources = self.private_sources;
        settings.attack.packets_min = self.attack_packets;
        settings.attack.duration_min = Duration::from_secs(self.attack_seconds);
        settings.attack.packets_in_minute_min = self.attack_minute;
        settings.attack.timeout = Duration::from_secs(self.attack_timeout);
        Ok(settings)
    }

    /// One packet in so many was captured.
    pub(super) const fn sampling(&self) -> u32 {
        self.sampling
    }

    pub(super) fn origins(&self) -> Result<Origins> {
        origins(self.origins.as_deref(), &self.database, self.known.as_deref())
    }
}

/// Who is known to scan, by our own list.
const KNOWN: &str = include_str!("../../../../rules/scanners.csv");

/// Reads the operator's table, databases, and who is known to scan.
pub(crate) fn origins(
    table: Option<&Path>,
    databases: &[PathBuf],
    known: Option<&Path>,
) -> Result<Origins> {
    let wrong =
        |file: &Path, what: &dyn std::fmt::Display| WrongUse(format!("{}: {what}", file.display()));
    let mut origins = match table {
        Some(file) => Origins::parse(&text_of(file)?).map_err(|error| wrong(file, &error))?,
        None => Origins::default(),
    };
    for file in databases {
        origins.add_database(bytes_of(file)?).map_err(|error| wrong(file, &error))?;
    }
    match known {
        Some(file) => {
            origins.add_known(&text_of(file)?).map_err(|error| wrong(file, &error))?;
        }
        None => origins.add_known(KNOWN).context("the list of known scanners")?,
    }
    Ok(origins)
}

fn text_of(file: &Path) -> Result<String> {
    let text = String::from_utf8(bytes_of(file)?);
    Ok(text.map_err(|_| WrongUse(format!("{}: not UTF-8", file.display())))?)
}

fn bytes_of(file: &Path) -> Result<Vec<u8>> {
    let wrong = |what: String| WrongUse(format!("{}: {what}", file.display()));
    let opened = File::open(file).map_err(|error| wrong(error.to_string()))?;
    let mut bytes = Vec::new();
    let mut limited = opened.take(ORIGINS_BYTES_MAX + 1);
    limited.read_to_end(&mut bytes).map_err(|error| wrong(error.to_string()))?;
    if bytes.len() as u64 > ORIGINS_BYTES_MAX {
        return Err(wrong(format!("larger than {} MiB", ORIGINS_BYTES_MAX >> 20)).into());
    }
    Ok(bytes)
}
