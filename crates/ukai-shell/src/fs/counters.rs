//! Files of `/proc` that count: interrupts, soft interrupts, blocks, pages. They count
//! what `/proc/stat` and `/proc/meminfo` say.

use super::View;
use super::statistics::{INTERRUPTS, SOFT_INTERRUPTS, interrupt, soft_interrupt};
use std::fmt::Write as _;
use ukai_persona::Host;

/// Names of the interrupts of a virtual machine: number, controller, name.
const DEVICES: [(usize, &str, &str); 9] = [
    (0, "IO-APIC   2-edge", "timer"),
    (1, "IO-APIC   1-edge", "i8042"),
    (4, "IO-APIC   4-edge", "ttyS0"),
    (6, "IO-APIC   6-edge", "floppy"),
    (8, "IO-APIC   8-edge", "rtc0"),
    (11, "IO-APIC  11-fasteoi", "uhci_hcd:usb1, virtio1"),
    (24, "PCI-MSI 49152-edge", "virtio0-config"),
    (25, "PCI-MSI 49153-edge", "virtio0-input.0"),
    (27, "PCI-MSI 81921-edge", "virtio2-req.0"),
];

/// A count as each processor had its share of it.
fn shares(total: u64, processors: u32) -> Vec<u64> {
    let count = u64::from(processors.max(1));
    let each = total / count;
    (0..count).map(|cpu| if cpu == 0 { total - each * (count - 1) } else { each }).collect()
}

fn heading(text: &mut String, indent: usize, processors: u32) {
    let _ = write!(text, "{:indent$}", "");
    for cpu in 0..processors {
        let _ = write!(text, "CPU{cpu:<8}");
    }
    text.push('\n');
}

/// `/proc/interrupts`
pub(super) fn interrupts_text(host: &Host, view: &View) -> String {
    let processors = host.persona.machine.processors;
    let mut text = String::new();
    heading(&mut text, 11, processors);
    for (number, chip, device) in DEVICES {
        if !INTERRUPTS.iter().any(|(listed, _)| *listed == number) {
            continue;
        }
        let _ = write!(text, "{number:>3}:");
        // An interrupt stays on the processor that it was given to.
        let own = number as u32 % processors.max(1);
        for cpu in 0..processors {
            let count = if cpu == own { interrupt(host, number, view.now) } else { 0 };
            let _ = write!(text, " {count:>10}");
        }
        let _ = writeln!(text, "  {chip:<20}  {device}");
    }
    let count = |label: &str, rate: u64| {
        shares(host.count(label, rate * u64::from(processors), view.now), processors)
    };
    for (short, counts, name) in [
        ("NMI", vec![0; processors as usize], "Non-maskable interrupts"),
        ("LOC", count("local timer", 620_000), "Local timer interrupts"),
        ("SPU", vec![0; processors as usize], "Spurious interrupts"),
        ("PMI", vec![0; processors as usize], "Performance monitoring interrupts"),
        ("RES", count("rescheduling", 21_000), "Rescheduling interrupts"),
        ("CAL", count("function calls", 9_000), "Function call interrupts"),
        ("TLB", count("shootdowns", 700), "TLB shootdowns"),
    ] {
        let _ = write!(text, "{short}:");
        for count in counts {
            let _ = write!(text, " {count:>10}");
        }
        let _ = writeln!(text, "   {name}");
    }
    text.push_str("ERR:          0\nMIS:          0\n");
    text
}

/// `/proc/softirqs`
pub(super) fn softirqs_text(host: &Host, view: &View) -> String {
    const NAMES: [&str; 10] = [
        "HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER",
        "RCU",
    ];
    let processors = host.persona.machine.processors;
    let mut text = String::new();
    heading(&mut text, 20, processors);
    for (kind, name) in NAMES.iter().enumerate().take(SOFT_INTERRUPTS.len()) {
        let _ = write!(text, "{name:>12}:");
        for count in shares(soft_interrupt(host, kind, view.now), processors) {
            let _ = write!(text, " {count:>10}");
        }
        text.push('\n');
    }
    text
}

/// `/proc/diskstats`, for the disks of `/proc/partitions`.
pub(super) fn diskstats_text(host: &Host, view: &View, partitions: &str) -> String {
    let mut text = String::new();
    for line in partitions.lines().skip(2) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [major, minor, blocks, name] = fields[..] else { continue };
        let large = blocks.parse::<u64>().is_ok_and(|blocks| blocks > 1_000_000);
        let (reads, writes) = if large {
            // The first disk's numbers are those of its large partition and a little more.
            let disk = name.trim_end_matches(|c: char| c.is_ascii_digit());
            let more = if disk == name { 400 } else { 0 };
            (
                21_000 + more + host.count(&format!("reads {disk}"), 70, view.now),
                9_000 + host.count(&format!("writes {disk}"), 2_900, view.now),
            )
        } else {
            (host.draw(&format!("reads {name}"), 90, 320), 0)
        };
        let _ = writeln!(
            text,
            "{major:>4} {minor:>7} {name} {reads} {} {} {} {writes} {} {} {} 0 {} {} 0 0 0 0 0 0",
            reads / 4,
            reads * 48,
            reads / 2,
            writes * 3 / 4,
            writes * 22,
            writes * 2,
            writes + reads / 3,
            writes * 2 + reads / 2,
        );
    }
    text
}

/// The beginning of `/proc/vmstat`: what agrees with `/proc/meminfo`, and what moves.
pub(super) fn vmstat_text(host: &Host, view: &View) -> String {
    const PAGE_KB: u64 = 4;
    let memory = host.memory(view.now);
    let count = |label: &str, rate: u64| host.count(label, rate, view.now);
    let writes = 9_000 + count("writes vda", 2_900);
    let reads = 21_000 + count("reads vda", 70);
    let mut text = String::new();
    for (name, value) in [
        ("nr_free_pages", memory.free_kb / PAGE_KB),
        ("nr_zone_inactive_anon", memory.total_kb / 16),
        ("nr_zone_active_anon", memory.shared_kb / 16),
        ("nr_mlock", 0),
        ("nr_bounce", 0),
        ("nr_zspages", 0),
        ("nr_free_cma", 0),
        ("numa_hit", count("numa hit", 410_000)),
        ("numa_miss", 0),
        ("numa_foreign", 0),
        ("numa_interleave", 4_096),
        ("numa_local", count("numa hit", 410_000)),
        ("numa_other", 0),
        ("nr_slab_reclaimable", memory.reclaimable_kb / PAGE_KB),
        ("nr_file_pages", (memory.cached_kb + memory.buffers_kb) / PAGE_KB),
        ("nr_shmem", memory.shared_kb / PAGE_KB),
        ("pgpgin", reads * 24),
        ("pgpgout", writes * 11),
        ("pswpin", 0),
        ("pswpout", 0),
        ("pgfree", count("pages freed", 460_000)),
        ("pgfault", count("page faults", 520_000)),
        ("pgmajfault", 1_900 + count("major faults", 2)),
        ("oom_kill", 0),
    ] {
        let _ = writeln!(text, "{name} {value}");
    }
    text
}
