//! A service that takes a sample as the body of a POST and answers in JSON. Where in it the
//! names stand is for the configuration to say, by JSON pointers (RFC 6901).

use crate::engine::{Engine, EngineError, Said, State};
use crate::limits::OUTPUT_BYTES_MAX;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use std::io;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use ukai_model::PeerText;
use url::Url;

/// A service.
pub(crate) struct Http {
    pub(crate) url: Url,
    /// Where the names stand: a text, or a list of texts. Nothing, null, false and an empty
    /// list mean clean.
    pub(crate) names: String,
    /// Where the version of its signatures stands.
    pub(crate) signatures: Option<String>,
    /// What `Authorization` says.
    pub(crate) authorization: Option<String>,
}

impl Http {
    async fn post(&self, sample: Bytes) -> Result<Value, EngineError> {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port_or_known_default().unwrap_or(80);
        let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
        let path = &self.url[url::Position::BeforePath..url::Position::AfterQuery];
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(HOST, &self.url[url::Position::BeforeHost..url::Position::AfterPort])
            .header(CONTENT_TYPE, "application/octet-stream");
        if let Some(value) = &self.authorization {
            request = request.header(AUTHORIZATION, value);
        }
        let request = request.body(Full::new(sample));
        let request = request.map_err(|error| EngineError::Nonsense(error.to_string()))?;
        if self.url.scheme() == "https" {
            let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect::<RootCertStore>();
            let config =
                ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
            let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
            let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
            exchange(TokioIo::new(stream), request).await
        } else {
            exchange(TokioIo::new(stream), request).await
        }
    }

    fn understand(&self, answer: &Value) -> Result<Said, EngineError> {
        let names: Vec<&str> = match answer.pointer(&self.names) {
            None | Some(Value::Null | Value::Bool(false)) => return Ok(Said::Clean),
            Some(Value::Bool(true)) => Vec::new(),
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) if names.is_empty() => return Ok(Said::Clean),
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            Some(other) => return Err(EngineError::nonsense(other.to_string().as_bytes())),
        };
        if names == [""] {
            return Ok(Said::Clean);
        }
        Ok(Said::detected(names.into_iter().map(str::as_bytes)))
    }
}

async fn exchange(
    stream: impl hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Value, EngineError> {
    let failed = |error: hyper::Error| EngineError::Unreachable(io::Error::other(error));
    let (mut sender, connection) =
        hyper::client::conn::http1::Builder::new().handshake(stream).await.map_err(failed)?;
    // It ends with the exchange; what fails in it fails the exchange.
    let connection = tokio::spawn(async move { drop(connection.await) });
    let answered = async {
        let answer = sender.send_request(request).await.map_err(failed)?;
        let status = answer.status();
        if !status.is_success() {
            return Err(EngineError::Refused(format!("answered by {status}")));
        }
        let body = Limited::new(answer.into_body(), OUTPUT_BYTES_MAX).collect().await;
        let body = body.map_err(|error| EngineError::Nonsense(error.to_string()))?.to_bytes();
        serde_json::from_slice(&body).map_err(|_| EngineError::nonsense(&body))
    }
    .await;
    connection.abort();
    answered
}

impl Engine for Http {
    fn scan(&self, sample: Bytes) -> BoxFuture<'_, Result<Said, EngineError>> {
        Box::pin(async move { self.understand(&self.post(sample).await?) })
    }

    /// It says so only beside a verdict: it is asked about nothing.
    fn state(&self) -> BoxFuture<'_, Result<State, EngineError>> {
        Box::pin(async move {
            let answer = self.post(Bytes::new()).await?;
            let signatures = self.signatures.as_ref().and_then(|at| answer.pointer(at));
            let signatures = signatures.map(|value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            let signatures = signatures.map(|text| PeerText::truncated(text.as_bytes(), 200));
            Ok(State { product: None, signatures })
        })
    }
}
