//! The words of ukai: events, samples, sightings, analyses, observables, indicators.
//!
//! Every other crate speaks in these types; this one depends on none of them and
//! holds no logic beyond what makes a value valid. It is not the place for scoring
//! (`ukai-indicator`), storage (`ukai-store`) or rendering (`ukai-feed`).
//!
//! Start with [`Event`], which is what every observer emits, then [`Analysis`] and
//! [`Indicator`], which are what becomes of it.

mod analysis;
mod behaviour;
mod document;
mod event;
mod event_words;
mod findings;
mod flow;
mod hash;
mod id;
mod indicator;
mod observable;
mod program;
mod sample;
mod script;
mod text;
mod time;
mod verdict;
mod yara;

pub use analysis::{
    Analysis, ElfInfo, ElfSegment, FileType, Found, Hashes, Outcome, Section, StringEncoding,
};
pub use behaviour::{
    Actor, Alike, Attack, BEHAVIOUR_VERSION, Behaviour, Class, Contact, Difference, Dropped, Ended,
    FileChange, Finding, FindingKind, Fingerprint, IdsRule, InMemory, Moment, NameAsked, Process,
    Program, Proof, RegistryChange, ReportDifference, Rhythm, RuleInMemory, RuleMatch, Run,
    Severity, ValueInMemory,
};
pub use document::{behaviour_reference, events_reference};
pub use event::{Event, EventKind, SCHEMA_VERSION};
pub use event_words::{CaptureHow, CloseReason, Direction, FetchOutcome, FileOperation};
pub use findings::{
    Artefact, ArtefactKind, BotConfiguration, BotLogin, Member, PeInfo, PeResource, PeVersion,
};
pub use flow::{Flow, Transport};
pub use hash::{ParseHashError, Sha256};
pub use id::{EventId, SensorId, SessionId};
pub use indicator::{Confidence, Evidence, EvidenceKind, Indicator, IndicatorId, Role, Tlp};
pub use observable::{Observable, ObservableKind};
pub use program::{AndroidComponent, AndroidInfo, DexInfo, MachInfo};
pub use sample::Sighting;
pub use script::{ScriptAct, ScriptStep};
pub use text::PeerText;
pub use time::{Duration, Timestamp};
pub use verdict::{Judgement, Verdict};
pub use yara::{YaraMatch, YaraMeta, YaraPlace};
