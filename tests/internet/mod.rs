//! The virtual Internet with real clients, in a network namespace whose only route leads
//! there.

mod behaviour;
mod chat;
mod closed;
mod files;
mod machine;
mod names;
mod others;
mod record;
mod web;

use crate::support::internet::VirtualInternet;
use crate::support::tool::succeeds;

/// Runs a client that must succeed; gives what it prints.
fn client(internet: &VirtualInternet, line: &str) -> String {
    succeeds(internet.folder(), "sh", &["-c", line], "")
}

/// The address of a name.
fn address(internet: &VirtualInternet, name: &str, record: &str) -> String {
    let server = crate::support::internet::GATEWAY;
    let printed = client(internet, &format!("dig +short +time=5 @{server} {name} {record}"));
    printed.lines().last().expect("an address").trim().to_owned()
}
