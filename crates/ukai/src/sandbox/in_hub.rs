//! The sandbox as the hub uses it: samples come from the queue, and what they did goes back.

use super::config::SandboxConfig;
use super::host::HostArgs;
use super::memory::{look_into, packed};
use super::record::{PACKET_BYTES_MAX, RECORDED_BYTES_MAX, Record};
use super::series::series;
use crate::internet::{authority, replies};
use crate::jailed::jail_for;
use crate::yara::YaraConfig;
use anyhow::{Context as _, Result};
use bytes::Bytes;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;
use ukai_behaviour::{RuleSet, contents, report, set_memory};
use ukai_hub::{
    LeftFile, RunDone, RunOrder, RunWish, Running, Sandbox, SandboxChoices, SandboxSeat,
};
use ukai_jail::Jail;
use ukai_model::{Analysis, PeerText};
use ukai_sandbox::image::System;
use ukai_sandbox::machine::{LinuxGuest, LinuxParts};
use ukai_sandbox::run::{
    Again, Authority, CONDITIONS, Conditions, Plan, Setup, Unsuitable, architectures, plan,
};

/// Longest path of a file that came back, in bytes.
const PATH_BYTES_MAX: usize = 512;

/// The sandbox of the configuration, if there is one. Memory is looked into with the rules of
/// `yara`.
///
/// # Errors
/// What is missing: QEMU, or a part of the image. Whether a machine runs shows when the
/// first sample comes.
pub(crate) fn seat(
    config: &SandboxConfig,
    yara: &YaraConfig,
    data: &Path,
) -> Result<Option<SandboxSeat>> {
    if config.image.is_none() && config.windows_image.is_none() {
        return Ok(None);
    }
    let folder = data.join("sandbox");
    let host = HostArgs::of(config, &folder.join("booted"));
    // Named now, so that a wrong setting is told at the start.
    host.host().context("[sandbox] qemu")?;
    let guest = |system, set: &Option<PathBuf>, key: &'static str| {
        let parts = set.as_ref().map(|_| host.parts(system).context(key)).transpose()?;
        anyhow::Ok(parts.map(|parts| Guest { parts, booted: OnceCell::new() }))
    };
    let linux = guest(System::Linux, &config.image, "[sandbox] image")?;
    let windows = guest(System::Windows, &config.windows_image, "[sandbox] windows_image")?;
    let ca = authority::of(&folder.join("ca"))?;
    let setup = Setup {
        time: Duration::from_secs(config.time_s),
        conditions: config.conditions().context("[sandbox] scenario")?,
        environment: Vec::new(),
        clock_shift_s: 0,
        skip_sleep: true,
        memory: false,
        record: None,
        authority: Authority { certificate: ca.certificate_pem().to_owned(), key: ca.key_pem() },
        replies: replies(&[])?,
    };
    let records = (config.artifacts_mib > 0).then(|| folder.join("records"));
    if let Some(records) = &records {
        // Of runs that were cut off when the hub ended.
        let _none = std::fs::remove_dir_all(records);
    }
    let how_often = config.how_often();
    // Of several, so that the hub's own analyses and these share a process that has the rules.
    let jail = jail_for(2, yara)?;
    let sandbox = Machines { host, linux, windows, setup, how_often, records, jail };
    Ok(Some(SandboxSeat {
        sandbox: Arc::new(sandbox),
        workers: config.machines,
        runs_per_day: config.samples_per_day,
        artifact_bytes_max: config.artifacts_mib << 20,
    }))
}

fn planned(analysis: &Analysis, name: &[u8], wish: &RunWish) -> Result<Plan, Unsuitable> {
    let arguments: Vec<Vec<u8>> =
        wish.arguments.iter().map(|argument| argument.clone().into_bytes()).collect();
    plan(analysis, name, wish.architecture.as_deref(), &arguments)
}

struct Machines {
    host: HostArgs,
    linux: Option<Guest>,
    windows: Option<Guest>,
    setup: Setup,
    how_often: Again,
    /// Where runs are recorded; none: they are not.
    records: Option<PathBuf>,
    /// What looks into memory.
    jail: Jail,
}

/// A guest, booted when the first sample comes that needs it.
struct Guest {
    parts: LinuxParts,
    booted: OnceCell<LinuxGuest>,
}

impl fmt::Debug for Machines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kernel = |guest: &Option<Guest>| guest.as_ref().map(|guest| guest.parts.kernel.clone());
        f.debug_struct("Machines")
            .field("linux", &kernel(&self.linux))
            .field("windows", &kernel(&self.windows))
            .finish_non_exhaustive()
    }
}

impl Sandbox for Machines {
    fn takes(&self, analysis: &Analysis) -> Result<(), String> {
        let plan = plan(analysis, b"", None, &[]).map_err(|error| error.to_string())?;
        self.guest(plan.system).map(drop).map_err(|error| error.to_string())
    }

    fn takes_as(&self, analysis: &Analysis, wish: &RunWish) -> Result<(), String> {
        let plan = planned(analysis, b"", wish).map_err(|error| error.to_string())?;
        self.guest(plan.system).map(drop).map_err(|error| error.to_string())
    }

    fn choices(&self) -> SandboxChoices {
        let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        SandboxChoices {
            architectures: texts(&architectures()),
            scenarios: texts(&CONDITIONS),
            time_s: self.setup.time.as_secs(),
        }
    }

    fn run<'a>(&'a self, order: RunOrder<'a>) -> Running<'a> {
        Box::pin(async move { self.run_one(order).await.map_err(|error| format!("{error:#}")) })
    }
}

impl Machines {
    async fn run_one(&self, order: RunOrder<'_>) -> Result<RunDone> {
        let plan = planned(order.analysis, order.name, order.wish)?;
        let guest = self.guest(plan.system)?;
        let guest = guest.booted.get_or_try_init(|| self.boot(&guest.parts)).await?;
        let sha256 = order.analysis.sha256;
        let record =
            self.records.as_ref().map(|records| Record::new(records, &sha256)).transpose()?;
        let setup = self.setup_of(order.wish, record.as_ref())?;
        // Who sets something wants to know what that does, and nothing else.
        let how_often = if order.wish.is_usual() { self.how_often } else { Again::Runs(1) };
        let mut runs = series(guest, order.bytes, &plan, &setup, how_often, |_| ()).await?;
        if let Some(first) = runs.first_mut() {
            first.settings.changed.extend(order.wish.told());
        }
        // Reading a long trace takes a while.
        let done = tokio::task::spawn_blocking(move || {
            let done = RunDone {
                artifacts: record.map(|record| record.artifacts(&runs)).unwrap_or_default(),
                behaviour: report(&sha256, &runs, RuleSet::built_in()),
                files: runs
                    .iter()
                    .flat_map(contents)
                    .map(|content| LeftFile {
                        path: PeerText::truncated(&content.path, PATH_BYTES_MAX),
                        bytes: Bytes::from(content.bytes),
                    })
                    .collect(),
            };
            (done, packed(&runs))
        });
        let (mut done, memory) = done.await.context("the report")?;
        let memory = look_into(memory, order.analysis, &self.jail).await;
        set_memory(&mut done.behaviour, memory);
        Ok(done)
    }

    /// The usual settings, changed as somebody wants it.
    fn setup_of(&self, wish: &RunWish, record: Option<&Record>) -> Result<Setup> {
        let mut setup = self.setup.clone();
        if let Some(time_s) = wish.time_s {
            setup.time = Duration::from_secs(time_s);
        }
        if let Some(name) = &wish.scenario {
            setup.conditions = Conditions::named(name).context("no such scenario")?;
        }
        setup.environment = wish.environment.iter().map(|text| text.clone().into_bytes()).collect();
        setup.clock_shift_s = wish.clock_s;
        setup.skip_sleep = !wish.sleep;
        setup.memory = wish.memory;
        setup.record = record.map(Record::first);
        setup.conditions.internet.limits.packet_bytes_max = PACKET_BYTES_MAX;
        setup.conditions.internet.limits.captured_bytes_max = RECORDED_BYTES_MAX;
        setup.conditions.internet.limits.event_bytes_max = RECORDED_BYTES_MAX;
        Ok(setup)
    }

    /// The guest for a system's programs.
    fn guest(&self, system: System) -> Result<&Guest> {
        match system {
            System::Linux => self.linux.as_ref().context("[sandbox] names no image for it"),
            System::Windows => {
                self.windows.as_ref().context("[sandbox] names no windows_image for it")
            }
        }
    }

    async fn boot(&self, parts: &LinuxParts) -> Result<LinuxGuest> {
        let tell = &mut |said: &str| tracing::info!(said, "the sandbox's guest");
        let guest = LinuxGuest::open(self.host.host()?, parts.clone(), tell).await;
        guest.context("the sandbox's guest does not boot (`ukai sandbox check` tries it)")
    }
}
