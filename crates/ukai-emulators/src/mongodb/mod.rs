//! MongoDB 7.0.14 of MongoDB's own packages for Debian 12, started without access control as
//! those are that get ransacked: `OP_MSG`, what is left of `OP_QUERY`, log-ins by SCRAM,
//! databases that can be read, changed and dropped. Texts and codes are those of the server's
//! manual (version 7.0, "Database Commands") and of its `error_codes.yml`; there is no package
//! of the server to compare with. Drivers are: `tests/compare/mongodb.rs`.
//!
//! What a peer changes is its own, for all its connections: nobody sees another's data.

mod admin;
mod auth;
mod bson;
mod command;
mod failure;
mod filter;
mod read;
mod server;
mod session;
mod status;
mod wire;
mod write;

use crate::limits::{MONGODB_PEERS, MONGODB_STORES_BYTES};
use crate::{Emulator, Open, Raw, Session};
use server::Server;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use ukai_model::Sha256;
use ukai_persona::Persona;

/// The MongoDB emulator.
#[derive(Clone, Debug, Default)]
pub struct Mongodb {
    servers: Arc<Mutex<Servers>>,
}

type Known = (Arc<Mutex<Server>>, u64);

/// Each peer's MongoDB on each host, and when it was last used.
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
        let server = Arc::new(Mutex::new(Server::new(&open.host)));
        self.known.insert(key, (Arc::clone(&server), self.uses));
        server
    }

    /// Forgets those that were not used for longest.
    fn make_room(&mut self) {
        let size = |server: &Arc<Mutex<Server>>| {
            server.lock().unwrap_or_else(PoisonError::into_inner).used()
        };
        let mut held: usize = self.known.values().map(|(server, _)| size(server)).sum();
        while self.known.len() >= MONGODB_PEERS || held > MONGODB_STORES_BYTES {
            let oldest = self.known.iter().min_by_key(|(_, (_, used))| *used);
            let Some(key) = oldest.map(|(key, _)| *key) else { return };
            if let Some((server, _)) = self.known.remove(&key) {
                held -= size(&server).min(held);
            }
        }
    }
}

impl Emulator for Mongodb {
    fn name(&self) -> &'static str {
        "mongodb"
    }

    fn speaks(&self, persona: &Persona) -> bool {
        persona.mongodb.is_some()
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        if open.host.persona.mongodb.is_none() {
            return Raw.open(open);
        }
        let server = self.servers.lock().unwrap_or_else(PoisonError::into_inner).of(&open);
        Box::new(session::MongodbSession::new(open, server))
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    *Sha256::of(bytes).as_bytes()
}
