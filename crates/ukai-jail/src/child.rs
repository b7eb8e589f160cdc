//! The child's side: it gives up everything before it reads a byte.

use crate::limits::{DESCRIPTORS_MAX, JailLimits, LIMITS_VARIABLE, Orders, WARM_WORD};
use crate::{filter, fork};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, getppid, set_dumpable_behavior,
    set_parent_process_death_signal, setrlimit,
};
use rustix::thread::set_no_new_privs;
use rustix::time::{ClockId, clock_gettime};

/// Why a child could not confine itself. It must then end without reading its input.
#[derive(Debug, thiserror::Error)]
pub enum ConfineError {
    /// The process was not started by [`crate::Jail`].
    #[error("not started by a jail: this command is for ukai's own use")]
    NoOrders,
    /// The parent ended before the child was ready.
    #[error("the parent is gone")]
    Orphan,
    /// A process with several threads cannot be forked: locks of the others stay closed.
    #[error("a warm process has {0} threads")]
    Threads(usize),
    /// The kernel refused a step.
    #[error("cannot {step}: {source}")]
    Kernel {
        /// The step.
        step: &'static str,
        /// The kernel's answer.
        source: std::io::Error,
    },
    /// The system-call filter could not be made or installed.
    #[error("cannot install the system-call filter: {0}")]
    Filter(String),
}

/// Confines the calling process by the limits that its [`crate::Jail`] handed over.
///
/// Call it first in the child's `main`, on its only thread; what comes before it is done once
/// by a warm process, and must not read anything of a sample. After it the process reads
/// standard input, writes standard output and error, manages memory and exits; any other
/// system call ends it.
///
/// In a warm process it returns once in each child, and never in the process itself.
pub fn enter() -> Result<(), ConfineError> {
    let text = std::env::var(LIMITS_VARIABLE).map_err(|_| ConfineError::NoOrders)?;
    let orders = match text.strip_prefix(WARM_WORD) {
        Some(parent) => {
            die_with(parent.parse().map_err(|_| ConfineError::NoOrders)?)?;
            forbid_dumps()?;
            remember();
            fork::serve()?
        }
        None => text.parse::<Orders>().map_err(|()| ConfineError::NoOrders)?,
    };
    die_with(orders.parent)?;
    confine(&orders.limits)
}

/// Has the process killed when its parent ends.
fn die_with(parent: u32) -> Result<(), ConfineError> {
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| kernel("ask to be killed with the parent", error))?;
    // A parent that died before that request is never reported.
    if getppid().map(|pid| pid.as_raw_nonzero().get()) != i32::try_from(parent).ok() {
        return Err(ConfineError::Orphan);
    }
    Ok(())
}

fn forbid_dumps() -> Result<(), ConfineError> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|error| kernel("forbid memory dumps", error))
}

/// Asks the system what programs ask once, at a time when they no longer may. What a warm process
/// knows its children know.
fn remember() {
    // Where the stack ends, for those that grow it.
    stacker::remaining_stack();
    // Where the kernel's code is that reads the processor's clock.
    let _ = clock_gettime(ClockId::ThreadCPUTime);
}

/// Confines the calling process: resource limits, no new privileges, no dumps, system-call
/// filter. It cannot be undone. [`enter`] is the usual way.
pub fn confine(limits: &JailLimits) -> Result<(), ConfineError> {
    remember();
    let hard = |amount| Rlimit { current: Some(amount), maximum: Some(amount) };
    // SIGXCPU at the soft limit tells the reason; one second later comes SIGKILL.
    let cpu = Rlimit { current: Some(limits.cpu_s), maximum: Some(limits.cpu_s + 1) };
    let resources = [
        (Resource::As, hard(limits.memory_bytes), "limit memory"),
        (Resource::Cpu, cpu, "limit processor time"),
        (Resource::Fsize, hard(0), "limit files' size"),
        (Resource::Nofile, hard(DESCRIPTORS_MAX), "limit file descriptors"),
        (Resource::Nproc, hard(0), "limit processes"),
        (Resource::Core, hard(0), "forbid core dumps"),
    ];
    for (resource, limit, step) in resources {
        setrlimit(resource, limit).map_err(|error| kernel(step, error))?;
    }
    forbid_dumps()?;
    set_no_new_privs(true).map_err(|error| kernel("forbid new privileges", error))?;
    filter::install().map_err(|error| ConfineError::Filter(error.to_string()))
}

fn kernel(step: &'static str, error: rustix::io::Errno) -> ConfineError {
    ConfineError::Kernel { step, source: error.into() }
}
