//! A second look at a script: what it does where the first answers nothing.

use crate::com::{Host, Shared};
use crate::limits::Limits;
use crate::report::Report;
use std::cell::RefCell;
use std::rc::Rc;
use ukai_model::ScriptAct;

/// Runs a script on a machine where all requests are answered; and, if it asked for something or
/// ended itself, again on one where nothing answers and it is not let go, for the servers that it
/// would ask next. What only the second run does is put behind what the first does.
pub(crate) fn run_twice(source: &str, limits: &Limits, run: &dyn Fn(&str, &Shared)) -> Report {
    let mut end = source.len().min(limits.source_bytes);
    while !source.is_char_boundary(end) {
        end -= 1;
    }
    let shortened = end < source.len();
    let source = &source[..end];

    let host: Shared = Rc::new(RefCell::new(Host::new(limits)));
    if shortened {
        let note = format!("only the first {end} bytes were read");
        host.borrow_mut().recorder.note(&note);
    }
    run(source, &host);
    let quit = host.borrow().quit;
    let left = host.borrow().steps_left();
    let mut report = host.borrow_mut().take_report();
    let asked = report.acts.iter().any(|it| matches!(it, ScriptAct::Fetch { .. }));
    if left == 0 || !(asked || quit) {
        return report;
    }

    let mut second = Host::new(limits);
    second.answers = false;
    second.heeds_quit = false;
    second.set_steps(left);
    let host: Shared = Rc::new(RefCell::new(second));
    run(source, &host);
    let second = host.borrow_mut().take_report();
    add(&mut report, second, limits);
    report
}

/// Adds what the first run did not show.
fn add(report: &mut Report, second: Report, limits: &Limits) {
    for act in second.acts {
        let known = match &act {
            ScriptAct::Fetch { url, .. } => report
                .acts
                .iter()
                .any(|it| matches!(it, ScriptAct::Fetch { url: known, .. } if known == url)),
            // Files hold what the servers did not answer; layers come with their own acts.
            ScriptAct::Write { .. } => true,
            other => report.acts.contains(other),
        };
        if !known && report.acts.len() < limits.acts {
            report.acts.push(act);
        }
    }
    for layer in second.layers {
        if !report.layers.contains(&layer) && report.layers.len() < limits.layers {
            report.layers.push(layer);
        }
    }
}
