//! Windows' event logs (EVTX): bytes in, records out, in the words of Windows' own system
//! section and with the data as pairs of a name and a text.
//!
//! The format is the one that libyal's documentation describes ("Windows XML Event Log (EVTX)
//! format", libevtx, version 0.0.26), which rests on MS-EVEN6 and on A. Schuster's work. **Every
//! byte is hostile**: whoever owned the machine may have written the log. All is within
//! [`limits`]; what they cut is said ([`State::cut`], [`Record::cut`]). Files of a machine that
//! was switched off are told as such and read all the same, and so are chunks with a wrong
//! checksum.
//!
//! Not here: messages (they are in libraries of Windows, not in the log), what a record means,
//! files. Start reading at [`Log`].

mod binxml;
mod bytes;
pub mod limits;
mod log;
mod record;
mod value;

pub use binxml::{Damaged, Element};
pub use log::{Head, Log, NoLog, State};
pub use record::Record;
pub use value::unix_ns;
