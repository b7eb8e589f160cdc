//! Golden transcripts, and the properties that hold for any input.

mod logins;
mod postgresql;
mod properties;
mod recognition;
mod transcript;
