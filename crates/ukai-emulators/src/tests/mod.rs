//! Golden transcripts, and the properties that hold for any input.

mod properties;
mod recognition;
mod transcript;
