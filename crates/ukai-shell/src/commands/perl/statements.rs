//! Statements of a Perl program, and its loops.

use super::ast::{Expr, Name, Stmt, StmtKind};
use super::machine::{Done, Machine, Unwind, Value, Want};
use super::place::Place;
use crate::system::Fut;
use std::sync::Arc;

/// A value of a list, and where it stands, if it can be changed there.
pub(super) type Alias = (Value, Option<Place>);

/// What a loop does after a round of it.
enum After {
    Next,
    Redo,
    Last,
}

impl Machine<'_> {
    pub(super) fn block<'a>(
        &'a mut self,
        block: &'a [Stmt],
        want: Want,
    ) -> Fut<'a, Done<Vec<Value>>> {
        Box::pin(async move {
            self.hoist(block, true)?;
            let mut last = Vec::new();
            for (at, stmt) in block.iter().enumerate() {
                self.part()?;
                self.line = stmt.line;
                let want = if at + 1 == block.len() { want } else { Want::One };
                match self.statement(&stmt.kind, want).await {
                    // It goes on though the statement failed, as it was wanted.
                    Err(Unwind::Die(_) | Unwind::Exit(_))
                        if self.passes > 0 && self.guards == 0 =>
                    {
                        self.passes -= 1;
                        last = Vec::new();
                    }
                    other => last = other?,
                }
            }
            Ok(last)
        })
    }

    /// Subs are there before statements are.
    pub(super) fn hoist(&mut self, block: &[Stmt], bound: bool) -> Done<()> {
        let package = Arc::clone(&self.package);
        for stmt in block {
            match &stmt.kind {
                StmtKind::Package(name) => self.package = Arc::clone(name),
                StmtKind::Sub(name, body) => self.has_sub(name, body, bound)?,
                StmtKind::Block(inner) => {
                    let package = Arc::clone(&self.package);
                    let result = self.hoist(inner, false);
                    self.package = package;
                    result?;
                }
                _ => {}
            }
        }
        self.package = package;
        Ok(())
    }

    pub(super) async fn scoped(&mut self, block: &[Stmt], want: Want) -> Done<Vec<Value>> {
        let mark = self.enter();
        let package = Arc::clone(&self.package);
        let result = self.block(block, want).await;
        self.package = package;
        self.leave(&mark);
        result
    }

    fn statement<'a>(&'a mut self, kind: &'a StmtKind, want: Want) -> Fut<'a, Done<Vec<Value>>> {
        Box::pin(async move {
            let label = self.label.take();
            match kind {
                StmtKind::Expr(expr) => return self.wanted(expr, want).await,
                StmtKind::If(branches, otherwise) => {
                    let mark = self.enter();
                    let result = self.branch(branches, otherwise, want).await;
                    self.leave(&mark);
                    return result;
                }
                StmtKind::While(condition, body, after) => {
                    let mark = self.enter();
                    let result = self.while_loop(condition, body, after, label.as_ref()).await;
                    self.leave(&mark);
                    result?;
                }
                StmtKind::DoWhile(body, condition) => loop {
                    self.part()?;
                    self.scalar(body).await?;
                    if !self.scalar(condition).await?.truth() {
                        break;
                    }
                },
                StmtKind::For(first, condition, after, body) => {
                    let mark = self.enter();
                    let parts = [first.as_ref(), condition.as_ref(), after.as_ref()];
                    let result = self.for_loop(parts, body, label.as_ref()).await;
                    self.leave(&mark);
                    result?;
                }
                StmtKind::Foreach(name, list, body) => {
                    self.foreach(name.as_ref(), list, body, label.as_ref()).await?;
                }
                StmtKind::Block(body) => {
                    let result = self.scoped(body, want).await;
                    return match result {
                        Err(Unwind::Next(to) | Unwind::Last(to))
                            if is_for(to.as_ref(), label.as_ref()) =>
                        {
                            Ok(Vec::new())
                        }
                        other => other,
                    };
                }
                StmtKind::Labelled(name, inner) => {
                    self.label = Some(Arc::clone(name));
                    return self.statement(inner, want).await;
                }
                StmtKind::Use(name, items) => {
                    let items = self.all(items).await?;
                    self.uses(name, &items)?;
                }
                StmtKind::Package(name) => self.package = Arc::clone(name),
                StmtKind::End(body) => {
                    const ENDS_MAX: usize = 64;
                    if self.ends.len() < ENDS_MAX {
                        self.ends.push(Arc::clone(body));
                    }
                }
                StmtKind::Sub(..) => {}
            }
            Ok(Vec::new())
        })
    }

    pub(super) async fn wanted(&mut self, expr: &Expr, want: Want) -> Done<Vec<Value>> {
        match want {
            Want::All => self.list(expr).await,
            Want::One => Ok(vec![self.scalar(expr).await?]),
        }
    }

    async fn branch(
        &mut self,
        branches: &[(Expr, Vec<Stmt>)],
        otherwise: &[Stmt],
        want: Want,
    ) -> Done<Vec<Value>> {
        for (condition, body) in branches {
            if self.scalar(condition).await?.truth() {
                return self.scoped(body, want).await;
            }
        }
        self.scoped(otherwise, want).await
    }

    /// A round of a loop.
    async fn round(&mut self, body: &[Stmt], label: Option<&Name>) -> Done<After> {
        match self.scoped(body, Want::One).await {
            Ok(_) => Ok(After::Next),
            Err(Unwind::Next(to)) if is_for(to.as_ref(), label) => Ok(After::Next),
            Err(Unwind::Last(to)) if is_for(to.as_ref(), label) => Ok(After::Last),
            Err(Unwind::Redo(to)) if is_for(to.as_ref(), label) => Ok(After::Redo),
            Err(other) => Err(other),
        }
    }

    async fn rounds(&mut self, body: &[Stmt], label: Option<&Name>) -> Done<bool> {
        loop {
            self.part()?;
            match self.round(body, label).await? {
                After::Next => return Ok(true),
                After::Last => return Ok(false),
                After::Redo => {}
            }
        }
    }

    async fn while_loop(
        &mut self,
        condition: &Expr,
        body: &[Stmt],
        after: &[Stmt],
        label: Option<&Name>,
    ) -> Done<()> {
        loop {
            self.part()?;
            if !self.goes_round(condition).await? || !self.rounds(body, label).await? {
                return Ok(());
            }
            if !after.is_empty() {
                self.scoped(after, Want::One).await?;
            }
        }
    }

    /// The condition of a loop: `while (<F>)` sets `$_`.
    async fn goes_round(&mut self, condition: &Expr) -> Done<bool> {
        let reads = |expr: &Expr| match expr {
            Expr::Read(_) => true,
            Expr::Call(name, _) => matches!(&**name, "readdir" | "glob" | "shift" | "each"),
            _ => false,
        };
        Ok(match condition {
            Expr::Read(_) => {
                let line = self.scalar(condition).await?;
                let goes = !matches!(line, Value::Undef);
                self.set_scalar("_", line)?;
                goes
            }
            Expr::Call(name, _) if matches!(&**name, "readdir" | "glob") => {
                let line = self.scalar(condition).await?;
                let goes = !matches!(line, Value::Undef);
                self.set_scalar("_", line)?;
                goes
            }
            Expr::Assign("", left, right)
                if !super::evaluate::is_list(left) && reads(right) && !is_shift(right) =>
            {
                !matches!(self.scalar(condition).await?, Value::Undef)
            }
            _ => self.scalar(condition).await?.truth(),
        })
    }

    async fn for_loop(
        &mut self,
        [first, condition, after]: [Option<&Expr>; 3],
        body: &[Stmt],
        label: Option<&Name>,
    ) -> Done<()> {
        if let Some(first) = first {
            self.scalar(first).await?;
        }
        loop {
            self.part()?;
            if let Some(condition) = condition
                && !self.scalar(condition).await?.truth()
            {
                return Ok(());
            }
            if !self.rounds(body, label).await? {
                return Ok(());
            }
            if let Some(after) = after {
                self.scalar(after).await?;
            }
        }
    }

    async fn foreach(
        &mut self,
        name: Option<&(Name, bool)>,
        list: &Expr,
        body: &[Stmt],
        label: Option<&Name>,
    ) -> Done<()> {
        // A range is not made whole.
        let items = match list {
            Expr::Binary("..", ..) => None,
            Expr::List(items) if matches!(&items[..], [Expr::Binary("..", ..)]) => None,
            _ => Some(self.aliases(list).await?),
        };
        let items = match items {
            Some(items) => items,
            None => self.list(list).await?.into_iter().map(|value| (value, None)).collect(),
        };
        let mark = self.enter();
        let result = self.foreach_of(name, items, body, label).await;
        self.leave(&mark);
        result
    }

    async fn foreach_of(
        &mut self,
        name: Option<&(Name, bool)>,
        items: Vec<Alias>,
        body: &[Stmt],
        label: Option<&Name>,
    ) -> Done<()> {
        let own: Name = "_".into();
        let (name, lexical) = match name {
            Some((name, declared)) => {
                (name, *declared || !self.globals.contains_key(&(b'$', Arc::clone(name))))
            }
            None => (&own, false),
        };
        for (value, place) in items {
            self.part()?;
            let mark = self.enter();
            let cell = match place {
                Some(Place::Cell(id)) => id,
                _ => self.new_scalar(value.clone()),
            };
            self.costs(2, 0)?;
            let mut before = None;
            if lexical {
                let owned = !matches!(place, Some(Place::Cell(_)));
                self.binds(b'$', name, cell, owned);
            } else {
                before = Some(self.rebind(name, cell));
            }
            let result = self.rounds(body, label).await;
            if let Some(place @ (Place::Item(..) | Place::Member(..))) = &place {
                let now = self.scalars[cell].clone();
                if !now.same(&value) {
                    self.set(place, now).await?;
                }
            }
            if let Some(before) = before {
                self.unbind(name, before);
            }
            self.leave(&mark);
            self.refund(2);
            if !result? {
                break;
            }
        }
        Ok(())
    }

    /// Values of a list, and where those stand that can be changed.
    pub(super) fn aliases<'a>(&'a mut self, list: &'a Expr) -> Fut<'a, Done<Vec<Alias>>> {
        Box::pin(async move {
            let array = match list {
                Expr::List(items) => {
                    let mut all = Vec::new();
                    for item in items {
                        all.extend(self.aliases(item).await?);
                    }
                    return Ok(all);
                }
                Expr::Array(name) => Some(self.array_named(name)?),
                Expr::Deref('@', inner) => match self.container(inner, '@').await? {
                    Value::Array(id) => Some(id),
                    _ => None,
                },
                Expr::Scalar(_) | Expr::Item(..) | Expr::Member(..) => {
                    let place = self.place(list).await?;
                    let value = if place == Place::Nowhere {
                        self.scalar(list).await?
                    } else {
                        self.get(&place)
                    };
                    return Ok(vec![(value, Some(place))]);
                }
                Expr::Call(name, arguments) if &**name == "values" => {
                    if let Some(of) = arguments.first()
                        && let Value::Hash(id) = self.sliced(of).await?
                    {
                        let pairs = self.hashes[id].iter();
                        return Ok(pairs
                            .map(|(key, value)| {
                                (value.clone(), Some(Place::Member(id, key.clone())))
                            })
                            .collect());
                    }
                    None
                }
                _ => None,
            };
            if let Some(id) = array {
                self.passes_by(self.arrays[id].len(), 0)?;
                let items = self.arrays[id].iter().enumerate();
                return Ok(items
                    .map(|(at, value)| (value.clone(), Some(Place::Item(id, at))))
                    .collect());
            }
            Ok(self.list(list).await?.into_iter().map(|value| (value, None)).collect())
        })
    }
}

/// Whether a `next` or the like means this loop.
fn is_for(to: Option<&Name>, label: Option<&Name>) -> bool {
    to.is_none_or(|to| Some(to) == label)
}

fn is_shift(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(name, _) if matches!(&**name, "shift" | "each"))
}
