//! Boots a guest of a kernel and an initial file system, and measures how fast copies of it
//! run: `restore_rate [--hold] KERNEL INITIAL [ROOT]`. With `--hold` one copy is held, and
//! the process that confines it printed.

use std::ffi::OsStr;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use ukai_sandbox::machine::{Confiner, Host, LinuxGuest, LinuxParts, Machine, Running, confined};

const CHILD: &str = "confined";
const COPIES: usize = 20;

/// So many at once.
const PARALLEL: usize = 8;

fn main() -> ExitCode {
    let mut arguments: Vec<_> = std::env::args_os().skip(1).collect();
    if arguments.first().is_some_and(|word| word == CHILD) {
        return confined();
    }
    let hold = arguments.first().is_some_and(|word| word == "--hold");
    if hold {
        arguments.remove(0);
    }
    let [kernel, initial, root @ ..] = &arguments[..] else {
        eprintln!("usage: restore_rate [--hold] KERNEL INITIAL [ROOT]");
        return ExitCode::from(2);
    };
    let parts = LinuxParts {
        kernel: kernel.into(),
        initial: initial.into(),
        root: root.first().map(Into::into),
        command_line: String::new(),
        memory_mib: 128,
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    match runtime.block_on(measure(parts, hold)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(parts: LinuxParts, hold: bool) -> Result<(), Box<dyn std::error::Error>> {
    let cache = std::env::temp_dir().join("ukai-restore-rate");
    let host = Host {
        qemu: "/usr/bin/qemu-system-x86_64".into(),
        confiner: Confiner::this_program([OsStr::new(CHILD)]),
        cache,
        accelerator: None,
    };
    let began = Instant::now();
    let guest = LinuxGuest::open(host, parts, &mut |said| eprintln!("{said}")).await?;
    if hold {
        let running = guest.start(Duration::from_mins(10)).await?;
        println!("{}", running.process().unwrap_or_default());
        std::future::pending::<()>().await;
    }
    let (accelerator, method) = (guest.accelerator(), guest.method());
    println!("open {:?}: {accelerator:?}, {method:?}", began.elapsed());
    let (mut started, mut ended) = (Vec::new(), Vec::new());
    for _ in 0..COPIES {
        let began = Instant::now();
        let running = guest.start(Duration::from_mins(1)).await?;
        started.push(began.elapsed());
        running.end().await;
        ended.push(began.elapsed());
    }
    started.sort_unstable();
    ended.sort_unstable();
    let (middle, last) = (COPIES / 2, COPIES - 1);
    println!("a copy runs after {:?} (median), {:?} (longest)", started[middle], started[last]);
    println!("started and ended: {:?} (median)", ended[middle]);
    let mut all = Vec::new();
    for _ in 0..PARALLEL {
        all.push(guest.start(Duration::from_mins(1)).await?);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let memory: u64 = all.iter().filter_map(Running::process).map(memory_kib).sum();
        println!("{} at once: {} MiB", all.len(), memory >> 10);
    }
    let cpu: u64 = all.iter().filter_map(Running::process).map(cpu_ticks).sum();
    tokio::time::sleep(IDLE).await;
    let after: u64 = all.iter().filter_map(Running::process).map(cpu_ticks).sum();
    let busy = (after - cpu) as f64 / (100.0 * IDLE.as_secs_f64()) / PARALLEL as f64;
    println!("idle: {:.1} % of a core each", 100.0 * busy);
    for running in all {
        running.end().await;
    }
    Ok(())
}

/// How long idle machines are watched.
const IDLE: Duration = Duration::from_secs(5);

/// QEMU, the only child of the process that confines it.
fn qemu(confining: u32) -> String {
    let path = format!("/proc/{confining}/task/{confining}/children");
    std::fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

/// What a machine takes of the host's memory: what it shares is divided.
fn memory_kib(confining: u32) -> u64 {
    let both = [qemu(confining), confining.to_string()];
    let of = |pid: &String| {
        let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
        line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0)
    };
    both.iter().map(of).sum()
}

/// Processor time that it has used, in hundredths of a second.
fn cpu_ticks(confining: u32) -> u64 {
    let path = format!("/proc/{}/stat", qemu(confining));
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let after = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    after.split_whitespace().skip(11).take(2).filter_map(|word| word.parse::<u64>().ok()).sum()
}
