//! Our Linux guest: booted once until its agent is ready; each run begins with a copy of
//! that moment.

use super::confine::Confiner;
use super::console::Console;
use super::counter;
use super::memory::Memory;
use super::qemu::{Accelerator, Life, MachineError, Parts, Qemu, Ram, pair};
use super::snapshot::{Method, Size, Snapshot, boot_and_try, kept_folder, ram, save};
use super::{Agent, Machine, Running};
use crate::limits::{BOOT_MS_MAX, KVM_BOOT_MS_MAX, STATE_BYTES_MAX};
use std::fs::File;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::UnixStream;

/// What a guest is made of, and how large it is.
#[derive(Clone, Debug)]
pub struct LinuxParts {
    /// Its kernel.
    pub kernel: PathBuf,
    /// What the kernel starts.
    pub initial: PathBuf,
    /// The root's file system, read-only and the same for all.
    pub root: Option<PathBuf>,
    /// What the kernel is told besides what every guest is told.
    pub command_line: String,
    /// Memory, in MiB.
    pub memory_mib: u32,
}

/// How machines are made.
#[derive(Clone, Debug)]
pub struct Host {
    /// QEMU.
    pub qemu: PathBuf,
    /// How the process that confines it is started.
    pub confiner: Confiner,
    /// Folder in which booted guests are kept.
    pub cache: PathBuf,
    /// How instructions are carried out; `None`: what works.
    pub accelerator: Option<Accelerator>,
}

/// A guest that was booted, ready to be copied.
pub struct LinuxGuest {
    host: Host,
    parts: LinuxParts,
    snapshot: Snapshot,
}

/// What every kernel is told: no guards against neighbours that it does not have, and a
/// clock that is believed.
const COMMAND_LINE: &str = "console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable no_timer_check \
     random.trust_cpu=on";

/// Changes with the command line that QEMU is given: a guest of another one is not restored.
const LAYOUT: &str = "2";

impl LinuxGuest {
    /// Takes a guest that was booted before, or boots it; `tell` is told what is done.
    pub async fn open(
        host: Host,
        parts: LinuxParts,
        tell: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Self, MachineError> {
        let settings =
            [LAYOUT.as_bytes(), parts.command_line.as_bytes(), &parts.memory_mib.to_le_bytes()];
        let files = [&host.qemu, &parts.kernel, &parts.initial].into_iter().chain(&parts.root);
        let folder = kept_folder(&host.cache, &settings, files)?;
        let size = Size { memory_mib: parts.memory_mib, changes: false };
        if let Ok(snapshot) = Snapshot::load(&folder, size, host.accelerator) {
            return Ok(Self { host, parts, snapshot });
        }
        let boot = |accelerator, method| Self::boot_with(&host, &parts, accelerator, method);
        let guest = boot_and_try(host.accelerator, tell, boot).await?;
        guest.snapshot.keep_or_warn(&folder);
        Ok(guest)
    }

    /// How instructions are carried out.
    pub const fn accelerator(&self) -> Accelerator {
        self.snapshot.accelerator
    }

    /// How it is copied.
    pub const fn method(&self) -> Method {
        self.snapshot.method
    }

    async fn boot_with(
        host: &Host,
        parts: &LinuxParts,
        accelerator: Accelerator,
        method: Method,
    ) -> Result<Self, MachineError> {
        let within = Duration::from_millis(match accelerator {
            Accelerator::Kvm => KVM_BOOT_MS_MAX,
            Accelerator::Tcg => BOOT_MS_MAX,
        });
        let ram = ram(method, parts.memory_mib)?;
        let state = Memory::new("state", 0).map_err(MachineError::file("memory"))?;
        // Saving it takes its time, too.
        let life = Life { deadline: 2 * within, file_bytes: STATE_BYTES_MAX };
        let ram_used = ram.as_ref().map(|ram| (Ram::Shared, ram.as_fd()));
        let mut running = assemble(host, parts, accelerator, ram_used, false, life).await?;
        let ready = {
            let Running { agent, qemu, .. } = &mut running;
            let agent = agent.as_mut().expect("this guest has one");
            tokio::select! {
                ready = agent.ready() => Some(ready),
                () = qemu.process.gone() => None,
                () = tokio::time::sleep(within) => Some(false),
            }
        };
        match ready {
            Some(true) => {}
            None => return Err(MachineError::Ended(running.qemu.process.ended().await)),
            Some(false) => {
                let console = running.console.last_words();
                return Err(MachineError::NotReady { seconds: within.as_secs(), console });
            }
        }
        save(&mut running.qemu.qmp, method, &state).await?;
        running.end().await;
        let snapshot = Snapshot::sealed(accelerator, method, ram, state, None)?;
        let (host, parts) = (host.clone(), parts.clone());
        Ok(Self { host, parts, snapshot })
    }
}

impl Machine for LinuxGuest {
    async fn start(&self, deadline: Duration) -> Result<Running, MachineError> {
        let Snapshot { accelerator, ram, .. } = &self.snapshot;
        let ram = ram.as_ref().map(|ram| (Ram::Private, ram.as_fd()));
        let life = Life { deadline, file_bytes: 0 };
        let mut running = assemble(&self.host, &self.parts, *accelerator, ram, true, life).await?;
        self.snapshot.restore(&mut running.qemu.qmp).await?;
        Ok(running)
    }

    fn memory_mib(&self) -> u32 {
        self.parts.memory_mib
    }
}

/// Starts QEMU with the guest's parts.
async fn assemble(
    host: &Host,
    parts: &LinuxParts,
    accelerator: Accelerator,
    ram: Option<(Ram, BorrowedFd<'_>)>,
    incoming: bool,
    life: Life,
) -> Result<Running, MachineError> {
    let open = |path: &Path| {
        File::open(path).map_err(MachineError::file(format!("reading {}", path.display())))
    };
    let (kernel, initial) = (open(&parts.kernel)?, open(&parts.initial)?);
    let root = parts.root.as_deref().map(open).transpose()?;
    let (orders, orders_theirs) = pair()?;
    let (notices, notices_theirs) = pair()?;
    let (console, console_theirs) = pair()?;
    let mut descriptors = vec![
        ("kernel", kernel.as_fd()),
        ("initial", initial.as_fd()),
        ("orders", orders_theirs.as_fd()),
        ("notices", notices_theirs.as_fd()),
        ("console", console_theirs.as_fd()),
    ];
    // A copy's kernel has read it already.
    let wanted = accelerator == Accelerator::Tcg && !incoming;
    let khz = wanted.then(counter::khz).flatten();
    let clock = khz.map(|khz| format!("tsc_early_khz={khz} ")).unwrap_or_default();
    let command_line = format!("{COMMAND_LINE} {clock}{}", parts.command_line);
    let mut further: Vec<String> = [
        "-kernel",
        "/proc/self/fd/@kernel@",
        "-initrd",
        "/proc/self/fd/@initial@",
        "-append",
        command_line.trim_end(),
        "-chardev",
        "socket,id=s,fd=@console@",
        "-serial",
        "chardev:s",
        "-device",
        "virtio-serial-pci,max_ports=3",
        "-chardev",
        "socket,id=o,fd=@orders@",
        "-device",
        "virtserialport,chardev=o,nr=1,name=o",
        "-chardev",
        "socket,id=t,fd=@notices@",
        "-device",
        "virtserialport,chardev=t,nr=2,name=t",
        "-device",
        "virtio-net-pci,netdev=n,mac=8c:16:45:5a:1d:e2,romfile=",
    ]
    .map(str::to_owned)
    .to_vec();
    if let Some(root) = &root {
        descriptors.push(("root", root.as_fd()));
        further.extend(
            [
                "-add-fd",
                "fd=@root@,set=1",
                "-blockdev",
                "driver=file,node-name=f,filename=/dev/fdset/1,read-only=on,locking=off",
                "-blockdev",
                "driver=raw,node-name=r,file=f,read-only=on",
                "-device",
                "virtio-blk-pci,drive=r",
            ]
            .map(str::to_owned),
        );
    }
    if let Some((_, file)) = ram {
        descriptors.push(("ram", file));
    }
    let parts = Parts {
        program: host.qemu.clone(),
        accelerator,
        memory_mib: parts.memory_mib,
        processors: 1,
        ram: ram.map_or(Ram::Own, |(ram, _)| ram),
        incoming,
        further,
    };
    let qemu = Qemu::start(&host.confiner, &parts, &descriptors, life).await?;
    let console = Console::read(console).map_err(MachineError::Start)?;
    let agent = Agent {
        orders: UnixStream::from_std(orders).map_err(MachineError::Start)?,
        notices: UnixStream::from_std(notices).map_err(MachineError::Start)?,
    };
    Ok(Running { agent: Some(agent), console, qemu })
}
