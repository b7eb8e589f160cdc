//! `ukai lookup`: what others know of samples, by their hashes.

use crate::analyze;
use crate::cli::{Place, WrongUse};
use crate::config::Config;
use crate::terminal::{Style, columns};
use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;
use ukai_egress::Egress;
use ukai_hub::{Services, carry};
use ukai_lookup::{Answer, Ask, Book, Lookups, Outcome, Standing};
use ukai_model::{PeerText, Sha256, Timestamp};

/// Where answers and pace are kept, in the data folder.
const BOOK: &str = "lookups.json";
/// Length of a key's file, in bytes.
const KEY_BYTES_MAX: u64 = 4096;

/// Flags of `ukai lookup`.
#[derive(Args)]
pub(crate) struct LookupArgs {
    /// SHA-256 digests, or files whose digests are meant. CaRT containers are opened first.
    #[arg(required = true, value_name = "HASH|FILE")]
    samples: Vec<PathBuf>,
    /// Only ask this service; given more than once: these.
    #[arg(long, value_name = "NAME")]
    service: Vec<String>,
    /// Give files that a service does not know to those for which the configuration says
    /// `upload = true`. They will be seen by others.
    #[arg(long)]
    upload: bool,
    #[command(flatten)]
    place: Place,
    /// Print a JSON object for each sample.
    #[arg(long)]
    json: bool,
}

/// What is told of a sample.
#[derive(Serialize)]
struct Told {
    sample: String,
    sha256: Sha256,
    services: Vec<Line>,
}

/// What a service says.
#[derive(Serialize)]
struct Line {
    service: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Answer>,
    /// Whether it said so a while ago.
    remembered: bool,
    /// Why nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<String>,
    /// What came of handing the file over.
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<String>,
}

/// Asks. Exit code 3: a question is still open.
pub(crate) fn run(args: &LookupArgs) -> Result<ExitCode> {
    let config = args.place.load()?;
    let lookups = lookups(&config)?;
    let chosen = chosen(args, &lookups)?;
    let samples: Vec<(String, Sha256, Option<Vec<u8>>)> =
        args.samples.iter().map(|sample| read(sample)).collect::<Result<_>>()?;
    let (kept, alone) = kept(&config.data_dir)?;
    let mut book = kept.as_deref().map(load).transpose()?.unwrap_or_default();
    let egress = Egress::new(config.egress.clone(), config.own_prefixes())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let style = Style::of_stdout();
    let mut all = true;
    for (sample, sha256, bytes) in samples {
        let mut services = Vec::new();
        for index in &chosen {
            let mut asking = Asking { lookups: &lookups, index: *index, book: &mut book };
            let upload = bytes.as_deref().filter(|_| args.upload);
            services.push(runtime.block_on(asking.about(&egress, &sha256, upload)));
        }
        all &= services.iter().all(|line| line.open.is_none());
        let told = Told { sample, sha256, services };
        if args.json {
            println!("{}", serde_json::to_string(&told)?);
        } else {
            print!("{}", describe(&told, style));
        }
    }
    if let Some(path) = kept {
        if alone.is_some() {
            save(&path, &book)?;
        } else {
            eprintln!("a hub runs on this data folder: what was asked now is not remembered");
        }
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

/// The file of answers, if there is a data folder, and the right to write it, if no hub has it.
fn kept(data: &Path) -> Result<(Option<PathBuf>, Option<File>)> {
    if !data.is_dir() {
        return Ok((None, None));
    }
    Ok((Some(data.join(BOOK)), alone(data)?))
}

/// The right to write the file of answers, as long as the file lives; none if another process
/// has it.
fn alone(data: &Path) -> Result<Option<File>> {
    let path = data.join(BOOK).with_extension("lock");
    let shown = || path.display().to_string();
    let mut options = File::options();
    let file = options.create(true).truncate(false).write(true).open(&path).with_context(shown)?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(std::io::Error::from(error)).with_context(shown),
    }
}

/// The services as the hub asks them, if there are any; the right to write their answers lasts
/// as long as the second.
pub(crate) fn seat(config: &Config, data: &Path) -> Result<Option<(Services, File)>> {
    let lookups = lookups(config)?;
    if lookups.is_empty() {
        return Ok(None);
    }
    let path = data.join(BOOK);
    let alone = alone(data)?.with_context(|| {
        format!("{}: `ukai lookup` is at work; start again when it is done", path.display())
    })?;
    let egress = Egress::new(config.egress.clone(), config.own_prefixes())?;
    Ok(Some((Services::new(lookups, egress, load(&path)?, path), alone)))
}

/// The services of the configuration, with their keys.
pub(crate) fn lookups(config: &Config) -> Result<Lookups> {
    Ok(Lookups::new(&config.lookups, &|file| {
        let shown = file.display();
        let wrong = |error: std::io::Error| format!("{shown}: {error}");
        if fs::metadata(file).map_err(wrong)?.len() > KEY_BYTES_MAX {
            return Err(format!("{shown}: too long for a key"));
        }
        fs::read_to_string(file).map_err(wrong)
    })?)
}

fn chosen(args: &LookupArgs, lookups: &Lookups) -> Result<Vec<usize>> {
    if lookups.is_empty() {
        let none = "no service is configured: give --config FILE with [[lookups]], as \
                    docs/lookups.md shows";
        return Err(WrongUse(none.to_owned()).into());
    }
    let name = |index: &usize| lookups.kind(*index).name();
    for wanted in &args.service {
        if !(0..lookups.len()).any(|index| name(&index) == wanted) {
            return Err(WrongUse(format!("service {wanted:?} is not configured")).into());
        }
    }
    let wanted = |index: &usize| {
        args.service.is_empty() || args.service.iter().any(|wanted| name(index) == wanted)
    };
    Ok((0..lookups.len()).filter(wanted).collect())
}

/// A digest as it stands, or a file's.
fn read(sample: &Path) -> Result<(String, Sha256, Option<Vec<u8>>)> {
    let shown = PeerText::new(sample.as_os_str().as_encoded_bytes()).to_string();
    if let Some(sha256) = sample.to_str().and_then(|text| text.parse().ok()) {
        return Ok((shown, sha256, None));
    }
    let bytes = analyze::sample(sample)?;
    Ok((shown, Sha256::of(&bytes), Some(bytes)))
}

fn load(path: &Path) -> Result<Book> {
    let shown = || path.display().to_string();
    match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text)
            .with_context(|| format!("{}: remove it to begin anew", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Book::default()),
        Err(error) => Err(error).with_context(shown),
    }
}

/// Written beside and put in place, so that it is whole at any time.
fn save(path: &Path, book: &Book) -> Result<()> {
    let beside = path.with_extension(format!("json.{}", std::process::id()));
    let shown = || path.display().to_string();
    fs::write(&beside, serde_json::to_vec(book)?).with_context(shown)?;
    fs::rename(&beside, path).with_context(shown)
}

/// One service, being asked.
struct Asking<'a> {
    lookups: &'a Lookups,
    index: usize,
    book: &'a mut Book,
}

impl Asking<'_> {
    async fn about(&mut self, egress: &Egress, sha256: &Sha256, sample: Option<&[u8]>) -> Line {
        let mut line = Line {
            service: self.lookups.kind(self.index).name(),
            answer: None,
            remembered: false,
            open: None,
            upload: None,
        };
        match self.book.ask(self.lookups, self.index, sha256, now()) {
            Ask::Remembered(answer) => {
                line.remembered = true;
                line.answer = Some(answer);
            }
            Ask::Carry(question) => {
                let reply = carry(egress, question).await;
                match self.book.replied(self.lookups, self.index, sha256, now(), reply) {
                    Outcome::Answered(answer) => line.answer = Some(answer),
                    Outcome::Open(reason) => line.open = Some(reason),
                }
            }
            Ask::Later { at_s, reason } => line.open = Some(later(at_s, &reason)),
            Ask::Off(reason) => line.open = Some(reason),
        }
        let unknown = line.answer.as_ref().is_some_and(|it| it.standing == Standing::Unknown);
        if let Some(sample) = sample.filter(|_| unknown) {
            line.upload = Some(self.hand_over(egress, sample).await);
        }
        line
    }

    async fn hand_over(&mut self, egress: &Egress, sample: &[u8]) -> String {
        match self.book.upload(self.lookups, self.index, sample, now()) {
            Ask::Carry(question) => {
                let reply = carry(egress, question).await;
                match self.book.uploaded(self.lookups, self.index, now(), reply) {
                    Ok(()) => "handed over".to_owned(),
                    Err(reason) => format!("not handed over: {reason}"),
                }
            }
            Ask::Later { at_s, reason } => format!("not handed over: {}", later(at_s, &reason)),
            Ask::Off(reason) => format!("not handed over: {reason}"),
            Ask::Remembered(_) => "handed over before".to_owned(),
        }
    }
}

fn now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}

fn later(at_s: u64, reason: &str) -> String {
    format!("{reason}; again in {} s", at_s.saturating_sub(now().secs()))
}

fn describe(told: &Told, style: Style) -> String {
    let mut out = style.bold(&told.sample);
    out.push('\n');
    let texts = |list: &[PeerText]| {
        list.iter().take(5).map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let rows: Vec<Vec<String>> = told
        .services
        .iter()
        .map(|line| {
            let (standing, mut about) = match (&line.answer, &line.open) {
                (Some(answer), _) => {
                    let mut about = texts(&answer.names);
                    for more in answer.detail.iter().chain(&answer.places) {
                        let _ = write!(about, "{}{more}", if about.is_empty() { "" } else { "; " });
                    }
                    (format!("{:?}", answer.standing).to_lowercase(), about)
                }
                (None, Some(reason)) => ("?".to_owned(), reason.clone()),
                (None, None) => ("?".to_owned(), String::new()),
            };
            if line.remembered {
                about.push_str(" (remembered)");
            }
            if let Some(upload) = &line.upload {
                let _ = write!(about, " ({upload})");
            }
            vec![format!("  {}", line.service), standing, about.trim().to_owned()]
        })
        .collect();
    out.push_str(&columns(&rows));
    out
}
