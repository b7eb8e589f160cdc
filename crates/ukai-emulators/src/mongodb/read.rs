//! Commands that read: lists, queries, pipelines and their cursors.

use super::bson::{Document, Value};
use super::command::Asked;
use super::failure::Failure;
use super::filter::{finds, reach};
use super::server::{Collection, Server};
use crate::limits::{MONGODB_ANSWER_BYTES, MONGODB_FILTER_BYTES};
use bytes::Bytes;
use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};

/// Documents of the first part of an answer.
const FIRST_BATCH: usize = 101;

/// Sizes on disk of the server's own databases, in bytes.
const OWN_BYTES: [(&str, i64); 3] = [("admin", 40_960), ("config", 110_592), ("local", 73_728)];

pub(super) fn size_on_disk(server: &Server, database: &str) -> i64 {
    if let Some((_, bytes)) = OWN_BYTES.iter().find(|(own, _)| *own == database) {
        return *bytes;
    }
    let Some(collections) = server.databases.get(database) else { return 0 };
    let bytes = |one: &Collection| {
        let data = one.documents.iter().map(Bytes::len).sum::<usize>();
        // Blocks of 4 KiB: one for the file, its data packed, and as much for its index.
        i64::try_from(8_192 + 2 * (data / 2).div_ceil(4_096) * 4_096).unwrap_or_default()
    };
    collections.values().map(bytes).sum()
}

pub(super) fn databases(server: &Server, asked: &Asked<'_>) -> Result<Document, Failure> {
    asked.on_admin()?;
    let names_only = asked.body.is_true("nameOnly");
    let mut all = Vec::new();
    let mut total = 0;
    for name in server.databases.keys() {
        let bytes = size_on_disk(server, name);
        let mut told = Document::new().with("name", name.as_str());
        if !names_only {
            total += bytes;
            told = told.with("sizeOnDisk", bytes).with("empty", false);
        }
        if asked.body.document("filter").is_none_or(|f| finds(f, &told).unwrap_or_default()) {
            all.push(Value::Document(told));
        }
    }
    let answer = Document::new().with("databases", all);
    if names_only {
        return Ok(answer);
    }
    Ok(answer.with("totalSize", total).with("totalSizeMb", total / (1 << 20)))
}

pub(super) fn collections(server: &Server, asked: &Asked<'_>) -> Document {
    let names_only = asked.body.is_true("nameOnly");
    let mut all = Vec::new();
    for (name, collection) in server.databases.get(asked.database).into_iter().flatten() {
        let mut told = Document::new().with("name", name.as_str()).with("type", "collection");
        if !names_only {
            let uuid = Value::Binary(4, collection.uuid.to_vec());
            told = told
                .with("options", Document::new())
                .with("info", Document::new().with("readOnly", false).with("uuid", uuid))
                .with("idIndex", id_index());
        }
        if asked.body.document("filter").is_none_or(|f| finds(f, &told).unwrap_or_default()) {
            all.push(Value::Document(told));
        }
    }
    listed(asked, "$cmd.listCollections", all)
}

fn listed(asked: &Asked<'_>, name: &str, all: Vec<Value>) -> Document {
    let namespace = format!("{}.{name}", asked.database);
    let cursor = Document::new().with("id", 0_i64).with("ns", namespace).with("firstBatch", all);
    Document::new().with("cursor", cursor)
}

fn id_index() -> Document {
    Document::new().with("v", 2).with("key", Document::new().with("_id", 1)).with("name", "_id_")
}

pub(super) fn indexes(server: &Server, asked: &Asked<'_>) -> Result<Document, Failure> {
    let name = asked.collection()?;
    if server.collection(asked.database, name).is_none() {
        let message = format!("ns does not exist: {}", asked.namespace()?);
        return Err(Failure::no_namespace(message));
    }
    Ok(listed(asked, name, vec![id_index().into()]))
}

/// A collection's documents that a filter finds.
fn found(
    server: &Server,
    asked: &Asked<'_>,
    filter: Option<&Document>,
) -> Result<Vec<Document>, Failure> {
    let none = Document::new();
    let filter = filter.unwrap_or(&none);
    // Wrong operators are refused, whether there is a document or none.
    finds(filter, &none)?;
    if filter.bytes().len() > MONGODB_FILTER_BYTES {
        return Ok(Vec::new());
    }
    let Some(collection) = server.collection(asked.database, asked.collection()?) else {
        return Ok(Vec::new());
    };
    let mut all = Vec::new();
    for bytes in &collection.documents {
        let Some(document) = Document::read(bytes) else { continue };
        if finds(filter, &document)? {
            all.push(document);
        }
    }
    Ok(all)
}

fn count_of(body: &Document, name: &str) -> Option<usize> {
    body.number(name).and_then(|number| usize::try_from(number).ok())
}

pub(super) fn find(server: &mut Server, asked: &Asked<'_>) -> Result<Document, Failure> {
    let body = asked.body;
    for (name, _) in &body.0 {
        const KNOWN: &str = "find filter sort projection hint skip limit batchSize singleBatch \
                             comment max min returnKey showRecordId tailable oplogReplay \
                             noCursorTimeout awaitData allowPartialResults collation allowDiskUse \
                             let maxTimeMS readConcern runtimeConstants term lsid";
        let known = KNOWN.split_ascii_whitespace().any(|known| known == name);
        if !known && !name.starts_with('$') && name != "apiVersion" && name != "txnNumber" {
            let message = format!("BSON field 'find.{name}' is an unknown field.");
            return Err(Failure::numbered(40_415, message));
        }
    }
    if let Some(value) = body.field("filter")
        && !matches!(value, Value::Document(_))
    {
        return Err(Failure::wrong_type("find.filter", value.type_name(), "object"));
    }
    let mut all = found(server, asked, body.document("filter"))?;
    if let Some(order) = body.document("sort") {
        sort(&mut all, order);
    }
    let skip = count_of(body, "skip").unwrap_or_default();
    let limit = match body.number("limit") {
        None | Some(0) => usize::MAX,
        Some(limit) => usize::try_from(limit.unsigned_abs()).unwrap_or(usize::MAX),
    };
    let all = all.into_iter().skip(skip).take(limit);
    let all: Vec<Document> = match body.document("projection") {
        Some(projection) => all.map(|document| project(&document, projection)).collect(),
        None => all.collect(),
    };
    let single = body.is_true("singleBatch") || body.number("limit").is_some_and(|n| n < 0);
    let batch = count_of(body, "batchSize").unwrap_or(FIRST_BATCH);
    let namespace = asked.namespace()?;
    Ok(batched(server, asked, &namespace, &all, (batch, single)))
}

/// The first part of an answer, and a cursor for what is left.
fn batched(
    server: &mut Server,
    asked: &Asked<'_>,
    namespace: &str,
    all: &[Document],
    (batch, single): (usize, bool),
) -> Document {
    let mut rest: VecDeque<Bytes> = all.iter().map(|one| Bytes::from(one.bytes())).collect();
    let first = take(&mut rest, batch);
    let id = if single { 0 } else { server.keep(namespace, rest, asked.now) };
    let cursor = Document::new().with("firstBatch", first).with("id", id).with("ns", namespace);
    Document::new().with("cursor", cursor)
}

fn take(rest: &mut VecDeque<Bytes>, batch: usize) -> Vec<Value> {
    let mut taken = Vec::new();
    let mut bytes = 0;
    while taken.len() < batch && bytes < MONGODB_ANSWER_BYTES {
        let Some(next) = rest.pop_front() else { break };
        bytes += next.len();
        taken.extend(Document::read(&next).map(Value::Document));
    }
    taken
}

pub(super) fn more(server: &mut Server, asked: &Asked<'_>) -> Result<Document, Failure> {
    let id = asked.body.number("getMore").unwrap_or_default();
    let Some(mut cursor) = server.cursors.remove(&id) else {
        return Err(Failure::new(43, "CursorNotFound", format!("cursor id {id} not found")));
    };
    let batch = count_of(asked.body, "batchSize").filter(|size| *size > 0);
    let next = take(&mut cursor.rest, batch.unwrap_or(usize::MAX));
    let namespace = cursor.namespace.clone();
    let left = if cursor.rest.is_empty() {
        0
    } else {
        server.cursors.insert(id, cursor);
        id
    };
    let cursor = Document::new().with("nextBatch", next).with("id", left).with("ns", namespace);
    Ok(Document::new().with("cursor", cursor))
}

pub(super) fn kill(server: &mut Server, asked: &Asked<'_>) -> Result<Document, Failure> {
    asked.collection()?;
    let (mut killed, mut unknown) = (Vec::new(), Vec::new());
    for id in asked.body.array("cursors") {
        let there = id.whole().and_then(|id| server.cursors.remove(&id)).is_some();
        let list = if there { &mut killed } else { &mut unknown };
        list.push(id.clone());
    }
    Ok(Document::new()
        .with("cursorsKilled", killed)
        .with("cursorsNotFound", unknown)
        .with("cursorsAlive", Vec::new())
        .with("cursorsUnknown", Vec::new()))
}

pub(super) fn count(server: &Server, asked: &Asked<'_>) -> Result<Document, Failure> {
    let all = found(server, asked, asked.body.document("query"))?.len();
    let skipped = all.saturating_sub(count_of(asked.body, "skip").unwrap_or_default());
    let limit = count_of(asked.body, "limit").filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    Ok(Document::new().with("n", whole(skipped.min(limit))))
}

pub(super) fn whole(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

pub(super) fn distinct(server: &Server, asked: &Asked<'_>) -> Result<Document, Failure> {
    let Some(key) = asked.body.text("key") else { return Err(Failure::missing("distinct.key")) };
    // By their bytes, since not all values have an order.
    let mut values: BTreeMap<Vec<u8>, Value> = BTreeMap::new();
    for document in found(server, asked, asked.body.document("query"))? {
        for value in reach(&document, key) {
            let inner = match value {
                Value::Array(inner) => inner.as_slice(),
                one => std::slice::from_ref(one),
            };
            for value in inner {
                let bytes = Document::new().with("", value.clone()).bytes();
                values.entry(bytes).or_insert_with(|| value.clone());
            }
        }
    }
    let mut values: Vec<Value> = values.into_values().collect();
    values.sort_by(|left, right| left.compare(right).unwrap_or(Ordering::Equal));
    Ok(Document::new().with("values", values))
}

fn sort(all: &mut [Document], order: &Document) {
    let keys: Vec<(&str, bool)> =
        order.0.iter().map(|(name, way)| (name.as_str(), way.whole().unwrap_or(1) < 0)).collect();
    all.sort_by(|left, right| {
        for (name, descends) in &keys {
            let order = match (reach(left, name).first(), reach(right, name).first()) {
                (Some(left), Some(right)) => left.compare(right).unwrap_or(Ordering::Equal),
                // What is missing comes first.
                (left, right) => left.is_some().cmp(&right.is_some()),
            };
            let order = if *descends { order.reverse() } else { order };
            if order.is_ne() {
                return order;
            }
        }
        Ordering::Equal
    });
}

/// The fields that a projection lets through.
fn project(document: &Document, projection: &Document) -> Document {
    let named = |name: &str| projection.field(name);
    let without_id = named("_id").is_some_and(|id| !id.is_true());
    let includes = projection.0.iter().any(|(name, value)| name != "_id" && value.is_true());
    let only_id = projection.0.len() == 1 && named("_id").is_some_and(Value::is_true);
    let keeps = |name: &str| match name {
        "_id" => !without_id,
        _ if includes || only_id => named(name).is_some_and(Value::is_true),
        _ => named(name).is_none(),
    };
    Document(document.0.iter().filter(|(name, _)| keeps(name)).cloned().collect())
}

pub(super) fn aggregate(server: &mut Server, asked: &Asked<'_>) -> Result<Document, Failure> {
    if asked.body.document("cursor").is_none() && asked.body.field("explain").is_none() {
        let message = "The 'cursor' option is required, except for aggregate with the explain \
                       argument";
        return Err(Failure::new(9, "FailedToParse", message));
    }
    let whole_database = asked.body.number(asked.name) == Some(1);
    let mut all = if whole_database { Vec::new() } else { found(server, asked, None)? };
    for stage in asked.body.array("pipeline") {
        let Value::Document(stage) = stage else {
            let message = "Each element of the 'pipeline' array must be an object";
            return Err(Failure::new(14, "TypeMismatch", message));
        };
        let [(name, value)] = &stage.0[..] else {
            let message = "A pipeline stage specification object must contain exactly one field.";
            return Err(Failure::numbered(40_323, message));
        };
        all = staged(all, name, value)?;
    }
    let batch = asked.body.document("cursor").and_then(|cursor| count_of(cursor, "batchSize"));
    let namespace = if whole_database {
        format!("{}.$cmd.aggregate", asked.database)
    } else {
        asked.namespace()?
    };
    Ok(batched(server, asked, &namespace, &all, (batch.unwrap_or(FIRST_BATCH), false)))
}

/// One stage of a pipeline; those that ours has not let all documents through.
fn staged(mut all: Vec<Document>, name: &str, value: &Value) -> Result<Vec<Document>, Failure> {
    const OTHERS: &str = "$addFields $set $unset $lookup $unwind $facet $bucket $sortByCount $out \
                          $merge $replaceRoot $replaceWith $redact $geoNear $collStats \
                          $indexStats $currentOp $listSessions $listLocalSessions $graphLookup \
                          $unionWith $setWindowFields $densify $fill $documents $changeStream";
    let number = value.whole().and_then(|number| usize::try_from(number).ok());
    match (name, value) {
        ("$match", Value::Document(filter)) => {
            finds(filter, &Document::new())?;
            if filter.bytes().len() > MONGODB_FILTER_BYTES {
                all.clear();
            }
            all.retain(|document| finds(filter, document).unwrap_or_default());
        }
        ("$limit", _) => all.truncate(number.unwrap_or(usize::MAX)),
        ("$skip", _) => drop(all.drain(..number.unwrap_or_default().min(all.len()))),
        ("$sort", Value::Document(order)) => sort(&mut all, order),
        ("$sample", Value::Document(how)) => {
            all.truncate(count_of(how, "size").unwrap_or_default());
        }
        ("$project", Value::Document(projection)) => {
            all = all.iter().map(|document| project(document, projection)).collect();
        }
        ("$count", Value::Text(name)) => {
            let count = whole(all.len());
            all = if count == 0 { Vec::new() } else { vec![Document::new().with(name, count)] };
        }
        ("$group", Value::Document(how)) => all = grouped(&all, how),
        ("$match" | "$sort" | "$project" | "$group", _) => {
            let message = format!("the {name} specification must be an object");
            return Err(Failure::numbered(15_959, message));
        }
        _ if OTHERS.split_ascii_whitespace().any(|other| other == name) => {}
        _ => {
            let message = format!("Unrecognized pipeline stage name: '{name}'");
            return Err(Failure::numbered(40_324, message));
        }
    }
    Ok(all)
}

/// The path that an expression names.
fn path(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => text.strip_prefix('$'),
        _ => None,
    }
}

/// Documents by their `_id`, with sums of numbers.
fn grouped(all: &[Document], how: &Document) -> Vec<Document> {
    let mut groups: BTreeMap<Vec<u8>, Document> = BTreeMap::new();
    for document in all {
        let id = match how.field("_id") {
            Some(value) => match path(value) {
                Some(path) => reach(document, path).first().map_or(Value::Null, |v| (*v).clone()),
                None => value.clone(),
            },
            None => Value::Null,
        };
        let key = Document::new().with("", id.clone()).bytes();
        let group = groups.entry(key).or_insert_with(|| Document::new().with("_id", id));
        for (name, operator) in how.0.iter().filter(|(name, _)| name != "_id") {
            let added = match operator {
                Value::Document(operator) => match operator.field("$sum") {
                    Some(value) => match path(value) {
                        Some(path) => reach(document, path).first().and_then(|v| v.whole()),
                        None => value.whole(),
                    },
                    None => operator.field("$count").map(|_| 1),
                },
                _ => None,
            };
            let before = group.number(name).unwrap_or_default();
            let sum = before.saturating_add(added.unwrap_or_default());
            group.set(name, i32::try_from(sum).map_or(Value::Long(sum), Value::Int));
        }
    }
    groups.into_values().collect()
}
