//! What a run has changed on a guest's disk, told in the words of [`ukai_trace`]: the disk
//! before and the disk after are read with readers that never write, and compared by what
//! their file systems say of each file. Of Windows' event logs, the records are told that were written
//! since the run began.
//!
//! The guest had the disk in its hands: **everything on it is hostile**. Readers here are
//! bounded by [`limits`], but the crates that read NTFS and ext4 may panic or loop
//! on what they do not expect: run [`compare`] in a jailed child only. What it has told until
//! then is good.
//!
//! Not here: QEMU, formats of disk images, the jail. Start reading at [`compare`].

mod compare;
mod ext;
pub mod limits;
mod listing;
mod logs;
mod nt;
mod tell;
mod volumes;
mod window;

pub use compare::compare;
pub use volumes::{System, Volume, volumes};
pub use window::{Cached, Source, Window};
