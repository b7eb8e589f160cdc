//! Network interfaces, beside the kernel's own stack: a veth pair, of which the kernel has
//! one end and we have the other.

use crate::endpoint::{Served, serve_on};
use crate::{ROUTES, in_namespace};
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::net::{IpAddr, UdpSocket};
use std::process::{Command, Stdio};
use std::time::Duration;
use ukai_link::capture::{CaptureReader, Direction};
use ukai_link::{PacketConfig, PacketLink, PrefixFilter, Recorder, Recording, Tun};
use ukai_netstack::{Link, Medium, Personality};
use ukai_packet::arp::Arp;
use ukai_packet::ether::{Frame, ethertype};
use ukai_packet::icmp::Icmp;
use ukai_packet::ip::Ip;
use ukai_packet::ndp::Neighbor;
use ukai_packet::protocol;
use ukai_packet::tcp::Tcp;
use ukai_packet::udp::Udp;

/// The kernel has `near`; we have `far`, of which it knows no addresses.
const PAIR: &str = "\
ip link set lo up
ip link add near type veth peer name far
for end in near far; do echo 1 > /proc/sys/net/ipv6/conf/$end/disable_ipv6; done
echo 0 > /proc/sys/net/ipv6/conf/near/disable_ipv6
ip address add 203.0.113.1/24 dev near
ip address add 2001:db9::1/64 dev near nodad
ip link set near up
ip link set far up
ip route add 198.18.0.0/15 dev near
ip route add 2001:db8::/32 dev near
";

pub(crate) fn shell(script: &str) -> String {
    let output = Command::new("sh").args(["-ec", script]).output().expect("sh runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}\n{errors}");
    String::from_utf8(output.stdout).expect("text")
}

/// Makes the pair in a namespace of the test's own.
pub(crate) fn pair(name: &str) {
    in_namespace(name);
    shell(PAIR);
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

pub(crate) fn open(name: &str, config: &PacketConfig) -> PacketLink {
    PacketLink::open(name, config).unwrap_or_else(|error| panic!("{error}"))
}

/// The next frame.
pub(crate) async fn next(link: &mut impl Link) -> std::io::Result<Vec<u8>> {
    let mut buffer = vec![0; 70_000];
    let length = std::future::poll_fn(|cx| link.poll_receive(cx, &mut buffer)).await?;
    buffer.truncate(length);
    Ok(buffer)
}

/// The frames until a datagram to this port, that one included.
async fn until_port(link: &mut impl Link, port: u16) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    loop {
        let frame = next(link).await.expect("the link is up");
        let last = packet(link.medium(), &frame)
            .is_some_and(|ip| Udp::parse(&ip).is_ok_and(|udp| udp.dst_port == port));
        frames.push(frame);
        if last {
            return frames;
        }
    }
}

fn packet(medium: Medium, frame: &[u8]) -> Option<Ip<'_>> {
    let bytes = match medium {
        Medium::Ip => frame,
        Medium::Ethernet => {
            let frame = Frame::parse(frame).ok()?;
            matches!(frame.ethertype, ethertype::IPV4 | ethertype::IPV6).then_some(frame.payload)?
        }
    };
    Ip::parse(bytes).ok()
}

/// The kernel's clients.
pub(crate) async fn clients(script: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("client.py"), include_str!("client.py")).expect("written");
    let mut shell = tokio::process::Command::new("sh");
    shell.args(["-ec", script]).stdin(Stdio::null()).current_dir(folder.path());
    let output = shell.output().await.expect("sh runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{said}\n{errors}", output.status);
    said
}

#[test]
fn the_kernels_clients_over_a_veth_pair() {
    pair("packet::the_kernels_clients_over_a_veth_pair");
    let said = runtime().block_on(async {
        let filter = PrefixFilter {
            include: prefixes(&["198.18.0.0/15", "2001:db8::/32"]),
            exclude: Vec::new(),
        };
        let config =
            PacketConfig { filter: Some(filter), promiscuous: true, ..PacketConfig::default() };
        let link = open("far", &config);
        let script = "\
python3 client.py all
curl -sS -m 60 http://198.18.200.3/
curl -sS -m 60 http://[2001:db8::abcd]/
echo hello | nc -N 198.18.1.2 7
ping -n -c 3 -i 0.2 198.18.3.4 | grep -o '3 received, 0%'
ping -n -c 2 -i 0.2 -s 4000 2001:db8::1 | grep -o '2 received, 0%'
";
        serve_on(vec![link], Personality::linux(), clients(script)).await.0
    });
    let expected = "all is well\n198.18.200.3\n2001:db8::abcd\nhello\n3 received, 0%\n\
                    2 received, 0%\n";
    assert_eq!(said, expected);
}

#[test]
fn flows_are_shared_and_each_has_one_link() {
    pair("packet::flows_are_shared_and_each_has_one_link");
    const FLOWS: usize = 400;
    let (said, served) = runtime().block_on(async {
        let links = PacketLink::open_group("far", &PacketConfig::default(), 2);
        let links = links.unwrap_or_else(|error| panic!("{error}"));
        let script = format!("python3 client.py many {FLOWS}; python3 client.py bulk");
        serve_on(links, Personality::linux(), clients(&script)).await
    });
    assert_eq!(said, "all is well\nall is well\n");
    // All that was said on them was echoed, so that no flow was in two stacks.
    let Served { flows } = served;
    assert_eq!(flows.iter().sum::<usize>(), FLOWS + 6, "{flows:?}");
    // By chance, one of 2^400 times all are on one link.
    assert!(flows.iter().all(|count| *count > FLOWS / 8), "{flows:?}");
}

fn prefixes(text: &[&str]) -> Vec<IpNet> {
    text.iter().map(|text| text.parse().expect("a prefix")).collect()
}

/// To whom a frame goes, or who is asked for.
fn about(frame: &[u8]) -> String {
    let frame = Frame::parse(frame).expect("a frame");
    if frame.ethertype == ethertype::ARP {
        return format!("who is {}", Arp::parse(frame.payload).expect("ARP").target.1);
    }
    let ip = Ip::parse(frame.payload).expect("IP");
    if ip.protocol == protocol::ICMP6 {
        let asked = Icmp::parse(&ip).and_then(|icmp| Neighbor::parse(&icmp)).ok().flatten();
        let asked = asked.expect("a question");
        return format!("who is {}", asked.target);
    }
    ip.dst.to_string()
}

#[test]
fn only_what_goes_to_the_prefixes_is_seen() {
    pair("packet::only_what_goes_to_the_prefixes_is_seen");
    shell("ip route add default dev near; ip -6 route add default dev near");
    runtime().block_on(async {
        let filter = PrefixFilter {
            include: prefixes(&[
                "198.18.0.0/24",
                "192.0.2.7/32",
                "2001:db8::/33",
                "2001:db8:9000::1/128",
            ]),
            exclude: prefixes(&["198.18.0.128/25", "2001:db8:1::/48"]),
        };
        let config = PacketConfig { filter: Some(filter), ..PacketConfig::default() };
        let mut link = open("far", &config);
        let (v4, v6) = (UdpSocket::bind("0.0.0.0:0").unwrap(), UdpSocket::bind("[::]:0").unwrap());
        // Stations are known for some, and asked for of the others.
        let known = [
            "198.18.0.1",
            "198.18.0.129",
            "192.0.2.8",
            "2001:db8::1",
            "2001:db8:8000::1",
            "2001:db8:1::1",
        ];
        for address in known {
            shell(&format!("ip neighbour add {address} lladdr 02:00:5e:00:00:01 dev near"));
        }
        let unknown = [
            "198.18.0.2",
            "198.18.0.130",
            "192.0.2.7",
            "192.0.2.6",
            "2001:db8::2",
            "2001:db8:1::2",
            "2001:db8:9000::1",
        ];
        for address in known.into_iter().chain(unknown) {
            let address: IpAddr = address.parse().unwrap();
            let socket = if address.is_ipv4() { &v4 } else { &v6 };
            socket.send_to(b"x", (address, 1_000)).unwrap();
        }
        let expected = [
            "198.18.0.1",
            "2001:db8::1",
            "who is 192.0.2.7",
            "who is 198.18.0.2",
            "who is 2001:db8:9000::1",
            "who is 2001:db8::2",
        ];
        // All of that comes, and nothing else until something that was sent afterwards.
        let mut seen = BTreeSet::new();
        while !expected.iter().all(|expected| seen.contains(*expected)) {
            seen.insert(about(&next(&mut link).await.unwrap()));
        }
        v4.send_to(b"x", "198.18.0.1:9999").unwrap();
        seen.extend(until_port(&mut link, 9_999).await.iter().map(|frame| about(frame)));
        assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), expected);
        assert!(link.statistics().received >= 7);
    });
}

#[test]
fn tags_are_restored_and_own_frames_are_not_seen() {
    pair("packet::tags_are_restored_and_own_frames_are_not_seen");
    runtime().block_on(async {
        let (mut near, mut far) =
            (open("near", &PacketConfig::default()), open("far", &PacketConfig::default()));
        let stations = [[0x02; 6], [0x04; 6]].concat();
        // A type for experiments (IEEE 802): nobody else says anything with it.
        let (plain, body) = ([0x88, 0xb5], [7; 50]);
        let heads: [&[u8]; 4] = [
            &[],
            &[0x81, 0x00, 0x20, 0x05],
            &[0x88, 0xa8, 0x00, 0x64],
            &[0x88, 0xa8, 0x00, 0x64, 0x81, 0x00, 0x20, 0x05],
        ];
        let frames = heads.map(|head| [&stations, head, &plain, &body].concat());
        for frame in &frames {
            far.send(frame).unwrap();
        }
        far.flush().unwrap();
        // What comes first on the other side is not ours.
        near.send(&frames[0]).unwrap();
        near.flush().unwrap();
        let is_ours = |frame: &[u8]| frame.ends_with(&[&plain[..], &body].concat());
        let mut heard = Vec::new();
        while heard.len() < frames.len() {
            heard.extend(next(&mut near).await.ok().filter(|frame| is_ours(frame)));
        }
        assert_eq!(heard, frames);
        while !is_ours(&next(&mut far).await.unwrap()) {}
        // Were own frames seen, they would have been before that, and now one more is there.
        let nothing = tokio::time::timeout(Duration::from_millis(50), next(&mut far)).await;
        assert!(!nothing.is_ok_and(|frame| is_ours(&frame.unwrap())));
        let (near, far) = (near.statistics(), far.statistics());
        assert_eq!((near.sent, near.lost, far.sent, far.lost), (1, 0, 4, 0));
    });
}

#[test]
fn a_full_ring_drops_and_says_so() {
    pair("packet::a_full_ring_drops_and_says_so");
    // The kernel's own would be counted, too.
    shell("echo 1 > /proc/sys/net/ipv6/conf/near/disable_ipv6");
    runtime().block_on(async {
        let config = PacketConfig { ring_bytes: 0, ..PacketConfig::default() };
        let (mut near, mut far) = (open("near", &PacketConfig::default()), open("far", &config));
        let gauge = far.gauge();
        let frame = [&[0x02; 12][..], &[0x88, 0xb5], &[7; 1_400]].concat();
        for _ in 0..4_000 {
            near.send(&frame).unwrap();
        }
        near.flush().unwrap();
        // Far more than the ring takes, and nobody has read.
        let said = far.statistics();
        assert!(said.dropped > 0 && said.received > said.dropped, "{said:?}");
        let mut given = 0;
        while let Ok(frame) = tokio::time::timeout(Duration::from_millis(200), next(&mut far)).await
        {
            frame.unwrap();
            given += 1;
        }
        let said = far.statistics();
        assert_eq!(given, said.received - said.dropped, "{said:?}");
        // And it goes on.
        near.send(&frame).unwrap();
        near.flush().unwrap();
        assert_eq!(next(&mut far).await.unwrap(), frame);
        // Too long for the interface.
        near.send(&[0x02; 2_000]).unwrap();
        near.send(&frame).unwrap();
        near.flush().unwrap();
        assert_eq!(near.statistics().lost, 1);
        assert_eq!(next(&mut far).await.unwrap(), frame);
        // It is told while somebody else has the link, and does not keep it.
        let told = gauge.statistics();
        assert_eq!((told.received, told.dropped), (said.received + 2, said.dropped));
        drop(far);
        near.send(&frame).unwrap();
        near.flush().unwrap();
        assert_eq!(gauge.statistics(), told);
    });
}

#[test]
fn an_interface_that_is_down_comes_back_and_one_that_is_gone_is_the_end() {
    pair("packet::an_interface_that_is_down_comes_back_and_one_that_is_gone_is_the_end");
    runtime().block_on(async {
        let (mut near, mut far) =
            (open("near", &PacketConfig::default()), open("far", &PacketConfig::default()));
        let frame = [&[0x02; 12][..], &[0x88, 0xb5], &[7; 50]].concat();
        shell("ip link set far down");
        far.send(&frame).unwrap();
        far.flush().unwrap();
        assert_eq!(far.statistics().lost, 1);
        let nothing = tokio::time::timeout(Duration::from_millis(50), next(&mut far)).await;
        assert!(nothing.is_err(), "{nothing:?}");
        shell("ip link set far up");
        // The kernel takes its time until something passes again.
        loop {
            near.send(&frame).unwrap();
            near.flush().unwrap();
            let wait = Duration::from_millis(20);
            if let Ok(heard) = tokio::time::timeout(wait, next(&mut far)).await
                && heard.unwrap() == frame
            {
                break;
            }
        }
        shell("ip link delete far");
        let error = loop {
            if let Err(error) = next(&mut far).await {
                break error;
            }
        };
        assert_eq!(error.kind(), std::io::ErrorKind::NetworkDown);
        far.send(&frame).unwrap();
        assert!(far.flush().is_err());
        assert!(PacketLink::open("far", &PacketConfig::default()).is_err());
    });
}

/// The lengths of the segments to a port, all of which have right checksums.
fn segments(medium: Medium, frames: &[Vec<u8>]) -> Vec<usize> {
    let packets = frames.iter().filter_map(|frame| packet(medium, frame));
    packets
        .filter(|ip| ip.protocol == protocol::TCP)
        .map(|ip| Tcp::parse(&ip).expect("a right checksum").payload().len())
        .collect()
}

#[test]
fn checksums_that_are_left_to_hardware_are_right() {
    in_namespace("packet::checksums_that_are_left_to_hardware_are_right");
    shell(PAIR);
    runtime().block_on(async {
        // veth: datagrams and segments of the kernel's own.
        let mut far = open("far", &PacketConfig::default());
        shell("ip neighbour add 198.18.0.1 lladdr 02:00:5e:00:00:01 dev near");
        let socket = UdpSocket::bind("203.0.113.1:0").unwrap();
        socket.send_to(&[7; 1_000], "198.18.0.1:9999").unwrap();
        // It is found only if its checksum is right.
        until_port(&mut far, 9_999).await;
        let features = shell("ethtool -k near | grep -o 'tx-checksumming: on'");
        assert_eq!(features, "tx-checksumming: on\n");

        // Loopback: nothing has a checksum, and each frame comes once.
        let mut lo = open("lo", &PacketConfig::default());
        let socket = UdpSocket::bind("127.0.0.1:9999").unwrap();
        socket.send_to(&[7; 1_000], "127.0.0.1:9999").unwrap();
        assert_eq!(until_port(&mut lo, 9_999).await.len(), 1);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let exchange = std::thread::spawn(move || {
            use std::io::{Read as _, Write as _};
            let mut client = std::net::TcpStream::connect(address).unwrap();
            let (mut server, _) = listener.accept().unwrap();
            client.write_all(&vec![1; 60_000]).unwrap();
            server.read_exact(&mut vec![0; 60_000]).unwrap();
        });
        exchange.join().unwrap();
        socket.send_to(b"x", "127.0.0.1:9999").unwrap();
        let frames = until_port(&mut lo, 9_999).await;
        let lengths = segments(lo.medium(), &frames);
        assert!(lengths.iter().sum::<usize>() >= 60_000, "{lengths:?}");

        // TUN: the kernel computes them, and cuts segments to the device's size.
        let mut tun = Tun::open("ukai0", Medium::Ip, 1_500).unwrap();
        shell("ip address add 192.0.2.1/24 dev ukai0; ip link set ukai0 up");
        let socket = UdpSocket::bind("192.0.2.1:0").unwrap();
        socket.send_to(&[7; 1_000], "192.0.2.9:9999").unwrap();
        until_port(&mut tun, 9_999).await;

        // TUN with a header of virtio: the kernel leaves them to us, and datagrams that are
        // sent joined come apart.
        let mut tun = Tun::open_offloaded("ukai1", 1_500).unwrap();
        shell("ip address add 198.51.100.1/24 dev ukai1; ip link set ukai1 up");
        let socket = UdpSocket::bind("198.51.100.1:0").unwrap();
        socket.send_to(&[7; 1_000], "198.51.100.9:9998").unwrap();
        until_port(&mut tun, 9_998).await;
        let joined = "\
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_UDP, 103, 1000) # UDP_SEGMENT
s.sendto(bytes(range(256)) * 10, ('198.51.100.9', 9997))
s.close()
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('198.51.100.9', 9999))
";
        shell(&format!("python3 -c \"{joined}\""));
        let frames = until_port(&mut tun, 9_999).await;
        let mut heard = Vec::new();
        for frame in &frames {
            let ip = packet(tun.medium(), frame).unwrap();
            // The kernel also looks for routers.
            if ip.protocol == protocol::UDP {
                let udp = Udp::parse(&ip).expect("a right checksum");
                heard.extend((udp.dst_port == 9_997).then(|| udp.payload.to_vec()));
            }
        }
        let lengths: Vec<usize> = heard.iter().map(Vec::len).collect();
        assert_eq!(lengths, [1_000, 1_000, 560]);
        let sent: Vec<u8> = (0..10).flat_map(|_| 0..=255_u8).collect();
        assert_eq!(heard.concat(), sent);
    });
}

#[test]
fn the_kernels_clients_over_an_offloaded_tun_that_is_recorded() {
    in_namespace("packet::the_kernels_clients_over_an_offloaded_tun_that_is_recorded");
    let folder = tempfile::tempdir().unwrap();
    let recording = Recording {
        folder: folder.path().to_owned(),
        name: "tun".to_owned(),
        file_bytes_max: 1 << 30,
        file_seconds_max: 3_600,
        files_max: 1,
        snap_bytes: 65_535,
    };
    let recorder = Recorder::start(recording).unwrap();
    let said = runtime().block_on(async {
        let tun = Tun::open_offloaded("ukai0", 1_500).unwrap_or_else(|error| panic!("{error}"));
        let script = format!("{ROUTES}\npython3 client.py bulk 198.18.7.9");
        let links = vec![recorder.tap(tun, "ukai0")];
        serve_on(links, Personality::linux(), clients(&script)).await.0
    });
    assert_eq!(said, "all is well\n");
    drop(recorder);
    // The kernel's segments came whole, and with right checksums.
    let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let mut reader = CaptureReader::new(std::fs::File::open(file).unwrap()).unwrap();
    let (mut longest_in, mut longest_out) = (0, 0);
    while let Some(frame) = reader.next().unwrap() {
        let ip = Ip::parse(frame.bytes).unwrap();
        let length = if ip.protocol == protocol::TCP {
            Tcp::parse(&ip).expect("a right checksum").payload().len()
        } else {
            0
        };
        let longest =
            if frame.direction == Direction::In { &mut longest_in } else { &mut longest_out };
        *longest = length.max(*longest);
    }
    assert!(
        longest_in > 3_000 && (1_000..=1_460).contains(&longest_out),
        "{longest_in} {longest_out}"
    );
}
