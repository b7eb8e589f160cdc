//! The commands that `cmd` has itself, and the filters of text.

use super::exec::{Batch, Eval, Flow, Known};
use crate::command_line;
use crate::dialers;
use crate::run::Content;

impl Batch<'_, '_> {
    /// A command of `cmd`'s own; `None` if it is not one.
    pub(super) fn builtin(&mut self, name: &str, rest: &str) -> Eval<Option<Known>> {
        let known = match name {
            "echo" => {
                self.echo(rest);
                Some(true)
            }
            "set" => {
                self.set(rest)?;
                Some(true)
            }
            "setlocal" => {
                self.begin_local()?;
                let lower = rest.to_ascii_lowercase();
                if lower.contains("enabledelayedexpansion") {
                    self.is_delayed = true;
                } else if lower.contains("disabledelayedexpansion") {
                    self.is_delayed = false;
                }
                Some(true)
            }
            "endlocal" => {
                self.end_local()?;
                Some(true)
            }
            "goto" => {
                let label = rest.trim().trim_start_matches(':').trim_start();
                let end = label
                    .find(|c: char| c.is_whitespace() || "&|<>:;,=+".contains(c))
                    .unwrap_or(label.len());
                return Err(Flow::Goto(label[..end].to_ascii_lowercase()));
            }
            "call" => self.call(rest.trim_start())?,
            "exit" => {
                let is_call = rest.to_ascii_lowercase().contains("/b");
                let code = rest.split_ascii_whitespace().rfind(|it| !it.starts_with('/'));
                if let Some(code) = code.and_then(super::arithmetic::number) {
                    self.run.exit_code = code;
                }
                return Err(if is_call { Flow::Return } else { Flow::Exit });
            }
            "start" => {
                self.start(rest)?;
                None
            }
            "cd" | "chdir" | "pushd" => {
                let path = rest
                    .trim()
                    .trim_start_matches("/d")
                    .trim_start_matches("/D")
                    .trim()
                    .trim_matches('"');
                dialers::shares(self.run, &[path.to_owned()]);
                if path.is_empty() {
                    let folder = format!("{}\r\n", self.folder);
                    self.emit(&folder);
                } else if path.get(1..2) == Some(":") || path.starts_with(r"\\") {
                    path.clone_into(&mut self.folder);
                } else if path != "." && path != ".." && self.folder.len() < 1000 {
                    self.folder = format!(
                        "{}\\{}",
                        self.folder.trim_end_matches('\\'),
                        path.trim_start_matches('\\')
                    );
                }
                Some(true)
            }
            "type" => {
                let paths = command_line::split(rest);
                dialers::shares(self.run, &paths);
                for path in paths {
                    if let Some(Content::Own(bytes)) = self.run.file(&path) {
                        let text = crate::run::decode(bytes);
                        self.run.steps(text.len() as u64 / 64)?;
                        self.emit(&text);
                    }
                }
                Some(true)
            }
            "copy" | "xcopy" | "move" | "ren" | "rename" => {
                let words = command_line::split(&rest.replace(" + ", "+"));
                dialers::shares(self.run, &words);
                let plain: Vec<&String> = words.iter().filter(|it| !it.starts_with('/')).collect();
                if let [from, to, ..] = plain.as_slice() {
                    self.copy(from, to)?;
                }
                Some(true)
            }
            "shift" => {
                if self.arguments.len() > 1 {
                    self.arguments.remove(1);
                }
                Some(true)
            }
            "pause" => {
                self.run.wait();
                Some(true)
            }
            "dir" | "mklink" | "robocopy" => {
                dialers::shares(self.run, &command_line::split(rest));
                Some(true)
            }
            "rem" | "title" | "color" | "cls" | "md" | "mkdir" | "rd" | "rmdir" | "del"
            | "erase" | "popd" | "path" | "prompt" | "assoc" | "ftype" | "break" | "verify"
            | "date" | "time" | "ver" | "vol" => Some(true),
            _ => return Ok(None),
        };
        Ok(Some(known))
    }

    /// `copy`, of several files into one, too.
    fn copy(&mut self, from: &str, to: &str) -> Eval<()> {
        if !from.contains('+') {
            self.run.copy(from, to);
            return Ok(());
        }
        let mut all = Vec::new();
        let max = self.run.limits.value_bytes;
        for part in from.split('+') {
            match self.run.file(part) {
                Some(Content::Own(bytes)) if all.len() + bytes.len() <= max => all.extend(bytes),
                // What is not known is none of ours: the first stands for all.
                _ => {
                    self.run.copy(from.split('+').next().unwrap_or(from), to);
                    return Ok(());
                }
            }
        }
        self.run.write(to, &all, false)?;
        Ok(())
    }

    fn echo(&mut self, rest: &str) {
        let mut chars = rest.chars();
        let first = chars.next();
        let text = chars.as_str();
        if first.is_some_and(char::is_whitespace)
            && matches!(text.trim().to_ascii_lowercase().as_str(), "on" | "off" | "")
        {
            return;
        }
        if first.is_some() {
            let line = format!("{text}\r\n");
            self.emit(&line);
        }
    }

    fn set(&mut self, rest: &str) -> Eval<()> {
        let rest = rest.trim_start();
        let lower = rest.to_ascii_lowercase();
        if lower.starts_with("/a") {
            let expression = rest[2..].trim().replace('"', "");
            let value = self.arithmetic(&expression)?;
            if self.mode == super::Mode::Line {
                self.emit(&value.to_string());
            }
            return Ok(());
        }
        if lower.starts_with("/p") {
            let (name, prompt) = unquoted(rest[2..].trim_start())
                .split_once('=')
                .unwrap_or((unquoted(rest[2..].trim_start()), ""));
            // Without a line feed: `<nul set /p =text` writes that way.
            let prompt = unquoted(prompt).to_owned();
            self.emit(&prompt);
            // The next lines are left for whoever reads next.
            let input = self.input.take();
            let line = input.as_deref().map(|it| {
                let (line, rest) = it.split_once('\n').unwrap_or((it, ""));
                self.input = (!rest.is_empty()).then(|| rest.to_owned());
                line.trim_end_matches('\r').to_owned()
            });
            if let (Some(line), false) = (line, name.trim().is_empty()) {
                self.run.set_variable(name.trim(), &line)?;
            }
            return Ok(());
        }
        let text = unquoted(rest);
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                let name = name.to_owned();
                let value = value.to_owned();
                self.doubt(&name, &value);
                self.run.set_variable(&name, &value)?;
            }
            Some(_) => {}
            None => {
                let prefix = text.trim().to_ascii_lowercase();
                let mut listed = String::new();
                for (name, variable) in self.run.environment() {
                    if name.starts_with(&prefix) && listed.len() < (1 << 16) {
                        listed.extend([&**name, "=", variable.value.as_str(), "\r\n"]);
                    }
                }
                self.run.steps(listed.len() as u64 / 16)?;
                self.emit(&listed);
            }
        }
        Ok(())
    }

    /// `call :label`, `call script`, `call command` with its percent signs expanded once more.
    fn call(&mut self, rest: &str) -> Eval<Known> {
        let again = self.expand_percent(rest)?;
        if let Some(label) = again.strip_prefix(':') {
            let mut words = arguments_of(label);
            if words.is_empty() {
                return Ok(None);
            }
            let label = words[0].to_ascii_lowercase();
            words[0] = format!(":{}", words[0]);
            if label == "eof" {
                return Ok(None);
            }
            self.subroutine(&label, words)?;
            return Ok(None);
        }
        if !self.run.enter() {
            return Ok(None);
        }
        let done = match self.read_text(&again) {
            Ok(node) => self.node(&node),
            Err(stop) => Err(stop.into()),
        };
        self.run.leave();
        done
    }

    /// `start "title" /switches program arguments`
    fn start(&mut self, rest: &str) -> Eval<()> {
        let mut rest = rest.trim_start();
        let mut has_title = false;
        // A title may stand behind switches, too: `start /b "" a.exe`.
        loop {
            if !has_title
                && let Some(title) = rest.strip_prefix('"')
                && let Some((title, tail)) = title.split_once('"')
            {
                // A title alone is a program's name after all.
                if tail.trim().is_empty() {
                    self.run.start(title)?;
                    return Ok(());
                }
                rest = tail.trim_start();
                has_title = true;
                continue;
            }
            let Some(switch) = rest.strip_prefix('/') else { break };
            let end = switch.find(char::is_whitespace).unwrap_or(switch.len());
            let name = switch[..end].to_ascii_lowercase();
            rest = switch[end..].trim_start();
            if matches!(name.as_str(), "d" | "affinity" | "node") {
                let words = command_line::split(rest);
                let length =
                    words.first().map_or(0, |it| rest.find(it.as_str()).unwrap_or(0) + it.len());
                rest = rest.get(length..).unwrap_or_default().trim_start_matches('"').trim_start();
            }
        }
        // A command of `cmd`'s own is run as `cmd /k` runs it.
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (word, tail) = rest.split_at(letters);
        if matches!(word.to_ascii_lowercase().as_str(), "call" | "echo" | "type" | "copy")
            && tail.starts_with(' ')
        {
            if self.run.enter() {
                let done = self.simple(rest);
                self.run.leave();
                done?;
            }
            return Ok(());
        }
        self.run.start(rest)?;
        Ok(())
    }

    /// `findstr`, `find`, `more`, `sort`: lines of what flows in, or of a file that the script has.
    pub(super) fn filter(
        &mut self,
        program: &str,
        words: &[String],
        input: Option<String>,
    ) -> Eval<()> {
        let mut patterns: Vec<String> = Vec::new();
        let (mut inverted, mut ignore_case, mut at_begin, mut at_end) =
            (false, false, false, false);
        let mut skip = 0;
        let mut plain = Vec::new();
        for word in words {
            let lower = word.to_ascii_lowercase();
            if let Some(rest) = lower.strip_prefix("/c:") {
                patterns.push(word[word.len() - rest.len()..].to_owned());
            } else if let Some(number) = word.strip_prefix('+') {
                skip = number.parse().unwrap_or(0);
            } else if let Some(letters) = lower.strip_prefix('/') {
                for letter in letters.chars() {
                    match letter {
                        'v' => inverted = true,
                        'i' => ignore_case = true,
                        'b' => at_begin = true,
                        'e' => at_end = true,
                        _ => {}
                    }
                }
            } else {
                plain.push(word);
            }
        }
        let is_search = matches!(program, "findstr" | "find");
        let mut files = plain.into_iter();
        if is_search
            && patterns.is_empty()
            && let Some(pattern) = files.next()
        {
            if program == "findstr" {
                patterns.extend(pattern.split(' ').map(str::to_owned));
            } else {
                patterns.push(pattern.clone());
            }
        }
        let text = match files.next().and_then(|it| self.run.file(it)) {
            Some(Content::Own(bytes)) => Some(crate::run::decode(bytes)),
            _ => input,
        };
        let Some(text) = text else { return Ok(()) };
        self.run.steps(text.len() as u64 / 16)?;
        for pattern in &mut patterns {
            if ignore_case {
                *pattern = pattern.to_lowercase();
            }
            if let Some(bare) = pattern.strip_prefix('^') {
                at_begin = true;
                *pattern = bare.to_owned();
            }
            *pattern = pattern.replace('\\', "");
        }
        let mut out = String::new();
        for line in text.lines().skip(skip) {
            let folded = if ignore_case { line.to_lowercase() } else { line.to_owned() };
            let is_found = !is_search
                || patterns.iter().any(|it| match (at_begin, at_end) {
                    (true, _) => folded.starts_with(it.as_str()),
                    (_, true) => folded.ends_with(it.as_str()),
                    _ => folded.contains(it.as_str()),
                }) != inverted;
            self.run.steps(1 + patterns.len() as u64)?;
            if is_found {
                out.push_str(line);
                out.push_str("\r\n");
            }
        }
        self.emit(&out);
        Ok(())
    }
}

/// Without the quotes around it: up to the last one.
fn unquoted(text: &str) -> &str {
    match text.strip_prefix('"') {
        Some(rest) => rest.rfind('"').map_or(rest, |end| &rest[..end]),
        None => text,
    }
}

/// Arguments as `%1` has them: quotes stay.
fn arguments_of(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for c in text.chars() {
        quoted ^= c == '"';
        if !quoted && (c.is_whitespace() || matches!(c, ',' | ';' | '=')) {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
        } else {
            word.push(c);
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}
