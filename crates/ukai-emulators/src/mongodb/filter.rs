//! Which documents a filter finds: equality, comparisons, lists and their combinations.

use super::bson::{Document, Value};
use super::failure::Failure;
use std::cmp::Ordering;

/// Whether `document` is one that `filter` finds.
pub(super) fn finds(filter: &Document, document: &Document) -> Result<bool, Failure> {
    for (name, wanted) in &filter.0 {
        let found = match name.as_str() {
            "$and" => all(wanted, document, name)?.iter().all(|found| *found),
            "$or" => all(wanted, document, name)?.iter().any(|found| *found),
            "$nor" => !all(wanted, document, name)?.iter().any(|found| *found),
            "$comment" | "$expr" | "$where" | "$text" | "$jsonSchema" => true,
            _ if name.starts_with('$') => {
                let message = format!(
                    "unknown top level operator: {name}. If you have a field name that starts \
                     with a '$' symbol, consider using $getField or $setField."
                );
                return Err(Failure::bad_value(message));
            }
            _ => field(&reach(document, name), wanted)?,
        };
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}

fn all(filters: &Value, document: &Document, name: &str) -> Result<Vec<bool>, Failure> {
    let Value::Array(filters) = filters else {
        return Err(Failure::bad_value(format!("{name} must be an array")));
    };
    if filters.is_empty() {
        return Err(Failure::bad_value("$and/$or/$nor must be a nonempty array"));
    }
    let one = |filter: &Value| match filter {
        Value::Document(filter) => finds(filter, document),
        _ => Err(Failure::bad_value("$or/$and/$nor entries need to be full objects")),
    };
    filters.iter().map(one).collect()
}

/// What stands at a path; inside arrays, in each of their documents.
pub(super) fn reach<'a>(document: &'a Document, path: &str) -> Vec<&'a Value> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(f, r)| (f, Some(r)));
    let Some(value) = document.field(first) else { return Vec::new() };
    let Some(rest) = rest else { return vec![value] };
    match value {
        Value::Document(inner) => reach(inner, rest),
        Value::Array(values) => {
            let inner = values.iter().filter_map(|value| match value {
                Value::Document(inner) => Some(reach(inner, rest)),
                _ => None,
            });
            inner.flatten().collect()
        }
        _ => Vec::new(),
    }
}

fn field(values: &[&Value], wanted: &Value) -> Result<bool, Failure> {
    let Value::Document(operators) = wanted else { return Ok(equals(values, wanted)) };
    if !operators.0.first().is_some_and(|(name, _)| name.starts_with('$')) {
        return Ok(equals(values, wanted));
    }
    for (operator, wanted) in &operators.0 {
        if !test(values, operator, wanted)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn test(values: &[&Value], operator: &str, wanted: &Value) -> Result<bool, Failure> {
    let list = || match wanted {
        Value::Array(wanted) => Ok(wanted.iter().any(|wanted| equals(values, wanted))),
        _ => Err(Failure::bad_value(format!("{operator} needs an array"))),
    };
    let ordered = |holds: fn(Ordering) -> bool| {
        each(values).any(|value| value.compare(wanted).is_some_and(holds))
    };
    Ok(match operator {
        "$eq" => equals(values, wanted),
        "$ne" => !equals(values, wanted),
        "$gt" => ordered(Ordering::is_gt),
        "$gte" => ordered(Ordering::is_ge),
        "$lt" => ordered(Ordering::is_lt),
        "$lte" => ordered(Ordering::is_le),
        "$in" => list()?,
        "$nin" => !list()?,
        "$exists" => wanted.is_true() != values.is_empty(),
        "$not" => !field(values, wanted)?,
        "$size" => values.iter().any(|value| {
            let Value::Array(inner) = value else { return false };
            wanted.whole() == i64::try_from(inner.len()).ok()
        }),
        "$regex" => {
            let (Value::Text(pattern) | Value::Regex(pattern, _)) = wanted else {
                return Err(Failure::bad_value("$regex has to be a string"));
            };
            matches(values, pattern)
        }
        "$options" | "$type" | "$elemMatch" | "$all" | "$mod" => true,
        _ => return Err(Failure::bad_value(format!("unknown operator: {operator}"))),
    })
}

/// The values, and those inside of arrays.
fn each<'a>(values: &'a [&'a Value]) -> impl Iterator<Item = &'a Value> {
    values.iter().flat_map(|value| {
        let inner = match value {
            Value::Array(inner) => inner.as_slice(),
            _ => &[],
        };
        std::iter::once(*value).chain(inner)
    })
}

fn equals(values: &[&Value], wanted: &Value) -> bool {
    match wanted {
        Value::Null => values.is_empty() || each(values).any(|value| *value == Value::Null),
        Value::Regex(pattern, _) => matches(values, pattern),
        _ => each(values).any(|value| value.compare(wanted) == Some(Ordering::Equal)),
    }
}

/// Patterns are taken for the text that they mostly are, with anchors at their ends.
fn matches(values: &[&Value], pattern: &str) -> bool {
    let (from_start, inner) =
        pattern.strip_prefix('^').map_or((false, pattern), |inner| (true, inner));
    let (to_end, inner) = inner.strip_suffix('$').map_or((false, inner), |inner| (true, inner));
    let inner = inner.trim_start_matches(".*").trim_end_matches(".*").replace('\\', "");
    each(values).any(|value| {
        let Value::Text(text) = value else { return false };
        match (from_start, to_end) {
            (true, true) => *text == inner,
            (true, false) => text.starts_with(&inner),
            (false, true) => text.ends_with(&inner),
            (false, false) => text.contains(&inner),
        }
    })
}
