//! A session driven by fuzzed bytes: pieces, timers, answered fetches, an end.
#![allow(dead_code, reason = "each target uses one of the two ways to run")]

use bytes::Bytes;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use ukai_emulators::{Context, Effect, Emulator, FetchId, Fetched, Open, TimerId, emulator};
use ukai_model::{Duration, FetchOutcome, Flow, Timestamp, Transport};
use ukai_persona::{Host, Persona};
use ukai_shell::Fs;

const ADDRESS: [u8; 4] = [192, 0, 2, 10];

/// A host of each persona with its files, made once: that takes most of the time of a run.
static HOSTS: LazyLock<Vec<(Arc<Host>, Fs)>> = LazyLock::new(|| {
    let host = |persona: &Arc<Persona>| {
        let host = Arc::new(persona.host(ADDRESS.into(), [7; 32]));
        let fs = Fs::new(&host);
        (host, fs)
    };
    Persona::built_in().iter().map(host).collect()
});

/// An emulator by its name, on TCP.
pub fn run(name: &str, port: u16, data: &[u8]) {
    serve(&emulator(name).expect("an emulator"), Transport::Tcp, port, data);
}

/// The first byte chooses the persona; a byte of 0xfe ends a piece or a datagram, and lets a
/// timer fire.
pub fn serve(server: &Arc<dyn Emulator>, transport: Transport, port: u16, data: &[u8]) {
    let Some((choice, data)) = data.split_first() else { return };
    let local: SocketAddr = (ADDRESS, port).into();
    let peer: SocketAddr = ([198, 51, 100, 7], 4000).into();
    let (host, fs) = HOSTS[usize::from(*choice) % HOSTS.len()].clone();
    let mut now = Timestamp::from_secs(1_767_323_045);
    let open = Open {
        flow: Flow::new(transport, peer, local),
        fs,
        host,
        seed: 7,
        now,
        tls: false,
        alpn: None,
    };
    let mut session = server.open(open);
    let mut effects = Vec::new();
    session.on_open(&mut Context { now, effects: &mut effects });
    for piece in data.split(|byte| *byte == 0xfe) {
        session.on_bytes(&mut Context { now, effects: &mut effects }, piece);
        assert!(effects.len() < 1_000 + 64 * data.len(), "effects are bounded by input");
        let asked = std::mem::take(&mut effects);
        for effect in asked {
            match effect {
                Effect::Timer { id: TimerId(id), at } if at < now + Duration::from_secs(30) => {
                    now = now.max(at);
                    session.on_timer(&mut Context { now, effects: &mut effects }, TimerId(id));
                }
                Effect::Fetch { id: FetchId(id), .. } => {
                    let fetched = Fetched {
                        outcome: FetchOutcome::Complete,
                        bytes: Bytes::from_static(b"#!/bin/sh\necho fetched\n"),
                        sha256: None,
                        status: Some(200),
                        server_ip: None,
                        content_type: None,
                    };
                    let cx = &mut Context { now, effects: &mut effects };
                    session.on_fetched(cx, FetchId(id), fetched);
                }
                Effect::Close(_) => {
                    session.on_close(&mut Context { now, effects: &mut effects });
                    return;
                }
                _ => {}
            }
        }
    }
    session.on_eof(&mut Context { now, effects: &mut effects });
    session.on_close(&mut Context { now, effects: &mut effects });
}
