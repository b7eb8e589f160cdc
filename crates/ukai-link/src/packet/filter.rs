//! Which frames the kernel hands over: a program of classic BPF (Linux's
//! Documentation/networking/filter.rst) that looks at where they go.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use libc::sock_filter;
use ukai_packet::ether::ethertype;

/// Takes frames by the address that they go to, or that is asked for by ARP or by neighbour
/// discovery: so that what concerns the host itself is not even seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrefixFilter {
    /// What is taken; if there are none, everything.
    pub include: Vec<IpNet>,
    /// What is not taken, though it is within `include`.
    pub exclude: Vec<IpNet>,
}

/// More prefixes than the kernel takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a filter for these prefixes takes {0} instructions, and the kernel takes {INSTRUCTIONS_MAX}: \
     give fewer and larger prefixes"
)]
pub struct FilterTooLong(usize);

/// `BPF_MAXINSNS` of `linux/bpf_common.h`.
const INSTRUCTIONS_MAX: usize = 4_096;

/// Instructions of `linux/bpf_common.h`, and of `linux/filter.h`.
mod code {
    pub(super) const LOAD_WORD: u16 = 0x20;
    pub(super) const AND: u16 = 0x54;
    pub(super) const JUMP: u16 = 0x05;
    pub(super) const JUMP_IF_EQUAL: u16 = 0x15;
    pub(super) const RETURN: u16 = 0x06;
    /// Where the frame's protocol is found, whether or not there was a tag.
    pub(super) const PROTOCOL: u32 = (libc::SKF_AD_OFF + libc::SKF_AD_PROTOCOL) as u32;
    /// Where the packet begins, whatever is in front of it.
    pub(super) const PACKET: u32 = libc::SKF_NET_OFF as u32;
}

/// Where in a packet the addresses are that count.
mod place {
    pub(super) const V4_DESTINATION: u32 = 16;
    pub(super) const ARP_TARGET: u32 = 24;
    pub(super) const V6_DESTINATION: u32 = 24;
    pub(super) const SOLICITED_TARGET: u32 = 48;
}

const ALL: u32 = 0x0004_0000;
const NOTHING: u32 = 0;

impl PrefixFilter {
    /// The program.
    pub(super) fn program(&self) -> Result<Vec<sock_filter>, FilterTooLong> {
        // An inner tag hides what is behind it: the stack looks itself.
        let tagged = vec![op(code::RETURN, ALL)];
        let sections = [
            (ethertype::IPV4, self.v4(place::V4_DESTINATION)),
            (ethertype::ARP, self.v4(place::ARP_TARGET)),
            (ethertype::IPV6, self.v6()),
            (ethertype::VLAN, tagged.clone()),
            (ethertype::PROVIDER_VLAN, tagged),
        ];
        let mut program = vec![op(code::LOAD_WORD, code::PROTOCOL)];
        // Two instructions for each, and one behind them.
        let mut ahead = 2 * sections.len() as u32 + 1;
        for (protocol, section) in &sections {
            program.push(test(u32::from(*protocol), 1));
            ahead -= 2;
            program.push(op(code::JUMP, ahead));
            ahead += section.len() as u32;
        }
        program.push(op(code::RETURN, NOTHING));
        program.extend(sections.into_iter().flat_map(|(_, section)| section));
        if program.len() > INSTRUCTIONS_MAX {
            return Err(FilterTooLong(program.len()));
        }
        Ok(program)
    }

    /// Each prefix, with what it means: the first that fits counts.
    fn verdicts(&self) -> impl Iterator<Item = (IpNet, u32)> + '_ {
        let exclude = self.exclude.iter().map(|net| (*net, NOTHING));
        exclude.chain(self.include.iter().map(|net| (*net, ALL)))
    }

    /// What it means if none fits.
    fn otherwise(&self) -> sock_filter {
        op(code::RETURN, if self.include.is_empty() { ALL } else { NOTHING })
    }

    fn v4(&self, at: u32) -> Vec<sock_filter> {
        let mut section = Vec::new();
        for (net, verdict) in self.verdicts() {
            if let IpNet::V4(net) = net {
                let words = [(net.network().to_bits(), net.netmask().to_bits())];
                compare(
                    &mut section,
                    at,
                    &words[..usize::from(net != Ipv4Net::default())],
                    verdict,
                );
            }
        }
        section.push(self.otherwise());
        section
    }

    fn v6(&self) -> Vec<sock_filter> {
        let mut group = Vec::new();
        let mut section = Vec::new();
        for (net, verdict) in self.verdicts() {
            if let IpNet::V6(net) = net {
                let words = words(net);
                compare(&mut group, place::SOLICITED_TARGET, &words, verdict);
                compare(&mut section, place::V6_DESTINATION, &words, verdict);
            }
        }
        group.push(self.otherwise());
        section.push(self.otherwise());
        // To a group of this link: who is asked for counts (RFC 4861, 4.3).
        let mut whole = vec![
            op(code::LOAD_WORD, code::PACKET.wrapping_add(place::V6_DESTINATION)),
            test(0xff02_0000, 1),
            op(code::JUMP, section.len() as u32),
        ];
        whole.append(&mut section);
        whole.append(&mut group);
        whole
    }
}

/// The words of a prefix that count, each with its mask.
fn words(net: Ipv6Net) -> Vec<(u32, u32)> {
    let (network, mask) = (net.network().to_bits(), net.netmask().to_bits());
    let words = [96, 64, 32, 0].map(|by| ((network >> by) as u32, (mask >> by) as u32));
    words.into_iter().filter(|(_, mask)| *mask != 0).collect()
}

/// If the words at `at` are these, ends with `verdict`.
fn compare(section: &mut Vec<sock_filter>, at: u32, words: &[(u32, u32)], verdict: u32) {
    let length = |(_, mask): &(u32, u32)| if *mask == u32::MAX { 2 } else { 3 };
    let mut behind = words.iter().map(length).sum::<u8>() + 1;
    for (number, word) in words.iter().enumerate() {
        section.push(op(code::LOAD_WORD, code::PACKET.wrapping_add(at + 4 * number as u32)));
        if word.1 != u32::MAX {
            section.push(op(code::AND, word.1));
        }
        behind -= length(word);
        section.push(test(word.0, behind));
    }
    section.push(op(code::RETURN, verdict));
}

fn op(code: u16, value: u32) -> sock_filter {
    sock_filter { code, jt: 0, jf: 0, k: value }
}

/// Goes on if it is this, else behind so many others.
fn test(value: u32, behind: u8) -> sock_filter {
    sock_filter { code: code::JUMP_IF_EQUAL, jt: 0, jf: behind, k: value }
}

#[cfg(test)]
mod tests {
    use super::{ALL, INSTRUCTIONS_MAX, PrefixFilter, code};
    use ipnet::{IpNet, Ipv4Net, Ipv6Net};
    use libc::sock_filter;
    use proptest::prelude::*;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    /// What a program says of a packet, as the kernel reads it.
    fn verdict(program: &[sock_filter], protocol: u32, packet: &[u8]) -> u32 {
        let (mut at, mut value) = (0, 0);
        loop {
            let sock_filter { code: op, jt: yes, jf: no, k: operand } = program[at];
            at += 1;
            match op {
                code::LOAD_WORD if operand == code::PROTOCOL => value = protocol,
                code::LOAD_WORD => {
                    let start = operand.wrapping_sub(code::PACKET) as usize;
                    let Some(word) = packet.get(start..start + 4) else { return 0 };
                    value = u32::from_be_bytes(word.try_into().unwrap());
                }
                code::AND => value &= operand,
                code::JUMP => at += operand as usize,
                code::JUMP_IF_EQUAL => at += usize::from(if value == operand { yes } else { no }),
                code::RETURN => return operand,
                _ => panic!("instruction {op}"),
            }
        }
    }

    fn packet_v4(to: Ipv4Addr) -> Vec<u8> {
        [&[0x45; 16][..], &to.octets()].concat()
    }

    fn arp(target: Ipv4Addr) -> Vec<u8> {
        [&[0; 24][..], &target.octets()].concat()
    }

    fn packet_v6(to: Ipv6Addr, behind: &[u8]) -> Vec<u8> {
        [&[0x60; 24][..], &to.octets(), behind].concat()
    }

    fn solicited(target: Ipv6Addr) -> Vec<u8> {
        let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00, target.segments()[7]);
        packet_v6(group, &[&[0; 8][..], &target.octets()].concat())
    }

    /// Addresses near each other, so that prefixes often hold them.
    fn v4() -> impl Strategy<Value = Ipv4Addr> {
        (0..4_u32, 0..4_u32).prop_map(|(a, b)| Ipv4Addr::from(a << 30 | b << 7 | a))
    }

    fn v6() -> impl Strategy<Value = Ipv6Addr> {
        (0..4_u128, 0..4_u128, 0..4_u128)
            .prop_map(|(a, b, c)| Ipv6Addr::from(0x2001 << 112 | a << 94 | b << 62 | c << 31 | a))
    }

    fn nets() -> impl Strategy<Value = Vec<IpNet>> {
        let v4 = (v4(), 0..=32_u8).prop_map(|(a, bits)| Ipv4Net::new(a, bits).unwrap().into());
        let v6 = (v6(), 0..=128_u8).prop_map(|(a, bits)| Ipv6Net::new(a, bits).unwrap().into());
        proptest::collection::vec(prop_oneof![v4, v6], 0..6)
    }

    proptest! {
        #[test]
        fn a_program_agrees_with_the_prefixes(
            include in nets(), exclude in nets(), v4 in v4(), v6 in v6(),
        ) {
            let filter = PrefixFilter { include, exclude };
            let program = filter.program().unwrap();
            let holds = |nets: &[IpNet], address: IpAddr| nets.iter().any(|net| net.contains(&address));
            let taken = |address| {
                let all = filter.include.is_empty();
                !holds(&filter.exclude, address) && (all || holds(&filter.include, address))
            };
            let (of_v4, of_v6) = (taken(v4.into()), taken(v6.into()));
            prop_assert_eq!(verdict(&program, 0x0800, &packet_v4(v4)), u32::from(of_v4) * ALL);
            prop_assert_eq!(verdict(&program, 0x0806, &arp(v4)), u32::from(of_v4) * ALL);
            prop_assert_eq!(verdict(&program, 0x86dd, &packet_v6(v6, &[])), u32::from(of_v6) * ALL);
            prop_assert_eq!(verdict(&program, 0x86dd, &solicited(v6)), u32::from(of_v6) * ALL);
            prop_assert_eq!(verdict(&program, 0x8100, &[]), ALL);
            prop_assert_eq!(verdict(&program, 0x88cc, &packet_v4(v4)), 0);
        }
    }

    #[test]
    fn too_many_prefixes_are_refused() {
        let nets = |count: u32| -> Vec<IpNet> {
            let net = |number: u32| Ipv4Net::new(Ipv4Addr::from(number << 8), 24).unwrap().into();
            (0..count).map(net).collect()
        };
        let filter = |count| PrefixFilter { include: nets(count), exclude: Vec::new() };
        assert!(filter(500).program().unwrap().len() <= INSTRUCTIONS_MAX);
        assert!(filter(600).program().unwrap_err().to_string().contains("4096"));
    }
}
