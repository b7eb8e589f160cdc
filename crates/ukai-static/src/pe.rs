//! PE headers.

use ukai_model::PeInfo;

pub(crate) fn read(_bytes: &[u8]) -> Option<PeInfo> {
    None
}
