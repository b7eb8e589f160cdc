//! One peer's Redis: what it stores, how it is set, whose replica it is.

use super::store::{Store, Value};
use super::table::table;
use crate::limits::REDIS_SCRIPTS;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use ukai_model::Timestamp;
use ukai_persona::Host;

/// One peer's Redis.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) host: Arc<Host>,
    pub(super) store: Store,
    /// Settings that are not as the table has them.
    changed: BTreeMap<String, String>,
    /// Host and port that it is a replica of.
    pub(super) master: Option<(String, u16)>,
    /// When it was last saved, in seconds since 1970.
    pub(super) saved: u64,
    pub(super) saves: u64,
    /// Whether the last save in the background was well.
    pub(super) save_failed: bool,
    pub(super) clients: u32,
    pub(super) connections: u64,
    pub(super) commands: u64,
    pub(super) input: u64,
    pub(super) output: u64,
    pub(super) errors: BTreeMap<String, u64>,
    /// Command → how often it was called.
    pub(super) calls: BTreeMap<&'static str, u64>,
    /// SHA-1 of scripts that were loaded.
    pub(super) scripts: BTreeSet<String>,
    next_client: u64,
}

impl Server {
    pub(super) fn new(host: &Arc<Host>, now: Timestamp) -> Self {
        let spec = host.persona.redis.as_ref();
        let mut store = Store::default();
        let mut changed = BTreeMap::new();
        if let Some(spec) = spec {
            changed.extend(spec.settings.clone());
            if let Some(password) = &spec.password {
                changed.insert("requirepass".to_owned(), host.fill_fixed(password));
            }
            for (key, value) in &spec.keys {
                let (key, value) = (host.fill_fixed(key), host.fill_fixed(value));
                if store.reserve(key.len() + value.len(), 1).is_ok() {
                    store.put(0, key.as_bytes(), Value::Text(value.into_bytes()), None);
                }
            }
        }
        let up = host.uptime(now).as_secs();
        // An hour passes between saves of a server that is in use.
        let saved = now.secs() - up.min(host.draw("redis saved", 400, 3_600)).min(now.secs());
        Self {
            host: Arc::clone(host),
            store,
            changed,
            master: None,
            saved,
            saves: 0,
            save_failed: false,
            clients: 0,
            connections: 0,
            commands: 0,
            input: 0,
            output: 0,
            errors: BTreeMap::new(),
            calls: BTreeMap::new(),
            scripts: BTreeSet::new(),
            next_client: 0,
        }
    }

    /// The number of a new client: they are counted from the start of the server.
    pub(super) fn new_client(&mut self, now: Timestamp) -> u64 {
        self.connections += 1;
        self.clients += 1;
        self.next_client += 1;
        self.host.count("redis clients", 30, now) + 4 + self.next_client
    }

    /// A setting's value.
    pub(super) fn setting(&self, name: &str) -> &str {
        let own = self.changed.get(name).map(String::as_str);
        own.or_else(|| table().settings.get(name).map(|setting| setting.value)).unwrap_or_default()
    }

    /// Changes a setting, and the one that is the same by another name.
    pub(super) fn change(&mut self, name: &str, value: &str) {
        self.changed.insert(name.to_owned(), value.to_owned());
        let other = if name.contains("replica") {
            name.replace("replica", "slave")
        } else if name.contains("listpack") {
            name.replace("listpack", "ziplist")
        } else {
            name.replace("slave", "replica").replace("ziplist", "listpack")
        };
        if other != name && table().settings.contains_key(other.as_str()) {
            self.changed.insert(other, value.to_owned());
        }
    }

    pub(super) fn is_set(&self, name: &str) -> bool {
        self.setting(name) == "yes"
    }

    /// The password of the default user; none if empty.
    pub(super) fn password(&self) -> &str {
        self.setting("requirepass")
    }

    /// Follows another server, or none.
    pub(super) fn follow(&mut self, master: Option<(String, u16)>) {
        let text = master.as_ref().map_or(String::new(), |(host, port)| format!("{host} {port}"));
        self.changed.insert("slaveof".to_owned(), text.clone());
        self.changed.insert("replicaof".to_owned(), text);
        self.master = master;
    }

    pub(super) fn remember(&mut self, script: String) {
        if self.scripts.len() < REDIS_SCRIPTS {
            self.scripts.insert(script);
        }
    }

    /// Counts an error by its code, as `INFO errorstats` tells them.
    pub(super) fn erred(&mut self, text: &str) {
        const CODES: usize = 128;
        let code = text.split(' ').next().unwrap_or_default();
        if self.errors.len() < CODES || self.errors.contains_key(code) {
            *self.errors.entry(code.to_owned()).or_default() += 1;
        }
    }
}
