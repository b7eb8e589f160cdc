//! Redis 7.0.15 as Debian 12 packages it: RESP2 and RESP3, strings, lists, hashes and sets,
//! settings, replication that never connects, and files that are saved where the attacker
//! wants them. Commands, settings and help are data of the real one (`personas/redis/`).
//!
//! What a peer stores is its own, for all its connections: nobody sees another's keys. A
//! saved file goes to the attacker's disk, so that a key written to `authorized_keys` opens
//! SSH, and lines of a crontab that was written so are run.

mod connection;
mod glob;
mod hashes;
mod info;
mod keys;
mod lists;
mod reply;
mod save;
mod script;
mod server;
mod session;
mod settings;
mod store;
mod strings;
mod table;
mod wire;

use crate::limits::{REDIS_PEERS, REDIS_STORES_BYTES};
use crate::{Emulator, Open, Raw, Session};
use server::Server;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use ukai_persona::Persona;

/// The Redis emulator.
#[derive(Clone, Debug, Default)]
pub struct Redis {
    servers: Arc<Mutex<Servers>>,
}

type Known = (Arc<Mutex<Server>>, u64);

/// Each peer's Redis on each host, and when it was last used.
#[derive(Debug, Default)]
struct Servers {
    known: HashMap<(IpAddr, IpAddr), Known>,
    uses: u64,
}

impl Servers {
    fn of(&mut self, open: &Open) -> Arc<Mutex<Server>> {
        self.uses += 1;
        let key = (open.host.address, open.flow.src_ip);
        if let Some((server, used)) = self.known.get_mut(&key) {
            *used = self.uses;
            return Arc::clone(server);
        }
        self.make_room();
        let server = Arc::new(Mutex::new(Server::new(&open.host, open.now)));
        self.known.insert(key, (Arc::clone(&server), self.uses));
        server
    }

    fn make_room(&mut self) {
        let size = |server: &Arc<Mutex<Server>>| {
            server.lock().unwrap_or_else(PoisonError::into_inner).store.used()
        };
        let mut held: usize = self.known.values().map(|(server, _)| size(server)).sum();
        while self.known.len() >= REDIS_PEERS || held > REDIS_STORES_BYTES {
            let oldest = self.known.iter().min_by_key(|(_, (_, used))| *used);
            let Some(key) = oldest.map(|(key, _)| *key) else { return };
            if let Some((server, _)) = self.known.remove(&key) {
                held -= size(&server).min(held);
            }
        }
    }
}

impl Emulator for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn speaks(&self, persona: &Persona) -> bool {
        persona.redis.is_some()
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        if open.host.persona.redis.is_none() {
            return Raw.open(open);
        }
        let server = self.servers.lock().unwrap_or_else(PoisonError::into_inner).of(&open);
        Box::new(session::RedisSession::new(open, server))
    }
}
