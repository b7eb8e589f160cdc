//! Calls of a Perl program's own subs, and texts that it evaluates.

use super::ast::{Expr, Name};
use super::machine::{Call, Done, Machine, Unwind, Value, Want};
use crate::stack::with_room;
use std::sync::Arc;

/// Deepest calls of subs.
const CALLS_MAX: usize = 200;

/// The same of a program that is run for what it would do.
const CALLS_GOING_ON_MAX: usize = 1_000;

impl Machine<'_> {
    pub(super) async fn invoke(
        &mut self,
        code: &Value,
        arguments: Vec<Value>,
        want: Want,
    ) -> Done<Vec<Value>> {
        let id = match code {
            Value::Code(id) => *id,
            Value::Str(name) => {
                let name = String::from_utf8_lossy(name).into_owned();
                match self.sub_named(&name) {
                    Some(id) => id,
                    None => return self.die(&format!("Undefined subroutine &main::{name} called")),
                }
            }
            _ => return self.die("Not a CODE reference"),
        };
        let (values, _) = self.invoke_with(id, arguments, want).await?;
        Ok(values)
    }

    /// Calls a sub; gives what its `@_` was at the end, too.
    async fn invoke_with(
        &mut self,
        id: usize,
        arguments: Vec<Value>,
        want: Want,
    ) -> Done<(Vec<Value>, Vec<Value>)> {
        let goes_on = self.goes_on();
        if self.calls.len() > if goes_on { CALLS_GOING_ON_MAX } else { CALLS_MAX } {
            return Err(Unwind::Exit(137));
        }
        let Some(code) = self.codes.get(id) else { return self.die("Not a CODE reference") };
        let body = Arc::clone(&code.body);
        let frame = code.frame;
        let package = std::mem::replace(&mut self.package, Arc::clone(&code.package));
        self.calls.push(Call {
            name: Arc::clone(&code.name),
            package: Arc::clone(&package),
            line: self.line,
            want,
        });
        let count = self.calls.len();
        let mark = self.enter_at(frame);
        let array = self.declare('@', &"_".into());
        let result = match array {
            Ok(array) => {
                self.arrays[array] = arguments;
                let base = self.process.session.system().stack_base;
                let result = with_room(base, self.block(&body, want)).await;
                let left = std::mem::take(&mut self.arrays[array]);
                match result {
                    Ok(values) | Err(Unwind::Return(values)) => Ok((values, left)),
                    Err(other) => Err(other),
                }
            }
            Err(error) => Err(error),
        };
        self.leave(&mark);
        self.calls.truncate(count - 1);
        self.package = package;
        result
    }

    pub(super) async fn call(
        &mut self,
        name: &Name,
        arguments: &[Expr],
        want: Want,
    ) -> Done<Vec<Value>> {
        if let Some(values) = self.constants.get(&**name) {
            return Ok(values.clone());
        }
        if let Some(id) = self.sub_named(name) {
            let given = self.all(arguments).await?;
            let before = given.clone();
            let (values, after) = self.invoke_with(id, given, want).await?;
            // What the sub changed in `@_`, it changed where it stood.
            let changed = before.len() == after.len()
                && before.len() < 64
                && before.iter().zip(&after).any(|(a, b)| !a.same(b) && !b.is_reference());
            if changed && before.len() == arguments.len() {
                for ((argument, old), new) in arguments.iter().zip(&before).zip(after) {
                    if matches!(argument, Expr::Scalar(_)) && !old.same(&new) {
                        self.store(argument, new).await?;
                    }
                }
            }
            return Ok(values);
        }
        self.function(name, arguments, want).await
    }

    /// What `AUTOLOAD` of a package does with a call that it has no sub for.
    pub(super) async fn autoload(
        &mut self,
        package: &str,
        name: &str,
        arguments: Vec<Value>,
        want: Want,
    ) -> Done<Option<Vec<Value>>> {
        let prefix = if package == "main" { String::new() } else { format!("{package}::") };
        let Some(id) = self.subs.get(format!("{prefix}AUTOLOAD").as_str()).copied() else {
            return Ok(None);
        };
        let variable = self.global(b'$', &format!("{prefix}AUTOLOAD"))?;
        self.scalars[variable] = Value::str(format!("{package}::{name}"));
        self.invoke(&Value::Code(id), arguments, want).await.map(Some)
    }

    /// A sub that stands for a function of Perl's own: `\&decode_base64`.
    pub(super) fn own_function(&mut self, name: &str) -> Done<Value> {
        let short = name.rsplit("::").next().unwrap_or(name);
        if !short.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Ok(Value::Undef);
        }
        let text = format!("{name}(@_)");
        match super::parse::program(text.as_bytes()) {
            Ok(block) => Ok(Value::Code(self.new_code(&Arc::new(block), &name.into())?)),
            Err(_) => Ok(Value::Undef),
        }
    }

    pub(super) async fn eval_text(&mut self, text: &[u8], want: Want) -> Done<Vec<Value>> {
        self.process.session.step(text.len() as u64 / 64 + 1)?;
        self.process.session.evaluated(text, "perl");
        let depth = self.calls.len();
        let result = match super::parse::program(text) {
            Ok(block) => self.evaluated(block, want).await,
            Err(mistake) => Err(Unwind::Die(Value::str(super::mistake_text(&mistake, "(eval 1)")))),
        };
        self.calls.truncate(depth);
        self.caught(result, want)
    }

    /// Runs a program within the one that runs. Closures may be left of it, so that its text
    /// stays with them.
    pub(super) async fn evaluated(
        &mut self,
        block: Vec<super::ast::Stmt>,
        want: Want,
    ) -> Done<Vec<Value>> {
        if self.calls.len() > if self.goes_on() { CALLS_GOING_ON_MAX } else { CALLS_MAX } {
            return Err(Unwind::Exit(137));
        }
        let block = Arc::new(block);
        self.calls.push(Call {
            name: "(eval)".into(),
            package: Arc::clone(&self.package),
            line: self.line,
            want,
        });
        let base = self.process.session.system().stack_base;
        let result = with_room(base, Box::pin(self.scoped(&block, want))).await;
        self.calls.pop();
        match result {
            Err(Unwind::Return(values)) => Ok(values),
            other => other,
        }
    }
}
