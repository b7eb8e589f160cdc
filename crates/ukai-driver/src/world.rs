//! Time and chance: the one place where the driver gets them.

use std::time::SystemTime;
use ukai_model::Timestamp;

/// Where time and chance come from. Tests give their own.
pub trait World: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> Timestamp;

    /// A number that no peer can foresee.
    fn random(&self) -> u128;
}

/// The machine's clock and its generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemWorld;

impl World for SystemWorld {
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }

    fn random(&self) -> u128 {
        rand::random()
    }
}
