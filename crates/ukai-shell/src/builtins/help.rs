//! `help`.
//!
//! `personas/bash-5.2.help.gz` holds what `help` of bash 5.2.15 prints: the list, then a
//! record per topic (names, one line, full text), separated as in the answers' file.

use crate::commands::{Arguments, Command, Outcome};
use crate::expand::pattern::Pattern;
use crate::process::Process;
use flate2::read::GzDecoder;
use std::io::Read as _;
use std::sync::LazyLock;

pub(super) const COMMANDS: &[Command] = &[Command::at_once("help", help)];

/// Longest text that the data unpack to, in bytes.
const UNPACKED_BYTES_MAX: u64 = 1 << 20;

static TEXT: LazyLock<String> = LazyLock::new(|| {
    let packed: &[u8] = include_bytes!("../../../../personas/bash-5.2.help.gz");
    let mut text = String::new();
    // The data are ours and a test reads them; damaged ones only leave help out.
    let _ = GzDecoder::new(packed).take(UNPACKED_BYTES_MAX).read_to_string(&mut text);
    text
});

fn help(process: &mut Process, arguments: &Arguments) -> Outcome {
    if !process.bash {
        process.print(
            "Built-in commands:\n------------------\n\
             \t. : [ [[ alias bg break cd chdir command continue echo eval exec\n\
             \texit export false fg getopts hash help history jobs kill let\n\
             \tlocal printf pwd read readonly return set shift source test times\n\
             \ttrap true type ulimit umask unalias unset wait\n\n",
        )?;
        return Ok(0);
    }
    let short = arguments.rest().iter().any(|w| w == b"-s");
    let topics: Vec<&Vec<u8>> = arguments.rest().iter().filter(|w| !w.starts_with(b"-")).collect();
    let mut records = TEXT.split('\u{1e}');
    let list = records.next().unwrap_or_default();
    if topics.is_empty() {
        process.print(list)?;
        return Ok(0);
    }
    let records: Vec<Vec<&str>> = records.map(|r| r.split('\u{1f}').collect()).collect();
    let mut status = 0;
    for topic in topics {
        let mut work = process.session.work();
        let pattern = Pattern::new(topic, &mut work);
        let mut fits = |name: &&str| pattern.matches(name.as_bytes(), &mut work);
        let begins = |name: &&str| name.as_bytes().starts_with(topic);
        let exact: Vec<_> = records.iter().filter(|r| r.first().is_some_and(&mut fits)).collect();
        let found = if exact.is_empty() {
            records.iter().filter(|r| r.first().is_some_and(begins)).collect()
        } else {
            exact
        };
        if found.is_empty() {
            let shown = String::from_utf8_lossy(topic).into_owned();
            let text = format!(
                "no help topics match `{shown}'.  Try `help help' or `man -k {shown}' or `info {shown}'."
            );
            process.complain_as("help", &text)?;
            status = 1;
        }
        for record in found {
            process.print(record.get(if short { 1 } else { 2 }).unwrap_or(&""))?;
        }
    }
    Ok(status)
}
