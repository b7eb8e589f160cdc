//! What moves on a host: memory, load, processes. Functions of the time, so that
//! `free`, `ps` and `/proc` agree whenever they are asked at the same moment.

use crate::Host;
use crate::draw::Draw;
use ukai_model::Timestamp;

/// Memory, in kB, as `/proc/meminfo` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// `MemTotal`.
    pub total_kb: u64,
    /// `MemFree`.
    pub free_kb: u64,
    /// `Buffers`.
    pub buffers_kb: u64,
    /// `Cached`.
    pub cached_kb: u64,
    /// `Shmem`.
    pub shared_kb: u64,
    /// `SwapTotal`.
    pub swap_total_kb: u64,
    /// `SwapFree`.
    pub swap_free_kb: u64,
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Number.
    pub pid: u32,
    /// Number of its parent.
    pub ppid: u32,
    /// Whose it is.
    pub user: String,
    /// Command line; a kernel thread's stands in brackets.
    pub command: String,
    /// Virtual size in kB.
    pub vsz_kb: u64,
    /// Resident size in kB.
    pub rss_kb: u64,
    /// State as `ps` shows it.
    pub state: String,
    /// Terminal, `?` for none.
    pub tty: String,
    /// Seconds after the start of the system at which it began.
    pub started_s: u64,
}

impl Process {
    /// Whether it is a thread of the kernel.
    pub fn is_kernel(&self) -> bool {
        self.command.starts_with('[')
    }
}

impl Host {
    /// Memory at `now`; it changes every few seconds.
    pub fn memory(&self, now: Timestamp) -> Memory {
        const STEP_S: u64 = 7;
        let spec = &self.persona.memory;
        let [low, high] = spec.free_kb;
        let step = now.secs() / STEP_S;
        let span = high - low;
        // A slow drift of the host's own and a quick jitter on it.
        let base = low + self.draw.between(b"mem-free", 0, span.saturating_mul(3) / 4);
        let jitter = self.draw.between(format!("mem {step}").as_bytes(), 0, span / 16);
        let swap_used = self.draw.between(b"swap", 0, spec.swap_kb / 50) & !3;
        Memory {
            total_kb: spec.total_kb,
            free_kb: (base + jitter) & !3,
            buffers_kb: self.near("buffers", spec.buffers_kb),
            cached_kb: self.near("cached", spec.cached_kb),
            shared_kb: self.near("shared", spec.total_kb / 200),
            swap_total_kb: spec.swap_kb,
            swap_free_kb: spec.swap_kb - swap_used,
        }
    }

    /// Load averages over 1, 5 and 15 minutes at `now`, in hundredths.
    pub fn load(&self, now: Timestamp) -> [u32; 3] {
        let at = |label: &str, step_s: u64, high: u64| {
            let label = format!("load {label} {}", now.secs() / step_s);
            self.draw.between(label.as_bytes(), 0, high) as u32
        };
        let base = self.draw.between(b"load", 2, 40) as u32;
        [base + at("1", 5, 45), base + at("5", 60, 20), base + at("15", 300, 8)]
    }

    /// The processes that always run, in order of their numbers. The session's own
    /// are the shell's to add, above [`Host::next_pid`].
    pub fn processes(&self) -> Vec<Process> {
        let kernel_parent =
            u32::from(self.persona.processes.iter().any(|p| p.command == "[kthreadd]")) * 2;
        let mut pid = 0;
        let mut kernel_pid_last = 0;
        let mut all = Vec::with_capacity(self.persona.processes.len());
        for (index, spec) in self.persona.processes.iter().enumerate() {
            let kernel = spec.command.starts_with('[');
            let gap = gap(&self.draw, index, kernel, kernel_pid_last == pid);
            pid += gap;
            if kernel {
                kernel_pid_last = pid;
            }
            let ppid = match pid {
                1 | 2 => 0,
                _ if kernel => kernel_parent,
                _ => 1,
            };
            all.push(Process {
                pid,
                ppid,
                user: spec.user.clone(),
                command: self.fill_fixed(&spec.command),
                vsz_kb: spec.vsz_kb,
                rss_kb: if kernel { 0 } else { self.near(&spec.command, spec.rss_kb) },
                state: spec.state.clone(),
                tty: spec.tty.clone(),
                started_s: if kernel { 0 } else { 2 + u64::from(pid) / 40 },
            });
        }
        all
    }

    /// A process number that a program started at `now` may get; it grows with time
    /// and wraps below 32,768 as the kernel's does.
    pub fn next_pid(&self, now: Timestamp) -> u32 {
        const PID_MAX: u64 = 32_768;
        const FIRST: u64 = 1_200;
        let rate_s = self.draw.between(b"pid-rate", 3, 40);
        (FIRST + (self.uptime(now).as_secs() / rate_s) % (PID_MAX - FIRST - 1_000)) as u32
    }

    /// A multiple of four within a tenth of `value` that is this host's own.
    fn near(&self, label: &str, value: u64) -> u64 {
        let label = format!("near {label}");
        self.draw.between(label.as_bytes(), value - value / 10, value + value / 10) & !3
    }
}

/// How many numbers lie between a process and the one before it.
fn gap(draw: &Draw, index: usize, kernel: bool, after_kernel: bool) -> u32 {
    let label = format!("gap {index}");
    match (kernel, index) {
        (_, 0) | (true, 1) => 1,
        (true, _) => draw.between(label.as_bytes(), 1, 2) as u32,
        (false, _) if after_kernel => draw.between(label.as_bytes(), 60, 240) as u32,
        (false, _) => draw.between(label.as_bytes(), 1, 37) as u32,
    }
}
