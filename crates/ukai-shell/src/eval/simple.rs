//! Simple commands: assignments, redirections, and which command is meant.

use super::redirect::SavedFds;
use crate::commands::{self, Arguments};
use crate::limits;
use crate::process::{Process, Variable, VariableValue};
use crate::syntax::{Assignment, Command, Parser, Part, Simple, Value, Word};
use crate::system::{Fut, Stop};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Arguments that a command looks at in a step.
const ARGUMENTS_PER_STEP: u64 = 8;

/// Commands whose `name=value` arguments are assignments: not split.
const DECLARATIONS: [&[u8]; 6] =
    [b"export", b"readonly", b"local", b"declare", b"typeset", b"alias"];

impl Process {
    pub(super) async fn simple(&mut self, simple: &Simple) -> Result<i32, Stop> {
        self.session.step(1)?;
        self.line = simple.line;
        self.substitution_status = None;
        if let Some(expanded) = self.alias(simple) {
            return Box::pin(self.run_alias(&expanded, simple)).await;
        }
        let words = self.expand_arguments(&simple.words).await?;
        if words.is_empty() {
            return self.assign_only(simple).await;
        }
        if words.first().is_some_and(|w| &w[..] == b"exec") && words.len() == 1 {
            return Ok(match self.redirect_all(&simple.redirects).await? {
                Ok(_) => 0,
                Err(()) if self.bash => 1,
                Err(()) => return Err(Stop::Abort(1)),
            });
        }
        let mut saved_variables = Vec::new();
        if !simple.assignments.is_empty() {
            let special = commands::is_special(&words[0]) && !self.bash;
            for assignment in &simple.assignments {
                let old = self.variables.get(&assignment.name).cloned();
                self.run_assignment(assignment).await?;
                if !special {
                    saved_variables.push((assignment.name.clone(), old));
                }
                if let Some(v) = self.variables_mut().get_mut(&assignment.name) {
                    v.exported = true;
                }
            }
        }
        if self.options.trace {
            self.trace(&words)?;
        }
        let Ok(saved) = self.redirect_all(&simple.redirects).await? else {
            self.restore_variables(saved_variables);
            return if commands::is_special(&words[0]) && !self.bash {
                Err(Stop::Abort(1))
            } else {
                Ok(1)
            };
        };
        let result = self.dispatch(words).await;
        self.finish_simple(saved, saved_variables);
        let status = result?;
        self.status = status;
        if !self.trapped.is_empty() {
            for action in std::mem::take(&mut self.trapped) {
                Box::pin(self.run_text(&action)).await?;
            }
            self.status = status;
        }
        // Its reader has its turn early, so that it can end what prints without end.
        self.drained(1, limits::PIPE_TURN_BYTES).await?;
        Ok(status)
    }

    fn finish_simple(&mut self, saved: SavedFds, variables: Vec<(Bytes, Option<Variable>)>) {
        self.restore_fds(saved);
        self.restore_variables(variables);
    }

    fn restore_variables(&mut self, saved: Vec<(Bytes, Option<Variable>)>) {
        for (name, old) in saved.into_iter().rev() {
            self.restore(&name, old);
        }
    }

    /// Words of a command; `export a=$b` and the like are not split.
    async fn expand_arguments(&mut self, words: &[Word]) -> Result<Vec<Vec<u8>>, Stop> {
        let declares =
            words.first().and_then(Word::plain).is_some_and(|w| DECLARATIONS.contains(&w));
        if !declares {
            let brackets = words.first().and_then(Word::plain) == Some(b"[[");
            if brackets && self.bash {
                return self.expand_brackets(words).await;
            }
            return self.expand_words(words).await;
        }
        let mut arguments = Vec::with_capacity(words.len());
        for word in words {
            let assigns =
                matches!(word.parts.first(), Some(Part::Literal(text)) if text.contains(&b'='));
            if assigns {
                arguments.push(self.expand_text(word).await?);
            } else {
                arguments.extend(self.expand_words(std::slice::from_ref(word)).await?);
            }
        }
        Ok(arguments)
    }

    /// Words of `[[ ... ]]`: not split; the right side of `==` is a pattern.
    async fn expand_brackets(&mut self, words: &[Word]) -> Result<Vec<Vec<u8>>, Stop> {
        let mut arguments: Vec<Vec<u8>> = Vec::with_capacity(words.len());
        for word in words {
            let compares =
                matches!(arguments.last().map(Vec::as_slice), Some(b"==" | b"=" | b"!=" | b"=~"));
            let text = if compares {
                self.expand_pattern(word).await?
            } else {
                self.expand_text(word).await?
            };
            arguments.push(text);
        }
        Ok(arguments)
    }

    async fn assign_only(&mut self, simple: &Simple) -> Result<i32, Stop> {
        let Ok(saved) = self.redirect_all(&simple.redirects).await? else { return Ok(1) };
        self.restore_fds(saved);
        for assignment in &simple.assignments {
            self.run_assignment(assignment).await?;
        }
        let status = self.substitution_status.unwrap_or(0);
        self.status = status;
        Ok(status)
    }

    async fn run_assignment(&mut self, assignment: &Assignment) -> Result<(), Stop> {
        self.session.step(1)?;
        let name = &assignment.name;
        let value = match &assignment.value {
            Value::Array(words) => {
                let values = self.expand_words(words).await?;
                let mut elements = match self.variables.get(name).map(|v| &v.value) {
                    Some(VariableValue::Array(old)) if assignment.append => (**old).clone(),
                    _ => BTreeMap::new(),
                };
                let mut next = elements.last_key_value().map_or(0, |(k, _)| k.saturating_add(1));
                for value in values {
                    let (index, value) = numbered(&value).unwrap_or((next, &value));
                    elements.insert(index, Bytes::copy_from_slice(value));
                    next = index.saturating_add(1);
                }
                VariableValue::Array(Arc::new(elements))
            }
            Value::Scalar(word) => {
                let text = self.expand_text(word).await?;
                if let Some(subscript) = &assignment.subscript {
                    let index = self.subscript(subscript).await?;
                    let mut elements = match self.variables.get(name).map(|v| &v.value) {
                        Some(VariableValue::Array(old)) => (**old).clone(),
                        Some(VariableValue::Scalar(old)) => BTreeMap::from([(0, old.clone())]),
                        None => BTreeMap::new(),
                    };
                    elements.insert(index, text.into());
                    VariableValue::Array(Arc::new(elements))
                } else if assignment.append {
                    let mut old = self.variable(name).unwrap_or_default().to_vec();
                    self.session.copied(0, old.len() / 4)?;
                    old.extend_from_slice(&text);
                    VariableValue::Scalar(old.into())
                } else {
                    VariableValue::Scalar(text.into())
                }
            }
        };
        self.assign_value(name, value)
    }

    /// `set -x`: the command on descriptor 2.
    fn trace(&mut self, words: &[Vec<u8>]) -> Result<(), Stop> {
        let quoted: Vec<Vec<u8>> = words.iter().map(|w| trace_quoted(w)).collect();
        let mut line = b"+ ".to_vec();
        line.extend_from_slice(&quoted.join(&b' '));
        line.push(b'\n');
        self.error_bytes(&line)
    }

    /// The text of the alias that the first word is, if it is one.
    fn alias(&self, simple: &Simple) -> Option<Bytes> {
        if self.aliases.is_empty() {
            return None;
        }
        self.aliases.get(simple.words.first()?.plain()?).cloned()
    }

    /// Runs a command whose first word is an alias: its text stands in for the word.
    async fn run_alias(&mut self, text: &[u8], simple: &Simple) -> Result<i32, Stop> {
        self.enter()?;
        let mut parser = Parser::new(text, self.bash);
        let list = parser.next_command().ok().flatten();
        let name =
            simple.words.first().and_then(Word::plain).map(<[u8]>::to_vec).unwrap_or_default();
        let hidden = self.aliases.get(&name[..]).cloned();
        Arc::make_mut(&mut self.aliases).remove(&name[..]);
        let result = self.run_aliased(list, simple).await;
        if let Some(hidden) = hidden
            && !self.aliases.contains_key(&name[..])
        {
            Arc::make_mut(&mut self.aliases).insert(name.into(), hidden);
        }
        self.depth -= 1;
        result
    }

    async fn run_aliased(
        &mut self,
        list: Option<crate::syntax::List>,
        simple: &Simple,
    ) -> Result<i32, Stop> {
        let Some(list) = list else { return Ok(0) };
        let only = match &list.items[..] {
            [item] if item.and_or.rest.is_empty() => match &item.and_or.first.commands[..] {
                [Command::Simple(only)] => Some(only),
                _ => None,
            },
            _ => None,
        };
        let Some(only) = only else { return self.list(&list).await };
        let Ok(saved) = self.redirect_all(&simple.redirects).await? else { return Ok(1) };
        let mut words = self.expand_words(&only.words).await?;
        words.extend(self.expand_words(&simple.words[1..]).await?);
        let result = if words.is_empty() { Ok(0) } else { self.dispatch(words).await };
        self.restore_fds(saved);
        let status = result?;
        self.status = status;
        Ok(status)
    }

    /// Runs the command that `words` name: a function, a builtin, or a program.
    pub(crate) fn dispatch(&mut self, words: Vec<Vec<u8>>) -> Fut<'_, Result<i32, Stop>> {
        Box::pin(async move {
            let Some(name) = words.first() else { return Ok(0) };
            self.session.step(words.len() as u64 / ARGUMENTS_PER_STEP)?;
            if let Some(body) = self.functions.get(&name[..]).map(|f| Arc::clone(&f.body)) {
                return self.call(&body, words).await;
            }
            if let Some(builtin) = commands::builtin(name, self) {
                let gnu = self.bash;
                return builtin.run(self, Arguments::new(words, gnu)).await;
            }
            if self.controls_jobs() {
                let text = self.command_text.clone();
                let mut child = self.fork();
                let program = Box::pin(async move {
                    let result = child.program(words).await;
                    child.ended(result).await
                });
                return self.foreground(text, program).await;
            }
            self.program(words).await
        })
    }
}

/// A word as `set -x` shows it: quoted, if a shell would not read it as it is.
fn trace_quoted(word: &[u8]) -> Vec<u8> {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"_-+./:,@%=^".contains(b) || *b >= 0x80;
    if !word.is_empty() && word.iter().all(plain) {
        return word.to_vec();
    }
    let mut quoted = b"'".to_vec();
    for byte in word {
        match byte {
            b'\'' => quoted.extend_from_slice(b"'\\''"),
            byte => quoted.push(*byte),
        }
    }
    quoted.push(b'\'');
    quoted
}

/// `[5]=value` of an array's list.
fn numbered(word: &[u8]) -> Option<(u32, &[u8])> {
    let rest = word.strip_prefix(b"[")?;
    let close = rest.iter().position(|b| *b == b']')?;
    let value = rest[close + 1..].strip_prefix(b"=")?;
    Some((std::str::from_utf8(&rest[..close]).ok()?.parse().ok()?, value))
}
