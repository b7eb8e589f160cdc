//! Compiled patterns of two libraries: one that takes linear time, and one for what looks around
//! or back, whose steps are limited.

/// A compiled pattern.
#[derive(Debug)]
pub(super) enum Pattern {
    Plain(regex::Regex),
    Rich(fancy_regex::Regex),
}

/// One match: its groups, the whole of it first.
#[derive(Debug)]
pub(super) struct Groups<'t> {
    parts: Vec<Option<Part<'t>>>,
    names: Vec<(String, usize)>,
}

/// A part of a text.
#[derive(Clone, Debug)]
pub(super) struct Part<'t> {
    pub(super) text: &'t str,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl<'t> Groups<'t> {
    pub(super) fn get(&self, at: usize) -> Option<Part<'t>> {
        self.parts.get(at).cloned().flatten()
    }

    pub(super) fn name(&self, name: &str) -> Option<Part<'t>> {
        let at = self.names.iter().find(|it| it.0 == name)?.1;
        self.get(at)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Option<Part<'t>>> + '_ {
        self.parts.iter().cloned()
    }

    /// The names that groups have, and which these are.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, usize)> {
        self.names.iter().map(|it| (it.0.as_str(), it.1))
    }
}

impl Pattern {
    pub(super) fn is_match(&self, text: &str) -> bool {
        match self {
            Self::Plain(plain) => plain.is_match(text),
            Self::Rich(rich) => rich.is_match(text).unwrap_or(false),
        }
    }

    pub(super) fn first<'t>(&self, text: &'t str) -> Option<Groups<'t>> {
        self.all(text).next()
    }

    /// All matches, up to one that takes too many steps.
    pub(super) fn all<'p, 't: 'p>(
        &'p self,
        text: &'t str,
    ) -> Box<dyn Iterator<Item = Groups<'t>> + 'p> {
        match self {
            Self::Plain(plain) => {
                let names = named(plain.capture_names());
                Box::new(plain.captures_iter(text).map(move |found| {
                    let part = |it: regex::Match<'t>| Part {
                        text: it.as_str(),
                        start: it.start(),
                        end: it.end(),
                    };
                    let parts = found.iter().map(|it| it.map(part)).collect();
                    Groups { parts, names: names.clone() }
                }))
            }
            Self::Rich(rich) => {
                let names = named(rich.capture_names());
                Box::new(rich.captures_iter(text).map_while(Result::ok).map(move |found| {
                    let part = |it: fancy_regex::Match<'t>| Part {
                        text: it.as_str(),
                        start: it.start(),
                        end: it.end(),
                    };
                    let parts = found.iter().map(|it| it.map(part)).collect();
                    Groups { parts, names: names.clone() }
                }))
            }
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Plain(plain) => plain.as_str(),
            Self::Rich(rich) => rich.as_str(),
        }
    }

    /// Whether it is the empty one, which parts every character from the next.
    pub(super) fn is_empty(&self) -> bool {
        self.as_str().is_empty()
    }

    /// How long the pieces are where it is the idiom that cuts a text into such: `(?<=\G.{2})`.
    pub(super) fn chunk(&self) -> Option<usize> {
        let rest = self.as_str().strip_prefix("(?<=\\G")?.strip_suffix(')')?;
        let dots = rest.bytes().take_while(|it| *it == b'.').count();
        if dots > 0 && dots == rest.len() {
            return Some(dots);
        }
        let (item, count) = rest.split_once('{')?;
        let is_any = matches!(item, "." | "\\w" | "\\d" | "\\S");
        let count = count.strip_suffix('}')?.parse().ok()?;
        (is_any && (1..=1000).contains(&count)).then_some(count)
    }
}

fn named<'a>(names: impl Iterator<Item = Option<&'a str>>) -> Vec<(String, usize)> {
    names.enumerate().filter_map(|(at, name)| Some((name?.to_owned(), at))).collect()
}
