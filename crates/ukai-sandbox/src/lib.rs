//! Machines in which samples really run, and what they do there.
//!
//! A [`machine`] is QEMU under our control: without privileges, in empty namespaces, with no
//! file but its own, and with a network card that ends in this process. It is booted once,
//! and each run begins with a copy of that moment.
//!
//! This crate judges nothing (`ukai-behaviour` does) and knows no protocol of the Internet
//! (`ukai-virtnet` does). What comes out of a machine is hostile.
//!
//! An [`image`] of the guest is built from Debian's packages: for Linux, and with Wine for
//! [`windows`].
//!
//! Start with [`machine::Machine`], then [`run::run`].

pub mod image;
pub mod limits;
pub mod machine;
pub mod run;
mod scheduler;
pub mod windows;

pub use scheduler::{Room, Scheduler, TooLarge};
