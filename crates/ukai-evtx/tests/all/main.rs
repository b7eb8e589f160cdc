//! Logs that the tests write, read by ours and by Debian's `evtxexport` (libevtx-utils).

mod logs;
mod properties;
mod reference;
#[path = "../writer/mod.rs"]
mod writer;
