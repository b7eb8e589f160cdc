//! The stack from outside: frames in, frames out.

mod answers;
mod closed;
mod flood;
mod hostile;
mod hosts;
mod lossy;
mod recovery;
mod world;
