//! `ukai analyze FILE...`.

use crate::cli::{Place, WrongUse};
use crate::jailed::jail_for;
use crate::source::Source;
use crate::terminal::{Style, columns};
use crate::yara::described_matches;
use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;
use ukai_model::{Analysis, Outcome, PeerText, ScriptAct, ScriptStep, Sha256};
use ukai_static::AlikeIndex;

/// The largest file that is analysed, in bytes.
pub(crate) const FILE_BYTES_MAX: u64 = 256 << 20;

/// Samples that are told to be alike.
const ALIKE_MAX: usize = 20;

/// Flags of `ukai analyze`.
#[derive(Args)]
pub(crate) struct AnalyzeArgs {
    /// The files; `-` reads standard input. CaRT containers are opened first.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    place: Place,
    /// Also tell which samples that are kept are alike, by content (TLSH) or by the code of
    /// their functions, the nearest first.
    #[arg(long)]
    similar: bool,
    /// Print the whole analysis as JSON, a line for each file.
    #[arg(long)]
    json: bool,
}

/// Analyses files, one after the other. Exit code 3: something was found, but not everything
/// was looked at; 1: nothing was found out about one.
pub(crate) fn run(args: &AnalyzeArgs) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let jail = jail_for(args.files.len(), &args.place.load()?.yara)?;
    let style = Style::of_stdout();
    let mut worst = 0;
    for (number, file) in args.files.iter().enumerate() {
        let bytes = sample(file)?;
        let now = SystemTime::now().into();
        let analysis = runtime.block_on(ukai_hub::analyze(&jail, &bytes, now));
        let alike = if args.similar { Some(alike(&args.place, &analysis)?) } else { None };
        let mut out = std::io::stdout().lock();
        if !args.json && args.files.len() > 1 {
            let name = PeerText::new(file.as_os_str().as_encoded_bytes()).to_string();
            let gap = if number > 0 { "\n" } else { "" };
            writeln!(out, "{gap}{}", style.bold(&name)).context("standard output")?;
        }
        print(&mut out, args.json, &analysis, alike.as_deref(), style)
            .context("standard output")?;
        worst = match analysis.outcome {
            Outcome::Failed { .. } => 1,
            Outcome::Partial { .. } if worst == 0 => 3,
            Outcome::Complete | Outcome::Partial { .. } => worst,
        };
    }
    Ok(ExitCode::from(worst))
}

fn print(
    out: &mut impl Write,
    json: bool,
    analysis: &Analysis,
    alike: Option<&[Alike]>,
    style: Style,
) -> Result<()> {
    if json {
        let mut value = serde_json::to_value(analysis)?;
        if let Some(alike) = alike {
            value["similar"] = serde_json::to_value(alike)?;
        }
        writeln!(out, "{value}")?;
    } else {
        write!(out, "{}", describe(analysis, style))?;
        for line in alike.into_iter().flatten() {
            let content = line.distance.map(|distance| format!("TLSH {distance}"));
            let code = line.code.map(|percent| format!("code {percent} %"));
            let how: Vec<String> = content.into_iter().chain(code).collect();
            writeln!(out, "{}  {}", line.sha256, style.dim(&how.join(", ")))?;
        }
    }
    Ok(())
}

/// The bytes of a sample; a CaRT container is opened.
pub(crate) fn sample(file: &Path) -> Result<Vec<u8>> {
    let bytes = read(file)?;
    if !ukai_store::cart::is_cart(&bytes) {
        return Ok(bytes);
    }
    let unpacked = ukai_store::cart::unpack(&bytes, FILE_BYTES_MAX);
    Ok(unpacked.map_err(|error| WrongUse(format!("{}: {error}", file.display())))?.bytes)
}

/// A sample that is alike.
#[derive(Serialize)]
struct Alike {
    sha256: Sha256,
    /// By TLSH.
    #[serde(skip_serializing_if = "Option::is_none")]
    distance: Option<u32>,
    /// By what functions are made of, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u8>,
}

/// The samples that are kept and alike. The index is made anew of what their analyses say.
fn alike(place: &Place, analysis: &Analysis) -> Result<Vec<Alike>> {
    let Some(hashes) = &analysis.hashes else { return Ok(Vec::new()) };
    let (source, _data) = Source::open(place)?;
    let mut index = AlikeIndex::default();
    for sha256 in source.samples()?.into_iter().filter(|sha256| *sha256 != analysis.sha256) {
        let analyses = source.analyses(&sha256)?;
        if let Some(hashes) = analyses.iter().find_map(|it| it.hashes.as_ref()) {
            index.add(sha256, hashes);
        }
    }
    let found = index.nearest(hashes, ALIKE_MAX).into_iter();
    Ok(found.map(|it| Alike { sha256: it.sha256, distance: it.distance, code: it.code }).collect())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let shown = path.display();
    let mut bytes = Vec::new();
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        let wrong = |error| WrongUse(format!("{shown}: {error}"));
        let file = std::fs::File::open(path).map_err(wrong)?;
        if !file.metadata().map_err(wrong)?.is_file() {
            return Err(WrongUse(format!("{shown}: not a file")).into());
        }
        Box::new(file)
    };
    source.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).with_context(|| shown.to_string())?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(WrongUse(format!("{shown}: larger than {} MiB", FILE_BYTES_MAX >> 20)).into());
    }
    Ok(bytes)
}

/// An analysis for a reader.
fn describe(analysis: &Analysis, style: Style) -> String {
    let mut out = String::new();
    let mut fact = |name: &str, value: &str| {
        let _ = writeln!(out, "{}{value}", style.dim(&format!("{name:<9}")));
    };
    if let Some(file_type) = &analysis.file_type {
        fact("type", &file_type.description);
    }
    fact("size", &format!("{} bytes, entropy {:.2}", analysis.size, analysis.entropy));
    if let Some(hashes) = &analysis.hashes {
        fact("md5", &hashes.md5);
        fact("sha1", &hashes.sha1);
        fact("sha256", &hashes.sha256);
        for (name, value) in [("ssdeep", &hashes.ssdeep), ("tlsh", &hashes.tlsh)] {
            fact(name, value.as_deref().unwrap_or("too small or too uniform"));
        }
    }
    if let Some(packer) = analysis.elf.as_ref().and_then(|elf| elf.packer.as_ref()) {
        fact("packer", packer);
    }
    let outcome = match &analysis.outcome {
        Outcome::Complete => "complete".to_owned(),
        Outcome::Partial { reason } => format!("partial: {reason}"),
        Outcome::Failed { reason } => format!("failed: {reason}"),
    };
    fact("outcome", &format!("{outcome}, {} ms", analysis.duration_ms));
    for note in &analysis.notes {
        fact("note", note);
    }
    if !analysis.members.is_empty() {
        let _ = writeln!(out, "\n{}", style.bold("Inside"));
        let rows: Vec<Vec<String>> = analysis
            .members
            .iter()
            .map(|member| {
                let name = member.name.as_ref().map(ToString::to_string).unwrap_or_default();
                let indent = "  ".repeat(member.depth as usize);
                vec![
                    format!("{indent}{} {name}", member.container),
                    member.file_type.description.clone(),
                    style.dim(&format!("{} bytes", member.size)),
                ]
            })
            .collect();
        out.push_str(&columns(&rows));
    }
    if !analysis.yara.is_empty() {
        let _ = writeln!(out, "\n{}", style.bold("YARA rules"));
        out.push_str(&described_matches(&analysis.yara, style));
    }
    for configuration in &analysis.configurations {
        let title = format!("Configuration of {}", configuration.family);
        let _ = writeln!(out, "\n{}", style.bold(&title));
        for server in &configuration.servers {
            let _ = writeln!(out, "  server {server}");
        }
        for report in &configuration.reports {
            let _ = writeln!(out, "  reports to {report}");
        }
        let _ = writeln!(out, "  {} log-ins", configuration.logins.len());
    }
    if !analysis.observables.is_empty() {
        let _ = writeln!(out, "\n{}", style.bold("Observables"));
        let rows: Vec<Vec<String>> = analysis
            .observables
            .iter()
            .map(|found| {
                vec![
                    format!("  {}", found.observable.kind),
                    found.observable.value.clone(),
                    style.dim(&format!("{} at {}, {}", found.encoding, found.offset, found.method)),
                ]
            })
            .collect();
        out.push_str(&columns(&rows));
    }
    if !analysis.acts.is_empty() {
        let _ = writeln!(out, "\n{}", style.bold("What its scripts would do"));
        let rows: Vec<Vec<String>> = analysis.acts.iter().map(|step| told(&step.act)).collect();
        out.push_str(&columns(&rows));
    }
    // What the acts do not have: each line that a shell ran.
    let is_act = |line: &PeerText| {
        let is_run =
            |step: &ScriptStep| matches!(&step.act, ScriptAct::Run { line: run } if run == line);
        analysis.acts.iter().any(is_run)
    };
    let commands: Vec<_> = analysis.commands.iter().filter(|line| !is_act(line)).collect();
    if !commands.is_empty() {
        let _ = writeln!(out, "\n{}", style.bold("Commands"));
        for command in commands {
            let _ = writeln!(out, "  {command}");
        }
    }
    out
}

/// An act of a script: what, and with what.
fn told(act: &ScriptAct) -> Vec<String> {
    let (word, with) = match act {
        ScriptAct::Fetch { url, to: Some(to) } => ("fetch", format!("{url}, saved to {to}")),
        ScriptAct::Fetch { url, to: None } => ("fetch", url.to_string()),
        ScriptAct::Connect { host, port: Some(port) } => ("connect", format!("{host} port {port}")),
        ScriptAct::Connect { host, port: None } => ("connect", host.to_string()),
        ScriptAct::Write { path, size, .. } => ("write", format!("{path}, {size} bytes")),
        ScriptAct::Run { line } => ("run", line.to_string()),
        ScriptAct::Evaluate { language, size, .. } => {
            ("evaluate", format!("{language}, {size} bytes"))
        }
        ScriptAct::Set { what, value } => ("set", format!("{what} = {value}")),
    };
    vec![format!("  {word}"), with]
}
