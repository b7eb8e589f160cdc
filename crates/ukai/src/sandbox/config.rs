//! The section `[sandbox]` of the configuration.

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use ukai_sandbox::machine::Accelerator;
use ukai_sandbox::run::{Again, CONDITIONS, Conditions};

/// The sandbox: captured samples that run are run in it, by how new they are. Without any
/// image there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SandboxConfig {
    /// Folder of the guest's image, as `ukai sandbox build` makes it (docs/sandbox.md).
    #[schema(value_type = Option<String>)]
    pub(crate) image: Option<PathBuf>,
    /// Folder of the image for programs of Windows, as `ukai sandbox build --windows` makes it;
    /// without one, they are not run.
    #[schema(value_type = Option<String>)]
    pub(crate) windows_image: Option<PathBuf>,
    /// Machines at once; each takes a processor while its sample runs.
    pub(crate) machines: usize,
    /// Memory of a machine, in MiB (64 to 16,384); 256, or 768 with Windows, if it is left out.
    pub(crate) memory_mib: Option<u32>,
    /// How long a sample is watched in each run, in seconds (1 to 86,400).
    pub(crate) time_s: u64,
    /// Runs of a sample, 1 to 6; by what the first run leaves open if it is left out.
    pub(crate) runs: Option<u32>,
    /// Samples that are run on one day by UTC; those that a person asks for are not counted.
    pub(crate) samples_per_day: u64,
    /// Packets and memory of runs that are kept for download, in MiB altogether (0 to 1,048,576);
    /// the oldest go first. 0: none are kept.
    pub(crate) artifacts_mib: u64,
    /// The network of the first run: `open`, `offline`, `nxdomain`, `refused` or `slow`.
    pub(crate) scenario: String,
    /// QEMU's program; the one in the path if it is left out.
    #[schema(value_type = Option<String>)]
    pub(crate) qemu: Option<PathBuf>,
    /// Carry instructions out by `kvm` or `tcg`; what works if it is left out.
    #[schema(value_type = Option<String>)]
    pub(crate) accelerator: Option<Accelerator>,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            image: None,
            windows_image: None,
            machines: 1,
            memory_mib: None,
            time_s: 60,
            runs: None,
            samples_per_day: 500,
            artifacts_mib: 1_024,
            scenario: "open".into(),
            qemu: None,
            accelerator: None,
        }
    }
}

impl SandboxConfig {
    /// Checks what no type can express.
    ///
    /// # Errors
    /// The key, what is wrong with it, and the remedy.
    pub(crate) fn check(&self) -> Result<()> {
        let within = |key: &str, value: u64, least: u64, most: u64| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            bail!("{key}: {value} is out of range; choose a value from {least} to {most}")
        };
        within("machines", self.machines as u64, 1, 64)?;
        within("memory_mib", self.memory_mib.unwrap_or(256).into(), 64, 16_384)?;
        within("time_s", self.time_s, 1, 86_400)?;
        within("artifacts_mib", self.artifacts_mib, 0, 1_048_576)?;
        within("runs", self.runs.unwrap_or(1).into(), 1, 6)?;
        if self.conditions().is_none() {
            let known = CONDITIONS.join(", ");
            bail!("scenario: \"{}\" is none; choose one of {known}", self.scenario)
        }
        Ok(())
    }

    /// The network of the first run.
    pub(super) fn conditions(&self) -> Option<Conditions> {
        Conditions::named(&self.scenario)
    }

    /// How often a sample is run.
    pub(super) fn how_often(&self) -> Again {
        self.runs.map_or(Again::Auto, Again::Runs)
    }
}

#[cfg(test)]
mod tests {
    use super::SandboxConfig;

    #[test]
    fn wrong_values_are_told_with_key_and_remedy() {
        SandboxConfig::default().check().expect("the defaults work");
        let wrong = |config: SandboxConfig| config.check().expect_err("wrong").to_string();
        let told = wrong(SandboxConfig { machines: 0, ..SandboxConfig::default() });
        assert!(told.starts_with("machines: 0") && told.contains("choose"), "{told}");
        let told = wrong(SandboxConfig { scenario: "none".into(), ..SandboxConfig::default() });
        assert!(told.contains("scenario") && told.contains("nxdomain"), "{told}");
        let told = wrong(SandboxConfig { runs: Some(7), ..SandboxConfig::default() });
        assert!(told.starts_with("runs: 7"), "{told}");
    }
}
