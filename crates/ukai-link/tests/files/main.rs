//! Capture files: read and written, and as Wireshark's programs read and write them.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod any_bytes;
mod foreign;
mod recorder;
mod replay;
mod wireshark;
