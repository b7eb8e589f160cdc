//! Droppers in the ways that honeypots, spam traps and crawlers are given, of many years; written
//! without a look at what is understood.

mod batch;
mod javascript;
mod perl;
mod powershell;
mod python;
mod shell;
mod vbscript;

use super::{Dice, Language, Truth};

set_of_ways!();

/// Scheme, host, port and path of a URL.
fn parted(url: &str) -> (String, String, u16, String) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let at = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let usual = if scheme == "https" { 443 } else { 80 };
    let (host, port) = authority
        .split_once(':')
        .map_or((authority, usual), |(host, port)| (host, port.parse().unwrap_or(usual)));
    (scheme.to_owned(), host.to_owned(), port, path.to_owned())
}

/// Numbers with `between` between them.
fn listed(numbers: impl IntoIterator<Item = usize>, between: &str) -> String {
    numbers.into_iter().map(|it| it.to_string()).collect::<Vec<_>>().join(between)
}

/// The letters of `text` in another order, with others among them, and where each stands.
fn table(dice: &mut Dice, text: &str) -> (String, Vec<usize>) {
    let mut letters = String::new();
    for letter in text.chars().chain("etaoinshrdlu0123456789".chars()) {
        if !letters.contains(letter) {
            letters.push(letter);
        }
    }
    let letters = dice.shuffled(&letters);
    let places = text.chars().filter_map(|letter| letters.find(letter)).collect();
    (letters, places)
}

/// Each letter of `text` behind `width` others.
fn stretched(dice: &mut Dice, text: &str, width: usize) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        for _ in 0..width {
            out.push(char::from(b'a' + dice.below(26) as u8));
        }
        out.push(letter);
    }
    out
}

/// A name with a tail that no other name of a script has.
fn only(dice: &mut Dice) -> String {
    format!("{}{}", dice.name(), dice.below(900) + 100)
}
