//! Scripts of Windows, run on a made-up machine as far as they tell what they would contact: text
//! in, acts out, without I/O.
//!
//! **Every byte is hostile.** A script is run for a bounded number of steps and may hold a bounded
//! number of bytes ([`Limits`]); what they cut is said in the notes. Requests are answered with a
//! made-up file, programs are not started, time is made up: waiting is over at once. What is not
//! understood is passed over with a note, and the script goes on, since what follows matters more
//! than a faithful failure.

pub mod batch;
mod com;
mod command_line;
mod cpu;
mod dialers;
mod encoded;
mod held;
#[cfg(test)]
mod hostile;
pub mod javascript;
mod limits;
mod machine;
pub mod powershell;
mod programs;
mod recorder;
mod report;
mod run;
#[cfg(test)]
mod shown;
mod stack;
#[cfg(test)]
mod told;
mod twice;
pub mod vbscript;

pub use command_line::hidden;
pub use encoded::decode_script;
pub use limits::Limits;
pub use machine::{expand, variable};
pub use recorder::Recorder;
pub use report::{Dialect, Layer, Made, Report};
