//! DHCP for IPv4 (RFC 2131, 2132): every station gets an address, the gateway, and name
//! servers. Messages are read and written by `dhcproto`.

use super::{Answers, Asker, Road};
use dhcproto::v4::{DhcpOption, Message, MessageType, Opcode, OptionCode};
use dhcproto::{Decodable, Encodable};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use ukai_model::{EventKind, PeerText};
use ukai_packet::ether::Mac;
use ukai_packet::protocol;
use ukai_packet::udp::Udp;

/// For how long an address is given, in seconds.
const LEASE_S: u32 = 86_400;

/// The shortest message of BOOTP (RFC 951), in bytes: some clients drop shorter ones.
const SHORTEST_BYTES: usize = 300;

impl Road {
    pub(super) fn dhcp4(
        &mut self,
        asker: Asker<'_>,
        station: Mac,
        udp: &Udp<'_>,
        answers: &mut Answers<'_>,
    ) -> io::Result<bool> {
        let Ok(asked) = Message::from_bytes(udp.payload) else { return Ok(true) };
        if asked.opcode() != Opcode::BootRequest {
            return Ok(true);
        }
        let kind = asked.opts().msg_type();
        let answer = match kind {
            Some(MessageType::Discover) => MessageType::Offer,
            Some(MessageType::Request) if self.is_for_another(&asked) => return Ok(true),
            Some(MessageType::Request | MessageType::Inform) => MessageType::Ack,
            _ => return Ok(true),
        };
        let given = if kind == Some(MessageType::Inform) {
            Ipv4Addr::UNSPECIFIED
        } else {
            let Some(given) = self.lease(station) else { return Ok(true) };
            given
        };
        // Who asks for another than it is given must begin anew.
        let wanted = match asked.opts().get(OptionCode::RequestedIpAddress) {
            Some(DhcpOption::RequestedIpAddress(wanted)) => Some(*wanted),
            _ => Some(asked.ciaddr()).filter(|address| !address.is_unspecified()),
        };
        let refused =
            kind == Some(MessageType::Request) && wanted.is_some_and(|wanted| wanted != given);
        let answer = if refused { MessageType::Nak } else { answer };
        self.tell_dhcp(&asked, kind, given);
        let mut reply = Message::new_with_id(
            asked.xid(),
            asked.ciaddr(),
            given,
            self.guest.gateway(),
            asked.giaddr(),
            asked.chaddr(),
        );
        reply.set_opcode(Opcode::BootReply).set_flags(asked.flags()).set_htype(asked.htype());
        let options = reply.opts_mut();
        options.insert(DhcpOption::MessageType(answer));
        options.insert(DhcpOption::ServerIdentifier(self.guest.gateway()));
        if !refused {
            self.options(options, kind != Some(MessageType::Inform));
        }
        let Ok(mut payload) = reply.to_vec() else { return Ok(true) };
        payload.resize(payload.len().max(SHORTEST_BYTES), 0);
        // A client without an address hears what is sent to all (RFC 2131, 4.1).
        let (to, group) = if asked.ciaddr().is_unspecified() {
            (Ipv4Addr::BROADCAST, Some(Mac([0xff; 6])))
        } else {
            (asked.ciaddr(), None)
        };
        let header = Self::header(self.guest.gateway().into(), IpAddr::V4(to), protocol::UDP, 64);
        answers.packet(asker, group, false, |out| {
            Udp { src_port: 67, dst_port: 68, payload: &payload }.write(&header, out);
        })?;
        Ok(true)
    }

    fn options(&self, options: &mut dhcproto::v4::DhcpOptions, leased: bool) {
        if leased {
            options.insert(DhcpOption::AddressLeaseTime(LEASE_S));
            options.insert(DhcpOption::Renewal(LEASE_S / 2));
            options.insert(DhcpOption::Rebinding(LEASE_S / 8 * 7));
        }
        options.insert(DhcpOption::SubnetMask(self.guest.network.netmask()));
        options.insert(DhcpOption::BroadcastAddr(self.guest.network.broadcast()));
        options.insert(DhcpOption::Router(vec![self.guest.gateway()]));
        options.insert(DhcpOption::DomainNameServer(self.name_servers_v4()));
        options.insert(DhcpOption::NtpServers(vec![self.guest.gateway()]));
        options.insert(DhcpOption::InterfaceMtu(self.mtu));
        if !self.guest.domain.is_empty() {
            options.insert(DhcpOption::DomainName(self.guest.domain.clone()));
        }
    }

    /// A request that chooses another server's offer.
    fn is_for_another(&self, asked: &Message) -> bool {
        matches!(asked.opts().get(OptionCode::ServerIdentifier),
            Some(DhcpOption::ServerIdentifier(server)) if *server != self.guest.gateway())
    }

    /// The address of a station: always the same one.
    fn lease(&mut self, station: Mac) -> Option<Ipv4Addr> {
        let network = self.guest.network;
        let within = |v4: Ipv4Addr| network.contains(&v4);
        if let Some(given) = self.guests.lease(station, within) {
            return Some(given);
        }
        let room = u32::from(network.broadcast()) - u32::from(network.network());
        let number = self.guest.first_lease.checked_add(self.leases)?;
        if number >= room {
            return None;
        }
        self.leases += 1;
        let given = Ipv4Addr::from(u32::from(network.network()) + number);
        self.guests.learn(given.into(), station);
        Some(given)
    }

    pub(super) fn name_servers_v4(&self) -> Vec<Ipv4Addr> {
        let listed = self.guest.name_servers.iter().filter_map(|server| match server {
            IpAddr::V4(v4) => Some(*v4),
            IpAddr::V6(_) => None,
        });
        let listed: Vec<Ipv4Addr> = listed.take(4).collect();
        if listed.is_empty() { vec![self.guest.gateway()] } else { listed }
    }

    fn tell_dhcp(&self, asked: &Message, kind: Option<MessageType>, given: Ipv4Addr) {
        let name = match asked.opts().get(OptionCode::Hostname) {
            Some(DhcpOption::Hostname(name)) => name.as_str(),
            _ => "",
        };
        let request =
            kind.map_or_else(|| "?".to_owned(), |kind| format!("{kind:?}").to_lowercase());
        (self.tell)(EventKind::ServiceRequest {
            protocol: "dhcp".to_owned(),
            request,
            detail: PeerText::truncated(format!("{name} {given}").trim().as_bytes(), 256),
        });
    }
}
