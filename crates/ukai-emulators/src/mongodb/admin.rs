//! Commands about the server and the connection.

use super::bson::{Document, Value};
use super::command::Asked;
use super::failure::Failure;
use super::server::Server;
use ukai_model::Timestamp;

/// The newest version of the wire protocol that 7.0 speaks.
const WIRE_VERSION: i32 = 21;

pub(super) fn date(at: Timestamp) -> Value {
    Value::Date(i64::try_from(at.nanos() / 1_000_000).unwrap_or(i64::MAX))
}

/// `hello`, or `isMaster` as it was called.
pub(super) fn hello(asked: &Asked<'_>, new: bool) -> Document {
    let host = &asked.open.host;
    let mut process = [0; 12];
    process.copy_from_slice(&host.secret("mongodb topology")[..12]);
    let started = u32::try_from(super::status::started(asked).secs()).unwrap_or_default();
    process[..4].copy_from_slice(&started.to_be_bytes());
    let topology =
        Document::new().with("processId", Value::ObjectId(process)).with("counter", 0_i64);
    let mut answer = Document::new();
    if asked.body.is_true("helloOk") {
        answer = answer.with("helloOk", true);
    }
    answer = answer
        .with(if new { "isWritablePrimary" } else { "ismaster" }, true)
        .with("topologyVersion", topology);
    if let Some(user) = asked.body.text("saslSupportedMechs") {
        let name = user.split_once('.').map_or(user, |(_, name)| name);
        if !host.passwords("mongodb", name.as_bytes()).is_empty() {
            let all = ["SCRAM-SHA-1", "SCRAM-SHA-256"].map(Value::from).to_vec();
            answer = answer.with("saslSupportedMechs", all);
        }
    }
    answer
        .with("maxBsonObjectSize", 16_777_216)
        .with("maxMessageSizeBytes", 48_000_000)
        .with("maxWriteBatchSize", 100_000)
        .with("localTime", date(host.clock(asked.now)))
        .with("logicalSessionTimeoutMinutes", 30)
        .with("connectionId", i32::try_from(asked.number).unwrap_or(i32::MAX))
        .with("minWireVersion", 0)
        .with("maxWireVersion", WIRE_VERSION)
        .with("readOnly", false)
}

/// The options of the package's service and of its owner in a hurry.
pub(super) fn options(asked: &Asked<'_>) -> Result<Document, Failure> {
    asked.on_admin()?;
    let argv = ["/usr/bin/mongod", "--config", "/etc/mongod.conf"].map(Value::from).to_vec();
    let network =
        Document::new().with("bindIp", "0.0.0.0").with("port", i32::from(asked.open.flow.dst_port));
    let parsed = Document::new()
        .with("config", "/etc/mongod.conf")
        .with("net", network)
        .with("processManagement", Document::new().with("timeZoneInfo", "/usr/share/zoneinfo"))
        .with("storage", Document::new().with("dbPath", "/var/lib/mongodb"))
        .with(
            "systemLog",
            Document::new()
                .with("destination", "file")
                .with("logAppend", true)
                .with("path", "/var/log/mongodb/mongod.log"),
        );
    Ok(Document::new().with("argv", argv).with("parsed", parsed))
}

pub(super) fn log(asked: &Asked<'_>) -> Result<Document, Failure> {
    asked.on_admin()?;
    let at = super::status::started(asked);
    let time = crate::date::sql_time(at).replace(' ', "T");
    let line = |ms: u32, number: u32, message: &str, more: &str| {
        Value::Text(format!(
            "{{\"t\":{{\"$date\":\"{time}.{ms:03}+00:00\"}},\"s\":\"W\",  \"c\":\"CONTROL\",  \
             \"id\":{number},   \"ctx\":\"initandlisten\",\"msg\":\"{message}\"{more},\"tags\":\
             [\"startupWarnings\"]}}\n"
        ))
    };
    match asked.body.text("getLog") {
        Some("startupWarnings") => {
            let lines = vec![
                line(
                    482,
                    22_120,
                    "Access control is not enabled for the database. Read and write access to \
                     data and configuration is unrestricted",
                    "",
                ),
                line(
                    482,
                    5_123_300,
                    "vm.max_map_count is too low",
                    ",\"attr\":{\"currentValue\":65530,\"recommendedMinimum\":1677720,\
                     \"maxConns\":838860}",
                ),
            ];
            Ok(Document::new().with("totalLinesWritten", 2).with("log", lines))
        }
        Some("global") => Ok(Document::new().with("totalLinesWritten", 0).with("log", Vec::new())),
        Some("*") => {
            let names = ["global", "startupWarnings"].map(Value::from).to_vec();
            Ok(Document::new().with("names", names))
        }
        Some(name) => {
            let message = format!("No log named '{name}'");
            Err(Failure::new(96, "OperationFailed", message))
        }
        None => {
            let message = "Argument to getLog must be of type String; found undefined of type eoo";
            Err(Failure::new(14, "TypeMismatch", message))
        }
    }
}

pub(super) fn parameter(server: &Server, asked: &Asked<'_>) -> Result<Document, Failure> {
    asked.on_admin()?;
    let all = asked.body.field("getParameter") == Some(&Value::Text("*".to_owned()));
    let wanted = |name: &str| all || asked.body.field(name).is_some();
    let mut answer = Document::new();
    if wanted("featureCompatibilityVersion") {
        let version = Document::new().with("version", server.series());
        answer = answer.with("featureCompatibilityVersion", version);
    }
    if wanted("authenticationMechanisms") {
        let all = ["MONGODB-X509", "SCRAM-SHA-1", "SCRAM-SHA-256"].map(Value::from).to_vec();
        answer = answer.with("authenticationMechanisms", all);
    }
    if wanted("enableLocalhostAuthBypass") {
        answer = answer.with("enableLocalhostAuthBypass", true);
    }
    if answer.0.is_empty() {
        return Err(Failure::new(72, "InvalidOptions", "no option found to get"));
    }
    Ok(answer)
}

pub(super) fn connection_status(asked: &Asked<'_>) -> Document {
    let users = asked.user.map(|(user, database)| {
        Document::new().with("user", user.as_str()).with("db", database.as_str()).into()
    });
    let roles = asked.user.map(|_| Document::new().with("role", "root").with("db", "admin").into());
    let info = Document::new()
        .with("authenticatedUsers", users.into_iter().collect::<Vec<Value>>())
        .with("authenticatedUserRoles", roles.into_iter().collect::<Vec<Value>>());
    Document::new().with("authInfo", info)
}

pub(super) fn own_address(asked: &Asked<'_>) -> Document {
    let flow = &asked.open.flow;
    let you = std::net::SocketAddr::new(flow.src_ip.to_canonical(), flow.src_port);
    Document::new().with("you", you.to_string())
}
