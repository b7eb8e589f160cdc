//! Verbs that look at or change the disk.

use super::line::Command;
use super::listing::{Listing, digits, read_digits};
use super::session::FtpSession;
use crate::Context;
use ukai_model::{EventKind, FileOperation, PeerText, Sha256};
use ukai_shell::{FileChange, FsError};

impl FtpSession {
    /// The path on the disk of what the peer calls `argument`.
    pub(super) fn resolve(&self, argument: &[u8]) -> Vec<u8> {
        let Some(account) = &self.account else { return b"/".to_vec() };
        [&account.root[..], &self.seen(argument)].concat()
    }

    /// The same as the peer sees it: absolute, without `.` and `..`.
    pub(super) fn seen(&self, argument: &[u8]) -> Vec<u8> {
        let Some(account) = &self.account else { return b"/".to_vec() };
        let whole = if argument.starts_with(b"/") {
            argument.to_vec()
        } else {
            [&account.directory[..], b"/", argument].concat()
        };
        let mut parts: Vec<&[u8]> = Vec::new();
        for part in whole.split(|byte| *byte == b'/') {
            match part {
                b"" | b"." => {}
                b".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        [b"/", &parts.join(&b'/')[..]].concat()
    }

    pub(super) fn listing(&self, cx: &Context<'_>) -> Listing<'_> {
        let account = self.account.as_ref().expect("only those who are logged in list");
        Listing {
            files: &account.files,
            wanted: self.facts.as_deref(),
            host: &self.open.host,
            style: self.server.listing,
            now: cx.now,
        }
    }

    /// What may be done at `argument`, and where that is.
    fn act<T>(
        &mut self,
        cx: &Context<'_>,
        changes: bool,
        argument: &[u8],
        act: impl FnOnce(&ukai_shell::Files, &[u8]) -> Result<T, FsError>,
    ) -> Result<T, FsError> {
        let path = self.resolve(argument);
        let account = self.account.as_mut().ok_or(FsError::Permission)?;
        if changes && account.read_only {
            return Err(FsError::Permission);
        }
        if argument.is_empty() {
            return Err(FsError::NotFound);
        }
        act(account.files.at(cx.now), &path)
    }

    pub(super) fn record_file(
        &self,
        cx: &mut Context<'_>,
        operation: FileOperation,
        argument: &[u8],
        size: u64,
        success: bool,
    ) {
        self.record_served(cx, operation, argument, size, success, None);
    }

    /// As [`Self::record_file`], with what was made up for it.
    pub(super) fn record_served(
        &self,
        cx: &mut Context<'_>,
        operation: FileOperation,
        argument: &[u8],
        size: u64,
        success: bool,
        served: Option<Sha256>,
    ) {
        cx.record(EventKind::FileTransfer {
            protocol: "ftp".to_owned(),
            operation,
            path: PeerText::truncated(&self.resolve(argument), 4_096),
            size,
            success,
            served,
        });
    }

    /// Answers a change that was tried, and records it.
    fn tell(
        &self,
        cx: &mut Context<'_>,
        command: &Command,
        operation: FileOperation,
        key: &str,
        done: Result<(), FsError>,
    ) {
        self.record_file(cx, operation, &command.argument, 0, done.is_ok());
        match done {
            Ok(()) => {
                let quoted = quoted(&self.seen(&command.argument));
                self.say_with(cx, key, command, &[("quoted", &quoted)]);
            }
            Err(error) => self.failed(cx, command, &format!("{key}_failed"), error),
        }
    }

    pub(super) fn failed(
        &self,
        cx: &mut Context<'_>,
        command: &Command,
        key: &str,
        error: FsError,
    ) {
        self.say_with(cx, key, command, &[("error", error.text())]);
    }

    pub(super) fn file_command(&mut self, cx: &mut Context<'_>, command: &Command) {
        let argument = &command.argument[..];
        match command.verb.as_str() {
            "PWD" | "XPWD" => {
                let here = self.seen(b".");
                self.say_with(cx, "pwd", command, &[("quoted", &quoted(&here))]);
            }
            "CWD" | "XCWD" => self.change_directory(cx, command, argument),
            "CDUP" | "XCUP" => self.change_directory(cx, command, b".."),
            "SIZE" => self.size(cx, command),
            "MDTM" => match self.act(cx, false, argument, |files, path| files.info(path, true)) {
                Ok(info) if info.is_file() => {
                    self.say_with(cx, "mdtm", command, &[("time", &digits(info.mtime))]);
                }
                Ok(_) => {
                    let values = [("error", "not a plain file")];
                    self.say_with(cx, "mdtm_failed", command, &values);
                }
                Err(error) => self.failed(cx, command, "mdtm_failed", error),
            },
            "MFMT" => self.set_time(cx, command),
            "MLST" => self.facts(cx, command),
            "RNFR" => match self.act(cx, false, argument, |files, path| files.info(path, false)) {
                Err(error) if self.server.reply("rnfr_failed") != self.server.reply("rnfr") => {
                    self.failed(cx, command, "rnfr_failed", error);
                }
                _ => {
                    self.rename = Some(self.resolve(argument));
                    self.say_for(cx, "rnfr", command);
                }
            },
            "RNTO" => match self.rename.take() {
                None => self.say_for(cx, "rnto_first", command),
                Some(from) => {
                    let done = self.act(cx, true, argument, |files, to| files.rename(&from, to));
                    self.tell(cx, command, FileOperation::Rename, "rnto", done);
                }
            },
            "DELE" => {
                let done = self.act(cx, true, argument, ukai_shell::Files::remove);
                self.tell(cx, command, FileOperation::Delete, "dele", done);
            }
            "MKD" | "XMKD" => {
                let mode = 0o777 & !self.umask;
                let done =
                    self.act(cx, true, argument, |files, path| files.make_directory(path, mode));
                self.tell(cx, command, FileOperation::MakeDirectory, "mkd", done);
            }
            "RMD" | "XRMD" => {
                let done = self.act(cx, true, argument, ukai_shell::Files::remove_directory);
                self.tell(cx, command, FileOperation::Delete, "rmd", done);
            }
            "REST" => self.restart(cx, command),
            _ => self.say_for(cx, "unknown", command),
        }
    }

    fn change_directory(&mut self, cx: &mut Context<'_>, command: &Command, to: &[u8]) {
        let found = self.act(cx, false, to, |files, path| {
            let info = files.info(path, true).or_else(|_| {
                files.make_offered_directory(path)?;
                files.info(path, true)
            })?;
            if !info.is_dir() {
                return Err(FsError::NotDirectory);
            }
            files.names(path).or_else(|_| {
                if info.mode & 0o111 == 0 { Err(FsError::Permission) } else { Ok(Vec::new()) }
            })?;
            files.real_path(path)
        });
        match found {
            Ok(real) => {
                if let Some(account) = &mut self.account {
                    let inside = real.strip_prefix(&account.root[..]).unwrap_or(b"/");
                    account.directory =
                        if inside.is_empty() { b"/".to_vec() } else { inside.to_vec() };
                }
                self.say_for(cx, "cwd", command);
            }
            // They resolve it piece by piece.
            Err(FsError::NameTooLong) => self.failed(cx, command, "cwd_failed", FsError::NotFound),
            Err(error) => self.failed(cx, command, "cwd_failed", error),
        }
    }

    fn size(&mut self, cx: &mut Context<'_>, command: &Command) {
        if self.ascii && self.server.reply("size_ascii") != "0" {
            return self.say_for(cx, "size_ascii", command);
        }
        let size =
            self.act(cx, false, &command.argument, |files, path| match files.info(path, true) {
                Ok(info) => Ok(info.is_file().then_some(info.size)),
                Err(_) => files.read_offered(path).map(|bytes| Some(bytes.len() as u64)),
            });
        match size {
            Ok(Some(size)) => {
                self.say_with(cx, "size", command, &[("size", &size.to_string())]);
            }
            Ok(None) => {
                self.say_with(cx, "size_failed", command, &[("error", "not a regular file")]);
            }
            Err(error) => self.failed(cx, command, "size_failed", error),
        }
    }

    fn set_time(&mut self, cx: &mut Context<'_>, command: &Command) {
        let space = memchr::memchr(b' ', &command.argument).unwrap_or(command.argument.len());
        let (stamp, path) = command.argument.split_at(space);
        let path = path.strip_prefix(b" ").unwrap_or(path);
        let shown = String::from_utf8_lossy(path).into_owned();
        let Some(secs) = read_digits(stamp) else {
            return self.say_for(cx, "mfmt_invalid", command);
        };
        let done = self.act(cx, true, path, |files, path| {
            files.change(path, &FileChange { mtime: Some(secs), ..FileChange::default() })
        });
        self.record_file(cx, FileOperation::Attributes, path, 0, done.is_ok());
        match done {
            Ok(()) => {
                let time = String::from_utf8_lossy(stamp).into_owned();
                self.say_with(cx, "mfmt", command, &[("time", &time), ("path", &shown)]);
            }
            Err(error) => {
                let values = [("path", shown.as_str()), ("error", error.text())];
                self.say_with(cx, "mfmt_failed", command, &values);
            }
        }
    }

    pub(super) fn chmod(
        &mut self,
        cx: &mut Context<'_>,
        command: &Command,
        mode: Option<u16>,
        path: &[u8],
    ) {
        let done = match mode {
            Some(mode) => self.act(cx, true, path, |files, path| {
                files.change(path, &FileChange { mode: Some(mode), ..FileChange::default() })
            }),
            None => Err(FsError::Invalid),
        };
        self.record_file(cx, FileOperation::Attributes, path, 0, done.is_ok());
        match done {
            Ok(()) => self.say_for(cx, "site_chmod", command),
            Err(error) => {
                let shown = String::from_utf8_lossy(path).into_owned();
                let values = [("path", shown.as_str()), ("error", error.text())];
                self.say_with(cx, "site_chmod_failed", command, &values);
            }
        }
    }

    fn facts(&mut self, cx: &mut Context<'_>, command: &Command) {
        let argument: &[u8] = if command.argument.is_empty() { b"." } else { &command.argument };
        let path = self.resolve(argument);
        let shown = String::from_utf8_lossy(&self.seen(argument)).into_owned();
        match self.listing(cx).facts_of(&path) {
            None => self.say_with(cx, "mlst_missing", command, &[("argument", &shown)]),
            Some(facts) => {
                self.say_with(cx, "mlst_start", command, &[("argument", &shown)]);
                cx.send(format!(" {facts} {shown}\r\n"));
                self.say_for(cx, "mlst_end", command);
            }
        }
    }

    fn restart(&mut self, cx: &mut Context<'_>, command: &Command) {
        let text = std::str::from_utf8(&command.argument).unwrap_or_default();
        self.offset = text.parse().unwrap_or(0);
        if self.offset > 0 && self.ascii && self.server.converts_ascii {
            self.offset = 0;
            return self.say_for(cx, "rest_ascii", command);
        }
        let valid = text.parse::<u64>().is_ok();
        let key = if valid { "rest" } else { "rest_invalid" };
        self.say_with(cx, key, command, &[("offset", &self.offset.to_string())]);
    }
}

/// A path in quotes that are doubled inside (RFC 959, appendix II).
fn quoted(path: &[u8]) -> String {
    String::from_utf8_lossy(path).replace('"', "\"\"")
}
