//! Whole prefixes of hosts, on a TUN device in a network namespace of the test's own.

use crate::circle::CAMERA_CREDENTIALS;
use crate::support::bot::Bot;
use crate::support::network::{in_own_network, sh};
use crate::support::program::{Ukai, binary};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::process::Command;
use std::time::Duration;

/// Log-ins of the personas. A host takes some of its persona's.
const CREDENTIALS: [(&str, &[(&str, &str)]); 3] = [
    ("camera-arm", CAMERA_CREDENTIALS),
    ("router-mips", &[("root", "admin"), ("admin", "admin"), ("root", "xc3511")]),
    ("server-debian", &[("root", "toor"), ("root", "123456")]),
];

/// Starts with a network on `ukai0`; the kernel is the router before it.
fn start(network: &str) -> Ukai {
    let ukai = Ukai::start_with(|configuration| {
        let network = format!(
            "\n[[honeypot.networks]]\nlink = {{ kind = \"tun\", device = \"ukai0\" }}\n\
             prefixes = [\"198.18.0.0/16\", \"2001:db8::/32\"]\n\
             personas = [\"camera-arm\", \"router-mips\", \"server-debian\"]\n{network}\n"
        );
        configuration.push_str(&network);
    });
    sh("echo 0 > /proc/sys/net/ipv6/conf/ukai0/disable_ipv6
        ip address add 203.0.113.1/24 dev ukai0
        ip address add 2001:db9::1/64 dev ukai0 nodad
        ip link set ukai0 up txqueuelen 20000
        ip route add 198.18.0.0/15 dev ukai0
        ip route add 2001:db8::/32 dev ukai0");
    ukai
}

/// What `ukai sensor hosts` says, by address.
fn hosts(ukai: &Ukai, addresses: &[IpAddr]) -> BTreeMap<IpAddr, Value> {
    let output = Command::new(binary())
        .args(["sensor", "hosts", "--json", "--config"])
        .arg(ukai.configuration())
        .args(addresses.iter().map(ToString::to_string))
        .output()
        .expect("ukai runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("text");
    let cards = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    cards
        .map(|card| (card["address"].as_str().expect("text").parse().expect("an address"), card))
        .collect()
}

/// A Telnet log-in at an address with the persona that is told to be there.
fn log_in(address: IpAddr, card: &Value) {
    let mine = CREDENTIALS.iter().find(|(persona, _)| card["persona"] == *persona);
    let (_, pairs) = mine.expect("a persona with log-ins");
    let let_in = pairs.iter().find_map(|pair| {
        let mut bot = Bot::connect(SocketAddr::new(address, 23));
        bot.is_let_in(*pair).then_some(bot)
    });
    let mut bot = let_in.unwrap_or_else(|| panic!("nobody is let in: {card}"));
    let said = bot.run("cat /proc/version; hostname");
    let (system, name) = (card["system"].as_str(), card["hostname"].as_str());
    let (system, name) = (system.expect("text"), name.expect("text"));
    let kernel = system.trim_start_matches("Linux ");
    assert!(said.contains(&format!("Linux version {kernel} ")), "{address}: {card} said {said}");
    assert!(said.trim_end().ends_with(name), "{address}: {card} said {said}");
}

/// The same by the real `ssh`, on a Debian host.
fn log_in_by_ssh(address: IpAddr, card: &Value) {
    let name = sh(&format!(
        "for password in toor 123456; do
             sshpass -p $password ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
                 -o ConnectTimeout=30 -o LogLevel=ERROR root@{address} hostname && break
         done"
    ));
    assert_eq!(name.trim_end(), card["hostname"].as_str().expect("text"), "{card}");
}

/// The events of sessions say which address was attacked, and its persona.
fn told(ukai: &Ukai, cards: &BTreeMap<IpAddr, Value>) {
    ukai.events("session.open", |events| {
        cards.iter().all(|(address, card)| {
            let address = address.to_string();
            events.iter().any(|event| {
                event["dst_ip"] == address.as_str()
                    && event["dst_port"] == 23
                    && event["persona"] == card["persona"]
            })
        })
    });
}

/// Ports that `nmap` finds open at an address.
fn open_ports(address: IpAddr) -> BTreeSet<u16> {
    let six = if address.is_ipv6() { "-6" } else { "" };
    let said = sh(&format!("nmap -n -Pn -sS {six} -p 1-10000,34567,37215,52869 {address}"));
    let ports = said.lines().filter(|line| line.contains("/tcp ") && line.contains(" open "));
    ports.map(|line| line.split('/').next().expect("a port").parse().expect("a number")).collect()
}

/// What `nmap -O` must call the systems of `CREDENTIALS`.
const SYSTEMS: [&str; 3] = ["Linux 2.6.32 - 3.10", "Linux 2.6.32 - 2.6.35", "Linux 4.15 - 5.6"];

/// What `nmap -O` calls the system at an address. It measures clocks, which a busy machine
/// spoils: three tries.
fn named(address: IpAddr) -> String {
    let said = sh(&format!(
        "for try in 1 2 3; do
             said=$(nmap -n -Pn -O -p 20-100 {address})
             case $said in *'OS details: '*) break;; esac
         done
         echo \"$said\""
    ));
    let system = said.lines().find_map(|line| line.strip_prefix("OS details: "));
    system.unwrap_or(&said).to_owned()
}

#[test]
fn scanners_find_the_planned_hosts_and_nobody_else() {
    in_own_network("sensor::scanners_find_the_planned_hosts_and_nobody_else");
    let ukai = start("density_v6 = 40");
    let cards = hosts(&ukai, &[]);
    let planned: BTreeSet<IpAddr> = cards.keys().copied().collect();
    assert_eq!(planned.iter().filter(|address| address.is_ipv4()).count(), 128);
    assert_eq!(planned.len(), 128 + 256);

    let v4: BTreeSet<IpAddr> = planned.iter().copied().filter(IpAddr::is_ipv4).collect();
    // Packets may be lost on a busy machine: each address is asked three times.
    let found = sh("masscan -p 23 198.18.0.0/16 --rate 20000 --retries 2 --wait 3 \
             --adapter-ip 203.0.113.1 --interface ukai0 -oL /dev/stdout 2>/dev/null");
    let found = found.lines().filter(|line| line.starts_with("open tcp 23 "));
    let found: BTreeSet<IpAddr> = found
        .map(|line| line.split(' ').nth(3).expect("an address").parse().expect("an address"))
        .collect();
    assert_eq!(found, v4, "masscan");
    // nmap waits long for those who are not there: it has an eighth of them.
    let up = sh("nmap -n -sn -PE --min-rate 20000 --max-retries 1 198.18.0.0/19");
    let up = up.lines().filter_map(|line| line.strip_prefix("Nmap scan report for "));
    let up: BTreeSet<IpAddr> = up.map(|address| address.parse().expect("an address")).collect();
    let eighth = |address: &IpAddr| {
        let prefix: ipnet::IpNet = "198.18.0.0/19".parse().expect("a prefix");
        prefix.contains(address)
    };
    assert_eq!(up, v4.into_iter().filter(eighth).collect(), "nmap");

    // One of each persona, in both families: its own ports, its own system.
    for six in [false, true] {
        let mut shown: BTreeMap<IpAddr, Value> = BTreeMap::new();
        for (persona_number, (persona, _)) in CREDENTIALS.iter().enumerate() {
            let one =
                cards.iter().find(|(a, card)| a.is_ipv6() == six && card["persona"] == *persona);
            let (address, card) = one.expect("all personas are there");
            let services = card["services"].as_array().expect("services");
            let expected: BTreeSet<u16> = services
                .iter()
                .map(|service| service["port"].as_u64().expect("a number") as u16)
                .collect();
            assert_eq!(open_ports(*address), expected, "{card}");
            log_in(*address, card);
            if *persona == "server-debian" {
                log_in_by_ssh(*address, card);
            }
            if !six {
                assert_eq!(named(*address), SYSTEMS[persona_number], "{card}");
            }
            shown.insert(*address, card.clone());
        }
        told(&ukai, &shown);
    }
    let ports = |card: &Value| card["services"].to_string();
    let kinds: BTreeSet<String> = cards.values().map(ports).collect();
    assert!(kinds.len() > 20, "neighbours look alike: {} sets of ports", kinds.len());
    assert_eq!(ukai.terminate(), Some(0));
}

#[test]
fn each_address_and_each_port_is_somebody() {
    in_own_network("sensor::each_address_and_each_port_is_somebody");
    let packets = tempfile::TempDir::new().expect("a temporary folder");
    let folder = packets.path().display();
    let ukai = start(&format!(
        "density = 32\ndensity_v6 = 128\nany_port = true\nrecord = {{ folder = \"{folder}\" }}"
    ));
    let v4 = (0..12_u32).map(|n| IpAddr::V4((0xc612_0000 | ((n * 48_271 + 255) & 0xffff)).into()));
    let v6 = (1..5_u128).map(|n| {
        IpAddr::V6(
            ((0x2001_0db8 << 96) | (n.wrapping_mul(0x1357_9bdf_0246_8ace_1133) % (1 << 96))).into(),
        )
    });
    let addresses: Vec<IpAddr> = v4.chain(v6).collect();
    let cards = hosts(&ukai, &addresses);
    assert_eq!(cards.len(), addresses.len(), "every address is a host");
    for (address, card) in &cards {
        log_in(*address, card);
    }
    told(&ukai, &cards);

    // Who speaks first at a port that nobody has is kept, and what it speaks is recognised.
    let connect = |port| TcpStream::connect(("198.18.77.7", port)).expect("the port is open");
    connect(31_337).write_all(b"\x01\x02 a payload of ours").expect("it takes bytes");
    let mut web = connect(8_888);
    web.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("it takes bytes");
    let mut heard = Vec::new();
    web.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket option");
    web.read_to_end(&mut heard).expect("it answers");
    assert!(heard.starts_with(b"HTTP/1."), "{}", String::from_utf8_lossy(&heard));
    // Who waits for the server hears one, where such a server is usual.
    let mut silent = connect(2_222);
    silent.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket option");
    let mut greeting = [0; 4];
    silent.read_exact(&mut greeting).expect("it greets");
    // Nothing is said to who may be somebody else.
    let socket = UdpSocket::bind("203.0.113.1:0").expect("a socket");
    socket.send_to(b"a datagram of ours", "198.18.77.7:1900").expect("it is sent");
    socket.set_read_timeout(Some(Duration::from_millis(300))).expect("a socket option");
    socket.recv_from(&mut [0; 64]).expect_err("silence");
    for (port, transport) in [(31_337, "tcp"), (1_900, "udp")] {
        ukai.events("payload.first", |events| {
            events.iter().any(|event| {
                event["dst_ip"] == "198.18.77.7"
                    && event["dst_port"] == port
                    && event["transport"] == transport
            })
        });
    }

    // A scan without state is told as what it is.
    sh("masscan -p 80 198.18.0.0/20 --rate 5000 --wait 1 --adapter-ip 203.0.113.1 \
            --interface ukai0 >/dev/null 2>&1");
    ukai.events("syn.unanswered", |events| {
        events.iter().any(|event| event["prefix"] == "203.0.113.0/24")
    });
    assert_eq!(ukai.terminate(), Some(0));

    // All of it was recorded, both ways.
    let count = |filter: &str| {
        let fields = sh(&format!("tshark -n -r {folder}/ukai0-*.pcapng -Y '{filter}' 2>/dev/null"));
        fields.lines().count()
    };
    assert!(count("tcp.flags == 2 && tcp.dstport == 80") >= 4_096, "SYNs");
    assert!(count("tcp.flags == 18 && tcp.srcport == 80") >= 1_000, "answers");
    assert!(count("udp.dstport == 1900") == 1 && count("udp.srcport == 1900") == 0, "datagrams");
}

#[test]
fn on_a_cable_hosts_are_found_by_zmap() {
    in_own_network("sensor::on_a_cable_hosts_are_found_by_zmap");
    let ukai = Ukai::start_with(|configuration| {
        *configuration += "\n[[honeypot.networks]]\nlink = { kind = \"tap\", device = \"ukai0\" }\n\
                           prefixes = [\"198.18.0.0/16\", \"2001:db8::/40\"]\ndensity_v6 = 42\n\
                           personas = [\"camera-arm\", \"router-mips\"]\n";
    });
    sh("echo 0 > /proc/sys/net/ipv6/conf/ukai0/disable_ipv6
        ip address add 198.18.0.1/16 dev ukai0
        ip address add 2001:db8::ffff/40 dev ukai0 nodad
        ip link set ukai0 up txqueuelen 20000");
    let cards = hosts(&ukai, &[]);
    // Their addresses are resolved, in both families.
    for address in [cards.keys().next(), cards.keys().next_back()].into_iter().flatten() {
        log_in(*address, &cards[address]);
    }
    let station = sh("ip neighbour show dev ukai0 | grep -m 1 lladdr");
    let station = station.split("lladdr ").nth(1).and_then(|rest| rest.split(' ').next());
    let station = station.expect("a hardware address");
    // Each address is asked twice; what the list of excluded addresses holds is ours here.
    let found = sh(&format!(
        "zmap -i ukai0 -S 198.18.0.1 -G {station} -p 23 -r 20000 -P 2 -c 4 -b /dev/null \
         --disable-syslog -q -o - 198.18.0.0/16 2>/dev/null"
    ));
    let found: BTreeSet<IpAddr> =
        found.lines().map(|line| line.parse().expect("an address")).collect();
    assert_eq!(found, cards.keys().copied().filter(IpAddr::is_ipv4).collect());
    assert_eq!(ukai.terminate(), Some(0));
}

/// A machine's neighbour: a network namespace of its own, joined by a cable.
struct Neighbour(std::process::Child);

impl Neighbour {
    fn new() -> Self {
        let sleeper = Command::new("unshare").args(["--net", "sleep", "600"]).spawn();
        let sleeper = sleeper.expect("unshare (util-linux) runs");
        let (own, its) = ("/proc/self/ns/net", format!("/proc/{}/ns/net", sleeper.id()));
        crate::support::wait_for("a namespace", Duration::from_secs(10), || {
            let name = |path: &str| std::fs::read_link(path).ok();
            (name(&its).is_some_and(|its| Some(its) != name(own))).then_some(())
        });
        let neighbour = Self(sleeper);
        sh(&format!(
            "ip link add ukai0 type veth peer name ukai1
             ip link set ukai1 netns {}
             ip address add 203.0.113.5/24 dev ukai0
             ip address add 2001:db9::5/64 dev ukai0 nodad
             ip link set ukai0 up",
            neighbour.0.id()
        ));
        neighbour.sh("ip link set lo up
             ip address add 203.0.113.1/24 dev ukai1
             ip address add 2001:db9::1/64 dev ukai1 nodad
             ip link set ukai1 up");
        neighbour
    }

    /// What a script prints over there.
    fn sh(&self, script: &str) -> String {
        sh(&format!("nsenter --net --target {} sh -ec '{script}'", self.0.id()))
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn tproxy_gives_every_port_but_the_machines_own() {
    in_own_network("sensor::tproxy_gives_every_port_but_the_machines_own");
    let there = Neighbour::new();
    let ukai = Ukai::start_with(|configuration| {
        *configuration += "\n[[honeypot.networks]]\nlink = { kind = \"tproxy\", kept = [2022] }\n\
                           prefixes = [\"203.0.113.5/32\", \"2001:db9::5/128\"]\n\
                           personas = [\"camera-arm\"]\nany_port = true\n";
    });
    let rules = |flag: &str| {
        let path = ukai.configuration();
        sh(&format!("{} sensor rules {flag} --config {}", binary(), path.display()))
    };
    let open = |address: &str, port: u16| {
        there.sh(&format!("nc -z -w 5 {address} {port} && echo open || echo closed")) == "open\n"
    };
    let before = sh("ip rule; ip -6 rule; nft list ruleset");
    assert!(!open("203.0.113.5", 31_337), "nothing is taken before the rules are there");
    // What is shown is what is applied.
    sh(&rules(""));
    let shown = sh("ip rule; ip -6 rule; nft list ruleset");
    rules("--apply");
    assert_eq!(sh("ip rule; ip -6 rule; nft list ruleset"), shown);

    for address in ["203.0.113.5", "2001:db9::5"] {
        assert!(open(address, 23) && open(address, 60_001), "{address}");
        assert!(!open(address, 2_022), "{address}: a port that is kept");
        there.sh(&format!("printf payload-of-ours | nc -w 1 {address} 31337"));
        let bracketed = if address.contains(':') { format!("[{address}]") } else { address.into() };
        let page = there
            .sh(&format!("curl -sS -m 20 -o /dev/null -w %{{http_code}} http://{bracketed}:8888/"));
        assert!(page.starts_with(['2', '3', '4']), "{page}");
        there.sh(&format!("printf datagram-of-ours | nc -u -w 1 {address} 1900"));
        for (port, transport) in [(31_337, "tcp"), (1_900, "udp")] {
            ukai.events("payload.first", |events| {
                events.iter().any(|event| {
                    event["dst_ip"] == address
                        && event["dst_port"] == port
                        && event["transport"] == transport
                })
            });
        }
    }
    let telnet = there.sh("(sleep 2; echo nobody; sleep 1) | telnet 203.0.113.5 2>&1 || true");
    assert!(telnet.contains(" login: "), "{telnet}");

    // What this machine listens on itself stays its own, and what it asks is answered.
    let mut own = Command::new("python3")
        .args(["-c", "import socket; s = socket.create_server((\"203.0.113.5\", 2200))\nwhile 1: s.accept()[0].sendall(b\"SSH-ours\")"])
        .spawn()
        .expect("python3 runs");
    let greeting = crate::support::wait_for("our own server", Duration::from_secs(20), || {
        Some(there.sh("nc -w 3 203.0.113.5 2200 || true")).filter(|said| said.contains("SSH-ours"))
    });
    assert_eq!(greeting, "SSH-ours");
    let mut web = Command::new("nsenter")
        .args(["--net", "--target", &there.0.id().to_string()])
        .args(["python3", "-m", "http.server", "8000"])
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("nsenter and python3 run");
    crate::support::wait_for("an answer from outside", Duration::from_secs(20), || {
        TcpStream::connect("203.0.113.1:8000").ok()
    });
    let _ = (own.kill(), own.wait(), web.kill(), web.wait());

    rules("--remove");
    assert_eq!(sh("ip rule; ip -6 rule; nft list ruleset"), before);
    assert!(!open("203.0.113.5", 31_337), "the kernel answers again");
    assert_eq!(ukai.terminate(), Some(0));
}

#[test]
fn on_an_interface_hosts_live_beside_the_machine() {
    in_own_network("sensor::on_an_interface_hosts_live_beside_the_machine");
    let there = Neighbour::new();
    let ukai = Ukai::start_with(|configuration| {
        *configuration += "\n[[honeypot.networks]]\n\
                           link = { kind = \"packet\", interface = \"ukai0\" }\n\
                           prefixes = [\"203.0.113.64/26\", \"198.18.0.0/16\", \"2001:db8::/32\"]\n\
                           density = 32\ndensity_v6 = 128\npersonas = [\"camera-arm\"]\n";
    });
    there.sh("ip route add 198.18.0.0/16 dev ukai1; ip route add 2001:db8::/32 dev ukai1");
    for address in ["203.0.113.99", "198.18.250.3", "2001:db8:1::5"] {
        let said = there.sh(&format!("(sleep 2; echo nobody; sleep 1) | telnet {address} || true"));
        assert!(said.contains(" login: "), "{address}: {said}");
        there.sh(&format!("ping -n -c 2 -i 0.2 {address}"));
    }
    let own = there.sh("ping -n -c 2 -i 0.2 203.0.113.5; ping -n -c 2 -i 0.2 2001:db9::5");
    assert_eq!(own.matches(" 0% packet loss").count(), 2, "{own}");
    let refused = there.sh("nc -z -w 3 203.0.113.5 23 && echo open || echo closed");
    assert_eq!(refused, "closed\n", "the machine's own ports are its own");
    assert_eq!(ukai.terminate(), Some(0));
}
