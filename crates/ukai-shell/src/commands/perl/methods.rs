//! Methods: of a program's own packages, of handles, and of Perl's modules that droppers use.

use super::ast::Expr;
use super::files::handle_name;
use super::machine::{Done, Handle, Machine, Unwind, Value, Want, boolean};
use bytes::Bytes;

impl Machine<'_> {
    /// A connection is asked for: it is told of, and nobody takes it. A program that has
    /// gone into the background ends there, unseen.
    pub(super) async fn connect(&mut self, host: &str, port: i64) -> Done<Value> {
        let port = u16::try_from(port).unwrap_or(0);
        let how = crate::commands::netcat::reach(self.process, host, port, "perl").await?;
        if self.forked {
            return Err(Unwind::Exit(0));
        }
        let text = if how == crate::commands::netcat::Unreached::Name {
            "Invalid argument"
        } else {
            "Connection refused"
        };
        // Who asks for a page over a connection of its own is told of by what it sends.
        let peer = (host.to_owned(), port);
        if self.goes_on() && !self.peers.values().any(|it| *it == peer) {
            self.opened += 1;
            let handle = Bytes::from(format!("*main::$fh{}", self.opened));
            self.handles.insert(handle.clone(), Handle::Sink);
            self.peers.insert(handle.clone(), peer);
            return Ok(Value::Str(handle));
        }
        self.set_error(text)?;
        let whole =
            format!("IO::Socket::INET: connect: {text} at {} line {}.\n", self.name, self.line);
        self.set_scalar("@", Value::str(whole))?;
        Ok(Value::Undef)
    }

    /// `$this->name(...)`
    pub(super) async fn method(
        &mut self,
        of: &Expr,
        name: &Expr,
        arguments: &[Expr],
        want: Want,
    ) -> Done<Vec<Value>> {
        let this = match of {
            Expr::Call(word, nothing)
                if nothing.is_empty()
                    && self.sub_named(word).is_none()
                    && !matches!(&**word, "shift" | "pop" | "__PACKAGE__") =>
            {
                Value::str(word.to_string())
            }
            other => self.scalar(other).await?,
        };
        let name = self.scalar(name).await?;
        let values = self.all(arguments).await?;
        if let Value::Code(_) = name {
            let all = std::iter::once(this).chain(values).collect();
            return self.invoke(&name, all, want).await;
        }
        let name = name.shown();
        if let Some(sub) = self.method_sub(&this, &name) {
            let all = std::iter::once(this).chain(values).collect();
            return self.invoke(&sub, all, want).await;
        }
        match name.as_str() {
            "can" => {
                let wanted = values.first().map(Value::shown).unwrap_or_default();
                return Ok(vec![self.method_sub(&this, &wanted).unwrap_or_else(|| boolean(false))]);
            }
            "isa" | "DOES" => {
                let class = values.first().map(Value::shown).unwrap_or_default();
                return Ok(vec![boolean(self.is_a(&this, &class))]);
            }
            _ => {}
        }
        if let Some(package) = self.package_of(&this) {
            let short = name.rsplit("::").next().unwrap_or(&name).to_owned();
            let mut all = vec![this.clone()];
            all.extend(values.iter().cloned());
            if !matches!(short.as_str(), "import" | "unimport" | "VERSION" | "DESTROY")
                && let Some(values) = self.autoload(&package, &short, all, want).await?
            {
                return Ok(values);
            }
        }
        if let Value::Str(handle) = &this {
            let handle = handle_name(handle);
            let standard = matches!(&handle[..], b"STDIN" | b"STDOUT" | b"STDERR" | b"DATA");
            if (standard || self.handles.contains_key(&handle))
                && let Some(values) = self.handle_method(&handle, &name, &values, want).await?
            {
                return Ok(values);
            }
        }
        self.known_method(this, &name, values, want).await
    }

    /// Methods of an open file.
    async fn handle_method(
        &mut self,
        handle: &Bytes,
        name: &str,
        values: &[Value],
        want: Want,
    ) -> Done<Option<Vec<Value>>> {
        Ok(Some(vec![match name {
            "print" | "printf" | "say" | "send" | "syswrite" | "write" => {
                let how = if matches!(name, "printf" | "say") { name } else { "print" };
                let values = if matches!(name, "send" | "syswrite" | "write") {
                    values.get(..1).unwrap_or_default()
                } else {
                    values
                };
                self.print_to(how, handle, values)?
            }
            "getline" => self.line_of(handle).await?,
            "getlines" => {
                let mut lines = Vec::new();
                loop {
                    match self.line_of(handle).await? {
                        Value::Undef => return Ok(Some(lines)),
                        line => lines.push(line),
                    }
                    self.passes_by(1, 0)?;
                }
            }
            "close" => self.close(handle).await?,
            "eof" => boolean(match self.handles.get(handle) {
                Some(Handle::Reader(rest)) => rest.is_empty(),
                _ => true,
            }),
            "opened" | "connected" => Value::Int(1),
            "fileno" => Value::Int(3),
            "flush" => {
                self.flush()?;
                Value::Int(1)
            }
            "filename" => Value::Str(handle.clone()),
            "autoflush" | "binmode" | "blocking" | "fdopen" | "seek" | "truncate" | "timeout"
            | "sockopt" | "shutdown" | "recv" | "sysread" | "read" => Value::Int(1),
            _ => {
                let _ = want;
                return Ok(None);
            }
        }]))
    }

    /// Methods of modules.
    async fn known_method(
        &mut self,
        this: Value,
        name: &str,
        values: Vec<Value>,
        want: Want,
    ) -> Done<Vec<Value>> {
        let class = this.shown();
        let option = |name: &str| {
            let at = values.iter().position(|v| v.shown().eq_ignore_ascii_case(name))?;
            values.get(at + 1).cloned()
        };
        Ok(vec![match (class.as_str(), name) {
            ("IO::Socket::INET" | "IO::Socket" | "IO::Socket::SSL" | "IO::Socket::IP" | "IO::Socket::INET6", "new") => {
                let address = option("PeerAddr")
                    .or_else(|| option("PeerHost"))
                    .or_else(|| option("PeerAddress"))
                    .or_else(|| (values.len() == 1).then(|| values[0].clone()));
                let Some(address) = address.map(|a| a.shown()) else {
                    self.opened += 1;
                    let handle = Bytes::from(format!("*main::$fh{}", self.opened));
                    self.handles.insert(handle.clone(), Handle::Sink);
                    return Ok(vec![Value::Str(handle)]);
                };
                let (host, inside) = address.split_once(':').unwrap_or((&address, ""));
                let port = option("PeerPort").or_else(|| option("PeerService"));
                let port = port.map_or_else(|| inside.to_owned(), |p| p.shown());
                // `http(80)`
                let (service, number) = port.split_once('(').unwrap_or((&port, ""));
                let port = crate::commands::netcat::service_port(service.trim())
                    .or_else(|| number.trim_end_matches(')').parse().ok())
                    .map_or_else(|| Value::str(port.clone()).integer(), i64::from);
                self.connect(host, port).await?
            }
            ("IO::File" | "FileHandle" | "IO::Handle" | "IO::Pipe", "new" | "new_tmpfile" | "new_from_fd") => {
                let _ = want;
                let Some(path) = values.first().filter(|_| matches!(class.as_str(), "IO::File" | "FileHandle")) else {
                    return Ok(vec![Value::str("IO::Handle")]);
                };
                let path = path.text();
                let mode = values.get(1).map(Value::shown).unwrap_or_default();
                let mode = match mode.as_str() {
                    "w" | ">" => ">",
                    "a" | ">>" => ">>",
                    "" if path.first().is_some_and(|b| b"<>|".contains(b)) || path.ends_with(b"|") => "",
                    _ => "<",
                };
                self.opened += 1;
                let handle = Bytes::from(format!("*main::$fh{}", self.opened));
                let target = Expr::Str(handle.clone());
                let done = if mode.is_empty() {
                    self.open(&[target, Expr::Str(path)]).await?
                } else {
                    self.open(&[target, Expr::Str(mode.into()), Expr::Str(path)]).await?
                };
                if done.truth() { Value::Str(handle) } else { Value::Undef }
            }
            ("File::Temp", "new") => {
                let made = self.module_function("tempfile", &[], Want::All).await?;
                made.and_then(|made| made.into_iter().next()).unwrap_or(Value::Undef)
            }
            ("File::Spec" | "File::Spec::Functions", _) => {
                let made = self.module_function(name, &values, want).await?;
                return Ok(made.unwrap_or_default());
            }
            ("threads", "create" | "new") => {
                let code = values.first().cloned().unwrap_or(Value::Undef);
                self.invoke(&code, values.get(1..).unwrap_or_default().to_vec(), want).await?;
                self.new_hash(vec![Value::str("class"), Value::str("IO::Select")])?
            }
            ("threads", _) => return Ok(Vec::new()),
            ("Digest::MD5" | "Digest::SHA", "new") => {
                let kind = if class == "Digest::MD5" { "md5".to_owned() } else {
                    let number = values.first().map(Value::shown).unwrap_or_default();
                    format!("sha{}", number.to_lowercase().trim_start_matches("sha").trim_start_matches('-'))
                };
                self.new_hash(vec![Value::str("digest"), Value::str(kind), Value::str("text"), Value::str("")])?
            }
            (_, "new") if super::web::is_client(&class) => {
                let mut host = values.first().cloned().unwrap_or(Value::Undef);
                let given = option("Host").filter(|_| class == "Net::FTP");
                host = given.unwrap_or(host);
                let port = option("Port").filter(|_| class == "Net::FTP").map(|it| it.shown());
                if let Some(port) = port.filter(|it| it != "21" && it.parse::<u16>().is_ok()) {
                    host = Value::str(format!("{}:{port}", host.shown()));
                }
                let [name, at] = ["class", "host"].map(Value::str);
                self.new_hash(vec![name, Value::str(class), at, host])?
            }
            ("File::Fetch", "new") => {
                let url = option("uri").unwrap_or(Value::Undef);
                self.new_hash(vec![Value::str("url"), url])?
            }
            ("URI" | "URI::URL", "new") => values.first().cloned().unwrap_or(Value::Undef),
            ("HTTP::Request" | "HTTP::Request::Common", "new") => {
                let url = values.get(1).cloned().unwrap_or(Value::Undef);
                self.new_hash(vec![Value::str("url"), url])?
            }
            (_, "add" | "addfile") if let Value::Hash(id) = this && self.hashes[id].contains_key(&b"digest"[..]) => {
                let old = self.field(id, b"text").text();
                let more = values.iter().map(Value::text).collect::<Vec<_>>().concat();
                self.put(id, Bytes::from_static(b"text"), Value::str([&old[..], &more[..]].concat()))?;
                this
            }
            (_, "hexdigest" | "digest" | "b64digest") if let Value::Hash(id) = this && self.hashes[id].contains_key(&b"digest"[..]) => {
                let kind = self.field(id, b"digest").shown();
                let kind = match name {
                    "hexdigest" => format!("{kind}_hex"),
                    "b64digest" => format!("{kind}_base64"),
                    _ => kind,
                };
                let text = self.field(id, b"text");
                let made = self.module_function(&kind, &[text], want).await?;
                return Ok(made.unwrap_or_default());
            }
            (_, "fetch") if matches!(this, Value::Hash(_)) => {
                let request = [this.clone()];
                self.asked(&this, name, &request).await?
            }
            (_, "uri" | "url") if let Value::Hash(id) = this && self.hashes[id].contains_key(&b"url"[..]) => {
                if let Some(url) = values.first() {
                    self.put(id, Bytes::from_static(b"url"), url.clone())?;
                }
                self.field(id, b"url")
            }
            (_, "header" | "push_header" | "content_type" | "authorization_basic" | "method") if let Value::Hash(id) = this && self.hashes[id].contains_key(&b"url"[..]) => Value::Int(1),
            (_, "content" | "add_content") if let Value::Hash(id) = this && self.hashes[id].contains_key(&b"url"[..]) => Value::Int(1),
            (_, "get" | "mirror" | "post" | "request" | "head" | "put" | "getstore" | "simple_request" | "delete" | "patch" | "post_form" | "get_p" | "download" | "get_ok") if matches!(this, Value::Hash(_)) => {
                self.asked(&this, name, &values).await?
            }
            (_, "cwd") if let Value::Hash(client) = this => {
                let folder = values.first().cloned().unwrap_or(Value::Undef);
                self.put(client, Bytes::from_static(b"folder"), folder)?;
                Value::Int(1)
            }
            (_, "login") if let Value::Hash(client) = this && self.is_client_at(client) => {
                for (key, value) in [&b"user"[..], b"password"].into_iter().zip(values) {
                    self.put(client, Bytes::from_static(key), value)?;
                }
                Value::Int(1)
            }
            (_, "res" | "result" | "response" | "wait" | "headers" | "then") if matches!(this, Value::Hash(_)) => this,
            (_, "is_success" | "is_error" | "decoded_content" | "content" | "status_line" | "code" | "body" | "text" | "as_string" | "success" | "message" | "content_ref")
                if let Value::Hash(answer) = this && self.hashes[answer].contains_key(&b"success"[..]) =>
            {
                self.answer(answer, name)
            }
            // What sets up a client, or ends it.
            _ if matches!(this, Value::Hash(id) if self.is_client_at(id)) => {
                if matches!(name, "can_read" | "can_write" | "handles") {
                    return Ok(if want == Want::All { Vec::new() } else { vec![Value::Int(0)] });
                }
                if want == Want::One && matches!(name, "default_headers" | "default_header" | "ssl_opts" | "transactor" | "max_redirects" | "cookie_jar") {
                    this
                } else {
                    Value::Int(1)
                }
            }
            (_, "autoflush" | "blocking" | "close" | "shutdown" | "timeout" | "add" | "fdopen" | "agent" | "import" | "unimport" | "binmode" | "VERSION" | "header" | "join" | "detach" | "configure" | "yield" | "flush") => Value::Int(1),
            _ if matches!(this, Value::Code(_)) => {
                return self.invoke(&this, values, want).await;
            }
            _ if matches!(this, Value::Undef) => {
                return self.die(&format!("Can't call method \"{name}\" on an undefined value"));
            }
            _ => return self.die(&format!(
                "Can't locate object method \"{name}\" via package \"{class}\" (perhaps you forgot to load \"{class}\"?)"
            )),
        }])
    }
}
