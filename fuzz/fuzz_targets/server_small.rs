#![no_main]
//! The small servers of the virtual Internet: the first byte chooses which, and whether it
//! is asked by datagram.

use libfuzzer_sys::fuzz_target;
use ukai_model::Transport;

mod session;

const SERVERS: [&str; 10] =
    ["chargen", "daytime", "discard", "echo", "finger", "ident", "ntp", "quotd", "syslog", "time"];

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    let name = SERVERS[usize::from(choice >> 1) % SERVERS.len()];
    let server = ukai_servers::server(name).expect("a server");
    let transport = if choice & 1 == 0 { Transport::Tcp } else { Transport::Udp };
    session::serve(&server, transport, 7, data);
    let _ = ukai_servers::looks_like_ident(data);
    let _ = ukai_servers::looks_like_ntp(data);
    let _ = ukai_servers::looks_like_syslog(data);
});
