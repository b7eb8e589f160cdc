//! Names and addresses, one for one: each name leads to an address of its own, and from it
//! back, so that a later connection is told by its name.

use crate::generated::Generated;
use crate::limits::NAMES_MAX;
use crate::scenario::{NamesSpec, Scenario, ScenarioError, Unknown, globs};
use globset::GlobSet;
use lru::LruCache;
use parking_lot::Mutex;
use siphasher::sip::SipHasher13;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use ukai_model::{EventKind, Timestamp};
use ukai_servers::dns::{Found, Place, Zone};

/// How often the addresses of a name in flux change, in seconds.
const FLUX_S: u64 = 60;

/// How many addresses such a name has at a time.
const FLUX_ADDRESSES: u64 = 5;

/// Aliases that are followed.
const ALIASES_MAX: usize = 8;

/// All names there are.
pub struct Names {
    spec: NamesSpec,
    key: (u64, u64),
    missing: GlobSet,
    failing: GlobSet,
    silent: GlobSet,
    flux: GlobSet,
    gateway: IpAddr,
    inner: Mutex<Inner>,
    /// There are facts to be told: looked at after every datagram.
    has_facts: AtomicBool,
    /// Look-ups that are still to fail.
    first_missing: AtomicU32,
}

struct Inner {
    /// The most recent names by their addresses.
    by_address: LruCache<IpAddr, Known>,
    generated: Generated,
    facts: Vec<EventKind>,
}

/// The name of an address.
#[derive(Clone, Debug)]
pub struct Known {
    /// The name.
    pub name: Arc<str>,
    /// When it was looked up last; `None`: it stands in the scenario.
    pub asked: Option<Timestamp>,
}

impl Names {
    /// The names of a scenario.
    pub fn new(scenario: &Scenario) -> Result<Self, ScenarioError> {
        let spec = scenario.names.clone();
        let mut by_address = LruCache::new(NonZeroUsize::new(NAMES_MAX).expect("a constant"));
        let lists: HashMap<_, _> = spec.at.iter().collect();
        for (name, addresses) in lists {
            for address in addresses {
                by_address.put(*address, Known { name: name.as_str().into(), asked: None });
            }
        }
        Ok(Self {
            missing: globs("names.missing", &spec.missing)?,
            failing: globs("names.failing", &spec.failing)?,
            silent: globs("names.silent", &spec.silent)?,
            flux: globs("names.flux", &spec.flux)?,
            key: key_of(&scenario.seed),
            gateway: scenario.guest.gateway().into(),
            spec,
            inner: Mutex::new(Inner {
                by_address,
                generated: Generated::default(),
                facts: Vec::new(),
            }),
            has_facts: AtomicBool::new(false),
            first_missing: AtomicU32::new(scenario.names.first_missing),
        })
    }

    /// The name that has led to an address.
    pub fn known(&self, address: IpAddr) -> Option<Known> {
        self.inner.lock().by_address.peek(&address).cloned()
    }

    /// Facts about look-ups altogether, since the last call.
    pub(crate) fn facts(&self) -> Vec<EventKind> {
        if !self.has_facts.swap(false, Ordering::Relaxed) {
            return Vec::new();
        }
        std::mem::take(&mut self.inner.lock().facts)
    }

    fn draw(&self, name: &str, salt: u64) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.key.0, self.key.1);
        (name, salt).hash(&mut hasher);
        hasher.finish()
    }

    fn lead(inner: &mut Inner, name: &str, at: IpAddr, now: Timestamp) -> bool {
        match inner.by_address.get_mut(&at) {
            Some(known) if *known.name == *name => known.asked = Some(now),
            Some(_) => return false,
            None => {
                let known = Known { name: name.into(), asked: Some(now) };
                inner.by_address.put(at, known);
            }
        }
        true
    }

    /// Addresses of a name: the same each time, and nobody else's.
    fn addresses(&self, name: &str, salt: u64, now: Timestamp) -> (Ipv4Addr, Ipv6Addr) {
        let mut inner = self.inner.lock();
        let mut found = (Ipv4Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED);
        for round in 0..16 {
            let v4 = public_v4(self.draw(name, salt ^ (round << 32)));
            if Self::lead(&mut inner, name, v4.into(), now) {
                found.0 = v4;
                break;
            }
        }
        let v6 = public_v6(self.draw(name, salt ^ 1 << 62), self.draw(name, salt ^ 1 << 63));
        if Self::lead(&mut inner, name, v6.into(), now) {
            found.1 = v6;
        }
        found
    }

    fn place(&self, name: &str, now: Timestamp) -> Place {
        let mut place = Place { ttl: self.spec.ttl_s, ..Place::default() };
        if let Some(texts) = self.spec.texts.get(name) {
            place.texts.clone_from(texts);
        }
        let mut last = name;
        while let Some(next) = self.spec.alias.get(last)
            && place.aliases.len() < ALIASES_MAX
        {
            place.aliases.push(next.clone());
            last = next;
        }
        if let Some(addresses) = self.spec.at.get(last) {
            let mut inner = self.inner.lock();
            for address in addresses {
                Self::lead(&mut inner, last, *address, now);
                match address {
                    IpAddr::V4(v4) => place.v4.push(*v4),
                    IpAddr::V6(v6) => place.v6.push(*v6),
                }
            }
            return place;
        }
        if self.flux.is_match(last) {
            place.ttl = place.ttl.min(FLUX_S as u32);
            let minute = now.secs() / FLUX_S;
            for number in 0..FLUX_ADDRESSES {
                let (v4, v6) = self.addresses(last, (minute << 8) | (number + 1), now);
                place.v4.push(v4);
                place.v6.push(v6);
            }
            return place;
        }
        if !self.spec.everywhere.is_empty() {
            for address in &self.spec.everywhere {
                match address {
                    IpAddr::V4(v4) => place.v4.push(*v4),
                    IpAddr::V6(v6) => place.v6.push(*v6),
                }
            }
            return place;
        }
        let (v4, v6) = self.addresses(last, 0, now);
        place.v4.extend((!v4.is_unspecified()).then_some(v4));
        place.v6.extend((!v6.is_unspecified()).then_some(v6));
        place
    }

    /// What a name leads to, before anybody is told.
    fn judge(&self, name: &str, now: Timestamp) -> Found {
        if name.ends_with(".in-addr.arpa") || name.ends_with(".ip6.arpa") {
            return Found::Here(Place::default());
        }
        if name == "localhost" {
            let v4 = vec![Ipv4Addr::LOCALHOST];
            return Found::Here(Place { v4, v6: vec![Ipv6Addr::LOCALHOST], ..Place::default() });
        }
        if self.silent.is_match(name) {
            return Found::Silent;
        }
        if self.failing.is_match(name) {
            return Found::Fails;
        }
        let spec = &self.spec;
        let listed = spec.at.contains_key(name)
            || spec.alias.contains_key(name)
            || spec.texts.contains_key(name)
            || self.flux.is_match(name);
        if listed || name.is_empty() {
            return Found::Here(self.place(name, now));
        }
        // A name without a dot is one of the local network, where nobody is.
        if self.missing.is_match(name) || !name.contains('.') {
            return Found::Nowhere;
        }
        let one_less = |left: u32| left.checked_sub(1);
        let order = Ordering::Relaxed;
        if self.first_missing.fetch_update(order, order, one_less).is_ok() {
            return Found::Nowhere;
        }
        match spec.unknown {
            Unknown::Exists => Found::Here(self.place(name, now)),
            Unknown::Missing => Found::Nowhere,
            Unknown::Fails => Found::Fails,
            Unknown::Silent => Found::Silent,
        }
    }
}

impl Zone for Names {
    fn find(&self, name: &str, now: Timestamp) -> Found {
        let found = self.judge(name, now);
        let mut inner = self.inner.lock();
        if let Some(fact) = inner.generated.asked(name, now) {
            inner.facts.push(fact);
            self.has_facts.store(true, Ordering::Relaxed);
        }
        found
    }

    fn name_of(&self, address: IpAddr) -> Option<String> {
        if address == self.gateway {
            return Some("gateway.home".to_owned());
        }
        if let Some(known) = self.known(address) {
            return Some(known.name.to_string());
        }
        // Providers name the addresses of their customers by the address.
        match address {
            IpAddr::V4(v4) if is_public(v4) => {
                let [a, b, c, d] = v4.octets();
                let number = self.draw("provider", u64::from(a)) % PROVIDERS.len() as u64;
                Some(format!("{a}-{b}-{c}-{d}.{}", PROVIDERS[number as usize]))
            }
            _ => None,
        }
    }

    fn version(&self) -> Option<String> {
        Some(self.spec.version.clone()).filter(|version| !version.is_empty())
    }
}

/// Invented providers (RFC 2606).
const PROVIDERS: [&str; 4] =
    ["dyn.isp.example", "static.cable.example", "pool.dsl.example", "cust.fibre.example"];

pub(crate) fn key_of(seed: &str) -> (u64, u64) {
    let mut hasher = SipHasher13::new_with_keys(0x756b_6169, 0);
    seed.hash(&mut hasher);
    let first = hasher.finish();
    hasher.write_u8(1);
    (first, hasher.finish())
}

/// Whether an address is one of the Internet's (IANA's special-purpose registry).
pub(crate) const fn is_public(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    !(a == 0
        || a == 10
        || a == 127
        || a >= 224
        || (a == 100 && b & 0xc0 == 64)
        || (a == 169 && b == 254)
        || (a == 172 && b & 0xf0 == 16)
        || (a == 192 && b == 168)
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && b & 0xfe == 18)
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113))
}

/// A public address: no special one, and none whose last part looks like a network's.
fn public_v4(mut draw: u64) -> Ipv4Addr {
    loop {
        let v4 = Ipv4Addr::from(draw as u32);
        let last = v4.octets()[3];
        if is_public(v4) && last != 0 && last != 255 && !(draw as u32).is_multiple_of(0x0101_0101) {
            return v4;
        }
        draw = draw.rotate_right(17).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bd1_e995;
    }
}

/// A public address in the space of one of the five registries.
fn public_v6(high: u64, low: u64) -> Ipv6Addr {
    const REGISTRIES: [u128; 5] = [0x2400, 0x2600, 0x2800, 0x2a00, 0x2c00];
    let registry = REGISTRIES[(high % 5) as usize] | u128::from(high >> 56) & 0x0f;
    let network = u128::from(high >> 8 & 0xffff_ffff);
    Ipv6Addr::from(registry << 112 | network << 80 | (u128::from(low & 0xffff) + 1))
}

#[cfg(test)]
mod tests {
    use super::{Names, is_public};
    use crate::scenario::Scenario;
    use std::collections::HashSet;
    use std::net::Ipv4Addr;
    use ukai_model::Timestamp;
    use ukai_servers::dns::{Found, Place, Zone};

    const NOW: Timestamp = Timestamp::from_secs(1_767_323_045);

    fn names(text: &str) -> Names {
        Names::new(&Scenario::parse(text).expect("a scenario")).expect("names")
    }

    fn place(names: &Names, name: &str, now: Timestamp) -> Place {
        match names.find(name, now) {
            Found::Here(place) => place,
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn a_name_has_an_address_of_its_own_and_the_address_leads_back() {
        let names = names("");
        let mut all = HashSet::new();
        for number in 0..10_000 {
            let name = format!("host{number}.example");
            let place = place(&names, &name, NOW);
            let ([v4], [v6]) = (&place.v4[..], &place.v6[..]) else { panic!("{place:?}") };
            assert!(is_public(*v4) && all.insert(*v4), "{v4}");
            assert_eq!(names.name_of((*v4).into()).as_deref(), Some(name.as_str()));
            assert_eq!(names.known((*v6).into()).expect("known").asked, Some(NOW));
        }
        let again = self::names("");
        assert_eq!(place(&again, "host7.example", NOW), place(&names, "host7.example", NOW));
        let other = self::names("seed = \"other\"");
        assert_ne!(place(&other, "host7.example", NOW), place(&names, "host7.example", NOW));
        assert!(names.known([192, 0, 2, 1].into()).is_none(), "an address that nobody looked up");
    }

    #[test]
    fn all_names_may_lead_to_one_address_and_the_first_may_fail() {
        let names = names(
            "[names]
             first_missing = 2
             everywhere = [\"192.0.2.80\", \"2001:db8::80\"]
             at = { \"own.example\" = [\"192.0.2.9\"] }",
        );
        assert_eq!(place(&names, "own.example", NOW).v4, [Ipv4Addr::new(192, 0, 2, 9)]);
        for _ in 0..2 {
            assert_eq!(names.find("a.example", NOW), Found::Nowhere);
        }
        for name in ["a.example", "b.example"] {
            let place = place(&names, name, NOW);
            assert_eq!(place.v4, [Ipv4Addr::new(192, 0, 2, 80)], "{name}");
            assert_eq!(place.v6.len(), 1, "{name}");
        }
    }

    #[test]
    fn the_scenario_has_its_way() {
        let names = names(
            "[names]
             missing = [\"*.gone.example\"]
             failing = [\"broken.example\"]
             silent = [\"silent.example\"]
             flux = [\"*.flux.example\"]
             [names.at]
             \"c2.example\" = [\"198.51.100.7\", \"2001:db8::7\"]
             [names.alias]
             \"www.example\" = \"c2.example\"
             [names.texts]
             \"key.example\" = [\"k=1\"]",
        );
        assert_eq!(names.find("a.b.gone.example", NOW), Found::Nowhere);
        assert_eq!(names.find("nodots", NOW), Found::Nowhere);
        assert_eq!(names.find("broken.example", NOW), Found::Fails);
        assert_eq!(names.find("silent.example", NOW), Found::Silent);
        let alias = place(&names, "www.example", NOW);
        assert_eq!((alias.aliases.len(), alias.v4.len(), alias.v6.len()), (1, 1, 1));
        assert_eq!(names.name_of([198, 51, 100, 7].into()).as_deref(), Some("c2.example"));
        assert_eq!(place(&names, "key.example", NOW).texts, ["k=1"]);
        let flux = place(&names, "a.flux.example", NOW);
        assert_eq!((flux.v4.len(), flux.ttl), (5, 60));
        let later = Timestamp::from_secs(NOW.secs() + 60);
        assert_ne!(place(&names, "a.flux.example", later), flux);
        assert_eq!(names.name_of(flux.v4[0].into()).as_deref(), Some("a.flux.example"));
    }
}
