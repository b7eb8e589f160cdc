//! How many requests a second the web's sessions answer, without any network:
//! `cargo run --release -p ukai-servers --example web_bench`.

use std::sync::Arc;
use std::time::Instant;
use ukai_emulators::{Context, Effect, Emulator, Open};
use ukai_model::{Flow, Timestamp, Transport};
use ukai_persona::Persona;
use ukai_servers::Web;
use ukai_shell::Fs;

fn main() {
    const REQUESTS: u32 = 500_000;
    let persona = Persona::named("server-debian").expect("a built-in persona");
    let host = Arc::new(persona.host([192, 0, 2, 10].into(), [7; 32]));
    let now = Timestamp::from_secs(1_767_323_045);
    let peer = ([198, 51, 100, 7], 4000).into();
    let flow = Flow::new(Transport::Tcp, peer, ([192, 0, 2, 10], 80).into());
    for (name, path) in [("204", "/generate_204"), ("page", "/"), ("file", "/a.exe")] {
        let fs = Fs::new(&host);
        let host = Arc::clone(&host);
        let mut session =
            Web::default().open(Open { flow, host, fs, seed: 7, now, tls: false, alpn: None });
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: www.shop.example\r\nUser-Agent: curl/8.5.0\r\n\
             Accept: */*\r\n\r\n"
        );
        let mut effects = Vec::new();
        let mut bytes = 0;
        let begun = Instant::now();
        for _ in 0..REQUESTS {
            session.on_bytes(&mut Context { now, effects: &mut effects }, request.as_bytes());
            for effect in effects.drain(..) {
                if let Effect::Send(sent) = effect {
                    bytes += sent.len();
                }
            }
        }
        let rate = f64::from(REQUESTS) / begun.elapsed().as_secs_f64();
        println!("{name}: {rate:.0} requests/s, {} bytes each", bytes / REQUESTS as usize);
    }
}
