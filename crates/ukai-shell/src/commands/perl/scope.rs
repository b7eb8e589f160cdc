//! Variables of a Perl program: those of scopes, those of packages, and what `local` does.

use super::ast::{Body, Expr, Name};
use super::machine::{Code, Done, Frame, Machine, Saved, Value};
use super::place::Place;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a scope leaves behind when it ends.
pub(super) struct Mark {
    frame: usize,
    captures: u64,
    saved: usize,
}

impl Machine<'_> {
    /// A scope within the one in use.
    pub(super) fn enter(&mut self) -> Mark {
        self.enter_at(self.frame)
    }

    /// A scope within another one.
    pub(super) fn enter_at(&mut self, parent: usize) -> Mark {
        let mark = Mark { frame: self.frame, captures: self.captures, saved: self.saved.len() };
        self.frames.push(Frame { names: Vec::new(), parent: Some(parent) });
        self.frame = self.frames.len() - 1;
        mark
    }

    /// Ends a scope. What nothing refers to is used again.
    pub(super) fn leave(&mut self, mark: &Mark) {
        self.restore(mark.saved);
        if self.captures == mark.captures
            && self.frame + 1 == self.frames.len()
            && self.frame != mark.frame
            && let Some(frame) = self.frames.pop()
        {
            for (sigil, _, id, owned) in frame.names {
                match sigil {
                    _ if !owned => {}
                    b'$' => {
                        self.scalars[id] = Value::Undef;
                        self.free[0].push(id);
                        self.refund(3);
                        if !self.positions.is_empty() {
                            self.positions.remove(&Place::Cell(id));
                        }
                    }
                    b'@' => {
                        self.refund(3);
                        self.arrays[id] = Vec::new();
                        self.free[1].push(id);
                    }
                    _ => {}
                }
            }
        }
        self.frame = mark.frame;
    }

    /// Gives back what `local` kept since there were so many.
    fn restore(&mut self, count: usize) {
        while self.saved.len() > count {
            match self.saved.pop() {
                Some(Saved::Scalar(id, value)) => self.scalars[id] = value,
                Some(Saved::Array(id, items)) => self.arrays[id] = items,
                Some(Saved::Hash(id, pairs)) => self.hashes[id] = pairs,
                Some(Saved::Member(id, key, Some(value))) => {
                    self.hashes[id].insert(key, value);
                }
                Some(Saved::Member(id, key, None)) => {
                    self.hashes[id].remove(&key);
                }
                Some(Saved::Sub(name, Some(code))) => {
                    self.subs.insert(name, code);
                }
                Some(Saved::Sub(name, None)) => {
                    self.subs.remove(&name);
                }
                Some(Saved::Handle(name, Some(handle))) => {
                    self.handles.insert(name, handle);
                }
                Some(Saved::Handle(name, None)) => {
                    self.handles.remove(&name);
                }
                None => return,
            }
        }
    }

    pub(super) fn new_scalar(&mut self, value: Value) -> usize {
        match self.free[0].pop() {
            Some(id) => {
                self.scalars[id] = value;
                id
            }
            None => {
                self.scalars.push(value);
                self.scalars.len() - 1
            }
        }
    }

    fn new_list(&mut self) -> usize {
        self.free[1].pop().unwrap_or_else(|| {
            self.arrays.push(Vec::new());
            self.arrays.len() - 1
        })
    }

    fn made(&mut self, sigil: u8) -> usize {
        match sigil {
            b'$' => self.new_scalar(Value::Undef),
            b'@' => self.new_list(),
            _ => {
                self.hashes.push(BTreeMap::new());
                self.hashes.len() - 1
            }
        }
    }

    /// `my`
    pub(super) fn declare(&mut self, sigil: char, name: &Name) -> Done<usize> {
        self.costs(3, 0)?;
        let sigil = sigil as u8;
        let id = self.made(sigil);
        self.binds(sigil, name, id, true);
        Ok(id)
    }

    /// A name of the scope in use for what is there already.
    pub(super) fn binds(&mut self, sigil: u8, name: &Name, id: usize, owned: bool) {
        let frame = self.frame;
        if let Some(frame) = self.frames.get_mut(frame) {
            frame.names.push((sigil, Arc::clone(name), id, owned));
        }
    }

    fn lexical(&self, sigil: u8, name: &str) -> Option<usize> {
        let mut at = Some(self.frame);
        while let Some(frame) = at.and_then(|at| self.frames.get(at)) {
            let found =
                frame.names.iter().rev().find(|(kind, own, ..)| *kind == sigil && **own == *name);
            if let Some((_, _, id, _)) = found {
                return Some(*id);
            }
            at = frame.parent;
        }
        None
    }

    /// The whole name of a package's variable or sub; those of `main` have none of it.
    pub(super) fn whole(&self, name: &str) -> Name {
        const EVERYWHERE: &[&str] =
            &["ENV", "ARGV", "INC", "STDIN", "STDOUT", "STDERR", "ARGVOUT", "a", "b", "_", "SIG"];
        let name = name.strip_prefix("main::").or(name.strip_prefix("::")).unwrap_or(name);
        let special = !name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if name.contains("::") || &*self.package == "main" || special || EVERYWHERE.contains(&name)
        {
            return name.into();
        }
        format!("{}::{name}", self.package).into()
    }

    /// A package's variable; made where it is not there.
    pub(super) fn global(&mut self, sigil: u8, name: &str) -> Done<usize> {
        let key = (sigil, self.whole(name));
        if let Some(id) = self.globals.get(&key) {
            return Ok(*id);
        }
        self.costs(3, 0)?;
        let id = self.made(sigil);
        if sigil == b'%' && name == "ENV" {
            let pairs = self.process.environment();
            self.hashes[id] = pairs.into_iter().map(|(n, v)| (n, Value::Str(v))).collect();
        }
        if sigil == b'%' && name == "INC" {
            self.hashes[id]
                .insert("strict.pm".into(), Value::str("/usr/share/perl/5.36/strict.pm"));
        }
        self.globals.insert(key, id);
        Ok(id)
    }

    fn named(&mut self, sigil: u8, name: &str) -> Done<usize> {
        match self.lexical(sigil, name) {
            Some(id) => Ok(id),
            None => self.global(sigil, name),
        }
    }

    pub(super) fn scalar_id(&mut self, name: &str) -> Done<usize> {
        self.named(b'$', name)
    }

    pub(super) fn array_named(&mut self, name: &str) -> Done<usize> {
        self.named(b'@', name)
    }

    pub(super) fn hash_named(&mut self, name: &str) -> Done<usize> {
        self.named(b'%', name)
    }

    /// An array of a package that is there already.
    pub(super) fn array_there(&self, name: &str) -> Option<usize> {
        self.globals.get(&(b'@', name.into())).copied()
    }

    /// What a scalar of a name holds.
    pub(super) fn scalar_named(&mut self, name: &str) -> Value {
        match name {
            "?" => return Value::Int(self.status),
            "&" => return self.matched.group(0),
            "`" => return self.matched.before(),
            "'" => return self.matched.after(),
            "+" => return self.matched.last(),
            "^T" | "^V" | "^S" => {
                return match name {
                    "^V" => Value::str("v5.36.0"),
                    "^S" => Value::Int(self.guards.into()),
                    _ => Value::Int(
                        self.process.session.host.clock(self.process.session.now()).secs() as i64,
                    ),
                };
            }
            "0" => {}
            _ if name.starts_with(|c: char| c.is_ascii_digit()) => {
                return self.matched.group(name.parse().unwrap_or(usize::MAX));
            }
            _ => {}
        }
        if let Some(id) = self.lexical(b'$', name) {
            return self.scalars[id].clone();
        }
        let key = (b'$', self.whole(name));
        self.globals.get(&key).map_or(Value::Undef, |id| self.scalars[*id].clone())
    }

    pub(super) fn set_scalar(&mut self, name: &str, value: Value) -> Done<()> {
        if name == "?" {
            self.status = value.integer();
            return Ok(());
        }
        let id = self.scalar_id(name)?;
        self.scalars[id] = value;
        Ok(())
    }

    /// Stands for a package's scalar from now on; gives what stood there.
    pub(super) fn rebind(&mut self, name: &Name, id: usize) -> Option<usize> {
        self.globals.insert((b'$', Arc::clone(name)), id)
    }

    pub(super) fn unbind(&mut self, name: &Name, before: Option<usize>) {
        match before {
            Some(id) => self.globals.insert((b'$', Arc::clone(name)), id),
            None => self.globals.remove(&(b'$', Arc::clone(name))),
        };
    }

    pub(super) fn new_array(&mut self, items: Vec<Value>) -> Done<Value> {
        self.costs(items.len() + 1, 0)?;
        self.arrays.push(items);
        Ok(Value::Array(self.arrays.len() - 1))
    }

    pub(super) fn new_hash(&mut self, items: Vec<Value>) -> Done<Value> {
        self.costs(items.len() + 1, 0)?;
        self.hashes.push(BTreeMap::new());
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
        if !self.hashes[id].contains_key(&key) {
            self.costs(2, key.len())?;
        }
        self.hashes[id].insert(key, value);
        Ok(())
    }

    /// What stands at a key of a hash.
    pub(super) fn field(&self, hash: usize, name: &[u8]) -> Value {
        self.hashes.get(hash).and_then(|pairs| pairs.get(name)).cloned().unwrap_or(Value::Undef)
    }

    /// `local`: what is there is kept until the scope ends.
    pub(super) async fn localize(&mut self, target: &Expr) -> Done<()> {
        match target {
            Expr::Scalar(name) => {
                let id = self.global(b'$', name)?;
                let old = std::mem::replace(&mut self.scalars[id], Value::Undef);
                self.saves(Saved::Scalar(id, old))?;
            }
            Expr::Array(name) => {
                let id = self.global(b'@', name)?;
                let old = std::mem::take(&mut self.arrays[id]);
                self.saves(Saved::Array(id, old))?;
            }
            Expr::Hash(name) => {
                let id = self.global(b'%', name)?;
                let old = std::mem::take(&mut self.hashes[id]);
                self.saves(Saved::Hash(id, old))?;
            }
            Expr::List(items) => {
                for item in items {
                    Box::pin(self.localize(item)).await?;
                }
            }
            Expr::Glob(name) => {
                let name = self.scalar(name).await?.text();
                let whole = self.whole(&String::from_utf8_lossy(&name));
                let code = self.subs.get(&whole).copied();
                self.saves(Saved::Sub(whole, code))?;
                let old = self.handles.remove(&name);
                self.saves(Saved::Handle(name, old))?;
            }
            Expr::Deref('$', inner) if matches!(**inner, Expr::Scalar(_) | Expr::Str(_)) => {
                if let Place::Cell(id) = self.place(target).await? {
                    let old = std::mem::replace(&mut self.scalars[id], Value::Undef);
                    self.saves(Saved::Scalar(id, old))?;
                }
            }
            other => match self.place(other).await? {
                Place::Member(id, key) => {
                    let old = self.hashes[id].get(&key).cloned();
                    self.saves(Saved::Member(id, key, old))?;
                }
                Place::Cell(id) => {
                    let old = std::mem::replace(&mut self.scalars[id], Value::Undef);
                    self.saves(Saved::Scalar(id, old))?;
                }
                _ => {}
            },
        }
        Ok(())
    }

    fn saves(&mut self, saved: Saved) -> Done<()> {
        const SAVED_MAX: usize = 10_000;
        if self.saved.len() >= SAVED_MAX {
            return self.die("Out of memory!");
        }
        self.costs(0, 8)?;
        self.saved.push(saved);
        Ok(())
    }

    /// A sub of the scope in use.
    pub(super) fn new_code(&mut self, body: &Body, name: &Name) -> Done<usize> {
        self.costs(4, 0)?;
        self.captures += 1;
        self.codes.push(Code {
            body: Arc::clone(body),
            frame: self.frame,
            package: Arc::clone(&self.package),
            name: Arc::clone(name),
            bound: true,
        });
        Ok(self.codes.len() - 1)
    }

    /// A sub with a name. It stands in the first scope that comes to it.
    pub(super) fn has_sub(&mut self, name: &Name, body: &Body, bound: bool) -> Done<()> {
        let whole = self.whole(name);
        if let Some(id) = self.subs.get(&whole).copied()
            && Arc::ptr_eq(&self.codes[id].body, body)
        {
            if bound && !self.codes[id].bound {
                self.codes[id].bound = true;
                self.codes[id].frame = self.frame;
                self.captures += 1;
            }
            return Ok(());
        }
        let id = self.new_code(body, name)?;
        self.codes[id].bound = bound;
        self.subs.insert(whole, id);
        Ok(())
    }

    /// The sub of a name: of the package, or of the main program.
    pub(super) fn sub_named(&self, name: &str) -> Option<usize> {
        let found = self.subs.get(&self.whole(name)).or_else(|| self.subs.get(name));
        found.copied()
    }
}
