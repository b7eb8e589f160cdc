//! Limits of what guest and host say to each other, each with its unit.

/// The longest body of a frame, in bytes. A longer one ends the conversation: it is not
/// the agent who speaks.
pub const FRAME_BYTES_MAX: usize = 256 * 1024;

/// The longest path, name or argument, in bytes: Linux' `PATH_MAX`.
pub const TEXT_BYTES_MAX: usize = 4_096;

/// Arguments of one program, and variables of its environment.
pub const TEXTS_MAX: usize = 256;

/// Arguments of one program altogether, and its environment likewise, in bytes.
pub const TEXTS_BYTES_MAX: usize = 32 * 1024;

/// The longest piece of a file, of memory or of output, in bytes.
pub const PIECE_BYTES_MAX: usize = 64 * 1024;

/// What an analyst has typed and the shell has not read, in bytes; more is dropped.
pub const TYPED_BYTES_MAX: usize = 64 * 1024;
