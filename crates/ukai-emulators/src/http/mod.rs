//! stub
use crate::{Emulator, Open, Session};
/// HTTP
#[derive(Clone, Copy, Debug, Default)]
pub struct Http;
impl Emulator for Http {
    fn name(&self) -> &'static str {
        "http"
    }
    fn open(&self, open: Open) -> Box<dyn Session> {
        crate::raw::Raw.open(open)
    }
}
pub(crate) fn is_program(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x7fELF")
}
