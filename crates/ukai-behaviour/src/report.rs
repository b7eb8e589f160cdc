//! Puts the parts together: each run is read by itself, then they are merged.

use crate::compare::{contact_text, registry_text};
use crate::facts::{Fact, Facts};
use crate::inside::{Inside, note};
use crate::limits::{
    ATTACKS_MAX, CONTACTS_MAX, DIFFERENCES_MAX, DROPS_MAX, FEW, FILES_MAX, FINDINGS_MAX, NAMES_MAX,
    OUTPUT_BYTES_MAX, REGISTRY_MAX, RUNS_MAX, SOME, TEXT_BYTES_MAX,
};
use crate::network::rhythm::rhythm;
use crate::network::{Host, Key, Outside, Place, classify};
use crate::{RuleSet, Seen, contents, fingerprint, ids, summary, timeline};
use std::collections::{BTreeMap, BTreeSet};
use ukai_indicator::observables;
use ukai_model::{
    Actor, Alike, Attack, BEHAVIOUR_VERSION, Behaviour, Class, Contact, Difference, Dropped,
    FileChange, Finding, FindingKind, NameAsked, Observable, PeerText, Proof, RegistryChange,
    RuleMatch, Run, Severity, Sha256, Timestamp,
};

/// Scan targets that are listed one by one; all of them are counted.
const SCAN_TARGETS_LISTED: usize = 8;

/// The report of what `runs` have shown of the sample.
pub fn report(sha256: &Sha256, runs: &[Seen], rules: &RuleSet) -> Behaviour {
    let mut merged = Merged::default();
    let mut told = Vec::new();
    let mut moments = Vec::new();
    let mut processes = Vec::new();
    let mut output = Vec::new();
    for (number, seen) in (1..).zip(runs.iter().take(RUNS_MAX)) {
        let mut facts = Facts::default();
        let inside = Inside::read(number, seen, &mut facts);
        let mut outside = Outside::read(number, seen, &inside, &mut facts);
        classify(&mut outside, &inside, &seen.guest);
        facts_of_contacts(&outside, &mut facts);
        let matches = rules.matches(&facts, number);
        timeline::of_run(&inside, &outside, &matches, &mut moments);
        processes.extend(inside.processes.all().iter().map(|process| process.told(number)));
        if output.is_empty() {
            output.clone_from(&inside.output);
        }
        told.push(run(number, seen, &inside));
        merged.left("facts", facts.left_out);
        merged.add(seen, &inside, &outside, matches);
    }
    merged.left("runs", runs.len().saturating_sub(RUNS_MAX) as u64);
    finish(*sha256, told, processes, moments, &output, merged)
}

/// Enters the samples that talk alike, which only the store knows.
pub fn set_alike(behaviour: &mut Behaviour, alike: Vec<Alike>) {
    behaviour.alike = alike;
}

fn run(number: u32, seen: &Seen, inside: &Inside) -> Run {
    let command: Vec<u8> = seen.settings.command.join(&b' ');
    let reason = seen.reason.clone().or_else(|| inside.not_started.clone());
    Run {
        number,
        started: seen.started,
        duration_ms: seen.duration_ms,
        architecture: seen.settings.architecture.clone(),
        command: PeerText::truncated(&command, TEXT_BYTES_MAX),
        scenario: seen.settings.scenario.clone(),
        settings: seen.settings.changed.iter().take(SOME).cloned().collect(),
        ended: seen.ended,
        reason,
        reached: inside.reached,
        traced: inside.records > 0,
        records: inside.records,
        lost: inside.lost,
        events: seen.events.len() as u64,
        notes: Vec::new(),
    }
}

fn facts_of_contacts(outside: &Outside, facts: &mut Facts) {
    for (key, place) in &outside.places {
        let Some(class) = place.class else { continue };
        let proof = place.proofs.first().cloned().unwrap_or(Proof {
            run: outside.run,
            at_ms: place.first_ms.unwrap_or(0),
            pid: None,
            event: None,
        });
        let rhythm = rhythm(&place.times);
        let protocols: Vec<&str> = place.protocols.iter().map(String::as_str).collect();
        facts.add(
            Fact::new("contact", proof)
                .text("class", class.as_str())
                .text("name", key.name())
                .text("protocol", protocols.join(","))
                .text("transport", if key.transport == 6 { "tcp" } else { "udp" })
                .number("port", key.port)
                .number("jitter", rhythm.as_ref().map_or(0, |r| u64::from(r.jitter_percent)))
                .number("rhythm", rhythm.as_ref().map_or(0, |r| u64::from(r.score))),
        );
    }
}

/// What all runs together have shown.
#[derive(Default)]
struct Merged {
    files: BTreeMap<Vec<u8>, FileChange>,
    registry: BTreeMap<(Vec<u8>, Vec<u8>), RegistryChange>,
    findings: BTreeMap<(FindingKind, &'static str, Vec<u8>), Finding>,
    names: BTreeMap<Vec<u8>, NameAsked>,
    contacts: BTreeMap<Key, Contact>,
    attacks: BTreeMap<(String, String), Attack>,
    drops: BTreeMap<(Sha256, &'static str), Dropped>,
    matches: BTreeMap<String, RuleMatch>,
    left_out: BTreeMap<String, u64>,
}

impl Merged {
    fn left(&mut self, list: &str, count: u64) {
        if count > 0 {
            *self.left_out.entry(list.to_owned()).or_default() += count;
        }
    }

    fn add(&mut self, seen: &Seen, inside: &Inside, outside: &Outside, matches: Vec<RuleMatch>) {
        self.left("processes", inside.processes.left_out);
        self.left("files", inside.files.left_out);
        self.left("registry", inside.registry.left_out);
        self.left("findings", inside.findings.left_out);
        self.left("destinations", outside.left_out + inside.sockets.left_out);
        self.add_drops(seen, inside.run, outside);
        self.add_files(inside);
        self.add_registry(inside);
        self.add_findings(inside);
        self.add_names(outside);
        self.add_contacts(inside, outside);
        self.add_attacks(outside);
        for found in matches {
            match self.matches.get_mut(&found.rule) {
                None => {
                    self.matches.insert(found.rule.clone(), found);
                }
                Some(known) => {
                    known.count += found.count;
                    known.runs.extend(found.runs);
                    found.proofs.iter().for_each(|proof| note(&mut known.proofs, proof));
                }
            }
        }
    }

    fn add_drops(&mut self, seen: &Seen, run: u32, outside: &Outside) {
        let came = contents(seen).into_iter().map(|content| {
            let size = content.bytes.len() as u64;
            (content.sha256, content.reason, content.size.max(size), size, content.path)
        });
        let sent = outside.uploads.iter().map(|upload| {
            (upload.sha256, "uploaded", upload.size, upload.size, upload.name.clone())
        });
        for (sha256, reason, size, came, path) in came.chain(sent) {
            let key = (sha256, reason);
            if self.drops.len() >= DROPS_MAX && !self.drops.contains_key(&key) {
                *self.left_out.entry("drops".to_owned()).or_default() += 1;
                continue;
            }
            let path = PeerText::truncated(&path, TEXT_BYTES_MAX);
            let reason = reason.to_owned();
            let served = outside.served.contains(&sha256);
            let new = Dropped { sha256, size, came, path, reason, served, runs: Vec::new() };
            seen_in(&mut self.drops.entry(key).or_insert(new).runs, run);
        }
    }

    fn add_files(&mut self, inside: &Inside) {
        for (path, track) in inside.files.all() {
            if self.files.len() >= FILES_MAX && !self.files.contains_key(path) {
                *self.left_out.entry("files".to_owned()).or_default() += 1;
                continue;
            }
            let file = self.files.entry(path.to_vec()).or_insert_with(|| FileChange {
                path: PeerText::truncated(path, TEXT_BYTES_MAX),
                own: inside.files.is_own(path),
                created: false,
                written_bytes: 0,
                executed: false,
                deleted: false,
                renamed_to: None,
                mode: None,
                sha256: None,
                runs: Vec::new(),
                proofs: Vec::new(),
            });
            file.created |= track.created;
            file.written_bytes = file.written_bytes.max(track.written);
            file.executed |= track.executed_ms.is_some();
            file.deleted |= track.deleted;
            if let Some(to) = &track.renamed_to {
                file.renamed_to = Some(PeerText::truncated(to, TEXT_BYTES_MAX));
            }
            if let Some(mode) = track.mode {
                file.mode = Some(format!("{:04o}", mode & 0o7777));
            }
            if track.came {
                let drop = self.drops.values().find(|drop| drop.path.as_bytes() == path);
                file.sha256 = drop.map(|drop| drop.sha256);
            }
            seen_in(&mut file.runs, inside.run);
            track.proofs.iter().for_each(|proof| note(&mut file.proofs, proof));
        }
    }

    fn add_registry(&mut self, inside: &Inside) {
        for (key, name, changed) in inside.registry.all() {
            let at = (key.to_vec(), name.to_vec());
            if self.registry.len() >= REGISTRY_MAX && !self.registry.contains_key(&at) {
                *self.left_out.entry("registry".to_owned()).or_default() += 1;
                continue;
            }
            let change = self.registry.entry(at).or_insert_with(|| RegistryChange {
                key: PeerText::truncated(key, TEXT_BYTES_MAX),
                name: PeerText::truncated(name, TEXT_BYTES_MAX),
                data: PeerText::default(),
                deleted: false,
                runs: Vec::new(),
                proofs: Vec::new(),
            });
            change.data = PeerText::truncated(&changed.data, TEXT_BYTES_MAX);
            change.deleted = changed.deleted;
            seen_in(&mut change.runs, inside.run);
            note(&mut change.proofs, &changed.proof);
        }
    }

    fn add_findings(&mut self, inside: &Inside) {
        for found in inside.findings.all() {
            let key = (found.kind, found.how, found.detail.clone());
            if self.findings.len() >= FINDINGS_MAX && !self.findings.contains_key(&key) {
                *self.left_out.entry("findings".to_owned()).or_default() += 1;
                continue;
            }
            let finding = self.findings.entry(key).or_insert_with(|| Finding {
                kind: found.kind,
                how: found.how.to_owned(),
                detail: PeerText::new(found.detail.clone()),
                count: 0,
                runs: Vec::new(),
                proofs: Vec::new(),
            });
            finding.count = finding.count.saturating_add(found.count);
            seen_in(&mut finding.runs, inside.run);
            found.proofs.iter().for_each(|proof| note(&mut finding.proofs, proof));
        }
    }

    fn add_names(&mut self, outside: &Outside) {
        let contacted: BTreeSet<&[u8]> = outside
            .places
            .iter()
            .filter(|(_, place)| place.conversations > 0 || place.attempts > 0)
            .map(|(key, _)| key.name())
            .collect();
        for (name, asked) in &outside.names {
            if self.names.len() >= NAMES_MAX && !self.names.contains_key(name) {
                *self.left_out.entry("names".to_owned()).or_default() += 1;
                continue;
            }
            let told = self.names.entry(name.clone()).or_insert_with(|| NameAsked {
                name: PeerText::truncated(name, 255),
                records: Vec::new(),
                via: Vec::new(),
                count: 0,
                code: String::new(),
                answers: Vec::new(),
                contacted: false,
                runs: Vec::new(),
                proofs: Vec::new(),
            });
            told.count += asked.count;
            told.code.clone_from(&asked.code);
            extend(&mut told.records, asked.records.iter().cloned(), SOME);
            extend(&mut told.via, asked.via.iter().cloned(), SOME);
            extend(&mut told.answers, asked.answers.iter().cloned(), SOME);
            told.contacted |= contacted.contains(&name[..]);
            seen_in(&mut told.runs, outside.run);
            asked.proofs.iter().for_each(|proof| note(&mut told.proofs, proof));
        }
    }

    fn add_contacts(&mut self, inside: &Inside, outside: &Outside) {
        let mut scanned = 0_usize;
        for (key, place) in &outside.places {
            let Some(class) = place.class else { continue };
            if class == Class::ScanTarget && !self.contacts.contains_key(key) {
                scanned += 1;
                if scanned > SCAN_TARGETS_LISTED {
                    *self.left_out.entry("scan targets".to_owned()).or_default() += 1;
                    continue;
                }
            }
            if self.contacts.len() >= CONTACTS_MAX && !self.contacts.contains_key(key) {
                *self.left_out.entry("destinations".to_owned()).or_default() += 1;
                continue;
            }
            let new = new_contact(key, place, class);
            let contact = self.contacts.entry(key.clone()).or_insert(new);
            merge_contact(contact, place, class, inside, outside.run);
        }
    }

    fn add_attacks(&mut self, outside: &Outside) {
        for (key, row) in &outside.attacks {
            if self.attacks.len() >= ATTACKS_MAX && !self.attacks.contains_key(key) {
                *self.left_out.entry("attacks".to_owned()).or_default() += 1;
                continue;
            }
            let mut ports: Vec<_> = row.ports.iter().collect();
            ports.sort_by_key(|(port, count)| (std::cmp::Reverse(**count), **port));
            let ports = ports.into_iter().map(|(port, _)| *port);
            let attack = self.attacks.entry(key.clone()).or_insert_with(|| Attack {
                traffic: key.0.clone(),
                packets_of: key.1.clone(),
                ports: Vec::new(),
                targets: 0,
                examples: Vec::new(),
                packets: 0,
                bytes: 0,
                duration_ms: 0,
                rate: 0,
                forged_sources: false,
                payload: PeerText::default(),
                logins: Vec::new(),
                talked_to: 0,
                runs: Vec::new(),
                proofs: Vec::new(),
            });
            extend(&mut attack.ports, ports, SOME);
            attack.targets = attack.targets.max(row.targets);
            extend(&mut attack.examples, row.examples.iter().cloned(), SOME);
            attack.packets = attack.packets.saturating_add(row.packets);
            attack.bytes = attack.bytes.saturating_add(row.bytes);
            attack.duration_ms = attack.duration_ms.saturating_add(row.duration_ms);
            attack.rate = attack.packets.saturating_mul(1_000) / attack.duration_ms.max(1);
            attack.forged_sources |= row.forged;
            if attack.payload.is_empty() {
                attack.payload = PeerText::truncated(&row.payload, TEXT_BYTES_MAX);
            }
            let logins = row.logins.iter().map(|login| PeerText::new(login.clone()));
            extend(&mut attack.logins, logins, SOME * 4);
            attack.talked_to += row.talked_to;
            seen_in(&mut attack.runs, outside.run);
            row.proofs.iter().for_each(|proof| note(&mut attack.proofs, proof));
        }
    }
}

fn new_contact(key: &Key, place: &Place, class: Class) -> Contact {
    Contact {
        name: PeerText::truncated(key.name(), 255),
        first_ms: place.first_ms.unwrap_or(0),
        observables: observables_of(key, place),
        ..Contact::new(key.transport(), key.port, class, 0)
    }
}

fn merge_contact(contact: &mut Contact, place: &Place, class: Class, inside: &Inside, run: u32) {
    // The run that is surest says what it is.
    let unknown = contact.class == Class::Unknown && class != Class::Unknown;
    if unknown || class != Class::Unknown && place.confidence > contact.confidence {
        contact.class = class;
    }
    if contact.class == class && (unknown || place.confidence >= contact.confidence) {
        contact.confidence = place.confidence;
        contact.reasons.clone_from(&place.reasons);
    }
    extend(&mut contact.addresses, place.addresses.iter().copied(), SOME);
    extend(&mut contact.protocols, place.protocols.iter().cloned(), SOME);
    contact.conversations += place.conversations;
    contact.attempts += place.attempts;
    contact.bytes_sent = contact.bytes_sent.saturating_add(place.sent);
    contact.bytes_got = contact.bytes_got.saturating_add(place.got);
    contact.first_ms = contact.first_ms.min(place.first_ms.unwrap_or(u64::MAX));
    contact.last_ms = contact.last_ms.max(place.last_ms);
    let found = rhythm(&place.times);
    let better = |new: &ukai_model::Rhythm| {
        contact.rhythm.as_ref().is_none_or(|old| old.intervals < new.intervals)
    };
    if found.as_ref().is_some_and(better) {
        contact.rhythm = found;
    }
    if contact.first_payload.is_empty() {
        contact.first_payload = PeerText::truncated(&place.first_payload, TEXT_BYTES_MAX);
    }
    let said = place.said.iter().map(|line| PeerText::new(line.clone()));
    let logins = place.logins.iter().map(|login| PeerText::new([b"log-in ", &login[..]].concat()));
    extend(&mut contact.said, said.chain(logins), SOME);
    extend(&mut contact.agents, place.agents.iter().map(|a| PeerText::new(a.clone())), FEW);
    extend(&mut contact.ja4, place.ja4.iter().cloned(), FEW);
    let actors = place.pids.iter().map(|pid| Actor {
        run,
        pid: *pid,
        path: PeerText::truncated(inside.processes.program(*pid), TEXT_BYTES_MAX),
    });
    extend(&mut contact.processes, actors, FEW);
    seen_in(&mut contact.runs, run);
    place.proofs.iter().for_each(|proof| note(&mut contact.proofs, proof));
}

/// What may become an indicator. An address behind a name is the virtual Internet's own
/// invention and is none; one that the sample knew is.
fn observables_of(key: &Key, place: &Place) -> Vec<Observable> {
    let mut found = Vec::new();
    let host = match &key.host {
        Host::Name(name) => {
            let name = String::from_utf8_lossy(name).into_owned();
            found.extend(observables::domain(&name));
            name
        }
        Host::Address(address) => {
            found.push(observables::ip(*address));
            address.to_string()
        }
    };
    found.extend(observables::endpoint(&host, key.port));
    found.extend(place.urls.iter().filter_map(|url| observables::url(url).ok()));
    found.truncate(SOME * 2);
    found
}

fn extend<T: PartialEq>(list: &mut Vec<T>, new: impl Iterator<Item = T>, max: usize) {
    for value in new {
        if list.len() >= max {
            return;
        }
        if !list.contains(&value) {
            list.push(value);
        }
    }
}

fn seen_in(runs: &mut Vec<u32>, run: u32) {
    if runs.last() != Some(&run) {
        runs.push(run);
    }
}

fn finish(
    sha256: Sha256,
    runs: Vec<Run>,
    processes: Vec<ukai_model::Process>,
    moments: Vec<ukai_model::Moment>,
    output: &[u8],
    mut merged: Merged,
) -> Behaviour {
    let (timeline, cut) = timeline::shortened(moments);
    merged.left("timeline", cut);
    let differences = differences(&runs, &merged);
    let mut contacts: Vec<Contact> = merged.contacts.into_values().collect();
    contacts.sort_by_key(|contact| {
        (rank(contact.class), std::cmp::Reverse(contact.confidence), contact.first_ms)
    });
    let mut matches: Vec<RuleMatch> = merged.matches.into_values().collect();
    matches.sort_by_key(|found| (std::cmp::Reverse(found.severity), found.rule.clone()));
    let names: Vec<NameAsked> = merged.names.into_values().collect();
    let attacks: Vec<Attack> = merged.attacks.into_values().collect();
    let fingerprint = fingerprint::fingerprint(&names, &contacts, &attacks);
    let mut behaviour = Behaviour {
        v: BEHAVIOUR_VERSION,
        sha256,
        started: runs.first().map_or(Timestamp::default(), |run| run.started),
        runs,
        summary: String::new(),
        score: score(&matches),
        timeline,
        processes,
        files: merged.files.into_values().collect(),
        registry: merged.registry.into_values().collect(),
        findings: merged.findings.into_values().collect(),
        ids_rules: ids::rules(&sha256, &contacts),
        names,
        contacts,
        attacks,
        drops: merged.drops.into_values().collect(),
        memory: Vec::new(),
        matches,
        fingerprint,
        alike: Vec::new(),
        differences,
        output: PeerText::truncated(output, OUTPUT_BYTES_MAX),
        left_out: merged.left_out,
    };
    behaviour.summary = summary::summary(&behaviour);
    behaviour
}

/// What a reader wants to see first.
const fn rank(class: Class) -> u8 {
    match class {
        Class::C2 => 0,
        Class::Distribution | Class::Update | Class::MiningPool => 1,
        Class::Unknown => 2,
        Class::AttackTarget => 3,
        Class::ConnectivityCheck => 4,
        Class::TimeServer | Class::Resolver => 5,
        Class::ScanTarget => 6,
        Class::Local => 7,
    }
}

/// Independent signs: each takes its part of the doubt that is left.
fn score(matches: &[RuleMatch]) -> u8 {
    let doubt = matches.iter().fold(1.0, |doubt, found| {
        doubt
            * match found.severity {
                Severity::Info => 1.0,
                Severity::Low => 0.95,
                Severity::Medium => 0.8,
                Severity::High => 0.5,
            }
    });
    ((1.0 - doubt) * 100.0_f64).round() as u8
}

/// What some runs have shown and others not. Runs in which the sample did not start say
/// nothing.
fn differences(runs: &[Run], merged: &Merged) -> Vec<Difference> {
    let counted: Vec<u32> =
        runs.iter().filter(|run| run.reached || !run.traced).map(|run| run.number).collect();
    let mut differences = Vec::new();
    if counted.len() < 2 {
        return differences;
    }
    let mut tell = |of: &str, what: PeerText, seen_in: &[u32]| {
        let missing: Vec<u32> =
            counted.iter().filter(|run| !seen_in.contains(run)).copied().collect();
        if !missing.is_empty() && differences.len() < DIFFERENCES_MAX {
            let (of, seen_in) = (of.to_owned(), seen_in.to_vec());
            differences.push(Difference { of, what, seen_in, missing_in: missing });
        }
    };
    for contact in merged.contacts.values() {
        let scanned = matches!(contact.class, Class::ScanTarget | Class::Local | Class::Resolver);
        if !scanned {
            tell("contact", contact_text(contact), &contact.runs);
        }
    }
    for attack in merged.attacks.values() {
        let text = format!("{} of {}", attack.traffic, attack.packets_of);
        tell("attack", PeerText::from(text.as_str()), &attack.runs);
    }
    for found in merged.matches.values() {
        tell("rule", PeerText::from(found.title.as_str()), &found.runs);
    }
    // No two runs of a system log the same.
    for finding in merged.findings.values().filter(|finding| finding.kind != FindingKind::Log) {
        let text = [finding.how.as_bytes(), b" ", finding.detail.as_bytes()].concat();
        tell("finding", PeerText::new(text), &finding.runs);
    }
    for name in merged.names.values() {
        tell("name", name.name.clone(), &name.runs);
    }
    for file in merged.files.values() {
        tell("file", file.path.clone(), &file.runs);
    }
    for change in merged.registry.values() {
        tell("registry", registry_text(change), &change.runs);
    }
    differences
}
