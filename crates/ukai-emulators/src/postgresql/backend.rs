//! A session that is let in: the simple and the extended query protocol, and transactions,
//! as `postgres.c` of PostgreSQL 15 keeps them.

use super::copy;
use super::out::Out;
use super::report::{Report, Source, about, out_of_memory, protocol_violation};
use super::run::{self, Manner, Outcome, Program};
use super::sql::eval::Scope;
use super::sql::parse::parse;
use super::sql::syntax::{Expr, Item, Name, Rows, Select, Statement};
use super::sql::tables::Data;
use super::sql::value::{Datum, Ty};
use super::state::{REPORTED, State};
use crate::Context;
use crate::limits::{POSTGRES_DATA_BYTES, POSTGRES_OBJECTS};
use std::collections::{BTreeMap, VecDeque};

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The next message.
    Go,
    /// A program, or time; then [`Backend::go_on`].
    Wait,
    Close,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    None,
    Open,
    Failed,
}

struct Prepared {
    statement: Option<Statement>,
    parameters: Vec<(Ty, u32)>,
}

struct Portal {
    statement: Option<Statement>,
    parameters: Vec<(Ty, Datum)>,
    formats: Vec<u16>,
    done: bool,
}

struct CopyIn {
    table: Name,
    bytes: Vec<u8>,
    simple: bool,
}

/// A session that is let in.
pub(super) struct Backend {
    pub(super) state: State,
    pub(super) out: Out,
    /// What is to run, or runs, and whether a simple query asked for it.
    pub(super) program: Option<(Program, bool)>,
    block: Block,
    /// What there was when the transaction began.
    saved: Option<Data>,
    prepared: BTreeMap<Vec<u8>, Prepared>,
    portals: BTreeMap<Vec<u8>, Portal>,
    skipping: bool,
    queue: VecDeque<Statement>,
    /// A simple query is under way.
    simple: bool,
    copy_in: Option<CopyIn>,
    reported: Vec<Vec<u8>>,
}

fn aborted(source: Source) -> Report {
    let message = "current transaction is aborted, commands ignored until end of transaction block";
    Report::error("25P02", message, source)
}

fn no_statement(name: &[u8]) -> Report {
    let message = about("prepared statement \"", name, "\" does not exist");
    Report::error("26000", message, ("prepare.c", 451, "FetchPreparedStatement"))
}

fn no_cursor(name: &[u8], source: Source) -> Report {
    Report::error("34000", about("cursor \"", name, "\" does not exist"), source)
}

/// A statement that is none outside of transactions.
fn outside(name: &str) -> Report {
    let message = format!("{name} can only be used in transaction blocks");
    Report::error("25P01", message, ("xact.c", 3_587, "CheckTransactionBlock"))
}

fn no_portal(name: &[u8], line: u32, routine: &'static str) -> Report {
    let message = about("portal \"", name, "\" does not exist");
    Report::error("34000", message, ("postgres.c", line, routine))
}

/// Reads a message's body; what lacks is told of as `pqformat.c` does.
struct Body<'a>(&'a [u8]);

impl<'a> Body<'a> {
    fn string(&mut self) -> Result<&'a [u8], Report> {
        let source = ("pqformat.c", 595, "pq_getmsgstring");
        let end = memchr::memchr(0, self.0)
            .ok_or_else(|| protocol_violation("invalid string in message", source))?;
        let (text, rest) = self.0.split_at(end);
        self.0 = rest.get(1..).unwrap_or_default();
        Ok(text)
    }

    fn bytes(&mut self, count: usize) -> Result<&'a [u8], Report> {
        let source = ("pqformat.c", 533, "pq_copymsgbytes");
        let (taken, rest) = self
            .0
            .split_at_checked(count)
            .ok_or_else(|| protocol_violation("insufficient data left in message", source))?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Report> {
        let source = ("pqformat.c", 405, "pq_getmsgbyte");
        let (byte, rest) = self
            .0
            .split_first()
            .ok_or_else(|| protocol_violation("no data left in message", source))?;
        self.0 = rest;
        Ok(*byte)
    }

    fn short(&mut self) -> Result<u16, Report> {
        Ok(self.bytes(2)?.iter().fold(0, |all, byte| all << 8 | u16::from(*byte)))
    }

    fn long(&mut self) -> Result<u32, Report> {
        Ok(self.bytes(4)?.iter().fold(0, |all, byte| all << 8 | u32::from(*byte)))
    }

    fn shorts(&mut self) -> Result<Vec<u16>, Report> {
        (0..self.short()?).map(|_| self.short()).collect()
    }

    fn end(&self) -> Result<(), Report> {
        if self.0.is_empty() {
            return Ok(());
        }
        let source = ("pqformat.c", 640, "pq_getmsgend");
        Err(protocol_violation("invalid message format", source))
    }
}

impl Backend {
    pub(super) fn new(state: State) -> Self {
        let mut backend = Self {
            state,
            out: Out::default(),
            program: None,
            block: Block::None,
            saved: None,
            prepared: BTreeMap::new(),
            portals: BTreeMap::new(),
            skipping: false,
            queue: VecDeque::new(),
            simple: false,
            copy_in: None,
            reported: Vec::new(),
        };
        backend.reported = backend.to_report();
        backend
    }

    fn to_report(&self) -> Vec<Vec<u8>> {
        let value = |name: &&str| self.state.setting(name.as_bytes()).unwrap_or_default().1;
        REPORTED.iter().map(value).collect()
    }

    /// What a client is told once it is let in.
    pub(super) fn greet(&mut self, key: u32) {
        for (name, value) in REPORTED.iter().zip(&self.reported) {
            self.out.parameter(name, value);
        }
        let body = [self.state.pid.to_be_bytes(), key.to_be_bytes()].concat();
        self.out.message(b'K', &body);
        self.out.ready(b'I');
    }

    fn ready(&mut self) {
        let now = self.to_report();
        for ((name, value), before) in REPORTED.iter().zip(&now).zip(&self.reported) {
            if value != before {
                self.out.parameter(name, value);
            }
        }
        self.reported = now;
        self.simple = false;
        self.out.ready(match self.block {
            Block::None => b'I',
            Block::Open => b'T',
            Block::Failed => b'E',
        });
    }

    /// A statement or message has failed.
    fn failed(&mut self, report: &Report) {
        report.write(&mut self.out);
        self.queue.clear();
        if self.block == Block::Open {
            self.block = Block::Failed;
        } else if self.block == Block::None
            && let Some(saved) = self.saved.take()
        {
            self.state.data = saved;
        }
    }

    /// Takes one message.
    pub(super) fn message(&mut self, cx: &mut Context<'_>, kind: u8, body: &[u8]) -> Next {
        if self.copy_in.is_some() {
            return self.copy_message(cx, kind, body);
        }
        if self.skipping && !matches!(kind, b'S' | b'X') {
            return Next::Go;
        }
        let mut body = Body(body);
        let extended = matches!(kind, b'P' | b'B' | b'E' | b'D' | b'C');
        let done = match kind {
            b'Q' => self.query(cx, &mut body),
            b'P' => self.parse(&mut body),
            b'B' => self.bind(&mut body),
            b'E' => self.execute(cx, &mut body),
            b'D' => self.describe(&mut body),
            b'C' => self.close(&mut body),
            b'S' => {
                self.skipping = false;
                body.end().map(|()| {
                    self.ready();
                    Next::Go
                })
            }
            b'X' => return Next::Close,
            b'F' if self.block == Block::Failed => {
                Err(aborted(("fastpath.c", 206, "HandleFunctionRequest")))
            }
            b'F' => Err(out_of_memory()),
            _ => return Next::Go,
        };
        done.unwrap_or_else(|report| {
            self.failed(&report);
            if extended {
                self.skipping = true;
            } else {
                self.ready();
            }
            Next::Go
        })
    }

    /// A message that was too long to be read.
    pub(super) fn oversized(&mut self, kind: u8) {
        self.failed(&out_of_memory());
        if matches!(kind, b'P' | b'B') {
            self.skipping = true;
        } else {
            self.ready();
        }
    }

    fn query(&mut self, cx: &mut Context<'_>, body: &mut Body<'_>) -> Result<Next, Report> {
        let text = body.string()?;
        body.end()?;
        self.prepared.remove(&b""[..]);
        self.portals.remove(&b""[..]);
        let statements = parse(text)?;
        if statements.is_empty() {
            self.out.message(b'I', b"");
            self.ready();
            return Ok(Next::Go);
        }
        if self.block == Block::None {
            self.saved = (statements.len() > 1).then(|| self.state.data.clone());
        }
        self.queue = statements.into();
        self.simple = true;
        Ok(self.go_on(cx))
    }

    /// Goes on with a simple query, when what it waited for is over.
    pub(super) fn go_on(&mut self, cx: &mut Context<'_>) -> Next {
        if !self.simple {
            return Next::Go;
        }
        while let Some(statement) = self.queue.pop_front() {
            let manner = Manner { parameters: &[], formats: &[], simple: true };
            let source = ("postgres.c", 1_081, "exec_simple_query");
            match self.carry_out(cx, &statement, &manner, source) {
                Ok(Next::Go) => {}
                Ok(next) => return next,
                Err(report) => self.failed(&report),
            }
        }
        self.saved = self.saved.take().filter(|_| self.block != Block::None);
        self.ready();
        Next::Go
    }

    fn carry_out(
        &mut self,
        cx: &mut Context<'_>,
        statement: &Statement,
        manner: &Manner<'_>,
        source: Source,
    ) -> Result<Next, Report> {
        let ends =
            matches!(statement, Statement::Commit | Statement::Rollback | Statement::RollbackTo);
        if self.block == Block::Failed && !ends {
            return Err(aborted(source));
        }
        let warning = |line, routine, message: &'static str, code| {
            Report::error(code, message, ("xact.c", line, routine)).with_severity("WARNING")
        };
        match statement {
            Statement::Begin(tag) => {
                if self.block == Block::Open {
                    let message = "there is already a transaction in progress";
                    let report = warning(3_789, "BeginTransactionBlock", message, "25001");
                    report.write(&mut self.out);
                } else {
                    self.saved = Some(self.state.data.clone());
                    self.block = Block::Open;
                }
                self.out.complete(tag);
                return Ok(Next::Go);
            }
            Statement::Commit | Statement::Rollback => {
                let commits = *statement == Statement::Commit;
                if self.block == Block::None {
                    let (line, routine) = if commits {
                        (3_987, "EndTransactionBlock")
                    } else {
                        (4_110, "UserAbortTransactionBlock")
                    };
                    let message = "there is no transaction in progress";
                    warning(line, routine, message, "25P01").write(&mut self.out);
                }
                let kept = commits && self.block != Block::Failed;
                if let Some(saved) = self.saved.take()
                    && !kept
                {
                    self.state.data = saved;
                }
                let commits = commits && self.block != Block::Failed;
                self.block = Block::None;
                self.out.complete(if commits { "COMMIT" } else { "ROLLBACK" });
                return Ok(Next::Go);
            }
            Statement::RollbackTo if self.block != Block::None => {
                self.block = Block::Open;
                self.out.complete("ROLLBACK");
                return Ok(Next::Go);
            }
            Statement::RollbackTo if self.block == Block::None => {
                return Err(outside("ROLLBACK TO SAVEPOINT"));
            }
            Statement::Within(name, _) if self.block == Block::None => return Err(outside(name)),
            Statement::Declare(..) if self.block == Block::None => {
                return Err(outside("DECLARE CURSOR"));
            }
            statement => {
                if let Some(done) = self.named(cx, statement, manner, source) {
                    return done;
                }
            }
        }
        match run::run(&mut self.state, cx, statement, manner, &mut self.out)? {
            Outcome::Done(tag) => {
                self.out.complete(&tag);
                Ok(if self.state.sleep_ms > 0 { Next::Wait } else { Next::Go })
            }
            Outcome::Program(program) => {
                self.program = Some((program, manner.simple));
                Ok(Next::Wait)
            }
            Outcome::CopyIn(table) => {
                self.copy_in = Some(CopyIn { table, bytes: Vec::new(), simple: manner.simple });
                Ok(Next::Wait)
            }
        }
    }

    /// Statements about prepared ones and cursors.
    fn named(
        &mut self,
        cx: &mut Context<'_>,
        statement: &Statement,
        manner: &Manner<'_>,
        source: Source,
    ) -> Option<Result<Next, Report>> {
        let tag = match statement {
            Statement::Prepare(name, inner) => {
                let mut parameters = Vec::new();
                infer(inner, &mut parameters);
                if let Err(report) = self.keep(name, Some((**inner).clone()), parameters) {
                    return Some(Err(report));
                }
                "PREPARE"
            }
            Statement::Execute(name, values) => {
                return Some(self.execute_prepared(cx, name, values, manner, source));
            }
            Statement::Deallocate(name) => {
                if self.prepared.remove(name).is_none() {
                    return Some(Err(no_statement(name)));
                }
                "DEALLOCATE"
            }
            Statement::Declare(name, query) => {
                if self.portals.len() >= POSTGRES_OBJECTS {
                    return Some(Err(out_of_memory()));
                }
                let statement = Some((**query).clone());
                let portal =
                    Portal { statement, parameters: Vec::new(), formats: Vec::new(), done: false };
                self.portals.insert(name.clone(), portal);
                "DECLARE CURSOR"
            }
            Statement::Fetch(name) | Statement::Move(name) if !self.portals.contains_key(name) => {
                return Some(Err(no_cursor(name, ("portalcmds.c", 187, "PerformPortalFetch"))));
            }
            Statement::Fetch(name) => return Some(self.fetch(cx, name, manner)),
            Statement::Move(_) => "MOVE 0",
            Statement::CloseCursor(name) => {
                if self.portals.remove(name).is_none() {
                    let source = ("portalcmds.c", 240, "PerformPortalClose");
                    return Some(Err(no_cursor(name, source)));
                }
                "CLOSE CURSOR"
            }
            _ => return None,
        };
        self.out.complete(tag);
        Some(Ok(Next::Go))
    }

    /// Keeps a prepared statement.
    fn keep(
        &mut self,
        name: &[u8],
        statement: Option<Statement>,
        parameters: Vec<(Ty, u32)>,
    ) -> Result<(), Report> {
        if !name.is_empty() && self.prepared.contains_key(name) {
            let message = about("prepared statement \"", name, "\" already exists");
            let source = ("prepare.c", 412, "StorePreparedStatement");
            return Err(Report::error("42P05", message, source));
        }
        if self.prepared.len() >= POSTGRES_OBJECTS {
            return Err(out_of_memory());
        }
        self.prepared.insert(name.to_vec(), Prepared { statement, parameters });
        Ok(())
    }

    fn execute_prepared(
        &mut self,
        cx: &mut Context<'_>,
        name: &[u8],
        values: &[Expr],
        manner: &Manner<'_>,
        source: Source,
    ) -> Result<Next, Report> {
        let prepared = self.prepared.get(name).ok_or_else(|| no_statement(name))?;
        let (wanted, given) = (prepared.parameters.len(), values.len());
        if wanted != given {
            let message = about("wrong number of parameters for prepared statement \"", name, "\"");
            let report = Report::error("42601", message, ("prepare.c", 293, "EvaluateParams"));
            return Err(report.detail(format!("Expected {wanted} parameters but got {given}.")));
        }
        let statement = prepared.statement.clone();
        let types: Vec<Ty> = prepared.parameters.iter().map(|(ty, _)| *ty).collect();
        let scope = Scope { relation: None, catalog: self.state.catalog(), parameters: &[] };
        let mut parameters = Vec::new();
        for (value, ty) in values.iter().zip(types) {
            scope.ty(value)?;
            parameters.push((ty, scope.value(&mut self.state, cx, value, &[])?));
        }
        // One that executes another, or itself, would go on for ever.
        let again = matches!(statement, Some(Statement::Execute(..)));
        let Some(statement) = statement.filter(|_| !again) else { return Ok(Next::Go) };
        let manner = Manner { parameters: &parameters, ..*manner };
        self.carry_out(cx, &statement, &manner, source)
    }

    /// The first `FETCH` finds all rows, the others none.
    fn fetch(
        &mut self,
        cx: &mut Context<'_>,
        name: &[u8],
        manner: &Manner<'_>,
    ) -> Result<Next, Report> {
        let Some(portal) = self.portals.get_mut(name) else { return Ok(Next::Go) };
        let over = std::mem::replace(&mut portal.done, true);
        let statement = portal.statement.clone();
        let Some(Statement::Select(mut select)) = statement else { return Ok(Next::Go) };
        if over {
            select.limit = Some(0);
        }
        let query = Statement::Select(select);
        match run::run(&mut self.state, cx, &query, manner, &mut self.out)? {
            Outcome::Done(tag) => self.out.complete(&tag.replace("SELECT", "FETCH")),
            Outcome::Program(_) | Outcome::CopyIn(_) => {}
        }
        Ok(Next::Go)
    }

    /// Whether it waits for the client's rows, not for a program or time.
    pub(super) const fn takes_rows(&self) -> bool {
        self.copy_in.is_some()
    }

    /// The program has printed this, and ended.
    pub(super) fn program_ended(
        &mut self,
        cx: &mut Context<'_>,
        output: &[u8],
        status: i32,
    ) -> Next {
        let Some((program, simple)) = self.program.take() else { return Next::Go };
        let rows = match (&program.table, program.from) {
            (Some(table), true) if status == 0 => copy::take_rows(&mut self.state, table, output),
            (Some(table), false) => {
                Ok(self.state.data.table(table).map_or(0, |table| table.rows.len()))
            }
            _ => Ok(1),
        };
        let done = rows.and_then(|rows| copy::program_ended(&program, status, rows));
        self.statement_ended(cx, done, simple)
    }

    fn statement_ended(
        &mut self,
        cx: &mut Context<'_>,
        done: Result<String, Report>,
        simple: bool,
    ) -> Next {
        match done {
            Ok(tag) => self.out.complete(&tag),
            Err(report) => {
                self.failed(&report);
                self.skipping = !simple;
            }
        }
        self.go_on(cx)
    }

    fn copy_message(&mut self, cx: &mut Context<'_>, kind: u8, body: &[u8]) -> Next {
        let Some(copy) = &mut self.copy_in else { return Next::Go };
        let place = |copy: &CopyIn| {
            let lines = memchr::memchr_iter(b'\n', &copy.bytes).count() + 1;
            about("COPY ", &copy.table.own, &format!(", line {lines}"))
        };
        match kind {
            b'd' => {
                if copy.bytes.len() + body.len() <= POSTGRES_DATA_BYTES {
                    copy.bytes.extend_from_slice(body);
                }
                Next::Go
            }
            b'H' | b'S' => Next::Go,
            b'c' => {
                let Some(copy) = self.copy_in.take() else { return Next::Go };
                let rows = copy::take_rows(&mut self.state, &copy.table, &copy.bytes);
                let done = rows.map(|rows| format!("COPY {rows}"));
                self.statement_ended(cx, done, copy.simple)
            }
            b'f' => {
                let message = body.strip_suffix(b"\0").unwrap_or(body);
                let message = about("COPY from stdin failed: ", message, "");
                let source = ("copyfromparse.c", 315, "CopyGetData");
                let report = Report::error("57014", message, source).context(place(copy));
                let simple = copy.simple;
                self.copy_in = None;
                self.statement_ended(cx, Err(report), simple)
            }
            b'X' => Next::Close,
            kind => {
                let message =
                    format!("unexpected message type 0x{kind:02X} during COPY from stdin");
                let source = ("copyfromparse.c", 292, "CopyGetData");
                let report = Report::error("08P01", message, source).context(place(copy));
                report.write(&mut self.out);
                let message = "terminating connection because protocol synchronization was lost";
                let source = ("postgres.c", 4_429, "PostgresMain");
                Report::fatal("08P01", message, source).write(&mut self.out);
                Next::Close
            }
        }
    }

    fn parse(&mut self, body: &mut Body<'_>) -> Result<Next, Report> {
        let (name, text) = (body.string()?, body.string()?);
        let types = (0..body.short()?).map(|_| body.long()).collect::<Result<Vec<_>, _>>()?;
        body.end()?;
        let mut statements = parse(text)?;
        if statements.len() > 1 {
            let message = "cannot insert multiple commands into a prepared statement";
            let source = ("postgres.c", 1_419, "exec_parse_message");
            return Err(Report::error("42601", message, source));
        }
        let statement = statements.pop();
        let ends = matches!(statement, Some(Statement::Commit | Statement::Rollback) | None);
        if self.block == Block::Failed && !ends {
            return Err(aborted(("postgres.c", 1_439, "exec_parse_message")));
        }
        let mut parameters: Vec<(Ty, u32)> =
            types.into_iter().map(|oid| (type_of(oid), oid)).collect();
        if let Some(statement) = &statement {
            infer(statement, &mut parameters);
            let typed: Vec<(Ty, Datum)> = parameters.iter().map(|(ty, _)| (*ty, None)).collect();
            run::describe(&self.state, statement, &typed)?;
        }
        self.keep(name, statement, parameters)?;
        self.out.message(b'1', b"");
        Ok(Next::Go)
    }

    fn bind(&mut self, body: &mut Body<'_>) -> Result<Next, Report> {
        let (portal, name) = (body.string()?, body.string()?);
        let prepared = self.prepared.get(name).ok_or_else(|| no_statement(name))?;
        let formats = body.shorts()?;
        let count = body.short()?;
        if usize::from(count) != prepared.parameters.len() {
            let message = format!(
                "bind message supplies {count} parameters, but prepared statement \"{}\" requires {}",
                String::from_utf8_lossy(name),
                prepared.parameters.len()
            );
            let source = ("postgres.c", 1_674, "exec_bind_message");
            return Err(Report::error("08P01", message, source));
        }
        let ends =
            matches!(prepared.statement, Some(Statement::Commit | Statement::Rollback) | None);
        if self.block == Block::Failed && !ends {
            return Err(aborted(("postgres.c", 1_691, "exec_bind_message")));
        }
        let mut parameters = Vec::new();
        for (number, (ty, _)) in prepared.parameters.iter().enumerate() {
            let length = body.long()?;
            let value = match usize::try_from(length).ok().filter(|_| length != u32::MAX) {
                Some(length) => {
                    let format = match formats.as_slice() {
                        [] => 0,
                        [all] => *all,
                        each => each.get(number).copied().unwrap_or_default(),
                    };
                    Some(as_text(*ty, format, body.bytes(length)?))
                }
                None => None,
            };
            parameters.push((*ty, value));
        }
        let formats = body.shorts()?;
        body.end()?;
        if !portal.is_empty() && self.portals.contains_key(portal) {
            let message = about("cursor \"", portal, "\" already exists");
            return Err(Report::error("42P03", message, ("portalmem.c", 193, "CreatePortal")));
        }
        if self.portals.len() >= POSTGRES_OBJECTS {
            return Err(out_of_memory());
        }
        let statement = prepared.statement.clone();
        self.portals
            .insert(portal.to_vec(), Portal { statement, parameters, formats, done: false });
        self.out.message(b'2', b"");
        Ok(Next::Go)
    }

    fn describe(&mut self, body: &mut Body<'_>) -> Result<Next, Report> {
        let (kind, name) = (body.byte()?, body.string()?);
        body.end()?;
        let (statement, parameters, formats) = match kind {
            b'S' => {
                let prepared = self.prepared.get(name).ok_or_else(|| no_statement(name))?;
                let typed: Vec<_> = prepared.parameters.iter().map(|(ty, _)| (*ty, None)).collect();
                if self.block == Block::Failed && prepared.statement.is_some() {
                    return Err(aborted(("postgres.c", 2_605, "exec_describe_statement_message")));
                }
                let count = u16::try_from(typed.len()).unwrap_or(u16::MAX);
                let mut told = count.to_be_bytes().to_vec();
                for (ty, oid) in &prepared.parameters {
                    let oid = if *oid == 0 { ty.oid() } else { *oid };
                    told.extend_from_slice(&oid.to_be_bytes());
                }
                self.out.message(b't', &told);
                (&prepared.statement, typed, Vec::new())
            }
            b'P' => {
                let routine = "exec_describe_portal_message";
                let portal =
                    self.portals.get(name).ok_or_else(|| no_portal(name, 2_669, routine))?;
                (&portal.statement, portal.parameters.clone(), portal.formats.clone())
            }
            kind => {
                let message = format!("invalid DESCRIBE message subtype {kind}");
                let source = ("postgres.c", 4_821, "PostgresMain");
                return Err(Report::error("08P01", message, source));
            }
        };
        let columns = match statement {
            Some(statement) => run::describe(&self.state, statement, &parameters)?,
            None => None,
        };
        match columns {
            Some(columns) => self.out.columns(&columns, &formats),
            None => self.out.message(b'n', b""),
        }
        Ok(Next::Go)
    }

    fn execute(&mut self, cx: &mut Context<'_>, body: &mut Body<'_>) -> Result<Next, Report> {
        let (name, _rows) = (body.string()?, body.long()?);
        body.end()?;
        let routine = "exec_execute_message";
        let portal = self.portals.get_mut(name).ok_or_else(|| no_portal(name, 2_071, routine))?;
        let Some(statement) = portal.statement.clone() else {
            self.out.message(b'I', b"");
            return Ok(Next::Go);
        };
        if std::mem::replace(&mut portal.done, true) {
            let message = about("portal \"", name, "\" cannot be run");
            return Err(Report::error("55000", message, ("pquery.c", 676, "PortalRun")));
        }
        let (parameters, formats) = (portal.parameters.clone(), portal.formats.clone());
        let manner = Manner { parameters: &parameters, formats: &formats, simple: false };
        self.carry_out(cx, &statement, &manner, ("postgres.c", 2_156, routine))
    }

    fn close(&mut self, body: &mut Body<'_>) -> Result<Next, Report> {
        let (kind, name) = (body.byte()?, body.string()?);
        body.end()?;
        match kind {
            b'S' => drop(self.prepared.remove(name)),
            b'P' => drop(self.portals.remove(name)),
            kind => {
                let message = format!("invalid CLOSE message subtype {kind}");
                let source = ("postgres.c", 4_786, "PostgresMain");
                return Err(Report::error("08P01", message, source));
            }
        }
        self.out.message(b'3', b"");
        Ok(Next::Go)
    }
}

fn type_of(oid: u32) -> Ty {
    match oid {
        16 => Ty::Bool,
        17 => Ty::Bytea,
        19 => Ty::Name,
        20 => Ty::Int8,
        21 | 23 => Ty::Int4,
        26 => Ty::Oid,
        1184 => Ty::Timestamptz,
        1700 => Ty::Numeric,
        _ => Ty::Text,
    }
}

/// A parameter's text form.
fn as_text(ty: Ty, format: u16, bytes: &[u8]) -> Vec<u8> {
    let number = || {
        let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
        let start = if negative && ty != Ty::Oid { -1_i64 } else { 0 };
        bytes.iter().take(8).fold(start, |all, byte| all << 8 | i64::from(*byte))
    };
    match (format, ty) {
        (1, Ty::Int4 | Ty::Int8 | Ty::Oid) => number().to_string().into_bytes(),
        (1, Ty::Bool) => vec![if bytes == [0] { b'f' } else { b't' }],
        (1, Ty::Bytea) => super::sql::value::from_bytes(bytes),
        _ => bytes.to_vec(),
    }
}

/// Parameters whose types the client left open: what they are cast to, or text.
fn infer(statement: &Statement, parameters: &mut Vec<(Ty, u32)>) {
    let mut visit = |expression: &Expr| each(expression, None, parameters);
    match statement {
        Statement::Select(Select { items, filter, .. }) => {
            for item in items {
                if let Item::One(expression, _) = item {
                    visit(expression);
                }
            }
            filter.iter().for_each(visit);
        }
        Statement::Insert { rows: Rows::Values(rows), .. } => {
            rows.iter().flatten().for_each(visit);
        }
        Statement::Update { sets, filter, .. } => {
            for (_, _, expression) in sets {
                visit(expression);
            }
            filter.iter().for_each(visit);
        }
        Statement::Delete(_, filter) => filter.iter().for_each(visit),
        _ => {}
    }
}

fn each(expression: &Expr, wanted: Option<Ty>, parameters: &mut Vec<(Ty, u32)>) {
    match expression {
        Expr::Parameter(number, _) => {
            let number = usize::from(*number);
            if number > POSTGRES_OBJECTS {
                return;
            }
            while parameters.len() < number {
                parameters.push((Ty::Text, 0));
            }
            if let (Some((ty, 0)), Some(wanted)) =
                (parameters.get_mut(number.wrapping_sub(1)), wanted)
            {
                *ty = wanted;
            }
        }
        Expr::Cast(inner, ty, ..) => each(inner, Some(*ty), parameters),
        Expr::Call { arguments, .. } => {
            for argument in arguments {
                each(argument, None, parameters);
            }
        }
        Expr::Binary { left, right, .. } | Expr::And(left, right) | Expr::Or(left, right) => {
            each(left, None, parameters);
            each(right, None, parameters);
        }
        Expr::In(inner, members, _) => {
            each(inner, None, parameters);
            for member in members {
                each(member, None, parameters);
            }
        }
        Expr::Between(parts, _) => parts.iter().for_each(|part| each(part, None, parameters)),
        Expr::Case { operand, arms, other } => {
            operand.iter().chain(other).for_each(|part| each(part, None, parameters));
            for (when, then) in arms {
                each(when, None, parameters);
                each(then, None, parameters);
            }
        }
        Expr::Not(inner) | Expr::IsNull(inner, _) | Expr::IsTruth(inner, ..) => {
            each(inner, None, parameters);
        }
        Expr::Literal(..) | Expr::Column { .. } => {}
    }
}
