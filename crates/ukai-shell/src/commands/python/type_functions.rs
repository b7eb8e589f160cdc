//! Functions of Python's types: `bytes.fromhex`, `str.maketrans`, and methods called through their
//! type.

use super::builtins::Named;
use super::library::unhex;
use super::run::{Done, Machine};
use super::value::Value;

impl Machine<'_> {
    /// `bytes.fromhex`, `dict.fromkeys`, `str.maketrans`, and methods called through
    /// their type.
    pub(super) async fn type_function(
        &mut self,
        whole: &str,
        arguments: &[Value],
        named: &Named,
    ) -> Done<Value> {
        let first = arguments.first().cloned().unwrap_or(Value::None);
        match whole {
            "bytes.fromhex" | "bytearray.fromhex" => {
                match unhex(&first.raw().unwrap_or_default()) {
                    Ok(out) => Ok(Value::Bytes(out.into())),
                    Err(_) => {
                        let text = "non-hexadecimal number found in fromhex() arg at position 0";
                        Err(self.raise("ValueError", text))
                    }
                }
            }
            "dict.fromkeys" => {
                let value = arguments.get(1).cloned().unwrap_or(Value::None);
                let keys = self.items(&first).await?;
                self.dict(keys.into_iter().map(|k| (k, value.clone())).collect())
            }
            "bytes.maketrans" | "bytearray.maketrans" => {
                let mut table: Vec<u8> = (0..=255).collect();
                let from = first.raw().unwrap_or_default();
                let to = arguments.get(1).and_then(Value::raw).unwrap_or_default();
                for (from, to) in from.iter().zip(&to) {
                    table[usize::from(*from)] = *to;
                }
                Ok(Value::Bytes(table.into()))
            }
            "object.__new__"
            | "object.__init__"
            | "object.__setattr__"
            | "object.__getattribute__"
            | "type.__new__"
            | "type.__call__"
            | "type.__init__"
            | "dict.__init__"
            | "list.__init__" => {
                let name = whole.rsplit('.').next().unwrap_or(whole);
                if name == "__new__" {
                    let none = Value::None;
                    return self.call_base(&none, name, arguments.to_vec(), named.clone()).await;
                }
                let rest = arguments.iter().skip(1).cloned().collect();
                self.call_base(&first, name, rest, named.clone()).await
            }
            "str.maketrans" => {
                if let Value::Dict(id) = first {
                    let pairs = self.dicts[id].clone().into_iter().map(|(key, value)| {
                        let key = match &key {
                            Value::Str(text) => {
                                Value::Int(text.chars().next().map_or(0, |c| c as i128))
                            }
                            other => other.clone(),
                        };
                        (key, value)
                    });
                    return self.dict(pairs.collect());
                }
                let from = self.items(&first).await?;
                let to = self.items(&arguments.get(1).cloned().unwrap_or(Value::None)).await?;
                let code = |v: &Value| match v {
                    Value::Str(text) => Value::Int(text.chars().next().map_or(0, |c| c as i128)),
                    other => other.clone(),
                };
                let mut pairs: Vec<_> = from.iter().map(code).zip(to).collect();
                if let Some(gone) = arguments.get(2) {
                    let gone = self.items(gone).await?;
                    pairs.extend(gone.iter().map(|it| (code(it), Value::None)));
                }
                self.dict(pairs)
            }
            "int.from_bytes" => {
                let bytes = first.raw().unwrap_or_default();
                let little =
                    matches!(arguments.get(1), Some(Value::Str(order)) if &**order == "little");
                const BYTES_MAX: usize = 32_768;
                if bytes.len() > BYTES_MAX {
                    return Err(self.raise("MemoryError", ""));
                }
                self.costs(1, bytes.len())?;
                Ok(Value::from_number_bytes(&bytes, little))
            }
            _ => {
                let name = whole.rsplit('.').next().unwrap_or(whole).to_owned();
                let rest = arguments.iter().skip(1).cloned().collect();
                self.call_method(&first, &name, rest, named.clone()).await
            }
        }
    }
}
