//! Keys in pieces on a terminal of any size: bash's and BusyBox's line editors end, and
//! send no more than they may.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};
use ukai_model::Timestamp;
use ukai_persona::{Host, Persona};
use ukai_shell::{Budget, Console, Fs, Login, Shell, ShellEffect, TerminalSize, limits};

/// What commands may use up: little, since lines are what is looked at.
const BUDGET: Budget = Budget {
    steps_per_input: 500,
    steps_per_session: 2_000,
    output_bytes_per_input: 16 * 1024,
    output_bytes_per_session: 64 * 1024,
};

/// Most that a console may send, in bytes: editors' lines, commands' output, and the echo
/// of what is typed for them (a byte may show as two).
fn sent_max(typed: usize) -> usize {
    limits::DRAWN_BYTES_PER_SESSION + BUDGET.output_bytes_per_session + 4 * typed + 64 * 1024
}

/// One host with bash and one with BusyBox, each with its disk in memory.
static HOSTS: LazyLock<Vec<(Arc<Host>, Fs)>> = LazyLock::new(|| {
    let address = "192.0.2.77".parse().expect("an address");
    let named =
        ["server-debian", "router-mips"].map(|name| Persona::named(name).expect("it is built in"));
    let hosts = named.iter().map(|persona| Arc::new(persona.host(address, [7; 32])));
    hosts.map(|host| (Arc::clone(&host), Fs::new(&host))).collect()
});

fuzz_target!(|bytes: &[u8]| {
    let [kind, columns, rows, piece, typed @ ..] = bytes else { return };
    let (host, _) = &HOSTS[usize::from(kind & 1)];
    let size = TerminalSize { columns: u16::from(*columns), rows: u16::from(*rows) };
    let login = Login { terminal: Some(size), ..Login::new("root", 0) };
    let now = Timestamp::from_secs(1_760_000_000);
    let shell = Shell::new(Arc::clone(host), Fs::new(host), login, 1, now).with_budget(BUDGET);
    let mut console = Console::new(shell, kind & 2 == 0);
    let mut out = Vec::new();
    console.start(now, &mut out);
    for (index, piece) in typed.chunks(usize::from(*piece).max(1)).enumerate() {
        console.on_bytes(piece, now, &mut out);
        if kind & 4 != 0 && index % 5 == 4 {
            console.resize(TerminalSize { columns: u16::from(piece[0]), rows: u16::from(*rows) });
        }
    }
    console.finish(&mut out);
    let sent: usize = out
        .iter()
        .map(|effect| match effect {
            ShellEffect::Output(bytes) | ShellEffect::ErrorOutput(bytes) => bytes.len(),
            _ => 0,
        })
        .sum();
    assert!(sent <= sent_max(typed.len()), "{sent} bytes sent");
});
