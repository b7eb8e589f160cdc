//! Who sends the packets of a trace, and when.

use super::packets::{self, TOOLS, Vector};
use super::{AttackTruth, BEGINS, Scale, ScanTruth, Truth, public_v4};
use rand::Rng as _;
use rand::rngs::SmallRng;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;
use ukai_model::Timestamp;

const SECOND: u64 = 1_000_000_000;

/// Somebody who sends packets.
pub(crate) struct Actor {
    /// When it sends its next packet, in nanoseconds from the beginning of the trace.
    pub(crate) next: u64,
    /// Packets that it has yet to send.
    pub(crate) left: u64,
    sent: u64,
    first: u64,
    last: u64,
    role: Role,
}

enum Role {
    Attack(AttackPlan),
    Scan(ScanPlan),
    Flood { gap: u64 },
    Noise { gap: u64 },
}

/// An attack.
pub(crate) struct AttackPlan {
    victims: Vec<IpAddr>,
    name: String,
    vectors: Vec<Vector>,
    port: u16,
    begins: u64,
    packets: u64,
    /// Nanoseconds between two packets.
    gap: u64,
    /// Packets of a wave, and nanoseconds from one wave to the next.
    waves: Option<(u64, u64)>,
    /// Whether it answers one dark address only.
    single: bool,
    /// Whether it is above the thresholds.
    counts: bool,
}

impl AttackPlan {
    /// Addresses of victims: each attack has its own /24, or /48.
    fn victim(number: usize, host: u8) -> IpAddr {
        if number % 4 == 3 {
            let place = u128::from(u16::try_from(number).unwrap_or_default());
            IpAddr::V6(Ipv6Addr::from(0x2001_0db8_0a00_u128 << 80 | place << 80 | u128::from(host)))
        } else {
            IpAddr::V4(Ipv4Addr::new(45, 60, number as u8, host))
        }
    }

    /// Past every threshold, by a margin.
    pub(crate) fn strong(number: usize, seconds: u64, rng: &mut SmallRng) -> Self {
        let victim = Self::victim(number, 10);
        let first = Vector::ALL[number % Vector::ALL.len()];
        let mut vectors = vec![first];
        if number.is_multiple_of(5) {
            vectors.push(Vector::ALL[(number + 3) % Vector::ALL.len()]);
        }
        let lasts = rng.random_range(90..900_u64.min(seconds / 2));
        let waves = (number % 6 == 4).then_some((60, 60 * SECOND));
        let packets = match waves {
            Some((of_wave, period)) => of_wave * (lasts.max(360) * SECOND / period),
            None => lasts * rng.random_range(1..8),
        };
        let gap = if waves.is_some() { SECOND / 4 } else { lasts * SECOND / packets };
        Self {
            name: victim.to_string(),
            victims: vec![victim],
            vectors,
            port: [80, 443, 25_565, 22, 8080][number % 5],
            begins: rng.random_range(0..seconds / 2) * SECOND + rng.random_range(0..SECOND),
            packets,
            gap,
            waves,
            single: false,
            counts: true,
        }
    }

    /// Over many addresses of a prefix, none of which is past the thresholds.
    pub(crate) fn carpet(number: usize, seconds: u64, rng: &mut SmallRng) -> Self {
        let number = 200 + number;
        let victims = (0..100).map(|host| Self::victim(number, host)).collect();
        let name = match Self::victim(number, 0) {
            address @ IpAddr::V4(_) => format!("{address}/24"),
            address @ IpAddr::V6(_) => format!("{address}/48"),
        };
        Self {
            victims,
            name,
            vectors: vec![Vector::SynAck],
            port: 80,
            begins: rng.random_range(0..seconds / 2) * SECOND,
            packets: 1000,
            gap: SECOND / 4,
            waves: None,
            single: false,
            counts: true,
        }
    }

    /// Below one threshold each: of packets, of time, of packets in a minute, of dark
    /// addresses.
    pub(crate) fn weak(number: usize, seconds: u64, rng: &mut SmallRng) -> Self {
        let victim = Self::victim(100 + number, 20);
        let (packets, gap, single) = match number % 4 {
            0 => (24, 3 * SECOND, false),
            1 => (500, SECOND / 10, false),
            2 => (120, 5 * SECOND, false),
            _ => (400, SECOND, true),
        };
        Self {
            name: victim.to_string(),
            victims: vec![victim],
            vectors: vec![Vector::ALL[number % Vector::ALL.len()]],
            port: 80,
            begins: rng.random_range(0..seconds / 2) * SECOND,
            packets,
            gap,
            waves: None,
            single,
            counts: false,
        }
    }
}

/// A scan.
pub(crate) struct ScanPlan {
    source: IpAddr,
    tool: &'static str,
    key: u32,
    ports: Vec<u16>,
    order: u8,
    place: u32,
    begins: u64,
    packets: u64,
    gap: u64,
}

impl ScanPlan {
    pub(crate) fn new(number: usize, scale: &Scale, rng: &mut SmallRng) -> Self {
        let mut tool = TOOLS[number % TOOLS.len()];
        let is_v6 = number % 5 == 4;
        if is_v6 && matches!(tool, "mirai" | "hping3" | "unicornscan") {
            tool = "zmap";
        }
        let source = if is_v6 {
            IpAddr::V6(Ipv6Addr::from(0x2001_0db8_5ca0_u128 << 80 | number as u128))
        } else {
            public_v4(rng)
        };
        let ports = match tool {
            "mirai" => vec![23, 23, 23, 23, 23, 23, 23, 23, 23, 2323],
            "hping3" => vec![80],
            "unicornscan" => vec![22, 80, 443, 8080],
            _ => vec![[22, 80, 443, 3389, 5900, 8080][number % 6]],
        };
        let packets = rng.random_range(scale.scan_packets / 4..scale.scan_packets * 2).max(12);
        let begins = rng.random_range(0..scale.seconds / 2) * SECOND;
        Self {
            source,
            tool,
            key: rng.random(),
            ports,
            order: (number % 3) as u8,
            place: rng.random_range(0..30_000),
            begins,
            packets,
            gap: scale.seconds / 2 * SECOND / packets,
        }
    }

    fn target(&mut self, rng: &mut SmallRng) -> IpAddr {
        let low = match self.order {
            0 => {
                self.place += 1;
                self.place
            }
            // A permutation of 65,536: an odd factor.
            1 => {
                self.place += 1;
                self.place.wrapping_mul(self.key | 1)
            }
            _ => rng.random(),
        } & 0xffff;
        dark(self.source.is_ipv6(), low)
    }
}

fn dark(is_v6: bool, low: u32) -> IpAddr {
    if is_v6 {
        IpAddr::V6(Ipv6Addr::from(0x2001_0db8_000d_u128 << 80 | u128::from(low)))
    } else {
        IpAddr::V4(Ipv4Addr::from(0xc612_0000 + low))
    }
}

impl Actor {
    fn new(next: u64, left: u64, role: Role) -> Self {
        Self { next, left, sent: 0, first: next, last: next, role }
    }

    pub(crate) fn attack(plan: AttackPlan) -> Self {
        Self::new(plan.begins, plan.packets, Role::Attack(plan))
    }

    pub(crate) fn scan(plan: ScanPlan) -> Self {
        Self::new(plan.begins, plan.packets, Role::Scan(plan))
    }

    /// A SYN flood with forged sources, against the telescope.
    pub(crate) fn flood(packets: u64, seconds: u64) -> Self {
        let gap = seconds * SECOND / packets.max(1) / 2;
        Self::new(seconds * SECOND / 4, packets, Role::Flood { gap })
    }

    pub(crate) fn noise(packets: u64, seconds: u64) -> Self {
        Self::new(0, packets, Role::Noise { gap: seconds * SECOND / packets.max(1) })
    }

    /// Sends the next packet: the group of its class, and the packet.
    pub(crate) fn packet(&mut self, rng: &mut SmallRng) -> (&'static str, Vec<u8>) {
        self.last = self.next;
        self.left -= 1;
        self.sent += 1;
        let sent = self.sent;
        let (gap, group, bytes) = match &mut self.role {
            Role::Attack(plan) => {
                let index = sent as usize;
                let victim = plan.victims[index * 7 % plan.victims.len()];
                let vector = plan.vectors[index % plan.vectors.len()];
                let low = if plan.single { 77 } else { rng.random::<u32>() & 0xffff };
                let dst = dark(victim.is_ipv6(), low);
                let gap = match plan.waves {
                    Some((of_wave, period)) if sent.is_multiple_of(of_wave) => {
                        period - (of_wave - 1) * plan.gap
                    }
                    _ => plan.gap,
                };
                let bytes = packets::backscatter(vector, victim, plan.port, dst, rng);
                (gap, "backscatter", bytes)
            }
            Role::Scan(plan) => {
                let dst = plan.target(rng);
                let port = plan.ports[sent as usize % plan.ports.len()];
                (plan.gap, "scan", packets::syn(plan.tool, plan.key, plan.source, dst, port, rng))
            }
            Role::Flood { gap } => {
                let src = public_v4(rng);
                let dst = dark(false, rng.random::<u32>() & 0xffff);
                let key = rng.random();
                (*gap, "scan", packets::syn("unknown", key, src, dst, 80, rng))
            }
            Role::Noise { gap } => {
                let src = public_v4(rng);
                let dst = dark(false, rng.random::<u32>() & 0xffff);
                let (group, bytes) = match sent % 3 {
                    0 => {
                        let query = b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe";
                        ("peer-to-peer", packets::udp(src, dst, (6881, 6881), query))
                    }
                    1 => {
                        let line = b"<34>Oct 11 22:14:15 host su: failed";
                        ("misconfiguration", packets::udp(src, dst, (514, 514), line))
                    }
                    _ => {
                        let src = IpAddr::from([10, rng.random(), rng.random(), 1]);
                        ("impossible", packets::udp(src, dst, (1000, 53), b"?"))
                    }
                };
                (*gap, group, bytes)
            }
        };
        self.next += gap;
        (group, bytes)
    }

    /// Adds what was to be found to the truth.
    pub(crate) fn tell(&self, truth: &mut Truth) {
        let time = |nanos| Timestamp::from_secs(BEGINS) + Duration::from_nanos(nanos);
        match &self.role {
            Role::Attack(plan) if plan.counts => truth.attacks.push(AttackTruth {
                victim: plan.name.clone(),
                vectors: plan.vectors.clone(),
                port: plan.vectors.iter().find_map(|vector| vector.port(plan.port)),
                pulses: plan.waves.is_some(),
                carpet: plan.victims.len() > 1,
                packets: self.sent,
                first: time(self.first),
                last: time(self.last),
            }),
            Role::Scan(plan) => truth.scanners.push(ScanTruth {
                source: plan.source,
                tool: match plan.tool {
                    "zmap-4.1" => "zmap",
                    tool => tool,
                },
                packets: self.sent,
            }),
            _ => {}
        }
    }
}
