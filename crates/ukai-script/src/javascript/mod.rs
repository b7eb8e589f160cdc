//! JScript and JavaScript, run to tell what they would contact.
//!
//! The engine is QuickJS, which counts its memory and can be interrupted. Around it stands a
//! made-up world (`prelude/`): that of the Windows Script Host, and as much of those of a page, of
//! a PDF and of Node as scripts of malware use. What a script asks of unknown objects is answered
//! by an object that takes every call.
//!
//! `eval` is read before it runs: calls of it are rewritten so that their text passes by us and
//! still sees the variables around it (`rewrite.rs`). The engine's own `Date` would ask the system
//! for its time zone; another takes its place before a script runs.

mod bridge;
mod engine;
mod html;
mod rewrite;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_contacts;
#[cfg(test)]
mod tests_forms;
#[cfg(test)]
mod tests_libraries;

use crate::com::{Page, Shared};
use crate::cpu::Budget;
use crate::encoded::decode_script;
use crate::limits::Limits;
use crate::report::{Dialect, Report};
use crate::twice::run_twice;
use std::cell::RefCell;
use std::rc::Rc;

/// Names that nobody knows, each of which costs another try.
const UNKNOWN_NAMES_MAX: usize = 5;

/// Runs a script as far as the limits allow and tells what it would do.
pub fn run(source: &str, limits: &Limits) -> Report {
    run_page(source, Vec::new(), limits)
}

/// The same for a script of a page, of which the elements with a name and their texts are given.
pub fn run_page(source: &str, page: Vec<(String, String)>, limits: &Limits) -> Report {
    let _time = Budget::begin(limits.cpu);
    let page = Rc::new(page);
    match decode_script(source) {
        Some(plain) => run_plain(&plain, &page, limits).of_encoded(Dialect::JavaScript, plain),
        None => run_plain(source, &page, limits),
    }
}

fn run_plain(source: &str, page: &Rc<Page>, limits: &Limits) -> Report {
    let mut names: Vec<String> = Vec::new();
    let mut limits = limits.clone();
    let mut best: Option<Report> = None;
    loop {
        let missing = RefCell::new(None);
        let steps = RefCell::new(limits.steps);
        let report = run_twice(source, page, &limits, &|source, host| {
            let name = engine::run(source, host, &names);
            if host.borrow().answers {
                *missing.borrow_mut() = name;
            }
            *steps.borrow_mut() = host.borrow().steps_left();
        });
        let better = best.as_ref().is_none_or(|it| it.acts.len() <= report.acts.len());
        if better {
            best = Some(report);
        }
        // A script that ended at a name is run again with something behind that name.
        match missing.into_inner() {
            Some(name) if names.len() < UNKNOWN_NAMES_MAX && !names.contains(&name) => {
                names.push(name);
            }
            _ => break,
        }
        limits.steps = steps.into_inner();
        if limits.steps == 0 {
            break;
        }
    }
    best.unwrap_or_default()
}

/// Runs a script on a machine on which others run too.
pub(crate) fn run_inside(source: &str, host: &Shared) {
    engine::run(source, host, &[]);
}

/// The value of a script's last expression, run on a machine on which others run too.
pub(crate) fn value_inside(source: &str, host: &Shared) -> crate::com::Value {
    engine::value(source, host)
}
