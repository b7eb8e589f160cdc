//! Droppers in ways of which only figures were read at first; bench/README.md has those of both times.

mod batch;
mod javascript;
mod perl;
mod powershell;
mod python;
mod shell;
mod vbscript;

use super::{Dice, Language, Truth};

set_of_ways!();
