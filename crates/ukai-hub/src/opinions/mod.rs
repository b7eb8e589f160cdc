//! What others say of samples: anti-virus engines (`antivirus.rs`), services that know hashes
//! (`lookups.rs`) and persons (`analyst.rs`). Engines and services are asked when a sample's static
//! analysis is done, and when a person wants it; who does not answer is asked again by the queue.
//!
//! What they say is kept as remarks of the store, its labels are the names that it gives the
//! sample, and scoring makes a claim of it.

mod analyst;
mod antivirus;
mod harmless;
mod lookups;

pub use lookups::{Services, carry};

pub(crate) use analyst::{ANALYST, Decision, Judged, judge};
pub(crate) use antivirus::{run as run_engines, watch_health};
pub(crate) use lookups::{ServiceHealth, run as run_services};

use crate::shared::App;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use ukai_engine::Agreement;
use ukai_indicator::{Claim, claim_of_opinion};
use ukai_lookup::{Answer, Standing};
use ukai_model::{Judgement, Sha256, Sighting, Timestamp, Verdict};
use ukai_store::{Job, Queue, Remark, StoreError};

/// Jobs and remarks: what engines say.
pub(crate) const ANTIVIRUS: &str = "antivirus";
/// Jobs and remarks: what services say.
pub(crate) const LOOKUPS: &str = "lookup";

/// What anti-virus engines say of a sample.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Scanned {
    /// The family on which they agree.
    pub(crate) agreement: Option<Agreement>,
    /// What each says, by its name.
    pub(crate) verdicts: Vec<Verdict>,
}

/// What services say that know samples by their hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct LookedUp {
    /// What each says, in the order of the configuration.
    pub(crate) services: Vec<Heard>,
}

/// What one service says of a sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Heard {
    /// The service; where there are several of a kind, with a number.
    pub(crate) service: String,
    /// When it was asked, or when its earlier answer was taken.
    #[schema(value_type = String, format = "date-time")]
    pub(crate) time: Timestamp,
    /// What it says; none: the question is open.
    pub(crate) answer: Option<Answer>,
    /// Why the question is open, if it is.
    pub(crate) open: Option<String>,
}

impl Scanned {
    /// Engines that know it, that know nothing of it, and that did not look.
    pub(crate) fn counts(&self) -> [u32; 3] {
        let mut counts = [0; 3];
        for verdict in &self.verdicts {
            let which = match verdict.judgement {
                Judgement::Detected { .. } => 0,
                Judgement::Clean => 1,
                Judgement::NotScanned { .. } => 2,
            };
            counts[which] += 1;
        }
        counts
    }

    /// Whether so many of those that looked know it that one mistake does not explain it.
    fn is_known(&self) -> bool {
        let [detected, clean, _] = self.counts();
        let agreed = self.agreement.as_ref().is_some_and(|agreement| agreement.engines > 1);
        detected > 0 && (detected >= clean || agreed)
    }
}

/// Asks for the opinions of others on a sample, if anybody is configured. Whether work was
/// added.
pub(crate) async fn queue(app: &App, sha256: Sha256, priority: i32) -> Result<bool, StoreError> {
    let mut queued = false;
    for (kind, asked) in
        [(ANTIVIRUS, app.context.engines.is_some()), (LOOKUPS, app.context.lookups.is_some())]
    {
        if asked {
            queued |= app.store.queue().push(kind, sha256, priority).await?;
        }
    }
    Ok(queued)
}

/// What was kept of a kind, if anything.
pub(crate) fn read<T: DeserializeOwned>(remarks: &[Remark], kind: &str) -> Option<T> {
    let remark = remarks.iter().find(|remark| remark.kind == kind)?;
    serde_json::from_value(remark.body.clone()).ok()
}

/// Keeps what was said.
pub(crate) async fn keep<T: Serialize>(
    app: &App,
    sha256: Sha256,
    kind: &str,
    labels: Vec<String>,
    said: &T,
) -> Result<(), StoreError> {
    let body = serde_json::to_value(said).expect("names, texts and times are JSON");
    app.store.put_remark(Remark { sha256, kind: kind.to_owned(), labels, body }).await
}

/// What the opinions on a sample claim: that it is malware, where enough say so.
pub(crate) fn claim(sha256: Sha256, remarks: &[Remark], sightings: &[Sighting]) -> Option<Claim> {
    let scanned: Scanned = read(remarks, ANTIVIRUS).unwrap_or_default();
    let looked_up: LookedUp = read(remarks, LOOKUPS).unwrap_or_default();
    let malicious: Vec<&Heard> = looked_up
        .services
        .iter()
        .filter(|heard| heard.answer.as_ref().is_some_and(|a| a.standing == Standing::Malicious))
        .collect();
    let judged: Option<Judged> = read(remarks, ANALYST);
    let judged = judged.filter(|said| said.verdict == Some(Decision::Malicious));
    if !scanned.is_known() && malicious.is_empty() && judged.is_none() {
        return None;
    }
    let [detected, clean, _] = scanned.counts();
    let mut said = Vec::new();
    if detected > 0 {
        let family = scanned.agreement.as_ref().map_or("malware", |found| found.family.as_str());
        said.push(format!("{family} for {detected} of {} engines", detected + clean));
    }
    said.extend(malicious.iter().map(|heard| format!("malicious for {}", heard.service)));
    said.extend(judged.iter().map(|_| "malicious for an analyst".to_owned()));
    let times = scanned.verdicts.iter().map(|verdict| verdict.time);
    let times = times.chain(malicious.iter().map(|heard| heard.time));
    let newest = times.chain(judged.iter().map(|said| said.time)).max().unwrap_or_default();
    Some(claim_of_opinion(sha256, &said.join(", "), newest, sightings))
}

/// Whether what was said at `time` is to be asked again for this job: a person wants it anew.
fn is_stale(job: &Job, time: Timestamp) -> bool {
    job.priority >= Queue::ASKED && time < job.created
}

/// Whether a job has waited for so long that nobody is asked any more.
fn is_given_up(job: &Job, now: Timestamp, after_s: u64) -> bool {
    now.since(job.created).as_secs() > after_s
}
