//! A telescope at work: what arrives at unused addresses, on network interfaces and beside
//! the honeypots of the same program, is looked at by a thread of its own; what it finds out
//! is told as it happens, and kept as events.
//!
//! Nothing is sent. What finds no room is dropped and counted, by the kernel or here:
//! [`Figures`]. Start with [`Watch::start`]; what packets mean is for `ukai-telescope` to say.

mod config;
mod events;
mod feed;
mod flow_file;
mod flow_folder;
mod interfaces;
mod limits;
mod watch;

pub use config::TelescopeConfig;
pub use events::keep;
pub use flow_file::FlowFile;
pub use flow_folder::{FlowFolder, FlowKeeper};
pub use watch::{Figures, Looking, News, Watch};
