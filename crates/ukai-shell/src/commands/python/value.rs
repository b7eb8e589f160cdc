//! Python's values. What can be changed lives in the machine's own lists and is named by
//! its place there, so that nothing outlives the program, cycles or not.

use super::ast::{Function, Span};
use crate::io::Fd;
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes that change in their place.
pub(super) type Cells = Arc<Mutex<Vec<u8>>>;

/// What stands in them now.
pub(super) fn held(cells: &Cells) -> MutexGuard<'_, Vec<u8>> {
    cells.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place in one of the machine's lists.
pub(super) type Id = usize;

#[derive(Clone, Debug)]
pub(super) enum Value {
    None,
    Ellipsis,
    Bool(bool),
    Int(i128),
    /// What is larger.
    Large(Arc<num_bigint::BigInt>),
    Float(f64),
    Str(Arc<str>),
    Bytes(Bytes),
    /// A `bytearray`.
    Array(Cells),
    Tuple(Arc<[Value]>),
    Range(i64, i64, i64),
    List(Id),
    Set(Id),
    Dict(Id),
    Function(Id),
    Class(Id),
    Object(Id),
    Module(Arc<str>),
    /// A function of Python's own, by its whole name: `print`, `os.system`.
    Builtin(Arc<str>),
    /// A type of Python's own: `int`, `ValueError`, `socket.socket`.
    Type(&'static str),
    /// A method and whose it is.
    Bound(Arc<(Value, Arc<str>)>),
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClassOf {
    Own(&'static str),
    User(Id),
}

/// What stands behind an object of one of Python's own types.
#[derive(Clone, Debug)]
pub(super) enum Native {
    None,
    /// A file that is read: what is left of it stands here.
    Reader {
        bytes: Bytes,
        place: usize,
        text: bool,
    },
    /// A file that is written.
    Writer {
        fd: Fd,
        text: bool,
    },
    /// Standard input, output or error.
    Stream(usize),
    /// A socket, of a stream or of datagrams.
    Socket {
        datagram: bool,
    },
    /// A program that ran: its output, its errors, its status.
    Program {
        output: Option<Bytes>,
        errors: Option<Bytes>,
        status: i32,
    },
    /// `hashlib`: the digest's name and what it is of.
    Digest {
        name: &'static str,
        bytes: Vec<u8>,
    },
    /// A pattern, or what it found.
    Pattern(Arc<super::regex::Pattern>),
    Found(Arc<super::regex::Found>),
    /// A thread's function and arguments.
    Later {
        function: Value,
        arguments: Value,
    },
}

/// A line of a traceback.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// Depth of calls, to see whether a frame is told of already.
    pub(super) depth: u32,
    /// Which text it is of.
    pub(super) source: usize,
    pub(super) function: Arc<str>,
    pub(super) span: Span,
}

/// What belongs to an exception beside its arguments.
#[derive(Clone, Debug, Default)]
pub(super) struct Raised {
    /// Frames, the innermost first.
    pub(super) frames: Vec<Frame>,
    /// Tracebacks of a library that come before, and frames of a library that come
    /// after the program's own.
    pub(super) before: String,
    pub(super) after: String,
    /// What was being handled when it was raised, and whether that is its cause.
    pub(super) context: Option<(Id, bool)>,
    /// Its text, where the arguments do not tell it.
    pub(super) text: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) class: ClassOf,
    pub(super) fields: Vec<(Arc<str>, Value)>,
    pub(super) native: Native,
    pub(super) raised: Option<Box<Raised>>,
}

#[derive(Debug)]
pub(super) struct Class {
    pub(super) name: Arc<str>,
    pub(super) bases: Vec<Value>,
    pub(super) members: Vec<(Arc<str>, Value)>,
    /// The classes that it is looked for in, itself the first.
    pub(super) order: Vec<Id>,
    /// Its metaclass, where it has one.
    pub(super) meta: Option<Id>,
}

pub(super) struct Callable {
    pub(super) code: Arc<Function>,
    pub(super) defaults: Vec<Option<Value>>,
    pub(super) scope: Id,
    pub(super) source: usize,
    /// The class that it is a method of.
    pub(super) owner: Option<Id>,
    /// Attributes that the program gave it.
    pub(super) fields: Vec<(Arc<str>, Value)>,
}

#[derive(Default)]
pub(super) struct Scope {
    pub(super) names: HashMap<Arc<str>, Value>,
    /// Names in the order in which they came to be.
    pub(super) order: Vec<Arc<str>>,
    /// The scope around it; classes' own are passed over.
    pub(super) outer: Option<Id>,
    /// Names that mean the module's.
    pub(super) global: Vec<Arc<str>>,
    /// Names that mean an outer function's.
    pub(super) nonlocal: Vec<Arc<str>>,
}

impl Value {
    pub(super) fn str(text: impl Into<Arc<str>>) -> Self {
        Self::Str(text.into())
    }

    pub(super) fn array(bytes: Vec<u8>) -> Self {
        Self::Array(Arc::new(Mutex::new(bytes)))
    }

    /// A `bytearray` as the bytes that it is now; anything else as it is.
    pub(super) fn still(&self) -> Self {
        match self {
            Self::Array(cells) => Self::Bytes(Bytes::copy_from_slice(&held(cells))),
            other => other.clone(),
        }
    }

    pub(super) fn tuple(items: Vec<Self>) -> Self {
        Self::Tuple(items.into())
    }
}

impl Object {
    pub(super) fn own(class: &'static str, native: Native) -> Self {
        Self { class: ClassOf::Own(class), fields: Vec::new(), native, raised: None }
    }

    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.fields.push((name.into(), value));
        self
    }

    pub(super) fn field(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(n, _)| &**n == name).map(|(_, v)| v)
    }
}

/// Python's own exceptions, each with what it derives from.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("Exception", "BaseException"),
    ("SystemExit", "BaseException"),
    ("KeyboardInterrupt", "BaseException"),
    ("GeneratorExit", "BaseException"),
    ("ArithmeticError", "Exception"),
    ("ZeroDivisionError", "ArithmeticError"),
    ("OverflowError", "ArithmeticError"),
    ("AssertionError", "Exception"),
    ("AttributeError", "Exception"),
    ("BufferError", "Exception"),
    ("EOFError", "Exception"),
    ("ImportError", "Exception"),
    ("ModuleNotFoundError", "ImportError"),
    ("LookupError", "Exception"),
    ("IndexError", "LookupError"),
    ("KeyError", "LookupError"),
    ("MemoryError", "Exception"),
    ("NameError", "Exception"),
    ("UnboundLocalError", "NameError"),
    ("OSError", "Exception"),
    ("FileNotFoundError", "OSError"),
    ("FileExistsError", "OSError"),
    ("PermissionError", "OSError"),
    ("IsADirectoryError", "OSError"),
    ("NotADirectoryError", "OSError"),
    ("ProcessLookupError", "OSError"),
    ("ChildProcessError", "OSError"),
    ("TimeoutError", "OSError"),
    ("BlockingIOError", "OSError"),
    ("InterruptedError", "OSError"),
    ("ConnectionError", "OSError"),
    ("ConnectionRefusedError", "ConnectionError"),
    ("ConnectionResetError", "ConnectionError"),
    ("ConnectionAbortedError", "ConnectionError"),
    ("BrokenPipeError", "ConnectionError"),
    ("socket.gaierror", "OSError"),
    ("socket.herror", "OSError"),
    ("urllib.error.URLError", "OSError"),
    ("urllib.error.HTTPError", "urllib.error.URLError"),
    ("urllib.error.ContentTooShortError", "urllib.error.URLError"),
    ("requests.exceptions.RequestException", "OSError"),
    ("requests.exceptions.HTTPError", "requests.exceptions.RequestException"),
    ("requests.exceptions.ConnectionError", "requests.exceptions.RequestException"),
    ("requests.exceptions.ConnectTimeout", "requests.exceptions.ConnectionError"),
    ("requests.exceptions.Timeout", "requests.exceptions.RequestException"),
    ("requests.exceptions.MissingSchema", "requests.exceptions.RequestException"),
    ("requests.exceptions.InvalidSchema", "requests.exceptions.RequestException"),
    ("subprocess.SubprocessError", "Exception"),
    ("subprocess.CalledProcessError", "subprocess.SubprocessError"),
    ("subprocess.TimeoutExpired", "subprocess.SubprocessError"),
    ("shutil.Error", "OSError"),
    ("ssl.SSLError", "OSError"),
    ("http.client.HTTPException", "Exception"),
    ("http.client.RemoteDisconnected", "ConnectionResetError"),
    ("binascii.Error", "ValueError"),
    ("struct.error", "Exception"),
    ("zlib.error", "Exception"),
    ("re.error", "Exception"),
    ("json.decoder.JSONDecodeError", "ValueError"),
    ("ReferenceError", "Exception"),
    ("RuntimeError", "Exception"),
    ("NotImplementedError", "RuntimeError"),
    ("RecursionError", "RuntimeError"),
    ("StopIteration", "Exception"),
    ("SyntaxError", "Exception"),
    ("IndentationError", "SyntaxError"),
    ("TabError", "IndentationError"),
    ("SystemError", "Exception"),
    ("TypeError", "Exception"),
    ("ValueError", "Exception"),
    ("UnicodeError", "ValueError"),
    ("UnicodeDecodeError", "UnicodeError"),
    ("UnicodeEncodeError", "UnicodeError"),
    ("Warning", "Exception"),
    ("DeprecationWarning", "Warning"),
    ("UserWarning", "Warning"),
];

/// Other types that a name can stand for.
const TYPES: &[&str] = &[
    "int",
    "float",
    "bool",
    "str",
    "bytes",
    "bytearray",
    "list",
    "tuple",
    "dict",
    "set",
    "frozenset",
    "object",
    "type",
    "range",
    "memoryview",
    "complex",
    "property",
    "super",
    "staticmethod",
    "classmethod",
    "enumerate",
    "zip",
    "map",
    "filter",
    "reversed",
    "slice",
];

/// Types that have no name in a program.
const NAMELESS: &[&str] =
    &["NoneType", "ellipsis", "function", "builtin_function_or_method", "method", "module"];

/// The type of a value of Python's own, by the type's name.
pub(super) fn type_named(name: &str) -> Option<&'static str> {
    own_type(name).or_else(|| NAMELESS.iter().copied().find(|known| *known == name))
}

/// The type of Python's own that has this name.
pub(super) fn own_type(name: &str) -> Option<&'static str> {
    let name = match name {
        "IOError" | "EnvironmentError" | "socket.error" | "os.error" | "select.error" => "OSError",
        "socket.timeout" => "TimeoutError",
        "json.JSONDecodeError" => "json.decoder.JSONDecodeError",
        "BaseException" => return Some("BaseException"),
        _ => name,
    };
    TYPES
        .iter()
        .copied()
        .chain(EXCEPTIONS.iter().map(|(name, _)| *name))
        .find(|known| *known == name)
}

/// Whether an exception's class is another, or derives from it.
pub(super) fn derives(class: &str, from: &str) -> bool {
    let mut class = class;
    loop {
        if class == from {
            return true;
        }
        match EXCEPTIONS.iter().find(|(name, _)| *name == class) {
            Some((_, parent)) => class = parent,
            None => return false,
        }
    }
}

/// Whether a type of Python's own is an exception.
pub(super) fn is_exception(class: &str) -> bool {
    derives(class, "BaseException")
}

/// A float as Python writes it.
pub(super) fn float_text(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e16).contains(&magnitude) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let text = format!("{value}");
    if text.contains('.') { text } else { format!("{text}.0") }
}

/// A text in quotes, as `repr` writes it.
pub(super) fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if (c as u32) < 32 || c as u32 == 127 => {
                out.push_str(&format!("\\x{:02x}", c as u32));
            }
            c if (0x80..0xa1).contains(&(c as u32)) => {
                out.push_str(&format!("\\x{:02x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// Bytes as `repr` writes them.
pub(super) fn quoted_bytes(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut out = String::with_capacity(bytes.len() + 3);
    out.push('b');
    out.push(quote);
    for byte in bytes {
        match *byte {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b'\\' => out.push_str("\\\\"),
            b if b as char == quote => {
                out.push('\\');
                out.push(quote);
            }
            b @ 32..=126 => out.push(b as char),
            b => out.push_str(&format!("\\x{b:02x}")),
        }
    }
    out.push(quote);
    out
}
