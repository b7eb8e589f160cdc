//! A set of rules: where it comes from, which version, and which rules of it count.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Manifest and files of the rules that are shipped.
const SHIPPED_MANIFEST: &str = include_str!("../../../rules/yara/ukai/set.toml");
const SHIPPED: [(&str, &str); 3] = [
    ("documents.yar", include_str!("../../../rules/yara/ukai/documents.yar")),
    ("programs.yar", include_str!("../../../rules/yara/ukai/programs.yar")),
    ("scripts.yar", include_str!("../../../rules/yara/ukai/scripts.yar")),
];

/// What `set.toml` in a set's folder says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name of the set: `a-z 0-9 . _ -`, at most 64 characters.
    pub name: String,
    /// Where it comes from: a URL, or who wrote it.
    pub source: String,
    /// Which version of it: a date, a tag, a commit.
    pub version: String,
    /// Its licence (SPDX).
    #[serde(default)]
    pub licence: Option<String>,
    /// Rules that match too often to say much; they are told as such.
    #[serde(default)]
    pub noisy: BTreeSet<String>,
    /// Rules that do not count.
    #[serde(default)]
    pub off: BTreeSet<String>,
}

/// A set: its manifest, and its files in the order in which they are compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSet {
    /// What is said of it.
    pub manifest: Manifest,
    /// Name and text of each file.
    pub files: Vec<(String, String)>,
}

/// What is wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// It is no such TOML.
    #[error("{0}")]
    Toml(String),
    /// The name is none.
    #[error("name {0:?}: write at most 64 of a-z 0-9 . _ -")]
    Name(String),
}

/// Whether a rule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It counts.
    On,
    /// It matches too often to say much: told, and marked.
    Noisy,
    /// It is not told. Other rules may still refer to it.
    Off,
}

/// What the operator says of rules, before what their sets say: `RULE` or `SET/RULE`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct States {
    /// Rules that count whatever their sets say.
    pub on: BTreeSet<String>,
    /// Rules that match too often.
    pub noisy: BTreeSet<String>,
    /// Rules that do not count.
    pub off: BTreeSet<String>,
}

impl Manifest {
    /// Reads the text of `set.toml`.
    pub fn parse(text: &str) -> Result<Self, SetError> {
        let manifest: Self =
            toml::from_str(text).map_err(|error| SetError::Toml(error.message().to_owned()))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The manifest of a folder or file that has none: `name` made a name of a set.
    pub fn unnamed(name: &str) -> Self {
        let plain = |c: char| {
            let c = c.to_ascii_lowercase();
            if is_plain(c) { c } else { '-' }
        };
        let name: String = name.chars().take(64).map(plain).collect();
        Self {
            name: if name.is_empty() { "unnamed".to_owned() } else { name },
            source: "local".to_owned(),
            version: "unversioned".to_owned(),
            licence: None,
            noisy: BTreeSet::new(),
            off: BTreeSet::new(),
        }
    }

    fn check(&self) -> Result<(), SetError> {
        let good = (1..=64).contains(&self.name.len()) && self.name.chars().all(is_plain);
        if good { Ok(()) } else { Err(SetError::Name(self.name.clone())) }
    }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c)
}

impl RuleSet {
    /// The rules that are shipped.
    pub fn shipped() -> Self {
        let manifest = Manifest::parse(SHIPPED_MANIFEST).expect("the shipped manifest is tested");
        let own = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
        Self { manifest, files: SHIPPED.map(own).to_vec() }
    }
}

impl States {
    /// Whether `rule` of the set counts.
    pub(crate) fn of(&self, set: &Manifest, rule: &str) -> State {
        let whole = format!("{}/{rule}", set.name);
        let says = |list: &BTreeSet<String>| list.contains(rule) || list.contains(&whole);
        if says(&self.off) {
            State::Off
        } else if says(&self.noisy) {
            State::Noisy
        } else if says(&self.on) {
            State::On
        } else if set.off.contains(rule) {
            State::Off
        } else if set.noisy.contains(rule) {
            State::Noisy
        } else {
            State::On
        }
    }
}
