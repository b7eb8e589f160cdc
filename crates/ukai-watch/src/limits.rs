//! Limits of the telescope at work, each with its unit.

use std::time::Duration;

/// Bytes of frames that wait for the telescope. What finds no room is dropped and counted.
pub(crate) const FEED_BYTES_MAX: usize = 32 << 20;

/// Bytes of a frame that are looked at: an ordinary one whole, of a joined segment its
/// beginning.
pub(crate) const FRAME_BYTES_LOOKED_AT: usize = 2_048;

/// Frames that an interface's task takes before others have their turn.
pub(crate) const FRAMES_PER_TURN: usize = 512;

/// How long the telescope waits for frames before it looks at the clock.
pub(crate) const TICK: Duration = Duration::from_millis(500);

/// Links on one interface.
pub(crate) const LINKS_MAX: usize = 16;

/// Events that wait for the store. When there are more the telescope waits, and then frames
/// are dropped.
pub(crate) const EVENTS_WAITING_MAX: usize = 16_384;

/// Events that are given to the store at once.
pub(crate) const EVENTS_AT_ONCE: usize = 1_000;

/// Scanners that are told in a minute, but for the operator's own; further ones are counted.
pub(crate) const SCANNERS_PER_MINUTE_MAX: u32 = 2_000;

/// Ports of an interval that become events: those that most sources tried.
pub(crate) const INTERVAL_PORTS_TOLD: usize = 50;

/// Countries, and autonomous systems, of an interval that become events: those of the most
/// sources.
pub(crate) const INTERVAL_ORIGINS_TOLD: usize = 50;

/// Rows of a group in a file of records: they wait in memory, some 150 bytes each.
pub(crate) const FLOW_ROWS_PER_GROUP: usize = 131_072;

/// Minutes of records that wait to be written. What finds no room is lost, and counted.
pub(crate) const FLOW_MINUTES_WAITING: usize = 4;

/// Seconds of the shortest file of records.
pub(crate) const FLOW_MINUTE_S: u64 = 60;
