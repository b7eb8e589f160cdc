//! VirusTotal, API version 3 (`/files/{id}`).

use crate::limits::UPLOAD_BYTES_MAX;
use crate::service::{Answer, Misunderstood, Question, Service, Standing, json, nonsense, text};
use serde_json::Value;
use ukai_model::{PeerText, Sha256};
use url::Url;

/// Engines that must agree before a file is malware and not a suspicion.
const ENGINES_SURE: u64 = 5;

pub(crate) struct VirusTotal {
    pub(crate) url: Url,
    pub(crate) key: String,
}

impl Service for VirusTotal {
    fn question(&self, sha256: &Sha256) -> Question {
        Question {
            method: "GET",
            url: below(&self.url, &format!("files/{sha256}")),
            headers: vec![("x-apikey", self.key.clone())],
            body: Vec::new(),
        }
    }

    fn read(&self, status: u16, body: &[u8]) -> Result<Answer, Misunderstood> {
        let said = json(body)?;
        if status == 404 && said["error"]["code"] == "NotFoundError" {
            return Ok(Answer::new(Standing::Unknown));
        }
        let about = &said["data"]["attributes"];
        let stats = about["last_analysis_stats"].as_object().ok_or_else(|| nonsense(body))?;
        let count = |name: &str| stats.get(name).and_then(Value::as_u64).unwrap_or(0);
        let bad = count("malicious") + count("suspicious");
        let asked = bad + count("undetected") + count("harmless");
        let mut answer = Answer::new(match count("malicious") {
            ENGINES_SURE.. => Standing::Malicious,
            1.. => Standing::Suspicious,
            0 if count("suspicious") > 0 => Standing::Suspicious,
            0 => Standing::Known,
        });
        answer.name(&about["popular_threat_classification"]["suggested_threat_label"]);
        for engine in about["last_analysis_results"].as_object().into_iter().flatten() {
            answer.name(&engine.1["result"]);
        }
        answer.tags(&about["tags"]);
        answer.first_seen =
            about["first_submission_date"].as_u64().map(|at| PeerText::new(at.to_string()));
        answer.detail = Some(PeerText::new(format!("{bad} of {asked} engines")));
        if let Some(kind) = text(&about["type_description"]) {
            answer.tags.push(kind);
        }
        Ok(answer)
    }

    /// `POST /files` takes up to 32 MB.
    fn upload(&self, sha256: &Sha256, sample: &[u8]) -> Option<Question> {
        if sample.len() > UPLOAD_BYTES_MAX {
            return None;
        }
        // The boundary is a hash that the sample cannot hold: its own.
        let boundary = format!("ukai-{sha256}");
        let mut body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; \
             filename=\"{sha256}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(sample);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        Some(Question {
            method: "POST",
            url: below(&self.url, "files"),
            headers: vec![
                ("x-apikey", self.key.clone()),
                ("content-type", format!("multipart/form-data; boundary={boundary}")),
            ],
            body,
        })
    }
}

/// An address below a service's own.
pub(crate) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let whole = format!("{}/{path}", base.path().trim_end_matches('/'));
    url.set_path(&whole);
    url
}
