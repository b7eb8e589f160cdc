//! What can keep the hub from starting, and what to do about it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the hub did not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// A configured value cannot work.
    #[error("hub.{key}: {problem}; {remedy}")]
    Config {
        /// Key within the hub's section.
        key: &'static str,
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// Another program listens there.
    #[error(
        "{address} is in use by another program; stop it (`ss -ltnp` shows it) or set another hub.listen"
    )]
    AddressInUse {
        /// The address asked for.
        address: SocketAddr,
    },
    /// Listening failed for another reason.
    #[error("cannot listen on {address}: {source}; set hub.listen to an address of this host")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the hub cannot be read or written.
    #[error("{path}: {source}; check that the folder exists and belongs to the user running ukai")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A token file holds no usable token.
    #[error("{path}: {problem}; remove the file to have a new token made")]
    Token {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: &'static str,
    },
    /// The policy of indicators cannot be followed.
    #[error("indicators.{0}")]
    Policy(#[from] ukai_indicator::PolicyError),
    /// A warning list cannot be used.
    #[error("warning list {path}: {problem}; take it out of indicators.warning_lists or repair it")]
    WarningList {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The feeds could not be brought up to date.
    #[error("publishing failed: {reason}; what was published before is unchanged")]
    Publishing {
        /// What happened.
        reason: String,
    },
    /// The store does not answer.
    #[error("the store failed: {0}")]
    Store(#[from] ukai_store::StoreError),
}
