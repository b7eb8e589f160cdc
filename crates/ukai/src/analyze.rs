//! `ukai analyze FILE...`.

use crate::analysis_text::describe;
use crate::cli::{Place, WrongUse};
use crate::jailed::jail_for;
use crate::source::Source;
use crate::terminal::Style;
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;
use ukai_model::{Analysis, Outcome, PeerText, Sha256};
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
    /// Print configurations of bots in the form of another program, a line for each document,
    /// and nothing else.
    #[arg(long, value_enum, conflicts_with_all = ["json", "similar"])]
    export: Option<Export>,
}

/// Whose form.
#[derive(Clone, Copy, ValueEnum)]
enum Export {
    /// IIJ's mirai-toushi: `xor_scanner` and `xor_table` of each Mirai.
    MiraiToushi,
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
        if let Some(Export::MiraiToushi) = args.export {
            let name = file.file_name().unwrap_or(file.as_os_str());
            let name = PeerText::new(name.as_encoded_bytes()).to_string();
            for document in ukai_static::toushi(&analysis, &name) {
                writeln!(out, "{document}").context("standard output")?;
            }
        } else {
            if !args.json && args.files.len() > 1 {
                let name = PeerText::new(file.as_os_str().as_encoded_bytes()).to_string();
                let gap = if number > 0 { "\n" } else { "" };
                writeln!(out, "{gap}{}", style.bold(&name)).context("standard output")?;
            }
            print(&mut out, args.json, &analysis, alike.as_deref(), style)
                .context("standard output")?;
        }
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
