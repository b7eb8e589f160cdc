//! Real machines, with a guest that does whatever it is told: a shell as root.

mod audit;
mod copies;
mod ends;
mod guest;
mod runs;
