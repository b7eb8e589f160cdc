//! The way from a guest to everywhere: a link around the guest's own. It gives the guest
//! its addresses, plays the routers on the way, and counts what goes out; nothing passes
//! it but to the stack.

mod dhcp4;
mod dhcp6;
mod hops;
mod router;

use crate::guests::Guests;
use crate::limits::ROUTER_ERRORS_PER_S;
use crate::names::key_of;
use crate::outgoing::Outgoing;
use crate::scenario::{GuestNetwork, Scenario};
use parking_lot::Mutex;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use ukai_driver::{SystemWorld, World};
use ukai_model::{EventKind, Timestamp};
use ukai_netstack::{Link, Medium};
use ukai_packet::arp::{Arp, Operation};
use ukai_packet::ether::{self, Frame, Mac, ethertype};
use ukai_packet::icmp::Icmp;
use ukai_packet::ip::{Header, Ip};
use ukai_packet::ndp::Neighbor;
use ukai_packet::protocol;
use ukai_packet::udp::Udp;

/// Its station: of a maker of home routers.
pub(crate) const STATION: Mac = Mac([0x2c, 0x91, 0xab, 0x5e, 0x00, 0x01]);

/// Frames that are dealt with here before others have their turn.
const BATCH: usize = 64;

/// A guest's link, with all that lies between it and the stack.
pub struct Gateway<L> {
    link: L,
    road: Road,
    /// What is being sent.
    out: Vec<u8>,
}

/// What a gateway does, without its link.
pub(crate) struct Road {
    guest: GuestNetwork,
    guests: Arc<Guests>,
    mac: Mac,
    mtu: u16,
    key: (u64, u64),
    outgoing: Arc<Mutex<Outgoing>>,
    world: Arc<dyn World>,
    tell: Box<dyn Fn(EventKind) + Send>,
    /// ICMP errors in this second.
    errors: (u64, u32),
    advertised: Option<Timestamp>,
    leases: u32,
}

impl<L: Link> Gateway<L> {
    /// A gateway without an Internet behind it: gives addresses and plays the routers.
    /// `tell` is told what it was asked, and what went out in masses.
    pub fn alone(link: L, scenario: &Scenario, tell: impl Fn(EventKind) + Send + 'static) -> Self {
        Self::new(
            link,
            scenario.guest.clone(),
            Arc::default(),
            STATION,
            key_of(&scenario.seed),
            Arc::default(),
            Arc::new(SystemWorld),
            tell,
        )
    }

    #[expect(clippy::too_many_arguments, reason = "each is another thing")]
    pub(crate) fn new(
        link: L,
        guest: GuestNetwork,
        guests: Arc<Guests>,
        mac: Mac,
        key: (u64, u64),
        outgoing: Arc<Mutex<Outgoing>>,
        world: Arc<dyn World>,
        tell: impl Fn(EventKind) + Send + 'static,
    ) -> Self {
        let mtu = link.mtu();
        let road = Road {
            guest,
            guests,
            mac,
            mtu,
            key,
            outgoing,
            world,
            tell: Box::new(tell),
            errors: (0, 0),
            advertised: None,
            leases: 0,
        };
        Self { link, road, out: Vec::new() }
    }
}

impl<L: Link> Link for Gateway<L> {
    fn medium(&self) -> Medium {
        self.link.medium()
    }

    fn mtu(&self) -> u16 {
        self.link.mtu()
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        for _ in 0..BATCH {
            let length = match self.link.poll_receive(cx, buffer) {
                Poll::Ready(Ok(length)) => length,
                other => return other,
            };
            let medium = self.link.medium();
            let mut answers = Answers { link: &mut self.link, out: &mut self.out };
            if !self.road.takes(medium, &buffer[..length], &mut answers)? {
                return Poll::Ready(Ok(length));
            }
            self.link.flush()?;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        self.out.clear();
        self.out.extend_from_slice(frame);
        self.road.travel(self.link.medium(), &mut self.out);
        self.link.send(&self.out)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.link.flush()
    }
}

/// Where a gateway's own frames go.
pub(crate) struct Answers<'a> {
    link: &'a mut dyn Link,
    out: &'a mut Vec<u8>,
}

/// Who asked, and how frames go back.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    frame: Option<&'a Frame<'a>>,
    mac: Mac,
}

impl Answers<'_> {
    /// Sends a packet of IP that `write` writes, back to who asked or to a group.
    fn packet(
        &mut self,
        asker: Asker<'_>,
        group: Option<Mac>,
        is_v6: bool,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> io::Result<()> {
        self.out.clear();
        if let Some(frame) = asker.frame {
            let kind = if is_v6 { ethertype::IPV6 } else { ethertype::IPV4 };
            ether::write(self.out, group.unwrap_or(frame.src), asker.mac, &frame.tags, kind);
        }
        write(self.out);
        self.link.send(self.out)
    }
}

impl Road {
    /// Deals with what is for the gateway; whether it was.
    fn takes(
        &mut self,
        medium: Medium,
        bytes: &[u8],
        answers: &mut Answers<'_>,
    ) -> io::Result<bool> {
        let frame = match medium {
            Medium::Ip => None,
            Medium::Ethernet => match Frame::parse(bytes) {
                Ok(frame) => Some(frame),
                Err(_) => return Ok(false),
            },
        };
        // What goes from one of our own stations came back to us.
        if frame.as_ref().is_some_and(|frame| frame.src == self.mac) {
            return Ok(true);
        }
        let payload = match &frame {
            Some(frame) if frame.ethertype == ethertype::ARP => {
                self.learn_arp(frame);
                return Ok(false);
            }
            Some(frame) if !matches!(frame.ethertype, ethertype::IPV4 | ethertype::IPV6) => {
                return Ok(false);
            }
            Some(frame) => frame.payload,
            None => bytes,
        };
        let Ok(ip) = Ip::parse(payload) else { return Ok(false) };
        let asker = Asker { frame: frame.as_ref(), mac: self.mac };
        self.packet(asker, &ip, answers)
    }

    fn packet(
        &mut self,
        asker: Asker<'_>,
        ip: &Ip<'_>,
        answers: &mut Answers<'_>,
    ) -> io::Result<bool> {
        let now = self.world.now();
        if ip.protocol == protocol::UDP && ip.fragment.is_none() {
            let port = ip.payload.get(2..4).map(|port| u16::from_be_bytes([port[0], port[1]]));
            if matches!((port, ip.dst), (Some(67), IpAddr::V4(_)) | (Some(547), IpAddr::V6(_)))
                && let Ok(udp) = Udp::parse(ip)
                && let Some(frame) = asker.frame
            {
                let station = frame.src;
                return if ip.dst.is_ipv4() {
                    self.dhcp4(asker, station, &udp, answers)
                } else {
                    self.dhcp6(asker, station, ip, &udp, answers)
                };
            }
        }
        if ip.protocol == protocol::ICMP6
            && ip.dst.is_ipv6()
            && let Ok(icmp) = Icmp::parse(ip)
            && let Some(taken) = self.router(asker, ip, &icmp, now, answers)?
        {
            return Ok(taken);
        }
        if ip.dst.is_multicast() || ip.src.is_unspecified() {
            return Ok(false);
        }
        let forged = asker.frame.is_some() && !self.guests.has(ip.src) && !self.is_near(ip.src);
        let told = self.outgoing.lock().count(ip, forged, now);
        for kind in told {
            (self.tell)(kind);
        }
        if ip.hop_limit <= self.distance(ip.dst) {
            self.expired(asker, ip, now, answers)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Whether an address is of the guest's own network.
    fn is_near(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(v4) => self.guest.network.contains(&v4),
            IpAddr::V6(v6) => {
                v6.segments()[0] & 0xffc0 == 0xfe80
                    || self.guest.network_v6.is_some_and(|net| net.contains(&v6))
            }
        }
    }

    /// Who asks for others has an address; who asks for one in nobody's name (RFC 5227)
    /// is about to take it.
    fn learn_arp(&self, frame: &Frame<'_>) {
        let Ok(arp) = Arp::parse(frame.payload) else { return };
        let (station, sender) = arp.sender;
        let (_, target) = arp.target;
        if sender.is_unspecified() && arp.operation == Operation::Request {
            if target != self.guest.gateway() {
                self.guests.learn(target.into(), station);
            }
        } else if sender != self.guest.gateway() {
            self.guests.learn(sender.into(), station);
        }
    }

    /// The same for neighbour discovery (RFC 4862, 5.4).
    fn learn_neighbor(&self, asker: Asker<'_>, ip: &Ip<'_>, icmp: &Icmp<'_>) {
        let (Ok(Some(neighbor)), Some(frame)) = (Neighbor::parse(icmp), asker.frame) else {
            return;
        };
        let claimed = if ip.src.is_unspecified() || neighbor.advertisement {
            IpAddr::V6(neighbor.target)
        } else {
            ip.src
        };
        let ours = claimed == IpAddr::V6(crate::places::ROUTER)
            || self.guest.gateway_v6().map(IpAddr::V6) == Some(claimed);
        if !ours {
            self.guests.learn(claimed, frame.src);
        }
    }

    /// Whether an ICMP error may still be sent in this second.
    fn may_tell(&mut self, now: Timestamp) -> bool {
        let second = now.secs();
        if self.errors.0 != second {
            self.errors = (second, 0);
        }
        self.errors.1 += 1;
        self.errors.1 <= ROUTER_ERRORS_PER_S
    }

    fn header(src: IpAddr, dst: IpAddr, protocol: u8, hop_limit: u8) -> Header {
        Header {
            src,
            dst,
            protocol,
            hop_limit,
            traffic_class: 0,
            id: 0,
            dont_fragment: false,
            flow_label: 0,
        }
    }
}
