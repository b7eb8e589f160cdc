//! Texts of many commands: read one, run it, read the next.

use crate::limits;
use crate::process::{Process, Source};
use crate::syntax::{Parser, ShellKind, SyntaxError};
use crate::system::Stop;
use bytes::Bytes;
use std::borrow::Cow;

/// Bytes of a program that are read in a step.
const TEXT_PER_STEP: u64 = 256;

impl Process {
    /// Runs a text to its end, in this process.
    pub(crate) async fn run_text(&mut self, text: &[u8]) -> Result<i32, Stop> {
        self.enter()?;
        let result = self.run_commands(text).await;
        self.depth -= 1;
        result
    }

    async fn run_commands(&mut self, text: &[u8]) -> Result<i32, Stop> {
        let text = &text[..text.len().min(limits::SCRIPT_BYTES)];
        self.session.step(text.len() as u64 / TEXT_PER_STEP)?;
        // Shells pass over NUL bytes, which programs taken for scripts are full of.
        let text = if text.contains(&0) {
            Cow::Owned(text.iter().copied().filter(|b| *b != 0).collect())
        } else {
            Cow::Borrowed(text)
        };
        let text = &text[..];
        let mut parser = Parser::new(text, self.kind());
        let mut ran = false;
        loop {
            let next = parser.next_command();
            self.count_read();
            self.warn_of_documents(&mut parser, text)?;
            match next {
                Ok(None) => {
                    if !ran {
                        self.status = 0;
                    }
                    return Ok(self.status);
                }
                Ok(Some(list)) => {
                    ran = true;
                    self.list(&list).await?;
                }
                Err(error) => {
                    self.syntax_error(&error, text)?;
                    return Err(Stop::Abort(if error.in_array { 1 } else { 2 }));
                }
            }
        }
    }

    /// Counts a command that was read: aliases are known to those read later.
    fn count_read(&mut self) {
        let mut system = self.session.system();
        system.commands_read += 1;
        self.read_at = system.commands_read;
    }

    /// bash warns of here-documents that the end of the text ended.
    fn warn_of_documents(&mut self, parser: &mut Parser<'_>, text: &[u8]) -> Result<(), Stop> {
        for unended in parser.take_unended() {
            if self.bash {
                // The reader counts a last line without end, too; the end itself it does not.
                let ended = u32::from(!text.ends_with(b"\n"));
                self.line = unended.at_line.saturating_sub(ended);
                let wanted = String::from_utf8_lossy(&unended.wanted);
                self.complain(&format!(
                    "warning: here-document at line {} delimited by end-of-file (wanted `{wanted}')",
                    unended.line
                ))?;
            }
        }
        Ok(())
    }

    /// Runs what was typed (or a script given as a whole), command by command, each
    /// announced before it runs. A mistake ends one command of a person at a prompt,
    /// and all of a script.
    pub(crate) async fn run_input(&mut self, text: &[u8]) -> Result<i32, Stop> {
        self.run_lines(text, 1, true).await
    }

    /// Runs the commands that standard input holds, line by line, so that they can
    /// read the rest of it themselves.
    pub(crate) async fn run_stdin(&mut self, announced: bool) -> Result<i32, Stop> {
        let mut pending = Vec::new();
        let mut line = 1;
        // A text that stays unfinished for long is not looked at after every line.
        let mut looked_at = 0;
        loop {
            let chunk = self.read(0, limits::TERMINAL_LINE_BYTES, true).await?;
            let chunk = chunk.unwrap_or_default();
            let ended = chunk.is_empty() || pending.len() >= limits::SCRIPT_BYTES;
            pending.extend(chunk.iter().filter(|b| **b != 0));
            if pending.is_empty() && ended {
                return Ok(self.status);
            }
            if !ended {
                if !pending.ends_with(b"\n") || pending.len() < looked_at + looked_at / 16 {
                    continue;
                }
                self.session.step(pending.len() as u64 / TEXT_PER_STEP)?;
                looked_at = pending.len();
                if crate::shell::is_unfinished(&pending, self.kind()) {
                    continue;
                }
            }
            let text = std::mem::take(&mut pending);
            looked_at = 0;
            self.run_lines(&text, line, announced).await?;
            let lines = text.split(|b| *b == b'\n').count().saturating_sub(1);
            line = line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        }
    }

    async fn run_lines(
        &mut self,
        text: &[u8],
        first_line: u32,
        announced: bool,
    ) -> Result<i32, Stop> {
        let text = &text[..text.len().min(limits::SCRIPT_BYTES)];
        self.session.step(text.len() as u64 / TEXT_PER_STEP)?;
        let interactive = self.source == Source::Interactive;
        let mut start = 0;
        let mut parser = Parser::new(text, self.kind()).at_line(first_line);
        loop {
            let next = parser.next_command();
            self.count_read();
            self.warn_of_documents(&mut parser, text)?;
            let result = match next {
                Ok(None) => return Ok(self.status),
                Ok(Some(list)) => {
                    let line = text[start..parser.position()].trim_ascii();
                    if announced {
                        self.session.system().command(line);
                    }
                    start = parser.position();
                    self.list(&list).await
                }
                Err(error) => {
                    let line = &text[start..];
                    let end = parser.position().max(start) - start;
                    let rest = line[end..].iter().position(|b| *b == b'\n');
                    let end = rest.map_or(line.len(), |n| end + n + 1);
                    if announced {
                        self.session.system().command(line[..end].trim_ascii());
                    }
                    if error.too_deep {
                        self.session.system().limit("nesting", "a command nested too deep");
                    }
                    self.syntax_error(&error, text)?;
                    self.status = 2;
                    if !interactive {
                        return Err(Stop::Abort(2));
                    }
                    start += end;
                    parser.restart_at(start);
                    continue;
                }
            };
            match result {
                Ok(_) | Err(Stop::Break(_) | Stop::Continue(_)) => {}
                Err(Stop::Abort(status)) if interactive => self.status = status,
                Err(stop) => return Err(stop),
            }
        }
    }

    /// Says what is wrong with a text, as the persona's shell does.
    pub(crate) fn syntax_error(&mut self, error: &SyntaxError, text: &[u8]) -> Result<(), Stop> {
        self.line = error.line;
        if self.dash {
            return self.complain(&format!("Syntax error: {}", dash_message(&error.message)));
        }
        if !self.bash {
            let message = format!("syntax error: {}", error.message);
            return match self.text_name {
                Some(text) => self.complain_as(text, &message),
                None => self.complain(&message),
            };
        }
        let open_line = u32::from(error.incomplete && !text.ends_with(b"\n"));
        let line = error.opened.unwrap_or(error.line.saturating_add(open_line));
        let name = self.message_name();
        let place = match (self.text_name, self.source) {
            (_, Source::Interactive) => String::new(),
            (Some(text), _) => format!("{text}: line {line}: "),
            (None, Source::Text) if self.frames.is_empty() => format!("-c: line {line}: "),
            _ => format!("line {line}: "),
        };
        if error.opened.is_some() {
            let quote = &error.near;
            return self.error(&format!(
                "{name}: {place}unexpected EOF while looking for matching `{quote}'"
            ));
        }
        if error.incomplete {
            return self.error(&format!("{name}: {place}syntax error: unexpected end of file"));
        }
        self.error(&format!("{name}: {place}syntax error near unexpected token `{}'", error.near))?;
        if self.source != Source::Interactive {
            let line = text.split(|b| *b == b'\n').nth(error.line.saturating_sub(1) as usize);
            let line = String::from_utf8_lossy(line.unwrap_or_default()).into_owned();
            return self.error(&format!("{name}: {place}`{line}'"));
        }
        Ok(())
    }

    /// Runs a text in a process of its own: `sh FILE`, `sh -c`, a script that is started.
    pub(crate) async fn run_script(
        &mut self,
        text: &[u8],
        name: Bytes,
        parameters: Vec<Bytes>,
        kind: (ShellKind, Source),
    ) -> Result<i32, Stop> {
        self.run_new_shell(text, name, parameters, kind, false).await
    }

    /// The same for `sh -c TEXT NAME`.
    pub(crate) async fn run_named_text(
        &mut self,
        text: &[u8],
        name: Bytes,
        parameters: Vec<Bytes>,
        kind: ShellKind,
    ) -> Result<i32, Stop> {
        self.run_new_shell(text, name, parameters, (kind, Source::Text), true).await
    }

    async fn run_new_shell(
        &mut self,
        text: &[u8],
        name: Bytes,
        parameters: Vec<Bytes>,
        (kind, source): (ShellKind, Source),
        named: bool,
    ) -> Result<i32, Stop> {
        self.enter()?;
        let mut child = self.new_shell(name, parameters, source);
        child.become_kind(kind);
        child.named = named;
        let result = child.run_commands(text).await;
        let status = child.ended(result).await;
        self.depth -= 1;
        status
    }

    /// Runs what standard input holds, in a process of its own: `sh < FILE`.
    pub(crate) async fn run_script_from_stdin(
        &mut self,
        name: Bytes,
        parameters: Vec<Bytes>,
        kind: ShellKind,
    ) -> Result<i32, Stop> {
        self.enter()?;
        let mut child = self.new_shell(name, parameters, Source::Input);
        child.become_kind(kind);
        let result = child.run_stdin(false).await;
        let status = child.ended(result).await;
        self.depth -= 1;
        status
    }

    /// A shell started from this one: it has the exported variables only.
    pub(crate) fn new_shell(&self, name: Bytes, parameters: Vec<Bytes>, source: Source) -> Self {
        let mut child = self.fork();
        child.pid = self.session.system().next_pid();
        child.own_pid = child.pid;
        child.trapped.clear();
        child.name = name;
        child.positional = std::sync::Arc::new(parameters);
        child.source = source;
        child.named = false;
        child.functions = std::sync::Arc::default();
        child.aliases = std::sync::Arc::default();
        child.shell_options = std::sync::Arc::default();
        child.frames = Vec::new();
        child.text_name = None;
        child.subshell_level = 0;
        child.in_trap = false;
        child.options = crate::process::Options::default();
        child.locals = Vec::new();
        child.tested = 0;
        child.status = 0;
        let unexported: Vec<Bytes> = child
            .variables
            .iter()
            .filter(|(name, v)| !v.exported && !crate::process::is_kept(name))
            .map(|(name, _)| name.clone())
            .collect();
        for name in unexported {
            child.unset(&name);
        }
        child
    }
}

/// A message of ash in the words of dash: `"fi" unexpected`, `Unterminated quoted string`.
fn dash_message(message: &str) -> String {
    if let Some(rest) = message.strip_prefix("unexpected ") {
        return match rest.split_once(" (expecting") {
            Some((token, expecting)) => format!("{token} unexpected (expecting{expecting}"),
            None => format!("{rest} unexpected"),
        };
    }
    let mut letters = message.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
