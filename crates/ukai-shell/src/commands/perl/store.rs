//! What Perl's assignments do.

use super::ast::Expr;
use super::run::{Done, Machine, Value};
use crate::system::Fut;
use std::sync::Arc;

impl Machine<'_> {
    /// The array or hash that a subscript is of; made where there is none.
    pub(super) async fn container(&mut self, of: &Expr, sigil: char) -> Done<Value> {
        match of {
            Expr::Array(name) => Ok(Value::Array(self.array_named(name)?)),
            Expr::Hash(name) => Ok(Value::Hash(self.hash_named(name)?)),
            other => {
                let value = self.scalar(other).await?;
                if !matches!(value, Value::Undef) {
                    return Ok(value);
                }
                let made = if sigil == '@' {
                    self.new_array(Vec::new())?
                } else {
                    self.new_hash(Vec::new())?
                };
                self.store(other, made.clone()).await?;
                Ok(made)
            }
        }
    }

    pub(super) fn store<'a>(&'a mut self, target: &'a Expr, value: Value) -> Fut<'a, Done<()>> {
        Box::pin(async move {
            match target {
                Expr::Scalar(name) => self.set_scalar(name, value),
                Expr::My(names, _) => {
                    for (sigil, name) in names {
                        self.declare(*sigil, name)?;
                    }
                    match names.first() {
                        Some((_, name)) => self.set_scalar(name, value),
                        None => Ok(()),
                    }
                }
                Expr::Item(of, index) => {
                    let index = self.scalar(index).await?.integer();
                    if let Value::Array(id) = self.container(of, '@').await? {
                        self.put_at(id, index, value)?;
                    }
                    Ok(())
                }
                Expr::Member(of, key) => {
                    let key = self.scalar(key).await?.text();
                    if let Value::Hash(id) = self.container(of, '%').await? {
                        self.put(id, key, value)?;
                    }
                    Ok(())
                }
                // `($t = "x") =~ s/x/y/`
                Expr::List(items) if items.len() == 1 => self.store(&items[0], value).await,
                Expr::Assign(_, inner, _) => self.store(inner, value).await,
                _ => Ok(()),
            }
        })
    }

    /// Puts a value at a place of an array, which grows where it must.
    fn put_at(&mut self, id: usize, index: i64, value: Value) -> Done<()> {
        let length = self.arrays[id].len() as i64;
        let at = if index < 0 { index + length } else { index };
        let at = usize::try_from(at).unwrap_or(0);
        if at >= self.arrays[id].len() {
            self.costs(at + 1 - self.arrays[id].len(), 0)?;
            self.arrays[id].resize(at + 1, Value::Undef);
        }
        self.arrays[id][at] = value;
        Ok(())
    }

    pub(super) async fn assign_scalar(
        &mut self,
        op: &str,
        left: &Expr,
        right: &Expr,
    ) -> Done<Value> {
        let value = match op {
            "" => self.scalar(right).await?,
            "||" | "&&" | "//" => {
                let old = self.scalar(left).await?;
                let stays = match op {
                    "||" => old.truth(),
                    "&&" => !old.truth(),
                    _ => !matches!(old, Value::Undef),
                };
                if stays {
                    return Ok(old);
                }
                self.scalar(right).await?
            }
            _ => {
                let old = self.scalar(left).await?;
                let with = self.scalar(right).await?;
                self.operate(op, &old, &with)?
            }
        };
        self.store(left, value.clone()).await?;
        Ok(value)
    }

    pub(super) async fn assign_list(&mut self, left: &Expr, right: &Expr) -> Done<Vec<Value>> {
        let values = self.list(right).await?;
        self.costs(values.len(), 0)?;
        let one = std::slice::from_ref(left);
        let mut made = Vec::new();
        let targets: &[Expr] = match left {
            Expr::List(items) => items,
            Expr::My(names, _) => {
                for (sigil, name) in names {
                    self.declare(*sigil, name)?;
                    made.push(match sigil {
                        '@' => Expr::Array(Arc::clone(name)),
                        '%' => Expr::Hash(Arc::clone(name)),
                        _ => Expr::Scalar(Arc::clone(name)),
                    });
                }
                &made
            }
            _ => one,
        };
        let mut rest = values.iter().cloned();
        for target in targets {
            match target {
                Expr::My(names, _) if matches!(names.first(), Some(('@' | '%', _))) => {
                    for (sigil, name) in names {
                        self.declare(*sigil, name)?;
                        let all: Vec<Value> = rest.by_ref().collect();
                        if *sigil == '@' {
                            let id = self.array_named(name)?;
                            self.arrays[id] = all;
                        } else {
                            let id = self.hash_named(name)?;
                            self.fill_hash(id, all)?;
                        }
                    }
                }
                Expr::Array(name) => {
                    let id = self.array_named(name)?;
                    self.arrays[id] = rest.by_ref().collect();
                }
                Expr::Hash(name) => {
                    let id = self.hash_named(name)?;
                    self.hashes[id].clear();
                    let all = rest.by_ref().collect();
                    self.fill_hash(id, all)?;
                }
                Expr::Deref('@', inner) => {
                    if let Value::Array(id) = self.container(inner, '@').await? {
                        self.arrays[id] = rest.by_ref().collect();
                    }
                }
                Expr::Slice(of, keys) => {
                    let keys = self.all(keys).await?;
                    let of = self.sliced(of).await?;
                    for key in keys {
                        let value = rest.next().unwrap_or(Value::Undef);
                        match of {
                            Value::Hash(id) => self.put(id, key.text(), value)?,
                            Value::Array(id) => self.put_at(id, key.integer(), value)?,
                            _ => {}
                        }
                    }
                }
                other => {
                    let value = rest.next().unwrap_or(Value::Undef);
                    self.store(other, value).await?;
                }
            }
        }
        Ok(values)
    }
}
