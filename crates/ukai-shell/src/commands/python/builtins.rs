//! Functions and types of Python's own that need no import.

use super::methods::hex;
use super::run::{Done, Machine, Unwind};
use super::value::{ClassOf, Native, Object, Value};
use bytes::Bytes;
use std::cmp::Ordering;
use std::sync::Arc;

pub(super) type Named = Vec<(Arc<str>, Value)>;

/// The value that was given by name.
pub(super) fn by_name(named: &Named, name: &str) -> Option<Value> {
    named.iter().find(|(n, _)| &**n == name).map(|(_, v)| v.clone())
}

impl Machine<'_> {
    pub(super) async fn call_builtin(
        &mut self,
        name: &str,
        mut arguments: Vec<Value>,
        mut named: Named,
    ) -> Done<Value> {
        super::placing::placed(name, &mut arguments, &mut named);
        // Paths as objects.
        let takes_paths = ["open", "io.open"].contains(&name)
            || ["os.", "shutil.", "subprocess."].iter().any(|head| name.starts_with(head));
        if takes_paths {
            for argument in arguments.iter_mut().chain(named.iter_mut().map(|(_, it)| it)) {
                if let Some(method) = self.method_of(argument, "__fspath__") {
                    *argument = self.call(method, Vec::new(), Vec::new()).await?;
                }
            }
        }
        if name.contains('.') {
            return Box::pin(self.module_function(name, arguments, named)).await;
        }
        let first = arguments.first().cloned();
        if first.as_ref().is_some_and(|it| self.is_unknown(it)) && !name.contains('.') {
            return match name {
                "int" | "len" | "ord" | "hash" | "id" => Ok(Value::Int(0)),
                "float" => Ok(Value::Float(0.0)),
                "str" | "repr" | "chr" | "hex" | "format" => Ok(Value::str("")),
                "bytes" | "bytearray" => Ok(Value::Bytes(Bytes::new())),
                "bool" | "callable" | "hasattr" => Ok(Value::Bool(true)),
                "isinstance" | "issubclass" => Ok(Value::Bool(false)),
                "list" | "sorted" | "enumerate" | "zip" | "map" | "filter" | "iter"
                | "reversed" => self.list(Vec::new()),
                "print" | "setattr" | "delattr" | "exec" => Ok(Value::None),
                _ => self.unknown(),
            };
        }
        match (name, first) {
            ("print", _) => self.print_values(&arguments, &named).await,
            ("input", prompt) => self.read_input(prompt).await,
            ("exec" | "eval", Some(text)) => {
                for (place, name) in [(1, "globals"), (2, "locals")] {
                    if let Some(names) = by_name(&named, name) {
                        arguments.resize(place.max(arguments.len()), Value::None);
                        arguments.insert(place, names);
                    }
                }
                self.run_text(name, &text, &arguments).await
            }
            ("execfile", Some(path)) => {
                let file = self.open_file(&path, None, &named)?;
                let text = self.call_method(&file, "read", Vec::new(), Vec::new()).await?;
                self.run_text("exec", &text, &[]).await
            }
            ("open", Some(path)) => self.open_file(&path, arguments.get(1), &named),
            ("__import__", Some(Value::Str(module))) => {
                self.find_module(&module).await?;
                let whole = by_name(&named, "fromlist").is_some();
                let head = module.split('.').next().unwrap_or(&module);
                Ok(Value::Module(if whole { Arc::clone(&module) } else { head.into() }))
            }
            ("exit" | "quit", status) => Err(self.exit_with(status)),
            ("sorted", Some(value)) => {
                let items = self.items(&value).await?;
                let items = self.sorted(items, &named).await?;
                self.list(items)
            }
            ("map" | "filter", Some(function)) => {
                let mut lists = Vec::new();
                for argument in arguments.iter().skip(1) {
                    lists.push(self.items(argument).await?);
                }
                let length = lists.iter().map(Vec::len).min().unwrap_or(0);
                let mut out = Vec::new();
                for at in 0..length {
                    let row: Vec<Value> = lists.iter().map(|l| l[at].clone()).collect();
                    let value = if name == "filter" && matches!(function, Value::None) {
                        row[0].clone()
                    } else {
                        self.call(function.clone(), row.clone(), Vec::new()).await?
                    };
                    if name == "map" {
                        out.push(value);
                    } else if self.truth(&value) {
                        out.extend(row.into_iter().next());
                    }
                }
                self.list(out)
            }
            ("zip", _) => {
                let mut lists = Vec::new();
                for argument in &arguments {
                    lists.push(self.items(argument).await?);
                }
                let length = lists.iter().map(Vec::len).min().unwrap_or(0);
                self.costs(length * lists.len(), 0)?;
                let row = |at: usize| Value::tuple(lists.iter().map(|l| l[at].clone()).collect());
                let rows = (0..length).map(row).collect();
                self.list(rows)
            }
            ("enumerate", Some(value)) => {
                let from = by_name(&named, "start").or_else(|| arguments.get(1).cloned());
                let from = from.and_then(|v| v.integer()).unwrap_or(0);
                let items = self.items(&value).await?;
                let pairs = items
                    .into_iter()
                    .zip(from..)
                    .map(|(item, n)| Value::tuple(vec![Value::Int(n), item]));
                let pairs = pairs.collect();
                self.list(pairs)
            }
            ("reversed", Some(value)) => {
                let mut items = self.items(&value).await?;
                items.reverse();
                self.list(items)
            }
            ("list", value) => {
                let items = self.items_or_none(value).await?;
                self.list(items)
            }
            ("tuple", value) => {
                let items = self.items_or_none(value).await?;
                self.costs(items.len(), 0)?;
                Ok(Value::tuple(items))
            }
            ("slice", Some(_)) => {
                let number = |at: usize| arguments.get(at).and_then(Value::integer);
                let ends = match arguments.len() {
                    1 => [None, number(0), None],
                    _ => [number(0), number(1), number(2)],
                };
                self.slice_object(ends)
            }
            ("bool", Some(value)) => Ok(Value::Bool(self.is_true(&value).await?)),
            ("repr", Some(value)) if self.method_of(&value, "__repr__").is_some() => {
                let method = self.method_of(&value, "__repr__").unwrap_or(Value::None);
                self.call(method, Vec::new(), Vec::new()).await
            }
            (
                "int" | "float" | "abs" | "hash" | "bytes" | "dir" | "round",
                Some(value @ Value::Object(_)),
            ) if let Some(method) = self.method_of(&value, &format!("__{name}__")) => {
                self.call(method, Vec::new(), Vec::new()).await
            }
            (
                "int" | "float" | "abs" | "round" | "ord" | "len" | "hash",
                Some(value @ Value::Object(_)),
            ) if let Some(inner) = self.inner(&value) => {
                let mut all = vec![inner];
                all.extend(arguments.into_iter().skip(1));
                Box::pin(self.call_builtin(name, all, named)).await
            }
            ("delattr", Some(value)) => {
                if let (Value::Object(id), Some(Value::Str(name))) = (&value, arguments.get(1)) {
                    self.objects[*id].fields.retain(|(known, _)| known != name);
                }
                Ok(Value::None)
            }
            ("set" | "frozenset", value) => {
                let items = self.items_or_none(value).await?;
                self.set(items)
            }
            ("dict", value) => self.make_dict(value, named).await,
            ("sum" | "any" | "all" | "min" | "max", Some(_)) => {
                self.fold(name, arguments, &named).await
            }
            ("bytes" | "bytearray", value) => {
                let made = match (&value, arguments.get(1)) {
                    (Some(Value::Str(text)), Some(Value::Str(coding))) => {
                        let coding = coding.to_lowercase();
                        self.encode(text, &coding)?
                    }
                    _ => self.make_bytes(value).await?,
                };
                Ok(match made {
                    Value::Bytes(bytes) if name == "bytearray" => Value::array(bytes.to_vec()),
                    other => other,
                })
            }
            // `iter(function, end)`
            ("iter", Some(function)) if arguments.len() == 2 => {
                let mut all = Vec::new();
                while all.len() < super::library::ENDLESS_ITEMS {
                    self.costs(1, 0)?;
                    let item = self.call(function.clone(), Vec::new(), Vec::new()).await?;
                    if self.equal(&item, &arguments[1]) {
                        break;
                    }
                    all.push(item);
                }
                self.list(all)
            }
            ("iter", Some(value)) if self.method_of(&value, "__next__").is_some() => Ok(value),
            ("iter", Some(value)) => {
                let items = self.items(&value).await?;
                self.list(items)
            }
            ("next", Some(Value::List(id))) => {
                if self.lists[id].is_empty() {
                    return match arguments.get(1) {
                        Some(other) => Ok(other.clone()),
                        None => Err(self.raise("StopIteration", "")),
                    };
                }
                Ok(self.lists[id].remove(0))
            }
            ("next", Some(value)) => match self.method_of(&value, "__next__") {
                Some(method) => match self.call(method, Vec::new(), Vec::new()).await {
                    Err(Unwind::Raise(id))
                        if arguments.len() > 1 && self.fits(id, &Value::Type("StopIteration")) =>
                    {
                        Ok(arguments[1].clone())
                    }
                    other => other,
                },
                None => {
                    let class = self.type_name(&value);
                    Err(self.raise("TypeError", format!("'{class}' object is not an iterator")))
                }
            },
            ("getattr" | "hasattr", Some(value)) => {
                let Some(Value::Str(attribute)) = arguments.get(1).cloned() else {
                    return Err(self.raise("TypeError", "attribute name must be string"));
                };
                let found = self.get_attribute(&value, &attribute).await;
                match (name, found, arguments.get(2)) {
                    ("hasattr", Ok(_), _) => Ok(Value::Bool(true)),
                    ("hasattr", Err(Unwind::Raise(_)), _) => Ok(Value::Bool(false)),
                    (_, Err(Unwind::Raise(_)), Some(other)) => Ok(other.clone()),
                    (_, found, _) => found,
                }
            }
            ("setattr", Some(value)) => {
                if let (Some(Value::Str(attribute)), Some(new)) =
                    (arguments.get(1), arguments.get(2))
                {
                    let attribute = Arc::clone(attribute);
                    self.assign_attribute(&value, &attribute, new.clone()).await?;
                }
                Ok(Value::None)
            }
            // `type(name, bases, members)` is a class.
            ("type", Some(Value::Str(class))) if arguments.len() == 3 => {
                let bases = match &arguments[1] {
                    Value::Tuple(bases) => bases.to_vec(),
                    _ => Vec::new(),
                };
                let mut members = Vec::new();
                if let Value::Dict(id) = arguments[2] {
                    for (name, value) in self.dicts[id].clone() {
                        if let Value::Str(name) = name {
                            members.push((name, value));
                        }
                    }
                }
                self.make_class(&class, bases, members)
            }
            ("len", Some(value @ Value::Object(_)))
                if let Some(method) = self.method_of(&value, "__len__") =>
            {
                self.call(method, Vec::new(), Vec::new()).await
            }
            ("str", Some(value)) => {
                if let (Value::Bytes(bytes), Some(Value::Str(coding))) =
                    (value.still(), arguments.get(1))
                {
                    return self.decode(&bytes, coding, is_lenient(arguments.get(2)));
                }
                let text = self.any_text(&value).await?;
                Ok(Value::Str(text.into()))
            }
            (_, first) => self.plain_builtin(name, first, &arguments),
        }
    }

    /// `str()` of anything: the program's classes may have their own.
    pub(super) async fn any_text(&mut self, value: &Value) -> Done<String> {
        for name in ["__str__", "__repr__"] {
            if let Some(method @ Value::Bound(_)) = self.method_of(value, name)
                && let Value::Str(text) = self.call(method, Vec::new(), Vec::new()).await?
            {
                return Ok(text.to_string());
            }
        }
        self.text(value)
    }

    async fn items_or_none(&mut self, value: Option<Value>) -> Done<Vec<Value>> {
        match value {
            Some(value) => self.items(&value).await,
            None => Ok(Vec::new()),
        }
    }

    async fn make_dict(&mut self, value: Option<Value>, named: Named) -> Done<Value> {
        let mut pairs = Vec::new();
        match value {
            Some(Value::Dict(id)) => {
                self.refresh(id)?;
                pairs.extend(self.dicts[id].iter().cloned());
            }
            Some(value) => {
                let value = self.inner(&value).unwrap_or(value);
                if let Value::Dict(id) = value {
                    let all = self.dicts[id].clone();
                    pairs.extend(all);
                    pairs.extend(named.into_iter().map(|(n, v)| (Value::Str(n), v)));
                    return self.dict(pairs);
                }
                // What has keys is asked for each.
                let mapping = matches!(&value, Value::Object(id)
                    if self.objects[*id].class == ClassOf::Own("os._Environ"));
                let value = if mapping || self.method_of(&value, "items").is_some() {
                    let items = self.attribute(&value, &"items".into())?;
                    self.call(items, Vec::new(), Vec::new()).await?
                } else {
                    value
                };
                for item in self.items(&value).await? {
                    let mut pair = self.items(&item).await?.into_iter();
                    if let (Some(key), Some(value)) = (pair.next(), pair.next()) {
                        pairs.push((key, value));
                    }
                }
            }
            None => {}
        }
        pairs.extend(named.into_iter().map(|(n, v)| (Value::Str(n), v)));
        self.dict(pairs)
    }

    async fn make_bytes(&mut self, value: Option<Value>) -> Done<Value> {
        Ok(Value::Bytes(match value {
            None => Bytes::new(),
            Some(value @ (Value::Bytes(_) | Value::Array(_))) => value.raw().unwrap_or_default(),
            Some(Value::Str(text)) => Bytes::copy_from_slice(text.as_bytes()),
            Some(Value::Int(count)) => {
                let count = usize::try_from(count).unwrap_or(0);
                self.costs(0, count)?;
                vec![0; count].into()
            }
            Some(other) => {
                let mut out = Vec::new();
                for item in self.items(&other).await? {
                    match item.integer().and_then(|n| u8::try_from(n).ok()) {
                        Some(byte) => out.push(byte),
                        None => {
                            let text = "bytes must be in range(0, 256)";
                            return Err(self.raise("ValueError", text));
                        }
                    }
                }
                out.into()
            }
        }))
    }

    async fn fold(&mut self, name: &str, arguments: Vec<Value>, named: &Named) -> Done<Value> {
        let mut more = arguments.into_iter();
        let first = more.next().unwrap_or(Value::None);
        let items = if matches!(name, "min" | "max") && more.len() > 0 {
            std::iter::once(first).chain(more.by_ref()).collect()
        } else {
            self.items(&first).await?
        };
        match name {
            "any" | "all" => {
                let wanted = name == "any";
                Ok(Value::Bool(items.iter().any(|i| self.truth(i) == wanted) == wanted))
            }
            "sum" => {
                let mut total = more.next().unwrap_or(Value::Int(0));
                for item in items {
                    self.part()?;
                    total = self.binary("+", &total, &item)?;
                }
                Ok(total)
            }
            _ => {
                let wanted = if name == "min" { Ordering::Less } else { Ordering::Greater };
                let key = by_name(named, "key");
                let mut best: Option<(Value, Value)> = None;
                for item in items {
                    self.part()?;
                    let of = match &key {
                        Some(key) => self.call(key.clone(), vec![item.clone()], Vec::new()).await?,
                        None => item.clone(),
                    };
                    let better =
                        best.as_ref().is_none_or(|(k, _)| self.order(&of, k) == Some(wanted));
                    if better {
                        best = Some((of, item));
                    }
                }
                match best.map(|(_, item)| item).or_else(|| by_name(named, "default")) {
                    Some(value) => Ok(value),
                    None => {
                        let text = format!("{name}() arg is an empty sequence");
                        Err(self.raise("ValueError", text))
                    }
                }
            }
        }
    }

    /// What neither waits nor calls.
    fn plain_builtin(
        &mut self,
        name: &str,
        first: Option<Value>,
        arguments: &[Value],
    ) -> Done<Value> {
        let Some(value) = first else {
            return Ok(match name {
                "int" => Value::Int(0),
                "float" => Value::Float(0.0),
                "bool" => Value::Bool(false),
                "str" => Value::str(""),
                "object" => self.object(Object::own("object", Native::None))?,
                "globals" => self.names_of(self.global_scope())?,
                "locals" | "vars" => self.names_of(self.scope)?,
                "dir" => {
                    let mut names: Vec<Arc<str>> =
                        self.scopes[self.scope].names.keys().cloned().collect();
                    names.sort();
                    let names = names.into_iter().map(Value::Str).collect();
                    self.list(names)?
                }
                "slice" => Value::None,
                "super" => self.above(&[])?,
                _ => {
                    let text = format!("{name} expected at least 1 argument, got 0");
                    return Err(self.raise("TypeError", text));
                }
            });
        };
        let length = match &value {
            Value::Str(text) => Some(text.chars().count()),
            Value::Bytes(bytes) => Some(bytes.len()),
            Value::Array(cells) => Some(super::value::held(cells).len()),
            Value::List(id) | Value::Set(id) => Some(self.lists[*id].len()),
            Value::Dict(id) => Some(self.dicts[*id].len()),
            Value::Tuple(items) => Some(items.len()),
            Value::Range(a, b, c) => Some(super::operate::range_length(Some((*a, *b, *c)))),
            _ => None,
        };
        Ok(match name {
            "len" => match length {
                Some(length) => Value::Int(length as i128),
                None => {
                    let class = self.type_name(&value);
                    let text = format!("object of type '{class}' has no len()");
                    return Err(self.raise("TypeError", text));
                }
            },
            "range" => {
                let whole = |v: &Value| v.integer().and_then(|n| i64::try_from(n).ok());
                let all: Vec<i64> = arguments.iter().filter_map(whole).collect();
                match all[..] {
                    [to] if arguments.len() == 1 => Value::Range(0, to, 1),
                    [from, to] if arguments.len() == 2 => Value::Range(from, to, 1),
                    [_, _, 0] => {
                        return Err(self.raise("ValueError", "range() arg 3 must not be zero"));
                    }
                    [from, to, step] => Value::Range(from, to, step),
                    _ => {
                        let class = self.type_name(&value);
                        let text = format!("'{class}' object cannot be interpreted as an integer");
                        return Err(self.raise("TypeError", text));
                    }
                }
            }
            "int" => return self.make_int(&value, arguments.get(1)),
            "float" => match &value {
                Value::Str(text) => match text.trim().parse() {
                    Ok(number) => Value::Float(number),
                    Err(_) => {
                        let text =
                            format!("could not convert string to float: {}", self.repr(&value)?);
                        return Err(self.raise("ValueError", text));
                    }
                },
                other => Value::Float(other.number().unwrap_or(0.0)),
            },
            "bool" => Value::Bool(self.truth(&value)),
            "repr" => Value::Str(self.repr(&value)?.into()),
            "ascii" => Value::Str(escaped(&self.repr(&value)?).into()),
            "abs" => match value {
                Value::Float(number) => Value::Float(number.abs()),
                other => Value::Int(other.integer().unwrap_or(0).saturating_abs()),
            },
            "ord" => {
                let code = match &value {
                    Value::Str(text) if length == Some(1) => text.chars().next().map(|c| c as i128),
                    Value::Bytes(bytes) if length == Some(1) => Some(i128::from(bytes[0])),
                    _ => None,
                };
                match (code, length) {
                    (Some(code), _) => Value::Int(code),
                    (None, Some(length)) => {
                        let text = format!(
                            "ord() expected a character, but string of length {length} found"
                        );
                        return Err(self.raise("TypeError", text));
                    }
                    (None, None) => {
                        let class = self.type_name(&value);
                        let text = format!("ord() expected string of length 1, but {class} found");
                        return Err(self.raise("TypeError", text));
                    }
                }
            }
            "chr" => {
                let code = value.integer().and_then(|n| u32::try_from(n).ok());
                match code {
                    Some(code) if code < 0x11_0000 => {
                        Value::str(char::from_u32(code).unwrap_or('\u{fffd}').to_string())
                    }
                    _ => {
                        let text = "chr() arg not in range(0x110000)";
                        return Err(self.raise("ValueError", text));
                    }
                }
            }
            "hex" | "oct" | "bin" if let Value::Large(number) = &value => {
                let (radix, mark) = match name {
                    "hex" => (16, "0x"),
                    "oct" => (8, "0o"),
                    _ => (2, "0b"),
                };
                Value::str(format!("{mark}{}", number.to_str_radix(radix)))
            }
            "hex" | "oct" | "bin" => {
                let number = value.integer().unwrap_or(0);
                let size = number.unsigned_abs();
                let digits = match name {
                    "hex" => format!("{size:#x}"),
                    "oct" => format!("{size:#o}"),
                    _ => format!("{size:#b}"),
                };
                Value::str(if number < 0 { format!("-{digits}") } else { digits })
            }
            "round" => {
                let places = arguments.get(1).and_then(Value::integer);
                match (&value, places) {
                    (Value::Float(number), None) => Value::Int(number.round_ties_even() as i128),
                    (Value::Float(number), Some(places)) => {
                        let places = usize::try_from(places).unwrap_or(0).min(20);
                        Value::Float(format!("{number:.places$}").parse().unwrap_or(*number))
                    }
                    _ => value,
                }
            }
            "pow" => {
                let exponent = arguments.get(1).cloned().unwrap_or(Value::Int(1));
                if let (Some(base), Some(power), Some(modulus)) =
                    (value.integer(), exponent.integer(), arguments.get(2).and_then(Value::integer))
                {
                    return self.modular_power(base, power, modulus);
                }
                return self.binary("**", &value, &exponent);
            }
            "divmod" => {
                let by = arguments.get(1).cloned().unwrap_or(Value::Int(1));
                let quotient = self.binary("//", &value, &by)?;
                let rest = self.binary("%", &value, &by)?;
                Value::tuple(vec![quotient, rest])
            }
            "isinstance" => {
                let class = arguments.get(1).cloned().unwrap_or(Value::None);
                Value::Bool(self.is_instance(&value, &class))
            }
            "issubclass" => {
                let from = arguments.get(1).cloned().unwrap_or(Value::None);
                Value::Bool(self.is_subclass(&value, &from))
            }
            "callable" => Value::Bool(
                matches!(
                    value,
                    Value::Function(_)
                        | Value::Builtin(_)
                        | Value::Bound(_)
                        | Value::Class(_)
                        | Value::Type(_)
                ) || self.method_of(&value, "__call__").is_some(),
            ),
            "type" => match &value {
                Value::Object(id) => match self.objects[*id].class {
                    ClassOf::Own(name) => Value::Type(name),
                    ClassOf::User(id) => Value::Class(id),
                },
                other => {
                    let class = self.type_name(other);
                    super::value::type_named(&class).map_or(Value::None, Value::Type)
                }
            },
            "id" | "hash" => {
                let text = self.repr(&value)?;
                let mix =
                    text.bytes().fold(5_381_i128, |h, b| (h * 33 + i128::from(b)) % (1 << 44));
                Value::Int(0x7f3a_0000_0000 + mix)
            }
            "format" => {
                let form = match arguments.get(1) {
                    Some(Value::Str(form)) => Arc::clone(form),
                    _ => "".into(),
                };
                Value::Str(self.format_value(&value, &form)?.into())
            }
            "dir" => {
                let mut names = self.names_in(&value);
                names.sort();
                names.dedup();
                let names = names.into_iter().map(Value::Str).collect();
                self.list(names)?
            }
            "vars" => match value {
                Value::Module(module) => self.module_names(&module)?,
                Value::Object(id) => {
                    let fields = self.objects[id].fields.clone();
                    self.dict(fields.into_iter().map(|(n, v)| (Value::Str(n), v)).collect())?
                }
                _ => self.dict(Vec::new())?,
            },
            // What is compiled is the text again, for `exec`.
            "compile" => {
                let how = arguments.get(2).and_then(Value::raw).unwrap_or_default();
                if value.raw().is_none() {
                    return Ok(value);
                }
                let how = if &how[..] == b"eval" { "eval" } else { "exec" };
                let object = Object::own("code", Native::None)
                    .with("co_source", value)
                    .with("co_mode", Value::str(how))
                    .with("co_filename", arguments.get(1).cloned().unwrap_or(Value::None));
                return self.object(object);
            }
            "property" => {
                let mut object = Object::own("property", Native::None).with("fget", value);
                if let Some(set) = arguments.get(1) {
                    object = object.with("fset", set.clone());
                }
                self.object(object)?
            }
            "staticmethod" => {
                self.object(Object::own("staticmethod", Native::None).with("__func__", value))?
            }
            "classmethod" => {
                self.object(Object::own("classmethod", Native::None).with("__func__", value))?
            }
            // `super(Class, self)`
            "super" => self.above(arguments)?,
            "memoryview" => value,
            _ => return Err(self.raise("MemoryError", "")),
        })
    }

    fn modular_power(&mut self, base: i128, power: i128, modulus: i128) -> Done<Value> {
        if modulus == 0 {
            return Err(self.raise("ValueError", "pow() 3rd argument cannot be 0"));
        }
        let (mut result, mut base, mut power) = (1_i128, base.rem_euclid(modulus), power.max(0));
        while power > 0 {
            let next = |a: i128, b: i128| a.checked_mul(b).map(|n| n.rem_euclid(modulus));
            let (Some(product), Some(square)) = (next(result, base), next(base, base)) else {
                return Err(self.raise("MemoryError", ""));
            };
            if power & 1 == 1 {
                result = product;
            }
            base = square;
            power >>= 1;
        }
        Ok(Value::Int(result))
    }

    fn make_int(&mut self, value: &Value, base: Option<&Value>) -> Done<Value> {
        let base = base.and_then(Value::integer);
        let text = match value {
            Value::Str(text) => text.to_string(),
            Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Value::Float(number) => return Ok(Value::Int(number.trunc() as i128)),
            other => {
                return match other.integer() {
                    Some(number) => Ok(Value::Int(number)),
                    None => {
                        let class = self.type_name(other);
                        let text = format!(
                            "int() argument must be a string, a bytes-like object or a real number, not '{class}'"
                        );
                        Err(self.raise("TypeError", text))
                    }
                };
            }
        };
        let digits = text.trim().replace('_', "").to_ascii_lowercase();
        let (sign, digits) = match digits.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, digits.strip_prefix('+').unwrap_or(&digits)),
        };
        let (radix, digits) = match (base, digits.get(..2)) {
            (Some(0 | 16), Some("0x")) => (16, &digits[2..]),
            (Some(0 | 8), Some("0o")) => (8, &digits[2..]),
            (Some(0 | 2), Some("0b")) => (2, &digits[2..]),
            (Some(0) | None, _) => (10, digits),
            (Some(base), _) => (u32::try_from(base).unwrap_or(10).clamp(2, 36), digits),
        };
        if digits.starts_with(['+', '-']) {
            let shown = self.repr(value)?;
            let text =
                format!("invalid literal for int() with base {}: {shown}", base.unwrap_or(10));
            return Err(self.raise("ValueError", text));
        }
        self.process.session.step(digits.len() as u64 / 64)?;
        match Value::parsed(digits, radix) {
            Some(Value::Int(number)) => Ok(Value::Int(sign * number)),
            Some(Value::Large(number)) if sign == 1 => Ok(Value::Large(number)),
            _ => {
                let shown = self.repr(value)?;
                let text =
                    format!("invalid literal for int() with base {}: {shown}", base.unwrap_or(10));
                Err(self.raise("ValueError", text))
            }
        }
    }

    /// Whether a class is another or derives from it.
    fn is_subclass(&self, class: &Value, from: &Value) -> bool {
        match (class, from) {
            (_, Value::Tuple(all)) => all.iter().any(|from| self.is_subclass(class, from)),
            (_, Value::Type("object")) | (Value::Type("bool"), Value::Type("int")) => true,
            (Value::Class(id), _) => self.class_derives(*id, from, 0),
            (Value::Type(own), Value::Type(name)) => super::value::derives(own, name),
            _ => self.equal(class, from),
        }
    }

    /// What `dir` shows of a value.
    fn names_in(&mut self, value: &Value) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = Vec::new();
        match value {
            Value::Module(module) => {
                if let Ok(Value::Dict(id)) = self.module_names(module) {
                    names.extend(self.dicts[id].iter().filter_map(|(name, _)| match name {
                        Value::Str(name) => Some(Arc::clone(name)),
                        _ => None,
                    }));
                }
            }
            Value::Object(id) => {
                names.extend(self.objects[*id].fields.iter().map(|(name, _)| Arc::clone(name)));
                if let ClassOf::User(class) = self.objects[*id].class {
                    names.extend(self.names_in(&Value::Class(class)));
                }
            }
            Value::Class(id) => {
                for class in self.classes[*id].order.clone() {
                    let members = &self.classes[class].members;
                    names.extend(members.iter().map(|(name, _)| Arc::clone(name)));
                }
            }
            other => names.extend(super::methods::names_of(&self.type_name(other)).map(Arc::from)),
        }
        names
    }

    /// `exec` and `eval` of a text.
    async fn run_text(&mut self, how: &str, text: &Value, arguments: &[Value]) -> Done<Value> {
        // What `compile` made says itself how it is run; a function's code is run as it is.
        let mut how = how;
        let mut made = None;
        if let Value::Object(id) = text {
            if let Some(Value::Function(function)) = self.objects[*id].field(CODE_OF) {
                return self.call_function(*function, Vec::new(), Vec::new()).await;
            }
            made = self.objects[*id].field("co_source").cloned();
            let is_eval = matches!(
                self.objects[*id].field("co_mode"),
                Some(Value::Str(mode)) if &**mode == "eval"
            );
            if made.is_some() {
                how = if is_eval { "eval" } else { "exec" };
            }
        }
        let text = &made.unwrap_or_else(|| text.clone());
        let Some(bytes) = text.raw() else {
            let text = format!("{how}() arg 1 must be a string, bytes or code object");
            return Err(self.raise("TypeError", text));
        };
        self.check_stack()?;
        self.process.session.step(bytes.len() as u64 / 128 + 1)?;
        let source = String::from_utf8_lossy(&bytes).into_owned();
        let name: Arc<str> = "<string>".into();
        self.costs(2, source.len())?;
        self.process.session.evaluated(source.as_bytes(), "python3");
        let parsed = if how == "eval" {
            super::parse::expression(&source).map(|expr| {
                let span = expr.span;
                let kind = super::ast::StmtKind::Return(Some(expr));
                vec![super::ast::Stmt { kind, span }]
            })
        } else {
            super::second::either(&source, self.runs_second())
        };
        let block = match parsed {
            Ok(block) => block,
            Err(mistake) => return Err(self.raise_mistake(&mistake, &name, &source)),
        };
        self.sources.push((name, None));
        let id = self.sources.len() - 1;
        let before = std::mem::replace(&mut self.source, id);
        let function = std::mem::replace(&mut self.function, "<module>".into());
        let scope = self.scope_of(arguments)?;
        let scope = std::mem::replace(&mut self.scope, scope);
        self.calls += 1;
        let result = if self.goes_on {
            let base = self.process.session.system().stack_base;
            crate::stack::with_room(base, self.block(&block)).await
        } else {
            self.block(&block).await
        };
        self.calls -= 1;
        self.scope = scope;
        self.source = before;
        self.function = function;
        match result {
            Ok(()) => Ok(Value::None),
            Err(Unwind::Return(value)) => Ok(value),
            Err(other) => Err(other),
        }
    }

    /// What a text with names of its own runs in.
    fn scope_of(&mut self, arguments: &[Value]) -> Done<super::value::Id> {
        let dict = |at: usize| match arguments.get(at) {
            Some(Value::Dict(id)) => Some(*id),
            _ => None,
        };
        let global = match dict(1) {
            Some(id) => self.scope_of_names(id, None)?,
            None if dict(2).is_none() => return Ok(self.scope),
            None => self.global_scope(),
        };
        match dict(2) {
            Some(id) if dict(1) != Some(id) => self.scope_of_names(id, Some(global)),
            _ => Ok(global),
        }
    }

    pub(super) fn hex_value(bytes: &[u8]) -> Value {
        Value::Bytes(hex(bytes).into_bytes().into())
    }
}

/// Whether a codec passes over what it cannot read, by its `errors`.
pub(super) fn is_lenient(errors: Option<&Value>) -> bool {
    matches!(errors, Some(Value::Str(how)) if &**how != "strict")
}

/// The field of a code object that holds the function whose code it is.
pub(super) const CODE_OF: &str = "(function)";

/// A text with all that is not ASCII escaped.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c as u32 {
            ..0x80 => out.push(c),
            code @ ..0x100 => out.push_str(&format!("\\x{code:02x}")),
            code @ ..0x1_0000 => out.push_str(&format!("\\u{code:04x}")),
            code => out.push_str(&format!("\\U{code:08x}")),
        }
    }
    out
}
