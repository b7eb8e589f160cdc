//! Values of a Perl program's expressions.

use super::ast::{Expr, Replacement};
use super::machine::{Done, Machine, Unwind, Value, Want, boolean};
use super::operate::stepped;
use crate::system::Fut;
use bytes::Bytes;

impl Machine<'_> {
    pub(super) fn list<'a>(&'a mut self, expr: &'a Expr) -> Fut<'a, Done<Vec<Value>>> {
        Box::pin(async move {
            self.part()?;
            Ok(match expr {
                Expr::List(items) => self.all(items).await?,
                Expr::Array(name) => {
                    let id = self.array_named(name)?;
                    self.passes_by(self.arrays[id].len(), 0)?;
                    self.arrays[id].clone()
                }
                Expr::Hash(name) if &**name == "+" => self.matched.names(),
                Expr::Hash(name) => {
                    let id = self.hash_named(name)?;
                    self.pairs(id)?
                }
                Expr::Deref(sigil @ ('@' | '%'), inner) => {
                    match self.reached(inner, *sigil).await? {
                        Value::Array(id) => {
                            self.passes_by(self.arrays[id].len(), 0)?;
                            self.arrays[id].clone()
                        }
                        Value::Hash(id) => self.pairs(id)?,
                        Value::Undef => Vec::new(),
                        Value::Code(_) | Value::Scalar(_) => {
                            let kind = if *sigil == '@' { "an ARRAY" } else { "a HASH" };
                            return self.die(&format!("Not {kind} reference"));
                        }
                        _ => Vec::new(),
                    }
                }
                Expr::My(names, list) | Expr::Our(names, list)
                    if *list || matches!(names.first(), Some(('@' | '%', _))) =>
                {
                    self.place(expr).await?;
                    Vec::new()
                }
                Expr::Local(inner) => {
                    self.localize(inner).await?;
                    Vec::new()
                }
                Expr::Assign("", left, right) if is_list(left) => {
                    self.assign_list(left, right).await?;
                    match &**left {
                        Expr::My(names, _) | Expr::Our(names, _) => {
                            let mut all = Vec::new();
                            for (sigil, name) in names {
                                match sigil {
                                    '$' => all.push(self.scalar_named(name)),
                                    '@' => {
                                        let id = self.array_named(name)?;
                                        all.extend(self.arrays[id].iter().cloned());
                                    }
                                    _ => {
                                        let id = self.hash_named(name)?;
                                        all.extend(self.pairs(id)?);
                                    }
                                }
                            }
                            all
                        }
                        Expr::Local(_) => Vec::new(),
                        other => self.list(other).await?,
                    }
                }
                Expr::Slice(of, keys, pairs) => self.slice(of, keys, *pairs).await?,
                Expr::Binary("..", from, to) => self.range(from, to).await?,
                Expr::Binary("x", left, count) if matches!(**left, Expr::List(_)) => {
                    let items = self.list(left).await?;
                    let count = usize::try_from(self.scalar(count).await?.integer()).unwrap_or(0);
                    let all = items.len().saturating_mul(count);
                    self.costs(all, 0)?;
                    items.iter().cycle().take(all).cloned().collect()
                }
                Expr::Choice(parts) => {
                    let [condition, then, otherwise] = &**parts;
                    let chosen =
                        if self.scalar(condition).await?.truth() { then } else { otherwise };
                    self.list(chosen).await?
                }
                Expr::Call(name, arguments) => self.call(name, arguments, Want::All).await?,
                Expr::Method(of, name, arguments) => {
                    self.method(of, name, arguments, Want::All).await?
                }
                Expr::Invoke(code, arguments) => {
                    let code = self.scalar(code).await?;
                    let arguments = self.all(arguments).await?;
                    self.invoke(&code, arguments, Want::All).await?
                }
                Expr::Each(name, block, items) => {
                    self.each(name, block.as_ref(), items, Want::All).await?
                }
                Expr::Block(name, block) => self.inner_block(name, block, Want::All).await?,
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
                        self.passes_by(1, 0)?;
                    }
                    lines
                }
                Expr::Match(of, pattern, false) => self.matches_list(of, pattern).await?,
                Expr::Logic(op, left, right) if *op != "xor" => {
                    let value = self.scalar(left).await?;
                    let stays = match *op {
                        "||" => value.truth(),
                        "//" => !matches!(value, Value::Undef),
                        _ => !value.truth(),
                    };
                    if stays { vec![value] } else { self.list(right).await? }
                }
                Expr::Ref(inner) => match &**inner {
                    Expr::List(items) => {
                        let mut all = Vec::new();
                        for item in items {
                            all.push(self.reference(item).await?);
                        }
                        all
                    }
                    other => vec![self.reference(other).await?],
                },
                _ => vec![self.scalar(expr).await?],
            })
        })
    }

    /// The array or hash that is taken from a reference; nothing is made where there is none.
    async fn reached(&mut self, inner: &Expr, sigil: char) -> Done<Value> {
        match inner {
            Expr::Scalar(_) => {
                let value = self.scalar(inner).await?;
                if matches!(value, Value::Str(_)) {
                    return self.container(inner, sigil).await;
                }
                Ok(value)
            }
            other => self.container(other, sigil).await,
        }
    }

    async fn range(&mut self, from: &Expr, to: &Expr) -> Done<Vec<Value>> {
        const LETTERS_MAX: usize = 100_000;
        let from = self.scalar(from).await?;
        let to = self.scalar(to).await?;
        let numeric = |value: &Value| match value {
            Value::Str(text) => {
                let text = text.strip_prefix(b"-").unwrap_or(text);
                text.first().is_some_and(u8::is_ascii_digit)
                    && text.iter().all(|b| b.is_ascii_digit() || b".eE+-".contains(b))
                    && !(text.len() > 1 && text[0] == b'0')
            }
            _ => true,
        };
        if let (Value::Str(first), Value::Str(last)) = (&from, &to)
            && !first.is_empty()
            && !(numeric(&from) && numeric(&to))
        {
            let mut all = Vec::new();
            let mut value = Value::Str(first.clone());
            while all.len() < LETTERS_MAX {
                self.costs(1, 0)?;
                let text = value.text();
                if text.len() > last.len() {
                    break;
                }
                let ends = text == *last;
                all.push(value.clone());
                if ends {
                    break;
                }
                value = stepped(&value, 1);
            }
            return Ok(all);
        }
        let (a, b) = (from.integer(), to.integer());
        let count = usize::try_from(b.saturating_sub(a).saturating_add(1)).unwrap_or(0);
        self.passes_by(count, 0)?;
        Ok((a..=b).map(Value::Int).collect())
    }

    pub(super) fn pairs(&mut self, id: usize) -> Done<Vec<Value>> {
        self.passes_by(2 * self.hashes[id].len(), 0)?;
        let pairs = self.hashes[id].iter();
        Ok(pairs.flat_map(|(k, v)| [Value::Str(k.clone()), v.clone()]).collect())
    }

    pub(super) async fn all(&mut self, items: &[Expr]) -> Done<Vec<Value>> {
        if let [one] = items {
            return self.list(one).await;
        }
        let mut all = Vec::new();
        for item in items {
            all.extend(self.list(item).await?);
        }
        self.passes_by(all.len(), 0)?;
        Ok(all)
    }

    /// `\...`
    async fn reference(&mut self, inner: &Expr) -> Done<Value> {
        self.captures += 1;
        Ok(match inner {
            Expr::Array(name) => Value::Array(self.array_named(name)?),
            Expr::Hash(name) => Value::Hash(self.hash_named(name)?),
            Expr::Deref(sigil @ ('@' | '%'), of) => self.container(of, *sigil).await?,
            Expr::My(names, false) if matches!(names.first(), Some(('@' | '%', _))) => {
                let Some((sigil, name)) = names.first() else { return Ok(Value::Undef) };
                let id = self.declare(*sigil, name)?;
                if *sigil == '@' { Value::Array(id) } else { Value::Hash(id) }
            }
            Expr::SubOf(_) | Expr::Sub(_) => self.scalar(inner).await?,
            Expr::Glob(name) => self.scalar(name).await?,
            Expr::List(items) if items.len() == 1 => Box::pin(self.reference(&items[0])).await?,
            other => {
                let at = self.place(other).await?;
                if let super::place::Place::Cell(id) = at {
                    return Ok(Value::Scalar(id));
                }
                let value = if at == super::place::Place::Nowhere {
                    self.scalar(other).await?
                } else {
                    self.get(&at)
                };
                self.costs(2, 0)?;
                Value::Scalar(self.new_scalar(value))
            }
        })
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
                        self.passes_by(0, out.len() / 8)?;
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
                Expr::Deref('$' | '#', _)
                | Expr::My(..)
                | Expr::Our(..)
                | Expr::State(..)
                | Expr::Local(_)
                | Expr::Glob(_) => {
                    let at = self.place(expr).await?;
                    self.get(&at)
                }
                Expr::Deref(sigil, inner) => match self.reached(inner, *sigil).await? {
                    Value::Array(id) => Value::Int(self.arrays[id].len() as i64),
                    Value::Hash(id) => Value::Int(self.hashes[id].len() as i64),
                    _ => Value::Int(0),
                },
                Expr::Member(of, key) if matches!(&**of, Expr::Hash(name) if &**name == "+") => {
                    let key = self.scalar(key).await?.text();
                    self.matched.named(&key)
                }
                Expr::Item(of, index) => {
                    let index = self.scalar(index).await?.integer();
                    if let Expr::Array(name) = &**of
                        && matches!(&**name, "-" | "+")
                    {
                        return Ok(self.matched.edge(index, &**name == "-"));
                    }
                    let Value::Array(items) = self.container(of, '@').await? else {
                        return Ok(Value::Undef);
                    };
                    let length = self.arrays[items].len() as i64;
                    let at = if index < 0 { index.saturating_add(length) } else { index };
                    let at = usize::try_from(at).unwrap_or(usize::MAX);
                    self.arrays[items].get(at).cloned().unwrap_or(Value::Undef)
                }
                Expr::Member(of, key) => {
                    let key = self.key(key).await?;
                    match self.container(of, '%').await? {
                        Value::Hash(id) => self.field(id, &key),
                        _ => Value::Undef,
                    }
                }
                Expr::Ref(inner) => self.reference(inner).await?,
                Expr::SubOf(inner) => match self.scalar(inner).await? {
                    code @ Value::Code(_) => code,
                    name => {
                        let name = name.shown();
                        match self.sub_named(&name) {
                            Some(id) => Value::Code(id),
                            None => self.own_function(&name)?,
                        }
                    }
                },
                Expr::NewArray(items) => {
                    let items = self.all(items).await?;
                    self.new_array(items)?
                }
                Expr::NewHash(items) => {
                    let items = self.all(items).await?;
                    self.new_hash(items)?
                }
                Expr::Sub(body) => Value::Code(self.new_code(body, &"__ANON__".into())?),
                Expr::Assign("", left, right) if is_list(left) => {
                    Value::Int(self.assign_list(left, right).await? as i64)
                }
                Expr::Assign(op, left, right) if matches!(**left, Expr::Array(_)) => {
                    self.assign_more(op, left, right).await?
                }
                Expr::Assign(op, left, right) => self.assigned(op, left, right).await?.1,
                Expr::Binary("..", ..) => Value::Undef,
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
                            return Ok(boolean(value.truth() != other.truth()));
                        }
                    };
                    if stays { value } else { self.scalar(right).await? }
                }
                Expr::Not(inner) => boolean(!self.scalar(inner).await?.truth()),
                Expr::Minus(inner) => match self.scalar(inner).await? {
                    Value::Str(text)
                        if text.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_') =>
                    {
                        Value::str([b"-", &text[..]].concat())
                    }
                    Value::Int(n) => {
                        n.checked_neg().map_or(Value::Num(9.223_372_036_854_776e18), Value::Int)
                    }
                    other => Value::of_number(-other.number()),
                },
                Expr::Complement(inner) => match self.scalar(inner).await? {
                    Value::Str(text) => {
                        self.passes_by(0, text.len())?;
                        Value::str(text.iter().map(|b| !b).collect::<Vec<u8>>())
                    }
                    other => Value::of_bits(!other.bits()),
                },
                Expr::Choice(parts) => {
                    let [condition, then, otherwise] = &**parts;
                    let chosen =
                        if self.scalar(condition).await?.truth() { then } else { otherwise };
                    self.scalar(chosen).await?
                }
                Expr::Step(of, by, before) => {
                    let at = self.place(of).await?;
                    let old = self.get(&at);
                    let new = stepped(&old, *by);
                    self.set(&at, new.clone()).await?;
                    match old {
                        _ if *before => new,
                        Value::Undef => Value::Int(0),
                        old => old,
                    }
                }
                Expr::Print(how, handle, items) => {
                    self.print(how, handle.as_deref(), items).await?
                }
                Expr::Method(of, name, arguments) => {
                    let mut all = self.method(of, name, arguments, Want::One).await?;
                    all.pop().unwrap_or(Value::Undef)
                }
                Expr::Invoke(code, arguments) => {
                    let code = self.scalar(code).await?;
                    let arguments = self.all(arguments).await?;
                    let mut all = self.invoke(&code, arguments, Want::One).await?;
                    all.pop().unwrap_or(Value::Undef)
                }
                Expr::Run(command) => {
                    let text = self.scalar(command).await?.text();
                    Value::Str(self.run_command(&text).await?)
                }
                Expr::Read(name) => self.read_line(name).await?,
                Expr::Match(of, pattern, negated) => {
                    boolean(self.matches_once(of, pattern).await? != *negated)
                }
                Expr::Replace(of, pattern, with) => self.replace(of, pattern, with).await?,
                Expr::Translate(of, from, to, flags) => self.translate(of, from, to, flags).await?,
                Expr::Test(test, of) => {
                    // `-d -r $file`: all of them are asked.
                    if let Expr::Test(..) = &**of
                        && !self.scalar(of).await?.truth()
                    {
                        return Ok(boolean(false));
                    }
                    let path = match &**of {
                        Expr::Test(..) => Bytes::from_static(b"_"),
                        other => self.scalar(other).await?.text(),
                    };
                    self.file_test(*test, &path)
                }
                Expr::Call(name, arguments) => {
                    let mut all = self.call(name, arguments, Want::One).await?;
                    all.pop().unwrap_or(Value::Undef)
                }
                Expr::Each(name, block, items) => {
                    let all = self.each(name, block.as_ref(), items, Want::One).await?;
                    match &**name {
                        "map" | "grep" | "uniq" => Value::Int(all.len() as i64),
                        _ => all.last().cloned().unwrap_or(Value::Undef),
                    }
                }
                Expr::Block(name, block) => {
                    let mut all = self.inner_block(name, block, Want::One).await?;
                    all.pop().unwrap_or(Value::Undef)
                }
                Expr::List(items) => {
                    let mut last = Value::Undef;
                    for item in items {
                        last = self.scalar(item).await?;
                    }
                    last
                }
                Expr::Slice(..) => self.list(expr).await?.pop().unwrap_or(Value::Undef),
            })
        })
    }

    /// `push`-like assignments: `@a x= 3`.
    async fn assign_more(&mut self, op: &str, left: &Expr, right: &Expr) -> Done<Value> {
        let mut values = self.list(left).await?;
        let id = match left {
            Expr::Array(name) => self.array_named(name)?,
            _ => return Ok(Value::Undef),
        };
        match op {
            "x" => {
                let count = usize::try_from(self.scalar(right).await?.integer()).unwrap_or(0);
                let all = values.len().saturating_mul(count);
                self.costs(all, 0)?;
                values = values.iter().cycle().take(all).cloned().collect();
            }
            "||" if values.is_empty() => values = self.list(right).await?,
            _ => {}
        }
        self.arrays[id] = values;
        Ok(Value::Int(self.arrays[id].len() as i64))
    }

    async fn inner_block(
        &mut self,
        name: &str,
        block: &super::ast::Body,
        want: Want,
    ) -> Done<Vec<Value>> {
        let guards = u32::from(name == "eval");
        self.guards += guards;
        let depth = self.calls.len();
        let result = self.scoped(block, want).await;
        self.guards -= guards;
        if guards > 0 {
            self.calls.truncate(depth);
            let result = match result {
                Err(Unwind::Return(values)) => Ok(values),
                other => other,
            };
            self.caught(result, want)
        } else {
            result
        }
    }

    /// What an `eval` gives: `$@` says how it died, if it did.
    pub(super) fn caught(&mut self, result: Done<Vec<Value>>, want: Want) -> Done<Vec<Value>> {
        match result {
            Err(Unwind::Die(value)) => {
                self.set_scalar("@", value)?;
                Ok(if want == Want::All { Vec::new() } else { vec![Value::Undef] })
            }
            other => {
                self.set_scalar("@", Value::str(""))?;
                other
            }
        }
    }

    /// What a match is replaced with.
    pub(super) async fn replacement(&mut self, with: &Replacement, twice: bool) -> Done<Bytes> {
        let made = match with {
            Replacement::Text(text) => self.scalar(text).await?,
            Replacement::Code(code) => {
                let mut values = self.scoped(code, Want::One).await?;
                values.pop().unwrap_or(Value::Undef)
            }
        };
        if twice {
            let mut values = self.eval_text(&made.text(), Want::One).await?;
            return Ok(values.pop().unwrap_or(Value::Undef).text());
        }
        Ok(made.text())
    }
}

/// Whether what stands on the left of an assignment takes a list.
pub(super) fn is_list(expr: &Expr) -> bool {
    match expr {
        Expr::List(_)
        | Expr::Array(_)
        | Expr::Hash(_)
        | Expr::Slice(..)
        | Expr::Deref('@' | '%', _) => true,
        Expr::My(names, list) | Expr::Our(names, list) => {
            *list || matches!(names.first(), Some(('@' | '%', _)))
        }
        Expr::State(sigil, ..) => *sigil != '$',
        Expr::Local(inner) => is_list(inner),
        _ => false,
    }
}
