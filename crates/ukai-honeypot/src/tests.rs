//! The honeypot, whole.
