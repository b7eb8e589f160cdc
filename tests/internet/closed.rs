//! What goes out never goes out.

use super::client;
use crate::support::internet::VirtualInternet;
use crate::support::network::{in_own_world, sh};
use std::process::Command;

/// Sends frames of every kind from the device `ukai0`: addresses of the ranges for
/// documentation and benchmarks, all ports and protocols, forged sources, ARP and neighbour
/// tricks, fragments, VLAN tags, noise.
const SENDER: &str = r#"
import random, socket, struct, sys
random.seed(7)
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("ukai0", 0))
own = s.getsockname()[4]
gateway = bytes.fromhex("2c91ab5e0001")
def v4(prefix, length):
    host = random.getrandbits(32 - length)
    return struct.pack(">I", struct.unpack(">I", socket.inet_aton(prefix))[0] | host)
RANGES = [("192.0.2.0", 24), ("198.51.100.0", 24), ("203.0.113.0", 24), ("198.18.0.0", 15)]
def address(): return v4(*random.choice(RANGES))
def address6(): return socket.inet_pton(socket.AF_INET6, "2001:db8::")[:4] + random.randbytes(12)
def checksum(data):
    if len(data) % 2: data += b"\0"
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff
def ip(src, dst, protocol, payload, fragment=0, ttl=None):
    ttl = random.randrange(1, 256) if ttl is None else ttl
    head = struct.pack(">BBHHHBBH4s4s", 0x45, random.randrange(256), 20 + len(payload), random.getrandbits(16), fragment, ttl, protocol, 0, src, dst)
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload
def ip6(src, dst, protocol, payload):
    return struct.pack(">IHBB", 6 << 28, len(payload), protocol, random.randrange(1, 256)) + src + dst + payload
def packet():
    src = random.choice([socket.inet_aton("192.168.178.23"), address(), random.randbytes(4)])
    dst = random.choice([address(), address(), b"\xff\xff\xff\xff", bytes([224]) + random.randbytes(3)])
    kind = random.randrange(8)
    ports = struct.pack(">HH", random.getrandbits(16), random.getrandbits(16))
    if kind == 0: return 0x0800, ip(src, dst, 6, ports + random.randbytes(8) + struct.pack(">BBHHH", 0x50, random.randrange(256), 1000, 0, 0))
    if kind == 1:
        data = random.randbytes(random.randrange(64))
        return 0x0800, ip(src, dst, 17, ports + struct.pack(">HH", 8 + len(data), 0) + data)
    if kind == 2:
        echo = struct.pack(">BBHI", random.choice([8, 13, 17, 5, 3, 11]), 0, 0, random.getrandbits(32)) + random.randbytes(20)
        return 0x0800, ip(src, dst, 1, echo[:2] + struct.pack(">H", checksum(echo)) + echo[4:])
    if kind == 3: return 0x0800, ip(src, dst, random.randrange(256), random.randbytes(random.randrange(80)))
    if kind == 4: return 0x0800, ip(src, dst, 17, random.randbytes(24), fragment=random.getrandbits(14))
    if kind == 5: return 0x86dd, ip6(random.choice([address6(), random.randbytes(16)]), address6(), random.choice([6, 17, 58, 0, 43, 44, 60, 99]), random.randbytes(random.randrange(80)))
    if kind == 6: return 0x0806, struct.pack(">HHBBH", 1, 0x0800, 6, 4, random.choice([1, 2])) + random.choice([own, random.randbytes(6)]) + address() + random.randbytes(6) + address()
    return random.getrandbits(16), random.randbytes(random.randrange(100))
for _ in range(int(sys.argv[1])):
    ethertype, payload = packet()
    dst = random.choice([gateway, gateway, b"\xff" * 6, b"\x33\x33" + random.randbytes(4), random.randbytes(6)])
    src = random.choice([own, own, random.randbytes(6)])
    tags = b"".join(struct.pack(">HH", 0x8100, random.getrandbits(12)) for _ in range(random.choice([0, 0, 0, 1, 2])))
    try: s.send(dst + src + tags + struct.pack(">H", ethertype) + payload)
    except OSError: pass
"#;

#[test]
fn a_hundred_thousand_packets_of_every_kind_leave_nothing_outside() {
    in_own_world(
        "internet::closed::a_hundred_thousand_packets_of_every_kind_leave_nothing_outside",
    );
    // The way out that there would be: it is up, has an address and the default route.
    sh("ip link add out0 type veth peer name out1
        echo 1 > /proc/sys/net/ipv6/conf/out0/disable_ipv6
        echo 1 > /proc/sys/net/ipv6/conf/out1/disable_ipv6
        echo 1 > /proc/sys/net/ipv4/ip_forward
        ip address add 10.9.8.7/24 dev out0
        ip link set out0 up; ip link set out1 up
        ip route add default via 10.9.8.1 dev out0
        ip neighbour add 10.9.8.1 lladdr 02:00:00:00:00:01 dev out0 nud permanent");
    let mut guest =
        Command::new("unshare").args(["--net", "sleep", "300"]).spawn().expect("unshare runs");
    let place = format!("/proc/{}/ns/net", guest.id());
    crate::support::wait_for("a namespace", std::time::Duration::from_secs(10), || {
        let own = std::fs::read_link("/proc/self/ns/net").ok()?;
        std::fs::read_link(&place).ok().filter(|other| *other != own)
    });
    let mut internet = VirtualInternet::launch("", &["--netns", &place]);
    let sent = || -> u64 {
        let devices = std::fs::read_to_string("/proc/self/net/dev").expect("devices");
        let of = |line: &str| line.split_whitespace().nth(10).and_then(|n| n.parse::<u64>().ok());
        let outside = devices.lines().filter(|line| line.trim_start().starts_with("out"));
        outside.map(|line| of(line).expect("packets sent")).sum()
    };
    // That something would be seen if it left.
    sh("ping -c 1 -W 1 10.9.8.1 >/dev/null 2>&1 || true");
    let before = sent();
    assert!(before > 0, "what leaves is counted");
    let script = internet.folder().join("sender.py");
    std::fs::write(&script, SENDER).expect("a file");
    let enter = format!("nsenter --net={place}");
    client(&internet, &format!("{enter} python3 {} 100000", script.display()));
    // It is still there, and answers.
    client(&internet, &format!("{enter} ping -c 1 -W 10 203.0.113.77"));
    client(&internet, &format!("{enter} dig +short +time=10 @9.9.9.9 still.example.org A"));
    assert_eq!(sent(), before, "something has left");
    let summary = internet.end();
    assert!(summary["traffic"].as_array().is_some_and(|rows| !rows.is_empty()), "{summary}");
    guest.kill().expect("it runs");
    guest.wait().expect("it ends");
}
