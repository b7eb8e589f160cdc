//! CIRCL hashlookup: files of known products (NSRL, distributions). It takes no key.

use super::virustotal::below;
use crate::service::{Answer, Misunderstood, Question, Service, Standing, json, nonsense, text};
use ukai_model::{PeerText, Sha256};
use url::Url;

pub(crate) struct Hashlookup {
    pub(crate) url: Url,
}

impl Service for Hashlookup {
    fn question(&self, sha256: &Sha256) -> Question {
        Question {
            method: "GET",
            url: below(&self.url, &format!("lookup/sha256/{sha256}")),
            headers: vec![("accept", "application/json".to_owned())],
            body: Vec::new(),
        }
    }

    fn read(&self, status: u16, body: &[u8]) -> Result<Answer, Misunderstood> {
        let said = json(body)?;
        if status == 404 && said["message"].is_string() {
            return Ok(Answer::new(Standing::Unknown));
        }
        let fields = said.as_object().filter(|it| it.contains_key("SHA-256") && status == 200);
        let fields = fields.ok_or_else(|| nonsense(body))?;
        // The field is only there for files that some list of malware has.
        let mut answer = Answer::new(if fields.contains_key("KnownMalicious") {
            Standing::Malicious
        } else {
            Standing::Harmless
        });
        answer.name(&said["ProductCode"]["ProductName"]);
        for name in ["PackageName", "FileName"] {
            answer.name(&said[name]);
        }
        answer.tag(&said["source"]);
        answer.tag(&said["db"]);
        let trust = said["hashlookup:trust"].as_u64().map(|it| format!("trust {it} of 100"));
        answer.detail = trust.map(PeerText::new).or_else(|| text(&said["KnownMalicious"]));
        Ok(answer)
    }
}
