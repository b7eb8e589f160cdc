//! Droppers in ways whose failures nobody looks at: only their figures are read.

mod batch;
mod javascript;
mod perl;
mod powershell;
mod python;
mod shell;
mod vbscript;

use super::{Dice, Language, Truth};

set_of_ways!();
