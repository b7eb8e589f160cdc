//! MongoDB as its driver for Python meets it. There is no package of the server to compare
//! with: what its drivers take and show is what its manual says.

use crate::support::program::Ukai;
use crate::support::wait_for;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::process::Command;
use std::time::Duration;

/// A look around, changes, a ransom note; then what a second visit finds.
const VISIT: &str = r#"
import sys, pymongo
from pymongo import errors
from bson import ObjectId, Binary, Regex

client = pymongo.MongoClient("127.0.0.3", int(sys.argv[1]), serverSelectionTimeoutMS=60000)
info = client.server_info()
assert info["version"] == "7.0.14" and info["versionArray"] == [7, 0, 14, 0], info
assert info["buildEnvironment"]["distmod"] == "debian12", info
hello = client.admin.command("hello")
assert hello["isWritablePrimary"] and hello["maxWireVersion"] == 21, hello
assert client.admin.command("whatsmyuri")["you"].startswith("127.0.0.1:")
assert client.admin.command("getCmdLineOpts")["parsed"]["net"]["bindIp"] == "0.0.0.0"
assert "Access control is not enabled" in client.admin.command("getLog", "startupWarnings")["log"][0]
status = client.admin.command("serverStatus")
assert status["process"] == "mongod" and status["connections"]["current"] >= 1, status
assert status["uptimeMillis"] // 1000 - status["uptime"] in (0, 1), status
system = client.admin.command("hostInfo")
assert system["os"]["name"].startswith('PRETTY_NAME="Debian'), system
assert client.admin.command("connectionStatus")["authInfo"]["authenticatedUsers"] == []

if sys.argv[2] == "again":
    assert client.list_database_names() == ["READ__ME", "admin", "config", "local"]
    note = client.READ__ME.README.find_one()
    assert "0.1 BTC" in note["content"], note
    sys.exit()

assert client.list_database_names() == ["admin", "app", "config", "local", "shop"]
shop = client.shop
assert sorted(shop.list_collection_names()) == ["customers", "orders"]
assert shop.customers.count_documents({}) == shop.customers.estimated_document_count() == 4
assert isinstance(shop.customers.find_one()["_id"], ObjectId)
names = [one["name"] for one in shop.customers.find({"orders": {"$gt": 1}}).sort("orders", -1)]
assert names == ["J. Lindqvist", "M. Haller", "P. Moreau"], names
assert shop.customers.find_one({"city": "Lund"}, {"_id": 0, "orders": 1}) == {"orders": 7}
assert shop.customers.find_one({"$or": [{"city": "Paris"}, {"name": Regex("^S")}]})["city"] == "Leeds"
assert shop.orders.distinct("paid") == [False, True]
groups = list(shop.orders.aggregate([{"$match": {"paid": True}}, {"$group": {"_id": None, "n": {"$sum": 1}}}]))
assert groups == [{"_id": None, "n": 2}], groups

made = shop.big.insert_many([{"number": n, "text": "x" * 10, "blob": Binary(b"\0\1")} for n in range(350)])
assert len(made.inserted_ids) == 350
assert [one["number"] for one in shop.big.find(batch_size=100)] == list(range(350))
assert shop.big.update_many({"number": {"$lt": 10}}, {"$set": {"seen": True}}).modified_count == 10
assert shop.big.update_one({"_id": "own"}, {"$set": {"a": 1}}, upsert=True).upserted_id == "own"
assert shop.big.find_one_and_update({"_id": "own"}, {"$inc": {"a": 2}}, return_document=True)["a"] == 3
assert shop.big.delete_many({"seen": True}).deleted_count == 10
assert shop.big.count_documents({}) == 341

def fails(code, text, act):
    try:
        act()
    except errors.OperationFailure as error:
        assert error.code == code and text in str(error), (error.code, str(error))
    else:
        raise AssertionError(text)

fails(59, "no such command: 'shutdwn'", lambda: client.admin.command("shutdwn"))
fails(13, "may only be run against the admin database", lambda: client.shop.command("listDatabases"))
fails(2, "unknown operator: $foo", lambda: list(shop.big.find({"a": {"$foo": 1}})))
fails(40324, "Unrecognized pipeline stage name: '$foo'", lambda: shop.big.aggregate([{"$foo": 1}]))
fails(48, "Collection shop.big already exists.", lambda: shop.command("create", "big"))
fails(76, "not running with --replSet", lambda: client.admin.command("replSetGetStatus"))
fails(43, "cursor id 5 not found", lambda: shop.command("getMore", 5, collection="big"))
fails(13, "shutdown must run from localhost", lambda: client.admin.command("shutdown"))
fails(11000, "E11000 duplicate key error collection: shop.big index: _id_ dup key: { _id: \"own\" }",
      lambda: shop.big.insert_one({"_id": "own"}))

for user, password, mechanism, good in [
    ("admin", "admin", "SCRAM-SHA-256", True), ("admin", "admin", "SCRAM-SHA-1", True),
    ("admin", "wrong", "SCRAM-SHA-256", False), ("root", "root", "SCRAM-SHA-256", False),
    ("root", "root", "SCRAM-SHA-1", False), ("admin", "admin", "DEFAULT", True),
]:
    with pymongo.MongoClient("127.0.0.3", int(sys.argv[1]), username=user, password=password,
                             authMechanism=mechanism, serverSelectionTimeoutMS=60000) as other:
        if good:
            users = other.admin.command("connectionStatus")["authInfo"]["authenticatedUsers"]
            assert users == [{"user": user, "db": "admin"}], users
        else:
            fails(18, "Authentication failed.", lambda: other.admin.command("connectionStatus"))

for name in ["shop", "app"]:
    client.drop_database(name)
client.READ__ME.README.insert_one({"content": "All your data is backed up. Pay 0.1 BTC to bc1qexample"})
"#;

fn visit(port: u16, which: &str) {
    let output = Command::new("/opt/ukai-test/python/bin/python")
        .args(["-c", VISIT, &port.to_string(), which])
        .output()
        .expect("`tools/setup.sh test` installs pymongo");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{which}: {text}");
}

#[test]
fn its_driver_finds_a_mongodb_and_ransoms_it() {
    let ukai = Ukai::start();
    let address = ukai.service("mongodb", "server-debian");
    visit(address.port(), "first");
    visit(address.port(), "again");
    wait_for("the events", Duration::from_mins(1), || {
        let events = |kind: &str| {
            let page = ukai.get(&format!("/api/events?kind={kind}&limit=500"));
            page["items"].as_array().cloned().unwrap_or_default()
        };
        let (requests, tries) = (events("service.request"), events("login.attempt"));
        let told = |request: &str, detail: &str| {
            requests.iter().any(|event| {
                event["protocol"] == "mongodb"
                    && event["request"] == request
                    && event["detail"].as_str().is_some_and(|text| text.contains(detail))
            })
        };
        let tried = |user: &str, password: &str, success: bool| {
            tries.iter().any(|event| {
                event["protocol"] == "mongodb"
                    && event["user"] == user
                    && event["password"] == password
                    && event["success"] == success
            })
        };
        let all = told("dropDatabase", "shop")
            && told("insert", "0.1 BTC")
            && tried("admin", "admin", true)
            && tried("admin", "", false)
            && tried("root", "", false);
        all.then_some(())
    });
}

/// What is sent as it is, and the whole answer up to the end of the connection.
fn said(ukai: &Ukai, bytes: &[u8]) -> Vec<u8> {
    let address = ukai.service("mongodb", "server-debian");
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_mins(2))).expect("a socket option");
    stream.write_all(bytes).expect("it reads");
    let mut heard = vec![0; 4];
    if stream.read_exact(&mut heard).is_err() {
        return Vec::new();
    }
    let length = u32::from_le_bytes([heard[0], heard[1], heard[2], heard[3]]) as usize;
    heard.resize(length, 0);
    stream.read_exact(&mut heard[4..]).expect("a whole answer");
    let _ = stream.shutdown(Shutdown::Write);
    heard
}

fn old_query(name: &str) -> Vec<u8> {
    let mut document = vec![0x10];
    document.extend_from_slice(name.as_bytes());
    document.extend_from_slice(b"\0\x01\0\0\0\0");
    let length = u32::try_from(document.len() + 4).expect("short");
    let body =
        [b"\0\0\0\0admin.$cmd\0\0\0\0\0\xff\xff\xff\xff", &length.to_le_bytes()[..], &document]
            .concat();
    message(2_004, &body)
}

fn message(code: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 16).expect("short");
    [&length.to_le_bytes()[..], b"\x07\0\0\0\0\0\0\0", &code.to_le_bytes(), body].concat()
}

/// As nmap's scripts and old drivers ask; since 5.1 only few commands may come so.
#[test]
fn old_messages_are_met_as_by_version_7() {
    let ukai = Ukai::start();
    let has =
        |answer: &[u8], text: &str| answer.windows(text.len()).any(|part| part == text.as_bytes());
    let master = said(&ukai, &old_query("isMaster"));
    assert_eq!(master[8..16], *b"\x07\0\0\0\x01\0\0\0", "an OP_REPLY to the request");
    assert!(has(&master, "ismaster\0\x01") && !has(&master, "helloOk"));
    assert!(has(&said(&ukai, &old_query("buildinfo")), "ce59cfc6a3c5e5c067dca0d30697edd68d4f5188"));
    let refused = said(&ukai, &old_query("listDatabases"));
    assert!(has(&refused, "Unsupported OP_QUERY command: listDatabases. The client driver may"));
    assert!(has(&refused, "UnsupportedOpQueryCommand"));
    // Compression that was not agreed on, messages of old, nonsense: it hangs up.
    for wrong in [
        message(2_012, b"\xdd\x07\0\0\x10\0\0\0\x02x"),
        message(2_002, b"\0\0\0\0a.b\0\x05\0\0\0\0"),
        message(2_013, b"\0\0\0\0\x07"),
    ] {
        assert_eq!(said(&ukai, &wrong), b"", "{}", wrong.escape_ascii());
    }
}
