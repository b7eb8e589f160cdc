//! Calls: procedures of the script, functions of the language, members of objects.

use super::super::com;
use super::ast::{Expression, Name, Procedure};
use super::machine::{Frame, INSTANCES_MAX, Instance, Machine, Stop};
use super::value::Value;
use std::rc::Rc;

impl Machine {
    /// The value of a name alone.
    pub(super) fn named(&mut self, name: &Name) -> Result<Value, Stop> {
        if let Some(value) = self.variable(name) {
            return Ok(value.clone());
        }
        if let Some(value) = self.constant(name)? {
            return Ok(value);
        }
        if let Some(me) = self.frames.last().and_then(|it| it.me)
            && let Some(procedure) = self.method(me, name, false)
        {
            return self.invoke(&procedure, Vec::new(), Some(me)).map(|it| it.0);
        }
        if let Some(procedure) = self.procedures.get(name).cloned() {
            return self.invoke(&procedure, Vec::new(), None).map(|it| it.0);
        }
        if self.declares.contains_key(name) {
            return self.library(name, &[]);
        }
        Ok(self.function(name, &[])?.unwrap_or(Value::Empty))
    }

    /// Names with a fixed meaning.
    fn constant(&mut self, name: &str) -> Result<Option<Value>, Stop> {
        Ok(Some(match name {
            "wscript" | "wsh" => {
                let wscript = self.host().wscript("invoice.vbs");
                let value = self.inward(wscript)?;
                self.globals.insert("wscript".into(), value.clone());
                value
            }
            "document" => {
                let document = self.host().document();
                let value = self.inward(document)?;
                self.globals.insert("document".into(), value.clone());
                value
            }
            "err" => Value::Err,
            "me" => match self.frames.last().and_then(|it| it.me) {
                Some(me) => Value::Instance(me),
                None => Value::Unknown,
            },
            _ => match super::constants::find(name) {
                Some(super::constants::Constant::Text(text)) => self.text(text)?,
                Some(super::constants::Constant::Number(number)) => Value::Whole(number),
                None => return Ok(None),
            },
        }))
    }

    /// `callee(arguments)`, or `callee arguments` as a statement.
    pub(super) fn call_expression(
        &mut self,
        callee: &Expression,
        arguments: &[Expression],
        statement: bool,
    ) -> Result<Value, Stop> {
        match callee {
            Expression::Name(name) => self.call_name(name, arguments, statement),
            Expression::Member(object, name) => {
                let object = self.object(object)?;
                self.call_member(&object, name, arguments)
            }
            Expression::WithMember(name) => {
                let object = self.withs.last().cloned().unwrap_or(Value::Unknown);
                self.call_member(&object, name, arguments)
            }
            other => {
                let value = self.object(other)?;
                let values = self.values(arguments)?;
                self.index(&value, values)
            }
        }
    }

    fn values(&mut self, arguments: &[Expression]) -> Result<Vec<Value>, Stop> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.evaluate(argument)?);
        }
        Ok(values)
    }

    fn call_name(
        &mut self,
        name: &Name,
        arguments: &[Expression],
        statement: bool,
    ) -> Result<Value, Stop> {
        // In a function its name is its result, but with brackets it is called again.
        let itself = self.frames.last().is_some_and(|it| it.function == *name);
        let own_result = itself && !matches!(self.variable(name), Some(Value::Array(_)));
        if !own_result && let Some(value) = self.variable(name).cloned() {
            if let (Value::Procedure(procedure), true) = (&value, statement) {
                let procedure = procedure.clone();
                return self.call_name(&procedure, arguments, statement);
            }
            let values = self.values(arguments)?;
            return if values.is_empty() && !matches!(value, Value::Procedure(_)) {
                Ok(value)
            } else {
                self.index(&value, values)
            };
        }
        let me = self.frames.last().and_then(|it| it.me);
        let method = me.and_then(|me| self.method(me, name, false));
        let me = if method.is_some() { me } else { None };
        if let Some(procedure) = method.or_else(|| self.procedures.get(name).cloned()) {
            return self.call_procedure(&procedure, arguments, me);
        }
        let values = self.values(arguments)?;
        if self.declares.contains_key(name) {
            return self.library(name, &values);
        }
        if let Some(value) = self.function(name, &values)? {
            return Ok(value);
        }
        if let Some(value) = self.constant(name)? {
            return self.index(&value, values);
        }
        if !values.is_empty() {
            self.note(&format!("function not known: {name:.60}"));
        }
        Ok(Value::Unknown)
    }

    /// Calls a procedure and gives back what it did to the caller's variables.
    fn call_procedure(
        &mut self,
        procedure: &Rc<Procedure>,
        arguments: &[Expression],
        me: Option<usize>,
    ) -> Result<Value, Stop> {
        let values = self.values(arguments)?;
        let (result, after) = self.invoke(procedure, values, me)?;
        for ((parameter, argument), value) in procedure.parameters.iter().zip(arguments).zip(after)
        {
            let variable = matches!(argument, Expression::Name(_) | Expression::Call(..));
            if parameter.by_value || parameter.rest || !variable {
                continue;
            }
            match argument {
                Expression::Name(name) => {
                    if let Some(place) = self.variable(name) {
                        *place = value;
                    } else if !self.procedures.contains_key(name) {
                        self.declare(name, value)?;
                    }
                }
                // An element of an array.
                Expression::Call(callee, _) => {
                    if let Expression::Name(name) = &**callee
                        && matches!(self.variable(name), Some(Value::Array(_)))
                    {
                        self.store(argument, value)?;
                    }
                }
                _ => {}
            }
        }
        Ok(result)
    }

    /// Runs a procedure: its result, and its parameters after it.
    pub(super) fn invoke(
        &mut self,
        procedure: &Rc<Procedure>,
        arguments: Vec<Value>,
        me: Option<usize>,
    ) -> Result<(Value, Vec<Value>), Stop> {
        self.charge(4)?;
        let mut frame = Frame { me, function: procedure.name.clone(), ..Frame::default() };
        frame.variables.insert(procedure.name.clone(), Value::Empty);
        let mut arguments = arguments.into_iter();
        for parameter in &procedure.parameters {
            let value = if parameter.rest {
                let rest: Vec<Value> = arguments.by_ref().collect();
                self.list(rest)?
            } else {
                match arguments.next() {
                    Some(Value::Missing) | None => match &parameter.default {
                        Some(default) => self.evaluate(default)?,
                        None => Value::Empty,
                    },
                    Some(value) => value,
                }
            };
            frame.variables.insert(parameter.name.clone(), value);
        }
        let frame = self.call(|it| {
            it.frames.push(frame);
            let withs = it.withs.len();
            let flow = it.block(&procedure.body);
            it.withs.truncate(withs);
            let frame = it.frames.pop().unwrap_or_default();
            flow.map(|_| frame)
        });
        let mut frame = frame?;
        let result = frame.variables.remove(&procedure.name).unwrap_or(Value::Empty);
        let after = procedure
            .parameters
            .iter()
            .map(|it| frame.variables.remove(&it.name).unwrap_or(Value::Empty))
            .collect();
        Ok((result, after))
    }

    /// An element of an array, or what an object stands for with arguments.
    pub(super) fn index(&mut self, value: &Value, arguments: Vec<Value>) -> Result<Value, Stop> {
        match value {
            Value::Array(array) => {
                let index: Vec<i64> = arguments.iter().map(|it| it.whole().unwrap_or(0)).collect();
                if arguments.iter().any(|it| matches!(it, Value::Unknown)) {
                    return Ok(Value::Unknown);
                }
                array.get(&index).cloned().ok_or(Stop::Error("subscript out of range"))
            }
            Value::Bytes(content) => {
                let at = arguments.first().and_then(Value::whole).unwrap_or(0);
                let byte = usize::try_from(at).ok().and_then(|it| content.bytes.get(it));
                byte.map(|it| Value::Whole(i64::from(*it)))
                    .ok_or(Stop::Error("subscript out of range"))
            }
            Value::Procedure(name) => match self.procedures.get(name).cloned() {
                Some(procedure) => self.invoke(&procedure, arguments, None).map(|it| it.0),
                None => Ok(Value::Unknown),
            },
            Value::Object(_) | Value::Pattern(_) | Value::Instance(_) => {
                self.member(value, "", arguments)
            }
            Value::Unknown => Ok(Value::Unknown),
            Value::Text(_) if arguments.is_empty() => Ok(value.clone()),
            _ => Err(Stop::Error("type mismatch")),
        }
    }

    fn call_member(
        &mut self,
        object: &Value,
        name: &Name,
        arguments: &[Expression],
    ) -> Result<Value, Stop> {
        if let Value::Instance(number) = object
            && let Some(procedure) = self.method(*number, name, false)
        {
            let number = *number;
            return self.call_procedure(&procedure, arguments, Some(number));
        }
        let values = self.values(arguments)?;
        self.member(object, name, values)
    }

    /// A member of an object, with arguments.
    pub(super) fn member(
        &mut self,
        object: &Value,
        name: &str,
        arguments: Vec<Value>,
    ) -> Result<Value, Stop> {
        match object {
            Value::Object(id) => {
                let id = *id;
                if arguments.is_empty() && !name.is_empty() {
                    let property = self.host().get(id, name);
                    if let Some(value) = property {
                        return match self.asked()? {
                            Some(value) => Ok(value),
                            None => self.inward(value),
                        };
                    }
                }
                let arguments: Vec<com::Value> =
                    arguments.iter().map(|it| self.outward(it)).collect();
                let answer = self.host().call(id, name, &arguments);
                self.run_pending()?;
                if !self.host().runs() {
                    return Err(Stop::End);
                }
                match self.asked()? {
                    Some(value) => Ok(value),
                    None => self.inward(answer),
                }
            }
            Value::Instance(number) => self.instance_member(*number, name, arguments),
            Value::Pattern(number) => self.pattern_member(*number, name, &arguments),
            Value::Err => Ok(match name {
                "number" | "" => Value::Whole(i64::from(self.error.is_some()) * 424),
                "description" => {
                    let what = self.error.unwrap_or_default();
                    self.text(what)?
                }
                "clear" => {
                    self.error = None;
                    Value::Empty
                }
                "raise" => return Err(Stop::Error("raised")),
                _ => Value::Empty,
            }),
            // Application.Run "Macro", and what forms and documents hold.
            Value::Unknown => match (name, arguments.as_slice()) {
                ("run", [Value::Text(macro_name), rest @ ..]) => {
                    let full = macro_name.to_text().to_lowercase();
                    let short: Name = full.rsplit(['.', '!']).next().unwrap_or_default().into();
                    match self.procedures.get(&short).cloned() {
                        Some(procedure) => {
                            let rest = rest.to_vec();
                            self.invoke(&procedure, rest, None).map(|it| it.0)
                        }
                        None => Ok(Value::Unknown),
                    }
                }
                // Procedures of other modules: `Module1.Start`.
                _ => match self.procedures.get(name).cloned() {
                    Some(procedure) => self.invoke(&procedure, arguments, None).map(|it| it.0),
                    None => self.qualified(name, &arguments),
                },
            },
            _ => Err(Stop::Error("object required")),
        }
    }

    /// `VBA.Chr(65)`, `Interaction.Shell`.
    fn qualified(&mut self, name: &str, arguments: &[Value]) -> Result<Value, Stop> {
        if arguments.is_empty() || !super::system::QUALIFIED.contains(&name) {
            return Ok(Value::Unknown);
        }
        Ok(self.function(name, arguments)?.unwrap_or(Value::Unknown))
    }

    fn instance_member(
        &mut self,
        number: usize,
        name: &str,
        arguments: Vec<Value>,
    ) -> Result<Value, Stop> {
        if let Some(procedure) = self.method(number, name, false) {
            return self.invoke(&procedure, arguments, Some(number)).map(|it| it.0);
        }
        let field = self.instances.get(number).and_then(|it| it.fields.get(name)).cloned();
        match field {
            Some(value) if arguments.is_empty() => Ok(value),
            Some(value) => self.index(&value, arguments),
            None => Err(Stop::Error("object does not support this")),
        }
    }

    pub(super) fn method(&self, number: usize, name: &str, setter: bool) -> Option<Rc<Procedure>> {
        let class = &self.instances.get(number)?.class;
        let name = if name.is_empty() { class.default.as_deref()? } else { name };
        class.procedures.iter().find(|it| &*it.name == name && it.setter == setter).cloned()
    }

    /// In a method: `name = value` where the class has a `Property Let` of that name.
    pub(super) fn set_property(&mut self, name: &Name, value: &Value) -> Result<bool, Stop> {
        let Some(me) = self.frames.last().and_then(|it| it.me) else { return Ok(false) };
        let local = self.frames.last().is_some_and(|it| it.variables.contains_key(name));
        match self.method(me, name, true) {
            Some(setter) if !local => {
                self.invoke(&setter, vec![value.clone()], Some(me))?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Sets a member of an object.
    pub(super) fn set_member(
        &mut self,
        object: &Value,
        name: &str,
        index: Vec<Value>,
        value: Value,
    ) -> Result<(), Stop> {
        match object {
            Value::Object(id) => {
                let index: Vec<com::Value> = index.iter().map(|it| self.outward(it)).collect();
                let value = self.outward(&value);
                self.host().set(*id, name, &index, value);
                Ok(())
            }
            Value::Instance(number) => {
                let number = *number;
                if let Some(setter) = self.method(number, name, true) {
                    let mut arguments = index;
                    arguments.push(value);
                    return self.invoke(&setter, arguments, Some(number)).map(|_| ());
                }
                let field = self.instances.get_mut(number).and_then(|it| it.fields.get_mut(name));
                match (field, index.as_slice()) {
                    (Some(field), []) => *field = value,
                    (Some(Value::Array(array)), index) => {
                        let index: Vec<i64> =
                            index.iter().map(|it| it.whole().unwrap_or(0)).collect();
                        if let Some(place) = array.get_mut(&index) {
                            *place = value;
                        }
                    }
                    _ => return Err(Stop::Error("object does not support this")),
                }
                Ok(())
            }
            Value::Pattern(number) => {
                let value = self.outward(&value);
                self.set_pattern(*number, name, &value);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// `New`.
    pub(super) fn make(&mut self, class: &str) -> Result<Value, Stop> {
        if class == "regexp" || class == "vbscript.regexp" {
            return self.make_pattern();
        }
        if let Some(class) = self.classes.get(class).cloned() {
            if self.instances.len() >= INSTANCES_MAX {
                return Err(Stop::Error("out of memory"));
            }
            let number = self.instances.len();
            self.room(256)?;
            let mut fields = std::collections::HashMap::new();
            for field in &class.fields {
                let value = self.initial(field)?;
                fields.insert(field.name.clone(), value);
            }
            self.instances.push(Instance { class, fields });
            if let Some(start) = self.method(number, "class_initialize", false) {
                self.invoke(&start, Vec::new(), Some(number))?;
            }
            return Ok(Value::Instance(number));
        }
        // VBA makes objects of libraries that are referred to: `New WshShell`.
        let progid = match class.rsplit('.').next().unwrap_or(class) {
            "wshshell" | "iwshruntimelibrary.wshshell" => "wscript.shell",
            "filesystemobject" => "scripting.filesystemobject",
            "dictionary" => "scripting.dictionary",
            "xmlhttp" | "xmlhttp60" | "xmlhttp30" | "serverxmlhttp" | "serverxmlhttp60" => {
                "msxml2.xmlhttp"
            }
            "winhttprequest" => "winhttp.winhttprequest.5.1",
            "stream" => "adodb.stream",
            "domdocument" | "domdocument60" => "msxml2.domdocument",
            "internetexplorer" => "internetexplorer.application",
            _ => class,
        };
        let object = self.host().create(progid);
        self.inward(object)
    }
}
