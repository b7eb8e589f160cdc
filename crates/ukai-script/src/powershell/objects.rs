//! Objects of .NET and COM: how they are made, their members, and what their methods do.

use super::eval::{Eval, Interpreter};
use super::value::{Object, State, Value};
use crate::Dialect;
use std::rc::Rc;

impl Interpreter<'_, '_> {
    /// `New-Object class arguments`; COM's begin with `com:`.
    pub(super) fn create(&mut self, class: &str, arguments: Vec<Value>) -> Eval<Value> {
        self.run.step()?;
        if let Some(own) = self.create_own(class, &arguments)? {
            return Ok(own);
        }
        let resolved = self.resolved(class);
        let class = &*resolved;
        if let Some(made) = self.create_request(class, &arguments)? {
            return Ok(made);
        }
        if let Some(made) = self.create_secret(class, &arguments)? {
            return Ok(made);
        }
        let first = arguments.first().cloned().unwrap_or(Value::Null);
        let second = arguments.get(1).cloned().unwrap_or(Value::Null);
        if let Some(item) = class.strip_suffix("[]") {
            let size = self.int_of(&first).and_then(|it| usize::try_from(it).ok()).unwrap_or(0);
            self.fits(size.saturating_mul(if item == "byte" { 1 } else { 32 }))?;
            return Ok(match item {
                "byte" => Value::bytes(vec![0; size]),
                "char" => Value::list(vec![Value::Char('\0'); size]),
                "string" => Value::list(vec![Value::Null; size]),
                _ => Value::list(vec![Value::Int(0); size]),
            });
        }
        let object = match class {
            "string" => return self.call_static_with("string", "new", arguments),
            "io.memorystream" => return Ok(self.stream(first)),
            "io.compression.gzipstream"
            | "io.compression.deflatestream"
            | "io.compression.zlibstream" => {
                return self.inflated(class, &first, &second);
            }
            "io.streamreader" | "io.binaryreader" | "io.bufferedstream" | "io.stringreader" => {
                return Ok(match &first {
                    Value::Unknown(_) => first,
                    Value::Text(text) if class == "io.streamreader" => {
                        let path = text.as_str().to_owned();
                        self.file_stream(&path)
                    }
                    Value::Text(_) => self.stream(first),
                    Value::Object(id) => match self.heap.get(*id).map(|it| it.state.clone()) {
                        Some(State::Stream { content: content @ Value::Unknown(_), .. }) => content,
                        Some(State::Stream { content, at }) => {
                            Value::Object(self.new_object(Object::new(
                                "io.stream",
                                State::Stream { content, at },
                            )))
                        }
                        _ => Value::Unknown(None),
                    },
                    _ => Value::Unknown(None),
                });
            }
            "io.streamwriter" | "io.filestream" => {
                let path = match &first {
                    Value::Object(_) => return Ok(first),
                    _ => self.text_of(&first),
                };
                return Ok(self.file_stream(&path));
            }
            "security.cryptography.cryptostream" => return self.crypto_stream(&first, &second),
            "text.stringbuilder" => {
                let text = if let Value::Text(text) = &first {
                    text.as_str().to_owned()
                } else {
                    String::new()
                };
                Object::new(class, State::Builder(text))
            }
            "collections.arraylist"
            | "collections.stack"
            | "collections.queue"
            | "collections.objectmodel.collection" => {
                let items = if let Value::List(_) | Value::Bytes(_) = first {
                    self.items_of(&first)
                } else {
                    Vec::new()
                };
                Object::new("collections.arraylist", State::Items(items))
            }
            _ if ["list", "queue", "stack", "hashset", "linkedlist", "sortedset"].iter().any(
                |it| {
                    class
                        .strip_prefix("collections.generic.")
                        .is_some_and(|rest| rest.starts_with(it))
                },
            ) =>
            {
                let items = if let Value::List(_) | Value::Bytes(_) = first {
                    self.items_of(&first)
                } else {
                    Vec::new()
                };
                Object::new("collections.arraylist", State::Items(items))
            }
            "hashtable" | "collections.hashtable" | "collections.specialized.ordereddictionary" => {
                Object::new("hashtable", State::None)
            }
            _ if class.starts_with("collections.generic.dictionary")
                || class.starts_with("collections.generic.sorted")
                || class.starts_with("collections.concurrent.concurrentdictionary")
                || class == "collections.specialized.namevaluecollection" =>
            {
                Object::new("hashtable", State::None)
            }
            "psobject" | "pscustomobject" | "management.automation.psobject" => {
                if let Value::Object(_) = first {
                    return self.cast("pscustomobject", first);
                }
                Object::new("pscustomobject", State::None)
            }
            "text.utf8encoding" | "text.asciiencoding" | "text.unicodeencoding" => {
                let name =
                    class.trim_start_matches("text.").trim_end_matches("encoding").to_owned();
                let mut object = Object::new("text.encoding", State::None);
                object.entries.push((Value::text("name"), Value::text(name)));
                object
            }
            "net.networkcredential" | "management.automation.pscredential" => {
                let mut object = Object::new("net.networkcredential", State::None);
                object.entries.push((Value::text("username"), first));
                object.entries.push((Value::text("password"), second));
                object
            }
            "diagnostics.processstartinfo" => {
                let mut object = Object::new(class, State::None);
                object.entries.push((Value::text("filename"), first));
                object.entries.push((Value::text("arguments"), second));
                object
            }
            "diagnostics.process" => {
                let info = Value::Object(
                    self.new_object(Object::new("diagnostics.processstartinfo", State::None)),
                );
                let mut object = Object::new(class, State::None);
                object.entries.push((Value::text("startinfo"), info));
                object
            }
            "regex" | "text.regularexpressions.regex" => return self.cast("regex", first),
            "datetime" | "exception" => {
                let mut object = Object::new(class, State::None);
                object.entries.push((Value::text("message"), first));
                object
            }
            _ => {
                if !is_known_class(class) {
                    self.run.note_unknown("powershell: type", class);
                }
                self.remark_all(&arguments);
                Object::new(class, State::None)
            }
        };
        Ok(Value::Object(self.new_object(object)))
    }

    /// A stream over bytes, or over what is not known.
    pub(super) fn stream(&mut self, value: Value) -> Value {
        let content = match value {
            Value::Bytes(_) | Value::Unknown(_) => value,
            Value::Text(_) | Value::List(_) => Value::bytes(self.bytes_of(&value)),
            Value::Object(id)
                if matches!(self.heap.get(id).map(|it| &it.state), Some(State::Stream { .. })) =>
            {
                return Value::Object(id);
            }
            _ => Value::bytes(Vec::new()),
        };
        Value::Object(self.new_object(Object::new("io.stream", State::Stream { content, at: 0 })))
    }

    /// A stream that writes to a file, or reads what the script wrote there.
    pub(super) fn file_stream(&mut self, path: &str) -> Value {
        let content = match self.read_file(path, true) {
            Value::Unknown(from @ Some(_)) => Value::Unknown(from),
            Value::Bytes(blob) => Value::Bytes(blob),
            _ => Value::bytes(Vec::new()),
        };
        let mut object = Object::new("io.file", State::Stream { content, at: 0 });
        object.entries.push((Value::text("path"), Value::text(path)));
        Value::Object(self.new_object(object))
    }

    /// `object.name`
    pub(super) fn object_member(&mut self, id: usize, name: &str) -> Eval<Value> {
        if let Some(value) = self.named_entry(id, name) {
            return Ok(value);
        }
        let Some(object) = self.heap.get(id) else { return Ok(Value::Null) };
        let class = Rc::clone(&object.class);
        Ok(match (&*class, name) {
            ("hashtable", "keys") => {
                Value::list(object.entries.iter().map(|it| it.0.clone()).collect())
            }
            ("hashtable", "values") => {
                Value::list(object.entries.iter().map(|it| it.1.clone()).collect())
            }
            (_, "count" | "length") => Value::Int(self.length(&Value::Object(id)) as i64),
            ("hashtable" | "pscustomobject", "psobject") => Value::Object(id),
            (_, "psobject") | ("psobject", "methods") => {
                let whose = match name {
                    "methods" => self.named_entry(id, "whose").unwrap_or(Value::Null),
                    _ => Value::Object(id),
                };
                let mut object = Object::new(name, State::None);
                object.entries.push((Value::text("whose"), whose));
                Value::Object(self.new_object(object))
            }
            ("hashtable" | "pscustomobject", "properties") => self.enumerated(id),
            ("uri" | "uribuilder", _) => self.uri_member(id, &class, name),
            ("io.fileinfo", "directoryname" | "basename" | "extension") => {
                let path = self.text_of(&Value::Object(id));
                let of = match name {
                    "directoryname" => "getdirectoryname",
                    "basename" => "getfilenamewithoutextension",
                    _ => "getextension",
                };
                return self.call_static_with("io.path", of, vec![Value::text(path)]);
            }
            ("hashtable" | "pscustomobject" | "exception", _) => Value::Null,
            ("executioncontext", "invokecommand" | "sessionstate" | "psvariable") => {
                Value::Object(self.new_object(Object::new(name, State::None)))
            }
            ("sessionstate", "invokecommand" | "psvariable") => {
                Value::Object(self.new_object(Object::new(name, State::None)))
            }
            ("host", "name") => Value::text("ConsoleHost"),
            ("psversiontable", "psversion") => {
                let mut object = Object::new("version", State::None);
                object.entries.push((Value::text("value"), Value::text("5.1.19041.4522")));
                object.entries.push((Value::text("major"), Value::Int(5)));
                object.entries.push((Value::text("minor"), Value::Int(1)));
                Value::Object(self.new_object(object))
            }
            ("myinvocation", "mycommand") => Value::Object(id),
            ("myinvocation", "path" | "definition" | "source") => Value::text(super::PATH),
            ("myinvocation", "name") => Value::text("script.ps1"),
            ("myinvocation", "line") => Value::Unknown(None),
            (
                "net.webclient"
                | "net.http.httpclient"
                | "net.http.httprequestmessage"
                | "net.webrequest"
                | "net.mail.smtpclient"
                | "com:wscript.shell"
                | "com:shell.application",
                _,
            ) if !matches!(
                name,
                "downloadstring"
                    | "downloadfile"
                    | "downloaddata"
                    | "openread"
                    | "getstringasync"
                    | "run"
                    | "exec"
                    | "shellexecute"
            ) =>
            {
                // Headers, a proxy, an encoding ...: a bag that takes what it is given.
                let bag = Value::Object(self.new_object(Object::new("bag", State::None)));
                self.set_entry(id, Value::text(name), bag.clone());
                bag
            }
            ("io.stream" | "io.file", "endofstream") => match self.heap.get(id).map(|it| &it.state)
            {
                Some(State::Stream { content: Value::Bytes(blob), at }) => {
                    Value::Bool(*at >= blob.as_slice().len())
                }
                _ => Value::Bool(true),
            },
            ("io.stream" | "io.file", "basestream") => Value::Object(id),
            _ if class.starts_with("com:")
                && let Some(member) = self.com_member(id, &class, name) =>
            {
                member
            }
            _ if super::com_objects::is_xml_http(&class) && name.starts_with("response") => {
                let url = self.named_entry(id, "url").map(|it| self.text_of(&it));
                Value::Unknown(url.filter(|it| !it.is_empty()).map(Into::into))
            }
            _ if super::com_objects::is_xml_http(&class) && name == "status" => Value::Int(200),
            // A method that is named: `$client.DownloadString`.
            _ if is_named_method(&class, name) => {
                Value::Method(Rc::new((Value::Object(id), name.to_owned())))
            }
            _ => Value::Unknown(None),
        })
    }

    /// Entries as objects with `Key`, `Name` and `Value`.
    fn enumerated(&mut self, id: usize) -> Value {
        let entries = self.heap.get(id).map(|it| it.entries.clone()).unwrap_or_default();
        let mut out = Vec::new();
        for (key, value) in entries {
            let mut object = Object::new("entry", State::None);
            object.entries.push((Value::text("key"), key.clone()));
            object.entries.push((Value::text("name"), key));
            object.entries.push((Value::text("value"), value));
            out.push(Value::Object(self.new_object(object)));
        }
        Value::list(out)
    }

    /// `object.name = value`
    pub(super) fn set_property(&mut self, id: usize, name: &str, value: Value) {
        if let Some(Object { state: State::Stream { at, .. }, .. }) = self.heap.get_mut(id)
            && name == "position"
        {
            *at = 0;
            return;
        }
        if name == "value" && self.heap.get(id).is_some_and(|it| it.class.ends_with("psvariable")) {
            let variable =
                self.named_entry(id, "name").map(|it| self.text_of(&it)).unwrap_or_default();
            self.assign_plain(&variable.to_lowercase(), value.clone());
        }
        self.set_entry(id, Value::text(name), value);
    }

    /// `object.name(arguments)`
    pub(super) fn call_object(
        &mut self,
        id: usize,
        name: &str,
        arguments: Vec<Value>,
    ) -> Eval<Value> {
        let Some(object) = self.heap.get(id) else { return Ok(Value::Null) };
        let class = Rc::clone(&object.class);
        if let Some(result) = self.call_own_method(id, &class, name, &arguments)? {
            return Ok(result);
        }
        if let Some(result) = self.call_request(id, &class, name, &arguments)? {
            return Ok(result);
        }
        if let Some(result) = self.call_pipeline(id, &class, name, &arguments)? {
            return Ok(result);
        }
        if let Some(result) = self.call_secret(id, &class, name, &arguments)? {
            return Ok(result);
        }
        let Some(object) = self.heap.get(id) else { return Ok(Value::Null) };
        let first = arguments.first().cloned().unwrap_or(Value::Null);
        let second = arguments.get(1).cloned().unwrap_or(Value::Null);
        let text = |it: &Self, at: usize| {
            arguments.get(at).map(|value| it.text_of(value)).unwrap_or_default()
        };
        match &object.state {
            State::Items(_) => return self.call_items(id, name, arguments),
            State::Stream { .. } => return self.call_stream(id, name, &arguments),
            State::Builder(_) if &*class == "text.stringbuilder" => {
                return self.call_builder(id, name, &arguments);
            }
            _ => {}
        }
        match (&*class, name) {
            ("methods", _) => {
                // `$x.PSObject.Methods['Name'].Invoke(...)`
                let whose = self.named_entry(id, "whose").unwrap_or(Value::Null);
                return Ok(Value::Method(Rc::new((whose, text(self, 0).to_lowercase()))));
            }
            (_, "gettype") => return Ok(Value::Type(class)),
            (_, "tostring") if name == "tostring" => {
                return Ok(Value::text(self.text_of(&Value::Object(id))));
            }
            (_, "dispose" | "close" | "end" | "add_type") => return Ok(Value::Null),
            ("hashtable" | "bag" | "pscustomobject", _) => {
                return self.call_table(id, name, &first, second);
            }
            ("text.encoding", _) => return self.call_encoding(id, name, &arguments),
            ("random", "next" | "nextdouble") => {
                return Ok(self.random(&first, &second));
            }
            ("text.regularexpressions.regex", _) => {
                let pattern =
                    self.named_entry(id, "pattern").map(|it| self.text_of(&it)).unwrap_or_default();
                let whole = text(self, 0);
                let rest = arguments.get(1..).unwrap_or_default().to_vec();
                return self.regex_call(name, &pattern, &whole, &rest);
            }
            ("invokecommand", "invokescript") => {
                let script =
                    arguments.iter().find(|it| matches!(it, Value::Text(_) | Value::Script(_)));
                return match script.cloned() {
                    Some(Value::Text(script)) => self.invoke_expression(script.as_str()),
                    Some(block) => self.call_method(block, "invoke", Vec::new()),
                    None => Ok(Value::Null),
                };
            }
            ("invokecommand", "newscriptblock") => {
                let script = text(self, 0);
                return self.script_block(&script);
            }
            ("invokecommand", "expandstring") => {
                let quoted = format!("\"{}\"", text(self, 0).replace('"', "\"\""));
                let mut out = Vec::new();
                self.deeper(|it| it.evaluate_text(&quoted, Vec::new(), &mut out))?;
                return Ok(Value::from_output(out));
            }
            (
                "invokecommand",
                "getcommand" | "getcmdlet" | "getcmdlets" | "getcommandname" | "getcommands",
            ) => {
                let pattern = text(self, 0);
                return Ok(self.command_named(&pattern));
            }
            ("psvariable", "get" | "getvalue") => {
                let name = text(self, 0).to_lowercase();
                if name == "getvalue" || arguments.len() > 1 {
                    return Ok(self.scope_value(&name).unwrap_or(Value::Null));
                }
                return Ok(self.variable_object(&name));
            }
            ("psvariable", "set") => {
                let name = text(self, 0).to_lowercase();
                self.assign_plain(&name, second);
            }
            ("wmiclass", "create") => {
                let line = text(self, 0);
                self.run.start(&line)?;
            }
            ("diagnostics.process" | "diagnostics.processstartinfo", "start") => {
                let info = match self.named_entry(id, "startinfo") {
                    Some(Value::Object(info)) => info,
                    _ => id,
                };
                let name = self
                    .named_entry(info, "filename")
                    .map(|it| self.text_of(&it))
                    .unwrap_or_default();
                let rest = self
                    .named_entry(info, "arguments")
                    .map(|it| self.text_of(&it))
                    .unwrap_or_default();
                self.run.start(&format!("{name} {rest}"))?;
            }
            ("net.networkcredential", "getnetworkcredential") => return Ok(Value::Object(id)),
            ("cryptotransform", "transformfinalblock") => return self.decrypted(id, &arguments),
            ("appdomain", "load") => {
                return self.call_static_with("reflection.assembly", "load", arguments);
            }
            _ if class.starts_with("com:") => return self.call_com(id, &class, name, &arguments),
            _ => return self.call_unknown(name, &arguments),
        }
        Ok(Value::Unknown(None))
    }

    fn call_table(&mut self, id: usize, name: &str, first: &Value, second: Value) -> Eval<Value> {
        self.run.steps(self.heap.get(id).map_or(0, |it| it.entries.len()) as u64 / 16)?;
        Ok(match name {
            "add" | "set" | "set_item" | "item" if !matches!(second, Value::Null) => {
                // A header may be a URL; nothing of it is lost.
                if let Value::Text(text) = &second {
                    if crate::recorder::is_beside(&self.text_of(first)) {
                        self.run.beside(text.as_str());
                    } else {
                        self.run.remark(text.as_str());
                    }
                }
                self.set_entry(id, first.clone(), second);
                Value::Null
            }
            "contains" | "containskey" => Value::Bool(self.entry(id, first).is_some()),
            "containsvalue" => {
                let entries = self.heap.get(id).map(|it| it.entries.clone()).unwrap_or_default();
                Value::Bool(entries.iter().any(|it| self.equals(&it.1, first, false)))
            }
            "item" | "get_item" | "get" => self.entry(id, first).unwrap_or(Value::Null),
            "remove" => {
                if let Some(place) = self.entry_place(id, first)
                    && let Some(object) = self.heap.get_mut(id)
                {
                    object.entries.remove(place);
                }
                Value::Null
            }
            "getenumerator" => self.enumerated(id),
            "clear" => {
                if let Some(object) = self.heap.get_mut(id) {
                    object.entries.clear();
                }
                Value::Null
            }
            // A property that is a script block: `$object.method.Invoke()` and the like.
            _ => match self.named_entry(id, name) {
                Some(Value::Script(block)) => {
                    let arguments =
                        [first.clone(), second].into_iter().map(|it| (None, it)).collect();
                    let before = self.scope_value("this").unwrap_or(Value::Null);
                    self.assign_plain("this", Value::Object(id));
                    let out = self.call_block(&block, arguments, None, true)?;
                    self.assign_plain("this", before);
                    Value::from_output(out)
                }
                Some(other) => other,
                None => {
                    self.remark_all(&[first.clone(), second]);
                    Value::Unknown(None)
                }
            },
        })
    }

    fn call_items(&mut self, id: usize, name: &str, arguments: Vec<Value>) -> Eval<Value> {
        let first = arguments.first().cloned().unwrap_or(Value::Null);
        let more = match name {
            "addrange" | "insertrange" => self.items_of(&first),
            _ => Vec::new(),
        };
        self.run.steps(more.len() as u64)?;
        let at = self.int_of(&first).and_then(|it| usize::try_from(it).ok());
        let found = match name {
            "remove" | "contains" | "indexof" => {
                let text = self.text_of(&first);
                self.items_of(&Value::Object(id)).iter().position(|it| self.text_of(it) == text)
            }
            _ => None,
        };
        let Some(Object { state: State::Items(items), held, .. }) = self.heap.get_mut(id) else {
            return Ok(Value::Null);
        };
        match name {
            "add" | "push" | "enqueue" => {
                held.grow(size_of::<Value>());
                items.push(first);
                return Ok(Value::Null);
            }
            "addrange" => {
                held.grow(more.len() * size_of::<Value>());
                items.extend(more);
            }
            "insert" => {
                held.grow(size_of::<Value>());
                let at = at.unwrap_or(0).min(items.len());
                items.insert(at, arguments.get(1).cloned().unwrap_or(Value::Null));
            }
            "remove" => {
                if let Some(at) = found {
                    items.remove(at);
                }
            }
            "removeat" => {
                if let Some(at) = at.filter(|it| *it < items.len()) {
                    items.remove(at);
                }
            }
            "pop" => return Ok(items.pop().unwrap_or(Value::Null)),
            "peek" => return Ok(items.last().cloned().unwrap_or(Value::Null)),
            "getrange" => {
                let count = arguments.get(1).and_then(as_count).unwrap_or(0);
                let range = items.iter().skip(at.unwrap_or(0)).take(count);
                return Ok(Value::list(range.cloned().collect()));
            }
            "removerange" => {
                let count = arguments.get(1).and_then(as_count).unwrap_or(0);
                let start = at.unwrap_or(0).min(items.len());
                items.drain(start..start.saturating_add(count).min(items.len()));
            }
            "dequeue" => return Ok(if items.is_empty() { Value::Null } else { items.remove(0) }),
            "reverse" => items.reverse(),
            "clear" => items.clear(),
            "contains" => return Ok(Value::Bool(found.is_some())),
            "indexof" => return Ok(Value::Int(found.map_or(-1, |it| it as i64))),
            "toarray" | "getenumerator" | "clone" => return Ok(Value::list(items.clone())),
            _ => {
                crate::held::copied(items.len() * size_of::<Value>());
                let items = Value::list(items.clone());
                return Ok(self
                    .deeper(|it| it.call_method(items, name, arguments))?
                    .unwrap_or(Value::Null));
            }
        }
        Ok(Value::Null)
    }

    fn call_builder(&mut self, id: usize, name: &str, arguments: &[Value]) -> Eval<Value> {
        let first = arguments.first().map(|it| self.text_of(it)).unwrap_or_default();
        let second = arguments.get(1).map(|it| self.text_of(it)).unwrap_or_default();
        let Some(Object { state: State::Builder(text), .. }) = self.heap.get_mut(id) else {
            return Ok(Value::Null);
        };
        let mut whole = std::mem::take(text);
        match name {
            "append" => self.push_text(&mut whole, &first)?,
            "appendline" => {
                self.push_text(&mut whole, &first)?;
                whole.push_str("\r\n");
            }
            "appendformat" => {
                let formatted = self.format_text(&first, arguments.get(1..).unwrap_or_default())?;
                let more = self.text_of(&formatted);
                self.push_text(&mut whole, &more)?;
            }
            "insert" => {
                let at = first.parse().unwrap_or(0);
                let at = whole.char_indices().nth(at).map_or(whole.len(), |it| it.0);
                self.fits(whole.len() + second.len())?;
                whole.insert_str(at, &second);
            }
            "replace" if !first.is_empty() => {
                let count = whole.matches(first.as_str()).count();
                self.fits(whole.len().saturating_add(count.saturating_mul(second.len())))?;
                whole = whole.replace(&first, &second);
            }
            "clear" => whole.clear(),
            "tostring" => {
                let out = Value::text(whole.as_str());
                if let Some(object) = self.heap.get_mut(id) {
                    object.state = State::Builder(whole);
                }
                return Ok(out);
            }
            _ => {}
        }
        if let Some(object) = self.heap.get_mut(id) {
            object.held = crate::held::Held::new(200 + whole.len());
            object.state = State::Builder(whole);
        }
        Ok(Value::Object(id))
    }

    pub(super) fn random(&mut self, first: &Value, second: &Value) -> Value {
        // xorshift64: the same each time.
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        let (low, high) = match (self.int_of(first), second) {
            (Some(low), Value::Null) if low > 0 => (0, low),
            (Some(low), _) => (low, self.int_of(second).unwrap_or(i64::from(i32::MAX))),
            _ => (0, i64::from(i32::MAX)),
        };
        let span = high.saturating_sub(low).max(1) as u64;
        Value::Int(low.saturating_add((self.seed % span) as i64))
    }

    /// Runs text that was put together.
    pub(super) fn invoke_expression(&mut self, text: &str) -> Eval<Value> {
        if text.trim().is_empty() {
            return Ok(Value::Null);
        }
        self.run.tell_layer(Dialect::PowerShell, text);
        let mut out = Vec::new();
        self.deeper(|it| it.evaluate_text(text, Vec::new(), &mut out))?;
        Ok(Value::from_output(out))
    }
}

fn as_count(value: &Value) -> Option<usize> {
    match value {
        Value::Int(count) => usize::try_from(*count).ok(),
        _ => None,
    }
}

/// Methods that are named without being called.
fn is_named_method(class: &str, name: &str) -> bool {
    matches!(
        class,
        "invokecommand"
            | "net.webclient"
            | "net.http.httpclient"
            | "com:wscript.shell"
            | "com:shell.application"
    ) || matches!(
        name,
        "getstring"
            | "getbytes"
            | "append"
            | "add"
            | "readtoend"
            | "toarray"
            | "create"
            | "connect"
            | "open"
            | "send"
            | "write"
            | "invoke"
            | "addscript"
            | "start"
            | "tostring"
            | "next"
    )
}

/// Types whose members are known, or do nothing of interest.
fn is_known_class(class: &str) -> bool {
    class.starts_with("com:")
        || matches!(
            class,
            "net.webclient"
                | "net.http.httpclient"
                | "random"
                | "net.webproxy"
                | "net.websockets.clientwebsocket"
                | "xml.xmldocument"
                | "net.sockets.socket"
                | "net.networkinformation.ping"
                | "security.cryptography.aes"
                | "net.cookiecontainer"
                | "net.http.httpclienthandler"
                | "net.http.stringcontent"
                | "diagnostics.stopwatch"
        )
}
