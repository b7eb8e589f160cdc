//! An object that keeps whatever is put into it: definitions of tasks, parameters of methods.

use super::{Com, Host, ObjectId, Value};

/// Properties of one bag.
const PROPERTIES_MAX: usize = 64;

/// Bags inside each other that a search goes into.
const SEARCH_DEPTH: usize = 6;

/// Properties by their names; what is not there yet is a bag too.
#[derive(Default)]
pub(super) struct Bag {
    properties: Vec<(String, Value)>,
    /// The class of management that it is an instance of.
    class: String,
}

impl Bag {
    /// An instance of a class, in lower case.
    pub(super) fn of_class(class: &str) -> Self {
        Self { properties: Vec::new(), class: class.to_owned() }
    }

    /// A consumer of events is put into the system: what it starts, or runs.
    fn put_consumer(&mut self, host: &mut Host) {
        let of = |it: &Self, name: &str| {
            it.properties.iter().find(|(known, _)| known == name).map(|it| it.1.clone())
        };
        if let Some(line) = of(self, "commandlinetemplate").or_else(|| of(self, "command")) {
            let line = host.text(&line);
            host.recorder.set(&self.class, &line);
        }
        if let Some(code) = of(self, "scripttext") {
            let code = host.text(&code);
            let engine = of(self, "scriptingengine").map(|it| host.text(&it)).unwrap_or_default();
            host.run_later(super::script_control::dialect(&engine), &code);
        }
    }

    fn child(&mut self, host: &mut Host, name: &str) -> Value {
        if let Some((_, value)) = self.properties.iter().find(|(known, _)| known == name) {
            return value.clone();
        }
        let child = host.add(Self::default());
        self.put(name, child.clone());
        child
    }

    fn put(&mut self, name: &str, value: Value) {
        if let Some(place) = self.properties.iter_mut().find(|(known, _)| known == name) {
            place.1 = value;
        } else if self.properties.len() < PROPERTIES_MAX {
            self.properties.push((name.to_owned(), value));
        }
    }
}

impl Com for Bag {
    fn get(&mut self, host: &mut Host, name: &str) -> Option<Value> {
        match name {
            "_items" => Some(Value::Array(self.properties.iter().map(|it| it.1.clone()).collect())),
            "_names" => Some(Value::Array(
                self.properties.iter().map(|it| Value::Text(it.0.clone())).collect(),
            )),
            "create" | "spawninstance_" | "clone" | "put_" => None,
            _ => Some(self.child(host, name)),
        }
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        match (name, arguments.first()) {
            ("put_", _) => {
                self.put_consumer(host);
                Value::Empty
            }
            // A property by its name: `Item("CommandLine")`.
            ("item" | "", Some(Value::Text(name))) => self.child(host, &name.to_ascii_lowercase()),
            ("", _) => Value::from(""),
            _ => self.child(host, name),
        }
    }

    fn set(&mut self, _: &mut Host, name: &str, index: &[Value], value: Value) {
        match (name, index.first()) {
            ("item" | "", Some(Value::Text(name))) => self.put(&name.to_ascii_lowercase(), value),
            _ => self.put(name, value),
        }
    }
}

/// The first property called `name` in a bag or in those inside it, as text.
pub(super) fn search(host: &mut Host, bag: ObjectId, name: &str) -> Option<String> {
    search_in(host, bag, name, SEARCH_DEPTH)
}

fn search_in(host: &mut Host, bag: ObjectId, name: &str, depth: usize) -> Option<String> {
    let Some(Value::Array(names)) = host.get(bag, "_names") else { return None };
    let Some(Value::Array(values)) = host.get(bag, "_items") else { return None };
    for (known, value) in names.iter().zip(&values) {
        match value {
            Value::Object(inner) if known.text() == name && depth > 0 => {
                // `Properties_.Item("CommandLine").Value`
                if let Some(found) = search_in(host, *inner, "value", 0) {
                    return Some(found);
                }
            }
            Value::Object(_) => {}
            _ if known.text() == name => return Some(value.text()),
            _ => {}
        }
    }
    for value in &values {
        if let (Value::Object(inner), true) = (value, depth > 0)
            && let Some(found) = search_in(host, *inner, name, depth - 1)
        {
            return Some(found);
        }
    }
    None
}
