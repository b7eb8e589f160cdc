//! What two reports of one sample tell differently: runs under other settings.

use crate::limits::DIFFERENCES_MAX;
use std::collections::BTreeSet;
use ukai_model::{
    Behaviour, Class, Contact, FindingKind, InMemory, PeerText, RegistryChange, ReportDifference,
};

/// What only one of two reports has, by kind and text; at most as much as a report has of its own.
/// Addresses behind names are the virtual Internet's choice and are not compared.
pub fn compare(first: &Behaviour, second: &Behaviour) -> Vec<ReportDifference> {
    // Of a run whose memory nobody asked for, that says nothing.
    let memory = !first.memory.is_empty() && !second.memory.is_empty();
    let (first, second) = (facts(first, memory), facts(second, memory));
    let only = |of: &BTreeSet<(&'static str, PeerText)>, other: &BTreeSet<_>, in_first: bool| {
        of.difference(other)
            .map(|(of, what)| ReportDifference {
                of: (*of).to_owned(),
                what: what.clone(),
                only_in_first: in_first,
            })
            .collect::<Vec<_>>()
    };
    let mut all = only(&first, &second, true);
    all.extend(only(&second, &first, false));
    all.sort_by(|a, b| (&a.of, &a.what, a.only_in_first).cmp(&(&b.of, &b.what, b.only_in_first)));
    all.truncate(DIFFERENCES_MAX);
    all
}

/// What a report says, in the words of [`ukai_model::Difference`].
fn facts(report: &Behaviour, memory: bool) -> BTreeSet<(&'static str, PeerText)> {
    let told = |contact: &&Contact| {
        !matches!(contact.class, Class::ScanTarget | Class::Local | Class::Resolver)
    };
    let mut facts = BTreeSet::new();
    for contact in report.contacts.iter().filter(told) {
        facts.insert(("contact", contact_text(contact)));
    }
    for attack in &report.attacks {
        let text = format!("{} of {}", attack.traffic, attack.packets_of);
        facts.insert(("attack", PeerText::from(text.as_str())));
    }
    for found in &report.matches {
        facts.insert(("rule", PeerText::from(found.title.as_str())));
    }
    // No two runs of a system log the same.
    for finding in report.findings.iter().filter(|finding| finding.kind != FindingKind::Log) {
        let text = [finding.how.as_bytes(), b" ", finding.detail.as_bytes()].concat();
        facts.insert(("finding", PeerText::new(text)));
    }
    facts.extend(report.names.iter().map(|name| ("name", name.name.clone())));
    facts.extend(report.files.iter().map(|file| ("file", file.path.clone())));
    facts.extend(report.registry.iter().map(|change| ("registry", registry_text(change))));
    if memory {
        facts.extend(report.memory.iter().map(|found| ("memory", memory_text(found))));
    }
    facts
}

/// Something in memory in a line, without its place.
pub(crate) fn memory_text(found: &InMemory) -> PeerText {
    let mut text = String::new();
    if let Some(value) = &found.value {
        text = format!("{} {}", value.observable.kind, value.observable.value);
    }
    if let Some(yara) = &found.yara {
        text = format!("YARA {}/{}", yara.set, yara.rule);
    }
    PeerText::from(text.as_str())
}

/// A value of the registry, by its place.
pub(crate) fn registry_text(change: &RegistryChange) -> PeerText {
    PeerText::new([change.key.as_bytes(), b"\\", change.name.as_bytes()].concat())
}

/// A destination in a line.
pub(crate) fn contact_text(contact: &Contact) -> PeerText {
    let host = if contact.name.is_empty() {
        contact.addresses.first().map(ToString::to_string).unwrap_or_default()
    } else {
        contact.name.to_string()
    };
    let text = format!("{} {host} port {}", contact.class.as_str(), contact.port);
    PeerText::from(text.as_str())
}
