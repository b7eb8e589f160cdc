//! The commented default configuration, written from the types: every key with its
//! doc comment and default.

use crate::config::Config;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use utoipa::{PartialSchema, ToSchema};

/// The default configuration file, with the meaning of each key above it.
pub(crate) fn default_file() -> String {
    let mut named = Vec::new();
    Config::schemas(&mut named);
    let types = named
        .into_iter()
        .map(|(name, schema)| (name, serde_json::to_value(schema).expect("a schema is JSON")))
        .collect();
    let schema = serde_json::to_value(Config::schema()).expect("a schema is JSON");
    let values = serde_json::to_value(Config::default()).expect("the configuration is JSON");
    let mut out = String::from(
        "# The configuration of ukai: every key with its meaning and default.\n\
         # `ukai config check FILE` checks a file of yours; it needs only the keys you change.\n\n",
    );
    Writer { types, out: &mut out }.table("", &schema, &values);
    while out.ends_with("\n\n") {
        out.pop();
    }
    out
}

struct Writer<'a> {
    types: BTreeMap<String, Value>,
    out: &'a mut String,
}

impl Writer<'_> {
    /// Writes a table: plain keys first, then the tables in it, as TOML demands.
    fn table(&mut self, path: &str, schema: &Value, values: &Value) {
        let properties = self.properties(schema);
        let empty = Map::new();
        let values = values.as_object().unwrap_or(&empty);
        let mut tables = Vec::new();
        for (name, property) in &properties {
            match values.get(name) {
                Some(Value::Object(_)) => tables.push((name, property)),
                Some(Value::Array(items)) if items.iter().any(Value::is_object) => {
                    tables.push((name, property));
                }
                Some(value) if !value.is_null() => {
                    self.comment(property);
                    let _ = writeln!(self.out, "{name} = {}\n", inline(value));
                }
                _ => {
                    self.comment(property);
                    let _ = writeln!(self.out, "# {name} = (not set)\n");
                }
            }
        }
        for (name, property) in tables {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match &values[name] {
                Value::Array(items) => {
                    self.comment(property);
                    let item = property["items"].clone();
                    for (number, one) in items.iter().enumerate() {
                        let _ = writeln!(self.out, "[[{path}]]");
                        if number == 0 {
                            self.table(&path, &item, one);
                        } else {
                            self.bare(one);
                        }
                    }
                }
                value => {
                    self.comment(property);
                    let _ = writeln!(self.out, "[{path}]");
                    self.table(&path, property, value);
                }
            }
        }
    }

    /// A further element of a list of tables: its keys were explained at the first.
    fn bare(&mut self, value: &Value) {
        for (name, value) in value.as_object().into_iter().flatten() {
            if !value.is_null() {
                let _ = writeln!(self.out, "{name} = {}", inline(value));
            }
        }
        self.out.push('\n');
    }

    fn comment(&mut self, schema: &Value) {
        let about = schema["description"].as_str().map(str::to_owned).or_else(|| {
            let alternatives = schema["oneOf"].as_array().or(schema["allOf"].as_array())?;
            alternatives.iter().find_map(|one| {
                one["description"].as_str().map(str::to_owned).or_else(|| {
                    self.named(one)
                        .and_then(|named| named["description"].as_str().map(str::to_owned))
                })
            })
        });
        let about =
            about.or_else(|| self.named(schema)?["description"].as_str().map(str::to_owned));
        for line in about.unwrap_or_default().lines() {
            let _ = writeln!(self.out, "{}", format!("# {line}").trim_end());
        }
    }

    fn named(&self, schema: &Value) -> Option<&Value> {
        self.types.get(schema["$ref"].as_str()?.rsplit('/').next()?)
    }

    /// The properties of a table, through references and alternatives.
    fn properties(&self, schema: &Value) -> Vec<(String, Value)> {
        if let Some(named) = self.named(schema) {
            return self.properties(named);
        }
        if let Some(properties) = schema["properties"].as_object() {
            return properties
                .iter()
                .map(|(name, schema)| (name.clone(), schema.clone()))
                .collect();
        }
        let alternatives = schema["oneOf"].as_array().or(schema["allOf"].as_array());
        alternatives
            .into_iter()
            .flatten()
            .map(|one| self.properties(one))
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }
}

/// A value in TOML's inline form.
fn inline(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let fields = map.iter().filter(|(_, value)| !value.is_null());
            let fields: Vec<_> =
                fields.map(|(name, value)| format!("{name} = {}", inline(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => toml::Value::String(text.clone()).to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::default_file;
    use crate::config::Config;

    #[test]
    fn the_default_file_is_the_default_configuration() {
        let parsed = Config::parse(&default_file()).expect("the default file is valid");
        assert_eq!(parsed, Config::default());
    }

    #[test]
    fn every_key_says_what_it_means() {
        let text = default_file();
        let mut above = "";
        for line in text.lines() {
            // Further elements of a list are explained at the first.
            let key = line.split(" = ").next().unwrap_or_default();
            if line.contains(" = ") && !line.starts_with("# ") {
                assert!(
                    above.starts_with('#') || text.matches(&format!("\n{key} = ")).count() > 1,
                    "no doc comment above {line:?}"
                );
            }
            above = line;
        }
    }

    #[test]
    fn the_shipped_file_is_fresh() {
        let shipped = include_str!("../../../docs/ukai.toml");
        assert!(shipped == default_file(), "docs/ukai.toml is stale: run `make docs`");
    }
}
