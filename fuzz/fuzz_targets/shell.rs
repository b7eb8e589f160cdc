//! Scripts and key strokes from anywhere: the parser and the evaluator end, within bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};
use ukai_model::{FetchOutcome, Timestamp};
use ukai_persona::{Host, Persona};
use ukai_shell::{
    Budget, Console, Fetched, Fs, Login, Shell, ShellEffect, ShellState, TerminalSize, needs_more,
};

/// Fetches and timers that are answered in one run.
const ROUNDS: usize = 64;

/// What a session may use up: less than usual, so that endless loops end early.
const BUDGET: Budget = Budget {
    steps_per_input: 3_000,
    steps_per_session: 6_000,
    output_bytes_per_input: 64 * 1024,
    output_bytes_per_session: 256 * 1024,
};

/// Hosts, each with a disk that keeps the persona's image in memory.
static HOSTS: LazyLock<Vec<(Arc<Host>, Fs)>> = LazyLock::new(|| {
    let address = "192.0.2.77".parse().expect("an address");
    let hosts = Persona::built_in().iter().map(|p| Arc::new(p.host(address, [7; 32])));
    hosts.map(|host| (Arc::clone(&host), Fs::new(&host))).collect()
});

fuzz_target!(|bytes: &[u8]| {
    let Some((first, text)) = bytes.split_first() else { return };
    let (host, _) = &HOSTS[usize::from(first >> 2) % HOSTS.len()];
    let terminal = (first & 1 != 0).then_some(TerminalSize { columns: 80, rows: 24 });
    let login = Login { terminal, ..Login::new("root", 0) };
    let mut now = Timestamp::from_secs(1_760_000_000);
    let shell = Shell::new(Arc::clone(host), Fs::new(host), login, 1, now);
    let mut shell = shell.with_budget(BUDGET);
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
