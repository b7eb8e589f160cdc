//! What scripts of PowerShell are told to do.

mod cases;
mod contacts;
mod contacts_forms;
mod contacts_more;

pub(super) use cases::CASES;

use super::run;
use crate::told::{contacts, holds};

#[test]
fn droppers() {
    holds(CASES, run);
}

#[test]
fn what_scripts_contact() {
    contacts(contacts::CONTACTS, run);
    contacts(contacts_more::CONTACTS, run);
}
