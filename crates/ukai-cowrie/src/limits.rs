//! What the translation remembers, at most.

use std::num::NonZeroUsize;

/// Sessions whose protocol and beginning are remembered.
pub(crate) const SESSIONS_MAX: NonZeroUsize = NonZeroUsize::new(16_384).expect("not zero");

/// Samples of which it is remembered that they came before.
pub(crate) const SAMPLES_MAX: NonZeroUsize = NonZeroUsize::new(65_536).expect("not zero");

/// Longest `data` of a tunnel, in bytes.
pub(crate) const TUNNEL_DATA_BYTES_MAX: usize = 1_024;
