//! Droppers in ways that were written without a look at what is understood; bench/README.md has what
//! the first measurement gave.

mod batch;
mod javascript;
mod perl;
mod powershell;
mod python;
mod shell;
mod vbscript;

use super::{Dice, Language, Truth};

set_of_ways!();

/// A URL in two: scheme with host and port, and the path behind them.
fn parted(url: &str) -> (String, String) {
    let start = url.find("://").map_or(0, |at| at + 3);
    let at = url[start..].find('/').map_or(url.len(), |at| at + start);
    (url[..at].to_owned(), url[at..].to_owned())
}

/// The letters of `text`, each once, in another order, and where each letter of `text` stands there.
fn table(dice: &mut Dice, text: &str, more: &str) -> (String, Vec<usize>) {
    let mut letters = String::new();
    for letter in text.chars().chain(more.chars()) {
        if !letters.contains(letter) {
            letters.push(letter);
        }
    }
    let letters = dice.shuffled(&letters);
    let places = text.chars().filter_map(|letter| letters.find(letter)).collect();
    (letters, places)
}

/// Numbers with `between` between them.
fn listed(numbers: impl IntoIterator<Item = usize>, between: &str) -> String {
    numbers.into_iter().map(|it| it.to_string()).collect::<Vec<_>>().join(between)
}

/// Each letter of `text` with `width` others behind it.
fn padded(dice: &mut Dice, text: &str, width: usize) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        out.push(letter);
        for _ in 0..width {
            out.push(char::from(b'a' + dice.below(26) as u8));
        }
    }
    out
}

/// Letters in lines of a width.
fn lines(text: &str, width: usize) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(width).map(|chunk| chunk.iter().collect()).collect()
}
