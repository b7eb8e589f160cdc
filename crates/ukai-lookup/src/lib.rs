//! What others know of a sample: which question each service is asked, what its answer
//! means, how often it may be asked, and what it said before.
//!
//! Only the hash leaves, unless the operator lets a service have samples. Nothing is sent from
//! here: a [`Question`] is carried by whoever calls, through the one egress, and its [`Reply`]
//! comes back to the [`Book`], which keeps answers and pace. `now` is an argument.
//!
//! A service is a file in `services/`: start with [`Service`], then [`Book`].

mod book;
mod config;
mod limits;
mod service;
mod services;

pub use book::{Ask, Book, Outcome};
pub use config::{LookupConfig, LookupError, Lookups, ServiceKind};
pub use limits::{ANSWER_BYTES_MAX, UPLOAD_BYTES_MAX};
pub use service::{Answer, Misunderstood, Question, Reply, Service, Standing};
