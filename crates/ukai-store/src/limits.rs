//! Every limit of the store that is not configuration, with its unit.

use std::time::Duration;

use std::num::NonZeroUsize;

/// Largest record in a log, in bytes: an event as JSON, or a packed recording.
pub const RECORD_BYTES_MAX: usize = 4 << 20;

/// Largest terminal recording before packing, in bytes. Longer ones are refused.
pub const RECORDING_BYTES_MAX: usize = 16 << 20;

/// Most events that are written and indexed in one go.
pub const BATCH_EVENTS_MAX: usize = 4_096;

/// Most bytes that are written in one go.
pub const BATCH_BYTES_MAX: usize = 8 << 20;

/// Longest delay of a queued event before it is made durable, in milliseconds; the
/// configuration may ask for less.
pub const FLUSH_MS_MAX: u64 = 200;

/// How long the writer sleeps between two looks for further events of a batch.
pub(crate) const GATHER_STEP: Duration = Duration::from_millis(5);

/// Smallest size at which a segment is closed and the next begun, in bytes.
pub const SEGMENT_BYTES_MIN: u64 = 64 << 10;

/// Largest size of a segment, in bytes. The last is scanned whole when the store opens.
pub const SEGMENT_BYTES_MAX: u64 = 1 << 30;

/// Entries on a page when the query does not say, and at most.
pub const PAGE_DEFAULT: u32 = 50;
/// See [`PAGE_DEFAULT`].
pub const PAGE_MAX: u32 = 1_000;

/// Most sightings kept of one sample; the count goes on, the oldest go.
pub const SIGHTINGS_PER_SAMPLE_MAX: u64 = 1_000;

/// Reports of one sample's behaviour that are kept, the last.
pub(crate) const BEHAVIOUR_REPORTS_MAX: u32 = 10;
/// Servers listed in the summary of a sample's behaviour.
pub const BEHAVIOUR_SERVERS_MAX: usize = 8;

/// Most distinct names, and most distinct URLs, listed in a sample's summary.
pub const LABELS_PER_SAMPLE_MAX: usize = 8;

/// Longest name or URL listed in a sample's summary, in bytes.
pub const LABEL_BYTES_MAX: usize = 512;

/// Labels of one remark that are kept.
pub const LABELS_PER_REMARK_MAX: usize = 64;

/// Longest remark, as JSON, in bytes.
pub const REMARK_BYTES_MAX: usize = 1 << 20;

/// Most distinct values that are counted per kind of top list and hour (or day). When
/// twice as many are reached the rarer half is forgotten.
pub const TOP_VALUES_PER_BUCKET_MAX: usize = 1_000;

/// Longest value in a top list, in bytes; longer ones are cut.
pub const TOP_VALUE_BYTES_MAX: usize = 256;

/// How long counts by the hour are kept, in seconds; older ranges are answered by day.
pub const TOP_HOURS_KEPT_S: u64 = 3 * 86_400;

/// How long counts by the day, and roll-ups by the minute, are kept, in seconds.
pub const ROLLUP_KEPT_S: u64 = 400 * 86_400;

/// Most buckets that one roll-up query returns.
pub const BUCKETS_MAX: usize = 2_000;

/// Sessions in progress whose summaries are kept at hand.
pub const OPEN_SESSIONS_CACHED: usize = 4_096;

/// Rows deleted in one transaction by retention, so that writers wait little.
pub const FORGET_ROWS_MAX: usize = 4_000;

/// Queries answered at the same time; more wait.
pub const READERS_MAX: usize = 8;

/// Events that a slow subscriber may fall behind before it is told that it lagged.
pub const SUBSCRIBER_LAG_MAX: usize = 8_192;

/// Optional header or footer of a CaRT container, in bytes.
pub const CART_METADATA_BYTES_MAX: usize = 64 << 10;

/// Longest key of a meta entry, in bytes.
pub const META_KEY_BYTES_MAX: usize = 256;

/// Longest reason kept with a failed job, in bytes.
pub const JOB_ERROR_BYTES_MAX: usize = 2_048;

/// Open segment files kept at hand for reading.
pub const OPEN_SEGMENTS_MAX: usize = 16;

/// zstd level of sealed segments: they are written once, in the background.
pub const SEAL_ZSTD_LEVEL: i32 = 6;

/// A segment that is being written is sealed when the store closes if it has this many
/// bytes; a smaller one goes on at the next start.
pub const SEAL_AT_CLOSE_BYTES_MIN: u64 = 256 << 10;

/// Blocks of sealed segments kept at hand, of 128 KiB each.
pub const SEALED_BLOCKS_CACHED: NonZeroUsize = NonZeroUsize::new(32).expect("not zero");

/// Longest recording that is kept as it is, in bytes: many short ones are packed together
/// better, when their segment is sealed, than each alone.
pub const RECORDING_PLAIN_BYTES_MAX: usize = 8 << 10;

/// Events in one row of the catalogue's index.
pub const BLOCK_EVENTS_MAX: usize = 256;

/// Identities kept at hand to know whether an event is there already.
pub const RECENT_EVENTS_MAX: usize = 65_536;

/// How far back from the newest event one may lie to be indexed beside it, in
/// milliseconds; older ones are indexed apart, so that each row covers little time.
pub const LATE_EVENT_MS: u64 = 60_000;

/// Rows of the index that a look-up sorts by time; where there are more candidates, all
/// rows are walked in that order.
pub const SORTED_BLOCKS_MAX: u32 = 512;

/// Samples that were put last and are kept at hand until they are analysed, in bytes altogether.
pub const RECENT_SAMPLES_BYTES_MAX: usize = 128 << 20;

/// How many of them: each look-up walks through all.
pub const RECENT_SAMPLES_MAX: usize = 2_048;

/// Largest of them, in bytes.
pub const RECENT_SAMPLE_BYTES_MAX: usize = 2 << 20;
