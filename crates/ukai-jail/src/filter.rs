//! The system-call filter: what a parser needs, everything else kills the process.
//!
//! Arguments are looked at where a number alone would allow too much: descriptors other
//! than the standard ones, signals to other processes, memory that is executable or is a
//! file.

use seccompiler::{
    BackendError, BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp,
    SeccompCondition, SeccompFilter, SeccompRule,
};
use std::collections::BTreeMap;

/// Allowed whatever the arguments.
const ANY_ARGUMENTS: &[libc::c_long] = &[
    // Memory.
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    // Seeds of hash tables.
    libc::SYS_getrandom,
    // Clocks, where the vDSO cannot answer.
    libc::SYS_clock_gettime,
    // Abort and its messages, stack overflow handler.
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_futex,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Installs the filter on all threads of the process. It cannot be removed.
pub(crate) fn install() -> Result<(), Error> {
    seccompiler::apply_filter_all_threads(&program()?)
}

fn program() -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        ANY_ARGUMENTS.iter().map(|call| (*call, Vec::new())).collect();

    let executable = libc::PROT_EXEC as u64;
    let anonymous = libc::MAP_ANONYMOUS as u64;
    let not_executable = || condition(2, SeccompCmpOp::MaskedEq(executable), 0);
    let output = || condition(0, SeccompCmpOp::Ge, 1);
    let standard = || condition(0, SeccompCmpOp::Le, 2);
    let this_process = condition(0, SeccompCmpOp::Eq, u64::from(std::process::id()))?;

    rules.insert(
        libc::SYS_mmap,
        vec![SeccompRule::new(vec![
            not_executable()?,
            condition(3, SeccompCmpOp::MaskedEq(anonymous), anonymous)?,
        ])?],
    );
    rules.insert(libc::SYS_mprotect, vec![SeccompRule::new(vec![not_executable()?])?]);
    rules.insert(libc::SYS_read, vec![SeccompRule::new(vec![condition(0, SeccompCmpOp::Eq, 0)?])?]);
    for call in [libc::SYS_write, libc::SYS_writev] {
        rules.insert(call, vec![SeccompRule::new(vec![output()?, standard()?])?]);
    }
    rules.insert(libc::SYS_tgkill, vec![SeccompRule::new(vec![this_process])?]);

    SeccompFilter::new(
        rules,
        SeccompAction::KillProcess,
        SeccompAction::Allow,
        std::env::consts::ARCH.try_into()?,
    )?
    .try_into()
}

/// All looked-at arguments are C `int`s.
fn condition(
    argument: u8,
    operator: SeccompCmpOp,
    value: u64,
) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
}
