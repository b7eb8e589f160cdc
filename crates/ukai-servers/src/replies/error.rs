//! What can be wrong with a file of conversations, said so that its author can repair it.

/// A file that cannot be used: the operator's to repair.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {key}: {problem}; {remedy}")]
pub struct ReplyError {
    /// The file's name, as it was given.
    pub file: String,
    /// The key, as a path: `conversation[0].rule[2].regex`.
    pub key: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

/// A problem and its remedy, before the place is known.
#[derive(Debug)]
pub(super) struct Problem(pub(super) String, pub(super) &'static str);

impl Problem {
    pub(super) fn at(self, file: &str, key: String) -> ReplyError {
        ReplyError { file: file.to_owned(), key, problem: self.0, remedy: self.1.to_owned() }
    }
}
