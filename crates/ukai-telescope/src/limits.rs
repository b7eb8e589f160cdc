//! What is kept at most, each with its unit.

/// Entries of a bucket of a [`crate::table::Table`].
pub(crate) const WAYS: usize = 8;

/// Ports that are kept for one source, or for one attack: those seen most.
pub(crate) const PORTS_MAX: usize = 8;

/// Vectors that are kept for one victim.
pub(crate) const VECTORS_MAX: usize = 6;

/// Groups of sources among which campaigns are looked for.
pub(crate) const CAMPAIGNS_MAX: usize = 65_536;

/// Ports in the name of a campaign: the set that its sources share.
pub(crate) const CAMPAIGN_PORTS_MAX: usize = 4;

/// Intervals of history that are kept for a port.
pub(crate) const HISTORY_INTERVALS: usize = 24;

/// Ports that are told of an interval: those that most sources tried.
pub(crate) const INTERVAL_PORTS_MAX: usize = 100;

/// Blocks of the telescope that are counted apart, eight bytes each, and those that are told
/// of an interval.
pub(crate) const BLOCKS_MAX: usize = 65_536;
pub(crate) const BLOCKS_TOLD_MAX: usize = 256;

/// Conversations that are remembered, a power of two; four bytes each.
pub(crate) const CONVERSATIONS: usize = 1 << 18;

/// Facts that wait to be taken; when there are more, the oldest go and are counted.
pub(crate) const FACTS_MAX: usize = 262_144;

/// Packets that wait for their sources' entries to be read from memory, together.
pub(crate) const PENDING: usize = 32;

/// Ports and classes that are told apart in a minute whose records are used up.
pub(crate) const REST_MAX: usize = 4096;

/// Minutes of records that wait to be taken; when there are more, the oldest go.
pub(crate) const MINUTES_MAX: usize = 4;

/// Scans of ZMap that are solved between two looks at attacks, and at the end of a capture;
/// each takes up to a millisecond.
pub(crate) const SWEEPS_AT_ONCE: u32 = 100;
pub(crate) const SWEEPS_AT_THE_END: u32 = 5_000;

/// Sources that are told of an interval: those that sent most.
pub(crate) const SENDERS_MAX: usize = 50;

/// Networks that an index of origins has of each version of IP; 8 and 20 bytes each. Today's
/// tables have about a million.
pub(crate) const NETWORKS_MAX: usize = 1 << 22;

/// Countries and autonomous systems that are told apart; 1,024 and 256 bytes of each that is
/// met, and the same again for all intervals together. 120,000 systems are handed out today.
pub(crate) const COUNTRIES_MAX: usize = 1024;
pub(crate) const SYSTEMS_MAX: usize = 1 << 18;

/// Countries and autonomous systems that are told of an interval: those of the most sources.
pub(crate) const ORIGINS_TOLD_MAX: usize = 100;
