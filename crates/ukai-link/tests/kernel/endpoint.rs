//! Services on a stack of ours, for real clients: at every address of 198.18.0.0/15 and
//! 2001:db8::/32.
//!
//! TCP 7 echoes; 9 takes everything and says at the end how many bytes and their sum; 19
//! says 4 MB; 80 answers a request with the address that was asked; all other ports are
//! closed. UDP 7 echoes.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use ukai_driver::{Accepted, Acceptor as _, NetstackAcceptor, SystemWorld};
use ukai_link::{Impaired, Impairment, Tun};
use ukai_model::{Timestamp, Transport};
use ukai_netstack::{Config, Host, Link, Medium, Neighbourhood, Personality, Port};

struct Hosts(Arc<Personality>);

impl Neighbourhood for Hosts {
    fn host(&self, address: IpAddr) -> Option<Host<'_>> {
        let here = match address {
            IpAddr::V4(a) => a.octets()[0] == 198 && a.octets()[1] & 0xfe == 18,
            IpAddr::V6(a) => a.segments()[..2] == [0x2001, 0xdb8],
        };
        let booted = Timestamp::from_secs(1_790_000_000);
        here.then_some(Host { personality: &self.0, booted, mac: None })
    }

    fn port(&self, _: IpAddr, transport: Transport, port: u16) -> Port {
        match (transport, port) {
            (_, 7) | (Transport::Tcp, 9 | 19 | 80) => Port::Open,
            _ => Port::Closed,
        }
    }
}

/// Serves on `device` for as long as `clients` run.
pub(crate) async fn endpoint<T>(
    personality: Personality,
    device: &str,
    how: Impairment,
    clients: impl Future<Output = T>,
) -> T {
    let tun = Tun::open(device, Medium::Ip, 1_500).unwrap_or_else(|error| panic!("{error}"));
    serve_on(vec![Impaired::new(tun, how, 7)], personality, clients).await.0
}

/// What was served.
pub(crate) struct Served {
    /// Flows of each link: of TCP, and of datagrams.
    pub(crate) flows: Vec<usize>,
}

/// Serves on each of the links, with a stack of its own, for as long as `clients` run.
pub(crate) async fn serve_on<T>(
    links: Vec<impl Link + 'static>,
    personality: Personality,
    clients: impl Future<Output = T>,
) -> (T, Served) {
    let personality = Arc::new(personality);
    let flows: Vec<_> = links.iter().map(|_| Arc::new(AtomicUsize::new(0))).collect();
    let mut stacks = tokio::task::JoinSet::new();
    for (link, flows) in links.into_iter().zip(&flows) {
        let config = Config {
            unproved_answers_per_second: u16::MAX,
            unproved_burst: u16::MAX,
            ..Config::default()
        };
        let hosts = Hosts(Arc::clone(&personality));
        let mut acceptor =
            NetstackAcceptor::new(link, hosts, config, Arc::new(SystemWorld), |_| {});
        let flows = Arc::clone(flows);
        stacks.spawn(async move {
            while let Some(Ok(accepted)) = acceptor.accept().await {
                flows.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(accepted));
            }
        });
    }
    let result = tokio::select! {
        _ = stacks.join_next() => panic!("a link has failed"),
        result = clients => result,
    };
    let flows = flows.iter().map(|count| count.load(Ordering::Relaxed)).collect();
    (result, Served { flows })
}

async fn serve(accepted: Accepted) {
    let Accepted { flow, mut stream, side: _side } = accepted;
    let mut buffer = vec![0; 64 * 1024];
    match flow.dst_port {
        7 => {
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                if stream.write_all(&buffer[..count]).await.is_err() {
                    return;
                }
            }
        }
        9 => {
            let (mut count, mut sum) = (0_u64, 0_u64);
            while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                for byte in &buffer[..length] {
                    count += 1;
                    sum = sum.wrapping_add(u64::from(*byte) * (count % 251));
                }
            }
            let _ = stream.write_all(format!("{count} {sum}\n").as_bytes()).await;
        }
        19 => {
            let text: Vec<u8> =
                (0..4_000_000_u32).map(|i| (i.wrapping_mul(31) >> 5) as u8).collect();
            let _ = stream.write_all(&text).await;
        }
        _ => {
            let _ = stream.read(&mut buffer).await;
            let page = format!("{}\n", flow.dst_ip);
            let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n", page.len());
            let _ = stream.write_all((head + &page).as_bytes()).await;
        }
    }
    let _ = stream.shutdown().await;
    // The peer may still be reading, or sending.
    while let Ok(1..) = stream.read(&mut buffer).await {}
}
