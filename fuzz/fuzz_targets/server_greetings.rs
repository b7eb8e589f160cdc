#![no_main]
//! Servers of the virtual Internet that binary clients and bots greet: the first byte
//! chooses which. Conversations of data are also read from any text.

use libfuzzer_sys::fuzz_target;
use ukai_model::Transport;

mod session;

const SERVERS: [&str; 5] = ["rdp", "replies", "smb", "stratum", "tor"];

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    let name = SERVERS[usize::from(choice >> 1) % SERVERS.len()];
    let server = ukai_servers::server(name).expect("a server");
    let transport = if choice & 1 == 0 { Transport::Tcp } else { Transport::Udp };
    session::serve(&server, transport, 445, data);
    let _ = ukai_servers::Rdp::looks_like(data);
    let _ = ukai_servers::Smb::looks_like(data);
    let _ = ukai_servers::Stratum::looks_like(data);
    let _ = ukai_servers::Tor::looks_like(data);
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = ukai_servers::replies::ReplySet::read([("fuzzed", text)]);
    }
});
