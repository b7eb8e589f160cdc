//! How arguments and what flows through a pipeline are bound to a block's parameters
//! (about_Parameters, about_Functions_Advanced_Parameters).

use super::ast::{Block, Parameter};
use super::eval::{Eval, Flow, Interpreter};
use super::value::{Object, State, Value};
use std::collections::HashMap;
use std::rc::Rc;

/// Arguments as they were given: with a name, or plain.
pub(super) type Given = Vec<(Option<Rc<str>>, Value)>;

impl Parameter {
    /// Whether it takes no value.
    fn is_switch(&self) -> bool {
        matches!(
            self.kind.as_deref(),
            Some("switch" | "switchparameter" | "management.automation.switchparameter")
        )
    }
}

/// The parameter that a name, or the beginning of one, means.
fn named(parameters: &[Parameter], name: &str) -> Option<usize> {
    let exact = parameters
        .iter()
        .position(|it| *it.name.name == *name || it.aliases.iter().any(|alias| **alias == *name));
    exact.or_else(|| parameters.iter().position(|it| it.name.name.starts_with(name)))
}

/// Whether a name is that of a parameter without a value.
pub(super) fn is_switch_of(parameters: &[Parameter], name: &str) -> bool {
    named(parameters, name).and_then(|at| parameters.get(at)).is_some_and(Parameter::is_switch)
}

impl Interpreter<'_, '_> {
    /// Sets the parameters of a block; what is left goes to `$args`. Tells which got a value.
    pub(super) fn bind(&mut self, parameters: &[Parameter], given: Given) -> Eval<Vec<bool>> {
        let mut bound: Vec<Option<Value>> = vec![None; parameters.len()];
        let mut plain = Vec::new();
        for (name, value) in given {
            let at = name.and_then(|name| named(parameters, &name.to_ascii_lowercase()));
            match at.and_then(|at| bound.get_mut(at)) {
                Some(place) => *place = Some(value),
                None => plain.push(value),
            }
        }
        let mut plain = plain.into_iter();
        let mut is_given = Vec::with_capacity(parameters.len());
        for (parameter, value) in parameters.iter().zip(bound) {
            let value = match value {
                Some(value) => Some(value),
                None if parameter.is_switch() => None,
                None => plain.next(),
            };
            is_given.push(value.is_some());
            let value = match (value, &parameter.value, parameter.kind.as_deref()) {
                (Some(value), ..) => self.bound(parameter, value)?,
                (None, Some(expr), _) => {
                    let value = self.expr(expr)?;
                    self.bound(parameter, value)?
                }
                (None, None, Some("string")) => Value::text(""),
                (None, None, Some("int" | "int32" | "long" | "byte")) => Value::Int(0),
                (None, None, Some("bool")) => Value::Bool(false),
                (None, None, _) if parameter.is_switch() => Value::Bool(false),
                (None, None, _) => Value::Null,
            };
            self.assign_plain(&parameter.name.name, value);
        }
        let rest: Vec<Value> = plain.collect();
        if !rest.is_empty() || self.scopes.len() > 1 {
            self.assign_plain("args", Value::list(rest));
        }
        Ok(is_given)
    }

    /// A value as the type of a parameter; as it is where it cannot be that.
    fn bound(&mut self, parameter: &Parameter, value: Value) -> Eval<Value> {
        let Some(kind) = &parameter.kind else { return Ok(value) };
        match self.cast(kind, value.clone()) {
            Err(Flow::Throw(_)) => Ok(value),
            other => other,
        }
    }

    /// A block that keeps the variables that are there but for those of the script.
    pub(super) fn closure(&mut self, block: &Rc<Block>) -> Eval<Value> {
        let kept: Vec<(Rc<str>, Value)> = self
            .scopes
            .iter()
            .skip(1)
            .flatten()
            .map(|(name, value)| (Rc::clone(name), value.clone()))
            .collect();
        self.run.steps(kept.len() as u64)?;
        let id = self.new_object(Object::new("hashtable", State::None));
        for (name, value) in kept {
            self.set_entry(id, Value::text(&*name), value);
        }
        Ok(Value::Script(Rc::new(Block { captured: Some(id), ..Block::clone(block) })))
    }

    /// The variables that a block keeps.
    pub(super) fn captured(&self, block: &Block) -> HashMap<Rc<str>, Value> {
        let kept = block.captured.and_then(|id| self.heap.get(id));
        let kept = kept.into_iter().flat_map(|it| it.entries.iter());
        kept.map(|(name, value)| (self.text_of(name).into(), value.clone())).collect()
    }

    /// What a block does with arguments and with what flows into it.
    pub(super) fn block_within(
        &mut self,
        block: &Rc<Block>,
        given: Given,
        input: Option<Vec<Value>>,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        let is_given = self.bind(&block.parameters, given)?;
        if let Some(begin) = &block.begin {
            self.statements(begin, out)?;
        }
        let per_item = block.process.as_ref().or(Some(&block.body).filter(|_| block.is_filter));
        if let Some(body) = per_item {
            let flows = input.is_some();
            for item in input.unwrap_or_else(|| vec![Value::Null]) {
                if flows {
                    self.bind_item(block, &is_given, &item)?;
                }
                self.assign_plain("_", item);
                self.statements(body, out)?;
            }
            if block.is_filter {
                return Ok(());
            }
        } else if let Some(input) = input {
            if let Some(last) = input.last() {
                self.bind_item(block, &is_given, last)?;
                self.assign_plain("_", last.clone());
            }
            self.assign_plain("input", Value::list(input));
        }
        self.statements(&block.body, out)
    }

    /// What flows in is bound to the parameters that take it.
    fn bind_item(&mut self, block: &Rc<Block>, is_given: &[bool], item: &Value) -> Eval<()> {
        let free = block.parameters.iter().zip(is_given).filter(|it| !it.1).map(|it| it.0);
        for parameter in free {
            let property = match item {
                Value::Object(id) if parameter.from_property => {
                    let mut names = parameter.aliases.iter().chain([&parameter.name.name]);
                    names.find_map(|name| self.named_entry(*id, name))
                }
                _ => None,
            };
            let value = property.or_else(|| parameter.from_pipeline.then(|| item.clone()));
            if let Some(value) = value {
                let value = self.bound(parameter, value)?;
                self.assign_plain(&parameter.name.name, value);
            }
        }
        Ok(())
    }
}
