//! A blocking TCP server around `Server`, one thread for each connection. User `root`
//! gets in with `secret`; `exec` runs nothing: it answers with the command itself.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use ukai_ssh::{
    AuthMethod, AuthReply, ChannelRequest, HostKeys, KeyProof, Output, Profile, Server, ServerEvent,
};

/// Bytes that the command `flood` sends.
pub(crate) const FLOOD_BYTES: usize = 3_000_000;

pub(crate) fn start(profile: &str) -> u16 {
    let profile = Profile::named(profile).expect("a profile");
    let keys = Arc::new(HostKeys::derive(&profile, [7; 32]));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (profile, keys) = (Arc::clone(&profile), Arc::clone(&keys));
            std::thread::spawn(move || serve(stream, profile, keys));
        }
    });
    port
}

fn serve(mut stream: TcpStream, profile: Arc<Profile>, keys: Arc<HostKeys>) {
    static SEED: AtomicU8 = AtomicU8::new(0);
    let mut server = Server::new(profile, keys, [SEED.fetch_add(1, Ordering::Relaxed); 32]);
    let mut out = Vec::new();
    let mut buffer = [0; 16384];
    let mut flood = 0;
    server.start(&mut out);
    loop {
        while !out.is_empty() {
            for output in std::mem::take(&mut out) {
                match output {
                    Output::Send(bytes) => {
                        if stream.write_all(&bytes).is_err() {
                            return;
                        }
                    }
                    Output::Close => return,
                    Output::Event(event) => answer(&mut server, event, &mut flood, &mut out),
                }
            }
        }
        match stream.read(&mut buffer) {
            Ok(count) if count > 0 => server.receive(&buffer[..count], &mut out),
            _ => return,
        }
    }
}

fn answer(server: &mut Server, event: ServerEvent, flood: &mut usize, out: &mut Vec<Output>) {
    match event {
        ServerEvent::Auth(request) => {
            let good = request.user == "root"
                && match &request.method {
                    AuthMethod::Password { password, .. } => password == "secret",
                    AuthMethod::PublicKey { signature, .. } => *signature != KeyProof::Invalid,
                    _ => false,
                };
            server.auth_reply(if good { AuthReply::Accept } else { AuthReply::Reject }, out);
        }
        ServerEvent::ChannelOpen { channel, .. } => server.open_confirm(channel, out),
        ServerEvent::ChannelRequest { channel, request, want_reply } => {
            if want_reply {
                server.request_reply(channel, true, out);
            }
            match request {
                ChannelRequest::Exec { command } if command == "flood" => {
                    *flood = FLOOD_BYTES;
                    pour(server, channel, flood, out);
                }
                ChannelRequest::Exec { command } if command == "cat" => {}
                ChannelRequest::Exec { command } => {
                    server.send(channel, &command, out);
                    server.send(channel, b"\n", out);
                    server.exit_status(channel, 7, out);
                    server.eof(channel, out);
                    server.close(channel, out);
                }
                _ => {}
            }
        }
        ServerEvent::Data { channel, bytes } => {
            server.send(channel, &bytes, out);
        }
        ServerEvent::Eof { channel } if *flood == 0 => {
            server.exit_status(channel, 0, out);
            server.eof(channel, out);
            server.close(channel, out);
        }
        ServerEvent::Writable { channel } => pour(server, channel, flood, out),
        ServerEvent::GlobalRequest { want_reply: true, .. } => {
            server.global_reply(false, None, out);
        }
        _ => {}
    }
}

fn pour(
    server: &mut Server,
    channel: ukai_ssh::ChannelId,
    flood: &mut usize,
    out: &mut Vec<Output>,
) {
    while *flood > 0 {
        let taken = server.send(channel, &[b'x'; 10_000][..(*flood).min(10_000)], out);
        if taken == 0 {
            return;
        }
        *flood -= taken;
    }
    server.exit_status(channel, 0, out);
    server.eof(channel, out);
    server.close(channel, out);
}
