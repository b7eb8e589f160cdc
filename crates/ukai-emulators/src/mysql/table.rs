//! Databases and tables that a session makes, and what it puts into them.

use super::column::{
    BINARY, BLOB, Column, DATETIME, DECIMAL, DOUBLE, Done, LONG, LONGLONG, NOT_NULL, Reply,
    UNSIGNED, VAR_STRING, Value,
};
use super::expression::{Cell, Row, Scope};
use super::lexer::Sql;
use super::packet::Fault;
use super::state::{Talk, no_database, schema_change, unknown_database};
use super::statement::by_key;
use crate::Context;
use crate::limits::{MYSQL_COLUMNS, MYSQL_ROWS, MYSQL_STORED_BYTES, MYSQL_TABLES};
use std::collections::{BTreeMap, BTreeSet};

/// What a session has made.
#[derive(Debug, Default)]
pub(super) struct Stored {
    pub(super) databases: BTreeMap<Vec<u8>, BTreeMap<Vec<u8>, Table>>,
    /// Databases of the persona that are gone.
    pub(super) dropped: BTreeSet<Vec<u8>>,
    bytes: usize,
}

/// A table.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    /// Types as they were given, for those who ask how it was made.
    pub(super) types: Vec<Vec<u8>>,
    primary: Option<usize>,
    pub(super) rows: Vec<Vec<Value>>,
}

impl Stored {
    pub(super) fn has(&self, database: &[u8]) -> bool {
        self.databases.contains_key(database)
    }

    pub(super) fn table(&self, database: &[u8], table: &[u8]) -> Option<&Table> {
        self.databases.get(database)?.get(table)
    }

    fn table_mut(&mut self, database: &[u8], table: &[u8]) -> Option<&mut Table> {
        self.databases.get_mut(database)?.get_mut(table)
    }

    fn tables(&self) -> usize {
        self.databases.values().map(|tables| 1 + tables.len()).sum()
    }
}

/// A database and a table in it.
type Names = (Vec<u8>, Vec<u8>);

/// A database that only the server itself changes.
fn is_schema(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"information_schema")
}

impl Talk {
    /// The database and the table that a name means.
    pub(super) fn meant(
        &self,
        (database, table): (Option<Vec<u8>>, Vec<u8>),
    ) -> Result<(Vec<u8>, Vec<u8>), Fault> {
        let database = database.or_else(|| self.database.clone()).ok_or_else(no_database)?;
        Ok((database, table))
    }

    fn refused(&self, database: &[u8]) -> Fault {
        let text =
            [b"Access denied for user '", &self.user[..], b"'@'%' to database '", database, b"'"];
        Fault::new(1044, "42000", text.concat())
    }

    pub(super) fn create_database(&mut self, sql: &mut Sql<'_>) -> Result<Reply, Fault> {
        let lenient = sql.take("if not exists");
        let name = sql.name()?;
        sql.skip_statement();
        if is_schema(&name) {
            return Err(self.refused(&name));
        }
        if name.len() > 64 {
            let text = [b"Identifier name '", &name[..], b"' is too long"].concat();
            return Err(Fault::new(1059, "42000", text));
        }
        let text = [b"Can't create database '", &name[..], b"'; database exists"].concat();
        if self.has_database(&name) {
            if !lenient {
                return Err(Fault::new(1007, "HY000", text));
            }
            self.warnings.push(("Note", 1007, text));
            return Ok(Reply::Done(Done { warnings: 1, ..Done::default() }));
        }
        if self.stored.tables() < MYSQL_TABLES {
            self.stored.databases.insert(name, BTreeMap::new());
        }
        Ok(Reply::Done(Done { affected: 1, ..Done::default() }))
    }

    pub(super) fn drop_database(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
    ) -> Result<Reply, Fault> {
        let lenient = sql.take("if exists");
        let name = sql.name()?;
        sql.need_end()?;
        if is_schema(&name) {
            return Err(self.refused(&name));
        }
        let mut done = Done { status: 0x100, ..Done::default() };
        if !self.has_database(&name) {
            let text = [b"Can't drop database '", &name[..], b"'; database doesn't exist"].concat();
            if !lenient {
                return Err(Fault::new(1008, "HY000", text));
            }
            self.warnings.push(("Note", 1008, text));
            done.warnings = 1;
            return Ok(Reply::Done(done));
        }
        Self::attack(cx, "mysql-drop-database", &name);
        let own = self.stored.databases.remove(&name).map_or(0, |tables| tables.len());
        let given = self.spec().databases.get(&*String::from_utf8_lossy(&name)).map_or(0, Vec::len);
        done.affected = (own + given) as u64;
        self.stored.dropped.insert(name.clone());
        if self.database.as_ref() == Some(&name) {
            self.database = None;
            done.tracked.push(schema_change(b""));
        }
        Ok(Reply::Done(done))
    }

    pub(super) fn create_table(&mut self, sql: &mut Sql<'_>) -> Result<Reply, Fault> {
        let lenient = sql.take("if not exists");
        let name = sql.long_name()?;
        let (database, table) = self.meant(name)?;
        let mut made = Table::default();
        if sql.take_mark("(") {
            loop {
                made.part(sql, &database, &table)?;
                if !sql.take_mark(",") {
                    break;
                }
            }
            sql.need_mark(")")?;
        }
        // Engines, character sets and comments are taken as they come.
        sql.skip_statement();
        if made.columns.is_empty() {
            return Err(Fault::new(1113, "42000", "A table must have at least 1 column"));
        }
        if !self.has_database(&database) {
            return Err(unknown_database(&database));
        }
        if is_schema(&database) {
            return Err(self.refused(&database));
        }
        if self.has_table(&database, &table) {
            let text = [b"Table '", &table[..], b"' already exists"].concat();
            if !lenient {
                return Err(Fault::new(1050, "42S01", text));
            }
            self.warnings.push(("Note", 1050, text));
            return Ok(Reply::Done(Done { warnings: 1, ..Done::default() }));
        }
        if self.stored.tables() < MYSQL_TABLES {
            self.stored.databases.entry(database).or_default().insert(table, made);
        }
        Ok(Reply::Done(Done::default()))
    }

    pub(super) fn has_table(&self, database: &[u8], table: &[u8]) -> bool {
        self.stored.table(database, table).is_some() || self.is_given(database, table)
    }

    /// Whether the persona has that table.
    pub(super) fn is_given(&self, database: &[u8], table: &[u8]) -> bool {
        let schema = is_schema(database);
        let database = String::from_utf8_lossy(database);
        let database = if schema { "information_schema" } else { &database };
        !self.stored.dropped.contains(database.as_bytes())
            && self.spec().databases.get(database).is_some_and(|tables| {
                tables.iter().any(|known| {
                    known.as_bytes() == table
                        || schema && known.as_bytes().eq_ignore_ascii_case(table)
                })
            })
    }

    pub(super) fn drop_table(&mut self, sql: &mut Sql<'_>) -> Result<Reply, Fault> {
        let lenient = sql.take("if exists");
        let mut missing: Vec<Vec<u8>> = Vec::new();
        loop {
            let name = sql.long_name()?;
            let (database, table) = self.meant(name)?;
            let gone = self.stored.databases.get_mut(&database).and_then(|all| all.remove(&table));
            match gone {
                Some(gone) => {
                    let freed: usize = gone.rows.iter().flatten().map(Value::len).sum();
                    self.stored.bytes = self.stored.bytes.saturating_sub(freed);
                }
                None if self.is_given(&database, &table) => {}
                None => missing.push([&database[..], b".", &table].concat()),
            }
            if !sql.take_mark(",") {
                break;
            }
        }
        let _ = sql.take("cascade") || sql.take("restrict");
        sql.need_end()?;
        if missing.is_empty() {
            return Ok(Reply::Done(Done::default()));
        }
        let text = [b"Unknown table '", &missing.join(&b',')[..], b"'"].concat();
        if !lenient {
            return Err(Fault::new(1051, "42S02", text));
        }
        let warnings = missing.len() as u16;
        self.warnings.push(("Note", 1051, text));
        Ok(Reply::Done(Done { warnings, ..Done::default() }))
    }

    /// The table to be changed, if it is one that can be.
    fn changing(&mut self, sql: &mut Sql<'_>) -> Result<(Names, Option<Table>), Fault> {
        let name = sql.long_name()?;
        let (database, table) = self.meant(name)?;
        if let Some(found) = self.stored.table(&database, &table) {
            let found = found.clone();
            return Ok(((database, table), Some(found)));
        }
        if self.is_given(&database, &table) {
            return Ok(((database, table), None));
        }
        Err(no_table(&database, &table))
    }

    pub(super) fn insert(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
    ) -> Result<Reply, Fault> {
        let _ = sql.take("ignore") || sql.take("delayed") || sql.take("low_priority");
        let _ = sql.take("into");
        let name = sql.long_name()?;
        let (database, name) = self.meant(name)?;
        let Some(table) = self.stored.table(&database, &name) else {
            if self.is_given(&database, &name) {
                sql.skip_statement();
                return Ok(Reply::Done(Done { affected: 1, ..Done::default() }));
            }
            return Err(no_table(&database, &name));
        };
        let (columns, primary) = (table.columns.clone(), table.primary);
        let mut order: Vec<usize> = (0..columns.len()).collect();
        let mut rows: Vec<Vec<Value>> = Vec::new();
        let find = |wanted: &[u8]| {
            columns.iter().position(|column| column.name.eq_ignore_ascii_case(wanted)).ok_or_else(
                || {
                    let text = [b"Unknown column '", wanted, b"' in 'INSERT INTO'"].concat();
                    Fault::new(1054, "42S22", text)
                },
            )
        };
        if sql.take_mark("(") {
            order.clear();
            loop {
                order.push(find(&sql.name()?)?);
                if !sql.take_mark(",") {
                    break;
                }
            }
            sql.need_mark(")")?;
        }
        if sql.take("set") {
            order.clear();
            let mut row = Vec::new();
            loop {
                order.push(find(&sql.name()?)?);
                sql.need_mark("=")?;
                row.push(self.value_in(cx, sql, Row::default())?.value);
                if !sql.take_mark(",") {
                    break;
                }
            }
            rows.push(row);
        } else if sql.take("select") {
            rows = self.select_behind(cx, sql)?.0.rows;
        } else {
            if !sql.take("values") {
                sql.need("value")?;
            }
            loop {
                sql.need_mark("(")?;
                let mut row = Vec::new();
                while !sql.take_mark(")") {
                    if !row.is_empty() {
                        sql.need_mark(",")?;
                    }
                    if sql.take("default") {
                        row.push(Value::Null);
                    } else {
                        row.push(self.value_in(cx, sql, Row::default())?.value);
                    }
                }
                if row.len() != order.len() {
                    let text =
                        format!("Column count doesn't match value count at row {}", rows.len() + 1);
                    return Err(Fault::new(1136, "21S01", text));
                }
                rows.push(row);
                if !sql.take_mark(",") {
                    break;
                }
            }
        }
        sql.skip_statement();
        let count = rows.len();
        for row in rows {
            let mut whole = vec![Value::Null; columns.len()];
            for (at, value) in order.iter().zip(row) {
                whole[*at] = value;
            }
            self.add_row(&database, &name, whole, primary)?;
        }
        let info = match count {
            1 => String::new(),
            _ => format!("Records: {count}  Duplicates: 0  Warnings: 0"),
        };
        Ok(Reply::Done(Done { affected: count as u64, info, ..Done::default() }))
    }

    fn add_row(
        &mut self,
        database: &[u8],
        name: &[u8],
        row: Vec<Value>,
        primary: Option<usize>,
    ) -> Result<(), Fault> {
        let size: usize = row.iter().map(Value::len).sum();
        let full = self.stored.bytes.saturating_add(size) > MYSQL_STORED_BYTES;
        let Some(table) = self.stored.table_mut(database, name) else {
            return Err(no_table(database, name));
        };
        if full || table.rows.len() >= MYSQL_ROWS {
            return Err(Fault::new(1114, "HY000", [b"The table '", name, b"' is full"].concat()));
        }
        if let Some(at) = primary
            && table.rows.iter().any(|other| other.get(at) == row.get(at))
        {
            let value = row.get(at).map(Value::bytes).unwrap_or_default();
            let text = [b"Duplicate entry '", &value[..], b"' for key 'PRIMARY'"].concat();
            return Err(Fault::new(1062, "23000", text));
        }
        table.rows.push(row);
        self.stored.bytes += size;
        Ok(())
    }

    pub(super) fn update(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
    ) -> Result<Reply, Fault> {
        let ((database, name), table) = self.changing(sql)?;
        sql.need("set")?;
        let Some(mut table) = table else {
            sql.skip_statement();
            return Ok(Reply::Done(changed(0, 0)));
        };
        let from = sql.at;
        let (mut matched, mut different) = (0, 0);
        let mut keyed = false;
        let mut rows = std::mem::take(&mut table.rows);
        // A table without rows is gone through once all the same, to read the statement.
        let empty = rows.is_empty();
        if empty {
            rows.push(vec![Value::Null; table.columns.len()]);
        }
        for row in &mut rows {
            sql.at = from;
            let old = row.clone();
            let seen = Row { columns: &table.columns, values: &old };
            let mut new = old.clone();
            loop {
                let mut wanted = sql.name()?;
                if sql.take_mark(".") {
                    wanted = sql.name()?;
                }
                let at = table
                    .columns
                    .iter()
                    .position(|column| column.name.eq_ignore_ascii_case(&wanted))
                    .ok_or_else(|| {
                        let text = [b"Unknown column '", &wanted[..], b"' in 'SET'"].concat();
                        Fault::new(1054, "42S22", text)
                    })?;
                sql.need_mark("=")?;
                new[at] = self.value_in(cx, sql, seen)?.value;
                if !sql.take_mark(",") {
                    break;
                }
            }
            keyed = by_key(sql, &table.columns);
            if sql.take("where") && !self.value_in(cx, sql, seen)?.value.is_true() {
                continue;
            }
            matched += 1;
            if new != old {
                different += 1;
                *row = new;
            }
        }
        sql.skip_statement();
        if empty {
            return Ok(Reply::Done(changed(0, 0)));
        }
        let used: usize = rows.iter().flatten().map(Value::len).sum();
        if used > MYSQL_STORED_BYTES {
            return Err(Fault::new(
                1114,
                "HY000",
                [b"The table '", &name[..], b"' is full"].concat(),
            ));
        }
        self.stored.bytes = self.stored.bytes.max(used);
        if let Some(table) = self.stored.table_mut(&database, &name) {
            table.rows = rows;
        }
        let mut done = changed(matched, different);
        if keyed {
            done.status = 0;
        }
        Ok(Reply::Done(done))
    }

    pub(super) fn delete(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
    ) -> Result<Reply, Fault> {
        sql.need("from")?;
        let ((database, name), table) = self.changing(sql)?;
        let Some(table) = table else {
            sql.skip_statement();
            return Ok(Reply::Done(Done { status: 0x20, ..Done::default() }));
        };
        let from = sql.at;
        let status = if by_key(sql, &table.columns) { 0 } else { 0x20 };
        let mut left = Vec::new();
        let before = table.rows.len();
        for row in table.rows {
            sql.at = from;
            let seen = Row { columns: &table.columns, values: &row };
            if sql.take("where") && !self.value_in(cx, sql, seen)?.value.is_true() {
                left.push(row);
            }
        }
        sql.skip_statement();
        let affected = (before - left.len()) as u64;
        let used: usize = left.iter().flatten().map(Value::len).sum();
        self.stored.bytes = self.stored.bytes.min(used.max(1));
        if let Some(table) = self.stored.table_mut(&database, &name) {
            table.rows = left;
        }
        Ok(Reply::Done(Done { affected, status, ..Done::default() }))
    }

    pub(super) fn truncate(&mut self, sql: &mut Sql<'_>) -> Result<Reply, Fault> {
        let _ = sql.take("table");
        let ((database, name), _) = self.changing(sql)?;
        sql.need_end()?;
        if let Some(table) = self.stored.table_mut(&database, &name) {
            table.rows.clear();
        }
        Ok(Reply::Done(Done::default()))
    }

    /// An expression, seen from a row.
    pub(super) fn value_in(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
        row: Row<'_>,
    ) -> Result<Cell, Fault> {
        Scope { talk: self, cx, row, depth: 0 }.expression(sql)
    }
}

pub(super) fn no_table(database: &[u8], table: &[u8]) -> Fault {
    let text = [b"Table '", database, b".", table, b"' doesn't exist"].concat();
    Fault::new(1146, "42S02", text)
}

fn changed(matched: u64, different: u64) -> Done {
    let info = format!("Rows matched: {matched}  Changed: {different}  Warnings: 0");
    Done { affected: different, status: 0x20, info, ..Done::default() }
}

impl Table {
    /// A column, or a key.
    fn part(&mut self, sql: &mut Sql<'_>, database: &[u8], table: &[u8]) -> Result<(), Fault> {
        const KEYS: [&str; 7] =
            ["primary", "key", "index", "unique", "constraint", "fulltext", "foreign"];
        if KEYS.iter().any(|word| sql.is(word)) {
            if sql.take("primary key") && sql.take_mark("(") {
                let name = sql.name()?;
                self.primary = self.columns.iter().position(|column| column.name == name);
                if let Some(column) = self.primary.and_then(|at| self.columns.get_mut(at)) {
                    column.flags |= PRIMARY;
                }
                return rest(sql, 1).map(|_| ());
            }
            return rest(sql, 0).map(|_| ());
        }
        if self.columns.len() >= MYSQL_COLUMNS {
            return Err(Fault::new(1117, "HY000", "Too many columns"));
        }
        let name = sql.name()?;
        let from = sql.token().from;
        let kind = String::from_utf8_lossy(&sql.name()?).to_ascii_lowercase();
        let mut size = None;
        if sql.take_mark("(") {
            let token = sql.next();
            size = String::from_utf8_lossy(sql.source(&token)).parse::<usize>().ok();
            rest(sql, 1)?;
        }
        let Some(mut column) = of_type(&kind, size) else {
            sql.at -= 1;
            return Err(sql.wrong());
        };
        let words = rest_of_column(sql)?;
        if words.unsigned {
            column.flags |= UNSIGNED;
        }
        if words.not_null {
            column.flags |= NOT_NULL;
        }
        if words.primary {
            column.flags |= PRIMARY;
            self.primary = Some(self.columns.len());
        }
        let to = sql.end_of_last();
        self.types.push(sql.text.get(from..to).unwrap_or_default().to_vec());
        self.columns.push(Column {
            schema: database.to_vec(),
            table: table.to_vec(),
            own_name: name.clone(),
            ..column.named(&name)
        });
        Ok(())
    }
}

/// NOT NULL, the primary key, part of a key, without a default.
const PRIMARY: u16 = 0x5003;

#[derive(Default)]
struct Words {
    unsigned: bool,
    not_null: bool,
    primary: bool,
}

fn rest_of_column(sql: &mut Sql<'_>) -> Result<Words, Fault> {
    let mut words = Words::default();
    let mut depth = 0_usize;
    while !sql.is_over() {
        if depth == 0 && (sql.is_mark(",") || sql.is_mark(")")) {
            return Ok(words);
        }
        words.unsigned |= sql.is("unsigned");
        words.not_null |= sql.is("not null");
        words.primary |= sql.is("primary key");
        depth = deeper(sql, depth);
        sql.next();
    }
    Err(sql.wrong())
}

fn deeper(sql: &Sql<'_>, depth: usize) -> usize {
    if sql.is_mark("(") {
        depth + 1
    } else if sql.is_mark(")") {
        depth.saturating_sub(1)
    } else {
        depth
    }
}

/// Goes on to the end of this part, out of `depth` parentheses.
fn rest(sql: &mut Sql<'_>, mut depth: usize) -> Result<usize, Fault> {
    while !sql.is_over() {
        if depth == 0 && (sql.is_mark(",") || sql.is_mark(")")) {
            return Ok(depth);
        }
        let was = depth;
        depth = deeper(sql, depth);
        sql.next();
        if was == 1 && depth == 0 {
            return Ok(depth);
        }
    }
    Err(sql.wrong())
}

fn of_type(kind: &str, size: Option<usize>) -> Option<Column> {
    let int = |kind, digits| Column::of(kind, size.unwrap_or(digits), BINARY, 0);
    let number = |mut column: Column| {
        column.flags = 0;
        column.text = false;
        column
    };
    Some(match kind {
        "int" | "integer" => number(int(LONG, 11)),
        "tinyint" | "bool" | "boolean" => number(int(1, 4)),
        "smallint" => number(int(2, 6)),
        "mediumint" => number(int(9, 9)),
        "bigint" => number(int(LONGLONG, 20)),
        "float" => number(Column::of(4, 12, BINARY, 31)),
        "double" | "real" => number(Column::of(DOUBLE, 22, BINARY, 31)),
        "decimal" | "numeric" => number(Column::of(DECIMAL, 11, BINARY, 0)),
        "date" => Column::of(10, 10, BINARY, 0),
        "datetime" | "timestamp" => Column::of(DATETIME, 19, BINARY, 0),
        "char" | "varchar" | "nvarchar" | "enum" | "set" => {
            let kind = if kind == "char" { 0xfe } else { VAR_STRING };
            Column::of(kind, size.unwrap_or(1), 0, 0)
        }
        "binary" | "varbinary" => {
            Column { text: false, ..Column::of(VAR_STRING, size.unwrap_or(1), BINARY, 0) }
        }
        "tinytext" | "text" | "mediumtext" | "longtext" | "json" => {
            Column::of(BLOB, longest(kind), BLOB_FLAG, 0)
        }
        "tinyblob" | "blob" | "mediumblob" | "longblob" => {
            Column::of(BLOB, longest(kind), BLOB_FLAG | BINARY, 0)
        }
        _ => return None,
    })
}

const BLOB_FLAG: u16 = 0x10;

fn longest(kind: &str) -> usize {
    match kind.as_bytes().first() {
        Some(b't') if kind.starts_with("tiny") => 255,
        Some(b'm') => 16_777_215,
        Some(b'l' | b'j') => 4_294_967_295,
        _ => 65_535,
    }
}
