//! Any bytes as a database of networks (libloc's and MaxMind's formats) and as an operator's
//! table: addresses have an origin or none, without a panic, also by the index of all of them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use ukai_model::Timestamp;
use ukai_packet::ip::Header;
use ukai_telescope::{Origins, Settings, Telescope};

fuzz_target!(|data: &[u8]| {
    let Some((choice, bytes)) = data.split_first() else { return };
    let mut origins = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| Origins::parse(text).ok())
        .unwrap_or_default();
    let magic: &[u8] = if choice & 1 == 0 { b"LOCDBXX\x01" } else { b"" };
    let _ = origins.add_database([magic, bytes].concat());
    for about in origins.databases() {
        let _ = about.made.to_string();
    }
    let mut seed = [0; 16];
    seed[..bytes.len().min(16)].copy_from_slice(&bytes[..bytes.len().min(16)]);
    let number = u128::from_be_bytes(seed);
    for address in [
        IpAddr::from(Ipv4Addr::from(number as u32)),
        IpAddr::from(Ipv6Addr::from(number)),
        IpAddr::from([203, 0, 113, 1]),
        IpAddr::from(Ipv6Addr::from(0x2001_0db8_u128 << 96)),
    ] {
        let origin = origins.of(address);
        assert!(origin.country.is_none_or(|country| country.len() == 2));
    }
    // A telescope has an index of all of it.
    let settings = Settings { sources_max: 8, victims_max: 32, ..Settings::default() };
    let mut telescope = Telescope::new(settings, origins, 7);
    for (src, dst) in [
        (IpAddr::from(Ipv4Addr::from(number as u32)), IpAddr::from([198, 18, 0, 1])),
        (IpAddr::from(Ipv6Addr::from(number)), IpAddr::from(Ipv6Addr::LOCALHOST)),
    ] {
        let header = Header {
            src,
            dst,
            // None: a header alone.
            protocol: 59,
            hop_limit: 50,
            traffic_class: 0,
            id: 1,
            dont_fragment: false,
            flow_label: 0,
        };
        let mut packet = Vec::new();
        header.write(&mut packet, 0);
        telescope.packet(Timestamp::from_secs(1_767_225_600), &packet, false);
    }
    telescope.finish();
    let summary = telescope.summary(1);
    assert!(summary.countries.iter().map(|seen| seen.packets).sum::<u64>() <= 2);
});
