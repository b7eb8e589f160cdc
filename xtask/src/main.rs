//! Writes the documents that come from code. The checks of the house are this
//! package's tests: `cargo nextest run -p xtask`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if let (Some("events"), None) = (arguments.next().as_deref(), arguments.next()) {
        let path = xtask::root().join("docs/events.md");
        if let Err(error) = std::fs::write(&path, ukai_model::events_reference()) {
            eprintln!("{}: {error}", path.display());
            return ExitCode::FAILURE;
        }
        println!("wrote {}", path.display());
        return ExitCode::SUCCESS;
    }
    eprintln!("usage: cargo run -p xtask -- events    write docs/events.md from the types");
    ExitCode::from(2)
}
