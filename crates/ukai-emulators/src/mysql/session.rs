//! One connection: greeting, log-in, commands.

use super::column::{Charset, Done, Reply, Rows, Value};
use super::counter;
use super::handshake::{
    Answer, Client, DEPRECATE_EOF, MULTI_STATEMENTS, NATIVE, PROTOCOL_41, SESSION_TRACK, Salt,
    bad_handshake, fits, greeting, read, salt, switch,
};
use super::lexer::Sql;
use super::packet::{Fault, Packets, Reader, put_bytes, put_number};
use super::state::{LINE_TIMER, Talk};
use crate::limits::{
    COMMANDS_WAITING_BYTES, MYSQL_HANDSHAKE_BYTES, MYSQL_LOGIN_WAIT_MS, MYSQL_PACKET_BYTES,
    MYSQL_STATEMENTS,
};
use crate::login::{LoginTry, log_in, log_in_by_proof};
use crate::{Context, Effect, FetchId, Fetched, Open, Session, TimerId};
use ukai_model::Duration;

const LOGIN: TimerId = TimerId(1);
const SLEEP: TimerId = TimerId(2);

const SCRAMBLE_BYTES: usize = 20;

/// Where the conversation is.
enum State {
    /// The greeting was sent.
    Greeted,
    /// Another challenge was sent to a client that is known otherwise.
    Switched(Box<Client>),
    Inside,
    Over,
}

pub(super) struct MysqlSession {
    talk: Box<Talk>,
    state: State,
    salt: Salt,
    challenges: u32,
    tls: bool,
    client: Client,
    /// Number that the client's next packet has.
    number: u8,
    waiting: Vec<u8>,
    /// Parts of a payload longer than a packet.
    parts: Vec<u8>,
    /// Bytes of a packet that is too long, which are dropped.
    dropping: usize,
    /// An answer that is held back while the server sleeps.
    held: Option<Vec<u8>>,
    ended: bool,
}

impl MysqlSession {
    pub(super) fn new(open: Open) -> Option<Self> {
        open.host.persona.mysql.as_ref()?;
        let id = counter::next(&open);
        Some(Self {
            tls: open.tls,
            talk: Box::new(Talk::new(Box::new(open), id)),
            state: State::Greeted,
            salt: [0; 20],
            challenges: 0,
            client: Client { capabilities: PROTOCOL_41, ..Client::default() },
            number: 0,
            waiting: Vec::new(),
            parts: Vec::new(),
            dropping: 0,
            held: None,
            ended: false,
        })
    }

    fn new_salt(&mut self, cx: &Context<'_>) {
        self.challenges = self.challenges.wrapping_add(1);
        self.salt = salt(self.talk.open.seed, cx.now.nanos(), self.challenges);
    }

    fn send(&mut self, cx: &mut Context<'_>, payload: &[u8]) {
        let mut packets = Packets::from(self.number);
        packets.add(payload);
        self.number = self.number.wrapping_add(1);
        cx.send(packets.into_bytes());
    }

    fn fail(&mut self, cx: &mut Context<'_>, fault: &Fault) {
        let with_state = self.client.capabilities & PROTOCOL_41 != 0;
        self.send(cx, &fault.payload(with_state));
    }

    fn refuse(&mut self, cx: &mut Context<'_>, fault: &Fault) {
        self.fail(cx, fault);
        self.hang_up(cx);
    }

    fn hang_up(&mut self, cx: &mut Context<'_>) {
        self.state = State::Over;
        self.waiting = Vec::new();
        self.parts = Vec::new();
        cx.close();
    }

    /// Goes through what waits.
    fn go_on(&mut self, cx: &mut Context<'_>) {
        while !matches!(self.state, State::Over) && self.held.is_none() {
            let Some(payload) = self.next_payload(cx) else { break };
            match std::mem::replace(&mut self.state, State::Over) {
                State::Greeted => self.answered(cx, &payload),
                State::Switched(client) => self.switched(cx, *client, payload),
                State::Inside => {
                    self.state = State::Inside;
                    self.command(cx, &payload);
                    // The next command is a new conversation.
                    self.number = 0;
                }
                State::Over => {}
            }
        }
        if self.ended && self.held.is_none() && !matches!(self.state, State::Over) {
            self.hang_up(cx);
        }
    }

    /// The next whole payload, if it is there.
    fn next_payload(&mut self, cx: &mut Context<'_>) -> Option<Vec<u8>> {
        loop {
            let (head, rest) = self.waiting.split_at_checked(4)?;
            let length =
                usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2]) << 16;
            if head[3] != self.number {
                // sql/net_serv.cc: a proxy's header would be looked for here.
                let fault = if head == b"\r\n\r\n" || head == b"PROX" {
                    let peer = self.talk.open.flow.src_ip.to_canonical();
                    let text = format!("Proxy header is not accepted from {peer}");
                    Fault::new(1130, "HY000", text)
                } else {
                    Fault::new(1156, "08S01", "Got packets out of order")
                };
                self.refuse(cx, &fault);
                return None;
            }
            let inside = matches!(self.state, State::Inside);
            let most = if inside { MYSQL_PACKET_BYTES } else { MYSQL_HANDSHAKE_BYTES };
            if self.parts.len() + length > most {
                if !inside {
                    self.dropping = length;
                    self.waiting.clear();
                    return None;
                }
                self.number = self.number.wrapping_add(1);
                let text = "Got a packet bigger than 'max_allowed_packet' bytes";
                self.refuse(cx, &Fault::new(1153, "08S01", text));
                return None;
            }
            if rest.len() < length {
                return None;
            }
            self.number = self.number.wrapping_add(1);
            let whole = length < 0xff_ffff;
            self.parts.extend_from_slice(&rest[..length]);
            self.waiting.drain(..4 + length);
            if whole {
                return Some(std::mem::take(&mut self.parts));
            }
        }
    }

    fn answered(&mut self, cx: &mut Context<'_>, payload: &[u8]) {
        let may_tls = self.talk.spec().tls && !self.tls;
        match read(payload, may_tls) {
            Err(fault) => self.refuse(cx, &fault),
            Ok(Answer::Tls) => {
                // What came behind it in the clear is no part of what follows.
                self.waiting.clear();
                self.tls = true;
                self.state = State::Greeted;
                cx.effects.push(Effect::StartTls);
            }
            Ok(Answer::Client(client)) => self.introduced(cx, *client),
        }
    }

    fn introduced(&mut self, cx: &mut Context<'_>, client: Client) {
        self.client.capabilities = client.capabilities;
        self.client.extended_columns = client.extended_columns;
        self.talk.charset = Charset::of_collation(client.collation);
        let old = Fault::new(
            1251,
            "08004",
            "Client does not support authentication protocol requested by server; consider \
             upgrading MariaDB client",
        );
        if client.capabilities & PROTOCOL_41 == 0 && !client.response.is_empty()
            || client.plugin.as_deref() == Some(b"mysql_old_password")
        {
            return self.refuse(cx, &old);
        }
        if client.plugin.as_deref().is_none_or(|name| name == NATIVE) {
            return self.prove(cx, client);
        }
        self.new_salt(cx);
        self.send(cx, &switch(&self.salt));
        self.state = State::Switched(Box::new(client));
    }

    fn switched(&mut self, cx: &mut Context<'_>, client: Client, response: Vec<u8>) {
        self.prove(cx, Client { response, ..client });
    }

    /// Decides on the log-in.
    fn prove(&mut self, cx: &mut Context<'_>, client: Client) {
        let salt = self.salt;
        let response = client.response;
        if !matches!(response.len(), 0 | SCRAMBLE_BYTES) {
            return self.refuse(cx, &bad_handshake());
        }
        let open = &self.talk.open;
        let method = Some("mysql_native_password");
        let login = LoginTry { protocol: "mysql", method, user: &client.user, password: b"" };
        let success = if response.is_empty() {
            log_in(cx, open, &login)
        } else {
            // As password crackers read it.
            let hex = super::function::lower_hex;
            let proof = [b"$mysqlna$", &hex(&salt)[..], b"*", &hex(&response)].concat();
            log_in_by_proof(cx, open, &login, &proof, |password| fits(password, &salt, &response))
        };
        if !success {
            let using = if response.is_empty() { "NO" } else { "YES" };
            let where_from = format!("'@'{}' (using password: {using})", self.talk.peer());
            let text = [b"Access denied for user '", &client.user[..], where_from.as_bytes()];
            return self.refuse(cx, &Fault::new(1045, "28000", text.concat()));
        }
        self.talk.user = client.user;
        let mut done = Done::default();
        if let Some(database) = client.database {
            match self.talk.use_database(&database) {
                Ok(Reply::Done(chosen)) => done = chosen,
                Ok(Reply::Rows(_)) => {}
                Err(fault) => return self.refuse(cx, &fault),
            }
        }
        self.state = State::Inside;
        let payload = self.ok(&done, 0);
        self.send(cx, &payload);
        self.number = 0;
    }

    fn command(&mut self, cx: &mut Context<'_>, payload: &[u8]) {
        let unknown = || Fault::new(1047, "08S01", "Unknown command");
        let Some((kind, rest)) = payload.split_first() else { return self.fail(cx, &unknown()) };
        self.talk.questions += 1;
        let name = match kind {
            1 => "quit",
            2 => "init_db",
            3 => "query",
            4 => "field_list",
            7 => "refresh",
            8 => "shutdown",
            9 => "statistics",
            10 => "process_info",
            12 => "process_kill",
            13 => "debug",
            14 => "ping",
            17 => "change_user",
            22 => "stmt_prepare",
            27 => "set_option",
            31 => "reset_connection",
            _ => "unknown",
        };
        if *kind != 1 {
            let mut requests = std::mem::take(&mut self.talk.requests);
            requests.note(cx, "mysql", name.as_bytes(), rest);
            self.talk.requests = requests;
        }
        match kind {
            1 => self.hang_up(cx),
            2 => {
                let reply = self.talk.use_database(rest);
                self.reply(cx, reply);
            }
            3 => self.query(cx, rest),
            4 => self.field_list(cx, rest),
            7 | 14 | 31 => self.reply(cx, Ok(Reply::Done(Done::default()))),
            8 => {
                Talk::attack(cx, "mysql-shutdown", b"COM_SHUTDOWN");
                let eof = self.eof(0);
                self.send(cx, &eof);
                self.hang_up(cx);
            }
            9 => {
                let text = self.talk.statistics(cx);
                self.send(cx, text.as_bytes());
            }
            10 => {
                let rows = self.talk.processes("", 100);
                self.reply(cx, Ok(Reply::Rows(rows)));
            }
            12 => {
                let id = Reader(rest).u32().unwrap_or(0);
                self.fail(cx, &Fault::new(1094, "HY000", format!("Unknown thread id: {id}")));
            }
            13 | 27 => {
                let eof = self.eof(0);
                self.send(cx, &eof);
            }
            22 => {
                let text = "This command is not supported in the prepared statement protocol yet";
                self.fail(cx, &Fault::new(1295, "HY000", text));
            }
            250 => self.fail(cx, &Fault::new(1835, "HY000", "Malformed communication packet")),
            _ => self.fail(cx, &unknown()),
        }
    }

    fn query(&mut self, cx: &mut Context<'_>, text: &[u8]) {
        let mut packets = Packets::from(self.number);
        let text = text.strip_suffix(b"\0").unwrap_or(text);
        let mut rest = text;
        for count in 1.. {
            let mut sql = Sql::new(rest);
            if sql.is_over() {
                let comment = rest.iter().any(|byte| !byte.is_ascii_whitespace() && *byte != b';');
                if comment {
                    packets.add(&self.ok(&Done::default(), 0));
                } else if count == 1 {
                    packets.add(&Fault::new(1065, "42000", "Query was empty").payload(true));
                }
                break;
            }
            let result = self.talk.statement(cx, &mut sql);
            let end = if result.is_ok() { behind(&mut sql) } else { rest.len() };
            rest = rest.get(end..).unwrap_or_default();
            let more = !rest.iter().all(|byte| byte.is_ascii_whitespace() || *byte == b';');
            let several = self.client.capabilities & MULTI_STATEMENTS != 0;
            if more && !several && result.is_ok() {
                let fault = Sql::new(rest).wrong();
                packets.add(&fault.payload(true));
                break;
            }
            match result {
                Err(fault) => {
                    packets.add(&fault.payload(true));
                    break;
                }
                Ok(reply) => self.add_reply(&mut packets, &reply, if more { 8 } else { 0 }),
            }
            if !more {
                break;
            }
            if count >= MYSQL_STATEMENTS {
                let text = "Query execution was interrupted";
                packets.add(&Fault::new(1317, "70100", text).payload(true));
                break;
            }
        }
        let bytes = packets.into_bytes();
        let asleep = std::mem::take(&mut self.talk.asleep_ms);
        if asleep == 0 {
            return cx.send(bytes);
        }
        self.held = Some(bytes);
        let at = cx.now + Duration::from_millis(asleep);
        cx.effects.push(Effect::Timer { id: SLEEP, at });
    }

    fn field_list(&mut self, cx: &mut Context<'_>, rest: &[u8]) {
        let table = rest.split(|byte| *byte == 0).next().unwrap_or_default();
        match self.talk.fields(table) {
            Err(fault) => self.fail(cx, &fault),
            Ok(columns) => {
                let mut packets = Packets::from(self.number);
                for column in columns {
                    let mut payload =
                        column.payload(self.talk.charset, self.client.extended_columns);
                    // The default: none.
                    payload.push(0xfb);
                    packets.add(&payload);
                }
                packets.add(&self.eof(0));
                cx.send(packets.into_bytes());
            }
        }
    }

    fn reply(&mut self, cx: &mut Context<'_>, result: Result<Reply, Fault>) {
        match result {
            Err(fault) => self.fail(cx, &fault),
            Ok(reply) => {
                let mut packets = Packets::from(self.number);
                self.add_reply(&mut packets, &reply, 0);
                cx.send(packets.into_bytes());
            }
        }
    }

    fn add_reply(&self, packets: &mut Packets, reply: &Reply, status: u16) {
        match reply {
            Reply::Done(done) => packets.add(&self.ok(done, status)),
            Reply::Rows(rows) => self.add_rows(packets, rows, status),
        }
    }

    fn add_rows(&self, packets: &mut Packets, rows: &Rows, status: u16) {
        let status = status | if rows.scanned { 0x20 } else { 0 };
        let mut head = Vec::new();
        put_number(&mut head, rows.columns.len() as u64);
        packets.add(&head);
        for column in &rows.columns {
            packets.add(&column.payload(self.talk.charset, self.client.extended_columns));
        }
        let deprecated = self.client.capabilities & DEPRECATE_EOF != 0;
        if !deprecated {
            packets.add(&self.eof(status));
        }
        for row in &rows.rows {
            let mut payload = Vec::new();
            for value in row {
                match value {
                    Value::Null => payload.push(0xfb),
                    value => put_bytes(&mut payload, &value.bytes()),
                }
            }
            packets.add(&payload);
        }
        if deprecated {
            let [low, high] = (self.talk.status() | status).to_le_bytes();
            packets.add(&[0xfe, 0, 0, low, high, 0, 0]);
        } else {
            packets.add(&self.eof(status));
        }
    }

    fn eof(&self, status: u16) -> Vec<u8> {
        let [low, high] = (self.talk.status() | status).to_le_bytes();
        vec![0xfe, 0, 0, low, high]
    }

    fn ok(&self, done: &Done, status: u16) -> Vec<u8> {
        /// The session's state is told of.
        const CHANGED: u16 = 0x4000;
        let tracks = self.client.capabilities & SESSION_TRACK != 0 && !done.tracked.is_empty();
        let mut status = self.talk.status() | status | done.status;
        if tracks {
            status |= CHANGED;
        }
        let mut out = vec![0];
        put_number(&mut out, done.affected);
        put_number(&mut out, 0);
        out.extend_from_slice(&status.to_le_bytes());
        out.extend_from_slice(&done.warnings.to_le_bytes());
        if tracks || !done.info.is_empty() {
            put_bytes(&mut out, done.info.as_bytes());
        }
        if tracks {
            let mut all = Vec::new();
            for (kind, data) in &done.tracked {
                all.push(*kind);
                put_bytes(&mut all, data);
            }
            put_bytes(&mut out, &all);
        }
        out
    }

    /// What a line in the shell wants next.
    fn with_lines(
        &mut self,
        cx: &mut Context<'_>,
        mut act: impl FnMut(&mut crate::injected::Injected, &mut Context<'_>, &mut u32, usize),
    ) {
        let mut next = self.talk.next_fetch;
        for (at, line) in self.talk.lines.iter_mut().enumerate() {
            act(line, cx, &mut next, at);
        }
        self.talk.next_fetch = next;
    }
}

/// Where the next statement begins.
fn behind(sql: &mut Sql<'_>) -> usize {
    // A statement that was taken whole has taken its semicolon.
    if sql.at > 0 && !sql.is_over()
        || sql.text.get(..sql.end_of_last()).is_some_and(|text| text.ends_with(b";"))
    {
        return sql.end_of_last();
    }
    sql.skip_statement()
}

impl Session for MysqlSession {
    fn protocol(&self) -> &'static str {
        "mysql"
    }

    fn on_open(&mut self, cx: &mut Context<'_>) {
        self.new_salt(cx);
        let tls = self.talk.spec().tls;
        let greeting = greeting(&self.talk.spec().version, self.talk.id, &self.salt, tls);
        self.send(cx, &greeting);
        let at = cx.now + Duration::from_millis(MYSQL_LOGIN_WAIT_MS);
        cx.effects.push(Effect::Timer { id: LOGIN, at });
    }

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if matches!(self.state, State::Over) {
            return;
        }
        let dropped = self.dropping.min(bytes.len());
        self.dropping -= dropped;
        let bytes = &bytes[dropped..];
        if dropped > 0 && self.dropping == 0 {
            self.number = self.number.wrapping_add(1);
            return self.refuse(cx, &bad_handshake());
        }
        let room = match self.held {
            Some(_) => COMMANDS_WAITING_BYTES.saturating_sub(self.waiting.len()),
            None => bytes.len(),
        };
        self.waiting.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.go_on(cx);
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        self.ended = true;
        self.go_on(cx);
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        match timer {
            LOGIN if !matches!(self.state, State::Inside | State::Over) => self.hang_up(cx),
            SLEEP => {
                if let Some(held) = self.held.take() {
                    cx.send(held);
                }
                self.go_on(cx);
            }
            TimerId(number) if number >= LINE_TIMER => {
                self.with_lines(cx, |line, cx, next, at| {
                    if number == LINE_TIMER + at as u32 {
                        line.on_timer(cx, next);
                    }
                });
            }
            _ => {}
        }
    }

    fn on_fetched(&mut self, cx: &mut Context<'_>, fetch: FetchId, fetched: Fetched) {
        self.with_lines(cx, |line, cx, next, _| line.on_fetched(cx, next, fetch, fetched.clone()));
    }

    fn on_close(&mut self, cx: &mut Context<'_>) {
        self.state = State::Over;
        for line in std::mem::take(&mut self.talk.lines) {
            line.finish(cx);
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_session_that_waits_is_small() {
        assert!(size_of::<super::MysqlSession>() < 1_024);
    }
}
