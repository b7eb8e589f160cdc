//! Redirections.

use crate::fs::{Access, FsError};
use crate::io::{DESCRIPTORS, Fd, Open};
use crate::process::Process;
use crate::syntax::{Redirect, RedirectKind, Target};
use crate::system::Stop;

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
        let fd = usize::from(redirect.fd.unwrap_or(u8::from(output)));
        let text = match &redirect.target {
            Target::Word(word) => self.expand_text(word).await?,
            Target::Document(body) => match body.get() {
                Some(word) => self.expand_text(word).await?,
                None => Vec::new(),
            },
        };
        if fd >= DESCRIPTORS {
            return self.bad_descriptor(fd);
        }
        let access = match redirect.kind {
            RedirectKind::Here => {
                self.replace(fd, Some(Open::bytes(text)), saved);
                return Ok(true);
            }
            RedirectKind::Duplicate => return self.duplicate(fd, &text, saved),
            RedirectKind::Read => Access::Read,
            RedirectKind::ReadWrite => Access::Update,
            RedirectKind::Write | RedirectKind::Both => Access::Truncate,
            RedirectKind::Append | RedirectKind::BothAppend => Access::Append,
        };
        if access == Access::Truncate {
            self.capture_before_loss(&text);
        }
        match self.open(&text, access) {
            Ok(open) => {
                if matches!(redirect.kind, RedirectKind::Both | RedirectKind::BothAppend) {
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

    fn cannot_open(&mut self, path: &[u8], access: Access, error: FsError) -> Result<bool, Stop> {
        let shown = String::from_utf8_lossy(path).into_owned();
        let message = if self.bash {
            format!("{shown}: {}", error.text())
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
