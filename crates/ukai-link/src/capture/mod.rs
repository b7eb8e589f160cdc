//! Capture files: pcap and pcapng, read and written.
//!
//! [`CaptureReader`] gives the frames of a file, whatever its format, byte order,
//! resolution of time and compression. [`PcapngWriter`] and [`PcapWriter`] write. A
//! [`CaptureLink`] replays a file to a stack; a [`crate::Recorder`] writes what passes a link.
//!
//! The formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng, and for the types of
//! links <https://www.tcpdump.org/linktypes.html>.

mod buffer;
mod classic;
mod input;
mod known;
mod link_type;
mod next_generation;
mod reader;
mod replay;
mod writer;

pub(crate) use known::{
    Known, NameRecord, known as known_block, names as names_block, secrets as secrets_block,
};
pub use link_type::LinkType;
pub use reader::{CaptureError, CaptureReader, Captured, Direction};
pub use replay::{CaptureLink, Pace};
pub use writer::{PcapWriter, PcapngWriter, Record};
pub(crate) use writer::{
    frame as frame_block, frame_says as frame_block_says, interface as interface_block,
    section as section_block, statistics as statistics_block,
};
