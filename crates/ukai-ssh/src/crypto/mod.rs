//! The algorithms, each under the name that it has in SSH.

pub(crate) mod cipher;
pub(crate) mod compress;
pub(crate) mod groups;
pub(crate) mod kex;
pub(crate) mod mac;
pub(crate) mod sntrup761;
mod umac;
pub(crate) mod verify;
