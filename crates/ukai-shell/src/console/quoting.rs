//! Where the word before the cursor begins, and what it says without its quotes.

/// The word that is being typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unfinished {
    /// Where it begins, behind the quote that is open in it, if there is one.
    pub(super) start: usize,
    pub(super) quote: Option<u8>,
    /// Its text without quotes and backslashes.
    pub(super) word: Vec<u8>,
    /// Whether a command's name stands here.
    pub(super) command: bool,
    /// The command's name, if a word of its own stands before this one.
    pub(super) first: Vec<u8>,
}

/// Reads a line up to the cursor.
pub(super) fn unfinished(before: &[u8], bash: bool) -> Unfinished {
    let mut found =
        Unfinished { start: 0, quote: None, word: Vec::new(), command: true, first: Vec::new() };
    let mut begun = false;
    let mut bytes = before.iter().copied().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match (found.quote, byte) {
            (Some(quote), _) if byte == quote => found.quote = None,
            (Some(b'\''), _) => found.word.push(byte),
            (_, b'\\') => {
                begun = true;
                if let Some((_, escaped)) = bytes.next() {
                    found.word.push(escaped);
                }
            }
            (None, b'\'' | b'"') => {
                found.quote = Some(byte);
                if !begun || bash {
                    found.start = at + 1;
                    found.word.clear();
                }
                begun = true;
            }
            (None, b' ' | b'\t' | b'\n') => {
                if begun && found.command {
                    let starts = matches!(
                        &found.word[..],
                        b"if"
                            | b"then"
                            | b"else"
                            | b"elif"
                            | b"do"
                            | b"while"
                            | b"until"
                            | b"!"
                            | b"{"
                            | b"time"
                    );
                    found.command = starts;
                    found.first = std::mem::take(&mut found.word);
                }
                found.word.clear();
                begun = false;
                found.start = at + 1;
            }
            (None, b';' | b'|' | b'&' | b'(' | b'`') => {
                found.word.clear();
                found.command = true;
                begun = false;
                found.start = at + 1;
            }
            (None, b'<' | b'>') => {
                found.word.clear();
                found.command = false;
                begun = false;
                found.start = at + 1;
            }
            (None, b'=' | b':' | b'@') if bash && begun && byte != b'@' => {
                found.word.clear();
                found.start = at + 1;
            }
            _ => {
                begun = true;
                found.word.push(byte);
            }
        }
    }
    found
}

/// A file's name as it is put into a line: quoted for where it stands.
pub(super) fn quoted(text: &[u8], quote: Option<u8>, bash: bool) -> Vec<u8> {
    let specials: &[u8] = match quote {
        Some(b'\'') => b"",
        Some(_) => b"\"$`\\",
        None if bash => b" \t\n\\\"'<>=;|&()$`?*[!:{@#",
        None => b" $\"'`\\|><&;#(){}[]*?!~",
    };
    let mut out = Vec::with_capacity(text.len());
    for (at, byte) in text.iter().enumerate() {
        // A tilde at the beginning stays one; `#` is plain but there.
        let plain = *byte == b'#' && at > 0 && bash;
        if specials.contains(byte) && !plain {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out
}
