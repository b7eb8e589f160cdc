//! A service, what it is asked, and what it says.

use crate::limits::{NAMES_MAX, PLACES_MAX, TEXT_BYTES_MAX};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ukai_model::{PeerText, Sha256};
use url::Url;

/// A service that knows samples by their hashes.
pub trait Service: Send + Sync {
    /// The question about a hash.
    fn question(&self, sha256: &Sha256) -> Question;

    /// What an answer means. `status` is HTTP's; statuses of refusal and of haste are looked
    /// at before.
    fn read(&self, status: u16, body: &[u8]) -> Result<Answer, Misunderstood>;

    /// How a sample is handed over, if the service takes any.
    fn upload(&self, _sha256: &Sha256, _sample: &[u8]) -> Option<Question> {
        None
    }
}

/// An HTTP request.
#[derive(Clone, PartialEq, Eq)]
pub struct Question {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Where.
    pub url: Url,
    /// Headers beside those that HTTP needs. They may hold a key, so they are never shown.
    pub headers: Vec<(&'static str, String)>,
    /// Body of a POST.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.url)
    }
}

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// What `Retry-After` says.
    pub retry_after: Option<String>,
    /// Its body.
    pub body: Vec<u8>,
}

/// An answer that is none of the service's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("answered what cannot be understood: {0}")]
pub struct Misunderstood(pub String);

/// What a service thinks of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It has never seen it.
    Unknown,
    /// It knows it and says neither good nor bad.
    Known,
    /// It is a file of a known product.
    Harmless,
    /// Some hold it for malware.
    Suspicious,
    /// It is malware.
    Malicious,
}

/// What a service says of a sample. The texts are the service's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Answer {
    /// What it thinks of it.
    pub standing: Standing,
    /// Names of the malware or of the product, the most telling first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<PeerText>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<PeerText>,
    /// Where it was seen, or what belongs to it: URLs, hosts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<PeerText>,
    /// When it was first seen, in the service's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<PeerText>,
    /// The figures behind it, for a reader: `45 of 70 engines`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<PeerText>,
}

impl Answer {
    /// An answer with a standing and nothing else.
    pub(crate) fn new(standing: Standing) -> Self {
        Self {
            standing,
            names: Vec::new(),
            tags: Vec::new(),
            places: Vec::new(),
            first_seen: None,
            detail: None,
        }
    }

    pub(crate) fn name(&mut self, name: &Value) {
        push(&mut self.names, name, NAMES_MAX);
    }

    pub(crate) fn tag(&mut self, tag: &Value) {
        push(&mut self.tags, tag, NAMES_MAX);
    }

    pub(crate) fn tags(&mut self, tags: &Value) {
        for tag in list(tags) {
            self.tag(tag);
        }
    }

    pub(crate) fn place(&mut self, place: &Value) {
        push(&mut self.places, place, PLACES_MAX);
    }
}

fn push(list: &mut Vec<PeerText>, value: &Value, max: usize) {
    if let Some(text) = text(value).filter(|text| list.len() < max && !list.contains(text)) {
        list.push(text);
    }
}

/// A text of an answer, if it is one and not empty.
pub(crate) fn text(value: &Value) -> Option<PeerText> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| PeerText::truncated(text.as_bytes(), TEXT_BYTES_MAX))
}

/// The body as JSON.
pub(crate) fn json(body: &[u8]) -> Result<Value, Misunderstood> {
    serde_json::from_slice(body).map_err(|_| nonsense(body))
}

/// What was said in a way that nobody understands.
pub(crate) fn nonsense(body: &[u8]) -> Misunderstood {
    Misunderstood(PeerText::truncated(body, 120).to_string())
}

/// The elements of a list; none if it is none.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
