//! The form of a file, as it is written. `emulations/replies/README.md` tells it to people.

use serde::Deserialize;

/// A file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) conversation: Vec<ConversationSpec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConversationSpec {
    pub(super) id: String,
    pub(super) description: String,
    #[serde(default)]
    pub(super) references: Vec<String>,
    #[serde(default)]
    pub(super) transport: TransportSpec,
    /// None: any port.
    #[serde(default)]
    pub(super) ports: Vec<u16>,
    #[serde(default)]
    pub(super) frame: FrameSpec,
    #[serde(default)]
    pub(super) rule: Vec<RuleSpec>,
    #[serde(default)]
    pub(super) test: Vec<TestSpec>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum TransportSpec {
    #[default]
    Tcp,
    Udp,
    Any,
}

/// What one message is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FrameSpec {
    /// What a rule takes of what has come; a datagram is always one message.
    #[default]
    Stream,
    /// A line, without its end.
    Line,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleSpec {
    #[serde(default)]
    pub(super) when: WhenSpec,
    pub(super) exact: Option<String>,
    pub(super) prefix: Option<String>,
    pub(super) regex: Option<String>,
    pub(super) counted: Option<u8>,
    #[serde(default)]
    pub(super) respond: Vec<String>,
    #[serde(default)]
    pub(super) after_ms: u64,
    pub(super) repeat_secs: Option<u64>,
    #[serde(default)]
    pub(super) close: bool,
    /// The word under which it is recorded.
    pub(super) record: Option<String>,
}

/// `open`, `first`, `each`, or the number of a message.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum WhenSpec {
    Number(u32),
    Word(String),
}

impl Default for WhenSpec {
    fn default() -> Self {
        Self::Word("each".to_owned())
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TestSpec {
    pub(super) name: String,
    #[serde(default)]
    pub(super) step: Vec<StepSpec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepSpec {
    pub(super) send: Option<String>,
    #[serde(default)]
    pub(super) wait_secs: u64,
    #[serde(default)]
    pub(super) expect: String,
    #[serde(default)]
    pub(super) closed: bool,
}
