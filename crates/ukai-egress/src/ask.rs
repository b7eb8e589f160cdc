//! A question to a service of the operator's choice: one request, one answer. The policy of
//! fetching holds, and what is stricter here: certificates must be valid, and nobody is
//! followed elsewhere, since the headers may hold a key.

use crate::egress::Egress;
use crate::failure::Failure;
use crate::http::{explained, host, secured, target};
use crate::limits::{HTTP_HEAD_BYTES_MAX, HTTP_HEADERS_MAX};
use crate::policy::Policy;
use crate::transfer::Transfer;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT_ENCODING, HOST, RETRY_AFTER, USER_AGENT};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;
use ukai_indicator::observables::FetchUrl;

/// A question.
#[derive(Clone)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// `http://` or `https://`.
    pub url: String,
    /// Headers beside those that HTTP needs.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// Length of the answer that is read, in bytes.
    pub answer_bytes_max: u64,
}

impl std::fmt::Debug for Request {
    /// Without headers and body: they may hold a key, or a sample.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.url)
    }
}

/// An answer, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Its status.
    pub status: u16,
    /// What `Retry-After` says.
    pub retry_after: Option<String>,
    /// Its body.
    pub body: Bytes,
}

/// Why there is no answer, for a reader.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AskError(String);

impl Egress {
    /// Puts a question, once.
    ///
    /// # Errors
    /// Why there is no answer: forbidden, unreachable, too slow, too long.
    pub async fn ask(&self, request: Request) -> Result<Response, AskError> {
        let whole = Duration::from_millis(self.config.total_ms_max);
        let asked = timeout(whole, self.put(request)).await;
        let late =
            || Err(Failure::timed_out(format!("not done within {} ms", self.config.total_ms_max)));
        asked.unwrap_or_else(|_| late()).map_err(|failure| AskError(failure.to_string()))
    }

    async fn put(&self, request: Request) -> Result<Response, Failure> {
        let url =
            FetchUrl::parse(&request.url).map_err(|error| Failure::bad_url(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Failure::forbidden("only HTTP and HTTPS are asked"));
        }
        Policy::check_url(&url)?;
        let _turn = self.turns.overall().await?;
        let idle_max = Duration::from_millis(self.config.idle_ms_max);
        let mut transfer = Transfer::new(request.answer_bytes_max, idle_max);
        let addresses = self.addresses(&url, &mut transfer).await?;
        let mut last = Failure::unreachable("no address");
        for address in addresses {
            let _turn = self.turns.of_host(address).await?;
            let stream = match self.connector.tcp(SocketAddr::new(address, url.port())).await {
                Ok(stream) => stream,
                Err(failure) => {
                    last = failure;
                    continue;
                }
            };
            let ready = ready(&request, &url)?;
            let max = request.answer_bytes_max;
            if url.scheme() == "http" {
                return exchange(stream, ready, max, idle_max).await;
            }
            let stream = secured(self.connector, self.tls.strict(), &url, stream).await?;
            return exchange(stream, ready, max, idle_max).await;
        }
        Err(last)
    }
}

fn ready(request: &Request, url: &FetchUrl) -> Result<hyper::Request<Full<Bytes>>, Failure> {
    let mut builder = hyper::Request::builder()
        .method(request.method)
        .uri(target(url))
        .header(HOST, host(url))
        .header(USER_AGENT, "ukai")
        .header(ACCEPT_ENCODING, "identity");
    for (name, value) in &request.headers {
        builder = builder.header(*name, value);
    }
    let body = Full::new(Bytes::copy_from_slice(&request.body));
    builder.body(body).map_err(|error| Failure::bad_url(error.to_string()))
}

async fn exchange<S>(
    stream: S,
    request: hyper::Request<Full<Bytes>>,
    max: u64,
    idle_max: Duration,
) -> Result<Response, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(HTTP_HEADERS_MAX)
        .max_buf_size(HTTP_HEAD_BYTES_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Failure::unreachable(explained(&error)))?;
    let _driver = AbortOnDropHandle::new(tokio::spawn(connection));
    let answer = Transfer::awaited(idle_max, "HTTP", sender.send_request(request)).await?;
    let answer = answer.map_err(|error| Failure::unreachable(explained(&error)))?;
    let retry_after = answer.headers().get(RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let status = answer.status().as_u16();
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    let body = Limited::new(answer.into_body(), max).collect().await;
    let body = body.map_err(|error| Failure::partial(format!("its answer: {error}")))?.to_bytes();
    Ok(Response { status, retry_after, body })
}
