//! A Python or Perl script, run by the interpreters that attackers get on a server.

use super::device::Device;
use super::{Report, carried, from_devices};
use crate::limits::{Limits, SCRIPT_FILES_MAX};
use std::collections::BTreeSet;
use ukai_model::{ScriptAct, Sha256, Timestamp};
use ukai_persona::Persona;

/// An interpreter: where it is, where the script lies, and how it is started. The environment
/// is that of both systems, since scripts in Python ask for Windows' folders as well.
pub(super) struct Interpreter {
    program: &'static str,
    script: &'static str,
    line: &'static str,
}

pub(super) const PYTHON: Interpreter = Interpreter {
    program: "/usr/bin/python3",
    script: "/tmp/sample.py",
    line: "export TEMP=/tmp TMP=/tmp APPDATA=/root/.config LOCALAPPDATA=/root/.local \
           USERPROFILE=/root PUBLIC=/home PROGRAMDATA=/var/lib USERNAME=root\n\
           cd /tmp; python3 /tmp/sample.py\n",
};

pub(super) const PERL: Interpreter = Interpreter {
    program: "/usr/bin/perl",
    script: "/tmp/sample.pl",
    line: "cd /tmp; perl /tmp/sample.pl\n",
};

/// Runs `script` on every device that has the interpreter.
pub(super) fn run(
    script: &[u8],
    interpreter: &Interpreter,
    now: Timestamp,
    limits: &Limits,
) -> Report {
    let devices = [true, false].into_iter().flat_map(|fetches_succeed| {
        Persona::built_in()
            .iter()
            .map(move |persona| Device::new(persona, fetches_succeed, now))
            .filter(|device| device.has(interpreter.program))
    });
    let mut report = from_devices(devices, limits, |device| {
        device.place(interpreter.script, script);
        device.run(interpreter.line.as_bytes());
    });
    // Our own lines.
    report.commands.clear();
    // What runs on Windows, too, starts its programs with scripts of theirs.
    let mut known: BTreeSet<Sha256> = report.made.iter().map(|it| Sha256::of(&it.bytes)).collect();
    for act in &report.acts {
        let ScriptAct::Run { line } = act else { continue };
        if report.made.len() < SCRIPT_FILES_MAX
            && let Some(product) = carried(line.as_bytes())
            && known.insert(Sha256::of(&product.bytes))
        {
            report.made.push(product);
        }
    }
    report
}
