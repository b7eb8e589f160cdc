//! An operator's own guest: any disk that QEMU can read, with whatever system is on it. There
//! is no agent. It was set up once to start what is on a disc that is put in
//! (docs/sandbox.md); the disk itself is never written.
//!
//! Its disk is a chain: the operator's file; what the guest wrote until it was ready, sealed;
//! what one run writes, in memory, gone with the run.

use super::console::Console;
use super::linux::Host;
use super::memory::Memory;
use super::qemu::{Accelerator, Life, MachineError, Parts, Qemu, Ram, pair};
use super::snapshot::{Method, Size, Snapshot, boot_and_try, kept_folder, ram, save};
use super::{Machine, Running};
use crate::limits::{RESTORE_MS_MAX, STATE_BYTES_MAX};
use serde::Deserialize;
use serde_json::json;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::Command;
use ukai_driver::{SystemWorld, World as _};

/// How a disk is connected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiskBus {
    /// AHCI, which all systems know.
    #[default]
    Sata,
    /// Virtio, where the system has its drivers.
    Virtio,
}

/// A network card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkCard {
    /// Intel 82574L, which Windows 7 and later know.
    #[default]
    E1000e,
    /// Intel 82540EM, for older systems.
    E1000,
    /// Realtek 8139, for the oldest.
    Rtl8139,
    /// Virtio, where the system has its drivers.
    Virtio,
}

impl NetworkCard {
    const fn device(self) -> &'static str {
        match self {
            Self::E1000e => "e1000e",
            Self::E1000 => "e1000",
            Self::Rtl8139 => "rtl8139",
            Self::Virtio => "virtio-net-pci",
        }
    }
}

/// Which time the computer's clock has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RealTime {
    /// UTC, as Linux has it.
    #[default]
    Utc,
    /// The local time of this host, as Windows has it.
    Local,
}

/// What a guest is made of, and how long it takes.
#[derive(Clone, Debug)]
pub struct DiskParts {
    /// Its disk, in any format of QEMU's that is one file.
    pub disk: PathBuf,
    /// Its firmware (UEFI); the BIOS, if none is named.
    pub firmware: Option<PathBuf>,
    /// How the disk is connected.
    pub bus: DiskBus,
    /// The network card.
    pub card: NetworkCard,
    /// The clock's time.
    pub clock: RealTime,
    /// Memory, in MiB.
    pub memory_mib: u32,
    /// Processors.
    pub processors: u8,
    /// How long it may take to boot, until it sends its first packet.
    pub boot: Duration,
    /// How long it is left alone from then on, until it is ready for a disc.
    pub settle: Duration,
    /// What it may write in a run, in bytes.
    pub changes_bytes: u64,
}

/// A guest that was booted from an operator's disk, ready to be copied.
pub struct DiskGuest {
    host: Host,
    parts: DiskParts,
    image: Image,
    snapshot: Snapshot,
    /// Where it is kept.
    folder: PathBuf,
}

/// What takes the other end of a guest's network card while it boots: it is let go when the
/// guest is ready.
pub type Attach<'a> =
    &'a (dyn Fn(StdUnixStream) -> io::Result<Box<dyn std::any::Any + Send>> + Sync);

/// Changes with the command line that QEMU is given.
const LAYOUT: &str = "disk 1";

/// The program that knows formats of disks.
const QEMU_IMG: &str = "qemu-img";

impl DiskGuest {
    /// Takes a guest that was booted before, or boots it; `tell` is told what is done.
    ///
    /// # Errors
    /// What is wrong with the disk, or with the machine.
    pub async fn open(
        host: Host,
        parts: DiskParts,
        attach: Attach<'_>,
        tell: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Self, MachineError> {
        let image = Image::of(&parts.disk).await?;
        let DiskParts { disk, firmware, bus, card, clock, memory_mib, processors, .. } = &parts;
        let settings = format!(
            "{LAYOUT} {bus:?} {card:?} {clock:?} {memory_mib} {processors} {:?}",
            parts.settle
        );
        let files = [&host.qemu, disk].into_iter().chain(firmware);
        let folder = kept_folder(&host.cache, &[settings.as_bytes()], files)?;
        let size = Size { memory_mib: parts.memory_mib, changes: true };
        if let Ok(snapshot) = Snapshot::load(&folder, size, host.accelerator) {
            return Ok(Self { host, parts, image, snapshot, folder });
        }
        let boot = |accelerator, method| {
            Self::boot_with(&host, &parts, &image, &folder, attach, accelerator, method)
        };
        let guest = boot_and_try(host.accelerator, tell, boot).await?;
        guest.snapshot.keep_or_warn(&folder);
        Ok(guest)
    }

    /// The folder in which it is kept.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    async fn boot_with(
        host: &Host,
        parts: &DiskParts,
        image: &Image,
        folder: &Path,
        attach: Attach<'_>,
        accelerator: Accelerator,
        method: Method,
    ) -> Result<Self, MachineError> {
        let ram = ram(method, parts.memory_mib)?;
        let state = Memory::new("state", 0).map_err(MachineError::file("memory"))?;
        let changes = image.changes()?;
        let most = STATE_BYTES_MAX.max(parts.changes_bytes);
        let life = Life { deadline: 2 * (parts.boot + parts.settle), file_bytes: most };
        let ram_used = ram.as_ref().map(|ram| (Ram::Shared, ram.as_fd()));
        let how = How { accelerator, incoming: false, life };
        let mut running = assemble(host, parts, image, ram_used, (None, &changes), how).await?;
        let nic = running.nic().expect("nobody else has taken it");
        let (nic, first_frame) = watched(nic).map_err(MachineError::Start)?;
        let attached = attach(nic).map_err(MachineError::Start)?;
        let ready = async {
            let sent = tokio::time::timeout(parts.boot, first_frame).await;
            let sent = sent.is_ok_and(|sent| sent.is_ok());
            if sent {
                tokio::time::sleep(parts.settle).await;
            }
            sent
        };
        let ready = tokio::select! {
            ready = ready => Some(ready),
            () = running.qemu.process.gone() => None,
        };
        match ready {
            Some(true) => {}
            None => return Err(MachineError::Ended(running.qemu.process.ended().await)),
            Some(false) => {
                let console = running.console.last_words();
                return Err(MachineError::NotReady { seconds: parts.boot.as_secs(), console });
            }
        }
        save(&mut running.qemu.qmp, method, &state).await?;
        // Before the other end is gone, which would be a failure.
        drop(attached);
        running.end().await;
        let snapshot = Snapshot::sealed(accelerator, method, ram, state, Some(changes))?;
        let (host, parts, image) = (host.clone(), parts.clone(), image.clone());
        Ok(Self { host, parts, image, snapshot, folder: folder.to_owned() })
    }
}

impl Machine for DiskGuest {
    async fn start(&self, deadline: Duration) -> Result<Running, MachineError> {
        let Snapshot { accelerator, ram, changes: before, .. } = &self.snapshot;
        let ram = ram.as_ref().map(|ram| (Ram::Private, ram.as_fd()));
        let changes = self.image.changes()?;
        let life = Life { deadline, file_bytes: self.parts.changes_bytes };
        let how = How { accelerator: *accelerator, incoming: true, life };
        let disks = (before.as_ref(), &changes);
        let mut running = assemble(&self.host, &self.parts, &self.image, ram, disks, how).await?;
        self.snapshot.restore(&mut running.qemu.qmp).await?;
        Ok(running)
    }

    fn memory_mib(&self) -> u32 {
        self.parts.memory_mib
    }
}

/// The disk as the operator gave it.
#[derive(Clone, Debug)]
struct Image {
    format: String,
    /// An overlay in which nothing is changed.
    empty: Vec<u8>,
}

impl Image {
    /// Asks what a disk is. It is the operator's own, and not hostile.
    async fn of(disk: &Path) -> Result<Self, MachineError> {
        /// What `qemu-img info` says.
        #[derive(Deserialize)]
        struct Info {
            format: String,
            #[serde(rename = "virtual-size")]
            virtual_size: u64,
            #[serde(rename = "backing-filename")]
            backing: Option<String>,
            #[serde(default)]
            encrypted: bool,
        }
        let wrong = |text: String| MachineError::Disk { path: disk.to_owned(), text };
        let said = qemu_img(&["info", "--output=json", "--"], disk, None).await?;
        let info: Info = serde_json::from_slice(&said)
            .map_err(|error| wrong(format!("{QEMU_IMG} says what is not known: {error}")))?;
        if info.backing.is_some() {
            let whole = "qemu-img convert -O qcow2 OLD NEW";
            return Err(wrong(format!(
                "it is only what differs from another; make it whole: {whole}"
            )));
        }
        if info.encrypted {
            return Err(wrong("it is encrypted".to_owned()));
        }
        let memory = Memory::new("empty", 0).map_err(MachineError::file("memory"))?;
        // By which another process of ours finds a file that is nowhere.
        let own = format!("/proc/{}/fd/{}", std::process::id(), memory.as_fd().as_raw_fd());
        let bytes = info.virtual_size.to_string();
        let create = ["create", "-q", "-f", "qcow2", "-u", "--"];
        qemu_img(&create, own.as_ref(), Some(&bytes)).await?;
        let mut empty = vec![0; memory.size().map_err(MachineError::file("memory"))? as usize];
        File::from(memory.open().map_err(MachineError::file("memory"))?)
            .read_exact_at(&mut empty, 0)
            .map_err(MachineError::file("memory"))?;
        Ok(Self { format: info.format, empty })
    }

    /// A file in memory for what is written.
    fn changes(&self) -> Result<Memory, MachineError> {
        let memory = Memory::new("changes", 0).map_err(MachineError::file("memory"))?;
        memory.write(&self.empty).map_err(MachineError::file("memory"))?;
        Ok(memory)
    }
}

/// Has it do something with a file; what it says.
async fn qemu_img(
    arguments: &[&str],
    file: &Path,
    last: Option<&str>,
) -> Result<Vec<u8>, MachineError> {
    let wrong = |text: String| MachineError::Disk { path: file.to_owned(), text };
    let mut command = Command::new(QEMU_IMG);
    command.args(arguments).arg(file).args(last).kill_on_drop(true);
    let said = match command.output().await {
        Ok(said) => said,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(wrong(format!("no {QEMU_IMG} to look at it with: install qemu-utils")));
        }
        Err(error) => return Err(wrong(format!("{QEMU_IMG}: {error}"))),
    };
    if said.status.success() {
        return Ok(said.stdout);
    }
    let text = String::from_utf8_lossy(&said.stderr);
    Err(wrong(text.trim().trim_start_matches("qemu-img: ").to_owned()))
}

/// Passes a network card on, and tells when its guest sends the first time.
fn watched(
    nic: StdUnixStream,
) -> io::Result<(StdUnixStream, impl Future<Output = io::Result<()>>)> {
    let (ours, theirs) = StdUnixStream::pair()?;
    ours.set_nonblocking(true)?;
    theirs.set_nonblocking(true)?;
    let mut guest = tokio::net::UnixStream::from_std(nic)?;
    let mut network = tokio::net::UnixStream::from_std(ours)?;
    let (sent, first) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        // A packet is there to be read; what it is matters to the network alone.
        if guest.readable().await.is_ok() {
            let _ = sent.send(());
        }
        let _ = tokio::io::copy_bidirectional(&mut guest, &mut network).await;
    });
    Ok((theirs, async move { first.await.map_err(io::Error::other) }))
}

/// How one is started.
struct How {
    accelerator: Accelerator,
    incoming: bool,
    life: Life,
}

async fn assemble(
    host: &Host,
    parts: &DiskParts,
    image: &Image,
    ram: Option<(Ram, BorrowedFd<'_>)>,
    (before, changes): (Option<&Memory>, &Memory),
    how: How,
) -> Result<Running, MachineError> {
    let open = |path: &Path| {
        File::open(path).map_err(MachineError::file(format!("reading {}", path.display())))
    };
    let disk = open(&parts.disk)?;
    let firmware = parts.firmware.as_deref().map(open).transpose()?;
    let before: Option<OwnedFd> =
        before.map(Memory::open).transpose().map_err(MachineError::file("memory"))?;
    let (console, console_theirs) = pair()?;
    let mut descriptors = vec![
        ("console", console_theirs.as_fd()),
        ("disk", disk.as_fd()),
        ("changes", changes.as_fd()),
    ];
    let mut further: Vec<String> = Vec::new();
    let mut add = |words: &[&str]| further.extend(words.iter().map(|word| (*word).to_owned()));
    let format = &image.format;
    let file = |set: u8, name: &str, more: &str| {
        format!("driver=file,node-name={name},filename=/dev/fdset/{set},locking=off{more}")
    };
    const READ: &str = ",read-only=on";
    add(&["-add-fd", "fd=@disk@,set=1", "-blockdev", &file(1, "disk-file", READ)]);
    add(&["-blockdev", &format!("driver={format},node-name=disk,file=disk-file{READ}")]);
    let mut below = "disk";
    if let Some(before) = &before {
        descriptors.push(("before", before.as_fd()));
        add(&["-add-fd", "fd=@before@,set=2", "-blockdev", &file(2, "before-file", READ)]);
        let chain = format!("file=before-file,backing={below}{READ}");
        add(&["-blockdev", &format!("driver=qcow2,node-name={BEFORE},{chain}")]);
        below = BEFORE;
    }
    add(&["-add-fd", "fd=@changes@,set=3", "-blockdev", &file(3, "after-file", "")]);
    let chain = format!("file=after-file,backing={below}");
    add(&["-blockdev", &format!("driver=qcow2,node-name={AFTER},{chain}")]);
    // A full disk is the guest's trouble, not QEMU's.
    let errors = "werror=report,rerror=report";
    match parts.bus {
        DiskBus::Sata => {
            add(&["-device", &format!("ide-hd,drive={AFTER},bus=ide.0,{DISK_NAME},{errors}")]);
        }
        DiskBus::Virtio => add(&["-device", &format!("virtio-blk-pci,drive={AFTER},{errors}")]),
    }
    add(&["-device", &format!("ide-cd,id={DRIVE},bus=ide.1,{DRIVE_NAME}")]);
    add(&["-vga", "std"]);
    add(&["-chardev", "socket,id=s,fd=@console@", "-serial", "chardev:s"]);
    let card = parts.card.device();
    add(&["-device", &format!("{card},netdev=n,mac=8c:16:45:5a:1d:e2,romfile=")]);
    let base = match parts.clock {
        RealTime::Utc => "utc",
        RealTime::Local => "localtime",
    };
    add(&["-rtc", &format!("base={base}")]);
    // What is on the disk is looked at when the guest has ended.
    add(&["-action", "shutdown=pause"]);
    if let Some(firmware) = &firmware {
        descriptors.push(("firmware", firmware.as_fd()));
        add(&["-bios", "/proc/self/fd/@firmware@"]);
    }
    if let Some((_, file)) = ram {
        descriptors.push(("ram", file));
    }
    let all = Parts {
        program: host.qemu.clone(),
        accelerator: how.accelerator,
        memory_mib: parts.memory_mib,
        processors: parts.processors,
        ram: ram.map_or(Ram::Own, |(ram, _)| ram),
        incoming: how.incoming,
        further,
    };
    let qemu = Qemu::start(&host.confiner, &all, &descriptors, how.life).await?;
    let console = Console::read(console).map_err(MachineError::Start)?;
    Ok(Running { agent: None, console, qemu })
}

/// The disk before a run, and the disk as the run writes it.
const BEFORE: &str = "before";
const AFTER: &str = "after";
/// The drive for discs.
const DRIVE: &str = "cd";

/// What the drives say they are.
const DISK_NAME: &str = "model=Samsung SSD 860 EVO 500GB,serial=S3Z9NB0K512345L";
const DRIVE_NAME: &str = "model=HL-DT-ST DVDRAM GUE1N";

/// A disk, as it can be read when the guest has ended. Blocking.
pub(crate) struct Export(nbd::client::NbdClient<StdUnixStream>, u64);

impl Export {
    /// How many bytes it has.
    pub(crate) const fn size(&self) -> u64 {
        self.1
    }

    /// Fills `buffer` from `offset` on.
    pub(crate) fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        use std::io::{Read as _, Seek as _};
        self.0.seek(io::SeekFrom::Start(offset))?;
        self.0.read_exact(buffer)
    }
}

impl Running {
    /// Puts a disc into the drive; an image of ISO 9660.
    pub(crate) async fn insert(&mut self, disc: &[u8]) -> Result<(), MachineError> {
        let memory = Memory::new("disc", 0).map_err(MachineError::file("memory"))?;
        memory.write(disc).map_err(MachineError::file("memory"))?;
        memory.seal().map_err(MachineError::file("memory"))?;
        let disc = memory.open().map_err(MachineError::file("memory"))?;
        let qmp = &mut self.qemu.qmp;
        qmp.execute_with("add-fd", &json!({ "fdset-id": 9 }), disc.as_fd()).await?;
        let file = json!({ "driver": "file", "filename": "/dev/fdset/9", "locking": "off" });
        let node = json!({ "driver": "raw", "node-name": "disc", "read-only": true, "file": file });
        qmp.execute("blockdev-add", &node).await?;
        qmp.execute("blockdev-open-tray", &json!({ "id": DRIVE, "force": true })).await?;
        let medium = json!({ "id": DRIVE, "node-name": "disc" });
        qmp.execute("blockdev-insert-medium", &medium).await?;
        qmp.execute("blockdev-close-tray", &json!({ "id": DRIVE })).await?;
        Ok(())
    }

    /// Waits until the guest has shut itself down or restarts.
    pub(crate) async fn shut_down(&mut self) -> Result<(), MachineError> {
        loop {
            let shut = |name: &str, _: &serde_json::Value| (name == "SHUTDOWN").then_some(());
            match self.qemu.qmp.event("the guest's end", Duration::from_hours(1), shut).await {
                Err(super::QmpError::Silent(_)) => {}
                result => return Ok(result?),
            }
        }
    }

    /// Presses the power button, and waits until the guest has shut itself down; or stops it.
    /// Whether it has done so itself.
    pub(crate) async fn power_down(&mut self, within: Duration) -> Result<bool, MachineError> {
        self.qemu.qmp.execute("system_powerdown", &json!({})).await?;
        let ended = tokio::time::timeout(within, self.shut_down()).await;
        if let Ok(ended) = ended {
            ended?;
            return Ok(true);
        }
        self.qemu.qmp.execute("stop", &json!({})).await?;
        Ok(false)
    }

    /// The disk before the run and after it. The guest must have ended or been stopped.
    pub(crate) async fn disks(&mut self) -> Result<(Export, Export), MachineError> {
        let folder = Folder::new().map_err(MachineError::file("a folder for a socket"))?;
        let path = folder.0.join("nbd");
        let listener = std::os::unix::net::UnixListener::bind(&path)
            .map_err(MachineError::file("a socket"))?;
        let qmp = &mut self.qemu.qmp;
        qmp.execute_with("getfd", &json!({ "fdname": "nbd" }), listener.as_fd()).await?;
        let address = json!({ "type": "fd", "data": { "str": "nbd" } });
        qmp.execute("nbd-server-start", &json!({ "addr": address })).await?;
        for node in [BEFORE, AFTER] {
            let export = json!({ "type": "nbd", "id": node, "node-name": node, "name": node });
            qmp.execute("block-export-add", &export).await?;
        }
        let connect = move |name: &'static str| {
            let stream = StdUnixStream::connect(&path)?;
            let within = Some(Duration::from_millis(RESTORE_MS_MAX));
            stream.set_read_timeout(within)?;
            stream.set_write_timeout(within)?;
            let export = nbd::client::handshake(&stream, name.as_bytes())?;
            let size = export.size;
            Ok::<_, io::Error>(Export(nbd::client::NbdClient::new(stream, &export), size))
        };
        let both = tokio::task::spawn_blocking(move || Ok((connect(BEFORE)?, connect(AFTER)?)));
        let both = both.await.map_err(io::Error::other).flatten();
        drop(folder);
        both.map_err(MachineError::file("reading the guest's disk"))
    }
}

/// A folder for this user only, gone with this value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("ukai-{:032x}", SystemWorld.random()));
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
