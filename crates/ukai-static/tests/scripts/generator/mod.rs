//! Inert droppers in the languages that droppers are written in: what they ask for lies at
//! addresses for documentation (RFC 5737, RFC 2606), and what they say is said in the ways that
//! hide it from a reader.
//!
//! Each language has ways to hide a text (an expression of which the text is the value) and
//! ways to fetch and run; every way is combined with every other by chance.

#![allow(
    clippy::format_collect,
    clippy::format_push_string,
    clippy::range_plus_one,
    clippy::single_char_pattern,
    clippy::uninlined_format_args,
    clippy::write_literal,
    reason = "scripts are put together from many short texts, read best as they will stand there"
)]

/// What a set of ways is asked for: each has a file for each language.
macro_rules! set_of_ways {
    () => {
        /// A dropper of a language.
        pub(super) fn dropper(language: Language, dice: &mut Dice, truth: &mut Truth) -> String {
            match language {
                Language::Shell => shell::dropper(dice, truth),
                Language::PowerShell => powershell::dropper(dice, truth),
                Language::Batch => batch::dropper(dice, truth),
                Language::VbScript => vbscript::dropper(dice, truth),
                Language::JavaScript => javascript::dropper(dice, truth),
                Language::Python => python::dropper(dice, truth),
                Language::Perl => perl::dropper(dice, truth),
            }
        }

        /// A program that prints `text`, hidden in one of the ways; none where no real interpreter can be
        /// asked.
        #[cfg(test)]
        pub(super) fn printed(language: Language, dice: &mut Dice, text: &str) -> Option<String> {
            let mut before = String::new();
            Some(match language {
                Language::Shell => {
                    let word = shell::hide(dice, text, &mut before);
                    format!("{before}printf %s {word}\n")
                }
                Language::JavaScript => {
                    let word = javascript::hide(dice, text, &mut before);
                    format!("{before}process.stdout.write({word});\n")
                }
                Language::Python => {
                    let word = python::hide(dice, text, &mut before);
                    format!("{before}print({word}, end='')\n")
                }
                Language::Perl => {
                    let word = perl::hide(dice, text, &mut before);
                    format!("{before}my $printed = {word};\nprint $printed;\n")
                }
                Language::PowerShell | Language::Batch | Language::VbScript => return None,
            })
        }
    };
}

mod batch;
mod drift;
mod fresh;
mod held_out;
mod javascript;
mod kiln;
mod perl;
mod powershell;
mod python;
mod sealed;
mod shell;
mod shut;
mod vault;
mod vbscript;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;
use std::fmt::Write;

/// A language of droppers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Shell,
    PowerShell,
    Batch,
    VbScript,
    JavaScript,
    Python,
    Perl,
}

pub(crate) const LANGUAGES: [Language; 7] = [
    Language::Shell,
    Language::PowerShell,
    Language::Batch,
    Language::VbScript,
    Language::JavaScript,
    Language::Python,
    Language::Perl,
];

/// A dropper and what it contacts.
pub(crate) struct Truth {
    pub(crate) text: String,
    pub(crate) urls: BTreeSet<String>,
    /// Connections that are made without a URL.
    pub(crate) endpoints: BTreeSet<(String, u16)>,
}

/// The dropper of a seed in one of the ways that were held out.
pub(crate) fn held_out(language: Language, seed: u64) -> Truth {
    made(held_out::dropper, language, seed)
}

/// The dropper of a seed in one of the ways that were written when the others were long tuned on.
pub(crate) fn fresh(language: Language, seed: u64) -> Truth {
    made(fresh::dropper, language, seed)
}

/// The dropper of a seed in one of the ways that nobody looks at: of them only the figures are read.
pub(crate) fn shut(language: Language, seed: u64) -> Truth {
    made(shut::dropper, language, seed)
}

/// The dropper of a seed in one of the ways that were written without a look at what is understood.
pub(crate) fn sealed(language: Language, seed: u64) -> Truth {
    made(sealed::dropper, language, seed)
}

/// The dropper of a seed in one of the ways that recent campaigns have, written without a look at what
/// is understood.
pub(crate) fn drift(language: Language, seed: u64) -> Truth {
    made(drift::dropper, language, seed)
}

/// The dropper of a seed in one of the ways of campaigns and builders, which nobody tuned on.
pub(crate) fn vault(language: Language, seed: u64) -> Truth {
    made(vault::dropper, language, seed)
}

/// The dropper of a seed in one of the ways that honeypots, spam traps and crawlers are given, which
/// nobody tuned on.
pub(crate) fn kiln(language: Language, seed: u64) -> Truth {
    made(kiln::dropper, language, seed)
}

/// A program that prints a text of its own, hidden in one of the ways of [`fresh`], [`shut`],
/// [`sealed`], [`drift`], [`vault`] and [`kiln`], and the text; none in languages whose real interpreter is
/// not at hand.
#[cfg(test)]
pub(crate) fn printed(language: Language, seed: u64) -> Vec<(String, String)> {
    let mut dice = Dice::new(seed);
    let text = if dice.chance(80) { dice.url(&[".exe", ""]) } else { dice.host() };
    [fresh::printed, shut::printed, sealed::printed, drift::printed, vault::printed, kiln::printed]
        .into_iter()
        .filter_map(|print| Some((print(language, &mut dice, &text)?, text.clone())))
        .collect()
}

fn made(
    make: fn(Language, &mut Dice, &mut Truth) -> String,
    language: Language,
    seed: u64,
) -> Truth {
    let mut dice = Dice::new(seed);
    let mut truth =
        Truth { text: String::new(), urls: BTreeSet::new(), endpoints: BTreeSet::new() };
    truth.text = make(language, &mut dice, &mut truth);
    truth
}

impl Truth {
    /// All hosts, those of URLs included.
    pub(crate) fn hosts(&self) -> BTreeSet<String> {
        let of_urls = self.urls.iter().map(|url| authority(url).0);
        of_urls.chain(self.endpoints.iter().map(|(host, _)| host.clone())).collect()
    }

    /// The URLs of files: of a WebSocket its end point is told.
    pub(crate) fn fetched(&self) -> BTreeSet<String> {
        self.urls.iter().filter(|url| !url.starts_with("ws")).cloned().collect()
    }

    /// Hosts with the ports that their URLs mean without saying so, which may be told or not; and
    /// which are told of WebSockets.
    pub(crate) fn implied_ports(&self) -> BTreeSet<String> {
        let implied =
            self.urls.iter().filter_map(|url| match (authority(url), url.split_once(':')?.0) {
                ((host, None), "http" | "ws") => Some(format!("{host}:80")),
                ((host, None), "https" | "wss") => Some(format!("{host}:443")),
                _ => None,
            });
        implied.collect()
    }

    /// All hosts with a port that is said.
    pub(crate) fn ports(&self) -> BTreeSet<String> {
        let of_urls = self.urls.iter().filter_map(|url| {
            let (host, port) = authority(url);
            Some(format!("{host}:{}", port?))
        });
        of_urls.chain(self.endpoints.iter().map(|(host, port)| format!("{host}:{port}"))).collect()
    }
}

pub(crate) fn authority(url: &str) -> (String, Option<u16>) {
    let authority = url.split('/').nth(2).unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    match authority.split_once(':') {
        Some((host, port)) => (host.to_owned(), port.parse().ok()),
        None => (authority.to_owned(), None),
    }
}

/// The dropper of a seed.
pub(crate) fn dropper(language: Language, seed: u64) -> Truth {
    let mut dice = Dice::new(seed);
    let mut truth =
        Truth { text: String::new(), urls: BTreeSet::new(), endpoints: BTreeSet::new() };
    truth.text = match language {
        Language::Shell => shell::dropper(&mut dice, &mut truth),
        Language::PowerShell => powershell::dropper(&mut dice, &mut truth),
        Language::Batch => batch::dropper(&mut dice, &mut truth),
        Language::VbScript => vbscript::dropper(&mut dice, &mut truth),
        Language::JavaScript => javascript::dropper(&mut dice, &mut truth),
        Language::Python => python::dropper(&mut dice, &mut truth),
        Language::Perl => perl::dropper(&mut dice, &mut truth),
    };
    truth
}

/// Whether nothing that stands behind this is ever come to.
fn ends(line: &str) -> bool {
    ["exec(", "exec '", "while True", "while (my", "while(("].iter().any(|mark| line.contains(mark))
}

impl Truth {
    /// A URL that the dropper asks for; `endings` are those of its file.
    pub(crate) fn url(&mut self, dice: &mut Dice, endings: &[&str]) -> String {
        let url = dice.url(endings);
        self.urls.insert(url.clone());
        url
    }

    /// A host and port that it connects to.
    pub(crate) fn endpoint(&mut self, dice: &mut Dice) -> (String, u16) {
        let endpoint = (dice.host(), dice.port());
        self.endpoints.insert(endpoint.clone());
        endpoint
    }
}

/// Numbers without structure, the same for the same seed (SplitMix64, Steele and others 2014).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    /// Letters, a name in any language; the last makes a word of the language unlikely.
    pub(crate) fn name(&mut self) -> String {
        let length = 3 + self.below(7);
        let mut name: String =
            (0..length).map(|_| char::from(b'a' + self.below(26) as u8)).collect();
        name.push(char::from(b"qxzjkvw"[self.below(7)]));
        let _ = write!(name, "{}", self.below(90) + 10);
        name
    }

    pub(crate) fn host(&mut self) -> String {
        if self.chance(60) {
            let net = self.pick(&["192.0.2", "198.51.100", "203.0.113"]);
            return format!("{net}.{}", 1 + self.below(254));
        }
        let word = self.name();
        match self.below(3) {
            0 => format!("{word}.example"),
            1 => format!("{}.{word}.example", self.pick(&["cdn", "dl", "files", "update", "img"])),
            _ => format!("{word}-{}.example", self.pick(&["soft", "cloud", "static"])),
        }
    }

    pub(crate) fn port(&mut self) -> u16 {
        [4444, 8080, 1337, 9001, 6667, 31337, 5555, 8443, 2222, 53][self.below(10)]
    }

    pub(crate) fn url(&mut self, endings: &[&str]) -> String {
        let scheme = if self.chance(70) { "http" } else { "https" };
        let host = self.host();
        let port = if self.chance(30) { format!(":{}", self.port()) } else { String::new() };
        let folders: String = (0..self.below(3)).map(|_| format!("/{}", self.name())).collect();
        let file = self.name();
        let ending = self.pick(endings);
        format!("{scheme}://{host}{port}{folders}/{file}{ending}")
    }

    /// `text` in two to five pieces.
    pub(crate) fn pieces(&mut self, text: &str) -> Vec<String> {
        let letters: Vec<char> = text.chars().collect();
        let mut cuts: Vec<usize> =
            (0..1 + self.below(4)).map(|_| 1 + self.below(letters.len().max(2) - 1)).collect();
        cuts.extend([0, letters.len()]);
        cuts.sort_unstable();
        cuts.dedup();
        cuts.windows(2).map(|cut| letters[cut[0]..cut[1]].iter().collect()).collect()
    }

    /// The order in which `count` pieces are written down.
    pub(crate) fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for at in (1..count).rev() {
            let other = self.below(at + 1);
            order.swap(at, other);
        }
        order
    }

    /// A mark that is not in `text`, to put between its letters or in their place.
    pub(crate) fn mark(&mut self, text: &str) -> String {
        loop {
            let mark = self.pick(&["#", "~", "QQ", "ZX", "_K_", "@", "JJ", "xQx", "!!"]).to_owned();
            if !text.contains(&mark) {
                return mark;
            }
        }
    }

    /// `text` with `mark` thrown in between its letters.
    pub(crate) fn littered(&mut self, text: &str, mark: &str) -> String {
        let mut out = String::new();
        for (at, letter) in text.chars().enumerate() {
            if at > 0 && self.chance(35) {
                out.push_str(mark);
            }
            out.push(letter);
        }
        // At least one, or nothing is hidden.
        out.insert_str(1, mark);
        out
    }

    /// `letters` in another order.
    pub(crate) fn shuffled(&mut self, letters: &str) -> String {
        let letters: Vec<char> = letters.chars().collect();
        self.order(letters.len()).into_iter().map(|at| letters[at]).collect()
    }

    pub(crate) fn key(&mut self) -> u8 {
        1 + self.below(120) as u8
    }
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

pub(crate) fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}

pub(crate) fn rot13(text: &str) -> String {
    let turn = |letter: char| match letter {
        'a'..='m' | 'A'..='M' => char::from(letter as u8 + 13),
        'n'..='z' | 'N'..='Z' => char::from(letter as u8 - 13),
        other => other,
    };
    text.chars().map(turn).collect()
}

pub(crate) fn xored(text: &str, key: u8) -> Vec<u8> {
    text.bytes().map(|byte| byte ^ key).collect()
}

/// `text` under a key of several letters.
pub(crate) fn keyed(text: &str, key: &str) -> Vec<u8> {
    text.bytes().zip(key.bytes().cycle()).map(|(letter, key)| letter ^ key).collect()
}

/// RC4, as the decoders of many languages have it.
pub(crate) fn rc4(bytes: &[u8], key: &str) -> Vec<u8> {
    let mut state: Vec<u8> = (0..=255).collect();
    let mut other = 0u8;
    for (at, key) in (0..256).zip(key.bytes().cycle()) {
        other = other.wrapping_add(state[at]).wrapping_add(key);
        state.swap(at, usize::from(other));
    }
    let (mut one, mut other) = (0u8, 0u8);
    bytes
        .iter()
        .map(|byte| {
            one = one.wrapping_add(1);
            other = other.wrapping_add(state[usize::from(one)]);
            state.swap(usize::from(one), usize::from(other));
            let sum = state[usize::from(one)].wrapping_add(state[usize::from(other)]);
            byte ^ state[usize::from(sum)]
        })
        .collect()
}

/// A template with what stands for `@NAME@` in it.
pub(crate) fn put(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = template.to_owned();
    for (name, value) in values {
        out = out.replace(&format!("@{name}@"), value);
    }
    out
}

/// Each byte in a form of its own, with `between` between them.
pub(crate) fn each(text: &str, between: &str, form: impl Fn(u8) -> String) -> String {
    text.bytes().map(form).collect::<Vec<_>>().join(between)
}

/// The pieces in quotes.
pub(crate) fn quoted(pieces: &[String], quote: char) -> Vec<String> {
    pieces.iter().map(|piece| format!("{quote}{piece}{quote}")).collect()
}

/// Numbers of the letters, as decimals.
pub(crate) fn codes(bytes: impl IntoIterator<Item = u8>, between: &str) -> String {
    bytes.into_iter().map(|byte| byte.to_string()).collect::<Vec<_>>().join(between)
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes it")
}

pub(crate) fn zlib(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes it")
}

pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes it")
}
