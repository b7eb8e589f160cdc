//! HTML smuggling (MITRE ATT&CK T1027.006): a page carries a file as text, its script makes
//! a file of it and has the browser save it, past every filter on the way.
//!
//! Nothing is run. Texts that are put together of pieces, lists of numbers and `data:` URIs
//! are decoded in the ways that scripts decode them; what is a file then is taken out under
//! the name that the page gives it.

use super::{Unpacking, encoded};
use crate::kind::Language;
use memchr::{memchr, memmem};
use std::collections::HashMap;
use ukai_model::ArtefactKind;

/// Files taken out of one page.
const FILES_MAX: usize = 32;
/// Texts of one page that are put together and remembered.
const TEXTS_MAX: usize = 20_000;
/// Length of the shortest encoded file, in characters.
const ENCODED_BYTES_MIN: usize = 40;
/// Numbers of the shortest list that is a file.
const NUMBERS_MIN: usize = 32;
/// Length from which decoded bytes of no known type are kept, in bytes: they are encrypted.
const UNKNOWN_BYTES_MIN: usize = 1000;
/// Length of a text that may be a key, in bytes.
const KEY_BYTES_MAX: usize = 64;
/// Texts that are tried as keys.
const KEYS_MAX: usize = 100;
/// Decoded texts from which XOR is undone, and the shortest of them, in bytes.
const XOR_TRIES_MAX: usize = 300;
const XOR_BYTES_MIN: usize = 64;
/// Length of a file's name, and of what is read for it, in bytes.
const NAME_BYTES_MAX: usize = 200;
const NAME_HEAD_BYTES: usize = 1024;
/// Calls that save a file, and how far the name is looked for in one, in bytes.
const CALLS_MAX: usize = 200;
const CALL_BYTES_MAX: usize = 1 << 20;

/// What makes bytes of a text, in lower case.
const MAKES: &[&str] = &[
    "atob(",
    "new blob",
    "fromcharcode",
    "uint8array",
    "charcodeat",
    "unescape(",
    "decodeuricomponent(",
    "base64",
];

/// What has them saved or opened, in lower case.
const SAVES: &[&str] = &[
    "mssaveoropenblob",
    "mssaveblob",
    "createobjecturl",
    ".download",
    "'download'",
    "\"download\"",
    " download=",
    "saveas(",
    "new file(",
];

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let page = Page::read(bytes);
    let made = |it: &Decoded| it.content.len() >= encoded::FILE_BYTES_MIN;
    let mut taken = 0;
    for found in page.data_uris().into_iter().chain(page.files()).filter(made) {
        if taken >= FILES_MAX || unpacking.is_full() {
            return unpacking.note("html smuggling: not all files were looked at".to_owned());
        }
        if unpacking.has(&found.content) {
            continue;
        }
        let name = page.name_near(found.at, found.is_uri);
        let is_smuggled = if found.is_uri {
            page.tag(found.at).is_some_and(|tag| contains(tag, "download"))
        } else {
            !page.makes.is_empty() && !page.saves.is_empty()
        };
        let packed = found.content.len();
        let content = unpacking.read("html smuggling", &mut &*found.content, packed);
        let container = if is_smuggled { "html smuggling" } else { "script" };
        if is_smuggled {
            let told = page.tell(&found, name.as_deref());
            unpacking.tell(ArtefactKind::Technique, told.as_bytes(), found.at, 90);
        }
        taken += 1;
        unpacking.add(container, name.as_deref(), content);
    }
}

/// Bytes that a script would make.
struct Decoded {
    /// Where their text begins.
    at: usize,
    content: Vec<u8>,
    how: &'static str,
    is_uri: bool,
}

/// A text of a script, put together.
struct Text {
    at: usize,
    text: Vec<u8>,
}

struct Page<'a> {
    bytes: &'a [u8],
    /// The same in lower case, place for place.
    lower: Vec<u8>,
    texts: Vec<Text>,
    /// What variables hold, by name: indexes of texts.
    variables: HashMap<&'a [u8], usize>,
    makes: Vec<&'static str>,
    saves: Vec<&'static str>,
    /// Names that files are saved under, and where they stand.
    names: Vec<(usize, Vec<u8>)>,
}

impl<'a> Page<'a> {
    fn read(bytes: &'a [u8]) -> Self {
        let lower = bytes.to_ascii_lowercase();
        let there = |marks: &[&'static str]| -> Vec<&'static str> {
            marks.iter().filter(|mark| contains(&lower, mark)).copied().collect()
        };
        let (makes, saves) = (there(MAKES), there(SAVES));
        let mut page = Self {
            bytes,
            lower,
            texts: Vec::new(),
            variables: HashMap::new(),
            makes,
            saves,
            names: Vec::new(),
        };
        for (start, end) in page.scripts() {
            page.read_script(start, end);
        }
        page.names = page.find_names();
        page
    }

    /// Where scripts stand: between their tags, or everywhere if there is no markup.
    fn scripts(&self) -> Vec<(usize, usize)> {
        let mut scripts = Vec::new();
        let mut at = 0;
        while let Some(found) = find_from(&self.lower, b"<script", at) {
            let Some(open) = find_from(&self.lower, b">", found) else { break };
            let end = find_from(&self.lower, b"</script", open).unwrap_or(self.lower.len());
            scripts.push((open + 1, end));
            at = end;
        }
        let has_markup = !scripts.is_empty() || self.lower.trim_ascii_start().starts_with(b"<");
        if !has_markup {
            scripts.push((0, self.lower.len()));
        }
        scripts
    }

    /// Collects texts: literals that `+`, `&` or a list joins, and what `+=` adds to variables.
    fn read_script(&mut self, start: usize, end: usize) {
        let script = &self.bytes[..end];
        let mut at = start;
        // Up to where no literal ends, for each kind of quote: none is looked for twice.
        let mut open_until = [start; 3];
        while at < end && self.texts.len() < TEXTS_MAX {
            let kind = b"\"'`".iter().position(|quote| *quote == script[at]);
            let Some(kind) = kind.filter(|kind| open_until[*kind] <= at) else {
                at += 1;
                continue;
            };
            let first = at;
            let is_list = before(script, first).is_some_and(|(byte, _)| byte == b'[');
            let mut text = Vec::new();
            while let Some(length) = literal(&script[at..], &mut text) {
                at += length;
                let gap = blank(&script[at..]);
                let joins = match script.get(at + gap) {
                    Some(b'+' | b'&') => true,
                    Some(b',') => is_list,
                    _ => false,
                };
                let next = at + gap + 1;
                if !joins || next > end {
                    break;
                }
                let next = next + blank(&script[next..]);
                if !script.get(next).is_some_and(|byte| is_quote(*byte)) {
                    break;
                }
                at = next;
            }
            if at == first {
                // No literal after all: an apostrophe.
                let line = memchr(b'\n', &script[at..]).map_or(end, |length| at + length);
                open_until[kind] = if kind == 2 { end } else { line };
                at += 1;
                continue;
            }
            self.keep(script, first, text);
        }
    }

    fn keep(&mut self, script: &'a [u8], at: usize, text: Vec<u8>) {
        let (name, adds) = assigned(script, at);
        if let Some(name) = name {
            if adds && let Some(known) = self.variables.get(name) {
                self.texts[*known].text.extend_from_slice(&text);
                return;
            }
            self.variables.insert(name, self.texts.len());
        }
        self.texts.push(Text { at, text });
    }

    /// Names in `download` attributes and properties, and in the calls that save a file.
    fn find_names(&self) -> Vec<(usize, Vec<u8>)> {
        let mut names = Vec::new();
        for at in memmem::find_iter(&self.lower, b"download").take(TEXTS_MAX) {
            let mut rest = at + "download".len();
            // `setAttribute("download", "x")`, `{download: "x"}`, `a.download = x`.
            rest += usize::from(self.bytes.get(rest).is_some_and(|byte| is_quote(*byte)));
            rest += blank(&self.bytes[rest..]);
            if matches!(self.bytes.get(rest), Some(b'=' | b',' | b':')) {
                names.extend(self.name_at(rest + 1));
            }
        }
        for call in ["mssaveoropenblob(", "mssaveblob(", "saveas(", "new file("] {
            for at in memmem::find_iter(&self.lower, call.as_bytes()).take(CALLS_MAX) {
                let open = at + call.len();
                names.extend(self.second_argument(open).and_then(|at| self.name_at(at)));
            }
        }
        names.sort_unstable();
        names
    }

    /// Where the second argument of a call begins, whose first one stands at `at`.
    fn second_argument(&self, at: usize) -> Option<usize> {
        let rest = self.bytes.get(at..)?;
        let mut depth = 0usize;
        for (index, byte) in rest.iter().enumerate().take(CALL_BYTES_MAX) {
            match byte {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth = depth.checked_sub(1)?,
                b',' if depth == 0 => return Some(at + index + 1),
                b';' => return None,
                _ => {}
            }
        }
        None
    }

    /// The name at `at`: a literal, a bare attribute or a variable.
    fn name_at(&self, at: usize) -> Option<(usize, Vec<u8>)> {
        let at = at + blank(self.bytes.get(at..)?);
        let rest = &self.bytes[at..];
        let rest = &rest[..rest.len().min(NAME_HEAD_BYTES)];
        let name = if is_quote(*rest.first()?) {
            let mut text = Vec::new();
            literal(rest, &mut text)?;
            text
        } else {
            let word = &rest[..rest.iter().take_while(|byte| is_word(**byte)).count()];
            if let Some(known) = self.variables.get(word) {
                self.texts[*known].text.clone()
            } else {
                // Without quotes only a name with an ending is one: `download=x.zip`.
                let end = rest.iter().take_while(|byte| is_name(**byte)).count();
                rest[..end].to_vec()
            }
        };
        let has_ending = memchr::memrchr(b'.', &name).is_some_and(|dot| dot + 1 < name.len());
        let sane = has_ending
            && name.len() <= NAME_BYTES_MAX
            && !name.iter().any(u8::is_ascii_control)
            && !name.starts_with(b"this.");
        sane.then_some((at, name))
    }

    /// The name for what stands at `at`: in the same tag, or the next one, or the last.
    fn name_near(&self, at: usize, is_uri: bool) -> Option<Vec<u8>> {
        if is_uri {
            let start = memchr::memrchr(b'<', &self.bytes[..at])?;
            let end = at + memchr(b'>', &self.bytes[at..])?;
            let inside = |(place, _): &&(usize, Vec<u8>)| (start..end).contains(place);
            return self.names.iter().find(inside).map(|(_, name)| name.clone());
        }
        let next = self.names.iter().find(|(place, _)| *place > at);
        next.or(self.names.last()).map(|(_, name)| name.clone())
    }

    /// The tag around `at`, in lower case.
    fn tag(&self, at: usize) -> Option<&[u8]> {
        let start = memchr::memrchr(b'<', &self.lower[..at])?;
        let end = at + memchr(b'>', &self.lower[at..])?;
        Some(&self.lower[start..end])
    }

    /// Contents of `data:` URIs (RFC 2397) that are no pictures, films or fonts.
    fn data_uris(&self) -> Vec<Decoded> {
        let mut found = Vec::new();
        let mut done = 0;
        for at in memmem::find_iter(&self.lower, b"data:").take(TEXTS_MAX) {
            // One in another's data is none.
            if at < done {
                continue;
            }
            let rest = &self.bytes[at + 5..];
            let Some(comma) = rest.iter().take(200).position(|byte| *byte == b',') else {
                continue;
            };
            let head = &self.lower[at + 5..at + 5 + comma];
            let is_type =
                |byte: &u8| byte.is_ascii_alphanumeric() || b"/;=.+-_\"' *".contains(byte);
            let shown = ["image/", "font/", "video/", "audio/"];
            if !head.iter().all(is_type) || shown.iter().any(|it| head.starts_with(it.as_bytes())) {
                continue;
            }
            let data = &rest[comma + 1..];
            let ends = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b')' | b' ');
            let data = &data[..data.iter().position(ends).unwrap_or(data.len())];
            done = at + 5 + comma + data.len();
            let content = if head.ends_with(b";base64") {
                base64(&percent(data))
            } else if data.len() >= ENCODED_BYTES_MIN {
                Some(percent(data))
            } else {
                None
            };
            let content = content.unwrap_or_default();
            found.push(Decoded { at, content, how: "a data: URI", is_uri: true });
        }
        found
    }

    /// Files among the texts and the lists of numbers.
    fn files(&self) -> Vec<Decoded> {
        let mut found = Vec::new();
        let may_be_unknown = !self.makes.is_empty() && !self.saves.is_empty();
        let has_xor = memchr(b'^', self.bytes).is_some();
        let keys = if has_xor { self.keys() } else { Vec::new() };
        let mut tried = 0;
        let mut offer = |at: usize, tries: Vec<(Vec<u8>, &'static str)>| {
            if found.len() > FILES_MAX {
                return;
            }
            let file = tries.iter().position(|(content, _)| is_file(content));
            let mut decoded = tries;
            if let Some(file) = file {
                let (content, how) = decoded.swap_remove(file);
                return found.push(Decoded { at, content, how, is_uri: false });
            }
            for (content, _) in &decoded {
                if keys.is_empty() || tried >= XOR_TRIES_MAX || content.len() < XOR_BYTES_MIN {
                    break;
                }
                tried += 1;
                if let Some(content) = without_xor(content, &keys) {
                    return found.push(Decoded { at, content, how: "XOR", is_uri: false });
                }
            }
            let long = |it: &&(Vec<u8>, &'static str)| it.0.len() >= UNKNOWN_BYTES_MIN;
            if may_be_unknown && let Some((content, how)) = decoded.iter().find(long) {
                found.push(Decoded { at, content: content.clone(), how, is_uri: false });
            }
        };
        for text in self.texts.iter().filter(|it| it.text.len() >= ENCODED_BYTES_MIN) {
            offer(text.at, decodings(&text.text));
        }
        for (at, numbers) in lists(self.bytes) {
            offer(at, vec![(numbers, "a list of numbers")]);
        }
        found
    }

    /// What texts may be XORed with: the page's short ones, and every byte.
    fn keys(&self) -> Vec<Vec<u8>> {
        let short = |it: &&Text| (1..=KEY_BYTES_MAX).contains(&it.text.len());
        let texts = self.texts.iter().filter(short).take(KEYS_MAX).map(|it| it.text.clone());
        texts.chain((1..=255).map(|key| vec![key])).collect()
    }

    fn tell(&self, found: &Decoded, name: Option<&[u8]>) -> String {
        let name = name.map_or("a file".into(), String::from_utf8_lossy);
        let mut told =
            format!("HTML smuggling: {name}, {} bytes, from {}", found.content.len(), found.how);
        if !found.is_uri {
            let trimmed =
                |it: &&'static str| it.trim_matches([' ', '(', '"', '\'', '=']).to_owned();
            let marks: Vec<String> =
                self.makes.iter().take(4).chain(self.saves.iter().take(3)).map(trimmed).collect();
            told.push_str("; ");
            told.push_str(&marks.join(", "));
        }
        told
    }
}

/// Undoes XOR by the key that makes a file of it.
fn without_xor(content: &[u8], keys: &[Vec<u8>]) -> Option<Vec<u8>> {
    let undo = |key: &[u8], content: &[u8]| -> Vec<u8> {
        content.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect()
    };
    let head = &content[..content.len().min(16)];
    let mut fitting = keys.iter().filter(|key| has_file_magic(&undo(key, head)));
    fitting.find_map(|key| Some(undo(key, content)).filter(|content| is_file(content)))
}

fn contains(text: &[u8], mark: &str) -> bool {
    memmem::find(text, mark.as_bytes()).is_some()
}

fn find_from(text: &[u8], mark: &[u8], from: usize) -> Option<usize> {
    memmem::find(text.get(from..)?, mark).map(|at| from + at)
}

const fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}

const fn is_name(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'.' | b'-')
}

/// Length of white space in front.
fn blank(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// The last byte before `at` that is no white space, and its place.
fn before(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let place = text[..at].iter().rposition(|byte| !byte.is_ascii_whitespace())?;
    Some((text[place], place))
}

/// The variable that a text at `at` is assigned to, and whether it is added to it.
fn assigned(script: &[u8], at: usize) -> (Option<&[u8]>, bool) {
    let Some((b'=', sign)) = before(script, at) else { return (None, false) };
    let adds = sign > 0 && script[sign - 1] == b'+';
    let Some((_, end)) = before(script, sign - usize::from(adds)) else { return (None, adds) };
    let length = script[..=end].iter().rev().take(64).take_while(|byte| is_word(**byte)).count();
    let name = &script[end + 1 - length..=end];
    ((length > 0).then_some(name), adds)
}

/// Appends the literal in front of `text`, without its escapes, and returns its length;
/// `None` if it does not end on its line.
fn literal(text: &[u8], into: &mut Vec<u8>) -> Option<usize> {
    let quote = *text.first()?;
    let kept = into.len();
    let mut at = 1;
    loop {
        let rest = text.get(at..)?;
        match *rest.first()? {
            byte if byte == quote => return Some(at + 1),
            b'\n' if quote != b'`' => {
                into.truncate(kept);
                return None;
            }
            b'\\' => at += 1 + escape(&rest[1..], into),
            byte => {
                into.push(byte);
                at += 1;
            }
        }
    }
}

/// What stands behind a backslash; returns its length.
fn escape(text: &[u8], into: &mut Vec<u8>) -> usize {
    let code = |digits: Option<&[u8]>| {
        let digits = std::str::from_utf8(digits?).ok()?;
        u32::from_str_radix(digits, 16).ok()
    };
    let Some(first) = text.first() else { return 0 };
    if *first == b'x'
        && let Some(code) = code(text.get(1..3))
    {
        into.push(code as u8);
        return 3;
    }
    if *first == b'u'
        && let Some(code) = code(text.get(1..5))
    {
        let letter = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        into.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        return 5;
    }
    match first {
        b'n' => into.push(b'\n'),
        b'r' | b'\n' | b'\r' => {}
        byte => into.push(*byte),
    }
    1
}

/// `%41`, as `unescape` and URIs have it.
fn percent(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let digits = (text[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        let value = digits
            .and_then(|two| std::str::from_utf8(two).ok())
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        at += if value.is_some() { 3 } else { 1 };
        decoded.push(value.unwrap_or_else(|| text[at - 1]));
    }
    decoded
}

/// Base64 of either alphabet, white space or not.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let text: Vec<u8> = text
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            byte => *byte,
        })
        .collect();
    encoded::base64(&text)
}

/// All that a text may decode to.
fn decodings(text: &[u8]) -> Vec<(Vec<u8>, &'static str)> {
    let mut tries = Vec::new();
    let trimmed = text.trim_ascii();
    if trimmed.iter().all(u8::is_ascii_hexdigit) {
        tries.extend(hex::decode(trimmed).ok().map(|it| (it, "hexadecimal digits")));
    }
    tries.extend(base64(trimmed).map(|it| (it, "base64")));
    let reversed: Vec<u8> = trimmed.iter().rev().copied().collect();
    if !trimmed.ends_with(b"=") {
        tries.extend(base64(&reversed).map(|it| (it, "base64, reversed")));
    }
    if memchr(b'%', trimmed).is_some() {
        tries.push((percent(trimmed), "percent-encoding"));
    }
    if tries.is_empty()
        && let Some(junk) = junk(trimmed)
    {
        let rest: Vec<u8> = trimmed.iter().filter(|byte| **byte != junk).copied().collect();
        tries.extend(base64(&rest).map(|it| (it, "base64 with other characters between")));
    }
    tries
}

/// The one character that is not base64's, if it is only one: scripts take it out.
fn junk(text: &[u8]) -> Option<u8> {
    let foreign = |byte: &&u8| !byte.is_ascii_alphanumeric() && !b"+/=-_".contains(byte);
    let first = *text.iter().find(foreign)?;
    text.iter().filter(foreign).all(|byte| *byte == first).then_some(first)
}

/// Lists of numbers that are bytes, `[77, 90, 0x90]` or `(77, 90)`, and where they begin.
fn lists(text: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text.get(at..).and_then(|rest| memchr::memchr2(b'[', b'(', rest)) {
        let start = at + open;
        at = start + 1;
        let mut numbers = Vec::new();
        loop {
            at += blank(&text[at..]);
            let Some((value, length)) = number(&text[at..]) else { break };
            numbers.push(value);
            at += length;
            at += blank(&text[at..]);
            if text.get(at) != Some(&b',') {
                break;
            }
            at += 1;
        }
        if numbers.len() >= NUMBERS_MIN {
            found.push((start, numbers));
            if found.len() >= FILES_MAX {
                break;
            }
        }
    }
    found
}

/// A number that is a byte, signed or not, and its length.
fn number(text: &[u8]) -> Option<(u8, usize)> {
    let sign = usize::from(text.first() == Some(&b'-'));
    let rest = &text[sign..];
    let is_hex = matches!(rest, [b'0', b'x' | b'X', ..]);
    let (digits, radix) = if is_hex { (&rest[2..], 16) } else { (rest, 10) };
    let length = digits.iter().take(4).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let value = i32::from_str_radix(std::str::from_utf8(&digits[..length]).ok()?, radix).ok()?;
    let value = if sign == 1 { -value } else { value };
    let all = sign + rest.len() - digits.len() + length;
    (-128..=255).contains(&value).then_some((value as u8, all))
}

fn is_file(content: &[u8]) -> bool {
    content.len() >= encoded::FILE_BYTES_MIN && encoded::is_worth_keeping(content, Language::Code)
}

/// Whether it begins as what is smuggled does.
fn has_file_magic(head: &[u8]) -> bool {
    const MAGICS: &[&[u8]] = &[
        b"PK\x03\x04",
        b"MZ\x90\0",
        b"7z\xbc\xaf",
        b"Rar!\x1a\x07",
        b"\xd0\xcf\x11\xe0",
        b"L\0\0\0\x01\x14\x02\0",
        b"%PDF-1.",
        b"MSCF\0\0\0\0",
        b"\x1f\x8b\x08",
        b"<html",
        b"<!DOCTYPE",
        b"conectix",
        b"vhdxfile",
        b"\xe4\x52\x5c\x7b",
        b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    ];
    MAGICS.iter().any(|magic| head.starts_with(magic))
}

#[cfg(test)]
mod tests {
    use super::{base64, decodings, lists, percent};

    #[test]
    fn lists_of_numbers() {
        let list: Vec<String> = (0..40).map(|at| (at * 6).to_string()).collect();
        let text = format!("a[0]; f(1, 2); x = [ {} ]", list.join(" ,"));
        let found = lists(text.as_bytes());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].1[..3], [0, 6, 12]);
        let signed = vec!["-1,0x7f"; 20].join(",");
        assert_eq!(lists(format!("({signed})").as_bytes())[0].1[..2], [255, 127]);
        assert!(lists(format!("[{}]", vec!["999"; 40].join(",")).as_bytes()).is_empty());
    }

    #[test]
    fn decoding() {
        assert_eq!(percent(b"a%41%4%zz%"), b"aA%4%zz%");
        assert_eq!(base64(b"_-8 =").as_deref(), Some(&[255, 239][..]));
        let tries = decodings(b"=8GbsVGa");
        assert!(tries.iter().any(|(content, _)| content == b"hello"), "{tries:?}");
    }
}
