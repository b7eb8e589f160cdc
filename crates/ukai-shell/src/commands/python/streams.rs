//! Standard streams and files of a Python program.

use super::builtins::{Named, by_name};
use super::run::{Done, Machine, Unwind};
use super::value::{Native, Object, Value};
use crate::fs::Access;
use crate::limits;

impl Machine<'_> {
    /// Prints; a pipe gets it in pieces, as Python's buffer gives it.
    pub(super) fn print(&mut self, bytes: &[u8]) -> Done<()> {
        const BUFFER_BYTES: usize = 8_192;
        if self.process.fds.at(1).is_some_and(|open| open.is_terminal()) {
            self.process.print(bytes)?;
            return Ok(());
        }
        self.printed.extend_from_slice(bytes);
        if self.printed.len() > BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    pub(super) fn flush(&mut self) -> Done<()> {
        let bytes = std::mem::take(&mut self.printed);
        if !bytes.is_empty() {
            self.process.print(&bytes)?;
        }
        Ok(())
    }

    pub(super) async fn print_values(&mut self, values: &[Value], named: &Named) -> Done<Value> {
        let of = |name: &str, usual: &str| match by_name(named, name) {
            Some(Value::Str(text)) => text.to_string(),
            _ => usual.to_owned(),
        };
        let (between, end) = (of("sep", " "), of("end", "\n"));
        let mut out = String::new();
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                out.push_str(&between);
            }
            out.push_str(&self.any_text(value).await?);
        }
        out.push_str(&end);
        self.costs(0, out.len())?;
        match by_name(named, "file") {
            Some(Value::Object(id)) if !matches!(self.objects[id].native, Native::Stream(1)) => {
                let file = Value::Object(id);
                self.call_method(&file, "write", vec![Value::Str(out.into())], Vec::new()).await?;
            }
            _ => match self.replaced.get("sys.stdout").cloned() {
                Some(to @ Value::Object(id))
                    if !matches!(self.objects[id].native, Native::Stream(_)) =>
                {
                    let text = vec![Value::Str(out.into())];
                    self.call_method(&to, "write", text, Vec::new()).await?;
                }
                _ => self.print(out.as_bytes())?,
            },
        }
        if by_name(named, "flush").is_some_and(|v| self.truth(&v)) {
            self.flush()?;
        }
        Ok(Value::None)
    }

    pub(super) async fn read_input(&mut self, prompt: Option<Value>) -> Done<Value> {
        if let Some(prompt) = prompt {
            let text = self.any_text(&prompt).await?;
            self.print(text.as_bytes())?;
        }
        self.flush()?;
        let line = self.process.read(0, limits::TERMINAL_LINE_BYTES, true).await?;
        let line = line.unwrap_or_default();
        if line.is_empty() {
            return Err(self.raise("EOFError", "EOF when reading a line"));
        }
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        Ok(Value::str(String::from_utf8_lossy(line)))
    }

    /// How `sys.exit(status)` ends the program.
    pub(super) fn exit_with(&mut self, status: Option<Value>) -> Unwind {
        match status {
            None | Some(Value::None) => Unwind::Exit(0),
            Some(other) => match other.integer() {
                Some(status) => Unwind::Exit((status & 0xff) as i32),
                None => {
                    let text = self.text(&other).unwrap_or_default();
                    if let Err(Unwind::Stop(stop)) = self.flush() {
                        return Unwind::Stop(stop);
                    }
                    match self.process.error(&text) {
                        Ok(()) => Unwind::Exit(1),
                        Err(stop) => Unwind::Stop(stop),
                    }
                }
            },
        }
    }

    pub(super) fn open_file(
        &mut self,
        path: &Value,
        mode: Option<&Value>,
        named: &Named,
    ) -> Done<Value> {
        let mode = match mode.cloned().or_else(|| by_name(named, "mode")) {
            Some(Value::Str(mode)) => mode.to_string(),
            _ => "r".to_owned(),
        };
        let Some(name) = path.raw() else {
            let class = self.type_name(path);
            let text = format!("expected str, bytes or os.PathLike object, not {class}");
            return Err(self.raise("TypeError", text));
        };
        let text = !mode.contains('b');
        if mode.contains(['w', 'a', 'x']) {
            let access = if mode.contains('a') { Access::Append } else { Access::Truncate };
            self.process.capture_before_loss(&name);
            return match self.process.open(&name, access) {
                Ok(fd) => {
                    let class = if text { "_io.TextIOWrapper" } else { "_io.BufferedWriter" };
                    let native = Native::Writer { fd, text };
                    self.object(Object::own(class, native).with("name", path.clone()))
                }
                Err(error) => Err(self.os_error(error, Some(path.clone()))),
            };
        }
        let view = self.process.view();
        let full = self.process.absolute(&name);
        match self.process.fs().read(&view, &full) {
            Ok(bytes) => {
                self.costs(0, bytes.len())?;
                let class = if text { "_io.TextIOWrapper" } else { "_io.BufferedReader" };
                let native = Native::Reader { bytes, place: 0, text };
                self.object(Object::own(class, native).with("name", path.clone()))
            }
            Err(error) => Err(self.os_error(error, Some(path.clone()))),
        }
    }
}
