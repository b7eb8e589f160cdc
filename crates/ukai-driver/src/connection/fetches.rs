//! Fetches that a session waits for, and those that outlive it.

use super::Connection;
use super::journal::Journal;
use crate::{FetchReply, FetchRequest};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio_util::sync::CancellationToken;
use ukai_emulators::{Effect, FetchId};
use ukai_model::{CaptureHow, EventKind, FetchOutcome, PeerText};

/// Fetches that a session waits for.
#[derive(Default)]
pub(super) struct Fetches {
    /// Only sessions that fetch pay for the set.
    running: Option<Box<FuturesUnordered<BoxFuture<'static, Finished>>>>,
    asked: u32,
}

/// A fetch that is over.
pub(super) struct Finished {
    id: FetchId,
    url: PeerText,
    reply: FetchReply,
}

impl Fetches {
    pub(super) fn is_empty(&self) -> bool {
        self.running.as_ref().is_none_or(|running| running.is_empty())
    }

    pub(super) fn poll_finished(&mut self, cx: &mut Context<'_>) -> Poll<Box<Finished>> {
        let Some(running) = &mut self.running else { return Poll::Pending };
        match running.poll_next_unpin(cx) {
            Poll::Ready(Some(finished)) => Poll::Ready(Box::new(finished)),
            Poll::Ready(None) => {
                self.running = None;
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn push(&mut self, fetch: BoxFuture<'static, Finished>) {
        self.running.get_or_insert_with(Box::default).push(fetch);
    }
}

impl Connection {
    pub(super) fn start_fetch(&mut self, id: FetchId, url: PeerText, tool: &'static str) {
        self.journal.note(EventKind::DownloadRequest { url: url.clone(), tool: tool.to_owned() });
        self.fetches.asked = self.fetches.asked.saturating_add(1);
        if self.fetches.asked > self.shared.budgets.fetches_per_session_max {
            self.journal.limit("fetches_per_session_max", "further fetches are not tried");
            let reply = FetchReply::not_tried(
                FetchOutcome::RateLimited,
                "the session has used up its fetches".to_owned(),
            );
            self.fetches.push(std::future::ready(Finished { id, url, reply }).boxed());
            return;
        }
        let origin = self.journal.origin(&self.assignment.host.persona.name);
        let fetch = self.shared.sink.fetch(FetchRequest { origin, url: url.clone(), tool });
        self.fetches.push(fetch.map(move |reply| Finished { id, url, reply }).boxed());
    }

    /// Notes what came and tells the session.
    pub(super) fn deliver(&mut self, finished: Finished) -> Vec<Effect> {
        note_result(&mut self.journal, &finished.url, &finished.reply);
        let Finished { id, reply, .. } = finished;
        self.call(|session, cx| session.on_fetched(cx, id, reply.fetched))
    }

    /// A peer that hangs up does not take back what it pointed to: the fetches go on
    /// without the session, a bounded number of them, until the sensor stops.
    pub(super) fn orphan_fetches(&mut self, shutdown: &CancellationToken) {
        let Some(mut running) = self.fetches.running.take().filter(|r| !r.is_empty()) else {
            return;
        };
        let count = running.len() as u32;
        let orphans = Arc::clone(&self.shared.orphans);
        let Ok(permit) = orphans.try_acquire_many_owned(count) else {
            self.journal.limit("orphaned_fetches", "fetches were cut off with the session");
            return;
        };
        let mut journal = self.journal.successor();
        let shutdown = shutdown.clone();
        let finish = async move {
            while let Some(finished) = running.next().await {
                note_result(&mut journal, &finished.url, &finished.reply);
                journal.record().await;
            }
            drop(permit);
        };
        self.shared.tasks.spawn(async move {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = finish => {}
            }
        });
    }
}

fn note_result(journal: &mut Journal, url: &PeerText, reply: &FetchReply) {
    let size = reply.fetched.bytes.len() as u64;
    journal.note(EventKind::DownloadResult {
        url: url.clone(),
        outcome: reply.fetched.outcome,
        sha256: reply.fetched.sha256,
        size,
        server_ip: reply.fetched.server_ip,
        final_url: reply.final_url.clone(),
        error: reply.error.clone(),
        duration_ms: reply.duration_ms,
    });
    if let Some(sha256) = reply.fetched.sha256 {
        journal.note(EventKind::SampleCaptured {
            sha256,
            size,
            how: CaptureHow::Fetched,
            name: file_name(url),
            url: Some(url.clone()),
        });
    }
}

/// The last part of a URL's path, which is the name that a download gets.
fn file_name(url: &PeerText) -> Option<PeerText> {
    let bytes = url.as_bytes();
    let end = bytes.iter().position(|b| matches!(b, b'?' | b'#')).unwrap_or(bytes.len());
    let path = &bytes[..end];
    let start = path.windows(3).position(|w| w == b"://").map_or(0, |at| at + 3);
    let slash = path[start..].iter().rposition(|b| *b == b'/')?;
    let name = &path[start + slash + 1..];
    (!name.is_empty()).then(|| PeerText::truncated(name, 255))
}

#[cfg(test)]
mod tests {
    use super::file_name;
    use ukai_model::PeerText;

    #[test]
    fn a_download_is_named_by_its_path() {
        for (url, name) in [
            ("http://192.0.2.1/a/mips?x=/y", Some("mips")),
            ("http://192.0.2.1", None),
            ("http://192.0.2.1/", None),
            ("tftp://192.0.2.1/arm7#f", Some("arm7")),
            ("192.0.2.1/x", Some("x")),
        ] {
            assert_eq!(file_name(&PeerText::from(url)), name.map(PeerText::from), "{url}");
        }
    }
}
