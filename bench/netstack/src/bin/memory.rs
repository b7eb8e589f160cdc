//! Established flows in memory, in one thread: bytes for each, and requests that are echoed in
//! a second of the processor.
//! Ours, and smoltcp with an interface and a socket for each flow, found by a hash map: one
//! large set would be searched from end to end for each packet.
//!
//! ```text
//! memory ours FLOWS | memory smoltcp FLOWS BUFFER_BYTES | memory smoltcp-set FLOWS
//! ```

use netstack_bench::{Everywhere, OPTIONS, processor_seconds, resident_bytes, segment};
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp;
use smoltcp::time::Instant as Moment;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr, Ipv4Address};
use std::collections::{HashMap, VecDeque};
use ukai_model::Timestamp;
use ukai_netstack::{Event, Stack};
use ukai_packet::ip::Ip;
use ukai_packet::tcp::{Flags, Tcp};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
const REQUEST: &[u8; 32] = b"a request of thirty-two bytes...";
/// Requests are sent for so many seconds of the processor.
const SECONDS: f64 = 3.0;
/// Requests between two looks at the clock.
const ROUND: usize = 1_000;

/// What is measured: packets in, packets out, and an echo of what comes on each flow.
trait Subject {
    fn input(&mut self, packet: &[u8], out: &mut Vec<Vec<u8>>);
}

struct Ours(Stack<Everywhere>);

impl Ours {
    fn new() -> Self {
        let config = ukai_netstack::Config {
            unproved_answers_per_second: u16::MAX,
            unproved_burst: u16::MAX,
            ..ukai_netstack::Config::default()
        };
        Self(Stack::new(config, Everywhere::default(), NOW, [7; 32]))
    }
}

impl Subject for Ours {
    fn input(&mut self, packet: &[u8], out: &mut Vec<Vec<u8>>) {
        self.0.input(NOW, packet);
        while let Some(event) = self.0.event() {
            if let Event::Received { flow, bytes } = event {
                self.0.consumed(NOW, flow, bytes.len());
                self.0.send(NOW, flow, &bytes);
            }
        }
        out.extend(self.0.frames().iter().map(<[u8]>::to_vec));
        self.0.frames().clear();
    }
}

/// A device whose packets are handed over one by one.
#[derive(Default)]
struct Wire {
    incoming: Option<Vec<u8>>,
    outgoing: VecDeque<Vec<u8>>,
}

struct Incoming(Vec<u8>);
struct Outgoing<'a>(&'a mut VecDeque<Vec<u8>>);

impl RxToken for Incoming {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, work: F) -> R {
        work(&self.0)
    }
}

impl TxToken for Outgoing<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, work: F) -> R {
        let mut packet = vec![0; length];
        let result = work(&mut packet);
        self.0.push_back(packet);
        result
    }
}

impl Device for Wire {
    type RxToken<'a> = Incoming;
    type TxToken<'a> = Outgoing<'a>;

    fn receive(&mut self, _: Moment) -> Option<(Incoming, Outgoing<'_>)> {
        Some((Incoming(self.incoming.take()?), Outgoing(&mut self.outgoing)))
    }

    fn transmit(&mut self, _: Moment) -> Option<Outgoing<'_>> {
        Some(Outgoing(&mut self.outgoing))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = 1_500;
        capabilities
    }
}

fn socket(buffer_bytes: usize) -> tcp::Socket<'static> {
    let buffer = || tcp::SocketBuffer::new(vec![0; buffer_bytes]);
    let mut socket = tcp::Socket::new(buffer(), buffer());
    socket.listen(23).expect("a port");
    socket
}

fn interface(wire: &mut Wire, address: Ipv4Address) -> Interface {
    let config = Config::new(HardwareAddress::Ip);
    let mut interface = Interface::new(config, wire, Moment::ZERO);
    let cidr = IpCidr::new(IpAddress::Ipv4(address), 32);
    interface.update_ip_addrs(|list| list.push(cidr).expect("room"));
    // Answers to anybody go through here.
    interface.routes_mut().add_default_ipv4_route(address).expect("room");
    interface.set_any_ip(true);
    interface
}

fn echo(sockets: &mut SocketSet<'_>, handle: SocketHandle) {
    let socket = sockets.get_mut::<tcp::Socket>(handle);
    let mut bytes = [0; 64];
    if let Ok(count @ 1..) = socket.recv_slice(&mut bytes) {
        socket.send_slice(&bytes[..count]).expect("it is open");
    }
}

/// An interface and a socket for each flow.
struct Each {
    wire: Wire,
    flows: HashMap<
        (Ipv4Address, Ipv4Address, u16),
        Box<(Interface, SocketSet<'static>, SocketHandle)>,
    >,
    buffer_bytes: usize,
}

impl Subject for Each {
    fn input(&mut self, packet: &[u8], out: &mut Vec<Vec<u8>>) {
        let address = |at: usize| {
            Ipv4Address::new(packet[at], packet[at + 1], packet[at + 2], packet[at + 3])
        };
        let port = u16::from_be_bytes([packet[20], packet[21]]);
        let (wire, buffer_bytes) = (&mut self.wire, self.buffer_bytes);
        let flow = self.flows.entry((address(12), address(16), port)).or_insert_with(|| {
            let mut sockets = SocketSet::new(Vec::with_capacity(1));
            let handle = sockets.add(socket(buffer_bytes));
            Box::new((interface(wire, address(16)), sockets, handle))
        });
        let (interface, sockets, handle) = &mut **flow;
        wire.incoming = Some(packet.to_vec());
        interface.poll(Moment::ZERO, wire, sockets);
        echo(sockets, *handle);
        interface.poll(Moment::ZERO, wire, sockets);
        out.extend(wire.outgoing.drain(..));
    }
}

/// All sockets in one set of one interface.
struct Set {
    wire: Wire,
    interface: Interface,
    sockets: SocketSet<'static>,
    handles: Vec<SocketHandle>,
}

impl Subject for Set {
    fn input(&mut self, packet: &[u8], out: &mut Vec<Vec<u8>>) {
        self.wire.incoming = Some(packet.to_vec());
        self.interface.poll(Moment::ZERO, &mut self.wire, &mut self.sockets);
        for handle in &self.handles {
            echo(&mut self.sockets, *handle);
        }
        self.interface.poll(Moment::ZERO, &mut self.wire, &mut self.sockets);
        out.extend(self.wire.outgoing.drain(..));
    }
}

fn measure(name: &str, count: usize, subject: &mut impl Subject) {
    let stamps = [1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 1];
    let mut out = Vec::new();
    let before = resident_bytes();
    let begin = processor_seconds();
    // What a peer sends next, and its last acknowledgement.
    let mut peers = vec![(101_u32, 0_u32); count];
    let taken_by_peers = resident_bytes() - before;
    for (number, (_, ack)) in peers.iter_mut().enumerate() {
        subject.input(&segment(number, Flags::SYN, 100, 0, (OPTIONS, &[])), &mut out);
        let answer = out.pop().expect("a SYN is answered");
        let seq = Ip::parse(&answer).and_then(|ip| Tcp::parse(&ip)).expect("a segment").seq();
        *ack = seq.wrapping_add(1);
        subject.input(&segment(number, Flags::ACK, 101, *ack, (&stamps, &[])), &mut out);
        out.clear();
    }
    let opened = count as f64 / (processor_seconds() - begin);
    let bytes = (resident_bytes() - before).saturating_sub(taken_by_peers) / count;
    let (begin, mut echoed, mut number) = (processor_seconds(), 0_u64, 0_usize);
    while !number.is_multiple_of(ROUND) || processor_seconds() - begin < SECONDS {
        let place = number % count;
        let (seq, ack) = &mut peers[place];
        let request = segment(place, Flags::ACK | Flags::PSH, *seq, *ack, (&stamps, REQUEST));
        *seq = seq.wrapping_add(REQUEST.len() as u32);
        subject.input(&request, &mut out);
        for answer in out.drain(..) {
            let ip = Ip::parse(&answer).expect("a packet");
            let payload = Tcp::parse(&ip).expect("a segment").payload().len();
            *ack = ack.wrapping_add(payload as u32);
            echoed += u64::from(payload == REQUEST.len());
        }
        number += 1;
    }
    let rate = echoed as f64 / (processor_seconds() - begin);
    println!(
        "{name}: {count} flows, {bytes} bytes for each, {opened:.0} handshakes/s, \
         {rate:.0} requests echoed/s"
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize| -> usize {
        arguments.get(place).and_then(|text| text.parse().ok()).expect("a number")
    };
    match arguments.first().map(String::as_str) {
        Some("ours") => measure("ours", number(1), &mut Ours::new()),
        Some("smoltcp") => {
            let buffer_bytes = number(2);
            let flows = HashMap::with_capacity(number(1));
            let mut each = Each { wire: Wire::default(), flows, buffer_bytes };
            let name = format!("smoltcp, an interface each, 2 * {buffer_bytes} bytes of buffers");
            measure(&name, number(1), &mut each);
        }
        Some("smoltcp-set") => {
            let (mut wire, mut sockets) = (Wire::default(), SocketSet::new(Vec::new()));
            let interface = interface(&mut wire, Ipv4Address::new(198, 18, 0, 0));
            let handles = (0..number(1)).map(|_| sockets.add(socket(64))).collect();
            let mut set = Set { wire, interface, sockets, handles };
            measure("smoltcp, one set", number(1), &mut set);
        }
        _ => panic!("memory ours FLOWS | memory smoltcp FLOWS BYTES | memory smoltcp-set FLOWS"),
    }
}
