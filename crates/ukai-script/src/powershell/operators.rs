//! What operators between two operands come to: about_Operators.

use super::ast::{Case, Operator};
use super::convert::as_int32;
use super::eval::{Eval, Flow, Interpreter};
use super::value::{List, Value};
use std::cmp::Ordering;

/// Items of a range.
const RANGE_MAX: i64 = 1_000_000;

impl Interpreter<'_, '_> {
    pub(super) fn binary(&mut self, operator: Operator, left: Value, right: Value) -> Eval<Value> {
        match operator {
            Operator::Add => self.add(left, right),
            Operator::Multiply => self.multiply(left, right),
            Operator::Subtract | Operator::Divide | Operator::Modulo => {
                Ok(self.arithmetic(operator, &left, &right))
            }
            Operator::Range => self.range(&left, &right),
            Operator::Format => self.format(left, right),
            Operator::Join => {
                let separator = self.text_of(&right);
                self.join(left, &separator)
            }
            Operator::Split(case) => self.split(left, right, case),
            Operator::Replace(case) => self.replace(left, &right, case),
            Operator::Match(case) => {
                self.filter(left, |it, item| it.is_match(item, &right, case), true)
            }
            Operator::NotMatch(case) => {
                self.filter(left, |it, item| it.is_match(item, &right, case), false)
            }
            Operator::Like(case) => {
                self.filter(left, |it, item| Ok(Some(it.is_like(item, &right, case))), true)
            }
            Operator::NotLike(case) => {
                self.filter(left, |it, item| Ok(Some(it.is_like(item, &right, case))), false)
            }
            Operator::Equal(case) => self.filter(
                left,
                |it, item| Ok(it.known_equal(item, &right, case == Case::Ignored)),
                true,
            ),
            Operator::NotEqual(case) => self.filter(
                left,
                |it, item| Ok(it.known_equal(item, &right, case == Case::Ignored)),
                false,
            ),
            Operator::Greater => self.filter(
                left,
                |it, item| Ok(it.order(item, &right).map(|it| it == Ordering::Greater)),
                true,
            ),
            Operator::GreaterEqual => self.filter(
                left,
                |it, item| Ok(it.order(item, &right).map(|it| it != Ordering::Less)),
                true,
            ),
            Operator::Less => self.filter(
                left,
                |it, item| Ok(it.order(item, &right).map(|it| it == Ordering::Less)),
                true,
            ),
            Operator::LessEqual => self.filter(
                left,
                |it, item| Ok(it.order(item, &right).map(|it| it != Ordering::Greater)),
                true,
            ),
            Operator::Contains => self.contains(&left, &right, true),
            Operator::NotContains => self.contains(&left, &right, false),
            Operator::In => self.contains(&right, &left, true),
            Operator::NotIn => self.contains(&right, &left, false),
            Operator::Is | Operator::IsNot => {
                Ok(self.is_type(&left, &right, operator == Operator::Is))
            }
            Operator::As => match right {
                Value::Type(name) => self.cast(&name, left),
                Value::Text(name) => {
                    let name = super::literals::type_name(name.as_str());
                    self.cast(&name, left)
                }
                _ => Ok(left),
            },
            Operator::ShiftLeft
            | Operator::ShiftRight
            | Operator::BitAnd
            | Operator::BitOr
            | Operator::BitXor => Ok(self.bits(operator, &left, &right)),
            Operator::Coalesce => Ok(if matches!(left, Value::Null) { right } else { left }),
            // These are worked out one operand after the other.
            Operator::And | Operator::Or | Operator::Xor => Ok(Value::Null),
        }
    }

    /// `+`: what it is depends on the left.
    pub(super) fn add(&mut self, left: Value, right: Value) -> Eval<Value> {
        match (left, right) {
            (Value::Null, right) => Ok(right),
            (Value::Text(mut text), right) => {
                let more = self.text_of(&right);
                if text.as_str().len() + more.len() > self.run.limits.value_bytes {
                    self.run.note("a value is too long");
                    return Err(Flow::Stop);
                }
                text.push(&more);
                Ok(Value::Text(text))
            }
            (Value::Char(c), right) => {
                let more = self.text_of(&right);
                Ok(Value::text(format!("{c}{more}")))
            }
            (Value::List(mut list), right) => {
                for item in self.items_of(&right) {
                    self.run.step()?;
                    list.push(item);
                }
                Ok(Value::List(list))
            }
            (Value::Bytes(mut blob), Value::Bytes(more)) => {
                if blob.as_slice().len() + more.as_slice().len() > self.run.limits.value_bytes {
                    self.run.note("a value is too long");
                    return Err(Flow::Stop);
                }
                blob.extend(more.as_slice());
                Ok(Value::Bytes(blob))
            }
            (left @ Value::Bytes(_), right) => {
                let mut list = List::new(self.items_of(&left));
                for item in self.items_of(&right) {
                    self.run.step()?;
                    list.push(item);
                }
                Ok(Value::List(list))
            }
            (Value::Object(left), Value::Object(right)) => {
                let mut sum = match self.heap.get(left) {
                    Some(object) => object.clone(),
                    None => return Ok(Value::Null),
                };
                if let super::value::State::Items(items) = &mut sum.state {
                    let mut items = std::mem::take(items);
                    items.extend(self.items_of(&Value::Object(right)));
                    return Ok(Value::list(items));
                }
                if let Some(object) = self.heap.get(right) {
                    sum.entries.extend(object.entries.iter().cloned());
                }
                let id = self.new_object(sum);
                Ok(Value::Object(id))
            }
            (Value::Unknown(from), right) => Ok(match right {
                Value::Text(_) | Value::Char(_) => right,
                _ => Value::Unknown(from),
            }),
            (left, right) => Ok(self.arithmetic(Operator::Add, &left, &right)),
        }
    }

    fn multiply(&mut self, left: Value, right: Value) -> Eval<Value> {
        let count = |it: &Self| match it.number_of(&right) {
            Value::Int(count) => usize::try_from(count).unwrap_or(0),
            Value::Double(count) => count as usize,
            _ => 0,
        };
        match &left {
            Value::Text(_) | Value::Char(_) => {
                let text = self.text_of(&left);
                let count = count(self);
                let bytes = text.len().saturating_mul(count);
                if bytes > self.run.limits.value_bytes {
                    self.run.note("a value is too long");
                    return Err(Flow::Stop);
                }
                self.run.steps(bytes as u64 / 64)?;
                Ok(Value::text(text.repeat(count)))
            }
            Value::List(list) => {
                let count = count(self);
                let items = list.items();
                if items.len().saturating_mul(count) > self.run.limits.value_bytes / 32 {
                    self.run.note("a value is too long");
                    return Err(Flow::Stop);
                }
                self.run.steps((items.len() * count) as u64)?;
                let many = std::iter::repeat_n(items, count).flatten().cloned().collect();
                Ok(Value::list(many))
            }
            _ => Ok(self.arithmetic(Operator::Multiply, &left, &right)),
        }
    }

    fn arithmetic(&self, operator: Operator, left: &Value, right: &Value) -> Value {
        match (self.number_of(left), self.number_of(right)) {
            (Value::Int(left), Value::Int(right)) => match operator {
                Operator::Add => int_or_double(left.checked_add(right), left as f64 + right as f64),
                Operator::Subtract => {
                    int_or_double(left.checked_sub(right), left as f64 - right as f64)
                }
                Operator::Multiply => {
                    int_or_double(left.checked_mul(right), left as f64 * right as f64)
                }
                Operator::Divide if right != 0 => match left.checked_rem(right) {
                    Some(0) => int_or_double(left.checked_div(right), left as f64 / right as f64),
                    _ => Value::Double(left as f64 / right as f64),
                },
                Operator::Modulo => left.checked_rem(right).map_or(Value::Null, Value::Int),
                _ => Value::Null,
            },
            (Value::Unknown(from), _) | (_, Value::Unknown(from)) => Value::Unknown(from),
            (left, right) => match (double_of(&left), double_of(&right)) {
                (Some(left), Some(right)) => Value::Double(match operator {
                    Operator::Add => left + right,
                    Operator::Subtract => left - right,
                    Operator::Multiply => left * right,
                    Operator::Divide => left / right,
                    _ => left % right,
                }),
                _ => Value::Null,
            },
        }
    }

    fn bits(&self, operator: Operator, left: &Value, right: &Value) -> Value {
        let whole = |value: Value| match value {
            Value::Int(value) => Ok(value),
            Value::Double(value) => Ok(value.round_ties_even() as i64),
            Value::Unknown(from) => Err(Value::Unknown(from)),
            _ => Err(Value::Null),
        };
        let left = match whole(self.number_of(left)) {
            Ok(left) => left,
            Err(other) => return other,
        };
        let right = match whole(self.number_of(right)) {
            Ok(right) => right,
            Err(other) => return other,
        };
        let is_small = i32::try_from(left).is_ok();
        Value::Int(match operator {
            Operator::BitAnd => left & right,
            Operator::BitOr => left | right,
            Operator::BitXor => left ^ right,
            Operator::ShiftLeft if is_small => {
                i64::from((left as i32).wrapping_shl((right & 31) as u32))
            }
            Operator::ShiftLeft => left.wrapping_shl((right & 63) as u32),
            Operator::ShiftRight if is_small => {
                i64::from((left as i32).wrapping_shr((right & 31) as u32))
            }
            _ => left.wrapping_shr((right & 63) as u32),
        })
    }

    fn range(&mut self, left: &Value, right: &Value) -> Eval<Value> {
        let bound = |it: &Self, value: &Value| match value {
            // `'a'..'z'`
            Value::Char(c) => Some(i64::from(u32::from(*c))),
            Value::Text(text)
                if text.chars() == 1 && !text.as_str().as_bytes()[0].is_ascii_digit() =>
            {
                text.char_at(0).map(|it| i64::from(u32::from(it)))
            }
            _ => match it.number_of(value) {
                Value::Int(value) => Some(value),
                Value::Double(value) => Some(value.round_ties_even() as i64),
                _ => None,
            },
        };
        let is_chars = matches!(left, Value::Char(_))
            || matches!(left, Value::Text(it) if it.chars() == 1 && !it.as_str().as_bytes()[0].is_ascii_digit());
        let (Some(first), Some(last)) = (bound(self, left), bound(self, right)) else {
            return Ok(Value::Unknown(None));
        };
        let count = last.abs_diff(first);
        if count > RANGE_MAX as u64 {
            self.run.note("a range is too long");
            return Ok(Value::Null);
        }
        self.run.steps(count / 2)?;
        let item = |value: i64| {
            if is_chars {
                u32::try_from(value).ok().and_then(char::from_u32).map_or(Value::Null, Value::Char)
            } else {
                Value::Int(value)
            }
        };
        Ok(Value::list(if first <= last {
            (first..=last).map(item).collect()
        } else {
            (last..=first).rev().map(item).collect()
        }))
    }

    pub(super) fn join(&mut self, left: Value, separator: &str) -> Eval<Value> {
        if let Value::Unknown(_) | Value::Text(_) = left {
            return Ok(left);
        }
        let mut out = String::new();
        for (at, item) in self.items_of(&left).iter().enumerate() {
            self.run.step()?;
            if at > 0 {
                self.push_text(&mut out, separator)?;
            }
            if let Value::Char(c) = item {
                out.push(*c);
            } else {
                let text = self.text_of(item);
                self.push_text(&mut out, &text)?;
            }
        }
        Ok(Value::text(out))
    }

    pub(super) fn split_blanks(&mut self, value: &Value) -> Eval<Value> {
        let mut out = Vec::new();
        for item in self.items_of(value) {
            let text = self.text_of(&item);
            self.run.steps(text.len() as u64 / 16)?;
            out.extend(text.split_whitespace().map(Value::text));
        }
        Ok(Value::list(out))
    }

    /// `-split`: by pattern, by a simple text with `'SimpleMatch'`, or by a script block.
    fn split(&mut self, left: Value, right: Value, case: Case) -> Eval<Value> {
        if left.is_unknown() {
            return Ok(left);
        }
        let options = self.items_of(&right);
        let pattern = options.first().cloned().unwrap_or(Value::Null);
        let max = match options.get(1).map(|it| self.number_of(it)) {
            Some(Value::Int(max)) if max > 0 => max as usize,
            _ => usize::MAX,
        };
        let is_simple = options
            .get(2)
            .is_some_and(|it| self.text_of(it).to_ascii_lowercase().contains("simple"));
        let mut out = Vec::new();
        for item in self.items_of(&left) {
            let text = self.text_of(&item);
            if let Value::Script(block) = &pattern {
                let mut word = String::new();
                for c in text.chars() {
                    self.assign_plain("_", Value::Char(c));
                    let answer = self.call_block(block, Vec::new(), None, false)?;
                    if Self::truth(&Value::from_output(answer)) == super::eval::Truth::Yes {
                        out.push(Value::text(std::mem::take(&mut word)));
                    } else {
                        word.push(c);
                    }
                }
                out.push(Value::text(word));
                continue;
            }
            let pattern = self.text_of(&pattern);
            self.run.steps(text.len() as u64 / 8)?;
            if is_simple {
                out.extend(text.splitn(max, pattern.as_str()).map(Value::text));
            } else if let Some(regex) = self.pattern(&pattern, case == Case::Ignored)? {
                super::patterns::split(&regex, &text, max, &mut out);
            }
        }
        Ok(Value::list(out))
    }

    fn replace(&mut self, left: Value, right: &Value, case: Case) -> Eval<Value> {
        if left.is_unknown() {
            return Ok(left);
        }
        let options = self.items_of(right);
        let pattern = options.first().map(|it| self.text_of(it)).unwrap_or_default();
        let with = match options.get(1) {
            Some(Value::Script(block)) => Err(block.clone()),
            Some(value) => Ok(self.text_of(value)),
            None => Ok(String::new()),
        };
        let Some(regex) = self.pattern(&pattern, case == Case::Ignored)? else { return Ok(left) };
        let mut out = Vec::new();
        let is_list = matches!(left, Value::List(_));
        for item in self.items_of(&left) {
            let text = self.text_of(&item);
            self.run.steps(text.len() as u64 / 16)?;
            let replaced = match &with {
                Ok(with) => self.replace_all(&regex, &text, with)?,
                Err(block) => self.replace_with(&regex, &text, &Value::Script(block.clone()))?,
            };
            out.push(Value::text(replaced));
        }
        Ok(if is_list { Value::list(out) } else { out.pop().unwrap_or(Value::text("")) })
    }

    /// A comparison: of a list, the items for which it holds.
    fn filter(
        &mut self,
        left: Value,
        mut holds: impl FnMut(&mut Self, &Value) -> Eval<Option<bool>>,
        wanted: bool,
    ) -> Eval<Value> {
        if let Value::List(list) = &left {
            let mut out = Vec::new();
            for item in list.items() {
                self.run.step()?;
                if holds(self, item)? != Some(!wanted) {
                    out.push(item.clone());
                }
            }
            return Ok(Value::list(out));
        }
        Ok(match holds(self, &left)? {
            Some(it) => Value::Bool(it == wanted),
            None => Value::Unknown(None),
        })
    }

    fn known_equal(&self, left: &Value, right: &Value, ignore_case: bool) -> Option<bool> {
        (!left.is_unknown() && !right.is_unknown()).then(|| self.equals(left, right, ignore_case))
    }

    fn is_like(&mut self, item: &Value, pattern: &Value, case: Case) -> bool {
        let (item, pattern) = (self.text_of(item), self.text_of(pattern));
        super::patterns::like(&item, &pattern, case == Case::Ignored)
    }

    /// `-match`, which leaves its groups in `$Matches`.
    fn is_match(&mut self, item: &Value, pattern: &Value, case: Case) -> Eval<Option<bool>> {
        if item.is_unknown() || pattern.is_unknown() {
            return Ok(None);
        }
        let (text, pattern) = (self.text_of(item), self.text_of(pattern));
        self.run.steps(text.len() as u64 / 32)?;
        let Some(regex) = self.pattern(&pattern, case == Case::Ignored)? else { return Ok(None) };
        let Some(found) = regex.first(&text) else { return Ok(Some(false)) };
        let id = self.new_object(super::value::Object::new("hashtable", super::value::State::None));
        for (at, group) in found.iter().enumerate() {
            if let Some(group) = group {
                let name = found.names().find(|it| it.1 == at).map(|it| Value::text(it.0));
                let key = name.unwrap_or(Value::Int(at as i64));
                self.set_entry(id, key, Value::text(group.text));
            }
        }
        self.assign_plain("matches", Value::Object(id));
        Ok(Some(true))
    }

    fn contains(&mut self, list: &Value, item: &Value, wanted: bool) -> Eval<Value> {
        if list.is_unknown() || item.is_unknown() {
            return Ok(Value::Unknown(None));
        }
        let items = self.items_of(list);
        self.run.steps(items.len() as u64)?;
        Ok(Value::Bool(items.iter().any(|it| self.equals(it, item, true)) == wanted))
    }

    /// `-eq`: the right is made what the left is.
    pub(super) fn equals(&self, left: &Value, right: &Value, ignore_case: bool) -> bool {
        match (left, right) {
            (Value::Null, Value::Null) => true,
            (Value::Null, _) | (_, Value::Null) => false,
            (Value::Object(left), Value::Object(right)) => left == right,
            (Value::Bool(left), right) => *left == (Self::truth(right) == super::eval::Truth::Yes),
            (Value::Text(_) | Value::Char(_), _) => {
                let (left, right) = (self.text_of(left), self.text_of(right));
                if ignore_case { same_text(&left, &right) } else { left == right }
            }
            (Value::Int(_) | Value::Byte(_) | Value::Double(_), _) => {
                match (double_of(&self.number_of(left)), double_of(&self.number_of(right))) {
                    (Some(left), Some(right)) => left == right,
                    _ => false,
                }
            }
            _ => same_text(&self.text_of(left), &self.text_of(right)),
        }
    }

    pub(super) fn order(&self, left: &Value, right: &Value) -> Option<Ordering> {
        if left.is_unknown() || right.is_unknown() {
            return None;
        }
        if let Value::Text(_) = left
            && !matches!(right, Value::Int(_) | Value::Double(_))
        {
            let (left, right) =
                (self.text_of(left).to_lowercase(), self.text_of(right).to_lowercase());
            return Some(left.cmp(&right));
        }
        let left = double_of(&self.number_of(left)).unwrap_or(0.0);
        let right = double_of(&self.number_of(right)).unwrap_or(0.0);
        left.partial_cmp(&right)
    }

    fn is_type(&self, left: &Value, right: &Value, wanted: bool) -> Value {
        let name = match right {
            Value::Type(name) => name.to_string(),
            _ => super::literals::type_name(&self.text_of(right)).to_string(),
        };
        let is = match left {
            Value::Unknown(_) => return Value::Unknown(None),
            Value::Text(_) => name == "string",
            Value::Char(_) => name == "char",
            Value::Byte(_) => name == "byte",
            Value::Int(value) => {
                if as_int32(*value).is_some() {
                    matches!(name.as_str(), "int" | "int32")
                } else {
                    matches!(name.as_str(), "long" | "int64")
                }
            }
            Value::Double(_) => name == "double",
            Value::Bool(_) => matches!(name.as_str(), "bool" | "boolean"),
            Value::List(_) => name == "array" || name == "object[]",
            Value::Bytes(_) => name == "array" || name == "byte[]",
            Value::Script(_) => name.ends_with("scriptblock"),
            Value::Object(id) => self.heap.get(*id).is_some_and(|it| name.ends_with(&*it.class)),
            _ => false,
        };
        Value::Bool(is == wanted)
    }
}

fn int_or_double(value: Option<i64>, double: f64) -> Value {
    value.map_or(Value::Double(double), Value::Int)
}

fn same_text(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right)
        || (!(left.is_ascii() && right.is_ascii()) && left.to_lowercase() == right.to_lowercase())
}

pub(super) fn double_of(value: &Value) -> Option<f64> {
    match value {
        Value::Int(value) => Some(*value as f64),
        Value::Double(value) => Some(*value),
        _ => None,
    }
}
