//! LevelBlue (AlienVault) OTX, API version 1 (`indicators/file/{hash}/general`).

use super::virustotal::below;
use crate::service::{Answer, Misunderstood, Question, Service, Standing, json, list, nonsense};
use ukai_model::{PeerText, Sha256};
use url::Url;

pub(crate) struct Otx {
    pub(crate) url: Url,
    pub(crate) key: String,
}

impl Service for Otx {
    fn question(&self, sha256: &Sha256) -> Question {
        Question {
            method: "GET",
            url: below(&self.url, &format!("indicators/file/{sha256}/general")),
            headers: vec![("x-otx-api-key", self.key.clone())],
            body: Vec::new(),
        }
    }

    fn read(&self, status: u16, body: &[u8]) -> Result<Answer, Misunderstood> {
        if status == 404 {
            return Ok(Answer::new(Standing::Unknown));
        }
        let said = json(body)?;
        let count = said["pulse_info"]["count"].as_u64().ok_or_else(|| nonsense(body))?;
        if count == 0 {
            return Ok(Answer::new(Standing::Unknown));
        }
        // A pulse is what any member has reported.
        let mut answer = Answer::new(Standing::Suspicious);
        for pulse in list(&said["pulse_info"]["pulses"]) {
            for family in list(&pulse["malware_families"]) {
                answer.name(&family["display_name"]);
            }
            answer.tags(&pulse["tags"]);
        }
        for pulse in list(&said["pulse_info"]["pulses"]) {
            answer.name(&pulse["name"]);
        }
        answer.detail = Some(PeerText::new(format!("{count} pulses")));
        Ok(answer)
    }
}
