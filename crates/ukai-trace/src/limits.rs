//! Limits with their units.

/// A frame's body, in bytes.
pub const FRAME_BYTES_MAX: usize = 256 * 1024;

/// A piece of a file or of memory, in bytes.
pub const PIECE_BYTES_MAX: usize = 64 * 1024;

/// A path, a name, an argument, in bytes; the kernel's own limit of a path.
pub const TEXT_BYTES_MAX: usize = 4_096;

/// Arguments or variables of one program.
pub const LIST_MAX: usize = 256;
