//! One miner: lines of JSON in, lines of JSON out.

use super::job::{BITCOIN_DIFFICULTY, Jobs};
use crate::limits::{LINE_BYTES_OF_STRATUM, STRATUM_SHARES_TOLD};
use crate::told::Told;
use serde_json::{Map, Value, json};
use ukai_emulators::{Context, Effect, FetchId, Fetched, Open, Session, TimerId};
use ukai_model::{Duration, EventKind, PeerText};

const NEXT_JOB: TimerId = TimerId(1);
/// Time between jobs, in seconds.
const JOB_SECS: u64 = 45;

pub(super) struct StratumSession {
    told: Told,
    seed: u64,
    buffer: Vec<u8>,
    jobs: Jobs,
    /// What jobs are told in; none before there is a log-in.
    dialect: Option<Dialect>,
    /// Whether the miner asked for NiceHash's dialect of Ethereum.
    nicehash: bool,
    shares: u64,
    over: bool,
}

#[derive(Clone)]
enum Dialect {
    Bitcoin,
    /// With the algorithm that the miner prefers.
    Monero(String),
    Ethereum,
    EthereumNicehash,
}

/// What is answered to a request.
enum Reply {
    Result(Value),
    Error(i64, &'static str),
}

impl StratumSession {
    pub(super) fn new(open: &Open) -> Self {
        Self {
            told: Told::new("stratum"),
            seed: open.seed,
            buffer: Vec::new(),
            jobs: Jobs::new(open.seed),
            dialect: None,
            nicehash: false,
            shares: 0,
            over: false,
        }
    }

    fn line(&mut self, cx: &mut Context<'_>, line: &[u8]) {
        if line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let request: Option<Map<String, Value>> = serde_json::from_slice(line).ok();
        let Some(request) = request else {
            self.told.payload(cx, "unknown", line);
            self.over = true;
            return cx.close();
        };
        // Answers to what we told need none.
        let Some(method) = request.get("method").and_then(Value::as_str) else { return };
        let params = request.get("params").unwrap_or(&Value::Null);
        let worker = request.get("worker").and_then(Value::as_str).unwrap_or_default();
        let reply = self.answer(cx, method, params, worker);
        let id =
            request.get("id").filter(|id| id.is_u64() || id.is_i64() || id.is_null() || short(id));
        let id = id.cloned().unwrap_or_default();
        let mut answer = Map::new();
        answer.insert("id".to_owned(), id);
        if request.contains_key("jsonrpc") || matches!(self.dialect, Some(Dialect::Monero(_))) {
            answer.insert("jsonrpc".to_owned(), json!("2.0"));
        }
        let (result, error) = match reply {
            Reply::Result(result) => (result, Value::Null),
            Reply::Error(code, text) if method.starts_with("mining.") => {
                (Value::Null, json!([code, text, null]))
            }
            Reply::Error(code, text) => (Value::Null, json!({ "code": code, "message": text })),
        };
        answer.insert("result".to_owned(), result);
        answer.insert("error".to_owned(), error);
        send(cx, &Value::Object(answer));
        self.behind(cx, method);
    }

    fn answer(
        &mut self,
        cx: &mut Context<'_>,
        method: &str,
        params: &Value,
        worker: &str,
    ) -> Reply {
        let text = |at: usize| params.get(at).and_then(Value::as_str).unwrap_or_default();
        let named = |name: &str| params.get(name).and_then(Value::as_str).unwrap_or_default();
        let yes = Reply::Result(json!(true));
        match method {
            "mining.subscribe" => {
                self.told.request(cx, method, text(0).as_bytes());
                self.software(cx, text(0));
                let nonce = format!("{:08x}", self.seed as u32);
                self.nicehash = text(1).starts_with("EthereumStratum");
                if self.nicehash {
                    let session = json!(["mining.notify", nonce, "EthereumStratum/1.0.0"]);
                    return Reply::Result(json!([session, &nonce[..4]]));
                }
                let sessions = json!([["mining.set_difficulty", nonce], ["mining.notify", nonce]]);
                Reply::Result(json!([sessions, nonce, 4]))
            }
            "mining.authorize" => {
                self.told.login(cx, text(0).as_bytes(), text(1).as_bytes(), None, None);
                self.dialect =
                    Some(if self.nicehash { Dialect::EthereumNicehash } else { Dialect::Bitcoin });
                yes
            }
            "mining.configure" => {
                self.told.request(cx, method, params.to_string().as_bytes());
                let asked = params.get(0).and_then(Value::as_array);
                let mut result = Map::new();
                for name in asked.into_iter().flatten().filter_map(Value::as_str).take(16) {
                    result
                        .insert(name.chars().take(64).collect(), json!(name == "version-rolling"));
                    if name == "version-rolling" {
                        result.insert("version-rolling.mask".to_owned(), json!("1fffe000"));
                    }
                }
                Reply::Result(Value::Object(result))
            }
            "mining.submit" | "eth_submitWork" => {
                self.share(cx, params);
                yes
            }
            "submit" => {
                self.share(cx, params);
                Reply::Result(json!({ "status": "OK" }))
            }
            "login" => {
                let (user, password) = (named("login"), named("pass"));
                self.told.login(cx, user.as_bytes(), password.as_bytes(), None, None);
                self.software(cx, named("agent"));
                let algorithm = algorithm(params);
                self.dialect = Some(Dialect::Monero(algorithm.clone()));
                Reply::Result(json!({
                    "id": format!("{:016x}", self.seed),
                    "job": self.jobs.monero(cx.now, &algorithm),
                    "extensions": ["algo", "nicehash", "connect", "tls", "keepalive"],
                    "status": "OK",
                }))
            }
            "getjob" => match self.dialect.clone() {
                Some(Dialect::Monero(algorithm)) => {
                    Reply::Result(self.jobs.monero(cx.now, &algorithm))
                }
                _ => Reply::Error(-1, "Unauthenticated"),
            },
            "keepalived" => {
                self.told.request(cx, method, b"");
                Reply::Result(json!({ "status": "KEEPALIVED" }))
            }
            "eth_submitLogin" | "eth_login" => {
                let user = if worker.is_empty() {
                    text(0).to_owned()
                } else {
                    format!("{}.{worker}", text(0))
                };
                self.told.login(cx, user.as_bytes(), text(1).as_bytes(), None, None);
                self.dialect = Some(Dialect::Ethereum);
                yes
            }
            "eth_getWork" => Reply::Result(json!(self.jobs.ethereum())),
            "eth_submitHashrate"
            | "mining.extranonce.subscribe"
            | "mining.suggest_difficulty"
            | "mining.suggest_target"
            | "mining.multi_version" => {
                self.told.request(cx, method, params.to_string().as_bytes());
                yes
            }
            "mining.get_transactions" => Reply::Result(json!([])),
            "mining.ping" | "client.ping" => Reply::Result(json!("pong")),
            _ => {
                self.told.request(cx, "unknown", format!("{method} {params}").as_bytes());
                if method.starts_with("mining.") {
                    Reply::Error(20, "Other/Unknown")
                } else {
                    Reply::Error(-32_601, "Method not found")
                }
            }
        }
    }

    /// What a pool tells unasked behind its answer: difficulty and work.
    fn behind(&mut self, cx: &mut Context<'_>, method: &str) {
        match (method, &self.dialect) {
            ("mining.authorize", Some(Dialect::EthereumNicehash)) => {
                notify(cx, "mining.set_difficulty", &json!([1]));
            }
            ("mining.authorize", _) => {
                notify(cx, "mining.set_difficulty", &json!([BITCOIN_DIFFICULTY]));
            }
            ("login" | "eth_submitLogin" | "eth_login", _) => return later(cx),
            _ => return,
        }
        self.job(cx, true);
        later(cx);
    }

    /// Tells a job in the miner's dialect.
    fn job(&mut self, cx: &mut Context<'_>, fresh: bool) {
        match self.dialect.clone() {
            Some(Dialect::Bitcoin) => {
                let job = self.jobs.bitcoin(cx.now, fresh);
                notify(cx, "mining.notify", &job);
            }
            Some(Dialect::Monero(algorithm)) => {
                let job = self.jobs.monero(cx.now, &algorithm);
                send(cx, &json!({ "jsonrpc": "2.0", "method": "job", "params": job }));
            }
            Some(Dialect::Ethereum) => {
                let work = self.jobs.ethereum();
                send(cx, &json!({ "id": 0, "jsonrpc": "2.0", "result": work }));
            }
            Some(Dialect::EthereumNicehash) => {
                let [header, seed, _] = self.jobs.ethereum();
                notify(cx, "mining.notify", &json!([header[2..18], seed[2..], header[2..], fresh]));
            }
            None => {}
        }
    }

    fn share(&mut self, cx: &mut Context<'_>, params: &Value) {
        self.shares += 1;
        if self.shares <= STRATUM_SHARES_TOLD {
            self.told.request(cx, "share", params.to_string().as_bytes());
        }
    }

    fn software(&mut self, cx: &mut Context<'_>, agent: &str) {
        if !agent.is_empty() {
            let agent: String = agent.chars().take(256).collect();
            self.told.record(
                cx,
                EventKind::ClientFingerprint {
                    method: "stratum-agent".to_owned(),
                    value: PeerText::from(&*agent).to_string(),
                    software: Some(PeerText::from(&*agent)),
                },
            );
        }
    }
}

/// The next job is told after a while.
fn later(cx: &mut Context<'_>) {
    let at = cx.now + Duration::from_secs(JOB_SECS);
    cx.effects.push(Effect::Timer { id: NEXT_JOB, at });
}

/// The algorithm for a miner of Monero's kind: RandomX if it can, or the first that it lists.
fn algorithm(params: &Value) -> String {
    let offered: Vec<&str> = params
        .get("algo")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|name| name.len() <= 32)
        .take(64)
        .collect();
    let best = if offered.contains(&"rx/0") { None } else { offered.first().copied() };
    best.unwrap_or("rx/0").to_owned()
}

fn short(id: &Value) -> bool {
    id.as_str().is_some_and(|text| text.len() <= 64)
}

fn notify(cx: &mut Context<'_>, method: &str, params: &Value) {
    send(cx, &json!({ "id": null, "method": method, "params": params }));
}

fn send(cx: &mut Context<'_>, message: &Value) {
    cx.send(format!("{message}\n"));
}

impl Session for StratumSession {
    fn protocol(&self) -> &'static str {
        "stratum"
    }

    fn on_open(&mut self, _cx: &mut Context<'_>) {}

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        let mut rest = bytes;
        while !self.over {
            let end = rest.iter().position(|byte| *byte == b'\n');
            let piece = &rest[..end.unwrap_or(rest.len())];
            if self.buffer.len() + piece.len() > LINE_BYTES_OF_STRATUM {
                self.told.payload(cx, "unknown", &[&self.buffer, piece].concat());
                self.over = true;
                return cx.close();
            }
            self.buffer.extend_from_slice(piece);
            let Some(end) = end else { return };
            let line = std::mem::take(&mut self.buffer);
            self.line(cx, &line);
            rest = &rest[end + 1..];
        }
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        cx.close();
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        if timer == NEXT_JOB && !self.over {
            self.job(cx, false);
            later(cx);
        }
    }

    fn on_fetched(&mut self, _cx: &mut Context<'_>, _fetch: FetchId, _fetched: Fetched) {}

    fn on_close(&mut self, cx: &mut Context<'_>) {
        if self.shares > 0 {
            self.told.request(cx, "shares", self.shares.to_string().as_bytes());
            self.shares = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Stratum;
    use super::*;
    use crate::stage::Stage;
    use proptest::prelude::*;

    fn lines(answer: &str) -> Vec<Value> {
        answer.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    fn logged_in(stage: &Stage) -> Option<(String, String)> {
        stage.facts.iter().find_map(|fact| match fact {
            EventKind::LoginAttempt { user, password, .. } => {
                Some((user.to_string(), password.to_string()))
            }
            _ => None,
        })
    }

    #[test]
    fn a_miner_of_bitcoin_gets_work_and_its_shares_are_taken() {
        let mut stage = Stage::open(&Stratum, 3333);
        let subscribe = r#"{"id": 1, "method": "mining.subscribe", "params": ["cpuminer/2.5.1"]}"#;
        assert!(Stratum::looks_like(subscribe.as_bytes()));
        let answer = lines(&stage.talk(&format!("{subscribe}\n")));
        assert_eq!((answer[0]["id"].as_u64(), &answer[0]["result"][2]), (Some(1), &json!(4)));
        let answer = lines(&stage.talk(
            "{\"id\":2,\"method\":\"mining.authorize\",\"params\":[\"wallet.worker\",\"x\"]}\n",
        ));
        assert_eq!((&answer[0]["result"], &answer[0]["error"]), (&json!(true), &Value::Null));
        assert_eq!(answer[1]["method"], "mining.set_difficulty");
        assert_eq!(answer[2]["method"], "mining.notify");
        assert_eq!(logged_in(&stage), Some(("wallet.worker".to_owned(), "x".to_owned())));
        for id in 0..100 {
            let answer = lines(&stage.talk(&format!(
                "{{\"id\":{id},\"method\":\"mining.submit\",\"params\":[\"w\"]}}\n"
            )));
            assert_eq!(answer[0]["result"], json!(true));
        }
        let shares = stage.kinds().iter().filter(|kind| **kind == "service.request").count();
        assert_eq!(shares as u64, 1 + STRATUM_SHARES_TOLD);
        let later = lines(&String::from_utf8_lossy(&stage.wait(Duration::from_secs(100))));
        assert_eq!(later.len(), 2, "new work every now and then");
        assert_eq!(later[0]["params"][8], json!(false));
    }

    #[test]
    fn a_miner_of_monero_gets_work_with_its_log_in() {
        let mut stage = Stage::open(&Stratum, 3333);
        let login = r#"{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"48abc","pass":"rig","agent":"XMRig/6.21.0","algo":["cn/1","rx/0"]}}"#;
        assert!(Stratum::looks_like(login.as_bytes()));
        let answer = lines(&stage.talk(&format!("{login}\n")));
        assert_eq!(answer[0]["result"]["status"], "OK");
        assert_eq!(answer[0]["result"]["job"]["algo"], "rx/0");
        let answer = lines(
            &stage.talk("{\"id\":2,\"jsonrpc\":\"2.0\",\"method\":\"keepalived\",\"params\":{}}\n"),
        );
        assert_eq!(answer[0]["result"]["status"], "KEEPALIVED");
        let job = lines(&String::from_utf8_lossy(&stage.wait(Duration::from_secs(46))));
        assert_eq!(job[0]["method"], "job");
        assert_eq!(logged_in(&stage), Some(("48abc".to_owned(), "rig".to_owned())));
    }

    #[test]
    fn miners_of_ethereum_get_work_in_either_dialect() {
        let mut stage = Stage::open(&Stratum, 4444);
        stage.talk("{\"id\":1,\"method\":\"eth_submitLogin\",\"worker\":\"rig\",\"params\":[\"0xabc\",\"x\"]}\n");
        let answer = lines(&stage.talk("{\"id\":2,\"method\":\"eth_getWork\",\"params\":[]}\n"));
        assert_eq!(answer[0]["result"].as_array().map(Vec::len), Some(3));
        assert_eq!(logged_in(&stage), Some(("0xabc.rig".to_owned(), "x".to_owned())));
        let mut stage = Stage::open(&Stratum, 4444);
        stage.talk("{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"a\",\"EthereumStratum/1.0.0\"]}\n");
        let answer = lines(
            &stage.talk("{\"id\":2,\"method\":\"mining.authorize\",\"params\":[\"w\",\"x\"]}\n"),
        );
        assert_eq!(answer[2]["params"].as_array().map(Vec::len), Some(4));
    }

    #[test]
    fn what_is_not_json_ends_it() {
        let mut stage = Stage::open(&Stratum, 3333);
        assert_eq!(stage.talk("GET / HTTP/1.0\r\n"), "");
        assert!(stage.closed);
        let mut stage = Stage::open(&Stratum, 3333);
        stage.say(&vec![b'['; LINE_BYTES_OF_STRATUM + 1]);
        assert!(stage.closed);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_lines_in_any_pieces(
            methods in prop::collection::vec("mining\\.[a-z]{0,9}|login|submit|getjob|eth_getWork|mining\\.(subscribe|authorize|submit|configure)", 0..8),
            params in "\\[[\\[\\]a-z\",0-9]{0,30}\\]|\\{\\}|\\[\"x\",\"y\"\\]|null",
            cut in 1..40_usize,
        ) {
            let mut stage = Stage::open(&Stratum, 3333);
            let line = |method: &String| format!("{{\"id\":1,\"method\":\"{method}\",\"params\":{params}}}\n");
            let text = methods.iter().map(line).collect::<Vec<_>>().concat();
            for piece in text.as_bytes().chunks(cut) {
                stage.say(piece);
            }
            stage.wait(Duration::from_secs(50));
            let sent: usize = stage.sent.iter().map(Vec::len).sum();
            prop_assert!(sent <= 4_000 + 60 * text.len());
        }
    }
}
