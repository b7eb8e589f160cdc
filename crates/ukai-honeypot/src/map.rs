//! Who lives where in the networks of a configuration, for a reader.

use crate::config::{ConfigError, HoneypotConfig};
use crate::neighbours::Neighbours;
use serde::Serialize;
use std::net::IpAddr;
use std::sync::Arc;
use ukai_driver::SystemWorld;
use ukai_model::Transport;

/// Who lives where in the networks of a configuration.
pub struct HostMap {
    networks: Vec<Neighbours>,
    secret: [u8; 32],
}

/// A host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HostCard {
    /// Its address.
    pub address: IpAddr,
    /// Its persona.
    pub persona: String,
    /// Its name.
    pub hostname: String,
    /// The system that it seems to run: `Linux 3.4.35`.
    pub system: String,
    /// Its services.
    pub services: Vec<OpenPort>,
}

/// A port with a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenPort {
    /// Its number.
    pub port: u16,
    /// The transport protocol.
    pub transport: Transport,
    /// What is spoken, as in the configuration.
    pub protocol: &'static str,
}

impl HostMap {
    /// The map that a honeypot with this configuration and secret goes by.
    pub fn new(config: &HoneypotConfig, secret: [u8; 32]) -> Result<Self, ConfigError> {
        let networks = config.neighbours(secret, &(Arc::new(SystemWorld) as _))?;
        Ok(Self { networks, secret })
    }

    /// Who lives at `address`; in the first network that has it.
    pub fn at(&self, address: IpAddr) -> Option<HostCard> {
        let resident = self.networks.iter().find_map(|network| network.resident(address))?;
        let persona = resident.persona();
        let host = persona.host(address, self.secret).of_many();
        let service = |(protocol, port)| {
            let door = resident.door(Transport::Tcp, port)?;
            Some(OpenPort { port, transport: door.spoken.transport, protocol })
        };
        let mut services: Vec<OpenPort> = host.services.all().filter_map(service).collect();
        services.sort_by_key(|service| service.port);
        Some(HostCard {
            address,
            persona: persona.name.clone(),
            hostname: host.hostname,
            system: format!("Linux {}", persona.kernel.release),
            services,
        })
    }

    /// The planned hosts of all networks, by address. Networks of which each address is a
    /// host have none.
    pub fn planned(&self) -> Vec<IpAddr> {
        let mut all: Vec<IpAddr> =
            self.networks.iter().flat_map(Neighbours::planned).copied().collect();
        all.sort();
        all.dedup();
        all
    }
}
