//! The real zmap's way through all of IPv4, solved. It only says where it would send
//! (`--dryrun`), in a network namespace without any network.

#[allow(dead_code, reason = "shared with other tests")]
mod support;

use rand::SeedableRng as _;
use rand::rngs::SmallRng;
use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::time::Duration;
use support::{BEGINS, packets};
use ukai_model::Timestamp;
use ukai_telescope::{Fact, Group, LeftOut, Link, Order, Origins, Scanner, Settings, Telescope};

/// Packets of a shard.
const PACKETS: usize = 60_000;

/// Where a shard of a scan would send, in its order.
fn targets(seed: u32, shard: u32) -> Vec<Ipv4Addr> {
    let script = format!(
        "ip link set lo up; zmap --dryrun -p 80 -n {} --seed {seed} --shards 2 --shard {shard} \
         -i lo -S 203.0.113.1 -G 00:00:00:00:00:01 -T 1 -c 1 -v 0",
        2 * PACKETS
    );
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/sbin:/sbin");
    let output = Command::new("unshare")
        .args(["--map-root-user", "--net", "sh", "-ec", &script])
        .env("PATH", path)
        .output()
        .expect("unshare (util-linux) runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let addresses = text.split("daddr: ").skip(1).filter_map(|rest| rest.split(' ').next());
    addresses.map(|address| address.parse().expect("an address")).collect()
}

#[test]
fn shards_of_a_scan_by_the_real_zmap_are_told_to_be_one() {
    let dark = "44.0.0.0/10";
    let settings = Settings {
        dark: std::iter::once(dark.parse().expect("a prefix")).collect(),
        ..Settings::default()
    };
    let mut telescope = Telescope::new(settings, Origins::default(), 7);
    let mut rng = SmallRng::seed_from_u64(1);
    // Two shards of one scan, and one of another; each sends 100,000 packets a second.
    for (number, (seed, shard)) in [(7, 0), (7, 1), (12, 0)].into_iter().enumerate() {
        let source = IpAddr::from([203, 0, 113, 10 * (number as u8 + 1)]);
        let targets = targets(seed, shard);
        assert!(targets.len() >= PACKETS, "{}", targets.len());
        for (sent, target) in targets.into_iter().enumerate() {
            if target.octets()[0] == 44 && target.octets()[1] < 64 {
                let time = Timestamp::from_secs(BEGINS) + Duration::from_micros(10 * sent as u64);
                let packet = packets::syn("zmap", 9, source, target.into(), 80, &mut rng);
                telescope.frame(time, Link::Raw, &packet, packet.len() as u32);
            }
        }
    }
    telescope.finish();
    let mut scanners: Vec<Scanner> = telescope
        .facts()
        .filter_map(|fact| if let Fact::Scanner(scanner) = fact { Some(scanner) } else { None })
        .collect();
    scanners.sort_by_key(|scanner| scanner.address);
    let sweeps: Vec<_> = scanners
        .iter()
        .map(|scanner| {
            assert_eq!(scanner.order, Order::Cyclic, "{scanner:?}");
            let sweep = scanner.sweep.expect("it is solved");
            assert_eq!(sweep.left_out, LeftOut::Special);
            assert!((sweep.rate / 100_000.0 - 1.0).abs() < 0.02, "{scanner:?}");
            sweep
        })
        .collect();
    let [one, other, else_] = sweeps[..] else { panic!("{scanners:?}") };
    assert_eq!(one.generator, other.generator);
    assert_ne!(one.generator, else_.generator);
    // Half of the way lies between the shards.
    let between = (one.position - other.position).rem_euclid(1.0);
    assert!((between - 0.5).abs() < 0.01, "{one:?} {other:?}");
    let campaigns = telescope.summary(1).campaigns;
    let shards = campaigns.iter().find(|campaign| campaign.group == Group::Scan(one.generator));
    assert_eq!(shards.map(|campaign| campaign.sources), Some(2), "{campaigns:?}");
}
