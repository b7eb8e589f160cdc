//! `Scripting.FileSystemObject`: files that a script writes, and reads again.

use super::encodings::utf16_bytes;
use super::{Com, Content, Host, Value, narrow, number_at, text_at};
use crate::machine;

/// `Scripting.FileSystemObject`.
pub(super) struct FileSystem;

impl Com for FileSystem {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        (name == "drives").then_some(Value::Unknown)
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        let path = text_at(host, arguments, 0);
        host.visit(&path);
        match name {
            "createtextfile" => {
                // path, overwrite, unicode
                let wide = truthy(arguments.get(2));
                host.add(TextStream::writing(path, wide, Vec::new()))
            }
            "opentextfile" => {
                // path, 1 to read, 2 to write, 8 to append; create; -1 for Unicode
                let wide = number_at(arguments, 3, 0.0) as i64 == -1;
                let before = host.file(&path).map(|it| it.bytes.clone()).unwrap_or_default();
                match number_at(arguments, 1, 1.0) as i64 {
                    1 => host.add(TextStream::reading(path, &before)),
                    8 => host.add(TextStream::writing(path, wide, before.to_vec())),
                    _ => host.add(TextStream::writing(path, wide, Vec::new())),
                }
            }
            "getspecialfolder" => {
                let place = match number_at(arguments, 0, 0.0) as i64 {
                    0 => r"C:\Windows",
                    1 => r"C:\Windows\System32",
                    _ => machine::variable("TEMP").unwrap_or_default(),
                };
                host.add(Folder::new(place.to_owned()))
            }
            "gettempname" => Value::Text(format!("rad{:05X}.tmp", host.fresh_name())),
            "buildpath" => Value::Text(join(&path, &text_at(host, arguments, 1))),
            "fileexists" => Value::Bool(exists(host, &path)),
            "folderexists" => Value::Bool(!path.to_lowercase().ends_with(".exe")),
            "driveexists" => Value::Bool(true),
            "getfile" | "getfolder" | "createfolder" => host.add(Folder::new(path)),
            "getdrive" => Value::Unknown,
            "getfilename" => Value::from(file_name(&path)),
            "getbasename" => {
                let name = file_name(&path);
                Value::from(name.rsplit_once('.').map_or(name, |it| it.0))
            }
            "getextensionname" => {
                Value::from(file_name(&path).rsplit_once('.').map_or("", |it| it.1))
            }
            "getparentfoldername" => Value::from(path.rsplit_once('\\').map_or("", |it| it.0)),
            "getdrivename" => Value::from(path.get(..2).unwrap_or_default()),
            "getabsolutepathname" => Value::Text(path),
            "copyfile" | "movefile" => {
                let to = text_at(host, arguments, 1);
                copy(host, &path, &to);
                Value::Empty
            }
            "deletefile" | "deletefolder" | "copyfolder" | "movefolder" => Value::Empty,
            _ => self.get(host, name).unwrap_or(Value::Unknown),
        }
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

/// A copy of a file that the script wrote is found again; the script itself is one that it copies
/// to where it will be started.
fn copy(host: &mut Host, from: &str, to: &str) {
    let to = if to.ends_with('\\') { join(to, file_name(from)) } else { to.to_owned() };
    match host.written(from).cloned() {
        Some(content) => host.keep_file(&to, content),
        None => host.recorder.set(&to, from),
    }
}

/// Programs and files of Windows are there, others only if they were written.
fn exists(host: &Host, path: &str) -> bool {
    let lower = path.to_lowercase();
    let extension = lower.rsplit('.').next().unwrap_or_default();
    host.file(path).is_some()
        || lower.starts_with(r"c:\windows\") && matches!(extension, "exe" | "dll")
}

fn truthy(value: Option<&Value>) -> bool {
    value.is_some_and(|it| !it.is_blank() && it.number() != 0.0 || *it == Value::Bool(true))
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() || folder.ends_with('\\') || folder.ends_with('/') {
        format!("{folder}{name}")
    } else {
        format!("{folder}\\{name}")
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}

/// A folder or a file: it stands for its path.
pub(super) struct Folder {
    path: String,
}

impl Folder {
    /// At that path.
    pub(super) fn new(path: String) -> Self {
        Self { path }
    }
}

impl Com for Folder {
    fn get(&mut self, host: &mut Host, name: &str) -> Option<Value> {
        Some(match name {
            "path" | "shortpath" => Value::Text(self.path.clone()),
            "name" | "shortname" | "title" => Value::from(file_name(&self.path)),
            "self" => host.add(Self::new(self.path.clone())),
            "parentfolder" => {
                let parent = self.path.rsplit_once('\\').map_or("", |it| it.0);
                host.add(Self::new(parent.to_owned()))
            }
            "size" => {
                let size = host.file(&self.path).map_or(0, Host::claimed_size);
                Value::Number(size as f64)
            }
            "attributes" => Value::Number(32.0),
            "files" | "subfolders" => host.add(super::collections::List::new(Vec::new())),
            "drive" => Value::from("C:"),
            "datecreated" | "datelastmodified" | "type" => Value::from(""),
            _ => return None,
        })
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        let first = text_at(host, arguments, 0);
        match name {
            "" => Value::Text(self.path.clone()),
            "items" | "parsename" => host.add(Self::new(join(&self.path, &first))),
            "createtextfile" => {
                host.add(TextStream::writing(join(&self.path, &first), false, Vec::new()))
            }
            "openastextstream" => {
                let before = host.file(&self.path).map(|it| it.bytes.clone()).unwrap_or_default();
                match number_at(arguments, 0, 1.0) as i64 {
                    1 => host.add(TextStream::reading(self.path.clone(), &before)),
                    _ => host.add(TextStream::writing(self.path.clone(), false, Vec::new())),
                }
            }
            "copy" | "move" => {
                copy(host, &self.path, &first);
                Value::Empty
            }
            "copyhere" | "movehere" => {
                host.visit(&first);
                if first.contains("://") {
                    host.fetch(&first);
                }
                host.recorder.note("it unpacks or copies by the shell");
                Value::Empty
            }
            "invokeverb" | "invokeverbex" => {
                host.recorder.run(&self.path);
                Value::Empty
            }
            "delete" => Value::Empty,
            _ => self.get(host, name).unwrap_or(Value::Unknown),
        }
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

/// A file that is open as text: what is written is told when it is closed.
struct TextStream {
    path: String,
    wide: bool,
    writes: bool,
    written: Vec<u8>,
    text: Vec<char>,
    at: usize,
}

impl TextStream {
    fn writing(path: String, wide: bool, before: Vec<u8>) -> Self {
        Self { path, wide, writes: true, written: before, text: Vec::new(), at: 0 }
    }

    fn reading(path: String, bytes: &[u8]) -> Self {
        let text = super::encodings::decode_marked(bytes).chars().collect();
        Self { path, wide: false, writes: false, written: Vec::new(), text, at: 0 }
    }

    fn write(&mut self, host: &mut Host, text: &str) {
        if self.written.len().saturating_add(text.len()) > host.limits.value_bytes
            || !host.charge_bytes(text.len())
            || !host.holds(text.len())
        {
            return;
        }
        if self.wide {
            self.written.extend(utf16_bytes(text));
        } else {
            self.written.extend(narrow(text));
        }
    }

    fn read(&mut self, count: usize) -> Value {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let piece: String = rest.iter().take(count).collect();
        self.at += count.min(rest.len());
        Value::Text(piece)
    }

    fn close(&mut self, host: &mut Host) {
        if self.writes {
            self.writes = false;
            let content = std::mem::take(&mut self.written);
            host.save(&self.path, Content::from(content));
        }
    }
}

impl Com for TextStream {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        let ended = self.at >= self.text.len();
        match name {
            "atendofstream" => Some(Value::Bool(ended)),
            "atendofline" => {
                Some(Value::Bool(ended || matches!(self.text.get(self.at), Some('\r' | '\n'))))
            }
            "line" | "column" => Some(Value::Number(1.0)),
            _ => None,
        }
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        match name {
            "write" => {
                let text = text_at(host, arguments, 0);
                self.write(host, &text);
            }
            "writeline" => {
                let text = text_at(host, arguments, 0);
                self.write(host, &text);
                self.write(host, "\r\n");
            }
            "writeblanklines" => {
                for _ in 0..number_at(arguments, 0, 1.0).clamp(0.0, 1000.0) as usize {
                    self.write(host, "\r\n");
                }
            }
            "close" => self.close(host),
            "readall" => return self.read(usize::MAX),
            "read" => return self.read(number_at(arguments, 0, 0.0).max(0.0) as usize),
            "skip" => {
                self.read(number_at(arguments, 0, 0.0).max(0.0) as usize);
            }
            "readline" | "skipline" => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                let length = rest.iter().position(|it| *it == '\n').unwrap_or(rest.len());
                let line = self.read(length).text();
                self.at += 1;
                return Value::Text(line.trim_end_matches('\r').to_owned());
            }
            _ => return self.get(host, name).unwrap_or(Value::Empty),
        }
        Value::Empty
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}
