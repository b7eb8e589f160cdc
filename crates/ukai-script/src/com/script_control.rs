//! `MSScriptControl.ScriptControl` and `htmlfile`: scripts inside a script, and their values.

use super::{Asked, Com, Host, Value, text_at};
use crate::report::Dialect;
use std::cell::RefCell;
use std::fmt::Write;
use std::rc::Rc;

/// Code that one control is given, in bytes.
const CODE_BYTES_MAX: usize = 1 << 20;

/// What a control was told.
struct State {
    dialect: Dialect,
    /// All code that it was given, for whoever asks for a value later.
    code: String,
}

/// The control, or the window of a page.
pub(super) struct ScriptControl {
    state: Rc<RefCell<State>>,
    /// Whether names that it does not know are those of the script's own.
    shows_names: bool,
}

impl ScriptControl {
    /// Of which the language is not set yet.
    pub(super) fn new() -> Self {
        let state = State { dialect: Dialect::VbScript, code: String::new() };
        Self { state: Rc::new(RefCell::new(state)), shows_names: false }
    }

    /// `htmlfile`: a page, whose scripts are JScript unless they say otherwise.
    pub(super) fn page() -> Self {
        let state = State { dialect: Dialect::JavaScript, code: String::new() };
        Self { state: Rc::new(RefCell::new(state)), shows_names: true }
    }

    fn add(&self, host: &mut Host, dialect: Dialect, text: &str) {
        host.run_later(dialect, text);
        let mut state = self.state.borrow_mut();
        if state.dialect == dialect
            && state.code.len() + text.len() < CODE_BYTES_MAX
            && host.holds(text.len())
        {
            state.code.push_str(text);
            state.code.push('\n');
        }
    }

    /// The value of an expression is asked for, in the control's language.
    fn ask(&self, host: &mut Host, expression: String) -> Value {
        let state = self.state.borrow();
        host.asked = Some(Asked { dialect: state.dialect, code: state.code.clone(), expression });
        Value::Unknown
    }

    /// A name of the script's, in any case, called with arguments if there are any.
    fn ask_name(&self, host: &mut Host, name: &str, arguments: Option<&[Value]>) -> Value {
        let dialect = self.state.borrow().dialect;
        let mut expression = match dialect {
            Dialect::JavaScript => format!(
                "(Object.getOwnPropertyNames(globalThis).filter(function (n) {{ return n.toLowerCase() === {}; }}).map(function (n) {{ return globalThis[n]; }})[0])",
                literal(dialect, &name.to_lowercase())
            ),
            _ => name.to_owned(),
        };
        if let Some(arguments) = arguments {
            let texts: Vec<String> = arguments
                .iter()
                .map(|it| match it {
                    Value::Number(_) | Value::Bool(_) => it.text().to_lowercase(),
                    other => literal(dialect, &host.text(other)),
                })
                .collect();
            let _ = write!(expression, "({})", texts.join(", "));
        }
        self.ask(host, expression)
    }

    /// Markup that is written into a page: its scripts run.
    fn write(&self, host: &mut Host, markup: &str) {
        host.recorder.remark(super::bytes_of(markup));
        for (dialect, code) in super::dom::scripts(markup) {
            self.add(host, dialect, &code);
        }
    }
}

impl Com for ScriptControl {
    fn get(&mut self, host: &mut Host, name: &str) -> Option<Value> {
        match name {
            "language" => Some(Value::from(self.state.borrow().dialect.name())),
            "error" | "modules" | "procedures" | "clipboarddata" | "body" | "documentelement"
            | "location" => Some(Value::Unknown),
            "parentwindow" | "script" | "codeobject" | "defaultview" => {
                Some(host.add(Self { state: Rc::clone(&self.state), shows_names: true }))
            }
            "document" => Some(
                host.add(Self { state: Rc::clone(&self.state), shows_names: self.shows_names }),
            ),
            "close" | "open" | "reset" | "" => None,
            _ if self.shows_names
                && !self.state.borrow().code.is_empty()
                && !METHODS.contains(&name) =>
            {
                Some(self.ask_name(host, name, None))
            }
            _ => None,
        }
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        let text = text_at(host, arguments, 0);
        let own = self.state.borrow().dialect;
        match name {
            "addcode" | "executestatement" => self.add(host, own, &text),
            "eval" => {
                if host.evaluated(own, &text) {
                    return self.ask(host, text);
                }
            }
            "run" => {
                return self.ask_name(host, &text, Some(arguments.get(1..).unwrap_or_default()));
            }
            // `htmlfile`: parentWindow.execScript(code, language).
            "execscript" => {
                let language = text_at(host, arguments, 1);
                self.add(host, dialect(&language), &text);
            }
            "write" | "writeln" | "ihtmldocument2_write" => self.write(host, &text),
            "close" | "open" | "reset" | "addobject" => {}
            "" => return Value::from(""),
            _ if self.shows_names && !self.state.borrow().code.is_empty() => {
                return self.ask_name(host, name, Some(arguments));
            }
            _ => return self.get(host, name).unwrap_or(Value::Unknown),
        }
        Value::Unknown
    }

    fn set(&mut self, host: &mut Host, name: &str, _: &[Value], value: Value) {
        match name {
            "language" => self.state.borrow_mut().dialect = dialect(&host.text(&value)),
            "innerhtml" | "outerhtml" => {
                let markup = host.text(&value);
                self.write(host, &markup);
            }
            _ => {}
        }
    }
}

/// Methods, which have no value without arguments.
const METHODS: &[&str] = &[
    "addcode",
    "executestatement",
    "eval",
    "run",
    "execscript",
    "write",
    "writeln",
    "addobject",
    "ihtmldocument2_write",
    "getelementbyid",
    "createelement",
];

/// The language of a script, by its name: JScript unless it is one of Visual Basic's.
pub(super) fn dialect(language: &str) -> Dialect {
    if language.to_ascii_lowercase().contains("vb") {
        Dialect::VbScript
    } else {
        Dialect::JavaScript
    }
}

/// A text as its language writes it.
fn literal(dialect: Dialect, text: &str) -> String {
    let mut out = String::from("\"");
    for unit in text.encode_utf16() {
        let letter = u8::try_from(unit).ok().map(char::from);
        match (letter, dialect) {
            (Some('"'), Dialect::VbScript) => out.push_str("\"\""),
            (Some(c), _) if (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\') => {
                out.push(c);
            }
            (Some('\\'), Dialect::VbScript) => out.push('\\'),
            (_, Dialect::VbScript) => {
                let _ = write!(out, "\" & ChrW({unit}) & \"");
            }
            _ => {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out.push('"');
    out
}
