//! Limits of the agent, each with its unit.

use std::time::Duration;

/// Notices that wait for the host, in bytes. Further ones are counted as lost.
pub const WAITING_BYTES_MAX: usize = 8 << 20;
/// Contents are only read while fewer bytes than this wait.
pub const WAITING_BYTES_LOW: usize = 1 << 20;
/// The kernel's buffer for the trace of each processor, in kibibytes.
pub const RING_KIB: u32 = 8_192;
/// Pages of it that are read in one go.
pub const PAGES_AT_ONCE: usize = 64;

/// What of a single file is sent, in bytes.
pub const FILE_BYTES_MAX: u64 = 16 << 20;
/// Of all files of a run, in bytes.
pub const FILES_BYTES_MAX: u64 = 96 << 20;
/// Contents that are sent in a run.
pub const FILES_MAX: u32 = 512;
/// Contents of the same file, before only the last is kept for the end.
pub const VERSIONS_MAX: u32 = 3;
/// Files held open until they are sent.
pub const HELD_MAX: usize = 256;

/// What of each output stream is sent, in bytes.
pub const OUTPUT_BYTES_MAX: u64 = 1 << 20;
/// Beyond it, the total is told after so many bytes more.
pub const OUTPUT_STEP_BYTES: u64 = 16 << 20;

/// Memory of a process that is sent, in bytes, and of all.
pub const PROCESS_BYTES_MAX: u64 = 24 << 20;
pub const MEMORY_BYTES_MAX: u64 = 64 << 20;

/// Processes and threads that are known at a time.
pub const TASKS_MAX: usize = 65_536;
/// Conversations whose bytes are being summed up.
pub const TALKS_MAX: usize = 8_192;
/// Processes that are looked for at a time.
pub const LOOKED_AFTER_MAX: usize = 256;
/// How often sums are told.
pub const SUM_EVERY: Duration = Duration::from_millis(500);

/// Sleeps skipped in a run: a loop of skipped sleeps must not turn for ever.
pub const SKIPS_MAX: u32 = 2_000;
/// What is left of a skipped sleep.
pub const SKIPPED_SLEEP: Duration = Duration::from_millis(20);
/// The longest sleep that moves the clock by its whole length, in seconds (30 days).
pub const SKIP_SECONDS_MAX: u64 = 30 * 86_400;
/// Threads of which is known until when they slept last.
pub const DEADLINES_MAX: usize = 4_096;

/// How often an address of IPv6 is looked for before the sample starts, and how long between.
pub const V6_TRIES: u32 = 60;
pub const V6_WAIT: Duration = Duration::from_millis(5);

/// After the sample is killed, how long the kernel's last records are awaited.
pub const LAST_RECORDS: Duration = Duration::from_millis(300);

/// How long Wine's server may take to write down the registry.
pub const SAVING_MAX: Duration = Duration::from_secs(10);
/// Files that Wine's server opened, and whose programs are known or awaited.
pub const WINE_FILES_MAX: usize = 65_536;
