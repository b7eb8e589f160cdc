//! TCP connections to addresses that the policy has passed, directly or by a proxy.

use crate::failure::Failure;
use crate::limits::PROXY_HEAD_BYTES_MAX;
use crate::transfer::server_text;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How connections are made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connector {
    pub(crate) proxy: Option<SocketAddr>,
    pub(crate) connect_max: Duration,
}

impl Connector {
    /// A connection to `to`, no name involved.
    pub(crate) async fn tcp(self, to: SocketAddr) -> Result<TcpStream, Failure> {
        let connecting = async {
            let Some(proxy) = self.proxy else {
                return TcpStream::connect(to)
                    .await
                    .map_err(|error| Failure::unreachable(format!("{to}: {error}")));
            };
            let stream = TcpStream::connect(proxy)
                .await
                .map_err(|error| Failure::unreachable(format!("proxy {proxy}: {error}")))?;
            through_proxy(stream, to).await
        };
        timeout(self.connect_max, connecting).await.unwrap_or_else(|_| {
            let waited = self.connect_max.as_millis();
            Err(Failure::timed_out(format!("{to}: no connection within {waited} ms")))
        })
    }
}

/// Asks for a tunnel (RFC 9110, section 9.3.6).
async fn through_proxy(mut stream: TcpStream, to: SocketAddr) -> Result<TcpStream, Failure> {
    let failed = |error: std::io::Error| Failure::unreachable(format!("proxy: {error}"));
    let request = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(failed)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= PROXY_HEAD_BYTES_MAX {
            return Err(Failure::unreachable("proxy: its answer is too long"));
        }
        head.push(stream.read_u8().await.map_err(failed)?);
    }
    let line = head.split(|b| *b == b'\r').next().unwrap_or_default();
    match line.strip_prefix(b"HTTP/1.").and_then(|rest| rest.get(2..5)) {
        Some([b'2', _, _]) => Ok(stream),
        _ => Err(Failure::unreachable(format!("proxy: {}", server_text(line)))),
    }
}
