//! What each destination is to the sample. Each class has its reasons; the strongest one
//! decides, and the confidence is what the reasons together are worth.

use super::{Host, Key, Outside, Place};
use crate::inside::Inside;
use crate::network::rhythm::rhythm;
use crate::places::{PLACES, covers, is_check};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use ukai_model::{Class, Transport};

/// So many unnamed addresses at one port are targets of a scan.
const SCANNED_TARGETS: usize = 16;
/// A target of a scan is not come back to more often.
const SCANNED_CONTACTS: u64 = 2;
/// A conversation that lasts so long is kept open on purpose, in milliseconds.
const LONG_MS: u64 = 20_000;
/// A rhythm from this on is a beacon.
const BEACON_SCORE: u8 = 75;
/// Intervals shorter than this are rather retries or a flood, in milliseconds.
const BEACON_PERIOD_MS: u64 = 500;

/// Classifies all destinations of a run.
pub(crate) fn classify(outside: &mut Outside, inside: &Inside, guest: &[IpAddr]) {
    let scanned = scanned(outside);
    let victims = victims(outside);
    let mut talked: BTreeMap<u16, u64> = BTreeMap::new();
    let mut logins: BTreeMap<u16, BTreeSet<Vec<u8>>> = BTreeMap::new();
    for (key, place) in &mut outside.places {
        let verdict = verdict(key, place, inside, guest, &scanned, &victims);
        let (class, reasons) = verdict;
        let doubt = reasons.iter().fold(1.0, |doubt, (weight, _)| doubt * (1.0 - weight));
        place.class = Some(class);
        place.confidence = ((1.0 - doubt) * 100.0_f64).round().min(99.0) as u8;
        place.reasons = reasons.into_iter().map(|(_, reason)| reason).collect();
        if class == Class::ScanTarget {
            *talked.entry(key.port).or_default() += u64::from(place.conversations > 0);
            logins.entry(key.port).or_default().extend(place.logins.iter().take(64).cloned());
        }
    }
    for ((traffic, _), attack) in &mut outside.attacks {
        if traffic == "scan" {
            for port in attack.ports.keys() {
                attack.talked_to += talked.get(port).copied().unwrap_or(0);
                let tried = logins.get(port).into_iter().flatten();
                attack.logins.extend(tried.take(crate::limits::SOME * 4).cloned());
            }
        }
    }
}

type Reasons = Vec<(f64, String)>;

fn verdict(
    key: &Key,
    place: &Place,
    inside: &Inside,
    guest: &[IpAddr],
    scanned: &BTreeSet<(u8, u16)>,
    victims: &BTreeSet<IpAddr>,
) -> (Class, Reasons) {
    let name = String::from_utf8_lossy(key.name()).into_owned();
    let one = |class, weight, reason: &str| (class, vec![(weight, reason.to_owned())]);
    let speaks = |protocol: &str| place.protocols.contains(protocol);
    if let Host::Address(address) = key.host
        && is_local(address, guest)
    {
        if key.port == 53 || speaks("dns") {
            return one(Class::Resolver, 0.95, "names are looked up at the guest's gateway");
        }
        return one(Class::Local, 0.9, "an address of the guest's own network");
    }
    if key.port == 123 && key.transport() == Transport::Udp || covers(&PLACES.time_servers, &name) {
        return one(Class::TimeServer, 0.95, "it is asked for the time");
    }
    if matches!(key.port, 53 | 853) && (speaks("dns") || place.first_payload.is_empty())
        || covers(&PLACES.resolvers, &name)
    {
        return one(Class::Resolver, 0.9, "names are looked up there");
    }
    if covers(&PLACES.own_address, &name) {
        return one(Class::ConnectivityCheck, 0.95, "it tells the asker its own address");
    }
    if is_check(&name) {
        return one(
            Class::ConnectivityCheck,
            0.85,
            "a well-known name that is asked for a network",
        );
    }
    let contacts = place.conversations.max(place.attempts);
    if let Host::Address(address) = key.host {
        if victims.contains(&address) {
            return one(Class::AttackTarget, 0.95, "packets go there in masses");
        }
        let shared = scanned.contains(&(key.transport, key.port));
        if shared && contacts <= SCANNED_CONTACTS && place.known.is_empty() && place.commanded == 0
        {
            let reason = "one of many addresses that nobody had named, at the same port";
            return one(Class::ScanTarget, 0.9, reason);
        }
    }
    let mut distribution = distributes(place, inside);
    let mut command = commands(key, place);
    if covers(&PLACES.pools, &name) {
        return one(Class::MiningPool, 0.95, "a known mining pool");
    }
    if speaks("stratum") || place.known.iter().any(|known| known.contains("stratum")) {
        return one(Class::MiningPool, 0.9, "it is spoken to in Stratum, the protocol of mining");
    }
    let worth =
        |reasons: &Reasons| 1.0 - reasons.iter().fold(1.0, |doubt, (w, _)| doubt * (1.0 - w));
    if let Some((class, reasons)) = distribution.take()
        && worth(&reasons) >= worth(&command)
    {
        return (class, reasons);
    }
    if worth(&command) >= 0.4 {
        if key.name().is_empty() {
            command.push((0.1, "its address was known beforehand".to_owned()));
        }
        return (Class::C2, command);
    }
    (Class::Unknown, command)
}

/// Why a destination gives out programs, and which.
fn distributes(place: &Place, inside: &Inside) -> Option<(Class, Reasons)> {
    let first = place.fetches.first()?;
    let mut reasons = Reasons::new();
    let mut class = Class::Distribution;
    let asked = String::from_utf8_lossy(&first.what).into_owned();
    let asked = ukai_model::PeerText::truncated(asked.as_bytes(), 80);
    // What the same process wrote after it had asked, and what was then started.
    let mut made = inside.files.all().filter(|(_, track)| {
        let maker = track.maker.map(|pid| inside.processes.process_of(pid));
        maker.is_some_and(|pid| place.pids.contains(&pid))
            && place.fetches.iter().any(|fetch| fetch.at_ms <= track.made_ms + 1)
            && track.written > 0
    });
    let all: Vec<_> = made.by_ref().take(64).collect();
    let own = all.iter().find(|(path, _)| inside.files.is_own(path));
    let started = all
        .iter()
        .find(|(_, track)| track.executed_ms.is_some_and(|executed| executed >= track.made_ms));
    if let Some((path, _)) = own {
        class = Class::Update;
        let path = ukai_model::PeerText::truncated(path, 80);
        reasons.push((0.9, format!("it replaced its own file {path} by what came from there")));
    } else if let Some((path, _)) = started {
        let path = ukai_model::PeerText::truncated(path, 80);
        let reason = format!("the process that asked for {asked} wrote {path}, which was started");
        reasons.push((0.9, reason));
    } else if let Some((path, _)) = all.first() {
        let path = ukai_model::PeerText::truncated(path, 80);
        reasons.push((0.6, format!("the process that asked for {asked} wrote {path}")));
    }
    if place.fetches.iter().any(|fetch| looks_like_a_program(&fetch.what)) {
        reasons.push((0.5, format!("what is asked for looks like a program: {asked}")));
    }
    let loader = |agent: &Vec<u8>| {
        let agent = agent.to_ascii_lowercase();
        [&b"wget"[..], b"curl", b"busybox", b"libwww", b"powershell", b"certutil"]
            .iter()
            .any(|tool| agent.windows(tool.len()).any(|window| window == *tool))
    };
    if place.agents.iter().any(loader) && !reasons.is_empty() {
        reasons.push((0.2, "it is asked by a tool for downloads".to_owned()));
    }
    let updates = place.fetches.iter().any(|fetch| {
        let what = fetch.what.to_ascii_lowercase();
        [&b"update"[..], b"upgrade", b"/version"]
            .iter()
            .any(|word| what.windows(word.len()).any(|window| window == *word))
    });
    if updates && class == Class::Distribution && started.is_none() {
        class = Class::Update;
        reasons.push((0.5, format!("what is asked for is named an update: {asked}")));
    }
    (!reasons.is_empty()).then_some((class, reasons))
}

/// Why a destination commands.
fn commands(key: &Key, place: &Place) -> Reasons {
    let mut reasons = Reasons::new();
    let speaks = |protocol: &str| place.protocols.contains(protocol);
    if let Some(known) = place.known.iter().find(|known| !known.contains("stratum")) {
        reasons.push((0.8, format!("its first bytes fit the known conversation {known}")));
    }
    if speaks("irc") {
        reasons.push((0.7, "it is joined as a chat (IRC)".to_owned()));
        if place.commanded > 0 {
            reasons.push((0.3, "something was said there to the sample".to_owned()));
        }
    }
    if speaks("mqtt") {
        reasons.push((0.4, "it is subscribed to by MQTT".to_owned()));
    }
    let beacon = rhythm(&place.times)
        .filter(|rhythm| rhythm.score >= BEACON_SCORE && rhythm.period_ms >= BEACON_PERIOD_MS);
    if let Some(rhythm) = beacon {
        reasons.push((
            0.6,
            format!(
                "it is contacted every {} s (jitter {} %, {} intervals)",
                seconds(rhythm.period_ms),
                rhythm.jitter_percent,
                rhythm.intervals
            ),
        ));
    }
    if place.posts > 0 {
        reasons.push((0.3, "data are sent there by HTTP".to_owned()));
    }
    let raw = place.protocols.iter().all(|protocol| {
        matches!(protocol.as_str(), "raw" | "unknown" | "any" | "replies" | "udp" | "tcp")
    });
    if raw && place.conversations > 0 && !place.first_payload.is_empty() {
        reasons.push((0.4, "it is spoken to in no known protocol".to_owned()));
    }
    if place.longest_ms >= LONG_MS && key.transport() == Transport::Tcp && !speaks("ssh") {
        let reason = format!("a conversation was kept open for {} s", place.longest_ms / 1_000);
        reasons.push((0.3, reason));
    }
    if beacon_less_retries(place) {
        reasons.push((0.2, format!("it is tried again and again: {} times", place.attempts)));
    }
    reasons
}

/// Whether a destination that does not answer is tried again and again.
fn beacon_less_retries(place: &Place) -> bool {
    place.conversations == 0 && place.attempts >= 3
}

/// The ports at which many unnamed addresses were contacted.
fn scanned(outside: &Outside) -> BTreeSet<(u8, u16)> {
    let mut counts: BTreeMap<(u8, u16), usize> = BTreeMap::new();
    for (key, place) in &outside.places {
        if matches!(key.host, Host::Address(_))
            && place.conversations.max(place.attempts) <= SCANNED_CONTACTS
        {
            *counts.entry((key.transport, key.port)).or_default() += 1;
        }
    }
    let mut ports: BTreeSet<_> = counts
        .into_iter()
        .filter(|(_, count)| *count >= SCANNED_TARGETS)
        .map(|(port, _)| port)
        .collect();
    for ((traffic, of), attack) in &outside.attacks {
        if traffic == "scan" {
            let transport = if of == "udp" { 17 } else { 6 };
            ports.extend(attack.ports.keys().map(|port| (transport, *port)));
        }
    }
    ports
}

/// The addresses that were flooded: those of a flood with few targets.
fn victims(outside: &Outside) -> BTreeSet<IpAddr> {
    const FEW_VICTIMS: u64 = 64;
    let floods = outside
        .attacks
        .iter()
        .filter(|((traffic, _), attack)| traffic == "flood" && attack.targets <= FEW_VICTIMS);
    floods
        .flat_map(|(_, attack)| &attack.examples)
        .filter_map(|example| example.parse().ok())
        .collect()
}

fn is_local(address: IpAddr, guest: &[IpAddr]) -> bool {
    guest.contains(&address)
        || match address {
            IpAddr::V4(v4) => {
                v4.is_private()
                    || v4.is_link_local()
                    || v4.is_loopback()
                    || v4.is_multicast()
                    || v4.is_broadcast()
                    || v4.is_unspecified()
            }
            IpAddr::V6(v6) => {
                v6.is_loopback()
                    || v6.is_unspecified()
                    || v6.is_multicast()
                    || v6.is_unicast_link_local()
                    || v6.is_unique_local()
            }
        }
}

/// Whether a path ends like that of a program: `/bins/x.mips`, `loader.sh`, `a.exe`.
fn looks_like_a_program(path: &[u8]) -> bool {
    const ENDINGS: &[&str] = &[
        "sh", "exe", "dll", "bin", "elf", "ps1", "bat", "vbs", "js", "hta", "msi", "scr", "jar",
        "apk", "py", "pl", "arm", "arm4", "arm5", "arm6", "arm7", "arm8", "armv4l", "armv5l",
        "armv6l", "armv7l", "aarch64", "mips", "mpsl", "mipsel", "x86", "x86_64", "x64", "i586",
        "i686", "ppc", "powerpc", "sh4", "spc", "sparc", "m68k", "arc", "riscv64", "s390x",
    ];
    let path = path.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or(path);
    let path = path.to_ascii_lowercase();
    let last = crate::inside::base(&path);
    let ending = last.rsplit(|byte| *byte == b'.').next().unwrap_or(last);
    ENDINGS.iter().any(|known| known.as_bytes() == ending)
        || path.windows(6).any(|window| window == b"/bins/")
}

/// Milliseconds as seconds, with a decimal where it matters.
fn seconds(ms: u64) -> String {
    if ms < 10_000 {
        format!("{}.{}", ms / 1_000, ms % 1_000 / 100)
    } else {
        (ms / 1_000).to_string()
    }
}
