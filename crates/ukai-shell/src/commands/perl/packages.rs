//! Perl's packages: what is blessed, and whose methods are called.

use super::run::{Machine, Value};
use bytes::Bytes;

/// Longest line of ancestors.
const ANCESTORS_MAX: usize = 16;

/// Most things that are blessed at once.
const BLESSED_MAX: usize = 10_000;

impl Machine<'_> {
    /// `bless`: the thing belongs to a package from now on.
    pub(super) fn bless(&mut self, values: &[Value]) -> Value {
        let this = values.first().cloned().unwrap_or(Value::Undef);
        let class = match values.get(1) {
            Some(class) => self.class_of(class).unwrap_or_else(|| class.text()),
            None => Bytes::from(self.package.to_string()),
        };
        if let Some(key) = key(&this)
            && self.blessed.len() < BLESSED_MAX
        {
            self.blessed.insert(key, class);
        }
        this
    }

    /// The package that a thing was blessed into.
    pub(super) fn class_of(&self, value: &Value) -> Option<Bytes> {
        self.blessed.get(&key(value)?).cloned()
    }

    /// The sub that a method of a thing, or of a package, is.
    pub(super) fn method_sub(&self, this: &Value, name: &str) -> Option<Value> {
        let own = match this {
            Value::Str(class) => String::from_utf8_lossy(class).into_owned(),
            other => String::from_utf8_lossy(&self.class_of(other)?).into_owned(),
        };
        let (mut class, name) = match name.strip_prefix("SUPER::") {
            Some(name) => (self.parent(&self.package)?, name),
            None => (own, name),
        };
        for _ in 0..ANCESTORS_MAX {
            if let Some(body) = self.subs.get(format!("{class}::{name}").as_str()) {
                return Some(Value::Code(body.clone()));
            }
            class = self.parent(&class)?;
        }
        None
    }

    /// The first package that another one says in its `@ISA`.
    fn parent(&self, class: &str) -> Option<String> {
        let id = self.array_there(&format!("{class}::ISA"))?;
        self.arrays[id].first().map(Value::shown)
    }
}

/// What tells a thing from others.
fn key(value: &Value) -> Option<(u8, usize)> {
    Some(match value {
        Value::Array(id) => (b'@', *id),
        Value::Hash(id) => (b'%', *id),
        _ => return None,
    })
}
