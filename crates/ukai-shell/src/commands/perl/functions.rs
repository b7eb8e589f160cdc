//! Perl's functions.

use super::ast::Expr;
use super::pack::{pack, unpack};
use super::run::{Done, Handle, Machine, Unwind, Value, boolean};
use crate::fs::{Access, Attributes, FileKind};
use crate::limits;
use base64::Engine as _;
use bytes::Bytes;
use rand::Rng as _;
use std::sync::Arc;
use ukai_model::Duration;

impl Machine<'_> {
    pub(super) fn flush(&mut self) -> Done<()> {
        let bytes = std::mem::take(&mut self.printed);
        if !bytes.is_empty() {
            self.process.print(&bytes)?;
        }
        Ok(())
    }

    fn write_out(&mut self, bytes: &[u8]) -> Done<()> {
        const BUFFER_BYTES: usize = 8_192;
        self.printed.extend_from_slice(bytes);
        let terminal = self.process.fds.at(1).is_some_and(|open| open.is_terminal());
        if terminal || self.printed.len() > BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    pub(super) async fn print(
        &mut self,
        how: &str,
        handle: Option<&Expr>,
        items: &[Expr],
    ) -> Done<Value> {
        let mut values = self.all(items).await?;
        if items.is_empty() {
            values.push(self.scalar_named("_"));
        }
        let mut out = if how == "printf" {
            let form = values.first().cloned().unwrap_or(Value::Undef);
            self.format(&form.text(), values.get(1..).unwrap_or_default())?
        } else {
            values.iter().map(Value::text).collect::<Vec<_>>().concat()
        };
        if how == "say" {
            out.push(b'\n');
        }
        if how != "printf" {
            // `$\`
            let end = self.scalar_named("\\").text();
            out.extend_from_slice(&end);
        }
        self.costs(0, out.len())?;
        let name = match handle {
            Some(handle) => self.scalar(handle).await?.text(),
            None => Bytes::from_static(b"STDOUT"),
        };
        if !self.handles.contains_key(&name) {
            match &name[..] {
                b"STDERR" => self.process.error_bytes(&out)?,
                b"STDOUT" => self.write_out(&out)?,
                _ => {}
            }
            return Ok(Value::Int(1));
        }
        match self.handles.get_mut(&name) {
            Some(Handle::Writer(fd)) => {
                const FREE: usize = 9;
                let fd = Arc::clone(fd);
                let saved = self.process.swap_fd(FREE, Some(fd));
                let result = self.process.write(FREE, &out);
                self.process.fds.set(FREE, saved);
                result?;
            }
            Some(Handle::Pipe(_, held)) if held.len() + out.len() < limits::PIPE_BYTES => {
                held.extend_from_slice(&out);
            }
            _ => {}
        }
        Ok(Value::Int(1))
    }

    /// `sprintf`
    fn format(&mut self, form: &[u8], values: &[Value]) -> Done<Vec<u8>> {
        let mut out = Vec::new();
        let mut values = values.iter();
        let mut bytes = form.iter().copied().peekable();
        while let Some(b) = bytes.next() {
            if b != b'%' {
                out.push(b);
                continue;
            }
            let mut spec = String::new();
            let kind = loop {
                match bytes.next() {
                    Some(c) if c.is_ascii_digit() || b"-+ #.".contains(&c) => spec.push(c as char),
                    Some(b'l' | b'h' | b'v') => {}
                    Some(other) => break other,
                    None => break b'%',
                }
            };
            if kind == b'%' {
                out.push(b'%');
                continue;
            }
            let value = values.next().cloned().unwrap_or(Value::Undef);
            let (width, precision) = spec
                .split_once('.')
                .map_or((spec.as_str(), None), |(w, p)| (w, p.parse::<usize>().ok()));
            let left = width.contains('-');
            let zero = width.trim_start_matches(['-', '+', ' ', '#']).starts_with('0');
            let width: usize =
                width.trim_matches(['-', '+', ' ', '#']).parse().unwrap_or(0).min(65_536);
            let body: Vec<u8> = match kind {
                b's' => {
                    let text = value.text();
                    text[..text.len().min(precision.unwrap_or(usize::MAX))].to_vec()
                }
                b'd' | b'i' | b'u' => value.integer().to_string().into_bytes(),
                b'x' => format!("{:x}", value.integer()).into_bytes(),
                b'X' => format!("{:X}", value.integer()).into_bytes(),
                b'o' => format!("{:o}", value.integer()).into_bytes(),
                b'b' => format!("{:b}", value.integer()).into_bytes(),
                b'c' => vec![value.integer() as u8],
                _ => format!("{:.*}", precision.unwrap_or(6).min(60), value.number()).into_bytes(),
            };
            let missing = width.saturating_sub(body.len());
            self.costs(0, missing)?;
            let fill = if zero && !left { b'0' } else { b' ' };
            if left {
                out.extend_from_slice(&body);
                out.extend(std::iter::repeat_n(b' ', missing));
            } else {
                out.extend(std::iter::repeat_n(fill, missing));
                out.extend_from_slice(&body);
            }
        }
        Ok(out)
    }

    async fn start(
        &mut self,
        words: Vec<Vec<u8>>,
        input: Option<Bytes>,
        collects: bool,
    ) -> Done<(i32, Bytes)> {
        self.process.session.started(&words, "perl");
        let (status, output) = self.process.child(words, input, collects).await?;
        Ok((status, output.into()))
    }

    /// The words of a command: one text is the shell's, where it needs one.
    fn words(values: &[Value]) -> Vec<Vec<u8>> {
        match values {
            [one] => {
                let text = one.text();
                if text.iter().any(|b| b"$&*(){}[]'\";\\|?<>~`\n".contains(b)) {
                    return vec![b"sh".to_vec(), b"-c".to_vec(), text.to_vec()];
                }
                text.split(u8::is_ascii_whitespace)
                    .filter(|w| !w.is_empty())
                    .map(<[u8]>::to_vec)
                    .collect()
            }
            many => many.iter().map(|v| v.text().to_vec()).collect(),
        }
    }

    fn startable(&self, name: &[u8]) -> bool {
        let found = self.process.find_program(name);
        found.is_some_and(|p| {
            let stat = self.process.fs().stat(&self.process.view(), &p, true);
            stat.is_ok_and(|s| s.kind == FileKind::File && s.mode & 0o111 != 0)
        })
    }

    pub(super) fn set_error(&mut self, text: &str) -> Done<()> {
        self.set_scalar("!", Value::str(text.to_owned()))
    }

    pub(super) async fn run_command(&mut self, text: &[u8]) -> Done<Bytes> {
        self.flush()?;
        let words = vec![b"sh".to_vec(), b"-c".to_vec(), text.to_vec()];
        let (status, out) = self.start(words, None, true).await?;
        self.status = i64::from(status) << 8;
        Ok(out)
    }

    pub(super) async fn read_line(&mut self, name: &str) -> Done<Value> {
        self.flush()?;
        let key = match name.strip_prefix('$') {
            Some(name) => self.scalar_named(name).text(),
            None => Bytes::copy_from_slice(name.as_bytes()),
        };
        // Without `$/` a file is one line.
        let whole = matches!(self.scalar_named("/"), Value::Undef);
        if let Some(Handle::Reader(rest)) = self.handles.get_mut(&key) {
            if rest.is_empty() {
                return Ok(Value::Undef);
            }
            if whole {
                return Ok(Value::Str(std::mem::take(rest)));
            }
            let end = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |at| at + 1);
            return Ok(Value::Str(rest.split_to(end)));
        }
        if !matches!(&key[..], b"STDIN" | b"") {
            return Ok(Value::Undef);
        }
        let line =
            self.process.read(0, limits::TERMINAL_LINE_BYTES, true).await?.unwrap_or_default();
        Ok(if line.is_empty() { Value::Undef } else { Value::Str(line) })
    }

    pub(super) fn file_test(&mut self, test: char, path: &[u8]) -> Value {
        let view = self.process.view();
        if path != b"_" {
            self.tested = Bytes::copy_from_slice(path);
        }
        let full = self.process.absolute(&self.tested);
        let stat = self.process.fs().stat(&view, &full, test != 'l');
        match (test, stat) {
            ('t', _) => boolean(self.process.fds.at(0).is_some_and(|o| o.is_terminal())),
            (_, Err(_)) => Value::Undef,
            ('s', Ok(stat)) => {
                if stat.size > 0 {
                    Value::Int(stat.size as i64)
                } else {
                    boolean(false)
                }
            }
            ('d', Ok(stat)) => boolean(stat.is_dir()),
            ('f', Ok(stat)) => boolean(stat.kind == FileKind::File),
            ('l', Ok(stat)) => boolean(stat.kind == FileKind::Link),
            ('x', Ok(stat)) => boolean(stat.mode & 0o111 != 0),
            ('z', Ok(stat)) => boolean(stat.size == 0),
            (_, Ok(_)) => boolean(true),
        }
    }

    fn open_file(&mut self, name: Bytes, mode: &str, path: &[u8]) -> Done<Value> {
        let result = match mode {
            ">" | "+>" | ">>" => {
                let access = if mode == ">>" { Access::Append } else { Access::Truncate };
                self.process.capture_before_loss(path);
                self.process.open(path, access).map(Handle::Writer)
            }
            _ => {
                let view = self.process.view();
                let full = self.process.absolute(path);
                self.process.fs().read(&view, &full).map(Handle::Reader)
            }
        };
        match result {
            Ok(handle) => {
                self.handles.insert(name, handle);
                Ok(Value::Int(1))
            }
            Err(error) => {
                self.set_error(error.text())?;
                Ok(Value::Int(0))
            }
        }
    }

    async fn open(&mut self, arguments: &[Expr]) -> Done<Value> {
        const HANDLES_MAX: usize = 64;
        let Some((first, rest)) = arguments.split_first() else { return Ok(Value::Int(0)) };
        if self.handles.len() >= HANDLES_MAX {
            self.set_error("Too many open files")?;
            return Ok(Value::Int(0));
        }
        let name = match first {
            Expr::Call(name, _) => Bytes::copy_from_slice(name.as_bytes()),
            Expr::Str(name) => name.clone(),
            other => {
                let name = Bytes::from(format!("*main::$fh{}", self.handles.len()));
                self.store(other, Value::Str(name.clone())).await?;
                name
            }
        };
        let rest = self.all(rest).await?;
        let (mode, path) = match &rest[..] {
            [one] => {
                let text = one.text();
                let text = text.trim_ascii();
                let split = text.iter().position(|b| !b"+<>|&".contains(b)).unwrap_or(text.len());
                let (mode, path) = text.split_at(split);
                if path.ends_with(b"|") {
                    ("-|".to_owned(), path[..path.len() - 1].to_vec())
                } else {
                    (String::from_utf8_lossy(mode).into_owned(), path.trim_ascii().to_vec())
                }
            }
            [mode, path, ..] => {
                let mode = mode.shown();
                let mode = mode.split(':').next().unwrap_or("").trim().to_owned();
                (mode, path.text().to_vec())
            }
            [] => return Ok(Value::Int(0)),
        };
        match mode.as_str() {
            "-|" => {
                let out = self.run_command(&path).await?;
                self.handles.insert(name, Handle::Reader(out));
                Ok(Value::Int(1))
            }
            "|" | "|-" => {
                self.handles.insert(name, Handle::Pipe(path.into(), Vec::new()));
                Ok(Value::Int(1))
            }
            ">&" | "<&" | "+<&" | ">>&" => Ok(Value::Int(1)),
            mode => self.open_file(name, mode, &path),
        }
    }

    async fn close(&mut self, name: &Bytes) -> Done<Value> {
        match self.handles.remove(name) {
            Some(Handle::Pipe(command, held)) => {
                let words = vec![b"sh".to_vec(), b"-c".to_vec(), command.to_vec()];
                let (status, _) = self.start(words, Some(held.into()), false).await?;
                self.status = i64::from(status) << 8;
                Ok(Value::Int(1))
            }
            Some(_) => Ok(Value::Int(1)),
            None => Ok(Value::Undef),
        }
    }

    /// A function of Perl's own (or of a module).
    pub(super) async fn function(
        &mut self,
        name: &str,
        arguments: &[Expr],
        list: bool,
    ) -> Done<Vec<Value>> {
        let one = |value: Value| Ok(vec![value]);
        // Those that change what they are given, or do not evaluate it.
        match name {
            "open" => return one(self.open(arguments).await?),
            "push" | "unshift" | "shift" | "pop" | "splice" => {
                return self.array_function(name, arguments).await;
            }
            "scalar" => {
                let Some(first) = arguments.first() else { return one(Value::Undef) };
                return one(self.scalar(first).await?);
            }
            "defined" | "exists" => {
                let value = match arguments.first() {
                    Some(Expr::Call(name, _)) => return one(boolean(!name.is_empty())),
                    Some(first) => self.scalar(first).await?,
                    None => self.scalar_named("_"),
                };
                return one(boolean(!matches!(value, Value::Undef)));
            }
            "chomp" | "chop" => {
                let this = Expr::Scalar("_".into());
                let target = arguments.first().unwrap_or(&this);
                let text = self.scalar(target).await?.text();
                let cut = if name == "chop" {
                    text.len().saturating_sub(1)
                } else {
                    text.strip_suffix(b"\n").unwrap_or(&text).len()
                };
                self.store(target, Value::Str(text.slice(..cut))).await?;
                let removed = text.slice(cut..);
                return one(if name == "chop" {
                    Value::Str(removed)
                } else {
                    Value::Int(removed.len() as i64)
                });
            }
            "delete" => {
                if let Some(Expr::Member(of, key)) = arguments.first() {
                    let key = self.scalar(key).await?.text();
                    let id = match &**of {
                        Expr::Hash(name) => Some(self.hash_named(name)?),
                        other => match self.scalar(other).await? {
                            Value::Hash(id) => Some(id),
                            _ => None,
                        },
                    };
                    if let Some(id) = id {
                        self.hashes[id].retain(|(k, _)| *k != key);
                    }
                }
                return one(Value::Undef);
            }
            "close" => {
                let key = match arguments.first() {
                    Some(Expr::Call(name, _)) => Bytes::copy_from_slice(name.as_bytes()),
                    Some(other) => self.scalar(other).await?.text(),
                    None => Bytes::new(),
                };
                return one(self.close(&key).await?);
            }
            "undef" => {
                if let Some(first) = arguments.first() {
                    self.store(first, Value::Undef).await?;
                }
                return one(Value::Undef);
            }
            "socket" | "bind" | "listen" | "setsockopt" | "binmode" | "select" | "flock"
            | "local" => {
                return one(Value::Int(1));
            }
            "connect" => {
                let address = match arguments.get(1) {
                    Some(address) => self.scalar(address).await?.shown(),
                    None => String::new(),
                };
                let (host, port) = address.rsplit_once(':').unwrap_or((&address, "0"));
                return one(self.connect(host, port.parse().unwrap_or(0)).await?);
            }
            "keys" | "values" => {
                let pairs = match arguments.first() {
                    Some(first) => self.list(first).await?,
                    None => Vec::new(),
                };
                let skip = usize::from(name == "values");
                let all: Vec<Value> = pairs.into_iter().skip(skip).step_by(2).collect();
                return if list { Ok(all) } else { one(Value::Int(all.len() as i64)) };
            }
            "each" => {
                let of = match arguments.first() {
                    Some(first) => self.container(first, '%').await?,
                    None => Value::Undef,
                };
                let Value::Hash(id) = of else { return Ok(Vec::new()) };
                let at = self.walked.entry(id).or_insert(0);
                let found = self.hashes[id].get(*at).cloned();
                *at += 1;
                return Ok(match found {
                    Some((key, value)) => vec![Value::Str(key), value],
                    None => {
                        self.walked.remove(&id);
                        Vec::new()
                    }
                });
            }
            "split" => return self.split(arguments).await,
            // What is replaced is what the variable loses.
            "substr" if let [target, from, count, with] = arguments => {
                let text = self.scalar(target).await?.text();
                let from = self.scalar(from).await?.integer();
                let count = self.scalar(count).await?.integer();
                let with = self.scalar(with).await?.text();
                let part = part_of(text.len(), from, Some(count));
                let all = [&text[..part.start], &with[..], &text[part.end..]].concat();
                self.costs(0, all.len())?;
                self.store(target, Value::str(all)).await?;
                return one(Value::Str(text.slice(part)));
            }
            _ => {}
        }
        let mut values = self.all(arguments).await?;
        if arguments.is_empty()
            && matches!(
                name,
                "lc" | "uc"
                    | "length"
                    | "chr"
                    | "ord"
                    | "int"
                    | "hex"
                    | "oct"
                    | "print"
                    | "unlink"
                    | "ucfirst"
                    | "abs"
                    | "eval"
                    | "lcfirst"
                    | "quotemeta"
                    | "unpack"
            )
        {
            values.push(self.scalar_named("_"));
        }
        let first = values.first().cloned().unwrap_or(Value::Undef);
        let text = first.text();
        let number = |at: usize| values.get(at).map_or(0, Value::integer);
        self.costs(values.len(), text.len())?;
        let view = self.process.view();
        Ok(vec![match name {
            "return" => return Err(Unwind::Return(values)),
            "next" => return Err(Unwind::Next),
            "last" => return Err(Unwind::Last),
            "exit" => return Err(Unwind::Exit((first.integer() & 0xff) as i32)),
            "die" => {
                let text = values.iter().map(Value::text).collect::<Vec<_>>().concat();
                if text.ends_with(b"\n") {
                    return Err(Unwind::Die(text.into()));
                }
                let text = String::from_utf8_lossy(&text).into_owned();
                return self.die(if text.is_empty() { "Died" } else { &text });
            }
            "warn" => {
                let mut text = values.iter().map(Value::text).collect::<Vec<_>>().concat();
                if !text.ends_with(b"\n") {
                    text.extend_from_slice(
                        format!(" at {} line {}.\n", self.name, self.line).as_bytes(),
                    );
                }
                self.process.error_bytes(&text)?;
                Value::Int(1)
            }
            "system" | "exec" => {
                let words = Self::words(&values);
                let name_of = words.first().cloned().unwrap_or_default();
                if !self.startable(&name_of) {
                    self.set_error("No such file or directory")?;
                    self.status = -1;
                    return Ok(vec![if name == "system" {
                        Value::Int(-1)
                    } else {
                        boolean(false)
                    }]);
                }
                self.flush()?;
                let (status, _) = self.start(words, None, false).await?;
                if name == "exec" {
                    return Err(Unwind::Exit(status));
                }
                self.status = i64::from(status) << 8;
                Value::Int(self.status)
            }
            // `open3(in, out, errors, command)`: what it says is read from `out`.
            "open2" | "open3" => {
                let skipped = if name == "open2" { 2 } else { 3 };
                let command = values.get(skipped..).unwrap_or_default();
                let words = Self::words(command);
                let (status, out) = self.start(words, None, true).await?;
                self.status = i64::from(status) << 8;
                let place = usize::from(name == "open3");
                if let Some(target) = arguments.get(place) {
                    let handle = Bytes::from(format!("*main::$fh{}", self.handles.len()));
                    self.handles.insert(handle.clone(), Handle::Reader(out));
                    self.store(target, Value::Str(handle)).await?;
                }
                Value::Int(self.process.session.system().next_pid().into())
            }
            "md5_hex" | "Digest::MD5::md5_hex" => {
                use md5::Digest as _;
                let digest = Bytes::copy_from_slice(&md5::Md5::digest(&text));
                return Ok(unpack(b"H*", &digest));
            }
            "eval" => return self.eval_text(&text).await,
            "join" => {
                let parts: Vec<Bytes> = values.iter().skip(1).map(Value::text).collect();
                self.costs(0, parts.iter().map(|p| p.len() + text.len()).sum())?;
                Value::str(parts.join(&text[..]))
            }
            "reverse" if list => {
                values.reverse();
                return Ok(values);
            }
            "reverse" => {
                let mut all = values.iter().map(Value::text).collect::<Vec<_>>().concat();
                all.reverse();
                Value::str(all)
            }
            "lc" => Value::str(text.to_ascii_lowercase()),
            "uc" => Value::str(text.to_ascii_uppercase()),
            "ucfirst" | "lcfirst" => {
                let mut out = text.to_vec();
                if let Some(b) = out.first_mut() {
                    *b = if name == "ucfirst" {
                        b.to_ascii_uppercase()
                    } else {
                        b.to_ascii_lowercase()
                    };
                }
                Value::str(out)
            }
            "length" => Value::Int(text.len() as i64),
            "chr" => match u8::try_from(first.integer()) {
                Ok(byte) => Value::str(vec![byte]),
                Err(_) => {
                    let c = u32::try_from(first.integer()).ok().and_then(char::from_u32);
                    Value::str(c.unwrap_or('\u{fffd}').to_string())
                }
            },
            "ord" => Value::Int(text.first().copied().unwrap_or(0).into()),
            "hex" | "oct" => {
                let shown = first.shown().to_lowercase();
                let digits = shown.trim_start_matches("0x").trim_start_matches('x');
                let radix = if name == "hex" || shown.starts_with("0x") { 16 } else { 8 };
                Value::Int(i64::from_str_radix(digits, radix).unwrap_or(0))
            }
            "int" => Value::of_number(first.number().trunc()),
            "abs" => Value::of_number(first.number().abs()),
            "sqrt" => Value::of_number(first.number().sqrt()),
            "substr" => {
                let count = (values.len() > 2).then(|| number(2));
                Value::Str(text.slice(part_of(text.len(), number(1), count)))
            }
            "index" | "rindex" => {
                let part = values.get(1).map(Value::text).unwrap_or_default();
                let from = usize::try_from(number(2)).unwrap_or(0).min(text.len());
                let mut places = text[from..].windows(part.len().max(1));
                let found = if name == "index" {
                    places.position(|w| w == part)
                } else {
                    places.rposition(|w| w == part)
                };
                Value::Int(found.map_or(-1, |at| (at + from) as i64))
            }
            "sprintf" => {
                let out = self.format(&text, values.get(1..).unwrap_or_default())?;
                Value::str(out)
            }
            "pack" => Value::str(pack(&text, values.get(1..).unwrap_or_default())),
            "unpack" => {
                return Ok(unpack(&text, &values.get(1).map(Value::text).unwrap_or_default()));
            }
            "decode_base64" | "MIME::Base64::decode_base64" | "MIME::Base64::decode" => {
                let mut digits: Vec<u8> = text
                    .iter()
                    .copied()
                    .filter(|b| b.is_ascii_alphanumeric() || b"+/".contains(b))
                    .collect();
                digits.truncate(digits.len() - usize::from(digits.len() % 4 == 1));
                let engine = base64::engine::general_purpose::GeneralPurpose::new(
                    &base64::alphabet::STANDARD,
                    base64::engine::GeneralPurposeConfig::new()
                        .with_decode_allow_trailing_bits(true)
                        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
                );
                Value::str(engine.decode(&digits).unwrap_or_default())
            }
            "encode_base64" => {
                let all = base64::engine::general_purpose::STANDARD.encode(&text);
                let mut out = String::new();
                for line in all.as_bytes().chunks(76) {
                    out.push_str(&String::from_utf8_lossy(line));
                    if values.len() < 2 {
                        out.push('\n');
                    }
                }
                Value::str(out)
            }
            "crypt" => {
                let salt = values.get(1).map(Value::shown).unwrap_or_default();
                self.process.session.step(400)?;
                pwhash::unix::crypt(&text[..], &salt).map_or(Value::Undef, Value::str)
            }
            "unlink" => {
                let mut count = 0;
                for value in &values {
                    let path = value.text();
                    self.process.capture_before_loss(&path);
                    let full = self.process.absolute(&path);
                    count += i64::from(self.process.fs().unlink(&view, &full).is_ok());
                }
                Value::Int(count)
            }
            "chmod" => {
                let mut count = 0;
                for value in values.iter().skip(1) {
                    let full = self.process.absolute(&value.text());
                    let change = Attributes {
                        mode: Some(first.integer() as u16 & 0o7777),
                        ..Attributes::default()
                    };
                    count +=
                        i64::from(self.process.fs().set_attributes(&view, &full, &change).is_ok());
                }
                Value::Int(count)
            }
            "mkdir" | "rmdir" | "rename" => {
                let full = self.process.absolute(&text);
                let result = match name {
                    "mkdir" => self.process.fs().mkdir(&view, &full, 0o777 & !self.process.umask),
                    "rmdir" => self.process.fs().rmdir(&view, &full),
                    _ => {
                        let to = self
                            .process
                            .absolute(&values.get(1).map(Value::text).unwrap_or_default());
                        self.process.fs().rename(&view, &full, &to)
                    }
                };
                if let Err(error) = result {
                    self.set_error(error.text())?;
                }
                boolean(result.is_ok())
            }
            "chdir" => {
                let full = self.process.absolute(&text);
                match self.process.fs().stat(&view, &full, true) {
                    Ok(stat) if stat.is_dir() => {
                        let real = self.process.fs().real_path(&view, &full).unwrap_or(full);
                        self.process.directory = Arc::new(real);
                        Value::Int(1)
                    }
                    _ => boolean(false),
                }
            }
            "sleep" => {
                self.flush()?;
                let seconds = first.number().clamp(0.0, 1e9);
                self.process.session.sleep(Duration::from_secs_f64(seconds)).await?;
                Value::Int(first.integer())
            }
            "time" => {
                let now = self.process.session.host.clock(self.process.session.now());
                Value::Int(now.secs() as i64)
            }
            "localtime" | "gmtime" => {
                let now = self.process.session.host.clock(self.process.session.now()).secs();
                let at = if values.is_empty() { now } else { first.integer() as u64 };
                Value::str(crate::commands::list::date(at, "%a %b %e %H:%M:%S %Y"))
            }
            "fork" => {
                let child = !self.forked;
                self.forked = true;
                Value::Int(if child { 0 } else { self.process.session.system().next_pid().into() })
            }
            "wait" | "waitpid" => Value::Int(-1),
            "getppid" => Value::Int(self.process.own_pid.into()),
            "rand" => {
                let drawn: f64 = self.process.session.system().rng.random();
                Value::Num(drawn * if first.number() == 0.0 { 1.0 } else { first.number() })
            }
            "ref" => match self.class_of(&first) {
                Some(class) => Value::Str(class),
                None => Value::str(match first {
                    Value::Array(_) => "ARRAY",
                    Value::Hash(_) => "HASH",
                    Value::Code(_) => "CODE",
                    _ => "",
                }),
            },
            "bless" => self.bless(&values),
            "use constant" => {
                self.has_constants(&values)?;
                Value::Int(1)
            }
            "use parent" | "use base" => {
                let package = Arc::clone(&self.package);
                let id = self.array_named(&format!("{package}::ISA"))?;
                let classes = values.into_iter().filter(|it| &it.text()[..] != b"-norequire");
                self.arrays[id].extend(classes);
                Value::Int(1)
            }
            "quotemeta" => {
                let quoted = text.iter().flat_map(|b| {
                    let plain = b.is_ascii_alphanumeric() || *b == b'_';
                    (!plain).then_some(b'\\').into_iter().chain([*b])
                });
                Value::str(quoted.collect::<Vec<u8>>())
            }
            "GET" | "POST" | "PUT" | "HEAD" if !values.is_empty() => {
                self.new_hash(vec![Value::str("url"), first])?
            }
            "require" => {
                let version = text.first().is_none_or(u8::is_ascii_digit);
                if !version && !text.ends_with(b".pm") && !text.ends_with(b".pl") {
                    self.uses(&first.shown())?;
                }
                Value::Int(1)
            }
            "do" => Value::Undef,
            "inet_ntoa" => match &text[..] {
                [a, b, c, d] => Value::str(format!("{a}.{b}.{c}.{d}")),
                _ => first,
            },
            "sockaddr_in" | "pack_sockaddr_in" => {
                let host = values.get(1).map(Value::shown).unwrap_or_default();
                Value::str(format!("{host}:{}", first.integer()))
            }
            "inet_aton" | "gethostbyname" => first,
            "hostname" => Value::str(self.process.fs().hostname()),
            "getpwuid" | "getlogin" => Value::str(self.process.session.login.user.clone()),
            "getprotobyname" | "PF_INET" | "AF_INET" | "SOCK_STREAM" | "kill" | "umask"
            | "srand" | "chown" | "utime" | "setsid" | "POSIX::setsid" | "eof" | "fileno"
            | "INADDR_ANY" | "SOMAXCONN" | "SOL_SOCKET" | "SO_REUSEADDR" | "shutdown" | "alarm" => {
                Value::Int(1)
            }
            "STDIN" | "STDOUT" | "STDERR" => Value::str(name.to_owned()),
            _ if name
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b == b'_' || b.is_ascii_digit()) =>
            {
                Value::str(name.to_owned())
            }
            // A bare word stands for itself.
            _ if arguments.is_empty()
                && (name.len() <= 2 || name.starts_with(|c: char| c.is_ascii_uppercase())) =>
            {
                Value::str(name.to_owned())
            }
            "getstore" | "getprint" | "mirror" | "get" | "head" if self.has_lwp => {
                return Ok(vec![self.simple(name, &values).await?]);
            }
            _ if self.has_lwp
                && let Some(short) = name.strip_prefix("LWP::Simple::") =>
            {
                return Ok(vec![self.simple(short, &values).await?]);
            }
            _ if arguments.is_empty() && !name.contains("::") => {
                return self.die(&format!("Undefined subroutine &main::{name} called"));
            }
            _ => {
                let whole =
                    if name.contains("::") { name.to_owned() } else { format!("main::{name}") };
                return self.die(&format!("Undefined subroutine &{whole} called"));
            }
        }])
    }

    async fn array_function(&mut self, name: &str, arguments: &[Expr]) -> Done<Vec<Value>> {
        let own = Expr::Array(if self.process.depth == 0 { "ARGV".into() } else { "_".into() });
        let target = arguments.first().unwrap_or(&own);
        let id = match target {
            Expr::Array(name) => self.array_named(name)?,
            Expr::Deref(_, inner) => match self.container(inner, '@').await? {
                Value::Array(id) => id,
                _ => return Ok(vec![Value::Undef]),
            },
            other => match self.scalar(other).await? {
                Value::Array(id) => id,
                _ => return Ok(vec![Value::Undef]),
            },
        };
        let more = self.all(arguments.get(1..).unwrap_or_default()).await?;
        self.costs(more.len(), 0)?;
        let length = self.arrays[id].len();
        self.process.session.step(length as u64 / 1_024)?;
        Ok(vec![match name {
            "push" => {
                self.arrays[id].extend(more);
                Value::Int(self.arrays[id].len() as i64)
            }
            "unshift" => {
                self.arrays[id].splice(0..0, more);
                Value::Int(self.arrays[id].len() as i64)
            }
            "pop" => self.arrays[id].pop().unwrap_or(Value::Undef),
            "shift" if length == 0 => Value::Undef,
            "shift" => self.arrays[id].remove(0),
            _ => {
                let from = usize::try_from(more.first().map_or(0, Value::integer))
                    .unwrap_or(0)
                    .min(length);
                let count =
                    more.get(1).map_or(length, |c| usize::try_from(c.integer()).unwrap_or(0));
                let to = from.saturating_add(count).min(length);
                let with: Vec<Value> = more.into_iter().skip(2).collect();
                return Ok(self.arrays[id].splice(from..to, with).collect());
            }
        }])
    }

    async fn eval_text(&mut self, text: &[u8]) -> Done<Vec<Value>> {
        self.process.session.step(text.len() as u64 / 64 + 1)?;
        self.process.session.evaluated(text, "perl");
        let result = match super::parse::program(text) {
            Ok(block) => self.block(&block).await,
            Err(mistake) => Err(Unwind::Die(super::mistake_text(&mistake, "(eval 1)").into())),
        };
        self.caught(result)
    }
}

/// The bytes of a text that `substr` means.
fn part_of(length: usize, from: i64, count: Option<i64>) -> std::ops::Range<usize> {
    let length = length as i64;
    let from = if from < 0 { length.saturating_add(from) } else { from }.clamp(0, length);
    let to = match count {
        Some(count) if count < 0 => length.saturating_add(count),
        Some(count) => from.saturating_add(count),
        None => length,
    };
    from as usize..to.clamp(from, length) as usize
}
