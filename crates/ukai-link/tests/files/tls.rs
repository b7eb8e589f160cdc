//! A client of HTTPS and its server, each with a stack of its own, on a link that is tapped.

use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, Connection, KeyLog, RootCertStore};
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use ukai_link::RecorderHandle;
use ukai_model::{Timestamp, Transport};
use ukai_netstack::{Config, Event, FlowId, Hop, Host, Link, Medium, Neighbourhood, Personality};
use ukai_netstack::{Port, Stack, Tuple};

/// Lets a client ask for `/secret-place` of `name` over TLS of one version, by way of two
/// ends of a link; the server's secrets go to `secrets`.
pub(crate) fn ask(
    (server, client): (impl Link, impl Link),
    (server_ip, client_ip): (IpAddr, IpAddr),
    name: &'static str,
    version: &'static SupportedProtocolVersion,
    secrets: RecorderHandle,
) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.key_log = Arc::new(Told(secrets));
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let trusting = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let asked = ServerName::try_from(name).unwrap();
    let mut client =
        End::new(client, ClientConnection::new(Arc::new(trusting), asked).unwrap().into());
    let mut server = End::new(server, ServerConnection::new(Arc::new(config)).unwrap().into());
    let tuple = Tuple { peer: server_ip, local: client_ip, peer_port: 443, local_port: 40_000 };
    client.flow = client.stack.connect(Timestamp::from_secs(1), tuple, Hop::default());
    let request = format!("GET /secret-place HTTP/1.1\r\nHost: {name}\r\n\r\n");
    client.tls.writer().write_all(request.as_bytes()).unwrap();
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    for round in 0..1_000 {
        let now = Timestamp::from_millis(1_000 + round);
        client.turn(now);
        server.turn(now);
        if server.heard.ends_with("\r\n\r\n") {
            server.heard.clear();
            server.tls.writer().write_all(answer.as_bytes()).unwrap();
        }
        if client.heard.ends_with(answer) {
            return;
        }
    }
    panic!("no answer: {:?}", client.heard);
}

#[derive(Debug)]
struct Told(RecorderHandle);

impl KeyLog for Told {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut line = label.to_owned();
        for bytes in [client_random, secret] {
            line.push(' ');
            for byte in bytes {
                write!(line, "{byte:02x}").unwrap();
            }
        }
        self.0.tls_secret(&line);
    }
}

/// Somebody at every address, at whose ports somebody listens.
struct Anywhere(Arc<Personality>);

impl Neighbourhood for Anywhere {
    fn host(&self, _: IpAddr) -> Option<Host<'_>> {
        Some(Host { personality: &self.0, booted: Timestamp::from_secs(0), mac: None })
    }

    fn port(&self, _: IpAddr, _: Transport, _: u16) -> Port {
        Port::Open
    }
}

struct End<L> {
    stack: Stack<Anywhere>,
    link: L,
    flow: Option<FlowId>,
    tls: Connection,
    heard: String,
    unsent: Vec<u8>,
}

impl<L: Link> End<L> {
    fn new(link: L, tls: Connection) -> Self {
        assert_eq!(link.medium(), Medium::Ip);
        let hosts = Anywhere(Arc::new(Personality::linux()));
        let stack = Stack::new(Config::default(), hosts, Timestamp::from_secs(1), [7; 32]);
        Self { stack, link, flow: None, tls, heard: String::new(), unsent: Vec::new() }
    }

    fn turn(&mut self, now: Timestamp) {
        let mut buffer = vec![0; 2_000];
        let mut cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(length) = self.link.poll_receive(&mut cx, &mut buffer) {
            self.stack.input(now, &buffer[..length.unwrap()]);
        }
        self.stack.advance(now);
        while let Some(event) = self.stack.event() {
            match event {
                Event::Opened { flow, .. } => self.flow = Some(flow),
                Event::Received { flow, bytes } => {
                    self.stack.consumed(now, flow, bytes.len());
                    self.take(&bytes);
                }
                _ => {}
            }
        }
        if let Some(flow) = self.flow {
            while self.tls.wants_write() {
                self.tls.write_tls(&mut self.unsent).unwrap();
            }
            let taken = self.stack.send(now, flow, &self.unsent);
            self.unsent.drain(..taken);
        }
        for frame in self.stack.frames().iter() {
            self.link.send(frame).unwrap();
        }
        self.stack.frames().clear();
    }

    fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            self.tls.read_tls(&mut bytes).unwrap();
            let state = self.tls.process_new_packets().unwrap();
            let mut plain = vec![0; state.plaintext_bytes_to_read()];
            self.tls.reader().read_exact(&mut plain).unwrap();
            self.heard.push_str(&String::from_utf8(plain).unwrap());
        }
    }
}
