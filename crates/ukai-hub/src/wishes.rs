//! How a person wants a sample to be run, kept until it is.
//!
//! The queue has a job of a sample at most, and knows nothing more of it: wishes are beside it.

use crate::limits;
use crate::shared::App;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ukai_model::Sha256;
use ukai_store::StoreError;

const WISHES: &str = "hub.sandbox.wishes";

/// Settings of a run that differ from the usual ones. With any of them a sample is run once, and
/// the report is kept beside the usual one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RunWish {
    /// What to take the sample for, as `GET /api/sandbox` lists them; by its bytes if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// Its arguments, at most 64 of 4,096 bytes each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// Further variables of its environment, `NAME=VALUE`, within the same limits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<String>,
    /// How long it is watched, in seconds (1 to 3,600).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_s: Option<u64>,
    /// How far the guest's clock is ahead, in seconds; negative: behind. At most ten years.
    #[serde(skip_serializing_if = "is_zero")]
    pub clock_s: i64,
    /// The network, as `GET /api/sandbox` lists them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// Do not cut sleeping short.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sleep: bool,
    /// Keep the memory of its processes at the end.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub memory: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl RunWish {
    /// Whether nothing differs.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// What in it cannot be, as the field, what is wrong, and what would be right.
    ///
    /// # Errors
    /// The first that is wrong.
    pub(crate) fn check(&self) -> Result<(), (String, String)> {
        let wrong = |what: String, remedy: &str| Err((what, remedy.to_owned()));
        for (field, list) in [("arguments", &self.arguments), ("environment", &self.environment)] {
            if list.len() > limits::RUN_TEXTS_MAX {
                return wrong(format!("{field}: {} of them", list.len()), "give at most 64");
            }
            let long = list.iter().any(|text| text.len() > limits::RUN_TEXT_BYTES_MAX);
            if long || list.iter().any(|text| text.contains('\0')) {
                let what = if long { "one is too long" } else { "one has a zero byte" };
                return wrong(format!("{field}: {what}"), "at most 4,096 bytes, none of them zero");
            }
        }
        let named = |text: &String| text.find('=').is_some_and(|at| at > 0);
        if let Some(text) = self.environment.iter().find(|text| !named(text)) {
            let shown: String = text.chars().take(100).flat_map(char::escape_debug).collect();
            return wrong(format!("environment: \"{shown}\" has no name"), "write NAME=VALUE");
        }
        if self.time_s.is_some_and(|time| !(1..=limits::RUN_TIME_S_MAX).contains(&time)) {
            return wrong("time_s is out of range".to_owned(), "choose from 1 to 3600 seconds");
        }
        if self.clock_s.unsigned_abs() > limits::RUN_CLOCK_S_MAX {
            return wrong("clock_s is out of range".to_owned(), "choose at most ten years");
        }
        Ok(())
    }

    /// What differs, as `key = value`, for the report.
    pub fn told(&self) -> Vec<String> {
        let mut told = Vec::new();
        let mut tell = |key: &str, value: String| told.push(format!("{key} = {value}"));
        if let Some(architecture) = &self.architecture {
            tell("arch", architecture.clone());
        }
        for argument in &self.arguments {
            tell("arg", argument.escape_debug().to_string());
        }
        for variable in &self.environment {
            tell("env", variable.escape_debug().to_string());
        }
        if let Some(time_s) = self.time_s {
            tell("time", format!("{time_s} s"));
        }
        if self.clock_s != 0 {
            tell("clock", format!("{:+} s", self.clock_s));
        }
        if let Some(scenario) = &self.scenario {
            tell("scenario", scenario.clone());
        }
        if self.sleep {
            tell("sleep", "not cut short".to_owned());
        }
        if self.memory {
            tell("memory", "kept".to_owned());
        }
        told
    }
}

/// The wish for a sample's next run; the usual one if there is none.
pub(crate) async fn wish(app: &App, sha256: &Sha256) -> Result<RunWish, StoreError> {
    Ok(all(app).await?.remove(sha256).unwrap_or_default())
}

/// Keeps a wish, or forgets it where it is the usual one. False: too many wait.
pub(crate) async fn put(app: &App, sha256: &Sha256, wish: &RunWish) -> Result<bool, StoreError> {
    let _alone = app.wishes.lock().await;
    let mut wishes = all(app).await?;
    let before = wishes.clone();
    if wish.is_usual() {
        wishes.remove(sha256);
    } else {
        if wishes.len() >= limits::WISHES_MAX && !wishes.contains_key(sha256) {
            return Ok(false);
        }
        wishes.insert(*sha256, wish.clone());
    }
    if wishes != before {
        let text = serde_json::to_string(&wishes).expect("it is made of texts");
        app.store.put_meta(WISHES, &text).await?;
    }
    Ok(true)
}

async fn all(app: &App) -> Result<BTreeMap<Sha256, RunWish>, StoreError> {
    let text = app.store.get_meta(WISHES).await?.unwrap_or_default();
    // One that was kept by another version is worth less than that the hub works.
    Ok(serde_json::from_str(&text).unwrap_or_default())
}
