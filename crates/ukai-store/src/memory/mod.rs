//! The engine that keeps everything in memory: for tests, one-off analyses, and as the
//! plain statement of what the others must do. It filters where they index.

mod catalog;
mod log;
mod queue;
mod samples;

pub(crate) use catalog::MemoryCatalog;
pub(crate) use log::MemoryLog;
pub(crate) use samples::MemorySamples;
