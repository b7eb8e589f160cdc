//! The small services of early hosts, as `inetd` has them built in: echo (RFC 862),
//! discard (863), character generator (864), quote of the day (865), daytime (867) and
//! time (868), each on TCP and UDP.

mod chargen;
mod daytime;
mod discard;
mod echo;
mod quote;
mod time;

pub use chargen::Chargen;
pub use daytime::Daytime;
pub use discard::Discard;
pub use echo::Echo;
pub use quote::Quote;
pub use time::Time;
