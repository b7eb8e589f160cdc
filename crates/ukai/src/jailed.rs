//! The jailed child that looks at samples: what it is told, and what it answers.

use crate::yara::YaraConfig;
use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::SystemTime;
use ukai_hub::Analyzer;
use ukai_jail::{Jail, JailLimits, JailOutcome};
use ukai_model::{Analysis, Timestamp};
use ukai_yara::{Rules, Scanned};

/// The word under which the program runs itself as a jailed child; no command of the
/// command line's own, since the child confines itself before it reads anything of a sample.
pub(crate) const JAILED_ANALYSIS: &str = "jailed-analysis";

/// The same for a child that shows a part of a sample.
pub(crate) const JAILED_VIEW: &str = "jailed-view";

/// Room for a sample of usual length, so that reading it takes one piece of memory.
const SAMPLE_BYTES_USUAL: usize = 256 << 10;

/// What the child is to do, as JSON in its second argument. It is ours, not a sample's.
#[derive(Serialize, Deserialize)]
struct Task {
    /// Only match rules; else everything.
    only_yara: bool,
    yara: YaraConfig,
}

impl Task {
    fn arguments(yara: &YaraConfig, only_yara: bool) -> Result<Vec<OsString>> {
        let task = Self { only_yara, yara: yara.absolute()? };
        let text = serde_json::to_string(&task).context("the child's task")?;
        Ok(vec![JAILED_ANALYSIS.into(), text.into()])
    }
}

/// The running program itself, as what analyses samples for the hub.
pub(crate) fn analyzer(yara: &YaraConfig) -> Result<Analyzer> {
    let arguments = Task::arguments(yara, false)?;
    let viewer = vec![JAILED_VIEW.into()];
    Ok(Analyzer { program: "/proc/self/exe".into(), arguments, warm: true, viewer })
}

/// Analyses bytes in a jailed child.
pub(crate) async fn analyzed(jail: &Jail, bytes: &[u8]) -> Analysis {
    ukai_hub::analyze(jail, bytes, Timestamp::from(SystemTime::now())).await
}

/// What analyses `samples` of them, each in a child of its own: forks of one process, where
/// there are several.
pub(crate) fn jail_for(samples: usize, yara: &YaraConfig) -> Result<Jail> {
    let jail = Jail::this_program(Task::arguments(yara, false)?, JailLimits::default());
    Ok(Jail { warm: samples > 1, ..jail })
}

/// Looks at many samples, each in a child of its own that is a fork of one that has the rules.
pub(crate) struct Matcher {
    jail: Jail,
    inside: bool,
}

impl Matcher {
    /// With `inside`, also at all that is in a sample, which takes a whole analysis.
    pub(crate) fn new(yara: &YaraConfig, inside: bool) -> Result<Self> {
        let jail = Jail::this_program(Task::arguments(yara, !inside)?, JailLimits::default());
        Ok(Self { jail: Jail { warm: true, ..jail }, inside })
    }

    /// The rules that match, or why nobody knows.
    pub(crate) async fn scan(&self, bytes: &[u8]) -> Result<Scanned, String> {
        if self.inside {
            let analysis = analyzed(&self.jail, bytes).await;
            return match analysis.outcome {
                ukai_model::Outcome::Failed { reason } => Err(reason),
                ukai_model::Outcome::Partial { reason } => {
                    Ok(Scanned { matches: analysis.yara, notes: vec![reason] })
                }
                ukai_model::Outcome::Complete => {
                    Ok(Scanned { matches: analysis.yara, notes: Vec::new() })
                }
            };
        }
        match self.jail.run(bytes).await {
            JailOutcome::Done(output) => serde_json::from_slice(&output)
                .map_err(|error| format!("what the child says cannot be read: {error}")),
            JailOutcome::Partial { reason, .. }
            | JailOutcome::Interrupted { reason, .. }
            | JailOutcome::Failed { reason } => Err(reason),
        }
    }
}

/// What a child is to do, by its second argument; or its end, of which it has told why.
fn task<T: DeserializeOwned>() -> Result<T, ExitCode> {
    let text = std::env::args().nth(2).unwrap_or_default();
    serde_json::from_str(&text).map_err(|_| {
        eprintln!("no task. This command is for ukai's own use");
        ExitCode::from(2)
    })
}

/// Confines the child, and reads the sample; or its end, of which it has told why.
fn sample() -> Result<Vec<u8>, ExitCode> {
    if let Err(error) = ukai_jail::enter() {
        eprintln!("{error}. This command is for ukai's own use");
        return Err(ExitCode::from(2));
    }
    let mut bytes = Vec::with_capacity(SAMPLE_BYTES_USUAL);
    if let Err(error) = std::io::stdin().lock().read_to_end(&mut bytes) {
        eprintln!("{error}");
        return Err(ExitCode::FAILURE);
    }
    Ok(bytes)
}

/// The child that shows a part: its second argument says which, as JSON.
pub(crate) fn run_view() -> ExitCode {
    let view = match task::<ukai_static::View>() {
        Ok(view) => view,
        Err(code) => return code,
    };
    let bytes = match sample() {
        Ok(bytes) => bytes,
        Err(code) => return code,
    };
    let viewed = serde_json::to_vec(&ukai_static::view(&bytes, &view)).expect("text is JSON");
    let mut out = std::io::stdout().lock();
    let written = out.write_all(&viewed).and_then(|()| out.write_all(b"\n"));
    if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The child: compiles the rules, confines itself, then reads the sample and prints what it
/// finds, stage by stage, one JSON line each.
pub(crate) fn run() -> ExitCode {
    crate::allocator::keep();
    let task = match task::<Task>() {
        Ok(task) => task,
        Err(code) => return code,
    };
    // What cannot be read or compiled is told by `ukai yara check`, and at `ukai up`'s start.
    let (rules, _) = task.yara.compile();
    // Never freed: a fork would write to each page of them only to end.
    let rules: &Rules = Box::leak(Box::new(rules));
    ukai_static::prepare(Some(rules));
    crate::allocator::fill_gaps();
    let bytes = match sample() {
        Ok(bytes) => bytes,
        Err(code) => return code,
    };
    let mut out = std::io::stdout().lock();
    let mut written = Ok(());
    if task.only_yara {
        let scanned = serde_json::to_vec(&rules.scan(&bytes)).expect("matches are JSON");
        written = out.write_all(&scanned).and_then(|()| out.write_all(b"\n"));
    } else {
        let now = Timestamp::from(SystemTime::now());
        // The parent knows these, or computes them: it trusts nobody's word for a file's name.
        let limits = ukai_static::Limits { weak_digests: false, ..Default::default() };
        ukai_static::analyze_with(&bytes, now, &limits, Some(rules), &mut |stage| {
            if stage.news && written.is_ok() {
                written = out.write_all(&ukai_static::line(stage.so_far));
            }
        });
    }
    if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
