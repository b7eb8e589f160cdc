//! `ukai plan`: which addresses of an operator's prefixes should be sensors.

use crate::cli::WrongUse;
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use ukai_plan::{IpNet, Plan, Request, Sensor, share};

/// The largest list of prefixes that is read, in bytes.
const LIST_BYTES_MAX: u64 = 64 << 20;

/// How a plan is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For reading.
    #[default]
    Table,
    /// For programs.
    Json,
    /// Listeners for a configuration file.
    Toml,
}

/// Flags of `ukai plan`.
#[derive(Args)]
pub(crate) struct PlanArgs {
    /// Prefixes, as they are routed: `198.18.0.0/15`, `2001:db8::/32`.
    prefixes: Vec<IpNet>,
    /// A file with further prefixes, one in each line; `#` begins a comment.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Prefixes in which there must be no sensor.
    #[arg(long, value_name = "PREFIX")]
    exclude: Vec<IpNet>,
    /// One sensor for each IPv4 block of this length.
    #[arg(long, value_name = "BITS", default_value_t = 23)]
    density: u8,
    /// One sensor for each IPv6 block of this length.
    #[arg(long, value_name = "BITS", default_value_t = 48)]
    density_v6: u8,
    /// Decides the places within blocks; with the same one a plan stays as it is.
    #[arg(long, value_name = "TEXT", default_value = "")]
    seed: String,
    /// Personas that are shared out among the sensors.
    #[arg(long, value_name = "NAME", default_values = ["camera-arm", "router-mips", "server-debian"])]
    persona: Vec<String>,
    /// How the plan is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The same as `--format json`.
    #[arg(long)]
    json: bool,
}

/// Makes a plan and prints it. Exit code 3: some blocks got no sensor.
pub(crate) fn run(args: &PlanArgs) -> Result<ExitCode> {
    let mut prefixes = args.prefixes.clone();
    if let Some(file) = &args.file {
        prefixes.extend(read(file)?);
    }
    if prefixes.is_empty() {
        return Err(WrongUse("no prefixes: name some, or a --file with them".to_owned()).into());
    }
    let request = Request {
        prefixes,
        exclude: args.exclude.clone(),
        density: args.density,
        density_v6: args.density_v6,
        seed: args.seed.clone(),
    };
    let plan = ukai_plan::plan(&request).map_err(|error| WrongUse(error.to_string()))?;
    let persona = |sensor: &Sensor| {
        let personas = &args.persona;
        personas.get(share(&args.seed, sensor.address, personas.len())).map_or("", String::as_str)
    };
    let text = match if args.json { Format::Json } else { args.format } {
        Format::Table => table(&plan, persona),
        Format::Json => json(&plan, persona),
        Format::Toml => toml(&plan, &args.persona, persona),
    };
    std::io::stdout().lock().write_all(text.as_bytes()).context("standard output")?;
    for block in &plan.full {
        eprintln!("{block}: no address is left for a sensor");
    }
    Ok(if plan.full.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

fn read(file: &std::path::Path) -> Result<Vec<IpNet>> {
    let wrong = |what: String| WrongUse(format!("{}: {what}", file.display()));
    let size = std::fs::metadata(file).map_err(|error| wrong(error.to_string()))?.len();
    if size > LIST_BYTES_MAX {
        return Err(wrong(format!("larger than {} MiB", LIST_BYTES_MAX >> 20)).into());
    }
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let mut prefixes = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if !line.is_empty() {
            let prefix = line.parse().map_err(|_| {
                wrong(format!(
                    "line {}: {:?} is not a prefix such as 198.18.0.0/15",
                    number + 1,
                    line.chars().take(60).collect::<String>()
                ))
            })?;
            prefixes.push(prefix);
        }
    }
    Ok(prefixes)
}

fn table<'a>(plan: &Plan, persona: impl Fn(&Sensor) -> &'a str) -> String {
    let mut rows =
        vec![["ADDRESS".to_owned(), "BLOCK".to_owned(), "PREFIX".to_owned(), "PERSONA".to_owned()]];
    rows.extend(plan.sensors.iter().map(|sensor| {
        [
            sensor.address.to_string(),
            sensor.block.to_string(),
            sensor.prefix.to_string(),
            persona(sensor).to_owned(),
        ]
    }));
    let widths =
        [0, 1, 2].map(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0));
    let mut text = String::new();
    for [address, block, prefix, persona] in &rows {
        let [a, b, c] = widths;
        let _ = writeln!(text, "{address:a$}  {block:b$}  {prefix:c$}  {persona}");
    }
    text
}

fn json<'a>(plan: &Plan, persona: impl Fn(&Sensor) -> &'a str) -> String {
    let sensors: Vec<_> = plan
        .sensors
        .iter()
        .map(|sensor| {
            serde_json::json!({
                "address": sensor.address,
                "block": sensor.block,
                "prefix": sensor.prefix,
                "persona": persona(sensor),
            })
        })
        .collect();
    format!("{}\n", serde_json::json!({ "sensors": sensors, "full": plan.full }))
}

fn toml<'a>(plan: &Plan, personas: &[String], persona: impl Fn(&Sensor) -> &'a str) -> String {
    let mut text = String::from(
        "# By `ukai plan`. The machine must own these addresses, or be able to bind them\n\
         # (`ip route add local PREFIX dev lo`).\n",
    );
    for name in personas {
        let of_it: Vec<_> = plan
            .sensors
            .iter()
            .filter(|sensor| persona(sensor) == name)
            .map(|sensor| format!("    \"{}\",\n", sensor.address))
            .collect();
        if !of_it.is_empty() {
            let _ = write!(
                text,
                "\n[[honeypot.listeners]]\naddresses = [\n{}]\npersona = {}\n",
                of_it.concat(),
                serde_json::Value::from(name.as_str())
            );
        }
    }
    text
}
