//! Streams and encodings: memory, compression, text of bytes.

use super::eval::{Eval, Interpreter};
use super::value::{Object, State, Value};
use std::io::Read as _;

impl Interpreter<'_, '_> {
    /// A stream that decompresses another.
    pub(super) fn inflated(&mut self, class: &str, stream: &Value, mode: &Value) -> Eval<Value> {
        let content = match stream {
            Value::Object(id) => match self.heap.get(*id).map(|it| &it.state) {
                Some(State::Stream { content, .. }) => content.clone(),
                _ => Value::Unknown(None),
            },
            other => other.clone(),
        };
        let Value::Bytes(blob) = content else {
            return Ok(if content.is_unknown() { content } else { Value::Unknown(None) });
        };
        if self.text_of(mode).eq_ignore_ascii_case("compress") {
            return Ok(self.stream(Value::bytes(Vec::new())));
        }
        let bytes = blob.as_slice();
        let max = self.run.limits.value_bytes as u64;
        let mut out = Vec::new();
        // What comes before an error is kept.
        let read = if class.ends_with("gzipstream") {
            flate2::read::GzDecoder::new(bytes).take(max).read_to_end(&mut out)
        } else if class.ends_with("zlibstream") {
            flate2::read::ZlibDecoder::new(bytes).take(max).read_to_end(&mut out)
        } else {
            flate2::read::DeflateDecoder::new(bytes).take(max).read_to_end(&mut out)
        };
        if read.is_err() {
            self.run.note("powershell: what is decompressed is broken");
        }
        self.run.steps(out.len() as u64 / 64)?;
        Ok(self.stream(Value::bytes(out)))
    }

    pub(super) fn call_stream(
        &mut self,
        id: usize,
        name: &str,
        arguments: &[Value],
    ) -> Eval<Value> {
        let first = arguments.first().cloned().unwrap_or(Value::Null);
        let path = self.named_entry(id, "path").map(|it| self.text_of(&it));
        let Some(Object { state: State::Stream { content, at }, .. }) = self.heap.get(id) else {
            return Ok(Value::Null);
        };
        let (content, at) = (content.clone(), *at);
        let bytes: &[u8] = match &content {
            Value::Bytes(blob) => blob.as_slice(),
            _ => &[],
        };
        let rest = bytes.get(at..).unwrap_or_default();
        self.run.steps(rest.len() as u64 / 512)?;
        let mut end = at;
        let result = match name {
            "toarray" | "getbuffer" => content.clone(),
            "readtoend" | "readtoendasync" => {
                if content.is_unknown() {
                    return Ok(content);
                }
                end = bytes.len();
                Value::text(crate::run::decode(rest))
            }
            "readline" => {
                let length =
                    rest.iter().position(|it| *it == b'\n').map_or(rest.len(), |it| it + 1);
                end = at + length;
                if rest.is_empty() {
                    Value::Null
                } else {
                    let line = crate::run::decode(&rest[..length]);
                    Value::text(line.trim_end_matches(['\r', '\n']))
                }
            }
            "readbytes" | "read" if arguments.len() == 1 => {
                let count =
                    self.int_of(&first).and_then(|it| usize::try_from(it).ok()).unwrap_or(0);
                let taken = &rest[..count.min(rest.len())];
                end = at + taken.len();
                Value::bytes(taken.to_vec())
            }
            "readbyte" => {
                end = at + usize::from(!rest.is_empty());
                rest.first().map_or(Value::Int(-1), |it| Value::Int(i64::from(*it)))
            }
            // Into a buffer that is the caller's: how much is not told.
            "read" => Value::Int(0),
            "copyto" | "copytoasync" => {
                if let Value::Object(to) = first {
                    let more = if content.is_unknown() {
                        content.clone()
                    } else {
                        Value::bytes(rest.to_vec())
                    };
                    self.append_to_stream(to, more)?;
                }
                end = bytes.len();
                Value::Null
            }
            "write" | "writeline" | "writeasync" | "writebyte" => {
                let mut more = match &first {
                    Value::Unknown(_) => first.clone(),
                    Value::Text(text) => Value::bytes(text.as_str().as_bytes().to_vec()),
                    other => {
                        let bytes = self.bytes_of(other);
                        let from = arguments
                            .get(1)
                            .and_then(|it| self.int_of(it))
                            .and_then(|it| usize::try_from(it).ok())
                            .unwrap_or(0);
                        let count = arguments
                            .get(2)
                            .and_then(|it| self.int_of(it))
                            .and_then(|it| usize::try_from(it).ok());
                        let bytes = bytes.get(from..).unwrap_or_default();
                        let bytes = &bytes[..count.unwrap_or(bytes.len()).min(bytes.len())];
                        Value::bytes(bytes.to_vec())
                    }
                };
                if name == "writeline"
                    && let Value::Bytes(blob) = &mut more
                {
                    blob.extend(b"\r\n");
                }
                self.append_to_stream(id, more)?;
                return Ok(Value::Null);
            }
            "close" | "dispose" | "flush" => {
                // Bytes that a file's stream got are written now.
                if let Some(path) = path {
                    let is_empty =
                        matches!(&content, Value::Bytes(blob) if blob.as_slice().is_empty());
                    if !is_empty && self.named_entry(id, "written").is_some() {
                        self.save(&path, &content, false)?;
                    }
                }
                Value::Null
            }
            _ => Value::Unknown(None),
        };
        if let Some(Object { state: State::Stream { at, .. }, .. }) = self.heap.get_mut(id) {
            *at = end;
        }
        Ok(result)
    }

    fn append_to_stream(&mut self, id: usize, more: Value) -> Eval<()> {
        self.set_entry(id, Value::text("written"), Value::Bool(true));
        let max = self.run.limits.value_bytes;
        if let Some(Object { state: State::Stream { content, .. }, .. }) = self.heap.get_mut(id) {
            match (content, more) {
                (Value::Bytes(blob), Value::Bytes(more))
                    if blob.as_slice().len() + more.as_slice().len() <= max =>
                {
                    blob.extend(more.as_slice());
                }
                (content, more @ Value::Unknown(_)) => *content = more,
                _ => {}
            }
        }
        self.run.step()?;
        // A file whose stream is never closed is written too.
        let file = self.named_entry(id, "path").map(|it| self.text_of(&it));
        if let Some(path) = file
            && let Some(Object { state: State::Stream { content, .. }, .. }) = self.heap.get(id)
        {
            let content = content.clone();
            self.save(&path, &content, false)?;
        }
        Ok(())
    }

    pub(super) fn call_encoding(
        &mut self,
        id: usize,
        name: &str,
        arguments: &[Value],
    ) -> Eval<Value> {
        let first = arguments.first().cloned().unwrap_or(Value::Null);
        if first.is_unknown() {
            return Ok(first);
        }
        let encoding = self.named_entry(id, "name").map(|it| self.text_of(&it)).unwrap_or_default();
        Ok(match name {
            "getstring" | "getchars" => {
                let all = self.bytes_of(&first);
                let number = |at: usize| {
                    arguments
                        .get(at)
                        .and_then(|it| self.int_of(it))
                        .and_then(|it| usize::try_from(it).ok())
                };
                let bytes = all.get(number(1).unwrap_or(0)..).unwrap_or_default();
                let bytes = &bytes[..number(2).unwrap_or(bytes.len()).min(bytes.len())];
                let text = decoded(&encoding, bytes);
                if name == "getchars" {
                    Value::list(text.chars().map(Value::Char).collect())
                } else {
                    Value::text(text)
                }
            }
            "getbytes" => {
                let text = match &first {
                    Value::List(_) => {
                        let joined = self.join(first, "")?;
                        self.text_of(&joined)
                    }
                    other => self.text_of(other),
                };
                Value::bytes(encoded(&encoding, &text))
            }
            _ => Value::Unknown(None),
        })
    }
}

fn decoded(encoding: &str, bytes: &[u8]) -> String {
    let units = |order: fn([u8; 2]) -> u16| -> String {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|it| order([it[0], it[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match encoding {
        "unicode" | "utf-16" | "utf-16le" | "utf16" | "1200" => units(u16::from_le_bytes),
        "bigendianunicode" | "utf-16be" | "1201" => units(u16::from_be_bytes),
        "utf32" | "utf-32" => bytes
            .chunks_exact(4)
            .map(|it| {
                char::from_u32(u32::from_le_bytes([it[0], it[1], it[2], it[3]]))
                    .unwrap_or(char::REPLACEMENT_CHARACTER)
            })
            .collect(),
        "ascii" | "us-ascii" | "20127" => {
            bytes.iter().map(|it| if it.is_ascii() { char::from(*it) } else { '?' }).collect()
        }
        "utf8" | "utf-8" | "utf7" | "65001" => String::from_utf8_lossy(bytes).into_owned(),
        // Windows' own code page, nearly.
        _ => bytes.iter().map(|it| char::from(*it)).collect(),
    }
}

fn encoded(encoding: &str, text: &str) -> Vec<u8> {
    match encoding {
        "unicode" | "utf-16" | "utf-16le" | "utf16" | "1200" => {
            text.encode_utf16().flat_map(u16::to_le_bytes).collect()
        }
        "bigendianunicode" | "utf-16be" | "1201" => {
            text.encode_utf16().flat_map(u16::to_be_bytes).collect()
        }
        "utf32" | "utf-32" => text.chars().flat_map(|it| u32::from(it).to_le_bytes()).collect(),
        "ascii" | "us-ascii" | "20127" => {
            text.chars().map(|it| if it.is_ascii() { it as u8 } else { b'?' }).collect()
        }
        "utf8" | "utf-8" | "utf7" | "65001" => text.as_bytes().to_vec(),
        _ => text.chars().map(|it| u8::try_from(u32::from(it)).unwrap_or(b'?')).collect(),
    }
}
