//! abuse.ch: MalwareBazaar, URLhaus, ThreatFox. They share a key (`Auth-Key`) and a form: a
//! POST, and an answer that says how it went in `query_status`.

use super::virustotal::below;
use crate::service::{
    Answer, Misunderstood, Question, Service, Standing, json, list, nonsense, text,
};
use serde_json::{Value, json as object};
use ukai_model::Sha256;
use url::Url;

/// Which of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Collection {
    MalwareBazaar,
    UrlHaus,
    ThreatFox,
}

pub(crate) struct AbuseCh {
    pub(crate) collection: Collection,
    pub(crate) url: Url,
    pub(crate) key: String,
}

impl Service for AbuseCh {
    fn question(&self, sha256: &Sha256) -> Question {
        let form = "application/x-www-form-urlencoded";
        let (url, content_type, body) = match self.collection {
            Collection::MalwareBazaar => {
                (self.url.clone(), form, format!("query=get_info&hash={sha256}"))
            }
            Collection::UrlHaus => {
                (below(&self.url, "payload/"), form, format!("sha256_hash={sha256}"))
            }
            Collection::ThreatFox => {
                let body = object!({ "query": "search_hash", "hash": sha256.to_string() });
                (self.url.clone(), "application/json", body.to_string())
            }
        };
        Question {
            method: "POST",
            url,
            headers: vec![
                ("auth-key", self.key.clone()),
                ("content-type", content_type.to_owned()),
            ],
            body: body.into_bytes(),
        }
    }

    fn read(&self, _status: u16, body: &[u8]) -> Result<Answer, Misunderstood> {
        let said = json(body)?;
        match said["query_status"].as_str() {
            Some("hash_not_found" | "no_results" | "no_result") => {
                Ok(Answer::new(Standing::Unknown))
            }
            Some("ok") => Ok(self.known(&said)),
            _ => Err(nonsense(body)),
        }
    }
}

impl AbuseCh {
    /// Whatever is in these collections is malware: that is what they collect.
    fn known(&self, said: &Value) -> Answer {
        let mut answer = Answer::new(Standing::Malicious);
        match self.collection {
            Collection::MalwareBazaar => {
                for one in list(&said["data"]) {
                    answer.name(&one["signature"]);
                    answer.first_seen = answer.first_seen.or_else(|| text(&one["first_seen"]));
                    answer.tags(&one["tags"]);
                    answer.tag(&one["file_type"]);
                }
            }
            Collection::UrlHaus => {
                answer.name(&said["signature"]);
                answer.first_seen = text(&said["firstseen"]);
                answer.tag(&said["file_type"]);
                for url in list(&said["urls"]) {
                    answer.place(&url["url"]);
                }
            }
            Collection::ThreatFox => {
                for one in list(&said["data"]) {
                    answer.name(&one["malware_printable"]);
                    answer.first_seen = answer.first_seen.or_else(|| text(&one["first_seen"]));
                    answer.tags(&one["tags"]);
                    answer.place(&one["ioc"]);
                }
            }
        }
        answer
    }
}
