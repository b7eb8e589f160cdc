//! What mail protocols share: collecting a mail, and logging in by SASL (RFC 4422).

pub(crate) mod collect;
pub(crate) mod mailbox;
pub(crate) mod sasl;

use crate::Context;
use crate::limits::{REQUEST_DETAIL_BYTES, REQUESTS_RECORDED};
use ukai_model::{EventKind, PeerText};

/// Records a client's requests, as many as are worth it.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    recorded: u32,
}

impl Requests {
    /// Records one; `detail` is what it says, without secrets.
    pub(crate) fn note(
        &mut self,
        cx: &mut Context<'_>,
        protocol: &str,
        request: &[u8],
        detail: &[u8],
    ) {
        self.recorded = self.recorded.saturating_add(1);
        if self.recorded > REQUESTS_RECORDED {
            return;
        }
        let shown = request.iter().filter(|byte| byte.is_ascii_graphic()).take(32);
        cx.record(EventKind::ServiceRequest {
            protocol: protocol.to_owned(),
            request: shown.map(|byte| char::from(*byte)).collect(),
            detail: PeerText::truncated(detail, REQUEST_DETAIL_BYTES),
        });
        if self.recorded == REQUESTS_RECORDED {
            cx.record(EventKind::LimitReached {
                limit: "requests-recorded".to_owned(),
                detail: "further requests of this session are not recorded".to_owned(),
            });
        }
    }
}

/// Takes the next line out of what waits, without its end; a bare LF ends one too.
pub(crate) fn take_line(waiting: &mut Vec<u8>) -> Option<Vec<u8>> {
    let end = memchr::memchr(b'\n', waiting)?;
    let mut line: Vec<u8> = waiting.drain(..=end).collect();
    line.pop();
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Some(line)
}
