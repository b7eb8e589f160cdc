//! VBScript, and VBA as far as it is the same, run to tell what they would contact.
//!
//! Errors never end a script: each statement that fails is passed over, as after `On Error Resume
//! Next`. Where nothing is known about a condition, both ways are gone. VBScript begins at the
//! top; of VBA the procedures run that Office calls by itself.
//!
//! The language is that of Microsoft's "VBScript Language Reference" and of [MS-VBAL].

mod ast;
mod calls;
mod constants;
mod dates;
mod evaluate;
mod expressions;
mod lexer;
mod machine;
mod numbers;
mod parser;
mod regexp;
mod statements;
mod strings;
mod system;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_contacts;
mod value;
mod vba;

use crate::com::Shared;
use crate::cpu::Budget;
use crate::encoded::decode_script;
use crate::limits::Limits;
use crate::report::{Dialect, Report};
use crate::stack::with_room_for_script;
use crate::twice::run_twice;
use machine::{Machine, Stop};
use std::rc::Rc;

/// Runs VBScript or VBA as far as the limits allow and tells what it would do.
pub fn run(source: &str, limits: &Limits) -> Report {
    run_page(source, Vec::new(), limits)
}

/// The same for a script of a page, of which the elements with a name and their texts are given.
pub fn run_page(source: &str, page: Vec<(String, String)>, limits: &Limits) -> Report {
    let _time = Budget::begin(limits.cpu);
    let page = Rc::new(page);
    if let Some(plain) = decode_script(source) {
        let report = run_twice(&plain, &page, limits, &run_inside);
        return report.of_encoded(Dialect::VbScript, plain);
    }
    run_twice(source, &page, limits, &run_inside)
}

/// Runs a script on a machine on which others run too.
pub(crate) fn run_inside(source: &str, host: &Shared) {
    if !host.borrow_mut().enter() {
        return;
    }
    if with_room_for_script(|| run_entered(source, host)).is_none() {
        host.borrow_mut().recorder.note("scripts run scripts too deep inside each other");
    }
    host.borrow_mut().leave();
}

fn run_entered(source: &str, host: &Shared) {
    let mut machine = Machine::new(host.clone());
    if machine.charge(source.len() as u64 / 64).is_ok() {
        let program = machine.load(source);
        let ended = match machine.block(&program.body) {
            Ok(_) => machine.run_entries(),
            Err(stop) => Err(stop),
        };
        // What is open is written even where a limit ended the script.
        if ended.is_ok() || matches!(ended, Err(Stop::End)) {
            let _ = machine.close_files(&[]);
        }
    }
}
