//! F8: how a Telnet server deals with options, and F1's lone `DO NAWS`.

use super::{Finding, connect, read_until_quiet};
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;

/// What the option dialogue betrays.
pub(crate) fn findings(target: SocketAddr) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut stream = connect(target);
    let (first, _) = read_until_quiet(&mut stream, Duration::from_millis(1_500));
    let offers = commands(&first);
    if first == [IAC, DO, 31] || offers == [(DO, 31)] {
        found.push(Finding::new("F1 lone DO NAWS", format!("{first:?}")));
    }
    // RFC 854 and 1143: an unknown option is refused once, a repeated refusal of what is
    // off already is not answered, and nothing makes the two sides loop.
    let unknown = [IAC, DO, 200, IAC, WILL, 201, IAC, DONT, 200, IAC, WONT, 201];
    stream.write_all(&unknown).expect("the server takes bytes");
    let (answer, _) = read_until_quiet(&mut stream, Duration::from_secs(1));
    let answers = commands(&answer);
    if answers.iter().any(|(verb, option)| matches!((*verb, *option), (WILL, 200) | (DO, 201))) {
        found.push(Finding::new("F8 options", "an option that nobody has is agreed to"));
    }
    if answers.iter().filter(|(_, option)| *option == 200).count() > 1 {
        found.push(Finding::new("F8 options", format!("a refusal is answered: {answers:?}")));
    }
    for _ in 0..3 {
        stream.write_all(&[IAC, DO, 1, IAC, DO, 3]).expect("the server takes bytes");
    }
    let (answer, _) = read_until_quiet(&mut stream, Duration::from_millis(800));
    let repeated = commands(&answer).iter().filter(|(_, option)| *option == 3).count();
    if repeated > 1 {
        found.push(Finding::new("F8 options", format!("{repeated} answers to what is on already")));
    }
    let text = String::from_utf8_lossy(&first).to_lowercase();
    for known in ["cowrie", "debian gnu/linux 7", "mikrotik v6.0 (stable) honey"] {
        if text.contains(known) {
            found.push(Finding::new("F8 greeting", format!("{text:?}")));
        }
    }
    found
}

/// The option commands in `bytes`.
fn commands(bytes: &[u8]) -> Vec<(u8, u8)> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        match (first, tail) {
            (&IAC, [verb @ WILL..=DONT, option, more @ ..]) => {
                found.push((*verb, *option));
                rest = more;
            }
            _ => rest = tail,
        }
    }
    found
}
