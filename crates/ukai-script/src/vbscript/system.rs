//! Functions that reach out: objects, programs, text that is run.

use super::super::com;
use super::super::report::Dialect;
use super::machine::{Machine, Stop};
use super::strings::{at, whole_at};
use super::value::Value;
use crate::machine::variable;
use bytes::Bytes;
use std::rc::Rc;

/// Functions that are meant where they are called by their library: `VBA.Chr(65)`.
pub(super) const QUALIFIED: &[&str] = &[
    "chr",
    "chrw",
    "asc",
    "ascw",
    "mid",
    "left",
    "right",
    "len",
    "instr",
    "replace",
    "split",
    "join",
    "strreverse",
    "ucase",
    "lcase",
    "trim",
    "space",
    "string",
    "hex",
    "cint",
    "clng",
    "cstr",
    "cbyte",
    "val",
    "createobject",
    "getobject",
    "shell",
    "environ",
    "strconv",
    "array",
    "callbyname",
    "xor",
    "ubound",
    "lbound",
    "int",
    "abs",
];

impl Machine {
    /// A function of the language; none if there is none of that name.
    pub(super) fn function(
        &mut self,
        name: &str,
        arguments: &[Value],
    ) -> Result<Option<Value>, Stop> {
        if let Some(value) = self.text_function(name, arguments)? {
            return Ok(Some(value));
        }
        if let Some(value) = self.number_function(name, arguments)? {
            return Ok(Some(value));
        }
        if let Some(value) = self.file_function(name, arguments)? {
            return Ok(Some(value));
        }
        let first = at(arguments, 0);
        Ok(Some(match name {
            "createobject" => {
                let progid = self.say(first)?;
                if progid.eq_ignore_ascii_case("vbscript.regexp") {
                    return self.make_pattern().map(Some);
                }
                let object = self.host().create(&progid);
                self.inward(object)?
            }
            "getobject" => {
                let moniker = self.say(first)?;
                let object = if moniker.is_empty() {
                    let progid = self.say(at(arguments, 1))?;
                    self.host().create(&progid)
                } else {
                    self.host().get_object(&moniker)
                };
                self.inward(object)?
            }
            "getref" => {
                let name = self.say(first)?.to_lowercase();
                Value::Procedure(name.into())
            }
            "execute" | "executeglobal" => {
                let text = self.say(first)?;
                self.run_text(&text)?;
                Value::Empty
            }
            "eval" => {
                let text = self.say(first)?;
                self.value_of_text(&text)?
            }
            "msgbox" => {
                let text = self.say(first)?;
                self.host().recorder.remark(Bytes::from(text));
                // Yes where it is asked, else OK.
                let asks = matches!(whole_at(arguments, 1, 0) & 7, 3 | 4);
                Value::Whole(if asks { 6 } else { 1 })
            }
            "inputbox" => {
                let text = self.say(first)?;
                self.host().recorder.remark(Bytes::from(text));
                match at(arguments, 2) {
                    Value::Missing => self.text("")?,
                    default => default.clone(),
                }
            }
            "shell" => {
                let line = self.say(first)?;
                self.host().start(&line);
                Value::Whole(4712)
            }
            "environ" => {
                let name = self.say(first)?;
                self.text(variable(name.trim_end_matches('=')).unwrap_or_default())?
            }
            "callbyname" => {
                let name = self.say(at(arguments, 1))?.to_lowercase();
                let kind = whole_at(arguments, 2, 1);
                let rest = arguments.get(3..).unwrap_or_default().to_vec();
                match (kind, rest.last().cloned()) {
                    (4 | 8, Some(value)) => {
                        let index = rest.get(..rest.len() - 1).unwrap_or_default().to_vec();
                        self.set_member(first, &name, index, value)?;
                        Value::Empty
                    }
                    _ => self.member(first, &name, rest)?,
                }
            }
            "iif" => match first.truth() {
                Some(true) => at(arguments, 1).clone(),
                Some(false) => at(arguments, 2).clone(),
                None => Value::Unknown,
            },
            "choose" => {
                let index = usize::try_from(whole_at(arguments, 0, 0)).unwrap_or(0);
                arguments.get(index.max(1)).cloned().unwrap_or(Value::Null)
            }
            "format" => {
                let text = self.say(first)?;
                self.text(&text)?
            }
            "getlocale" | "setlocale" => Value::Whole(1033),
            "scriptengine" => self.text("VBScript")?,
            "scriptenginemajorversion" => Value::Whole(5),
            "scriptengineminorversion" => Value::Whole(8),
            "scriptenginebuildversion" => Value::Whole(16384),
            "end" => {
                self.host().quit = true;
                if !self.host().runs() {
                    return Err(Stop::End);
                }
                Value::Empty
            }
            "doevents" | "beep" | "load" | "unload" | "randomize" => Value::Empty,
            _ => return Ok(None),
        }))
    }

    /// Runs text that the script put together, in the place where it is.
    fn run_text(&mut self, text: &str) -> Result<(), Stop> {
        if !self.host().evaluated(Dialect::VbScript, text) {
            return Ok(());
        }
        self.charge(text.len() as u64 / 8)?;
        self.room(8 * text.len())?;
        self.call(|it| {
            let program = it.load(text);
            it.block(&program.body).map(|_| ())
        })
    }

    /// `Eval`: the value of an expression in text.
    fn value_of_text(&mut self, text: &str) -> Result<Value, Stop> {
        if !self.host().evaluated(Dialect::VbScript, text) {
            return Ok(Value::Unknown);
        }
        self.charge(text.len() as u64 / 8)?;
        self.room(8 * text.len())?;
        let result: Rc<str> = " eval".into();
        self.call(|it| {
            let program = it.load(&format!("[{result}] = {text}"));
            it.block(&program.body)?;
            let value = it.variable(&result).map(|place| std::mem::replace(place, Value::Empty));
            Ok(value.unwrap_or(Value::Unknown))
        })
    }

    /// Runs what objects were given to run.
    pub(super) fn run_pending(&mut self) -> Result<(), Stop> {
        let pending = self.host().take_pending();
        for (dialect, text) in pending {
            match dialect {
                Dialect::VbScript => self.call(|it| {
                    let program = it.load(&text);
                    it.block(&program.body).map(|_| ())
                })?,
                Dialect::JavaScript => {
                    let host = self.host.clone();
                    crate::javascript::run_inside(&text, &host);
                }
                Dialect::PowerShell | Dialect::Batch => {}
            }
        }
        Ok(())
    }

    /// The value that an object was asked for, if a script inside gives it.
    pub(super) fn asked(&mut self) -> Result<Option<Value>, Stop> {
        let Some(asked) = self.host().asked.take() else { return Ok(None) };
        if asked.dialect == Dialect::VbScript {
            return self.value_of_text(&asked.expression).map(Some);
        }
        let text = format!("{}\n;{}", asked.code, asked.expression);
        self.charge(1 + text.len() as u64 / 16)?;
        let host = self.host.clone();
        let value = crate::javascript::value_inside(&text, &host);
        self.inward(value).map(Some)
    }

    /// Calls a function of a library of Windows that the script declares.
    pub(super) fn library(&mut self, name: &str, arguments: &[Value]) -> Result<Value, Stop> {
        let Some(declare) = self.declares.get(name).cloned() else { return Ok(Value::Unknown) };
        let wide =
            declare.function.strip_suffix('w').or_else(|| declare.function.strip_suffix('a'));
        let known = |it: &str| &*declare.function == it || wide == Some(it);
        if known("urldownloadtofile") || known("urldownloadtocachefile") {
            let url = self.say(at(arguments, 1))?;
            let path = self.say(at(arguments, 2))?;
            let mut host = self.host();
            let content = host.fetch(&url);
            if content.from.is_some() {
                host.save(&path, content);
            }
            return Ok(Value::Whole(0));
        }
        if known("shellexecute") {
            let program = self.say(at(arguments, 2))?;
            let rest = self.say(at(arguments, 3))?;
            let line = if rest.is_empty() { program } else { format!("{program} {rest}") };
            self.host().recorder.run(&line);
            return Ok(Value::Whole(42));
        }
        if known("winexec") {
            let line = self.say(first_text(arguments))?;
            self.host().recorder.run(&line);
            return Ok(Value::Whole(42));
        }
        if known("createprocess") {
            let program = self.say(at(arguments, 0))?;
            let line = self.say(at(arguments, 1))?;
            let line = if line.is_empty() { program } else { line };
            self.host().recorder.run(&line);
            return Ok(Value::Whole(1));
        }
        if known("sleep") {
            let time = at(arguments, 0).number().unwrap_or(0.0);
            self.host().sleep(time);
            return Ok(Value::Empty);
        }
        if known("internetopenurl") {
            let url = self.say(at(arguments, 1))?;
            self.host().fetch(&url);
            return Ok(Value::Whole(1));
        }
        if known("internetconnect") {
            let server = self.say(at(arguments, 1))?;
            let port = u16::try_from(whole_at(arguments, 2, 0)).ok().filter(|it| *it != 0);
            self.host().recorder.connect(&server, port);
            return Ok(Value::Whole(1));
        }
        self.note(&format!("calls {} of {}", declare.function, declare.library));
        for argument in arguments {
            if let com::Value::Text(text) = self.outward(argument) {
                self.host().recorder.remark(Bytes::from(text));
            }
        }
        Ok(Value::Unknown)
    }
}

fn first_text(arguments: &[Value]) -> &Value {
    at(arguments, 0)
}
