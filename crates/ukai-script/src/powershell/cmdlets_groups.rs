//! Commands that sort, group, measure, compare and choose from what flows through pipelines.

use super::commands::Arguments;
use super::eval::{Eval, Interpreter};
use super::operators::double_of;
use super::value::{Object, State, Value};

/// Groups that are made.
const GROUPS_MAX: usize = 10_000;

impl Interpreter<'_, '_> {
    /// Whether it was one of these.
    pub(super) fn group_command(
        &mut self,
        name: &str,
        arguments: &Arguments,
        input: &Option<Vec<Value>>,
        out: &mut Vec<Value>,
    ) -> Eval<bool> {
        let items = match arguments.named(&["inputobject"]) {
            Some(value) => self.items_of(value),
            None => input.clone().unwrap_or_default(),
        };
        match name {
            "select-object" => self.select(arguments, items, out)?,
            "sort-object" => self.sort(arguments, items, out)?,
            "group-object" => self.group(arguments, items, out)?,
            "measure-object" => {
                let made = self.measure(arguments, items)?;
                out.push(made);
            }
            "compare-object" => {
                let of = |it: &Self, names: &[&str], place| {
                    arguments.get(names, place).map(|it2| it.items_of(it2)).unwrap_or_default()
                };
                let (before, after) =
                    (of(self, &["referenceobject"], 0), of(self, &["differenceobject"], 1));
                for (ones, others, side) in [(&after, &before, "=>"), (&before, &after, "<=")] {
                    for one in ones {
                        self.run.steps(1 + others.len() as u64 / 8)?;
                        if others.iter().any(|it| self.equals(it, one, true)) {
                            continue;
                        }
                        let mut object = Object::new("pscustomobject", State::None);
                        object.entries.push((Value::text("inputobject"), one.clone()));
                        object.entries.push((Value::text("sideindicator"), Value::text(side)));
                        out.push(Value::Object(self.new_object(object)));
                    }
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What an item is by a property, a script block or a table with `Expression`.
    fn column(&mut self, column: &Value, item: &Value) -> Eval<(String, Value)> {
        match column {
            Value::Script(block) => {
                self.assign_plain("_", item.clone());
                let made = self.call_block(block, Vec::new(), None, false)?;
                Ok((block.source.trim().to_owned(), Value::from_output(made)))
            }
            Value::Object(id) => {
                let entries = self.heap.get(*id).map(|it| it.entries.clone()).unwrap_or_default();
                let part = |it: &Self, full: &str| {
                    let is_short = |key: &str| !key.is_empty() && full.starts_with(key);
                    let found = entries
                        .iter()
                        .find(|(key, _)| is_short(&it.text_of(key).to_ascii_lowercase()));
                    found.map(|entry| entry.1.clone())
                };
                let name = part(self, "name").or_else(|| part(self, "label"));
                let name = name.map(|it| self.text_of(&it));
                let expression = part(self, "expression").unwrap_or(Value::Null);
                let made = match expression {
                    Value::Object(_) => return Ok((String::new(), Value::Null)),
                    other => self.deeper(|it| it.column(&other, item))?,
                };
                let (own, value) = made.unwrap_or((String::new(), Value::Null));
                Ok((name.unwrap_or(own), value))
            }
            other => {
                let name = self.text_of(other);
                let value = self.member(item.clone(), &name.to_ascii_lowercase())?;
                Ok((name, value))
            }
        }
    }

    /// What an item is by several of them.
    fn key_of(&mut self, columns: &[Value], item: &Value) -> Eval<Vec<Value>> {
        if columns.is_empty() {
            return Ok(vec![item.clone()]);
        }
        let mut key = Vec::with_capacity(columns.len());
        for column in columns {
            key.push(self.column(column, item)?.1);
        }
        Ok(key)
    }

    fn columns(&self, arguments: &Arguments) -> Vec<Value> {
        arguments.get(&["property"], 0).map(|it| self.items_of(it)).unwrap_or_default()
    }

    fn sort(&mut self, arguments: &Arguments, items: Vec<Value>, out: &mut Vec<Value>) -> Eval<()> {
        self.run.steps(items.len() as u64)?;
        let columns = self.columns(arguments);
        let before = self.scope_value("_");
        let mut keyed = Vec::with_capacity(items.len());
        for item in items {
            keyed.push((self.key_of(&columns, &item)?, item));
        }
        if let Some(before) = before {
            self.assign_plain("_", before);
        }
        keyed.sort_by(|a, b| {
            let orders = a.0.iter().zip(&b.0).map(|(a, b)| self.order(a, b));
            orders.flatten().find(|it| it.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
        });
        if arguments.has("descending") {
            keyed.reverse();
        }
        if arguments.has("unique") {
            keyed.dedup_by(|a, b| a.0.iter().zip(&b.0).all(|(a, b)| self.equals(a, b, true)));
        }
        out.extend(keyed.into_iter().map(|it| it.1));
        Ok(())
    }

    fn group(
        &mut self,
        arguments: &Arguments,
        items: Vec<Value>,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        let columns = self.columns(arguments);
        let mut groups: Vec<(String, Vec<Value>)> = Vec::new();
        for item in items {
            let key = self.key_of(&columns, &item)?;
            let texts: Vec<String> = key.iter().map(|it| self.text_of(it)).collect();
            let name = texts.join(", ");
            self.run.steps(1 + groups.len() as u64 / 8)?;
            let known = groups.iter().position(|it| it.0.eq_ignore_ascii_case(&name));
            let has_room = groups.len() < GROUPS_MAX;
            match known.and_then(|at| groups.get_mut(at)) {
                Some(group) => group.1.push(item),
                None if has_room => groups.push((name, vec![item])),
                None => {}
            }
        }
        for (name, items) in groups {
            let mut object = Object::new("pscustomobject", State::None);
            object.entries.push((Value::text("count"), Value::Int(items.len() as i64)));
            object.entries.push((Value::text("name"), Value::text(name)));
            object.entries.push((Value::text("group"), Value::list(items)));
            out.push(Value::Object(self.new_object(object)));
        }
        Ok(())
    }

    fn measure(&mut self, arguments: &Arguments, items: Vec<Value>) -> Eval<Value> {
        let columns = self.columns(arguments);
        let mut numbers = Vec::with_capacity(items.len());
        let mut characters = 0;
        for item in &items {
            self.run.step()?;
            let value = match columns.first() {
                Some(column) => self.column(column, item)?.1,
                None => item.clone(),
            };
            characters += self.length(item);
            numbers.extend(double_of(&self.number_of(&value)));
        }
        let whole = |value: f64| {
            if value.fract() == 0.0 && value.abs() < 9e15 {
                Value::Int(value as i64)
            } else {
                Value::Double(value)
            }
        };
        let sum: f64 = numbers.iter().sum();
        let mut object = Object::new("bag", State::None);
        for (name, value) in [
            ("count", Value::Int(items.len() as i64)),
            ("lines", Value::Int(items.len() as i64)),
            ("characters", Value::Int(characters as i64)),
            ("sum", whole(sum)),
            ("average", whole(sum / (numbers.len().max(1) as f64))),
            ("minimum", whole(numbers.iter().copied().fold(f64::INFINITY, f64::min))),
            ("maximum", whole(numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max))),
        ] {
            object.entries.push((Value::text(name), value));
        }
        Ok(Value::Object(self.new_object(object)))
    }

    fn select(
        &mut self,
        arguments: &Arguments,
        mut items: Vec<Value>,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        let count = |it: &Self, name: &str| {
            arguments
                .named(&[name])
                .and_then(|value| it.int_of(value))
                .and_then(|it| usize::try_from(it).ok())
        };
        if let Some(skip) = count(self, "skip") {
            items.drain(..skip.min(items.len()));
        }
        if let Some(first) = count(self, "first") {
            items.truncate(first);
        }
        if let Some(skipped) = count(self, "skiplast") {
            items.truncate(items.len().saturating_sub(skipped));
        }
        if let Some(last) = count(self, "last") {
            items.drain(..items.len().saturating_sub(last));
        }
        if let Some(indices) = arguments.named(&["index"]).cloned() {
            let all = Value::list(items);
            let picked = self.index(&all, &indices)?;
            items = self.items_of(&picked);
        }
        if arguments.has("unique") {
            let mut seen = std::collections::HashSet::new();
            items.retain(|it| seen.insert(self.text_of(it)));
        }
        if let Some(property) = arguments.named(&["expandproperty"]) {
            let property = self.text_of(property).to_ascii_lowercase();
            for item in items {
                let value = self.member(item, &property)?;
                self.put_out(value, out);
            }
            return Ok(());
        }
        let columns = match arguments.get(&["property"], 0) {
            Some(columns) => self.items_of(columns),
            None => Vec::new(),
        };
        let is_worked_out = |it: &Value| matches!(it, Value::Object(_) | Value::Script(_));
        if !columns.iter().any(is_worked_out) {
            out.append(&mut items);
            return Ok(());
        }
        for item in items {
            let id = self.new_object(Object::new("pscustomobject", State::None));
            for column in &columns {
                let (name, value) = self.column(column, &item)?;
                self.set_entry(id, Value::text(name), value);
            }
            out.push(Value::Object(id));
        }
        Ok(())
    }
}
