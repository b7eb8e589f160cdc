//! Where values of a Perl program stand: what can be assigned to, and how it is.

use super::ast::{Expr, Name};
use super::machine::{Done, Machine, Value, Want};
use crate::system::Fut;
use bytes::Bytes;

/// A place that holds a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    Cell(usize),
    Item(usize, usize),
    Member(usize, Bytes),
    /// A part of what stands in another place.
    Part(Box<Self>, usize, usize),
    /// Bits of what stands in another place: which of those, and how many.
    Bits(Box<Self>, usize, u32),
    /// `pos`
    Position(Box<Self>),
    /// `$#array`
    Last(usize),
    /// `*name`
    Glob(Bytes),
    /// `$?`
    Status,
    Nowhere,
}

impl Machine<'_> {
    pub(super) fn place<'a>(&'a mut self, target: &'a Expr) -> Fut<'a, Done<Place>> {
        Box::pin(async move {
            self.part()?;
            Ok(match target {
                Expr::Scalar(name) if &**name == "?" => Place::Status,
                Expr::Scalar(name)
                    if name.starts_with(|c: char| c.is_ascii_digit() && c != '0') =>
                {
                    Place::Nowhere
                }
                Expr::Scalar(name) => Place::Cell(self.scalar_id(name)?),
                Expr::My(names, _) => {
                    let mut last = Place::Nowhere;
                    for (sigil, name) in names {
                        let id = self.declare(*sigil, name)?;
                        if *sigil == '$' {
                            last = Place::Cell(id);
                        }
                    }
                    last
                }
                Expr::Our(names, _) => {
                    let mut last = Place::Nowhere;
                    for (sigil, name) in names {
                        let id = self.global(*sigil as u8, name)?;
                        self.binds(*sigil as u8, name, id, false);
                        if *sigil == '$' {
                            last = Place::Cell(id);
                        }
                    }
                    last
                }
                Expr::State(sigil, name, at) => {
                    let whole: Name = format!("main::state::{at}::{name}").into();
                    let id = self.global(*sigil as u8, &whole)?;
                    self.binds(*sigil as u8, name, id, false);
                    if *sigil == '$' { Place::Cell(id) } else { Place::Nowhere }
                }
                Expr::Local(inner) => {
                    self.localize(inner).await?;
                    self.place(inner).await?
                }
                Expr::Deref('$', inner) => match self.scalar(inner).await? {
                    Value::Scalar(id) => Place::Cell(id),
                    Value::Undef => {
                        let id = self.new_scalar(Value::Undef);
                        self.costs(2, 0)?;
                        self.captures += 1;
                        let at = self.place(inner).await?;
                        self.set(&at, Value::Scalar(id)).await?;
                        Place::Cell(id)
                    }
                    Value::Str(name) => {
                        let name = String::from_utf8_lossy(&name).into_owned();
                        Place::Cell(self.global(b'$', &name)?)
                    }
                    _ => return self.die("Not a SCALAR reference"),
                },
                Expr::Deref('#', inner) => match self.container(inner, '@').await? {
                    Value::Array(id) => Place::Last(id),
                    _ => Place::Nowhere,
                },
                Expr::Item(of, index) => {
                    let index = self.scalar(index).await?.integer();
                    let Value::Array(id) = self.container(of, '@').await? else {
                        return Ok(Place::Nowhere);
                    };
                    let length = self.arrays[id].len() as i64;
                    let at = if index < 0 { index.saturating_add(length) } else { index };
                    usize::try_from(at).map_or(Place::Nowhere, |at| Place::Item(id, at))
                }
                Expr::Member(of, key) => {
                    let key = self.key(key).await?;
                    match self.container(of, '%').await? {
                        Value::Hash(id) => Place::Member(id, key),
                        _ => Place::Nowhere,
                    }
                }
                Expr::List(items) if items.len() == 1 => self.place(&items[0]).await?,
                Expr::Choice(parts) => {
                    let [condition, then, otherwise] = &**parts;
                    let chosen =
                        if self.scalar(condition).await?.truth() { then } else { otherwise };
                    self.place(chosen).await?
                }
                Expr::Assign(op, left, right) => {
                    if op.is_empty() && super::evaluate::is_list(left) {
                        self.assign_list(left, right).await?;
                        return self.place_again(left).await;
                    }
                    self.assigned(op, left, right).await?.0
                }
                Expr::Step(of, by, true) => {
                    let at = self.place(of).await?;
                    let new = super::operate::stepped(&self.get(&at), *by);
                    self.set(&at, new).await?;
                    at
                }
                Expr::Replace(of, ..) | Expr::Translate(of, ..) => {
                    self.scalar(target).await?;
                    self.place(of).await?
                }
                Expr::Glob(name) => Place::Glob(self.scalar(name).await?.text()),
                Expr::Call(name, arguments) if &**name == "substr" && arguments.len() >= 2 => {
                    let of = self.place(&arguments[0]).await?;
                    let from = self.scalar(&arguments[1]).await?.integer();
                    let count = match arguments.get(2) {
                        Some(count) => Some(self.scalar(count).await?.integer()),
                        None => None,
                    };
                    let part = super::functions::part_of(self.get(&of).text().len(), from, count);
                    Place::Part(Box::new(of), part.start, part.end)
                }
                Expr::Call(name, arguments) if &**name == "vec" && arguments.len() == 3 => {
                    let of = self.place(&arguments[0]).await?;
                    let at = self.scalar(&arguments[1]).await?.integer();
                    let bits = self.scalar(&arguments[2]).await?.integer();
                    match (usize::try_from(at), bits) {
                        (Ok(at), 1 | 2 | 4 | 8 | 16 | 32) => {
                            Place::Bits(Box::new(of), at, bits as u32)
                        }
                        _ => Place::Nowhere,
                    }
                }
                Expr::Call(name, arguments) if &**name == "pos" => {
                    let of = match arguments.first() {
                        Some(of) => self.place(of).await?,
                        None => Place::Cell(self.scalar_id("_")?),
                    };
                    Place::Position(Box::new(of))
                }
                _ => Place::Nowhere,
            })
        })
    }

    /// The place of what was declared or assigned just now.
    fn place_again<'a>(&'a mut self, target: &'a Expr) -> Fut<'a, Done<Place>> {
        Box::pin(async move {
            match target {
                Expr::My(names, _) | Expr::Our(names, _) => match names.last() {
                    Some(('$', name)) => Ok(Place::Cell(self.scalar_id(name)?)),
                    _ => Ok(Place::Nowhere),
                },
                Expr::Local(inner) => self.place_again(inner).await,
                Expr::List(items) => match items.last() {
                    Some(last) => self.place_again(last).await,
                    None => Ok(Place::Nowhere),
                },
                other => self.place(other).await,
            }
        })
    }

    /// A key of a hash: several values are joined.
    pub(super) async fn key(&mut self, key: &Expr) -> Done<Bytes> {
        if let Expr::List(items) = key
            && items.len() > 1
        {
            let parts: Vec<Bytes> = self.all(items).await?.iter().map(Value::text).collect();
            return Ok(parts.join(&b"\x1c"[..]).into());
        }
        Ok(self.scalar(key).await?.text())
    }

    pub(super) fn get(&self, place: &Place) -> Value {
        match place {
            Place::Cell(id) => self.scalars[*id].clone(),
            Place::Item(id, at) => self.arrays[*id].get(*at).cloned().unwrap_or(Value::Undef),
            Place::Member(id, key) => self.field(*id, key),
            Place::Part(of, from, to) => {
                let text = self.get(of).text();
                Value::Str(text.slice((*from).min(text.len())..(*to).min(text.len())))
            }
            Place::Bits(of, at, bits) => {
                let text = self.get(of).text();
                Value::of_bits(super::functions::bits_at(&text, *at as i64, *bits))
            }
            Place::Position(of) => {
                self.positions.get(&**of).map_or(Value::Undef, |at| Value::Int(*at as i64))
            }
            Place::Last(id) => Value::Int(self.arrays[*id].len() as i64 - 1),
            Place::Status => Value::Int(self.status),
            Place::Glob(name) => Value::Str(name.clone()),
            Place::Nowhere => Value::Undef,
        }
    }

    pub(super) fn set<'a>(&'a mut self, place: &'a Place, value: Value) -> Fut<'a, Done<()>> {
        Box::pin(async move {
            if !self.positions.is_empty() {
                self.positions.remove(place);
            }
            match place {
                Place::Cell(id) => self.scalars[*id] = value,
                Place::Item(id, at) => {
                    let length = self.arrays[*id].len();
                    if *at >= length {
                        self.costs(at.saturating_sub(length).saturating_add(1), 0)?;
                        self.arrays[*id].resize(at + 1, Value::Undef);
                    }
                    self.arrays[*id][*at] = value;
                }
                Place::Member(id, key) => self.put(*id, key.clone(), value)?,
                Place::Part(of, from, to) => {
                    let text = self.get(of).text();
                    let with = value.text();
                    let (from, to) = ((*from).min(text.len()), (*to).min(text.len()));
                    let all = [&text[..from], &with[..], &text[to..]].concat();
                    self.passes_by(0, all.len())?;
                    self.set(of, Value::str(all)).await?;
                }
                Place::Bits(of, at, bits) => {
                    let mut text = self.get(of).text().to_vec();
                    let place = at.saturating_mul(*bits as usize);
                    let end = place.saturating_add(*bits as usize).div_ceil(8);
                    self.passes_by(0, end.max(text.len()))?;
                    if text.len() < end {
                        text.resize(end, 0);
                    }
                    let number = value.bits();
                    if *bits < 8 {
                        let mask = ((1_u16 << bits) - 1) as u8;
                        let shift = place % 8;
                        let byte = &mut text[place / 8];
                        *byte = *byte & !(mask << shift) | (number as u8 & mask) << shift;
                    } else {
                        let width = *bits as usize / 8;
                        let bytes = number.to_be_bytes();
                        text[place / 8..place / 8 + width].copy_from_slice(&bytes[8 - width..]);
                    }
                    self.set(of, Value::str(text)).await?;
                }
                Place::Position(of) => {
                    const POSITIONS_MAX: usize = 10_000;
                    let length = self.get(of).text().len();
                    match usize::try_from(value.integer()) {
                        Ok(at)
                            if !matches!(value, Value::Undef)
                                && self.positions.len() < POSITIONS_MAX =>
                        {
                            self.positions.insert((**of).clone(), at.min(length));
                        }
                        _ => {
                            self.positions.remove(&**of);
                        }
                    }
                }
                Place::Last(id) => {
                    let length = usize::try_from(value.integer().saturating_add(1)).unwrap_or(0);
                    let old = self.arrays[*id].len();
                    self.costs(length.saturating_sub(old), 0)?;
                    self.arrays[*id].resize(length, Value::Undef);
                }
                Place::Glob(name) => self.set_glob(name, &value)?,
                Place::Status => self.status = value.integer(),
                Place::Nowhere => {}
            }
            Ok(())
        })
    }

    /// `*name = ...`: a sub, a variable, or all of another name.
    fn set_glob(&mut self, name: &Bytes, value: &Value) -> Done<()> {
        let text = String::from_utf8_lossy(name).into_owned();
        let name = self.whole(text.strip_prefix('*').unwrap_or(&text));
        match value {
            Value::Code(id) => {
                self.subs.insert(name, *id);
            }
            Value::Scalar(id) => {
                self.globals.insert((b'$', name), *id);
            }
            Value::Array(id) => {
                self.globals.insert((b'@', name), *id);
            }
            Value::Hash(id) => {
                self.globals.insert((b'%', name), *id);
            }
            other => {
                let other = other.shown();
                let other = self.whole(other.strip_prefix('*').unwrap_or(&other));
                if let Some(code) = self.subs.get(&other).copied() {
                    self.subs.insert(name.clone(), code);
                }
                for sigil in [b'$', b'@', b'%'] {
                    if let Some(id) = self.globals.get(&(sigil, other.clone())).copied() {
                        self.globals.insert((sigil, name.clone()), id);
                    }
                }
            }
        }
        self.costs(2, 0)
    }

    /// The array or hash that a subscript is of; made where there is none.
    pub(super) async fn container(&mut self, of: &Expr, sigil: char) -> Done<Value> {
        let value = match of {
            Expr::Array(name) => return Ok(Value::Array(self.array_named(name)?)),
            Expr::Hash(name) => return Ok(Value::Hash(self.hash_named(name)?)),
            Expr::Scalar(_) | Expr::Item(..) | Expr::Member(..) | Expr::Deref('$', _) => {
                let at = self.place(of).await?;
                let value = self.get(&at);
                if matches!(value, Value::Undef) {
                    let made = if sigil == '%' {
                        self.new_hash(Vec::new())?
                    } else {
                        self.new_array(Vec::new())?
                    };
                    self.set(&at, made.clone()).await?;
                    return Ok(made);
                }
                value
            }
            Expr::Deref(kind @ ('@' | '%'), inner) => {
                return Box::pin(self.container(inner, *kind)).await;
            }
            Expr::Block(name, body) if &**name == "do" => {
                let mut values = self.scoped(body, Want::One).await?;
                values.pop().unwrap_or(Value::Undef)
            }
            other => self.scalar(other).await?,
        };
        // A name stands for the variable of the package.
        if let Value::Str(name) = &value {
            let name = String::from_utf8_lossy(name).into_owned();
            let name = name.strip_prefix('*').unwrap_or(&name).to_owned();
            if !name.is_empty() && name.len() < 200 {
                return Ok(if sigil == '%' {
                    Value::Hash(self.global(b'%', &name)?)
                } else {
                    Value::Array(self.global(b'@', &name)?)
                });
            }
        }
        Ok(value)
    }

    pub(super) async fn store(&mut self, target: &Expr, value: Value) -> Done<()> {
        let at = self.place(target).await?;
        self.set(&at, value).await
    }

    /// `left op= right`: where the value stands, and the value.
    pub(super) async fn assigned(
        &mut self,
        op: &str,
        left: &Expr,
        right: &Expr,
    ) -> Done<(Place, Value)> {
        match op {
            "" => {
                let value = self.scalar(right).await?;
                let at = self.place(left).await?;
                if matches!(left, Expr::State(..)) && !matches!(self.get(&at), Value::Undef) {
                    let old = self.get(&at);
                    return Ok((at, old));
                }
                self.set(&at, value.clone()).await?;
                Ok((at, value))
            }
            "||" | "&&" | "//" => {
                let at = self.place(left).await?;
                let old = self.get(&at);
                let stays = match op {
                    "||" => old.truth(),
                    "&&" => !old.truth(),
                    _ => !matches!(old, Value::Undef),
                };
                if stays {
                    return Ok((at, old));
                }
                let value = self.scalar(right).await?;
                self.set(&at, value.clone()).await?;
                Ok((at, value))
            }
            _ => {
                let with = self.scalar(right).await?;
                let at = self.place(left).await?;
                if op == "."
                    && let Place::Cell(id) = at
                {
                    return self.appended(id, &with);
                }
                let old = self.get(&at);
                let value = self.operate(op, &old, &with)?;
                self.set(&at, value.clone()).await?;
                Ok((at, value))
            }
        }
    }

    /// `.=`: the text grows where it stands, if nobody else holds it.
    fn appended(&mut self, id: usize, with: &Value) -> Done<(Place, Value)> {
        let old = std::mem::replace(&mut self.scalars[id], Value::Undef).text();
        let with = with.text();
        self.passes_by(0, with.len() + 8)?;
        if old.len() + with.len() > crate::limits::FILE_BYTES {
            self.passes_by(0, old.len() + with.len())?;
        }
        let mut grown = bytes::BytesMut::from(old);
        grown.extend_from_slice(&with);
        let value = Value::Str(grown.freeze());
        self.scalars[id] = value.clone();
        self.positions.remove(&Place::Cell(id));
        Ok((Place::Cell(id), value))
    }

    pub(super) async fn assign_list(&mut self, left: &Expr, right: &Expr) -> Done<usize> {
        let values = self.list(right).await?;
        self.passes_by(values.len(), 0)?;
        let count = values.len();
        let mut rest = values.into_iter();
        self.spread(left, &mut rest).await?;
        Ok(count)
    }

    /// Gives values to what stands on the left of an assignment.
    fn spread<'a>(
        &'a mut self,
        target: &'a Expr,
        rest: &'a mut std::vec::IntoIter<Value>,
    ) -> Fut<'a, Done<()>> {
        Box::pin(async move {
            match target {
                Expr::List(items) => {
                    for item in items {
                        self.spread(item, rest).await?;
                    }
                }
                Expr::My(names, _) => {
                    for (sigil, name) in names {
                        let id = self.declare(*sigil, name)?;
                        self.spread_into(*sigil, id, rest)?;
                    }
                }
                Expr::Our(names, _) => {
                    for (sigil, name) in names {
                        let id = self.global(*sigil as u8, name)?;
                        self.binds(*sigil as u8, name, id, false);
                        self.spread_into(*sigil, id, rest)?;
                    }
                }
                Expr::State(sigil @ ('@' | '%'), name, _) => {
                    self.place(target).await?;
                    let id = if *sigil == '@' {
                        self.array_named(name)?
                    } else {
                        self.hash_named(name)?
                    };
                    self.spread_into(*sigil, id, rest)?;
                }
                Expr::Local(inner) => {
                    self.localize(inner).await?;
                    self.spread(inner, rest).await?;
                }
                Expr::Array(name) => {
                    let id = self.array_named(name)?;
                    self.spread_into('@', id, rest)?;
                }
                Expr::Hash(name) => {
                    let id = self.hash_named(name)?;
                    self.spread_into('%', id, rest)?;
                }
                Expr::Deref(sigil @ ('@' | '%'), inner) => {
                    match self.container(inner, *sigil).await? {
                        Value::Array(id) => self.spread_into('@', id, rest)?,
                        Value::Hash(id) => self.spread_into('%', id, rest)?,
                        _ => {}
                    }
                }
                Expr::Slice(of, keys, _) => {
                    let keys = self.all(keys).await?;
                    let of = self.sliced(of).await?;
                    for key in keys {
                        let value = rest.next().unwrap_or(Value::Undef);
                        match of {
                            Value::Hash(id) => self.put(id, key.text(), value)?,
                            Value::Array(id) => {
                                let length = self.arrays[id].len() as i64;
                                let at = key.integer();
                                let at = if at < 0 { at.saturating_add(length) } else { at };
                                if let Ok(at) = usize::try_from(at) {
                                    self.set(&Place::Item(id, at), value).await?;
                                }
                            }
                            _ => {}
                        }
                    }
                }
                Expr::Call(name, _) if &**name == "undef" => {
                    rest.next();
                }
                other => {
                    let value = rest.next().unwrap_or(Value::Undef);
                    self.store(other, value).await?;
                }
            }
            Ok(())
        })
    }

    fn spread_into(
        &mut self,
        sigil: char,
        id: usize,
        rest: &mut std::vec::IntoIter<Value>,
    ) -> Done<()> {
        match sigil {
            '@' => {
                let all: Vec<Value> = rest.by_ref().collect();
                self.costs(all.len().saturating_sub(self.arrays[id].len()), 0)?;
                self.arrays[id] = all;
            }
            '%' => {
                let all: Vec<Value> = rest.by_ref().collect();
                self.hashes[id].clear();
                self.walked.remove(&id);
                self.fill_hash(id, all)?;
            }
            '$' => self.scalars[id] = rest.next().unwrap_or(Value::Undef),
            _ => {
                rest.next();
            }
        }
        Ok(())
    }
}
