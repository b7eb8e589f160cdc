//! Machines: a guest that can be had afresh at any time, and is gone without a trace.
//!
//! [`LinuxGuest`] is ours, with an agent; [`DiskGuest`] is an operator's own, without. What runs is a [`Running`]: its network card, its
//! agent's two ports, and its end.

mod confine;
mod console;
mod counter;
mod disk;
mod linux;
mod memory;
mod qemu;
mod qmp;
mod snapshot;

pub use confine::{Confiner, confined};
pub(crate) use disk::Export;
pub use disk::{Attach, DiskBus, DiskGuest, DiskParts, NetworkCard, RealTime};
pub use linux::{Host, LinuxGuest, LinuxParts};
pub use qemu::{Accelerator, MachineError};
pub use qmp::{Broken, Lines, Message, QmpError};
pub use snapshot::Method;

use console::Console;
use qemu::Qemu;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;

/// A guest that can be had afresh at any time.
pub trait Machine {
    /// Starts one. It is ended after `deadline`, whoever still wants it.
    fn start(
        &self,
        deadline: Duration,
    ) -> impl Future<Output = Result<Running, MachineError>> + Send;

    /// What one takes of the host's memory at most, in MiB.
    fn memory_mib(&self) -> u32;
}

/// A guest that runs. It ends when this is dropped.
pub struct Running {
    /// Our ends of the agent's ports, where there is an agent.
    pub agent: Option<Agent>,
    console: Console,
    qemu: Qemu,
}

/// The agent's ports. What comes from there is the guest's word, and the guest is hostile.
pub struct Agent {
    /// Orders to it.
    pub orders: UnixStream,
    /// What it has to tell.
    pub notices: UnixStream,
}

impl Running {
    /// The other end of its network card; once.
    pub fn nic(&mut self) -> Option<StdUnixStream> {
        self.qemu.nic.take()
    }

    /// What it has written to its console, the last of it.
    pub fn console(&self) -> Vec<u8> {
        self.console.bytes()
    }

    /// Its console, as it grows.
    pub(crate) fn console_reader(&self) -> Console {
        self.console.clone()
    }

    /// Waits for its end, if it ends of its own accord: how.
    pub async fn ended(&mut self) -> String {
        self.qemu.process.ended().await
    }

    /// Ends it, and waits until it is gone.
    pub async fn end(self) {
        self.qemu.process.end().await;
    }

    /// The process that stands between us and QEMU, which is its only child.
    pub fn process(&self) -> Option<u32> {
        self.qemu.process.id()
    }
}

impl Agent {
    /// Waits for its first word, whatever it is, and for the rest of it.
    async fn ready(&mut self) -> bool {
        const QUIET: Duration = Duration::from_millis(100);
        let mut buffer = [0; 4_096];
        let first = self.notices.read(&mut buffer).await;
        if !first.is_ok_and(|count| count > 0) {
            return false;
        }
        while let Ok(Ok(1..)) = tokio::time::timeout(QUIET, self.notices.read(&mut buffer)).await {}
        true
    }
}
