//! Words between a guest's agent and its host, and their bytes.
//!
//! A frame is its length (four bytes, little-endian) and a body: the number of the word, and
//! its fields in their order. Numbers are little-endian; bytes come behind their length, lists
//! behind their count. What a reader does not know it skips, so that either side may be newer.
//!
//! What a guest says is hostile: any bytes are words, or an error, and never more than
//! [`limits`] allow. This crate has no dependencies, since the agent is made of it, too.

mod frames;
pub mod limits;
mod notice;
mod order;
mod wire;

pub use frames::{Broken, Notices, Orders};
pub use notice::{Notice, Reason, What};
pub use order::Order;

/// Version of these words.
pub const VERSION: u32 = 1;
