//! QuickJS and its limits.

use super::{bridge, rewrite};
use crate::com::{self, Shared};
use crate::cpu;
use crate::stack::with_room_for_script;
use rquickjs::context::EvalOptions;
use rquickjs::{Context, Ctx, Function, Object, Runtime, Value};

/// What the engine itself needs beside the script's values, in bytes.
const ENGINE_BYTES: usize = 8 * 1024 * 1024;

/// Stack of the engine, in bytes: half of what is there where a script begins.
const STACK_BYTES: usize = 2 * 1024 * 1024;

/// Steps that 10,000 calls and turns of loops cost, between which the engine asks whether to go
/// on (the number is fixed there): they are far cheaper than steps elsewhere, and what
/// obfuscators put before a script takes millions of them.
const STEPS_OF_A_QUESTION: u64 = 1_000;

/// Rounds of timers and promises after the script.
const ROUNDS_MAX: usize = 256;

/// The world, in the order in which its parts are built.
const PRELUDE: &str = concat!(
    "(function (raw) {\n",
    include_str!("prelude/core.js"),
    include_str!("prelude/time.js"),
    include_str!("prelude/host.js"),
    include_str!("prelude/browser.js"),
    include_str!("prelude/elements.js"),
    include_str!("prelude/node.js"),
    "\nreturn finish; })"
);

/// Runs a script; the name that it does not find, if it ends because of one. `names` are known to
/// be unknown: something stands behind them.
pub(super) fn run(source: &str, host: &Shared, names: &[String]) -> Option<String> {
    if !host.borrow_mut().enter() {
        return None;
    }
    let missing = with_room_for_script(|| run_entered(source, host, names, None)).flatten();
    host.borrow_mut().leave();
    missing
}

/// Runs a script for its last value, as far as that is a plain one.
pub(super) fn value(source: &str, host: &Shared) -> com::Value {
    let mut value = com::Value::Unknown;
    if host.borrow_mut().enter() {
        with_room_for_script(|| run_entered(source, host, &[], Some(&mut value)));
        host.borrow_mut().leave();
    }
    value
}

fn run_entered(
    source: &str,
    host: &Shared,
    names: &[String],
    value: Option<&mut com::Value>,
) -> Option<String> {
    let Ok(runtime) = Runtime::new() else { return None };
    let held = host.borrow().limits.held_bytes;
    runtime.set_memory_limit(held.saturating_add(ENGINE_BYTES));
    runtime.set_max_stack_size(STACK_BYTES);
    let asked = host.clone();
    runtime.set_interrupt_handler(Some(Box::new(move || match asked.try_borrow_mut() {
        Ok(mut host) => {
            if cpu::is_over() {
                host.recorder.note("ended: its operations take too much time");
                host.set_steps(0);
            }
            !host.charge(STEPS_OF_A_QUESTION) || !host.runs()
        }
        Err(_) => false,
    })));
    let Ok(context) = Context::full(&runtime) else { return None };
    context.with(|ctx| {
        let Ok(finish) = build(&ctx, host, names) else {
            let problem = problem(&ctx);
            host.borrow_mut().recorder.note(&format!("the world was not built: {problem}"));
            return None;
        };
        let missing = match value {
            Some(value) => {
                *value = last_value(&ctx, source);
                None
            }
            None => script(&ctx, host, source),
        };
        for _ in 0..ROUNDS_MAX {
            while host.borrow().runs() && ctx.execute_pending_job() {}
            if !host.borrow().runs() {
                break;
            }
            match finish.call::<_, bool>(()) {
                Ok(true) => {}
                Ok(false) => break,
                Err(_) => {
                    ctx.catch();
                }
            }
        }
        missing
    })
}

fn build<'js>(ctx: &Ctx<'js>, host: &Shared, names: &[String]) -> rquickjs::Result<Function<'js>> {
    let raw = Object::new(ctx.clone())?;
    bridge::install(ctx, &raw, host)?;
    raw.set("names", names.to_vec())?;
    let build: Function = ctx.eval(PRELUDE)?;
    build.call((raw,))
}

fn last_value(ctx: &Ctx<'_>, source: &str) -> com::Value {
    let mut options = EvalOptions::default();
    options.strict = false;
    let text = rewrite::evals(&rewrite::conditional(source));
    let Ok(value) = ctx.eval_with_options::<Value, _>(text.as_bytes(), options) else {
        ctx.catch();
        return com::Value::Unknown;
    };
    if let Some(text) = value.as_string() {
        com::Value::Text(text.to_string().unwrap_or_default())
    } else if let Some(number) = value.as_number() {
        com::Value::Number(number)
    } else {
        value.as_bool().map_or(com::Value::Unknown, com::Value::Bool)
    }
}

/// Runs the text of the script; the name that ended it.
fn script(ctx: &Ctx<'_>, host: &Shared, source: &str) -> Option<String> {
    let source = rewrite::conditional(source).replace('\0', " ");
    let rewritten = rewrite::evals(&source);
    let options = || {
        let mut options = EvalOptions::default();
        options.strict = false;
        options
    };
    let mut failed = ctx.eval_with_options::<Value, _>(rewritten.as_bytes(), options()).is_err();
    let mut problem_text = if failed { problem(ctx) } else { String::new() };
    if failed && problem_text.starts_with("SyntaxError") && rewritten != source {
        // The mistake may be ours.
        failed = ctx.eval_with_options::<Value, _>(source.as_bytes(), options()).is_err();
        problem_text = if failed { problem(ctx) } else { String::new() };
    }
    if failed
        && problem_text.contains("invalid assignment left-hand side")
        && let Some(written) = rewrite::items(&source)
    {
        let written = rewrite::evals(&written);
        failed = ctx.eval_with_options::<Value, _>(written.as_bytes(), options()).is_err();
        problem_text = if failed { problem(ctx) } else { String::new() };
    }
    if failed && problem_text.starts_with("SyntaxError") {
        // A module: it imports, and waits outside of functions.
        let mut options = options();
        options.promise = true;
        let module = rewrite::evals(&rewrite::module(&source));
        if ctx.eval_with_options::<Value, _>(module.as_bytes(), options).is_ok() {
            return None;
        }
        ctx.catch();
    }
    if !failed || !host.borrow().runs() {
        return None;
    }
    host.borrow_mut().recorder.note(&format!("the script ended with {problem_text:.200}"));
    let name = problem_text.strip_prefix("ReferenceError: ")?.strip_suffix(" is not defined")?;
    Some(name.trim_matches('\'').to_owned())
}

/// What was thrown, on one line.
fn problem(ctx: &Ctx<'_>) -> String {
    let thrown = ctx.catch();
    let text = match thrown.as_object() {
        Some(object) => {
            // Properties of an object of the script may be anything: only plain text is taken.
            let part = |name: &str| object.get::<_, String>(name).unwrap_or_default();
            format!("{}: {}", part("name"), part("message"))
        }
        None => thrown.as_string().and_then(|it| it.to_string().ok()).unwrap_or_default(),
    };
    // A property that was asked for may have thrown, too.
    ctx.catch();
    text.replace(['\r', '\n'], " ")
}
