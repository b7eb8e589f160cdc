//! Python 2, as far as droppers are still written in it: read where a program is looked at for what
//! it would do, and is none of Python 3.
//!
//! Texts stay those of Python 3; codecs that make bytes of bytes take and give either.

use super::ast::{Argument, Block, Expr, ExprKind, Mistake, StmtKind};
use super::lexer::Token;
use super::parse::{Parsed, Parser, program, second_program};
use super::run::{Done, Machine};
use super::value::Value;
use std::sync::Arc;

/// Modules that have another name in Python 3.
const MODULES: &[(&str, &str)] = &[
    ("urllib2", "urllib.request"),
    ("httplib", "http.client"),
    ("urlparse", "urllib.parse"),
    ("commands", "subprocess"),
    ("StringIO", "io"),
    ("cStringIO", "io"),
    ("cPickle", "pickle"),
    ("thread", "_thread"),
    ("__builtin__", "builtins"),
    ("ConfigParser", "configparser"),
    ("Queue", "queue"),
    ("SocketServer", "socketserver"),
    ("BaseHTTPServer", "http.server"),
];

/// Functions and methods that have another name in Python 3.
const NAMES: &[(&str, &str)] = &[
    ("xrange", "range"),
    ("raw_input", "input"),
    ("unicode", "str"),
    ("basestring", "str"),
    ("unichr", "chr"),
    ("long", "int"),
    ("iteritems", "items"),
    ("itervalues", "values"),
    ("iterkeys", "keys"),
    ("getcwdu", "getcwd"),
    ("maxint", "maxsize"),
];

/// Codecs that make bytes of bytes.
const CODECS: &[&str] = &[
    "hex",
    "hex_codec",
    "base64",
    "base64_codec",
    "rot13",
    "rot_13",
    "rot-13",
    "zlib",
    "string_escape",
];

/// Whether Python 2 has a module of that name, and Python 3 has not.
pub(super) fn is_module(name: &str) -> bool {
    MODULES.iter().any(|(old, _)| *old == name)
}

/// The name in Python 3.
pub(super) fn renamed(name: &str) -> &str {
    NAMES.iter().find(|(old, _)| *old == name).map_or(name, |(_, new)| new)
}

/// Reads a program of Python 3, or of Python 2 where `second` allows it. The mistake is that of
/// Python 3.
pub(super) fn either(text: &str, second: bool) -> Parsed<Block> {
    let read: Result<Block, Mistake> = program(text);
    read.or_else(
        |mistake| {
            if second { second_program(text).map_err(|_| mistake) } else { Err(mistake) }
        },
    )
}

impl Parser {
    /// `print` or `exec` as a statement, at its name.
    pub(super) fn second_statement(&mut self, name: &str, start: &Token) -> Parsed<StmtKind> {
        let callee = self.make(ExprKind::Name(name.into()), start, 0)?;
        self.at += 1;
        let mut arguments = Vec::new();
        if name == "exec" {
            let text = self.test()?;
            match text.kind {
                // `exec text in names`
                ExprKind::Compare(text, names) => {
                    arguments.push(Argument::Plain(*text));
                    arguments.extend(names.into_iter().map(|it| Argument::Plain(it.1)));
                }
                _ => arguments.push(Argument::Plain(text)),
            }
            while self.take_op(",") {
                arguments.push(Argument::Plain(self.test()?));
            }
        } else {
            let mut to = None;
            if self.take_op(">>") {
                to = Some(self.test()?);
                self.take_op(",");
            }
            let mut goes_on = false;
            while !self.ends() {
                arguments.push(Argument::Plain(self.test()?));
                goes_on = self.take_op(",");
                if !goes_on {
                    break;
                }
            }
            if goes_on {
                let blank = self.make(ExprKind::Constant(Value::str(" ")), start, 0)?;
                arguments.push(Argument::Named("end".into(), blank));
            }
            arguments.extend(to.map(|it| Argument::Named("file".into(), it)));
        }
        self.call(callee, arguments, start).map(StmtKind::Expr)
    }

    /// A call whose parts are read.
    pub(super) fn call(
        &mut self,
        callee: Expr,
        arguments: Vec<Argument>,
        start: &Token,
    ) -> Parsed<Expr> {
        let height = |it: &Argument| match it {
            Argument::Plain(expr)
            | Argument::Named(_, expr)
            | Argument::Many(expr)
            | Argument::ManyNamed(expr) => expr.height,
        };
        let below = arguments.iter().map(height).max().unwrap_or(0).max(callee.height);
        self.make(ExprKind::Call(Box::new(callee), arguments), start, below)
    }
}

impl Machine<'_> {
    /// Whether programs of Python 2 are run.
    pub(super) fn runs_second(&self) -> bool {
        self.process.session.may_pass_over() > 0
    }

    /// The name that a module has here.
    pub(super) fn module_name(&self, name: &Arc<str>) -> Arc<str> {
        let known = MODULES.iter().find(|(old, _)| **old == **name);
        match known.filter(|_| self.runs_second()) {
            Some((_, new)) => (*new).into(),
            None => Arc::clone(name),
        }
    }

    /// The module of Python 3 in which `urllib.name` is.
    pub(super) fn moved(&self, module: &str, name: &str) -> Option<&'static str> {
        if module != "urllib" || !self.runs_second() {
            return None;
        }
        match name {
            "urlopen" | "urlretrieve" | "URLopener" | "FancyURLopener" => Some("urllib.request"),
            "quote" | "unquote" | "quote_plus" | "unquote_plus" | "urlencode" => {
                Some("urllib.parse")
            }
            _ => None,
        }
    }

    /// `text.decode('hex')` and the like; none where Python 3 would not take it, either.
    pub(super) fn second_codec(
        &mut self,
        value: &Value,
        method: &str,
        coding: &str,
    ) -> Option<Done<Value>> {
        let coding = coding.to_lowercase();
        let is_plain = method == "decode" && matches!(value, Value::Str(_));
        if !self.runs_second() || !(is_plain || CODECS.contains(&&*coding)) {
            return None;
        }
        if is_plain && !CODECS.contains(&&*coding) {
            return Some(Ok(value.clone()));
        }
        let arguments = [value.clone(), Value::str(coding)];
        let done = self.codec(&format!("codecs.{method}"), value, &arguments);
        // A text where it is one: in Python 2 bytes are.
        Some(done.map(|made| match &made {
            Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Value::str(text),
                Err(_) => made,
            },
            _ => made,
        }))
    }
}
