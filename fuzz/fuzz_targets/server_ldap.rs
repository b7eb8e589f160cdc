#![no_main]
//! LDAP of the virtual Internet, on a stream or by datagram: the first byte chooses.

use libfuzzer_sys::fuzz_target;
use ukai_model::Transport;

mod session;

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    let server = ukai_servers::server("ldap").expect("a server");
    let transport = if choice & 1 == 0 { Transport::Tcp } else { Transport::Udp };
    session::serve(&server, transport, 389, data);
    let _ = ukai_servers::looks_like_ldap(data);
});
