//! The sandbox as the hub uses it: samples come from the queue, and what they did goes back.

use super::config::SandboxConfig;
use super::host::HostArgs;
use super::series::series;
use crate::internet::{authority, replies};
use anyhow::{Context as _, Result};
use bytes::Bytes;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;
use ukai_behaviour::{RuleSet, contents, report};
use ukai_hub::{LeftFile, RunDone, RunOrder, Running, Sandbox, SandboxSeat};
use ukai_model::{Analysis, PeerText};
use ukai_sandbox::image::System;
use ukai_sandbox::machine::{LinuxGuest, LinuxParts};
use ukai_sandbox::run::{Again, Authority, Setup, plan};

/// Longest path of a file that came back, in bytes.
const PATH_BYTES_MAX: usize = 512;

/// The sandbox of the configuration, if there is one.
///
/// # Errors
/// What is missing: QEMU, or a part of the image. Whether a machine runs shows when the
/// first sample comes.
pub(crate) fn seat(config: &SandboxConfig, data: &Path) -> Result<Option<SandboxSeat>> {
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
    let sandbox = Machines { host, linux, windows, setup, how_often: config.how_often() };
    Ok(Some(SandboxSeat {
        sandbox: Arc::new(sandbox),
        workers: config.machines,
        runs_per_day: config.samples_per_day,
    }))
}

struct Machines {
    host: HostArgs,
    linux: Option<Guest>,
    windows: Option<Guest>,
    setup: Setup,
    how_often: Again,
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

    fn run<'a>(&'a self, order: RunOrder<'a>) -> Running<'a> {
        Box::pin(async move { self.run_one(order).await.map_err(|error| format!("{error:#}")) })
    }
}

impl Machines {
    async fn run_one(&self, order: RunOrder<'_>) -> Result<RunDone> {
        let plan = plan(order.analysis, order.name, None, &[])?;
        let guest = self.guest(plan.system)?;
        let guest = guest.booted.get_or_try_init(|| self.boot(&guest.parts)).await?;
        let runs = series(guest, order.bytes, &plan, &self.setup, self.how_often, |_| ()).await?;
        let sha256 = order.analysis.sha256;
        // Reading a long trace takes a while.
        let done = tokio::task::spawn_blocking(move || RunDone {
            behaviour: report(&sha256, &runs, RuleSet::built_in()),
            files: runs
                .iter()
                .flat_map(contents)
                .map(|content| LeftFile {
                    path: PeerText::truncated(&content.path, PATH_BYTES_MAX),
                    bytes: Bytes::from(content.bytes),
                })
                .collect(),
        });
        done.await.context("the report")
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
