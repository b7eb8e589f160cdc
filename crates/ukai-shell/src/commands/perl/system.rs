//! What a Perl program asks of the system: programs, files by name, connections.

use super::ast::Expr;
use super::files::handle_name;
use super::machine::{Done, Handle, Machine, Unwind, Value, Want, boolean};
use crate::fs::{Attributes, FileKind};
use bytes::Bytes;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// Most names that were asked for at once.
const NAMES_MAX: usize = 200;

/// `AF_INET`
const INTERNET: u16 = 2;

impl Machine<'_> {
    pub(super) async fn start(
        &mut self,
        words: Vec<Vec<u8>>,
        input: Option<Bytes>,
        collects: bool,
    ) -> Done<(i32, Bytes)> {
        self.hand_environment()?;
        self.process.session.started(&words, "perl");
        let (status, output) = self.process.child(words, input, collects).await?;
        Ok((status, output.into()))
    }

    /// What is started gets the environment as the program has changed it.
    fn hand_environment(&mut self) -> Done<()> {
        let Some(id) = self.globals.get(&(b'%', "ENV".into())).copied() else { return Ok(()) };
        let before = self.process.environment();
        self.costs(before.len() + self.hashes[id].len(), 0)?;
        let gone = before.iter().filter(|(name, _)| !self.hashes[id].contains_key(name));
        for (name, _) in gone {
            self.process.unset(name);
        }
        let is_name = |name: &[u8]| name.iter().all(|it| it.is_ascii_alphanumeric() || *it == b'_');
        for (name, value) in &self.hashes[id] {
            let pair = (name.clone(), value.text());
            if !is_name(name) || name.is_empty() || before.contains(&pair) {
                continue;
            }
            self.process.assign(name, pair.1)?;
            if let Some(variable) = self.process.variables_mut().get_mut(name) {
                variable.exported = true;
            }
        }
        Ok(())
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

    pub(super) async fn run_command(&mut self, text: &[u8]) -> Done<Bytes> {
        self.flush()?;
        let words = vec![b"sh".to_vec(), b"-c".to_vec(), text.to_vec()];
        let (status, out) = self.start(words, None, true).await?;
        self.status = i64::from(status) << 8;
        Ok(out)
    }

    /// Functions that look at how they are called.
    pub(super) async fn by_arguments(
        &mut self,
        name: &str,
        arguments: &[Expr],
    ) -> Done<Option<Vec<Value>>> {
        Ok(Some(match name {
            "open2" | "open3" | "IPC::Open2::open2" | "IPC::Open3::open3" => {
                // `open3(in, out, errors, command)`: what it says is read from `out`.
                let two = name.ends_with('2');
                let skipped = if two { 2 } else { 3 };
                let mut command = Vec::new();
                for argument in arguments.iter().skip(skipped) {
                    command.extend(self.list(argument).await?);
                }
                self.flush()?;
                let words = Self::words(&command);
                let (status, out) = self.start(words, None, true).await?;
                self.status = i64::from(status) << 8;
                if let Some(target) = arguments.get(usize::from(!two)) {
                    let handle = self.new_handle(target).await?;
                    self.handles.insert(handle, Handle::Reader(out));
                }
                vec![Value::Int(self.process.session.system().next_pid().into())]
            }
            "socket" | "accept" | "socketpair" => {
                if let Some(first) = arguments.first() {
                    let handle = self.new_handle(first).await?;
                    for argument in arguments.iter().skip(1) {
                        self.scalar(argument).await?;
                    }
                    if name == "accept" {
                        return Ok(Some(vec![boolean(false)]));
                    }
                    self.handles.insert(handle, Handle::Sink);
                }
                vec![Value::Int(1)]
            }
            "connect" => {
                let address = match arguments.get(1) {
                    Some(address) => self.scalar(address).await?.text(),
                    None => Bytes::new(),
                };
                let (host, port) = self.peer(&address);
                vec![self.connect(&host, port.into()).await?]
            }
            "bind" | "listen" | "setsockopt" | "getsockopt" | "shutdown" | "getpeername"
            | "getsockname" | "ioctl" | "fcntl" => {
                for argument in arguments.iter().skip(1) {
                    self.scalar(argument).await?;
                }
                vec![Value::Int(1)]
            }
            "system" | "exec" => {
                // `system { $program } @words`
                let values = match arguments.first() {
                    Some(Expr::Block(kind, body)) if &**kind == "program" => {
                        self.scoped(body, Want::One).await?;
                        self.all(&arguments[1..]).await?
                    }
                    _ => self.all(arguments).await?,
                };
                vec![self.started(name, &values).await?]
            }
            "GetOptions" | "getopts" | "getopt" | "GetOptionsFromArray" => {
                vec![Value::Int(1)]
            }
            _ => return Ok(None),
        }))
    }

    async fn started(&mut self, name: &str, values: &[Value]) -> Done<Value> {
        let words = Self::words(values);
        let name_of = words.first().cloned().unwrap_or_default();
        if !self.startable(&name_of) {
            self.set_error("No such file or directory")?;
            self.status = -1;
            // What is not there is told all the same: another machine may have it.
            if self.goes_on() && !words.is_empty() {
                self.process.session.started(&words, "perl");
            }
            return Ok(if name == "system" { Value::Int(-1) } else { boolean(false) });
        }
        self.flush()?;
        let (status, _) = self.start(words, None, false).await?;
        if name == "exec" {
            return Err(Unwind::Exit(status));
        }
        self.status = i64::from(status) << 8;
        Ok(Value::Int(self.status))
    }

    // Addresses.

    /// The packed address of a host. A name has one of nobody's, by which it is known again.
    pub(super) fn address_of(&mut self, host: &str) -> Option<[u8; 4]> {
        if let Some(address) = numeric(host) {
            return Some(address.octets());
        }
        if host.is_empty() || host.len() > 253 {
            return None;
        }
        let known = self.names.iter().position(|name| name == host);
        let at = known.or_else(|| {
            (self.names.len() < NAMES_MAX).then(|| {
                self.names.push(host.to_owned());
                self.names.len() - 1
            })
        })?;
        Some([240, 0, 0, at as u8])
    }

    /// The host that a packed address stands for.
    pub(super) fn host_of(&self, address: &[u8]) -> String {
        match address {
            [240, 0, 0, at] if usize::from(*at) < self.names.len() => {
                self.names[usize::from(*at)].clone()
            }
            [a, b, c, d] => format!("{a}.{b}.{c}.{d}"),
            other => String::from_utf8_lossy(other).into_owned(),
        }
    }

    /// Host and port of a packed `sockaddr_in`.
    fn peer(&self, packed: &[u8]) -> (String, u16) {
        match packed {
            [_, _, high, low, a, b, c, d, ..] => {
                (self.host_of(&[*a, *b, *c, *d]), u16::from_be_bytes([*high, *low]))
            }
            _ => (String::new(), 0),
        }
    }

    /// Functions of the system, and of `Socket`.
    pub(super) async fn system_function(
        &mut self,
        name: &str,
        values: &[Value],
        arguments: &[Expr],
        want: Want,
    ) -> Done<Option<Vec<Value>>> {
        let first = values.first().cloned().unwrap_or(Value::Undef);
        let text = first.text();
        let view = self.process.view();
        let short = name.strip_prefix("Socket::").unwrap_or(name);
        Ok(Some(vec![match short {
            "unlink" => {
                let mut count = 0;
                for value in values {
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
                    let done = self.process.fs().set_attributes(&view, &full, &change).is_ok();
                    count += i64::from(done);
                }
                Value::Int(count)
            }
            "chown" | "utime" => Value::Int(values.len().saturating_sub(2) as i64),
            "mkdir" | "rmdir" | "rename" | "symlink" | "link" => {
                let full = self.process.absolute(&text);
                let second = values.get(1).map(Value::text).unwrap_or_default();
                let to = self.process.absolute(&second);
                let result = match short {
                    "mkdir" => {
                        let mode = values.get(1).map_or(0o777, |it| it.integer() as u16 & 0o7777);
                        self.process.fs().mkdir(&view, &full, mode & !self.process.umask)
                    }
                    "rmdir" => self.process.fs().rmdir(&view, &full),
                    "symlink" => self.process.fs().symlink(&view, &text, &to),
                    "link" => self.process.fs().hard_link(&view, &full, &to),
                    _ => self.process.fs().rename(&view, &full, &to),
                };
                if let Err(error) = result {
                    self.set_error(error.text())?;
                }
                boolean(result.is_ok())
            }
            "readlink" => {
                let full = self.process.absolute(&text);
                let link = self.process.fs().read_link(&view, &full);
                link.map_or(Value::Undef, Value::Str)
            }
            "chdir" => {
                let home = Bytes::from_static(b"/root");
                let path = if values.is_empty() { &home } else { &text };
                let full = self.process.absolute(path);
                match self.process.fs().stat(&view, &full, true) {
                    Ok(stat) if stat.is_dir() => {
                        let real = self.process.fs().real_path(&view, &full).unwrap_or(full);
                        self.process.directory = Arc::new(real);
                        Value::Int(1)
                    }
                    _ => {
                        self.set_error("No such file or directory")?;
                        boolean(false)
                    }
                }
            }
            "getcwd" | "cwd" | "Cwd::getcwd" | "Cwd::cwd" | "POSIX::getcwd" => {
                Value::str(self.process.directory.to_vec())
            }
            "stat" | "lstat" => {
                let full = self.process.absolute(&text);
                let Ok(stat) = self.process.fs().stat(&view, &full, short == "stat") else {
                    return Ok(Some(if want == Want::One {
                        vec![boolean(false)]
                    } else {
                        Vec::new()
                    }));
                };
                if want == Want::One {
                    return Ok(Some(vec![boolean(true)]));
                }
                let now = self.seconds();
                let kind = match stat.kind {
                    FileKind::File => 0o100_000,
                    FileKind::Link => 0o120_000,
                    _ if stat.is_dir() => 0o040_000,
                    _ => 0o020_000,
                };
                let mode = kind | i64::from(stat.mode);
                let size = stat.size as i64;
                let parts = [
                    2049,
                    131_585,
                    mode,
                    1,
                    0,
                    0,
                    0,
                    size,
                    now,
                    now,
                    now,
                    4096,
                    (size + 511) / 512,
                ];
                return Ok(Some(parts.map(Value::Int).to_vec()));
            }
            "glob" | "File::Glob::bsd_glob" | "bsd_glob" => {
                return self.globbed(&text, want).await.map(Some);
            }
            "fork" => {
                let child = !self.forked;
                self.forked = true;
                Value::Int(if child { 0 } else { self.process.session.system().next_pid().into() })
            }
            "wait" | "waitpid" => Value::Int(-1),
            "times" => return Ok(Some([0.02, 0.01, 0.0, 0.0].map(Value::Num).to_vec())),
            "inet_ntoa" => Value::str(self.host_of(&text)),
            "inet_ntop" => {
                Value::str(self.host_of(&values.get(1).map(Value::text).unwrap_or_default()))
            }
            "inet_aton" => {
                let address = self.address_of(&first.shown());
                address.map_or(Value::Undef, |it| Value::str(it.to_vec()))
            }
            "inet_pton" => {
                let host = values.get(1).map(Value::shown).unwrap_or_default();
                let address = self.address_of(&host);
                address.map_or(Value::Undef, |it| Value::str(it.to_vec()))
            }
            "gethostbyname" => {
                let host = first.shown();
                let Some(address) = self.address_of(&host) else {
                    return Ok(Some(if want == Want::One {
                        vec![Value::Undef]
                    } else {
                        Vec::new()
                    }));
                };
                let packed = Value::str(address.to_vec());
                if want == Want::One {
                    return Ok(Some(vec![packed]));
                }
                return Ok(Some(vec![
                    first,
                    Value::str(""),
                    Value::Int(INTERNET.into()),
                    Value::Int(4),
                    packed,
                ]));
            }
            "gethostbyaddr" => Value::str(self.host_of(&text)),
            "sockaddr_in" | "unpack_sockaddr_in" if values.len() == 1 => {
                let (host, port) = self.peer(&text);
                let address = self.address_of(&host).unwrap_or_default();
                return Ok(Some(vec![Value::Int(port.into()), Value::str(address.to_vec())]));
            }
            "sockaddr_in" | "pack_sockaddr_in" => {
                let port = match &first {
                    Value::Str(name) => {
                        let name = String::from_utf8_lossy(name).into_owned();
                        let known = crate::commands::netcat::service_port(name.trim());
                        known.unwrap_or(first.integer() as u16)
                    }
                    other => other.integer() as u16,
                };
                let mut packed = INTERNET.to_le_bytes().to_vec();
                packed.extend(port.to_be_bytes());
                let address = values.get(1).map(Value::text).unwrap_or_default();
                let host = String::from_utf8_lossy(&address).into_owned();
                let address = match <[u8; 4]>::try_from(&address[..]) {
                    Ok(address) => address,
                    Err(_) => self.address_of(&host).unwrap_or_default(),
                };
                packed.extend(address);
                packed.extend([0; 8]);
                Value::str(packed)
            }
            "getservbyname" => {
                let port = crate::commands::netcat::service_port(&first.shown());
                match port {
                    Some(port) if want == Want::One => Value::Int(port.into()),
                    Some(port) => {
                        return Ok(Some(vec![
                            first,
                            Value::str(""),
                            Value::Int(port.into()),
                            Value::str("tcp"),
                        ]));
                    }
                    None => Value::Undef,
                }
            }
            "getprotobyname" => match &text[..] {
                b"udp" => Value::Int(17),
                b"icmp" => Value::Int(1),
                _ => Value::Int(6),
            },
            "getprotobynumber" => Value::str("tcp"),
            "PF_INET" | "AF_INET" => Value::Int(INTERNET.into()),
            "PF_UNIX" | "AF_UNIX" | "SOCK_STREAM" | "SOL_SOCKET" | "SO_DEBUG" => Value::Int(1),
            "SOCK_DGRAM" | "SO_REUSEADDR" => Value::Int(2),
            "SOCK_RAW" => Value::Int(3),
            "IPPROTO_TCP" => Value::Int(6),
            "IPPROTO_UDP" => Value::Int(17),
            "IPPROTO_ICMP" | "TCP_NODELAY" | "WNOHANG" => Value::Int(1),
            "SOMAXCONN" => Value::Int(4096),
            "INADDR_ANY" => Value::str(vec![0; 4]),
            "INADDR_LOOPBACK" => Value::str(vec![127, 0, 0, 1]),
            "O_RDONLY" | "SEEK_SET" => Value::Int(0),
            "O_WRONLY" => Value::Int(1),
            "O_RDWR" => Value::Int(2),
            "O_CREAT" => Value::Int(0o100),
            "O_EXCL" => Value::Int(0o200),
            "O_TRUNC" => Value::Int(0o1000),
            "O_APPEND" => Value::Int(0o2000),
            "LOCK_EX" => Value::Int(2),
            "LOCK_NB" => Value::Int(4),
            "hostname" | "Sys::Hostname::hostname" => Value::str(self.process.fs().hostname()),
            "getlogin" => Value::str(self.process.session.login.user.clone()),
            "getpwuid" | "getpwnam" | "getgrgid" | "getgrnam" => {
                let user = self.process.session.login.user.clone();
                if want == Want::One {
                    if short.ends_with("nam") { Value::Int(0) } else { Value::str(user) }
                } else {
                    let home =
                        if user == "root" { "/root".to_owned() } else { format!("/home/{user}") };
                    return Ok(Some(vec![
                        Value::str(user),
                        Value::str("x"),
                        Value::Int(self.process.uid.into()),
                        Value::Int(self.process.gid.into()),
                        Value::str(""),
                        Value::str(""),
                        Value::str(""),
                        Value::str(home),
                        Value::str("/bin/bash"),
                    ]));
                }
            }
            "setsid" | "POSIX::setsid" | "setuid" | "POSIX::setuid" | "setgid" | "dup2"
            | "POSIX::dup2" | "POSIX::close" | "POSIX::nice" | "nice" | "POSIX::pause"
            | "syscall" => Value::Int(1),
            "fdopen" => {
                let handle = match arguments.first() {
                    Some(first) => self.handle_of(Some(first)).await?,
                    None => handle_name(&text),
                };
                Value::Str(handle)
            }
            _ => return Ok(None),
        }]))
    }

    /// Names of files that a pattern fits.
    async fn globbed(&mut self, pattern: &[u8], want: Want) -> Done<Vec<Value>> {
        let mut all = Vec::new();
        for word in pattern.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
            for word in braces(word) {
                if word.iter().any(|b| b"*?[".contains(b)) {
                    let text = [b"printf '%s\\n' ", &word[..]].concat();
                    let words = vec![b"sh".to_vec(), b"-c".to_vec(), text];
                    let (_, out) = self.process.child(words, None, true).await?;
                    let names = out.split(|b| *b == b'\n').filter(|name| !name.is_empty());
                    all.extend(
                        names
                            .filter(|name| *name != &word[..])
                            .map(|name| Value::str(name.to_vec())),
                    );
                } else {
                    all.push(Value::str(word));
                }
                self.passes_by(1, 0)?;
            }
        }
        Ok(if want == Want::One { all.into_iter().take(1).collect() } else { all })
    }
}

/// `{a,b}` of a pattern for file names.
fn braces(word: &[u8]) -> Vec<Vec<u8>> {
    const WORDS_MAX: usize = 1_000;
    let mut done = Vec::new();
    let mut open = vec![word.to_vec()];
    while let Some(word) = open.pop() {
        if done.len() + open.len() > WORDS_MAX {
            break;
        }
        let end = word.iter().position(|b| *b == b'}');
        let start = end.and_then(|end| word[..end].iter().rposition(|b| *b == b'{'));
        let (Some(start), Some(end)) = (start, end) else {
            done.push(word);
            continue;
        };
        let parts: Vec<&[u8]> = word[start + 1..end].split(|b| *b == b',').collect();
        for part in parts.into_iter().rev() {
            open.push([&word[..start], part, &word[end + 1..]].concat());
        }
    }
    done
}

/// An address in numbers, as `inet_aton` reads it: the last may stand for several.
fn numeric(host: &str) -> Option<Ipv4Addr> {
    let mut parts = Vec::new();
    for part in host.trim().split('.') {
        let value = if let Some(digits) = part.strip_prefix("0x") {
            u32::from_str_radix(digits, 16).ok()?
        } else if part.len() > 1 && part.starts_with('0') {
            u32::from_str_radix(part, 8).ok()?
        } else {
            part.parse::<u32>().ok()?
        };
        parts.push(value);
    }
    let (last, first) = parts.split_last()?;
    if first.len() > 3 || first.iter().any(|part| *part > 255) {
        return None;
    }
    let left = 32 - 8 * first.len() as u32;
    if left < 32 && *last >> left != 0 {
        return None;
    }
    let head = first.iter().enumerate().fold(0_u32, |all, (at, part)| all | part << (24 - 8 * at));
    Some(Ipv4Addr::from(head | last))
}
