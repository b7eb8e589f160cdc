//! The guard: what must not be published, and why not.
//!
//! Asked at publication, each time: a value that comes onto a list is withdrawn within
//! one cycle.

use crate::decay::current_confidence;
use crate::observables::{self, HostOf};
use crate::policy::{Policy, PolicyError};
use crate::sets::{NameSet, NetSet, parse_net};
use crate::special;
use crate::warning_list::WarningList;
use ipnet::IpNet;
use psl::Psl;
use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;
use ukai_model::{Indicator, IndicatorId, Observable, ObservableKind, Timestamp};

/// Why an indicator is not published. Its text is for a reader and kept in
/// [`Indicator::withheld`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Withheld {
    /// Its validity is over.
    #[error("expired on {0}")]
    Expired(Timestamp),
    /// Somebody reported it.
    #[error("reported as a false positive: {0}")]
    FalsePositive(String),
    /// The operator's or a sensor's address.
    #[error("own address, in {0}")]
    Own(IpNet),
    /// An address that is not public, or a name that is not of the public DNS.
    #[error("reserved: {0}")]
    Reserved(String),
    /// A resolver, a time server, a name in harmless programs.
    #[error("{list}: {entry}")]
    WellKnown {
        /// What it is.
        list: &'static str,
        /// The entry of our list.
        entry: String,
    },
    /// In the operator's allow-list.
    #[error("allow-listed: {0}")]
    Allowed(String),
    /// In a MISP warning list.
    #[error("in warning list \"{0}\"")]
    WarningList(String),
    /// A host that many share.
    #[error("shared by many ({entry}): needs a confidence of {needed}, has {has}")]
    Shared {
        /// The entry of our list.
        entry: String,
        /// Least confidence.
        needed: u8,
        /// Its confidence now.
        has: u8,
    },
    /// Too little is known.
    #[error("needs a confidence of {needed}, has {has}")]
    Uncertain {
        /// Least confidence.
        needed: u8,
        /// Its confidence now.
        has: u8,
    },
    /// A brake deferred it.
    #[error("held back by the {0} brake for this cycle")]
    Brake(&'static str),
}

impl Withheld {
    /// Whether the value itself must not be published, however sure we are: such an
    /// entry is withdrawn whatever the brakes say.
    pub const fn is_final(&self) -> bool {
        !matches!(self, Self::Uncertain { .. } | Self::Shared { .. } | Self::Brake(_))
    }
}

/// What must not be published.
#[derive(Clone, Debug)]
pub struct Guard {
    own: NetSet,
    documentation: bool,
    min_confidence: u8,
    min_confidence_shared: u8,
    resolvers: HostSet,
    time_servers: HostSet,
    well_known: HostSet,
    shared: HostSet,
    allowed: HostSet,
    allowed_values: HashSet<Observable>,
    warning_lists: Vec<WarningList>,
    false_positives: BTreeMap<IndicatorId, String>,
}

/// Addresses, networks and names of one list.
#[derive(Clone, Debug, Default)]
struct HostSet {
    nets: NetSet,
    names: NameSet,
}

impl HostSet {
    /// Takes a network, address or domain; false if it is none.
    fn insert(&mut self, entry: &str) -> bool {
        if let Some(net) = parse_net(entry) {
            self.nets.insert(net);
        } else if let Ok(name) = observables::domain(entry) {
            self.names.insert(&name.value);
        } else {
            return false;
        }
        true
    }

    /// Reads a file of `rules/`.
    fn read(rules: &str) -> Self {
        let mut set = Self::default();
        for line in rules.lines() {
            let entry = line.split('#').next().unwrap_or_default().trim();
            assert!(entry.is_empty() || set.insert(entry), "rules: \"{entry}\" is no host");
        }
        set
    }

    /// Whether `host` is listed, or below a listed name.
    fn covers(&self, host: &HostOf) -> bool {
        match host {
            HostOf::Ip(address) => self.nets.covering(*address).is_some(),
            HostOf::Domain(name) => self.names.covering(name).is_some(),
        }
    }

    /// The entry that is hit when `host` is blocked; a URL blocks nothing below its host.
    fn hit(&self, host: &HostOf, kind: ObservableKind) -> Option<String> {
        match host {
            HostOf::Ip(address) => self.nets.covering(*address).map(|net| net.to_string()),
            HostOf::Domain(name) if kind == ObservableKind::Domain => self.names.touched_by(name),
            HostOf::Domain(name) => self.names.covering(name),
        }
    }
}

impl Guard {
    /// A guard by `policy`, whose warning lists are read by the caller and given to
    /// [`Self::add_warning_list`].
    pub fn new(policy: &Policy) -> Result<Self, PolicyError> {
        let mut guard = Self {
            own: NetSet::default(),
            documentation: policy.publish_documentation_ranges,
            min_confidence: policy.min_confidence,
            min_confidence_shared: policy.min_confidence_shared,
            resolvers: HostSet::read(include_str!("../../../rules/resolvers.txt")),
            time_servers: HostSet::read(include_str!("../../../rules/time-servers.txt")),
            well_known: HostSet::read(include_str!("../../../rules/well-known-names.txt")),
            shared: HostSet::read(include_str!("../../../rules/shared-hosting.txt")),
            allowed: HostSet::default(),
            allowed_values: HashSet::new(),
            warning_lists: Vec::new(),
            false_positives: BTreeMap::new(),
        };
        for net in &policy.own {
            guard.add_own(*net);
        }
        for entry in &policy.allow {
            guard.allow(entry.trim())?;
        }
        Ok(guard)
    }

    /// Adds a prefix of ours: a sensor's address, an interface's.
    pub fn add_own(&mut self, net: IpNet) {
        self.own.insert(net);
    }

    /// Adds a warning list.
    pub fn add_warning_list(&mut self, list: WarningList) {
        self.warning_lists.push(list);
    }

    /// Replaces what was reported as false, with the reasons given.
    pub fn set_false_positives(&mut self, reported: BTreeMap<IndicatorId, String>) {
        self.false_positives = reported;
    }

    fn allow(&mut self, entry: &str) -> Result<(), PolicyError> {
        if self.allowed.insert(entry) {
            return Ok(());
        }
        let value = observables::parse(entry).map_err(|_| PolicyError::Allow(entry.to_owned()))?;
        self.allowed_values.insert(value);
        Ok(())
    }

    /// Whether `indicator` may be published at `now`.
    pub fn check(&self, indicator: &Indicator, now: Timestamp) -> Result<(), Withheld> {
        if now >= indicator.valid_until {
            return Err(Withheld::Expired(indicator.valid_until));
        }
        if let Some(reason) = self.false_positives.get(&indicator.id) {
            return Err(Withheld::FalsePositive(reason.clone()));
        }
        self.check_value(&indicator.observable)?;
        let has = current_confidence(indicator, now).get();
        self.check_shared(&indicator.observable, has)?;
        if has < self.min_confidence {
            return Err(Withheld::Uncertain { needed: self.min_confidence, has });
        }
        Ok(())
    }

    /// Whether the value could be published at all, however sure we were.
    pub fn check_value(&self, observable: &Observable) -> Result<(), Withheld> {
        if self.allowed_values.contains(observable) {
            return Err(Withheld::Allowed(observable.value.clone()));
        }
        if let Some(list) = self.warning_lists.iter().find(|list| list.matches(observable)) {
            return Err(Withheld::WarningList(list.name().to_owned()));
        }
        let Some(host) = HostOf::of(observable) else {
            return Self::check_without_host(observable);
        };
        match &host {
            HostOf::Ip(address) => self.check_address(*address)?,
            HostOf::Domain(name) => self.check_name(name)?,
        }
        let kind = observable.kind;
        if let Some(entry) = self.allowed.hit(&host, kind) {
            return Err(Withheld::Allowed(entry));
        }
        for (list, set) in [
            ("well-known name", &self.well_known),
            ("public resolver", &self.resolvers),
            ("public time server", &self.time_servers),
        ] {
            // Something on a shared host is worth its own look (below); a well-known
            // name above one is not.
            let entry = if list == "well-known name" && self.shared.covers(&host) {
                None
            } else {
                set.hit(&host, kind)
            };
            if let Some(entry) = entry {
                return Err(Withheld::WellKnown { list, entry });
            }
        }
        Ok(())
    }

    fn check_without_host(observable: &Observable) -> Result<(), Withheld> {
        /// The digest of nothing, which every cut-off download has.
        const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        if observable.kind != ObservableKind::Sha256 {
            return Err(Withheld::Reserved("not a value of its kind".into()));
        }
        if observable.value == EMPTY {
            return Err(Withheld::WellKnown { list: "harmless file", entry: "empty".into() });
        }
        Ok(())
    }

    fn check_address(&self, address: IpAddr) -> Result<(), Withheld> {
        let inner = match address {
            IpAddr::V6(v6) => special::embedded_ipv4(v6).map(IpAddr::V4),
            IpAddr::V4(_) => None,
        };
        if let Some(net) =
            std::iter::once(address).chain(inner).find_map(|candidate| self.own.covering(candidate))
        {
            return Err(Withheld::Own(net));
        }
        match special::find(address) {
            Some(block) if !(block.documentation && self.documentation) => {
                Err(Withheld::Reserved(format!("{} ({})", block.name, block.source)))
            }
            _ => Ok(()),
        }
    }

    /// Special-use names (RFC 6761 and the IANA registry it made), names outside the
    /// public DNS, and public suffixes themselves.
    fn check_name(&self, name: &str) -> Result<(), Withheld> {
        let last = name.rsplit('.').next().unwrap_or_default();
        let reserved = |why: String| Err(Withheld::Reserved(why));
        match last {
            "example" | "test" if self.documentation => {
                if name.contains('.') {
                    Ok(())
                } else {
                    reserved(format!("single label {name}"))
                }
            }
            "example" | "test" | "invalid" | "localhost" | "local" | "onion" | "alt" | "arpa"
            | "internal" | "home" | "corp" | "mail" | "lan" => {
                reserved(format!("special-use name .{last}"))
            }
            _ if ["example.com", "example.net", "example.org"]
                .iter()
                .any(|reserved| is_at_or_below(name, reserved)) =>
            {
                reserved("documentation (RFC 2606)".into())
            }
            _ => match psl::List.suffix(name.as_bytes()) {
                Some(suffix) if !suffix.is_known() => {
                    reserved(format!("no such top-level domain .{last}"))
                }
                Some(suffix) if suffix.as_bytes() == name.as_bytes() => {
                    reserved("public suffix: belongs to many".into())
                }
                Some(_) => Ok(()),
                None => reserved("not a public name".into()),
            },
        }
    }

    fn check_shared(&self, observable: &Observable, has: u8) -> Result<(), Withheld> {
        if observable.kind == ObservableKind::Url {
            return Ok(());
        }
        let needed = self.min_confidence_shared;
        match HostOf::of(observable).and_then(|host| self.shared.hit(&host, observable.kind)) {
            Some(entry) if has < needed => Err(Withheld::Shared { entry, needed, has }),
            _ => Ok(()),
        }
    }
}

fn is_at_or_below(name: &str, parent: &str) -> bool {
    name.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
