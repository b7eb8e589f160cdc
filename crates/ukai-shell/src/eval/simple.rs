//! Simple commands: assignments, redirections, and which command is meant.

use super::redirect::SavedFds;
use crate::commands::{self, Arguments};
use crate::limits;
use crate::process::{GivenArray, Key, Process, Source, Variable, VariableValue};
use crate::syntax::{Assignment, Command, Element, Parser, Part, Simple, Value, Word};
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
        if self.bash {
            if !self.in_trap {
                self.simple_text = simple.text.clone();
            }
            if self.traps.contains_key(&b"DEBUG"[..]) {
                Box::pin(self.debug_trap()).await?;
                self.line = simple.line;
            }
        }
        if let Some(expanded) = self.alias(simple) {
            return Box::pin(self.run_alias(&expanded, simple)).await;
        }
        let words = self.expand_arguments(&simple.words).await?;
        for (_, assignment) in &simple.arrays {
            if let Value::Array(elements) = &assignment.value {
                let elements = Box::pin(self.expand_elements(elements)).await?;
                let given = GivenArray { append: assignment.append, elements };
                self.given_arrays.push((assignment.name.clone(), given));
            }
        }
        if words.is_empty() {
            return Box::pin(self.assign_only(simple)).await;
        }
        if words.first().is_some_and(|w| &w[..] == b"exec") && words.len() == 1 {
            return Ok(match self.redirect_all(&simple.redirects).await? {
                Ok(_) => 0,
                Err(()) if self.bash => 1,
                Err(()) => return Err(Stop::Abort(self.redirect_status())),
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
                Err(Stop::Abort(self.redirect_status()))
            } else {
                Ok(self.redirect_status())
            };
        };
        let last = words.last().map(|w| Bytes::copy_from_slice(w));
        let result = self.dispatch(words).await;
        self.finish_simple(saved, saved_variables);
        self.given_arrays.clear();
        let status = result?;
        self.status = status;
        self.last_argument = last.unwrap_or_default();
        if !self.trapped.is_empty() {
            for action in std::mem::take(&mut self.trapped) {
                Box::pin(self.run_text(&action)).await?;
            }
            self.status = status;
        }
        if !self.readers.is_empty() {
            Box::pin(self.run_readers()).await?;
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
        if !declares || self.dash {
            let brackets = words.first().and_then(Word::plain) == Some(b"[[");
            if brackets && self.bash {
                return self.expand_brackets(words).await;
            }
            return self.expand_words(words).await;
        }
        let mut arguments = Vec::with_capacity(words.len());
        for word in words {
            let assigns = matches!(word.parts.first(),
                Some(Part::Literal(text)) if text.contains(&b'='))
                || matches!(word.parts.first(), Some(Part::Element { .. }));
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
        let Ok(saved) = self.redirect_all(&simple.redirects).await? else {
            return Ok(self.redirect_status());
        };
        self.restore_fds(saved);
        for assignment in &simple.assignments {
            self.run_assignment(assignment).await?;
        }
        let status = self.substitution_status.unwrap_or(0);
        self.status = status;
        if self.bash {
            self.last_argument = Bytes::new();
        }
        if !self.readers.is_empty() {
            Box::pin(self.run_readers()).await?;
        }
        Ok(status)
    }

    /// The elements of `name=(...)`: keys, where they are given, and values.
    async fn expand_elements(
        &mut self,
        elements: &[Element],
    ) -> Result<Vec<(Option<Bytes>, Bytes)>, Stop> {
        let mut all = Vec::with_capacity(elements.len());
        for element in elements {
            if let Some(key) = &element.key {
                let key = self.expand_text(key).await?;
                let value = self.expand_text(&element.value).await?;
                all.push((Some(key.into()), value.into()));
            } else {
                let values = self.expand_words(std::slice::from_ref(&element.value)).await?;
                all.extend(values.into_iter().map(|v| (None, v.into())));
            }
            if all.len() > limits::WORDS {
                self.session.system().limit("memory", "an array grew too large");
                return Err(Stop::Abort(2));
            }
        }
        Ok(all)
    }

    /// Gives a list to an array. One that is no associative array becomes an indexed one.
    pub(crate) fn assign_array(&mut self, name: &[u8], given: GivenArray) -> Result<(), Stop> {
        let name = self.referred(name);
        let map = match self.lookup(&name).map(|v| &v.value) {
            Some(VariableValue::Map(old)) => Some(old.clone()),
            _ => None,
        };
        if let Some(old) = map {
            let mut elements = if given.append { (*old).clone() } else { BTreeMap::new() };
            let mut rest = given.elements.into_iter();
            while let Some((key, value)) = rest.next() {
                let (key, value) = match key {
                    Some(key) => (key, value),
                    // Without keys they are keys and values in turn.
                    None => (value, rest.next().map(|(_, v)| v).unwrap_or_default()),
                };
                elements.insert(crate::process::MapKey::new(&key), value);
            }
            return self.assign_value(&name, VariableValue::Map(Arc::new(elements)));
        }
        let old = match self.lookup(&name).map(|v| &v.value) {
            Some(VariableValue::Array(old)) if given.append => (**old).clone(),
            Some(VariableValue::Scalar(old)) if given.append => BTreeMap::from([(0, old.clone())]),
            _ => BTreeMap::new(),
        };
        let integer = self.lookup(&name).is_some_and(|v| v.traits.integer);
        let mut next = old.last_key_value().map_or(0, |(k, _)| k.saturating_add(1));
        let mut elements = old;
        for (key, value) in given.elements {
            if let Some(key) = key {
                let index = self.arithmetic(&key)?;
                next = u32::try_from(index.max(0)).unwrap_or(0);
            }
            let value = if integer { self.arithmetic(&value)?.to_string().into() } else { value };
            elements.insert(next, value);
            next = next.saturating_add(1);
        }
        self.assign_value(&name, VariableValue::Array(Arc::new(elements)))
    }

    async fn run_assignment(&mut self, assignment: &Assignment) -> Result<(), Stop> {
        self.session.step(1)?;
        let name = &assignment.name;
        let word = match &assignment.value {
            Value::Array(elements) => {
                let elements = Box::pin(self.expand_elements(elements)).await?;
                let given = GivenArray { append: assignment.append, elements };
                return self.assign_array(name, given);
            }
            Value::Scalar(word) => word,
        };
        let key = match &assignment.subscript {
            Some(subscript) => {
                let text = self.expand_text(subscript).await?;
                Some(self.element_key(name, &text)?)
            }
            None => None,
        };
        let mut text = self.expand_text(word).await?;
        if self.options.trace {
            self.trace_assignment(name, assignment.append, &text)?;
        }
        if assignment.append {
            text = self.appended(name, key.as_ref(), &text)?;
        }
        match key {
            Some(key) => self.assign_element(name, key, text),
            None => self.assign(name, text),
        }
    }

    /// What `+=` gives: a sum, if the variable is an integer.
    pub(crate) fn appended(
        &mut self,
        name: &[u8],
        key: Option<&Key>,
        text: &[u8],
    ) -> Result<Vec<u8>, Stop> {
        let old = match key {
            Some(key) => self.element(name, key),
            None => self.variable(name),
        };
        let mut old = old.unwrap_or_default().to_vec();
        self.session.copied(0, old.len() / 4)?;
        if self.lookup(name).is_some_and(|v| v.traits.integer) {
            let sum = self.arithmetic(&old)?.wrapping_add(self.arithmetic(text)?);
            return Ok(sum.to_string().into_bytes());
        }
        old.extend_from_slice(text);
        Ok(old)
    }

    /// `set -x`: an assignment on descriptor 2.
    fn trace_assignment(&mut self, name: &[u8], append: bool, text: &[u8]) -> Result<(), Stop> {
        let equals: &[u8] = if append { b"+=" } else { b"=" };
        let text = if text.is_empty() { Vec::new() } else { self.trace_quoted(text) };
        self.trace_line(&[name, equals, &text].concat())
    }

    /// A line of `set -x`, behind `$PS4`, whose first letter tells the nesting in bash.
    pub(crate) fn trace_line(&mut self, text: &[u8]) -> Result<(), Stop> {
        let prompt = self.variable(b"PS4").unwrap_or_default();
        self.error_bytes(&[&prompt[..], text, b"\n"].concat())
    }

    /// A word as `set -x` shows it: quoted, if a shell would not read it as it is.
    fn trace_quoted(&self, word: &[u8]) -> Vec<u8> {
        let plain = if self.bash {
            !crate::escape::needs_quotes(word)
        } else {
            // BusyBox quotes what could be a keyword or an assignment, too.
            !word.is_empty()
                && !matches!(word, b"[" | b"!" | b"{" | b"}")
                && word
                    .iter()
                    .all(|b| b.is_ascii_alphanumeric() || b"_-+./:,@%^]".contains(b) || *b >= 0x80)
        };
        if plain { word.to_vec() } else { crate::escape::single_quoted(word) }
    }

    /// `set -x`: the command on descriptor 2.
    fn trace(&mut self, words: &[Vec<u8>]) -> Result<(), Stop> {
        let quoted: Vec<Vec<u8>> = words.iter().map(|w| self.trace_quoted(w)).collect();
        self.trace_line(&quoted.join(&b' '))
    }

    /// The text of the alias that the first word is, if it is one.
    fn alias(&self, simple: &Simple) -> Option<Bytes> {
        if self.aliases.is_empty() {
            return None;
        }
        let expands =
            !self.bash || self.source == Source::Interactive || self.shell_option("expand_aliases");
        let alias = self.aliases.get(simple.words.first()?.plain()?)?;
        (expands && alias.read_at < self.read_at).then(|| alias.text.clone())
    }

    /// Runs a command whose first word is an alias: its text stands in for the word.
    async fn run_alias(&mut self, text: &[u8], simple: &Simple) -> Result<i32, Stop> {
        self.enter()?;
        let mut parser = Parser::new(text, self.kind());
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
                let gnu = self.bash || self.dash;
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
