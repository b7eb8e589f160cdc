//! The store: event log, samples in CaRT containers, catalogue, work queue.
