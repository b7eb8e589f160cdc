//! `ukai sensor rules`: the kernel's rules that give a honeypot any port of this machine.

use crate::cli::{Place, WrongUse};
use crate::config::Config;
use anyhow::{Context, Result, bail};
use clap::Args;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, ExitCode, Stdio};
use ukai_honeypot::Rules;

/// Flags of `ukai sensor rules`.
#[derive(Args)]
pub(crate) struct RulesArgs {
    #[command(flatten)]
    place: Place,
    /// Put them in place, now. It takes CAP_NET_ADMIN; a restart of the machine removes them.
    #[arg(long, conflicts_with = "remove")]
    apply: bool,
    /// Take them away.
    #[arg(long)]
    remove: bool,
    /// Show them as JSON: what `nft -f -` reads, and arguments of `ip`.
    #[arg(long, conflicts_with_all = ["apply", "remove"])]
    json: bool,
}

/// Shows, applies or removes the rules.
pub(crate) fn run(args: &RulesArgs) -> Result<ExitCode> {
    if args.remove {
        remove()?;
        return Ok(ExitCode::SUCCESS);
    }
    let rules = rules(&args.place.load()?)?;
    if args.apply {
        apply(&rules)?;
    } else {
        let text = if args.json {
            format!("{}\n", serde_json::json!({ "nft": rules.nft, "routes": rules.routes }))
        } else {
            script(&rules)
        };
        std::io::stdout().lock().write_all(text.as_bytes()).context("standard output")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Rules that are taken away when this is dropped.
pub(crate) struct Applied;

impl Applied {
    /// Puts the configuration's rules in place.
    pub(crate) fn new(config: &Config) -> Result<Self> {
        apply(&rules(config)?)?;
        Ok(Self)
    }
}

impl Drop for Applied {
    fn drop(&mut self) {
        if let Err(error) = remove() {
            tracing::error!(%error, "the rules stay: `ukai sensor rules --remove`");
        }
    }
}

fn rules(config: &Config) -> Result<Rules> {
    let rules = Rules::new(&config.honeypot);
    let rules = rules.map_err(|error| WrongUse(format!("[honeypot] {error}")))?;
    let explain = "no network needs rules: its link would be { kind = \"tproxy\" }";
    rules.ok_or_else(|| WrongUse(explain.to_owned()).into())
}

/// The rules as a shell script that may be run more than once.
fn script(rules: &Rules) -> String {
    let mut text = format!("#!/bin/sh -e\nnft -f - <<'END'\n{}END\n", rules.nft);
    for arguments in &rules.routes {
        let line = arguments.join(" ");
        if arguments.iter().any(|word| word == "rule") {
            let _ = writeln!(text, "ip {} 2>/dev/null || true", line.replacen(" add ", " del ", 1));
        }
        let _ = writeln!(text, "ip {line}");
    }
    text
}

fn apply(rules: &Rules) -> Result<()> {
    nft(&rules.nft)?;
    // Twice the same rule is an error.
    remove_routes()?;
    for arguments in &rules.routes {
        let output = ip(arguments)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("ip {}: {}", arguments.join(" "), said.trim());
        }
    }
    Ok(())
}

fn remove() -> Result<()> {
    nft(&Rules::removal())?;
    remove_routes()
}

fn remove_routes() -> Result<()> {
    for arguments in Rules::routes_removal() {
        // What is not there cannot be removed.
        ip(&arguments)?;
    }
    Ok(())
}

fn ip(arguments: &[String]) -> Result<std::process::Output> {
    let output = Command::new("ip").args(arguments).output();
    output.context("ip cannot be run: install iproute2")
}

fn nft(rules: &str) -> Result<()> {
    let mut child = Command::new("nft")
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("nft cannot be run: install nftables")?;
    // An nft that does not read says why itself.
    let _ = child.stdin.take().map(|mut pipe| pipe.write_all(rules.as_bytes()));
    let output = child.wait_with_output().context("nft")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!(
            "nft: {}; it takes CAP_NET_ADMIN, and a kernel with nft_tproxy and nft_socket",
            said.trim()
        );
    }
    Ok(())
}
