//! Names that an algorithm generates (DGA): many in a short time that do not look like a
//! person's choice.

use crate::limits::{GENERATED_EXAMPLES, GENERATED_NAMES_MAX, GENERATED_NAMES_TOLD};
use std::collections::HashSet;
use ukai_model::{Duration, EventKind, PeerText, Timestamp};

/// How long names are counted together.
const WINDOW: Duration = Duration::from_mins(1);

/// Look-ups of names that look generated.
#[derive(Default)]
pub(crate) struct Generated {
    began: Option<Timestamp>,
    names: HashSet<String>,
    examples: Vec<PeerText>,
    told: bool,
}

impl Generated {
    /// Counts a look-up; tells when there are many, once in a window.
    pub(crate) fn asked(&mut self, name: &str, now: Timestamp) -> Option<EventKind> {
        if self.began.is_none_or(|began| now.since(began) > WINDOW) {
            *self = Self { began: Some(now), ..Self::default() };
        }
        let label = registered(name)?;
        if self.names.len() >= GENERATED_NAMES_MAX || !looks_generated(label) {
            return None;
        }
        if self.names.insert(label.to_owned()) && self.examples.len() < GENERATED_EXAMPLES {
            self.examples.push(PeerText::from(name.as_bytes()));
        }
        if self.told || self.names.len() < GENERATED_NAMES_TOLD {
            return None;
        }
        self.told = true;
        Some(EventKind::DnsGenerated {
            names: self.names.len() as u64,
            duration_ms: self.began.map_or(0, |began| now.since(began).as_millis() as u64),
            examples: self.examples.clone(),
        })
    }
}

/// The label before the last dot: what is registered.
fn registered(name: &str) -> Option<&str> {
    let mut labels = name.rsplit('.');
    labels.next()?;
    labels.next()
}

/// Whether a label looks like none that a person has chosen: few vowels, long runs of
/// consonants, or letters and digits mixed. By itself it says little.
fn looks_generated(label: &str) -> bool {
    if label.len() < 7 || label.contains('-') || label.starts_with("xn--") {
        return false;
    }
    let (mut vowels, mut letters, mut run, mut longest, mut changes) = (0, 0, 0, 0, 0);
    let mut digit_before = None;
    for byte in label.bytes() {
        let digit = byte.is_ascii_digit();
        changes += u32::from(digit_before.is_some_and(|before| before != digit));
        digit_before = Some(digit);
        if byte.is_ascii_alphabetic() {
            letters += 1;
            if matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | b'y') {
                vowels += 1;
                run = 0;
            } else {
                run += 1;
                longest = longest.max(run);
            }
        }
    }
    changes >= 3 || longest >= 5 || letters >= 10 && vowels * 100 < letters * 23
}

#[cfg(test)]
mod tests {
    use super::{Generated, looks_generated};
    use ukai_model::{EventKind, Timestamp};

    #[test]
    fn chosen_names_are_told_from_generated_ones() {
        for chosen in [
            "google",
            "microsoft",
            "windowsupdate",
            "debian",
            "cloudfront",
            "facebook",
            "wikipedia",
            "githubusercontent",
            "office365",
            "stackoverflow",
            "amazonaws",
        ] {
            assert!(!looks_generated(chosen), "{chosen}");
        }
        for generated in ["xjwqkzpvbt", "k3j5h2k4j6", "qmvxpcrlwdn", "a8f3c91e77d2"] {
            assert!(looks_generated(generated), "{generated}");
        }
    }

    #[test]
    fn many_in_a_minute_are_told_once() {
        let mut generated = Generated::default();
        let mut told = Vec::new();
        for number in 0..200_u64 {
            let name = format!("qx{number}z{number}k{number}w.example.com");
            let now = Timestamp::from_millis(1_767_323_045_000 + number * 100);
            told.extend(generated.asked(&name, now));
            // What stands below one registered name is no algorithm's.
            assert!(told.is_empty());
        }
        for number in 0..200_u64 {
            let name = format!("qx{number}z{number}k{number}w.com");
            let now = Timestamp::from_millis(1_767_323_070_000 + number * 100);
            told.extend(generated.asked(&name, now));
        }
        let [EventKind::DnsGenerated { names, examples, .. }] = &told[..] else {
            panic!("{told:?}")
        };
        assert_eq!((*names, examples.len()), (20, 16));
    }
}
