//! DHCP for IPv6 (RFC 8415): an address for who wants one, and name servers for all.

use super::{Answers, Asker, Road};
use crate::places::ROUTER;
use dhcproto::v6::{
    DhcpOption, DhcpOptions, IAAddr, IANA, Message, MessageType, OptionCode, Status, StatusCode,
};
use dhcproto::{Decodable, Encodable};
use std::io;
use std::net::Ipv6Addr;
use ukai_model::{EventKind, PeerText};
use ukai_packet::ether::Mac;
use ukai_packet::ip::Ip;
use ukai_packet::protocol;
use ukai_packet::udp::Udp;

/// For how long an address is given, in seconds.
const LIFE_S: u32 = 86_400;

/// Addresses that one message is given.
const ASSOCIATIONS_MAX: usize = 4;

impl Road {
    pub(super) fn dhcp6(
        &mut self,
        asker: Asker<'_>,
        station: Mac,
        ip: &Ip<'_>,
        udp: &Udp<'_>,
        answers: &mut Answers<'_>,
    ) -> io::Result<bool> {
        if self.guest.network_v6.is_none() {
            return Ok(true);
        }
        let Ok(asked) = Message::from_bytes(udp.payload) else { return Ok(true) };
        let rapid = asked.opts().get(OptionCode::RapidCommit).is_some();
        let answer = match asked.msg_type() {
            MessageType::Solicit if !rapid => MessageType::Advertise,
            MessageType::Solicit
            | MessageType::Request
            | MessageType::Confirm
            | MessageType::Renew
            | MessageType::Rebind
            | MessageType::Release
            | MessageType::Decline
            | MessageType::InformationRequest => MessageType::Reply,
            _ => return Ok(true),
        };
        (self.tell)(EventKind::ServiceRequest {
            protocol: "dhcpv6".to_owned(),
            request: format!("{:?}", asked.msg_type()).to_lowercase(),
            detail: PeerText::default(),
        });
        let mut reply = Message::new_with_id(answer, asked.xid());
        let options = reply.opts_mut();
        if let Some(client) = asked.opts().get(OptionCode::ClientId) {
            options.insert(client.clone());
        }
        options.insert(DhcpOption::ServerId(self.duid()));
        if rapid && asked.msg_type() == MessageType::Solicit {
            options.insert(DhcpOption::RapidCommit);
        }
        for association in
            asked.opts().get_all(OptionCode::IANA).unwrap_or_default().iter().take(ASSOCIATIONS_MAX)
        {
            if let DhcpOption::IANA(association) = association
                && let Some(address) = self.address_v6(station, association.id)
            {
                options.insert(DhcpOption::IANA(given(association.id, address)));
                self.guests.learn(address.into(), station);
            }
        }
        options.insert(DhcpOption::DomainNameServers(self.name_servers_v6()));
        if matches!(
            asked.msg_type(),
            MessageType::Confirm | MessageType::Release | MessageType::Decline
        ) {
            options.insert(DhcpOption::StatusCode(StatusCode {
                status: Status::Success,
                msg: String::new(),
            }));
        }
        let Ok(payload) = reply.to_vec() else { return Ok(true) };
        let header = Self::header(ROUTER.into(), ip.src, protocol::UDP, 64);
        answers.packet(asker, None, true, |out| {
            Udp { src_port: 547, dst_port: 546, payload: &payload }.write(&header, out);
        })?;
        Ok(true)
    }

    /// Our identity: by our station (RFC 8415, 11.4).
    fn duid(&self) -> Vec<u8> {
        let Mac(station) = self.mac;
        [&[0, 3, 0, 1][..], &station].concat()
    }

    /// The address of a station's association: always the same.
    fn address_v6(&self, station: Mac, id: u32) -> Option<Ipv6Addr> {
        let network = u128::from(self.guest.network_v6?.network());
        let Mac([.., d, e, f]) = station;
        let host = 0x1000 + (u128::from(u32::from_be_bytes([0, d, e, f]) ^ id) & 0x00ff_ffff);
        Some((network | host).into())
    }
}

fn given(id: u32, address: Ipv6Addr) -> IANA {
    let mut options = DhcpOptions::new();
    options.insert(DhcpOption::IAAddr(IAAddr {
        addr: address,
        preferred_life: LIFE_S / 2,
        valid_life: LIFE_S,
        opts: DhcpOptions::new(),
    }));
    IANA { id, t1: LIFE_S / 4, t2: LIFE_S / 8 * 3, opts: options }
}
