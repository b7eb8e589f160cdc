//! Containers made by the real tools.
