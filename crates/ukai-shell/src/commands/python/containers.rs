//! Methods of lists, sets and dictionaries.

use super::builtins::Named;
use super::run::{Done, Machine};
use super::value::{Id, Raised, Value};

impl Machine<'_> {
    pub(super) async fn list_method(
        &mut self,
        id: Id,
        name: &str,
        arguments: Vec<Value>,
        named: Named,
    ) -> Done<Value> {
        let mut arguments = arguments.into_iter();
        let first = arguments.next();
        match (name, first) {
            ("append", Some(value)) => {
                self.costs(1, 0)?;
                self.lists[id].push(value);
            }
            ("extend", Some(value)) => {
                let items = self.items(&value).await?;
                self.costs(items.len(), 0)?;
                self.lists[id].extend(items);
            }
            ("insert", Some(at)) => {
                let length = self.lists[id].len();
                let at = at.integer().unwrap_or(0);
                let at = if at < 0 { at + length as i128 } else { at };
                let at = usize::try_from(at.max(0)).unwrap_or(length).min(length);
                self.costs(1 + length / 64, 0)?;
                self.lists[id].insert(at, arguments.next().unwrap_or(Value::None));
            }
            ("pop", at) => {
                let length = self.lists[id].len() as i128;
                let at = at.and_then(|a| a.integer()).unwrap_or(-1);
                let at = if at < 0 { at + length } else { at };
                if length == 0 || !(0..length).contains(&at) {
                    let text =
                        if length == 0 { "pop from empty list" } else { "pop index out of range" };
                    return Err(self.raise("IndexError", text));
                }
                self.process.session.step(length as u64 / 1_024)?;
                return Ok(self.lists[id].remove(at as usize));
            }
            ("remove", Some(value)) => {
                let items = self.lists[id].clone();
                self.process.session.copied(items.len(), 0)?;
                match items.iter().position(|i| self.equal(i, &value)) {
                    Some(at) => {
                        self.lists[id].remove(at);
                    }
                    None => {
                        return Err(self.raise("ValueError", "list.remove(x): x not in list"));
                    }
                }
            }
            ("clear", _) => self.lists[id].clear(),
            ("reverse", _) => self.lists[id].reverse(),
            ("copy", _) => {
                let items = self.lists[id].clone();
                return self.list(items);
            }
            ("sort", _) => {
                let items = self.lists[id].clone();
                let sorted = self.sorted(items, &named).await?;
                self.lists[id] = sorted;
            }
            ("count" | "index", Some(value)) => {
                let items = self.lists[id].clone();
                return self.count_or_index(&items, name, &value);
            }
            ("throw" | "close", _) => {}
            // Generators are lists here: what they have left is given one by one.
            ("__next__" | "next" | "send", _) => {
                if self.lists[id].is_empty() {
                    return Err(self.raise("StopIteration", ""));
                }
                return Ok(self.lists[id].remove(0));
            }
            _ => return Err(self.missing(&Value::List(id), name)),
        }
        Ok(Value::None)
    }

    /// Sorts, with the `key` and `reverse` of a call.
    pub(super) async fn sorted(&mut self, items: Vec<Value>, named: &Named) -> Done<Vec<Value>> {
        let of = |name: &str| named.iter().find(|(n, _)| &**n == name).map(|(_, v)| v.clone());
        let mut keyed = Vec::new();
        for item in items {
            let key = match of("key") {
                Some(key) if !matches!(key, Value::None) => {
                    self.call(key, vec![item.clone()], Vec::new()).await?
                }
                _ => item.clone(),
            };
            keyed.push((key, item));
        }
        self.process.session.step(keyed.len() as u64 / 4)?;
        let mut wrong = None;
        keyed.sort_by(|(a, _), (b, _)| {
            self.order(a, b).unwrap_or_else(|| {
                wrong.get_or_insert_with(|| (self.type_name(a), self.type_name(b)));
                std::cmp::Ordering::Equal
            })
        });
        if let Some((a, b)) = wrong {
            let text = format!("'<' not supported between instances of '{b}' and '{a}'");
            return Err(self.raise("TypeError", text));
        }
        if of("reverse").is_some_and(|v| self.truth(&v)) {
            keyed.reverse();
        }
        Ok(keyed.into_iter().map(|(_, item)| item).collect())
    }

    pub(super) async fn set_method(
        &mut self,
        id: Id,
        name: &str,
        arguments: Vec<Value>,
    ) -> Done<Value> {
        let mut items = self.lists[id].clone();
        self.process.session.copied(items.len(), 0)?;
        let more = match (name, arguments.first()) {
            (
                "update"
                | "union"
                | "intersection"
                | "difference"
                | "issubset"
                | "issuperset"
                | "symmetric_difference"
                | "isdisjoint",
                Some(value),
            ) => self.items(value).await?,
            _ => arguments,
        };
        self.process.session.step((items.len() * more.len()) as u64 / 64)?;
        match name {
            "add" | "update" | "union" => {
                items.extend(more);
                let made = self.set(items)?;
                if name == "union" {
                    return Ok(made);
                }
                if let Value::Set(new) = made {
                    self.lists[id] = std::mem::take(&mut self.lists[new]);
                }
            }
            "remove" | "discard" => {
                let before = items.len();
                items.retain(|i| !more.first().is_some_and(|m| self.equal(i, m)));
                if items.len() == before && name == "remove" {
                    return Err(self.raise_with("KeyError", more, Raised::default()));
                }
                self.lists[id] = items;
            }
            "intersection" | "difference" => {
                let keep = name == "intersection";
                items.retain(|i| more.iter().any(|m| self.equal(i, m)) == keep);
                return self.set(items);
            }
            "symmetric_difference" => {
                let other = more.iter().filter(|it| !items.iter().any(|i| self.equal(i, it)));
                let mut all: Vec<Value> = other.cloned().collect();
                items.retain(|i| !more.iter().any(|m| self.equal(i, m)));
                items.append(&mut all);
                return self.set(items);
            }
            "isdisjoint" => {
                let any = items.iter().any(|i| more.iter().any(|m| self.equal(i, m)));
                return Ok(Value::Bool(!any));
            }
            "pop" => {
                return match self.lists[id].pop() {
                    Some(value) => Ok(value),
                    None => {
                        let text = vec![Value::str("pop from an empty set")];
                        Err(self.raise_with("KeyError", text, Raised::default()))
                    }
                };
            }
            "clear" => self.lists[id].clear(),
            "copy" => return self.set(items),
            "issubset" => {
                let all = items.iter().all(|i| more.iter().any(|m| self.equal(i, m)));
                return Ok(Value::Bool(all));
            }
            "issuperset" => {
                let all = more.iter().all(|m| items.iter().any(|i| self.equal(i, m)));
                return Ok(Value::Bool(all));
            }
            _ => return Err(self.missing(&Value::Set(id), name)),
        }
        Ok(Value::None)
    }

    /// The pairs of a list of them.
    fn pairs(&self, list: Id) -> Vec<(Value, Value)> {
        let pair = |it: &Value| match it {
            Value::Tuple(items) => Some((items.first()?.clone(), items.get(1)?.clone())),
            Value::List(id) => {
                Some((self.lists[*id].first()?.clone(), self.lists[*id].get(1)?.clone()))
            }
            _ => None,
        };
        self.lists[list].iter().filter_map(pair).collect()
    }

    pub(super) fn dict_method(
        &mut self,
        id: Id,
        name: &str,
        arguments: Vec<Value>,
        named: Named,
    ) -> Done<Value> {
        self.refresh(id)?;
        let mut arguments = arguments.into_iter();
        let (first, second) = (arguments.next(), arguments.next());
        match (name, first) {
            ("get", Some(key)) => Ok(self.find(id, &key)?.or(second).unwrap_or(Value::None)),
            ("setdefault", Some(key)) => {
                if let Some(found) = self.find(id, &key)? {
                    return Ok(found);
                }
                let value = second.unwrap_or(Value::None);
                self.put(id, key, value.clone())?;
                Ok(value)
            }
            ("pop", Some(key)) => {
                let at = self.dicts[id].iter().position(|(k, _)| self.equal(k, &key));
                match (at, second) {
                    (Some(at), _) => Ok(self.dicts[id].remove(at).1),
                    (None, Some(value)) => Ok(value),
                    (None, None) => Err(self.raise_with("KeyError", vec![key], Raised::default())),
                }
            }
            ("keys" | "values" | "items" | "iteritems" | "has_key", _) => {
                if name == "iteritems" || name == "has_key" {
                    return Err(self.missing(&Value::Dict(id), name));
                }
                let pairs = self.dicts[id].clone();
                let all = pairs.into_iter().map(|(key, value)| match name {
                    "keys" => key,
                    "values" => value,
                    _ => Value::tuple(vec![key, value]),
                });
                let all = all.collect();
                self.list(all)
            }
            ("popitem", _) => match self.dicts[id].pop() {
                Some((key, value)) => Ok(Value::tuple(vec![key, value])),
                None => {
                    let text = vec![Value::str("popitem(): dictionary is empty")];
                    Err(self.raise_with("KeyError", text, Raised::default()))
                }
            },
            ("move_to_end", _) => Ok(Value::None),
            ("update", first) => {
                let pairs = match first {
                    Some(Value::Dict(of)) => {
                        self.refresh(of)?;
                        self.dicts[of].clone()
                    }
                    Some(Value::List(of)) => self.pairs(of),
                    _ => Vec::new(),
                };
                for (key, value) in pairs {
                    self.put(id, key, value)?;
                }
                for (key, value) in named {
                    self.put(id, Value::Str(key), value)?;
                }
                Ok(Value::None)
            }
            ("copy", _) => {
                let pairs = self.dicts[id].clone();
                self.dict(pairs)
            }
            ("clear", _) => {
                self.dicts[id].clear();
                Ok(Value::None)
            }
            _ => Err(self.missing(&Value::Dict(id), name)),
        }
    }
}
