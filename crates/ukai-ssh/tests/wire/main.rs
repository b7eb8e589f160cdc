//! The server against real programs: OpenSSH's client with every algorithm, and the real
//! servers beside ours.

#[path = "../../examples/client/mod.rs"]
mod client;
mod compare;
mod hostile;
mod interop;
mod serve;
