//! `/proc/stat`, `/proc/meminfo` and `/proc/loadavg`, as kernels from 2.6 to 6.1 write
//! them (fs/proc/stat.c, meminfo.c, loadavg.c).

use super::View;
use std::fmt::Write as _;
use ukai_model::Timestamp;
use ukai_persona::Host;

/// Interrupts that a machine of this kind counts, and how many an hour.
pub(super) const INTERRUPTS: [(usize, u64); 9] =
    [(0, 0), (1, 0), (4, 2), (6, 0), (8, 0), (11, 4), (24, 900), (25, 41_000), (27, 36_000)];

/// How many interrupts there are.
const INTERRUPTS_LISTED: usize = 256;

/// Kinds of soft interrupts, and how many an hour: HI, TIMER, NET_TX, NET_RX, BLOCK,
/// IRQ_POLL, TASKLET, SCHED, HRTIMER, RCU.
pub(super) const SOFT_INTERRUPTS: [u64; 10] =
    [0, 212_000, 300, 71_000, 31_000, 0, 900, 390_000, 0, 310_000];

/// How often an interrupt came.
pub(super) fn interrupt(host: &Host, number: usize, now: Timestamp) -> u64 {
    match number {
        0 => 29,
        1 => 9,
        8 => 1,
        _ => {
            let rate = INTERRUPTS.iter().find(|(n, _)| *n == number).map_or(0, |(_, rate)| *rate);
            host.count(&format!("irq {number}"), rate, now)
        }
    }
}

/// How often a soft interrupt came, on all processors.
pub(super) fn soft_interrupt(host: &Host, kind: usize, now: Timestamp) -> u64 {
    let cpus = u64::from(host.persona.machine.processors.max(1));
    let rate = SOFT_INTERRUPTS.get(kind).copied().unwrap_or(0);
    host.count(&format!("soft {kind}"), rate * cpus, now)
}

/// `/proc/stat`
pub(super) fn stat_text(host: &Host, view: &View) -> String {
    let now = view.now;
    let times = host.processor_times(now);
    let mut text = String::from("cpu ");
    for column in 0..ukai_persona::CPU_COLUMNS {
        let sum: u64 = times.iter().map(|t| t[column]).sum();
        let _ = write!(text, " {sum}");
    }
    text.push('\n');
    for (number, times) in times.iter().enumerate() {
        let _ = write!(text, "cpu{number}");
        for time in times {
            let _ = write!(text, " {time}");
        }
        text.push('\n');
    }
    let cpus = times.len().max(1) as u64;
    let local = host.count("local timer", 620_000 * cpus, now);
    let mut listed = vec![0; INTERRUPTS_LISTED];
    for (number, _) in INTERRUPTS {
        listed[number] = interrupt(host, number, now);
    }
    let total = local + listed.iter().sum::<u64>();
    let _ = write!(text, "intr {total}");
    for count in &listed {
        let _ = write!(text, " {count}");
    }
    let soft: Vec<u64> =
        (0..SOFT_INTERRUPTS.len()).map(|kind| soft_interrupt(host, kind, now)).collect();
    let _ = write!(
        text,
        "\nctxt {}\nbtime {}\nprocesses {}\nprocs_running 1\nprocs_blocked 0\nsoftirq {}",
        host.count("context switches", 1_400_000, now),
        host.booted(now).secs(),
        host.count("forks", 1_100, now) + u64::from(view.shell_pid.max(view.pid)),
        soft.iter().sum::<u64>(),
    );
    for count in soft {
        let _ = write!(text, " {count}");
    }
    text.push('\n');
    text
}

/// `/proc/loadavg`; the kernel counts threads, of which there are more than processes.
pub(super) fn loadavg_text(host: &Host, view: &View, processes: usize) -> String {
    let [a, b, c] = host.load(view.now).map(|l| (l / 100, l % 100));
    let threads = processes + processes / 9;
    format!(
        "{}.{:02} {}.{:02} {}.{:02} 1/{threads} {}\n",
        a.0,
        a.1,
        b.0,
        b.1,
        c.0,
        c.1,
        view.pid.max(view.shell_pid)
    )
}

/// `/proc/meminfo`: of a kernel of today on a large machine, or the short form of a
/// small one.
pub(super) fn meminfo_text(host: &Host, view: &View) -> String {
    let m = host.memory(view.now);
    let near = |label: &str, kb: u64| host.draw(label, kb * 9 / 10, kb * 11 / 10) & !3;
    let moving = |label: &str, kb: u64| (host.count(label, kb * 700, view.now) % kb.max(4)) & !3;
    let mut text = String::new();
    let mut row = |label: &str, kb: u64| {
        let _ = writeln!(text, "{:<15}{kb:>9} kB", format!("{label}:"));
    };
    row("MemTotal", m.total_kb);
    row("MemFree", m.free_kb);
    if !host.persona.is_gnu() {
        row("Buffers", m.buffers_kb);
        row("Cached", m.cached_kb);
        row("SwapCached", 0);
        row("Active", m.cached_kb / 2);
        row("Inactive", m.cached_kb / 3);
        row("SwapTotal", m.swap_total_kb);
        row("SwapFree", m.swap_free_kb);
        row("Shmem", m.shared_kb);
        return text;
    }
    let file_kb = m.buffers_kb + m.cached_kb - m.shared_kb.min(m.cached_kb);
    let anonymous_kb =
        (m.total_kb.saturating_sub(m.free_kb + file_kb + m.reclaimable_kb) * 2 / 3) & !3;
    let active_file_kb = (file_kb * 2 / 5) & !3;
    let active_kb = (m.shared_kb / 4) & !3;
    let inactive_kb = anonymous_kb + m.shared_kb - active_kb;
    let unreclaimable_kb = near("unreclaimable", m.total_kb / 48);
    row("MemAvailable", m.available_kb);
    row("Buffers", m.buffers_kb);
    row("Cached", m.cached_kb);
    row("SwapCached", 0);
    row("Active", active_kb + active_file_kb);
    row("Inactive", inactive_kb + file_kb - active_file_kb);
    row("Active(anon)", active_kb);
    row("Inactive(anon)", inactive_kb);
    row("Active(file)", active_file_kb);
    row("Inactive(file)", file_kb - active_file_kb);
    row("Unevictable", 0);
    row("Mlocked", 0);
    row("SwapTotal", m.swap_total_kb);
    row("SwapFree", m.swap_free_kb);
    row("Zswap", 0);
    row("Zswapped", 0);
    row("Dirty", moving("dirty", 480));
    row("Writeback", 0);
    row("AnonPages", anonymous_kb);
    row("Mapped", near("mapped", m.total_kb / 13));
    row("Shmem", m.shared_kb);
    row("KReclaimable", m.reclaimable_kb);
    row("Slab", m.reclaimable_kb + unreclaimable_kb);
    row("SReclaimable", m.reclaimable_kb);
    row("SUnreclaim", unreclaimable_kb);
    row("KernelStack", near("kernel stack", 2_640));
    row("PageTables", near("page tables", 5_312));
    row("SecPageTables", 0);
    row("NFS_Unstable", 0);
    row("Bounce", 0);
    row("WritebackTmp", 0);
    row("CommitLimit", m.total_kb / 2 + m.swap_total_kb);
    row("Committed_AS", near("committed", anonymous_kb * 3));
    let mut text = text + "VmallocTotal:   34359738367 kB\n";
    let mut row = |label: &str, kb: u64| {
        let _ = writeln!(text, "{label:<15} {kb:>8} kB");
    };
    row("VmallocUsed:", near("vmalloc", 11_204));
    row("VmallocChunk:", 0);
    row("Percpu:", 832);
    row("HardwareCorrupted:", 0);
    let mut text = text.replace("HardwareCorrupted:        0 kB", "HardwareCorrupted:     0 kB");
    let huge = near("huge", 20_480) / 2_048 * 2_048;
    let map_4k = near("map 4k", m.total_kb / 16) & !4_095;
    let rows = [
        ("AnonHugePages:", huge),
        ("ShmemHugePages:", 0),
        ("ShmemPmdMapped:", 0),
        ("FileHugePages:", 0),
        ("FilePmdMapped:", 0),
    ];
    for (label, kb) in rows {
        let _ = writeln!(text, "{label:<15} {kb:>8} kB");
    }
    text.push_str(
        "HugePages_Total:       0\nHugePages_Free:        0\nHugePages_Rsvd:        0\n\
         HugePages_Surp:        0\nHugepagesize:       2048 kB\nHugetlb:               0 kB\n",
    );
    let _ = writeln!(text, "DirectMap4k:    {map_4k:>8} kB");
    let rest = (m.total_kb + 62_000).saturating_sub(map_4k) / 2_048 * 2_048;
    let _ = writeln!(text, "DirectMap2M:    {rest:>8} kB");
    text
}
