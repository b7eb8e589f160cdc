//! Who lives at the addresses of a network: asked by the stack for each packet, and by the
//! honeypot for each flow.

use crate::config::{ConfigError, who_speaks};
use crate::network::Network;
use crate::ports::{Spoken, UNKNOWN, UNKNOWN_DATAGRAMS};
use ipnet::IpNet;
use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use ukai_driver::World;
use ukai_emulators::Emulator;
use ukai_model::Transport;
use ukai_netstack::{Host, Neighbourhood, Personality, Port};
use ukai_persona::{Odds, Persona};
use ukai_plan::Request;

/// The hosts of a network.
pub(crate) struct Neighbours {
    members: Members,
    seed: String,
    kinds: Vec<Kind>,
    any_port: Option<[Door; 2]>,
    secret: [u8; 32],
    world: Arc<dyn World>,
}

/// Which addresses are hosts.
enum Members {
    /// These.
    Planned(HashSet<IpAddr>),
    /// All of these prefixes but those of the second list.
    All(Prefixes, Prefixes),
}

/// What hosts of one persona share.
struct Kind {
    persona: Arc<Persona>,
    personality: Arc<Personality>,
    doors: Vec<Door>,
}

/// A port that some hosts have.
pub(crate) struct Door {
    port: u16,
    odds: Vec<Odds>,
    pub(crate) spoken: &'static Spoken,
    pub(crate) emulator: Arc<dyn Emulator>,
}

/// A host, as far as it is told from others.
#[derive(Clone, Copy)]
pub(crate) struct Resident<'a> {
    neighbours: &'a Neighbours,
    kind: &'a Kind,
    address: IpAddr,
}

impl Neighbours {
    /// The hosts of `network`, which is checked; `key` is where it stands.
    pub(crate) fn new(
        network: &Network,
        key: &str,
        personas: &[Arc<Persona>],
        secret: [u8; 32],
        world: Arc<dyn World>,
    ) -> Result<Self, ConfigError> {
        network.check(key)?;
        let kinds = network
            .personas
            .iter()
            .map(|name| Kind::new(name, key, personas))
            .collect::<Result<Vec<_>, _>>()?;
        let any =
            |spoken: &'static Spoken| Some(Door::new(spoken, 0, Vec::new(), spoken.emulator()?));
        let any_port = match (network.any_port, any(UNKNOWN), any(&UNKNOWN_DATAGRAMS)) {
            (true, Some(tcp), Some(udp)) => Some([tcp, udp]),
            _ => None,
        };
        let members = Members::new(network, key)?;
        let seed = network.seed.clone();
        Ok(Self { members, seed, kinds, any_port, secret, world })
    }

    /// How many hosts there are; `None`: every address is one.
    pub(crate) fn count(&self) -> Option<usize> {
        match &self.members {
            Members::Planned(planned) => Some(planned.len()),
            Members::All(..) => None,
        }
    }

    /// The planned hosts; none where every address is one.
    pub(crate) fn planned(&self) -> impl Iterator<Item = &IpAddr> {
        let planned = match &self.members {
            Members::Planned(planned) => Some(planned),
            Members::All(..) => None,
        };
        planned.into_iter().flatten()
    }

    /// Who lives at an address.
    pub(crate) fn resident(&self, address: IpAddr) -> Option<Resident<'_>> {
        if !self.members.contain(address) {
            return None;
        }
        let kind = self.kinds.get(ukai_plan::share(&self.seed, address, self.kinds.len()))?;
        Some(Resident { neighbours: self, kind, address })
    }
}

impl<'a> Resident<'a> {
    pub(crate) fn persona(&self) -> &'a Arc<Persona> {
        &self.kind.persona
    }

    /// The door of a port, if it is open.
    pub(crate) fn door(&self, transport: Transport, port: u16) -> Option<&'a Door> {
        let Self { neighbours, kind, address } = *self;
        let at = kind.doors.partition_point(|door| door.port < port);
        let here = kind.doors[at..].iter().take_while(|door| door.port == port);
        let mut here = here.filter(|door| door.spoken.transport == transport).peekable();
        if here.peek().is_some() {
            let outline = kind.persona.outline(address, &neighbours.secret);
            if let Some(door) = here.find(|door| outline.has(&door.odds)) {
                return Some(door);
            }
        }
        neighbours.any_port.iter().flatten().find(|door| door.spoken.transport == transport)
    }
}

impl Kind {
    fn new(name: &str, key: &str, personas: &[Arc<Persona>]) -> Result<Self, ConfigError> {
        let Some(persona) = personas.iter().find(|persona| persona.name == name) else {
            let names: Vec<&str> = personas.iter().map(|p| p.name.as_str()).collect();
            return Err(ConfigError::new(
                format!("{key}.personas"),
                format!("there is no persona \"{}\"", name.escape_debug()),
                format!("choose among {}", names.join(", ")),
            ));
        };
        let mut doors = Vec::new();
        for (name, port) in persona.services.all() {
            let key = format!("{key}.personas: {}: services.{name}", persona.name);
            let Some(spoken) = Spoken::named(name) else { continue };
            let emulator = who_speaks(&key, spoken, persona)?;
            doors.push(Door::new(spoken, port, persona.services.odds(name, port), emulator));
        }
        doors.sort_by_key(|door| door.port);
        let personality = Arc::new(Personality::of_linux(&persona.kernel.release));
        Ok(Self { persona: Arc::clone(persona), personality, doors })
    }
}

impl Door {
    fn new(
        spoken: &'static Spoken,
        port: u16,
        odds: Vec<Odds>,
        emulator: Arc<dyn Emulator>,
    ) -> Self {
        Self { port, odds, spoken, emulator }
    }
}

impl Members {
    fn new(network: &Network, key: &str) -> Result<Self, ConfigError> {
        let all = |net: &IpNet| match net {
            IpNet::V4(_) => network.density == 32,
            IpNet::V6(_) => network.density_v6 == 128,
        };
        if network.prefixes.iter().all(all) {
            let prefixes = Prefixes::new(&network.prefixes);
            return Ok(Self::All(prefixes, Prefixes::new(&network.exclude)));
        }
        let request = Request {
            prefixes: network.prefixes.clone(),
            exclude: network.exclude.clone(),
            density: network.density,
            density_v6: network.density_v6,
            seed: network.seed.clone(),
        };
        let plan = ukai_plan::plan(&request).map_err(|error| {
            ConfigError::new(
                format!("{key}.density"),
                error.to_string(),
                "`ukai plan` shows what a density makes",
            )
        })?;
        Ok(Self::Planned(plan.sensors.iter().map(|sensor| sensor.address).collect()))
    }

    fn contain(&self, address: IpAddr) -> bool {
        match self {
            Self::Planned(planned) => planned.contains(&address),
            Self::All(prefixes, exclude) => prefixes.contain(address) && !exclude.contain(address),
        }
    }
}

/// Prefixes, none within another, in order.
struct Prefixes(Vec<IpNet>);

impl Prefixes {
    fn new(prefixes: &[IpNet]) -> Self {
        let mut prefixes = IpNet::aggregate(&prefixes.to_vec());
        prefixes.sort();
        Self(prefixes)
    }

    fn contain(&self, address: IpAddr) -> bool {
        let after = self.0.partition_point(|prefix| prefix.network() <= address);
        after.checked_sub(1).is_some_and(|at| self.0[at].contains(&address))
    }
}

/// What the stack asks.
pub(crate) struct ForStack(pub(crate) Arc<Neighbours>);

impl Neighbourhood for ForStack {
    fn host(&self, address: IpAddr) -> Option<Host<'_>> {
        let kind = self.0.resident(address)?.kind;
        let now = self.0.world.now();
        let booted = now - kind.persona.outline(address, &self.0.secret).uptime(now);
        Some(Host { personality: &kind.personality, booted, mac: None })
    }

    fn port(&self, address: IpAddr, transport: Transport, port: u16) -> Port {
        match self.0.resident(address) {
            Some(resident) if resident.door(transport, port).is_some() => Port::Open,
            Some(_) => Port::Closed,
            None => Port::Silent,
        }
    }
}
