//! What a packet at an unused address is. Nobody was asked for it, so it is a probe, an
//! answer to somebody who forged our address, a mistake, or nonsense.

use crate::service::Service;
use serde::{Serialize, Serializer};
use std::net::IpAddr;

/// What a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Somebody looks for something.
    Scan(Scan),
    /// An answer to what somebody sent in our name.
    Backscatter(Answer),
    /// Somebody's machine is set up wrongly, or speaks to an address of yesterday.
    Misconfiguration(Mistake),
    /// A peer-to-peer network looks for one who once had the address.
    PeerToPeer(PeerToPeer),
    /// No honest machine sends this: forged, broken, or made by hand.
    Impossible(Impossible),
    /// Nothing of that.
    Other(Other),
}

/// Kinds of probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scan {
    /// TCP: SYN.
    Syn,
    /// TCP: FIN alone.
    Fin,
    /// TCP: no flag.
    Null,
    /// TCP: FIN, PSH and URG.
    Xmas,
    /// TCP: FIN and ACK (nmap's Maimon scan).
    Maimon,
    /// TCP: ACK alone, without data.
    Ack,
    /// TCP: other flags that begin nothing and answer nothing.
    Flags,
    /// A datagram of UDP.
    Udp(Service),
    /// An echo request.
    Echo,
    /// Another request of ICMP.
    Icmp,
    /// A protocol other than TCP, UDP and ICMP.
    Protocol,
}

/// Kinds of answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Answer {
    /// TCP: a port is open.
    SynAck,
    /// TCP: a connection is torn down.
    Rst,
    /// TCP: a port is closed.
    RstAck,
    /// ICMP: an answer to an echo request.
    EchoReply,
    /// ICMP: another answer.
    IcmpReply,
    /// ICMP: destination unreachable.
    Unreachable,
    /// ICMP: time exceeded.
    TimeExceeded,
    /// ICMP: another error with the packet that it is about.
    IcmpError,
    /// A service's answer in UDP.
    Udp(Service),
}

/// Kinds of mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mistake {
    /// TCP: data of a connection that there is not.
    StrayData,
    /// Log lines for a collector that there is not.
    Log,
    /// Flow records, traps and other telemetry.
    Telemetry,
    /// Leases, names and routes of a local network.
    LocalNetwork,
    /// An ICMP error about a packet that did not come from us.
    MisdirectedError,
}

/// Kinds of peer-to-peer noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PeerToPeer {
    /// BitTorrent's distributed table (BEP 5).
    Dht,
    /// BitTorrent's transport and trackers (BEP 29, 15).
    BitTorrent,
    /// eDonkey and Kademlia as eMule speaks it.
    Edonkey,
    /// Gnutella.
    Gnutella,
    /// NAT traversal (RFC 8489).
    Stun,
}

/// Why a packet is impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Impossible {
    /// A header's checksum, length or version is wrong.
    Broken,
    /// Its source is an address that is never routed.
    Source,
    /// It says to come from where it goes, or from within the telescope.
    OwnSource,
    /// Flags of TCP that exclude each other.
    Flags,
    /// Port zero.
    PortZero,
}

/// The rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Other {
    /// A piece of a packet.
    Fragment,
    /// A header that the capture cut off.
    Cut,
    /// A datagram that could be a probe of something unknown, or anything.
    Udp,
    /// A message of ICMP that neither asks nor answers.
    Icmp,
}

/// More than there are classes.
pub(crate) const CLASSES: usize = 160;

impl Class {
    /// A number below [`CLASSES`] that no other has.
    #[inline]
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Scan(scan) => match scan {
                Scan::Syn => 0,
                Scan::Fin => 1,
                Scan::Null => 2,
                Scan::Xmas => 3,
                Scan::Maimon => 4,
                Scan::Ack => 5,
                Scan::Flags => 6,
                Scan::Echo => 7,
                Scan::Icmp => 8,
                Scan::Protocol => 9,
                Scan::Udp(service) => 10 + service as u8,
            },
            Self::Backscatter(answer) => match answer {
                Answer::SynAck => 60,
                Answer::Rst => 61,
                Answer::RstAck => 62,
                Answer::EchoReply => 63,
                Answer::IcmpReply => 64,
                Answer::Unreachable => 65,
                Answer::TimeExceeded => 66,
                Answer::IcmpError => 67,
                Answer::Udp(service) => 70 + service as u8,
            },
            Self::Misconfiguration(mistake) => 120 + mistake as u8,
            Self::PeerToPeer(network) => 130 + network as u8,
            Self::Impossible(why) => 140 + why as u8,
            Self::Other(other) => 150 + other as u8,
        }
    }

    /// The group of classes, as a word.
    pub const fn group(self) -> &'static str {
        match self {
            Self::Scan(_) => "scan",
            Self::Backscatter(_) => "backscatter",
            Self::Misconfiguration(_) => "misconfiguration",
            Self::PeerToPeer(_) => "peer-to-peer",
            Self::Impossible(_) => "impossible",
            Self::Other(_) => "other",
        }
    }

    /// The kind within its group, as a word.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Scan(scan) => match scan {
                Scan::Syn => "syn",
                Scan::Fin => "fin",
                Scan::Null => "null",
                Scan::Xmas => "xmas",
                Scan::Maimon => "maimon",
                Scan::Ack => "ack",
                Scan::Flags => "flags",
                Scan::Udp(service) => service.name(),
                Scan::Echo => "echo",
                Scan::Icmp => "icmp",
                Scan::Protocol => "protocol",
            },
            Self::Backscatter(answer) => match answer {
                Answer::SynAck => "syn-ack",
                Answer::Rst => "rst",
                Answer::RstAck => "rst-ack",
                Answer::EchoReply => "echo-reply",
                Answer::IcmpReply => "icmp-reply",
                Answer::Unreachable => "unreachable",
                Answer::TimeExceeded => "time-exceeded",
                Answer::IcmpError => "icmp-error",
                Answer::Udp(service) => service.name(),
            },
            Self::Misconfiguration(mistake) => match mistake {
                Mistake::StrayData => "stray-data",
                Mistake::Log => "log",
                Mistake::Telemetry => "telemetry",
                Mistake::LocalNetwork => "local-network",
                Mistake::MisdirectedError => "misdirected-error",
            },
            Self::PeerToPeer(network) => match network {
                PeerToPeer::Dht => "dht",
                PeerToPeer::BitTorrent => "bittorrent",
                PeerToPeer::Edonkey => "edonkey",
                PeerToPeer::Gnutella => "gnutella",
                PeerToPeer::Stun => "stun",
            },
            Self::Impossible(why) => match why {
                Impossible::Broken => "broken",
                Impossible::Source => "source",
                Impossible::OwnSource => "own-source",
                Impossible::Flags => "flags",
                Impossible::PortZero => "port-zero",
            },
            Self::Other(other) => match other {
                Other::Fragment => "fragment",
                Other::Cut => "cut",
                Other::Udp => "udp",
                Other::Icmp => "icmp",
            },
        }
    }
}

/// What an attack uses, as its backscatter tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Vector {
    /// Segments of TCP: the victim answers with SYN-ACK or RST, or routers before it with
    /// errors.
    Tcp,
    /// Datagrams: errors come back.
    Udp,
    /// Datagrams that a service answers.
    Service(Service),
    /// ICMP: the victim answers.
    Icmp,
    /// Another protocol, quoted in errors.
    Protocol(u8),
}

impl Vector {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Service(service) => service.name(),
            Self::Icmp => "icmp",
            Self::Protocol(_) => "protocol",
        }
    }
}

impl Serialize for Vector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Protocol(number) => serializer.collect_str(&format_args!("protocol-{number}")),
            other => serializer.serialize_str(other.name()),
        }
    }
}

/// Whom a packet of backscatter shows to be under attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Victim {
    /// Its address: with ICMP errors the destination of the packet that is quoted.
    pub address: IpAddr,
    /// How it is attacked.
    pub vector: Vector,
    /// At which port, if there are ports.
    pub port: Option<u16>,
}

/// What was decided about a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What it is.
    pub class: Class,
    /// Whom it shows to be under attack.
    pub victim: Option<Victim>,
}
