//! Workers: take samples from the queue, have them analysed in a confined child, keep
//! what comes back.
//!
//! The child parsed a hostile file, so what it says is hostile too: it is bounded and
//! checked before it is believed.

use crate::shared::{App, Cycle};
use crate::{clock, limits, opinions, sandbox};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use ukai_indicator::observables;
use ukai_jail::{Jail, JailOutcome};
use ukai_model::{
    Analysis, BotConfiguration, ElfInfo, EventKind, FileType, Outcome, PeInfo, PeerText, ScriptAct,
    Section, Sha256, Timestamp, YaraMatch,
};
use ukai_store::cart::Digests;
use ukai_store::{Job, JobState, Queue, StoreError};

/// The analysis that these workers do.
pub(crate) use ukai_static::ENGINE;

/// Works until the hub stops. A job that is cut off by the stop is left to its lease. All workers
/// together have as many `children` at a time as there are permits.
pub(crate) async fn run(app: App, children: Arc<Semaphore>, name: String) {
    let mut worker = Worker { app: app.clone(), jail: jail(&app), children, name, done: None };
    loop {
        let round = async {
            let result = worker.round().await;
            let idle = matches!(result, Ok(false));
            let result = result.map(drop);
            app.faults.note(&app.metrics, Cycle::Analysis, &result);
            if result.is_err() {
                tokio::time::sleep(limits::CYCLE_RETRY).await;
            } else if idle {
                // Retries fall due and leases run out without a word.
                let woken = app.store.queue().notified();
                let _ = tokio::time::timeout(limits::WORKER_IDLE, woken).await;
            }
        };
        tokio::select! {
            () = app.stop.cancelled() => break,
            () = round => {}
        }
    }
    if let Some(done) = worker.done.take()
        && let Err(error) = app.store.queue().complete(&done).await
    {
        tracing::warn!(sample = %done.sha256, %error, "an analysis will be made once more");
    }
}

/// What analyses samples.
pub(crate) fn jail(app: &App) -> Jail {
    Jail {
        program: app.context.analyzer.program.clone(),
        arguments: app.context.analyzer.arguments.clone(),
        limits: app.config.analysis,
        warm: app.context.analyzer.warm,
    }
}

/// Renews the lease of a job; returns when it is lost.
pub(crate) async fn keep_lease(app: &App, job: &Job) -> Result<(), StoreError> {
    loop {
        tokio::time::sleep(limits::LEASE / 3).await;
        if !app.store.queue().renew(job, limits::LEASE).await? {
            return Ok(());
        }
    }
}

struct Worker {
    app: App,
    jail: Jail,
    children: Arc<Semaphore>,
    name: String,
    /// The job that was done last, which is completed when the next one is taken.
    done: Option<Job>,
}

impl Worker {
    /// Does one job; false if there is none.
    async fn round(&mut self) -> Result<bool, StoreError> {
        let queue = self.app.store.queue();
        let next = match &self.done {
            Some(done) => queue.exchange(done, &self.name, limits::LEASE).await?,
            None => queue.lease(ENGINE, &self.name, limits::LEASE, 1).await?.pop(),
        };
        self.done = None;
        let Some(job) = next else { return Ok(false) };
        tokio::select! {
            done = self.work(&job) => self.done = done?.then_some(job),
            lost = keep_lease(&self.app, &job) => {
                lost?;
                tracing::warn!(sample = %job.sha256, "the lease of an analysis was lost");
            }
        }
        Ok(true)
    }

    /// Does a job; whether it is done, and not given back.
    async fn work(&self, job: &Job) -> Result<bool, StoreError> {
        let (bytes, digests) = match self.app.store.new_sample(&job.sha256).await {
            Ok(Some(known)) => known,
            Ok(None) => {
                self.give_back(job, None, "the sample's bytes are no longer kept").await?;
                return Ok(false);
            }
            Err(error @ StoreError::Damaged { .. }) => {
                self.give_back(job, None, &error.to_string()).await?;
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        // While this worker keeps what a child found, another has the next child look.
        let child = self.children.acquire().await.expect("is never closed");
        let (analysis, interrupted) = look(&self.jail, &bytes, &digests, clock::now()).await;
        drop(child);
        if interrupted && job.attempts == 1 {
            // It was not the sample's doing: once more, whatever it said until then.
            let reason = "somebody ended the analysis";
            self.app.store.queue().postpone(job, reason, Some(Duration::ZERO)).await?;
            return Ok(false);
        }
        match &analysis.outcome {
            Outcome::Failed { reason } => {
                let reason = reason.clone();
                self.give_back(job, Some(analysis), &reason).await?;
                Ok(false)
            }
            Outcome::Complete | Outcome::Partial { .. } => {
                let analysis = Arc::new(analysis);
                self.keep(&analysis).await?;
                sandbox::queue(&self.app, &analysis).await?;
                opinions::queue(&self.app, job.sha256, Queue::CAPTURED).await?;
                Ok(true)
            }
        }
    }

    /// Gives a job that failed back: it is tried again later, and after the last attempt
    /// the failure is kept as the sample's analysis, unless an earlier one found more.
    async fn give_back(
        &self,
        job: &Job,
        analysis: Option<Analysis>,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.app.metrics.job_failures.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        tracing::warn!(sample = %job.sha256, attempt = job.attempts, reason, "an analysis failed");
        let state = self.app.store.queue().fail(job, reason, None).await?;
        if let (Some(analysis), Some(JobState::Quarantined)) = (analysis, state) {
            let known = self.app.store.analyses_of(&job.sha256).await?;
            let better =
                |a: &Analysis| a.engine == ENGINE && !matches!(a.outcome, Outcome::Failed { .. });
            if !known.iter().any(better) {
                self.keep(&Arc::new(analysis)).await?;
            }
        }
        Ok(())
    }

    async fn keep(&self, analysis: &Arc<Analysis>) -> Result<(), StoreError> {
        self.app.store.put_analysis(Arc::clone(analysis)).await?;
        self.app.likeness.add(analysis);
        self.app.metrics.count_analysis(&analysis.outcome);
        let done = EventKind::AnalysisDone {
            sha256: analysis.sha256,
            engine: analysis.engine.clone(),
            outcome: analysis.outcome.name().to_owned(),
            observables: analysis.observables.len() as u64,
            duration_ms: analysis.duration_ms,
        };
        self.app.store.submit(vec![self.app.event(done)]).await
    }
}

/// Has `sample` analysed by a child in `jail`. It never fails: what the child did not
/// manage stands in the outcome, with what it found until then. `now` is the start.
pub async fn analyze(jail: &Jail, sample: &[u8], now: Timestamp) -> Analysis {
    look(jail, sample, &Digests::of(sample), now).await.0
}

/// As [`analyze`], and whether somebody else ended the child.
async fn look(jail: &Jail, sample: &[u8], digests: &Digests, now: Timestamp) -> (Analysis, bool) {
    let sha256 = Sha256::from_bytes(digests.sha256);
    let clock = Instant::now();
    let outcome = jail.run(sample).await;
    let interrupted = matches!(outcome, JailOutcome::Interrupted { .. });
    let mut analysis =
        read_outcome(&outcome, sha256).unwrap_or_else(|reason| failed(sha256, reason));
    analysis.size = sample.len() as u64;
    if let Some(hashes) = &mut analysis.hashes {
        hashes.md5 = hex::encode(digests.md5);
        hashes.sha1 = hex::encode(digests.sha1);
        hashes.sha256 = sha256.to_string();
    }
    analysis.started = now;
    analysis.duration_ms = u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX);
    (analysis, interrupted)
}

/// What a child's output amounts to. An error is the reason why it amounts to nothing.
fn read_outcome(outcome: &JailOutcome, sha256: Sha256) -> Result<Analysis, String> {
    match outcome {
        JailOutcome::Done(output) => last_good_stage(output, sha256)
            .ok_or_else(|| "the analysing process wrote nothing that can be read".to_owned()),
        JailOutcome::Partial { output, reason } | JailOutcome::Interrupted { output, reason } => {
            let mut analysis = last_good_stage(output, sha256).ok_or_else(|| reason.clone())?;
            // It may have said "complete" and then crashed on the way out: it did not end well.
            analysis.outcome = Outcome::Partial { reason: reason.clone() };
            Ok(analysis)
        }
        JailOutcome::Failed { reason } => Err(reason.clone()),
    }
}

/// The last line that is an analysis of this sample. Later stages hold all that earlier
/// ones did.
fn last_good_stage(output: &[u8], sha256: Sha256) -> Option<Analysis> {
    output
        .rsplit(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty() && line.len() <= limits::ANALYSIS_LINE_BYTES_MAX)
        .take(limits::ANALYSIS_STAGES_MAX)
        .filter_map(|line| serde_json::from_slice::<Analysis>(line).ok())
        .find(|analysis| analysis.sha256 == sha256 && analysis.engine == ENGINE)
        .map(bounded)
}

/// Cuts what a child that was taken over could have written too much of, and drops
/// values that are not in their canonical form.
fn bounded(mut analysis: Analysis) -> Analysis {
    let mut notes = Vec::new();
    let before = analysis.observables.len();
    analysis.observables.truncate(limits::ANALYSIS_OBSERVABLES_MAX);
    analysis.observables.retain(|found| {
        observables::parse(&found.observable.value).is_ok_and(|parsed| parsed == found.observable)
    });
    let dropped = before - analysis.observables.len();
    if dropped > 0 {
        notes.push(format!("{dropped} observables were too many or not canonical"));
    }
    for found in &mut analysis.observables {
        shorten(&mut found.method);
    }
    for lines in [&mut analysis.strings, &mut analysis.commands] {
        lines.truncate(limits::ANALYSIS_LINES_MAX);
        for line in lines {
            shorten_text(line);
        }
    }
    analysis.acts.truncate(limits::ANALYSIS_LINES_MAX);
    analysis.acts.iter_mut().for_each(|step| bounded_act(&mut step.act));
    analysis.file_type.iter_mut().for_each(bounded_type);
    if let Some(hashes) = &mut analysis.hashes {
        for text in [&mut hashes.ssdeep, &mut hashes.tlsh].into_iter().flatten() {
            shorten(text);
        }
    }
    analysis.elf.iter_mut().for_each(bounded_elf);
    analysis.pe.iter_mut().for_each(bounded_pe);
    analysis.members.truncate(limits::ANALYSIS_LINES_MAX);
    for member in &mut analysis.members {
        shorten(&mut member.container);
        member.name.iter_mut().for_each(shorten_text);
        member.password.iter_mut().for_each(shorten_text);
        bounded_type(&mut member.file_type);
        member.elf.iter_mut().for_each(bounded_elf);
        member.pe.iter_mut().for_each(bounded_pe);
        if !member.entropy.is_finite() {
            member.entropy = 0.0;
        }
    }
    bounded_programs(&mut analysis);
    analysis.artefacts.truncate(limits::ANALYSIS_LINES_MAX);
    analysis.artefacts.iter_mut().for_each(|artefact| shorten_text(&mut artefact.value));
    analysis.yara.truncate(limits::ANALYSIS_LINES_MAX);
    analysis.yara.iter_mut().for_each(bounded_yara);
    analysis.configurations.truncate(limits::ANALYSIS_ITEMS_MAX);
    analysis.configurations.iter_mut().for_each(bounded_configuration);
    if let Outcome::Partial { reason } | Outcome::Failed { reason } = &mut analysis.outcome {
        shorten(reason);
    }
    if !analysis.entropy.is_finite() {
        analysis.entropy = 0.0;
    }
    analysis.notes.truncate(limits::ANALYSIS_ITEMS_MAX);
    analysis.notes.iter_mut().for_each(shorten);
    analysis.notes.extend(notes);
    analysis
}

fn bounded_type(file_type: &mut FileType) {
    for text in [&mut file_type.name, &mut file_type.mime, &mut file_type.description] {
        shorten(text);
    }
    for texts in [&mut file_type.reasons, &mut file_type.also] {
        texts.truncate(limits::ANALYSIS_ITEMS_MAX);
        texts.iter_mut().for_each(shorten);
    }
}

fn bounded_elf(elf: &mut ElfInfo) {
    elf.segments.truncate(limits::ANALYSIS_ITEMS_MAX);
    elf.sections.truncate(limits::ANALYSIS_ITEMS_MAX);
    elf.sections.iter_mut().for_each(bounded_section);
    for texts in [&mut elf.libraries, &mut elf.tool_chains] {
        texts.truncate(limits::ANALYSIS_ITEMS_MAX);
        texts.iter_mut().for_each(shorten_text);
    }
    shorten(&mut elf.machine);
    shorten(&mut elf.kind);
    elf.telfhash.iter_mut().for_each(shorten);
}

fn bounded_pe(pe: &mut PeInfo) {
    for text in [&mut pe.machine, &mut pe.subsystem] {
        shorten(text);
    }
    for text in [&mut pe.imphash, &mut pe.rich_hash, &mut pe.packer].into_iter().flatten() {
        shorten(text);
    }
    pe.pdb.iter_mut().for_each(shorten_text);
    pe.sections.truncate(limits::ANALYSIS_ITEMS_MAX);
    pe.sections.iter_mut().for_each(bounded_section);
    for texts in [&mut pe.libraries, &mut pe.exports] {
        texts.truncate(limits::ANALYSIS_ITEMS_MAX);
        texts.iter_mut().for_each(shorten_text);
    }
    pe.resources.truncate(limits::ANALYSIS_ITEMS_MAX);
    for resource in &mut pe.resources {
        shorten_text(&mut resource.kind);
        shorten_text(&mut resource.name);
    }
    pe.version.truncate(limits::ANALYSIS_ITEMS_MAX);
    for version in &mut pe.version {
        shorten_text(&mut version.name);
        shorten_text(&mut version.value);
    }
}

/// Apple's and Android's programs.
fn bounded_programs(analysis: &mut Analysis) {
    analysis.mach.truncate(limits::ANALYSIS_ITEMS_MAX);
    for mach in &mut analysis.mach {
        shorten(&mut mach.machine);
        shorten(&mut mach.kind);
        let texts = [&mut mach.platform, &mut mach.uuid, &mut mach.symhash];
        texts.into_iter().flatten().for_each(shorten);
        mach.libraries.truncate(limits::ANALYSIS_ITEMS_MAX);
        mach.libraries.iter_mut().for_each(shorten_text);
        mach.sections.truncate(limits::ANALYSIS_ITEMS_MAX);
        mach.sections.iter_mut().for_each(bounded_section);
    }
    analysis.dex.truncate(limits::ANALYSIS_ITEMS_MAX);
    for dex in &mut analysis.dex {
        shorten_text(&mut dex.version);
        dex.names.truncate(limits::ANALYSIS_ITEMS_MAX);
        dex.names.iter_mut().for_each(shorten_text);
    }
    analysis.android.truncate(limits::ANALYSIS_ITEMS_MAX);
    for android in &mut analysis.android {
        shorten_text(&mut android.package);
        let texts = [&mut android.version, &mut android.sdk_min, &mut android.sdk_target];
        texts.into_iter().flatten().for_each(shorten_text);
        android.permissions.truncate(limits::ANALYSIS_ITEMS_MAX);
        android.permissions.iter_mut().for_each(shorten_text);
        android.components.truncate(limits::ANALYSIS_ITEMS_MAX);
        for component in &mut android.components {
            shorten(&mut component.kind);
            shorten_text(&mut component.name);
            component.actions.truncate(limits::ANALYSIS_ITEMS_MAX);
            component.actions.iter_mut().for_each(shorten_text);
        }
    }
}

fn bounded_section(section: &mut Section) {
    shorten_text(&mut section.name);
    shorten(&mut section.flags);
    if !section.entropy.is_finite() {
        section.entropy = 0.0;
    }
}

fn bounded_act(act: &mut ScriptAct) {
    match act {
        ScriptAct::Fetch { url, to } => {
            shorten_text(url);
            to.iter_mut().for_each(shorten_text);
        }
        ScriptAct::Connect { host: text, .. }
        | ScriptAct::Write { path: text, .. }
        | ScriptAct::Run { line: text } => shorten_text(text),
        ScriptAct::Evaluate { language, .. } => shorten(language),
        ScriptAct::Set { what, value } => {
            shorten_text(what);
            shorten_text(value);
        }
    }
}

fn bounded_yara(found: &mut YaraMatch) {
    for text in [&mut found.rule, &mut found.set, &mut found.version] {
        shorten(text);
    }
    found.tags.truncate(limits::ANALYSIS_ITEMS_MAX);
    found.tags.iter_mut().for_each(shorten);
    found.meta.truncate(limits::ANALYSIS_ITEMS_MAX);
    for meta in &mut found.meta {
        shorten(&mut meta.name);
        shorten_text(&mut meta.value);
    }
    found.places.truncate(limits::ANALYSIS_ITEMS_MAX);
    for place in &mut found.places {
        shorten(&mut place.string);
        shorten_text(&mut place.bytes);
    }
}

fn bounded_configuration(configuration: &mut BotConfiguration) {
    shorten(&mut configuration.family);
    for key in [&mut configuration.table_key, &mut configuration.login_key].into_iter().flatten() {
        shorten(key);
    }
    for texts in [&mut configuration.servers, &mut configuration.reports, &mut configuration.table]
    {
        texts.truncate(limits::ANALYSIS_LINES_MAX);
        texts.iter_mut().for_each(shorten_text);
    }
    configuration.logins.truncate(limits::ANALYSIS_LINES_MAX);
    for login in &mut configuration.logins {
        shorten_text(&mut login.user);
        shorten_text(&mut login.password);
    }
}

fn shorten_text(text: &mut PeerText) {
    if text.as_bytes().len() > limits::ANALYSIS_TEXT_BYTES_MAX {
        *text = PeerText::truncated(text.as_bytes(), limits::ANALYSIS_TEXT_BYTES_MAX);
    }
}

fn shorten(text: &mut String) {
    text.truncate(text.floor_char_boundary(limits::ANALYSIS_TEXT_BYTES_MAX));
}

fn failed(sha256: Sha256, reason: String) -> Analysis {
    Analysis {
        sha256,
        engine: ENGINE.to_owned(),
        engine_version: ukai_static::ENGINE_VERSION,
        started: Timestamp::default(),
        duration_ms: 0,
        outcome: Outcome::Failed { reason },
        size: 0,
        file_type: None,
        hashes: None,
        elf: None,
        pe: None,
        mach: Vec::new(),
        dex: Vec::new(),
        android: Vec::new(),
        entropy: 0.0,
        observables: Vec::new(),
        members: Vec::new(),
        configurations: Vec::new(),
        artefacts: Vec::new(),
        yara: Vec::new(),
        strings: Vec::new(),
        commands: Vec::new(),
        acts: Vec::new(),
        notes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ukai_model::{Found, Observable, ObservableKind, StringEncoding};

    fn line(change: impl FnOnce(&mut Analysis)) -> Vec<u8> {
        let mut analysis = failed(Sha256::of(b"x"), String::new());
        analysis.outcome = Outcome::Complete;
        change(&mut analysis);
        let mut line = serde_json::to_vec(&analysis).expect("serialises");
        line.push(b'\n');
        line
    }

    #[test]
    fn the_last_good_stage_wins() {
        let first = line(|a| a.notes.push("first".into()));
        let second = line(|a| a.notes.push("second".into()));
        let foreign = line(|a| a.sha256 = Sha256::of(b"another"));
        let output = [&first[..], &second, &foreign, b"{\"half\":", b"\n\xff\xff\n"].concat();
        let outcome = JailOutcome::Done(output);
        let analysis = read_outcome(&outcome, Sha256::of(b"x")).expect("a stage");
        assert_eq!(analysis.notes, ["second"]);
        assert_eq!(analysis.outcome, Outcome::Complete);
    }

    #[test]
    fn a_crash_after_complete_is_partial() {
        let reason = "killed by SIGSEGV".to_owned();
        let outcome = JailOutcome::Partial { output: line(|_| {}), reason: reason.clone() };
        let analysis = read_outcome(&outcome, Sha256::of(b"x")).expect("a stage");
        assert_eq!(analysis.outcome, Outcome::Partial { reason });
    }

    #[test]
    fn garbage_is_a_failure_with_its_reason() {
        let garbage = JailOutcome::Done(b"\x00\x01garbage\n[]\n{}\n".to_vec());
        read_outcome(&garbage, Sha256::of(b"x")).expect_err("nothing");
        let reason = "time limit of 1 s".to_owned();
        let hung = JailOutcome::Partial { output: b"{}\n".to_vec(), reason: reason.clone() };
        assert_eq!(read_outcome(&hung, Sha256::of(b"x")), Err(reason));
    }

    #[test]
    fn what_a_taken_over_child_writes_is_bounded_and_checked() {
        let found = |kind, value: &str| Found {
            observable: Observable { kind, value: value.into() },
            offset: 0,
            encoding: StringEncoding::Plain,
            method: "m".repeat(100_000),
            layer: None,
            confidence: 90,
        };
        let output = line(|a| {
            a.observables.push(found(ObservableKind::Domain, "c2.example"));
            a.observables.push(found(ObservableKind::Domain, "x\n* CNAME ."));
            a.observables.push(found(ObservableKind::Ip, "0.0.0.0/0"));
            a.observables.push(found(ObservableKind::Domain, "192.0.2.1"));
            a.strings = vec![PeerText::from("s"); 10_000];
            a.notes = vec!["n".repeat(20_000); 200];
        });
        let analysis = last_good_stage(&output, Sha256::of(b"x")).expect("a stage");
        let values: Vec<_> = analysis.observables.iter().map(|f| &f.observable.value).collect();
        assert_eq!(values, ["c2.example"]);
        assert!(serde_json::to_vec(&analysis).expect("serialises").len() < 2_000_000);
    }

    proptest! {
        #[test]
        fn no_output_of_a_child_does_harm(mut output: Vec<u8>, at: usize, change: u8, cut: usize) {
            // Half of the time a good line with one byte changed, cut somewhere.
            let mut good = line(|a| a.observables.push(found("c2.example")));
            let (at, cut) = (at % good.len(), cut % good.len());
            good[at] ^= change;
            output.extend(good);
            output.truncate(output.len() - cut);
            if let Some(analysis) = last_good_stage(&output, Sha256::of(b"x")) {
                for found in &analysis.observables {
                    prop_assert!(found.observable.value.bytes().all(|b| b.is_ascii_graphic()));
                }
            }
        }
    }

    fn found(name: &str) -> Found {
        Found {
            observable: Observable { kind: ObservableKind::Domain, value: name.into() },
            offset: 0,
            encoding: StringEncoding::Plain,
            method: "strings".into(),
            layer: None,
            confidence: 90,
        }
    }
}
