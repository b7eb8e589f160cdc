//! The shell that attackers get: a real interpreter on a copy-on-write file system, without I/O.
