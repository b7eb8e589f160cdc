//! `ukai sandbox check`: each thing that a machine needs, tried.

use super::host::HostArgs;
use crate::terminal::{Style, columns};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};
use ukai_sandbox::image::System;
use ukai_sandbox::machine::{LinuxGuest, Machine as _};

/// Flags of `ukai sandbox check`.
#[derive(Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    host: HostArgs,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    told: String,
}

/// Tells what works; exit code 1 if samples cannot be run.
pub(super) fn run(args: &CheckArgs) -> Result<ExitCode> {
    let mut findings = Vec::new();
    let mut tell = |what, result: Result<String, String>| {
        let ok = result.is_ok();
        findings.push(Finding { what, ok, told: result.unwrap_or_else(|error| error) });
        ok
    };
    let qemu = tell("QEMU", version(&args.host).map_err(|error| format!("{error:#}")));
    tell("namespaces", namespaces());
    let image = |system| {
        let parts = args.host.parts(system).map_err(|error| format!("{error:#}"));
        parts.map(|parts| parts.kernel.display().to_string())
    };
    let machine = |system| machine(&args.host, system).map_err(|error| format!("{error:#}"));
    if tell("image", image(System::Linux)) && qemu {
        tell("machine", machine(System::Linux));
    }
    // Who has none does not run programs of Windows.
    if let Ok(found) = image(System::Windows) {
        tell("image for Windows", Ok(found));
        if qemu {
            tell("machine for Windows", machine(System::Windows));
        }
    }
    let all = findings.iter().all(|finding| finding.ok);
    if args.json {
        println!("{}", serde_json::to_string(&findings)?);
    } else {
        let style = Style::of_stdout();
        let row = |finding: &Finding| {
            let mark = if finding.ok { "ok" } else { "no" };
            vec![style.bold(mark), finding.what.to_owned(), finding.told.clone()]
        };
        print!("{}", columns(&findings.iter().map(row).collect::<Vec<_>>()));
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn version(host: &HostArgs) -> Result<String> {
    let qemu = host.qemu()?;
    let said = Command::new(&qemu).arg("--version").output()?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    Ok(format!("{}: {}", qemu.display(), said.lines().next().unwrap_or("says nothing")))
}

/// Whether the kernel lets this user make the namespaces that QEMU is put into.
fn namespaces() -> Result<String, String> {
    let read = |path: &str| std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
    let root = rustix::process::geteuid().is_root();
    if read("/proc/sys/user/max_user_namespaces").as_deref() == Some("0") {
        return Err("forbidden: sysctl user.max_user_namespaces=15000".to_owned());
    }
    if !root && read("/proc/sys/kernel/unprivileged_userns_clone").as_deref() == Some("0") {
        return Err(
            "forbidden: sysctl kernel.unprivileged_userns_clone=1, or run as root".to_owned()
        );
    }
    let restricted = read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
    if !root && restricted.as_deref() == Some("1") {
        let remedy = "sysctl kernel.apparmor_restrict_unprivileged_userns=0, or run as root";
        return Err(format!("forbidden by AppArmor: {remedy}"));
    }
    let user = if root { "nobody, since this is root" } else { "this user" };
    Ok(format!("allowed; QEMU runs as {user}"))
}

/// Boots the guest if need be, and copies it once.
fn machine(host: &HostArgs, system: System) -> Result<String> {
    let (parts, host) = (host.parts(system)?, host.host()?);
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let guest = LinuxGuest::open(host, parts, &mut |said| eprintln!("{said}")).await?;
        let began = Instant::now();
        let running = guest.start(Duration::from_mins(1)).await?;
        let took = began.elapsed();
        running.end().await;
        Ok(format!(
            "{} by {}, {} MiB, a copy runs after {} ms",
            match guest.method() {
                ukai_sandbox::machine::Method::SharedMemory => "shared memory",
                ukai_sandbox::machine::Method::Stream => "memory read whole",
            },
            guest.accelerator().name(),
            guest.memory_mib(),
            took.as_millis()
        ))
    })
}
