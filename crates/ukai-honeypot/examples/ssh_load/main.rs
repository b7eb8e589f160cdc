//! A load client for SSH honeypots: key exchange, log-in by password, one command, many at
//! a time. Knows nothing of ours. For loopback and one's own hosts only.

#[path = "../telnet_load/report.rs"]
mod report;
#[path = "../telnet_load/server.rs"]
mod server;
mod session;

use clap::Parser;
use report::Report;
use server::Server;
use session::{Failure, Plan};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::{TcpSocket, TcpStream};

/// Measures an SSH honeypot.
#[derive(Clone, Parser)]
struct Options {
    /// Address of the honeypot.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// Its port.
    #[arg(long, default_value_t = 2222)]
    port: u16,
    /// User name.
    #[arg(long, default_value = "root")]
    user: String,
    /// Password.
    #[arg(long, default_value = "root")]
    password: String,
    /// Command that is run.
    #[arg(long, default_value = "uname -a")]
    command: String,
    /// What the command's output must contain.
    #[arg(long, default_value = "Linux")]
    expect: String,
    /// Key exchanges, most preferred first.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,\
                         ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group16-sha512,\
                         diffie-hellman-group18-sha512,diffie-hellman-group14-sha256"
    )]
    kex: Vec<String>,
    /// Ciphers, most preferred first.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,\
                         aes128-gcm@openssh.com,aes256-gcm@openssh.com"
    )]
    cipher: Vec<String>,
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
    /// Spread connections over this many source addresses from 127.0.0.1 on.
    #[arg(long, default_value_t = 1)]
    sources: u8,
    /// Longest session, in seconds.
    #[arg(long, default_value_t = 60)]
    timeout: u64,
}

#[tokio::main]
async fn main() {
    let options = Options::parse();
    if !options.host.is_loopback() && !options.host.to_canonical().is_loopback() {
        eprintln!("ssh_load: {} is not loopback", options.host);
        std::process::exit(2);
    }
    let plan = Plan::new(&options).unwrap_or_else(|unknown| {
        eprintln!("ssh_load: {unknown}: no such algorithm");
        std::process::exit(2);
    });
    let server = options.pid.map(Server::of);
    println!("{}", load(Arc::new(options), Arc::new(plan), server).await);
}

impl Options {
    async fn connect(&self, number: u64) -> std::io::Result<TcpStream> {
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
async fn load(options: Arc<Options>, plan: Arc<Plan>, server: Option<Server>) -> serde_json::Value {
    let started = Arc::new(AtomicU64::new(0));
    let before = server.as_ref().map(Server::look);
    let start = Instant::now();
    let end = options.seconds.map(|seconds| start + Duration::from_secs(seconds));
    let workers: Vec<_> = (0..options.concurrency)
        .map(|_| {
            let (options, plan) = (Arc::clone(&options), Arc::clone(&plan));
            let started = Arc::clone(&started);
            tokio::spawn(async move { work(&options, &plan, &started, end).await })
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
async fn work(options: &Options, plan: &Plan, started: &AtomicU64, end: Option<Instant>) -> Report {
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
            plan.run(stream).await
        };
        match tokio::time::timeout(Duration::from_secs(options.timeout), session).await {
            Ok(Ok(())) => report.done(start.elapsed()),
            Ok(Err(failure)) => report.failed(&failure.to_string()),
            Err(_) => report.failed("timed out"),
        }
    }
}
