//! One family out of what several engines say, after AVClass (Sebastián et al., 2016): names
//! are cut into words, words that say nothing are dropped, aliases are joined, and the word
//! on which most engines agree remains. Which words say nothing is data.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use ukai_model::{Judgement, Verdict};

/// The words that are shipped.
const SHIPPED: &str = include_str!("../../../rules/families/families.toml");

/// Words of fewer letters are no names.
const WORD_MIN: usize = 4;

/// What is known of words.
pub struct Vocabulary {
    generic: HashSet<String>,
    aliases: HashMap<String, String>,
}

#[derive(Deserialize)]
struct File {
    generic: Vec<String>,
    aliases: BTreeMap<String, Vec<String>>,
}

/// What engines agree on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Agreement {
    /// The family.
    pub family: String,
    /// Engines that say so.
    pub engines: usize,
    /// Engines that know the sample at all.
    pub of: usize,
}

impl Vocabulary {
    /// Reads words.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let aliases = file.aliases.into_iter();
        let aliases = aliases
            .flat_map(|(kept, others)| others.into_iter().map(move |other| (other, kept.clone())));
        Ok(Self { generic: file.generic.into_iter().collect(), aliases: aliases.collect() })
    }

    /// The words that are shipped.
    pub fn shipped() -> Self {
        Self::parse(SHIPPED).expect("the shipped words are tested")
    }

    /// The words of a name that may be a family's.
    fn words(&self, name: &str) -> BTreeSet<String> {
        let words = name.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase);
        let telling = words.filter(|word| {
            word.len() >= WORD_MIN
                && !word.starts_with(|c: char| c.is_ascii_digit())
                // Serial numbers and pieces of digests.
                && !word.bytes().all(|byte| byte.is_ascii_hexdigit())
                && !self.generic.contains(word)
        });
        telling.map(|word| self.aliases.get(&word).cloned().unwrap_or(word)).collect()
    }

    /// What the verdicts agree on: the word of most engines, the first in the alphabet of
    /// those that are equal. Where several engines know the sample, one alone is not enough.
    pub fn agreement(&self, verdicts: &[Verdict]) -> Option<Agreement> {
        let mut engines: BTreeMap<String, usize> = BTreeMap::new();
        let mut of = 0;
        for verdict in verdicts {
            let Judgement::Detected { names } = &verdict.judgement else { continue };
            of += 1;
            let words: BTreeSet<String> =
                names.iter().flat_map(|name| self.words(&name.to_string())).collect();
            for word in words {
                *engines.entry(word).or_default() += 1;
            }
        }
        let (family, count) =
            engines.into_iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)))?;
        (count > 1 || of == 1).then_some(Agreement { family, engines: count, of })
    }
}

#[cfg(test)]
mod tests {
    use super::{SHIPPED, Vocabulary};
    use ukai_model::{Judgement, PeerText, Sha256, Timestamp, Verdict};

    fn says(name: &str) -> Verdict {
        let names = vec![PeerText::new(name)];
        let judgement =
            if name.is_empty() { Judgement::Clean } else { Judgement::Detected { names } };
        Verdict {
            sha256: Sha256::of(b""),
            engine: "x".to_owned(),
            product: None,
            signatures: None,
            time: Timestamp::from_secs(1),
            duration_ms: 1,
            judgement,
        }
    }

    #[test]
    fn the_word_of_most_engines_remains() {
        Vocabulary::parse(SHIPPED).expect("the shipped words");
        let known = Vocabulary::shipped();
        let family = |names: &[&str]| {
            let verdicts: Vec<Verdict> = names.iter().map(|name| says(name)).collect();
            known.agreement(&verdicts).map(|found| (found.family, found.engines, found.of))
        };
        assert_eq!(
            family(&[
                "Unix.Trojan.Mirai-7100807-0",
                "Backdoor.Linux.MIRAI.USELVH123",
                "ELF/Gafgyt.A!tr",
                ""
            ]),
            Some(("mirai".to_owned(), 2, 3))
        );
        assert_eq!(
            family(&["Backdoor:Linux/Bashlite.B", "Linux.Qbot-12", "HEUR:Trojan.Linux.Agent.gen"]),
            Some(("gafgyt".to_owned(), 2, 3))
        );
        assert_eq!(family(&["Trojan.Generic.12345678", "Linux.Malware.Agent"]), None);
        assert_eq!(family(&["Linux.Hajime.A"]), Some(("hajime".to_owned(), 1, 1)));
        assert_eq!(family(&["Linux.Alpha.A", "Linux.Beta.A"]), None, "nobody agrees");
        assert_eq!(family(&["", ""]), None);
    }
}
