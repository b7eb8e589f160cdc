//! Options of a command line, as `getopt` reads them.

use super::Arguments;

/// Options and operands of a command.
#[derive(Debug, Default)]
pub(crate) struct Options {
    flags: Vec<(String, Option<Vec<u8>>)>,
    /// What is no option.
    pub(crate) operands: Vec<Vec<u8>>,
    /// The first option that the command does not know.
    pub(crate) bad: Option<String>,
}

impl Options {
    /// Reads options: letters in `short` are known, those followed by `:` take a value;
    /// `long` likewise (`name` or `name:`). Unknown ones are noted and skipped. Options
    /// may follow operands unless `short` begins with `+`.
    pub(crate) fn read(arguments: &Arguments, short: &str, long: &[&str]) -> Self {
        let mut options = Self::default();
        let only_first = short.starts_with('+');
        let mut words = arguments.rest().iter();
        while let Some(word) = words.next() {
            if word == b"--" {
                options.operands.extend(words.cloned());
                break;
            }
            if word.len() < 2 || word[0] != b'-' {
                options.operands.push(word.clone());
                if only_first {
                    options.operands.extend(words.cloned());
                    break;
                }
                continue;
            }
            if let Some(name) = word.strip_prefix(b"--") {
                options.long(name, long, &mut words);
            } else {
                options.letters(&word[1..], short, &mut words);
            }
        }
        options
    }

    fn long<'a>(
        &mut self,
        word: &[u8],
        long: &[&str],
        words: &mut impl Iterator<Item = &'a Vec<u8>>,
    ) {
        let (name, value) = match word.iter().position(|b| *b == b'=') {
            Some(at) => (&word[..at], Some(word[at + 1..].to_vec())),
            None => (word, None),
        };
        let known = long
            .iter()
            .find(|known| known.trim_end_matches(':').as_bytes() == name)
            .or_else(|| long.iter().find(|known| known.as_bytes().starts_with(name)));
        let Some(known) = known else {
            let shown = format!("--{}", String::from_utf8_lossy(word));
            self.bad.get_or_insert(shown);
            return;
        };
        let value =
            if known.ends_with(':') { value.or_else(|| words.next().cloned()) } else { None };
        self.flags.push((known.trim_end_matches(':').to_owned(), value));
    }

    fn letters<'a>(
        &mut self,
        letters: &[u8],
        short: &str,
        words: &mut impl Iterator<Item = &'a Vec<u8>>,
    ) {
        let mut at = 0;
        while at < letters.len() {
            let letter = letters[at] as char;
            at += 1;
            let place = short.find(letter).filter(|_| letter != ':' && letter != '+');
            let Some(place) = place else {
                self.bad.get_or_insert_with(|| letter.to_string());
                continue;
            };
            if short.as_bytes().get(place + 1) != Some(&b':') {
                self.flags.push((letter.to_string(), None));
                continue;
            }
            let value = if at < letters.len() {
                Some(letters[at..].to_vec())
            } else {
                words.next().cloned()
            };
            self.flags.push((letter.to_string(), value));
            return;
        }
    }

    /// Whether an option was given, by its letter or long name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.flags.iter().any(|(flag, _)| flag == name)
    }

    /// The last value of an option.
    pub(crate) fn value(&self, name: &str) -> Option<&[u8]> {
        self.flags.iter().rev().find(|(flag, _)| flag == name)?.1.as_deref()
    }

    /// All values of an option, in order.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.flags.iter().filter(move |(flag, _)| flag == name).filter_map(|(_, v)| v.as_deref())
    }

    /// The last value of an option as a number.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        std::str::from_utf8(self.value(name)?).ok()?.trim().parse().ok()
    }

    /// Names of the flags in order, for options that override each other.
    pub(crate) fn last_of(&self, names: &[&str]) -> Option<&str> {
        self.flags.iter().rev().map(|(f, _)| f.as_str()).find(|f| names.contains(f))
    }
}
