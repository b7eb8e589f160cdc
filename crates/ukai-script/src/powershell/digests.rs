//! Digests, keys made of passwords, and ciphers other than AES, as loaders use them.

use super::eval::{Eval, Interpreter};
use super::value::{Object, State, Value};
use ukai_cipher::{KEY_BYTES_MAX, ROUNDS_MAX, digest, keyed, stretched};

/// Which digest, cipher or key a type's name tells of.
fn algorithm(class: &str) -> &str {
    let name = class.strip_prefix("security.cryptography.").unwrap_or(class);
    ["cryptoserviceprovider", "managed", "cng"]
        .iter()
        .find_map(|it| name.strip_suffix(it))
        .unwrap_or(name)
}

fn is_digest(name: &str) -> bool {
    digest(name, &[]).is_some() || keyed(name, &[], &[]).is_some()
}

impl Interpreter<'_, '_> {
    /// `New-Object` of a type of these; none for others.
    pub(super) fn create_secret(
        &mut self,
        class: &str,
        arguments: &[Value],
    ) -> Eval<Option<Value>> {
        if !class.starts_with("security.cryptography.") {
            return Ok(None);
        }
        let name = algorithm(class);
        let first = arguments.first().cloned().unwrap_or(Value::Null);
        let mut object = match name {
            "aes" | "rijndael" | "tripledes" | "des" => {
                Object::new(&format!("security.cryptography.{name}"), State::None)
            }
            "rfc2898derivebytes" => {
                let number = |at: usize| arguments.get(at).and_then(|it| self.int_of(it));
                let rounds = number(2).unwrap_or(1000);
                let hash = arguments.get(3).map(|it| self.text_of(it)).unwrap_or_default();
                let mut object = Object::new("keymaker", State::None);
                let salt = self.bytes_of(&arguments.get(1).cloned().unwrap_or(Value::Null));
                for (name, value) in [
                    ("password", Value::bytes(self.bytes_of(&first))),
                    ("salt", Value::bytes(salt)),
                    ("rounds", Value::Int(rounds)),
                    ("hash", Value::text(hash)),
                    ("at", Value::Int(0)),
                ] {
                    object.entries.push((Value::text(name), value));
                }
                object
            }
            _ if is_digest(name) => {
                let mut object = Object::new("digest", State::None);
                object.entries.push((Value::text("name"), Value::text(name)));
                object
            }
            _ => return Ok(None),
        };
        if name.starts_with("hmac") {
            object.entries.push((Value::text("key"), first));
        }
        Ok(Some(Value::Object(self.new_object(object))))
    }

    /// `[type]::name(arguments)` of one of these; none for others.
    pub(super) fn secret_static(
        &mut self,
        class: &str,
        name: &str,
        values: &[Value],
    ) -> Eval<Option<Value>> {
        if !class.starts_with("security.cryptography.") {
            return Ok(None);
        }
        match (algorithm(class), name) {
            // The name may be told instead.
            ("hashalgorithm" | "symmetricalgorithm" | "hmac" | "keyedhashalgorithm", "create") => {
                let told = values.first().map(|it| self.text_of(it)).unwrap_or_default();
                let told = told.to_ascii_lowercase().replace('-', "");
                let told = told.strip_prefix("system.security.cryptography.").unwrap_or(&told);
                self.create_secret(&format!("security.cryptography.{told}"), &[])
            }
            (_, "create") => self.create_secret(class, &[]),
            (algorithm, "hashdata") => {
                let data = values.last().cloned().unwrap_or(Value::Null);
                let bytes = self.bytes_of(&data);
                self.run.steps(bytes.len() as u64 / 64)?;
                Ok(digest(algorithm, &bytes).map(Value::bytes))
            }
            _ => Ok(None),
        }
    }

    /// A method of one of these; none for others.
    pub(super) fn call_secret(
        &mut self,
        id: usize,
        class: &str,
        name: &str,
        arguments: &[Value],
    ) -> Eval<Option<Value>> {
        let first = arguments.first().cloned().unwrap_or(Value::Null);
        match (class, name) {
            ("digest", "computehash") => {
                if first.is_unknown() {
                    return Ok(Some(first));
                }
                let algorithm =
                    self.named_entry(id, "name").map(|it| self.text_of(&it)).unwrap_or_default();
                let bytes = self.bytes_of(&first);
                self.run.steps(bytes.len() as u64 / 64)?;
                let key = self.named_entry(id, "key").unwrap_or(Value::Null);
                let key = self.bytes_of(&key);
                let made = digest(&algorithm, &bytes).or_else(|| keyed(&algorithm, &key, &bytes));
                Ok(made.map(Value::bytes))
            }
            ("keymaker", "getbytes") => {
                let count =
                    self.int_of(&first).and_then(|it| usize::try_from(it).ok()).unwrap_or(0);
                self.key_bytes(id, count).map(Some)
            }
            (
                "security.cryptography.aes"
                | "security.cryptography.rijndael"
                | "security.cryptography.tripledes"
                | "security.cryptography.des",
                "createdecryptor" | "createencryptor",
            ) => {
                let cipher = class.rsplit('.').next().unwrap_or_default();
                Ok(Some(self.transform(id, cipher, name == "createencryptor", arguments)))
            }
            _ => Ok(None),
        }
    }

    /// The next bytes of a key made of a password (PBKDF2).
    fn key_bytes(&mut self, id: usize, count: usize) -> Eval<Value> {
        let entry = |it: &Self, name: &str| it.named_entry(id, name).unwrap_or(Value::Null);
        let (password, salt) = (entry(self, "password"), entry(self, "salt"));
        let (password, salt) = (self.bytes_of(&password), self.bytes_of(&salt));
        let rounds = self.int_of(&entry(self, "rounds")).unwrap_or(1000);
        let at = self.int_of(&entry(self, "at")).and_then(|it| usize::try_from(it).ok());
        let at = at.unwrap_or(0);
        let end = at.saturating_add(count);
        let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
        if !(1..=ROUNDS_MAX).contains(&rounds) || end > KEY_BYTES_MAX {
            self.run.note("powershell: a key takes too long to make");
            return Ok(Value::Unknown(None));
        }
        self.run.steps(u64::from(rounds) * (1 + end as u64 / 20))?;
        let hash = self.text_of(&entry(self, "hash")).to_ascii_lowercase().replace('-', "");
        let mut key = stretched(&hash, &password, &salt, rounds, end);
        self.set_entry(id, Value::text("at"), Value::Int(end as i64));
        Ok(Value::bytes(key.split_off(at)))
    }
}

#[cfg(test)]
mod tests {
    use super::algorithm;

    #[test]
    fn names_of_types_tell_of_algorithms() {
        for name in ["sha256", "sha256managed", "sha256cng", "sha256cryptoserviceprovider"] {
            assert_eq!(algorithm(&format!("security.cryptography.{name}")), "sha256");
        }
    }
}
