//! Droppers in ways that were written when the others were long tuned on; afterwards, what
//! failed of them was looked at.

mod batch;
mod javascript;
mod perl;
mod powershell;
mod python;
mod shell;
mod vbscript;

use super::{Dice, Language, Truth};

set_of_ways!();
