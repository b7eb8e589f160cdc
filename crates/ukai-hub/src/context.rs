//! What the program tells the hub about itself.

use crate::{SandboxSeat, Secret, Services};
use serde::Serialize;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use ukai_engine::Engines;
use ukai_model::SensorId;

/// What the program tells the hub about itself and its surroundings. It was read and
/// checked by the binary; the hub looks at no environment and no arguments.
#[derive(Clone, Debug)]
pub struct HubContext {
    /// Name of the sensor in this process; also that of the hub's own events.
    pub sensor: SensorId,
    /// What listens where, for showing.
    pub services: Vec<ServiceInfo>,
    /// Where everything is kept; feeds are written below it, in `feeds/`.
    pub data_dir: PathBuf,
    /// Version of ukai.
    pub version: String,
    /// What analyses a sample given on standard input.
    pub analyzer: Analyzer,
    /// What opens the UI and the API.
    pub ui_token: Secret,
    /// What lets a device read feeds, and nothing else.
    pub feed_token: Secret,
    /// Where samples are run; none: they are not.
    pub sandbox: Option<SandboxSeat>,
    /// Anti-virus engines that are asked about every sample.
    pub engines: Option<Arc<Engines>>,
    /// Services that are asked about every sample's hash.
    pub lookups: Option<Arc<Services>>,
    /// What may be published. It includes the sensors' own addresses.
    pub policy: ukai_indicator::Policy,
}

/// A honeypot's service, for showing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ServiceInfo {
    /// Emulator: `telnet`, `http` ...
    pub protocol: String,
    /// Where it listens.
    #[schema(value_type = String)]
    pub address: SocketAddr,
    /// Persona that the address wears.
    pub persona: String,
}

/// The program that analyses a sample: confined, the sample on its standard input, one
/// [`Analysis`](ukai_model::Analysis) per line on its standard output, each more
/// complete than the one before.
#[derive(Clone, Debug)]
pub struct Analyzer {
    /// The program; `/proc/self/exe` for the running one.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Whether it is started once and forks a child for each sample.
    pub warm: bool,
    /// Arguments with which it shows a part of the sample instead; a [`View`](ukai_static::View)
    /// as JSON follows, and a [`Viewed`](ukai_static::Viewed) comes back.
    pub viewer: Vec<OsString>,
}
