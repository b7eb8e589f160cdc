//! Limits that are not the operator's to set, with their units.

use std::time::Duration;

/// Hosts behind wildcard addresses that are kept ready.
pub(crate) const HOSTS_MAX: usize = 4_096;

/// Disks of sources met through datagrams alone, which may be forged.
pub(crate) const DATAGRAM_DISKS_MAX: usize = 16;

/// After this many look-ups all disks are measured anew: they grow while in use.
pub(crate) const DISKS_MEASURED_EVERY: u32 = 1_024;

/// Longest URL that is fetched, in bytes.
pub(crate) const URL_BYTES_MAX: usize = 8_192;

/// The store's errors are logged at most once in this time; the log line has the count.
pub(crate) const STORE_ERROR_LOG_EVERY: Duration = Duration::from_secs(10);

/// Largest persona file, in bytes.
pub(crate) const PERSONA_FILE_BYTES_MAX: u64 = 4 << 20;

/// Canaries that the operator may lay out; each log-in is compared with all of them.
pub(crate) const CANARIES_MAX: usize = 1_000;

/// How often attackers' disks are written to the data folder while they are used.
pub(crate) const DISKS_SAVED_EVERY: Duration = Duration::from_secs(20);

/// Disks that wait to be written after they had to leave memory; more are lost.
pub(crate) const DISKS_LEAVING_MAX: usize = 256;

/// Largest disk that is read back, in bytes.
pub(crate) const DISK_FILE_BYTES_MAX: u64 = 64 << 20;

/// Addresses whose last credential is remembered.
pub(crate) const PEERS_REMEMBERED_MAX: usize = 16_384;

/// How often the pairs that attackers found are written, if there are new ones.
pub(crate) const FOUND_PAIRS_KEPT_EVERY: Duration = Duration::from_secs(5);

/// The longest packet of a network, in bytes.
pub(crate) const NETWORK_MTU: u16 = 1_500;

/// Unanswered SYNs are an event at most this often; each says all that came so far.
pub(crate) const UNANSWERED_TOLD_EVERY: Duration = Duration::from_secs(1);
