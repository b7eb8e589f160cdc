//! The API against its own document: every route is in it, and answers are what it says.

use super::rig::{Rig, captured, domain, session, until};
use crate::clock;
use bytes::Bytes;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use ukai_model::Sha256;

/// Checks `value` against `schema`: types, required fields, lists, references and their
/// combinations, enumerations, bounds of integers. Unknown fields are faults: the
/// document must not be poorer than the answers.
fn check(document: &Value, schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#'));
        let target = target.ok_or_else(|| format!("{place}: {reference} leads nowhere"))?;
        return check(document, target, value, place);
    }
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        let faults: Vec<_> = choices
            .iter()
            .filter_map(|choice| check(document, choice, value, place).err())
            .collect();
        return if faults.len() < choices.len() { Ok(()) } else { Err(faults.join("; ")) };
    }
    if schema["allOf"].is_array() {
        let mut known = BTreeSet::new();
        return check_flattened(document, schema, value, place, &mut known)
            .and_then(|()| no_others(value, &known, place));
    }
    check_type(schema, value, place)?;
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        return Err(format!("{place}: {value} is none of {allowed:?}"));
    }
    if let (Some(items), Some(list)) = (schema.get("items"), value.as_array()) {
        for (n, item) in list.iter().enumerate() {
            check(document, items, item, &format!("{place}[{n}]"))?;
        }
    }
    if schema["properties"].is_object() && value.is_object() {
        let mut known = BTreeSet::new();
        check_object(document, schema, value, place, &mut known)?;
        no_others(value, &known, place)?;
    }
    Ok(())
}

fn check_type(schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_u64() || n.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let fits = |wanted: &Value| wanted == kind || (wanted == "number" && kind == "integer");
    let fine = match &schema["type"] {
        Value::Null => true,
        Value::Array(wanted) => wanted.iter().any(fits),
        wanted => fits(wanted),
    };
    if fine { Ok(()) } else { Err(format!("{place}: {value} is not of type {}", schema["type"])) }
}

fn check_object(
    document: &Value,
    schema: &Value,
    value: &Value,
    place: &str,
    known: &mut BTreeSet<String>,
) -> Result<(), String> {
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            return Err(format!("{place}: {name} is missing"));
        }
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        known.insert(name.clone());
        if let Some(field) = value.get(name) {
            check(document, schema, field, &format!("{place}.{name}"))?;
        }
    }
    Ok(())
}

/// Flattened parts make one object together.
fn check_flattened(
    document: &Value,
    schema: &Value,
    value: &Value,
    place: &str,
    known: &mut BTreeSet<String>,
) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#'));
        let target = target.ok_or_else(|| format!("{place}: {reference} leads nowhere"))?;
        return check_flattened(document, target, value, place, known);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        for part in parts {
            check_flattened(document, part, value, place, known)?;
        }
        return Ok(());
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let mut faults = Vec::new();
        let some = choices.iter().filter(|choice| choice["type"] != "null");
        let none = choices.iter().filter(|choice| choice["type"] == "null");
        for choice in some.chain(none) {
            let mut more = known.clone();
            match check_flattened(document, choice, value, place, &mut more) {
                Ok(()) => {
                    *known = more;
                    return Ok(());
                }
                Err(fault) => faults.push(fault),
            }
        }
        return Err(faults.join("; "));
    }
    if schema["type"] == "null" {
        return Ok(());
    }
    check_object(document, schema, value, place, known)
}

fn no_others(value: &Value, known: &BTreeSet<String>, place: &str) -> Result<(), String> {
    let others = value.as_object().into_iter().flatten();
    match others.map(|(name, _)| name).find(|name| !known.contains(*name)) {
        Some(name) => Err(format!("{place}.{name} is not in the document")),
        None => Ok(()),
    }
}

#[tokio::test]
async fn answers_are_what_the_document_says() {
    let rig = Rig::start().await;
    let sample = b"\x7fELF bot";
    rig.prepare_analysis(sample, &[domain("c2.example")]);
    rig.store.put_sample(Bytes::from_static(sample)).await.expect("kept");
    let (id, mut events) = session(clock::now(), "198.51.100.7:4000");
    events.extend(captured(
        clock::now() + Duration::from_millis(9),
        id,
        "198.51.100.7:4000",
        sample,
    ));
    rig.store.submit(events).await.expect("stored");
    until("published", || async { rig.get("/feeds/rpz.zone").await.text().contains("c2.example") })
        .await;
    let behaviour = super::sandbox::done(Sha256::of(sample)).behaviour;
    rig.store.put_behaviour(&behaviour).await.expect("kept");
    super::opinions::prepare(&rig, sample).await;
    let indicators = rig.json("/api/indicators").await;
    let indicator = indicators["items"][0]["id"].as_str().expect("an id").to_owned();
    let sha256 = Sha256::of(sample);
    let document = rig.json("/api/openapi.json").await;
    for (path, template) in [
        ("/api/me".to_owned(), "/api/me"),
        ("/api/status".to_owned(), "/api/status"),
        ("/api/overview".to_owned(), "/api/overview"),
        ("/api/telescope".to_owned(), "/api/telescope"),
        ("/api/telescope/sources/192.0.2.1".to_owned(), "/api/telescope/sources/{address}"),
        ("/api/credentials".to_owned(), "/api/credentials"),
        ("/api/credentials?protocol=telnet&range=30d".to_owned(), "/api/credentials"),
        ("/api/credentials/export?list=pairs&format=json".to_owned(), "/api/credentials/export"),
        ("/api/events".to_owned(), "/api/events"),
        ("/api/sessions".to_owned(), "/api/sessions"),
        (format!("/api/sessions/{id}"), "/api/sessions/{id}"),
        ("/api/samples".to_owned(), "/api/samples"),
        (format!("/api/samples/{sha256}"), "/api/samples/{sha256}"),
        (format!("/api/samples/{sha256}/similar"), "/api/samples/{sha256}/similar"),
        (format!("/api/samples/{sha256}/bytes?offset=0"), "/api/samples/{sha256}/bytes"),
        ("/api/behaviours".to_owned(), "/api/behaviours"),
        (format!("/api/samples/{sha256}/behaviour"), "/api/samples/{sha256}/behaviour"),
        ("/api/indicators".to_owned(), "/api/indicators"),
        (format!("/api/indicators/{indicator}"), "/api/indicators/{id}"),
        ("/api/feeds".to_owned(), "/api/feeds"),
        ("/api/jobs/quarantined".to_owned(), "/api/jobs/quarantined"),
        ("/healthz".to_owned(), "/healthz"),
    ] {
        let content = &document["paths"][template]["get"]["responses"]["200"]["content"];
        let schema = &content["application/json"]["schema"];
        assert!(schema.is_object(), "{template} has no schema");
        let answer = rig.json(&path).await;
        check(&document, schema, &answer, template).unwrap_or_else(|fault| panic!("{fault}"));
    }
}

#[test]
fn the_check_itself_finds_faults() {
    let document: Value = serde_json::json!({"components": {"schemas": {"A": {
        "type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}}}});
    let schema = serde_json::json!({"$ref": "#/components/schemas/A"});
    let judge = |value: Value| check(&document, &schema, &value, "it");
    assert!(judge(serde_json::json!({"n": 1})).is_ok());
    for wrong in [
        serde_json::json!({}),
        serde_json::json!({"n": "1"}),
        serde_json::json!({"n": 1, "m": 2}),
        serde_json::json!([]),
    ] {
        assert!(judge(wrong).is_err());
    }
}

#[tokio::test]
async fn the_document_is_whole() {
    let rig = Rig::start().await;
    let document = rig.json("/api/openapi.json").await;
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], "0.0.0-test");
    // The contract, so that no route can be lost unnoticed.
    let mut routes = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            routes.insert(format!("{} {path}", method.to_uppercase()));
            let told = operation["summary"].as_str().or(operation["description"].as_str());
            assert!(told.is_some_and(|text| !text.is_empty()), "{method} {path} says nothing");
        }
    }
    let wanted = include_str!("routes.txt").lines().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(routes, wanted);
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().expect("an end");
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
    for schema in ["Event", "SessionSummary", "SampleSummary", "Analysis", "Indicator", "Job"] {
        assert!(document["components"]["schemas"][schema].is_object(), "{schema}");
    }
}
