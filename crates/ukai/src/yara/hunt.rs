//! `ukai yara hunt`: rules against every sample that is kept, each in a jailed child.

use super::{RulesArgs, described_matches};
use crate::jailed::Matcher;
use crate::source::Source;
use crate::terminal::Style;
use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use ukai_model::{Sha256, YaraMatch};
use ukai_yara::Scanned;

/// How often progress is shown.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// Flags of `ukai yara hunt`.
#[derive(Args)]
pub(crate) struct HuntArgs {
    #[command(flatten)]
    rules: RulesArgs,
    /// Also look at all that is in a sample: archives, documents, scripts' files. Slower.
    #[arg(long)]
    inside: bool,
    /// Samples at a time; the machine's processors by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Print a JSON object for each sample that matches, and one at the end.
    #[arg(long)]
    json: bool,
}

/// What is told of a sample that matches.
#[derive(Serialize)]
struct Caught<'a> {
    sha256: Sha256,
    matches: &'a [YaraMatch],
}

/// What is told at the end.
#[derive(Default, Serialize)]
struct Summary {
    samples: u64,
    matched: u64,
    /// Samples that could not be looked at, or not whole.
    failed: u64,
    /// Samples whose bytes are no longer kept.
    gone: u64,
    seconds: f64,
    /// Samples that each rule matched.
    rules: BTreeMap<String, u64>,
}

/// Hunts. False: not every sample was looked at.
pub(super) fn run(args: &HuntArgs) -> Result<bool> {
    let config = args.rules.config()?;
    let matcher = Arc::new(Matcher::new(&config, args.inside)?);
    let (source, _data) = Source::open(&args.rules.place)?;
    let samples = source.samples().context("the list of samples")?;
    let source = Arc::new(source);
    let jobs =
        args.jobs.map_or_else(|| available_parallelism().map_or(1, usize::from), usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let summary = runtime.block_on(hunt(args, &source, &matcher, samples, jobs))?;
    runtime.shutdown_background();
    if args.json {
        println!("{}", serde_json::to_string(&summary)?);
    } else {
        print_summary(&summary);
    }
    Ok(summary.failed == 0)
}

/// How looking at one sample went: `None` if its bytes are gone.
type Looked = (Sha256, Option<Result<Scanned, String>>);

async fn hunt(
    args: &HuntArgs,
    source: &Arc<Source>,
    matcher: &Arc<Matcher>,
    samples: Vec<Sha256>,
    jobs: usize,
) -> Result<Summary> {
    let started = Instant::now();
    let mut progress = Progress::new(samples.len() as u64);
    let mut summary = Summary::default();
    let mut waiting = samples.into_iter();
    let mut running: JoinSet<Result<Looked>> = JoinSet::new();
    loop {
        while running.len() < jobs
            && let Some(sha256) = waiting.next()
        {
            running.spawn(look(Arc::clone(source), Arc::clone(matcher), sha256));
        }
        let Some(done) = running.join_next().await else { break };
        let (sha256, looked) = done.context("a task of the hunt")??;
        summary.samples += 1;
        match looked {
            None => summary.gone += 1,
            Some(Err(reason)) => {
                summary.failed += 1;
                progress.aside(&format!("{sha256}: not looked at: {reason}"));
            }
            Some(Ok(scanned)) => {
                if let Some(note) = scanned.notes.first() {
                    summary.failed += 1;
                    progress.aside(&format!("{sha256}: {note}"));
                }
                if !scanned.matches.is_empty() {
                    progress.clear();
                    tell(args, sha256, &scanned.matches, &mut summary)?;
                }
            }
        }
        progress.show(&summary, started.elapsed());
    }
    progress.clear();
    summary.seconds = started.elapsed().as_secs_f64();
    Ok(summary)
}

async fn look(source: Arc<Source>, matcher: Arc<Matcher>, sha256: Sha256) -> Result<Looked> {
    let bytes = tokio::task::spawn_blocking(move || source.sample(&sha256))
        .await
        .context("reading a sample")??;
    Ok((
        sha256,
        match bytes {
            None => None,
            Some(bytes) => Some(matcher.scan(&bytes).await),
        },
    ))
}

fn tell(
    args: &HuntArgs,
    sha256: Sha256,
    matches: &[YaraMatch],
    summary: &mut Summary,
) -> Result<()> {
    summary.matched += 1;
    let mut names: Vec<String> =
        matches.iter().map(|found| format!("{}/{}", found.set, found.rule)).collect();
    names.sort();
    names.dedup();
    for name in names {
        *summary.rules.entry(name).or_default() += 1;
    }
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&Caught { sha256, matches })?)?;
    } else {
        let style = Style::of_stdout();
        write!(out, "{}\n{}", style.bold(&sha256.to_string()), described_matches(matches, style))?;
    }
    Ok(())
}

fn print_summary(summary: &Summary) {
    let Summary { samples, matched, failed, gone, seconds, rules } = summary;
    println!(
        "{samples} samples in {seconds:.1} s: {matched} match, {failed} not looked at or not whole, {gone} no longer kept"
    );
    let mut rules: Vec<_> = rules.iter().collect();
    rules.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    for (rule, count) in rules {
        println!("  {count:>8}  {rule}");
    }
}

/// A line on standard error that is written over, where that is a terminal.
struct Progress {
    total: u64,
    shown: Option<Instant>,
    terminal: bool,
}

impl Progress {
    fn new(total: u64) -> Self {
        Self { total, shown: None, terminal: std::io::stderr().is_terminal() }
    }

    fn show(&mut self, summary: &Summary, elapsed: Duration) {
        let due = self.shown.is_none_or(|shown| shown.elapsed() >= PROGRESS_EVERY);
        if !self.terminal || !due {
            return;
        }
        let rate = summary.samples as f64 / elapsed.as_secs_f64().max(1e-3);
        let left = (self.total - summary.samples) as f64 / rate.max(1e-3);
        eprint!(
            "\r\x1b[K{} of {} samples, {} match, {rate:.0}/s, {left:.0} s left",
            summary.samples, self.total, summary.matched
        );
        self.shown = Some(Instant::now());
    }

    fn clear(&mut self) {
        if self.terminal && self.shown.take().is_some() {
            eprint!("\r\x1b[K");
        }
    }

    fn aside(&mut self, words: &str) {
        self.clear();
        eprintln!("{words}");
    }
}
