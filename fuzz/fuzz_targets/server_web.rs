#![no_main]
//! The web: requests of HTTP/1, frames of HTTP/2 and of WebSocket, and a tunnel, chosen by
//! the first byte.

use libfuzzer_sys::fuzz_target;
use ukai_model::Transport;

mod session;

const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    let begin: &[u8] = match choice % 4 {
        0 => b"",
        1 => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        2 => UPGRADE,
        _ => b"CONNECT a.example:443 HTTP/1.1\r\n\r\n",
    };
    let server = ukai_servers::server("web").expect("a server");
    // The persona is of no importance to the web.
    let bytes = [b"\0", begin, data].concat();
    session::serve(&server, Transport::Tcp, 80, &bytes);
    let _ = ukai_servers::looks_like_http(data);
});
