//! Where what was observed is read from: a data folder, or the ukai that runs on it.

use crate::analyze::FILE_BYTES_MAX;
use crate::cli::Place;
use crate::data_folder::DataFolder;
use crate::running::RunningHub;
use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashMap;
use ukai_cowrie::Translator;
use ukai_model::{Analysis, Event, SessionId, Sha256};
use ukai_persona::{Cpu, Persona};
use ukai_store::{
    EventQuery, Page, SampleQuery, SampleSummary, SessionQuery, SessionSummary, Store, StoreError,
};

/// Entries asked for in one go.
const PAGE: u32 = 500;

/// A folder that nobody has open, or the hub that has.
pub(crate) enum Source {
    Folder { store: Store, runtime: tokio::runtime::Runtime },
    Hub(RunningHub),
}

impl Source {
    /// Opens the data folder, or finds who has it open.
    pub(crate) fn open(place: &Place) -> Result<(Self, DataFolder)> {
        let config = place.load()?;
        let data = DataFolder::existing(&config.data_dir)?;
        let source = match Store::open(data.path(), config.store.clone()) {
            Ok(store) => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                Self::Folder { store, runtime }
            }
            Err(StoreError::InUse { .. }) => Self::Hub(RunningHub::find(data.path())?),
            Err(error) => return Err(error).with_context(|| data.path().display().to_string()),
        };
        Ok((source, data))
    }

    /// The newest events that fit, newest first; 0 for all.
    pub(crate) fn newest_events(&self, mut query: EventQuery, limit: u64) -> Result<Vec<Event>> {
        let wanted = if limit == 0 { u64::MAX } else { limit };
        let mut events: Vec<Event> = Vec::new();
        loop {
            let missing = wanted - events.len() as u64;
            query.limit = Some(u32::try_from(missing).unwrap_or(PAGE).min(PAGE));
            let page: Page<Event> = match self {
                Self::Folder { store, runtime } => runtime.block_on(store.events(query.clone()))?,
                Self::Hub(hub) => page_of_hub(hub, "/api/events", &query)?,
            };
            events.extend(page.items);
            if page.next.is_none() || events.len() as u64 >= wanted {
                return Ok(events);
            }
            query.before = page.next;
        }
    }

    /// The newest sessions that fit, newest first; 0 for all.
    pub(crate) fn newest_sessions(
        &self,
        mut query: SessionQuery,
        limit: u64,
    ) -> Result<Vec<SessionSummary>> {
        let wanted = if limit == 0 { u64::MAX } else { limit };
        let mut sessions: Vec<SessionSummary> = Vec::new();
        loop {
            let missing = wanted - sessions.len() as u64;
            query.limit = Some(u32::try_from(missing).unwrap_or(PAGE).min(PAGE));
            let page: Page<SessionSummary> = match self {
                Self::Folder { store, runtime } => {
                    runtime.block_on(store.sessions(query.clone()))?
                }
                Self::Hub(hub) => page_of_hub(hub, "/api/sessions", &query)?,
            };
            sessions.extend(page.items);
            if page.next.is_none() || sessions.len() as u64 >= wanted {
                return Ok(sessions);
            }
            query.before = page.next;
        }
    }

    /// One session.
    pub(crate) fn session(&self, id: SessionId) -> Result<Option<SessionSummary>> {
        match self {
            Self::Folder { store, runtime } => Ok(runtime.block_on(store.session(id))?),
            Self::Hub(hub) => {
                let Some(body) = hub.find_bytes(&format!("/api/sessions/{id}"))? else {
                    return Ok(None);
                };
                let mut page: Value = serde_json::from_slice(&body).context("the hub's answer")?;
                Ok(Some(
                    serde_json::from_value(page["session"].take()).context("the hub's answer")?,
                ))
            }
        }
    }

    /// All samples that are kept.
    pub(crate) fn samples(&self) -> Result<Vec<Sha256>> {
        let mut query = SampleQuery { limit: Some(PAGE), ..SampleQuery::default() };
        let mut samples = Vec::new();
        loop {
            let page: Page<SampleSummary> = match self {
                Self::Folder { store, runtime } => {
                    runtime.block_on(store.samples(query.clone()))?
                }
                Self::Hub(hub) => page_of_hub(hub, "/api/samples", &query)?,
            };
            samples.extend(page.items.iter().map(|sample| sample.sha256));
            if page.next.is_none() {
                return Ok(samples);
            }
            query.before = page.next;
        }
    }

    /// What was found out about a sample.
    pub(crate) fn analyses(&self, sha256: &Sha256) -> Result<Vec<Analysis>> {
        match self {
            Self::Folder { store, runtime } => Ok(runtime.block_on(store.analyses_of(sha256))?),
            Self::Hub(hub) => {
                let Some(body) = hub.find_bytes(&format!("/api/samples/{sha256}"))? else {
                    return Ok(Vec::new());
                };
                let mut page: Value = serde_json::from_slice(&body).context("the hub's answer")?;
                serde_json::from_value(page["analyses"].take()).context("the hub's answer")
            }
        }
    }

    /// The bytes of a sample, if they are still kept. It blocks.
    pub(crate) fn sample(&self, sha256: &Sha256) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Folder { store, .. } => Ok(store.sample_blocking(sha256)?.map(Vec::from)),
            Self::Hub(hub) => {
                let container = hub.find_bytes(&format!("/api/samples/{sha256}/cart"))?;
                let open = |bytes: Vec<u8>| ukai_store::cart::unpack(&bytes, FILE_BYTES_MAX);
                Ok(container.map(open).transpose()?.map(|unpacked| unpacked.bytes))
            }
        }
    }

    /// A session's terminal recording.
    pub(crate) fn recording(&self, id: SessionId) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Folder { store, runtime } => Ok(runtime.block_on(store.recording(id))?),
            Self::Hub(hub) => hub.find_bytes(&format!("/api/sessions/{id}/recording")),
        }
    }
}

fn page_of_hub<T: DeserializeOwned>(
    hub: &RunningHub,
    path: &str,
    query: &impl Serialize,
) -> Result<Page<T>> {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    let fields = serde_json::to_value(query).context("the query")?;
    for (name, value) in fields.as_object().into_iter().flatten() {
        match value {
            Value::Null => {}
            Value::String(text) => drop(pairs.append_pair(name, text)),
            other => drop(pairs.append_pair(name, &other.to_string())),
        }
    }
    let body = hub.get(&format!("{path}?{}", pairs.finish()))?;
    serde_json::from_slice(&body).context("the hub's answer")
}

/// What writes Cowrie's JSON for this installation.
pub(crate) fn cowrie(data: &DataFolder) -> Result<Translator> {
    let digest = Sha256::of(&[&b"cowrie uuid "[..], &data.secret()?].concat()).to_string();
    let part = |range| digest.get(range).unwrap_or_default();
    // In the form of a UUID of version 8 (RFC 9562): made as we like.
    let uuid = format!(
        "{}-{}-8{}-8{}-{}",
        part(0..8),
        part(8..12),
        part(12..15),
        part(15..18),
        part(18..30)
    );
    let architectures: HashMap<String, String> = Persona::built_in()
        .iter()
        .map(|persona| (persona.name.clone(), architecture(persona.cpu()).to_owned()))
        .collect();
    Ok(Translator::new(uuid, architectures))
}

/// A processor in Cowrie's words (its `data/arch`).
const fn architecture(cpu: Cpu) -> &'static str {
    match cpu {
        Cpu::Mips => "linux-mips-msb",
        Cpu::Mipsel => "linux-mips-lsb",
        Cpu::Arm => "linux-arm-lsb",
        Cpu::Aarch64 => "linux-aarch64-lsb",
        Cpu::X86 => "linux-x86-lsb",
        Cpu::X86_64 => "linux-x64-lsb",
        Cpu::Powerpc => "linux-powerpc-msb",
        Cpu::Sh4 => "linux-sh-lsb",
    }
}
