//! Loops and `switch`, and what leaves them.

use super::ast::{Body, Expr, Match, Name, Statement};
use super::eval::{Eval, Flow, Interpreter, Truth};
use super::value::Value;
use crate::run::Turns;
use std::rc::Rc;

/// How one turn of a loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Next,
    Break,
    /// A request that may fail came before what ends the loop.
    Perhaps,
}

impl Interpreter<'_, '_> {
    /// A loop with a label.
    pub(super) fn labelled(
        &mut self,
        label: &Rc<str>,
        labelled: &Statement,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        self.own_label = Some(Rc::clone(label));
        let done = self.statement(labelled, out);
        self.own_label = None;
        done
    }

    /// Whether what leaves a loop means that with this label.
    fn is_meant(&mut self, own: &Option<Rc<str>>) -> bool {
        let is_meant = self.label.is_none() || self.label == *own;
        if is_meant {
            self.label = None;
        }
        is_meant
    }

    /// One turn of a loop.
    fn turn(&mut self, body: &Body, out: &mut Vec<Value>, label: &Option<Rc<str>>) -> Eval<Turn> {
        match self.statements(body, out) {
            Ok(()) => Ok(Turn::Next),
            Err(flow @ (Flow::Break(_) | Flow::Continue)) if !self.is_meant(label) => Err(flow),
            Err(Flow::Continue) => Ok(Turn::Next),
            Err(Flow::Break(true)) => Ok(Turn::Perhaps),
            Err(Flow::Break(false)) => Ok(Turn::Break),
            Err(flow) => Err(flow),
        }
    }

    pub(super) fn while_loop(
        &mut self,
        condition: Option<&Statement>,
        body: &Body,
        step: Option<&Statement>,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        let label = self.own_label.take();
        let mut turns = Turns::new(self.run);
        loop {
            let truth = match condition {
                Some(condition) => {
                    let value = self.value_of(condition)?;
                    Self::truth(&value)
                }
                None => Truth::Yes,
            };
            if truth == Truth::No {
                return Ok(());
            }
            if self.turn(body, out, &label)? != Turn::Next {
                return Ok(());
            }
            if let Some(step) = step {
                let mut unseen = Vec::new();
                self.statement(step, &mut unseen)?;
            }
            if truth == Truth::Unknown || !turns.again(self.run)? {
                return Ok(());
            }
        }
    }

    pub(super) fn do_loop(
        &mut self,
        body: &Body,
        condition: &Statement,
        is_until: bool,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        let label = self.own_label.take();
        let mut turns = Turns::new(self.run);
        loop {
            if self.turn(body, out, &label)? != Turn::Next {
                return Ok(());
            }
            let value = self.value_of(condition)?;
            let goes_on = if is_until { Truth::No } else { Truth::Yes };
            if Self::truth(&value) != goes_on || !turns.again(self.run)? {
                return Ok(());
            }
        }
    }

    pub(super) fn foreach(
        &mut self,
        variable: &Name,
        over: &Statement,
        body: &Body,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        let label = self.own_label.take();
        let over = self.value_of(over)?;
        let turns = Turns::new(self.run);
        for item in self.items_of(&over) {
            self.run.step()?;
            self.set_variable(variable, item)?;
            // A request in `try` may fail, and then the next is asked.
            if self.turn(body, out, &label)? == Turn::Break {
                break;
            }
            if !turns.has_budget(self.run) {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn switch(
        &mut self,
        kind: Match,
        over: &Statement,
        arms: &[(Expr, Body)],
        otherwise: Option<&Body>,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        let label = self.own_label.take();
        let over = self.value_of(over)?;
        'items: for item in self.items_of(&over) {
            let mut is_matched = false;
            self.assign_plain("_", item.clone());
            for (test, body) in arms {
                self.run.step()?;
                let holds = if let Expr::Script(block) = test {
                    let value = self.call_block(block, Vec::new(), None, false)?;
                    Self::truth(&Value::from_output(value))
                } else {
                    let test = self.expr(test)?;
                    self.matches(kind, &item, &test)?
                };
                if holds == Truth::No {
                    continue;
                }
                is_matched = holds == Truth::Yes;
                let done = self.statements(body, out);
                match done {
                    Ok(()) => {}
                    Err(Flow::Stop) => return Err(Flow::Stop),
                    Err(_) if holds == Truth::Unknown => self.label = None,
                    Err(flow @ (Flow::Break(_) | Flow::Continue)) if !self.is_meant(&label) => {
                        return Err(flow);
                    }
                    Err(Flow::Break(_)) => break 'items,
                    Err(Flow::Continue) => continue 'items,
                    Err(flow) => return Err(flow),
                }
            }
            if let Some(body) = otherwise.filter(|_| !is_matched)
                && self.turn(body, out, &label)? != Turn::Next
            {
                break;
            }
        }
        Ok(())
    }

    fn matches(&mut self, kind: Match, item: &Value, test: &Value) -> Eval<Truth> {
        if item.is_unknown() || test.is_unknown() {
            return Ok(Truth::Unknown);
        }
        let holds = match kind {
            Match::Exact => self.equals(item, test, true),
            Match::Wildcard => {
                let (item, test) = (self.text_of(item), self.text_of(test));
                self.run.steps(item.len() as u64 / 64)?;
                super::patterns::like(&item, &test, true)
            }
            Match::Regex => {
                let (item, test) = (self.text_of(item), self.text_of(test));
                self.pattern(&test, true)?.is_some_and(|it| it.is_match(&item))
            }
        };
        Ok(if holds { Truth::Yes } else { Truth::No })
    }
}
