//! A guest as it was when it was ready: what a copy begins with.

use super::Machine;
use super::memory::{Memory, write_new};
use super::qemu::{Accelerator, MachineError};
use super::qmp::{Qmp, QmpError};
use crate::limits::{BOOT_MS_MAX, RESTORE_MS_MAX};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How a guest is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Its memory is a file, of which each copy has its own pages as it writes them.
    SharedMemory,
    /// State and memory are read whole.
    Stream,
}

/// What is kept beside memory and state.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    accelerator: Accelerator,
    method: Method,
}

/// What a kept guest must be like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) memory_mib: u32,
    /// Whether it has changed a disk.
    pub(super) changes: bool,
}

/// Memory, state and changes of the disk, sealed.
pub(super) struct Snapshot {
    pub(super) accelerator: Accelerator,
    pub(super) method: Method,
    pub(super) ram: Option<Memory>,
    state: Memory,
    /// What the guest has written to its disk until then.
    pub(super) changes: Option<Memory>,
}

const RAM: &str = "ram";
const STATE: &str = "state";
const CHANGES: &str = "changes";
const KEPT: &str = "kept.json";

/// A copy that shows that copies work.
const TRIAL: Duration = Duration::from_mins(1);

impl Snapshot {
    /// Seals what a guest is copied from, once nobody writes it any more.
    pub(super) fn sealed(
        accelerator: Accelerator,
        method: Method,
        ram: Option<Memory>,
        state: Memory,
        changes: Option<Memory>,
    ) -> Result<Self, MachineError> {
        for memory in ram.iter().chain([&state]).chain(&changes) {
            memory.seal().map_err(MachineError::file("sealing the guest's memory"))?;
        }
        Ok(Self { accelerator, method, ram, state, changes })
    }

    /// One that was kept.
    pub(super) fn load(
        folder: &Path,
        size: Size,
        accelerator: Option<Accelerator>,
    ) -> io::Result<Self> {
        let kept: Kept = serde_json::from_slice(&std::fs::read(folder.join(KEPT))?)?;
        if accelerator.is_some_and(|wanted| wanted != kept.accelerator) {
            return Err(io::Error::other("another accelerator is wanted"));
        }
        let sealed = |name: &str| {
            let memory = Memory::load(name, &folder.join(name))?;
            memory.seal()?;
            Ok::<_, io::Error>(memory)
        };
        let ram = match kept.method {
            Method::Stream => None,
            Method::SharedMemory => {
                let ram = sealed(RAM)?;
                if ram.size()? != u64::from(size.memory_mib) << 20 {
                    return Err(io::Error::other("memory of another size"));
                }
                Some(ram)
            }
        };
        let changes = size.changes.then(|| sealed(CHANGES)).transpose()?;
        let Kept { accelerator, method } = kept;
        Ok(Self { accelerator, method, ram, state: sealed(STATE)?, changes })
    }

    fn keep(&self, folder: &Path) -> io::Result<()> {
        // Whole or not at all: others may look at the same time.
        let made = folder.with_extension(format!("part-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&made);
        std::fs::create_dir_all(&made)?;
        self.state.keep(&made.join(STATE))?;
        for (name, memory) in [(RAM, &self.ram), (CHANGES, &self.changes)] {
            if let Some(memory) = memory {
                memory.keep(&made.join(name))?;
            }
        }
        let kept = Kept { accelerator: self.accelerator, method: self.method };
        write_new(&made.join(KEPT), &serde_json::to_vec(&kept)?)?;
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::rename(&made, folder)
    }

    /// Keeps it for the next time; without it, all is as well.
    pub(super) fn keep_or_warn(&self, folder: &Path) {
        if let Err(error) = self.keep(folder) {
            tracing::warn!(folder = %folder.display(), %error, "the booted guest is not kept");
        }
    }

    /// Takes up what was written down, in a machine that waits for it, and goes on.
    pub(super) async fn restore(&self, qmp: &mut Qmp) -> Result<(), MachineError> {
        let state = self.state.open().map_err(MachineError::file("the guest's state"))?;
        prepare(qmp, self.method).await?;
        qmp.execute_with("getfd", &json!({ "fdname": "state" }), state.as_fd()).await?;
        qmp.execute("migrate-incoming", &json!({ "uri": "fd:state" })).await?;
        migrated(qmp, Duration::from_millis(RESTORE_MS_MAX)).await?;
        qmp.execute("cont", &json!({})).await?;
        Ok(())
    }
}

/// The folder of a booted guest within `cache`: named by all that it was made of, settings and
/// files as they are now.
pub(super) fn kept_folder<'a>(
    cache: &Path,
    settings: &[&[u8]],
    files: impl Iterator<Item = &'a PathBuf>,
) -> Result<PathBuf, MachineError> {
    let mut hash = Sha256::new();
    let mut take = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    for setting in settings {
        take(setting);
    }
    for path in files {
        let metadata = std::fs::metadata(path)
            .map_err(MachineError::file(format!("reading {}", path.display())))?;
        // The same file, whatever way leads to it.
        let whole = path
            .canonicalize()
            .map_err(MachineError::file(format!("reading {}", path.display())))?;
        take(whole.as_os_str().as_bytes());
        take(&metadata.len().to_le_bytes());
        take(&metadata.mtime().to_le_bytes());
        take(&metadata.mtime_nsec().to_le_bytes());
    }
    Ok(cache.join(&hex::encode(hash.finalize())[..32]))
}

/// Boots with what works: KVM is found by booting with it, copies by making one.
pub(super) async fn boot_and_try<G, F>(
    wanted: Option<Accelerator>,
    tell: &mut (dyn FnMut(&str) + Send),
    boot: impl Fn(Accelerator, Method) -> F,
) -> Result<G, MachineError>
where
    G: Machine,
    F: Future<Output = Result<G, MachineError>>,
{
    let choices: &[Accelerator] = match wanted {
        Some(Accelerator::Kvm) => &[Accelerator::Kvm],
        None if Path::new("/dev/kvm").exists() => &[Accelerator::Kvm, Accelerator::Tcg],
        Some(Accelerator::Tcg) | None => &[Accelerator::Tcg],
    };
    let mut last = None;
    for accelerator in choices.iter().copied() {
        for method in [Method::SharedMemory, Method::Stream] {
            tell(&format!("booting the guest by {}", accelerator.name()));
            let tried = match boot(accelerator, method).await {
                // A copy that does not run is worth nothing.
                Ok(guest) => match guest.start(TRIAL).await {
                    Ok(running) => {
                        running.end().await;
                        return Ok(guest);
                    }
                    Err(error) => (true, error),
                },
                Err(error) => (false, error),
            };
            let (booted, error) = tried;
            tracing::info!(%error, accelerator = accelerator.name(), "does not work");
            last = Some(error);
            if !booted {
                break;
            }
        }
    }
    Err(last.expect("something was tried"))
}

/// What holds the memory of a guest that boots.
pub(super) fn ram(method: Method, memory_mib: u32) -> Result<Option<Memory>, MachineError> {
    match method {
        Method::Stream => Ok(None),
        Method::SharedMemory => {
            let ram = Memory::new("ram", u64::from(memory_mib) << 20);
            Ok(Some(ram.map_err(MachineError::file("memory"))?))
        }
    }
}

/// Stops a guest and writes down how it stands.
pub(super) async fn save(
    qmp: &mut Qmp,
    method: Method,
    state: &Memory,
) -> Result<(), MachineError> {
    prepare(qmp, method).await?;
    qmp.execute("stop", &json!({})).await?;
    // As fast as it goes: nobody else needs the guest.
    qmp.execute("migrate-set-parameters", &json!({ "max-bandwidth": 1_u64 << 40 })).await?;
    let state: BorrowedFd<'_> = state.as_fd();
    qmp.execute_with("getfd", &json!({ "fdname": "state" }), state).await?;
    qmp.execute("migrate", &json!({ "uri": "fd:state" })).await?;
    Ok(migrated(qmp, Duration::from_millis(BOOT_MS_MAX)).await?)
}

/// Events of a migration, and memory that is not part of it where it is shared.
async fn prepare(qmp: &mut Qmp, method: Method) -> Result<(), QmpError> {
    let mut capabilities = vec![json!({ "capability": "events", "state": true })];
    if method == Method::SharedMemory {
        // Experimental, and undocumented with memory that is shared once and private then:
        // therefore each booted guest is copied once before it is believed.
        capabilities.push(json!({ "capability": "x-ignore-shared", "state": true }));
    }
    let arguments = json!({ "capabilities": capabilities });
    qmp.execute("migrate-set-capabilities", &arguments).await.map(|_| ())
}

async fn migrated(qmp: &mut Qmp, within: Duration) -> Result<(), QmpError> {
    let done = qmp
        .event("a migration", within, |name, data| {
            let status = data.get("status").and_then(serde_json::Value::as_str)?;
            match (name, status) {
                ("MIGRATION", "completed") => Some(true),
                ("MIGRATION", "failed" | "cancelled") => Some(false),
                _ => None,
            }
        })
        .await?;
    let text = "it has failed".to_owned();
    if done { Ok(()) } else { Err(QmpError::Refused { command: "migrate", text }) }
}
