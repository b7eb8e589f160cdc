//! `--machine FILE`: an operator's own guest, as a small file describes it.

use super::compared;
use crate::cli::WrongUse;
use anyhow::Result;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use ukai_sandbox::image::System;
use ukai_sandbox::machine::{DiskBus, DiskGuest, DiskParts, Host, NetworkCard, RealTime};
use ukai_sandbox::run::{OwnGuest, Setup, boot_network};

/// A guest of the operator's own. Paths are relative to the file that says this.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Machine {
    /// Its disk; any format of QEMU's that is one file. It is never written.
    disk: PathBuf,
    /// What is on it.
    system: Os,
    /// Memory, in MiB (64 to 65,536); 4,096 for Windows, 512 for Linux.
    memory_mib: Option<u32>,
    /// Processors (1 to 16).
    #[serde(default = "one")]
    processors: u8,
    /// How the disk is connected: `sata` or `virtio`.
    #[serde(default)]
    disk_bus: DiskBus,
    /// The network card: `e1000e`, `e1000`, `rtl8139` or `virtio`.
    #[serde(default)]
    network_card: NetworkCard,
    /// An image of UEFI firmware; the BIOS, if it is left out.
    firmware: Option<PathBuf>,
    /// The clock: `utc` or `local`; local for Windows.
    clock: Option<RealTime>,
    /// Until its first packet it may take so long to boot, in seconds.
    #[serde(default = "boot")]
    boot_s: u64,
    /// From then on it is left alone for so long, in seconds, before it is copied.
    #[serde(default = "settle")]
    settle_s: u64,
    /// So long it may take to shut down, in seconds.
    #[serde(default = "shutdown")]
    shutdown_s: u64,
    /// What it may write in a run, in MiB.
    #[serde(default = "changes")]
    changes_mib: u64,
    /// Where samples are put; `C:\\Users\\Public` or `/root`, if it is left out.
    folder: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Os {
    Windows,
    Linux,
}

const fn one() -> u8 {
    1
}

const fn boot() -> u64 {
    900
}

const fn settle() -> u64 {
    60
}

const fn shutdown() -> u64 {
    120
}

const fn changes() -> u64 {
    4_096
}

/// Takes the guest that was booted before, or boots it.
///
/// # Errors
/// What is wrong with the file, the disk or the machine, for whoever wrote them.
pub(super) async fn open(file: &Path, host: Host, setup: &Setup) -> Result<OwnGuest> {
    let machine = read(file)?;
    let beside = |path: &PathBuf| file.parent().unwrap_or(Path::new("")).join(path);
    let windows = machine.system == Os::Windows;
    let usual_clock = if windows { RealTime::Local } else { RealTime::Utc };
    let parts = DiskParts {
        disk: beside(&machine.disk),
        firmware: machine.firmware.as_ref().map(beside),
        bus: machine.disk_bus,
        card: machine.network_card,
        clock: machine.clock.unwrap_or(usual_clock),
        memory_mib: machine.memory_mib.unwrap_or(if windows { 4_096 } else { 512 }),
        processors: machine.processors,
        boot: Duration::from_secs(machine.boot_s),
        settle: Duration::from_secs(machine.settle_s),
        changes_bytes: machine.changes_mib << 20,
    };
    let attach = boot_network(setup);
    let guest = DiskGuest::open(host, parts, &attach, &mut |said| eprintln!("{said}"))
        .await
        .map_err(|error| WrongUse(format!("--machine {}: {error}", file.display())))?;
    let usual_folder = if windows { "C:\\Users\\Public" } else { "/root" };
    let folder = machine.folder.unwrap_or_else(|| usual_folder.to_owned());
    let system = if windows { System::Windows } else { System::Linux };
    let shutdown = Duration::from_secs(machine.shutdown_s);
    Ok(OwnGuest::new(guest, system, folder, shutdown, compared::jail()))
}

fn read(file: &Path) -> Result<Machine, WrongUse> {
    let wrong = |text: String| WrongUse(format!("--machine {}: {text}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let machine: Machine =
        toml::from_str(&text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))?;
    let within = |key: &str, value: u64, least: u64, most: u64| {
        let range =
            format!("{key}: {value} is out of range; choose a value from {least} to {most}");
        if (least..=most).contains(&value) { Ok(()) } else { Err(wrong(range)) }
    };
    within("memory_mib", machine.memory_mib.unwrap_or(512).into(), 64, 65_536)?;
    within("processors", machine.processors.into(), 1, 16)?;
    within("boot_s", machine.boot_s, 1, 7_200)?;
    within("settle_s", machine.settle_s, 1, 3_600)?;
    within("shutdown_s", machine.shutdown_s, 1, 1_800)?;
    within("changes_mib", machine.changes_mib, 16, 1 << 20)?;
    Ok(machine)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_machine_is_told_in_a_small_file_and_what_is_wrong_is_told_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("machine.toml");
        let told = |text: &str| {
            std::fs::write(&file, text).expect("written");
            read(&file)
        };
        let machine = told("disk = \"a.qcow2\"\nsystem = \"windows\"\n").expect("enough");
        assert_eq!((machine.settle_s, machine.changes_mib), (60, 4_096));
        for (text, expected) in [
            ("system = \"windows\"", "missing field `disk`"),
            ("disk = \"a\"\nsystem = \"dos\"", "unknown variant `dos`"),
            ("disk = \"a\"\nsystem = \"linux\"\nram = 7", "unknown field `ram`"),
            ("disk = \"a\"\nsystem = \"linux\"\nprocessors = 0", "processors: 0 is out of range"),
        ] {
            let error = told(text).expect_err("wrong").to_string();
            assert!(error.contains("machine.toml") && error.contains(expected), "{error}");
        }
    }
}
