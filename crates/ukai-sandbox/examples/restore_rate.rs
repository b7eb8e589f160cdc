//! Boots a guest of a kernel and an initial file system, and measures how fast copies of it
//! run: `restore_rate [--hold] KERNEL INITIAL [ROOT]`. With `--hold` one copy is held, and
//! the process that confines it printed.

use std::ffi::OsStr;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use ukai_sandbox::machine::{Confiner, Host, LinuxGuest, LinuxParts, Machine, confined};

const CHILD: &str = "confined";
const COPIES: usize = 10;

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
    for _ in 0..COPIES {
        let began = Instant::now();
        let running = guest.start(Duration::from_mins(1)).await?;
        let started = began.elapsed();
        running.end().await;
        println!("runs after {started:?}, gone after {:?}", began.elapsed());
    }
    Ok(())
}
