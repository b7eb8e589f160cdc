//! Tunnels (RFC 4254, section 7): `ssh -L` and `-D` lead to emulated services inside the
//! session. No connection is opened for anybody.

use super::channel::{Channel, End, Work};
use super::session::SshSession;
use crate::limits::SSH_TUNNELS;
use crate::{Context, Detect, Effect, Emulator, Http, Open, Raw, Session, SideEvent, Telnet};
use bytes::Bytes;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use ukai_model::Flow;
use ukai_persona::Host;
use ukai_shell::Fs;
use ukai_ssh::{ChannelId, OpenFailure};

/// An emulated service at the other end of a tunnel.
pub(super) struct Tunnel {
    pub(super) session: Box<dyn Session>,
    open: Open,
    /// Whether bytes came already.
    spoken: bool,
}

impl SshSession {
    pub(super) fn on_tunnel(
        &mut self,
        cx: &mut Context<'_>,
        id: ChannelId,
        host: &[u8],
        port: u32,
        origin: &[u8],
    ) {
        let name = String::from_utf8_lossy(host).into_owned();
        let target = self.target(&name, port);
        self.note_tunnel(cx, "direct-tcpip", host, port, origin, target.is_ok());
        let (emulator, host) = match target {
            Ok(target) => target,
            Err((reason, text)) => {
                self.fail_open(id, reason, text);
                return;
            }
        };
        self.started += 1;
        let seed = self.open.seed.wrapping_add(self.started.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let flow = &self.open.flow;
        let peer = SocketAddr::new(flow.src_ip, flow.src_port);
        let port = u16::try_from(port).unwrap_or_default();
        let local = SocketAddr::new(host.address, port);
        let fs = if host.address == self.open.host.address {
            self.open.fs.clone()
        } else {
            Fs::new(&host)
        };
        let flow = Flow::new(flow.transport, peer, local);
        let open = Open { flow, host, fs, seed, now: cx.now, tls: false, alpn: None };
        let session = emulator.open(open.clone());
        let tunnel = Tunnel { session, open, spoken: false };
        self.channels.insert(id, Channel::new(Work::Tunnel(Box::new(tunnel))));
        self.with_server(|server, out| server.open_confirm(id, out));
        self.with_tunnel(cx, id, |session, cx| session.on_open(cx));
        self.settle(cx, id);
    }

    /// Who answers there.
    fn target(&self, name: &str, port: u32) -> Result<(Box<dyn Emulator>, Arc<Host>), Refusal> {
        const REFUSED: Refusal = (OpenFailure::ConnectFailed, "Connection refused");
        if !self.spec().forwarding {
            return Err((OpenFailure::Prohibited, "open failed"));
        }
        let tunnels = self.channels.values().filter(|c| matches!(c.work, Work::Tunnel(_)));
        if tunnels.count() >= SSH_TUNNELS {
            return Err((OpenFailure::ResourceShortage, "open failed"));
        }
        let port = u16::try_from(port).map_err(|_| REFUSED)?;
        let own = &self.open.host;
        let address = name.parse::<IpAddr>().ok();
        let here = matches!(name, "localhost" | "::1")
            || name == own.hostname
            || address.is_some_and(|ip| ip.is_loopback() || ip == own.address);
        if here {
            let services = &own.services;
            let emulator: Box<dyn Emulator> = if services.http.contains(&port) {
                Box::new(Http)
            } else if services.telnet.contains(&port) {
                Box::new(Telnet)
            } else {
                return Err(REFUSED);
            };
            return Ok((emulator, Arc::clone(own)));
        }
        let inside = match address {
            Some(IpAddr::V4(ip)) => ip.is_private() || ip.is_link_local() || ip.is_unspecified(),
            Some(IpAddr::V6(ip)) => ip.is_unique_local() || ip.is_unicast_link_local(),
            None => false,
        };
        if inside {
            return Err((OpenFailure::ConnectFailed, "No route to host"));
        }
        let emulator: Box<dyn Emulator> = match port {
            22 | 2222 => return Err(REFUSED),
            80 | 81 | 3128 | 8000 | 8008 | 8080 | 8081 | 8888 => Box::new(Http),
            25 | 465 | 587 | 2525 => match crate::emulator("smtp") {
                Some(smtp) => Box::new(Shared(smtp)),
                None => Box::new(Detect),
            },
            _ => Box::new(Detect),
        };
        Ok((emulator, Arc::new(own.elsewhere(name))))
    }

    /// Bytes from the client for the service.
    pub(super) fn feed_tunnel(&mut self, cx: &mut Context<'_>, id: ChannelId, bytes: &Bytes) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let Work::Tunnel(tunnel) = &mut channel.work else { return };
        let first = !std::mem::replace(&mut tunnel.spoken, true);
        let tls = first && bytes.starts_with(&[0x16, 0x03]);
        // No tunnel in a tunnel: what would be, is kept as it is.
        if first && (tls || bytes.starts_with(b"SSH-")) {
            tunnel.session = Raw.open(tunnel.open.clone());
            self.with_tunnel(cx, id, |session, cx| session.on_open(cx));
        }
        for piece in bytes.chunks(64 * 1024) {
            self.with_tunnel(cx, id, |session, cx| session.on_bytes(cx, piece));
        }
        if tls {
            self.with_tunnel(cx, id, |session, cx| session.on_eof(cx));
            if let Some(channel) = self.channels.get_mut(&id) {
                channel.ended = Some(End::Plain);
            }
        }
    }

    /// Lets the service at the end of a tunnel do something.
    pub(super) fn with_tunnel(
        &mut self,
        cx: &mut Context<'_>,
        id: ChannelId,
        act: impl FnOnce(&mut dyn Session, &mut Context<'_>),
    ) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let Work::Tunnel(tunnel) = &mut channel.work else { return };
        let mut effects = Vec::new();
        act(tunnel.session.as_mut(), &mut Context { now: cx.now, effects: &mut effects });
        self.tunnel_effects(cx, id, effects);
    }

    /// A service's effects in the words of the connection around it.
    pub(super) fn tunnel_effects(
        &mut self,
        cx: &mut Context<'_>,
        id: ChannelId,
        effects: Vec<Effect>,
    ) {
        for effect in effects {
            match effect {
                Effect::Send(bytes) => {
                    self.put(cx, id, false, bytes);
                }
                Effect::Record(_) | Effect::Capture(_) => cx.effects.push(effect),
                Effect::Fetch { id: inner, url, tool } => {
                    let outer = self.outer_fetch(id, inner);
                    cx.effects.push(Effect::Fetch { id: outer, url, tool });
                }
                Effect::Timer { id: inner, at } => {
                    let outer = self.outer_timer(id, inner);
                    cx.effects.push(Effect::Timer { id: outer, at });
                }
                Effect::Close(_) | Effect::StartTls | Effect::ResumeTls(_) => {
                    if let Some(channel) = self.channels.get_mut(&id) {
                        channel.ended = Some(End::Plain);
                    }
                }
                // It would be a socket.
                Effect::OpenSide { id: side, .. } => {
                    self.with_tunnel(cx, id, |session, cx| {
                        session.on_side(cx, side, SideEvent::Failed);
                    });
                }
                // The recording is of the user's terminal.
                Effect::Terminal(..)
                | Effect::TerminalSize { .. }
                | Effect::SideSend(..)
                | Effect::CloseSide(_)
                | Effect::SideTls(_) => {}
            }
        }
    }
}

/// Why a tunnel is not opened, and in which words.
type Refusal = (OpenFailure, &'static str);

/// An emulator that was found by its name.
struct Shared(Arc<dyn Emulator>);

impl Emulator for Shared {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        self.0.open(open)
    }
}
