//! `WScript.Shell` and `Shell.Application`: programs, registry, shortcuts.

use super::collections::Environment;
use super::files::Folder;
use super::{Com, Host, Value, bytes_of, command_line, text_at};
use crate::machine;
use std::cell::RefCell;
use std::rc::Rc;

/// Folders that `SpecialFolders` and `NameSpace` know: name, number of `NameSpace`, place.
const FOLDERS: &[(&str, u32, &str)] = &[
    ("desktop", 0, r"C:\Users\k.tanaka\Desktop"),
    ("programs", 2, r"C:\Users\k.tanaka\AppData\Roaming\Microsoft\Windows\Start Menu\Programs"),
    ("mydocuments", 5, r"C:\Users\k.tanaka\Documents"),
    ("favorites", 6, r"C:\Users\k.tanaka\Favorites"),
    (
        "startup",
        7,
        r"C:\Users\k.tanaka\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup",
    ),
    ("recent", 8, r"C:\Users\k.tanaka\AppData\Roaming\Microsoft\Windows\Recent"),
    ("sendto", 9, r"C:\Users\k.tanaka\AppData\Roaming\Microsoft\Windows\SendTo"),
    ("startmenu", 11, r"C:\Users\k.tanaka\AppData\Roaming\Microsoft\Windows\Start Menu"),
    ("fonts", 20, r"C:\Windows\Fonts"),
    ("templates", 21, r"C:\Users\k.tanaka\AppData\Roaming\Microsoft\Windows\Templates"),
    ("allusersstartmenu", 22, r"C:\ProgramData\Microsoft\Windows\Start Menu"),
    ("allusersprograms", 23, r"C:\ProgramData\Microsoft\Windows\Start Menu\Programs"),
    ("allusersstartup", 24, r"C:\ProgramData\Microsoft\Windows\Start Menu\Programs\Startup"),
    ("allusersdesktop", 25, r"C:\Users\Public\Desktop"),
    ("appdata", 26, r"C:\Users\k.tanaka\AppData\Roaming"),
    ("localappdata", 28, r"C:\Users\k.tanaka\AppData\Local"),
    ("commonappdata", 35, r"C:\ProgramData"),
    ("windows", 36, r"C:\Windows"),
    ("system", 37, r"C:\Windows\System32"),
    ("programfiles", 38, r"C:\Program Files"),
    ("profile", 40, r"C:\Users\k.tanaka"),
];

/// `WScript.Shell`.
pub(super) struct Shell {
    folder: String,
}

impl Shell {
    /// In the user's folder.
    pub(super) fn new() -> Self {
        Self { folder: r"C:\Users\k.tanaka\Downloads".to_owned() }
    }
}

impl Com for Shell {
    fn get(&mut self, host: &mut Host, name: &str) -> Option<Value> {
        Some(match name {
            "specialfolders" => host.add(SpecialFolders),
            "environment" => host.add(Environment),
            "currentdirectory" => Value::Text(self.folder.clone()),
            _ => return None,
        })
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        let first = text_at(host, arguments, 0);
        match name {
            "run" => {
                host.start(&first);
                Value::Number(0.0)
            }
            "exec" => {
                host.start(&first);
                host.add(Execution { line: first, written: Rc::default() })
            }
            "expandenvironmentstrings" => Value::Text(machine::expand(&first)),
            "specialfolders" => Value::from(special_folder(&first)),
            "environment" => host.add(Environment),
            "regwrite" => {
                let value = text_at(host, arguments, 1);
                host.recorder.set(&first, &value);
                if host.holds(first.len() + value.len()) {
                    host.registry.insert(first.to_lowercase(), value);
                }
                Value::Empty
            }
            "regread" => {
                Value::from(host.registry.get(&first.to_lowercase()).map_or("", String::as_str))
            }
            "regdelete" => {
                host.recorder.set(&first, "");
                Value::Empty
            }
            "createshortcut" => host.add(Shortcut { path: first, ..Shortcut::default() }),
            "popup" => {
                host.recorder.remark(bytes_of(&first));
                Value::Number(1.0)
            }
            "sendkeys" => {
                host.recorder.remark(bytes_of(&first));
                Value::Empty
            }
            "appactivate" | "logevent" => Value::Bool(true),
            _ => self.get(host, name).unwrap_or(Value::Unknown),
        }
    }

    fn set(&mut self, host: &mut Host, name: &str, _: &[Value], value: Value) {
        if name == "currentdirectory" {
            self.folder = host.text(&value);
        }
    }
}

/// `SpecialFolders` of `WScript.Shell`.
struct SpecialFolders;

impl Com for SpecialFolders {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        matches!(name, "count" | "length").then(|| Value::Number(FOLDERS.len() as f64))
    }

    fn call(&mut self, host: &mut Host, _: &str, arguments: &[Value]) -> Value {
        Value::from(special_folder(&text_at(host, arguments, 0)))
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

fn special_folder(name: &str) -> &'static str {
    let name = name.to_ascii_lowercase();
    FOLDERS.iter().find(|it| it.0 == name).map_or("", |it| it.2)
}

/// A program that was started by `Exec`: it has ended and said nothing.
struct Execution {
    line: String,
    /// What was written to it.
    written: Rc<RefCell<String>>,
}

/// What a program reads of what a script writes to it: an interpreter's commands.
struct Input {
    program: String,
    written: Rc<RefCell<String>>,
}

/// Text that one program is given, in bytes.
const INPUT_BYTES_MAX: usize = 1 << 20;

impl Input {
    /// Runs what was written, as the program does.
    fn flush(&mut self, host: &mut Host) {
        let text = std::mem::take(&mut *self.written.borrow_mut());
        let line = text.trim();
        if line.is_empty() {
            return;
        }
        match self.program.as_str() {
            // What ends in a line break is run line by line.
            "cmd" => line.lines().take(64).for_each(|it| host.start(&format!("cmd /c {it}"))),
            "powershell" | "pwsh" => {
                host.start(&format!("powershell -command {}", line.replace(['\r', '\n'], ";")));
            }
            _ => host.recorder.remark(bytes_of(line)),
        }
    }
}

impl Com for Input {
    fn get(&mut self, _: &mut Host, _: &str) -> Option<Value> {
        None
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        let text = text_at(host, arguments, 0);
        let length = self.written.borrow().len();
        if length + text.len() < INPUT_BYTES_MAX && host.holds(text.len()) {
            self.written.borrow_mut().push_str(&text);
        }
        match name {
            "writeline" => {
                self.written.borrow_mut().push('\n');
                if self.program == "cmd" {
                    self.flush(host);
                }
            }
            "close" => self.flush(host),
            _ => {}
        }
        Value::Empty
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

impl Com for Execution {
    fn get(&mut self, host: &mut Host, name: &str) -> Option<Value> {
        Some(match name {
            "status" => Value::Number(1.0),
            "exitcode" => Value::Number(0.0),
            "processid" => Value::Number(4712.0),
            "stdin" => {
                let first = self.line.split_whitespace().next().unwrap_or_default();
                let program = crate::command_line::program(first);
                host.add(Input { program, written: Rc::clone(&self.written) })
            }
            "stdout" | "stderr" => {
                let wscript = host.wscript("");
                match wscript {
                    Value::Object(id) => host.get(id, "stdout")?,
                    _ => Value::Unknown,
                }
            }
            _ => return None,
        })
    }

    fn call(&mut self, host: &mut Host, name: &str, _: &[Value]) -> Value {
        self.get(host, name).unwrap_or(Value::Empty)
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

/// A shortcut that is being made.
#[derive(Default)]
struct Shortcut {
    path: String,
    target: String,
    arguments: String,
}

impl Com for Shortcut {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        match name {
            "targetpath" | "path" => Some(Value::Text(self.target.clone())),
            "arguments" => Some(Value::Text(self.arguments.clone())),
            "fullname" => Some(Value::Text(self.path.clone())),
            _ => None,
        }
    }

    fn call(&mut self, host: &mut Host, name: &str, _: &[Value]) -> Value {
        match name {
            "save" => {
                let line = command_line(&self.target, &self.arguments);
                host.recorder.set(&self.path, &line);
                Value::Empty
            }
            "" => Value::Text(self.path.clone()),
            _ => self.get(host, name).unwrap_or(Value::Empty),
        }
    }

    fn set(&mut self, host: &mut Host, name: &str, _: &[Value], value: Value) {
        match name {
            "targetpath" | "path" => self.target = host.text(&value),
            "arguments" => self.arguments = host.text(&value),
            _ => {}
        }
    }
}

/// `Shell.Application`, and the windows of the shell, which lead to it.
pub(super) struct ShellApplication;

impl Com for ShellApplication {
    fn get(&mut self, host: &mut Host, name: &str) -> Option<Value> {
        match name {
            "document" | "application" | "parent" => Some(host.add(Self)),
            "count" | "length" => Some(Value::Number(1.0)),
            _ => None,
        }
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        let first = text_at(host, arguments, 0);
        match name {
            "shellexecute" => {
                let line = command_line(&first, &text_at(host, arguments, 1));
                host.start(&line);
                Value::Empty
            }
            "open" | "explore" | "filerun" => {
                if !first.is_empty() {
                    host.recorder.run(&first);
                }
                Value::Empty
            }
            "namespace" => {
                let number = first.parse::<u32>().ok();
                let known = number.and_then(|it| FOLDERS.iter().find(|known| known.1 == it));
                host.add(Folder::new(known.map_or(first, |it| it.2.to_owned())))
            }
            "windows" | "item" => host.add(Self),
            "navigate" | "navigate2" => {
                host.fetch(&first);
                Value::Empty
            }
            "isservicerunning" | "canstartstopservice" => Value::Bool(false),
            "" => Value::from("Windows Explorer"),
            _ => self.get(host, name).unwrap_or(Value::Unknown),
        }
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}
