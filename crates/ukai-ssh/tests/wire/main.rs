//! The server against real programs: OpenSSH's client with every algorithm, and the real
//! servers beside ours.

mod compare;
mod interop;
mod serve;
