//! Programs for the interpreters from anywhere: they end, within bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use ukai_model::Timestamp;
use ukai_persona::Persona;
use ukai_shell::{Fs, Login, Shell, ShellEffect, ShellState, WaitingFor};

/// Timers that are answered in one run.
const ROUNDS: usize = 64;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, text)) = bytes.split_first() else { return };
    let persona = Persona::named("server-debian").expect("a built-in persona");
    let host = Arc::new(persona.host("192.0.2.77".parse().expect("an address"), [7; 32]));
    let login = Login { piped_input: true, ..Login::new("root", 0) };
    let mut now = Timestamp::from_secs(1_760_000_000);
    let mut shell = Shell::new(Arc::clone(&host), Fs::new(&host), login, 1, now);
    let mut out = Vec::new();
    let command = ["python3 -", "perl", "php", "ed"][usize::from(first & 3)];
    shell.exec(command.as_bytes(), now, &mut out);
    shell.feed_stdin(text, now, &mut out);
    shell.end_stdin(now, &mut out);
    for _ in 0..ROUNDS {
        match shell.state() {
            ShellState::Waiting(WaitingFor::Stdin) => shell.end_stdin(now, &mut out),
            ShellState::Waiting(_) => {
                let timer = out.iter().rev().find_map(|effect| match effect {
                    ShellEffect::Timer(at) => Some(*at),
                    _ => None,
                });
                let Some(at) = timer else { break };
                now = at;
                shell.on_timer(now, &mut out);
            }
            _ => break,
        }
    }
    shell.finish(&mut out);
});
