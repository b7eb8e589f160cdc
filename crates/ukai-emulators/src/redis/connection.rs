//! Commands that are about the connection or the server and not about what is stored.

use super::reply::{Answer, OK, Reply, SYNTAX, bulk, bulks, count, int, number, shown};
use super::script::{self, Outcome};
use super::server::Server;
use super::session::{RedisSession, Transaction, attack, find};
use super::store::DATABASES;
use super::table::{Command, table};
use crate::Context;
use crate::limits::{LOGIN_LINE_BYTES, REDIS_CHANNELS};
use crate::login::{LoginTry, record};
use ukai_model::{EventKind, PeerText};

const WRONG_PASS: &str = "WRONGPASS invalid username-password pair or user is disabled.";
const NO_CLUSTER: &str = "ERR This instance has cluster support disabled";

impl RedisSession {
    /// `None` if the command is not one of these.
    pub(super) fn on_connection(
        &mut self,
        cx: &mut Context<'_>,
        server: &mut Server,
        name: &str,
        args: &[Vec<u8>],
        words: &[Vec<u8>],
    ) -> Option<Answer> {
        let (top, below) = name.split_once('|').unwrap_or((name, ""));
        Some(match top {
            "ping" if args.len() > 1 => {
                Err("ERR wrong number of arguments for 'ping' command".into())
            }
            "ping" => Ok(self.ping(args)),
            "echo" => Ok(bulk(&args[0])),
            "quit" => {
                self.client.leaving = true;
                Ok(OK)
            }
            "auth" => self.auth(cx, server, args),
            "hello" => self.hello(cx, server, args),
            "select" => self.select(&args[0]),
            "reset" => Ok(self.reset(server)),
            "client" => self.client(cx, server, below, args)?,
            "multi" => self.multi(),
            "exec" => self.exec(cx, server),
            "discard" => match self.client.transaction.take() {
                Some(_) => Ok(OK),
                None => Err("ERR DISCARD without MULTI".into()),
            },
            "watch" if self.client.transaction.is_some() => {
                Err("ERR WATCH inside MULTI is not allowed".into())
            }
            "watch" | "unwatch" => Ok(OK),
            "subscribe" | "unsubscribe" | "psubscribe" | "punsubscribe" => {
                Ok(self.channels(name, args))
            }
            "publish" | "spublish" => Ok(Reply::Int(0)),
            "pubsub" => pubsub(below, args)?,
            "config" => self.config(cx, server, below, args)?,
            "command" => command_of(below, args, words)?,
            "info" => Ok(Reply::Text(server.info(args, cx.now))),
            "eval" | "evalsha" | "eval_ro" | "evalsha_ro" => {
                self.eval(cx, server, top.starts_with("evalsha"), args)
            }
            "script" => script_of(server, below, args)?,
            _ => return self.on_server(cx, server, top, below, args),
        })
    }

    fn on_server(
        &mut self,
        cx: &mut Context<'_>,
        server: &mut Server,
        top: &str,
        below: &str,
        args: &[Vec<u8>],
    ) -> Option<Answer> {
        Some(match top {
            "save" => {
                if self.save(cx, server) {
                    Ok(OK)
                } else {
                    Err("ERR".into())
                }
            }
            "bgsave" => self.background_save(cx, server, args),
            "lastsave" => Ok(Reply::Int(i64::try_from(server.saved).unwrap_or(i64::MAX))),
            "bgrewriteaof" => {
                Ok(Reply::Simple("Background append only file rewriting started".into()))
            }
            "slaveof" | "replicaof" => Self::follow(cx, server, args),
            "role" => Ok(role(server)),
            "module" => Self::module(cx, below, args),
            "shutdown" => self.shutdown(args),
            "time" => {
                let clock = server.host.clock(cx.now);
                let micros = clock.nanos() % 1_000_000_000 / 1_000;
                Ok(Reply::Array(bulks([clock.secs().to_string(), micros.to_string()])))
            }
            "lolwut" => Ok(Reply::Text(b"Redis ver. 7.0.15\n".to_vec())),
            "memory" if below == "doctor" => Ok(Reply::Text(
                b"Hi Sam, this instance is empty or is using very little memory, my issues \
                  detector can't be used in these conditions. Please, leave for your mission on \
                  Earth and fill it with some data. The new Sam and I will be back to our \
                  programming as soon as I finished rebooting.\n"
                    .to_vec(),
            )),
            "memory" if below == "purge" => Ok(OK),
            "latency" if below == "latest" => Ok(Reply::Array(Vec::new())),
            "latency" if below == "reset" => Ok(Reply::Int(0)),
            "slowlog" => match below {
                "get" => Ok(Reply::Array(Vec::new())),
                "len" => Ok(Reply::Int(0)),
                _ => Ok(OK),
            },
            "acl" => return acl(below, server),
            "function" if below == "list" => Ok(Reply::Array(Vec::new())),
            "wait" => number(&args[0]).and_then(|_| number(&args[1])).map(|_| Reply::Int(0)),
            "replconf" => replconf(args),
            "sync" | "psync" => Ok(Reply::Nothing),
            "monitor" => Ok(OK),
            "cluster" | "readonly" | "readwrite" | "asking" => Err(NO_CLUSTER.into()),
            "failover" => Err("ERR FAILOVER requires connected replicas.".into()),
            "dump" if !server.store.db(self.client.db).contains_key(&args[0]) => Ok(Reply::Nil),
            "restore" => Err("ERR DUMP payload version or checksum are wrong".into()),
            _ => return None,
        })
    }

    fn ping(&self, args: &[Vec<u8>]) -> Reply {
        let listens = !(self.client.channels.is_empty() && self.client.patterns.is_empty());
        match args.first() {
            text if listens && !self.client.resp3 => {
                Reply::Array(vec![bulk("pong"), text.map_or_else(|| bulk(""), bulk)])
            }
            Some(text) => bulk(text),
            None => Reply::Simple("PONG".into()),
        }
    }

    /// Whether user and password are right; recorded as a log-in.
    fn log_in(&mut self, cx: &mut Context<'_>, server: &Server, user: &[u8], pass: &[u8]) -> bool {
        let wanted = server.password();
        let success = user == b"default" && (wanted.is_empty() || wanted.as_bytes() == pass);
        let user = &user[..user.len().min(LOGIN_LINE_BYTES)];
        let login = LoginTry { protocol: "redis", method: None, user, password: pass };
        record(cx, &self.open, &login, None, success);
        if success {
            self.client.authenticated = true;
        }
        success
    }

    fn auth(&mut self, cx: &mut Context<'_>, server: &Server, args: &[Vec<u8>]) -> Answer {
        let (user, password) = match args {
            [password] if server.password().is_empty() => {
                let login =
                    LoginTry { protocol: "redis", method: None, user: b"default", password };
                record(cx, &self.open, &login, None, false);
                return Err("ERR AUTH <password> called without any password configured for the \
                            default user. Are you sure your configuration is correct?"
                    .into());
            }
            [password] => (&b"default"[..], password),
            [user, password] => (&user[..], password),
            _ => return Err(SYNTAX),
        };
        if self.log_in(cx, server, user, password) { Ok(OK) } else { Err(WRONG_PASS.into()) }
    }

    fn hello(&mut self, cx: &mut Context<'_>, server: &Server, args: &[Vec<u8>]) -> Answer {
        let version = match args.first() {
            None => None,
            Some(text) => {
                let wrong = "ERR Protocol version is not an integer or out of range";
                let version = int(text).ok_or(wrong)?;
                if !(2..=3).contains(&version) {
                    return Err("NOPROTO unsupported protocol version".into());
                }
                Some(version)
            }
        };
        let mut rest = args.get(1..).unwrap_or_default();
        let mut name = None;
        loop {
            match rest {
                [] => break,
                [word, user, password, more @ ..] if word.eq_ignore_ascii_case(b"auth") => {
                    if !self.log_in(cx, server, user, password) {
                        return Err(WRONG_PASS.into());
                    }
                    rest = more;
                }
                [word, new, more @ ..] if word.eq_ignore_ascii_case(b"setname") => {
                    name = Some(client_name(new)?);
                    rest = more;
                }
                [word, ..] => {
                    let word = shown(word, 4_096);
                    return Err(format!("ERR Syntax error in HELLO option '{word}'").into());
                }
            }
        }
        if !self.client.authenticated {
            return Err("NOAUTH HELLO must be called with the client already authenticated, \
                        otherwise the HELLO AUTH <user> <pass> option can be used to authenticate \
                        the client and select the RESP protocol version at the same time"
                .into());
        }
        if let Some(name) = name {
            self.client.name = name;
        }
        if let Some(version) = version {
            self.client.resp3 = version == 3;
        }
        let spec = server.host.persona.redis.as_ref();
        let role = if server.master.is_some() { "replica" } else { "master" };
        Ok(Reply::Map(vec![
            (bulk("server"), bulk("redis")),
            (bulk("version"), bulk(spec.map_or("7.0.15", |spec| &spec.version))),
            (bulk("proto"), Reply::Int(if self.client.resp3 { 3 } else { 2 })),
            (bulk("id"), Reply::Int(i64::try_from(self.client.id).unwrap_or(i64::MAX))),
            (bulk("mode"), bulk("standalone")),
            (bulk("role"), bulk(role)),
            (bulk("modules"), Reply::Array(Vec::new())),
        ]))
    }

    fn select(&mut self, text: &[u8]) -> Answer {
        let db = usize::try_from(number(text)?).ok().filter(|db| *db < DATABASES);
        self.client.db = db.ok_or("ERR DB index is out of range")?;
        Ok(OK)
    }

    fn reset(&mut self, server: &Server) -> Reply {
        let client = &mut self.client;
        client.transaction = None;
        client.channels.clear();
        client.patterns.clear();
        client.name.clear();
        (client.db, client.resp3, client.mute) = (0, false, false);
        client.authenticated = server.password().is_empty();
        Reply::Simple("RESET".into())
    }

    fn client(
        &mut self,
        cx: &Context<'_>,
        server: &Server,
        below: &str,
        args: &[Vec<u8>],
    ) -> Option<Answer> {
        let words = |word: &Vec<u8>| String::from_utf8_lossy(word).to_ascii_lowercase();
        let first = args.first().map(words).unwrap_or_default();
        Some(match below {
            "id" => Ok(Reply::Int(i64::try_from(self.client.id).unwrap_or(i64::MAX))),
            "getname" if self.client.name.is_empty() => Ok(Reply::Nil),
            "getname" => Ok(bulk(&self.client.name)),
            "setname" => client_name(&args[0]).map(|name| {
                self.client.name = name;
                OK
            }),
            "info" => Ok(Reply::Text(
                self.client_line(cx, server.setting("port"), "client|info").into_bytes(),
            )),
            "list" => {
                let second = args.get(1).map(words).unwrap_or_default();
                let told = match first.as_str() {
                    "" => true,
                    "type"
                        if ["normal", "master", "replica", "slave", "pubsub"]
                            .contains(&second.as_str()) =>
                    {
                        second == "normal"
                    }
                    "type" => {
                        let kind = shown(args.get(1).map_or(&[][..], Vec::as_slice), 128);
                        return Some(Err(format!("ERR Unknown client type '{kind}'").into()));
                    }
                    "id" => {
                        args.iter().skip(1).any(|id| *id == self.client.id.to_string().as_bytes())
                    }
                    _ => return Some(Err(SYNTAX)),
                };
                let line = self.client_line(cx, server.setting("port"), "client|list");
                Ok(Reply::Text(if told { line.into_bytes() } else { Vec::new() }))
            }
            "reply" => match first.as_str() {
                "on" => {
                    self.client.mute = false;
                    Ok(OK)
                }
                "off" => {
                    self.client.mute = true;
                    Ok(Reply::Nothing)
                }
                "skip" => {
                    self.client.mute_next = !self.client.mute;
                    Ok(Reply::Nothing)
                }
                _ => Err(SYNTAX),
            },
            "kill" if args.len() == 1 => Err("ERR No such client".into()),
            "kill" => match (first.as_str(), args.get(1)) {
                ("type", Some(kind))
                    if !["normal", "replica", "slave", "master", "pubsub"]
                        .contains(&words(kind).as_str()) =>
                {
                    Err(format!("ERR Unknown client type '{}'", shown(kind, 128)).into())
                }
                _ => Ok(Reply::Int(0)),
            },
            "pause" => match int(&args[0]) {
                Some(0..) => Ok(OK),
                Some(_) => Err("ERR timeout is negative".into()),
                None => Err("ERR timeout is not an integer or out of range".into()),
            },
            "unpause" | "no-evict" | "tracking" => Ok(OK),
            "getredir" => Ok(Reply::Int(-1)),
            "unblock" => Ok(Reply::Int(0)),
            _ => return None,
        })
    }

    fn multi(&mut self) -> Answer {
        if self.client.transaction.is_some() {
            return Err("ERR MULTI calls can not be nested".into());
        }
        self.client.transaction = Some(Transaction::default());
        Ok(OK)
    }

    fn exec(&mut self, cx: &mut Context<'_>, server: &mut Server) -> Answer {
        let transaction = self.client.transaction.take().ok_or("ERR EXEC without MULTI")?;
        if transaction.broken {
            return Err("EXECABORT Transaction discarded because of previous errors.".into());
        }
        let mut replies = Vec::new();
        for words in &transaction.commands {
            let answer = find(words).and_then(|command| self.carry_out(cx, server, command, words));
            replies.push(answer.unwrap_or_else(|text| {
                server.erred(&text);
                Reply::Error(text)
            }));
        }
        Ok(Reply::Array(replies))
    }

    fn channels(&mut self, name: &str, args: &[Vec<u8>]) -> Reply {
        let client = &mut self.client;
        let patterns = name.starts_with('p');
        let leaves = name.contains("unsub");
        let list = if patterns { &mut client.patterns } else { &mut client.channels };
        let all = if leaves && args.is_empty() { list.clone() } else { args.to_vec() };
        let mut replies = Vec::new();
        for channel in &all {
            let list = if patterns { &mut client.patterns } else { &mut client.channels };
            if leaves {
                list.retain(|known| known != channel);
            } else if !list.contains(channel) && list.len() < REDIS_CHANNELS {
                list.push(channel.clone());
            }
            let left = client.channels.len() + client.patterns.len();
            replies.push(Reply::Push(vec![bulk(name), bulk(channel), count(left)]));
        }
        if all.is_empty() {
            let left = client.channels.len() + client.patterns.len();
            replies.push(Reply::Push(vec![bulk(name), Reply::Nil, count(left)]));
        }
        Reply::Many(replies)
    }

    fn config(
        &mut self,
        cx: &Context<'_>,
        server: &mut Server,
        below: &str,
        args: &[Vec<u8>],
    ) -> Option<Answer> {
        Some(match below {
            "get" => Ok(server.config_get(args)),
            "set" => server.config_set(args, &self.files(cx.now)),
            "resetstat" => {
                server.store.hits = 0;
                server.store.misses = 0;
                server.errors.clear();
                server.calls.clear();
                Ok(OK)
            }
            "rewrite" => Ok(OK),
            _ => return None,
        })
    }

    fn eval(
        &mut self,
        cx: &mut Context<'_>,
        server: &mut Server,
        by_name: bool,
        args: &[Vec<u8>],
    ) -> Answer {
        let (script, rest) = (&args[0], args.get(2..).unwrap_or_default());
        let keys = number(&args[1])?;
        let Ok(keys) = usize::try_from(keys) else {
            return Err("ERR Number of keys can't be negative".into());
        };
        if keys > rest.len() {
            return Err("ERR Number of keys can't be greater than number of args".into());
        }
        if by_name {
            return Err("NOSCRIPT No matching script. Please use EVAL.".into());
        }
        if script::escapes(&String::from_utf8_lossy(script)).is_some() {
            attack(cx, "redis-lua-escape", script);
        }
        server.remember(script::name(script));
        let (keys, values) = rest.split_at(keys);
        match script::run(script, keys, values) {
            Outcome::Value(reply) => Ok(reply),
            Outcome::Error(text) => Err(text.into()),
            Outcome::Call(words) => {
                let command = find(&words).map_err(|_| {
                    let sha = script::name(script);
                    format!(
                        "ERR Unknown Redis command called from script script: {sha}, on \
                         @user_script:1."
                    )
                })?;
                if command.has("noscript") || !command.takes(words.len()) {
                    let sha = script::name(script);
                    return Err(format!(
                        "ERR This Redis command is not allowed from script script: {sha}, on \
                         @user_script:1."
                    )
                    .into());
                }
                self.carry_out(cx, server, command, &words)
            }
        }
    }

    fn background_save(
        &mut self,
        cx: &mut Context<'_>,
        server: &mut Server,
        args: &[Vec<u8>],
    ) -> Answer {
        match args {
            [] => {}
            [word] if word.eq_ignore_ascii_case(b"schedule") => {}
            _ => return Err(SYNTAX),
        }
        server.save_failed = !self.save(cx, server);
        Ok(Reply::Simple("Background saving started".into()))
    }

    fn follow(cx: &mut Context<'_>, server: &mut Server, args: &[Vec<u8>]) -> Answer {
        let (host, port) = (&args[0], &args[1]);
        if host.eq_ignore_ascii_case(b"no") && port.eq_ignore_ascii_case(b"one") {
            server.follow(None);
            return Ok(OK);
        }
        let number = int(port).and_then(|port| u16::try_from(port).ok());
        let number = number.ok_or("ERR Invalid master port")?;
        let master = (shown(host, 255), number);
        cx.record(EventKind::TunnelRequest {
            how: "redis-replicaof".to_owned(),
            host: PeerText::truncated(host, 255),
            port: number,
            origin: PeerText::default(),
            granted: false,
        });
        attack(cx, "redis-rogue-master", &[&host[..], b":", port].concat());
        if server.master.as_ref() == Some(&master) {
            return Ok(Reply::Simple("OK Already connected to specified master".into()));
        }
        server.follow(Some(master));
        Ok(OK)
    }

    fn module(cx: &mut Context<'_>, below: &str, args: &[Vec<u8>]) -> Answer {
        match below {
            "list" => Ok(Reply::Array(Vec::new())),
            "unload" => Err("ERR Error unloading module: no such module with that name".into()),
            _ => {
                let path = args.first().map_or(&[][..], Vec::as_slice);
                attack(cx, "redis-module-load", path);
                Err("ERR Error loading the extension. Please check the server logs.".into())
            }
        }
    }

    /// The server ends, and is started again by what watches over it.
    fn shutdown(&mut self, args: &[Vec<u8>]) -> Answer {
        let known = [&b"nosave"[..], b"save", b"now", b"force", b"abort"];
        if args.iter().any(|word| !known.contains(&&word.to_ascii_lowercase()[..])) {
            return Err(SYNTAX);
        }
        if args.iter().any(|word| word.eq_ignore_ascii_case(b"abort")) {
            return Err("ERR No shutdown in progress.".into());
        }
        self.client.leaving = true;
        Ok(Reply::Nothing)
    }
}

fn client_name(name: &[u8]) -> Result<Vec<u8>, std::borrow::Cow<'static, str>> {
    if name.iter().all(|byte| (b'!'..=b'~').contains(byte)) {
        Ok(name[..name.len().min(LOGIN_LINE_BYTES)].to_vec())
    } else {
        Err("ERR Client names cannot contain spaces, newlines or special characters.".into())
    }
}

fn role(server: &Server) -> Reply {
    match &server.master {
        None => Reply::Array(vec![bulk("master"), Reply::Int(0), Reply::Array(Vec::new())]),
        Some((host, port)) => Reply::Array(vec![
            bulk("slave"),
            bulk(host),
            Reply::Int(i64::from(*port)),
            bulk("connect"),
            Reply::Int(-1),
        ]),
    }
}

fn pubsub(below: &str, args: &[Vec<u8>]) -> Option<Answer> {
    Some(Ok(match below {
        "channels" | "shardchannels" => Reply::Array(Vec::new()),
        "numpat" => Reply::Int(0),
        "numsub" | "shardnumsub" => {
            Reply::Array(args.iter().flat_map(|name| [bulk(name), Reply::Int(0)]).collect())
        }
        _ => return None,
    }))
}

fn acl(below: &str, server: &Server) -> Option<Answer> {
    Some(Ok(match below {
        "whoami" => bulk("default"),
        "users" => Reply::Array(vec![bulk("default")]),
        "list" if server.password().is_empty() => {
            Reply::Array(vec![bulk("user default on nopass ~* &* +@all")])
        }
        _ => return None,
    }))
}

fn replconf(args: &[Vec<u8>]) -> Answer {
    const KNOWN: [&[u8]; 7] = [
        b"listening-port",
        b"ip-address",
        b"capa",
        b"ack",
        b"getack",
        b"rdb-only",
        b"rdb-filter-only",
    ];
    if !args.len().is_multiple_of(2) {
        return Err(SYNTAX);
    }
    match args.iter().step_by(2).find(|a| !KNOWN.contains(&&a.to_ascii_lowercase()[..])) {
        None => Ok(OK),
        Some(option) => {
            Err(format!("ERR Unrecognized REPLCONF option: {}", shown(option, 4_096)).into())
        }
    }
}

fn script_of(server: &mut Server, below: &str, args: &[Vec<u8>]) -> Option<Answer> {
    Some(match below {
        "load" => {
            let name = script::name(&args[0]);
            server.remember(name.clone());
            Ok(bulk(name))
        }
        "flush" => {
            server.scripts.clear();
            Ok(OK)
        }
        "exists" => {
            let known = |name: &Vec<u8>| {
                let name = String::from_utf8_lossy(name).to_ascii_lowercase();
                Reply::Int(server.scripts.contains(&name).into())
            };
            Ok(Reply::Array(args.iter().map(known).collect()))
        }
        "kill" => Err("NOTBUSY No scripts in execution right now.".into()),
        _ => return None,
    })
}

fn command_of(below: &str, args: &[Vec<u8>], words: &[Vec<u8>]) -> Option<Answer> {
    let table = table();
    let raw = |command: Option<&Command>| match command {
        Some(command) => Reply::Raw(command.raw.clone()),
        None => Reply::Nil,
    };
    let named = |name: &Vec<u8>| {
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        let (top, below) = name.split_once('|').unwrap_or((&name, ""));
        let command = table.commands.get(top)?;
        if below.is_empty() { Some(command) } else { command.subcommand(below.as_bytes()) }
    };
    Some(Ok(match below {
        "" | "info" if words.len() < 3 => {
            Reply::Array(table.commands.values().map(|command| raw(Some(command))).collect())
        }
        "info" => Reply::Array(args.iter().map(|name| raw(named(name))).collect()),
        "count" => count(table.commands.len()),
        "list" if args.is_empty() => Reply::Array(bulks(table.commands.keys())),
        "docs" => {
            let all: Vec<&Vec<u8>> = if args.is_empty() {
                table.docs.values().collect()
            } else {
                let lower = |name: &Vec<u8>| String::from_utf8_lossy(name).to_ascii_lowercase();
                args.iter().filter_map(|name| table.docs.get(&lower(name))).collect()
            };
            let head = format!("*{}\r\n", all.len() * 2).into_bytes();
            Reply::Raw(all.into_iter().fold(head, |mut out, raw| {
                out.extend_from_slice(raw);
                out
            }))
        }
        "getkeys" => {
            let Some(command) = args.first().and_then(named) else {
                return Some(Err("ERR Invalid command specified".into()));
            };
            if !command.takes(args.len()) {
                return Some(Err("ERR Invalid number of arguments specified for command".into()));
            }
            let [first, last, step] = command.keys;
            let at = |n: i64| usize::try_from(n).unwrap_or_default();
            let last = if last < 0 { args.len() as i64 + last } else { last };
            if first < 1 || step < 1 {
                return Some(Err("ERR The command has no key arguments".into()));
            }
            let keys = args.get(at(first)..=at(last)).unwrap_or_default();
            Reply::Array(bulks(keys.iter().step_by(at(step))))
        }
        _ => return None,
    }))
}
