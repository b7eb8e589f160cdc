//! What the guest's agent and the host say to each other, and the bytes of it.
//!
//! The host sends [`Order`]s, the agent [`Notice`]s, each on its own serial port of
//! virtio. A frame is the length of its body as 32 bits, little end first, and the body:
//! a tag and fields in order. Text is bytes, as the guest's kernel gives it, cut at the
//! named [`limits`].
//!
//! The guest is **hostile**: a sample with root's rights may have taken the agent's place.
//! Decoding is total and bounded, and a notice that is not known is told as such instead
//! of ending anything.
//!
//! Not here: sending, receiving, the clock. Start reading at [`What`].

mod frame;
pub mod limits;
mod notice;
mod order;
#[cfg(test)]
mod tests;
mod wire;

pub use frame::{Framer, TooLong, frame};
pub use notice::{Address, Notice, Reason, STATUS_UNKNOWN, VERSION, What};
pub use order::Order;
pub use wire::Malformed;
