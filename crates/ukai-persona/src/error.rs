//! What can be wrong with a persona file, said so that its author can repair it.

/// A persona file that cannot be used: the operator's to repair.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PersonaError {
    /// The text is not TOML, or a key is unknown, missing or of the wrong type.
    #[error("{key}: {problem}; see personas/*.toml for a whole example")]
    Form {
        /// The key, or the line where the key is not known.
        key: String,
        /// What is wrong.
        problem: String,
    },
    /// The parts contradict each other: a peer would notice.
    #[error("{key}: {problem}; {remedy}")]
    Contradiction {
        /// The key.
        key: String,
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: String,
    },
}

impl PersonaError {
    pub(crate) fn form(text: &str, error: &toml::de::Error) -> Self {
        let line = error.span().map_or(1, |span| {
            1 + text.as_bytes().iter().take(span.start).filter(|b| **b == b'\n').count()
        });
        let key = text
            .lines()
            .nth(line - 1)
            .and_then(|l| l.split('=').next())
            .map_or("", str::trim)
            .chars()
            .take(80)
            .collect::<String>();
        Self::Form { key: format!("line {line} ({key})"), problem: error.message().to_owned() }
    }

    pub(crate) fn contradiction(key: &str, problem: &str, remedy: &str) -> Self {
        Self::Contradiction { key: key.into(), problem: problem.into(), remedy: remedy.into() }
    }
}
