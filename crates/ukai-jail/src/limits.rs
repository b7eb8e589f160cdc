//! What a child may use, and the fixed numbers of this crate.

use serde::{Deserialize, Serialize};
use std::str::FromStr;
use std::time::Duration;

/// Room in the pipe to a child of a warm process, in bytes.
pub(crate) const INPUT_PIPE_BYTES: usize = 256 << 10;

/// Standard error of a child that is kept for the reason, in bytes; the rest is read and
/// thrown away.
pub(crate) const STDERR_BYTES_MAX: usize = 4096;

/// Text of a child's last words that goes into a reason, in bytes.
pub(crate) const LAST_WORDS_BYTES_MAX: usize = 200;

/// File descriptors a child may hold: the three standard ones.
pub(crate) const DESCRIPTORS_MAX: u64 = 3;

/// Environment variable, the only one of a child, that carries its limits.
pub(crate) const LIMITS_VARIABLE: &str = "UKAI_JAIL";

/// What stands before the parent's number in that variable of a warm process.
pub(crate) const WARM_WORD: &str = "warm ";

/// Children of one warm process at a time; further orders wait.
pub(crate) const WARM_CHILDREN_MAX: usize = 256;

/// Length of an order to a warm process, in bytes.
pub(crate) const WARM_ORDER_BYTES_MAX: usize = 256;

/// Length of what it says of a child's end, in bytes.
pub(crate) const WARM_WORD_BYTES: usize = 5;

/// How long a process may take to become warm, compiling rules for instance.
pub(crate) const WARM_START_MAX: Duration = Duration::from_mins(1);

/// Warm processes of different programs or arguments that are kept.
pub(crate) const WARM_PROCESSES_MAX: usize = 4;

/// What a child may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JailLimits {
    /// Time from start to end, in milliseconds.
    pub wall_ms: u64,
    /// Processor time, in seconds.
    pub cpu_s: u64,
    /// Address space, in bytes: the program itself, the input and all it computes.
    pub memory_bytes: u64,
    /// Standard output, in bytes.
    pub output_bytes: u64,
}

impl Default for JailLimits {
    fn default() -> Self {
        Self {
            wall_ms: 30_000,
            cpu_s: 20,
            memory_bytes: 512 * 1024 * 1024,
            output_bytes: 8 * 1024 * 1024,
        }
    }
}

/// A record of a child that asks, in bytes.
pub const RECORD_BYTES_MAX: usize = 1 << 20;

/// An answer to it, in bytes.
pub const ANSWER_BYTES_MAX: usize = 4 << 20;

/// The limits and the process that set them, as they travel to the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Orders {
    pub(crate) limits: JailLimits,
    pub(crate) parent: u32,
}

impl Orders {
    pub(crate) fn to_variable(self) -> String {
        let JailLimits { wall_ms, cpu_s, memory_bytes, output_bytes } = self.limits;
        format!("{wall_ms} {cpu_s} {memory_bytes} {output_bytes} {}", self.parent)
    }
}

impl FromStr for Orders {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let numbers: Vec<u64> =
            text.split(' ').map(str::parse).collect::<Result<_, _>>().map_err(|_| ())?;
        let [wall_ms, cpu_s, memory_bytes, output_bytes, parent] = numbers[..] else {
            return Err(());
        };
        Ok(Self {
            limits: JailLimits { wall_ms, cpu_s, memory_bytes, output_bytes },
            parent: u32::try_from(parent).map_err(|_| ())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{JailLimits, Orders};

    #[test]
    fn orders_survive_the_way_to_the_child() {
        let orders = Orders { limits: JailLimits::default(), parent: 42 };
        assert_eq!(orders.to_variable().parse(), Ok(orders));
    }

    #[test]
    fn orders_of_someone_else_are_refused() {
        for text in ["", "1 2 3", "a b c d e", "1 2 3 4 99999999999"] {
            assert_eq!(text.parse::<Orders>(), Err(()), "{text}");
        }
    }
}
