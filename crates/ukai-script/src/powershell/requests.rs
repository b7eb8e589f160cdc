//! Objects of .NET that ask others: web clients and requests, sockets, mail; and the addresses
//! that they are given.

use super::eval::{Eval, Interpreter};
use super::value::{Object, State, Value};
use std::rc::Rc;
use url::Url;

/// Types that a script may name without their namespace, after `using namespace`.
const TYPES: &[&str] = &[
    "net.webclient",
    "net.webrequest",
    "net.httpwebrequest",
    "net.ftpwebrequest",
    "net.dns",
    "net.ipaddress",
    "net.ipendpoint",
    "net.networkcredential",
    "net.webutility",
    "net.http.httpclient",
    "net.http.httprequestmessage",
    "net.http.httpmethod",
    "net.http.stringcontent",
    "net.mail.smtpclient",
    "net.mail.mailmessage",
    "net.sockets.tcpclient",
    "net.sockets.udpclient",
    "net.sockets.socket",
    "net.websockets.clientwebsocket",
    "net.networkinformation.ping",
    "io.file",
    "io.path",
    "io.directory",
    "io.memorystream",
    "io.streamreader",
    "io.streamwriter",
    "io.binaryreader",
    "io.stringreader",
    "io.filestream",
    "io.compression.gzipstream",
    "io.compression.deflatestream",
    "io.compression.zlibstream",
    "io.compression.compressionmode",
    "text.encoding",
    "text.stringbuilder",
    "text.utf8encoding",
    "text.asciiencoding",
    "text.unicodeencoding",
    "text.regularexpressions.regex",
    "diagnostics.process",
    "diagnostics.processstartinfo",
    "reflection.assembly",
    "collections.arraylist",
    "collections.hashtable",
    "collections.stack",
    "collections.queue",
    "security.cryptography.aes",
    "security.cryptography.aesmanaged",
    "security.cryptography.aescryptoserviceprovider",
    "security.cryptography.rijndaelmanaged",
    "security.cryptography.tripledes",
    "security.cryptography.sha256",
    "security.cryptography.sha1",
    "security.cryptography.md5",
    "security.cryptography.rfc2898derivebytes",
    "security.cryptography.cryptostream",
    "runtime.interopservices.marshal",
    "management.automation.pscredential",
    "management.automation.scriptblock",
    "management.automation.powershell",
    "microsoft.win32.registry",
];

/// An address put together from a base and what is relative to it.
fn joined(base: &str, relative: &str) -> String {
    if relative.contains("://") || base.is_empty() {
        return relative.to_owned();
    }
    match Url::parse(base).and_then(|it| it.join(relative)) {
        Ok(url) => url.into(),
        Err(_) => relative.to_owned(),
    }
}

impl Interpreter<'_, '_> {
    /// A type's name with the namespace that `using namespace` lets out.
    pub(super) fn resolved(&self, class: &str) -> Rc<str> {
        if self.namespaces.is_empty() || class.contains('.') {
            return class.into();
        }
        let whole = self.namespaces.iter().map(|space| format!("{space}.{class}")).find(|whole| {
            TYPES.contains(&whole.as_str()) || whole.starts_with("collections.generic.")
        });
        whole.map_or_else(|| class.into(), Into::into)
    }

    fn entry_text(&self, id: usize, name: &str) -> String {
        self.named_entry(id, name).map(|it| self.text_of(&it)).unwrap_or_default()
    }

    /// A connection to a host and port, or to an end point.
    fn dial(&mut self, host: &Value, port: &Value) {
        if let Value::Object(id) = host
            && self.heap.get(*id).is_some_and(|it| &*it.class == "net.ipendpoint")
        {
            let part = |name: &str| self.named_entry(*id, name).unwrap_or(Value::Null);
            let (host, port) = (part("address"), part("port"));
            if !matches!(host, Value::Object(_)) {
                self.dial(&host, &port);
            }
            return;
        }
        let host = match host {
            // Addresses that a name has: the first is asked.
            Value::List(list) => list.items().first().map(|it| self.text_of(it)),
            other => Some(self.text_of(other)),
        };
        let port = self.int_of(port).and_then(|it| u16::try_from(it).ok()).filter(|it| *it != 0);
        self.run.connect(&host.unwrap_or_default(), port);
    }

    /// `New-Object` of a type of these; none for others.
    pub(super) fn create_request(
        &mut self,
        class: &str,
        arguments: &[Value],
    ) -> Eval<Option<Value>> {
        let first = arguments.first().cloned().unwrap_or(Value::Null);
        let second = arguments.get(1).cloned().unwrap_or(Value::Null);
        let mut object = Object::new(class, State::None);
        match class {
            "uri" => {
                let (base, relative) = (self.text_of(&first), self.text_of(&second));
                let is_relative = !relative.is_empty() && !is_kind_of_uri(&relative);
                let text = if is_relative { joined(&base, &relative) } else { base };
                return Ok(Some(self.uri(&text)));
            }
            "uribuilder" => {
                let part = |at: usize| arguments.get(at).map(|it| self.text_of(it));
                let text = match (part(0), part(1), part(2), part(3)) {
                    (Some(scheme), Some(host), port, path) => {
                        let port = port.map(|it| format!(":{it}")).unwrap_or_default();
                        let path = path.unwrap_or_default();
                        format!("{scheme}://{host}{port}/{}", path.trim_start_matches('/'))
                    }
                    (text, ..) => text.unwrap_or_default(),
                };
                let text = if text.is_empty() || text.contains("://") {
                    text
                } else {
                    format!("http://{text}")
                };
                for (name, value) in parts_of(&text) {
                    object.entries.push((Value::text(name), Value::text(value)));
                }
            }
            "net.sockets.tcpclient" | "net.sockets.udpclient" => {
                // A number alone is a port of one's own.
                if !arguments.is_empty() && !matches!(first, Value::Int(_)) {
                    self.dial(&first, &second);
                }
            }
            "net.mail.smtpclient" => {
                object.entries.push((Value::text("host"), first));
                object.entries.push((Value::text("port"), second));
            }
            "net.ipendpoint" => {
                object.entries.push((Value::text("address"), first));
                object.entries.push((Value::text("port"), second));
            }
            "net.ipaddress" => {
                let bytes = match &first {
                    Value::Int(number) => number.to_le_bytes().get(..4).map(<[u8]>::to_vec),
                    Value::Text(_) => return Ok(Some(first)),
                    other => Some(self.bytes_of(other)),
                };
                return Ok(match bytes.as_deref() {
                    Some(&[a, b, c, d]) => Some(Value::text(format!("{a}.{b}.{c}.{d}"))),
                    _ => None,
                });
            }
            "net.http.httprequestmessage" => {
                object.entries.push((Value::text("requesturi"), second));
            }
            _ => return Ok(None),
        }
        Ok(Some(Value::Object(self.new_object(object))))
    }

    /// A member of an address that is worked out from its parts.
    pub(super) fn uri_member(&mut self, id: usize, class: &str, name: &str) -> Value {
        if class == "uribuilder" {
            return match name {
                "uri" => {
                    let text = self.built(id);
                    self.uri(&text)
                }
                _ => Value::Unknown(None),
            };
        }
        let text = self.text_of(&Value::Object(id));
        let Ok(url) = Url::parse(&text) else { return Value::Null };
        match name {
            "port" => {
                url.port_or_known_default().map_or(Value::Null, |it| Value::Int(i64::from(it)))
            }
            "query" => Value::text(url.query().map(|it| format!("?{it}")).unwrap_or_default()),
            "fragment" => {
                Value::text(url.fragment().map(|it| format!("#{it}")).unwrap_or_default())
            }
            "authority" => Value::text(match (url.host_str(), url.port()) {
                (Some(host), Some(port)) => format!("{host}:{port}"),
                (host, _) => host.unwrap_or_default().to_owned(),
            }),
            "dnssafehost" | "idnhost" => Value::text(url.host_str().unwrap_or_default()),
            "localpath" => Value::text(url.path()),
            "userinfo" => Value::text(url.username()),
            "isabsoluteuri" => Value::Bool(true),
            "segments" => {
                let path = url.path();
                Value::list(path.split_inclusive('/').map(Value::text).collect())
            }
            _ => Value::Unknown(None),
        }
    }

    /// What a `UriBuilder` comes to.
    pub(super) fn built(&self, id: usize) -> String {
        let part = |name: &str| self.entry_text(id, name);
        let (scheme, host, port) = (part("scheme"), part("host"), part("port"));
        let scheme = if scheme.is_empty() { "http".to_owned() } else { scheme };
        let usual = match scheme.as_str() {
            "http" => "80",
            "https" => "443",
            "ftp" => "21",
            _ => "",
        };
        let port = match port.as_str() {
            "" | "-1" => String::new(),
            port if port == usual => String::new(),
            port => format!(":{port}"),
        };
        let query = part("query");
        let query = query.trim_start_matches('?');
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        let path = part("path");
        format!("{scheme}://{host}{port}/{}{query}", path.trim_start_matches('/'))
    }

    /// A method of one of these; none for others.
    pub(super) fn call_request(
        &mut self,
        id: usize,
        class: &str,
        name: &str,
        arguments: &[Value],
    ) -> Eval<Option<Value>> {
        let first = arguments.first().cloned().unwrap_or(Value::Null);
        let second = arguments.get(1).cloned().unwrap_or(Value::Null);
        match (class, name) {
            ("net.webclient", _) if asks(name) => {
                return self.call_web_client(id, name, arguments).map(Some);
            }
            ("net.http.httpclient", _) if is_http_call(name) => {
                let url = match first {
                    Value::Object(message)
                        if self
                            .heap
                            .get(message)
                            .is_some_and(|it| &*it.class == "net.http.httprequestmessage") =>
                    {
                        self.entry_text(message, "requesturi")
                    }
                    other => self.text_of(&other),
                };
                let url = joined(&self.entry_text(id, "baseaddress"), &url);
                self.run.fetch(&url, None);
                return Ok(Some(Value::Unknown(Some(url.into()))));
            }
            (
                "net.webrequest",
                "getresponse"
                | "getresponseasync"
                | "begingetresponse"
                | "getrequeststream"
                | "getrequeststreamasync",
            ) => {
                let url = self.entry_text(id, "requesturi");
                if self.named_entry(id, "asked").is_none() {
                    self.run.fetch(&url, None);
                    self.set_entry(id, Value::text("asked"), Value::Bool(true));
                }
                return Ok(Some(Value::Unknown(Some(url.into()))));
            }
            (
                "net.sockets.tcpclient" | "net.sockets.udpclient" | "net.sockets.socket",
                "connect" | "beginconnect" | "connectasync",
            ) => self.dial(&first, &second),
            ("net.sockets.udpclient", "send" | "sendasync" | "beginsend") => {
                match arguments {
                    [_, _, host, port, ..] => self.dial(host, port),
                    [_, _, place] => self.dial(place, &Value::Null),
                    _ => {}
                }
                return Ok(Some(Value::Int(0)));
            }
            ("net.sockets.socket", "sendto") => {
                if let Some(place @ Value::Object(_)) = arguments.last() {
                    self.dial(place, &Value::Null);
                }
            }
            ("net.websockets.clientwebsocket", "connectasync") | ("xml.xmldocument", "load") => {
                let url = self.text_of(&first);
                if url.contains("://") {
                    self.run.fetch(&url, None);
                }
                return Ok(Some(Value::Unknown(Some(url.into()))));
            }
            ("net.networkinformation.ping", "send" | "sendpingasync" | "sendasync") => {
                let host = self.text_of(&first);
                self.run.connect(&host, None);
            }
            ("net.mail.smtpclient", "send" | "sendasync" | "sendmailasync") => {
                if let Some(host) = self.named_entry(id, "host") {
                    let port = self.named_entry(id, "port").unwrap_or(Value::Null);
                    let port = if matches!(port, Value::Null) { Value::Int(25) } else { port };
                    self.dial(&host, &port);
                }
            }
            ("uribuilder", "tostring") => return Ok(Some(Value::text(self.built(id)))),
            ("uri", "makerelativeuri") => return Ok(Some(first)),
            ("registry", _) => return self.call_registry(id, name, arguments).map(Some),
            _ => return Ok(None),
        }
        Ok(Some(Value::Unknown(None)))
    }

    fn call_web_client(&mut self, id: usize, name: &str, arguments: &[Value]) -> Eval<Value> {
        let url = arguments.first().map(|it| self.text_of(it)).unwrap_or_default();
        let second = arguments.get(1).map(|it| self.text_of(it));
        let url = joined(&self.entry_text(id, "baseaddress"), &url);
        if name.starts_with("downloadfile") {
            self.run.fetch(&url, second.as_deref());
            return Ok(Value::Unknown(None));
        }
        if name.starts_with("upload")
            && let Some(sent) = arguments.last()
        {
            let sent = self.text_of(sent);
            self.run.remark(&sent);
        }
        self.run.fetch(&url, None);
        Ok(Value::Unknown(Some(url.into())))
    }

    /// A key of the registry that .NET opened.
    fn call_registry(&mut self, id: usize, name: &str, arguments: &[Value]) -> Eval<Value> {
        let key = self.entry_text(id, "key");
        let first = arguments.first().map(|it| self.text_of(it)).unwrap_or_default();
        match name {
            "opensubkey" | "createsubkey" => {
                let mut object = Object::new("registry", State::None);
                let key = format!("{key}\\{first}");
                object.entries.push((Value::text("key"), Value::text(key)));
                Ok(Value::Object(self.new_object(object)))
            }
            "setvalue" => {
                let value = arguments.get(1).map(|it| self.text_of(it)).unwrap_or_default();
                self.run.set(&format!("{key}\\{first}"), &value);
                Ok(Value::Null)
            }
            "getvalue" => {
                let found = self.run.setting(&format!("{key}\\{first}")).map(Value::text);
                let fallback = arguments.get(1).cloned().unwrap_or(Value::Unknown(None));
                Ok(found.unwrap_or(fallback))
            }
            _ => Ok(Value::Null),
        }
    }

    /// `[type]::name(arguments)` of one of these; none for others.
    pub(super) fn request_static(
        &mut self,
        class: &str,
        name: &str,
        values: &[Value],
    ) -> Eval<Option<Value>> {
        let first = values.first().cloned().unwrap_or(Value::Null);
        match class {
            "net.webrequest" | "net.httpwebrequest" | "net.filewebrequest"
            | "net.ftpwebrequest"
                if name.starts_with("create") =>
            {
                let url = self.text_of(&first);
                let mut object = Object::new("net.webrequest", State::None);
                object.entries.push((Value::text("requesturi"), Value::text(url)));
                Ok(Some(Value::Object(self.new_object(object))))
            }
            "net.dns" => {
                let host = self.text_of(&first);
                self.run.connect(&host, None);
                // The name stands for its addresses.
                let addresses = Value::list(vec![Value::text(host.as_str())]);
                if !name.contains("entry") && !name.contains("hostbyname") {
                    return Ok(Some(addresses));
                }
                let mut object = Object::new("bag", State::None);
                object.entries.push((Value::text("hostname"), Value::text(host)));
                object.entries.push((Value::text("addresslist"), addresses));
                Ok(Some(Value::Object(self.new_object(object))))
            }
            _ => Ok(None),
        }
    }
}

/// Whether a text tells which kind of address another is.
fn is_kind_of_uri(text: &str) -> bool {
    ["absolute", "relative", "relativeorabsolute"].iter().any(|it| text.eq_ignore_ascii_case(it))
}

/// Whether a method of a web client asks.
fn asks(name: &str) -> bool {
    ["download", "openread", "upload", "openwrite"].iter().any(|it| name.starts_with(it))
        && !name.ends_with("cancel")
}

fn is_http_call(name: &str) -> bool {
    ["get", "post", "put", "patch", "delete", "send"].iter().any(|it| name.starts_with(it))
        && (name.ends_with("async") || name == "send")
}

/// The parts of an address that a `UriBuilder` has.
fn parts_of(text: &str) -> Vec<(&'static str, String)> {
    let Ok(url) = Url::parse(text) else { return Vec::new() };
    vec![
        ("scheme", url.scheme().to_owned()),
        ("host", url.host_str().unwrap_or_default().to_owned()),
        ("port", url.port().map(|it| it.to_string()).unwrap_or_default()),
        ("path", url.path().to_owned()),
        ("query", url.query().map(|it| format!("?{it}")).unwrap_or_default()),
    ]
}
