//! Scripts and key strokes from anywhere: the parser and the evaluator end, within bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use ukai_model::{FetchOutcome, Timestamp};
use ukai_persona::Persona;
use ukai_shell::{
    Console, Fetched, Fs, Login, Shell, ShellEffect, ShellState, TerminalSize, needs_more,
};

/// Fetches and timers that are answered in one run.
const ROUNDS: usize = 64;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, text)) = bytes.split_first() else { return };
    let personas = Persona::built_in();
    let persona = &personas[usize::from(first >> 2) % personas.len()];
    let host = Arc::new(persona.host("192.0.2.77".parse().expect("an address"), [7; 32]));
    let terminal = (first & 1 != 0).then_some(TerminalSize { columns: 80, rows: 24 });
    let login = Login { terminal, ..Login::new("root", 0) };
    let mut now = Timestamp::from_secs(1_760_000_000);
    let mut shell = Shell::new(Arc::clone(&host), Fs::new(&host), login, 1, now);
    let mut out = Vec::new();
    needs_more(text);
    if first & 2 != 0 {
        let mut console = Console::new(shell, true);
        console.start(now, &mut out);
        console.on_bytes(text, now, &mut out);
        console.finish(&mut out);
        return;
    }
    shell.run(text, now, &mut out);
    for _ in 0..ROUNDS {
        let ShellState::Waiting(_) = shell.state() else { break };
        let effects = std::mem::take(&mut out);
        let mut answered = false;
        for effect in effects {
            match effect {
                ShellEffect::Fetch { id, .. } => {
                    let fetched = Fetched {
                        outcome: FetchOutcome::Complete,
                        bytes: bytes.to_vec().into(),
                        sha256: None,
                        status: Some(200),
                        server_ip: None,
                        content_type: None,
                    };
                    shell.on_fetched(id, fetched, now, &mut out);
                    answered = true;
                }
                ShellEffect::Timer(at) => {
                    now = at;
                    shell.on_timer(now, &mut out);
                    answered = true;
                }
                _ => {}
            }
        }
        if !answered {
            shell.end_stdin(now, &mut out);
        }
    }
    shell.interrupt(now, &mut out);
    shell.finish(&mut out);
});
