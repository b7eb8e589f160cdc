//! All sets compiled into one matcher, and what it finds in bytes.

use crate::limits::{
    CONDITION_DEPTH_MAX, MATCHES_MAX, META_MAX, PLACE_BYTES_MAX, PLACES_COUNTED_MAX,
    PLACES_TOLD_MAX, SCAN_MAX, STRINGS_TOLD_MAX, TAGS_MAX, TEXT_BYTES_MAX,
};
use crate::set::{Manifest, RuleSet, State, States};
use boreal::MetadataValue;
use boreal::compiler::{Compiler, CompilerParams};
use boreal::scanner::{EvaluatedRule, ScanError, ScanParams, Scanner, StringMatches};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use ukai_model::{PeerText, YaraMatch, YaraMeta, YaraPlace};

/// All sets, compiled. Sharing it is cheap behind an `Arc`, and so is forking with it.
#[derive(Debug)]
pub struct Rules {
    scanner: Scanner,
    sets: Vec<Manifest>,
    /// Index of a set by its name, which is the namespace of its rules.
    by_name: HashMap<String, usize>,
    states: States,
}

/// Something that keeps rules from counting, or that their author should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The set.
    pub set: String,
    /// The file in it.
    pub file: String,
    /// Whether rules are missing because of it.
    pub fatal: bool,
    /// What, with line and column.
    pub message: String,
}

/// A rule as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The set.
    pub set: String,
    /// The rule.
    pub rule: String,
    /// Its state.
    pub state: State,
}

/// What matched.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scanned {
    /// The rules, in the order of their sets.
    pub matches: Vec<YaraMatch>,
    /// What a limit cut.
    pub notes: Vec<String>,
}

impl Rules {
    /// Compiles sets. A file that cannot be compiled is a problem, not a failure: the rules
    /// before its mistake and those of other files count.
    pub fn compile(sets: Vec<RuleSet>, states: States) -> (Self, Vec<Problem>) {
        let mut compiler = Compiler::new();
        compiler.set_params(
            // A rule must not read files of this machine.
            CompilerParams::default()
                .disable_includes(true)
                .max_condition_depth(CONDITION_DEPTH_MAX),
        );
        let mut problems = Vec::new();
        let mut kept: Vec<Manifest> = Vec::new();
        let mut by_name = HashMap::new();
        for RuleSet { manifest, files } in sets {
            let mut tell = |file: &str, fatal: bool, message: String| {
                problems.push(Problem {
                    set: manifest.name.clone(),
                    file: file.to_owned(),
                    fatal,
                    message,
                });
            };
            if by_name.contains_key(&manifest.name) {
                tell("set.toml", true, "another set has this name; only the first counts".into());
                continue;
            }
            for (file, text) in files {
                match compiler.add_rules_str_in_namespace(&text, &manifest.name) {
                    Ok(status) => {
                        let warnings = status.warnings().map(ToString::to_string);
                        warnings.for_each(|warning| tell(&file, false, warning));
                    }
                    Err(error) => tell(&file, true, error.to_string()),
                }
            }
            by_name.insert(manifest.name.clone(), kept.len());
            kept.push(manifest);
        }
        let mut scanner = compiler.finalize();
        scanner.set_scan_params(
            ScanParams::default()
                .compute_full_matches(true)
                .match_max_length(PLACE_BYTES_MAX)
                .string_max_nb_matches(PLACES_COUNTED_MAX)
                .timeout_duration(Some(SCAN_MAX)),
        );
        (Self { scanner, sets: kept, by_name, states }, problems)
    }

    /// The sets.
    pub fn sets(&self) -> &[Manifest] {
        &self.sets
    }

    /// All rules that others can see, with their states.
    pub fn list(&self) -> Vec<Shown> {
        let shown = |rule: boreal::scanner::RuleDetails<'_>| {
            let set = &self.sets[*self.by_name.get(rule.namespace)?];
            (!rule.is_private).then(|| Shown {
                set: set.name.clone(),
                rule: rule.name.to_owned(),
                state: self.states.of(set, rule.name),
            })
        };
        self.scanner.rules().filter_map(shown).collect()
    }

    /// Whether there is nothing to match.
    pub fn is_empty(&self) -> bool {
        self.scanner.rules().next().is_none()
    }

    /// The rules that match `bytes`. It takes at most [`SCAN_MAX`], and says if that cut it.
    pub fn scan(&self, bytes: &[u8]) -> Scanned {
        let mut scanned = Scanned::default();
        let result = self.scanner.scan_mem(bytes).unwrap_or_else(|(error, until_then)| {
            scanned.notes.push(match error {
                ScanError::Timeout => {
                    format!("YARA rules: not all, after {} s", SCAN_MAX.as_secs())
                }
                other => format!("YARA rules: not all, {other}"),
            });
            until_then
        });
        for rule in result.rules {
            if scanned.matches.len() == MATCHES_MAX {
                scanned.notes.push(format!("YARA rules: only the first {MATCHES_MAX} matches"));
                break;
            }
            scanned.matches.extend(self.told(&rule));
        }
        scanned
    }

    /// What is told of a match; nothing if the rule is off.
    fn told(&self, rule: &EvaluatedRule<'_>) -> Option<YaraMatch> {
        let set = &self.sets[*self.by_name.get(rule.namespace)?];
        let state = self.states.of(set, rule.name);
        if state == State::Off {
            return None;
        }
        let symbol = |symbol| short(self.scanner.get_string_symbol(symbol));
        let meta = rule
            .metadatas
            .iter()
            .take(META_MAX)
            .map(|meta| YaraMeta { name: symbol(meta.name), value: self.meta(meta.value) });
        Some(YaraMatch {
            rule: short(rule.name),
            set: set.name.clone(),
            version: short(&set.version),
            noisy: state == State::Noisy,
            tags: rule.tags.iter().take(TAGS_MAX).map(|tag| symbol(*tag)).collect(),
            meta: meta.collect(),
            places: rule.matches.iter().take(STRINGS_TOLD_MAX).flat_map(places).collect(),
            layer: None,
        })
    }

    fn meta(&self, value: MetadataValue) -> PeerText {
        match value {
            MetadataValue::Bytes(bytes) => {
                PeerText::truncated(self.scanner.get_bytes_symbol(bytes), TEXT_BYTES_MAX)
            }
            MetadataValue::Integer(number) => PeerText::new(number.to_string()),
            MetadataValue::Boolean(truth) => PeerText::new(truth.to_string()),
        }
    }
}

fn places<'a>(string: &'a StringMatches<'a>) -> impl Iterator<Item = YaraPlace> + 'a {
    string.matches.iter().take(PLACES_TOLD_MAX).map(|found| YaraPlace {
        string: format!("${}", short(string.name)),
        offset: found.offset as u64,
        length: found.length as u64,
        bytes: PeerText::truncated(&found.data, PLACE_BYTES_MAX),
    })
}

fn short(text: &str) -> String {
    text[..text.floor_char_boundary(TEXT_BYTES_MAX)].to_owned()
}
