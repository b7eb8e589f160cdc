//! Limits with their units, those that are not the operator's to set.

use ukai_model::Duration;

/// Addresses whose names are remembered.
pub const NAMES_MAX: usize = 65_536;

/// Names that look generated that are counted in a minute.
pub const GENERATED_NAMES_MAX: usize = 4_096;

/// So many of them in a minute are told.
pub const GENERATED_NAMES_TOLD: usize = 20;

/// Of which so many are named.
pub const GENERATED_EXAMPLES: usize = 16;

/// Addresses that guests have, and that nobody else may have.
pub const GUESTS_MAX: usize = 64;

/// ICMP errors of routers on the way, per second.
pub const ROUTER_ERRORS_PER_S: u32 = 1_000;

/// How long outgoing packets are counted together.
pub const TRAFFIC_WINDOW: Duration = Duration::from_secs(10);

/// So many addresses in that time that are sent the same kind of packet are a scan.
pub const SCAN_TARGETS: u64 = 32;

/// So many packets in that time to one address that has not agreed to them are a flood.
pub const FLOOD_PACKETS: u64 = 1_000;

/// Kinds of packets that are counted at a time.
pub const TRAFFIC_KINDS_MAX: usize = 32;

/// Of a payload that is told, so many bytes are.
pub const PAYLOAD_TOLD_BYTES: usize = 256;

/// Ports and addresses that are told of a scan or a flood.
pub const TRAFFIC_EXAMPLES: usize = 16;

/// Destinations that are told once.
pub const DESTINATIONS_MAX: usize = 65_536;

/// Hosts that servers pretend to be, at a time.
pub const HOSTS_MAX: usize = 1_024;

/// Events that wait to be written.
pub const EVENTS_WAITING_MAX: usize = 16_384;

/// First bytes that are looked at to find who they are meant for.
pub const FIRST_BYTES_MAX: usize = 4_096;

/// A file of the scenario that a web site shows, in bytes.
pub const FILE_BYTES_MAX: u64 = 256 << 20;
