//! Measures what one log-in and one command cost the server: version, key exchange
//! (curve25519, ed25519), password, `exec`, exit status, all in this process.
//!
//! `cargo run --release -p ukai-ssh --example handshake`

mod client;

use client::{Client, string};
use std::sync::Arc;
use std::time::{Duration, Instant};
use ukai_ssh::{AuthReply, ChannelRequest, HostKeys, Output, Profile, Server, ServerEvent};

const SESSIONS: u32 = 500;

fn main() {
    for name in ["openssh-9.2p1-debian12", "dropbear-2022.83"] {
        let profile = Profile::named(name).expect("a profile");
        let keys = Arc::new(HostKeys::derive(&profile, [7; 32]));
        let start = Instant::now();
        keys.prepare();
        let prepared = start.elapsed();
        let spent: Duration = (0..SESSIONS).map(|number| session(&profile, &keys, number)).sum();
        println!(
            "{name}: {:.3} ms of server for each of {SESSIONS} sessions; host keys took {prepared:.1?}",
            spent.as_secs_f64() * 1e3 / f64::from(SESSIONS)
        );
    }
}

fn session(profile: &Arc<Profile>, host_keys: &Arc<HostKeys>, number: u32) -> Duration {
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&number.to_be_bytes());
    let mut host = Measured {
        server: Server::new(Arc::clone(profile), Arc::clone(host_keys), seed),
        spent: Duration::ZERO,
        closed: false,
    };
    let mut client = Client::new(number, "none");
    let mut greeting = Vec::new();
    host.exchange(b"", &mut greeting);
    client.receive(&greeting);
    client.make_keys(|bytes, answer| host.exchange(bytes, answer)).expect("keys");
    let mut service = vec![5];
    string(&mut service, b"ssh-userauth");
    host.ask(&mut client, &service);
    let mut auth = vec![50];
    for part in ["root", "ssh-connection", "password"] {
        string(&mut auth, part.as_bytes());
    }
    auth.push(0);
    string(&mut auth, b"secret");
    host.ask(&mut client, &auth);
    until(&mut client, 52);
    let mut open = vec![90];
    string(&mut open, b"session");
    for number in [0u32, 1 << 21, 1 << 15] {
        open.extend_from_slice(&number.to_be_bytes());
    }
    host.ask(&mut client, &open);
    until(&mut client, 91);
    let mut exec = vec![98, 0, 0, 0, 0];
    string(&mut exec, b"exec");
    exec.push(1);
    string(&mut exec, b"uname");
    host.ask(&mut client, &exec);
    let data = until(&mut client, 94);
    assert!(data.ends_with(b"Linux\n"));
    until(&mut client, 97);
    host.ask(&mut client, &[97, 0, 0, 0, 0]);
    assert!(!host.closed);
    host.spent
}

/// The server; only what it does is measured.
struct Measured {
    server: Server,
    spent: Duration,
    closed: bool,
}

impl Measured {
    /// Gives bytes to the server, answers its events, and appends what it sends.
    fn exchange(&mut self, bytes: &[u8], answered: &mut Vec<u8>) {
        let start = Instant::now();
        let mut out = Vec::new();
        if bytes.is_empty() {
            self.server.start(&mut out);
        } else {
            self.server.receive(bytes, &mut out);
        }
        while !out.is_empty() {
            for output in std::mem::take(&mut out) {
                match output {
                    Output::Send(bytes) => answered.extend_from_slice(&bytes),
                    Output::Close => self.closed = true,
                    Output::Event(event) => answer(&mut self.server, &event, &mut out),
                }
            }
        }
        self.spent += start.elapsed();
    }

    fn ask(&mut self, client: &mut Client, payload: &[u8]) {
        let packet = client.packet(payload);
        let mut answered = Vec::new();
        self.exchange(&packet, &mut answered);
        client.receive(&answered);
    }
}

/// Reads until a message of this kind.
fn until(client: &mut Client, kind: u8) -> Vec<u8> {
    loop {
        let payload = client.payload().expect("a message");
        if payload[0] == kind {
            return payload;
        }
    }
}

fn answer(server: &mut Server, event: &ServerEvent, out: &mut Vec<Output>) {
    match event {
        ServerEvent::Auth(_) => server.auth_reply(AuthReply::Accept, out),
        ServerEvent::ChannelOpen { channel, .. } => server.open_confirm(*channel, out),
        ServerEvent::ChannelRequest { channel, request: ChannelRequest::Exec { .. }, .. } => {
            server.request_reply(*channel, true, out);
            server.send(*channel, b"Linux\n", out);
            server.exit_status(*channel, 0, out);
            server.eof(*channel, out);
            server.close(*channel, out);
        }
        _ => {}
    }
}
