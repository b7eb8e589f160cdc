//! Rules of behaviour: data files in `rules/behaviour`, held against facts. Each rule carries
//! its own tests, which are run when it is loaded.

use crate::facts::{Fact, Facts, KINDS, Value};
use crate::inside::note;
use crate::limits::{FEW, PATTERN_COMPILED_BYTES_MAX, RULES_BYTES_MAX};
use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use ukai_model::{PeerText, Proof, RuleMatch, Severity};

/// Why rules are refused.
#[derive(Debug, thiserror::Error)]
#[error("{rule}: {problem}")]
pub struct RulesError {
    /// The rule, or the file where no rule can be named.
    pub rule: String,
    /// What is wrong with it.
    pub problem: String,
}

/// Rules that are ready for use.
#[derive(Debug, Default)]
pub struct RuleSet {
    rules: Vec<Rule>,
}

static BUILT_IN: LazyLock<RuleSet> = LazyLock::new(|| {
    let files = [
        include_str!("../../../rules/behaviour/persistence.toml"),
        include_str!("../../../rules/behaviour/hiding.toml"),
        include_str!("../../../rules/behaviour/interference.toml"),
        include_str!("../../../rules/behaviour/network.toml"),
        include_str!("../../../rules/behaviour/windows.toml"),
    ];
    let mut set = RuleSet::default();
    for file in files {
        set.add(file).expect("the rules are part of the program, and a test loads them");
    }
    set
});

#[derive(Debug)]
struct Rule {
    spec: Spec,
    any: Vec<Condition>,
    all: Vec<Condition>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<Spec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    id: String,
    title: String,
    severity: Severity,
    #[serde(default)]
    techniques: Vec<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "it is for whoever reads the file")]
    references: Vec<String>,
    /// Conditions of which one must be met, by at least `count` facts.
    #[serde(default)]
    any: Vec<Fields>,
    /// Conditions each of which must be met by some fact.
    #[serde(default)]
    all: Vec<Fields>,
    /// Facts that must meet `any`.
    #[serde(default = "one")]
    count: u64,
    /// The field whose different values are counted, in place of facts.
    distinct: Option<String>,
    #[serde(default)]
    test: Vec<Test>,
}

const fn one() -> u64 {
    1
}

type Fields = BTreeMap<String, toml::Value>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    facts: Vec<Fields>,
    /// So often.
    #[serde(default = "one")]
    times: u64,
    matches: bool,
}

#[derive(Debug)]
struct Condition {
    kind: &'static str,
    fields: Vec<(&'static str, Check)>,
}

#[derive(Debug)]
enum Check {
    Pattern(Regex),
    Range(u64, u64),
    OneOf(Vec<u64>),
}

impl RuleSet {
    /// The rules that come with the program.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Adds the rules of a file, after their tests.
    ///
    /// # Errors
    /// [`RulesError`] for the first rule that cannot be used or that fails its tests.
    pub fn add(&mut self, text: &str) -> Result<(), RulesError> {
        let wrong = |problem: String| RulesError { rule: "the file".to_owned(), problem };
        if text.len() > RULES_BYTES_MAX {
            return Err(wrong(format!("more than {RULES_BYTES_MAX} bytes")));
        }
        let file: File = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let mut new = Vec::new();
        for spec in file.rule {
            let id = spec.id.clone();
            let known = self.rules.iter().chain(&new).any(|rule| rule.spec.id == id);
            let rule = if known { Err("the id is used twice".to_owned()) } else { Rule::new(spec) };
            new.push(rule.map_err(|problem| RulesError { rule: id, problem })?);
        }
        self.rules.extend(new);
        Ok(())
    }

    /// The rules whose conditions the facts of a run meet.
    pub(crate) fn matches(&self, facts: &Facts, run: u32) -> Vec<RuleMatch> {
        self.rules.iter().filter_map(|rule| rule.matches(facts, run)).collect()
    }
}

impl Rule {
    fn new(spec: Spec) -> Result<Self, String> {
        let technique = |id: &String| {
            let digits = id.strip_prefix('T').unwrap_or_default();
            digits.len() >= 4 && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        };
        if let Some(wrong) = spec.techniques.iter().find(|id| !technique(id)) {
            return Err(format!("{wrong} is no technique of ATT&CK: T1053.003"));
        }
        if spec.any.is_empty() && spec.all.is_empty() {
            return Err("neither `any` nor `all` has a condition".to_owned());
        }
        let conditions =
            |list: &[Fields]| list.iter().map(Condition::new).collect::<Result<_, _>>();
        let rule = Self { any: conditions(&spec.any)?, all: conditions(&spec.all)?, spec };
        rule.run_tests()?;
        Ok(rule)
    }

    fn run_tests(&self) -> Result<(), String> {
        let both = [true, false]
            .map(|expected| self.spec.test.iter().any(|test| test.matches == expected));
        if both != [true, true] {
            return Err("it needs a test that matches and one that does not".to_owned());
        }
        for (number, test) in self.spec.test.iter().enumerate() {
            let mut facts = Facts::default();
            for _ in 0..test.times.min(10_000) {
                for fact in &test.facts {
                    facts.add(fact_of(fact)?);
                }
            }
            if self.matches(&facts, 1).is_some() != test.matches {
                return Err(format!("its test {} does not hold", number + 1));
            }
        }
        Ok(())
    }

    fn matches(&self, facts: &Facts, run: u32) -> Option<RuleMatch> {
        let mut count = 0;
        let mut distinct = BTreeSet::new();
        let mut details = Vec::new();
        let mut proofs: Vec<Proof> = Vec::new();
        let mut take = |fact: &Fact| {
            let detail = PeerText::new(fact.detail());
            if details.len() < FEW && !details.contains(&detail) {
                details.push(detail);
            }
            note(&mut proofs, &fact.proof);
        };
        for condition in &self.all {
            let met = facts.of(condition.kind).iter().find(|fact| condition.is_met(fact))?;
            take(met);
            count += 1;
        }
        if !self.any.is_empty() {
            let kinds: BTreeSet<&str> = self.any.iter().map(|condition| condition.kind).collect();
            let mut met = 0_u64;
            for fact in kinds.into_iter().flat_map(|kind| facts.of(kind)) {
                if !self.any.iter().any(|condition| condition.is_met(fact)) {
                    continue;
                }
                met += 1;
                if let Some(field) = &self.spec.distinct {
                    distinct.extend(fact.field(field).cloned());
                }
                take(fact);
            }
            let enough = if self.spec.distinct.is_some() { distinct.len() as u64 } else { met };
            if enough < self.spec.count.max(1) {
                return None;
            }
            count += met;
        }
        Some(RuleMatch {
            rule: self.spec.id.clone(),
            title: self.spec.title.clone(),
            severity: self.spec.severity,
            techniques: self.spec.techniques.clone(),
            count,
            details,
            runs: vec![run],
            proofs,
        })
    }
}

impl Condition {
    fn new(fields: &Fields) -> Result<Self, String> {
        let (kind, known) = kind_of(fields)?;
        let mut checks = Vec::new();
        for (name, value) in fields.iter().filter(|(name, _)| *name != "fact") {
            let name = *known
                .iter()
                .find(|known| *known == name)
                .ok_or_else(|| format!("the fact {kind} has no field {name}"))?;
            checks.push((name, Check::new(value)?));
        }
        Ok(Self { kind, fields: checks })
    }

    fn is_met(&self, fact: &Fact) -> bool {
        fact.kind == self.kind
            && self.fields.iter().all(|(name, check)| match (check, fact.field(name)) {
                (Check::Pattern(pattern), Some(Value::Text(text))) => pattern.is_match(text),
                (Check::Range(min, max), Some(Value::Number(n))) => (min..=max).contains(&n),
                (Check::OneOf(numbers), Some(Value::Number(number))) => numbers.contains(number),
                _ => false,
            })
    }
}

impl Check {
    fn new(value: &toml::Value) -> Result<Self, String> {
        let number = |value: &toml::Value| {
            value.as_integer().and_then(|n| u64::try_from(n).ok()).ok_or("no number from 0 on")
        };
        match value {
            toml::Value::String(pattern) => RegexBuilder::new(pattern)
                .unicode(false)
                .size_limit(PATTERN_COMPILED_BYTES_MAX)
                .build()
                .map(Self::Pattern)
                .map_err(|error| error.to_string()),
            toml::Value::Integer(_) => Ok(Self::OneOf(vec![number(value)?])),
            toml::Value::Array(values) => {
                Ok(Self::OneOf(values.iter().map(number).collect::<Result<_, _>>()?))
            }
            toml::Value::Table(table) => {
                let bound = |key: &str, default| table.get(key).map_or(Ok(default), number);
                if table.keys().any(|key| key != "min" && key != "max") {
                    return Err("a range has min and max".to_owned());
                }
                Ok(Self::Range(bound("min", 0)?, bound("max", u64::MAX)?))
            }
            _ => Err("a field is a pattern, a number, a list of numbers, or a range".to_owned()),
        }
    }
}

/// The kind of fact that a table names, with its fields.
fn kind_of(fields: &Fields) -> Result<(&'static str, &'static [&'static str]), String> {
    let kind = fields.get("fact").and_then(toml::Value::as_str).unwrap_or_default();
    let found = KINDS.iter().find(|(known, _)| *known == kind);
    found.map(|(kind, fields)| (*kind, *fields)).ok_or_else(|| format!("no fact {kind:?}"))
}

/// A test's fact.
fn fact_of(fields: &Fields) -> Result<Fact, String> {
    let (kind, known) = kind_of(fields)?;
    let mut fact = Fact::new(kind, Proof { run: 1, at_ms: 0, pid: None, event: None });
    for (name, value) in fields.iter().filter(|(name, _)| *name != "fact") {
        let name = *known
            .iter()
            .find(|known| *known == name)
            .ok_or_else(|| format!("the fact {kind} has no field {name}"))?;
        fact = match value {
            toml::Value::String(text) => fact.text(name, text),
            toml::Value::Integer(number) => fact.number(name, number.unsigned_abs()),
            _ => return Err("a test's field is a text or a number".to_owned()),
        };
    }
    Ok(fact)
}
