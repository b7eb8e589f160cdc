//! Holds the documents that come from code to the code.

use xtask::root;

#[test]
fn events_reference_is_fresh() {
    let written =
        std::fs::read_to_string(root().join("docs/events.md")).expect("docs/events.md is there");
    assert!(
        written == ukai_model::events_reference(),
        "docs/events.md is stale: run `cargo run -p xtask -- events`"
    );
}

#[test]
fn behaviour_reference_is_fresh() {
    let written = std::fs::read_to_string(root().join("docs/behaviour.md"))
        .expect("docs/behaviour.md is there");
    assert!(
        written == xtask::with_behaviour_fields(&written),
        "docs/behaviour.md is stale: run `cargo run -p xtask -- behaviour`"
    );
    assert!(written.contains("### Behaviour"), "it has the fields");
}

#[test]
fn every_crate_stands_in_the_architecture() {
    let text = std::fs::read_to_string(root().join("docs/architecture.md"))
        .expect("docs/architecture.md is there");
    assert!(text.lines().count() < 300, "docs/architecture.md stays under 300 lines");
    for entry in std::fs::read_dir(root().join("crates")).expect("crates/ is there") {
        let name =
            entry.expect("a readable folder").file_name().into_string().expect("a UTF-8 name");
        assert!(
            text.contains(&format!("`{name}`")),
            "docs/architecture.md does not mention `{name}`"
        );
    }
}
