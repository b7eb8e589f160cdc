//! Golden transcripts, and the properties that hold for any input.

mod logins;
mod properties;
mod recognition;
mod transcript;
