//! What the virtual Internet's events say: names, destinations, scans and floods of one run,
//! joined with the guest's word on which process was behind them.

mod classify;
mod read;
pub(crate) mod rhythm;

pub(crate) use classify::classify;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use ukai_model::{Class, Proof, Sha256, Transport};

/// What one run's events say.
#[derive(Debug, Default)]
pub(crate) struct Outside {
    pub(crate) run: u32,
    pub(crate) names: BTreeMap<Vec<u8>, Asked>,
    pub(crate) places: BTreeMap<Key, Place>,
    pub(crate) attacks: BTreeMap<(String, String), Attacking>,
    pub(crate) uploads: Vec<Upload>,
    /// What the virtual Internet gave out.
    pub(crate) served: BTreeSet<Sha256>,
    pub(crate) left_out: u64,
}

/// A destination: by its name, or by its address where the sample used no name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) transport: u8,
    pub(crate) host: Host,
    pub(crate) port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Host {
    Name(Vec<u8>),
    Address(IpAddr),
}

impl Key {
    pub(crate) fn transport(&self) -> Transport {
        if self.transport == 6 { Transport::Tcp } else { Transport::Udp }
    }

    pub(crate) fn name(&self) -> &[u8] {
        match &self.host {
            Host::Name(name) => name,
            Host::Address(_) => b"",
        }
    }
}

/// A name that was looked up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) count: u64,
    pub(crate) records: BTreeSet<String>,
    pub(crate) via: BTreeSet<String>,
    pub(crate) code: String,
    pub(crate) answers: BTreeSet<String>,
    pub(crate) proofs: Vec<Proof>,
}

/// What happened with one destination.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    pub(crate) addresses: BTreeSet<IpAddr>,
    pub(crate) protocols: BTreeSet<String>,
    pub(crate) conversations: u64,
    pub(crate) attempts: u64,
    pub(crate) sent: u64,
    pub(crate) got: u64,
    pub(crate) first_ms: Option<u64>,
    pub(crate) last_ms: u64,
    pub(crate) times: Vec<u64>,
    pub(crate) longest_ms: u64,
    pub(crate) first_payload: Vec<u8>,
    pub(crate) said: Vec<Vec<u8>>,
    pub(crate) urls: BTreeSet<String>,
    pub(crate) fetches: Vec<Fetch>,
    pub(crate) posts: u64,
    pub(crate) gets: u64,
    pub(crate) commanded: u64,
    pub(crate) known: BTreeSet<String>,
    pub(crate) logins: BTreeSet<Vec<u8>>,
    pub(crate) agents: BTreeSet<Vec<u8>>,
    pub(crate) ja4: BTreeSet<String>,
    pub(crate) pids: BTreeSet<u32>,
    pub(crate) proofs: Vec<Proof>,
    pub(crate) class: Option<Class>,
    pub(crate) confidence: u8,
    pub(crate) reasons: Vec<String>,
}

/// A file that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Fetch {
    pub(crate) what: Vec<u8>,
    pub(crate) at_ms: u64,
}

/// A scan or a flood over its windows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attacking {
    pub(crate) ports: BTreeMap<u16, u64>,
    pub(crate) targets: u64,
    pub(crate) examples: BTreeSet<String>,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) duration_ms: u64,
    pub(crate) forged: bool,
    pub(crate) payload: Vec<u8>,
    pub(crate) logins: BTreeSet<Vec<u8>>,
    pub(crate) talked_to: u64,
    pub(crate) proofs: Vec<Proof>,
}

/// A file that the sample sent somewhere.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) sha256: Sha256,
    pub(crate) size: u64,
    pub(crate) name: Vec<u8>,
}
