//! Statements: which one it is, and `SELECT`.

use super::column::{BINARY, Column, Done, LONG, NOT_NULL, Reply, Rows, Value};
use super::disk::{Format, Into};
use super::expression::{Cell, Row};
use super::lexer::{Kind, Sql};
use super::packet::Fault;
use super::show::Source;
use super::state::{Talk, no_database};
use super::table::no_table;
use crate::Context;
use crate::limits::MYSQL_VALUE_BYTES;

/// The flag of a column that is the primary key.
const PRIMARY_KEY: u16 = 2;

impl Talk {
    /// Runs the statement that is next, up to its end or its semicolon.
    pub(super) fn statement(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
    ) -> Result<Reply, Fault> {
        let diagnostics = sql.is("show warnings") || sql.is("show errors");
        if !diagnostics {
            self.warnings.clear();
        }
        let result = self.known(cx, sql);
        match &result {
            Ok(Reply::Rows(rows)) => {
                self.last_affected = -1;
                self.last_found = rows.rows.len() as i64;
            }
            Ok(Reply::Done(done)) => self.last_affected = done.affected as i64,
            Err(fault) => {
                self.last_affected = -1;
                self.warnings.push(("Error", fault.code, fault.text.clone()));
            }
        }
        result
    }

    fn known(&mut self, cx: &mut Context<'_>, sql: &mut Sql<'_>) -> Result<Reply, Fault> {
        let done = || Ok(Reply::Done(Done::default()));
        let start = sql.at;
        if sql.take("select") {
            let (rows, into) = self.select_behind(cx, sql)?;
            sql.need_end()?;
            let Some(into) = into else { return Ok(Reply::Rows(rows)) };
            let whole = sql.text;
            let scanned = if rows.scanned { 0x20 } else { 0 };
            let put = self.put(cx, &into, rows.rows, whole)?;
            return Ok(Reply::Done(Done { status: scanned, ..put }));
        }
        if sql.take("show") {
            return self.show(cx, sql);
        }
        if sql.take("set") {
            return self.set(cx, sql);
        }
        if sql.take("use") {
            let name = sql.name()?;
            sql.need_end()?;
            return self.use_database(&name);
        }
        if sql.take("insert") || sql.take("replace") {
            return self.insert(cx, sql);
        }
        if sql.take("update") {
            return self.update(cx, sql);
        }
        if sql.take("delete") {
            return self.delete(cx, sql);
        }
        if sql.take("truncate") {
            return self.truncate(sql);
        }
        if sql.take("create") {
            return self.create(cx, sql);
        }
        if sql.take("drop") {
            return self.drop(cx, sql);
        }
        if sql.take("desc") || sql.take("describe") || sql.take("explain") {
            if !matches!(sql.token().kind, Kind::Word | Kind::Name(_)) {
                return Err(sql.wrong());
            }
            if sql.take("select") {
                self.select_behind(cx, sql)?;
                return Ok(Reply::Rows(super::show::explained()));
            }
            let name = sql.long_name()?;
            return self.show_columns(name);
        }
        if sql.take("begin") || sql.take("start transaction") {
            sql.skip_statement();
            self.in_transaction = true;
            return done();
        }
        if sql.take("commit") || sql.take("rollback") {
            sql.skip_statement();
            self.in_transaction = false;
            return done();
        }
        if sql.take("do") {
            loop {
                self.value_in(cx, sql, Row::default())?;
                if !sql.take_mark(",") {
                    break;
                }
            }
            sql.need_end()?;
            return done();
        }
        if sql.take("get") {
            // `GET DIAGNOSTICS` is for stored programs: nothing here begins so.
            return Err(sql.wrong());
        }
        if sql.take("shutdown") {
            sql.need_end()?;
            Self::attack(cx, "mysql-shutdown", b"SHUTDOWN");
            return done();
        }
        if sql.take("kill") {
            let _ = sql.take("query") || sql.take("connection") || sql.take("hard");
            let id = self.value_in(cx, sql, Row::default())?.value.text();
            sql.need_end()?;
            return Err(Fault::new(1094, "HY000", format!("Unknown thread id: {id}")));
        }
        if sql.take("install plugin") {
            sql.name()?;
            sql.need("soname")?;
            return self.install(cx, sql);
        }
        if sql.take("install soname") {
            return self.install(cx, sql);
        }
        if sql.take("uninstall plugin") {
            let name = sql.name()?;
            let text = [b"PLUGIN ", &name[..], b" does not exist"].concat();
            return Err(Fault::new(1305, "42000", text));
        }
        if sql.take("load data local") {
            sql.skip_statement();
            return Err(Fault::new(
                4166,
                "HY000",
                "The used command is not allowed because the MariaDB server or client has \
                 disabled the local infile capability",
            ));
        }
        if sql.take("call") {
            let (schema, name) = sql.long_name()?;
            let schema = schema.or_else(|| self.database.clone()).ok_or_else(no_database)?;
            let text = [b"PROCEDURE ", &schema[..], b".", &name, b" does not exist"].concat();
            return Err(Fault::new(1305, "42000", text));
        }
        if sql.take("alter table") {
            let _ = sql.take("if exists");
            let name = sql.long_name()?;
            let (database, table) = self.meant(name)?;
            sql.skip_statement();
            return if self.has_table(&database, &table) {
                done()
            } else {
                Err(no_table(&database, &table))
            };
        }
        if sql.take("alter database") || sql.take("alter schema") {
            sql.skip_statement();
            return Ok(Reply::Done(Done { affected: 1, ..Done::default() }));
        }
        // What changes nothing that could be seen here.
        const TAKEN: [&str; 18] = [
            "flush",
            "grant",
            "revoke",
            "lock",
            "unlock",
            "savepoint",
            "release",
            "alter user",
            "rename user",
            "reset",
            "purge",
            "optimize",
            "repair",
            "change master",
            "stop",
            "purge",
            "handler",
            "load data",
        ];
        if TAKEN.iter().any(|words| sql.take(words)) {
            if sql.is_over() {
                return Err(sql.wrong());
            }
            sql.skip_statement();
            return done();
        }
        sql.at = start;
        Err(sql.wrong())
    }

    fn install(&mut self, cx: &mut Context<'_>, sql: &mut Sql<'_>) -> Result<Reply, Fault> {
        let object = sql.string()?;
        sql.need_end()?;
        Self::attack(cx, "mysql-plugin", sql.text);
        self.load(cx, &object, None)?;
        let text = "Can't find symbol '_maria_plugin_interface_version_' in library";
        let text =
            text.replace("library", &format!("library '{}'", String::from_utf8_lossy(&object)));
        Err(Fault::new(1127, "HY000", text))
    }

    fn create(&mut self, cx: &mut Context<'_>, sql: &mut Sql<'_>) -> Result<Reply, Fault> {
        let _ = sql.take("or replace");
        let _ = sql.take("temporary");
        if sql.take("database") || sql.take("schema") {
            return self.create_database(sql);
        }
        if sql.take("table") {
            return self.create_table(sql);
        }
        if sql.take("aggregate function") {
            return self.create_function(cx, sql, true);
        }
        if sql.take("function") {
            return self.create_function(cx, sql, false);
        }
        const TAKEN: [&str; 9] =
            ["user", "role", "index", "unique", "view", "procedure", "trigger", "event", "definer"];
        if TAKEN.iter().any(|word| sql.take(word)) && !sql.is_over() {
            sql.skip_statement();
            return Ok(Reply::Done(Done::default()));
        }
        Err(sql.wrong())
    }

    fn drop(&mut self, cx: &mut Context<'_>, sql: &mut Sql<'_>) -> Result<Reply, Fault> {
        if sql.take("database") || sql.take("schema") {
            return self.drop_database(cx, sql);
        }
        let _ = sql.take("temporary");
        if sql.take("table") || sql.take("tables") {
            return self.drop_table(sql);
        }
        if sql.take("function") || sql.is("procedure") {
            let kind = if sql.take("procedure") { "PROCEDURE" } else { "FUNCTION" };
            let lenient = sql.take("if exists");
            let (schema, name) = sql.long_name()?;
            sql.need_end()?;
            let lower = String::from_utf8_lossy(&name).to_ascii_lowercase();
            if let Some(at) = self.functions.iter().position(|known| known.name == lower) {
                self.functions.remove(at);
                return Ok(Reply::Done(Done::default()));
            }
            let schema = schema.or_else(|| self.database.clone());
            let whole = match schema {
                Some(schema) => [&schema[..], b".", &name].concat(),
                None => [b"(UDF) ", &name[..]].concat(),
            };
            let text = [kind.as_bytes(), b" ", &whole, b" does not exist"].concat();
            if !lenient {
                return Err(Fault::new(1305, "42000", text));
            }
            self.warnings.push(("Note", 1305, text));
            return Ok(Reply::Done(Done { warnings: 1, ..Done::default() }));
        }
        const TAKEN: [&str; 7] = ["user", "role", "index", "view", "trigger", "event", "server"];
        if TAKEN.iter().any(|word| sql.take(word)) && !sql.is_over() {
            sql.skip_statement();
            return Ok(Reply::Done(Done::default()));
        }
        Err(sql.wrong())
    }

    /// A whole `SELECT` inside of an expression.
    pub(super) fn select(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
    ) -> Result<Rows, Fault> {
        sql.need("select")?;
        self.select_behind(cx, sql).map(|(rows, _)| rows)
    }

    /// `SELECT` behind its first word, with those that are united to it.
    pub(super) fn select_behind(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
    ) -> Result<(Rows, Option<Into>), Fault> {
        let counted = self.counted.take();
        let (mut rows, mut into) = self.select_one(cx, sql)?;
        while sql.take("union") {
            let _ = sql.take("all") || sql.take("distinct");
            let more = if sql.take_mark("(") {
                sql.need("select")?;
                let more = self.select_one(cx, sql)?;
                sql.need_mark(")")?;
                more
            } else {
                sql.need("select")?;
                self.select_one(cx, sql)?
            };
            if more.0.columns.len() != rows.columns.len() {
                return Err(Fault::new(
                    1222,
                    "21000",
                    "The used SELECT statements have a different number of columns",
                ));
            }
            for column in &mut rows.columns {
                if column.own_name.is_empty() {
                    column.own_name.clone_from(&column.name);
                }
                if column.kind == LONG && column.flags & BINARY != 0 {
                    column.flags &= !BINARY;
                    column.length += 1;
                }
            }
            rows.scanned = true;
            rows.rows.extend(more.0.rows);
            into = into.or(more.1);
        }
        self.counted = counted;
        Ok((rows, into))
    }

    fn select_one(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
    ) -> Result<(Rows, Option<Into>), Fault> {
        const MODIFIERS: [&str; 8] = [
            "distinct",
            "all",
            "distinctrow",
            "sql_no_cache",
            "sql_cache",
            "high_priority",
            "straight_join",
            "sql_calc_found_rows",
        ];
        while MODIFIERS.iter().any(|word| sql.take(word)) {}
        let list = sql.at;
        let mut source = None;
        if skip_to_from(sql) {
            source = self.source(cx, sql)?;
        }
        let behind_from = sql.at;
        let Some(source) = source else {
            sql.at = list;
            let none =
                Source { rows: Rows { rows: vec![Vec::new()], ..Rows::default() }, hollow: false };
            return self.select_from(cx, sql, list, None, none);
        };
        self.select_from(cx, sql, list, Some(behind_from), source)
    }

    fn select_from(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
        list: usize,
        behind_from: Option<usize>,
        source: Source,
    ) -> Result<(Rows, Option<Into>), Fault> {
        let Source { rows: table, hollow } = source;
        let mut into = None;
        let mut kept = Vec::new();
        let mut limit = None;
        let mut keyed = false;
        if let Some(behind) = behind_from {
            if hollow {
                sql.at = behind;
                skip_clauses(sql);
            } else {
                sql.at = behind;
                keyed = by_key(sql, &table.columns);
                kept = self.filter(cx, sql, behind, &table)?;
                limit = self.clauses(cx, sql)?;
            }
            into = read_into(sql)?;
        }
        let behind_all = sql.at;
        sql.at = list;
        if hollow {
            let columns = hollow_columns(sql)?;
            sql.at = behind_all;
            return Ok((Rows { columns, rows: Vec::new(), scanned: true }, into));
        }
        let counting = counts(sql);
        if behind_from.is_none() {
            kept = table.rows;
        }
        if counting {
            self.counted = Some(kept.len() as i64);
            kept.truncate(1);
            if kept.is_empty() {
                kept.push(vec![Value::Null; table.columns.len()]);
            }
        }
        if let Some((skip, count)) = limit {
            kept = kept.into_iter().skip(skip).take(count).collect();
        }
        let mut columns = Vec::new();
        let mut rows = Vec::new();
        let mut size = 0;
        let nothing = vec![Value::Null; table.columns.len()];
        let once = kept.is_empty();
        for values in if once { std::slice::from_ref(&nothing) } else { &kept[..] } {
            sql.at = list;
            let row = Row { columns: &table.columns, values };
            let cells = self.list(cx, sql, row, behind_from.is_some())?;
            if columns.is_empty() {
                columns = cells.iter().map(|cell| cell.column.clone()).collect();
            }
            size += cells.iter().map(|cell| cell.value.len()).sum::<usize>();
            if size > MYSQL_VALUE_BYTES {
                break;
            }
            if !once {
                rows.push(cells.into_iter().map(|cell| cell.value).collect());
            }
        }
        self.counted = None;
        if into.is_none() {
            into = read_into(sql)?;
        }
        if behind_from.is_some() {
            if !sql.is("from") {
                return Err(sql.wrong());
            }
            sql.at = behind_all;
        } else {
            let _ = sql.take("from dual");
            if sql.take("where") && !self.value_in(cx, sql, Row::default())?.value.is_true() {
                rows.clear();
            }
            if let Some((skip, count)) = self.clauses(cx, sql)? {
                rows = rows.into_iter().skip(skip).take(count).collect();
            }
            if into.is_none() {
                into = read_into(sql)?;
            }
        }
        let scanned = behind_from.is_some() && table.scanned && !keyed;
        Ok((Rows { columns, rows, scanned }, into))
    }

    /// The rows that `WHERE` leaves.
    fn filter(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
        from: usize,
        table: &Rows,
    ) -> Result<Vec<Vec<Value>>, Fault> {
        let mut kept = Vec::new();
        sql.at = from;
        if !sql.is("where") {
            return Ok(table.rows.clone());
        }
        let nothing = vec![Value::Null; table.columns.len()];
        let none = table.rows.is_empty();
        for values in if none { std::slice::from_ref(&nothing) } else { &table.rows[..] } {
            sql.at = from;
            sql.need("where")?;
            let row = Row { columns: &table.columns, values };
            if self.value_in(cx, sql, row)?.value.is_true() && !none {
                kept.push(values.clone());
            }
        }
        Ok(kept)
    }

    /// What follows `WHERE`: orders are read, limits are kept.
    fn clauses(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
    ) -> Result<Option<(usize, usize)>, Fault> {
        if sql.is("group by") || sql.is("order by") || sql.is("having") {
            while !sql.is_over()
                && !["limit", "into", "union"].iter().any(|word| sql.is(word))
                && !sql.is_mark(")")
            {
                if sql.take_mark("(") {
                    while !sql.is_over() && !sql.take_mark(")") {
                        sql.next();
                    }
                } else {
                    sql.next();
                }
            }
        }
        let mut limit = None;
        if sql.take("limit") {
            let first = self.value_in(cx, sql, Row::default())?.value.int();
            let first = usize::try_from(first).unwrap_or(0);
            limit = Some((0, first));
            if sql.take_mark(",") {
                let count = self.value_in(cx, sql, Row::default())?.value.int();
                limit = Some((first, usize::try_from(count).unwrap_or(0)));
            } else if sql.take("offset") {
                let skip = self.value_in(cx, sql, Row::default())?.value.int();
                limit = Some((usize::try_from(skip).unwrap_or(0), first));
            }
        }
        let _ = sql.take("for update") || sql.take("lock in share mode");
        Ok(limit)
    }

    /// The columns of one row.
    fn list(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
        row: Row<'_>,
        from: bool,
    ) -> Result<Vec<Cell>, Fault> {
        let mut cells = Vec::new();
        loop {
            if sql.take_mark("*") {
                if !from {
                    return Err(Fault::new(1096, "HY000", "No tables used"));
                }
                for (column, value) in row.columns.iter().zip(row.values) {
                    cells.push(Cell::new(value.clone(), column.clone()));
                }
            } else {
                cells.push(self.item(cx, sql, row)?);
            }
            if !sql.take_mark(",") {
                return Ok(cells);
            }
        }
    }

    fn item(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
        row: Row<'_>,
    ) -> Result<Cell, Fault> {
        let (at, from) = (sql.at, sql.token().from);
        let mut cell = self.value_in(cx, sql, row)?;
        let source = sql.text.get(from..sql.end_of_last()).unwrap_or_default();
        // A text is named by what it says, a constant in capitals; all else by how it stands.
        let behind = sql.at;
        sql.at = at;
        let mut name = match (&sql.token().kind.clone(), behind - at) {
            (Kind::Text(_), _) if matches!(cell.value, Value::Text(_)) && is_texts(sql, behind) => {
                cell.value.bytes()
            }
            (Kind::Name(name), 1) if cell.column.own_name.is_empty() => name.clone(),
            (Kind::Word, 1) if ["null", "true", "false"].iter().any(|word| sql.is(word)) => {
                source.to_ascii_uppercase()
            }
            (Kind::Word | Kind::Name(_), 1)
                if !cell.column.own_name.is_empty()
                    && cell.column.schema != b"information_schema" =>
            {
                cell.column.own_name.clone()
            }
            (Kind::Word | Kind::Name(_), 3) if !cell.column.own_name.is_empty() => {
                sql.at += 2;
                sql.name()?
            }
            _ => source.to_vec(),
        };
        sql.at = behind;
        let explicit = sql.take("as");
        let alias = match sql.token().kind.clone() {
            Kind::Text(text) => Some(text),
            Kind::Name(alias) => Some(alias),
            Kind::Word if explicit || !is_clause(sql) => {
                let token = sql.token().clone();
                Some(sql.source(&token).to_vec())
            }
            _ if explicit => return Err(sql.wrong()),
            _ => None,
        };
        if let Some(alias) = alias {
            sql.next();
            name = alias;
            // A constant's other name makes it sure to be there.
            if cell.column.own_name.is_empty() && sql.text[from..].starts_with(b"version") {
                cell.column.flags |= NOT_NULL;
            }
        }
        // Of a long one, the head is the name.
        cell.column.name = name[..name.len().min(256)].to_vec();
        Ok(cell)
    }
}

/// Whether only texts stand here up to `behind`.
fn is_texts(sql: &mut Sql<'_>, behind: usize) -> bool {
    let at = sql.at;
    let mut all = true;
    while sql.at < behind {
        all &= matches!(sql.next().kind, Kind::Text(_));
    }
    sql.at = at;
    all
}

/// Whether `WHERE` is next, and asks for the primary key.
pub(super) fn by_key(sql: &Sql<'_>, columns: &[Column]) -> bool {
    let key = columns.iter().find(|column| column.flags & PRIMARY_KEY != 0);
    key.is_some_and(|key| {
        sql.is(&format!("where {}", String::from_utf8_lossy(&key.name).replace(' ', "\0")))
    })
}

fn is_clause(sql: &Sql<'_>) -> bool {
    const CLAUSES: [&str; 13] = [
        "from",
        "into",
        "where",
        "limit",
        "union",
        "order",
        "group",
        "having",
        "for",
        "procedure",
        "lock",
        "offset",
        "as",
    ];
    CLAUSES.iter().any(|word| sql.is(word))
}

/// Goes behind this statement's own `FROM`, if it has one.
fn skip_to_from(sql: &mut Sql<'_>) -> bool {
    let mut depth = 0_usize;
    while !sql.is_over() {
        if depth == 0 && (sql.is("union") || sql.is_mark(")") || sql.is("where")) {
            return false;
        }
        if depth == 0 && sql.take("from") {
            return true;
        }
        if sql.is_mark("(") {
            depth += 1;
        } else if sql.is_mark(")") {
            depth = depth.saturating_sub(1);
        }
        sql.next();
    }
    false
}

fn skip_clauses(sql: &mut Sql<'_>) {
    let mut depth = 0_usize;
    while !sql.is_over() {
        if depth == 0 && (sql.is_mark(")") || sql.is("union") || sql.is("into")) {
            return;
        }
        if sql.is_mark("(") {
            depth += 1;
        } else if sql.is_mark(")") {
            depth = depth.saturating_sub(1);
        }
        sql.next();
    }
}

/// Whether the list counts rows.
fn counts(sql: &mut Sql<'_>) -> bool {
    let at = sql.at;
    let mut found = false;
    while !sql.is_over() && !sql.is("from") {
        found |= sql.take("count") && sql.is_mark("(");
        sql.next();
    }
    sql.at = at;
    found
}

/// The columns of a table that is there and whose contents are not.
fn hollow_columns(sql: &mut Sql<'_>) -> Result<Vec<Column>, Fault> {
    let mut columns = Vec::new();
    loop {
        let from = sql.token().from;
        let mut depth = 0_usize;
        while !sql.is_over() && !(depth == 0 && (sql.is_mark(",") || sql.is("from"))) {
            if sql.is_mark("(") {
                depth += 1;
            } else if sql.is_mark(")") {
                depth = depth.saturating_sub(1);
            }
            sql.next();
        }
        let name = sql.text.get(from..sql.end_of_last()).unwrap_or_default();
        if name.is_empty() {
            return Err(sql.wrong());
        }
        columns.push(Column::text(64, 0).named(&name[..name.len().min(256)]));
        if !sql.take_mark(",") {
            return Ok(columns);
        }
    }
}

fn read_into(sql: &mut Sql<'_>) -> Result<Option<Into>, Fault> {
    if !sql.take("into") {
        return Ok(None);
    }
    if sql.take("dumpfile") {
        return Ok(Some(Into::Dump(sql.string()?)));
    }
    if sql.take("outfile") {
        let name = sql.string()?;
        return Ok(Some(Into::Lines(name, Box::new(Format::read(sql)?))));
    }
    let mut names = Vec::new();
    loop {
        let Kind::Variable(name) = sql.token().kind.clone() else { return Err(sql.wrong()) };
        sql.next();
        names.push(name);
        if !sql.take_mark(",") {
            return Ok(Some(Into::Variables(names)));
        }
    }
}
