//! The honeypot: personas on addresses, emulators on ports, captures into the store.
