//! Running statements. What goes wrong is passed over, as `On Error Resume Next` does: what
//! follows matters more. Where a condition is not known, both ways are gone.

use super::ast::{Block, Bound, Condition, Declared, Exit, Expression, Name, Statement, Test};
use super::evaluate::compare;
use super::machine::{Flow, Machine, Stop};
use super::value::{Array, Value};
use std::cmp::Ordering;

/// Elements of an array.
const ELEMENTS_MAX: usize = 4_000_000;

/// Turns of a loop of which nothing is known about the end.
const UNKNOWN_TURNS: usize = 1;

impl Machine {
    /// Runs statements in order.
    pub(super) fn block(&mut self, block: &Block) -> Result<Flow, Stop> {
        for statement in block {
            self.charge(1)?;
            match self.deeper(|it| it.statement(statement)) {
                Ok(Flow::Next) => {}
                Ok(exit) => return Ok(exit),
                Err(Stop::Error(what)) => self.error = Some(what),
                Err(Stop::End) => return Err(Stop::End),
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, statement: &Statement) -> Result<Flow, Stop> {
        match statement {
            Statement::Dim(all) => {
                for declared in all {
                    let value = self.initial(declared)?;
                    self.declare(&declared.name, value)?;
                }
            }
            Statement::ReDim { preserve, arrays } => {
                for (target, bounds) in arrays {
                    self.redim(*preserve, target, bounds)?;
                }
            }
            Statement::Const(all) => {
                for (name, expression) in all {
                    let value = self.evaluate(expression)?;
                    self.declare(name, value)?;
                }
            }
            Statement::Assign { target, value } => self.assignment(target, value)?,
            Statement::Call { callee, arguments } => {
                self.call_expression(callee, arguments, true)?;
            }
            Statement::If { branches, otherwise } => return self.conditional(branches, otherwise),
            Statement::Select { subject, cases, otherwise } => {
                return self.selection(subject, cases, otherwise);
            }
            Statement::For { variable, from, to, step, body } => {
                return self.in_loop(|it| it.counted(variable, from, to, step.as_ref(), body));
            }
            Statement::ForEach { variable, list, body } => {
                return self.in_loop(|it| it.for_each(variable, list, body));
            }
            Statement::Loop { before, after, body } => {
                return self.in_loop(|it| it.repeated(before.as_ref(), after.as_ref(), body));
            }
            Statement::Exit(exit) => return Ok(Flow::Exit(*exit)),
            Statement::With(object, body) => {
                let object = self.evaluate(object)?;
                self.withs.push(object);
                let result = self.block(body);
                self.withs.pop();
                return result;
            }
            Statement::OnError => self.error = None,
            Statement::Erase(targets) => {
                for target in targets {
                    self.store(target, Value::Empty)?;
                }
            }
            Statement::Open { path, append, number } => self.open_file(path, *append, number)?,
            Statement::Print { number, items, line } => self.print(number, items, *line)?,
            Statement::Close(numbers) => self.close_files(numbers)?,
        }
        Ok(Flow::Next)
    }

    fn in_loop(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<Flow, Stop>,
    ) -> Result<Flow, Stop> {
        if let Some(frame) = self.frames.last_mut() {
            frame.loops += 1;
        }
        let result = work(self);
        if let Some(frame) = self.frames.last_mut() {
            frame.loops = frame.loops.saturating_sub(1);
        }
        result
    }

    /// What a declared variable begins with.
    pub(super) fn initial(&mut self, declared: &Declared) -> Result<Value, Stop> {
        let kind = declared.kind.as_deref().unwrap_or_default();
        if let Some(bounds) = &declared.bounds {
            if bounds.is_empty() {
                return Ok(Value::Empty);
            }
            let bounds = self.bounds(bounds)?;
            return self.array(bounds, &blank(kind));
        }
        match kind.strip_prefix("new ") {
            Some(class) => self.make(class),
            None => Ok(blank(kind)),
        }
    }

    fn bounds(&mut self, bounds: &[Bound]) -> Result<Vec<(i64, usize)>, Stop> {
        let mut all = Vec::with_capacity(bounds.len());
        for (from, to) in bounds {
            let from = match from {
                Some(from) => self.evaluate(from)?.whole().unwrap_or(0),
                None => 0,
            };
            let to = self.evaluate(to)?.whole().ok_or(Stop::Error("subscript out of range"))?;
            let length = to.saturating_sub(from).saturating_add(1).max(0);
            all.push((from, usize::try_from(length).unwrap_or(0)));
        }
        Ok(all)
    }

    fn array(&mut self, bounds: Vec<(i64, usize)>, blank: &Value) -> Result<Value, Stop> {
        let length = bounds.iter().try_fold(1_usize, |all, (_, it)| all.checked_mul(*it));
        let length = length.filter(|it| *it <= ELEMENTS_MAX).ok_or(Stop::Error("out of memory"))?;
        self.room(length.saturating_mul(size_of::<Value>()))?;
        Ok(Value::Array(Array::new(bounds, vec![blank.clone(); length], &self.meter)))
    }

    fn redim(&mut self, preserve: bool, target: &Expression, bounds: &[Bound]) -> Result<(), Stop> {
        let bounds = self.bounds(bounds)?;
        let mut fresh = self.array(bounds.clone(), &Value::Empty)?;
        if preserve
            && let Value::Array(old) = self.evaluate(target)?
            && let Value::Array(new) = &mut fresh
            && old.bounds().len() == bounds.len()
        {
            self.charge(old.items().len() as u64 / 8)?;
            let mut index: Vec<i64> = old.bounds().iter().map(|it| it.0).collect();
            for item in old.items() {
                if let Some(place) = new.get_mut(&index) {
                    place.clone_from(item);
                }
                // The last dimension counts fastest.
                for (at, (low, length)) in index.iter_mut().zip(old.bounds()).rev() {
                    *at = at.saturating_add(1);
                    if *at < low.saturating_add(*length as i64) {
                        break;
                    }
                    *at = *low;
                }
            }
        }
        self.store(target, fresh)
    }

    fn assignment(&mut self, target: &Expression, value: &Expression) -> Result<(), Stop> {
        // `s = s & more`, of which scripts are made: the text grows in place.
        if let (Expression::Name(name), Expression::Chain(first, rest)) = (target, value)
            && matches!(&**first, Expression::Name(it) if it == name)
            && self.append(name, rest)?
        {
            return Ok(());
        }
        let value = self.evaluate(value)?;
        self.store(target, value)
    }

    /// Runs all branches that may be meant.
    fn conditional(
        &mut self,
        branches: &[(Expression, Block)],
        otherwise: &Block,
    ) -> Result<Flow, Stop> {
        let mut flow = Flow::Next;
        for (test, block) in branches {
            // A condition that fails counts as true, as after `On Error Resume Next`.
            let truth = match self.evaluate(test) {
                Ok(value) => value.truth(),
                Err(Stop::Error(_)) => None,
                Err(Stop::End) => return Err(Stop::End),
            };
            match truth {
                Some(true) => {
                    let last = self.block(block)?;
                    return Ok(if last == Flow::Next { flow } else { last });
                }
                Some(false) => {}
                None => flow = self.perhaps(block, flow)?,
            }
        }
        let last = self.block(otherwise)?;
        Ok(if last == Flow::Next { flow } else { last })
    }

    /// Runs a block that may not be meant: it ends loops, but not the procedure.
    fn perhaps(&mut self, block: &Block, before: Flow) -> Result<Flow, Stop> {
        let in_loop = self.frames.last().is_some_and(|it| it.loops > 0);
        Ok(match self.block(block)? {
            Flow::Exit(Exit::Procedure) if !in_loop => before,
            Flow::Next => before,
            exit @ Flow::Exit(_) => exit,
        })
    }

    fn selection(
        &mut self,
        subject: &Expression,
        cases: &[(Vec<Test>, Block)],
        otherwise: &Block,
    ) -> Result<Flow, Stop> {
        let subject = self.evaluate(subject)?;
        let mut flow = Flow::Next;
        for (tests, block) in cases {
            let mut truth = Some(false);
            for test in tests {
                match self.case(&subject, test)? {
                    Some(true) => {
                        truth = Some(true);
                        break;
                    }
                    None => truth = None,
                    Some(false) => {}
                }
            }
            match truth {
                Some(true) => return self.block(block),
                Some(false) => {}
                None => flow = self.perhaps(block, flow)?,
            }
        }
        let last = self.block(otherwise)?;
        Ok(if last == Flow::Next { flow } else { last })
    }

    fn case(&mut self, subject: &Value, test: &Test) -> Result<Option<bool>, Stop> {
        Ok(match test {
            Test::Equal(expression) => {
                let other = self.evaluate(expression)?;
                self.order(subject, &other)?.map(Ordering::is_eq)
            }
            Test::Between(low, high) => {
                let low = self.evaluate(low)?;
                let high = self.evaluate(high)?;
                match (self.order(subject, &low)?, self.order(subject, &high)?) {
                    (Some(low), Some(high)) => Some(low.is_ge() && high.is_le()),
                    _ => None,
                }
            }
            Test::Compare(operator, expression) => {
                let other = self.evaluate(expression)?;
                self.order(subject, &other)?.map(|it| compare(*operator, it))
            }
        })
    }

    fn counted(
        &mut self,
        variable: &Expression,
        from: &Expression,
        to: &Expression,
        step: Option<&Expression>,
        body: &Block,
    ) -> Result<Flow, Stop> {
        let start = self.evaluate(from)?;
        let end = self.evaluate(to)?.number();
        let step = match step {
            Some(step) => self.evaluate(step)?.number().unwrap_or(1.0),
            None => 1.0,
        };
        let whole = start.number().is_some_and(|it| it.fract() == 0.0) && step.fract() == 0.0;
        let mut at = start.number().unwrap_or(0.0);
        let mut turns = 0;
        loop {
            match end {
                Some(end) if step >= 0.0 && at > end || step < 0.0 && at < end => break,
                None if turns >= UNKNOWN_TURNS => break,
                _ => {}
            }
            turns += 1;
            self.charge(1)?;
            self.store(variable, Value::from_number(at, whole))?;
            match self.block(body)? {
                Flow::Next => {}
                Flow::Exit(Exit::For) => return Ok(Flow::Next),
                exit @ Flow::Exit(_) => return Ok(exit),
            }
            // The script may have changed it.
            at = self.evaluate(variable)?.number().unwrap_or(at) + step;
        }
        self.store(variable, Value::from_number(at, whole))?;
        Ok(Flow::Next)
    }

    fn for_each(
        &mut self,
        variable: &Expression,
        list: &Expression,
        body: &Block,
    ) -> Result<Flow, Stop> {
        let list = self.evaluate(list)?;
        let items = self.items(&list)?;
        for item in items {
            self.charge(1)?;
            self.store(variable, item)?;
            match self.block(body)? {
                Flow::Next => {}
                Flow::Exit(Exit::For) => return Ok(Flow::Next),
                exit @ Flow::Exit(_) => return Ok(exit),
            }
        }
        Ok(Flow::Next)
    }

    /// What a list has; one unknown thing if it is not known.
    fn items(&mut self, list: &Value) -> Result<Vec<Value>, Stop> {
        Ok(match list {
            Value::Array(array) => {
                self.room(size_of_val(array.items()))?;
                array.items().to_vec()
            }
            Value::Bytes(content) => {
                self.room(content.bytes.len().saturating_mul(size_of::<Value>()))?;
                content.bytes.iter().map(|it| Value::Whole(i64::from(*it))).collect()
            }
            Value::Object(id) => {
                let items = self.host().get(*id, "_items");
                match items {
                    Some(items) => match self.inward(items)? {
                        Value::Array(array) => array.items().to_vec(),
                        _ => vec![Value::Unknown],
                    },
                    None => vec![Value::Unknown],
                }
            }
            Value::Pattern(number) => self.pattern_items(*number),
            _ => vec![Value::Unknown],
        })
    }

    fn repeated(
        &mut self,
        before: Option<&Condition>,
        after: Option<&Condition>,
        body: &Block,
    ) -> Result<Flow, Stop> {
        let mut unknown = 0;
        loop {
            self.charge(1)?;
            if let Some(condition) = before
                && !self.goes_on(condition, &mut unknown)?
            {
                return Ok(Flow::Next);
            }
            match self.block(body)? {
                Flow::Next => {}
                Flow::Exit(Exit::Do) => return Ok(Flow::Next),
                exit @ Flow::Exit(_) => return Ok(exit),
            }
            if let Some(condition) = after
                && (!self.goes_on(condition, &mut unknown)? || unknown > 0)
            {
                return Ok(Flow::Next);
            }
        }
    }

    fn goes_on(&mut self, condition: &Condition, unknown: &mut usize) -> Result<bool, Stop> {
        if let Some(truth) = self.evaluate(&condition.test)?.truth() {
            return Ok(truth != condition.until);
        }
        *unknown += 1;
        Ok(*unknown <= UNKNOWN_TURNS)
    }

    /// Puts a value where `target` says.
    pub(super) fn store(&mut self, target: &Expression, value: Value) -> Result<(), Stop> {
        match target {
            Expression::Name(name) => {
                if self.set_property(name, &value)? {
                    return Ok(());
                }
                self.assign(name, value)
            }
            Expression::Grouped(inner) => self.store(inner, value),
            Expression::Member(object, name) => {
                let object = self.evaluate(object)?;
                self.set_member(&object, name, Vec::new(), value)
            }
            Expression::WithMember(name) => {
                let object = self.withs.last().cloned().unwrap_or(Value::Unknown);
                self.set_member(&object, name, Vec::new(), value)
            }
            Expression::Call(callee, index) => self.store_at(callee, index, value),
            _ => Err(Stop::Error("cannot assign")),
        }
    }

    fn store_at(
        &mut self,
        callee: &Expression,
        index: &[Expression],
        value: Value,
    ) -> Result<(), Stop> {
        let mut indices = Vec::with_capacity(index.len());
        for expression in index {
            indices.push(self.evaluate(expression)?);
        }
        match callee {
            Expression::Member(object, name) => {
                let object = self.evaluate(object)?;
                self.set_member(&object, name, indices, value)
            }
            Expression::WithMember(name) => {
                let object = self.withs.last().cloned().unwrap_or(Value::Unknown);
                self.set_member(&object, name, indices, value)
            }
            Expression::Name(name) if &**name == "mid" => {
                self.store_mid(index.first(), &indices, &value)
            }
            Expression::Name(name) => self.store_element(name, &[indices], value),
            Expression::Call(inner, outer) => {
                // An array in an array: `a(1)(2) = x`; or an item of an object that is asked for.
                let Expression::Name(name) = &**inner else {
                    let object = self.evaluate(callee)?;
                    return self.set_member(&object, "", indices, value);
                };
                let mut first = Vec::with_capacity(outer.len());
                for expression in outer {
                    first.push(self.evaluate(expression)?);
                }
                self.store_element(name, &[first, indices], value)
            }
            _ => Err(Stop::Error("cannot assign")),
        }
    }

    fn store_element(
        &mut self,
        name: &Name,
        path: &[Vec<Value>],
        value: Value,
    ) -> Result<(), Stop> {
        let whole = |index: &Vec<Value>| -> Vec<i64> {
            index.iter().map(|it| it.whole().unwrap_or(0)).collect()
        };
        // A copy that someone else holds is made anew.
        let copied = match self.variable(name) {
            Some(Value::Array(array)) if !array.is_own() => size_of_val(array.items()),
            _ => 0,
        };
        self.room(copied)?;
        let object = match self.variable(name) {
            Some(Value::Array(array)) => {
                let mut place = path.first().and_then(|it| array.get_mut(&whole(it)));
                for index in path.iter().skip(1) {
                    place = match place {
                        Some(Value::Array(inner)) => inner.get_mut(&whole(index)),
                        _ => None,
                    };
                }
                return match place {
                    Some(place) => {
                        *place = value;
                        Ok(())
                    }
                    None => Err(Stop::Error("subscript out of range")),
                };
            }
            Some(other) => other.clone(),
            None => return Err(Stop::Error("type mismatch")),
        };
        match path {
            [index] => self.set_member(&object, "", index.clone(), value),
            _ => Err(Stop::Error("type mismatch")),
        }
    }

    /// VBA's `Mid(text, start) = other`.
    fn store_mid(
        &mut self,
        target: Option<&Expression>,
        arguments: &[Value],
        value: &Value,
    ) -> Result<(), Stop> {
        let (Some(target), Some(text)) = (target, arguments.first()) else {
            return Err(Stop::Error("wrong number of arguments"));
        };
        let mut units = self.units_of(text)?;
        let new = self.units_of(value)?;
        let start = arguments.get(1).and_then(Value::whole).unwrap_or(1).max(1) as usize - 1;
        let most = arguments.get(2).and_then(Value::whole).unwrap_or(i64::MAX).max(0) as usize;
        for (place, unit) in units.iter_mut().skip(start).take(most).zip(new) {
            *place = unit;
        }
        let value = self.units(units)?;
        self.store(target, value)
    }
}

/// What a variable of a type begins with.
fn blank(kind: &str) -> Value {
    match kind {
        "byte" | "integer" | "long" | "longptr" | "longlong" => Value::Whole(0),
        "single" | "double" | "currency" => Value::Real(0.0),
        "boolean" => Value::Bool(false),
        _ => Value::Empty,
    }
}
