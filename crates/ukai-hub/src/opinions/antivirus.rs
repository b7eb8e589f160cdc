//! Workers that ask anti-virus engines about samples.
//!
//! All engines are asked at once, and what each says is kept when it says it. An engine that
//! hangs or is down leaves "not scanned", and is asked again, alone, with growing pauses.

use super::{ANTIVIRUS, Scanned, is_given_up, is_stale, keep, read};
use crate::shared::{App, Cycle};
use crate::worker::keep_lease;
use crate::{clock, limits};
use futures_util::StreamExt as _;
use std::sync::Arc;
use ukai_engine::{Engines, Vocabulary};
use ukai_model::{EventKind, Judgement, Verdict};
use ukai_store::{Job, StoreError};

/// Works until the hub stops.
pub(crate) async fn run(app: App, engines: Arc<Engines>, name: String) {
    let worker = Worker { app: app.clone(), engines, known: Vocabulary::shipped(), name };
    loop {
        let round = async {
            let result = worker.round().await;
            let idle = matches!(result, Ok(false));
            let result = result.map(drop);
            app.faults.note(&app.metrics, Cycle::Antivirus, &result);
            if result.is_err() {
                tokio::time::sleep(limits::CYCLE_RETRY).await;
            } else if idle {
                // Other workers are woken by the same word, so it is not waited for alone.
                tokio::time::sleep(limits::OPINIONS_IDLE).await;
            }
        };
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = round => {}
        }
    }
}

/// Asks the engines how they are, now and then, so that the status tells it without waiting.
pub(crate) async fn watch_health(app: App, engines: Arc<Engines>) {
    loop {
        let round = async {
            engines.health().await;
            tokio::time::sleep(limits::HEALTH_INTERVAL).await;
        };
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = round => {}
        }
    }
}

struct Worker {
    app: App,
    engines: Arc<Engines>,
    known: Vocabulary,
    name: String,
}

impl Worker {
    /// Does one job; false if there is none.
    async fn round(&self) -> Result<bool, StoreError> {
        let queue = self.app.store.queue();
        let Some(job) = queue.lease_patiently(ANTIVIRUS, &self.name, limits::LEASE).await? else {
            return Ok(false);
        };
        tokio::select! {
            done = self.work(&job) => done?,
            lost = keep_lease(&self.app, &job) => {
                lost?;
                tracing::warn!(sample = %job.sha256, "the lease of a scan was lost");
            }
        }
        Ok(true)
    }

    async fn work(&self, job: &Job) -> Result<(), StoreError> {
        let (store, queue) = (&self.app.store, self.app.store.queue());
        let bytes = match store.sample(&job.sha256).await {
            Ok(Some(bytes)) => bytes,
            // What is no longer kept cannot be scanned any more.
            Ok(None) | Err(StoreError::Damaged { .. }) => {
                queue.complete(job).await?;
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let remarks = store.remarks(&job.sha256).await?;
        let mut scanned: Scanned = read(&remarks, ANTIVIRUS).unwrap_or_default();
        let before = scanned.clone();
        // An engine that is no longer configured would stay "not scanned" for ever.
        scanned.verdicts.retain(|verdict| {
            !is_open(verdict) || self.engines.names().any(|name| name == verdict.engine)
        });
        let said: Vec<String> = scanned
            .verdicts
            .iter()
            .filter(|verdict| !is_open(verdict) && !is_stale(job, verdict.time))
            .map(|verdict| verdict.engine.clone())
            .collect();
        let wanted = |name: &str| !said.iter().any(|known| known == name);
        let mut answers = self.engines.ask(&bytes, wanted).ready_chunks(limits::ENGINES_AT_ONCE);
        while let Some(verdicts) = answers.next().await {
            for verdict in verdicts {
                replace(&mut scanned.verdicts, verdict);
            }
            scanned.agreement = self.known.agreement(&scanned.verdicts);
            let labels = scanned.agreement.iter().map(|found| found.family.clone()).collect();
            keep(&self.app, job.sha256, ANTIVIRUS, labels, &scanned).await?;
        }
        self.tell(job, &before, &scanned).await?;
        let open: Vec<&Verdict> = scanned.verdicts.iter().filter(|v| is_open(v)).collect();
        if open.is_empty() || is_given_up(job, clock::now(), limits::SCAN_GIVEN_UP_S) {
            queue.complete(job).await?;
            return Ok(());
        }
        let names: Vec<&str> = open.iter().map(|verdict| verdict.engine.as_str()).collect();
        queue.postpone(job, &format!("not scanned by {}", names.join(", ")), None).await?;
        Ok(())
    }

    /// Tells what is new. That an engine is still silent is not.
    async fn tell(&self, job: &Job, before: &Scanned, after: &Scanned) -> Result<(), StoreError> {
        if before.counts() == after.counts() && before.agreement == after.agreement {
            return Ok(());
        }
        let [detected, clean, not_scanned] = after.counts();
        let family = after.agreement.as_ref().map(|found| found.family.clone());
        let sha256 = job.sha256;
        let done = EventKind::AntivirusDone { sha256, family, detected, clean, not_scanned };
        self.app.store.submit(vec![self.app.event(done)]).await
    }
}

/// Whether an engine is to be asked again.
const fn is_open(verdict: &Verdict) -> bool {
    matches!(verdict.judgement, Judgement::NotScanned { again: true, .. })
}

/// Puts a verdict in its engine's place. That it was silent now does not undo what it said.
fn replace(verdicts: &mut Vec<Verdict>, verdict: Verdict) {
    match verdicts.iter_mut().find(|known| known.engine == verdict.engine) {
        Some(known) if is_open(&verdict) && !is_open(known) => {}
        Some(known) => *known = verdict,
        None => {
            verdicts.push(verdict);
            verdicts.sort_by(|a, b| a.engine.cmp(&b.engine));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ukai_model::{PeerText, Sha256, Timestamp};

    #[test]
    fn silence_does_not_undo_what_was_said() {
        let verdict = |judgement| Verdict {
            sha256: Sha256::of(b""),
            engine: "x".to_owned(),
            product: None,
            signatures: None,
            time: Timestamp::from_secs(1),
            duration_ms: 1,
            judgement,
        };
        let silent = || verdict(Judgement::NotScanned { reason: "hangs".to_owned(), again: true });
        let known = verdict(Judgement::Detected { names: vec![PeerText::from("Mirai")] });
        let mut kept = Vec::new();
        replace(&mut kept, silent());
        replace(&mut kept, known.clone());
        replace(&mut kept, silent());
        assert_eq!(kept, [known]);
        let clean = verdict(Judgement::Clean);
        replace(&mut kept, clean.clone());
        assert_eq!(kept, [clean], "what it says later counts");
    }
}
