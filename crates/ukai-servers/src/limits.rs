//! What one session may use up, with units, in one place. Budgets of connections, time and
//! bytes overall belong to whoever runs the sessions.

/// Detail of a `service.request` that is kept, in bytes.
pub const DETAIL_BYTES: usize = 1_024;
