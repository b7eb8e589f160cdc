//! Statements, carried out.

use super::out::{Column, Out};
use super::report::{Report, Source, about, no_relation, no_setting, out_of_memory};
use super::sql::eval::Scope;
use super::sql::functions::is_aggregate;
use super::sql::numeric::Decimal;
use super::sql::syntax::{Expr, Item, Name, Rows, Select, Statement, Unread};
use super::sql::tables::{Relation, is_relation, no_such, relation};
use super::sql::value::{Datum, Ty, bytea};
use super::state::State;
use super::{copy, objects};
use crate::Context;
use crate::limits::POSTGRES_ANSWER_BYTES;
use std::collections::BTreeSet;
use ukai_persona::PostgresqlSettings;

/// How a statement ended, or what it waits for.
pub(super) enum Outcome {
    /// With this tag.
    Done(String),
    /// A program is to run.
    Program(Program),
    /// The client is to send rows.
    CopyIn(Name),
}

/// A program at one end of a `COPY`.
pub(super) struct Program {
    pub(super) line: Vec<u8>,
    /// The table, and whether the program's output goes there.
    pub(super) table: Option<Name>,
    pub(super) from: bool,
}

/// Parameters of a statement, and how its rows are sent.
pub(super) struct Manner<'a> {
    pub(super) parameters: &'a [(Ty, Datum)],
    pub(super) formats: &'a [u16],
    /// Whether the columns are told of before the rows.
    pub(super) simple: bool,
}

/// The columns of a statement's rows, if it has any.
pub(super) fn describe(
    state: &State,
    statement: &Statement,
    parameters: &[(Ty, Datum)],
) -> Result<Option<Vec<Column>>, Report> {
    match statement {
        Statement::Select(select) => {
            let relation = source(state, select, parameters)?;
            columns(state.catalog(), select, relation.as_ref(), parameters).map(Some)
        }
        Statement::Explain(_) => Ok(Some(vec![plain(b"QUERY PLAN")])),
        Statement::Unread(unread) => unread_columns(state, unread),
        Statement::Insert { table, .. } | Statement::Delete(table, _) => {
            relation(state, table).map(|_| None)
        }
        Statement::Show(None) => Ok(Some(
            [&b"name"[..], b"setting", b"description"].iter().map(|name| plain(name)).collect(),
        )),
        Statement::Show(Some(name)) => match state.setting(name) {
            Some((name, _)) => Ok(Some(vec![plain(&name)])),
            None => Err(no_setting(name)),
        },
        _ => Ok(None),
    }
}

fn plain(name: &[u8]) -> Column {
    Column { name: name.to_vec(), ty: Ty::Text, origin: (0, 0) }
}

/// Carries out what is no matter of transactions.
pub(super) fn run(
    state: &mut State,
    cx: &mut Context<'_>,
    statement: &Statement,
    manner: &Manner<'_>,
    out: &mut Out,
) -> Result<Outcome, Report> {
    let done = |tag: &str| Ok(Outcome::Done(tag.to_owned()));
    match statement {
        Statement::Select(select) => self::select(state, cx, select, manner, out),
        Statement::Show(name) => show(state, name.as_deref(), manner, out),
        Statement::Set(name, value) => {
            state.set(name, value.as_deref())?;
            done("SET")
        }
        Statement::Reset(None) => {
            state.reset_all();
            done("RESET")
        }
        Statement::Reset(Some(name)) => {
            state.set(name, None)?;
            done("RESET")
        }
        Statement::CreateTable { table, if_not_exists, columns } => {
            if state.data.table(table).is_some() {
                let message = about("relation \"", &table.own, "\" already exists");
                if !if_not_exists {
                    let source = ("heap.c", 1_164, "heap_create_with_catalog");
                    return Err(Report::error("42P07", message, source));
                }
                let message = [&message[..], b", skipping"].concat();
                let source = ("parse_utilcmd.c", 207, "transformCreateStmt");
                Report::error("42P07", message, source).with_severity("NOTICE").write(out);
            } else {
                state.data.create(&table.own, columns)?;
            }
            done("CREATE TABLE")
        }
        Statement::DropTable { tables, if_exists } => {
            objects::drop_tables(state, tables, *if_exists, out)
        }
        Statement::Copy { table, from, with } => {
            copy::copy(state, cx, table.as_ref(), *from, with, out)
        }
        Statement::Insert { table, columns, rows } => {
            insert(state, cx, table, columns, rows, manner)
        }
        Statement::Delete(table, filter) => {
            let found = relation(state, table)?;
            let scope = within(state, &found, manner);
            let keep = matching(state, cx, &scope, filter.as_ref(), &found.rows)?;
            let keep: Vec<bool> = keep.iter().map(|matches| !matches).collect();
            let gone = state.data.keep_rows(table, &keep);
            Ok(Outcome::Done(format!("DELETE {gone}")))
        }
        Statement::Truncate(table) => {
            let rows = state.data.table(table).ok_or_else(|| no_relation(&table.own))?.rows.len();
            state.data.keep_rows(table, &vec![false; rows]);
            done("TRUNCATE TABLE")
        }
        Statement::CreateFunction { language, sources } => {
            match language.as_slice() {
                b"c" => {
                    let path = sources.first().map(Vec::as_slice).unwrap_or_default();
                    state.load(cx, path)?;
                }
                b"sql" | b"plpgsql" | b"internal" => {}
                other => {
                    let message = about("language \"", other, "\" does not exist");
                    let source = ("functioncmds.c", 1_107, "CreateFunction");
                    return Err(Report::error("42704", message, source));
                }
            }
            done("CREATE FUNCTION")
        }
        Statement::Load(path) => {
            state.load(cx, path)?;
            done("LOAD")
        }
        Statement::CreateExtension(name) => Err(objects::extension(name)),
        Statement::Role { verb, role, if_exists } => {
            objects::role(state, *verb, role, *if_exists, out)
        }
        Statement::Make(object, name) => objects::make(state, *object, name),
        Statement::Drop { object, names, if_exists } => {
            objects::drop(state, *object, names, *if_exists, out)
        }
        Statement::On(table, tag) => {
            relation(state, table).map_err(|_| no_relation(&table.own))?;
            done(tag)
        }
        Statement::Update { table, sets, filter } => {
            update(state, cx, table, sets, filter.as_ref(), manner)
        }
        Statement::CreateTableAs(table, select) => create_as(state, cx, table, select, manner),
        Statement::Explain(inner) => explain(state, inner, manner, out),
        Statement::Unread(unread) => find_nothing(state, unread, manner, out),
        Statement::Refused(report) => Err(report.clone()),
        Statement::Other(tag) | Statement::Within(_, tag) | Statement::Begin(tag) => done(tag),
        // Seen to where transactions and names are kept.
        Statement::Commit
        | Statement::Rollback
        | Statement::RollbackTo
        | Statement::Prepare(..)
        | Statement::Execute(..)
        | Statement::Deallocate(_)
        | Statement::Declare(..)
        | Statement::Fetch(_)
        | Statement::Move(_)
        | Statement::CloseCursor(_) => done("OK"),
    }
}

fn show(
    state: &State,
    name: Option<&[u8]>,
    manner: &Manner<'_>,
    out: &mut Out,
) -> Result<Outcome, Report> {
    let columns = describe(state, &Statement::Show(name.map(<[u8]>::to_vec)), &[])?;
    let columns = columns.unwrap_or_default();
    if manner.simple {
        out.columns(&columns, &[]);
    }
    if let Some(name) = name {
        let (_, value) = state.setting(name).unwrap_or_default();
        out.row(&columns, &[Some(value)], manner.formats);
    } else {
        let all = state.spec().map_or(&[][..], |spec| spec.settings.all());
        for ((name, value), setting) in state.settings().zip(all) {
            let description = setting.description.as_bytes().to_vec();
            out.row(&columns, &[Some(name.to_vec()), Some(value), Some(description)], &[]);
        }
    }
    Ok(Outcome::Done("SHOW".to_owned()))
}

/// The columns of a query's result.
fn columns(
    catalog: Option<PostgresqlSettings>,
    select: &Select,
    relation: Option<&Relation>,
    parameters: &[(Ty, Datum)],
) -> Result<Vec<Column>, Report> {
    let scope = scope(catalog, select, relation, parameters);
    let mut columns = Vec::new();
    for item in &select.items {
        match item {
            Item::All => {
                let Some(relation) = relation else {
                    let message = "SELECT * with no tables specified is not valid";
                    let source = ("parse_target.c", 1_335, "ExpandAllTables");
                    return Err(Report::error("42601", message, source).at(8));
                };
                let all = relation.columns.iter().map(|(name, ty, number)| Column {
                    name: name.clone(),
                    ty: *ty,
                    origin: (relation.oid, *number),
                });
                columns.extend(all);
            }
            Item::One(expression, label) => {
                let ty = match scope.ty(expression)? {
                    Ty::Unknown => Ty::Text,
                    ty => ty,
                };
                let origin = match expression {
                    Expr::Column { name, .. } => relation.and_then(|relation| {
                        let column = relation.columns.iter().find(|(known, ..)| known == name)?;
                        Some((relation.oid, column.2))
                    }),
                    _ => None,
                };
                let name = label.clone().or_else(|| own_name(expression));
                let name = name.unwrap_or_else(|| b"?column?".to_vec());
                columns.push(Column { name, ty, origin: origin.unwrap_or_default() });
            }
        }
    }
    if let Some(filter) = &select.filter {
        scope.condition("WHERE", filter)?;
    }
    for (key, _) in &select.order {
        scope.ty(key)?;
    }
    Ok(columns)
}

fn scope<'a>(
    catalog: Option<PostgresqlSettings>,
    select: &'a Select,
    relation: Option<&'a Relation>,
    parameters: &'a [(Ty, Datum)],
) -> Scope<'a> {
    let relation =
        relation.map(|relation| (relation, select.alias.as_deref().unwrap_or(&relation.name)));
    Scope { relation, catalog, parameters }
}

/// A table's own scope.
fn within<'a>(state: &State, relation: &'a Relation, manner: &Manner<'a>) -> Scope<'a> {
    Scope {
        relation: Some((relation, &relation.name)),
        catalog: state.catalog(),
        parameters: manner.parameters,
    }
}

/// What a query reads, as far as it is known before it runs.
fn source(
    state: &State,
    select: &Select,
    parameters: &[(Ty, Datum)],
) -> Result<Option<Relation>, Report> {
    if let Some(name) = &select.from {
        return relation(state, name).map(Some);
    }
    let Some(call) = &select.call else { return Ok(None) };
    let scope = Scope { relation: None, catalog: state.catalog(), parameters };
    let ty = scope.ty(call)?;
    let name = own_name(call).unwrap_or_default();
    let column = select.alias.clone().unwrap_or_else(|| name.clone());
    Ok(Some(Relation { name, oid: 0, columns: vec![(column, ty, 0)], rows: Vec::new() }))
}

/// The rows that a function gives where a relation might stand.
fn called(
    state: &mut State,
    cx: &mut Context<'_>,
    call: &Expr,
    manner: &Manner<'_>,
) -> Result<Vec<Vec<Datum>>, Report> {
    let scope = Scope { relation: None, catalog: state.catalog(), parameters: manner.parameters };
    if let Expr::Call { name, arguments, .. } = call
        && name == b"pg_ls_dir"
    {
        let path = arguments.first().map(|path| scope.value(state, cx, path, &[]));
        let names = state.directory(cx, &path.transpose()?.flatten().unwrap_or_default())?;
        return Ok(names.into_iter().map(|name| vec![name]).collect());
    }
    let value = scope.value(state, cx, call, &[])?;
    // One that the server has and ours has not finds nothing.
    Ok(if value.is_some() { vec![vec![value]] } else { Vec::new() })
}

/// The name that an expression gives its column.
fn own_name(expression: &Expr) -> Option<Vec<u8>> {
    match expression {
        Expr::Column { name, .. } | Expr::Call { name, .. } => Some(name.clone()),
        Expr::Case { .. } => Some(b"case".to_vec()),
        Expr::Cast(inner, _, ty, _) => match &**inner {
            named @ (Expr::Column { .. } | Expr::Call { .. }) => own_name(named),
            _ => Some(ty.as_bytes().to_vec()),
        },
        _ => None,
    }
}

/// For each row, whether the filter lets it through.
fn matching(
    state: &mut State,
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    filter: Option<&Expr>,
    rows: &[Vec<Datum>],
) -> Result<Vec<bool>, Report> {
    let Some(filter) = filter else { return Ok(vec![true; rows.len()]) };
    scope.condition("WHERE", filter)?;
    let mut matches = Vec::with_capacity(rows.len());
    for row in rows {
        matches.push(scope.value(state, cx, filter, row)?.as_deref() == Some(b"t"));
    }
    Ok(matches)
}

/// A query's columns and rows.
fn result(
    state: &mut State,
    cx: &mut Context<'_>,
    select: &Select,
    manner: &Manner<'_>,
) -> Result<(Vec<Column>, Vec<Vec<Datum>>), Report> {
    let mut relation = source(state, select, manner.parameters)?;
    let columns = columns(state.catalog(), select, relation.as_ref(), manner.parameters)?;
    if let (Some(call), Some(relation)) = (&select.call, &mut relation) {
        relation.rows = called(state, cx, call, manner)?;
    }
    let scope = scope(state.catalog(), select, relation.as_ref(), manner.parameters);
    let rows = rows(state, cx, select, &scope)?;
    Ok((columns, rows))
}

fn select(
    state: &mut State,
    cx: &mut Context<'_>,
    select: &Select,
    manner: &Manner<'_>,
    out: &mut Out,
) -> Result<Outcome, Report> {
    let result = result(state, cx, select, manner).and_then(|(columns, rows)| {
        let bytes = |value: &Datum| value.as_ref().map_or(4, |value| 4 + value.len());
        let all = rows.iter().flatten().map(bytes).sum::<usize>();
        let room = POSTGRES_ANSWER_BYTES.saturating_sub(out.bytes.len());
        if all > room { Err(out_of_memory().at_run_time()) } else { Ok((columns, rows)) }
    });
    if manner.simple && result.as_ref().err().is_some_and(Report::is_at_run_time) {
        let columns = describe(state, &Statement::Select(select.clone()), manner.parameters)?;
        out.columns(&columns.unwrap_or_default(), &[]);
    }
    let (columns, rows) = result?;
    if manner.simple {
        out.columns(&columns, &[]);
    }
    for row in &rows {
        out.row(&columns, row, manner.formats);
    }
    Ok(Outcome::Done(format!("SELECT {}", rows.len())))
}

fn rows(
    state: &mut State,
    cx: &mut Context<'_>,
    select: &Select,
    scope: &Scope<'_>,
) -> Result<Vec<Vec<Datum>>, Report> {
    let one = vec![Vec::new()];
    let all = scope.relation.map_or(&one, |(relation, _)| &relation.rows);
    let matches = matching(state, cx, scope, select.filter.as_ref(), all)?;
    let mut kept: Vec<&Vec<Datum>> =
        all.iter().zip(matches).filter(|(_, keep)| *keep).map(|(row, _)| row).collect();
    let limit =
        select.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    if let [Item::One(Expr::Call { name, arguments, .. }, _)] = &select.items[..]
        && name == b"pg_ls_dir"
        && scope.relation.is_none()
    {
        let path = arguments.first().map(|path| scope.value(state, cx, path, &[]));
        let path = path.transpose()?.flatten().unwrap_or_default();
        let names = state.directory(cx, &path)?;
        return Ok(names.into_iter().take(limit).map(|name| vec![name]).collect());
    }
    let aggregate =
        |item: &Item| matches!(item, Item::One(Expr::Call { name, .. }, _) if is_aggregate(name));
    if select.items.iter().any(aggregate) {
        let mut row = Vec::new();
        for item in &select.items {
            let value = match item {
                Item::One(Expr::Call { name, arguments, star, .. }, _) if is_aggregate(name) => {
                    self::aggregate(state, cx, scope, (name, arguments, *star), &kept)?
                }
                Item::One(Expr::Column { name, at, .. }, _) => {
                    return Err(ungrouped(scope, name, *at));
                }
                Item::One(expression, _) => scope.value(state, cx, expression, &[])?,
                Item::All => return Err(ungrouped(scope, b"", 1)),
            };
            row.push(value);
        }
        return Ok(if limit == 0 { Vec::new() } else { vec![row] });
    }
    if !select.order.is_empty() {
        let mut keyed = Vec::with_capacity(kept.len());
        for row in kept {
            let mut keys = Vec::new();
            for (key, descends) in &select.order {
                // A number stands for a column of the result.
                let item = match key {
                    Expr::Literal(Some(digits), Ty::Int4, _) => String::from_utf8_lossy(digits)
                        .parse::<usize>()
                        .ok()
                        .and_then(|number| select.items.get(number.wrapping_sub(1))),
                    _ => None,
                };
                let key = match item {
                    Some(Item::One(expression, _)) => expression,
                    _ => key,
                };
                let number = scope.ty(key)?.is_number();
                keys.push((scope.value(state, cx, key, row)?, number, *descends));
            }
            keyed.push((keys, row));
        }
        keyed.sort_by(|(left, _), (right, _)| compare(left, right));
        kept = keyed.into_iter().map(|(_, row)| row).collect();
    }
    let mut result: Vec<Vec<Datum>> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut skipped = 0;
    let mut bytes = 0_usize;
    for row in kept {
        if result.len() >= limit {
            break;
        }
        let mut values = Vec::new();
        for item in &select.items {
            match item {
                Item::All => values.extend_from_slice(row),
                Item::One(expression, _) => values.push(scope.value(state, cx, expression, row)?),
            }
        }
        bytes += values.iter().flatten().map(|value| 4 + value.len()).sum::<usize>();
        if bytes > POSTGRES_ANSWER_BYTES {
            return Err(out_of_memory().at_run_time());
        }
        if select.distinct && !seen.insert(values.clone()) {
            continue;
        }
        if skipped < select.offset {
            skipped += 1;
            continue;
        }
        result.push(values);
    }
    Ok(result)
}

type Key = (Datum, bool, bool);

fn compare(left: &[Key], right: &[Key]) -> std::cmp::Ordering {
    let number = |value: &Datum| {
        let text = value.as_deref().and_then(|text| std::str::from_utf8(text).ok());
        text.and_then(|text| text.parse::<i64>().ok())
    };
    for ((left, numbers, descends), (right, ..)) in left.iter().zip(right) {
        let order = match (left.is_none(), right.is_none()) {
            (false, false) if *numbers => number(left).cmp(&number(right)),
            // NULL comes last.
            (a, b) if a || b => a.cmp(&b),
            _ => left.cmp(right),
        };
        let order = if *descends { order.reverse() } else { order };
        if order.is_ne() {
            return order;
        }
    }
    std::cmp::Ordering::Equal
}

fn aggregate(
    state: &mut State,
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    (name, arguments, star): (&[u8], &[Expr], bool),
    rows: &[&Vec<Datum>],
) -> Result<Datum, Report> {
    let mut values = Vec::new();
    if let Some(argument) = arguments.first().filter(|_| !star) {
        for row in rows {
            values.extend(scope.value(state, cx, argument, row)?);
        }
    }
    match name {
        b"count" if star => Ok(Some(rows.len().to_string().into_bytes())),
        b"count" => Ok(Some(values.len().to_string().into_bytes())),
        b"string_agg" => {
            let between = arguments.get(1).map(|mark| scope.value(state, cx, mark, &[]));
            let between = between.transpose()?.flatten().unwrap_or_default();
            let length = values.iter().map(|value| value.len() + between.len()).sum::<usize>();
            if length > crate::limits::POSTGRES_VALUE_BYTES {
                return Err(out_of_memory());
            }
            Ok((!values.is_empty()).then(|| values.join(&between[..])))
        }
        b"max" | b"min" => {
            let number = arguments.first().map(|argument| scope.ty(argument)).transpose()?;
            let number = number.is_some_and(Ty::is_number);
            let key =
                |value: &Vec<u8>| (number.then(|| Decimal::parse(value)).flatten(), value.clone());
            let order = |left: &Vec<u8>, right: &Vec<u8>| {
                let ((left, left_text), (right, right_text)) = (key(left), key(right));
                let numbers = left.zip(right).and_then(|(left, right)| left.compare(right));
                numbers.unwrap_or_else(|| left_text.cmp(&right_text))
            };
            let values = values.into_iter();
            Ok(if name == b"max" { values.max_by(order) } else { values.min_by(order) })
        }
        b"array_agg" => {
            let inner = values.join(&b","[..]);
            Ok((!values.is_empty()).then(|| [b"{", &inner[..], b"}"].concat()))
        }
        _ => {
            let mut sum: Option<Decimal> = None;
            let numbers = values.iter().filter_map(|value| Decimal::parse(value));
            for number in numbers {
                sum = match sum {
                    Some(sum) => sum.work(b"+", number),
                    None => Some(number),
                };
            }
            let count = Decimal::parse(values.len().to_string().as_bytes());
            let worth = match (name, sum, count) {
                (b"avg", Some(sum), Some(count)) => sum.work(b"/", count),
                (_, sum, _) => sum,
            };
            Ok(worth.map(|worth| worth.to_string().into_bytes()))
        }
    }
}

fn ungrouped(scope: &Scope<'_>, name: &[u8], at: usize) -> Report {
    let table = scope.relation.map_or(&b""[..], |(_, called)| called);
    let message = [
        b"column \"",
        table,
        b".",
        name,
        b"\" must appear in the GROUP BY clause or be used in an aggregate function",
    ];
    let source = ("parse_agg.c", 1_484, "check_ungrouped_columns_walker");
    Report::error("42803", message.concat(), source).at(at)
}

fn insert(
    state: &mut State,
    cx: &mut Context<'_>,
    table: &Name,
    columns: &[(Vec<u8>, usize)],
    rows: &Rows,
    manner: &Manner<'_>,
) -> Result<Outcome, Report> {
    let scope = Scope { relation: None, catalog: state.catalog(), parameters: manner.parameters };
    let rows = match rows {
        Rows::Values(rows) => rows,
        Rows::Query(select) => return insert_query(state, cx, table, columns, select, manner),
        Rows::Default => &vec![Vec::new()],
    };
    if table.own == b"pg_largeobject" {
        for row in rows {
            let mut values = Vec::new();
            for expression in row {
                scope.ty(expression)?;
                values.push(scope.value(state, cx, expression, &[])?.unwrap_or_default());
            }
            let number = |at: usize| {
                let text = values.get(at).map(|value| String::from_utf8_lossy(value));
                text.and_then(|text| text.parse::<u32>().ok()).unwrap_or_default()
            };
            let bytes = values.get(2).and_then(|text| bytea(text)).unwrap_or_default();
            state.data.add_page(number(0), number(1) as usize, &bytes)?;
        }
        return Ok(Outcome::Done(format!("INSERT 0 {}", rows.len())));
    }
    let found = relation(state, table)?;
    let targets = targets(&found, columns)?;
    for row in rows {
        if let Some(extra) = row.get(targets.len()) {
            let message = "INSERT has more expressions than target columns";
            let report =
                Report::error("42601", message, ("analyze.c", 1_017, "transformInsertRow"));
            return Err(match extra {
                Expr::Literal(_, _, at) | Expr::Column { at, .. } | Expr::Call { at, .. } => {
                    report.at(*at)
                }
                _ => report,
            });
        }
        let mut values: Vec<Datum> = vec![None; found.columns.len()];
        for (expression, number) in row.iter().zip(&targets) {
            let from = scope.ty(expression)?;
            let to = found.columns.get(*number).map_or(Ty::Text, |(_, ty, _)| *ty);
            // Into a number's column, a literal must be one.
            let expression = match (from, to) {
                (Ty::Unknown, to) if to != Ty::Text => {
                    Expr::Cast(Box::new(expression.clone()), to, "", 1)
                }
                _ => expression.clone(),
            };
            let value = scope.value(state, cx, &expression, &[])?;
            if let Some(place) = values.get_mut(*number) {
                *place = value;
            }
        }
        state.data.add_row(table, values)?;
    }
    Ok(Outcome::Done(format!("INSERT 0 {}", rows.len())))
}

/// The numbers of the columns that an `INSERT` or `UPDATE` names; all if it names none.
fn targets(found: &Relation, columns: &[(Vec<u8>, usize)]) -> Result<Vec<usize>, Report> {
    if columns.is_empty() {
        return Ok((0..found.columns.len()).collect());
    }
    let mut targets = Vec::new();
    for (name, at) in columns {
        let known = found.columns.iter().position(|(known, ..)| known == name);
        let source = ("parse_target.c", 1_075, "checkInsertTargets");
        targets.push(known.ok_or_else(|| no_target(found, name, source).at(*at))?);
    }
    Ok(targets)
}

fn no_target(found: &Relation, name: &[u8], source: Source) -> Report {
    let message = [b"column \"", name, b"\" of relation \"", &found.name, b"\" does not exist"];
    Report::error("42703", message.concat(), source)
}

fn insert_query(
    state: &mut State,
    cx: &mut Context<'_>,
    table: &Name,
    columns: &[(Vec<u8>, usize)],
    select: &Select,
    manner: &Manner<'_>,
) -> Result<Outcome, Report> {
    let found = relation(state, table)?;
    let targets = targets(&found, columns)?;
    let (_, rows) = result(state, cx, select, manner)?;
    for row in &rows {
        let mut values: Vec<Datum> = vec![None; found.columns.len()];
        for (value, number) in row.iter().zip(&targets) {
            if let Some(place) = values.get_mut(*number) {
                place.clone_from(value);
            }
        }
        state.data.add_row(table, values)?;
    }
    Ok(Outcome::Done(format!("INSERT 0 {}", rows.len())))
}

fn create_as(
    state: &mut State,
    cx: &mut Context<'_>,
    table: &Name,
    select: &Select,
    manner: &Manner<'_>,
) -> Result<Outcome, Report> {
    if state.data.table(table).is_some() {
        let message = about("relation \"", &table.own, "\" already exists");
        let source = ("createas.c", 407, "CreateTableAsRelExists");
        return Err(Report::error("42P07", message, source));
    }
    let (columns, rows) = result(state, cx, select, manner)?;
    let columns: Vec<_> = columns.into_iter().map(|column| (column.name, column.ty)).collect();
    state.data.create(&table.own, &columns)?;
    let count = rows.len();
    for row in rows {
        state.data.add_row(table, row)?;
    }
    Ok(Outcome::Done(format!("SELECT {count}")))
}

fn update(
    state: &mut State,
    cx: &mut Context<'_>,
    table: &Name,
    sets: &[(Vec<u8>, usize, Expr)],
    filter: Option<&Expr>,
    manner: &Manner<'_>,
) -> Result<Outcome, Report> {
    let found = relation(state, table)?;
    let scope = within(state, &found, manner);
    let mut targets = Vec::new();
    for (name, at, expression) in sets {
        let known = found.columns.iter().position(|(known, ..)| known == name);
        let source = ("analyze.c", 2_515, "transformUpdateTargetList");
        targets.push(known.ok_or_else(|| no_target(&found, name, source).at(*at))?);
        scope.ty(expression)?;
    }
    let matches = matching(state, cx, &scope, filter, &found.rows)?;
    let mut rows = Vec::with_capacity(found.rows.len());
    for (row, matches) in found.rows.iter().zip(&matches) {
        let mut row = row.clone();
        for ((_, _, expression), number) in sets.iter().zip(&targets).filter(|_| *matches) {
            let value = scope.value(state, cx, expression, &row)?;
            if let Some(place) = row.get_mut(*number) {
                *place = value;
            }
        }
        rows.push(row);
    }
    // The system's relations are the server's own.
    if state.data.table(table).is_some() {
        state.data.set_rows(table, rows)?;
    }
    let changed = matches.iter().filter(|matches| **matches).count();
    Ok(Outcome::Done(format!("UPDATE {changed}")))
}

/// The plan of the simplest query that it may be: a table without statistics is taken to have
/// ten pages.
fn explain(
    state: &State,
    inner: &Statement,
    manner: &Manner<'_>,
    out: &mut Out,
) -> Result<Outcome, Report> {
    describe(state, inner, manner.parameters)?;
    let scan = |table: &Name| {
        let name = String::from_utf8_lossy(&table.own);
        format!("Seq Scan on {name}  (cost=0.00..22.70 rows=1270 width=36)")
    };
    let lines = match inner {
        Statement::Select(Select { from: Some(table), .. }) => vec![scan(table)],
        Statement::Delete(table, _) => {
            let name = String::from_utf8_lossy(&table.own);
            vec![
                format!("Delete on {name}  (cost=0.00..22.70 rows=0 width=0)"),
                format!("  ->  Seq Scan on {name}  (cost=0.00..22.70 rows=1270 width=6)"),
            ]
        }
        _ => vec!["Result  (cost=0.00..0.01 rows=1 width=4)".to_owned()],
    };
    let columns = [plain(b"QUERY PLAN")];
    if manner.simple {
        out.columns(&columns, &[]);
    }
    for line in lines {
        out.row(&columns, &[Some(line.into_bytes())], manner.formats);
    }
    Ok(Outcome::Done("EXPLAIN".to_owned()))
}

fn unread_columns(state: &State, unread: &Unread) -> Result<Option<Vec<Column>>, Report> {
    for name in &unread.relations {
        if !is_relation(state, name) {
            return Err(no_such(name));
        }
    }
    let columns = unread.columns.as_ref();
    Ok(columns.map(|names| names.iter().map(|name| plain(name)).collect()))
}

/// A statement that ours does not read: no row is found. Without a relation there is one.
fn find_nothing(
    state: &State,
    unread: &Unread,
    manner: &Manner<'_>,
    out: &mut Out,
) -> Result<Outcome, Report> {
    let columns = unread_columns(state, unread)?;
    let Some(columns) = columns else { return Ok(Outcome::Done(unread.tag.to_owned())) };
    if manner.simple {
        out.columns(&columns, &[]);
    }
    if unread.relations.is_empty() && unread.tag == "SELECT 0" {
        out.row(&columns, &vec![None; columns.len()], manner.formats);
        return Ok(Outcome::Done("SELECT 1".to_owned()));
    }
    Ok(Outcome::Done(unread.tag.to_owned()))
}
