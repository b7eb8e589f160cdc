//! Errors, with the codes and names of the server's `error_codes.yml`.

use super::bson::Document;

/// Why a command fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    code: i32,
    name: String,
    message: String,
}

impl Failure {
    pub(super) fn new(code: i32, name: &str, message: impl Into<String>) -> Self {
        Self { code, name: name.to_owned(), message: message.into() }
    }

    /// One that has a number and no name.
    pub(super) fn numbered(code: i32, message: impl Into<String>) -> Self {
        Self::new(code, &format!("Location{code}"), message)
    }

    pub(super) fn bad_value(message: impl Into<String>) -> Self {
        Self::new(2, "BadValue", message)
    }

    pub(super) fn no_command(name: &str) -> Self {
        Self::new(59, "CommandNotFound", format!("no such command: '{name}'"))
    }

    pub(super) fn authentication() -> Self {
        Self::new(18, "AuthenticationFailed", "Authentication failed.")
    }

    pub(super) fn no_namespace(message: impl Into<String>) -> Self {
        Self::new(26, "NamespaceNotFound", message)
    }

    /// A field has a value of the wrong type.
    pub(super) fn wrong_type(field: &str, found: &str, wanted: &str) -> Self {
        let message =
            format!("BSON field '{field}' is the wrong type '{found}', expected type '{wanted}'");
        Self::new(14, "TypeMismatch", message)
    }

    /// A field is missing that the command needs.
    pub(super) fn missing(field: &str) -> Self {
        let message = format!("BSON field '{field}' is missing but a required field");
        Self::numbered(40_414, message)
    }

    pub(super) fn answer(&self) -> Document {
        Document::new()
            .with("ok", 0.0)
            .with("errmsg", self.message.as_str())
            .with("code", self.code)
            .with("codeName", self.name.as_str())
    }

    /// As one document's error in a bulk of writes.
    pub(super) fn of_write(&self, index: i32) -> Document {
        Document::new()
            .with("index", index)
            .with("code", self.code)
            .with("errmsg", self.message.as_str())
    }
}
