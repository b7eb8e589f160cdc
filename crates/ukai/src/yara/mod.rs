//! `ukai yara`: rules, checked and matched against files and against everything that is kept.

mod hunt;
mod sets;

pub(crate) use sets::YaraConfig;

use crate::cli::{Place, WrongUse};
use crate::jailed::Matcher;
use crate::terminal::Style;
use crate::{analyze, terminal::columns};
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use ukai_model::{PeerText, YaraMatch};
use ukai_yara::{Problem, State};

/// Commands of `ukai yara`.
#[derive(Subcommand)]
pub(crate) enum YaraCommand {
    /// Compile all rules, and tell what is wrong with them.
    Check(CheckArgs),
    /// Match rules against files.
    Scan(ScanArgs),
    /// Match rules against every sample that is kept.
    Hunt(hunt::HuntArgs),
}

/// Which rules are meant.
#[derive(Args)]
pub(crate) struct RulesArgs {
    /// A file of rules, or a folder of a set; given more than once: all of them. Without it,
    /// the rules of the configuration.
    #[arg(long = "rules", value_name = "PATH")]
    rules: Vec<PathBuf>,
    #[command(flatten)]
    place: Place,
}

/// Flags of `ukai yara check`.
#[derive(Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    rules: RulesArgs,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

/// Flags of `ukai yara scan`.
#[derive(Args)]
pub(crate) struct ScanArgs {
    /// The files; `-` reads standard input. CaRT containers are opened first.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    rules: RulesArgs,
    /// Also look at all that is in a file: archives, documents, scripts' files.
    #[arg(long)]
    inside: bool,
    /// Print a JSON object for each file.
    #[arg(long)]
    json: bool,
}

/// Runs the command. Exit code 3: some rules do not compile, or a file was not looked at.
pub(crate) fn run(command: &YaraCommand) -> Result<ExitCode> {
    let all = match command {
        YaraCommand::Check(args) => check(args)?,
        YaraCommand::Scan(args) => scan(args)?,
        YaraCommand::Hunt(args) => hunt::run(args)?,
    };
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

impl RulesArgs {
    /// The rules that are meant.
    fn config(&self) -> Result<YaraConfig> {
        if self.rules.is_empty() {
            return Ok(self.place.load()?.yara);
        }
        let config =
            YaraConfig { shipped: false, folders: self.rules.clone(), ..self.place.load()?.yara };
        config.check().map_err(WrongUse::from_error)?;
        Ok(config)
    }
}

/// What `ukai yara check` tells of a set.
#[derive(Serialize)]
struct Checked<'a> {
    set: &'a str,
    source: &'a str,
    version: &'a str,
    licence: Option<&'a str>,
    rules: usize,
    noisy: Vec<String>,
    off: Vec<String>,
    problems: Vec<&'a Problem>,
}

fn check(args: &CheckArgs) -> Result<bool> {
    let (rules, problems) = args.rules.config()?.compile();
    let list = rules.list();
    let of = |set: &str, state: State| -> Vec<String> {
        let these = list.iter().filter(|rule| rule.set == set && rule.state == state);
        these.map(|rule| rule.rule.clone()).collect()
    };
    let checked: Vec<Checked<'_>> = rules
        .sets()
        .iter()
        .map(|set| Checked {
            set: &set.name,
            source: &set.source,
            version: &set.version,
            licence: set.licence.as_deref(),
            rules: list.iter().filter(|rule| rule.set == set.name).count(),
            noisy: of(&set.name, State::Noisy),
            off: of(&set.name, State::Off),
            problems: problems.iter().filter(|it| it.set == set.name).collect(),
        })
        .collect();
    // Sets that are not there at all.
    let lost: Vec<&Problem> =
        problems.iter().filter(|it| checked.iter().all(|set| set.set != it.set)).collect();
    if args.json {
        println!("{}", serde_json::json!({ "sets": checked, "problems": lost }));
    } else {
        let style = Style::of_stdout();
        for problem in &lost {
            println!("{}", describe_problem(problem));
        }
        for set in &checked {
            println!(
                "{}  {} rules, version {}, from {}{}",
                style.bold(set.set),
                set.rules,
                set.version,
                set.source,
                set.licence.map(|it| format!(", {it}")).unwrap_or_default()
            );
            for (state, rules) in [("noisy", &set.noisy), ("off", &set.off)] {
                if !rules.is_empty() {
                    println!("  {state}: {}", rules.join(", "));
                }
            }
            for problem in &set.problems {
                println!("  {}", describe_problem(problem));
            }
        }
    }
    Ok(problems.iter().all(|problem| !problem.fatal))
}

fn describe_problem(problem: &Problem) -> String {
    let kind = if problem.fatal { "left out" } else { "warning" };
    format!("{kind}: {}: {}", problem.file, problem.message.trim_start_matches("mem:"))
}

/// Tells what keeps rules of the configuration from counting.
pub(crate) fn warn(config: &YaraConfig) {
    for problem in config.compile().1.iter().filter(|problem| problem.fatal) {
        tracing::warn!(set = problem.set, "YARA rules, {}", describe_problem(problem));
    }
}

/// What is told of one file.
#[derive(Serialize)]
struct Told {
    file: String,
    matches: Vec<YaraMatch>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

fn scan(args: &ScanArgs) -> Result<bool> {
    let matcher = Matcher::new(&args.rules.config()?, args.inside)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let style = Style::of_stdout();
    let mut all = true;
    for file in &args.files {
        let sample = analyze::sample(file)?;
        let file = PeerText::new(file.as_os_str().as_encoded_bytes()).to_string();
        let told = match runtime.block_on(matcher.scan(&sample)) {
            Ok(found) => Told { file, matches: found.matches, notes: found.notes, error: None },
            Err(reason) => {
                Told { file, matches: Vec::new(), notes: Vec::new(), error: Some(reason) }
            }
        };
        all &= told.error.is_none() && told.notes.is_empty();
        if args.json {
            println!("{}", serde_json::to_string(&told)?);
        } else {
            print!("{}", describe(&told, style));
        }
    }
    Ok(all)
}

fn describe(told: &Told, style: Style) -> String {
    let mut out = style.bold(&told.file);
    out.push('\n');
    out.push_str(&described_matches(&told.matches, style));
    for note in told.notes.iter().chain(&told.error) {
        let _ = writeln!(out, "  {note}");
    }
    out
}

/// Matches as lines for a reader.
pub(crate) fn described_matches(matches: &[YaraMatch], style: Style) -> String {
    let rows: Vec<Vec<String>> = matches
        .iter()
        .map(|found| {
            let mut about = found.tags.join(" ");
            if found.noisy {
                about.push_str(" (noisy)");
            }
            if let Some(layer) = found.layer {
                let _ = write!(about, " in member {layer}");
            }
            let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            for place in &found.places {
                places.entry(&place.string).or_default().push(format!("{:#x}", place.offset));
            }
            let places: Vec<String> =
                places.iter().map(|(string, at)| format!("{string} {}", at.join(" "))).collect();
            vec![
                format!("  {}/{}", found.set, found.rule),
                about.trim().to_owned(),
                style.dim(&places.join(", ")),
            ]
        })
        .collect();
    columns(&rows)
}
