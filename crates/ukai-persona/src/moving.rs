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
    /// `MemAvailable`.
    pub available_kb: u64,
    /// `SReclaimable`.
    pub reclaimable_kb: u64,
}

/// Columns of the `cpu` lines of `/proc/stat`.
pub const CPU_COLUMNS: usize = 10;

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
    /// Name, as the kernel has it: [`Process::name_of`] the command line, mostly.
    pub name: String,
    /// The program's file; empty for kernel threads and where nobody knows.
    pub exe: String,
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

    /// The name that the kernel gives a process of that command line: the last part of
    /// its first word, cut (`TASK_COMM_LEN`).
    pub fn name_of(command: &str) -> String {
        const NAME_CHARACTERS: usize = 15;
        let first = command.split_whitespace().next().unwrap_or("");
        if first.starts_with('[') {
            // A kernel thread keeps its slashes: `kworker/0:1H-kblockd`.
            return first.trim_matches(['[', ']']).to_owned();
        }
        let word = first.trim_start_matches('-').trim_end_matches(':');
        let word = word.rsplit('/').next().unwrap_or(word);
        word.trim_matches(['(', ')']).chars().take(NAME_CHARACTERS).collect()
    }

    /// The file of a command line's first word, if that is a path.
    fn exe_of(command: &str) -> String {
        let first = command.split_whitespace().next().unwrap_or("");
        if first.starts_with('/') { first.to_owned() } else { String::new() }
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
        let free_kb = (base + jitter) & !3;
        let buffers_kb = self.near("buffers", spec.buffers_kb);
        let cached_kb = self.near("cached", spec.cached_kb);
        let reclaimable_kb = self.near("reclaimable", spec.cached_kb / 9);
        Memory {
            total_kb: spec.total_kb,
            free_kb,
            buffers_kb,
            cached_kb,
            available_kb: (free_kb + (buffers_kb + cached_kb + reclaimable_kb) * 3 / 4) & !3,
            reclaimable_kb,
            shared_kb: self.near("shared", spec.total_kb / 200),
            swap_total_kb: spec.swap_kb,
            swap_free_kb: spec.swap_kb - swap_used,
        }
    }

    /// A count since the start of the system that grows by about `per_hour` each hour,
    /// unevenly, and never falls.
    pub fn count(&self, label: &str, per_hour: u64, now: Timestamp) -> u64 {
        const SLOT_MS: u64 = 5_000;
        const SLOTS_PER_HOUR: u64 = 3_600_000 / SLOT_MS;
        let up = self.uptime(now).as_millis() as u64;
        let (slot, into) = (up / SLOT_MS, up % SLOT_MS);
        // In thousandths: what a slot adds, and by how much its beginning is late.
        let step = per_hour.saturating_mul(1_000) / SLOTS_PER_HOUR;
        let boot = now.secs().saturating_sub(up / 1_000) / 60;
        let at = |slot: u64| {
            let label = format!("count {label} {boot} {slot}");
            slot.saturating_mul(step) + self.draw.between(label.as_bytes(), 0, step * 9 / 10)
        };
        let (from, to) = (at(slot), at(slot + 1));
        (from + (to - from) * into / SLOT_MS) / 1_000
    }

    /// What each processor did since the start of the system, in hundredths of a second:
    /// user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice.
    pub fn processor_times(&self, now: Timestamp) -> Vec<[u64; CPU_COLUMNS]> {
        let total = (self.uptime(now).as_millis() / 10) as u64;
        (0..self.persona.machine.processors)
            .map(|cpu| {
                let spent = |what: &str, low: u64, high: u64| {
                    let label = format!("cpu{cpu} {what}");
                    let rate = self.draw.between(label.as_bytes(), low, high);
                    self.count(&label, rate, now)
                };
                let user = spent("user", 1_500, 9_000);
                let nice = spent("nice", 10, 300);
                let system = spent("system", 900, 4_500);
                let waiting = spent("iowait", 60, 700);
                let soft = spent("softirq", 40, 500);
                let busy = user + nice + system + waiting + soft;
                [user, nice, system, total.saturating_sub(busy), waiting, 0, soft, 0, 0, 0]
            })
            .collect()
    }

    /// Processor time that a process of the host has used, in hundredths of a second.
    pub fn process_time(&self, process: &Process, now: Timestamp) -> u64 {
        /// Threads of the kernel that ever have much to do.
        const BUSY_THREADS: [&str; 6] =
            ["rcu_preempt", "rcu_sched", "ksoftirqd/", "jbd2/", "kswapd", "kcompactd"];
        let label = format!("time {} {}", process.pid, process.command);
        let most = if process.is_kernel() {
            let busy = BUSY_THREADS.iter().any(|name| process.name.starts_with(name));
            if busy { 12 } else { 0 }
        } else if process.pid % 7 == 3 {
            30
        } else {
            6
        };
        let rate = self.draw.between(label.as_bytes(), most / 5, most);
        self.count(&label, rate, now)
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
    pub fn processes(&self) -> &[Process] {
        self.processes.get_or_init(|| self.list_processes())
    }

    fn list_processes(&self) -> Vec<Process> {
        let kernel_parent =
            u32::from(self.persona.processes.iter().any(|p| p.command == "[kthreadd]")) * 2;
        let mut pid = 0;
        let mut kernel_pid_last = 0;
        let mut all: Vec<Process> = Vec::with_capacity(self.persona.processes.len());
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
                _ => spec.parent.as_ref().map_or(1, |parent| {
                    all.iter().find(|p| p.command.starts_with(parent)).map_or(1, |p| p.pid)
                }),
            };
            let command = self.fill_fixed(&spec.command);
            all.push(Process {
                pid,
                ppid,
                user: spec.user.clone(),
                name: spec.name.clone().unwrap_or_else(|| Process::name_of(&command)),
                exe: spec.exe.clone().unwrap_or_else(|| Process::exe_of(&command)),
                command,
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
