//! What a person says of a sample: a verdict, tags, a note.
//!
//! "Malicious" is evidence as engines' words are; "harmless" keeps the file out of feeds, as a
//! report of a false positive does.

use super::keep;
use crate::board::FalsePositive;
use crate::shared::App;
use crate::{clock, limits};
use serde::{Deserialize, Serialize};
use ukai_indicator::observables;
use ukai_model::{EventKind, Sha256, Timestamp};
use ukai_store::StoreError;

/// Remarks: what a person says.
pub(crate) const ANALYST: &str = "analyst";

/// Why a file that a person calls harmless is in no feed.
const REASON: &str = "an analyst calls this file harmless";

/// What a person thinks of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Decision {
    /// It does harm.
    Malicious,
    /// It may.
    Suspicious,
    /// It does none.
    Harmless,
}

impl Decision {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Malicious => "malicious",
            Self::Suspicious => "suspicious",
            Self::Harmless => "harmless",
        }
    }
}

/// What a person says of a sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Judged {
    /// What they think of it; none: they have not decided.
    pub(crate) verdict: Option<Decision>,
    /// Words by which they find it again.
    pub(crate) tags: Vec<String>,
    /// What they noted.
    pub(crate) note: String,
    /// When they said so last.
    #[schema(value_type = String, format = "date-time")]
    pub(crate) time: Timestamp,
}

/// Keeps what a person says. Tags are put in order, and each is kept once.
pub(crate) async fn judge(
    app: &App,
    sha256: Sha256,
    verdict: Option<Decision>,
    tags: Vec<String>,
    note: String,
) -> Result<Judged, StoreError> {
    let mut tags: Vec<String> = tags.iter().map(|tag| tag.trim().to_owned()).collect();
    tags.retain(|tag| !tag.is_empty());
    tags.sort();
    tags.dedup();
    let judged = Judged { verdict, tags, note, time: clock::now() };
    let mut labels = judged.tags.clone();
    labels.extend(verdict.map(|decision| decision.name().to_owned()));
    keep(app, sha256, ANALYST, labels, &judged).await?;
    withhold(app, sha256, verdict == Some(Decision::Harmless)).await?;
    let verdict = verdict.map(|decision| decision.name().to_owned());
    let said = EventKind::SampleJudged { sha256, verdict, tags: judged.tags.clone() };
    app.store.submit(vec![app.event(said)]).await?;
    Ok(judged)
}

/// Keeps the file out of feeds, or lets it in again if it was out for this reason.
async fn withhold(app: &App, sha256: Sha256, harmless: bool) -> Result<(), StoreError> {
    let observable = observables::sha256(&sha256);
    let ours = app.board.false_positive(&observable).is_some_and(|it| it.reason == REASON);
    if harmless {
        let report = FalsePositive { reason: REASON.to_owned(), time: clock::now() };
        if !app.board.report(&app.store, observable, report).await? {
            tracing::warn!(max = limits::FALSE_POSITIVES_MAX, "too many false positives are kept");
        }
    } else if ours {
        app.board.take_back(&app.store, &observable).await?;
    }
    Ok(())
}
