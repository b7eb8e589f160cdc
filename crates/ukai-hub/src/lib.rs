//! The hub: analysis workers, scoring and publishing cycles, HTTP API and the web UI.
