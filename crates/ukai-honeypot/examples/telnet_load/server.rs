//! The honeypot's process, looked at through /proc.

use std::time::Duration;

/// The honeypot's process.
pub(crate) struct Server {
    pid: u32,
}

/// What it has used at a moment.
pub(crate) struct Look {
    cpu: Duration,
    rss_kib: u64,
}

/// What it used between two moments.
pub(crate) struct Usage {
    pub(crate) cpu: Duration,
    pub(crate) rss_before_kib: u64,
    pub(crate) rss_after_kib: u64,
}

impl Server {
    pub(crate) const fn of(pid: u32) -> Self {
        Self { pid }
    }

    /// CPU time of all its threads, and its resident memory.
    pub(crate) fn look(&self) -> Look {
        let read = |file: &str| {
            let path = format!("/proc/{}/{file}", self.pid);
            std::fs::read_to_string(&path).unwrap_or_else(|error| {
                eprintln!("{path}: {error}");
                std::process::exit(2);
            })
        };
        let stat = read("stat");
        // The name may hold anything; what follows its bracket is well-formed.
        let fields: Vec<&str> =
            stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: u64 = fields[11..13].iter().map(|field| field.parse().unwrap_or(0)).sum();
        // USER_HZ is 100 on every architecture that Linux has.
        let cpu = Duration::from_millis(ticks * 10);
        let rss_kib = read("status")
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
            .unwrap_or(0);
        Look { cpu, rss_kib }
    }
}

impl Look {
    pub(crate) const fn since(&self, before: &Self) -> Usage {
        Usage {
            cpu: self.cpu.saturating_sub(before.cpu),
            rss_before_kib: before.rss_kib,
            rss_after_kib: self.rss_kib,
        }
    }
}
