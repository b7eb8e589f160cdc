//! Methods of what Python's library makes: files, sockets, responses, programs.

use super::builtins::{Named, by_name};
use super::run::{Done, Machine};
use super::system::library;
use super::value::{ClassOf, Id, Native, Object, Value};
use bytes::Bytes;
use std::sync::Arc;

impl Machine<'_> {
    pub(super) async fn object_method(
        &mut self,
        id: Id,
        name: &str,
        arguments: Vec<Value>,
        named: Named,
    ) -> Done<Value> {
        let this = Value::Object(id);
        match name {
            "__enter__" => return Ok(this),
            "with_traceback" => return Ok(this),
            "__exit__" | "close" | "settimeout" | "setsockopt" | "setblocking" | "shutdown"
            | "mount" | "add_header" | "setDaemon" | "release" | "raise_for_status"
            | "check_returncode" | "detach" | "reconfigure" => return Ok(Value::None),
            _ => {}
        }
        let native = self.objects[id].native.clone();
        match native {
            Native::Reader { bytes, place, text } => {
                self.reader_method(id, (bytes, place, text), name, arguments).await
            }
            Native::Writer { fd, text } => self.writer_method(&fd, text, name, &arguments).await,
            Native::Stream(fd) => self.stream_method(fd, name, &arguments).await,
            Native::Socket { .. } => self.socket_method(id, name, &arguments).await,
            Native::Program { output, errors, status } => match name {
                "communicate" => {
                    let told = arguments.first().cloned().or_else(|| by_name(&named, "input"));
                    if let Some(told) = told.and_then(|told| told.raw()) {
                        self.fed(id, &told).await?;
                    }
                    let text = self.objects[id].field("text_mode").is_some();
                    let of = |bytes: Option<Bytes>| match bytes {
                        Some(bytes) if text => Value::str(String::from_utf8_lossy(&bytes)),
                        Some(bytes) => Value::Bytes(bytes),
                        None => Value::None,
                    };
                    Ok(Value::tuple(vec![of(output), of(errors)]))
                }
                "wait" | "poll" => Ok(Value::Int(status.into())),
                _ => Ok(Value::None),
            },
            Native::Digest { name: kind, bytes } => match name {
                "update" => {
                    let more = arguments.first().and_then(Value::raw).unwrap_or_default();
                    self.costs(0, bytes.len() + more.len())?;
                    let bytes = [&bytes[..], &more[..]].concat();
                    self.objects[id].native = Native::Digest { name: kind, bytes };
                    Ok(Value::None)
                }
                _ => {
                    self.costs(0, bytes.len())?;
                    let digest = super::library::digest(kind, &bytes);
                    Ok(if name == "digest" {
                        Value::Bytes(digest.into())
                    } else {
                        Value::str(super::methods::hex(&digest))
                    })
                }
            },
            Native::Pattern(_) => {
                let mut all = vec![Value::Object(id)];
                all.extend(arguments);
                self.regex(name, &all, &named).await
            }
            Native::Found(found) => self.found_method(&found, name, &arguments),
            Native::Later { function, arguments: with } => match name {
                "start" | "run" => {
                    let with = self.items(&with).await?;
                    // A thread's exception is not the program's.
                    match self.call(function, with, Vec::new()).await {
                        Err(super::run::Unwind::Raise(_)) => Ok(Value::None),
                        other => other.map(|_| Value::None),
                    }
                }
                "is_alive" => Ok(Value::Bool(false)),
                _ => Ok(Value::None),
            },
            Native::None => self.plain_object_method(id, name, arguments, named).await,
        }
    }

    async fn plain_object_method(
        &mut self,
        id: Id,
        name: &str,
        arguments: Vec<Value>,
        named: Named,
    ) -> Done<Value> {
        let ClassOf::Own(class) = self.objects[id].class else {
            return Err(self.missing(&Value::Object(id), name));
        };
        match (class, name) {
            ("os._Environ", "get" | "setdefault" | "pop") => {
                let mut arguments = arguments.into_iter();
                let key = arguments.next().and_then(|v| v.raw()).unwrap_or_default();
                Ok(match self.process.variable(&key) {
                    Some(value) => Value::str(String::from_utf8_lossy(&value)),
                    None => arguments.next().unwrap_or(Value::None),
                })
            }
            ("os._Environ", _) => {
                let pairs: Vec<(Value, Value)> = self
                    .process
                    .environment()
                    .into_iter()
                    .map(|(n, v)| {
                        let text = |b: &[u8]| Value::str(String::from_utf8_lossy(b));
                        (text(&n), text(&v))
                    })
                    .collect();
                let dict = self.dict(pairs)?;
                self.call_method(&dict, name, Vec::new(), Vec::new()).await
            }
            ("requests.sessions.Session", _) => self.requests(name, &arguments, &named).await,
            ("urllib.request.OpenerDirector", "open") => {
                self.urlopen(&arguments.first().cloned().unwrap_or(Value::None), false).await
            }
            ("http.client.HTTPConnection", "request") => self.http_request(id, &arguments).await,
            ("http.client.HTTPConnection", "getresponse") => {
                Ok(self.objects[id].field("answer").cloned().unwrap_or(Value::None))
            }
            ("urllib.request.Request", "get_full_url") => {
                Ok(self.objects[id].field("full_url").cloned().unwrap_or(Value::None))
            }
            ("argparse.ArgumentParser", "parse_args") => {
                self.object(Object::own("argparse.Namespace", Native::None))
            }
            ("subprocess.Input", "write") => {
                let told = arguments.first().and_then(Value::raw).unwrap_or_default();
                self.fed(id, &told).await?;
                Ok(Value::Int(told.len() as i128))
            }
            ("property", "setter" | "getter" | "deleter") => {
                let function = arguments.first().cloned().unwrap_or(Value::None);
                self.property_with(id, name, function)
            }
            ("random.Random", _) => {
                let this = Value::Object(id);
                self.random(Some(&this), name, &arguments, &named).await
            }
            ("threading.Lock", "acquire") => Ok(Value::Bool(true)),
            ("object", "__init__") => Ok(Value::None),
            _ => Ok(Value::None),
        }
    }

    async fn reader_method(
        &mut self,
        id: Id,
        (bytes, place, text): (Bytes, usize, bool),
        name: &str,
        arguments: Vec<Value>,
    ) -> Done<Value> {
        let rest = bytes.slice(place.min(bytes.len())..);
        let asked = arguments.first().and_then(Value::integer);
        let asked = asked.and_then(|n| usize::try_from(n).ok());
        let line_end =
            |from: &Bytes| from.iter().position(|b| *b == b'\n').map_or(from.len(), |at| at + 1);
        let value = |machine: &mut Self, part: Bytes| -> Done<Value> {
            machine.costs(0, part.len() / 4)?;
            if text { machine.decode(&part, "utf-8", false) } else { Ok(Value::Bytes(part)) }
        };
        let length = match name {
            "read" => asked.unwrap_or(rest.len()).min(rest.len()),
            "readline" => line_end(&rest),
            "readlines" | "iter_lines" => {
                let mut lines = Vec::new();
                let mut left = rest;
                while !left.is_empty() {
                    let line = left.split_to(line_end(&left));
                    lines.push(value(self, line)?);
                }
                self.set_place(id, bytes.len());
                return self.list(lines);
            }
            "iter_content" => {
                let part = Value::Bytes(rest);
                self.set_place(id, bytes.len());
                return self.list(vec![part]);
            }
            "getvalue" => return value(self, bytes),
            "seek" => {
                self.set_place(id, asked.unwrap_or(0));
                return Ok(Value::Int(asked.unwrap_or(0) as i128));
            }
            "tell" => return Ok(Value::Int(place as i128)),
            "write" => {
                // `BytesIO`: what is written stands at its end.
                let more = arguments.first().and_then(Value::raw).unwrap_or_default();
                self.costs(0, bytes.len() + more.len())?;
                let bytes = Bytes::from([&bytes[..], &more[..]].concat());
                let place = bytes.len();
                self.objects[id].native = Native::Reader { bytes, place, text };
                return Ok(Value::Int(more.len() as i128));
            }
            "info" | "getheaders" => {
                return Ok(self.objects[id].field("headers").cloned().unwrap_or(Value::None));
            }
            "getheader" => {
                let headers = self.objects[id].field("headers").cloned().unwrap_or(Value::None);
                return self.call_method(&headers, "get", arguments, Vec::new()).await;
            }
            "geturl" => return Ok(self.objects[id].field("url").cloned().unwrap_or(Value::None)),
            "getcode" => {
                return Ok(self.objects[id].field("status").cloned().unwrap_or(Value::None));
            }
            "json" => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                return self.json_value(&text);
            }
            "fileno" => return Ok(Value::Int(3)),
            "isatty" => return Ok(Value::Bool(false)),
            _ => return Ok(Value::None),
        };
        self.set_place(id, place + length);
        value(self, rest.slice(..length))
    }

    fn set_place(&mut self, id: Id, to: usize) {
        if let Native::Reader { place, .. } = &mut self.objects[id].native {
            *place = to;
        }
    }

    async fn writer_method(
        &mut self,
        fd: &crate::io::Fd,
        text: bool,
        name: &str,
        arguments: &[Value],
    ) -> Done<Value> {
        match name {
            "write" => {
                let value = arguments.first().cloned().unwrap_or(Value::None);
                let fits =
                    matches!((&value, text), (Value::Str(_), true) | (Value::Bytes(_), false));
                let Some(bytes) = value.raw().filter(|_| fits) else {
                    let class = self.type_name(&value);
                    let text = if text {
                        format!("write() argument must be str, not {class}")
                    } else {
                        format!("a bytes-like object is required, not '{class}'")
                    };
                    return Err(self.raise("TypeError", text));
                };
                self.costs(0, bytes.len() / 4)?;
                self.write_to(fd, &bytes)?;
                Ok(Value::Int(bytes.len() as i128))
            }
            "writelines" => {
                let items = self.items(&arguments.first().cloned().unwrap_or(Value::None)).await?;
                for item in items {
                    let bytes = item.raw().unwrap_or_default();
                    self.write_to(fd, &bytes)?;
                }
                Ok(Value::None)
            }
            "fileno" => Ok(Value::Int(3)),
            "isatty" => Ok(Value::Bool(false)),
            "tell" => Ok(Value::Int(0)),
            _ => Ok(Value::None),
        }
    }

    async fn stream_method(&mut self, fd: usize, name: &str, arguments: &[Value]) -> Done<Value> {
        match (fd, name) {
            (0, "read" | "readline" | "readlines") => {
                let most = arguments.first().and_then(Value::integer);
                let most = most.and_then(|n| usize::try_from(n).ok());
                let bytes = self.read_stdin(name == "readline", most).await?;
                let text = String::from_utf8_lossy(&bytes).into_owned();
                if name == "readlines" {
                    let lines = text.split_inclusive('\n').map(Value::str).collect();
                    return self.list(lines);
                }
                Ok(Value::Str(text.into()))
            }
            (_, "fileno") => Ok(Value::Int(fd as i128)),
            (_, "isatty") => {
                Ok(Value::Bool(self.process.fds.at(fd).is_some_and(|o| o.is_terminal())))
            }
            (1, "flush") => {
                self.flush()?;
                Ok(Value::None)
            }
            (1 | 2, "write") => {
                let bytes = arguments.first().and_then(Value::raw).unwrap_or_default();
                if fd == 1 {
                    self.print(&bytes)?;
                } else {
                    self.process.error_bytes(&bytes)?;
                }
                Ok(Value::Int(bytes.len() as i128))
            }
            _ => Ok(Value::None),
        }
    }

    async fn socket_method(&mut self, id: Id, name: &str, arguments: &[Value]) -> Done<Value> {
        let address = arguments.first().cloned().unwrap_or(Value::None);
        match name {
            "connect" => self.connect(&address).await,
            "connect_ex" => match self.connect(&address).await {
                Err(super::run::Unwind::Raise(_)) => Ok(Value::Int(111)),
                other => other,
            },
            "sendto" => {
                let bytes = arguments.first().and_then(Value::raw).unwrap_or_default();
                if let Some(Value::Tuple(parts)) = arguments.last()
                    && let [host, port] = &parts[..]
                    && let (Some(host), Some(port)) = (host.raw(), port.integer())
                    && let Ok(port) = u16::try_from(port)
                {
                    self.process.session.connect(&host, port, "python3");
                }
                Ok(Value::Int(bytes.len() as i128))
            }
            "bind" | "listen" => Ok(Value::None),
            "accept" | "recv" | "recvfrom" => {
                let bound = matches!(self.objects[id].native, Native::Socket { datagram: true })
                    || name == "accept";
                if bound {
                    // Nobody comes.
                    let long = ukai_model::Duration::from_secs(crate::limits::SLEEP_S);
                    self.process.session.sleep(long).await?;
                }
                let text = Value::str("Transport endpoint is not connected");
                let raised = super::value::Raised::default();
                Err(self.raise_with("OSError", vec![Value::Int(107), text], raised))
            }
            "send" | "sendall" => {
                let text = Value::str("Broken pipe");
                let raised = super::value::Raised::default();
                Err(self.raise_with("BrokenPipeError", vec![Value::Int(32), text], raised))
            }
            "fileno" => Ok(Value::Int(3)),
            _ => Ok(Value::None),
        }
    }

    /// A socket, connected or not.
    pub(super) fn socket(&mut self, arguments: &[Value]) -> Done<Value> {
        let datagram = matches!(arguments.get(1), Some(Value::Int(2 | 3)));
        self.object(Object::own("socket.socket", Native::Socket { datagram }))
    }

    pub(super) async fn create_connection(&mut self, arguments: &[Value]) -> Done<Value> {
        let address = arguments.first().cloned().unwrap_or(Value::None);
        let result = self.connect(&address).await;
        result.map_err(|unwind| {
            let resolved = match &unwind {
                super::run::Unwind::Raise(id) => {
                    self.objects[*id].class != ClassOf::Own("socket.gaierror")
                }
                _ => true,
            };
            let key = if resolved {
                "create_connection unreached"
            } else {
                "create_connection unresolved"
            };
            self.after(unwind, library(key))
        })
    }

    /// A thread (or process) that is started later.
    pub(super) fn later(&mut self, named: &Named) -> Done<Value> {
        let function = by_name(named, "target").unwrap_or(Value::None);
        let empty = Value::Tuple(Arc::from(Vec::new()));
        let arguments = by_name(named, "args").unwrap_or(empty);
        self.object(Object::own("threading.Thread", Native::Later { function, arguments }))
    }
}
