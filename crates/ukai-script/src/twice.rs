//! A second look at a script: what it does where the first answers nothing.

use crate::com::{Host, Page, Shared};
use crate::limits::Limits;
use crate::report::Report;
use crate::run::followed;
use std::cell::RefCell;
use std::rc::Rc;
use ukai_model::ScriptAct;

/// Command lines of one script whose programs are followed.
const FOLLOWED_MAX: usize = 200;

/// Part of the steps that one of them may use.
const FOLLOWED_PART: u64 = 16;

/// As [`run_both`], and what the programs do that the script starts, as far as that is known of
/// them.
pub(crate) fn run_twice(
    source: &str,
    page: &Rc<Page>,
    limits: &Limits,
    run: &dyn Fn(&str, &Shared),
) -> Report {
    let mut report = run_both(source, page, limits, run);
    let part = Limits { steps: limits.steps / FOLLOWED_PART, ..limits.clone() };
    let mut count = 0;
    for act in std::mem::take(&mut report.acts) {
        let ScriptAct::Run { line } = &act else {
            report.acts.push(act);
            continue;
        };
        count += 1;
        if count > FOLLOWED_MAX {
            report.acts.push(act);
            continue;
        }
        let line = String::from_utf8_lossy(line.as_bytes()).into_owned();
        let (is_known, inner) = followed(&line, &part);
        if !is_known {
            report.acts.push(act);
        }
        for act in inner.acts {
            if report.acts.len() < limits.acts && !report.acts.contains(&act) {
                report.acts.push(act);
            }
        }
        for layer in inner.layers {
            if report.layers.len() < limits.layers && !report.layers.contains(&layer) {
                report.layers.push(layer);
            }
        }
        report.beside.extend(inner.beside.into_iter().take(4));
    }
    report
}

/// Runs a script on a machine where all requests are answered; and, if it asked for something or
/// ended itself, again on one where nothing answers and it is not let go, for the servers that it
/// would ask next. What only the second run does is put behind what the first does.
fn run_both(source: &str, page: &Rc<Page>, limits: &Limits, run: &dyn Fn(&str, &Shared)) -> Report {
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
    host.borrow_mut().set_script(source);
    host.borrow_mut().set_page(page);
    run(source, &host);
    let quit = host.borrow().quit;
    let left = host.borrow().steps_left();
    let mut report = host.borrow_mut().take_report();
    let asked = report.acts.iter().any(|it| matches!(it, ScriptAct::Fetch { .. }));
    // Scripts of Node ask on which system they are.
    let by_system = report.acts.iter().any(|it| matches!(it, ScriptAct::Run { .. }))
        && source.contains("platform");
    if left == 0 || !(asked || quit || by_system) {
        return report;
    }

    let mut second = Host::new(limits);
    second.answers = false;
    second.heeds_quit = false;
    second.set_steps(left);
    second.set_script(source);
    second.set_page(page);
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
