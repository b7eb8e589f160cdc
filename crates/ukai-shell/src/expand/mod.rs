//! From words to arguments: parameters, substitutions, field splitting, patterns.

pub(crate) mod arithmetic;
mod brace;
mod fields;
mod glob;
mod parameter;
pub(crate) mod pattern;

pub(crate) use parameter::attribute_letters;

use crate::limits;
use crate::process::Process;
use crate::syntax::{Part, ShellKind, Word};
use crate::system::{Fut, Stop};
use bytes::Bytes;
use fields::Builder;
pub(crate) use fields::Separators;

impl Process {
    /// Expands words into arguments.
    pub(crate) async fn expand_words(&mut self, words: &[Word]) -> Result<Vec<Vec<u8>>, Stop> {
        let mut arguments: Vec<Vec<u8>> = Vec::with_capacity(words.len());
        let (mut counted, mut bytes) = (0, 0);
        for word in words {
            if let [Part::Literal(text)] = &word.parts[..]
                && !text.iter().any(|b| b"*?[~{\\".contains(b))
            {
                arguments.push(text.clone());
            } else if self.bash && brace::has_braces(word) {
                let Some(words) = brace::expand(word) else { return self.too_much() };
                for word in words {
                    self.expand_into(&word, &mut arguments).await?;
                    if arguments.len() > limits::WORDS {
                        return self.too_much();
                    }
                }
            } else {
                self.expand_into(word, &mut arguments).await?;
            }
            let added = &arguments[counted..];
            bytes += added.iter().map(Vec::len).sum::<usize>();
            if arguments.len() > limits::WORDS || bytes > limits::WORD_BYTES {
                return self.too_much();
            }
            counted = arguments.len();
        }
        self.session.copied(arguments.len(), bytes)?;
        Ok(arguments)
    }

    async fn expand_into(&mut self, word: &Word, arguments: &mut Vec<Vec<u8>>) -> Result<(), Stop> {
        let mut out = Builder::splitting(self.variable(b"IFS").as_deref());
        self.tilde(word, &mut out);
        self.expand_parts(&word.parts, false, &mut out).await?;
        self.session.copied(0, out.bytes())?;
        if out.overflown() {
            return self.too_much();
        }
        for field in out.finish() {
            if field.active && !self.options.no_glob {
                let found = self.glob(&field.pattern)?;
                if !found.is_empty() {
                    arguments.extend(found);
                    continue;
                }
                if self.shell_option("nullglob") {
                    continue;
                }
                if self.shell_option("failglob") {
                    let shown = String::from_utf8_lossy(&field.text).into_owned();
                    self.complain(&format!("no match: {shown}"))?;
                    return Err(Stop::Abort(1));
                }
            }
            arguments.push(field.text);
        }
        Ok(())
    }

    /// Expands a word into one string: no splitting, no file names.
    pub(crate) async fn expand_text(&mut self, word: &Word) -> Result<Vec<u8>, Stop> {
        let plain = match &word.parts[..] {
            [] => return Ok(Vec::new()),
            [Part::Literal(text)] if !text.contains(&b'~') => Some(text),
            [Part::Quoted(text)] => Some(text),
            _ => None,
        };
        if let Some(text) = plain {
            self.session.copied(0, text.len())?;
            return Ok(text.clone());
        }
        self.expand_joined(word).await.map(|field| field.text)
    }

    /// Expands a word into a pattern, in which quoted characters stand for themselves.
    pub(crate) async fn expand_pattern(&mut self, word: &Word) -> Result<Vec<u8>, Stop> {
        self.expand_joined(word).await.map(|field| field.pattern)
    }

    async fn expand_joined(&mut self, word: &Word) -> Result<fields::Field, Stop> {
        let mut out = Builder::joining();
        self.tilde(word, &mut out);
        self.expand_parts(&word.parts, false, &mut out).await?;
        self.session.copied(0, out.bytes())?;
        if out.overflown() {
            return self.too_much();
        }
        Ok(out.finish().into_iter().next().unwrap_or_default())
    }

    /// Words grew over their limit: the command ends as if memory had run out.
    fn too_much<T>(&mut self) -> Result<T, Stop> {
        self.session.system().limit("memory", "an expansion grew too large");
        self.complain("out of memory")?;
        Err(Stop::Abort(2))
    }

    /// A `~` at the beginning of a word; the builder is told to leave it out.
    fn tilde(&self, word: &Word, out: &mut Builder) {
        let Some(Part::Literal(text)) = word.parts.first() else { return };
        let Some(rest) = text.strip_prefix(b"~") else { return };
        let end = rest.iter().position(|b| *b == b'/').unwrap_or(rest.len());
        if end == rest.len() && word.parts.len() > 1 {
            return;
        }
        let home = if end == 0 {
            self.variable(b"HOME")
        } else {
            let users = self.session.host.users();
            let user = users.iter().find(|u| u.name.as_bytes() == &rest[..end]);
            user.map(|u| Bytes::copy_from_slice(u.home.as_bytes()))
        };
        if let Some(home) = home {
            out.quoted(&home);
            out.skip = 1 + end;
        }
    }

    fn expand_parts<'a>(
        &'a mut self,
        parts: &'a [Part],
        quoted: bool,
        out: &'a mut Builder,
    ) -> Fut<'a, Result<(), Stop>> {
        Box::pin(async move {
            for part in parts {
                match part {
                    Part::Literal(text) => {
                        let skip = std::mem::take(&mut out.skip).min(text.len());
                        out.literal(&text[skip..]);
                    }
                    Part::Quoted(text) => out.quoted(text),
                    Part::Double(parts) => {
                        if !is_all_parameters(parts) {
                            out.present();
                        }
                        self.expand_parts(parts, true, out).await?;
                    }
                    Part::Param(param) => self.expand_parameter(param, quoted, out).await?,
                    Part::Command(list) => {
                        let text = self.substitute(list).await?;
                        out.value(&text, quoted);
                    }
                    Part::Printed(list) => {
                        let path = self.printed_file(list).await?;
                        out.quoted(path.as_bytes());
                    }
                    Part::Read(list) => {
                        let path = self.read_file_of(list);
                        out.quoted(path.as_bytes());
                    }
                    // No assignment here: it stands for its text.
                    Part::Element { name, subscript, append } => {
                        out.literal(name);
                        out.literal(b"[");
                        self.expand_parts(&subscript.parts, false, out).await?;
                        out.literal(if *append { b"]+=" } else { b"]=" });
                    }
                    Part::Arithmetic(word) => {
                        let text = self.expand_text(word).await?;
                        let value = self.arithmetic(&text)?;
                        out.value(value.to_string().as_bytes(), quoted);
                    }
                }
            }
            Ok(())
        })
    }

    /// Evaluates an arithmetic expression; an error ends the command.
    pub(crate) fn arithmetic(&mut self, text: &[u8]) -> Result<i64, Stop> {
        self.session.step(1 + text.len() as u64 / 64)?;
        match arithmetic::evaluate(self, text) {
            Ok(value) => Ok(value),
            Err(arithmetic::Fault::Stop(stop)) => Err(stop),
            Err(arithmetic::Fault::Message(message)) => {
                self.complain(message)?;
                Err(Stop::Abort(if self.bash { 1 } else { 2 }))
            }
            Err(arithmetic::Fault::At(message, rest)) => {
                // bash shows the text from its first character on, and where it stopped.
                let shown = String::from_utf8_lossy(text.trim_ascii_start()).into_owned();
                let text = match self.kind() {
                    ShellKind::Bash => {
                        let token = String::from_utf8_lossy(&rest);
                        format!("{shown}: {message} (error token is \"{token}\")")
                    }
                    ShellKind::Dash => {
                        format!("arithmetic expression: {message}: \"{shown}\"")
                    }
                    ShellKind::Ash => message.to_owned(),
                };
                self.complain(&text)?;
                Err(Stop::Abort(if self.bash { 1 } else { 2 }))
            }
        }
    }
}

/// `"$@"` alone gives no field when there are no parameters.
fn is_all_parameters(parts: &[Part]) -> bool {
    use crate::syntax::{ParamOp, Subscript};
    matches!(parts, [Part::Param(param)]
        if matches!(param.op, ParamOp::Plain)
            && (&param.name[..] == b"@" || matches!(param.subscript, Some(Subscript::All { joined: false }))))
}
