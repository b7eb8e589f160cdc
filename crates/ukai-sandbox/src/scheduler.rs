//! Several machines at once, within what the host can give: who comes first is served first.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What machines may take altogether.
#[derive(Clone)]
pub struct Scheduler {
    memory_mib: Arc<Semaphore>,
    memory_mib_max: u32,
    machines: Arc<Semaphore>,
}

/// Room for one machine, given back when this is dropped.
pub struct Room {
    _memory: OwnedSemaphorePermit,
    _machine: OwnedSemaphorePermit,
}

/// There is never so much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a machine of {wanted} MiB, where all together may take {max}")]
pub struct TooLarge {
    /// What it would take.
    pub wanted: u32,
    /// What there is.
    pub max: u32,
}

impl Scheduler {
    /// For so many machines, which may take so much memory altogether.
    pub fn new(machines: usize, memory_mib: u32) -> Self {
        Self {
            memory_mib: Arc::new(Semaphore::new(memory_mib as usize)),
            memory_mib_max: memory_mib,
            machines: Arc::new(Semaphore::new(machines.max(1))),
        }
    }

    /// Waits for room.
    pub async fn room(&self, memory_mib: u32) -> Result<Room, TooLarge> {
        let too_large = TooLarge { wanted: memory_mib, max: self.memory_mib_max };
        if memory_mib > self.memory_mib_max {
            return Err(too_large);
        }
        // In this order for all, so that nobody waits for memory that a waiting one holds.
        let machine = Arc::clone(&self.machines).acquire_owned().await.map_err(|_| too_large)?;
        let memory = Arc::clone(&self.memory_mib).acquire_many_owned(memory_mib).await;
        Ok(Room { _memory: memory.map_err(|_| too_large)?, _machine: machine })
    }
}

#[cfg(test)]
mod tests {
    use super::{Scheduler, TooLarge};
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn room_is_waited_for_and_given_back() {
        let scheduler = Scheduler::new(2, 300);
        let full = Duration::from_secs(1);
        let first = scheduler.room(200).await.expect("room");
        // Memory is short.
        assert!(tokio::time::timeout(full, scheduler.room(200)).await.is_err());
        let second = scheduler.room(100).await.expect("room");
        drop(first);
        let third = scheduler.room(100).await.expect("room");
        // Machines are short.
        assert!(tokio::time::timeout(full, scheduler.room(1)).await.is_err());
        drop((second, third));
        scheduler.room(300).await.expect("all of it");
        let refused = scheduler.room(301).await.err();
        assert_eq!(refused, Some(TooLarge { wanted: 301, max: 300 }));
    }
}
