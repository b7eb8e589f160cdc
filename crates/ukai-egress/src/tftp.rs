//! A client for TFTP (RFC 1350): one peer address, and from its first answer on one port.

use crate::failure::Failure;
use crate::file_name::file_name;
use crate::limits::{TFTP_BLOCK_BYTES, TFTP_DATAGRAM_BYTES_MAX, TFTP_RETRY_AFTER};
use crate::tftp_packet::{Packet, acknowledgement, read_request, stop};
use crate::transfer::{Transfer, server_text};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};
use ukai_indicator::observables::FetchUrl;

/// Block size where none is agreed on (RFC 1350).
const BLOCK_BYTES: usize = 512;
/// RFC 2347: the server does not take the options.
const OPTIONS_REFUSED: u16 = 8;

/// Fetches `url` from `address`.
pub(crate) async fn fetch(
    url: &FetchUrl,
    address: IpAddr,
    transfer: &mut Transfer,
) -> Result<(), Failure> {
    let path = url.path();
    let path = path.rsplit_once(";mode=").map_or(path, |(path, _)| path);
    let file = file_name(path)?;
    transfer.server_ip = Some(address);
    let to = SocketAddr::new(address, url.port());
    match Client::new(to, &file, Some(TFTP_BLOCK_BYTES)).await?.run(transfer).await? {
        End::Complete => Ok(()),
        End::OptionsRefused => match Client::new(to, &file, None).await?.run(transfer).await? {
            End::Complete => Ok(()),
            End::OptionsRefused => Err(Failure::refused("TFTP: options refused, without any")),
        },
    }
}

enum End {
    Complete,
    OptionsRefused,
}

struct Client {
    socket: UdpSocket,
    /// The server; its port is the one asked until it answers from its own.
    peer: SocketAddr,
    answered: bool,
    /// What was sent last, to be sent again when nothing comes.
    sent: Vec<u8>,
    block_bytes: usize,
    /// Number of the block that comes next.
    next: u16,
}

impl Client {
    async fn new(to: SocketAddr, file: &str, block_bytes: Option<usize>) -> Result<Self, Failure> {
        let any = match to {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let socket = UdpSocket::bind((any, 0)).await.map_err(|error| failed(&error))?;
        Ok(Self {
            socket,
            peer: to,
            answered: false,
            sent: read_request(file, block_bytes),
            block_bytes: BLOCK_BYTES,
            next: 1,
        })
    }

    async fn run(mut self, transfer: &mut Transfer) -> Result<End, Failure> {
        let mut buffer = vec![0; TFTP_DATAGRAM_BYTES_MAX];
        // Only progress counts against silence: a server that repeats itself gains nothing.
        let mut progress = Instant::now();
        self.send_again().await?;
        loop {
            let silent_until = progress + transfer.idle_max;
            let length = self.receive(&mut buffer, silent_until).await?;
            match Packet::parse(&buffer[..length]) {
                Ok(Packet::Data { block, bytes }) if block == self.next => {
                    progress = Instant::now();
                    let last = bytes.len() < self.block_bytes;
                    if bytes.len() > self.block_bytes {
                        return Err(Failure::partial("TFTP: a block larger than agreed on"));
                    }
                    if let Err(too_large) = transfer.push(bytes) {
                        let _ = self.socket.send_to(stop(), self.peer).await;
                        return Err(too_large);
                    }
                    self.sent = acknowledgement(block).to_vec();
                    self.next = self.next.wrapping_add(1);
                    self.send_again().await?;
                    if last {
                        return Ok(End::Complete);
                    }
                }
                Ok(Packet::Options { block_bytes })
                    if self.next == 1 && transfer.bytes.is_empty() =>
                {
                    self.block_bytes = block_bytes.unwrap_or(BLOCK_BYTES);
                    if self.block_bytes > TFTP_BLOCK_BYTES {
                        return Err(Failure::refused("TFTP: the server wants larger blocks"));
                    }
                    self.sent = acknowledgement(0).to_vec();
                    self.send_again().await?;
                }
                Ok(Packet::Error { code: OPTIONS_REFUSED, .. }) if self.next == 1 => {
                    return Ok(End::OptionsRefused);
                }
                Ok(Packet::Error { code, message }) => {
                    let message = server_text(message);
                    return Err(Failure::refused(format!("TFTP error {code}: {message}")));
                }
                // Repeated blocks are not acknowledged again: that would double all that
                // follows (RFC 1123, section 4.2.3.1). The timer repeats what is lost.
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// Waits for a datagram of the peer, asking again as long as nothing comes.
    async fn receive(&mut self, buffer: &mut [u8], until: Instant) -> Result<usize, Failure> {
        let mut again = Instant::now() + TFTP_RETRY_AFTER;
        loop {
            match timeout_at(again.min(until), self.socket.recv_from(buffer)).await {
                Ok(Ok((length, from))) if self.is_peer(from) => return Ok(length),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(failed(&error)),
                Err(_) if Instant::now() >= until => {
                    return Err(Failure::timed_out("TFTP: the server does not go on"));
                }
                Err(_) => {
                    self.send_again().await?;
                    again = Instant::now() + TFTP_RETRY_AFTER;
                }
            }
        }
    }

    /// Whether a datagram is of the server: of its address, and of the port from which it
    /// answered first (RFC 1350, section 4).
    fn is_peer(&mut self, from: SocketAddr) -> bool {
        if from.ip().to_canonical() != self.peer.ip() {
            return false;
        }
        if !self.answered {
            self.answered = true;
            self.peer.set_port(from.port());
        }
        from.port() == self.peer.port()
    }

    async fn send_again(&self) -> Result<(), Failure> {
        self.socket.send_to(&self.sent, self.peer).await.map(|_| ()).map_err(|error| failed(&error))
    }
}

fn failed(error: &std::io::Error) -> Failure {
    Failure::unreachable(format!("TFTP: {error}"))
}
