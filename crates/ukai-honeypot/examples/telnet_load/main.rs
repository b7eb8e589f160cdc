//! A load client for Telnet honeypots: log-in, `uname -a`, `exit`, many at a time.
//! Knows nothing of ours: prompts are recognised by their form, so that any Telnet
//! honeypot can be measured. For loopback and one's own hosts only.

mod dialogue;
mod report;
mod server;

use clap::Parser;
use dialogue::{Credentials, Failure};
use report::Report;
use server::Server;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::net::TcpSocket;

/// A server whose backlog overflows forgets connections that its peer believes open
/// (SYN cookies): they would be silent for ever. Longer than this is a failure.
const BURST_WAIT: Duration = Duration::from_secs(20);

/// Measures a Telnet honeypot.
#[derive(Clone, Parser)]
struct Options {
    /// Address of the honeypot.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// Its port.
    #[arg(long, default_value_t = 2323)]
    port: u16,
    /// User name.
    #[arg(long, default_value = "root")]
    user: String,
    /// Password.
    #[arg(long, default_value = "root")]
    password: String,
    /// Command whose output is awaited.
    #[arg(long, default_value = "uname -a")]
    command: String,
    /// What the command's output must contain.
    #[arg(long, default_value = "Linux")]
    expect: String,
    /// Sessions at a time.
    #[arg(long, default_value_t = 50)]
    concurrency: usize,
    /// Sessions to run, if not limited by time.
    #[arg(long, default_value_t = 1_000)]
    sessions: u64,
    /// Seconds to run, instead of a number of sessions.
    #[arg(long)]
    seconds: Option<u64>,
    /// Process of the honeypot, whose CPU time and memory are to be reported.
    #[arg(long)]
    pid: Option<u32>,
    /// Instead: open this many connections at once, and report when all are accepted
    /// and have received their first byte.
    #[arg(long)]
    burst: Option<usize>,
    /// Spread connections over this many source addresses from 127.0.0.1 on.
    #[arg(long, default_value_t = 1)]
    sources: u8,
    /// Longest session, in seconds.
    #[arg(long, default_value_t = 60)]
    timeout: u64,
}

#[tokio::main]
async fn main() {
    let options = Arc::new(Options::parse());
    if !options.host.is_loopback() && !options.host.to_canonical().is_loopback() {
        eprintln!("telnet_load: {} is not loopback", options.host);
        std::process::exit(2);
    }
    let server = options.pid.map(Server::of);
    let json = match options.burst {
        Some(count) => burst(&options, count).await,
        None => load(&options, server).await,
    };
    println!("{json}");
}

impl Options {
    async fn connect(&self, number: u64) -> std::io::Result<tokio::net::TcpStream> {
        let target = SocketAddr::new(self.host, self.port);
        let socket = if target.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_nodelay(true)?;
        if self.sources > 1 && target.is_ipv4() {
            let last = 1 + (number % u64::from(self.sources)) as u8;
            socket.bind(SocketAddr::from(([127, 0, 0, last], 0)))?;
        }
        socket.connect(target).await
    }
}

/// Runs sessions, `concurrency` at a time.
async fn load(options: &Arc<Options>, server: Option<Server>) -> serde_json::Value {
    let started = Arc::new(AtomicU64::new(0));
    let before = server.as_ref().map(Server::look);
    let start = Instant::now();
    let end = options.seconds.map(|seconds| start + Duration::from_secs(seconds));
    let workers: Vec<_> = (0..options.concurrency)
        .map(|_| {
            let (options, started) = (Arc::clone(options), Arc::clone(&started));
            tokio::spawn(async move { work(&options, &started, end).await })
        })
        .collect();
    let mut report = Report::default();
    for worker in workers {
        report.merge(worker.await.expect("workers do not panic"));
    }
    let usage = server.zip(before).map(|(server, before)| server.look().since(&before));
    report.into_json(start.elapsed(), options.concurrency, usage)
}

/// One after the other, until there are enough or the time is up.
async fn work(options: &Options, started: &AtomicU64, end: Option<Instant>) -> Report {
    let credentials = Credentials { user: &options.user, password: &options.password };
    let mut report = Report::default();
    loop {
        let number = started.fetch_add(1, Ordering::Relaxed);
        let over = end.map_or(number >= options.sessions, |end| Instant::now() >= end);
        if over {
            return report;
        }
        let start = Instant::now();
        let session = async {
            let stream = options.connect(number).await.map_err(Failure::from)?;
            dialogue::run(stream, &credentials, &options.command, &options.expect).await
        };
        match tokio::time::timeout(Duration::from_secs(options.timeout), session).await {
            Ok(Ok(())) => report.done(start.elapsed()),
            Ok(Err(failure)) => report.failed(&failure.to_string()),
            Err(_) => report.failed("timed out"),
        }
    }
}

/// Opens `count` connections at once and waits for the first byte of each.
async fn burst(options: &Arc<Options>, count: usize) -> serde_json::Value {
    let start = Instant::now();
    let peers: Vec<_> = (0..count)
        .map(|number| {
            let options = Arc::clone(options);
            tokio::spawn(async move {
                let mut stream = options.connect(number as u64).await?;
                let connected = start.elapsed();
                stream.read_exact(&mut [0]).await?;
                // Held until all have their byte: a burst, not a queue.
                Ok::<_, std::io::Error>((connected, start.elapsed(), stream))
            })
        })
        .collect();
    let (mut held, mut failed) = (Vec::new(), 0_usize);
    let (mut connected, mut greeted) = (Duration::ZERO, Duration::ZERO);
    let limit = tokio::time::Instant::from_std(start + BURST_WAIT);
    for peer in peers {
        match tokio::time::timeout_at(limit, peer).await {
            Ok(Ok(Ok((c, g, stream)))) => {
                connected = connected.max(c);
                greeted = greeted.max(g);
                held.push(stream);
            }
            _ => failed += 1,
        }
    }
    serde_json::json!({
        "burst": count,
        "greeted": held.len(),
        "failed": failed,
        "connected_s": connected.as_secs_f64(),
        "first_byte_s": greeted.as_secs_f64(),
    })
}
