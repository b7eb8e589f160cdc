//! Tests of the hub as a whole: a real server on loopback, real requests, a store in
//! memory or in a folder, a fake program in place of the analysing child.

mod access;
mod circle;
mod lists;
mod logins;
mod openapi;
mod opinions;
pub(crate) mod rig;
mod sandbox;
mod telescope;
mod workers;
