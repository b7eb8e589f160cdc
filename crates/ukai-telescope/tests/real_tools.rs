//! The real zmap, masscan, nmap and hping3, recognised; and a real flood with forged
//! sources, of which the victim's own kernel tells. All in a network namespace of the
//! test's own, on a pair of devices that leads nowhere.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::IpAddr;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use ukai_link::capture::CaptureReader;
use ukai_telescope::{Attack, Fact, Link, Origins, Scanner, Settings, Telescope, Tool};

/// Tools side by side, each with a source of its own; the capture is `capture.pcap`.
/// `2>&1` is looked at when the test fails.
const SCRIPT: &str = "\
ip link set lo up
ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
for host in 11 12 13 14 15; do ip address add 203.0.113.$host/24 dev v0; done
for host in 12 13; do ip -6 address add 2001:db9::$host/64 dev v0 nodad; done
ip address add 192.0.2.80/32 dev lo
for device in all lo v0 v1; do echo 0 > /proc/sys/net/ipv4/conf/$device/rp_filter; done
mac=$(ip -o link show v1 | sed 's/.*ether \\([0-9a-f:]*\\) .*/\\1/')
ip neigh add 203.0.113.254 lladdr $mac dev v0
ip route add default via 203.0.113.254 dev v0
ip -6 neigh add 2001:db9::fe lladdr $mac dev v0
ip -6 route add default via 2001:db9::fe dev v0
tcpdump -i v1 -Q in -U -w capture.pcap ip or ip6 2>tcpdump.log & dump=$!
until grep -q listening tcpdump.log; do sleep 0.05; done
zmap -p 23 -i v0 -S 203.0.113.11 -G $mac -r 2000 -c 1 -n 200 198.18.0.0/22 -o zmap.out -b /dev/null 2>&1 & zmap=$!
masscan -p 23,80 198.18.4.0/26 --rate 2000 --wait 0 --adapter-ip 203.0.113.12 --router-mac $mac --interface v0 2>&1 & masscan=$!
masscan -p 23,80 2001:db8::/122 --rate 2000 --wait 0 --adapter-ip 2001:db9::12 --router-mac $mac --interface v0 2>&1 & masscan6=$!
hping3 -q -S -p 81 --rand-source -c 300 -i u10000 192.0.2.80 2>&1 & flood=$!
nmap -n -Pn -sS -p 22,80 -S 203.0.113.13 -e v0 --max-retries 0 --min-rate 2000 198.18.9.0/27 2>&1
nmap -n -Pn -sX -p 443 -S 203.0.113.13 -e v0 --max-retries 0 --min-rate 2000 198.18.9.0/27 2>&1
nmap -6 -n -Pn -sS -p 22,80 -S 2001:db9::13 -e v0 --max-retries 0 --min-rate 2000 2001:db8::1:0/123 2>&1
hping3 -q -S -p 8080 -a 203.0.113.15 -c 60 -i u2000 --rand-dest 198.18.11.x --interface v0 2>&1 || true
hping3 -q -S -p 80 -a 203.0.113.14 -c 50 -i u2000 198.18.1.1 2>&1 || true
wait $zmap $masscan $masscan6
# Nobody answers hping3: it ends with 1.
wait $flood || true
sleep 0.3
kill -INT $dump
wait $dump
";

/// Runs the script in a network namespace; the capture is in `folder` then.
fn capture(name: &str, folder: &Path) {
    const INSIDE: &str = "UKAI_TEST_INSIDE";
    if std::env::var_os(INSIDE).is_none() {
        let mut again = Command::new("unshare");
        if !rustix::process::geteuid().is_root() {
            again.arg("--map-root-user");
        }
        let program = std::env::current_exe().expect("this program has a path");
        again.arg("--net").arg(program).args([name, "--exact", "--nocapture"]).env(INSIDE, "1");
        panic!("unshare (util-linux) is needed: {}", again.exec());
    }
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/sbin:/sbin");
    let output = Command::new("sh")
        .args(["-ec", SCRIPT])
        .current_dir(folder)
        .env("PATH", path)
        .output()
        .expect("sh runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{said}\n{errors}", output.status);
}

#[test]
fn each_tool_is_recognised_and_a_flood_has_its_victim() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    capture("each_tool_is_recognised_and_a_flood_has_its_victim", folder.path());
    let mut settings = Settings::default();
    settings.attack.duration_min = Duration::from_secs(1);
    let mut telescope = Telescope::new(settings, Origins::default(), 7);
    let file = File::open(folder.path().join("capture.pcap")).expect("a capture");
    let mut reader = CaptureReader::new(file).expect("a capture");
    while let Some(frame) = reader.next().expect("a whole capture") {
        let link = Link::from_number(u32::from(frame.link_type.0)).expect("Ethernet");
        telescope.frame(frame.time, link, frame.bytes, frame.original_bytes);
    }
    telescope.finish();
    let mut scanners: BTreeMap<IpAddr, Scanner> = BTreeMap::new();
    let mut attacks: Vec<Attack> = Vec::new();
    for fact in telescope.facts() {
        match fact {
            Fact::Scanner(scanner) => drop(scanners.insert(scanner.address, scanner)),
            Fact::AttackEnded(attack) => attacks.push(attack),
            _ => {}
        }
    }
    // Packets of each, and at least how many of them must bear the mark: nmap's numbers
    // change from run to run, and whoever else speaks from the same address has none.
    let expected = [
        ("203.0.113.11", "zmap", 200, 200),
        ("203.0.113.12", "masscan", 128, 128),
        ("203.0.113.13", "nmap", 96, 94),
        ("203.0.113.15", "hping3", 60, 60),
        ("2001:db9::12", "masscan", 128, 128),
        ("2001:db9::13", "nmap", 64, 64),
    ];
    for (source, tool, packets, marked) in expected {
        let scanner = &scanners[&source.parse().expect("an address")];
        assert_eq!(scanner.tool.map(Tool::name), Some(tool), "{scanner:?}");
        assert!(scanner.probes >= packets, "{scanner:?}");
        assert!(scanner.evidence[0].packets >= marked, "{scanner:?}");
    }
    // hping3 tries one target only, which is no scan: it is asked for by its packets.
    assert!(!scanners.contains_key(&IpAddr::from([203, 0, 113, 14])));
    let victims: Vec<_> = attacks.iter().map(|attack| attack.victim.to_string()).collect();
    assert_eq!(victims, ["192.0.2.80/32"], "{attacks:?}");
    let attack = &attacks[0];
    // Forged sources in ranges that are never routed get no answer.
    assert!((200..=300).contains(&attack.packets), "{attack:?}");
    assert!(attack.addresses >= 190, "{attack:?}");
    assert_eq!(attack.vectors[0].vector.name(), "tcp");
    assert_eq!(attack.ports[0].port.to_string(), "81/tcp");
}
