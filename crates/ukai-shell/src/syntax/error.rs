//! Why a text is no program, in the words of ash.

/// Why a text is no program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// The message as ash prints it after `syntax error: `.
    pub(crate) message: String,
    /// The token that was not expected, as bash names it.
    pub(crate) near: String,
    /// Line, from 1.
    pub(crate) line: u32,
    /// Whether more text could make it a program.
    pub(crate) incomplete: bool,
    /// Line of the quote or bracket that was not closed, if that is the mistake.
    pub(crate) opened: Option<u32>,
    /// Whether it is inside the list of `name=(...)`, which ends bash with status 1.
    pub(crate) in_array: bool,
    /// Whether it is nested deeper than we follow.
    pub(crate) too_deep: bool,
}
