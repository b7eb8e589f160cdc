//! Values of expressions.

use super::ast::{Expression, Operator};
use super::machine::{Machine, Stop};
use super::value::Value;
use std::cmp::Ordering;

/// Whole numbers beyond this become numbers with a point, as a `Long` does.
const LONG_MAX: f64 = 2_147_483_647.0;

impl Machine {
    /// The value of an expression.
    pub(super) fn evaluate(&mut self, expression: &Expression) -> Result<Value, Stop> {
        self.charge(1)?;
        match expression {
            Expression::Whole(whole) => Ok(Value::Whole(*whole)),
            Expression::Real(real) => Ok(Value::Real(*real)),
            Expression::Text(text) => self.text(text),
            Expression::Date(text) => {
                Ok(super::dates::parse(text).map_or(Value::Empty, Value::Date))
            }
            Expression::Bool(truth) => Ok(Value::Bool(*truth)),
            Expression::Empty => Ok(Value::Empty),
            Expression::Null => Ok(Value::Null),
            Expression::Nothing => Ok(Value::Nothing),
            Expression::Missing => Ok(Value::Missing),
            Expression::Name(name) => self.named(name),
            Expression::New(class) => self.make(class),
            Expression::WithMember(name) => {
                let object = self.withs.last().cloned().unwrap_or(Value::Unknown);
                self.member(&object, name, Vec::new())
            }
            other => self.deeper(|it| it.evaluate_inside(other)),
        }
    }

    fn evaluate_inside(&mut self, expression: &Expression) -> Result<Value, Stop> {
        match expression {
            Expression::Member(object, name) => {
                let object = self.object(object)?;
                self.member(&object, name, Vec::new())
            }
            Expression::Call(callee, arguments) => self.call_expression(callee, arguments, false),
            Expression::Not(inner) => {
                let value = self.evaluate(inner)?;
                Ok(match &value {
                    Value::Bool(truth) => Value::Bool(!truth),
                    Value::Null => Value::Null,
                    other => match other.whole() {
                        Some(whole) => Value::Whole(!whole),
                        None => Value::Unknown,
                    },
                })
            }
            Expression::Negative(inner) => {
                let value = self.evaluate(inner)?;
                let whole = matches!(value, Value::Whole(_) | Value::Bool(_) | Value::Empty);
                Ok(match value.number() {
                    Some(number) => Value::from_number(-number, whole),
                    None => Value::Unknown,
                })
            }
            Expression::Grouped(inner) => self.evaluate(inner),
            Expression::Chain(first, rest) => self.chain(first, rest),
            _ => Ok(Value::Empty),
        }
    }

    /// The object before a dot: a name that nobody knows is an object that nobody knows.
    pub(super) fn object(&mut self, expression: &Expression) -> Result<Value, Stop> {
        let value = self.evaluate(expression)?;
        Ok(match value {
            Value::Empty => Value::Unknown,
            other => other,
        })
    }

    fn chain(
        &mut self,
        first: &Expression,
        rest: &[(Operator, Expression)],
    ) -> Result<Value, Stop> {
        if rest.iter().all(|(operator, _)| *operator == Operator::Concat) {
            let first = self.evaluate(first)?;
            let mut units = self.units_of(&first)?;
            for (_, expression) in rest {
                let value = self.evaluate(expression)?;
                self.extend(&mut units, &value)?;
            }
            return self.units(units);
        }
        let mut left = self.evaluate(first)?;
        for (operator, expression) in rest {
            let right = self.evaluate(expression)?;
            left = self.apply(*operator, &left, &right)?;
        }
        Ok(left)
    }

    fn extend(&mut self, units: &mut Vec<u16>, value: &Value) -> Result<(), Stop> {
        match value {
            Value::Text(text) => {
                self.room(2 * (units.len() + text.units().len()) / 64)?;
                units.extend_from_slice(text.units());
            }
            other => {
                let text = self.say(other)?;
                units.extend(text.encode_utf16());
            }
        }
        if 2 * units.len() > self.host().limits.value_bytes {
            self.room(2 * units.len())?;
        }
        Ok(())
    }

    /// `name = name & rest`: appends to the text in `name`; false if that is not possible.
    pub(super) fn append(
        &mut self,
        name: &str,
        rest: &[(Operator, Expression)],
    ) -> Result<bool, Stop> {
        let joins = |it: &Operator| matches!(it, Operator::Concat | Operator::Add);
        if !rest.iter().all(|(operator, _)| joins(operator)) {
            return Ok(false);
        }
        let before = match self.variable(name) {
            Some(Value::Text(text)) => text.units().len(),
            _ => return Ok(false),
        };
        let plus = rest.iter().any(|(operator, _)| *operator == Operator::Add);
        if plus && rest.len() > 1 {
            return Ok(false);
        }
        let mut more = Vec::new();
        for (operator, expression) in rest {
            let value = self.evaluate(expression)?;
            if *operator == Operator::Add && !matches!(value, Value::Text(_)) {
                // A sum, and the expression was evaluated already: it is finished here.
                let left = self.variable(name).cloned().unwrap_or(Value::Empty);
                let sum = self.apply(Operator::Add, &left, &value)?;
                drop(left);
                if let Some(place) = self.variable(name) {
                    *place = sum;
                }
                return Ok(true);
            }
            self.extend(&mut more, &value)?;
        }
        self.room(2 * more.len())?;
        if 2 * (before + more.len()) > self.host().limits.value_bytes {
            self.room(2 * (before + more.len()))?;
        }
        let appended = match self.variable(name) {
            Some(Value::Text(text)) => text.append(&more),
            _ => false,
        };
        if !appended {
            // Someone else holds the text, or the expressions changed the variable.
            let left = self.variable(name).cloned().unwrap_or(Value::Empty);
            let mut units = self.units_of(&left)?;
            units.extend(more);
            let value = self.units(units)?;
            if let Some(place) = self.variable(name) {
                *place = value;
            }
        }
        Ok(true)
    }

    pub(super) fn apply(
        &mut self,
        operator: Operator,
        left: &Value,
        right: &Value,
    ) -> Result<Value, Stop> {
        self.charge(1)?;
        match operator {
            Operator::Concat => {
                let mut units = self.units_of(left)?;
                self.extend(&mut units, right)?;
                self.units(units)
            }
            // Nothing before a text is an empty one.
            Operator::Add
                if matches!(
                    (left, right),
                    (Value::Text(_) | Value::Empty, Value::Text(_))
                        | (Value::Text(_), Value::Empty)
                ) =>
            {
                self.apply(Operator::Concat, left, right)
            }
            Operator::Equal
            | Operator::Unequal
            | Operator::Less
            | Operator::Greater
            | Operator::AtMost
            | Operator::AtLeast => Ok(match self.order(left, right)? {
                Some(order) => Value::Bool(compare(operator, order)),
                None if matches!((left, right), (Value::Null, _) | (_, Value::Null)) => Value::Null,
                None => Value::Unknown,
            }),
            Operator::Is => Ok(match (left, right) {
                (Value::Unknown, _) | (_, Value::Unknown) => Value::Unknown,
                (Value::Nothing | Value::Empty, Value::Nothing | Value::Empty) => Value::Bool(true),
                (Value::Object(left), Value::Object(right)) => Value::Bool(left == right),
                (Value::Instance(left), Value::Instance(right)) => Value::Bool(left == right),
                _ => Value::Bool(false),
            }),
            Operator::Like => {
                let (text, pattern) = (self.say(left)?, self.say(right)?);
                self.charge((text.len() * pattern.len() / 16) as u64)?;
                let text: Vec<char> = text.chars().collect();
                let pattern: Vec<char> = pattern.chars().collect();
                Ok(Value::Bool(like(&text, &pattern)))
            }
            Operator::And | Operator::Or | Operator::Xor | Operator::Eqv | Operator::Imp => {
                Ok(logic(operator, left, right))
            }
            _ => {
                let (Some(a), Some(b)) = (left.number(), right.number()) else {
                    return if known(left) && known(right) {
                        Err(Stop::Error("type mismatch"))
                    } else {
                        Ok(Value::Unknown)
                    };
                };
                arithmetic(operator, left, right, a, b)
            }
        }
    }

    /// How two values are ordered; none if that is not known.
    pub(super) fn order(&mut self, left: &Value, right: &Value) -> Result<Option<Ordering>, Stop> {
        if !known(left) || !known(right) {
            return Ok(None);
        }
        if matches!(left, Value::Null) || matches!(right, Value::Null) {
            return Ok(None);
        }
        let textual = |it: &Value| {
            matches!(it, Value::Text(_) | Value::Object(_) | Value::Pattern(_) | Value::Bytes(_))
        };
        if textual(left) || textual(right) {
            // Text against a number: by number where it is one.
            if !(textual(left) && textual(right))
                && let (Some(a), Some(b)) = (left.number(), right.number())
                && !matches!((left, right), (Value::Empty, _) | (_, Value::Empty))
            {
                return Ok(a.partial_cmp(&b));
            }
            if let (Value::Text(a), Value::Text(b)) = (left, right) {
                self.charge(a.units().len().min(b.units().len()) as u64 / 32)?;
                return Ok(Some(a.units().cmp(b.units())));
            }
            let (a, b) = (self.say(left)?, self.say(right)?);
            return Ok(Some(a.cmp(&b)));
        }
        Ok(match (left.number(), right.number()) {
            (Some(a), Some(b)) => a.partial_cmp(&b),
            _ => None,
        })
    }
}

/// Whether an order is what the operator asks for.
pub(super) fn compare(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::Unequal => order.is_ne(),
        Operator::Less => order.is_lt(),
        Operator::Greater => order.is_gt(),
        Operator::AtMost => order.is_le(),
        Operator::AtLeast => order.is_ge(),
        _ => false,
    }
}

fn known(value: &Value) -> bool {
    !matches!(value, Value::Unknown)
}

fn arithmetic(
    operator: Operator,
    left: &Value,
    right: &Value,
    a: f64,
    b: f64,
) -> Result<Value, Stop> {
    let dated = matches!(left, Value::Date(_)) || matches!(right, Value::Date(_));
    let whole = |it: &Value| matches!(it, Value::Whole(_) | Value::Bool(_) | Value::Empty);
    let wholes = whole(left) && whole(right);
    let integer = |it: f64| it.round_ties_even() as i64;
    let number = match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide if b == 0.0 => return Err(Stop::Error("division by zero")),
        Operator::Divide => return Ok(Value::Real(a / b)),
        Operator::Power => return Ok(Value::Real(a.powf(b))),
        Operator::Whole | Operator::Mod => {
            let divided = match operator {
                Operator::Mod => integer(a).checked_rem(integer(b)),
                _ => integer(a).checked_div(integer(b)),
            };
            return divided.map(Value::Whole).ok_or(Stop::Error("division by zero"));
        }
        _ => return Ok(Value::Unknown),
    };
    if dated {
        return Ok(Value::Date(number));
    }
    Ok(Value::from_number(number, wholes && number.abs() <= LONG_MAX))
}

fn logic(operator: Operator, left: &Value, right: &Value) -> Value {
    let unknown = !known(left) || !known(right);
    if unknown {
        let either = |truth| left.truth() == Some(truth) || right.truth() == Some(truth);
        return match operator {
            Operator::And if either(false) => Value::Bool(false),
            Operator::Or if either(true) => Value::Bool(true),
            _ => Value::Unknown,
        };
    }
    if let (Value::Bool(a), Value::Bool(b)) = (left, right) {
        return Value::Bool(match operator {
            Operator::And => *a && *b,
            Operator::Or => *a || *b,
            Operator::Xor => a != b,
            Operator::Eqv => a == b,
            _ => !a || *b,
        });
    }
    let of = |value: &Value| match value {
        Value::Text(_) => value.whole().or_else(|| value.truth().map(|it| -i64::from(it))),
        other => other.whole(),
    };
    let (Some(a), Some(b)) = (of(left), of(right)) else { return Value::Null };
    Value::Whole(match operator {
        Operator::And => a & b,
        Operator::Or => a | b,
        Operator::Xor => a ^ b,
        Operator::Eqv => !(a ^ b),
        _ => !a | b,
    })
}

/// `Like` with `*`, `?` and `#`.
fn like(text: &[char], pattern: &[char]) -> bool {
    let (mut at, mut in_pattern) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        let fits = match pattern.get(in_pattern) {
            Some('?') => true,
            Some('#') => text[at].is_ascii_digit(),
            Some('*') => {
                star = Some((in_pattern, at));
                in_pattern += 1;
                continue;
            }
            Some(other) => *other == text[at],
            None => false,
        };
        if fits {
            at += 1;
            in_pattern += 1;
        } else if let Some((place, from)) = star {
            star = Some((place, from + 1));
            in_pattern = place + 1;
            at = from + 1;
        } else {
            return false;
        }
    }
    pattern.get(in_pattern..).unwrap_or_default().iter().all(|it| *it == '*')
}
