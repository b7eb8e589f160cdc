//! The web server: connections, their limits, and their end.

use crate::metrics::Metrics;
use crate::stall::Stall;
use crate::{HubError, limits};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// The address of a request's client, put into its extensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client(pub(crate) SocketAddr);

/// Opens the address, or says why not and what to do.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, HubError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => HubError::AddressInUse { address },
        _ => HubError::Bind { address, source },
    })
}

/// Serves until `stop`, then lets the requests under way finish for a while.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    connections_max: usize,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
) {
    let slots = Arc::new(Semaphore::new(connections_max));
    let tracker = TaskTracker::new();
    let cut = CancellationToken::new();
    loop {
        // The slot comes first: what we cannot serve stays in the kernel's backlog.
        let accepted = async {
            let slot = Arc::clone(&slots).acquire_owned().await.expect("never closed");
            (slot, listener.accept().await)
        };
        let (slot, accepted) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accepted => accepted,
        };
        let (stream, client) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, or a peer that went at once: neither ends us.
                tracing::warn!(%error, "accepting a connection failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let connection = connection(stream, client, router.clone(), stop.clone());
        let (metrics, cut) = (Arc::clone(&metrics), cut.clone());
        tracker.spawn(async move {
            let _open = Metrics::during(&metrics.connections);
            tokio::select! {
                () = cut.cancelled() => {}
                () = connection => {}
            }
            drop(slot);
        });
    }
    drop(listener);
    tracker.close();
    if tokio::time::timeout(limits::DRAIN_TIMEOUT, tracker.wait()).await.is_err() {
        cut.cancel();
        tracker.wait().await;
    }
}

async fn connection(
    stream: TcpStream,
    client: SocketAddr,
    router: Router,
    stop: CancellationToken,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let service = router.map_request(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Client(client));
        request
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::REQUEST_HEAD_TIMEOUT)
        .max_headers(limits::REQUEST_HEADERS_MAX)
        .max_buf_size(limits::REQUEST_HEAD_BYTES_MAX)
        .serve_connection(
            TokioIo::new(Stall::new(stream, limits::WRITE_STALL_TIMEOUT)),
            TowerToHyperService::new(service),
        );
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%client, %error, "a connection ended badly");
    }
}
