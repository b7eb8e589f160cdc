//! Events of SSH and Telnet sessions as Cowrie 3.1.4 writes them, for dashboards that read
//! those.
//!
//! [`Translator`] takes events in the order in which they happened and gives lines of JSON
//! with Cowrie's event ids and field names. What only we know (attacks recognised, other
//! protocols, indicators) has no counterpart there and is left out; `ukai events --json`
//! has everything. Nothing is written here: files and terminals are `ukai`'s.
//!
//! Beyond Cowrie 3's fields, the ends of sessions and recordings carry `duration` (seconds,
//! as text), which earlier versions wrote in place of `duration_ms`.

mod kex;
mod limits;
mod text;
mod translator;

pub use kex::KEXINIT_METHOD;
pub use translator::Translator;

#[cfg(test)]
mod tests;
