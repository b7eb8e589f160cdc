//! Capture files: read and written, and as Wireshark's programs read and write them; and
//! QEMU's sockets, from a machine that keeps to no rules.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod any_bytes;
mod foreign;
mod known;
mod qemu;
mod recorder;
mod replay;
mod tls;
mod wireshark;
