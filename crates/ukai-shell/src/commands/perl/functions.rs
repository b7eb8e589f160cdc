//! Perl's functions: which does what, and those for texts and numbers.

use super::ast::Expr;
use super::machine::{Done, Machine, Unwind, Value, Want, boolean};
use super::pack::{pack, unpack};
use super::place::Place;
use bytes::Bytes;
use rand::Rng as _;
use std::sync::Arc;
use ukai_model::Duration;

/// Functions that look at `$_` where they are given nothing.
const OF_TOPIC: &[&str] = &[
    "lc",
    "uc",
    "length",
    "chr",
    "ord",
    "int",
    "hex",
    "oct",
    "unlink",
    "ucfirst",
    "abs",
    "eval",
    "lcfirst",
    "quotemeta",
    "sqrt",
    "log",
    "exp",
    "sin",
    "cos",
    "rmdir",
    "mkdir",
    "stat",
    "lstat",
    "readlink",
    "ref",
    "glob",
    "evalbytes",
    "fc",
    "require",
    "chomp",
    "chop",
];

impl Machine<'_> {
    /// A function of Perl's own (or of a module).
    pub(super) async fn function(
        &mut self,
        name: &str,
        arguments: &[Expr],
        want: Want,
    ) -> Done<Vec<Value>> {
        let one = |value: Value| Ok(vec![value]);
        let name =
            name.strip_prefix("CORE::GLOBAL::").or(name.strip_prefix("CORE::")).unwrap_or(name);
        // Those that change what they are given, or do not evaluate it.
        match name {
            "open" => return one(self.open(arguments).await?),
            "opendir" | "close" | "closedir" | "eof" | "fileno" | "binmode" | "seek" | "tell"
            | "truncate" | "flock" | "select" | "readdir" | "rewinddir" | "readline"
            | "sysread" | "read" | "syswrite" | "getc" | "pipe" | "recv" | "send" | "sysopen" => {
                return self.handle_function(name, arguments, want).await;
            }
            "push" | "unshift" | "shift" | "pop" | "splice" => {
                return self.array_function(name, arguments, want).await;
            }
            "keys" | "values" | "each" | "delete" | "exists" => {
                return self.hash_function(name, arguments, want).await;
            }
            "scalar" => {
                let Some(first) = arguments.first() else { return one(Value::Undef) };
                return one(self.scalar(first).await?);
            }
            "defined" => return one(boolean(self.is_defined(arguments.first()).await?)),
            "chomp" | "chop" => return one(self.chopped(name, arguments).await?),
            "undef" => {
                if let Some(first) = arguments.first() {
                    self.undefine(first).await?;
                }
                return one(Value::Undef);
            }
            "local" => return one(Value::Int(1)),
            "return" => {
                let want = self.calls.last().map_or(Want::One, |call| call.want);
                let values = match (want, arguments) {
                    (_, []) if want == Want::All => Vec::new(),
                    (_, []) => vec![Value::Undef],
                    (Want::All, all) => self.all(all).await?,
                    (Want::One, [first @ .., last]) => {
                        for item in first {
                            self.scalar(item).await?;
                        }
                        vec![self.scalar(last).await?]
                    }
                };
                return Err(Unwind::Return(values));
            }
            "next" | "last" | "redo" => {
                let label = match arguments.first() {
                    Some(Expr::Call(name, _)) => Some(Arc::clone(name)),
                    Some(Expr::Str(name)) => Some(String::from_utf8_lossy(name).into()),
                    _ => None,
                };
                return Err(match name {
                    "next" => Unwind::Next(label),
                    "last" => Unwind::Last(label),
                    _ => Unwind::Redo(label),
                });
            }
            "goto" => {
                let target = match arguments.first() {
                    Some(Expr::Call(name, _)) => {
                        self.sub_named(name).map_or(Value::Undef, Value::Code)
                    }
                    Some(other) => self.scalar(other).await?,
                    None => Value::Undef,
                };
                let id = self.array_named("_")?;
                let given = self.arrays[id].clone();
                let want = self.calls.last().map_or(Want::One, |call| call.want);
                let values = self.invoke(&target, given, want).await?;
                return Err(Unwind::Return(values));
            }
            "wantarray" => {
                return one(match self.calls.last().map(|call| call.want) {
                    Some(Want::All) => Value::Int(1),
                    Some(Want::One) => Value::Int(0),
                    None => Value::Undef,
                });
            }
            "split" => {
                let parts = self.split(arguments).await?;
                return if want == Want::One {
                    one(Value::Int(parts.len() as i64))
                } else {
                    Ok(parts)
                };
            }
            "pos" => {
                let place = match arguments.first() {
                    Some(of) => self.place(of).await?,
                    None => Place::Cell(self.scalar_id("_")?),
                };
                let at = self.positions.get(&place).copied();
                return one(at.map_or(Value::Undef, |at| Value::Int(at as i64)));
            }
            // What is replaced is what the variable loses.
            "substr" if let [target, from, count, with] = arguments => {
                let place = self.place(target).await?;
                let text = self.get(&place).text();
                let from = self.scalar(from).await?.integer();
                let count = self.scalar(count).await?.integer();
                let with = self.scalar(with).await?;
                let part = part_of(text.len(), from, Some(count));
                let place = Place::Part(Box::new(place), part.start, part.end);
                self.set(&place, with).await?;
                return one(Value::Str(text.slice(part)));
            }
            "try" => return self.tried(arguments, want).await,
            "bless" if arguments.len() == 1 => {
                let this = self.scalar(&arguments[0]).await?;
                return one(self.bless(&[this]));
            }
            _ => {}
        }
        if let Some(values) = self.by_arguments(name, arguments).await? {
            return Ok(values);
        }
        // One value is asked of what takes one.
        let mut values = match (name, arguments) {
            (
                "lc" | "uc" | "length" | "chr" | "ord" | "int" | "hex" | "oct" | "ucfirst" | "abs"
                | "lcfirst" | "quotemeta" | "sqrt" | "log" | "exp" | "sin" | "cos" | "ref" | "exit"
                | "sleep" | "chdir" | "rmdir" | "readlink" | "rand" | "srand" | "localtime"
                | "gmtime" | "eval" | "caller" | "decode_base64" | "fc" | "inet_ntoa",
                [one],
            ) => vec![self.scalar(one).await?],
            ("index" | "rindex" | "substr" | "sprintf" | "vec" | "atan2", many)
                if name != "sprintf" =>
            {
                let mut values = Vec::with_capacity(many.len());
                for item in many {
                    values.push(self.scalar(item).await?);
                }
                values
            }
            ("join" | "pack", [form, rest @ ..]) => {
                let mut values = vec![self.scalar(form).await?];
                values.extend(self.all(rest).await?);
                values
            }
            ("unpack", [form, text]) => {
                vec![self.scalar(form).await?, self.scalar(text).await?]
            }
            _ => self.all(arguments).await?,
        };
        if arguments.is_empty() && OF_TOPIC.contains(&name) {
            values.push(self.scalar_named("_"));
        }
        if name == "unpack" && values.len() == 1 {
            values.push(self.scalar_named("_"));
        }
        let first = values.first().cloned().unwrap_or(Value::Undef);
        let text = first.text();
        self.passes_by(values.len(), text.len())?;
        if let Some(value) = self.of_text(name, &values, want)? {
            return one(value);
        }
        Ok(vec![match name {
            "exit" | "_exit" | "POSIX::_exit" => {
                return Err(Unwind::Exit((first.integer() & 0xff) as i32));
            }
            "die" | "croak" | "confess" | "Carp::croak" | "Carp::confess" => {
                if first.is_reference() {
                    return Err(Unwind::Die(first));
                }
                let text = values.iter().map(Value::text).collect::<Vec<_>>().concat();
                if text.ends_with(b"\n") {
                    return Err(Unwind::Die(Value::str(text)));
                }
                let text = String::from_utf8_lossy(&text).into_owned();
                return self.die(if text.is_empty() { "Died" } else { &text });
            }
            "warn" | "carp" | "cluck" => return one(self.warned(&values).await?),
            "eval" | "evalbytes" => return self.eval_text(&text, want).await,
            "unpack" => {
                let bytes = values.get(1).map(Value::text).unwrap_or_default();
                let mut found = unpack(&text, &bytes);
                if want == Want::One {
                    found.truncate(1);
                }
                return Ok(found);
            }
            "reverse" if want == Want::All => {
                values.reverse();
                return Ok(values);
            }
            "reverse" => {
                if arguments.is_empty() {
                    values.push(self.scalar_named("_"));
                }
                let mut all = values.iter().map(Value::text).collect::<Vec<_>>().concat();
                all.reverse();
                Value::str(all)
            }
            "sleep" | "usleep" | "nanosleep" | "Time::HiRes::sleep" | "Time::HiRes::usleep" => {
                self.flush()?;
                let unit = if name.ends_with("usleep") {
                    1e6
                } else if name == "nanosleep" {
                    1e9
                } else {
                    1.0
                };
                let seconds = (first.number() / unit).clamp(0.0, 1e9);
                self.process.session.sleep(Duration::from_secs_f64(seconds)).await?;
                Value::Int(first.integer())
            }
            "time" | "Time::HiRes::time" => Value::Int(self.seconds()),
            "localtime" | "gmtime" => return self.moment(&values, want),
            "rand" => {
                let drawn: f64 = self.process.session.system().rng.random();
                Value::Num(drawn * if first.number() == 0.0 { 1.0 } else { first.number() })
            }
            "ref" | "reftype" | "blessed" | "Scalar::Util::blessed" | "Scalar::Util::reftype" => {
                self.kind_of(name, &first)
            }
            "bless" => self.bless(&values),
            "caller" => return self.caller(&values, want),
            "require" => {
                let version = text.first().is_none_or(u8::is_ascii_digit);
                let module = first.shown();
                if let Some(path) = module.strip_suffix(".pm") {
                    self.uses(&path.replace('/', "::"), &[])?;
                } else if text.ends_with(b".pl") || text.contains(&b'/') {
                    return self.do_file(&text, want).await;
                } else if !version {
                    self.uses(&module, &[])?;
                }
                Value::Int(1)
            }
            "do" => return self.do_file(&text, want).await,
            "__PACKAGE__" => Value::str(self.package.to_string()),
            "__FILE__" => Value::str(self.name.clone()),
            "__LINE__" => Value::Int(self.line.into()),
            "STDIN" | "STDOUT" | "STDERR" | "DATA" | "ARGV" => Value::str(name.to_owned()),
            "kill" | "umask" | "srand" | "alarm" | "lock" | "study" | "reset" | "prototype"
            | "dump" | "formline" | "tie" | "untie" | "setpgrp" | "setpriority" | "mlock" => {
                Value::Int(1)
            }
            "getppid" => Value::Int(self.process.own_pid.into()),
            "getpgrp" => Value::Int(self.process.pid.into()),
            _ => {
                if let Some(values) = self.system_function(name, &values, arguments, want).await? {
                    return Ok(values);
                }
                if let Some(values) = self.module_function(name, &values, want).await? {
                    return Ok(values);
                }
                return self.unknown(name, values, arguments.is_empty(), want).await;
            }
        }])
    }

    /// A call that nothing is known of: `AUTOLOAD`, a bare word, or a mistake.
    async fn unknown(
        &mut self,
        name: &str,
        values: Vec<Value>,
        bare: bool,
        want: Want,
    ) -> Done<Vec<Value>> {
        let (package, short) = match name.rsplit_once("::") {
            Some((package, short)) => (package.to_owned(), short),
            None => (self.package.to_string(), name),
        };
        if let Some(values) = self.autoload(&package, short, values, want).await? {
            return Ok(values);
        }
        let word = name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_' || b.is_ascii_digit());
        // A bare word stands for itself.
        if bare && (word || name.len() <= 2 || name.starts_with(|c: char| c.is_ascii_uppercase())) {
            return Ok(vec![Value::str(name.to_owned())]);
        }
        self.die(&format!("Undefined subroutine &{package}::{short} called"))
    }

    pub(super) fn seconds(&self) -> i64 {
        self.process.session.host.clock(self.process.session.now()).secs() as i64
    }

    async fn is_defined(&mut self, of: Option<&Expr>) -> Done<bool> {
        Ok(match of {
            Some(Expr::Call(name, arguments)) if matches!(&arguments[..], [Expr::Array(own)] if &**own == "_") => {
                self.sub_named(name).is_some()
            }
            Some(Expr::SubOf(inner)) => {
                let name = self.scalar(inner).await?;
                matches!(name, Value::Code(_)) || self.sub_named(&name.shown()).is_some()
            }
            Some(Expr::Array(name)) => {
                let id = self.array_named(name)?;
                !self.arrays[id].is_empty()
            }
            Some(Expr::Hash(name)) => {
                let id = self.hash_named(name)?;
                !self.hashes[id].is_empty()
            }
            Some(first) => !matches!(self.scalar(first).await?, Value::Undef),
            None => !matches!(self.scalar_named("_"), Value::Undef),
        })
    }

    async fn undefine(&mut self, of: &Expr) -> Done<()> {
        match of {
            Expr::Array(_) | Expr::Hash(_) | Expr::Deref('@' | '%', _) => {
                self.assign_list(of, &Expr::List(Vec::new())).await?;
            }
            Expr::Call(name, _) => {
                let whole = self.whole(name);
                self.subs.remove(&whole);
            }
            other => self.store(other, Value::Undef).await?,
        }
        Ok(())
    }

    async fn chopped(&mut self, name: &str, arguments: &[Expr]) -> Done<Value> {
        let this = Expr::Scalar("_".into());
        let target = arguments.first().unwrap_or(&this);
        let places: Vec<Place> = if super::evaluate::is_list(target) || arguments.len() > 1 {
            if let Expr::Assign(..) = target {
                vec![self.place(target).await?]
            } else {
                let mut all = Vec::new();
                for argument in arguments {
                    let found = self.aliases(argument).await?;
                    all.extend(found.into_iter().filter_map(|(_, place)| place));
                }
                all
            }
        } else if let Expr::Assign("", left, _) = target
            && super::evaluate::is_list(left)
        {
            self.list(target).await?;
            let of: &Expr = match &**left {
                Expr::My(names, _) if let Some(('@', name)) = names.first() => {
                    &Expr::Array(Arc::clone(name))
                }
                other => other,
            };
            let found = self.aliases(of).await?;
            found.into_iter().filter_map(|(_, place)| place).collect()
        } else {
            vec![self.place(target).await?]
        };
        let mut count = 0;
        let mut last = Value::str("");
        let end = self.scalar_named("/").text();
        for place in places {
            let value = self.get(&place);
            if matches!(value, Value::Undef) {
                continue;
            }
            let text = value.text();
            let cut = if name == "chop" {
                text.len().saturating_sub(1)
            } else if end.is_empty() {
                text.len() - text.iter().rev().take_while(|b| **b == b'\n').count()
            } else {
                text.strip_suffix(&end[..]).unwrap_or(&text).len()
            };
            if cut < text.len() {
                self.set(&place, Value::Str(text.slice(..cut))).await?;
            }
            count += (text.len() - cut) as i64;
            last = Value::Str(text.slice(cut..));
        }
        Ok(if name == "chop" { last } else { Value::Int(count) })
    }

    async fn warned(&mut self, values: &[Value]) -> Done<Value> {
        let mut text = values.iter().map(Value::text).collect::<Vec<_>>().concat();
        if text.is_empty() {
            text = b"Warning: something's wrong".to_vec();
        }
        if !text.ends_with(b"\n") {
            text.extend_from_slice(format!(" at {} line {}.\n", self.name, self.line).as_bytes());
        }
        let handlers = self.hash_named("SIG")?;
        if let code @ Value::Code(_) = self.field(handlers, b"__WARN__") {
            self.invoke(&code, vec![Value::str(text)], Want::One).await?;
            return Ok(Value::Int(1));
        }
        self.process.error_bytes(&text)?;
        Ok(Value::Int(1))
    }

    /// `try { ... } catch { ... };`
    async fn tried(&mut self, arguments: &[Expr], want: Want) -> Done<Vec<Value>> {
        let mut blocks = Vec::new();
        for argument in arguments {
            blocks.extend(self.list(argument).await?);
        }
        let mut blocks = blocks.into_iter().filter(|it| matches!(it, Value::Code(_)));
        let Some(first) = blocks.next() else { return Ok(Vec::new()) };
        self.guards += 1;
        let result = self.invoke(&first, Vec::new(), want).await;
        self.guards -= 1;
        match (result, blocks.next()) {
            (Err(Unwind::Die(error)), Some(catch)) => {
                self.set_scalar("_", error.clone())?;
                self.invoke(&catch, vec![error], want).await
            }
            (Err(Unwind::Die(_)), None) => Ok(Vec::new()),
            (other, _) => other,
        }
    }

    /// `do FILE`
    async fn do_file(&mut self, path: &[u8], want: Want) -> Done<Vec<Value>> {
        let view = self.process.view();
        let full = self.process.absolute(path);
        let Ok(text) = self.process.fs().read(&view, &full) else {
            self.set_error("No such file or directory")?;
            return Ok(vec![Value::Undef]);
        };
        let origin = self.process.fs().origin(&view, &full);
        if origin != Some(crate::fs::Origin::Host) {
            self.process.report_executed(&full, &[b"perl".to_vec(), path.to_vec()], &text);
        }
        self.process.session.step(text.len() as u64 / 64 + 1)?;
        match super::parse::program(&text) {
            Ok(block) => {
                let result = self.evaluated(block, want).await;
                self.caught(result, want)
            }
            Err(_) => Ok(vec![Value::Undef]),
        }
    }

    fn moment(&self, values: &[Value], want: Want) -> Done<Vec<Value>> {
        let at = values.first().map_or_else(|| self.seconds(), Value::integer);
        let at = u64::try_from(at).unwrap_or(0);
        if want == Want::One {
            let text = crate::commands::list::date(at, "%a %b %e %H:%M:%S %Y");
            return Ok(vec![Value::str(text)]);
        }
        let text = crate::commands::list::date(at, "%S %M %H %d %m %Y %w %j");
        let mut parts: Vec<i64> =
            text.split(' ').map(|it| it.trim_start_matches('0').parse().unwrap_or(0)).collect();
        if let [_, _, _, _, month, year, _, day] = &mut parts[..] {
            *month -= 1;
            *year -= 1900;
            *day -= 1;
        }
        parts.push(0);
        Ok(parts.into_iter().map(Value::Int).collect())
    }

    fn kind_of(&self, name: &str, value: &Value) -> Value {
        let class = self.class_of(value);
        if name.ends_with("blessed") {
            return class.map_or(Value::Undef, Value::Str);
        }
        if name == "ref"
            && let Some(class) = class
        {
            return Value::Str(class);
        }
        Value::str(match value {
            Value::Array(_) => "ARRAY",
            Value::Hash(_) => "HASH",
            Value::Code(_) => "CODE",
            Value::Scalar(id) if self.scalars.get(*id).is_some_and(Value::is_reference) => "REF",
            Value::Scalar(_) => "SCALAR",
            Value::Str(text) if text.starts_with(b"*main::$fh") => "GLOB",
            Value::Str(text) if text.starts_with(b"(?^") => "Regexp",
            _ => "",
        })
    }

    fn caller(&self, values: &[Value], want: Want) -> Done<Vec<Value>> {
        let level = values.first().map_or(0, Value::integer);
        let at =
            usize::try_from(level).ok().and_then(|level| self.calls.len().checked_sub(level + 1));
        let Some(call) = at.and_then(|at| self.calls.get(at)) else {
            return Ok(if want == Want::One { vec![Value::Undef] } else { Vec::new() });
        };
        if want == Want::One {
            return Ok(vec![Value::str(call.package.to_string())]);
        }
        let sub = if call.name.contains("::") || &*call.name == "(eval)" {
            call.name.to_string()
        } else {
            format!("{}::{}", self.package, call.name)
        };
        Ok(vec![
            Value::str(call.package.to_string()),
            Value::str(self.name.clone()),
            Value::Int(call.line.into()),
            Value::str(sub),
        ])
    }

    /// Functions of texts and numbers, which need nothing else.
    fn of_text(&mut self, name: &str, values: &[Value], want: Want) -> Done<Option<Value>> {
        let first = values.first().cloned().unwrap_or(Value::Undef);
        let text = first.text();
        let number = |at: usize| values.get(at).map_or(0, Value::integer);
        let _ = want;
        Ok(Some(match name {
            "join" => {
                let parts: Vec<Bytes> = values.iter().skip(1).map(Value::text).collect();
                self.passes_by(0, parts.iter().map(|p| p.len() + text.len()).sum())?;
                Value::str(parts.join(&text[..]))
            }
            "lc" | "fc" => Value::str(text.to_ascii_lowercase()),
            "uc" => Value::str(text.to_ascii_uppercase()),
            "ucfirst" | "lcfirst" => {
                let mut out = text.to_vec();
                if let Some(b) = out.first_mut() {
                    *b = if name == "ucfirst" {
                        b.to_ascii_uppercase()
                    } else {
                        b.to_ascii_lowercase()
                    };
                }
                Value::str(out)
            }
            "length" if matches!(first, Value::Undef) => Value::Undef,
            "length" => Value::Int(text.len() as i64),
            "chr" => Value::str(letter(first.integer())),
            "ord" => Value::Int(code(&text)),
            "hex" | "oct" => radix(name, &text),
            "int" => match first {
                Value::Int(_) | Value::Large(_) => first,
                other => Value::of_number(other.number().trunc()),
            },
            "abs" => match first {
                Value::Int(n) => Value::Int(n.saturating_abs()),
                other => Value::of_number(other.number().abs()),
            },
            "sqrt" if first.number() < 0.0 => {
                return self.die(&format!("Can't take sqrt of {}", first.shown()));
            }
            "log" if first.number() <= 0.0 => {
                return self.die(&format!("Can't take log of {}", first.shown()));
            }
            "sqrt" => Value::of_number(first.number().sqrt()),
            "sin" => Value::of_number(first.number().sin()),
            "cos" => Value::of_number(first.number().cos()),
            "exp" => Value::of_number(first.number().exp()),
            "log" => Value::of_number(first.number().ln()),
            "atan2" => {
                let second = values.get(1).map_or(0.0, Value::number);
                Value::of_number(first.number().atan2(second))
            }
            "substr" => {
                let count = values.get(2).filter(|it| !matches!(it, Value::Undef));
                let from = number(1);
                if from > text.len() as i64 {
                    return Ok(Some(Value::Undef));
                }
                Value::Str(text.slice(part_of(text.len(), from, count.map(Value::integer))))
            }
            "index" | "rindex" => {
                let part = values.get(1).map(Value::text).unwrap_or_default();
                self.passes_by(0, text.len())?;
                let from = values.get(2).map(Value::integer);
                Value::Int(found_at(name, &text, &part, from))
            }
            "sprintf" => {
                let out = self.format(&text, values.get(1..).unwrap_or_default())?;
                Value::str(out)
            }
            "pack" => Value::str(pack(&text, values.get(1..).unwrap_or_default())),
            "vec" => {
                let bits = u32::try_from(number(2)).unwrap_or(0);
                Value::of_bits(bits_at(&text, number(1), bits))
            }
            "quotemeta" => Value::str(quoted(&text)),
            "crypt" => {
                let salt = values.get(1).map(Value::shown).unwrap_or_default();
                self.process.session.step(400)?;
                pwhash::unix::crypt(&text[..], &salt).map_or(Value::Undef, Value::str)
            }
            _ => return Ok(None),
        }))
    }
}

/// Marks before all that is no letter.
pub(super) fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for b in text {
        if !b.is_ascii_alphanumeric() && *b != b'_' && b.is_ascii() {
            out.push(b'\\');
        }
        out.push(*b);
    }
    out
}

/// The bytes of a letter with a number.
pub(super) fn letter(number: i64) -> Vec<u8> {
    match u8::try_from(number) {
        Ok(byte) => vec![byte],
        Err(_) => {
            let letter = u32::try_from(number).ok().and_then(char::from_u32);
            letter.unwrap_or('\u{fffd}').to_string().into_bytes()
        }
    }
}

/// The number of the first letter: of one beyond bytes, where there is one.
fn code(text: &[u8]) -> i64 {
    text.first().copied().unwrap_or(0).into()
}

/// `hex` and `oct`.
fn radix(name: &str, text: &[u8]) -> Value {
    let shown: String =
        String::from_utf8_lossy(text).trim().chars().filter(|c| *c != '_').collect();
    let shown = shown.to_lowercase();
    let (radix, digits) = if name == "hex" {
        (16, shown.strip_prefix("0x").or(shown.strip_prefix('x')).unwrap_or(&shown))
    } else if let Some(rest) = shown.strip_prefix("0x").or(shown.strip_prefix('x')) {
        (16, rest)
    } else if let Some(rest) = shown.strip_prefix("0b").or(shown.strip_prefix('b')) {
        (2, rest)
    } else {
        (8, shown.strip_prefix("0o").or(shown.strip_prefix('o')).unwrap_or(&shown))
    };
    let digits: String = digits.chars().take_while(|c| c.is_digit(radix)).collect();
    Value::of_bits(u64::from_str_radix(&digits, radix).unwrap_or(if digits.is_empty() {
        0
    } else {
        u64::MAX
    }))
}

fn found_at(name: &str, text: &[u8], part: &[u8], from: Option<i64>) -> i64 {
    let last = text.len();
    if name == "index" {
        let from = usize::try_from(from.unwrap_or(0)).unwrap_or(0).min(last);
        if part.is_empty() {
            return from as i64;
        }
        let found = text[from..].windows(part.len()).position(|w| w == part);
        return found.map_or(-1, |at| (at + from) as i64);
    }
    let from = from.unwrap_or(last as i64);
    if from < 0 {
        return if part.is_empty() { 0 } else { -1 };
    }
    let from = usize::try_from(from).unwrap_or(last).min(last);
    if part.is_empty() {
        return from as i64;
    }
    let end = from.saturating_add(part.len()).min(last);
    text[..end].windows(part.len()).rposition(|w| w == part).map_or(-1, |at| at as i64)
}

/// `vec`: bits of a text, as a number.
pub(super) fn bits_at(text: &[u8], at: i64, bits: u32) -> u64 {
    let Ok(at) = usize::try_from(at) else { return 0 };
    match bits {
        1 | 2 | 4 => {
            let each = (8 / bits) as usize;
            let byte = text.get(at / each).copied().unwrap_or(0);
            let place = (at % each) as u32 * bits;
            u64::from(byte >> place) & ((1 << bits) - 1)
        }
        8 | 16 | 32 | 64 => {
            let width = (bits / 8) as usize;
            let start = at.saturating_mul(width);
            let Some(bytes) = text.get(start..start.saturating_add(width)) else { return 0 };
            bytes.iter().fold(0, |number, b| number << 8 | u64::from(*b))
        }
        _ => 0,
    }
}

/// The bytes of a text that `substr` means.
pub(super) fn part_of(length: usize, from: i64, count: Option<i64>) -> std::ops::Range<usize> {
    let length = length as i64;
    let begin = if from < 0 { length.saturating_add(from) } else { from };
    let to = match count {
        Some(count) if count < 0 => length.saturating_add(count),
        Some(count) => begin.saturating_add(count),
        None => length,
    };
    let begin = begin.clamp(0, length);
    begin as usize..to.clamp(begin, length) as usize
}
