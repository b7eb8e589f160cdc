//! `struct`.

use super::run::{Done, Machine};
use super::value::Value;

impl Machine<'_> {
    pub(super) fn structure(&mut self, whole: &str, arguments: &[Value]) -> Done<Value> {
        let Some(form) = arguments.first().and_then(Value::raw) else {
            return Err(
                self.raise("TypeError", "Struct() argument 1 must be a str or bytes object")
            );
        };
        let little = !form.starts_with(b">") && !form.starts_with(b"!");
        let native = !form.first().is_some_and(|b| b"<>!=".contains(b));
        let mut fields = Vec::new();
        let mut count = String::new();
        for byte in form.iter().copied() {
            match byte {
                b'0'..=b'9' => count.push(byte as char),
                b'<' | b'>' | b'!' | b'=' | b'@' | b' ' => {}
                kind => {
                    let times = count.parse::<usize>().unwrap_or(1).min(65_536);
                    count.clear();
                    let size = match kind {
                        b'x' | b'c' | b'b' | b'B' | b's' | b'?' => 1,
                        b'h' | b'H' => 2,
                        b'i' | b'I' | b'f' => 4,
                        b'l' | b'L' => {
                            if native {
                                8
                            } else {
                                4
                            }
                        }
                        b'q' | b'Q' | b'd' => 8,
                        _ => return Err(self.raise("struct.error", "bad char in struct format")),
                    };
                    if kind == b's' {
                        fields.push((kind, times));
                    } else {
                        self.costs(times, 0)?;
                        fields.extend(std::iter::repeat_n((kind, size), times));
                    }
                }
            }
        }
        let total: usize = fields.iter().map(|(_, size)| size).sum();
        if whole.ends_with("calcsize") {
            return Ok(Value::Int(total as i128));
        }
        let order = |bytes: &mut Vec<u8>| {
            if !little {
                bytes.reverse();
            }
        };
        if whole.ends_with("iter_unpack") {
            let bytes = arguments.get(1).and_then(Value::raw).unwrap_or_default();
            let mut all = Vec::new();
            for part in bytes.chunks_exact(total.max(1)) {
                let part = Value::Bytes(bytes.slice_ref(part));
                all.push(self.structure("struct.unpack", &[arguments[0].clone(), part])?);
            }
            return self.list(all);
        }
        if whole.ends_with("unpack_from") {
            let bytes = arguments.get(1).and_then(Value::raw).unwrap_or_default();
            let from = arguments.get(2).and_then(Value::integer).unwrap_or(0);
            let from = usize::try_from(from).unwrap_or(usize::MAX).min(bytes.len());
            let to = from.saturating_add(total).min(bytes.len());
            let part = Value::Bytes(bytes.slice(from..to));
            return self.structure("struct.unpack", &[arguments[0].clone(), part]);
        }
        if whole.ends_with("unpack") {
            let bytes = arguments.get(1).and_then(Value::raw).unwrap_or_default();
            if bytes.len() != total {
                let text = format!("unpack requires a buffer of {total} bytes");
                return Err(self.raise("struct.error", text));
            }
            let mut at = 0;
            let mut out = Vec::new();
            for (kind, size) in fields {
                let mut part = bytes[at..at + size].to_vec();
                at += size;
                if matches!(kind, b's' | b'c') {
                    out.push(Value::Bytes(part.into()));
                    continue;
                }
                order(&mut part);
                let unsigned = part.iter().rev().fold(0_i128, |n, b| n << 8 | i128::from(*b));
                let bits = 8 * size as u32;
                let signed =
                    if unsigned >> (bits - 1) & 1 == 1 { unsigned - (1 << bits) } else { unsigned };
                match kind {
                    b'x' => {}
                    b'?' => out.push(Value::Bool(unsigned != 0)),
                    b'f' => out.push(Value::Float(f64::from(f32::from_bits(unsigned as u32)))),
                    b'd' => out.push(Value::Float(f64::from_bits(unsigned as u64))),
                    b'b' | b'h' | b'i' | b'l' | b'q' => out.push(Value::Int(signed)),
                    _ => out.push(Value::Int(unsigned)),
                }
            }
            return Ok(Value::tuple(out));
        }
        let mut values = arguments.iter().skip(1);
        let mut out = Vec::new();
        for (kind, size) in fields {
            if kind == b'x' {
                out.push(0);
                continue;
            }
            let Some(value) = values.next() else {
                let text = "pack expected more items for packing";
                return Err(self.raise("struct.error", text));
            };
            if matches!(kind, b's' | b'c') {
                let mut part = value.raw().unwrap_or_default().to_vec();
                part.resize(size, 0);
                out.extend_from_slice(&part);
                continue;
            }
            let bits = match kind {
                b'f' => i128::from((value.number().unwrap_or(0.0) as f32).to_bits()),
                b'd' => i128::from(value.number().unwrap_or(0.0).to_bits()),
                _ => match value.integer() {
                    Some(number) => number,
                    None => {
                        let text = "required argument is not an integer";
                        return Err(self.raise("struct.error", text));
                    }
                },
            };
            let mut part = bits.to_le_bytes()[..size].to_vec();
            order(&mut part);
            out.extend_from_slice(&part);
        }
        self.costs(0, out.len())?;
        Ok(Value::Bytes(out.into()))
    }
}
