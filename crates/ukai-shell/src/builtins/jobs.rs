//! `jobs`, `wait`, `fg`, `bg`, `disown`.

use crate::commands::{Arguments, Command, Outcome};
use crate::job::{JobState, job_line};
use crate::process::Process;
use crate::system::{Fut, Stop};

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("jobs", jobs),
    Command::waiting("wait", wait),
    Command::waiting("fg", foreground),
    Command::at_once("bg", background),
    Command::at_once("disown", disown),
];

fn jobs(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = crate::commands::Options::read(arguments, "lprsn", &[]);
    let mut text = Vec::new();
    {
        let system = process.session.system();
        for job in system.jobs.shown(process.pid) {
            if options.has("p") {
                text.extend_from_slice(format!("{}\n", job.pid).as_bytes());
                continue;
            }
            let (state, end) = match job.state {
                JobState::Stopped => ("Stopped", ""),
                _ => ("Running", if process.bash { " &" } else { "" }),
            };
            let mark = system.jobs.mark(job);
            let command = [&job.text, end.as_bytes()].concat();
            if options.has("l") {
                text.extend_from_slice(
                    format!("[{}]{mark} {:>5} {state:<24}", job.number, job.pid).as_bytes(),
                );
                text.extend_from_slice(&command);
                text.push(b'\n');
            } else {
                text.extend(job_line(job.number, mark, state, &command, process.bash));
            }
        }
    }
    process.print(&text)?;
    Ok(0)
}

/// The job that the first argument names, or the current one; its absence is told.
fn named(process: &mut Process, arguments: &Arguments) -> Result<Option<(u32, usize)>, Stop> {
    let name = arguments.rest().first().map(|w| String::from_utf8_lossy(w).into_owned());
    let found = process
        .session
        .system()
        .jobs
        .named(process.pid, name.as_deref())
        .map(|j| (j.pid, j.number));
    if found.is_none() {
        let shown = name.unwrap_or_else(|| "current".to_owned());
        process.complain_as(&arguments.name(), &format!("{shown}: no such job"))?;
    }
    Ok(found)
}

fn no_control(process: &mut Process, name: &str) -> Result<i32, Stop> {
    let (message, status) =
        if process.bash { ("no job control", 1) } else { ("No current job", 2) };
    process.complain_as(name, message)?;
    Ok(status)
}

fn foreground(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        if !process.controls_jobs() {
            return no_control(process, "fg");
        }
        let Some((pid, _)) = named(process, &arguments)? else { return Ok(1) };
        let Some((job, future)) = process.session.system().jobs.take(pid) else { return Ok(1) };
        process.print([&job.text[..], b"\n"].concat())?;
        let future = Box::pin(async move { Ok(future.await) });
        process.foreground(job.text, future).await
    })
}

fn background(process: &mut Process, arguments: &Arguments) -> Outcome {
    if !process.controls_jobs() {
        return no_control(process, "bg").map_err(Into::into);
    }
    let Some((pid, number)) = named(process, arguments)? else { return Ok(1) };
    let line = {
        let mut system = process.session.system();
        let mark =
            system.jobs.named(process.pid, Some(&number.to_string())).map(|j| system.jobs.mark(j));
        let mark = mark.unwrap_or(' ');
        let Some(job) = system.jobs.with_pid(pid) else { return Ok(1) };
        job.state = JobState::Running;
        let text = String::from_utf8_lossy(&job.text).into_owned();
        if process.bash {
            format!("[{number}]{mark} {text} &\n")
        } else {
            format!("[{number}] {text}\n")
        }
    };
    process.session.moves.count();
    process.print(line)?;
    Ok(0)
}

fn disown(process: &mut Process, arguments: &Arguments) -> Outcome {
    if arguments.rest().iter().any(|w| w == b"-a") {
        let mut system = process.session.system();
        for pid in system.jobs.running_of(process.pid) {
            if let Some(job) = system.jobs.with_pid(pid) {
                job.disowned = true;
            }
        }
        return Ok(0);
    }
    let Some((pid, _)) = named(process, arguments)? else { return Ok(1) };
    if let Some(job) = process.session.system().jobs.with_pid(pid) {
        job.disowned = true;
    }
    Ok(0)
}

fn wait(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        if arguments.rest().is_empty() {
            let pids = process.session.system().jobs.running_of(process.pid);
            for pid in pids {
                process.session.job_end(pid).await?;
            }
            return Ok(0);
        }
        let mut status = 0;
        if process.bash && arguments.rest()[0] == b"-n" {
            // The next job to end; 127 without one.
            let pids = process.session.system().jobs.running_of(process.pid);
            let Some(pid) = pids.first() else { return Ok(127) };
            return process.session.job_end(*pid).await;
        }
        for word in arguments.rest() {
            let text = String::from_utf8_lossy(word).into_owned();
            let pid = if text.starts_with('%') {
                process.session.system().jobs.named(process.pid, Some(&text)).map(|j| j.pid)
            } else {
                text.parse().ok()
            };
            status = match pid {
                Some(pid) if pid != process.pid => process.session.job_end(pid).await?,
                Some(_) | None => 127,
            };
            if status == 127 && process.bash {
                let message = format!("pid {text} is not a child of this shell");
                process.complain_as("wait", &message)?;
            }
        }
        Ok(status)
    })
}
