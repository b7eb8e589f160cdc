//! What a Perl program does.

use super::ast::{Expr, Name, Stmt, StmtKind};
pub(super) use super::value::Value;
use crate::io::Fd;
use crate::limits;
use crate::process::Process;
use crate::stack::with_room;
use crate::system::{Fut, Stop};
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::Arc;

/// Most values that a program may keep at once.
const VALUES_MAX: usize = 200_000;

pub(super) enum Unwind {
    Die(Bytes),
    Return(Vec<Value>),
    Next,
    Last,
    Exit(i32),
    Stop(Stop),
}

impl From<Stop> for Unwind {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

pub(super) type Done<T> = Result<T, Unwind>;

/// An open file.
pub(super) enum Handle {
    Reader(Bytes),
    Writer(Fd),
    /// `open(F, "|command")`: what it is given when it is closed.
    Pipe(Bytes, Vec<u8>),
}

pub(super) struct Machine<'p> {
    pub(super) process: &'p mut Process,
    pub(super) name: String,
    pub(super) scopes: Vec<HashMap<String, Value>>,
    pub(super) arrays: Vec<Vec<Value>>,
    pub(super) hashes: Vec<Vec<(Bytes, Value)>>,
    pub(super) subs: HashMap<Name, Arc<Vec<Stmt>>>,
    /// The package that statements are in.
    pub(super) package: Name,
    pub(super) blessed: HashMap<(u8, usize), Bytes>,
    constants: HashMap<String, Vec<Value>>,
    /// Where the next `//g` of a variable begins.
    positions: HashMap<Name, usize>,
    /// How far `each` has gone through hashes.
    pub(super) walked: HashMap<usize, usize>,
    /// What a file was last asked about.
    pub(super) tested: Bytes,
    pub(super) handles: HashMap<Bytes, Handle>,
    pub(super) line: u32,
    pub(super) status: i64,
    pub(super) printed: Vec<u8>,
    pub(super) forked: bool,
    pub(super) groups: Vec<Option<Bytes>>,
    /// Statements that may still fail without the program's end.
    passes: u32,
    /// `LWP::Simple` is used, and there.
    pub(super) has_lwp: bool,
    /// `eval`s around what runs.
    pub(super) guards: u32,
    values: usize,
    parts: u32,
}

impl<'p> Machine<'p> {
    pub(super) fn new(process: &'p mut Process, name: String, arguments: &[Vec<u8>]) -> Self {
        let passes = process.session.may_pass_over();
        let mut machine = Self {
            process,
            name,
            scopes: vec![HashMap::new()],
            arrays: Vec::new(),
            hashes: Vec::new(),
            subs: HashMap::new(),
            package: "main".into(),
            blessed: HashMap::new(),
            constants: HashMap::new(),
            positions: HashMap::new(),
            walked: HashMap::new(),
            tested: Bytes::new(),
            handles: HashMap::new(),
            line: 1,
            status: 0,
            printed: Vec::new(),
            forked: false,
            groups: Vec::new(),
            passes,
            has_lwp: false,
            guards: 0,
            values: 0,
            parts: 0,
        };
        machine.arrays.push(arguments.iter().map(|a| Value::str(a.clone())).collect());
        machine.scopes[0].insert("@ARGV".to_owned(), Value::Array(0));
        machine
    }

    /// What `<DATA>` reads.
    pub(super) fn has_data(&mut self, data: &[u8]) {
        let data = Bytes::copy_from_slice(data);
        self.handles.insert(Bytes::from_static(b"DATA"), Handle::Reader(data));
    }

    /// `use constant`: a name and its values, or names with a value each.
    pub(super) fn has_constants(&mut self, values: &[Value]) -> Done<()> {
        self.costs(values.len(), 0)?;
        match values {
            [Value::Hash(id)] => {
                for (name, value) in self.hashes[*id].clone() {
                    let name = String::from_utf8_lossy(&name).into_owned();
                    self.constants.insert(name, vec![value]);
                }
            }
            [name, values @ ..] => {
                self.constants.insert(name.shown(), values.to_vec());
            }
            [] => {}
        }
        Ok(())
    }

    pub(super) fn part(&mut self) -> Done<()> {
        const PARTS_PER_STEP: u32 = 8;
        self.parts += 1;
        if self.parts >= PARTS_PER_STEP {
            self.parts = 0;
            self.process.session.step(1)?;
        }
        let base = self.process.session.system().stack_base;
        if crate::stack::is_spent(base) {
            return Err(Unwind::Exit(137));
        }
        Ok(())
    }

    pub(super) fn costs(&mut self, values: usize, bytes: usize) -> Done<()> {
        self.values += values;
        if self.values > VALUES_MAX || bytes > limits::FILE_BYTES {
            self.process.error("Out of memory!")?;
            return Err(Unwind::Exit(1));
        }
        self.process.session.copied(values, bytes)?;
        Ok(())
    }

    /// `die` with the place, as Perl adds it.
    pub(super) fn die<T>(&self, text: &str) -> Done<T> {
        Err(Unwind::Die(format!("{text} at {} line {}.\n", self.name, self.line).into()))
    }

    // Variables.

    fn find(&self, key: &str) -> Option<usize> {
        (0..self.scopes.len()).rev().find(|at| self.scopes[*at].contains_key(key))
    }

    pub(super) fn scalar_named(&mut self, name: &str) -> Value {
        match name {
            "0" => Value::str(self.name.clone()),
            "$" => Value::Int(self.process.pid.into()),
            "?" => Value::Int(self.status),
            "<" | ">" => Value::Int(self.process.uid.into()),
            "(" | ")" => Value::Int(self.process.gid.into()),
            "]" => Value::str("5.036000"),
            "^O" => Value::str("linux"),
            "," | "\\" | "\"" | ";" | "/" if self.find(&format!("${name}")).is_none() => match name
            {
                "/" => Value::str("\n"),
                "\"" => Value::str(" "),
                _ => Value::Undef,
            },
            "&" => self.groups.first().cloned().flatten().map_or(Value::Undef, Value::Str),
            _ if name.bytes().all(|b| b.is_ascii_digit()) => {
                let at = name.parse().unwrap_or(usize::MAX);
                self.groups.get(at).cloned().flatten().map_or(Value::Undef, Value::Str)
            }
            _ => {
                let key = format!("${name}");
                self.find(&key).map_or(Value::Undef, |at| self.scopes[at][&key].clone())
            }
        }
    }

    pub(super) fn set_scalar(&mut self, name: &str, value: Value) -> Done<()> {
        let key = format!("${name}");
        let at = self.find(&key).unwrap_or(0);
        if !self.scopes[at].contains_key(&key) {
            self.costs(2, 0)?;
        }
        if name == "0" {
            self.name = String::from_utf8_lossy(&value.text()).trim_end_matches('\0').to_owned();
        }
        self.scopes[at].insert(key, value);
        if !self.positions.is_empty() {
            self.positions.remove(name);
        }
        Ok(())
    }

    /// An array that is there already.
    pub(super) fn array_there(&self, name: &str) -> Option<usize> {
        let key = format!("@{name}");
        match self.scopes[self.find(&key)?].get(&key) {
            Some(Value::Array(id)) => Some(*id),
            _ => None,
        }
    }

    pub(super) fn array_named(&mut self, name: &str) -> Done<usize> {
        let key = format!("@{name}");
        if let Some(at) = self.find(&key)
            && let Value::Array(id) = self.scopes[at][&key]
        {
            return Ok(id);
        }
        self.costs(4, 0)?;
        self.arrays.push(Vec::new());
        let id = self.arrays.len() - 1;
        self.scopes[0].insert(key, Value::Array(id));
        Ok(id)
    }

    pub(super) fn hash_named(&mut self, name: &str) -> Done<usize> {
        let key = format!("%{name}");
        if let Some(at) = self.find(&key)
            && let Value::Hash(id) = self.scopes[at][&key]
        {
            return Ok(id);
        }
        self.costs(4, 0)?;
        let pairs = if name == "ENV" { self.process.environment() } else { Vec::new() };
        self.hashes.push(pairs.into_iter().map(|(n, v)| (n, Value::Str(v))).collect());
        let id = self.hashes.len() - 1;
        self.scopes[0].insert(key, Value::Hash(id));
        Ok(id)
    }

    pub(super) fn declare(&mut self, sigil: char, name: &str) -> Done<()> {
        self.costs(3, 0)?;
        let value = match sigil {
            '@' => {
                self.arrays.push(Vec::new());
                Value::Array(self.arrays.len() - 1)
            }
            '%' => {
                self.hashes.push(Vec::new());
                Value::Hash(self.hashes.len() - 1)
            }
            _ => Value::Undef,
        };
        // `our @ISA` is the package's.
        if sigil == '@' && name == "ISA" {
            let package = Arc::clone(&self.package);
            self.scopes[0].insert(format!("@{package}::ISA"), value.clone());
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(format!("{sigil}{name}"), value);
        }
        Ok(())
    }

    pub(super) fn new_array(&mut self, items: Vec<Value>) -> Done<Value> {
        self.costs(items.len() + 1, 0)?;
        self.arrays.push(items);
        Ok(Value::Array(self.arrays.len() - 1))
    }

    pub(super) fn new_hash(&mut self, items: Vec<Value>) -> Done<Value> {
        self.costs(items.len() + 1, 0)?;
        self.hashes.push(Vec::new());
        let id = self.hashes.len() - 1;
        self.fill_hash(id, items)?;
        Ok(Value::Hash(id))
    }

    pub(super) fn fill_hash(&mut self, id: usize, items: Vec<Value>) -> Done<()> {
        let mut items = items.into_iter();
        while let Some(key) = items.next() {
            let value = items.next().unwrap_or(Value::Undef);
            self.put(id, key.text(), value)?;
        }
        Ok(())
    }

    pub(super) fn put(&mut self, id: usize, key: Bytes, value: Value) -> Done<()> {
        self.process.session.step(self.hashes[id].len() as u64 / 64)?;
        match self.hashes[id].iter_mut().find(|(k, _)| *k == key) {
            Some((_, old)) => *old = value,
            None => {
                self.costs(2, key.len())?;
                self.hashes[id].push((key, value));
            }
        }
        Ok(())
    }

    // Statements.

    pub(super) fn block<'a>(&'a mut self, block: &'a [Stmt]) -> Fut<'a, Done<Vec<Value>>> {
        Box::pin(async move {
            let mut package = Arc::clone(&self.package);
            for stmt in block {
                match &stmt.kind {
                    StmtKind::Package(name) => package = Arc::clone(name),
                    StmtKind::Sub(name, body) => self.has_sub(&package, name, body)?,
                    _ => {}
                }
            }
            let mut last = Vec::new();
            for stmt in block {
                self.part()?;
                self.line = stmt.line;
                match self.statement(stmt).await {
                    // It goes on though the statement failed, as it was wanted.
                    Err(Unwind::Die(_) | Unwind::Exit(_))
                        if self.passes > 0 && self.guards == 0 =>
                    {
                        self.passes -= 1;
                    }
                    other => last = other?,
                }
            }
            Ok(last)
        })
    }

    /// A sub of a package. Where another package has none of the name, it is found without its
    /// package, too.
    fn has_sub(&mut self, package: &str, name: &Name, body: &Arc<Vec<Stmt>>) -> Done<()> {
        self.costs(2, 0)?;
        if !name.contains("::") {
            self.subs.insert(format!("{package}::{name}").into(), Arc::clone(body));
        }
        if package == "main" || !self.subs.contains_key(name) {
            self.subs.insert(Arc::clone(name), Arc::clone(body));
        }
        Ok(())
    }

    async fn scoped(&mut self, block: &[Stmt]) -> Done<Vec<Value>> {
        self.scopes.push(HashMap::new());
        let result = self.block(block).await;
        self.scopes.pop();
        result
    }

    async fn statement(&mut self, stmt: &Stmt) -> Done<Vec<Value>> {
        match &stmt.kind {
            StmtKind::Expr(expr) => return self.list(expr).await,
            StmtKind::If(branches, otherwise) => {
                for (condition, body) in branches {
                    if self.scalar(condition).await?.truth() {
                        return self.scoped(body).await;
                    }
                }
                return self.scoped(otherwise).await;
            }
            StmtKind::While(condition, body) => loop {
                self.part()?;
                // `while (<F>)` sets `$_`.
                let goes = if let Expr::Read(_) = condition {
                    let line = self.scalar(condition).await?;
                    let goes = !matches!(line, Value::Undef);
                    self.set_scalar("_", line)?;
                    goes
                } else if let Expr::Assign("", _, right) = condition
                    && matches!(**right, Expr::Read(_))
                {
                    !matches!(self.scalar(condition).await?, Value::Undef)
                } else {
                    self.scalar(condition).await?.truth()
                };
                if !goes {
                    break;
                }
                match self.scoped(body).await {
                    Ok(_) | Err(Unwind::Next) => {}
                    Err(Unwind::Last) => break,
                    Err(other) => return Err(other),
                }
            },
            StmtKind::For(first, condition, after, body) => {
                self.scopes.push(HashMap::new());
                let result =
                    self.for_loop(first.as_ref(), condition.as_ref(), after.as_ref(), body).await;
                self.scopes.pop();
                result?;
            }
            StmtKind::Foreach(name, list, body) => {
                let items = self.list(list).await?;
                let name = name.as_deref().unwrap_or("_").to_owned();
                for item in items {
                    self.part()?;
                    self.scopes.push(HashMap::from([(format!("${name}"), item)]));
                    let result = self.block(body).await;
                    self.scopes.pop();
                    match result {
                        Ok(_) | Err(Unwind::Next) => {}
                        Err(Unwind::Last) => break,
                        Err(other) => return Err(other),
                    }
                }
            }
            StmtKind::Block(body) => {
                let package = Arc::clone(&self.package);
                let result = self.scoped(body).await;
                self.package = package;
                match result {
                    Err(Unwind::Next | Unwind::Last) => {}
                    other => return other,
                }
            }
            StmtKind::Use(name) => self.uses(name)?,
            StmtKind::Package(name) => self.package = Arc::clone(name),
            StmtKind::Sub(..) => {}
        }
        Ok(Vec::new())
    }

    async fn for_loop(
        &mut self,
        first: Option<&Expr>,
        condition: Option<&Expr>,
        after: Option<&Expr>,
        body: &[Stmt],
    ) -> Done<()> {
        if let Some(first) = first {
            self.list(first).await?;
        }
        loop {
            self.part()?;
            if let Some(condition) = condition
                && !self.scalar(condition).await?.truth()
            {
                return Ok(());
            }
            match self.scoped(body).await {
                Ok(_) | Err(Unwind::Next) => {}
                Err(Unwind::Last) => return Ok(()),
                Err(other) => return Err(other),
            }
            if let Some(after) = after {
                self.list(after).await?;
            }
        }
    }

    /// `use Module`: those of Debian's perl are there.
    pub(super) fn uses(&mut self, name: &str) -> Done<()> {
        const THERE: &str = "strict warnings utf8 vars lib constant integer bytes feature IO IO::Socket \
             IO::Socket::INET IO::Handle IO::File IO::Select IO::Pipe Socket POSIX MIME::Base64 Fcntl \
             File::Basename File::Path File::Copy File::Temp File::Find File::Spec Getopt::Long \
             Getopt::Std Data::Dumper Time::HiRes Time::Local Digest::MD5 Digest::SHA Cwd Carp \
             Sys::Hostname HTTP::Tiny List::Util Scalar::Util Encode Errno threads Thread::Queue \
             IPC::Open2 IPC::Open3 Term::ANSIColor Text::ParseWords Storable JSON::PP English FindBin \
             Config Symbol Net::FTP Net::SMTP Net::Ping IO::Uncompress::Gunzip Compress::Zlib Tie::File Benchmark base parent overload diagnostics locale open sort";
        let version = name.is_empty()
            || name.starts_with('v') && name[1..].starts_with(|c: char| c.is_ascii_digit());
        if version || THERE.split_whitespace().any(|known| known == name) {
            return Ok(());
        }
        if self.process.session.may_pass_over() > 0 {
            self.has_lwp |= name == "LWP::Simple";
            return Ok(());
        }
        let path = name.replace("::", "/");
        let text = format!(
            "Can't locate {path}.pm in @INC (you may need to install the {name} module) (@INC contains: /etc/perl /usr/local/lib/x86_64-linux-gnu/perl/5.36.0 /usr/local/share/perl/5.36.0 /usr/lib/x86_64-linux-gnu/perl5/5.36 /usr/share/perl5 /usr/lib/x86_64-linux-gnu/perl-base /usr/lib/x86_64-linux-gnu/perl/5.36 /usr/share/perl/5.36 /usr/local/lib/site_perl) at {} line {}.\nBEGIN failed--compilation aborted at {} line {}.",
            self.name, self.line, self.name, self.line
        );
        self.process.error(&text)?;
        Err(Unwind::Exit(2))
    }

    // Expressions.

    pub(super) fn list<'a>(&'a mut self, expr: &'a Expr) -> Fut<'a, Done<Vec<Value>>> {
        Box::pin(async move {
            Ok(match expr {
                Expr::List(items) => {
                    let mut all = Vec::new();
                    for item in items {
                        all.extend(self.list(item).await?);
                    }
                    self.process.session.copied(all.len(), 0)?;
                    all
                }
                Expr::Array(name) => {
                    let id = self.array_named(name)?;
                    self.process.session.copied(self.arrays[id].len(), 0)?;
                    self.arrays[id].clone()
                }
                Expr::Hash(name) => {
                    let id = self.hash_named(name)?;
                    self.pairs(id)?
                }
                Expr::Deref(sigil, inner) if *sigil != '$' => match self.scalar(inner).await? {
                    Value::Array(id) => {
                        self.process.session.copied(self.arrays[id].len(), 0)?;
                        self.arrays[id].clone()
                    }
                    Value::Hash(id) => self.pairs(id)?,
                    _ => Vec::new(),
                },
                Expr::My(names, true) => {
                    for (sigil, name) in names {
                        self.declare(*sigil, name)?;
                    }
                    Vec::new()
                }
                Expr::Assign("", left, right) if is_list(left) => {
                    self.assign_list(left, right).await?
                }
                Expr::Slice(of, keys) => self.slice(of, keys).await?,
                Expr::Binary("..", from, to) => {
                    let from = self.scalar(from).await?;
                    let to = self.scalar(to).await?;
                    if let (Value::Str(from), Value::Str(to)) = (&from, &to)
                        && let ([from], [to]) = (&from[..], &to[..])
                        && from.is_ascii_alphabetic()
                    {
                        return Ok((*from..=*to).map(|b| Value::str(vec![b])).collect());
                    }
                    let (a, b) = (from.integer(), to.integer());
                    let count = usize::try_from(b.saturating_sub(a).saturating_add(1)).unwrap_or(0);
                    self.costs(count, 0)?;
                    (a..=b).map(Value::Int).collect()
                }
                Expr::Binary("x", left, count) if matches!(**left, Expr::List(_)) => {
                    let items = self.list(left).await?;
                    let count = usize::try_from(self.scalar(count).await?.integer()).unwrap_or(0);
                    self.costs(items.len().saturating_mul(count), 0)?;
                    items.iter().cycle().take(items.len() * count).cloned().collect()
                }
                Expr::Choice(parts) => {
                    let [condition, then, otherwise] = &**parts;
                    let chosen =
                        if self.scalar(condition).await?.truth() { then } else { otherwise };
                    self.list(chosen).await?
                }
                Expr::Call(name, arguments) => self.call(name, arguments, true).await?,
                Expr::Method(of, name, arguments) => {
                    vec![self.method(of, name, arguments).await?]
                }
                Expr::Invoke(code, arguments) => {
                    let code = self.scalar(code).await?;
                    let arguments = self.all(arguments).await?;
                    self.invoke(&code, arguments).await?
                }
                Expr::Each(name, block, items) => self.each(name, block.as_ref(), items).await?,
                Expr::Block(name, block) => self.inner_block(name, block).await?,
                Expr::Run(command) => {
                    let text = self.scalar(command).await?.text();
                    let out = self.run_command(&text).await?;
                    out.split_inclusive(|b| *b == b'\n').map(|l| Value::str(l.to_vec())).collect()
                }
                Expr::Read(name) => {
                    let mut lines = Vec::new();
                    loop {
                        match self.read_line(name).await? {
                            Value::Undef => break,
                            line => lines.push(line),
                        }
                        self.costs(1, 0)?;
                    }
                    lines
                }
                Expr::Match(of, pattern, false) => {
                    let text = self.scalar(of).await?.text();
                    self.matches_list(&text, pattern).await?
                }
                Expr::Logic(op, left, right) => {
                    let value = self.scalar(left).await?;
                    let stays = match *op {
                        "||" => value.truth(),
                        "//" => !matches!(value, Value::Undef),
                        _ => !value.truth(),
                    };
                    if stays { vec![value] } else { self.list(right).await? }
                }
                _ => vec![self.scalar(expr).await?],
            })
        })
    }

    fn pairs(&mut self, id: usize) -> Done<Vec<Value>> {
        self.process.session.copied(2 * self.hashes[id].len(), 0)?;
        let pairs = self.hashes[id].iter();
        Ok(pairs.flat_map(|(k, v)| [Value::Str(k.clone()), v.clone()]).collect())
    }

    pub(super) async fn all(&mut self, items: &[Expr]) -> Done<Vec<Value>> {
        let mut all = Vec::new();
        for item in items {
            all.extend(self.list(item).await?);
        }
        Ok(all)
    }

    pub(super) fn scalar<'a>(&'a mut self, expr: &'a Expr) -> Fut<'a, Done<Value>> {
        Box::pin(async move {
            self.part()?;
            Ok(match expr {
                Expr::Int(n) => Value::Int(*n),
                Expr::Num(n) => Value::Num(*n),
                Expr::Str(bytes) => Value::Str(bytes.clone()),
                Expr::Scalar(name) => self.scalar_named(name),
                Expr::Text(parts) => {
                    let mut out = Vec::new();
                    for part in parts {
                        out.extend_from_slice(&self.scalar(part).await?.text());
                        self.costs(0, out.len() / 8)?;
                    }
                    Value::Str(out.into())
                }
                Expr::Array(name) => {
                    let id = self.array_named(name)?;
                    Value::Int(self.arrays[id].len() as i64)
                }
                Expr::Hash(name) => {
                    let id = self.hash_named(name)?;
                    Value::Int(self.hashes[id].len() as i64)
                }
                Expr::Last(name) => {
                    let id = self.array_named(name)?;
                    Value::Int(self.arrays[id].len() as i64 - 1)
                }
                Expr::Deref('$', inner) => self.scalar(inner).await?,
                Expr::Deref(_, inner) => match self.scalar(inner).await? {
                    Value::Array(id) => Value::Int(self.arrays[id].len() as i64),
                    Value::Hash(id) => Value::Int(self.hashes[id].len() as i64),
                    _ => Value::Int(0),
                },
                Expr::Item(of, index) => {
                    let index = self.scalar(index).await?.integer();
                    let items = match &**of {
                        Expr::NewArray(_) => match self.scalar(of).await? {
                            Value::Array(id) => id,
                            _ => return Ok(Value::Undef),
                        },
                        _ => match self.container(of, '@').await? {
                            Value::Array(id) => id,
                            _ => return Ok(Value::Undef),
                        },
                    };
                    let length = self.arrays[items].len() as i64;
                    let at = if index < 0 { index + length } else { index };
                    let at = usize::try_from(at).unwrap_or(usize::MAX);
                    self.arrays[items].get(at).cloned().unwrap_or(Value::Undef)
                }
                Expr::Member(of, key) => {
                    let key = self.scalar(key).await?.text();
                    match self.container(of, '%').await? {
                        Value::Hash(id) => {
                            self.process.session.step(self.hashes[id].len() as u64 / 64)?;
                            let found = self.hashes[id].iter().find(|(k, _)| *k == key);
                            found.map_or(Value::Undef, |(_, v)| v.clone())
                        }
                        _ => Value::Undef,
                    }
                }
                Expr::Ref(inner) => match &**inner {
                    Expr::Array(name) => Value::Array(self.array_named(name)?),
                    Expr::Hash(name) => Value::Hash(self.hash_named(name)?),
                    Expr::Call(name, _) if self.subs.contains_key(name) => {
                        self.subs.get(name).cloned().map_or(Value::Undef, Value::Code)
                    }
                    other => self.scalar(other).await?,
                },
                Expr::My(names, _) => {
                    for (sigil, name) in names {
                        self.declare(*sigil, name)?;
                    }
                    Value::Undef
                }
                Expr::NewArray(items) => {
                    let items = self.all(items).await?;
                    self.new_array(items)?
                }
                Expr::NewHash(items) => {
                    let items = self.all(items).await?;
                    self.new_hash(items)?
                }
                Expr::Sub(body) => Value::Code(Arc::clone(body)),
                Expr::Assign("", left, right) if is_list(left) => {
                    Value::Int(self.assign_list(left, right).await?.len() as i64)
                }
                Expr::Assign(op, left, right) => self.assign_scalar(op, left, right).await?,
                Expr::Binary(op, left, right) => {
                    let a = self.scalar(left).await?;
                    let b = self.scalar(right).await?;
                    self.operate(op, &a, &b)?
                }
                Expr::Logic(op, left, right) => {
                    let value = self.scalar(left).await?;
                    let stays = match *op {
                        "||" => value.truth(),
                        "//" => !matches!(value, Value::Undef),
                        "&&" => !value.truth(),
                        _ => {
                            let other = self.scalar(right).await?;
                            return Ok(Value::Int(i64::from(value.truth() != other.truth())));
                        }
                    };
                    if stays { value } else { self.scalar(right).await? }
                }
                Expr::Not(inner) => boolean(!self.scalar(inner).await?.truth()),
                Expr::Minus(inner) => {
                    let value = self.scalar(inner).await?;
                    match &value {
                        Value::Str(text) if text.first().is_some_and(u8::is_ascii_alphabetic) => {
                            Value::str([b"-", &text[..]].concat())
                        }
                        other => Value::of_number(-other.number()),
                    }
                }
                Expr::Choice(parts) => {
                    let [condition, then, otherwise] = &**parts;
                    let chosen =
                        if self.scalar(condition).await?.truth() { then } else { otherwise };
                    self.scalar(chosen).await?
                }
                Expr::Step(of, by, before) => {
                    let old = self.scalar(of).await?;
                    let new = Value::of_number(old.number() + *by as f64);
                    self.store(of, new.clone()).await?;
                    if *before { new } else { Value::of_number(old.number()) }
                }
                Expr::Print(how, handle, items) => {
                    self.print(how, handle.as_deref(), items).await?
                }
                Expr::Method(of, name, arguments) => self.method(of, name, arguments).await?,
                Expr::Run(command) => {
                    let text = self.scalar(command).await?.text();
                    Value::Str(self.run_command(&text).await?)
                }
                Expr::Read(name) => self.read_line(name).await?,
                Expr::Match(of, pattern, negated) => {
                    let text = self.scalar(of).await?.text();
                    let goes_on = match &**of {
                        Expr::Scalar(name) if pattern.flags.contains('g') => Some(name),
                        _ => None,
                    };
                    let from = goes_on.and_then(|name| self.positions.get(name)).copied();
                    let from = from.filter(|from| *from <= text.len()).unwrap_or(0);
                    let pattern = self.pattern(pattern).await?;
                    self.costs(0, text.len() * 8)?;
                    let found = pattern.captures_at(&text, from);
                    if let Some(name) = goes_on {
                        match found.as_ref().and_then(|found| found.get(0)) {
                            Some(all) => {
                                let end = all.end() + usize::from(all.is_empty());
                                self.positions.insert(Arc::clone(name), end);
                            }
                            None => {
                                self.positions.remove(name);
                            }
                        }
                    }
                    if let Some(found) = &found {
                        self.groups =
                            found.iter().map(|g| g.map(|g| text.slice(g.range()))).collect();
                    }
                    boolean(found.is_some() != *negated)
                }
                Expr::Replace(of, pattern, with) => self.replace(of, pattern, with).await?,
                Expr::Translate(of, from, to, flags) => {
                    let delete = flags.contains('d');
                    let text = self.scalar(of).await?.text();
                    self.costs(0, text.len())?;
                    let mut count = 0;
                    let mut out = Vec::with_capacity(text.len());
                    for byte in &text {
                        match from.iter().position(|b| b == byte) {
                            Some(at) => {
                                count += 1;
                                match to.get(at).or(to.last()) {
                                    Some(b) if !delete || at < to.len() => out.push(*b),
                                    None if !delete => out.push(*byte),
                                    _ => {}
                                }
                            }
                            None => out.push(*byte),
                        }
                    }
                    if flags.contains('r') {
                        return Ok(Value::str(out));
                    }
                    if !to.is_empty() || delete {
                        self.store(of, Value::str(out)).await?;
                    }
                    Value::Int(count)
                }
                Expr::Test(test, of) => {
                    let path = self.scalar(of).await?.text();
                    self.file_test(*test, &path)
                }
                Expr::Call(name, arguments) => {
                    let mut all = self.call(name, arguments, false).await?;
                    all.pop().unwrap_or(Value::Undef)
                }
                Expr::Each(name, ..) if &**name != "sort" => {
                    Value::Int(self.list(expr).await?.len() as i64)
                }
                _ => self.list(expr).await?.pop().unwrap_or(Value::Undef),
            })
        })
    }

    // Calls.

    pub(super) async fn invoke(&mut self, code: &Value, arguments: Vec<Value>) -> Done<Vec<Value>> {
        const SCOPES_MAX: usize = 200;
        // Of a program that is run for what it would do.
        const SCOPES_GOING_ON_MAX: usize = 3000;
        let Value::Code(body) = code else { return self.die("Not a CODE reference") };
        let goes_on = self.process.session.may_pass_over() > 0;
        if self.scopes.len() > if goes_on { SCOPES_GOING_ON_MAX } else { SCOPES_MAX } {
            return Err(Unwind::Exit(137));
        }
        let body = Arc::clone(body);
        let array = self.new_array(arguments)?;
        self.scopes.push(HashMap::from([("@_".to_owned(), array)]));
        let result = if goes_on {
            let base = self.process.session.system().stack_base;
            with_room(base, self.block(&body)).await
        } else {
            self.block(&body).await
        };
        self.scopes.pop();
        match result {
            Err(Unwind::Return(values)) => Ok(values),
            other => other,
        }
    }

    async fn call(&mut self, name: &Name, arguments: &[Expr], list: bool) -> Done<Vec<Value>> {
        if let Some(values) = self.constants.get(&**name) {
            return Ok(values.clone());
        }
        if &**name == "__PACKAGE__" {
            return Ok(vec![Value::str(self.package.to_string())]);
        }
        if let Some(body) = self.subs.get(name).cloned() {
            let arguments = self.all(arguments).await?;
            return self.invoke(&Value::Code(body), arguments).await;
        }
        self.function(name, arguments, list).await
    }

    async fn inner_block(&mut self, name: &str, block: &[Stmt]) -> Done<Vec<Value>> {
        let guards = u32::from(name == "eval");
        self.guards += guards;
        let result = self.scoped(block).await;
        self.guards -= guards;
        if guards > 0 { self.caught(result) } else { result }
    }

    /// What an `eval` gives: `$@` says how it died, if it did.
    pub(super) fn caught(&mut self, result: Done<Vec<Value>>) -> Done<Vec<Value>> {
        match result {
            Err(Unwind::Die(text)) => {
                self.set_scalar("@", Value::Str(text))?;
                Ok(vec![Value::Undef])
            }
            other => {
                self.set_scalar("@", Value::str(""))?;
                other
            }
        }
    }
}

pub(super) fn boolean(value: bool) -> Value {
    if value { Value::Int(1) } else { Value::str("") }
}

fn is_list(expr: &Expr) -> bool {
    match expr {
        Expr::List(_)
        | Expr::Array(_)
        | Expr::Hash(_)
        | Expr::Slice(..)
        | Expr::Deref('@' | '%', _) => true,
        Expr::My(names, list) => *list || matches!(names.first(), Some(('@' | '%', _))),
        _ => false,
    }
}
