//! placeholder
use crate::{limits::Limits, observables::Finds};
use ukai_model::{PeerText, Timestamp};
pub(crate) struct Report {
    pub(crate) commands: Vec<PeerText>,
    pub(crate) notes: Vec<String>,
}
pub(crate) fn run(_: &[u8], _: Timestamp, _: &Limits, _: &mut Finds) -> Report {
    Report { commands: vec![], notes: vec![] }
}
