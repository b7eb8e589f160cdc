//! Perl's packages: what is blessed, and whose methods are called.

use super::machine::{Machine, Value};
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

    /// The package whose methods a value has.
    pub(super) fn package_of(&self, this: &Value) -> Option<String> {
        Some(match this {
            Value::Str(class) => String::from_utf8_lossy(class).into_owned(),
            other => String::from_utf8_lossy(&self.class_of(other)?).into_owned(),
        })
    }

    /// The sub that a method of a thing, or of a package, is.
    pub(super) fn method_sub(&self, this: &Value, name: &str) -> Option<Value> {
        if let Some((class, name)) = name.rsplit_once("::") {
            if class != "SUPER" {
                return self.method_of(class, name, 0);
            }
            let parents = self.parents(&self.package);
            return parents.iter().find_map(|class| self.method_of(class, name, 1));
        }
        self.method_of(&self.package_of(this)?, name, 0)
    }

    fn method_of(&self, class: &str, name: &str, depth: usize) -> Option<Value> {
        let class = class.strip_prefix("::").unwrap_or(class);
        let whole = if class == "main" { name.to_owned() } else { format!("{class}::{name}") };
        if let Some(code) = self.subs.get(whole.as_str()) {
            return Some(Value::Code(*code));
        }
        if depth >= ANCESTORS_MAX {
            return None;
        }
        self.parents(class).iter().find_map(|parent| self.method_of(parent, name, depth + 1))
    }

    /// The packages that another one says in its `@ISA`.
    fn parents(&self, class: &str) -> Vec<String> {
        let whole = if class == "main" { "ISA".to_owned() } else { format!("{class}::ISA") };
        let id = self.array_there(&whole);
        id.map(|id| self.arrays[id].iter().map(Value::shown).collect()).unwrap_or_default()
    }

    /// `isa`
    pub(super) fn is_a(&self, this: &Value, class: &str) -> bool {
        let Some(own) = self.package_of(this) else { return false };
        let mut open = vec![own];
        for _ in 0..ANCESTORS_MAX * ANCESTORS_MAX {
            let Some(next) = open.pop() else { return false };
            if next == class {
                return true;
            }
            open.extend(self.parents(&next));
        }
        false
    }
}

/// What tells a thing from others.
fn key(value: &Value) -> Option<(u8, usize)> {
    Some(match value {
        Value::Array(id) => (b'@', *id),
        Value::Hash(id) => (b'%', *id),
        Value::Scalar(id) => (b'$', *id),
        Value::Code(id) => (b'&', *id),
        _ => return None,
    })
}
