//! Values of expressions, and assignments.

use super::run::{Done, Flow, Machine};
use super::value::{Value, truth};
use super::{Expression, Function};
use crate::limits;
use crate::system::Fut;
use std::collections::HashMap;

impl Machine<'_> {
    /// The value of an expression. Each kind has a future of its own, as small as it can
    /// be: calls nest.
    pub(super) fn value<'s>(&'s mut self, expression: &'s Expression) -> Fut<'s, Done<Value>> {
        // What stands there needs no waiting.
        if let Some(value) = self.standing(expression) {
            return Box::pin(std::future::ready(self.charged(value)));
        }
        if let Err(flow) = self.check_stack() {
            return Box::pin(std::future::ready(Err(flow)));
        }
        match expression {
            Expression::Conditional(condition, yes, no) => Box::pin(async move {
                let chosen = if self.value(condition).await?.is_true() { yes } else { no };
                self.value(chosen).await
            }),
            Expression::Chain(first, rest) => Box::pin(async move {
                let mut value = self.value(first).await?;
                for (op, right) in rest {
                    value = self.binary(op, value, right).await?;
                }
                Ok(value)
            }),
            Expression::Binary(op, left, right) => Box::pin(async move {
                let left = self.value(left).await?;
                self.binary(op, left, right).await
            }),
            Expression::Call(name, arguments, line) => {
                let functions: &'s HashMap<String, Function> = self.functions;
                match functions.get(name) {
                    Some(function) => Box::pin(self.invoke(function, arguments)),
                    None => Box::pin(self.call(name, arguments, *line)),
                }
            }
            Expression::Concat(parts) => Box::pin(self.joined(parts)),
            Expression::Assign(target, op, value) => Box::pin(async move {
                let value = self.value(value).await?;
                self.assign_by(target, op, value).await
            }),
            other => Box::pin(self.evaluated(other)),
        }
    }

    fn charged(&self, value: Value) -> Done<Value> {
        if let Value::Text(text) | Value::Input(text) = &value {
            self.process.session.copied(0, text.len())?;
        }
        Ok(value)
    }

    fn standing(&self, expression: &Expression) -> Option<Value> {
        match expression {
            Expression::Number(number) => Some(Value::Number(*number)),
            Expression::Text(text) => Some(Value::Text(text.clone())),
            Expression::Variable(name) => Some(self.variable(name)),
            Expression::Field(index) => match **index {
                Expression::Number(index) => Some(self.field(index)),
                _ => None,
            },
            _ => None,
        }
    }

    fn field(&self, index: f64) -> Value {
        match index as usize {
            0 => Value::Input(self.line.clone()),
            n => self.fields.get(n - 1).cloned().map_or(Value::Unset, Value::Input),
        }
    }

    async fn evaluated(&mut self, expression: &Expression) -> Done<Value> {
        Ok(match expression {
            Expression::Regex(_) => {
                let line = self.line.clone();
                truth(self.fits(&line, expression).await?)
            }
            Expression::Element(name, index) => {
                let key = self.key(index).await?;
                let name = self.array_name(name);
                let mawk = self.called.gnu;
                let known = self.arrays.get_mut(&name).and_then(|a| a.get(&key, mawk));
                if known.is_none() {
                    self.set_element(name, key, Value::Unset)?;
                }
                self.charged(known.unwrap_or(Value::Unset))?
            }
            Expression::Field(index) => {
                let index = self.value(index).await?.number();
                self.field(index)
            }
            Expression::Unary(op, inner) => {
                let value = self.value(inner).await?;
                match op {
                    b'!' => truth(!value.is_true()),
                    b'-' => Value::Number(-value.number()),
                    _ => Value::Number(value.number()),
                }
            }
            Expression::Step(target, change, old) => {
                let before = self.value(target).await?.number();
                self.assign(target, Value::Number(before + change)).await?;
                Value::Number(if *old { before } else { before + change })
            }
            Expression::In(index, array) => {
                let key = self.key(index).await?;
                let array = self.array_name(array);
                truth(self.arrays.get(&array).is_some_and(|a| a.contains(&key)))
            }
            Expression::Getline(from, target) => {
                Box::pin(self.getline(from, target.as_deref())).await?
            }
            // The others have futures of their own.
            _ => Value::Unset,
        })
    }

    async fn joined(&mut self, parts: &[Expression]) -> Done<Value> {
        let mut text = Vec::new();
        for part in parts {
            let part = self.value(part).await?;
            let part = self.text(&part);
            self.process.session.copied(0, part.len())?;
            text.extend_from_slice(&part);
            text.truncate(limits::WORD_BYTES);
        }
        Ok(Value::Text(text))
    }

    async fn assign_by(&mut self, target: &Expression, op: &str, value: Value) -> Done<Value> {
        let mut value = self.charged(value)?;
        if op != "=" {
            let old = self.value(target).await?.number();
            value = Value::Number(self.calculate(op, old, value.number())?);
        }
        self.assign(target, value.clone()).await?;
        Ok(value)
    }

    async fn binary(&mut self, op: &str, left: Value, right: &Expression) -> Done<Value> {
        match op {
            "&&" => return Ok(truth(left.is_true() && self.value(right).await?.is_true())),
            "||" => return Ok(truth(left.is_true() || self.value(right).await?.is_true())),
            "~" | "!~" => {
                let text = self.text(&left);
                return Ok(truth(self.fits(&text, right).await? == (op == "~")));
            }
            _ => {}
        }
        let right = self.value(right).await?;
        self.operate(op, &left, &right)
    }

    fn operate(&mut self, op: &str, left: &Value, right: &Value) -> Done<Value> {
        if matches!(op, "+" | "-" | "*" | "/" | "%" | "^") {
            return Ok(Value::Number(self.calculate(op, left.number(), right.number())?));
        }
        let ordering = if left.is_numeric() && right.is_numeric() {
            left.number().partial_cmp(&right.number())
        } else {
            Some(self.text(left).cmp(&self.text(right)))
        };
        Ok(truth(match op {
            "<" => ordering.is_some_and(std::cmp::Ordering::is_lt),
            "<=" => ordering.is_some_and(std::cmp::Ordering::is_le),
            ">" => ordering.is_some_and(std::cmp::Ordering::is_gt),
            ">=" => ordering.is_some_and(std::cmp::Ordering::is_ge),
            "==" => ordering.is_some_and(std::cmp::Ordering::is_eq),
            _ => !ordering.is_some_and(std::cmp::Ordering::is_eq),
        }))
    }

    /// mawk divides by zero, BusyBox does not.
    fn calculate(&mut self, op: &str, left: f64, right: f64) -> Done<f64> {
        Ok(match op {
            "+" => left + right,
            "-" => left - right,
            "*" => left * right,
            "/" | "%" if right == 0.0 && !self.called.gnu => {
                return self.fatal(1, "division by zero", "Division by zero");
            }
            "/" => left / right,
            "%" => left % right,
            _ => left.powf(right),
        })
    }

    pub(super) async fn key(&mut self, index: &[Expression]) -> Done<Vec<u8>> {
        if let [only] = index {
            let value = self.value(only).await?;
            return Ok(self.text(&value));
        }
        let separator = self.text(&self.variable("SUBSEP"));
        let mut parts = Vec::with_capacity(index.len());
        for part in index {
            let value = self.value(part).await?;
            parts.push(self.text(&value));
        }
        Ok(parts.join(&separator[..]))
    }

    /// The regular expression that an expression means.
    pub(super) async fn wanted(&mut self, expression: &Expression) -> Done<Vec<u8>> {
        Ok(match expression {
            Expression::Regex(text) => text.clone(),
            other => {
                let value = self.value(other).await?;
                self.text(&value)
            }
        })
    }

    async fn fits(&mut self, text: &[u8], expression: &Expression) -> Done<bool> {
        let wanted = self.wanted(expression).await?;
        self.process.session.step(1 + text.len() as u64 / 256)?;
        Ok(self.pattern(&wanted).is_some_and(|p| p.is_match(text)))
    }

    /// The array that a name means: one that a function was given, or the program's.
    pub(super) fn array_name(&self, name: &str) -> String {
        let local = self.frames.last().and_then(|frame| frame.get(name));
        local.map_or(name, |local| &local.array).to_owned()
    }

    /// An element of one of the program's own arrays.
    pub(super) fn element(&mut self, array: &str, key: &[u8]) -> Value {
        let mawk = self.called.gnu;
        self.arrays.get_mut(array).and_then(|a| a.get(key, mawk)).unwrap_or(Value::Unset)
    }

    /// Sets an element of the array that is really so called.
    pub(super) fn set_element(&mut self, array: String, key: Vec<u8>, value: Value) -> Done<()> {
        self.process.session.copied(1, key.len())?;
        let is_new = self.arrays.entry(array).or_default().set(key, value, self.called.gnu);
        self.elements += usize::from(is_new);
        if self.elements > limits::AWK_ELEMENTS {
            self.process.session.system().limit("memory", "arrays of awk grew too large");
            return Err(Flow::Quit);
        }
        Ok(())
    }

    pub(super) async fn assign(&mut self, target: &Expression, value: Value) -> Done<()> {
        const FIELDS: usize = 4_096;
        match target {
            Expression::Variable(name) => {
                let fields = (name == "NF").then(|| value.number().max(0.0) as usize);
                self.set(name, value);
                if let Some(count) = fields {
                    self.fields.resize(count.min(FIELDS), Vec::new());
                    self.rebuild_line();
                }
            }
            Expression::Element(name, index) => {
                let key = self.key(index).await?;
                let name = self.array_name(name);
                self.set_element(name, key, value)?;
            }
            Expression::Field(index) => {
                let text = self.text(&value);
                match self.value(index).await?.number() as usize {
                    0 => self.set_line(text),
                    n if n <= FIELDS => {
                        if self.fields.len() < n {
                            self.fields.resize(n, Vec::new());
                        }
                        self.fields[n - 1] = text;
                        self.rebuild_line();
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        Ok(())
    }
}
