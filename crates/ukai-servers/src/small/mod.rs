//! The small services of early hosts.

mod echo;

pub use echo::Echo;
