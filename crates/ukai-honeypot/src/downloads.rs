//! Fetches through the egress: the same file is asked for once, and kept.

use crate::limits::{FETCHES_KEPT_BYTES_MAX, FETCHES_KEPT_MAX, URL_BYTES_MAX};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use lru::LruCache;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use ukai_driver::{FetchReply, FetchRequest};
use ukai_egress::{Egress, FetchReport};
use ukai_emulators::Fetched;
use ukai_model::{FetchOutcome, PeerText};
use ukai_store::Store;

/// What is asked for, and by which command: servers answer commands differently.
type Key = (PeerText, &'static str);
type Running = Shared<BoxFuture<'static, FetchReply>>;

/// Fetches through the egress. Clones share the table.
#[derive(Clone)]
pub(crate) struct Downloads {
    inner: Arc<Inner>,
}

struct Inner {
    egress: Arc<Egress>,
    store: Store,
    reuse: Duration,
    table: Mutex<Table>,
}

struct Table {
    running: HashMap<Key, Running>,
    recent: LruCache<Key, (Instant, FetchReply)>,
    recent_bytes: usize,
}

impl Downloads {
    pub(crate) fn new(egress: Arc<Egress>, store: Store, reuse: Duration) -> Self {
        let table =
            Table { running: HashMap::new(), recent: LruCache::unbounded(), recent_bytes: 0 };
        Self { inner: Arc::new(Inner { egress, store, reuse, table: Mutex::new(table) }) }
    }

    /// Fetches, or shares what another session fetches or has fetched. Goes on when the
    /// asker has gone.
    pub(crate) fn fetch(&self, request: FetchRequest) -> BoxFuture<'static, FetchReply> {
        if request.url.as_bytes().len() > URL_BYTES_MAX {
            let error = format!("the URL is longer than {URL_BYTES_MAX} bytes");
            let reply = FetchReply::not_tried(FetchOutcome::BadUrl, error);
            return std::future::ready(reply).boxed();
        }
        let key = (request.url, request.tool);
        let mut table = self.inner.table.lock();
        if let Some(reply) = table.recent(&key, self.inner.reuse) {
            return std::future::ready(reply).boxed();
        }
        if let Some(running) = table.running.get(&key) {
            return running.clone().boxed();
        }
        let running = run(Arc::clone(&self.inner), key.clone()).boxed().shared();
        table.running.insert(key, running.clone());
        tokio::spawn(running.clone());
        running.boxed()
    }
}

async fn run(inner: Arc<Inner>, key: Key) -> FetchReply {
    let reply = match std::str::from_utf8(key.0.as_bytes()) {
        Ok(url) => keep(&inner.store, inner.egress.fetch(url, key.1).await).await,
        Err(_) => FetchReply::not_tried(FetchOutcome::BadUrl, "the URL is not UTF-8".to_owned()),
    };
    let mut table = inner.table.lock();
    table.running.remove(&key);
    // What was not tried now may be tried in a moment.
    if reply.fetched.outcome != FetchOutcome::RateLimited && !inner.reuse.is_zero() {
        table.remember(key, reply.clone());
    }
    reply
}

/// Puts what came into the store.
async fn keep(store: &Store, report: FetchReport) -> FetchReply {
    let came = matches!(report.outcome, FetchOutcome::Complete | FetchOutcome::Partial);
    let bytes = if came { report.bytes } else { bytes::Bytes::new() };
    let mut sha256 = None;
    if !bytes.is_empty() {
        match store.put_sample(bytes.clone()).await {
            Ok((name, _)) => sha256 = Some(name),
            Err(error) => tracing::error!(%error, "a fetched file could not be kept"),
        }
    }
    FetchReply {
        fetched: Fetched {
            outcome: report.outcome,
            bytes,
            sha256,
            status: report.status,
            server_ip: report.server_ip,
            content_type: report.content_type,
        },
        final_url: report.final_url.map(|url| PeerText::from(url.as_str())),
        error: report.error,
        duration_ms: report.duration.as_millis() as u64,
    }
}

impl Table {
    fn recent(&mut self, key: &Key, reuse: Duration) -> Option<FetchReply> {
        let (when, reply) = self.recent.get(key)?;
        if when.elapsed() < reuse {
            return Some(reply.clone());
        }
        self.forget(key);
        None
    }

    fn forget(&mut self, key: &Key) {
        if let Some((_, reply)) = self.recent.pop(key) {
            self.recent_bytes -= reply.fetched.bytes.len();
        }
    }

    fn remember(&mut self, key: Key, reply: FetchReply) {
        self.forget(&key);
        self.recent_bytes += reply.fetched.bytes.len();
        self.recent.put(key, (Instant::now(), reply));
        while self.recent.len() > FETCHES_KEPT_MAX || self.recent_bytes > FETCHES_KEPT_BYTES_MAX {
            let Some((_, (_, old))) = self.recent.pop_lru() else { break };
            self.recent_bytes -= old.fetched.bytes.len();
        }
    }
}
