//! Secrets: secure strings, and AES as loaders use it.
//!
//! A secure string with a key is text after `ConvertFrom-SecureString -Key`: a fixed beginning, then
//! base64 of UTF-16 with the version, the base64 of the initial vector and the hexadecimal AES-CBC
//! ciphertext, parted by bars.

use super::eval::{Eval, Interpreter};
use super::value::{Object, State, Value};
use crate::command_line::BASE64;
use base64::Engine as _;
use ukai_cipher::{self as ciphers, Mode, unpad};

/// What a secure string with a key begins with.
const BEGINNING: &str = "76492d1116743f0423413b16050a5345";

impl Interpreter<'_, '_> {
    /// `ConvertTo-SecureString`: the text that the string holds.
    pub(super) fn secure_string(&mut self, text: &str, key: Option<&Value>) -> Value {
        let Some(key) = key else { return Value::text(text) };
        let key = self.bytes_of(key);
        if let Some(text) = unseal(text, &key) {
            Value::text(text)
        } else {
            self.run.note("powershell: a secure string does not open");
            Value::Unknown(None)
        }
    }

    /// `$aes.CreateDecryptor([key, vector])`, or an encryptor.
    pub(super) fn transform(
        &mut self,
        id: usize,
        cipher: &str,
        encrypts: bool,
        arguments: &[Value],
    ) -> Value {
        let part = |it: &Self, at: usize, name: &str| {
            arguments.get(at).cloned().or_else(|| it.named_entry(id, name)).unwrap_or(Value::Null)
        };
        let mut object = Object::new("cryptotransform", State::None);
        for (at, name) in ["key", "iv"].into_iter().enumerate() {
            object.entries.push((Value::text(name), part(self, at, name)));
        }
        for name in ["mode", "padding"] {
            let value = self.named_entry(id, name).unwrap_or(Value::Null);
            object.entries.push((Value::text(name), value));
        }
        object.entries.push((Value::text("cipher"), Value::text(cipher)));
        object.entries.push((Value::text("encrypts"), Value::Bool(encrypts)));
        Value::Object(self.new_object(object))
    }

    /// `.TransformFinalBlock(bytes, start, count)`
    pub(super) fn decrypted(&mut self, id: usize, arguments: &[Value]) -> Eval<Value> {
        let first = arguments.first().cloned().unwrap_or(Value::Null);
        if first.is_unknown() {
            return Ok(first);
        }
        let number = |it: &Self, at: usize| {
            arguments
                .get(at)
                .and_then(|value| it.int_of(value))
                .and_then(|it| usize::try_from(it).ok())
        };
        let all = self.bytes_of(&first);
        let bytes = all.get(number(self, 1).unwrap_or(0)..).unwrap_or_default();
        let bytes = &bytes[..number(self, 2).unwrap_or(bytes.len()).min(bytes.len())];
        self.decrypt_with(id, bytes)
    }

    fn decrypt_with(&mut self, id: usize, bytes: &[u8]) -> Eval<Value> {
        self.run.steps(bytes.len() as u64 / 16)?;
        let entry = |it: &Self, name: &str| it.named_entry(id, name).unwrap_or(Value::Null);
        let (key, vector) = (self.bytes_of(&entry(self, "key")), self.bytes_of(&entry(self, "iv")));
        let is_ecb = self.text_of(&entry(self, "mode")).eq_ignore_ascii_case("ecb");
        let is_plain = matches!(
            self.text_of(&entry(self, "padding")).to_ascii_lowercase().as_str(),
            "none" | "zeros"
        );
        if matches!(entry(self, "encrypts"), Value::Bool(true)) {
            return Ok(Value::Unknown(None));
        }
        let mode = if is_ecb { Mode::Ecb } else { Mode::Cbc };
        let cipher = self.text_of(&entry(self, "cipher"));
        let opened = ciphers::open(&cipher, mode, &key, &vector, bytes);
        let Some(mut plain) = opened else {
            self.run.note("powershell: what is encrypted does not open");
            return Ok(Value::Unknown(None));
        };
        if !is_plain {
            unpad(&mut plain);
        }
        Ok(Value::bytes(plain))
    }

    /// `New-Object CryptoStream(stream, decryptor, mode)`
    pub(super) fn crypto_stream(&mut self, stream: &Value, transform: &Value) -> Eval<Value> {
        let bytes = match stream {
            Value::Unknown(_) => return Ok(stream.clone()),
            other => self.bytes_of(other),
        };
        match transform {
            Value::Object(id)
                if self.heap.get(*id).is_some_and(|it| &*it.class == "cryptotransform") =>
            {
                let plain = self.decrypt_with(*id, &bytes)?;
                Ok(if plain.is_unknown() { plain } else { self.stream(plain) })
            }
            _ => Ok(Value::Unknown(None)),
        }
    }
}

fn unseal(text: &str, key: &[u8]) -> Option<String> {
    let rest = text.trim().strip_prefix(BEGINNING)?;
    let wide = BASE64.decode(rest.as_bytes()).ok()?;
    let inner = wide_text(&wide);
    let mut parts = inner.split('|');
    let (_version, vector, sealed) = (parts.next()?, parts.next()?, parts.next()?);
    let vector = BASE64.decode(vector).ok()?;
    let digits: Vec<u8> =
        sealed.chars().filter_map(|it| it.to_digit(16)).map(|it| it as u8).collect();
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|it| it[0] << 4 | it[1]).collect();
    let mut plain = ciphers::open("aes", Mode::Cbc, key, &vector, &bytes)?;
    unpad(&mut plain);
    Some(wide_text(&plain))
}

fn wide_text(bytes: &[u8]) -> String {
    let units: Vec<u16> =
        bytes.chunks_exact(2).map(|it| u16::from_le_bytes([it[0], it[1]])).collect();
    String::from_utf16_lossy(&units)
}
