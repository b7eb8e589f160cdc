//! Texts: scripts, markup, mail, data, prose.

use super::languages::{
    BATCH, BEGINNINGS, ENCODED_JSCRIPT, ENCODED_VBSCRIPT, INTERPRETERS, JAVASCRIPT, JSON, Known,
    LOOSE_MARKS, MAIL, MAIL_FIELDS, MARKS, MARKS_ENOUGH, MBOX, MHTML, PERL, POWERSHELL, PYTHON,
    ROOTS, SCRIPT, SHELL, TEXT, VBSCRIPT,
};
use crate::limits::TEXT_HEAD_BYTES;
use memchr::memmem;
use ukai_model::FileType;
use ukai_shell::{Certainty, is_python};

/// What a text is written in, as far as it matters for reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// A shell script: names and addresses stand bare.
    Shell,
    /// A program or markup: names stand in quotes, bare ones are variables.
    Code,
    /// Anything else.
    Prose,
}

/// Beginning of a document that names its root, in bytes.
const ROOT_HEAD_BYTES: usize = 2048;

/// The kind of a text; `None` if the bytes are none.
pub(super) fn identify(bytes: &[u8]) -> Option<(Language, FileType)> {
    let head = &bytes[..bytes.len().min(TEXT_HEAD_BYTES)];
    let Some((encoding, text)) = decode(head) else { return self_extracting(bytes) };
    let ((name, mime, words, language), reason) = shebang(&text)
        .or_else(|| beginning(&text))
        .or_else(|| mail(&text))
        .or_else(|| json(bytes))
        .or_else(|| marked(&text, head.len() == bytes.len()))
        .unwrap_or_else(|| (TEXT, "readable characters only".to_owned()));
    let mut description = match words {
        "" => format!("{encoding} text"),
        words if language == Language::Shell => format!("{words}, {encoding} text executable"),
        words => format!("{words}, {encoding} text"),
    };
    description.push_str(line_ends(&text));
    Some((language, file_type(name, mime, description, reason)))
}

fn file_type(name: &str, mime: &str, description: String, reason: String) -> FileType {
    FileType {
        name: name.to_owned(),
        mime: mime.to_owned(),
        description,
        reasons: vec![reason],
        also: Vec::new(),
    }
}

/// A script with binary data behind it, as installers are.
fn self_extracting(bytes: &[u8]) -> Option<(Language, FileType)> {
    if !bytes.starts_with(b"#!") {
        return None;
    }
    let line = &bytes[..bytes.iter().take(256).position(|byte| *byte == b'\n')?];
    let ((name, mime, words, language), reason) = shebang(std::str::from_utf8(line).ok()?)?;
    let description = format!("{words}, binary data behind it");
    Some((language, file_type(name, mime, description, reason)))
}

/// Encoding and text, if these bytes are text: no control characters but those of texts.
fn decode(head: &[u8]) -> Option<(&'static str, String)> {
    // Batch files begin with a mark that misleads: letters of one byte follow.
    let is_narrow = |it: &&[u8]| {
        it.len() >= 8 && it.iter().take(512).all(|it| is_text_byte(*it) && it.is_ascii())
    };
    if let Some(rest) = head.strip_prefix(b"\xff\xfe") {
        if is_narrow(&rest) {
            return Some((
                "ASCII (with a mark of UTF-16)",
                String::from_utf8_lossy(rest).into_owned(),
            ));
        }
        let units = rest.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
        return Some(("UTF-16, little-endian", wide(units)?));
    }
    if let Some(rest) = head.strip_prefix(b"\xfe\xff") {
        let units = rest.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair));
        return Some(("UTF-16, big-endian", wide(units)?));
    }
    // Microsoft's Script Encoder writes `DEL` for letters.
    let has_encoded = memmem::find(head, ENCODED_SCRIPT).is_some();
    if head.iter().any(|byte| !(is_text_byte(*byte) || has_encoded && *byte == 0x7f)) {
        return None;
    }
    let (name, rest) = match head.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => ("UTF-8 (with BOM)", rest),
        None => ("UTF-8", head),
    };
    if rest.is_ascii() {
        return Some(("ASCII", String::from_utf8_lossy(rest).into_owned()));
    }
    let valid = match std::str::from_utf8(rest) {
        Ok(_) => true,
        // Cut in the middle of a character by our own limit.
        Err(error) => error.error_len().is_none() && error.valid_up_to() + 4 > rest.len(),
    };
    let name = if valid { name } else { "Non-ISO extended-ASCII" };
    // Bytes that are no text in any encoding are mostly high ones; prose in an 8-bit
    // encoding is mostly ASCII or mostly letters without NUL, which cannot be told here
    // from compressed data unless the latter has control characters: long data has.
    (valid || rest.len() >= 64).then(|| (name, String::from_utf8_lossy(rest).into_owned()))
}

fn wide(units: impl Iterator<Item = u16>) -> Option<String> {
    let text: String =
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    (!text.contains('\0')).then_some(text)
}

fn is_text_byte(byte: u8) -> bool {
    // Backspace, tab, line feed, form feed, carriage return, escape.
    byte >= 0x20 && byte != 0x7f || matches!(byte, 8..=10 | 12 | 13 | 27)
}

/// What a script begins with that Microsoft's Script Encoder wrote.
const ENCODED_SCRIPT: &[u8] = b"#@~^";

type Guess = Option<(Known, String)>;

/// One of these is in each program of Python that does anything.
const PYTHON_SIGNS: &[&str] =
    &["import ", "exec", "eval(", "__", "lambda", "def ", "print", "open(", "getattr(", "bytes"];

fn shebang(text: &str) -> Guess {
    // A path: `#![allow(...)]` is Rust.
    let line = text.strip_prefix("#!")?.lines().next()?;
    line.trim_start().strip_prefix('/')?;
    let mut words = line.split_ascii_whitespace();
    let program = words.next()?.rsplit('/').next()?;
    // `#!/usr/bin/env -S python3 -u`: the first word that is not an option.
    let program = if program == "env" {
        words.find(|word| !word.starts_with('-') && !word.contains('='))?.rsplit('/').next()?
    } else {
        program
    };
    let known = INTERPRETERS
        .iter()
        .find(|(name, known)| {
            program.strip_prefix(name).is_some_and(|rest| {
                rest.is_empty()
                    || known.3 == Language::Code && !rest.starts_with(char::is_alphabetic)
            })
        })
        .map_or(SCRIPT, |(_, known)| *known);
    let shown: String = line.chars().take(64).collect();
    Some((known, format!("first line `#!{shown}`")))
}

fn beginning(text: &str) -> Guess {
    let head: String = text.trim_start().chars().take(48).collect::<String>().to_ascii_lowercase();
    let (start, known) = BEGINNINGS.iter().find(|(start, _)| head.starts_with(start))?;
    let reason = format!("begins with `{}`", start.trim_end());
    if known.0 == "script-encoded" {
        let plain = ukai_script::decode_script(text).unwrap_or_default();
        let known = match marked(&plain, false) {
            Some((language, _)) if language.0 == "vbscript" => ENCODED_VBSCRIPT,
            Some((language, _)) if language.0 == "javascript" => ENCODED_JSCRIPT,
            _ => *known,
        };
        return Some((known, reason));
    }
    if !matches!(known.0, "xml" | "html") {
        return Some((*known, reason));
    }
    let head = &text[..text.floor_char_boundary(ROOT_HEAD_BYTES)];
    let head = head.to_ascii_lowercase();
    let root = ROOTS.iter().find(|(root, special)| {
        // Drawings, feeds and styles stand inside of HTML pages too.
        (known.0 == "xml" || special.0 == "hta") && head.contains(root)
    });
    Some(match root {
        Some((root, special)) => (*special, format!("{reason}, `{root}`")),
        None => (*known, reason),
    })
}

/// Mail begins with at least three header fields that mail has.
fn mail(text: &str) -> Guess {
    let fields = text
        .lines()
        .take_while(|line| !line.is_empty())
        .take(60)
        .filter(|line| !line.starts_with([' ', '\t']))
        .take_while(|line| line.contains(':') || line.starts_with("From "));
    let known = fields
        .filter(|line| {
            let line = line.to_ascii_lowercase();
            MAIL_FIELDS.iter().any(|field| line.starts_with(field))
        })
        .count();
    if known < 3 {
        return None;
    }
    let kind = if text.starts_with("From ") {
        MBOX
    } else if text.starts_with("From: <Saved by ")
        || text.contains("multipart/related; type=\"text/html\"")
    {
        MHTML
    } else {
        MAIL
    };
    Some((kind, format!("begins with {known} header fields of mail")))
}

fn json(bytes: &[u8]) -> Guess {
    let trimmed = bytes.trim_ascii_start();
    let opens = trimmed.starts_with(b"{") || trimmed.starts_with(b"[");
    let whole = opens && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok();
    whole.then(|| (JSON, "parsed".to_owned()))
}

/// The language with the most marks, if they are enough. Each mark counts once, so that
/// the cost and the evidence do not grow with repetition. A text that is `whole` is read as Python
/// where it could be that.
fn marked(text: &str, whole: bool) -> Guess {
    let mut scores: Vec<(Known, u32, Vec<&str>)> = Vec::new();
    let lower = text.to_ascii_lowercase();
    let exact = MARKS.iter().map(|it| (text, it));
    let loose = LOOSE_MARKS.iter().map(|it| (lower.as_str(), it));
    let braces = has_braces(text);
    for (text, (known, weight, marks)) in exact.chain(loose) {
        // Other languages of Windows have its objects, too.
        if braces && matches!(known.0, "vbscript" | "batch") {
            continue;
        }
        let seen = marks
            .iter()
            .filter(|mark| {
                // The text begins a line as well.
                mark.strip_prefix('\n').is_some_and(|mark| text.starts_with(mark))
                    || memmem::find(text.as_bytes(), mark.as_bytes()).is_some()
            })
            .copied();
        let seen: Vec<&str> = seen.collect();
        let score = weight * seen.len() as u32;
        match scores.iter_mut().find(|(other, ..)| other.0 == known.0) {
            Some((_, total, all)) => {
                *total += score;
                all.extend(seen);
            }
            None => scores.push((*known, score, seen)),
        }
    }
    let mut best: Option<&(Known, u32, Vec<&str>)> = None;
    for guess in &scores {
        if guess.1 >= MARKS_ENOUGH && best.is_none_or(|(_, most, _)| guess.1 > *most) {
            best = Some(guess);
        }
    }
    // A script in another language may carry lines for PowerShell in its texts.
    if let Some((known, most, _)) = best
        && known.0 == POWERSHELL.0
        && let Some(other) = scores
            .iter()
            .filter(|it| it.0.0 != POWERSHELL.0 && it.1 >= MARKS_ENOUGH)
            .max_by_key(|it| it.1)
        && other.1 >= powershell_outside(&lower).min(*most)
    {
        best = Some(other);
    }
    // Visual Basic that writes scripts in the other language.
    if let Some((known, ..)) = best
        && known.0 == JAVASCRIPT.0
        && !braces
        && lower.lines().any(|it| {
            let it = it.trim_start();
            (it.starts_with("set ") && it.contains("createobject(")) || it.starts_with("dim ")
        })
        && let Some(basic) = scores.iter().find(|it| it.0.0 == VBSCRIPT.0 && it.1 >= MARKS_ENOUGH)
    {
        best = Some(basic);
    }
    // Batch that writes a script of another language, line by line.
    if let Some((known, ..)) = best
        && [VBSCRIPT.0, JAVASCRIPT.0, POWERSHELL.0].contains(&known.0)
        && super::shapes::is_batch(&lower)
    {
        return Some((BATCH, "each line begins as those of batch".to_owned()));
    }
    // Others' marks may stand in its texts, and a short one may have no mark at all.
    let could_be = whole && PYTHON_SIGNS.iter().any(|sign| text.contains(sign));
    if could_be && best.is_none_or(|(known, ..)| known.0 != PYTHON.0) {
        let certainty = is_python(text);
        if certainty == Certainty::Sure || certainty == Certainty::Likely && best.is_none() {
            return Some((PYTHON, "it can be read as Python".to_owned()));
        }
    }
    if let Some((known, _, marks)) = best {
        let marks: Vec<&str> = marks.iter().map(|mark| mark.trim()).take(8).collect();
        return Some((*known, format!("marks: {}", marks.join(" | "))));
    }
    if super::shapes::is_shell(&lower) {
        return Some((SHELL, "pipes and expansions as shells have them".to_owned()));
    }
    if super::shapes::is_powershell(&lower) {
        return Some((POWERSHELL, "commands and variables as PowerShell has them".to_owned()));
    }
    if super::shapes::is_batch(&lower) {
        return Some((BATCH, "variables and commands as batch has them".to_owned()));
    }
    if super::shapes::is_javascript(&lower) {
        return Some((JAVASCRIPT, "calls and signs as JavaScript has them".to_owned()));
    }
    // No other language has these functions so; a line is enough.
    if !braces && (lower.contains("createobject(") || lower.contains("getobject(\"")) {
        return Some((VBSCRIPT, "makes an object as VBScript does".to_owned()));
    }
    if braces
        && ["activexobject", "getobject(", "wscript.", "wscript[", "require('", "require(\""]
            .iter()
            .any(|it| lower.contains(it))
    {
        return Some((JAVASCRIPT, "ends its lines as JavaScript does".to_owned()));
    }
    if super::shapes::is_perl(&lower) {
        return Some((PERL, "calls and patterns as Perl has them".to_owned()));
    }
    if let Some(known) = windows_line(text) {
        return Some((known, "begins with a program of Windows".to_owned()));
    }
    // A single short command line is the commonest dropper of all.
    one_liner(text).then(|| (SHELL, "each line begins with a command".to_owned()))
}

/// How much tells of PowerShell outside of quoted texts.
fn powershell_outside(lower: &str) -> u32 {
    let mut outside = String::with_capacity(lower.len());
    for line in lower.split_inclusive('\n') {
        let mut quote = None;
        let mut is_escaped = false;
        for c in line.chars() {
            // As in the languages that carry lines for PowerShell.
            let escapes = c == '\\' && quote.is_some() && !is_escaped;
            if std::mem::replace(&mut is_escaped, escapes) {
                continue;
            }
            match quote {
                Some(open) if c == open => quote = None,
                Some(_) => continue,
                None if matches!(c, '"' | '\'') => quote = Some(c),
                None => {}
            }
            outside.push(c);
        }
    }
    let own = LOOSE_MARKS.iter().filter(|(known, ..)| known.0 == POWERSHELL.0);
    own.map(|(_, weight, marks)| {
        let seen = marks.iter().filter(|mark| outside.contains(*mark)).count();
        weight * seen as u32
    })
    .sum()
}

/// Whether many lines end as those of C and its children do, which those of Visual Basic and
/// batch never do.
fn has_braces(text: &str) -> bool {
    const SHARE: usize = 3;
    let mut lines = 0usize;
    let mut ends = 0usize;
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        lines += 1;
        ends += usize::from(line.ends_with([';', '{', '}']));
    }
    ends * SHARE >= lines.max(1)
}

/// One or few lines of which the first begins with a program of Windows, as shortcuts and
/// macros have them.
fn windows_line(text: &str) -> Option<Known> {
    const PROGRAMS: &[(&str, Known)] = &[
        ("powershell", POWERSHELL),
        ("pwsh", POWERSHELL),
        ("cmd", BATCH),
        ("mshta", BATCH),
        ("rundll32", BATCH),
        ("regsvr32", BATCH),
        ("wscript", BATCH),
        ("cscript", BATCH),
        ("certutil", BATCH),
        ("bitsadmin", BATCH),
        ("msiexec", BATCH),
        ("forfiles", BATCH),
        ("conhost", BATCH),
        ("schtasks", BATCH),
    ];
    let line = text.trim_start();
    let line = &line[..line.floor_char_boundary(300)];
    let program = match line.strip_prefix('"') {
        Some(rest) => rest.split('"').next()?,
        None => line.split([' ', '\r', '\n']).next()?,
    };
    // More than the bare word: prose begins with `cmd` too.
    let has_more = line.len() > program.len() + 2;
    let name = program.rsplit(['\\', '/']).next()?.to_ascii_lowercase();
    let name = name.strip_suffix(".exe").unwrap_or(&name);
    let known = PROGRAMS.iter().find(|(known, _)| *known == name);
    known.filter(|_| has_more && text.lines().take(6).count() <= 5).map(|(_, known)| *known)
}

/// Whether the text is a few lines that each begin like a command.
fn one_liner(text: &str) -> bool {
    const COMMANDS: &[&str] = &[
        "wget ",
        "curl ",
        "tftp ",
        "ftpget ",
        "busybox ",
        "/bin/busybox ",
        "cd ",
        "sh ",
        "chmod ",
        "rm ",
        "nc ",
        "ncat ",
        "telnet ",
        "bash -",
        "exec ",
        "eval \"",
        "eval $",
        "eval `",
        "$(",
        "python -c ",
        "python3 -c ",
        "perl -e ",
        "perl -M",
        "php -r ",
        "nohup ",
        "sudo ",
        "mkfifo ",
        "export ",
        "while true; do",
        "for i in ",
        "socat ",
        "openssl s_client",
        "base64 -d",
        "mkdir ",
        "./",
    ];
    let assigns = |line: &str| {
        let name = line.split('=').next().unwrap_or_default();
        let value = line.get(name.len() + 1..).unwrap_or_default();
        !name.is_empty()
            && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            && (value.starts_with("$(") || value.starts_with('`'))
    };
    let pipes = |line: &str| {
        (line.starts_with("echo ") || line.starts_with("printf "))
            && ["| sh", "|sh", "| bash", "|bash", "| base64", "|base64"]
                .iter()
                .any(|end| line.contains(end))
    };
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(5).peekable();
    lines.peek().is_some()
        && lines.all(|line| {
            COMMANDS.iter().any(|start| line.starts_with(start)) || assigns(line) || pipes(line)
        })
}

fn line_ends(text: &str) -> &'static str {
    let crlf = memmem::find(text.as_bytes(), b"\r\n").is_some();
    if crlf {
        ", with CRLF line terminators"
    } else if !text.contains('\n') {
        ", with no line terminators"
    } else {
        ""
    }
}
