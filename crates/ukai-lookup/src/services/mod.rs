//! The services, a file each, after their own documents.

pub(crate) mod abuse_ch;
pub(crate) mod hashlookup;
pub(crate) mod misp;
pub(crate) mod otx;
pub(crate) mod virustotal;
