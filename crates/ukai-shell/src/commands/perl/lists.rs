//! Lists of a Perl program: slices, and what `map`, `grep` and `sort` make.

use super::ast::{Expr, Stmt, StmtKind};
use super::run::{Done, Machine, Value};
use crate::limits;
use std::collections::HashMap;
use std::sync::Arc;

impl Machine<'_> {
    /// What stands at the keys of an array or a hash.
    pub(super) async fn slice(&mut self, of: &Expr, keys: &[Expr]) -> Done<Vec<Value>> {
        let keys = self.all(keys).await?;
        self.costs(keys.len(), 0)?;
        let of = self.sliced(of).await?;
        Ok(match of {
            Value::Array(id) => {
                let items = &self.arrays[id];
                let length = items.len() as i64;
                let at = |key: &Value| {
                    let at = key.integer();
                    usize::try_from(if at < 0 { at + length } else { at }).ok()
                };
                let found = keys.iter().map(|key| items.get(at(key)?).cloned());
                found.map(|it| it.unwrap_or(Value::Undef)).collect()
            }
            Value::Hash(id) => {
                self.process.session.step((self.hashes[id].len() * keys.len()) as u64 / 64)?;
                let found = keys.iter().map(|key| {
                    let key = key.text();
                    self.hashes[id].iter().find(|(name, _)| *name == key).map(|(_, v)| v.clone())
                });
                found.map(|it| it.unwrap_or(Value::Undef)).collect()
            }
            _ => Vec::new(),
        })
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
        block: Option<&Arc<Vec<Stmt>>>,
        items: &[Expr],
    ) -> Done<Vec<Value>> {
        let items = self.all(items).await?;
        self.costs(items.len(), 0)?;
        if name == "sort" {
            let mut items = items;
            self.process.session.step(items.len() as u64 / 4)?;
            if let Some(block) = block
                && !is_plain_order(block)
            {
                return self.sorted_by(block, items).await;
            }
            let numeric = block.is_some_and(|b| format!("{b:?}").contains("\"<=>\""));
            let reversed = block.is_some_and(|b| {
                let text = format!("{b:?}");
                text.find("Scalar(\"b\")") < text.find("Scalar(\"a\")")
            });
            if numeric {
                items.sort_by(|a, b| a.number().total_cmp(&b.number()));
            } else {
                items.sort_by_key(Value::text);
            }
            if reversed {
                items.reverse();
            }
            return Ok(items);
        }
        let Some(block) = block.cloned() else { return Ok(items) };
        let mut out = Vec::new();
        for item in items {
            self.part()?;
            self.scopes.push(HashMap::from([("$_".to_owned(), item.clone())]));
            let result = self.block(&block).await;
            self.scopes.pop();
            let made = result?;
            if name == "map" {
                out.extend(made);
            } else if made.last().is_some_and(Value::truth) {
                out.push(item);
            }
        }
        Ok(out)
    }

    /// `sort { ... }` by what the block says of each two.
    async fn sorted_by(&mut self, block: &[Stmt], items: Vec<Value>) -> Done<Vec<Value>> {
        let mut sorted: Vec<Value> = Vec::with_capacity(items.len());
        for item in items {
            let (mut from, mut to) = (0, sorted.len());
            while from < to {
                self.part()?;
                let middle = usize::midpoint(from, to);
                let a = ("$a".to_owned(), item.clone());
                let b = ("$b".to_owned(), sorted[middle].clone());
                self.scopes.push(HashMap::from([a, b]));
                let result = self.block(block).await;
                self.scopes.pop();
                if result?.pop().is_some_and(|order| order.number() < 0.0) {
                    to = middle;
                } else {
                    from = middle + 1;
                }
            }
            sorted.insert(from, item);
        }
        Ok(sorted)
    }

    /// `split`
    pub(super) async fn split(&mut self, arguments: &[Expr]) -> Done<Vec<Value>> {
        let text = match arguments.get(1) {
            Some(of) => self.scalar(of).await?.text(),
            None => self.scalar_named("_").text(),
        };
        let most = match arguments.get(2) {
            Some(most) => usize::try_from(self.scalar(most).await?.integer()).unwrap_or(0),
            None => 0,
        };
        self.costs(text.len() / 4, text.len() * 4)?;
        let by = match arguments.first() {
            Some(Expr::Match(_, pattern, _)) => self.scalar(&pattern.text).await?.shown(),
            Some(other) => {
                let text = self.scalar(other).await?.shown();
                if text == " " { text } else { regex::escape(&text) }
            }
            None => " ".to_owned(),
        };
        let (by, text) = if by == " " {
            ("\\s+".to_owned(), text.slice_ref(text.trim_ascii_start()))
        } else {
            (by, text)
        };
        let Ok(pattern) =
            regex::bytes::RegexBuilder::new(&by).size_limit(limits::REGEX_BYTES).build()
        else {
            return self.die("Out of memory!");
        };
        let parts: Vec<&[u8]> = if most > 0 {
            pattern.splitn(&text, most).collect()
        } else {
            pattern.split(&text).collect()
        };
        let mut parts: Vec<Value> =
            parts.into_iter().map(|p| Value::Str(text.slice_ref(p))).collect();
        if by.is_empty() && !parts.is_empty() {
            parts.remove(0);
        }
        while most == 0 && parts.last().is_some_and(|p| p.text().is_empty()) {
            parts.pop();
        }
        Ok(parts)
    }
}

/// Whether a block of `sort` only says that its two stand one before the other.
fn is_plain_order(block: &[Stmt]) -> bool {
    let [Stmt { kind: StmtKind::Expr(Expr::Binary("<=>" | "cmp", a, b)), .. }] = block else {
        return false;
    };
    matches!((&**a, &**b), (Expr::Scalar(_), Expr::Scalar(_)))
}
