//! Redirections.

use crate::commands::netcat::{self, Unreached};
use crate::fs::{Access, FsError};
use crate::io::{DESCRIPTORS, Fd, Open};
use crate::process::Process;
use crate::syntax::{Part, Redirect, RedirectKind, Target, Word};
use crate::system::Stop;
use std::sync::Arc;

/// Descriptors as they were before.
pub(crate) type SavedFds = Vec<(usize, Option<Fd>)>;

impl Process {
    /// Applies redirections in order. On failure the shell has said why, everything is
    /// as before, and the inner result is an error.
    pub(crate) async fn redirect_all(
        &mut self,
        redirects: &[Redirect],
    ) -> Result<Result<SavedFds, ()>, Stop> {
        let mut saved = Vec::new();
        for redirect in redirects {
            match self.redirect(redirect, &mut saved).await {
                Ok(true) => {}
                Ok(false) => {
                    self.restore_fds(saved);
                    self.status = 1;
                    return Ok(Err(()));
                }
                Err(stop) => {
                    self.restore_fds(saved);
                    return Err(stop);
                }
            }
        }
        Ok(Ok(saved))
    }

    /// Puts descriptors back.
    pub(crate) fn restore_fds(&mut self, saved: SavedFds) {
        for (fd, open) in saved.into_iter().rev() {
            self.fds.set(fd, open);
        }
    }

    fn replace(&mut self, fd: usize, open: Option<Fd>, saved: &mut SavedFds) {
        let old = self.swap_fd(fd, open);
        saved.push((fd, old));
    }

    async fn redirect(&mut self, redirect: &Redirect, saved: &mut SavedFds) -> Result<bool, Stop> {
        self.session.step(1)?;
        let output = !matches!(
            redirect.kind,
            RedirectKind::Read | RedirectKind::ReadWrite | RedirectKind::Here
        );
        let mut fd = usize::from(redirect.fd.unwrap_or(u8::from(output)));
        let text = match &redirect.target {
            Target::Word(word) if self.bash && redirect.kind != RedirectKind::Here => {
                match Box::pin(self.redirect_word(word)).await? {
                    Some(text) => text,
                    None => return Ok(false),
                }
            }
            Target::Word(word) => self.expand_text(word).await?,
            Target::Document(body) => match body.get() {
                Some(word) => self.expand_text(word).await?,
                None => Vec::new(),
            },
        };
        if let Some(name) = &redirect.variable {
            if redirect.kind == RedirectKind::Duplicate && text == b"-" {
                let held = self.variable(name).unwrap_or_default();
                let held = std::str::from_utf8(&held).ok().and_then(|t| t.parse().ok());
                if let Some(held) = held {
                    self.fds.set(held, None);
                }
                return Ok(true);
            }
            const FIRST: usize = 10;
            let free = (FIRST..DESCRIPTORS).find(|fd| self.fds.at(*fd).is_none());
            fd = free.unwrap_or(FIRST);
            self.assign(name, fd.to_string())?;
        }
        if fd >= DESCRIPTORS {
            return self.bad_descriptor(fd);
        }
        let kind = match redirect.kind {
            // `>&$NAME`: only now is it known that a file is meant (`do_redirection_internal` of
            // bash's redir.c).
            RedirectKind::Duplicate
                if self.bash
                    && redirect.fd.is_none()
                    && redirect.variable.is_none()
                    && !text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-') =>
            {
                RedirectKind::Both
            }
            kind => kind,
        };
        let access = match kind {
            RedirectKind::Here => {
                self.replace(fd, Some(Open::bytes(text)), saved);
                return Ok(true);
            }
            RedirectKind::Duplicate => return self.duplicate(fd, &text, saved),
            RedirectKind::Read => Access::Read,
            RedirectKind::ReadWrite => Access::Update,
            RedirectKind::Write | RedirectKind::Overwrite | RedirectKind::Both => Access::Truncate,
            RedirectKind::Append | RedirectKind::BothAppend => Access::Append,
        };
        if self.options.no_clobber
            && matches!(kind, RedirectKind::Write | RedirectKind::Both)
            && self.is_file_there(&text)
        {
            let shown = String::from_utf8_lossy(&text).into_owned();
            let message = if self.bash {
                format!("{shown}: cannot overwrite existing file")
            } else if self.dash {
                format!("cannot create {shown}: File exists")
            } else {
                format!("can't create {shown}: File exists")
            };
            self.complain(&message)?;
            return Ok(false);
        }
        if self.bash
            && let Some(socket) = socket_path(&text)
        {
            let Some(open) = self.open_socket(&text, socket).await? else { return Ok(false) };
            if matches!(kind, RedirectKind::Both | RedirectKind::BothAppend) {
                self.replace(2, Some(open.clone()), saved);
            }
            self.replace(fd, Some(open), saved);
            return Ok(true);
        }
        if access == Access::Truncate {
            self.capture_before_loss(&text);
        }
        match self.open(&text, access) {
            Ok(open) => {
                if matches!(kind, RedirectKind::Both | RedirectKind::BothAppend) {
                    self.replace(2, Some(open.clone()), saved);
                }
                self.replace(fd, Some(open), saved);
                Ok(true)
            }
            // A directory can be opened for reading; only reading from it fails.
            Err(FsError::IsDirectory) if access == Access::Read => {
                self.replace(fd, Some(Open::bytes("")), saved);
                Ok(true)
            }
            Err(error) => self.cannot_open(&text, access, error),
        }
    }

    /// The name of a redirection, which bash expands like an argument: it must be one word.
    async fn redirect_word(&mut self, word: &Word) -> Result<Option<Vec<u8>>, Stop> {
        let words = self.expand_words(std::slice::from_ref(word)).await?;
        if let [only] = &words[..] {
            return Ok(Some(only.clone()));
        }
        let shown = String::from_utf8_lossy(&written(word)).into_owned();
        self.complain(&format!("{shown}: ambiguous redirect"))?;
        Ok(None)
    }

    /// A connection that bash makes itself (`netopen` of `lib/sh/netopen.c`): where it
    /// leads is told of, and it is answered as one of `nc`.
    async fn open_socket(
        &mut self,
        path: &[u8],
        (is_datagram, host, service): (bool, &str, &str),
    ) -> Result<Option<Fd>, Stop> {
        let shown = String::from_utf8_lossy(path).into_owned();
        let Some(port) = netcat::service_port(service) else {
            self.complain(&format!("{service}: Servname not supported for ai_socktype"))?;
            self.complain(&format!("{shown}: Invalid argument"))?;
            return Ok(None);
        };
        if !is_datagram && netcat::is_served(self, host, port) {
            return Ok(Some(Arc::new(Open::Null)));
        }
        match netcat::reach(self, host, port, "bash").await? {
            Unreached::Name => {
                self.complain(&format!("{host}: Name or service not known"))?;
                self.complain(&format!("{shown}: Invalid argument"))?;
            }
            Unreached::Refused if is_datagram => return Ok(Some(Arc::new(Open::Null))),
            Unreached::Refused => {
                // The first line is the system's, which knows of no line of the script.
                let name = self.message_name();
                self.error(&format!("{name}: connect: Connection refused"))?;
                self.complain(&format!("{shown}: Connection refused"))?;
            }
        }
        Ok(None)
    }

    fn is_file_there(&self, path: &[u8]) -> bool {
        let view = self.view();
        self.fs().stat(&view, &self.absolute(path), true).is_ok_and(|s| s.is_file())
    }

    /// Status of a command whose redirection failed.
    pub(crate) const fn redirect_status(&self) -> i32 {
        if self.dash { 2 } else { 1 }
    }

    fn cannot_open(&mut self, path: &[u8], access: Access, error: FsError) -> Result<bool, Stop> {
        let shown = String::from_utf8_lossy(path).into_owned();
        let message = if self.bash {
            format!("{shown}: {}", error.text())
        } else if self.dash {
            let verb = if access == Access::Read { "open" } else { "create" };
            let why = match (error, access) {
                (FsError::NotFound, Access::Read) => "No such file",
                (FsError::NotFound, _) => "Directory nonexistent",
                (error, _) => error.text(),
            };
            format!("cannot {verb} {shown}: {why}")
        } else {
            let verb = if access == Access::Read { "open" } else { "create" };
            let why = match (error, access) {
                (FsError::NotFound, Access::Read) => "no such file",
                (FsError::NotFound, _) => "nonexistent directory",
                (error, _) => error.text(),
            };
            format!("can't {verb} {shown}: {why}")
        };
        self.complain(&message)?;
        Ok(false)
    }

    fn duplicate(&mut self, fd: usize, text: &[u8], saved: &mut SavedFds) -> Result<bool, Stop> {
        if text == b"-" {
            self.replace(fd, None, saved);
            return Ok(true);
        }
        let digits = text.strip_suffix(b"-").unwrap_or(text);
        let source = std::str::from_utf8(digits).ok().and_then(|t| t.parse::<usize>().ok());
        let source = source.map(crate::io::descriptor_shown);
        let Some(source) = source else {
            let message = if self.bash { "ambiguous redirect" } else { "bad fd number" };
            let message = if self.bash {
                format!("{}: {message}", String::from_utf8_lossy(text))
            } else {
                format!("syntax error: {message}")
            };
            self.complain(&message)?;
            return Ok(false);
        };
        let Some(open) = self.fds.at(source).cloned() else { return self.bad_descriptor(source) };
        self.replace(fd, Some(open), saved);
        if digits.len() < text.len() {
            self.replace(source, None, saved);
        }
        Ok(true)
    }

    fn bad_descriptor(&mut self, fd: usize) -> Result<bool, Stop> {
        self.complain(&format!("{fd}: Bad file descriptor"))?;
        Ok(false)
    }
}

/// Whether a path is `/dev/udp/HOST/PORT` (or `tcp`), its host and its port.
fn socket_path(path: &[u8]) -> Option<(bool, &str, &str)> {
    let path = std::str::from_utf8(path).ok()?;
    let (is_datagram, rest) = match path.strip_prefix("/dev/tcp/") {
        Some(rest) => (false, rest),
        None => (true, path.strip_prefix("/dev/udp/")?),
    };
    let (host, service) = rest.split_once('/')?;
    Some((is_datagram, host, service))
}

/// A word about as it was written, for a message.
fn written(word: &Word) -> Vec<u8> {
    let mut out = Vec::new();
    for part in &word.parts {
        match part {
            Part::Literal(text) | Part::Quoted(text) => out.extend_from_slice(text),
            Part::Param(param) if param.bare => {
                out.push(b'$');
                out.extend_from_slice(&param.name);
            }
            Part::Param(param) => {
                out.extend_from_slice(b"${");
                out.extend_from_slice(&param.name);
                out.push(b'}');
            }
            _ => {}
        }
    }
    out
}
