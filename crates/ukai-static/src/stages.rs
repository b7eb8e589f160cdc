//! How a result travels out of a child that may be killed: a line per stage, each with all
//! that is known so far.

use ukai_model::{Analysis, Outcome};

/// A stage has ended.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// What was looked at: `type`, `hashes`, `strings` ...
    pub name: &'static str,
    /// Whether it found something, or is the last one: else what was known before it is all
    /// that there is to write down.
    pub news: bool,
    /// The result so far; its outcome says that it is partial, except in the last stage.
    pub so_far: &'a Analysis,
}

/// An analysis as a line of JSON.
pub fn line(analysis: &Analysis) -> Vec<u8> {
    let mut line = serde_json::to_vec(analysis).expect("an analysis has no maps or foreign types");
    line.push(b'\n');
    line
}

/// The last whole result among lines written by [`line`]. If `reason` says why the writer
/// ended early, it goes into the outcome, with the stage that was going on.
pub fn interrupted(lines: &[u8], reason: Option<&str>) -> Option<Analysis> {
    let last = lines.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty())?;
    let mut analysis: Analysis = serde_json::from_slice(last).ok()?;
    if let Some(reason) = reason {
        let during = match &analysis.outcome {
            Outcome::Partial { reason: during } => format!(" {during}"),
            _ => String::new(),
        };
        analysis.outcome = Outcome::Partial { reason: format!("{reason}{during}") };
    }
    Some(analysis)
}
