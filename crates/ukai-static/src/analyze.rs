//! One analysis, stage by stage: what is cheap and matters most comes first.

use crate::kind::{Kind, Language};
use crate::limits::{Limits, NOTES_MAX};
use crate::observables::{Finds, Source, runs, scan_text, search_base64, search_xor};
use crate::{ENGINE, ENGINE_VERSION, Stage, elf, hashes, kind, script, strings, unpack};
use ukai_model::{Analysis, Outcome, Sha256, StringEncoding, Timestamp};

/// Analyses `bytes`. `emit` is called after each stage with the result so far, so that a
/// caller that is killed leaves something behind. `now` becomes the time of the start;
/// how long it took is for the caller to fill in.
pub fn analyze(
    bytes: &[u8],
    now: Timestamp,
    limits: &Limits,
    emit: &mut dyn FnMut(Stage<'_>),
) -> Analysis {
    let mut work = Work {
        bytes,
        now,
        limits,
        finds: Finds::new(limits.observables),
        language: None,
        analysis: empty(bytes, now),
    };
    let stages = stages();
    for (index, (name, stage)) in stages.iter().enumerate() {
        stage(&mut work);
        work.analysis.observables.clone_from(&work.finds.list);
        work.analysis.outcome = match stages.get(index + 1) {
            Some((next, _)) => Outcome::Partial { reason: format!("during {next}") },
            None => Outcome::Complete,
        };
        if work.analysis.outcome == Outcome::Complete {
            work.finish();
        }
        emit(Stage { name, so_far: &work.analysis });
    }
    work.analysis
}

type StageWork<'a> = fn(&mut Work<'a>);

/// The stages in their order.
fn stages<'a>() -> [(&'static str, StageWork<'a>); 7] {
    [
        ("type", Work::identify),
        ("hashes", Work::hash),
        ("strings", Work::scan),
        ("xor", Work::search_xor),
        ("base64", Work::search_base64),
        ("unpacking", Work::unpack),
        ("script", Work::run_script),
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
        entropy: 0.0,
        observables: Vec::new(),
        strings: Vec::new(),
        commands: Vec::new(),
        notes: Vec::new(),
    }
}

struct Work<'a> {
    bytes: &'a [u8],
    now: Timestamp,
    limits: &'a Limits,
    finds: Finds,
    language: Option<Language>,
    analysis: Analysis,
}

impl<'a> Work<'a> {
    /// The beginning of the file that a stage may look at.
    fn head(&mut self, max: usize, what: &str) -> &'a [u8] {
        if self.bytes.len() > max {
            self.note(format!("{what} were searched in the first {max} bytes only"));
        }
        &self.bytes[..self.bytes.len().min(max)]
    }

    fn note(&mut self, note: String) {
        if self.analysis.notes.len() < NOTES_MAX {
            self.analysis.notes.push(note);
        }
    }

    fn identify(&mut self) {
        let elf = elf::read(self.bytes);
        let Kind { file_type, language } = kind::identify(self.bytes, elf.as_ref());
        self.analysis.file_type = Some(file_type);
        self.language = language;
        if let Some(elf) = elf {
            elf.notes.into_iter().for_each(|note| self.note(note));
            self.analysis.elf = Some(elf.info);
        }
    }

    fn hash(&mut self) {
        let sha256 = self.analysis.sha256.to_string();
        self.analysis.hashes = Some(hashes::all(self.bytes, &sha256));
        self.analysis.entropy = hashes::entropy(self.bytes);
    }

    fn scan(&mut self) {
        let head = self.head(self.limits.scan_bytes, "strings");
        let mut kept = strings::Kept::new(self.limits);
        for run in runs(head) {
            let text = run.text(head);
            kept.offer(&text);
            let mut source = Source::plain(run.at, self.language);
            if run.wide {
                source.encoding = StringEncoding::Utf16le;
                source.stride = 2;
            }
            scan_text(&text, &source, &mut self.finds);
        }
        if kept.overflown {
            self.note(format!("only the first {} strings are kept", self.limits.strings));
        }
        self.analysis.strings = kept.list;
    }

    fn search_xor(&mut self) {
        let head = self.head(self.limits.xor_bytes, "XORed strings");
        for key in search_xor(head, &mut self.finds) {
            self.note(format!("strings are XORed with {key:#04x}"));
        }
    }

    fn search_base64(&mut self) {
        let head = self.head(self.limits.scan_bytes, "base64 texts");
        search_base64(head, self.language, &mut self.finds);
    }

    fn unpack(&mut self) {
        let Some(layer) = unpack::unpack(self.bytes, self.limits.unpacked_bytes) else { return };
        self.note(layer.note);
        let kind = kind::identify(&layer.bytes, elf::read(&layer.bytes).as_ref());
        self.note(format!("the {} layer holds: {}", layer.format, kind.file_type.description));
        for run in runs(&layer.bytes) {
            let mut source = Source::plain(run.at, kind.language);
            source.method = layer.format;
            if run.wide {
                source.encoding = StringEncoding::Utf16le;
                source.stride = 2;
            }
            scan_text(&run.text(&layer.bytes), &source, &mut self.finds);
        }
        search_xor(&layer.bytes, &mut self.finds);
    }

    fn run_script(&mut self) {
        if self.language != Some(Language::Shell) {
            return;
        }
        let report = script::run(self.bytes, self.now, self.limits, &mut self.finds);
        self.analysis.commands = report.commands;
        report.notes.into_iter().for_each(|note| self.note(note));
    }

    fn finish(&mut self) {
        if self.finds.overflown {
            self.note(format!("only the first {} observables are kept", self.limits.observables));
        }
    }
}
