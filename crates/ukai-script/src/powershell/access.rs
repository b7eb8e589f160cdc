//! Expressions: operands, members, indices, and what is assigned to them.

use super::ast::{Expr, Name, Operator, Prefix, Statement, Suffix};
use super::eval::{Eval, Interpreter, Truth};
use super::value::{Object, State, Text, Value};
use std::rc::Rc;

impl Interpreter<'_, '_> {
    pub(super) fn expr(&mut self, expr: &Expr) -> Eval<Value> {
        self.run.step()?;
        match expr {
            Expr::Text(text) => Ok(Value::text(&**text)),
            Expr::Int(value) => Ok(Value::Int(*value)),
            Expr::Double(value) => Ok(Value::Double(*value)),
            Expr::Variable(name) => Ok(self.variable(name)),
            Expr::Type(name) => Ok(Value::Type(Rc::clone(name))),
            Expr::Script(block) => Ok(Value::Script(Rc::clone(block))),
            _ => Ok(self.deeper(|it| it.compound_expr(expr))?.unwrap_or(Value::Unknown(None))),
        }
    }

    fn compound_expr(&mut self, expr: &Expr) -> Eval<Value> {
        match expr {
            Expr::Expandable(parts) => self.expand(parts),
            Expr::Paren(statement) => self.paren(statement),
            Expr::Sub(body) => {
                let mut out = Vec::new();
                self.statements(body, &mut out)?;
                Ok(Value::from_output(out))
            }
            Expr::Array(body) => {
                let mut out = Vec::new();
                self.statements(body, &mut out)?;
                Ok(Value::list(out))
            }
            Expr::Table(pairs) => {
                let id = self.new_object(Object::new("hashtable", State::None));
                for (key, value) in pairs {
                    let key = self.expr(key)?;
                    let value = self.value_of(value)?;
                    self.set_entry(id, key, value);
                }
                Ok(Value::Object(id))
            }
            Expr::List(items) => {
                let mut out = Vec::with_capacity(items.len());
                for item in items {
                    out.push(self.expr(item)?);
                }
                Ok(Value::list(out))
            }
            Expr::Chain(first, others) => self.chain(first, others),
            Expr::Logic(first, others) => self.logic(first, others),
            Expr::Ternary(parts) => {
                let [condition, one, other] = &**parts;
                let value = self.expr(condition)?;
                match Self::truth(&value) {
                    Truth::Yes => self.expr(one),
                    Truth::No => self.expr(other),
                    // Either may be meant: both are worked out.
                    Truth::Unknown => {
                        let rest = self.expr(other)?;
                        self.remark_all(&[rest]);
                        self.expr(one)
                    }
                }
            }
            Expr::Prefixed(prefixes, operand) => self.prefixed(prefixes, operand),
            Expr::Postfix(primary, suffixes) => self.postfix(primary, suffixes),
            _ => Ok(Value::Null),
        }
    }

    fn paren(&mut self, statement: &Statement) -> Eval<Value> {
        self.value_of(statement)
    }

    /// Operands and operators by precedence, with two stacks.
    fn chain(&mut self, first: &Expr, others: &[(Operator, Expr)]) -> Eval<Value> {
        let mut operands = vec![self.expr(first)?];
        let mut operators: Vec<Operator> = Vec::new();
        for (operator, operand) in others {
            while let Some(top) = operators.last()
                && top.precedence() >= operator.precedence()
            {
                self.reduce(&mut operands, &mut operators)?;
            }
            operators.push(*operator);
            operands.push(self.expr(operand)?);
        }
        while !operators.is_empty() {
            self.reduce(&mut operands, &mut operators)?;
        }
        Ok(operands.pop().unwrap_or(Value::Null))
    }

    fn reduce(&mut self, operands: &mut Vec<Value>, operators: &mut Vec<Operator>) -> Eval<()> {
        if let (Some(operator), Some(right), Some(left)) =
            (operators.pop(), operands.pop(), operands.pop())
        {
            self.run.step()?;
            let value = self.binary(operator, left, right)?;
            operands.push(value);
        }
        Ok(())
    }

    fn logic(&mut self, first: &Expr, others: &[(Operator, Expr)]) -> Eval<Value> {
        let value = self.expr(first)?;
        let mut truth = Self::truth(&value);
        for (operator, operand) in others {
            match (operator, truth) {
                (Operator::And, Truth::No) | (Operator::Or, Truth::Yes) => continue,
                _ => {}
            }
            let value = self.expr(operand)?;
            let right = Self::truth(&value);
            truth =
                match (operator, truth, right) {
                    (Operator::And, Truth::Yes, right) | (Operator::Or, Truth::No, right) => right,
                    (Operator::And, Truth::Unknown, Truth::No) => Truth::No,
                    (Operator::Or, Truth::Unknown, Truth::Yes) => Truth::Yes,
                    (Operator::Xor, Truth::Yes, Truth::No)
                    | (Operator::Xor, Truth::No, Truth::Yes) => Truth::Yes,
                    (Operator::Xor, Truth::Yes, Truth::Yes)
                    | (Operator::Xor, Truth::No, Truth::No) => Truth::No,
                    _ => Truth::Unknown,
                };
        }
        Ok(truth_value(truth))
    }

    fn prefixed(&mut self, prefixes: &[Prefix], operand: &Expr) -> Eval<Value> {
        if let [.., prefix @ (Prefix::Increment | Prefix::Decrement)] = prefixes {
            let step = if *prefix == Prefix::Increment { 1 } else { -1 };
            let (_, after) = self.step_by(operand, step)?;
            return Ok(after);
        }
        // A type that is put together: `[type]('con' + 'vert')`; an ordered table.
        let mut value = self.expr(operand)?;
        for prefix in prefixes.iter().rev() {
            self.run.step()?;
            value = match prefix {
                Prefix::Cast(name) => self.cast(name, value)?,
                Prefix::Not => match Self::truth(&value) {
                    Truth::Yes => Value::Bool(false),
                    Truth::No => Value::Bool(true),
                    Truth::Unknown => Value::Unknown(None),
                },
                Prefix::Minus => match self.number_of(&value) {
                    Value::Int(value) => Value::Int(value.wrapping_neg()),
                    Value::Double(value) => Value::Double(-value),
                    other => other,
                },
                Prefix::Plus => self.number_of(&value),
                Prefix::BitNot => match self.number_of(&value) {
                    Value::Int(value) => Value::Int(!value),
                    other => other,
                },
                Prefix::Join => self.join(value, "")?,
                Prefix::Split => self.split_blanks(&value)?,
                Prefix::Comma => Value::list(vec![value]),
                Prefix::Increment | Prefix::Decrement => value,
            };
        }
        Ok(value)
    }

    /// Adds to a variable: its value before and after.
    fn step_by(&mut self, target: &Expr, step: i64) -> Eval<(Value, Value)> {
        let before = self.expr(target)?;
        let after = match self.number_of(&before) {
            Value::Int(value) => Value::Int(value.wrapping_add(step)),
            Value::Double(value) => Value::Double(value + step as f64),
            other => other,
        };
        self.assign(target, after.clone())?;
        Ok((before, after))
    }

    fn postfix(&mut self, primary: &Expr, suffixes: &[Suffix]) -> Eval<Value> {
        // What a method changes in place must be a variable's own value.
        if let (Expr::Variable(name), [Suffix::Call { name: method, is_static: false, arguments }]) =
            (primary, suffixes)
            && let Expr::Text(method) = method
            && let Some(done) = self.change_in_place(name, method, arguments)?
        {
            return Ok(done);
        }
        // Where the character or byte alone is asked for, nothing is copied.
        let mut value = match primary {
            Expr::Variable(name) => self.variable(name),
            _ => self.expr(primary)?,
        };
        for (at, suffix) in suffixes.iter().enumerate() {
            self.run.step()?;
            value = match suffix {
                Suffix::Member { name, is_static } => {
                    let name = self.member_name(name)?;
                    if *is_static {
                        self.static_member(&value, &name)?
                    } else {
                        self.member(value, &name)?
                    }
                }
                Suffix::Call { name, is_static, arguments } => {
                    let name = self.member_name(name)?;
                    if *is_static {
                        self.call_static(&value, &name, arguments)?
                    } else {
                        // What is read into a buffer is not known either.
                        if value.is_unknown()
                            && (name.starts_with("read") || name.starts_with("receive"))
                            && let Some(Expr::Variable(buffer)) = arguments.first()
                        {
                            self.set_variable(buffer, value.clone())?;
                        }
                        let arguments = self.expressions(arguments)?;
                        self.call_method(value, &name, arguments)?
                    }
                }
                Suffix::Index(index) => {
                    let index = self.expr(index)?;
                    self.index(&value, &index)?
                }
                Suffix::Increment | Suffix::Decrement => {
                    let step = if matches!(suffix, Suffix::Increment) { 1 } else { -1 };
                    if at == 0 {
                        self.step_by(primary, step)?.0
                    } else {
                        let after = match self.number_of(&value) {
                            Value::Int(value) => Value::Int(value.wrapping_add(step)),
                            other => other,
                        };
                        self.assign_suffixed(primary, &suffixes[..at], after)?;
                        value
                    }
                }
            };
        }
        Ok(value)
    }

    pub(super) fn expressions(&mut self, arguments: &[Expr]) -> Eval<Vec<Value>> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.expr(argument)?);
        }
        Ok(values)
    }

    fn member_name(&mut self, name: &Expr) -> Eval<String> {
        match name {
            Expr::Text(text) => Ok(text.to_ascii_lowercase()),
            _ => match self.expr(name)? {
                // `.$method` where that holds a method's own name.
                Value::Method(bound) => Ok(bound.1.clone()),
                value => Ok(self.text_of(&value).to_ascii_lowercase()),
            },
        }
    }

    /// `$list.Add(x)`, `$array.SetValue(x, i)`: whether it was such a method.
    fn change_in_place(
        &mut self,
        name: &Name,
        method: &str,
        arguments: &[Expr],
    ) -> Eval<Option<Value>> {
        let method = method.to_ascii_lowercase();
        if !matches!(method.as_str(), "setvalue" | "copyto") {
            return Ok(None);
        }
        let before = self.variable(name);
        if !matches!(before, Value::List(_) | Value::Bytes(_)) {
            return Ok(None);
        }
        let arguments = self.expressions(arguments)?;
        if let (Some(value), Some(index)) = (arguments.first(), arguments.get(1))
            && method == "setvalue"
        {
            let after = self.with_index(before, index, value.clone());
            self.set_variable(name, after)?;
        }
        Ok(Some(Value::Null))
    }

    /// `value[index]`, several indices and ranges included.
    pub(super) fn index(&mut self, value: &Value, index: &Value) -> Eval<Value> {
        if let Value::Unknown(_) = value {
            return Ok(value.clone());
        }
        if let Value::Object(id) = value {
            let is_list = matches!(self.heap.get(*id).map(|it| &it.state), Some(State::Items(_)));
            if self.heap.get(*id).is_some_and(|it| &*it.class == "methods") {
                let name = self.text_of(index).to_lowercase();
                let whose = self.named_entry(*id, "whose").unwrap_or(Value::Null);
                return Ok(Value::Method(Rc::new((whose, name))));
            }
            if !is_list {
                return if let Value::List(keys) = index {
                    let keys = keys.items().to_vec();
                    let values =
                        keys.iter().map(|it| self.entry(*id, it).unwrap_or(Value::Null)).collect();
                    Ok(Value::list(values))
                } else {
                    self.run
                        .steps(self.heap.get(*id).map_or(0, |it| it.entries.len()) as u64 / 16)?;
                    Ok(self.entry(*id, index).unwrap_or(Value::Null))
                };
            }
        }
        let length = self.length(value);
        if let Value::List(indices) = index {
            let indices = indices.items().to_vec();
            self.run.steps(indices.len() as u64)?;
            let mut out = Vec::with_capacity(indices.len());
            for index in indices {
                match index {
                    // `1..3 + 5`
                    Value::List(inner) => {
                        for index in inner.items() {
                            out.extend(self.at(value, index, length));
                        }
                    }
                    index => out.extend(self.at(value, &index, length)),
                }
                if let Value::Text(text) = value
                    && text.chars() != text.as_str().len()
                {
                    self.run.steps(text.as_str().len() as u64 / 64)?;
                }
            }
            Ok(Value::list(out))
        } else {
            if let Value::Text(text) = value
                && text.chars() != text.as_str().len()
            {
                self.run.steps(text.as_str().len() as u64 / 64)?;
            }
            Ok(self.at(value, index, length).unwrap_or(Value::Null))
        }
    }

    /// How many items or characters there are.
    pub(super) fn length(&self, value: &Value) -> usize {
        match value {
            Value::Null => 0,
            Value::Text(text) => text.chars(),
            Value::List(list) => list.items().len(),
            Value::Bytes(blob) => blob.as_slice().len(),
            Value::Object(id) => match self.heap.get(*id) {
                Some(object) => match &object.state {
                    State::Items(items) => items.len(),
                    State::Builder(text) => {
                        crate::held::copied(text.len());
                        text.chars().count()
                    }
                    State::Stream { content: Value::Bytes(blob), .. } => blob.as_slice().len(),
                    _ if &*object.class == "hashtable" => object.entries.len(),
                    _ => 1,
                },
                None => 0,
            },
            _ => 1,
        }
    }

    fn at(&self, value: &Value, index: &Value, length: usize) -> Option<Value> {
        let index = match self.number_of(index) {
            Value::Int(index) => index,
            Value::Double(index) => index.round_ties_even() as i64,
            _ => return None,
        };
        let index = if index < 0 { index.checked_add(length as i64)? } else { index };
        let index = usize::try_from(index).ok()?;
        match value {
            Value::Text(text) => text.char_at(index).map(Value::Char),
            Value::List(list) => list.items().get(index).cloned(),
            Value::Bytes(blob) => blob.as_slice().get(index).map(|it| Value::Byte(*it)),
            Value::Object(id) => match &self.heap.get(*id)?.state {
                State::Items(items) => items.get(index).cloned(),
                _ => None,
            },
            Value::Null => None,
            other => (index == 0).then(|| other.clone()),
        }
    }

    /// `target = value`
    pub(super) fn assign(&mut self, target: &Expr, value: Value) -> Eval<()> {
        match target {
            Expr::Variable(name) => self.set_variable(name, value),
            Expr::Prefixed(prefixes, inner) => {
                let mut value = value;
                for prefix in prefixes.iter().rev() {
                    if let Prefix::Cast(name) = prefix {
                        value = self.cast(name, value)?;
                    }
                }
                self.assign(inner, value)
            }
            Expr::List(targets) => {
                let mut items = self.items_of(&value);
                let rest = items.split_off(targets.len().saturating_sub(1).min(items.len()));
                let mut items = items.into_iter();
                for (at, target) in targets.iter().enumerate() {
                    let item = if at + 1 == targets.len() {
                        Value::from_output(rest.clone())
                    } else {
                        items.next().unwrap_or(Value::Null)
                    };
                    self.assign(target, item)?;
                }
                Ok(())
            }
            Expr::Paren(statement) => match super::expressions::lone_expression(statement) {
                Some(expr) => self.deeper(|it| it.assign(expr, value)).map(|_| ()),
                None => Ok(()),
            },
            Expr::Postfix(primary, suffixes) => self.assign_suffixed(primary, suffixes, value),
            _ => Ok(()),
        }
    }

    /// `primary.member[index] = value`
    fn assign_suffixed(&mut self, primary: &Expr, suffixes: &[Suffix], value: Value) -> Eval<()> {
        let Some((last, before)) = suffixes.split_last() else {
            return self.assign(primary, value);
        };
        if let ([], Expr::Variable(name), Suffix::Index(index)) = (before, primary, last) {
            let index = self.expr(index)?;
            let container = self.variable(name);
            if let Value::List(_) | Value::Bytes(_) = container {
                drop(container);
                // Taken out, so that it is changed in place.
                let container = self.take_innermost(&name.name);
                let after = self.with_index(container, &index, value);
                return self.set_found(name, after);
            }
            if let Value::Object(id) = container {
                self.set_item(id, index, value);
            }
            return Ok(());
        }
        let container =
            if before.is_empty() { self.expr(primary)? } else { self.postfix(primary, before)? };
        match last {
            Suffix::Member { name, is_static } => {
                let name = self.member_name(name)?;
                match container {
                    Value::Object(id) if !is_static => {
                        self.set_property(id, &name, value);
                    }
                    class if *is_static => self.set_own_static(&class, &name, value),
                    _ => {}
                }
                Ok(())
            }
            Suffix::Index(index) => {
                let index = self.expr(index)?;
                match container {
                    Value::Object(id) => {
                        self.set_item(id, index, value);
                        Ok(())
                    }
                    Value::List(_) | Value::Bytes(_) => {
                        let after = self.with_index(container, &index, value);
                        self.assign_suffixed(primary, before, after)
                    }
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn take_innermost(&mut self, name: &str) -> Value {
        let place = self.scopes.iter_mut().rev().find_map(|scope| scope.get_mut(name));
        place.map_or(Value::Null, |it| std::mem::replace(it, Value::Null))
    }

    /// Puts a changed container back where it was found: an array is one, in every scope.
    fn set_found(&mut self, name: &Name, value: Value) -> Eval<()> {
        match self.scopes.iter_mut().rev().find_map(|scope| scope.get_mut(&name.name)) {
            Some(place) => {
                *place = value;
                Ok(())
            }
            None => self.set_variable(name, value),
        }
    }

    fn set_item(&mut self, id: usize, index: Value, value: Value) {
        let at = match self.number_of(&index) {
            Value::Int(at) => usize::try_from(at).ok(),
            _ => None,
        };
        match self.heap.get_mut(id).map(|it| &mut it.state) {
            Some(State::Items(items)) => {
                if let Some(place) = at.and_then(|at| items.get_mut(at)) {
                    *place = value;
                }
            }
            Some(_) => self.set_entry(id, index, value),
            None => {}
        }
    }

    /// A list or bytes with one of them changed.
    fn with_index(&self, container: Value, index: &Value, value: Value) -> Value {
        let length = self.length(&container) as i64;
        let Value::Int(at) = self.number_of(index) else { return container };
        let at = if at < 0 { at.saturating_add(length) } else { at };
        let Ok(at) = usize::try_from(at) else { return container };
        match container {
            Value::List(mut list) => {
                list.set(at, value);
                Value::List(list)
            }
            Value::Bytes(mut blob) => {
                if let Value::Int(byte) = self.number_of(&value) {
                    blob.set(at, byte as u8);
                }
                Value::Bytes(blob)
            }
            other => other,
        }
    }

    /// Where an entry of a table or a property stands.
    pub(super) fn entry_place(&self, id: usize, key: &Value) -> Option<usize> {
        let object = self.heap.get(id)?;
        crate::held::copied(object.entries.len() * 4);
        match key {
            Value::Text(key) => object.entries.iter().position(
                |(it, _)| matches!(it, Value::Text(it) if it.as_str().eq_ignore_ascii_case(key.as_str())),
            ),
            _ => object.entries.iter().position(|(it, _)| self.equals(it, key, true)),
        }
    }

    pub(super) fn entry(&self, id: usize, key: &Value) -> Option<Value> {
        let place = self.entry_place(id, key)?;
        self.heap.get(id)?.entries.get(place).map(|it| it.1.clone())
    }

    pub(super) fn named_entry(&self, id: usize, key: &str) -> Option<Value> {
        self.heap.get(id)?.entries.iter().find_map(|(it, value)| match it {
            Value::Text(it) if it.as_str().eq_ignore_ascii_case(key) => Some(value.clone()),
            _ => None,
        })
    }

    pub(super) fn set_entry(&mut self, id: usize, key: Value, value: Value) {
        let place = self.entry_place(id, &key);
        if let Some(object) = self.heap.get_mut(id) {
            if let Some(entry) = place.and_then(|at| object.entries.get_mut(at)) {
                entry.1 = value;
            } else {
                object.held.grow(2 * size_of::<Value>());
                object.entries.push((key, value));
            }
        }
    }

    /// `value.name`
    pub(super) fn member(&mut self, value: Value, name: &str) -> Eval<Value> {
        Ok(match (&value, name) {
            (Value::Unknown(_) | Value::Null, _) => value,
            (Value::Object(id), _) => return self.object_member(*id, name),
            (_, "length" | "longlength") if matches!(value, Value::Text(_)) => {
                Value::Int(self.length(&value) as i64)
            }
            (_, "length" | "count" | "longlength") => Value::Int(self.length(&value) as i64),
            (Value::List(list), _) if !is_array_method(name) => {
                let items = list.items().to_vec();
                self.run.steps(items.len() as u64)?;
                let mut out = Vec::new();
                for item in items {
                    let member = self.member(item, name)?;
                    self.put_out(member, &mut out);
                }
                Value::from_output(out)
            }
            // A line that `Select-String` put out is its text.
            (Value::Text(_), "ipaddresstostring" | "line") => value,
            (Value::Text(text), "matches") => {
                let pattern = self.selected.clone();
                let Some(regex) = self.pattern(&pattern, true)?.filter(|_| !pattern.is_empty())
                else {
                    return Ok(Value::Null);
                };
                let text = text.clone();
                let mut found = Vec::new();
                for groups in regex.all(text.as_str()).take(MATCHES_MAX) {
                    self.run.steps(4)?;
                    found.push(self.match_object(&groups));
                }
                Value::list(found)
            }
            (Value::Type(it), "name") => Value::text(it.rsplit('.').next().unwrap_or(it)),
            (Value::Type(it), "fullname") => Value::text(&**it),
            (Value::Script(block), "ast") => Value::text(&*block.source),
            _ if is_method(name) => Value::Method(Rc::new((value, name.to_owned()))),
            _ => Value::Null,
        })
    }

    /// The text of a value, which is not copied where it is one already.
    pub(super) fn text_value(&mut self, value: Value) -> Text {
        match value {
            Value::Text(text) => text,
            other => Text::new(self.text_of(&other)),
        }
    }
}

/// Matches of one line that are asked for.
const MATCHES_MAX: usize = 1000;

fn is_array_method(name: &str) -> bool {
    matches!(name, "invoke" | "tostring" | "getvalue" | "gettype" | "rank")
}

/// Methods of texts that are named without being called.
fn is_method(name: &str) -> bool {
    super::text_methods::NAMES.contains(&name) || is_array_method(name) || name == "gettype"
}

pub(super) fn truth_value(truth: Truth) -> Value {
    match truth {
        Truth::Yes => Value::Bool(true),
        Truth::No => Value::Bool(false),
        Truth::Unknown => Value::Unknown(None),
    }
}
