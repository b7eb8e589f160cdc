//! What came of running a script.

use bytes::Bytes;
use ukai_model::{PeerText, ScriptAct};

/// A language that scripts are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// PowerShell, Windows' 5.1 and the later ones.
    PowerShell,
    /// Batch, as `cmd.exe` reads it.
    Batch,
    /// VBScript, and VBA as far as it is the same.
    VbScript,
    /// JScript and JavaScript, under Windows Script Host, in a page or in a PDF.
    JavaScript,
}

impl Dialect {
    /// The name that kinds of files have: `powershell`, `batch`, `vbscript`, `javascript`.
    pub fn name(self) -> &'static str {
        match self {
            Self::PowerShell => "powershell",
            Self::Batch => "batch",
            Self::VbScript => "vbscript",
            Self::JavaScript => "javascript",
        }
    }
}

/// Text that a script put together and ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Its language.
    pub dialect: Dialect,
    /// The text, as UTF-8 where it was wide.
    pub text: Bytes,
}

impl Report {
    /// The report of a script that was encoded: `plain` is what it was, and its first layer.
    pub(crate) fn of_encoded(mut self, dialect: Dialect, plain: String) -> Self {
        self.layers.insert(0, Layer { dialect, text: Bytes::from(plain) });
        self
    }
}

/// A file that a script wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Where.
    pub path: PeerText,
    /// What.
    pub content: Bytes,
}

/// What came of running a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What it would do, in order.
    pub acts: Vec<ScriptAct>,
    /// The texts that it put together and ran, each once.
    pub layers: Vec<Layer>,
    /// The files that it wrote, each content once; not those that a request was answered with.
    pub made: Vec<Made>,
    /// Texts worth a search for observables, that no act has: what it put together and did
    /// nothing with.
    pub texts: Vec<Bytes>,
    /// Texts that requests carry and that nobody is asked for: `Referer` and the like.
    pub beside: Vec<PeerText>,
    /// What the script wrote for whoever reads its output.
    pub(crate) output: String,
    /// Limits that were met, and what was not understood, for a reader.
    pub notes: Vec<String>,
}
