//! System variables: the persona's, with what the session has set.

use super::column::{BINARY, Charset, Column, Done, LONGLONG, Reply, UNSIGNED, Value};
use super::expression::{Cell, Row, Scope};
use super::lexer::{Kind, Sql};
use super::packet::{Fault, put_bytes};
use super::state::Talk;
use crate::Context;

/// Variables that cannot be set at all.
const READ_ONLY: [&str; 14] = [
    "version",
    "version_comment",
    "hostname",
    "basedir",
    "datadir",
    "plugin_dir",
    "port",
    "socket",
    "secure_file_priv",
    "have_ssl",
    "version_compile_os",
    "version_compile_machine",
    "lower_case_table_names",
    "license",
];

/// Variables whose changes are told to clients that ask for it.
const TRACKED: [&str; 5] = [
    "autocommit",
    "character_set_client",
    "character_set_connection",
    "character_set_results",
    "time_zone",
];

impl Talk {
    /// All variables, by name: of the server, or of the session.
    pub(super) fn all_variables(&self, global: bool, cx: &Context<'_>) -> Vec<(String, String)> {
        let spec = self.spec();
        let host = &self.open.host;
        let own = if global { "" } else { &spec.session_variables };
        let mut all: Vec<(String, String)> = spec
            .variables
            .lines()
            .chain(own.lines())
            .filter(|line| !line.is_empty())
            .map(|line| {
                let (name, value) = line.split_once(' ').unwrap_or((line, ""));
                (name.to_owned(), value.replace("{hostname}", &host.hostname))
            })
            .collect();
        for (name, value) in &mut all {
            if let Some(set) = self.set_globally.get(name) {
                value.clone_from(set);
            }
            if global {
                continue;
            }
            if let Some(set) = self.set.get(name) {
                value.clone_from(set);
            } else if matches!(
                name.as_str(),
                "character_set_client" | "character_set_connection" | "character_set_results"
            ) {
                self.charset.name.clone_into(value);
            } else if name == "collation_connection" {
                *value = format!("{}_general_ci", self.charset.name);
            } else if name == "pseudo_thread_id" {
                *value = self.id.to_string();
            } else if name == "timestamp" {
                *value = format!("{}.{:06}", cx.now.secs(), cx.now.nanos() / 1_000 % 1_000_000);
            }
        }
        all.sort();
        all
    }

    fn value_of(&self, name: &str, global: bool, cx: &Context<'_>) -> Option<String> {
        let mut all = self.all_variables(global, cx);
        let at = all.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        Some(all.swap_remove(at).1)
    }

    /// What stands behind `@@`.
    pub(super) fn system_variable(
        &mut self,
        sql: &mut Sql<'_>,
        cx: &Context<'_>,
    ) -> Result<Cell, Fault> {
        let mut global = false;
        let mut name = sql.name()?;
        let scope = name.to_ascii_lowercase();
        if matches!(&scope[..], b"global" | b"session" | b"local") && sql.take_mark(".") {
            global = scope == b"global";
            name = sql.name()?;
        }
        let lower = String::from_utf8_lossy(&name).to_ascii_lowercase();
        let value = self.value_of(&lower, global, cx).ok_or_else(|| unknown(&name))?;
        Ok(match value.as_str() {
            "ON" | "OFF" => {
                let column = Column::of(LONGLONG, 1, BINARY, 0);
                Cell::new(Value::Int(i64::from(value == "ON")), column)
            }
            _ if lower == "secure_file_priv" && value.is_empty() => {
                Cell::new(Value::Null, Column::text(0, 0))
            }
            number => match number.parse::<u64>() {
                Ok(number) if !lower.starts_with("version") => {
                    let value = i64::try_from(number)
                        .map_or_else(|_| Value::Decimal(number.to_string()), Value::Int);
                    Cell::new(value, Column::of(LONGLONG, 21, BINARY | UNSIGNED, 0))
                }
                _ => Cell::new(number.into(), Column::text(number.chars().count(), 0)),
            },
        })
    }

    /// `SET`, behind its first word.
    pub(super) fn set(&mut self, cx: &mut Context<'_>, sql: &mut Sql<'_>) -> Result<Reply, Fault> {
        let mut tracked = Vec::new();
        if sql.take("password") {
            sql.skip_statement();
            return Ok(Reply::Done(Done::default()));
        }
        if sql.take("names") || sql.take("character set") || sql.take("charset") {
            self.set_names(sql, &mut tracked)?;
        } else {
            loop {
                self.set_one(cx, sql, &mut tracked)?;
                if !sql.take_mark(",") {
                    break;
                }
            }
            sql.need_end()?;
        }
        let tracked = tracked.into_iter().map(|(name, value)| {
            let mut data = Vec::new();
            put_bytes(&mut data, name.as_bytes());
            put_bytes(&mut data, value.as_bytes());
            (0, data)
        });
        Ok(Reply::Done(Done { tracked: tracked.collect(), ..Done::default() }))
    }

    fn set_names(
        &mut self,
        sql: &mut Sql<'_>,
        tracked: &mut Vec<(String, String)>,
    ) -> Result<(), Fault> {
        let name = match &sql.token().kind {
            Kind::Text(_) => sql.string()?,
            _ => sql.name()?,
        };
        if sql.take("collate") {
            match &sql.token().kind {
                Kind::Text(_) => sql.string()?,
                _ => sql.name()?,
            };
        }
        sql.need_end()?;
        if !name.eq_ignore_ascii_case(b"default") {
            self.charset = Charset::named(&name).ok_or_else(|| {
                Fault::new(1115, "42000", [b"Unknown character set: '", &name[..], b"'"].concat())
            })?;
        }
        for part in ["client", "results", "connection"] {
            let name = format!("character_set_{part}");
            self.set.remove(&name);
            tracked.push((name, self.charset.name.to_owned()));
        }
        Ok(())
    }

    fn set_one(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
        tracked: &mut Vec<(String, String)>,
    ) -> Result<(), Fault> {
        if let Kind::Variable(name) = sql.token().kind.clone() {
            sql.next();
            if !sql.take_mark("=") && !sql.take_mark(":=") {
                return Err(sql.wrong());
            }
            let cell = self.value(cx, sql)?;
            self.set_variable(&name, cell.value);
            return Ok(());
        }
        let system = sql.token().kind == Kind::System;
        if system {
            sql.next();
        }
        let mut global = sql.is("global");
        let scoped = ["global", "session", "local"].iter().any(|word| sql.is(word));
        if scoped {
            sql.next();
            if system {
                sql.need_mark(".")?;
            }
        }
        if sql.take("transaction") {
            while !sql.is_over() && !sql.is_mark(",") {
                sql.next();
            }
            return Ok(());
        }
        let name = sql.name()?;
        let lower = String::from_utf8_lossy(&name).to_ascii_lowercase();
        if !sql.take_mark("=") && !sql.take_mark(":=") {
            return Err(sql.wrong());
        }
        // A word stands for itself: ON, utf8, DEFAULT.
        let value = match sql.token().kind {
            Kind::Word if !sql.is("null") && !sql.is("true") && !sql.is("false") => {
                let before = sql.at;
                if let Ok(cell) = self.value(cx, sql) {
                    cell.value
                } else {
                    sql.at = before;
                    Value::Text(sql.name()?)
                }
            }
            _ => self.value(cx, sql)?.value,
        };
        let Some(old) = self.value_of(&lower, false, cx) else { return Err(unknown(&name)) };
        if READ_ONLY.contains(&lower.as_str()) {
            let text = [b"Variable '", lower.as_bytes(), b"' is a read only variable"].concat();
            return Err(Fault::new(1238, "HY000", text));
        }
        let text = value.text();
        let value = match old.as_str() {
            "ON" | "OFF" if matches!(text.to_ascii_lowercase().as_str(), "1" | "on" | "true") => {
                "ON".to_owned()
            }
            "ON" | "OFF" if matches!(text.to_ascii_lowercase().as_str(), "0" | "off" | "false") => {
                "OFF".to_owned()
            }
            _ if text.eq_ignore_ascii_case("default") => old,
            _ => text.chars().take(512).collect(),
        };
        if lower == "general_log_file" || lower == "slow_query_log_file" {
            Self::attack(cx, "mysql-log-file", value.as_bytes());
            if value.to_ascii_lowercase().ends_with(".php") || Self::refuses_log(&value) {
                let text = format!("Variable '{lower}' can't be set to the value of '{value}'");
                return Err(Fault::new(1231, "42000", text));
            }
            global = true;
        }
        if lower.starts_with("character_set_") {
            if let Some(charset) = Charset::named(value.as_bytes()) {
                if lower == "character_set_results" {
                    self.charset = charset;
                }
            } else if !value.is_empty() {
                let text = format!("Unknown character set: '{value}'");
                return Err(Fault::new(1115, "42000", text));
            }
        }
        if lower == "autocommit" && value == "ON" {
            self.in_transaction = false;
        }
        if TRACKED.contains(&lower.as_str()) && !global {
            tracked.push((lower.clone(), value.clone()));
        }
        if global {
            self.set_globally.insert(lower, value)
        } else {
            self.set.insert(lower, value)
        };
        Ok(())
    }

    fn value(&mut self, cx: &mut Context<'_>, sql: &mut Sql<'_>) -> Result<Cell, Fault> {
        Scope { talk: self, cx, row: Row::default(), depth: 0 }.expression(sql)
    }
}

fn unknown(name: &[u8]) -> Fault {
    Fault::new(1193, "HY000", [b"Unknown system variable '", name, b"'"].concat())
}
