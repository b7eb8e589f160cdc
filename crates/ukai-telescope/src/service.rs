//! Services in UDP, told by port and first bytes together: which way a datagram goes is
//! what decides between a probe and an answer, and ports alone do not tell it.

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is named by `name`")]
pub enum Service {
    Dns,
    Ntp,
    Snmp,
    Ssdp,
    Cldap,
    Memcached,
    Quic,
    Sip,
    Netbios,
    Mdns,
    Tftp,
    Rpc,
    Coap,
    WsDiscovery,
    Chargen,
    Qotd,
    Ipmi,
    MsSqlBrowser,
    Ubiquiti,
    Ike,
    OpenVpn,
    Wireguard,
    Dtls,
    AppleRemote,
    Dvr,
    Steam,
    Quake,
    Xdmcp,
    Netis,
    Rip,
    Bacnet,
    L2tp,
    Empty,
    Unknown,
}

impl Service {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Ntp => "ntp",
            Self::Snmp => "snmp",
            Self::Ssdp => "ssdp",
            Self::Cldap => "cldap",
            Self::Memcached => "memcached",
            Self::Quic => "quic",
            Self::Sip => "sip",
            Self::Netbios => "netbios",
            Self::Mdns => "mdns",
            Self::Tftp => "tftp",
            Self::Rpc => "rpc",
            Self::Coap => "coap",
            Self::WsDiscovery => "ws-discovery",
            Self::Chargen => "chargen",
            Self::Qotd => "qotd",
            Self::Ipmi => "ipmi",
            Self::MsSqlBrowser => "mssql-browser",
            Self::Ubiquiti => "ubiquiti",
            Self::Ike => "ike",
            Self::OpenVpn => "openvpn",
            Self::Wireguard => "wireguard",
            Self::Dtls => "dtls",
            Self::AppleRemote => "apple-remote",
            Self::Dvr => "dvr",
            Self::Steam => "steam",
            Self::Quake => "quake",
            Self::Xdmcp => "xdmcp",
            Self::Netis => "netis",
            Self::Rip => "rip",
            Self::Bacnet => "bacnet",
            Self::L2tp => "l2tp",
            Self::Empty => "empty",
            Self::Unknown => "unknown",
        }
    }
}
