//! Functions: `awk`'s own, and those of the program.

use super::records::FIELD_BYTES_PER_STEP;
use super::run::{Done, Flow, Local, Machine};
use super::value::Value;
use super::{Expression, Function};
use crate::commands::sed::substitute;
use std::collections::HashMap;

/// Whether mawk's or BusyBox's `awk` has a function of that name itself.
pub(super) fn is_known(name: &str, mawk: bool) -> bool {
    match name {
        "length" | "substr" | "index" | "split" | "sub" | "gsub" | "match" | "sprintf" | "sin"
        | "cos" | "atan2" | "exp" | "log" | "sqrt" | "int" | "rand" | "srand" | "tolower"
        | "toupper" | "system" | "close" | "fflush" | "systime" | "strftime" => true,
        "and" | "or" | "xor" | "compl" | "lshift" | "rshift" => !mawk,
        _ => false,
    }
}

impl Machine<'_> {
    pub(super) async fn call(
        &mut self,
        name: &str,
        arguments: &[Expression],
        line: u32,
    ) -> Done<Value> {
        match name {
            "sub" | "gsub" => return self.substitute(name == "gsub", arguments).await,
            "split" => return self.split_into(arguments).await,
            "sprintf" => return self.formatted(arguments).await.map(Value::Text),
            "match" if arguments.len() >= 2 => return self.find(arguments).await,
            "length" => {
                if let [Expression::Variable(array)] = arguments
                    && let Some(array) = self.arrays.get(&self.array_name(array))
                {
                    return Ok(Value::Number(array.len() as f64));
                }
            }
            _ if !is_known(name, self.called.gnu) => {
                let mawk = format!("function {name} never defined");
                return self.fatal(line, &mawk, "Call to undefined function");
            }
            _ => {}
        }
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.value(argument).await?);
        }
        match name {
            "system" => {
                let text = values.first().map_or_else(Vec::new, |v| self.text(v));
                self.flush().await?;
                let (status, _) = self.command(&text, None, false).await?;
                Ok(Value::Number(f64::from(status)))
            }
            "close" => {
                let text = values.first().map_or_else(Vec::new, |v| self.text(v));
                self.close(&text).await.map(Value::Number)
            }
            "fflush" => {
                self.flush().await?;
                Ok(Value::Number(0.0))
            }
            _ => self.plain(name, &values),
        }
    }

    /// Functions that only look at their values.
    fn plain(&mut self, name: &str, values: &[Value]) -> Done<Value> {
        let text = |i: usize| values.get(i).map_or_else(Vec::new, |v| self.text(v));
        let number = |i: usize| values.get(i).map_or(0.0, Value::number);
        let bits = |i: usize| number(i) as u64;
        Ok(match name {
            "length" if values.is_empty() => Value::Number(self.line.len() as f64),
            "length" => Value::Number(text(0).len() as f64),
            "substr" => {
                let length = (values.len() > 2).then(|| number(2));
                Value::Text(part(&text(0), number(1), length, self.called.gnu))
            }
            "index" => {
                let (source, wanted) = (text(0), text(1));
                self.process.session.step(1 + (source.len() * wanted.len() / 4_096) as u64)?;
                let found = if wanted.is_empty() {
                    None
                } else {
                    source.windows(wanted.len()).position(|w| w == wanted)
                };
                Value::Number(found.map_or(0.0, |p| (p + 1) as f64))
            }
            "toupper" => Value::Text(text(0).to_ascii_uppercase()),
            "tolower" => Value::Text(text(0).to_ascii_lowercase()),
            "int" => Value::Number(number(0).trunc()),
            "sqrt" => Value::Number(number(0).sqrt()),
            "log" => Value::Number(number(0).ln()),
            "exp" => Value::Number(number(0).exp()),
            "sin" => Value::Number(number(0).sin()),
            "cos" => Value::Number(number(0).cos()),
            "atan2" => Value::Number(number(0).atan2(number(1))),
            "and" => Value::Number((bits(0) & bits(1)) as f64),
            "or" => Value::Number((bits(0) | bits(1)) as f64),
            "xor" => Value::Number((bits(0) ^ bits(1)) as f64),
            "compl" => Value::Number(!bits(0) as f64),
            "lshift" => Value::Number(bits(0).checked_shl(bits(1) as u32).unwrap_or(0) as f64),
            "rshift" => Value::Number(bits(0).checked_shr(bits(1) as u32).unwrap_or(0) as f64),
            "rand" => {
                self.seed = self
                    .seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                Value::Number((self.seed >> 11) as f64 / (1_u64 << 53) as f64)
            }
            "srand" => {
                let new = if values.is_empty() { self.seconds() as f64 } else { number(0) };
                self.seed = new.to_bits().wrapping_mul(0x9e37_79b9_7f4a_7c15);
                Value::Number(std::mem::replace(&mut self.last_seed, new))
            }
            "systime" => Value::Number(self.seconds() as f64),
            "strftime" => {
                const USUAL: &[u8] = b"%a %b %e %H:%M:%S %Z %Y";
                let format = if values.is_empty() { USUAL.to_vec() } else { text(0) };
                let secs = if values.len() > 1 { number(1) as u64 } else { self.seconds() };
                let format = String::from_utf8_lossy(&format).into_owned();
                Value::Text(crate::commands::list::date(secs, &format).into_bytes())
            }
            _ => Value::Unset,
        })
    }

    fn seconds(&self) -> u64 {
        self.process.session.host.clock(self.process.session.now()).secs()
    }

    /// Calls a function of the program. An array that is given is the caller's own.
    pub(super) async fn invoke(
        &mut self,
        function: &Function,
        arguments: &[Expression],
    ) -> Done<Value> {
        self.calls += 1;
        let own = format!("\0{}", self.calls);
        let mut locals = HashMap::with_capacity(function.parameters.len());
        for (index, parameter) in function.parameters.iter().enumerate() {
            let mut local = Local { value: Value::Unset, array: format!("{parameter}{own}") };
            match arguments.get(index) {
                Some(Expression::Variable(name)) => {
                    local = Local { value: self.variable(name), array: self.array_name(name) };
                }
                Some(other) => local.value = self.value(other).await?,
                None => {}
            }
            locals.insert(parameter.clone(), local);
        }
        for extra in arguments.iter().skip(function.parameters.len()) {
            self.value(extra).await?;
        }
        self.frames.push(locals);
        let result = self.statement(&function.body).await;
        self.frames.pop();
        for parameter in &function.parameters {
            if let Some(array) = self.arrays.remove(&format!("{parameter}{own}")) {
                self.elements = self.elements.saturating_sub(array.len());
            }
        }
        match result {
            Ok(()) => Ok(Value::Unset),
            Err(Flow::Return(value)) => Ok(value),
            Err(other) => Err(other),
        }
    }

    async fn find(&mut self, arguments: &[Expression]) -> Done<Value> {
        let text = self.value(&arguments[0]).await?;
        let text = self.text(&text);
        let wanted = self.wanted(&arguments[1]).await?;
        self.process.session.step(1 + text.len() as u64 / 256)?;
        let found = self.pattern(&wanted).and_then(|p| p.find_at(&text, 0));
        let (start, length) = found.map_or((0.0, -1.0), |(s, e)| ((s + 1) as f64, (e - s) as f64));
        self.set("RSTART", Value::Number(start));
        self.set("RLENGTH", Value::Number(length));
        Ok(Value::Number(start))
    }

    async fn split_into(&mut self, arguments: &[Expression]) -> Done<Value> {
        let [source, Expression::Variable(array), rest @ ..] = arguments else {
            return Ok(Value::Number(0.0));
        };
        let text = self.value(source).await?;
        let text = self.text(&text);
        let separator = match rest.first() {
            Some(given) => self.wanted(given).await?,
            None => self.text(&self.variable("FS")),
        };
        self.process.session.step(text.len() as u64 / FIELD_BYTES_PER_STEP)?;
        let parts = self.split(&text, &separator);
        let count = parts.len();
        let array = self.array_name(array);
        if let Some(old) = self.arrays.remove(&array) {
            self.elements = self.elements.saturating_sub(old.len());
        }
        self.arrays.insert(array.clone(), super::arrays::Array::default());
        for (index, part) in parts.into_iter().enumerate() {
            let key = (index + 1).to_string().into_bytes();
            self.set_element(array.clone(), key, Value::Input(part))?;
        }
        Ok(Value::Number(count as f64))
    }

    async fn substitute(&mut self, all: bool, arguments: &[Expression]) -> Done<Value> {
        let [wanted, with, rest @ ..] = arguments else { return Ok(Value::Number(0.0)) };
        let wanted = self.wanted(wanted).await?;
        let with = self.value(with).await?;
        let with = self.text(&with);
        let whole = Expression::Field(Box::new(Expression::Number(0.0)));
        let target = rest.first().unwrap_or(&whole);
        let text = self.value(target).await?;
        let text = self.text(&text);
        self.process.session.step(1 + text.len() as u64 / 64)?;
        let Some(pattern) = self.pattern(&wanted) else { return Ok(Value::Number(0.0)) };
        let count = if all { pattern.count(&text) } else { 1 };
        let Some(new) = substitute(pattern, &text, &with, all, 1) else {
            return Ok(Value::Number(0.0));
        };
        self.assign(target, Value::Text(new)).await?;
        Ok(Value::Number(count as f64))
    }
}

/// `substr`: a start before the text becomes its first character; mawk 1.3.4 makes the
/// length greater by that.
fn part(source: &[u8], start: f64, length: Option<f64>, mawk: bool) -> Vec<u8> {
    let start = start.round();
    let before = (1.0 - start).max(0.0);
    let more = if mawk { (before - 1.0).max(0.0) } else { 0.0 };
    let start = start.max(1.0);
    let end = length.map_or(f64::MAX, |length| start + length.round() + more);
    let from = (start as usize - 1).min(source.len());
    let to = if end >= source.len() as f64 + 1.0 {
        source.len()
    } else {
        (end.max(1.0) as usize - 1).max(from)
    };
    source[from..to].to_vec()
}
