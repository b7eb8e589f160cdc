//! JA3 (github.com/salesforce/ja3) and JA4 (github.com/FoxIO-LLC/ja4, `technical_details/JA4.md`).

use super::hello::{ClientHello, EXTENSION_ALPN, EXTENSION_SERVER_NAME};
use md5::{Digest, Md5};
use std::fmt::Write;

/// Values that clients send to keep servers tolerant (GREASE, RFC 8701): 0x0a0a,
/// 0x1a1a ... 0xfafa. No fingerprint counts them.
const fn is_grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}

pub(super) fn ja3(hello: &ClientHello) -> String {
    hex::encode(Md5::digest(ja3_text(hello)))
}

pub(super) fn ja3_text(hello: &ClientHello) -> String {
    let list = |values: &[u16]| {
        let mut text = String::new();
        for value in values.iter().filter(|value| !is_grease(**value)) {
            let separator = if text.is_empty() { "" } else { "-" };
            let _ = write!(text, "{separator}{value}");
        }
        text
    };
    let formats: Vec<u16> = hello.point_formats.iter().map(|f| u16::from(*f)).collect();
    format!(
        "{},{},{},{},{}",
        hello.version,
        list(&hello.ciphers),
        list(&hello.extensions),
        list(&hello.groups),
        list(&formats)
    )
}

pub(super) fn ja4(hello: &ClientHello) -> String {
    let real = |values: &[u16]| -> Vec<u16> {
        values.iter().copied().filter(|value| !is_grease(*value)).collect()
    };
    let mut ciphers = real(&hello.ciphers);
    let mut extensions = real(&hello.extensions);
    let offered = real(&hello.versions).into_iter().max().unwrap_or(hello.version);
    let version = match offered {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        0xfeff => "d1",
        0xfefd => "d2",
        0xfefc => "d3",
        _ => "00",
    };
    let named = extensions.contains(&EXTENSION_SERVER_NAME);
    let mut text = format!(
        "t{version}{}{:02}{:02}{}",
        if named { 'd' } else { 'i' },
        ciphers.len().min(99),
        extensions.len().min(99),
        alpn_mark(hello),
    );
    ciphers.sort_unstable();
    text.push('_');
    text.push_str(&short_hash(&hex_list(&ciphers)));
    extensions.retain(|e| *e != EXTENSION_SERVER_NAME && *e != EXTENSION_ALPN);
    extensions.sort_unstable();
    let mut listed = hex_list(&extensions);
    if !listed.is_empty() && !hello.signatures.is_empty() {
        listed.push('_');
        listed.push_str(&hex_list(&real(&hello.signatures)));
    }
    text.push('_');
    text.push_str(&short_hash(&listed));
    text
}

/// First and last character of the first ALPN value; of its hexadecimal form if either
/// is not alphanumeric; `00` if there is none.
fn alpn_mark(hello: &ClientHello) -> String {
    let value = hello.alpn.first().map_or(&[][..], |name| name.as_bytes());
    let (Some(first), Some(last)) = (value.first(), value.last()) else {
        return "00".to_owned();
    };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [char::from(*first), char::from(*last)].iter().collect();
    }
    let (first, last) = (format!("{first:02x}"), format!("{last:02x}"));
    format!("{}{}", &first[..1], &last[1..])
}

fn hex_list(values: &[u16]) -> String {
    values.iter().map(|value| format!("{value:04x}")).collect::<Vec<_>>().join(",")
}

fn short_hash(text: &str) -> String {
    if text.is_empty() {
        return "000000000000".to_owned();
    }
    let mut digest = hex::encode(sha2::Sha256::digest(text));
    digest.truncate(12);
    digest
}
