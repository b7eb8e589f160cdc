#![no_main]
//! Servers of the virtual Internet that stand between peers (a broker, a proxy, relays,
//! BitTorrent): the first byte chooses which, and whether it is asked by datagram.

use libfuzzer_sys::fuzz_target;
use ukai_model::Transport;

mod session;

const SERVERS: [&str; 4] = ["bittorrent", "mqtt", "socks", "stun"];

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    let name = SERVERS[usize::from(choice >> 1) % SERVERS.len()];
    let server = ukai_servers::server(name).expect("a server");
    let transport = if choice & 1 == 0 { Transport::Tcp } else { Transport::Udp };
    session::serve(&server, transport, 1080, data);
    let _ = ukai_servers::Bittorrent::looks_like(data);
    let _ = ukai_servers::Mqtt::looks_like(data);
    let _ = ukai_servers::Socks::looks_like(data);
    let _ = ukai_servers::Stun::looks_like(data);
    let _ = ukai_servers::tracker(data, ([192, 0, 2, 1], 1).into());
});
