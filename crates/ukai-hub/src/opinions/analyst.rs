//! What a person says of a sample: a verdict, tags, a note.
//!
//! "Malicious" is evidence as engines' words are; "harmless" keeps the file out of feeds
//! (`harmless.rs`).

use super::{harmless::settle, keep};
use crate::clock;
use crate::shared::App;
use serde::{Deserialize, Serialize};
use ukai_model::{EventKind, Sha256, Timestamp};
use ukai_store::StoreError;

/// Remarks: what a person says.
pub(crate) const ANALYST: &str = "analyst";

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
    settle(app, sha256).await?;
    let verdict = verdict.map(|decision| decision.name().to_owned());
    let said = EventKind::SampleJudged { sha256, verdict, tags: judged.tags.clone() };
    app.store.submit(vec![app.event(said)]).await?;
    Ok(judged)
}
