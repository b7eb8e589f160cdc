//! Data as text: JSON, CSV, names with values, XML; and the objects that they become.

use super::commands::Arguments;
use super::convert::failed;
use super::eval::{Eval, Interpreter};
use super::value::{Object, State, Value};

/// Nodes of one document that are kept.
const NODES_MAX: u32 = 20_000;
/// Columns of a table.
const COLUMNS_MAX: usize = 256;

impl Interpreter<'_, '_> {
    /// Whether it was a command for one of these.
    pub(super) fn record_command(
        &mut self,
        name: &str,
        arguments: &Arguments,
        input: &Option<Vec<Value>>,
        out: &mut Vec<Value>,
    ) -> Eval<bool> {
        let given = |it: &Self| -> Vec<Value> {
            match arguments.get(&["inputobject", "stringdata"], 0) {
                Some(value) => it.items_of(value),
                None => input.clone().unwrap_or_default(),
            }
        };
        match name {
            "convertfrom-json" => {
                let items = given(self);
                if let Some(unknown) = items.iter().find(|it| it.is_unknown()) {
                    out.push(unknown.clone());
                    return Ok(true);
                }
                let text = self.lines(&items);
                self.run.steps(text.len() as u64 / 16)?;
                let Ok(json) = serde_json::from_str::<serde_json::Value>(text.trim()) else {
                    return Err(failed("json"));
                };
                let class =
                    if arguments.has("ashashtable") { "hashtable" } else { "pscustomobject" };
                let value = self.read_json(&json, class)?;
                self.put_out(value, out);
            }
            "convertto-json" => {
                let items = given(self);
                let value = Value::from_output(items);
                if value.is_unknown() {
                    out.push(value);
                    return Ok(true);
                }
                let depth = arguments.named(&["depth"]).and_then(|it| self.int_of(it)).unwrap_or(4);
                let json = self.write_json(&value, depth.clamp(0, 20) as usize)?;
                let text =
                    if arguments.has("compress") { json.to_string() } else { format!("{json:#}") };
                self.fits(text.len())?;
                out.push(Value::text(text));
            }
            "convertfrom-csv" | "import-csv" => {
                let text = if name == "import-csv" {
                    let path = arguments.get(&["path", "literalpath"], 0);
                    let path = path.map(|it| self.text_of(it)).unwrap_or_default();
                    match self.read_file(&path, false) {
                        Value::Text(text) => text.as_str().to_owned(),
                        other => {
                            out.push(other);
                            return Ok(true);
                        }
                    }
                } else {
                    let items = given(self);
                    self.lines(&items)
                };
                let mark = arguments.named(&["delimiter"]).map(|it| self.text_of(it));
                let mark = mark.and_then(|it| it.chars().next()).unwrap_or(',');
                let header: Option<Vec<String>> = arguments
                    .named(&["header"])
                    .map(|it| self.items_of(it).iter().map(|it| self.text_of(it)).collect());
                self.rows(&text, mark, header, out)?;
            }
            "convertfrom-stringdata" => {
                let items = given(self);
                let text = self.lines(&items);
                let id = self.new_object(Object::new("hashtable", State::None));
                for line in text.lines().map(str::trim).filter(|it| !it.starts_with('#')) {
                    self.run.step()?;
                    if let Some((key, value)) = line.split_once('=') {
                        let value = super::statics::unescaped(value.trim());
                        self.set_entry(id, Value::text(key.trim()), Value::text(value));
                    }
                }
                out.push(Value::Object(id));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn read_json(&mut self, json: &serde_json::Value, class: &str) -> Eval<Value> {
        self.run.step()?;
        Ok(match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(*value),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(value) => Value::Int(value),
                None => Value::Double(number.as_f64().unwrap_or(0.0)),
            },
            serde_json::Value::String(text) => Value::text(text.as_str()),
            serde_json::Value::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    list.push(self.read_json(item, class)?);
                }
                Value::list(list)
            }
            serde_json::Value::Object(entries) => {
                let id = self.new_object(Object::new(class, State::None));
                for (key, value) in entries {
                    let value = self.read_json(value, class)?;
                    self.set_entry(id, Value::text(key.as_str()), value);
                }
                Value::Object(id)
            }
        })
    }

    fn write_json(&mut self, value: &Value, depth: usize) -> Eval<serde_json::Value> {
        use serde_json::Value as Json;
        self.run.step()?;
        Ok(match value {
            Value::Null | Value::Unknown(_) => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Int(value) => Json::from(*value),
            Value::Byte(value) => Json::from(*value),
            Value::Double(value) => Json::from(*value),
            Value::List(_) | Value::Bytes(_) if depth > 0 => {
                let mut items = Vec::new();
                for item in self.items_of(value) {
                    items.push(self.write_json(&item, depth - 1)?);
                }
                Json::Array(items)
            }
            Value::Object(id) if depth > 0 => {
                let Some(object) = self.heap.get(*id) else { return Ok(Json::Null) };
                if let State::Items(items) = &object.state {
                    let items = Value::list(items.clone());
                    return self.write_json(&items, depth);
                }
                let entries = object.entries.clone();
                if entries.is_empty() && &*object.class != "hashtable" {
                    return Ok(Json::String(self.text_of(value)));
                }
                let mut map = serde_json::Map::new();
                for (key, value) in entries {
                    let value = self.write_json(&value, depth - 1)?;
                    map.insert(self.text_of(&key), value);
                }
                Json::Object(map)
            }
            other => Json::String(self.text_of(other)),
        })
    }

    fn rows(
        &mut self,
        text: &str,
        mark: char,
        header: Option<Vec<String>>,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        let mut lines = text.lines().filter(|it| !it.trim().is_empty() && !it.starts_with("#TYPE"));
        let Some(header) = header.or_else(|| lines.next().map(|it| cells(it, mark))) else {
            return Ok(());
        };
        for line in lines {
            self.run.steps(1 + line.len() as u64 / 16)?;
            let id = self.new_object(Object::new("pscustomobject", State::None));
            for (name, cell) in header.iter().zip(cells(line, mark)) {
                self.set_entry(id, Value::text(name.as_str()), Value::text(cell));
            }
            out.push(Value::Object(id));
        }
        Ok(())
    }

    /// `[xml]text`
    pub(super) fn xml(&mut self, text: &str) -> Eval<Value> {
        self.run.steps(text.len() as u64 / 8)?;
        let options = roxmltree::ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX };
        let Ok(document) = roxmltree::Document::parse_with_options(text.trim(), options) else {
            return Err(failed("xml"));
        };
        let whole = self.new_object(Object::new("xml.xmldocument", State::None));
        let root = document.root_element();
        let value = self.deeper(|it| it.xml_element(root))?.unwrap_or(Value::Null);
        self.set_entry(whole, Value::text(root.tag_name().name()), value.clone());
        self.set_entry(whole, Value::text("documentelement"), value);
        Ok(Value::Object(whole))
    }

    /// An element: its text alone where it has nothing else, else its attributes and children.
    fn xml_element(&mut self, node: roxmltree::Node<'_, '_>) -> Eval<Value> {
        self.run.step()?;
        let text: String =
            node.children().filter_map(|it| it.text().filter(|_| it.is_text())).collect();
        let children: Vec<_> = node.children().filter(roxmltree::Node::is_element).collect();
        if children.is_empty() && node.attributes().len() == 0 {
            return Ok(Value::text(text));
        }
        let id = self.new_object(Object::new("pscustomobject", State::None));
        for attribute in node.attributes() {
            self.set_entry(id, Value::text(attribute.name()), Value::text(attribute.value()));
        }
        if !text.trim().is_empty() {
            self.set_entry(id, Value::text("#text"), Value::text(text.as_str()));
        }
        self.set_entry(id, Value::text("innertext"), Value::text(text));
        for child in children {
            let name = Value::text(child.tag_name().name());
            let value = self.deeper(|it| it.xml_element(child))?.unwrap_or(Value::Null);
            // Several of one name are a list.
            let value = match self.entry(id, &name) {
                Some(Value::List(list)) => {
                    let mut items = list.items().to_vec();
                    items.push(value);
                    Value::list(items)
                }
                Some(first) => Value::list(vec![first, value]),
                None => value,
            };
            self.set_entry(id, name, value);
        }
        Ok(Value::Object(id))
    }
}

/// The cells of a line, in quotes or not.
fn cells(line: &str, mark: char) -> Vec<String> {
    let mut out = Vec::new();
    let mut cell = String::new();
    let mut in_quotes = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if in_quotes && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => in_quotes = !in_quotes,
            _ if c == mark && !in_quotes && out.len() < COLUMNS_MAX => {
                out.push(std::mem::take(&mut cell));
            }
            _ => cell.push(c),
        }
    }
    out.push(cell);
    out
}

#[cfg(test)]
mod tests {
    use super::cells;

    #[test]
    fn quotes_hold_cells_together() {
        assert_eq!(cells(r#"a,"b,""c",d"#, ','), ["a", "b,\"c", "d"]);
        assert_eq!(cells("", ','), [""]);
    }
}
