//! Runs emulators on any stream: acceptors, TLS, timers, budgets, panics, and the
//! carrying out of effects.
//!
//! An emulator decides, the driver does. It takes flows from an [`Acceptor`], gives
//! each a task, calls its session with bytes and ticks, and carries out what the
//! session asks for. What a capture or a fetch *means* is not decided here but by the
//! program's [`Sink`]; which emulator answers is not decided here but by the program's
//! choice per flow. This crate knows no protocol besides TLS, which it unwraps.
//!
//! Start with [`Driver::serve`], then `connection/mod.rs`: the loop of one connection.

mod acceptor;
mod asciicast;
mod budgets;
mod connection;
mod driver;
mod gauge;
mod limits;
mod peers;
mod sink;
#[cfg(test)]
mod tests;
mod timers;
mod tls;
mod wire;
mod world;

pub use acceptor::{
    Accepted, Acceptor, BindError, BindProblem, Datagram, Datagrams, KernelAcceptor,
    KernelDatagrams, MemoryAcceptor, MemoryDatagrams, MemoryDialer, MemoryListener,
    NetstackAcceptor, SideDoor, SideListener, Stream, UnansweredSyns,
};
pub use budgets::Budgets;
pub use driver::{Assignment, Driver, TlsUse};
pub use sink::{FetchReply, FetchRequest, SessionOrigin, Sink};
pub use tls::{Asked, Ca, CertificateNames, ClientHello, Sniff, TlsConfigs, TlsError, sniff};
pub use world::{SystemWorld, World};
