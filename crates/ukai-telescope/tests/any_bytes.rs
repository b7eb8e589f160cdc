//! Any bytes are read and named without a panic, and the same way twice.

use proptest::prelude::*;
use ukai_model::Timestamp;
use ukai_telescope::seen::{Reading, Seen};
use ukai_telescope::{Link, Origins, Rules, Settings, Telescope, classify};

const LINKS: [Link; 5] = [Link::Ethernet, Link::Raw, Link::Loopback, Link::Cooked, Link::Cooked2];

fn read(frame: &[u8]) {
    for link in LINKS {
        let Ok(Some(packet)) = link.packet(frame) else { continue };
        for (cut, tunnels) in [(false, false), (true, false), (true, true)] {
            let how = Reading { checksums: !cut, tunnels };
            let Ok(seen) = Seen::read(packet, cut, how) else { continue };
            let verdict = classify(&seen, Rules::default());
            assert_eq!(verdict, classify(&seen, Rules::default()));
            let tells = verdict.class.group() == "backscatter";
            assert_eq!(verdict.victim.is_some(), tells, "{verdict:?}");
        }
    }
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        read(&bytes);
    }

    #[test]
    fn any_bytes_behind_a_plausible_start(
        version in prop_oneof![Just(4_u8), Just(6)],
        protocol in prop_oneof![Just(1_u8), Just(4), Just(6), Just(17), Just(41), Just(47), Just(58)],
        port in prop_oneof![Just(53_u16), Just(123), Just(161), Just(389), Just(443), Just(11211)],
        mut bytes in proptest::collection::vec(any::<u8>(), 64..200),
    ) {
        let length = bytes.len() as u16;
        let payload = if version == 4 {
            bytes[0] = 0x45;
            bytes[2..4].copy_from_slice(&length.to_be_bytes());
            bytes[6..8].fill(0);
            bytes[9] = protocol;
            20
        } else {
            bytes[0] = 0x60;
            bytes[4..6].copy_from_slice(&(length - 40).to_be_bytes());
            bytes[6] = protocol;
            40
        };
        bytes[payload..payload + 2].copy_from_slice(&port.to_be_bytes());
        read(&bytes);
    }
}

proptest! {
    // Each makes a telescope, with its table of all ports.
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Times go any way, also back and to the end of all times; tables are tiny.
    #[test]
    fn any_packets_at_any_times(
        packets in proptest::collection::vec(
            (any::<u64>(), 0_u8..4, any::<[u8; 3]>(), any::<[u8; 20]>()), 0..200),
    ) {
        let mut settings = Settings { sources_max: 8, victims_max: 8, flows_max: 4, ..Settings::default() };
        settings.reading.checksums = false;
        let mut telescope = Telescope::new(settings, Origins::default(), 7);
        let mut sum = 0;
        for (time, scale, src, tcp) in &packets {
            let time = time >> [0, 16, 32, 48][usize::from(*scale)];
            let mut packet = vec![0x45, 0, 0, 40, 0, 1, 0, 0, 50, 6, 0, 0, 9, src[0], src[1], src[2]];
            packet.extend_from_slice(&[198, 18, 0, src[0]]);
            let ip_sum = ukai_packet::checksum::Sum::new().bytes(&packet).finish();
            packet[10..12].copy_from_slice(&ip_sum.to_be_bytes());
            packet.extend_from_slice(tcp);
            telescope.packet(Timestamp::from_nanos(time), &packet, false);
            sum += recorded(&mut telescope);
        }
        telescope.finish();
        let _ = telescope.facts().count();
        sum += recorded(&mut telescope);
        prop_assert_eq!(telescope.summary(3).totals.packets, packets.len() as u64);
        prop_assert_eq!(sum, packets.len() as u64);
    }
}

/// Packets in the records of minutes that are over.
fn recorded(telescope: &mut Telescope) -> u64 {
    telescope.minutes().map(|minute| minute.flows().map(|flow| flow.packets).sum::<u64>()).sum()
}
