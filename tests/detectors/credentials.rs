//! F5: who is let in.

use super::{Account, Finding, ssh};
use std::net::SocketAddr;
use std::time::Instant;

/// Log-ins that a real system refuses, and how it refuses them.
pub(crate) fn findings(target: SocketAddr, account: Account) -> Vec<Finding> {
    let mut found = Vec::new();
    let lets_in = |user, password| ssh(target, Account { user, password }, "true").status == 0;
    let mut seconds = Vec::new();
    for (user, password) in [
        ("root", "q7Zk!tR9w-unlikely-0"),
        ("root", "another-Unlikely#1"),
        ("nosuchuser", "x"),
        ("root", ""),
        ("admin-7f3a", "admin"),
    ] {
        let start = Instant::now();
        if lets_in(user, password) {
            found.push(Finding::new("F5 accept-all", format!("{user}:{password} is let in")));
        }
        seconds.push(start.elapsed().as_secs_f64());
    }
    if !lets_in(account.user, account.password) || !lets_in(account.user, account.password) {
        found.push(Finding::new("F5 memory", "the right pair is refused"));
    }
    if lets_in("root", "q7Zk!tR9w-unlikely-0") {
        found.push(Finding::new("F5 memory", "the wrong pair is let in after the right one"));
    }
    let (least, most) =
        seconds.iter().fold((f64::MAX, 0.0_f64), |(l, m), s| (l.min(*s), m.max(*s)));
    if most - least < 0.001 {
        found.push(Finding::new("F14 timing", format!("all refusals take {least:.4} s")));
    }
    if most < 0.3 {
        found.push(Finding::new("F5 delay", format!("a refusal takes {most:.2} s at most")));
    }
    found
}
