//! Fetches from real servers and from hostile ones, on loopback.

mod ftp;
mod http;
mod policy;
mod tftp;
mod tls;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use ukai_egress::{Egress, EgressConfig, Resolve};

/// Limits that a test waits for.
fn config() -> EgressConfig {
    EgressConfig {
        allow: vec!["127.0.0.1/32".parse().expect("a prefix")],
        bytes_max: 1 << 20,
        total_ms_max: 3_000,
        idle_ms_max: 600,
        connect_ms_max: 1_000,
        reuse_ms: 0,
        ..EgressConfig::default()
    }
}

fn egress() -> Egress {
    egress_by(config(), Names::default())
}

fn egress_by(config: EgressConfig, names: Names) -> Egress {
    Egress::with_resolver(config, Vec::new(), Arc::new(names)).expect("a configuration")
}

/// A resolver that knows a few names, and counts what it is asked.
#[derive(Clone, Debug, Default)]
struct Names {
    known: HashMap<&'static str, Vec<IpAddr>>,
    asked: Arc<AtomicUsize>,
}

impl Names {
    fn of(names: &[(&'static str, &[&str])]) -> Self {
        let addresses = |list: &[&str]| {
            list.iter().map(|address| address.parse().expect("an address")).collect()
        };
        let known = names.iter().map(|(name, list)| (*name, addresses(list))).collect();
        Self { known, asked: Arc::default() }
    }
}

impl Resolve for Names {
    fn resolve<'a>(
        &'a self,
        name: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, String>> + Send + 'a>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let found = self.known.get(name).cloned().ok_or_else(|| "no such name".to_owned());
        Box::pin(async move { found })
    }
}

/// A server that hands each connection to `serve`.
async fn listen<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// A server that reads a request and answers with these bytes.
async fn answering(answer: impl Into<Vec<u8>>) -> SocketAddr {
    let answer: Arc<[u8]> = answer.into().into();
    listen(move |mut stream| {
        let answer = Arc::clone(&answer);
        async move {
            read_head(&mut stream).await;
            let _ = stream.write_all(&answer).await;
        }
    })
    .await
}

/// Reads an HTTP request's head.
async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).expect("ASCII")
}

/// A real server, killed when the test is over.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a program; fails loudly where it is not installed.
fn start(program: &str, arguments: &[&str]) -> Server {
    let child = Command::new(program)
        .args(arguments)
        .env("PATH", format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Server(child.unwrap_or_else(|error| panic!("{program} is needed for this test: {error}")))
}

/// A port that is free at the moment, for TCP and UDP.
fn free_port() -> u16 {
    loop {
        let tcp = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = tcp.local_addr().expect("an address").port();
        if std::net::UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Waits until somebody listens.
async fn wait_for(port: u16) {
    for _ in 0..200 {
        if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nobody listens on port {port}");
}
