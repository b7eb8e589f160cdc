//! MISP: the operator's own instance or a partner's (`attributes/restSearch`).

use super::virustotal::below;
use crate::service::{
    Answer, Misunderstood, Question, Service, Standing, json, list, nonsense, text,
};
use serde_json::json as object;
use ukai_model::{PeerText, Sha256};
use url::Url;

/// Attributes that are asked for.
const ATTRIBUTES_MAX: usize = 50;

pub(crate) struct Misp {
    pub(crate) url: Url,
    pub(crate) key: String,
}

impl Service for Misp {
    fn question(&self, sha256: &Sha256) -> Question {
        let body = object!({
            "returnFormat": "json",
            "type": ["sha256", "filename|sha256", "malware-sample"],
            "value": sha256.to_string(),
            "limit": ATTRIBUTES_MAX,
            "includeEventTags": true,
        });
        Question {
            method: "POST",
            url: below(&self.url, "attributes/restSearch"),
            headers: vec![
                ("authorization", self.key.clone()),
                ("accept", "application/json".to_owned()),
                ("content-type", "application/json".to_owned()),
            ],
            body: body.to_string().into_bytes(),
        }
    }

    fn read(&self, _status: u16, body: &[u8]) -> Result<Answer, Misunderstood> {
        let said = json(body)?;
        let attributes = said["response"]["Attribute"].as_array().ok_or_else(|| nonsense(body))?;
        if attributes.is_empty() {
            return Ok(Answer::new(Standing::Unknown));
        }
        // What detection systems are told to look for is malware; the rest is only known.
        let for_detection = attributes.iter().any(|it| it["to_ids"] == true || it["to_ids"] == "1");
        let mut answer =
            Answer::new(if for_detection { Standing::Malicious } else { Standing::Known });
        for attribute in attributes {
            answer.name(&attribute["Event"]["info"]);
            answer.first_seen = answer.first_seen.or_else(|| text(&attribute["first_seen"]));
            for tag in list(&attribute["Tag"]) {
                answer.tag(&tag["name"]);
            }
        }
        let number = attributes.len();
        answer.detail = Some(PeerText::new(format!("{number} attributes")));
        Ok(answer)
    }
}
