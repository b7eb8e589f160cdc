//! Tests of the shell from outside: transcripts, comparison with real shells, hostile input.

mod driver;
mod semantics;
mod transcripts;
