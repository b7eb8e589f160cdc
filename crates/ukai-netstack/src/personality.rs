//! What an operating system's network stack looks like from outside.

/// The order of options in a SYN's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionOrder {
    /// MSS, SACK and timestamps packed in eight bytes and ten, NOP, scale
    /// (`tcp_options_write` of Linux).
    Linux,
    /// MSS, NOP, scale, SACK, timestamps (FreeBSD, and Windows with timestamps).
    Bsd,
    /// MSS, NOP, scale, NOP, NOP, SACK (Windows).
    Windows,
}

/// Where the identification of IPv4 packets comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpId {
    /// Zero.
    Zero,
    /// A counter, by peer and protocol.
    Counter,
    /// A counter, by peer: Windows' (nmap's `SS=S`).
    Shared,
    /// Random.
    Random,
}

/// What an operating system's network stack looks like from outside: what `p0f` and
/// `nmap -O` look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Personality {
    /// Time to live, or hop limit, of what it sends.
    pub ttl: u8,
    /// Time to live of its ICMP messages.
    pub icmp_ttl: u8,
    /// The window in its answer to a SYN with timestamps.
    pub window: u16,
    /// The same without timestamps.
    pub window_plain: u16,
    /// The longest segment that it takes over Ethernet, before what the link's MTU allows.
    pub mss_max: u16,
    /// The order of options.
    pub options: OptionOrder,
    /// How far its windows are shifted; `None`: it knows no scale.
    pub scale: Option<u8>,
    /// Whether it takes selective acknowledgements.
    pub sack: bool,
    /// How often its TCP clock ticks in a second; `None`: it knows no timestamps.
    pub clock_hertz: Option<u32>,
    /// Whether that clock shows since when the host runs, as Linux's did before 4.10;
    /// otherwise it begins anywhere for each pair of addresses.
    pub clock_since_boot: bool,
    /// Whether it agrees to ECN (RFC 3168).
    pub ecn: bool,
    /// Whether routers must not fragment what it sends over TCP.
    pub dont_fragment: bool,
    /// Identification of its answers to SYNs and of its resets.
    pub id_answers: IpId,
    /// Identification of its segments within a connection.
    pub id_segments: IpId,
    /// Identification of its ICMP messages.
    pub id_icmp: IpId,
    /// Whether a SYN is answered that has FIN, too: Linux before 3.4 did.
    pub takes_syn_fin: bool,
    /// Whether a segment with FIN, PSH and URG to a closed port is reset.
    pub resets_xmas: bool,
    /// Whether a segment without SYN, ACK or RST to an open port is reset: Windows does.
    pub resets_null: bool,
    /// Whether a reset that answers an acknowledgement repeats it: Windows does.
    pub resets_with_ack: bool,
    /// Whether a closed UDP port answers with an ICMP error.
    pub udp_unreachable: bool,
    /// Bytes of a quoted packet's payload in ICMP errors; `None`: as much as 576 bytes hold.
    pub quote_bytes: Option<u16>,
    /// Whether the answer to an echo request has the request's code.
    pub echoes_code: bool,
    /// Traffic class of ICMP errors.
    pub icmp_error_class: u8,
}

impl Personality {
    /// Linux, by the release of its kernel as `uname -r` tells it: `3.4.35`.
    pub fn of_linux(release: &str) -> Self {
        let mut numbers = release.split(['.', '-', '+']).map(|part| part.parse().unwrap_or(0));
        let version: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        match version {
            // What tells nothing is a new one.
            (0, _) => Self::linux(),
            (..=2, _) => Self::linux_2_6(),
            (3, _) => Self::linux_3(),
            _ => Self::linux(),
        }
    }

    /// Linux 4.15 and later (nmap-os-db "Linux 4.15 - 5.6", p0f "Linux 3.11 and newer";
    /// compared with Linux itself).
    pub fn linux() -> Self {
        Self {
            ttl: 64,
            icmp_ttl: 64,
            window: 65_160,
            window_plain: 64_240,
            mss_max: 1_460,
            options: OptionOrder::Linux,
            scale: Some(7),
            sack: true,
            clock_hertz: Some(1_000),
            clock_since_boot: false,
            ecn: true,
            dont_fragment: true,
            id_answers: IpId::Zero,
            id_segments: IpId::Counter,
            id_icmp: IpId::Counter,
            takes_syn_fin: false,
            resets_xmas: true,
            resets_null: false,
            resets_with_ack: false,
            udp_unreachable: true,
            quote_bytes: None,
            echoes_code: true,
            icmp_error_class: 0xc0,
        }
    }

    /// Linux 2.6.31 to 3.0, as in many devices (nmap-os-db "Linux 2.6.31 - 3.0").
    pub fn linux_2_6() -> Self {
        Self {
            window: 5_792,
            window_plain: 5_840,
            scale: Some(2),
            clock_hertz: Some(250),
            clock_since_boot: true,
            takes_syn_fin: true,
            ..Self::linux()
        }
    }

    /// Linux 3.2 to 3.10 (nmap-os-db "Linux 3.2 - 3.8").
    pub fn linux_3() -> Self {
        Self {
            window: 14_480,
            window_plain: 14_600,
            scale: Some(4),
            clock_hertz: Some(100),
            clock_since_boot: true,
            ..Self::linux()
        }
    }

    /// Windows 10 (nmap-os-db "Microsoft Windows 10", with timestamps).
    pub fn windows() -> Self {
        Self {
            ttl: 128,
            icmp_ttl: 128,
            window: 8_192,
            window_plain: 8_192,
            options: OptionOrder::Windows,
            scale: Some(8),
            ecn: false,
            id_answers: IpId::Shared,
            id_segments: IpId::Shared,
            id_icmp: IpId::Shared,
            resets_null: true,
            resets_with_ack: true,
            echoes_code: false,
            icmp_error_class: 0,
            ..Self::linux()
        }
    }
}
