//! Egress: the only component that fetches what attackers point to, under one policy.
//!
//! HTTP, HTTPS, FTP and TFTP; public addresses only; names resolved once and pinned;
//! everything bounded in size, time and rate. What comes is handed over as it came: not
//! decompressed, not interpreted, not stored (`ukai-store`). It contacts nothing by
//! itself, only what [`Egress::fetch`] and [`Egress::ask`] are asked for.
//!
//! [`Egress::ask`] puts a question to a service of the operator's choice, under the same policy
//! but with certificates that must be valid, since keys travel.
//!
//! Start with `egress.rs`, the way of a fetch, then `policy.rs`, what may be contacted.

mod ask;
mod config;
mod connect;
mod egress;
mod failure;
mod file_name;
mod ftp;
pub mod ftp_reply;
mod http;
pub mod limits;
mod policy;
mod recent;
mod report;
mod resolve;
mod tftp;
pub mod tftp_packet;
mod tls;
mod tool;
mod transfer;
mod turns;

pub use ask::{AskError, Request, Response};
pub use config::EgressConfig;
pub use egress::{Egress, EgressError};
pub use report::FetchReport;
pub use resolve::Resolve;
