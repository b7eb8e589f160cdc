//! However a guest behaves, it ends.

use crate::audit::qemu_of;
use crate::guest::{PATIENCE, confiner, example, open, order, running, says};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use ukai_sandbox::machine::Machine as _;

fn exists(pid: u32) -> bool {
    // A process that has ended and that nobody has asked about yet is a zombie.
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
    status.is_ok_and(|status| !status.contains("State:\tZ"))
}

async fn gone(pid: u32) {
    let gone = async {
        while exists(pid) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("QEMU is gone");
}

/// Starts a copy that does what `line` says, and is ended by its deadline.
async fn ends_by_deadline(line: &str) {
    let guest = open(confiner()).await;
    let mut running = guest.start(Duration::from_secs(3)).await.expect("a copy");
    let qemu = qemu_of(&running);
    order(&mut running, line).await;
    let how = tokio::time::timeout(PATIENCE, running.ended()).await.expect("it ends");
    assert!(how.contains("signal 9"), "{how}");
    gone(qemu).await;
}

#[tokio::test]
async fn a_guest_that_hangs() {
    ends_by_deadline("while :; do :; done").await;
}

#[tokio::test]
async fn a_guest_that_floods_its_port_which_nobody_reads() {
    ends_by_deadline("cat /dev/zero").await;
}

#[tokio::test]
async fn a_guest_that_floods_its_console() {
    let mut running = running().await;
    order(&mut running, "yes gigabytes > /dev/ttyS0").await;
    let flooded = async {
        while running.console().len() < 60_000 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, flooded).await.expect("a full console");
    assert!(running.console().len() <= ukai_sandbox::limits::CONSOLE_BYTES_MAX);
    running.end().await;
}

#[tokio::test]
async fn a_guest_whose_kernel_panics() {
    let mut running = running().await;
    order(&mut running, "echo c > /proc/sysrq-trigger").await;
    let how = tokio::time::timeout(PATIENCE, running.ended()).await.expect("it ends");
    assert_eq!(how, "ended with exit code 0");
    let console = String::from_utf8_lossy(&running.console()).into_owned();
    assert!(console.contains("Kernel panic - not syncing: sysrq triggered crash"), "{console}");
}

#[tokio::test]
async fn a_guest_that_restarts() {
    let mut running = running().await;
    order(&mut running, "reboot -f").await;
    let how = tokio::time::timeout(PATIENCE, running.ended()).await.expect("it ends");
    assert_eq!(how, "ended with exit code 0");
}

#[tokio::test]
async fn a_guest_that_eats_its_memory() {
    let mut running = running().await;
    let ate = says(&mut running, "tail /dev/zero; echo survived").await;
    assert!(ate.ends_with("survived\n"), "{ate}");
    running.end().await;
}

#[tokio::test]
async fn a_machine_that_is_dropped() {
    let running = running().await;
    let qemu = qemu_of(&running);
    assert!(exists(qemu));
    drop(running);
    gone(qemu).await;
}

#[tokio::test]
async fn a_machine_whose_owner_is_killed() {
    // Booted here, so that the owner finds it.
    drop(open(confiner()).await);
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shell-guest");
    let mut owner = Command::new(example("restore_rate"))
        .args(["--hold"])
        .args([&crate::guest::kernel(), &kept.join("initial.gz")])
        .env("TMPDIR", kept)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the example runs");
    let mut line = String::new();
    let stdout = owner.stdout.take().expect("a pipe");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).expect("a line");
    let confining: u32 = line.trim().parse().expect("a process");
    let qemu = crate::audit::child_of(confining);
    assert!(exists(qemu));
    owner.kill().expect("killed");
    owner.wait().expect("a child");
    gone(qemu).await;
    gone(confining).await;
}
