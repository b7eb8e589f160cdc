//! QEMU's command line, and a QEMU that runs.

use super::confine::{Confiner, Orders, Process};
use super::qmp::{Qmp, QmpError};
use crate::limits::{QEMU_OVERHEAD_BYTES, TRANSLATION_MIB};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// How a guest's instructions are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Accelerator {
    /// By the processor itself.
    Kvm,
    /// By translation.
    Tcg,
}

impl Accelerator {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kvm => "KVM",
            Self::Tcg => "TCG",
        }
    }
}

/// What holds the guest's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ram {
    /// A file that is written, as the guest boots (`@ram@`).
    Shared,
    /// A file of which each machine has its own copy, page by page (`@ram@`).
    Private,
    /// QEMU's own.
    Own,
}

/// A machine's parts.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub(super) program: PathBuf,
    pub(super) accelerator: Accelerator,
    pub(super) memory_mib: u32,
    pub(super) processors: u8,
    pub(super) ram: Ram,
    /// Whether it is restored instead of booted.
    pub(super) incoming: bool,
    /// Further arguments: what it boots from, its disks.
    pub(super) further: Vec<String>,
}

impl Parts {
    /// The command line. `@NAME@` are descriptors.
    fn arguments(&self) -> Vec<String> {
        let mut line: Vec<String> = Vec::new();
        let mut add = |words: &[&str]| line.extend(words.iter().map(|word| (*word).to_owned()));
        add(&["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]);
        // Neither files nor processes of the host, whatever a guest makes of QEMU.
        add(&[
            "-sandbox",
            "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
        ]);
        // The port by which VMware's tools know a host would tell that there is one.
        let machine = "q35,vmport=off,hpet=off,usb=off,dump-guest-core=off";
        let backend = if self.ram == Ram::Own { "" } else { ",memory-backend=m" };
        add(&["-machine", &format!("{machine}{backend}")]);
        let memory = format!("{}M", self.memory_mib);
        add(&["-m", &memory, "-smp", &self.processors.to_string()]);
        let share = match self.ram {
            Ram::Own => None,
            Ram::Shared => Some("on"),
            Ram::Private => Some("off"),
        };
        if let Some(share) = share {
            let file = format!("size={memory},mem-path=/proc/self/fd/@ram@,share={share}");
            add(&["-object", &format!("memory-backend-file,id=m,{file}")]);
        }
        match self.accelerator {
            Accelerator::Kvm => add(&["-accel", "kvm", "-cpu", &format!("host,{CPU_FLAGS}")]),
            Accelerator::Tcg => {
                let accel = format!("tcg,tb-size={TRANSLATION_MIB}");
                add(&["-accel", &accel, "-cpu", &format!("max,{CPU_NAME},{CPU_FLAGS}")]);
            }
        }
        for table in SMBIOS {
            add(&["-smbios", table]);
        }
        add(&["-chardev", "socket,id=q,fd=@qmp@", "-mon", "chardev=q,mode=control"]);
        add(&["-netdev", "stream,id=n,server=off,addr.type=fd,addr.str=@nic@"]);
        if self.incoming {
            add(&["-incoming", "defer"]);
        }
        line.extend(self.further.iter().cloned());
        line
    }
}

/// What a processor says of itself: one of a laptop, and no word of a hypervisor.
const CPU_NAME: &str = "vendor=GenuineIntel,family=6,model=142,stepping=10,\
    model-id=Intel(R) Core(TM) i5-8250U CPU @ 1.60GHz";
const CPU_FLAGS: &str = "hypervisor=off";

/// What the firmware says of the hardware.
const SMBIOS: [&str; 4] = [
    "type=0,vendor=LENOVO,version=N20ET54W (1.39 ),date=08/26/2021,release=1.39",
    "type=1,manufacturer=LENOVO,product=20L5CTO1WW,version=ThinkPad T480,serial=PF1BXK3T,\
     family=ThinkPad T480",
    "type=2,manufacturer=LENOVO,product=20L5CTO1WW,version=SDK0J40697 WIN,serial=L1HF86S01CQ",
    "type=3,manufacturer=LENOVO,version=None,serial=PF1BXK3T",
];

/// How long one may live, whatever becomes of us.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    pub(super) deadline: Duration,
    /// What it may write, in bytes: its state, when it is saved.
    pub(super) file_bytes: u64,
}

/// Our ends of a running QEMU.
pub(super) struct Qemu {
    pub(super) qmp: Qmp,
    pub(super) nic: Option<UnixStream>,
    pub(super) process: Process,
}

/// Why a machine does not run.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// QEMU cannot be started.
    #[error("QEMU cannot be started: {0}")]
    Start(io::Error),
    /// QEMU has ended.
    #[error("QEMU has {0}")]
    Ended(String),
    /// QEMU does not do what it is told.
    #[error("{0}")]
    Control(#[from] QmpError),
    /// The guest was not ready in time.
    #[error("the guest was not ready within {seconds} s; its console ends with: {console}")]
    NotReady {
        /// How long was waited.
        seconds: u64,
        /// The console's last words.
        console: String,
    },
    /// The operator's disk.
    #[error("{}: {text}", path.display())]
    Disk {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        text: String,
    },
    /// A file of ours.
    #[error("{what}: {error}")]
    File {
        /// Which, and what was wanted of it.
        what: String,
        /// What the system says.
        error: io::Error,
    },
}

impl MachineError {
    /// What was wanted when the system refused.
    pub(super) fn file(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| Self::File { what, error }
    }
}

/// A pair of connected sockets: ours, and QEMU's.
pub(super) fn pair() -> Result<(UnixStream, OwnedFd), MachineError> {
    let (ours, theirs) = UnixStream::pair().map_err(MachineError::Start)?;
    ours.set_nonblocking(true).map_err(MachineError::Start)?;
    Ok((ours, theirs.into()))
}

impl Qemu {
    /// Starts one. Must be called within a runtime.
    pub(super) async fn start(
        confiner: &Confiner,
        parts: &Parts,
        descriptors: &[(&str, BorrowedFd<'_>)],
        life: Life,
    ) -> Result<Self, MachineError> {
        let (qmp, qmp_theirs) = pair()?;
        let (nic, nic_theirs) = pair()?;
        let mut names = vec!["qmp".to_owned(), "nic".to_owned()];
        let mut all = vec![qmp_theirs.as_fd(), nic_theirs.as_fd()];
        for (name, descriptor) in descriptors {
            names.push((*name).to_owned());
            all.push(*descriptor);
        }
        let seconds = life.deadline.as_secs() + 1;
        let orders = Orders {
            program: parts.program.clone(),
            arguments: parts.arguments(),
            descriptors: names,
            deadline_ms: life.deadline.as_millis() as u64,
            memory_bytes: (u64::from(parts.memory_mib) << 20) + QEMU_OVERHEAD_BYTES,
            cpu_s: seconds * (u64::from(parts.processors) + 1),
            file_bytes: life.file_bytes,
            kvm: parts.accelerator == Accelerator::Kvm,
        };
        let mut process = confiner.start(&orders, &all).map_err(MachineError::Start)?;
        // QEMU's end must close them.
        drop(all);
        drop((qmp_theirs, nic_theirs));
        let stream = tokio::net::UnixStream::from_std(qmp).map_err(MachineError::Start)?;
        match Qmp::open(stream).await {
            Ok(qmp) => Ok(Self { qmp, nic: Some(nic), process }),
            Err(QmpError::Gone(_)) => Err(MachineError::Ended(process.ended().await)),
            Err(error) => Err(error.into()),
        }
    }
}
