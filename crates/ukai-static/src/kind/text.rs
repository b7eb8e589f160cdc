//! Texts: scripts, markup, mail, data, prose.

use crate::limits::TEXT_HEAD_BYTES;
use memchr::memmem;
use ukai_model::FileType;

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

/// Kinds of text: name, media type, words, language.
type Known = (&'static str, &'static str, &'static str, Language);

const SHELL: Known = ("shell-script", "text/x-shellscript", "POSIX shell script", Language::Shell);
const PYTHON: Known = ("python", "text/x-python", "Python script", Language::Code);
const PERL: Known = ("perl", "text/x-perl", "Perl script", Language::Code);
const RUBY: Known = ("ruby", "text/x-ruby", "Ruby script", Language::Code);
const PHP: Known = ("php", "text/x-php", "PHP script", Language::Code);
const LUA: Known = ("lua", "text/x-lua", "Lua script", Language::Code);
const JAVASCRIPT: Known = ("javascript", "text/javascript", "JavaScript source", Language::Code);
const POWERSHELL: Known = ("powershell", "text/x-powershell", "PowerShell script", Language::Code);
const VBSCRIPT: Known = ("vbscript", "text/vbscript", "VBScript source", Language::Code);
const BATCH: Known = ("batch", "text/x-msdos-batch", "DOS batch file", Language::Shell);
const C: Known = ("c-source", "text/x-c", "C source", Language::Code);
const HTML: Known = ("html", "text/html", "HTML document", Language::Code);
const XML: Known = ("xml", "text/xml", "XML document", Language::Code);
const JSON: Known = ("json", "application/json", "JSON data", Language::Prose);
const MAIL: Known = ("mail", "message/rfc822", "mail message", Language::Prose);
const PEM: Known = ("pem", "application/x-pem-file", "PEM data", Language::Prose);
const TEXT: Known = ("text", "text/plain", "", Language::Prose);

/// Interpreters in a `#!` line, by the beginning of their name.
const INTERPRETERS: &[(&str, Known)] = &[
    ("python", PYTHON),
    ("perl", PERL),
    ("ruby", RUBY),
    ("php", PHP),
    ("node", JAVASCRIPT),
    ("lua", LUA),
    ("pwsh", POWERSHELL),
    ("sh", SHELL),
    ("bash", SHELL),
    ("ash", SHELL),
    ("dash", SHELL),
    ("ksh", SHELL),
    ("mksh", SHELL),
    ("zsh", SHELL),
    ("busybox", SHELL),
];

/// How texts without a `#!` line begin, in lower case, and what they are.
const BEGINNINGS: &[(&str, Known)] = &[
    ("<!doctype html", HTML),
    ("<html", HTML),
    ("<head", HTML),
    ("<body", HTML),
    ("<script", HTML),
    ("<iframe", HTML),
    ("<title", HTML),
    ("<?php", PHP),
    ("<?xml", XML),
    ("<svg", XML),
    ("-----begin ", PEM),
    ("@echo off", BATCH),
];

/// Marks of a language in a text: how much each tells, and what is written so.
const MARKS: &[(Known, u32, &[&str])] = &[
    (
        SHELL,
        2,
        &[
            "/bin/busybox",
            "chmod 777",
            "chmod +x",
            "cd /tmp",
            "rm -rf ",
            ">/dev/null",
            "> /dev/null",
            "; do ",
            "export PATH",
            "wget http",
            "curl -",
            "tftp -",
            "chmod 0777",
        ],
    ),
    (
        SHELL,
        1,
        &[
            "wget ", "curl ", "fi\n", "done\n", "done;", "if [ ", "echo ", "./", "$(", "| sh",
            "|sh", "|bash", "nohup ",
        ],
    ),
    (PYTHON, 2, &["\nimport ", "\ndef ", "\nfrom ", "if __name__", "print("]),
    (PERL, 2, &["\nuse strict", "\nmy $", "\nsub ", "IO::Socket"]),
    (PHP, 2, &["<?php", "<?=", "$_GET", "$_POST", "$_REQUEST"]),
    (
        JAVASCRIPT,
        2,
        &["function(", "function (", "document.", "ActiveXObject", "eval(", "=> {", "require("],
    ),
    (JAVASCRIPT, 1, &["var ", "let ", "const ", "===", "return "]),
    (
        POWERSHELL,
        3,
        &[
            "Invoke-Expression",
            "New-Object",
            "IEX(",
            "IEX (",
            "DownloadString",
            "-EncodedCommand",
            "Write-Host",
            "Invoke-WebRequest",
        ],
    ),
    (VBSCRIPT, 3, &["CreateObject(", "WScript.", "\nDim ", "On Error Resume Next", "End Sub"]),
    (BATCH, 2, &["@echo ", "\r\nset ", "%~dp0", "\r\ngoto ", "\r\nrem "]),
    (C, 3, &["#include <", "#include \"", "int main("]),
    (HTML, 2, &["<html", "<body", "<script", "</a>", "<div", "<iframe"]),
];

/// Evidence that is enough to name a language.
const MARKS_ENOUGH: u32 = 4;

/// Header fields with which mail begins, in lower case.
const MAIL_FIELDS: &[&str] = &[
    "received:",
    "return-path:",
    "delivered-to:",
    "from:",
    "to:",
    "subject:",
    "date:",
    "message-id:",
    "mime-version:",
    "reply-to:",
    "x-",
];

/// The kind of a text; `None` if the bytes are none.
pub(super) fn identify(bytes: &[u8]) -> Option<(Language, FileType)> {
    let head = &bytes[..bytes.len().min(TEXT_HEAD_BYTES)];
    let (encoding, text) = decode(head)?;
    let (name, mime, words, language) = shebang(&text)
        .or_else(|| beginning(&text))
        .or_else(|| mail(&text))
        .or_else(|| json(bytes))
        .or_else(|| marked(&text))
        .unwrap_or(TEXT);
    let mut description = match words {
        "" => format!("{encoding} text"),
        words if language == Language::Shell => format!("{words}, {encoding} text executable"),
        words => format!("{words}, {encoding} text"),
    };
    description.push_str(line_ends(&text));
    let file_type = FileType { name: name.to_owned(), mime: mime.to_owned(), description };
    Some((language, file_type))
}

/// Encoding and text, if these bytes are text: no control characters but those of texts.
fn decode(head: &[u8]) -> Option<(&'static str, String)> {
    if let Some(rest) = head.strip_prefix(b"\xff\xfe") {
        let units = rest.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
        return Some(("UTF-16, little-endian", wide(units)?));
    }
    if let Some(rest) = head.strip_prefix(b"\xfe\xff") {
        let units = rest.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair));
        return Some(("UTF-16, big-endian", wide(units)?));
    }
    if head.iter().any(|byte| !is_text_byte(*byte)) {
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

fn shebang(text: &str) -> Option<Known> {
    let line = text.strip_prefix("#!")?.lines().next()?;
    let mut words = line.split_ascii_whitespace();
    let program = words.next()?.rsplit('/').next()?;
    // `#!/usr/bin/env -S python3 -u`: the first word that is not an option.
    let program = if program == "env" {
        words.find(|word| !word.starts_with('-') && !word.contains('='))?.rsplit('/').next()?
    } else {
        program
    };
    INTERPRETERS
        .iter()
        .find(|(name, known)| {
            program.strip_prefix(name).is_some_and(|rest| {
                rest.is_empty()
                    || known.3 == Language::Code && !rest.starts_with(char::is_alphabetic)
            })
        })
        .map(|(_, known)| *known)
        .or(Some(("script", "text/x-script", "script", Language::Code)))
}

fn beginning(text: &str) -> Option<Known> {
    let head: String = text.trim_start().chars().take(16).collect::<String>().to_ascii_lowercase();
    BEGINNINGS.iter().find(|(start, _)| head.starts_with(start)).map(|(_, known)| *known)
}

/// Mail begins with at least three header fields that mail has.
fn mail(text: &str) -> Option<Known> {
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
    (known >= 3).then_some(MAIL)
}

fn json(bytes: &[u8]) -> Option<Known> {
    let trimmed = bytes.trim_ascii_start();
    let opens = trimmed.starts_with(b"{") || trimmed.starts_with(b"[");
    let whole = opens && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok();
    whole.then_some(JSON)
}

/// The language with the most marks, if they are enough. Each mark counts once, so that
/// the cost and the evidence do not grow with repetition.
fn marked(text: &str) -> Option<Known> {
    let mut best: Option<(u32, Known)> = None;
    for (known, _, _) in MARKS {
        let score: u32 = MARKS
            .iter()
            .filter(|(other, ..)| other.0 == known.0)
            .map(|(_, weight, marks)| {
                let seen = marks
                    .iter()
                    .filter(|mark| memmem::find(text.as_bytes(), mark.as_bytes()).is_some());
                weight * seen.count() as u32
            })
            .sum();
        if score >= MARKS_ENOUGH && best.is_none_or(|(most, _)| score > most) {
            best = Some((score, *known));
        }
    }
    // A single short command line is the commonest dropper of all.
    best.map(|(_, known)| known).or_else(|| one_liner(text).then_some(SHELL))
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
    ];
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(5).peekable();
    lines.peek().is_some() && lines.all(|line| COMMANDS.iter().any(|start| line.starts_with(start)))
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
