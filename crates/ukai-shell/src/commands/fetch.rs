//! What all downloading commands share: URLs, and what became of a fetch as text.

use crate::fs::Origin;
use crate::process::Process;
use crate::system::Stop;
use crate::{Fetched, ShellEffect, limits};
use bytes::Bytes;
use ukai_model::{FetchOutcome, PeerText};

/// A URL taken apart as the tools do it: no more than they need for their messages.
pub(super) struct Url {
    pub(super) scheme: String,
    pub(super) host: String,
    pub(super) port: Option<u16>,
    /// With the slash in front.
    pub(super) path: Vec<u8>,
}

impl Url {
    /// Takes a URL apart; `http://` is supplied if there is no scheme.
    pub(super) fn parse(text: &[u8]) -> Self {
        let (scheme, rest) = match text.windows(3).position(|w| w == b"://") {
            Some(at) => (String::from_utf8_lossy(&text[..at]).to_lowercase(), &text[at + 3..]),
            None => ("http".to_owned(), text),
        };
        let end = rest.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(rest.len());
        let authority = String::from_utf8_lossy(&rest[..end]);
        let authority = authority.rsplit('@').next().unwrap_or("");
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, port.parse().ok())
            }
            _ => (authority, None),
        };
        let mut path = rest[end..].to_vec();
        if !path.starts_with(b"/") {
            path.insert(0, b'/');
        }
        Self { scheme, host: host.to_owned(), port, path }
    }

    pub(super) fn port_or_default(&self) -> u16 {
        self.port.unwrap_or(match self.scheme.as_str() {
            "https" => 443,
            "ftp" => 21,
            _ => 80,
        })
    }

    /// The last name of the path, without query.
    pub(super) fn file_name(&self) -> &[u8] {
        let path = self.path.split(|b| matches!(b, b'?' | b'#')).next().unwrap_or_default();
        crate::eval::base_name(path)
    }
}

/// How a fetch went, as a program tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The name does not resolve.
    Name,
    /// Nobody listens, or nobody answers.
    Refused,
    TimedOut,
    /// The server said no, with its status if it has one.
    Status(Option<u16>),
}

/// Whether a fetch gave the file, and if not, what a program says.
pub(super) fn failure(fetched: &Fetched) -> Option<Failure> {
    match fetched.outcome {
        FetchOutcome::Complete | FetchOutcome::Partial => match fetched.status {
            Some(status) if status >= 400 => Some(Failure::Status(Some(status))),
            _ => None,
        },
        FetchOutcome::Refused => Some(Failure::Status(fetched.status)),
        FetchOutcome::NotResolved | FetchOutcome::BadUrl => Some(Failure::Name),
        FetchOutcome::TimedOut | FetchOutcome::Forbidden | FetchOutcome::RateLimited => {
            Some(Failure::TimedOut)
        }
        FetchOutcome::Unreachable => Some(Failure::Refused),
    }
}

impl Process {
    /// Keeps a fetched file; `false` if the disk does not take it.
    pub(super) fn keep_fetched(
        &mut self,
        path: &[u8],
        bytes: &Bytes,
    ) -> Result<(), crate::fs::FsError> {
        let view = self.view();
        let full = self.absolute(path);
        let mode = 0o666 & !self.umask;
        let result = self.fs().store(&view, &full, bytes.clone(), Origin::Fetched, mode);
        if matches!(result, Err(crate::fs::FsError::NoSpace | crate::fs::FsError::TooLarge)) {
            self.session.system().limit("disk", "an attacker's files grew too large");
        }
        if result.is_ok() {
            let path = PeerText::truncated(&full, limits::PATH_BYTES);
            let mut system = self.session.system();
            system.flush();
            system.effects.push(ShellEffect::Kept { path, bytes: bytes.clone() });
        }
        result
    }
}

impl Url {
    /// The address at which the host answered, or its name.
    pub(super) fn address(&self, fetched: &Fetched) -> String {
        fetched.server_ip.map_or_else(
            || self.host.clone(),
            |ip| match ip {
                std::net::IpAddr::V6(ip) => format!("[{ip}]"),
                std::net::IpAddr::V4(ip) => ip.to_string(),
            },
        )
    }
}

/// The reason phrase of a status.
pub(super) const fn reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        410 => "Gone",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Error",
    }
}

/// The URL of a request of HTTP that a program writes into a connection of its own.
pub(super) fn url_of_request(request: &[u8], host: &str, port: u16) -> Option<String> {
    let line = request.split(|it| matches!(it, b'\r' | b'\n')).next()?;
    let line = std::str::from_utf8(line).ok()?;
    let mut words = line.split(' ');
    let verb = words.next()?;
    let path = words.next()?;
    if !matches!(verb, "GET" | "POST" | "HEAD" | "PUT") || !words.next()?.starts_with("HTTP/") {
        return None;
    }
    // A name that the request gives is the server's, where the connection names its address.
    let text = String::from_utf8_lossy(request);
    let named = text.lines().find_map(|it| {
        let (name, value) = it.split_once(':')?;
        name.eq_ignore_ascii_case("host")
            .then(|| value.trim().split(':').next().unwrap_or_default())
    });
    let host = named.filter(|it| !it.is_empty()).unwrap_or(host);
    let scheme = if port == 443 { "https" } else { "http" };
    let port = if matches!(port, 80 | 443) { String::new() } else { format!(":{port}") };
    path.starts_with('/').then(|| format!("{scheme}://{host}{port}{path}"))
}

/// Fetches what a program's text mentions, though the program itself does not come to
/// it: so that it is had.
pub(super) async fn fetch_mentioned(
    process: &mut Process,
    text: &[u8],
    tool: &'static str,
) -> Result<(), Stop> {
    const URLS_MAX: usize = 3;
    const URL_BYTES_MAX: usize = 1_024;
    process.session.step(text.len() as u64 / 1_024)?;
    let mut seen: Vec<&[u8]> = Vec::new();
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|t| t.windows(3).position(|w| w == b"://")) {
        let colon = at + found;
        at = colon + 3;
        let scheme = [&b"http"[..], b"https", b"ftp"]
            .into_iter()
            .filter(|s| text[..colon].ends_with(s))
            .max_by_key(|s| s.len());
        let Some(scheme) = scheme else { continue };
        let rest = &text[at..];
        let end = rest
            .iter()
            .take(URL_BYTES_MAX)
            .position(|b| b.is_ascii_whitespace() || b"'\"`<>()[]{}|;\\,$".contains(b))
            .unwrap_or(rest.len().min(URL_BYTES_MAX));
        let url = &text[colon - scheme.len()..at + end];
        if end > 0 && !seen.contains(&url) && seen.len() < URLS_MAX {
            seen.push(url);
            process.session.fetch(url, tool).await?;
        }
    }
    Ok(())
}
