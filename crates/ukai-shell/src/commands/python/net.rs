//! What Python programs fetch: `urllib`, `requests`, `http.client`.

use super::builtins::{Named, by_name};
use super::run::{Done, Machine, Unwind};
use super::system::library;
use super::value::{Id, Native, Object, Raised, Value};
use crate::Fetched;
use crate::commands::fetch::{Failure, Url, failure, reason};
use bytes::Bytes;

/// Whether a name could be an address or a name of the public tree.
pub(crate) fn resolves(host: &str) -> bool {
    host.parse::<std::net::IpAddr>().is_ok()
        || host == "localhost"
        || (host.contains('.') && !host.ends_with(".invalid") && !host.contains(' '))
}

/// How a request went wrong, in Python's words: the class and text of the error at the
/// bottom.
struct Cause {
    class: &'static str,
    text: &'static str,
    resolved: bool,
}

fn cause(problem: Failure) -> Cause {
    let (class, text) = match problem {
        Failure::Name => ("socket.gaierror", "[Errno -2] Name or service not known"),
        Failure::TimedOut => ("TimeoutError", "[Errno 110] Connection timed out"),
        _ => ("ConnectionRefusedError", "[Errno 111] Connection refused"),
    };
    Cause { class, text, resolved: problem != Failure::Name }
}

impl Machine<'_> {
    /// Fetches a URL; what could not be had is a failure.
    async fn fetch(&mut self, url: &str) -> Done<Result<Fetched, Failure>> {
        let fetched = self.process.session.fetch(url.as_bytes(), "python3").await?;
        Ok(match fetched {
            Some(fetched) => match failure(&fetched) {
                Some(Failure::Status(status)) if fetched.bytes.is_empty() || status.is_none() => {
                    Err(Failure::Status(status))
                }
                Some(problem @ (Failure::Name | Failure::Refused | Failure::TimedOut)) => {
                    Err(problem)
                }
                _ => Ok(fetched),
            },
            None => Err(Failure::TimedOut),
        })
    }

    /// The URL of an argument: a text, or a `Request`.
    fn url_of(&self, value: &Value) -> Option<String> {
        match value {
            Value::Str(text) => Some(text.to_string()),
            Value::Object(id) => match self.objects[*id].field("full_url") {
                Some(Value::Str(text)) => Some(text.to_string()),
                _ => None,
            },
            _ => None,
        }
    }

    /// An exception whose traceback is a library's.
    fn library_error(
        &mut self,
        class: &'static str,
        text: String,
        (before, after): (String, String),
    ) -> Unwind {
        let raised = Raised { before, after, text: Some(text.clone()), ..Raised::default() };
        self.raise_with(class, vec![Value::Str(text.into())], raised)
    }

    pub(super) async fn urlopen(&mut self, what: &Value, retrieves: bool) -> Done<Value> {
        let first = if retrieves { library("urllib retrieve") } else { "" };
        let Some(url) = self.url_of(what) else {
            let class = self.type_name(what);
            let text = format!("'{class}' object has no attribute 'timeout'");
            return Err(self.raise("AttributeError", text));
        };
        let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_lowercase());
        let Some(scheme) = scheme.filter(|s| matches!(&**s, "http" | "https" | "ftp" | "file"))
        else {
            let text = format!("unknown url type: {}", super::value::quoted(&url));
            let after = format!("{first}{}", library("urllib type"));
            return Err(self.library_error("ValueError", text, (String::new(), after)));
        };
        if scheme == "file" {
            let path = Value::str(url.trim_start_matches("file://"));
            let none = Vec::new();
            return self.open_file(&path, Some(&Value::str("rb")), &none);
        }
        let problem = match self.fetch(&url).await? {
            Ok(fetched) => match failure(&fetched) {
                None => return self.response("http.client.HTTPResponse", &url, &fetched),
                Some(problem) => problem,
            },
            Err(problem) => problem,
        };
        if let Failure::Status(status) = problem {
            let status = status.unwrap_or(404);
            let text = format!("HTTP Error {status}: {}", reason(status));
            let after = format!("{first}{}", library("urllib status"));
            let unwind = self.library_error("urllib.error.HTTPError", text, (String::new(), after));
            if let Unwind::Raise(id) = &unwind {
                self.objects[*id].fields.push(("code".into(), Value::Int(status.into())));
                self.objects[*id].fields.push(("url".into(), Value::str(url)));
            }
            return Err(unwind);
        }
        let cause = cause(problem);
        let how = if cause.resolved { "unreached" } else { "unresolved" };
        let how = if scheme == "ftp" { "unreached" } else { how };
        let before = library(&format!("urllib {scheme} {how}"))
            .replace("{error}", &format!("{}: {}", cause.class, cause.text));
        let after = format!("{first}{}", library(&format!("urllib {scheme} failed")));
        let text = format!("<urlopen error {}>", cause.text);
        Err(self.library_error("urllib.error.URLError", text, (before, after)))
    }

    fn response(&mut self, class: &'static str, url: &str, fetched: &Fetched) -> Done<Value> {
        let bytes = fetched.bytes.clone();
        self.costs(4, bytes.len() / 16)?;
        let status = fetched.status.unwrap_or(200);
        let kind = fetched.content_type.clone().unwrap_or_else(|| "text/plain".to_owned());
        let length = bytes.len().to_string();
        let headers = self.dict(vec![
            (Value::str("Content-Type"), Value::Str(kind.into())),
            (Value::str("Content-Length"), Value::Str(length.into())),
        ])?;
        let phrase = if status == 200 { "OK" } else { reason(status) };
        let object = Object::own(class, Native::Reader { bytes, place: 0, text: false })
            .with("status", Value::Int(status.into()))
            .with("status_code", Value::Int(status.into()))
            .with("reason", Value::str(phrase))
            .with("headers", headers)
            .with("url", Value::str(url));
        self.object(object)
    }

    pub(super) async fn retrieve(&mut self, arguments: &[Value], named: &Named) -> Done<Value> {
        let what = arguments.first().cloned().or_else(|| by_name(named, "url"));
        let response = self.urlopen(&what.unwrap_or(Value::None), true).await?;
        let Value::Object(id) = response else { return Ok(Value::None) };
        let Native::Reader { bytes, .. } = self.objects[id].native.clone() else {
            return Ok(Value::None);
        };
        let path = arguments.get(1).cloned().or_else(|| by_name(named, "filename"));
        let path = path.unwrap_or_else(|| {
            let mix = bytes.len().wrapping_mul(2_654_435_761) % 1_000_000;
            Value::Str(format!("/tmp/tmp{mix:06}a").into())
        });
        self.keep(&path, &bytes)?;
        Ok(Value::tuple(vec![path, Value::Object(id)]))
    }

    /// Keeps fetched bytes as a file.
    fn keep(&mut self, path: &Value, bytes: &Bytes) -> Done<()> {
        let name = path.raw().unwrap_or_default();
        match self.process.keep_fetched(&name, bytes) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.os_error(error, Some(path.clone()))),
        }
    }

    pub(super) async fn requests(
        &mut self,
        how: &str,
        arguments: &[Value],
        named: &Named,
    ) -> Done<Value> {
        let place = usize::from(how == "request");
        let url = arguments.get(place).cloned().or_else(|| by_name(named, "url"));
        let url = url.and_then(|v| self.url_of(&v)).unwrap_or_default();
        let lower = url.to_lowercase();
        let Some(scheme) = ["http", "https"]
            .into_iter()
            .find(|s| lower.strip_prefix(s).is_some_and(|rest| rest.starts_with("://")))
        else {
            let shown = super::value::quoted(&url);
            let text =
                format!("Invalid URL {shown}: No scheme supplied. Perhaps you meant http://{url}?");
            let frames = (String::new(), library("requests schema").to_owned());
            return Err(self.library_error("requests.exceptions.MissingSchema", text, frames));
        };
        let problem = match self.fetch(&url).await? {
            Ok(fetched) => return self.response("requests.models.Response", &url, &fetched),
            Err(problem) => problem,
        };
        if let Failure::Status(status) = problem {
            let fetched = Fetched {
                outcome: ukai_model::FetchOutcome::Complete,
                bytes: Bytes::new(),
                sha256: None,
                status: status.or(Some(404)),
                server_ip: None,
                content_type: None,
            };
            return self.response("requests.models.Response", &url, &fetched);
        }
        let cause = cause(problem);
        let parts = Url::parse(url.as_bytes());
        let kind = if scheme == "https" { "HTTPS" } else { "HTTP" };
        let key = match (scheme, cause.resolved) {
            ("https", _) => "requests https unreached",
            (_, true) => "requests http unreached",
            (_, false) => "requests http unresolved",
        };
        let path = String::from_utf8_lossy(&parts.path).into_owned();
        let fill = |text: &str| {
            text.replace("{error}", &format!("{}: {}", cause.class, cause.text))
                .replace("{reason}", cause.text)
                .replace("{kind}", kind)
                .replace("{address}", "0x7f1dc0f29050")
                .replace("{host}", &parts.host)
                .replace("{port}", &parts.port_or_default().to_string())
                .replace("{path}", &path)
        };
        let text = fill(
            "{kind}ConnectionPool(host='{host}', port={port}): Max retries exceeded with url: {path} (Caused by NewConnectionError('<urllib3.connection.{kind}Connection object at {address}>: Failed to establish a new connection: {reason}'))",
        );
        let frames = (fill(library(key)), library("requests failed").to_owned());
        Err(self.library_error("requests.exceptions.ConnectionError", text, frames))
    }

    /// `HTTPConnection(host).request("GET", path)`
    pub(super) async fn http_request(&mut self, id: Id, arguments: &[Value]) -> Done<Value> {
        let path = arguments.get(1).and_then(Value::raw).unwrap_or_default();
        let path = String::from_utf8_lossy(&path).into_owned();
        let host = self.objects[id].field("host").and_then(Value::raw).unwrap_or_default();
        let host = String::from_utf8_lossy(&host).into_owned();
        let scheme = match self.objects[id].field("secure") {
            Some(Value::Bool(true)) => "https",
            _ => "http",
        };
        let url = format!("{scheme}://{host}{path}");
        match self.fetch(&url).await? {
            Ok(fetched) => {
                let response = self.response("http.client.HTTPResponse", &url, &fetched)?;
                self.objects[id].fields.push(("answer".into(), response));
                Ok(Value::None)
            }
            Err(Failure::Status(_)) => Ok(Value::None),
            Err(problem) => {
                let cause = cause(problem);
                let text = cause.text.to_owned();
                let frames = (String::new(), library("http.client unreached").to_owned());
                Err(self.library_error(cause.class, text, frames))
            }
        }
    }
}
