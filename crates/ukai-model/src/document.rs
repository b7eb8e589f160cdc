//! The reference of events, written from the types themselves.

use crate::{Event, EventKind, SCHEMA_VERSION};
use serde_json::Value;
use std::fmt::Write as _;
use utoipa::PartialSchema;

/// The text of `docs/events.md`: each kind with its fields, their types and meaning,
/// taken from the schema of [`Event`] and [`EventKind`]. A test holds the file to it.
pub fn events_reference() -> String {
    let kinds = serde_json::to_value(EventKind::schema()).expect("a schema is JSON");
    let event = serde_json::to_value(Event::schema()).expect("a schema is JSON");
    let flow = serde_json::to_value(crate::Flow::schema()).expect("a schema is JSON");
    let mut out = format!(
        "# Events\n\n\
         Written from the types in `crates/ukai-model` by `cargo run -p xtask -- events`; do not edit.\n\n\
         An event is one fact, immutable: one flat JSON object. The version of the schema is \
         **{SCHEMA_VERSION}** (field `v`): it changes when a field changes its meaning or goes; new \
         fields and kinds do not change it.\n\n\
         Text chosen by a peer is escaped: printable Unicode stays, a backslash is `\\\\`, every other \
         byte (controls, terminal escapes, bytes that are not UTF-8) is `\\xNN`. The form is reversible.\n\n\
         ## Fields of every event\n\n",
    );
    // `Event` is flattened: an `allOf` of flow, kind and its own object.
    let own = event["allOf"]
        .as_array()
        .and_then(|parts| parts.iter().find(|p| p["properties"].is_object()));
    table(&mut out, own.unwrap_or(&event), &["flow"]);
    out.push_str("\n## Fields of events that belong to a conversation\n\n");
    table(&mut out, &flow, &[]);
    out.push_str("\n## Kinds\n");
    for variant in kinds["oneOf"].as_array().into_iter().flatten() {
        let name = &variant["properties"]["kind"]["enum"][0];
        let about = variant["description"].as_str().unwrap_or_default();
        let _ = write!(out, "\n### `{}`\n\n{about}\n\n", name.as_str().unwrap_or_default());
        table(&mut out, variant, &["kind"]);
    }
    out.push_str("\n## Types\n\n| type | written as | meaning |\n| --- | --- | --- |\n");
    for (name, schema) in types() {
        let written = match schema["enum"].as_array() {
            Some(values) => {
                let values = values.iter().filter_map(Value::as_str);
                values.map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
            }
            None => match schema["format"].as_str() {
                Some(format) => format!("{} ({format})", type_of(&schema)),
                None => type_of(&schema),
            },
        };
        let _ = writeln!(out, "| {name} | {written} | {} |", one_line(&schema));
    }
    out
}

/// The reference part of `docs/behaviour.md`: every type of the report with its fields.
pub fn behaviour_reference() -> String {
    fn of<T: PartialSchema>() -> Value {
        serde_json::to_value(T::schema()).expect("a schema is JSON")
    }
    let mut out = String::new();
    for (name, schema) in [
        ("Behaviour", of::<crate::Behaviour>()),
        ("Run", of::<crate::Run>()),
        ("Ended", of::<crate::Ended>()),
        ("Proof", of::<crate::Proof>()),
        ("Moment", of::<crate::Moment>()),
        ("Process", of::<crate::Process>()),
        ("Program", of::<crate::Program>()),
        ("FileChange", of::<crate::FileChange>()),
        ("RegistryChange", of::<crate::RegistryChange>()),
        ("Finding", of::<crate::Finding>()),
        ("FindingKind", of::<crate::FindingKind>()),
        ("NameAsked", of::<crate::NameAsked>()),
        ("Contact", of::<crate::Contact>()),
        ("Class", of::<crate::Class>()),
        ("Actor", of::<crate::Actor>()),
        ("Rhythm", of::<crate::Rhythm>()),
        ("Attack", of::<crate::Attack>()),
        ("Dropped", of::<crate::Dropped>()),
        ("InMemory", of::<crate::InMemory>()),
        ("ValueInMemory", of::<crate::ValueInMemory>()),
        ("RuleInMemory", of::<crate::RuleInMemory>()),
        ("RuleMatch", of::<crate::RuleMatch>()),
        ("Severity", of::<crate::Severity>()),
        ("IdsRule", of::<crate::IdsRule>()),
        ("Fingerprint", of::<crate::Fingerprint>()),
        ("Alike", of::<crate::Alike>()),
        ("Difference", of::<crate::Difference>()),
    ] {
        let _ = write!(out, "\n### {name}\n\n{}\n\n", one_line(&schema));
        match schema["enum"].as_array() {
            Some(values) => {
                let values = values.iter().filter_map(Value::as_str);
                let values: Vec<_> = values.map(|value| format!("`{value}`")).collect();
                let _ = writeln!(out, "One of {}.", values.join(", "));
            }
            None => table(&mut out, &schema, &[]),
        }
    }
    out
}

/// The named types that fields of events have.
fn types() -> Vec<(&'static str, Value)> {
    fn schema<T: PartialSchema>() -> Value {
        serde_json::to_value(T::schema()).expect("a schema is JSON")
    }
    vec![
        ("CaptureHow", schema::<crate::CaptureHow>()),
        ("FileOperation", schema::<crate::FileOperation>()),
        ("CloseReason", schema::<crate::CloseReason>()),
        ("EventId", schema::<crate::EventId>()),
        ("FetchOutcome", schema::<crate::FetchOutcome>()),
        ("ObservableKind", schema::<crate::ObservableKind>()),
        ("PeerText", schema::<crate::PeerText>()),
        ("Role", schema::<crate::Role>()),
        ("SensorId", schema::<crate::SensorId>()),
        ("SessionId", schema::<crate::SessionId>()),
        ("Sha256", schema::<crate::Sha256>()),
        ("Timestamp", schema::<crate::Timestamp>()),
        ("Transport", schema::<crate::Transport>()),
    ]
}

/// A schema's description: its own, or that of the one alternative that has one.
fn one_line(schema: &Value) -> String {
    let mut alternatives = schema["oneOf"].as_array().into_iter().flatten();
    let about = schema["description"]
        .as_str()
        .or_else(|| alternatives.find_map(|one| one["description"].as_str()))
        .unwrap_or_default();
    about.split("\n\n").next().unwrap_or_default().replace('\n', " ")
}

fn table(out: &mut String, object: &Value, leave_out: &[&str]) {
    out.push_str("| field | type | meaning |\n| --- | --- | --- |\n");
    let required: Vec<&str> =
        object["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, schema) in object["properties"].as_object().into_iter().flatten() {
        if leave_out.contains(&name.as_str()) {
            continue;
        }
        let optional = if required.contains(&name.as_str()) { "" } else { ", optional" };
        let _ =
            writeln!(out, "| `{name}` | {}{optional} | {} |", type_of(schema), one_line(schema));
    }
}

/// A short name of a schema's type.
fn type_of(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(options) = schema["oneOf"].as_array().or(schema["allOf"].as_array()) {
        return options
            .iter()
            .map(type_of)
            .filter(|t| t != "null")
            .collect::<Vec<_>>()
            .join(" or ");
    }
    match &schema["type"] {
        Value::String(name) if name == "array" => format!("list of {}", type_of(&schema["items"])),
        Value::String(name) => name.clone(),
        Value::Array(names) => {
            let names = names.iter().filter_map(Value::as_str).filter(|n| *n != "null");
            let name = names.collect::<Vec<_>>().join(" or ");
            if name == "array" { format!("list of {}", type_of(&schema["items"])) } else { name }
        }
        _ => "any".to_owned(),
    }
}
