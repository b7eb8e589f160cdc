//! Feeds: indicators rendered as what a device, a resolver or a reader takes.
//!
//! It renders what it is given. It does not decide what may be published
//! (`ukai-indicator`), reads no store and knows no clock; who reads a feed learns nothing
//! that leads to a sensor (`row.rs`).
//!
//! Start with [`feeds`], the list of what there is, and [`render`].

mod csv;
mod json;
pub mod limits;
mod nftables;
mod render;
mod row;
mod rpz;
mod spec;
mod text;

pub use render::{FeedState, Rendered, render};
pub use spec::{FeedSpec, Format, feed, feeds};

#[cfg(test)]
mod tests;
