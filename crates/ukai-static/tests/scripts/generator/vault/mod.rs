//! Droppers in the ways of campaigns, builders and public obfuscators of 2015 to 2026, written
//! without a look at what is understood.

mod batch;
mod cipher;
mod javascript;
mod perl;
mod powershell;
mod python;
mod shell;
mod vbscript;

use super::{Dice, Language, Truth};

set_of_ways!();

/// What stands in front of the path of a URL, and the path.
fn halves(url: &str) -> (String, String) {
    let start = url.find("://").map_or(0, |at| at + 3);
    let at = url[start..].find('/').map_or(url.len(), |at| at + start);
    (url[..at].to_owned(), url[at..].to_owned())
}

/// `text` cut every `width` letters.
fn chunks(text: &str, width: usize) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(width.max(1)).map(|chunk| chunk.iter().collect()).collect()
}

/// A name of two or three words, as junk code has them.
fn camel(dice: &mut Dice) -> String {
    const WORDS: [&str; 32] = [
        "Amber", "Branch", "Copper", "Delta", "Ember", "Frost", "Garden", "Harbor", "Island",
        "Jungle", "Kettle", "Ladder", "Marble", "Nickel", "Orchid", "Pepper", "Quartz", "River",
        "Saddle", "Timber", "Umber", "Velvet", "Walnut", "Yellow", "Zephyr", "Buffer", "Cache",
        "Handle", "Record", "Stack", "Token", "Vector",
    ];
    let mut name = dice.pick(&WORDS).to_lowercase();
    for _ in 0..1 + dice.below(2) {
        name.push_str(dice.pick(&WORDS));
    }
    name.push_str(&dice.below(1000).to_string());
    name
}

/// A name as obfuscator.io gives it.
fn underscored(dice: &mut Dice) -> String {
    format!("_0x{:06x}", dice.below(0x00ff_ffff))
}

/// A name of letters that look alike.
fn alike(dice: &mut Dice, letters: &[&str]) -> String {
    let mut name = letters[0].to_owned();
    for _ in 0..10 + dice.below(8) {
        name.push_str(dice.pick(letters));
    }
    name
}

/// How many pieces of junk a script gets: few, but some are full of it.
fn much(dice: &mut Dice) -> usize {
    if dice.chance(15) { 20 + dice.below(60) } else { 1 + dice.below(5) }
}

/// Random small letters.
fn letters(dice: &mut Dice, count: usize) -> String {
    (0..count).map(|_| char::from(b'a' + dice.below(26) as u8)).collect()
}

/// Random letters and digits.
fn salad(dice: &mut Dice, count: usize) -> String {
    let all = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    (0..count).map(|_| char::from(all[dice.below(all.len())])).collect()
}

/// A word of at least `from` letters and digits, to be a key.
fn word(dice: &mut Dice, from: usize, more: usize) -> String {
    let count = from + dice.below(more);
    salad(dice, count)
}

/// Each letter of `text` behind `step - 1` letters of no meaning.
fn sparse(dice: &mut Dice, text: &str, step: usize) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        out.push_str(&letters(dice, step - 1));
        out.push(letter);
    }
    out
}

/// `text` with its letters in the order in which [`GootLoader`-like] decoders put them back: even
/// places go in front, odd ones behind.
fn folded(text: &str) -> String {
    let mut left: std::collections::VecDeque<char> = text.chars().collect();
    let mut taken = Vec::new();
    let count = left.len();
    for at in (0..count).rev() {
        let letter = if at % 2 == 1 { left.pop_back() } else { left.pop_front() };
        taken.extend(letter);
    }
    taken.into_iter().rev().collect()
}

/// The letters of `text`, each once and among others, in a chance order.
fn alphabet(dice: &mut Dice, text: &str, more: &str) -> String {
    let mut all = String::new();
    for letter in text.chars().chain(more.chars()) {
        if !all.contains(letter) {
            all.push(letter);
        }
    }
    dice.shuffled(&all)
}

/// The letters of `text` among so many others of chance.
fn among(dice: &mut Dice, text: &str, count: usize) -> String {
    let more = letters(dice, count);
    alphabet(dice, text, &more)
}

/// The places of the letters of `text` in `alphabet`.
fn places(alphabet: &str, text: &str) -> Vec<usize> {
    text.chars().filter_map(|letter| alphabet.chars().position(|it| it == letter)).collect()
}

/// Numbers with `between` between them.
fn numbers(list: &[usize], between: &str) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}

/// Bytes of chance.
fn bytes(dice: &mut Dice, count: usize) -> Vec<u8> {
    (0..count).map(|_| dice.below(256) as u8).collect()
}

/// A user agent, as they are copied around.
fn agent(dice: &mut Dice) -> &'static str {
    const AGENTS: [&str; 6] = [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
        "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
        "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
        "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Safari/605.1.15",
        "Microsoft-CryptoAPI/10.0",
    ];
    AGENTS[dice.below(AGENTS.len())]
}
