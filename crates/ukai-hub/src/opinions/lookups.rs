//! Workers that ask services what they know of samples by their hashes. Only the hash leaves.
//!
//! Pace and answers are in a [`Book`], kept in one file of the data folder, which the command
//! line uses as well while no hub runs. A question that may not be asked yet is put again when
//! it may.

use super::harmless::settle;
use super::{Heard, LOOKUPS, LookedUp, is_given_up, is_stale, keep, read};
use crate::shared::{App, Cycle};
use crate::worker::keep_lease;
use crate::{clock, limits};
use std::collections::HashSet;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use ukai_egress::{Egress, Request};
use ukai_lookup::{ANSWER_BYTES_MAX, Ask, Book, Lookups, Outcome, Question, Reply, Standing};
use ukai_model::{EventKind, Sha256};
use ukai_store::{Job, StoreError};

/// The services of a configuration, with what they said and how they are reached.
pub struct Services {
    lookups: Lookups,
    egress: Egress,
    book: Mutex<Kept>,
    path: PathBuf,
}

struct Kept {
    book: Book,
    /// Since when something is not in the file.
    changed: Option<Instant>,
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries((0..self.lookups.len()).map(|at| self.lookups.name(at))).finish()
    }
}

/// A service, for showing.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct ServiceHealth {
    /// Its name.
    pub(crate) service: String,
    /// Why it is not asked now: no key, too often, an outage; none: it is.
    pub(crate) waits: Option<String>,
    /// Questions on this day by UTC.
    pub(crate) asked_today: u32,
}

/// What came of asking one service.
enum Told {
    Heard(Heard),
    /// Not now; again after so long, if that is known.
    Later(Heard, Option<Duration>),
    /// It is off and says nothing.
    Off,
}

impl Services {
    /// Puts services, the way to them and what they said before together. `book` is kept in the
    /// file at `path`.
    pub fn new(lookups: Lookups, egress: Egress, book: Book, path: PathBuf) -> Self {
        let book = Mutex::new(Kept { book, changed: None });
        Self { lookups, egress, book, path }
    }

    async fn ask(&self, index: usize, sha256: &Sha256) -> Told {
        let service = self.lookups.name(index);
        let heard =
            |answer, open| Heard { service: service.clone(), time: clock::now(), answer, open };
        let now = clock::now();
        let ask = self.book.lock().await.book.ask(&self.lookups, index, sha256, now);
        match ask {
            Ask::Off(_) => Told::Off,
            Ask::Remembered(answer) => Told::Heard(heard(Some(answer), None)),
            Ask::Later { at_s, reason } => {
                let wait = Duration::from_secs(at_s.saturating_sub(now.secs()));
                Told::Later(heard(None, Some(reason)), Some(wait))
            }
            Ask::Carry(question) => {
                let reply = carry(&self.egress, question).await;
                let mut kept = self.book.lock().await;
                kept.changed.get_or_insert_with(Instant::now);
                let outcome = kept.book.replied(&self.lookups, index, sha256, clock::now(), reply);
                match outcome {
                    Outcome::Answered(answer) => Told::Heard(heard(Some(answer), None)),
                    Outcome::Open(reason) => Told::Later(heard(None, Some(reason)), None),
                }
            }
        }
    }

    /// How the services are.
    pub(crate) async fn health(&self) -> Vec<ServiceHealth> {
        let kept = self.book.lock().await;
        let now = clock::now();
        let of = |index| {
            let (waits, asked_today) = kept.book.state(&self.lookups, index, now);
            ServiceHealth { service: self.lookups.name(index), waits, asked_today }
        };
        (0..self.lookups.len()).map(of).collect()
    }

    /// Writes the book if it changed a while ago, or, with `now`, at all.
    async fn save(&self, now: bool) -> io::Result<()> {
        let mut kept = self.book.lock().await;
        let due = |since: &Instant| now || since.elapsed() >= limits::BOOK_SAVED_AFTER;
        if !kept.changed.as_ref().is_some_and(due) {
            return Ok(());
        }
        let text = serde_json::to_vec(&kept.book)?;
        let (path, beside) = (self.path.clone(), self.path.with_extension("json.new"));
        tokio::task::spawn_blocking(move || {
            // Written beside and put in place, so that it is whole at any time.
            std::fs::write(&beside, text)?;
            std::fs::rename(&beside, path)
        })
        .await
        .map_err(io::Error::other)??;
        kept.changed = None;
        Ok(())
    }
}

/// Carries a question through the egress.
///
/// # Errors
/// Why there is no answer, for a reader.
pub async fn carry(egress: &Egress, question: Question) -> Result<Reply, String> {
    let request = Request {
        method: question.method,
        url: question.url.into(),
        headers: question.headers,
        body: question.body,
        answer_bytes_max: ANSWER_BYTES_MAX,
    };
    let response = egress.ask(request).await.map_err(|error| error.to_string())?;
    let (status, retry_after) = (response.status, response.retry_after);
    Ok(Reply { status, retry_after, body: response.body.into() })
}

/// Works until the hub stops.
pub(crate) async fn run(app: App, services: Arc<Services>, name: String) {
    let worker = Worker { app: app.clone(), services, name };
    loop {
        let round = async {
            let result = worker.round().await;
            let idle = matches!(result, Ok(false));
            let saved = worker.services.save(false).await;
            let result = result.map(drop).map_err(|error| error.to_string());
            let result = result.and(saved.map_err(|error| format!("the answers: {error}")));
            app.faults.note(&app.metrics, Cycle::Lookups, &result);
            if result.is_err() {
                tokio::time::sleep(limits::CYCLE_RETRY).await;
            } else if idle {
                // Other workers are woken by the same word, so it is not waited for alone.
                tokio::time::sleep(limits::OPINIONS_IDLE).await;
            }
        };
        tokio::select! {
            () = app.stop.cancelled() => break,
            () = round => {}
        }
    }
    if let Err(error) = worker.services.save(true).await {
        tracing::error!(%error, "what services said could not be kept");
    }
}

struct Worker {
    app: App,
    services: Arc<Services>,
    name: String,
}

impl Worker {
    /// Does one job; false if there is none.
    async fn round(&self) -> Result<bool, StoreError> {
        let queue = self.app.store.queue();
        let Some(job) = queue.lease_patiently(LOOKUPS, &self.name, limits::LEASE).await? else {
            return Ok(false);
        };
        tokio::select! {
            done = self.work(&job) => done?,
            lost = keep_lease(&self.app, &job) => {
                lost?;
                tracing::warn!(sample = %job.sha256, "the lease of a look-up was lost");
            }
        }
        Ok(true)
    }

    async fn work(&self, job: &Job) -> Result<(), StoreError> {
        let (store, queue) = (&self.app.store, self.app.store.queue());
        let remarks = store.remarks(&job.sha256).await?;
        let before: LookedUp = read(&remarks, LOOKUPS).unwrap_or_default();
        let mut after = LookedUp::default();
        let mut waits: Vec<Option<Duration>> = Vec::new();
        for index in 0..self.services.lookups.len() {
            let name = self.services.lookups.name(index);
            let known = before.services.iter().find(|heard| heard.service == name).cloned();
            if let Some(heard) = &known
                && heard.answer.is_some()
                && !is_stale(job, heard.time)
            {
                after.services.extend(known);
                continue;
            }
            match self.services.ask(index, &job.sha256).await {
                Told::Heard(heard) => after.services.push(heard),
                Told::Later(heard, wait) => {
                    waits.push(wait);
                    // What it said before holds until it says something else.
                    let said = known.filter(|heard| heard.answer.is_some());
                    after.services.push(said.unwrap_or(heard));
                }
                Told::Off => after.services.extend(known),
            }
        }
        if after != before {
            keep(&self.app, job.sha256, LOOKUPS, labels(&after), &after).await?;
            settle(&self.app, job.sha256).await?;
        }
        self.tell(job, &before, &after).await?;
        if waits.is_empty() || is_given_up(job, clock::now(), limits::LOOKUP_GIVEN_UP_S) {
            queue.complete(job).await?;
            return Ok(());
        }
        // Who gave no answer is asked again with growing pauses, the others when they may be.
        let first = waits.iter().copied().collect::<Option<Vec<_>>>();
        let first = first.and_then(|all| all.into_iter().min());
        let wait = first.map(|wait| wait.max(limits::LOOKUP_RETRY_MIN));
        queue.postpone(job, "a service cannot be asked yet", wait).await?;
        Ok(())
    }

    /// Tells what is new. That a question is still open is not.
    async fn tell(&self, job: &Job, before: &LookedUp, after: &LookedUp) -> Result<(), StoreError> {
        let said = |looked_up: &LookedUp| {
            let heard = looked_up.services.iter().filter_map(|heard| heard.answer.as_ref());
            heard.cloned().collect::<Vec<_>>()
        };
        let answers = said(after);
        if answers == said(before) {
            return Ok(());
        }
        let of = |fits: &dyn Fn(Standing) -> bool| {
            answers.iter().filter(|answer| fits(answer.standing)).count() as u32
        };
        let [malicious, unknown] =
            [Standing::Malicious, Standing::Unknown].map(|it| of(&|standing| standing == it));
        let done = EventKind::LookupDone {
            sha256: job.sha256,
            malicious,
            known: answers.len() as u32 - malicious - unknown,
            unknown,
            open: (after.services.len() - answers.len()) as u32,
            name: answers.iter().find_map(|answer| answer.names.first()).cloned(),
        };
        self.app.store.submit(vec![self.app.event(done)]).await
    }
}

/// The names that services give malware, each once.
fn labels(looked_up: &LookedUp) -> Vec<String> {
    let bad = |standing| matches!(standing, Standing::Malicious | Standing::Suspicious);
    let answers = looked_up.services.iter().filter_map(|heard| heard.answer.as_ref());
    let names = answers
        .filter(|answer| bad(answer.standing))
        .filter_map(|answer| answer.names.first())
        .map(ToString::to_string);
    let mut seen = HashSet::new();
    names.filter(|name| seen.insert(name.clone())).collect()
}
