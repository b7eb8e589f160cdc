//! `ukai analyze FILE`, and the jailed child in which every analysis runs.

use crate::cli::{JAILED_ANALYSIS, WrongUse};
use crate::terminal::{Style, columns};
use anyhow::{Context, Result};
use clap::Args;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;
use ukai_hub::Analyzer;
use ukai_jail::{Jail, JailLimits};
use ukai_model::{Analysis, Outcome, StringEncoding, Timestamp};

/// The largest file that is analysed, in bytes.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// Flags of `ukai analyze`.
#[derive(Args)]
pub(crate) struct AnalyzeArgs {
    /// The file; `-` reads standard input. A CaRT container is opened first.
    file: PathBuf,
    /// Print the whole analysis as JSON.
    #[arg(long)]
    json: bool,
}

/// Analyses one file. Exit code 3: something was found, but not everything was looked at.
pub(crate) fn run(args: &AnalyzeArgs) -> Result<ExitCode> {
    let bytes = sample(&args.file)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let analysis = runtime.block_on(analyzed(&bytes));
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer(&mut out, &analysis).context("standard output")?;
        writeln!(out).context("standard output")?;
    } else {
        write!(out, "{}", describe(&analysis, Style::of_stdout())).context("standard output")?;
    }
    Ok(match analysis.outcome {
        Outcome::Complete => ExitCode::SUCCESS,
        Outcome::Partial { .. } => ExitCode::from(3),
        Outcome::Failed { .. } => ExitCode::FAILURE,
    })
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

/// Analyses bytes in a jailed child.
pub(crate) async fn analyzed(bytes: &[u8]) -> Analysis {
    let jail = Jail::this_program([JAILED_ANALYSIS], JailLimits::default());
    ukai_hub::analyze(&jail, bytes, Timestamp::from(SystemTime::now())).await
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

/// The running program itself, as what analyses samples for the hub.
pub(crate) fn analyzer() -> Analyzer {
    Analyzer { program: "/proc/self/exe".into(), arguments: vec![JAILED_ANALYSIS.into()] }
}

/// The child: confines itself, then reads the sample and prints what it finds, stage by
/// stage, one JSON line each.
pub(crate) fn run_jailed() -> ExitCode {
    if let Err(error) = ukai_jail::enter() {
        eprintln!("{error}. This command is for ukai's own use");
        return ExitCode::from(2);
    }
    let mut bytes = Vec::new();
    if let Err(error) = std::io::stdin().lock().read_to_end(&mut bytes) {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    let now = Timestamp::from(SystemTime::now());
    let mut out = std::io::stdout().lock();
    let mut written = Ok(());
    ukai_static::analyze(&bytes, now, &ukai_static::Limits::default(), &mut |stage| {
        if written.is_ok() {
            written = out.write_all(&ukai_static::line(stage.so_far));
        }
    });
    if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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
                    style.dim(&format!(
                        "{} at {}, {}",
                        encoding(&found.encoding),
                        found.offset,
                        found.method
                    )),
                ]
            })
            .collect();
        out.push_str(&columns(&rows));
    }
    if !analysis.commands.is_empty() {
        let _ = writeln!(out, "\n{}", style.bold("Commands"));
        for command in &analysis.commands {
            let _ = writeln!(out, "  {command}");
        }
    }
    out
}

fn encoding(encoding: &StringEncoding) -> String {
    match encoding {
        StringEncoding::Plain => "plain".to_owned(),
        StringEncoding::Utf16le => "UTF-16".to_owned(),
        StringEncoding::Xor { key } => format!("XOR 0x{key:02x}"),
        StringEncoding::Base64 => "Base64".to_owned(),
        StringEncoding::Hex => "hex".to_owned(),
        StringEncoding::XorLong { key } => format!("XOR 0x{key}"),
        StringEncoding::Stack => "on the stack".to_owned(),
    }
}
