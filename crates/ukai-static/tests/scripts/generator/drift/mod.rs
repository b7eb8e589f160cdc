//! Droppers as campaigns of 2023 to 2026 and the obfuscators of that time have them, written without a
//! look at what is understood.

mod batch;
mod cipher;
mod javascript;
mod node;
mod perl;
mod powershell;
mod python;
mod shell;
mod vbscript;

use super::{Dice, Language, Truth};

set_of_ways!();

/// The parts of a URL.
struct Parts {
    scheme: String,
    host: String,
    port: Option<u16>,
    path: String,
}

impl Parts {
    fn of(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let at = rest.find('/').unwrap_or(rest.len());
        let (host, port) = match rest[..at].split_once(':') {
            Some((host, port)) => (host, port.parse().ok()),
            None => (&rest[..at], None),
        };
        Self { scheme: scheme.to_owned(), host: host.to_owned(), port, path: rest[at..].to_owned() }
    }

    /// Scheme, host and port as they begin the URL.
    fn origin(&self) -> String {
        match self.port {
            Some(port) => format!("{}://{}:{port}", self.scheme, self.host),
            None => format!("{}://{}", self.scheme, self.host),
        }
    }
}

impl Truth {
    /// A server of which several files are asked for.
    fn origin(dice: &mut Dice) -> String {
        Parts::of(&dice.url(&[""])).origin()
    }

    /// A URL that is put together of an origin and a path which starts with a slash.
    fn joined(&mut self, origin: &str, path: &str) {
        self.urls.insert(format!("{origin}{path}"));
    }
}

/// A browser that is pretended.
fn agent(dice: &mut Dice) -> &'static str {
    dice_static(
        dice,
        &[
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:109.0) Gecko/20100101 Firefox/115.0",
            "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.1; Trident/4.0)",
            "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.3031",
            "curl/8.4.0",
        ],
    )
}

/// One of texts that live as long as the program.
fn dice_static(dice: &mut Dice, list: &[&'static str]) -> &'static str {
    list[dice.below(list.len())]
}

/// A name as the renaming obfuscators give: of hexadecimal digits, of look-alikes, of mixed case.
fn veiled(dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => {
            let digits: String =
                (0..6).map(|_| char::from(b"0123456789abcdef"[dice.below(16)])).collect();
            format!("_0x{digits}")
        }
        1 => {
            let letters: String =
                (0..10 + dice.below(8)).map(|_| char::from(b"Il"[dice.below(2)])).collect();
            format!("l{letters}{}", dice.below(90))
        }
        2 => mixed(dice, 8),
        _ => dice.name(),
    }
}

/// Letters of both cases.
fn mixed(dice: &mut Dice, least: usize) -> String {
    let length = least + dice.below(6);
    (0..length)
        .map(|_| {
            let letter = b'a' + dice.below(26) as u8;
            char::from(if dice.chance(50) { letter.to_ascii_uppercase() } else { letter })
        })
        .collect()
}

/// Words that say nothing, for comments and unused texts.
fn prose(dice: &mut Dice, count: usize) -> String {
    (0..count)
        .map(|_| {
            dice.pick(&[
                "harvest", "unripe", "the", "of", "ledger", "mandrel", "quarry", "soft", "into",
                "bevel", "nonfatal", "overture", "were", "tidal", "sorrel", "under", "gimbal",
                "pastor", "fable", "and", "trestle", "wicker", "brine", "cobalt", "no",
            ])
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// A word of a script in letters of any case.
fn cased(dice: &mut Dice, word: &str) -> String {
    word.chars()
        .map(|letter| {
            if dice.chance(50) { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
        })
        .collect()
}

/// `text` with `width` letters of chance before each of its own.
fn spaced(dice: &mut Dice, text: &str, width: usize) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        for _ in 0..width {
            out.push(char::from(b'a' + dice.below(26) as u8));
        }
        out.push(letter);
    }
    out
}

/// One of the marks that is not in `text`, in whatever case: some replacements know no case.
fn mark(dice: &mut Dice, text: &str, marks: &[&str]) -> String {
    let lower = text.to_lowercase();
    loop {
        let mark = dice.pick(marks);
        if !lower.contains(&mark.to_lowercase()) {
            return mark.to_owned();
        }
    }
}

/// All printable letters that need no care in any language, in another order.
fn alphabet(dice: &mut Dice) -> String {
    dice.shuffled("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/.-_=?")
}

/// Where the letters of `text` stand in `alphabet`; letters that are not there are no part of the text.
fn places(text: &str, alphabet: &str) -> Vec<usize> {
    text.chars().filter_map(|letter| alphabet.find(letter)).collect()
}

/// Whether all of `text` is in the alphabet.
fn plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/.-_=?".contains(&byte))
}

/// Numbers with `between` between them.
fn listed(numbers: impl IntoIterator<Item = usize>, between: &str) -> String {
    numbers.into_iter().map(|it| it.to_string()).collect::<Vec<_>>().join(between)
}

/// Letters in lines of a width.
fn lines(text: &str, width: usize) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(width).map(|chunk| chunk.iter().collect()).collect()
}
