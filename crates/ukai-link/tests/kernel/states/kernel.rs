//! Linux's TCP: a socket of this process that listens behind a TUN device.

use super::Subject;
use super::peer::{LOCAL, Peer, byte_at};
use super::script::{Call, Script};
use std::collections::HashMap;
use std::future::poll_fn;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use ukai_link::Tun;
use ukai_netstack::{Link as _, Medium};
use ukai_packet::ip::Ip;

/// The device's other end, shared by the peers of all scripts.
pub(super) struct Device {
    tun: Tun,
    peers: HashMap<IpAddr, UnboundedSender<Vec<u8>>>,
    sender: UnboundedSender<Vec<u8>>,
    outgoing: UnboundedReceiver<Vec<u8>>,
}

impl Device {
    pub(super) fn open(name: &str) -> Self {
        let tun = Tun::open(name, Medium::Ip, 1_500).unwrap_or_else(|error| panic!("{error}"));
        let (sender, outgoing) = unbounded_channel();
        Self { tun, peers: HashMap::new(), sender, outgoing }
    }

    /// The kernel for the peer at `address`.
    pub(super) fn kernel(&mut self, address: Ipv4Addr, port: u16, script: &Script) -> Kernel {
        let (sender, packets) = unbounded_channel();
        self.peers.insert(IpAddr::V4(address), sender);
        let listener = (!script.is_closed).then(|| {
            let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
            let socket = socket.expect("a socket");
            socket.bind(&SocketAddr::from((LOCAL, port)).into()).expect("the address is ours");
            socket.listen(16).expect("it listens");
            socket.set_nonblocking(true).expect("a mode");
            socket
        });
        Kernel { sender: self.sender.clone(), packets, listener, stream: None, read: 0 }
    }

    /// Carries packets, for ever.
    pub(super) async fn carry(mut self) {
        let mut buffer = vec![0; 2_000];
        loop {
            tokio::select! {
                length = poll_fn(|cx| self.tun.poll_receive(cx, &mut buffer)) => {
                    let packet = &buffer[..length.expect("a packet")];
                    let to = Ip::parse(packet).ok().and_then(|ip| self.peers.get(&ip.dst));
                    if let Some(peer) = to {
                        let _ = peer.send(packet.to_vec());
                    }
                }
                Some(packet) = self.outgoing.recv() => self.tun.send(&packet).expect("it is up"),
            }
        }
    }
}

pub(super) struct Kernel {
    sender: UnboundedSender<Vec<u8>>,
    packets: UnboundedReceiver<Vec<u8>>,
    listener: Option<socket2::Socket>,
    stream: Option<TcpStream>,
    read: usize,
}

impl Subject for Kernel {
    async fn inject(&mut self, packet: Vec<u8>) {
        self.sender.send(packet).expect("the device is there");
    }

    async fn call(&mut self, peer: &mut Peer, call: Call) -> Option<String> {
        if self.stream.is_none()
            && let Some((stream, _)) = self.listener.as_ref().and_then(|l| l.accept().ok())
        {
            stream.set_nonblocking(true).expect("a mode");
            self.stream = Some(stream.into());
        }
        let Some(stream) = &mut self.stream else {
            return Some("service: nobody came".to_owned());
        };
        match call {
            Call::Write(count) => {
                let bytes: Vec<u8> = (0..count).map(|at| byte_at(peer.said + at)).collect();
                peer.said += stream.write(&bytes).unwrap_or(0);
            }
            Call::Read => {
                let (mut bytes, mut end) = (Vec::new(), None);
                let mut buffer = vec![0; 1 << 16];
                loop {
                    match stream.read(&mut buffer) {
                        Ok(0) => break end = Some("end"),
                        Ok(count) => bytes.extend_from_slice(&buffer[..count]),
                        Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                        Err(_) => break end = Some("reset"),
                    }
                }
                let mut each = bytes.iter().enumerate();
                let right = each.all(|(at, byte)| *byte == byte_at(self.read + at));
                self.read += bytes.len();
                return Some(super::read(bytes.len(), right, end));
            }
            Call::Shut => {
                let _ = stream.shutdown(std::net::Shutdown::Write);
            }
            Call::Close => drop(self.stream.take()),
            Call::Abort => {
                let linger = Some(Duration::ZERO);
                let _ = socket2::SockRef::from(&*stream).set_linger(linger);
                drop(self.stream.take());
            }
        }
        None
    }

    async fn settle(&mut self, time: Duration) -> Vec<Vec<u8>> {
        tokio::time::sleep(time).await;
        let mut packets = Vec::new();
        while let Ok(packet) = self.packets.try_recv() {
            packets.push(packet);
        }
        packets
    }
}
