//! `[PowerShell]::Create()` and its runspaces: scripts and commands that are put together by
//! methods, and run.

use super::eval::{Eval, Interpreter};
use super::value::{Object, State, Value};
use std::rc::Rc;

/// The class of these objects.
const CLASS: &str = "management.automation.powershell";

impl Interpreter<'_, '_> {
    /// A method of one of these; none for others.
    pub(super) fn call_pipeline(
        &mut self,
        id: usize,
        class: &str,
        name: &str,
        arguments: &[Value],
    ) -> Eval<Option<Value>> {
        if class == "runspace" {
            return Ok(Some(match name {
                "createpipeline" => {
                    let object = Object::new(CLASS, State::Builder(String::new()));
                    let made = Value::Object(self.new_object(object));
                    if let (Value::Object(pipeline), Some(script)) = (&made, arguments.first()) {
                        self.add_script(*pipeline, script);
                    }
                    made
                }
                _ => Value::Null,
            }));
        }
        if class != CLASS {
            return Ok(None);
        }
        let first = arguments.first().cloned().unwrap_or(Value::Null);
        match name {
            "addscript" => self.add_script(id, &first),
            "addcommand" => {
                self.set_entry(id, Value::text("given"), Value::Null);
                let part = format!("\n& {}", self.quoted(&first));
                self.add_text(id, &part);
            }
            "addargument" | "addparameter" | "addparameters" if self.is_script(id) => {
                match (name, arguments.get(1)) {
                    ("addparameters", _) => {
                        for (key, value) in self.pairs(&first) {
                            self.give(id, (key, value));
                        }
                    }
                    ("addparameter", value) => {
                        let key = Value::text(self.text_of(&first));
                        let value = value.cloned().unwrap_or(Value::Bool(true));
                        self.give(id, (key, value));
                    }
                    _ => self.give(id, (Value::Null, first)),
                }
            }
            "addargument" => {
                let part = format!(" {}", self.quoted(&first));
                self.add_text(id, &part);
            }
            "addparameter" => {
                let name = self.text_of(&first);
                let part = match arguments.get(1) {
                    Some(value) => format!(" -{name}:{}", self.quoted(value)),
                    None => format!(" -{name}"),
                };
                self.add_text(id, &part);
            }
            "invoke" | "begininvoke" | "invokeasync" => return self.run_pipeline(id).map(Some),
            "endinvoke" => return Ok(Some(first)),
            _ => return Ok(None),
        }
        Ok(Some(Value::Object(id)))
    }

    fn quoted(&self, value: &Value) -> String {
        format!("'{}'", self.text_of(value).replace('\'', "''"))
    }

    fn pairs(&self, table: &Value) -> Vec<(Value, Value)> {
        match table {
            Value::Object(id) => {
                self.heap.get(*id).map(|it| it.entries.clone()).unwrap_or_default()
            }
            other => self.items_of(other).into_iter().map(|it| (Value::Null, it)).collect(),
        }
    }

    fn is_script(&self, id: usize) -> bool {
        matches!(self.named_entry(id, "given"), Some(Value::Object(_)))
    }

    fn add_script(&mut self, id: usize, script: &Value) {
        let given = self.new_object(Object::new("given", State::None));
        self.set_entry(id, Value::text("given"), Value::Object(given));
        let text = match script {
            Value::Script(block) => block.source.to_string(),
            other => self.text_of(other),
        };
        self.add_text(id, &format!("\n{text}"));
    }

    /// An argument for the script, with its name or without.
    fn give(&mut self, id: usize, argument: (Value, Value)) {
        let Some(Value::Object(given)) = self.named_entry(id, "given") else { return };
        if let Some(object) = self.heap.get_mut(given) {
            object.held.grow(2 * size_of::<Value>());
            object.entries.push(argument);
        }
    }

    fn add_text(&mut self, id: usize, more: &str) {
        if let Some(Object { state: State::Builder(script), held, .. }) = self.heap.get_mut(id) {
            held.grow(more.len());
            script.push_str(more);
        }
    }

    fn run_pipeline(&mut self, id: usize) -> Eval<Value> {
        let Some(Object { state: State::Builder(script), .. }) = self.heap.get_mut(id) else {
            return Ok(Value::Null);
        };
        let script = std::mem::take(script);
        let given = match self.named_entry(id, "given") {
            Some(Value::Object(given)) => {
                self.heap.get_mut(given).map(|it| std::mem::take(&mut it.entries))
            }
            _ => None,
        };
        let given = given.unwrap_or_default();
        if given.is_empty() {
            return self.invoke_expression(script.trim());
        }
        let Value::Script(block) = self.script_block(script.trim())? else {
            return Ok(Value::Null);
        };
        let given = given
            .into_iter()
            .map(|(key, value)| match key {
                Value::Text(name) => (Some(Rc::from(name.as_str())), value),
                _ => (None, value),
            })
            .collect();
        let out = self.call_block(&block, given, None, true)?;
        Ok(Value::from_output(out))
    }
}
