//! What a script would do, as an interpreter met it.

use crate::{PeerText, Sha256};
use serde::{Deserialize, Serialize};

/// One thing that a script would do. Nothing of it was done: requests were answered with made-up
/// files, programs not started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "act", rename_all = "lowercase")]
pub enum ScriptAct {
    /// It asks for a URL.
    Fetch {
        /// The URL, as it was put together.
        url: PeerText,
        /// Where the answer is saved; none if it stays in memory.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<PeerText>,
    },
    /// It opens a connection, or asks a server in another way than by a URL.
    Connect {
        /// Name or address.
        host: PeerText,
        /// The port, if it says one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        port: Option<u16>,
    },
    /// It writes a file with content of its own.
    Write {
        /// Where.
        path: PeerText,
        /// Length in bytes.
        size: u64,
        /// Of the content.
        sha256: Sha256,
    },
    /// It starts a program or a command line.
    Run {
        /// The command line.
        line: PeerText,
    },
    /// It runs text that it put together: `IEX`, `eval`, `Execute`.
    Evaluate {
        /// The language of the text: `powershell`, `javascript` ...
        language: String,
        /// Length in bytes.
        size: u64,
        /// Of the text.
        sha256: Sha256,
    },
    /// It changes what the system starts or how it is guarded: registry, tasks, cron.
    Set {
        /// The key, the task, the file.
        what: PeerText,
        /// What it is set to.
        value: PeerText,
    },
}

/// One act of a sample's scripts, and in which of them it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ScriptStep {
    /// Which of the analysis' members the script is; `None`: the sample itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<u32>,
    /// What it would do.
    #[serde(flatten)]
    pub act: ScriptAct,
}
