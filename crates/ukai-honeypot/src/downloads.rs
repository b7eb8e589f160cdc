//! Fetches through the egress, and what comes is kept.

use crate::limits::URL_BYTES_MAX;
use bytes::Bytes;
use std::sync::Arc;
use ukai_driver::{FetchReply, FetchRequest};
use ukai_egress::{Egress, FetchReport};
use ukai_emulators::Fetched;
use ukai_model::{FetchOutcome, PeerText};
use ukai_store::Store;

/// Fetches `request`, and puts what comes into the store before anybody hears of it.
/// The egress sees to it that many who ask for one file are one fetch.
pub(crate) async fn fetch(egress: Arc<Egress>, store: Store, request: FetchRequest) -> FetchReply {
    let bytes = request.url.as_bytes();
    if bytes.len() > URL_BYTES_MAX {
        let error = format!("the URL is longer than {URL_BYTES_MAX} bytes");
        return FetchReply::not_tried(FetchOutcome::BadUrl, error);
    }
    let Ok(url) = std::str::from_utf8(bytes) else {
        return FetchReply::not_tried(FetchOutcome::BadUrl, "the URL is not UTF-8".to_owned());
    };
    keep(&store, egress.fetch(url, request.tool).await).await
}

async fn keep(store: &Store, report: FetchReport) -> FetchReply {
    let came = matches!(report.outcome, FetchOutcome::Complete | FetchOutcome::Partial);
    let bytes = if came { report.bytes } else { Bytes::new() };
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
