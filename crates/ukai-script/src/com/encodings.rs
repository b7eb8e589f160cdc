//! Text to bytes and back: base64, hexadecimal, charsets, and the .NET classes for them.

use super::{Com, Content, Host, Value, latin1, narrow, number_at, text_at};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// As forgiving as Windows' decoders.
const FORGIVING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Base64 with anything between its characters, up to its padding; what is too much is left out.
pub(crate) fn decode_base64(text: &str) -> Vec<u8> {
    let mut digits: Vec<u8> = text
        .bytes()
        .take_while(|byte| *byte != b'=')
        .filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
        .collect();
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    FORGIVING.decode(&digits).unwrap_or_default()
}

/// Base64 with padding.
pub(super) fn encode_base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Pairs of hexadecimal digits with anything between them.
pub(crate) fn decode_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().filter_map(|it| it.to_digit(16)).map(|it| it as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// Two hexadecimal digits for each byte.
pub(crate) fn encode_hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// UTF-16 with the low byte first.
pub(super) fn utf16_bytes(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn utf16_text(bytes: &[u8]) -> String {
    let units: Vec<u16> =
        bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units)
}

/// Bytes as text in a charset of Windows; unknown ones as one byte a character.
pub(super) fn decode(bytes: &[u8], charset: &str) -> String {
    match charset.to_ascii_lowercase().as_str() {
        "unicode" | "utf-16" | "utf-16le" => {
            utf16_text(bytes.strip_prefix(&[0xff, 0xfe]).unwrap_or(bytes))
        }
        "utf-8" | "_autodetect" => {
            let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
            String::from_utf8_lossy(bytes).into_owned()
        }
        _ => latin1(bytes),
    }
}

/// Bytes of a file as text, by the mark at its beginning.
pub(super) fn decode_marked(bytes: &[u8]) -> String {
    match bytes {
        [0xff, 0xfe, ..] => decode(bytes, "unicode"),
        [0xef, 0xbb, 0xbf, ..] => decode(bytes, "utf-8"),
        _ => latin1(bytes),
    }
}

/// Text as bytes in a charset, with its mark if it is at the beginning.
pub(super) fn encode(text: &str, charset: &str, beginning: bool) -> Vec<u8> {
    match charset.to_ascii_lowercase().as_str() {
        "unicode" | "utf-16" | "utf-16le" => {
            let mut bytes = if beginning { vec![0xff, 0xfe] } else { Vec::new() };
            bytes.extend(utf16_bytes(text));
            bytes
        }
        "utf-8" => {
            let mut bytes = if beginning { vec![0xef, 0xbb, 0xbf] } else { Vec::new() };
            bytes.extend_from_slice(text.as_bytes());
            bytes
        }
        _ => narrow(text),
    }
}

/// `System.Text.UTF8Encoding` and its like.
pub(super) struct Encoding {
    charset: &'static str,
}

impl Encoding {
    /// Of that charset.
    pub(super) fn new(charset: &'static str) -> Self {
        Self { charset }
    }
}

impl Com for Encoding {
    fn get(&mut self, _: &mut Host, _: &str) -> Option<Value> {
        None
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        // Overloads have a number after their name.
        let method = name.split('_').next().unwrap_or_default();
        match method {
            "getbytes" => {
                let text = text_at(host, arguments, 0);
                Value::Bytes(encode(&text, self.charset, false).into())
            }
            "getbytecount" => {
                let text = text_at(host, arguments, 0);
                Value::Number(encode(&text, self.charset, false).len() as f64)
            }
            "getstring" | "getchars" => {
                let bytes = arguments.first().map(|it| host.content(it)).unwrap_or_default();
                Value::Text(decode(&bytes.bytes, self.charset))
            }
            _ => Value::Unknown,
        }
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

/// `System.Security.Cryptography.FromBase64Transform`.
pub(super) struct FromBase64;

impl Com for FromBase64 {
    fn get(&mut self, _: &mut Host, _: &str) -> Option<Value> {
        None
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        if name != "transformfinalblock" {
            return Value::Unknown;
        }
        let bytes = arguments.first().map(|it| host.content(it)).unwrap_or_default().bytes;
        let start = (number_at(arguments, 1, 0.0).max(0.0) as usize).min(bytes.len());
        let count = number_at(arguments, 2, bytes.len() as f64).max(0.0) as usize;
        let end = start.saturating_add(count).min(bytes.len());
        Value::Bytes(decode_base64(&latin1(&bytes.slice(start..end))).into())
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

/// `System.IO.MemoryStream`, and the formatter that makes objects of it: a way to run .NET code.
#[derive(Default)]
pub(super) struct MemoryStream {
    bytes: Vec<u8>,
}

impl Com for MemoryStream {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        match name {
            "length" => Some(Value::Number(self.bytes.len() as f64)),
            "position" => Some(Value::Number(0.0)),
            _ => None,
        }
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        match name {
            "write" => {
                let added = arguments.first().map(|it| host.content(it)).unwrap_or_default().bytes;
                let room = host.limits.value_bytes.saturating_sub(self.bytes.len());
                if added.len() <= room && host.charge_bytes(added.len()) && host.holds(added.len())
                {
                    self.bytes.extend_from_slice(&added);
                }
                Value::Empty
            }
            "toarray" | "getbuffer" | "" => Value::Bytes(Content::from(self.bytes.clone())),
            "close" | "flush" | "dispose" | "seek" => Value::Empty,
            _ => self.get(host, name).unwrap_or(Value::Unknown),
        }
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

/// `System.Runtime.Serialization.Formatters.Binary.BinaryFormatter`.
pub(super) struct Formatter;

impl Com for Formatter {
    fn get(&mut self, _: &mut Host, _: &str) -> Option<Value> {
        None
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        if name.starts_with("deserialize") {
            let content = arguments.first().map(|it| host.content(it)).unwrap_or_default();
            host.recorder.note("it makes an object of .NET from bytes of its own");
            host.recorder.remark(content.bytes);
        }
        Value::Unknown
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}
