//! What scripts of PowerShell are told to do.

mod cases;

pub(super) use cases::CASES;

use super::run;
use crate::Limits;
use crate::told::told;

#[test]
fn droppers() {
    let mut wrong = Vec::new();
    for (name, source, acts) in CASES {
        let report = run(source, &Limits::default());
        if told(&report) != *acts {
            wrong.push(format!(
                "{name}: {:#?}\nnot {acts:#?}\nnotes {:?}",
                told(&report),
                report.notes
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}: {}", wrong.len(), CASES.len(), wrong.join("\n\n"));
}
