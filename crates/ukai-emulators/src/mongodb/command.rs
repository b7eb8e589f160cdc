//! Commands, by their names.

use super::bson::Document;
use super::failure::Failure;
use super::server::Server;
use super::{admin, read, status, write};
use crate::{Context, Open};
use ukai_model::Timestamp;

/// A command, and who asks.
pub(super) struct Asked<'a> {
    pub(super) open: &'a Open,
    pub(super) now: Timestamp,
    pub(super) database: &'a str,
    pub(super) name: &'a str,
    pub(super) body: &'a Document,
    /// The connection's number.
    pub(super) number: u64,
    /// User and database that are logged in.
    pub(super) user: Option<&'a (String, String)>,
}

impl Asked<'_> {
    /// The collection that the command names.
    pub(super) fn collection(&self) -> Result<&str, Failure> {
        match self.body.text(self.name) {
            Some("") => {
                let message = format!("Invalid namespace specified '{}.'", self.database);
                Err(Failure::new(73, "InvalidNamespace", message))
            }
            Some(name) => Ok(name),
            None => {
                let found = self.body.field(self.name).map_or("null", |value| value.type_name());
                let message = format!("collection name has invalid type {found}");
                Err(Failure::new(73, "InvalidNamespace", message))
            }
        }
    }

    pub(super) fn namespace(&self) -> Result<String, Failure> {
        Ok(format!("{}.{}", self.database, self.collection()?))
    }

    /// Only on the database `admin`.
    pub(super) fn on_admin(&self) -> Result<(), Failure> {
        if self.database == "admin" {
            return Ok(());
        }
        let message = format!("{} may only be run against the admin database.", self.name);
        Err(Failure::new(13, "Unauthorized", message))
    }
}

/// Whether an event tells of it: what drivers do by themselves is left out.
pub(super) fn is_told(name: &str) -> bool {
    const OWN: &str = "hello isMaster ismaster ping endSessions saslStart saslContinue getMore \
                       killCursors";
    !OWN.split_ascii_whitespace().any(|own| own == name)
}

pub(super) fn run(
    server: &mut Server,
    cx: &mut Context<'_>,
    asked: &Asked<'_>,
) -> Result<Document, Failure> {
    let kind = match asked.name {
        "insert" => 0,
        "find" | "aggregate" | "count" | "distinct" => 1,
        "update" | "findAndModify" | "findandmodify" => 2,
        "delete" => 3,
        "getMore" => 4,
        _ => 5,
    };
    if let Some(count) = server.counted.get_mut(kind) {
        *count += 1;
    }
    Server::check(asked.database)?;
    match asked.name {
        "hello" => Ok(admin::hello(asked, true)),
        "isMaster" | "ismaster" => Ok(admin::hello(asked, false)),
        "ping" | "endSessions" | "refreshSessions" | "abortTransaction" | "fsync" => {
            Ok(Document::new())
        }
        "buildInfo" | "buildinfo" => Ok(status::build_info(server)),
        "hostInfo" => Ok(status::host_info(asked)),
        "serverStatus" => Ok(status::server_status(server, asked)),
        "getCmdLineOpts" => admin::options(asked),
        "getLog" => admin::log(asked),
        "getParameter" => admin::parameter(server, asked),
        "connectionStatus" => Ok(admin::connection_status(asked)),
        "whatsmyuri" => Ok(admin::own_address(asked)),
        "usersInfo" => Ok(Document::new().with("users", Vec::new())),
        "rolesInfo" => Ok(Document::new().with("roles", Vec::new())),
        "createUser" | "updateUser" | "createRole" | "grantRolesToUser" => Ok(Document::new()),
        "dropUser" => {
            let user = asked.body.text("dropUser").unwrap_or_default();
            let message = format!("User '{user}@{}' not found", asked.database);
            Err(Failure::new(11, "UserNotFound", message))
        }
        "replSetGetStatus" | "replSetGetConfig" | "replSetInitiate" => {
            asked.on_admin()?;
            let message = "not running with --replSet";
            Err(Failure::new(76, "NoReplicationEnabled", message))
        }
        "shutdown" => {
            asked.on_admin()?;
            let message = "shutdown must run from localhost when running db without auth";
            Err(Failure::new(13, "Unauthorized", message))
        }
        "currentOp" => {
            asked.on_admin()?;
            Ok(Document::new().with("inprog", Vec::new()))
        }
        "listDatabases" => read::databases(server, asked),
        "listCollections" => Ok(read::collections(server, asked)),
        "listIndexes" => read::indexes(server, asked),
        "find" => read::find(server, asked),
        "aggregate" => read::aggregate(server, asked),
        "count" => read::count(server, asked),
        "distinct" => read::distinct(server, asked),
        "getMore" => read::more(server, asked),
        "killCursors" => read::kill(server, asked),
        "dbStats" | "dbstats" => Ok(status::database(server, asked)),
        "collStats" | "collstats" => status::collection(server, asked),
        "insert" => write::insert(server, cx, asked),
        "update" => write::update(server, asked),
        "delete" => write::delete(server, asked),
        "findAndModify" | "findandmodify" => write::find_and_modify(server, asked),
        "create" => write::create(server, asked),
        "createIndexes" => write::create_indexes(server, asked),
        "dropIndexes" => write::drop_indexes(server, asked),
        "drop" => write::drop_collection(server, asked),
        "dropDatabase" => write::drop_database(server, asked),
        "renameCollection" => write::rename(server, asked),
        name => Err(Failure::no_command(name)),
    }
}
