//! What an operator can set about the store.

use serde::{Deserialize, Serialize};

/// What an operator can set about the store. Every field has a default that suits one
/// machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// Bytes that the store may use; over it the oldest bulk is deleted. 0: no quota,
    /// only `free_bytes_min` counts.
    pub quota_bytes: u64,
    /// Bytes to leave free on the disk: with less, the oldest bulk is deleted and no
    /// new samples and recordings are taken.
    pub free_bytes_min: u64,
    /// Largest sample that is taken, in bytes.
    pub sample_bytes_max: u64,
    /// Size at which an event or recording segment is closed and the next begun, in
    /// bytes. Retention deletes whole segments.
    pub segment_bytes: u64,
    /// Longest delay of a queued event before it is made durable, in milliseconds; at
    /// most 200.
    pub flush_ms: u64,
    /// Memory for events that wait to be written, in bytes; over it senders wait.
    pub queue_bytes_max: u64,
    /// How often the quota is checked, in milliseconds.
    pub quota_check_ms: u64,
    /// Analyses that every captured sample gets.
    pub engines: Vec<String>,
    /// Attempts after which a job is put aside (quarantined).
    pub job_attempts_max: u32,
    /// Wait before the second attempt of a job, in milliseconds; doubles with each.
    pub job_retry_ms: u64,
    /// Longest wait between two attempts of a job, in milliseconds.
    pub job_retry_ms_max: u64,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            quota_bytes: 20 << 30,
            free_bytes_min: 512 << 20,
            sample_bytes_max: 64 << 20,
            segment_bytes: 16 << 20,
            flush_ms: 100,
            queue_bytes_max: 32 << 20,
            quota_check_ms: 2_000,
            engines: vec!["static".into()],
            job_attempts_max: 3,
            job_retry_ms: 10_000,
            job_retry_ms_max: 3_600_000,
        }
    }
}

impl StoreConfig {
    /// How long a job waits after its `attempts`-th attempt failed, in milliseconds.
    pub(crate) fn retry_delay_ms(&self, attempts: u32) -> u64 {
        let doubled = self.job_retry_ms.saturating_mul(1 << attempts.saturating_sub(1).min(20));
        doubled.min(self.job_retry_ms_max)
    }
}
