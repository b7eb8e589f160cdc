//! Attributes and methods of Python's own values.

use super::run::{Done, Machine, Unwind};
use super::value::{ClassOf, Id, Native, Object, Value};
use crate::system::Fut;
use bytes::Bytes;
use std::sync::Arc;

type Named = Vec<(Arc<str>, Value)>;

impl Machine<'_> {
    /// `value.name`
    pub(super) fn attribute(&mut self, value: &Value, name: &Arc<str>) -> Done<Value> {
        match value {
            Value::Module(module) => {
                let module = Arc::clone(module);
                return self.module_attribute(&module, name);
            }
            Value::Class(id) => {
                if let Some(found) = self.member(*id, name) {
                    return Ok(self.of_class(*id, name, found));
                }
                if let Some(found) = self.class_attribute(*id, name)? {
                    return Ok(found);
                }
            }
            Value::Type(class) => match (*class, &**name) {
                (_, "__name__") => {
                    return Ok(Value::str(class.rsplit('.').next().unwrap_or(class)));
                }
                (_, "__bases__") => return Ok(Value::tuple(vec![Value::Type("object")])),
                (_, "__base__") => return Ok(Value::Type("object")),
                (_, "__mro__") => {
                    return Ok(Value::tuple(vec![value.clone(), Value::Type("object")]));
                }
                (_, "__subclasses__") => {
                    return Ok(Value::Bound(Arc::new((value.clone(), Arc::clone(name)))));
                }
                (
                    "bytes" | "bytearray" | "dict" | "str" | "int" | "list" | "set" | "float"
                    | "tuple" | "object" | "type" | "frozenset",
                    _,
                ) => {
                    return Ok(Value::Builtin(format!("{class}.{name}").into()));
                }
                _ => {}
            },
            Value::Function(id) => {
                if let Some(found) = self.function_attribute(*id, name)? {
                    return Ok(found);
                }
            }
            Value::Object(id) => {
                if let Some(found) = self.objects[*id].field(name) {
                    return Ok(found.clone());
                }
                if self.objects[*id].class == ClassOf::Own("super") {
                    if let Some((found, _)) = self.found_above(*id, name)
                        && !matches!(found, Value::Function(_) | Value::Object(_))
                    {
                        return Ok(found);
                    }
                    return Ok(Value::Bound(Arc::new((value.clone(), Arc::clone(name)))));
                }
                if self.is_unknown(value) {
                    return self.unknown();
                }
                if let Some(found) = self.method_of(value, name) {
                    return Ok(found);
                }
                if &**name == "__dict__" {
                    let fields = self.objects[*id].fields.clone();
                    return self
                        .dict(fields.into_iter().map(|(n, v)| (Value::Str(n), v)).collect());
                }
                if let Some(found) = self.native_attribute(*id, name)? {
                    return Ok(found);
                }
                if let Some(inner) = self.inner(value)
                    && !matches!(&**name, "__class__" | "__dict__" | "__doc__")
                {
                    return self.attribute(&inner, name);
                }
                let known = match self.objects[*id].class {
                    ClassOf::User(_) => &**name == "with_traceback",
                    ClassOf::Own(class) => has_method(class, name),
                };
                if known {
                    return Ok(Value::Bound(Arc::new((value.clone(), Arc::clone(name)))));
                }
            }
            _ => {}
        }
        match &**name {
            "__class__" => {
                if let Value::Object(id) = value
                    && let ClassOf::User(class) = self.objects[*id].class
                {
                    return Ok(Value::Class(class));
                }
                let class = self.type_name(value);
                return Ok(super::value::type_named(&class).map_or(Value::None, Value::Type));
            }
            "__module__" => return Ok(Value::str("builtins")),
            "__doc__" => return Ok(Value::None),
            _ => {}
        }
        if name.starts_with("__")
            && !matches!(value, Value::Object(_) | Value::Class(_) | Value::Module(_))
            && super::protocol::has(value, name)
        {
            return Ok(Value::Bound(Arc::new((value.clone(), Arc::clone(name)))));
        }
        if let (Value::Int(_) | Value::Float(_) | Value::Bool(_), Some(part)) =
            (value, super::protocol::number_part(value, name))
        {
            return Ok(part);
        }
        let class = self.type_name(value);
        let of_second = &*class == "str" && &**name == "decode" && self.runs_second();
        if of_second || has_method(&class, name) {
            return Ok(Value::Bound(Arc::new((value.clone(), Arc::clone(name)))));
        }
        let text = match value {
            Value::Class(id) => {
                let class = Arc::clone(&self.classes[*id].name);
                format!("type object '{class}' has no attribute '{name}'")
            }
            Value::Type(class) => format!("type object '{class}' has no attribute '{name}'"),
            _ => format!("'{class}' object has no attribute '{name}'"),
        };
        Err(self.raise("AttributeError", text))
    }

    /// Attributes that are made when they are asked for.
    fn native_attribute(&mut self, id: Id, name: &str) -> Done<Option<Value>> {
        let arguments = match self.objects[id].field("args") {
            Some(Value::Tuple(items)) => items.to_vec(),
            _ => Vec::new(),
        };
        let object = &self.objects[id];
        if object.raised.is_some() {
            let at = |place: usize| arguments.get(place).cloned().unwrap_or(Value::None);
            return Ok(match name {
                "errno" => Some(at(0)),
                "strerror" => Some(at(1)),
                "filename" => Some(at(2)),
                "reason" | "message" | "msg" => Some(at(0)),
                "code" | "returncode" => Some(at(0)),
                _ => None,
            });
        }
        Ok(match (&object.native, name) {
            (Native::Program { status, .. }, "returncode") => Some(Value::Int((*status).into())),
            (Native::Program { output: Some(bytes), .. }, "stdout") => {
                let bytes = bytes.clone();
                self.program_stream(id, bytes)?
            }
            (Native::Program { errors: Some(bytes), .. }, "stderr") => {
                let bytes = bytes.clone();
                self.program_stream(id, bytes)?
            }
            (Native::Program { .. }, "stdout" | "stderr" | "stdin") => Some(Value::None),
            (Native::Program { .. }, "pid") => {
                Some(Value::Int(self.process.session.system().next_pid().into()))
            }
            (Native::Writer { .. } | Native::Reader { .. }, "closed") => Some(Value::Bool(false)),
            (Native::Reader { bytes, .. }, "content" | "text" | "ok" | "encoding" | "code")
                if matches!(
                    object.class,
                    ClassOf::Own("requests.models.Response" | "http.client.HTTPResponse")
                ) =>
            {
                let bytes = bytes.clone();
                let status = object.field("status_code").and_then(Value::integer).unwrap_or(200);
                self.costs(0, bytes.len() / 4)?;
                Some(match name {
                    "content" => Value::Bytes(bytes),
                    "text" => Value::str(String::from_utf8_lossy(&bytes)),
                    "ok" => Value::Bool(status < 400),
                    "code" => Value::Int(status),
                    _ => Value::str("utf-8"),
                })
            }
            (Native::Digest { name: kind, .. }, "name") => Some(Value::str(*kind)),
            (Native::Digest { name: kind, .. }, "digest_size") => {
                let size = super::library::digest(kind, b"").len();
                Some(Value::Int(size as i128))
            }
            (Native::Digest { .. }, "block_size") => Some(Value::Int(64)),
            (Native::Stream(_), "buffer") => Some(Value::Object(id)),
            (Native::Stream(_), "encoding") => Some(Value::str("utf-8")),
            _ => Self::regex_attribute(&object.native, name),
        })
    }

    /// What a program printed: bytes of one that is over, a file of one that "runs".
    fn program_stream(&mut self, id: Id, bytes: Bytes) -> Done<Option<Value>> {
        let text = self.objects[id].field("text_mode").is_some();
        if self.objects[id].class == ClassOf::Own("subprocess.CompletedProcess") {
            return Ok(Some(if text {
                Value::Str(String::from_utf8_lossy(&bytes).into())
            } else {
                Value::Bytes(bytes)
            }));
        }
        let native = Native::Reader { bytes, place: 0, text };
        let file = self.object(Object::own("_io.BufferedReader", native))?;
        self.objects[id].fields.push(("stdout".into(), file.clone()));
        Ok(Some(file))
    }

    pub(super) fn set_attribute(&mut self, of: &Value, name: &Arc<str>, value: Value) -> Done<()> {
        match of {
            Value::Object(id) => {
                let fields = &mut self.objects[*id].fields;
                match fields.iter_mut().find(|(n, _)| n == name) {
                    Some((_, old)) => *old = value,
                    None => {
                        fields.push((Arc::clone(name), value));
                        self.costs(1, name.len())?;
                    }
                }
                Ok(())
            }
            Value::Class(id) => {
                let members = &mut self.classes[*id].members;
                match members.iter_mut().find(|(n, _)| n == name) {
                    Some((_, old)) => *old = value,
                    None => {
                        members.push((Arc::clone(name), value));
                        self.costs(1, name.len())?;
                    }
                }
                Ok(())
            }
            Value::Function(id) => {
                self.costs(1, name.len())?;
                let fields = &mut self.callables[*id].fields;
                fields.retain(|(known, _)| known != name);
                fields.push((Arc::clone(name), value));
                Ok(())
            }
            Value::Module(module) => {
                if !self.is_unknown(&value) {
                    self.costs(2, module.len() + name.len())?;
                    self.replaced.insert(format!("{module}.{name}").into(), value.clone());
                }
                if &**module == "__main__" {
                    self.costs(1, name.len())?;
                    self.scopes[0].order.push(Arc::clone(name));
                    self.scopes[0].names.insert(Arc::clone(name), value);
                }
                Ok(())
            }
            _ => {
                let class = self.type_name(of);
                Err(self
                    .raise("AttributeError", format!("'{class}' object has no attribute '{name}'")))
            }
        }
    }

    /// `value.name(arguments)` of Python's own types.
    pub(super) fn call_method<'a>(
        &'a mut self,
        of: &'a Value,
        name: &'a str,
        arguments: Vec<Value>,
        named: Named,
    ) -> Fut<'a, Done<Value>> {
        Box::pin(self.call_method_inside(of, name, arguments, named))
    }

    async fn call_method_inside(
        &mut self,
        of: &Value,
        name: &str,
        mut arguments: Vec<Value>,
        mut named: Named,
    ) -> Done<Value> {
        super::placing::placed(name, &mut arguments, &mut named);
        if name.starts_with("__") && !matches!(of, Value::Object(_)) {
            return self.protocol(of, name, arguments, named).await;
        }
        match of {
            Value::Array(cells) => {
                let cells = Arc::clone(cells);
                self.array_method(&cells, name, arguments).await
            }
            Value::Str(text) => {
                let text = Arc::clone(text);
                self.str_method(&text, name, &arguments, &named).await
            }
            Value::Bytes(bytes) => {
                let bytes = bytes.clone();
                self.bytes_method(&bytes, name, &arguments).await
            }
            Value::List(id) => self.list_method(*id, name, arguments, named).await,
            Value::Set(id) => self.set_method(*id, name, arguments).await,
            Value::Dict(id) => self.dict_method(*id, name, arguments, named),
            Value::Tuple(items) => match name {
                "count" | "index" => {
                    let wanted = arguments.into_iter().next().unwrap_or(Value::None);
                    self.count_or_index(items, name, &wanted)
                }
                _ => Err(self.missing(of, name)),
            },
            Value::Large(_) | Value::Int(_) if name == "to_bytes" => {
                let length = arguments
                    .first()
                    .cloned()
                    .or_else(|| super::builtins::by_name(&named, "length"));
                let order = arguments
                    .get(1)
                    .cloned()
                    .or_else(|| super::builtins::by_name(&named, "byteorder"));
                let length = length.and_then(|it| it.integer()).unwrap_or(1);
                let length = usize::try_from(length).unwrap_or(0).min(65_536);
                let little = matches!(order, Some(Value::Str(order)) if &*order == "little");
                let number = of.large().unwrap_or_default();
                self.costs(1, length)?;
                match super::large::number_bytes(&number, length, little) {
                    Some(bytes) => Ok(Value::Bytes(bytes.into())),
                    None => Err(self.raise("OverflowError", "int too big to convert")),
                }
            }
            Value::Large(number) => match name {
                "bit_length" => Ok(Value::Int(number.bits().into())),
                _ => Err(self.missing(of, name)),
            },
            Value::Int(number) => match name {
                "bit_length" => {
                    Ok(Value::Int(i128::from(128 - number.unsigned_abs().leading_zeros())))
                }
                _ => Err(self.missing(of, name)),
            },
            Value::Float(number) => match name {
                "is_integer" => Ok(Value::Bool(number.fract() == 0.0)),
                _ => Err(self.missing(of, name)),
            },
            Value::Object(id) => {
                if matches!(self.objects[*id].class, ClassOf::User(_)) && name != "with_traceback" {
                    return self.call_base(of, name, arguments, named).await;
                }
                self.object_method(*id, name, arguments, named).await
            }
            _ => Err(self.missing(of, name)),
        }
    }

    pub(super) fn missing(&mut self, of: &Value, name: &str) -> Unwind {
        let class = self.type_name(of);
        self.raise("AttributeError", format!("'{class}' object has no attribute '{name}'"))
    }

    pub(super) fn count_or_index(
        &mut self,
        items: &[Value],
        name: &str,
        wanted: &Value,
    ) -> Done<Value> {
        self.process.session.step(items.len() as u64 / 64)?;
        let matching = items.iter().filter(|i| self.equal(i, wanted)).count();
        if name == "count" {
            return Ok(Value::Int(matching as i128));
        }
        match items.iter().position(|i| self.equal(i, wanted)) {
            Some(at) => Ok(Value::Int(at as i128)),
            None => {
                let text = format!("{} is not in list", self.repr(wanted)?);
                Err(self.raise("ValueError", text))
            }
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from_digit(n.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

/// Methods by type, for what a name means when it is not called at once.
const METHODS: &[(&str, &str)] = &[
    (
        "str",
        "upper lower casefold capitalize title swapcase strip lstrip rstrip removeprefix removesuffix split rsplit splitlines partition rpartition join replace startswith endswith find rfind index rindex count encode isdigit isnumeric isdecimal isalpha isalnum isspace isupper islower zfill ljust rjust center format translate expandtabs isidentifier isascii isprintable istitle format_map maketrans",
    ),
    (
        "bytes",
        "decode hex upper lower strip lstrip rstrip split splitlines join replace startswith endswith find count tobytes tolist release translate maketrans fromhex rfind index rindex partition rpartition rsplit title capitalize swapcase ljust rjust center zfill isalnum isalpha isdigit isspace isupper islower removeprefix removesuffix expandtabs isascii",
    ),
    (
        "bytearray",
        "decode hex upper lower strip lstrip rstrip split splitlines join replace startswith endswith find count tobytes tolist release translate maketrans fromhex rfind index rindex partition rpartition rsplit title capitalize swapcase ljust rjust center zfill isalnum isalpha isdigit isspace isupper islower removeprefix removesuffix expandtabs isascii append extend pop insert remove reverse clear copy",
    ),
    (
        "list",
        "append extend insert pop remove clear reverse copy sort count index __next__ send throw close",
    ),
    (
        "set",
        "add update union remove discard intersection difference symmetric_difference isdisjoint pop clear copy issubset issuperset",
    ),
    ("dict", "get setdefault pop popitem keys values items update copy clear fromkeys move_to_end"),
    ("tuple", "count index"),
    ("int", "bit_length bit_count to_bytes conjugate from_bytes"),
    ("float", "is_integer hex as_integer_ratio"),
    ("property", "setter getter deleter"),
    ("slice", "indices"),
    (
        "_io.TextIOWrapper",
        "read readline readlines write writelines close flush fileno isatty seek tell __enter__ __exit__ reconfigure",
    ),
    (
        "_io.BufferedReader",
        "read readline readlines close flush fileno seek tell __enter__ __exit__",
    ),
    ("_io.BufferedWriter", "write writelines close flush fileno seek tell __enter__ __exit__"),
    ("_io.BytesIO", "read readline readlines write close seek tell getvalue __enter__ __exit__"),
    ("_io.StringIO", "read readline readlines write close seek tell getvalue __enter__ __exit__"),
    (
        "http.client.HTTPResponse",
        "read readline readlines close info geturl getcode getheader getheaders __enter__ __exit__",
    ),
    ("http.client.HTTPConnection", "request getresponse close connect"),
    ("http.client.HTTPMessage", "get items"),
    (
        "requests.models.Response",
        "json iter_content iter_lines close raise_for_status __enter__ __exit__",
    ),
    ("requests.sessions.Session", "get post head put request close mount __enter__ __exit__"),
    ("urllib.request.Request", "add_header get_full_url get_method"),
    ("urllib.request.OpenerDirector", "open"),
    (
        "socket.socket",
        "connect connect_ex send sendall sendto recv recvfrom close settimeout setsockopt setblocking bind listen accept fileno shutdown makefile getsockname getpeername detach __enter__ __exit__",
    ),
    ("subprocess.Input", "write flush close __enter__ __exit__"),
    ("subprocess.Popen", "communicate wait poll kill terminate send_signal __enter__ __exit__"),
    ("subprocess.CompletedProcess", "check_returncode"),
    ("os._wrap_close", "read readline readlines close __enter__ __exit__"),
    ("os._Environ", "get keys items values copy setdefault pop"),
    ("hashlib.HASH", "update hexdigest digest"),
    ("re.Pattern", "match search fullmatch findall finditer sub subn split"),
    ("re.Match", "group groups start end span groupdict expand"),
    ("threading.Thread", "start join run is_alive setDaemon daemon"),
    ("threading.Lock", "acquire release __enter__ __exit__"),
    ("argparse.ArgumentParser", "add_argument parse_args"),
    (
        "random.Random",
        "random randint randrange choice choices shuffle sample seed uniform getrandbits randbytes",
    ),
];

pub(super) fn has_method(class: &str, name: &str) -> bool {
    METHODS.iter().any(|(of, names)| *of == class && names.split(' ').any(|known| known == name))
}

/// Methods of one of Python's own types.
pub(super) fn names_of(class: &str) -> impl Iterator<Item = &'static str> + use<'_> {
    METHODS.iter().filter(move |(of, _)| *of == class).flat_map(|(_, names)| names.split(' '))
}
