//! `MSScriptControl.ScriptControl` and `htmlfile`: scripts inside a script.

use super::{Com, Host, Value, text_at};
use crate::report::Dialect;

/// The control.
pub(super) struct ScriptControl {
    dialect: Dialect,
}

impl ScriptControl {
    /// Of which the language is not set yet.
    pub(super) fn new() -> Self {
        Self { dialect: Dialect::VbScript }
    }
}

impl Com for ScriptControl {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        match name {
            "language" => Some(Value::from(self.dialect.name())),
            "error" | "modules" | "procedures" => Some(Value::Unknown),
            _ => None,
        }
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        let text = text_at(host, arguments, 0);
        match name {
            "addcode" | "executestatement" | "eval" => host.run_later(self.dialect, &text),
            // `htmlfile`: parentWindow.execScript(code, language).
            "execscript" => {
                let language = text_at(host, arguments, 1);
                host.run_later(dialect(&language), &text);
            }
            "write" | "writeln" => host.recorder.remark(super::bytes_of(&text)),
            "parentwindow" => return host.add(Self { dialect: Dialect::JavaScript }),
            _ => return self.get(host, name).unwrap_or(Value::Unknown),
        }
        Value::Unknown
    }

    fn set(&mut self, host: &mut Host, name: &str, _: &[Value], value: Value) {
        if name == "language" {
            self.dialect = dialect(&host.text(&value));
        }
    }
}

fn dialect(language: &str) -> Dialect {
    if language.to_ascii_lowercase().contains("vb") {
        Dialect::VbScript
    } else {
        Dialect::JavaScript
    }
}
