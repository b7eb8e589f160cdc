//! `SHOW`, and the tables that the server has of itself.

use super::column::{
    ANY, BINARY, BLOB, Column, DOUBLE, LONG, LONGLONG, NOT_NULL, Reply, Rows, STRING, UNSIGNED,
    Value,
};
use super::expression::{Row, like};
use super::function::lower_hex;
use super::lexer::{Kind, Sql};
use super::packet::Fault;
use super::state::{Talk, no_database, unknown_database};
use super::table::no_table;
use crate::Context;
use sha1::{Digest, Sha1};

/// What a `SELECT` reads from.
pub(super) struct Source {
    pub(super) rows: Rows,
    /// Nothing is known of its columns, and there are no rows.
    pub(super) hollow: bool,
}

/// A text column with its length in characters that belongs to no table.
fn plain(name: &str, characters: usize, flags: u16) -> Column {
    Column::text(characters, flags).named(name.as_bytes())
}

fn number(name: &str, kind: u8, length: usize, flags: u16) -> Column {
    Column::of(kind, length, flags | BINARY, 0).named(name.as_bytes())
}

fn text(value: &str) -> Value {
    value.into()
}

/// Which rows of a list are wanted.
enum Wanted {
    All,
    Like(Vec<u8>),
    /// `WHERE`, from this token on.
    Where(usize),
}

impl Talk {
    pub(super) fn show(&mut self, cx: &mut Context<'_>, sql: &mut Sql<'_>) -> Result<Reply, Fault> {
        let full = sql.take("full");
        let global = sql.take("global");
        let _ = sql.take("session") || sql.take("local");
        if sql.take("databases") || sql.take("schemas") {
            let names = self.databases();
            let column = |name: &str| Column::schema("SCHEMATA", name, "SCHEMA_NAME", 64);
            return self.names(cx, sql, "Database", column, names, true);
        }
        if sql.take("tables") {
            return self.show_tables(cx, sql, full);
        }
        if sql.take("variables") {
            let all = self.all_variables(global, cx);
            return self.pairs(cx, sql, "SESSION_VARIABLES", 4_096, &all);
        }
        if sql.take("status") {
            let all = self.status_variables(cx);
            return self.pairs(cx, sql, "SESSION_STATUS", 16, &all);
        }
        if sql.take("warnings") || sql.is("errors") {
            let errors = sql.take("errors");
            sql.need_end()?;
            return Ok(Reply::Rows(self.diagnostics(errors)));
        }
        if sql.take("processlist") {
            sql.need_end()?;
            let info = String::from_utf8_lossy(sql.text).into_owned();
            return Ok(Reply::Rows(self.processes(&info, if full { 0x300_0000 } else { 100 })));
        }
        if sql.take("grants") {
            sql.skip_statement();
            return Ok(Reply::Rows(self.grants()));
        }
        if sql.take("engines") || sql.take("storage engines") {
            sql.need_end()?;
            return Ok(Reply::Rows(engines()));
        }
        if sql.take("columns") || sql.take("fields") {
            if !sql.take("from") {
                sql.need("in")?;
            }
            let name = sql.long_name()?;
            sql.skip_statement();
            return self.show_columns(name);
        }
        if sql.take("create database") || sql.take("create schema") {
            let name = sql.name()?;
            return self.show_create_database(&name);
        }
        if sql.take("create table") {
            let name = sql.long_name()?;
            return self.show_create_table(name);
        }
        if sql.take("master status") || sql.take("binlog status") {
            sql.need_end()?;
            let columns = vec![
                plain("File", 512, NOT_NULL),
                number("Position", LONGLONG, 20, NOT_NULL | UNSIGNED),
                plain("Binlog_Do_DB", 255, NOT_NULL),
                plain("Binlog_Ignore_DB", 255, NOT_NULL),
            ];
            return Ok(Reply::Rows(Rows { columns, ..Rows::default() }));
        }
        if sql.take("table status") && self.database.is_none() && !sql.is("from") {
            return Err(no_database());
        }
        // There, and empty here: its columns are of no use to anybody.
        const EMPTY: [&str; 13] = [
            "slave status",
            "slave hosts",
            "function status",
            "procedure status",
            "triggers",
            "events",
            "index",
            "indexes",
            "keys",
            "open tables",
            "plugins",
            "collation",
            "profiles",
        ];
        if EMPTY.iter().any(|words| sql.take(words)) {
            sql.skip_statement();
            let columns = vec![plain("Name", 64, NOT_NULL)];
            return Ok(Reply::Rows(Rows { columns, ..Rows::default() }));
        }
        Err(sql.wrong())
    }

    /// Names of all databases, in order.
    fn databases(&self) -> Vec<Vec<u8>> {
        let given = self.spec().databases.keys().map(|name| name.as_bytes().to_vec());
        let mut all: Vec<Vec<u8>> = given
            .filter(|name| !self.stored.dropped.contains(name))
            .chain(self.stored.databases.keys().cloned())
            .collect();
        all.sort();
        all.dedup();
        all
    }

    /// Names of a database's tables, in order.
    fn tables(&self, database: &[u8]) -> Vec<Vec<u8>> {
        let given = self.spec().databases.get(&*String::from_utf8_lossy(database));
        let given = given.filter(|_| !self.stored.dropped.contains(database));
        let own = self.stored.databases.get(database);
        let mut all: Vec<Vec<u8>> = given
            .into_iter()
            .flatten()
            .map(|name| name.as_bytes().to_vec())
            .chain(own.into_iter().flat_map(|tables| tables.keys().cloned()))
            .collect();
        all.sort();
        all.dedup();
        all
    }

    fn wanted(sql: &mut Sql<'_>) -> Result<Wanted, Fault> {
        if sql.take("like") {
            let pattern = sql.string()?;
            sql.need_end()?;
            return Ok(Wanted::Like(pattern));
        }
        if sql.take("where") {
            return Ok(Wanted::Where(sql.at));
        }
        sql.need_end()?;
        Ok(Wanted::All)
    }

    fn choose(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
        wanted: &Wanted,
        columns: &[Column],
        rows: Vec<Vec<Value>>,
    ) -> Result<Vec<Vec<Value>>, Fault> {
        let mut kept = Vec::new();
        for row in rows {
            let fits = match wanted {
                Wanted::All => true,
                Wanted::Like(pattern) => {
                    row.first().is_some_and(|value| like(pattern, &value.bytes()))
                }
                Wanted::Where(at) => {
                    sql.at = *at;
                    self.value_in(cx, sql, Row { columns, values: &row })?.value.is_true()
                }
            };
            if fits {
                kept.push(row);
            }
        }
        sql.skip_statement();
        Ok(kept)
    }

    fn names(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
        title: &str,
        column: impl FnOnce(&str) -> Column,
        names: Vec<Vec<u8>>,
        scanned: bool,
    ) -> Result<Reply, Fault> {
        let wanted = Self::wanted(sql)?;
        let title = match &wanted {
            Wanted::Like(pattern) => format!("{title} ({})", String::from_utf8_lossy(pattern)),
            _ => title.to_owned(),
        };
        let columns = vec![column(&title)];
        let rows = names.into_iter().map(|name| vec![Value::Text(name)]).collect();
        let rows = self.choose(cx, sql, &wanted, &columns, rows)?;
        Ok(Reply::Rows(Rows { columns, rows, scanned }))
    }

    fn show_tables(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
        full: bool,
    ) -> Result<Reply, Fault> {
        let database = if sql.take("from") || sql.take("in") {
            sql.name()?
        } else {
            self.database.clone().ok_or_else(no_database)?
        };
        if !self.has_database(&database) {
            return Err(unknown_database(&database));
        }
        let title = format!("Tables_in_{}", String::from_utf8_lossy(&database));
        let names = self.tables(&database);
        let length = 73;
        let column = |name: &str| Column::schema("TABLE_NAMES", name, "TABLE_NAME", length);
        if !full {
            return self.names(cx, sql, &title, column, names, true);
        }
        let Reply::Rows(mut rows) = self.names(cx, sql, &title, column, names, true)? else {
            return Err(sql.wrong());
        };
        rows.columns.push(Column::schema("TABLE_NAMES", "Table_type", "TABLE_TYPE", 64));
        let kind = match &database[..] {
            b"information_schema" => "SYSTEM VIEW",
            _ => "BASE TABLE",
        };
        for row in &mut rows.rows {
            row.push(text(kind));
        }
        Ok(Reply::Rows(rows))
    }

    fn pairs(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
        table: &str,
        characters: usize,
        all: &[(String, String)],
    ) -> Result<Reply, Fault> {
        let wanted = Self::wanted(sql)?;
        let columns = vec![
            Column::schema(table, "Variable_name", "VARIABLE_NAME", 64),
            Column::schema(table, "Value", "VARIABLE_VALUE", characters),
        ];
        let rows = all.iter().map(|(name, value)| vec![text(name), text(value)]).collect();
        let rows = self.choose(cx, sql, &wanted, &columns, rows)?;
        Ok(Reply::Rows(Rows { columns, rows, scanned: characters != 16 }))
    }

    /// What the server counts: most of it stands as it did after its start, what everybody
    /// looks at moves.
    pub(super) fn status_variables(&self, cx: &Context<'_>) -> Vec<(String, String)> {
        let up = self.uptime(cx);
        let questions = self.questions_by(cx);
        self.spec()
            .status
            .lines()
            .filter(|line| !line.is_empty())
            .map(|line| {
                let (name, value) = line.split_once(' ').unwrap_or((line, ""));
                let moving = match name {
                    "Uptime" | "Uptime_since_flush_status" => Some(up),
                    "Questions" | "Queries" => Some(questions),
                    "Connections" => Some(u64::from(self.id)),
                    "Threads_created" => Some(1 + u64::from(self.id) / 40),
                    "Bytes_received" => Some(questions * 71),
                    "Bytes_sent" => Some(questions * 1_289),
                    "Com_select" => Some(questions / 3),
                    _ => None,
                };
                (name.to_owned(), moving.map_or_else(|| value.to_owned(), |n| n.to_string()))
            })
            .collect()
    }

    /// Questions that the server was asked, with those of the host's own programs.
    fn questions_by(&self, cx: &Context<'_>) -> u64 {
        let each = self.open.host.draw("mysql questions", 2, 9);
        u64::from(self.id) * each + self.uptime(cx) / 97 + self.questions
    }

    /// `COM_STATISTICS`
    pub(super) fn statistics(&self, cx: &Context<'_>) -> String {
        let (up, questions) = (self.uptime(cx), self.questions_by(cx));
        let tables = 17 + self.open.host.draw("mysql open tables", 0, 14);
        format!(
            "Uptime: {up}  Threads: 1  Questions: {questions}  Slow queries: 0  Opens: {}  \
             Open tables: {tables}  Queries per second avg: {:.3}",
            tables + 7,
            questions as f64 / up as f64
        )
    }

    fn diagnostics(&self, errors: bool) -> Rows {
        let columns = vec![
            plain("Level", 7, NOT_NULL),
            number("Code", LONG, 4, NOT_NULL | UNSIGNED),
            plain("Message", 512, NOT_NULL),
        ];
        let told = self.warnings.iter().filter(|(level, ..)| !errors || *level == "Error");
        let rows = told
            .map(|(level, code, message)| {
                let message = message[..message.len().min(511)].to_vec();
                vec![text(level), Value::Int((*code).into()), Value::Text(message)]
            })
            .collect();
        Rows { columns, rows, scanned: false }
    }

    /// `SHOW PROCESSLIST`: the peer alone.
    pub(super) fn processes(&self, info: &str, characters: usize) -> Rows {
        let mut progress = Column::of(DOUBLE, 7, NOT_NULL | BINARY, 3);
        progress.name = b"Progress".to_vec();
        let columns = vec![
            number("Id", LONGLONG, 11, NOT_NULL),
            plain("User", 128, NOT_NULL),
            plain("Host", 64, NOT_NULL),
            plain("db", 64, 0),
            plain("Command", 16, NOT_NULL),
            number("Time", LONG, 7, NOT_NULL),
            plain("State", 30, 0),
            plain("Info", characters, 0),
            progress,
        ];
        let mut columns = columns;
        if characters > 65_535 {
            columns[7].kind = super::column::LONG_BLOB;
        }
        let host = format!("{}:{}", self.peer(), self.open.flow.src_port);
        let (command, shown) = match info {
            "" => ("Processlist", Value::Null),
            _ => ("Query", text(&info.chars().take(100).collect::<String>())),
        };
        let row = vec![
            Value::Int(self.id.into()),
            Value::Text(self.user.clone()),
            text(&host),
            self.database.clone().map_or(Value::Null, Value::Text),
            text(command),
            Value::Int(0),
            text("starting"),
            shown,
            text("0.000"),
        ];
        Rows { columns, rows: vec![row], scanned: false }
    }

    /// The hash of a user's password, as the table of users has it.
    fn stored_hash(&self, user: &[u8]) -> String {
        let password =
            self.open.host.passwords("mysql", user).into_iter().next().unwrap_or_default();
        let hash = lower_hex(&Sha1::digest(Sha1::digest(password)));
        format!("*{}", String::from_utf8_lossy(&hash).to_uppercase())
    }

    fn grants(&self) -> Rows {
        let user = String::from_utf8_lossy(&self.user).into_owned();
        let grant = format!(
            "GRANT ALL PRIVILEGES ON *.* TO `{user}`@`%` IDENTIFIED BY PASSWORD '{}' WITH GRANT \
             OPTION",
            self.stored_hash(&self.user)
        );
        let columns = vec![plain(&format!("Grants for {user}@%"), 1_024, NOT_NULL)];
        Rows { columns, rows: vec![vec![text(&grant)]], scanned: false }
    }

    /// `SHOW COLUMNS`, `DESCRIBE`.
    pub(super) fn show_columns(
        &mut self,
        name: (Option<Vec<u8>>, Vec<u8>),
    ) -> Result<Reply, Fault> {
        let (database, table) = self.meant(name)?;
        if !self.has_table(&database, &table) {
            return Err(no_table(&database, &table));
        }
        let column = |name, own, characters| Column::schema("COLUMNS", name, own, characters);
        let long = |name, own, characters: usize, flags: u16| {
            let mut column = column(name, own, characters);
            column.kind = BLOB;
            column.flags = flags;
            column
        };
        let columns = vec![
            column("Field", "COLUMN_NAME", 64),
            long("Type", "COLUMN_TYPE", 0x2_fffd, 0x1011),
            column("Null", "IS_NULLABLE", 3),
            column("Key", "COLUMN_KEY", 3),
            long("Default", "COLUMN_DEFAULT", 0x2_fff4, 0x1010),
            column("Extra", "EXTRA", 80),
        ];
        let found = self.stored.table(&database, &table);
        let rows = found.into_iter().flat_map(|table| table.columns.iter().zip(&table.types));
        let rows = rows
            .map(|(column, kind)| {
                let kind = kind.split(|byte| *byte == b' ').next().unwrap_or_default();
                let yes = if column.flags & NOT_NULL == 0 { "YES" } else { "NO" };
                let key = if column.flags & 2 == 0 { "" } else { "PRI" };
                let kind = Value::Text(kind.to_ascii_lowercase());
                let name = Value::Text(column.name.clone());
                vec![name, kind, text(yes), text(key), Value::Null, text("")]
            })
            .collect();
        Ok(Reply::Rows(Rows { columns, rows, scanned: true }))
    }

    /// `COM_FIELD_LIST`
    pub(super) fn fields(&self, table: &[u8]) -> Result<Vec<Column>, Fault> {
        let (database, table) = self.meant((None, table.to_vec()))?;
        match self.stored.table(&database, &table) {
            Some(found) => Ok(found.columns.clone()),
            None if self.is_given(&database, &table) => Ok(Vec::new()),
            None => Err(no_table(&database, &table)),
        }
    }

    fn show_create_database(&self, name: &[u8]) -> Result<Reply, Fault> {
        if !self.has_database(name) {
            return Err(unknown_database(name));
        }
        let columns =
            vec![plain("Database", 64, NOT_NULL), plain("Create Database", 1_024, NOT_NULL)];
        let shown = String::from_utf8_lossy(name);
        let made = format!(
            "CREATE DATABASE `{shown}` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE \
             utf8mb4_general_ci */"
        );
        let rows = vec![vec![Value::Text(name.to_vec()), text(&made)]];
        Ok(Reply::Rows(Rows { columns, rows, scanned: false }))
    }

    fn show_create_table(&self, name: (Option<Vec<u8>>, Vec<u8>)) -> Result<Reply, Fault> {
        let (database, table) = self.meant(name)?;
        let Some(found) = self.stored.table(&database, &table) else {
            return Err(no_table(&database, &table));
        };
        let columns = vec![plain("Table", 64, NOT_NULL), plain("Create Table", 1_024, NOT_NULL)];
        let lines: Vec<Vec<u8>> = found
            .columns
            .iter()
            .zip(&found.types)
            .map(|(column, kind)| {
                let empty = if column.flags & NOT_NULL == 0 { " DEFAULT NULL" } else { "" };
                [b"  `", &column.name[..], b"` ", &kind.to_ascii_lowercase(), empty.as_bytes()]
                    .concat()
            })
            .collect();
        let made = [
            b"CREATE TABLE `",
            &table[..],
            b"` (\n",
            &lines.join(&b",\n"[..]),
            b"\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci",
        ];
        let rows = vec![vec![Value::Text(table.clone()), Value::Text(made.concat())]];
        Ok(Reply::Rows(Rows { columns, rows, scanned: false }))
    }

    /// What stands behind `FROM`; nothing for `DUAL`.
    pub(super) fn source(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
    ) -> Result<Option<Source>, Fault> {
        if sql.take("dual") {
            return Ok(None);
        }
        if sql.take_mark("(") {
            let rows = self.select(cx, sql)?;
            sql.need_mark(")")?;
            let _ = sql.take("as");
            sql.name()?;
            return Ok(Some(Source { rows, hollow: false }));
        }
        let name = sql.long_name()?;
        let (database, table) = self.meant(name)?;
        if sql.take("as") || is_alias(sql) {
            sql.name()?;
        }
        let joined = sql.is_mark(",")
            || ["join", "inner", "left", "right", "cross", "natural", "straight_join"]
                .iter()
                .any(|word| sql.is(word));
        if let Some(found) = self.stored.table(&database, &table) {
            let rows =
                Rows { columns: found.columns.clone(), rows: found.rows.clone(), scanned: true };
            return Ok(Some(Source { rows, hollow: joined }));
        }
        if !self.is_given(&database, &table) {
            if !self.has_database(&database) {
                return Err(no_table(&database, &table));
            }
            if database.eq_ignore_ascii_case(b"information_schema") {
                let upper = table.to_ascii_uppercase();
                let text = [b"Unknown table '", &upper[..], b"' in information_schema"].concat();
                return Err(Fault::new(1109, "42S02", text));
            }
            return Err(no_table(&database, &table));
        }
        let known = self.given(&database, &table);
        Ok(Some(match known {
            Some(rows) if !joined => Source { rows, hollow: false },
            _ => Source { rows: Rows::default(), hollow: true },
        }))
    }

    /// The server's own tables that have something in them.
    fn given(&self, database: &[u8], table: &[u8]) -> Option<Rows> {
        let lower = [database, b".", table].concat().to_ascii_lowercase();
        let shown = String::from_utf8_lossy(table).into_owned();
        let schema = |own: &str, characters| {
            let mut column = Column::schema(&shown, own, own, characters);
            column.own_name = own.as_bytes().to_vec();
            column
        };
        let bytes = |value: &[u8]| Value::Text(value.to_vec());
        Some(match &lower[..] {
            b"information_schema.schemata" => Rows {
                columns: vec![
                    schema("CATALOG_NAME", 512),
                    schema("SCHEMA_NAME", 64),
                    schema("DEFAULT_CHARACTER_SET_NAME", 32),
                    schema("DEFAULT_COLLATION_NAME", 64),
                ],
                rows: self
                    .databases()
                    .iter()
                    .map(|name| {
                        let sets = match &name[..] {
                            b"information_schema" | b"performance_schema" | b"sys" => {
                                ("utf8mb3", "utf8mb3_general_ci")
                            }
                            _ => ("utf8mb4", "utf8mb4_general_ci"),
                        };
                        vec![text("def"), bytes(name), text(sets.0), text(sets.1)]
                    })
                    .collect(),
                scanned: true,
            },
            b"information_schema.tables" => Rows {
                columns: vec![
                    schema("TABLE_CATALOG", 512),
                    schema("TABLE_SCHEMA", 64),
                    schema("TABLE_NAME", 64),
                    schema("TABLE_TYPE", 64),
                    schema("ENGINE", 64),
                ],
                rows: self
                    .databases()
                    .iter()
                    .flat_map(|database| {
                        let (kind, engine) = match &database[..] {
                            b"information_schema" => ("SYSTEM VIEW", "MEMORY"),
                            b"performance_schema" => ("BASE TABLE", "PERFORMANCE_SCHEMA"),
                            b"mysql" => ("BASE TABLE", "Aria"),
                            _ => ("BASE TABLE", "InnoDB"),
                        };
                        let tables = self.tables(database).into_iter();
                        tables.map(move |table| {
                            vec![
                                text("def"),
                                bytes(database),
                                Value::Text(table),
                                text(kind),
                                text(engine),
                            ]
                        })
                    })
                    .collect(),
                scanned: true,
            },
            b"mysql.func" => Rows {
                columns: Self::func_columns(),
                rows: self
                    .functions
                    .iter()
                    .map(|function| {
                        vec![
                            text(&function.name),
                            Value::Int(function.returns.into()),
                            bytes(&function.object),
                            text(if function.aggregate { "aggregate" } else { "function" }),
                        ]
                    })
                    .collect(),
                scanned: false,
            },
            b"mysql.user" => self.users(),
            _ => return None,
        })
    }

    fn func_columns() -> Vec<Column> {
        let column = |name: &str, kind, characters, flags| {
            let mut column = Column::of(kind, characters, 0, 0).named(name.as_bytes());
            column.flags = flags;
            column.schema = b"mysql".to_vec();
            column.table = b"func".to_vec();
            column.own_name = name.as_bytes().to_vec();
            column
        };
        vec![
            column("name", STRING, 64, 0x4083),
            column("ret", 1, 1, 0x1),
            column("dl", STRING, 128, 0x81),
            column("type", STRING, 9, 0x1101),
        ]
    }

    fn users(&self) -> Rows {
        let column = |name: &str, characters| {
            let mut column = Column::of(STRING, characters, 0, 0).named(name.as_bytes());
            column.flags = 0x4083;
            column.schema = b"mysql".to_vec();
            column.table = b"user".to_vec();
            column.own_name = name.as_bytes().to_vec();
            column
        };
        let columns = vec![
            column("Host", 255),
            column("User", 128),
            Column { flags: 0x90, ..column("Password", 41) },
            Column { flags: 0x91, ..column("plugin", 64) },
            Column { flags: 0x91, decimals: ANY, ..column("authentication_string", 41) },
        ];
        let accepted = &self.open.host.persona.credentials.accepted;
        let mut names: Vec<&str> = accepted.iter().map(|pair| pair.user.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let row = |host: &str, user: &str, hash: &str| {
            vec![text(host), text(user), text(hash), text("mysql_native_password"), text(hash)]
        };
        let mut rows: Vec<Vec<Value>> = names
            .into_iter()
            .map(|user| row("%", user, &self.stored_hash(user.as_bytes())))
            .collect();
        rows.push(row("localhost", "mariadb.sys", ""));
        Rows { columns, rows, scanned: true }
    }
}

fn is_alias(sql: &Sql<'_>) -> bool {
    const CLAUSES: [&str; 20] = [
        "where",
        "limit",
        "union",
        "order",
        "group",
        "having",
        "into",
        "for",
        "join",
        "inner",
        "left",
        "right",
        "cross",
        "natural",
        "on",
        "procedure",
        "set",
        "lock",
        "using",
        "straight_join",
    ];
    matches!(sql.token().kind, Kind::Word | Kind::Name(_))
        && !CLAUSES.iter().any(|word| sql.is(word))
}

/// `EXPLAIN` of a statement without tables.
pub(super) fn explained() -> Rows {
    let columns = vec![
        number("id", LONGLONG, 3, UNSIGNED),
        plain("select_type", 19, NOT_NULL),
        plain("table", 64, 0),
        plain("type", 10, 0),
        plain("possible_keys", 4_096, 0),
        plain("key", 64, 0),
        plain("key_len", 4_096, 0),
        plain("ref", 2_048, 0),
        plain("rows", 64, 0),
        plain("Extra", 255, NOT_NULL),
    ];
    let mut row = vec![Value::Null; 10];
    row[0] = Value::Int(1);
    row[1] = text("SIMPLE");
    row[9] = text("No tables used");
    Rows { columns, rows: vec![row], scanned: false }
}

fn engines() -> Rows {
    const ENGINES: [[&str; 6]; 8] = [
        ["CSV", "YES", "Stores tables as CSV files", "NO", "NO", "NO"],
        ["MRG_MyISAM", "YES", "Collection of identical MyISAM tables", "NO", "NO", "NO"],
        [
            "MEMORY",
            "YES",
            "Hash based, stored in memory, useful for temporary tables",
            "NO",
            "NO",
            "NO",
        ],
        [
            "Aria",
            "YES",
            "Crash-safe tables with MyISAM heritage. Used for internal temporary tables and \
             privilege tables",
            "NO",
            "NO",
            "NO",
        ],
        [
            "MyISAM",
            "YES",
            "Non-transactional engine with good performance and small data footprint",
            "NO",
            "NO",
            "NO",
        ],
        ["SEQUENCE", "YES", "Generated tables filled with sequential values", "YES", "NO", "YES"],
        [
            "InnoDB",
            "DEFAULT",
            "Supports transactions, row-level locking, foreign keys and encryption for tables",
            "YES",
            "YES",
            "YES",
        ],
        ["PERFORMANCE_SCHEMA", "YES", "Performance Schema", "NO", "NO", "NO"],
    ];
    let column = |name: &str, characters, flags| {
        let mut column = Column::schema("ENGINES", name, &name.to_uppercase(), characters);
        column.flags = flags;
        column
    };
    let columns = vec![
        column("Engine", 64, 0x1001),
        column("Support", 8, 0x1001),
        column("Comment", 160, 0x1001),
        column("Transactions", 3, 0x1000),
        column("XA", 3, 0x1000),
        column("Savepoints", 3, 0x1000),
    ];
    let rows = ENGINES.iter().map(|row| row.iter().map(|cell| text(cell)).collect()).collect();
    Rows { columns, rows, scanned: true }
}
