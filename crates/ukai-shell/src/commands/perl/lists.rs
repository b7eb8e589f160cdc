//! Lists of a Perl program: slices, and what `map`, `grep`, `sort` and those of `List::Util` make.

use super::ast::{Body, Expr, Name};
use super::machine::{Done, Machine, Unwind, Value, Want, boolean};
use super::place::Place;
use std::sync::Arc;

impl Machine<'_> {
    /// What stands at the keys of an array or a hash; with the keys, if they are wanted.
    pub(super) async fn slice(
        &mut self,
        of: &Expr,
        keys: &[Expr],
        pairs: bool,
    ) -> Done<Vec<Value>> {
        let of = self.sliced(of).await?;
        let keys = self.all(keys).await?;
        self.passes_by(keys.len() * 2, 0)?;
        let mut out = Vec::with_capacity(keys.len());
        for key in keys {
            let value = match of {
                Value::Array(id) => {
                    let length = self.arrays[id].len() as i64;
                    let at = key.integer();
                    let at = usize::try_from(if at < 0 { at.saturating_add(length) } else { at });
                    at.ok().and_then(|at| self.arrays[id].get(at).cloned())
                }
                Value::Hash(id) => Some(self.field(id, &key.text())),
                _ => None,
            };
            if pairs {
                out.push(key);
            }
            out.push(value.unwrap_or(Value::Undef));
        }
        Ok(out)
    }

    /// The array or hash that a slice is of.
    pub(super) async fn sliced(&mut self, of: &Expr) -> Done<Value> {
        match of {
            Expr::Deref(sigil, inner) => self.container(inner, *sigil).await,
            Expr::NewArray(_) => self.scalar(of).await,
            other => self.container(other, '@').await,
        }
    }

    pub(super) async fn each(
        &mut self,
        name: &str,
        block: Option<&Body>,
        items: &[Expr],
        want: Want,
    ) -> Done<Vec<Value>> {
        if name == "sort" {
            let items = self.all(items).await?;
            return self.sorted(block, items).await;
        }
        let Some(block) = block else { return self.all(items).await };
        let list = match items {
            [one] => self.aliases(one).await?,
            many => {
                let mut all = Vec::new();
                for item in many {
                    all.extend(self.aliases(item).await?);
                }
                all
            }
        };
        self.passes_by(list.len(), 0)?;
        if matches!(name, "reduce" | "reductions") {
            return self.reduced(block, list.into_iter().map(|(value, _)| value).collect()).await;
        }
        let own: Name = "_".into();
        let cell = self.new_scalar(Value::Undef);
        let before = self.rebind(&own, cell);
        let result = self.each_of(name, block, list, cell, want).await;
        self.unbind(&own, before);
        result
    }

    async fn each_of(
        &mut self,
        name: &str,
        block: &Body,
        list: Vec<super::statements::Alias>,
        cell: usize,
        _want: Want,
    ) -> Done<Vec<Value>> {
        let mut out = Vec::new();
        for (value, place) in list {
            self.part()?;
            self.scalars[cell] = value.clone();
            let inside = if name == "map" { Want::All } else { Want::One };
            let made = self.scoped(block, inside).await?;
            if let Some(place) = &place {
                let now = self.scalars[cell].clone();
                if !now.same(&value) {
                    self.set(place, now).await?;
                }
            }
            let good = made.last().is_some_and(Value::truth);
            match name {
                "map" => {
                    self.passes_by(made.len(), 0)?;
                    out.extend(made);
                }
                "grep" if good => out.push(self.scalars[cell].clone()),
                "first" if good => return Ok(vec![value]),
                "any" if good => return Ok(vec![boolean(true)]),
                "none" if good => return Ok(vec![boolean(false)]),
                "all" if !good => return Ok(vec![boolean(false)]),
                "notall" if !good => return Ok(vec![boolean(true)]),
                _ => {}
            }
        }
        Ok(match name {
            "map" | "grep" => out,
            "first" => vec![Value::Undef],
            "all" | "none" => vec![boolean(true)],
            _ => vec![boolean(false)],
        })
    }

    /// `reduce { $a . $b } ...`
    async fn reduced(&mut self, block: &Body, items: Vec<Value>) -> Done<Vec<Value>> {
        let mut items = items.into_iter();
        let Some(mut so_far) = items.next() else { return Ok(vec![Value::Undef]) };
        for item in items {
            self.part()?;
            let mut values = self.with_two(block, so_far, item).await?;
            so_far = values.pop().unwrap_or(Value::Undef);
        }
        Ok(vec![so_far])
    }

    /// Runs a block with `$a` and `$b`.
    async fn with_two(&mut self, block: &Body, a: Value, b: Value) -> Done<Vec<Value>> {
        let [first, second] = [self.global(b'$', "a")?, self.global(b'$', "b")?];
        let old = (self.scalars[first].clone(), self.scalars[second].clone());
        self.scalars[first] = a;
        self.scalars[second] = b;
        let result = self.scoped(block, Want::One).await;
        self.scalars[first] = old.0;
        self.scalars[second] = old.1;
        match result {
            Err(Unwind::Return(values)) => Ok(values),
            other => other,
        }
    }

    async fn sorted(&mut self, block: Option<&Body>, items: Vec<Value>) -> Done<Vec<Value>> {
        self.process.session.step(items.len() as u64 / 4)?;
        self.passes_by(items.len(), 0)?;
        let Some(block) = block.cloned() else {
            let mut items: Vec<_> = items.into_iter().map(|item| (item.text(), item)).collect();
            items.sort_by(|a, b| a.0.cmp(&b.0));
            return Ok(items.into_iter().map(|(_, item)| item).collect());
        };
        // Halves are put in order and merged.
        let mut runs: Vec<Vec<Value>> = items.into_iter().map(|item| vec![item]).collect();
        while runs.len() > 1 {
            let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
            let mut pairs = runs.into_iter();
            while let Some(left) = pairs.next() {
                match pairs.next() {
                    Some(right) => merged.push(self.merged(&block, left, right).await?),
                    None => merged.push(left),
                }
            }
            runs = merged;
        }
        Ok(runs.pop().unwrap_or_default())
    }

    async fn merged(
        &mut self,
        block: &Arc<Vec<super::ast::Stmt>>,
        left: Vec<Value>,
        right: Vec<Value>,
    ) -> Done<Vec<Value>> {
        let mut out = Vec::with_capacity(left.len() + right.len());
        let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            self.part()?;
            let order = self.with_two(block, a.clone(), b.clone()).await?;
            let takes_right = order.last().is_some_and(|order| order.number() > 0.0);
            out.extend(if takes_right { right.next() } else { left.next() });
        }
        out.extend(left);
        out.extend(right);
        Ok(out)
    }

    /// `push`, `pop`, `shift`, `unshift`, `splice`
    pub(super) async fn array_function(
        &mut self,
        name: &str,
        arguments: &[Expr],
        want: Want,
    ) -> Done<Vec<Value>> {
        let inside = self.calls.iter().any(|call| &*call.name != "(eval)");
        let own = Expr::Array(if inside { "_".into() } else { "ARGV".into() });
        let target = arguments.first().unwrap_or(&own);
        let id = match target {
            Expr::Array(name) => self.array_named(name)?,
            Expr::My(..) | Expr::Our(..) => {
                self.place(target).await?;
                match target {
                    Expr::My(names, _) | Expr::Our(names, _) => match names.first() {
                        Some((_, name)) => self.array_named(name)?,
                        None => return Ok(vec![Value::Undef]),
                    },
                    _ => return Ok(vec![Value::Undef]),
                }
            }
            Expr::Deref(_, inner) => match self.container(inner, '@').await? {
                Value::Array(id) => id,
                _ => return Ok(vec![Value::Undef]),
            },
            other => match self.container(other, '@').await? {
                Value::Array(id) => id,
                _ => return Ok(vec![Value::Undef]),
            },
        };
        let more = self.all(arguments.get(1..).unwrap_or_default()).await?;
        let length = self.arrays[id].len();
        self.process.session.step(length as u64 / 1_024)?;
        Ok(vec![match name {
            "push" => {
                self.costs(more.len(), 0)?;
                self.arrays[id].extend(more);
                Value::Int(self.arrays[id].len() as i64)
            }
            "unshift" => {
                self.costs(more.len(), 0)?;
                self.arrays[id].splice(0..0, more);
                Value::Int(self.arrays[id].len() as i64)
            }
            "pop" => {
                self.refund(usize::from(length > 0));
                self.arrays[id].pop().unwrap_or(Value::Undef)
            }
            "shift" if length == 0 => Value::Undef,
            "shift" => {
                self.refund(1);
                self.arrays[id].remove(0)
            }
            _ => {
                let place = |at: i64| if at < 0 { at.saturating_add(length as i64) } else { at };
                let from = more.first().map_or(0, |it| place(it.integer()));
                let from = usize::try_from(from).unwrap_or(0).min(length);
                let to = match more.get(1) {
                    Some(Value::Undef) | None => length,
                    Some(count) if count.integer() < 0 => {
                        usize::try_from(place(count.integer())).unwrap_or(0).clamp(from, length)
                    }
                    Some(count) => {
                        let count = usize::try_from(count.integer()).unwrap_or(0);
                        from.saturating_add(count).min(length)
                    }
                };
                let with: Vec<Value> = more.into_iter().skip(2).collect();
                self.costs(with.len(), 0)?;
                let out: Vec<Value> = self.arrays[id].splice(from..to, with).collect();
                if want == Want::One {
                    return Ok(vec![out.last().cloned().unwrap_or(Value::Undef)]);
                }
                return Ok(out);
            }
        }])
    }

    /// `keys`, `values`, `each`, `delete`, `exists`
    pub(super) async fn hash_function(
        &mut self,
        name: &str,
        arguments: &[Expr],
        want: Want,
    ) -> Done<Vec<Value>> {
        let Some(first) = arguments.first() else { return Ok(vec![Value::Undef]) };
        match name {
            "delete" => {
                let target = if let Expr::Local(inner) = first {
                    self.localize(inner).await?;
                    inner
                } else {
                    first
                };
                if let Expr::Slice(of, keys, _) = target {
                    let keys = self.all(keys).await?;
                    let Value::Hash(id) = self.sliced(of).await? else { return Ok(Vec::new()) };
                    let gone = keys.iter().map(|key| self.hashes[id].remove(&key.text()));
                    return Ok(gone.map(|it| it.unwrap_or(Value::Undef)).collect());
                }
                return Ok(vec![match self.place(target).await? {
                    Place::Member(id, key) => {
                        let gone = self.hashes[id].remove(&key);
                        self.refund(2 * usize::from(gone.is_some()));
                        gone.unwrap_or(Value::Undef)
                    }
                    Place::Item(id, at) => {
                        let last = at + 1 == self.arrays[id].len();
                        match self.arrays[id].get_mut(at) {
                            Some(_) if last => self.arrays[id].pop().unwrap_or(Value::Undef),
                            Some(item) => std::mem::replace(item, Value::Undef),
                            None => Value::Undef,
                        }
                    }
                    _ => Value::Undef,
                }]);
            }
            "exists" => {
                let there = match first {
                    Expr::Call(name, _) => self.sub_named(name).is_some(),
                    Expr::SubOf(_) => matches!(self.scalar(first).await?, Value::Code(_)),
                    other => match self.place(other).await? {
                        Place::Member(id, key) => self.hashes[id].contains_key(&key),
                        Place::Item(id, at) => at < self.arrays[id].len(),
                        place => !matches!(self.get(&place), Value::Undef),
                    },
                };
                return Ok(vec![boolean(there)]);
            }
            _ => {}
        }
        let of = match first {
            Expr::Deref(sigil, inner) => self.container(inner, *sigil).await?,
            other => self.container(other, '%').await?,
        };
        match of {
            Value::Hash(id) if name == "each" => {
                let after = self.walked.get(&id).cloned().flatten();
                let found = match &after {
                    Some(key) => {
                        use std::ops::Bound::{Excluded, Unbounded};
                        let range = (Excluded(key.clone()), Unbounded);
                        self.hashes[id].range(range).next()
                    }
                    None => self.hashes[id].iter().next(),
                };
                let found = found.map(|(key, value)| (key.clone(), value.clone()));
                Ok(match found {
                    Some((key, value)) => {
                        self.walked.insert(id, Some(key.clone()));
                        if want == Want::One {
                            vec![Value::Str(key)]
                        } else {
                            vec![Value::Str(key), value]
                        }
                    }
                    None => {
                        self.walked.remove(&id);
                        if want == Want::One { vec![Value::Undef] } else { Vec::new() }
                    }
                })
            }
            Value::Hash(id) => {
                self.walked.remove(&id);
                if want == Want::One {
                    return Ok(vec![Value::Int(self.hashes[id].len() as i64)]);
                }
                self.passes_by(self.hashes[id].len(), 0)?;
                Ok(if name == "keys" {
                    self.hashes[id].keys().cloned().map(Value::Str).collect()
                } else {
                    self.hashes[id].values().cloned().collect()
                })
            }
            Value::Array(id) => {
                if want == Want::One && name != "each" {
                    return Ok(vec![Value::Int(self.arrays[id].len() as i64)]);
                }
                self.passes_by(self.arrays[id].len(), 0)?;
                Ok(if name == "keys" {
                    (0..self.arrays[id].len() as i64).map(Value::Int).collect()
                } else {
                    self.arrays[id].clone()
                })
            }
            _ => Ok(if want == Want::One { vec![Value::Int(0)] } else { Vec::new() }),
        }
    }
}
