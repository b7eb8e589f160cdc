//! One run in an operator's own guest: what it does in the network, and what is different on
//! its disk afterwards.

use super::disc::{STARTED, disc, file_name};
use super::quiet::Quiet;
use super::task::{self, ASK_BYTES, ASK_TASK, DiskTask, TELL_NOTE, TELL_NOTICE};
use super::trace::Trace;
use super::{Ended, Guest, Plan, RunError, Seen, Setup, Unsuitable, address, internet, plan};
use crate::image::System;
use crate::limits::{DISC_MS_MAX, DISK_ANSWER_BYTES_MAX, DISK_READ_MS_MAX, SAMPLE_BYTES_MAX};
use crate::machine::{DiskGuest, Export, Machine as _, Running};
use crate::windows;
use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::OnceCell;
use ukai_jail::{Answers, Jail};
use ukai_model::{Analysis, Timestamp};
use ukai_trace::{Notice, What};

/// An operator's own guest, ready for runs.
pub struct OwnGuest {
    guest: DiskGuest,
    system: System,
    /// Where samples are put.
    folder: String,
    /// How long the guest may take to shut down.
    shutdown: Duration,
    /// What compares disks.
    jail: Jail,
    quiet: OnceCell<Quiet>,
}

/// The file in which is kept what the guest does when nothing runs, beside the booted guest.
const QUIET: &str = "quiet.json";

/// How long nothing is watched at most.
const QUIET_MAX: Duration = Duration::from_mins(2);

impl OwnGuest {
    /// A guest with that system on it. `jail` runs a child that talks as [`DiskTask`] says.
    pub fn new(
        guest: DiskGuest,
        system: System,
        folder: String,
        shutdown: Duration,
        jail: Jail,
    ) -> Self {
        Self { guest, system, folder, shutdown, jail, quiet: OnceCell::new() }
    }

    /// Where a sample of this name is put.
    fn place(&self, name: &[u8]) -> Vec<u8> {
        let separator = if self.system == System::Windows { '\\' } else { '/' };
        format!("{}{separator}{}", self.folder, file_name(name)).into_bytes()
    }

    /// How a sample is started here. On Windows what no program is known for is opened as if
    /// somebody had clicked on it.
    ///
    /// # Errors
    /// Linux has nothing that starts it.
    pub fn plan(
        &self,
        analysis: &Analysis,
        name: &[u8],
        wanted: Option<&str>,
        further: &[Vec<u8>],
    ) -> Result<Plan, Unsuitable> {
        if self.system == System::Linux {
            let mut plan = plan(analysis, name, wanted, further)?;
            let path = self.place(&plan.path);
            for word in &mut plan.arguments {
                if *word == plan.path {
                    word.clone_from(&path);
                }
            }
            // What carries out another processor's instructions is up to the guest.
            plan.emulator = None;
            plan.path = path;
            return Ok(plan);
        }
        let found = analysis.file_type.as_ref().map_or("unknown", |kind| &kind.name);
        let kind = wanted.or_else(|| windows::kind(analysis)).unwrap_or(found).to_owned();
        let known = windows::kinds().any(|known| known == kind);
        let name = if known { windows::file_name(&kind, name) } else { name.to_vec() };
        let path = self.place(&name);
        let arguments = match windows::start(&kind, &path, analysis, further) {
            Some(start) => start.line,
            None if kind == "powershell" => {
                let first = ["powershell.exe", "-ExecutionPolicy", "Bypass", "-File"];
                let first = first.into_iter().map(Into::into);
                first.chain([path.clone()]).chain(further.iter().cloned()).collect()
            }
            None => [path.clone()].into_iter().chain(further.iter().cloned()).collect(),
        };
        Ok(Plan {
            architecture: kind,
            system: System::Windows,
            program: path.clone(),
            path,
            arguments,
            emulator: None,
        })
    }
}

impl Guest for OwnGuest {
    /// Runs a sample. The first time the guest runs without one before, to know what it does by
    /// itself.
    async fn run(&self, sample: &[u8], plan: &Plan, setup: &Setup) -> Result<Seen, RunError> {
        if sample.len() > SAMPLE_BYTES_MAX {
            return Err(RunError::Large(sample.len()));
        }
        let quiet = self.quiet.get_or_try_init(|| self.be_quiet(plan, setup)).await?;
        let mut seen = self.once(Some(sample), plan, setup, quiet).await?;
        quiet.leave_out_of(&mut seen);
        Ok(seen)
    }
}

impl OwnGuest {
    async fn be_quiet(&self, plan: &Plan, setup: &Setup) -> Result<Quiet, RunError> {
        let kept = self.guest.folder().join(QUIET);
        if let Some(quiet) =
            std::fs::read(&kept).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok())
        {
            return Ok(quiet);
        }
        let setup = Setup { time: setup.time.min(QUIET_MAX), record: None, ..setup.clone() };
        let seen = self.once(None, plan, &setup, &Quiet::default()).await?;
        let quiet = Quiet::of(&seen);
        // Kept for the next time; without it, it is watched again.
        if let Err(error) =
            std::fs::write(&kept, serde_json::to_vec(&quiet).map_err(io::Error::from)?)
        {
            tracing::warn!(file = %kept.display(), %error, "what the guest does by itself is not kept");
        }
        Ok(quiet)
    }

    async fn once(
        &self,
        sample: Option<&[u8]>,
        plan: &Plan,
        setup: &Setup,
        quiet: &Quiet,
    ) -> Result<Seen, RunError> {
        let began = Instant::now();
        let started = Timestamp::from(SystemTime::now());
        let disc_max = Duration::from_millis(DISC_MS_MAX);
        let rest = self.shutdown + Duration::from_millis(DISK_READ_MS_MAX);
        let mut running = self.guest.start(setup.time + disc_max + rest).await?;
        let (internet, events) = internet(&mut running, setup)?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let guest_ns =
            i64::try_from(now.as_nanos()).unwrap_or_default() + setup.clock_shift_s * 1_000_000_000;
        // The script sets the guest's clock to this right before it starts the sample.
        let began_s = guest_ns / 1_000_000_000;
        let image = disc(sample, plan, &setup.environment, began_s)?;
        running.insert(&image).await?;
        let mut until_running = None;
        let watched = watch(&mut running, setup.time, began, &mut until_running).await;
        let mut trace = Trace::default();
        if until_running.is_some() && sample.is_some() {
            tell_start(&mut trace, plan);
        }
        let mut reasons = Vec::new();
        let ended = match &watched {
            Watched::TimeUsed => Ended::TimeUsed,
            Watched::NotStarted => {
                reasons.push(NOT_STARTED.to_owned());
                Ended::NotStarted
            }
            Watched::ShutDown => {
                reasons.push("it was shut down or restarted".to_owned());
                Ended::GuestEnded
            }
            Watched::Gone(how) => {
                reasons.push(how.clone());
                Ended::GuestEnded
            }
        };
        if matches!(watched, Watched::TimeUsed | Watched::ShutDown) {
            let own = sample.map(|_| plan.path.clone());
            let told = Told { began_ns: began_s * 1_000_000_000, quiet: &quiet.paths, own };
            let runs = matches!(watched, Watched::TimeUsed);
            match self.compared(&mut running, runs, told, &mut trace).await {
                Ok(notes) => reasons.extend(notes),
                Err(error) => reasons.push(format!("the disk was not compared: {error}")),
            }
        }
        let reason = (!reasons.is_empty()).then(|| reasons.join("; "));
        let console = running.console();
        if let Err(error) = internet.shutdown().await {
            tracing::warn!(%error, "the record of the virtual Internet is not whole");
        }
        running.end().await;
        let events = std::mem::take(&mut *events.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Seen {
            started,
            until_running,
            lasted: began.elapsed(),
            ended,
            reason,
            lost: trace.lost + trace.unknown(),
            notices: trace.notices,
            events,
            guest: vec![address(&setup.conditions.internet.guest).into()],
            console,
        })
    }

    /// Shuts the guest down if it still runs, and compares its disk with the one before.
    async fn compared(
        &self,
        running: &mut Running,
        runs: bool,
        told: Told<'_>,
        trace: &mut Trace,
    ) -> Result<Vec<String>, RunError> {
        let mut notes = Vec::new();
        if runs && !running.power_down(self.shutdown).await? {
            let seconds = self.shutdown.as_secs();
            notes.push(format!("the guest did not shut down within {seconds} s: what it had not written yet is missing"));
        }
        let (before, after) = running.disks().await?;
        let task = DiskTask {
            sizes: [before.size(), after.size()],
            began_ns: told.began_ns,
            quiet: told.quiet.clone(),
            own: told.own,
        };
        let task = serde_json::to_vec(&task).map_err(io::Error::from)?;
        let disks = Arc::new(Mutex::new([before, after]));
        let mut child = Child { task, disks, trace, notes: Vec::new() };
        let compared = self.jail.talk(&mut child).await;
        notes.append(&mut child.notes);
        if let Err(reason) = compared {
            notes.push(format!("comparing the disk ended early: {reason}"));
        }
        Ok(notes)
    }
}

/// What the guest may be attached to while it boots: an open Internet of its own.
pub fn boot_network(
    setup: &Setup,
) -> impl Fn(std::os::unix::net::UnixStream) -> io::Result<Box<dyn std::any::Any + Send>> + Sync + '_
{
    move |nic| {
        let (internet, _) = super::internet_at(nic, &Setup { record: None, ..setup.clone() })
            .map_err(io::Error::other)?;
        Ok(Box::new(internet))
    }
}

const NOT_STARTED: &str = "nothing in the guest has started what is on the disc (docs/sandbox.md)";

/// How watching ended.
enum Watched {
    TimeUsed,
    NotStarted,
    ShutDown,
    Gone(String),
}

/// Waits until the sample's time is up, from its start on.
async fn watch(
    running: &mut Running,
    time: Duration,
    began: Instant,
    until_running: &mut Option<Duration>,
) -> Watched {
    const LOOK: Duration = Duration::from_millis(100);
    let console = running.console_reader();
    let clock = async {
        let disc = tokio::time::Instant::now() + Duration::from_millis(DISC_MS_MAX);
        loop {
            let bytes = console.bytes();
            if bytes.windows(STARTED.len()).any(|window| window == STARTED) {
                *until_running = Some(began.elapsed());
                tokio::time::sleep(time).await;
                return Watched::TimeUsed;
            }
            if tokio::time::Instant::now() > disc {
                return Watched::NotStarted;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        watched = clock => watched,
        end = running.shut_down() => match end {
            Ok(()) => Watched::ShutDown,
            Err(error) => Watched::Gone(error.to_string()),
        },
    }
}

/// What is known of a run besides its disks.
struct Told<'a> {
    began_ns: i64,
    quiet: &'a BTreeSet<Vec<u8>>,
    own: Option<Vec<u8>>,
}

/// Tells the sample's own start: nobody in the guest does.
fn tell_start(trace: &mut Trace, plan: &Plan) {
    let execute = What::Execute {
        parent: 0,
        path: plan.path.clone(),
        arguments: plan.arguments.clone(),
        environment: Vec::new(),
        folder: Vec::new(),
        deleted: false,
        interpreter: Vec::new(),
    };
    for what in [What::Started {}, execute] {
        trace.take(Notice { at_ns: 0, pid: SAMPLE, what }, 0);
    }
}

/// The number under which the sample's process is told: that in the guest is not known.
const SAMPLE: u32 = 1;

/// The parent's side of the child that compares disks.
struct Child<'a> {
    task: Vec<u8>,
    disks: Arc<Mutex<[Export; 2]>>,
    trace: &'a mut Trace,
    notes: Vec<String>,
}

impl Answers for Child<'_> {
    async fn answer(&mut self, question: &[u8]) -> io::Result<Vec<u8>> {
        let wrong = || io::Error::from(io::ErrorKind::InvalidInput);
        let (kind, rest) = question.split_first().ok_or_else(wrong)?;
        match *kind {
            ASK_TASK => task::piece(&self.task, rest).ok_or_else(wrong),
            ASK_BYTES => {
                let (&[which], rest) = rest.split_first_chunk().ok_or_else(wrong)?;
                let (offset, rest) = rest.split_first_chunk().ok_or_else(wrong)?;
                let length = rest.try_into().map(u32::from_le_bytes).map_err(|_| wrong())? as usize;
                let offset = u64::from_le_bytes(*offset);
                if length > DISK_ANSWER_BYTES_MAX || which > 1 {
                    return Err(wrong());
                }
                let disks = Arc::clone(&self.disks);
                let read = move || {
                    let mut disks = disks.lock().unwrap_or_else(PoisonError::into_inner);
                    let mut bytes = vec![0; length];
                    disks[usize::from(which)].read_at(offset, &mut bytes)?;
                    Ok(bytes)
                };
                tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
            }
            _ => Err(wrong()),
        }
    }

    fn told(&mut self, record: &[u8]) {
        const NOTES_MAX: usize = 20;
        match record.split_first() {
            Some((&TELL_NOTICE, frame)) => {
                // Its body follows its length, which the record has, too.
                if let Some(Ok(notice)) = frame.get(4..).map(Notice::decode) {
                    self.trace.take(notice, frame.len());
                }
            }
            Some((&TELL_NOTE, note)) if self.notes.len() < NOTES_MAX => {
                let note = ukai_model::PeerText::truncated(note, 400);
                self.notes.push(note.escaped().into_owned());
            }
            _ => {}
        }
    }
}
