//! One HTTP exchange (RFC 9110, RFC 9112), over TLS or not, on a pinned address.

use crate::connect::Connector;
use crate::failure::Failure;
use crate::limits::{ERROR_PAGE_BYTES_MAX, HTTP_HEAD_BYTES_MAX, HTTP_HEADERS_MAX};
use crate::tls::Tls;
use crate::tool::Tool;
use crate::transfer::Transfer;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_TYPE, HOST, LOCATION, USER_AGENT,
};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::error::Error as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::task::AbortOnDropHandle;
use ukai_indicator::observables::FetchUrl;
use url::Host;

/// What an exchange led to.
#[derive(Debug)]
pub(crate) enum Exchange {
    /// The file came.
    Done,
    /// The server points elsewhere.
    Redirect(FetchUrl),
}

/// Fetches `url` from `address`.
pub(crate) async fn fetch(
    connector: Connector,
    tls: &Tls,
    url: &FetchUrl,
    address: IpAddr,
    tool: &Tool,
    transfer: &mut Transfer,
) -> Result<Exchange, Failure> {
    let request = request(url, tool)?;
    let stream = connector.tcp(SocketAddr::new(address, url.port())).await?;
    transfer.server_ip = Some(address);
    if url.scheme() != "https" {
        return exchange(stream, request, url, transfer).await;
    }
    let (config, certificate_error) = tls.configuration();
    let stream = secured(connector, config, url, stream).await?;
    if let Some(error) = certificate_error.lock().take() {
        transfer.notes.push(format!("certificate not valid: {error}"));
    }
    exchange(stream, request, url, transfer).await
}

/// TLS on a connection to the URL's host.
pub(crate) async fn secured(
    connector: Connector,
    config: Arc<ClientConfig>,
    url: &FetchUrl,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, Failure> {
    let handshake = TlsConnector::from(config).connect(server_name(url)?, stream);
    timeout(connector.connect_max, handshake)
        .await
        .map_err(|_| Failure::timed_out("TLS: no end of the handshake"))?
        .map_err(|error| Failure::unreachable(format!("TLS: {error}")))
}

fn server_name(url: &FetchUrl) -> Result<ServerName<'static>, Failure> {
    Ok(match url.host() {
        Host::Domain(name) => ServerName::try_from(name.clone())
            .map_err(|_| Failure::bad_url("the host is not a name for TLS"))?,
        Host::Ipv4(address) => ServerName::from(IpAddr::V4(*address)),
        Host::Ipv6(address) => ServerName::from(IpAddr::V6(*address)),
    })
}

/// The path and query, as a request's first line has them.
pub(crate) fn target(url: &FetchUrl) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

/// The value of `Host`.
pub(crate) fn host(url: &FetchUrl) -> String {
    let default_port = if url.scheme() == "https" { 443 } else { 80 };
    if url.port() == default_port {
        url.host().to_string()
    } else {
        format!("{}:{}", url.host(), url.port())
    }
}

/// The request as the tool would send it, without anything of ours.
fn request(url: &FetchUrl, tool: &Tool) -> Result<Request<Empty<Bytes>>, Failure> {
    let mut request = Request::get(target(url))
        .header(HOST, host(url))
        .header(USER_AGENT, tool.user_agent)
        .header(ACCEPT, "*/*")
        .header(ACCEPT_ENCODING, "identity");
    if let Some(connection) = tool.connection {
        request = request.header(CONNECTION, connection);
    }
    request.body(Empty::new()).map_err(|error| Failure::bad_url(error.to_string()))
}

async fn exchange<S>(
    stream: S,
    request: Request<Empty<Bytes>>,
    url: &FetchUrl,
    transfer: &mut Transfer,
) -> Result<Exchange, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(HTTP_HEADERS_MAX)
        .max_buf_size(HTTP_HEAD_BYTES_MAX)
        .title_case_headers(true)
        .ignore_invalid_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Failure::unreachable(explained(&error)))?;
    let _driver = AbortOnDropHandle::new(tokio::spawn(connection));
    let answer = Transfer::awaited(transfer.idle_max, "HTTP", sender.send_request(request)).await?;
    let answer = answer.map_err(|error| Failure::unreachable(explained(&error)))?;
    let status = answer.status();
    transfer.status = Some(status.as_u16());
    if let Some(next) = redirection(&answer, url, transfer)? {
        return Ok(Exchange::Redirect(next));
    }
    if let Some(value) = answer.headers().get(CONTENT_TYPE) {
        transfer.keep_content_type(value.as_bytes());
    }
    if status.is_success() {
        read_body(answer.into_body(), transfer).await?;
        return Ok(Exchange::Done);
    }
    // The error page is of interest, but not worth another failure.
    transfer.is_error_page = true;
    let whole = std::mem::replace(&mut transfer.bytes_max, ERROR_PAGE_BYTES_MAX);
    let _ = read_body(answer.into_body(), transfer).await;
    transfer.bytes_max = whole;
    Err(Failure::refused(format!("HTTP status {status}")))
}

/// Where the server points, if the status says so and the reference is one.
fn redirection(
    answer: &Response<Incoming>,
    url: &FetchUrl,
    transfer: &mut Transfer,
) -> Result<Option<FetchUrl>, Failure> {
    if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = answer.headers().get(LOCATION) else { return Ok(None) };
    let reference = String::from_utf8_lossy(location.as_bytes());
    let shown = crate::transfer::server_text(location.as_bytes());
    transfer.notes.push(format!("status {} points to {shown}", answer.status().as_u16()));
    url.join(&reference)
        .map(Some)
        .map_err(|error| Failure::bad_url(format!("redirected to {shown}: {error}")))
}

async fn read_body(mut body: Incoming, transfer: &mut Transfer) -> Result<(), Failure> {
    loop {
        let frame = Transfer::awaited(transfer.idle_max, "HTTP", body.frame()).await?;
        match frame {
            None => return Ok(()),
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    transfer.push(data)?;
                }
            }
            Some(Err(error)) => return Err(Failure::unreachable(explained(&error))),
        }
    }
}

/// hyper's error with its cause, which tells more than itself.
pub(crate) fn explained(error: &hyper::Error) -> String {
    match error.source() {
        Some(source) => format!("HTTP: {error}: {source}"),
        None => format!("HTTP: {error}"),
    }
}
