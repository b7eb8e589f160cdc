//! Runs emulators on any stream: acceptors, TLS, timers, budgets, and the carrying out of effects.
