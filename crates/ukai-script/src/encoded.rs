//! Scripts as Microsoft's Script Encoder (`screnc`) writes them: `.vbe`, `.jse`, and blocks with the
//! language `VBScript.Encode` or `JScript.Encode`.
//!
//! A block is `#@~^`, the length of the text and `==`, its letters, the sum of the text and
//! `==^#~@`; both numbers are 32 bits in base64. Each letter is replaced by one of three tables;
//! which one, a sequence of 64 says. The tables are as A. Marx and MrBrownstone (`scrdec`) published
//! them.

use std::ops::Range;

/// What a block begins with, before the length and `==`.
const BEGIN: &str = "#@~^";
/// What it ends with, after the sum.
const END: &str = "==^#~@";
/// Length of a number in base64, without `==`.
const NUMBER_CHARS: usize = 6;

/// Which of the three letters of a row is meant, by the place in the text.
const PICKS: &[u8; 64] = b"01201212212102120212001221021221\
                           00212120200120210212001220012021";

/// What a tab stands for.
const TAB: [u8; 3] = *b"Wn{";

/// What the letters from the blank on stand for. Those of `<`, `>` and `@` are not used.
#[rustfmt::skip]
const ROWS: [[u8; 3]; 96] = [
    *b".-2", *b"Gu0", *b"zR!", *b"V`)", *b"Bq[", *b"j^8", *b"/I3", *b"&\\=",
    *b"IbX", *b"A}:", *b"4)5", *b"26e", *b"[ 9", *b"v|\\", *b"rzV", *b"C\x7fs",
    *b"8kf", *b"9cN", *b"p3E", *b"E+k", *b"hhb", *b"qQY", *b"Ofx", *b"\tv^",
    *b"b1}", *b"DdJ", *b"#Tm", *b"uCq", *b"JLA", *b"~:`", *b"JLA", *b"^~S",
    *b"@L@", *b"wEB", *b"J,'", *b"a*H", *b"]tr", *b"\"'u", *b"K71", *b"oD7",
    *b"NyM", *b";YR", *b"L/\"", *b"PoT", *b"g&j", *b"*rG", *b"}jd", *b"t9-",
    *b"T{ ", *b"+?\x7f", *b"-8.", *b",wL", *b"0g]", *b"nS~", *b"kGl", *b"f4o",
    *b"5xy", *b"%]t", *b"!0C", *b"d#&", *b"MZv", *b"R[%", *b"cl$", *b"?H+",
    *b"{U(", *b"xp#", *b")iA", *b"(.4", *b"sL\t", *b"Y!*", *b"3$D", *b"\x7fN?",
    *b"mPw", *b"U\t;", *b"SVU", *b"|si", *b":5a", *b"_ac", *b"eKP", *b"FXg",
    *b"X;Q", *b"1WI", *b"i\"O", *b"lmF", *b"ZMh", *b"H%|", *b"'(6", *b"\\Fp",
    *b"=Jn", *b"$2z", *b"yA/", *b"7=_", *b"`_K", *b"QOZ", *b" B,", *b"6eW",
];

/// The text with its encoded blocks decoded; none if it has no such block. What stands around them,
/// as `'**Start Encode**`, is kept.
pub fn decode_script(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    let mut found = false;
    while let Some(block) = next_block(rest) {
        found = true;
        out.push_str(rest.get(..block.whole.start).unwrap_or_default());
        decode(rest.get(block.body).unwrap_or_default(), &mut out);
        rest = rest.get(block.whole.end..).unwrap_or_default();
    }
    out.push_str(rest);
    found.then_some(out)
}

/// Places in a text.
struct Block {
    whole: Range<usize>,
    body: Range<usize>,
}

fn next_block(text: &str) -> Option<Block> {
    let mut from = 0;
    loop {
        let begin = from + text.get(from..)?.find(BEGIN)?;
        from = begin + BEGIN.len();
        let number = text.get(from..from + NUMBER_CHARS).filter(|it| is_number(it));
        if number.is_none() || text.get(from + NUMBER_CHARS..from + NUMBER_CHARS + 2) != Some("==")
        {
            continue;
        }
        let body = from + NUMBER_CHARS + 2;
        let rest = text.get(body..)?;
        let ends = rest.find(END).and_then(|end| {
            let sum = end.checked_sub(NUMBER_CHARS)?;
            is_number(rest.get(sum..end)?).then_some((body + sum, body + end + END.len()))
        });
        // What was cut off is read as far as it goes.
        let (end, whole) = ends.unwrap_or((text.len(), text.len()));
        return Some(Block { whole: begin..whole, body: body..end });
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'+' | b'/'))
}

fn decode(body: &str, out: &mut String) {
    let mut chars = body.chars().peekable();
    let mut picks = PICKS.iter().cycle();
    while let Some(c) = chars.next() {
        if !c.is_ascii() {
            out.push(c);
            continue;
        }
        let pick = usize::from(picks.next().map_or(0, |it| it - b'0'));
        let escaped = if c == '@' { chars.peek().copied().and_then(escape) } else { None };
        if let Some(plain) = escaped {
            chars.next();
            out.push(plain);
            continue;
        }
        let row = match c {
            '\t' => Some(&TAB),
            _ => (c as usize).checked_sub(32).and_then(|at| ROWS.get(at)),
        };
        out.push(row.and_then(|it| it.get(pick)).map_or(c, |it| char::from(*it)));
    }
}

/// What an at sign and a letter stand for.
fn escape(letter: char) -> Option<char> {
    Some(match letter {
        '&' => '\n',
        '#' => '\r',
        '*' => '>',
        '!' => '<',
        '$' => '@',
        _ => return None,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{PICKS, ROWS, TAB, decode_script};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    /// As `screnc` writes it.
    pub(crate) fn encoded(text: &str) -> String {
        let mut body = String::new();
        for (at, c) in text.chars().filter(char::is_ascii).enumerate() {
            let pick = usize::from(PICKS[at % 64] - b'0');
            match c {
                '\n' => body.push_str("@&"),
                '\r' => body.push_str("@#"),
                '>' => body.push_str("@*"),
                '<' => body.push_str("@!"),
                '@' => body.push_str("@$"),
                _ if u32::from(TAB[pick]) == u32::from(c) => body.push('\t'),
                _ => {
                    let letter = (32u8..128)
                        .filter(|it| !matches!(it, b'<' | b'>' | b'@'))
                        .find(|it| char::from(ROWS[usize::from(*it) - 32][pick]) == c);
                    body.push(letter.map_or(c, char::from));
                }
            }
        }
        let number = |value: u32| STANDARD.encode(value.to_le_bytes());
        let sum = text.chars().map(u32::from).sum();
        format!("#@~^{}{body}{}^#~@", number(text.len() as u32), number(sum))
    }

    #[test]
    fn a_published_text() {
        // From the tests of CyberChef.
        let text = "#@~^DgAAAA==\\ko$K6,JC\x7fV^GJqAQAAA==^#~@";
        assert_eq!(decode_script(text).as_deref(), Some("MsgBox \"Hello\""));
        assert_eq!(encoded("MsgBox \"Hello\""), text);
    }

    #[test]
    fn what_stands_around_is_kept() {
        let text = format!("a = 1\n'**Start Encode**{}\u{e9}{}\0", encoded("x"), encoded("<y>"));
        let plain = "a = 1\n'**Start Encode**x\u{e9}<y>\0";
        assert_eq!(decode_script(&text).as_deref(), Some(plain));
        assert_eq!(decode_script("#@~^ #@~^AAAA#@~^"), None);
        let cut = encoded("WScript.Echo 1234567890");
        assert!(decode_script(&cut[..30]).is_some_and(|it| it.starts_with("WScript.Echo")));
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(text in "[\t\r\n -~]{0,200}") {
            prop_assert_eq!(decode_script(&encoded(&text)), Some(text));
        }

        #[test]
        fn any_text_is_read(text in any::<String>(), tail in "[#@~^=&*!$A-Z]{0,60}") {
            let _ = decode_script(&text);
            let _ = decode_script(&format!("#@~^AAAAAA=={text}{tail}"));
        }
    }
}
