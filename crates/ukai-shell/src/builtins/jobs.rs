//! `jobs`, `wait`, `fg`, `bg`, `disown`.

use crate::commands::{Arguments, Command, Outcome};
use crate::process::Process;
use crate::system::{Fut, Stop};

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("jobs", jobs),
    Command::waiting("wait", wait),
    Command::waiting("fg", wait),
    Command::at_once("bg", |_, _| Ok(0)),
    Command::at_once("disown", |_, _| Ok(0)),
];

fn jobs(process: &mut Process, _: &Arguments) -> Outcome {
    let mut text = Vec::new();
    {
        let system = process.session.system();
        let running = system.jobs_running.iter().map(|(_, text)| text);
        let all: Vec<_> = running.chain(system.jobs_new.iter().map(|j| &j.text)).collect();
        for (index, line) in all.iter().enumerate() {
            let mark = match all.len() - index {
                1 => '+',
                2 => '-',
                _ => ' ',
            };
            text.extend_from_slice(
                format!("[{}]{mark}  Running                 ", index + 1).as_bytes(),
            );
            text.extend_from_slice(line);
            if process.bash {
                text.extend_from_slice(b" &");
            }
            text.push(b'\n');
        }
    }
    process.print(&text)?;
    Ok(0)
}

fn wait(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let job = process.is_job;
        let pids: Vec<u32> = {
            let system = process.session.system();
            let mut all: Vec<u32> = system.jobs_running.iter().map(|(pid, _)| *pid).collect();
            all.extend(system.jobs_new.iter().map(|j| j.pid));
            let named: Vec<u32> = arguments
                .rest()
                .iter()
                .filter_map(|w| {
                    let text = std::str::from_utf8(w).ok()?;
                    match text.strip_prefix('%') {
                        Some(number) => {
                            all.get(number.parse::<usize>().ok()?.checked_sub(1)?).copied()
                        }
                        None => text.parse().ok(),
                    }
                })
                .collect();
            if arguments.rest().is_empty() { all } else { named }
        };
        let mut status = 0;
        for pid in pids {
            if pid != process.pid {
                status = process.session.job_end(pid, job).await?;
            }
        }
        Ok(if arguments.rest().is_empty() { 0 } else { status })
    })
}
