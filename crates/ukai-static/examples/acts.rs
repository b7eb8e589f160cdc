//! What a script would do: `cargo run -p ukai-static --example acts FILE`.

use ukai_model::Timestamp;
use ukai_static::{Limits, analyze};

fn main() {
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path).expect("a file");
        let analysis = analyze(&bytes, Timestamp::default(), &Limits::default(), &mut |_| ());
        println!("{path}: {}", analysis.file_type.map(|it| it.description).unwrap_or_default());
        for step in &analysis.acts {
            println!("{}", serde_json::to_string(step).expect("serialises"));
        }
        for found in &analysis.observables {
            println!("  {} {} {:?}", found.observable.value, found.method, found.layer);
        }
        for (at, member) in analysis.members.iter().enumerate() {
            println!(
                "  member {at}: {} {:?} {}",
                member.container, member.name, member.file_type.name
            );
        }
        for note in &analysis.notes {
            println!("  note: {note}");
        }
    }
}
