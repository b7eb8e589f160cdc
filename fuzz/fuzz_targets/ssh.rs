#![no_main]
//! The SSH server, before there are keys: versions, packets, key exchange.

use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};
use ukai_ssh::{HostKeys, Profile, Server};

static SERVERS: LazyLock<Vec<(Arc<Profile>, Arc<HostKeys>)>> = LazyLock::new(|| {
    ["openssh-9.2p1-debian12", "dropbear-2022.83"]
        .into_iter()
        .filter_map(|name| Profile::named(name).ok())
        .map(|profile| {
            let keys = Arc::new(HostKeys::derive(&profile, [1; 32]));
            keys.prepare();
            (profile, keys)
        })
        .collect()
});

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let (profile, keys) = &SERVERS[usize::from(first & 1) % SERVERS.len()];
    let mut server = Server::new(Arc::clone(profile), Arc::clone(keys), [2; 32]);
    let mut out = Vec::new();
    server.start(&mut out);
    if first & 2 != 0 {
        server.receive(b"SSH-2.0-x\r\n", &mut out);
    }
    for part in rest.chunks(usize::from(first >> 2) + 1) {
        server.receive(part, &mut out);
        out.clear();
    }
});
