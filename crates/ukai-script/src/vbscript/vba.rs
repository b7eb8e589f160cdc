//! What VBA has beyond VBScript: files by number, procedures that Office calls.

use super::super::com::Content;
use super::ast::Expression;
use super::machine::{Machine, Stop};
use super::strings::at;
use super::value::Value;

/// Files that one script has open.
const OPEN_MAX: usize = 64;

/// Procedures that Office calls by itself, in the order in which it would.
pub(super) const ENTRIES: &[&str] = &[
    "window_onload",
    "document_onload",
    "document_onreadystatechange",
    "autoexec",
    "auto_open",
    "autoopen",
    "document_open",
    "documentopen",
    "workbook_open",
    "workbook_activate",
    "document_new",
    "autonew",
    "presentation_open",
    "app_presentationopen",
    "userform_initialize",
    "worksheet_activate",
    "inkpicture1_painted",
    "autoclose",
    "auto_close",
    "document_close",
    "workbook_beforeclose",
    "document_beforeclose",
];

/// A file that is written to.
pub(super) struct OpenFile {
    path: String,
    written: Vec<u8>,
}

impl Machine {
    /// Files and folders by functions; none if it is not one.
    pub(super) fn file_function(
        &mut self,
        name: &str,
        arguments: &[Value],
    ) -> Result<Option<Value>, Stop> {
        Ok(Some(match name {
            "freefile" => Value::Whole(self.open_files.len() as i64 + 1),
            "dir" => self.text("")?,
            "curdir" => self.text(r"C:\Users\k.tanaka\Documents")?,
            "filelen" | "lof" => Value::Whole(0),
            "eof" => Value::Bool(true),
            "filecopy" => {
                let from = self.say(at(arguments, 0))?;
                let to = self.say(at(arguments, 1))?;
                self.host().recorder.set(&to, &from);
                Value::Empty
            }
            "savesetting" => {
                let mut parts = Vec::new();
                for argument in arguments.iter().take(4) {
                    parts.push(self.say(argument)?);
                }
                let value = parts.pop().unwrap_or_default();
                self.host().recorder.set(&parts.join("\\"), &value);
                Value::Empty
            }
            "kill" | "mkdir" | "rmdir" | "chdir" | "chdrive" | "setattr" | "reset" => Value::Empty,
            _ => return Ok(None),
        }))
    }

    pub(super) fn open_file(
        &mut self,
        path: &Expression,
        append: bool,
        number: &Expression,
    ) -> Result<(), Stop> {
        let path = self.evaluate(path)?;
        let path = self.say(&path)?;
        let number = self.evaluate(number)?.whole().unwrap_or(0);
        let before = self.host().file(&path).map(|it| it.bytes.to_vec());
        let written = before.filter(|_| append).unwrap_or_default();
        if self.open_files.len() < OPEN_MAX {
            self.open_files.insert(number, OpenFile { path, written });
        }
        Ok(())
    }

    pub(super) fn print(
        &mut self,
        number: &Expression,
        items: &[Expression],
        line: bool,
    ) -> Result<(), Stop> {
        let number = self.evaluate(number)?.whole().unwrap_or(0);
        let mut added = Vec::new();
        for item in items {
            let value = self.evaluate(item)?;
            match &value {
                Value::Bytes(_) | Value::Array(_) => added.extend(self.bytes_of(&value)?),
                other => {
                    let text = self.say(other)?;
                    added.extend(super::super::com::narrow(&text));
                }
            }
        }
        if line {
            added.extend_from_slice(b"\r\n");
        }
        let held = self.open_files.get(&number).map_or(0, |it| it.written.len());
        self.charge(added.len() as u64 / 64)?;
        if held + added.len() > self.host().limits.value_bytes || !self.host().holds(added.len()) {
            return Err(Stop::Error("disk full"));
        }
        if let Some(file) = self.open_files.get_mut(&number) {
            file.written.extend(added);
        }
        Ok(())
    }

    pub(super) fn close_files(&mut self, numbers: &[Expression]) -> Result<(), Stop> {
        let mut wanted = Vec::new();
        for number in numbers {
            wanted.push(self.evaluate(number)?.whole().unwrap_or(0));
        }
        if wanted.is_empty() {
            wanted = self.open_files.keys().copied().collect();
        }
        for number in wanted {
            if let Some(file) = self.open_files.remove(&number)
                && !file.written.is_empty()
            {
                self.host().save(&file.path, Content::from(file.written));
            }
        }
        Ok(())
    }

    /// Runs the procedures that Office calls by itself.
    pub(super) fn run_entries(&mut self) -> Result<(), Stop> {
        for entry in ENTRIES {
            if let Some(procedure) = self.procedures.get(*entry).cloned() {
                match self.invoke(&procedure, Vec::new(), None) {
                    Ok(_) | Err(Stop::Error(_)) => {}
                    Err(Stop::End) => return Err(Stop::End),
                }
            }
        }
        Ok(())
    }
}
