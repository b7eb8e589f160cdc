//! What a guest writes to its console: the last of it, for whoever wonders why it did not
//! come up. It is read to its end, so that the guest never waits.

use crate::limits::CONSOLE_BYTES_MAX;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;
use ukai_model::PeerText;

/// Of a console, so much is shown in an error, in bytes.
const SHOWN: usize = 400;

/// The end of a console, as it grows.
#[derive(Clone, Default)]
pub(crate) struct Console(Arc<Mutex<Vec<u8>>>);

impl Console {
    /// Reads one. Must be called within a runtime.
    pub(super) fn read(stream: std::os::unix::net::UnixStream) -> std::io::Result<Self> {
        let mut stream = UnixStream::from_std(stream)?;
        let console = Self::default();
        let kept = Arc::clone(&console.0);
        tokio::spawn(async move {
            let mut buffer = [0; 4_096];
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend_from_slice(&buffer[..count]);
                let over = kept.len().saturating_sub(CONSOLE_BYTES_MAX);
                kept.drain(..over);
            }
        });
        Ok(console)
    }

    /// All that is kept.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its last words, for a reader.
    pub(super) fn last_words(&self) -> String {
        let bytes = self.bytes();
        let from = bytes.len().saturating_sub(SHOWN);
        PeerText::from(&bytes[from..]).escaped().replace("\\x0d\\x0a", " | ")
    }
}
