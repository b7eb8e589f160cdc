//! Patterns as in `case`: `*`, `?`, `[...]`, and a backslash that quotes.

/// Most bytes of a pattern that are looked at in search of the ends of its sets: a `[`
/// behind them stands for itself. Patterns of nothing but `[` would take quadratic time.
const SET_SEARCH_BYTES: usize = 64 * 1024;

/// Time for matching, in comparisons, so that it can be charged to a budget.
pub(crate) struct Work {
    left: u64,
    used: u64,
}

impl Work {
    /// At most so many comparisons.
    pub(crate) const fn new(left: u64) -> Self {
        Self { left, used: 0 }
    }

    /// Comparisons made.
    pub(crate) const fn used(&self) -> u64 {
        self.used
    }

    /// Whether there were too many. What was found then means nothing.
    pub(crate) const fn is_spent(&self) -> bool {
        self.used > self.left
    }

    /// Takes `count` comparisons; false if there are none left.
    pub(crate) const fn spend(&mut self, count: usize) -> bool {
        self.used = self.used.saturating_add(count as u64);
        !self.is_spent()
    }
}

/// A pattern, ready for use.
pub(crate) struct Pattern {
    elements: Vec<Element>,
}

enum Element {
    Byte(u8),
    Any,
    /// `*`
    Some,
    /// The bytes of a set, a bit for each.
    Set(Box<[u64; 4]>),
}

impl Element {
    fn takes(&self, byte: u8) -> bool {
        match self {
            Self::Byte(own) => *own == byte,
            Self::Any => true,
            Self::Some => false,
            Self::Set(bits) => bits[usize::from(byte >> 6)] >> (byte & 63) & 1 != 0,
        }
    }
}

impl Pattern {
    /// Reads a pattern. A `[` without its `]` stands for itself.
    pub(crate) fn new(text: &[u8], work: &mut Work) -> Self {
        let mut elements = Vec::with_capacity(text.len());
        let mut search = SET_SEARCH_BYTES;
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            at += 1;
            elements.push(match byte {
                b'*' => Element::Some,
                b'?' => Element::Any,
                b'\\' if at < text.len() => {
                    at += 1;
                    Element::Byte(text[at - 1])
                }
                b'[' => match set(text, at, &mut search) {
                    Some((bits, next)) => {
                        at = next;
                        Element::Set(Box::new(bits))
                    }
                    None => Element::Byte(b'['),
                },
                literal => Element::Byte(*literal),
            });
        }
        work.spend(text.len() + SET_SEARCH_BYTES - search);
        Self { elements }
    }

    /// The text that the pattern stands for, if it stands for only one.
    pub(crate) fn literal(&self) -> Option<Vec<u8>> {
        let byte = |e: &Element| if let Element::Byte(byte) = e { Some(*byte) } else { None };
        self.elements.iter().map(byte).collect()
    }

    /// Whether `text` as a whole fits. Time is at most proportional to the product of
    /// the lengths.
    pub(crate) fn matches(&self, text: &[u8], work: &mut Work) -> bool {
        let (mut p, mut t) = (0, 0);
        // Where to go on after the last `*`, if what follows it does not fit.
        let mut retry: Option<(usize, usize)> = None;
        while work.spend(1) {
            let element = self.elements.get(p);
            if matches!(element, Some(Element::Some)) {
                p += 1;
                if p == self.elements.len() {
                    return true;
                }
                retry = Some((p, t));
                continue;
            }
            match (element, text.get(t)) {
                (None, None) => return true,
                (Some(element), Some(byte)) if element.takes(*byte) => {
                    p += 1;
                    t += 1;
                    continue;
                }
                _ => {}
            }
            let Some((after_star, from)) = retry else { return false };
            if from >= text.len() {
                return false;
            }
            p = after_star;
            t = from + 1;
            retry = Some((p, t));
        }
        false
    }
}

/// The set whose text begins at `start`, behind its `[`, and where it ends.
fn set(text: &[u8], start: usize, search: &mut usize) -> Option<([u64; 4], usize)> {
    /// What a named class costs beside its name.
    const CLASS_BYTES: usize = 256;
    let mut at = start;
    let negated = matches!(text.get(at), Some(b'!' | b'^'));
    if negated {
        at += 1;
    }
    let mut bits = [0_u64; 4];
    let mut put = |byte: u8| bits[usize::from(byte >> 6)] |= 1 << (byte & 63);
    let mut first = true;
    loop {
        *search = search.checked_sub(1)?;
        let mut low = *text.get(at)?;
        if low == b']' && !first {
            if negated {
                bits = bits.map(|b| !b);
            }
            return Some((bits, at + 1));
        }
        first = false;
        if low == b'[' && text.get(at + 1) == Some(&b':') {
            let rest = &text[at..text.len().min(at.saturating_add(*search))];
            let end = rest.windows(2).position(|w| w == b":]");
            *search = search.checked_sub(end.unwrap_or(rest.len()))?;
            if let Some(end) = end {
                *search = search.checked_sub(CLASS_BYTES)?;
                let name = rest.get(2..end).unwrap_or_default();
                (0..=u8::MAX).filter(|b| in_class(name, *b)).for_each(&mut put);
                at += end + 2;
                continue;
            }
        }
        if low == b'\\' {
            at += 1;
            low = *text.get(at)?;
        }
        at += 1;
        let mut high = low;
        if text.get(at) == Some(&b'-') && !matches!(text.get(at + 1), None | Some(b']')) {
            at += 1;
            if text.get(at) == Some(&b'\\') {
                at += 1;
            }
            high = *text.get(at)?;
            at += 1;
        }
        *search = search.checked_sub(usize::from(high.saturating_sub(low)) / 16)?;
        (low..=high).for_each(&mut put);
    }
}

fn in_class(name: &[u8], byte: u8) -> bool {
    match name {
        b"alpha" => byte.is_ascii_alphabetic(),
        b"digit" => byte.is_ascii_digit(),
        b"alnum" => byte.is_ascii_alphanumeric(),
        b"upper" => byte.is_ascii_uppercase(),
        b"lower" => byte.is_ascii_lowercase(),
        b"space" => byte.is_ascii_whitespace(),
        b"blank" => matches!(byte, b' ' | b'\t'),
        b"punct" => byte.is_ascii_punctuation(),
        b"xdigit" => byte.is_ascii_hexdigit(),
        b"cntrl" => byte.is_ascii_control(),
        b"print" => matches!(byte, 0x20..=0x7e),
        b"graph" => byte.is_ascii_graphic(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Work};

    fn matches(pattern: &[u8], text: &[u8]) -> bool {
        let mut work = Work::new(1_000_000);
        let fits = Pattern::new(pattern, &mut work).matches(text, &mut work);
        assert!(!work.is_spent(), "{} comparisons", work.used());
        fits
    }

    #[test]
    fn sets_stars_and_escapes() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("a*c", "abbbc", true),
            ("a*c", "abbb", false),
            ("[a-c]?", "bz", true),
            ("[!a-c]", "b", false),
            ("[[:digit:]]*", "7x", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("[", "[", true),
            ("[]]", "]", true),
            ("*a*b*c*", "xxaxxbxxcxx", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn sets_that_do_not_end_are_text_and_cheap() {
        let open = b"[".repeat(5_000);
        assert!(matches(&open, &open));
        let classes = b"[[:".repeat(3_000);
        assert!(matches(&classes, &classes));
        assert!(matches(b"[[:alpha:][:digit:]]", b"7"));
    }

    #[test]
    fn what_takes_long_is_cut() {
        let text = b"a".repeat(20_000);
        let pattern = [b"*", &b"a".repeat(10_000)[..], b"b"].concat();
        let mut work = Work::new(100_000);
        assert!(!Pattern::new(&pattern, &mut work).matches(&text, &mut work));
        assert!(work.is_spent() && work.used() < 101_000, "{} comparisons", work.used());
    }
}
