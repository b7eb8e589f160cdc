//! One peer's MongoDB: its databases, what it reads at the moment, what it has counted.

use super::bson::{Document, Value};
use super::failure::Failure;
use crate::limits::{MONGODB_COLLECTIONS, MONGODB_CURSORS, MONGODB_DOCUMENTS, MONGODB_STORE_BYTES};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use ukai_model::{Sha256, Timestamp};
use ukai_persona::{Host, MongodbValue};

/// Bytes that a document takes besides its own.
const DOCUMENT_BYTES: usize = 64;

/// Documents, as they were sent.
#[derive(Debug)]
pub(super) struct Collection {
    pub(super) documents: Vec<Bytes>,
    pub(super) uuid: [u8; 16],
}

/// What is left of an answer.
#[derive(Debug)]
pub(super) struct Cursor {
    pub(super) namespace: String,
    pub(super) rest: VecDeque<Bytes>,
}

/// One peer's MongoDB.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) host: Arc<Host>,
    pub(super) databases: BTreeMap<String, BTreeMap<String, Collection>>,
    pub(super) cursors: BTreeMap<i64, Cursor>,
    pub(super) connections: u64,
    pub(super) current: u64,
    /// `insert`, `query`, `update`, `delete`, `getmore`, `command`.
    pub(super) counted: [i64; 6],
    bytes: usize,
    count: usize,
    drawn: u64,
}

impl Server {
    pub(super) fn new(host: &Arc<Host>) -> Self {
        let mut server = Self {
            host: Arc::clone(host),
            databases: BTreeMap::new(),
            cursors: BTreeMap::new(),
            connections: 0,
            current: 0,
            counted: [0; 6],
            bytes: 0,
            count: 0,
            drawn: 0,
        };
        let made = Timestamp::from_secs(1_700_000_000);
        for (database, collection) in
            [("admin", "system.version"), ("config", "system.sessions"), ("local", "startup_log")]
        {
            let _ = server.create(database, collection, made);
        }
        let version = Document::new()
            .with("_id", "featureCompatibilityVersion")
            .with("version", server.series());
        server.insert("admin", "system.version", &version, made);
        let given = host.persona.mongodb.as_ref().map(|spec| spec.databases.clone());
        for (database, collections) in given.unwrap_or_default() {
            for (collection, documents) in collections {
                for fields in documents {
                    let mut document = Document::new();
                    document.0.push(("_id".to_owned(), Value::ObjectId(server.new_id(made))));
                    let fields = fields.iter().map(|(n, value)| (n.clone(), filled(host, value)));
                    document.0.extend(fields);
                    server.insert(&database, &collection, &document, made);
                }
            }
        }
        server
    }

    /// The first two numbers of the version.
    pub(super) fn series(&self) -> String {
        let version = self.host.persona.mongodb.as_ref().map_or("", |spec| &spec.version);
        version.rsplit_once('.').map_or("", |(series, _)| series).to_owned()
    }

    pub(super) const fn used(&self) -> usize {
        self.bytes
    }

    /// Bytes that nobody can foretell, another time others.
    fn draw(&mut self, now: Timestamp) -> [u8; 32] {
        self.drawn += 1;
        let secret = self.host.secret("mongodb");
        let parts = [&secret[..], &self.drawn.to_be_bytes(), &now.nanos().to_be_bytes()];
        *Sha256::of(&parts.concat()).as_bytes()
    }

    /// A new `ObjectId`: seconds, five bytes of the process, a counter.
    pub(super) fn new_id(&mut self, now: Timestamp) -> [u8; 12] {
        self.drawn += 1;
        let mut id = [0; 12];
        let process = self.host.secret("mongodb process");
        let start = self.host.draw("mongodb counter", 0, 0x00ff_ffff);
        let seconds = u32::try_from(now.secs()).unwrap_or_default().to_be_bytes();
        let counter = (start + self.drawn).to_be_bytes();
        id[..4].copy_from_slice(&seconds);
        id[4..9].copy_from_slice(&process[..5]);
        id[9..].copy_from_slice(&counter[5..]);
        id
    }

    pub(super) fn collection(&self, database: &str, name: &str) -> Option<&Collection> {
        self.databases.get(database)?.get(name)
    }

    /// Makes a collection, if there is room for one.
    pub(super) fn create(&mut self, database: &str, name: &str, now: Timestamp) -> bool {
        if self.collection(database, name).is_some() {
            return true;
        }
        if self.databases.values().map(BTreeMap::len).sum::<usize>() >= MONGODB_COLLECTIONS {
            return false;
        }
        let mut uuid = [0; 16];
        uuid.copy_from_slice(&self.draw(now)[..16]);
        uuid[6] = uuid[6] & 0x0f | 0x40;
        uuid[8] = uuid[8] & 0x3f | 0x80;
        let collections = self.databases.entry(database.to_owned()).or_default();
        collections.insert(name.to_owned(), Collection { documents: Vec::new(), uuid });
        true
    }

    /// Keeps a document; false if there is no room.
    pub(super) fn insert(
        &mut self,
        database: &str,
        name: &str,
        document: &Document,
        now: Timestamp,
    ) -> bool {
        let bytes = Bytes::from(document.bytes());
        let size = bytes.len() + DOCUMENT_BYTES;
        if self.count >= MONGODB_DOCUMENTS
            || self.bytes + size > MONGODB_STORE_BYTES
            || !self.create(database, name, now)
        {
            return false;
        }
        self.count += 1;
        self.bytes += size;
        if let Some(place) = self.databases.get_mut(database).and_then(|all| all.get_mut(name)) {
            place.documents.push(bytes);
        }
        true
    }

    /// Puts other documents in the place of a collection's.
    pub(super) fn replace(&mut self, database: &str, name: &str, documents: Vec<Bytes>) -> bool {
        let size = |all: &[Bytes]| all.iter().map(|one| one.len() + DOCUMENT_BYTES).sum::<usize>();
        let Some(place) = self.databases.get_mut(database).and_then(|all| all.get_mut(name)) else {
            return false;
        };
        let bytes = self.bytes.saturating_sub(size(&place.documents)) + size(&documents);
        if bytes > MONGODB_STORE_BYTES {
            return false;
        }
        self.count = (self.count + documents.len()).saturating_sub(place.documents.len());
        self.bytes = bytes;
        place.documents = documents;
        true
    }

    /// Drops a collection; whether there was one.
    pub(super) fn drop_collection(&mut self, database: &str, name: &str) -> bool {
        let there = self.replace(database, name, Vec::new());
        if let Some(collections) = self.databases.get_mut(database) {
            collections.remove(name);
            if collections.is_empty() {
                self.databases.remove(database);
            }
        }
        there
    }

    /// Drops a database; whether there was one.
    pub(super) fn drop_database(&mut self, database: &str) -> bool {
        let names: Vec<String> =
            self.databases.get(database).map_or(Vec::new(), |all| all.keys().cloned().collect());
        for name in &names {
            self.drop_collection(database, name);
        }
        !names.is_empty()
    }

    /// Keeps what is left of an answer; 0 if nothing is.
    pub(super) fn keep(&mut self, namespace: &str, rest: VecDeque<Bytes>, now: Timestamp) -> i64 {
        if rest.is_empty() {
            return 0;
        }
        if self.cursors.len() >= MONGODB_CURSORS {
            self.cursors.pop_first();
        }
        let drawn = self.draw(now).first_chunk().map_or(1, |bytes| i64::from_be_bytes(*bytes));
        let number = drawn.unsigned_abs().max(1).cast_signed().max(1);
        self.cursors.insert(number, Cursor { namespace: namespace.to_owned(), rest });
        number
    }

    /// A name that a database may not have is refused.
    pub(super) fn check(database: &str) -> Result<(), Failure> {
        let wrong = |c: char| "/\\. \"$\0".contains(c);
        if database.is_empty() || database.len() >= 64 || database.contains(wrong) {
            let message = format!("Invalid database name: '{database}'");
            return Err(Failure::new(73, "InvalidNamespace", message));
        }
        Ok(())
    }
}

fn filled(host: &Host, value: &MongodbValue) -> Value {
    match value {
        MongodbValue::Bool(value) => Value::Bool(*value),
        MongodbValue::Whole(number) => match i32::try_from(*number) {
            Ok(number) => Value::Int(number),
            Err(_) => Value::Long(*number),
        },
        MongodbValue::Fraction(number) => Value::Double(*number),
        MongodbValue::Text(text) => Value::Text(host.fill_fixed(text)),
        MongodbValue::List(values) => {
            Value::Array(values.iter().map(|value| filled(host, value)).collect())
        }
        MongodbValue::Fields(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), filled(host, value)));
            Value::Document(Document(fields.collect()))
        }
    }
}
