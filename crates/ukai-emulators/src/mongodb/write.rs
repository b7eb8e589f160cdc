//! Commands that change what there is. What does not fit any more is answered as if it did.

use super::bson::{Document, Value};
use super::command::Asked;
use super::failure::Failure;
use super::filter::finds;
use super::read::whole;
use super::server::Server;
use crate::Context;
use crate::limits::MONGODB_FILTER_BYTES;
use bytes::Bytes;
use ukai_model::EventKind;

pub(super) fn insert(
    server: &mut Server,
    cx: &mut Context<'_>,
    asked: &Asked<'_>,
) -> Result<Document, Failure> {
    let (name, namespace) = (asked.collection()?, asked.namespace()?);
    if asked.body.field("documents").is_none() {
        return Err(Failure::missing("insert.documents"));
    }
    let documents = asked.body.array("documents");
    if documents.is_empty() {
        let message = "Write batch sizes must be between 1 and 100000. Got 0 operations.";
        return Err(Failure::new(16, "InvalidLength", message));
    }
    let ordered = asked.body.field("ordered").is_none_or(Value::is_true);
    let (mut inserted, mut errors, mut full) = (0_usize, Vec::new(), false);
    for (index, document) in documents.iter().enumerate() {
        let Value::Document(document) = document else {
            return Err(Failure::wrong_type(
                &format!("insert.documents.{index}"),
                document.type_name(),
                "object",
            ));
        };
        let mut document = document.clone();
        let id = document.field("_id").cloned();
        let id = id.unwrap_or_else(|| Value::ObjectId(server.new_id(asked.now)));
        document.0.retain(|(name, _)| name != "_id");
        document.0.insert(0, ("_id".to_owned(), id.clone()));
        let key = Document::new().with("_id", id.clone());
        // An id of the driver's own making is new.
        let made = matches!(id, Value::ObjectId(_));
        if !made && has(server, asked.database, name, &key)? {
            let message = format!(
                "E11000 duplicate key error collection: {namespace} index: _id_ dup key: {{ _id: \
                 {} }}",
                shown(&id)
            );
            let error = Failure::numbered(11_000, message).of_write(whole(index));
            let error =
                error.with("keyPattern", Document::new().with("_id", 1)).with("keyValue", key);
            errors.push(Value::Document(error));
            if ordered {
                break;
            }
            continue;
        }
        inserted += 1;
        full |= !server.insert(asked.database, name, &document, asked.now);
    }
    if full {
        cx.record(EventKind::LimitReached {
            limit: "mongodb-store".to_owned(),
            detail: "documents are not kept: there is no room".to_owned(),
        });
    }
    let answer = Document::new().with("n", whole(inserted));
    Ok(if errors.is_empty() { answer } else { answer.with("writeErrors", errors) })
}

fn shown(value: &Value) -> String {
    let whole = Document::new().with("", value.clone()).shown(200);
    whole.trim_start_matches("{: ").trim_end_matches('}').to_owned()
}

fn has(server: &Server, database: &str, name: &str, filter: &Document) -> Result<bool, Failure> {
    let Some(collection) = server.collection(database, name) else { return Ok(false) };
    for document in collection.documents.iter().filter_map(|bytes| Document::read(bytes)) {
        if finds(filter, &document)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Changes or removes the documents that a filter finds; gives how many it found and how many
/// it changed, and the first that it found.
fn change(
    server: &mut Server,
    asked: &Asked<'_>,
    filter: &Document,
    all: bool,
    act: impl Fn(&Document) -> Result<Option<Document>, Failure>,
) -> Result<(usize, usize, Option<Document>), Failure> {
    let name = asked.collection()?;
    finds(filter, &Document::new())?;
    let Some(collection) = server.collection(asked.database, name) else {
        return Ok((0, 0, None));
    };
    if filter.bytes().len() > MONGODB_FILTER_BYTES {
        return Ok((0, 0, None));
    }
    let (mut found, mut changed, mut first) = (0, 0, None);
    let mut kept = Vec::with_capacity(collection.documents.len());
    for bytes in &collection.documents {
        let document = Document::read(bytes).unwrap_or_default();
        if !all && found > 0 || !finds(filter, &document)? {
            kept.push(bytes.clone());
            continue;
        }
        found += 1;
        match act(&document)? {
            Some(new) if new == document => kept.push(bytes.clone()),
            Some(new) => {
                changed += 1;
                kept.push(Bytes::from(new.bytes()));
            }
            None => changed += 1,
        }
        first = first.or(Some(document));
    }
    server.replace(asked.database, name, kept);
    Ok((found, changed, first))
}

/// A document after an update: operators, or another document.
fn updated(document: &Document, update: &Value) -> Result<Document, Failure> {
    let Value::Document(update) = update else {
        // A pipeline, which ours does not run.
        return Ok(document.clone());
    };
    if !update.0.first().is_some_and(|(name, _)| name.starts_with('$')) {
        let mut new = Document::new();
        new.0.extend(document.0.iter().filter(|(name, _)| name == "_id").cloned());
        new.0.extend(update.0.iter().filter(|(name, _)| name != "_id").cloned());
        return Ok(new);
    }
    let mut new = document.clone();
    for (operator, fields) in &update.0 {
        let Value::Document(fields) = fields else {
            let message = format!(
                "Modifiers operate on fields but we found type {} instead. For example: {{$mod: \
                 {{<field>: ...}}}} not {{{operator}: {}}}",
                fields.type_name(),
                shown(fields)
            );
            return Err(Failure::new(9, "FailedToParse", message));
        };
        for (name, value) in &fields.0 {
            match operator.as_str() {
                "$set" => new.set(name, value.clone()),
                "$unset" => new.0.retain(|(known, _)| known != name),
                "$inc" => {
                    let sum = new.number(name).unwrap_or_default();
                    let sum = sum.saturating_add(value.whole().unwrap_or_default());
                    new.set(name, i32::try_from(sum).map_or(Value::Long(sum), Value::Int));
                }
                "$push" => match new.0.iter_mut().find(|(known, _)| known == name) {
                    Some((_, Value::Array(values))) => values.push(value.clone()),
                    _ => new.set(name, Value::Array(vec![value.clone()])),
                },
                "$setOnInsert" | "$rename" | "$min" | "$max" | "$mul" | "$currentDate"
                | "$addToSet" | "$pull" | "$pop" | "$pullAll" | "$bit" => {}
                _ => {
                    let message = format!(
                        "Unknown modifier: {operator}. Expected a valid update modifier or \
                         pipeline-style update specified as an array"
                    );
                    return Err(Failure::new(9, "FailedToParse", message));
                }
            }
        }
    }
    Ok(new)
}

/// The document that an upsert makes.
fn made(
    server: &mut Server,
    asked: &Asked<'_>,
    filter: &Document,
    update: &Value,
) -> Result<Value, Failure> {
    let plain = |(name, value): &&(String, Value)| {
        let operators = matches!(value, Value::Document(inner)
            if inner.0.first().is_some_and(|(name, _)| name.starts_with('$')));
        !name.starts_with('$') && !operators
    };
    let mut document = Document(filter.0.iter().filter(plain).cloned().collect());
    document = updated(&document, update)?;
    let id = document.field("_id").cloned();
    let id = id.unwrap_or_else(|| Value::ObjectId(server.new_id(asked.now)));
    document.0.retain(|(name, _)| name != "_id");
    document.0.insert(0, ("_id".to_owned(), id.clone()));
    server.insert(asked.database, asked.collection()?, &document, asked.now);
    Ok(id)
}

pub(super) fn update(server: &mut Server, asked: &Asked<'_>) -> Result<Document, Failure> {
    asked.collection()?;
    if asked.body.field("updates").is_none() {
        return Err(Failure::missing("update.updates"));
    }
    let (mut found, mut changed) = (0, 0);
    let (mut upserted, mut errors) = (Vec::new(), Vec::new());
    for (index, one) in asked.body.array("updates").iter().enumerate() {
        let Value::Document(one) = one else { continue };
        let none = Document::new();
        let filter = one.document("q").unwrap_or(&none);
        let update = one.field("u").unwrap_or(&Value::Null);
        let result = change(server, asked, filter, one.is_true("multi"), |document| {
            updated(document, update).map(Some)
        });
        match result {
            Ok((0, ..)) if one.is_true("upsert") => {
                let id = made(server, asked, filter, update)?;
                let told = Document::new().with("index", whole(index)).with("_id", id);
                upserted.push(Value::Document(told));
                found += 1;
            }
            Ok((more, altered, _)) => (found, changed) = (found + more, changed + altered),
            Err(failure) => {
                errors.push(Value::Document(failure.of_write(whole(index))));
                break;
            }
        }
    }
    let mut answer = Document::new().with("n", whole(found));
    if !upserted.is_empty() {
        answer = answer.with("upserted", upserted);
    }
    if !errors.is_empty() {
        answer = answer.with("writeErrors", errors);
    }
    Ok(answer.with("nModified", whole(changed)))
}

pub(super) fn delete(server: &mut Server, asked: &Asked<'_>) -> Result<Document, Failure> {
    asked.collection()?;
    if asked.body.field("deletes").is_none() {
        return Err(Failure::missing("delete.deletes"));
    }
    let mut gone = 0;
    for one in asked.body.array("deletes") {
        let Value::Document(one) = one else { continue };
        let none = Document::new();
        let filter = one.document("q").unwrap_or(&none);
        let all = one.number("limit") != Some(1);
        gone += change(server, asked, filter, all, |_| Ok(None))?.0;
    }
    Ok(Document::new().with("n", whole(gone)))
}

pub(super) fn find_and_modify(server: &mut Server, asked: &Asked<'_>) -> Result<Document, Failure> {
    let body = asked.body;
    let none = Document::new();
    let filter = body.document("query").unwrap_or(&none);
    let removes = body.is_true("remove");
    let update = body.field("update");
    if !removes && update.is_none() {
        let message = "Either an update or remove=true must be specified";
        return Err(Failure::new(9, "FailedToParse", message));
    }
    let update = update.unwrap_or(&Value::Null);
    let (found, _, before) = change(server, asked, filter, false, |document| {
        if removes { Ok(None) } else { updated(document, update).map(Some) }
    })?;
    let mut last = Document::new().with("n", whole(found));
    if !removes {
        last = last.with("updatedExisting", found > 0);
    }
    let after = match &before {
        Some(before) if body.is_true("new") => Some(updated(before, update)?),
        Some(before) => Some(before.clone()),
        None if body.is_true("upsert") => {
            let id = made(server, asked, filter, update)?;
            last.set("n", Value::Int(1));
            last = last.with("upserted", id);
            None
        }
        None => None,
    };
    let value = after.map_or(Value::Null, Value::Document);
    Ok(Document::new().with("lastErrorObject", last).with("value", value))
}

pub(super) fn create(server: &mut Server, asked: &Asked<'_>) -> Result<Document, Failure> {
    let name = asked.collection()?;
    if server.collection(asked.database, name).is_some() {
        let message = format!("Collection {} already exists.", asked.namespace()?);
        return Err(Failure::new(48, "NamespaceExists", message));
    }
    server.create(asked.database, name, asked.now);
    Ok(Document::new())
}

pub(super) fn create_indexes(server: &mut Server, asked: &Asked<'_>) -> Result<Document, Failure> {
    let name = asked.collection()?;
    let there = server.collection(asked.database, name).is_some();
    server.create(asked.database, name, asked.now);
    let more = whole(asked.body.array("indexes").len());
    Ok(Document::new()
        .with("numIndexesBefore", 1)
        .with("numIndexesAfter", more.saturating_add(1))
        .with("createdCollectionAutomatically", !there))
}

pub(super) fn drop_indexes(server: &Server, asked: &Asked<'_>) -> Result<Document, Failure> {
    if server.collection(asked.database, asked.collection()?).is_none() {
        return Err(Failure::no_namespace(format!("ns not found {}", asked.namespace()?)));
    }
    Ok(Document::new().with("nIndexesWas", 1))
}

pub(super) fn drop_collection(server: &mut Server, asked: &Asked<'_>) -> Result<Document, Failure> {
    let name = asked.collection()?;
    // Since 7.0 there is no complaint about one that is not there.
    if !server.drop_collection(asked.database, name) {
        return Ok(Document::new());
    }
    Ok(Document::new().with("nIndexesWas", 1).with("ns", asked.namespace()?))
}

pub(super) fn drop_database(server: &mut Server, asked: &Asked<'_>) -> Result<Document, Failure> {
    if matches!(asked.database, "admin" | "config" | "local") {
        let message = format!("Cannot drop the '{}' database", asked.database);
        return Err(Failure::new(20, "IllegalOperation", message));
    }
    if !server.drop_database(asked.database) {
        return Ok(Document::new());
    }
    Ok(Document::new().with("dropped", asked.database))
}

pub(super) fn rename(server: &mut Server, asked: &Asked<'_>) -> Result<Document, Failure> {
    asked.on_admin()?;
    let from = asked.body.text("renameCollection").unwrap_or_default();
    let to = asked.body.text("to").unwrap_or_default();
    let (Some((database, name)), Some((to_database, to_name))) =
        (from.split_once('.'), to.split_once('.'))
    else {
        let message = format!("Invalid namespace specified '{from}'");
        return Err(Failure::new(73, "InvalidNamespace", message));
    };
    Server::check(to_database)?;
    let Some(collection) = server.collection(database, name) else {
        let message = format!("Source collection {from} does not exist");
        return Err(Failure::no_namespace(message));
    };
    let documents = collection.documents.clone();
    if server.collection(to_database, to_name).is_some() && !asked.body.is_true("dropTarget") {
        let message = "target namespace exists";
        return Err(Failure::new(48, "NamespaceExists", message));
    }
    server.drop_collection(database, name);
    server.drop_collection(to_database, to_name);
    server.create(to_database, to_name, asked.now);
    server.replace(to_database, to_name, documents);
    Ok(Document::new())
}
