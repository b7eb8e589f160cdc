//! Modules that are written in Python themselves, in `written.txt`.

use super::run::{Done, Machine, Unwind};
use super::value::{Scope, Value};
use std::sync::Arc;

static WRITTEN: &str = include_str!("written.txt");

/// The text of a module, and whether others than Python's makers wrote the real one.
fn text_of(module: &str) -> Option<(&'static str, bool)> {
    let mut rest = WRITTEN;
    while let Some(at) = rest.find("\n== ") {
        let body = &rest[at + 4..];
        let head = body.split('\n').next().unwrap_or(body);
        // The mark of the next one stays.
        rest = &body[head.len()..];
        let (name, third) = match head.split_once(' ') {
            Some((name, _)) => (name, true),
            None => (head, false),
        };
        if name == module {
            return Some((&rest[..rest.find("\n== ").unwrap_or(rest.len())], third));
        }
    }
    None
}

/// Whether there is a text of such a module.
pub(super) fn has(module: &str) -> bool {
    text_of(module).is_some()
}

impl Machine<'_> {
    /// Whether there is such a module here: one of others only where what is missing is passed
    /// over.
    pub(super) fn is_written(&self, module: &str) -> bool {
        text_of(module).is_some_and(|(_, third)| !third || self.goes_on)
    }

    /// Runs a written module, once.
    pub(super) async fn write_module(&mut self, module: &Arc<str>) -> Done<()> {
        if self.written.contains_key(module) || !self.is_written(module) {
            return Ok(());
        }
        let Some((text, _)) = text_of(module) else { return Ok(()) };
        self.check_stack()?;
        self.process.session.step(text.len() as u64 / 128 + 1)?;
        self.costs(4, 0)?;
        let Ok(block) = super::parse::program(text) else {
            return Err(self.raise("MemoryError", ""));
        };
        self.scopes.push(Scope::default());
        let inner = self.scopes.len() - 1;
        self.written.insert(Arc::clone(module), inner);
        let scope = std::mem::replace(&mut self.scope, inner);
        self.sources.push((super::modules::file_of(module).into(), None));
        let source = std::mem::replace(&mut self.source, self.sources.len() - 1);
        let function = std::mem::replace(&mut self.function, "<module>".into());
        self.calls += 1;
        let result = self.block(&block).await;
        self.calls -= 1;
        (self.scope, self.source, self.function) = (scope, source, function);
        match result {
            Err(Unwind::Return(_)) => Ok(()),
            other => other,
        }
    }

    /// What a written module has by a name.
    pub(super) fn written_name(&self, module: &str, name: &str) -> Option<Value> {
        let scope = self.written.get(module)?;
        self.scopes.get(*scope)?.names.get(name).cloned()
    }

    /// All that a written module has.
    pub(super) fn written_names(&self, module: &str) -> Vec<(Arc<str>, Value)> {
        let scope = self.written.get(module).and_then(|scope| self.scopes.get(*scope));
        let names = scope.into_iter().flat_map(|scope| &scope.names);
        names.map(|(name, value)| (Arc::clone(name), value.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{WRITTEN, text_of};

    #[test]
    fn all_that_is_written_is_python() {
        let mut count = 0;
        for line in WRITTEN.lines().filter_map(|line| line.strip_prefix("== ")) {
            let module = line.split(' ').next().unwrap_or(line);
            let (text, _) = text_of(module).expect("it is there");
            let parsed = crate::commands::python::parse::program(text);
            assert!(parsed.is_ok(), "{module}: {parsed:?}");
            count += 1;
        }
        assert!(count > 30, "{count}");
    }
}
