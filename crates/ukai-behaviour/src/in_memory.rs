//! What an analysis of the memory of the sample's processes has found, and the sample's file does not
//! show.

use crate::compare::memory_text;
use crate::limits::{FEW, IN_MEMORY_MAX, TEXT_BYTES_MAX};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use ukai_model::{
    Actor, Analysis, Behaviour, InMemory, Outcome, PeerText, RuleInMemory, ValueInMemory, YaraMatch,
};

/// Longest name of a rule, its set or a tag, in bytes.
const WORD_BYTES_MAX: usize = 128;

/// Where a stretch of memory stands in the archive that was analysed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The member's name there.
    pub name: String,
    /// The process.
    pub pid: u32,
    /// Where the stretch begins in memory.
    pub address: u64,
    /// The mapping's name, or empty.
    pub mapping: PeerText,
    /// Where its bytes begin in the archive.
    pub at: u64,
    /// How many there are.
    pub bytes: u64,
}

/// What one run's memory has shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryOfRun {
    /// The run's number.
    pub run: u32,
    /// What was found; processes are not named yet.
    pub found: Vec<InMemory>,
    /// Finds whose place is not known.
    pub left_out: u64,
    /// What was not looked at, for a reader.
    pub notes: Vec<String>,
}

/// Reads the analysis of an archive of stretches, which are at `places`. What `known`, the analysis
/// of the sample's own file, has too is left out.
pub fn in_memory(run: u32, places: &[Place], analysis: &Analysis, known: &Analysis) -> MemoryOfRun {
    let mut told = MemoryOfRun { run, ..MemoryOfRun::default() };
    let whole = match &analysis.outcome {
        Outcome::Complete => None,
        Outcome::Partial { reason } => Some(format!("memory was looked at in part: {reason}")),
        Outcome::Failed { reason } => Some(format!("memory was not looked at: {reason}")),
    };
    told.notes.extend(whole);
    let mut add = |at: Option<(&Place, u64)>, value, yara| match at {
        None => told.left_out += 1,
        Some((place, address)) => told.found.push(InMemory {
            process: Actor { run, pid: place.pid, path: PeerText::default() },
            address,
            mapping: place.mapping.clone(),
            value,
            yara,
            runs: vec![run],
        }),
    };
    for found in &analysis.observables {
        if known.observables.iter().any(|other| other.observable == found.observable) {
            continue;
        }
        let value = ValueInMemory {
            observable: found.observable.clone(),
            encoding: found.encoding.clone(),
            confidence: found.confidence,
        };
        add(place_of(places, analysis, found.layer, Some(found.offset)), Some(value), None);
    }
    // Those of a stretch first: the archive as a whole matches where a stretch does.
    let (of_all, of_one): (Vec<_>, Vec<_>) =
        analysis.yara.iter().partition(|found| found.layer.is_none());
    for found in &of_one {
        if is_new(known, found) {
            let offset = found.places.first().map(|place| place.offset);
            let at = place_of(places, analysis, found.layer, offset);
            add(at, None, Some(rule(found)));
        }
    }
    for found in of_all {
        let same = |other: &&YaraMatch| (&other.set, &other.rule) == (&found.set, &found.rule);
        // Without a place in a stretch it is about the archive, which is ours.
        let offset = found.places.first().map(|place| place.offset);
        let at = place_of(places, analysis, None, offset);
        if at.is_some() && is_new(known, found) && !of_one.iter().any(same) {
            add(at, None, Some(rule(found)));
        }
    }
    told
}

fn is_new(known: &Analysis, found: &YaraMatch) -> bool {
    !known.yara.iter().any(|other| other.set == found.set && other.rule == found.rule)
}

fn rule(found: &YaraMatch) -> RuleInMemory {
    let word = |text: &String| text.chars().take(WORD_BYTES_MAX).collect();
    RuleInMemory {
        rule: word(&found.rule),
        set: word(&found.set),
        noisy: found.noisy,
        tags: found.tags.iter().take(FEW).map(word).collect(),
    }
}

/// The stretch that a find is in, and its address.
fn place_of<'a>(
    places: &'a [Place],
    analysis: &Analysis,
    layer: Option<u32>,
    offset: Option<u64>,
) -> Option<(&'a Place, u64)> {
    let Some(layer) = layer else {
        let offset = offset?;
        let next = places.partition_point(|place| place.at <= offset);
        let place = places.get(next.checked_sub(1)?)?;
        let within = offset.checked_sub(place.at).filter(|within| *within < place.bytes)?;
        return Some((place, place.address.wrapping_add(within)));
    };
    let mut member = analysis.members.get(layer as usize)?;
    let direct = member.parent.is_none();
    // A member's parent comes before it; a circle, which only a forged analysis has, ends too.
    let mut number = layer;
    while let Some(parent) = member.parent.filter(|parent| *parent < number) {
        member = analysis.members.get(parent as usize)?;
        number = parent;
    }
    let name = member.name.as_ref()?.as_bytes();
    let place = places.iter().find(|place| place.name.as_bytes() == name)?;
    let within = offset.filter(|offset| direct && *offset < place.bytes).unwrap_or(0);
    Some((place, place.address.wrapping_add(within)))
}

/// Enters what the memory of the runs has shown: the surest first, at most
/// [`IN_MEMORY_MAX`](crate::limits::IN_MEMORY_MAX).
pub fn set_memory(behaviour: &mut Behaviour, runs: Vec<MemoryOfRun>) {
    let mut all: BTreeMap<PeerText, InMemory> = BTreeMap::new();
    let mut left_out = 0_u64;
    for of_run in runs {
        left_out = left_out.saturating_add(of_run.left_out);
        if let Some(run) = behaviour.runs.iter_mut().find(|run| run.number == of_run.run) {
            run.notes.extend(of_run.notes);
        }
        for mut found in of_run.found {
            match all.entry(memory_text(&found)) {
                Entry::Occupied(mut known) => {
                    let runs = &mut known.get_mut().runs;
                    if !runs.contains(&of_run.run) {
                        runs.push(of_run.run);
                    }
                }
                Entry::Vacant(room) => {
                    found.process.path = program(behaviour, of_run.run, found.process.pid);
                    room.insert(found);
                }
            }
        }
    }
    let mut list: Vec<InMemory> = all.into_values().collect();
    list.sort_by_key(|found| std::cmp::Reverse(weight(found)));
    left_out = left_out.saturating_add(list.len().saturating_sub(IN_MEMORY_MAX) as u64);
    list.truncate(IN_MEMORY_MAX);
    behaviour.memory = list;
    if left_out > 0 {
        behaviour.left_out.insert("in memory".to_owned(), left_out);
    }
}

/// What a reader wants to see first.
fn weight(found: &InMemory) -> u8 {
    match (&found.yara, &found.value) {
        (Some(yara), _) if !yara.noisy => 100,
        (_, Some(value)) => value.confidence.min(100),
        _ => 0,
    }
}

/// What a process was last.
fn program(behaviour: &Behaviour, run: u32, pid: u32) -> PeerText {
    let process = behaviour.processes.iter().find(|one| one.run == run && one.pid == pid);
    let program = process.and_then(|process| process.programs.last());
    program.map_or_else(PeerText::default, |program| {
        PeerText::truncated(program.path.as_bytes(), TEXT_BYTES_MAX)
    })
}
