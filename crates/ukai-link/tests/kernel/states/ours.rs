//! Our stack, in memory and with a virtual clock.

use super::Subject;
use super::peer::{CLOSED, LOCAL, Peer, byte_at};
use super::script::{Call, Script};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use ukai_model::{Timestamp, Transport};
use ukai_netstack::{
    Closing, Config, Event, FlowId, Host, Neighbourhood, Personality, Port, Stack,
};

struct One(Arc<Personality>);

impl Neighbourhood for One {
    fn host(&self, address: IpAddr) -> Option<Host<'_>> {
        let booted = Timestamp::from_secs(1_700_000_000);
        let host = Host { personality: &self.0, booted, mac: None };
        (address == IpAddr::V4(LOCAL)).then_some(host)
    }

    fn port(&self, _: IpAddr, _: Transport, port: u16) -> Port {
        if port == CLOSED { Port::Closed } else { Port::Open }
    }
}

pub(super) struct Ours {
    stack: Stack<One>,
    now: Timestamp,
    flow: Option<FlowId>,
    unread: Vec<u8>,
    read: usize,
    /// What the service would see next after all bytes.
    end: Option<&'static str>,
    packets: Vec<Vec<u8>>,
}

impl Ours {
    pub(super) fn new(script: &Script) -> Self {
        let now = Timestamp::from_secs(1_800_000_000);
        let default = Config::default();
        let config = Config {
            receive_bytes_per_flow: script.receive_bytes.unwrap_or(default.receive_bytes_per_flow),
            ..default
        };
        let stack = Stack::new(config, One(Arc::new(Personality::linux())), now, [5; 32]);
        Self { stack, now, flow: None, unread: Vec::new(), read: 0, end: None, packets: Vec::new() }
    }

    fn gather(&mut self) {
        while let Some(event) = self.stack.event() {
            match event {
                Event::Opened { flow, .. } => {
                    self.flow = Some(flow);
                    (self.end, self.read) = (None, 0);
                    self.unread.clear();
                }
                Event::Received { bytes, .. } => self.unread.extend_from_slice(&bytes),
                Event::PeerClosed { .. } => self.end = Some("end"),
                Event::Closed { how: Closing::Reset, .. } => {
                    self.end = self.end.or(Some("reset"));
                }
                _ => {}
            }
        }
        self.packets.extend(self.stack.frames().iter().map(<[u8]>::to_vec));
        self.stack.frames().clear();
    }
}

impl Subject for Ours {
    async fn inject(&mut self, packet: Vec<u8>) {
        self.stack.input(self.now, &packet);
        self.gather();
    }

    async fn call(&mut self, peer: &mut Peer, call: Call) -> Option<String> {
        let Some(flow) = self.flow else { return Some("service: nobody came".to_owned()) };
        let now = self.now;
        let mut said = None;
        match call {
            Call::Write(count) => {
                let bytes: Vec<u8> = (0..count).map(|at| byte_at(peer.said + at)).collect();
                peer.said += self.stack.send(now, flow, &bytes);
            }
            Call::Read => {
                self.stack.consumed(now, flow, self.unread.len());
                let right = self.unread.iter().enumerate();
                let right = right.clone().all(|(at, byte)| *byte == byte_at(self.read + at));
                said = Some(super::read(self.unread.len(), right, self.end));
                self.read += self.unread.len();
                self.unread.clear();
            }
            Call::Shut => self.stack.shut(now, flow),
            // As ukai-driver's streams do, and the kernel.
            Call::Close if self.unread.is_empty() => self.stack.close(now, flow),
            Call::Close | Call::Abort => self.stack.abort(now, flow),
        }
        self.gather();
        said
    }

    async fn settle(&mut self, time: Duration) -> Vec<Vec<u8>> {
        let end = self.now + time;
        while let Some(due) = self.stack.next_due().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.stack.advance(self.now);
            self.gather();
        }
        self.now = end;
        std::mem::take(&mut self.packets)
    }
}
