//! The store: events, samples, recordings, the catalogue over them, and the work queue.
//!
//! What is true lies in append-only, checksummed logs and in a directory of neutered
//! samples; the catalogue (SQLite) indexes it and keeps what was concluded from it.
//! An event is acknowledged when it is on the disk *and* found by every look-up.
//! Retention is part of it: when the quota or the disk is used up the oldest bulk goes
//! first, indicators never.
//!
//! This crate does not judge: it neither scores indicators (`ukai-indicator`) nor
//! analyses samples (`ukai-static`), and knows no HTTP (`ukai-hub`).
//!
//! Start reading at [`Store`], the whole of it for callers; then [`seam`], the traits
//! behind which engines stand: [`embedded`](Store::open) (segments, SQLite, CaRT files)
//! and [`in-memory`](Store::in_memory), both held to one conformance suite.

pub mod cart;
mod catalogue;
mod clock;
mod config;
mod cursor;
mod error;
mod facade;
mod keeper;
pub mod limits;
mod log;
mod memory;
mod query;
mod queue;
mod recent;
mod record;
mod samples;
mod sealed;
pub mod seam;
pub mod segment;
mod summary;
mod writer;

#[cfg(test)]
mod tests;

pub use config::StoreConfig;
pub use error::StoreError;
pub use facade::Store;
pub use query::{
    BehaviourQuery, BehaviourSummary, Bucket, DiskUsage, EventQuery, Has, Health, IndicatorQuery,
    IndicatorState, Job, JobState, Known, Page, QueueStats, Remark, SampleQuery, SampleSummary,
    ServerSeen, SessionQuery, SessionSummary, TopBy, TopEntry, Totals,
};
pub use queue::Queue;
pub use seam::Position;
