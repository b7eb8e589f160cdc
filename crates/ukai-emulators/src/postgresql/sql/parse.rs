//! SQL's statements: what is wrong is refused where PostgreSQL refuses it, what is right and
//! beyond ours is a statement that finds nothing ([`super::unread`]).

use super::lexer::{Kind, tokens};
use super::parser::{Parser, Read, Stop};
use super::syntax::{Item, Rows, Select, Statement};
use crate::limits::POSTGRES_STATEMENTS;
use crate::postgresql::report::{Report, about, out_of_memory};

/// Reads all statements of a query; empty ones are none.
pub(in crate::postgresql) fn parse(text: &[u8]) -> Result<Vec<Statement>, Report> {
    let tokens = tokens(text)?;
    let mut parser = Parser { text, tokens: &tokens, at: 0, depth: 0, operators: 0 };
    let mut all = Vec::new();
    loop {
        while parser.take_mark(b";") {}
        if parser.peek().is_none() {
            return Ok(all);
        }
        if all.len() >= POSTGRES_STATEMENTS {
            return Err(out_of_memory());
        }
        all.push(parser.whole()?);
    }
}

impl Parser<'_> {
    /// A statement up to its end, read or not.
    fn whole(&mut self) -> Result<Statement, Report> {
        let from = self.at;
        (self.operators, self.depth) = (0, 0);
        let read = self
            .statement()
            .and_then(|statement| if self.at_end() { Ok(statement) } else { Err(self.wrong()) });
        match read {
            Ok(statement) => Ok(statement),
            Err(Stop::Wrong(report)) => Err(report),
            Err(Stop::Beyond) => {
                self.at = from;
                Ok(Statement::Unread(self.unread()))
            }
        }
    }

    fn statement(&mut self) -> Read<Statement> {
        let Some(Kind::Word(verb)) = self.peek().cloned() else {
            return Err(if self.is_mark(b"(") { Stop::Beyond } else { self.wrong() });
        };
        let first = self.at;
        self.at += 1;
        let statement = match verb.as_slice() {
            b"select" => Statement::Select(self.select()?),
            b"values" => Statement::Select(self.values()?),
            b"table" => {
                let from = Some(self.name()?);
                Statement::Select(Select { items: vec![Item::All], from, ..Select::default() })
            }
            b"with" => return Err(if self.at_end() { self.wrong() } else { Stop::Beyond }),
            b"show" => self.show()?,
            b"set" => self.set()?,
            b"reset" => {
                let name = self.setting()?;
                Statement::Reset((name != b"all").then_some(name))
            }
            b"copy" => self.copy()?,
            b"insert" => self.insert()?,
            b"update" => self.update()?,
            b"delete" => self.delete()?,
            b"truncate" => {
                self.take_word(b"table");
                let table = self.name()?;
                self.skip_to_end();
                Statement::Truncate(table)
            }
            b"create" => self.create()?,
            b"drop" => self.drop()?,
            b"alter" => self.alter()?,
            b"load" => Statement::Load(self.text()?),
            b"explain" => self.explain()?,
            _ => {
                let found = self.transaction(&verb).or_else(|| self.utility(&verb));
                let Some(statement) = found else {
                    self.at = first;
                    return Err(self.wrong());
                };
                statement?
            }
        };
        Ok(statement)
    }

    fn transaction(&mut self, verb: &[u8]) -> Option<Read<Statement>> {
        let statement = match verb {
            b"begin" => Statement::Begin("BEGIN"),
            b"start" if self.is_word(b"transaction") => Statement::Begin("START TRANSACTION"),
            b"start" => return Some(Err(self.wrong())),
            b"commit" | b"end" => Statement::Commit,
            b"rollback" | b"abort" => {
                let _ = self.take_word(b"work") || self.take_word(b"transaction");
                if self.take_word(b"to") { Statement::RollbackTo } else { Statement::Rollback }
            }
            b"savepoint" => Statement::Within("SAVEPOINT", "SAVEPOINT"),
            b"release" => Statement::Within("RELEASE SAVEPOINT", "RELEASE"),
            b"lock" => Statement::Within("LOCK TABLE", "LOCK TABLE"),
            _ => return None,
        };
        if matches!(statement, Statement::Within(..)) && self.at_end() {
            return Some(Err(self.wrong()));
        }
        self.skip_to_end();
        Some(Ok(statement))
    }

    /// What neither reads nor writes a table.
    fn utility(&mut self, verb: &[u8]) -> Option<Read<Statement>> {
        let alone = ["vacuum", "analyze", "analyse", "checkpoint", "unlisten", "cluster"];
        if self.at_end() && !alone.iter().any(|alone| alone.as_bytes() == verb) {
            let verbs = "do grant revoke listen notify comment reindex refresh security reassign \
                         discard deallocate execute prepare declare fetch move close call import \
                         merge";
            let known = verbs.split_ascii_whitespace().any(|known| known.as_bytes() == verb);
            return known.then(|| Err(self.wrong()));
        }
        let tag = match verb {
            b"do" => "DO",
            b"grant" => "GRANT",
            b"revoke" => "REVOKE",
            b"vacuum" => "VACUUM",
            b"analyze" | b"analyse" => "ANALYZE",
            b"checkpoint" => "CHECKPOINT",
            b"listen" => "LISTEN",
            b"unlisten" => "UNLISTEN",
            b"notify" => "NOTIFY",
            b"comment" => "COMMENT",
            b"reassign" => "REASSIGN OWNED",
            b"cluster" if self.at_end() => "CLUSTER",
            b"discard" => match self.peek() {
                Some(Kind::Word(word)) => match word.as_slice() {
                    b"all" => "DISCARD ALL",
                    b"plans" => "DISCARD PLANS",
                    b"temp" | b"temporary" => "DISCARD TEMP",
                    b"sequences" => "DISCARD SEQUENCES",
                    _ => return Some(Err(self.wrong())),
                },
                _ => return Some(Err(self.wrong())),
            },
            b"deallocate" if self.is_word(b"all") => "DEALLOCATE ALL",
            _ => return self.on_something(verb),
        };
        self.skip_to_end();
        Some(Ok(Statement::Other(tag)))
    }

    /// What is done to something that is named.
    fn on_something(&mut self, verb: &[u8]) -> Option<Read<Statement>> {
        let read = match verb {
            b"prepare" => self.prepare(),
            b"execute" => self.execute(),
            b"deallocate" => {
                self.take_word(b"prepare");
                self.identifier().map(Statement::Deallocate)
            }
            b"declare" => self.declare(),
            b"fetch" => self.last_name().map(Statement::Fetch),
            b"move" => self.last_name().map(Statement::Move),
            b"close" if self.is_word(b"all") => Ok(Statement::Other("CLOSE CURSOR ALL")),
            b"close" => self.identifier().map(Statement::CloseCursor),
            b"import" => {
                while !self.at_end() && !self.take_word(b"server") {
                    self.at += 1;
                }
                self.identifier().map(|name| {
                    let message = about("server \"", &name, "\" does not exist");
                    let source = ("foreign.c", 699, "get_foreign_server_oid");
                    Statement::Refused(Report::error("42704", message, source))
                })
            }
            b"security" => {
                let message = "no security label providers have been loaded";
                let source = ("seclabel.c", 129, "ExecSecLabelStmt");
                Ok(Statement::Refused(Report::error("22023", message, source)))
            }
            b"call" => self.call(),
            b"refresh" => {
                self.take_words(&[b"materialized", b"view"]);
                self.take_word(b"concurrently");
                self.name().map(|name| Statement::On(name, "REFRESH MATERIALIZED VIEW"))
            }
            b"cluster" => self.name().map(|name| Statement::On(name, "CLUSTER")),
            b"reindex" => match self.peek() {
                Some(Kind::Word(word)) if word == b"table" || word == b"index" => {
                    self.at += 1;
                    self.take_word(b"concurrently");
                    self.name().map(|name| Statement::On(name, "REINDEX"))
                }
                _ => Ok(Statement::Other("REINDEX")),
            },
            b"merge" => Err(Stop::Beyond),
            _ => return None,
        };
        if !matches!(read, Ok(Statement::Prepare(..) | Statement::Declare(..))) {
            self.skip_to_end();
        }
        Some(read)
    }

    fn prepare(&mut self) -> Read<Statement> {
        let name = self.identifier()?;
        if self.is_mark(b"(") {
            self.skip_parentheses()?;
        }
        self.need_word(b"as")?;
        Ok(Statement::Prepare(name, Box::new(self.planned()?)))
    }

    /// A statement that is planned: one of a few, which hold no others.
    fn planned(&mut self) -> Read<Statement> {
        const PLANNED: [&[u8]; 7] =
            [b"select", b"insert", b"update", b"delete", b"values", b"with", b"merge"];
        if self.is_mark(b"(") || PLANNED.iter().any(|verb| self.is_word(verb)) {
            return self.statement();
        }
        Err(self.wrong())
    }

    fn execute(&mut self) -> Read<Statement> {
        let name = self.identifier()?;
        let mut values = Vec::new();
        if self.take_mark(b"(") {
            values = self.list()?;
            self.need_mark(b")")?;
        }
        Ok(Statement::Execute(name, values))
    }

    fn declare(&mut self) -> Read<Statement> {
        let name = self.identifier()?;
        while !self.at_end() && !self.take_word(b"for") {
            self.at += 1;
        }
        self.need_word(b"select")?;
        Ok(Statement::Declare(name, Box::new(Statement::Select(self.select()?))))
    }

    fn last_name(&mut self) -> Read<Vec<u8>> {
        self.skip_to_end();
        self.at -= 1;
        self.identifier()
    }

    fn call(&mut self) -> Read<Statement> {
        let name = self.name()?;
        if !self.is_mark(b"(") {
            return Err(self.wrong());
        }
        self.skip_parentheses()?;
        let message = about("procedure ", &name.own, "() does not exist");
        let source = ("parse_func.c", 620, "ParseFuncOrColumn");
        let hint = "No procedure matches the given name and argument types. You might need to add \
                    explicit type casts.";
        Ok(Statement::Refused(Report::error("42883", message, source).hint(hint).at(name.at)))
    }

    fn explain(&mut self) -> Read<Statement> {
        if self.is_mark(b"(") {
            self.skip_parentheses()?;
        }
        let _ = self.take_word(b"analyze") | self.take_word(b"verbose");
        Ok(Statement::Explain(Box::new(self.planned()?)))
    }

    fn insert(&mut self) -> Read<Statement> {
        self.need_word(b"into")?;
        let table = self.name()?;
        let mut columns = Vec::new();
        if self.is_mark(b"(") && !self.is_query_in_parentheses() {
            self.at += 1;
            loop {
                let at = self.place();
                columns.push((self.identifier()?, at));
                if !self.take_mark(b",") {
                    break;
                }
            }
            self.need_mark(b")")?;
        }
        let rows = if self.take_word(b"select") {
            Rows::Query(Box::new(self.select()?))
        } else if self.take_word(b"default") {
            self.need_word(b"values")?;
            Rows::Default
        } else if self.is_word(b"with") || self.is_mark(b"(") {
            return Err(Stop::Beyond);
        } else {
            self.need_word(b"values")?;
            self.rows()?
        };
        if self.take_words(&[b"on", b"conflict"]) {
            // There is nothing that it could conflict with.
            while !self.at_end() && !self.is_word(b"returning") {
                self.at += 1;
            }
        }
        Ok(Statement::Insert { table, columns, rows })
    }

    fn is_query_in_parentheses(&self) -> bool {
        let next = self.tokens.get(self.at + 1).map(|token| &token.kind);
        matches!(next, Some(Kind::Word(word)) if word == b"select" || word == b"with")
    }

    fn rows(&mut self) -> Read<Rows> {
        let mut rows = Vec::new();
        loop {
            self.need_mark(b"(")?;
            if self.is_word(b"default") {
                return Err(Stop::Beyond);
            }
            rows.push(self.list()?);
            self.need_mark(b")")?;
            if !self.take_mark(b",") {
                return Ok(Rows::Values(rows));
            }
            // Each row is worked out by itself.
            self.operators = 0;
        }
    }

    fn update(&mut self) -> Read<Statement> {
        let _ = self.take_word(b"only");
        let table = self.name()?;
        if !self.is_word(b"set") {
            self.take_word(b"as");
            self.identifier()?;
            return if self.is_word(b"set") { Err(Stop::Beyond) } else { Err(self.wrong()) };
        }
        self.at += 1;
        let mut sets = Vec::new();
        loop {
            if self.is_mark(b"(") {
                return Err(Stop::Beyond);
            }
            let at = self.place();
            let column = self.identifier()?;
            self.need_mark(b"=")?;
            if self.is_word(b"default") {
                return Err(Stop::Beyond);
            }
            sets.push((column, at, self.expression()?));
            if !self.take_mark(b",") {
                break;
            }
        }
        if self.is_word(b"from") {
            return Err(Stop::Beyond);
        }
        let filter = self.take_word(b"where").then(|| self.expression()).transpose()?;
        Ok(Statement::Update { table, sets, filter })
    }

    fn delete(&mut self) -> Read<Statement> {
        self.need_word(b"from")?;
        let table = self.name()?;
        if self.is_word(b"using") {
            return Err(Stop::Beyond);
        }
        let filter = self.take_word(b"where").then(|| self.expression()).transpose()?;
        Ok(Statement::Delete(table, filter))
    }
}
