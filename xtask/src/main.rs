//! Writes the documents that come from code. The checks of the house are this
//! package's tests: `cargo nextest run -p xtask`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let written = match (arguments.next().as_deref(), arguments.next()) {
        (Some("events"), None) => {
            let path = xtask::root().join("docs/events.md");
            write(&path, &ukai_model::events_reference())
        }
        (Some("behaviour"), None) => {
            let path = xtask::root().join("docs/behaviour.md");
            std::fs::read_to_string(&path)
                .and_then(|text| std::fs::write(&path, xtask::with_behaviour_fields(&text)))
                .map_err(|error| eprintln!("{}: {error}", path.display()))
                .is_ok()
        }
        _ => {
            eprintln!(
                "usage: cargo run -p xtask -- events       write docs/events.md from the types"
            );
            eprintln!(
                "       cargo run -p xtask -- behaviour    write the fields in docs/behaviour.md"
            );
            return ExitCode::from(2);
        }
    };
    if written { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn write(path: &Path, text: &str) -> bool {
    match std::fs::write(path, text) {
        Ok(()) => {
            println!("wrote {}", path.display());
            true
        }
        Err(error) => {
            eprintln!("{}: {error}", path.display());
            false
        }
    }
}
