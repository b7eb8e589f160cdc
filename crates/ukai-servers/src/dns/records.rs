//! Records of every type, made from where a name is.

use super::zone::{Place, Zone};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, MX, NS, PTR, SOA, SRV, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// For how long records are kept that do not come from a place, in seconds.
const TTL: u32 = 3_600;

/// Who is a root server (RFC 9609).
const ROOTS: std::ops::RangeInclusive<char> = 'a'..='m';

/// A question.
pub(super) struct Asked<'a> {
    pub(super) name: &'a Name,
    /// The same in lower case, without the last dot.
    pub(super) text: &'a str,
    pub(super) record: RecordType,
    pub(super) zone: &'a dyn Zone,
}

/// The answer's records: none where the name has none of that type.
pub(super) fn records(asked: &Asked<'_>, place: &Place) -> Vec<Record> {
    let mut answers = Vec::new();
    let mut owner = asked.name.clone();
    if asked.record == RecordType::PTR {
        return pointer(asked).into_iter().collect();
    }
    for alias in &place.aliases {
        let Ok(target) = Name::from_ascii(format!("{alias}.")) else { continue };
        let data = RData::CNAME(CNAME(target.clone()));
        answers.push(Record::from_rdata(owner, place.ttl, data));
        owner = target;
    }
    if asked.record == RecordType::CNAME {
        answers.truncate(1);
        return answers;
    }
    let own = |data| Record::from_rdata(owner.clone(), place.ttl, data);
    let v4 = || place.v4.iter().map(|address| own(RData::A(A(*address))));
    let v6 = || place.v6.iter().map(|address| own(RData::AAAA(AAAA(*address))));
    match asked.record {
        RecordType::A => answers.extend(v4()),
        RecordType::AAAA => answers.extend(v6()),
        RecordType::ANY => answers.extend(v4().chain(v6())),
        RecordType::MX => {
            answers.extend(below(&owner, "mail").map(|name| own(RData::MX(MX::new(10, name)))));
        }
        RecordType::NS if owner.is_root() => answers.extend(ROOTS.filter_map(|letter| {
            let name = Name::from_ascii(format!("{letter}.root-servers.net.")).ok()?;
            Some(Record::from_rdata(owner.clone(), 518_400, RData::NS(NS(name))))
        })),
        RecordType::NS => answers.extend(
            ["ns1", "ns2"]
                .iter()
                .filter_map(|label| below(&registered(&owner), label))
                .map(|name| own(RData::NS(NS(name)))),
        ),
        RecordType::SOA => answers.extend(start(&registered(&owner)).map(own)),
        RecordType::TXT => answers.extend(
            texts(asked.text, place).into_iter().map(|text| own(RData::TXT(TXT::new(vec![text])))),
        ),
        RecordType::SRV => answers.extend(service(&owner).map(own)),
        _ => {}
    }
    answers
}

/// What goes with an answer that has no records (RFC 2308).
pub(super) fn authority(name: &Name) -> Option<Record> {
    let zone = registered(name);
    let data = start(&zone)?;
    Some(Record::from_rdata(zone, TTL, data))
}

/// The domain that is registered, as far as two labels tell.
fn registered(name: &Name) -> Name {
    name.trim_to(2)
}

fn below(name: &Name, label: &str) -> Option<Name> {
    name.prepend_label(label).ok()
}

fn start(zone: &Name) -> Option<RData> {
    let (server, contact) = (below(zone, "ns1")?, below(zone, "hostmaster")?);
    let soa = SOA::new(server, contact, 2_026_010_101, 7_200, 900, 1_209_600, 300);
    Some(RData::SOA(soa))
}

/// Texts of a name: its own, or those that mail servers look for (RFC 7208, 7489).
fn texts(name: &str, place: &Place) -> Vec<String> {
    if !place.texts.is_empty() {
        return place.texts.clone();
    }
    if name.starts_with("_dmarc.") {
        vec!["v=DMARC1; p=none".to_owned()]
    } else if name.contains("._domainkey.") {
        Vec::new()
    } else {
        vec!["v=spf1 a mx ~all".to_owned()]
    }
}

/// The server of a service `_name._protocol.domain` (RFC 2782).
fn service(name: &Name) -> Option<RData> {
    let mut labels = name.iter();
    let (service, protocol) = (labels.next()?, labels.next()?);
    if !service.starts_with(b"_") || !protocol.starts_with(b"_") {
        return None;
    }
    let port = match &service.to_ascii_lowercase()[1..] {
        b"ldap" => 389,
        b"kerberos" => 88,
        b"kpasswd" => 464,
        b"gc" => 3_268,
        b"sip" => 5_060,
        b"sips" => 5_061,
        b"stun" | b"turn" => 3_478,
        b"xmpp-client" => 5_222,
        b"xmpp-server" => 5_269,
        b"imap" => 143,
        b"imaps" => 993,
        b"pop3" => 110,
        b"pop3s" => 995,
        b"submission" => 587,
        b"http" => 80,
        b"mqtt" => 1_883,
        b"ntp" => 123,
        b"irc" => 6_667,
        b"ircs" => 6_697,
        b"minecraft" => 25_565,
        _ => 443,
    };
    let domain = Name::from_labels(labels).ok()?;
    Some(RData::SRV(SRV::new(0, 5, port, domain)))
}

/// The name of an address that stands in a name of `in-addr.arpa` or `ip6.arpa`.
fn pointer(asked: &Asked<'_>) -> Option<Record> {
    let address = address_of(asked.text)?;
    let name = asked.zone.name_of(address)?;
    let target = Name::from_ascii(format!("{name}.")).ok()?;
    Some(Record::from_rdata(asked.name.clone(), TTL, RData::PTR(PTR(target))))
}

fn address_of(text: &str) -> Option<IpAddr> {
    if let Some(octets) = text.strip_suffix(".in-addr.arpa") {
        let mut address = [0; 4];
        let mut labels = octets.rsplit('.');
        for octet in &mut address {
            *octet = labels.next()?.parse().ok()?;
        }
        return labels.next().is_none().then(|| Ipv4Addr::from(address).into());
    }
    let nibbles = text.strip_suffix(".ip6.arpa")?;
    let mut address = 0_u128;
    let mut count = 0;
    for nibble in nibbles.rsplit('.') {
        if nibble.len() != 1 || count == 32 {
            return None;
        }
        address = address << 4 | u128::from(nibble.chars().next()?.to_digit(16)?);
        count += 1;
    }
    (count == 32).then(|| Ipv6Addr::from(address).into())
}
