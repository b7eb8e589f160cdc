//! Commands on what flows through pipelines, on variables, and those that make objects and run text.

use super::commands::Arguments;
use super::eval::{Eval, Flow, Interpreter, Truth};
use super::value::{Object, State, Value};
use std::rc::Rc;

/// Variables that are there without being set.
const AUTOMATIC: &[&str] = &["ExecutionContext", "MyInvocation", "Host", "PSVersionTable", "Error"];

/// Methods of a web client, in the order in which they are listed.
const WEB_CLIENT: &[&str] = &[
    "DownloadData",
    "DownloadDataAsync",
    "DownloadFile",
    "DownloadFileAsync",
    "DownloadString",
    "DownloadStringAsync",
    "OpenRead",
    "OpenReadAsync",
    "UploadData",
    "UploadFile",
    "UploadString",
];

impl Interpreter<'_, '_> {
    /// Whether it was one of these.
    pub(super) fn list_command(
        &mut self,
        name: &str,
        arguments: &Arguments,
        input: &Option<Vec<Value>>,
        out: &mut Vec<Value>,
    ) -> Eval<bool> {
        let flowing = || input.clone().unwrap_or_default();
        match name {
            "foreach-object" => self.for_each(arguments, input.clone(), out)?,
            "where-object" => self.where_object(arguments, flowing(), out)?,
            "get-unique" => {
                let mut items = flowing();
                items.dedup_by(|a, b| self.equals(a, b, false));
                out.append(&mut items);
            }
            "out-string" => {
                let items = match arguments.get(&["inputobject"], 0) {
                    Some(value) => self.items_of(value),
                    None => flowing(),
                };
                if let [one @ Value::Unknown(_)] = items.as_slice() {
                    out.push(one.clone());
                } else {
                    let text = self.lines(&items);
                    if arguments.has("stream") {
                        out.extend(text.lines().map(Value::text));
                    } else {
                        out.push(Value::text(text));
                    }
                }
            }
            "out-null" | "out-host" | "out-default" | "write-debug" | "write-verbose"
            | "write-warning" | "write-error" | "format-list" | "format-table" | "clear-host"
            | "set-strictmode" | "import-module" | "set-location" => {}
            "write-host" => {
                if self.run.output.is_some()
                    && let Some(value) = arguments.get(&["object"], 0)
                {
                    let text = self.text_of(&value.clone());
                    self.run.say(&format!("{text}\r\n"));
                }
            }
            "set-clipboard" => {
                let value = match arguments.get(&["value"], 0) {
                    Some(value) => value.clone(),
                    None => Value::from_output(flowing()),
                };
                self.scopes[0].insert("clipboard:".into(), value);
            }
            "get-clipboard" => {
                let value = self.scopes[0].get("clipboard:").cloned();
                self.put_out(value.unwrap_or(Value::Unknown(None)), out);
            }
            "write-output" | "tee-object" => {
                if let Some(path) = arguments.get(&["filepath"], 0).filter(|_| name == "tee-object")
                {
                    let path = self.text_of(path);
                    self.write_file(&path, &flowing(), arguments.has("append"), true)?;
                }
                if let Some(variable) = arguments.named(&["variable"]) {
                    let variable = self.text_of(variable).to_lowercase();
                    self.assign_plain(&variable, Value::from_output(flowing()));
                }
                let items = match arguments.get(&["inputobject"], 0) {
                    Some(_) if name == "write-output" => arguments
                        .named
                        .iter()
                        .filter(|it| !matches!(&*it.0, "outvariable" | "ov" | "noenumerate"))
                        .map(|it| it.1.clone())
                        .chain(arguments.plain.iter().cloned())
                        .collect(),
                    _ => flowing(),
                };
                for item in items {
                    self.put_out(item, out);
                }
            }
            "add-member" => {
                let targets = match arguments.named(&["inputobject"]) {
                    Some(value) => self.items_of(value),
                    None => flowing(),
                };
                let note = arguments.named(&["notepropertyname"]).cloned();
                let typed = arguments.named(&["membertype", "type"]).is_some();
                let place = usize::from(!typed);
                let name = note.or_else(|| arguments.get(&["name"], place).cloned());
                let place = place + usize::from(arguments.named(&["name"]).is_none());
                let value = arguments.named(&["notepropertyvalue"]).cloned();
                let value = value.or_else(|| arguments.get(&["value"], place).cloned());
                let name = name.map(|it| self.text_of(&it)).unwrap_or_default();
                for target in &targets {
                    if let Value::Object(id) = target {
                        let value = value.clone().unwrap_or(Value::Null);
                        self.set_entry(*id, Value::text(name.as_str()), value);
                    }
                }
                if arguments.has("passthru") {
                    out.extend(targets);
                }
            }
            "get-member" => {
                for item in flowing() {
                    let is_client = matches!(item, Value::Object(id)
                        if self.heap.get(id).is_some_and(|it| &*it.class == "net.webclient"));
                    if !is_client {
                        out.push(item);
                        continue;
                    }
                    for name in WEB_CLIENT {
                        let mut member = Object::new("pscustomobject", State::None);
                        member.entries.push((Value::text("name"), Value::text(*name)));
                        out.push(Value::Object(self.new_object(member)));
                    }
                }
            }
            "select-string" => {
                let pattern =
                    arguments.get(&["pattern"], 0).map(|it| self.text_of(it)).unwrap_or_default();
                // Its matches are those of the text that is put out.
                self.selected.clone_from(&pattern);
                let items = match arguments.get(&["path", "literalpath"], 1).cloned() {
                    Some(path) => {
                        let path = self.text_of(&path);
                        match self.read_file(&path, false) {
                            Value::Text(text) => text.as_str().lines().map(Value::text).collect(),
                            other => vec![other],
                        }
                    }
                    None => match arguments.named(&["inputobject"]).cloned() {
                        Some(value) => self.items_of(&value),
                        None => flowing(),
                    },
                };
                if let Some(regex) = self.pattern(&pattern, true)? {
                    for item in items {
                        let text = self.text_of(&item);
                        self.run.steps(text.len() as u64 / 32)?;
                        if item.is_unknown() || regex.is_match(&text) {
                            out.push(item);
                        }
                    }
                }
            }
            "get-random" => self.get_random(arguments, flowing(), out),
            "new-object" => {
                let made = self.new_object_command(arguments)?;
                out.push(made);
            }
            "invoke-expression" => {
                let texts = match arguments.get(&["command"], 0) {
                    Some(value) => vec![value.clone()],
                    None => flowing(),
                };
                for text in texts {
                    self.run_value(&text, out)?;
                }
            }
            "receive-job" | "wait-job" => {
                let jobs = match arguments.get(&["job", "name", "id"], 0) {
                    Some(value) => self.items_of(value),
                    None => flowing(),
                };
                for job in jobs {
                    let done = match job {
                        Value::Object(id) if name == "receive-job" => {
                            self.named_entry(id, "output").unwrap_or(Value::Unknown(None))
                        }
                        other => other,
                    };
                    self.put_out(done, out);
                }
            }
            "invoke-command" | "start-job" | "start-threadjob" => {
                if let Some(host) = arguments.named(&["computername", "cn"]).cloned() {
                    for host in self.items_of(&host) {
                        let host = self.text_of(&host);
                        self.run.connect(&host, Some(5985));
                    }
                }
                let given = arguments.named(&["argumentlist"]).cloned().unwrap_or(Value::Null);
                let given = self.items_of(&given).into_iter().map(|it| (None, it)).collect();
                match arguments.get(&["scriptblock"], 0).cloned() {
                    Some(Value::Script(block)) => {
                        let mut made = self.call_block(&block, given, input.clone(), true)?;
                        if name == "invoke-command" {
                            out.append(&mut made);
                        } else {
                            let mut job = Object::new("job", State::None);
                            let output = Value::from_output(made);
                            job.entries.push((Value::text("output"), output));
                            job.entries.push((Value::text("state"), Value::text("Completed")));
                            out.push(Value::Object(self.new_object(job)));
                        }
                    }
                    Some(other) => self.run_value(&other, out)?,
                    None => {}
                }
            }
            "get-variable" => {
                let pattern =
                    arguments.get(&["name"], 0).map(|it| self.text_of(it)).unwrap_or_default();
                let is_bare = arguments.has("valueonly");
                for found in self.variables_like(&pattern) {
                    let object = self.variable_object(&found);
                    out.push(match &object {
                        Value::Object(id) if is_bare => {
                            self.named_entry(*id, "value").unwrap_or(Value::Null)
                        }
                        _ => object,
                    });
                }
            }
            "set-variable" | "new-variable" => {
                let target =
                    arguments.get(&["name"], 0).map(|it| self.text_of(it)).unwrap_or_default();
                let place = usize::from(arguments.named(&["name"]).is_none());
                let value = arguments.get(&["value"], place).cloned();
                let value = value.unwrap_or_else(|| Value::from_output(flowing()));
                let name = super::literals::name(&target);
                self.set_variable(&name, value)?;
            }
            "remove-variable" => {
                let target =
                    arguments.get(&["name"], 0).map(|it| self.text_of(it)).unwrap_or_default();
                if let Some(scope) = self.scopes.last_mut() {
                    scope.remove(&*target.to_lowercase());
                }
            }
            "get-command" | "get-alias" => {
                let pattern = arguments
                    .get(&["name", "definition"], 0)
                    .map(|it| self.text_of(it))
                    .unwrap_or_default();
                let found = self.command_named(&pattern);
                out.push(found);
            }
            "set-alias" | "new-alias" => {
                let alias =
                    arguments.get(&["name"], 0).map(|it| self.text_of(it)).unwrap_or_default();
                let place = usize::from(arguments.named(&["name"]).is_none());
                let full =
                    arguments.get(&["value"], place).map(|it| self.text_of(it)).unwrap_or_default();
                if self.aliases.len() < 10_000 {
                    let full = full.to_lowercase();
                    let full =
                        self.aliases.get(full.as_str()).cloned().unwrap_or_else(|| full.into());
                    self.aliases.insert(alias.to_lowercase().into(), full);
                }
            }
            "convertto-securestring" => {
                let text =
                    arguments.get(&["string"], 0).cloned().or_else(|| flowing().into_iter().next());
                let text = text.map(|it| self.text_of(&it)).unwrap_or_default();
                let key = arguments.named(&["key", "securekey"]).cloned();
                let made = self.secure_string(&text, key.as_ref());
                out.push(made);
            }
            "add-type" => {
                let source = arguments.get(&["typedefinition", "memberdefinition"], 0).cloned();
                if arguments.named(&["assemblyname", "path"]).is_none()
                    && let Some(source) = source
                {
                    self.run.note("powershell: compiles code with Add-Type");
                    let source = self.text_of(&source);
                    let loads = ["WebClient", "HttpClient", "WebRequest", "URLDownload"];
                    self.compiles_loader |= loads.iter().any(|it| source.contains(it));
                    self.run.remark(&source);
                    if arguments.has("passthru") {
                        let name = arguments.named(&["name"]).map(|it| self.text_of(it));
                        let name = name.unwrap_or_else(|| "compiled".to_owned()).to_lowercase();
                        out.push(Value::Type(name.as_str().into()));
                    }
                }
            }
            "start-sleep" => self.run.wait(),
            "get-host" => {
                let host = self.variable(&super::literals::name("host"));
                out.push(host);
            }
            "get-location" => out.push(Value::text(r"C:\Users\k.tanaka\Downloads")),
            "get-culture" | "get-uiculture" => {
                let mut object = Object::new("text", State::None);
                object.entries.push((Value::text("value"), Value::text("en-US")));
                object.entries.push((Value::text("name"), Value::text("en-US")));
                out.push(Value::Object(self.new_object(object)));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Text or a script block is run.
    fn run_value(&mut self, value: &Value, out: &mut Vec<Value>) -> Eval<()> {
        match value {
            Value::Unknown(_) | Value::Null => Ok(()),
            Value::Script(block) => {
                out.append(&mut self.call_block(block, Vec::new(), None, false)?);
                Ok(())
            }
            other => {
                let text = self.text_of(other);
                let value = self.invoke_expression(&text)?;
                self.put_out(value, out);
                Ok(())
            }
        }
    }

    fn for_each(
        &mut self,
        arguments: &Arguments,
        input: Option<Vec<Value>>,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        let mut blocks: Vec<Value> = Vec::new();
        for value in &arguments.plain {
            blocks.extend(self.items_of(value));
        }
        let mut begin = arguments.named(&["begin"]).cloned();
        let mut end = arguments.named(&["end"]).cloned();
        if let Some(process) = arguments.named(&["process", "parallel", "membername"]) {
            blocks = vec![process.clone()];
        } else if blocks.len() > 1 && blocks.iter().all(|it| matches!(it, Value::Script(_))) {
            if blocks.len() > 2 {
                end = blocks.pop();
            }
            begin = Some(blocks.remove(0));
        }
        let before = self.scope_value("_");
        if let Some(Value::Script(block)) = begin {
            out.append(&mut self.call_block(&block, Vec::new(), None, false)?);
        }
        let floor = self.run.steps_left() / 2;
        let mut items = Vec::new();
        for value in input.unwrap_or_else(|| vec![Value::Null]) {
            match value {
                Value::Bytes(_) => items.append(&mut self.items_of(&value)),
                other => items.push(other),
            }
        }
        for item in items {
            self.run.step()?;
            if self.run.steps_left() < floor {
                self.run.note("a loop was left that does not end soon");
                break;
            }
            match blocks.first().cloned() {
                Some(Value::Script(block)) => {
                    for block in
                        std::iter::once(block).chain(blocks.iter().skip(1).filter_map(script))
                    {
                        self.assign_plain("_", item.clone());
                        match self.block_of_item(&block, out) {
                            Ok(()) | Err(Flow::Return | Flow::Continue) => {}
                            Err(Flow::Break(true)) => {}
                            Err(Flow::Break(false)) => return Ok(()),
                            Err(flow) => return Err(flow),
                        }
                    }
                }
                // `% Name`, `% Method argument`
                Some(member) => {
                    let member = self.text_of(&member).to_ascii_lowercase();
                    let rest = blocks.get(1..).unwrap_or_default().to_vec();
                    let is_method =
                        !rest.is_empty() || super::text_methods::NAMES.contains(&member.as_str());
                    let value = if is_method {
                        self.call_method(item, &member, rest)?
                    } else {
                        self.member(item, &member)?
                    };
                    self.put_out(value, out);
                }
                None => out.push(item),
            }
        }
        if let Some(Value::Script(block)) = end {
            out.append(&mut self.call_block(&block, Vec::new(), None, false)?);
        }
        if let Some(before) = before {
            self.assign_plain("_", before);
        }
        Ok(())
    }

    /// The body of `ForEach-Object`, in the scope that is there.
    fn block_of_item(&mut self, block: &Rc<super::ast::Block>, out: &mut Vec<Value>) -> Eval<()> {
        self.deeper(|it| {
            if let Some(body) = &block.begin {
                it.statements(body, out)?;
            }
            if let Some(body) = &block.process {
                it.statements(body, out)?;
            }
            it.statements(&block.body, out)
        })
        .map(|_| ())
    }

    fn where_object(
        &mut self,
        arguments: &Arguments,
        items: Vec<Value>,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        let before = self.scope_value("_");
        for item in items {
            self.run.step()?;
            let keeps = match arguments.get(&["filterscript"], 0) {
                Some(Value::Script(block)) => {
                    let block = Rc::clone(block);
                    self.assign_plain("_", item.clone());
                    let answer = self.call_block(&block, Vec::new(), None, false)?;
                    Self::truth(&Value::from_output(answer)) != Truth::No
                }
                // `? Name -like 'x'`
                Some(property) => {
                    let property = self.text_of(property).to_ascii_lowercase();
                    let member = self.member(item.clone(), &property)?;
                    let test = arguments.named.iter().find_map(|(name, value)| {
                        super::ast::Operator::named(name).map(|it| (it, value.clone()))
                    });
                    let answer = match test {
                        Some((operator, value)) => self.binary(operator, member, value)?,
                        None => member,
                    };
                    Self::truth(&answer) != Truth::No
                }
                None => true,
            };
            if keeps {
                out.push(item);
            }
        }
        if let Some(before) = before {
            self.assign_plain("_", before);
        }
        Ok(())
    }

    fn get_random(&mut self, arguments: &Arguments, flowing: Vec<Value>, out: &mut Vec<Value>) {
        let items = match arguments
            .named(&["inputobject"])
            .or_else(|| arguments.plain.first().filter(|it| matches!(it, Value::List(_))))
        {
            Some(value) => self.items_of(value),
            None => flowing,
        };
        if !items.is_empty() {
            // What it might have been is of interest too.
            self.remark_all(&items);
            let count = arguments.named(&["count"]).and_then(|it| self.int_of(it)).unwrap_or(1);
            let count = usize::try_from(count).unwrap_or(1).min(items.len());
            for _ in 0..count {
                if let Value::Int(at) = self.random(&Value::Int(items.len() as i64), &Value::Null) {
                    out.push(items[at as usize % items.len()].clone());
                }
            }
            return;
        }
        let low = arguments.named(&["minimum"]).cloned().unwrap_or(Value::Int(0));
        let high =
            arguments.get(&["maximum"], 0).cloned().unwrap_or(Value::Int(i64::from(i32::MAX)));
        let value = self.random(&low, &high);
        out.push(value);
    }

    fn new_object_command(&mut self, arguments: &Arguments) -> Eval<Value> {
        if let Some(class) = arguments.named(&["comobject"]) {
            let class = format!("com:{}", self.text_of(class).trim().to_ascii_lowercase());
            return self.create(&class, Vec::new());
        }
        let class = arguments.get(&["typename"], 0).map(|it| self.text_of(it)).unwrap_or_default();
        let class = super::literals::type_name(&class);
        let place = usize::from(arguments.named(&["typename"]).is_none());
        let given: Vec<Value> = match arguments.named(&["argumentlist"]) {
            Some(Value::List(list)) => list.items().to_vec(),
            Some(value) => vec![value.clone()],
            None => match arguments.plain.get(place..).unwrap_or_default() {
                [Value::List(list)] => list.items().to_vec(),
                other => other.to_vec(),
            },
        };
        let made = self.create(&class, given)?;
        if let (Value::Object(id), Some(Value::Object(properties))) =
            (&made, arguments.named(&["property"]))
        {
            let entries =
                self.heap.get(*properties).map(|it| it.entries.clone()).unwrap_or_default();
            for (key, value) in entries {
                self.set_entry(*id, key, value);
            }
        }
        Ok(made)
    }

    /// Names of variables that a pattern is.
    pub(super) fn variables_like(&self, pattern: &str) -> Vec<String> {
        let pattern = pattern.to_lowercase();
        if !pattern.contains(['*', '?', '[']) {
            return vec![pattern];
        }
        let mut names: Vec<String> = self
            .scopes
            .iter()
            .flat_map(|scope| scope.keys())
            .map(ToString::to_string)
            .chain(AUTOMATIC.iter().map(|it| it.to_lowercase()))
            .filter(|it| super::patterns::like(it, &pattern, true))
            .take(1000)
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// A variable as `Get-Variable` shows it.
    pub(super) fn variable_object(&mut self, name: &str) -> Value {
        let value = self.variable(&super::literals::name(name));
        let shown = AUTOMATIC
            .iter()
            .find(|it| it.eq_ignore_ascii_case(name))
            .map_or_else(|| name.to_owned(), |it| (*it).to_owned());
        let mut object = Object::new("management.automation.psvariable", State::None);
        object.entries.push((Value::text("name"), Value::text(shown)));
        object.entries.push((Value::text("value"), value));
        Value::Object(self.new_object(object))
    }
}

fn script(value: &Value) -> Option<Rc<super::ast::Block>> {
    match value {
        Value::Script(block) => Some(Rc::clone(block)),
        _ => None,
    }
}
