//! Files of a Perl program, and what it prints.

use super::ast::Expr;
use super::machine::{Done, Handle, Machine, Value, Want, boolean};
use crate::fs::{Access, FileKind};
use crate::limits;
use bytes::Bytes;
use std::sync::Arc;

/// Most open files.
const HANDLES_MAX: usize = 64;

impl Machine<'_> {
    pub(super) fn flush(&mut self) -> Done<()> {
        let bytes = std::mem::take(&mut self.printed);
        if !bytes.is_empty() {
            self.process.print(&bytes)?;
        }
        Ok(())
    }

    fn write_out(&mut self, bytes: &[u8]) -> Done<()> {
        const BUFFER_BYTES: usize = 8_192;
        self.printed.extend_from_slice(bytes);
        let terminal = self.process.fds.at(1).is_some_and(|open| open.is_terminal());
        if terminal || self.printed.len() > BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    pub(super) async fn print(
        &mut self,
        how: &str,
        handle: Option<&Expr>,
        items: &[Expr],
    ) -> Done<Value> {
        let mut values = self.all(items).await?;
        if items.is_empty() {
            values.push(self.scalar_named("_"));
        }
        let name = match handle {
            Some(handle) => handle_name(&self.scalar(handle).await?.text()),
            None => self.selected.clone(),
        };
        self.print_to(how, &name, &values)
    }

    /// Prints values to a handle.
    pub(super) fn print_to(&mut self, how: &str, name: &Bytes, values: &[Value]) -> Done<Value> {
        let mut out = if how == "printf" {
            let form = values.first().cloned().unwrap_or(Value::Undef);
            self.format(&form.text(), values.get(1..).unwrap_or_default())?
        } else {
            let between = self.scalar_named(",").text();
            values.iter().map(Value::text).collect::<Vec<_>>().join(&between[..])
        };
        if how == "say" {
            out.push(b'\n');
        }
        if how != "printf" {
            // `$\`
            let end = self.scalar_named("\\").text();
            out.extend_from_slice(&end);
        }
        self.write_to(name, &out)
    }

    pub(super) fn write_to(&mut self, name: &Bytes, out: &[u8]) -> Done<Value> {
        self.passes_by(0, out.len())?;
        if !self.handles.contains_key(name) {
            match &name[..] {
                b"STDERR" => self.process.error_bytes(out)?,
                b"STDOUT" => self.write_out(out)?,
                _ => return Ok(Value::Undef),
            }
            return Ok(Value::Int(1));
        }
        let memory = match self.handles.get_mut(name) {
            Some(Handle::Writer(fd)) => {
                const FREE: usize = 9;
                let fd = Arc::clone(fd);
                let saved = self.process.swap_fd(FREE, Some(fd));
                let result = self.process.write(FREE, out);
                self.process.fds.set(FREE, saved);
                result?;
                None
            }
            Some(Handle::Pipe(_, held)) => {
                if held.len() + out.len() < limits::PIPE_BYTES {
                    held.extend_from_slice(out);
                }
                None
            }
            Some(Handle::Memory(id)) => Some(*id),
            Some(Handle::Sink) => {
                const ASKED_MAX: usize = 64;
                if let Some((host, port)) = self.peers.get(name)
                    && let Some(url) = crate::commands::fetch::url_of_request(out, host, *port)
                    && self.asked_for.len() < ASKED_MAX
                {
                    self.asked_for.push(url);
                }
                None
            }
            _ => None,
        };
        if let Some(id) = memory {
            let old = self.scalars[id].text();
            let all = [&old[..], out].concat();
            self.passes_by(0, all.len())?;
            self.scalars[id] = Value::str(all);
        }
        Ok(Value::Int(1))
    }

    pub(super) fn set_error(&mut self, text: &str) -> Done<()> {
        self.set_scalar("!", Value::str(text.to_owned()))
    }

    pub(super) async fn read_line(&mut self, name: &str) -> Done<Value> {
        self.flush()?;
        let key = match name.strip_prefix('$') {
            Some(name) => handle_name(&self.scalar_named(name).text()),
            None => handle_name(name.as_bytes()),
        };
        // Files that were named, one after the other.
        if matches!(&key[..], b"" | b"ARGV") {
            return self.argument_line().await;
        }
        self.line_of(&key).await
    }

    async fn argument_line(&mut self) -> Done<Value> {
        let own = Bytes::from_static(b"ARGV");
        loop {
            if self.handles.contains_key(&own) {
                let line = self.line_of(&own).await?;
                if !matches!(line, Value::Undef) {
                    return Ok(line);
                }
                self.handles.remove(&own);
                let id = self.global(b'@', "ARGV")?;
                if self.arrays[id].is_empty() {
                    return Ok(Value::Undef);
                }
            }
            let id = self.global(b'@', "ARGV")?;
            if self.arrays[id].is_empty() {
                return self.line_of(&Bytes::from_static(b"STDIN")).await;
            }
            let path = self.arrays[id].remove(0);
            let variable = self.global(b'$', "ARGV")?;
            self.scalars[variable] = path.clone();
            let view = self.process.view();
            let full = self.process.absolute(&path.text());
            match self.process.fs().read(&view, &full) {
                Ok(text) => {
                    self.handles.insert(own.clone(), Handle::Reader(text));
                }
                Err(error) => {
                    let text = format!("Can't open {}: {}", path.shown(), error.text());
                    self.process.error(&text)?;
                }
            }
        }
    }

    /// A line of a handle; what a line is, `$/` says.
    pub(super) async fn line_of(&mut self, key: &Bytes) -> Done<Value> {
        let end = self.scalar_named("/");
        let block = match &end {
            Value::Scalar(id) => usize::try_from(self.scalars[*id].integer()).ok(),
            _ => None,
        };
        let whole = matches!(end, Value::Undef);
        if let Some(Handle::Reader(rest)) = self.handles.get_mut(key) {
            if rest.is_empty() {
                return Ok(Value::Undef);
            }
            let end = end.text();
            let length = match block {
                Some(block) => block.max(1),
                None if whole => rest.len(),
                None if end.is_empty() => end_of_paragraph(rest),
                None => {
                    let found = rest.windows(end.len()).position(|w| w == &end[..]);
                    found.map_or(rest.len(), |at| at + end.len())
                }
            };
            let line = rest.split_to(length.min(rest.len()));
            let count = self.global(b'$', ".")?;
            self.scalars[count] = Value::Int(self.scalars[count].integer() + 1);
            return Ok(Value::Str(line));
        }
        if &key[..] != b"STDIN" || self.handles.contains_key(key) {
            return Ok(Value::Undef);
        }
        if whole {
            let all = self.process.all_input().await?;
            return Ok(if all.is_empty() { Value::Undef } else { Value::Str(all) });
        }
        let line =
            self.process.read(0, limits::TERMINAL_LINE_BYTES, true).await?.unwrap_or_default();
        let count = self.global(b'$', ".")?;
        self.scalars[count] = Value::Int(self.scalars[count].integer() + 1);
        Ok(if line.is_empty() { Value::Undef } else { Value::Str(line) })
    }

    pub(super) fn file_test(&mut self, test: char, path: &[u8]) -> Value {
        let view = self.process.view();
        if path != b"_" {
            self.tested = Bytes::copy_from_slice(path);
        }
        let full = self.process.absolute(&self.tested);
        let stat = self.process.fs().stat(&view, &full, test != 'l');
        match (test, stat) {
            ('t', _) => boolean(self.process.fds.at(0).is_some_and(|o| o.is_terminal())),
            (_, Err(_)) => Value::Undef,
            ('s', Ok(stat)) => {
                if stat.size > 0 {
                    Value::Int(stat.size as i64)
                } else {
                    boolean(false)
                }
            }
            ('d', Ok(stat)) => boolean(stat.is_dir()),
            ('f', Ok(stat)) => boolean(stat.kind == FileKind::File),
            ('l', Ok(stat)) => boolean(stat.kind == FileKind::Link),
            ('x', Ok(stat)) => boolean(stat.mode & 0o111 != 0),
            ('z', Ok(stat)) => boolean(stat.size == 0),
            ('p' | 'S' | 'b' | 'u' | 'g' | 'k', Ok(_)) => boolean(false),
            ('M' | 'A' | 'C', Ok(_)) => Value::Num(0.5),
            (_, Ok(_)) => boolean(true),
        }
    }

    fn open_file(&mut self, name: Bytes, mode: &str, path: &[u8]) -> Done<Value> {
        let result = match mode {
            ">" | "+>" | ">>" => {
                let access = if mode == ">>" { Access::Append } else { Access::Truncate };
                self.process.capture_before_loss(path);
                self.process.open(path, access).map(Handle::Writer)
            }
            _ => {
                let view = self.process.view();
                let full = self.process.absolute(path);
                self.process.fs().read(&view, &full).map(Handle::Reader)
            }
        };
        match result {
            Ok(handle) => {
                self.handles.insert(name, handle);
                let count = self.global(b'$', ".")?;
                self.scalars[count] = Value::Int(0);
                Ok(Value::Int(1))
            }
            Err(error) => {
                self.set_error(error.text())?;
                Ok(Value::Int(0))
            }
        }
    }

    /// The name of a handle that a function is given: a bare word, or what a variable holds.
    pub(super) async fn handle_of(&mut self, of: Option<&Expr>) -> Done<Bytes> {
        Ok(match of {
            Some(Expr::Call(name, arguments)) if arguments.is_empty() => {
                handle_name(name.as_bytes())
            }
            Some(Expr::Block(_, body)) => {
                let mut values = self.scoped(body, Want::One).await?;
                handle_name(&values.pop().unwrap_or(Value::Undef).text())
            }
            Some(other) => handle_name(&self.scalar(other).await?.text()),
            None => Bytes::new(),
        })
    }

    /// A new handle for a variable, or that of a bare word.
    pub(super) async fn new_handle(&mut self, first: &Expr) -> Done<Bytes> {
        Ok(match first {
            Expr::Call(name, _) => handle_name(name.as_bytes()),
            Expr::Str(name) => handle_name(name),
            Expr::Glob(name) => handle_name(&self.scalar(name).await?.text()),
            Expr::Local(inner) if matches!(**inner, Expr::Glob(_)) => {
                let Expr::Glob(name) = &**inner else { return Ok(Bytes::new()) };
                handle_name(&self.scalar(name).await?.text())
            }
            other => {
                let at = self.place(other).await?;
                let old = self.get(&at);
                if let Value::Str(name) = &old
                    && !name.is_empty()
                    && !name.starts_with(b"*main::$fh")
                {
                    return Ok(handle_name(name));
                }
                self.opened += 1;
                let name = Bytes::from(format!("*main::$fh{}", self.opened));
                self.set(&at, Value::Str(name.clone())).await?;
                name
            }
        })
    }

    pub(super) async fn open(&mut self, arguments: &[Expr]) -> Done<Value> {
        let Some((first, rest)) = arguments.split_first() else { return Ok(Value::Int(0)) };
        if self.handles.len() >= HANDLES_MAX {
            self.set_error("Too many open files")?;
            return Ok(Value::Int(0));
        }
        let rest = self.all(rest).await?;
        let name = self.new_handle(first).await?;
        let rest = if rest.is_empty() {
            // The name of the file is in a variable of the handle's name.
            let shown = String::from_utf8_lossy(&name).into_owned();
            vec![self.scalar_named(&shown)]
        } else {
            rest
        };
        let (mode, path) = match &rest[..] {
            [one] => {
                let text = one.text();
                let text = text.trim_ascii();
                let split = text.iter().position(|b| !b"+<>|&=".contains(b)).unwrap_or(text.len());
                let (mode, path) = text.split_at(split);
                if let Some(command) = path.strip_suffix(b"|") {
                    ("-|".to_owned(), command.to_vec())
                } else {
                    (String::from_utf8_lossy(mode).into_owned(), path.trim_ascii().to_vec())
                }
            }
            [mode, path, ..] => {
                let mode = mode.shown();
                let mode = mode.split(':').next().unwrap_or("").trim().to_owned();
                (mode, path.text().to_vec())
            }
            [] => return Ok(Value::Int(0)),
        };
        let memory = match rest.get(1) {
            Some(Value::Scalar(id)) => Some(*id),
            _ => None,
        };
        match mode.as_str() {
            "-|" if path == b"-" => {
                // A child whose output is read; it is the program itself.
                self.forked = true;
                self.handles.insert(name, Handle::Reader(Bytes::new()));
                Ok(Value::Int(0))
            }
            "-|" => {
                self.flush()?;
                let words = if rest.len() > 2 {
                    rest[1..].iter().map(|it| it.text().to_vec()).collect()
                } else {
                    vec![b"sh".to_vec(), b"-c".to_vec(), path]
                };
                let (status, out) = self.start(words, None, true).await?;
                self.status = i64::from(status) << 8;
                self.handles.insert(name, Handle::Reader(out));
                Ok(Value::Int(self.process.session.system().next_pid().into()))
            }
            "|" | "|-" => {
                let words = if rest.len() > 2 {
                    rest[1..].iter().map(|it| it.text().to_vec()).collect()
                } else {
                    vec![b"sh".to_vec(), b"-c".to_vec(), path]
                };
                self.handles.insert(name, Handle::Pipe(words, Vec::new()));
                Ok(Value::Int(self.process.session.system().next_pid().into()))
            }
            ">&" | "<&" | "+<&" | ">>&" | ">&=" | "<&=" | "+>&" => {
                let of = handle_name(&path);
                if let Some(Handle::Reader(bytes)) = self.handles.get(&of) {
                    let bytes = bytes.clone();
                    self.handles.insert(name, Handle::Reader(bytes));
                }
                Ok(Value::Int(1))
            }
            mode => match memory {
                Some(id) if mode.starts_with('<') => {
                    let text = self.scalars[id].text();
                    self.handles.insert(name, Handle::Reader(text));
                    Ok(Value::Int(1))
                }
                Some(id) => {
                    if mode == ">" {
                        self.scalars[id] = Value::str("");
                    }
                    self.handles.insert(name, Handle::Memory(id));
                    Ok(Value::Int(1))
                }
                None if path == b"-" => Ok(Value::Int(1)),
                None => self.open_file(name, mode, &path),
            },
        }
    }

    pub(super) async fn close(&mut self, name: &Bytes) -> Done<Value> {
        match self.handles.remove(name) {
            Some(Handle::Pipe(words, held)) => {
                self.flush()?;
                let (status, _) = self.start(words, Some(held.into()), false).await?;
                self.status = i64::from(status) << 8;
                Ok(Value::Int(1))
            }
            Some(_) => Ok(Value::Int(1)),
            None => Ok(boolean(false)),
        }
    }

    /// What was written to programs is given to them when the program ends.
    pub(super) async fn close_all(&mut self) -> Done<()> {
        let mut open: Vec<Bytes> = self
            .handles
            .iter()
            .filter(|(_, handle)| matches!(handle, Handle::Pipe(..)))
            .map(|(name, _)| name.clone())
            .collect();
        open.sort();
        for name in open {
            self.close(&name).await?;
        }
        Ok(())
    }

    /// Functions whose first argument is a handle.
    pub(super) async fn handle_function(
        &mut self,
        name: &str,
        arguments: &[Expr],
        want: Want,
    ) -> Done<Vec<Value>> {
        let one = |value: Value| Ok(vec![value]);
        match name {
            "opendir" => {
                let Some(first) = arguments.first() else { return one(Value::Int(0)) };
                let path = match arguments.get(1) {
                    Some(path) => self.scalar(path).await?.text(),
                    None => Bytes::new(),
                };
                let handle = self.new_handle(first).await?;
                let view = self.process.view();
                let full = self.process.absolute(&path);
                return one(match self.process.fs().list(&view, &full) {
                    Ok(names) if self.handles.len() < HANDLES_MAX => {
                        let all = [Bytes::from_static(b"."), Bytes::from_static(b"..")];
                        let mut names: Vec<Bytes> = all.into_iter().chain(names).collect();
                        names.reverse();
                        self.handles.insert(handle, Handle::Folder(names));
                        Value::Int(1)
                    }
                    _ => {
                        self.set_error("No such file or directory")?;
                        Value::Int(0)
                    }
                });
            }
            "pipe" => {
                for argument in arguments {
                    let handle = self.new_handle(argument).await?;
                    self.handles.insert(handle, Handle::Reader(Bytes::new()));
                }
                return one(Value::Int(1));
            }
            "sysopen" => {
                let (Some(first), Some(path)) = (arguments.first(), arguments.get(1)) else {
                    return one(Value::Int(0));
                };
                let path = self.scalar(path).await?.text();
                let flags = match arguments.get(2) {
                    Some(flags) => self.scalar(flags).await?.integer(),
                    None => 0,
                };
                let handle = self.new_handle(first).await?;
                let mode = match flags & 3 {
                    0 => "<",
                    _ if flags & 0o2000 != 0 => ">>",
                    _ => ">",
                };
                return one(self.open_file(handle, mode, &path)?);
            }
            "select" if arguments.len() == 4 => {
                let seconds = self.scalar(&arguments[3]).await?.number().clamp(0.0, 1e9);
                self.flush()?;
                let time = ukai_model::Duration::from_secs_f64(seconds);
                self.process.session.sleep(time).await?;
                return one(Value::Int(0));
            }
            _ => {}
        }
        let handle = self.handle_of(arguments.first()).await?;
        match name {
            "close" | "closedir" => one(self.close(&handle).await?),
            "eof" => {
                let handle = if handle.is_empty() { Bytes::from_static(b"ARGV") } else { handle };
                one(boolean(match self.handles.get(&handle) {
                    Some(Handle::Reader(rest)) => rest.is_empty(),
                    Some(_) => true,
                    None => &handle[..] != b"STDIN",
                }))
            }
            "fileno" => one(match &handle[..] {
                b"STDIN" => Value::Int(0),
                b"STDOUT" => Value::Int(1),
                b"STDERR" => Value::Int(2),
                _ => Value::Int(3),
            }),
            "select" => {
                let before = self.selected.clone();
                if !handle.is_empty() {
                    self.selected = handle;
                }
                one(Value::Str(before))
            }
            "readdir" => {
                let Some(Handle::Folder(names)) = self.handles.get_mut(&handle) else {
                    return one(Value::Undef);
                };
                if want == Want::One {
                    return one(names.pop().map_or(Value::Undef, Value::Str));
                }
                let mut all = std::mem::take(names);
                all.reverse();
                Ok(all.into_iter().map(Value::Str).collect())
            }
            "readline" => {
                if want == Want::One {
                    let shown = String::from_utf8_lossy(&handle).into_owned();
                    return one(if shown.starts_with('*') {
                        self.line_of(&handle).await?
                    } else {
                        self.read_line(&shown).await?
                    });
                }
                let mut lines = Vec::new();
                loop {
                    match self.line_of(&handle).await? {
                        Value::Undef => return Ok(lines),
                        line => lines.push(line),
                    }
                    self.passes_by(1, 0)?;
                }
            }
            "read" | "sysread" | "recv" => {
                let count = match arguments.get(2) {
                    Some(count) => self.scalar(count).await?.integer(),
                    None => 0,
                };
                let offset = match arguments.get(3) {
                    Some(offset) if name != "recv" => self.scalar(offset).await?.integer(),
                    _ => 0,
                };
                let count = usize::try_from(count).unwrap_or(0);
                let part = match self.handles.get_mut(&handle) {
                    Some(Handle::Reader(rest)) => rest.split_to(count.min(rest.len())),
                    None if &handle[..] == b"STDIN" => {
                        let most = count.min(limits::TERMINAL_LINE_BYTES);
                        self.process.read(0, most, false).await?.unwrap_or_default()
                    }
                    _ => Bytes::new(),
                };
                let length = part.len() as i64;
                if let Some(target) = arguments.get(1) {
                    let at = self.place(target).await?;
                    let old = self.get(&at).text();
                    let keep = usize::try_from(offset).unwrap_or(0).min(old.len());
                    let all = [&old[..keep], &part[..]].concat();
                    self.set(&at, Value::str(all)).await?;
                }
                one(Value::Int(length))
            }
            "syswrite" | "send" => {
                let text = match arguments.get(1) {
                    Some(text) => self.scalar(text).await?.text(),
                    None => Bytes::new(),
                };
                let length = match arguments.get(2) {
                    Some(length) if name == "syswrite" => {
                        usize::try_from(self.scalar(length).await?.integer()).unwrap_or(0)
                    }
                    _ => text.len(),
                };
                let text = text.slice(..length.min(text.len()));
                self.write_to(&handle, &text)?;
                one(Value::Int(text.len() as i64))
            }
            "getc" => one(match self.handles.get_mut(&handle) {
                Some(Handle::Reader(rest)) if !rest.is_empty() => Value::Str(rest.split_to(1)),
                _ => Value::Undef,
            }),
            "tell" => one(Value::Int(0)),
            _ => {
                // `seek`, `binmode`, `flock`, `truncate`
                for argument in arguments.iter().skip(1) {
                    self.scalar(argument).await?;
                }
                one(Value::Int(1))
            }
        }
    }
}

/// Length of a paragraph, with the empty lines behind it.
fn end_of_paragraph(rest: &[u8]) -> usize {
    let Some(at) = rest.windows(2).position(|w| w == b"\n\n") else { return rest.len() };
    at + rest[at..].iter().take_while(|b| **b == b'\n').count()
}

/// A handle's name without what says that it is one.
pub(super) fn handle_name(name: &[u8]) -> Bytes {
    if name.starts_with(b"*main::$fh") {
        return Bytes::copy_from_slice(name);
    }
    let name = name.strip_prefix(b"*").unwrap_or(name);
    let name = name.strip_prefix(b"main::").unwrap_or(name);
    Bytes::copy_from_slice(if name == b"-" { b"STDOUT" } else { name })
}
