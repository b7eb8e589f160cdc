//! What values give when they are gone through, and their items and slices.

use super::operate::range_length;
use super::run::{Done, Machine, Unwind};
use super::value::{ClassOf, Native, Value, held};
use bytes::Bytes;

impl Machine<'_> {
    /// Everything that a value gives when it is gone through.
    pub(super) async fn items(&mut self, value: &Value) -> Done<Vec<Value>> {
        self.items_for(value, "'%' object is not iterable").await
    }

    pub(super) async fn items_for(&mut self, value: &Value, complaint: &str) -> Done<Vec<Value>> {
        let all = match value {
            Value::List(id) | Value::Set(id) => self.lists[*id].clone(),
            Value::Tuple(items) => items.to_vec(),
            Value::Dict(id) => {
                self.refresh(*id)?;
                self.dicts[*id].iter().map(|(key, _)| key.clone()).collect()
            }
            Value::Class(id) if let Some(Value::List(members)) = self.member(*id, "_members_") => {
                self.lists[members].clone()
            }
            Value::Str(text) => {
                self.costs(text.len(), 0)?;
                text.chars().map(|c| Value::str(c.to_string())).collect()
            }
            Value::Bytes(bytes) => {
                self.costs(bytes.len(), 0)?;
                bytes.iter().map(|b| Value::Int(i128::from(*b))).collect()
            }
            Value::Array(cells) => {
                let bytes = held(cells).clone();
                self.costs(bytes.len(), 0)?;
                bytes.iter().map(|b| Value::Int(i128::from(*b))).collect()
            }
            Value::Range(from, to, step) => {
                let length = range_length(Some((*from, *to, *step)));
                self.costs(length, 0)?;
                let at = |n: usize| i128::from(*from) + n as i128 * i128::from(*step);
                (0..length).map(|n| Value::Int(at(n))).collect()
            }
            Value::Object(_) if self.is_unknown(value) => Vec::new(),
            Value::Object(_) if let Some(inner) = self.inner(value) => {
                return Box::pin(self.items_for(&inner, complaint)).await;
            }
            Value::Object(_) => match Box::pin(self.object_items(value)).await? {
                Some(items) => items,
                None => return Err(self.not_iterable(value, complaint)),
            },
            _ => return Err(self.not_iterable(value, complaint)),
        };
        self.process.session.copied(all.len(), 0)?;
        Ok(all)
    }

    fn not_iterable(&mut self, value: &Value, complaint: &str) -> Unwind {
        let name = self.type_name(value);
        self.raise("TypeError", complaint.replace('%', &name))
    }

    /// What an object gives: the lines of a file, or what its own methods give.
    async fn object_items(&mut self, value: &Value) -> Done<Option<Vec<Value>>> {
        let Value::Object(id) = value else { return Ok(None) };
        if matches!(self.objects[*id].native, Native::Reader { .. } | Native::Stream(0)) {
            let lines = self.call_method(value, "readlines", Vec::new(), Vec::new()).await?;
            let Value::List(id) = lines else { return Ok(None) };
            return Ok(Some(self.lists[id].clone()));
        }
        let Some(method) = self.method_of(value, "__iter__") else {
            if let Some(method) = self.method_of(value, "__getitem__") {
                return self.items_by_place(method).await.map(Some);
            }
            if let Some(method) = self.method_of(value, "__next__") {
                return self.items_of_next(method).await.map(Some);
            }
            let named = matches!(
                self.objects[*id].class,
                ClassOf::Own("posix.uname_result" | "platform.uname_result")
            );
            let fields = &self.objects[*id].fields;
            return Ok(named.then(|| fields.iter().map(|(_, value)| value.clone()).collect()));
        };
        let iterator = self.call(method, Vec::new(), Vec::new()).await?;
        match self.method_of(&iterator, "__next__") {
            Some(next) => self.items_of_next(next).await.map(Some),
            None if matches!(iterator, Value::Object(_)) => Ok(Some(Vec::new())),
            None => self.items(&iterator).await.map(Some),
        }
    }

    /// What an iterator gives, one by one.
    async fn items_of_next(&mut self, next: Value) -> Done<Vec<Value>> {
        let mut all = Vec::new();
        while all.len() < super::library::ENDLESS_ITEMS {
            self.costs(1, 0)?;
            match self.call(next.clone(), Vec::new(), Vec::new()).await {
                Ok(value) => all.push(value),
                Err(Unwind::Raise(e)) if self.fits(e, &Value::Type("StopIteration")) => break,
                Err(other) => return Err(other),
            }
        }
        Ok(all)
    }

    /// What an object gives that has no iterator and is asked for each place.
    async fn items_by_place(&mut self, get: Value) -> Done<Vec<Value>> {
        let mut all = Vec::new();
        while all.len() < super::library::ENDLESS_ITEMS {
            self.costs(1, 0)?;
            let at = Value::Int(all.len() as i128);
            match self.call(get.clone(), vec![at], Vec::new()).await {
                Ok(value) => all.push(value),
                Err(Unwind::Raise(e)) if self.fits(e, &Value::Type("IndexError")) => break,
                Err(other) => return Err(other),
            }
        }
        Ok(all)
    }

    fn place(&mut self, index: &Value, length: usize, what: &str) -> Done<usize> {
        let Some(index) = index.integer() else {
            let name = self.type_name(index);
            let text = match what {
                "string" => format!("string indices must be integers, not '{name}'"),
                _ => format!("{what} indices must be integers or slices, not {name}"),
            };
            return Err(self.raise("TypeError", text));
        };
        let at = if index < 0 { index + length as i128 } else { index };
        match usize::try_from(at) {
            Ok(at) if at < length => Ok(at),
            _ => {
                let text = match what {
                    "byte" => "index out of range".to_owned(),
                    _ => format!("{what} index out of range"),
                };
                Err(self.raise("IndexError", text))
            }
        }
    }

    pub(super) async fn item(&mut self, of: &Value, index: &Value) -> Done<Value> {
        if self.is_unknown(of) {
            return self.unknown();
        }
        if let Some(ends) = self.slice_ends(index) {
            return self.slice(of, ends);
        }
        match of {
            Value::List(id) => {
                let at = self.place(index, self.lists[*id].len(), "list")?;
                Ok(self.lists[*id][at].clone())
            }
            Value::Tuple(items) => {
                let at = self.place(index, items.len(), "tuple")?;
                Ok(items[at].clone())
            }
            Value::Str(text) => {
                // Most are ASCII, where a character is a byte.
                let length = if text.is_ascii() { text.len() } else { text.chars().count() };
                let at = self.place(index, length, "string")?;
                let c = if text.is_ascii() {
                    text.as_bytes().get(at).map(|b| *b as char)
                } else {
                    self.costs(0, text.len())?;
                    text.chars().nth(at)
                };
                Ok(Value::str(c.map(String::from).unwrap_or_default()))
            }
            Value::Bytes(bytes) => {
                let at = self.place(index, bytes.len(), "byte")?;
                Ok(Value::Int(i128::from(bytes[at])))
            }
            Value::Array(cells) => {
                let length = held(cells).len();
                let at = self.place(index, length, "bytearray")?;
                let byte = held(cells).get(at).copied().unwrap_or(0);
                Ok(Value::Int(i128::from(byte)))
            }
            Value::Dict(id) => match self.find(*id, index)? {
                Some(value) => Ok(value),
                None => {
                    let raised = super::value::Raised::default();
                    Err(self.raise_with("KeyError", vec![index.clone()], raised))
                }
            },
            Value::Range(from, to, step) => {
                let range = Some((*from, *to, *step));
                let at = self.place(index, range_length(range), "range object")?;
                Ok(Value::Int(i128::from(*from) + at as i128 * i128::from(*step)))
            }
            Value::Object(id) => {
                if let Some(method) = self.method_of(of, "__getitem__") {
                    return self.call(method, vec![index.clone()], Vec::new()).await;
                }
                if let Some(inner) = self.inner(of) {
                    let missing = self.method_of(of, "__missing__");
                    if let (Some(missing), Value::Dict(id)) = (missing, &inner)
                        && self.find(*id, index)?.is_none()
                    {
                        return self.call(missing, vec![index.clone()], Vec::new()).await;
                    }
                    return Box::pin(self.item(&inner, index)).await;
                }
                if matches!(self.objects[*id].native, Native::Found(_)) {
                    return self.call_method(of, "group", vec![index.clone()], Vec::new()).await;
                }
                if matches!(
                    self.objects[*id].class,
                    ClassOf::Own("posix.uname_result" | "platform.uname_result")
                ) {
                    let at = self.place(index, self.objects[*id].fields.len(), "tuple")?;
                    return Ok(self.objects[*id].fields[at].1.clone());
                }
                if self.objects[*id].class == ClassOf::Own("os._Environ") {
                    let name = index.raw().unwrap_or_default();
                    return match self.process.variable(&name) {
                        Some(value) => Ok(Value::Str(String::from_utf8_lossy(&value).into())),
                        None => {
                            let after = "  File \"<frozen os>\", line 679, in __getitem__\n";
                            let raised = super::value::Raised {
                                after: after.to_owned(),
                                ..super::value::Raised::default()
                            };
                            Err(self.raise_with("KeyError", vec![index.clone()], raised))
                        }
                    };
                }
                Err(self.not_indexed(of))
            }
            _ => Err(self.not_indexed(of)),
        }
    }

    fn not_indexed(&mut self, of: &Value) -> Unwind {
        let name = self.type_name(of);
        self.raise("TypeError", format!("'{name}' object is not subscriptable"))
    }

    pub(super) fn slice(&mut self, of: &Value, ends: [Option<i128>; 3]) -> Done<Value> {
        if ends[2] == Some(0) {
            return Err(self.raise("ValueError", "slice step cannot be zero"));
        }
        let places = |length: usize| places(length, ends);
        match of {
            Value::Str(text) => {
                self.costs(0, text.len() * 4)?;
                let chars: Vec<char> = text.chars().collect();
                let part: String = places(chars.len()).into_iter().map(|at| chars[at]).collect();
                Ok(Value::Str(part.into()))
            }
            Value::Bytes(bytes) => {
                self.costs(0, bytes.len())?;
                let part: Vec<u8> = places(bytes.len()).into_iter().map(|at| bytes[at]).collect();
                Ok(Value::Bytes(part.into()))
            }
            Value::Array(cells) => {
                let bytes = held(cells).clone();
                self.costs(0, bytes.len())?;
                Ok(Value::array(places(bytes.len()).into_iter().map(|at| bytes[at]).collect()))
            }
            Value::List(id) => {
                let items = &self.lists[*id];
                let part = places(items.len()).into_iter().map(|at| items[at].clone()).collect();
                self.list(part)
            }
            Value::Tuple(items) => {
                let part: Vec<Value> =
                    places(items.len()).into_iter().map(|at| items[at].clone()).collect();
                self.costs(part.len(), 0)?;
                Ok(Value::tuple(part))
            }
            _ => Err(self.not_indexed(of)),
        }
    }

    /// `of[from:to:step] = value`, or without a value `del of[from:to:step]`.
    pub(super) async fn set_slice(
        &mut self,
        of: &Value,
        ends: [Option<i128>; 3],
        value: Option<Value>,
    ) -> Done<()> {
        let length = match of {
            Value::List(id) => self.lists[*id].len(),
            Value::Array(cells) => held(cells).len(),
            _ => {
                let name = if value.is_some() { "__setitem__" } else { "__delitem__" };
                if let Some(method) = self.method_of(of, name) {
                    let slice = self.slice_object(ends)?;
                    let arguments = std::iter::once(slice).chain(value).collect();
                    return self.call(method, arguments, Vec::new()).await.map(|_| ());
                }
                let name = self.type_name(of);
                let text = format!("'{name}' object does not support item assignment");
                return Err(self.raise("TypeError", text));
            }
        };
        let places = places(length, ends);
        let is_plain = matches!(ends[2], None | Some(1));
        let items = match &value {
            Some(value) => self.items(value).await?,
            None => Vec::new(),
        };
        self.costs(items.len() + 1, length)?;
        if !is_plain && value.is_some() && places.len() != items.len() {
            let text = format!(
                "attempt to assign sequence of size {} to extended slice of size {}",
                items.len(),
                places.len()
            );
            return Err(self.raise("ValueError", text));
        }
        let start = ends[0].map_or(0, |at| if at < 0 { at + length as i128 } else { at });
        let start = usize::try_from(start.max(0)).unwrap_or(length).min(length);
        match of {
            Value::List(id) => change(&mut self.lists[*id], &places, start, is_plain, items),
            Value::Array(cells) => {
                let byte = |it: &Value| it.integer().and_then(|it| u8::try_from(it).ok());
                let bytes = items.iter().filter_map(byte).collect();
                change(&mut held(cells), &places, start, is_plain, bytes);
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) async fn set_item(&mut self, of: &Value, index: Value, value: Value) -> Done<()> {
        match of {
            Value::List(id) => {
                let at = self.place(&index, self.lists[*id].len(), "list assignment")?;
                self.lists[*id][at] = value;
                Ok(())
            }
            Value::Array(cells) => {
                let length = held(cells).len();
                let at = self.place(&index, length, "bytearray")?;
                let Some(byte) = value.integer().and_then(|it| u8::try_from(it).ok()) else {
                    return Err(self.raise("ValueError", "byte must be in range(0, 256)"));
                };
                if let Some(place) = held(cells).get_mut(at) {
                    *place = byte;
                }
                Ok(())
            }
            Value::Dict(id) => self.put(*id, index, value),
            Value::Object(_) if self.is_unknown(of) => Ok(()),
            Value::Object(id) => {
                if let Some(method) = self.method_of(of, "__setitem__") {
                    self.call(method, vec![index, value], Vec::new()).await?;
                    return Ok(());
                }
                if let Some(inner) = self.inner(of) {
                    return Box::pin(self.set_item(&inner, index, value)).await;
                }
                if self.objects[*id].class == ClassOf::Own("os._Environ") {
                    let (name, value) = (index.raw(), value.raw());
                    if let (Some(name), Some(value)) = (name, value) {
                        self.set_environment(&name, value)?;
                    }
                    return Ok(());
                }
                let name = self.type_name(of);
                let text = format!("'{name}' object does not support item assignment");
                Err(self.raise("TypeError", text))
            }
            _ => {
                let name = self.type_name(of);
                let text = format!("'{name}' object does not support item assignment");
                Err(self.raise("TypeError", text))
            }
        }
    }

    pub(super) fn set_environment(&mut self, name: &[u8], value: Bytes) -> Done<()> {
        self.process.assign(name, value)?;
        if let Some(variable) = self.process.variables_mut().get_mut(name) {
            variable.exported = true;
        }
        Ok(())
    }

    pub(super) fn delete_item(&mut self, of: &Value, index: &Value) -> Done<()> {
        match of {
            Value::List(id) => {
                let at = self.place(index, self.lists[*id].len(), "list assignment")?;
                self.lists[*id].remove(at);
            }
            Value::Array(cells) => {
                let length = held(cells).len();
                let at = self.place(index, length, "bytearray")?;
                held(cells).remove(at);
            }
            Value::Dict(id) => {
                let at = self.dicts[*id].iter().position(|(k, _)| self.equal(k, index));
                let Some(at) = at else {
                    let raised = super::value::Raised::default();
                    return Err(self.raise_with("KeyError", vec![index.clone()], raised));
                };
                self.dicts[*id].remove(at);
                if let (Some(scope), Value::Str(name)) = (self.views.get(id).copied(), index) {
                    self.scopes[scope].names.remove(name);
                }
            }
            Value::Object(_) => {
                if let Some(name) = index.raw() {
                    self.process.unset(&name);
                }
            }
            _ => {
                let name = self.type_name(of);
                let text = format!("'{name}' object doesn't support item deletion");
                return Err(self.raise("TypeError", text));
            }
        }
        Ok(())
    }
}

/// The places of a slice of something so long.
fn places(length: usize, [from, to, step]: [Option<i128>; 3]) -> Vec<usize> {
    let step = step.unwrap_or(1);
    let length = length as i128;
    let clamp = |at: i128| {
        let at = if at < 0 { at.saturating_add(length) } else { at };
        if step > 0 { at.clamp(0, length) } else { at.clamp(-1, length - 1) }
    };
    let mut at = from.map_or(if step > 0 { 0 } else { length - 1 }, clamp);
    let to = to.map_or(if step > 0 { length } else { -1 }, clamp);
    let mut all = Vec::new();
    while (step > 0 && at < to) || (step < 0 && at > to) {
        all.extend(usize::try_from(at));
        at = at.saturating_add(step);
    }
    all
}

/// Puts `with` in the places of a slice: as many as there are, or any number where the slice
/// `is_plain` and begins at `start`.
fn change<T>(all: &mut Vec<T>, places: &[usize], start: usize, is_plain: bool, with: Vec<T>) {
    if is_plain {
        let from = places.first().copied().unwrap_or(start);
        let to = places.last().map_or(from, |last| last + 1);
        all.splice(from..to, with);
        return;
    }
    if with.is_empty() {
        let mut at = 0;
        all.retain(|_| {
            at += 1;
            !places.contains(&(at - 1))
        });
        return;
    }
    for (place, item) in places.iter().zip(with) {
        all[*place] = item;
    }
}
