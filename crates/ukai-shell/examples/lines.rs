//! Runs the lines of standard input on a persona and shows what they print:
//! `cargo run --example lines -- server-debian < LINES`.

use std::io::{BufRead as _, Write as _};
use std::sync::Arc;
use ukai_model::Timestamp;
use ukai_persona::Persona;
use ukai_shell::{Fs, Login, Shell, ShellEffect};

fn main() -> std::io::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "server-debian".to_owned());
    let persona = Persona::named(&name).expect("a built-in persona");
    let host = Arc::new(persona.host("192.0.2.77".parse().expect("an address"), [7; 32]));
    let fs = Fs::new(&host);
    let now = Timestamp::from_secs(1_760_000_000);
    let mut screen = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let login = Login::new("root", 0)
            .from_peer("198.51.100.9".parse().expect("an address"))
            .with_variable("SSH_CONNECTION", "198.51.100.9 51034 192.0.2.77 22");
        let mut shell = Shell::new(Arc::clone(&host), fs.clone(), login, 1, now);
        let mut out = Vec::new();
        shell.exec(line.as_bytes(), now, &mut out);
        writeln!(screen, "$ {line}")?;
        for effect in out {
            match effect {
                ShellEffect::Output(bytes) | ShellEffect::ErrorOutput(bytes) => {
                    screen.write_all(&bytes)?;
                }
                ShellEffect::Command { .. } => {}
                other => writeln!(screen, "= {other:?}")?,
            }
        }
    }
    Ok(())
}
