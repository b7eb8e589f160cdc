//! Every service, played by a server on loopback that behaves as its documents say, asked
//! through the real egress.

mod pace;
mod server;
mod services;

use server::Server;
use std::path::Path;
use ukai_egress::{Egress, EgressConfig, Request};
use ukai_lookup::{
    ANSWER_BYTES_MAX, Ask, Book, LookupConfig, Lookups, Outcome, Question, Reply, ServiceKind,
};
use ukai_model::{Sha256, Timestamp};

/// The key that the servers take.
const KEY: &str = "0123456789abcdef";

fn config(service: ServiceKind, server: &Server, path: &str) -> LookupConfig {
    let url = Some(format!("http://{}{path}", server.address));
    let key_file = (service != ServiceKind::Hashlookup).then(|| "/keys/one".into());
    LookupConfig { service, key_file, url, per_minute: None, per_day: None, upload: false }
}

fn lookups(configs: &[LookupConfig]) -> Lookups {
    let read = |path: &Path| {
        assert_eq!(path, Path::new("/keys/one"));
        Ok(format!("{KEY}\n"))
    };
    Lookups::new(configs, &read).expect("a configuration")
}

fn now() -> Timestamp {
    Timestamp::from_secs(1_800_000_000)
}

fn egress() -> Egress {
    let allow = vec!["127.0.0.1/32".parse().expect("a prefix")];
    Egress::new(EgressConfig { allow, ..EgressConfig::default() }, Vec::new()).expect("an egress")
}

async fn carry(question: Question) -> Result<Reply, String> {
    let request = Request {
        method: question.method,
        url: question.url.to_string(),
        headers: question.headers,
        body: question.body,
        answer_bytes_max: ANSWER_BYTES_MAX,
    };
    let response = egress().ask(request).await.map_err(|error| error.to_string())?;
    let (status, retry_after) = (response.status, response.retry_after);
    Ok(Reply { status, retry_after, body: response.body.to_vec() })
}

/// Asks the only service about a hash.
async fn learn(book: &mut Book, lookups: &Lookups, sha256: &Sha256, now: Timestamp) -> Outcome {
    match book.ask(lookups, 0, sha256, now) {
        Ask::Carry(question) => {
            let reply = carry(question).await;
            book.replied(lookups, 0, sha256, now, reply)
        }
        Ask::Remembered(answer) => Outcome::Answered(answer),
        Ask::Later { reason, .. } | Ask::Off(reason) => Outcome::Open(reason),
    }
}
