//! Tests of the shell from outside: transcripts, comparison with real shells, hostile input.

mod cowrie_names;
mod driver;
mod hostile;
mod interpreters;
mod perl;
mod programs;
mod python;
mod scp;
mod semantics;
mod streams;
mod system;
mod terminal;
mod transcripts;
