//! Which samples are alike: the digests of all that were analysed, in memory.

use crate::shared::App;
use crate::{limits, worker};
use parking_lot::Mutex;
use std::collections::HashSet;
use ukai_model::{Analysis, Hashes, Sha256};
use ukai_static::{Alike, AlikeIndex};
use ukai_store::{SampleQuery, StoreError};

/// The digests of samples.
#[derive(Default)]
pub(crate) struct Likeness(Mutex<Known>);

#[derive(Default)]
struct Known {
    index: AlikeIndex,
    samples: HashSet<Sha256>,
}

impl Likeness {
    /// Adds what was analysed.
    pub(crate) fn add(&self, analysis: &Analysis) {
        let Some(hashes) = hashes(analysis) else { return };
        let mut known = self.0.lock();
        let room = known.samples.len() < limits::LIKENESS_SAMPLES_MAX;
        if room
            && !known.samples.contains(&analysis.sha256)
            && known.index.add(analysis.sha256, hashes)
        {
            known.samples.insert(analysis.sha256);
        }
    }

    /// The samples that are like the one of which these are the analyses, the nearest first.
    pub(crate) fn nearest(&self, analyses: &[Analysis]) -> Vec<Alike> {
        let Some((own, hashes)) = analyses.iter().find_map(|it| Some((it.sha256, hashes(it)?)))
        else {
            return Vec::new();
        };
        let mut found = self.0.lock().index.nearest(hashes, limits::LIKENESS_ITEMS + 1);
        found.retain(|near| near.sha256 != own);
        found.truncate(limits::LIKENESS_ITEMS);
        found
    }

    fn has_room(&self) -> bool {
        self.0.lock().samples.len() < limits::LIKENESS_SAMPLES_MAX
    }

    /// Number of samples in it.
    pub(crate) fn len(&self) -> u64 {
        self.0.lock().samples.len() as u64
    }
}

fn hashes(analysis: &Analysis) -> Option<&Hashes> {
    let own = analysis.engine == worker::ENGINE;
    analysis.hashes.as_ref().filter(|_| own)
}

/// Reads the digests of all samples, the newest first; then it waits for the hub's end.
pub(crate) async fn load(app: App) {
    let result = tokio::select! {
        () = app.stop.cancelled() => return,
        result = read_all(&app) => result,
    };
    if let Err(error) = result {
        tracing::error!(%error, "the digests of earlier samples could not be read");
    }
    app.stop.cancelled().await;
}

async fn read_all(app: &App) -> Result<(), StoreError> {
    let mut query = SampleQuery { limit: Some(limits::LIKENESS_PAGE), ..SampleQuery::default() };
    loop {
        let page = app.store.samples(query.clone()).await?;
        for sample in page.items {
            for analysis in app.store.analyses_of(&sample.sha256).await? {
                app.likeness.add(&analysis);
            }
        }
        match page.next {
            Some(next) if app.likeness.has_room() => query.before = Some(next),
            // What is read beyond its room would not be kept.
            Some(_) | None => return Ok(()),
        }
    }
}
