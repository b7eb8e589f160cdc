//! How long a log-in's worth of shell takes: `cargo run --release --example speed`.

use std::sync::Arc;
use std::time::Instant;
use ukai_model::Timestamp;
use ukai_persona::Persona;
use ukai_shell::{Console, Fs, Login, Shell, TerminalSize};

const ROUNDS: u32 = 20_000;

fn main() {
    let persona = Persona::named("router-mips").expect("a built-in persona");
    let host = Arc::new(persona.host("192.0.2.77".parse().expect("an address"), [7; 32]));
    let now = Timestamp::from_secs(1_760_000_000);
    for (name, input) in [
        ("login and uname -a", "uname -a\r\n"),
        ("probe", "/bin/busybox ECCHI\r\n"),
        (
            "loader",
            "cd /tmp || cd /var; for a in mips arm; do echo -ne '\\x7fELF' > b.$a; chmod 777 b.$a; done; ls -l; rm -f b.*\r\n",
        ),
        ("dd", "dd bs=52 count=1 if=/bin/echo\r\n"),
        ("ps", "ps\r\n"),
    ] {
        let fs = Fs::new(&host);
        let began = Instant::now();
        let mut bytes = 0;
        for seed in 0..ROUNDS {
            let login = Login::new("root", 0).on_terminal(TerminalSize { columns: 80, rows: 24 });
            let shell = Shell::new(Arc::clone(&host), fs.clone(), login, u64::from(seed), now);
            let mut console = Console::new(shell, true);
            let mut out = Vec::new();
            console.start(now, &mut out);
            console.on_bytes(input.as_bytes(), now, &mut out);
            bytes += out.len();
        }
        println!(
            "{name}: {:.1} µs ({bytes} effects)",
            began.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS)
        );
    }
}
