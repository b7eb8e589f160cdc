//! Tests of the store.
#![allow(clippy::unwrap_used)]

mod carts;
mod conformance;
mod crash;
mod differential;
mod facade;
mod full_disk;
pub(crate) mod make;
mod retention;
mod segments;
