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
    /// Marks of a script that asks whether it runs on Windows, and how it is started as if it did.
    windows: Option<(&'static [&'static [u8]], &'static str)>,
}

pub(super) const PYTHON: Interpreter = Interpreter {
    program: "/usr/bin/python3",
    script: "/tmp/sample.py",
    line: "export TEMP=/tmp TMP=/tmp APPDATA=/root/.config LOCALAPPDATA=/root/.local \
           USERPROFILE=/root PUBLIC=/home PROGRAMDATA=/var/lib USERNAME=root\n\
           cd /tmp; python3 /tmp/sample.py\n",
    windows: Some((
        &[b"indows", b"'nt'", b"\"nt\"", b"win32", b"startfile", b"winreg", b"windll"],
        "export OS=Windows_NT TEMP=/tmp TMP=/tmp APPDATA=/root/.config LOCALAPPDATA=/root/.local \
         USERPROFILE=/root PUBLIC=/home PROGRAMDATA=/var/lib USERNAME=root\n\
         cd /tmp; python3 /tmp/sample.py\n",
    )),
};

pub(super) const PERL: Interpreter = Interpreter {
    program: "/usr/bin/perl",
    script: "/tmp/sample.pl",
    line: "cd /tmp; perl /tmp/sample.pl\n",
    windows: None,
};

/// Runs `script` on every device that has the interpreter.
pub(super) fn run(
    script: &[u8],
    interpreter: &Interpreter,
    now: Timestamp,
    limits: &Limits,
) -> Report {
    let asks = |marks: &[&[u8]]| {
        marks.iter().any(|mark| script.windows(mark.len()).any(|part| part == *mark))
    };
    let windows = interpreter.windows.filter(|(marks, _)| asks(marks)).map(|(_, line)| line);
    // Who asks for Windows is run there, too, where what is fetched is got.
    let runs = [Some((true, false)), windows.map(|_| (true, true)), Some((false, false))];
    let devices = runs.into_iter().flatten().flat_map(|(fetches_succeed, is_windows)| {
        Persona::built_in()
            .iter()
            .map(move |persona| {
                let mut device = Device::new(persona, fetches_succeed, now);
                device.is_windows = is_windows;
                device
            })
            .filter(|device| device.has(interpreter.program))
    });
    let mut report = from_devices(devices, limits, |device| {
        device.place(interpreter.script, script);
        let line = windows.filter(|_| device.is_windows).unwrap_or(interpreter.line);
        device.run(line.as_bytes());
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
