//! The user's own answers: for which requests, and what.

use super::answer::Answer;
use super::content;
use super::request::Request;
use super::text;
use base64::Engine as _;
use bytes::Bytes;
use serde::Deserialize;
use std::net::IpAddr;

/// An answer of the user's, as it stands in a scenario:
///
/// ```toml
/// host = "*.example.org"
/// uri = "/gate.php*"
/// text = "sleep 60"
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleSpec {
    /// Hosts, as a pattern with `*` and `?`; all if empty. In lower case.
    pub host: String,
    /// Path and query, as such a pattern; all if empty.
    pub uri: String,
    /// User agents, as such a pattern; all if empty.
    pub user_agent: String,
    /// Methods; all if empty.
    pub methods: Vec<String>,
    /// Status; 200 if absent.
    pub status: Option<u16>,
    /// Media type; by the extension of `like` or of `file` if absent.
    pub content_type: Option<String>,
    /// Further headers: `Name: value`.
    pub headers: Vec<String>,
    /// The body as text, in which `{host}`, `{uri}`, `{path}`, `{query}`, `{peer}`,
    /// `{public}` and `{unix}` (the time in seconds) are filled in.
    pub text: Option<String>,
    /// The body in Base64.
    pub base64: Option<String>,
    /// The body as a file's name, which whoever loads the scenario reads.
    pub file: Option<String>,
    /// The body that a file of this extension has by default: `exe`, `zip`, `mips`.
    pub like: Option<String>,
    /// Whether HTTP/1.1 sends the body in chunks.
    pub chunked: bool,
    /// Whether the connection ends behind it.
    pub close: bool,
}

/// A rule that cannot be used, by its author's fault.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// More than one body.
    #[error("one of `text`, `base64`, `file` and `like` is the body, not several")]
    Bodies,
    /// Not Base64.
    #[error("`base64` is not Base64")]
    Base64,
    /// The file cannot be read.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
    /// There is no such content.
    #[error("there is no content like `{0}`")]
    Like(String),
    /// A header without colon, or with bytes that no header may have.
    #[error("`{0}` is no header: write `Name: value`")]
    Header(String),
    /// Not a status.
    #[error("{0} is no status of a final answer: 200 to 599")]
    Status(u16),
}

#[derive(Clone, Debug)]
enum Body {
    Filled(String),
    Fixed(Bytes),
    Like(String),
}

/// An answer of the user's, checked.
#[derive(Clone, Debug)]
pub struct Rule {
    host: String,
    uri: String,
    user_agent: String,
    methods: Vec<String>,
    answer: Answer,
    typed: bool,
    body: Body,
}

impl RuleSpec {
    /// Checks the rule; `read` reads the files that it names.
    pub fn rule(
        self,
        read: impl FnOnce(&str) -> std::io::Result<Vec<u8>>,
    ) -> Result<Rule, RuleError> {
        let mut content_type = self.content_type.clone();
        let body = match (self.text, self.base64, self.file, self.like) {
            (None, None, None, None) => Body::Fixed(Bytes::new()),
            (Some(text), None, None, None) => Body::Filled(text),
            (None, Some(base64), None, None) => {
                let engine = base64::engine::general_purpose::STANDARD;
                let bytes = engine.decode(base64.split_ascii_whitespace().collect::<String>());
                Body::Fixed(bytes.map_err(|_| RuleError::Base64)?.into())
            }
            (None, None, Some(name), None) => {
                let bytes = read(&name).map_err(|error| RuleError::File(name.clone(), error))?;
                let extension = name.rsplit('.').next().unwrap_or_default();
                content_type = content_type.or_else(|| {
                    content::media_type(&extension.to_ascii_lowercase()).map(Into::into)
                });
                Body::Fixed(bytes.into())
            }
            (None, None, None, Some(like)) => {
                content::media_type(&like).ok_or_else(|| RuleError::Like(like.clone()))?;
                Body::Like(like)
            }
            _ => return Err(RuleError::Bodies),
        };
        let status = self.status.unwrap_or(200);
        if !(200..=599).contains(&status) {
            return Err(RuleError::Status(status));
        }
        let mut answer = Answer {
            status,
            file: matches!(body, Body::Fixed(_)) && status == 200,
            chunked: self.chunked,
            close: self.close,
            ..Answer::default()
        };
        let default = if matches!(body, Body::Filled(_)) { "text/html" } else { "" };
        let typed = content_type.is_some();
        answer.content_type = content_type.unwrap_or_else(|| default.to_owned()).into();
        for line in self.headers {
            let bad = line.bytes().any(|b| b < 0x20 || b == 0x7f);
            let (name, value) = line
                .split_once(':')
                .filter(|(name, _)| !bad && !name.is_empty() && !name.contains(' '))
                .ok_or_else(|| RuleError::Header(line.clone()))?;
            answer = answer.with(name.to_owned(), value.trim().to_owned());
        }
        let host = self.host.to_ascii_lowercase();
        let (uri, user_agent, methods) = (self.uri, self.user_agent, self.methods);
        Ok(Rule { host, uri, user_agent, methods, answer, typed, body })
    }
}

impl Rule {
    fn fits(&self, request: &Request<'_>) -> bool {
        let is =
            |pattern: &str, text: &[u8]| pattern.is_empty() || text::glob(pattern.as_bytes(), text);
        (self.methods.is_empty() || self.methods.iter().any(|method| method == request.method))
            && is(&self.host, request.host.as_bytes())
            && is(&self.user_agent, request.header("user-agent").unwrap_or_default())
            && (self.uri.is_empty() || is(&self.uri, &uri(request)))
    }

    /// The answer, if the rule fits.
    pub(super) fn answer(&self, request: &Request<'_>, public: IpAddr) -> Option<Answer> {
        if !self.fits(request) {
            return None;
        }
        let mut answer = self.answer.clone();
        match &self.body {
            Body::Fixed(body) => answer.body = body.clone(),
            Body::Filled(text) => answer.body = fill(text, request, public).into(),
            Body::Like(extension) => {
                let like = content::by_extension(extension, request)?;
                answer.body = like.body;
                if !self.typed {
                    answer.content_type = like.content_type;
                }
            }
        }
        Some(answer)
    }
}

fn uri(request: &Request<'_>) -> Vec<u8> {
    if request.query.is_empty() {
        return request.path.to_vec();
    }
    [request.path, b"?", request.query].concat()
}

fn fill(template: &str, request: &Request<'_>, public: IpAddr) -> String {
    let mut out = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let word = rest.find('}').map(|close| &rest[1..close]);
        let value = word.and_then(|word| {
            Some(match word {
                "host" => request.host.clone().into_owned(),
                "uri" => String::from_utf8_lossy(&uri(request)).into_owned(),
                "path" => String::from_utf8_lossy(request.path).into_owned(),
                "query" => String::from_utf8_lossy(request.query).into_owned(),
                "peer" => request.peer.ip().to_string(),
                "public" => public.to_string(),
                "unix" => request.now.secs().to_string(),
                _ => return None,
            })
        });
        if let (Some(word), Some(value)) = (word, value) {
            out.push_str(&value);
            rest = &rest[word.len() + 2..];
        } else {
            // A brace that stands for itself, as in JSON.
            out.push('{');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}
