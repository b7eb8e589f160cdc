//! What Python's expressions are worth.

use super::ast::{Argument, Comprehension, Expr, ExprKind, Gathers, Piece};
use super::run::{Done, Machine, Unwind};
use super::value::{ClassOf, Value, is_exception};
use crate::system::Fut;
use std::sync::Arc;

impl Machine<'_> {
    pub(super) fn eval<'a>(&'a mut self, expr: &'a Expr) -> Fut<'a, Done<Value>> {
        Box::pin(async move {
            self.part()?;
            let result = match &expr.kind {
                ExprKind::Constant(value) => return Ok(value.clone()),
                ExprKind::Name(name) => match self.look_up(name) {
                    Some(value) => return Ok(value),
                    None => Err(self.raise("NameError", format!("name '{name}' is not defined"))),
                },
                _ => {
                    self.check_stack()?;
                    self.eval_inside(expr).await
                }
            };
            self.located(result, expr.span)
        })
    }

    fn eval_inside<'a>(&'a mut self, expr: &'a Expr) -> Fut<'a, Done<Value>> {
        match &expr.kind {
            ExprKind::Call(function, arguments) => {
                Box::pin(async move { self.eval_call(function, arguments).await })
            }
            ExprKind::Binary(..) => Box::pin(async move { self.eval_binary(expr).await }),
            ExprKind::Format(pieces) => Box::pin(async move {
                let text = self.format_pieces(pieces).await?;
                Ok(Value::Str(text.into()))
            }),
            ExprKind::Comprehension(inner) => {
                Box::pin(async move { self.comprehension(inner).await })
            }
            _ => Box::pin(async move { self.eval_simple(expr).await }),
        }
    }

    async fn eval_simple(&mut self, expr: &Expr) -> Done<Value> {
        Ok(match &expr.kind {
            ExprKind::Attribute(of, name) => {
                let of = self.eval(of).await?;
                self.get_attribute(&of, name).await?
            }
            ExprKind::Index(of, index) => {
                let of = self.eval(of).await?;
                if let ExprKind::Slice(parts) = &index.kind {
                    let ends = self.ends(parts).await?;
                    match self.method_of(&of, "__getitem__") {
                        Some(method) => {
                            let slice = self.slice_object(ends)?;
                            self.call(method, vec![slice], Vec::new()).await?
                        }
                        None => {
                            let of = self.inner(&of).unwrap_or(of);
                            self.slice(&of, ends)?
                        }
                    }
                } else {
                    let index = self.eval(index).await?;
                    self.item(&of, &index).await?
                }
            }
            ExprKind::Slice(_) => Value::Type("slice"),
            ExprKind::Unary(op, inner) => {
                let value = self.eval(inner).await?;
                match super::data_model::unary(op).and_then(|it| self.method_of(&value, it)) {
                    Some(method) => self.call(method, Vec::new(), Vec::new()).await?,
                    None if *op == "not" => Value::Bool(!self.is_true(&value).await?),
                    None => self.unary(op, &value)?,
                }
            }
            ExprKind::Logic(op, left, right) => {
                let left = self.eval(left).await?;
                if self.is_true(&left).await? == (*op == "or") {
                    left
                } else {
                    self.eval(right).await?
                }
            }
            ExprKind::Compare(first, rest) => {
                let mut left = self.eval(first).await?;
                for (op, right) in rest {
                    let right = self.eval(right).await?;
                    if !self.compare(op, &left, &right).await? {
                        return Ok(Value::Bool(false));
                    }
                    left = right;
                }
                Value::Bool(true)
            }
            ExprKind::Choice(parts) => {
                let [condition, then, otherwise] = &**parts;
                let value = self.eval(condition).await?;
                let chosen = if self.is_true(&value).await? { then } else { otherwise };
                self.eval(chosen).await?
            }
            ExprKind::Lambda(code) => self.function(code).await?,
            ExprKind::Tuple(items) => Value::tuple(self.eval_all(items).await?),
            ExprKind::List(items) => {
                let items = self.eval_all(items).await?;
                self.list(items)?
            }
            ExprKind::Set(items) => {
                let items = self.eval_all(items).await?;
                self.set(items)?
            }
            ExprKind::Dict(pairs) => {
                let mut all = Vec::new();
                for (key, value) in pairs {
                    let value = self.eval_value_of(key.as_ref(), value).await?;
                    match value {
                        (Some(key), value) => all.push((key, value)),
                        (None, Value::Dict(id)) => all.extend(self.dicts[id].iter().cloned()),
                        (None, other) => {
                            let name = self.type_name(&other);
                            return Err(self
                                .raise("TypeError", format!("'{name}' object is not a mapping")));
                        }
                    }
                }
                self.dict(all)?
            }
            ExprKind::Starred(inner) | ExprKind::Await(inner) => self.eval(inner).await?,
            ExprKind::Walrus(name, value) => {
                let value = self.eval(value).await?;
                self.bind(name, value.clone())?;
                value
            }
            ExprKind::Yield(value) => {
                let value = match value {
                    Some(value) => self.eval(value).await?,
                    None => Value::None,
                };
                self.costs(1, 0)?;
                if let Some(given) = self.yielded.last_mut() {
                    given.push(value);
                    // One that never ends is taken for so many items.
                    if given.len() >= super::library::ENDLESS_ITEMS {
                        return Err(Unwind::Return(Value::None));
                    }
                }
                Value::None
            }
            ExprKind::YieldFrom(value) => {
                let value = self.eval(value).await?;
                let items = self.items(&value).await?;
                self.costs(items.len(), 0)?;
                if let Some(given) = self.yielded.last_mut() {
                    given.extend(items);
                    if given.len() >= super::library::ENDLESS_ITEMS {
                        return Err(Unwind::Return(Value::None));
                    }
                }
                Value::None
            }
            _ => Value::None,
        })
    }

    async fn eval_value_of(
        &mut self,
        key: Option<&Expr>,
        value: &Expr,
    ) -> Done<(Option<Value>, Value)> {
        let key = match key {
            Some(key) => Some(self.eval(key).await?),
            None => None,
        };
        Ok((key, self.eval(value).await?))
    }

    pub(super) async fn eval_all(&mut self, items: &[Expr]) -> Done<Vec<Value>> {
        let mut all = Vec::new();
        for item in items {
            let value = self.eval(item).await?;
            if matches!(item.kind, ExprKind::Starred(_)) {
                let more = self.items(&value).await?;
                self.costs(more.len(), 0)?;
                all.extend(more);
            } else {
                all.push(value);
            }
        }
        Ok(all)
    }

    /// A chain of operators is evaluated from its left end, without nesting.
    async fn eval_binary(&mut self, expr: &Expr) -> Done<Value> {
        let mut chain = Vec::new();
        let mut left = expr;
        while let ExprKind::Binary(op, first, second) = &left.kind {
            chain.push((*op, &**second, left.span));
            left = first;
        }
        let mut value = self.eval(left).await?;
        for (op, right, span) in chain.into_iter().rev() {
            let right = self.eval(right).await?;
            let result = self.operate(op, value, right).await;
            value = self.located(result, span)?;
        }
        Ok(value)
    }

    async fn eval_call(&mut self, function: &Expr, arguments: &[Argument]) -> Done<Value> {
        let function = self.eval(function).await?;
        let mut plain = Vec::new();
        let mut named = Vec::new();
        for argument in arguments {
            match argument {
                Argument::Plain(value) => plain.push(self.eval(value).await?),
                Argument::Named(name, value) => {
                    named.push((Arc::clone(name), self.eval(value).await?));
                }
                Argument::Many(value) => {
                    let value = self.eval(value).await?;
                    plain.extend(self.items(&value).await?);
                }
                Argument::ManyNamed(value) => {
                    if let Value::Dict(id) = self.eval(value).await? {
                        for (name, value) in self.dicts[id].clone() {
                            if let Value::Str(name) = name {
                                named.push((name, value));
                            }
                        }
                    }
                }
            }
        }
        self.call(function, plain, named).await
    }

    pub(super) fn call(
        &mut self,
        function: Value,
        arguments: Vec<Value>,
        named: Vec<(Arc<str>, Value)>,
    ) -> Fut<'_, Done<Value>> {
        Box::pin(async move {
            self.process.session.step(1)?;
            match function {
                Value::Function(id) => self.call_function(id, arguments, named).await,
                Value::Class(id) => self.make_object(id, arguments, named).await,
                Value::Builtin(name) => self.call_builtin(&name, arguments, named).await,
                Value::Type(name) if is_exception(name) => self.own_exception(name, arguments),
                Value::Type(name) => self.call_builtin(name, arguments, named).await,
                Value::Bound(bound) => {
                    let (of, name) = &*bound;
                    if let Value::Object(id) = of
                        && let ClassOf::User(class) = self.objects[*id].class
                        && let Some(Value::Function(function)) = self.member(class, name)
                    {
                        let mut all = vec![of.clone()];
                        all.extend(arguments);
                        return self.call_function(function, all, named).await;
                    }
                    if let Value::Object(id) = of
                        && self.objects[*id].class == ClassOf::Own("super")
                    {
                        return self.call_above(*id, name, arguments, named).await;
                    }
                    // `classmethod`
                    if let Value::Class(class) = of {
                        let class = *class;
                        if let Some(member) = self.member(class, name)
                            && let Value::Function(function) = self.unwrapped(member)
                        {
                            let mut all = vec![of.clone()];
                            all.extend(arguments);
                            return self.call_function(function, all, named).await;
                        }
                        return self.class_method(class, name, arguments, named).await;
                    }
                    self.call_method(of, name, arguments, named).await
                }
                Value::Object(id)
                    if self.objects[id].class == ClassOf::Own("functools.partial") =>
                {
                    let object = &self.objects[id];
                    let callee = object.field("func").cloned().unwrap_or(Value::None);
                    let mut all = match object.field("args") {
                        Some(Value::Tuple(given)) => given.to_vec(),
                        _ => Vec::new(),
                    };
                    all.extend(arguments);
                    let mut more = named;
                    if let Some(Value::Dict(id)) = object.field("keywords") {
                        for (name, value) in &self.dicts[*id] {
                            if let Value::Str(name) = name
                                && !more.iter().any(|(known, _)| known == name)
                            {
                                more.push((Arc::clone(name), value.clone()));
                            }
                        }
                    }
                    self.call(callee, all, more).await
                }
                Value::Object(_) if self.is_unknown(&function) => {
                    Box::pin(self.call_unknown(arguments, named)).await
                }
                Value::Object(_) => match self.method_of(&function, "__call__") {
                    Some(method) => self.call(method, arguments, named).await,
                    None => Err(self.not_callable(&function)),
                },
                other => Err(self.not_callable(&other)),
            }
        })
    }

    fn not_callable(&mut self, value: &Value) -> Unwind {
        let name = match value {
            Value::Module(_) => "module".to_owned(),
            other => self.type_name(other),
        };
        self.raise("TypeError", format!("'{name}' object is not callable"))
    }

    async fn comprehension(&mut self, inner: &Comprehension) -> Done<Value> {
        let mut all = Vec::new();
        self.clause(inner, 0, &mut all).await?;
        match inner.gathers {
            Gathers::Set => self.set(all.into_iter().map(|(value, _)| value).collect()),
            Gathers::Dict => self.dict(all),
            Gathers::List | Gathers::Generator => {
                self.list(all.into_iter().map(|(value, _)| value).collect())
            }
        }
    }

    fn clause<'a>(
        &'a mut self,
        inner: &'a Comprehension,
        place: usize,
        all: &'a mut Vec<(Value, Value)>,
    ) -> Fut<'a, Done<()>> {
        Box::pin(async move {
            let Some(clause) = inner.clauses.get(place) else {
                let element = self.eval(&inner.element).await?;
                let value = match &inner.value {
                    Some(value) => self.eval(value).await?,
                    None => Value::None,
                };
                self.costs(1, 0)?;
                all.push((element, value));
                return Ok(());
            };
            let source = self.eval(&clause.source).await?;
            'items: for item in self.items(&source).await? {
                self.part()?;
                self.assign(&clause.target, item).await?;
                for condition in &clause.conditions {
                    let value = self.eval(condition).await?;
                    if !self.is_true(&value).await? {
                        continue 'items;
                    }
                }
                self.clause(inner, place + 1, all).await?;
            }
            Ok(())
        })
    }

    fn format_pieces<'a>(&'a mut self, pieces: &'a [Piece]) -> Fut<'a, Done<String>> {
        Box::pin(async move {
            let mut out = String::new();
            for piece in pieces {
                match piece {
                    Piece::Text(text) => out.push_str(text),
                    Piece::Value { value, conversion, form } => {
                        let value = self.eval(value).await?;
                        let form = self.format_pieces(form).await?;
                        let value = match conversion {
                            Some('r') => Value::Str(self.repr(&value)?.into()),
                            Some(_) => Value::Str(self.text(&value)?.into()),
                            None => value,
                        };
                        out.push_str(&self.format_value(&value, &form)?);
                    }
                }
                self.costs(0, out.len())?;
            }
            Ok(out)
        })
    }
}
