//! The one place where the hub reads the clock.

use std::time::SystemTime;
use ukai_model::Timestamp;

/// Now, by the machine's clock.
pub(crate) fn now() -> Timestamp {
    SystemTime::now().into()
}
