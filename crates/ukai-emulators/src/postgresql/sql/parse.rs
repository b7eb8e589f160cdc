//! SQL's grammar, as far as ours goes: what is wrong is refused where PostgreSQL refuses it,
//! what is right and beyond ours is met with [`out_of_memory`].

use super::lexer::{Kind, Token, position, syntax_error, tokens};
use super::value::{Datum, Ty};
use crate::limits::{POSTGRES_SQL_DEPTH, POSTGRES_SQL_OPERATORS, POSTGRES_STATEMENTS};
use crate::postgresql::report::{Report, about, out_of_memory};

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::postgresql) enum Statement {
    Select(Select),
    /// The setting's name; `None` for all.
    Show(Option<Vec<u8>>),
    /// A setting and its new value; `None` for the default.
    Set(Vec<u8>, Option<Vec<u8>>),
    /// The setting's name; `None` for all.
    Reset(Option<Vec<u8>>),
    /// With its tag: `BEGIN`, `START TRANSACTION`.
    Begin(&'static str),
    Commit,
    Rollback,
    CreateTable {
        table: Name,
        if_not_exists: bool,
        columns: Vec<(Vec<u8>, Ty)>,
    },
    DropTable {
        tables: Vec<Name>,
        if_exists: bool,
    },
    Copy {
        table: Option<Name>,
        from: bool,
        with: CopyEnd,
    },
    Insert {
        table: Name,
        columns: Vec<(Vec<u8>, usize)>,
        rows: Vec<Vec<Expr>>,
    },
    Delete(Name, Option<Expr>),
    Truncate(Name),
    CreateFunction {
        language: Vec<u8>,
        sources: Vec<Vec<u8>>,
    },
    CreateExtension(Vec<u8>),
    Load(Vec<u8>),
    Role {
        verb: RoleVerb,
        role: Vec<u8>,
        if_exists: bool,
    },
    /// One that is done by saying so, with its tag.
    Other(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::postgresql) enum RoleVerb {
    Create,
    Alter,
    Drop,
}

/// Where `COPY` reads or writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::postgresql) enum CopyEnd {
    Program(Vec<u8>),
    File(Vec<u8>),
    Client,
}

/// A relation's name, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::postgresql) struct Name {
    pub(in crate::postgresql) schema: Option<Vec<u8>>,
    pub(in crate::postgresql) own: Vec<u8>,
    pub(in crate::postgresql) at: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::postgresql) struct Select {
    pub(in crate::postgresql) items: Vec<Item>,
    pub(in crate::postgresql) from: Option<Name>,
    /// What the table is called in this query.
    pub(in crate::postgresql) alias: Option<Vec<u8>>,
    pub(in crate::postgresql) filter: Option<Expr>,
    /// Keys, and whether they descend.
    pub(in crate::postgresql) order: Vec<(Expr, bool)>,
    pub(in crate::postgresql) limit: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::postgresql) enum Item {
    All,
    One(Expr, Option<Vec<u8>>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::postgresql) enum Expr {
    Literal(Datum, Ty, usize),
    Parameter(u16, usize),
    Column {
        table: Option<Vec<u8>>,
        name: Vec<u8>,
        at: usize,
    },
    /// `star` for `count(*)`; `bare` for those that are called by their name alone.
    Call {
        name: Vec<u8>,
        arguments: Vec<Self>,
        star: bool,
        at: usize,
    },
    Cast(Box<Self>, Ty, &'static str),
    Binary {
        operator: Vec<u8>,
        left: Box<Self>,
        right: Box<Self>,
        at: usize,
    },
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    IsNull(Box<Self>, bool),
}

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
        parser.operators = 0;
        all.push(parser.statement()?);
        if parser.peek().is_some() && !parser.is_mark(b";") {
            return Err(parser.wrong());
        }
    }
}

/// Words that are no names and no columns.
const RESERVED: &[&[u8]] = &[
    b"all",
    b"and",
    b"any",
    b"as",
    b"asc",
    b"both",
    b"case",
    b"cast",
    b"check",
    b"collate",
    b"column",
    b"constraint",
    b"create",
    b"default",
    b"desc",
    b"distinct",
    b"do",
    b"else",
    b"end",
    b"except",
    b"false",
    b"fetch",
    b"for",
    b"foreign",
    b"from",
    b"grant",
    b"group",
    b"having",
    b"in",
    b"initially",
    b"intersect",
    b"into",
    b"lateral",
    b"leading",
    b"limit",
    b"not",
    b"null",
    b"offset",
    b"on",
    b"only",
    b"or",
    b"order",
    b"placing",
    b"primary",
    b"references",
    b"returning",
    b"select",
    b"some",
    b"table",
    b"then",
    b"to",
    b"trailing",
    b"true",
    b"union",
    b"unique",
    b"using",
    b"variadic",
    b"when",
    b"where",
    b"window",
    b"with",
];

/// Words that are called without parentheses.
const BARE_CALLS: &[&[u8]] = &[
    b"current_user",
    b"session_user",
    b"user",
    b"current_role",
    b"current_catalog",
    b"current_schema",
    b"current_timestamp",
];

/// Good SQL from here on, and not ours.
const BEYOND: &[&[u8]] = &[
    b"union",
    b"intersect",
    b"except",
    b"group",
    b"having",
    b"window",
    b"offset",
    b"fetch",
    b"for",
    b"join",
    b"left",
    b"right",
    b"inner",
    b"full",
    b"cross",
    b"natural",
    b"case",
    b"array",
    b"exists",
    b"between",
    b"similar",
    b"collate",
    b"at",
    b"over",
    b"returning",
];

struct Parser<'a> {
    text: &'a [u8],
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    operators: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn place(&self) -> usize {
        position(self.text, self.tokens.get(self.at).map_or(self.text.len(), |token| token.start))
    }

    fn is_word(&self, word: &[u8]) -> bool {
        matches!(self.peek(), Some(Kind::Word(found)) if found == word)
    }

    fn is_mark(&self, mark: &[u8]) -> bool {
        matches!(self.peek(), Some(Kind::Mark(found)) if found == mark)
    }

    fn take_word(&mut self, word: &[u8]) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    fn take_words(&mut self, words: &[&[u8]]) -> bool {
        let from = self.at;
        let all = words.iter().all(|word| self.take_word(word));
        if !all {
            self.at = from;
        }
        all
    }

    fn take_mark(&mut self, mark: &[u8]) -> bool {
        let found = self.is_mark(mark);
        self.at += usize::from(found);
        found
    }

    fn need_word(&mut self, word: &[u8]) -> Result<(), Report> {
        if self.take_word(word) { Ok(()) } else { Err(self.wrong()) }
    }

    fn need_mark(&mut self, mark: &[u8]) -> Result<(), Report> {
        if self.take_mark(mark) { Ok(()) } else { Err(self.wrong()) }
    }

    /// A syntax error here, unless what stands here is good and beyond ours.
    fn wrong(&self) -> Report {
        match (self.tokens.get(self.at), self.peek()) {
            (_, Some(Kind::Word(word))) if BEYOND.contains(&word.as_slice()) => out_of_memory(),
            (Some(token), _) => {
                syntax_error(self.text, "syntax error", Some((token.start, token.end)))
            }
            (None, _) => syntax_error(self.text, "syntax error", None),
        }
    }

    fn skip_to_end(&mut self) {
        while self.peek().is_some() && !self.is_mark(b";") {
            self.at += 1;
        }
    }

    /// A name, quoted or not reserved.
    fn identifier(&mut self) -> Result<Vec<u8>, Report> {
        let name = match self.peek() {
            Some(Kind::Word(word)) if !RESERVED.contains(&word.as_slice()) => word.clone(),
            Some(Kind::Quoted(word)) => word.clone(),
            _ => return Err(self.wrong()),
        };
        self.at += 1;
        Ok(name.get(..name.len().min(63)).unwrap_or_default().to_vec())
    }

    fn name(&mut self) -> Result<Name, Report> {
        let at = self.place();
        let mut name = Name { schema: None, own: self.identifier()?, at };
        while self.take_mark(b".") {
            let inner = self.identifier()?;
            name.schema = Some(std::mem::replace(&mut name.own, inner));
        }
        Ok(name)
    }

    fn text(&mut self) -> Result<Vec<u8>, Report> {
        let Some(Kind::Text(text)) = self.peek() else { return Err(self.wrong()) };
        let text = text.clone();
        self.at += 1;
        Ok(text)
    }

    fn statement(&mut self) -> Result<Statement, Report> {
        let Some(Kind::Word(verb)) = self.peek().cloned() else {
            if self.is_mark(b"(") {
                return Err(out_of_memory());
            }
            return Err(self.wrong());
        };
        let first = self.at;
        self.at += 1;
        let plain = |tag| Ok(Statement::Other(tag));
        let statement = match verb.as_slice() {
            b"select" => return Ok(Statement::Select(self.select()?)),
            b"show" => self.show(),
            b"set" => self.set(),
            b"reset" => {
                let name = self.setting()?;
                Ok(Statement::Reset((name != b"all").then_some(name)))
            }
            b"begin" | b"start" => {
                if verb == b"start" {
                    self.need_word(b"transaction")?;
                }
                self.skip_to_end();
                Ok(Statement::Begin(if verb == b"begin" { "BEGIN" } else { "START TRANSACTION" }))
            }
            b"commit" | b"end" => {
                self.skip_to_end();
                Ok(Statement::Commit)
            }
            b"rollback" | b"abort" => {
                self.skip_to_end();
                Ok(Statement::Rollback)
            }
            b"copy" => self.copy(),
            b"insert" => return self.insert(),
            b"delete" => return self.delete(),
            b"truncate" => {
                self.take_word(b"table");
                let table = self.name()?;
                self.skip_to_end();
                Ok(Statement::Truncate(table))
            }
            b"create" => return self.create(),
            b"drop" => return self.drop(),
            b"alter" => return self.alter(),
            b"load" => Ok(Statement::Load(self.text()?)),
            b"do" => plain("DO"),
            b"grant" => plain("GRANT"),
            b"revoke" => plain("REVOKE"),
            b"vacuum" => plain("VACUUM"),
            b"analyze" | b"analyse" => plain("ANALYZE"),
            b"checkpoint" => plain("CHECKPOINT"),
            b"listen" => {
                self.identifier()?;
                plain("LISTEN")
            }
            b"unlisten" => plain("UNLISTEN"),
            b"discard" if self.is_word(b"all") => plain("DISCARD ALL"),
            b"deallocate" if self.is_word(b"all") => plain("DEALLOCATE ALL"),
            b"update" | b"values" | b"table" | b"with" | b"explain" | b"prepare" | b"execute"
            | b"deallocate" | b"declare" | b"fetch" | b"move" | b"close" | b"notify" | b"lock"
            | b"comment" | b"cluster" | b"reindex" | b"refresh" | b"security" | b"savepoint"
            | b"release" | b"discard" | b"call" | b"import" | b"reassign" | b"merge" => {
                if self.peek().is_none() || self.is_mark(b";") {
                    return Err(self.wrong());
                }
                Err(out_of_memory())
            }
            _ => {
                self.at = first;
                Err(self.wrong())
            }
        };
        if matches!(statement, Ok(Statement::Other(_))) {
            self.skip_to_end();
        }
        statement
    }

    fn setting(&mut self) -> Result<Vec<u8>, Report> {
        if self.take_word(b"all") {
            return Ok(b"all".to_vec());
        }
        let mut name = self.identifier()?;
        while self.take_mark(b".") {
            name.push(b'.');
            name.extend(self.identifier()?);
        }
        Ok(name)
    }

    fn show(&mut self) -> Result<Statement, Report> {
        if self.take_words(&[b"transaction", b"isolation", b"level"]) {
            return Ok(Statement::Show(Some(b"transaction_isolation".to_vec())));
        }
        if self.take_words(&[b"session", b"authorization"]) {
            return Ok(Statement::Show(Some(b"session_authorization".to_vec())));
        }
        if self.take_words(&[b"time", b"zone"]) {
            return Ok(Statement::Show(Some(b"TimeZone".to_vec())));
        }
        if self.take_word(b"all") {
            return Ok(Statement::Show(None));
        }
        Ok(Statement::Show(Some(self.setting()?)))
    }

    fn set(&mut self) -> Result<Statement, Report> {
        if self.is_word(b"transaction")
            || self.is_word(b"constraints")
            || self.take_words(&[b"session", b"characteristics"])
            || self.take_words(&[b"session", b"authorization"])
            || self.is_word(b"role")
        {
            self.skip_to_end();
            return Ok(Statement::Other("SET"));
        }
        let _ = self.take_word(b"session") || self.take_word(b"local");
        let name = if self.take_words(&[b"time", b"zone"]) {
            b"TimeZone".to_vec()
        } else if self.take_word(b"names") {
            b"client_encoding".to_vec()
        } else {
            let name = self.setting()?;
            if !self.take_word(b"to") {
                self.need_mark(b"=")?;
            }
            name
        };
        let mut values: Vec<Vec<u8>> = Vec::new();
        loop {
            let minus = self.take_mark(b"-");
            let value = match self.peek() {
                Some(Kind::Word(word)) if word == b"default" => Vec::new(),
                Some(Kind::Word(word))
                    if RESERVED.contains(&word.as_slice())
                        && ![&b"true"[..], b"false", b"on"].contains(&word.as_slice()) =>
                {
                    return Err(self.wrong());
                }
                Some(Kind::Number(word)) if minus => [b"-", word.as_slice()].concat(),
                Some(
                    Kind::Word(word) | Kind::Quoted(word) | Kind::Text(word) | Kind::Number(word),
                ) => word.clone(),
                _ => return Err(self.wrong()),
            };
            let default = self.is_word(b"default");
            self.at += 1;
            if default {
                return Ok(Statement::Set(name, None));
            }
            values.push(value);
            if !self.take_mark(b",") {
                return Ok(Statement::Set(name, Some(values.join(&b", "[..]))));
            }
        }
    }

    fn copy(&mut self) -> Result<Statement, Report> {
        let table = if self.take_mark(b"(") {
            let mut open = 1_usize;
            while open > 0 {
                match self.peek() {
                    None => return Err(self.wrong()),
                    Some(Kind::Mark(mark)) if mark == b"(" => open += 1,
                    Some(Kind::Mark(mark)) if mark == b")" => open -= 1,
                    Some(_) => {}
                }
                self.at += 1;
            }
            None
        } else {
            let table = self.name()?;
            if self.take_mark(b"(") {
                self.identifier()?;
                while self.take_mark(b",") {
                    self.identifier()?;
                }
                self.need_mark(b")")?;
            }
            Some(table)
        };
        let from = table.is_some() && self.take_word(b"from");
        if !from {
            self.need_word(b"to")?;
        }
        let with = if self.take_word(b"program") {
            CopyEnd::Program(self.text()?)
        } else if self.take_word(b"stdin") || self.take_word(b"stdout") {
            CopyEnd::Client
        } else {
            CopyEnd::File(self.text()?)
        };
        self.skip_to_end();
        Ok(Statement::Copy { table, from, with })
    }

    fn insert(&mut self) -> Result<Statement, Report> {
        self.need_word(b"into")?;
        let table = self.name()?;
        let mut columns = Vec::new();
        if self.take_mark(b"(") {
            loop {
                let at = self.place();
                columns.push((self.identifier()?, at));
                if !self.take_mark(b",") {
                    break;
                }
            }
            self.need_mark(b")")?;
        }
        if self.is_word(b"select") || self.is_word(b"default") || self.is_word(b"with") {
            return Err(out_of_memory());
        }
        self.need_word(b"values")?;
        let mut rows = Vec::new();
        loop {
            self.need_mark(b"(")?;
            rows.push(self.list()?);
            self.need_mark(b")")?;
            if !self.take_mark(b",") {
                return Ok(Statement::Insert { table, columns, rows });
            }
        }
    }

    fn delete(&mut self) -> Result<Statement, Report> {
        self.need_word(b"from")?;
        let table = self.name()?;
        let filter = self.take_word(b"where").then(|| self.expression()).transpose()?;
        Ok(Statement::Delete(table, filter))
    }

    fn create(&mut self) -> Result<Statement, Report> {
        self.take_words(&[b"or", b"replace"]);
        let _ = [&b"temporary"[..], b"temp", b"unlogged"].iter().any(|word| self.take_word(word));
        let Some(Kind::Word(what)) = self.peek().cloned() else { return Err(self.wrong()) };
        self.at += 1;
        let tag = match what.as_slice() {
            b"table" => return self.create_table(),
            b"function" => return self.create_function(),
            b"extension" | b"language" => {
                self.take_words(&[b"if", b"not", b"exists"]);
                let name = self.identifier()?;
                self.skip_to_end();
                return Ok(Statement::CreateExtension(name));
            }
            b"user" | b"role" | b"group" => {
                let role = self.identifier()?;
                self.skip_to_end();
                return Ok(Statement::Role { verb: RoleVerb::Create, role, if_exists: false });
            }
            b"database" => "CREATE DATABASE",
            b"schema" => "CREATE SCHEMA",
            b"trusted" | b"procedural" | b"view" | b"index" | b"unique" | b"sequence" | b"type"
            | b"trigger" | b"procedure" | b"cast" | b"operator" | b"aggregate" | b"domain"
            | b"rule" | b"server" | b"foreign" | b"materialized" | b"event" | b"policy"
            | b"publication" | b"subscription" | b"tablespace" => return Err(out_of_memory()),
            _ => {
                self.at -= 1;
                return Err(self.wrong());
            }
        };
        self.identifier()?;
        self.skip_to_end();
        Ok(Statement::Other(tag))
    }

    fn create_table(&mut self) -> Result<Statement, Report> {
        let if_not_exists = self.take_words(&[b"if", b"not", b"exists"]);
        let table = self.name()?;
        if self.is_word(b"as") {
            return Err(out_of_memory());
        }
        self.need_mark(b"(")?;
        let mut columns = Vec::new();
        while !self.is_mark(b")") {
            let name = self.identifier()?;
            let (ty, _) = self.type_name()?;
            columns.push((name, ty));
            // Constraints and defaults.
            let mut open = 0_usize;
            while open > 0 || !(self.is_mark(b",") || self.is_mark(b")")) {
                match self.peek() {
                    None => return Err(self.wrong()),
                    Some(Kind::Mark(mark)) if mark == b"(" => open += 1,
                    Some(Kind::Mark(mark)) if mark == b")" => open -= 1,
                    Some(_) => {}
                }
                self.at += 1;
            }
            if self.take_mark(b",") && self.is_mark(b")") {
                return Err(self.wrong());
            }
        }
        self.at += 1;
        self.skip_to_end();
        Ok(Statement::CreateTable { table, if_not_exists, columns })
    }

    fn create_function(&mut self) -> Result<Statement, Report> {
        self.name()?;
        if !self.is_mark(b"(") {
            return Err(self.wrong());
        }
        let (mut language, mut sources) = (Vec::new(), Vec::new());
        while self.peek().is_some() && !self.is_mark(b";") {
            if self.take_word(b"language") {
                language = match self.peek() {
                    Some(Kind::Text(name)) => name.to_ascii_lowercase(),
                    Some(Kind::Word(name) | Kind::Quoted(name)) => name.clone(),
                    _ => return Err(self.wrong()),
                };
                self.at += 1;
            } else if self.take_word(b"as") {
                sources.push(self.text()?);
                if self.take_mark(b",") {
                    sources.push(self.text()?);
                }
            } else {
                self.at += 1;
            }
        }
        Ok(Statement::CreateFunction { language, sources })
    }

    fn drop(&mut self) -> Result<Statement, Report> {
        let Some(Kind::Word(what)) = self.peek().cloned() else { return Err(self.wrong()) };
        self.at += 1;
        let if_exists = |parser: &mut Self| parser.take_words(&[b"if", b"exists"]);
        match what.as_slice() {
            b"table" => {
                let if_exists = if_exists(self);
                let mut tables = vec![self.name()?];
                while self.take_mark(b",") {
                    tables.push(self.name()?);
                }
                let _ = self.take_word(b"cascade") || self.take_word(b"restrict");
                Ok(Statement::DropTable { tables, if_exists })
            }
            b"user" | b"role" | b"group" => {
                let if_exists = if_exists(self);
                let role = self.identifier()?;
                Ok(Statement::Role { verb: RoleVerb::Drop, role, if_exists })
            }
            b"function" => {
                if_exists(self);
                self.name()?;
                self.skip_to_end();
                Ok(Statement::Other("DROP FUNCTION"))
            }
            b"database" | b"schema" | b"extension" | b"language" | b"view" | b"index"
            | b"sequence" | b"type" | b"owned" | b"trigger" | b"procedure" => Err(out_of_memory()),
            _ => {
                self.at -= 1;
                Err(self.wrong())
            }
        }
    }

    fn alter(&mut self) -> Result<Statement, Report> {
        if self.take_word(b"user") || self.take_word(b"role") {
            let role = match self.peek() {
                Some(Kind::Word(word)) if word == b"current_user" => Vec::new(),
                _ => self.identifier()?,
            };
            if role.is_empty() {
                self.at += 1;
            }
            self.skip_to_end();
            return Ok(Statement::Role { verb: RoleVerb::Alter, role, if_exists: false });
        }
        if self.take_word(b"system") {
            self.skip_to_end();
            return Ok(Statement::Other("ALTER SYSTEM"));
        }
        match self.peek() {
            Some(Kind::Word(word))
                if [&b"table"[..], b"database", b"function", b"schema", b"default", b"view"]
                    .contains(&word.as_slice()) =>
            {
                Err(out_of_memory())
            }
            _ => Err(self.wrong()),
        }
    }

    fn select(&mut self) -> Result<Select, Report> {
        let _ = self.take_word(b"distinct") || self.take_word(b"all");
        let mut select = Select {
            items: Vec::new(),
            from: None,
            alias: None,
            filter: None,
            order: Vec::new(),
            limit: None,
        };
        let empty = match self.peek() {
            None => true,
            Some(Kind::Mark(mark)) => mark == b";" || mark == b")",
            Some(Kind::Word(word)) => word == b"from" || word == b"where",
            Some(_) => false,
        };
        if !empty {
            select.items.push(self.item()?);
            while self.take_mark(b",") {
                select.items.push(self.item()?);
            }
        }
        if self.take_word(b"from") {
            if self.is_mark(b"(") {
                return Err(out_of_memory());
            }
            select.from = Some(self.name()?);
            if self.is_mark(b",") || self.is_mark(b"(") {
                return Err(out_of_memory());
            }
            let named = self.take_word(b"as");
            let beyond =
                matches!(self.peek(), Some(Kind::Word(w)) if BEYOND.contains(&w.as_slice()));
            if named || !beyond && self.can_be_label() {
                select.alias = Some(self.identifier()?);
            }
        }
        if self.take_word(b"where") {
            select.filter = Some(self.expression()?);
        }
        if self.take_words(&[b"order", b"by"]) {
            loop {
                let key = self.expression()?;
                let descends = self.take_word(b"desc");
                let _ = descends || self.take_word(b"asc");
                select.order.push((key, descends));
                if !self.take_mark(b",") {
                    break;
                }
            }
        }
        if self.take_word(b"limit") {
            select.limit = match self.peek() {
                Some(Kind::Number(digits)) => {
                    Some(String::from_utf8_lossy(digits).parse().unwrap_or(u64::MAX))
                }
                Some(Kind::Word(word)) if word == b"all" || word == b"null" => None,
                _ => return Err(self.wrong()),
            };
            self.at += 1;
        }
        Ok(select)
    }

    fn item(&mut self) -> Result<Item, Report> {
        if self.take_mark(b"*") {
            return Ok(Item::All);
        }
        let expression = self.expression()?;
        let named = self.take_word(b"as");
        let label = match self.peek() {
            // Behind AS, any word will do.
            Some(Kind::Word(word)) if named => Some(word.clone()),
            Some(Kind::Quoted(word)) => Some(word.clone()),
            Some(Kind::Word(word)) if self.can_be_label() => Some(word.clone()),
            _ if named => return Err(self.wrong()),
            _ => None,
        };
        self.at += usize::from(label.is_some());
        Ok(Item::One(expression, label))
    }

    fn can_be_label(&self) -> bool {
        match self.peek() {
            Some(Kind::Word(word)) => {
                let word = word.as_slice();
                !RESERVED.contains(&word) && !BEYOND.contains(&word)
            }
            Some(Kind::Quoted(_)) => true,
            _ => false,
        }
    }

    fn list(&mut self) -> Result<Vec<Expr>, Report> {
        let mut all = vec![self.expression()?];
        while self.take_mark(b",") {
            all.push(self.expression()?);
        }
        Ok(all)
    }

    /// One operator more: each is a step deeper for whoever works the expression out.
    fn count(&mut self) -> Result<(), Report> {
        self.operators += 1;
        if self.operators > POSTGRES_SQL_OPERATORS { Err(too_deep()) } else { Ok(()) }
    }

    fn expression(&mut self) -> Result<Expr, Report> {
        self.depth += 1;
        if self.depth > POSTGRES_SQL_DEPTH {
            return Err(too_deep());
        }
        let mut left = self.conjunction()?;
        while self.take_word(b"or") {
            self.count()?;
            left = Expr::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Expr, Report> {
        let mut left = self.negation()?;
        while self.take_word(b"and") {
            self.count()?;
            left = Expr::And(Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Expr, Report> {
        let mut negated = false;
        let mut any = false;
        while self.take_word(b"not") {
            (negated, any) = (!negated, true);
        }
        let inner = self.test()?;
        Ok(match (any, negated) {
            (false, _) => inner,
            (true, true) => Expr::Not(Box::new(inner)),
            (true, false) => Expr::Not(Box::new(Expr::Not(Box::new(inner)))),
        })
    }

    fn test(&mut self) -> Result<Expr, Report> {
        let mut left = self.operation(0)?;
        while self.take_word(b"is") {
            self.count()?;
            let negated = self.take_word(b"not");
            if !self.take_word(b"null") {
                return Err(match self.peek() {
                    Some(Kind::Word(word))
                        if [&b"true"[..], b"false", b"distinct", b"unknown"]
                            .contains(&word.as_slice()) =>
                    {
                        out_of_memory()
                    }
                    _ => self.wrong(),
                });
            }
            left = Expr::IsNull(Box::new(left), negated);
        }
        Ok(left)
    }

    /// Operators by how they bind: comparisons, others, sums, products.
    fn operation(&mut self, level: u8) -> Result<Expr, Report> {
        if level > 3 {
            return self.sign();
        }
        let mut left = self.operation(level + 1)?;
        loop {
            let at = self.place();
            let operator = match self.peek() {
                Some(Kind::Mark(mark)) if binds(mark) == Some(level) => mark.clone(),
                Some(Kind::Word(word)) if level == 1 && (word == b"like" || word == b"ilike") => {
                    word.clone()
                }
                Some(Kind::Word(word)) if level == 1 && word == b"in" => {
                    return Err(out_of_memory());
                }
                _ => return Ok(left),
            };
            self.at += 1;
            self.count()?;
            let right = Box::new(self.operation(level + 1)?);
            left = Expr::Binary { operator, left: Box::new(left), right, at };
        }
    }

    fn sign(&mut self) -> Result<Expr, Report> {
        let mut negative = false;
        loop {
            if self.take_mark(b"-") {
                negative = !negative;
            } else if !self.take_mark(b"+") {
                break;
            }
        }
        let at = self.place();
        let operand = self.cast()?;
        Ok(match operand {
            operand if !negative => operand,
            Expr::Literal(Some(digits), ty, at) if ty.is_number() => {
                number(&[b"-", digits.as_slice()].concat(), at)
            }
            operand => {
                let zero = Expr::Literal(Some(b"0".to_vec()), Ty::Int4, at);
                Expr::Binary {
                    operator: b"-".to_vec(),
                    left: Box::new(zero),
                    right: Box::new(operand),
                    at,
                }
            }
        })
    }

    fn cast(&mut self) -> Result<Expr, Report> {
        let mut inner = self.primary()?;
        while self.take_mark(b"::") {
            self.count()?;
            let (ty, name) = self.type_name()?;
            inner = Expr::Cast(Box::new(inner), ty, name);
        }
        if self.is_mark(b"[") {
            return Err(out_of_memory());
        }
        Ok(inner)
    }

    fn type_name(&mut self) -> Result<(Ty, &'static str), Report> {
        let at = self.place();
        let name = self.identifier()?;
        let found = Ty::named(&name).ok_or_else(|| {
            let message = about("type \"", &name, "\" does not exist");
            Report::error("42704", message, ("parse_type.c", 270, "typenameType")).at(at)
        })?;
        self.take_word(b"varying");
        if self.take_mark(b"(") {
            while !self.take_mark(b")") {
                match self.peek() {
                    Some(Kind::Number(_)) => self.at += 1,
                    Some(Kind::Mark(mark)) if mark == b"," => self.at += 1,
                    _ => return Err(self.wrong()),
                }
            }
        }
        if self.is_mark(b"[") {
            return Err(out_of_memory());
        }
        Ok(found)
    }

    fn primary(&mut self) -> Result<Expr, Report> {
        let at = self.place();
        let literal = |value: Option<&[u8]>, ty| Expr::Literal(value.map(<[u8]>::to_vec), ty, at);
        let Some(kind) = self.peek().cloned() else { return Err(self.wrong()) };
        let expression = match kind {
            Kind::Text(text) => literal(Some(&text), Ty::Unknown),
            Kind::Number(digits) => number(&digits, at),
            Kind::Parameter(number) => Expr::Parameter(number, at),
            Kind::Word(word) if word == b"null" => literal(None, Ty::Unknown),
            Kind::Word(word) if word == b"true" => literal(Some(b"t"), Ty::Bool),
            Kind::Word(word) if word == b"false" => literal(Some(b"f"), Ty::Bool),
            Kind::Word(word) if word == b"cast" => {
                self.at += 1;
                self.need_mark(b"(")?;
                let inner = Box::new(self.expression()?);
                self.need_word(b"as")?;
                let (ty, name) = self.type_name()?;
                self.need_mark(b")")?;
                return Ok(Expr::Cast(inner, ty, name));
            }
            Kind::Mark(mark) if mark == b"(" => {
                self.at += 1;
                if self.is_word(b"select") {
                    return Err(out_of_memory());
                }
                let inner = self.expression()?;
                self.need_mark(b")")?;
                return Ok(inner);
            }
            Kind::Mark(mark) if mark.iter().all(|byte| b"~!@#^&|`?".contains(byte)) => {
                // An operator before its operand.
                self.at += 1;
                self.operation(4)?;
                return Err(out_of_memory());
            }
            Kind::Word(word) if BARE_CALLS.contains(&word.as_slice()) => {
                self.at += 1;
                if self.take_mark(b"(") {
                    self.need_mark(b")")?;
                }
                return Ok(Expr::Call { name: word, arguments: Vec::new(), star: false, at });
            }
            Kind::Word(_) | Kind::Quoted(_) => return self.column_or_call(at),
            Kind::Mark(_) => return Err(self.wrong()),
        };
        self.at += 1;
        Ok(expression)
    }

    fn column_or_call(&mut self, at: usize) -> Result<Expr, Report> {
        if let Some(Kind::Word(word)) = self.peek()
            && BEYOND.contains(&word.as_slice())
            && !RESERVED.contains(&word.as_slice())
        {
            return Err(out_of_memory());
        }
        let name = self.name()?;
        if !self.take_mark(b"(") {
            return Ok(Expr::Column { table: name.schema, name: name.own, at });
        }
        let mut call = Expr::Call { name: name.own, arguments: Vec::new(), star: false, at };
        if let Expr::Call { arguments, star, .. } = &mut call {
            if self.take_mark(b"*") {
                *star = true;
            } else if !self.is_mark(b")") {
                *arguments = self.list()?;
            }
        }
        if self.is_word(b"from") || self.is_word(b"order") {
            return Err(out_of_memory());
        }
        self.need_mark(b")")?;
        Ok(call)
    }
}

fn too_deep() -> Report {
    let source = ("postgres.c", 3_470, "check_stack_depth");
    Report::error("54001", "stack depth limit exceeded", source).hint(
        "Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), after \
         ensuring the platform's stack depth limit is adequate.",
    )
}

/// How tightly an operator binds.
fn binds(mark: &[u8]) -> Option<u8> {
    Some(match mark {
        b"=" | b"<" | b">" | b"<=" | b">=" | b"<>" | b"!=" => 0,
        b"+" | b"-" => 2,
        b"*" | b"/" | b"%" => 3,
        _ if mark.iter().all(|byte| b"+-*/<>=~!@#%^&|`?".contains(byte)) => 1,
        _ => return None,
    })
}

/// A number's literal, of the smallest type that holds it.
fn number(digits: &[u8], at: usize) -> Expr {
    let text = String::from_utf8_lossy(digits);
    let ty = match text.parse::<i64>() {
        Ok(value) if i32::try_from(value).is_ok() => Ty::Int4,
        Ok(_) => Ty::Int8,
        Err(_) => Ty::Numeric,
    };
    let text = match ty {
        Ty::Numeric => plain_number(&text).into_bytes(),
        _ => text.parse::<i64>().unwrap_or_default().to_string().into_bytes(),
    };
    Expr::Literal(Some(text), ty, at)
}

/// Without its exponent, where that is a small one.
fn plain_number(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let Some((mantissa, exponent)) = lower.split_once('e') else {
        return if lower.starts_with('.') { format!("0{lower}") } else { lower };
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    match exponent.parse::<i32>() {
        Ok(shift @ 0..=100) => {
            let shift = shift as usize;
            let mut digits = format!("{whole}{part}");
            let point = whole.len() + shift;
            while digits.len() < point {
                digits.push('0');
            }
            let rest = digits.split_off(point);
            if rest.is_empty() { digits } else { format!("{digits}.{rest}") }
        }
        _ => lower,
    }
}
