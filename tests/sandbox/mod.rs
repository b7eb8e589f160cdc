//! Specimens that really run, in the guest of `ukai sandbox build`: small inert programs, each
//! of which does one thing that malware does. What the report says is compared whole.
//!
//! `make test` runs a few; `make test-sandbox` all of them on every processor.

mod containment;
mod facts;
mod guest;
mod kept;
mod matrix;
mod memory;
mod own;
mod small;
mod specimens;
mod up;
mod windows;
