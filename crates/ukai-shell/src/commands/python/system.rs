//! What Python programs do to the system: `os`, `subprocess`, `pty`, `socket`.

use super::builtins::{Named, by_name};
use super::run::{Done, Machine, Unwind};
use super::value::{Native, Object, Raised, Value};
use crate::fs::{Attributes, FileKind};
use crate::io::{Fd, Open};
use crate::limits;
use bytes::Bytes;
use std::sync::Arc;
use ukai_model::Duration;

/// What real libraries' tracebacks look like, by name (Debian 12: Python 3.11.2,
/// requests 2.28.1).
static TRACEBACKS: &str = include_str!("tracebacks.txt");

/// Frames of a library, by name.
pub(super) fn library(name: &str) -> &'static str {
    let mut rest = TRACEBACKS;
    while let Some(at) = rest.find("== ") {
        let body = &rest[at + 3..];
        let (key, text) = body.split_once('\n').unwrap_or((body, ""));
        let end = text.find("== ").unwrap_or(text.len());
        if key == name {
            return &text[..end];
        }
        rest = &text[end..];
    }
    ""
}

/// What a program is started with.
#[derive(Default)]
struct Streams {
    input: Option<Fd>,
    output: Option<Fd>,
    errors: Option<Fd>,
}

impl Machine<'_> {
    /// Starts a program (or what a shell is given) and waits for it.
    async fn start(&mut self, words: Vec<Vec<u8>>, streams: Streams) -> Done<i32> {
        self.process.enter()?;
        self.process.session.started(&words, "python3");
        let mut child = self.process.fork();
        for (fd, open) in [(0, streams.input), (1, streams.output), (2, streams.errors)] {
            if let Some(open) = open {
                child.fds.set(fd, Some(open));
            }
        }
        let result = Box::pin(child.program(words)).await;
        let status = Box::pin(child.ended(result)).await?;
        self.process.depth -= 1;
        Ok(status)
    }

    /// What a program that is a shell is given to read, once it runs already.
    pub(super) async fn fed(&mut self, id: super::value::Id, text: &[u8]) -> Done<()> {
        let feeds = matches!(self.objects[id].field("feeds"), Some(Value::Bool(true)));
        if feeds && !text.trim_ascii().is_empty() {
            self.shell(text, Streams::default()).await?;
        }
        Ok(())
    }

    async fn shell(&mut self, text: &[u8], streams: Streams) -> Done<i32> {
        let words = vec![b"sh".to_vec(), b"-c".to_vec(), text.to_vec()];
        self.start(words, streams).await
    }

    /// The words of a program's command line; a text alone is the program's name.
    async fn words(&mut self, value: &Value) -> Done<Vec<Vec<u8>>> {
        if let Some(bytes) = value.raw() {
            return Ok(vec![bytes.to_vec()]);
        }
        let mut words = Vec::new();
        for item in self.items(value).await? {
            match item.raw() {
                Some(bytes) => words.push(bytes.to_vec()),
                None if self.method_of(&item, "__fspath__").is_some() => {
                    words.push(self.any_text(&item).await?.into_bytes());
                }
                None if self.goes_on => words.push(self.text(&item)?.into_bytes()),
                None => {
                    let class = self.type_name(&item);
                    let text = format!("expected str, bytes or os.PathLike object, not {class}");
                    return Err(self.raise("TypeError", text));
                }
            }
        }
        Ok(words)
    }

    /// Whether a program can be started, and if not, what the system says.
    fn startable(&self, name: &[u8]) -> Result<(), crate::fs::FsError> {
        let Some(path) = self.process.find_program(name) else {
            return Err(crate::fs::FsError::NotFound);
        };
        let stat = self.process.fs().stat(&self.process.view(), &path, true)?;
        if stat.kind != FileKind::File || stat.mode & 0o111 == 0 {
            return Err(crate::fs::FsError::Permission);
        }
        Ok(())
    }

    /// A stream of a new program, as `subprocess` is told: a collector where the program
    /// wants to read it.
    fn stream_for(&mut self, value: Option<&Value>) -> (Option<Fd>, Option<Fd>) {
        match value {
            Some(Value::Int(-1)) => {
                let open = Open::collector();
                (Some(Arc::clone(&open)), Some(open))
            }
            Some(Value::Int(-3)) => (Some(Arc::new(Open::Null)), None),
            Some(Value::Int(fd)) => {
                let fd = usize::try_from(*fd).ok().and_then(|fd| self.process.fds.at(fd).cloned());
                (fd, None)
            }
            Some(Value::Object(id)) => match &self.objects[*id].native {
                Native::Writer { fd, .. } => (Some(Arc::clone(fd)), None),
                Native::Stream(fd) => (self.process.fds.at(*fd).cloned(), None),
                Native::Reader { bytes, place, .. } => {
                    (Some(Open::bytes(bytes.slice(*place..))), None)
                }
                _ => (None, None),
            },
            _ => (None, None),
        }
    }

    pub(super) async fn subprocess(
        &mut self,
        how: &str,
        arguments: Vec<Value>,
        named: Named,
    ) -> Done<Value> {
        let Some(what) = arguments.first().cloned().or_else(|| by_name(&named, "args")) else {
            let text = "Popen.__init__() missing 1 required positional argument: 'args'";
            return Err(self.raise("TypeError", text));
        };
        let shell = by_name(&named, "shell").is_some_and(|v| self.truth(&v))
            || matches!(how, "getoutput" | "getstatusoutput");
        let words = self.words(&what).await?;
        let capture = by_name(&named, "capture_output").is_some_and(|v| self.truth(&v))
            || matches!(how, "check_output" | "getoutput" | "getstatusoutput");
        let pipe = Value::Int(-1);
        let wanted = |name: &str| by_name(&named, name);
        let (output, collected) =
            self.stream_for(wanted("stdout").as_ref().or(capture.then_some(&pipe)));
        let (mut errors, mut error_bytes) = (None, None);
        match wanted("stderr") {
            Some(Value::Int(-2)) => {
                errors = output.clone().or_else(|| self.process.fds.at(1).cloned());
            }
            other if how == "run" || how == "Popen" || other.is_some() => {
                let all = capture && how == "run";
                (errors, error_bytes) = self.stream_for(other.as_ref().or(all.then_some(&pipe)));
            }
            _ if matches!(how, "getoutput" | "getstatusoutput") => errors.clone_from(&output),
            _ => {}
        }
        let input = match (wanted("input").and_then(|v| v.raw()), wanted("stdin")) {
            (Some(bytes), _) => Some(Open::bytes(bytes)),
            (None, Some(Value::Int(-1))) => Some(Arc::new(Open::Null)),
            (None, other) => self.stream_for(other.as_ref()).0,
        };
        let streams = Streams { input, output, errors };
        let name = words.first().map(|word| crate::eval::base_name(word).to_vec());
        let feeds =
            name.is_some_and(|name| matches!(&name[..], b"sh" | b"bash" | b"dash" | b"ash"));
        let before = Arc::clone(&self.process.directory);
        if let Some(path) = wanted("cwd").and_then(|v| v.raw()) {
            self.change_directory(&path)?;
        }
        let status = if shell {
            let text = words.first().cloned().unwrap_or_default();
            self.shell(&text, streams).await
        } else {
            let name = words.first().cloned().unwrap_or_default();
            match self.startable(&name) {
                Ok(()) => self.start(words, streams).await,
                // Another system's program is told of, where that is what it is about.
                Err(_) if self.goes_on => {
                    self.process.session.started(&words, "python3");
                    Ok(0)
                }
                Err(error) => {
                    let name = Value::str(String::from_utf8_lossy(&name));
                    let unwind = self.os_error(error, Some(name));
                    Err(self.after(unwind, library(&format!("subprocess.{how} absent"))))
                }
            }
        };
        self.process.directory = before;
        let status = status?;
        // A signal is a negative status.
        let status = if status > 128 && !shell { 128 - status } else { status };
        let output = collected.map(|c| Bytes::from(c.collected()));
        let errors = error_bytes.map(|c| Bytes::from(c.collected()));
        let text_mode = ["text", "universal_newlines", "encoding"]
            .iter()
            .any(|name| wanted(name).is_some_and(|v| self.truth(&v)));
        let checked = matches!(how, "check_call" | "check_output")
            || wanted("check").is_some_and(|v| self.truth(&v));
        if checked && status != 0 {
            let shown = self.repr(&what)?;
            let shown = if matches!(what, Value::Str(_)) { shown } else { format!("'{shown}'") };
            let text = format!("Command {shown} returned non-zero exit status {status}.");
            let unwind = self.raise("subprocess.CalledProcessError", text);
            return Err(self.after(unwind, library(&format!("subprocess.{how} failed"))));
        }
        match how {
            "call" | "check_call" => Ok(Value::Int(status.into())),
            "check_output" => {
                let bytes = output.unwrap_or_default();
                Ok(if text_mode {
                    Value::str(String::from_utf8_lossy(&bytes))
                } else {
                    Value::Bytes(bytes)
                })
            }
            "getoutput" | "getstatusoutput" => {
                let bytes = output.unwrap_or_default();
                let text = String::from_utf8_lossy(&bytes);
                let text = Value::str(text.strip_suffix('\n').unwrap_or(&text));
                Ok(if how == "getoutput" {
                    text
                } else {
                    Value::tuple(vec![Value::Int(status.into()), text])
                })
            }
            _ => {
                let class =
                    if how == "run" { "subprocess.CompletedProcess" } else { "subprocess.Popen" };
                let native = Native::Program { output, errors, status };
                let mut object = Object::own(class, native).with("args", what);
                if text_mode {
                    object = object.with("text_mode", Value::Bool(true));
                }
                if matches!(wanted("stdin"), Some(Value::Int(-1))) && how == "Popen" {
                    let feeds = Value::Bool(feeds);
                    let input =
                        Object::own("subprocess.Input", Native::None).with("feeds", feeds.clone());
                    let input = self.object(input)?;
                    object = object.with("feeds", feeds).with("stdin", input);
                }
                self.object(object)
            }
        }
    }

    /// Adds a library's frames to an exception.
    pub(super) fn after(&mut self, unwind: Unwind, frames: &str) -> Unwind {
        if let Unwind::Raise(id) = &unwind
            && let Some(raised) = &mut self.objects[*id].raised
        {
            frames.clone_into(&mut raised.after);
        }
        unwind
    }

    /// `exec`: the program takes this one's place.
    async fn replace(&mut self, words: Vec<Vec<u8>>, name: &str) -> Done<Value> {
        let program = words.first().cloned().unwrap_or_default();
        if let Err(error) = self.startable(&program) {
            let unwind = self.os_error(error, None);
            return Err(self.after(unwind, library(name)));
        }
        self.printed.clear();
        let status = self.start(words, Streams::default()).await?;
        Err(Unwind::Exit(status))
    }

    fn change_directory(&mut self, path: &[u8]) -> Done<()> {
        let view = self.process.view();
        let full = self.process.absolute(path);
        let shown = Some(Value::str(String::from_utf8_lossy(path)));
        match self.process.fs().stat(&view, &full, true) {
            Ok(stat) if stat.is_dir() => {
                let real = self.process.fs().real_path(&view, &full).unwrap_or(full);
                self.process.directory = Arc::new(real);
                Ok(())
            }
            Ok(_) => Err(self.os_error(crate::fs::FsError::NotDirectory, shown)),
            Err(error) => Err(self.os_error(error, shown)),
        }
    }

    pub(super) async fn os(
        &mut self,
        name: &str,
        arguments: Vec<Value>,
        named: &Named,
    ) -> Done<Value> {
        let first = arguments.first().cloned().unwrap_or(Value::None);
        let path = first.raw().unwrap_or_default();
        let second = arguments.get(1).cloned();
        let number = |at: usize| arguments.get(at).and_then(Value::integer);
        let view = self.process.view();
        let full = self.process.absolute(&path);
        let checked = |machine: &mut Self, result: Result<(), crate::fs::FsError>| match result {
            Ok(()) => Ok(Value::None),
            Err(error) => Err(machine.os_error(error, Some(first.clone()))),
        };
        match name {
            "system" => {
                let status = self.shell(&path, Streams::default()).await?;
                Ok(Value::Int(if status > 128 {
                    (status - 128).into()
                } else {
                    i128::from(status) << 8
                }))
            }
            "popen" => {
                let output = Open::collector();
                let streams = Streams { output: Some(Arc::clone(&output)), ..Streams::default() };
                self.shell(&path, streams).await?;
                let native =
                    Native::Reader { bytes: output.collected().into(), place: 0, text: true };
                self.object(Object::own("os._wrap_close", native))
            }
            "execl" | "execlp" | "execle" | "execv" | "execve" | "execvp" | "execvpe" => {
                let mut words = if name.starts_with("execl") {
                    let all: Vec<Value> = arguments.iter().skip(1).cloned().collect();
                    let items =
                        Value::tuple(all.into_iter().filter(|v| v.raw().is_some()).collect());
                    self.words(&items).await?
                } else {
                    self.words(&second.unwrap_or(Value::None)).await?
                };
                match words.first_mut() {
                    Some(word) => path.clone_into_vec(word),
                    None => words.push(path.to_vec()),
                }
                let key =
                    if name.starts_with("execl") { "os.execl absent" } else { "os.execvp absent" };
                self.replace(words, key).await
            }
            "spawnv" | "spawnvp" | "spawnve" | "spawnvpe" => {
                let words = self.words(&arguments.get(2).cloned().unwrap_or(Value::None)).await?;
                let status = self.start(words, Streams::default()).await?;
                Ok(Value::Int(status.into()))
            }
            "posix_spawn" | "posix_spawnp" => {
                let words = self.words(&second.unwrap_or(Value::None)).await?;
                self.start(words, Streams::default()).await?;
                Ok(Value::Int(self.process.session.system().next_pid().into()))
            }
            "spawnl" | "spawnlp" | "spawnle" | "spawnlpe" => {
                let all = Value::tuple(arguments.iter().skip(2).cloned().collect());
                let words = self.words(&all).await?;
                let status = self.start(words, Streams::default()).await?;
                Ok(Value::Int(status.into()))
            }
            "getcwd" => Ok(Value::str(String::from_utf8_lossy(&self.process.directory))),
            "chdir" => {
                self.change_directory(&path)?;
                Ok(Value::None)
            }
            "listdir" => {
                let full = if arguments.is_empty() { self.process.absolute(b".") } else { full };
                match self.process.fs().list(&view, &full) {
                    Ok(names) => {
                        let names = names.iter().map(|n| Value::str(String::from_utf8_lossy(n)));
                        let names = names.collect();
                        self.list(names)
                    }
                    Err(error) => Err(self.os_error(error, Some(first))),
                }
            }
            "mkdir" => {
                let mode = number(1).unwrap_or(0o777) as u16 & !self.process.umask;
                let result = self.process.fs().mkdir(&view, &full, mode);
                checked(self, result)
            }
            "makedirs" => {
                let mut so_far = Vec::new();
                let mut result = Ok(());
                for part in full.split(|b| *b == b'/').filter(|p| !p.is_empty()) {
                    self.process.session.step(1)?;
                    so_far.push(b'/');
                    so_far.extend_from_slice(part);
                    result = self.process.fs().mkdir(&view, &so_far, 0o777 & !self.process.umask);
                }
                let lenient = by_name(named, "exist_ok").is_some_and(|v| self.truth(&v));
                if lenient && result == Err(crate::fs::FsError::Exists) {
                    result = Ok(());
                }
                checked(self, result).map_err(|unwind| self.after(unwind, library("os.makedirs")))
            }
            "remove" | "unlink" => {
                self.process.capture_before_loss(&path);
                let result = self.process.fs().unlink(&view, &full);
                checked(self, result)
            }
            "rmdir" => {
                let result = self.process.fs().rmdir(&view, &full);
                checked(self, result)
            }
            "rename" | "replace" | "symlink" | "link" => {
                let to = second.as_ref().and_then(Value::raw).unwrap_or_default();
                let to = self.process.absolute(&to);
                let result = match name {
                    "symlink" => self.process.fs().symlink(&view, &path, &to),
                    "link" => self.process.fs().hard_link(&view, &full, &to),
                    _ => self.process.fs().rename(&view, &full, &to),
                };
                checked(self, result)
            }
            "chmod" => {
                let mode = number(1).unwrap_or(0o644) as u16 & 0o7777;
                let change = Attributes { mode: Some(mode), ..Attributes::default() };
                let result = self.process.fs().set_attributes(&view, &full, &change);
                checked(self, result)
            }
            "readlink" => match self.process.fs().read_link(&view, &full) {
                Ok(target) => Ok(Value::str(String::from_utf8_lossy(&target))),
                Err(error) => Err(self.os_error(error, Some(first))),
            },
            "stat" | "lstat" => match self.process.fs().stat(&view, &full, name == "stat") {
                Ok(stat) => {
                    let object = Object::own("os.stat_result", Native::None)
                        .with("st_mode", Value::Int(stat.st_mode().into()))
                        .with("st_size", Value::Int(stat.size.into()))
                        .with("st_uid", Value::Int(stat.uid.into()))
                        .with("st_gid", Value::Int(stat.gid.into()))
                        .with("st_nlink", Value::Int(stat.links.into()))
                        .with("st_mtime", Value::Float(stat.mtime as f64));
                    self.object(object)
                }
                Err(error) => Err(self.os_error(error, Some(first))),
            },
            "access" => {
                let wanted = number(1).unwrap_or(0);
                let found = self.process.fs().stat(&view, &full, true);
                let fits = |s: &crate::fs::Stat| wanted & 1 == 0 || s.mode & 0o111 != 0;
                Ok(Value::Bool(found.is_ok_and(|s| fits(&s))))
            }
            "getenv" => Ok(match self.process.variable(&path) {
                Some(value) => Value::str(String::from_utf8_lossy(&value)),
                None => second.unwrap_or(Value::None),
            }),
            "putenv" => {
                let value = second.and_then(|v| v.raw()).unwrap_or_default();
                self.set_environment(&path, value)?;
                Ok(Value::None)
            }
            "startfile" => {
                self.reached_url(&String::from_utf8_lossy(&path)).await?;
                self.process.session.started(&[path.to_vec()], "python3");
                Ok(Value::None)
            }
            "fsencode" => Ok(Value::Bytes(path)),
            "fsdecode" => Ok(Value::str(String::from_utf8_lossy(&path))),
            "getpid" => Ok(Value::Int(self.process.pid.into())),
            "getppid" => Ok(Value::Int(self.process.own_pid.into())),
            "getuid" | "geteuid" => Ok(Value::Int(self.process.uid.into())),
            "getgid" | "getegid" => Ok(Value::Int(self.process.gid.into())),
            "getpgid" => Ok(Value::Int(self.process.pid.into())),
            "setuid" => {
                if self.process.uid != 0 {
                    return Err(self.raise_with(
                        "PermissionError",
                        vec![Value::Int(1), Value::str("Operation not permitted")],
                        Raised::default(),
                    ));
                }
                self.process.uid = number(0).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
                Ok(Value::None)
            }
            // The child goes on here, as a program in the background would; its parent
            // is over.
            "fork" => {
                let child = !self.forked;
                self.forked = true;
                let pid = self.process.session.system().next_pid();
                Ok(Value::Int(if child { 0 } else { pid.into() }))
            }
            "_exit" => Err(Unwind::Exit((number(0).unwrap_or(0) & 0xff) as i32)),
            "uname" => {
                let host = Arc::clone(&self.process.session.host);
                let persona = &host.persona;
                let object = Object::own("posix.uname_result", Native::None)
                    .with("sysname", Value::str("Linux"))
                    .with("nodename", Value::str(self.process.fs().hostname()))
                    .with("release", Value::str(persona.kernel.release.as_str()))
                    .with("version", Value::str(persona.kernel.version.as_str()))
                    .with("machine", Value::str(persona.machine.uname.as_str()));
                self.object(object)
            }
            "getlogin" => {
                if self.process.session.login.terminal.is_none() {
                    let text = Value::str("No such device or address");
                    let raised = Raised::default();
                    return Err(self.raise_with("OSError", vec![Value::Int(6), text], raised));
                }
                Ok(Value::str(self.process.session.login.user.as_str()))
            }
            "cpu_count" => {
                Ok(Value::Int(self.process.session.host.persona.machine.processors.into()))
            }
            "urandom" => {
                let count = usize::try_from(number(0).unwrap_or(0)).unwrap_or(0);
                self.costs(0, count)?;
                let mut bytes = vec![0; count];
                rand::Rng::fill(&mut self.process.session.system().rng, &mut bytes[..]);
                Ok(Value::Bytes(bytes.into()))
            }
            "dup2" | "dup" => {
                // What would stand on a socket stands on what was there.
                let from = number(0).and_then(|n| usize::try_from(n).ok());
                let to = number(1).and_then(|n| usize::try_from(n).ok());
                if let (Some(from), Some(to)) = (from, to)
                    && let Some(open) = self.process.fds.at(from).cloned()
                {
                    self.process.fds.set(to, Some(open));
                }
                Ok(Value::Int(number(1).unwrap_or(3)))
            }
            "write" => {
                let bytes = second.and_then(|v| v.raw()).unwrap_or_default();
                let fd = number(0).and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
                self.process.write(fd, &bytes)?;
                Ok(Value::Int(bytes.len() as i128))
            }
            "kill" | "killpg" => {
                let text = format!("kill -{} {}", number(1).unwrap_or(15), number(0).unwrap_or(0));
                let streams = Streams { errors: Some(Arc::new(Open::Null)), ..Streams::default() };
                if self.shell(text.as_bytes(), streams).await? != 0 {
                    let text = Value::str("No such process");
                    let arguments = vec![Value::Int(3), text];
                    return Err(self.raise_with(
                        "ProcessLookupError",
                        arguments,
                        Raised::default(),
                    ));
                }
                Ok(Value::None)
            }
            "walk" => self.walk(&path, &full),
            "umask" => {
                let old = self.process.umask;
                self.process.umask = number(0).unwrap_or(0o022) as u16 & 0o777;
                Ok(Value::Int(old.into()))
            }
            "isatty" => {
                let fd = number(0).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
                Ok(Value::Bool(self.process.fds.at(fd).is_some_and(|o| o.is_terminal())))
            }
            "waitpid" | "wait" => Ok(Value::tuple(vec![Value::Int(0), Value::Int(0)])),
            "nice" => Ok(Value::Int(0)),
            _ => Ok(Value::None),
        }
    }

    fn walk(&mut self, path: &[u8], full: &[u8]) -> Done<Value> {
        const FOLDERS_MAX: usize = 2_000;
        let view = self.process.view();
        let mut open = vec![(path.to_vec(), full.to_vec())];
        let mut rows = Vec::new();
        while let Some((shown, full)) = open.pop() {
            self.process.session.step(4)?;
            if rows.len() > FOLDERS_MAX {
                break;
            }
            let Ok(names) = self.process.fs().list(&view, &full) else { continue };
            let (mut folders, mut files) = (Vec::new(), Vec::new());
            for name in names {
                let path = [&full[..], b"/", &name].concat();
                let text = Value::str(String::from_utf8_lossy(&name));
                match self.process.fs().stat(&view, &path, false) {
                    Ok(stat) if stat.is_dir() => {
                        open.push(([&shown[..], b"/", &name].concat(), path));
                        folders.push(text);
                    }
                    _ => files.push(text),
                }
            }
            let (folders, files) = (self.list(folders)?, self.list(files)?);
            rows.push(Value::tuple(vec![
                Value::str(String::from_utf8_lossy(&shown)),
                folders,
                files,
            ]));
        }
        self.list(rows)
    }

    pub(super) fn os_path(&mut self, name: &str, arguments: &[Value]) -> Done<Value> {
        let first = arguments.first().and_then(Value::raw).unwrap_or_default();
        let text = String::from_utf8_lossy(&first).into_owned();
        let view = self.process.view();
        let full = self.process.absolute(&first);
        let stat = |follow| self.process.fs().stat(&view, &full, follow);
        Ok(match name {
            "exists" => Value::Bool(stat(true).is_ok()),
            "lexists" => Value::Bool(stat(false).is_ok()),
            "isfile" => Value::Bool(stat(true).is_ok_and(|s| s.kind == FileKind::File)),
            "isdir" => Value::Bool(stat(true).is_ok_and(|s| s.is_dir())),
            "islink" => Value::Bool(stat(false).is_ok_and(|s| s.kind == FileKind::Link)),
            "getsize" | "getmtime" => match stat(true) {
                Ok(stat) if name == "getsize" => Value::Int(stat.size.into()),
                Ok(stat) => Value::Float(stat.mtime as f64),
                Err(error) => {
                    let shown = arguments.first().cloned();
                    return Err(self.os_error(error, shown));
                }
            },
            "join" => {
                let mut out = String::new();
                for part in arguments.iter().filter_map(Value::raw) {
                    let part = String::from_utf8_lossy(&part).into_owned();
                    if part.starts_with('/') {
                        out = part;
                    } else {
                        if !out.is_empty() && !out.ends_with('/') {
                            out.push('/');
                        }
                        out.push_str(&part);
                    }
                }
                self.costs(0, out.len())?;
                Value::Str(out.into())
            }
            "basename" => Value::str(text.rsplit('/').next().unwrap_or("")),
            "dirname" => {
                let head = text.rsplit_once('/').map_or("", |(head, _)| head);
                Value::str(if head.is_empty() && text.starts_with('/') { "/" } else { head })
            }
            "split" => {
                let (head, tail) = text.rsplit_once('/').unwrap_or(("", &text));
                Value::tuple(vec![Value::str(head), Value::str(tail)])
            }
            "splitext" => {
                let dot = text.rfind('.').filter(|at| *at > text.rfind('/').map_or(0, |s| s + 1));
                let (head, tail) = text.split_at(dot.unwrap_or(text.len()));
                Value::tuple(vec![Value::str(head), Value::str(tail)])
            }
            "expandvars" => {
                let mut out = String::new();
                let mut rest = text.as_str();
                while let Some(at) = rest.find(['$', '%']) {
                    out.push_str(&rest[..at]);
                    let percent = rest[at..].starts_with('%');
                    let body = &rest[at + 1..];
                    let (name, after) = if percent {
                        body.split_once('%').unwrap_or(("", body))
                    } else if let Some(body) = body.strip_prefix('{') {
                        body.split_once('}').unwrap_or(("", body))
                    } else {
                        let end = body.find(|c: char| !c.is_alphanumeric() && c != '_');
                        body.split_at(end.unwrap_or(body.len()))
                    };
                    match self.process.variable(name.as_bytes()) {
                        Some(value) if !name.is_empty() => {
                            out.push_str(&String::from_utf8_lossy(&value));
                        }
                        _ => out.push_str(&rest[at..rest.len() - after.len()]),
                    }
                    rest = after;
                }
                out.push_str(rest);
                self.costs(0, out.len())?;
                Value::Str(out.into())
            }
            "isabs" => Value::Bool(text.starts_with('/')),
            "expanduser" => {
                let home = self.process.variable(b"HOME").unwrap_or_default();
                let home = String::from_utf8_lossy(&home).into_owned();
                Value::str(match text.strip_prefix('~') {
                    Some(rest) if rest.is_empty() || rest.starts_with('/') => home + rest,
                    _ => text,
                })
            }
            _ => {
                let real = self.process.fs().real_path(&view, &full).unwrap_or(full);
                let mut parts: Vec<&[u8]> = Vec::new();
                for part in real.split(|b| *b == b'/') {
                    match part {
                        b"" | b"." => {}
                        b".." => drop(parts.pop()),
                        other => parts.push(other),
                    }
                }
                let joined = parts.join(&b'/');
                Value::str(format!("/{}", String::from_utf8_lossy(&joined)))
            }
        })
    }

    /// `pty.spawn`: the program gets the terminal.
    pub(super) async fn spawn(&mut self, what: &Value) -> Done<Value> {
        let words = self.words(what).await?;
        let name = words.first().cloned().unwrap_or_default();
        if let Err(error) = self.startable(&name) {
            // The child prints what happened; the parent goes on.
            let Unwind::Raise(id) = self.os_error(error, None) else { return Ok(Value::None) };
            let name = Arc::clone(&self.sources[self.source].0);
            let after = format!(
                "  File \"{name}\", line {}, in {}\n{}",
                self.line,
                self.function,
                library("pty.spawn absent")
            );
            self.objects[id].raised.get_or_insert_default().after = after;
            let text = self.traceback(id)?.replace('\n', "\r\n");
            self.process.print(text)?;
            return Ok(Value::Int(256));
        }
        let status = self.start(words, Streams::default()).await?;
        Ok(Value::Int(i128::from(status) << 8))
    }

    /// A connection is asked for: it is told of, and nobody takes it.
    pub(super) async fn connect(&mut self, address: &Value) -> Done<Value> {
        const ANSWER_MS: u64 = 110;
        // Those who try again for ever come to an end.
        const STEPS: u64 = 32;
        let parts = match address {
            Value::Tuple(parts) => parts.to_vec(),
            _ => {
                let class = self.type_name(address);
                let text = format!("AF_INET address must be tuple, not {class}");
                return Err(self.raise("TypeError", text));
            }
        };
        let host = parts.first().and_then(Value::raw);
        let port = parts.get(1).and_then(Value::integer);
        let (Some(host), Some(port)) = (host, port) else {
            let text = "an integer is required (got type str)";
            return Err(self.raise("TypeError", text));
        };
        let Ok(port) = u16::try_from(port) else {
            let text = "connect(): port must be 0-65535.";
            return Err(self.raise("OverflowError", text));
        };
        self.process.session.step(STEPS)?;
        self.pauses += 1;
        self.process.session.connect(&host, port, "python3");
        self.process.session.sleep(Duration::from_millis(ANSWER_MS)).await?;
        let raised = Raised::default();
        let text = String::from_utf8_lossy(&host).into_owned();
        if !super::net::resolves(&text) {
            let arguments = vec![Value::Int(-2), Value::str("Name or service not known")];
            return Err(self.raise_with("socket.gaierror", arguments, raised));
        }
        let arguments = vec![Value::Int(111), Value::str("Connection refused")];
        Err(self.raise_with("ConnectionRefusedError", arguments, raised))
    }

    /// Writes to an open file.
    pub(super) fn write_to(&mut self, fd: &Fd, bytes: &[u8]) -> Done<()> {
        const FREE: usize = 9;
        let saved = self.process.swap_fd(FREE, Some(Arc::clone(fd)));
        let result = self.process.write(FREE, bytes);
        self.process.fds.set(FREE, saved);
        if result? {
            return Ok(());
        }
        let arguments = vec![Value::Int(28), Value::str("No space left on device")];
        Err(self.raise_with("OSError", arguments, Raised::default()))
    }

    /// Reads from standard input: a line, so many bytes, or all.
    pub(super) async fn read_stdin(&mut self, line: bool, most: Option<usize>) -> Done<Bytes> {
        self.flush()?;
        let mut all = Vec::new();
        loop {
            let want = most.map_or(limits::PIPE_BYTES, |m| m.saturating_sub(all.len()));
            let chunk = self.process.read(0, want.max(1), line).await?.unwrap_or_default();
            all.extend_from_slice(&chunk);
            self.costs(0, chunk.len())?;
            let enough = most.is_some_and(|m| all.len() >= m);
            if chunk.is_empty() || line || enough || all.len() >= limits::FILE_BYTES {
                return Ok(all.into());
            }
        }
    }
}

/// Puts bytes in the place of a word.
trait CloneIntoVec {
    fn clone_into_vec(&self, word: &mut Vec<u8>);
}

impl CloneIntoVec for Bytes {
    fn clone_into_vec(&self, word: &mut Vec<u8>) {
        word.clear();
        word.extend_from_slice(self);
    }
}
