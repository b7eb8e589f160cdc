//! Runs one server on loopback, TCP and UDP, so that a real client can be tried on it:
//! `cargo run -p ukai-servers --example serve -- irc 127.0.0.1:6667`. Facts are printed.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::Instant;
use ukai_emulators::{Context, Effect, Emulator, Open, Session, TimerId};
use ukai_model::{Flow, Timestamp, Transport};
use ukai_persona::{Host, Persona};
use ukai_shell::Fs;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(address)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: serve NAME ADDRESS:PORT");
        std::process::exit(2);
    };
    let server = ukai_servers::server(&name).expect("a server of that name");
    let address: SocketAddr = address.parse().expect("an address and a port");
    let persona = Persona::named("server-debian").expect("a built-in persona");
    let host = Arc::new(persona.host(address.ip(), [7; 32]));
    let listener = TcpListener::bind(address).await.expect("the address is free");
    let socket = UdpSocket::bind(address).await.expect("the address is free");
    println!("{name} listens on {address}, TCP and UDP");
    let (streams, sessions) = (Arc::clone(&server), Arc::clone(&host));
    tokio::spawn(async move {
        loop {
            let (stream, peer) = listener.accept().await.expect("connections come");
            let flow = Flow::new(Transport::Tcp, peer, address);
            tokio::spawn(converse(stream, open(&*streams, flow, &sessions)));
        }
    });
    let mut peers: HashMap<SocketAddr, Box<dyn Session>> = HashMap::new();
    let mut datagram = vec![0; 65_536];
    loop {
        let (length, peer) = socket.recv_from(&mut datagram).await.expect("datagrams come");
        let mut effects = Vec::new();
        let cx = &mut Context { now: now(), effects: &mut effects };
        let session = peers.entry(peer).or_insert_with(|| {
            let mut session = open(&*server, Flow::new(Transport::Udp, peer, address), &host);
            session.on_open(cx);
            session
        });
        session.on_bytes(cx, &datagram[..length]);
        for effect in effects {
            match effect {
                Effect::Send(bytes) => {
                    let _ = socket.send_to(&bytes, peer).await;
                }
                other => tell(&other),
            }
        }
    }
}

fn now() -> Timestamp {
    SystemTime::now().into()
}

fn open(server: &dyn Emulator, flow: Flow, host: &Arc<Host>) -> Box<dyn Session> {
    let fs = Fs::new(host);
    server.open(Open {
        flow,
        host: Arc::clone(host),
        fs,
        seed: 7,
        now: now(),
        tls: false,
        alpn: None,
    })
}

fn tell(effect: &Effect) {
    match effect {
        Effect::Record(kind) => println!("{}", serde_json::to_string(kind).unwrap_or_default()),
        Effect::Capture(capture) => println!("captured {} bytes", capture.bytes.len()),
        _ => {}
    }
}

async fn converse(mut stream: TcpStream, mut session: Box<dyn Session>) {
    let mut effects = Vec::new();
    session.on_open(&mut Context { now: now(), effects: &mut effects });
    let mut timers: Vec<(TimerId, Timestamp)> = Vec::new();
    let mut buffer = vec![0; 65_536];
    loop {
        for effect in std::mem::take(&mut effects) {
            match effect {
                Effect::Send(bytes) if stream.write_all(&bytes).await.is_err() => return,
                Effect::Timer { id, at } => {
                    timers.retain(|(other, _)| *other != id);
                    timers.push((id, at));
                }
                Effect::Close(_) => return,
                other => tell(&other),
            }
        }
        let due = timers.iter().map(|(_, at)| *at).min();
        let wait = due.map_or(std::time::Duration::from_hours(1), |at| at.since(now()));
        let mut cx = Context { now: now(), effects: &mut effects };
        tokio::select! {
            read = stream.read(&mut buffer) => match read {
                Ok(0) | Err(_) => {
                    session.on_eof(&mut cx);
                    session.on_close(&mut cx);
                    effects.iter().for_each(tell);
                    return;
                }
                Ok(length) => {
                    cx.now = now();
                    session.on_bytes(&mut cx, &buffer[..length]);
                }
            },
            () = tokio::time::sleep_until(Instant::now() + wait) => {
                cx.now = now();
                let at = timers.iter().position(|(_, at)| *at <= cx.now);
                if let Some(at) = at {
                    let (id, _) = timers.swap_remove(at);
                    session.on_timer(&mut cx, id);
                }
            }
        }
    }
}
